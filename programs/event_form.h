/* programs/event_form.h - a change event from flags, as `aftercheck post` and
 * `aftercheck run` make it. */
#ifndef PROGRAMS_EVENT_FORM_H
#define PROGRAMS_EVENT_FORM_H

#include "base/buf.h"
#include "base/err.h"
#include "base/httpc.h"

#include <stddef.h>

enum { EVENT_FRESH_ID_MAX = 25 };

/* What is NULL or 0 was not given and is left out. */
struct event_form {
    const char *program; /* "aftercheck-post": with this host it is the usual source */
    const char *kind, *service, *hosts, *phase, *source, *id, *change_id, *title,
        *actor, *url, *parent, *from, *to, *time, *batch, *labels;
    int urgent;
    const char *outcome, *exit_code; /* of a command: a word, and its number as text */
};

/* The flags that say what is changed and by whom, for a table of struct opt. */
#define EVENT_FORM_OPTS(f)                                                             \
    {"kind", "KIND", "release, config, scale-out, batch-restart, rollback or other",   \
     &(f)->kind},                                                                      \
        {"service", "NAME", "the service that is changed", &(f)->service},             \
        {"hosts", "A,B,...", "the hosts that are changed", &(f)->hosts},               \
        {"change-id", "ID", "the same for all events of one change", &(f)->change_id}, \
        {"title", "TEXT", "what is changed, for readers", &(f)->title},                \
        {"actor", "NAME", "who changes it", &(f)->actor},                              \
        {"from", "VERSION", "what it was", &(f)->from},                                \
        {"to", "VERSION", "what it becomes", &(f)->to},                                \
        {"url", "URL", "where the change is described", &(f)->url},                    \
        {"parent", "ID", "the change that this one takes back or belongs to",          \
         &(f)->parent},                                                                \
        {"label", "K=V,...", "labels of the change", &(f)->labels},                    \
        {"urgent", NULL, "mark it as urgent", &(f)->urgent},                           \
    {                                                                                  \
        "source", "NAME", "the change system's name; this host when not given",        \
            &(f)->source                                                               \
    }

/* Adds the event as JSON.  Source and id decide what a repeat is: without an id it is
 * CHANGE-PHASE(-BATCH), so that a retried command line is recognised, or a fresh one
 * when there is no change_id either.  -1 with the flag that is wrong. */
int event_form_write(const struct event_form *f, struct buf *to, struct err *err);

/* 24 random hex digits. */
const char *event_fresh_id(char out[EVENT_FRESH_ID_MAX]);

/* Posts one event; adds the service's answer to `answer`.  As cmd_call. */
int event_post(struct httpc *c, const void *event, size_t n, unsigned *ret_status,
               struct buf *answer, struct err *err);

struct jsonw;
/* "KEY=VALUE,KEY=VALUE" as a member "labels" of the object that is being written. */
int event_form_labels(struct jsonw *w, const char *text, struct err *err);

#endif
