/* storage/rrd.c - librrd in a child process: files and pictures.
 *
 * The service's side packs a request, storage/child.c carries it, and the child's side
 * (from "in the child" on down to the table of deeds) does it with librrd, which is
 * loaded there and nowhere else.  What must hold: requests hold numbers and names of
 * our own making, never a line of text that librrd would parse beyond one argument; the
 * child is the only process that touches the files; a new file's pages are dropped from
 * the page cache once (else each later update writes a megabyte instead of a few
 * pages: large pages made by the creation are dirtied whole through librrd's mapping).
 */
#include "storage/rrd.h"

#include "storage/child.h"
#include "storage/picture.h"

#include <assert.h>
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <locale.h>
#include <math.h>
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
    PATIENCE_MS = 30000,
    NAME_MAX_BYTES = 100,
    ARCHIVES_MAX = 8,
    GET_BYTES_MAX = 128 << 20,
    ARGS_MAX = 256,
};

#define SCRATCH      "scratch"
#define SCRATCH_FILE SCRATCH "/picture.rrd"

struct rrd {
    char *dir;
    struct child *child;
};

enum deed { DEED_PUT, DEED_LOOK, DEED_GET, DEED_DRAW };

/* --- packing: numbers as they lie in memory, for both sides are one program --- */

struct bytes {
    const char *at;
    size_t left;
    bool bad; /* asked for more than there was */
};

static void pack_int(struct buf *b, int64_t v)
{
    buf_add_n(b, &v, sizeof v);
}

static void pack_text(struct buf *b, const char *text)
{
    size_t n = strlen(text) + 1;
    pack_int(b, (int64_t)n);
    buf_add_n(b, text, n);
}

/* `n` bytes to be borrowed, or NULL. */
static const char *take(struct bytes *in, size_t n)
{
    if (in->bad || n > in->left) {
        in->bad = true;
        return NULL;
    }
    const char *at = in->at;
    in->at += n;
    in->left -= n;
    return at;
}

static int64_t take_int(struct bytes *in)
{
    int64_t v = 0;
    const char *at = take(in, sizeof v);
    if (at != NULL)
        memcpy(&v, at, sizeof v);
    return v;
}

/* A number of things of `each` bytes that are still to come. */
static size_t take_count(struct bytes *in, size_t each)
{
    int64_t n = take_int(in);
    if (n < 0 || (uint64_t)n > in->left / each) {
        in->bad = true;
        return 0;
    }
    return (size_t)n;
}

/* "" when there is none. */
static const char *take_text(struct bytes *in)
{
    size_t n = take_count(in, 1);
    const char *at = take(in, n);
    if (at == NULL || n == 0 || at[n - 1] != '\0') {
        in->bad = true;
        return "";
    }
    return at;
}

/* A copy of `n` things of `each` bytes; NULL when they or memory are missing. */
static void *take_copy(struct bytes *in, size_t n, size_t each)
{
    const char *at = take(in, n * each);
    void *copy = at != NULL ? malloc(n > 0 ? n * each : 1) : NULL;
    if (copy == NULL) {
        in->bad = true;
        return NULL;
    }
    return memcpy(copy, at, n * each);
}

/* --- in the child: librrd, loaded --- */

#define LIBRRD_CALLS(X)                                                                \
    X(create_r)                                                                        \
    X(update_r)                                                                        \
    X(last_r)                                                                          \
    X(info_r)                                                                          \
    X(info_free)                                                                       \
    X(fetch_r)                                                                         \
    X(tune)                                                                            \
    X(graph_v)                                                                         \
    X(get_error)                                                                       \
    X(clear_error)

static struct {
#define X(call) __typeof__(rrd_##call) *call;
    LIBRRD_CALLS(X)
#undef X
} lib;

static int load_library(struct err *err)
{
    void *so = dlopen("librrd.so.8", RTLD_NOW | RTLD_LOCAL);
    if (so == NULL)
        return err_set(err, ENOENT, "librrd cannot be loaded (package librrd8): %s",
                       dlerror());
#define X(call)                                                                        \
    lib.call = (__typeof__(rrd_##call) *)dlsym(so, "rrd_" #call);                      \
    if (lib.call == NULL)                                                              \
        return err_set(err, ENOENT, "librrd.so.8 has no rrd_" #call);
    LIBRRD_CALLS(X)
#undef X
    return 0;
}

static int rrd_failed(struct err *err, const char *name, const char *what)
{
    err_set(err, EIO, "%s: %s: %s", name, what, lib.get_error());
    lib.clear_error();
    return -1;
}

#ifdef __SANITIZE_THREAD__
/* The font libraries start a thread of their own in the child; the thread sanitizer,
 * which they were not built with, does not see their locks. */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "race:libfontconfig.so\nrace:libpango\nrace:libcairo.so\n"
           "race:libglib-2.0.so\nrace:libgobject-2.0.so\nrace:libfreetype.so\n"
           "race:libharfbuzz.so\nrace:librrd.so\n";
}
#endif

/* What a killed child left half done. */
static void clean_scratch(void)
{
    DIR *d = opendir(SCRATCH);
    if (d == NULL)
        return;
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        unlinkat(dirfd(d), e->d_name, 0); /* a folder stays */
    closedir(d);
}

/* The surroundings are pinned: the same request must give the same bytes whatever the
 * service's locale, time zone and environment are. */
static int begin(void *arg, struct err *err)
{
    const char *dir = arg;
    if (chdir(dir) < 0)
        return err_sys(err, errno, "%s cannot be entered", dir);
    setlocale(LC_ALL, "C");
    setenv("LC_ALL", "C", 1);
    setenv("TZ", "UTC0", 1);
    tzset();
    unsetenv("RRDCACHED_ADDRESS");
    unsetenv("RRD_DEFAULT_FONT");
    umask(0027);
    char home[4200], here[4096];
    if (getcwd(here, sizeof here) != NULL) {
        snprintf(home, sizeof home, "%s/" SCRATCH, here);
        setenv("XDG_CACHE_HOME", home, 1); /* fonts' list, where the system has none */
    }
    /* Charts can wait, and when memory runs out this process is the one to lose. */
    if (nice(5) < 0)
        errno = 0;
    FILE *f = fopen("/proc/self/oom_score_adj", "we");
    if (f != NULL) {
        fputs("500", f);
        fclose(f);
    }
    clean_scratch();
    return load_library(err);
}

/* --- in the child: files --- */

/* Opens beneath the folder we stand in, through no symbolic link; -1 and errno. */
static int open_beneath(const char *name, int flags)
{
    struct open_how how = {.flags = (uint64_t)(flags | O_CLOEXEC),
                           .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS};
    long fd = syscall(SYS_openat2, AT_FDCWD, name, &how, sizeof how);
    if (fd < 0 && errno == ENOSYS)
        return open(name, flags | O_CLOEXEC | O_NOFOLLOW);
    return (int)fd;
}

enum presence { ABSENT, PRESENT, REFUSED };

static enum presence find_file(const char *name, struct err *err)
{
    int fd = open_beneath(name, O_PATH);
    if (fd < 0 && errno == ENOENT)
        return ABSENT;
    struct stat st;
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_sys(err, errno, "%s cannot be opened", name);
    } else if (!S_ISREG(st.st_mode)) {
        err_set(err, EINVAL, "%s is no file", name);
    } else {
        close(fd);
        return PRESENT;
    }
    if (fd >= 0)
        close(fd);
    return REFUSED;
}

static int make_folders(const char *name, struct err *err)
{
    char path[NAME_MAX_BYTES];
    snprintf(path, sizeof path, "%s", name);
    for (char *p = path; (p = strchr(p, '/')) != NULL; *p++ = '/') {
        *p = '\0';
        if (mkdir(path, 0750) < 0 && errno != EEXIST)
            return err_sys(err, errno, "folder %s cannot be made", path);
    }
    return 0;
}

/* Writes a new file out and forgets its pages (see the top). */
static void settle_pages(const char *name)
{
    int fd = open_beneath(name, O_RDWR);
    if (fd < 0)
        return;
    if (fdatasync(fd) == 0)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

struct put {
    const char *name;
    int64_t step;
    size_t n_sources, n_archives, n_rows;
    const struct rrd_source *sources;
    int64_t *archives; /* step and rows of each */
    int64_t *times;
    double *values;
};

static void add_source_arg(struct buf *b, const struct put *p, size_t i)
{
    /* Two steps of heartbeat: updates come one a step, gaps are written as unknown. */
    buf_addf(b, "DS:%s:GAUGE:%lld:U:U", p->sources[i].name, (long long)(2 * p->step));
    buf_add_n(b, "", 1);
}

/* Points argv at the `n` texts in `b`, each ended by a NUL; NULL without memory. */
static const char **point_at(const struct buf *b, size_t n)
{
    const char **argv = buf_done(b) == 0 ? calloc(n + 1, sizeof *argv) : NULL;
    const char *at = b->data;
    for (size_t i = 0; argv != NULL && i < n; i++, at += strlen(at) + 1)
        argv[i] = at;
    return argv;
}

static int create_file(const struct put *p, struct err *err)
{
    OWNED_BUF args = {0};
    for (size_t i = 0; i < p->n_sources; i++)
        add_source_arg(&args, p, i);
    for (size_t i = 0; i < p->n_archives; i++) {
        /* A row is known when any part of it is: senders of one sample in five
         * minutes would vanish otherwise. */
        buf_addf(&args, "RRA:AVERAGE:0.999999:%lld:%lld",
                 (long long)(p->archives[2 * i] / p->step),
                 (long long)p->archives[2 * i + 1]);
        buf_add_n(&args, "", 1);
    }
    size_t n = p->n_sources + p->n_archives;
    const char **argv = point_at(&args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for %s", p->name);
    int rc = make_folders(p->name, err);
    if (rc == 0 &&
        lib.create_r(p->name, (unsigned long)p->step, p->times[0], (int)n, argv) != 0)
        rc = rrd_failed(err, p->name, "it cannot be made");
    if (rc == 0)
        settle_pages(p->name);
    free(argv);
    return rc;
}

/* `v` from 1 to 1e6 with nine decimals, without needless zeros: a third of the time of
 * printf's, and formatting is most of the time of a put. */
static char *write_common(char *to, double v)
{
    char digits[24];
    uint64_t n = (uint64_t)llrint(v * 1e9);
    int left = 0, decimals = 9;
    while (decimals > 0 && n % 10 == 0) {
        n /= 10;
        decimals--;
    }
    for (int i = 0; n > 0; n /= 10, i++) {
        if (i == decimals && i > 0)
            digits[left++] = '.';
        digits[left++] = (char)('0' + n % 10);
    }
    while (left > 0)
        *to++ = digits[--left];
    return to;
}

static void add_value(struct buf *b, double v)
{
    enum { VALUE_BYTES_MAX = 32 };
    char *room = buf_room(b, VALUE_BYTES_MAX), *end = room;
    if (room == NULL)
        return;
    *end++ = ':';
    if (!isfinite(v)) {
        *end++ = 'U';
    } else if (v == 0) {
        *end++ = '0';
    } else if (fabs(v) >= 1 && fabs(v) < 1e6) {
        if (v < 0)
            *end++ = '-';
        end = write_common(end, fabs(v));
    } else {
        end += snprintf(end, VALUE_BYTES_MAX - 1, "%.12g", v);
    }
    *end = '\0';
    b->len += (size_t)(end - room);
}

/* A row as "end:value:value"; before it, where the file's end is earlier than its
 * start, the same instant as unknown: librrd would stretch the row over the gap. */
static size_t add_row(struct buf *b, const struct put *p, size_t row, int64_t last)
{
    size_t n = 1;
    if (p->times[row] > last) {
        buf_addf(b, "%lld", (long long)p->times[row]);
        for (size_t i = 0; i < p->n_sources; i++)
            buf_add(b, ":U");
        buf_add_n(b, "", 1);
        n = 2;
    }
    buf_addf(b, "%lld", (long long)(p->times[row] + p->step));
    for (size_t i = 0; i < p->n_sources; i++)
        add_value(b, p->values[row * p->n_sources + i]);
    buf_add_n(b, "", 1);
    return n;
}

static int update_file(const struct put *p, int64_t last, int64_t *ret_old,
                       struct err *err)
{
    OWNED_BUF args = {0};
    size_t n = 0;
    *ret_old = 0;
    for (size_t row = 0; row < p->n_rows; row++) {
        if (p->times[row] + p->step <= last) {
            ++*ret_old;
            continue;
        }
        n += add_row(&args, p, row, last);
        last = p->times[row] + p->step;
    }
    if (n == 0)
        return 0;
    const char **argv = point_at(&args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for %s", p->name);
    int rc = 0;
    if (lib.update_r(p->name, NULL, (int)n, argv) != 0)
        rc = rrd_failed(err, p->name, "rows cannot be added");
    free(argv);
    return rc;
}

/* --- in the child: what a file is like --- */

struct archive {
    int64_t step, rows; /* step in seconds; 0: of another kind than AVERAGE */
};

struct shape {
    int64_t step, last, header; /* header in bytes */
    size_t n_sources, n_archives;
    struct rrd_source *sources;
    struct archive archive[ARCHIVES_MAX];
};

/* librrd tells all as a list of "rra[0].rows" = 1680 and the like. */
static void shape_archive(struct shape *s, const struct rrd_info_t *i)
{
    unsigned n;
    int end = 0;
    if (sscanf(i->key, "rra[%u].%n", &n, &end) != 1 || end == 0 || n >= ARCHIVES_MAX)
        return;
    const char *what = i->key + end;
    struct archive *a = &s->archive[n];
    if (strcmp(what, "cf") == 0) {
        s->n_archives = n + 1;
        bool known = s->step <= INT32_MAX && strcmp(i->value.u_str, "AVERAGE") == 0;
        a->step = known ? s->step : 0;
    } else if (strcmp(what, "rows") == 0) {
        a->rows = (int64_t)i->value.u_cnt;
    } else if (strcmp(what, "pdp_per_row") == 0) {
        a->step = i->value.u_cnt > 100000000 ? -1 : a->step * (int64_t)i->value.u_cnt;
    }
}

static int shape_source(struct shape *s, const struct rrd_info_t *i)
{
    struct rrd_source name = {{0}};
    int end = 0;
    if (sscanf(i->key, "ds[%19[A-Za-z0-9_]].index%n", name.name, &end) != 1 ||
        i->key[end] != '\0' || end == 0)
        return 0;
    if (s->n_sources >= RRD_SOURCES_MAX || i->value.u_cnt != s->n_sources)
        return -1;
    struct rrd_source *more = realloc(s->sources, (s->n_sources + 1) * sizeof *more);
    if (more == NULL)
        return -1;
    s->sources = more;
    s->sources[s->n_sources++] = name;
    return 0;
}

/* Numbers that times can be reckoned with. */
static bool shape_sane(const struct shape *s)
{
    enum { STEP_MAX = 366 * 86400, ROWS_MAX = 100000000 };
    bool sane = s->step >= 1 && s->step <= STEP_MAX && s->last >= 0 &&
                s->last < (int64_t)1 << 40 && s->n_sources > 0 && s->n_archives > 0;
    for (size_t i = 0; sane && i < s->n_archives; i++)
        sane = s->archive[i].step >= 0 && s->archive[i].step <= STEP_MAX &&
               s->archive[i].rows > 0 && s->archive[i].rows <= ROWS_MAX;
    return sane;
}

static int read_shape(const char *name, struct shape *ret_shape, struct err *err)
{
    int fd = open_beneath(name, O_RDWR);
    if (fd < 0)
        return err_sys(err, errno, "%s cannot be opened", name);
    close(fd);
    rrd_info_t *all = lib.info_r(name);
    if (all == NULL) {
        err_set(err, RRD_DAMAGED, "%s is damaged: %s", name, lib.get_error());
        lib.clear_error();
        return -1;
    }
    struct shape s = {0};
    int rc = 0;
    for (rrd_info_t *i = all; i != NULL && rc == 0; i = i->next) {
        if (strcmp(i->key, "step") == 0)
            s.step = (int64_t)i->value.u_cnt;
        else if (strcmp(i->key, "last_update") == 0)
            s.last = (int64_t)i->value.u_cnt;
        else if (strcmp(i->key, "header_size") == 0)
            s.header = (int64_t)i->value.u_cnt;
        else if (strncmp(i->key, "ds[", 3) == 0)
            rc = shape_source(&s, i);
        else
            shape_archive(&s, i);
    }
    lib.info_free(all);
    if (rc < 0 || !shape_sane(&s)) {
        free(s.sources);
        return err_set(err, RRD_DAMAGED, "%s is damaged: its header makes no sense",
                       name);
    }
    *ret_shape = s;
    return 0;
}

/* --- in the child: put --- */

static int check_shape(const struct put *p, const struct shape *s, struct err *err)
{
    if (s->step != p->step)
        return err_set(err, RRD_OTHER_SHAPE, "%s has a step of %lld s, not %lld s",
                       p->name, (long long)s->step, (long long)p->step);
    bool same = s->n_sources <= p->n_sources;
    for (size_t i = 0; same && i < s->n_sources; i++)
        same = strcmp(s->sources[i].name, p->sources[i].name) == 0;
    if (!same)
        return err_set(err, RRD_OTHER_SHAPE, "%s has other sources than those given",
                       p->name);
    return 0;
}

/* librrd writes the file anew beside the old one and renames it. */
static int add_sources(const struct put *p, size_t have, struct err *err)
{
    OWNED_BUF args = {0};
    buf_add_n(&args, "tune", 5);
    buf_add_n(&args, p->name, strlen(p->name) + 1);
    for (size_t i = have; i < p->n_sources; i++)
        add_source_arg(&args, p, i);
    size_t n = 2 + p->n_sources - have;
    const char **argv = point_at(&args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for %s", p->name);
    int rc = 0;
    if (lib.tune((int)n, (char **)(uintptr_t)argv) != 0)
        rc = rrd_failed(err, p->name, "sources cannot be added");
    else
        settle_pages(p->name);
    free(argv);
    return rc;
}

/* The usual put: one look at the last update, one update.  Only when that fails is the
 * file looked at more closely: it may want sources, or be damaged. */
static int put_rows(const struct put *p, int64_t *ret_old, struct err *err)
{
    struct err first = {0};
    time_t last = lib.last_r(p->name);
    if (last < 0)
        rrd_failed(&first, p->name, "it cannot be read");
    else if (update_file(p, last, ret_old, &first) == 0)
        return 0;
    struct shape s = {0};
    if (read_shape(p->name, &s, err) < 0)
        return -1;
    int rc = check_shape(p, &s, err);
    free(s.sources);
    if (rc < 0)
        return -1;
    if (s.n_sources == p->n_sources) /* then it was something else */
        return err_set(err, first.code, "%s", first.text);
    if (add_sources(p, s.n_sources, err) < 0)
        return -1;
    return update_file(p, s.last, ret_old, err);
}

static int do_put(struct bytes *in, struct buf *reply, struct err *err)
{
    struct put p = {.name = take_text(in), .step = take_int(in)};
    p.n_sources = take_count(in, sizeof *p.sources);
    p.sources = (const struct rrd_source *)take(in, p.n_sources * sizeof *p.sources);
    p.n_archives = take_count(in, 2 * sizeof *p.archives);
    p.archives = take_copy(in, 2 * p.n_archives, sizeof *p.archives);
    p.n_rows = take_count(in, sizeof *p.times);
    p.times = take_copy(in, p.n_rows, sizeof *p.times);
    p.values = take_copy(in, p.n_rows * p.n_sources, sizeof *p.values);
    int64_t old = 0;
    int rc;
    if (in->bad) {
        rc = err_set(err, EPROTO, "a put that cannot be read");
    } else {
        enum presence there = find_file(p.name, err);
        rc = there == REFUSED ? -1 : there == ABSENT ? create_file(&p, err) : 0;
        if (rc == 0)
            rc = put_rows(&p, &old, err);
    }
    pack_int(reply, old);
    free(p.archives);
    free(p.times);
    free(p.values);
    return rc;
}

/* --- in the child: look and get --- */

static int do_look(struct bytes *in, struct buf *reply, struct err *err)
{
    const char *name = take_text(in);
    struct shape s = {0};
    enum presence there = find_file(name, err);
    if (there == REFUSED || (there == PRESENT && read_shape(name, &s, err) < 0))
        return -1;
    pack_int(reply, s.step);
    pack_int(reply, s.last);
    pack_int(reply, (int64_t)s.n_sources);
    if (s.n_sources > 0)
        buf_add_n(reply, s.sources, s.n_sources * sizeof *s.sources);
    free(s.sources);
    return 0;
}

/* The finest archive that reaches back to `from`, else the one that reaches back
 * furthest; of those with at least the step asked for, if there is any. */
static int64_t choose_step(const struct shape *s, int64_t from, int64_t least)
{
    int64_t finest = 0, furthest = 0, reach = INT64_MAX, coarsest = 0;
    for (size_t i = 0; i < s->n_archives; i++) {
        const struct archive *a = &s->archive[i];
        if (a->step > coarsest)
            coarsest = a->step;
        if (a->step == 0 || a->step < least)
            continue;
        int64_t begins = s->last - s->last % a->step - a->step * a->rows;
        if (begins <= from - from % a->step && (finest == 0 || a->step < finest))
            finest = a->step;
        if (begins < reach) {
            reach = begins;
            furthest = a->step;
        }
    }
    return finest > 0 ? finest : furthest > 0 ? furthest : coarsest;
}

/* librrd tells the kernel not to read ahead, and takes a page fault for every page: a
 * day's rows of files that are not in memory come more than twice as fast when their
 * archive is asked for in one go. */
static void read_ahead(const char *name, const struct shape *s, int64_t step)
{
    int64_t at = s->header, row = (int64_t)(s->n_sources * sizeof(double));
    size_t i = 0;
    while (i + 1 < s->n_archives && s->archive[i].step != step)
        at += s->archive[i++].rows * row;
    int fd = open_beneath(name, O_RDONLY);
    if (fd < 0)
        return;
    posix_fadvise(fd, at, s->archive[i].rows * row, POSIX_FADV_WILLNEED);
    close(fd);
}

struct fetched {
    time_t start, end;
    unsigned long step, n_sources;
    char **names;
    double *values;
};

static void fetched_free(struct fetched *f)
{
    for (unsigned long i = 0; f->names != NULL && i < f->n_sources; i++)
        free(f->names[i]);
    free(f->names);
    free(f->values);
}

static int fetch(const char *name, const struct shape *s, int64_t from, int64_t to,
                 int64_t least, struct fetched *ret_rows, struct err *err)
{
    int64_t step = choose_step(s, from, least);
    from -= from % step;
    to += (step - to % step) % step;
    if ((uint64_t)(to - from) / (uint64_t)step * s->n_sources > GET_BYTES_MAX / 8)
        return err_set(err, EMSGSIZE, "%s: more than %d bytes are asked for", name,
                       GET_BYTES_MAX);
    enum { FEW_ROWS = 60 };
    if ((to - from) / step > FEW_ROWS)
        read_ahead(name, s, step);
    /* librrd gives the rows that end in (start, end], and adds a step to a whole end.
     */
    struct fetched f = {
        .start = from, .end = to - 1, .step = (unsigned long)step, .n_sources = 0};
    if (lib.fetch_r(name, "AVERAGE", &f.start, &f.end, &f.step, &f.n_sources, &f.names,
                    &f.values) != 0)
        return rrd_failed(err, name, "it cannot be read");
    *ret_rows = f;
    return 0;
}

static int do_get(struct bytes *in, struct buf *reply, struct err *err)
{
    const char *name = take_text(in);
    int64_t from = take_int(in), to = take_int(in), least = take_int(in);
    struct shape s = {0};
    struct fetched f = {0};
    enum presence there = find_file(name, err);
    if (there == REFUSED || (there == PRESENT && read_shape(name, &s, err) < 0))
        return -1;
    int rc = there == PRESENT ? fetch(name, &s, from, to, least, &f, err) : 0;
    int64_t rows = f.step > 0 ? (f.end - f.start) / (int64_t)f.step : 0;
    pack_int(reply, f.start);
    pack_int(reply, (int64_t)f.step);
    pack_int(reply, s.step);
    pack_int(reply, rows);
    pack_int(reply, (int64_t)f.n_sources);
    if (rc == 0 && f.n_sources > 0) {
        buf_add_n(reply, s.sources, s.n_sources * sizeof *s.sources);
        buf_add_n(reply, f.values, (size_t)rows * f.n_sources * sizeof *f.values);
    }
    fetched_free(&f);
    free(s.sources);
    return rc;
}

/* --- in the child: draw --- */

/* The lines as a file that lives for one picture. */
static int write_scratch(struct put *p, struct err *err)
{
    int64_t old;
    struct rrd_source names[PICTURE_LINES_MAX];
    int64_t archive[2] = {p->step, (int64_t)p->n_rows};
    if (p->n_sources < 1 || p->n_sources > PICTURE_LINES_MAX)
        return err_set(err, EPROTO, "a picture of %zu lines", p->n_sources);
    for (size_t i = 0; i < p->n_sources; i++)
        snprintf(names[i].name, sizeof names[i].name, "l%u",
                 (unsigned)i % PICTURE_LINES_MAX);
    p->name = SCRATCH_FILE;
    p->sources = names;
    p->archives = archive;
    p->n_archives = 1;
    if (mkdir(SCRATCH, 0750) < 0 && errno != EEXIST)
        return err_sys(err, errno, "folder " SCRATCH " cannot be made");
    unlink(SCRATCH_FILE);
    int rc = create_file(p, err);
    return rc == 0 ? update_file(p, p->times[0], &old, err) : rc;
}

/* cairo numbers the surfaces of SVG pictures through a process's life ("surface14"):
 * they are counted from each picture's first one instead, for the same bytes. */
static void add_svg(struct buf *to, const char *svg, size_t n)
{
    static const char mark[] = "\"surface";
    unsigned long first = 0;
    const char *end = svg + n, *hit;
    while ((hit = memmem(svg, (size_t)(end - svg), mark, sizeof mark - 1)) != NULL) {
        const char *at = hit + sizeof mark - 1;
        unsigned long no = 0;
        for (; at < end && isdigit((unsigned char)*at); at++)
            no = no * 10 + (unsigned long)(*at - '0');
        if (first == 0)
            first = no;
        buf_add_n(to, svg, (size_t)(hit - svg));
        buf_addf(to, "%s%lu", mark, no - first);
        svg = at;
    }
    buf_add_n(to, svg, (size_t)(end - svg));
}

static void add_image(struct buf *to, const rrd_blob_t *image)
{
    const char *bytes = (const char *)image->ptr;
    if (image->size > 0 && *bytes == '<')
        add_svg(to, bytes, image->size);
    else
        buf_add_n(to, bytes, image->size);
}

static int graph(const struct buf *args, size_t n, struct buf *reply, struct err *err)
{
    const char **argv = point_at(args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for a picture");
    rrd_info_t *all = lib.graph_v((int)n, (char **)(uintptr_t)argv);
    free(argv);
    if (all == NULL)
        return rrd_failed(err, "picture", "it cannot be drawn");
    size_t before = reply->len;
    for (rrd_info_t *i = all; i != NULL; i = i->next)
        if (i->type == RD_I_BLO)
            add_image(reply, &i->value.u_blo);
    lib.info_free(all);
    return reply->len > before ? 0 : err_set(err, EIO, "librrd drew no picture");
}

static int do_draw(struct bytes *in, struct buf *reply, struct err *err)
{
    struct put p = {.step = take_int(in)};
    int64_t start = take_int(in);
    p.n_rows = take_count(in, 1);
    p.n_sources = take_count(in, 1);
    p.values = take_copy(in, p.n_rows * p.n_sources, sizeof *p.values);
    p.times = calloc(p.n_rows + 1, sizeof *p.times);
    size_t n_args = take_count(in, 1);
    OWNED_BUF args = {0};
    buf_add_n(&args, in->at, in->left);
    int rc;
    if (in->bad || p.times == NULL || p.n_rows == 0 || n_args > ARGS_MAX) {
        rc = err_set(err, EPROTO, "a picture that cannot be read");
    } else {
        for (size_t i = 0; i < p.n_rows; i++)
            p.times[i] = start + (int64_t)i * p.step;
        rc = write_scratch(&p, err);
        if (rc == 0)
            rc = graph(&args, n_args, reply, err);
        unlink(SCRATCH_FILE);
    }
    free(p.values);
    free(p.times);
    return rc;
}

static int serve(void *arg, const char *request, size_t n, struct buf *reply,
                 struct err *err)
{
    (void)arg;
    static int (*const deeds[])(struct bytes *, struct buf *, struct err *) = {
        [DEED_PUT] = do_put,
        [DEED_LOOK] = do_look,
        [DEED_GET] = do_get,
        [DEED_DRAW] = do_draw,
    };
    struct bytes in = {.at = request, .left = n};
    int64_t deed = take_int(&in);
    if (in.bad || deed < 0 || (size_t)deed >= sizeof deeds / sizeof *deeds)
        return err_set(err, EPROTO, "a request that cannot be read");
    return deeds[deed](&in, reply, err);
}

/* --- in the service --- */

struct rrd *rrd_start(const char *dir, struct err *err)
{
    struct rrd *r = calloc(1, sizeof *r);
    if (r == NULL || (r->dir = strdup(dir)) == NULL) {
        err_set(err, ENOMEM, "no memory for %s", dir);
        free(r);
        return NULL;
    }
    struct child_spec spec = {.name = "aftercheck-rrd",
                              .begin = begin,
                              .serve = serve,
                              .arg = r->dir,
                              .patience_ms = PATIENCE_MS};
    if (mkdir(dir, 0750) < 0 && errno != EEXIST)
        err_sys(err, errno, "folder %s cannot be made", dir);
    else
        r->child = child_start(&spec, err);
    if (r->child == NULL)
        rrd_stop(&r);
    return r;
}

void rrd_stop(struct rrd **r)
{
    if (*r == NULL)
        return;
    child_stop(&(*r)->child);
    free((*r)->dir);
    free(*r);
    *r = NULL;
}

uint64_t rrd_restarts(const struct rrd *r)
{
    return child_restarts(r->child);
}

pid_t rrd_child(struct rrd *r)
{
    return child_pid(r->child);
}

static bool name_sound(const char *name)
{
    size_t n = strlen(name);
    return n > 4 && n < NAME_MAX_BYTES && strcmp(name + n - 4, ".rrd") == 0 &&
           strspn(name, "0123456789abcdef/.") == n - 3 && strstr(name, "..") == NULL &&
           name[0] != '/';
}

static bool source_sound(const char *name)
{
    size_t n = strnlen(name, RRD_SOURCE_MAX);
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_')
            return false;
    return n > 0 && n < RRD_SOURCE_MAX;
}

/* A call about one file: a crash of the child is the file's fault until shown
 * otherwise. */
static int call(struct rrd *r, const struct buf *request, struct buf *reply,
                struct err *err)
{
    struct err own = {0};
    if (child_call(r->child, request, reply, &own) == 0)
        return 0;
    return err_set(err, own.code == CHILD_CRASHED ? RRD_DAMAGED : own.code, "%s",
                   own.text);
}

static int bad_reply(struct err *err)
{
    return err_set(err, EPROTO, "the rrd child's answer cannot be read");
}

static int check_put(const struct rrd_file *f, const instant *times, size_t n_rows,
                     struct err *err)
{
    assert(name_sound(f->name) && f->n_archives <= ARCHIVES_MAX && f->n_archives > 0);
    if (f->n_sources < 1 || f->n_sources > RRD_SOURCES_MAX)
        return err_set(err, EINVAL, "n_sources must be 1 to %d, not %zu",
                       RRD_SOURCES_MAX, f->n_sources);
    if (n_rows < 1 || n_rows > RRD_ROWS_MAX)
        return err_set(err, EINVAL, "n_rows must be 1 to %d, not %zu", RRD_ROWS_MAX,
                       n_rows);
    if (f->step.ms < 1000 || f->step.ms % 1000 != 0)
        return err_set(err, EINVAL, "step must be whole seconds, not %lld ms",
                       (long long)f->step.ms);
    for (size_t i = 0; i < f->n_sources; i++)
        assert(source_sound(f->sources[i].name));
    for (size_t i = 0; i < f->n_archives; i++)
        if (f->archives[i].rows == 0 || f->archives[i].step.ms < f->step.ms ||
            f->archives[i].step.ms % f->step.ms != 0)
            return err_set(err, EINVAL, "archives[%zu] is no multiple of the step", i);
    for (size_t i = 0; i < n_rows; i++) {
        assert(i == 0 || times[i].ms > times[i - 1].ms);
        if (times[i].ms % f->step.ms != 0)
            return err_set(err, EINVAL, "times[%zu] is no multiple of the step", i);
    }
    return 0;
}

int rrd_put(struct rrd *r, const struct rrd_file *file, const instant *times,
            const double *values, size_t n_rows, size_t *ret_old, struct err *err)
{
    if (check_put(file, times, n_rows, err) < 0)
        return -1;
    OWNED_BUF request = {0};
    OWNED_BUF reply = {0};
    pack_int(&request, DEED_PUT);
    pack_text(&request, file->name);
    pack_int(&request, file->step.ms / 1000);
    pack_int(&request, (int64_t)file->n_sources);
    buf_add_n(&request, file->sources, file->n_sources * sizeof *file->sources);
    pack_int(&request, (int64_t)file->n_archives);
    for (size_t i = 0; i < file->n_archives; i++) {
        pack_int(&request, file->archives[i].step.ms / 1000);
        pack_int(&request, file->archives[i].rows);
    }
    pack_int(&request, (int64_t)n_rows);
    for (size_t i = 0; i < n_rows; i++)
        pack_int(&request, times[i].ms / 1000);
    buf_add_n(&request, values, n_rows * file->n_sources * sizeof *values);
    if (call(r, &request, &reply, err) < 0)
        return -1;
    struct bytes in = {.at = buf_text(&reply), .left = reply.len};
    int64_t old = take_int(&in);
    if (in.bad)
        return bad_reply(err);
    if (ret_old != NULL)
        *ret_old = (size_t)old;
    return 0;
}

int rrd_look(struct rrd *r, const char *name, struct rrd_shape *ret_shape,
             struct err *err)
{
    assert(name_sound(name));
    OWNED_BUF request = {0};
    OWNED_BUF reply = {0};
    pack_int(&request, DEED_LOOK);
    pack_text(&request, name);
    if (call(r, &request, &reply, err) < 0)
        return -1;
    struct bytes in = {.at = buf_text(&reply), .left = reply.len};
    struct rrd_shape s = {.step = span_seconds(take_int(&in))};
    s.last.ms = take_int(&in) * 1000;
    s.n_sources = take_count(&in, sizeof *s.sources);
    s.sources = take_copy(&in, s.n_sources, sizeof *s.sources);
    if (in.bad)
        return bad_reply(err);
    *ret_shape = s;
    return 0;
}

int rrd_get(struct rrd *r, const char *name, instant from, instant to, span step_least,
            struct rrd_rows *ret_rows, struct err *err)
{
    assert(name_sound(name));
    /* librrd knows no time before 1980. */
    if (from.ms < 320000000000LL || to.ms > 9000000000000LL || from.ms >= to.ms)
        return err_set(err, EINVAL, "from and to must rise and lie in 1980 to 2255");
    OWNED_BUF request = {0};
    OWNED_BUF reply = {0};
    pack_int(&request, DEED_GET);
    pack_text(&request, name);
    pack_int(&request, from.ms / 1000);
    pack_int(&request, (to.ms + 999) / 1000);
    pack_int(&request, (step_least.ms + 999) / 1000);
    if (call(r, &request, &reply, err) < 0)
        return -1;
    struct bytes in = {.at = buf_text(&reply), .left = reply.len};
    struct rrd_rows rows = {.from.ms = take_int(&in) * 1000};
    rows.step = span_seconds(take_int(&in));
    rows.file_step = span_seconds(take_int(&in));
    rows.rows = take_count(&in, 1);
    rows.n_sources = take_count(&in, sizeof *rows.sources);
    rows.sources = take_copy(&in, rows.n_sources, sizeof *rows.sources);
    rows.values = take_copy(&in, rows.rows * rows.n_sources, sizeof *rows.values);
    if (in.bad) {
        rrd_rows_free(&rows);
        return bad_reply(err);
    }
    *ret_rows = rows;
    return 0;
}

void rrd_rows_free(struct rrd_rows *rows)
{
    free(rows->sources);
    free(rows->values);
    *rows = (struct rrd_rows){0};
}

static void pack_picture(struct buf *request, const struct rrd_picture *p,
                         const struct picture_plan *plan)
{
    int64_t step = p->step.ms / 1000, start = p->from.ms / 1000;
    pack_int(request, DEED_DRAW);
    pack_int(request, step);
    pack_int(request, start - start % step);
    pack_int(request, (int64_t)p->n);
    pack_int(request, (int64_t)p->n_lines);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t l = 0; l < p->n_lines; l++) {
            double v = p->lines[l].value[i] * plan->scale;
            buf_add_n(request, &v, sizeof v);
        }
    }
    pack_int(request, (int64_t)plan->n_args);
    buf_add_n(request, plan->args.data, plan->args.len);
}

int rrd_draw(struct rrd *r, const struct rrd_picture *p, struct buf *to,
             struct err *err)
{
    struct picture_plan plan;
    if (picture_plan(p, SCRATCH_FILE, &plan, err) < 0)
        return -1;
    OWNED_BUF request = {0};
    OWNED_BUF reply = {0};
    pack_picture(&request, p, &plan);
    picture_plan_free(&plan);
    if (child_call(r->child, &request, &reply, err) < 0)
        return -1;
    buf_add_n(to, reply.data, reply.len);
    return buf_done(to) < 0 ? err_set(err, ENOMEM, "no memory for a picture") : 0;
}
