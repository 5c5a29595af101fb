/* notifier/pages/what.h - GET /what: which changes may be behind what was seen at some
 * time?  ?at=TIME (a time, or a length back from now; now), ?service=, ?host=,
 * ?back=24h (how far back to look, up to 7 days).  GET /v1/what: the same as JSON. */
#ifndef NOTIFIER_PAGES_WHAT_H
#define NOTIFIER_PAGES_WHAT_H

#include "base/httpd.h"

enum {
    WHAT_LOOKED_AT_MAX = 2000, /* changes; of more, the latest before the time */
    WHAT_OF_ONE_MAX = 100,     /* of one service, when one is asked about */
    WHAT_SHOWN_MAX = 20,
    WHAT_BACK_MAX_S = 7 * 86400,
};

void what_page(struct httpd_req *r, void *app);
void what_json(struct httpd_req *r, void *app);

#endif
