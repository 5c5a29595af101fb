/* rules/window.h - the windows of all files of a pack put together.
 *
 * Whatever their order: first the default, then the kinds, which take from it what they
 * leave out, then the services, which take from the kinds. */
#ifndef RULES_WINDOW_H
#define RULES_WINDOW_H

#include "rules/fields.h"

/* Where a kind's windows were set. */
struct window_places {
    const struct yaml_node *general[CHANGE_KIND_N + 1]; /* the last: default */
    const struct rule_file *general_in[CHANGE_KIND_N + 1];
};

/* Windows for the services that fit. */
struct service_windows {
    struct match service;
    const struct yaml_node *at; /* the map of kinds */
    const struct rule_file *from;
    struct windows_rule windows[CHANGE_KIND_N];
};

struct windows_all {
    struct windows_rule general[CHANGE_KIND_N];
    size_t n;
    struct service_windows *service;
    struct window_places places;
};

/* Reads the `windows` of `n` files; complains with the file each stands in (`f->doc` is
 * set anew). */
void windows_read(struct fields *f, const struct rule_file *file, size_t n,
                  struct windows_all *ret_all);

/* What holds for a kind of change of a service (NULL: none): of the services' windows
 * the best fit, the first of equals. */
const struct windows_rule *windows_for(const struct windows_all *all,
                                       enum change_kind kind, const char *service);

/* The node that set a field of these windows, such as "settle"; NULL: the language's
 * standard.  *ret_from is its file. */
const struct yaml_node *windows_source(const struct windows_all *all,
                                       enum change_kind kind, const char *service,
                                       const char *field,
                                       const struct rule_file **ret_from);

#endif
