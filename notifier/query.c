/* notifier/query.c - what the list's address may ask for.  Pure. */
#include "notifier/query.h"

#include "base/httpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *given(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

static int read_since(const char *text, instant now, instant *ret_since,
                      struct err *err)
{
    span back;
    if (instant_parse(text, ret_since, NULL) == 0)
        return 0;
    if (span_parse(text, &back, NULL) == 0) {
        *ret_since = instant_add(now, (span){-back.ms});
        return 0;
    }
    return err_set(
        err, EINVAL,
        "since: '%.60s' is neither a time such as 2026-11-21T10:00:00Z nor a "
        "length of time such as 24h",
        text);
}

static int read_limit(const char *text, size_t *ret_limit, struct err *err)
{
    size_t n = strlen(text);
    long limit = n <= 4 && strspn(text, "0123456789") == n ? strtol(text, NULL, 10) : 0;
    if (limit < 1 || limit > LEDGER_PAGE_MAX)
        return err_set(err, EINVAL, "limit: '%.60s' is no number from 1 to %d", text,
                       LEDGER_PAGE_MAX);
    *ret_limit = (size_t)limit;
    return 0;
}

int query_read(const struct query_texts *q, instant now, struct change_ask *ret_ask,
               struct err *err)
{
    struct change_ask ask = {.since = INSTANT_NONE,
                             .service = given(q->service),
                             .grade = GRADE_N,
                             .after = given(q->after),
                             .limit = QUERY_LIMIT_DEFAULT};
    if (given(q->since) != NULL && read_since(q->since, now, &ask.since, err) < 0)
        return -1;
    if (given(q->grade) != NULL) {
        ask.grade = grade_of(q->grade);
        if (ask.grade == GRADE_N)
            return err_set(err, EINVAL,
                           "grade: '%.60s' is no grade, expected ok, attention, "
                           "must-handle or not-judged",
                           q->grade);
    }
    if (given(q->limit) != NULL && read_limit(q->limit, &ask.limit, err) < 0)
        return -1;
    *ret_ask = ask;
    return 0;
}

void query_texts_of(const struct httpd_req *r, struct query_texts *ret_texts)
{
    *ret_texts = (struct query_texts){httpd_query(r, "since"), httpd_query(r, "grade"),
                                      httpd_query(r, "service"),
                                      httpd_query(r, "after"), httpd_query(r, "limit")};
}

int query_changes(const struct httpd_req *r, instant now, struct change_ask *ret_ask,
                  struct err *err)
{
    struct query_texts q;
    query_texts_of(r, &q);
    return query_read(&q, now, ret_ask, err);
}

int query_rows(struct ledger *l, const struct change_ask *ask,
               struct change_rows *ret_rows, struct err *err)
{
    struct err why = {0};
    if (ledger_changes(l, ask, ret_rows, &why) == 0)
        return 0;
    return err_set(err, why.code, "%s%s", why.code == EINVAL ? "after: " : "",
                   why.text);
}

static void add(struct buf *to, const char *name, const char *value)
{
    if (given(value) == NULL)
        return;
    buf_addf(to, "%s=", name);
    url_quote(to, value);
    buf_add_ch(to, '&');
}

void query_next(const struct query_texts *q, const char *cursor, struct buf *to)
{
    add(to, "since", q->since);
    add(to, "grade", q->grade);
    add(to, "service", q->service);
    add(to, "limit", q->limit);
    buf_add(to, "after=");
    url_quote(to, cursor);
}
