/* collector/in_statsd.c - StatsD's datagrams, gathered and flushed.
 *
 * A series is what one entity and metric have gathered.  What a sender calls it
 * (address, name, tags, type) is hashed and looked up in a table of aliases; several
 * aliases may mean the same series, as relays and restarts change addresses. Everything
 * is bounded: series, aliases, and the values of timers and sets in one flush.  The
 * random choice of a timer's values is seeded alike in every process, so the same
 * datagrams give the same figures.  One thread at a time; no clock. */
#include "collector/in_statsd.h"

#include "base/names.h"
#include "base/table_hash.h"
#include "collector/gathered.h"
#include "collector/number.h"
#include "collector/path.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { ALIASES = 4 * STATSD_SERIES_MAX, TAGS_BYTES_MAX = 1024 };

struct alias {
    uint64_t a, b; /* both 0: empty */
    uint32_t series;
};

struct series {
    struct alias own; /* of entity and name */
    uint32_t entity, metric[GATHERED_FIGURES];
    int64_t seen_ms; /* 0: never */
    struct gathered all;
};

struct in_statsd {
    struct in_statsd_spec spec;
    struct paths *paths;
    uint64_t seed[2];
    struct gathered_pool pool;
    struct series *series;
    size_t n, cap;
    struct alias *alias;
    size_t n_aliases;
};

struct in_statsd *in_statsd_new(const struct in_statsd_spec *spec, struct err *err)
{
    struct in_statsd *s = calloc(1, sizeof *s);
    if (s != NULL)
        s->alias = calloc((size_t)2 * ALIASES, sizeof *s->alias);
    if (s == NULL || s->alias == NULL) {
        err_set(err, ENOMEM, "out of memory");
        free(s);
        return NULL;
    }
    s->spec = *spec;
    if (getrandom(s->seed, sizeof s->seed, GRND_NONBLOCK) != sizeof s->seed)
        s->seed[0] = (uintptr_t)s, s->seed[1] = ~s->seed[0];
    s->paths = paths_new(spec->templates, spec->n_templates, err);
    if (s->paths == NULL)
        in_statsd_free(&s);
    return s;
}

void in_statsd_free(struct in_statsd **s)
{
    if (*s == NULL)
        return;
    for (size_t i = 0; i < (*s)->n; i++)
        gathered_clear(&(*s)->series[i].all, &(*s)->pool);
    paths_free(&(*s)->paths);
    free((*s)->series);
    free((*s)->alias);
    free(*s);
    *s = NULL;
}

size_t in_statsd_series(const struct in_statsd *s)
{
    return s->n;
}

/* --- the table --- */

static struct alias alias_of(const struct in_statsd *s, const void *bytes, size_t n)
{
    struct alias k = {table_hash(bytes, n, s->seed[0]),
                      table_hash(bytes, n, s->seed[1]), 0};
    k.b |= k.a == 0 && k.b == 0;
    return k;
}

static struct alias *place(const struct in_statsd *s, const struct alias *k)
{
    size_t size = (size_t)2 * ALIASES, i = k->a & (size - 1);
    while ((s->alias[i].a != 0 || s->alias[i].b != 0) &&
           (s->alias[i].a != k->a || s->alias[i].b != k->b))
        i = (i + 1) & (size - 1);
    return &s->alias[i];
}

static bool is_empty(const struct alias *k)
{
    return k->a == 0 && k->b == 0;
}

static void put_alias(struct in_statsd *s, struct alias k, size_t series)
{
    k.series = (uint32_t)series;
    s->n_aliases += is_empty(place(s, &k));
    *place(s, &k) = k;
}

/* Forgets all aliases but the series' own: the others cost their sender's next value a
 * little more work. */
static void forget_aliases(struct in_statsd *s)
{
    memset(s->alias, 0, (size_t)2 * ALIASES * sizeof *s->alias);
    s->n_aliases = 0;
    for (size_t i = 0; i < s->n; i++)
        put_alias(s, s->series[i].own, i);
}

static void add_alias(struct in_statsd *s, struct alias k, size_t series)
{
    if (s->n_aliases >= ALIASES)
        forget_aliases(s);
    put_alias(s, k, series);
}

static struct series *add_series(struct in_statsd *s)
{
    if (s->n >= STATSD_SERIES_MAX)
        return NULL;
    if (s->n == s->cap) {
        size_t cap = s->cap > 0 ? 2 * s->cap : 64;
        struct series *more = realloc(s->series, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        s->series = more;
        s->cap = cap;
    }
    s->series[s->n] = (struct series){.entity = WINDOWS_NONE};
    return &s->series[s->n++];
}

/* --- one value --- */

struct sample {
    const char *name;
    size_t n_name;
    enum gathered_kind kind;
    double rate;
    const char *tags; /* behind the '#', or NULL */
    size_t n_tags;
};

static bool is_local(const char *peer)
{
    return strncmp(peer, "127.", 4) == 0 || strcmp(peer, "::1") == 0;
}

static bool names_host(const struct path_parts *parts, const struct entity_tags *tags)
{
    for (size_t i = 0; i < parts->n_tags; i++) {
        if (strcmp(parts->tag[i].key, "host") == 0)
            return true;
        for (size_t k = 0; tags->host[k] != NULL; k++)
            if (strcmp(parts->tag[i].key, tags->host[k]) == 0)
                return true;
    }
    return false;
}

/* "a:b,c" -> tags a=b and c=true.  The texts lie in `room`. */
static enum drop add_tags(const struct sample *v, char room[TAGS_BYTES_MAX],
                          struct path_parts *parts, struct err *err)
{
    static char yes[] = "true";
    if (v->n_tags >= TAGS_BYTES_MAX) {
        err_set(err, EINVAL, "the tags have %zu bytes, at most %d", v->n_tags,
                TAGS_BYTES_MAX - 1);
        return DROP_NAME;
    }
    memcpy(room, v->tags, v->n_tags);
    room[v->n_tags] = '\0';
    for (char *p = room; p != NULL;) {
        char *next = strchr(p, ',');
        if (next != NULL)
            *next++ = '\0';
        char *colon = strchr(p, ':');
        if (colon != NULL)
            *colon = '\0';
        bool has_value = colon != NULL && colon[1] != '\0';
        if (*p != '\0' && !path_parts_add(parts, p, has_value ? colon + 1 : yes)) {
            err_set(err, EINVAL, "more than %d tags", PATH_TAGS_MAX);
            return DROP_SYNTAX;
        }
        p = next;
    }
    return DROP_N;
}

/* The numbers of the series' metrics; a timer has four, its figures' names standing
 * before the tags. */
static bool number_metrics(const struct sink *sink, const char *name, size_t n_plain,
                           struct series *x)
{
    static const struct {
        const char *figure;
        enum merge merge;
    } figures[GATHERED_FIGURES] = {{".rate", MERGE_MEAN},
                                   {".mean", MERGE_MEAN},
                                   {".max", MERGE_MAX},
                                   {".p95", MERGE_MEAN}};
    bool timer = x->all.kind == GATHERED_TIMER;
    for (size_t i = 0; i < (timer ? GATHERED_FIGURES : 1); i++) {
        char full[NAME_BYTES_MAX + 8];
        int n = snprintf(full, sizeof full, "%.*s%s%s", (int)n_plain, name,
                         timer ? figures[i].figure : "", name + n_plain);
        if (n > NAME_BYTES_MAX)
            return false;
        x->metric[i] = sink->metric(full, (size_t)n,
                                    timer ? figures[i].merge : MERGE_MEAN, sink->arg);
        if (x->metric[i] == WINDOWS_NONE)
            return false;
    }
    return true;
}

/* Finds the series that entity and name stand for, or makes it. */
static struct series *series_of(struct in_statsd *s, const struct sink *sink,
                                const struct entity *who, const char *name,
                                size_t n_plain, enum gathered_kind kind)
{
    char bytes[NAME_BYTES_MAX + 32];
    uint32_t entity = sink->entity(who, sink->arg);
    if (entity == WINDOWS_NONE)
        return NULL;
    int n = snprintf(bytes, sizeof bytes, "%u %d %s", entity, (int)kind, name);
    struct alias own = alias_of(s, bytes, (size_t)n), *at = place(s, &own);
    if (!is_empty(at))
        return &s->series[at->series];
    struct series *x = add_series(s);
    if (x == NULL)
        return NULL;
    x->own = own;
    x->all.kind = kind;
    x->entity = entity;
    if (!number_metrics(sink, name, n_plain, x)) {
        s->n--;
        return NULL;
    }
    add_alias(s, own, s->n - 1);
    return x;
}

static enum drop resolve(struct in_statsd *s, const struct sink *sink, const char *peer,
                         const struct sample *v, struct series **ret, struct err *err)
{
    static char host_key[] = "host";
    struct path_parts parts;
    struct entity who;
    char name[NAME_BYTES_MAX + 1], room[TAGS_BYTES_MAX], from[256];
    bool here = is_local(peer) && s->spec.local_host != NULL;
    enum drop why = paths_read(s->paths, v->name, v->n_name, &parts, err);
    if (why == DROP_N && v->tags != NULL)
        why = add_tags(v, room, &parts, err);
    if (why != DROP_N)
        return why;
    snprintf(from, sizeof from, "%s", here ? s->spec.local_host : peer);
    if (!names_host(&parts, s->spec.tags) && !path_parts_add(&parts, host_key, from)) {
        err_set(err, EINVAL, "more than %d tags", PATH_TAGS_MAX);
        return DROP_SYNTAX;
    }
    why = path_parts_name(&parts, s->spec.tags, &who, name, err);
    if (why != DROP_N)
        return why;
    *ret = series_of(s, sink, &who, name, strlen(parts.metric), v->kind);
    if (*ret != NULL)
        return DROP_N;
    err_set(err, ENOSPC, "no room for the new series '%.100s'", name);
    return DROP_FULL;
}

static enum drop find_series(struct in_statsd *s, const struct sink *sink,
                             const char *peer, const struct sample *v,
                             struct series **ret, struct err *err)
{
    char bytes[INT16_MAX];
    int n = snprintf(bytes, sizeof bytes, "%s\n%d\n%.*s\n%.*s", peer, (int)v->kind,
                     (int)v->n_name, v->name, (int)v->n_tags,
                     v->tags != NULL ? v->tags : "");
    if (n < 0 || (size_t)n >= sizeof bytes) {
        err_set(err, EINVAL, "the name and its tags are too long");
        return DROP_NAME;
    }
    struct alias k = alias_of(s, bytes, (size_t)n), *at = place(s, &k);
    if (!is_empty(at)) {
        *ret = &s->series[at->series];
        return DROP_N;
    }
    enum drop why = resolve(s, sink, peer, v, ret, err);
    if (why == DROP_N)
        add_alias(s, k, (size_t)(*ret - s->series));
    return why;
}

/* --- gathering --- */

static enum drop gather(struct in_statsd *s, struct series *x, const struct sample *v,
                        const char *p, const char *end, instant now, struct err *err)
{
    double value = 0;
    bool set = v->kind == GATHERED_SET;
    if (!set && (p == end || number_read(p, end, &value) != end)) {
        err_set(err, EINVAL, "%.*s: expected a number, got '%.*s'", (int)v->n_name,
                v->name, (int)(end - p < 60 ? end - p : 60), p);
        return DROP_SYNTAX;
    }
    if (!isfinite((float)value)) {
        err_set(err, EINVAL, "%.*s: the value is not finite", (int)v->n_name, v->name);
        return DROP_NOT_FINITE;
    }
    if (set && !gathered_member(&x->all, &s->pool,
                                table_hash(p, (size_t)(end - p), s->seed[0]))) {
        err_set(err, ENOSPC, "%.*s: more different values than are counted",
                (int)v->n_name, v->name);
        return DROP_FULL;
    }
    if (!set)
        gathered_value(&x->all, &s->pool, value, 1 / v->rate, *p == '+' || *p == '-');
    x->seen_ms = now.ms;
    return DROP_N;
}

/* --- the text --- */

static enum gathered_kind kind_of(const char *p, size_t n)
{
    static const struct {
        const char *word;
        enum gathered_kind kind;
    } words[] = {{"c", GATHERED_COUNTER}, {"g", GATHERED_GAUGE}, {"ms", GATHERED_TIMER},
                 {"h", GATHERED_TIMER},   {"d", GATHERED_TIMER}, {"s", GATHERED_SET}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i].word) == n && memcmp(words[i].word, p, n) == 0)
            return words[i].kind;
    return GATHERED_N;
}

/* "@0.1", "#a:b,c", and what is passed over. */
static bool read_section(const char *p, const char *end, struct sample *v)
{
    if (p < end && *p == '@')
        return number_read(p + 1, end, &v->rate) == end && v->rate > 0 && v->rate <= 1;
    if (p < end && *p == '#') {
        v->tags = p + 1;
        v->n_tags = (size_t)(end - p - 1);
    }
    return true;
}

/* Everything but the values, which stand in [*ret_values, *ret_end). */
static bool read_head(const char *p, const char *end, struct sample *v,
                      const char **ret_values, const char **ret_end)
{
    const char *colon = memchr(p, ':', (size_t)(end - p));
    const char *bar = colon != NULL ? memchr(colon, '|', (size_t)(end - colon)) : NULL;
    if (bar == NULL || colon == p)
        return false;
    *v = (struct sample){.name = p, .n_name = (size_t)(colon - p), .rate = 1};
    *ret_values = colon + 1;
    *ret_end = bar;
    for (int i = 0; bar < end; i++) {
        const char *from = bar + 1, *to = memchr(from, '|', (size_t)(end - from));
        to = to != NULL ? to : end;
        if (i == 0)
            v->kind = kind_of(from, (size_t)(to - from));
        else if (!read_section(from, to, v))
            return false;
        bar = to;
    }
    return v->kind != GATHERED_N;
}

static void refuse(struct in_statsd_result *r, enum drop why, const struct err *err)
{
    r->tally.taken++;
    tally_drop(&r->tally, why, 1);
    if (r->first[0] == '\0')
        snprintf(r->first, sizeof r->first, "%.300s", err->text);
}

static void take_line(struct in_statsd *s, const struct sink *sink, const char *peer,
                      const char *p, const char *end, instant now,
                      struct in_statsd_result *result)
{
    struct err err = {0};
    struct sample v;
    struct series *x = NULL;
    const char *value, *behind;
    if (end - p >= 3 && p[0] == '_' && (p[1] == 'e' || p[1] == 's')) {
        err_set(&err, EINVAL, "events and service checks are not taken");
        refuse(result, DROP_KIND, &err);
        return;
    }
    if (memchr(p, '\0', (size_t)(end - p)) != NULL ||
        !read_head(p, end, &v, &value, &behind)) {
        err_set(
            &err, EINVAL,
            "expected NAME:VALUE|TYPE with type c, g, ms, h, d or s, then @SHARE (0 "
            "to 1) and #TAGS, got '%.*s'",
            (int)(end - p < 100 ? end - p : 100), p);
        refuse(result, DROP_SYNTAX, &err);
        return;
    }
    enum drop known = find_series(s, sink, peer, &v, &x, &err);
    while (value != NULL) {
        const char *colon = v.kind != GATHERED_SET
                                ? memchr(value, ':', (size_t)(behind - value))
                                : NULL;
        const char *to = colon != NULL ? colon : behind;
        enum drop why =
            known == DROP_N ? gather(s, x, &v, value, to, now, &err) : known;
        if (why != DROP_N) {
            refuse(result, why, &err);
        } else {
            result->tally.taken++;
            result->tally.kept++;
        }
        value = colon != NULL ? colon + 1 : NULL;
    }
}

void in_statsd_read(struct in_statsd *s, const struct sink *sink, const char *peer,
                    const char *text, size_t n, instant now,
                    struct in_statsd_result *result)
{
    const char *end = text + n;
    for (const char *p = text; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        const char *last = stop != NULL ? stop : end;
        const char *next = stop != NULL ? stop + 1 : end;
        if (last > p && last[-1] == '\r')
            last--;
        if (last > p)
            take_line(s, sink, peer, p, last, now, result);
        p = next;
    }
}

/* --- flushing --- */

/* Lets series go that nobody speaks of any more. */
static void forget_idle(struct in_statsd *s, instant now)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->n; i++)
        if (now.ms - s->series[i].seen_ms <= STATSD_IDLE_S * INT64_C(1000))
            s->series[kept++] = s->series[i]; /* the others hold nothing: just begun */
    if (kept == s->n)
        return;
    s->n = kept;
    forget_aliases(s);
}

static void flush_series(struct in_statsd *s, struct series *x, const struct sink *sink,
                         instant at, double seconds, struct tally *t)
{
    float out[GATHERED_FIGURES], value[GATHERED_FIGURES];
    uint32_t metric[GATHERED_FIGURES];
    size_t n = x->seen_ms != 0 ? gathered_figures(&x->all, seconds, out) : 0, good = 0;
    for (size_t k = 0; k < n; k++)
        if (isfinite(out[k])) {
            value[good] = out[k];
            metric[good++] = x->metric[k];
        }
    t->taken += n - good;
    tally_drop(t, DROP_NOT_FINITE, n - good);
    if (good > 0)
        sink_put(sink, t, x->entity, at, good, metric, value);
    gathered_begin(&x->all, &s->pool);
}

void in_statsd_flush(struct in_statsd *s, const struct sink *sink, instant now,
                     span gathered, struct in_statsd_result *result)
{
    struct tally put = {0};
    instant middle = {now.ms - gathered.ms / 2};
    /* of less, as at the end of the service, a rate would be mostly chance */
    double seconds = gathered.ms > 1000 ? (double)gathered.ms / 1000 : 1;
    for (size_t i = 0; i < s->n; i++)
        flush_series(s, &s->series[i], sink, middle, seconds, &put);
    /* the values were counted when they came: only what is lost now is added */
    result->tally.taken += tally_lost(&put);
    for (int i = 0; i < DROP_N; i++)
        result->tally.dropped[i] += put.dropped[i];
    forget_idle(s, now);
}
