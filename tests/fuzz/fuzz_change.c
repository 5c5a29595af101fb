/* tests/fuzz/fuzz_change.c - strangers' bytes into the reader of change events.
 *
 * What is taken has all that is required, sorted, and its stored form reads back to
 * itself. */
#include "base/names.h"
#include "collector/in_change.h"
#include "collector/intake.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_event(const struct change_event *e, instant now)
{
    struct bounds b = intake_bounds(now);
    assert(e->source != NULL && e->id != NULL && e->change_id != NULL);
    assert(e->kind < CHANGE_KIND_N && e->phase < PHASE_N);
    assert(e->service != NULL || e->n_hosts > 0);
    assert(bounds_check(&b, e->time, NULL) == DROP_N);
    for (size_t i = 0; i < e->n_hosts; i++) {
        assert(name_check(e->host[i], strlen(e->host[i]), NULL) == 0);
        assert(i == 0 || strcmp(e->host[i - 1], e->host[i]) < 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    instant now = {1795255200000};
    struct err err = {0};
    struct change_event *e = in_change_read((const char *)bytes, n, now, &err);
    assert((e == NULL) == (err.code != 0));
    if (e == NULL)
        return 0;
    check_event(e, now);
    struct change_event *again = in_change_read(e->raw, strlen(e->raw), now, &err);
    assert(again != NULL && strcmp(again->raw, e->raw) == 0);
    change_event_free(&again);
    change_event_free(&e);
    return 0;
}
