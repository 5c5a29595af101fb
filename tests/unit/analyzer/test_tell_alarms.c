/* tests of analyzer/tell_alarms: which are told, and the words */
#include "analyzer/tell_alarms.h"
#include "tests/unit/analyzer/make_bench.h"

static char name[] = "HighErrors", host[] = "h00", severity[] = "page",
            text[] = "errors above 5 %";
static struct alarm_row row = {
    .name = name, .host = host, .severity = severity, .text = text};
static struct alarm_host on[] = {{.host = "h01", .begun = 9},
                                 {.host = "h00", .begun = 1, .firing = true}};

TEST(an_alarm_says_where_it_began_and_that_it_did_not_fire_before)
{
    open_bench(3);
    struct new_alarm a = {.rule = &b.rule,
                          .example = &row,
                          .n_hosts = 2,
                          .host = on,
                          .begun = 10,
                          .expected = NAN,
                          .p = NAN,
                          .first = {10140000},
                          .after = {120000},
                          .grade = GRADE_ATTENTION};
    struct new_alarm quiet = a;
    quiet.grade = GRADE_OK;
    struct new_alarm both[] = {a, quiet};
    struct new_alarms all = {
        .n = 2, .at = both, .hosts = 3, .controls = 5, .before = {1800000}};
    tell_alarms(&b.teller, &all);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = b.verdict->findings;
    CHECK_TEXT(f->metric, "alarm HighErrors");
    CHECK_TEXT(f->hosts[0].name, "h00"); /* where it fires still */
    CHECK_NEAR(f->after, 10, 0);
    CHECK_TEXT(f->because,
               "Alarm HighErrors (page) began on 2 of 3 changed hosts, first 2 minutes "
               "after the change; it did not fire there in the 30 minutes before it, "
               "and is new on none of 5 unchanged hosts. It says: errors above 5 %.");
    close_bench();
}
