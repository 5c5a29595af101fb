/* tests/fuzz/fuzz_graphite.c - strangers' bytes as Graphite's lines. */
#include "base/names.h"
#include "collector/in_graphite.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static uint32_t on_entity(const struct entity *who, void *arg)
{
    (void)arg;
    assert(who->kind == ENTITY_HOST || who->kind == ENTITY_SERVICE);
    const char *name = who->kind == ENTITY_HOST ? who->host : who->service;
    assert(name_check(name, strlen(name), NULL) == 0);
    return 1;
}

static uint32_t on_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)arg;
    assert(merge == MERGE_MEAN && strlen(name) == n);
    assert(name_check(name, n, NULL) == 0);
    return 1;
}

static enum windows_put on_put(uint32_t entity, instant at, size_t n,
                               const uint32_t *metric, const float *value,
                               size_t *ret_taken, void *arg)
{
    assert(entity == 1 && n == 1 && metric[0] == 1 && isfinite(value[0]));
    assert(bounds_check(arg, at, NULL) == DROP_N);
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const templates[] = {"dc.* _.zone.host.service.metric*",
                                            "servers.* _.host.metric.metric.tag",
                                            "* host.metric*"};
    static const char *const counters[] = {"*total*"};
    const struct in_graphite_spec spec = {templates, 3, counters, 1,
                                          &entity_tags_default};
    instant now = {1795255200000};
    struct bounds bounds = intake_bounds(now);
    struct in_graphite_result r = {0};
    struct sink sink = {on_entity, on_metric, on_put, &bounds};
    struct in_graphite *g = in_graphite_new(&spec, NULL);
    assert(g != NULL);
    in_graphite_read(g, &sink, (const char *)bytes, n, now, &r);
    assert(r.tally.taken == r.tally.kept + tally_lost(&r.tally));
    assert((tally_lost(&r.tally) > 0) == (r.first[0] != '\0'));
    in_graphite_free(&g);
    return 0;
}
