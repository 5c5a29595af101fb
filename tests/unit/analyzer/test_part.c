/* tests of analyzer/part: whole verdicts, learned in one piece and in parts, each of
 * which can read the pasts of its own hosts only */
#include "analyzer/part.h"
#include "analyzer/spike.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_fleet.h"

#include <errno.h>

static struct ruleset *rules;

static struct judge_case case_of(struct fleet *f)
{
    if (rules == NULL) {
        struct complaints c = {0};
        rules = ruleset_load(NULL, &c);
        CHECK(rules != NULL);
        complaints_free(&c);
    }
    instant ends = {FLEET_ENDS * 1000ll};
    return (struct judge_case){.rules = rules,
                               .change = &f->change.change,
                               .panel = &f->made->panel,
                               .checkpoint = {.at = {ends.ms + 90000},
                                              .ends = ends,
                                              .look = {1800000},
                                              .final = true},
                               .looks_done = 3,
                               .looks_all = 4};
}

/* The verdict's bytes; the caller frees them. */
static char *verdict_of(const struct judge_case *jc)
{
    struct buf b = {0};
    struct err err = {0};
    struct verdict *v = NULL;
    if (judge(jc, &v, &err) < 0)
        test_fail(__FILE__, __LINE__, "judge: %s", err.text);
    verdict_write(v, true, &b);
    verdict_free(&v);
    CHECK(buf_done(&b) == 0);
    return buf_give(&b);
}

static struct gather_share share_of(unsigned part, unsigned parts)
{
    return (struct gather_share){part * GATHER_BUCKETS / parts,
                                 (part + 1) * GATHER_BUCKETS / parts};
}

/* Everybody learns of everybody's hosts whether they have a past. */
static void exchange_lived(struct fleet *f, unsigned parts)
{
    struct judge_case jc = case_of(f);
    struct panel *p = &f->made->panel;
    signed char *lived = calloc(p->n, 1);
    CHECK(lived != NULL);
    for (unsigned i = 0; i < parts; i++) {
        fleet_lock(f, share_of(i, parts));
        CHECK(part_lived(&jc, share_of(i, parts), lived, NULL) == 0);
    }
    for (size_t i = 0; i < p->n; i++)
        p->unit[i].lived = lived[i];
    free(lived);
}

/* Learns in parts and gives the habit of the last one; all must have the same rounds.
 */
static struct habit *learn_in_parts(struct fleet *f, unsigned parts, size_t *ret_rounds)
{
    struct judge_case jc = case_of(f);
    struct part *part[GATHER_BUCKETS];
    struct buf taken = {0}, given = {0};
    struct habit *h = NULL;
    struct err err = {0};
    int more = 1;
    exchange_lived(f, parts);
    for (unsigned i = 0; i < parts; i++) {
        fleet_lock(f, share_of(i, parts));
        part[i] = part_open(&jc, share_of(i, parts), &err);
        CHECK(part[i] != NULL);
    }
    for (*ret_rounds = 0; more > 0; ++*ret_rounds) {
        for (unsigned i = parts; i-- > 0;) { /* in another order than their buckets' */
            fleet_lock(f, share_of(i, parts));
            int rc = part_round(part[i], &taken, &given, &err);
            if (rc < 0)
                test_fail(__FILE__, __LINE__, "round %zu: %s", *ret_rounds, err.text);
            CHECK(i + 1 == parts || rc == more);
            more = rc;
        }
        struct buf swap = taken;
        taken = given;
        given = swap;
        buf_clear(&given);
    }
    for (unsigned i = 0; i < parts; i++) {
        habit_free(&h);
        h = part_end(&part[i]);
    }
    buf_free(&taken);
    buf_free(&given);
    return h;
}

/* One judgement alone, then the same by a habit of so many parts, with no past to be
 * read any more. */
static void check_parts(int changed, int others, unsigned parts)
{
    OWNED_FLEET *f = fleet_new(changed, others);
    struct judge_case jc = case_of(f);
    char *alone = verdict_of(&jc);
    CHECK(strstr(alone, "app.load") != NULL); /* it found something */
    size_t rounds;
    bool fits = false;
    OWNED_HABIT *h = learn_in_parts(f, parts, &rounds);
    CHECK(rounds >= 3 || parts == 1);
    OWNED_BUF spikes = {0};
    OWNED_BUF probes = {0};
    for (unsigned i = 0; i < parts; i++) {
        fleet_lock(f, share_of(i, parts));
        CHECK(part_look(&jc, share_of(i, parts), &spikes, &probes, NULL) == 0);
    }
    CHECK(spikes.len > 0); /* some hosts had to be asked */
    CHECK(spikes_order(&spikes, NULL) == 0);
    fleet_lock(f, (struct gather_share){0});
    jc.spikes = &spikes;
    jc.probe_pasts = &probes;
    jc.habit = h;
    jc.ret_fits = &fits;
    char *joined = verdict_of(&jc);
    CHECK_TEXT(joined, alone);
    CHECK(fits);
    free(alone);
    free(joined);
    ruleset_free(&rules);
}

TEST(one_part_gives_the_same_verdict)
{
    check_parts(9, 12, 1);
}

TEST(two_parts_give_the_same_verdict)
{
    check_parts(9, 12, 2);
}

TEST(ten_parts_give_the_same_verdict)
{
    check_parts(9, 12, 10);
}

TEST(a_part_for_each_bucket_gives_the_same_verdict)
{
    check_parts(9, 12, 64);
}

TEST(parts_give_the_same_without_controls)
{
    check_parts(14, 0, 10);
}

TEST(the_number_of_threads_does_not_show)
{
    OWNED_FLEET *f = fleet_new(12, 12);
    struct judge_case jc = case_of(f);
    char *one = verdict_of(&jc);
    jc.threads = 5;
    char *five = verdict_of(&jc);
    CHECK_TEXT(five, one);
    free(one);
    free(five);
    ruleset_free(&rules);
}

TEST(what_was_learned_ahead_gives_the_same_verdict)
{
    OWNED_FLEET *f = fleet_new(9, 12);
    struct judge_case jc = case_of(f);
    struct habit *h = NULL, *more = NULL;
    struct err err = {0};
    bool fits = false;
    char *alone = verdict_of(&jc);
    CHECK(part_all(&jc, NULL, &h, &err) == 0 && h != NULL);
    CHECK(part_all(&jc, h, &more, &err) == 0 && more == NULL); /* nothing is new */
    CHECK(habit_bytes(h) > 4 * 9 * sizeof(struct habit_null));
    jc.habit = h;
    jc.ret_fits = &fits;
    char *ahead = verdict_of(&jc);
    CHECK_TEXT(ahead, alone);
    CHECK(fits);
    free(alone);
    free(ahead);
    habit_free(&h);
    ruleset_free(&rules);
}

TEST(days_read_ahead_give_the_same_verdict_and_late_samples_are_seen)
{
    OWNED_FLEET *f = fleet_new(9, 12);
    struct judge_case jc = case_of(f);
    struct habit *h = NULL;
    struct unit *u = &f->made->panel.unit[3];
    CHECK(part_all(&jc, NULL, &h, NULL) == 0);
    CHECK(part_days(&jc, &h->days, NULL) == 0);
    CHECK(h->days.len > 0);
    jc.habit = h;
    for (int late = 0; late < 2; late++) {
        jc.habit = NULL;
        char *alone = verdict_of(&jc);
        jc.habit = h;
        char *ahead = verdict_of(&jc);
        CHECK_TEXT(ahead, alone);
        free(alone);
        free(ahead);
        for (size_t i = (FLEET_HOT_ROWS - 10) * u->n_metrics;
             i < FLEET_HOT_ROWS * u->n_metrics; i++)
            u->hot.cells[i] *= i % 2 == 0 ? 5 : 1;
    }
    habit_free(&h);
    ruleset_free(&rules);
}

TEST(a_day_that_was_read_ahead_is_not_read_again)
{
    OWNED_FLEET *f = fleet_new(9, 12);
    struct judge_case jc = case_of(f);
    struct habit *h = NULL;
    CHECK(part_all(&jc, NULL, &h, NULL) == 0);
    CHECK(part_days(&jc, &h->days, NULL) == 0);
    exchange_lived(f, 1);
    fleet_lock(f, (struct gather_share){0}); /* reading one would kill us */
    jc.habit = h;
    free(verdict_of(&jc));
    habit_free(&h);
    ruleset_free(&rules);
}

TEST(samples_that_came_late_for_before_the_change_make_it_anew)
{
    OWNED_FLEET *f = fleet_new(9, 12);
    struct judge_case jc = case_of(f);
    struct habit *h = NULL;
    bool fits = true;
    CHECK(part_all(&jc, NULL, &h, NULL) == 0);
    f->made->panel.unit[3].hot.cells[5] *= 3;
    char *alone = verdict_of(&jc);
    jc.habit = h;
    jc.ret_fits = &fits;
    char *ahead = verdict_of(&jc);
    CHECK(!fits);
    CHECK_TEXT(ahead, alone);
    free(alone);
    free(ahead);
    habit_free(&h);
    ruleset_free(&rules);
}

TEST(samples_after_the_change_leave_what_was_learned_as_it_is)
{
    OWNED_FLEET *f = fleet_new(9, 12);
    struct judge_case jc = case_of(f);
    struct habit *h = NULL;
    bool fits = false;
    struct unit *u = &f->made->panel.unit[3];
    CHECK(part_all(&jc, NULL, &h, NULL) == 0);
    for (size_t i = (FLEET_HOT_ROWS - 10) * u->n_metrics;
         i < FLEET_HOT_ROWS * u->n_metrics; i++)
        u->hot.cells[i] *= 5;
    char *alone = verdict_of(&jc);
    jc.habit = h;
    jc.ret_fits = &fits;
    char *ahead = verdict_of(&jc);
    CHECK(fits);
    CHECK_TEXT(ahead, alone);
    free(alone);
    free(ahead);
    habit_free(&h);
    ruleset_free(&rules);
}

TEST(bytes_that_no_part_gave_are_refused)
{
    OWNED_FLEET *f = fleet_new(4, 8);
    struct judge_case jc = case_of(f);
    struct err err = {0}, other = {0};
    OWNED_BUF give = {0};
    struct part *p = part_open(&jc, (struct gather_share){0, 32}, &err);
    CHECK(part_round(p, NULL, &give, &err) == 1);
    CHECK(part_round(p, &give, &give, &err) == -1); /* the other half is missing */
    CHECK(strstr(err.text, "32 of 64 buckets") != NULL);
    part_free(&p);
    p = part_open(&jc, (struct gather_share){0, 32}, &other);
    buf_clear(&give);
    CHECK(part_round(p, NULL, &give, &other) == 1);
    OWNED_BUF cut = {0};
    buf_add_n(&cut, give.data, give.len - 7);
    CHECK(part_round(p, &cut, &give, &other) == -1);
    CHECK_INT(other.code, EBADMSG);
    part_free(&p);
    ruleset_free(&rules);
}
