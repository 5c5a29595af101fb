/* tests/fuzz/fuzz_perfdata.c - strangers' bytes into the reader of plugins' outputs.
 *
 * What it gives is what it promises: labels without controls, finite values, no more
 * pairs than the limit. */
#include "collector/hostinfo/perfdata.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct perfdata d;
    struct perf p;
    char words[64], *text = malloc(n > 0 ? n : 1); /* so that its end is watched */
    memcpy(text, bytes, n);
    perfdata_begin(&d, text, n, words, sizeof words);
    assert(strlen(words) < sizeof words);
    while (perfdata_next(&d, &p)) {
        size_t len = strlen(p.label);
        assert(len > 0 && len < PERFDATA_LABEL_MAX);
        for (size_t i = 0; i < len; i++)
            assert((unsigned char)p.label[i] >= ' ');
        assert(p.known == !isnan(p.value) && p.unit < PERF_UNIT_N);
        assert(!isnan(p.warn.start) && !isnan(p.crit.end));
    }
    assert(d.pairs <= PERFDATA_PAIRS_MAX && d.p == d.end);
    free(text);
    return 0;
}
