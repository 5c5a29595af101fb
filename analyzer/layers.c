/* analyzer/layers.c - the near rows of all series against their habits.
 *
 * The sweep calls back from several threads; each score is one place of its own, and
 * what is shared is only read.  Pure. */
#include "analyzer/layers.h"
#include "analyzer/learn.h"
#include "analyzer/pool.h"
#include "analyzer/shift.h"
#include "analyzer/sweep.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct layer_score no_score = {.usual = NAN, .p = NAN};

struct scoring {
    const struct habit *habit;
    const struct series_list *list;
    struct timeline line;
    struct layers *layers;
};

static void score(const struct scoring *g, struct sweep_hand *h, const float *v,
                  size_t pivot, const struct shift_look *look,
                  const struct habit_null *null, const struct pool_tail *tail,
                  struct layer_score *ret)
{
    struct shift_score found;
    if (!null->known)
        return;
    struct shift_sums sums = shift_sum_strip(v, &g->line.strip, h->sum, h->count);
    h->null.lambda = null->lambda;
    h->null.usual = null->usual;
    h->null.spread = null->spread;
    h->null.earlier = null->earlier;
    if (!shift_score_make(&sums, v, pivot, look, &h->null, &found))
        return;
    *ret = (struct layer_score){
        .known = true,
        .recovered = found.recovered,
        .returned = found.returned,
        .z = found.z,
        .p = found.returned ? 1 : pool_p(tail, found.z),
        .effect = found.effect,
        .move = found.move,
        .usual = null->days > 0 ? expm1(null->lambda * null->usual) : NAN,
        .moments = null->n,
        .moments_like = habit_moments_like(null, found.z),
    };
}

static void on_member(void *arg, struct sweep_hand *hand, size_t series, size_t member,
                      const float *v)
{
    struct scoring *g = arg;
    const struct habit *h = g->habit;
    const struct slot *slot = g->list->member[member].slot;
    bool whole = g->list->at[series].whole;
    struct shift_look look;
    if (!sweep_look(slot, &g->line, h->yardstick[member].every, &look))
        return;
    score(g, hand, v, timeline_row(&g->line, slot->pivot), &look, &h->null[member],
          whole ? &h->group_tail : &h->tail[series],
          whole ? &g->layers->group[series] : &g->layers->host[member]);
}

static void on_group(void *arg, struct sweep_hand *hand, size_t series,
                     const struct sweep_group *group, const float *v)
{
    struct scoring *g = arg;
    score(g, hand, v, group->pivot, &group->look, &g->habit->group[series],
          &g->habit->group_tail, &g->layers->group[series]);
}

/* --- all series --- */

static int layers_alloc(struct layers *y, const struct series_list *s)
{
    *y = (struct layers){.n = s->n, .n_members = s->n_members};
    y->group = malloc((s->n + 1) * sizeof *y->group);
    y->host = malloc((s->n_members + 1) * sizeof *y->host);
    y->controls = calloc(s->n + 1, sizeof *y->controls);
    y->group_p = malloc((s->n + 1) * sizeof *y->group_p);
    y->host_p = malloc((s->n_members + 1) * sizeof *y->host_p);
    if (y->group == NULL || y->host == NULL || y->controls == NULL ||
        y->group_p == NULL || y->host_p == NULL)
        return -1;
    for (size_t i = 0; i < s->n; i++)
        y->group[i] = no_score;
    for (size_t i = 0; i < s->n_members; i++)
        y->host[i] = no_score;
    return 0;
}

static int score_near(struct scoring *g, const struct lineup *l,
                      const struct controls *k, unsigned threads, struct err *err)
{
    const struct habit *h = g->habit;
    struct sweep_case sweep = {.lineup = l,
                               .controls = k,
                               .series = g->list,
                               .line = &g->line,
                               .threads = threads,
                               .member = h->yardstick,
                               .chosen = h->chosen,
                               .on_member = on_member,
                               .on_group = on_group,
                               .arg = g};
    for (size_t i = 0; i < g->list->n; i++)
        g->layers->controls[i] = h->chosen[i].n;
    if (h->line.strip.rows == 0)
        return 0;
    g->line = timeline_near(&h->line);
    return sweep_run(&sweep, err);
}

static size_t take_p(const struct layer_score *score, size_t n, double *to)
{
    size_t m = 0;
    for (size_t i = 0; i < n; i++)
        if (score[i].known)
            to[m++] = score[i].p;
    return m;
}

int layers_score_by(const struct habit *h, const struct lineup *l,
                    const struct controls *k, const struct series_list *s,
                    unsigned threads, struct layers *ret_layers, struct err *err)
{
    struct layers *y = ret_layers;
    struct scoring g = {.habit = h, .list = s, .layers = y};
    int rc = layers_alloc(y, s);
    if (rc < 0)
        err_set(err, ENOMEM, "out of memory");
    if (rc == 0)
        rc = score_near(&g, l, k, threads, err);
    if (rc < 0) {
        layers_free(y);
        return -1;
    }
    y->n_group_p = take_p(y->group, s->n, y->group_p);
    y->n_host_p = take_p(y->host, s->n_members, y->host_p);
    return 0;
}

int layers_score(const struct lineup *l, const struct controls *k,
                 const struct series_list *s, struct layers *ret_layers,
                 struct err *err)
{
    struct learn_case c = {.lineup = l, .controls = k, .series = s, .threads = 1};
    OWNED_HABIT *h = learn_all(&c, err);
    *ret_layers = (struct layers){0};
    return h != NULL ? layers_score_by(h, l, k, s, 1, ret_layers, err) : -1;
}

void layers_free(struct layers *y)
{
    free(y->group);
    free(y->host);
    free(y->controls);
    free(y->group_p);
    free(y->host_p);
    *y = (struct layers){0};
}

double layers_group_bar(const struct layers *y, double q)
{
    return fdr_threshold(y->group_p, y->n_group_p, y->n_group_p, q);
}

double layers_host_bar(const struct layers *y, double q)
{
    return fdr_threshold(y->host_p, y->n_host_p, y->n_host_p, q);
}
