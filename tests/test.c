/* tests/test.c - runs the tests of one program through cmocka. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>

#include "tests/test.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TESTS_MAX = 512 };

static struct CMUnitTest tests[TESTS_MAX];
static void (*runs[TESTS_MAX])(void);
static size_t n_tests;
static char dir[64];

static void run_one(void **state)
{
    (*(void (**)(void)) * state)();
}

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

static int clean_up(void **state)
{
    (void)state;
    if (dir[0] != '\0')
        nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    dir[0] = '\0';
    return 0;
}

void test_add(const char *name, void (*run)(void))
{
    if (n_tests == TESTS_MAX)
        abort();
    runs[n_tests] = run;
    tests[n_tests] = (struct CMUnitTest){.name = name,
                                         .test_func = run_one,
                                         .teardown_func = clean_up,
                                         .initial_state = &runs[n_tests]};
    n_tests++;
}

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fprintf(stderr, "%s:%d: ", file, line);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    _fail(file, line);
    abort(); /* _fail does not come back */
}

void test_skip(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fputs("skipped: ", stderr);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
    va_end(ap);
    _skip("", 0);
    abort(); /* _skip does not come back */
}

const char *test_dir(void)
{
    if (dir[0] == '\0') {
        snprintf(dir, sizeof dir, "/tmp/aftercheck-test-XXXXXX");
        if (mkdtemp(dir) == NULL)
            test_fail(__FILE__, __LINE__, "no directory could be made in /tmp");
    }
    return dir;
}

const char *test_data(const char *name)
{
    static char path[1024];
    const char *root = getenv("AFTERCHECK_DATA");
    snprintf(path, sizeof path, "%s/%s",
             root != NULL ? root : AFTERCHECK_SOURCE "/../shared/data", name);
    if (access(path, R_OK) != 0)
        test_skip("recorded data %s is not here", path);
    return path;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < n_tests; i++)
            puts(tests[i].name);
        return 0;
    }
    if (argc == 2)
        cmocka_set_test_filter(argv[1]);
    return _cmocka_run_group_tests(argv[0], tests, n_tests, NULL, NULL);
}
