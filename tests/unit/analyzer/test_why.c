/* tests of analyzer/why: judgements that are asked why */
#include "tests/unit/analyzer/make_why.h"

TEST(a_verdict_is_the_same_whether_somebody_asks_why_or_not)
{
    OWNED_EXPLAIN e = {0};
    OWNED_VERDICT *asked = NULL, *plain = NULL;
    explain_begin(&e, "queue");
    judge_it(HEAD QUEUE, 300, &e, &asked);
    judge_it(HEAD QUEUE, 300, NULL, &plain);
    OWNED_BUF a = {0}, b = {0};
    verdict_write(asked, true, &a);
    verdict_write(plain, true, &b);
    CHECK_TEXT(buf_text(&a), buf_text(&b));
    CHECK(e.known);
}

TEST(the_answer_stands_before_the_rule_with_its_places_and_the_numbers)
{
    OWNED_EXPLAIN e = {0};
    explained(HEAD QUEUE, "queue", 300, &e);
    check_has(&e, "finding: On 4 of 4 changed hosts, my.queue rose from 200");
    check_has(&e, "attention.effect      20%                                 r.yml:7");
    check_has(&e, "unchanged hosts to compare with   8");
    const char *text = buf_text(&e.text);
    CHECK(strstr(text, "finding:") < strstr(text, "rule queue:"));
    CHECK(strstr(text, "rule queue:") < strstr(text, "series my.queue"));
    check_json(&e, "\"why_nothing\":null");
}

TEST(a_rule_that_is_not_there_is_not_known)
{
    OWNED_EXPLAIN e = {0};
    explained(HEAD QUEUE, "other", 300, &e);
    CHECK(!e.known);
    CHECK_TEXT(buf_text(&e.text), "");
}

TEST(a_rule_without_a_series_names_the_nearest_or_the_rule_that_was_better)
{
    OWNED_EXPLAIN e = {0}, f = {0};
    explained(HEAD "  - {id: q, series: my.quuee, worse: up, attention: {effect: "
                   "20%, delta: 5, q: 5%}}\n",
              "q", 300, &e);
    check_has(&e, "no series that was judged is this rule's");
    check_has(&e, "my.quuee: the nearest name there is my.queue");
    explained(HEAD QUEUE "  - {id: wide, series: 'my.*', worse: up, attention: "
                         "{effect: 20%, delta: 5, q: 5%}}\n",
              "wide", 300, &f);
    check_has(&f, "my.queue fits, but rule queue fits it as well or better");
    check_json(&f, "\"spoken_for_by_others\":[{\"metric\":\"my.queue\",\"rule\":"
                   "\"queue\"}]");
}

TEST(a_rule_out_of_scope_says_which_part_of_it)
{
    OWNED_EXPLAIN e = {0}, f = {0};
    explained(HEAD QUEUE "    on: {kinds: [config]}\n", "queue", 300, &e);
    check_has(&e, "its scope leaves out changes of this kind");
    explained(HEAD QUEUE "    on: {service: cart-*}\n", "queue", 300, &f);
    check_has(&f, "its scope leaves out this service");
    check_json(&f, "\"applies\":false");
}

TEST(calls_are_told_with_their_counts_and_bars)
{
    OWNED_EXPLAIN e = {0};
    explained(HEAD "  - id: failing\n"
                   "    calls: {measure: fail_share}\n"
                   "    worse: up\n"
                   "    attention: {effect: 50%, delta: 1%, count: 5}\n"
                   "    must-handle: {when: after > 50% and errors > 10}\n",
              "failing", 200, &e);
    check_has(&e, "fail_share of front->pay:/pay");
    check_has(&e, "after > 50%: 19.982% > 50%, false");
    check_has(&e, "errors > 10: 500 > 10, true");
    check_json(&e, "\"events_after\":500");
    check_has(&e, "grade                             attention");
}

TEST(silence_counts_the_hosts_that_were_asked)
{
    OWNED_EXPLAIN e = {0};
    explained(HEAD "  - {id: silent, silence: true, attention: {count: 1}}\n", "silent",
              200, &e);
    check_json(&e, "\"counts\":{\"hosts\":4,\"good\":4,\"silent\":0,");
    check_has(&e, "it was judged and no bar was met");
}
