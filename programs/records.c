/* programs/records.c - pieces, and records as JSON.  One thread. */
#include "programs/records.h"

#include "base/json.h"
#include "base/jsonw.h"
#include "programs/event_form.h"
#include "programs/records_part.h"
#include "storage/alarm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- pieces --- */

struct buf *pieces_add(struct pieces *p)
{
    struct buf *more = realloc(p->at, (p->n + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    p->at = more;
    p->at[p->n] = (struct buf){0};
    return &p->at[p->n++];
}

int pieces_done(const struct pieces *p)
{
    for (size_t i = 0; i < p->n; i++)
        if (buf_done(&p->at[i]) < 0)
            return -1;
    return 0;
}

void pieces_free(struct pieces *p)
{
    for (size_t i = 0; i < p->n; i++)
        buf_free(&p->at[i]);
    free(p->at);
    *p = (struct pieces){0};
}

int json_list_add(struct json_list *l, const char *record, struct err *err)
{
    struct buf *b = l->to->n > 0 ? &l->to->at[l->to->n - 1] : NULL;
    size_t n = strlen(record);
    if (b == NULL || l->in_piece >= PIECE_RECORDS_MAX ||
        (l->in_piece > 0 && b->len + n > PIECE_BYTES_MAX)) {
        json_list_end(l);
        b = pieces_add(l->to);
        if (b == NULL)
            return err_set(err, ENOMEM, "out of memory");
        l->in_piece = 0;
    }
    buf_add(b, l->in_piece == 0 ? "[" : ",\n");
    buf_add_n(b, record, n);
    l->in_piece++;
    return 0;
}

void json_list_end(struct json_list *l)
{
    if (l->to->n > 0 && l->in_piece > 0)
        buf_add(&l->to->at[l->to->n - 1], "]\n");
    l->in_piece = 0;
}

/* --- JSON --- */

struct json_reader {
    struct json_list list;
    int (*take)(const struct json_at *record, void *arg, char **ret, struct err *err);
    void *arg;
};

static int take_one(struct json_reader *r, const struct json_at *record,
                    struct err *err)
{
    char *text = NULL;
    if (r->take(record, r->arg, &text, err) < 0)
        return -1;
    int rc = text != NULL ? json_list_add(&r->list, text, err)
                          : err_set(err, ENOMEM, "out of memory");
    free(text);
    return rc;
}

static int take_doc(struct json_reader *r, struct json_doc *doc, struct err *err)
{
    struct json_at root = json_root(doc);
    if (json_kind(&root) != JSON_KIND_LIST)
        return take_one(r, &root, err);
    for (size_t i = 0; i < json_count(&root); i++) {
        struct json_at item = json_item(&root, i);
        if (take_one(r, &item, err) < 0)
            return -1;
    }
    return 0;
}

static int take_line(struct json_reader *r, const char *line, size_t n, size_t no,
                     struct err *err)
{
    struct err why = {0};
    OWNED_JSON *doc = json_parse(line, n, &why);
    if (doc == NULL || take_doc(r, doc, &why) < 0)
        return err_set(err, why.code, "line %zu: %s", no, why.text);
    return 0;
}

static bool is_blank(const char *line, size_t n)
{
    return strspn(line, " \t\r\n") >= n;
}

int records_json(const char *text, size_t n,
                 int (*take)(const struct json_at *record, void *arg, char **ret,
                             struct err *err),
                 void *arg, struct pieces *ret, struct err *err)
{
    struct json_reader r = {.list = {.to = ret}, .take = take, .arg = arg};
    struct err why = {0};
    const char *end = memchr(text, '\n', n);
    int rc = 0;
    OWNED_JSON *whole = json_parse(text, n, &why);
    if (whole != NULL) {
        rc = take_doc(&r, whole, err);
    } else {
        /* One record a line - or one broken document: then its own words say more. */
        OWNED_JSON *first =
            end != NULL ? json_parse(text, (size_t)(end - text), NULL) : NULL;
        if (first == NULL)
            return err_set(err, why.code, "%s", why.text);
        size_t no = 1;
        for (const char *p = text; rc == 0 && p < text + n; no++) {
            const char *stop = memchr(p, '\n', (size_t)(text + n - p));
            size_t long_is = (size_t)((stop != NULL ? stop : text + n) - p);
            if (!is_blank(p, long_is))
                rc = take_line(&r, p, long_is, no, err);
            p += long_is + 1;
        }
    }
    json_list_end(&r.list);
    if (rc == 0 && ret->n == 0)
        return err_set(err, EINVAL, "the list has no records");
    if (rc == 0 && pieces_done(ret) < 0)
        return err_set(err, ENOMEM, "out of memory");
    return rc;
}

char *json_with(const struct json_at *record, const struct member *add, size_t n)
{
    OWNED_BUF to = {0};
    struct jsonw w = {.to = &to};
    struct json_at there;
    const char *key;
    bool ok = true;
    if (json_kind(record) != JSON_KIND_OBJECT)
        return json_dump(record); /* the service says what is wrong with it */
    jsonw_open(&w, NULL);
    for (size_t i = 0; i < n; i++)
        if (add[i].json != NULL && !json_member(record, add[i].name, &there))
            jsonw_raw(&w, add[i].name, add[i].json);
    for (size_t i = 0; i < json_count(record); i++) {
        struct json_at v = json_nth(record, i, &key);
        char *json = json_kind(&v) != JSON_KIND_NULL ? json_dump(&v) : NULL;
        ok &= json != NULL || json_kind(&v) == JSON_KIND_NULL;
        if (json != NULL) /* null counts as absent */
            jsonw_raw(&w, key, json);
        free(json);
    }
    jsonw_close(&w);
    return ok ? buf_give(&to) : NULL;
}

/* --- alarms --- */

static int take_alarm(const struct json_at *record, void *arg, char **ret,
                      struct err *err)
{
    const instant *now = arg;
    OWNED_ALARM *a = NULL;
    if (alarm_read(record, *now, &a, err) < 0)
        return -1;
    char time[INSTANT_TEXT_MAX + 2], at[INSTANT_TEXT_MAX];
    snprintf(time, sizeof time, "\"%s\"", instant_text(*now, at));
    const struct member add[] = {{"time", time}};
    *ret = json_with(record, add, 1);
    return 0;
}

int records_alarms(const char *text, size_t n, instant now, struct pieces *ret,
                   struct err *err)
{
    return records_json(text, n, take_alarm, &now, ret, err);
}

static const struct {
    const char *word, *state, *severity;
} states[] = {
    {"firing", "firing", NULL},         {"resolved", "resolved", NULL},
    {"ok", "resolved", NULL},           {"up", "resolved", NULL},
    {"recovery", "resolved", NULL},     {"warning", "firing", "warning"},
    {"critical", "firing", "critical"}, {"unknown", "firing", "unknown"},
    {"down", "firing", "critical"},     {"unreachable", "firing", "critical"},
    {"problem", "firing", NULL},
};

static int write_state(const struct alarm_form *f, struct jsonw *w, struct err *err)
{
    const char *state = f->state != NULL ? f->state : "firing";
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        if (strcasecmp(states[i].word, state) != 0)
            continue;
        const char *severity = f->severity != NULL ? f->severity : states[i].severity;
        jsonw_text(w, "state", states[i].state);
        if (severity != NULL)
            jsonw_text(w, "severity", severity);
        return 0;
    }
    return err_set(err, EINVAL,
                   "--state: expected firing or resolved, or one of Nagios' words OK, "
                   "WARNING, CRITICAL, UNKNOWN, UP, DOWN, UNREACHABLE, PROBLEM and "
                   "RECOVERY, got '%.40s'",
                   state);
}

static int write_form(const struct alarm_form *f, instant at, struct buf *to,
                      struct err *err)
{
    const struct {
        const char *name, *value;
    } texts[] = {{"name", f->name},
                 {"host", f->host},
                 {"service", f->service},
                 {"text", f->text},
                 {"source", f->source}};
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (texts[i].value != NULL && texts[i].value[0] != '\0')
            jsonw_text(&w, texts[i].name, texts[i].value);
    jsonw_instant(&w, "time", at);
    if (write_state(f, &w, err) < 0 ||
        (f->labels != NULL && event_form_labels(&w, f->labels, err) < 0))
        return -1;
    jsonw_close(&w);
    return buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

int records_alarm_form(const struct alarm_form *form, instant now, struct pieces *ret,
                       struct err *err)
{
    OWNED_BUF one = {0};
    instant at = now;
    struct err why = {0};
    if (form->at != NULL && records_time(form->at, &at, &why) < 0)
        return err_set(err, EINVAL, "--at: %s", why.text);
    if (write_form(form, at, &one, err) < 0)
        return -1;
    return records_alarms(buf_text(&one), one.len, now, ret, err);
}

/* --- time --- */

int records_time(const char *text, instant *ret, struct err *err)
{
    size_t n = strspn(text, "0123456789");
    size_t fraction = text[n] == '.' ? strspn(text + n + 1, "0123456789") + 1 : 0;
    if (n == 0 || text[n + fraction] != '\0')
        return instant_parse(text, ret, err);
    if (n > 11)
        return err_set(err, EINVAL, "'%.40s' is beyond any time in seconds since 1970",
                       text);
    int64_t ms = strtoll(text, NULL, 10) * 1000, unit = 100;
    for (size_t i = n + 1; i < n + fraction && unit > 0; i++, unit /= 10)
        ms += (text[i] - '0') * unit;
    ret->ms = ms;
    return 0;
}
