/* tests/fuzz/fuzz_statsd.c - strangers' bytes as StatsD's datagrams, and what a flush
 * makes of them. */
#include "base/names.h"
#include "collector/in_statsd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint32_t on_entity(const struct entity *who, void *arg)
{
    (void)arg;
    assert(who->kind == ENTITY_HOST);
    assert(name_check(who->host, strlen(who->host), NULL) == 0);
    return 1;
}

static uint32_t on_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)arg;
    assert((merge == MERGE_MEAN || merge == MERGE_MAX) && strlen(name) == n);
    assert(name_check(name, n, NULL) == 0);
    return 1;
}

static enum windows_put on_put(uint32_t entity, instant at, size_t n,
                               const uint32_t *metric, const float *value,
                               size_t *ret_taken, void *arg)
{
    (void)arg;
    assert(entity == 1 && n >= 1 && n <= 4 && at.ms > 0);
    for (size_t i = 0; i < n; i++)
        assert(isfinite(value[i]) && metric[i] == 1);
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct in_statsd *s;
    static const char *const templates[] = {"app.* _.service.metric*"};
    const struct in_statsd_spec spec = {templates, 1, "me", &entity_tags_default};
    static instant now = {1795255200000};
    struct in_statsd_result r = {0};
    struct sink sink = {on_entity, on_metric, on_put, NULL};
    if (s == NULL) /* its table is large: one for all, emptied by time */
        s = in_statsd_new(&spec, NULL);
    assert(s != NULL);
    in_statsd_read(s, &sink, "10.0.0.1", (const char *)bytes, n, now, &r);
    in_statsd_read(s, &sink, "127.0.0.1", (const char *)bytes, n, now, &r);
    in_statsd_flush(s, &sink, now, span_seconds(10), &r);
    assert(r.tally.taken == r.tally.kept + tally_lost(&r.tally));
    now.ms += 2 * STATSD_IDLE_S * 1000;
    in_statsd_flush(s, &sink, now, span_seconds(10), &r);
    assert(in_statsd_series(s) == 0);
    return 0;
}
