/* storage/alarm.h - an alarm's message: what fires where, since when and until when.
 *
 * Every source's alarms become this.  A message says that an alarm fires (since
 * `starts`), that it fired (from `starts` to `ends`), or only that it is over (`ends`
 * without `starts`, as event handlers know no more).  One alarm has one fingerprint
 * through all its messages. */
#ifndef STORAGE_ALARM_H
#define STORAGE_ALARM_H

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ALARM_BYTES_MAX = 64 << 10, /* one message */
    ALARM_LABELS_MAX = 64,
    ALARM_TEXT_MAX = 400, /* longer ones are cut */
};

struct alarm {
    char *name;
    char *fingerprint;    /* the sender's, else made by alarm_identify */
    char *host, *service; /* at least one */
    char *severity;       /* NULL: not given */
    char *labels;   /* what else tells it from its like, "device=sda, path=/"; NULL */
    char *text;     /* what it says of itself; NULL */
    char *source;   /* who sent it; NULL */
    instant starts; /* INSTANT_NONE: only its end is known */
    instant ends;   /* INSTANT_NONE: it fires */
    instant said;   /* when it was last heard of; never none */
};

/* Reads one message of the generic form:
 *
 *     {"time": "2026-11-21T10:04:00Z", "name": "DiskFull", "severity": "critical",
 *      "host": "h1", "service": "pay", "state": "firing", "text": "96 % used"}
 *
 * `name` and a host or a service are required.  `state` is "firing" (the default: it
 * fires since `time`, or has been firing before) or "resolved" (it is over at `time`);
 * with `ends`, later than `time`, the message tells all of it.  `fingerprint`, `source`
 * and `labels` (an object of texts) may be given.  `now` stands in for a missing time
 * and bounds it: RECORD_PAST_DAYS_MAX back, RECORD_FUTURE_MINUTES_MAX ahead (with `now`
 * none, as in replay, any time is taken but must be given).  null counts as absent,
 * unknown fields are passed over.  -1 with field and place. */
int alarm_read(const struct json_at *v, instant now, struct alarm **ret_alarm,
               struct err *err);

/* What any reader of alarms does the same way. */
struct alarm *alarm_new(struct err *err);
void alarm_free(struct alarm **a);
#define OWNED_ALARM __attribute__((cleanup(alarm_free))) struct alarm

/* Makes the fingerprint from name, host, service and labels. */
int alarm_identify(struct alarm *a, struct err *err);

/* Copies a text cut at ALARM_TEXT_MAX bytes, with spaces for what no text may hold. */
char *alarm_copy_text(const char *text);

/* The members of `labels` as "a=1, b=2", sorted by name, without those that `leave`
 * (ended by NULL) names; NULL and no error when none is left.  -1 when it is no object
 * of texts, or has more than ALARM_LABELS_MAX. */
int alarm_labels(const struct json_at *labels, const char *const *leave,
                 char **ret_text, struct err *err);

/* Messages that came together. */
struct alarm_list {
    size_t n;
    struct alarm **at;
};
/* Takes *a over, also on failure. */
int alarm_list_add(struct alarm_list *l, struct alarm **a, struct err *err);
void alarm_list_free(struct alarm_list *l); /* leaves it empty */

#endif
