/* tests of analyzer/cores, and of the findings and counts that come of it */
#include "analyzer/cores.h"
#include "analyzer/grade.h"
#include "analyzer/tell_crashes.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

#include <stdio.h>

/* Hosts h00 to h03 are changed at second PIVOT, h04 to h09 are not; the look ends 30
 * minutes later. */
enum { PIVOT = 40000000, DAY = 86400, ROWS_MAX = 64, DAYS_MAX = 64 };

static const struct windows_rule usual = {
    .before = {1800000},
    .settle = {300000},
    .looks = {{600000}, {1800000}},
    .n_looks = 2,
    .late = {90000},
};

static const char usual_text[] = "format: 1\n"
                                 "rules:\n"
                                 "  - id: crashes\n"
                                 "    title: Programs that crash\n"
                                 "    coredumps: true\n"
                                 "    attention: {count: 1, q: 1%, effect: 50%}\n"
                                 "    must-handle: {count: 3, q: 0.1%, effect: 200%}\n";

static const char *rules_text = usual_text;

struct scene {
    struct made_change made;
    struct made_panel *panel;
    struct ruleset *rules;
    struct lineup lineup;
    struct controls controls;
    struct core_row row[ROWS_MAX];
    struct core_past past[4];
    struct core_day day[DAYS_MAX];
    struct core_facts facts;
    struct crashes crashes;
    struct verdict *verdict;
};

static char *text(const char *t)
{
    return (char *)(uintptr_t)t;
}

static void set_up(struct scene *s, int64_t ends)
{
    struct complaints c = {0};
    s->rules = ruleset_parse("r.yml", rules_text, strlen(rules_text), &c);
    CHECK(s->rules != NULL);
    complaints_free(&c);
    s->panel = made_panel_new(PIVOT - 7200, 60, 200);
    for (int i = 0; i < 10; i++)
        made_level(s->panel, made_host(made_name(i), "pay"), "cpu.busy", 0, 30, 30, 1,
                   1);
    made_panel_done(s->panel);
    CHECK(align(&s->made.change, NULL, 0, &s->panel->panel, &usual,
                (instant){ends * 1000}, &s->lineup, NULL) == 0);
    CHECK(control_choose(&s->lineup, &s->controls, NULL) == 0);
    s->facts.row = s->row;
    s->facts.past = s->past;
    s->facts.since = (instant){(PIVOT - 60ll * DAY) * 1000};
}

static struct scene *scene(void)
{
    struct scene *s = calloc(1, sizeof *s);
    CHECK(s != NULL);
    make_change(&s->made, "pay", 4, PIVOT, PIVOT);
    set_up(s, PIVOT + 1800);
    return s;
}

static void drop(struct scene **s)
{
    crashes_free(&(*s)->crashes);
    verdict_free(&(*s)->verdict);
    controls_free(&(*s)->controls);
    lineup_free(&(*s)->lineup);
    made_panel_free(&(*s)->panel);
    ruleset_free(&(*s)->rules);
    free(*s);
    *s = NULL;
}
#define OWNED_SCENE __attribute__((cleanup(drop))) struct scene

/* A dump of crash 'a' + `kind` on host `host`, at so many seconds after the pivot. */
static void dump(struct scene *s, int kind, int host, int seconds)
{
    struct core_row *r = &s->row[s->facts.n++];
    CHECK(s->facts.n <= ROWS_MAX);
    *r = (struct core_row){.time = {(PIVOT + seconds) * 1000ll},
                           .host = text(made_name(host)),
                           .service = text("pay"),
                           .exe = text("/opt/pay"),
                           .title = text("SIGSEGV in parse <- main")};
    snprintf(r->print.coarse, sizeof r->print.coarse, "%016x", 0xa0 + kind);
    snprintf(r->print.fine, sizeof r->print.fine, "%016x", 0xf0 + kind);
}

/* That crash `kind` was dumped `dumps` times on each changed host, on each of the first
 * `days` days before the change. */
static void remember(struct scene *s, int kind, int days, unsigned dumps)
{
    struct core_past *p = &s->past[s->facts.n_pasts++];
    snprintf(p->coarse, sizeof p->coarse, "%016x", 0xa0 + kind);
    p->first = (instant){(PIVOT - (int64_t)days * DAY) * 1000};
    p->day = s->day;
    CHECK(4 * days <= DAYS_MAX);
    for (int h = 0; h < 4; h++)
        for (int d = 0; d < days; d++)
            s->day[p->n++] = (struct core_day){text(made_name(h)), d, dumps};
}

static const struct crash *judged(struct scene *s, size_t n)
{
    struct err err = {0};
    CHECK(crashes_judge(&s->lineup, &s->controls, s->rules, &s->facts, &s->crashes,
                        &err) == 0);
    CHECK_INT(s->crashes.n, n);
    return s->crashes.at;
}

static const struct finding *told(struct scene *s, size_t n)
{
    s->verdict = verdict_new("c1");
    struct teller t = {&s->lineup, &s->controls, s->verdict, false};
    tell_crashes(&t, &s->crashes);
    CHECK(!t.failed);
    CHECK_INT(s->verdict->n_findings, n);
    return s->verdict->findings;
}

/* --- crashes never seen --- */

TEST(one_dump_of_a_new_crash_is_for_attention)
{
    OWNED_SCENE *s = scene();
    dump(s, 0, 1, 240); /* while it settles: that counts */
    const struct crash *c = judged(s, 1);
    CHECK(c->unseen);
    CHECK_INT(c->grade, GRADE_ATTENTION);
    CHECK_NEAR(c->dumps_after, 1, 0);
    const struct finding *f = told(s, 1);
    CHECK_INT(f->kind, FINDING_CORE);
    CHECK_INT(f->grade, GRADE_ATTENTION);
    CHECK_TEXT(f->host, "h01");
    CHECK_TEXT(f->service, "pay");
    CHECK_TEXT(f->metric, "coredumps of pay, SIGSEGV in parse");
    CHECK_TEXT(f->because, "A crash never seen in 30 days: SIGSEGV in parse <- main, 1 "
                           "dump on h01 since 23:10 UTC, none on 6 unchanged hosts.");
    CHECK_INT(f->first_seen.ms, (PIVOT + 240) * 1000ll);
    CHECK_NEAR(s->crashes.minutes_after, 4 * 30, 1e-9);
    CHECK(f->confidence > 0.99);
}

TEST(a_new_crash_on_two_hosts_or_three_times_must_be_handled)
{
    OWNED_SCENE *s = scene();
    dump(s, 0, 1, 240);
    dump(s, 0, 2, 250);
    CHECK_INT(judged(s, 1)->grade, GRADE_MUST_HANDLE);
    OWNED_SCENE *three = scene();
    for (int i = 0; i < 2; i++)
        dump(three, 0, 1, 240 + i);
    CHECK_INT(judged(three, 1)->grade, GRADE_ATTENTION);
    crashes_free(&three->crashes);
    dump(three, 0, 1, 300);
    CHECK_INT(judged(three, 1)->grade, GRADE_MUST_HANDLE);
    const struct finding *f = told(three, 1);
    CHECK_NEAR(f->hosts[0].after, 3, 0);
}

TEST(a_record_that_speaks_for_many_dumps_counts_as_many)
{
    OWNED_SCENE *s = scene();
    dump(s, 0, 1, 240);
    s->row[0].more = 6;
    dump(s, 0, 1, -60);
    s->row[1].more = 3;
    const struct crash *c = judged(s, 1);
    CHECK_NEAR(c->dumps_after, 7, 0);
    CHECK_NEAR(c->dumps_before, 4, 0);
    CHECK_INT(c->host[0].after, 7);
    CHECK_INT(c->grade, GRADE_MUST_HANDLE);
}

TEST(dumps_before_the_change_or_after_the_look_are_not_of_it)
{
    OWNED_SCENE *s = scene();
    dump(s, 0, 1, -1);
    dump(s, 1, 1, 1800);
    dump(s, 2, 1, 0);
    const struct crash *c = judged(s, 1);
    CHECK_TEXT(c->example->print.coarse, "00000000000000a2");
    CHECK_INT(c->first.ms, PIVOT * 1000ll);
}

TEST(a_new_crash_that_unchanged_hosts_have_too_is_no_fault_of_the_change)
{
    OWNED_SCENE *s = scene();
    for (int h = 0; h < 10; h++)
        dump(s, 0, h, 240 + h);
    const struct crash *c = judged(s, 1);
    CHECK_NEAR(c->dumps_after, 4, 0);
    CHECK_NEAR(c->control_after, 6, 0);
    CHECK_INT(c->grade, GRADE_OK);
    CHECK(c->p > 0.05);
    told(s, 0);
}

TEST(other_hosts_and_services_are_not_looked_at)
{
    OWNED_SCENE *s = scene();
    dump(s, 0, 1, 240);
    s->row[0].host = text("elsewhere");
    judged(s, 0);
}

TEST(how_far_the_memory_reaches_is_said)
{
    OWNED_SCENE *s = scene();
    dump(s, 0, 1, 240);
    s->facts.since = (instant){(PIVOT - 3ll * DAY) * 1000};
    judged(s, 1);
    CHECK(strstr(told(s, 1)->because,
                 "A crash never seen before, in 3 days of memory: SIGSEGV") != NULL);
    OWNED_SCENE *none = scene();
    dump(none, 0, 1, 240);
    none->facts.since = (instant){(PIVOT + 240) * 1000ll};
    CHECK_INT(judged(none, 1)->grade, GRADE_ATTENTION);
    CHECK(strstr(told(none, 1)->because,
                 "A crash never seen before (no earlier coredump is known): ") != NULL);
}

/* --- known crashes --- */

TEST(a_known_crash_at_its_usual_rate_is_fine)
{
    OWNED_SCENE *s = scene();
    remember(s, 0, 10, 48); /* one in half an hour on each host */
    for (int h = 0; h < 4; h++)
        dump(s, 0, h, 100 * h);
    const struct crash *c = judged(s, 1);
    CHECK(!c->unseen);
    CHECK_INT(c->grade, GRADE_OK);
    CHECK_NEAR(c->expected, 4, 0.1); /* by the last day; over 30 it is a third */
    told(s, 0);
}

TEST(a_known_crash_far_above_its_rate_is_found)
{
    OWNED_SCENE *s = scene();
    remember(s, 0, 10, 1); /* one a day on each host */
    for (int i = 0; i < 24; i++)
        dump(s, 0, i % 4, 60 * i);
    const struct crash *c = judged(s, 1);
    CHECK_INT(c->grade, GRADE_MUST_HANDLE);
    CHECK(c->p < 0.001);
    const struct finding *f = told(s, 1);
    CHECK(strstr(f->because, "A known crash, 40 dumps on these hosts in 30 days: "
                             "SIGSEGV in parse <- main, 24 dumps on 4 of 4 changed "
                             "hosts since 23:06 UTC, where 0.0") != NULL);
    CHECK_INT(f->n_hosts, 4);
}

TEST(two_dumps_of_a_known_crash_are_too_few)
{
    OWNED_SCENE *s = scene();
    remember(s, 0, 1, 1);
    dump(s, 0, 1, 100);
    dump(s, 0, 2, 100);
    CHECK_INT(judged(s, 1)->grade, GRADE_OK);
}

TEST(a_crash_that_comes_in_bursts_needs_more_than_a_burst)
{
    OWNED_SCENE *s = scene();
    remember(s, 0, 1, 0);
    for (int d = 0; d < 10; d++) /* eight dumps on one host on every third day */
        s->day[d] = (struct core_day){text(made_name(0)), 3 * d, 8};
    s->past[0].n = 10;
    for (int i = 0; i < 8; i++)
        dump(s, 0, 1, 100 + i);
    const struct crash *c = judged(s, 1);
    CHECK(c->p > 0.001); /* one half hour in 144 has such a burst */
    CHECK(c->grade != GRADE_MUST_HANDLE);
    crashes_free(&s->crashes);
    s->past[0].n = 30;
    for (int d = 0; d < 30; d++)
        s->day[d] = (struct core_day){text(made_name(0)), d, 3}; /* as many, evenly */
    CHECK(judged(s, 1)->p < 0.001);
}

TEST(a_known_crash_that_unchanged_hosts_have_as_often_is_fine)
{
    OWNED_SCENE *s = scene();
    remember(s, 0, 10, 1);
    for (int i = 0; i < 40; i++)
        dump(s, 0, i % 10, 60 + i);
    const struct crash *c = judged(s, 1);
    CHECK(c->p > 0.01);
    CHECK_INT(c->grade, GRADE_OK);
}

/* --- several --- */

TEST(the_order_of_rows_makes_no_difference_and_the_worst_comes_first)
{
    OWNED_SCENE *s = scene(), *back = scene();
    dump(s, 1, 2, 300);
    dump(s, 0, 1, 240);
    dump(s, 0, 2, 200);
    dump(s, 0, 3, 200);
    snprintf(s->row[3].print.fine, sizeof s->row[3].print.fine, "%016x", 0xff);
    for (int i = 3; i >= 0; i--)
        back->row[back->facts.n++] = s->row[i];
    const struct crash *a = judged(s, 2), *b = judged(back, 2);
    CHECK_INT(a[0].grade, GRADE_MUST_HANDLE);
    CHECK_INT(a[1].grade, GRADE_ATTENTION);
    CHECK_INT(a[0].kinds, 2);
    CHECK_INT(a[1].kinds, 1);
    told(s, 2);
    told(back, 2);
    struct buf x = {0}, y = {0};
    verdict_write(s->verdict, true, &x);
    verdict_write(back->verdict, true, &y);
    CHECK_TEXT(buf_text(&x), buf_text(&y));
    CHECK(strstr(buf_text(&x), "; on 2 ways to the same place") != NULL);
    CHECK_TEXT(a[0].host[0].host, b[0].host[0].host);
    buf_free(&x);
    buf_free(&y);
}

TEST(beyond_a_number_crashes_are_only_counted)
{
    OWNED_SCENE *s = scene();
    for (int i = 0; i < TELL_CRASHES_MAX + 5; i++)
        dump(s, i, 1, 100 + i);
    judged(s, TELL_CRASHES_MAX + 5);
    const struct finding *f = told(s, TELL_CRASHES_MAX);
    CHECK_INT(f->n_like, 5);
    CHECK(strstr(f->because, "; 5 further crashes are not listed") != NULL);
}

/* --- whose it is --- */

TEST(each_host_is_counted_from_its_own_pivot)
{
    OWNED_SCENE *s = calloc(1, sizeof *s);
    make_change(&s->made, "pay", 4, PIVOT, PIVOT);
    for (int h = 2; h < 4; h++)
        s->made.host[h].pivot = s->made.host[h].done =
            (instant){(PIVOT + 900) * 1000ll};
    set_up(s, PIVOT + 2700);
    dump(s, 0, 2, 600);  /* before its turn */
    dump(s, 0, 2, 1000); /* after it */
    const struct crash *c = judged(s, 1);
    CHECK_NEAR(c->dumps_after, 1, 0);
    CHECK_NEAR(c->dumps_before, 1, 0);
    CHECK_NEAR(c->dumps_since, 1, 0);
    CHECK_NEAR(s->crashes.minutes_after, 4 * 30, 1e-9);
}

TEST(hosts_that_wait_for_their_batch_are_unchanged_ones)
{
    OWNED_SCENE *s = calloc(1, sizeof *s);
    struct change *ch = make_change(&s->made, "pay", 4, PIVOT, PIVOT);
    ch->finished = false;
    ch->batches_of = 2;
    ch->batches_done = 1;
    s->made.host[0].batch = s->made.host[1].batch = 1;
    set_up(s, PIVOT + 1800);
    dump(s, 0, 0, 100);
    dump(s, 0, 2, 100);
    const struct crash *c = judged(s, 1);
    CHECK_INT(s->crashes.hosts, 2);
    CHECK_INT(s->crashes.controls, 8);
    CHECK_NEAR(c->control_after, 1, 0);
    CHECK_INT(c->grade, GRADE_OK);
}

TEST(a_service_without_hosts_is_judged_by_the_names_of_its_dumps)
{
    OWNED_SCENE *s = calloc(1, sizeof *s);
    make_change(&s->made, "pay", 0, PIVOT, PIVOT);
    set_up(s, PIVOT + 1800);
    dump(s, 0, 0, 100);
    dump(s, 0, 1, 100);
    s->row[1].host = text("sends-no-samples");
    const struct crash *c = judged(s, 1);
    CHECK_NEAR(c->dumps_after, 2, 0);
    CHECK_INT(c->grade, GRADE_MUST_HANDLE);
}

/* --- what was judged --- */

TEST(no_coredump_at_all_is_no_proof_that_nothing_crashed)
{
    OWNED_SCENE *s = scene();
    s->facts.since = INSTANT_NONE;
    judged(s, 0);
    CHECK(!s->crashes.judged);
    crashes_free(&s->crashes);
    s->facts.since = (instant){(PIVOT - DAY) * 1000ll};
    judged(s, 0);
    CHECK(s->crashes.judged);
    crashes_free(&s->crashes);
    CHECK(crashes_judge(&s->lineup, &s->controls, s->rules, NULL, &s->crashes, NULL) ==
          0);
    CHECK(!s->crashes.judged && s->crashes.n == 0);
}

TEST(a_rule_in_shadow_is_told_and_not_counted)
{
    OWNED_SCENE *s = scene();
    s->rules->rule[0].shadow = true;
    dump(s, 0, 1, 240);
    judged(s, 1);
    const struct finding *f = told(s, 1);
    CHECK_INT(f->grade, GRADE_OK);
    CHECK(strstr(f->because, "would be attention") != NULL);
}

TEST(an_exception_leaves_a_crash_alone_by_host_and_by_its_name)
{
    static const char but[] =
        "format: 1\n"
        "rules:\n"
        "  - id: crashes\n"
        "    coredumps: true\n"
        "    attention: {count: 1}\n"
        "    except:\n"
        "      - {host: h00, name: \"pay, SIGSEGV in parse\", until: 2030-01-01, "
        "reason: lab}\n"
        "      - {name: \"pay, SIGABRT*\", until: 2030-01-01, reason: lab}\n";
    rules_text = but;
    OWNED_SCENE *s = scene();
    rules_text = usual_text;
    dump(s, 1, 0, 400);
    dump(s, 1, 1, 500);
    dump(s, 2, 1, 600);
    s->row[2].title = text("SIGABRT in lock");
    const struct crash *c = judged(s, 1);
    CHECK_INT(s->crashes.excepted, 2);
    CHECK_INT(c->n_hosts, 1);
    CHECK_TEXT(c->host[0].host, made_name(1));
    CHECK_INT(c->grade, GRADE_ATTENTION);
}
