#include "notifier/past.h"

#include "tests/unit/notifier/store.h"

#include <errno.h>

TEST(a_change_comes_with_all_its_verdicts_oldest_first)
{
    struct ledger *l = store_open();
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_ATTENTION, false);
    store_verdict(l, "c1", 2, GRADE_OK, true);
    struct past *p = past_read(l, "c1", NULL);
    CHECK(p != NULL);
    CHECK_INT(p->n, 2);
    CHECK_INT(p->revision[0]->revision, 1);
    CHECK_INT(past_current(p)->grade, GRADE_OK);
    past_free(&p);
    CHECK(p == NULL);
    ledger_close(&l);
}

TEST(a_change_without_a_verdict_has_none)
{
    struct ledger *l = store_open();
    store_change(l, "c1");
    struct past *p = past_read(l, "c1", NULL);
    CHECK(p != NULL && p->n == 0 && past_current(p) == NULL);
    past_free(&p);
    ledger_close(&l);
}

TEST(an_unknown_change_is_told_apart)
{
    struct ledger *l = store_open();
    struct err err = {0};
    CHECK(past_read(l, "nope", &err) == NULL);
    CHECK_INT(err.code, ENOENT);
    ledger_close(&l);
}

TEST(beyond_the_limit_the_oldest_revisions_are_left_out)
{
    struct ledger *l = store_open();
    store_change(l, "c1");
    for (int i = 1; i <= PAST_REVISIONS_MAX + 3; i++)
        store_verdict(l, "c1", i, i % 2 ? GRADE_OK : GRADE_ATTENTION, false);
    struct past *p = past_read(l, "c1", NULL);
    CHECK(p != NULL);
    CHECK_INT(p->n, PAST_REVISIONS_MAX);
    CHECK_INT(p->revision[0]->revision, 4);
    CHECK_INT(past_current(p)->revision, PAST_REVISIONS_MAX + 3);
    past_free(&p);
    ledger_close(&l);
}
