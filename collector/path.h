/* collector/path.h - names with dots, as Graphite and StatsD have them, taken apart.
 *
 * A template says what the parts of a path are.  "FILTER TEMPLATE": the filter is a
 * glob of whole paths, the template has a word for each part: `host`, `service`,
 * `metric` (several are joined with dots), `metric*` (this part and all behind it; the
 * last word), `_` (of no interest); any other word is the key of a tag.  The first
 * template whose filter fits is taken; parts behind the template's last word belong to
 * the metric.
 *
 *     "collectd.* _.host.metric*"   collectd.h1.load.load -> metric load.load of h1
 *     "apps.* _.service.host.metric*"
 *
 * Behind the path may stand tags as Graphite has them, ";key=value". */
#ifndef COLLECTOR_PATH_H
#define COLLECTOR_PATH_H

#include "base/err.h"
#include "base/names.h"
#include "collector/intake.h"
#include "collector/tags.h"

#include <stddef.h>

enum { PATH_PARTS_MAX = 32, PATH_TAGS_MAX = 32, PATH_BYTES_MAX = 1024 };

struct paths; /* templates, ready for use; any number of threads may read them */

/* `texts` may be empty.  NULL and *err, which names the template, when one is wrong. */
struct paths *paths_new(const char *const *texts, size_t n, struct err *err);
void paths_free(struct paths **p);

/* A series' name taken apart; the texts lie in `room`. */
struct path_parts {
    size_t n_tags;
    struct tag tag[PATH_TAGS_MAX];
    const char *metric;
    char room[2 * PATH_BYTES_MAX];
};

/* Takes `n` bytes apart; a path that no template fits is a metric as a whole.  DROP_N:
 * all is well; else *err says what is wrong. */
enum drop paths_read(const struct paths *p, const char *path, size_t n,
                     struct path_parts *ret, struct err *err);

/* Adds a tag to parts that were read; false when there is no room. */
bool path_parts_add(struct path_parts *parts, char *key, char *value);

/* The entity that the tags name, and the metric's name with the tags left over; DROP_N
 * or why not. */
enum drop path_parts_name(struct path_parts *parts, const struct entity_tags *tags,
                          struct entity *ret_who, char name[NAME_BYTES_MAX + 1],
                          struct err *err);

#endif
