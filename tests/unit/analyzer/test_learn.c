/* tests of analyzer/learn: habits out of one piece and out of parts */
#include "analyzer/learn.h"
#include "tests/test.h"

#define FLEET_PAST_DAYS 7
#include "tests/unit/analyzer/make_fleet.h"

static const struct windows_rule half_hour = {
    .before = {1800000}, .settle = {300000}, .looks = {{1800000}}, .n_looks = 1};
static struct match star[] = {{.text = "*"}};
static char id[] = "all";
static struct rule rule = {.id = id, .pattern = {1, star}};
static struct ruleset rules = {.n = 1, .rule = &rule};

static struct lineup lineup;
static struct controls controls;
static struct series_list series;

static struct learn_case begin(struct fleet *f)
{
    CHECK(align(&f->change.change, NULL, 0, &f->made->panel, &half_hour,
                (instant){FLEET_ENDS * 1000ll}, &lineup, NULL) == 0);
    CHECK(control_choose(&lineup, &controls, NULL) == 0);
    CHECK(series_list(&lineup, &rules, ruleset_for_series, &series, NULL) == 0);
    for (size_t i = 0; i < series.n; i++)
        series.at[i].rule = &rule;
    return (struct learn_case){
        .lineup = &lineup, .controls = &controls, .series = &series, .threads = 1};
}

static void end(void)
{
    series_list_free(&series);
    controls_free(&controls);
    lineup_free(&lineup);
}

static void check_same_null(const struct habit_null *a, const struct habit_null *b)
{
    CHECK_INT(a->known, b->known);
    CHECK_INT(a->n, b->n);
    CHECK(memcmp(&a->lambda, &b->lambda, sizeof a->lambda) == 0);
    CHECK(memcmp(&a->usual, &b->usual, sizeof a->usual) == 0);
    CHECK(memcmp(&a->spread, &b->spread, sizeof a->spread) == 0);
    CHECK(memcmp(&a->earlier, &b->earlier, sizeof a->earlier) == 0);
    CHECK(memcmp(a->largest, b->largest, sizeof a->largest) == 0);
    CHECK(memcmp(a->bin, b->bin, sizeof a->bin) == 0);
}

static void check_same_tail(const struct pool_tail *a, const struct pool_tail *b)
{
    CHECK_INT((long long)a->n, (long long)b->n);
    CHECK_INT((long long)a->n_sorted, (long long)b->n_sorted);
    CHECK(memcmp(&a->u, &b->u, sizeof a->u) == 0);
    CHECK(memcmp(&a->xi, &b->xi, sizeof a->xi) == 0);
    CHECK(a->n_sorted == 0 ||
          memcmp(a->sorted, b->sorted, a->n_sorted * sizeof *a->sorted) == 0);
}

static void check_same(const struct habit *a, const struct habit *b)
{
    CHECK(a->print == b->print);
    CHECK_INT((long long)a->n, (long long)b->n);
    CHECK_INT((long long)a->n_members, (long long)b->n_members);
    for (size_t i = 0; i < a->n_members; i++)
        check_same_null(&a->null[i], &b->null[i]);
    for (size_t i = 0; i < a->n; i++) {
        check_same_null(&a->group[i], &b->group[i]);
        check_same_tail(&a->tail[i], &b->tail[i]);
        for (size_t k = 0; k < a->chosen[i].n; k++)
            CHECK_NEAR(a->chosen[i].yardstick[k].level, b->chosen[i].yardstick[k].level,
                       0);
    }
    check_same_tail(&a->group_tail, &b->group_tail);
}

static struct habit *in_parts(struct learn_case c, unsigned parts)
{
    struct learn *part[GATHER_BUCKETS];
    struct buf taken = {0}, given = {0};
    struct habit *h = NULL;
    struct err err = {0};
    int more = 1;
    for (unsigned i = 0; i < parts; i++) {
        c.own.first = i * GATHER_BUCKETS / parts;
        c.own.end = (i + 1) * GATHER_BUCKETS / parts;
        part[i] = learn_open(&c, &err);
        CHECK(part[i] != NULL);
    }
    while (more > 0) {
        for (unsigned i = 0; i < parts; i++) {
            more = learn_round(part[i], &taken, &given, &err);
            if (more < 0)
                test_fail(__FILE__, __LINE__, "%s", err.text);
        }
        struct buf swap = taken;
        taken = given;
        given = swap;
        buf_clear(&given);
    }
    for (unsigned i = 0; i < parts; i++) {
        struct habit *one = learn_end(&part[i]);
        if (h != NULL)
            check_same(one, h); /* all have the same */
        habit_free(&h);
        h = one;
    }
    buf_free(&taken);
    buf_free(&given);
    return h;
}

TEST(every_series_has_its_habit)
{
    OWNED_FLEET *f = fleet_new(8, 8);
    struct learn_case c = begin(f);
    OWNED_HABIT *h = learn_all(&c, NULL);
    CHECK(h != NULL);
    for (size_t i = 0; i < h->n_members; i++) {
        CHECK(h->yardstick[i].any);
        CHECK(h->null[i].known && h->null[i].n > 150 && h->null[i].spread > 0);
    }
    for (size_t i = 0; i < h->n; i++)
        CHECK(h->group[i].known);
    CHECK_INT((long long)h->chosen[0].n, 8);
    CHECK_INT((long long)h->tail[0].n > 8 * 150, 1);
    end();
}

TEST(the_number_of_parts_does_not_show)
{
    static const unsigned parts[] = {2, 10, 64};
    OWNED_FLEET *f = fleet_new(10, 9);
    struct learn_case c = begin(f);
    OWNED_HABIT *one = learn_all(&c, NULL);
    CHECK(one != NULL);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        OWNED_HABIT *many = in_parts(c, parts[i]);
        check_same(many, one);
    }
    end();
}

TEST(the_number_of_threads_does_not_show)
{
    OWNED_FLEET *f = fleet_new(10, 3); /* too few controls: hosts are set against each
                                          other */
    struct learn_case c = begin(f);
    OWNED_HABIT *one = learn_all(&c, NULL);
    c.threads = 7;
    OWNED_HABIT *seven = learn_all(&c, NULL);
    check_same(seven, one);
    end();
}

TEST(whether_a_host_lived_is_asked_of_those_only_that_were_not_heard)
{
    OWNED_FLEET *f = fleet_new(4, 4);
    struct panel *p = &f->made->panel;
    struct unit *quiet = &p->unit[2], *newborn = &p->unit[3];
    signed char lived[16] = {0};
    for (size_t i = 0; i < FLEET_HOT_ROWS * quiet->n_metrics; i++)
        quiet->hot.cells[i] = newborn->hot.cells[i] = NAN;
    for (size_t i = 0; i < newborn->past.rows * newborn->n_metrics; i++)
        newborn->past.cells[i] = NAN;
    CHECK(learn_lived(p, (instant){FLEET_PIVOT * 1000ll},
                      (struct gather_share){0, GATHER_BUCKETS}, lived, NULL) == 0);
    CHECK_INT(lived[0], 0);
    CHECK_INT(lived[2], 1);
    CHECK_INT(lived[3], -1);
}

/* Makes nonsense of a day's rows, from so many hours before the first change on. */
static void spoil(struct fleet *f, int hours_from, int hours_to)
{
    const struct panel *p = &f->made->panel;
    for (size_t i = 0; i < p->n; i++)
        for (int64_t r = 0; r < FLEET_PAST_ROWS; r++) {
            int64_t at = FLEET_HOT_FROM - (FLEET_PAST_ROWS - r) * FLEET_PAST_STEP;
            const struct unit *u = &p->unit[i];
            if (at >= FLEET_PIVOT - hours_from * 3600 &&
                at < FLEET_PIVOT - hours_to * 3600)
                for (uint32_t m = 0; m < u->n_metrics; m++)
                    u->past.cells[r * u->n_metrics + m] = 1e6f;
        }
}

TEST(of_older_days_only_the_time_of_day_is_looked_at)
{
    OWNED_FLEET *f = fleet_new(8, 8);
    struct learn_case c = begin(f);
    OWNED_HABIT *one = learn_all(&c, NULL);
    spoil(f, 6 * 24 - 3, 5 * 24 + 3);
    spoil(f, 5 * 24 - 3, 4 * 24 + 3);
    OWNED_HABIT *same = learn_all(&c, NULL);
    check_same(same, one);
    spoil(f, 5 * 24 + 1, 5 * 24 - 1);
    OWNED_HABIT *other = learn_all(&c, NULL);
    CHECK(other->null[0].spread > 2 * one->null[0].spread);
    end();
}
