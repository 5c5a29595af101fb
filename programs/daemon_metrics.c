/* programs/daemon_metrics.c - the service's own metrics in Prometheus' text format.
 * Each stage has counters; here they get their names.  Any HTTP thread. */
#include "programs/daemon_metrics.h"

#include "base/instant.h"
#include "base/version.h"
#include "rules/pattern.h"

#include <string.h>

/* One list: name, type, what it means, where it comes from. */
#define METRICS(X)                                                                     \
    X("aftercheck_change_events_total", "counter", "change events stored",             \
      (double)l.events)                                                                \
    X("aftercheck_changes_total", "counter", "changes known", (double)l.changes)       \
    X("aftercheck_verdicts_total", "counter", "verdict revisions stored",              \
      (double)l.verdicts)                                                              \
    X("aftercheck_changes_open", "gauge", "changes without a final verdict",           \
      (double)c.open)                                                                  \
    X("aftercheck_looks_total", "counter", "looks judged since the start",             \
      (double)c.looks)                                                                 \
    X("aftercheck_look_failures_total", "counter", "looks that failed",                \
      (double)c.failures)                                                              \
    X("aftercheck_prepared_total", "counter",                                          \
      "times that a look's past was learned ahead", (double)c.prepared)                \
    X("aftercheck_looks_prepared_total", "counter", "looks that were prepared",        \
      (double)c.ahead)                                                                 \
    X("aftercheck_looks_unfit_total", "counter",                                       \
      "prepared looks whose past had to be learned anew", (double)c.unfit)             \
    X("aftercheck_prepared_dropped_total", "counter",                                  \
      "preparations dropped for want of room", (double)c.ahead_dropped)                \
    X("aftercheck_prepared_bytes", "gauge", "memory of preparations",                  \
      (double)c.ahead_bytes)                                                           \
    X("aftercheck_round_slowest_seconds", "gauge",                                     \
      "the slowest round of looks since the start", (double)state->slowest_ms / 1000)  \
    X("aftercheck_coredumps_total", "counter",                                         \
      "coredumps taken since the start, repeats left out", (double)l.cores_taken)      \
    X("aftercheck_coredumps", "gauge", "coredumps held", (double)l.cores)              \
    X("aftercheck_alarms_total", "counter",                                            \
      "messages about alarms taken since the start, repeats left out",                 \
      (double)l.alarms_taken)                                                          \
    X("aftercheck_alarms", "gauge", "messages about alarms held", (double)l.alarms)    \
    X("aftercheck_test_runs_total", "counter",                                         \
      "runs of tests taken since the start, repeats left out",                         \
      (double)l.test_runs_taken)                                                       \
    X("aftercheck_test_runs", "gauge", "runs of tests held", (double)l.test_runs)      \
    X("aftercheck_mails_waiting", "gauge", "mails in the outbox",                      \
      (double)l.parcels_waiting)                                                       \
    X("aftercheck_mails_sent_total", "counter", "mails sent or written",               \
      (double)l.parcels_sent)                                                          \
    X("aftercheck_mails_dead_total", "counter", "mails given up",                      \
      (double)l.parcels_dead)                                                          \
    X("aftercheck_mails_noted", "gauge",                                               \
      "what waits to be told: within limits, for a digest, as a correction",           \
      (double)l.notes)                                                                 \
    X("aftercheck_webhooks_called_total", "counter",                                   \
      "calls of webhooks that were answered since the start", (double)o.called)        \
    X("aftercheck_mails_retried_total", "counter", "tries that are repeated later",    \
      (double)o.retried)                                                               \
    X("aftercheck_mails_refused_total", "counter", "recipients that servers refused",  \
      (double)o.refused)                                                               \
    X("aftercheck_mails_made_total", "counter", "mails made since the start",          \
      (double)told->mails)                                                             \
    X("aftercheck_mail_storm_digests_total", "counter",                                \
      "storms that became one mail for one address", (double)told->storms)             \
    X("aftercheck_mail_day_digests_total", "counter", "mails of the day",              \
      (double)told->digests)                                                           \
    X("aftercheck_mail_withdrawn_total", "counter",                                    \
      "notes for recipients who are in no audience any more", (double)told->withdrawn) \
    X("aftercheck_mail_failures_total", "counter",                                     \
      "mails that could not be made and are tried again", (double)told->failures)      \
    X("aftercheck_ledger_commits_total", "counter", "commits of the ledger",           \
      (double)l.commits)                                                               \
    X("aftercheck_entities", "gauge", "hosts, services and call edges known",          \
      (double)w.entities)                                                              \
    X("aftercheck_series", "gauge", "series in recent samples", (double)w.series)      \
    X("aftercheck_windows_bytes", "gauge", "size of the file of recent samples",       \
      (double)w.bytes)                                                                 \
    X("aftercheck_history_rows_total", "counter", "rows written to history",           \
      (double)h.rows)                                                                  \
    X("aftercheck_history_failures_total", "counter",                                  \
      "history files that could not be written", (double)h.failures)                   \
    X("aftercheck_history_forgotten_total", "counter",                                 \
      "history files deleted since the start, as nothing came for them for long",      \
      (double)state->forgotten)                                                        \
    X("aftercheck_rrd_restarts_total", "counter", "restarts of the librrd process",    \
      (double)rrd_restarts(from->rrd))                                                 \
    X("aftercheck_http_requests_total", "counter", "HTTP requests",                    \
      (double)q.requests)                                                              \
    X("aftercheck_http_refused_total", "counter",                                      \
      "HTTP requests refused before any handler", (double)q.refused)                   \
    X("aftercheck_http_parked", "gauge", "HTTP requests waiting for something",        \
      (double)q.parked)                                                                \
    X("aftercheck_config_reloads_total", "counter", "good reloads",                    \
      (double)state->reloads)                                                          \
    X("aftercheck_config_last_reload_successful", "gauge",                             \
      "1 when the last reload was taken", state->reload_ok ? 1.0 : 0.0)                \
    X("aftercheck_rules_reloads_total", "counter", "times that rules were swapped",    \
      (double)state->rules_reloads)                                                    \
    X("aftercheck_rules_last_reload_successful", "gauge",                              \
      "1 when the rules on disk are those in force", state->rules_ok ? 1.0 : 0.0)      \
    X("aftercheck_routing_reloads_total", "counter",                                   \
      "times that the routing was swapped", (double)state->routing_reloads)            \
    X("aftercheck_routing_last_reload_successful", "gauge",                            \
      "1 when the routing on disk is that in force", state->routing_ok ? 1.0 : 0.0)    \
    X("aftercheck_rules_pattern_gave_up_total", "counter",                             \
      "names that a regular expression of the rules gave up on, within its bounds",    \
      (double)pattern_gave_up_all())

/* Hosts whose last row is older than two steps, but not than an hour: those have gone.
 */
struct hush {
    struct windows *windows;
    instant since, gone;
    uint64_t silent;
};

static bool count_silent(uint32_t entity, const struct entity *who, void *arg)
{
    struct hush *h = arg;
    if (who->kind != ENTITY_HOST)
        return true;
    instant newest = windows_newest(h->windows, entity); /* the end of a row */
    h->silent +=
        !instant_is_none(newest) && newest.ms < h->since.ms && newest.ms >= h->gone.ms;
    return true;
}

static void write_silent(struct windows *w, instant now, struct buf *to)
{
    enum { GONE_MS = 60 * 60 * 1000 };
    struct hush h = {.windows = w,
                     .since = {now.ms - windows_step(w).ms},
                     .gone = {now.ms - GONE_MS}};
    windows_each(w, count_silent, &h);
    buf_addf(to,
             "# HELP aftercheck_hosts_silent hosts that sent within the last hour, but "
             "not within the last two steps\n"
             "# TYPE aftercheck_hosts_silent gauge\n"
             "aftercheck_hosts_silent %llu\n",
             (unsigned long long)h.silent);
}

void daemon_metrics_write(const struct daemon_sources *from,
                          const struct daemon_state *state, struct buf *to)
{
    struct ledger_stats l = ledger_stats(from->ledger);
    struct windows_stats w = windows_stats(from->windows);
    struct history_stats h = history_stats(from->history);
    struct checkup_stats c = checkup_stats(from->checkup);
    struct httpd_stats q = httpd_stats(from->httpd);
    struct outbox_stats o = outbox_stats(from->notifier->outbox);
    const struct tell_stats *told = &from->notifier->tell.stats;
#define X(name, type, help, value)                                                     \
    buf_addf(to, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type,     \
             name, value);
    METRICS(X)
#undef X
    write_silent(from->windows, instant_now(), to);
    buf_add(to,
            "# HELP aftercheck_graded_total final verdicts by grade since the start\n"
            "# TYPE aftercheck_graded_total counter\n");
    for (int g = 0; g < GRADE_N; g++)
        buf_addf(to, "aftercheck_graded_total{grade=\"%s\"} %llu\n", grade_name(g),
                 (unsigned long long)c.graded[g]);
    buf_add(to, "# HELP aftercheck_pruned_total single events deleted since the start, "
                "as too old\n"
                "# TYPE aftercheck_pruned_total counter\n");
    const struct {
        const char *what;
        uint64_t n;
    } pruned[] = {{"coredumps", l.cores_pruned},
                  {"alarms", l.alarms_pruned},
                  {"test_runs", l.test_runs_pruned}};
    for (size_t i = 0; i < sizeof pruned / sizeof *pruned; i++)
        buf_addf(to, "aftercheck_pruned_total{what=\"%s\"} %llu\n", pruned[i].what,
                 (unsigned long long)pruned[i].n);
    buf_addf(to,
             "# HELP aftercheck_build_info version and hash of the rules in force\n"
             "# TYPE aftercheck_build_info gauge\n"
             "aftercheck_build_info{version=\"%s\",rules=\"%s\",routing=\"%s\"} 1\n",
             AFTERCHECK_VERSION, state->pack, state->routing);
}

static void serve_healthy(struct httpd_req *r, void *app)
{
    (void)app;
    httpd_answer(r, 200, "text/plain", "healthy\n", strlen("healthy\n"));
}

static void serve_ready(struct httpd_req *r, void *app)
{
    struct daemon_health *health = app;
    if (atomic_load(&health->ready))
        httpd_answer(r, 200, "text/plain", "ready\n", strlen("ready\n"));
    else
        httpd_fail(r, 503, "starting or ending");
}

static void serve_metrics(struct httpd_req *r, void *app)
{
    struct daemon_health *health = app;
    OWNED_BUF text = {0};
    /* before that some of what is counted does not exist yet */
    if (!atomic_load(&health->ready)) {
        httpd_fail(r, 503, "starting or ending");
        return;
    }
    health->write_metrics(&text, health->arg);
    httpd_answer_buf(r, 200, "text/plain; version=0.0.4", &text);
}

const struct httpd_route daemon_routes[] = {
    {.method = "GET", .path = "/-/healthy", .serve = serve_healthy},
    {.method = "GET", .path = "/-/ready", .serve = serve_ready},
    {.method = "GET", .path = "/metrics", .serve = serve_metrics},
    {0},
};
