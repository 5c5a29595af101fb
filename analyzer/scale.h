/* analyzer/scale.h - how values of a figure become moves, and moves become words.
 *
 * A move is a ratio in logs; of figures that can be negative it is a difference in
 * parts of the usual size.  A figure's smallest step bounds what can be told from
 * noise.  Pure.
 */
#ifndef ANALYZER_SCALE_H
#define ANALYZER_SCALE_H

#include <stdbool.h>

struct scale {
    bool linear;  /* the series can be negative */
    double shift; /* logs: added first, so that small figures do not explode */
    double size;  /* linear: what one unit of a move is */
    double floor; /* no spread is smaller: the figure's own smallest step */
};

/* `usual` is the median size of the values, `least` the smallest step between two
 * neighbouring ones (0: it never moved), `unit` the rule's (may be NULL). */
struct scale scale_make(double usual, double least, bool falls, const char *unit);

/* A value on the scale; the move from one to another is their difference. */
double scale_of(const struct scale *s, double value);
/* Back again. */
double scale_value(const struct scale *s, double place);
double scale_move(const struct scale *s, double before, double after);
/* What `before` would be after such a move. */
double scale_moved(const struct scale *s, double before, double move);
/* The change relative to what was to be expected; where that is next to nothing, by the
 * move. */
double scale_effect(const struct scale *s, double expected, double after, double move);

#endif
