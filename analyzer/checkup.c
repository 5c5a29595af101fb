/* analyzer/checkup.c - rounds over the open changes.
 *
 * What was judged last is remembered per change, so that a round judges only what is
 * new: another look, another event, other rules, other mutes.  After a restart the
 * memory is empty and the latest look is judged once more: the same data gives the same
 * verdict, which the ledger already has.  One thread runs the rounds; `lock` guards the
 * stats only. */
#include "analyzer/checkup.h"

#include "analyzer/evidence.h"
#include "analyzer/hush.h"
#include "analyzer/judge.h"
#include "analyzer/life.h"
#include "analyzer/slow_round.h"
#include "base/crew.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What was judged last of a change. */
struct seen {
    char *id; /* borrowed from the ids of its round */
    instant at;
    size_t n_events;
    char rules[17];
    char mutes[HUSH_MARK_MAX];
};

struct checkup {
    struct ledger *ledger;
    struct windows *windows;
    struct history *history;
    size_t n_seen;
    struct seen *seen; /* sorted by id */
    char **ids;        /* of the last round: own the texts in `seen` */
    size_t n_ids;
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
    pthread_mutex_init(&c->lock, NULL);
    return c;
}

void checkup_free(struct checkup **c)
{
    if (*c == NULL)
        return;
    ledger_ids_free(&(*c)->ids, (*c)->n_ids);
    free((*c)->seen);
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
        struct seen key = {.id = (*ids)[i], .at = INSTANT_NONE};
        const struct seen *old = NULL;
        if (c->n_seen > 0)
            old = bsearch(&key, c->seen, c->n_seen, sizeof key, by_id);
        now[i] = old != NULL ? *old : key;
        now[i].id = key.id;
    }
    qsort(now, n, sizeof *now, by_id);
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

static int judge_look(struct checkup *c, const struct look *l, struct verdict **ret,
                      struct err *err)
{
    const struct ruleset *rules = l->rules;
    const struct change *change = l->change;
    const struct plan *plan = l->plan;
    size_t k = l->k;
    const struct windows_rule *w = ruleset_windows(rules, change);
    struct change **nearby = NULL;
    size_t n_nearby = 0;
    struct panel_ask ask = {0};
    OWNED_EVIDENCE evidence = {0};
    OWNED_PANEL *panel = NULL;
    int rc = find_nearby(c, change, w, &plan->at[k], &nearby, &n_nearby, err);
    if (rc == 0)
        rc = judge_ask(rules, change, &plan->at[k], &ask, err);
    ask.far = true; /* pasts are read one unit at a time */
    if (rc == 0) {
        struct err note = {0}; /* a unit whose history is broken goes without it */
        panel = panel_gather(c->windows, c->history, &ask, &note);
        if (panel == NULL)
            rc = err_set(err, note.code, "%s", note.text);
    }
    if (rc == 0)
        rc = evidence_gather(c->ledger, &(struct evidence_ask){change, w, &ask, panel},
                             &evidence, err);
    if (rc == 0) {
        struct judge_case jc = {.rules = rules,
                                .change = change,
                                .nearby = (const struct change *const *)nearby,
                                .n_nearby = n_nearby,
                                .panel = panel,
                                .cores = &evidence.cores,
                                .alarms = &evidence.alarms,
                                .tests = &evidence.tests,
                                .mutes = &l->mutes,
                                .checkpoint = plan->at[k],
                                .looks_done = (int)k + 1,
                                .looks_all = (int)plan->n,
                                .threads = crew_processors()};
        rc = judge(&jc, ret, err);
    }
    free((void *)(uintptr_t)ask.hosts);
    ledger_nearby_free(&nearby, n_nearby);
    return rc;
}

/* Numbers the verdict and stores it; one that says nothing new keeps its number. */
static int store(struct checkup *c, struct verdict *v, struct err *err)
{
    struct err why = {0};
    OWNED_VERDICT *current = ledger_verdict(c->ledger, v->change_id, &why);
    if (current == NULL && why.code != ENOENT)
        return err_set(err, why.code, "%s", why.text);
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
            v->slow_due = slow_first_due(change, &rules->windows[change->kind]);
        if (rc == 0)
            rc = store(c, v, err);
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
