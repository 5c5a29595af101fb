/* tests/unit/rules/make_rules.h - what the tests of rules/ share. */
#ifndef TESTS_UNIT_RULES_MAKE_RULES_H
#define TESTS_UNIT_RULES_MAKE_RULES_H

#include "rules/ruleset.h"
#include "tests/test.h"

#include <stdint.h>
#include <stdlib.h>

/* A set without a single complaint. */
static inline struct ruleset *good_rules(const char *text)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_parse("good.yml", text, strlen(text), &c);
    if (rs == NULL || c.n > 0) {
        struct buf b = {0};
        complaints_write(&c, &b);
        test_fail(__FILE__, __LINE__, "complaints:\n%s", buf_text(&b));
    }
    complaints_free(&c);
    return rs;
}

/* What is said of a text must be `want`, one complaint a line. */
static inline void check_said(const char *text, const char *want)
{
    struct complaints c = {0};
    OWNED_BUF b = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    complaints_write(&c, &b);
    bool refused = rs == NULL;
    size_t errors = c.errors;
    ruleset_free(&rs);
    complaints_free(&c);
    if (strcmp(buf_text(&b), want) != 0)
        test_fail(__FILE__, __LINE__, "said\n%sexpected\n%s", buf_text(&b), want);
    CHECK(refused == (errors > 0));
}

static inline struct change a_change(enum change_kind kind, const char *service)
{
    return (struct change){.kind = kind, .service = (char *)(uintptr_t)service};
}

#endif
