/* notifier/tell.c - untold revisions into notes, by the policy of notifier/calm.
 * Runs on the notifier's thread. */
#include "notifier/tell.h"

#include "notifier/callout.h"
#include "notifier/calm.h"
#include "notifier/dispatch.h"
#include "notifier/recipients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { UNTOLD_A_TIME = 50 };

static size_t later_of(const struct verdict *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        n += v->findings[i].later.ms > 0 && v->findings[i].grade != GRADE_OK &&
             !finding_is_muted(&v->findings[i]);
    return n;
}

/* Steps through a list that is sorted by name, as the names that are asked for are. */
static const struct last_told *told_of(const struct tidings *t, size_t *i,
                                       const char *who)
{
    while (*i < t->n_told && strcmp(t->told[*i].who, who) < 0)
        ++*i;
    return *i < t->n_told && strcmp(t->told[*i].who, who) == 0 ? &t->told[*i] : NULL;
}

static const struct note *note_of(const struct tidings *t, size_t *i, const char *who)
{
    while (*i < t->n_notes && strcmp(t->note[*i].who, who) < 0)
        ++*i;
    return *i < t->n_notes && strcmp(t->note[*i].who, who) == 0 ? &t->note[*i] : NULL;
}

struct telling {
    const struct untold *untold;
    const struct tidings *before;
    struct calm_step step;
    struct calm_times times;
};

/* False when nothing changes for the recipient. */
static bool note_for(const struct telling *of, const struct recipient *r,
                     const struct calm_past *past, struct note *ret)
{
    struct calm_times times = of->times;
    if (!recipient_is_address(r->who))
        times.gather = (span){0}; /* files are no mails that could be too many */
    struct calm_say say = calm_decide(r->wish, past, &of->step, &times);
    /* one thread a change: in whose name it was begun */
    const char *audience =
        past->told != NULL ? past->told->audience : r->audience->name;
    *ret = (struct note){.who = r->who,
                         .audience = (char *)(uintptr_t)audience,
                         .change_id = of->untold->change_id,
                         .revision = of->untold->revision,
                         .grade = of->step.grade,
                         .later = of->step.later,
                         .digest = say.act == CALM_DIGEST,
                         .dropped = say.act == CALM_TAKE_BACK,
                         .made = of->times.now,
                         .due = say.due};
    return say.act != CALM_NOTHING;
}

static size_t notes_for(const struct telling *of, const struct recipients *all,
                        struct note *notes)
{
    size_t n = 0, at_told = 0, at_note = 0;
    for (size_t i = 0; i < all->n; i++) {
        const char *who = all->at[i].who;
        struct calm_past past = {.told = told_of(of->before, &at_told, who),
                                 .note = note_of(of->before, &at_note, who)};
        n += note_for(of, &all->at[i], &past, &notes[n]);
    }
    return n;
}

static struct calm_times times_of(const struct tell *t, instant now)
{
    const struct routing *r = t->routing;
    return (struct calm_times){.now = now,
                               .next_digest = routing_next_digest(r, now),
                               .gather = r->file.limits.gather,
                               .correction = r->file.limits.correction};
}

static int put_notes(struct tell *t, const struct telling *of,
                     const struct recipients *all, struct err *err)
{
    struct note *notes = calloc(all->n + 1, sizeof *notes);
    if (notes == NULL)
        return err_set(err, ENOMEM, "no memory for mails");
    size_t n = notes_for(of, all, notes);
    int rc = ledger_tell(t->ledger, of->untold, notes, n, of->times.now, err);
    free(notes);
    return rc;
}

static int tell_one(struct tell *t, const struct untold *u, const struct optouts *off,
                    instant now, struct err *err)
{
    struct tidings before = {0};
    OWNED_RECIPIENTS all = {0};
    OWNED_CHANGE *c = ledger_change(t->ledger, u->change_id, err);
    OWNED_VERDICT *v =
        c != NULL ? ledger_revision(t->ledger, u->change_id, u->revision, err) : NULL;
    if (v == NULL ||
        recipients_of(t->routing, t->config->n_smtp > 0, off, c, &all, err) < 0 ||
        ledger_tidings(t->ledger, u->change_id, &before, err) < 0)
        return -1;
    struct telling of = {.untold = u,
                         .before = &before,
                         .step = {v->grade, u->final, later_of(v)},
                         .times = times_of(t, now)};
    /* before the revision counts as told: what is there already is left alone */
    const struct callout_ask call = {.ledger = t->ledger,
                                     .routing = t->routing,
                                     .public_url = t->config->public_url,
                                     .change = c,
                                     .verdict = v,
                                     .final = u->final,
                                     .now = now};
    int rc = callout_put(&call, err) < 0 ? -1 : put_notes(t, &of, &all, err);
    if (rc == 0)
        atomic_fetch_add(&t->stats.revisions, 1);
    tidings_free(&before);
    return rc;
}

/* All that is untold, before any mail is made: so a storm is seen as one. */
static int tell_all(struct tell *t, instant now, struct err *err)
{
    size_t n = UNTOLD_A_TIME, failed = 0;
    OWNED_OPTOUTS off = {0};
    if (ledger_optouts(t->ledger, &off, err) < 0)
        return -1;
    while (n == UNTOLD_A_TIME && failed == 0) {
        struct untold *untold = NULL;
        if (ledger_untold(t->ledger, UNTOLD_A_TIME, &untold, &n, err) < 0)
            return -1;
        for (size_t i = 0; i < n; i++)
            failed += tell_one(t, &untold[i], &off, now, err) < 0;
        ledger_untold_free(&untold, n);
    }
    atomic_fetch_add(&t->stats.failures, failed);
    return failed > 0 ? -1 : 0;
}

int tell_round(struct tell *t, instant now, instant *ret_next, struct err *err)
{
    int told = tell_all(t, now, err);
    int sent = dispatch_round(t, now, ret_next, err);
    return told < 0 || sent < 0 ? -1 : 0;
}
