/* tests of rules/match */
#include "rules/match.h"
#include "tests/test.h"

static struct match of(const char *text)
{
    return (struct match){.text = text};
}

TEST(exact_names_are_above_globs_and_more_letters_above_fewer)
{
    struct match exact = of("pay-api"), glob = of("pay-*"), all = of("*");
    CHECK(match_fit(&exact, "pay-api") > match_fit(&glob, "pay-api"));
    CHECK(match_fit(&glob, "pay-api") > match_fit(&all, "pay-api"));
    CHECK_INT(match_fit(&all, "pay-api"), 1);
    CHECK_INT(match_fit(&glob, "web"), 0);
}

TEST(a_match_without_a_tag_fits_whatever_the_tags)
{
    struct match plain = of("cpu.busy"), tagged = of("cpu.*{cpu=0}");
    CHECK_INT(match_fit(&plain, "cpu.busy{idc=a}"), 0);
    CHECK_INT(match_fit_tagged(&plain, "cpu.busy{idc=a}"),
              match_fit(&plain, "cpu.busy"));
    CHECK(match_fit_tagged(&tagged, "cpu.busy{cpu=0}") > 0);
    CHECK_INT(match_fit_tagged(&tagged, "cpu.busy{cpu=1}"), 0);
}

TEST(no_list_allows_all_and_no_name_is_the_empty_one)
{
    struct match two[] = {{.text = "a*"}, {.text = "b"}};
    struct matches none = {0}, list = {2, two};
    CHECK(matches_allow(&none, "x") && matches_allow(&none, NULL));
    CHECK(matches_allow(&list, "ab") && matches_allow(&list, "b"));
    CHECK(!matches_allow(&list, "c") && !matches_allow(&list, NULL));
}

TEST(the_beginning_ends_at_the_first_wildcard)
{
    struct match a = of("cpu.*"), b = of("*"), c = of("cpu.busy");
    CHECK_INT(match_prefix(&a), 4);
    CHECK_INT(match_prefix(&b), 0);
    CHECK_INT(match_prefix(&c), 8);
}

TEST(two_globs_that_fit_one_name_may_meet)
{
    static const struct {
        const char *a, *b;
        bool meet;
    } cases[] = {
        {"pay-*", "pay-batch", true},
        {"pay-*", "*-batch", true},
        {"pay-*", "web-*", false},
        {"a", "a", true},
        {"a", "b", false},
        {"a*b", "a*c", false},
        {"a*b*c", "abc", true},
        {"*", "x?y", true},
        {"a?", "b*", false},
        {"?", "\xc3\xa9*", true},
        {"", "*", true},
        {"a*x*b", "a*y*b", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct match a = of(cases[i].a), b = of(cases[i].b);
        CHECK(match_may_meet(&a, &b) == cases[i].meet);
        CHECK(match_may_meet(&b, &a) == cases[i].meet);
    }
}

TEST(empty_and_long_texts_are_refused)
{
    struct keep k = {0};
    struct match m;
    struct err err = {0};
    char text[MATCH_BYTES_MAX + 2];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    CHECK(match_make("", &k, &m, &err) < 0);
    CHECK_TEXT(err.text, "is empty and fits nothing");
    CHECK(match_make(text, &k, &m, NULL) < 0);
    text[MATCH_BYTES_MAX] = '\0';
    CHECK(match_make(text, &k, &m, NULL) == 0);
    keep_free(&k);
}

TEST(expressions_are_kept_with_the_set_and_fit_by_their_letters)
{
    struct keep k = {0};
    struct match m, all;
    struct err err = {0};
    CHECK(match_make("/^pay-(api|web)$/", &k, &m, NULL) == 0);
    CHECK(match_make("/.*/", &k, &all, NULL) == 0);
    CHECK(match_fit(&m, "pay-api") > 1);
    CHECK_INT(match_fit(&m, "pay-batch"), 0);
    CHECK_INT(match_fit(&all, "pay-batch"), 1);
    CHECK_INT(match_prefix(&m), 0);
    CHECK(match_may_meet(&m, &all));
    struct match batch = of("pay-batch"), api = of("pay-api");
    CHECK(!match_may_meet(&m, &batch) && match_may_meet(&api, &m));
    CHECK(match_make("/pay(/", &k, &m, &err) < 0);
    CHECK(strstr(err.text, "is no regular expression, at its byte ") == err.text);
    keep_free(&k);
}
