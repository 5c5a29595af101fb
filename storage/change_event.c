/* storage/change_event.c - reads change events.
 *
 * Always holds: what change_event_read let through is typed and bounded, so nobody
 * behind it checks again.  No state, any thread. */
#include "storage/change_part.h"
#include "storage/record.h"

#include "base/complain.h"
#include "base/names.h"
#include "base/order.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- kinds and phases --- */

#define X(id, name, help) [CHANGE_##id] = name,
static const char *const kind_names[CHANGE_KIND_N + 1] = {CHANGE_KINDS(X)};
#undef X
#define X(id, name, help) ", " name
static const char kind_list[] = CHANGE_KINDS(X);
#undef X
#define X(id, name) [PHASE_##id] = name,
static const char *const phase_names[PHASE_N + 1] = {CHANGE_PHASES(X)};
#undef X
#define X(id, name) ", " name
static const char phase_list[] = CHANGE_PHASES(X);
#undef X

const char *change_kind_name(enum change_kind kind)
{
    assert((unsigned)kind < CHANGE_KIND_N);
    return kind_names[kind];
}

const char *change_kind_list(void)
{
    return kind_list + 2; /* past the first ", " */
}

static size_t index_of(const char *name, const char *const *names)
{
    size_t i = 0;
    while (names[i] != NULL && strcmp(names[i], name) != 0)
        i++;
    return i;
}

enum change_kind change_kind_of(const char *name)
{
    return (enum change_kind)index_of(name, kind_names);
}

const char *change_phase_name(enum change_phase phase)
{
    assert((unsigned)phase < PHASE_N);
    return phase_names[phase];
}

/* --- reading --- */

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a change");
}

static int check_url(const char *text, size_t n, struct err *err)
{
    size_t scheme = strncasecmp(text, "http://", 7) == 0    ? 7
                    : strncasecmp(text, "https://", 8) == 0 ? 8
                                                            : 0;
    if (scheme == 0)
        return err_set(err, EINVAL, "is not an http:// or https:// address");
    if (n == scheme || text[scheme] == '/')
        return err_set(err, EINVAL, "has no host");
    size_t bad = strcspn(text, " \"<>\\^`{|}");
    if (bad < n)
        return err_set(err, EINVAL, "has a '%c' at byte %zu, expected it encoded",
                       text[bad], bad + 1);
    return text_check(text, n, err);
}

/* Puts a checker's words behind the field they are about. */
static int check_text(const struct json_at *v, const char **ret_text,
                      int (*check)(const char *, size_t, struct err *), struct err *err)
{
    const char *text;
    struct err why = {0};
    if (json_text(v, &text, err) < 0)
        return -1;
    if (check(text, strlen(text), &why) < 0)
        return json_complain(v, err, "%s", why.text);
    *ret_text = text;
    return 0;
}

struct text_field {
    const char *name;
    int (*check)(const char *, size_t, struct err *);
    bool required;
    size_t offset; /* of a char * in struct change_event */
};

#define FIELD(field) offsetof(struct change_event, field)
static const struct text_field text_fields[] = {
    {"source", name_check, true, FIELD(source)},
    {"id", name_check, true, FIELD(id)},
    {"change_id", name_check, false, FIELD(change_id)},
    {"service", name_check, false, FIELD(service)},
    {"title", text_check, false, FIELD(title)},
    {"actor", name_check, false, FIELD(actor)},
    {"url", check_url, false, FIELD(url)},
    {"parent_id", name_check, false, FIELD(parent_id)},
};
static const struct text_field artifact_fields[] = {
    {"from", name_check, false, FIELD(from)},
    {"to", name_check, false, FIELD(to)},
};
#undef FIELD
enum {
    N_TEXT_FIELDS = sizeof text_fields / sizeof *text_fields,
    N_ARTIFACT_FIELDS = sizeof artifact_fields / sizeof *artifact_fields
};

static int read_text(const struct json_at *obj, const struct text_field *f,
                     struct change_event *e, struct err *err)
{
    struct json_at m;
    const char *text;
    if (!json_member(obj, f->name, &m))
        return f->required ? json_complain(&m, err, "is missing, expected a text") : 0;
    if (check_text(&m, &text, f->check, err) < 0)
        return -1;
    if (text[0] == '\0')
        return 0; /* an empty title is none */
    char *copy = strdup(text);
    if (copy == NULL)
        return no_memory(err);
    *change_text_at(e, f->offset) = copy;
    return 0;
}

static int read_texts(const struct json_at *obj, const struct text_field *fields,
                      size_t n, struct change_event *e, struct err *err)
{
    for (size_t i = 0; i < n; i++)
        if (read_text(obj, &fields[i], e, err) < 0)
            return -1;
    return 0;
}

/* Member `key` as one of `names`; *index is left alone when it is absent. */
static int read_choice(const struct json_at *v, const char *key,
                       const char *const *names, const char *list, size_t *index,
                       struct err *err)
{
    struct json_at m;
    const char *text;
    if (!json_member(v, key, &m))
        return 0;
    if (check_text(&m, &text, name_check, err) < 0)
        return -1;
    size_t i = index_of(text, names);
    if (names[i] == NULL) {
        const char *near = nearest_name(text, names);
        return json_complain(&m, err, "there is no %s '%s', expected one of %s%s%s%s",
                             key, text, list, near != NULL ? "; did you mean '" : "",
                             near != NULL ? near : "", near != NULL ? "'?" : "");
    }
    *index = i;
    return 0;
}

static int read_kind(const struct json_at *v, struct change_event *e, struct err *err)
{
    size_t kind = CHANGE_KIND_N, phase = PHASE_FINISHED;
    if (read_choice(v, "kind", kind_names, kind_list + 2, &kind, err) < 0 ||
        read_choice(v, "phase", phase_names, phase_list + 2, &phase, err) < 0)
        return -1;
    if (kind == CHANGE_KIND_N) {
        struct json_at m;
        json_member(v, "kind", &m);
        return json_complain(&m, err, "is missing, expected one of %s", kind_list + 2);
    }
    e->kind = (enum change_kind)kind;
    e->phase = (enum change_phase)phase;
    return 0;
}

/* Sorts and folds repeats. */
static void hosts_tidy(struct change_event *e)
{
    if (e->n_hosts == 0)
        return;
    qsort(e->host, e->n_hosts, sizeof *e->host, order_texts);
    size_t kept = 1;
    for (size_t i = 1; i < e->n_hosts; i++)
        if (strcmp(e->host[i], e->host[kept - 1]) == 0)
            free(e->host[i]);
        else
            e->host[kept++] = e->host[i];
    e->n_hosts = kept;
}

static int read_hosts(const struct json_at *v, struct change_event *e, struct err *err)
{
    struct json_at m;
    if (!json_member(v, "hosts", &m))
        return 0;
    if (json_kind(&m) != JSON_KIND_LIST)
        return json_complain(&m, err, "expected a list of host names");
    size_t n = json_count(&m);
    if (n > EVENT_HOSTS_MAX)
        return json_complain(&m, err, "has %zu hosts, at most %d are taken", n,
                             EVENT_HOSTS_MAX);
    e->host = calloc(n + 1, sizeof *e->host);
    if (e->host == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        struct json_at item = json_item(&m, i);
        const char *text;
        if (check_text(&item, &text, name_check, err) < 0)
            return -1;
        e->host[i] = strdup(text);
        if (e->host[i] == NULL)
            return no_memory(err);
        e->n_hosts = i + 1;
    }
    hosts_tidy(e);
    return 0;
}

static int read_batch_number(const struct json_at *batch, const char *key, int *into,
                             struct err *err)
{
    struct json_at m;
    int64_t whole;
    if (!json_member(batch, key, &m))
        return 0;
    if (json_whole(&m, &whole, err) < 0)
        return -1;
    if (whole < 1 || whole > EVENT_BATCHES_MAX)
        return json_complain(&m, err, "is %lld, expected 1 to %d", (long long)whole,
                             EVENT_BATCHES_MAX);
    *into = (int)whole;
    return 0;
}

static int read_batch(const struct json_at *v, struct change_event *e, struct err *err)
{
    struct json_at m, no;
    if (!json_member(v, "batch", &m))
        return 0;
    if (json_kind(&m) != JSON_KIND_OBJECT)
        return json_complain(&m, err,
                             "expected an object such as {\"no\": 1, \"of\": "
                             "4}");
    if (read_batch_number(&m, "no", &e->batch_no, err) < 0 ||
        read_batch_number(&m, "of", &e->batch_of, err) < 0)
        return -1;
    json_member(&m, "no", &no);
    if (e->batch_no == 0)
        return json_complain(&no, err, "is missing, expected the batch's number");
    if (e->batch_of != 0 && e->batch_no > e->batch_of)
        return json_complain(&no, err, "is %d, beyond the %d batches there are",
                             e->batch_no, e->batch_of);
    return 0;
}

static int read_artifact(const struct json_at *v, struct change_event *e,
                         struct err *err)
{
    struct json_at m;
    if (!json_member(v, "artifact", &m))
        return 0;
    if (json_kind(&m) != JSON_KIND_OBJECT)
        return json_complain(&m, err,
                             "expected an object such as {\"from\": \"1\", "
                             "\"to\": \"2\"}");
    return read_texts(&m, artifact_fields, N_ARTIFACT_FIELDS, e, err);
}

static int read_urgent(const struct json_at *v, struct change_event *e, struct err *err)
{
    struct json_at m;
    return json_member(v, "urgent", &m) ? json_bool(&m, &e->urgent, err) : 0;
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct label *)a)->key, ((const struct label *)b)->key);
}

static int read_labels(const struct json_at *v, struct change_event *e, struct err *err)
{
    struct json_at m;
    if (!json_member(v, "labels", &m))
        return 0;
    if (json_kind(&m) != JSON_KIND_OBJECT)
        return json_complain(&m, err, "expected an object of texts");
    size_t n = json_count(&m);
    if (n > EVENT_LABELS_MAX)
        return json_complain(&m, err, "has %zu labels, at most %d are taken", n,
                             EVENT_LABELS_MAX);
    e->label = calloc(n + 1, sizeof *e->label);
    if (e->label == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        const char *key, *text;
        struct err why = {0};
        struct json_at value = json_nth(&m, i, &key);
        if (name_check(key, strlen(key), &why) < 0)
            return json_complain(&value, err, "its name %s", why.text);
        if (check_text(&value, &text, text_check, err) < 0)
            return -1;
        struct label *l = &e->label[e->n_labels++];
        l->key = strdup(key);
        l->value = strdup(text);
        if (l->key == NULL || l->value == NULL)
            return no_memory(err);
    }
    qsort(e->label, n, sizeof *e->label, by_key);
    return 0;
}

/* --- unknown fields --- */

static const char *const event_fields[] = {
    "source", "id",     "change_id", "phase",    "kind",  "service",
    "title",  "time",   "hosts",     "batch",    "actor", "url",
    "labels", "urgent", "parent_id", "artifact", NULL};
static const char *const batch_fields[] = {"no", "of", NULL};
static const char *const artifact_names[] = {"from", "to", NULL};

static bool is_replay_type(const char *key, const struct json_at *value)
{
    const char *text;
    return strcmp(key, "type") == 0 && json_text(value, &text, NULL) == 0 &&
           strcmp(text, "change") == 0;
}

/* How deep lists and objects nest in a JSON text that is known to be good. */
static int nesting(const char *json)
{
    int depth = 0, deepest = 0;
    bool quoted = false;
    for (const char *p = json; *p != '\0'; p++) {
        if (quoted && *p == '\\')
            p++; /* the escaped character is no quote; there is one */
        else if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == '{' || *p == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!quoted && (*p == '}' || *p == ']'))
            depth--;
    }
    return deepest;
}

static int keep_extra(struct change_event *e, const char *prefix, const char *key,
                      const struct json_at *value, struct err *err)
{
    struct err why = {0};
    if (name_check(key, strlen(key), &why) < 0)
        return json_complain(value, err, "its name %s", why.text);
    if (e->n_extra == EVENT_EXTRAS_MAX)
        return json_complain(value, err,
                             "is unknown, and more than %d unknown fields "
                             "are not taken",
                             EVENT_EXTRAS_MAX);
    struct label *x = &e->extra[e->n_extra++];
    OWNED_BUF name = {0};
    buf_addf(&name, "%s%s", prefix, key);
    x->key = buf_give(&name);
    x->value = json_dump(value);
    if (x->key == NULL || x->value == NULL)
        return no_memory(err);
    /* deeper ones would make what we print unreadable for readers with a limit */
    if (nesting(x->value) > EVENT_EXTRA_DEPTH_MAX)
        return json_complain(value, err, "nests deeper than %d levels",
                             EVENT_EXTRA_DEPTH_MAX);
    return 0;
}

static int keep_extras(const struct json_at *obj, const char *prefix,
                       const char *const *known, struct change_event *e,
                       struct err *err)
{
    for (size_t i = 0; i < json_count(obj); i++) {
        const char *key;
        struct json_at value = json_nth(obj, i, &key);
        if (known[index_of(key, known)] != NULL || is_replay_type(key, &value))
            continue;
        if (keep_extra(e, prefix, key, &value, err) < 0)
            return -1;
    }
    return 0;
}

static int read_extras(const struct json_at *v, struct change_event *e, struct err *err)
{
    struct json_at m;
    e->extra = calloc(EVENT_EXTRAS_MAX, sizeof *e->extra);
    if (e->extra == NULL)
        return no_memory(err);
    if (keep_extras(v, "", event_fields, e, err) < 0 ||
        (json_member(v, "batch", &m) &&
         keep_extras(&m, "batch.", batch_fields, e, err) < 0) ||
        (json_member(v, "artifact", &m) &&
         keep_extras(&m, "artifact.", artifact_names, e, err) < 0))
        return -1;
    qsort(e->extra, e->n_extra, sizeof *e->extra, by_key);
    return 0;
}

/* What concerns the event as a whole. */
static int finish_reading(const struct json_at *v, struct change_event *e,
                          struct err *err)
{
    if (e->service == NULL && e->n_hosts == 0) {
        struct json_at m;
        json_member(v, "service", &m);
        return json_complain(&m, err, "is missing and hosts too, expected one of them");
    }
    if (e->change_id == NULL && (e->change_id = strdup(e->id)) == NULL)
        return no_memory(err);
    e->raw = json_dump(v);
    if (e->raw == NULL)
        return no_memory(err);
    if (strlen(e->raw) > EVENT_BYTES_MAX)
        return json_complain(v, err, "is %zu bytes long, at most %d are taken",
                             strlen(e->raw), EVENT_BYTES_MAX);
    return 0;
}

int change_event_read(const struct json_at *v, instant now,
                      struct change_event **ret_event, struct err *err)
{
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected an object, a change event");
    OWNED_EVENT *e = calloc(1, sizeof *e);
    if (e == NULL)
        return no_memory(err);
    if (read_texts(v, text_fields, N_TEXT_FIELDS, e, err) < 0 ||
        read_kind(v, e, err) < 0 ||
        record_own_time(v, "a recorded event", now, &e->time, err) < 0 ||
        read_hosts(v, e, err) < 0 || read_batch(v, e, err) < 0 ||
        read_artifact(v, e, err) < 0 || read_urgent(v, e, err) < 0 ||
        read_labels(v, e, err) < 0 || read_extras(v, e, err) < 0 ||
        finish_reading(v, e, err) < 0)
        return -1;
    *ret_event = e;
    e = NULL;
    return 0;
}

void change_labels_free(struct label *label, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        free(label[i].key);
        free(label[i].value);
    }
    free(label);
}

void change_event_free(struct change_event **e)
{
    if (*e == NULL)
        return;
    for (size_t i = 0; i < N_TEXT_FIELDS; i++)
        free(*change_text_at(*e, text_fields[i].offset));
    for (size_t i = 0; i < N_ARTIFACT_FIELDS; i++)
        free(*change_text_at(*e, artifact_fields[i].offset));
    for (size_t i = 0; i < (*e)->n_hosts; i++)
        free((*e)->host[i]);
    free((*e)->host);
    change_labels_free((*e)->label, (*e)->n_labels);
    change_labels_free((*e)->extra, (*e)->n_extra);
    free((*e)->raw);
    free(*e);
    *e = NULL;
}
