/* tests/fuzz/fuzz_rules.c - any bytes into the reader of rules.
 *
 * Whatever is taken has nothing left to check: all that the analyzer asks of it can be
 * asked.  Whatever is refused is told, with a code of the list, at a place in the file.
 */
#include "base/names.h"
#include "rules/codes.h"
#include "rules/ruleset.h"
#include "rules/schema.h"
#include "rules/value.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_complaints(const struct complaints *c)
{
    assert(c->errors + c->warnings == c->n + c->unkept);
    for (size_t i = 0; i < c->n; i++) {
        const struct complaint *k = &c->at[i];
        bool known = false;
        for (int code = 0; code < RULES_CODE_N; code++)
            known |= strcmp(k->code, rules_code((enum rules_code)code)) == 0;
        assert(known && k->line >= 1 && k->column >= 1);
    }
}

struct telling {
    const struct rule *rule;
    struct buf text;
};

static void tell_field(const struct schema_seen *seen, void *arg)
{
    struct telling *t = arg;
    struct rule_place p = rule_place(t->rule, seen->path);
    assert((p.file != NULL) == (p.origin <= ORIGIN_OVERRIDE));
    value_write(seen->field, (const char *)t->rule + seen->offset, &t->text);
}

static void ask(const struct ruleset *rs, const struct change *c)
{
    static const char *const names[] = {"cpu.busy", "disk.util{device=sda}", "up", "x"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)ruleset_for_series(rs, c, names[i], "h1");
        (void)ruleset_for_limit(rs, c, names[i], NULL);
        (void)ruleset_for_probe(rs, c, names[i], "h1");
        (void)ruleset_for_alarm(rs, c, names[i], "page");
        (void)ruleset_for_test(rs, c, names[i]);
    }
    for (int m = 0; m < MEASURE_N; m++)
        (void)ruleset_for_calls(rs, c, (enum measure)m, "a->pay:/x");
    const struct windows_rule *w = ruleset_windows(rs, c);
    assert(w->n_looks >= 1 && w->looks[0].ms > w->settle.ms);
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        struct telling t = {.rule = r};
        assert(r->id != NULL && r->title != NULL && r->pattern.n > 0);
        assert(r->subject < SUBJECT_N && r->weight > 0 && r->rev >= 1);
        assert(r->attention.set || r->must_handle.set || r->limit.set);
        (void)rule_code(r, "a", "pay", "404");
        schema_each(&schema_rule, tell_field, &t);
        buf_free(&t.text);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_parse("rules.yml", (const char *)bytes, n, &c);
    assert((rs == NULL) == (c.errors > 0));
    check_complaints(&c);
    if (rs != NULL) {
        struct change change = {.kind = CHANGE_RELEASE,
                                .service = (char *)(uintptr_t) "pay"};
        struct ruleset *in = ruleset_in_force(rs, &change, NULL);
        assert(in != NULL);
        ask(rs, &change);
        ask(in, &change);
        ruleset_free(&in);
    }
    ruleset_free(&rs);
    complaints_free(&c);
    return 0;
}
