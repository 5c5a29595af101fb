/* tests of analyzer/spreads */
#include "analyzer/spreads.h"
#include "tests/test.h"

#include <math.h>

enum { DAY = 1440, PIVOT = 7 * DAY, N = PIVOT + 60 };

static float value[N];
static const struct shift_look look = {
    .before = 30, .settle = 5, .after = 30, .day = DAY};

static double noise(uint64_t *state)
{
    double s = -6;
    for (int i = 0; i < 12; i++) {
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        s += (double)(*state >> 11) / 9007199254740992.0;
    }
    return s;
}

/* A daily wave with noise; the same every time. */
static void make_series(double wave, double noisy)
{
    uint64_t state = 5;
    for (int i = 0; i < N; i++)
        value[i] = (float)(wave * sin(2 * M_PI * i / DAY) + noisy * noise(&state));
}

static bool alike(double a, double b)
{
    return isnan(a) ? isnan(b) : a >= b && a <= b;
}

TEST(spreads_of_several_at_once_are_those_of_each)
{
    enum { MANY = 5 };
    static struct shift_draft draft[MANY];
    static struct shift_null each, many;
    static struct shift_plan plan;
    static double room[SPREADS_ROOM];
    double spread[MANY];
    struct strip strip = strip_make(N, N, 1, 0);
    static double sums[N + 2];
    static uint32_t counts[N + 2];
    shift_plan_make(&strip, PIVOT, &look, &plan);
    for (int turn = 0; turn < 2; turn++) {
        for (int i = 0; i < MANY; i++) {
            make_series(0.1 * i, 0.02 + 0.03 * i);
            for (int r = 0; i == 3 && r < 4 * DAY; r++)
                value[r] = NAN; /* a short past */
            for (int r = 0; i == 4 && r < 200; r++)
                value[3 * DAY + r] = NAN;
            struct shift_sums s = shift_sum_strip(value, &strip, sums, counts);
            CHECK(shift_draft_make(&s, &plan, 1, &draft[i]));
        }
        spreads_find(draft, MANY, room, spread);
        for (int i = 0; i < MANY; i++) {
            double own[SHIFT_DAY_PLACEBOS + SHIFT_DAYS * SHIFT_CLOCK_PLACEBOS];
            memcpy(own, draft[i].today, sizeof draft[i].today);
            double want =
                fmax(shift_spread(own, (size_t)draft[i].n_today), SHIFT_SPREAD_LEAST);
            memcpy(own, draft[i].clock, (size_t)draft[i].n_clock * sizeof *own);
            want = fmax(want, shift_spread(own, (size_t)draft[i].n_clock));
            CHECK(alike(spread[i], want));
        }
    }
    make_series(0.4, 0.14);
    for (int r = 0; r < 200; r++)
        value[3 * DAY + r] = NAN;
    struct shift_sums s = shift_sum_strip(value, &strip, sums, counts);
    CHECK(shift_null_by_plan(&s, &plan, 1, &each));
    shift_draft_end(&draft[4], spread[4], &many);
    CHECK_INT(many.n, each.n);
    CHECK(alike(many.spread, each.spread) && alike(many.usual, each.usual));
    for (int i = 0; i < each.n; i++)
        CHECK(alike(many.placebo[i], each.placebo[i]));
}
