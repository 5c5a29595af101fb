/* analyzer/slow_round.c - due slow looks, one after another.  The analyzer's thread.
 *
 * The final verdict stays what it is where nothing was found: then only its coverage
 * says that somebody looked again, and no reader is bothered. */
#include "analyzer/slow_round.h"
#include "analyzer/life.h"
#include "analyzer/slow_look.h"

#include <errno.h>
#include <stdlib.h>

enum {
    RECENT_MS = 1800000
}; /* a look that fell due so long ago is read from history */

instant slow_first_due(const struct change *c, const struct windows_rule *w)
{
    struct checkpoint at;
    return life_slow(c, w, 0, &at) ? at.at : INSTANT_NONE;
}

static int gather_and_look(const struct slow_stores *s, const struct ruleset *rules,
                           const struct change *c, const struct checkpoint *at,
                           bool recent, const struct verdict *current,
                           struct verdict **ret, struct err *err)
{
    struct change **nearby = NULL;
    size_t n_nearby = 0;
    struct panel_ask ask = {0};
    OWNED_PANEL *panel = NULL;
    struct mutes mutes = {0};
    int rc = ledger_nearby(s->ledger, c, slow_look_reach(c, at), at->ends, &nearby,
                           &n_nearby, err);
    if (rc == 0)
        rc = ledger_mutes(s->ledger, MUTES_OF_LOOK, at->at, &mutes, err);
    if (rc == 0)
        rc = slow_look_ask(c, at, recent, &ask, err);
    if (rc == 0) {
        struct err note = {0}; /* a unit whose history is broken goes without it */
        panel = panel_gather(s->windows, s->history, &ask, &note);
        if (panel == NULL)
            rc = err_set(err, note.code, "%s", note.text);
    }
    if (rc == 0) {
        struct slow_case sc = {.rules = rules,
                               .change = c,
                               .nearby = (const struct change *const *)nearby,
                               .n_nearby = n_nearby,
                               .panel = panel,
                               .mutes = &mutes,
                               .at = *at,
                               .verdict = current};
        rc = slow_look(&sc, ret, err);
    }
    free((void *)(uintptr_t)ask.hosts);
    ledger_nearby_free(&nearby, n_nearby);
    mutes_free(&mutes);
    return rc;
}

/* Brings the verdict that stands up to date on when it is looked at again. */
static int put_off(const struct slow_stores *s, struct verdict *current, instant until,
                   struct err *err)
{
    current->slow_due = until;
    return ledger_put_verdict(s->ledger, current, err);
}

static int take_look(const struct slow_stores *s, const struct ruleset *rules,
                     const struct change *c, struct verdict *current, instant now,
                     struct slow_tally *tally, struct err *err)
{
    const struct windows_rule *w = ruleset_windows(rules, c);
    size_t k = current->slow_done > 0 ? (size_t)current->slow_done : 0;
    struct checkpoint at, next;
    OWNED_VERDICT *v = NULL;
    if (!life_slow(c, w, k, &at)) /* the rules have changed since */
        return put_off(s, current, INSTANT_NONE, err);
    if (at.at.ms > now.ms)
        return put_off(s, current, at.at, err);
    tally->looks++;
    if (gather_and_look(s, rules, c, &at, now.ms - at.at.ms <= RECENT_MS, current, &v,
                        err) < 0)
        return -1;
    bool same = verdict_same(current, v);
    v->revision = current->revision + !same;
    v->slow_done = (int)k + 1;
    v->slow_due = life_slow(c, w, k + 1, &next) ? next.at : INSTANT_NONE;
    if (ledger_put_verdict(s->ledger, v, err) < 0)
        return -1;
    tally->revisions += !same;
    tally->stored++;
    return 0;
}

static int look_one(const struct slow_stores *s, const struct ruleset *rules,
                    const char *id, instant now, struct slow_tally *tally,
                    struct err *err)
{
    OWNED_CHANGE *c = ledger_change(s->ledger, id, err);
    OWNED_VERDICT *current = c != NULL ? ledger_verdict(s->ledger, id, err) : NULL;
    if (current == NULL)
        return -1;
    if (take_look(s, rules, c, current, now, tally, err) == 0)
        return 0;
    put_off(s, current, instant_add(now, (span){SLOW_AGAIN_MS}), err);
    return -1;
}

int slow_round(const struct slow_stores *s, const struct ruleset *rules, instant now,
               struct slow_tally *tally, struct err *err)
{
    char **ids = NULL;
    size_t n = 0, failed = 0;
    if (ledger_slow_due(s->ledger, now, SLOW_A_ROUND, &ids, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        if (look_one(s, rules, ids[i], now, tally, &why) == 0)
            continue;
        failed++;
        err_set(err, why.code, "slow look at change %s: %s", ids[i], why.text);
    }
    ledger_ids_free(&ids, n);
    tally->failed += failed;
    instant next = n > 0 ? instant_add(now, (span){1}) : ledger_slow_next(s->ledger);
    if (next.ms < tally->next.ms)
        tally->next = next;
    return failed == 0 ? 0 : -1;
}
