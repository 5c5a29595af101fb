/* notifier/candidate.c - ranks changes by how likely they are behind something.  Pure;
 * any thread. */
#include "notifier/candidate.h"

#include "notifier/figure.h"
#include "notifier/plain.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HALVED_MS = 2 * 3600 * 1000, NAME_CHARS = 100 };

static const struct {
    double points;
    const char *words;
} touches[] = {
    [TOUCH_NONE] = {0, ""},
    [TOUCH_CALLER] = {1, "It changed a service that calls this one"},
    [TOUCH_CALLEE] = {1.5, "It changed a service that this one calls"},
    [TOUCH_ANY] = {1, "It began"},
    [TOUCH_SERVICE] = {3, "It changed this service"},
    [TOUCH_HOST] = {4, "It changed this host"},
};

static int by_name(const void *a, const void *b)
{
    return strcmp(a, *(const char *const *)b);
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
    return name != NULL && n > 0 && bsearch(name, names, n, sizeof *names, by_name);
}

static enum touch touch_of(const struct candidate_ask *ask, const struct change *c)
{
    if (ask->host == NULL && ask->service == NULL)
        return TOUCH_ANY;
    if (ask->host != NULL && change_find_host(c, ask->host) != NULL)
        return TOUCH_HOST;
    if (ask->service == NULL || c->service == NULL)
        return TOUCH_NONE;
    if (strcmp(c->service, ask->service) == 0)
        return TOUCH_SERVICE;
    if (is_among(c->service, ask->callees, ask->n_callees))
        return TOUCH_CALLEE;
    return is_among(c->service, ask->callers, ask->n_callers) ? TOUCH_CALLER
                                                              : TOUCH_NONE;
}

/* The last time up to `until` that it changed the host that is asked about, or any. */
static instant moment_of(const struct candidate_ask *ask, const struct change *c,
                         enum touch touch, instant until)
{
    instant last = c->start;
    for (size_t i = 0; i < c->n_hosts; i++) {
        const struct change_host *h = &c->host[i];
        if (touch == TOUCH_HOST && strcmp(h->name, ask->host) != 0)
            continue;
        if (h->done.ms <= until.ms && h->done.ms > last.ms)
            last = h->done;
        if (h->pivot.ms <= until.ms && h->pivot.ms > last.ms)
            last = h->pivot;
    }
    return last;
}

static const struct finding *found_near(const struct verdict *v, instant at)
{
    for (size_t i = 0; v != NULL && i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if (f->grade == GRADE_OK || instant_is_none(f->first_seen))
            continue;
        if (llabs(f->first_seen.ms - at.ms) <= CANDIDATE_NEAR_MS)
            return f;
    }
    return NULL;
}

static double points_of_grade(const struct change_row *row)
{
    if (!row->has_verdict)
        return 1;
    switch (row->grade) {
    case GRADE_MUST_HANDLE:
        return 3;
    case GRADE_ATTENTION:
        return 2;
    case GRADE_OK:
        return 0.5;
    default:
        return 1;
    }
}

bool candidate_of(const struct candidate_ask *ask, const struct change_row *row,
                  const struct verdict *verdict, struct candidate *ret)
{
    instant until = {ask->at.ms + CANDIDATE_SKEW_MS};
    enum touch touch = touch_of(ask, row->change);
    if (touch == TOUCH_NONE || row->change->start.ms > until.ms)
        return false;
    *ret = (struct candidate){.row = row,
                              .touch = touch,
                              .moment = moment_of(ask, row->change, touch, until),
                              .near = found_near(verdict, ask->at)};
    int64_t before = ask->at.ms - ret->moment.ms;
    ret->points = touches[touch].points * points_of_grade(row) *
                  exp2(-(double)(before > 0 ? before : 0) / HALVED_MS) *
                  (ret->near != NULL ? 2 : 1);
    return true;
}

static int by_points(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->points != y->points)
        return x->points > y->points ? -1 : 1;
    if (x->moment.ms != y->moment.ms)
        return x->moment.ms > y->moment.ms ? -1 : 1;
    return strcmp(x->row->change->change_id, y->row->change->change_id);
}

void candidates_sort(struct candidate *c, size_t n)
{
    if (n > 0)
        qsort(c, n, sizeof *c, by_points);
}

static void add_when(const struct candidate_ask *ask, const struct candidate *c,
                     struct buf *to)
{
    char text[FIGURE_TEXT_MAX];
    int64_t before = ask->at.ms - c->moment.ms;
    if (before >= 1000)
        buf_addf(to, " %s before.", figure_span(LANGUAGE_EN, (span){before}, text));
    else
        buf_add(to, " at that time.");
}

void candidate_reasons(const struct candidate_ask *ask, const struct candidate *c,
                       struct buf *to)
{
    char at[FIGURE_TEXT_MAX];
    buf_add(to, touches[c->touch].words);
    if (c->touch == TOUCH_CALLER || c->touch == TOUCH_CALLEE) {
        buf_add(to, ", ");
        plain_add(to, c->row->change->service, NAME_CHARS);
        buf_add(to, ",");
    }
    add_when(ask, c, to);
    if (c->near == NULL)
        return;
    buf_addf(to, " First seen %s: ", figure_time(LANGUAGE_EN, c->near->first_seen, at));
    plain_add(to, c->near->title != NULL ? c->near->title : c->near->metric,
              NAME_CHARS);
    if (c->near->host != NULL) {
        buf_add(to, " on ");
        plain_add(to, c->near->host, NAME_CHARS);
    }
    buf_add(to, ".");
}
