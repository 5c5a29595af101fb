/* tests of analyzer/pool */
#include "analyzer/pool.h"
#include "tests/test.h"

#include <stdlib.h>

/* A repeatable stream of normal deviates: the sum of 12 uniforms less 6. */
static double deviate(uint64_t *state)
{
    double sum = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        sum += (double)(*state >> 11) / 9007199254740992.0;
    }
    return sum;
}

static struct pool *filled(size_t n, uint64_t seed)
{
    struct pool *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    for (size_t i = 0; i < n; i++) {
        double z = deviate(&seed);
        pool_add(p, &z, 1);
    }
    return p;
}

TEST(a_score_is_as_rare_as_its_rank_among_the_placebos)
{
    struct pool *p = filled(50000, 7);
    struct pool_tail t;
    CHECK(pool_fit(p, &t));
    CHECK_NEAR(pool_p(&t, 1.0), 0.317, 0.02);
    CHECK_NEAR(pool_p(&t, -2.0), 0.0455, 0.006);
    CHECK(pool_p(&t, 6) < 1e-4);
    CHECK(pool_p(&t, 6) > pool_p(&t, 9));
    pool_tail_free(&t);
    pool_clear(p);
    free(p);
}

TEST(pools_of_parts_join_to_the_pool_of_the_whole)
{
    struct pool *whole = calloc(1, sizeof *whole), *parts = calloc(1, sizeof *parts);
    CHECK(whole != NULL && parts != NULL);
    for (uint64_t seed = 1; seed <= 10; seed++) {
        struct pool *one = filled(700, seed);
        pool_join(parts, one);
        pool_clear(one);
        free(one);
        uint64_t again = seed;
        for (int i = 0; i < 700; i++) {
            double z = deviate(&again);
            pool_add(whole, &z, 1);
        }
    }
    CHECK(whole->n == parts->n && !parts->binned);
    CHECK(memcmp(whole->each, parts->each, whole->n * sizeof(double)) == 0);
    CHECK(memcmp(whole->bin, parts->bin, sizeof whole->bin) == 0);
    pool_clear(whole);
    pool_clear(parts);
    free(whole);
    free(parts);
}

TEST(too_many_scores_are_only_counted_and_their_p_is_never_smaller)
{
    struct pool *many = filled(POOL_EXACT_MAX + 1, 11),
                *some = filled(POOL_EXACT_MAX, 11);
    struct pool_tail binned, exact;
    CHECK(pool_fit(many, &binned) && pool_fit(some, &exact));
    CHECK(many->binned && binned.sorted == NULL && exact.sorted != NULL);
    for (double z = 0; z < 2.5; z += 0.01) {
        CHECK(pool_p(&binned, z) >= pool_p(&exact, z) - 1e-4);
        CHECK_NEAR(pool_p(&binned, z), pool_p(&exact, z), 0.014);
    }
    pool_tail_free(&binned);
    pool_tail_free(&exact);
    pool_clear(many);
    pool_clear(some);
    free(many);
    free(some);
}

TEST(with_few_placebos_the_cold_formula_speaks_but_never_against_them)
{
    struct pool *p = calloc(1, sizeof *p);
    struct pool_tail t;
    CHECK(p != NULL && pool_fit(p, &t));
    CHECK_NEAR(pool_p(&t, 3), 0.0124 * pow(3 / 2.5, -5), 1e-12);
    CHECK_NEAR(pool_p(&t, 1), erfc(1 / sqrt(2)), 1e-12);
    pool_tail_free(&t);
    const double wild[] = {9, 9, 9, 1};
    pool_add(p, wild, 4);
    CHECK(pool_fit(p, &t));
    CHECK(pool_p(&t, 8) >= 0.5);
    pool_tail_free(&t);
    pool_clear(p);
    free(p);
}

TEST(benjamini_and_hochberg_pass_what_their_paper_passes)
{
    /* the example of Benjamini and Hochberg (1995), section 3.2: q .05, four pass */
    double p[] = {0.0459, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298,
                  0.0344, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000};
    CHECK_NEAR(fdr_threshold(p, 15, 15, 0.05), 0.0095, 1e-12);
    CHECK_NEAR(fdr_threshold(p, 5, 15, 0.05), 0.0095, 1e-12);
    CHECK_NEAR(fdr_threshold(p + 9, 6, 15, 0.05), 0, 1e-12);
}

TEST(a_pool_that_was_given_is_the_same_elsewhere)
{
    struct pool *a = calloc(1, sizeof *a), *b = calloc(1, sizeof *b);
    struct pool_tail x, y;
    OWNED_BUF bytes = {0};
    CHECK(a != NULL && b != NULL);
    for (int i = 0; i < 5000; i++)
        pool_add(a, &(double){i / 1000.0}, 1);
    pool_give(a, &bytes);
    CHECK_INT((long long)pool_take(b, bytes.data, bytes.len - 1), 0);
    CHECK_INT((long long)pool_take(b, bytes.data, bytes.len), (long long)bytes.len);
    CHECK(pool_fit(a, &x) && pool_fit(b, &y));
    CHECK_NEAR(pool_p(&x, 4.2), pool_p(&y, 4.2), 0);
    pool_tail_free(&y);
    pool_only_bins(a);
    buf_clear(&bytes);
    pool_clear(b);
    pool_give(a, &bytes);
    CHECK_INT((long long)pool_take(b, bytes.data, bytes.len), (long long)bytes.len);
    CHECK(b->binned && b->n == 5000);
    pool_tail_free(&x);
    pool_clear(a);
    pool_clear(b);
    free(a);
    free(b);
}

TEST(in_less_room_rare_scores_stay_exact_and_no_p_is_smaller)
{
    struct pool *p = calloc(1, sizeof *p);
    struct pool_tail exact, small;
    CHECK(p != NULL);
    for (int i = 0; i < 50000; i++)
        pool_add(p, &(double){fmod(i * 0.61803398875, 1) * 4}, 1);
    CHECK(pool_fit(p, &exact) && pool_fit_small(p, &small));
    CHECK(pool_tail_bytes(&small) * 4 < pool_tail_bytes(&exact));
    for (double z = 0; z < 6; z += 0.003) {
        CHECK(pool_p(&small, z) >= pool_p(&exact, z));
        if (z > 3.8)
            CHECK_NEAR(pool_p(&small, z), pool_p(&exact, z), 0);
    }
    pool_tail_free(&exact);
    pool_tail_free(&small);
    pool_clear(p);
    free(p);
}
