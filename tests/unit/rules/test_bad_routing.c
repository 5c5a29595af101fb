/* The broken routing files of tests/golden/routing-bad: each is named for what is
 * wrong, and what is said of it stands beside it.  With AFTERCHECK_APPROVE in the
 * environment what is said now is written beside them. */
#include "rules/routing.h"
#include "tests/test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_LEAST = 48 };

static int is_case(const struct dirent *d)
{
    size_t n = strlen(d->d_name);
    return d->d_name[0] != '.' && (n < 4 || strcmp(d->d_name + n - 4, ".txt") != 0);
}

static void read_file(const char *path, struct buf *to)
{
    char room[4096];
    FILE *f = fopen(path, "re");
    if (f == NULL)
        test_fail(__FILE__, __LINE__, "%s is missing", path);
    for (size_t n; (n = fread(room, 1, sizeof room, f)) > 0;)
        buf_add_n(to, room, n);
    fclose(f);
}

static void write_file(const char *path, const struct buf *text)
{
    FILE *f = fopen(path, "we");
    CHECK(f != NULL);
    CHECK(fwrite(buf_text(text), 1, text->len, f) == text->len);
    fclose(f);
}

static void check_case(const char *name)
{
    char beside[300];
    const char *dot = strstr(name, ".yml");
    int n = dot != NULL ? (int)(dot - name) : (int)strlen(name);
    OWNED_BUF said = {0}, expected = {0};
    struct complaints c = {0};
    struct routing *r = routing_load(name, &c);
    complaints_write(&c, &said);
    bool refused = r == NULL;
    size_t errors = c.errors;
    routing_free(&r);
    complaints_free(&c);
    snprintf(beside, sizeof beside, "%.*s.txt", n, name);
    if (getenv("AFTERCHECK_APPROVE") != NULL)
        write_file(beside, &said);
    read_file(beside, &expected);
    if (strcmp(buf_text(&said), buf_text(&expected)) != 0)
        test_fail(__FILE__, __LINE__, "of %s is said\n%sexpected\n%s", name,
                  buf_text(&said), buf_text(&expected));
    if (!refused || errors == 0)
        test_fail(__FILE__, __LINE__, "%s is taken", name);
}

TEST(every_broken_file_is_refused_with_the_words_beside_it)
{
    struct dirent **entry = NULL;
    CHECK(chdir(AFTERCHECK_SOURCE "/tests/golden/routing-bad") == 0);
    int n = scandir(".", &entry, is_case, alphasort);
    CHECK(n >= FILES_LEAST);
    for (int i = 0; i < n; i++) {
        check_case(entry[i]->d_name);
        free(entry[i]);
    }
    free(entry);
}
