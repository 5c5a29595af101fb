/* tests of rules/index */
#include "rules/index.h"
#include "tests/test.h"

#include <stdio.h>

struct seen {
    const char *name;
    unsigned fits, asked;
    uint64_t rules;
};

static void see(const struct index_entry *e, void *arg)
{
    struct seen *s = arg;
    s->asked++;
    if (match_fit(e->match, s->name) > 0) {
        s->fits++;
        s->rules |= UINT64_C(1) << e->rule;
    }
}

static struct seen ask(const struct index *x, const char *name)
{
    struct seen s = {.name = name};
    index_ask(x, name, see, &s);
    return s;
}

TEST(all_that_fit_are_found_and_few_others_asked)
{
    static const char *const texts[] = {"cpu.*", "*",        "cpu.busy", "cpu.b?sy", "",
                                        "mem.*", "cpu.busy", "c*y",      "disk.*"};
    enum { N = sizeof texts / sizeof *texts };
    struct keep k = {0};
    struct index x;
    struct match m[N];
    CHECK(index_make(&x, N, &k) == 0);
    for (uint32_t i = 0; i < N; i++) {
        m[i] = (struct match){.text = texts[i]};
        index_add(&x, &m[i], i);
    }
    static const char *const names[] = {"cpu.busy", "mem.used", "",
                                        "c",        "cpu.",     "diskx"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        struct seen s = ask(&x, names[n]);
        for (uint32_t i = 0; i < N; i++)
            CHECK(((s.rules & UINT64_C(1) << i) != 0) ==
                  (match_fit(&m[i], names[n]) > 0));
    }
    CHECK_INT(ask(&x, "mem.used").asked, 3); /* "mem.*", "*" and "" */
    keep_free(&k);
}

TEST(long_beginnings_and_many_patterns_are_found_too)
{
    enum { N = 2000 };
    static char text[N][160];
    static struct match m[N];
    struct keep k = {0};
    struct index x;
    CHECK(index_make(&x, N, &k) == 0);
    for (uint32_t i = 0; i < N; i++) {
        snprintf(text[i], sizeof text[i], "%0100u.metric-%u.*", i % 7, i);
        m[i] = (struct match){.text = text[i]};
        index_add(&x, &m[i], i % 64);
    }
    char name[160];
    snprintf(name, sizeof name, "%0100u.metric-%u.value", 1234 % 7, 1234);
    CHECK_INT(ask(&x, name).fits, 1);
    keep_free(&k);
}

TEST(an_empty_index_has_nothing)
{
    struct index x = {0};
    CHECK_INT(ask(&x, "cpu").asked, 0);
}
