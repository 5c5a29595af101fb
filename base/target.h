/* base/target.h - what a request line asks for: the path's parts and the query's
 * values, decoded. */
#ifndef BASE_TARGET_H
#define BASE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum { TARGET_PARTS_MAX = 16, TARGET_PARAMS_MAX = 4 };

struct target {
    const char *path; /* as sent, without the query */
    /* Decoded, in order; "/" has one empty part, and so has what lies between two
     * slashes.  TARGET_PARTS_MAX + 1 of them means: more than can match. */
    const char *part[TARGET_PARTS_MAX + 1];
    unsigned parts;
    const char *query, *query_end; /* name NUL value NUL, again and again, decoded */
};

/* The bytes that a URI of `n` bytes needs for itself in target_read. */
size_t target_room(size_t n);

/* Takes `uri` apart into `room`, which must live as long as *t.  NULL when it is fine,
 * else what is wrong, in words: a path that does not begin with '/', spaces or control
 * characters, a '%' without two hex digits, an encoded NUL. */
const char *target_read(struct target *t, const char *uri, char *room);

/* Is the path of the form of `pattern`, such as "/v1/changes/{id}/verdict"?  Then the
 * parts that stand in braces are in `params`, in order. */
bool target_matches(const struct target *t, const char *pattern,
                    const char *params[TARGET_PARAMS_MAX]);

/* The value of the first `name`, "" for a bare name; NULL: absent. */
const char *target_query(const struct target *t, const char *name);

#endif
