/* tests of analyzer/hush: which findings a mute fits */
#include "analyzer/hush.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"

#include <stdlib.h>

static struct made_change made;

static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal;
}

static struct mute any(void)
{
    return (struct mute){.id = "m1",
                         .kind = CHANGE_KIND_N,
                         .author = text("li"),
                         .reason = text("known"),
                         .until = {1000},
                         .ended_at = INSTANT_NONE};
}

static struct finding finding(void)
{
    return (struct finding){.rule = text("calls.failing"),
                            .grade = GRADE_ATTENTION,
                            .service = text("pay"),
                            .metric = text("fail_share web->pay:/pay")};
}

static bool fits(const struct mute *m, const struct finding *f)
{
    return hush_fits(m, make_change(&made, "shop", 2, 1, 1), f);
}

TEST(all_that_is_named_must_fit)
{
    struct finding f = finding();
    struct mute m = any();
    CHECK(fits(&m, &f));
    m.rule = text("calls.*");
    m.metric = text("*->pay:*");
    m.service = text("pa?");
    m.kind = CHANGE_RELEASE;
    CHECK(fits(&m, &f));
    struct mute rule = m, metric = m, service = m, kind = m;
    rule.rule = text("calls");
    metric.metric = text("*->buy:*");
    service.service = text("shop");
    kind.kind = CHANGE_CONFIG;
    CHECK(!fits(&rule, &f));
    CHECK(!fits(&metric, &f));
    CHECK(!fits(&service, &f));
    CHECK(!fits(&kind, &f));
}

TEST(a_finding_without_a_service_is_of_the_changes)
{
    struct finding f = finding();
    struct mute m = any();
    f.service = NULL;
    m.service = text("shop");
    CHECK(fits(&m, &f));
    m.service = text("pay");
    CHECK(!fits(&m, &f));
}

TEST(a_finding_without_a_metric_fits_no_mute_of_metrics)
{
    struct finding f = finding();
    struct mute m = any();
    f.metric = NULL;
    m.metric = text("*");
    CHECK(!fits(&m, &f));
}

TEST(of_several_hosts_every_one_must_fit)
{
    struct finding f = finding();
    struct mute m = any();
    struct finding_host hosts[] = {{text("db-1"), 1, 2}, {text("web-1"), 1, 2}};
    m.host = text("db-*");
    CHECK(!fits(&m, &f)); /* the service as a whole */
    f.hosts = hosts;
    f.n_hosts = 2;
    CHECK(!fits(&m, &f));
    hosts[1].name = text("db-2");
    CHECK(fits(&m, &f));
    f.host = text("web-1");
    CHECK(!fits(&m, &f));
    f.host = text("db-1");
    CHECK(fits(&m, &f));
}

static struct verdict *verdict_of(enum grade g)
{
    struct verdict *v = verdict_new("c1");
    struct finding *f = verdict_add(v);
    f->rule = strdup("calls.failing");
    f->grade = g;
    return v;
}

TEST(a_bad_finding_is_marked_by_the_mute_that_ends_last)
{
    struct err err = {0};
    struct mute other = any(), shorter = any(), longer = any();
    struct mute *list[] = {&shorter, &other, &longer};
    struct mutes mutes = {3, list};
    const struct change *c = make_change(&made, "pay", 1, 1, 1);
    other.rule = text("disk.*");
    other.until.ms = 9000;
    longer.until.ms = 2000;
    strcpy(longer.id, "m2");
    longer.author = text("wu");
    longer.reason = text("a known fault");
    OWNED_VERDICT *v = verdict_of(GRADE_MUST_HANDLE), *ok = verdict_of(GRADE_OK);
    CHECK_INT(hush_findings(&mutes, c, v, &err), 0);
    const struct finding *f = &v->findings[0];
    CHECK_TEXT(f->muted.id, "m2");
    CHECK_TEXT(f->muted.author, "wu");
    CHECK_TEXT(f->muted.reason, "a known fault");
    CHECK_INT(f->muted.until.ms, 2000);
    CHECK_INT(f->grade, GRADE_MUST_HANDLE);
    CHECK_INT(hush_findings(&mutes, c, ok, &err), 0);
    CHECK(!finding_is_muted(&ok->findings[0]));
}

TEST(the_order_of_mutes_makes_no_difference)
{
    struct err err = {0};
    struct mute a = any(), b = any();
    struct mute *one[] = {&a, &b}, *two[] = {&b, &a};
    struct mutes ab = {2, one}, ba = {2, two};
    char x[HUSH_MARK_MAX], y[HUSH_MARK_MAX];
    const struct change *c = make_change(&made, "pay", 1, 1, 1);
    strcpy(b.id, "m2");
    OWNED_VERDICT *v = verdict_of(GRADE_ATTENTION), *w = verdict_of(GRADE_ATTENTION);
    CHECK_INT(hush_findings(&ab, c, v, &err), 0);
    CHECK_INT(hush_findings(&ba, c, w, &err), 0);
    CHECK_TEXT(v->findings[0].muted.id, "m1");
    CHECK(verdict_same(v, w));
    CHECK_INT(hush_mark(&ab, c, x, &err), 0);
    CHECK_INT(hush_mark(&ba, c, y, &err), 0);
    CHECK_TEXT(x, y);
}

TEST(only_mutes_that_may_fit_the_change_make_another_mark)
{
    struct err err = {0};
    struct mute a = any();
    struct mute *list[] = {&a};
    struct mutes none = {0, list}, one = {1, list};
    char x[HUSH_MARK_MAX], y[HUSH_MARK_MAX];
    const struct change *c = make_change(&made, "pay", 1, 1, 1);
    CHECK_INT(hush_mark(&none, c, x, &err), 0);
    CHECK_INT(hush_mark(&one, c, y, &err), 0);
    CHECK(strcmp(x, y) != 0);
    a.kind = CHANGE_CONFIG; /* the change is a release */
    CHECK_INT(hush_mark(&one, c, y, &err), 0);
    CHECK_TEXT(x, y);
}
