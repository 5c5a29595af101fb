/* tests of analyzer/slow, by way of the whole slow look, on made fleets with a daily
 * course, slow drifts of their own and noise */
#include "analyzer/slow.h"
#include "analyzer/slow_look.h"
#include "base/gz.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

enum { STEP_S = 300, DAY_S = 86400, DAYS = 7, DRAWS = 120, CHANGED = 6, ALL = 18 };

static const int64_t PIVOT_S = 20000 * (int64_t)DAY_S + 36000;

static struct made_change made, other;

static const char usual_text[] =
    "format: 1\n"
    "rules:\n"
    "  - {id: mem, series: mem.used_pct, worse: up, unit: \"%\",\n"
    "     attention: {q: 5%, effect: 5%, delta: 3}}\n"
    "  - {id: mem.full, series: mem.used_pct, limit: {above: 60, hold: 1 of 1}}\n"
    "  - {id: any, series: \"*\", worse: both, attention: {q: 5%, effect: 10%}}\n";
static const char *rules_text = usual_text;

static const struct ruleset *rules(void)
{
    static struct ruleset *rs;
    static const char *had;
    if (rs == NULL || had != rules_text) {
        struct complaints c = {0};
        ruleset_free(&rs);
        rs = ruleset_parse("r.yml", rules_text, strlen(rules_text), &c);
        had = rules_text;
        CHECK(rs != NULL);
        complaints_free(&c);
    }
    return rs;
}

/* --- a fleet --- */

/* How one figure goes: its level, by how much it follows the day, drifts and jitters,
 * as shares of the level. */
struct habit {
    const char *name;
    double level, day, drift, noise;
};
static const struct habit habits[] = {{"mem.used_pct", 40, 0.02, 0.015, 0.01},
                                      {"cpu.load", 2, 0.4, 0.1, 0.1},
                                      {"net.in", 5e6, 0.5, 0.15, 0.2},
                                      {"fd.open", 900, 0.1, 0.05, 0.03}};
enum { HABITS = sizeof habits / sizeof *habits };

/* From `past_s` before the pivot to a day after it. */
static struct made_panel *fleet(uint64_t draw, int64_t past_s)
{
    struct made_panel *m =
        made_panel_new(PIVOT_S - past_s, STEP_S, (uint32_t)((past_s + DAY_S) / STEP_S));
    uint64_t seed = draw * 7919 + 1;
    for (int h = 0; h < ALL; h++)
        for (int k = 0; k < HABITS; k++) {
            const struct habit *a = &habits[k];
            float *cells = made_series(m, made_host(made_name(h), "pay"), a->name);
            double drift = 0, own = 1 + 0.3 * made_noise(&seed);
            double follows = 1 + 0.2 * made_noise(&seed);
            for (uint32_t r = 0; r < m->rows; r++) {
                double at = (double)(m->from_s + (int64_t)r * STEP_S) / DAY_S;
                /* hours long, and no more than `drift` on average */
                drift = 0.98 * drift + 0.35 * a->drift * made_noise(&seed);
                double v = 1 + a->day * follows * sin(2 * M_PI * at) + drift +
                           a->noise * made_noise(&seed);
                cells[r] = (float)(a->level * own * v);
            }
        }
    return m;
}

/* A rise from the pivot on: `share` of the level at the end of the day, with as much of
 * it as `shape` says. */
static void leak(struct made_panel *m, int host, const char *metric, double share,
                 double (*shape)(double))
{
    float *cells = made_series(m, made_host(made_name(host), "pay"), metric);
    for (uint32_t r = 0; r < m->rows; r++) {
        double at = (double)(m->from_s + (int64_t)r * STEP_S - PIVOT_S) / DAY_S;
        if (at > 0)
            cells[r] *= (float)(1 + share * shape(at));
    }
}

static double steady(double at)
{
    return at;
}

static double jump_at_noon(double at)
{
    return at > 0.55;
}

static double hump(double at)
{
    return at < 0.5 ? 2 * at : 2 - 2 * at;
}

/* --- the look --- */

static struct verdict *look_with(struct made_panel *m, const struct change *c,
                                 const struct change *nearby,
                                 const struct verdict *before)
{
    struct checkpoint at;
    struct verdict *v = NULL;
    struct err err = {0};
    CHECK(life_slow(c, &rules()->windows[c->kind], 0, &at));
    struct slow_case sc = {.rules = rules(),
                           .change = c,
                           .nearby = &nearby,
                           .n_nearby = nearby != NULL,
                           .panel = &m->panel,
                           .at = at,
                           .verdict = before};
    CHECK(slow_look(&sc, &v, &err) == 0);
    CHECK(v != NULL);
    return v;
}

static struct verdict *look(struct made_panel *m)
{
    OWNED_VERDICT *before = verdict_new("c1");
    before->grade = GRADE_OK;
    before->final = true;
    made_panel_done(m);
    return look_with(m, make_change(&made, "pay", CHANGED, PIVOT_S, PIVOT_S), NULL,
                     before);
}

TEST(quiet_days_stay_quiet)
{
    int flagged = 0;
    for (uint64_t draw = 0; draw < DRAWS; draw++) {
        OWNED_MADE *m = fleet(draw, DAYS * DAY_S);
        OWNED_VERDICT *v = look(m);
        flagged += v->grade != GRADE_OK;
        CHECK(strncmp(v->coverage.slow_note, "looked again 24 hours after: ", 29) == 0);
    }
    CHECK(flagged <= DRAWS / 50);
}

TEST(a_leak_of_a_third_in_a_day_is_found)
{
    for (int k = 0; k < HABITS; k++) {
        int found = 0;
        for (uint64_t draw = 0; draw < DRAWS / 4; draw++) {
            OWNED_MADE *m = fleet(1000 + draw, DAYS * DAY_S);
            for (int h = 0; h < CHANGED; h++)
                leak(m, h, habits[k].name, 0.3, steady);
            OWNED_VERDICT *v = look(m);
            for (size_t i = 0; i < v->n_findings; i++)
                found += strcmp(v->findings[i].metric, habits[k].name) == 0;
        }
        if (habits[k].drift <= 0.05) /* those that swing by as much are beyond reach */
            CHECK(found >= DRAWS / 4 * 9 / 10);
    }
}

static struct made_panel *leaking(int64_t past_s, double share, double (*shape)(double))
{
    struct made_panel *m = fleet(77, past_s);
    for (int h = 0; h < CHANGED; h++)
        leak(m, h, "mem.used_pct", share, shape);
    return m;
}

TEST(a_leak_is_told_in_a_sentence_as_a_later_finding)
{
    OWNED_MADE *m = leaking(DAYS * DAY_S, 0.3, steady);
    OWNED_VERDICT *v = look(m);
    CHECK_INT(v->grade, GRADE_ATTENTION);
    CHECK_INT(v->n_findings, 1);
    const struct finding *f = &v->findings[0];
    CHECK_INT(f->later.ms, DAY_S * 1000);
    CHECK_TEXT(f->rule, "mem");
    CHECK_INT(f->n_hosts, CHANGED);
    CHECK(f->after > f->before * 1.2 && f->p < 0.01 && f->moments > 50);
    CHECK_NEAR(f->control_after / f->control_before, 1, 0.05);
    CHECK(f->curve.n > 0 && f->curve.control != NULL);
    CHECK(f->first_seen.ms > PIVOT_S * 1000);
    CHECK(strstr(f->because,
                 " within a day and was still rising at the look 24 hours "
                 "after on 6 of 6 changed hosts; the 12 unchanged hosts ") != NULL);
    CHECK(strncmp(f->because, "mem.used_pct rose from ", 23) == 0);
    CHECK(v->final);
    CHECK_INT(v->decided_at.ms, (PIVOT_S + DAY_S) * 1000 + 90000);
    CHECK_TEXT(v->coverage.slow_note,
               "looked again 24 hours after: 1 of 4 series crept up");
}

TEST(a_hard_limit_that_was_crossed_gives_its_grade)
{
    OWNED_MADE *m = leaking(DAYS * DAY_S, 1, steady);
    OWNED_VERDICT *v = look(m);
    CHECK_INT(v->grade, GRADE_MUST_HANDLE);
}

#define LEAK_AND(condition)                                                            \
    "format: 1\n"                                                                      \
    "rules:\n"                                                                         \
    "  - {id: mem, series: mem.used_pct, worse: up, unit: \"%\",\n"                    \
    "     attention: {q: 5%, effect: 5%, delta: 3}}\n"                                 \
    "  - {id: high, series: mem.used_pct, must-handle: {when: " condition "}}\n"

TEST(a_condition_that_came_true_must_be_handled_and_one_that_was_true_is_no_news)
{
    rules_text = LEAK_AND("after > 50 and delta > 5 and after > control * 1.1");
    OWNED_MADE *m = leaking(DAYS * DAY_S, 0.4, steady);
    OWNED_VERDICT *came = look(m);
    CHECK_INT(came->grade, GRADE_MUST_HANDLE);
    rules_text = LEAK_AND("after > 30");
    OWNED_MADE *high = leaking(DAYS * DAY_S, 0.4, steady);
    OWNED_VERDICT *was = look(high);
    CHECK_INT(was->grade, GRADE_ATTENTION);
    rules_text = LEAK_AND("after > 90");
    OWNED_MADE *low = leaking(DAYS * DAY_S, 0.4, steady);
    OWNED_VERDICT *never = look(low);
    CHECK_INT(never->grade, GRADE_ATTENTION);
    rules_text = usual_text;
}

TEST(a_jump_in_the_middle_and_what_goes_back_are_no_leaks)
{
    OWNED_MADE *jump = leaking(DAYS * DAY_S, 0.4, jump_at_noon);
    OWNED_VERDICT *v = look(jump);
    CHECK_INT(v->grade, GRADE_OK);
    OWNED_MADE *back = leaking(DAYS * DAY_S, 0.6, hump);
    OWNED_VERDICT *w = look(back);
    CHECK_INT(w->grade, GRADE_OK);
}

TEST(what_all_of_the_service_does_is_no_leak_of_the_change)
{
    OWNED_MADE *m = fleet(5, DAYS * DAY_S);
    for (int h = 0; h < ALL; h++)
        leak(m, h, "mem.used_pct", 0.4, steady);
    OWNED_VERDICT *v = look(m);
    CHECK_INT(v->grade, GRADE_OK);
}

TEST(one_host_alone_is_named_when_it_leaks_by_much)
{
    OWNED_MADE *m = fleet(6, DAYS * DAY_S);
    leak(m, 2, "mem.used_pct", 1.2, steady);
    OWNED_VERDICT *v = look(m);
    CHECK(v->grade != GRADE_OK);
    CHECK_INT(v->n_findings, 1);
    CHECK_INT(v->findings[0].n_hosts, 1);
    CHECK(strstr(v->findings[0].because, " on h02") != NULL);
}

TEST(without_two_days_of_past_it_is_not_done_and_says_so)
{
    OWNED_MADE *m = leaking(DAY_S + DAY_S / 2, 0.3, steady);
    OWNED_VERDICT *v = look(m);
    CHECK_INT(v->grade, GRADE_OK);
    CHECK_TEXT(v->coverage.slow_note, "not looked again 24 hours after: less than "
                                      "48 hours of history before the change");
}

TEST(hosts_that_another_change_touched_are_not_judged)
{
    OWNED_MADE *m = leaking(DAYS * DAY_S, 0.3, steady);
    OWNED_VERDICT *before = verdict_new("c1");
    before->grade = GRADE_OK;
    made_panel_done(m);
    struct change *o =
        make_change(&other, "pay", CHANGED, PIVOT_S + 30000, PIVOT_S + 30000);
    o->change_id = (char[]){"c2"};
    OWNED_VERDICT *v =
        look_with(m, make_change(&made, "pay", CHANGED, PIVOT_S, PIVOT_S), o, before);
    CHECK_INT(v->grade, GRADE_OK);
    CHECK_TEXT(v->coverage.slow_note, "not looked again 24 hours after: other changes "
                                      "worked on its hosts in the meantime");
}

TEST(what_was_told_is_not_told_again_and_the_look_repeats_itself)
{
    OWNED_MADE *m = leaking(DAYS * DAY_S, 0.3, steady);
    OWNED_VERDICT *first = look(m);
    struct change *c = make_change(&made, "pay", CHANGED, PIVOT_S, PIVOT_S);
    OWNED_VERDICT *again = look_with(m, c, NULL, first);
    CHECK(verdict_same(first, again)); /* its own findings are made anew */
    first->findings[0].later = (span){0};
    OWNED_VERDICT *third = look_with(m, c, NULL, first);
    CHECK_INT(third->n_findings, 1); /* those of ordinary looks stand */
    CHECK_INT(third->findings[0].later.ms, 0);
    CHECK(verdict_same(first, third));
}

TEST(windows_of_seconds_and_hours_have_stretches_of_their_own)
{
    struct slow_clock day = slow_clock_of((span){86400000}, (span){300000});
    CHECK_INT(day.step.ms, 900000);
    CHECK_INT(day.stretch, 8);
    CHECK_INT(day.lag, 96);
    struct slow_clock minute = slow_clock_of((span){60000}, (span){1000});
    CHECK_INT(minute.step.ms, 1000);
    CHECK_INT(minute.stretch, 5);
    CHECK_INT(minute.lag, 60);
    CHECK_INT(slow_reach((span){86400000}).ms, 7 * INT64_C(86400000));
    CHECK_INT(slow_reach((span){60000}).ms, 720000);
}

/* --- on recorded hosts --- */

/* Three machines that behave alike, by five minutes: one machine on one day stands for
 * a host. */
enum { MACHINES = 3, RECORDED_ROWS = 9700, DAY_ROWS = DAY_S / STEP_S };

/* What is taken of them, by its place in their lines. */
static const struct {
    int place;
    const char *name;
} figures[] = {{3, "cpu_r"},       {7, "mem_shmem"}, {8, "mem_u"},    {9, "mem_u_e"},
               {14, "disk_svc"},   {16, "disk_w"},   {21, "eth1_fi"}, {26, "tcp_use"},
               {28, "curr_estab"}, {33, "out_segs"}};
enum { FIGURES = sizeof figures / sizeof *figures };

struct recorded {
    size_t rows;
    float at[RECORDED_ROWS][FIGURES];
};

static void read_line(const char *line, float *to)
{
    size_t next = 0;
    for (int i = 0; next < FIGURES && line != NULL; i++) {
        if (i == figures[next].place)
            to[next++] = strtof(line, NULL);
        line = strchr(line, ',');
        line = line != NULL ? line + 1 : NULL;
    }
}

static struct recorded *read_machine(const char *name)
{
    FILE *f =
        fopen(test_data(name), "rb"); /* first: a test that is skipped ends here */
    struct recorded *r = calloc(1, sizeof *r);
    struct buf packed = {0}, text = {0};
    CHECK(r != NULL && f != NULL);
    char piece[65536];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add_n(&packed, piece, n);
    fclose(f);
    CHECK(gz_inflate(buf_text(&packed), packed.len, 256 << 20, &text, NULL) == 0);
    const char *at = strchr(buf_text(&text), '\n');
    for (size_t line = 0; at != NULL && at[1] != '\0' && r->rows < RECORDED_ROWS;
         line++) {
        if (line % 5 == 0)
            read_line(at + 1, r->at[r->rows++]);
        at = strchr(at + 1, '\n');
    }
    buf_free(&packed);
    buf_free(&text);
    return r;
}

/* A fleet of hosts of random days, all at the same time of the day. */
static struct made_panel *recorded_fleet(struct recorded *const *from, uint64_t draw)
{
    int64_t past = (DAYS + 1) * (int64_t)DAY_S;
    uint64_t seed = draw * 104729 + 17;
    size_t minute = (size_t)((made_noise(&seed) + 1) / 2 * DAY_ROWS);
    struct made_panel *m =
        made_panel_new(PIVOT_S - past, STEP_S, (uint32_t)((past + DAY_S) / STEP_S));
    for (int h = 0; h < ALL; h++) {
        const struct recorded *r = from[h % MACHINES];
        size_t days = r->rows / DAY_ROWS - DAYS - 4;
        size_t day = (size_t)((made_noise(&seed) + 1) / 2 * (double)days);
        for (int k = 0; k < FIGURES; k++) {
            float *cells =
                made_series(m, made_host(made_name(h), "pay"), figures[k].name);
            for (uint32_t row = 0; row < m->rows; row++)
                cells[row] = r->at[day * DAY_ROWS + minute + row][k];
        }
    }
    return m;
}

static const char *const machines[2][MACHINES] = {
    {"smd/machine-1-3.csv.gz", "smd/machine-1-4.csv.gz", "smd/machine-3-3.csv.gz"},
    {"smd/machine-1-5.csv.gz", "smd/machine-2-2.csv.gz", "smd/machine-2-7.csv.gz"}};

static void read_machines(int set, struct recorded **r)
{
    for (int i = 0; i < MACHINES; i++)
        r[i] = read_machine(machines[set][i]);
}

static void free_machines(struct recorded **r)
{
    for (int i = 0; i < MACHINES; i++)
        free(r[i]);
}

TEST(recorded_hosts_stay_quiet)
{
    int flagged = 0;
    for (int set = 0; set < 2; set++) {
        struct recorded *r[MACHINES];
        read_machines(set, r);
        for (uint64_t draw = 0; draw < DRAWS / 2; draw++) {
            OWNED_MADE *m = recorded_fleet(r, draw);
            OWNED_VERDICT *v = look(m);
            flagged += v->grade != GRADE_OK;
        }
        free_machines(r);
    }
    CHECK(flagged <= DRAWS / 50);
}

TEST(a_leak_of_memory_on_recorded_hosts_is_found)
{
    struct recorded *r[MACHINES];
    int found = 0;
    read_machines(0, r);
    for (uint64_t draw = 0; draw < 20; draw++) {
        const char *metric = draw % 2 == 0 ? "mem_shmem" : "mem_u_e";
        OWNED_MADE *m = recorded_fleet(r, draw / 2);
        for (int h = 0; h < CHANGED; h++)
            leak(m, h, metric, 0.3, steady);
        OWNED_VERDICT *v = look(m);
        for (size_t i = 0; i < v->n_findings; i++)
            found += strcmp(v->findings[i].metric, metric) == 0;
    }
    free_machines(r);
    CHECK(found >= 15);
}
