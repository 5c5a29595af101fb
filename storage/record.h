/* storage/record.h - what all records that come in as JSON read the same way: changes,
 * coredumps, alarms, runs of tests.
 *
 * Complaints name the field and the place.  `now` is the clock that times are bounded
 * by; none, as in replay: any time is taken, but must be given. */
#ifndef STORAGE_RECORD_H
#define STORAGE_RECORD_H

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum { RECORD_PAST_DAYS_MAX = 30, RECORD_FUTURE_MINUTES_MAX = 10 };

/* Within those bounds. */
bool record_is_near(instant at, instant now);
/* Member `key` as a time; *ret_at is left alone when it is absent. */
int record_time(const struct json_at *v, const char *key, instant now, instant *ret_at,
                struct err *err);
/* Member "time" of what is called `what` ("a recorded coredump"); `now` stands in. */
int record_own_time(const struct json_at *v, const char *what, instant now,
                    instant *ret_at, struct err *err);

/* A text of a record, in a table of them. */
struct record_text {
    const char *name;
    int (*check)(const char *, size_t, struct err *);
    bool required;
    size_t most;   /* longer ones are cut; 0: never */
    size_t offset; /* of a char * */
};
/* Sets the text of the record at `base`, to be freed; one that is absent or empty is
 * left NULL. */
int record_text(const struct json_at *obj, const struct record_text *f, void *base,
                struct err *err);

/* How many of `n` bytes are at most `most` and end with a whole character. */
size_t record_cut(const char *text, size_t n, size_t most);

#endif
