/* storage/rrd.c - librrd in a child process: the service's side.
 *
 * It packs a request, storage/child.c carries it, storage/rrd_child.c does it there,
 * and the answer is taken apart here.  What must hold: requests hold numbers and names
 * of our own making.  Any thread may call; calls take turns in child.c. */
#include "storage/rrd.h"

#include "storage/child.h"
#include "storage/picture.h"
#include "storage/rrd_part.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATIENCE_MS = 30000 };

struct rrd {
    char *dir;
    struct child *child;
    _Atomic int letters; /* 0: not asked yet; 1: there are some; -1: there are none */
};

struct rrd *rrd_start(const char *dir, struct err *err)
{
    struct rrd *r = calloc(1, sizeof *r);
    if (r == NULL || (r->dir = strdup(dir)) == NULL) {
        err_set(err, ENOMEM, "no memory for %s", dir);
        free(r);
        return NULL;
    }
    struct child_spec spec = {.name = "aftercheck-rrd",
                              .begin = rrd_child_begin,
                              .serve = rrd_child_serve,
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
    return n > 4 && n < RRD_NAME_MAX_BYTES && strcmp(name + n - 4, ".rrd") == 0 &&
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
    assert(name_sound(f->name) && f->n_archives <= RRD_ARCHIVES_MAX &&
           f->n_archives > 0);
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
    rrd_pack_int(&request, RRD_DEED_PUT);
    rrd_pack_text(&request, file->name);
    rrd_pack_int(&request, file->step.ms / 1000);
    rrd_pack_int(&request, (int64_t)file->n_sources);
    buf_add_n(&request, file->sources, file->n_sources * sizeof *file->sources);
    rrd_pack_int(&request, (int64_t)file->n_archives);
    for (size_t i = 0; i < file->n_archives; i++) {
        rrd_pack_int(&request, file->archives[i].step.ms / 1000);
        rrd_pack_int(&request, file->archives[i].rows);
    }
    rrd_pack_int(&request, (int64_t)n_rows);
    for (size_t i = 0; i < n_rows; i++)
        rrd_pack_int(&request, times[i].ms / 1000);
    buf_add_n(&request, values, n_rows * file->n_sources * sizeof *values);
    if (call(r, &request, &reply, err) < 0)
        return -1;
    struct rrd_bytes in = {.at = buf_text(&reply), .left = reply.len};
    int64_t old = rrd_take_int(&in);
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
    rrd_pack_int(&request, RRD_DEED_LOOK);
    rrd_pack_text(&request, name);
    if (call(r, &request, &reply, err) < 0)
        return -1;
    struct rrd_bytes in = {.at = buf_text(&reply), .left = reply.len};
    struct rrd_shape s = {.step = span_seconds(rrd_take_int(&in))};
    s.last.ms = rrd_take_int(&in) * 1000;
    s.n_sources = rrd_take_count(&in, sizeof *s.sources);
    s.sources = rrd_take_copy(&in, s.n_sources, sizeof *s.sources);
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
    rrd_pack_int(&request, RRD_DEED_GET);
    rrd_pack_text(&request, name);
    rrd_pack_int(&request, from.ms / 1000);
    rrd_pack_int(&request, (to.ms + 999) / 1000);
    rrd_pack_int(&request, (step_least.ms + 999) / 1000);
    if (call(r, &request, &reply, err) < 0)
        return -1;
    struct rrd_bytes in = {.at = buf_text(&reply), .left = reply.len};
    struct rrd_rows rows = {.from.ms = rrd_take_int(&in) * 1000};
    rows.step = span_seconds(rrd_take_int(&in));
    rows.file_step = span_seconds(rrd_take_int(&in));
    rows.rows = rrd_take_count(&in, 1);
    rows.n_sources = rrd_take_count(&in, sizeof *rows.sources);
    rows.sources = rrd_take_copy(&in, rows.n_sources, sizeof *rows.sources);
    rows.values = rrd_take_copy(&in, rows.rows * rows.n_sources, sizeof *rows.values);
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
    rrd_pack_int(request, RRD_DEED_DRAW);
    rrd_pack_int(request, step);
    rrd_pack_int(request, start - start % step);
    rrd_pack_int(request, (int64_t)p->n);
    rrd_pack_int(request, (int64_t)p->n_lines);
    for (size_t i = 0; i < p->n; i++) {
        for (size_t l = 0; l < p->n_lines; l++) {
            double v = p->lines[l].value[i] * plan->scale;
            buf_add_n(request, &v, sizeof v);
        }
    }
    rrd_pack_int(request, (int64_t)plan->n_args);
    buf_add_n(request, plan->args.data, plan->args.len);
}

int rrd_draw(struct rrd *r, const struct rrd_picture *p, struct buf *to,
             struct err *err)
{
    struct picture_plan plan;
    if (picture_plan(p, RRD_SCRATCH_FILE, &plan, err) < 0)
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

bool rrd_has_letters(struct rrd *r)
{
    int known = atomic_load(&r->letters);
    if (known != 0)
        return known > 0;
    OWNED_BUF request = {0};
    OWNED_BUF reply = {0};
    rrd_pack_int(&request, RRD_DEED_LETTERS);
    if (call(r, &request, &reply, NULL) < 0)
        return false; /* it may be asked again */
    struct rrd_bytes in = {.at = buf_text(&reply), .left = reply.len};
    int64_t there = rrd_take_int(&in);
    known = !in.bad && there > 0 ? 1 : -1;
    atomic_store(&r->letters, known);
    return known > 0;
}
