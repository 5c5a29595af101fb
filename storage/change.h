/* storage/change.h - change events, and the change that its events add up to.
 *
 * The shape of an event is `change.v1` of the outside contract (docs/changes.md).  A
 * change is folded from all its events, in any order of arrival, always to the same
 * result: events are taken by (time, source, id). */
#ifndef STORAGE_CHANGE_H
#define STORAGE_CHANGE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>

/* One list; the enum, the names on the wire and the manual come from it. */
#define CHANGE_KINDS(X)                                                                \
    X(RELEASE, "release", "a new version of a program")                                \
    X(CONFIG, "config", "a changed configuration")                                     \
    X(SCALE_OUT, "scale-out", "more hosts")                                            \
    X(BATCH_RESTART, "batch-restart", "a restart of many hosts, batch by batch")       \
    X(ROLLBACK, "rollback", "an earlier change taken back")                            \
    X(OTHER, "other", "anything else")
#define X(id, name, help) CHANGE_##id,
enum change_kind { CHANGE_KINDS(X) CHANGE_KIND_N };
#undef X

#define CHANGE_PHASES(X)                                                               \
    X(STARTED, "started")                                                              \
    X(BATCH_FINISHED, "batch_finished")                                                \
    X(FINISHED, "finished")                                                            \
    X(CANCELLED, "cancelled")
#define X(id, name) PHASE_##id,
enum change_phase { CHANGE_PHASES(X) PHASE_N };
#undef X

/* "release" ...; the names in one line for a complaint: "release, config, ...". */
const char *change_kind_name(enum change_kind kind);
const char *change_kind_list(void);
/* CHANGE_KIND_N when there is no such kind. */
enum change_kind change_kind_of(const char *name);
const char *change_phase_name(enum change_phase phase);

enum {
    EVENT_BYTES_MAX = 256 << 10,
    EVENT_HOSTS_MAX = 100000, /* bounded by EVENT_BYTES_MAX over HTTP anyway */
    EVENT_LABELS_MAX = 40,
    EVENT_EXTRAS_MAX = 200,      /* unknown fields of one event */
    EVENT_EXTRA_DEPTH_MAX = 16,  /* nesting inside an unknown field */
    EVENT_BATCHES_MAX = 1000000, /* most of batch.no and batch.of */
};

struct label {
    char *key, *value;
};

struct change_event {
    char *source, *id, *change_id;
    enum change_phase phase;
    enum change_kind kind;
    char *service; /* NULL when only hosts were given */
    char *title, *actor, *url, *parent_id, *from, *to; /* NULL: not given */
    instant time;
    size_t n_hosts;
    char **host;            /* sorted, no repeats */
    int batch_no, batch_of; /* 0: none */
    bool urgent;
    size_t n_labels;
    struct label *label; /* sorted by key */
    size_t n_extra;
    struct label *extra; /* unknown fields: name and JSON text, sorted by name; those
                            inside artifact and batch as "artifact.NAME" */
    char *raw; /* the whole event as compact JSON, keys sorted: what is stored, with its
                  unknown fields; two events are the same when these bytes are */
};

/* Reads one event.  `now` stands in for a missing time (which `raw` then lacks too) and
 * bounds it: -30 days to +10 minutes (with `now` none, as in replay, any time is taken
 * but must be given).  A null field counts as absent; `"type": "change"`, as lines for
 * replay have it, is passed over.  *ret_event is the caller's to free.  -1 with field
 * and place. */
int change_event_read(const struct json_at *v, instant now,
                      struct change_event **ret_event, struct err *err);
void change_event_free(struct change_event **e);
#define OWNED_EVENT __attribute__((cleanup(change_event_free))) struct change_event

/* Where one host stands in a change. */
struct change_host {
    char *name;
    instant pivot; /* when it was changed: the before window ends here */
    instant done; /* when work on it ended: the after window begins here plus the settle
                     time; never before the pivot */
    int batch;    /* 0: none */
};

struct change {
    char *change_id;
    enum change_kind kind;
    char *service, *title, *actor, *url, *parent_id, *from, *to, *source;
    bool urgent;              /* some event said so */
    bool started;             /* some event had this phase */
    bool finished, cancelled; /* at most one: whichever was said last */
    instant start;            /* the earliest event's time */
    instant end; /* of the last `finished` or `cancelled`; INSTANT_NONE while it runs */
    int batches_done, batches_of; /* 0: unknown; done counts different numbers, or the
                                     batch events when none has a number */
    size_t n_hosts;
    struct change_host *host; /* sorted by name */
    size_t n_labels;
    struct label *label;
    size_t n_events;
    char *extra; /* unknown fields of all events as one JSON object, shown to readers;
                    "{}" when there are none */
};

/* Folds `n` events of one change_id, at least one; an event that is there twice counts
 * once.  A host's pivot is the time of the event that names it - batch_finished before
 * started before finished, the earliest of its phase - else the change's start; its
 * `done` is its last batch event's time, else the change's end, else its pivot.  Later
 * events win for title, actor and the like, labels and unknown fields one by one; kind
 * and source come from the earliest, service from the earliest that has one.  NULL only
 * when memory is short. */
struct change *change_fold(const struct change_event *const *events, size_t n,
                           struct err *err);
void change_free(struct change **c);
#define OWNED_CHANGE __attribute__((cleanup(change_free))) struct change

/* The host's entry, or NULL. */
const struct change_host *change_find_host(const struct change *c, const char *host);

/* "running", "finished" or "cancelled", as pages and JSON say it. */
const char *change_state_name(const struct change *c);

/* Adds the change as the JSON object that GET /v1/changes shows. */
struct jsonw;
void change_write(const struct change *c, const char *key, struct jsonw *w);

#endif
