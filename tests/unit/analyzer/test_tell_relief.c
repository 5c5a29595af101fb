/* tests of analyzer/tell_relief: the words and the hosts */
#include "analyzer/tell_relief.h"
#include "tests/unit/analyzer/make_bench.h"

TEST(new_hosts_without_load_are_named_with_the_least_loaded_first)
{
    open_bench(2);
    struct relief_host on[] = {{.host = "h00", .load = 2}, {.host = "h01", .load = 1}};
    struct relief r = {.rule = &b.rule,
                       .judged = true,
                       .n_old = 6,
                       .n_new = 2,
                       .before = 50,
                       .after = 49,
                       .taken = 1.5,
                       .expected = 37.5,
                       .host = on,
                       .grade = GRADE_ATTENTION};
    tell_relief(&b.teller, &r, 3);
    CHECK_INT(b.verdict->n_findings, 1);
    const struct finding *f = b.verdict->findings;
    CHECK_TEXT(f->metric, "calls a host");
    CHECK_TEXT(f->hosts[0].name, "h01");
    CHECK_INT(f->n_like, 3);
    CHECK_TEXT(f->because, "2 new hosts get 1.5 calls/s each, 6 old ones 49 calls/s; "
                           "had the new ones taken their share, these would have gone "
                           "from 50 calls/s to about 37.5 calls/s.");
    r.grade = GRADE_OK;
    tell_relief(&b.teller, &r, 0);
    CHECK_INT(b.verdict->n_findings, 1);
    close_bench();
}
