/* base/yaml_fields.c - typed readers for the maps of yaml.h, by tables of fields.
 *
 * A scalar is a text until it is asked for here.  What must hold: a value that was
 * complained about leaves its field as it was.  One thread at a time. */
#include "base/yaml_part.h"

#include "base/names.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a scalar field is read to; each member begins where the union does. */
union value {
    const char *text;
    span length;
    double number;
    uint64_t count;
    bool flag;
};

static bool all_digits(const char *p, size_t n)
{
    return n > 0 && strspn(p, "0123456789") >= n;
}

/* [-]digits[.digits][e[+-]digits]: no blanks, no hexadecimals, no infinity. */
static bool decimal(const char *text, double *ret)
{
    const char *p = text + (*text == '-');
    size_t n = strspn(p, "0123456789");
    if (n == 0)
        return false;
    p += n;
    if (*p == '.') {
        n = strspn(++p, "0123456789");
        if (n == 0)
            return false;
        p += n;
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        p += *p == '+' || *p == '-';
        n = strspn(p, "0123456789");
        if (n == 0)
            return false;
        p += n;
    }
    *ret = strtod(text, NULL);
    return *p == '\0' && isfinite(*ret);
}

/* Digits to a number; `n` of them, all digits, without a leading zero. */
static bool whole(const char *p, size_t n, uint64_t *ret)
{
    uint64_t v = 0;
    if (!all_digits(p, n) || (n > 1 && p[0] == '0'))
        return false;
    for (size_t i = 0; i < n; i++) {
        uint64_t digit = (uint64_t)(p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *ret = v;
    return true;
}

static bool parse_text(const char *text, union value *v, double *measure)
{
    (void)measure;
    v->text = text;
    return true;
}

static bool parse_span(const char *text, union value *v, double *measure)
{
    if (span_parse(text, &v->length, NULL) < 0)
        return false;
    *measure = (double)v->length.ms / 1000;
    return true;
}

static bool parse_share(const char *text, union value *v, double *measure)
{
    char number[32];
    size_t n = strlen(text);
    if (n == 0 || n > sizeof number || text[n - 1] != '%')
        return false;
    memcpy(number, text, n - 1);
    number[n - 1] = '\0';
    if (!decimal(number, &v->number) || !(v->number >= 0 && v->number <= 100))
        return false;
    *measure = v->number /= 100;
    return true;
}

static bool parse_number(const char *text, union value *v, double *measure)
{
    if (!decimal(text, &v->number))
        return false;
    *measure = v->number;
    return true;
}

static bool parse_count(const char *text, union value *v, double *measure)
{
    if (!whole(text, strlen(text), &v->count))
        return false;
    *measure = (double)v->count;
    return true;
}

static bool parse_size(const char *text, union value *v, double *measure)
{
    static const struct {
        const char *name;
        uint64_t bytes;
    } units[] = {
        {"B", 1},           {"kB", 1000},          {"MB", 1000000},
        {"GB", 1000000000}, {"TB", 1000000000000}, {"KiB", 1 << 10},
        {"MiB", 1 << 20},   {"GiB", 1 << 30},      {"TiB", 1ull << 40},
    };
    size_t n = strspn(text, "0123456789");
    if (!whole(text, n, &v->count))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + n, units[i].name) != 0)
            continue;
        if (v->count > UINT64_MAX / units[i].bytes)
            return false;
        v->count *= units[i].bytes;
        *measure = (double)v->count;
        return true;
    }
    return false;
}

static bool parse_bool(const char *text, union value *v, double *measure)
{
    (void)measure;
    v->flag = strcmp(text, "true") == 0;
    return v->flag || strcmp(text, "false") == 0;
}

static const struct {
    const char *expected;
    bool (*parse)(const char *text, union value *v, double *measure);
    size_t size;
} types[] = {
    [YAML_T_TEXT] = {"a text", parse_text, sizeof(const char *)},
    [YAML_T_SPAN] = {"a length of time such as 90s, 30m or 1h30m", parse_span,
                     sizeof(span)},
    [YAML_T_SHARE] = {"a share such as 12.5%, from 0% to 100%", parse_share,
                      sizeof(double)},
    [YAML_T_NUMBER] = {"a number", parse_number, sizeof(double)},
    [YAML_T_COUNT] = {"a whole number, digits only", parse_count, sizeof(uint64_t)},
    [YAML_T_SIZE] = {"a size such as 512KiB, 8GiB or 100MB", parse_size,
                     sizeof(uint64_t)},
    [YAML_T_BOOL] = {"true or false", parse_bool, sizeof(bool)},
    [YAML_T_TEXTS] = {"a list of texts, or one text", NULL, sizeof(struct yaml_texts)},
    [YAML_T_NODE] = {"any value", NULL, sizeof(const struct yaml_node *)},
};

/* What a reader goes by, so that its parts need few parameters. */
struct reading {
    const struct yaml_doc *doc;
    const char *what;
    const struct yaml_field *fields;
    size_t n_fields;
    char *into;
    struct complaints *c;
};

static void wrong_type(const struct reading *r, const struct yaml_node *at,
                       const char *name, const char *expected)
{
    if (yaml_nothing(at))
        yaml_complain(r->doc, at, r->c, "wrong-type",
                      "'%s' is empty, expected %s, or the field left out", name,
                      expected);
    else if (at->kind == YAML_TEXT)
        yaml_complain(r->doc, at, r->c, "wrong-type", "'%s' is '%.60s', expected %s",
                      name, at->text, expected);
    else
        yaml_complain(r->doc, at, r->c, "wrong-type", "'%s' is %s, expected %s", name,
                      at->kind == YAML_MAP ? "a map" : "a list", expected);
}

/* A bound as it would be written in the file. */
static void bound_write(struct buf *b, enum yaml_type type, double v)
{
    char text[SPAN_TEXT_MAX];
    if (type == YAML_T_SPAN && fabs(v) < 1e15)
        buf_add(b, span_text((span){(int64_t)(v * 1000)}, text));
    else if (type == YAML_T_SHARE)
        buf_addf(b, "%.10g%%", v * 100);
    else
        buf_addf(b, "%.15g%s", v, type == YAML_T_SIZE ? "B" : "");
}

/* True when `measure` is within the field's bounds; else complains. */
static bool check_bounds(const struct reading *r, const struct yaml_field *f,
                         const struct yaml_node *at, double measure)
{
    bool none = f->least == 0 && f->most == 0, open = f->most < f->least;
    if (none || isnan(measure) || (measure >= f->least && (open || measure <= f->most)))
        return true;
    OWNED_BUF b = {0};
    bound_write(&b, f->type, f->least);
    if (!open) {
        buf_add(&b, " to ");
        bound_write(&b, f->type, f->most);
    } else {
        buf_add(&b, " or more");
    }
    yaml_complain(r->doc, at, r->c, "out-of-range", "'%s' is %.60s, expected %s",
                  f->name, at->text, buf_text(&b));
    return false;
}

static void read_scalar(const struct reading *r, const struct yaml_field *f,
                        const struct yaml_node *at)
{
    union value v = {0};
    double measure = NAN;
    if (at->kind != YAML_TEXT || yaml_nothing(at) ||
        !types[f->type].parse(at->text, &v, &measure))
        wrong_type(r, at, f->name, types[f->type].expected);
    else if (check_bounds(r, f, at, measure))
        memcpy(r->into + f->offset, &v, types[f->type].size);
}

static void read_texts(const struct reading *r, const struct yaml_field *f,
                       const struct yaml_node *at)
{
    const struct yaml_node *item = at->kind == YAML_LIST ? at->item : at;
    struct yaml_texts texts = {.n = at->kind == YAML_LIST ? at->n : 1};
    for (size_t i = 0; i < texts.n; i++)
        if (item[i].kind != YAML_TEXT || yaml_nothing(&item[i])) {
            wrong_type(r, &item[i], f->name, types[f->type].expected);
            return;
        }
    texts.at = yaml_room(r->doc, texts.n * sizeof *texts.at);
    if (texts.at == NULL) {
        yaml_complain(r->doc, at, r->c, "no-memory", "no memory to read '%s'", f->name);
        return;
    }
    for (size_t i = 0; i < texts.n; i++)
        texts.at[i] = item[i].text;
    memcpy(r->into + f->offset, &texts, sizeof texts);
}

static void read_field(const struct reading *r, const struct yaml_field *f,
                       const struct yaml_node *at)
{
    if (f->type == YAML_T_NODE)
        memcpy(r->into + f->offset, &at, sizeof at);
    else if (f->type == YAML_T_TEXTS)
        read_texts(r, f, at);
    else
        read_scalar(r, f, at);
}

static const struct yaml_field *find_field(const struct reading *r, const char *name)
{
    for (size_t i = 0; i < r->n_fields; i++)
        if (strcmp(r->fields[i].name, name) == 0)
            return &r->fields[i];
    return NULL;
}

/* "a, b, c": all names that would have been right. */
static void names_write(const struct reading *r, struct buf *b)
{
    for (size_t i = 0; i < r->n_fields; i++)
        buf_addf(b, "%s%s", i > 0 ? ", " : "", r->fields[i].name);
}

static void unknown_field(const struct reading *r, const struct yaml_node *key)
{
    enum { NAMES_MAX = 128 };
    const char *names[NAMES_MAX + 1] = {NULL}, *nearest = NULL;
    OWNED_BUF all = {0};
    for (size_t i = 0; i < r->n_fields && i < NAMES_MAX; i++)
        names[i] = r->fields[i].name;
    if (r->c->n < COMPLAINTS_MAX) /* else nobody will read it */
        nearest = nearest_name(key->text, names);
    if (nearest == NULL)
        names_write(r, &all);
    yaml_complain(r->doc, key, r->c, "unknown-field",
                  nearest != NULL ? "%s has no field '%.60s', did you mean '%s'?"
                                  : "%s has no field '%.60s', expected one of: %s",
                  r->what, key->text, nearest != NULL ? nearest : buf_text(&all));
}

int yaml_read(const struct yaml_doc *doc, const struct yaml_node *map, const char *what,
              const struct yaml_field *fields, size_t n_fields, void *into,
              struct complaints *c)
{
    struct reading r = {doc, what, fields, n_fields, into, c};
    size_t errors = c->errors;
    if (map->kind != YAML_MAP && !yaml_nothing(map)) {
        yaml_complain(doc, map, c, "wrong-type", "%s is %s, expected a map of fields",
                      what, map->kind == YAML_LIST ? "a list" : "a text");
        return -1;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_field *f = find_field(&r, map->key[i].text);
        if (f != NULL)
            read_field(&r, f, &map->item[i]);
        else
            unknown_field(&r, &map->key[i]);
    }
    for (size_t i = 0; i < n_fields; i++)
        if (fields[i].required && yaml_get(map, fields[i].name) == NULL)
            yaml_complain(doc, map, c, "missing-field", "%s lacks '%s', expected %s",
                          what, fields[i].name, types[fields[i].type].expected);
    return c->errors > errors ? -1 : 0;
}
