/* tests of rules/facts: what is written is what storage/pack reads */
#include "rules/facts.h"
#include "storage/pack.h"
#include "tests/test.h"

static const char text[] = "format: 1\n"
                           "owner: pe\n"
                           "rules:\n"
                           "  - id: cpu.jump\n"
                           "    title: CPU use\n"
                           "    series: [cpu.busy, \"cpu.u*\"]\n"
                           "    unit: \"%\"\n"
                           "    mode: shadow\n"
                           "    attention: {q: 5%, effect: 10%}\n"
                           "    why: |\n"
                           "      two\n"
                           "      \"lines\"\n"
                           "overrides:\n"
                           "  - rule: cpu.jump\n"
                           "    scope: {service: pay}\n"
                           "    set: {weight: 3}\n"
                           "    by: li\n"
                           "    reason: noisy\n"
                           "    until: 2027-01-31\n";

static struct pack *facts_of(struct ruleset *rs)
{
    struct err err = {0};
    struct pack *p = NULL;
    OWNED_BUF json = {0};
    CHECK(rs != NULL);
    facts_write(rs, &json);
    if (pack_read(buf_text(&json), json.len, &p, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return p;
}

TEST(rules_can_be_read_where_no_rules_are_known)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    OWNED_PACK *p = facts_of(rs);
    CHECK_TEXT(p->hash, rs->hash);
    CHECK_INT(p->n_rules, 1);
    const struct pack_rule *r = &p->rule[0];
    CHECK_TEXT(r->id, "cpu.jump");
    CHECK_TEXT(r->mode, "shadow");
    CHECK_TEXT(r->owner, "pe");
    CHECK_TEXT(r->why, "two\n\"lines\"\n");
    CHECK_INT(r->line, 4);
    bool seen = false;
    for (size_t i = 0; i < r->n_values; i++)
        if (strcmp(r->value[i].path, "attention.q") == 0) {
            seen = true;
            CHECK_TEXT(r->value[i].value, "5%");
            CHECK_TEXT(r->value[i].whence, "r.yml:9");
        }
    CHECK(seen);
    CHECK_INT(r->n_overrides, 1);
    CHECK_TEXT(r->override[0].what, "scope: {service: pay}, set: {weight: 3}");
    CHECK_TEXT(r->override[0].by, "li");
    CHECK_INT(p->n_windows, CHANGE_KIND_N);
    complaints_free(&c);
    ruleset_free(&rs);
}

TEST(the_shipped_rules_can_be_read_too)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_load(NULL, &c);
    OWNED_PACK *p = facts_of(rs);
    CHECK_INT(p->n_rules, rs->n);
    for (size_t i = 0; i < p->n_rules; i++)
        CHECK(p->rule[i].n_values > 0 && p->rule[i].why != NULL);
    complaints_free(&c);
    ruleset_free(&rs);
}
