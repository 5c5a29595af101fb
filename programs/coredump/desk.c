/* programs/coredump/desk.c - the side of a crash that lasts.
 *
 * What must hold: a record that desk_tell took is on disk or was sent; a count is taken
 * back only when its record is.  One thread; handlers run side by side, a process each.
 */
#include "programs/coredump/desk.h"

#include "programs/cmd.h"
#include "programs/deliver.h"
#include "programs/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { LOCK_MS = 500, SLOT_STEP_MS = 10, CURSOR_MAX = 4096 };

struct desk {
    const struct config *config;
    struct spool *spool;
    struct httpc *http;
    char path[PATH_MAX], loops[PATH_MAX];
};

static int path_in(const struct desk *d, const char *name, char to[PATH_MAX],
                   struct err *err)
{
    int n = snprintf(to, PATH_MAX, "%s/%s", d->config->state, name);
    return n > 0 && n < PATH_MAX
               ? 0
               : err_set(err, ENAMETOOLONG, "the state directory's path is too long");
}

struct desk *desk_open(const struct config *config, struct err *err)
{
    struct desk *d = calloc(1, sizeof *d);
    if (d == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    d->config = config;
    /* the spool makes all directories above its own */
    if (path_in(d, "spool", d->path, err) < 0 ||
        path_in(d, "loop", d->loops, err) < 0 ||
        (d->spool = spool_open(d->path, err)) == NULL ||
        (d->http = httpc_new(config->server, err)) == NULL)
        desk_close(&d);
    return d;
}

void desk_close(struct desk **d)
{
    if (*d == NULL)
        return;
    spool_close(&(*d)->spool);
    httpc_free(&(*d)->http);
    free(*d);
    *d = NULL;
}

/* --- keeping --- */

static int keep(struct desk *d, const struct buf *record, struct err *err)
{
    OWNED_BUF answer = {0};
    static const char path[] = "/v1/coredumps", type[] = "application/json";
    struct spool_record r = {d->config->server, path, type, record->data, record->len};
    struct err disk = {0};
    uint64_t number;
    unsigned status;
    if (spool_put(d->spool, &r, instant_now(), &number, &disk) == 0)
        return 0;
    struct httpc_ask ask = {.method = "POST",
                            .path = path,
                            .type = type,
                            .body = record->data,
                            .n = record->len};
    if (cmd_call(d->http, &ask, &status, &answer, NULL) == 0)
        return 0;
    return err_set(err, disk.code, "%s", disk.text);
}

static int keep_count(struct desk *d, struct loop *l, int64_t count, struct err *err)
{
    OWNED_BUF text = {0};
    struct loop_last last = loop_last(l);
    if (notice_again(loop_record(l), &last, count, &text, err) < 0)
        return -1;
    return keep(d, &text, err);
}

/* Without a record to rest on nothing can be told: the crash that was to leave one may
 * still be looked at, so the count waits for it. */
static void tell_due(struct desk *d, struct loop *l, instant now, struct err *err)
{
    int64_t due = loop_due(l, &d->config->loop, now);
    if (due > 0 && loop_record(l)[0] != '\0' && keep_count(d, l, due, err) == 0)
        loop_told(l);
}

bool desk_wants(struct desk *d, const char *exe, int signal, instant now, int64_t pid,
                struct err *err)
{
    struct loop *l = loop_open(d->loops, exe, signal, err);
    if (l == NULL)
        return true;
    bool wants = loop_crash(l, &d->config->loop, now, pid);
    loop_close(&l, err);
    return wants;
}

int desk_tell_count(struct desk *d, const char *exe, int signal, instant now,
                    struct err *err)
{
    struct err why = {0};
    struct loop *l = loop_open(d->loops, exe, signal, err);
    if (l == NULL)
        return -1;
    tell_due(d, l, now, &why);
    loop_close(&l, &why);
    return why.code == 0 ? 0 : err_set(err, why.code, "%s", why.text);
}

int desk_tell(struct desk *d, const struct notice *n, struct err *err)
{
    OWNED_BUF text = {0};
    if (notice_write(n, &text, err) < 0)
        return -1;
    struct loop *l = loop_open(d->loops, n->exe, n->signal, NULL);
    if (l != NULL) {
        /* counts so far belong to the stack that was told before this one */
        int64_t count =
            loop_record(l)[0] != '\0' ? loop_due(l, &d->config->loop, n->time) : 0;
        if (count > 0 && keep_count(d, l, count, NULL) == 0)
            loop_told(l);
        /* one without frames would make counts of a crash that nobody can tell */
        if (n->frames != NULL || loop_record(l)[0] == '\0')
            loop_keep(l, buf_text(&text));
        loop_close(&l, NULL);
    }
    return keep(d, &text, err);
}

struct telling {
    struct loop_walk walk; /* first: found again by its address */
    struct desk *desk;
    struct err err;
};

static void tell_one(struct loop *l, struct loop_walk *walk)
{
    struct telling *t = (struct telling *)walk;
    tell_due(t->desk, l, walk->now, &t->err);
}

int desk_tell_counts(struct desk *d, instant now, struct err *err)
{
    struct telling t = {.walk = {&d->config->loop, now, tell_one}, .desk = d};
    if (loop_each(d->loops, &t.walk, err) < 0)
        return -1;
    return t.err.code == 0 ? 0 : err_set(err, t.err.code, "%s", t.err.text);
}

/* --- slots --- */

int desk_slot(struct desk *d, int ms)
{
    int64_t until = monotonic_ms() + ms;
    char path[PATH_MAX], name[24];
    for (;;) {
        for (int i = 0; i < DESK_SLOTS; i++) {
            snprintf(name, sizeof name, "slot.%d", i);
            if (path_in(d, name, path, NULL) < 0)
                return -1;
            int fd =
                open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
            if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
                return fd;
            if (fd >= 0)
                close(fd);
        }
        if (monotonic_ms() >= until)
            return -1;
        poll(NULL, 0, SLOT_STEP_MS);
    }
}

void desk_slot_free(int *slot)
{
    if (*slot >= 0)
        close(*slot);
    *slot = -1;
}

/* --- sending --- */

int desk_send(struct desk *d, int ms, struct desk_sent *ret, struct err *err)
{
    struct delivered done = {0};
    *ret = (struct desk_sent){0};
    /* whoever sends takes ours along, or the next one does: in a storm of crashes
     * handlers are not to queue up behind a service that hangs */
    if (spool_lock_sending(d->spool, ms < LOCK_MS ? ms : LOCK_MS, err) < 0)
        return -1;
    int rc = deliver(d->spool, d->http, d->config->server, ms, &done, err);
    *ret = (struct desk_sent){done.sent, done.refused, done.left + done.strange, ""};
    snprintf(ret->first, sizeof ret->first, "%s", done.first);
    return rc;
}

void desk_losses(struct desk *d, struct buf *to)
{
    uint64_t count[SPOOL_LOSS_N];
    if (spool_losses(d->spool, count, NULL) < 0)
        return;
    for (int i = 0; i < SPOOL_LOSS_N; i++)
        if (count[i] > 0)
            buf_addf(to, "%s%llu %s", to->len > 0 ? "; " : "",
                     (unsigned long long)count[i],
                     spool_loss_words((enum spool_loss)i));
}

/* --- the journal's cursor --- */

void desk_cursor(struct desk *d, struct buf *to)
{
    char path[PATH_MAX], text[CURSOR_MAX];
    FILE *f = path_in(d, "cursor", path, NULL) == 0 ? fopen(path, "re") : NULL;
    if (f == NULL)
        return;
    if (fgets(text, sizeof text, f) != NULL)
        buf_add_n(to, text, strcspn(text, "\n"));
    fclose(f);
}

int desk_set_cursor(struct desk *d, const char *cursor, struct err *err)
{
    char path[PATH_MAX], aside[PATH_MAX];
    if (path_in(d, "cursor", path, err) < 0 || path_in(d, "cursor.new", aside, err) < 0)
        return -1;
    FILE *f = fopen(aside, "we");
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be written", aside);
    bool good =
        fprintf(f, "%s\n", cursor) > 0 && fflush(f) == 0 && fsync(fileno(f)) == 0;
    int why = errno;
    if (fclose(f) != 0 || !good || rename(aside, path) < 0)
        return err_sys(err, good ? errno : why, "%s cannot be written", path);
    return 0;
}
