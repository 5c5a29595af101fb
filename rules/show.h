/* rules/show.h - rules as they are in force, each value with where it comes from. */
#ifndef RULES_SHOW_H
#define RULES_SHOW_H

#include "base/buf.h"
#include "rules/ruleset.h"

/* Adds a rule: a line with its id, title and place, then a line for each field that is
 * set: its path, its value as written and the file and line it stands in, or the
 * defaults, override or standard it comes from. */
void show_rule(const struct rule *r, struct buf *to);

/* The same, each field by itself: path, value, whence. */
void show_each(const struct rule *r,
               void (*each)(const char *path, const char *value, const char *whence,
                            void *arg),
               void *arg);

/* The windows for a kind of change of a service (NULL: none), each by itself. */
void show_each_window(const struct ruleset *rs, enum change_kind kind,
                      const char *service,
                      void (*each)(const char *path, const char *value,
                                   const char *whence, void *arg),
                      void *arg);

/* A value as written, in one line, as it would stand in brackets. */
void show_value(const struct yaml_node *v, struct buf *to);

/* Adds the windows for a kind of change of a service (NULL: none) in the same way. */
void show_windows(const struct ruleset *rs, enum change_kind kind, const char *service,
                  struct buf *to);

#endif
