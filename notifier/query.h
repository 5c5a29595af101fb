/* notifier/query.h - reads the filters of a list out of a request's query. */
#ifndef NOTIFIER_QUERY_H
#define NOTIFIER_QUERY_H

#include "base/buf.h"
#include "base/err.h"
#include "base/httpd.h"
#include "base/instant.h"
#include "storage/ledger.h"

enum { QUERY_LIMIT_DEFAULT = 50 };

/* since (a time, or a length back from `now` such as 24h), grade, service, after, limit
 * (1 to LEDGER_PAGE_MAX); empty values count as absent, as forms send them.  -1 and a
 * complaint that begins with the parameter's name.  Texts are borrowed from the
 * request. */
int query_changes(const struct httpd_req *r, instant now, struct change_ask *ret_ask,
                  struct err *err);

/* The same from texts, any of which may be NULL. */
struct query_texts {
    const char *since, *grade, *service, *after, *limit;
};
int query_read(const struct query_texts *q, instant now, struct change_ask *ret_ask,
               struct err *err);

/* Reads the rows; a cursor that is none is a complaint about `after`. */
int query_rows(struct ledger *l, const struct change_ask *ask,
               struct change_rows *ret_rows, struct err *err);

/* Adds "since=...&grade=..." for the page after this one, encoded. */
void query_next(const struct query_texts *q, const char *cursor, struct buf *to);
void query_texts_of(const struct httpd_req *r, struct query_texts *ret_texts);

#endif
