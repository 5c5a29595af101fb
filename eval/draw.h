/* eval/draw.h - cases cut out of recorded host metrics.
 *
 * Six machines of the Server Machine Dataset, a sample a minute for 33 days.  There are
 * no fleets in it, so one machine on one day stands for one host: hosts of a case come
 * from three machines that behave alike, all at the same minute of the day, each on a
 * day of its own.  No minute of an incident that the recording has a label for lies
 * near the change.  The recording's first half has no labels: real incidents in it
 * stay, unknown to us.
 *
 * Draws are made by a generator seeded with the run's seed and the case's number, so a
 * case is the same whoever makes it, in any order.  One thread a draw. */
#ifndef EVAL_DRAW_H
#define EVAL_DRAW_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- dice --- */

struct dice {
    uint64_t state;
};
struct dice dice_of(uint64_t seed, uint64_t stream, uint64_t number);
uint64_t dice_next(struct dice *d);
double dice_unit(struct dice *d); /* [0, 1) */
double dice_between(struct dice *d, double low, double high);
size_t dice_below(struct dice *d, size_t n);

/* --- recordings --- */

enum { RECORDINGS = 6, RECORDING_METRICS_MAX = 64, DRAW_DAY = 1440 };

struct recording {
    size_t rows, n_metrics;
    char metric[RECORDING_METRICS_MAX][40];
    float *cells;                      /* cells[row * n_metrics + i] */
    unsigned char *labelled;           /* one a row: inside an incident */
    bool moves[RECORDING_METRICS_MAX]; /* it is not one value all the time */
};

struct recordings {
    struct recording at[RECORDINGS];
};

/* Reads the six files below `folder`. */
int recordings_read(const char *folder, struct recordings *ret, struct err *err);
void recordings_free(struct recordings *r);

/* --- cases --- */

enum {
    DRAW_CHANGED_MAX = 50,
    DRAW_CONTROLS_MAX = 25,
    DRAW_HOSTS_MAX = DRAW_CHANGED_MAX + DRAW_CONTROLS_MAX,
    DRAW_METRICS_MAX = 20,
    DRAW_BACK = 6 * DRAW_DAY + 120, /* rows before the pivot */
    DRAW_AFTER = 60,                /* rows from the pivot on */
    DRAW_ROWS = DRAW_BACK + DRAW_AFTER,
    DRAW_TOUCHED = 15, /* effects change no row further before the pivot */
    DRAW_CLEAR = 60,   /* rows on either side of the pivot without a label */
};

struct draw_want {
    size_t n_changed, n_controls, n_metrics;
};

struct draw {
    struct draw_want is;
    size_t n_hosts;                       /* the changed ones first */
    unsigned minute;                      /* of the day */
    const char *metric[DRAW_METRICS_MAX]; /* sorted */
    struct {
        const struct recording *from;
        size_t pivot;
    } host[DRAW_HOSTS_MAX];
    float *cells;    /* see draw_rows */
    float *pristine; /* of the rows that effects may change */
};

/* Makes room for one draw after the other; -1: out of memory. */
int draw_open(struct draw *d, const struct draw_want *most, struct err *err);
void draw_close(struct draw *d);

/* Draws case `number`.  -1 when the recordings are too short for it. */
int draw_make(struct draw *d, const struct recordings *r, const struct draw_want *want,
              uint64_t seed, uint64_t number, struct err *err);

/* Puts the rows around the pivot back as recorded. */
void draw_restore(struct draw *d);

/* Rows of a host: DRAW_ROWS rows of n_metrics values; row DRAW_BACK is the pivot. */
float *draw_rows(const struct draw *d, size_t host);

/* Metric `m` of a host at a row, to be read or changed. */
static inline float *draw_at(const struct draw *d, size_t host, size_t row, size_t m)
{
    return &d->cells[(host * DRAW_ROWS + row) * d->is.n_metrics + m];
}

#endif
