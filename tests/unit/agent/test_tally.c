/* Calls added up: sums, bounds, and that nothing of the number of calls gets lost. */
#include "programs/agent/tally.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static void add(struct agent_tally *t, const char *iface, const char *code, double ms)
{
    struct agent_line l = {.caller = "web", .callee = "pay", .outcome = "ok", .ms = ms};
    snprintf(l.iface, sizeof l.iface, "%s", iface);
    snprintf(l.code, sizeof l.code, "%s", code);
    if (code[0] == '5')
        l.outcome = "fail";
    agent_tally_add(t, &l);
}

static char *written(struct agent_tally *t, size_t records)
{
    struct buf b = {0};
    CHECK_INT(agent_tally_write(t, " side=server", &b), records);
    return buf_give(&b);
}

TEST(calls_of_an_edge_and_code_are_added_up)
{
    struct agent_tally *t = agent_tally_new(10, NULL);
    add(t, "/a", "200", 5);
    add(t, "/a", "200", 7.5);
    add(t, "/a", "500", NAN);
    add(t, "/a", "200", 1);
    add(t, "", "200", NAN);
    char *text = written(t, 3);
    CHECK_TEXT(text, "web>pay:/a 200 3 13.5 7.5 outcome=ok side=server\n"
                     "web>pay:/a 500 1 outcome=fail side=server\n"
                     "web>pay 200 1 outcome=ok side=server\n");
    free(text);
    text = written(t, 0);
    CHECK_TEXT(text, "");
    free(text);
    agent_tally_free(&t);
    CHECK(t == NULL);
}

TEST(further_interfaces_and_those_nobody_has_are_called_other)
{
    struct agent_tally *t = agent_tally_new(2, NULL);
    add(t, "/scan", "404", 1);
    add(t, "/a", "200", 1);
    add(t, "/b", "200", 1);
    add(t, "/c", "200", 1);
    add(t, "/a", "404", 1); /* it is known by now */
    CHECK_INT(agent_tally_folded(t), 2);
    char *text = written(t, 5);
    CHECK(strstr(text, "web>pay:other 404 1 ") != NULL);
    CHECK(strstr(text, "web>pay:other 200 1 ") != NULL);
    CHECK(strstr(text, "web>pay:/a 404 1 ") != NULL);
    CHECK(strstr(text, "/c") == NULL && strstr(text, "scan") == NULL);
    free(text);
    add(t, "/c", "200", 1); /* the names stay */
    CHECK_INT(agent_tally_folded(t), 3);
    agent_tally_free(&t);
}

TEST(beyond_all_bounds_the_number_of_calls_stays_right)
{
    enum { CODES = AGENT_TALLY_EDGES_MAX + 500 };
    struct agent_tally *t = agent_tally_new(10, NULL);
    for (int i = 0; i < CODES; i++) {
        char code[20];
        snprintf(code, sizeof code, "c%d", i);
        add(t, "/a", code, 1);
    }
    CHECK_INT(agent_tally_folded(t), 500);
    char *text = written(t, AGENT_TALLY_EDGES_MAX + 1);
    CHECK(strstr(text, "\nother>other:other ok 500 500 1 outcome=ok side=server\n") !=
          NULL);
    free(text);
    agent_tally_free(&t);
}
