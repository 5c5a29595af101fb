/* rules/fields.c - reads mappings by the table.
 *
 * It recurses along the table, which is a few maps deep, never along the file.  One
 * thread at a time. */
#include "rules/fields.h"
#include "rules/value.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FIELD_NAMES_MAX = 64, LIST_MAX = 1000, PATH_MAX_BYTES = 200 };

/* --- complaining --- */

__attribute__((format(printf, 5, 0))) static void tell(struct fields *f,
                                                       const struct yaml_node *at,
                                                       enum rules_code code,
                                                       bool warning, const char *fmt,
                                                       va_list ap)
{
    char text[1200];
    vsnprintf(text, sizeof text, fmt, ap);
    (warning ? complain_warn : complain)(f->c, yaml_file(f->doc), at->line, at->column,
                                         rules_code(code), "%s", text);
}

void fields_complain(struct fields *f, const struct yaml_node *at, enum rules_code code,
                     const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(f, at, code, false, fmt, ap);
    va_end(ap);
}

void fields_warn(struct fields *f, const struct yaml_node *at, enum rules_code code,
                 const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    tell(f, at, code, true, fmt, ap);
    va_end(ap);
}

static bool nothing(const struct yaml_node *node)
{
    return node->kind == YAML_TEXT && node->plain && node->text[0] == '\0';
}

static const char *shape_of(const struct yaml_node *node)
{
    return node->kind == YAML_MAP    ? "a map"
           : node->kind == YAML_LIST ? "a list"
                                     : "a text";
}

static int wrong_shape(struct fields *f, const struct yaml_node *at, const char *name,
                       const char *expected)
{
    if (nothing(at))
        fields_complain(f, at, RULES_E_EMPTY, "'%s' is empty, expected %s", name,
                        expected);
    else
        fields_complain(f, at, RULES_E_SHAPE, "'%s' is %s, expected %s", name,
                        shape_of(at), expected);
    return -1;
}

static int wrong_type(struct fields *f, const struct yaml_node *at,
                      const struct schema_field *field)
{
    OWNED_BUF words = {0};
    value_words(field, &words);
    return wrong_shape(f, at, field->name, buf_text(&words));
}

/* --- values --- */

int fields_read_value(struct fields *f, const struct schema_field *field,
                      const struct yaml_node *node, void *at)
{
    struct err err = {0};
    if (node->kind != YAML_TEXT || nothing(node))
        return wrong_type(f, node, field);
    enum rules_code wrong = value_read(field, node, f->keep, at, &err);
    if (wrong == RULES_CODE_N)
        return 0;
    fields_complain(f, node, wrong, "%s", err.text);
    return -1;
}

/* Empties a list before it is read anew.  0, or -1 without memory. */
static int clear_list(struct fields *f, const struct schema_field *field, size_t n,
                      void *at)
{
    if (field->type == SCHEMA_LOOKS) {
        ((struct windows_rule *)at)->n_looks = 0;
    } else if (field->type == SCHEMA_SLOW) {
        ((struct windows_rule *)at)->n_slow = 0;
    } else if (field->type == SCHEMA_PASSES) {
        ((struct probing *)at)->n_pass = 0;
    } else if (field->type == SCHEMA_CHOICES) {
        memset(at, 0, sizeof(unsigned));
    } else if (field->type == SCHEMA_ADDRESSES) {
        struct mail_addresses *to = at;
        *to = (struct mail_addresses){.at = keep_alloc(f->keep, n * sizeof *to->at)};
        if (to->at == NULL)
            return -1;
    } else {
        struct matches *m = at;
        *m = (struct matches){.at = keep_alloc(f->keep, n * sizeof *m->at)};
        if (m->at == NULL)
            return -1;
    }
    return 0;
}

static int read_list(struct fields *f, const struct schema_field *field,
                     const struct yaml_node *node, void *at)
{
    const struct yaml_node *item = node->kind == YAML_LIST ? node->item : node;
    size_t n = node->kind == YAML_LIST ? node->n : 1;
    size_t most = value_most(field->type);
    size_t errors = f->c->errors;
    if (n > most || n == 0) {
        fields_complain(f, node, n == 0 ? RULES_E_EMPTY : RULES_E_MANY,
                        "'%s' has %zu entries, expected 1 to %zu", field->name, n,
                        most);
        return -1;
    }
    if (node->kind == YAML_MAP)
        return wrong_type(f, node, field);
    if (clear_list(f, field, n, at) < 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        fields_read_value(f, field, &item[i], at);
    return f->c->errors > errors ? -1 : 0;
}

static int read_labels(struct fields *f, const struct schema_field *field,
                       const struct yaml_node *node, void *at)
{
    struct schema_field value = {.name = "label", .type = SCHEMA_PATTERNS};
    bool labels = strcmp(field->name, "labels") == 0;
    struct scope_labels *l = at;
    int rc = 0;
    if (node->kind != YAML_MAP)
        return wrong_type(f, node, field);
    if (node->n > PATTERNS_MAX || node->n == 0) {
        fields_complain(f, node, node->n == 0 ? RULES_E_EMPTY : RULES_E_MANY,
                        "'%s' has %zu entries, expected 1 to %d", field->name, node->n,
                        PATTERNS_MAX);
        return -1;
    }
    *l = (struct scope_labels){.at = keep_alloc(f->keep, node->n * sizeof *l->at)};
    for (size_t i = 0; l->at != NULL && i < node->n; i++) {
        struct scope_label *one = &l->at[l->n++];
        one->key = node->key[i].text;
        if (!labels) /* names of another kind, such as owners */
            value.name = one->key;
        if (read_list(f, &value, &node->item[i], &one->value) < 0)
            rc = -1;
    }
    return l->at != NULL ? rc : -1;
}

/* --- maps --- */

/* NOLINTBEGIN(misc-no-recursion): along the table, which is a few maps deep */
static int read_field(struct fields *f, const struct schema_field *field,
                      const struct yaml_node *node, char *into);

/* The struct of a map that stands in a LIST or a TABLE. */
static int read_element(struct fields *f, const struct schema_field *field,
                        const struct yaml_node *key, const struct yaml_node *item,
                        void *element)
{
    static const struct schema_field key_field = {.type = SCHEMA_PATTERNS};
    const struct schema_map *map = field->map;
    if (key == NULL) {
        memcpy(element, &item, sizeof item); /* begins with its place */
        return fields_read(f, item, map, element);
    }
    struct matches one = {.at = element}; /* begins with its key */
    struct schema_field named = key_field;
    named.name = field->name;
    if (fields_read_value(f, &named, key, &one) < 0)
        return -1;
    return fields_read(f, item, map, element);
}

static int read_maps(struct fields *f, const struct schema_field *field,
                     const struct yaml_node *node, void *at)
{
    bool table = field->type == SCHEMA_TABLE;
    struct schema_list list = {0};
    int rc = 0;
    if (node->kind != (table ? YAML_MAP : YAML_LIST))
        return wrong_type(f, node, field);
    if (node->n > LIST_MAX) {
        fields_complain(f, node, RULES_E_MANY, "'%s' has %zu entries, at most %d",
                        field->name, node->n, LIST_MAX);
        return -1;
    }
    size_t size = field->map->size;
    list.at = keep_alloc(f->keep, (node->n + 1) * size);
    if (list.at == NULL)
        return -1;
    for (size_t i = 0; i < node->n; i++)
        if (read_element(f, field, table ? &node->key[i] : NULL, &node->item[i],
                         (char *)list.at + list.n++ * size) < 0)
            rc = -1;
    memcpy(at, &list, sizeof list);
    return rc;
}

static int read_field(struct fields *f, const struct schema_field *field,
                      const struct yaml_node *node, char *into)
{
    void *at = into + field->offset;
    switch (field->type) {
    case SCHEMA_MAP:
        return fields_read(f, node, field->map, at);
    case SCHEMA_LIST:
    case SCHEMA_TABLE:
        return read_maps(f, field, node, at);
    case SCHEMA_LABELS:
        return read_labels(f, field, node, at);
    case SCHEMA_NODE:
        memcpy(at, &node, sizeof node);
        return 0;
    default:
        return value_is_list(field->type) ? read_list(f, field, node, at)
                                          : fields_read_value(f, field, node, at);
    }
}

static bool allowed(const struct fields *f, const struct schema_field *field)
{
    return (field->flags & f->must) == f->must;
}

static int unknown_field(struct fields *f, const struct schema_map *map,
                         const struct yaml_node *key)
{
    const char *names[FIELD_NAMES_MAX + 1] = {NULL}, *near = NULL;
    OWNED_BUF all = {0};
    size_t n = 0;
    for (size_t i = 0; i < map->n && n < FIELD_NAMES_MAX; i++)
        if (allowed(f, &map->field[i])) {
            buf_addf(&all, "%s%s", n > 0 ? ", " : "", map->field[i].name);
            names[n++] = map->field[i].name;
        }
    if (f->c->n < COMPLAINTS_MAX) /* else nobody will read it */
        near = nearest_name(key->text, names);
    if (near != NULL)
        fields_complain(f, key, RULES_E_UNKNOWN,
                        "%s has no field '%.60s', did you mean '%s'?", map->what,
                        key->text, near);
    else
        fields_complain(f, key, RULES_E_UNKNOWN,
                        "%s has no field '%.60s', expected one of: %s", map->what,
                        key->text, buf_text(&all));
    return -1;
}

int fields_read(struct fields *f, const struct yaml_node *map,
                const struct schema_map *schema, void *into)
{
    int rc = 0;
    if (schema->has_set)
        memcpy(into, &(bool){true}, sizeof(bool));
    if (map->kind != YAML_MAP && !nothing(map))
        return wrong_shape(f, map, schema->what, "a map of fields");
    for (size_t i = 0; i < map->n; i++) {
        const struct schema_field *field = schema_find(schema, map->key[i].text);
        if (field == NULL || !allowed(f, field))
            rc = unknown_field(f, schema, &map->key[i]);
        else if (read_field(f, field, &map->item[i], into) < 0)
            rc = -1;
    }
    for (size_t i = 0; i < schema->n && f->must == 0; i++)
        if ((schema->field[i].flags & SCHEMA_REQUIRED) != 0 &&
            yaml_get(map, schema->field[i].name) == NULL) {
            OWNED_BUF words = {0};
            value_words(&schema->field[i], &words);
            fields_complain(f, map, RULES_E_MISSING, "%s lacks '%s', expected %s",
                            schema->what, schema->field[i].name, buf_text(&words));
            rc = -1;
        }
    return rc;
}

/* NOLINTEND(misc-no-recursion) */

int fields_read_path(struct fields *f, const struct yaml_node *key,
                     const struct yaml_node *value, const struct schema_map *schema,
                     void *into)
{
    const char *path = key->text;
    char *at = into;
    for (;;) {
        char name[PATH_MAX_BYTES];
        size_t n = strcspn(path, ".");
        if (n >= sizeof name)
            n = sizeof name - 1;
        memcpy(name, path, n);
        name[n] = '\0';
        const struct schema_field *field = schema_find(schema, name);
        if (schema->has_set)
            memcpy(at, &(bool){true}, sizeof(bool));
        if (field == NULL) {
            struct yaml_node part = *key;
            part.text = name;
            return unknown_field(f, schema, &part);
        }
        if (path[n] != '\0' && field->type != SCHEMA_MAP) {
            fields_complain(f, key, RULES_E_UNKNOWN,
                            "'%s' is a value and has no field '%.60s'", name,
                            path + n + 1);
            return -1;
        }
        if ((field->flags & SCHEMA_FIXED) != 0) {
            fields_complain(f, key, RULES_E_OVERRIDE_FIELD,
                            "'%s' cannot be overridden: it says what the rule is",
                            key->text);
            return -1;
        }
        if (path[n] == '\0')
            return read_field(f, field, value, at);
        at += field->offset;
        schema = field->map;
        path += n + 1;
    }
}

/* --- what is left out --- */

static void standard_of(const struct schema_field *field, char *at)
{
    const char *p = field->standard;
    for (bool more = true; more;) {
        char text[100];
        size_t n = value_is_list(field->type) ? strcspn(p, ",") : strlen(p);
        assert(n < sizeof text);
        memcpy(text, p, n);
        text[n] = '\0';
        const struct yaml_node node = {.kind = YAML_TEXT, .text = text};
        struct err err = {0};
        enum rules_code wrong = value_read(field, &node, NULL, at, &err);
        assert(wrong == RULES_CODE_N); /* our own text */
        (void)wrong;
        more = p[n] == ',';
        p += n + strspn(p + n, ", ");
    }
}

static void set_standard(const struct schema_seen *seen, void *arg)
{
    /* patterns need memory: rules/settle has theirs */
    if (seen->field->standard != NULL && seen->field->type != SCHEMA_PATTERNS)
        standard_of(seen->field, (char *)arg + seen->offset);
}

void fields_standard(const struct schema_map *schema, void *into)
{
    schema_each(schema, set_standard, into);
}

/* --- places --- */

const struct yaml_node *fields_node(const struct yaml_node *map, const char *path)
{
    while (map != NULL && *path != '\0') {
        const struct yaml_node *next = NULL;
        size_t n = strcspn(path, ".");
        for (size_t i = 0; map->kind == YAML_MAP && i < map->n; i++)
            if (strncmp(map->key[i].text, path, n) == 0 && map->key[i].text[n] == '\0')
                next = &map->item[i];
        map = next;
        path += n + (path[n] == '.');
    }
    return map;
}

const struct yaml_node *fields_place(const struct yaml_node *map, const char *path)
{
    char so_far[PATH_MAX_BYTES];
    size_t n = strlen(path);
    assert(n < sizeof so_far);
    memcpy(so_far, path, n + 1);
    for (;;) {
        const struct yaml_node *at = fields_node(map, so_far);
        if (at != NULL)
            return at;
        char *dot = strrchr(so_far, '.');
        if (dot == NULL)
            return map;
        *dot = '\0';
    }
}
