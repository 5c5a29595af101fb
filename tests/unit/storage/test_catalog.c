#include "storage/catalog.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static const char *path(void)
{
    static char text[200];
    snprintf(text, sizeof text, "%s/index", test_dir());
    return text;
}

static struct catalog *open_it(size_t want_dropped)
{
    struct err err = {0};
    size_t dropped = 99;
    struct catalog *c = catalog_open(path(), &dropped, &err);
    CHECK_TEXT(err.text, "");
    CHECK(c != NULL);
    CHECK_INT(dropped, want_dropped);
    return c;
}

static void write_file(const char *text, size_t n)
{
    FILE *f = fopen(path(), "w");
    CHECK(f != NULL && fwrite(text, 1, n, f) == n);
    fclose(f);
}

static const char *read_file(void)
{
    static char text[4096];
    FILE *f = fopen(path(), "r");
    CHECK(f != NULL);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
    return text;
}

TEST(lines_are_there_after_reopening)
{
    struct err err = {0};
    struct catalog *c = open_it(0);
    CHECK_INT(catalog_known(c, A), 0);
    CHECK_INT(catalog_add(c, A, 2, "{\"host\":\"h1\"}", &err), 0);
    CHECK_INT(catalog_known(c, A), 2);
    CHECK_INT(catalog_flush(c, &err), 0);
    CHECK_INT(catalog_add(c, A, 5, "{\"host\":\"h1\"}", &err), 0);
    CHECK_INT(catalog_add(c, B, 1, "{}", &err), 0);
    catalog_close(&c);
    CHECK(c == NULL);
    CHECK_TEXT(read_file(),
               A " 2 {\"host\":\"h1\"}\n" A " 5 {\"host\":\"h1\"}\n" B " 1 {}\n");
    c = open_it(0);
    CHECK_INT(catalog_known(c, A), 5);
    CHECK_INT(catalog_known(c, B), 1);
    catalog_close(&c);
}

TEST(torn_and_damaged_lines_are_dropped_and_the_file_is_mended)
{
    static const char text[] = A " 3 {\"a\":1}\n"
                                 "\n"
                                 "garbage\n" B " x {}\n" B " 0 {}\n" B " 12 {\n"
                                 "\0\0\0\0\0\n" B " 7 {}\n" A " 4 {\"a\"";
    write_file(text, sizeof text - 1);
    struct catalog *c = open_it(7);
    CHECK_INT(catalog_known(c, A), 3);
    CHECK_INT(catalog_known(c, B), 7);
    catalog_close(&c);
    CHECK_TEXT(read_file(), A " 3 {\"a\":1}\n" B " 7 {}\n");
    c = open_it(0);
    catalog_close(&c);
}

TEST(many_digests_are_told_apart)
{
    struct err err = {0};
    char digest[65];
    struct catalog *c = open_it(0);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(digest, sizeof digest, "%08x%056x", i * 2654435761u, i);
        CHECK_INT(catalog_add(c, digest, i + 1, "{}", &err), 0);
    }
    catalog_close(&c);
    c = open_it(0);
    for (unsigned i = 0; i < 5000; i++) {
        snprintf(digest, sizeof digest, "%08x%056x", i * 2654435761u, i);
        CHECK_INT(catalog_known(c, digest), i + 1);
    }
    catalog_close(&c);
}

TEST(what_is_no_line_is_refused)
{
    struct err err = {0};
    struct catalog *c = open_it(0);
    CHECK_INT(catalog_add(c, "short", 1, "{}", &err), -1);
    CHECK_INT(catalog_add(c, A, 0, "{}", &err), -1);
    CHECK_INT(catalog_known(c, "short"), 0);
    catalog_close(&c);
    CHECK(access(path(), F_OK) < 0);
}

TEST(a_file_that_cannot_be_written_is_an_error_and_the_lines_wait)
{
    struct err err = {0};
    struct catalog *c = open_it(0);
    CHECK_INT(catalog_add(c, A, 1, "{}", &err), 0);
    CHECK_INT(symlink("/nowhere/at/all", path()), 0);
    CHECK_INT(catalog_flush(c, &err), -1);
    CHECK(strstr(err.text, "cannot be opened") != NULL);
    CHECK_INT(unlink(path()), 0);
    err = (struct err){0};
    CHECK_INT(catalog_flush(c, &err), 0);
    CHECK_TEXT(read_file(), A " 1 {}\n");
    catalog_close(&c);
}
