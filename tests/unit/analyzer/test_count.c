/* tests of analyzer/count; the tails below were computed with SciPy's nbinom */
#include "analyzer/count.h"
#include "tests/test.h"

#include <stdint.h>

TEST(tails_of_the_negative_binomial_agree_with_scipy)
{
    static const struct {
        double x, mu, var, at_least, at_most;
    } known[] = {
        {5, 2, 3, 0.0879439109892, 0.95757760504},
        {40, 10, 25, 4.47156112645e-05, 0.999969631098},
        {0, 3, 5, 1, 0.100387728334},
        {1200, 1000, 5000, 0.00358105985182, 0.996552613428},
        {3, 0.05, 0.06, 0.000600204334842, 0.999918156555},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        CHECK_NEAR(count_nb_at_least(known[i].x, known[i].mu, known[i].var),
                   known[i].at_least, 1e-10);
        CHECK_NEAR(count_nb_at_most(known[i].x, known[i].mu, known[i].var),
                   known[i].at_most, 1e-10);
    }
}

TEST(more_traffic_with_the_same_share_of_failures_is_no_surprise)
{
    struct count_case c = {.events_before = 100,
                           .of_before = 100000,
                           .events_after = 75,
                           .of_after = 75000,
                           .kappa = 0};
    struct count_score s;
    CHECK(count_score_make(&c, &s));
    CHECK(s.p_more > 0.2 && s.p_fewer > 0.2);
    CHECK_NEAR(s.ratio, 1, 0.02);
}

TEST(five_times_the_failures_are_a_surprise_unless_that_is_habit)
{
    struct count_case c = {.events_before = 100,
                           .of_before = 100000,
                           .events_after = 125,
                           .of_after = 25000,
                           .kappa = 0};
    struct count_score s;
    CHECK(count_score_make(&c, &s));
    CHECK(s.p_more < 1e-9);
    c.kappa = 4; /* a series that jumps to several times its mean and back */
    CHECK(count_score_make(&c, &s));
    CHECK(s.p_more > 0.02);
}

TEST(without_chances_there_is_no_score)
{
    struct count_case c = {.events_after = 3, .of_after = 10};
    struct count_score s;
    CHECK(!count_score_make(&c, &s));
}

static uint64_t next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

TEST(dispersion_is_nothing_for_steady_chance_and_much_for_bursts)
{
    enum { N = 1440 };
    static float events[N], of[N];
    uint64_t state = 3;
    for (int i = 0; i < N; i++) {
        of[i] = 1000;
        events[i] = 0;
        for (int j = 0; j < 1000; j++)
            events[i] += next(&state) % 100 == 0;
    }
    double kappa = -1;
    struct count_rows rows = {events, of, N};
    CHECK(count_dispersion(&rows, 60, 15, &kappa));
    CHECK(kappa < 0.01);
    for (int i = 0; i < N; i++)
        events[i] *= i / 30 % 4 == 0 ? 8 : 1;
    CHECK(count_dispersion(&rows, 60, 15, &kappa));
    CHECK(kappa > 0.3);
    rows.n = 100;
    CHECK(!count_dispersion(&rows, 60, 15, &kappa));
}
