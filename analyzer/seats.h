/* analyzer/seats.h - the series of a change, put together by the units they are in.
 *
 * A list of series goes from metric to metric over all hosts; samples lie the other way
 * round, all metrics of a host together.  Seats turn the one into the other, so that
 * each unit is read once.  They are in the order of hosts within each bucket of hosts
 * (analyzer/gather.h), whatever the order of units in memory.  Pure. */
#ifndef ANALYZER_SEATS_H
#define ANALYZER_SEATS_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/gather.h"
#include "analyzer/series.h"
#include "analyzer/yardstick.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One series of a unit. */
struct seat_entry {
    uint32_t series; /* of the list */
    uint32_t place;  /* the member's number, or the control's among the chosen */
    uint32_t metric; /* of the unit */
};

struct seat {
    const struct unit *unit;
    const struct slot *slot; /* NULL: a control */
    uint32_t control;        /* its place in the list of controls */
    size_t bucket;
    size_t first, n; /* entries, in the order of the list */
};

struct seats {
    struct seat *at;
    size_t n;
    struct seat_entry *entry;
    size_t bucket[GATHER_BUCKETS + 1]; /* the first seat of each, and the end */
};

/* The members of series with a rule.  -1: no memory, as with the other. */
int seats_of_members(const struct lineup *l, const struct series_list *s,
                     struct seats *ret_seats);

/* The control hosts of one series, by their places in the list of controls, rising. */
struct chosen {
    size_t n;
    const uint32_t *host;
    struct yardstick *yardstick; /* one each */
};

/* The chosen controls (one list a series) of series [from, to). */
int seats_of_controls(const struct lineup *l, const struct controls *k,
                      const struct series_list *s, const struct chosen *chosen,
                      size_t from, size_t to, struct seats *ret_seats);

void seats_free(struct seats *s);

/* The seat's entries of series [from, to). */
const struct seat_entry *seat_entries(const struct seats *s, const struct seat *seat,
                                      size_t from, size_t to, size_t *ret_n);

#endif
