/* storage/panel_old.h - the hot rows of a panel about times that the windows no longer
 * keep, from history, which has them in longer rows. */
#ifndef STORAGE_PANEL_OLD_H
#define STORAGE_PANEL_OLD_H

#include "base/err.h"
#include "base/instant.h"
#include "storage/history.h"
#include "storage/panel.h"
#include "storage/windows.h"

#include <stdbool.h>
#include <stddef.h>

struct panel_old {
    bool from_history; /* else the windows still have it all */
    span step;         /* of the hot rows now */
    size_t failed;     /* units whose history could not be read, or has another step */
};

/* Where the windows keep less than the panel's hot rows, as told by the newest row of
 * its units, replaces these with rows from history, all of one step, widened to whole
 * ones.  `history` may be NULL: nothing is replaced.  -1 when memory is short. */
int panel_old_fill(struct panel *p, struct windows *w, struct history *history,
                   struct panel_old *ret, struct err *err);

#endif
