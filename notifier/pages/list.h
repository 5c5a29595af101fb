/* notifier/pages/list.h - GET /: the changes, newest first, with filters. */
#ifndef NOTIFIER_PAGES_LIST_H
#define NOTIFIER_PAGES_LIST_H

#include "base/buf.h"
#include "base/httpd.h"
#include "notifier/query.h"
#include "storage/ledger.h"

enum { LIST_ROWS = 50, LIST_SCANS_MAX = 20 };

void list_page(struct httpd_req *r, void *app);

/* One change as an item of the list. */
void list_row(const struct change_row *row, struct buf *to);
/* The same with a sentence below it; NULL: none. */
void list_row_with(const struct change_row *row, const char *sentence, struct buf *to);
/* The filters' form, filled in. */
void list_form(const struct query_texts *q, const char *kind, struct buf *to);

#endif
