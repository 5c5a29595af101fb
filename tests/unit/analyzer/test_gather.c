/* tests of analyzer/gather */
#include "analyzer/gather.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

enum { ROWS = 5 };

static struct gather g;
static float mean[ROWS];

/* A host in the bucket whose rows are all `v`, or from row `from` on. */
static void add(size_t bucket, float v, size_t from)
{
    float row[ROWS];
    for (size_t i = 0; i < ROWS; i++)
        row[i] = i < from ? NAN : v;
    gather_add(&g, bucket, row, from == 0);
}

TEST(nobody_gives_nothing)
{
    CHECK(gather_open(&g, ROWS) == 0);
    gather_mean(&g, 0, mean);
    for (size_t i = 0; i < ROWS; i++)
        CHECK(isnan(mean[i]));
    gather_close(&g);
    gather_close(&g);
}

TEST(hosts_of_a_bucket_share_its_weight)
{
    CHECK(gather_open(&g, ROWS) == 0);
    add(3, 1, 0);
    add(3, 3, 0);
    add(9, 10, 0);
    gather_mean(&g, 1, mean);
    CHECK_NEAR(mean[0], (2 + 10) / 2.0, 1e-6);
    CHECK_INT((long long)gather_hosts(&g), 3);
    gather_close(&g);
}

TEST(a_row_that_too_few_have_is_not_there)
{
    CHECK(gather_open(&g, ROWS) == 0);
    add(1, 4, 0);
    add(1, 8, 2);
    add(2, 9, 4);
    gather_mean(&g, 2, mean);
    CHECK(isnan(mean[0]) && isnan(mean[1]));
    CHECK_NEAR(mean[2], 6, 0);
    CHECK_NEAR(mean[4], 7.5, 0);
    gather_close(&g);
}

TEST(whole_hosts_and_those_with_gaps_count_alike)
{
    CHECK(gather_open(&g, ROWS) == 0);
    add(1, 2, 1); /* the order within a bucket is for the sums only */
    add(1, 4, 0);
    add(1, 6, 0);
    gather_mean(&g, 1, mean);
    CHECK_NEAR(mean[0], 5, 0);
    CHECK_NEAR(mean[1], 4, 0);
    gather_clear(&g);
    CHECK_INT((long long)gather_hosts(&g), 0);
    add(1, 7, 0);
    gather_mean(&g, 1, mean);
    CHECK_NEAR(mean[0], 7, 0);
    gather_close(&g);
}

TEST(the_outer_tenth_of_the_buckets_is_left_out)
{
    CHECK(gather_open(&g, ROWS) == 0);
    for (size_t b = 0; b < 20; b++)
        add(b, (float)b, 0);
    add(20, 1e6F, 0);
    gather_mean(&g, 1, mean);
    CHECK_NEAR(mean[0], 10, 1e-6); /* 2 .. 18 */
    gather_close(&g);
}

TEST(a_host_has_the_same_bucket_for_ever)
{
    size_t used[GATHER_BUCKETS] = {0}, most = 0;
    for (int i = 0; i < 6400; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%d", i);
        CHECK(gather_bucket(name) < GATHER_BUCKETS);
        most = ++used[gather_bucket(name)] > most ? used[gather_bucket(name)] : most;
    }
    CHECK(most < 200); /* 100 in the mean */
    CHECK_INT((long long)gather_bucket("web-1"), (long long)gather_bucket("web-1"));
}

TEST(buckets_that_were_given_are_the_same_elsewhere)
{
    struct gather other;
    float there[ROWS];
    OWNED_BUF b = {0};
    CHECK(gather_open(&g, ROWS) == 0 && gather_open(&other, ROWS) == 0);
    add(3, 1, 0);
    add(3, 3, 2);
    add(9, 10, 0);
    CHECK_INT(gather_give(&g, (struct gather_share){0, GATHER_BUCKETS}, &b), 2);
    size_t used = gather_take(&other, b.data, b.len);
    CHECK(used > 0 && used < b.len);
    CHECK_INT((long long)gather_take(&other, b.data + used, b.len - used),
              (long long)(b.len - used));
    gather_mean(&g, 1, mean);
    gather_mean(&other, 1, there);
    CHECK(memcmp(mean, there, sizeof mean) == 0);
    CHECK_INT((long long)gather_take(&other, b.data, used - 1), 0);
    gather_close(&g);
    gather_close(&other);
}
