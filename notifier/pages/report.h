/* notifier/pages/report.h - GET /changes/{id}, and its charts. */
#ifndef NOTIFIER_PAGES_REPORT_H
#define NOTIFIER_PAGES_REPORT_H

#include "base/buf.h"
#include "base/httpd.h"
#include "notifier/report.h"

enum {
    REPORT_PAGE_CHART_WIDTH = 720,
    REPORT_PAGE_CHART_HEIGHT = 240,
    REPORT_PAGE_NARROW_WIDTH = 380, /* for telephones: the letters stay legible */
    REPORT_PAGE_NARROW_HEIGHT = 230,
    REPORT_PAGE_HOSTS_MAX = 50,
};

void report_page(struct httpd_req *r, void *app);
/* GET /changes/{id}/chart/{file}: "3.png" is the chart of the third finding;
 * ?revision=2 of that revision, ?theme=dark on a dark ground, ?size=narrow for
 * telephones. */
void report_chart(struct httpd_req *r, void *app);

/* The page itself, whole. */
void report_write(const struct report *report, struct buf *to);

#endif
