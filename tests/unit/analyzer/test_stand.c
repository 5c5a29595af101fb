/* tests of analyzer/stand */
#include "analyzer/stand.h"

#include "tests/test.h"

#include <stdlib.h>

static struct verdict *made(enum grade g, int minutes, const char *reason)
{
    struct verdict *v = verdict_new("c1");
    v->grade = g;
    v->look = (span){minutes * INT64_C(60000)};
    v->reason = reason != NULL ? strdup(reason) : NULL;
    return v;
}

static void find(struct verdict *v, const char *rule, enum grade g)
{
    struct finding *f = verdict_add(v);
    f->rule = strdup(rule);
    f->grade = g;
}

TEST(what_was_found_stands_when_a_later_look_cannot_judge)
{
    struct change c = {.change_id = (char[]){"c1"}};
    OWNED_VERDICT *was = made(GRADE_MUST_HANDLE, 15, NULL);
    OWNED_VERDICT *now = made(GRADE_NOT_JUDGED, 60, "4 sent nothing.");
    find(was, "cpu", GRADE_MUST_HANDLE);
    find(was, "mem", GRADE_ATTENTION);
    now->final = true;
    now->coverage.hosts_judged = 0;
    CHECK_INT(stand(&c, was, now), 0);
    CHECK_INT(now->grade, GRADE_MUST_HANDLE);
    CHECK_INT(now->n_findings, 2);
    CHECK_TEXT(now->findings[0].rule, "cpu");
    CHECK(now->final);
    CHECK_INT(now->look.ms, 3600000);
    CHECK_TEXT(now->reason, "What was found before stands: the look 1 hour after the "
                            "change could not judge. 4 sent nothing.");
    /* judged once more, as after a restart, it says the same */
    OWNED_VERDICT *again = made(GRADE_NOT_JUDGED, 60, "4 sent nothing.");
    again->final = true;
    CHECK_INT(stand(&c, now, again), 0);
    CHECK(verdict_same(now, again));
}

TEST(else_a_look_speaks_for_itself)
{
    static const struct {
        enum grade was, now;
        bool cancelled;
    } cases[] = {
        {GRADE_MUST_HANDLE, GRADE_OK, false}, /* it recovered */
        {GRADE_MUST_HANDLE, GRADE_ATTENTION, false},
        {GRADE_OK, GRADE_NOT_JUDGED, false}, /* never ok for lack of data */
        {GRADE_NOT_JUDGED, GRADE_NOT_JUDGED, false},
        {GRADE_MUST_HANDLE, GRADE_NOT_JUDGED, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct change c = {.change_id = (char[]){"c1"},
                           .cancelled = cases[i].cancelled};
        OWNED_VERDICT *was = made(cases[i].was, 15, NULL);
        OWNED_VERDICT *now = made(cases[i].now, 60, "so");
        find(was, "cpu", GRADE_MUST_HANDLE);
        CHECK_INT(stand(&c, was, now), 0);
        CHECK_INT(now->grade, cases[i].now);
        CHECK_INT(now->n_findings, 0);
        CHECK_TEXT(now->reason, "so");
    }
    struct change c = {.change_id = (char[]){"c1"}};
    OWNED_VERDICT *now = made(GRADE_NOT_JUDGED, 60, NULL);
    CHECK_INT(stand(&c, NULL, now), 0);
    CHECK_INT(now->grade, GRADE_NOT_JUDGED);
}
