/* tests of rules/pattern */
#include "base/instant.h"
#include "rules/pattern.h"
#include "tests/test.h"

#include <stdlib.h>

static struct pattern *made(const char *text)
{
    struct err err = {0};
    size_t at;
    struct pattern *p = pattern_new(text, &at, &err);
    if (p == NULL)
        test_fail(__FILE__, __LINE__, "'%s' at %zu: %s", text, at, err.text);
    return p;
}

TEST(names_globs_and_expressions_fit_what_they_should)
{
    static const struct {
        const char *pattern, *name;
        bool want;
    } all[] = {
        {"pay-api", "pay-api", true},
        {"pay-api", "pay-api2", false},
        {"pay-api", "Pay-api", false},
        {"pay.*", "pay.x", true},
        {"pay.*", "payax", false}, /* a dot is a dot in a glob */
        {"*", "", true},
        {"host-??", "host-07", true},
        {"host-?", "host-\xc3\xbc", true},
        {"/pay/", "my-pay-api", true},
        {"/^pay/", "my-pay-api", false},
        {"/^pay-(api|web)$/", "pay-web", true},
        {"/^pay-(api|web)$/", "pay-web2", false},
        {"/^pay$/", "pay\n", false}, /* $ is the very end */
        {"/PAY/", "pay", false},
        {"/PAY/i", "pay", true},
        {"/\xc3\x9c/i", "\xc3\xbc", true},
        {"/^host-.$/", "host-\xc3\xbc", true},
        {"/^a b$/", "a b", true},
        {"/^a b # x $/x", "ab", true},
        {"/ ^ a b $ # both /x", "ab", true},
        {"/^a/b$/", "a/b", true}, /* a slash within is one */
        {"/^a\\/b$/", "a/b", true},
        {"/^(\\w)\\1$/", "aa", true},
        {"/x/", "\xff\xfe x \xff", true}, /* bytes that are no UTF-8 are no harm */
        {"/^.*$/", "\xff", false},
        {"/y/", "\xff\xfe", false},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct pattern *p = made(all[i].pattern);
        CHECK_TEXT(pattern_text(p), all[i].pattern);
        if (pattern_match(p, all[i].name) != all[i].want)
            test_fail(__FILE__, __LINE__, "%s and '%s'", all[i].pattern, all[i].name);
        CHECK((pattern_fit(p, all[i].name) > 0) == all[i].want);
        CHECK_INT(pattern_gave_up(p), 0);
        pattern_free(&p);
        CHECK(p == NULL);
    }
}

static int fit(const char *pattern, const char *name)
{
    struct pattern *p = made(pattern);
    int f = pattern_fit(p, name);
    if (pattern[0] != '/')
        CHECK_INT(pattern_glob_fit(pattern, name), f);
    pattern_free(&p);
    return f;
}

TEST(the_more_a_pattern_says_the_better_it_fits)
{
    CHECK_INT(fit("*", "cpu.busy"), PATTERN_FIT_ALL);
    CHECK_INT(fit("????????", "cpu.busy"), PATTERN_FIT_ALL);
    CHECK(fit("c*", "cpu.busy") < fit("cpu.*", "cpu.busy"));
    CHECK(fit("cpu.bus*", "cpu.busy") < fit("cpu.busy", "cpu.busy"));
    CHECK(fit("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa*", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa") <
          fit("a", "a"));
    CHECK_INT(fit("/.*/", "cpu.busy"), PATTERN_FIT_ALL);
    CHECK(fit("/^cpu/", "cpu.busy") < fit("/^cpu\\.(busy|user)$/", "cpu.busy"));
    CHECK_INT(fit("/^cpu\\.(busy|iowait)$/", "cpu.busy"),
              fit("cpu.bus?", "cpu.busy") + 1);
    CHECK(fit("/^cpu\\.busy$/", "cpu.busy") < fit("cpu.busy", "cpu.busy"));
    CHECK_INT(fit("mem.*", "cpu.busy"), 0);
    CHECK_INT(fit("/mem/", "cpu.busy"), 0);
}

TEST(a_mistake_is_told_at_its_place)
{
    static const struct {
        const char *text;
        size_t at;
        const char *want;
    } all[] = {
        {"", 0, "an empty pattern fits nothing"},
        {"/", 1,
         "a text that begins with / is a regular expression and needs another / behind "
         "it, as in /^pay-/"},
        {"/pay", 4,
         "a text that begins with / is a regular expression and needs another / behind "
         "it, as in /^pay-/"},
        {"//", 1, "an empty regular expression fits everything; write *"},
        {"/pay/g", 5,
         "unknown flag 'g' behind the regular expression, expected i or x (a / within "
         "it is written as it is)"},
        {"/usr/bin/x*", 10,
         "unknown flag '?' behind the regular expression, expected i or x (a / within "
         "it is written as it is)"},
        {"/pay(/", 5,
         "the regular expression is wrong here: missing closing parenthesis"},
        {"/a[b/", 4,
         "the regular expression is wrong here: missing terminating ] for character "
         "class"},
        {"/a**/", 3, NULL},
        {"/(?<n>a)\\k<m>/", 11, NULL},
        {"/\\C/", 3, NULL},
        {"/(((((((((((((((((((((((((((((((((a)))))))))))))))))))))))))))))))))/", 34,
         NULL},
        {"/((ab{1000}){1000}){1000}/", 25, NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct err err = {0};
        size_t at = 999;
        struct pattern *p = pattern_new(all[i].text, &at, &err);
        if (p != NULL)
            test_fail(__FILE__, __LINE__, "'%s' is taken", all[i].text);
        if (all[i].want != NULL)
            CHECK_TEXT(err.text, all[i].want);
        CHECK(strlen(err.text) > 10);
        if (at != all[i].at)
            test_fail(__FILE__, __LINE__, "'%s': at %zu, expected %zu: %s", all[i].text,
                      at, all[i].at, err.text);
    }
    char text[PATTERN_BYTES_MAX + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct err err = {0};
    CHECK(pattern_new(text, NULL, &err) == NULL);
    CHECK_TEXT(err.text, "the pattern is 501 bytes long, at most 500");
}

/* The classics of catastrophic backtracking, each on a name that it is bad at. */
TEST(no_pattern_hangs_who_asks)
{
    static const struct {
        const char *pattern, *unit, *end;
    } evil[] = {
        {"/^(a+)+$/", "a", "!"},           {"/^(a|aa)+$/", "a", "!"},
        {"/^(a|a?)+$/", "a", "!"},         {"/(x+x+)+y/", "x", "z!y"},
        {"/^([a-zA-Z]+)*$/", "a", "!"},    {"/^(.*a){12}$/", "a", "!"},
        {"/^((a+)*)*$/", "a", "!"},        {"/(?:a?){50}a{50}b/", "a", "!b"},
        {"/^(?:(\\w+)\\s?)+$/", "a", "!"}, {"/.*.*.*.*=.*x!/", "=", "x?!"},
        {"/^(a(?1)?a)+$/", "a", "!"}, /* recursion */
        {"/^(?=(a+))+b/", "a", "!"},
    };
    enum { NAME = 4000 };
    char name[NAME + 8];
    for (size_t i = 0; i < sizeof evil / sizeof *evil; i++) {
        struct pattern *p = made(evil[i].pattern);
        for (size_t n = 50; n <= NAME; n *= 4) {
            memset(name, evil[i].unit[0], n);
            memcpy(name + n, evil[i].end, strlen(evil[i].end) + 1);
            int64_t start = monotonic_ms();
            CHECK(!pattern_match(p, name));
            int64_t ms = monotonic_ms() - start;
            if (ms > 1000) /* the limit is reached in a few; busy machines are slow */
                test_fail(__FILE__, __LINE__, "%s took %lld ms", evil[i].pattern,
                          (long long)ms);
        }
        pattern_free(&p);
    }
}

TEST(what_is_given_up_is_counted)
{
    struct pattern *p = made("/^(a+)+$/");
    uint64_t all = pattern_gave_up_all();
    char name[PATTERN_NAME_MAX + 2];
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    CHECK(!pattern_match(p, name)); /* too long to be asked */
    CHECK_INT(pattern_gave_up(p), 1);
    name[100] = '!';
    name[101] = '\0';
    CHECK(!pattern_match(p, name));
    CHECK_INT(pattern_gave_up(p), 2);
    CHECK_INT(pattern_fit(p, name), 0);
    CHECK_INT(pattern_gave_up(p), 3);
    CHECK(pattern_match(p, "aaaa"));
    CHECK_INT(pattern_gave_up(p), 3);
    pattern_free(&p);
    CHECK_INT(pattern_gave_up_all() - all, 3); /* though the pattern is gone */
}

TEST(costly_expressions_are_told_from_cheap_ones)
{
    static const char *const costly[] = {
        "/(a+)+$/",  "/^(a|aa)+$/",          "/(a*)*b/",     "/(x+x+)+y/",
        "/.*.*.*x/", "/^([a-z0-9]+\\.?)+$/", "/^(\\d+)*-$/", "/(.*,){20}P/",
    };
    static const char *const cheap[] = {
        "/^pay-(api|web)$/",       "/.*a.*b.*c/",
        "/^(\\w+\\.)*\\w+$/",      "/disk|net|cpu|mem/",
        "/^.*\\.(ok|fail)$/",      "/\\bcpu\\b/i",
        "/([a-z]+-)+[0-9]+$/",     "/^pay-\\d+\\.idc[0-9]+$/",
        "/^[a-z]+\\.[a-z0-9-]+$/",
    };
    for (size_t i = 0; i < sizeof costly / sizeof *costly; i++) {
        struct pattern *p = made(costly[i]);
        if (!pattern_costly(p))
            test_fail(__FILE__, __LINE__, "%s is not costly", costly[i]);
        pattern_free(&p);
    }
    for (size_t i = 0; i < sizeof cheap / sizeof *cheap; i++) {
        struct pattern *p = made(cheap[i]);
        if (pattern_costly(p))
            test_fail(__FILE__, __LINE__, "%s is costly", cheap[i]);
        pattern_free(&p);
    }
    struct pattern *p = made("*a*b*");
    CHECK(!pattern_costly(p));
    pattern_free(&p);
}

TEST(expressions_take_lines_apart_by_their_names)
{
    static const char *const names[] = {"code", "ms", "path"};
    struct pattern_piece piece[3];
    struct err err = {0};
    struct pattern_groups *g = pattern_groups_new(
        "^(?<path>/\\S*)? ?(?<code>\\d+)(?: (?<x>y))?", names, 3, NULL, &err);
    CHECK(g == NULL && strstr(err.text, "'x' has no meaning") != NULL);
    g = pattern_groups_new("^(?<path>/\\S*)? ?(?<code>\\d+)", names, 3, NULL, NULL);
    CHECK(g != NULL && pattern_groups_has(g, 0) && !pattern_groups_has(g, 1));
    CHECK_INT(pattern_groups_match(g, "/a 200 x", 8, piece), 1);
    CHECK(piece[0].n == 3 && memcmp(piece[0].at, "200", 3) == 0);
    CHECK(piece[1].at == NULL && piece[2].n == 2);
    CHECK_INT(pattern_groups_match(g, "77", 1, piece), 1); /* no further than n */
    CHECK(piece[0].n == 1 && piece[2].at == NULL);
    CHECK_INT(pattern_groups_match(g, "\xff\0 no", 5, piece), 0);
    pattern_groups_free(&g);
    CHECK(g == NULL);
}

TEST(an_expression_gives_up_on_a_line_that_takes_too_many_steps)
{
    char line[200];
    memset(line, 'a', sizeof line);
    struct pattern_groups *g = pattern_groups_new("(a+)+$b", NULL, 0, NULL, NULL);
    CHECK(g != NULL);
    int64_t begun = monotonic_ms();
    CHECK(pattern_groups_match(g, line, sizeof line, NULL) <= 0);
    pattern_groups_free(&g);
    g = pattern_groups_new("(a+)+[^a]", NULL, 0, NULL, NULL);
    CHECK_INT(pattern_groups_match(g, line, sizeof line, NULL), -1);
    CHECK(monotonic_ms() - begun < 10000);
    pattern_groups_free(&g);
}
