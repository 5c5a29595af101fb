/* programs/records_part.h - what the files of programs/records.h share. */
#ifndef PROGRAMS_RECORDS_PART_H
#define PROGRAMS_RECORDS_PART_H

#include "base/json.h"
#include "programs/records.h"

/* Writes records as JSON lists, piece after piece.  Begins with `to` only. */
struct json_list {
    struct pieces *to;
    size_t in_piece;
};
int json_list_add(struct json_list *l, const char *record, struct err *err);
void json_list_end(struct json_list *l);

/* Reads one record, a list, or one a line; `take` gives each as JSON that will be
 * freed.
 */
int records_json(const char *text, size_t n,
                 int (*take)(const struct json_at *record, void *arg, char **ret,
                             struct err *err),
                 void *arg, struct pieces *ret, struct err *err);

/* The record with those members that it lacks; NULL when memory is short. */
struct member {
    const char *name, *json; /* json NULL: not to be added */
};
char *json_with(const struct json_at *record, const struct member *add, size_t n);

#endif
