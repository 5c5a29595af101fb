/* rules/reader.c - reads rule files by the language's table.
 *
 * A rule begins as the language's standards with its file's defaults over them; its own
 * fields go over that.  Rules with mistakes are kept as long as their id can be read,
 * so that what names them is not told to be unknown.  One thread at a time. */
#include "rules/reader.h"
#include "rules/settle.h"

#include <stdlib.h>
#include <string.h>

enum { OVERRIDES_MAX = 10000 };

/* Room for one more in an array that doubles; NULL without memory. */
static void *grow(struct reader *rd, void *at, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return at;
    size_t more = *cap > 0 ? *cap * 2 : 16;
    void *new = realloc(at, more * size);
    if (new == NULL) {
        rd->failed = true;
        return NULL;
    }
    *cap = more;
    return new;
}

static void read_rule(struct reader *rd, struct fields *f, const struct rule_file *file,
                      const struct rule *first, const struct yaml_node *map)
{
    struct rule r = *first;
    r.map = map;
    r.from = file;
    r.file = file->path;
    fields_read(f, map, &schema_rule, &r);
    if (r.id == NULL)
        return;
    r.line = fields_place(map, "id")->line;
    rule_settle(f, map, &r);
    if (rd->n == RULES_MAX) {
        fields_complain(f, map, RULES_E_MANY, "more than %d rules", RULES_MAX);
        return;
    }
    struct rule *more = grow(rd, rd->rule, rd->n, &rd->cap, sizeof *more);
    if (more == NULL)
        return;
    rd->rule = more;
    rd->rule[rd->n++] = r;
}

static void read_override(struct reader *rd, struct fields *f,
                          const struct rule_file *file, const struct yaml_node *map)
{
    struct rule_override o = {.at = map, .from = file};
    if (fields_read(f, map, &schema_override, &o) < 0)
        return;
    if (o.scope.host.n > 0)
        fields_complain(f, fields_place(map, "scope.host"), RULES_E_OVERRIDE_FIELD,
                        "an override is for services, not for hosts: expected service, "
                        "kinds or labels");
    if (rd->n_overrides == OVERRIDES_MAX) {
        fields_complain(f, map, RULES_E_MANY, "more than %d overrides", OVERRIDES_MAX);
        return;
    }
    struct rule_override *more =
        grow(rd, rd->override, rd->n_overrides, &rd->cap_overrides, sizeof *more);
    if (more == NULL)
        return;
    rd->override = more;
    rd->override[rd->n_overrides++] = o;
}

/* Defaults may hold what does not go with every rule's subject, so only their values
 * are checked here. */
static void begin_rule(struct fields *f, const struct rule_file *file, struct rule *r)
{
    *r = (struct rule){0};
    fields_standard(&schema_rule, r);
    if (file->defaults != NULL) {
        f->must = SCHEMA_SHARED;
        fields_read(f, file->defaults, &schema_defaults, r);
        f->must = 0;
    }
    if (r->owner == NULL)
        r->owner = file->owner;
}

static bool is_list(struct fields *f, const struct yaml_node *node, const char *name)
{
    if (node == NULL || node->kind == YAML_LIST)
        return node != NULL;
    fields_complain(f, node, RULES_E_SHAPE, "'%s' must be a list, each begun with '-'",
                    name);
    return false;
}

void reader_take(struct reader *rd, struct rule_file *file)
{
    struct fields f = {.doc = file->doc, .c = rd->c, .keep = rd->keep};
    const struct yaml_node *root = yaml_root(file->doc);
    struct rule first;
    fields_read(&f, root, &schema_file, file);
    if (file->format != 1 && file->format != 0) {
        fields_complain(&f, fields_place(root, "format"), RULES_E_FORMAT,
                        "format is %d, this program reads format 1", file->format);
        return; /* all else may mean something else */
    }
    begin_rule(&f, file, &first);
    if (is_list(&f, file->rules, "rules"))
        for (size_t i = 0; i < file->rules->n; i++)
            read_rule(rd, &f, file, &first, &file->rules->item[i]);
    if (is_list(&f, file->overrides, "overrides"))
        for (size_t i = 0; i < file->overrides->n; i++)
            read_override(rd, &f, file, &file->overrides->item[i]);
}

static int by_id(const void *x, const void *y)
{
    const struct rule *a = *(const struct rule *const *)x;
    const struct rule *b = *(const struct rule *const *)y;
    int d = strcmp(a->id, b->id);
    return d != 0 ? d : a < b ? -1 : a > b;
}

void reader_check_ids(struct reader *rd)
{
    const struct rule **by = calloc(rd->n + 1, sizeof *by);
    if (by == NULL) {
        rd->failed = true;
        return;
    }
    for (size_t i = 0; i < rd->n; i++)
        by[i] = &rd->rule[i];
    if (rd->n > 1)
        qsort(by, rd->n, sizeof *by, by_id);
    for (size_t i = 1; i < rd->n; i++)
        if (strcmp(by[i]->id, by[i - 1]->id) == 0) {
            struct fields f = {.doc = by[i]->from->doc, .c = rd->c, .keep = rd->keep};
            fields_complain(&f, fields_place(by[i]->map, "id"), RULES_E_TWICE,
                            "id '%s' is taken already by %s:%u", by[i]->id,
                            by[i - 1]->file, by[i - 1]->line);
        }
    free(by);
}
