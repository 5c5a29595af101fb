/* storage/ledger_lists.c - lists of changes: by page, those still open, neighbours.
 *
 * All on the callers' threads.  Each list is put together within one read transaction,
 * so its rows belong together.  The rows are found first and the changes folded after:
 * a statement that is being stepped through cannot be started again by what is done
 * with its rows. */
#include "storage/ledger_part.h"

#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- by page --- */

/* A cursor is where a page ended: the start in milliseconds and the id in hex,
 * "1f-6869", good for an address as it is. */
static char *cursor_make(instant start, const char *change_id)
{
    OWNED_BUF b = {0};
    buf_addf(&b, "%llx-", (unsigned long long)start.ms);
    for (const char *p = change_id; *p != '\0'; p++)
        buf_addf(&b, "%02x", (unsigned char)*p);
    return buf_give(&b);
}

/* Small ones only: a place has one text. */
static int hex_value(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c) : NULL;
    return at != NULL ? (int)(at - digits) : -1;
}

static int cursor_read(const char *text, int64_t *ret_start, struct buf *id,
                       struct err *err)
{
    static const char wrong[] = "the place to go on from is not one that a list gave";
    const char *p = text;
    uint64_t start = 0;
    for (; hex_value(*p) >= 0 && p - text < 15; p++)
        start = start << 4 | (uint64_t)hex_value(*p);
    if (p == text || *p != '-' || strlen(p) > 1 + 2 * 200)
        return err_set(err, EINVAL, "%s", wrong);
    for (p++; *p != '\0'; p += 2) {
        int high = hex_value(p[0]), low = high < 0 ? -1 : hex_value(p[1]);
        if (low < 0 || (high == 0 && low == 0))
            return err_set(err, EINVAL, "%s", wrong);
        buf_add_ch(id, (char)(high << 4 | low));
    }
    *ret_start = (int64_t)start;
    return buf_done(id) < 0 ? err_set(err, ENOMEM, "no memory for a list") : 0;
}

/* One row of a page, the change itself still to be read. */
struct found {
    char *change_id;
    struct change_row row;
    instant start;
};

struct page {
    struct found at[LEDGER_PAGE_MAX + 1];
    size_t n;
};

static int page_find(struct ledger *l, const struct change_ask *ask, size_t limit,
                     struct page *page, struct err *err)
{
    int64_t start = ask->until.ms > 0 ? ask->until.ms : INT64_MAX;
    OWNED_BUF after = {0};
    if (ask->after != NULL && cursor_read(ask->after, &start, &after, err) < 0)
        return -1;
    struct sql_query q =
        sql_start(l->reader->sql, ask->service != NULL ? DO_PAGE_OF_SERVICE : DO_PAGE);
    sql_bind_int(&q, start);
    sql_bind_text(&q, buf_text(&after));
    sql_bind_int(&q, ask->since.ms); /* none is the least number there is */
    sql_bind_text(&q, ask->grade < GRADE_N ? grade_name(ask->grade) : NULL);
    sql_bind_int(&q,
                 (int64_t)limit + 1); /* one more tells whether there is a next page */
    if (ask->service != NULL)
        sql_bind_text(&q, ask->service);
    int rc = 0;
    while (rc == 0 && page->n <= limit && sql_row(&q)) {
        struct found *f = &page->at[page->n];
        rc = ledger_copy_text(sql_text(&q, 0), &f->change_id, err);
        f->start = sql_instant(&q, 1);
        const char *grade = sql_text(&q, 2);
        f->row.has_verdict = grade != NULL;
        f->row.grade = grade != NULL ? grade_of(grade) : GRADE_NOT_JUDGED;
        f->row.revision = (int)sql_int(&q, 3);
        f->row.final = sql_int(&q, 4) != 0;
        f->row.decided_at = sql_instant(&q, 5);
        page->n += rc == 0;
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

static int page_fill(struct ledger *l, const struct page *page, size_t limit,
                     struct change_rows *rows, struct err *err)
{
    size_t n = page->n < limit ? page->n : limit;
    rows->row = calloc(n + 1, sizeof *rows->row);
    if (rows->row == NULL)
        return err_set(err, ENOMEM, "no memory for a list");
    for (size_t i = 0; i < n; i++) {
        rows->row[i] = page->at[i].row;
        rows->row[i].change = ledger_change_read(l, page->at[i].change_id, err);
        if (rows->row[i].change == NULL)
            return -1;
        rows->n++;
    }
    if (page->n <= limit)
        return 0;
    rows->next = cursor_make(page->at[n - 1].start, page->at[n - 1].change_id);
    return rows->next != NULL ? 0 : err_set(err, ENOMEM, "no memory for a list");
}

int ledger_changes(struct ledger *l, const struct change_ask *ask,
                   struct change_rows *ret_rows, struct err *err)
{
    size_t limit = ask->limit < 1                 ? 1
                   : ask->limit > LEDGER_PAGE_MAX ? LEDGER_PAGE_MAX
                                                  : ask->limit;
    struct page *page = calloc(1, sizeof *page);
    if (page == NULL)
        return err_set(err, ENOMEM, "no memory for a list");
    struct change_rows rows = {0};
    int rc = ledger_read_begin(l, err);
    if (rc == 0) {
        rc = page_find(l, ask, limit, page, err);
        if (rc == 0)
            rc = page_fill(l, page, limit, &rows, err);
        ledger_read_end(l);
    }
    for (size_t i = 0; i < page->n; i++)
        free(page->at[i].change_id);
    free(page);
    if (rc == 0)
        *ret_rows = rows;
    else
        change_rows_free(&rows);
    return rc;
}

void change_rows_free(struct change_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        change_free(&rows->row[i].change);
    free(rows->row);
    free(rows->next);
    *rows = (struct change_rows){0};
}

/* --- those still open --- */

struct ids {
    char **at;
    size_t n;
};

static int id_take(struct sql_query *q, struct ids *ids, struct err *err)
{
    void *at = ids->at;
    if (ledger_list_room(&at, ids->n, sizeof *ids->at, err) < 0)
        return -1;
    ids->at = at;
    if (ledger_copy_text(sql_text(q, 0), &ids->at[ids->n], err) < 0)
        return -1;
    ids->n++;
    return 0;
}

/* Ends the query that gives ids, and the transaction it stands in. */
static int ids_give(struct ledger *l, struct sql_query q, char ***ret_ids,
                    size_t *ret_n, struct err *err)
{
    struct ids ids = {0};
    int rc = 0;
    while (rc == 0 && sql_row(&q))
        rc = id_take(&q, &ids, err);
    if (sql_end(&q, err) < 0)
        rc = -1;
    ledger_read_end(l);
    if (rc < 0) {
        ledger_ids_free(&ids.at, ids.n);
        return -1;
    }
    *ret_ids = ids.at;
    *ret_n = ids.n;
    return 0;
}

int ledger_open_changes(struct ledger *l, char ***ret_ids, size_t *ret_n,
                        struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    return ids_give(l, sql_start(l->reader->sql, DO_OPEN_CHANGES), ret_ids, ret_n, err);
}

int ledger_slow_due(struct ledger *l, instant now, size_t limit, char ***ret_ids,
                    size_t *ret_n, struct err *err)
{
    if (ledger_read_begin(l, err) < 0)
        return -1;
    struct sql_query q = sql_start(l->reader->sql, DO_SLOW_DUE);
    sql_bind_int(&q, now.ms);
    sql_bind_int(&q, (int64_t)limit);
    return ids_give(l, q, ret_ids, ret_n, err);
}

instant ledger_slow_next(struct ledger *l)
{
    instant next = INSTANT_FAR;
    if (ledger_read_begin(l, NULL) < 0)
        return next;
    struct sql_query q = sql_start(l->reader->sql, DO_SLOW_NEXT);
    if (sql_row(&q) && !instant_is_none(sql_instant(&q, 0)))
        next = sql_instant(&q, 0);
    sql_end(&q, NULL);
    ledger_read_end(l);
    return next;
}

void ledger_ids_free(char ***ids, size_t n)
{
    for (size_t i = 0; *ids != NULL && i < n; i++)
        free((*ids)[i]);
    free(*ids);
    *ids = NULL;
}

/* --- neighbours --- */

/* 1 when a host of the change is one of `of`, 0 when none is, -1 on failure. */
static int shares_host(struct ledger *l, const char *change_id, const struct change *of,
                       struct err *err)
{
    bool found = false;
    if (of->n_hosts == 0)
        return 0;
    struct sql_query q = sql_start(l->reader->sql, DO_HOSTS_OF);
    sql_bind_text(&q, change_id);
    while (!found && sql_row(&q)) {
        const char *host = sql_text(&q, 0);
        found = host != NULL && change_find_host(of, host) != NULL;
    }
    return sql_end(&q, err) < 0 ? -1 : found;
}

/* The ids first, since the change in hand would be stepping through a statement that
 * the next one needs. */
static int nearby_find(struct ledger *l, const struct change *of, instant from,
                       instant to, struct ids *ids, struct err *err)
{
    struct sql_query q = sql_start(l->reader->sql, DO_NEARBY);
    sql_bind_int(&q, from.ms);
    sql_bind_int(&q, to.ms);
    sql_bind_text(&q, of->change_id);
    sql_bind_int(&q, of->start.ms);
    int rc = 0;
    while (rc == 0 && ids->n < LEDGER_NEARBY_MAX && sql_row(&q)) {
        const char *id = sql_text(&q, 0), *service = sql_text(&q, 1);
        if (id == NULL) {
            rc = err_set(err, ENOMEM, "no memory for a list");
            break;
        }
        int shares =
            service != NULL && of->service != NULL && strcmp(service, of->service) == 0;
        if (!shares)
            shares = shares_host(l, id, of, err);
        rc = shares > 0 ? id_take(&q, ids, err) : shares;
    }
    return sql_end(&q, err) < 0 ? -1 : rc;
}

static int by_start(const void *a, const void *b)
{
    const struct change *x = *(struct change *const *)a,
                        *y = *(struct change *const *)b;
    if (x->start.ms != y->start.ms)
        return x->start.ms < y->start.ms ? -1 : 1;
    return strcmp(x->change_id, y->change_id);
}

int ledger_nearby(struct ledger *l, const struct change *of, instant from, instant to,
                  struct change ***ret_changes, size_t *ret_n, struct err *err)
{
    struct ids ids = {0};
    struct change **changes = NULL;
    size_t n = 0;
    if (ledger_read_begin(l, err) < 0)
        return -1;
    int rc = nearby_find(l, of, from, to, &ids, err);
    if (rc == 0 && (changes = calloc(ids.n + 1, sizeof(*changes))) == NULL)
        rc = err_set(err, ENOMEM, "no memory for a list");
    for (; rc == 0 && n < ids.n; n += rc == 0)
        if ((changes[n] = ledger_change_read(l, ids.at[n], err)) == NULL)
            rc = -1;
    ledger_read_end(l);
    ledger_ids_free(&ids.at, ids.n);
    if (rc != 0) {
        ledger_nearby_free(&changes, n);
        return -1;
    }
    qsort(changes, n, sizeof(*changes), by_start);
    *ret_changes = changes;
    *ret_n = n;
    return 0;
}

void ledger_nearby_free(struct change ***changes, size_t n)
{
    for (size_t i = 0; *changes != NULL && i < n; i++)
        change_free(&(*changes)[i]);
    free(*changes);
    *changes = NULL;
}
