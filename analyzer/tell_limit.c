/* analyzer/tell_limit.c - a broken limit as a finding.  Pure, any thread. */
#include "analyzer/tell_limit.h"
#include "analyzer/draw.h"
#include "analyzer/words.h"
#include "rules/condition.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* From where to where, and what the unchanged hosts did. */
static void say_rest(struct buf *b, const struct finding *f,
                     const struct limit_check *c, const struct limit_host *worst)
{
    if (f->n_hosts > 1 || worst->member->slot->host == NULL)
        buf_add(b, f->n_hosts > 1 ? " (on the worst of them)" : "");
    if (isnan(f->before)) {
        buf_add(b, "; it is ");
    } else {
        buf_add(b, "; it went from ");
        words_value(b, f->before, f->unit);
        buf_add(b, " to ");
    }
    words_value(b, f->after, f->unit);
    if (c->n_controls > 0)
        buf_addf(b, ", and %zu of %zu unchanged hosts %s", c->controls_over,
                 c->n_controls, c->when != NULL ? "met it, too" : "broke the limit");
}

/* "met after > before * 1.3 in 4 of the last 5 points after the change". */
static void say_condition(struct buf *b, const struct limit_check *c,
                          const struct limit_host *worst)
{
    buf_addf(b, " met %s", condition_text(c->when->when.condition));
    if (c->when->hold.of > 0)
        buf_addf(b, " in %d of the last %d points", worst->over_after, worst->n_after);
    buf_add(b, " after the change");
    if (worst->member->slot->fresh)
        buf_add(b, " (a host without a past)");
    else
        buf_add(b, ", and did not before it");
}

static void say_limit(struct buf *b, const struct finding *f,
                      const struct limit_check *c, const struct limit_host *worst)
{
    const struct limit *l = &c->rule->limit;
    if (c->edge != NULL) {
        OWNED_BUF figure = {0};
        buf_addf(&figure, "mean time of calls %s", c->metric);
        teller_say_subject(b, f, c->n, buf_text(&figure));
    } else {
        teller_say_subject(b, f, c->n, c->metric);
    }
    if (c->when != NULL) {
        say_condition(b, c, worst);
        say_rest(b, f, c, worst);
        return;
    }
    buf_addf(b, " was %s ", l->above ? "above" : "below");
    words_value(b, l->value, f->unit);
    buf_addf(b, " in %d of the last %d points after the change", worst->over_after,
             worst->n_after);
    if (worst->member->slot->fresh)
        buf_add(b, " (a host without a past)");
    else
        buf_addf(b, " and in %d of the last %d before it", worst->over_before,
                 worst->n_before);
    say_rest(b, f, c, worst);
}

/* The hosts that a finding will list, and what is drawn of them. */
struct broken {
    struct teller_host *bad;
    const struct member **member;
    size_t n;
    struct draw_range range;
    const struct limit_host *worst;
    double worst_size;
};

static void take(struct broken *to, struct finding *f, const struct limit_host *h,
                 const struct limit *l)
{
    const char *host = h->member->slot->host;
    double size = fabs(h->after - (l != NULL ? l->value : h->before));
    to->member[to->n] = h->member;
    to->bad[to->n++] = (struct teller_host){h->member, host != NULL ? host : "",
                                            h->before, h->after, size};
    draw_widen(&to->range, h->member->slot);
    f->before += h->before;
    f->after += h->after;
    if (to->worst == NULL || size > to->worst_size) {
        to->worst_size = size;
        to->worst = h;
    }
    if (!instant_is_none(h->first) &&
        (instant_is_none(f->first_seen) || h->first.ms < f->first_seen.ms))
        f->first_seen = h->first;
}

static void tell_broken(struct teller *t, struct finding *f,
                        const struct limit_check *c, struct broken *b)
{
    const struct limit *l = c->when == NULL ? &c->rule->limit : NULL;
    struct buf limit = {0}, words = {0};
    f->before = f->after = 0;
    for (size_t i = 0; i < c->n; i++)
        if (c->host[i].broken)
            take(b, f, &c->host[i], l);
    assert(b->worst != NULL); /* c->n_broken > 0 */
    f->before /= (double)b->n;
    f->after /= (double)b->n;
    f->delta = f->after - f->before;
    f->effect = f->before != 0 ? f->after / f->before - 1 : NAN;
    if (b->worst->member->slot->host != NULL)
        teller_list_hosts(t, f, b->bad, b->n);
    draw_members(t, f, &b->range, b->member, b->n, c->control, c->n_control_members);
    f->service = teller_copy(t, teller_service(t, c->service));
    OWNED_BUF metric = {0};
    buf_addf(&metric, "%s%s", c->edge != NULL ? "latency " : "", c->metric);
    f->metric = teller_give(t, &metric);
    f->unit = teller_copy(t, c->edge != NULL ? "ms" : c->rule->unit);
    limit_words(c, &limit);
    f->limit = teller_give(t, &limit);
    say_limit(&words, f, c, b->worst);
    teller_end(t, f, &words, c->rule, c->grade);
}

void tell_limit(struct teller *t, const struct limit_check *c)
{
    if (c->n_broken == 0 || c->excused)
        return;
    struct finding *f = teller_begin(t, c->rule, FINDING_LIMIT, c->grade, false);
    struct broken b = {.bad = calloc(c->n + 1, sizeof *b.bad),
                       .member = calloc(c->n + 1, sizeof *b.member),
                       .range = draw_range_none};
    if (f != NULL && b.bad != NULL && b.member != NULL)
        tell_broken(t, f, c, &b);
    else
        t->failed = true;
    free(b.bad);
    free(b.member);
}
