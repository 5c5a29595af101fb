/* collector/in_alarm.c - alarms on their way to the ledger.
 *
 * The request is read and posted on a thread of the HTTP server; collector/posting.h
 * waits for the ledger with it, holding what there is to complain of as its id.  What
 * must hold: messages = posted + refused + placeless; all that is not posted is
 * counted. */
#include "collector/in_alarm.h"

#include "base/hostport.h"
#include "base/json.h"
#include "base/names.h"
#include "collector/posting.h"
#include "storage/record.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void in_alarm_result_free(struct in_alarm_result *r)
{
    alarm_list_free(&r->list);
}

void in_alarm_write_error(const struct in_alarm_result *result, struct buf *to)
{
    if (result->refused > 0)
        buf_addf(to, "%s; %" PRIu64 " of %" PRIu64 " alarms refused", result->first,
                 result->refused, result->messages);
}

/* --- one alert of Alertmanager's --- */

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for an alarm");
}

static int copy_name(const struct json_at *v, char **to, struct err *err)
{
    const char *text;
    struct err why = {0};
    if (json_text(v, &text, err) < 0)
        return -1;
    if (text[0] == '\0') /* as Prometheus has it, an empty label is none */
        return 0;
    if (name_check(text, strlen(text), &why) < 0)
        return json_complain(v, err, "%s", why.text);
    *to = strdup(text);
    return *to != NULL ? 0 : no_memory(err);
}

/* As of a sample's tag, so that both name the same host. */
static void cut_port(char *instance)
{
    const char *host = hostport_bare(instance);
    memmove(instance, host, strlen(host) + 1);
}

/* The first of these labels that is there. */
static int take_label(const struct json_at *labels, const char *const *names, char **to,
                      struct err *err)
{
    struct json_at m;
    for (size_t i = 0; *to == NULL && names[i] != NULL; i++) {
        if (!json_member(labels, names[i], &m))
            continue;
        if (copy_name(&m, to, err) < 0)
            return -1;
        if (*to != NULL && strcmp(names[i], "instance") == 0)
            cut_port(*to);
    }
    return 0;
}

static int take_rest(const struct json_at *labels, const struct entity_tags *tags,
                     struct alarm *a, struct err *err)
{
    const char *leave[2 * ENTITY_TAG_NAMES_MAX + 3] = {"alertname", "severity"};
    size_t n = 2;
    for (size_t i = 0; tags->host[i] != NULL; i++)
        leave[n++] = tags->host[i];
    for (size_t i = 0; tags->service[i] != NULL; i++)
        leave[n++] = tags->service[i];
    leave[n] = NULL;
    return alarm_labels(labels, leave, &a->labels, err);
}

static int take_labels(const struct json_at *alert, const struct entity_tags *tags,
                       struct alarm *a, struct err *err)
{
    static const char *const names[] = {"alertname", NULL};
    static const char *const severities[] = {"severity", NULL};
    struct json_at labels, m;
    if (!json_member(alert, "labels", &labels))
        return json_complain(&labels, err, "is missing, expected an object of texts");
    if (take_rest(&labels, tags, a, err) < 0 ||
        take_label(&labels, names, &a->name, err) < 0 ||
        take_label(&labels, severities, &a->severity, err) < 0 ||
        take_label(&labels, tags->host, &a->host, err) < 0 ||
        take_label(&labels, tags->service, &a->service, err) < 0)
        return -1;
    json_member(&labels, "alertname", &m);
    return a->name != NULL ? 0
                           : json_complain(&m, err,
                                           "is missing or empty, expected the "
                                           "alarm's name");
}

static int take_words(const struct json_at *alert, struct alarm *a, struct err *err)
{
    static const char *const names[] = {"summary", "description", "message"};
    struct json_at notes, m;
    const char *text;
    if (!json_member(alert, "annotations", &notes))
        return 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!json_member(&notes, names[i], &m))
            continue;
        if (json_text(&m, &text, err) < 0)
            return -1;
        a->text = alarm_copy_text(text);
        return a->text != NULL ? 0 : no_memory(err);
    }
    return 0;
}

static int take_time(const struct json_at *alert, const char *key, instant now,
                     instant *ret_at, struct err *err)
{
    struct json_at m;
    const char *text;
    struct err why = {0};
    if (!json_member(alert, key, &m))
        return json_complain(&m, err, "is missing, expected a time");
    if (json_text(&m, &text, err) < 0)
        return -1;
    if (instant_parse(text, ret_at, &why) < 0)
        return json_complain(&m, err, "%s", why.text);
    /* none too long ago: alarms may fire for months */
    if (instant_since(*ret_at, now).ms > RECORD_FUTURE_MINUTES_MAX * 60000ll)
        return json_complain(&m, err, "is more than %d minutes ahead of the clock here",
                             RECORD_FUTURE_MINUTES_MAX);
    return 0;
}

static int take_times(const struct json_at *alert, instant now, struct alarm *a,
                      struct err *err)
{
    struct json_at m;
    const char *status;
    if (!json_member(alert, "status", &m))
        return json_complain(&m, err, "is missing, expected firing or resolved");
    if (json_text(&m, &status, err) < 0)
        return -1;
    bool over = strcmp(status, "resolved") == 0;
    if (!over && strcmp(status, "firing") != 0)
        return json_complain(&m, err, "is '%.40s', expected firing or resolved",
                             status);
    if (take_time(alert, "startsAt", now, &a->starts, err) < 0)
        return -1;
    a->said = now; /* endsAt of one that fires is the year 1, which says nothing */
    if (!over)
        return 0;
    if (take_time(alert, "endsAt", now, &a->ends, err) < 0)
        return -1;
    a->said = a->ends;
    json_member(alert, "endsAt", &m);
    return a->ends.ms >= a->starts.ms ? 0
                                      : json_complain(&m, err, "is before startsAt");
}

static int take_alert(const struct json_at *alert, const struct entity_tags *tags,
                      instant now, struct alarm *a, struct err *err)
{
    struct json_at m;
    if (json_kind(alert) != JSON_KIND_OBJECT)
        return json_complain(alert, err, "expected an object, an alert");
    if (take_labels(alert, tags, a, err) < 0 || take_words(alert, a, err) < 0 ||
        take_times(alert, now, a, err) < 0)
        return -1;
    if (json_member(alert, "fingerprint", &m) &&
        copy_name(&m, &a->fingerprint, err) < 0)
        return -1;
    a->source = strdup("alertmanager");
    if (a->source == NULL)
        return no_memory(err);
    return a->fingerprint != NULL ? 0 : alarm_identify(a, err);
}

/* --- requests --- */

static void refuse(struct in_alarm_result *result, const struct err *why)
{
    if (result->refused++ == 0)
        snprintf(result->first, sizeof result->first, "%s", why->text);
}

/* Takes a message into the result; -1 only when memory is short. */
static int keep(struct in_alarm_result *result, struct alarm **a, int rc,
                const struct err *why, struct err *err)
{
    result->messages++;
    if (why->code == ENOMEM)
        return no_memory(err);
    if (rc < 0) {
        refuse(result, why);
        return 0;
    }
    if ((*a)->host == NULL && (*a)->service == NULL) {
        result->placeless++;
        return 0;
    }
    return alarm_list_add(&result->list, a, err);
}

static int take_truncated(const struct json_at *root, struct in_alarm_result *result,
                          struct err *err)
{
    struct json_at m;
    int64_t n;
    if (!json_member(root, "truncatedAlerts", &m))
        return 0;
    if (json_whole(&m, &n, err) < 0)
        return -1;
    if (n < 0)
        return json_complain(&m, err, "is below 0");
    result->truncated = (uint64_t)n;
    return 0;
}

static struct json_doc *parse(const char *text, size_t n, struct err *err)
{
    if (json_values_most(text, n) <= ALARM_VALUES_MAX)
        return json_parse(text, n, err);
    err_set(err, EMSGSIZE,
            "more than %d JSON values in one request; send fewer alarms "
            "at a time",
            ALARM_VALUES_MAX);
    return NULL;
}

int in_alarm_read_webhook(const char *text, size_t n, const struct entity_tags *tags,
                          instant now, struct in_alarm_result *result, struct err *err)
{
    OWNED_JSON *doc = parse(text, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), alerts;
    if (json_kind(&root) != JSON_KIND_OBJECT)
        return json_complain(&root, err, "expected an object with alerts");
    bool there = json_member(&root, "alerts", &alerts);
    if (json_kind(&alerts) != JSON_KIND_LIST)
        return json_complain(&alerts, err, "%sexpected a list of alerts",
                             there ? "" : "is missing, ");
    if (take_truncated(&root, result, err) < 0)
        return -1;
    for (size_t i = 0; i < json_count(&alerts); i++) {
        struct json_at alert = json_item(&alerts, i);
        struct err why = {0};
        OWNED_ALARM *a = alarm_new(&why);
        int rc = a != NULL ? take_alert(&alert, tags, now, a, &why) : -1;
        if (keep(result, &a, rc, &why, err) < 0)
            return -1;
    }
    return 0;
}

static int take_generic(const struct json_at *v, instant now,
                        struct in_alarm_result *result, struct err *err)
{
    struct err why = {0};
    OWNED_ALARM *a = NULL;
    int rc = alarm_read(v, now, &a, &why);
    return keep(result, &a, rc, &why, err);
}

int in_alarm_read(const char *text, size_t n, instant now,
                  struct in_alarm_result *result, struct err *err)
{
    OWNED_JSON *doc = parse(text, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    if (json_kind(&root) != JSON_KIND_LIST)
        return take_generic(&root, now, result, err);
    for (size_t i = 0; i < json_count(&root); i++) {
        struct json_at item = json_item(&root, i);
        if (take_generic(&item, now, result, err) < 0)
            return -1;
    }
    return 0;
}

/* --- counts --- */

struct in_alarm {
    _Atomic uint64_t messages, refused, placeless, truncated;
};

struct in_alarm *in_alarm_new(void)
{
    return calloc(1, sizeof(struct in_alarm));
}

void in_alarm_free(struct in_alarm **a)
{
    free(*a);
    *a = NULL;
}

static void count(struct in_alarm *a, const struct in_alarm_result *result)
{
    atomic_fetch_add(&a->messages, result->messages);
    atomic_fetch_add(&a->refused, result->refused);
    atomic_fetch_add(&a->placeless, result->placeless);
    atomic_fetch_add(&a->truncated, result->truncated);
}

void in_alarm_write_metrics(const struct in_alarm *a, struct buf *to)
{
    const struct {
        const char *reason;
        uint64_t n;
    } drops[] = {{"syntax", atomic_load(&a->refused)},
                 {"no_entity", atomic_load(&a->placeless)},
                 {"truncated", atomic_load(&a->truncated)}};
    buf_add(to, "# HELP aftercheck_alarm_messages_total Messages about alarms that "
                "came in.\n# TYPE aftercheck_alarm_messages_total counter\n");
    buf_addf(to, "aftercheck_alarm_messages_total %" PRIu64 "\n",
             atomic_load(&a->messages));
    buf_add(to, "# HELP aftercheck_alarms_dropped_total Messages about alarms that "
                "were not kept, by reason.\n"
                "# TYPE aftercheck_alarms_dropped_total counter\n");
    for (size_t i = 0; i < sizeof drops / sizeof *drops; i++)
        buf_addf(to, "aftercheck_alarms_dropped_total{reason=\"%s\"} %" PRIu64 "\n",
                 drops[i].reason, drops[i].n);
}

/* --- serving --- */

static void answer(struct httpd_req *r, const char *complaint, const char *status)
{
    if (complaint[0] != '\0') {
        httpd_fail(r, 400, "%s", complaint);
        return;
    }
    const struct posting_words words = {.status = 202, .word = status};
    posting_answer(r, &words, NULL, NULL);
}

/* What was read goes to the ledger, or is answered at once when nothing is left. */
static void post(struct httpd_req *r, struct ledger *ledger,
                 struct in_alarm_result *result, instant now)
{
    OWNED_BUF complaint = {0};
    in_alarm_write_error(result, &complaint);
    if (result->list.n == 0) {
        answer(r, buf_text(&complaint), "accepted");
        return;
    }
    struct posting *p = posting_park(r, "alarm", buf_text(&complaint), NULL, NULL);
    if (p == NULL)
        httpd_fail(r, 503, "out of memory");
    else
        ledger_put_alarms(ledger, &result->list, now, posting_end, p);
}

static void fail(struct httpd_req *r, const struct err *err)
{
    unsigned status = err->code == ENOMEM ? 503 : err->code == EMSGSIZE ? 413 : 400;
    httpd_fail(r, status, "%s", err->text);
}

/* True when the request was here before: then it is dealt with. */
static bool again(struct httpd_req *r)
{
    struct posting *p = posting_of(r);
    enum posted end;
    if (p == NULL)
        return false;
    if (posting_over(r, p, &end))
        answer(r, posting_id(p), end == POSTED_NEW ? "accepted" : "repeat");
    return true;
}

/* What `read` made of a request's body is counted and posted. */
static void take(struct httpd_req *r, struct in_alarm *a, struct ledger *ledger,
                 const struct entity_tags *tags, instant now)
{
    struct in_alarm_result result = {0};
    struct err err = {0};
    size_t n;
    if (again(r))
        return;
    const char *text = httpd_body(r, &n);
    int rc = tags != NULL ? in_alarm_read_webhook(text, n, tags, now, &result, &err)
                          : in_alarm_read(text, n, now, &result, &err);
    if (rc < 0) {
        result.messages++; /* what could not be read at all counts as one */
        result.refused++;
    }
    count(a, &result);
    if (rc < 0)
        fail(r, &err);
    else
        post(r, ledger, &result, now);
    in_alarm_result_free(&result);
}

void in_alarm_serve_webhook(struct httpd_req *r, struct in_alarm *a,
                            struct ledger *ledger, const struct entity_tags *tags,
                            instant now)
{
    take(r, a, ledger, tags, now);
}

void in_alarm_serve(struct httpd_req *r, struct in_alarm *a, struct ledger *ledger,
                    instant now)
{
    take(r, a, ledger, NULL, now);
}
