/* analyzer/habit.h - what a look at the past taught of every series of a change, kept
 * until it is needed.
 *
 * Of each series it holds its yardstick, its usual move and how much of it it follows,
 * the spread of pretended changes, the level before, and as much of the pretended
 * changes' scores as tells how many were like a given one; of each metric of all hosts
 * the same for the group, and the pool of scores.  It is about HABIT_BYTES_A_SERIES a
 * series of a changed host, and up to 300 KiB a metric for pool and controls, whatever
 * the number of days looked at; exactly, habit_bytes.
 *
 * There is nothing in it that points into a panel, so it outlives the one that it was
 * learned from and serves any other that habit_print says is the same. */
#ifndef ANALYZER_HABIT_H
#define ANALYZER_HABIT_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/pool.h"
#include "analyzer/seats.h"
#include "analyzer/series.h"
#include "analyzer/sheet.h"
#include "analyzer/shift.h"
#include "analyzer/yardstick.h"
#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Pretended scores that are kept: the largest as they are, the small ones counted. */
enum {
    HABIT_LARGEST = 16,
    HABIT_BINS = 8, /* each a quarter wide: below 2 */
    HABIT_BYTES_A_SERIES = 256,
};

/* The null of one series, without its placebos. */
struct habit_null {
    double lambda, usual, spread, earlier; /* as in struct shift_null */
    bool known;
    uint8_t days;
    uint16_t n;                   /* placebos */
    float largest[HABIT_LARGEST]; /* falling */
    uint8_t bin[HABIT_BINS];
};

struct habit {
    uint64_t print;
    struct timeline line;        /* all rows that were looked at */
    size_t n, n_members;         /* of the list */
    struct yardstick *yardstick; /* one a member */
    struct habit_null *null;     /* one a member */
    struct habit_null *group;    /* one a series */
    struct pool_tail *tail;      /* of the members' scores, one a series */
    struct pool_tail group_tail; /* of the groups' */
    struct chosen *chosen;       /* control hosts, one list a series */
    uint32_t *host;              /* what these are cut out of */
    struct yardstick *control;
    struct buf
        days; /* what days said of hosts that seemed to have spikes when the window
                 closed: analyzer/spike.h's records, sorted; may be empty */
};

/* All that the habit of these series follows from, as one number: frames, hosts,
 * series, and the hot rows up to the changes (what the past holds before them is not
 * read for it). */
uint64_t habit_print(const struct lineup *l, const struct controls *k,
                     const struct series_list *s);

/* An empty one, with its controls chosen. */
struct habit *habit_new(const struct lineup *l, const struct controls *k,
                        const struct series_list *s, struct err *err);
void habit_free(struct habit **h);
#define OWNED_HABIT __attribute__((cleanup(habit_free))) struct habit

size_t habit_bytes(const struct habit *h);

/* `null` was made (known) or could not be. */
void habit_note(const struct shift_null *null, bool known, struct habit_null *ret);

/* How many of the placebos were at least as extreme; among those that are not kept one
 * by one it is told by those nearby. */
int habit_moments_like(const struct habit_null *null, double z);

#endif
