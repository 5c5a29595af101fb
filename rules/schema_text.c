/* rules/schema_text.c - the table written out in three forms.
 *
 * All walk the same list of maps, each once, in the order in which they are met.  No
 * state, any thread. */
#include "rules/schema_text.h"
#include "base/jsonw.h"
#include "rules/codes.h"
#include "rules/figures.h"
#include "rules/routing.h"
#include "rules/schema.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/* --- the maps, each once --- */

enum { MAPS_MAX = 40 };

struct maps {
    size_t n;
    const struct schema_map *at[MAPS_MAX];
};

static void add_map(struct maps *m, const struct schema_map *map)
{
    if (map == NULL)
        return;
    for (size_t i = 0; i < m->n; i++)
        if (m->at[i] == map)
            return;
    assert(m->n < MAPS_MAX);
    m->at[m->n++] = map;
}

static struct maps all_maps(const struct schema_map *root)
{
    struct maps m = {0};
    add_map(&m, root);
    for (size_t i = 0; i < m.n; i++)
        for (size_t k = 0; k < m.at[i]->n; k++)
            add_map(&m, m.at[i]->field[k].map);
    return m;
}

/* What `defaults` allows of a rule, and everything else of the others. */
static bool is_shown(const struct schema_map *map, const struct schema_field *f)
{
    return map != &schema_defaults || (f->flags & SCHEMA_SHARED) != 0;
}

/* --- JSON Schema --- */

static void json_enum(const struct schema_field *f, struct buf *to)
{
    const char *between = "";
    buf_add(to, "\"enum\": [");
    for (size_t i = 0; f->choices[i] != NULL; i++)
        if (f->choices[i][0] != '\0') {
            buf_add(to, between);
            json_quote(to, f->choices[i]);
            between = ", ";
        }
    buf_add_ch(to, ']');
}

static void json_ref(const struct schema_map *map, struct buf *to)
{
    if (map == NULL)
        buf_add(to, "\"type\": \"object\"");
    else
        buf_addf(to, "\"$ref\": \"#/$defs/%s\"", map->name);
}

static void json_maps(const struct schema_map *map, bool list, struct buf *to)
{
    buf_add(to, list ? "\"type\": \"array\", \"items\": {"
                     : "\"type\": \"object\", \"additionalProperties\": {");
    json_ref(map, to);
    buf_add_ch(to, '}');
}

static void json_type(const struct schema_field *f, struct buf *to)
{
    switch (f->type) {
    case SCHEMA_MAP:
        json_ref(f->map, to);
        break;
    case SCHEMA_LIST:
    case SCHEMA_TABLE:
        json_maps(f->map, f->type == SCHEMA_LIST, to);
        break;
    case SCHEMA_NODE:
        if (f->map != NULL && (f->map->list || f->map->keyed))
            json_maps(f->map, f->map->list, to);
        else
            json_ref(f->map, to);
        break;
    case SCHEMA_LABELS:
        buf_addf(to, "\"type\": \"object\", \"additionalProperties\": {%s}",
                 schema_json_of(SCHEMA_PATTERNS));
        break;
    case SCHEMA_CHOICE:
        json_enum(f, to);
        break;
    case SCHEMA_CHOICES:
        buf_add(to, "\"anyOf\": [{");
        json_enum(f, to);
        buf_add(to, "}, {\"type\": \"array\", \"items\": {");
        json_enum(f, to);
        buf_add(to, "}}]");
        break;
    default:
        buf_add(to, schema_json_of(f->type));
    }
}

/* What the field is for, its default, and with which subjects it goes. */
static void describe(const struct schema_field *f, struct buf *to)
{
    buf_add(to, f->help);
    if (f->standard != NULL)
        buf_addf(to, "; %s unless said", f->standard);
    if (f->only != 0) {
        buf_add(to, "; with ");
        schema_subjects(f->only, to);
    }
}

static void json_field(const struct schema_field *f, struct buf *to)
{
    OWNED_BUF words = {0};
    buf_add(to, "        ");
    json_quote(to, f->name);
    buf_add(to, ": {");
    json_type(f, to);
    describe(f, &words);
    buf_add(to, ",\n          \"description\": ");
    json_quote(to, buf_text(&words));
    buf_add_ch(to, '}');
}

static void json_required(const struct schema_map *map, struct buf *to)
{
    const char *between = "      \"required\": [";
    for (size_t i = 0; i < map->n && map != &schema_defaults; i++)
        if ((map->field[i].flags & SCHEMA_REQUIRED) != 0) {
            buf_addf(to, "%s\"%s\"", between, map->field[i].name);
            between = ", ";
        }
    buf_add(to, between[0] == ',' ? "],\n" : "");
}

static void json_map(const struct schema_map *map, struct buf *to)
{
    const char *between = "";
    buf_add(to, "    ");
    json_quote(to, map->name);
    buf_add(to, ": {\n      \"type\": \"object\",\n      \"description\": ");
    json_quote(to, map->help);
    buf_add(to, ",\n      \"additionalProperties\": false,\n");
    json_required(map, to);
    buf_add(to, "      \"properties\": {\n");
    for (size_t i = 0; i < map->n; i++)
        if (is_shown(map, &map->field[i])) {
            buf_add(to, between);
            json_field(&map->field[i], to);
            between = ",\n";
        }
    buf_add(to, "\n      }\n    }");
}

static void write_json(const struct schema_map *root, struct buf *to)
{
    struct maps m = all_maps(root);
    buf_addf(to,
             "{\n"
             "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
             "  \"title\": \"aftercheck %s\",\n"
             "  \"$ref\": \"#/$defs/file\",\n"
             "  \"$defs\": {\n",
             root->what);
    for (size_t i = 0; i < m.n; i++) {
        json_map(m.at[i], to);
        buf_add(to, i + 1 < m.n ? ",\n" : "\n");
    }
    buf_add(to, "  }\n}\n");
}

void schema_write_json(struct buf *to)
{
    write_json(&schema_file, to);
}

void schema_write_routing_json(struct buf *to)
{
    write_json(&schema_routing, to);
}

/* --- words that both manuals use --- */

/* "a text", "one of up, down", "on, see below". */
static void say_type(const struct schema_field *f, struct buf *to)
{
    if (f->choices != NULL) {
        const char *between = f->type == SCHEMA_CHOICES ? "one or more of " : "one of ";
        for (size_t i = 0; f->choices[i] != NULL; i++)
            if (f->choices[i][0] != '\0') {
                buf_addf(to, "%s%s", between, f->choices[i]);
                between = ", ";
            }
        return;
    }
    if (f->map == NULL) {
        buf_add(to, schema_words(f->type));
        return;
    }
    bool list = f->type == SCHEMA_LIST || f->map->list;
    bool table = f->type == SCHEMA_TABLE || f->map->keyed;
    if (table)
        buf_addf(to, "a map from %s to maps (%s)", f->map->key, f->map->name);
    else
        buf_addf(to, "%s (%s)", list ? "a list of maps" : "a map", f->map->name);
}

struct names {
    const char *title;
    enum subject subject;
    enum measure measure;
};
static const struct names conditions[] = {
    {"series, and of calls with latency (in milliseconds)", SUBJECT_SERIES,
     MEASURE_FAIL_SHARE},
    {"calls with any other measure", SUBJECT_CALLS, MEASURE_FAIL_SHARE},
};

/* --- Markdown --- */

static void markdown_map(const struct schema_map *map, struct buf *to)
{
    buf_addf(to, "### %s\n\n%s\n\n| field | value | what |\n|---|---|---|\n", map->name,
             map->help);
    for (size_t i = 0; i < map->n; i++) {
        const struct schema_field *f = &map->field[i];
        if (!is_shown(map, f))
            continue;
        bool must = (f->flags & SCHEMA_REQUIRED) != 0 && map != &schema_defaults;
        buf_addf(to, "| `%s`%s | ", f->name, must ? " (required)" : "");
        say_type(f, to);
        buf_add(to, " | ");
        describe(f, to);
        buf_add(to, " |\n");
    }
    buf_add_ch(to, '\n');
}

static void markdown_maps(const struct schema_map *root, struct buf *to)
{
    struct maps m = all_maps(root);
    for (size_t i = 0; i < m.n; i++)
        markdown_map(m.at[i], to);
}

void schema_write_routing_markdown(struct buf *to)
{
    markdown_maps(&schema_routing, to);
}

void schema_write_markdown(struct buf *to)
{
    markdown_maps(&schema_file, to);
    buf_add(to, "### Names in conditions\n\n");
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        size_t n;
        const struct condition_name *name =
            figures_of(conditions[i].subject, conditions[i].measure, &n);
        buf_addf(to, "Of %s:\n\n| name | what |\n|---|---|\n", conditions[i].title);
        for (size_t k = 0; k < n; k++)
            buf_addf(to, "| `%s` | %s |\n", name[k].name, name[k].help);
        buf_add_ch(to, '\n');
    }
    buf_add(to, "### Codes of complaints\n\n| code | what is wrong |\n|---|---|\n");
    for (int i = 0; i < RULES_CODE_N; i++)
        buf_addf(to, "| %s | %s |\n", rules_code((enum rules_code)i),
                 rules_code_help((enum rules_code)i));
}

/* --- the manual page --- */

/* A text within roff: a backslash, and a dot or quote that begins a line, mean
 * something. */
static void man_text(const char *text, struct buf *to)
{
    if (*text == '.' || *text == '\'')
        buf_add(to, "\\&");
    for (; *text != '\0'; text++)
        if (*text == '\\')
            buf_add(to, "\\e");
        else if (*text == '-')
            buf_add(to, "\\-");
        else
            buf_add_ch(to, *text);
}

static void man_item(const char *name, const char *more, const char *words,
                     struct buf *to)
{
    buf_add(to, ".TP\n.B ");
    man_text(name, to);
    buf_addf(to, "\n");
    if (more != NULL) {
        man_text(more, to);
        buf_add(to, ":\n");
    }
    man_text(words, to);
    buf_add_ch(to, '\n');
}

static void man_map(const struct schema_map *map, struct buf *to)
{
    buf_add(to, ".SS ");
    man_text(map->name, to);
    buf_add_ch(to, '\n');
    man_text(map->help, to);
    buf_add_ch(to, '\n');
    for (size_t i = 0; i < map->n; i++) {
        const struct schema_field *f = &map->field[i];
        OWNED_BUF type = {0}, words = {0};
        if (!is_shown(map, f))
            continue;
        say_type(f, &type);
        if ((f->flags & SCHEMA_REQUIRED) != 0 && map != &schema_defaults)
            buf_add(&type, ", required");
        describe(f, &words);
        man_item(f->name, buf_text(&type), buf_text(&words), to);
    }
}

static const char man_head[] =
    ".\\\" made by aftercheck rules schema --format man\n"
    ".TH RULES 5 \"\" aftercheck\n"
    ".SH NAME\n"
    "rules \\- what aftercheck counts as worse after a change\n"
    ".SH DESCRIPTION\n"
    "Rules are YAML files, one pack a folder; files that end in\n"
    ".I _test.yml\n"
    "hold their tests.  A file is at most 1 MiB, one document, without anchors,\n"
    "aliases, tags, merge keys, repeated keys and tabs.  Every value is what its "
    "field\n"
    "says:\n"
    ".B no\n"
    "is a text for a title and a mistake for a flag.\n"
    ".PP\n"
    "Of several rules that fit a figure, the best fit speaks: an exact name before\n"
    "globs and expressions, then by the letters that all names that fit have; the\n"
    "first of equals.  A name between slashes is a regular expression.\n"
    ".SH FIELDS\n";

static void man_conditions(struct buf *to)
{
    buf_add(to,
            ".SH CONDITIONS\n"
            "Comparisons of numbers, joined by\n"
            ".BR and ,\n"
            ".B or\n"
            "and\n"
            ".BR not ,\n"
            "with + \\- * / min max abs and the names below.  Numbers may have units.\n"
            "What is unknown makes a comparison unknown, and no finding.\n");
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++) {
        size_t n;
        const struct condition_name *name =
            figures_of(conditions[i].subject, conditions[i].measure, &n);
        buf_addf(to, ".SS Names for %s\n", conditions[i].title);
        for (size_t k = 0; k < n; k++)
            man_item(name[k].name, NULL, name[k].help, to);
    }
}

static void man_maps(const struct schema_map *root, struct buf *to)
{
    struct maps m = all_maps(root);
    for (size_t i = 0; i < m.n; i++)
        man_map(m.at[i], to);
}

static const char routing_man_head[] =
    ".\\\" made by aftercheck rules schema --of routing --format man\n"
    ".TH AFTERCHECK-ROUTING 5 \"\" aftercheck\n"
    ".SH NAME\n"
    "aftercheck-routing \\- who is told of which changes\n"
    ".SH DESCRIPTION\n"
    "The routing file is one YAML file, named by\n"
    ".B routing:\n"
    "in the configuration of\n"
    ".BR aftercheckd ,\n"
    "in the language of\n"
    ".BR rules (5)\n"
    "and under the same bounds.  It is read anew when it changes; while it has a\n"
    "mistake, the one before stays in force.\n"
    ".PP\n"
    "Of several owners whose services fit, the best fit counts, the first of equals.\n"
    "An audience without matchers is told of every change.\n"
    ".SH FIELDS\n";

void schema_write_routing_man(struct buf *to)
{
    buf_add(to, routing_man_head);
    man_maps(&schema_routing, to);
    buf_add(to, ".SH SEE ALSO\n.BR aftercheck (1),\n.BR rules (5)\n");
}

void schema_write_man(struct buf *to)
{
    buf_add(to, man_head);
    man_maps(&schema_file, to);
    man_conditions(to);
    buf_add(to, ".SH CODES\n");
    for (int i = 0; i < RULES_CODE_N; i++)
        man_item(rules_code((enum rules_code)i), NULL,
                 rules_code_help((enum rules_code)i), to);
    buf_add(to, ".SH SEE ALSO\n.BR aftercheck (1)\n");
}
