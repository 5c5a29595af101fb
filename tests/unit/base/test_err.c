/* tests of base/err */
#include "base/err.h"
#include "tests/test.h"

#include <errno.h>

TEST(an_error_has_a_code_and_words)
{
    struct err err = {0};
    CHECK_INT(err_set(&err, EINVAL, "limit must be above 0, not %d", -1), -1);
    CHECK_INT(err.code, EINVAL);
    CHECK_TEXT(err.text, "limit must be above 0, not -1");
}

TEST(the_first_cause_is_kept)
{
    struct err err = {0};
    err_set(&err, EINVAL, "first");
    CHECK_INT(err_set(&err, ENOMEM, "second"), -1);
    CHECK_INT(err_sys(&err, ENOENT, "third"), -1);
    CHECK_INT(err.code, EINVAL);
    CHECK_TEXT(err.text, "first");
}

TEST(the_systems_words_are_put_behind)
{
    struct err err = {0};
    CHECK_INT(err_sys(&err, ENOENT, "%s cannot be opened", "x.yml"), -1);
    CHECK_INT(err.code, ENOENT);
    CHECK_TEXT(err.text, "x.yml cannot be opened: No such file or directory");
}

TEST(a_failure_never_reads_as_no_error)
{
    struct err err = {0}, sys = {0};
    err_set(&err, 0, "no code");
    err_sys(&sys, 0, "no code");
    CHECK(err.code != 0);
    CHECK(sys.code != 0);
}

TEST(nobody_need_want_the_reason)
{
    CHECK_INT(err_set(NULL, EINVAL, "x"), -1);
    CHECK_INT(err_sys(NULL, EINVAL, "x"), -1);
}

TEST(long_words_are_cut)
{
    char words[2 * sizeof((struct err *)0)->text];
    memset(words, 'x', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    struct err err = {0}, sys = {0};
    err_set(&err, EINVAL, "%s", words);
    CHECK_INT((long long)strlen(err.text), sizeof err.text - 1);
    err_sys(&sys, EINVAL, "%s", words);
    CHECK_INT((long long)strlen(sys.text), sizeof sys.text - 1);
}
