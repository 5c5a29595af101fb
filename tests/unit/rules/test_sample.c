/* tests of rules/sample */
#include "rules/lint.h"
#include "rules/sample.h"
#include "rules/tidy.h"
#include "rules/trial_file.h"
#include "tests/test.h"

TEST(the_file_to_start_from_has_nothing_to_complain_of)
{
    struct complaints c = {0};
    OWNED_BUF why = {0};
    struct ruleset *rs = ruleset_parse("new.yml", sample_text, sample_length(), &c);
    CHECK(rs != NULL);
    lint(rs, &(struct lint_ask){.today = {0}, .kept = {7200000}}, &c);
    complaints_write(&c, &why);
    CHECK_TEXT(buf_text(&why), "");
    CHECK_INT(rs->n, 3);
    ruleset_free(&rs);
    complaints_free(&c);
}

TEST(the_file_to_start_from_is_tidy)
{
    struct complaints c = {0};
    OWNED_BUF out = {0};
    CHECK_INT(tidy("new.yml", sample_text, sample_length(), &out, &c), 0);
    CHECK_TEXT(buf_text(&out), sample_text);
    complaints_free(&c);
}

TEST(the_tests_to_start_from_are_tests_of_those_rules_and_tidy)
{
    struct complaints c = {0};
    OWNED_BUF out = {0};
    struct ruleset *rs = ruleset_parse("new.yml", sample_text, sample_length(), &c);
    struct trial_file *f =
        trial_file_parse("t_test.yml", sample_test_text, strlen(sample_test_text), &c);
    CHECK(rs != NULL && f != NULL);
    CHECK_INT(trial_file_check(f, rs, &c), 0);
    CHECK_INT(tidy("t.yml", sample_test_text, strlen(sample_test_text), &out, &c), 0);
    CHECK_TEXT(buf_text(&out), sample_test_text);
    trial_file_free(&f);
    ruleset_free(&rs);
    complaints_free(&c);
}
