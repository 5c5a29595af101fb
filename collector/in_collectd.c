/* collector/in_collectd.c - collectd's records, one after another.
 *
 * A record is understood as a whole before any of its values is taken, so a bad one
 * leaves nothing behind.  What is shared, the table of counters, locks itself. */
#include "collector/in_collectd.h"

#include "base/json.h"
#include "base/names.h"
#include "collector/known.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COLLECTD_SERIES_MAX = 1 << 20 };

enum dstype { DSTYPE_GAUGE, DSTYPE_ABSOLUTE, DSTYPE_DERIVE, DSTYPE_COUNTER, DSTYPE_N };
static const char *const dstype_names[DSTYPE_N] = {"gauge", "absolute", "derive",
                                                   "counter"};

struct in_collectd {
    struct known *series;
};

/* One value of a record. */
struct source {
    const char *name;
    enum dstype type;
    bool known;
    double value;
};

struct record {
    const char *host, *plugin, *plugin_instance, *type, *type_instance;
    instant at;
    double interval;
    size_t n;
    struct source source[COLLECTD_VALUES_MAX];
};

struct in_collectd *in_collectd_new(void)
{
    struct in_collectd *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->series = known_new(COLLECTD_SERIES_MAX);
    if (c->series == NULL)
        in_collectd_free(&c);
    return c;
}

void in_collectd_free(struct in_collectd **c)
{
    if (*c == NULL)
        return;
    known_free(&(*c)->series);
    free(*c);
    *c = NULL;
}

/* --- reading a record --- */

static int read_text(const struct json_at *record, const char *key, bool required,
                     const char **ret, struct err *err)
{
    struct json_at v;
    *ret = "";
    if (!json_member(record, key, &v))
        return required ? json_complain(&v, err, "expected a text") : 0;
    if (json_text(&v, ret, err) < 0)
        return -1;
    if (required && **ret == '\0')
        return json_complain(&v, err, "expected a text that is not empty");
    return 0;
}

static int read_number(const struct json_at *record, const char *key, double *ret,
                       struct err *err)
{
    struct json_at v;
    if (!json_member(record, key, &v))
        return json_complain(&v, err, "expected a number of seconds");
    return json_number(&v, ret, err);
}

static int read_type(const struct json_at *v, enum dstype *ret, struct err *err)
{
    const char *name;
    if (json_text(v, &name, err) < 0)
        return -1;
    for (int i = 0; i < DSTYPE_N; i++)
        if (strcmp(name, dstype_names[i]) == 0) {
            *ret = (enum dstype)i;
            return 0;
        }
    return json_complain(v, err, "expected gauge, absolute, derive or counter");
}

static int read_source(const struct json_at *values, const struct json_at *types,
                       const struct json_at *names, size_t i, struct source *s,
                       struct err *err)
{
    struct json_at value = json_item(values, i), type = json_item(types, i),
                   name = json_item(names, i);
    s->known = json_kind(&value) != JSON_KIND_NULL;
    if (s->known && json_number(&value, &s->value, err) < 0)
        return -1;
    if (read_type(&type, &s->type, err) < 0)
        return -1;
    return json_text(&name, &s->name, err);
}

static int read_sources(const struct json_at *record, struct record *r, struct err *err)
{
    struct json_at values, types, names;
    if (!json_member(record, "values", &values) || json_kind(&values) != JSON_KIND_LIST)
        return json_complain(&values, err, "expected a list of values");
    r->n = json_count(&values);
    if (r->n > COLLECTD_VALUES_MAX)
        return json_complain(&values, err, "more than %d values", COLLECTD_VALUES_MAX);
    if (!json_member(record, "dstypes", &types) || json_count(&types) != r->n)
        return json_complain(&types, err, "expected a list of %zu types, as of values",
                             r->n);
    if (!json_member(record, "dsnames", &names) || json_count(&names) != r->n)
        return json_complain(&names, err, "expected a list of %zu names, as of values",
                             r->n);
    for (size_t i = 0; i < r->n; i++)
        if (read_source(&values, &types, &names, i, &r->source[i], err) < 0)
            return -1;
    return 0;
}

static int read_time(const struct json_at *record, struct record *r, struct err *err)
{
    double seconds = 0;
    r->interval = 10;
    struct json_at v;
    if (read_number(record, "time", &seconds, err) < 0)
        return -1;
    if (json_member(record, "interval", &v) && json_number(&v, &r->interval, err) < 0)
        return -1;
    if (!(fabs(seconds) < 1e12) || !(r->interval > 0)) {
        json_member(record, "time", &v);
        return json_complain(&v, err,
                             "expected seconds since 1970, and an interval "
                             "above 0");
    }
    r->at = (instant){(int64_t)floor(seconds * 1000)};
    return 0;
}

static int read_record(const struct json_at *record, struct record *r, struct err *err)
{
    if (json_kind(record) != JSON_KIND_OBJECT)
        return json_complain(record, err, "expected an object, a record of collectd");
    struct json_at host;
    if (read_text(record, "host", true, &r->host, err) < 0 ||
        read_text(record, "plugin", true, &r->plugin, err) < 0 ||
        read_text(record, "plugin_instance", false, &r->plugin_instance, err) < 0 ||
        read_text(record, "type", true, &r->type, err) < 0 ||
        read_text(record, "type_instance", false, &r->type_instance, err) < 0 ||
        read_time(record, r, err) < 0 || read_sources(record, r, err) < 0)
        return -1;
    struct err why = {0};
    json_member(record, "host", &host);
    return name_check(r->host, strlen(r->host), &why) < 0
               ? json_complain(&host, err, "%s", why.text)
               : 0;
}

/* --- names --- */

/* "interface.if_octets.rx{plugin_instance=eth0}"; false when it is no name. */
static bool name_series(const struct record *r, const struct source *s,
                        char name[NAME_BYTES_MAX + 1])
{
    bool plain = strcmp(s->name, "value") == 0;
    bool where = r->plugin_instance[0] != '\0', what = r->type_instance[0] != '\0';
    int n = snprintf(
        name, NAME_BYTES_MAX + 1, "%s.%s%s%s%s%s%s%s%s%s%s", r->plugin, r->type,
        plain ? "" : ".", plain ? "" : s->name, where || what ? "{" : "",
        where ? "plugin_instance=" : "", r->plugin_instance, where && what ? "," : "",
        what ? "type_instance=" : "", r->type_instance, where || what ? "}" : "");
    return n > 0 && n <= NAME_BYTES_MAX && name_check(name, (size_t)n, NULL) == 0;
}

/* --- taking a record in --- */

struct taking {
    struct in_collectd *c;
    const struct sink *sink;
    struct tally *tally;
    const struct record *r;
    uint32_t entity;
    size_t n;
    uint32_t metric[COLLECTD_VALUES_MAX];
    float value[COLLECTD_VALUES_MAX];
};

static void lose(struct taking *t, enum drop why)
{
    t->tally->taken++;
    tally_drop(t->tally, why, 1);
}

static enum known_said ask_known(struct taking *t, const struct source *s,
                                 const char *name, struct known_series *series,
                                 double *ret_value)
{
    char bytes[2 * (NAME_BYTES_MAX + 1)];
    int n = snprintf(bytes, sizeof bytes, "%s\n%s", t->r->host, name);
    struct known_key key = known_key(t->c->series, bytes, (size_t)n);
    struct known *k = t->c->series;
    enum known_said said = known_sample(k, key, t->r->at, s->value, series, ret_value);
    if (said != KNOWN_NOT)
        return said;
    *series = (struct known_series){
        .entity = t->entity,
        .metric = t->sink->metric(name, strlen(name), MERGE_MEAN, t->sink->arg),
        .refused = DROP_N,
        .is_counter = s->type == DSTYPE_DERIVE || s->type == DSTYPE_COUNTER};
    if (series->metric == WINDOWS_NONE || !known_add(k, key, series, t->r->at))
        return KNOWN_NOT;
    return known_sample(k, key, t->r->at, s->value, series, ret_value);
}

static void take_source(struct taking *t, const struct source *s)
{
    char name[NAME_BYTES_MAX + 1];
    struct known_series series;
    double value = s->value;
    if (!s->known)
        return;
    if (!name_series(t->r, s, name)) {
        lose(t, DROP_NAME);
        return;
    }
    enum known_said said = ask_known(t, s, name, &series, &value);
    if (s->type == DSTYPE_ABSOLUTE)
        value /= t->r->interval;
    if (said == KNOWN_WAITS) { /* it is in the counter */
        t->tally->taken++;
        t->tally->kept++;
    } else if (said == KNOWN_NOT) {
        lose(t, DROP_FULL);
    } else if (!isfinite((float)value)) {
        lose(t, DROP_NOT_FINITE);
    } else {
        t->metric[t->n] = series.metric;
        t->value[t->n++] = (float)value;
    }
}

static int take_record(struct in_collectd *c, const struct sink *sink,
                       const struct json_at *record, const struct bounds *bounds,
                       struct tally *tally, struct err *err)
{
    struct record r = {0};
    struct json_at time;
    const char *words = "";
    if (read_record(record, &r, err) < 0) {
        tally->taken++;
        tally_drop(tally, DROP_SYNTAX, 1);
        return -1;
    }
    enum drop why = bounds_check(bounds, r.at, &words);
    if (why != DROP_N) {
        tally->taken += r.n;
        tally_drop(tally, why, r.n);
        json_member(record, "time", &time);
        return json_complain(&time, err, "%s", words);
    }
    struct entity who = {ENTITY_HOST, r.host, "", "", "", "", "", "", ""};
    struct taking t = {.c = c, .sink = sink, .tally = tally, .r = &r};
    t.entity = sink->entity(&who, sink->arg);
    if (t.entity == WINDOWS_NONE) {
        tally->taken += r.n;
        tally_drop(tally, DROP_FULL, r.n);
        return json_complain(record, err, "no room for a new host");
    }
    for (size_t i = 0; i < r.n; i++)
        take_source(&t, &r.source[i]);
    if (t.n > 0)
        sink_put(sink, tally, t.entity, r.at, t.n, t.metric, t.value);
    return 0;
}

int in_collectd_read(struct in_collectd *c, const struct sink *sink, const char *text,
                     size_t n, const struct bounds *bounds,
                     struct in_collectd_result *result, struct err *err)
{
    if (json_values_most(text, n) > COLLECTD_JSON_MAX)
        return err_set(err, EMSGSIZE, "more than %d JSON values in one request",
                       COLLECTD_JSON_MAX);
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    if (json_kind(&root) != JSON_KIND_LIST)
        return json_complain(&root, err, "expected a list of collectd's records");
    for (size_t i = 0; i < json_count(&root); i++) {
        struct json_at record = json_item(&root, i);
        struct err why = {0};
        result->records++;
        if (take_record(c, sink, &record, bounds, &result->tally, &why) == 0)
            continue;
        if (result->refused++ == 0)
            snprintf(result->first, sizeof result->first, "%s", why.text);
    }
    return 0;
}

void in_collectd_write_error(const struct in_collectd_result *result, struct buf *to)
{
    if (result->refused > 0)
        buf_addf(to, "%s; %llu of %llu records refused", result->first,
                 (unsigned long long)result->refused,
                 (unsigned long long)result->records);
}
