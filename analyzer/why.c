/* analyzer/why.c - one rule and one change, told from the end: the rule, where it came
 * from, what was compared, what came out, and when nothing did, why.
 *
 * What must hold: it changes nothing and judges nothing; the verdict has the same bytes
 * whether it is asked or not.  Pure, any thread. */
#include "analyzer/why.h"

#include "analyzer/silence.h"
#include "analyzer/why_events.h"
#include "analyzer/why_series.h"
#include "rules/figures.h"
#include "rules/show.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NEAR_MAX = 5 };

static bool is(const struct rule *a, const struct rule *b)
{
    return a != NULL && strcmp(a->id, b->id) == 0;
}

/* --- the change and the rule --- */

static void tell_change(const struct why_desk *d, struct explain *e)
{
    const struct change *c = d->jc->change;
    const struct windows_rule *w = &d->rules->windows[c->kind];
    char text[SPAN_TEXT_MAX];
    explain_open(e, "change", "change %s", c->change_id);
    jsonw_text(&e->w, "change_id", c->change_id);
    explain_text(e, "title", "title", c->title);
    explain_text(e, "kind", "kind", change_kind_name(c->kind));
    explain_text(e, "service", "service", c->service);
    explain_time(e, "start", "started", c->start);
    explain_text(e, "rules", "rules", d->verdict->pack);
    explain_text(e, "grade", "grade of the change", grade_name(d->verdict->grade));
    explain_open(e, "look", "the look");
    explain_count(e, "no", "number", (size_t)d->jc->looks_done);
    explain_count(e, "of", "of", (size_t)d->jc->looks_all);
    explain_time(e, "at", "judged as of", d->jc->checkpoint.at);
    explain_time(e, "ends", "samples up to", d->jc->checkpoint.ends);
    explain_text(e, "before", "window before", span_text(w->before, text));
    explain_text(e, "settle", "left out after the change", span_text(w->settle, text));
    explain_text(e, "covers", "look", span_text(d->jc->checkpoint.look, text));
    explain_text(e, "step", "rows of", span_text(d->lineup->step, text));
    explain_close(e, true);
    explain_close(e, true);
}

static void tell_field(const char *path, const char *value, const char *whence,
                       void *arg)
{
    struct explain *e = arg;
    jsonw_open(&e->w, NULL);
    jsonw_text(&e->w, "field", path);
    jsonw_text(&e->w, "value", value);
    jsonw_text(&e->w, "from", whence);
    jsonw_close(&e->w);
    explain_say(e, "%-20s  %-34s  %s", path, value, whence);
}

static void tell_exceptions(const struct rule *r, struct explain *e)
{
    explain_list(e, "exceptions");
    for (size_t i = 0; i < r->except.n; i++) {
        const struct exception *x = &r->except.at[i];
        explain_open(e, NULL, "exception by %s",
                     x->by != NULL ? x->by : "nobody named");
        explain_text(e, "reason", "reason", x->reason);
        explain_time(e, "until", "until", x->until);
        explain_text(e, "file", "file", r->file);
        explain_count(e, "line", "line", x->at != NULL ? x->at->line : 0);
        explain_close(e, true);
    }
    explain_list_end(e);
}

static void tell_rule(const struct rule *r, struct explain *e)
{
    explain_open(e, "rule", "rule %s: %s", r->id, r->title);
    jsonw_text(&e->w, "id", r->id);
    jsonw_text(&e->w, "title", r->title);
    explain_text(e, "about", "about", subject_name(r->subject));
    explain_text(e, "file", "file", r->file);
    explain_count(e, "line", "line", r->line);
    explain_yes(e, "shadow", "in shadow (shown, never counted)", r->shadow);
    explain_list(e, "fields");
    show_each(r, tell_field, e);
    explain_list_end(e);
    tell_exceptions(r, e);
    explain_close(e, true);
}

/* --- why a rule does not speak --- */

static void tell_out_of_force(const struct why_desk *d, const struct rule *r,
                              struct explain *e)
{
    const struct change *c = d->jc->change;
    const struct scope *s = &r->on;
    const char *why = "its scope does not fit the labels of the change";
    if (s->kinds != 0 && (s->kinds & 1u << c->kind) == 0)
        why = "its scope leaves out changes of this kind";
    else if (!matches_allow(&s->service, c->service))
        why = "its scope leaves out this service";
    explain_yes(e, "applies", "applies to the change", false);
    explain_text(e, "why_nothing", "why", why);
}

/* The names nearest to what the rule is about, among those that were there. */
static void tell_nearest(const struct why_desk *d, const struct rule *r,
                         struct explain *e)
{
    const char **name = calloc(d->series->n + d->fresh->n + 1, sizeof *name);
    size_t n = 0;
    if (name == NULL)
        return;
    for (size_t i = 0; i < d->series->n; i++)
        name[n++] = d->series->at[i].metric;
    for (size_t i = 0; i < d->fresh->n; i++)
        name[n++] = d->fresh->at[i].metric;
    explain_count(e, "series_there", "series that there were", n);
    explain_list(e, "nearest");
    for (size_t i = 0; i < r->pattern.n && i < NEAR_MAX; i++) {
        const char *near = nearest_name(r->pattern.at[i].text, name);
        if (near == NULL)
            continue;
        jsonw_text(&e->w, NULL, near);
        explain_say(e, "%s: the nearest name there is %s", r->pattern.at[i].text, near);
    }
    explain_list_end(e);
    free(name);
}

/* Series that its pattern fits and another rule speaks for. */
static void tell_others(const struct why_desk *d, const struct rule *r,
                        struct explain *e)
{
    size_t told = 0;
    explain_list(e, "spoken_for_by_others");
    for (size_t i = 0; i < d->series->n; i++) {
        const struct series *s = &d->series->at[i];
        if (s->rule == NULL || is(s->rule, r) || rule_fit(r, s->metric) == 0)
            continue;
        jsonw_open(&e->w, NULL);
        jsonw_text(&e->w, "metric", s->metric);
        jsonw_text(&e->w, "rule", s->rule->id);
        jsonw_close(&e->w);
        if (told++ < NEAR_MAX)
            explain_say(e, "%s fits, but rule %s fits it as well or better", s->metric,
                        s->rule->id);
    }
    explain_list_end(e);
}

/* How much of what was judged is this rule's. */
static size_t matters(const struct why_desk *d, const struct rule *r)
{
    size_t n = 0;
    for (size_t i = 0; i < d->n_levels; i++)
        n += is(d->level[i].rule, r);
    for (size_t i = 0; i < d->n_limits; i++)
        n += is(d->limit[i].rule, r);
    for (size_t i = 0; i < d->calls->n; i++)
        n += is(d->calls->test[i].rule, r);
    for (size_t i = 0; i < d->calls->n_latency; i++)
        n += is(d->calls->latency[i].rule, r);
    for (size_t i = 0; i < d->alarms->n; i++)
        n += is(d->alarms->at[i].rule, r);
    for (size_t i = 0; i < d->tests->n; i++)
        n += is(d->tests->at[i].rule, r);
    for (size_t i = 0; i < d->probes->n; i++)
        n += is(d->probes->at[i].rule, r);
    n += d->crashes->judged && is(d->crashes->rule, r);
    n += d->relief->judged && is(d->relief->rule, r);
    for (size_t i = 0; i < d->fresh_calls->n; i++)
        n += is(d->fresh_calls->at[i].test.rule, r);
    if (r->subject == SUBJECT_SILENCE)
        n += silence_count(d->rules, d->jc->change, r, d->pulses).asked;
    return n;
}

/* --- calls --- */

static void call_figures(const struct call_test *t, double *value)
{
    value[FIGURE_CALLS_AFTER] = t->after;
    value[FIGURE_CALLS_BEFORE] = t->before;
    value[FIGURE_CALLS_DELTA] = t->delta;
    value[FIGURE_CALLS_RATIO] = t->after / t->before;
    value[FIGURE_CALLS_CONTROL] = t->control_after;
    value[FIGURE_CALLS_CONTROL_BEFORE] = t->control_before;
    value[FIGURE_CALLS_ERRORS] = t->events_after;
    value[FIGURE_CALLS_ERRORS_BEFORE] = t->events_before;
    value[FIGURE_CALLS_COUNT] = t->of_after;
    value[FIGURE_CALLS_COUNT_BEFORE] = t->of_before;
}

static void tell_call_bar(const char *key, const struct call_test *t,
                          const struct bar *b, const struct calls *all,
                          struct explain *e)
{
    if (!b->set)
        return;
    double bar = calls_bar(all, b->q);
    explain_open(e, key, "bar of %s", key);
    if (b->when.condition != NULL) {
        double value[FIGURE_CALLS_N];
        call_figures(t, value);
        why_condition(b->when.condition, value, e);
    } else {
        explain_num(e, "q", "q of the rule", b->q, NULL);
        explain_num(e, "p_bar", "p must be at most (all calls)", b->q > 0 ? bar : 1,
                    NULL);
        explain_share(e, "effect_asked", "effect must be at least", b->effect);
        explain_num(e, "delta_asked", "delta must be at least", b->delta, NULL);
        explain_num(e, "count_asked", "bad calls must be at least", b->count, NULL);
    }
    explain_yes(e, "met", "all of it met", call_meets(b, t, bar));
    explain_close(e, true);
}

static void tell_call_test(const struct call_test *t, const struct calls *all,
                           struct explain *e)
{
    explain_open(e, NULL, "%s of %s%s%s", measure_name(t->measure), t->edge->name,
                 t->code != NULL ? ", code " : "", t->code != NULL ? t->code : "");
    jsonw_text(&e->w, "edge", t->edge->name);
    jsonw_text(&e->w, "measure", measure_name(t->measure));
    if (t->code != NULL)
        jsonw_text(&e->w, "code", t->code);
    explain_yes(e, "judged", "judged", t->judged);
    if (!t->judged)
        explain_text(e, "why_not", "why not", unjudged_words(t->why));
    explain_num(e, "events_before", "counted before", t->events_before, NULL);
    explain_num(e, "of_before", "of", t->of_before, NULL);
    explain_num(e, "events_after", "counted after", t->events_after, NULL);
    explain_num(e, "of_after", "of", t->of_after, NULL);
    explain_num(e, "before", "before", t->before, NULL);
    explain_num(e, "after", "after", t->after, NULL);
    explain_num(e, "control_before", "unchanged hosts, before", t->control_before,
                NULL);
    explain_num(e, "control_after", "unchanged hosts, after", t->control_after, NULL);
    if (t->judged) {
        explain_num(e, "expected", "expected after", t->expected, NULL);
        explain_share(e, "effect", "effect (relative change)", t->effect);
        explain_num(e, "delta", "delta (net change)", t->delta, NULL);
        explain_num(e, "p", "p", t->p, NULL);
        tell_call_bar("must-handle", t, &t->rule->must_handle, all, e);
        tell_call_bar("attention", t, &t->rule->attention, all, e);
        explain_yes(e, "worse", "in the bad direction", call_is_worse(t));
        explain_yes(e, "recovered", "it is over", t->recovered);
        explain_yes(e, "covered", "told by a finding on failures", t->covered);
    }
    explain_text(e, "grade", "grade", grade_name(t->grade));
    explain_close(e, true);
}

/* New hosts against the old ones in the same minutes. */
static void tell_fresh_call(const struct fresh_call *c, struct explain *e)
{
    const struct call_test *t = &c->test;
    explain_open(e, NULL, "%s of %s%s%s on new hosts", measure_name(t->measure),
                 t->edge->name, t->code != NULL ? ", code " : "",
                 t->code != NULL ? t->code : "");
    jsonw_text(&e->w, "edge", t->edge->name);
    jsonw_text(&e->w, "measure", measure_name(t->measure));
    if (t->code != NULL)
        jsonw_text(&e->w, "code", t->code);
    explain_yes(e, "judged", "judged", t->judged);
    if (!t->judged)
        explain_text(e, "why_not", "why not", unjudged_words(t->why));
    explain_count(e, "old_hosts", "old hosts compared with", c->n_old);
    explain_num(e, "old", "old hosts have", t->before, NULL);
    explain_num(e, "new", "new hosts have", t->after, NULL);
    explain_num(e, "p", "p", t->p, NULL);
    explain_num(e, "p_bar", "p must be at most", FRESH_CALLS_P, NULL);
    explain_list(e, "hosts");
    for (size_t i = 0; i < c->n; i++) {
        const struct fresh_share *s = &c->share[i];
        explain_open(e, NULL, "%s", s->host);
        jsonw_text(&e->w, "host", s->host);
        why_frame(&s->slot->frame, e);
        explain_num(e, "events", "counted", s->events, NULL);
        explain_num(e, "of", "of", s->of, NULL);
        explain_num(e, "old_events", "old hosts, counted", s->old_events, NULL);
        explain_num(e, "old_of", "of", s->old_of, NULL);
        explain_num(e, "tail_events", "counted in the last fifth", s->tail_events,
                    NULL);
        explain_num(e, "tail_of", "of", s->tail_of, NULL);
        explain_num(e, "expected", "expected, were it like them", s->expected, NULL);
        explain_num(e, "delta", "delta of the shares", s->delta, NULL);
        explain_num(e, "p", "p", s->p, NULL);
        explain_yes(e, "listed", "the finding speaks of it", s->listed);
        explain_close(e, true);
    }
    explain_list_end(e);
    explain_text(e, "grade", "grade", grade_name(t->grade));
    explain_close(e, true);
}

static int tell_calls(const struct why_desk *d, const struct rule *r, struct explain *e,
                      struct err *err)
{
    explain_list(e, "calls");
    for (size_t i = 0; i < d->calls->n; i++)
        if (is(d->calls->test[i].rule, r)) {
            tell_call_test(&d->calls->test[i], d->calls, e);
        }
    explain_list_end(e);
    explain_list(e, "new_hosts");
    for (size_t i = 0; i < d->fresh_calls->n; i++)
        if (is(d->fresh_calls->at[i].test.rule, r))
            tell_fresh_call(&d->fresh_calls->at[i], e);
    explain_list_end(e);
    explain_list(e, "latencies");
    if (why_levels(d, r, d->calls->latency, d->calls->n_latency, e, err) < 0)
        return -1;
    explain_list_end(e);
    why_limits(d, r, e);
    if (matters(d, r) > 0)
        return 0;
    explain_list(e, "edges_there");
    for (size_t i = 0; i < d->edges->n; i++) {
        jsonw_text(&e->w, NULL, d->edges->at[i].name);
        if (i < NEAR_MAX)
            explain_say(e, "calls that there were: %s", d->edges->at[i].name);
    }
    explain_list_end(e);
    return 0;
}

/* --- what came of it --- */

static void tell_finding(const struct finding *f, struct explain *e)
{
    explain_open(e, NULL, "finding: %s", f->because != NULL ? f->because : f->title);
    jsonw_text(&e->w, "because", f->because);
    explain_text(e, "grade", "grade", grade_name(f->grade));
    explain_text(e, "host", "host", f->host);
    explain_text(e, "metric", "metric", f->metric);
    explain_num(e, "before", "before", f->before, f->unit);
    explain_num(e, "after", "after", f->after, f->unit);
    explain_num(e, "delta", "change", f->delta, f->unit);
    explain_share(e, "effect", "effect", f->effect);
    explain_num(e, "z", "z", f->z, NULL);
    explain_num(e, "p", "p", f->p, NULL);
    explain_num(e, "confidence", "confidence", f->confidence, NULL);
    explain_time(e, "first_seen_at", "first seen", f->first_seen);
    if (finding_is_muted(f)) {
        explain_open(e, "muted", "muted, so it does not count");
        explain_text(e, "id", "mute", f->muted.id);
        explain_text(e, "author", "by", f->muted.author);
        explain_text(e, "reason", "reason", f->muted.reason);
        explain_time(e, "until", "until", f->muted.until);
        explain_close(e, true);
    }
    explain_close(e, true);
}

static size_t tell_findings(const struct why_desk *d, const struct rule *r,
                            struct explain *e)
{
    size_t n = 0;
    explain_list(e, "findings");
    for (size_t i = 0; i < d->verdict->n_findings; i++)
        if (strcmp(d->verdict->findings[i].rule, r->id) == 0) {
            tell_finding(&d->verdict->findings[i], e);
            n++;
        }
    explain_list_end(e);
    return n;
}

/* How the hosts of the change stand. */
static void tell_hosts(const struct why_desk *d, struct explain *e)
{
    const struct lineup *l = d->lineup;
    size_t n[SLOT_OVERLAP + 1] = {0}, fresh = 0;
    for (size_t i = 0; i < l->n_slots; i++) {
        n[l->slot[i].state]++;
        fresh += l->slot[i].fresh;
    }
    explain_open(e, "hosts", "hosts of the change");
    explain_count(e, "all", "all", l->n_slots);
    explain_count(e, "ready", "looked at", n[SLOT_READY]);
    explain_count(e, "waiting", "not changed yet", n[SLOT_WAITING]);
    explain_count(e, "overlap", "left out: another change", n[SLOT_OVERLAP]);
    explain_count(e, "fresh", "without a past", fresh);
    explain_count(e, "controls", "unchanged hosts to compare with", d->controls->n);
    explain_close(e, true);
}

static int tell_numbers(const struct why_desk *d, const struct rule *r,
                        struct explain *e, struct err *err)
{
    if (r->subject == SUBJECT_SERIES)
        return why_series(d, r, e, err);
    if (r->subject == SUBJECT_CALLS)
        return tell_calls(d, r, e, err);
    why_events(d, r, e);
    return 0;
}

/* The answer first: what it said, or why it said nothing. */
static void tell_answer(const struct why_desk *d, const struct rule *r,
                        struct explain *e)
{
    size_t n = matters(d, r);
    explain_yes(e, "applies", "applies to the change", true);
    if (tell_findings(d, r, e) > 0) {
        jsonw_null(&e->w, "why_nothing");
        return;
    }
    explain_text(
        e, "why_nothing", "it said nothing, because",
        n > 0 ? "it was judged and no bar was met: each part below says why"
        : r->subject == SUBJECT_SERIES ? "no series that was judged is this rule's"
        : r->subject == SUBJECT_CALLS  ? "no calls that were judged are this rule's"
                                       : "nothing of what it is about was there");
    if (n == 0 && r->subject == SUBJECT_SERIES) {
        tell_others(d, r, e);
        tell_nearest(d, r, e);
    }
}

int why_write(const struct why_desk *d, struct explain *e, struct err *err)
{
    const struct rule *r = ruleset_find(d->rules, e->rule);
    const struct rule *any = r != NULL ? r : ruleset_find(d->jc->rules, e->rule);
    e->known = any != NULL;
    if (any == NULL)
        return 0;
    tell_change(d, e);
    if (r == NULL) {
        tell_out_of_force(d, any, e);
        tell_rule(any, e);
        return 0;
    }
    tell_answer(d, r, e);
    tell_rule(r, e);
    tell_hosts(d, e);
    return tell_numbers(d, r, e, err);
}
