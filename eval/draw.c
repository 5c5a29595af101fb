/* eval/draw.c - reading the recordings and cutting cases out of them.
 *
 * What must hold: a case follows from seed, stream and number alone, and no two hosts
 * of a case are the same machine on the same day.  No state; any thread. */
#include "eval/draw.h"

#include "base/buf.h"
#include "base/order.h"
#include "base/unpack.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GROUPS = 2, MACHINES_A_GROUP = 3, TRIES_MAX = 1000 };

/* Machines that behave alike stand together. */
static const char *const machines[RECORDINGS] = {"1-3", "1-4", "3-3",
                                                 "1-5", "2-2", "2-7"};

/* --- dice: splitmix64 --- */

static uint64_t stir(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

struct dice dice_of(uint64_t seed, uint64_t stream, uint64_t number)
{
    return (struct dice){stir(stir(stir(seed) + stream) + number)};
}

uint64_t dice_next(struct dice *d)
{
    d->state += 0x9e3779b97f4a7c15u;
    return stir(d->state);
}

double dice_unit(struct dice *d)
{
    return (double)(dice_next(d) >> 11) / 9007199254740992.0;
}

double dice_between(struct dice *d, double low, double high)
{
    return low + (high - low) * dice_unit(d);
}

size_t dice_below(struct dice *d, size_t n)
{
    return (size_t)(dice_unit(d) * (double)n);
}

/* --- recordings --- */

enum { FIELDS_BEFORE = 3, PIECE = 1 << 16 }; /* minute, part, label */

static int slurp(const char *path, struct buf *to, struct err *err)
{
    struct unpack *u = unpack_open(path, err);
    if (u == NULL)
        return -1;
    ssize_t got = 0;
    do {
        char *room = buf_room(to, PIECE);
        got = room != NULL ? unpack_read(u, room, PIECE, err)
                           : err_set(err, ENOMEM, "out of memory");
        to->len += got > 0 ? (size_t)got : 0;
    } while (got > 0);
    unpack_close(&u);
    buf_add(to, ""); /* ends it with a NUL */
    return got < 0 ? -1 : buf_done(to);
}

static int read_header(struct recording *r, char *line, struct err *err)
{
    char *rest = line, *field;
    for (int i = 0; (field = strsep(&rest, ",")) != NULL; i++) {
        if (i < FIELDS_BEFORE)
            continue;
        if (r->n_metrics == RECORDING_METRICS_MAX || strlen(field) >= 40)
            return err_set(err, EINVAL, "line 1: too many or too long names");
        snprintf(r->metric[r->n_metrics++], sizeof *r->metric, "%s", field);
    }
    return r->n_metrics > 0 ? 0 : err_set(err, EINVAL, "line 1: names no metric");
}

static int read_row(struct recording *r, char *line, struct err *err)
{
    char *rest = line, *field;
    size_t i = 0;
    for (; (field = strsep(&rest, ",")) != NULL; i++) {
        if (i == 2)
            r->labelled[r->rows] = field[0] == '1';
        if (i < FIELDS_BEFORE || i >= r->n_metrics + FIELDS_BEFORE)
            continue;
        char *end;
        double v = strtod(field, &end);
        if (end == field || *end != '\0' || !isfinite(v))
            return err_set(err, EINVAL, "line %zu: '%s' is not a number", r->rows + 2,
                           field);
        r->cells[r->rows * r->n_metrics + i - FIELDS_BEFORE] = (float)v;
    }
    if (i != r->n_metrics + FIELDS_BEFORE)
        return err_set(err, EINVAL, "line %zu: has %zu fields, expected %zu",
                       r->rows + 2, i, r->n_metrics + FIELDS_BEFORE);
    r->rows++;
    return 0;
}

static void find_moving(struct recording *r)
{
    for (size_t row = 1; row < r->rows; row++)
        for (size_t i = 0; i < r->n_metrics; i++)
            r->moves[i] |= r->cells[row * r->n_metrics + i] != r->cells[i];
}

static size_t count_lines(const char *text)
{
    size_t n = 1;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static int recording_read(const char *path, struct recording *r, struct err *err)
{
    OWNED_BUF text = {0};
    if (slurp(path, &text, err) < 0)
        return -1;
    char *rest = text.data, *line = strsep(&rest, "\r\n");
    if (line == NULL || read_header(r, line, err) < 0)
        return -1;
    size_t most = rest != NULL ? count_lines(rest) : 0;
    r->cells = malloc((most * r->n_metrics + 1) * sizeof *r->cells);
    r->labelled = calloc(most + 1, 1);
    if (r->cells == NULL || r->labelled == NULL)
        return err_set(err, ENOMEM, "out of memory");
    while ((line = strsep(&rest, "\r\n")) != NULL)
        if (*line != '\0' && read_row(r, line, err) < 0)
            return -1;
    find_moving(r);
    return 0;
}

int recordings_read(const char *folder, struct recordings *ret, struct err *err)
{
    *ret = (struct recordings){0};
    for (size_t i = 0; i < RECORDINGS; i++) {
        char path[1024];
        struct err why = {0};
        snprintf(path, sizeof path, "%s/machine-%s.csv.gz", folder, machines[i]);
        if (recording_read(path, &ret->at[i], &why) < 0) {
            recordings_free(ret);
            return err_set(err, why.code, "%s: %s", path, why.text);
        }
    }
    return 0;
}

void recordings_free(struct recordings *r)
{
    for (size_t i = 0; i < RECORDINGS; i++) {
        free(r->at[i].cells);
        free(r->at[i].labelled);
    }
    *r = (struct recordings){0};
}

/* --- cases --- */

int draw_open(struct draw *d, const struct draw_want *most, struct err *err)
{
    size_t across = (most->n_changed + most->n_controls) * most->n_metrics;
    *d = (struct draw){0};
    d->cells = malloc(across * DRAW_ROWS * sizeof *d->cells);
    d->pristine = malloc(across * (DRAW_TOUCHED + DRAW_AFTER) * sizeof *d->pristine);
    if (d->cells == NULL || d->pristine == NULL) {
        draw_close(d);
        return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

void draw_close(struct draw *d)
{
    free(d->cells);
    free(d->pristine);
    *d = (struct draw){0};
}

float *draw_rows(const struct draw *d, size_t host)
{
    return d->cells + host * DRAW_ROWS * d->is.n_metrics;
}

struct place {
    const struct recording *from;
    size_t pivot;
};

static bool is_clear(const struct recording *r, size_t pivot)
{
    if (pivot < DRAW_BACK || pivot + DRAW_AFTER > r->rows)
        return false;
    for (size_t row = pivot - DRAW_CLEAR; row < pivot + DRAW_CLEAR; row++)
        if (r->labelled[row])
            return false;
    return true;
}

enum { PLACES_MAX = 256 };

static size_t find_places(const struct recordings *r, size_t group, unsigned minute,
                          struct place *to)
{
    size_t n = 0;
    for (size_t m = 0; m < MACHINES_A_GROUP; m++) {
        const struct recording *one = &r->at[group * MACHINES_A_GROUP + m];
        for (size_t pivot = minute; pivot < one->rows && n < PLACES_MAX;
             pivot += DRAW_DAY)
            if (is_clear(one, pivot))
                to[n++] = (struct place){one, pivot};
    }
    return n;
}

static void take_hosts(struct draw *d, struct place *place, size_t n, struct dice *dice)
{
    for (size_t i = 0; i < d->n_hosts; i++) {
        size_t j = i + dice_below(dice, n - i);
        struct place taken = place[j];
        place[j] = place[i];
        d->host[i].from = taken.from;
        d->host[i].pivot = taken.pivot;
    }
}

static bool moves_everywhere(const struct recordings *r, size_t group, size_t metric)
{
    for (size_t m = 0; m < MACHINES_A_GROUP; m++)
        if (!r->at[group * MACHINES_A_GROUP + m].moves[metric])
            return false;
    return true;
}

/* All machines have the same columns. */
static bool take_metrics(struct draw *d, const struct recordings *r, size_t group,
                         struct dice *dice)
{
    const char *name[RECORDING_METRICS_MAX];
    const struct recording *first = &r->at[group * MACHINES_A_GROUP];
    size_t n = 0;
    for (size_t i = 0; i < first->n_metrics; i++)
        if (moves_everywhere(r, group, i))
            name[n++] = first->metric[i];
    if (n < d->is.n_metrics)
        return false;
    for (size_t i = 0; i < d->is.n_metrics; i++) {
        size_t j = i + dice_below(dice, n - i);
        d->metric[i] = name[j];
        name[j] = name[i];
    }
    qsort(d->metric, d->is.n_metrics, sizeof *d->metric, order_texts);
    return true;
}

static size_t column_of(const struct recording *r, const char *metric)
{
    size_t i = 0;
    while (i + 1 < r->n_metrics && strcmp(r->metric[i], metric) != 0)
        i++;
    return i;
}

static void copy_hosts(struct draw *d)
{
    size_t k = d->is.n_metrics;
    for (size_t h = 0; h < d->n_hosts; h++) {
        const struct recording *r = d->host[h].from;
        size_t first = d->host[h].pivot - DRAW_BACK;
        float *to = draw_rows(d, h);
        for (size_t m = 0; m < k; m++) {
            size_t column = column_of(r, d->metric[m]);
            for (size_t row = 0; row < DRAW_ROWS; row++)
                to[row * k + m] = r->cells[(first + row) * r->n_metrics + column];
        }
        size_t kept = (DRAW_TOUCHED + DRAW_AFTER) * k;
        memcpy(d->pristine + h * kept, to + (DRAW_BACK - DRAW_TOUCHED) * k,
               kept * sizeof *to);
    }
}

void draw_restore(struct draw *d)
{
    size_t k = d->is.n_metrics, kept = (DRAW_TOUCHED + DRAW_AFTER) * k;
    for (size_t h = 0; h < d->n_hosts; h++)
        memcpy(draw_rows(d, h) + (DRAW_BACK - DRAW_TOUCHED) * k, d->pristine + h * kept,
               kept * sizeof(float));
}

/* A series that never moved in its past says nothing about anyone: of a single series
 * another one is drawn. */
static bool is_alive(const struct draw *d)
{
    for (size_t row = 1; row < DRAW_BACK; row++)
        if (*draw_at(d, 0, row, 0) != *draw_at(d, 0, 0, 0))
            return true;
    return d->is.n_metrics > 1;
}

int draw_make(struct draw *d, const struct recordings *r, const struct draw_want *want,
              uint64_t seed, uint64_t number, struct err *err)
{
    struct dice dice = dice_of(seed, want->n_metrics, number);
    struct place place[PLACES_MAX];
    d->is = *want;
    d->n_hosts = want->n_changed + want->n_controls;
    for (int i = 0; i < TRIES_MAX; i++) {
        size_t group = dice_below(&dice, GROUPS);
        d->minute = (unsigned)dice_below(&dice, DRAW_DAY);
        size_t n = find_places(r, group, d->minute, place);
        if (n < d->n_hosts || !take_metrics(d, r, group, &dice))
            continue;
        take_hosts(d, place, n, &dice);
        copy_hosts(d);
        if (is_alive(d))
            return 0;
    }
    return err_set(err, EINVAL, "found no %zu quiet hosts at one minute of the day",
                   d->n_hosts);
}
