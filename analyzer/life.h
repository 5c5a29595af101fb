/* analyzer/life.h - when a change is looked at.
 *
 * Each host of a change has its own pivot, so each has its own looks.  A checkpoint is
 * a time at which one or more hosts' looks fall due together; a verdict is made at
 * each. Pure: the plan follows from the change as known now and is made anew whenever
 * an event comes in. */
#ifndef ANALYZER_LIFE_H
#define ANALYZER_LIFE_H

#include "base/instant.h"
#include "rules/ruleset.h"
#include "storage/change.h"

#include <stdbool.h>
#include <stddef.h>

struct checkpoint {
    instant
        at; /* when it may be judged: the looks' end plus the time for late samples */
    instant ends; /* end of the after window of the hosts whose look this is */
    span look;    /* that look, of the youngest batch in it */
    bool final;   /* nothing more will be looked at */
};

struct plan {
    struct checkpoint *at; /* rising */
    size_t n;
    size_t
        looks; /* of them, those that are looks: the closing of a change that does not
                  finish is none, so that the batches so far can have all theirs */
};

/* Makes the plan.  A change without hosts has one pivot, its start.  While the change
 * runs no checkpoint is final; when it does not finish, a final one stands at its
 * closing time.  A cancelled change has one checkpoint at its end, final.  Looks that
 * end within the time for late samples of one another share a checkpoint.  There is
 * always at least one, and only the last is final.  -1: out of
 * memory. */
int life_plan(const struct change *c, const struct windows_rule *w,
              struct plan *ret_plan);
void plan_free(struct plan *p);
/* Looks there are in all, as a verdict at checkpoint k tells it. */
size_t plan_looks(const struct plan *p, size_t k);

/* The pivot and the end of work of a change as a whole: what a change without hosts,
 * and evidence that names no host, is judged by.  The name is NULL. */
struct change_host life_whole(const struct change *c);

/* True for a host that the change will still come to: it goes batch by batch, is not
 * finished, and this host is in none of the batches done so far.  Such a host has no
 * looks yet. */
bool life_waits(const struct change *c, const struct change_host *h);

/* The slow look number `k` (of w->n_slow): due when the last host that was changed has
 * been so for that long and late samples had their time.  False when there is none: the
 * change was cancelled or never finished, or an ordinary look reaches as far. */
bool life_slow(const struct change *c, const struct windows_rule *w, size_t k,
               struct checkpoint *ret);

/* The step of its life, as pages and logs name it: "posted", "running", "settling",
 * "looked at", "final", "cancelled". */
const char *life_step(const struct change *c, const struct windows_rule *w,
                      instant now);

/* The look that covers a host at a checkpoint's time: the longest look that has ended,
 * 0 when none has. */
span life_host_look(const struct change_host *h, const struct windows_rule *w,
                    instant ends);

#endif
