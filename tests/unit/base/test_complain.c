/* tests of base/complain */
#include "base/complain.h"
#include "tests/test.h"

#define OWNED_COMPLAINTS __attribute__((cleanup(complaints_free))) struct complaints

TEST(a_complaint_reads_as_compilers_write_them)
{
    OWNED_COMPLAINTS c = {0};
    OWNED_BUF b = {0};
    complain(&c, "a.yml", 3, 14, "unknown-field", "no field '%s' here", "fial");
    complain_warn(&c, "a.yml", 7, 1, "missing-owner", "no owner, expected one");
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b),
               "a.yml:3:14: error[unknown-field]: no field 'fial' here\n"
               "a.yml:7:1: warning[missing-owner]: no owner, expected one\n");
    CHECK_INT((long long)c.errors, 1);
    CHECK_INT((long long)c.warnings, 1);
    CHECK_INT((long long)c.unkept, 0);
}

TEST(complaints_are_put_in_order_of_place)
{
    OWNED_COMPLAINTS c = {0};
    OWNED_BUF b = {0};
    complain(&c, "b.yml", 1, 1, "x", "6");
    complain(&c, "a.yml", 10, 1, "x", "5");
    complain(&c, "a.yml", 2, 9, "y", "4");
    complain(&c, "a.yml", 2, 9, "x", "3");
    complain(&c, "a.yml", 2, 9, "x", "2");
    complain(&c, "a.yml", 2, 1, "x", "1");
    complaints_sort(&c);
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b), "a.yml:2:1: error[x]: 1\na.yml:2:9: error[x]: 2\n"
                             "a.yml:2:9: error[x]: 3\na.yml:2:9: error[y]: 4\n"
                             "a.yml:10:1: error[x]: 5\nb.yml:1:1: error[x]: 6\n");
}

TEST(what_is_over_the_bound_is_counted)
{
    OWNED_COMPLAINTS c = {0};
    OWNED_BUF b = {0};
    for (int i = 0; i < COMPLAINTS_MAX + 5; i++)
        complain(&c, "a", 1, 1, "x", "n");
    complain_warn(&c, "a", 1, 1, "x", "n");
    CHECK_INT((long long)c.n, COMPLAINTS_MAX);
    CHECK_INT((long long)c.errors, COMPLAINTS_MAX + 5);
    CHECK_INT((long long)c.unkept, 6);
    CHECK_INT((long long)(c.errors + c.warnings), (long long)(c.n + c.unkept));
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b) + b.len - 11, "and 6 more\n");
}

TEST(nobodys_file_forges_a_line)
{
    OWNED_COMPLAINTS c = {0};
    OWNED_BUF b = {0};
    complain(&c, "a\nb", 1, 1, "x", "it says '%s'", "y\nb:1:1: \x1b[31m\xff\xc2\x85");
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b), "a b:1:1: error[x]: it says 'y b:1:1:  [31m?  '\n");
}

TEST(no_complaints_write_nothing)
{
    OWNED_COMPLAINTS c = {0};
    OWNED_BUF b = {0};
    complaints_sort(&c);
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b), "");
    complaints_free(&c);
    complaints_free(&c);
}

TEST(the_nearest_name_is_found)
{
    static const char *const names[] = {"hosts", "service",     "kind",    "kinds",
                                        "title", "must_handle", "runbook", NULL};
    static const struct {
        const char *word, *want;
    } cases[] = {
        {"host", "hosts"},
        {"hots", "hosts"},

        {"servcie", "service"},
        {"SERVICE", "service"},
        {"must-handle", "must_handle"},
        {"kid", "kind"},
        {"kins", "kind"},
        {"title", "title"},
        {"runbok", "runbook"},
        {"mustHandle", "must_handle"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_TEXT(nearest_name(cases[i].word, names), cases[i].want);
}

TEST(what_is_far_from_all_names_gets_no_advice)
{
    static const char *const names[] = {"hosts", "id", "service", NULL};
    static const char *const none[] = {NULL};
    static const char *const words[] = {"", "x", "is", "owner", "sevnrcxe"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (nearest_name(words[i], names) != NULL)
            test_fail(__FILE__, __LINE__, "'%s' is taken for '%s'", words[i],
                      nearest_name(words[i], names));
    CHECK(nearest_name("hosts", none) == NULL);
}

TEST(very_long_words_are_not_looked_at)
{
    char word[5000];
    memset(word, 'a', sizeof word - 1);
    word[sizeof word - 1] = '\0';
    const char *const names[] = {word, "b", NULL};
    CHECK(nearest_name(word, names) == NULL);
    CHECK_TEXT(nearest_name("b", names), "b");
}
