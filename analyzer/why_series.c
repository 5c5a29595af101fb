/* analyzer/why_series.c - numbers of levels, spikes and limits.
 *
 * What must hold: it only tells what was found; the bars are asked through the same
 * functions that graded.  Pure, any thread. */
#include "analyzer/why_series.h"

#include "analyzer/shift.h"
#include "rules/figures.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES_MAX = 12 };

static const char *const base_name[] = {
    [BASE_NONE] = "nothing to compare with",
    [BASE_HABIT] = "pretended changes of its own past",
    [BASE_CONTROLS] = "what unchanged hosts did in the same minutes",
    [BASE_PARTS] = "how parts of the window before differ",
    [BASE_OLD] = "old hosts in the same minutes",
};

void why_frame(const struct frame *f, struct explain *e)
{
    explain_open(e, "windows", "windows");
    explain_time(e, "before_from", "before, from", f->before_from);
    explain_time(e, "before_to", "before, to", f->before_to);
    explain_time(e, "after_from", "after, from", f->after_from);
    explain_time(e, "after_to", "after, to", f->after_to);
    explain_close(e, true);
}

/* --- points --- */

/* How many points there should have been, and so how many are not there. */
static size_t missing(size_t n, double share)
{
    double expected = share > 0 ? (double)n / share : 0;
    return expected > (double)n ? (size_t)(expected - (double)n + 0.5) : 0;
}

static void tell_points(const struct cut *c, struct explain *e)
{
    explain_count(e, "points_before", "points used before", c->n_before);
    explain_count(e, "points_before_missing", "of those to expect, missing",
                  missing(c->n_before, c->share_before));
    explain_count(e, "points_after", "points used after", c->n_after);
    explain_count(e, "points_after_missing", "of those to expect, missing",
                  missing(c->n_after, c->share_after));
}

/* --- scores and bars --- */

static void tell_bar(const char *key, const struct level_trial *t, struct explain *e)
{
    if (!t->set)
        return;
    explain_open(e, key, "bar of %s", key);
    if (!isnan(t->p_most)) {
        explain_num(e, "q", "rate of false findings", t->q, NULL);
        explain_num(e, "p_bar", "p must be at most (all series)", t->p_most, NULL);
        explain_yes(e, "p_met", "and it is", t->p_met);
    }
    if (!isnan(t->z_asked)) {
        explain_num(e, "z_asked", "z must be at least", t->z_asked, NULL);
        explain_yes(e, "z_met", "and it is", t->z_met);
    }
    explain_share(e, "effect_asked", "effect must be at least", t->effect_asked);
    explain_share(e, "effect_counts", "the effect counts as", t->effect);
    explain_yes(e, "effect_met", "and it is", t->effect_met);
    explain_num(e, "delta_asked", "delta must be at least", t->delta_asked, NULL);
    explain_yes(e, "delta_met", "and it is", t->delta_met);
    explain_yes(e, "met", "all of it met", t->met);
    explain_close(e, true);
}

/* In one sentence, why the grade is what it is. */
static const char *outcome(const struct rule *r, const struct score *s,
                           const struct level_trial *must,
                           const struct level_trial *attention)
{
    if (s->base == BASE_NONE)
        return "there is nothing that tells how much it moves by itself";
    if (!level_is_worse(r->worse, s))
        return "it moved in the good direction, or not at all";
    if (s->grade == GRADE_MUST_HANDLE)
        return "the bar of must-handle is met";
    if (s->grade == GRADE_ATTENTION && s->capped)
        return "the bar of must-handle is met, but there are not enough unchanged "
               "hosts "
               "to compare with";
    if (s->grade == GRADE_ATTENTION && must->met)
        return "the bar of must-handle is met, but one figure of one host alone is "
               "attention at most";
    if (s->grade == GRADE_ATTENTION)
        return s->together ? "several hosts moved this way: the bar of attention is met"
                           : "the bar of attention is met";
    const struct level_trial *t = attention->set ? attention : must;
    if (!t->set)
        return "the rule has no bar for it";
    if (!t->p_met || !t->z_met)
        return "it is not unusual enough: p is above the bar";
    return !t->effect_met ? "the effect is below the rule's floor"
                          : "the delta is below the rule's floor";
}

struct bars {
    struct level_bars must, attention;
};

static void tell_score(const struct rule *r, const struct score *s,
                       const struct bars *bars, struct explain *e)
{
    const char *unit = r->unit;
    explain_text(e, "base", "compared with", base_name[s->base]);
    explain_num(e, "before", "mean before", s->before, unit);
    explain_num(e, "after", "mean after", s->after, unit);
    explain_num(e, "control_before", "unchanged hosts, before", s->control_before,
                unit);
    explain_num(e, "control_after", "unchanged hosts, after", s->control_after, unit);
    explain_num(e, "control_move", "unchanged hosts, move",
                s->control_after - s->control_before, unit);
    explain_num(e, "move", "move net of them, in logs", s->move, NULL);
    explain_num(e, "expected", "after, had it moved as they did", s->expected, unit);
    explain_share(e, "effect", "effect (relative change)", s->effect);
    explain_num(e, "delta", "delta (net change)", s->delta, unit);
    explain_share(e, "usual", "usual move at this hour", s->usual);
    explain_num(e, "spread", "spread of such moves",
                s->z != 0 ? fabs(s->move / s->z) : NAN, NULL);
    explain_num(e, "z", "z", s->z, NULL);
    explain_num(e, "p", "p", s->p, NULL);
    explain_count(e, "moments", "ordinary moments looked at", (size_t)s->moments);
    explain_count(e, "moments_like", "of them, like this", (size_t)s->moments_like);
    explain_yes(e, "compared", "enough unchanged hosts", s->compared);
    explain_yes(e, "recovered", "it is over", s->recovered);
    if (!s->group)
        explain_yes(e, "together", "several hosts moved so", s->together);
    struct level_trial must = level_try(&r->must_handle, s, &bars->must);
    struct level_trial attention = level_try(&r->attention, s, &bars->attention);
    tell_bar("must-handle", &must, e);
    tell_bar("attention", &attention, e);
    explain_text(e, "grade", "grade", grade_name(s->grade));
    explain_text(e, "outcome", "because", outcome(r, s, &must, &attention));
}

static void tell_null(const struct habit_null *n, struct explain *e)
{
    if (n == NULL || !n->known)
        return;
    explain_open(e, "past", "its past");
    explain_share(e, "lambda", "share of the usual move (lambda)", n->lambda);
    explain_num(e, "usual_in_logs", "usual move, in logs", n->usual, NULL);
    explain_num(e, "null_spread", "spread of pretended changes", n->spread, NULL);
    explain_count(e, "days", "earlier days used", n->days);
    explain_count(e, "pretended", "pretended changes", n->n);
    explain_close(e, true);
}

/* --- one level --- */

static void tell_controls(const struct level *l, struct explain *e)
{
    explain_count(e, "controls", "unchanged hosts compared with", l->n_controls);
    explain_list(e, "control_hosts");
    OWNED_BUF names = {0};
    for (size_t i = 0; i < l->n_control_members; i++) {
        const char *host = l->control[i].unit->who.host;
        jsonw_text(&e->w, NULL, host);
        if (i < NAMES_MAX)
            buf_addf(&names, "%s%s", i > 0 ? ", " : "", host);
    }
    explain_list_end(e);
    if (l->n_control_members > NAMES_MAX)
        buf_addf(&names, " and %zu more", l->n_control_members - NAMES_MAX);
    if (l->n_control_members > 0)
        explain_say(e, "unchanged hosts that have it: %s", buf_text(&names));
}

/* Where the habit holds what the past taught of a level. */
static const struct series *series_of(const struct why_desk *d, const struct level *l,
                                      size_t *ret_i)
{
    if (d->habit == NULL || l->n == 0 || l->fresh)
        return NULL;
    for (size_t i = 0; i < d->series->n; i++)
        if (d->series->at[i].member == l->host[0].member) {
            *ret_i = i;
            return &d->series->at[i];
        }
    return NULL;
}

static void tell_host(const struct why_desk *d, const struct level *l, size_t k,
                      const struct series *of, const struct bars *bars,
                      struct explain *e)
{
    const struct level_host *h = &l->host[k];
    const char *host = h->member->slot->host;
    explain_open(e, NULL, "%s", host != NULL ? host : "the service as a whole");
    if (host != NULL)
        jsonw_text(&e->w, "host", host);
    explain_time(e, "pivot", "changed at", h->member->slot->pivot);
    why_frame(&h->member->slot->frame, e);
    tell_points(&h->cut, e);
    explain_yes(e, "judged", "judged", h->judged);
    if (!h->judged)
        explain_text(e, "why_not", "why not", unjudged_words(h->why));
    else
        tell_score(l->rule, &h->score, bars, e);
    if (h->judged && of != NULL && h->score.base == BASE_HABIT)
        tell_null(&d->habit->null[h->member - d->series->member], e);
    explain_close(e, true);
}

static void tell_level(const struct why_desk *d, const struct level *l,
                       struct level_layers *layers, struct explain *e)
{
    size_t at = 0;
    const struct series *of = series_of(d, l, &at);
    const struct rule *r = l->rule;
    const struct bars groups = {level_bars(layers, r, GRADE_MUST_HANDLE, true),
                                level_bars(layers, r, GRADE_ATTENTION, true)};
    const struct bars hosts = {level_bars(layers, r, GRADE_MUST_HANDLE, false),
                               level_bars(layers, r, GRADE_ATTENTION, false)};
    explain_open(e, NULL, "series %s%s%s", l->metric,
                 l->service != NULL && l->service[0] != '\0' ? " of service " : "",
                 l->service != NULL ? l->service : "");
    jsonw_text(&e->w, "metric", l->metric);
    jsonw_text(&e->w, "service", l->service);
    explain_count(e, "hosts_changed", "changed hosts", l->n);
    explain_count(e, "hosts_judged", "of them, judged", l->n_judged);
    explain_share(e, "needs_points", "share of points a host needs", r->needs.points);
    tell_controls(l, e);
    if (l->has_group) {
        explain_open(e, "group", "all changed hosts as one");
        tell_score(r, &l->group, &groups, e);
        tell_null(
            of != NULL && l->group.base == BASE_HABIT ? &d->habit->group[at] : NULL, e);
        explain_close(e, true);
    }
    explain_list(e, "hosts");
    for (size_t k = 0; k < l->n; k++)
        tell_host(d, l, k, of, &hosts, e);
    explain_list_end(e);
    explain_close(e, true);
}

int why_levels(const struct why_desk *d, const struct rule *r, const struct level *l,
               size_t n, struct explain *e, struct err *err)
{
    struct level_layers layers;
    if (level_layers_make(&layers, l, n) < 0)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        if (strcmp(l[i].rule->id, r->id) == 0)
            tell_level(d, &l[i], &layers, e);
    }
    level_layers_free(&layers);
    return 0;
}

/* --- spikes --- */

static void tell_spike(const struct spike *s, struct explain *e)
{
    const char *host = s->member->slot->host;
    explain_open(e, NULL, "%s", host != NULL ? host : "the service as a whole");
    if (host != NULL)
        jsonw_text(&e->w, "host", host);
    explain_count(e, "points_beyond", "points beyond after", (size_t)s->n);
    explain_count(e, "points", "of points after", (size_t)s->of);
    explain_num(e, "level", "median before", s->level, NULL);
    explain_num(e, "far", "counts from", s->far, NULL);
    explain_num(e, "z", "z", s->z, NULL);
    explain_num(e, "p", "p", s->p, NULL);
    explain_count(e, "moments", "ordinary moments looked at", (size_t)s->moments);
    explain_count(e, "moments_like", "of them, like this", (size_t)s->moments_like);
    explain_count(e, "controls", "unchanged hosts asked", s->controls);
    explain_count(e, "controls_like", "of them, like this", s->controls_like);
    explain_yes(e, "over", "a burst that is past", s->over);
    explain_text(e, "grade", "grade", grade_name(s->grade));
    explain_close(e, true);
}

static void tell_spikes(const struct spikes *s, struct explain *e)
{
    explain_open(e, NULL, "spikes of %s", s->metric);
    jsonw_text(&e->w, "metric", s->metric);
    explain_count(e, "hosts_asked", "hosts with enough points", s->n_asked);
    explain_list(e, "hosts");
    for (size_t i = 0; i < s->n; i++)
        tell_spike(&s->at[i], e);
    explain_list_end(e);
    explain_close(e, true);
}

/* --- limits and conditions --- */

void why_condition(const struct condition *c, const double *value, struct explain *e)
{
    static const char *const truth[] = {[CONDITION_FALSE] = "false",
                                        [CONDITION_TRUE] = "true",
                                        [CONDITION_UNKNOWN] = "unknown"};
    struct condition_part part[CONDITION_PARTS_MAX];
    size_t n = condition_explain(c, value, part);
    explain_open(e, "condition", "condition %s", condition_text(c));
    jsonw_text(&e->w, "text", condition_text(c));
    explain_list(e, "parts");
    for (size_t i = 0; i < n; i++) {
        OWNED_BUF text = {0};
        condition_part_write(c, &part[i], &text);
        jsonw_open(&e->w, NULL);
        jsonw_text(&e->w, "says", buf_text(&text));
        jsonw_num(&e->w, "left", part[i].left);
        jsonw_num(&e->w, "right", part[i].right);
        jsonw_text(&e->w, "truth", truth[part[i].truth]);
        jsonw_close(&e->w);
        explain_say(e, "%s", buf_text(&text));
    }
    explain_list_end(e);
    explain_text(e, "truth", "all of it", truth[condition_ask(c, value, NULL)]);
    explain_close(e, true);
}

static void tell_limit_host(const struct limit_check *c, const struct limit_host *h,
                            struct explain *e)
{
    const char *host = h->member->slot->host, *unit = c->rule->unit;
    explain_open(e, NULL, "%s", host != NULL ? host : "the service as a whole");
    if (host != NULL)
        jsonw_text(&e->w, "host", host);
    explain_time(e, "pivot", "changed at", h->member->slot->pivot);
    why_frame(&h->member->slot->frame, e);
    explain_count(e, "points_after", "last points after", (size_t)h->n_after);
    explain_count(e, "over_after", "of them, beyond it", (size_t)h->over_after);
    explain_count(e, "points_before", "last points before", (size_t)h->n_before);
    explain_count(e, "over_before", "of them, beyond it", (size_t)h->over_before);
    explain_num(e, "before", "mean of those before", h->before, unit);
    explain_num(e, "after", "mean of those after", h->after, unit);
    if (c->when != NULL) {
        double value[FIGURE_SERIES_N];
        limit_figures(c, h, value);
        why_condition(c->when->when.condition, value, e);
        if (c->when->hold.of > 0)
            explain_say(e, "(held against each of the last points; the values here are "
                           "of their mean)");
    }
    explain_text(e, "outcome", "outcome",
                 h->broken && c->excused ? "broken, as on most unchanged hosts"
                 : h->broken             ? "broken"
                 : h->over_after == 0    ? "not broken: no point after is beyond it"
                 : h->over_before > 0    ? "not broken now: it was so before"
                                         : "not broken: too few points are beyond it");
    explain_close(e, true);
}

static void tell_limit(const struct limit_check *c, struct explain *e)
{
    OWNED_BUF words = {0};
    limit_words(c, &words);
    explain_open(e, NULL, "limit on %s: %s", c->metric, buf_text(&words));
    jsonw_text(&e->w, "metric", c->metric);
    jsonw_text(&e->w, "limit", buf_text(&words));
    explain_text(e, "grade_if_broken", "grade, if broken", grade_name(c->grade));
    explain_count(e, "hosts_judged", "hosts with enough points", c->n);
    explain_count(e, "without_before", "too few points before", c->without_before);
    explain_count(e, "without_after", "too few points after", c->without_after);
    explain_count(e, "broken", "broken on", c->n_broken);
    explain_count(e, "controls", "unchanged hosts asked", c->n_controls);
    explain_count(e, "controls_over", "of them, beyond it", c->controls_over);
    explain_list(e, "hosts");
    for (size_t i = 0; i < c->n; i++)
        tell_limit_host(c, &c->host[i], e);
    explain_list_end(e);
    explain_close(e, true);
}

void why_limits(const struct why_desk *d, const struct rule *r, struct explain *e)
{
    explain_list(e, "limits");
    for (size_t i = 0; i < d->n_limits; i++)
        if (strcmp(d->limit[i].rule->id, r->id) == 0)
            tell_limit(&d->limit[i], e);
    explain_list_end(e);
}

/* --- all --- */

int why_series(const struct why_desk *d, const struct rule *r, struct explain *e,
               struct err *err)
{
    explain_list(e, "levels");
    if (why_levels(d, r, d->level, d->n_levels, e, err) < 0)
        return -1;
    explain_list_end(e);
    explain_list(e, "spikes");
    for (size_t i = 0; i < d->n_spikes; i++)
        if (d->spikes[i].n > 0 && strcmp(d->spikes[i].rule->id, r->id) == 0)
            tell_spikes(&d->spikes[i], e);
    explain_list_end(e);
    why_limits(d, r, e);
    return 0;
}
