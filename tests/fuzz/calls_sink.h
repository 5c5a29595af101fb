/* tests/fuzz/calls_sink.h - what must hold of every call record that was taken,
 * whichever form it came in. */
#ifndef TESTS_FUZZ_CALLS_SINK_H
#define TESTS_FUZZ_CALLS_SINK_H

#include "base/names.h"
#include "collector/in_calls.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static inline uint32_t on_entity(const struct entity *who, void *arg)
{
    (void)arg;
    assert(who->kind == ENTITY_EDGE);
    assert(name_check(who->caller, strlen(who->caller), NULL) == 0);
    assert(name_check(who->callee, strlen(who->callee), NULL) == 0);
    assert(strcmp(who->side, "client") == 0 || strcmp(who->side, "server") == 0);
    return 1;
}

static inline uint32_t on_metric(const char *name, size_t n, enum merge merge,
                                 void *arg)
{
    (void)arg;
    assert(merge == MERGE_SUM || merge == MERGE_MAX);
    assert(name_check(name, n, NULL) == 0);
    return merge;
}

static inline enum windows_put on_put(uint32_t entity, instant at, size_t n,
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

#endif
