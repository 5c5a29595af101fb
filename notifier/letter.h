/* notifier/letter.h - a change's report as a whole mail, or as one HTML file. */
#ifndef NOTIFIER_LETTER_H
#define NOTIFIER_LETTER_H

#include "base/buf.h"
#include "base/err.h"
#include "notifier/eml.h"
#include "notifier/mail_config.h"
#include "notifier/report.h"
#include "rules/routing.h"
#include "storage/rrd.h"

#include <stdatomic.h>
#include <stdint.h>

/* Charts are drawn narrower than they are shown and with twice the pixels: so their
 * letters stay legible on a telephone, and sharp where it counts. */
enum {
    LETTER_CHARTS_MAX = 6,
    LETTER_CHART_WIDTH = 400,
    LETTER_CHART_HEIGHT = 190,
    LETTER_CHART_ZOOM = 2
};

/* What the foot of a mail offers its reader; each may be NULL. */
struct letter_links {
    const char *unsubscribe, *useful, *useless;
};

/* Drawn charts, which all mails about a verdict in one language share. */
struct letter_charts;
void letter_charts_free(struct letter_charts **charts);

struct letter_ask {
    struct report_input what; /* `public_url` is taken from the configuration */
    const struct mail_config *config;
    const struct audience *audience;  /* NULL: to nobody, for a file */
    const struct letter_links *links; /* NULL: none */
    struct rrd *rrd;                  /* NULL: no charts */
    /* NULL: they are drawn for this mail only.  Else they are drawn when there are
     * none, and stay for the caller, who asks with them for mails of the same verdict
     * and language only. */
    struct letter_charts **charts;
    _Atomic uint64_t *charts_lost; /* counts those that could not be drawn; or NULL */
};

/* Adds the mail.  A chart that cannot be drawn is left out; its numbers are in the text
 * anyway. */
int letter_write(const struct letter_ask *ask, struct buf *to, struct err *err);

/* Adds the report as HTML that needs no other file: charts are in it as data. */
int letter_html(const struct letter_ask *ask, struct buf *to, struct err *err);

/* "[aftercheck] pay 2.4.1 -> 2.5.0 (8812)"; the caller frees it. */
char *letter_subject(const struct change *c);

#endif
