/* tests of analyzer/tell_crashes: which are told, and the words */
#include "analyzer/tell_crashes.h"
#include "tests/unit/analyzer/make_bench.h"

static char host[] = "h00", service[] = "pay", exe[] = "/opt/pay",
            at[] = "SIGSEGV in parse <- main";
static struct core_row row = {
    .time = {10080000}, .host = host, .service = service, .exe = exe, .title = at};
static struct crash_host on = {"h00", 0, 2};

static struct crash crash_of(enum grade g)
{
    return (struct crash){.example = &row,
                          .kinds = 1,
                          .unseen = true,
                          .dumps_after = 2,
                          .p = NAN,
                          .effect = NAN,
                          .n_hosts = 1,
                          .host = &on,
                          .first = {10080000},
                          .grade = g};
}

TEST(a_crash_says_what_where_how_often_and_whether_it_is_known)
{
    open_bench(2);
    struct crash c = crash_of(GRADE_MUST_HANDLE);
    struct crashes all = {
        .rule = &b.rule, .n = 1, .at = &c, .hosts = 2, .controls = 5, .days = 30};
    tell_crashes(&b.teller, &all);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = b.verdict->findings;
    CHECK_TEXT(f->metric, "coredumps of pay, SIGSEGV in parse");
    CHECK_TEXT(f->host, "h00");
    CHECK_INT(f->first_seen.ms, 10080000);
    CHECK_TEXT(f->because, "A crash never seen in 30 days: SIGSEGV in parse <- main, 2 "
                           "dumps on h00 since 02:48 UTC, none on 5 unchanged hosts.");
    close_bench();
}

TEST(only_the_worst_crashes_are_listed_and_the_worst_counts_the_rest)
{
    open_bench(2);
    struct crash many[TELL_CRASHES_MAX + 3];
    for (int i = 0; i < TELL_CRASHES_MAX + 3; i++)
        many[i] = crash_of(i < TELL_CRASHES_MAX + 2 ? GRADE_ATTENTION : GRADE_OK);
    struct crashes all = {
        .rule = &b.rule, .n = TELL_CRASHES_MAX + 3, .at = many, .hosts = 2};
    tell_crashes(&b.teller, &all);
    CHECK_INT(b.verdict->n_findings, TELL_CRASHES_MAX);
    CHECK_INT(b.verdict->findings[0].n_like, 2);
    CHECK_INT(b.verdict->findings[1].n_like, 0);
    close_bench();
}
