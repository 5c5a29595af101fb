/* tests/fuzz/fuzz_line.c - strangers' bytes into the reader of line protocol.
 *
 * The first byte chooses the precision.  A reader that remembers heads from an earlier
 * pass must hand over just what one without memory does; every sample is counted once;
 * what reaches the store is finite, within the bounds and named as a name may be. */
#include "base/names.h"
#include "base/table_hash.h"
#include "collector/in_line.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { NAMES_MAX = 1 << 12 };

/* Gives numbers that depend on the names alone, and mixes all it gets into `sum`. */
struct witness {
    struct bounds bounds;
    uint64_t sum, samples;
};

static uint32_t on_entity(const struct entity *who, void *arg)
{
    (void)arg;
    assert(who->kind == ENTITY_HOST || who->kind == ENTITY_SERVICE);
    const char *name = who->kind == ENTITY_HOST ? who->host : who->service;
    assert(name_check(name, strlen(name), NULL) == 0);
    uint64_t h = table_hash(who->host, strlen(who->host), 1);
    return (uint32_t)(table_hash(who->service, strlen(who->service), h) % NAMES_MAX);
}

static uint32_t on_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)arg;
    assert(merge == MERGE_MEAN);
    assert(name_check(name, n, NULL) == 0);
    uint32_t no = (uint32_t)(table_hash(name, n, 2) % NAMES_MAX);
    return no % 61 == 0 ? WINDOWS_NONE : no; /* some have no room */
}

static enum windows_put on_put(uint32_t entity, instant at, size_t n,
                               const uint32_t *metric, const float *value,
                               size_t *ret_taken, void *arg)
{
    struct witness *w = arg;
    assert(n > 0 && n <= LINE_FIELDS_MAX);
    assert(bounds_check(&w->bounds, at, NULL) == DROP_N);
    w->sum = table_hash(&at, sizeof at, w->sum + entity);
    w->sum = table_hash(metric, n * sizeof *metric, w->sum);
    w->sum = table_hash(value, n * sizeof *value, w->sum);
    for (size_t i = 0; i < n; i++)
        assert(isfinite(value[i]) && metric[i] != WINDOWS_NONE);
    w->samples += n;
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n == 0)
        return 0;
    instant now = {1795255200000};
    struct in_line_ask ask = {.precision = bytes[0] % LINE_PRECISION_N,
                              .now = now,
                              .bounds = intake_bounds(now)};
    struct witness w = {.bounds = ask.bounds};
    struct sink sink = {on_entity, on_metric, on_put, &w};
    struct in_line *l = in_line_new(&sink, &entity_tags_default);
    assert(l != NULL);
    uint64_t sum = 0;
    for (int pass = 0; pass < 3; pass++) {
        struct in_line_result r = {0};
        w.sum = w.samples = 0;
        in_line_read(l, (const char *)bytes + 1, n - 1, &ask, &r);
        assert(r.tally.taken == r.tally.kept + tally_lost(&r.tally));
        assert(r.tally.kept == w.samples);
        assert(r.refused <= r.lines && r.lines <= r.line_no);
        assert((r.refused > 0) == (r.first[0] != '\0'));
        assert(pass == 0 || sum == w.sum);
        sum = w.sum;
    }
    in_line_free(&l);
    return 0;
}
