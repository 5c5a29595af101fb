/* tests of analyzer/tell_probes: which are told, the figures and the words */
#include "analyzer/tell_probes.h"
#include "tests/unit/analyzer/make_bench.h"

static char probe_name[] = "probe.success{target=x}";

/* A probe of the bench's hosts: cpu.busy is its series, and 30 passes. */
static struct probe_host on[3];
static const uint32_t first_metric[1] = {0};

static struct probe probe_of(int hosts)
{
    struct probe p = {.rule = &b.rule,
                      .name = probe_name,
                      .service = "pay",
                      .n = (size_t)hosts,
                      .host = on,
                      .n_judged = (size_t)hosts,
                      .n_controls = 5};
    b.rule.probing.pass[0].from = b.rule.probing.pass[0].to = 30;
    b.rule.probing.n_pass = 1;
    for (int i = 0; i < hosts; i++)
        on[i] = (struct probe_host){
            .slot = &b.lineup.slot[i],
            .lines = {series_unit(&b.lineup, made_name(i), "pay"), first_metric, 1},
            .state = PROBE_FAILS,
            .n_before = 30,
            .n_after = 25,
            .failed_after = 20 + i,
            .n_last = 5,
            .failed_last = 5,
            .value = 60,
            .first = {10140000 + i},
            .failed_past = NAN,
            .of_past = NAN,
            .expected = NAN,
            .p = NAN};
    return p;
}

TEST(a_failing_probe_says_where_in_how_many_points_and_what_unchanged_hosts_did)
{
    open_bench(3);
    struct probe p = probe_of(3);
    p.n_failing = p.n_told = 2;
    p.grade = GRADE_MUST_HANDLE;
    on[0].told = on[1].told = true;
    on[2].state = PROBE_PASSES;
    tell_probes(&b.teller, &(struct probes){.n = 1, .at = &p});
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = b.verdict->findings;
    CHECK_INT(f->kind, FINDING_PROBE);
    CHECK_INT(f->grade, GRADE_MUST_HANDLE);
    CHECK_TEXT(f->metric, "probe.success{target=x}");
    CHECK_TEXT(f->unit, "%");
    CHECK(f->before == 0 && f->after == 82);
    CHECK_INT(f->n_hosts, 2);
    CHECK_TEXT(f->hosts[0].name, "h01"); /* where it fails most */
    CHECK_INT(f->first_seen.ms, 10140000);
    CHECK(f->curve.n == 60 && f->curve.value[0] == 0 &&
          f->curve.value[f->curve.n - 1] == 100);
    CHECK_TEXT(f->because,
               "On 2 of 3 changed hosts, probe.success{target=x} failed in 5 of the "
               "last 5 points after the change (the value was 60), in 0 of 30 before "
               "it (on the worst of them); it did so on none of 5 unchanged hosts.");
    close_bench();
}

TEST(one_of_ordinary_times_says_how_often_and_one_that_is_over_says_so)
{
    open_bench(3);
    struct probe p = probe_of(3);
    p.n_told = p.n_over = 1;
    p.grade = GRADE_ATTENTION;
    on[0].told = on[1].told = true;
    on[0].failed_past = 3, on[0].of_past = 287, on[0].expected = 0.25, on[0].p = 1e-4;
    on[1].state = PROBE_RECOVERED;
    on[1].slot = &b.lineup.slot[1];
    p.n_controls = 0;
    tell_probes(&b.teller, &(struct probes){.n = 1, .at = &p});
    CHECK_INT(b.verdict->n_findings, 2);
    const struct finding *f = b.verdict->findings;
    CHECK_NEAR(f[0].confidence, 0.9999, 1e-9);
    CHECK_TEXT(
        f[0].because,
        "On h00, probe.success{target=x} failed in 5 of the last 5 points after the "
        "change (the value was 60), in 0 of 30 before it; it failed there in 3 of the "
        "287 points of the day before, so 0.25 would be usual after the change.");
    CHECK(f[1].recovered && f[1].grade == GRADE_OK);
    CHECK_TEXT(f[1].because,
               "On h01, probe.success{target=x} failed in 21 of 25 points after the "
               "change (the value was 60), in 0 of 30 before it; it is over again.");
    close_bench();
}

TEST(of_many_the_worst_are_told_and_the_rest_is_counted)
{
    enum { MANY = TELL_PROBES_MAX + 5 };
    struct probe all[MANY];
    open_bench(1);
    for (int i = 0; i < MANY; i++) {
        all[i] = probe_of(1);
        all[i].n_told = 1;
        all[i].grade = i < MANY - 1 ? GRADE_ATTENTION : GRADE_MUST_HANDLE;
    }
    on[0].told = true;
    tell_probes(&b.teller, &(struct probes){.n = MANY, .at = all});
    CHECK_INT(b.verdict->n_findings, TELL_PROBES_MAX);
    CHECK_INT(b.verdict->findings[0].grade, GRADE_MUST_HANDLE);
    CHECK_INT((long long)b.verdict->findings[0].n_like, 5);
    CHECK(strstr(b.verdict->findings[0].because, "; 5 further probes are not listed"));
    CHECK_INT((long long)b.verdict->findings[1].n_like, 0);
    close_bench();
}
