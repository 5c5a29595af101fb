/* notifier/outbox.c - one delivery after another on the notifier's thread.  A parcel's
 * end is written to the ledger before the next one is tried.  `stop` and the counters
 * may be touched by any thread. */
#include "notifier/outbox.h"

#include "base/ascii.h"
#include "base/hash.h"
#include "base/table_hash.h"
#include "notifier/callout.h"
#include "notifier/smtp.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PARCELS_A_TIME = 20, SERVER_REST_S = 60 };

struct outbox {
    struct ledger *ledger;
    const struct mail_config *config;
    const struct routing *routing;
    struct callout *callout;
    char *dir;
    instant now;                          /* the round's */
    instant rest_until[SMTP_SERVERS_MAX]; /* of servers that were not to be reached */
    bool tried[SMTP_SERVERS_MAX];         /* with the mail under way */
    atomic_bool stop;
    pthread_mutex_t lock; /* guards stats */
    struct outbox_stats stats;
};

struct outbox *outbox_new(struct ledger *l, const struct mail_config *config,
                          const char *dir, struct err *err)
{
    struct outbox *o = calloc(1, sizeof *o);
    char *copy = strdup(dir);
    if (o == NULL || copy == NULL) {
        free(o);
        free(copy);
        err_set(err, ENOMEM, "no memory for the outbox");
        return NULL;
    }
    o->ledger = l;
    o->config = config;
    o->routing = &routing_everyone;
    o->dir = copy;
    pthread_mutex_init(&o->lock, NULL);
    o->callout = callout_new(err);
    if (o->callout == NULL)
        outbox_free(&o);
    return o;
}

void outbox_set_config(struct outbox *o, const struct mail_config *config)
{
    if (o->config != config)
        memset(o->rest_until, 0, sizeof o->rest_until);
    o->config = config;
}

void outbox_set_routing(struct outbox *o, const struct routing *routing)
{
    o->routing = routing;
}

void outbox_free(struct outbox **o)
{
    if (*o == NULL)
        return;
    callout_free(&(*o)->callout);
    pthread_mutex_destroy(&(*o)->lock);
    free((*o)->dir);
    free(*o);
    *o = NULL;
}

void outbox_stop(struct outbox *o)
{
    atomic_store(&o->stop, true);
}

struct outbox_stats outbox_stats(struct outbox *o)
{
    pthread_mutex_lock(&o->lock);
    struct outbox_stats stats = o->stats;
    pthread_mutex_unlock(&o->lock);
    return stats;
}

span outbox_backoff(const char *key, int tries)
{
    int64_t s = OUTBOX_FIRST_S;
    for (int i = 1; i < tries && s < OUTBOX_MOST_S; i++)
        s *= 2;
    s = s < OUTBOX_MOST_S ? s : OUTBOX_MOST_S;
    int64_t ms = s * 1000;
    uint64_t hash = table_hash(key, strlen(key), (uint64_t)tries);
    return (span){ms + (int64_t)(hash % (uint64_t)(ms / 5))};
}

/* --- files --- */

static size_t add_safe(char *out, size_t n, size_t most, const char *text)
{
    for (size_t i = 0; text[i] != '\0' && i < most; i++) {
        char c = text[i];
        if (!ascii_plain(c) && c != '_' &&
            (c != '.' || i == 0)) /* no hidden file, no ".." at the start */
            c = '-';
        out[n++] = c;
    }
    return n;
}

/* The hash tells apart what becomes alike when it is made safe. */
const char *outbox_file_name(const struct parcel *p, char out[OUTBOX_NAME_MAX])
{
    char hex[SHA256_HEX_MAX], key[SHA256_HEX_MAX * 2];
    sha256_hex(p->audience, strlen(p->audience), hex);
    memcpy(key, hex, 64);
    sha256_hex(p->change_id, strlen(p->change_id), hex);
    memcpy(key + 64, hex, 64);
    sha256_hex(key, 128, hex);
    size_t n = add_safe(out, 0, 80, p->change_id);
    n +=
        (size_t)snprintf(out + n, OUTBOX_NAME_MAX - n, "-%.10s-r%d-", hex, p->revision);
    n = add_safe(out, n, 60, p->audience);
    snprintf(out + n, OUTBOX_NAME_MAX - n, ".eml");
    return out;
}

static int write_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, bytes, n);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return -1;
        bytes += done;
        n -= (size_t)done;
    }
    return 0;
}

static int write_synced(int dir, const char *name, const struct parcel *p)
{
    int fd =
        openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
    if (fd < 0)
        return -1;
    int rc = write_all(fd, p->bytes, p->n_bytes) == 0 && fsync(fd) == 0 ? 0 : -1;
    int errnum = errno;
    close(fd);
    errno = errnum;
    return rc;
}

/* Whole or not at all: written beside, synced, renamed, the folder synced.  Only the
 * notifier's thread writes here, so one name beside serves all: what a crash leaves
 * under it is written over by the next mail. */
static int write_file(struct outbox *o, const struct parcel *p, struct err *err)
{
    static const char tmp[] = ".new";
    char name[OUTBOX_NAME_MAX];
    outbox_file_name(p, name);
    if (mkdir(o->dir, 0750) < 0 && errno != EEXIST)
        return err_sys(err, errno, "the mail folder %.200s cannot be made", o->dir);
    int dir = open(o->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(err, errno, "the mail folder %.200s cannot be opened", o->dir);
    int rc = write_synced(dir, tmp, p) == 0 && renameat(dir, tmp, dir, name) == 0 &&
                     fsync(dir) == 0
                 ? 0
                 : err_sys(err, errno, "the mail %.100s cannot be written to %.150s",
                           name, o->dir);
    if (rc < 0)
        unlinkat(dir, tmp, 0);
    close(dir);
    return rc;
}

/* --- sending --- */

/* Cuts "a@x\nb@y" into its lines, in place; gives their number, at most `most`. */
static size_t split_lines(char *text, const char **lines, size_t most)
{
    size_t n = 0;
    char *rest = NULL;
    for (char *p = strtok_r(text, "\n", &rest); p != NULL && n < most;
         p = strtok_r(NULL, "\n", &rest))
        lines[n++] = p;
    return n;
}

static size_t count_refused(const struct smtp_result *r, size_t n)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += r->reply[i] >= 400;
    return count;
}

static bool rests(const struct outbox *o, size_t server)
{
    return o->now.ms < o->rest_until[server].ms;
}

/* True when no other server is to be asked: it went, it was refused for good, or it may
 * have gone and only the answer is missing. */
static bool settled(const struct outbox *o, const struct smtp_result *r)
{
    return r->end != SMTP_LATER || r->unconfirmed || atomic_load(&o->stop);
}

/* One server after the other until one takes it; those that could not be talked to of
 * late come last, so that a dead one does not hold up every mail. */
static void send_in_turn(struct outbox *o, const struct smtp_mail *mail,
                         struct smtp_result *result)
{
    const struct mail_config *c = o->config;
    for (int resting = 0; resting < 2; resting++)
        for (size_t i = 0; i < c->n_smtp; i++) {
            if (rests(o, i) != (resting == 1) || o->tried[i])
                continue;
            o->tried[i] = true;
            smtp_send(&c->smtp[i], mail, &o->stop, result);
            if (settled(o, result))
                return;
            if (result->reply[0] == 0)
                o->rest_until[i] = instant_add(o->now, span_seconds(SERVER_REST_S));
        }
}

static enum smtp_end send_parcel(struct outbox *o, const struct parcel *p, char *words,
                                 size_t n_words)
{
    const char *to[SMTP_RECIPIENTS_MAX];
    struct smtp_result result = {0};
    char *copy = strdup(p->recipients);
    if (copy == NULL) {
        snprintf(words, n_words, "no memory");
        return SMTP_LATER;
    }
    struct smtp_mail mail = {.from = o->config->from,
                             .to = to,
                             .n_to = split_lines(copy, to, SMTP_RECIPIENTS_MAX),
                             .bytes = p->bytes,
                             .n = p->n_bytes};
    memset(o->tried, 0, sizeof o->tried);
    send_in_turn(o, &mail, &result);
    snprintf(words, n_words, "%s", result.words);
    pthread_mutex_lock(&o->lock);
    o->stats.refused += count_refused(&result, mail.n_to);
    pthread_mutex_unlock(&o->lock);
    free(copy);
    return result.end;
}

static enum smtp_end call_webhook(struct outbox *o, const struct parcel *p, char *words,
                                  size_t n_words)
{
    static const enum smtp_end ends[] = {
        [POST_DONE] = SMTP_SENT, [POST_LATER] = SMTP_LATER, [POST_NEVER] = SMTP_NEVER};
    struct post_result result;
    callout_send(o->callout, o->routing, p, o->now, &o->stop, &result);
    snprintf(words, n_words, "%s", result.words);
    return ends[result.end];
}

/* A parcel for nobody is a file even where there is a server. */
static enum smtp_end deliver(struct outbox *o, const struct parcel *p, char *words,
                             size_t n_words, uint64_t **ret_counter)
{
    struct err err = {0};
    if (callout_name(p) != NULL) {
        *ret_counter = &o->stats.called;
        return call_webhook(o, p, words, n_words);
    }
    if (o->config->n_smtp > 0 && *p->recipients != '\0') {
        *ret_counter = &o->stats.sent;
        return send_parcel(o, p, words, n_words);
    }
    *ret_counter = &o->stats.written;
    if (write_file(o, p, &err) == 0)
        return SMTP_SENT;
    snprintf(words, n_words, "%s", err.text);
    return SMTP_LATER;
}

static bool too_old(const struct parcel *p, instant due)
{
    return instant_since(due, p->made).ms > (int64_t)OUTBOX_LIFE_S * 1000;
}

static void count(struct outbox *o, uint64_t *counter, const char *words)
{
    pthread_mutex_lock(&o->lock);
    (*counter)++;
    if (*words != '\0')
        snprintf(o->stats.last_error, sizeof o->stats.last_error, "%.299s", words);
    pthread_mutex_unlock(&o->lock);
}

static int try_parcel(struct outbox *o, const struct parcel *p, instant now,
                      struct err *err)
{
    char words[SMTP_WORDS_MAX + 200] = "";
    uint64_t *counter = NULL;
    enum smtp_end end = deliver(o, p, words, sizeof words, &counter);
    instant due = instant_add(now, outbox_backoff(p->key, p->tries + 1));
    enum parcel_end fate = end == SMTP_SENT                       ? PARCEL_SENT
                           : end == SMTP_NEVER || too_old(p, due) ? PARCEL_DEAD
                                                                  : PARCEL_RETRY;
    if (fate == PARCEL_RETRY && atomic_load(&o->stop))
        return 0; /* cut short by us: it stays due as it was */
    if (fate != PARCEL_SENT)
        counter = fate == PARCEL_DEAD ? &o->stats.dead : &o->stats.retried;
    count(o, counter, words);
    return ledger_parcel(o->ledger, p->no, fate, due, *words != '\0' ? words : NULL,
                         now, err);
}

int outbox_round(struct outbox *o, instant now, instant *ret_next, struct err *err)
{
    int rc = 0;
    size_t n = PARCELS_A_TIME;
    *ret_next = INSTANT_FAR;
    o->now = now;
    while (rc == 0 && n == PARCELS_A_TIME && !atomic_load(&o->stop)) {
        struct parcel *parcels = NULL;
        rc = ledger_due(o->ledger, now, PARCELS_A_TIME, &parcels, &n, err);
        if (rc < 0)
            break;
        for (size_t i = 0; i < n && rc == 0 && !atomic_load(&o->stop); i++)
            rc = try_parcel(o, &parcels[i], now, err);
        parcels_free(&parcels, n);
    }
    if (rc == 0)
        *ret_next = ledger_next_due(o->ledger);
    return rc;
}
