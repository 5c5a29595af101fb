/* analyzer/life.c - the plan of a change's looks.
 *
 * Every host that has been worked on asks for one look after each span of the windows
 * rule; looks that end close together (within the time left for late samples) share a
 * checkpoint, so that a release host by host does not make thousands of them.  What
 * must hold: the plan follows from the change and the rule alone, its times rise, and
 * at most its last checkpoint is final.  No state; any thread. */
#include "analyzer/life.h"

#include <stdlib.h>

struct change_host life_whole(const struct change *c)
{
    struct change_host all = {.pivot = c->start, .done = c->start};
    if (c->finished && !instant_is_none(c->end) && c->end.ms > c->start.ms)
        all.done = c->end;
    return all;
}

bool life_waits(const struct change *c, const struct change_host *h)
{
    if (c->finished || c->cancelled || h->batch > 0)
        return false;
    if (c->batches_of > 0 || c->batches_done > 0)
        return true;
    for (size_t i = 0; i < c->n_hosts; i++)
        if (c->host[i].batch > 0)
            return true;
    return false;
}

/* One look of one host. */
struct look {
    instant ends;
    span length;
};

static int by_end(const void *a, const void *b)
{
    const struct look *x = a, *y = b;
    if (x->ends.ms != y->ends.ms)
        return x->ends.ms < y->ends.ms ? -1 : 1;
    return (x->length.ms > y->length.ms) - (x->length.ms < y->length.ms);
}

static size_t add_looks(struct look *to, const struct change_host *h,
                        const struct windows_rule *w)
{
    for (size_t k = 0; k < w->n_looks; k++)
        to[k] = (struct look){instant_add(h->done, w->looks[k]), w->looks[k]};
    return w->n_looks;
}

static size_t all_looks(const struct change *c, const struct windows_rule *w,
                        struct look *to)
{
    if (c->n_hosts == 0) {
        struct change_host all = life_whole(c);
        return add_looks(to, &all, w);
    }
    /* asked once for all hosts, not host by host: that would be quadratic */
    bool batches = life_waits(c, &(struct change_host){.batch = 0});
    size_t n = 0;
    for (size_t i = 0; i < c->n_hosts; i++)
        if (!batches || c->host[i].batch > 0)
            n += add_looks(to + n, &c->host[i], w);
    return n;
}

/* Looks, rising, to checkpoints. */
static size_t gather(const struct look *look, size_t n, const struct windows_rule *w,
                     struct checkpoint *to)
{
    size_t made = 0;
    int64_t first = 0;
    for (size_t i = 0; i < n; i++) {
        struct checkpoint *last = made > 0 ? &to[made - 1] : NULL;
        if (last != NULL && look[i].ends.ms - first <= w->late.ms) {
            last->ends = look[i].ends;
            if (look[i].length.ms < last->look.ms)
                last->look = look[i].length;
        } else {
            last = &to[made++];
            first = look[i].ends.ms;
            *last = (struct checkpoint){.ends = look[i].ends, .look = look[i].length};
        }
        last->at = instant_add(last->ends, w->late);
    }
    return made;
}

static instant last_event(const struct change *c)
{
    instant last = c->start;
    for (size_t i = 0; i < c->n_hosts; i++)
        if (c->host[i].done.ms > last.ms)
            last = c->host[i].done;
    return last;
}

/* Nobody said that it was finished: no look beyond the closing time, and a final word
 * then. */
static size_t close_unfinished(const struct change *c, const struct windows_rule *w,
                               struct checkpoint *at, size_t n)
{
    instant closing = instant_add(last_event(c), w->unfinished);
    while (n > 0 && at[n - 1].ends.ms >= closing.ms)
        n--;
    at[n] = (struct checkpoint){.at = instant_add(closing, w->late),
                                .ends = closing,
                                .look = w->looks[w->n_looks - 1],
                                .final = true};
    return n + 1;
}

static size_t only_end(const struct change *c, const struct windows_rule *w,
                       struct checkpoint *to)
{
    instant end = instant_is_none(c->end) ? last_event(c) : c->end;
    *to = (struct checkpoint){
        .at = instant_add(end, w->late), .ends = end, .final = true};
    for (size_t i = 0; i < c->n_hosts; i++) {
        span look = life_host_look(&c->host[i], w, end);
        if (look.ms > to->look.ms)
            to->look = look;
    }
    return 1;
}

int life_plan(const struct change *c, const struct windows_rule *w,
              struct plan *ret_plan)
{
    size_t most = (c->n_hosts > 0 ? c->n_hosts : 1) * w->n_looks;
    struct look *look = calloc(most, sizeof *look);
    struct checkpoint *at = calloc(most + 1, sizeof *at);
    if (look == NULL || at == NULL) {
        free(look);
        free(at);
        return -1;
    }
    size_t n = 0;
    bool closes = !c->cancelled && !c->finished;
    if (c->cancelled) {
        n = only_end(c, w, at);
    } else {
        size_t looks = all_looks(c, w, look);
        qsort(look, looks, sizeof *look, by_end);
        n = gather(look, looks, w, at);
        if (!c->finished) {
            n = close_unfinished(c, w, at, n);
        } else {
            /* The finish may come after the last batch's last look. */
            at[n - 1].final = true;
            if (!instant_is_none(c->end) && c->end.ms > at[n - 1].at.ms)
                at[n - 1].at = c->end;
        }
    }
    free(look);
    *ret_plan = (struct plan){at, n, n - (closes && n > 1)};
    return 0;
}

size_t plan_looks(const struct plan *p, size_t k)
{
    return k < p->looks ? p->looks : p->n;
}

void plan_free(struct plan *p)
{
    free(p->at);
    *p = (struct plan){0};
}

bool life_slow(const struct change *c, const struct windows_rule *w, size_t k,
               struct checkpoint *ret)
{
    if (!c->finished || c->cancelled || k >= w->n_slow ||
        w->slow[k].ms <= w->looks[w->n_looks - 1].ms)
        return false;
    instant last = c->n_hosts > 0 ? c->host[0].done : life_whole(c).done;
    for (size_t i = 1; i < c->n_hosts; i++)
        if (c->host[i].done.ms > last.ms)
            last = c->host[i].done;
    instant ends = instant_add(last, w->slow[k]);
    *ret = (struct checkpoint){.at = instant_add(ends, w->late),
                               .ends = ends,
                               .look = w->slow[k],
                               .final = true};
    return true;
}

const char *life_step(const struct change *c, const struct windows_rule *w, instant now)
{
    if (c->cancelled)
        return "cancelled";
    if (now.ms < c->start.ms)
        return "posted";
    struct plan plan;
    const char *step = c->finished ? "settling" : "running";
    if (life_plan(c, w, &plan) < 0)
        return step;
    if (plan.at[plan.n - 1].at.ms <= now.ms)
        step = "final";
    else if (plan.at[0].at.ms <= now.ms)
        step = "looked at";
    plan_free(&plan);
    return step;
}

span life_host_look(const struct change_host *h, const struct windows_rule *w,
                    instant ends)
{
    span longest = {0};
    for (size_t k = 0; k < w->n_looks; k++)
        if (h->done.ms + w->looks[k].ms <= ends.ms)
            longest = w->looks[k];
    return longest;
}
