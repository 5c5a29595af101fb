/* storage/inputs.c - who sends what.
 *
 * One mutex guards all; it is held for a look-up in a small table of senders and a few
 * sums, once a request.  Any thread. */
#include "storage/inputs.h"

#include "base/names.h"
#include "base/table_hash.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_MS = 3600000, SILENT_MS = 120000, SILENT_GAPS = 5, GAPS_NEEDED = 3 };

#define X(id, name, words) [INPUT_##id] = {name, words},
static const struct {
    const char *name, *words;
} inputs[INPUT_N] = {INPUT_LIST(X)};
#undef X

struct inputs {
    pthread_mutex_t lock;
    struct input_sender all[INPUT_N], sender[INPUTS_SENDERS_MAX];
    struct input_reason reason[INPUT_N][INPUTS_REASONS_MAX];
    uint64_t key[INPUTS_SENDERS_MAX];
    size_t n;
    uint64_t unknown;
};

const char *input_name(enum input i)
{
    return inputs[i].name;
}

const char *input_words(enum input i)
{
    return inputs[i].words;
}

struct inputs *inputs_new(void)
{
    struct inputs *in = calloc(1, sizeof *in);
    if (in == NULL)
        return NULL;
    pthread_mutex_init(&in->lock, NULL);
    for (int i = 0; i < INPUT_N; i++)
        in->all[i].input = (enum input)i;
    return in;
}

void inputs_free(struct inputs **in)
{
    if (*in == NULL)
        return;
    pthread_mutex_destroy(&(*in)->lock);
    free(*in);
    *in = NULL;
}

/* Strangers' words: what no name may hold becomes a question mark. */
static void copy_clean(char *to, size_t size, const char *from)
{
    size_t len = 0;
    for (const char *p = from; *p != '\0';) {
        size_t n = utf8_next(p, strlen(p));
        bool bad = n == 0 || utf8_is_control(p, n);
        size_t takes = bad ? 1 : n;
        if (len + takes >= size)
            break;
        if (bad)
            to[len] = '?';
        else
            memcpy(to + len, p, n);
        len += takes;
        p += n > 0 ? n : 1;
    }
    to[len] = '\0';
}

static void name_sender(const char *peer, const char *agent, char who[INPUTS_WHO_MAX])
{
    char text[INPUTS_WHO_MAX];
    agent = agent != NULL ? agent : "";
    int n = (int)strcspn(agent, " ;(");
    snprintf(text, sizeof text, "%.45s%s%.*s", peer, n > 0 ? " " : "", n < 40 ? n : 40,
             agent);
    copy_clean(who, INPUTS_WHO_MAX, text);
}

/* Room for one more: the last place, or that of who has been silent longest. */
static size_t room(struct inputs *in, instant now)
{
    if (in->n < INPUTS_SENDERS_MAX)
        return in->n++;
    size_t oldest = 0;
    for (size_t i = 1; i < in->n; i++)
        if (in->sender[i].last.ms < in->sender[oldest].last.ms)
            oldest = i;
    return now.ms - in->sender[oldest].last.ms > HOUR_MS ? oldest : in->n;
}

static struct input_sender *sender_of(struct inputs *in, enum input input,
                                      const char *peer, const char *agent, instant now)
{
    char who[INPUTS_WHO_MAX];
    name_sender(peer, agent, who);
    uint64_t key = table_hash(who, strlen(who), (uint64_t)input + 1);
    for (size_t i = 0; i < in->n; i++)
        if (in->key[i] == key && in->sender[i].input == input &&
            strcmp(in->sender[i].who, who) == 0)
            return &in->sender[i];
    size_t at = room(in, now);
    if (at == INPUTS_SENDERS_MAX) {
        in->unknown++;
        return NULL;
    }
    in->key[at] = key;
    in->sender[at] = (struct input_sender){.input = input, .first = now, .last = now};
    memcpy(in->sender[at].who, who, sizeof who);
    return &in->sender[at];
}

static void add(struct input_sender *s, const struct input_note *note, instant now)
{
    int64_t since = now.ms - s->last.ms;
    if (s->requests == 0)
        s->first = now;
    else if (since > 0 && s->requests == 1)
        s->gap.ms = since;
    else if (since > 0) /* an average that forgets */
        s->gap.ms += (since - s->gap.ms) / 8;
    s->requests++;
    s->bytes += note->bytes;
    s->taken += note->taken;
    s->spent += (double)note->taken;
    s->dropped += note->dropped;
    s->last = now;
    if (note->complaint == NULL || note->complaint[0] == '\0')
        return;
    copy_clean(s->complaint, sizeof s->complaint, note->complaint);
    s->complained = now;
}

void inputs_note(struct inputs *in, enum input input, instant now,
                 const struct input_note *note)
{
    if (in == NULL)
        return;
    pthread_mutex_lock(&in->lock);
    struct input_sender *s = sender_of(in, input, note->peer, note->agent, now);
    if (s != NULL)
        add(s, note, now);
    add(&in->all[input], note, now);
    pthread_mutex_unlock(&in->lock);
}

void inputs_reason(struct inputs *in, enum input input,
                   const struct input_reason *reason)
{
    if (in == NULL || reason->n == 0)
        return;
    pthread_mutex_lock(&in->lock);
    for (size_t i = 0; i < INPUTS_REASONS_MAX; i++) {
        struct input_reason *r = &in->reason[input][i];
        if (r->name != NULL && strcmp(r->name, reason->name) != 0)
            continue;
        r->name = reason->name;
        r->n += reason->n;
        break;
    }
    pthread_mutex_unlock(&in->lock);
}

bool inputs_make(struct inputs *in, enum input input, const char *peer,
                 const char *agent, instant now, uint64_t most)
{
    pthread_mutex_lock(&in->lock);
    struct input_sender *s = sender_of(in, input, peer, agent, now);
    bool may = s != NULL && s->made < most;
    if (may) {
        s->made++;
        in->all[input].made++;
    }
    pthread_mutex_unlock(&in->lock);
    return may;
}

bool inputs_admit(struct inputs *in, enum input input, const char *peer,
                  const char *agent, instant now, double rate)
{
    pthread_mutex_lock(&in->lock);
    struct input_sender *s = sender_of(in, input, peer, agent, now);
    bool admitted = true;
    if (s != NULL) {
        int64_t since = now.ms - s->spent_at.ms;
        s->spent -= since > 0 ? rate * (double)since / 1000 : 0;
        s->spent = s->spent > 0 ? s->spent : 0;
        s->spent_at = now;
        admitted = s->spent < rate * INPUTS_BURST_S;
    }
    pthread_mutex_unlock(&in->lock);
    return admitted;
}

bool input_is_silent(const struct input_sender *s, instant now)
{
    int64_t since = now.ms - s->last.ms;
    return s->requests > GAPS_NEEDED && since > SILENT_MS &&
           since > SILENT_GAPS * s->gap.ms;
}

static int by_input_and_time(const void *a, const void *b)
{
    const struct input_sender *x = a, *y = b;
    if (x->input != y->input)
        return x->input < y->input ? -1 : 1;
    if (x->last.ms != y->last.ms)
        return x->last.ms > y->last.ms ? -1 : 1;
    return strcmp(x->who, y->who);
}

bool inputs_read(struct inputs *in, struct inputs_view *ret)
{
    pthread_mutex_lock(&in->lock);
    *ret = (struct inputs_view){.n = in->n, .unknown = in->unknown};
    memcpy(ret->all, in->all, sizeof ret->all);
    memcpy(ret->reason, in->reason, sizeof ret->reason);
    ret->sender = malloc((in->n + 1) * sizeof *ret->sender);
    if (ret->sender != NULL)
        memcpy(ret->sender, in->sender, in->n * sizeof *ret->sender);
    pthread_mutex_unlock(&in->lock);
    if (ret->sender == NULL)
        return false;
    qsort(ret->sender, ret->n, sizeof *ret->sender, by_input_and_time);
    return true;
}

void inputs_view_free(struct inputs_view *v)
{
    free(v->sender);
    v->sender = NULL;
    v->n = 0;
}

static uint64_t weight(const struct input_sender *s, bool by_dropped)
{
    return by_dropped ? s->dropped : s->taken;
}

size_t inputs_top(const struct inputs_view *v, bool by_dropped,
                  const struct input_sender *ret[INPUTS_TOP])
{
    size_t n = 0;
    for (size_t i = 0; i < v->n; i++) {
        const struct input_sender *s = &v->sender[i];
        if (weight(s, by_dropped) == 0)
            continue;
        size_t at = n < INPUTS_TOP ? n++ : n;
        while (at > 0 && weight(ret[at - 1], by_dropped) < weight(s, by_dropped)) {
            if (at < INPUTS_TOP)
                ret[at] = ret[at - 1];
            at--;
        }
        if (at < INPUTS_TOP)
            ret[at] = s;
    }
    return n;
}

/* --- /metrics --- */

static void head(struct buf *to, const char *name, const char *type, const char *help)
{
    buf_addf(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void add_label(struct buf *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buf_add_ch(to, '\\');
        buf_add_ch(to, *text);
    }
}

static void write_top(const struct inputs_view *v, bool by_dropped, const char *name,
                      const char *help, struct buf *to)
{
    const struct input_sender *top[INPUTS_TOP];
    size_t n = inputs_top(v, by_dropped, top);
    head(to, name, "gauge", help);
    for (size_t i = 0; i < n; i++) {
        buf_addf(to, "%s{input=\"%s\",sender=\"", name, input_name(top[i]->input));
        add_label(to, top[i]->who);
        buf_addf(to, "\"} %llu\n", (unsigned long long)weight(top[i], by_dropped));
    }
}

static void write_sum(const struct inputs_view *v, const char *name, const char *help,
                      uint64_t (*of)(const struct input_sender *s), struct buf *to)
{
    head(to, name, "counter", help);
    for (int i = 0; i < INPUT_N; i++)
        buf_addf(to, "%s{input=\"%s\"} %llu\n", name, inputs[i].name,
                 (unsigned long long)of(&v->all[i]));
}

static uint64_t requests_of(const struct input_sender *s)
{
    return s->requests;
}
static uint64_t taken_of(const struct input_sender *s)
{
    return s->taken;
}
static uint64_t dropped_of(const struct input_sender *s)
{
    return s->dropped;
}
static uint64_t bytes_of(const struct input_sender *s)
{
    return s->bytes;
}

void inputs_write_metrics(struct inputs *in, instant now, struct buf *to)
{
    struct inputs_view v;
    size_t silent = 0;
    if (!inputs_read(in, &v))
        return;
    write_sum(&v, "aftercheck_input_requests_total",
              "Requests and datagrams, by input.", requests_of, to);
    write_sum(&v, "aftercheck_input_taken_total", "Samples or messages, by input.",
              taken_of, to);
    write_sum(&v, "aftercheck_input_dropped_total", "Those of them that were dropped.",
              dropped_of, to);
    write_sum(&v, "aftercheck_input_bytes_total", "Bytes of bodies after inflation.",
              bytes_of, to);
    for (size_t i = 0; i < v.n; i++)
        silent += input_is_silent(&v.sender[i], now);
    head(to, "aftercheck_senders", "gauge", "Senders known.");
    buf_addf(to, "aftercheck_senders %zu\n", v.n);
    head(to, "aftercheck_senders_silent", "gauge",
         "Senders that came regularly and have fallen silent.");
    buf_addf(to, "aftercheck_senders_silent %zu\n", silent);
    write_top(&v, false, "aftercheck_top_sender_taken",
              "Samples or messages of the senders with the most.", to);
    write_top(&v, true, "aftercheck_top_sender_dropped",
              "Dropped ones of the senders with the most.", to);
    inputs_view_free(&v);
}
