/* notifier/pages/rules.h - GET /rules: the rules in force, why they are there, where
 * each of their values comes from, and what they have said of late.  GET /v1/rules: the
 * same as JSON. */
#ifndef NOTIFIER_PAGES_RULES_H
#define NOTIFIER_PAGES_RULES_H

#include "base/buf.h"
#include "base/httpd.h"
#include "storage/ledger.h"

enum { RULES_PAGE_DAYS = 30 }; /* that a record reaches back */

void rules_page(struct httpd_req *r, void *app);
void rules_json(struct httpd_req *r, void *app);

/* The page's content and the JSON of it. */
void rules_page_write(const struct pack *p, const struct rule_records *records,
                      struct buf *to);
void rules_json_write(const struct pack *p, const struct rule_records *records,
                      struct buf *to);

#endif
