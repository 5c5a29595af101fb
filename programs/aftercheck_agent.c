/* programs/aftercheck_agent.c - reads this host every few seconds and sends it.
 *
 * The main thread waits for the next multiple of the interval or a signal, reads, and
 * hands the lines over; programs/agent_send.c takes them to the service.  Signals are
 * blocked everywhere and taken in turn with sigtimedwait, so no handler runs.  Small is
 * a promise here: one malloc arena, small stacks, nothing linked that is not needed. */
#include "base/buf.h"
#include "base/log.h"
#include "base/opt.h"
#include "collector/hostinfo/hostinfo.h"
#include "programs/agent_config.h"
#include "programs/agent_send.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STOP_MS = 2000, KEPT_BYTES = 64 << 10 };

struct agent {
    struct agent_flags flags;
    struct agent_config config;
    struct hostinfo *host;
    struct agent_send *send;
    struct buf lines;
    instant last;
    bool silent_told[HOSTINFO_SOURCE_N];
};

/* ---- reading ---- */

/* Which sources give nothing, once each time that changes. */
static void tell_silent(struct agent *a)
{
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++) {
        bool silent = hostinfo_silent(a->host, (enum hostinfo_source)i);
        if (silent != a->silent_told[i])
            log_info("%s: %s", hostinfo_source_name((enum hostinfo_source)i),
                     silent ? "nothing to read on this host" : "is read again");
        a->silent_told[i] = silent;
    }
}

static void read_host(struct agent *a, instant at)
{
    buf_clear(&a->lines);
    hostinfo_read(a->host, at, monotonic_ms(), &a->lines);
    tell_silent(a);
    if (a->lines.cap > KEPT_BYTES && a->lines.len < KEPT_BYTES / 2)
        buf_free(&a->lines);
}

static void take_reading(struct agent *a, instant at)
{
    read_host(a, at);
    hostinfo_add(a->host, at, "agent", "dropped", (double)agent_send_dropped(a->send),
                 &a->lines);
    if (buf_done(&a->lines) == 0)
        agent_send_put(a->send, at, a->lines.data, a->lines.len);
    else
        log_warn("a reading was lost: out of memory");
    a->last = at;
}

/* ---- life ---- */

static int open_host(const struct agent_config *c, struct hostinfo **ret_host,
                     struct err *err)
{
    struct hostinfo_spec spec = {"/", c->host, c->service};
    *ret_host = hostinfo_new(&spec, err);
    return *ret_host != NULL ? 0 : -1;
}

static void log_complaints(const struct buf *why)
{
    for (const char *p = buf_text(why); *p != '\0';) {
        size_t n = strcspn(p, "\n");
        log_error("%.*s", (int)n, p);
        p += n + (p[n] == '\n');
    }
    log_error("the configuration stays as it was");
}

/* New settings take the place of the old ones only when all of them work. */
static void reload(struct agent *a)
{
    OWNED_BUF why = {0};
    struct agent_config c;
    struct err err = {0};
    struct hostinfo *host = NULL;
    if (agent_config_load(&a->flags, &c, &why) < 0) {
        log_complaints(&why);
        return;
    }
    bool other_names = strcmp(c.host, a->config.host) != 0 ||
                       strcmp(c.service, a->config.service) != 0;
    if ((other_names && open_host(&c, &host, &err) < 0) ||
        agent_send_move(a->send, c.server, &err) < 0) {
        log_error("%s; the configuration stays as it was", err.text);
        hostinfo_free(&host);
        agent_config_free(&c);
        return;
    }
    agent_config_free(&a->config);
    a->config = c;
    if (host != NULL) {
        hostinfo_free(&a->host);
        a->host = host;
        read_host(a, instant_now()); /* what counters grow from */
    }
    log_info("the configuration was read again");
}

static instant floor_to(instant at, span interval)
{
    return (instant){at.ms - at.ms % interval.ms};
}

/* Until the next multiple of the interval; gives the signal that came first, or 0. */
static int wait_next(const struct agent *a, const sigset_t *signals)
{
    instant now = instant_now();
    int64_t ms = a->config.interval.ms - now.ms % a->config.interval.ms;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    int sig = sigtimedwait(signals, NULL, &t);
    return sig > 0 ? sig : 0;
}

static void run(struct agent *a, const sigset_t *signals)
{
    read_host(a, instant_now());
    int64_t begun = monotonic_ms();
    a->last = floor_to(instant_now(), a->config.interval);
    for (;;) {
        int sig = wait_next(a, signals);
        if (sig == SIGHUP)
            reload(a);
        else if (sig != 0)
            return;
        instant at = floor_to(instant_now(), a->config.interval);
        /* Woken a moment early: once more.  Rates over an instant after the start would
         * be noise: the first reading has half an interval at least behind it. */
        if (sig != 0 || at.ms == a->last.ms ||
            monotonic_ms() - begun < a->config.interval.ms / 2)
            continue;
        take_reading(a, at);
    }
}

static int print_reading(struct agent *a)
{
    struct timespec second = {1, 0};
    read_host(a, instant_now());
    nanosleep(&second, NULL);
    read_host(a, instant_now());
    fputs(buf_text(&a->lines), stdout);
    return fflush(stdout) == 0 ? 0 : 1;
}

static void add_sources(struct buf *to)
{
    buf_add(to, "It gives:\n");
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++)
        buf_addf(to, "  %s\n", hostinfo_source_gives((enum hostinfo_source)i));
    buf_add(to,
            "\nIn a configuration file the names are the same: server, service, host,\n"
            "interval.  A flag stands above the file.  SIGHUP reads the file again,\n"
            "SIGTERM sends what waits and ends.\n");
}

static void parse_flags(struct agent_flags *f, int argc, char **argv)
{
    OWNED_BUF more = {0};
    add_sources(&more);
    const struct opt opts[] = {
        {"server", "URL", "The service; http://127.0.0.1:8190.", &f->server},
        {"service", "NAME", "The service that this host is part of.", &f->service},
        {"host", "NAME", "This host's name; its own hostname.", &f->host},
        {"interval", "SPAN", "How often samples are taken, from 1s to 10m; 10s.",
         &f->interval},
        {"config", "FILE", "A YAML file of the above.", &f->config},
        {"check-config", NULL, "Says whether file and flags are right, and ends.",
         &f->check},
        {"print", NULL, "Prints one reading, taken over a second, and ends.",
         &f->print},
        {0}};
    const struct opt_program program = {"aftercheck-agent", "",
                                        "Reads this host's metrics and sends them to "
                                        "aftercheckd.  While the service is "
                                        "away it keeps ten minutes of them in memory.",
                                        buf_text(&more), opts};
    int first = opt_parse(&program, argc, argv);
    if (first < argc) {
        fprintf(stderr, "aftercheck-agent: unexpected operand '%s'; try --help\n",
                argv[first]);
        exit(2);
    }
}

static int serve(struct agent *a, const sigset_t *signals)
{
    struct err err = {0};
    a->send = agent_send_start(a->config.server, &err);
    if (a->send == NULL) {
        log_error("%s", err.text);
        return 1;
    }
    char every[SPAN_TEXT_MAX];
    log_info("host %s of service '%s', every %s to %s", a->config.host,
             a->config.service, span_text(a->config.interval, every), a->config.server);
    run(a, signals);
    agent_send_stop(&a->send, STOP_MS);
    log_info("ended");
    return 0;
}

/* Opens the host and does what was asked for; the exit code. */
static int work(struct agent *a)
{
    struct err err = {0};
    sigset_t signals;
    /* Before the second thread starts, which takes the mask over. */
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (open_host(&a->config, &a->host, &err) < 0) {
        log_error("%s", err.text);
        return 1;
    }
    int rc = a->flags.print ? print_reading(a) : serve(a, &signals);
    hostinfo_free(&a->host);
    buf_free(&a->lines);
    return rc;
}

int main(int argc, char **argv)
{
    struct agent a = {0};
    OWNED_BUF why = {0};
    int rc = 0;
    mallopt(M_ARENA_MAX, 1);
    log_set_name("aftercheck-agent");
    parse_flags(&a.flags, argc, argv);
    if (agent_config_load(&a.flags, &a.config, &why) < 0) {
        fputs(buf_text(&why), stderr);
        return 1;
    }
    if (a.flags.check)
        puts("the configuration is fine");
    else
        rc = work(&a);
    agent_config_free(&a.config);
    return rc;
}
