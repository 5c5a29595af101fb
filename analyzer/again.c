/* analyzer/again.c - past changes, judged once more.
 *
 * What must hold: the same stores and rules give the same bytes, and nothing in the
 * stores is changed.  The thread of a command; the service does not run it. */
#include "analyzer/again.h"

#include "analyzer/evidence.h"
#include "analyzer/judge.h"
#include "analyzer/life.h"
#include "base/crew.h"
#include "storage/panel_old.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* A window needs so many rows, or its means are those of something else. */
enum { ROWS_LEAST = 3 };

static const struct {
    const char *name, *words;
} left_out[AGAIN_N] = {[AGAIN_JUDGED] = {"judged", "judged"},
#define X(id, name, words) [AGAIN_##id] = {name, words},
                       AGAIN_LEFT_OUT(X)
#undef X
};

const char *again_name(enum again_left_out a)
{
    return left_out[a].name;
}

const char *again_words(enum again_left_out a)
{
    return left_out[a].words;
}

/* --- what was said --- */

static bool has_later(const struct verdict *v)
{
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].later.ms > 0)
            return true;
    return false;
}

/* The newest revision that no slow look had a part in. */
static int find_said(struct ledger *l, const char *id, struct verdict **ret,
                     struct err *err)
{
    struct err why = {0};
    struct verdict *v = ledger_verdict(l, id, &why);
    while (v != NULL && v->revision > 1 && has_later(v)) {
        int before = v->revision - 1;
        verdict_free(&v);
        v = ledger_revision(l, id, before, &why);
    }
    *ret = v;
    return v != NULL || why.code == ENOENT ? 0 : err_set(err, why.code, "%s", why.text);
}

/* --- what is gathered --- */

struct gathered {
    struct change **nearby;
    size_t n_nearby;
    struct panel_ask ask;
    struct panel *panel;
    struct evidence evidence;
    struct mutes mutes;
};

static void gathered_free(struct gathered *g)
{
    evidence_free(&g->evidence);
    panel_free(&g->panel);
    mutes_free(&g->mutes);
    free((void *)(uintptr_t)g->ask.hosts);
    ledger_nearby_free(&g->nearby, g->n_nearby);
}
#define OWNED_GATHERED __attribute__((cleanup(gathered_free))) struct gathered

static int gather_panel(const struct again_ask *a, struct gathered *g,
                        struct panel_old *old, struct err *err)
{
    struct err note = {0}; /* a unit whose history is broken goes without it */
    g->ask.far = true;
    g->panel = panel_gather(a->stores->windows, a->stores->history, &g->ask, &note);
    if (g->panel == NULL)
        return err_set(err, note.code, "%s", note.text);
    return panel_old_fill(g->panel, a->stores->windows, a->stores->history, old, err);
}

static int gather(const struct again_ask *a, const struct change *c,
                  const struct checkpoint *at, struct gathered *g,
                  struct panel_old *old, struct err *err)
{
    struct ledger *l = a->stores->ledger;
    const struct windows_rule *w = ruleset_windows(a->rules, c);
    instant from = {c->start.ms - 2 * w->before.ms - w->settle.ms};
    if (ledger_nearby(l, c, from, at->ends, &g->nearby, &g->n_nearby, err) < 0 ||
        judge_ask(a->rules, c, at, &g->ask, err) < 0 ||
        gather_panel(a, g, old, err) < 0 ||
        ledger_mutes(l, MUTES_OF_LOOK, at->at, &g->mutes, err) < 0)
        return -1;
    const struct evidence_ask ask = {c, w, &g->ask, g->panel};
    return evidence_gather(l, &ask, &g->evidence, err);
}

/* --- judging --- */

static bool is_too_coarse(const struct windows_rule *w, const struct checkpoint *at,
                          span step)
{
    return w->before.ms < ROWS_LEAST * step.ms || at->look.ms < ROWS_LEAST * step.ms;
}

static int judge_at(const struct again_ask *a, const struct plan *plan, size_t k,
                    struct again *ret, struct err *err)
{
    OWNED_GATHERED g = {0};
    struct panel_old old;
    const struct checkpoint *at = &plan->at[k];
    if (gather(a, ret->change, at, &g, &old, err) < 0)
        return -1;
    ret->step = old.step;
    ret->from_history = old.from_history;
    ret->coarse = old.step.ms > windows_step(a->stores->windows).ms;
    ret->units = g.panel->n;
    if (ret->coarse &&
        is_too_coarse(ruleset_windows(a->rules, ret->change), at, old.step)) {
        ret->left_out = AGAIN_TOO_COARSE;
        return 0;
    }
    const struct judge_case jc = {
        .rules = a->rules,
        .change = ret->change,
        .nearby = (const struct change *const *)g.nearby,
        .n_nearby = g.n_nearby,
        .panel = g.panel,
        .cores = &g.evidence.cores,
        .alarms = &g.evidence.alarms,
        .tests = &g.evidence.tests,
        .mutes = &g.mutes,
        .checkpoint = *at,
        .looks_done = (int)k + 1,
        .looks_all = (int)plan_looks(plan, k),
        .threads = crew_processors(),
        .explain = a->explain,
    };
    verdict_free(&ret->now);
    int rc = judge(&jc, &ret->now, err);
    size_t failed = old.failed + panel_past_failed(g.panel);
    ret->units_failed = failed > ret->units_failed ? failed : ret->units_failed;
    return rc;
}

/* --- look by look --- */

/* How bad a grade is: not-judged is no worse than ok. */
static int badness(enum grade g)
{
    return g == GRADE_NOT_JUDGED ? 0 : (int)g;
}

bool again_told(const struct again *a, const char *rule)
{
    for (size_t i = 0; i < a->n_told; i++)
        if (strcmp(a->told[i], rule) == 0)
            return true;
    return false;
}

static int remember_told(struct again *a, struct err *err)
{
    for (size_t i = 0; i < a->now->n_findings; i++) {
        const struct finding *f = &a->now->findings[i];
        if (f->grade == GRADE_OK || again_told(a, f->rule))
            continue;
        char **more = reallocarray(a->told, a->n_told + 1, sizeof *more);
        if (more != NULL)
            a->told = more;
        if (more == NULL || (more[a->n_told] = strdup(f->rule)) == NULL)
            return err_set(err, ENOMEM, "out of memory");
        a->n_told++;
    }
    return 0;
}

/* The worst revision that stood at `since` or later, the first of equals; none: it is
 * no worse than `said`. */
static int find_worst_said(struct ledger *l, instant since, struct again *a,
                           struct err *err)
{
    int worst = badness(a->said->grade) + 1;
    for (int r = a->said->revision - 1; r >= 1; r--) {
        struct err why = {0};
        struct verdict *v = ledger_revision(l, a->change->change_id, r, &why);
        if (v == NULL && why.code != ENOENT)
            return err_set(err, why.code, "%s", why.text);
        bool stood = v != NULL && v->decided_at.ms >= since.ms;
        if (stood && badness(v->grade) >= worst && !has_later(v)) {
            worst = badness(v->grade);
            verdict_free(&a->said_worst);
            a->said_worst = v;
            v = NULL;
        }
        verdict_free(&v);
        if (!stood)
            break;
    }
    return 0;
}

/* Of what was judged so far the worst look is kept, the first of equals. */
static void keep_worst(struct again *a, bool last)
{
    int worst = a->now_worst != NULL ? badness(a->now_worst->grade) : -1;
    if (last && badness(a->now->grade) >= worst) {
        verdict_free(&a->now_worst);
    } else if (!last && badness(a->now->grade) > worst) {
        verdict_free(&a->now_worst);
        a->now_worst = a->now;
        a->now = NULL;
    }
}

/* Judges the looks up to number `last` in their order, or that one alone. */
static int judge_looks(const struct again_ask *a, const struct plan *plan, size_t last,
                       struct again *ret, struct err *err)
{
    instant since = plan->at[last].at;
    for (size_t k = a->all_looks ? 0 : last; k <= last; k++) {
        ret->left_out = AGAIN_JUDGED;
        if (judge_at(a, plan, k, ret, err) < 0)
            return -1;
        if (a->looked != NULL)
            a->looked(k + 1, last + 1, a->arg);
        if (ret->left_out == AGAIN_TOO_COARSE) {
            ret->looks_coarse++;
            continue;
        }
        if (ret->looks++ == 0)
            since = plan->at[k].at;
        if (remember_told(ret, err) < 0)
            return -1;
        keep_worst(ret, k == last);
    }
    if (!a->all_looks || ret->said == NULL || ret->left_out != AGAIN_JUDGED)
        return 0;
    return find_worst_said(a->stores->ledger, since, ret, err);
}

/* The last look, or with `any` the latest that has come. */
static size_t look_of(const struct again_ask *a, const struct plan *plan)
{
    size_t k = plan->n - 1;
    while (a->any && k > 0 && plan->at[k].at.ms > a->now.ms)
        k--;
    return k;
}

int again_judge(const struct again_ask *a, struct again *ret, struct err *err)
{
    struct plan plan;
    *ret = (struct again){.step = windows_step(a->stores->windows)};
    ret->change = ledger_change(a->stores->ledger, a->change_id, err);
    if (ret->change == NULL ||
        find_said(a->stores->ledger, a->change_id, &ret->said, err) < 0)
        return -1;
    if (ret->change->cancelled)
        ret->left_out = AGAIN_CANCELLED;
    else if (!a->any && ret->said == NULL)
        ret->left_out = AGAIN_NO_VERDICT;
    else if (!a->any && !ret->said->final)
        ret->left_out = AGAIN_OPEN;
    if (ret->left_out != AGAIN_JUDGED)
        return 0;
    if (life_plan(ret->change, ruleset_windows(a->rules, ret->change), &plan) < 0)
        return err_set(err, ENOMEM, "out of memory");
    int rc = judge_looks(a, &plan, look_of(a, &plan), ret, err);
    plan_free(&plan);
    return rc;
}

void again_free(struct again *a)
{
    change_free(&a->change);
    verdict_free(&a->said);
    verdict_free(&a->now);
    verdict_free(&a->said_worst);
    verdict_free(&a->now_worst);
    for (size_t i = 0; i < a->n_told; i++)
        free(a->told[i]);
    free(a->told);
}

/* --- why it differs --- */

void again_pair(const struct again *a, const struct verdict **ret_said,
                const struct verdict **ret_now)
{
    const struct verdict *said = a->said_worst != NULL ? a->said_worst : a->said;
    const struct verdict *now = a->now_worst != NULL ? a->now_worst : a->now;
    bool differ = badness(said->grade) != badness(now->grade);
    *ret_said = differ ? said : a->said;
    *ret_now = differ ? now : a->now;
}

const struct finding *again_reason(const struct again *a, bool *ret_of_now)
{
    const struct verdict *said, *now;
    again_pair(a, &said, &now);
    *ret_of_now = badness(now->grade) >= badness(said->grade);
    const struct verdict *v = *ret_of_now ? now : said;
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if (badness(v->grade) > 0 && f->grade == v->grade && !finding_is_muted(f) &&
            f->later.ms == 0)
            return f;
    }
    return NULL;
}
