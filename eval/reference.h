/* eval/reference.h - the method as it was first described and measured, on the very
 * same cases as the shipped one.
 *
 * Logs with an offset of 2 % of the day's median plus 0.001; the controls' trimmed mean
 * taken off; groups as the trimmed mean of all hosts.  The scores themselves are those
 * of analyzer/shift and the p-values those of analyzer/pool, which a test holds to the
 * numpy reference.
 *
 * Effects change nothing that lies long before the pivot, so what a case's past has to
 * say is worked out once for all of them.  One thread a reference. */
#ifndef EVAL_REFERENCE_H
#define EVAL_REFERENCE_H

#include "analyzer/layers.h"
#include "eval/draw.h"

struct reference;
/* For draws of at most this size; NULL: out of memory. */
struct reference *reference_new(const struct draw_want *most, struct err *err);
void reference_free(struct reference **r);

/* Reads the past of a draw just made, as recorded.  `looks` in minutes, at most
 * REFERENCE_LOOKS_MAX. */
enum { REFERENCE_LOOKS_MAX = 4 };
int reference_read(struct reference *r, const struct draw *d, const int *looks,
                   size_t n_looks, struct err *err);

/* Scores as layers_score would give them: series are the metrics in their order.
 * `look` is the number of one of the looks. */
int reference_score(struct reference *r, size_t look, struct layers *ret_layers,
                    struct err *err);

#endif
