/* tests/fuzz/fuzz_message.c - strangers' text as systemd-coredump's message.
 *
 * The frames that are found are bounded, and texts that records may hold. */
#include "base/names.h"
#include "programs/coredump/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_text(const char *text)
{
    assert(text == NULL || text_check(text, strlen(text), NULL) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct core *c = message_stack((const char *)bytes, n, CORE_FRAMES_MAX);
    if (c == NULL)
        return 0;
    assert(c->n_frames > 0 && c->n_frames <= CORE_FRAMES_MAX);
    for (size_t i = 0; i < c->n_frames; i++) {
        check_text(c->frame[i].fn);
        check_text(c->frame[i].module);
        check_text(c->frame[i].build_id);
    }
    core_free(&c);
    return 0;
}
