/* notifier/pages/service.h - GET /services/{name}: a service's recent changes on a line
 * of time, how it has fared, and who is around it.  GET /services/{name}/course.png
 * ?metric=: one of its charts.  GET /v1/services/{name}: the same as JSON. */
#ifndef NOTIFIER_PAGES_SERVICE_H
#define NOTIFIER_PAGES_SERVICE_H

#include "base/buf.h"
#include "base/httpd.h"
#include "base/instant.h"
#include "storage/ledger.h"

#include <stddef.h>

enum {
    SERVICE_DAYS = 7,
    SERVICE_CHANGES_MAX = 200, /* of those days; of more, the latest */
    SERVICE_LISTED_MAX = 30,
};

void service_page(struct httpd_req *r, void *app);
void service_course(struct httpd_req *r, void *app);
void service_json(struct httpd_req *r, void *app);

/* The changes as marks on the days up to `now`. */
void service_timeline(const struct change_row *row, size_t n, instant now,
                      struct buf *to);

#endif
