/* programs/spool.c - a queue of files.
 *
 * What must hold: a name in queue/ is a whole record or none; only the holder of
 * put.lock writes queue/.new and `counts` or drops records; only the holder of
 * send.lock takes records out as sent or refused.  A record that was dropped while it
 * was being sent is simply gone already.  One thread a process; processes meet at the
 * locks. */
#include "programs/spool.h"

#include "base/json.h"
#include "base/jsonw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEAD_BYTES_MAX = 8192, NAME_MAX_ = 32, LOCK_STEP_MS = 20, NUMBER_DIGITS = 16 };

struct spool {
    char *dir;
    int fd, queue, refused, putting, sending;
    uint64_t news[SPOOL_LOSS_N];
};

static const struct {
    const char *name, *words;
} losses[] = {
#define X(id, name, words) {name, words},
    SPOOL_LOSSES(X)
#undef X
};

const char *spool_loss_words(enum spool_loss why)
{
    return losses[why].words;
}

/* --- the directory --- */

/* Makes every part that is missing. */
static int make_dirs(const char *path, struct err *err)
{
    char *part = strdup(path);
    if (part == NULL)
        return err_set(err, ENOMEM, "out of memory");
    int rc = 0;
    for (char *p = part + 1; rc == 0; p++) {
        char kept = *p;
        if (kept != '/' && kept != '\0')
            continue;
        *p = '\0';
        if (mkdir(part, 0700) < 0 && errno != EEXIST)
            rc = err_sys(err, errno, "%s cannot be made", part);
        *p = kept;
        if (kept == '\0')
            break;
    }
    free(part);
    return rc;
}

static char *default_dir(struct err *err)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *dir = NULL;
    int n = 0;
    if (geteuid() == 0)
        dir = strdup("/var/spool/aftercheck");
    else if (state != NULL && state[0] == '/')
        n = asprintf(&dir, "%s/aftercheck/spool", state);
    else if (home != NULL && home[0] == '/')
        n = asprintf(&dir, "%s/.local/state/aftercheck/spool", home);
    else {
        err_set(err, ENOENT,
                "neither XDG_STATE_HOME nor HOME is set; name a "
                "directory with --spool");
        return NULL;
    }
    if (n < 0 || dir == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    return dir;
}

static int open_sub(struct spool *s, const char *name, struct err *err)
{
    if (mkdirat(s->fd, name, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "%s/%s cannot be made", s->dir, name);
    int fd = openat(s->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 ? fd : err_sys(err, errno, "%s/%s cannot be opened", s->dir, name);
}

static int open_lock(struct spool *s, const char *name, struct err *err)
{
    int fd =
        openat(s->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    return fd >= 0 ? fd : err_sys(err, errno, "%s/%s cannot be opened", s->dir, name);
}

static int open_parts(struct spool *s, struct err *err)
{
    if (make_dirs(s->dir, err) < 0)
        return -1;
    s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->fd < 0)
        return err_sys(err, errno, "%s cannot be opened", s->dir);
    s->queue = open_sub(s, "queue", err);
    s->refused = open_sub(s, "refused", err);
    s->putting = open_lock(s, "put.lock", err);
    s->sending = open_lock(s, "send.lock", err);
    return s->queue < 0 || s->refused < 0 || s->putting < 0 || s->sending < 0 ? -1 : 0;
}

struct spool *spool_open(const char *dir, struct err *err)
{
    struct spool *s = calloc(1, sizeof *s);
    if (s == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    s->fd = s->queue = s->refused = s->putting = s->sending = -1;
    s->dir = dir != NULL ? strdup(dir) : default_dir(err);
    if (s->dir == NULL || s->dir[0] == '\0') {
        err_set(err, EINVAL, "--spool names no directory");
        spool_close(&s);
    } else if (open_parts(s, err) < 0) {
        spool_close(&s);
    }
    return s;
}

void spool_close(struct spool **s)
{
    if (*s == NULL)
        return;
    const int fds[] = {(*s)->fd, (*s)->queue, (*s)->refused, (*s)->putting,
                       (*s)->sending};
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    free((*s)->dir);
    free(*s);
    *s = NULL;
}

const char *spool_dir(const struct spool *s)
{
    return s->dir;
}

/* --- files --- */

static const char *name_of(uint64_t number, char out[NAME_MAX_])
{
    snprintf(out, NAME_MAX_, "%016" PRIx64, number);
    return out;
}

/* The number that a file's name is; false for anything else. */
static bool number_of(const char *name, uint64_t *ret)
{
    if (strlen(name) != NUMBER_DIGITS ||
        strspn(name, "0123456789abcdef") != NUMBER_DIGITS)
        return false;
    *ret = strtoull(name, NULL, 16);
    return true;
}

static int write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n > 0) {
        ssize_t took = write(fd, p, n);
        if (took < 0 && errno == EINTR)
            continue;
        if (took < 0)
            return -1;
        p += took;
        n -= (size_t)took;
    }
    return 0;
}

/* The whole file or none, there to stay.  One writer: ".new" is shared. */
static int write_file(struct spool *s, int dir, const char *name, const struct buf *b,
                      struct err *err)
{
    if (buf_done(b) < 0)
        return err_set(err, ENOMEM, "out of memory");
    int fd = openat(dir, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                    (mode_t)0600);
    if (fd < 0)
        return err_sys(err, errno, "%s cannot be written", s->dir);
    int rc = write_all(fd, b->data, b->len);
    if (rc == 0)
        rc = fsync(fd);
    int why = errno;
    close(fd);
    if (rc == 0 && (renameat(dir, ".new", dir, name) < 0 || fsync(dir) < 0)) {
        why = errno;
        rc = -1;
    }
    if (rc < 0) {
        unlinkat(dir, ".new", 0); /* a full disk is better without it */
        return err_sys(err, why, "%s cannot be written", s->dir);
    }
    return 0;
}

/* Adds the file's bytes to `to`; -1 with errno, EFBIG beyond `max`. */
static int read_file(int dir, const char *name, size_t max, struct buf *to)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    struct stat st;
    int rc = fstat(fd, &st);
    if (rc == 0 && (st.st_size < 0 || (uint64_t)st.st_size > max)) {
        errno = EFBIG;
        rc = -1;
    }
    size_t n = rc == 0 ? (size_t)st.st_size : 0;
    char *room = rc == 0 ? buf_room(to, n + 1) : NULL;
    size_t got = 0;
    while (room != NULL && got < n) {
        ssize_t took = read(fd, room + got, n - got);
        if (took < 0 && errno == EINTR)
            continue;
        if (took <= 0)
            break;
        got += (size_t)took;
    }
    int why = errno;
    close(fd);
    if (room == NULL) {
        errno = rc < 0 ? why : ENOMEM;
        return -1;
    }
    room[got] = '\0';
    to->len += got;
    return 0;
}

struct entry {
    uint64_t number, bytes;
};

struct entries {
    struct entry *at;
    size_t n, cap;
    uint64_t bytes;
};

static int by_number(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static int entries_add(struct entries *e, struct entry one)
{
    if (e->n == e->cap) {
        size_t cap = e->cap > 0 ? 2 * e->cap : 64;
        struct entry *more = realloc(e->at, cap * sizeof *more);
        if (more == NULL)
            return -1;
        e->at = more;
        e->cap = cap;
    }
    e->at[e->n++] = one;
    e->bytes += one.bytes;
    return 0;
}

/* The records of a directory by number; *ret->at is the caller's. */
static int scan(struct spool *s, int dir, struct entries *ret, struct err *err)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        err_sys(err, errno, "%s cannot be read", s->dir);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    *ret = (struct entries){0};
    int rc = 0;
    for (struct dirent *f; rc == 0 && (f = readdir(d)) != NULL;) {
        struct entry e;
        struct stat st;
        if (!number_of(f->d_name, &e.number) ||
            fstatat(dir, f->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
            continue; /* not ours, or gone meanwhile */
        e.bytes = (uint64_t)st.st_size;
        if (entries_add(ret, e) < 0)
            rc = err_set(err, ENOMEM, "out of memory");
    }
    closedir(d);
    if (rc < 0)
        free(ret->at);
    else if (ret->n > 0)
        qsort(ret->at, ret->n, sizeof *ret->at, by_number);
    return rc;
}

/* --- counts --- */

static void read_counts(struct spool *s, uint64_t count[SPOOL_LOSS_N])
{
    OWNED_BUF text = {0};
    memset(count, 0, SPOOL_LOSS_N * sizeof *count);
    if (read_file(s->fd, "counts", HEAD_BYTES_MAX, &text) < 0)
        return; /* none yet */
    OWNED_JSON *doc = json_parse(buf_text(&text), text.len, NULL);
    if (doc == NULL)
        return;
    struct json_at root = json_root(doc), at;
    for (int i = 0; i < SPOOL_LOSS_N; i++) {
        int64_t n = 0;
        if (json_member(&root, losses[i].name, &at) && json_whole(&at, &n, NULL) == 0 &&
            n > 0)
            count[i] = (uint64_t)n;
    }
}

/* The only way to lose a record; the holder of put.lock calls. */
static void lose(struct spool *s, enum spool_loss why, uint64_t n)
{
    uint64_t count[SPOOL_LOSS_N];
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    if (n == 0)
        return;
    s->news[why] += n;
    read_counts(s, count);
    count[why] += n;
    jsonw_open(&w, NULL);
    for (int i = 0; i < SPOOL_LOSS_N; i++)
        jsonw_int(&w, losses[i].name, (int64_t)count[i]);
    jsonw_close(&w);
    buf_add_ch(&text, '\n');
    /* On a disk that is full the count is kept by this process at least. */
    write_file(s, s->fd, "counts", &text, NULL);
}

int spool_losses(struct spool *s, uint64_t ret_count[SPOOL_LOSS_N], struct err *err)
{
    if (flock(s->putting, LOCK_EX) < 0)
        return err_sys(err, errno, "%s cannot be locked", s->dir);
    read_counts(s, ret_count);
    flock(s->putting, LOCK_UN);
    return 0;
}

void spool_news(struct spool *s, uint64_t ret_count[SPOOL_LOSS_N])
{
    memcpy(ret_count, s->news, sizeof s->news);
    memset(s->news, 0, sizeof s->news);
}

/* --- putting --- */

static uint64_t micros(instant at)
{
    return at.ms > 0 ? (uint64_t)at.ms * 1000 : 0;
}

/* Drops from the old end what is too old, and what `n_bytes` more have no room beside.
 */
static void make_room(struct spool *s, const struct entries *e, instant now,
                      size_t records, uint64_t n_bytes)
{
    const uint64_t age_us = (uint64_t)SPOOL_DAYS_MAX * 86400 * 1000000;
    uint64_t oldest = micros(now) > age_us ? micros(now) - age_us : 0;
    uint64_t lost[2] = {0}, bytes = e->bytes;
    char name[NAME_MAX_];
    for (size_t i = 0; i < e->n; i++) {
        bool old = e->at[i].number < oldest;
        bool full =
            bytes + n_bytes > SPOOL_BYTES_MAX || e->n - i + records > SPOOL_RECORDS_MAX;
        if (!old && !full)
            break;
        if (unlinkat(s->queue, name_of(e->at[i].number, name), 0) == 0)
            lost[old ? 0 : 1]++;
        bytes -= e->at[i].bytes;
    }
    lose(s, SPOOL_LOST_OLD, lost[0]);
    lose(s, SPOOL_LOST_FULL, lost[1]);
}

static void write_head(const struct spool_record *r, instant now, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_int(&w, "format", 1);
    jsonw_instant(&w, "at", now);
    jsonw_text(&w, "server", r->server);
    jsonw_text(&w, "path", r->path);
    jsonw_text(&w, "type", r->type);
    jsonw_int(&w, "bytes", (int64_t)r->n);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
}

static int put_locked(struct spool *s, const struct buf *file, instant now,
                      uint64_t *ret_number, struct err *err)
{
    struct entries e;
    char name[NAME_MAX_];
    if (scan(s, s->queue, &e, err) < 0)
        return -1;
    make_room(s, &e, now, 1, file->len);
    uint64_t number = micros(now);
    if (e.n > 0 && e.at[e.n - 1].number >= number)
        number = e.at[e.n - 1].number + 1;
    free(e.at);
    /* Of the same microsecond as one that was sent, and so already gone, or refused. */
    while (faccessat(s->refused, name_of(number, name), F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        number++;
    if (write_file(s, s->queue, name_of(number, name), file, err) < 0)
        return -1;
    *ret_number = number;
    return 0;
}

int spool_put(struct spool *s, const struct spool_record *record, instant now,
              uint64_t *ret_number, struct err *err)
{
    OWNED_BUF file = {0};
    write_head(record, now, &file);
    if (file.len > HEAD_BYTES_MAX)
        return err_set(err, EMSGSIZE, "the address it goes to is too long");
    buf_add_n(&file, record->body, record->n);
    if (buf_done(&file) < 0)
        return err_set(err, ENOMEM, "out of memory");
    if (file.len > SPOOL_RECORD_BYTES_MAX)
        return err_set(err, EMSGSIZE, "is %zu bytes long, at most %d are kept",
                       record->n, SPOOL_RECORD_BYTES_MAX - HEAD_BYTES_MAX);
    if (flock(s->putting, LOCK_EX) < 0)
        return err_sys(err, errno, "%s cannot be locked", s->dir);
    int rc = put_locked(s, &file, now, ret_number, err);
    flock(s->putting, LOCK_UN);
    return rc;
}

int spool_trim(struct spool *s, instant now, struct err *err)
{
    struct entries e;
    if (flock(s->putting, LOCK_EX) < 0)
        return err_sys(err, errno, "%s cannot be locked", s->dir);
    int rc = scan(s, s->queue, &e, err);
    if (rc == 0) {
        make_room(s, &e, now, 0, 0);
        free(e.at);
    }
    flock(s->putting, LOCK_UN);
    return rc;
}

/* --- taking out --- */

int spool_lock_sending(struct spool *s, int ms, struct err *err)
{
    int64_t until = monotonic_ms() + ms;
    while (flock(s->sending, LOCK_EX | LOCK_NB) < 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return err_sys(err, errno, "%s cannot be locked", s->dir);
        if (monotonic_ms() >= until)
            return err_set(err, EAGAIN, "another process is sending from %s", s->dir);
        poll(NULL, 0, LOCK_STEP_MS);
    }
    return 0;
}

void spool_unlock_sending(struct spool *s)
{
    flock(s->sending, LOCK_UN);
}

int spool_list(struct spool *s, uint64_t **ret, size_t *ret_n, struct err *err)
{
    struct entries e;
    if (scan(s, s->queue, &e, err) < 0)
        return -1;
    uint64_t *list = calloc(e.n > 0 ? e.n : 1, sizeof *list);
    for (size_t i = 0; list != NULL && i < e.n; i++)
        list[i] = e.at[i].number;
    free(e.at);
    if (list == NULL)
        return err_set(err, ENOMEM, "out of memory");
    *ret = list;
    *ret_n = e.n;
    return 0;
}

/* The head's texts are copied behind the file's bytes, to live as long as they. */
static const char *keep_text(const struct json_at *root, const char *name,
                             struct buf *room, size_t *ret_at)
{
    struct json_at at;
    const char *text;
    *ret_at = room->len;
    if (!json_member(root, name, &at) || json_text(&at, &text, NULL) < 0)
        return NULL;
    buf_add_n(room, text, strlen(text) + 1);
    return text;
}

/* -1 when the file is not what spool_put wrote. */
static int take_apart(struct buf *room, struct spool_record *ret)
{
    const char *end = room->len > 0 ? memchr(room->data, '\n', room->len) : NULL;
    size_t n = room->len, server, path, type;
    int64_t bytes = -1;
    if (end == NULL)
        return -1;
    size_t head = (size_t)(end - room->data) + 1;
    OWNED_JSON *doc = json_parse(room->data, head, NULL);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at;
    if (!json_member(&root, "bytes", &at) || json_whole(&at, &bytes, NULL) < 0 ||
        bytes < 0 || (uint64_t)bytes != n - head)
        return -1;
    if (keep_text(&root, "server", room, &server) == NULL ||
        keep_text(&root, "path", room, &path) == NULL ||
        keep_text(&root, "type", room, &type) == NULL || buf_done(room) < 0)
        return -1;
    *ret = (struct spool_record){room->data + server, room->data + path,
                                 room->data + type, room->data + head, n - head};
    return ret->path[0] == '/' ? 0 : -1;
}

/* Deletes the oldest of refused/ beyond their limit. */
static void forget_refused(struct spool *s)
{
    struct entries e;
    char name[NAME_MAX_], answer[NAME_MAX_ + 8];
    uint64_t forgotten = 0;
    if (scan(s, s->refused, &e, NULL) < 0)
        return;
    for (size_t i = 0; i + SPOOL_REFUSED_MAX < e.n; i++) {
        name_of(e.at[i].number, name);
        snprintf(answer, sizeof answer, "%s.answer", name);
        unlinkat(s->refused, answer, 0);
        forgotten += unlinkat(s->refused, name, 0) == 0;
    }
    free(e.at);
    lose(s, SPOOL_LOST_FORGOTTEN, forgotten);
}

/* The words first: a record in refused/ always has its answer beside it. */
static int move_aside(struct spool *s, uint64_t number, const char *words,
                      enum spool_loss why, struct err *err)
{
    char name[NAME_MAX_], answer[NAME_MAX_ + 8];
    OWNED_BUF text = {0};
    buf_addf(&text, "%s\n", words);
    name_of(number, name);
    snprintf(answer, sizeof answer, "%s.answer", name);
    if (flock(s->putting, LOCK_EX) < 0)
        return err_sys(err, errno, "%s cannot be locked", s->dir);
    int rc = write_file(s, s->refused, answer, &text, err);
    if (rc == 0 && renameat(s->queue, name, s->refused, name) < 0) {
        if (errno != ENOENT) /* else dropped meanwhile, and counted as that */
            rc = err_sys(err, errno, "%s cannot be written", s->dir);
        unlinkat(s->refused, answer, 0);
    } else if (rc == 0) {
        lose(s, why, 1);
        forget_refused(s);
    }
    flock(s->putting, LOCK_UN);
    return rc;
}

int spool_set_aside(struct spool *s, uint64_t number, const char *words,
                    struct err *err)
{
    return move_aside(s, number, words, SPOOL_LOST_REFUSED, err);
}

int spool_read(struct spool *s, uint64_t number, struct buf *room,
               struct spool_record *ret, struct err *err)
{
    char name[NAME_MAX_];
    buf_clear(room);
    int rc = read_file(s->queue, name_of(number, name), SPOOL_RECORD_BYTES_MAX, room);
    if (rc < 0 && errno == ENOENT)
        return 0;
    if (rc < 0 && errno != EFBIG)
        return err_sys(err, errno, "%s/queue/%s cannot be read", s->dir, name);
    if (rc == 0 && take_apart(room, ret) == 0)
        return 1;
    if (buf_done(room) < 0)
        return err_set(err, ENOMEM, "out of memory");
    return move_aside(s, number, "damaged on this disk, never sent", SPOOL_LOST_DAMAGED,
                      err);
}

int spool_done(struct spool *s, uint64_t number, struct err *err)
{
    char name[NAME_MAX_];
    if (unlinkat(s->queue, name_of(number, name), 0) < 0 && errno != ENOENT)
        return err_sys(err, errno, "%s/queue/%s cannot be deleted", s->dir, name);
    return 0;
}

enum spool_fate spool_fate(struct spool *s, uint64_t number, struct buf *words)
{
    char name[NAME_MAX_], answer[NAME_MAX_ + 8];
    name_of(number, name);
    snprintf(answer, sizeof answer, "%s.answer", name);
    if (faccessat(s->queue, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
        return SPOOL_WAITS;
    if (faccessat(s->refused, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
        return SPOOL_TAKEN;
    read_file(s->refused, answer, HEAD_BYTES_MAX, words);
    while (words->len > 0 && words->data[words->len - 1] == '\n')
        words->data[--words->len] = '\0';
    return SPOOL_REFUSED;
}
