/* programs/agent/buffer.c - a queue in a few append-only files.
 *
 * A file NUMBER.batches holds batches from that number on, each a head with a check
 * value and its bytes.  What must hold: numbers rise through all files; a batch counts
 * as sent when its number is at most `sent`; `state` keeps `sent` and the losses, and
 * may be behind by what was sent since, never ahead.  So a death at any instant sends a
 * batch twice at worst, which the service does not mind: it has a row for each time.
 *
 * While the service takes all there is, the only file is cut to nothing after each
 * parcel, before the kernel has written it out: then no disk is touched at all. */
#include "programs/agent/buffer.h"

#include "base/table_hash.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PARTS = 8, FILES_MAX = 64, FILE_NAME_MAX = 32 };
#define HEAD_MAGIC  0x31626361u /* "acb1" */
#define STATE_MAGIC 0x31736361u /* "acs1" */

/* On disk, in the machine's own byte order: a buffer does not travel. */
struct head {
    uint32_t magic, n;
    uint64_t check; /* over all that follows, bytes too */
    uint64_t number;
    int64_t at_ms;
    uint32_t samples, body;
};

struct state {
    uint32_t magic, kinds;
    uint64_t check; /* over all that follows */
    uint64_t sent;
    uint64_t lost[AGENT_LOSS_N];
};

struct part {
    uint64_t first;    /* the number it is named by */
    uint64_t bytes;    /* written */
    uint64_t last;     /* number of its last batch; 0: it is empty */
    uint64_t offset;   /* of the first batch not sent yet */
    size_t batches;    /* not sent yet */
    uint64_t samples;  /* in them */
    int64_t oldest_ms; /* the time of the first of them */
};

struct waiting {
    struct waiting *next;
    struct head head;
    char bytes[];
};

struct agent_buffer {
    int dir, lock, state, out; /* out: the last part, open for writing */
    uint64_t bytes_max, next, sent;
    struct part part[FILES_MAX];
    size_t parts;
    struct waiting *first, *last; /* what the disk did not take */
    size_t memory_batches;
    uint64_t memory_bytes, memory_samples;
    uint64_t lost[AGENT_LOSS_N];
    int disk_errno;
};

static const struct agent_body_info bodies[] = {
#define X(id, path, type, headers, joins) {path, type, headers, joins},
    AGENT_BODIES(X)
#undef X
};

const struct agent_body_info *agent_body_info(enum agent_body body)
{
    return &bodies[body];
}

static const struct {
    const char *name, *words;
} losses[] = {
#define X(id, name, words) {name, words},
    AGENT_LOSSES(X)
#undef X
};

const char *agent_loss_name(enum agent_loss why)
{
    return losses[why].name;
}

const char *agent_loss_words(enum agent_loss why)
{
    return losses[why].words;
}

/* --- state --- */

static uint64_t check_of(const void *from, size_t n)
{
    return table_hash(from, n, HEAD_MAGIC);
}

static uint64_t state_check(const struct state *s)
{
    const size_t from = offsetof(struct state, sent);
    return check_of((const char *)s + from, sizeof *s - from);
}

/* A disk that does not take it is told of by the next batch. */
static void write_state(struct agent_buffer *b)
{
    struct state s = {.magic = STATE_MAGIC, .kinds = AGENT_LOSS_N, .sent = b->sent};
    memcpy(s.lost, b->lost, sizeof s.lost);
    s.check = state_check(&s);
    if (b->state >= 0 && pwrite(b->state, &s, sizeof s, 0) != (ssize_t)sizeof s)
        b->disk_errno = errno;
}

static void read_state(struct agent_buffer *b)
{
    struct state s;
    if (pread(b->state, &s, sizeof s, 0) != (ssize_t)sizeof s ||
        s.magic != STATE_MAGIC || s.kinds != AGENT_LOSS_N || s.check != state_check(&s))
        return; /* none yet, or not whole: what was sent is sent again */
    b->sent = s.sent;
    memcpy(b->lost, s.lost, sizeof s.lost);
}

void agent_buffer_lose(struct agent_buffer *b, enum agent_loss why, uint64_t samples)
{
    if (samples == 0)
        return;
    b->lost[why] += samples;
    write_state(b);
}

/* --- parts --- */

static const char *name_of(uint64_t number, char out[FILE_NAME_MAX])
{
    snprintf(out, FILE_NAME_MAX, "%016" PRIx64 ".batches", number);
    return out;
}

static bool number_of(const char *name, uint64_t *ret)
{
    char again[FILE_NAME_MAX];
    if (strspn(name, "0123456789abcdef") != 16)
        return false;
    *ret = strtoull(name, NULL, 16);
    return strcmp(name, name_of(*ret, again)) == 0;
}

static uint64_t batch_check(const struct head *h, const char *bytes)
{
    const size_t from = offsetof(struct head, number);
    uint64_t head = check_of((const char *)h + from, sizeof *h - from);
    return table_hash(bytes, h->n, head);
}

/* Reads the batch at *offset of an open part into `to` and moves *offset behind it;
 * false at the end and at anything that is no batch. */
static bool read_batch(int fd, uint64_t *offset, struct buf *to, struct head *ret)
{
    if (pread(fd, ret, sizeof *ret, (off_t)*offset) != (ssize_t)sizeof *ret ||
        ret->magic != HEAD_MAGIC || ret->n > AGENT_BATCH_BYTES_MAX ||
        ret->body >= AGENT_BODY_N)
        return false;
    size_t was = to->len;
    char *room = buf_room(to, ret->n + 1);
    if (room == NULL)
        return false;
    bool whole =
        pread(fd, room, ret->n, (off_t)(*offset + sizeof *ret)) == (ssize_t)ret->n &&
        batch_check(ret, room) == ret->check;
    if (whole)
        to->len += ret->n;
    to->data[to->len] = '\0';
    assert(whole || to->len == was);
    *offset += whole ? sizeof *ret + ret->n : 0;
    return whole;
}

/* Goes through a part that was left from before.  What is torn off at its end, or
 * damaged, ends it: nothing behind can be told apart any more. */
static int load_part(struct agent_buffer *b, uint64_t first, struct err *err)
{
    char name[FILE_NAME_MAX];
    OWNED_BUF bytes = {0};
    struct head h;
    struct part p = {.first = first};
    int fd = openat(b->dir, name_of(first, name), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return err_sys(err, errno, "%s", name);
    while (read_batch(fd, &p.bytes, &bytes, &h)) {
        buf_clear(&bytes);
        p.last = h.number;
        if (h.number <= b->sent) {
            p.offset = p.bytes;
        } else {
            p.oldest_ms = p.batches == 0 ? h.at_ms : p.oldest_ms;
            p.batches++;
            p.samples += h.samples;
        }
    }
    struct stat st;
    if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > p.bytes) {
        b->lost[AGENT_LOST_DAMAGED]++; /* nobody knows how many it held */
        if (ftruncate(fd, (off_t)p.bytes) < 0)
            b->disk_errno = errno;
    }
    close(fd);
    if (p.last >= b->next)
        b->next = p.last + 1;
    b->part[b->parts++] = p;
    return 0;
}

static void remove_first(struct agent_buffer *b)
{
    char name[FILE_NAME_MAX];
    unlinkat(b->dir, name_of(b->part[0].first, name), 0);
    if (--b->parts == 0 && b->out >= 0) {
        close(b->out);
        b->out = -1;
    }
    memmove(b->part, b->part + 1, b->parts * sizeof *b->part);
}

static void drop_first(struct agent_buffer *b)
{
    uint64_t samples = b->part[0].samples, last = b->part[0].last;
    remove_first(b);
    if (last > b->sent)
        b->sent = last;
    b->lost[AGENT_LOST_FULL] += samples;
    write_state(b);
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int load(struct agent_buffer *b, struct err *err)
{
    uint64_t number[FILES_MAX];
    size_t n = 0;
    int fd = openat(b->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        if (fd >= 0)
            close(fd);
        return err_sys(err, errno, "the buffer's directory cannot be read");
    }
    for (struct dirent *e; n < FILES_MAX && (e = readdir(d)) != NULL;)
        n += number_of(e->d_name, &number[n]);
    closedir(d);
    qsort(number, n, sizeof *number, by_number);
    for (size_t i = 0; i < n; i++)
        if (load_part(b, number[i], err) < 0)
            return -1;
    if (b->next <= b->sent)
        b->next = b->sent + 1;
    while (b->parts > 0 && b->part[0].batches == 0)
        remove_first(b);
    return 0;
}

/* --- opening --- */

static int make_dirs(const char *path, struct err *err)
{
    char part[PATH_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return err_set(err, EINVAL, "the buffer's directory: no proper path");
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            return err_sys(err, errno, "%s cannot be made", part);
    }
    return 0;
}

static int open_dir(struct agent_buffer *b, const char *dir, struct err *err)
{
    const int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW;
    if (make_dirs(dir, err) < 0)
        return -1;
    b->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->dir < 0)
        return err_sys(err, errno, "%s cannot be opened", dir);
    b->lock = openat(b->dir, "lock", flags, (mode_t)0600);
    b->state = openat(b->dir, "state", flags, (mode_t)0600);
    if (b->lock < 0 || b->state < 0)
        return err_sys(err, errno, "%s cannot be written", dir);
    if (flock(b->lock, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK
                   ? err_set(err, EBUSY, "%s is used by another agent", dir)
                   : err_sys(err, errno, "%s cannot be locked", dir);
    read_state(b);
    return load(b, err);
}

struct agent_buffer *agent_buffer_open(const char *dir, uint64_t bytes_max,
                                       struct err *err)
{
    struct agent_buffer *b = calloc(1, sizeof *b);
    if (b == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    b->dir = b->lock = b->state = b->out = -1;
    b->bytes_max =
        bytes_max > AGENT_BUFFER_BYTES_MIN ? bytes_max : AGENT_BUFFER_BYTES_MIN;
    b->next = 1;
    if (dir != NULL && open_dir(b, dir, err) < 0)
        agent_buffer_close(&b);
    return b;
}

static void forget_memory(struct agent_buffer *b)
{
    struct waiting *w = b->first;
    b->first = w->next;
    if (b->first == NULL)
        b->last = NULL;
    b->memory_batches--;
    b->memory_bytes -= w->head.n;
    b->memory_samples -= w->head.samples;
    free(w);
}

void agent_buffer_close(struct agent_buffer **b)
{
    if (*b == NULL)
        return;
    const int fds[] = {(*b)->out, (*b)->state, (*b)->lock, (*b)->dir};
    while ((*b)->first != NULL)
        forget_memory(*b);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free(*b);
    *b = NULL;
}

char *agent_buffer_default_dir(struct err *err)
{
    const char *given = getenv("STATE_DIRECTORY"), *state = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    char *dir = NULL;
    int n = 0;
    if (given != NULL && given[0] == '/')
        n = asprintf(&dir, "%.*s", (int)strcspn(given, ":"), given);
    else if (geteuid() == 0)
        n = asprintf(&dir, "/var/lib/aftercheck-agent");
    else if (state != NULL && state[0] == '/')
        n = asprintf(&dir, "%s/aftercheck/agent", state);
    else if (home != NULL && home[0] == '/')
        n = asprintf(&dir, "%s/.local/state/aftercheck/agent", home);
    else
        err_set(err, ENOENT,
                "neither XDG_STATE_HOME nor HOME is set; name a directory for the "
                "buffer");
    if (n < 0)
        err_set(err, ENOMEM, "out of memory");
    return n < 0 ? NULL : dir;
}

/* --- putting --- */

static uint64_t disk_bytes(const struct agent_buffer *b)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < b->parts; i++)
        bytes += b->part[i].bytes;
    return bytes;
}

/* Makes sure that there is a last part to write to; a new one when it is full. */
static int open_last(struct agent_buffer *b, uint64_t number)
{
    char name[FILE_NAME_MAX];
    bool full = b->parts > 0 && b->part[b->parts - 1].bytes >= b->bytes_max / PARTS;
    if (b->parts > 0 && !full && b->out < 0) {
        b->out = openat(b->dir, name_of(b->part[b->parts - 1].first, name),
                        O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (b->out >= 0 || errno != ENOENT)
            return b->out < 0 ? -1 : 0;
    } else if (b->out >= 0 && !full) {
        return 0;
    }
    if (b->parts == FILES_MAX)
        drop_first(b);
    int fd = openat(b->dir, name_of(number, name),
                    O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (fd < 0)
        return -1;
    if (b->out >= 0)
        close(b->out);
    b->out = fd;
    b->part[b->parts++] = (struct part){.first = number};
    return 0;
}

/* Writes one batch behind all others; -1 with errno, and the file as it was. */
static int append(struct agent_buffer *b, const struct waiting *w)
{
    size_t n = sizeof w->head + w->head.n;
    while (b->parts > 1 && disk_bytes(b) + n > b->bytes_max)
        drop_first(b);
    if (open_last(b, w->head.number) < 0)
        return -1;
    struct part *p = &b->part[b->parts - 1];
    ssize_t took = pwrite(b->out, &w->head, n, (off_t)p->bytes);
    if (took != (ssize_t)n) {
        int why = took < 0 ? errno : ENOSPC;
        if (ftruncate(b->out, (off_t)p->bytes) < 0)
            why = errno; /* the check value will tell the rest from a batch */
        errno = why;
        return -1;
    }
    p->oldest_ms = p->batches == 0 ? w->head.at_ms : p->oldest_ms;
    p->bytes += n;
    p->last = w->head.number;
    p->batches++;
    p->samples += w->head.samples;
    return 0;
}

/* What waits in memory goes to the disk as soon as that takes it. */
static void settle(struct agent_buffer *b)
{
    while (b->first != NULL && b->dir >= 0) {
        if (append(b, b->first) < 0) {
            b->disk_errno = errno;
            break;
        }
        b->disk_errno = 0;
        forget_memory(b);
    }
    while (b->first != NULL && b->memory_bytes > AGENT_MEMORY_BYTES_MAX) {
        agent_buffer_lose(b, AGENT_LOST_MEMORY, b->first->head.samples);
        forget_memory(b);
    }
}

void agent_buffer_put(struct agent_buffer *b, const struct agent_batch *batch)
{
    assert(batch->n <= UINT32_MAX);
    struct waiting *w =
        batch->n <= AGENT_BATCH_BYTES_MAX ? malloc(sizeof *w + batch->n) : NULL;
    if (w == NULL) {
        agent_buffer_lose(b, AGENT_LOST_MEMORY, batch->samples);
        return;
    }
    w->next = NULL;
    w->head = (struct head){.magic = HEAD_MAGIC,
                            .n = (uint32_t)batch->n,
                            .number = b->next++,
                            .at_ms = batch->at.ms,
                            .samples = batch->samples,
                            .body = (uint32_t)batch->body};
    memcpy(w->bytes, batch->data, batch->n);
    w->head.check = batch_check(&w->head, w->bytes);
    *(b->last != NULL ? &b->last->next : &b->first) = w;
    b->last = w;
    b->memory_batches++;
    b->memory_bytes += w->head.n;
    b->memory_samples += w->head.samples;
    settle(b);
}

/* --- taking out --- */

struct picking {
    struct buf *to;
    size_t bytes;
    struct agent_parcel parcel;
};

/* True when a batch of this head may still join what was picked. */
static bool joins(const struct picking *k, const struct head *h)
{
    if (k->parcel.batches == 0)
        return true;
    return h->body == (uint32_t)k->parcel.body && bodies[h->body].joins &&
           k->to->len + h->n <= k->bytes;
}

static void picked(struct picking *k, const struct head *h)
{
    k->parcel.body = (enum agent_body)h->body;
    k->parcel.number = h->number;
    k->parcel.batches++;
    k->parcel.samples += h->samples;
}

/* Picks from a part; false when nothing more may be picked behind it. */
static bool pick_part(struct agent_buffer *b, struct part *p, struct picking *k)
{
    char name[FILE_NAME_MAX];
    uint64_t at = p->offset;
    struct head h;
    int fd = openat(b->dir, name_of(p->first, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    bool more = true;
    while (more && fd >= 0 && at < p->bytes) {
        size_t was = k->to->len;
        uint64_t behind = at;
        if (!read_batch(fd, &behind, k->to, &h))
            break;
        size_t n = k->to->len - was;
        k->to->len = was; /* `joins` asks for what is picked without it */
        more = joins(k, &h);
        if (more) {
            k->to->len = was + n;
            picked(k, &h);
            at = behind;
        }
        k->to->data[k->to->len] = '\0';
    }
    if (fd >= 0)
        close(fd);
    return more && at >= p->bytes;
}

/* The first part cannot be read where it should be: what is left of it is lost. */
static void lose_part(struct agent_buffer *b)
{
    struct part p = b->part[0];
    remove_first(b);
    if (p.last > b->sent)
        b->sent = p.last;
    b->lost[AGENT_LOST_DAMAGED] += p.samples > 0 ? p.samples : 1;
    write_state(b);
}

static void pick_memory(struct agent_buffer *b, struct picking *k)
{
    for (const struct waiting *w = b->first; w != NULL && joins(k, &w->head);
         w = w->next) {
        buf_add_n(k->to, w->bytes, w->head.n);
        picked(k, &w->head);
    }
}

bool agent_buffer_peek(struct agent_buffer *b, size_t bytes, struct buf *to,
                       struct agent_parcel *ret)
{
    struct picking k = {.to = to, .bytes = bytes};
    bool more = true;
    while (b->parts > 0 && b->part[0].batches > 0 && k.parcel.batches == 0) {
        more = true;
        for (size_t i = 0; more && i < b->parts; i++)
            more = pick_part(b, &b->part[i], &k);
        if (k.parcel.batches == 0 && buf_done(to) == 0)
            lose_part(b);
        else if (k.parcel.batches == 0)
            return false; /* memory is short: another time */
    }
    if (more)
        pick_memory(b, &k);
    *ret = k.parcel;
    return k.parcel.batches > 0;
}

/* Moves the part's beginning behind the batches up to `b->sent`. */
static void advance(struct agent_buffer *b, struct part *p)
{
    char name[FILE_NAME_MAX];
    struct head h;
    int fd = openat(b->dir, name_of(p->first, name), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    while (fd >= 0 && p->offset < p->bytes &&
           pread(fd, &h, sizeof h, (off_t)p->offset) == (ssize_t)sizeof h &&
           h.magic == HEAD_MAGIC) {
        if (h.number > b->sent) {
            p->oldest_ms = h.at_ms;
            break;
        }
        p->offset += sizeof h + h.n;
        p->batches -= p->batches > 0;
        p->samples -= h.samples < p->samples ? h.samples : p->samples;
    }
    if (fd >= 0)
        close(fd);
}

void agent_buffer_done(struct agent_buffer *b, uint64_t number)
{
    if (number > b->sent)
        b->sent = number;
    while (b->first != NULL && b->first->head.number <= b->sent)
        forget_memory(b);
    while (b->parts > 1 && b->part[0].last <= b->sent)
        remove_first(b);
    if (b->parts == 0)
        return;
    struct part *p = &b->part[0];
    if (p->last > b->sent) {
        advance(b, p);
        write_state(b);
    } else if (b->out >= 0 && ftruncate(b->out, 0) == 0) {
        *p = (struct part){.first = p->first};
    } else {
        write_state(b);
        remove_first(b);
    }
}

struct agent_buffer_stats agent_buffer_stats(const struct agent_buffer *b)
{
    struct agent_buffer_stats s = {.batches = b->memory_batches,
                                   .bytes = b->memory_bytes,
                                   .samples = b->memory_samples,
                                   .oldest = INSTANT_NONE,
                                   .disk_errno = b->disk_errno};
    if (b->first != NULL)
        s.oldest.ms = b->first->head.at_ms;
    for (size_t i = b->parts; i-- > 0;) {
        const struct part *p = &b->part[i];
        s.batches += p->batches;
        s.bytes += p->bytes - p->offset;
        s.samples += p->samples;
        if (p->batches > 0)
            s.oldest.ms = p->oldest_ms;
    }
    memcpy(s.lost, b->lost, sizeof s.lost);
    return s;
}
