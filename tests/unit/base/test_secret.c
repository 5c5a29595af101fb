/* tests of base/secret */
#include "base/secret.h"
#include "tests/test.h"

#include <stdio.h>
#include <sys/stat.h>

static const char *file(const char *text, unsigned mode)
{
    static char path[4200];
    snprintf(path, sizeof path, "%s/secret", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    fputs(text, f);
    fclose(f);
    CHECK(chmod(path, mode) == 0);
    return path;
}

TEST(the_first_line_is_the_secret)
{
    char out[SECRET_BYTES_MAX];
    struct err err = {0};
    CHECK(secret_load(file("s3cret\r\nnotes\n", 0640), "the key", out, &err) == 0);
    CHECK_TEXT(out, "s3cret");
}

TEST(a_file_for_everybody_is_refused)
{
    char out[SECRET_BYTES_MAX];
    struct err err = {0};
    CHECK(secret_load(file("s3cret\n", 0644), "the key", out, &err) == -1);
    CHECK(strstr(err.text, "the key file") != NULL);
    CHECK(strstr(err.text, "chmod o-rwx") != NULL);
}

TEST(an_empty_a_long_and_an_absent_file_are_refused)
{
    char out[SECRET_BYTES_MAX], text[600];
    struct err empty = {0}, is_long = {0}, absent = {0};
    CHECK(secret_load(file("\nlater", 0600), "the key", out, &empty) == -1);
    CHECK(strstr(empty.text, "is empty") != NULL);
    memset(text, 'x', sizeof text);
    text[599] = '\0';
    CHECK(secret_load(file(text, 0600), "the key", out, &is_long) == -1);
    CHECK(strstr(is_long.text, "longer than") != NULL);
    CHECK(secret_load("/nowhere/at/all", "the key", out, &absent) == -1);
    CHECK(strstr(absent.text, "cannot be opened") != NULL);
}
