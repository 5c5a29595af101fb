/* tests of analyzer/tell_slow: what counts as told; its sentences are tested with the
 * whole look (test_slow) */
#include "analyzer/tell_slow.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

static struct finding *add(struct verdict *v, enum finding_kind kind, enum grade grade,
                           const char *metric, const char *host)
{
    struct finding *f = verdict_add(v);
    CHECK(f != NULL);
    f->kind = kind;
    f->grade = grade;
    f->metric = strdup(metric);
    f->host = host != NULL ? strdup(host) : NULL;
    return f;
}

static const struct series mem = {.metric = "mem.used{idc=sh1}", .key = "mem.used"};
static const struct series cpu = {.metric = "cpu.busy", .key = "cpu.busy"};

TEST(a_figure_that_an_ordinary_look_told_is_known)
{
    OWNED_VERDICT *v = verdict_new("c1");
    add(v, FINDING_LEVEL, GRADE_ATTENTION, "mem.used{idc=sh1}", NULL);
    CHECK(tell_slow_known(v, &mem, NULL));
    CHECK(tell_slow_known(v, &mem, "h1")); /* of all hosts, so of this one, too */
    CHECK(!tell_slow_known(v, &cpu, NULL));
}

TEST(a_figure_of_one_host_says_nothing_of_the_others)
{
    OWNED_VERDICT *v = verdict_new("c1");
    add(v, FINDING_LIMIT, GRADE_MUST_HANDLE, "mem.used", "h1");
    CHECK(tell_slow_known(v, &mem, "h1"));
    CHECK(!tell_slow_known(v, &mem, "h2"));
    CHECK(!tell_slow_known(v, &mem, NULL));
}

TEST(what_was_over_or_is_of_another_kind_is_not_known)
{
    OWNED_VERDICT *v = verdict_new("c1");
    add(v, FINDING_LEVEL, GRADE_OK, "mem.used", NULL);
    add(v, FINDING_LEVEL, GRADE_ATTENTION, "mem.used", NULL)->recovered = true;
    add(v, FINDING_SPIKE, GRADE_ATTENTION, "mem.used", NULL);
    CHECK(!tell_slow_known(v, &mem, NULL));
}
