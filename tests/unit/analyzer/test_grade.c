/* tests of analyzer/grade */
#include "analyzer/grade.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"

static struct made_change made;
static struct rule rule[3];
static struct ruleset rules = {.n = 3, .rule = rule};
static const struct checkpoint last = {{2}, {1}, {1800000}, true};

/* A change of ten hosts of which `good` could be judged, with one finding of a grade
 * (GRADE_N: none). */
struct desk {
    struct verdict *v;
    struct tally tally;
    struct slot slot[10];
    struct pulse pulse[10];
    struct lineup lineup;
    struct pulses pulses;
};
static struct desk d;

static void begin(const struct change *c, size_t good, enum grade g)
{
    d = (struct desk){.v = verdict_new("c1")};
    for (size_t i = 0; i < 10; i++) {
        d.slot[i] = (struct slot){.host = made_name((int)i), .state = SLOT_READY};
        d.pulse[i] = (struct pulse){.slot = &d.slot[i],
                                    .state = i < good ? PULSE_GOOD : PULSE_NONE_BEFORE};
    }
    d.lineup = (struct lineup){.change = c, .n_slots = 10, .slot = d.slot};
    d.pulses = (struct pulses){.n = 10, .at = d.pulse, .good = good, .asked = 10};
    CHECK(tally_make(&d.tally, &rules, c, &d.v->coverage, NULL) == 0);
    if (g != GRADE_N)
        verdict_add(d.v)->grade = g;
}

static void judged_level(void)
{
    struct level_host host = {.judged = true};
    struct level l = {.rule = &rule[1], .n = 1, .host = &host, .n_judged = 1};
    tally_level(&d.tally, &l);
}

static void check(enum grade want, const char *reason)
{
    tally_pulses(&d.tally, &d.lineup, &d.pulses);
    CHECK(grade_verdict(&d.tally, &d.lineup, &d.pulses, &last, d.v, NULL) == 0);
    CHECK_TEXT(grade_name(d.v->grade), grade_name(want));
    if (reason == NULL)
        CHECK(d.v->reason == NULL);
    else
        CHECK_TEXT(d.v->reason, reason);
    tally_free(&d.tally);
    verdict_free(&d.v);
}

TEST(enough_hosts_and_one_rule_make_ok)
{
    begin(make_change(&made, "pay", 10, 1, 1), 8, GRADE_N);
    judged_level();
    CHECK_INT(d.v->coverage.series_judged, 1);
    check(GRADE_OK, NULL);
}

static void muted(enum grade g)
{
    struct finding *f = verdict_add(d.v);
    f->grade = g;
    f->muted.id = strdup("m1");
}

TEST(a_muted_finding_does_not_count)
{
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_N);
    judged_level();
    muted(GRADE_MUST_HANDLE);
    check(GRADE_OK, NULL);
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_ATTENTION);
    judged_level();
    muted(GRADE_MUST_HANDLE);
    check(GRADE_ATTENTION, NULL);
}

TEST(with_all_findings_muted_too_little_is_still_not_judged)
{
    begin(make_change(&made, "pay", 10, 1, 1), 7, GRADE_N);
    judged_level();
    muted(GRADE_MUST_HANDLE);
    check(GRADE_NOT_JUDGED, "Only 7 of 10 changed hosts could be judged: 3 had too few "
                            "samples before the change.");
}

TEST(fewer_hosts_do_not)
{
    begin(make_change(&made, "pay", 10, 1, 1), 7, GRADE_N);
    judged_level();
    check(GRADE_NOT_JUDGED, "Only 7 of 10 changed hosts could be judged: 3 had too few "
                            "samples before the change.");
}

TEST(no_rule_judged_is_not_ok_and_says_the_commonest_reason)
{
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_N);
    struct level_host host[2] = {{.why = UNJUDGED_SHORT_HISTORY},
                                 {.why = UNJUDGED_SHORT_HISTORY}};
    struct level l = {.rule = &rule[1], .n = 2, .host = host};
    tally_level(&d.tally, &l);
    d.v->coverage.unjudged[UNJUDGED_FEW_CALLS] = 1;
    check(GRADE_NOT_JUDGED, "None of 3 rules could be judged: less than 6 hours of "
                            "history and no controls (2).");
}

TEST(a_finding_makes_the_grade)
{
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_ATTENTION);
    judged_level();
    check(GRADE_ATTENTION, NULL);
    begin(make_change(&made, "pay", 10, 1, 1), 0, GRADE_MUST_HANDLE);
    check(GRADE_MUST_HANDLE, "Only 0 of 10 changed hosts could be judged: 10 had too "
                             "few samples before the change.");
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_OK); /* one that recovered */
    judged_level();
    check(GRADE_OK, NULL);
}

TEST(a_cap_is_explained)
{
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_ATTENTION);
    judged_level();
    d.tally.capped = true;
    check(GRADE_ATTENTION,
          "Attention at most: there were not enough unchanged hosts to compare with.");
}

TEST(cancelled_and_unfinished_changes_are_never_ok)
{
    struct change *c = make_change(&made, "pay", 10, 1, 1);
    c->cancelled = true;
    begin(c, 10, GRADE_N);
    judged_level();
    check(GRADE_NOT_JUDGED, "The change was cancelled.");
    begin(c, 10, GRADE_MUST_HANDLE);
    judged_level();
    check(GRADE_MUST_HANDLE, "The change was cancelled.");
    c->cancelled = c->finished = false;
    begin(c, 10, GRADE_N);
    judged_level();
    check(GRADE_NOT_JUDGED, "No event said that the change was finished.");
}

TEST(rules_are_counted_by_whether_they_met_anything)
{
    rule[0].subject = SUBJECT_SILENCE;
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_N);
    judged_level();
    tally_pulses(&d.tally, &d.lineup, &d.pulses);
    CHECK(grade_verdict(&d.tally, &d.lineup, &d.pulses, &last, d.v, NULL) == 0);
    CHECK_INT(d.v->coverage.rules, 3);
    CHECK_INT(d.v->coverage.rules_judged, 2);
    CHECK_INT(d.v->coverage.unjudged[UNJUDGED_NO_SERIES], 1);
    CHECK_INT(d.v->coverage.hosts, 10);
    tally_free(&d.tally);
    verdict_free(&d.v);
    rule[0].subject = SUBJECT_SERIES;
}

TEST(a_probe_counts_its_hosts_and_why_some_were_not_judged)
{
    struct probe_host host[] = {{.state = PROBE_PASSES},
                                {.state = PROBE_NONE_BEFORE},
                                {.state = PROBE_FAILS},
                                {.state = PROBE_NONE_AFTER}};
    struct probe one = {
        .rule = &rule[1], .n = 4, .host = host, .n_judged = 2, .n_controls = 7};
    begin(make_change(&made, "pay", 10, 1, 1), 10, GRADE_N);
    tally_probes(&d.tally, &(struct probes){.n = 1, .at = &one});
    CHECK_INT(d.v->coverage.series_judged, 2);
    CHECK_INT(d.v->coverage.series_not_judged, 2);
    CHECK_INT(d.v->coverage.unjudged[UNJUDGED_NO_DATA_BEFORE], 1);
    CHECK_INT(d.v->coverage.unjudged[UNJUDGED_NO_DATA_AFTER], 1);
    CHECK_INT((long long)d.tally.controls_used, 7);
    CHECK_INT(d.tally.rule[1], TALLY_JUDGED);
    tally_free(&d.tally);
    verdict_free(&d.v);
}

TEST(hosts_that_wait_or_overlap_are_told_apart)
{
    begin(make_change(&made, "pay", 10, 1, 1), 8, GRADE_N);
    d.slot[9].state = SLOT_WAITING;
    d.slot[8].state = SLOT_OVERLAP;
    judged_level();
    tally_pulses(&d.tally, &d.lineup, &d.pulses);
    CHECK_INT(d.v->coverage.hosts, 9);
    CHECK_INT(d.v->coverage.unjudged[UNJUDGED_OVERLAP], 1);
    tally_free(&d.tally);
    verdict_free(&d.v);
}
