/* storage/inputs.h - who sends what: the health of every input, and the worst senders.
 *
 * The collector notes every request and datagram here, the pages and /metrics read it.
 * A sender is an input with an address and, over HTTP, the first word of its
 * User-Agent.  Kept in memory only, bounded: when INPUTS_SENDERS_MAX are known, the one
 * that has been silent the longest makes room if that is an hour, else further ones are
 * summed up as "others" of their input.  Any number of threads. */
#ifndef STORAGE_INPUTS_H
#define STORAGE_INPUTS_H

#include "base/buf.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name in /metrics, what people call it */
#define INPUT_LIST(X)                                                                  \
    X(LINE, "line", "Line protocol")                                                   \
    X(REMOTE_WRITE, "remote_write", "Prometheus remote write")                         \
    X(COLLECTD, "collectd", "collectd")                                                \
    X(GRAPHITE, "graphite", "Graphite")                                                \
    X(STATSD, "statsd", "StatsD")                                                      \
    X(CALLS, "calls", "Return codes")                                                  \
    X(CHANGES, "changes", "Changes")                                                   \
    X(HOOKS, "webhooks", "Changes from deployment systems")                            \
    X(ALARMS, "alarms", "Alarms")                                                      \
    X(COREDUMPS, "coredumps", "Coredumps")                                             \
    X(TESTS, "tests", "Results of tests")
#define X(id, name, words) INPUT_##id,
enum input { INPUT_LIST(X) INPUT_N };
#undef X
const char *input_name(enum input i);
const char *input_words(enum input i);

enum {
    INPUTS_SENDERS_MAX = 1024,
    INPUTS_WHO_MAX = 96,
    INPUTS_COMPLAINT_MAX = 200,
    INPUTS_TOP = 10,
    INPUTS_BURST_S = 10,
    INPUTS_REASONS_MAX = 16,
};

/* So many were dropped for this reason; the name must last. */
struct input_reason {
    const char *name;
    uint64_t n;
};

/* One request, connection's piece or datagram. */
struct input_note {
    const char *peer;  /* the address */
    const char *agent; /* the User-Agent, or NULL */
    uint64_t bytes;
    uint64_t taken, dropped; /* samples, or messages */
    const char *complaint;   /* of the first that was dropped; "" or NULL: none */
};

struct inputs;
struct inputs *inputs_new(void);
void inputs_free(struct inputs **in);
/* `in` NULL: nothing happens. */
void inputs_note(struct inputs *in, enum input input, instant now,
                 const struct input_note *note);

/* A sender is about to make something new: an entity or a name.  False when it has made
 * `most` already since the start; a sender that there is no room for makes nothing. */
bool inputs_make(struct inputs *in, enum input input, const char *peer,
                 const char *agent, instant now, uint64_t most);

/* False when the sender has brought more than `rate` samples a second, of which
 * INPUTS_BURST_S seconds' worth may come at once: it is to be refused for now. */
bool inputs_admit(struct inputs *in, enum input input, const char *peer,
                  const char *agent, instant now, double rate);

/* Of what was dropped at an input, how much for this reason.  Beyond INPUTS_REASONS_MAX
 * different ones it is counted in the whole only. */
void inputs_reason(struct inputs *in, enum input input,
                   const struct input_reason *reason);

/* What is known of a sender, or of all senders of an input together. */
struct input_sender {
    enum input input;
    char who[INPUTS_WHO_MAX]; /* "10.0.0.1 Telegraf/1.25"; "others" */
    uint64_t requests, bytes, taken, dropped;
    uint64_t made; /* new entities and names */
    instant first, last;
    span gap; /* the usual time between two requests; 0: not known yet */
    char complaint[INPUTS_COMPLAINT_MAX]; /* the last one */
    instant complained;                   /* when that was */
    double spent; /* samples of its rate that are used up, at `spent_at` */
    instant spent_at;
};

/* A sender that used to come regularly and has not come for five times its usual time,
 * at least for two minutes. */
bool input_is_silent(const struct input_sender *s, instant now);

/* A copy of everything at one moment: inputs in their order, senders by input, the last
 * heard first.  False when memory is short. */
struct inputs_view {
    struct input_sender all[INPUT_N];
    struct input_reason reason[INPUT_N]
                              [INPUTS_REASONS_MAX]; /* ended by {0} or the end */
    struct input_sender *sender;
    size_t n;
    uint64_t unknown; /* requests of senders that there was no room for */
};
bool inputs_read(struct inputs *in, struct inputs_view *ret);
void inputs_view_free(struct inputs_view *v);

/* The senders with the most samples (or the most refused), at most INPUTS_TOP, the
 * worst first; those with none are left out.  Gives their number. */
size_t inputs_top(const struct inputs_view *v, bool by_dropped,
                  const struct input_sender *ret[INPUTS_TOP]);

/* Adds aftercheck_input_*{input=} and aftercheck_top_sender_*{input=,sender=} in
 * Prometheus' text format. */
void inputs_write_metrics(struct inputs *in, instant now, struct buf *to);

#endif
