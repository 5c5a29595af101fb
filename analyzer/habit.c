/* analyzer/habit.c - keeping what was learned, in little room.  Pure; a habit that was
 * made is only read, by any thread. */
#include "analyzer/habit.h"
#include "analyzer/run.h"
#include "analyzer/sweep.h"
#include "base/table_hash.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- life --- */

struct habit *habit_new(const struct lineup *l, const struct controls *k,
                        const struct series_list *s, struct err *err)
{
    struct habit *h = calloc(1, sizeof *h);
    if (h == NULL)
        return err_set(err, ENOMEM, "out of memory"), NULL;
    h->line = timeline_of(l);
    h->n = s->n;
    h->n_members = s->n_members;
    h->yardstick = calloc(s->n_members + 1, sizeof *h->yardstick);
    h->null = calloc(s->n_members + 1, sizeof *h->null);
    h->group = calloc(s->n + 1, sizeof *h->group);
    h->tail = calloc(s->n + 1, sizeof *h->tail);
    h->chosen = calloc(s->n + 1, sizeof *h->chosen);
    if (h->yardstick == NULL || h->null == NULL || h->group == NULL ||
        h->tail == NULL || h->chosen == NULL) {
        err_set(err, ENOMEM, "out of memory for the habits of %zu series",
                s->n_members);
        habit_free(&h);
    } else if (sweep_choose(l, k, s, h->chosen, &h->host, &h->control, err) < 0) {
        habit_free(&h);
    }
    return h;
}

void habit_free(struct habit **h)
{
    if (*h == NULL)
        return;
    for (size_t i = 0; (*h)->tail != NULL && i < (*h)->n; i++)
        pool_tail_free(&(*h)->tail[i]);
    pool_tail_free(&(*h)->group_tail);
    free((*h)->yardstick);
    free((*h)->null);
    free((*h)->group);
    free((*h)->tail);
    free((*h)->chosen);
    free((*h)->host);
    free((*h)->control);
    buf_free(&(*h)->days);
    free(*h);
    *h = NULL;
}

size_t habit_bytes(const struct habit *h)
{
    size_t chosen = 0, tails = pool_tail_bytes(&h->group_tail);
    for (size_t i = 0; i < h->n; i++) {
        chosen += h->chosen[i].n;
        tails += pool_tail_bytes(&h->tail[i]);
    }
    return sizeof *h + h->n_members * (sizeof *h->yardstick + sizeof *h->null) +
           h->n * (sizeof *h->group + sizeof *h->tail + sizeof *h->chosen) +
           chosen * (sizeof *h->host + sizeof *h->control) + tails + h->days.len;
}

/* --- what it follows from --- */

static uint64_t print_bytes(uint64_t print, const void *bytes, size_t n)
{
    return n > 0 ? table_hash(bytes, n, print) : print;
}

static uint64_t print_text(uint64_t print, const char *text)
{
    return print_bytes(print, text, strlen(text) + 1);
}

static uint64_t print_number(uint64_t print, int64_t v)
{
    return print_bytes(print, &v, sizeof v);
}

static uint64_t print_slot(uint64_t print, const struct slot *s)
{
    const int64_t v[] = {s->state,
                         s->fresh,
                         s->pivot.ms,
                         s->look.ms,
                         s->frame.before_from.ms,
                         s->frame.before_to.ms,
                         s->frame.after_from.ms,
                         s->frame.after_to.ms,
                         (int64_t)s->cohort};
    print = print_text(print, s->host != NULL ? s->host : "");
    return print_bytes(print, v, sizeof v);
}

static uint64_t print_lineup(uint64_t print, const struct lineup *l)
{
    struct timeline t = timeline_of(l);
    const int64_t v[] = {t.from.ms,
                         t.step.ms,
                         (int64_t)t.strip.rows,
                         (int64_t)t.strip.cut,
                         (int64_t)t.strip.wide,
                         (int64_t)t.strip.lead,
                         l->step.ms,
                         (int64_t)l->n_units,
                         (int64_t)l->n_cohorts};
    print = print_bytes(print, v, sizeof v);
    for (size_t i = 0; i < l->n_slots; i++)
        print = print_slot(print, &l->slot[i]);
    return print_slot(print, &l->whole);
}

static uint64_t print_controls(uint64_t print, const struct lineup *l,
                               const struct controls *k)
{
    for (size_t i = 0; i < k->n; i++) {
        print = print_text(print, k->host[i]);
        for (size_t c = 0; c < l->n_cohorts; c++)
            print = print_number(print, control_is_free(l, k->host[i], &l->cohort[c]));
    }
    return print;
}

static uint64_t print_series(uint64_t print, const struct lineup *l,
                             const struct series_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct series *s = &list->at[i];
        print = print_text(print_text(print, s->service), s->key);
        print = print_number(print, (int64_t)s->n_members << 2 |
                                        (s->rule != NULL) << 1 | s->whole);
        for (size_t m = 0; m < s->n_members; m++) {
            const struct member *one = &s->member[m];
            uint32_t at[] = {s->whole ? UINT32_MAX : (uint32_t)(one->slot - l->slot),
                             one->metric};
            print = print_bytes(print, at, sizeof at);
        }
    }
    return print;
}

/* A unit's rows before `until`. */
static uint64_t print_rows(uint64_t print, const struct unit *u, instant until)
{
    const struct track *t = &u->hot;
    int64_t ms = until.ms - t->from.ms;
    int64_t rows = ms > 0 && t->step.ms > 0 ? ms / t->step.ms : 0;
    size_t n = rows < t->rows ? (size_t)rows : t->rows;
    print = print_number(print, t->from.ms);
    return print_bytes(print, t->cells, n * u->n_metrics * sizeof *t->cells);
}

/* Those of hosts are looked at up to the last change of any. */
static uint64_t print_hot(uint64_t print, const struct lineup *l)
{
    instant last = align_last_pivot(l);
    for (size_t i = 0; i < l->n_units; i++)
        if (l->unit[i]->who.kind != ENTITY_EDGE)
            print = print_rows(print, l->unit[i], last);
    return print;
}

uint64_t habit_print(const struct lineup *l, const struct controls *k,
                     const struct series_list *s)
{
    uint64_t print = print_lineup(0, l);
    print = print_controls(print, l, k);
    print = print_series(print, l, s);
    return print_hot(print, l);
}

/* --- placebos --- */

enum { BINS_A_UNIT = 4 };

/* Puts one among the largest, of which `n` there are so far. */
static void keep_large(float *largest, size_t n, float size)
{
    size_t i = n < HABIT_LARGEST ? n : HABIT_LARGEST - 1;
    if (n >= HABIT_LARGEST && size <= largest[i])
        return;
    for (; i > 0 && largest[i - 1] < size; i--)
        largest[i] = largest[i - 1];
    largest[i] = size;
}

/* Only those from the highest bin's end on that leaves enough need to be put in order.
 */
static void find_largest(const float *size, size_t n, const size_t below[HABIT_BINS],
                         float *largest)
{
    float few[SHIFT_PLACEBOS_MAX + 1], from = 0;
    size_t m = 0;
    for (size_t b = 0; b < HABIT_BINS && n - below[b] >= HABIT_LARGEST; b++)
        from = (float)(b + 1) / BINS_A_UNIT;
    for (size_t i = 0; i < n; i++) { /* without a branch on any of them */
        few[m] = size[i];
        m += size[i] >= from;
    }
    for (size_t i = 0; i < m; i++)
        keep_large(largest, i, few[i]);
}

void habit_note(const struct shift_null *null, bool known, struct habit_null *ret)
{
    float size[SHIFT_PLACEBOS_MAX];
    size_t below[HABIT_BINS], n = known ? (size_t)null->n : 0;
    *ret = (struct habit_null){.known = known};
    if (!known)
        return;
    ret->lambda = null->lambda;
    ret->usual = null->usual;
    ret->spread = null->spread;
    ret->earlier = null->earlier;
    ret->days = (uint8_t)null->days;
    ret->n = (uint16_t)n;
    run_sizes(size, null->placebo, n);
    for (size_t b = 0; b < HABIT_BINS; b++) {
        below[b] = run_count_below(size, n, (float)(b + 1) / BINS_A_UNIT);
        ret->bin[b] = (uint8_t)(below[b] - (b > 0 ? below[b - 1] : 0));
    }
    find_largest(size, n, below, ret->largest);
}

int habit_moments_like(const struct habit_null *null, double z)
{
    size_t n = 0, kept = null->n < HABIT_LARGEST ? null->n : HABIT_LARGEST, small = 0;
    float size = (float)fabs(z), at = size * BINS_A_UNIT;
    while (n < kept && null->largest[n] >= size)
        n++;
    if (n < kept || kept == null->n)
        return (int)n;
    /* more than are kept: all but those of smaller bins, and a part of its own */
    for (size_t b = 0; b < HABIT_BINS && (float)b < at; b++)
        small += (size_t)((float)null->bin[b] * fminf(at - (float)b, 1));
    size_t like = null->n - small;
    return (int)(like > kept ? like : kept);
}
