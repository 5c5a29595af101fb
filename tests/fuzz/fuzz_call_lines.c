/* tests/fuzz/fuzz_call_lines.c - strangers' bytes as call records in the compact form.
 */
#include "base/names.h"
#include "collector/in_calls.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint32_t on_entity(const struct entity *who, void *arg)
{
    (void)arg;
    assert(who->kind == ENTITY_EDGE);
    assert(name_check(who->caller, strlen(who->caller), NULL) == 0);
    assert(name_check(who->callee, strlen(who->callee), NULL) == 0);
    assert(strcmp(who->side, "client") == 0 || strcmp(who->side, "server") == 0);
    return 1;
}

static uint32_t on_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)arg;
    assert(merge == MERGE_SUM || merge == MERGE_MAX);
    assert(name_check(name, n, NULL) == 0);
    return merge;
}

static enum windows_put on_put(uint32_t entity, instant at, size_t n,
                               const uint32_t *metric, const float *value,
                               size_t *ret_taken, void *arg)
{
    assert(entity == 1 && n >= 1 && n <= 3);
    assert(bounds_check(arg, at, NULL) == DROP_N);
    for (size_t i = 0; i < n; i++)
        assert(isfinite(value[i]) && value[i] >= 0 && metric[i] != WINDOWS_NONE);
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    instant now = {1795255200000};
    struct in_calls_ask ask = {now, intake_bounds(now)};
    struct in_calls_result r = {0};
    struct sink sink = {on_entity, on_metric, on_put, &ask.bounds};
    struct in_calls *c = in_calls_new();
    assert(c != NULL);
    in_calls_read_lines(c, &sink, (const char *)bytes, n, &ask, &r);
    assert(r.tally.taken == r.tally.kept + tally_lost(&r.tally));
    assert((r.refused > 0) == (r.first[0] != '\0'));
    in_calls_free(&c);
    return 0;
}
