/* tests/fuzz/fuzz_calls.c - strangers' bytes into the reader of call records. */
#include "tests/fuzz/calls_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    instant now = {1795255200000};
    struct in_calls_ask ask = {now, intake_bounds(now)};
    struct in_calls_result r = {0};
    struct sink sink = {on_entity, on_metric, on_put, &ask.bounds};
    struct err err = {0};
    struct in_calls *c = in_calls_new();
    assert(c != NULL);
    int rc = in_calls_read(c, &sink, (const char *)bytes, n, &ask, &r, &err);
    assert((rc < 0) == (err.code != 0));
    assert(rc == 0 || r.records == 0);
    assert(r.tally.taken == r.tally.kept + tally_lost(&r.tally));
    assert((r.refused > 0) == (r.first[0] != '\0'));
    in_calls_free(&c);
    return 0;
}
