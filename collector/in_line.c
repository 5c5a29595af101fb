/* collector/in_line.c - line protocol, one line after another.
 *
 * The usual line costs one hash for its head and one comparison per field name; all
 * else (a new head, another order of fields, an escape) goes the long way once and is
 * remembered.  Work is linear in the bytes whatever they are: a quoted text that is not
 * closed runs to the end of the bytes at most once, because the next line's opening
 * quote would have closed it.  A line's samples go to the sink together when all of the
 * line was understood.  One thread at a time runs a reader. */
#include "collector/in_line.h"

#include "base/names.h"
#include "collector/heads.h"
#include "collector/number.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(id, name, short_name, divide, multiply)                                      \
    [LINE_##id] = {name, short_name, divide, multiply},
static const struct {
    const char *name, *short_name;
    int64_t divide, multiply;
} precisions[LINE_PRECISION_N] = {LINE_PRECISIONS(X)};
#undef X

enum { SCRATCH_BYTES = HEAD_BYTES_MAX + LINE_TAGS_MAX * 2 + 16 };

struct in_line {
    struct sink sink;
    struct entity_tags tags;
    struct heads *heads;
    /* the line being read */
    size_t n, n_fields; /* numbers, and fields of any kind */
    float value[LINE_FIELDS_MAX];
    uint32_t metric[LINE_FIELDS_MAX];
    struct shape_field field[LINE_FIELDS_MAX];
    char scratch[SCRATCH_BYTES], prefix[SCRATCH_BYTES], suffix[SCRATCH_BYTES];
};

/* Where one call of in_line_read stands. */
struct run {
    struct in_line *l;
    const struct in_line_ask *ask;
    struct in_line_result *result;
    const char *line, *p, *end; /* of the line; its end moves with a quoted text */
    const char *stop;           /* of all bytes */
    const struct head *head;
    bool off_shape; /* the fields are not those of the head's shape */
};

enum line_precision in_line_precision(const char *name)
{
    for (int i = 0; i < LINE_PRECISION_N; i++)
        if (strcmp(name, precisions[i].name) == 0 ||
            (name[0] != '\0' && strcmp(name, precisions[i].short_name) == 0))
            return (enum line_precision)i;
    return LINE_PRECISION_N;
}

struct in_line *in_line_new(const struct sink *sink, const struct entity_tags *tags)
{
    struct in_line *l = malloc(sizeof *l);
    if (l == NULL)
        return NULL;
    l->sink = *sink;
    l->tags = *tags;
    l->heads = heads_new();
    if (l->heads == NULL)
        in_line_free(&l);
    return l;
}

void in_line_free(struct in_line **l)
{
    if (*l == NULL)
        return;
    heads_free(&(*l)->heads);
    free(*l);
    *l = NULL;
}

/* Counts the line as lost, all it held so far with it; keeps the words of the first
 * such line and tells those who want to hear of every one.  Always false. */
__attribute__((format(printf, 4, 5))) static bool refuse(struct run *r, enum drop why,
                                                         const char *at,
                                                         const char *fmt, ...)
{
    uint64_t n = r->l->n_fields > 0 ? r->l->n_fields : 1;
    r->result->tally.taken += n;
    tally_drop(&r->result->tally, why, n);
    bool is_first = r->result->refused++ == 0;
    if (!is_first && r->ask->on_refused == NULL)
        return false;
    char words[200], whole[sizeof r->result->first];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(words, sizeof words, fmt, ap);
    va_end(ap);
    snprintf(whole, sizeof whole, "line %llu: %s (column %llu)",
             (unsigned long long)r->result->line_no, words,
             (unsigned long long)(at - r->line + 1));
    if (is_first) {
        r->result->why = why;
        memcpy(r->result->first, whole, sizeof whole);
    }
    if (r->ask->on_refused != NULL)
        r->ask->on_refused(whole, r->ask->arg);
    return false;
}

/* ---- heads ---- */

static bool is_escapable(char c)
{
    return c == ',' || c == '=' || c == ' ';
}

/* Copies one part of a head, up to one of `ends` that no backslash stands before, and
 * gives where it stopped; `to` gets a NUL behind. */
static const char *part(const char *p, const char *end, const char *ends, char **to,
                        size_t *ret_n)
{
    char *out = *to;
    while (p < end && (*p == '\0' || strchr(ends, *p) == NULL)) {
        if (*p == '\\' && p + 1 < end && is_escapable(p[1]))
            p++;
        *out++ = *p++;
    }
    *ret_n = (size_t)(out - *to);
    *out = '\0';
    *to = out + 1;
    return p;
}

/* name_check with the field's name before its words. */
static bool check_name(struct run *r, const char *at, const char *what,
                       const char *name, size_t n)
{
    struct err err = {0};
    if (name_check(name, n, &err) == 0)
        return true;
    return refuse(r, DROP_NAME, at, "%s %s", what, err.text);
}

static bool read_tags(struct run *r, const char *p, const char *end, char *scratch,
                      struct tag tag[LINE_TAGS_MAX], size_t *ret_n)
{
    size_t n = 0;
    while (p < end) {
        const char *at = p++; /* a comma */
        if (n == LINE_TAGS_MAX)
            return refuse(r, DROP_SYNTAX, at, "more than %d tags", LINE_TAGS_MAX);
        struct tag *t = &tag[n++];
        t->used = false;
        t->key = scratch;
        p = part(p, end, ",=", &scratch, &t->n_key);
        if (t->n_key == 0 || p == end || *p != '=')
            return refuse(r, DROP_SYNTAX, p, "expected a tag as key=value after ','");
        at = ++p;
        t->value = scratch;
        p = part(p, end, ",=", &scratch, &t->n_value);
        if (t->n_value == 0)
            return refuse(r, DROP_SYNTAX, at, "expected the value of tag '%.40s'",
                          t->key);
        if (p < end && *p == '=')
            return refuse(r, DROP_SYNTAX, p,
                          "expected ',' or a space after the value of tag '%.40s'; "
                          "an '=' in a value is written '\\='",
                          t->key);
    }
    *ret_n = n;
    return true;
}

/* A head that is met for the first time: [r->line, end). */
static bool learn_head(struct run *r, const char *end)
{
    struct in_line *l = r->l;
    struct tag tag[LINE_TAGS_MAX];
    size_t n_tags = 0, n_prefix;
    struct entity who;
    if (end - r->line > HEAD_BYTES_MAX)
        return refuse(r, DROP_NAME, r->line,
                      "measurement and tags are %lld bytes long, at most %d",
                      (long long)(end - r->line), HEAD_BYTES_MAX);
    if (memchr(r->line, '\0', (size_t)(end - r->line)) != NULL)
        return refuse(r, DROP_NAME, r->line, "measurement or tags have a NUL byte");
    char *to = l->prefix;
    const char *p = part(r->line, end, ",", &to, &n_prefix);
    if (!check_name(r, r->line, "the measurement's name", l->prefix, n_prefix) ||
        !read_tags(r, p, end, l->scratch, tag, &n_tags))
        return false;
    struct err err = {0};
    enum drop why = tags_entity(tag, n_tags, &l->tags, &who, &err);
    if (why != DROP_N)
        return refuse(r, why, why == DROP_SYNTAX ? p : r->line, "%s", err.text);
    memcpy(l->prefix + n_prefix, ".", 2);
    tags_suffix(tag, n_tags, l->suffix, sizeof l->suffix);
    uint32_t entity = l->sink.entity(&who, l->sink.arg);
    if (entity == WINDOWS_NONE)
        return refuse(r, DROP_FULL, r->line, "no room for a new host or service");
    r->head = heads_add(l->heads, r->line, (size_t)(end - r->line), entity, l->prefix,
                        l->suffix);
    if (r->head == NULL)
        return refuse(r, DROP_FULL, r->line, "out of memory");
    return true;
}

/* The space that ends the head, or NULL. */
static const char *head_end(const struct run *r)
{
    const char *p = r->line;
    while ((p = memchr(p, ' ', (size_t)(r->end - p))) != NULL) {
        if (p == r->line || p[-1] != '\\')
            return p;
        p++;
    }
    return NULL;
}

static bool read_head(struct run *r)
{
    const char *end = head_end(r);
    if (end == NULL)
        return refuse(r, DROP_SYNTAX, r->end,
                      "expected a space and fields after measurement and tags");
    if (end == r->line)
        return refuse(r, DROP_SYNTAX, end, "expected a measurement before the space");
    r->head = heads_find(r->l->heads, r->line, (size_t)(end - r->line));
    if (r->head == NULL && !learn_head(r, end))
        return false;
    for (r->p = end; r->p < r->end && *r->p == ' ';)
        r->p++;
    return true;
}

/* ---- fields ---- */

/* The number of the metric of a field whose name stands at [key, key + n). */
static bool metric_of(struct run *r, const char *key, size_t n, uint32_t *ret_metric)
{
    const struct shape *s = r->head->shape;
    char name[NAME_BYTES_MAX + 1];
    size_t n_prefix = strlen(s->name), n_suffix = strlen(s->suffix);
    char *to = r->l->scratch;
    if (n <= HEAD_BYTES_MAX) /* what is longer is refused just below */
        part(key, key + n, "", &to, &n);
    if (n_prefix + n + n_suffix > NAME_BYTES_MAX)
        return refuse(
            r, DROP_NAME, key,
            "the metric's name, with its tags, is %llu bytes long, at most %d",
            (unsigned long long)(n_prefix + n + n_suffix), NAME_BYTES_MAX);
    memcpy(name, s->name, n_prefix);
    memcpy(name + n_prefix, r->l->scratch, n);
    memcpy(name + n_prefix + n, s->suffix, n_suffix + 1);
    n += n_prefix + n_suffix;
    if (!check_name(r, key, "the metric's name", name, n))
        return false;
    *ret_metric = r->l->sink.metric(name, n, MERGE_MEAN, r->l->sink.arg);
    return true;
}

/* A field's name; the shape's next is tried first. */
static bool read_key(struct run *r)
{
    const struct shape *s = r->head->shape;
    struct shape_field *f = &r->l->field[r->l->n_fields];
    if (!r->off_shape && r->l->n_fields < s->n) {
        const struct shape_field *next = &s->field[r->l->n_fields];
        if ((size_t)(r->end - r->p) > next->n &&
            memcmp(r->p, next->key, next->n + 1) == 0) {
            *f = (struct shape_field){r->p, next->n, next->metric};
            r->p += next->n + 1;
            return true;
        }
    }
    const char *p = r->p;
    while (p < r->end && *p != '=' && *p != ',' && *p != ' ')
        p += *p == '\\' && p + 1 < r->end && is_escapable(p[1]) ? 2 : 1;
    if (p == r->p || p >= r->end || *p != '=')
        return refuse(r, DROP_SYNTAX, p, "expected a field as name=value");
    r->off_shape = true;
    *f = (struct shape_field){r->p, (uint32_t)(p - r->p), WINDOWS_NONE};
    r->p = p + 1;
    return true;
}

/* A quoted text, which may hold line ends.  r->p stands on the opening quote. */
static bool skip_text(struct run *r)
{
    const char *p = r->p + 1;
    for (; p < r->stop && *p != '"'; p++)
        if (*p == '\\' && p + 1 < r->stop)
            p++;
    if (p >= r->stop)
        return refuse(r, DROP_SYNTAX, r->p, "expected a '\"' that closes this text");
    r->p = p + 1;
    if (r->p > r->end) { /* the line goes on to a further line end */
        const char *nl = memchr(r->p, '\n', (size_t)(r->stop - r->p));
        r->end = nl != NULL ? nl : r->stop;
        if (r->end > r->p && r->end[-1] == '\r')
            r->end--;
    }
    return true;
}

static bool skip_bool(struct run *r)
{
    static const char *const words[] = {"true",  "True", "TRUE", "false", "False",
                                        "FALSE", "t",    "T",    "f",     "F"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        if ((size_t)(r->end - r->p) >= n && memcmp(r->p, words[i], n) == 0) {
            r->p += n;
            return true;
        }
    }
    return refuse(r, DROP_SYNTAX, r->p,
                  "expected a number, true, false or a quoted text after '='");
}

static bool read_number(struct run *r, struct shape_field *f)
{
    double v;
    const char *p = number_read(r->p, r->end, &v);
    if (p == NULL)
        return skip_bool(r);
    if (p < r->end && (*p == 'i' || *p == 'u'))
        p++;
    struct in_line *l = r->l;
    float value = (float)v;
    if (!isfinite(value))
        return refuse(r, DROP_NOT_FINITE, r->p, "expected a finite number, not '%.*s'",
                      (int)(p - r->p < 40 ? p - r->p : 40), r->p);
    if (f->metric == WINDOWS_NONE) {
        r->off_shape = true;
        if (!metric_of(r, f->key, f->n, &f->metric))
            return false;
    }
    l->value[l->n] = value;
    l->metric[l->n++] = f->metric;
    r->p = p;
    return true;
}

/* Fields up to the space before the time or the line's end. */
static bool read_fields(struct run *r)
{
    struct in_line *l = r->l;
    for (;;) {
        if (l->n_fields == LINE_FIELDS_MAX)
            return refuse(r, DROP_SYNTAX, r->p, "more than %d fields", LINE_FIELDS_MAX);
        if (!read_key(r))
            return false;
        struct shape_field *f = &l->field[l->n_fields];
        bool ok = r->p < r->end && *r->p == '"' ? skip_text(r) : read_number(r, f);
        if (!ok)
            return false;
        l->n_fields++;
        if (r->p == r->end || *r->p == ' ')
            return true;
        if (*r->p++ != ',')
            return refuse(r, DROP_SYNTAX, r->p - 1,
                          "expected ',', a space or the line's end after a value");
    }
}

/* ---- time ---- */

static bool read_digits(struct run *r, int64_t *ret)
{
    const char *from = r->p;
    bool minus = r->p < r->end && *r->p == '-';
    r->p += minus;
    int64_t v = 0;
    const char *digits = r->p;
    for (; r->p < r->end && *r->p >= '0' && *r->p <= '9'; r->p++) {
        if (v > (INT64_MAX - 9) / 10)
            return refuse(r, DROP_SYNTAX, from, "expected a time that fits 64 bits");
        v = v * 10 + (*r->p - '0');
    }
    if (r->p == digits || r->p != r->end)
        return refuse(r, DROP_SYNTAX, from,
                      "expected a time in whole %s since 1970, then the line's end",
                      precisions[r->ask->precision].name);
    *ret = minus ? -v : v;
    return true;
}

static bool read_time(struct run *r, instant *ret_at)
{
    const char *from;
    while (r->p < r->end && *r->p == ' ')
        r->p++;
    from = r->p;
    if (r->p == r->end) {
        if (instant_is_none(r->ask->now))
            return refuse(r, DROP_SYNTAX, r->p, "expected a time at the line's end");
        *ret_at = r->ask->now;
        return true;
    }
    int64_t v = 0, divide = precisions[r->ask->precision].divide,
            multiply = precisions[r->ask->precision].multiply;
    if (!read_digits(r, &v))
        return false;
    if (v > INT64_MAX / multiply || v < INT64_MIN / multiply)
        return refuse(r, DROP_SYNTAX, from, "expected a time that fits 64 bits");
    ret_at->ms = v / divide * multiply - (v % divide < 0);
    const char *words = NULL;
    enum drop why = bounds_check(&r->ask->bounds, *ret_at, &words);
    if (why == DROP_N)
        return true;
    char text[INSTANT_TEXT_MAX];
    bool sane = ret_at->ms > -62135596800000 && ret_at->ms < 253402300800000;
    return refuse(r, why, from, "%s: %s, when read as %s",
                  sane ? instant_text(*ret_at, text) : "this time", words,
                  precisions[r->ask->precision].name);
}

/* ---- lines ---- */

/* Metrics for which there was no room are dropped, the others go on. */
static void drop_unplaced(struct run *r)
{
    struct in_line *l = r->l;
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++) {
        l->value[n] = l->value[i];
        l->metric[n] = l->metric[i];
        n += l->metric[i] != WINDOWS_NONE;
    }
    r->result->tally.taken += l->n - n;
    tally_drop(&r->result->tally, DROP_FULL, l->n - n);
    l->n = n;
}

static void read_line(struct run *r)
{
    struct in_line *l = r->l;
    instant at = INSTANT_NONE;
    r->off_shape = false;
    l->n = l->n_fields = 0;
    r->result->lines++;
    if (!read_head(r) || !read_fields(r) || !read_time(r, &at))
        return;
    size_t n_texts = l->n_fields - l->n;
    r->result->tally.taken += n_texts;
    tally_drop(&r->result->tally, DROP_TEXT_VALUE, n_texts);
    if (r->off_shape) {
        shape_learn(r->head->shape, l->field, l->n_fields);
        drop_unplaced(r);
    }
    if (l->n > 0)
        sink_put(&l->sink, &r->result->tally, r->head->entity, at, l->n, l->metric,
                 l->value);
}

static bool is_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    return p == end || *p == '#';
}

void in_line_read(struct in_line *l, const char *text, size_t n,
                  const struct in_line_ask *ask, struct in_line_result *result)
{
    struct run r = {.l = l, .ask = ask, .result = result, .stop = text + n};
    for (const char *next = text; next < r.stop;) {
        const char *nl = memchr(next, '\n', (size_t)(r.stop - next));
        const char *end = nl != NULL ? nl : r.stop;
        uint64_t refused = result->refused;
        result->line_no++;
        r.line = next;
        r.end = end > next && end[-1] == '\r' ? end - 1 : end;
        if (!is_blank(r.line, r.end))
            read_line(&r);
        if (result->refused == refused && r.end > end) {
            /* texts with line ends were read: what follows begins behind them */
            for (const char *p = end; (p = memchr(p, '\n', (size_t)(r.end - p)));) {
                result->line_no++;
                p++;
            }
            end = r.end < r.stop && *r.end == '\r' ? r.end + 1 : r.end;
        }
        next = end < r.stop ? end + 1 : end;
    }
}

void in_line_write_error(const struct in_line_result *result, struct buf *to)
{
    if (result->refused > 0)
        buf_addf(to, "%s; %llu of %llu lines refused", result->first,
                 (unsigned long long)result->refused,
                 (unsigned long long)result->lines);
}
