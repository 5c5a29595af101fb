/* tests of analyzer/spike */
#include "analyzer/glance.h"
#include "analyzer/spike.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

/* A change at second 100020, looked at 30 minutes later; a day of past. */
enum { AT = 100020, HOT_FROM = AT - 1800, ROWS = 62, PAST_ROWS = 1500 };

static const struct windows_rule usual = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static const struct rule any = {.worse = WORSE_BOTH,
                                .attention = {.set = true, .q = 0.05, .effect = 0.1}};
static struct made_change made;
static struct member member[16], control[16];
static struct lineup lineup;
static double room[4096];

static struct made_panel *new_panel(void)
{
    struct made_panel *m = made_panel_new(HOT_FROM, 60, ROWS);
    m->past_step_s = 60;
    m->past_rows = PAST_ROWS;
    return m;
}

/* A level of 100 with noise of 3, now and over the past day. */
static void calm(struct made_panel *m, const char *host)
{
    uint64_t seed = made_seed(host, "x");
    float *v = made_series(m, made_host(host, "pay"), "queue");
    for (int i = 0; i < ROWS; i++)
        v[i] = (float)(100 + 3 * made_noise(&seed));
    for (int i = 0; i < PAST_ROWS; i++)
        m->unit[m->n - 1].past[0][i] = (float)(100 + 3 * made_noise(&seed));
}

/* Every third point after the change is five times as large. */
static void spiky_after(struct made_panel *m, const char *host, double times)
{
    float *v = made_series(m, made_host(host, "pay"), "queue");
    for (int i = 30; i < ROWS; i += 3)
        v[i] *= (float)times;
}

/* Hints, days, then all of the series, as the judge does. */
static struct spikes find_by(const struct level_case *lc, struct series *one)
{
    const struct series_list list = {
        .n = 1, .n_members = lc->n_members, .at = one, .member = member};
    const struct gather_share all = {0, GATHER_BUCKETS};
    struct seats seats;
    struct glances g;
    struct spikes s;
    OWNED_BUF days = {0};
    CHECK(seats_of_members(&lineup, &list, &seats) == 0);
    CHECK(glance(&lineup, &list, &seats, 2, &g, NULL) == 0);
    const struct spikes_case c = {.lineup = &lineup,
                                  .series = &list,
                                  .seats = &seats,
                                  .hint = g.hint,
                                  .threads = 2};
    CHECK(spikes_ask(&c, all, &days, NULL) == 0 && spikes_order(&days, NULL) == 0);
    const struct spikes_how how = {g.hint, member, &days};
    CHECK(spikes_find(lc, &how, &s, NULL) == 0);
    glances_free(&g);
    seats_free(&seats);
    return s;
}

static struct spikes find(struct made_panel *m, const struct rule *rule, int n, int k)
{
    CHECK(align(make_change(&made, "pay", n, AT, AT), NULL, 0, made_panel_done(m),
                &usual, (instant){(AT + 1800) * 1000}, &lineup, NULL) == 0);
    for (int i = 0; i < n + k; i++) {
        struct member one = {i < n ? &lineup.slot[i] : NULL,
                             series_unit(&lineup, made_name(i), "pay"), 0};
        *(i < n ? &member[i] : &control[i - n]) = one;
    }
    struct level_case lc = {.lineup = &lineup,
                            .rule = rule,
                            .metric = "queue",
                            .member = member,
                            .n_members = (size_t)n,
                            .control = control,
                            .n_controls = (size_t)k,
                            .room = room};
    struct series one = {.service = "pay",
                         .metric = "queue",
                         .key = "queue",
                         .rule = rule,
                         .member = member,
                         .n_members = (size_t)n};
    struct spikes s = find_by(&lc, &one);
    CHECK(spikes_grade(&s, 1, NULL) == 0);
    return s;
}

static void done(struct spikes *s, struct made_panel **m)
{
    spikes_free(s);
    lineup_free(&lineup);
    made_panel_free(m);
}

TEST(a_calm_series_has_none)
{
    struct made_panel *m = new_panel();
    for (int i = 0; i < 4; i++)
        calm(m, made_name(i));
    struct spikes s = find(m, &any, 4, 0);
    CHECK_INT(s.n_asked, 4);
    CHECK_INT(s.n, 0);
    done(&s, &m);
}

TEST(points_far_off_that_come_and_go_are_found)
{
    struct made_panel *m = new_panel();
    for (int i = 0; i < 2; i++)
        calm(m, made_name(i));
    spiky_after(m, "h01", 5);
    struct spikes s = find(m, &any, 2, 0);
    CHECK_INT(s.n, 1);
    CHECK_TEXT(s.at[0].member->slot->host, "h01");
    CHECK_INT(s.at[0].n, 8);
    CHECK_INT(s.at[0].of, 25);
    CHECK(s.at[0].above);
    CHECK_NEAR(s.at[0].level, 100, 2);
    CHECK_NEAR(s.at[0].peak, 500, 20);
    CHECK_NEAR(s.at[0].z, log1p(8) / 0.35, 1e-9);
    CHECK(s.at[0].moments > 100);
    CHECK_INT(s.at[0].moments_like, 0);
    CHECK_INT(s.at[0].first.ms, (AT + 360) * 1000LL);
    CHECK_INT(s.at[0].grade, GRADE_ATTENTION);
    done(&s, &m);
}

TEST(who_always_does_so_is_left_alone)
{
    struct made_panel *m = new_panel();
    calm(m, "h00");
    spiky_after(m, "h00", 5);
    for (int i = 0; i < PAST_ROWS; i += 4)
        m->unit[0].past[0][i] *= 5;
    struct spikes s = find(m, &any, 1, 0);
    CHECK_INT(s.n_asked, 1);
    CHECK_INT(s.n, 0);
    done(&s, &m);
}

TEST(what_most_controls_do_too_is_no_finding)
{
    struct made_panel *m = new_panel();
    for (int i = 0; i < 5; i++) {
        calm(m, made_name(i));
        if (i < 4)
            spiky_after(m, made_name(i), 5);
    }
    struct spikes s = find(m, &any, 1, 4);
    CHECK_INT(s.n, 1);
    CHECK_INT(s.at[0].controls, 4);
    CHECK_INT(s.at[0].controls_like, 3);
    CHECK_INT(s.at[0].grade, GRADE_OK);
    done(&s, &m);
}

TEST(a_burst_that_is_past_is_no_finding)
{
    struct made_panel *m = new_panel();
    calm(m, "h00");
    float *v = made_series(m, made_host("h00", "pay"), "queue");
    for (int i = 35; i < 45; i++)
        v[i] *= 5;
    struct spikes s = find(m, &any, 1, 0);
    CHECK_INT(s.n, 1);
    CHECK(s.at[0].over);
    CHECK_INT(s.at[0].grade, GRADE_OK);
    done(&s, &m);
}

TEST(what_the_level_tells_is_not_told_again)
{
    unsigned char hint[] = {SPIKE_SEEMS, SPIKE_UNASKED};
    struct level_host host[] = {
        {.member = &member[0], .score = {.grade = GRADE_ATTENTION, .recovered = true}},
        {.member = &member[1], .score = {.grade = GRADE_ATTENTION}}};
    struct level level = {.n = 2, .host = host};
    spikes_leave_told(&level, hint);
    CHECK_INT(hint[0], SPIKE_SEEMS); /* as over, it is not told enough */
    host[0].score.recovered = false;
    spikes_leave_told(&level, hint);
    CHECK_INT(hint[0], SPIKE_NOTHING);
    CHECK_INT(hint[1], SPIKE_UNASKED);
}

TEST(only_the_side_that_is_worse_counts)
{
    struct made_panel *m = new_panel();
    struct rule up = any;
    up.worse = WORSE_UP;
    calm(m, "h00");
    spiky_after(m, "h00", 0.2);
    struct spikes s = find(m, &up, 1, 0);
    CHECK_INT(s.n, 0);
    done(&s, &m);
    m = new_panel();
    calm(m, "h00");
    spiky_after(m, "h00", 0.2);
    s = find(m, &any, 1, 0);
    CHECK_INT(s.n, 1);
    CHECK(!s.at[0].above);
    done(&s, &m);
}

TEST(without_six_hours_of_past_nothing_is_said)
{
    struct made_panel *m = made_panel_new(HOT_FROM, 60, ROWS);
    m->past_step_s = 60;
    m->past_rows = 200;
    uint64_t seed = 7;
    float *v = made_series(m, made_host("h00", "pay"), "queue");
    for (int i = 0; i < ROWS; i++)
        v[i] = (float)(100 + 3 * made_noise(&seed));
    for (int i = 0; i < 200; i++)
        m->unit[0].past[0][i] = (float)(100 + 3 * made_noise(&seed));
    spiky_after(m, "h00", 5);
    struct spikes s = find(m, &any, 1, 0);
    CHECK_INT(s.n_asked, 1);
    CHECK_INT(s.n, 0);
    done(&s, &m);
}

TEST(of_many_that_were_asked_one_must_stand_out)
{
    struct spike one = {.n = 5, .of = 25, .level = 100, .peak = 500, .p = 1e-3};
    struct spikes few = {.rule = &any, .n_asked = 10, .n = 1, .at = &one};
    CHECK(spikes_grade(&few, 1, NULL) == 0);
    CHECK_INT(one.grade, GRADE_ATTENTION);
    one.grade = GRADE_OK;
    few.n_asked = 1000;
    CHECK(spikes_grade(&few, 1, NULL) == 0);
    CHECK_INT(one.grade, GRADE_OK);
}

TEST(small_ones_are_not_worth_a_look)
{
    struct spike one = {.n = 20, .of = 25, .level = 100, .peak = 108, .p = 1e-6};
    struct spikes few = {.rule = &any, .n_asked = 10, .n = 1, .at = &one};
    CHECK(spikes_grade(&few, 1, NULL) == 0);
    CHECK_INT(one.grade, GRADE_OK);
}
