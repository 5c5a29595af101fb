/* rules/window.c - windows by kind and by service.  One thread at a time; what has been
 * read is only asked, by any thread. */
#include "rules/window.h"

#include <assert.h>
#include <string.h>

enum { SERVICES_MAX = 1000 };

static void check_looks(struct fields *f, const struct yaml_node *map,
                        const struct windows_rule *w)
{
    char look[SPAN_TEXT_MAX], other[SPAN_TEXT_MAX];
    const struct yaml_node *at = fields_place(map, "looks");
    for (size_t i = 1; i < w->n_looks; i++)
        if (w->looks[i].ms <= w->looks[i - 1].ms)
            fields_complain(
                f, at->kind == YAML_LIST ? &at->item[i] : at, RULES_E_WINDOWS,
                "look %s is not longer than the one before it, %s",
                span_text(w->looks[i], look), span_text(w->looks[i - 1], other));
    at = fields_place(map, "slow");
    for (size_t i = 0; at->kind == YAML_LIST && at->n > 1 && i < at->n; i++)
        if (at->item[i].kind == YAML_TEXT && strcmp(at->item[i].text, "off") == 0)
            fields_complain(f, &at->item[i], RULES_E_WINDOWS,
                            "off stands alone, expected lengths of time or off");
    for (size_t i = 0; i < w->n_slow; i++) {
        span last = i > 0 ? w->slow[i - 1] : w->looks[w->n_looks - 1];
        if (w->slow[i].ms <= last.ms)
            fields_complain(f, at->kind == YAML_LIST && at->n > i ? &at->item[i] : at,
                            RULES_E_WINDOWS,
                            "slow look %s is not longer than the %s before it, %s",
                            span_text(w->slow[i], look), i > 0 ? "one" : "last look",
                            span_text(last, other));
    }
    if (w->looks[0].ms <= w->settle.ms)
        fields_complain(f, fields_place(map, "settle"), RULES_E_WINDOWS,
                        "the first look (%s) must be longer than settle (%s), or "
                        "nothing is left to compare",
                        span_text(w->looks[0], look), span_text(w->settle, other));
}

static void read_kind(struct fields *f, const struct yaml_node *map,
                      struct windows_rule *w)
{
    struct windows_rule new = *w;
    if (fields_read(f, map, &schema_window, &new) < 0)
        return;
    check_looks(f, map, &new);
    *w = new;
}

/* CHANGE_KIND_N for "default"; -1: no kind. */
static int kind_of(const char *key)
{
    if (strcmp(key, "default") == 0)
        return CHANGE_KIND_N;
    enum change_kind kind = change_kind_of(key);
    return kind == CHANGE_KIND_N ? -1 : (int)kind;
}

/* Takes the node of one kind, which may be there once. */
static void take_kind(struct fields *f, const struct rule_file *file,
                      const struct yaml_node *key, const struct yaml_node *item,
                      struct window_places *p)
{
    int kind = kind_of(key->text);
    if (kind < 0)
        return; /* told by check_keys */
    if (p->general[kind] != NULL) {
        fields_complain(f, key, RULES_E_AGAIN, "windows of %s are set already in %s:%u",
                        key->text, p->general_in[kind]->path, p->general[kind]->line);
        return;
    }
    p->general[kind] = item;
    p->general_in[kind] = file;
}

/* Complains about keys that are no kinds; `services` is one of the general map. */
static void check_keys(struct fields *f, const struct yaml_node *map,
                       const struct schema_map *schema)
{
    struct {
        const struct yaml_node *node[CHANGE_KIND_N + 2];
    } unused;
    struct schema_field field[CHANGE_KIND_N + 2];
    struct schema_map nodes = *schema;
    assert(schema->n <= sizeof field / sizeof *field);
    memcpy(field, schema->field, schema->n * sizeof *field);
    for (size_t i = 0; i < schema->n; i++)
        field[i].offset = i * sizeof *unused.node;
    nodes.field = field;
    fields_read(f, map, &nodes, &unused);
}

static void take_services(struct fields *f, const struct rule_file *file,
                          const struct yaml_node *map, struct windows_all *all)
{
    static const struct schema_field key = {.name = "services",
                                            .type = SCHEMA_PATTERNS};
    if (map->kind != YAML_MAP) {
        fields_complain(f, map, RULES_E_SHAPE,
                        "'services' must be a map from globs to "
                        "windows by kind");
        return;
    }
    for (size_t i = 0; i < map->n; i++) {
        struct matches one = {0};
        if (all->n == SERVICES_MAX) {
            fields_complain(f, &map->key[i], RULES_E_MANY,
                            "windows for more than %d services", SERVICES_MAX);
            return;
        }
        struct service_windows *s = &all->service[all->n];
        one.at = &s->service;
        if (fields_read_value(f, &key, &map->key[i], &one) < 0)
            continue;
        s->at = &map->item[i];
        s->from = file;
        all->n++;
    }
}

/* One kind of a map of kinds, over what is there. */
static void read_of(struct fields *f, const struct yaml_node *map, const char *key,
                    struct windows_rule *w)
{
    const struct yaml_node *item = yaml_get(map, key);
    if (item != NULL)
        read_kind(f, item, w);
}

static void read_services(struct fields *f, struct windows_all *all)
{
    const struct schema_map *schema = schema_find(&schema_windows, "services")->map;
    for (size_t i = 0; i < all->n; i++) {
        struct service_windows *s = &all->service[i];
        f->doc = s->from->doc;
        memcpy(s->windows, all->general, sizeof s->windows);
        for (size_t k = 0; k < i; k++)
            if (strcmp(all->service[k].service.text, s->service.text) == 0)
                fields_complain(f, s->at, RULES_E_AGAIN,
                                "windows of services %s are set already in %s:%u",
                                s->service.text, all->service[k].from->path,
                                all->service[k].at->line);
        check_keys(f, s->at, schema);
        for (int k = 0; k < CHANGE_KIND_N; k++) {
            struct complaints unheard = {0}; /* the default is told once */
            struct complaints *c = f->c;
            f->c = k > 0 ? &unheard : c;
            read_of(f, s->at, "default", &s->windows[k]);
            f->c = c;
            complaints_free(&unheard);
            read_of(f, s->at, change_kind_name((enum change_kind)k), &s->windows[k]);
        }
    }
}

static void read_general(struct fields *f, struct windows_all *all)
{
    struct windows_rule first = {0};
    const struct window_places *p = &all->places;
    fields_standard(&schema_window, &first);
    if (p->general[CHANGE_KIND_N] != NULL) {
        f->doc = p->general_in[CHANGE_KIND_N]->doc;
        read_kind(f, p->general[CHANGE_KIND_N], &first);
    }
    for (int k = 0; k < CHANGE_KIND_N; k++) {
        all->general[k] = first;
        if (p->general[k] == NULL)
            continue;
        f->doc = p->general_in[k]->doc;
        read_kind(f, p->general[k], &all->general[k]);
    }
}

/* How many services there can be: files are at most a megabyte. */
static size_t count_services(const struct rule_file *file, size_t n)
{
    size_t services = 0;
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *map =
            file[i].windows != NULL ? yaml_get(file[i].windows, "services") : NULL;
        services += map != NULL ? map->n : 0;
    }
    return services < SERVICES_MAX ? services : SERVICES_MAX;
}

void windows_read(struct fields *f, const struct rule_file *file, size_t n,
                  struct windows_all *ret_all)
{
    *ret_all = (struct windows_all){0};
    ret_all->service =
        keep_alloc(f->keep, (count_services(file, n) + 1) * sizeof *ret_all->service);
    if (ret_all->service == NULL)
        return;
    for (size_t i = 0; i < n; i++) {
        const struct yaml_node *map = file[i].windows;
        f->doc = file[i].doc;
        if (map == NULL)
            continue;
        check_keys(f, map, &schema_windows);
        if (map->kind != YAML_MAP)
            continue;
        for (size_t k = 0; k < map->n; k++)
            if (strcmp(map->key[k].text, "services") == 0)
                take_services(f, &file[i], &map->item[k], ret_all);
            else
                take_kind(f, &file[i], &map->key[k], &map->item[k], &ret_all->places);
    }
    read_general(f, ret_all);
    read_services(f, ret_all);
}

static const struct service_windows *service_of(const struct windows_all *all,
                                                const char *service)
{
    const struct service_windows *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; service != NULL && i < all->n; i++) {
        int fit = match_fit(&all->service[i].service, service);
        if (fit > best_fit) {
            best = &all->service[i];
            best_fit = fit;
        }
    }
    return best;
}

const struct windows_rule *windows_for(const struct windows_all *all,
                                       enum change_kind kind, const char *service)
{
    const struct service_windows *s = service_of(all, service);
    return s != NULL ? &s->windows[kind] : &all->general[kind];
}

const struct yaml_node *windows_source(const struct windows_all *all,
                                       enum change_kind kind, const char *service,
                                       const char *field,
                                       const struct rule_file **ret_from)
{
    const struct service_windows *s = service_of(all, service);
    const struct window_places *p = &all->places;
    const struct yaml_node *map[] = {s != NULL ? yaml_get(s->at, change_kind_name(kind))
                                               : NULL,
                                     s != NULL ? yaml_get(s->at, "default") : NULL,
                                     p->general[kind], p->general[CHANGE_KIND_N]};
    const struct rule_file *from[] = {s != NULL ? s->from : NULL,
                                      s != NULL ? s->from : NULL, p->general_in[kind],
                                      p->general_in[CHANGE_KIND_N]};
    for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
        const struct yaml_node *at = map[i] != NULL ? yaml_get(map[i], field) : NULL;
        if (at != NULL) {
            *ret_from = from[i];
            return at;
        }
    }
    *ret_from = NULL;
    return NULL;
}
