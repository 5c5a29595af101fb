/* fuzz_remote_write.c - whatever the bytes of a message, the books balance and only
 * finite values of known series reach the sink.  The message is read twice: the second
 * time its series are known. */
#include "collector/in_remote_write.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

static uint32_t on_entity(const struct entity *who, void *arg)
{
    (void)arg;
    assert(who->host[0] != '\0' || who->service[0] != '\0');
    return 1;
}

static uint32_t on_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)arg, (void)merge;
    assert(n > 0 && n <= 200 && strlen(name) == n);
    return (uint32_t)n;
}

static enum windows_put on_put(uint32_t entity, instant at, size_t n,
                               const uint32_t *metric, const float *value,
                               size_t *ret_taken, void *arg)
{
    const struct bounds *b = arg;
    assert(entity == 1 && n > 0);
    assert(at.ms >= b->oldest.ms && at.ms <= b->newest.ms);
    for (size_t i = 0; i < n; i++)
        assert(isfinite(value[i]) && metric[i] <= 200);
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    instant now = {1795255200000};
    struct bounds bounds = intake_bounds(now);
    struct in_remote_write_ask ask = {now, bounds, &entity_tags_default};
    struct sink sink = {on_entity, on_metric, on_put, &bounds};
    struct in_remote_write *w = in_remote_write_new();
    assert(w != NULL);
    for (int pass = 0; pass < 2; pass++) {
        struct in_remote_write_result r = {0};
        struct err err = {0};
        int rc = in_remote_write_read(w, &sink, bytes, n, &ask, &r, &err);
        assert((rc < 0) == (err.code != 0));
        assert(r.tally.taken == r.tally.kept + tally_lost(&r.tally));
        assert(r.refused <= r.series);
        assert((r.refused > 0) == (r.first[0] != '\0'));
    }
    in_remote_write_free(&w);
    return 0;
}
