/* notifier/chart.h - a finding's samples as a picture.
 *
 * In Chinese only where the machine that draws has a font for it (rrd_has_letters, by
 * fontconfig); else in English, which reads better than boxes.  Names are the same in
 * both.
 *
 * The time before the change and the time looked at after it are shaded, a line stands
 * at the change, unchanged hosts are dashed, the usual course is thin. */
#ifndef NOTIFIER_CHART_H
#define NOTIFIER_CHART_H

#include "base/buf.h"
#include "base/err.h"
#include "notifier/language.h"
#include "storage/change.h"
#include "storage/rrd.h"
#include "storage/verdict.h"

#include <stdbool.h>

enum { CHART_LINES = 3, CHART_TITLE_MAX = 400, CHART_LABEL_MAX = 64 };

struct chart_ask {
    const struct change *change;
    const struct verdict *verdict;
    const struct finding *finding;
    enum language language;
    unsigned width, height, zoom; /* as storage/rrd.h's picture has them */
    bool dark;
};

/* A picture with what it points to. */
struct chart {
    struct rrd_picture picture;
    struct rrd_line lines[CHART_LINES];
    char title[CHART_TITLE_MAX];
    double
        *scaled[CHART_LINES]; /* values in the unit that is shown; NULL: as they are */
};

/* Fills *chart; it borrows the finding's samples and points into itself, so it must not
 * be moved.  -1 when the finding has no samples (ENODATA) or memory is short. */
int chart_plan(const struct chart_ask *ask, struct chart *chart, struct err *err);
void chart_clear(struct chart *chart);

/* Adds it as JSON for who draws by himself: {"title", "unit", "from" and "step" in
 * seconds, "pivot", "before" and "after" as [from, to], "limit", "lines": [{"label",
 * "rgb" as a number, "dashed", "values"}]}.  What is not there is null. */
void chart_write(const struct chart *chart, struct buf *to);

/* Draws it as PNG. */
int chart_draw(struct rrd *rrd, const struct chart_ask *ask, struct buf *to,
               struct err *err);

#endif
