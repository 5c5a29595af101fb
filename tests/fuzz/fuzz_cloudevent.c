/* fuzz_cloudevent.c - whatever an envelope holds, what comes out of it is JSON, and a
 * change event or refused. */
#include "base/json.h"
#include "collector/in_change.h"
#include "collector/in_cloudevent.h"
#include "storage/change.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    instant now = {1795255200000};
    struct err err = {0};
    OWNED_BUF out = {0};
    if (cloudevent_open_structured((const char *)bytes, n, &out, &err) < 0) {
        assert(err.code != 0 && err.text[0] != '\0');
        return 0;
    }
    struct json_doc *doc = json_parse(out.data, out.len, &err);
    assert(doc != NULL);
    json_free(&doc);
    struct change_event *e = in_change_read(out.data, out.len, now, &err);
    assert((e == NULL) == (err.code != 0));
    change_event_free(&e);
    return 0;
}
