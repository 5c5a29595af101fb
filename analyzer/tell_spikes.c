/* analyzer/tell_spikes.c - spikes as a finding: one for each metric, with the hosts
 * that have them.  Pure, any thread. */
#include "analyzer/tell_spikes.h"
#include "analyzer/draw.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>

/* Hosts whose points lie on one side, and what is told of them together. */
struct found {
    struct teller_host *bad;
    const struct member **member;
    size_t n;
    struct draw_range range;
    const struct spike *worst;
};

static void take(struct found *to, struct finding *f, const struct spike *s)
{
    const char *host = s->member->slot->host;
    to->member[to->n] = s->member;
    to->bad[to->n++] = (struct teller_host){s->member, host != NULL ? host : "",
                                            s->level, s->peak, s->z};
    draw_widen(&to->range, s->member->slot);
    f->before += s->level;
    f->after += s->peak;
    if (to->worst == NULL || s->z > to->worst->z)
        to->worst = s;
    if (instant_is_none(f->first_seen) || s->first.ms < f->first_seen.ms)
        f->first_seen = s->first;
}

static void say_spikes(struct buf *b, const struct finding *f, const struct spikes *all,
                       const struct spike *worst)
{
    teller_say_subject(b, f, all->n_asked, all->metric);
    buf_addf(b, " was far %s its usual level in %d of %d points after the change",
             worst->above ? "above" : "below", worst->n, worst->of);
    if (f->n_hosts > 1)
        buf_add(b, " (on the worst of them)");
    buf_add(b, "; these points are at ");
    words_value(b, f->after, f->unit);
    buf_add(b, " on average, and the level before was ");
    words_value(b, f->before, f->unit);
    buf_addf(b, ". Of %d ordinary moments of the day before, %d had as many",
             worst->moments, worst->moments_like);
    if (worst->controls > 0)
        buf_addf(b, ", and %zu of %zu unchanged hosts had half as many",
                 worst->controls_like, worst->controls);
}

static void fill(struct teller *t, struct finding *f, const struct spikes *all,
                 struct found *to)
{
    struct buf words = {0};
    const struct spike *worst = to->worst;
    f->before /= (double)to->n;
    f->after /= (double)to->n;
    f->delta = f->after - f->before;
    f->effect = f->before != 0 ? f->after / f->before - 1 : NAN;
    f->z = worst->z;
    f->p = worst->p;
    f->confidence = 1 - worst->p;
    f->moments = worst->moments;
    f->moments_like = worst->moments_like;
    if (worst->member->slot->host != NULL)
        teller_list_hosts(t, f, to->bad, to->n);
    draw_members(t, f, &to->range, to->member, to->n, all->control,
                 all->n_control_members);
    f->service = teller_copy(t, teller_service(t, all->service));
    f->metric = teller_copy(t, all->metric);
    f->unit = teller_copy(t, all->rule->unit);
    say_spikes(&words, f, all, worst);
    teller_end(t, f, &words, all->rule, GRADE_ATTENTION);
}

static bool tells(const struct spike *s, bool above)
{
    return s->grade != GRADE_OK && s->above == above;
}

static void tell_side(struct teller *t, const struct spikes *all, bool above)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += tells(&all->at[i], above);
    if (n == 0)
        return;
    struct finding *f =
        teller_begin(t, all->rule, FINDING_SPIKE, GRADE_ATTENTION, false);
    struct found to = {.bad = calloc(n, sizeof *to.bad),
                       .member = calloc(n, sizeof *to.member),
                       .range = draw_range_none};
    if (f == NULL || to.bad == NULL || to.member == NULL) {
        t->failed = true;
    } else {
        f->before = f->after = 0;
        for (size_t i = 0; i < all->n; i++)
            if (tells(&all->at[i], above))
                take(&to, f, &all->at[i]);
        fill(t, f, all, &to);
    }
    free(to.bad);
    free(to.member);
}

void tell_spikes(struct teller *t, const struct spikes *s)
{
    tell_side(t, s, true);
    tell_side(t, s, false);
}
