/* tests/fuzz/fuzz_call_lines.c - strangers' bytes as call records in the compact form.
 */
#include "tests/fuzz/calls_sink.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

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
