/* eval/ours.c - our own code on a case.  One thread a stage. */
#include "eval/ours.h"

#include "analyzer/judge.h"
#include "analyzer/layers.h"
#include "analyzer/pool.h"
#include "analyzer/shift.h"
#include "eval/reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double ours_q[OURS_Q] = {0.05, 0.01};

/* --- telling right from wrong --- */

static bool on_target(const struct truth *t, size_t metric, const bool *hosts, size_t n)
{
    bool any = false;
    for (size_t h = 0; h < n; h++)
        any |= hosts[h] && t->host[h];
    return t->fault && t->metric[metric] && any;
}

static void take(struct says *s, bool right)
{
    s->flag = true;
    s->hit |= right;
    s->findings++;
    s->wrong += !right;
}

/* --- layers and reference: the same scores, the same bars --- */

static bool passes(const struct layer_score *s, double bar, double least)
{
    return s->known && !s->recovered && s->p <= bar && s->effect >= least;
}

/* Mean of a metric over minutes [from, to) from the pivot and hosts [first, last). */
static double mean_of(const struct draw *d, size_t m, size_t first, size_t last,
                      int from, int to)
{
    double sum = 0;
    for (size_t h = first; h < last; h++)
        for (int row = from; row < to; row++)
            sum += *draw_at(d, h, (size_t)(DRAW_BACK + row), m);
    return sum / (double)(last - first) / (to - from);
}

/* What a false finding looks like to the eye. */
static void tell(const struct ours *o, const struct layer_score *s, size_t m,
                 const size_t *host)
{
    const struct draw *d = o->stage->draw;
    size_t n = d->is.n_changed, first = host != NULL ? *host : 0;
    size_t last = host != NULL ? *host + 1 : n;
    char who[16] = "group";
    if (host != NULL)
        snprintf(who, sizeof who, "host %zu", *host);
    fprintf(o->tell,
            "%s %s %s z=%.2f p=%.2g effect=%.3f like=%d/%d "
            "before60=%.4g before30=%.4g after=%.4g last=%.4g "
            "others: %.4g %.4g minute=%u\n",
            o->about, who, d->metric[m], s->z, s->p, s->effect, s->moments_like,
            s->moments, mean_of(d, m, first, last, -60, -30),
            mean_of(d, m, first, last, -30, 0),
            mean_of(d, m, first, last, 5, o->minutes),
            mean_of(d, m, first, last, o->minutes - 3, o->minutes),
            mean_of(d, m, n, d->n_hosts, -30, 0),
            mean_of(d, m, n, d->n_hosts, 5, o->minutes), d->minute);
}

static void say_layers(const struct ours *o, const struct layers *y, double q,
                       bool tells, struct says *ret)
{
    const struct draw *d = o->stage->draw;
    double group = layers_group_bar(y, q), host = layers_host_bar(y, q);
    bool all[DRAW_CHANGED_MAX], one[DRAW_CHANGED_MAX] = {false};
    size_t n = d->is.n_changed;
    memset(all, true, sizeof all);
    for (size_t m = 0; m < d->is.n_metrics; m++) {
        if (passes(&y->group[m], group, OURS_GROUP_FLOOR)) {
            bool right = on_target(o->truth, m, all, n);
            take(ret, right);
            if (tells && !right)
                tell(o, &y->group[m], m, NULL);
        }
        for (size_t h = 0; h < n; h++) {
            if (!passes(&y->host[m * n + h], host, OURS_HOST_FLOOR))
                continue;
            one[h] = true;
            bool right = on_target(o->truth, m, one, n);
            take(ret, right);
            one[h] = false;
            if (tells && !right)
                tell(o, &y->host[m * n + h], m, &h);
        }
    }
}

static void say_z(const struct layer_score *s, const struct truth *t, struct says *ret)
{
    ret->score = s->known && !s->recovered ? fabs(s->z) : 0;
    if (ret->score >= OURS_Z)
        take(ret, t->fault);
}

static void say_all(const struct ours *o, const struct layers *y, bool tells,
                    struct says by_q[OURS_Q], struct says *by_z)
{
    for (int i = 0; i < OURS_Q; i++)
        say_layers(o, y, ours_q[i], tells && i == 0, &by_q[i]);
    say_z(&y->host[0], o->truth, by_z);
}

static int ask_layers(const struct ours *o, instant ends, struct ours_says *ret,
                      struct err *err)
{
    const struct stage *s = o->stage;
    const struct windows_rule *w = &o->rules->windows[s->change.kind];
    OWNED_LINEUP l = {0};
    OWNED_CONTROLS k = {0};
    OWNED_SERIES list = {0};
    OWNED_LAYERS y = {0};
    if (align(&s->change, NULL, 0, &s->panel, w, ends, &l, err) < 0 ||
        control_choose(&l, &k, err) < 0 ||
        series_list(&l, o->rules, ruleset_for_series, &list, err) < 0 ||
        layers_score(&l, &k, &list, &y, err) < 0)
        return -1;
    say_all(o, &y, o->tell != NULL, ret->layers, &ret->layers_z);
    return 0;
}

static int ask_reference(const struct ours *o, struct ours_says *ret, struct err *err)
{
    OWNED_LAYERS y = {0};
    if (reference_score(o->reference, o->look, &y, err) < 0)
        return -1;
    say_all(o, &y, false, ret->reference, &ret->reference_z);
    return 0;
}

/* --- the judge --- */

static size_t metric_of(const struct draw *d, const struct finding *f)
{
    size_t m = 0;
    while (m + 1 < d->is.n_metrics &&
           (f->metric == NULL || strcmp(d->metric[m], f->metric) != 0))
        m++;
    return m;
}

/* Hosts that a finding speaks of; none named means all. */
static void hosts_of(const struct stage *s, const struct finding *f, bool *ret)
{
    bool any = false;
    for (size_t h = 0; h < s->change.n_hosts; h++) {
        ret[h] = f->host != NULL && strcmp(f->host, s->name[h]) == 0;
        for (size_t i = 0; i < f->n_hosts; i++)
            ret[h] |= strcmp(f->hosts[i].name, s->name[h]) == 0;
        any |= ret[h];
    }
    for (size_t h = 0; h < s->change.n_hosts && !any; h++)
        ret[h] = true;
}

static int ask_judge(const struct ours *o, instant ends, struct ours_says *ret,
                     struct err *err)
{
    const struct stage *s = o->stage;
    const struct windows_rule *w = &o->rules->windows[s->change.kind];
    span look = instant_since(ends, s->pivot);
    struct judge_case jc = {
        .rules = o->rules,
        .change = &s->change,
        .panel = &s->panel,
        .checkpoint = {.at = instant_add(ends, w->late), .ends = ends, .look = look},
        .looks_done = 1,
        .looks_all = (int)w->n_looks};
    OWNED_VERDICT *v = NULL;
    if (judge(&jc, &v, err) < 0)
        return -1;
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        bool hosts[DRAW_CHANGED_MAX];
        if (f->grade != GRADE_ATTENTION && f->grade != GRADE_MUST_HANDLE)
            continue;
        hosts_of(s, f, hosts);
        bool right =
            on_target(o->truth, metric_of(s->draw, f), hosts, s->change.n_hosts);
        take(&ret->attention, right);
        if (f->grade == GRADE_MUST_HANDLE)
            take(&ret->must, right);
    }
    return 0;
}

int ours_ask(const struct ours *o, struct ours_says *ret_says, struct err *err)
{
    instant ends = instant_add(o->stage->pivot, span_seconds(o->minutes * 60));
    *ret_says = (struct ours_says){0};
    stage_show(o->stage, o->minutes);
    return (o->layers && ask_layers(o, ends, ret_says, err) < 0) ||
                   ask_reference(o, ret_says, err) < 0 ||
                   ask_judge(o, ends, ret_says, err) < 0
               ? -1
               : 0;
}
