/* tests/fuzz/fuzz_core.c - strangers' bytes into the reader of coredumps.
 *
 * What is taken has all that is required, is bounded, reads back to itself, and keeps
 * its fingerprint on the way; a name made comparable stays as it is. */
#include "base/names.h"
#include "collector/in_core.h"
#include "collector/intake.h"
#include "storage/fingerprint.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_name(const char *fn)
{
    char once[FINGERPRINT_NAME_MAX], twice[FINGERPRINT_NAME_MAX];
    fingerprint_name(fn, once);
    size_t n = strlen(once);
    assert(utf8_valid(once, n));
    fingerprint_name(once, twice);
    /* what was cut may end like a suffix by chance */
    assert(strcmp(once, twice) == 0 || n >= FINGERPRINT_NAME_MAX - 4);
}

static void check_core(const struct core *c, instant now)
{
    struct bounds b = intake_bounds(now);
    assert(name_check(c->host, strlen(c->host), NULL) == 0);
    assert(c->exe != NULL && c->exe[0] != '\0');
    assert(c->signal >= 1 && c->signal <= CORE_SIGNAL_MAX && c->pid >= 0);
    assert(bounds_check(&b, c->time, NULL) == DROP_N);
    assert(c->n_frames <= CORE_FRAMES_MAX);
    for (size_t i = 0; i < c->n_frames; i++) {
        const char *fn = c->frame[i].fn;
        assert(fn == NULL || strlen(fn) <= CORE_FN_MAX);
        if (fn != NULL)
            check_name(fn);
    }
}

static void write_core(const struct core *c, struct buf *to)
{
    struct jsonw w = {.to = to};
    core_write(c, NULL, &w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    instant now = {1795255200000};
    struct err err = {0};
    OWNED_CORE *c = in_core_read((const char *)bytes, n, now, &err);
    assert((c == NULL) == (err.code != 0));
    if (c == NULL)
        return 0;
    check_core(c, now);
    OWNED_BUF text = {0}, again = {0}, title = {0};
    write_core(c, &text);
    OWNED_CORE *back = in_core_read(buf_text(&text), text.len, now, &err);
    assert(back != NULL);
    write_core(back, &again);
    assert(strcmp(buf_text(&text), buf_text(&again)) == 0);
    struct fingerprint f = fingerprint_make(c), g = fingerprint_make(back);
    assert(strcmp(f.fine, g.fine) == 0 && strcmp(f.coarse, g.coarse) == 0);
    fingerprint_title(c, &title);
    assert(title.len > 0 && title.len < 1000 && utf8_valid(title.data, title.len));
    return 0;
}
