/* programs/cmd_run.c - `aftercheck run`: a command as a change.
 *
 * A checkup must never stop a change: the command runs whether or not the service can
 * be reached, unless --require asks otherwise, and events that cannot be posted are
 * kept in the spool of `aftercheck send`.  Standard output belongs to the command; all
 * our words go to standard error.  One thread. */
#include "programs/cmd.h"

#include "base/json.h"
#include "base/opt.h"
#include "programs/command.h"
#include "programs/deliver.h"
#include "programs/event_form.h"
#include "programs/gate.h"
#include "programs/host_batches.h"
#include "programs/spool.h"
#include "storage/change.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SIGNAL_BASE = 128,
    FLUSH_MS = 5000,
    RETRY_MS = 30000, /* a gate tries so long to reach a service that went away */
    RETRY_STEP_MS = 1000,
};

struct run {
    struct event_form form; /* what all events of this change have in common */
    char change_id[201], nonce[EVENT_FRESH_ID_MAX], host[256];
    const char *server, *spool, *batches_text, *size_text, *gate_text;
    int waits, require;
    span gate;
    size_t batches, size;
    char *const *argv;
    struct httpc *http;
    size_t kept; /* events in the spool */
    instant last_batch, last_decided;
};

static void warn(const char *what, const struct err *err)
{
    fprintf(stderr, "aftercheck run: %s: %s\n", what, err->text);
}

/* --- events --- */

/* What differs from event to event. */
struct moment {
    const char *phase, *hosts, *outcome;
    const char *batch; /* "1/4" */
    const int *exit_code;
    instant at;
};

static int write_event(const struct run *r, const struct moment *m, struct buf *to,
                       struct err *err)
{
    struct event_form f = r->form;
    char id[320], time[INSTANT_TEXT_MAX], code[16];
    snprintf(id, sizeof id, "%s-%s%s%s-%.8s", r->change_id, m->phase,
             m->batch != NULL ? "-" : "", m->batch != NULL ? m->batch : "", r->nonce);
    f.id = id;
    f.time = instant_text(m->at, time);
    f.change_id = r->change_id;
    f.phase = m->phase;
    f.hosts = m->hosts;
    f.batch = m->batch;
    f.outcome = m->outcome;
    if (m->exit_code != NULL) {
        snprintf(code, sizeof code, "%d", *m->exit_code);
        f.exit_code = code;
    }
    return event_form_write(&f, to, err);
}

/* As the service will read it: better to hear of it before the command has run. */
static int check_event(const struct buf *event, instant now, struct err *err)
{
    OWNED_EVENT *e = NULL;
    OWNED_JSON *doc = json_parse(event->data, event->len, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    return change_event_read(&root, now, &e, err);
}

static void keep(struct run *r, const struct buf *event)
{
    struct err err = {0};
    uint64_t number;
    struct spool_record record = {.server = cmd_server(r->server),
                                  .path = "/v1/changes",
                                  .type = "application/json",
                                  .body = event->data,
                                  .n = event->len};
    OWNED_SPOOL *s = spool_open(r->spool, &err);
    if (s == NULL || spool_put(s, &record, instant_now(), &number, &err) < 0) {
        warn("the event is lost", &err);
        return;
    }
    r->kept++;
    fprintf(stderr, "aftercheck run: the event is kept in %s for later\n",
            spool_dir(s));
}

/* Posts or keeps one event; 0, or the exit code with which --require ends. */
static int post(struct run *r, const struct moment *m)
{
    OWNED_BUF event = {0}, answer = {0};
    struct err err = {0};
    unsigned status = 0;
    char what[80];
    if (write_event(r, m, &event, &err) < 0) {
        warn(m->phase, &err);
        return EXIT_REFUSED;
    }
    if (event_post(r->http, event.data, event.len, &status, &answer, &err) == 0)
        return 0;
    bool refused = deliver_is_refusal(status);
    snprintf(what, sizeof what, "'%s' could not be posted", m->phase);
    warn(what, &err);
    if (!refused && !(r->require && strcmp(m->phase, "started") == 0))
        keep(r, &event);
    return refused ? EXIT_REFUSED : EXIT_AWAY;
}

/* Events that were kept go first: the gate asks for what the service knows. */
static void send_kept(struct run *r)
{
    struct delivered done;
    struct err err = {0};
    if (r->kept == 0)
        return;
    OWNED_SPOOL *s = spool_open(r->spool, &err);
    if (s == NULL ||
        deliver(s, r->http, cmd_server(r->server), FLUSH_MS, &done, &err) < 0)
        return; /* said before; the next `aftercheck send` takes them */
    r->kept = 0;
}

/* --- the gate --- */

static bool interrupted(void *arg)
{
    int *sig = arg;
    *sig = command_stop_signal();
    return *sig != 0;
}

/* 0 with an answer; -1 when the service stays away. */
static int ask_gate(struct run *r, instant since, int *ret_signal,
                    struct gate_answer *a)
{
    struct gate_ask ask = {.id = r->change_id,
                           .wait = r->gate,
                           .since = since,
                           .stop = interrupted,
                           .arg = ret_signal};
    int64_t until = monotonic_ms() + RETRY_MS;
    for (;;) {
        struct err err = {0};
        send_kept(r);
        if (gate_wait(r->http, &ask, a, &err) == 0)
            return 0;
        if (monotonic_ms() >= until || interrupted(ret_signal)) {
            warn("there is no verdict", &err);
            return -1;
        }
        poll(NULL, 0, RETRY_STEP_MS); /* the service may be starting anew */
    }
}

/* 0: go on; else the exit code to stop with. */
static int pass_gate(struct run *r)
{
    struct gate_answer a;
    int sig = 0;
    /* The last verdict may have been decided by the service's clock after what ours
     * says of this batch's end: it must be another one in any case. */
    instant since = r->last_batch;
    if (r->last_decided.ms >= since.ms)
        since.ms = r->last_decided.ms + 1;
    int rc = ask_gate(r, since, &sig, &a);
    if (sig != 0)
        return SIGNAL_BASE + sig;
    if (rc < 0 && r->require)
        return EXIT_AWAY;
    if (rc < 0) {
        fputs("aftercheck run: goes on without a verdict\n", stderr);
        return 0;
    }
    gate_say(stderr, r->change_id, &a);
    if (a.settled)
        r->last_decided = a.decided_at;
    else
        fputs("aftercheck run: the time was up before the last look; goes on\n",
              stderr);
    return a.grade == GRADE_MUST_HANDLE ? GRADE_MUST_HANDLE : 0;
}

/* The grade, of the whole change. */
static int final_verdict(struct run *r)
{
    struct gate_answer a;
    int sig = 0;
    instant since = r->last_batch;
    int rc = ask_gate(r, since, &sig, &a);
    if (sig != 0)
        return SIGNAL_BASE + sig;
    if (rc < 0)
        return r->require ? EXIT_AWAY : GRADE_NOT_JUDGED;
    gate_say(stderr, r->change_id, &a);
    if (!a.settled)
        fputs("aftercheck run: the time was up before the last look\n", stderr);
    return gate_exit_code(&a);
}

/* --- the command --- */

static int set_environment(const struct run *r, const char *hosts, size_t no, size_t of)
{
    char batch[64];
    snprintf(batch, sizeof batch, "%zu/%zu", no, of);
    return setenv("AFTERCHECK_HOSTS", hosts, 1) == 0 &&
                   setenv("AFTERCHECK_BATCH", batch, 1) == 0 &&
                   setenv("AFTERCHECK_CHANGE", r->change_id, 1) == 0
               ? 0
               : -1;
}

static int run_once(struct run *r, const char *hosts, size_t no, size_t of,
                    struct command_end *end)
{
    struct err err = {0};
    char **argv = host_batches_argv(r->argv, hosts, &err);
    *end = (struct command_end){.exit_code = EXIT_REFUSED};
    if (argv != NULL && set_environment(r, hosts, no, of) < 0)
        err_set(&err, ENOMEM, "out of memory");
    else if (argv != NULL)
        command_run(argv, end, &err);
    host_batches_free_argv(&argv);
    if (err.code == 0)
        return 0;
    fprintf(stderr, "aftercheck run: %s\n", err.text);
    return -1;
}

static const char *outcome_of(const struct command_end *e)
{
    return !e->started ? "not started" : e->exit_code == 0 ? "succeeded" : "failed";
}

/* The end of the change; `whole` when no batch is missing. */
static void post_end(struct run *r, bool whole, const char *outcome, int exit_code)
{
    struct moment m = {.phase = whole ? "finished" : "cancelled",
                       .hosts = whole ? r->form.hosts : NULL,
                       .outcome = outcome,
                       .exit_code = &exit_code,
                       .at = instant_now()};
    post(r, &m);
}

/* One batch: the command, its event, and the gate unless it is the last.  0: go on;
 * else the exit code. */
static int run_batch(struct run *r, const struct host_batches *b, size_t i)
{
    struct command_end end;
    char batch[64];
    bool last = i + 1 == b->n;
    run_once(r, b->at[i], i + 1, b->n, &end);
    if (end.started && b->n > 1) {
        snprintf(batch, sizeof batch, "%zu/%zu", i + 1, b->n);
        r->last_batch = instant_now();
        struct moment m = {.phase = "batch_finished",
                           .hosts = b->at[i],
                           .batch = batch,
                           .outcome = outcome_of(&end),
                           .exit_code = &end.exit_code,
                           .at = r->last_batch};
        post(r, &m);
    }
    if (end.exit_code == 0 && end.stop_signal != 0 && !last)
        end.exit_code = SIGNAL_BASE + end.stop_signal;
    if (end.exit_code != 0 || last) {
        post_end(r, last && end.started, outcome_of(&end), end.exit_code);
        return end.exit_code;
    }
    int stop = pass_gate(r);
    if (stop != 0) {
        fprintf(stderr, "aftercheck run: stops after batch %zu of %zu\n", i + 1, b->n);
        post_end(r, false, "stopped", stop);
    }
    return stop;
}

static int run_all(struct run *r, const struct host_batches *b)
{
    struct moment begin = {
        .phase = "started", .hosts = r->form.hosts, .at = instant_now()};
    int code = post(r, &begin);
    if (code != 0 && r->require) {
        fputs("aftercheck run: --require: the command was not run\n", stderr);
        return code;
    }
    if (code != 0)
        fputs("aftercheck run: runs the command all the same\n", stderr);
    fprintf(stderr, "aftercheck run: change_id %s\n", r->change_id);
    code = 0;
    for (size_t i = 0; code == 0 && i < b->n; i++)
        code = run_batch(r, b, i);
    send_kept(r);
    return code == 0 && r->waits ? final_verdict(r) : code;
}

/* --- the command line --- */

static int read_count(const char *name, const char *text, size_t *ret, struct err *err)
{
    *ret = 0;
    if (text == NULL)
        return 0;
    size_t n = strspn(text, "0123456789");
    unsigned long v = n > 0 && n <= 6 && text[n] == '\0' ? strtoul(text, NULL, 10) : 0;
    if (v == 0 || v > HOST_BATCHES_MAX)
        return err_set(err, EINVAL, "--%s: expected 1 to %d, got '%.40s'", name,
                       HOST_BATCHES_MAX, text);
    *ret = v;
    return 0;
}

static int complete(struct run *r, struct err *err)
{
    if (r->argv[0] == NULL)
        return err_set(err, EINVAL, "takes a command behind '--'; see --help");
    if (read_count("batches", r->batches_text, &r->batches, err) < 0 ||
        read_count("batch-size", r->size_text, &r->size, err) < 0 ||
        span_parse(r->gate_text, &r->gate, err) < 0)
        return -1;
    if (r->batches > 0 && r->size > 0)
        return err_set(err, EINVAL, "--batches and --batch-size exclude one another");
    if ((r->batches > 0 || r->size > 0) && r->form.hosts == NULL)
        return err_set(err, EINVAL, "batches are made of --hosts");
    if (r->form.hosts == NULL && r->form.service == NULL &&
        gethostname(r->host, sizeof r->host - 1) == 0)
        r->form.hosts = r->host;
    if (r->form.kind == NULL)
        r->form.kind = r->batches > 0 || r->size > 0 ? "batch-restart" : "other";
    event_fresh_id(r->nonce);
    if (r->form.change_id != NULL && strlen(r->form.change_id) >= sizeof r->change_id)
        return err_set(err, EINVAL, "--change-id: is longer than 200 bytes");
    snprintf(r->change_id, sizeof r->change_id, "%s",
             r->form.change_id != NULL ? r->form.change_id : r->nonce);
    return 0;
}

/* Arguments may hold passwords: the title of its own names the program alone. */
static void give_title(struct run *r, char *room, size_t n)
{
    const char *slash = strrchr(r->argv[0], '/');
    snprintf(room, n, "%.150s", slash != NULL ? slash + 1 : r->argv[0]);
    if (r->form.title == NULL)
        r->form.title = room;
}

static int prepare(struct run *r, struct host_batches *b, struct err *err)
{
    OWNED_BUF event = {0};
    struct moment begin = {
        .phase = "started", .hosts = r->form.hosts, .at = instant_now()};
    if (write_event(r, &begin, &event, err) < 0 ||
        check_event(&event, begin.at, err) < 0)
        return -1;
    return host_batches_cut(r->form.hosts, r->batches, r->size, b, err);
}

static const char more[] =
    "The command gets AFTERCHECK_CHANGE (the change_id), AFTERCHECK_HOSTS (its hosts "
    "with commas between) and AFTERCHECK_BATCH (such as 1/4); {hosts} in its arguments "
    "becomes its hosts. Signals reach it.\n"
    "With batches it is run once a batch, and `batch_finished` is posted after each; "
    "between two batches the gate waits until the batches so far have been looked at, "
    "and stops at must-handle: then `cancelled` is posted.\n"
    "A command that fails has changed something, too: `finished` is posted all the "
    "same, with outcome and exit_code as further fields. `cancelled` is posted when it "
    "could not be started or batches are left.\n"
    "When the service cannot be reached the command runs all the same, and its events "
    "are kept on disk (see `aftercheck send --help`).\n"
    "Without --title the change has the command's name as its title, without its "
    "arguments, as these may hold passwords.\n"
    "Exit: the command's code (128 + N after signal N, 127 or 126 when it does not "
    "start); 2 (must-handle) when the gate stopped; with --wait and a command that "
    "succeeded the grade: 0 ok, 1 attention, 2 must-handle, 3 not-judged; with "
    "--require 75 when the service cannot be reached, 1 when it refuses; 2 wrong "
    "usage.\n"
    "Examples:\n"
    "  aftercheck run --kind config --service pay --hosts h1,h2 -- ./push-config.sh\n"
    "  aftercheck run --service pay --hosts h1,h2,h3,h4 --batches 2 -- \\\n"
    "      parallel-ssh -i -H '{hosts}' systemctl restart pay";

int cmd_run(int argc, char **argv)
{
    struct run r = {.form = {.program = "aftercheck-run"},
                    .gate_text = "70m",
                    .last_batch = INSTANT_NONE,
                    .last_decided = INSTANT_NONE};
    const struct opt opts[] = {
        EVENT_FORM_OPTS(&r.form),
        {"batches", "N", "cut the hosts into N batches and wait between them",
         &r.batches_text},
        {"batch-size", "N", "cut the hosts into batches of N", &r.size_text},
        {"gate", "TIME", "longest wait between batches and for --wait; 70m",
         &r.gate_text},
        {"wait", NULL, "wait for the final verdict and exit with its grade", &r.waits},
        {"require", NULL, "do not run the command when the service cannot be reached",
         &r.require},
        {"spool", "DIR", "where events wait while the service is away", &r.spool},
        CMD_SERVER_OPT(&r.server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck run",
        .synopsis = "-- COMMAND [ARGUMENT...]",
        .about = "Runs a command as a change: posts `started` before and `finished` "
                 "after it, and prints the change_id on standard error. Without hosts "
                 "and service the change is about this host; its kind is other, or "
                 "batch-restart with batches.",
        .more = more,
        .opts = opts,
    };
    r.argv = argv + opt_parse(&program, argc, argv);
    struct err err = {0};
    struct host_batches b = {0};
    char title[160];
    if (complete(&r, &err) < 0)
        return cmd_fail("run", EXIT_USAGE, &err);
    give_title(&r, title, sizeof title);
    if (prepare(&r, &b, &err) < 0)
        return cmd_fail("run", EXIT_USAGE, &err);
    r.http = cmd_connect(r.server);
    int code = EXIT_USAGE;
    if (r.http != NULL) {
        command_hold_signals();
        code = run_all(&r, &b);
    }
    httpc_free(&r.http);
    host_batches_free(&b);
    return code;
}
