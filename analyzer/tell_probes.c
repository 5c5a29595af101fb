/* analyzer/tell_probes.c - failing probes as findings.  Figures and curve are the share
 * of the points that failed.  Pure, any thread. */
#include "analyzer/tell_probes.h"
#include "analyzer/draw.h"
#include "analyzer/words.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

/* The hosts that a finding will list, and what is drawn of them. */
struct failing {
    struct teller_host *bad;
    const struct probe_host **host;
    size_t n;
    struct draw_range range;
    const struct probe_host *worst;
};

static double percent(int failed, int n)
{
    return n > 0 ? 100.0 * failed / n : NAN;
}

/* "was failing in 5 of the last 5 points after the change (the last value: 3), in 0 of
 * 30 before it". */
static void say_points(struct buf *b, const struct finding *f,
                       const struct probe_host *h)
{
    if (f->recovered)
        buf_addf(b, " failed in %d of %d points after the change", h->failed_after,
                 h->n_after);
    else
        buf_addf(b, " failed in %d of the last %d points after the change",
                 h->failed_last, h->n_last);
    buf_add(b, " (the value was ");
    words_value(b, h->value, NULL);
    buf_add_ch(b, ')');
    if (h->slot->fresh)
        buf_add(b, ", a host without a past");
    else
        buf_addf(b, ", in %d of %d before it", h->failed_before, h->n_before);
    if (f->n_hosts > 1)
        buf_add(b, " (on the worst of them)");
}

static void say_controls(struct buf *b, const struct finding *f, const struct probe *p)
{
    size_t n = f->recovered ? p->controls_failing + p->controls_recovered
                            : p->controls_failing;
    if (p->n_controls == 0)
        return;
    if (n == 0)
        buf_add(b, "; it did so on none");
    else
        buf_addf(b, "; it did so on %zu", n);
    buf_addf(b, " of %zu unchanged host%s", p->n_controls,
             p->n_controls == 1 ? "" : "s");
}

static void say_probe(struct buf *b, const struct finding *f, const struct probe *p,
                      const struct probe_host *worst)
{
    teller_say_subject(b, f, p->n_judged, p->name);
    say_points(b, f, worst);
    say_controls(b, f, p);
    if (!probe_is_ordinary(worst))
        return;
    buf_add(b, "; it failed there in ");
    words_count(b, worst->failed_past);
    buf_add(b, " of the ");
    words_count(b, worst->of_past);
    buf_add(b, " points of the day before, so ");
    words_value(b, worst->expected, NULL);
    buf_add(b, " would be usual after the change");
}

static void take(struct failing *to, struct finding *f, const struct probe_host *h)
{
    double before = percent(h->failed_before, h->n_before);
    double after = percent(h->failed_after, h->n_after);
    const char *host = h->slot->host;
    draw_widen(&to->range, h->slot);
    to->host[to->n] = h;
    to->bad[to->n++] =
        (struct teller_host){NULL, host != NULL ? host : "", before, after, after};
    f->before += before;
    f->after += after;
    if (to->worst == NULL || h->failed_after > to->worst->failed_after)
        to->worst = h;
    if (!instant_is_none(h->first) &&
        (instant_is_none(f->first_seen) || h->first.ms < f->first_seen.ms))
        f->first_seen = h->first;
}

static void draw_failing(struct teller *t, struct finding *f, const struct probe *p,
                         const struct failing *of)
{
    struct draw_bins bins;
    if (draw_bins_make(&bins, &of->range, t->lineup->step)) {
        for (size_t i = 0; i < of->n; i++) {
            const struct probe_lines *lines = &of->host[i]->lines;
            double *room = calloc(lines->unit->hot.rows + 1, sizeof *room);
            t->failed |= room == NULL;
            struct lane lane = {0};
            if (room != NULL)
                lane = probe_lane(p->rule, lines, room);
            for (size_t r = 0; r < lane.n; r++)
                draw_bins_add(&bins,
                              (instant){lane.from.ms + lane.step.ms * (int64_t)r},
                              100 * lane.v[r]);
            free(room);
        }
        draw_line(t, &f->curve, &bins, false);
    }
    draw_bins_free(&bins);
}

static void tell_failing(struct teller *t, struct finding *f, const struct probe *p,
                         struct failing *of, size_t more)
{
    struct buf words = {0};
    enum probe_state state = f->recovered ? PROBE_RECOVERED : PROBE_FAILS;
    f->before = f->after = 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->host[i].told && p->host[i].state == state)
            take(of, f, &p->host[i]);
    assert(of->worst != NULL); /* somebody is told */
    f->before /= (double)of->n;
    f->after /= (double)of->n;
    f->delta = f->after - f->before;
    if (!p->whole)
        teller_list_hosts(t, f, of->bad, of->n);
    draw_failing(t, f, p, of);
    f->service = teller_copy(t, teller_service(t, p->service));
    f->metric = teller_copy(t, p->name);
    f->unit = teller_copy(t, "%");
    f->p = of->worst->p;
    f->confidence = isnan(f->p) ? 1 : 1 - f->p;
    f->n_like = more;
    say_probe(&words, f, p, of->worst);
    if (more > 0)
        buf_addf(&words, "; %zu further probes are not listed", more);
    teller_end(t, f, &words, p->rule, p->grade);
}

static void tell(struct teller *t, const struct probe *p, bool recovered, size_t more)
{
    struct finding *f = teller_begin(t, p->rule, FINDING_PROBE, p->grade, recovered);
    struct failing of = {.bad = calloc(p->n + 1, sizeof *of.bad),
                         .host = calloc(p->n + 1, sizeof *of.host),
                         .range = draw_range_none};
    if (f != NULL && of.bad != NULL && of.host != NULL)
        tell_failing(t, f, p, &of, more);
    else
        t->failed = true;
    free(of.bad);
    free(of.host);
}

/* Tells those of a grade, recovered ones as ok, as long as there is room. */
static void tell_grade(struct teller *t, const struct probes *p, enum grade g,
                       size_t all, size_t *told)
{
    bool over = g == GRADE_OK;
    for (size_t i = 0; i < p->n && *told < TELL_PROBES_MAX; i++) {
        const struct probe *one = &p->at[i];
        if (over ? one->n_over == 0 : one->n_told == 0 || one->grade != g)
            continue;
        size_t more = *told == 0 && all > TELL_PROBES_MAX ? all - TELL_PROBES_MAX : 0;
        tell(t, one, over, more);
        ++*told;
    }
}

void tell_probes(struct teller *t, const struct probes *p)
{
    size_t all = 0, told = 0;
    for (size_t i = 0; i < p->n; i++)
        all += (p->at[i].n_told > 0) + (p->at[i].n_over > 0);
    tell_grade(t, p, GRADE_MUST_HANDLE, all, &told);
    tell_grade(t, p, GRADE_ATTENTION, all, &told);
    tell_grade(t, p, GRADE_OK, all, &told);
}
