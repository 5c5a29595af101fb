/* programs/aftercheck_agent.c - reads this host every few seconds and sends it.
 *
 * One thread and one loop: sources gather at their times, the buffer keeps what they
 * give, the sender takes it to the service.  Signals are blocked and read from a
 * descriptor, so no handler runs.  Small is a promise here: nothing is linked that is
 * not needed, and nothing waits in memory that can wait on disk. */
#include "base/buf.h"
#include "base/log.h"
#include "base/opt.h"
#include "collector/hostinfo/hostinfo.h"
#include "programs/agent/buffer.h"
#include "programs/agent/config.h"
#include "programs/agent/exec.h"
#include "programs/agent/loop.h"
#include "programs/agent/probe_child.h"
#include "programs/agent/send.h"
#include "programs/agent/source.h"
#include "programs/agent/tls.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { STOP_MS = 2000, PRINT_MS = 1000, PRINT_MOST_MS = 60000 };

struct agent {
    struct agent_flags flags;
    struct agent_config *config;
    struct loop *loop;
    struct agent_buffer *buffer;
    struct agent_send *send;
    struct agent_exec_pool *execs;
    struct agent_env env;
    char *state; /* the buffer's directory: the one it was started with */
    struct agent_sources *sources;
    struct loop_watch signals;
    struct loop_timer report;
    int64_t last_s;                   /* of the last report */
    uint64_t lost_told[AGENT_LOSS_N]; /* in reports */
    uint64_t config_errors;           /* reloads that failed */
    int64_t cpu_us;
    bool stopping, failed;
};

/* ---- the agent's own figures ---- */

static int64_t cpu_us(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return (u.ru_utime.tv_sec + u.ru_stime.tv_sec) * INT64_C(1000000) +
           u.ru_utime.tv_usec + u.ru_stime.tv_usec;
}

static void add_own(const struct agent *a, const char *reason, struct buf *to)
{
    buf_add(to, "agent");
    if (reason != NULL)
        buf_addf(to, ",reason=%s", reason);
    buf_add(to, ",host=");
    agent_add_escaped(to, a->config->host);
    if (a->config->service[0] != '\0') {
        buf_add(to, ",service=");
        agent_add_escaped(to, a->config->service);
    }
}

/* What was lost since the last report: in all, and for each reason that there was. */
static uint64_t write_losses(struct agent *a, const struct agent_buffer_stats *b,
                             int64_t at_s, struct buf *to)
{
    uint64_t all = 0;
    for (int i = 0; i < AGENT_LOSS_N; i++) {
        uint64_t lost = b->lost[i] - a->lost_told[i];
        all += lost;
        if (lost > 0) {
            add_own(a, agent_loss_name((enum agent_loss)i), to);
            buf_addf(to, " dropped=%llu %lld\n", (unsigned long long)lost,
                     (long long)at_s);
        }
    }
    memcpy(a->lost_told, b->lost, sizeof a->lost_told);
    return all;
}

static void write_own(struct agent *a, instant at, struct buf *to)
{
    struct agent_buffer_stats b = agent_buffer_stats(a->buffer);
    uint64_t lost = write_losses(a, &b, at.ms / 1000, to);
    int64_t cpu = cpu_us();
    add_own(a, NULL, to);
    buf_addf(to, " dropped=%llu,waiting=%zu,waiting_bytes=%llu,silent_sources=%zu",
             (unsigned long long)lost, b.batches, (unsigned long long)b.bytes,
             agent_sources_silent(a->sources));
    buf_addf(to, ",config_errors=%llu,cpu_ms=%.7g %lld\n",
             (unsigned long long)a->config_errors, (double)(cpu - a->cpu_us) / 1000,
             (long long)(at.ms / 1000));
    a->cpu_us = cpu;
}

enum { OWN_SAMPLES = 6 };

static void plan_report(struct agent *a)
{
    int64_t every = a->config->interval.ms;
    loop_set(a->loop, &a->report, monotonic_ms() + every - instant_now().ms % every);
}

static void on_report(void *arg)
{
    struct agent *a = arg;
    OWNED_BUF lines = {0};
    int64_t every = a->config->interval.ms, now = instant_now().ms;
    instant at = {now - now % every};
    if (at.ms / 1000 != a->last_s) { /* else woken a moment early */
        a->last_s = at.ms / 1000;
        size_t n = OWN_SAMPLES + agent_sources_report(a->sources, at, &lines);
        write_own(a, at, &lines);
        struct agent_batch batch = {AGENT_BODY_LINES, at, (uint32_t)n, lines.data,
                                    lines.len};
        if (buf_done(&lines) == 0) {
            agent_buffer_put(a->buffer, &batch);
            a->env.news(a);
        }
    }
    plan_report(a);
}

/* ---- configuration ---- */

static void log_complaints(const struct buf *why)
{
    for (const char *p = buf_text(why); *p != '\0';) {
        size_t n = strcspn(p, "\n");
        log_error("%.*s", (int)n, p);
        p += n + (p[n] == '\n');
    }
    log_error("the configuration stays as it was");
}

/* The connection stays when it goes to the same place. */
static int move_to(struct agent *a, const struct agent_config *c, struct err *err)
{
    agent_tls_trust(c->ca);
    if (strcmp(c->server, agent_send_server(a->send)) == 0)
        return 0;
    return agent_send_move(a->send, c->server, err);
}

/* New settings take the place of the old ones only when all of them work. */
static void reload(struct agent *a)
{
    OWNED_BUF why = {0};
    struct err err = {0};
    struct agent_config *c = agent_config_load(&a->flags, &why);
    if (c == NULL) {
        a->config_errors++;
        log_complaints(&why);
        return;
    }
    struct agent_sources *s = NULL;
    if (move_to(a, c, &err) == 0)
        s = agent_sources_open(&a->env, c, a->sources, &err);
    if (s == NULL) {
        move_to(a, a->config, NULL);
        a->config_errors++;
        log_error("%s; the configuration stays as it was", err.text);
        agent_config_free(&c);
        return;
    }
    if (strcmp(c->buffer, a->config->buffer) != 0 ||
        c->buffer_bytes != a->config->buffer_bytes)
        log_warn("another buffer counts from the next start on");
    agent_config_free(&a->config);
    a->config = c;
    a->sources = s;
    agent_exec_pool_set(a->execs, (unsigned)c->at_once);
    agent_sources_begin(s);
    plan_report(a);
    malloc_trim(0);
    log_info("the configuration was read again");
}

/* ---- life ---- */

static void on_signal(void *arg, short came)
{
    struct agent *a = arg;
    struct signalfd_siginfo is;
    (void)came;
    while (read(a->signals.fd, &is, sizeof is) == (ssize_t)sizeof is) {
        if (is.ssi_signo == SIGHUP)
            reload(a);
        else
            a->stopping = true;
    }
}

static void on_news(void *arg)
{
    struct agent *a = arg;
    if (a->send != NULL)
        agent_send_news(a->send);
}

static int take_signals(struct agent *a)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    a->signals =
        (struct loop_watch){.fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK),
                            .events = POLLIN,
                            .ready = on_signal,
                            .arg = a};
    return a->signals.fd < 0 ? -1 : loop_watch(a->loop, &a->signals);
}

static void wake(void *arg)
{
    bool *over = arg;
    *over = true;
}

/* What waits may still be sent for a moment; what is left stays on disk. */
static void wind_down(struct agent *a)
{
    bool over = false;
    struct loop_timer end = {.fire = wake, .arg = &over};
    agent_sources_close(&a->sources);
    loop_clear(a->loop, &a->report);
    loop_unwatch(a->loop, &a->signals);
    loop_set(a->loop, &end, monotonic_ms() + STOP_MS);
    agent_send_hurry(a->send);
    while (!over && !agent_send_idle(a->send))
        loop_turn(a->loop);
    loop_clear(a->loop, &end);
    size_t left = agent_buffer_stats(a->buffer).batches;
    if (left > 0)
        log_warn("%zu batches were not sent%s", left,
                 strcmp(a->config->buffer, "none") == 0
                     ? ""
                     : "; they are kept for the next start");
}

static void run(struct agent *a)
{
    char every[SPAN_TEXT_MAX];
    log_info("host %s of service '%s', every %s to %s", a->config->host,
             a->config->service, span_text(a->config->interval, every),
             a->config->server);
    a->report = (struct loop_timer){.fire = on_report, .arg = a};
    a->last_s = instant_now().ms / 1000;
    a->cpu_us = cpu_us();
    struct agent_buffer_stats before = agent_buffer_stats(a->buffer);
    memcpy(a->lost_told, before.lost, sizeof a->lost_told);
    agent_sources_begin(a->sources);
    plan_report(a);
    malloc_trim(0);
    while (!a->stopping)
        loop_turn(a->loop);
    wind_down(a);
    log_info("ended");
}

static int serve(struct agent *a, struct err *err)
{
    if (take_signals(a) < 0)
        return err_sys(err, errno, "signals cannot be taken");
    a->send = agent_send_new(a->loop, a->buffer, a->config->server, err);
    if (a->send == NULL)
        return -1;
    run(a);
    agent_send_free(&a->send);
    close(a->signals.fd);
    return 0;
}

/* One round of all sources, a second after they were opened. */
static int print_reading(struct agent *a)
{
    struct agent_parcel parcel;
    OWNED_BUF text = {0};
    agent_sources_once(a->sources, PRINT_MS, PRINT_MOST_MS);
    while (agent_buffer_peek(a->buffer, 0, &text, &parcel)) {
        if (parcel.body == AGENT_BODY_LINES || parcel.body == AGENT_BODY_CALL_LINES)
            fputs(buf_text(&text), stdout);
        else
            printf("# %llu samples for %s in %zu bytes\n",
                   (unsigned long long)parcel.samples,
                   agent_body_info(parcel.body)->path, text.len);
        agent_buffer_done(a->buffer, parcel.number);
        buf_clear(&text);
    }
    agent_sources_tell(a->sources, stdout);
    return fflush(stdout) == 0 ? 0 : -1;
}

static int work(struct agent *a, struct err *err)
{
    bool disk = !a->flags.print && strcmp(a->config->buffer, "none") != 0;
    agent_tls_trust(a->config->ca);
    a->loop = loop_new();
    a->state = strdup(a->config->buffer);
    if (a->loop == NULL || a->state == NULL)
        return err_set(err, ENOMEM, "out of memory");
    a->buffer = agent_buffer_open(disk ? a->config->buffer : NULL,
                                  a->config->buffer_bytes, err);
    if (a->buffer == NULL)
        return -1;
    a->execs = agent_exec_pool_new(a->loop, (unsigned)a->config->at_once);
    if (a->execs == NULL)
        return err_set(err, ENOMEM, "out of memory");
    a->env = (struct agent_env){.loop = a->loop,
                                .buffer = a->buffer,
                                .execs = a->execs,
                                .root = "/",
                                .state = disk ? a->state : NULL,
                                .once = a->flags.print,
                                .news = on_news,
                                .arg = a};
    a->sources = agent_sources_open(&a->env, a->config, NULL, err);
    if (a->sources == NULL)
        return -1;
    return a->flags.print ? print_reading(a) : serve(a, err);
}

static void drop(struct agent *a)
{
    agent_sources_close(&a->sources);
    agent_exec_pool_free(&a->execs);
    agent_buffer_close(&a->buffer);
    loop_free(&a->loop);
    free(a->state);
    agent_config_free(&a->config);
}

/* ---- the command line ---- */

static void add_sources(struct buf *to)
{
    buf_add(to, "It gives:\n");
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++)
        buf_addf(to, "  %s\n", hostinfo_source_gives((enum hostinfo_source)i));
    buf_add(to, "\nA configuration file may have:\n");
    agent_config_write_fields(to);
    buf_add(to, "\nA flag stands above the file.  SIGHUP reads the file again: on any\n"
                "mistake the old one stays.  SIGTERM sends what waits and ends.\n");
}

static void parse_flags(struct agent_flags *f, int argc, char **argv)
{
    OWNED_BUF more = {0};
    add_sources(&more);
    const struct opt opts[] = {
        {"server", "URL", "The service; http://127.0.0.1:8190.", &f->server},
        {"service", "NAME", "The service that this host is part of.", &f->service},
        {"host", "NAME", "This host's name; its own hostname.", &f->host},
        {"interval", "SPAN", "How often the host is read, from 1s to 10m; 10s.",
         &f->interval},
        {"buffer", "DIR",
         "Where samples wait for the service, or none; $STATE_DIRECTORY, else "
         "/var/lib/aftercheck-agent for root, else below the home.",
         &f->buffer},
        {"config", "FILE", "A YAML file of the above, and of further sources.",
         &f->config},
        {"check-config", NULL, "Says whether file and flags are right, and ends.",
         &f->check},
        {"print", NULL, "Prints one reading of all sources, and ends.", &f->print},
        {0}};
    const struct opt_program program = {
        "aftercheck-agent", "",
        "Reads this host's metrics, runs checks, scrapes exporters and follows logs on "
        "it, and sends all that to aftercheckd.  While the service is away it keeps "
        "them on disk.",
        buf_text(&more), opts};
    int first = opt_parse(&program, argc, argv);
    if (first < argc) {
        fprintf(stderr, "aftercheck-agent: unexpected operand '%s'; try --help\n",
                argv[first]);
        exit(2);
    }
}

int main(int argc, char **argv)
{
    struct agent a = {0};
    OWNED_BUF why = {0};
    struct err err = {0};
    if (argc > 1 && strcmp(argv[1], "--probe-child") == 0)
        return agent_probe_child(argc - 2, argv + 2); /* agent/probe.c runs it */
    mallopt(M_ARENA_MAX, 1);
    log_set_name("aftercheck-agent");
    parse_flags(&a.flags, argc, argv);
    a.config = agent_config_load(&a.flags, &why);
    if (a.config == NULL) {
        fputs(buf_text(&why), stderr);
        return 1;
    }
    int rc = 0;
    if (a.flags.check)
        puts("the configuration is fine");
    else
        rc = work(&a, &err);
    if (rc < 0)
        log_error("%s", err.text);
    drop(&a);
    return rc < 0 ? 1 : 0;
}
