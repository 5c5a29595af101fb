/* storage/mute.h - a mute: findings that are known and need no grade for some time.
 *
 * A mute hides nothing.  A finding that it matches stays in the verdict with its own
 * grade, marked with who muted it, until when and why; it only no longer counts for the
 * verdict's grade.  Every mute has an author, a reason and an end. */
#ifndef STORAGE_MUTE_H
#define STORAGE_MUTE_H

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "storage/change.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    MUTE_BYTES_MAX = 16 << 10,
    MUTE_DAYS_MAX = 90,      /* how far ahead a mute may end */
    MUTE_PAST_DAYS_MAX = 30, /* how far back one may begin */
    MUTE_ID_MAX = 16,
};

struct mute {
    char id[MUTE_ID_MAX]; /* "m" and 12 hexadecimal digits, made of what it says */
    /* Globs ('*' and '?'); NULL: any.  All that are given must match. */
    char *rule, *service, *host, *metric;
    enum change_kind kind; /* of the change; CHANGE_KIND_N: any */
    char *author, *reason;
    instant from, until; /* in force from the one up to but without the other */
    instant made_at;
    instant ended_at; /* INSTANT_NONE: not ended early */
    char *ended_by;   /* NULL: not ended early */
};

/* Reads one from the outside:
 *
 *     {"rule": "calls.*", "service": "pay", "host": "h1", "metric": "cpu.*",
 *      "kind": "release", "author": "li", "reason": "disk is being replaced",
 *      "from": "2026-11-21T10:00:00Z", "until": "2026-11-22T10:00:00Z"}
 *
 * At least one of rule, service, host, metric and kind is required, and author, reason
 * and until.  `until` is a time or a length of time after `from` ("2h"), later than
 * `now` and at most MUTE_DAYS_MAX days after it.  `from` is `now` when not given.
 * null counts as absent; unknown fields are refused, so that a mistyped one does not
 * mute more than was meant.  -1 with field and place. */
int mute_read(const struct json_at *v, instant now, struct mute **ret_mute,
              struct err *err);
void mute_free(struct mute **m);
#define OWNED_MUTE __attribute__((cleanup(mute_free))) struct mute

/* Reads who ends a mute early: {"by": "li"}.  The caller frees it. */
int mute_read_end(const struct json_at *v, char **ret_by, struct err *err);

/* All of it as an object, fields without a value left out. */
void mute_write(const struct mute *m, const char *key, struct jsonw *w);

/* When it was over or will be: the earlier of its two ends. */
instant mute_end(const struct mute *m);
bool mute_in_force(const struct mute *m, instant at);

/* Whether a look at `at` is judged with it: it is in force then, or it was made after
 * the look to count at once, for as long as the change is open.  One that was ended
 * early counts for no look any more.  So the same mutes give the same verdict whenever
 * it is judged. */
bool mute_counts(const struct mute *m, instant at);

#endif
