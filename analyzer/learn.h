/* analyzer/learn.h - making the habits of a change's series out of their pasts, in one
 * piece or in parts.
 *
 * A part owns a share of the host buckets and reads the pasts of its own hosts, and of
 * no others.  What passes between parts are sums by bucket, scores and each member's
 * figures, as plain numbers without a pointer: bytes that a transport may carry, whose
 * layout is that of this build.  All parts go through the same rounds:
 *
 *     each:  learn_open
 *     then:  each gives its bytes by learn_round; the bytes of all are put one behind
 *            the other (in any order) and handed to each in the next round; until all
 *            say that there is none
 *     each:  learn_end
 *
 * and all end with the same habit, whatever the number of parts or threads.  Where the
 * analysis of one panel asks for a past before that (analyzer/align.h asks whether a
 * host has one), learn_lived answers for the hosts of a share.  Pure. */
#ifndef ANALYZER_LEARN_H
#define ANALYZER_LEARN_H

#include "analyzer/gather.h"
#include "analyzer/habit.h"
#include "base/buf.h"
#include "base/err.h"

/* All is borrowed. */
struct learn_case {
    const struct lineup *lineup;
    const struct controls *controls;
    const struct series_list *series;
    unsigned threads;
    struct gather_share own;
};

struct learn;
struct learn *learn_open(const struct learn_case *c, struct err *err);
void learn_free(struct learn **p);

/* `taken`: what all parts gave in the round before, empty in the first one.  Appends to
 * `give`.  1: another round is to come; 0: all is learned; -1: failed, and so has the
 * whole judgement. */
int learn_round(struct learn *p, const struct buf *taken, struct buf *give,
                struct err *err);

/* After the last round; frees *p. */
struct habit *learn_end(struct learn **p);

/* All of it in one piece. */
struct habit *learn_all(const struct learn_case *c, struct err *err);

/* Notes in `lived` of each unit of a share's hosts (by the panel's order; others are
 * left alone) whether its past holds a sample, 1 or -1, unless it was heard in the hot
 * rows before `until`: then nobody asks.  -1: out of memory. */
int learn_lived(const struct panel *p, instant until, struct gather_share own,
                signed char *lived, struct err *err);

#endif
