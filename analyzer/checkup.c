/* analyzer/checkup.c - rounds over the open changes.
 *
 * What was judged last is remembered per change, so that a round judges only what is
 * new: another look, another event, other rules, other mutes.  After a restart the
 * memory is empty and the latest look is judged once more: the same data gives the same
 * verdict, which the ledger already has.  In between, what the next looks need of the
 * past is learned ahead.  One thread does both; `lock` guards the stats only. */
#include "analyzer/checkup.h"

#include "analyzer/evidence.h"
#include "analyzer/hush.h"
#include "analyzer/judge.h"
#include "analyzer/life.h"
#include "analyzer/part.h"
#include "analyzer/profile.h"
#include "analyzer/slow_round.h"
#include "analyzer/stand.h"
#include "base/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* For what something was learned ahead. */
struct basis {
    instant at; /* the look; none: for nothing yet */
    size_t n_events;
    char rules[17];
    bool closed; /* once more after its window had closed */
};

/* What was judged last of a change. */
struct seen {
    char *id; /* borrowed from the ids of its round */
    instant at;
    size_t n_events;
    char rules[17];
    char mutes[HUSH_MARK_MAX];
    struct basis ahead;
};

struct checkup {
    struct ledger *ledger;
    struct windows *windows;
    struct history *history;
    size_t n_seen;
    struct seen *seen; /* sorted by id */
    char **ids;        /* of the last round: own the texts in `seen` */
    size_t n_ids;
    struct profile *profile;
    pthread_mutex_t lock;
    struct checkup_stats stats;
};

struct checkup *checkup_new(struct ledger *l, struct windows *w, struct history *h)
{
    struct checkup *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->ledger = l;
    c->windows = w;
    c->history = h;
    c->profile = profile_new(CHECKUP_AHEAD_BYTES);
    if (c->profile == NULL) {
        free(c);
        return NULL;
    }
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void checkup_free(struct checkup **c)
{
    if (*c == NULL)
        return;
    ledger_ids_free(&(*c)->ids, (*c)->n_ids);
    free((*c)->seen);
    profile_free(&(*c)->profile);
    pthread_mutex_destroy(&(*c)->lock);
    free(*c);
    *c = NULL;
}

struct checkup_stats checkup_stats(struct checkup *c)
{
    pthread_mutex_lock(&c->lock);
    struct checkup_stats stats = c->stats;
    pthread_mutex_unlock(&c->lock);
    return stats;
}

/* --- memory --- */

static int by_id(const void *a, const void *b)
{
    return strcmp(((const struct seen *)a)->id, ((const struct seen *)b)->id);
}

/* Makes the memory that of these ids, keeping what is known of them. */
static int remember(struct checkup *c, char ***ids, size_t n, struct err *err)
{
    struct seen *now = calloc(n + 1, sizeof *now);
    if (now == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < n; i++) {
        struct seen key = {
            .id = (*ids)[i], .at = INSTANT_NONE, .ahead = {.at = INSTANT_NONE}};
        const struct seen *old = NULL;
        if (c->n_seen > 0)
            old = bsearch(&key, c->seen, c->n_seen, sizeof key, by_id);
        now[i] = old != NULL ? *old : key;
        now[i].id = key.id;
    }
    qsort(now, n, sizeof *now, by_id);
    for (size_t i = 0; i < c->n_seen; i++) /* changes that are open no more */
        if (n == 0 || bsearch(&c->seen[i], now, n, sizeof *now, by_id) == NULL)
            profile_forget(c->profile, c->seen[i].id);
    free(c->seen);
    ledger_ids_free(&c->ids, c->n_ids);
    c->seen = now;
    c->n_seen = n;
    c->ids = *ids;
    c->n_ids = n;
    *ids = NULL;
    return 0;
}

/* One look, and what it is judged by beside the samples. */
struct look {
    const struct ruleset *rules;
    const struct change *change;
    const struct plan *plan;
    size_t k; /* its place in the plan */
    struct mutes mutes;
    char mutes_mark[HUSH_MARK_MAX];
};

static bool judged_already(const struct seen *s, const struct look *l)
{
    return s->at.ms == l->plan->at[l->k].at.ms && s->n_events == l->change->n_events &&
           strcmp(s->rules, l->rules->hash) == 0 &&
           strcmp(s->mutes, l->mutes_mark) == 0;
}

static void judged_now(struct seen *s, const struct look *l)
{
    s->at = l->plan->at[l->k].at;
    s->n_events = l->change->n_events;
    memcpy(s->rules, l->rules->hash, sizeof s->rules);
    memcpy(s->mutes, l->mutes_mark, sizeof s->mutes);
}

/* --- one look --- */

/* Other changes that may have had a hand in what the windows show. */
static int find_nearby(struct checkup *c, const struct change *change,
                       const struct windows_rule *w, const struct checkpoint *due,
                       struct change ***ret, size_t *ret_n, struct err *err)
{
    span reach = {2 * w->before.ms + w->settle.ms};
    instant from = {change->start.ms - reach.ms};
    return ledger_nearby(c->ledger, change, from, due->ends, ret, ret_n, err);
}

/* All that is gathered for a look. */
struct gathered {
    struct change **nearby;
    size_t n_nearby;
    struct panel_ask ask;
    struct panel *panel;
    struct judge_case jc;
};

static void gathered_free(struct gathered *g)
{
    panel_free(&g->panel);
    free((void *)(uintptr_t)g->ask.hosts);
    ledger_nearby_free(&g->nearby, g->n_nearby);
}
#define OWNED_GATHERED __attribute__((cleanup(gathered_free))) struct gathered

static int gather(struct checkup *c, const struct look *l, struct gathered *g,
                  struct err *err)
{
    const struct checkpoint *at = &l->plan->at[l->k];
    struct err note = {0}; /* a unit whose history is broken goes without it */
    if (find_nearby(c, l->change, ruleset_windows(l->rules, l->change), at, &g->nearby,
                    &g->n_nearby, err) < 0 ||
        judge_ask(l->rules, l->change, at, &g->ask, err) < 0)
        return -1;
    g->ask.far = true; /* pasts are read one unit at a time */
    g->panel = panel_gather(c->windows, c->history, &g->ask, &note);
    if (g->panel == NULL)
        return err_set(err, note.code, "%s", note.text);
    g->jc = (struct judge_case){.rules = l->rules,
                                .change = l->change,
                                .nearby = (const struct change *const *)g->nearby,
                                .n_nearby = g->n_nearby,
                                .panel = g->panel,
                                .mutes = &l->mutes,
                                .checkpoint = *at,
                                .looks_done = (int)l->k + 1,
                                .looks_all = (int)plan_looks(l->plan, l->k),
                                .threads = crew_processors()};
    return 0;
}

static int judge_look(struct checkup *c, const struct look *l, struct verdict **ret,
                      struct err *err)
{
    OWNED_GATHERED g = {0};
    OWNED_EVIDENCE evidence = {0};
    bool fits = true;
    if (gather(c, l, &g, err) < 0)
        return -1;
    const struct evidence_ask ask = {l->change, ruleset_windows(l->rules, l->change),
                                     &g.ask, g.panel};
    if (evidence_gather(c->ledger, &ask, &evidence, err) < 0)
        return -1;
    g.jc.cores = &evidence.cores;
    g.jc.alarms = &evidence.alarms;
    g.jc.tests = &evidence.tests;
    g.jc.habit = profile_find(c->profile, l->change->change_id);
    g.jc.ret_fits = &fits;
    int rc = judge(&g.jc, ret, err);
    pthread_mutex_lock(&c->lock);
    c->stats.ahead += g.jc.habit != NULL;
    c->stats.unfit += g.jc.habit != NULL && !fits;
    pthread_mutex_unlock(&c->lock);
    return rc;
}

/* Numbers the verdict and stores it; one that says nothing new keeps its number. */
static int store(struct checkup *c, const struct change *change, struct verdict *v,
                 struct err *err)
{
    struct err why = {0};
    OWNED_VERDICT *current = ledger_verdict(c->ledger, v->change_id, &why);
    if (current == NULL && why.code != ENOENT)
        return err_set(err, why.code, "%s", why.text);
    if (stand(change, current, v) < 0)
        return err_set(err, ENOMEM, "out of memory");
    bool same = current != NULL && verdict_same(current, v);
    v->revision = current == NULL ? 1 : current->revision + !same;
    if (ledger_put_verdict(c->ledger, v, err) < 0)
        return -1;
    pthread_mutex_lock(&c->lock);
    c->stats.revisions += !same;
    c->stats.graded[v->grade] += v->final;
    pthread_mutex_unlock(&c->lock);
    return 0;
}

/* The latest checkpoint that has come, plan->n when none has; *ret_next is the one
 * after. */
static size_t due_at(const struct plan *plan, instant now, instant *ret_next)
{
    size_t due = plan->n;
    for (size_t i = 0; i < plan->n; i++) {
        if (plan->at[i].at.ms > now.ms) {
            if (plan->at[i].at.ms < ret_next->ms)
                *ret_next = plan->at[i].at;
            break;
        }
        due = i;
    }
    return due;
}

static int find_mutes(struct checkup *c, struct look *l, struct err *err)
{
    if (ledger_mutes(c->ledger, MUTES_OF_LOOK, l->plan->at[l->k].at, &l->mutes, err) <
        0)
        return -1;
    return hush_mark(&l->mutes, l->change, l->mutes_mark, err);
}

static int look_at(struct checkup *c, const struct ruleset *rules, struct seen *seen,
                   instant now, instant *ret_next, size_t *ret_stored, struct err *err)
{
    OWNED_CHANGE *change = ledger_change(c->ledger, seen->id, err);
    struct plan plan;
    OWNED_VERDICT *v = NULL;
    if (change == NULL || life_plan(change, ruleset_windows(rules, change), &plan) < 0)
        return err_set(err, ENOMEM, "change %s cannot be planned", seen->id);
    size_t k = due_at(&plan, now, ret_next);
    struct look l = {.rules = rules, .change = change, .plan = &plan, .k = k};
    int rc = k < plan.n ? find_mutes(c, &l, err) : 0;
    if (rc == 0 && k < plan.n && !judged_already(seen, &l)) {
        rc = judge_look(c, &l, &v, err);
        if (rc == 0 && v->final)
            v->slow_due = slow_first_due(change, ruleset_windows(rules, change));
        if (rc == 0)
            rc = store(c, change, v, err);
        pthread_mutex_lock(&c->lock);
        c->stats.looks++;
        pthread_mutex_unlock(&c->lock);
        if (rc == 0) {
            judged_now(seen, &l);
            (*ret_stored)++;
        }
    }
    mutes_free(&l.mutes);
    plan_free(&plan);
    return rc;
}

int checkup_round(struct checkup *c, const struct ruleset *rules, instant now,
                  instant *ret_next, size_t *ret_stored, struct err *err)
{
    char **ids = NULL;
    size_t n = 0, failed = 0;
    *ret_next = INSTANT_FAR;
    *ret_stored = 0;
    if (ledger_open_changes(c->ledger, &ids, &n, err) < 0)
        return -1;
    if (remember(c, &ids, n, err) < 0) {
        ledger_ids_free(&ids, n);
        return -1;
    }
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        if (look_at(c, rules, &c->seen[i], now, ret_next, ret_stored, &why) == 0)
            continue;
        failed++;
        err_set(err, why.code, "change %s: %s", c->seen[i].id, why.text);
        instant again = instant_add(now, (span){CHECKUP_AGAIN_MS});
        *ret_next = again.ms < ret_next->ms ? again : *ret_next;
    }
    struct slow_tally slow = {.next = *ret_next};
    struct slow_stores stores = {c->ledger, c->windows, c->history};
    int rc = slow_round(&stores, rules, now, &slow, err);
    *ret_next = slow.next;
    *ret_stored += slow.stored;
    pthread_mutex_lock(&c->lock);
    c->stats.open = n;
    c->stats.failures += failed + slow.failed;
    c->stats.looks += slow.looks;
    c->stats.revisions += slow.revisions;
    pthread_mutex_unlock(&c->lock);
    return failed == 0 && rc == 0 ? 0 : -1;
}

/* --- ahead --- */

static bool is_basis(const struct basis *b, const struct change *change,
                     const struct checkpoint *look, const struct ruleset *rules)
{
    return b->at.ms == look->at.ms && b->n_events == change->n_events &&
           strcmp(b->rules, rules->hash) == 0;
}

/* When a look can be prepared: every host that will be in it was changed, and samples
 * from before had their time to come in. */
static instant ready_at(const struct change *change, const struct windows_rule *w,
                        const struct checkpoint *look)
{
    instant last = change->start;
    for (size_t i = 0; i < change->n_hosts; i++)
        if (change->host[i].pivot.ms > last.ms &&
            change->host[i].pivot.ms < look->ends.ms)
            last = change->host[i].pivot;
    return instant_add(last, w->late);
}

/* What there is to prepare of one change. */
struct task {
    struct seen *seen;
    struct change *change;
    struct plan plan;
    size_t look;
    instant from; /* when it can be done; INSTANT_FAR: nothing to do */
};

static void task_free(struct task *t)
{
    change_free(&t->change);
    plan_free(&t->plan);
}

/* The next look's, with the time from which it can be prepared. */
static int find_task(struct checkup *c, const struct ruleset *rules, struct seen *seen,
                     instant now, struct task *ret, struct err *err)
{
    struct task t = {.seen = seen, .from = INSTANT_FAR};
    t.change = ledger_change(c->ledger, seen->id, err);
    if (t.change == NULL)
        return -1;
    const struct windows_rule *w = ruleset_windows(rules, t.change);
    if (life_plan(t.change, w, &t.plan) < 0) {
        task_free(&t);
        return err_set(err, ENOMEM, "out of memory");
    }
    while (t.look < t.plan.n && t.plan.at[t.look].at.ms <= now.ms)
        t.look++;
    if (t.look < t.plan.n) {
        const struct checkpoint *look = &t.plan.at[t.look];
        if (!is_basis(&seen->ahead, t.change, look, rules))
            t.from = ready_at(t.change, w, look);
        else if (!seen->ahead.closed)
            t.from = look->ends;
    }
    *ret = t;
    return 0;
}

/* The task that can be done now whose look comes first; task.change is NULL when there
 * is none. */
static int choose_task(struct checkup *c, const struct ruleset *rules, instant now,
                       struct task *best, instant *ret_next, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; i < c->n_seen; i++) {
        struct task t;
        struct err why = {0};
        if (find_task(c, rules, &c->seen[i], now, &t, &why) < 0) {
            rc = err_set(err, why.code, "change %s: %s", c->seen[i].id, why.text);
            continue;
        }
        if (t.from.ms > now.ms) {
            ret_next->ms = t.from.ms < ret_next->ms ? t.from.ms : ret_next->ms;
            task_free(&t);
        } else if (best->change == NULL ||
                   t.plan.at[t.look].at.ms < best->plan.at[best->look].at.ms) {
            task_free(best);
            *best = t;
        } else {
            task_free(&t);
        }
    }
    return rc;
}

/* What a look would read of days, once its window has closed. */
static int prepare_days(struct checkup *c, const struct judge_case *jc, struct err *err)
{
    struct buf days = {0};
    int rc = part_days(jc, &days, err);
    if (rc == 0)
        profile_take_days(c->profile, jc->change->change_id, &days);
    buf_free(&days);
    return rc;
}

static int prepare(struct checkup *c, const struct ruleset *rules, const struct task *t,
                   instant now, struct err *err)
{
    OWNED_GATHERED g = {0};
    const struct look l = {
        .rules = rules, .change = t->change, .plan = &t->plan, .k = t->look};
    const char *id = t->change->change_id;
    struct habit *h = NULL;
    if (gather(c, &l, &g, err) < 0)
        return -1;
    g.jc.ahead = now.ms < g.jc.checkpoint.ends.ms;
    if (part_all(&g.jc, profile_find(c->profile, id), &h, err) < 0)
        return -1;
    if (h == NULL) /* what there is still fits */
        return g.jc.ahead ? 0 : prepare_days(c, &g.jc, err);
    pthread_mutex_lock(&c->lock);
    c->stats.prepared++;
    pthread_mutex_unlock(&c->lock);
    if (profile_take(c->profile, id, &h) < 0)
        return err_set(err, ENOMEM, "out of memory");
    return g.jc.ahead ? 0 : prepare_days(c, &g.jc, err);
}

int checkup_prepare(struct checkup *c, const struct ruleset *rules, instant now,
                    instant *ret_next, struct err *err)
{
    __attribute__((cleanup(task_free))) struct task t = {0};
    *ret_next = INSTANT_FAR;
    int rc = choose_task(c, rules, now, &t, ret_next, err);
    if (t.change == NULL)
        return rc;
    const struct checkpoint *look = &t.plan.at[t.look];
    struct err why = {0};
    if (prepare(c, rules, &t, now, &why) < 0)
        rc = err_set(err, why.code, "change %s ahead of its look: %s", t.seen->id,
                     why.text);
    struct basis *b = &t.seen->ahead;
    *b = (struct basis){.at = look->at,
                        .n_events = t.change->n_events,
                        .closed = now.ms >= look->ends.ms};
    memcpy(b->rules, rules->hash, sizeof b->rules);
    struct profile_stats s = profile_stats(c->profile);
    pthread_mutex_lock(&c->lock);
    c->stats.ahead_bytes = s.bytes;
    c->stats.ahead_dropped = s.dropped;
    pthread_mutex_unlock(&c->lock);
    return rc < 0 ? -1 : 1;
}
