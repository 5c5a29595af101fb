/* storage/rrd_child.c - what the rrd child does: its deeds, with librrd.
 *
 * It runs in the child process only, on its one thread.  librrd is loaded there and
 * nowhere else; this is the only file that includes rrd.h.  What must hold: librrd gets
 * numbers and names of our own making, never a line of text that it would parse beyond
 * one argument. */
#include "storage/rrd_part.h"

#include "storage/picture.h"

#include <ctype.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <rrd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { GET_BYTES_MAX = 128 << 20 };

/* --- librrd, loaded --- */

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
    void *so;
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
    lib.so = so;
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

/* The surroundings are pinned: the same request must give the same bytes whatever the
 * service's locale, time zone and environment are. */
int rrd_child_begin(void *arg, struct err *err)
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
        snprintf(home, sizeof home, "%s/" RRD_SCRATCH, here);
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
    rrd_place_clean();
    return load_library(err);
}

/* --- making and updating a file --- */

static int create_file(const struct rrd_put_request *p, struct err *err)
{
    OWNED_BUF args = {0};
    for (size_t i = 0; i < p->n_sources; i++)
        rrd_args_source(&args, p, i);
    for (size_t i = 0; i < p->n_archives; i++) {
        /* A row is known when any part of it is: senders of one sample in five
         * minutes would vanish otherwise. */
        buf_addf(&args, "RRA:AVERAGE:0.999999:%lld:%lld",
                 (long long)(p->archives[2 * i] / p->step),
                 (long long)p->archives[2 * i + 1]);
        buf_add_n(&args, "", 1);
    }
    size_t n = p->n_sources + p->n_archives;
    const char **argv = rrd_args_point(&args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for %s", p->name);
    int rc = rrd_place_folders(p->name, err);
    if (rc == 0 &&
        lib.create_r(p->name, (unsigned long)p->step, p->times[0], (int)n, argv) != 0)
        rc = rrd_failed(err, p->name, "it cannot be made");
    if (rc == 0)
        rrd_place_settle(p->name);
    free(argv);
    return rc;
}

static int update_file(const struct rrd_put_request *p, int64_t last, int64_t *ret_old,
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
        n += rrd_args_row(&args, p, row, last);
        last = p->times[row] + p->step;
    }
    if (n == 0)
        return 0;
    const char **argv = rrd_args_point(&args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for %s", p->name);
    int rc = 0;
    if (lib.update_r(p->name, NULL, (int)n, argv) != 0)
        rc = rrd_failed(err, p->name, "rows cannot be added");
    free(argv);
    return rc;
}

/* --- what a file is like --- */

/* librrd tells all as a list of "rra[0].rows" = 1680 and the like. */
static void shape_archive(struct rrd_header *s, const struct rrd_info_t *i)
{
    if (strncmp(i->key, "rra[", 4) != 0)
        return;
    char *what;
    unsigned long n = strtoul(i->key + 4, &what, 10);
    if (n >= RRD_ARCHIVES_MAX || strncmp(what, "].", 2) != 0)
        return;
    what += 2;
    struct rrd_header_archive *a = &s->archive[n];
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

static int shape_source(struct rrd_header *s, const struct rrd_info_t *i)
{
    struct rrd_source name = {{0}};
    if (strncmp(i->key, "ds[", 3) != 0)
        return 0;
    size_t n = strcspn(i->key + 3, "]");
    if (n == 0 || n >= sizeof name.name || strcmp(i->key + 3 + n, "].index") != 0)
        return 0;
    memcpy(name.name, i->key + 3, n);
    if (s->n_sources >= RRD_SOURCES_MAX || i->value.u_cnt != s->n_sources)
        return -1;
    struct rrd_source *more = realloc(s->sources, (s->n_sources + 1) * sizeof *more);
    if (more == NULL)
        return -1;
    s->sources = more;
    s->sources[s->n_sources++] = name;
    return 0;
}

static int read_shape(const char *name, struct rrd_header *ret_shape, struct err *err)
{
    int fd = rrd_place_open(name, O_RDWR);
    if (fd < 0)
        return err_sys(err, errno, "%s cannot be opened", name);
    close(fd);
    rrd_info_t *all = lib.info_r(name);
    if (all == NULL) {
        err_set(err, RRD_DAMAGED, "%s is damaged: %s", name, lib.get_error());
        lib.clear_error();
        return -1;
    }
    struct rrd_header s = {0};
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
    if (rc < 0 || !rrd_header_sane(&s)) {
        free(s.sources);
        return err_set(err, RRD_DAMAGED, "%s is damaged: its header makes no sense",
                       name);
    }
    *ret_shape = s;
    return 0;
}

/* --- put --- */

/* librrd writes the file anew beside the old one and renames it. */
static int add_sources(const struct rrd_put_request *p, size_t have, struct err *err)
{
    OWNED_BUF args = {0};
    buf_add_n(&args, "tune", 5);
    buf_add_n(&args, p->name, strlen(p->name) + 1);
    for (size_t i = have; i < p->n_sources; i++)
        rrd_args_source(&args, p, i);
    size_t n = 2 + p->n_sources - have;
    const char **argv = rrd_args_point(&args, n);
    if (argv == NULL)
        return err_set(err, ENOMEM, "no memory for %s", p->name);
    int rc = 0;
    if (lib.tune((int)n, (char **)(uintptr_t)argv) != 0)
        rc = rrd_failed(err, p->name, "sources cannot be added");
    else
        rrd_place_settle(p->name);
    free(argv);
    return rc;
}

/* The usual put: one look at the last update, one update.  Only when that fails is the
 * file looked at more closely: it may want sources, or be damaged. */
static int put_rows(const struct rrd_put_request *p, int64_t *ret_old, struct err *err)
{
    struct err first = {0};
    time_t last = lib.last_r(p->name);
    if (last < 0)
        rrd_failed(&first, p->name, "it cannot be read");
    else if (update_file(p, last, ret_old, &first) == 0)
        return 0;
    struct rrd_header s = {0};
    if (read_shape(p->name, &s, err) < 0)
        return -1;
    int rc = rrd_header_check(p, &s, err);
    free(s.sources);
    if (rc < 0)
        return -1;
    if (s.n_sources == p->n_sources) /* then it was something else */
        return err_set(err, first.code, "%s", first.text);
    if (add_sources(p, s.n_sources, err) < 0)
        return -1;
    return update_file(p, s.last, ret_old, err);
}

static int do_put(struct rrd_bytes *in, struct buf *reply, struct err *err)
{
    struct rrd_put_request p = {.name = rrd_take_text(in), .step = rrd_take_int(in)};
    p.n_sources = rrd_take_count(in, sizeof *p.sources);
    p.sources =
        (const struct rrd_source *)rrd_take(in, p.n_sources * sizeof *p.sources);
    p.n_archives = rrd_take_count(in, 2 * sizeof *p.archives);
    p.archives = rrd_take_copy(in, 2 * p.n_archives, sizeof *p.archives);
    p.n_rows = rrd_take_count(in, sizeof *p.times);
    p.times = rrd_take_copy(in, p.n_rows, sizeof *p.times);
    p.values = rrd_take_copy(in, p.n_rows * p.n_sources, sizeof *p.values);
    int64_t old = 0;
    int rc;
    if (in->bad) {
        rc = err_set(err, EPROTO, "a put that cannot be read");
    } else {
        enum rrd_presence there = rrd_place_find(p.name, err);
        rc = there == RRD_REFUSED ? -1 : there == RRD_ABSENT ? create_file(&p, err) : 0;
        if (rc == 0)
            rc = put_rows(&p, &old, err);
    }
    rrd_pack_int(reply, old);
    free(p.archives);
    free(p.times);
    free(p.values);
    return rc;
}

/* --- look and get --- */

static int do_look(struct rrd_bytes *in, struct buf *reply, struct err *err)
{
    const char *name = rrd_take_text(in);
    struct rrd_header s = {0};
    enum rrd_presence there = rrd_place_find(name, err);
    if (there == RRD_REFUSED || (there == RRD_PRESENT && read_shape(name, &s, err) < 0))
        return -1;
    rrd_pack_int(reply, s.step);
    rrd_pack_int(reply, s.last);
    rrd_pack_int(reply, (int64_t)s.n_sources);
    if (s.n_sources > 0)
        buf_add_n(reply, s.sources, s.n_sources * sizeof *s.sources);
    free(s.sources);
    return 0;
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

static int fetch(const char *name, const struct rrd_header *s, int64_t from, int64_t to,
                 int64_t least, struct fetched *ret_rows, struct err *err)
{
    int64_t step = rrd_header_step(s, from, least);
    from -= from % step;
    to += (step - to % step) % step;
    if ((uint64_t)(to - from) / (uint64_t)step * s->n_sources > GET_BYTES_MAX / 8)
        return err_set(err, EMSGSIZE, "%s: more than %d bytes are asked for", name,
                       GET_BYTES_MAX);
    enum { FEW_ROWS = 60 };
    if ((to - from) / step > FEW_ROWS)
        rrd_header_read_ahead(name, s, step);
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

static int do_get(struct rrd_bytes *in, struct buf *reply, struct err *err)
{
    const char *name = rrd_take_text(in);
    int64_t from = rrd_take_int(in), to = rrd_take_int(in), least = rrd_take_int(in);
    struct rrd_header s = {0};
    struct fetched f = {0};
    enum rrd_presence there = rrd_place_find(name, err);
    if (there == RRD_REFUSED || (there == RRD_PRESENT && read_shape(name, &s, err) < 0))
        return -1;
    int rc = there == RRD_PRESENT ? fetch(name, &s, from, to, least, &f, err) : 0;
    int64_t rows = f.step > 0 ? (f.end - f.start) / (int64_t)f.step : 0;
    rrd_pack_int(reply, f.start);
    rrd_pack_int(reply, (int64_t)f.step);
    rrd_pack_int(reply, s.step);
    rrd_pack_int(reply, rows);
    rrd_pack_int(reply, (int64_t)f.n_sources);
    if (rc == 0 && f.n_sources > 0) {
        buf_add_n(reply, s.sources, s.n_sources * sizeof *s.sources);
        buf_add_n(reply, f.values, (size_t)rows * f.n_sources * sizeof *f.values);
    }
    fetched_free(&f);
    free(s.sources);
    return rc;
}

/* --- draw --- */

/* The lines as a file that lives for one picture. */
static int write_scratch(const struct rrd_put_request *request, struct err *err)
{
    struct rrd_put_request put = *request, *p = &put;
    int64_t old;
    struct rrd_source names[PICTURE_LINES_MAX];
    int64_t archive[2] = {p->step, (int64_t)p->n_rows};
    if (p->n_sources < 1 || p->n_sources > PICTURE_LINES_MAX)
        return err_set(err, EPROTO, "a picture of %zu lines", p->n_sources);
    for (size_t i = 0; i < p->n_sources; i++)
        snprintf(names[i].name, sizeof names[i].name, "l%u",
                 (unsigned)i % PICTURE_LINES_MAX);
    p->name = RRD_SCRATCH_FILE;
    p->sources = names;
    p->archives = archive;
    p->n_archives = 1;
    if (mkdir(RRD_SCRATCH, 0750) < 0 && errno != EEXIST)
        return err_sys(err, errno, "folder " RRD_SCRATCH " cannot be made");
    unlink(RRD_SCRATCH_FILE);
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
    const char **argv = rrd_args_point(args, n);
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

static int do_draw(struct rrd_bytes *in, struct buf *reply, struct err *err)
{
    struct rrd_put_request p = {.step = rrd_take_int(in)};
    int64_t start = rrd_take_int(in);
    p.n_rows = rrd_take_count(in, 1);
    p.n_sources = rrd_take_count(in, 1);
    p.values = rrd_take_copy(in, p.n_rows * p.n_sources, sizeof *p.values);
    p.times = calloc(p.n_rows + 1, sizeof *p.times);
    size_t n_args = rrd_take_count(in, 1);
    OWNED_BUF args = {0};
    buf_add_n(&args, in->at, in->left);
    int rc;
    if (in->bad || p.times == NULL || p.n_rows == 0 || n_args > RRD_ARGS_MAX) {
        rc = err_set(err, EPROTO, "a picture that cannot be read");
    } else {
        for (size_t i = 0; i < p.n_rows; i++)
            p.times[i] = start + (int64_t)i * p.step;
        rc = write_scratch(&p, err);
        if (rc == 0)
            rc = graph(&args, n_args, reply, err);
        unlink(RRD_SCRATCH_FILE);
    }
    free(p.values);
    free(p.times);
    return rc;
}

static int do_letters(struct rrd_bytes *in, struct buf *reply, struct err *err)
{
    (void)in, (void)err;
    rrd_pack_int(reply, rrd_letters_there(lib.so));
    return 0;
}

int rrd_child_serve(void *arg, const char *request, size_t n, struct buf *reply,
                    struct err *err)
{
    (void)arg;
    static int (*const deeds[])(struct rrd_bytes *, struct buf *, struct err *) = {
        [RRD_DEED_PUT] = do_put,         [RRD_DEED_LOOK] = do_look,
        [RRD_DEED_GET] = do_get,         [RRD_DEED_DRAW] = do_draw,
        [RRD_DEED_LETTERS] = do_letters,
    };
    struct rrd_bytes in = {.at = request, .left = n};
    int64_t deed = rrd_take_int(&in);
    if (in.bad || deed < 0 || (size_t)deed >= sizeof deeds / sizeof *deeds)
        return err_set(err, EPROTO, "a request that cannot be read");
    return deeds[deed](&in, reply, err);
}
