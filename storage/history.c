/* storage/history.c - past days of every series, in RRD files.
 *
 * The flushing thread turns the windows' rows into rows of a minute and puts them into
 * the files; what it knows of each entity (which metric is which source of which file,
 * and up to when all is written) is learnt from the files themselves on first sight.
 * What must hold: a file's sources are only ever added to, never reordered; an entity's
 * `done` moves on only when all its files took their rows.  Readers share nothing with
 * it but the rrd child, a few atomic numbers, and the way names are made. */
#include "storage/history.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/jsonw.h"
#include "storage/catalog.h"
#include "storage/child.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FILE_NAME_MAX = 80,  /* ab/cd/<64 hex>.rrd */
    ROWS_MAX = 1440 * 4, /* of one batch */
    NO_FILE = 0xffffff,  /* more than files can be */
    YEAR_1980_S = 320000000,
};

static const struct rrd_archive usual_archives[HISTORY_ARCHIVES_MAX] = {
    {{60000}, 28 * 60}, {{300000}, 14 * 288}, {{3600000}, 365 * 24}};

struct file {
    char name[FILE_NAME_MAX];
    char *measurement; /* of its metrics */
    uint32_t part;
    size_t n;
    struct rrd_source *source; /* n, as in the file */
};

/* Where a metric of the windows is kept. */
struct place {
    uint32_t metric, file, source;
};

/* What the flushing thread knows of an entity. */
struct known {
    instant done; /* all before is written; INSTANT_NONE: nothing is known yet */
    size_t n_files, n_places;
    struct file *file;
    struct place *place; /* sorted by metric */
};

struct history {
    char *dir;
    struct rrd *rrd;
    struct rrd_archive archive[HISTORY_ARCHIVES_MAX];
    size_t n_archives;
    /* The flushing thread's: */
    struct catalog *catalog;
    const struct windows *windows;
    struct rrd_archive widened[HISTORY_ARCHIVES_MAX];
    size_t n_widened;
    struct known *known; /* by the entity's number */
    size_t n_known;
    /* Shared: */
    bool peek;                  /* only read */
    _Atomic int64_t flushed_ms; /* the last flush's `until` */
    atomic_uint_fast64_t files, rows, failures, set_aside, left_out;
};

/* --- names --- */

/* The measurement of a metric: its first `n` bytes. */
static size_t measurement_bytes(enum entity_kind kind, const char *metric)
{
    return kind == ENTITY_EDGE ? 0 : strcspn(metric, ".{");
}

/* The digest of one part of an entity's measurement.  Line feeds cannot be in names, so
 * no two entities make the same text. */
static int digest_of(const struct entity *who, const char *measurement, size_t n,
                     uint32_t part, char out[SHA256_HEX_MAX])
{
    OWNED_BUF text = {0};
    buf_addf(&text, "history 1\n%d\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n", (int)who->kind,
             who->host, who->service, who->caller, who->callee, who->iface,
             who->caller_host, who->callee_host, who->side);
    buf_add_n(&text, measurement, n);
    buf_addf(&text, "\n%u", part);
    if (buf_done(&text) < 0)
        return -1;
    sha256_hex(text.data, text.len, out);
    return 0;
}

static int name_file(const struct entity *who, const char *measurement, size_t n,
                     uint32_t part, char out[FILE_NAME_MAX])
{
    char hex[SHA256_HEX_MAX];
    if (digest_of(who, measurement, n, part, hex) < 0)
        return -1;
    snprintf(out, FILE_NAME_MAX, "%.2s/%.2s/%s.rrd", hex, hex + 2, hex);
    return 0;
}

static const char *digest_in(const char *name)
{
    return name + strlen("ab/cd/");
}

/* "m" and 18 digits of the metric's digest: 72 bits, in a file of at most 64. */
static struct rrd_source source_of(const char *metric)
{
    char hex[SHA256_HEX_MAX];
    struct rrd_source s = {{0}};
    sha256_hex(metric, strlen(metric), hex);
    snprintf(s.name, sizeof s.name, "m%.18s", hex);
    return s;
}

static struct entity with_texts(const struct entity *who)
{
    struct entity e = *who;
    const char **text[] = {&e.host,  &e.service,     &e.caller,      &e.callee,
                           &e.iface, &e.caller_host, &e.callee_host, &e.side};
    for (size_t i = 0; i < sizeof text / sizeof *text; i++)
        if (*text[i] == NULL)
            *text[i] = "";
    return e;
}

/* --- opening --- */

static int check_archives(const struct rrd_archive *a, size_t n, struct err *err)
{
    for (size_t i = 0; i < n; i++) {
        if (a[i].step.ms < 1000 || a[i].step.ms % 1000 != 0)
            return err_set(err, EINVAL, "archives[%zu]: step must be whole seconds", i);
        if (a[i].rows == 0)
            return err_set(err, EINVAL, "archives[%zu]: rows must be above 0", i);
        if (i > 0 &&
            (a[i].step.ms <= a[i - 1].step.ms || a[i].step.ms % a[0].step.ms != 0))
            return err_set(err, EINVAL,
                           "archives[%zu]: step must be above the one before and a "
                           "multiple of the first",
                           i);
    }
    return 0;
}

static int open_catalog(struct history *h, struct err *err)
{
    char path[4200];
    size_t dropped = 0;
    int n = snprintf(path, sizeof path, "%s/index", h->dir);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ENAMETOOLONG, "%s: the path is too long", h->dir);
    h->catalog = catalog_open(path, &dropped, err);
    atomic_fetch_add(&h->set_aside, dropped);
    return h->catalog != NULL ? 0 : -1;
}

struct history *history_open(const struct history_spec *spec, struct rrd *rrd,
                             struct err *err)
{
    const struct rrd_archive *a =
        spec->archives[0].step.ms == 0 ? usual_archives : spec->archives;
    size_t n = 0;
    while (n < HISTORY_ARCHIVES_MAX && a[n].step.ms != 0)
        n++;
    if (check_archives(a, n, err) < 0)
        return NULL;
    struct history *h = calloc(1, sizeof *h);
    if (h == NULL || (h->dir = strdup(spec->dir)) == NULL) {
        err_set(err, ENOMEM, "no memory for the history");
        free(h);
        return NULL;
    }
    h->rrd = rrd;
    h->n_archives = n;
    memcpy(h->archive, a, n * sizeof *a);
    h->peek = spec->peek;
    h->flushed_ms = spec->peek ? spec->last.ms : INT64_MIN;
    if (!h->peek && open_catalog(h, err) < 0)
        history_close(&h);
    return h;
}

static void known_clear(struct known *k)
{
    for (size_t i = 0; i < k->n_files; i++) {
        free(k->file[i].measurement);
        free(k->file[i].source);
    }
    free(k->file);
    free(k->place);
    *k = (struct known){.done = INSTANT_NONE};
}

void history_close(struct history **h)
{
    if (*h == NULL)
        return;
    struct history *gone = *h;
    for (size_t i = 0; i < gone->n_known; i++)
        known_clear(&gone->known[i]);
    free(gone->known);
    if (gone->catalog != NULL)
        catalog_close(&gone->catalog);
    free(gone->dir);
    free(gone);
    *h = NULL;
}

/* --- damage --- */

static bool is_damage(const struct err *err)
{
    return err->code == RRD_DAMAGED || err->code == RRD_OTHER_SHAPE;
}

/* Out of the way, for whoever wants to look; an earlier one of the same name goes. */
static int set_aside(struct history *h, const char *name, struct err *err)
{
    char path[4300], aside[4320];
    if (h->peek)
        return 0;
    int n = snprintf(path, sizeof path, "%s/%s", h->dir, name);
    if (n < 0 || (size_t)n >= sizeof path)
        return err_set(err, ENAMETOOLONG, "%s: the path is too long", h->dir);
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside) < 0)
        /* Another thread was quicker: then it is out of the way as well. */
        return errno == ENOENT ? 0 : err_sys(err, errno, "%s cannot be renamed", path);
    atomic_fetch_add(&h->set_aside, 1);
    return 0;
}

/* As rrd_look, but a damaged file is set aside and looks like none. */
static int look(struct history *h, const char *name, struct rrd_shape *ret_shape,
                struct err *err)
{
    struct err own = {0};
    if (rrd_look(h->rrd, name, ret_shape, &own) == 0)
        return 0;
    if (!is_damage(&own))
        return err_set(err, own.code, "%s", own.text);
    *ret_shape = (struct rrd_shape){0};
    return set_aside(h, name, err);
}

/* --- learning what an entity's files hold --- */

static struct file *add_file(struct history *h, struct known *k,
                             const struct entity *who, const char *measurement,
                             size_t n, uint32_t part)
{
    struct file *more = realloc(k->file, (k->n_files + 1) * sizeof *more);
    if (more == NULL)
        return NULL;
    k->file = more;
    struct file *f = &k->file[k->n_files];
    *f = (struct file){.part = part, .measurement = strndup(measurement, n)};
    if (f->measurement == NULL || name_file(who, measurement, n, part, f->name) < 0) {
        free(f->measurement);
        return NULL;
    }
    k->n_files++;
    atomic_fetch_add(&h->files, 1);
    return f;
}

static bool file_has(const struct file *f, const char *measurement, size_t n)
{
    return strncmp(f->measurement, measurement, n) == 0 && f->measurement[n] == '\0';
}

static bool knows_measurement(const struct known *k, const char *measurement, size_t n)
{
    for (size_t i = 0; i < k->n_files; i++)
        if (file_has(&k->file[i], measurement, n))
            return true;
    return false;
}

static void drop_files(struct history *h, struct known *k, size_t keep)
{
    while (k->n_files > keep) {
        struct file *f = &k->file[--k->n_files];
        free(f->measurement);
        free(f->source);
        atomic_fetch_sub(&h->files, 1);
    }
}

/* Meets the parts of one measurement that are on disk, and one behind them where those
 * are full.  *ret_last is moved back to the earliest last row.  All or nothing. */
static int learn_measurement(struct history *h, struct known *k,
                             const struct entity *who, const char *measurement,
                             size_t n, instant *ret_last, struct err *err)
{
    size_t before = k->n_files;
    for (uint32_t part = 0; part < HISTORY_PARTS_MAX; part++) {
        struct file *f = add_file(h, k, who, measurement, n, part);
        struct rrd_shape shape;
        if (f == NULL)
            err_set(err, ENOMEM, "no memory for the history");
        if (f == NULL || look(h, f->name, &shape, err) < 0) {
            drop_files(h, k, before);
            return -1;
        }
        f->n = shape.n_sources;
        f->source = shape.sources;
        if (f->n > 0 && shape.last.ms < ret_last->ms)
            *ret_last = shape.last;
        if (f->n < HISTORY_SOURCES_MAX)
            break;
    }
    return 0;
}

/* First sight of an entity in this process's life. */
static int learn(struct history *h, struct windows *w, struct known *k,
                 const struct block *b, struct err *err)
{
    instant last = INSTANT_FAR;
    struct entity who = with_texts(&b->who);
    for (uint32_t i = 0; i < b->n_metrics; i++) {
        const char *name = windows_metric_name(w, b->metric[i]);
        size_t n = measurement_bytes(who.kind, name);
        if (!knows_measurement(k, name, n) &&
            learn_measurement(h, k, &who, name, n, &last, err) < 0)
            return -1;
    }
    instant oldest = windows_oldest(w, b->entity);
    k->done = last.ms == INT64_MAX || last.ms < oldest.ms ? oldest : last;
    return 0;
}

/* --- a place for each metric --- */

static struct place *find_place(const struct known *k, uint32_t metric)
{
    size_t low = 0, high = k->n_places;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (k->place[mid].metric < metric)
            low = mid + 1;
        else
            high = mid;
    }
    return low < k->n_places && k->place[low].metric == metric ? &k->place[low] : NULL;
}

static int add_place(struct known *k, uint32_t metric, uint32_t file, uint32_t source)
{
    struct place *more = realloc(k->place, (k->n_places + 1) * sizeof *more);
    if (more == NULL)
        return -1;
    k->place = more;
    size_t i = k->n_places++;
    for (; i > 0 && more[i - 1].metric > metric; i--)
        more[i] = more[i - 1];
    more[i] = (struct place){metric, file, source};
    return 0;
}

static int add_source(struct file *f, const struct rrd_source *s)
{
    struct rrd_source *more = realloc(f->source, (f->n + 1) * sizeof *more);
    if (more == NULL)
        return -1;
    f->source = more;
    f->source[f->n++] = *s;
    return 0;
}

/* The source of that name in any part; else a new one in the last part, or in a new
 * part where that is full; else nowhere, which is counted once. */
static int place_metric(struct history *h, struct known *k, const struct entity *who,
                        uint32_t metric, const char *name)
{
    size_t n = measurement_bytes(who->kind, name), last = SIZE_MAX;
    struct rrd_source s = source_of(name);
    for (size_t i = 0; i < k->n_files; i++) {
        struct file *f = &k->file[i];
        if (!file_has(f, name, n))
            continue;
        for (size_t j = 0; j < f->n; j++)
            if (strcmp(f->source[j].name, s.name) == 0)
                return add_place(k, metric, (uint32_t)i, (uint32_t)j);
        last = i; /* parts come in their order */
    }
    assert(last != SIZE_MAX);
    if (k->file[last].n >= HISTORY_SOURCES_MAX) {
        uint32_t part = k->file[last].part + 1;
        if (part >= HISTORY_PARTS_MAX) {
            atomic_fetch_add(&h->left_out, 1);
            return add_place(k, metric, NO_FILE, 0);
        }
        if (add_file(h, k, who, name, n, part) == NULL)
            return -1;
        last = k->n_files - 1;
    }
    if (add_source(&k->file[last], &s) < 0)
        return -1;
    return add_place(k, metric, (uint32_t)last, (uint32_t)k->file[last].n - 1);
}

static int place_all(struct history *h, struct windows *w, struct known *k,
                     const struct block *b, struct err *err)
{
    struct entity who = with_texts(&b->who);
    for (uint32_t i = 0; i < b->n_metrics; i++) {
        const char *name = windows_metric_name(w, b->metric[i]);
        size_t n = measurement_bytes(who.kind, name);
        instant last = INSTANT_FAR;
        if (find_place(k, b->metric[i]) != NULL)
            continue;
        /* Its file may be there from earlier days. */
        if (!knows_measurement(k, name, n) &&
            learn_measurement(h, k, &who, name, n, &last, err) < 0)
            return -1;
        if (place_metric(h, k, &who, b->metric[i], name) < 0)
            return err_set(err, ENOMEM, "no memory for the history");
    }
    return 0;
}

/* --- the index for people --- */

static void write_whose(struct jsonw *w, const struct entity *who)
{
    static const char *const kinds[] = {"host", "service", "edge"};
    const struct {
        const char *key, *text;
    } field[] = {{"host", who->host},
                 {"service", who->service},
                 {"caller", who->caller},
                 {"callee", who->callee},
                 {"iface", who->iface},
                 {"caller_host", who->caller_host},
                 {"callee_host", who->callee_host},
                 {"side", who->side}};
    jsonw_text(w, "kind", kinds[who->kind]);
    for (size_t i = 0; i < sizeof field / sizeof *field; i++)
        if (field[i].text[0] != '\0')
            jsonw_text(w, field[i].key, field[i].text);
}

/* A line for what the index does not know yet of file number `no`. */
static void write_index(struct history *h, struct windows *w, const struct known *k,
                        const struct entity *who, uint32_t no)
{
    const struct file *f = &k->file[no];
    uint32_t told = catalog_known(h->catalog, digest_in(f->name));
    if (told >= f->n)
        return;
    OWNED_BUF text = {0};
    struct jsonw j = {.to = &text};
    jsonw_open(&j, NULL);
    write_whose(&j, who);
    jsonw_text(&j, "measurement", f->measurement);
    jsonw_int(&j, "part", f->part);
    jsonw_open(&j, "sources");
    for (size_t i = 0; i < k->n_places; i++) {
        const struct place *p = &k->place[i];
        if (p->file == no && p->source >= told)
            jsonw_text(&j, f->source[p->source].name,
                       windows_metric_name(w, p->metric));
    }
    jsonw_close(&j);
    jsonw_close(&j);
    /* The index is a help; without it all works, so its failure stops nothing. */
    if (buf_done(&text) == 0)
        catalog_add(h->catalog, digest_in(f->name), (uint32_t)f->n, text.data, NULL);
}

/* --- rows of a minute --- */

struct batch {
    instant from;
    span step;
    size_t rows, n; /* n metrics, as in the block */
    double *cell;   /* [row * n + i] */
};

static void add_cell(double *to, double *weight, enum merge merge, double v,
                     double count)
{
    switch (merge) {
    case MERGE_SUM:
        *to = isnan(*to) ? v : *to + v;
        break;
    case MERGE_MAX:
        *to = isnan(*to) || v > *to ? v : *to;
        break;
    default:
        /* The running mean by weights; the first sample finds weight 0. */
        *weight += count;
        *to = isnan(*to) ? v : *to + (v - *to) * count / *weight;
        break;
    }
}

/* Gathers the windows' rows into those of the history's step, by where they start. */
static void fill_batch(struct windows *w, const struct block *b, struct batch *to,
                       double *weight)
{
    for (size_t i = 0; i < to->rows * to->n; i++)
        to->cell[i] = NAN;
    for (size_t i = 0; i < to->n; i++) {
        enum merge merge = windows_metric_merge(w, b->metric[i]);
        memset(weight, 0, to->rows * sizeof *weight);
        for (size_t r = 0; r < b->rows; r++) {
            size_t at = r * b->n_metrics + i;
            int64_t since = b->from.ms + (int64_t)r * b->step.ms - to->from.ms;
            size_t row = since < 0 ? to->rows : (size_t)(since / to->step.ms);
            if (row < to->rows && !isnan(b->cells[at]))
                add_cell(&to->cell[row * to->n + i], &weight[row], merge, b->cells[at],
                         b->counts[at] > 0 ? b->counts[at] : 1);
        }
    }
}

static int batch_new(struct windows *w, const struct block *b, instant from,
                     size_t rows, span step, struct batch *ret_batch)
{
    struct batch to = {.from = from, .step = step, .rows = rows, .n = b->n_metrics};
    to.cell = malloc((rows * to.n + 1) * sizeof *to.cell);
    double *weight = malloc((rows + 1) * sizeof *weight);
    if (to.cell == NULL || weight == NULL) {
        free(to.cell);
        free(weight);
        return -1;
    }
    fill_batch(w, b, &to, weight);
    free(weight);
    *ret_batch = to;
    return 0;
}

/* --- putting --- */

/* One file's share of a batch, without rows that hold nothing. */
struct share {
    size_t rows, n;
    instant *at;
    double *cell;
};

static bool share_new(size_t rows, size_t n, struct share *ret_share)
{
    *ret_share = (struct share){.n = n,
                                .at = malloc(rows * sizeof(instant)),
                                .cell = malloc(rows * n * sizeof(double))};
    return ret_share->at != NULL && ret_share->cell != NULL;
}

static void share_free(struct share *s)
{
    free(s->at);
    free(s->cell);
}

/* column[i] is the metric of the batch that source i holds, or -1. */
static void share_fill(struct share *s, const struct batch *from, const int64_t *column)
{
    for (size_t r = 0; r < from->rows; r++) {
        double *to = s->cell + s->rows * s->n;
        bool known = false;
        for (size_t i = 0; i < s->n; i++) {
            to[i] = column[i] < 0 ? NAN : from->cell[r * from->n + (size_t)column[i]];
            known = known || !isnan(to[i]);
        }
        if (known)
            s->at[s->rows++] = (instant){from->from.ms + (int64_t)r * from->step.ms};
    }
}

static int put_share(struct history *h, const struct file *f, const struct share *s,
                     struct err *err)
{
    struct rrd_file file = {.name = f->name,
                            .step = h->widened[0].step,
                            .n_sources = f->n,
                            .sources = f->source,
                            .archives = h->widened,
                            .n_archives = h->n_widened};
    for (int tried = 0;; tried++) {
        size_t old = 0;
        struct err own = {0};
        if (rrd_put(h->rrd, &file, s->at, s->cell, s->rows, &old, &own) == 0) {
            atomic_fetch_add(&h->rows, s->rows - old);
            return 0;
        }
        if (tried > 0 || !is_damage(&own))
            return err_set(err, own.code, "%s", own.text);
        if (set_aside(h, f->name, err) < 0)
            return -1;
    }
}

static int put_file(struct history *h, const struct known *k, const struct block *b,
                    const struct batch *batch, uint32_t no, struct err *err)
{
    const struct file *f = &k->file[no];
    int64_t column[HISTORY_SOURCES_MAX];
    if (f->n == 0)
        return 0;
    assert(f->n <= HISTORY_SOURCES_MAX);
    for (size_t i = 0; i < f->n; i++)
        column[i] = -1;
    for (uint32_t i = 0; i < b->n_metrics; i++) {
        const struct place *p = find_place(k, b->metric[i]);
        if (p != NULL && p->file == no)
            column[p->source] = i;
    }
    struct share s;
    int rc = 0;
    if (!share_new(batch->rows, f->n, &s))
        rc = err_set(err, ENOMEM, "no memory for the history");
    else
        share_fill(&s, batch, column);
    if (rc == 0 && s.rows > 0)
        rc = put_share(h, f, &s, err);
    share_free(&s);
    return rc;
}

/* --- flushing --- */

/* The archives as this store's step wants them: the first step is the windows' where
 * that is longer, the others are multiples of it and keep their length in time. */
static void widen_archives(struct history *h, span windows_step)
{
    int64_t base = h->archive[0].step.ms;
    int64_t least = (windows_step.ms + 999) / 1000 * 1000;
    base = least > base ? least : base;
    h->n_widened = 0;
    for (size_t i = 0; i < h->n_archives; i++) {
        const struct rrd_archive *a = &h->archive[i];
        int64_t step = (a->step.ms + base - 1) / base * base;
        int64_t rows = (a->step.ms * (int64_t)a->rows + step - 1) / step;
        struct rrd_archive *to = &h->widened[h->n_widened];
        if (h->n_widened > 0 && to[-1].step.ms == step)
            to--; /* the longer one of the two */
        else
            h->n_widened++;
        *to = (struct rrd_archive){{step}, (uint32_t)rows};
    }
}

static struct known *known_of(struct history *h, uint32_t entity)
{
    if (entity >= h->n_known) {
        size_t n = h->n_known > 0 ? h->n_known : 64;
        while (n <= entity)
            n *= 2;
        struct known *more = realloc(h->known, n * sizeof *more);
        if (more == NULL)
            return NULL;
        for (size_t i = h->n_known; i < n; i++)
            more[i] = (struct known){.done = INSTANT_NONE};
        h->known = more;
        h->n_known = n;
    }
    return &h->known[entity];
}

static int put_files(struct history *h, struct windows *w, const struct known *k,
                     const struct block *b, const struct batch *batch, struct err *err)
{
    int rc = 0;
    struct entity who = with_texts(&b->who);
    for (uint32_t i = 0; i < k->n_files; i++) {
        if (put_file(h, k, b, batch, i, err) == 0) {
            write_index(h, w, k, &who, i);
        } else {
            atomic_fetch_add(&h->failures, 1);
            rc = -1;
        }
    }
    return rc;
}

/* Writes [k->done, to); 0 when all of it is written. */
static int flush_rows(struct history *h, struct windows *w, uint32_t entity,
                      struct known *k, instant to, struct err *err)
{
    span step = h->widened[0].step;
    instant from = {k->done.ms - k->done.ms % step.ms};
    instant oldest = windows_oldest(w, entity);
    if (!instant_is_none(oldest) && oldest.ms > from.ms)
        from.ms = oldest.ms - oldest.ms % step.ms; /* what was before is gone */
    if (to.ms - from.ms > ROWS_MAX * step.ms)
        to.ms = from.ms + ROWS_MAX * step.ms; /* the rest with the next flush */
    size_t rows = to.ms > from.ms ? (size_t)((to.ms - from.ms) / step.ms) : 0;
    if (rows == 0)
        return 0;
    struct block *b = windows_cut(w, entity, from, to);
    struct batch batch = {0};
    int rc = 0;
    if (b == NULL || batch_new(w, b, from, rows, step, &batch) < 0)
        rc = err_set(err, ENOMEM, "no memory for the history");
    else if (place_all(h, w, k, b, err) < 0 || put_files(h, w, k, b, &batch, err) < 0)
        rc = -1;
    else
        k->done = to;
    free(batch.cell);
    if (b != NULL)
        block_free(&b);
    return rc;
}

static int flush_entity(struct history *h, struct windows *w, uint32_t entity,
                        instant to, struct err *err)
{
    instant newest = windows_newest(w, entity);
    struct known *k = known_of(h, entity);
    if (k == NULL)
        return err_set(err, ENOMEM, "no memory for the history");
    if (instant_is_none(newest) || k->done.ms >= to.ms || k->done.ms >= newest.ms)
        return 0;
    if (instant_is_none(k->done)) {
        struct block *b = windows_cut(w, entity, newest, newest);
        int rc = b != NULL ? learn(h, w, k, b, err)
                           : err_set(err, ENOMEM, "no memory for the history");
        if (b != NULL)
            block_free(&b);
        if (rc < 0) {
            drop_files(h, k, 0);
            atomic_fetch_add(&h->failures, 1);
            return -1;
        }
    }
    return flush_rows(h, w, entity, k, to, err);
}

int64_t history_flush(struct history *h, struct windows *w, instant until,
                      struct err *err)
{
    assert(!h->peek && (h->windows == NULL || h->windows == w));
    if (h->windows == NULL)
        widen_archives(h, windows_step(w));
    h->windows = w;
    if (until.ms < YEAR_1980_S * 1000LL)
        return err_set(err, EINVAL, "history begins in 1980");
    instant to = {until.ms - until.ms % h->widened[0].step.ms};
    uint64_t before = atomic_load(&h->rows);
    struct err first = {0};
    uint32_t n = (uint32_t)windows_stats(w).entities;
    for (uint32_t e = 0; e < n && first.code != CHILD_GONE; e++)
        flush_entity(h, w, e, to, &first);
    catalog_flush(h->catalog, NULL);
    atomic_store(&h->flushed_ms, to.ms);
    int64_t rows = (int64_t)(atomic_load(&h->rows) - before);
    if (first.code != 0)
        err_set(err, first.code, "%s", first.text);
    return first.code != 0 && rows == 0 ? -1 : rows;
}

/* --- reading --- */

/* The metrics of one measurement of a unit. */
struct group {
    const char *measurement;
    size_t n_bytes, n;
    uint32_t *metric; /* numbers in the unit */
    struct rrd_source *source;
};

static bool in_group(const struct group *g, enum entity_kind kind, const char *metric)
{
    return measurement_bytes(kind, metric) == g->n_bytes &&
           memcmp(metric, g->measurement, g->n_bytes) == 0;
}

/* The group that begins with metric `first`; those taken are marked. */
static void gather_group(const struct unit *u, uint32_t first, bool *taken,
                         struct group *g)
{
    g->measurement = u->metric[first];
    g->n_bytes = measurement_bytes(u->who.kind, u->metric[first]);
    g->n = 0;
    for (uint32_t i = first; i < u->n_metrics; i++) {
        if (taken[i] || !in_group(g, u->who.kind, u->metric[i]))
            continue;
        taken[i] = true;
        g->source[g->n] = source_of(u->metric[i]);
        g->metric[g->n++] = i;
    }
}

static void take_column(struct track *t, const struct unit *u, uint32_t metric,
                        const struct rrd_rows *rows, size_t source)
{
    double times = 1;
    if (u->merge[metric] == MERGE_SUM && rows->file_step.ms > 0)
        times = (double)rows->step.ms / (double)rows->file_step.ms;
    for (size_t r = 0; r < rows->rows && r < t->rows; r++)
        t->cells[r * u->n_metrics + metric] =
            (float)(rows->values[r * rows->n_sources + source] * times);
}

/* The track begins with the first file's rows: all files of one step have the same. */
static int begin_track(struct track *t, const struct unit *u,
                       const struct rrd_rows *rows, struct err *err)
{
    size_t n = rows->rows * u->n_metrics;
    t->cells = malloc((n > 0 ? n : 1) * sizeof *t->cells);
    if (t->cells == NULL)
        return err_set(err, ENOMEM, "no memory for %zu rows of history", rows->rows);
    for (size_t i = 0; i < n; i++)
        t->cells[i] = NAN;
    t->from = rows->from;
    t->step = rows->step;
    t->rows = (uint32_t)rows->rows;
    return 0;
}

struct reading {
    struct history *h;
    const struct unit *u;
    struct entity who;
    instant from, to;
    span step;    /* the least one to be read */
    bool coarser; /* a file has a coarser one only: all are to be read again at that */
    struct track track;
};

static void take_rows(struct reading *r, const struct group *g,
                      const struct rrd_rows *rows)
{
    for (size_t s = 0; s < rows->n_sources; s++)
        for (size_t i = 0; i < g->n; i++)
            if (strcmp(rows->sources[s].name, g->source[i].name) == 0)
                take_column(&r->track, r->u, g->metric[i], rows, s);
}

static int take_part(struct reading *r, const struct group *g,
                     const struct rrd_rows *rows, struct err *err)
{
    if (rows->rows == 0)
        return 0;
    if (rows->step.ms > r->step.ms) {
        r->step = rows->step;
        r->coarser = true;
        return 0;
    }
    if (r->track.cells == NULL && begin_track(&r->track, r->u, rows, err) < 0)
        return -1;
    if (rows->step.ms == r->track.step.ms && rows->from.ms == r->track.from.ms)
        take_rows(r, g, rows);
    return 0;
}

static int read_group(struct reading *r, const struct group *g, struct err *err)
{
    for (uint32_t part = 0; part < HISTORY_PARTS_MAX && !r->coarser; part++) {
        char name[FILE_NAME_MAX];
        struct rrd_rows rows = {0};
        struct err own = {0};
        if (name_file(&r->who, g->measurement, g->n_bytes, part, name) < 0)
            return err_set(err, ENOMEM, "no memory for the history");
        if (rrd_get(r->h->rrd, name, r->from, r->to, r->step, &rows, &own) < 0) {
            if (!is_damage(&own))
                return err_set(err, own.code, "%s", own.text);
            return set_aside(r->h, name, err);
        }
        bool more = rows.n_sources >= HISTORY_SOURCES_MAX;
        int rc = take_part(r, g, &rows, err);
        rrd_rows_free(&rows);
        if (rc < 0 || !more)
            return rc;
    }
    return 0;
}

static int read_groups(struct reading *r, bool *taken, struct group *g, struct err *err)
{
    free(r->track.cells);
    r->track = (struct track){0};
    r->coarser = false;
    memset(taken, 0, r->u->n_metrics * sizeof *taken);
    for (uint32_t i = 0; i < r->u->n_metrics && !r->coarser; i++) {
        if (taken[i])
            continue;
        gather_group(r->u, i, taken, g);
        if (read_group(r, g, err) < 0)
            return -1;
    }
    return 0;
}

span history_step(const struct history *h, instant from, instant to)
{
    int64_t flushed = atomic_load(&h->flushed_ms);
    int64_t reach = (flushed > to.ms ? flushed : to.ms) - from.ms;
    size_t i = 0;
    while (i + 1 < h->n_archives &&
           h->archive[i].step.ms * (int64_t)h->archive[i].rows < reach)
        i++;
    return h->archive[i].step;
}

int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err)
{
    u->past = (struct track){0};
    if (from.ms < YEAR_1980_S * 1000LL)
        from.ms = YEAR_1980_S * 1000LL;
    if (from.ms >= to.ms || u->n_metrics == 0)
        return 0;
    struct reading r = {.h = h, .u = u, .from = from, .to = to};
    r.who = with_texts(&u->who);
    r.step = history_step(h, from, to);
    bool *taken = calloc(u->n_metrics, sizeof *taken);
    struct group g = {.metric = calloc(u->n_metrics, sizeof *g.metric),
                      .source = calloc(u->n_metrics, sizeof *g.source)};
    int rc = 0;
    if (taken == NULL || g.metric == NULL || g.source == NULL)
        rc = err_set(err, ENOMEM, "no memory for the history");
    /* Each further round has a coarser step, and files have few. */
    r.coarser = true;
    for (int round = 0; rc == 0 && r.coarser && round < 2 * HISTORY_ARCHIVES_MAX;
         round++)
        rc = read_groups(&r, taken, &g, err);
    free(taken);
    free(g.metric);
    free(g.source);
    if (rc == 0)
        u->past = r.track;
    else
        free(r.track.cells);
    return rc;
}

struct history_stats history_stats(const struct history *h)
{
    return (struct history_stats){.files = atomic_load(&h->files),
                                  .rows = atomic_load(&h->rows),
                                  .failures = atomic_load(&h->failures),
                                  .set_aside = atomic_load(&h->set_aside),
                                  .left_out = atomic_load(&h->left_out)};
}
