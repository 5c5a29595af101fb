/* tests of analyzer/teller: what all findings begin and end with */
#include "analyzer/teller.h"
#include "tests/unit/analyzer/make_bench.h"

TEST(a_finding_has_its_rules_texts_and_weight)
{
    open_bench(2);
    struct finding *f =
        teller_begin(&b.teller, &b.rule, FINDING_LEVEL, GRADE_ATTENTION, false);
    CHECK_TEXT(f->rule, "cpu.busy");
    CHECK_TEXT(f->title, "CPU use");
    CHECK_TEXT(f->owner, "pe");
    CHECK(f->runbook == NULL);
    CHECK_NEAR(f->weight, 2, 0);
    CHECK_INT(f->grade, GRADE_ATTENTION);
    close_bench();
}

TEST(a_finding_carries_its_rules_revision_and_critical_ones_weigh_most)
{
    open_bench(2);
    b.rule.rev = 7;
    b.rule.weight = 0.5;
    b.rule.critical = true;
    struct finding *f =
        teller_begin(&b.teller, &b.rule, FINDING_LEVEL, GRADE_ATTENTION, false);
    CHECK_INT(f->rev, 7);
    CHECK(f->weight > 1000 * 100);
    OWNED_BUF json = {0};
    verdict_write(b.verdict, false, &json);
    CHECK(strstr(buf_text(&json), "\"rev\":7") != NULL);
    f->rev = 1;
    buf_clear(&json);
    verdict_write(b.verdict, false, &json);
    CHECK(strstr(buf_text(&json), "\"rev\"") == NULL);
    close_bench();
}

TEST(a_rule_in_shadow_says_what_it_would_be_and_grades_nothing)
{
    open_bench(2);
    b.rule.shadow = true;
    struct buf words = {0};
    struct finding *f =
        teller_begin(&b.teller, &b.rule, FINDING_LEVEL, GRADE_MUST_HANDLE, false);
    buf_add(&words, "x rose");
    teller_end(&b.teller, f, &words, &b.rule, GRADE_MUST_HANDLE);
    CHECK_INT(f->grade, GRADE_OK);
    CHECK(!f->recovered);
    CHECK_TEXT(f->because, "x rose. The rule is in shadow: this would be must-handle.");
    close_bench();
}

TEST(what_is_over_is_told_with_grade_ok)
{
    open_bench(2);
    struct buf words = {0};
    struct finding *f =
        teller_begin(&b.teller, &b.rule, FINDING_LEVEL, GRADE_MUST_HANDLE, true);
    buf_add(&words, "x rose");
    teller_end(&b.teller, f, &words, &b.rule, GRADE_MUST_HANDLE);
    CHECK(f->grade == GRADE_OK && f->recovered);
    CHECK_TEXT(f->because, "x rose; it is over again.");
    close_bench();
}

TEST(hosts_are_listed_worst_first_and_by_name_when_as_bad)
{
    open_bench(2);
    struct finding *f =
        teller_begin(&b.teller, &b.rule, FINDING_LEVEL, GRADE_ATTENTION, false);
    struct teller_host bad[] = {
        {NULL, "h3", 1, 2, 5}, {NULL, "h2", 1, 3, 5}, {NULL, "h1", 1, 9, 7}};
    teller_list_hosts(&b.teller, f, bad, 3);
    CHECK_INT(f->n_hosts, 3);
    CHECK_TEXT(f->hosts[0].name, "h1");
    CHECK_TEXT(f->hosts[1].name, "h2");
    CHECK_NEAR(f->hosts[1].after, 3, 0);
    CHECK(f->host == NULL);
    OWNED_BUF words = {0};
    teller_say_hosts(&words, f, 4);
    CHECK_TEXT(buf_text(&words), " on 3 of 4 changed hosts");
    close_bench();
}

TEST(one_host_is_named)
{
    open_bench(2);
    struct finding *f =
        teller_begin(&b.teller, &b.rule, FINDING_LEVEL, GRADE_ATTENTION, false);
    struct teller_host bad[] = {{NULL, "h3", 1, 2, 5}};
    teller_list_hosts(&b.teller, f, bad, 1);
    CHECK_TEXT(f->host, "h3");
    OWNED_BUF words = {0};
    teller_say_hosts(&words, f, 4);
    buf_add_ch(&words, ',');
    teller_say_new_hosts(&words, f, 4);
    CHECK_TEXT(buf_text(&words), " on h3,the new host h3");
    close_bench();
}

TEST(a_series_without_a_service_is_the_changes)
{
    open_bench(2);
    CHECK_TEXT(teller_service(&b.teller, "web"), "web");
    CHECK_TEXT(teller_service(&b.teller, ""), "pay");
    CHECK_TEXT(teller_service(&b.teller, NULL), "pay");
    close_bench();
}
