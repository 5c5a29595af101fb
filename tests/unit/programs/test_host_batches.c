#include "programs/host_batches.h"

#include "tests/test.h"

static void check_cut(const char *hosts, size_t batches, size_t size,
                      const char *const *want, size_t n)
{
    struct host_batches b;
    CHECK_INT(host_batches_cut(hosts, batches, size, &b, NULL), 0);
    CHECK_INT(b.n, n);
    for (size_t i = 0; i < n; i++)
        CHECK_TEXT(b.at[i], want[i]);
    host_batches_free(&b);
}
#define CUT(hosts, batches, size, ...)                                                 \
    do {                                                                               \
        const char *const want_[] = {__VA_ARGS__};                                     \
        check_cut(hosts, batches, size, want_, sizeof want_ / sizeof *want_);          \
    } while (0)

TEST(hosts_are_cut_into_batches_the_larger_ones_last)
{
    CUT("a,b,c,d,e", 2, 0, "a,b", "c,d,e");
    CUT("a,b,c,d", 4, 0, "a", "b", "c", "d");
    CUT("a,b,c", 0, 2, "a,b", "c");
    CUT("a,b,c", 0, 0, "a,b,c");
}

TEST(there_are_no_more_batches_than_hosts_and_at_least_one)
{
    CUT("a,b", 5, 0, "a", "b");
    CUT("", 3, 0, "");
    CUT(NULL, 0, 2, "");
    CUT(",,a,", 1, 0, "a");
}

TEST(a_host_that_stands_twice_is_in_its_first_batch_only)
{
    CUT("b,a,b,c,a,b", 3, 0, "b", "a", "c");
}

TEST(hosts_are_put_into_arguments)
{
    static char one[] = "-H", two[] = "{hosts}", three[] = "x{hosts}y{hosts}",
                four[] = "{host}";
    char *argv[] = {one, two, three, four, NULL};
    char **made = host_batches_argv(argv, "a,b", NULL);
    CHECK_TEXT(made[0], "-H");
    CHECK_TEXT(made[1], "a,b");
    CHECK_TEXT(made[2], "xa,bya,b");
    CHECK_TEXT(made[3], "{host}");
    CHECK(made[4] == NULL);
    host_batches_free_argv(&made);
    CHECK(made == NULL);
}
