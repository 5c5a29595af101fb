/* programs/demo_load.c - load threads and the log follower.  Threads share only the
 * atomic `stop` and counters; each load thread has its own connection. */
#include "programs/demo_load.h"

#include "base/buf.h"
#include "base/httpc.h"
#include "base/instant.h"
#include "base/jsonw.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LOADERS = 20, STATUS_MAX = 600 };

struct demo_load {
    char site_url[64], service_url[200], host[256];
    const char *log;
    int64_t start_ms;
    atomic_bool stop;
    atomic_uint_fast64_t answered, lost;
    atomic_int next_loader;
    pthread_t loader[LOADERS], follower;
    int loaders;
    bool following;
};

static void wait_until(int64_t at_ms)
{
    struct timespec ts = {at_ms / 1000, at_ms % 1000 * 1000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
        ;
}

/* Each thread sends DEMO_RATE / LOADERS requests a second, staggered. */
static void *load(void *arg)
{
    struct demo_load *l = arg;
    int me = atomic_fetch_add(&l->next_loader, 1);
    const int64_t every = 1000 * LOADERS / DEMO_RATE;
    int64_t at = l->start_ms + me * every / LOADERS;
    struct httpc *c = httpc_new(l->site_url, NULL);
    while (c != NULL && !atomic_load(&l->stop)) {
        wait_until(at);
        unsigned status;
        struct httpc_ask ask = {.method = "GET", .path = "/pay", .timeout_ms = 5000};
        if (httpc_call(c, &ask, &status, NULL, NULL) == 0)
            atomic_fetch_add(&l->answered, 1);
        for (at += every; at < monotonic_ms(); at += every)
            ; /* what is late is left out, not made up for */
    }
    httpc_free(&c);
    return NULL;
}

/* What one second of the log held, by status. */
struct second {
    int64_t at_s; /* 0: none yet */
    unsigned count[STATUS_MAX];
    double sum_ms[STATUS_MAX], max_ms[STATUS_MAX];
};

static const char *outcome_of(int status)
{
    return status == 504 || status == 499 ? "timeout" : status >= 500 ? "fail" : "ok";
}

static void write_records(const struct demo_load *l, const struct second *s,
                          struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_list(&w, NULL);
    for (int status = 0; status < STATUS_MAX; status++) {
        if (s->count[status] == 0)
            continue;
        char code[16];
        snprintf(code, sizeof code, "%d", status);
        jsonw_open(&w, NULL);
        jsonw_instant(&w, "ts", (instant){s->at_s * 1000});
        jsonw_int(&w, "span_s", 1);
        jsonw_text(&w, "caller", "visitors");
        jsonw_text(&w, "callee", "shop");
        jsonw_text(&w, "iface", "/pay");
        jsonw_text(&w, "callee_host", l->host);
        jsonw_text(&w, "code", code);
        jsonw_text(&w, "outcome", outcome_of(status));
        jsonw_int(&w, "count", s->count[status]);
        jsonw_num(&w, "sum_ms", s->sum_ms[status]);
        jsonw_num(&w, "max_ms", s->max_ms[status]);
        jsonw_text(&w, "side", "server");
        jsonw_close(&w);
    }
    jsonw_end(&w);
}

static void post_second(struct demo_load *l, struct httpc *c, const struct second *s)
{
    if (s->at_s == 0)
        return;
    OWNED_BUF body = {0};
    write_records(l, s, &body);
    unsigned status = 0;
    struct httpc_ask ask = {.method = "POST",
                            .path = "/v1/calls",
                            .type = "application/json",
                            .body = body.data,
                            .n = body.len,
                            .timeout_ms = 5000};
    if (httpc_call(c, &ask, &status, NULL, NULL) < 0 || status != 204)
        atomic_fetch_add(&l->lost, 1);
}

/* A line of the log: "1795255200.123 200 0.004 ...". */
static void take_line(struct demo_load *l, struct httpc *c, struct second *s,
                      const char *line)
{
    char *end;
    double at = strtod(line, &end);
    long status = strtol(end, &end, 10);
    const char *figure = end;
    double seconds = strtod(figure, &end);
    if (end == figure || status < 0 || status >= STATUS_MAX)
        return;
    /* nginx logs a request as it ends, so the seconds rise but for a few milliseconds
     */
    if ((int64_t)at > s->at_s) {
        post_second(l, c, s);
        *s = (struct second){.at_s = (int64_t)at};
    }
    s->count[status]++;
    s->sum_ms[status] += seconds * 1000;
    s->max_ms[status] = fmax(s->max_ms[status], seconds * 1000);
}

static void *follow(void *arg)
{
    struct demo_load *l = arg;
    struct httpc *c = httpc_new(l->service_url, NULL);
    FILE *f = fopen(l->log, "re");
    struct second *s = calloc(1, sizeof *s);
    char line[512];
    size_t kept = 0; /* of a line whose end is not written yet */
    while (c != NULL && f != NULL && s != NULL && !atomic_load(&l->stop)) {
        if (fgets(line + kept, (int)(sizeof line - kept), f) == NULL) {
            clearerr(f);
            poll(NULL, 0, 50);
            continue;
        }
        kept = strlen(line);
        if (kept > 0 && (line[kept - 1] == '\n' || kept == sizeof line - 1)) {
            take_line(l, c, s, line);
            kept = 0;
        }
    }
    free(s);
    if (f != NULL)
        fclose(f);
    httpc_free(&c);
    return NULL;
}

struct demo_load *demo_load_start(const struct demo_site *site, const char *service_url,
                                  const char *host, struct err *err)
{
    struct demo_load *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    snprintf(l->site_url, sizeof l->site_url, "http://127.0.0.1:%d", site->port);
    snprintf(l->service_url, sizeof l->service_url, "%s", service_url);
    snprintf(l->host, sizeof l->host, "%s", host);
    l->log = site->log;
    l->start_ms = monotonic_ms() + 100;
    l->following = pthread_create(&l->follower, NULL, follow, l) == 0;
    while (l->following && l->loaders < LOADERS &&
           pthread_create(&l->loader[l->loaders], NULL, load, l) == 0)
        l->loaders++;
    if (l->loaders < LOADERS) {
        err_set(err, EAGAIN, "the load threads could not be started");
        demo_load_stop(&l);
    }
    return l;
}

void demo_load_counts(struct demo_load *l, uint64_t *ret_answered, uint64_t *ret_lost)
{
    *ret_answered = atomic_load(&l->answered);
    *ret_lost = atomic_load(&l->lost);
}

void demo_load_stop(struct demo_load **l)
{
    if (*l == NULL)
        return;
    atomic_store(&(*l)->stop, true);
    for (int i = 0; i < (*l)->loaders; i++)
        pthread_join((*l)->loader[i], NULL);
    if ((*l)->following)
        pthread_join((*l)->follower, NULL);
    free(*l);
    *l = NULL;
}
