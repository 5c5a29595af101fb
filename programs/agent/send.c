/* programs/agent/send.c - one parcel after another, with pauses where they belong.
 *
 * A timer is set whenever there is something to send and no request under way; so
 * either of both brings the next step, and nothing can be forgotten. */
#include "programs/agent/send.h"

#include "base/instant.h"
#include "base/log.h"
#include "programs/agent/call.h"

#include <assert.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    GATHER_MS = 50,
    POST_BYTES = 64 << 10, /* of several batches together */
    CALL_MS = 10000,
    ANSWER_MAX = 64 << 10,
    RETRY_FIRST_MS = 1000,
    RETRY_MOST_MS = 60000,
    REPLAY_BYTES_S = 1 << 20,
    LOSS_LOG_MS = 60000,
    WORDS_MAX = 200,
};

struct agent_send {
    struct loop *loop;
    struct agent_buffer *buffer;
    struct agent_call *call, *next; /* next: takes the place of `call` */
    char *server;
    struct loop_timer timer;
    struct buf text;
    struct agent_parcel parcel; /* under way */
    int64_t not_before_ms;      /* the next request */
    int failed;                 /* requests in a row */
    bool hurry, refused;
    struct agent_send_stats stats;
    uint64_t lost_told;
    int64_t lost_told_ms;
};

static void plan(struct agent_send *s);

/* 0 to 1, other on each host. */
static double chance(void)
{
    uint32_t v = 0;
    if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
        v = (uint32_t)monotonic_ms() * 2654435761u;
    return v / 4294967296.0;
}

static void tell_losses(struct agent_send *s)
{
    struct agent_buffer_stats b = agent_buffer_stats(s->buffer);
    uint64_t lost = 0;
    for (int i = 0; i < AGENT_LOSS_N; i++)
        lost += b.lost[i];
    if (lost <= s->lost_told ||
        (s->lost_told_ms != 0 && monotonic_ms() - s->lost_told_ms < LOSS_LOG_MS))
        return;
    log_warn("%llu samples were lost:", (unsigned long long)(lost - s->lost_told));
    for (int i = 0; i < AGENT_LOSS_N; i++)
        if (b.lost[i] > 0)
            log_warn("  in all %llu, %s", (unsigned long long)b.lost[i],
                     agent_loss_words((enum agent_loss)i));
    s->lost_told = lost;
    s->lost_told_ms = monotonic_ms();
}

/* What to do after an exchange. */
enum verdict { TAKEN, KEEP, REFUSED };

/* Would the same bytes fare no better another time?  A request that is wrong: yes; a
 * service that is busy, away, or behind a gateway that wants something else: no. */
static enum verdict verdict_of(unsigned status)
{
    static const unsigned passing[] = {401, 403, 407, 408, 425, 429};
    if (status >= 200 && status < 300)
        return TAKEN;
    if (status < 400 || status >= 500)
        return KEEP;
    for (size_t i = 0; i < sizeof passing / sizeof *passing; i++)
        if (status == passing[i])
            return KEEP;
    return REFUSED;
}

static void not_taken(struct agent_send *s, const char *words)
{
    struct agent_buffer_stats b = agent_buffer_stats(s->buffer);
    if (s->failed++ == 0)
        log_warn("cannot send to %s: %s; samples are kept", agent_call_host(s->call),
                 words);
    s->stats.failures++;
    int64_t pause = RETRY_FIRST_MS;
    for (int i = 1; i < s->failed && pause < RETRY_MOST_MS; i++)
        pause *= 2;
    if (pause > RETRY_MOST_MS)
        pause = RETRY_MOST_MS;
    s->not_before_ms = monotonic_ms() + (int64_t)((double)pause * (0.5 + chance() / 2));
    if (b.disk_errno != 0)
        log_debug("%zu batches wait", b.batches);
}

/* How much of the parcel was refused: the service keeps what it can use and says "3 of
 * 40 lines refused"; else all of it. */
static uint64_t refused_samples(const struct agent_send *s, const char *answer)
{
    const char *of = strstr(answer, " of ");
    for (const char *next = of; next != NULL; next = strstr(next + 1, " of "))
        of = next; /* the last one: what was complained of may have the words, too */
    uint64_t bad = 0, all = 0, unit = 1;
    for (const char *p = of;
         p != NULL && p > answer && p[-1] >= '0' && p[-1] <= '9' && unit < 1000000000;
         p--, unit *= 10)
        bad += (uint64_t)(p[-1] - '0') * unit;
    if (of != NULL)
        all = strtoull(of + strlen(" of "), NULL, 10);
    if (bad == 0 || all < bad)
        return s->parcel.samples;
    return (s->parcel.samples * bad + all - 1) / all;
}

static void taken(struct agent_send *s, enum verdict v, const char *answer,
                  const char *words)
{
    agent_buffer_done(s->buffer, s->parcel.number);
    struct agent_buffer_stats b = agent_buffer_stats(s->buffer);
    if (s->failed > 0)
        log_info("sending to %s again; %zu batches wait", agent_call_host(s->call),
                 b.batches);
    s->failed = 0;
    if (v == REFUSED) {
        s->stats.refused++;
        agent_buffer_lose(s->buffer, AGENT_LOST_REFUSED, refused_samples(s, answer));
        if (!s->refused)
            log_warn("%s refused samples: %s", agent_call_host(s->call), words);
    }
    s->refused = v == REFUSED;
    s->not_before_ms = 0;
    if (b.batches > 0) /* more has gathered: not faster than this */
        s->not_before_ms =
            monotonic_ms() + (int64_t)s->text.len * 1000 / REPLAY_BYTES_S + 1;
    else
        malloc_trim(0);
}

static void on_answer(void *arg, const struct agent_answer *a)
{
    struct agent_send *s = arg;
    char words[WORDS_MAX];
    enum verdict v = a->status == 0 ? KEEP : verdict_of(a->status);
    if (a->status == 0)
        snprintf(words, sizeof words, "%.*s", WORDS_MAX - 1, a->err->text);
    else
        snprintf(words, sizeof words, "status %u %.150s", a->status, buf_text(a->body));
    if (v == KEEP)
        not_taken(s, words);
    else
        taken(s, v, buf_text(a->body), words);
    buf_free(&s->text);
    tell_losses(s);
    plan(s);
}

static void send_next(void *arg)
{
    struct agent_send *s = arg;
    if (s->next != NULL) {
        agent_call_free(&s->call);
        s->call = s->next;
        s->next = NULL;
    }
    buf_clear(&s->text);
    if (!agent_buffer_peek(s->buffer, POST_BYTES, &s->text, &s->parcel) ||
        buf_done(&s->text) < 0)
        return; /* the next news tries again */
    const struct agent_body_info *info = agent_body_info(s->parcel.body);
    struct agent_call_ask ask = {.method = "POST",
                                 .path = info->path,
                                 .type = info->type,
                                 .headers = info->headers,
                                 .body = s->text.data,
                                 .n = s->text.len,
                                 .answer_max = ANSWER_MAX,
                                 .timeout_ms = CALL_MS};
    s->stats.posts++;
    agent_call_start(s->call, &ask, on_answer, s);
}

static void plan(struct agent_send *s)
{
    if (agent_call_busy(s->call) || agent_buffer_stats(s->buffer).batches == 0)
        return;
    bool pause = !s->hurry || s->failed > 0;
    loop_set(s->loop, &s->timer, pause ? s->not_before_ms : 0);
}

struct agent_send *agent_send_new(struct loop *l, struct agent_buffer *b,
                                  const char *server, struct err *err)
{
    struct agent_send *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    s->loop = l;
    s->buffer = b;
    s->timer = (struct loop_timer){.fire = send_next, .arg = s};
    s->call = agent_call_new(l, server, err);
    s->server = strdup(server);
    if (s->call == NULL || s->server == NULL) {
        err_set(err, ENOMEM, "out of memory"); /* unless the first cause was another */
        agent_send_free(&s);
        return NULL;
    }
    struct agent_buffer_stats before = agent_buffer_stats(b);
    for (int i = 0; i < AGENT_LOSS_N; i++)
        s->lost_told += before.lost[i];
    plan(s);
    return s;
}

void agent_send_free(struct agent_send **s)
{
    if (*s == NULL)
        return;
    loop_clear((*s)->loop, &(*s)->timer);
    agent_call_free(&(*s)->call);
    agent_call_free(&(*s)->next);
    buf_free(&(*s)->text);
    free((*s)->server);
    free(*s);
    *s = NULL;
}

void agent_send_news(struct agent_send *s)
{
    tell_losses(s);
    int64_t soon = monotonic_ms() + GATHER_MS;
    if (!s->timer.on && s->not_before_ms < soon)
        s->not_before_ms = soon; /* others gather at this moment, too */
    plan(s);
}

int agent_send_move(struct agent_send *s, const char *server, struct err *err)
{
    char *copy = strdup(server);
    struct agent_call *next =
        copy != NULL ? agent_call_new(s->loop, server, err) : NULL;
    if (next == NULL) {
        free(copy);
        return err_set(err, ENOMEM, "out of memory"); /* unless there was a cause */
    }
    agent_call_free(&s->next);
    s->next = next;
    free(s->server);
    s->server = copy;
    s->not_before_ms = 0;
    plan(s);
    return 0;
}

const char *agent_send_server(const struct agent_send *s)
{
    return s->server;
}

void agent_send_hurry(struct agent_send *s)
{
    s->hurry = true;
    s->not_before_ms = 0;
    s->failed = 0;
    plan(s);
}

bool agent_send_idle(const struct agent_send *s)
{
    return !agent_call_busy(s->call) &&
           (s->failed > 0 || agent_buffer_stats(s->buffer).batches == 0);
}

struct agent_send_stats agent_send_stats(const struct agent_send *s)
{
    return s->stats;
}
