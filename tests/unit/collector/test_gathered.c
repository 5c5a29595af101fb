/* tests of collector/gathered; what StatsD makes of it is test_in_statsd.c's */
#include "collector/gathered.h"
#include "tests/test.h"

static struct gathered_pool pool;

TEST(a_counter_is_a_rate_even_of_nothing)
{
    struct gathered g = {.kind = GATHERED_COUNTER};
    float out[GATHERED_FIGURES];
    gathered_value(&g, &pool, 3, 10, false);
    CHECK_INT((long long)gathered_figures(&g, 10, out), 1);
    CHECK_NEAR(out[0], 3, 0);
    gathered_begin(&g, &pool);
    CHECK_INT((long long)gathered_figures(&g, 10, out), 1);
    CHECK_NEAR(out[0], 0, 0);
}

TEST(a_gauge_is_set_or_moved_and_stays_over_a_flush)
{
    struct gathered g = {.kind = GATHERED_GAUGE};
    float out[GATHERED_FIGURES];
    gathered_value(&g, &pool, 12, 1, false);
    gathered_begin(&g, &pool);
    CHECK_INT((long long)gathered_figures(&g, 10, out), 0);
    gathered_value(&g, &pool, -2, 1, true);
    CHECK_INT((long long)gathered_figures(&g, 10, out), 1);
    CHECK_NEAR(out[0], 10, 0);
}

TEST(the_95th_percentile_is_the_nearest_rank)
{
    static const struct {
        int n;
        float p95;
    } cases[] = {{1, 1}, {2, 2}, {19, 19}, {20, 19}, {100, 95}, {200, 190}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct gathered g = {.kind = GATHERED_TIMER};
        float out[GATHERED_FIGURES];
        for (int v = cases[i].n; v >= 1; v--)
            gathered_value(&g, &pool, v, 1, false);
        CHECK_INT((long long)gathered_figures(&g, 10, out), 4);
        CHECK_NEAR(out[3], cases[i].p95, 0);
        gathered_clear(&g, &pool);
    }
    CHECK_INT((long long)pool.used, 0);
}

TEST(without_room_in_the_pool_a_timer_has_no_percentile_and_a_set_refuses)
{
    struct gathered_pool full = {.used = GATHERED_POOL_MAX};
    struct gathered timer = {.kind = GATHERED_TIMER}, set = {.kind = GATHERED_SET};
    float out[GATHERED_FIGURES];
    gathered_value(&timer, &full, 5, 2, false);
    gathered_value(&timer, &full, 7, 2, false);
    CHECK_INT((long long)gathered_figures(&timer, 1, out), 3);
    CHECK_NEAR(out[0], 4, 0);
    CHECK_NEAR(out[1], 6, 0);
    CHECK_NEAR(out[2], 7, 0);
    CHECK(!gathered_member(&set, &full, 1));
    CHECK_INT((long long)full.used, GATHERED_POOL_MAX);
}

TEST(a_set_counts_each_fingerprint_once_nought_too)
{
    struct gathered g = {.kind = GATHERED_SET};
    float out[GATHERED_FIGURES];
    for (uint64_t i = 0; i < 100; i++)
        CHECK(gathered_member(&g, &pool, i * 2) && gathered_member(&g, &pool, i * 2));
    CHECK_INT((long long)gathered_figures(&g, 10, out), 1);
    CHECK_NEAR(out[0], 100, 0);
    gathered_clear(&g, &pool);
    CHECK_INT((long long)pool.used, 0);
}
