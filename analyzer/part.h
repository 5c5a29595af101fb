/* analyzer/part.h - the habits of a judgement, learned ahead or in parts.
 *
 * Ahead, because a change is known long before its look: what its past has to teach is
 * learned while one waits, and the look then reads hot rows only.  In parts, because a
 * service may be too large for one process: each part has the panel of the whole
 * judgement, but of the pasts only those of its own hosts, by analyzer/gather.h's
 * buckets.  Hot rows are small: they are brought together as they are, so that every
 * part sees the same panel.  A unit whose past lies elsewhere keeps how far it reaches
 * (unit_past_reach) and whether there is anything in it (`lived`).
 *
 *     each:  part_lived, given to all and put into the panels' units
 *     each:  part_open, then rounds as in analyzer/learn.h, then part_end
 *     each:  part_look, once the hot rows of the look are there
 *     one:   judge() with the habit that came out, and what part_look gave
 *
 * The verdict's bytes are the same as judge() gives alone.  Pure. */
#ifndef ANALYZER_PART_H
#define ANALYZER_PART_H

#include "analyzer/gather.h"
#include "analyzer/habit.h"
#include "analyzer/judge.h"
#include "base/buf.h"
#include "base/err.h"

/* Notes of each unit of a share's hosts that may be asked for it whether its past holds
 * a sample: 1 or -1 in `lived`, by the panel's order; others are left alone. */
int part_lived(const struct judge_case *jc, struct gather_share own, signed char *lived,
               struct err *err);

struct part;
/* The case is borrowed until the end; its habit is not looked at. */
struct part *part_open(const struct judge_case *jc, struct gather_share own,
                       struct err *err);
/* As learn_round. */
int part_round(struct part *p, const struct buf *taken, struct buf *give,
               struct err *err);
/* After the last round; frees *p. */
struct habit *part_end(struct part **p);
void part_free(struct part **p);

/* Reads the pasts of those of its hosts whose hot rows seem to have spikes, and of
 * those whose probes fail, and appends what they say.  Of all parts, put one behind the
 * other (and the spikes' by spikes_order), these are the case's `spikes` and
 * `probe_pasts`. */
int part_look(const struct judge_case *jc, struct gather_share own, struct buf *spikes,
              struct buf *probes, struct err *err);

/* Once the window has closed: reads the days that the look would, and gives what they
 * say, for the habit (habit.days).  What comes late is seen, and asked about again. */
int part_days(const struct judge_case *jc, struct buf *ret_days, struct err *err);

/* All of it in one piece.  `had` may be what was learned before: where nothing that it
 * follows from has changed, *ret_habit is NULL and it goes on serving. */
int part_all(const struct judge_case *jc, const struct habit *had,
             struct habit **ret_habit, struct err *err);

#endif
