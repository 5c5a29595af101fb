/* analyzer/trial_data.c - samples from shapes, events from what the test says of them.
 *
 * Events go through their JSON, so that they are held to what the service holds them
 * to.  Rows of a series are put in their order; noise follows from the names of its
 * host and metric, so the order of series in the file means nothing.  One thread. */
#include "analyzer/trial_data.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/names.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
    const struct trial *t;
    const struct ruleset *rs;
    span lasts;
    span step; /* of the store */
    double points;
    struct trial_data *d;
    struct err *err;
};

/* --- how long, and how fine --- */

static void longest(const struct shape *s, span step, span *lasts)
{
    bool open;
    int64_t ms = (int64_t)shape_points(s, &open) * step.ms;
    if (!open && ms > lasts->ms)
        lasts->ms = ms;
}

static span last_look(const struct trial *t, const struct ruleset *rs)
{
    const struct windows_rule *w = windows_for(
        &rs->windows_all, (enum change_kind)t->change.kind, t->change.service);
    return (span){w->looks[w->n_looks - 1].ms + t->change.takes.ms};
}

span trial_lasts(const struct trial *t, const struct ruleset *rs)
{
    span lasts = t->lasts;
    if (lasts.ms > 0)
        return lasts;
    for (size_t i = 0; i < t->series.n; i++)
        longest(&t->series.at[i].after, t->series.at[i].step, &lasts);
    for (size_t i = 0; i < t->calls.n; i++)
        longest(&t->calls.at[i].after, t->calls.at[i].step, &lasts);
    return lasts.ms > 0 ? lasts : last_look(t, rs);
}

static span finest(const struct trial *t)
{
    span step = t->step;
    for (size_t i = 0; i < t->series.n; i++)
        if (t->series.at[i].step.ms < step.ms)
            step = t->series.at[i].step;
    for (size_t i = 0; i < t->calls.n; i++)
        if (t->calls.at[i].step.ms < step.ms)
            step = t->calls.at[i].step;
    return (span){step.ms < 1000 ? 1000 : step.ms / 1000 * 1000};
}

/* --- samples --- */

/* One course of values: both shapes, and where their points lie. */
struct course {
    const struct shape *before, *after;
    span step;
    uint64_t seed;
    uint32_t n_before, n_after; /* points on either side */
};

static struct course course_of(const struct maker *m, const struct shape *before,
                               const struct shape *after, span step, uint64_t seed)
{
    struct course c = {.before = before, .after = after, .step = step, .seed = seed};
    bool open;
    int64_t past = m->t->past.ms / step.ms, then = m->lasts.ms / step.ms;
    c.n_before = shape_points(before, &open);
    if (open && past > c.n_before)
        c.n_before = (uint32_t)past;
    c.n_after = (uint32_t)then;
    return c;
}

/* Points are numbered from the first before the change on. */
static double course_at(const struct course *c, uint32_t i)
{
    if (i < c->n_before)
        return c->before->n == 0
                   ? NAN
                   : shape_value(c->before, SHAPE_BEFORE, i, c->n_before, c->seed);
    if (c->after->n == 0)
        return NAN;
    bool open;
    uint32_t least = shape_points(c->after, &open);
    return shape_value(c->after, SHAPE_AFTER, i - c->n_before,
                       c->n_after > least ? c->n_after : least, c->seed + 1);
}

static uint32_t course_n(const struct course *c)
{
    return c->n_before + c->n_after;
}

static instant course_time(const struct maker *m, const struct course *c, uint32_t i)
{
    return (instant){m->t->change.at.ms +
                     ((int64_t)i - (int64_t)c->n_before) * c->step.ms};
}

/* Keeps a test from filling the memory: what goes on by itself was not counted when the
 * file was read. */
static int count(struct maker *m, const struct course *c)
{
    m->points += course_n(c);
    if (m->points <= 2.0 * TRIAL_POINTS_MAX)
        return 0;
    return err_set(m->err, EMSGSIZE, "the series are more than %d points",
                   2 * TRIAL_POINTS_MAX);
}

static int put(struct maker *m, uint32_t entity, instant at, uint32_t metric, double v)
{
    float value = (float)v;
    size_t taken = 0;
    if (isnan(v))
        return 0;
    windows_put(m->d->windows, entity, at, 1, &metric, &value, &taken);
    if (taken != 1)
        return err_set(m->err, ENOSPC, "a sample did not fit into the store");
    if (at.ms + m->step.ms > m->d->end.ms)
        m->d->end = (instant){at.ms + m->step.ms};
    return 0;
}

static uint32_t metric_of(struct maker *m, const char *name, enum merge merge)
{
    return windows_metric(m->d->windows, name, strlen(name), merge);
}

static int put_series(struct maker *m, const struct trial_series *s, const char *host)
{
    struct entity who = {.kind = host != NULL ? ENTITY_HOST : ENTITY_SERVICE,
                         .host = host != NULL ? host : "",
                         .service = s->service};
    uint32_t entity = windows_entity(m->d->windows, &who);
    uint32_t metric = metric_of(m, s->metric, MERGE_MEAN);
    struct course c =
        course_of(m, &s->before, &s->after, s->step,
                  shape_seed(shape_seed(0, s->metric), host != NULL ? host : ""));
    if (entity == WINDOWS_NONE || metric == WINDOWS_NONE)
        return err_set(m->err, ENOSPC, "there is no room for %.80s", s->metric);
    if (count(m, &c) < 0)
        return -1;
    for (uint32_t i = 0; i < course_n(&c); i++)
        if (put(m, entity, course_time(m, &c, i), metric, course_at(&c, i)) < 0)
            return -1;
    return 0;
}

static struct entity edge_of(const struct trial_calls *c, const char *callee_host)
{
    return (struct entity){.kind = ENTITY_EDGE,
                           .host = "",
                           .service = "",
                           .caller = c->caller,
                           .callee = c->callee,
                           .iface = c->iface,
                           .caller_host = "",
                           .callee_host = callee_host,
                           .side = trial_sides[c->side]};
}

/* As collector/in_calls stores a record: the count under its outcome and code, and the
 * time that all its calls took together. */
static int put_calls(struct maker *m, const struct trial_calls *c, const char *host)
{
    char name[NAME_BYTES_MAX + 16];
    struct entity who = edge_of(c, host);
    uint32_t entity = windows_entity(m->d->windows, &who);
    snprintf(name, sizeof name, "%s %s", trial_outcomes[c->outcome], c->code);
    uint32_t metric = metric_of(m, name, MERGE_SUM), ms = metric_of(m, "ms", MERGE_SUM);
    uint64_t seed = shape_seed(shape_seed(shape_seed(0, name), c->iface), host);
    struct course calls = course_of(m, &c->before, &c->after, c->step, seed);
    struct course mean = course_of(m, &c->ms_before, &c->ms_after, c->step, seed + 2);
    if (entity == WINDOWS_NONE || metric == WINDOWS_NONE || ms == WINDOWS_NONE)
        return err_set(m->err, ENOSPC, "there is no room for calls of %.80s",
                       c->callee);
    if (mean.n_before > calls.n_before) /* side by side */
        calls.n_before = mean.n_before;
    mean.n_before = calls.n_before;
    if (count(m, &calls) < 0 || count(m, &mean) < 0)
        return -1;
    for (uint32_t i = 0; i < course_n(&calls); i++) {
        instant at = course_time(m, &calls, i);
        double n = round(course_at(&calls, i));
        n = n < 0 ? 0 : n;
        if (put(m, entity, at, metric, n) < 0 ||
            put(m, entity, at, ms, n * course_at(&mean, i)) < 0)
            return -1;
    }
    return 0;
}

static int put_all(struct maker *m)
{
    const struct trial *t = m->t;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < t->series.n; i++) {
        const struct trial_series *s = &t->series.at[i];
        if (s->hosts.n == 0)
            rc = put_series(m, s, NULL);
        for (size_t h = 0; rc == 0 && h < s->hosts.n; h++)
            rc = put_series(m, s, s->hosts.at[h]);
    }
    for (size_t i = 0; rc == 0 && i < t->calls.n; i++) {
        const struct trial_calls *c = &t->calls.at[i];
        if (c->callee_hosts.n == 0)
            rc = put_calls(m, c, "");
        for (size_t h = 0; rc == 0 && h < c->callee_hosts.n; h++)
            rc = put_calls(m, c, c->callee_hosts.at[h]);
    }
    return rc;
}

/* --- events --- */

static instant after(const struct maker *m, span when)
{
    return instant_add(m->t->change.at, when);
}

/* Hands what was written to `take`; what is wrong with it is said of `what`. */
static int hand_over(struct maker *m, const struct buf *text, const char *what,
                     int (*take)(struct maker *m, const struct json_at *v,
                                 struct err *err))
{
    struct err why = {0};
    OWNED_JSON *doc = json_parse(buf_text(text), text->len, &why);
    if (doc != NULL) {
        struct json_at root = json_root(doc);
        if (take(m, &root, &why) == 0)
            return 0;
    }
    return err_set(m->err, why.code != 0 ? why.code : EINVAL, "%s: %s", what, why.text);
}

static int take_change(struct maker *m, const struct json_at *v, struct err *err)
{
    struct change_event *e = NULL;
    if (change_event_read(v, INSTANT_NONE, &e, err) < 0)
        return -1;
    return ledger_post_wait(m->d->ledger, &e, INSTANT_NONE, err) == POSTED_NEW ? 0 : -1;
}

static int take_core(struct maker *m, const struct json_at *v, struct err *err)
{
    struct core *c = NULL;
    if (core_read(v, INSTANT_NONE, &c, err) < 0)
        return -1;
    return ledger_put_core_wait(m->d->ledger, &c, INSTANT_NONE, err) == POSTED_FAILED
               ? -1
               : 0;
}

static int take_alarm(struct maker *m, const struct json_at *v, struct err *err)
{
    struct alarm *a = NULL;
    struct alarm_list list = {0};
    if (alarm_read(v, INSTANT_NONE, &a, err) < 0 || alarm_list_add(&list, &a, err) < 0)
        return -1;
    return ledger_put_alarms_wait(m->d->ledger, &list, INSTANT_NONE, err) ==
                   POSTED_FAILED
               ? -1
               : 0;
}

static int take_results(struct maker *m, const struct json_at *v, struct err *err)
{
    OWNED_TEST_RUN *run = NULL;
    if (test_run_read(v, INSTANT_NONE, &run, err) < 0 ||
        test_run_name(run, NULL, NULL, err) < 0 || test_run_seal(run, err) < 0)
        return -1;
    return ledger_put_tests_wait(m->d->ledger, &run, INSTANT_NONE, err) == POSTED_FAILED
               ? -1
               : 0;
}

static void text_if(struct jsonw *w, const char *key, const char *text)
{
    if (text != NULL && text[0] != '\0')
        jsonw_text(w, key, text);
}

static int post(struct maker *m, enum change_phase phase, span when)
{
    const struct trial_change *c = &m->t->change;
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "source", "test");
    jsonw_text(&w, "id", change_phase_name(phase));
    jsonw_text(&w, "change_id", TRIAL_CHANGE_ID);
    jsonw_text(&w, "phase", change_phase_name(phase));
    jsonw_text(&w, "kind", change_kind_name((enum change_kind)c->kind));
    text_if(&w, "service", c->service);
    jsonw_instant(&w, "time", after(m, when));
    if (c->hosts.n > 0) {
        jsonw_list(&w, "hosts");
        for (size_t i = 0; i < c->hosts.n; i++)
            jsonw_text(&w, NULL, c->hosts.at[i]);
        jsonw_end(&w);
    }
    if (c->n_labels > 0) {
        jsonw_open(&w, "labels");
        for (size_t i = 0; i < c->n_labels; i++)
            jsonw_text(&w, c->label[i].key, c->label[i].value);
        jsonw_close(&w);
    }
    jsonw_close(&w);
    return hand_over(m, &text, "change", take_change);
}

static int post_change(struct maker *m)
{
    const struct trial_change *c = &m->t->change;
    enum change_phase last = (enum change_phase)c->phase;
    if ((c->takes.ms > 0 || last != PHASE_FINISHED) &&
        post(m, PHASE_STARTED, (span){0}) < 0)
        return -1;
    return last != PHASE_STARTED ? post(m, last, c->takes) : 0;
}

static int put_core(struct maker *m, const struct trial_core *c, const char *host,
                    int pid)
{
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    jsonw_open(&w, NULL);
    jsonw_instant(&w, "time", after(m, (span){c->when.ms + pid * 1000ll}));
    jsonw_text(&w, "host", host);
    text_if(&w, "service", c->service);
    jsonw_text(&w, "exe", c->exe);
    jsonw_int(&w, "pid", 1000 + pid);
    jsonw_text(&w, "signal", c->signal);
    jsonw_list(&w, "frames");
    for (size_t i = 0; i < c->frames.n; i++) {
        jsonw_open(&w, NULL);
        jsonw_text(&w, "fn", c->frames.at[i]);
        jsonw_text(&w, "module", c->exe);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_close(&w);
    return hand_over(m, &text, "coredump", take_core);
}

static int put_alarm(struct maker *m, const struct trial_alarm *a, const char *host)
{
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    jsonw_open(&w, NULL);
    jsonw_instant(&w, "time", after(m, a->when));
    if (a->ends_text != NULL)
        jsonw_instant(&w, "ends", after(m, a->ends));
    jsonw_text(&w, "name", a->name);
    text_if(&w, "severity", a->severity);
    text_if(&w, "host", host);
    text_if(&w, "service", a->service);
    text_if(&w, "text", a->text);
    jsonw_close(&w);
    return hand_over(m, &text, "alarm", take_alarm);
}

static int put_case(struct maker *m, const struct trial_case *c)
{
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    jsonw_open(&w, NULL);
    if (c->when.ms >= 0)
        jsonw_text(&w, "change_id", TRIAL_CHANGE_ID);
    text_if(&w, "service", m->t->change.service);
    jsonw_instant(&w, "time", after(m, c->when));
    text_if(&w, "suite", c->suite);
    jsonw_list(&w, "tests");
    jsonw_open(&w, NULL);
    jsonw_text(&w, "name", c->name);
    text_if(&w, "class", c->class);
    jsonw_text(&w, "result", trial_results[c->result]);
    text_if(&w, "message", c->message);
    jsonw_close(&w);
    jsonw_end(&w);
    jsonw_close(&w);
    return hand_over(m, &text, "tests", take_results);
}

static int put_events(struct maker *m)
{
    const struct trial *t = m->t;
    int rc = post_change(m);
    for (size_t i = 0; rc == 0 && i < t->cores.n; i++)
        for (size_t h = 0; rc == 0 && h < t->cores.at[i].hosts.n; h++)
            for (int k = 0; rc == 0 && k < (int)t->cores.at[i].times; k++)
                rc = put_core(m, &t->cores.at[i], t->cores.at[i].hosts.at[h], k);
    for (size_t i = 0; rc == 0 && i < t->alarms.n; i++) {
        const struct trial_alarm *a = &t->alarms.at[i];
        if (a->hosts.n == 0)
            rc = put_alarm(m, a, NULL);
        for (size_t h = 0; rc == 0 && h < a->hosts.n; h++)
            rc = put_alarm(m, a, a->hosts.at[h]);
    }
    for (size_t i = 0; rc == 0 && i < t->cases.n; i++)
        rc = put_case(m, &t->cases.at[i]);
    return rc;
}

/* --- the stores --- */

/* As far back as any series goes. */
static span reach_of(const struct maker *m)
{
    span reach = m->t->past;
    bool open;
    for (size_t i = 0; i < m->t->series.n; i++) {
        const struct trial_series *s = &m->t->series.at[i];
        int64_t ms = (int64_t)shape_points(&s->before, &open) * s->step.ms;
        reach.ms = ms > reach.ms ? ms : reach.ms;
    }
    for (size_t i = 0; i < m->t->calls.n; i++) {
        const struct trial_calls *c = &m->t->calls.at[i];
        int64_t ms = (int64_t)shape_points(&c->before, &open) * c->step.ms;
        reach.ms = ms > reach.ms ? ms : reach.ms;
    }
    return reach;
}

int trial_data_make(const struct trial *t, const struct ruleset *rs,
                    struct trial_data *ret_data, struct err *err)
{
    struct maker m = {.t = t,
                      .rs = rs,
                      .lasts = trial_lasts(t, rs),
                      .step = finest(t),
                      .d = ret_data,
                      .err = err};
    span reach = reach_of(&m);
    *ret_data = (struct trial_data){.begin = {t->change.at.ms - reach.ms},
                                    .end = {t->change.at.ms + m.lasts.ms}};
    int64_t rows = (reach.ms + m.lasts.ms) / m.step.ms + 4;
    if (rows > WINDOWS_ROWS_MAX)
        return err_set(err, EMSGSIZE,
                       "past and after are too long for a step of %lld s",
                       (long long)(m.step.ms / 1000));
    struct windows_spec spec = {
        .step = m.step, .rows = (uint32_t)rows, .bytes_max = 4ull << 30};
    ret_data->ledger = ledger_open(":memory:", NULL, err);
    ret_data->windows =
        ret_data->ledger != NULL ? windows_open(&spec, NULL, err) : NULL;
    if (ret_data->windows == NULL || put_all(&m) < 0 || put_events(&m) < 0) {
        trial_data_free(ret_data);
        return -1;
    }
    return 0;
}

void trial_data_free(struct trial_data *d)
{
    windows_close(&d->windows);
    ledger_close(&d->ledger);
}
