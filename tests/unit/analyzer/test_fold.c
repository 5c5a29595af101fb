/* tests of analyzer/fold: which findings go together, and who leads */
#include "analyzer/fold.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const instant pivot = {1800000};

/* A finding of hosts h01 .. that rose from 10 to 20 a minute after the pivot. */
static struct finding *made(struct verdict *v, const char *metric,
                            enum finding_kind kind, enum grade grade, double weight,
                            int from, int to)
{
    struct finding *f = verdict_add(v);
    f->rule = strdup("rule");
    f->metric = strdup(metric);
    f->service = strdup("pay");
    f->kind = kind;
    f->grade = grade;
    f->weight = weight;
    f->before = 10;
    f->after = 20;
    f->delta = 10;
    f->effect = 1;
    f->first_seen = (instant){1860000};
    f->curve.from = (instant){0};
    f->curve.step = (span){60000};
    f->hosts = calloc((size_t)(to - from) + 1, sizeof *f->hosts);
    for (int i = from; i < to; i++) {
        char name[16];
        snprintf(name, sizeof name, "h%02d", i);
        f->hosts[f->n_hosts++] = (struct finding_host){strdup(name), 10, 20};
    }
    return f;
}

/* A curve that goes up and down before the pivot by a rhythm of this seed. */
static void rhythm(struct finding *f, unsigned seed, double sign)
{
    enum { N = 60 };
    f->curve.n = N;
    f->curve.value = calloc(N, sizeof *f->curve.value);
    for (int i = 0; i < N; i++) {
        seed = seed * 1664525u + 1013904223u;
        double noise = (seed >> 16) / 65536.0 - 0.5;
        f->curve.value[i] = 10 + sign * noise + (i > 30 ? 10 : 0);
    }
}

static void folded(struct verdict *v)
{
    CHECK(fold_findings(v, pivot, NULL) == 0);
}

/* The metric of the finding that leads this one; "": it leads itself. */
static const char *leader_of(const struct verdict *v, const char *metric,
                             enum finding_kind kind)
{
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if (strcmp(f->metric, metric) == 0 && f->kind == kind)
            return f->with == FINDING_LEADS ? "" : v->findings[f->with].metric;
    }
    return NULL;
}

TEST(readings_of_one_resource_on_the_same_hosts_are_led_by_the_weightiest)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "load.load1", FINDING_LEVEL, GRADE_ATTENTION, 1, 1, 5);
    made(v, "cpu.user", FINDING_LEVEL, GRADE_MUST_HANDLE, 5, 1, 5);
    made(v, "node_cpu_seconds", FINDING_LEVEL, GRADE_MUST_HANDLE, 3, 1, 4);
    made(v, "mem.used_pct", FINDING_LEVEL, GRADE_ATTENTION, 1, 1, 5);
    folded(v);
    CHECK_INT(v->n_findings, 4);
    CHECK_TEXT(v->findings[0].metric, "cpu.user");
    CHECK(v->findings[0].with == FINDING_LEADS);
    CHECK_TEXT(v->findings[1].metric, "node_cpu_seconds");
    CHECK_INT(v->findings[1].with, 0);
    /* of the next grade the one that leads itself comes first */
    CHECK_TEXT(v->findings[2].metric, "mem.used_pct");
    CHECK(v->findings[2].with == FINDING_LEADS);
    CHECK_TEXT(v->findings[3].metric, "load.load1");
    CHECK_INT(v->findings[3].with, 0);
    CHECK_INT(v->findings[3].grade, GRADE_ATTENTION);
}

TEST(other_hosts_or_another_beginning_are_another_cause)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "cpu.busy", FINDING_LEVEL, GRADE_ATTENTION, 9, 1, 9);
    made(v, "cpu.user", FINDING_LEVEL, GRADE_ATTENTION, 8, 1, 5); /* half of them */
    made(v, "cpu.system", FINDING_LEVEL, GRADE_ATTENTION, 7, 1, 9)->first_seen.ms +=
        4 * 60000;
    made(v, "cpu.steal", FINDING_LEVEL, GRADE_ATTENTION, 6, 1, 9)->first_seen =
        INSTANT_NONE;
    made(v, "cpu.nice", FINDING_LEVEL, GRADE_ATTENTION, 5, 1, 9)->first_seen.ms +=
        3 * 60000;
    folded(v);
    for (size_t i = 0; i < 4; i++)
        CHECK(v->findings[i].with == FINDING_LEADS);
    CHECK_TEXT(v->findings[4].metric, "cpu.nice");
    CHECK_INT(v->findings[4].with, 0);
}

TEST(a_broken_limit_leads_the_level_of_the_same_figure_and_all_it_leads)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "cpu.busy", FINDING_LEVEL, GRADE_MUST_HANDLE, 9, 1, 9);
    made(v, "cpu.busy", FINDING_LIMIT, GRADE_MUST_HANDLE, 2, 1, 3);
    made(v, "cpu.user", FINDING_LEVEL, GRADE_ATTENTION, 9, 1, 9);
    folded(v);
    CHECK_INT(v->findings[0].kind, FINDING_LIMIT);
    CHECK_INT(v->findings[1].with, 0);
    CHECK_INT(v->findings[2].with, 0); /* by the hosts of the level */
}

TEST(a_limit_of_a_lower_grade_does_not_lead)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "cpu.busy", FINDING_LEVEL, GRADE_MUST_HANDLE, 9, 1, 9);
    made(v, "cpu.busy", FINDING_LIMIT, GRADE_ATTENTION, 20, 1, 3);
    folded(v);
    CHECK_INT(v->findings[0].kind, FINDING_LEVEL);
    CHECK_INT(v->findings[1].with, 0);
}

TEST(one_figure_up_here_and_down_there_is_two_causes)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "app.queue", FINDING_LEVEL, GRADE_ATTENTION, 9, 1, 9);
    made(v, "app.queue", FINDING_LEVEL, GRADE_ATTENTION, 8, 1, 9)->delta = -5;
    made(v, "app.queue", FINDING_LEVEL, GRADE_ATTENTION, 7, 20, 29);
    folded(v);
    for (size_t i = 0; i < 3; i++)
        CHECK(v->findings[i].with == FINDING_LEADS);
}

TEST(all_codes_of_an_edge_go_with_its_share_of_failures)
{
    OWNED_VERDICT *v = verdict_new("c");
    struct finding *f = made(v, "code_share web->pay:charge -1001", FINDING_COUNT,
                             GRADE_MUST_HANDLE, 9, 1, 5);
    f->code = strdup("-1001");
    f->first_seen = INSTANT_NONE;
    made(v, "fail_share web->pay:charge", FINDING_SHARE, GRADE_MUST_HANDLE, 5, 1, 5);
    made(v, "latency web->pay:charge", FINDING_LEVEL, GRADE_ATTENTION, 5, 0, 0);
    made(v, "fail_share app->pay:charge", FINDING_SHARE, GRADE_ATTENTION, 5, 1, 5);
    made(v, "fail_share web->pay:refund", FINDING_SHARE, GRADE_ATTENTION, 5, 1, 5);
    folded(v);
    CHECK_TEXT(v->findings[0].metric, "fail_share web->pay:charge");
    CHECK_TEXT(leader_of(v, "code_share web->pay:charge -1001", FINDING_COUNT),
               "fail_share web->pay:charge");
    CHECK_TEXT(leader_of(v, "latency web->pay:charge", FINDING_LEVEL),
               "fail_share web->pay:charge");
    CHECK_TEXT(leader_of(v, "fail_share app->pay:charge", FINDING_SHARE),
               "fail_share web->pay:charge");
    CHECK_TEXT(leader_of(v, "fail_share web->pay:refund", FINDING_SHARE), "");
}

TEST(series_without_a_known_resource_go_together_by_their_rhythm_before)
{
    OWNED_VERDICT *v = verdict_new("c");
    rhythm(made(v, "app.queue", FINDING_LEVEL, GRADE_ATTENTION, 9, 1, 5), 7, 1);
    rhythm(made(v, "app.wait", FINDING_LEVEL, GRADE_ATTENTION, 8, 1, 5), 7, 0.3);
    rhythm(made(v, "app.cache", FINDING_LEVEL, GRADE_ATTENTION, 7, 1, 5), 99, 1);
    /* it goes up when the others go down, and yet it rose with them */
    rhythm(made(v, "app.idle", FINDING_LEVEL, GRADE_ATTENTION, 6, 1, 5), 7, -1);
    struct finding *f = made(v, "app.free", FINDING_LEVEL, GRADE_ATTENTION, 5, 1, 5);
    rhythm(f, 7, -1);
    f->delta = -10;
    folded(v);
    CHECK_TEXT(leader_of(v, "app.wait", FINDING_LEVEL), "app.queue");
    CHECK_TEXT(leader_of(v, "app.cache", FINDING_LEVEL), "");
    CHECK_TEXT(leader_of(v, "app.idle", FINDING_LEVEL), "");
    CHECK_TEXT(leader_of(v, "app.free", FINDING_LEVEL), "app.queue");
}

TEST(a_rhythm_that_the_unchanged_hosts_have_too_says_nothing)
{
    OWNED_VERDICT *v = verdict_new("c");
    struct finding *f = made(v, "app.queue", FINDING_LEVEL, GRADE_ATTENTION, 9, 1, 5);
    rhythm(f, 7, 1);
    f->curve.control = calloc(60, sizeof *f->curve.control);
    memcpy(f->curve.control, f->curve.value, 60 * sizeof *f->curve.control);
    rhythm(made(v, "app.wait", FINDING_LEVEL, GRADE_ATTENTION, 8, 1, 5), 7, 1);
    folded(v);
    CHECK_TEXT(leader_of(v, "app.wait", FINDING_LEVEL), "");
}

TEST(what_is_over_or_in_shadow_does_not_go_with_what_is_bad)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "cpu.busy", FINDING_LEVEL, GRADE_ATTENTION, 9, 1, 5);
    made(v, "cpu.user", FINDING_LEVEL, GRADE_OK, 9, 1, 5)->recovered = true;
    made(v, "cpu.nice", FINDING_LEVEL, GRADE_OK, 8, 1, 5)->recovered = true;
    made(v, "cpu.system", FINDING_LEVEL, GRADE_OK, 7, 1, 5); /* a rule in shadow */
    made(v, "cpu.idle", FINDING_LEVEL, GRADE_OK, 6, 1, 5);
    folded(v);
    CHECK_TEXT(leader_of(v, "cpu.user", FINDING_LEVEL), "");
    CHECK_TEXT(leader_of(v, "cpu.nice", FINDING_LEVEL), "cpu.user");
    CHECK_TEXT(leader_of(v, "cpu.system", FINDING_LEVEL), "");
    CHECK_TEXT(leader_of(v, "cpu.idle", FINDING_LEVEL), "");
}

TEST(the_order_of_arrival_does_not_show)
{
    static const char *const metrics[] = {"cpu.busy", "cpu.user", "mem.used",
                                          "mem.free", "net.in",   "net.out",
                                          "a.b",      "load"};
    struct buf texts[2] = {{0}, {0}};
    for (int turn = 0; turn < 2; turn++) {
        OWNED_VERDICT *v = verdict_new("c");
        for (int i = 0; i < 8; i++)
            made(v, metrics[turn == 0 ? i : 7 - i], FINDING_LEVEL, GRADE_ATTENTION, 2,
                 1, 5);
        folded(v);
        verdict_write(v, true, &texts[turn]);
    }
    CHECK_TEXT(buf_text(&texts[0]), buf_text(&texts[1]));
    CHECK(strstr(buf_text(&texts[0]), "\"with\":") != NULL);
    buf_free(&texts[0]);
    buf_free(&texts[1]);
}

TEST(nothing_and_findings_without_texts_can_be_folded)
{
    OWNED_VERDICT *v = verdict_new("c");
    folded(v);
    verdict_add(v);
    verdict_add(v);
    folded(v);
    CHECK_INT(v->n_findings, 2);
}

TEST(what_is_muted_and_what_is_not_do_not_go_together)
{
    OWNED_VERDICT *v = verdict_new("c");
    made(v, "cpu.user", FINDING_LEVEL, GRADE_MUST_HANDLE, 5, 1, 5);
    made(v, "cpu.busy", FINDING_LEVEL, GRADE_ATTENTION, 3, 1, 5);
    made(v, "cpu.system", FINDING_LEVEL, GRADE_ATTENTION, 1, 1, 5);
    made(v, "load.load1", FINDING_LEVEL, GRADE_ATTENTION, 1, 1, 5);
    v->findings[0].muted.id = strdup("m1");
    v->findings[2].muted.id = strdup("m1");
    folded(v);
    CHECK_TEXT(leader_of(v, "cpu.busy", FINDING_LEVEL), "");
    CHECK_TEXT(leader_of(v, "load.load1", FINDING_LEVEL), "cpu.busy");
    CHECK_TEXT(leader_of(v, "cpu.user", FINDING_LEVEL), "");
    CHECK_TEXT(leader_of(v, "cpu.system", FINDING_LEVEL), "cpu.user");
    CHECK_TEXT(v->findings[0].metric, "cpu.busy"); /* the muted ones stand behind */
    CHECK_TEXT(v->findings[2].metric, "cpu.user");
}
