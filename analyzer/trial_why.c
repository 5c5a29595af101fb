/* analyzer/trial_why.c - asks the rule set who speaks for the test's data, then has the
 * rule judge alone: what it lacks then is what it lacked.  One thread. */
#include "analyzer/trial_why.h"
#include "analyzer/checkup.h"
#include "analyzer/trial_data.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 3 };

/* --- judging --- */

static span latest(const struct ruleset *rs)
{
    span late = {0};
    for (size_t k = 0; k < ruleset_windows_count(rs); k++)
        if (ruleset_windows_at(rs, k)->late.ms > late.ms)
            late = ruleset_windows_at(rs, k)->late;
    return late;
}

/* Rounds at every time that one wants, up to the end of the data and the time for late
 * samples, of which there are none. */
static int rounds(const struct trial_data *d, const struct ruleset *rs, struct err *err)
{
    struct checkup *c = checkup_new(d->ledger, d->windows, NULL);
    if (c == NULL)
        return err_set(err, ENOMEM, "out of memory");
    instant now = d->begin;
    instant end = {d->end.ms + latest(rs).ms + windows_step(d->windows).ms};
    int rc = 0;
    while (rc == 0 && now.ms <= end.ms) {
        instant next = INSTANT_FAR;
        size_t stored;
        rc = checkup_round(c, rs, now, &next, &stored, err);
        now = next.ms > now.ms ? next : (instant){now.ms + 1};
    }
    checkup_free(&c);
    return rc;
}

static int judge_data(const struct trial_data *d, const struct ruleset *rs,
                      const struct rule *only, struct verdict **ret, struct err *err)
{
    struct err why = {0};
    struct ruleset *alone = only != NULL ? ruleset_only(rs, only, err) : NULL;
    int rc =
        only != NULL && alone == NULL ? -1 : rounds(d, alone != NULL ? alone : rs, err);
    ruleset_free(&alone);
    if (rc < 0)
        return -1;
    *ret = ledger_verdict(d->ledger, TRIAL_CHANGE_ID, &why);
    if (*ret == NULL && why.code != ENOENT)
        return err_set(err, why.code, "%s", why.text);
    return 0;
}

int trial_judge(const struct trial *t, const struct ruleset *rs,
                const struct rule *only, struct verdict **ret_verdict, struct err *err)
{
    OWNED_TRIAL_DATA d = {0};
    *ret_verdict = NULL;
    if (trial_data_make(t, rs, &d, err) < 0)
        return -1;
    return judge_data(&d, rs, only, ret_verdict, err);
}

/* --- who speaks --- */

/* What of the test's data the rule could be about. */
struct seeker {
    const struct trial *t;
    const struct ruleset *in; /* in force for the change */
    const struct change *change;
    const struct rule *r;
    bool speaks;              /* for one of them */
    const struct rule *other; /* speaks for what the rule fits as well */
    char what[300];           /* that */
    char left[300];           /* what it fits and nobody speaks for; "": nothing */
};

static void heard(struct seeker *s, const struct rule *who, bool fits, const char *what)
{
    if (who != NULL && strcmp(who->id, s->r->id) == 0)
        s->speaks = true;
    else if (who != NULL && fits && s->other == NULL) {
        s->other = who;
        snprintf(s->what, sizeof s->what, "%s", what);
    } else if (who == NULL && fits && s->left[0] == '\0') {
        snprintf(s->left, sizeof s->left, "%s", what);
    }
}

/* Rules about calls, alarms and tests may do without a pattern. */
static bool about(const struct rule *r, const char *name)
{
    return r->pattern.n == 0 || rule_fit(r, name) > 0;
}

static void ask_series(struct seeker *s)
{
    bool limit = s->r->limit.set || s->r->attention.when.text != NULL ||
                 s->r->must_handle.when.text != NULL;
    for (size_t i = 0; i < s->t->series.n; i++) {
        const struct trial_series *one = &s->t->series.at[i];
        bool fits = rule_fit(s->r, one->metric) > 0;
        for (size_t h = 0; h < one->hosts.n || h == 0; h++) {
            const char *host = one->hosts.n > 0 ? one->hosts.at[h] : NULL;
            if (limit)
                heard(s, ruleset_for_limit(s->in, s->change, one->metric, host), fits,
                      one->metric);
            if (!limit || s->r->attention.set || s->r->must_handle.set)
                heard(s, ruleset_for_series(s->in, s->change, one->metric, host), fits,
                      one->metric);
            heard(s, ruleset_for_probe(s->in, s->change, one->metric, host), fits,
                  one->metric);
        }
    }
}

static void ask_calls(struct seeker *s)
{
    for (size_t i = 0; i < s->t->calls.n; i++) {
        const struct trial_calls *one = &s->t->calls.at[i];
        char edge[3 * 256];
        snprintf(edge, sizeof edge, "%s->%s:%s", one->caller, one->callee, one->iface);
        heard(s, ruleset_for_calls(s->in, s->change, s->r->measure, edge),
              about(s->r, edge), edge);
    }
}

static void ask_alarms(struct seeker *s)
{
    for (size_t i = 0; i < s->t->alarms.n; i++) {
        const struct trial_alarm *one = &s->t->alarms.at[i];
        const struct rule *who =
            ruleset_for_alarm(s->in, s->change, one->name, one->severity);
        heard(s, who, about(s->r, one->name), one->name);
    }
}

static void ask_tests(struct seeker *s)
{
    for (size_t i = 0; i < s->t->cases.n; i++) {
        const struct trial_case *one = &s->t->cases.at[i];
        char test[4 * 256];
        snprintf(test, sizeof test, "%s/%s%s%s", one->suite != NULL ? one->suite : "",
                 one->class != NULL ? one->class : "", one->class != NULL ? "." : "",
                 one->name);
        heard(s, ruleset_for_test(s->in, s->change, test), about(s->r, test),
              one->name);
    }
}

static void ask_nobody(struct seeker *s)
{
    s->speaks = true;
}

static const struct {
    void (*ask)(struct seeker *s);
    const char *lacks;
} subjects[SUBJECT_N] = {
    [SUBJECT_SERIES] = {ask_series, "no series that the rule is about"},
    [SUBJECT_PROBES] = {ask_series, "no series that the rule is about"},
    [SUBJECT_CALLS] = {ask_calls, "no calls that the rule is about"},
    [SUBJECT_ALARMS] = {ask_alarms, "no alarm that the rule is about"},
    [SUBJECT_TESTS] = {ask_tests, "no result that the rule is about"},
    [SUBJECT_SILENCE] = {ask_nobody, ""},
    [SUBJECT_CORES] = {ask_nobody, ""},
    [SUBJECT_RELIEF] = {ask_nobody, ""},
};

/* Adds why the rule was not asked; nothing when it was. */
static void say_unasked(struct seeker *s, struct buf *why)
{
    if (!rule_applies(s->r, s->change)) {
        buf_add(why, "it is not about this change, by kind, service or labels");
        return;
    }
    subjects[s->r->subject].ask(s);
    if (s->speaks)
        return;
    if (s->other != NULL)
        buf_addf(why, "rule '%s' speaks for %s and fits it better", s->other->id,
                 s->what);
    else if (s->left[0] != '\0')
        buf_addf(why, "%s leaves %s alone",
                 s->r->except.n > 0 ? "an exception, or its 'on'," : "its 'on'",
                 s->left);
    else
        buf_addf(why, "the test has %s", subjects[s->r->subject].lacks);
}

/* --- what it saw --- */

static double mean_of(struct windows *w, uint32_t entity, uint32_t metric, instant from,
                      instant to)
{
    struct block *b = windows_cut(w, entity, from, to);
    double sum = 0, n = 0;
    for (uint32_t i = 0; b != NULL && i < b->n_metrics; i++)
        for (uint32_t row = 0; b->metric[i] == metric && row < b->rows; row++) {
            double v = b->cells[(size_t)row * b->n_metrics + i];
            if (!isnan(v)) {
                sum += v;
                n++;
            }
        }
    block_free(&b);
    return n > 0 ? sum / n : NAN;
}

static void say_means(const struct trial_data *d, const struct seeker *s,
                      const struct trial_series *one, const char *host, struct buf *why)
{
    const struct windows_rule *w = ruleset_windows(s->in, s->change);
    struct entity who = {.kind = host != NULL ? ENTITY_HOST : ENTITY_SERVICE,
                         .host = host != NULL ? host : "",
                         .service = one->service};
    uint32_t entity = windows_find(d->windows, &who);
    uint32_t metric = windows_find_metric(d->windows, one->metric);
    instant at = s->t->change.at;
    if (entity == WINDOWS_NONE || metric == WINDOWS_NONE)
        return;
    double before =
        mean_of(d->windows, entity, metric, instant_add(at, (span){-w->before.ms}), at);
    double after =
        mean_of(d->windows, entity, metric,
                instant_add(at, (span){s->t->change.takes.ms + w->settle.ms}), d->end);
    buf_addf(why, "; %s of %s: ", one->metric, host != NULL ? host : one->service);
    if (isnan(before))
        buf_add(why, "nothing before");
    else
        buf_addf(why, "%.6g before", before);
    if (isnan(after))
        buf_add(why, ", nothing after");
    else
        buf_addf(why, ", %.6g after", after);
}

/* The means of the first changed hosts that it looked at. */
static void say_figures(const struct trial_data *d, const struct seeker *s,
                        struct buf *why)
{
    size_t shown = 0;
    if (s->r->subject != SUBJECT_SERIES)
        return;
    for (size_t i = 0; i < s->t->series.n; i++) {
        const struct trial_series *one = &s->t->series.at[i];
        if (rule_fit(s->r, one->metric) == 0)
            continue;
        for (size_t h = 0; shown < SHOWN_MAX && (h < one->hosts.n || h == 0); h++) {
            const char *host = one->hosts.n > 0 ? one->hosts.at[h] : NULL;
            if (host != NULL && s->change->n_hosts > 0 &&
                change_find_host(s->change, host) == NULL)
                continue;
            say_means(d, s, one, host, why);
            shown++;
        }
    }
}

static void say_verdict(const struct verdict *v, struct buf *why)
{
    buf_add(why, "it was not judged");
    if (v == NULL)
        buf_add(why, ": the data ends before the first look");
    else if (v->reason != NULL)
        buf_addf(why, ": %s", v->reason);
}

static int say_judged(struct trial_data *d, const struct seeker *s,
                      const struct ruleset *rs, enum trial_silence *ret,
                      struct buf *why, struct err *err)
{
    OWNED_VERDICT *v = NULL;
    if (judge_data(d, rs, s->r, &v, err) < 0)
        return -1;
    if (v == NULL || v->coverage.rules_judged == 0) {
        *ret = TRIAL_NOT_JUDGED;
        say_verdict(v, why);
        return 0;
    }
    *ret = TRIAL_QUIET;
    buf_add(why, "it judged, and nothing was bad enough");
    say_figures(d, s, why);
    return 0;
}

int trial_why(const struct trial *t, const struct ruleset *rs, const struct rule *r,
              enum trial_silence *ret_silence, struct buf *why, struct err *err)
{
    OWNED_TRIAL_DATA d = {0};
    OWNED_CHANGE *change = NULL;
    if (trial_data_make(t, rs, &d, err) < 0 ||
        (change = ledger_change(d.ledger, TRIAL_CHANGE_ID, err)) == NULL)
        return -1;
    struct ruleset *in = ruleset_in_force(rs, change, err);
    if (in == NULL)
        return -1;
    struct seeker s = {.t = t, .in = in, .change = change, .r = r};
    size_t said = why->len;
    int rc = 0;
    say_unasked(&s, why);
    if (why->len > said)
        *ret_silence = TRIAL_NOT_ASKED;
    else
        rc = say_judged(&d, &s, rs, ret_silence, why, err);
    ruleset_free(&in);
    return rc;
}
