/* rules/trial_check.c - what the parts of a test must be to one another: expectations
 * that contradict each other, the same series twice, more points than a test may have.
 *
 * Called once the parts are read; complains with their places.  One thread at a time.
 */
#include "rules/trial_part.h"

#include <stdlib.h>
#include <string.h>

/* --- what must be --- */

static bool has_host(const struct trial_names *names, const char *host)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->at[i], host) == 0)
            return true;
    return false;
}

static bool host_is_there(const struct trial *t, const char *host)
{
    if (has_host(&t->change.hosts, host))
        return true;
    for (size_t i = 0; i < t->series.n; i++)
        if (has_host(&t->series.at[i].hosts, host))
            return true;
    for (size_t i = 0; i < t->cores.n; i++)
        if (has_host(&t->cores.at[i].hosts, host))
            return true;
    for (size_t i = 0; i < t->alarms.n; i++)
        if (has_host(&t->alarms.at[i].hosts, host))
            return true;
    return false;
}

/* Of a rule that says nothing there is no host and no figure. */
static void check_silent(struct trial_reader *r, const struct trial_expect *e)
{
    static const char *const fields[] = {"host", "metric"};
    const char *given_one[] = {e->host, e->metric};
    const char *why = e->rule == NULL                ? "the grade of a change"
                      : e->grade == GRADE_NOT_JUDGED ? "a rule that was not judged"
                                                     : NULL;
    for (size_t i = 0; why != NULL && i < 2; i++)
        if (given_one[i] != NULL)
            fields_complain(&r->f, fields_place(e->at, fields[i]), RULES_E_TEST_EXPECT,
                            "%s has no %s", why, fields[i]);
}

/* The change has one grade, and a rule that found nothing found nothing. */
static void check_pair(struct trial_reader *r, const struct trial_expect *a,
                       const struct trial_expect *b)
{
    if (a->rule == NULL && b->rule == NULL) {
        fields_complain(&r->f, b->at, RULES_E_TEST_EXPECT,
                        "the grade of the change is expected twice");
        return;
    }
    bool same = a->rule != NULL && b->rule != NULL && strcmp(a->rule, b->rule) == 0;
    if (same && (a->grade == GRADE_NOT_JUDGED) != (b->grade == GRADE_NOT_JUDGED))
        fields_complain(&r->f, b->at, RULES_E_TEST_EXPECT,
                        "%s is expected to be not-judged and %s", a->rule,
                        grade_name((enum grade)(
                            a->grade == GRADE_NOT_JUDGED ? b->grade : a->grade)));
}

void trial_check_expect(struct trial_reader *r)
{
    const struct trial *t = r->t;
    for (size_t i = 0; i < t->expect.n; i++) {
        const struct trial_expect *e = &t->expect.at[i];
        trial_lacks(r, e->at, "expectation", "grade",
                    "ok, attention, must-handle or not-judged");
        if (e->host != NULL && !host_is_there(t, e->host))
            fields_complain(&r->f, fields_place(e->at, "host"), RULES_E_TEST_HOST,
                            "the test has no host '%.60s'", e->host);
        check_silent(r, e);
        for (size_t k = 0; k < i && i < 100; k++)
            check_pair(r, &t->expect.at[k], e);
    }
}

/* --- the same twice --- */

struct whose {
    const struct trial_series *s;
    const char *host;
};

static int by_whose(const void *a, const void *b)
{
    const struct whose *x = a, *y = b;
    int d = strcmp(x->s->metric, y->s->metric);
    if (d == 0)
        d = strcmp(x->s->service, y->s->service);
    if (d == 0)
        d = strcmp(x->host, y->host);
    return d;
}

/* One figure of a host given twice would be its mean, which nobody means. */
void trial_check_same(struct trial_reader *r)
{
    const struct trial *t = r->t;
    size_t n = 0;
    for (size_t i = 0; i < t->series.n; i++)
        n += t->series.at[i].hosts.n + 1;
    struct whose *all = calloc(n + 1, sizeof *all);
    if (all == NULL) {
        r->f.keep->failed = true;
        return;
    }
    n = 0;
    for (size_t i = 0; i < t->series.n; i++) {
        const struct trial_series *s = &t->series.at[i];
        if (s->metric == NULL || s->service == NULL)
            continue;
        if (s->hosts.n == 0)
            all[n++] = (struct whose){s, ""};
        for (size_t h = 0; h < s->hosts.n; h++)
            all[n++] = (struct whose){s, s->hosts.at[h]};
    }
    if (n > 1)
        qsort(all, n, sizeof *all, by_whose);
    for (size_t i = 1; i < n; i++) {
        const struct whose *a = &all[i - 1], *b = &all[i];
        if (by_whose(a, b) != 0)
            continue;
        const struct trial_series *later = a->s > b->s ? a->s : b->s;
        fields_complain(&r->f, later->at, RULES_E_TEST_SAME,
                        "'%.60s' of %.60s is given already", later->metric,
                        a->host[0] != '\0' ? a->host : "the service");
        break; /* a range twice need not be told a hundred times */
    }
    free(all);
}

/* --- how much it is --- */

static double points_of(const struct trial *t, const struct shape *before,
                        const struct shape *after, span step, size_t n)
{
    bool open;
    double points = shape_points(before, &open);
    double past = (double)t->past.ms / (double)step.ms;
    if (open && past > points)
        points = past;
    double then = shape_points(after, &open);
    double lasts = (double)t->lasts.ms / (double)step.ms;
    if (open && lasts > then)
        then = lasts;
    return (points + then) * (double)(n > 0 ? n : 1);
}

void trial_check_size(struct trial_reader *r)
{
    const struct trial *t = r->t;
    double points = 0, happenings = (double)t->cases.n;
    for (size_t i = 0; i < t->series.n; i++) {
        const struct trial_series *s = &t->series.at[i];
        points += points_of(t, &s->before, &s->after, s->step, s->hosts.n);
    }
    for (size_t i = 0; i < t->calls.n; i++) {
        const struct trial_calls *c = &t->calls.at[i];
        points += 2 * points_of(t, &c->before, &c->after, c->step, c->callee_hosts.n);
    }
    for (size_t i = 0; i < t->cores.n; i++)
        happenings += t->cores.at[i].times * (double)t->cores.at[i].hosts.n;
    for (size_t i = 0; i < t->alarms.n; i++)
        happenings += (double)t->alarms.at[i].hosts.n + 1;
    if (points > TRIAL_POINTS_MAX)
        fields_complain(&r->f, t->at, RULES_E_MANY,
                        "the series of this test are more than %d points",
                        TRIAL_POINTS_MAX);
    if (happenings > TRIAL_HAPPENINGS_MAX)
        fields_complain(&r->f, t->at, RULES_E_MANY,
                        "more than %d coredumps, alarms and results in this test",
                        TRIAL_HAPPENINGS_MAX);
}
