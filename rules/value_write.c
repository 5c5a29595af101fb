/* rules/value_write.c - typed values as they would be written in a file.
 *
 * One writer a type, in a table.  No state, any thread. */
#include "rules/value.h"

#include <assert.h>

static void write_text(const struct schema_field *f, const void *at, struct buf *to)
{
    const char *const *text = at;
    (void)f;
    buf_add(to, *text != NULL ? *text : "");
}

static void write_whole(const struct schema_field *f, const void *at, struct buf *to)
{
    const int *v = at;
    (void)f;
    buf_addf(to, "%d", *v);
}

static void write_number(const struct schema_field *f, const void *at, struct buf *to)
{
    const double *v = at;
    (void)f;
    buf_addf(to, "%.15g", *v);
}

/* 0: not asked for. */
static void write_count(const struct schema_field *f, const void *at, struct buf *to)
{
    const double *v = at;
    if (*v > 0)
        write_number(f, at, to);
}

static void write_share(const struct schema_field *f, const void *at, struct buf *to)
{
    const double *v = at;
    (void)f;
    if (*v > 0)
        buf_addf(to, "%.12g%%", *v * 100);
}

static void write_amount(const struct schema_field *f, const void *at, struct buf *to)
{
    static const char *const units[] = {[AMOUNT_PLAIN] = "",
                                        [AMOUNT_PERCENT] = "%",
                                        [AMOUNT_BYTES] = " B",
                                        [AMOUNT_TIME] = "ms"};
    const struct amount *a = at;
    (void)f;
    if (a->given)
        buf_addf(to, "%.15g%s%s", a->value, units[a->unit], a->rate ? "/s" : "");
}

static void write_span(const struct schema_field *f, const void *at, struct buf *to)
{
    char text[SPAN_TEXT_MAX];
    const span *v = at;
    (void)f;
    if (v->ms != 0)
        buf_add(to, span_text(*v, text));
}

static void write_spans(const span *v, size_t n, struct buf *to)
{
    char text[SPAN_TEXT_MAX];
    for (size_t i = 0; i < n; i++)
        buf_addf(to, "%s%s", i == 0 ? "[" : ", ", span_text(v[i], text));
    buf_add(to, n > 0 ? "]" : "");
}

static void write_looks(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct windows_rule *w = at;
    (void)f;
    write_spans(w->looks, w->n_looks, to);
}

static void write_slow(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct windows_rule *w = at;
    (void)f;
    write_spans(w->slow, w->n_slow, to);
    buf_add(to, w->n_slow == 0 ? "off" : "");
}

static void write_passes(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct probing *p = at;
    (void)f;
    for (size_t i = 0; i < p->n_pass; i++) {
        buf_addf(to, "%s%.15g", i == 0 ? "[" : ", ", p->pass[i].from);
        if (p->pass[i].to > p->pass[i].from)
            buf_addf(to, "..%.15g", p->pass[i].to);
    }
    buf_add(to, p->n_pass > 0 ? "]" : "");
}

static void write_hold(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct hold *h = at;
    (void)f;
    if (h->of > 0)
        buf_addf(to, "%d of %d", h->hold, h->of);
}

/* A day is kept as its end. */
static void write_date(const struct schema_field *f, const void *at, struct buf *to)
{
    enum { DAY_MS = 86400000, DAY_CHARS = 10 };
    char text[INSTANT_TEXT_MAX];
    const instant *v = at;
    (void)f;
    if (v->ms == 0)
        return;
    bool day = v->ms % DAY_MS == 0;
    instant_text((instant){v->ms - (day ? DAY_MS : 0)}, text);
    buf_addf(to, "%.*s", day ? DAY_CHARS : INSTANT_TEXT_MAX, text);
}

static void write_flag(const struct schema_field *f, const void *at, struct buf *to)
{
    const bool *v = at;
    (void)f;
    buf_add(to, *v ? "true" : "false");
}

static void write_choice(const struct schema_field *f, const void *at, struct buf *to)
{
    const int *v = at;
    buf_add(to, f->choices[*v]);
}

static void write_choices(const struct schema_field *f, const void *at, struct buf *to)
{
    const unsigned *bits = at;
    const char *between = "[";
    for (unsigned i = 0; f->choices[i] != NULL; i++)
        if ((*bits & 1u << i) != 0) {
            buf_addf(to, "%s%s", between, f->choices[i]);
            between = ", ";
        }
    buf_add(to, *bits != 0 ? "]" : "");
}

static void write_patterns(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct matches *m = at;
    (void)f;
    for (size_t i = 0; i < m->n; i++)
        buf_addf(to, "%s%s", i > 0 ? ", " : m->n > 1 ? "[" : "", m->at[i].text);
    buf_add(to, m->n > 1 ? "]" : "");
}

static void write_when(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct when *w = at;
    (void)f;
    buf_add(to, w->text != NULL ? w->text : "");
}

static void write_labels(const struct schema_field *f, const void *at, struct buf *to)
{
    const struct scope_labels *l = at;
    for (size_t i = 0; i < l->n; i++) {
        buf_addf(to, "%s%s: ", i == 0 ? "{" : ", ", l->at[i].key);
        write_patterns(f, &l->at[i].value, to);
    }
    buf_add(to, l->n > 0 ? "}" : "");
}

/* Maps have none: each of their fields is a value. */
static void (*const writers[SCHEMA_TYPE_N])(const struct schema_field *f,
                                            const void *at, struct buf *to) = {
    [SCHEMA_TEXT] = write_text,       [SCHEMA_ID] = write_text,
    [SCHEMA_NAME] = write_text,       [SCHEMA_WHOLE] = write_whole,
    [SCHEMA_COUNT] = write_count,     [SCHEMA_NUMBER] = write_number,
    [SCHEMA_SHARE] = write_share,     [SCHEMA_RATIO] = write_share,
    [SCHEMA_CHANCE] = write_share,    [SCHEMA_AMOUNT] = write_amount,
    [SCHEMA_SPAN] = write_span,       [SCHEMA_LOOKS] = write_looks,
    [SCHEMA_SLOW] = write_slow,       [SCHEMA_PASSES] = write_passes,
    [SCHEMA_HOLD] = write_hold,       [SCHEMA_DATE] = write_date,
    [SCHEMA_FLAG] = write_flag,       [SCHEMA_CHOICE] = write_choice,
    [SCHEMA_CHOICES] = write_choices, [SCHEMA_PATTERNS] = write_patterns,
    [SCHEMA_WHEN] = write_when,       [SCHEMA_LABELS] = write_labels,
};

void value_write(const struct schema_field *f, const void *at, struct buf *to)
{
    assert(f->type < SCHEMA_TYPE_N);
    if (writers[f->type] != NULL)
        writers[f->type](f, at, to);
}
