/* programs/agent/trail.c - globs, inotify, and the marks on disk.
 *
 * A file is known by its inode, so one that was renamed is not begun anew.  It is given
 * up when its path names another one, no glob matches it any more, and nothing came for
 * a minute: until then whoever had it open may still write to it.  inotify only says
 * when to look; what there is to read the files themselves say, so an event that is
 * missed costs time and no lines.  In the loop. */
#include "programs/agent/trail.h"

#include "base/buf.h"
#include "base/instant.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    SOON_MS = 250,
    POLL_MS = 1000,
    LINGER_MS = 60000,
    CUTS_MAX = 8, /* at one look */
    MARKS_BYTES_MAX = 512 << 10,
    EVENTS = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE,
};
static const char first_line[] = "aftercheck-agent log marks 1\n";

struct file {
    struct agent_follow *follow;
    int64_t grew_ms;
    bool matched; /* at the last look */
};

struct agent_trail {
    struct agent_trail_spec spec;
    char *marks, *saved; /* what the marks' file holds */
    struct file file[AGENT_TRAIL_FILES_MAX];
    size_t n, turn;
    struct loop_watch watch;
    struct loop_timer timer;
    bool stale; /* there may be new files */
    struct agent_trail_stats stats;
};

struct agent_trail_stats agent_trail_stats(const struct agent_trail *t)
{
    struct agent_trail_stats s = t->stats;
    s.files = t->n;
    return s;
}

static void refuse(struct agent_trail *t, const struct err *why)
{
    t->stats.refused++;
    t->stats.err = *why;
}

/* Takes it over. */
static void add(struct agent_trail *t, struct agent_follow *f)
{
    if (t->n == AGENT_TRAIL_FILES_MAX) {
        t->stats.refused++;
        t->stats.err = (struct err){0};
        err_set(&t->stats.err, EMFILE, "%.300s: more than %d files",
                agent_follow_path(f), AGENT_TRAIL_FILES_MAX);
        agent_follow_free(&f);
        return;
    }
    t->file[t->n++] = (struct file){f, monotonic_ms(), true};
}

/* ---- waking ---- */

/* Is it one of ours, or a name that may become one? */
static bool concerns(const struct agent_trail *t, const struct inotify_event *e)
{
    if (e->mask != IN_MODIFY || e->len == 0)
        return true;
    for (size_t i = 0; i < t->n; i++) {
        const char *base = strrchr(agent_follow_path(t->file[i].follow), '/');
        if (base != NULL && strncmp(e->name, base + 1, strlen(base + 1)) == 0)
            return true;
    }
    return false;
}

/* Reads all that inotify has; true when any of it concerns us. */
static bool drain(struct agent_trail *t)
{
    _Alignas(struct inotify_event) char room[4096];
    bool any = false;
    ssize_t n;
    while ((n = read(t->watch.fd, room, sizeof room)) > 0) {
        for (ssize_t at = 0; at < n;) {
            const struct inotify_event *e = (const void *)(room + at);
            any |= concerns(t, e);
            t->stale |= e->mask != IN_MODIFY;
            at += (ssize_t)sizeof *e + e->len;
        }
    }
    return any;
}

static void on_soon(void *arg)
{
    struct agent_trail *t = arg;
    bool any = drain(t);
    loop_watch(t->spec.loop, &t->watch);
    if (any)
        t->spec.woke(t->spec.arg);
}

static void on_event(void *arg, short came)
{
    struct agent_trail *t = arg;
    (void)came;
    loop_unwatch(t->spec.loop, &t->watch);
    loop_set(t->spec.loop, &t->timer, monotonic_ms() + SOON_MS);
}

static void on_poll(void *arg)
{
    struct agent_trail *t = arg;
    t->stale = true;
    loop_set(t->spec.loop, &t->timer, monotonic_ms() + POLL_MS);
    t->spec.woke(t->spec.arg);
}

static void poll_instead(struct agent_trail *t)
{
    if (t->watch.fd >= 0) {
        loop_unwatch(t->spec.loop, &t->watch);
        close(t->watch.fd);
    }
    t->watch.fd = -1;
    t->timer.fire = on_poll;
    loop_set(t->spec.loop, &t->timer, monotonic_ms() + POLL_MS);
}

static void wait_for_events(struct agent_trail *t)
{
    t->watch = (struct loop_watch){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
                                   .events = POLLIN,
                                   .ready = on_event,
                                   .arg = t};
    t->timer = (struct loop_timer){.fire = on_soon, .arg = t};
    if (t->watch.fd < 0 || loop_watch(t->spec.loop, &t->watch) < 0)
        poll_instead(t);
}

/* The same directory again is the same watch. */
static void watch_folder_of(struct agent_trail *t, const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t n = slash != NULL ? (size_t)(slash - path) : 0;
    if (t->watch.fd < 0 || n >= sizeof folder)
        return;
    memcpy(folder, path, n);
    folder[n] = '\0';
    if (strpbrk(folder, "*?[") != NULL)
        return; /* those of its matches are watched */
    if (inotify_add_watch(t->watch.fd, n > 0 ? folder : "/", EVENTS) < 0 &&
        errno != ENOENT && errno != ENOTDIR)
        poll_instead(t); /* as of a limit on watches */
}

/* ---- finding files ---- */

static struct file *known(struct agent_trail *t, const struct stat *st)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct agent_mark *m = agent_follow_mark(t->file[i].follow);
        if (m->dev == st->st_dev && m->ino == st->st_ino)
            return &t->file[i];
    }
    return NULL;
}

static bool is_copy(const struct agent_trail *t, const struct agent_follow *f)
{
    for (size_t i = 0; i < t->n; i++)
        if (agent_follow_alike(t->file[i].follow, f))
            return true;
    return false;
}

static void take_match(struct agent_trail *t, const char *path, bool from_end)
{
    struct stat st;
    struct err err = {0};
    if (stat(path, &st) < 0)
        return; /* it went meanwhile */
    struct file *is = known(t, &st);
    if (is != NULL) {
        is->matched = true;
        return;
    }
    struct agent_follow *f = agent_follow_open(path, from_end, &err);
    if (f == NULL)
        refuse(t, &err);
    else if (is_copy(t, f)) /* when the other is cut, its rest is looked for here */
        agent_follow_free(&f);
    else
        add(t, f);
}

static void look(struct agent_trail *t, bool from_end)
{
    t->stale = false;
    for (size_t i = 0; i < t->n; i++)
        t->file[i].matched = false;
    for (size_t i = 0; i < t->spec.n; i++) {
        glob_t found = {0};
        watch_folder_of(t, t->spec.globs[i]);
        if (glob(t->spec.globs[i], 0, NULL, &found) == 0)
            for (size_t k = 0; k < found.gl_pathc; k++) {
                watch_folder_of(t, found.gl_pathv[k]);
                take_match(t, found.gl_pathv[k], from_end);
            }
        globfree(&found);
    }
}

/* ---- marks on disk ---- */

static void write_marks(const struct agent_trail *t, struct buf *to)
{
    buf_add(to, first_line);
    for (size_t i = 0; i < t->n; i++) {
        const struct agent_mark *m = agent_follow_mark(t->file[i].follow);
        const char *path = agent_follow_path(t->file[i].follow);
        if (strchr(path, '\n') == NULL)
            buf_addf(to, "%llu %llu %llu %llu %u %d %s\n", (unsigned long long)m->dev,
                     (unsigned long long)m->ino, (unsigned long long)m->offset,
                     (unsigned long long)m->head, (unsigned)m->head_bytes, m->inside,
                     path);
    }
}

static int write_file(const char *path, const struct buf *text, struct err *err)
{
    OWNED_BUF aside = {0};
    buf_addf(&aside, "%s.new", path);
    if (buf_done(&aside) < 0 || buf_done(text) < 0)
        return err_set(err, ENOMEM, "out of memory");
    int fd = open(aside.data, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_sys(err, errno, "%.300s", aside.data);
    ssize_t n = write(fd, text->data, text->len);
    int why = n < 0 ? errno : ENOSPC;
    if (close(fd) < 0 || n != (ssize_t)text->len || rename(aside.data, path) < 0)
        return err_sys(err, n == (ssize_t)text->len ? errno : why, "%.300s", path);
    return 0;
}

int agent_trail_save(struct agent_trail *t, struct err *err)
{
    OWNED_BUF text = {0};
    if (t->marks == NULL)
        return 0;
    write_marks(t, &text);
    if (t->saved != NULL && buf_done(&text) == 0 && strcmp(text.data, t->saved) == 0)
        return 0;
    if (write_file(t->marks, &text, err) < 0)
        return -1;
    free(t->saved);
    t->saved = buf_give(&text);
    return 0;
}

/* One line: six numbers and a path. */
static int read_mark(const char *line, struct agent_mark *m, const char **ret_path)
{
    uint64_t v[6];
    for (size_t i = 0; i < 6; i++) {
        char *end;
        errno = 0;
        v[i] = strtoull(line, &end, 10);
        if (*line < '0' || *line > '9' || *end != ' ' || errno != 0)
            return -1;
        line = end + 1;
    }
    if (v[2] > INT64_MAX || v[4] > AGENT_MARK_BYTES || v[4] > v[2] || v[5] > 1 ||
        line[0] != '/')
        return -1;
    *m = (struct agent_mark){v[0], v[1], v[2], v[3], (uint32_t)v[4], v[5] == 1};
    *ret_path = line;
    return 0;
}

static void resume(struct agent_trail *t, const char *path, const struct agent_mark *m)
{
    struct agent_follow *f = agent_follow_find(path, m);
    if (f == NULL)
        t->stats.lost++;
    else
        add(t, f);
}

static int read_marks(struct agent_trail *t, char *text, struct err *err)
{
    struct agent_mark m;
    const char *path;
    char *rest = NULL;
    int n = 1;
    if (strncmp(text, first_line, strlen(first_line)) != 0)
        return err_set(err, EINVAL, "%.300s: is no file of marks", t->marks);
    for (char *line = strtok_r(text + strlen(first_line), "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        n++;
        if (read_mark(line, &m, &path) < 0)
            return err_set(err, EINVAL, "%.300s:%d: is no mark", t->marks, n);
        resume(t, path, &m);
    }
    return 0;
}

/* Its text; "" when there is none.  The caller frees it. */
static char *load(const char *path, struct err *err)
{
    OWNED_BUF text = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return strdup("");
    if (fd < 0) {
        err_sys(err, errno, "%.300s", path);
        return NULL;
    }
    char *room = buf_room(&text, MARKS_BYTES_MAX);
    ssize_t n = room != NULL ? read(fd, room, MARKS_BYTES_MAX) : -1;
    close(fd);
    if (n < 0) {
        err_set(err, EIO, "%.300s: cannot be read", path);
        return NULL;
    }
    room[n] = '\0';
    return strdup(room);
}

int agent_trail_begin(struct agent_trail *t, struct err *err)
{
    int rc = 0;
    char *text = t->marks != NULL ? load(t->marks, err) : strdup("");
    bool before = text != NULL && text[0] != '\0';
    if (text == NULL || (before && read_marks(t, text, err) < 0)) {
        for (size_t i = 0; i < t->n; i++)
            agent_follow_free(&t->file[i].follow);
        t->n = 0;
        before = false;
        rc = -1;
    }
    free(text);
    wait_for_events(t);
    look(t, !before && !t->spec.from_start);
    return rc;
}

/* ---- reading ---- */

static void drop(struct agent_trail *t, size_t i)
{
    agent_follow_free(&t->file[i].follow);
    t->n--;
    memmove(&t->file[i], &t->file[i + 1], (t->n - i) * sizeof t->file[i]);
}

static void restart(struct agent_trail *t, struct agent_follow *f)
{
    bool found;
    struct agent_follow *rest = agent_follow_restart(f, &found);
    if (rest != NULL)
        add(t, rest); /* at the end: its turn comes in this same round */
    else
        t->stats.lost++;
}

/* True when the reader may read no more. */
static bool read_one(struct agent_trail *t, struct file *one, struct agent_reader *r)
{
    uint64_t was = agent_follow_mark(one->follow)->offset;
    enum agent_follow_step step = agent_follow_read(one->follow, r);
    for (int i = 0; step == AGENT_FOLLOW_CUT && i < CUTS_MAX; i++) {
        restart(t, one->follow);
        step = agent_follow_read(one->follow, r);
    }
    if (agent_follow_mark(one->follow)->offset != was)
        one->grew_ms = monotonic_ms();
    return step == AGENT_FOLLOW_MORE;
}

/* Nobody writes to it any more, as far as anyone can tell. */
static bool is_over(const struct file *one)
{
    return !one->matched && monotonic_ms() - one->grew_ms > LINGER_MS &&
           !agent_follow_in_place(one->follow);
}

bool agent_trail_read(struct agent_trail *t, struct agent_reader *r, bool look_too)
{
    if (look_too || t->stale)
        look(t, false);
    for (size_t k = 0; k < t->n; k++) {
        size_t i = t->turn % t->n;
        struct file *one = &t->file[i];
        if (read_one(t, one, r)) {
            t->turn = i + 1; /* the next ones first, next time */
            return true;
        }
        if (is_over(one)) {
            agent_follow_rest(one->follow, r);
            drop(t, i);
        } else {
            t->turn = i + 1;
        }
    }
    return false;
}

/* ---- life ---- */

struct agent_trail *agent_trail_new(const struct agent_trail_spec *spec,
                                    struct err *err)
{
    struct agent_trail *t = calloc(1, sizeof *t);
    if (t == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    t->spec = *spec;
    t->watch.fd = -1;
    t->marks = spec->marks != NULL ? strdup(spec->marks) : NULL;
    if (spec->marks != NULL && t->marks == NULL) {
        err_set(err, ENOMEM, "out of memory");
        agent_trail_free(&t);
    }
    return t;
}

void agent_trail_free(struct agent_trail **t)
{
    struct agent_trail *it = *t;
    if (it == NULL)
        return;
    loop_clear(it->spec.loop, &it->timer);
    loop_unwatch(it->spec.loop, &it->watch);
    if (it->watch.fd >= 0)
        close(it->watch.fd);
    for (size_t i = 0; i < it->n; i++)
        agent_follow_free(&it->file[i].follow);
    free(it->marks);
    free(it->saved);
    free(it);
    *t = NULL;
}
