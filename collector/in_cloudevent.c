/* collector/in_cloudevent.c - opening envelopes.
 *
 * Nothing is lost on the way: members of a change event that nobody knows go along, and
 * of a CDEvents event its type and chain are kept as unknown fields, to be shown.  Any
 * thread. */
#include "collector/in_cloudevent.h"

#include "base/ascii.h"
#include "base/jsonw.h"
#include "base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char cdevents[] = "dev.cdevents.";

/* --- headers --- */

bool cloudevent_header(char *value)
{
    char *to = value;
    for (const char *p = value; *p != '\0'; p++) {
        if (*p != '%') {
            *to++ = *p;
            continue;
        }
        int high = ascii_hex(p[1]), low = high >= 0 ? ascii_hex(p[2]) : -1;
        if (low < 0 || high * 16 + low == 0)
            return false;
        *to++ = (char)(high * 16 + low);
        p += 2;
    }
    *to = '\0';
    return utf8_valid(value, (size_t)(to - value));
}

/* --- a change event of our own --- */

/* Adds a member as it is. */
static int copy_member(struct jsonw *w, const char *key, const struct json_at *v,
                       struct err *err)
{
    char *text = json_dump(v);
    if (text == NULL)
        return err_set(err, ENOMEM, "out of memory");
    jsonw_raw(w, key, text);
    free(text);
    return 0;
}

static void complete(struct jsonw *w, const struct json_at *data, const char *key,
                     const char *value)
{
    struct json_at there;
    if (value != NULL && !json_member(data, key, &there))
        jsonw_text(w, key, value);
}

static int open_own(const struct cloudevent *ce, const struct json_at *data,
                    struct jsonw *w, struct err *err)
{
    for (size_t i = 0; i < json_count(data); i++) {
        const char *key;
        struct json_at v = json_nth(data, i, &key);
        if (json_kind(&v) != JSON_KIND_NULL && copy_member(w, key, &v, err) < 0)
            return -1;
    }
    complete(w, data, "source", ce->source);
    complete(w, data, "id", ce->id);
    complete(w, data, "time", ce->time);
    return 0;
}

/* --- CDEvents --- */

/* What happened to the service, and what kind of change that is. */
static const struct {
    const char *predicate, *kind;
} services[] = {{"deployed", "release"},
                {"upgraded", "release"},
                {"published", "release"},
                {"rolledback", "rollback"},
                {"removed", "other"}};

/* The kind for "dev.cdevents.service.upgraded.0.2.0"; *ret_predicate is its word. */
static const char *kind_of(const char *type, const char **ret_predicate)
{
    static const char subject[] = "service.";
    const char *p = type + strlen(cdevents);
    if (strncmp(p, subject, strlen(subject)) != 0)
        return NULL;
    p += strlen(subject);
    size_t n = strcspn(p, ".");
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (strlen(services[i].predicate) == n &&
            strncmp(p, services[i].predicate, n) == 0) {
            *ret_predicate = services[i].predicate;
            return services[i].kind;
        }
    return NULL;
}

/* What our own events say and CDEvents do not. */
static const char *const custom[] = {"change_id", "phase", "hosts",     "batch",
                                     "actor",     "url",   "parent_id", "urgent"};

static int add_custom(struct jsonw *w, const struct json_at *data, const char *kind,
                      struct err *err)
{
    struct json_at own, v;
    if (!json_member(data, "customData", &own))
        own = (struct json_at){0};
    if (!json_member(&own, "kind", &v))
        jsonw_text(w, "kind", kind);
    else if (copy_member(w, "kind", &v, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof custom / sizeof *custom; i++)
        if (json_member(&own, custom[i], &v) && copy_member(w, custom[i], &v, err) < 0)
            return -1;
    return 0;
}

static void add_subject(struct jsonw *w, const struct json_at *data,
                        const char *service, const char *predicate)
{
    const char *artifact = JSON_TEXT_AT(data, "subject", "content", "artifactId");
    const char *environment =
        JSON_TEXT_AT(data, "subject", "content", "environment", "id");
    struct buf title = {0};
    jsonw_text(w, "service", service);
    buf_addf(&title, "%s %s", service, predicate);
    if (artifact != NULL)
        buf_addf(&title, ": %s", artifact);
    if (title.len <= TEXT_BYTES_MAX)
        jsonw_text(w, "title", buf_text(&title));
    buf_free(&title);
    if (artifact != NULL) {
        jsonw_open(w, "artifact");
        jsonw_text(w, "to", artifact);
        jsonw_close(w);
    }
    if (environment != NULL) {
        jsonw_open(w, "labels");
        jsonw_text(w, "environment", environment);
        jsonw_close(w);
    }
}

static int open_cdevent(const struct cloudevent *ce, const char *type,
                        const struct json_at *data, struct jsonw *w, struct err *err)
{
    const char *predicate = "", *kind = kind_of(type, &predicate);
    if (kind == NULL)
        return err_set(err, EINVAL,
                       "type: expected an event about a service (deployed, upgraded, "
                       "rolledback, removed, published), got '%.80s'",
                       type);
    const char *service = JSON_TEXT_AT(data, "subject", "id");
    const char *source = JSON_TEXT_AT(data, "context", "source");
    const char *id = JSON_TEXT_AT(data, "context", "id");
    const char *time = JSON_TEXT_AT(data, "context", "timestamp");
    const char *chain = JSON_TEXT_AT(data, "context", "chainId");
    if (service == NULL)
        return err_set(err, EINVAL, "data.subject.id: expected the service's name");
    jsonw_text(w, "source", source != NULL ? source : ce->source);
    jsonw_text(w, "id", id != NULL ? id : ce->id);
    if (time != NULL || ce->time != NULL)
        jsonw_text(w, "time", time != NULL ? time : ce->time);
    add_subject(w, data, service, predicate);
    jsonw_text(w, "cdevents_type", type);
    if (chain != NULL)
        jsonw_text(w, "cdevents_chain", chain);
    return add_custom(w, data, kind, err);
}

/* --- envelopes --- */

static int check_envelope(const struct cloudevent *ce, struct err *err)
{
    if (ce->specversion == NULL || strcmp(ce->specversion, "1.0") != 0)
        return err_set(err, EINVAL, "specversion: expected 1.0, got '%.20s'",
                       ce->specversion != NULL ? ce->specversion : "");
    if (ce->id == NULL || *ce->id == '\0')
        return err_set(err, EINVAL, "id: expected the event's id");
    if (ce->source == NULL || *ce->source == '\0')
        return err_set(err, EINVAL, "source: expected who sends the event");
    if (ce->type == NULL || *ce->type == '\0')
        return err_set(err, EINVAL, "type: expected the event's type");
    return 0;
}

int cloudevent_open(const struct cloudevent *ce, const struct json_at *data,
                    struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    if (check_envelope(ce, err) < 0)
        return -1;
    if (json_kind(data) != JSON_KIND_OBJECT)
        return err_set(err, EINVAL,
                       "data: expected an object, a change event or one "
                       "of CDEvents");
    /* CDEvents say their type once more, and may come in an envelope of any type */
    const char *type = JSON_TEXT_AT(data, "context", "type");
    if (type == NULL || strncmp(type, cdevents, strlen(cdevents)) != 0)
        type = ce->type;
    jsonw_open(&w, NULL);
    int rc = strncmp(type, cdevents, strlen(cdevents)) == 0
                 ? open_cdevent(ce, type, data, &w, err)
                 : open_own(ce, data, &w, err);
    if (rc < 0)
        return -1;
    jsonw_close(&w);
    return buf_done(to) < 0 ? err_set(err, ENOMEM, "out of memory") : 0;
}

int cloudevent_open_structured(const char *text, size_t n, struct buf *to,
                               struct err *err)
{
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), data;
    if (json_kind(&root) != JSON_KIND_OBJECT)
        return json_complain(&root, err, "expected an object, a CloudEvent");
    struct cloudevent ce = {.specversion = JSON_TEXT_AT(&root, "specversion"),
                            .id = JSON_TEXT_AT(&root, "id"),
                            .source = JSON_TEXT_AT(&root, "source"),
                            .type = JSON_TEXT_AT(&root, "type"),
                            .time = JSON_TEXT_AT(&root, "time")};
    if (json_member(&root, "data_base64", &data))
        return json_complain(&data, err, "expected the event as JSON in data");
    if (!json_member(&root, "data", &data))
        return json_complain(&data, err, "expected a change event or one of CDEvents");
    return cloudevent_open(&ce, &data, to, err);
}
