/* storage/alarm.c - reads the messages of alarms.
 *
 * Always holds: what a reader let through is typed and bounded, so nobody behind it
 * checks again.  No state, any thread. */
#include "storage/alarm.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/names.h"
#include "storage/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for an alarm");
}

struct alarm *alarm_new(struct err *err)
{
    struct alarm *a = calloc(1, sizeof *a);
    if (a == NULL) {
        no_memory(err);
        return NULL;
    }
    a->starts = a->ends = a->said = INSTANT_NONE;
    return a;
}

void alarm_free(struct alarm **a)
{
    if (*a == NULL)
        return;
    char *texts[] = {(*a)->name,     (*a)->fingerprint, (*a)->host, (*a)->service,
                     (*a)->severity, (*a)->labels,      (*a)->text, (*a)->source};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    free(*a);
    *a = NULL;
}

/* --- what all readers share --- */

int alarm_list_add(struct alarm_list *l, struct alarm **a, struct err *err)
{
    if ((l->n & (l->n - 1)) == 0) { /* 0, 1, 2, 4, ...: full */
        struct alarm **more =
            reallocarray(l->at, l->n > 0 ? 2 * l->n : 1, sizeof *more);
        if (more == NULL) {
            alarm_free(a);
            return no_memory(err);
        }
        l->at = more;
    }
    l->at[l->n++] = *a;
    *a = NULL;
    return 0;
}

void alarm_list_free(struct alarm_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        alarm_free(&l->at[i]);
    free(l->at);
    *l = (struct alarm_list){0};
}

int alarm_identify(struct alarm *a, struct err *err)
{
    const char *parts[] = {a->name, a->host, a->service, a->labels};
    OWNED_BUF b = {0};
    char hex[SHA256_HEX_MAX];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        buf_add(&b, parts[i] != NULL ? parts[i] : "");
        buf_add_ch(&b, '\0'); /* no text holds one, so no two alarms run together */
    }
    if (buf_done(&b) < 0)
        return no_memory(err);
    a->fingerprint = strndup(sha256_hex(b.data, b.len, hex), 16);
    return a->fingerprint != NULL ? 0 : no_memory(err);
}

char *alarm_copy_text(const char *text)
{
    struct buf b = {0};
    size_t n = strlen(text);
    for (size_t at = 0; at < n;) {
        size_t step = utf8_next(text + at, n - at);
        if (step == 0)
            break;
        if (b.len + step > ALARM_TEXT_MAX)
            break;
        if (utf8_is_control(text + at, step))
            buf_add_ch(&b, ' ');
        else
            buf_add_n(&b, text + at, step);
        at += step;
    }
    return buf_give(&b);
}

struct pair {
    const char *key, *value;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct pair *)a)->key, ((const struct pair *)b)->key);
}

static bool is_among(const char *name, const char *const *names)
{
    for (; names != NULL && *names != NULL; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static int read_pairs(const struct json_at *labels, const char *const *leave,
                      struct pair *pair, size_t *ret_n, struct err *err)
{
    size_t all = json_count(labels);
    if (json_kind(labels) != JSON_KIND_OBJECT)
        return json_complain(labels, err, "expected an object of texts");
    if (all > ALARM_LABELS_MAX)
        return json_complain(labels, err, "has %zu labels, at most %d are taken", all,
                             ALARM_LABELS_MAX);
    *ret_n = 0;
    for (size_t i = 0; i < all; i++) {
        struct pair p;
        struct json_at v = json_nth(labels, i, &p.key);
        if (json_text(&v, &p.value, err) < 0)
            return -1;
        if (!is_among(p.key, leave))
            pair[(*ret_n)++] = p;
    }
    return 0;
}

int alarm_labels(const struct json_at *labels, const char *const *leave,
                 char **ret_text, struct err *err)
{
    struct pair pair[ALARM_LABELS_MAX];
    OWNED_BUF b = {0};
    size_t n = 0;
    if (read_pairs(labels, leave, pair, &n, err) < 0)
        return -1;
    qsort(pair, n, sizeof *pair, by_key);
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s%s=%s", i > 0 ? ", " : "", pair[i].key, pair[i].value);
    char *text = NULL;
    if (buf_done(&b) < 0 || (n > 0 && (text = alarm_copy_text(buf_text(&b))) == NULL))
        return no_memory(err);
    *ret_text = text;
    return 0;
}

/* --- the generic form --- */

#define FIELD(field) offsetof(struct alarm, field)
static const struct record_text fields[] = {
    {"name", name_check, true, 0, FIELD(name)},
    {"host", name_check, false, 0, FIELD(host)},
    {"service", name_check, false, 0, FIELD(service)},
    {"severity", name_check, false, 0, FIELD(severity)},
    {"source", name_check, false, 0, FIELD(source)},
    {"fingerprint", name_check, false, 0, FIELD(fingerprint)},
};
#undef FIELD

/* The state and the times that follow from it. */
static int read_state(const struct json_at *v, instant now, struct alarm *a,
                      struct err *err)
{
    struct json_at m;
    const char *state = "firing";
    instant at = now;
    if (json_member(v, "state", &m) && json_text(&m, &state, err) < 0)
        return -1;
    bool over = strcmp(state, "resolved") == 0;
    if (!over && strcmp(state, "firing") != 0)
        return json_complain(&m, err, "is '%.40s', expected firing or resolved", state);
    if (record_time(v, "time", now, &at, err) < 0)
        return -1;
    if (instant_is_none(at)) {
        json_member(v, "time", &m);
        return json_complain(&m, err, "is missing, a recorded alarm needs its time");
    }
    if (record_time(v, "ends", now, &a->ends, err) < 0)
        return -1;
    if (!instant_is_none(a->ends) && a->ends.ms < at.ms) {
        json_member(v, "ends", &m);
        return json_complain(&m, err, "is before time, the alarm's beginning");
    }
    a->said = at;
    if (!over || !instant_is_none(a->ends))
        a->starts = at;
    else
        a->ends = at;
    return 0;
}

static int read_words(const struct json_at *v, struct alarm *a, struct err *err)
{
    struct json_at m;
    const char *text;
    if (json_member(v, "labels", &m) && alarm_labels(&m, NULL, &a->labels, err) < 0)
        return -1;
    if (!json_member(v, "text", &m))
        return 0;
    if (json_text(&m, &text, err) < 0)
        return -1;
    a->text = alarm_copy_text(text);
    return a->text != NULL ? 0 : no_memory(err);
}

static int read_all(const struct json_at *v, instant now, struct alarm *a,
                    struct err *err)
{
    struct json_at m;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (record_text(v, &fields[i], a, err) < 0)
            return -1;
    if (a->host == NULL && a->service == NULL) {
        json_member(v, "host", &m);
        return json_complain(&m, err,
                             "is missing, and so is service: expected one or "
                             "both");
    }
    if (read_words(v, a, err) < 0 || read_state(v, now, a, err) < 0)
        return -1;
    return a->fingerprint != NULL ? 0 : alarm_identify(a, err);
}

int alarm_read(const struct json_at *v, instant now, struct alarm **ret_alarm,
               struct err *err)
{
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object, an alarm");
    struct alarm *a = alarm_new(err);
    if (a == NULL)
        return -1;
    if (read_all(v, now, a, err) < 0) {
        alarm_free(&a);
        return -1;
    }
    *ret_alarm = a;
    return 0;
}
