/* collector/routes.c - requests to sources, answers from their results.
 *
 * Runs on the HTTP server's threads.  Each request for line protocol borrows a reader
 * from a small pool, so that what a reader has learnt about heads serves all later
 * requests; there are never more readers than requests at once.  The clock is read here
 * and handed on. */
#include "collector/routes.h"

#include "base/snap.h"
#include "collector/gate.h"
#include "collector/in_alarm.h"
#include "collector/in_argocd.h"
#include "collector/in_calls.h"
#include "collector/in_collectd.h"
#include "collector/in_core.h"
#include "collector/in_feedback.h"
#include "collector/in_github.h"
#include "collector/in_gitlab.h"
#include "collector/in_jenkins.h"
#include "collector/in_mute.h"
#include "collector/in_remote_write.h"
#include "collector/in_test.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { COLLECTOR_TAG = 0x434f4c31, READERS_KEPT_MAX = 16 };

/* A reader remembers its sink, so the gate in it is set anew for each request. */
struct reader {
    struct in_line *line;
    struct gate gate;
};

struct collector {
    uint32_t tag;
    struct ledger *ledger;
    struct entity_tags tags;
    struct in_change_listener listener;
    struct windows *windows;
    struct gate_limits limits;
    _Atomic(const struct hooks *) hooks;
    struct hook_books books;
    struct wires *wires;
    struct inputs *inputs;
    struct intake *intake;
    struct in_calls *calls;
    struct in_alarm *alarms;
    struct in_remote_write *remote_write;
    struct in_collectd *collectd;
    pthread_mutex_t lock; /* of the pool */
    struct reader *reader[READERS_KEPT_MAX];
    size_t n_readers;
};

/* The one place where the server's `void *` turns back into our type. */
static struct collector *collector_of(void *app)
{
    struct collector *c = app;
    assert(c != NULL && c->tag == COLLECTOR_TAG);
    return c;
}

static void reader_free(struct reader **r)
{
    if (*r != NULL)
        in_line_free(&(*r)->line);
    free(*r);
    *r = NULL;
}

static struct reader *reader_new(struct collector *c)
{
    struct reader *r = calloc(1, sizeof *r);
    if (r == NULL)
        return NULL;
    struct sink sink = gate_sink(&r->gate);
    r->line = in_line_new(&sink, &c->tags);
    if (r->line == NULL)
        reader_free(&r);
    return r;
}

static struct reader *reader_borrow(struct collector *c)
{
    pthread_mutex_lock(&c->lock);
    struct reader *r = c->n_readers > 0 ? c->reader[--c->n_readers] : NULL;
    pthread_mutex_unlock(&c->lock);
    return r != NULL ? r : reader_new(c);
}

static void reader_return(struct collector *c, struct reader *r)
{
    pthread_mutex_lock(&c->lock);
    if (c->n_readers < READERS_KEPT_MAX) {
        c->reader[c->n_readers++] = r;
        r = NULL;
    }
    pthread_mutex_unlock(&c->lock);
    reader_free(&r);
}

struct collector *collector_new(const struct collector_spec *spec, struct err *err)
{
    struct collector *c = calloc(1, sizeof *c);
    if (c == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    bool tags_given = spec->tags.host[0] != NULL || spec->tags.service[0] != NULL;
    c->tag = COLLECTOR_TAG;
    c->ledger = spec->ledger;
    c->tags = tags_given ? spec->tags : entity_tags_default;
    c->listener = spec->listener;
    c->inputs = spec->inputs;
    collector_set_hooks(c, spec->hooks);
    c->windows = spec->windows;
    c->limits = spec->limits;
    pthread_mutex_init(&c->lock, NULL);
    c->intake = intake_new();
    c->calls = in_calls_new();
    c->alarms = in_alarm_new();
    c->remote_write = in_remote_write_new();
    c->collectd = in_collectd_new();
    if (c->intake == NULL || c->calls == NULL || c->alarms == NULL ||
        c->remote_write == NULL || c->collectd == NULL) {
        collector_free(&c);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    const struct wires_spec wires = {.graphite = spec->graphite,
                                     .statsd = spec->statsd,
                                     .tags = &c->tags,
                                     .windows = c->windows,
                                     .limits = c->limits,
                                     .intake = c->intake,
                                     .inputs = c->inputs};
    c->wires = wires_start(&wires, err);
    if (c->wires == NULL)
        collector_free(&c);
    return c;
}

void collector_set_hooks(struct collector *c, const struct hooks *hooks)
{
    static const struct hooks none;
    atomic_store(&c->hooks, hooks != NULL ? hooks : &none);
}

void collector_free(struct collector **c)
{
    if (*c == NULL)
        return;
    wires_stop(&(*c)->wires);
    for (size_t i = 0; i < (*c)->n_readers; i++)
        reader_free(&(*c)->reader[i]);
    pthread_mutex_destroy(&(*c)->lock);
    in_calls_free(&(*c)->calls);
    in_alarm_free(&(*c)->alarms);
    in_remote_write_free(&(*c)->remote_write);
    in_collectd_free(&(*c)->collectd);
    intake_free(&(*c)->intake);
    free(*c);
    *c = NULL;
}

/* Messages that the ledger takes are noted once they are answered: `r` is served again
 * when they are stored. */
static void note_message(struct collector *c, struct httpd_req *r, enum input input)
{
    const char *words;
    unsigned status = httpd_answered(r, &words);
    struct input_note note = {.peer = httpd_peer(r),
                              .agent = httpd_header(r, "User-Agent"),
                              .taken = 1,
                              .dropped = status >= 400,
                              .complaint = words};
    if (status == 0)
        return;
    httpd_body(r, &note.bytes);
    inputs_note(c->inputs, input, instant_now(), &note);
}

static void serve_changes(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    const struct in_change_door door = {c->ledger, &c->listener, instant_now()};
    in_change_serve(r, &door);
    note_message(c, r, INPUT_CHANGES);
}

static void serve_hook(struct httpd_req *r, void *app, const struct hook_source *source)
{
    struct collector *c = collector_of(app);
    const struct in_change_door door = {c->ledger, &c->listener, instant_now()};
    const struct hooks *hooks = atomic_load(&c->hooks);
    hook_serve(r, source, &hooks->of[source->id], &door, &c->books);
    note_message(c, r, INPUT_HOOKS);
}

static void serve_github(struct httpd_req *r, void *app)
{
    serve_hook(r, app, &in_github);
}

static void serve_gitlab(struct httpd_req *r, void *app)
{
    serve_hook(r, app, &in_gitlab);
}

static void serve_jenkins(struct httpd_req *r, void *app)
{
    serve_hook(r, app, &in_jenkins);
}

static void serve_argocd(struct httpd_req *r, void *app)
{
    serve_hook(r, app, &in_argocd);
}

static void serve_coredumps(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    in_core_serve(r, c->ledger, instant_now());
    note_message(c, r, INPUT_COREDUMPS);
}

static void serve_webhook(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    in_alarm_serve_webhook(r, c->alarms, c->ledger, &c->tags, instant_now());
    note_message(c, r, INPUT_ALARMS);
}

static void serve_alarms(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    in_alarm_serve(r, c->alarms, c->ledger, instant_now());
    note_message(c, r, INPUT_ALARMS);
}

static void serve_tests(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    in_test_serve(r, c->ledger, instant_now());
    note_message(c, r, INPUT_TESTS);
}

static void serve_mutes(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    in_mute_serve(r, c->ledger, &c->listener, instant_now());
}

static void serve_mute_end(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    in_mute_serve_end(r, c->ledger, &c->listener, instant_now());
}

static void serve_feedback(struct httpd_req *r, void *app)
{
    in_feedback_serve(r, collector_of(app)->ledger, instant_now());
}

/* Into the books: the process's counters, and the sender's. */
static void book(struct collector *c, struct httpd_req *r, enum input input,
                 const struct tally *t, const char *complaint)
{
    size_t n;
    httpd_body(r, &n);
    const struct input_note note = {.peer = httpd_peer(r),
                                    .agent = httpd_header(r, "User-Agent"),
                                    .bytes = n,
                                    .taken = t->taken,
                                    .dropped = tally_lost(t),
                                    .complaint = complaint};
    intake_add(c->intake, t);
    inputs_note(c->inputs, input, instant_now(), &note);
    gate_note_drops(c->inputs, input, t);
}

static struct gate gate_of(struct collector *c, struct httpd_req *r, enum input input)
{
    return (struct gate){.windows = c->windows,
                         .inputs = c->inputs,
                         .limits = c->limits,
                         .input = input,
                         .peer = httpd_peer(r),
                         .agent = httpd_header(r, "User-Agent"),
                         .now = instant_now()};
}

/* False when the sender brings too much: then it has been answered.  What was not read
 * counts as one sample. */
static bool admitted(struct collector *c, struct httpd_req *r, const struct gate *g)
{
    struct tally t = {.taken = 1};
    if (gate_admits(g))
        return true;
    tally_drop(&t, DROP_RATE, 1);
    book(c, r, g->input, &t, "more samples a second than limits.sender_rate");
    httpd_set_header(r, "Retry-After", "10");
    httpd_fail(r, 429, "more than %.0f samples a second; send fewer, or later",
               g->limits.rate);
    return false;
}

/* The books, then 204, or 400 with the complaint. */
static void answer_samples(struct collector *c, struct httpd_req *r, enum input input,
                           const struct tally *t, struct buf *complaint)
{
    book(c, r, input, t, buf_text(complaint));
    if (complaint->len == 0 && !complaint->failed)
        httpd_answer(r, 204, NULL, NULL, 0);
    else
        httpd_fail(r, 400, "%s", buf_text(complaint));
}

static bool asked_precision(struct httpd_req *r, enum line_precision *ret_precision)
{
    const char *name = httpd_query(r, "precision");
    enum line_precision p =
        name != NULL && name[0] != '\0' ? in_line_precision(name) : LINE_NS;
    if (p == LINE_PRECISION_N) {
        httpd_fail(r, 400, "precision: expected one of ns, us, ms, s, got '%.40s'",
                   name);
        return false;
    }
    *ret_precision = p;
    return true;
}

static void serve_write(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    instant now = instant_now();
    struct in_line_ask ask = {
        .precision = LINE_NS, .now = now, .bounds = intake_bounds(now)};
    struct in_line_result result = {0};
    size_t n;
    struct gate gate = gate_of(c, r, INPUT_LINE);
    if (!asked_precision(r, &ask.precision) || !admitted(c, r, &gate))
        return;
    struct reader *reader = reader_borrow(c);
    if (reader == NULL) {
        httpd_fail(r, 503, "out of memory");
        return;
    }
    const char *text = httpd_body(r, &n);
    reader->gate = gate;
    in_line_read(reader->line, text, n, &ask, &result);
    reader_return(c, reader);
    OWNED_BUF complaint = {0};
    in_line_write_error(&result, &complaint);
    answer_samples(c, r, INPUT_LINE, &result.tally, &complaint);
}

/* What could not be read at all counts as one sample that is not of the format. */
static void refuse_samples(struct collector *c, struct httpd_req *r, enum input input,
                           struct tally *t, const struct err *err)
{
    t->taken++;
    tally_drop(t, DROP_SYNTAX, 1);
    book(c, r, input, t, err->text);
    httpd_fail(r,
               err->code == EMSGSIZE ? 413
               : err->code == ENOMEM ? 503
                                     : 400,
               "%s", err->text);
}

/* Senders of version 2 say so, and go back to version 1 when they hear 415. */
static bool is_remote_write_1(struct httpd_req *r)
{
    const char *type = httpd_header(r, "Content-Type");
    if (type == NULL || strstr(type, "io.prometheus.write.v2") == NULL)
        return true;
    httpd_fail(r, 415, "expected a WriteRequest of remote write 1.0");
    return false;
}

static void serve_remote_write(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    instant now = instant_now();
    struct in_remote_write_ask ask = {now, intake_bounds(now), &c->tags};
    struct in_remote_write_result result = {0};
    struct err err = {0};
    OWNED_BUF plain = {0};
    size_t n;
    struct gate gate = gate_of(c, r, INPUT_REMOTE_WRITE);
    struct sink sink = gate_sink(&gate);
    if (!is_remote_write_1(r) || !admitted(c, r, &gate))
        return;
    const char *bytes = httpd_body(r, &n);
    if (snap_unpack(bytes, n, SAMPLES_INFLATED_MAX, &plain, &err) < 0 ||
        in_remote_write_read(c->remote_write, &sink, plain.data, plain.len, &ask,
                             &result, &err) < 0) {
        refuse_samples(c, r, INPUT_REMOTE_WRITE, &result.tally, &err);
        return;
    }
    OWNED_BUF complaint = {0};
    in_remote_write_write_error(&result, &complaint);
    answer_samples(c, r, INPUT_REMOTE_WRITE, &result.tally, &complaint);
}

static void serve_collectd(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    struct bounds bounds = intake_bounds(instant_now());
    struct in_collectd_result result = {0};
    struct err err = {0};
    size_t n;
    struct gate gate = gate_of(c, r, INPUT_COLLECTD);
    struct sink sink = gate_sink(&gate);
    if (!admitted(c, r, &gate))
        return;
    const char *text = httpd_body(r, &n);
    if (in_collectd_read(c->collectd, &sink, text, n, &bounds, &result, &err) < 0) {
        refuse_samples(c, r, INPUT_COLLECTD, &result.tally, &err);
        return;
    }
    OWNED_BUF complaint = {0};
    in_collectd_write_error(&result, &complaint);
    answer_samples(c, r, INPUT_COLLECTD, &result.tally, &complaint);
}

static void serve_calls(struct httpd_req *r, void *app)
{
    struct collector *c = collector_of(app);
    instant now = instant_now();
    struct in_calls_ask ask = {now, intake_bounds(now)};
    struct in_calls_result result = {0};
    struct err err = {0};
    size_t n;
    struct gate gate = gate_of(c, r, INPUT_CALLS);
    struct sink sink = gate_sink(&gate);
    if (!admitted(c, r, &gate))
        return;
    const char *text = httpd_body(r, &n), *type = httpd_header(r, "Content-Type");
    if (type != NULL && strncasecmp(type, "text/plain", 10) == 0)
        in_calls_read_lines(c->calls, &sink, text, n, &ask, &result);
    else if (in_calls_read(c->calls, &sink, text, n, &ask, &result, &err) < 0) {
        refuse_samples(c, r, INPUT_CALLS, &result.tally, &err);
        return;
    }
    OWNED_BUF complaint = {0};
    in_calls_write_error(&result, &complaint);
    answer_samples(c, r, INPUT_CALLS, &result.tally, &complaint);
}

const struct httpd_route collector_routes[] = {
    {"POST", "/v1/changes", serve_changes, CHANGE_BODY_MAX, CHANGE_BODY_MAX},
    {"POST", "/v1/changes/github", serve_github, HOOK_BODY_MAX, 0},
    {"POST", "/v1/changes/gitlab", serve_gitlab, HOOK_BODY_MAX, 0},
    {"POST", "/v1/changes/jenkins", serve_jenkins, HOOK_BODY_MAX, 0},
    {"POST", "/v1/changes/argocd", serve_argocd, HOOK_BODY_MAX, 0},
    {"POST", "/v1/coredumps", serve_coredumps, CORE_BODY_MAX, CORE_BODY_MAX},
    {"POST", "/v1/alarms/alertmanager", serve_webhook, ALARM_BODY_MAX, ALARM_BODY_MAX},
    {"POST", "/v1/alarms", serve_alarms, ALARM_BODY_MAX, ALARM_BODY_MAX},
    {"POST", "/v1/tests", serve_tests, TEST_RUN_BYTES_MAX, TEST_RUN_BYTES_MAX},
    {"POST", "/v1/changes/{id}/feedback", serve_feedback, FEEDBACK_BYTES_MAX,
     FEEDBACK_BYTES_MAX},
    {"POST", "/v1/mutes", serve_mutes, MUTE_BYTES_MAX, MUTE_BYTES_MAX},
    {"POST", "/v1/mutes/{id}/end", serve_mute_end, MUTE_BYTES_MAX, MUTE_BYTES_MAX},
    {"POST", "/write", serve_write, SAMPLES_BODY_MAX, SAMPLES_INFLATED_MAX},
    {"POST", "/api/v2/write", serve_write, SAMPLES_BODY_MAX, SAMPLES_INFLATED_MAX},
    {"POST", "/api/v1/write", serve_remote_write, SAMPLES_BODY_MAX, HTTPD_AS_SENT},
    {"POST", "/collectd", serve_collectd, SAMPLES_BODY_MAX, SAMPLES_INFLATED_MAX},
    {"POST", "/v1/calls", serve_calls, SAMPLES_BODY_MAX, SAMPLES_INFLATED_MAX},
    {0},
};

void collector_write_metrics(const struct collector *c, struct buf *to)
{
    intake_write_metrics(c->intake, to);
    in_calls_write_metrics(c->calls, to);
    in_remote_write_write_metrics(c->remote_write, to);
    in_alarm_write_metrics(c->alarms, to);
    hook_write_metrics(&c->books, to);
    wires_write_metrics(c->wires, to);
}

struct tally collector_tally(const struct collector *c)
{
    return intake_read(c->intake);
}
