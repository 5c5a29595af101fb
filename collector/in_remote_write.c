/* collector/in_remote_write.c - remote write, one series after another.
 *
 * The usual sample costs one hash over its labels and one look into the table of known
 * series; only a series met for the first time has its labels sorted and its names
 * checked.  Samples of one entity and time that stand together go to the sink together.
 * Any thread may read; what they share locks itself. */
#include "collector/in_remote_write.h"

#include "base/names.h"
#include "collector/known.h"
#include "collector/proto.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields of the messages. */
enum { REQUEST_SERIES = 1, REQUEST_METADATA = 3 };
enum { SERIES_LABEL = 1, SERIES_SAMPLE = 2, SERIES_HISTOGRAM = 4 };
enum { LABEL_NAME = 1, LABEL_VALUE = 2 };
enum { SAMPLE_VALUE = 1, SAMPLE_TIME = 2 };
enum { METADATA_TYPE = 1, METADATA_FAMILY = 2 };

enum family_type { FAMILY_COUNTER = 1, FAMILY_GAUGE = 2 };

/* The one NaN that says that a series ended. */
#define STALE_BITS UINT64_C(0x7ff0000000000002)

/* AHEAD: series whose place is being fetched while those before them are read */
enum { ROW_MAX = 256, FAMILIES_MAX = 1 << 16, NAME_SHOWN = 60, AHEAD = 16 };

struct in_remote_write {
    struct known *series;
    struct known *families; /* their type stands for the entity */
    /* Raised when metadata says other than a name does: all series are met anew. */
    _Atomic uint32_t generation;
};

/* Samples of one entity and time that wait for the sink. */
struct row {
    uint32_t entity;
    instant at;
    size_t n;
    uint32_t metric[ROW_MAX];
    float value[ROW_MAX];
};

/* A series that waits for its turn. */
struct coming {
    struct proto_field series;
    struct known_key key;
    bool has_key;
};

/* One request. */
struct run {
    struct in_remote_write *w;
    const struct sink *sink;
    const struct in_remote_write_ask *ask;
    struct in_remote_write_result *result;
    struct row row;
    bool refused; /* the series at hand was, or a part of it */
    const char *name;
    struct known_key key;
    struct coming coming[AHEAD]; /* n_coming of them, from next_coming on, in a ring */
    size_t next_coming, n_coming;
    char labels[REMOTE_WRITE_LABEL_BYTES_MAX + sizeof(uint32_t)];
    char text[REMOTE_WRITE_LABEL_BYTES_MAX + 2 * REMOTE_WRITE_LABELS_MAX];
    struct tag tag[REMOTE_WRITE_LABELS_MAX];
    size_t n_tags;
};

struct in_remote_write *in_remote_write_new(void)
{
    struct in_remote_write *w = calloc(1, sizeof *w);
    if (w == NULL)
        return NULL;
    w->series = known_new(KNOWN_MAX);
    w->families = known_new(FAMILIES_MAX);
    if (w->series == NULL || w->families == NULL)
        in_remote_write_free(&w);
    return w;
}

void in_remote_write_free(struct in_remote_write **w)
{
    if (*w == NULL)
        return;
    known_free(&(*w)->series);
    known_free(&(*w)->families);
    free(*w);
    *w = NULL;
}

/* Counts samples as lost; keeps the words of the first loss. */
__attribute__((format(printf, 4, 5))) static void refuse(struct run *r, enum drop why,
                                                         uint64_t n, const char *fmt,
                                                         ...)
{
    struct in_remote_write_result *to = r->result;
    to->tally.taken += n;
    tally_drop(&to->tally, why, n);
    to->refused += !r->refused;
    r->refused = true;
    if (to->first[0] != '\0')
        return;
    char words[200];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    snprintf(to->first, sizeof to->first, "series %llu%s%.*s%s: %s",
             (unsigned long long)to->series, r->name != NULL ? " (" : "", NAME_SHOWN,
             r->name != NULL ? r->name : "", r->name != NULL ? ")" : "", words);
}

/* --- metadata --- */

static bool ends_with(const char *name, const char *end)
{
    size_t n = strlen(name), k = strlen(end);
    return n > k && strcmp(name + n - k, end) == 0;
}

static bool named_counter(const char *name)
{
    return ends_with(name, "_total") || ends_with(name, "_bucket") ||
           ends_with(name, "_count") || ends_with(name, "_sum");
}

static bool is_counter(struct in_remote_write *w, const char *name, instant now)
{
    struct known_series family;
    double unused;
    struct known_key key = known_key(w->families, name, strlen(name));
    if (known_sample(w->families, key, now, 0, &family, &unused) == KNOWN_NOT)
        return named_counter(name);
    return family.entity == FAMILY_COUNTER;
}

static void take_metadata(struct run *r, const struct proto_field *m)
{
    struct proto p = proto_of(m->bytes, m->n);
    struct proto_field f;
    char name[NAME_BYTES_MAX + 1] = "";
    uint64_t type = 0;
    while (proto_next(&p, &f)) {
        if (f.number == METADATA_TYPE && f.type == PROTO_VARINT)
            type = f.value;
        if (f.number == METADATA_FAMILY && f.type == PROTO_BYTES &&
            f.n <= NAME_BYTES_MAX) {
            memcpy(name, f.bytes, f.n);
            name[f.n] = '\0';
        }
    }
    bool tells = (type == FAMILY_COUNTER && !named_counter(name)) ||
                 (type == FAMILY_GAUGE && named_counter(name));
    if (name[0] == '\0' || !tells ||
        is_counter(r->w, name, r->ask->now) == (type == FAMILY_COUNTER))
        return;
    struct known_series family = {(uint32_t)type, 0, DROP_N, false};
    struct known_key key = known_key(r->w->families, name, strlen(name));
    if (known_add(r->w->families, key, &family, r->ask->now))
        atomic_fetch_add(&r->w->generation, 1);
}

/* --- labels --- */

static bool read_label(struct run *r, const struct proto_field *label, char **text)
{
    struct proto p = proto_of(label->bytes, label->n);
    struct proto_field f;
    struct tag *t = &r->tag[r->n_tags];
    char *part[2] = {NULL, NULL};
    size_t n[2] = {0, 0};
    while (proto_next(&p, &f)) {
        if (f.type != PROTO_BYTES || f.number < LABEL_NAME || f.number > LABEL_VALUE)
            continue;
        if (memchr(f.bytes, '\0', f.n) != NULL)
            return false;
        part[f.number - 1] = memcpy(*text, f.bytes, f.n);
        n[f.number - 1] = f.n;
        (*text)[f.n] = '\0';
        *text += f.n + 1;
    }
    if (p.bad || n[0] == 0)
        return false;
    if (n[1] == 0) /* an empty label is none */
        return true;
    *t = (struct tag){part[0], part[1], n[0], n[1], false};
    r->n_tags++;
    return true;
}

/* The series' labels as pairs, but for its name. */
static bool read_labels(struct run *r, const struct proto_field *series)
{
    struct proto p = proto_of(series->bytes, series->n);
    struct proto_field f;
    char *text = r->text;
    r->n_tags = 0;
    while (proto_next(&p, &f)) {
        if (f.number != SERIES_LABEL || f.type != PROTO_BYTES)
            continue;
        /* a label repeats no field, so its texts are no longer than itself */
        if (r->n_tags == REMOTE_WRITE_LABELS_MAX ||
            f.n + 2 > (size_t)(r->text + sizeof r->text - text) ||
            !read_label(r, &f, &text))
            return false;
    }
    for (size_t i = 0; i < r->n_tags; i++)
        if (strcmp(r->tag[i].key, "__name__") == 0) {
            r->name = r->tag[i].value;
            r->tag[i] = r->tag[--r->n_tags];
            return true;
        }
    return false;
}

/* What the series stands for; DROP_N, or why it is refused, with words. */
static enum drop learn(struct run *r, const struct proto_field *series,
                       struct known_series *ret, struct err *err)
{
    char name[NAME_BYTES_MAX + 1];
    struct entity who;
    if (!read_labels(r, series)) {
        err_set(err, EINVAL, "expected at most %d labels of text, __name__ among them",
                REMOTE_WRITE_LABELS_MAX);
        return DROP_SYNTAX;
    }
    enum drop why = tags_entity(r->tag, r->n_tags, r->ask->tags, &who, err);
    if (why != DROP_N)
        return why;
    size_t n = strlen(r->name);
    if (n <= NAME_BYTES_MAX) {
        memcpy(name, r->name, n + 1);
        n += tags_suffix(r->tag, r->n_tags, name + n, sizeof name - n);
    }
    if (n > NAME_BYTES_MAX) {
        err_set(err, EINVAL, "the name with its labels is %zu bytes long, at most %d",
                n, NAME_BYTES_MAX);
        return DROP_NAME;
    }
    struct err words = {0};
    if (name_check(name, n, &words) < 0) {
        err_set(err, EINVAL, "the name with its labels %s", words.text);
        return DROP_NAME;
    }
    *ret = (struct known_series){.entity = r->sink->entity(&who, r->sink->arg),
                                 .metric =
                                     r->sink->metric(name, n, MERGE_MEAN, r->sink->arg),
                                 .refused = DROP_N,
                                 .is_counter = is_counter(r->w, r->name, r->ask->now)};
    if (ret->entity != WINDOWS_NONE && ret->metric != WINDOWS_NONE)
        return DROP_N;
    err_set(err, ENOSPC, "no room for a new host, service or metric");
    return DROP_FULL;
}

/* --- samples --- */

static void send(struct run *r)
{
    struct row *row = &r->row;
    if (row->n > 0)
        sink_put(r->sink, &r->result->tally, row->entity, row->at, row->n, row->metric,
                 row->value);
    row->n = 0;
}

static void keep(struct run *r, const struct known_series *s, instant at, double value)
{
    struct row *row = &r->row;
    float v = (float)value;
    if (!isfinite(v)) {
        refuse(r, DROP_NOT_FINITE, 1, "expected a finite number, not %g", value);
        return;
    }
    if (row->n == ROW_MAX || row->entity != s->entity || row->at.ms != at.ms)
        send(r);
    row->entity = s->entity;
    row->at = at;
    row->metric[row->n] = s->metric;
    row->value[row->n++] = v;
}

static enum known_said ask_known(struct run *r, const struct proto_field *series,
                                 instant at, double v, struct known_series *s,
                                 double *ret_value)
{
    enum known_said said = known_sample(r->w->series, r->key, at, v, s, ret_value);
    if (said != KNOWN_NOT)
        return said;
    struct err err = {0};
    enum drop why = learn(r, series, s, &err);
    if (why != DROP_N) {
        refuse(r, why, 1, "%s", err.text);
        *s = (struct known_series){WINDOWS_NONE, WINDOWS_NONE, (uint8_t)why, false};
        if (why != DROP_FULL) /* there may be room later */
            known_add(r->w->series, r->key, s, at);
        return KNOWN_NOT;
    }
    if (!known_add(r->w->series, r->key, s, at)) {
        refuse(r, DROP_FULL, 1, "more than %d series at a time", KNOWN_MAX);
        return KNOWN_NOT;
    }
    return known_sample(r->w->series, r->key, at, v, s, ret_value);
}

static void take_sample(struct run *r, const struct proto_field *series, double v,
                        instant at)
{
    struct known_series s = {0};
    const char *words = "";
    double value = v;
    enum drop why = bounds_check(&r->ask->bounds, at, &words);
    if (why != DROP_N) {
        refuse(r, why, 1, "%s", words);
        return;
    }
    if (isnan(v)) {
        refuse(r, DROP_NOT_FINITE, 1, "expected a number, not NaN");
        return;
    }
    switch (ask_known(r, series, at, v, &s, &value)) {
    case KNOWN_NOT: /* told already */
        break;
    case KNOWN_REFUSED:
        refuse(r, (enum drop)s.refused, 1, "refused for its %s, as before",
               drop_name((enum drop)s.refused));
        break;
    case KNOWN_WAITS: /* it is in the counter */
        r->result->tally.taken++;
        r->result->tally.kept++;
        break;
    case KNOWN_VALUE:
        keep(r, &s, at, value);
        break;
    }
}

static bool read_sample(struct run *r, const struct proto_field *series,
                        const struct proto_field *sample)
{
    struct proto p = proto_of(sample->bytes, sample->n);
    struct proto_field f;
    uint64_t bits = 0, ms = 0;
    while (proto_next(&p, &f)) {
        if (f.number == SAMPLE_VALUE && f.type == PROTO_FIXED64)
            bits = f.value;
        if (f.number == SAMPLE_TIME && f.type == PROTO_VARINT)
            ms = f.value;
    }
    if (p.bad)
        return false;
    if (bits == STALE_BITS)
        known_end(r->w->series, r->key);
    else
        take_sample(r, series, proto_double(bits), (instant){(int64_t)ms});
    return true;
}

/* The bytes of all labels, which tell the series from all others. */
static bool find_key(struct run *r, const struct proto_field *series)
{
    struct proto p = proto_of(series->bytes, series->n);
    struct proto_field f;
    uint32_t generation = atomic_load(&r->w->generation);
    size_t n = sizeof generation;
    memcpy(r->labels, &generation, n);
    while (proto_next(&p, &f)) {
        if (f.number != SERIES_LABEL || f.type != PROTO_BYTES)
            continue;
        if (f.n > sizeof r->labels - n)
            return false;
        memcpy(r->labels + n, f.bytes, f.n);
        n += f.n;
    }
    r->key = known_key(r->w->series, r->labels, n);
    return true;
}

/* False when the message is damaged. */
static bool read_series(struct run *r, const struct coming *c)
{
    struct proto p = proto_of(c->series.bytes, c->series.n);
    struct proto_field f;
    r->result->series++;
    r->refused = false;
    r->name = NULL;
    r->key = c->key;
    while (proto_next(&p, &f)) {
        if (f.type != PROTO_BYTES)
            continue;
        if (f.number == SERIES_HISTOGRAM)
            refuse(r, DROP_KIND, 1, "native histograms are not taken");
        if (f.number != SERIES_SAMPLE)
            continue;
        if (!c->has_key)
            refuse(r, DROP_NAME, 1, "the labels are longer than %d bytes",
                   REMOTE_WRITE_LABEL_BYTES_MAX);
        else if (!read_sample(r, &c->series, &f))
            return false;
    }
    return !p.bad;
}

/* Reads those that wait until `most` are left.  False when the message is damaged. */
static bool read_coming(struct run *r, size_t most)
{
    while (r->n_coming > most) {
        const struct coming *c = &r->coming[r->next_coming % AHEAD];
        if (!read_series(r, c))
            return false;
        r->next_coming++;
        r->n_coming--;
    }
    return true;
}

/* Series lie all over memory: while some are read, the next ones are fetched. */
static bool take_series(struct run *r, const struct proto_field *series)
{
    if (!read_coming(r, AHEAD - 1))
        return false;
    struct coming *c = &r->coming[(r->next_coming + r->n_coming) % AHEAD];
    *c = (struct coming){.series = *series};
    c->has_key = find_key(r, series);
    c->key = r->key;
    if (c->has_key)
        known_ahead(r->w->series, c->key);
    r->n_coming++;
    return true;
}

int in_remote_write_read(struct in_remote_write *w, const struct sink *sink,
                         const void *bytes, size_t n,
                         const struct in_remote_write_ask *ask,
                         struct in_remote_write_result *result, struct err *err)
{
    struct proto p = proto_of(bytes, n);
    struct proto_field f;
    bool bad = false;
    struct run *r = calloc(1, sizeof *r);
    if (r == NULL)
        return err_set(err, ENOMEM, "out of memory");
    r->w = w, r->sink = sink, r->ask = ask, r->result = result;
    while (!bad && proto_next(&p, &f)) {
        if (f.type != PROTO_BYTES)
            continue;
        if (f.number == REQUEST_METADATA) {
            bad = !read_coming(r, 0); /* what it says holds from here on */
            take_metadata(r, &f);
        } else if (f.number == REQUEST_SERIES) {
            bad = !take_series(r, &f);
        }
    }
    bad = bad || !read_coming(r, 0) || p.bad;
    send(r);
    free(r);
    if (bad)
        return err_set(err, EINVAL,
                       "expected a WriteRequest of remote write 1.0; the message is "
                       "damaged in or behind series %llu",
                       (unsigned long long)result->series);
    return 0;
}

void in_remote_write_write_error(const struct in_remote_write_result *result,
                                 struct buf *to)
{
    if (result->refused > 0)
        buf_addf(to, "%s; %llu of %llu series refused", result->first,
                 (unsigned long long)result->refused,
                 (unsigned long long)result->series);
}

void in_remote_write_write_metrics(struct in_remote_write *w, struct buf *to)
{
    buf_addf(to,
             "# HELP aftercheck_remote_write_series Series of remote write that are "
             "known by their labels.\n"
             "# TYPE aftercheck_remote_write_series gauge\n"
             "aftercheck_remote_write_series %zu\n",
             known_count(w->series));
}
