/* tests/fuzz/fuzz_routing.c - any text as a routing file.
 *
 * What is refused has a complaint with its place; of what is taken every question has
 * an answer, and the day's mail goes out within a day. */
#include "base/yaml.h"
#include "rules/routing.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_audience(const struct routing *r, const struct audience *a)
{
    struct change c = {.service = (char[]){"pay-api"}};
    routing_allows(r, a, &c);
    bool told = false;
    for (int g = 0; g < GRADE_N; g++)
        told |= audience_when(a, (enum grade)g) != ROUTING_NEVER;
    assert(told && a->name != NULL && a->to.n <= MAIL_ADDRESSES_MAX);
    for (size_t i = 0; i < a->to.n; i++)
        assert(mail_address_check(a->to.at[i], NULL) == 0);
    assert(routing_audience(r, a->name) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const instant now = {1795256000000};
    struct complaints c = {0};
    struct routing *r = routing_parse("f.yml", (const char *)bytes, n, &c);
    assert((r == NULL) == (c.errors > 0));
    for (size_t i = 0; i < c.n; i++)
        assert(c.at[i].line > 0 && c.at[i].column > 0);
    if (r != NULL) {
        int64_t wait = routing_next_digest(r, now).ms - now.ms;
        assert(wait > 0 && wait <= 86400000 && r->all.n + r->webhooks.n > 0);
        for (size_t i = 0; i < r->all.n; i++)
            check_audience(r, &r->all.at[i]);
    }
    routing_free(&r);
    complaints_free(&c);
    return 0;
}
