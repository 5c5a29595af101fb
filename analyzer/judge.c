/* analyzer/judge.c - the steps of a judgement, one after another.
 *
 *     align -> controls -> layers, levels, limits, probes, calls, crashes, alarms,
 *     tests, silence, relief -> findings -> grade
 *
 * Hosts without a past go a way of their own: fresh.h for levels, fresh_calls.h.
 *
 * Each step is a module of its own that knows nothing of the later ones; here they are
 * only called in order.  What must hold: no clock, no file, no state, and nothing that
 * depends on the order in which units, hosts or changes were handed in. */
#include "analyzer/judge.h"
#include "analyzer/align.h"
#include "analyzer/calls.h"
#include "analyzer/control.h"
#include "analyzer/edges.h"
#include "analyzer/fold.h"
#include "analyzer/fresh.h"
#include "analyzer/fresh_calls.h"
#include "analyzer/glance.h"
#include "analyzer/grade.h"
#include "analyzer/hush.h"
#include "analyzer/layers.h"
#include "analyzer/learn.h"
#include "analyzer/level.h"
#include "analyzer/limit.h"
#include "analyzer/nearby.h"
#include "analyzer/probes.h"
#include "analyzer/pulse.h"
#include "analyzer/relief.h"
#include "analyzer/restart.h"
#include "analyzer/series.h"
#include "analyzer/spike.h"
#include "analyzer/tell_alarms.h"
#include "analyzer/tell_call.h"
#include "analyzer/tell_crashes.h"
#include "analyzer/tell_level.h"
#include "analyzer/tell_limit.h"
#include "analyzer/tell_probes.h"
#include "analyzer/tell_relief.h"
#include "analyzer/tell_silence.h"
#include "analyzer/tell_spikes.h"
#include "analyzer/tell_tests.h"
#include "analyzer/why.h"
#include "base/buf.h"
#include "base/crew.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a series' own habit is learned from. */
enum { PAST_MS = LAYER_DAYS_MAX * 24 * 3600 * 1000 };

int judge_ask(const struct ruleset *rules, const struct change *c,
              const struct checkpoint *at, struct panel_ask *ret_ask, struct err *err)
{
    const struct windows_rule *w = ruleset_windows(rules, c);
    instant first = life_whole(c).pivot;
    const char **hosts = calloc(c->n_hosts + 1, sizeof *hosts);
    if (hosts == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < c->n_hosts; i++) {
        hosts[i] = c->host[i].name;
        if (c->host[i].pivot.ms < first.ms || i == 0)
            first = c->host[i].pivot;
    }
    *ret_ask = (struct panel_ask){.service = c->service,
                                  .hosts = hosts,
                                  .n_hosts = c->n_hosts,
                                  .edges = true,
                                  .hot_from = {first.ms - w->before.ms},
                                  .hot_to = at->ends,
                                  .past = {PAST_MS + w->before.ms}};
    return 0;
}

enum { CHECKS_MAX = 3 }; /* of one series: its limit, a condition for each grade */

/* All that the steps hand on. */
struct desk {
    const struct judge_case *jc;
    struct ruleset *rules; /* in force for the change */
    struct lineup lineup;
    struct controls controls;
    struct pulses pulses;
    struct edges edges;
    struct calls calls;
    struct crashes crashes;
    struct new_alarms alarms;
    struct broken_suites tests;
    struct probes probes;
    struct fresh_calls fresh_calls;
    struct relief relief;
    struct restarts restarts;
    size_t excused; /* findings that only say that new hosts have less to do */
    struct series_list series, limited;
    struct series_list fresh, fresh_limited; /* of hosts without a past */
    struct layers layers;
    struct seats seats; /* of the series' members */
    struct glances glances;
    struct buf spike_days;        /* what days say, where no part has said it */
    const struct buf *days_ahead; /* what they said before; NULL: nobody asked */
    struct habit *habit;          /* kept for who asks why */
    struct level *level;
    size_t n_levels;
    struct spikes *spikes; /* of the first `n_spikes` levels: those of the series */
    size_t n_spikes;
    struct limit_check *limit;
    size_t n_limits;
    struct member *control;           /* of all series, one after another */
    const struct unit **control_unit; /* of each control host under this label, which
                                         most series have; NULL where it has none */
    const char *control_service;
    double *room;
    struct tally tally;
    struct teller teller;
    struct verdict *verdict;
    struct err *err;
};

/* --- levels and limits: each series with its controls --- */

/* Looked up once, not for each series anew. */
static int find_control_units(struct desk *d)
{
    d->control_unit = calloc(d->controls.n + 1, sizeof *d->control_unit);
    if (d->control_unit == NULL)
        return err_set(d->err, ENOMEM, "out of memory");
    d->control_service = d->lineup.change->service;
    for (size_t i = 0; d->control_service != NULL && i < d->controls.n; i++)
        d->control_unit[i] =
            series_unit(&d->lineup, d->controls.host[i], d->control_service);
    return 0;
}

static const struct unit *control_unit(const struct desk *d, const struct series *s,
                                       size_t i)
{
    if (d->control_service != NULL && strcmp(d->control_service, s->service) == 0)
        return d->control_unit[i];
    return series_unit(&d->lineup, d->controls.host[i], s->service);
}

/* Members on the control hosts for one series, taken from `to` on. */
static size_t find_controls(const struct desk *d, const struct series *s,
                            struct member *to)
{
    size_t n = 0;
    if (s->whole)
        return 0;
    for (size_t i = 0; i < d->controls.n; i++) {
        const struct unit *u = control_unit(d, s, i);
        int metric = u != NULL && u->hot.rows > 0 ? series_on(&d->lineup, s, u) : -1;
        if (metric >= 0)
            to[n++] = (struct member){NULL, u, (uint32_t)metric};
    }
    return n;
}

static struct level_case case_of(const struct desk *d, const struct series *s,
                                 const struct member *control, size_t n_controls)
{
    return (struct level_case){.lineup = &d->lineup,
                               .rule = s->rule,
                               .metric = s->metric,
                               .member = s->member,
                               .n_members = s->n_members,
                               .control = control,
                               .n_controls = n_controls,
                               .room = d->room};
}

static size_t spoken_for(const struct series_list *list)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        n += list->at[i].rule != NULL;
    return n;
}

static size_t most_rows(const struct lineup *l)
{
    size_t rows = 0;
    for (size_t i = 0; i < l->n_units; i++)
        if (l->unit[i]->hot.rows > rows)
            rows = l->unit[i]->hot.rows;
    return rows;
}

static int list_all(struct desk *d)
{
    const struct ruleset *rs = d->rules;
    if (series_list(&d->lineup, rs, ruleset_for_series, &d->series, d->err) < 0 ||
        series_list(&d->lineup, rs, ruleset_for_limit, &d->limited, d->err) < 0 ||
        series_list_fresh(&d->lineup, rs, ruleset_for_series, &d->fresh, d->err) < 0 ||
        series_list_fresh(&d->lineup, rs, ruleset_for_limit, &d->fresh_limited,
                          d->err) < 0)
        return -1;
    size_t levels = spoken_for(&d->series) + spoken_for(&d->fresh);
    size_t limits = spoken_for(&d->limited) + spoken_for(&d->fresh_limited);
    d->level = calloc(levels + 1, sizeof *d->level);
    d->spikes = calloc(levels + 1, sizeof *d->spikes);
    d->limit = calloc(limits * CHECKS_MAX + 1, sizeof *d->limit);
    d->control = calloc((levels + limits) * d->controls.n + 1, sizeof *d->control);
    d->room = calloc(most_rows(&d->lineup) + 1, sizeof *d->room);
    if (d->level == NULL || d->spikes == NULL || d->limit == NULL ||
        d->control == NULL || d->room == NULL)
        return err_set(d->err, ENOMEM, "out of memory");
    return find_control_units(d);
}

/* The scores of series `i`; the service's own has only that of the group. */
static void lay_habit(const struct desk *d, size_t i, struct level_case *lc)
{
    const struct series *s = &d->series.at[i];
    lc->group_habit = &d->layers.group[i];
    lc->host_habit =
        s->whole ? lc->group_habit : d->layers.host + (s->member - d->series.member);
    lc->habit_controls = d->layers.controls[i];
}

/* By the habit that was learned ahead, when it is of this very case. */
static int score_layers(struct desk *d)
{
    const struct judge_case *jc = d->jc;
    OWNED_HABIT *own = NULL;
    const struct habit *h = jc->habit;
    bool fits =
        h != NULL && h->print == habit_print(&d->lineup, &d->controls, &d->series);
    if (jc->ret_fits != NULL)
        *jc->ret_fits = fits;
    d->days_ahead = fits ? &h->days : NULL;
    if (!fits) {
        struct learn_case c = {.lineup = &d->lineup,
                               .controls = &d->controls,
                               .series = &d->series,
                               .threads = jc->threads};
        h = own = learn_all(&c, d->err);
    }
    int rc = h != NULL ? layers_score_by(h, &d->lineup, &d->controls, &d->series,
                                         jc->threads, &d->layers, d->err)
                       : -1;
    if (jc->explain != NULL) {
        d->habit = own;
        own = NULL;
    }
    return rc;
}

typedef int (*judge_part)(struct desk *d, size_t series, size_t level, double *room,
                          struct err *err);

/* Series judged by several threads, one being one part. */
struct crowd {
    struct desk *d;
    judge_part judge;
    size_t *series; /* those with a rule: the list's number of each level */
    double *room;   /* of each thread */
    size_t rows;    /* of it */
    struct err err[CREW_MAX];
    bool failed[CREW_MAX];
};

static int judge_level(struct desk *d, size_t series, size_t level, double *room,
                       struct err *err)
{
    const struct series *s = &d->series.at[series];
    struct member *control = d->control + level * d->controls.n;
    struct level_case lc = case_of(d, s, control, find_controls(d, s, control));
    lc.room = room;
    lc.cut = d->glances.cut + (s->member - d->series.member);
    lay_habit(d, series, &lc);
    return level_measure(&lc, &d->level[level], err);
}

static const struct buf *spike_records(const struct desk *d)
{
    return d->jc->spikes != NULL ? d->jc->spikes : &d->spike_days;
}

static int judge_spikes(struct desk *d, size_t series, size_t level, double *room,
                        struct err *err)
{
    const struct level *l = &d->level[level];
    struct level_case lc =
        case_of(d, &d->series.at[series], l->control, l->n_control_members);
    const struct spikes_how how = {.hint = d->glances.hint,
                                   .first = d->series.member,
                                   .records = spike_records(d)};
    (void)room;
    return spikes_find(&lc, &how, &d->spikes[level], err);
}

static void judge_one(void *arg, size_t i, unsigned hand)
{
    struct crowd *c = arg;
    double *room = c->room + hand * c->rows;
    if (!c->failed[hand])
        c->failed[hand] = c->judge(c->d, c->series[i], i, room, &c->err[hand]) < 0;
}

static int run_crowd(struct crowd *c, unsigned threads, struct err *err)
{
    const struct series_list *list = &c->d->series;
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (list->at[i].rule != NULL)
            c->series[n++] = i;
    crew_run(threads, n, judge_one, c);
    for (unsigned i = 0; i < threads; i++)
        if (c->failed[i])
            return err_set(err, c->err[i].code, "%s", c->err[i].text);
    return 0;
}

static int judge_crowd(struct desk *d, judge_part one)
{
    unsigned threads = d->jc->threads > CREW_MAX ? CREW_MAX : d->jc->threads;
    struct crowd c = {.d = d, .judge = one, .rows = most_rows(&d->lineup) + 1};
    threads = threads < 1 ? 1 : threads;
    c.series = calloc(d->series.n + 1, sizeof *c.series);
    c.room = calloc(threads * c.rows, sizeof *c.room);
    int rc = c.series != NULL && c.room != NULL
                 ? run_crowd(&c, threads, d->err)
                 : err_set(d->err, ENOMEM, "out of memory");
    free(c.series);
    free(c.room);
    return rc;
}

/* `control` is where the next series' controls go. */
static int judge_levels(struct desk *d, struct member **control)
{
    if (score_layers(d) < 0)
        return -1;
    d->n_levels = d->n_spikes = spoken_for(&d->series);
    *control += d->n_levels * d->controls.n;
    if (seats_of_members(&d->lineup, &d->series, &d->seats) < 0)
        return err_set(d->err, ENOMEM, "out of memory");
    if (glance(&d->lineup, &d->series, &d->seats, d->jc->threads, &d->glances, d->err) <
        0)
        return -1;
    return judge_crowd(d, judge_level);
}

/* After levels were graded: what they tell is no spike. */
static int judge_all_spikes(struct desk *d)
{
    const struct spikes_case c = {.lineup = &d->lineup,
                                  .series = &d->series,
                                  .seats = &d->seats,
                                  .hint = d->glances.hint,
                                  .threads = d->jc->threads,
                                  .had = d->days_ahead};
    const struct gather_share all = {0, GATHER_BUCKETS};
    size_t level = 0;
    for (size_t i = 0; i < d->series.n; i++) {
        const struct series *s = &d->series.at[i];
        if (s->rule != NULL)
            spikes_leave_told(&d->level[level++],
                              d->glances.hint + (s->member - d->series.member));
    }
    if (d->jc->spikes == NULL && (spikes_ask(&c, all, &d->spike_days, d->err) < 0 ||
                                  spikes_order(&d->spike_days, d->err) < 0))
        return -1;
    return judge_crowd(d, judge_spikes);
}

static int judge_fresh(struct desk *d, struct member **control)
{
    for (size_t i = 0; i < d->fresh.n; i++) {
        const struct series *s = &d->fresh.at[i];
        if (s->rule == NULL)
            continue;
        size_t n = find_controls(d, s, *control);
        struct level_case lc = case_of(d, s, *control, n);
        if (fresh_measure(&lc, &d->level[d->n_levels], d->err) < 0)
            return -1;
        d->n_levels++;
        *control += n;
    }
    return 0;
}

/* What must be handled needs no attention besides. */
static int check_limits(struct desk *d, const struct level_case *lc)
{
    const struct rule *r = lc->rule;
    const struct bar *when[] = {NULL, &r->must_handle, &r->attention};
    bool found = false;
    for (size_t i = 0; i < sizeof when / sizeof *when; i++) {
        bool asked = when[i] == NULL ? r->limit.set : when[i]->when.condition != NULL;
        if (!asked || (found && when[i] == &r->attention))
            continue;
        struct limit_check *c = &d->limit[d->n_limits];
        if (limit_check_make(lc, when[i], c, d->err) < 0)
            return -1;
        d->n_limits++;
        found |= when[i] == &r->must_handle && c->n_broken > 0 && !c->excused;
    }
    return 0;
}

static int judge_limits(struct desk *d, const struct series_list *list,
                        struct member **control)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct series *s = &list->at[i];
        if (s->rule == NULL)
            continue;
        size_t n = find_controls(d, s, *control);
        struct level_case lc = case_of(d, s, *control, n);
        if (check_limits(d, &lc) < 0)
            return -1;
        *control += n;
    }
    return 0;
}

/* Hosts of other labels do not show what these ones would have done. */
static void cap_unlike(struct desk *d)
{
    for (size_t i = 0; i < d->n_levels; i++) {
        struct level *l = &d->level[i];
        for (size_t k = 0; k < l->n; k++)
            l->host[k].score.compared = false;
        l->group.compared = false;
    }
}

static int judge_series(struct desk *d)
{
    struct member *control = d->control;
    if (judge_levels(d, &control) < 0 || judge_fresh(d, &control) < 0 ||
        judge_limits(d, &d->limited, &control) < 0 ||
        judge_limits(d, &d->fresh_limited, &control) < 0)
        return -1;
    if (d->controls.unlike)
        cap_unlike(d);
    if (level_grade(d->level, d->n_levels, d->err) < 0)
        return -1;
    if (judge_all_spikes(d) < 0)
        return -1;
    return spikes_grade(d->spikes, d->n_spikes, d->err);
}

/* --- calls --- */

/* Conditions on the mean times of calls: held against them as against any figure. */
static int check_latencies(struct desk *d)
{
    const struct calls *c = &d->calls;
    size_t most = d->n_limits + c->n_latency * CHECKS_MAX + 1;
    struct limit_check *more = reallocarray(d->limit, most, sizeof *more);
    if (more == NULL)
        return err_set(d->err, ENOMEM, "out of memory");
    d->limit = more;
    for (size_t i = 0; i < c->n_latency; i++) {
        size_t from = d->n_limits;
        if (check_limits(d, &c->latency_case[i]) < 0)
            return -1;
        for (; from < d->n_limits; from++)
            d->limit[from].edge = c->latency_edge[i];
    }
    return 0;
}

static int judge_calls(struct desk *d)
{
    if (edges_list(&d->lineup, &d->edges, d->err) < 0 ||
        calls_measure(&d->lineup, d->rules, &d->edges, d->room, &d->calls, d->err) <
            0 ||
        fresh_calls_measure(&d->lineup, d->rules, &d->edges, &d->fresh_calls, d->err) <
            0 ||
        calls_grade(&d->calls, d->pulses.anyone, d->err) < 0 || check_latencies(d) < 0)
        return -1;
    return level_grade(d->calls.latency, d->calls.n_latency, d->err);
}

static int judge_crashes(struct desk *d)
{
    return crashes_judge(&d->lineup, &d->controls, d->rules, d->jc->cores, &d->crashes,
                         d->err);
}

/* --- what such a change does to hosts --- */

static int judge_expected(struct desk *d)
{
    const struct ruleset *rs = d->rules;
    if (relief_measure(&d->lineup, &d->controls, rs, d->room, &d->relief, d->err) < 0 ||
        restarts_find(&d->lineup, rs, d->room, &d->restarts, d->err) < 0)
        return -1;
    if (d->relief.judged && d->relief.grade != GRADE_OK && !d->relief.rule->shadow)
        d->excused = fresh_excuse_less(d->level, d->n_levels);
    return 0;
}

/* -1: out of memory. */
static int note_expected(struct desk *d)
{
    struct coverage *c = &d->verdict->coverage;
    return fresh_note(&d->lineup, d->tally.old_used, &c->fresh_note) < 0 ||
                   relief_note(&d->relief, &c->relief_note) < 0 ||
                   restarts_note(&d->lineup, &d->restarts, &c->restart_note) < 0
               ? -1
               : 0;
}

static int judge_alarms(struct desk *d)
{
    return alarms_judge(&d->lineup, &d->controls, d->rules, d->jc->alarms, &d->alarms,
                        d->err);
}

static int judge_tests(struct desk *d)
{
    return tests_judge(d->jc->change, d->rules, d->jc->tests, &d->tests, d->err);
}

static int judge_probes(struct desk *d)
{
    return probes_judge(&d->lineup, &d->controls, d->rules, d->jc->probe_pasts,
                        &d->probes, d->err);
}

/* --- telling --- */

/* Series that no rule speaks for because of an exception. */
static size_t count_excepted(const struct desk *d, const struct series_list *list)
{
    const struct ruleset *rs = d->rules;
    size_t n = 0, exceptions = 0;
    for (size_t i = 0; i < rs->n; i++)
        exceptions += rs->rule[i].except.n;
    for (size_t i = 0; exceptions > 0 && i < list->n; i++) {
        const struct series *s = &list->at[i];
        for (size_t k = 0; s->rule == NULL && k < s->n_members; k++)
            n += ruleset_excepts_series(rs, d->jc->change, s->metric,
                                        s->member[k].slot->host);
    }
    return n;
}

static void count_all(struct desk *d)
{
    tally_excepted(&d->tally,
                   count_excepted(d, &d->series) + count_excepted(d, &d->fresh));
    for (size_t i = 0; i < d->n_levels; i++)
        tally_level(&d->tally, &d->level[i]);
    for (size_t i = 0; i < d->n_limits; i++)
        tally_limit(&d->tally, &d->limit[i]);
    tally_calls(&d->tally, &d->calls);
    tally_fresh_calls(&d->tally, &d->fresh_calls);
    tally_relief(&d->tally, &d->relief);
    tally_crashes(&d->tally, &d->crashes);
    tally_alarms(&d->tally, &d->alarms);
    tally_tests(&d->tally, &d->tests);
    tally_probes(&d->tally, &d->probes);
    tally_pulses(&d->tally, &d->lineup, &d->pulses);
}

static void tell_all(struct desk *d)
{
    struct teller *t = &d->teller;
    for (size_t i = 0; i < d->n_levels; i++)
        tell_level(t, &d->level[i], NULL);
    for (size_t i = 0; i < d->n_spikes; i++)
        tell_spikes(t, &d->spikes[i]);
    for (size_t i = 0; i < d->n_limits; i++)
        tell_limit(t, &d->limit[i]);
    for (size_t i = 0; i < d->calls.n; i++)
        tell_call(t, &d->calls.test[i], &d->calls);
    for (size_t i = 0; i < d->calls.n_latency; i++)
        tell_level(t, &d->calls.latency[i], d->calls.latency_edge[i]);
    for (size_t i = 0; i < d->fresh_calls.n; i++)
        tell_call_fresh(t, &d->fresh_calls.at[i], &d->fresh_calls);
    tell_relief(t, &d->relief, d->excused);
    tell_crashes(t, &d->crashes);
    tell_alarms(t, &d->alarms);
    tell_tests(t, &d->tests);
    tell_probes(t, &d->probes);
    const struct ruleset *rs = d->rules;
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].subject == SUBJECT_SILENCE &&
            rule_applies(&rs->rule[i], d->jc->change))
            tell_silence(t, rs, &rs->rule[i], &d->pulses);
}

/* --- all steps --- */

static int begin_verdict(struct desk *d)
{
    const struct judge_case *jc = d->jc;
    struct verdict *v = d->verdict;
    struct buf pack = {0};
    v->final = jc->checkpoint.final;
    v->decided_at = jc->checkpoint.at;
    v->looks_done = jc->looks_done;
    v->looks_all = jc->looks_all;
    buf_addf(&pack, "%s %s", jc->rules->name, jc->rules->hash);
    v->pack = buf_give(&pack);
    return v->pack != NULL ? 0 : err_set(d->err, ENOMEM, "out of memory");
}

static int prepare(struct desk *d)
{
    const struct judge_case *jc = d->jc;
    const struct windows_rule *w = &d->rules->windows[jc->change->kind];
    if (align(jc->change, jc->nearby, jc->n_nearby, jc->panel, w, jc->checkpoint.ends,
              &d->lineup, d->err) < 0 ||
        control_choose(&d->lineup, &d->controls, d->err) < 0 ||
        pulses_take(&d->lineup, &d->controls, PULSE_SHARE_LEAST, &d->pulses, d->err) <
            0 ||
        list_all(d) < 0)
        return -1;
    d->verdict->look = d->lineup.whole.look;
    return tally_make(&d->tally, d->rules, jc->change, &d->verdict->coverage, d->err);
}

static int conclude(struct desk *d)
{
    struct verdict *v = d->verdict;
    d->teller = (struct teller){&d->lineup, &d->controls, v, false};
    count_all(d);
    tell_all(d);
    if (hush_findings(d->jc->mutes, d->jc->change, v, d->err) < 0)
        return -1;
    v->coverage.controls = (int)d->tally.controls_used;
    v->coverage.controls_note =
        control_note(&d->lineup, &d->controls, d->tally.controls_used);
    if (d->teller.failed || v->coverage.controls_note == NULL || note_expected(d) < 0)
        return err_set(d->err, ENOMEM, "out of memory");
    if (fold_findings(v, d->lineup.whole.pivot, d->err) < 0 ||
        nearby_tell(&d->lineup, d->jc->nearby, d->jc->n_nearby, v, d->err) < 0)
        return -1;
    return grade_verdict(&d->tally, &d->lineup, &d->pulses, &d->jc->checkpoint, v,
                         d->err);
}

static void clear_desk(struct desk *d)
{
    for (size_t i = 0; i < d->n_levels; i++)
        level_free(&d->level[i]);
    for (size_t i = 0; i < d->n_limits; i++)
        limit_check_free(&d->limit[i]);
    for (size_t i = 0; i < d->n_spikes; i++)
        spikes_free(&d->spikes[i]);
    free(d->level);
    free(d->spikes);
    free(d->limit);
    free(d->control);
    free(d->control_unit);
    free(d->room);
    tally_free(&d->tally);
    calls_free(&d->calls);
    crashes_free(&d->crashes);
    alarms_free(&d->alarms);
    tests_free(&d->tests);
    probes_free(&d->probes);
    fresh_calls_free(&d->fresh_calls);
    relief_free(&d->relief);
    edges_free(&d->edges);
    layers_free(&d->layers);
    seats_free(&d->seats);
    glances_free(&d->glances);
    buf_free(&d->spike_days);
    habit_free(&d->habit);
    series_list_free(&d->series);
    series_list_free(&d->limited);
    series_list_free(&d->fresh);
    series_list_free(&d->fresh_limited);
    pulses_free(&d->pulses);
    controls_free(&d->controls);
    lineup_free(&d->lineup);
    ruleset_free(&d->rules);
}

static int tell_why(struct desk *d)
{
    const struct why_desk why = {.jc = d->jc,
                                 .rules = d->rules,
                                 .lineup = &d->lineup,
                                 .controls = &d->controls,
                                 .pulses = &d->pulses,
                                 .series = &d->series,
                                 .limited = &d->limited,
                                 .fresh = &d->fresh,
                                 .fresh_limited = &d->fresh_limited,
                                 .habit = d->habit,
                                 .level = d->level,
                                 .n_levels = d->n_levels,
                                 .spikes = d->spikes,
                                 .n_spikes = d->n_spikes,
                                 .limit = d->limit,
                                 .n_limits = d->n_limits,
                                 .edges = &d->edges,
                                 .calls = &d->calls,
                                 .fresh_calls = &d->fresh_calls,
                                 .crashes = &d->crashes,
                                 .alarms = &d->alarms,
                                 .tests = &d->tests,
                                 .probes = &d->probes,
                                 .relief = &d->relief,
                                 .verdict = d->verdict};
    return why_write(&why, d->jc->explain, d->err);
}

int judge(const struct judge_case *jc, struct verdict **ret_verdict, struct err *err)
{
    struct desk d = {.jc = jc, .err = err};
    d.rules = ruleset_in_force(jc->rules, jc->change, err);
    if (d.rules == NULL)
        return -1;
    d.verdict = verdict_new(jc->change->change_id);
    int rc = -1;
    if (d.verdict == NULL)
        err_set(err, ENOMEM, "out of memory");
    else if (begin_verdict(&d) == 0 && prepare(&d) == 0 && judge_series(&d) == 0 &&
             judge_calls(&d) == 0 && judge_crashes(&d) == 0 && judge_alarms(&d) == 0 &&
             judge_tests(&d) == 0 && judge_probes(&d) == 0 && judge_expected(&d) == 0)
        rc = conclude(&d);
    if (rc == 0 && jc->explain != NULL)
        rc = tell_why(&d);
    clear_desk(&d);
    if (rc == 0)
        *ret_verdict = d.verdict;
    else
        verdict_free(&d.verdict);
    return rc;
}
