/* programs/coredump/loop.c - one small file of JSON for each program and signal.
 *
 * What must hold: files are read and written under the directory's lock, and written
 * aside and renamed, so that one is whole or as it was.  They are not synced: after a
 * loss of power some crashes may be missing from a count.  Names of programs never
 * become names of files.  One thread a process. */
#include "programs/coredump/loop.h"

#include "base/hash.h"
#include "base/json.h"
#include "base/jsonw.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 1 << 20, NAME_DIGITS = 32, LOCK_STEP_MS = 5 };

struct loop {
    int dir, lock;
    char name[NAME_DIGITS + 1];
    bool changed;
    instant since;    /* when this while began */
    int64_t told;     /* stacks that were taken in it */
    instant stack;    /* when the last one was */
    int64_t count;    /* crashes that wait to be told */
    instant counting; /* since when */
    struct loop_last last;
    struct buf record;
};

/* --- the directory --- */

static void give_back(int fd)
{
    if (fd >= 0)
        close(fd);
}

static int lock_dir(int dir, const char *path, int *ret_lock, struct err *err)
{
    int64_t until = monotonic_ms() + LOOP_LOCK_MS;
    int fd =
        openat(dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, (mode_t)0600);
    if (fd < 0)
        return err_sys(err, errno, "%s/lock cannot be opened", path);
    while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || monotonic_ms() >= until) {
            int why = errno;
            close(fd);
            return err_sys(err, why, "%s cannot be locked", path);
        }
        poll(NULL, 0, LOCK_STEP_MS);
    }
    *ret_lock = fd;
    return 0;
}

static int open_dir(const char *path, int *ret_dir, int *ret_lock, struct err *err)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "%s cannot be made", path);
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_sys(err, errno, "%s cannot be opened", path);
    if (lock_dir(dir, path, ret_lock, err) < 0) {
        close(dir);
        return -1;
    }
    *ret_dir = dir;
    return 0;
}

static bool is_ours(const char *name)
{
    return strlen(name) == NAME_DIGITS &&
           strspn(name, "0123456789abcdef") == NAME_DIGITS;
}

/* --- a file --- */

static int64_t number_in(const struct json_at *root, const char *key)
{
    struct json_at at;
    int64_t n;
    return json_member(root, key, &at) && json_whole(&at, &n, NULL) == 0 && n >= 0 ? n
                                                                                   : 0;
}

static instant time_in(const struct json_at *root, const char *key)
{
    int64_t ms = number_in(root, key);
    return ms > 0 ? (instant){ms} : INSTANT_NONE;
}

/* What is damaged, or not there, is a program that never crashed. */
static void read_state(struct loop *l)
{
    OWNED_BUF text = {0};
    int fd = openat(l->dir, l->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    char *room;
    ssize_t n = 0;
    while (fd >= 0 && text.len < FILE_BYTES_MAX &&
           (room = buf_room(&text, 16384)) != NULL && (n = read(fd, room, 16384)) > 0)
        text.len += (size_t)n;
    give_back(fd);
    OWNED_JSON *doc = text.len > 0 ? json_parse(text.data, text.len, NULL) : NULL;
    if (doc == NULL)
        return;
    struct json_at root = json_root(doc), at;
    const char *record;
    l->since = time_in(&root, "since");
    l->told = number_in(&root, "told");
    l->stack = time_in(&root, "stack");
    l->count = number_in(&root, "count");
    l->counting = time_in(&root, "counting");
    l->last.time = time_in(&root, "last");
    l->last.pid = number_in(&root, "last_pid");
    if (json_member(&root, "record", &at) && json_text(&at, &record, NULL) == 0)
        buf_add(&l->record, record);
}

static void write_time(struct jsonw *w, const char *key, instant at)
{
    if (!instant_is_none(at))
        jsonw_int(w, key, at.ms);
}

static int write_state(struct loop *l, struct err *err)
{
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    jsonw_open(&w, NULL);
    jsonw_int(&w, "format", 1);
    write_time(&w, "since", l->since);
    jsonw_int(&w, "told", l->told);
    write_time(&w, "stack", l->stack);
    jsonw_int(&w, "count", l->count);
    write_time(&w, "counting", l->counting);
    write_time(&w, "last", l->last.time);
    jsonw_int(&w, "last_pid", l->last.pid);
    jsonw_text(&w, "record", buf_text(&l->record));
    jsonw_close(&w);
    buf_add_ch(&text, '\n');
    if (buf_done(&text) < 0)
        return err_set(err, ENOMEM, "out of memory");
    int fd =
        openat(l->dir, ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
               (mode_t)0600);
    ssize_t n = fd >= 0 ? write(fd, text.data, text.len) : -1;
    int why = n < 0 ? errno : ENOSPC;
    give_back(fd);
    if (n != (ssize_t)text.len || renameat(l->dir, ".new", l->dir, l->name) < 0) {
        unlinkat(l->dir, ".new", 0);
        return err_sys(err, why, "counts of crashes cannot be written");
    }
    return 0;
}

/* True when there is room for one more file. */
static bool has_room(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    size_t n = 0;
    if (d == NULL) {
        give_back(fd);
        return false;
    }
    for (struct dirent *f; (f = readdir(d)) != NULL;)
        n += is_ours(f->d_name);
    closedir(d);
    return n < LOOP_FILES_MAX;
}

static struct loop *loop_new(int dir, int lock, const char *name)
{
    struct loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return NULL;
    *l = (struct loop){.dir = dir,
                       .lock = lock,
                       .since = INSTANT_NONE,
                       .stack = INSTANT_NONE,
                       .counting = INSTANT_NONE,
                       .last = {INSTANT_NONE, 0}};
    memcpy(l->name, name, NAME_DIGITS);
    read_state(l);
    return l;
}

struct loop *loop_open(const char *dir, const char *exe, int signal, struct err *err)
{
    OWNED_BUF key = {0};
    char hash[SHA256_HEX_MAX];
    int fd, lock;
    buf_addf(&key, "%d %s", signal, exe);
    if (buf_done(&key) < 0 || open_dir(dir, &fd, &lock, err) < 0) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    sha256_hex(key.data, key.len, hash);
    struct loop *l = NULL;
    hash[NAME_DIGITS] = '\0';
    if (faccessat(fd, hash, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && !has_room(fd))
        err_set(err, ENOSPC, "%s: crashes of %d programs are counted already", dir,
                LOOP_FILES_MAX);
    else if ((l = loop_new(fd, lock, hash)) == NULL)
        err_set(err, ENOMEM, "out of memory");
    if (l == NULL) {
        close(lock);
        close(fd);
    }
    return l;
}

static void loop_free(struct loop **l)
{
    buf_free(&(*l)->record);
    free(*l);
    *l = NULL;
}

int loop_close(struct loop **l, struct err *err)
{
    if (*l == NULL)
        return 0;
    int rc = (*l)->changed ? write_state(*l, err) : 0;
    close((*l)->lock);
    close((*l)->dir);
    loop_free(l);
    return rc;
}

/* --- counting --- */

/* A clock that was set back ends every while. */
static bool is_over(instant since, instant now, span length)
{
    return instant_is_none(since) || now.ms < since.ms ||
           now.ms - since.ms >= length.ms;
}

bool loop_crash(struct loop *l, const struct loop_rule *rule, instant now, int64_t pid)
{
    l->changed = true;
    if (is_over(l->since, now, rule->within)) {
        l->since = now;
        l->told = 0;
    }
    if (l->told < rule->first || is_over(l->stack, now, rule->every)) {
        l->told++;
        l->stack = now;
        return true;
    }
    if (l->count == 0)
        l->counting = now;
    if (l->count < LOOP_COUNT_MAX)
        l->count++;
    l->last = (struct loop_last){now, pid};
    return false;
}

void loop_keep(struct loop *l, const char *text)
{
    l->changed = true;
    buf_clear(&l->record);
    buf_add(&l->record, text);
}

int64_t loop_due(const struct loop *l, const struct loop_rule *rule, instant now)
{
    return l->count > 0 && is_over(l->counting, now, rule->every) ? l->count : 0;
}

void loop_told(struct loop *l)
{
    l->changed = true;
    l->count = 0;
    l->counting = INSTANT_NONE;
}

const char *loop_record(const struct loop *l)
{
    return buf_text(&l->record);
}

struct loop_last loop_last(const struct loop *l)
{
    return l->last;
}

/* --- all of them --- */

static void walk_one(int dir, int lock, const char *name, struct loop_walk *walk)
{
    struct loop *l = loop_new(dir, lock, name);
    if (l == NULL)
        return;
    walk->each(l, walk);
    if (l->count == 0 && is_over(l->stack, walk->now, walk->rule->within) &&
        is_over(l->since, walk->now, walk->rule->within))
        unlinkat(dir, name, 0);
    else if (l->changed)
        write_state(l, NULL);
    loop_free(&l);
}

int loop_each(const char *dir, struct loop_walk *walk, struct err *err)
{
    int at, lock, n = 0;
    if (open_dir(dir, &at, &lock, err) < 0)
        return -1;
    int fd = openat(at, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
    if (d == NULL) {
        err_sys(err, errno, "%s cannot be read", dir);
        give_back(fd);
        n = -1;
    }
    for (struct dirent *f; d != NULL && (f = readdir(d)) != NULL;)
        if (is_ours(f->d_name)) {
            walk_one(at, lock, f->d_name, walk);
            n++;
        }
    if (d != NULL)
        closedir(d);
    close(lock);
    close(at);
    return n;
}
