/* programs/agent/source.h - what the agent gathers from: a table of kinds, and sources.
 *
 * A kind is one module and one line of the table in source.c.  Its sources are
 * the entries of its list in the configuration (`checks:`), or one that is always there
 * (the host).  When a source is due, `gather` begins; it may end at once or later, from
 * the loop, but always with agent_source_gave or agent_source_failed.  So what is known
 * of every source is the same: how many points it gave, when it last gave some, and how
 * often it failed.  That is its proof of life.  In the loop. */
#ifndef PROGRAMS_AGENT_SOURCE_H
#define PROGRAMS_AGENT_SOURCE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/yaml.h"
#include "programs/agent/buffer.h"
#include "programs/agent/loop.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct agent_config;
struct agent_source;
struct agent_exec_pool;

/* What all sources work with; outlives them. */
struct agent_env {
    struct loop *loop;
    struct agent_buffer *buffer;
    struct agent_exec_pool *execs;
    const char *root;        /* "/", or a folder that looks like it */
    const char *state;       /* directory for what must outlive the agent, or NULL */
    bool once;               /* one round to look at: what is there already counts */
    void (*news)(void *arg); /* something was put into the buffer */
    void *arg;
};

/* What every entry of a list says: each kind's struct for its fields begins with this.
 * Texts are borrowed from the configuration, which a source holds. */
struct agent_spec {
    const char *name, *service;
    span interval;
};
/* The first fields of each kind's table. */
#define AGENT_SPEC_FIELDS(least_s)                                                     \
    {"name",                                                                           \
     YAML_T_TEXT,                                                                      \
     offsetof(struct agent_spec, name),                                                \
     true,                                                                             \
     0,                                                                                \
     0,                                                                                \
     "what it is called in its series and in the log"},                                \
        {"service",                                                                    \
         YAML_T_TEXT,                                                                  \
         offsetof(struct agent_spec, service),                                         \
         false,                                                                        \
         0,                                                                            \
         0,                                                                            \
         "the service its series belong to; the host's own"},                          \
    {                                                                                  \
        "interval", YAML_T_SPAN, offsetof(struct agent_spec, interval), false,         \
            (least_s), 86400, "how often it is asked"                                  \
    }

struct agent_kind {
    const char *name; /* "check": in series and in the log */
    const char *list; /* "checks": in the configuration; NULL: there is always one */
    const struct yaml_field *fields;
    size_t n_fields, spec_bytes;
    span interval; /* unless the entry says another; 0: the agent's */
    bool aligned;  /* gathers at the same moments on all hosts */
    /* Fills in what is not 0 unless the entry says another; NULL: nothing. */
    void (*defaults)(struct agent_spec *spec);
    /* What the types of the fields do not say; NULL: nothing. */
    int (*check)(const struct agent_spec *spec, struct err *err);
    struct agent_source *(*open)(const struct agent_env *env,
                                 const struct agent_config *config,
                                 const struct agent_spec *spec, struct err *err);
    void (*gather)(struct agent_source *s, instant at);
    /* Ends what is under way and frees. */
    void (*close)(struct agent_source *s);
};
/* All of them, ended by NULL; the host is the first. */
extern const struct agent_kind *const agent_kinds[];

/* The first member of each kind's own struct. */
struct agent_source {
    const struct agent_kind *kind;
    const struct agent_env *env;
    const char *name;
    char *tags; /* ",host=h1,service=pay" */
    span interval;
    bool gathering;
    instant at; /* of what is being gathered */
    /* proof of life */
    uint64_t points;   /* since the last report */
    uint64_t failures; /* likewise */
    int64_t opened_ms; /* monotonic */
    int64_t gave_ms;   /* when it last gave points, monotonic; 0: never */
    bool silent;       /* that is two intervals ago */
    char words[200];   /* of the last failure */
};

/* Fills what all sources have; -1: no memory.  `close` must call agent_source_done. */
int agent_source_init(struct agent_source *s, const struct agent_kind *kind,
                      const struct agent_env *env, const struct agent_config *config,
                      const struct agent_spec *spec);
void agent_source_done(struct agent_source *s);

/* What it gathered, of time s->at: bytes for the buffer. */
void agent_source_gave(struct agent_source *s, enum agent_body body, const char *data,
                       size_t n, size_t points);
/* It ended, or goes on, without points. */
void agent_source_failed(struct agent_source *s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* More bytes of the same gathering, which are no proof of its own. */
void agent_source_put(struct agent_source *s, enum agent_body body, const char *data,
                      size_t n, size_t points);

/* --- all of them --- */

struct agent_sources;
/* Opens those of a configuration, which must outlive them.  Sources of `old` that this
 * one has as well, word by word, stay open and move over; so their counters go on.
 * NULL and *err when any cannot be opened: then `old` is as it was. */
struct agent_sources *agent_sources_open(const struct agent_env *env,
                                         const struct agent_config *config,
                                         struct agent_sources *old, struct err *err);
void agent_sources_close(struct agent_sources **s);

/* Each at the multiples of its interval from now on. */
void agent_sources_begin(struct agent_sources *s);

/* Judges who is silent, logs what changed, and adds a line `agent` for each source:
 * points and failures since the last report, seconds since it last gave points, silent
 * as 1 or 0.  Gives the number of samples. */
size_t agent_sources_report(struct agent_sources *s, instant at, struct buf *to);
/* Lets each gather once, `wait_ms` after it was opened, and waits for all of them, but
 * not longer than `most_ms`. */
void agent_sources_once(struct agent_sources *s, int wait_ms, int most_ms);
/* Says of each source, as comments of line protocol, how its gathering went. */
void agent_sources_tell(const struct agent_sources *s, FILE *to);

size_t agent_sources_silent(const struct agent_sources *s);

/* Adds a tag's or a measurement's text, escaped as line protocol wants it. */
void agent_add_escaped(struct buf *to, const char *text);

#endif
