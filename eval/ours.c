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

static void say_layers(const struct ours *o, const struct layers *y, double q,
                       struct says *ret)
{
    const struct draw *d = o->stage->draw;
    double group = layers_group_bar(y, q), host = layers_host_bar(y, q);
    bool all[DRAW_CHANGED_MAX], one[DRAW_CHANGED_MAX] = {false};
    size_t n = d->is.n_changed;
    memset(all, true, sizeof all);
    for (size_t m = 0; m < d->is.n_metrics; m++) {
        if (passes(&y->group[m], group, OURS_GROUP_FLOOR)) {
            take(ret, on_target(o->truth, m, all, n));
        }
        for (size_t h = 0; h < n; h++) {
            if (!passes(&y->host[m * n + h], host, OURS_HOST_FLOOR))
                continue;
            one[h] = true;
            take(ret, on_target(o->truth, m, one, n));
            one[h] = false;
        }
    }
}

static void say_z(const struct layer_score *s, const struct truth *t, struct says *ret)
{
    ret->score = s->known && !s->recovered ? fabs(s->z) : 0;
    if (ret->score >= OURS_Z)
        take(ret, t->fault);
}

static void say_all(const struct ours *o, const struct layers *y,
                    struct says by_q[OURS_Q], struct says *by_z)
{
    for (int i = 0; i < OURS_Q; i++)
        say_layers(o, y, ours_q[i], &by_q[i]);
    say_z(&y->host[0], o->truth, by_z);
}

int ours_layers(const struct stage *s, const struct ruleset *rules, instant ends,
                struct layers *ret_layers, struct err *err)
{
    const struct windows_rule *w = &rules->windows[s->change.kind];
    OWNED_LINEUP l = {0};
    OWNED_CONTROLS k = {0};
    OWNED_SERIES list = {0};
    return align(&s->change, NULL, 0, &s->panel, w, ends, &l, err) < 0 ||
                   control_choose(&l, &k, err) < 0 ||
                   series_list(&l, rules, ruleset_for_series, &list, err) < 0 ||
                   layers_score(&l, &k, &list, ret_layers, err) < 0
               ? -1
               : 0;
}

static int ask_layers(const struct ours *o, instant ends, struct ours_says *ret,
                      struct err *err)
{
    OWNED_LAYERS y = {0};
    if (ours_layers(o->stage, o->rules, ends, &y, err) < 0)
        return -1;
    say_all(o, &y, ret->layers, &ret->layers_z);
    return 0;
}

static int ask_reference(const struct ours *o, struct ours_says *ret, struct err *err)
{
    OWNED_LAYERS y = {0};
    if (reference_score(o->reference, o->look, &y, err) < 0)
        return -1;
    say_all(o, &y, ret->reference, &ret->reference_z);
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

/* Mean of a metric over minutes [from, to) from the pivot, of these hosts. */
static double mean_of(const struct draw *d, size_t m, const bool *hosts, int from,
                      int to)
{
    double sum = 0;
    size_t n = 0;
    for (size_t h = 0; h < d->is.n_changed; h++)
        for (int row = from; row < to && hosts[h]; row++, n++)
            sum += *draw_at(d, h, (size_t)(DRAW_BACK + row), m);
    return sum / (double)n;
}

/* What a false finding looks like to the eye. */
static void tell(const struct ours *o, const struct finding *f, const bool *hosts)
{
    const struct draw *d = o->stage->draw;
    size_t m = metric_of(d, f), n = 0;
    for (size_t h = 0; h < d->is.n_changed; h++)
        n += hosts[h];
    fprintf(o->tell,
            "%s %s %s: %s of %zu hosts (%s): before60=%.4g before30=%.4g after=%.4g "
            "last=%.4g minute=%u\n",
            o->about, grade_name(f->grade), f->host != NULL ? f->host : "all",
            d->metric[m], n, f->because, mean_of(d, m, hosts, -60, -30),
            mean_of(d, m, hosts, -30, 0), mean_of(d, m, hosts, 5, o->minutes),
            mean_of(d, m, hosts, o->minutes - 3, o->minutes), d->minute);
}

static int judge_stage(const struct stage *s, const struct ruleset *rules, instant ends,
                       struct verdict **ret, struct err *err)
{
    const struct windows_rule *w = &rules->windows[s->change.kind];
    span look = instant_since(ends, s->pivot);
    struct judge_case jc = {
        .rules = rules,
        .change = &s->change,
        .panel = &s->panel,
        .checkpoint = {.at = instant_add(ends, w->late), .ends = ends, .look = look},
        .looks_done = 1,
        .looks_all = (int)w->n_looks};
    return judge(&jc, ret, err);
}

int ours_grade(const struct stage *s, const struct ruleset *rules, instant ends,
               enum grade *ret_grade, struct err *err)
{
    OWNED_VERDICT *v = NULL;
    if (judge_stage(s, rules, ends, &v, err) < 0)
        return -1;
    *ret_grade = v->grade;
    return 0;
}

static int ask_judge(const struct ours *o, instant ends, struct ours_says *ret,
                     struct err *err)
{
    const struct stage *s = o->stage;
    OWNED_VERDICT *v = NULL;
    if (judge_stage(s, o->rules, ends, &v, err) < 0)
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
        if (o->tell != NULL && !right)
            tell(o, f, hosts);
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
