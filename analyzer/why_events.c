/* analyzer/why_events.c - numbers of crashes, alarms, tests, probes, silence and
 * relief.
 *
 * What must hold: it only tells what was found; the bars are asked through the same
 * functions that graded.  Pure, any thread. */
#include "analyzer/why_events.h"

#include "analyzer/silence.h"
#include "analyzer/why_series.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const grades[] = {"must-handle", "attention"};
static const enum grade rung[] = {GRADE_MUST_HANDLE, GRADE_ATTENTION};
enum { GRADES = sizeof grades / sizeof *grades };

static bool is(const struct rule *a, const struct rule *b)
{
    return a != NULL && strcmp(a->id, b->id) == 0;
}

/* --- what is asked --- */

static const struct bar *bar_of(const struct rule *r, enum grade g)
{
    return g == GRADE_MUST_HANDLE ? &r->must_handle : &r->attention;
}

/* A figure that a bar asks for, and whence it is. */
static void tell_asked(const struct rule *r, int i, const char *field,
                       const char *words, double v, struct explain *e)
{
    char path[64], key[64];
    OWNED_BUF place = {0};
    if (v <= 0)
        return;
    snprintf(path, sizeof path, "%s.%s", grades[i], field);
    snprintf(key, sizeof key, "%s_asked", field);
    if (strcmp(field, "count") == 0)
        explain_num(e, key, words, v, NULL);
    else
        explain_share(e, key, words, v);
    const struct rule_place p = rule_place(r, path);
    if (p.file == NULL)
        return;
    buf_addf(&place, "%s:%u", p.file, p.line);
    snprintf(key, sizeof key, "%s_from", field);
    explain_text(e, key, "set at", buf_text(&place));
}

/* Opens the part of a grade with all that the rule asks for it; false: nothing. */
static bool open_bar(const struct rule *r, int i, struct explain *e)
{
    const struct bar *b = bar_of(r, rung[i]);
    if (!b->set)
        return false;
    explain_open(e, grades[i], "bar of %s", grades[i]);
    tell_asked(r, i, "count", "count must be at least", b->count, e);
    tell_asked(r, i, "effect", "effect must be at least", b->effect, e);
    tell_asked(r, i, "q", "q of the rule", b->q, e);
    return true;
}

static void close_bar(bool met, struct explain *e)
{
    explain_yes(e, "met", "all of it met", met);
    explain_close(e, true);
}

/* --- single events count from the pivot on, the settle time included --- */

static void tell_watched(const struct slot *s, struct explain *e)
{
    struct frame f = s->frame;
    f.after_from = s->pivot;
    explain_time(e, "pivot", "changed at", s->pivot);
    why_frame(&f, e);
}

static void open_host(const char *host, struct explain *e)
{
    explain_open(e, NULL, "%s", host != NULL ? host : "the service as a whole");
    if (host != NULL)
        jsonw_text(&e->w, "host", host);
}

/* --- crashes --- */

static void tell_crash_bar(const struct rule *r, const struct crash *c, int i,
                           struct explain *e)
{
    bool must = rung[i] == GRADE_MUST_HANDLE;
    if (!open_bar(r, i, e))
        return;
    if (crash_is_new(c) && must)
        explain_count(e, "hosts_enough", "or, being new, on so many hosts",
                      CRASH_HOSTS_MUST);
    if (!crash_is_new(c)) {
        explain_count(e, "dumps_least", "of a known one, dumps at least",
                      CRASH_KNOWN_LEAST);
        explain_num(e, "p_bar", "p must be at most (all known ones)",
                    must ? c->p_must : c->p_look, NULL);
    }
    close_bar(crash_meets(r, c, rung[i]), e);
}

static void tell_crash_hosts(const struct why_desk *d, const struct crash *c,
                             struct explain *e)
{
    explain_list(e, "hosts");
    for (size_t i = 0; i < c->n_hosts; i++) {
        const struct slot *s = lineup_slot(d->lineup, c->host[i].host);
        open_host(c->host[i].host, e);
        tell_watched(s != NULL ? s : &d->lineup->whole, e);
        explain_count(e, "before", "dumps before", c->host[i].before);
        explain_count(e, "after", "dumps after", c->host[i].after);
        explain_close(e, true);
    }
    explain_list_end(e);
}

static void tell_crash(const struct why_desk *d, const struct crash *c,
                       struct explain *e)
{
    OWNED_BUF name = {0};
    crash_name(c->example, &name);
    explain_open(e, NULL, "crash %s", buf_text(&name));
    jsonw_text(&e->w, "crash", buf_text(&name));
    explain_text(e, "title", "stack", c->example->title);
    explain_text(e, "fingerprint", "fingerprint", c->example->print.coarse);
    explain_count(e, "ways", "different ways to that place", c->kinds);
    explain_yes(e, "unsure", "without function names", c->unsure);
    explain_yes(e, "unseen", "never seen in the days known", c->unseen);
    explain_num(e, "dumps_before", "dumps before", c->dumps_before, NULL);
    explain_num(e, "dumps_after", "dumps after", c->dumps_after, NULL);
    explain_num(e, "control_before", "unchanged hosts, before", c->control_before,
                NULL);
    explain_num(e, "control_after", "unchanged hosts, after", c->control_after, NULL);
    explain_num(e, "dumps_past", "dumps in all days known", c->dumps_past, NULL);
    explain_num(e, "dumps_since", "from the first pivot to their own", c->dumps_since,
                NULL);
    explain_num(e, "expected", "expected after", c->expected, NULL);
    explain_share(e, "effect", "effect (relative change)", c->effect);
    explain_num(e, "p", "p", c->p, NULL);
    explain_time(e, "first", "first dump after", c->first);
    tell_crash_hosts(d, c, e);
    for (int i = 0; i < GRADES; i++)
        tell_crash_bar(d->crashes->rule, c, i, e);
    explain_text(e, "grade", "grade", grade_name(c->grade));
    explain_close(e, true);
}

static void tell_crashes(const struct why_desk *d, const struct rule *r,
                         struct explain *e)
{
    const struct crashes *c = d->crashes;
    explain_open(e, "counts", "what there was to judge");
    explain_yes(e, "judged", "coredumps are known here", c->judged);
    explain_text(e, "speaks", "of crashes here speaks rule",
                 c->rule != NULL ? c->rule->id : NULL);
    explain_count(e, "dumps", "dumps known in the windows",
                  d->jc->cores != NULL ? d->jc->cores->n : 0);
    explain_count(e, "excepted", "of those after, left alone", c->excepted);
    explain_count(e, "crashes", "different crashes after", c->n);
    explain_count(e, "hosts", "changed hosts watched", c->hosts);
    explain_num(e, "minutes_before", "their minutes before", c->minutes_before, NULL);
    explain_num(e, "minutes_after", "their minutes after", c->minutes_after, NULL);
    explain_count(e, "controls", "unchanged hosts watched", c->controls);
    explain_num(e, "control_minutes", "their minutes after", c->control_minutes, NULL);
    explain_num(e, "days", "days remembered", c->days, NULL);
    explain_close(e, true);
    explain_list(e, "crashes");
    for (size_t i = 0; i < c->n && is(c->rule, r); i++)
        tell_crash(d, &c->at[i], e);
    explain_list_end(e);
}

/* --- alarms --- */

static void tell_alarm_hosts(const struct new_alarm *a, struct explain *e)
{
    explain_list(e, "hosts");
    for (size_t i = 0; i < a->n_hosts; i++) {
        const struct alarm_host *h = &a->host[i];
        open_host(h->host, e);
        tell_watched(h->slot, e);
        explain_count(e, "begun", "began after", h->begun);
        explain_time(e, "first", "first", h->first);
        explain_yes(e, "before", "fired in the window before", h->before);
        explain_yes(e, "firing", "fires at the end of the look", h->firing);
        explain_close(e, true);
    }
    explain_list_end(e);
}

static void tell_alarm_bar(const struct new_alarms *all, const struct new_alarm *a,
                           int i, struct explain *e)
{
    bool must = rung[i] == GRADE_MUST_HANDLE;
    if (!open_bar(a->rule, i, e))
        return;
    if (must)
        explain_count(e, "alone_from", "or one host, and none of so many others",
                      CONTROLS_LEAST);
    if (alarm_is_ordinary(a)) {
        explain_count(e, "begun_least", "of an ordinary one, at least",
                      ALARM_ORDINARY_LEAST);
        explain_num(e, "p_bar", "p must be at most (all ordinary ones)",
                    must ? a->p_must : a->p_look, NULL);
    }
    close_bar(alarm_meets(all, a, rung[i]), e);
}

static void tell_alarm(const struct new_alarms *all, const struct new_alarm *a,
                       struct explain *e)
{
    explain_open(e, NULL, "alarm %s", a->example->name);
    jsonw_text(&e->w, "alarm", a->example->name);
    explain_text(e, "severity", "severity", a->example->severity);
    explain_yes(e, "of_service", "it names no host", a->of_service);
    explain_count(e, "hosts_new", "changed hosts that it is new on", a->n_hosts);
    explain_count(e, "firing", "of them, still firing", a->n_firing);
    explain_count(e, "control_hosts", "unchanged hosts that it is new on",
                  a->control_hosts);
    explain_yes(e, "everywhere", "as new on unchanged hosts",
                alarm_is_everywhere(all, a));
    explain_num(e, "begun", "beginnings after", a->begun, NULL);
    explain_num(e, "begun_past", "beginnings in ordinary times", a->begun_past, NULL);
    explain_yes(e, "ordinary", "it rings in ordinary times", alarm_is_ordinary(a));
    explain_num(e, "expected", "expected after", a->expected, NULL);
    explain_num(e, "p", "p", a->p, NULL);
    explain_time(e, "first", "first beginning", a->first);
    explain_yes(e, "recovered", "it is over", a->recovered);
    tell_alarm_hosts(a, e);
    for (int i = 0; i < GRADES; i++)
        tell_alarm_bar(all, a, i, e);
    explain_text(e, "grade", "grade", grade_name(a->grade));
    explain_close(e, true);
}

static void tell_alarms(const struct why_desk *d, const struct rule *r,
                        struct explain *e)
{
    const struct new_alarms *a = d->alarms;
    explain_open(e, "counts", "what there was to judge");
    explain_yes(e, "judged", "alarms are known here", a->judged);
    explain_count(e, "messages", "alarms known, a day back",
                  d->jc->alarms != NULL ? d->jc->alarms->n : 0);
    explain_count(e, "hosts", "changed hosts watched", a->hosts);
    explain_count(e, "controls", "unchanged hosts watched", a->controls);
    explain_num(e, "past_minutes", "minutes of ordinary times", a->past_minutes, NULL);
    explain_count(e, "new", "new alarms, of all rules", a->n);
    explain_close(e, true);
    explain_list(e, "alarms");
    for (size_t i = 0; i < a->n; i++)
        if (is(a->at[i].rule, r))
            tell_alarm(a, &a->at[i], e);
    explain_list_end(e);
}

/* --- tests --- */

static const char *const break_words[] = {
    [BREAK_OF_CHANGE] = "began to fail, in results of the change itself",
    [BREAK_OF_SERVICE] = "began to fail, in results of its service",
    [BREAK_FLAKY] = "fails now and then, so attention at most",
    [BREAK_NEW] = "never ran before, so attention at most",
    [BREAK_RECOVERED] = "failed, and a later run passed",
    [BREAK_NONE] = "failed already",
};

static void tell_test(const struct test_row *t, struct explain *e)
{
    explain_open(e, NULL, "%s%s%s", t->class, t->class[0] != '\0' ? "." : "", t->name);
    jsonw_text(&e->w, "class", t->class);
    jsonw_text(&e->w, "name", t->name);
    explain_yes(e, "of_change", "posted for the change itself", t->of_change);
    explain_count(e, "passed", "passed since", t->passed);
    explain_count(e, "failed", "failed since", t->failed);
    explain_yes(e, "fails", "the last of them failed", t->fails);
    explain_time(e, "first", "first failure", t->first);
    explain_count(e, "runs_before", "last runs before", t->runs_before);
    explain_count(e, "failed_before", "of them, failed", t->failed_before);
    explain_yes(e, "failed_last", "the last of those failed", t->failed_last);
    explain_text(e, "message", "message", t->message);
    explain_close(e, true);
}

static void tell_suite(const struct broken_suite *s, struct explain *e)
{
    const char *name = s->test[0]->suite;
    explain_open(e, NULL, "suite %s: %s", name, break_words[s->kind]);
    jsonw_text(&e->w, "suite", name);
    jsonw_text(&e->w, "kind", break_words[s->kind]);
    explain_count(e, "tests", "its tests with a result since", s->tests);
    explain_count(e, "broken", "of them, so", s->n);
    explain_time(e, "first", "first failure", s->first);
    explain_list(e, "cases");
    for (size_t i = 0; i < s->n; i++)
        tell_test(s->test[i], e);
    explain_list_end(e);
    for (int i = 0; i < GRADES; i++)
        if (open_bar(s->rule, i, e))
            close_bar(suite_meets(s, rung[i]), e);
    explain_text(e, "grade", "grade", grade_name(s->grade));
    explain_close(e, true);
}

static void tell_tests(const struct why_desk *d, const struct rule *r,
                       struct explain *e)
{
    const struct test_rows *rows = d->jc->tests;
    explain_open(e, "counts", "what there was to judge");
    explain_yes(e, "judged", "tests ran after the change", d->tests->judged);
    explain_count(e, "tests", "tests with a result since",
                  rows != NULL ? rows->tests : 0);
    explain_count(e, "failed", "of them, with a failure", rows != NULL ? rows->n : 0);
    explain_count(e, "left_out", "further ones, not looked at",
                  rows != NULL ? rows->left_out : 0);
    explain_close(e, true);
    explain_list(e, "suites");
    for (size_t i = 0; i < d->tests->n; i++)
        if (is(d->tests->at[i].rule, r))
            tell_suite(&d->tests->at[i], e);
    explain_list_end(e);
}

/* --- probes --- */

static void tell_probe_host(const struct probe_host *h, struct explain *e)
{
    static const char *const state[] = {
        [PROBE_NONE_BEFORE] = "too few points before",
        [PROBE_NONE_AFTER] = "too few points after",
        [PROBE_PASSES] = "passes",
        [PROBE_FAILED_ALREADY] = "failed already",
        [PROBE_RECOVERED] = "failed and passes again",
        [PROBE_FAILS] = "fails",
    };
    open_host(h->slot->host, e);
    explain_text(e, "state", "state", state[h->state]);
    explain_time(e, "pivot", "changed at", h->slot->pivot);
    why_frame(&h->slot->frame, e);
    explain_count(e, "points_before", "points before", (size_t)h->n_before);
    explain_count(e, "failed_before", "of them, failed", (size_t)h->failed_before);
    explain_count(e, "points_after", "points after", (size_t)h->n_after);
    explain_count(e, "failed_after", "of them, failed", (size_t)h->failed_after);
    explain_count(e, "points_last", "last points", (size_t)h->n_last);
    explain_count(e, "failed_last", "of them, failed", (size_t)h->failed_last);
    explain_num(e, "value", "last value that did not pass", h->value, NULL);
    explain_time(e, "first", "first failure since", h->first);
    explain_num(e, "of_past", "points in ordinary times", h->of_past, NULL);
    explain_num(e, "failed_past", "of them, failed", h->failed_past, NULL);
    explain_num(e, "expected", "expected to fail after", h->expected, NULL);
    explain_num(e, "p", "p against ordinary times", h->p, NULL);
    explain_yes(e, "told", "the grade rests on it", h->told);
    explain_close(e, true);
}

static void tell_probe_bar(const struct probe *p, int i, struct explain *e)
{
    size_t n = probe_counted(p, rung[i]);
    bool must = rung[i] == GRADE_MUST_HANDLE;
    if (!open_bar(p->rule, i, e))
        return;
    explain_num(e, "p_bar", "p must be at most (all such hosts)",
                must ? p->p_must : p->p_look, NULL);
    explain_count(e, "counted", "hosts that count", n);
    explain_share(e, "share", "of those judged",
                  p->n_judged > 0 ? (double)n / (double)p->n_judged : NAN);
    close_bar(probe_meets(p, rung[i]), e);
}

static void tell_probe(const struct probe *p, struct explain *e)
{
    explain_open(e, NULL, "probe %s", p->name);
    jsonw_text(&e->w, "probe", p->name);
    explain_text(e, "service", "service", p->service);
    explain_share(e, "needs_points", "share of points a host needs",
                  p->rule->needs.points);
    explain_count(e, "judged", "hosts judged", p->n_judged);
    explain_count(e, "failing", "failing", p->n_failing);
    explain_count(e, "recovered", "recovered", p->n_recovered);
    explain_count(e, "controls", "unchanged hosts", p->n_controls);
    explain_count(e, "controls_failing", "of them, failing", p->controls_failing);
    explain_yes(e, "excused", "excused by the unchanged hosts", p->excused);
    explain_list(e, "hosts");
    for (size_t k = 0; k < p->n; k++)
        tell_probe_host(&p->host[k], e);
    explain_list_end(e);
    for (int i = 0; i < GRADES && p->n_failing > 0; i++)
        tell_probe_bar(p, i, e);
    explain_text(e, "grade", "grade", grade_name(p->grade));
    explain_close(e, true);
}

static void tell_probes(const struct why_desk *d, const struct rule *r,
                        struct explain *e)
{
    size_t n = 0;
    for (size_t i = 0; i < d->probes->n; i++)
        n += is(d->probes->at[i].rule, r);
    explain_open(e, "counts", "what there was to judge");
    explain_count(e, "probes", "probes of this rule", n);
    explain_count(e, "all", "of all rules", d->probes->n);
    explain_close(e, true);
    explain_list(e, "probes");
    for (size_t i = 0; i < d->probes->n; i++)
        if (is(d->probes->at[i].rule, r))
            tell_probe(&d->probes->at[i], e);
    explain_list_end(e);
}

/* --- silent hosts --- */

static void tell_pulse(const struct pulse *p, struct explain *e)
{
    static const char *const state[] = {
        [PULSE_GOOD] = "sends as before",
        [PULSE_FRESH] = "has no past, and sends",
        [PULSE_NONE_BEFORE] = "sent too little before",
        [PULSE_THIN_AFTER] = "sends too little after",
        [PULSE_SILENT] = "went silent",
        [PULSE_NOT_ASKED] = "not looked at",
    };
    open_host(p->slot->host, e);
    explain_text(e, "state", "state", state[p->state]);
    explain_time(e, "pivot", "changed at", p->slot->pivot);
    why_frame(&p->slot->frame, e);
    explain_count(e, "points_before", "rows with samples before", p->cut.n_before);
    explain_share(e, "share_before", "of those to expect", p->cut.share_before);
    explain_count(e, "points_after", "rows with samples after", p->cut.n_after);
    explain_share(e, "share_after", "of those to expect", p->cut.share_after);
    explain_time(e, "last", "end of the last such row", p->last);
    explain_yes(e, "calls", "silent, but it reports calls", p->calls);
    explain_close(e, true);
}

static void tell_silences(const struct why_desk *d, const struct rule *r,
                          struct explain *e)
{
    const struct pulses *p = d->pulses;
    const struct change *c = d->jc->change;
    const struct silence s = silence_count(d->rules, c, r, p);
    explain_open(e, "counts", "what there was to judge");
    explain_count(e, "hosts", "changed hosts that were asked", s.asked);
    explain_count(e, "good", "send as before", s.good);
    explain_count(e, "silent", "went silent", s.silent);
    explain_share(e, "share", "of those asked",
                  s.asked > 0 ? (double)s.silent / (double)s.asked : NAN);
    explain_count(e, "calling", "of the silent, reporting calls", s.calling);
    explain_count(e, "excepted", "silent, and left alone", s.excepted);
    explain_count(e, "others", "other hosts that send on", p->others);
    explain_close(e, true);
    for (int i = 0; i < GRADES; i++)
        if (open_bar(r, i, e))
            close_bar(silence_meets(&s, rung[i]), e);
    explain_list(e, "silences");
    for (size_t i = 0; i < p->n; i++)
        if (silence_speaks(d->rules, c, r, p->at[i].slot->host))
            tell_pulse(&p->at[i], e);
    explain_list_end(e);
}

/* --- relief --- */

static void tell_load(const struct why_desk *d, const struct rule *r, struct explain *e)
{
    const struct relief *f = d->relief;
    explain_num(e, "before", "load of an old host, before", f->before, r->unit);
    explain_num(e, "after", "after", f->after, r->unit);
    explain_num(e, "expected", "expected", f->expected, r->unit);
    explain_num(e, "taken", "load of a new host", f->taken, r->unit);
    explain_share(e, "came", "part of the relief that came", f->came);
    for (int i = 0; i < GRADES; i++) {
        const struct bar *b = bar_of(r, rung[i]);
        if (!b->set)
            continue;
        explain_open(e, grades[i], "bar of %s", grades[i]);
        tell_asked(r, i, "effect", "less than this part came", b->effect, e);
        explain_num(e, "taken_below", "and a new host has less than",
                    RELIEF_TAKEN_LEAST * f->after, r->unit);
        close_bar(relief_meets(f, rung[i]), e);
    }
    explain_list(e, "new_hosts");
    for (size_t i = 0; i < f->n_new; i++) {
        const struct slot *s = lineup_slot(d->lineup, f->host[i].host);
        open_host(f->host[i].host, e);
        explain_num(e, "load", "load after", f->host[i].load, r->unit);
        if (s != NULL)
            why_frame(&s->frame, e);
        explain_close(e, true);
    }
    explain_list_end(e);
    explain_text(e, "grade", "grade", grade_name(f->grade));
}

static void tell_relief_of(const struct why_desk *d, const struct rule *r,
                           struct explain *e)
{
    const struct relief *f = d->relief;
    explain_open(e, "counts", "what there was to judge");
    explain_yes(e, "judged", "judged", f->judged);
    if (!f->judged)
        explain_text(e, "why_not", "why not", unjudged_words(f->why));
    explain_text(e, "figure", "figure of load",
                 f->metric != NULL ? f->metric : "calls a second");
    explain_count(e, "old", "old hosts whose load is known", f->n_old);
    explain_count(e, "old_all", "old hosts in all", f->all_old);
    explain_count(e, "new", "new hosts whose load is known", f->n_new);
    explain_count(e, "excepted", "new hosts left alone", f->excepted);
    if (f->judged)
        tell_load(d, r, e);
    explain_close(e, true);
}

/* --- by subject --- */

static void (*const tell[SUBJECT_N])(const struct why_desk *, const struct rule *,
                                     struct explain *) = {
    [SUBJECT_CORES] = tell_crashes,    [SUBJECT_ALARMS] = tell_alarms,
    [SUBJECT_TESTS] = tell_tests,      [SUBJECT_PROBES] = tell_probes,
    [SUBJECT_SILENCE] = tell_silences, [SUBJECT_RELIEF] = tell_relief_of,
};

void why_events(const struct why_desk *d, const struct rule *r, struct explain *e)
{
    if (tell[r->subject] != NULL)
        tell[r->subject](d, r, e);
}
