/* eval/stage.h - a drawn case as the judge gets it: a panel and a change.
 *
 * Rows lie in the draw; the panel only points to them, so effects put on the draw show
 * at once.  Past rows may be means of 5 minutes instead, as the service keeps them. */
#ifndef EVAL_STAGE_H
#define EVAL_STAGE_H

#include "eval/draw.h"
#include "storage/change.h"
#include "storage/panel.h"

enum { STAGE_HOT_BEFORE = 30, STAGE_COARSE = 5 };

struct stage {
    const struct draw *draw;
    struct panel panel;
    struct unit unit[DRAW_HOSTS_MAX];
    struct change change;
    struct change_host host[DRAW_CHANGED_MAX];
    char name[DRAW_HOSTS_MAX][16];
    enum merge merge[DRAW_METRICS_MAX];
    instant pivot;
    float *coarse; /* NULL: the past is told minute by minute */
};

/* Sets the stage for a draw that was just made.  -1: out of memory. */
int stage_set(struct stage *s, struct draw *d, bool coarse, struct err *err);
/* Shows the first `minutes` after the pivot. */
void stage_show(struct stage *s, int minutes);
void stage_clear(struct stage *s);

#endif
