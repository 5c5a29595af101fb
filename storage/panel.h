/* storage/panel.h - all that one judgement looks at, side by side in memory.
 *
 * The analyzer is handed a panel and nothing else: no store, no clock.  panel_gather
 * cuts it out of windows (recent rows) and history (past days); replay builds it from
 * its own store the same way. */
#ifndef STORAGE_PANEL_H
#define STORAGE_PANEL_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/windows.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Rows of one entity at one step; row i covers [from + i * step, from + (i+1) * step).
 */
struct track {
    instant from;
    span step;
    uint32_t rows; /* 0: there is none */
    float *cells;  /* cells[row * n_metrics + i]; NaN: no sample */
};

struct panel_far;

struct unit {
    struct entity who; /* texts owned by the panel */
    uint32_t n_metrics;
    const char *
        *metric; /* names, sorted, owned by the panel; same order in both tracks */
    enum merge *merge;
    struct track hot;  /* at the windows' step, covers [hot_from, hot_to) */
    struct track past; /* at a step of its own, ends where `hot` begins or later; empty
                          where it was left far */
    signed char
        lived; /* `past` holds a sample: 1, holds none: -1; 0: read it to know */
    struct panel_far *far; /* where unit_past reads it; NULL: `past` is all there is */
    uint32_t entity;       /* its number in the windows, with `far` */
};

struct panel_texts;
struct panel {
    instant hot_from, hot_to;
    size_t n;
    struct unit *unit;  /* sorted by kind, then by their texts, so the order of arrival
                           never shows */
    size_t past_failed; /* units whose history could not be read: they have no past */
    struct panel_texts *texts; /* what all names above point into; NULL in a panel that
                                  was not gathered */
    struct panel_far *far;     /* of its units; NULL: none was left far */
};

/* What to gather. */
struct panel_ask {
    const char *service;      /* units of this service; NULL: none */
    const char *const *hosts; /* and all units of these hosts, sorted by name */
    size_t n_hosts;
    bool edges; /* call edges with this service as caller or callee, or these hosts on
                   either end */
    instant hot_from, hot_to; /* widened to whole steps */
    span past; /* how far back the past track reaches from hot_from; 0: none */
    bool far;  /* the past of hosts and services is left where it is, until unit_past
                  asks for it: a week of thousands of hosts is more than one needs at a
                  time */
};

struct history;
/* For a service: its units on all hosts, its own unit, and the host-level units
 * (service "") of every host that has a unit of it.  For a host: all its units,
 * whatever their service.
 *
 * `history` may be NULL: then the past track comes from windows, at their step, as far
 * back as they still keep a row of any of the units; it is the same stretch for all.
 * Where a history cannot be read, that unit goes without: past_failed counts them and
 * *err holds the first reason, though a panel is given.  NULL when memory is short or
 * the ask is senseless.  With ask->far both stores must outlive the panel. */
struct panel *panel_gather(struct windows *w, struct history *history,
                           const struct panel_ask *ask, struct err *err);
void panel_free(struct panel **p);
#define OWNED_PANEL __attribute__((cleanup(panel_free))) struct panel

/* The past of a unit, from the panel or read now; to be given back with unit_past_done.
 * One that cannot be read is empty (rows 0) and counted by panel_past_failed.  -1 when
 * memory is short.  Any thread. */
int unit_past(const struct unit *u, struct track *ret_past);
/* The same for the last `reach` of it only, at the finest step that is kept for so
 * long; a past that is not far is given as it is. */
int unit_past_near(const struct unit *u, span reach, struct track *ret_past);
void unit_past_done(const struct unit *u, struct track *past);

/* The start of the oldest row that unit_past can give, and the step to expect; false:
 * it has no past. */
bool unit_past_reach(const struct unit *u, instant *ret_from, span *ret_step);

/* Units without a past because it could not be read, so far. */
size_t panel_past_failed(const struct panel *p);

/* Index of a metric in a unit, or -1. */
int unit_metric(const struct unit *u, const char *name);

#endif
