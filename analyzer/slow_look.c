/* analyzer/slow_look.c - steps of the slow look, in order; what they do is in modules
 * of their own. */
#include "analyzer/slow_look.h"
#include "analyzer/fold.h"
#include "analyzer/hush.h"
#include "analyzer/slow.h"
#include "analyzer/slow_panel.h"
#include "analyzer/tell_slow.h"
#include "analyzer/words.h"
#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RECENT_MS = 3600000 };

static instant first_pivot(const struct change *c)
{
    instant first = life_whole(c).pivot;
    for (size_t i = 0; i < c->n_hosts; i++)
        if (c->host[i].pivot.ms < first.ms || i == 0)
            first = c->host[i].pivot;
    return first;
}

static instant past_from(const struct change *c, span lag)
{
    return (instant){first_pivot(c).ms - slow_reach(lag).ms - lag.ms};
}

int slow_look_ask(const struct change *c, const struct checkpoint *at, bool recent,
                  struct panel_ask *ret_ask, struct err *err)
{
    const char **hosts = calloc(c->n_hosts + 1, sizeof *hosts);
    if (hosts == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < c->n_hosts; i++)
        hosts[i] = c->host[i].name;
    int64_t hot = at->look.ms < RECENT_MS ? at->look.ms : RECENT_MS;
    instant from = {at->ends.ms - (recent ? hot : 0)};
    *ret_ask = (struct panel_ask){.service = c->service,
                                  .hosts = hosts,
                                  .n_hosts = c->n_hosts,
                                  .hot_from = from,
                                  .hot_to = at->ends,
                                  .past = {from.ms - past_from(c, at->look).ms},
                                  .far = true};
    return 0;
}

instant slow_look_reach(const struct change *c, const struct checkpoint *at)
{
    return (instant){first_pivot(c).ms - at->look.ms};
}

/* --- the copy --- */

/* A verdict without what an earlier try at this look has found. */
static int copy_verdict(const struct slow_case *sc, struct verdict **ret,
                        struct err *err)
{
    OWNED_BUF json = {0};
    verdict_write(sc->verdict, true, &json);
    if (buf_done(&json) < 0)
        return err_set(err, ENOMEM, "out of memory");
    if (verdict_read(buf_text(&json), json.len, ret, err) < 0)
        return -1;
    struct verdict *v = *ret;
    size_t kept = 0, had = v->n_findings;
    for (size_t i = 0; i < had; i++)
        if (v->findings[i].later.ms == sc->at.look.ms) {
            finding_clear(&v->findings[i]);
        } else {
            if (kept < i)
                v->findings[kept] = v->findings[i];
            kept++;
        }
    v->n_findings = kept;
    /* places in the list were said of the longer one */
    if (kept < had && fold_findings(v, first_pivot(sc->change), err) < 0)
        return -1;
    free(v->coverage.slow_note);
    v->coverage.slow_note = NULL;
    return 0;
}

/* --- what is told of it --- */

static span native_step(const struct panel *p)
{
    span least = {0};
    instant from;
    for (size_t i = 0; i < p->n; i++) {
        span step;
        if (unit_past_reach(&p->unit[i], &from, &step) &&
            (least.ms == 0 || step.ms < least.ms))
            least = step;
    }
    return least;
}

/* "looked again 24 hours after: nothing crept up in 40 series of 12 hosts". */
static int note(const struct slow *s, const struct slow_panel *p, size_t told, span lag,
                char **ret)
{
    struct buf b = {0};
    if (s->judged == 0) {
        buf_add(&b, "not looked again ");
        words_span(&b, lag);
        buf_add(&b, " after: ");
        if (s->n == 0 && s->touched == 0)
            buf_add(&b, "no series of the changed hosts is known");
        else if (s->short_past > 0) {
            buf_add(&b, "less than ");
            words_span(&b, (span){SLOW_LAGS_LEAST * lag.ms});
            buf_add(&b, " of history before the change");
        } else if (s->touched > 0)
            buf_add(&b, "other changes worked on its hosts in the meantime");
        else
            buf_add(&b, "too few samples");
    } else {
        buf_add(&b, "looked again ");
        words_span(&b, lag);
        buf_addf(&b, " after: %zu of %zu series crept up", told, s->judged);
        if (s->short_past + s->thin > 0)
            buf_addf(&b, "; %zu more had too little history or too few samples",
                     s->short_past + s->thin);
        if (s->touched > 0)
            buf_addf(&b, "; other changes worked on %zu host%s in the meantime",
                     s->touched, s->touched == 1 ? "" : "s");
    }
    if (p->changed_taken < p->changed)
        buf_addf(&b, "; %zu of %zu changed hosts were looked at", p->changed_taken,
                 p->changed);
    *ret = buf_give(&b);
    return *ret != NULL ? 0 : -1;
}

static void regrade(struct verdict *v)
{
    enum grade worst = GRADE_OK;
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].later.ms > 0 && v->findings[i].grade > worst &&
            !finding_is_muted(&v->findings[i]))
            worst = v->findings[i].grade;
    if (worst != GRADE_OK && (v->grade == GRADE_NOT_JUDGED || v->grade < worst))
        v->grade = worst;
}

/* --- steps --- */

struct desk {
    const struct slow_case *sc;
    struct windows_rule windows; /* of the lag, for align */
    struct slow_clock clock;
    struct slow_panel panel;
    struct lineup lineup;
    struct controls controls;
    struct series_list series;
    struct ruleset *rules; /* in force for the change */
    struct slow slow;
    struct verdict *verdict;
};

static int lay_out(struct desk *d, struct err *err)
{
    const struct slow_case *sc = d->sc;
    span lag = sc->at.look;
    d->clock = slow_clock_of(lag, native_step(sc->panel));
    int64_t stretch = d->clock.step.ms * (int64_t)d->clock.stretch;
    d->rules = ruleset_in_force(sc->rules, sc->change, err);
    if (d->rules == NULL)
        return -1;
    d->windows = d->rules->windows[sc->change->kind];
    d->windows.before = (span){stretch};
    d->windows.settle = (span){lag.ms - stretch};
    d->windows.looks[0] = lag;
    d->windows.n_looks = 1;
    if (slow_panel_make(sc->panel, sc->change, first_pivot(sc->change),
                        past_from(sc->change, lag), sc->at.ends, d->clock.step,
                        &d->panel, err) < 0 ||
        align(sc->change, sc->nearby, sc->n_nearby, &d->panel.panel, &d->windows,
              sc->at.ends, &d->lineup, err) < 0 ||
        control_choose(&d->lineup, &d->controls, err) < 0 ||
        series_list(&d->lineup, d->rules, ruleset_for_series, &d->series, err) < 0)
        return -1;
    return 0;
}

static int conclude(struct desk *d, struct err *err)
{
    struct verdict *v = d->verdict;
    struct teller t = {&d->lineup, &d->controls, v, false};
    size_t told = tell_slow(&t, &d->slow, d->sc->at.look);
    if (t.failed ||
        note(&d->slow, &d->panel, told, d->sc->at.look, &v->coverage.slow_note) < 0)
        return err_set(err, ENOMEM, "out of memory");
    v->final = true;
    if (told == 0)
        return 0; /* it says what it said, to the byte */
    v->decided_at = d->sc->at.at;
    if (hush_findings(d->sc->mutes, d->sc->change, v, err) < 0)
        return -1;
    regrade(v);
    return fold_findings(v, first_pivot(d->sc->change), err);
}

int slow_look(const struct slow_case *sc, struct verdict **ret, struct err *err)
{
    struct desk d = {.sc = sc};
    int rc = copy_verdict(sc, &d.verdict, err);
    if (rc == 0)
        rc = lay_out(&d, err);
    if (rc == 0)
        rc = slow_measure(&d.lineup, &d.controls, &d.series, &d.clock, &d.slow, err);
    if (rc == 0)
        rc = slow_grade(&d.slow, &d.lineup, d.rules, err);
    if (rc == 0)
        rc = conclude(&d, err);
    slow_free(&d.slow);
    series_list_free(&d.series);
    controls_free(&d.controls);
    lineup_free(&d.lineup);
    slow_panel_free(&d.panel);
    ruleset_free(&d.rules);
    if (rc == 0)
        *ret = d.verdict;
    else if (d.verdict != NULL)
        verdict_free(&d.verdict);
    return rc;
}
