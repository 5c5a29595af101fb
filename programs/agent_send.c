/* programs/agent_send.c - sending while the other thread reads.
 *
 * The backlog and all other state are guarded by one lock, which is not held while a
 * request is under way; so a service that hangs delays no reading.  The connection
 * belongs to the sending thread alone. */
#include "programs/agent_send.h"

#include "base/buf.h"
#include "base/httpc.h"
#include "base/log.h"
#include "collector/hostinfo/backlog.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
    STACK_BYTES = 128 << 10,
    POST_BYTES = 64 << 10, /* of several readings together */
    CALL_MS = 10000,
    DROP_LOG_MS = 60000,
    ANSWER_SHOWN = 160,
};

struct agent_send {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t change; /* a reading came, stopping began, the thread ended */
    struct backlog *backlog;
    bool news, stopping, ended;
    int64_t stop_ms;       /* by when, monotonic */
    struct httpc *next;    /* takes the place of `http` before the next call */
    uint64_t dropped_told; /* by agent_send_dropped */
    /* the sending thread's own */
    struct httpc *http;
    bool failing, refused;
    uint64_t dropped_logged;
    int64_t drop_log_ms;
};

/* What to do after an exchange. */
enum verdict { TAKEN, KEEP, REFUSED };

static enum verdict verdict_of(unsigned status)
{
    if (status >= 200 && status < 300)
        return TAKEN;
    /* The service kept what it could use; the same bytes again would fare no better. */
    return status == 400 || status == 413 || status == 422 ? REFUSED : KEEP;
}

static int64_t call_ms(struct agent_send *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t left = s->stopping ? s->stop_ms - monotonic_ms() : CALL_MS;
    pthread_mutex_unlock(&s->lock);
    return left < CALL_MS ? left : CALL_MS;
}

/* One request; *ret_words says in words why it was not taken. */
static enum verdict send_text(struct agent_send *s, const struct buf *text,
                              char words[ANSWER_SHOWN])
{
    OWNED_BUF answer = {0};
    struct err err = {0};
    unsigned status = 0;
    int64_t ms = call_ms(s);
    struct httpc_ask ask = {.method = "POST",
                            .path = "/write?precision=s",
                            .type = "text/plain; charset=utf-8",
                            .body = text->data,
                            .n = text->len,
                            .timeout_ms = (int)ms};
    if (ms <= 0) {
        snprintf(words, ANSWER_SHOWN, "no time is left");
        return KEEP;
    }
    if (httpc_call(s->http, &ask, &status, &answer, &err) < 0) {
        snprintf(words, ANSWER_SHOWN, "%.*s", ANSWER_SHOWN - 1, err.text);
        return KEEP;
    }
    snprintf(words, ANSWER_SHOWN, "status %u %.100s", status, buf_text(&answer));
    return verdict_of(status);
}

static void tell(struct agent_send *s, enum verdict v, const char *words,
                 const struct backlog_stats *stats)
{
    bool fails = v == KEEP;
    if (fails && !s->failing)
        log_warn("cannot send to %s: %s; readings are kept for %d minutes",
                 httpc_host(s->http), words, AGENT_KEEP_S / 60);
    if (!fails && s->failing) {
        log_info("sending to %s again; %zu readings waited", httpc_host(s->http),
                 stats->readings);
        malloc_trim(0);
    }
    if (v == REFUSED && !s->refused)
        log_warn("%s refused samples: %s", httpc_host(s->http), words);
    s->failing = fails;
    s->refused = v == REFUSED || (fails && s->refused);
    if (stats->dropped > s->dropped_logged &&
        (s->drop_log_ms == 0 || monotonic_ms() - s->drop_log_ms >= DROP_LOG_MS)) {
        log_warn("%llu samples were dropped, %llu since the start: the service was "
                 "away for too long",
                 (unsigned long long)(stats->dropped - s->dropped_logged),
                 (unsigned long long)stats->dropped);
        s->dropped_logged = stats->dropped;
        s->drop_log_ms = monotonic_ms();
    }
}

/* Sends one text's worth; false when there is nothing (more) to do for now.  Called and
 * left with the lock held. */
static bool send_some(struct agent_send *s)
{
    OWNED_BUF text = {0};
    char words[ANSWER_SHOWN] = "";
    if (s->next != NULL) {
        httpc_free(&s->http);
        s->http = s->next;
        s->next = NULL;
    }
    uint64_t number = backlog_peek(s->backlog, POST_BYTES, &text);
    if (number == 0 || buf_done(&text) < 0)
        return false;
    pthread_mutex_unlock(&s->lock);
    enum verdict v = send_text(s, &text, words);
    pthread_mutex_lock(&s->lock);
    struct backlog_stats stats = backlog_stats(s->backlog);
    if (v != KEEP)
        backlog_sent(s->backlog, number);
    pthread_mutex_unlock(&s->lock);
    tell(s, v, words, &stats);
    pthread_mutex_lock(&s->lock);
    return v != KEEP;
}

static void *run(void *arg)
{
    struct agent_send *s = arg;
    pthread_mutex_lock(&s->lock);
    for (;;) {
        while (!s->news && !s->stopping)
            pthread_cond_wait(&s->change, &s->lock);
        bool last_round = s->stopping;
        s->news = false;
        while (send_some(s))
            ;
        if (last_round)
            break;
    }
    s->ended = true;
    pthread_cond_signal(&s->change);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

static void drop(struct agent_send *s)
{
    httpc_free(&s->http);
    httpc_free(&s->next);
    backlog_free(&s->backlog);
    pthread_cond_destroy(&s->change);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

struct agent_send *agent_send_start(const char *server, struct err *err)
{
    struct agent_send *s = calloc(1, sizeof *s);
    pthread_attr_t attr;
    if (s == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    pthread_cond_init(&s->change, &clock);
    pthread_condattr_destroy(&clock);
    s->backlog = backlog_new(span_seconds(AGENT_KEEP_S));
    s->http = httpc_new(server, err);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    int rc = s->backlog != NULL && s->http != NULL
                 ? pthread_create(&s->thread, &attr, run, s)
                 : ENOMEM;
    pthread_attr_destroy(&attr);
    if (rc != 0) {
        err_sys(err, rc, "the sending thread did not start");
        drop(s);
        return NULL;
    }
    return s;
}

void agent_send_put(struct agent_send *s, instant at, const char *lines, size_t n)
{
    pthread_mutex_lock(&s->lock);
    backlog_put(s->backlog, at, lines, n);
    s->news = true;
    pthread_cond_signal(&s->change);
    pthread_mutex_unlock(&s->lock);
}

int agent_send_move(struct agent_send *s, const char *server, struct err *err)
{
    struct httpc *next = httpc_new(server, err);
    if (next == NULL)
        return -1;
    pthread_mutex_lock(&s->lock);
    httpc_free(&s->next);
    s->next = next;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

uint64_t agent_send_dropped(struct agent_send *s)
{
    pthread_mutex_lock(&s->lock);
    uint64_t dropped = backlog_stats(s->backlog).dropped;
    uint64_t new_ones = dropped - s->dropped_told;
    s->dropped_told = dropped;
    pthread_mutex_unlock(&s->lock);
    return new_ones;
}

/* Waits until the thread has ended or `ms` have passed; with the lock held. */
static bool ends_within(struct agent_send *s, int ms)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    int64_t ns = until.tv_nsec + ms * 1000000ll;
    until.tv_sec += ns / 1000000000;
    until.tv_nsec = ns % 1000000000;
    while (!s->ended && pthread_cond_timedwait(&s->change, &s->lock, &until) == 0)
        ;
    return s->ended;
}

void agent_send_stop(struct agent_send **s, int ms)
{
    struct agent_send *it = *s;
    *s = NULL;
    pthread_mutex_lock(&it->lock);
    it->stopping = true;
    it->stop_ms = monotonic_ms() + ms;
    pthread_cond_signal(&it->change);
    bool ended = ends_within(it, ms);
    size_t left = backlog_stats(it->backlog).readings;
    pthread_mutex_unlock(&it->lock);
    if (left > 0)
        log_warn("%zu readings were not sent", left);
    if (ended) {
        pthread_join(it->thread, NULL);
        drop(it);
    } else {
        pthread_detach(it->thread);
    }
}
