/* analyzer/probe_past.c - results of a probe in the day before a change, and how likely
 * those after it are in such times.  Pure, any thread. */
#include "analyzer/probe_past.h"
#include "analyzer/count.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without enough of a past to learn it from. */
static const double kappa_unknown = 1;

/* Points of the past's own step. */
struct days {
    struct track past;
    instant since, to; /* the past, before what the windows hold */
    size_t wide;       /* rows of the windows that are one point of the past */
    float *failed, *of;
    size_t n;
};

static void days_add(struct days *days, double failed)
{
    days->failed[days->n] = isnan(failed) ? NAN : (float)failed;
    days->of[days->n++] = isnan(failed) ? NAN : 1;
}

/* Sums the points of [from, to) of the windows, as wide as those of the past. */
static size_t fold(const struct rule *r, const struct probe_host *h, instant from,
                   instant to, struct days *days, size_t room, double *ret_failed)
{
    const struct track *t = &h->lines.unit->hot;
    struct lane rows = {t->from, t->step, t->rows, NULL};
    size_t r0, r1, n = 0;
    double value;
    lane_rows(&rows, from, to, &r0, &r1);
    for (size_t row = r0; row < r1; row += days->wide) {
        size_t end = row + days->wide < r1 ? row + days->wide : r1;
        double failed = probe_point(r, &h->lines, t, row, end, &value);
        if (room > days->n)
            days_add(days, failed);
        if (isnan(failed))
            continue;
        n++;
        *ret_failed += failed;
    }
    return n;
}

static void lay_past(const struct rule *r, const struct probe_host *h,
                     struct days *days)
{
    const struct track *t = &days->past;
    double value;
    for (size_t row = 0; row < t->rows; row++) {
        int64_t at = t->from.ms + t->step.ms * (int64_t)row;
        if (at >= days->since.ms && at + t->step.ms <= days->to.ms)
            days_add(days, probe_point(r, &h->lines, t, row, row + 1, &value));
    }
}

/* How likely so many failures are in ordinary times. */
static void score_host(const struct rule *r, struct days *days, size_t room,
                       struct probe_host *h)
{
    const struct frame *f = &h->slot->frame;
    double failed = 0, of = 0, after = 0, kappa = kappa_unknown, before = 0;
    lay_past(r, h, days);
    size_t n_before = fold(r, h, f->before_from, f->before_to, days, room, &before);
    for (size_t i = 0; i < days->n; i++)
        if (!isnan(days->of[i])) {
            failed += days->failed[i];
            of++;
        }
    size_t n_after = fold(r, h, f->after_from, f->after_to, days, 0, &after);
    h->failed_past = failed;
    h->of_past = of;
    if (n_before > 0 && n_after > 0)
        count_dispersion(&(struct count_rows){days->failed, days->of, days->n},
                         n_before, n_after, &kappa);
    struct count_case cc = {.events_before = failed,
                            .of_before = of,
                            .events_after = after,
                            .of_after = (double)n_after,
                            .kappa = kappa};
    struct count_score s;
    if (!count_score_make(&cc, &s))
        return;
    h->p = s.p_more;
    h->expected = s.expected;
}

int probe_past_score(const struct rule *r, struct probe_host *h, struct err *err)
{
    const struct unit *u = h->lines.unit;
    const struct frame *f = &h->slot->frame;
    struct days days = {
        .since = {h->slot->pivot.ms - PROBE_PAST_HOURS * INT64_C(3600000)},
        .to = f->before_from,
        .wide = 1};
    if (unit_past(u, &days.past) < 0)
        return err_set(err, ENOMEM, "out of memory");
    if (days.past.rows > 0 && days.past.step.ms > u->hot.step.ms)
        days.wide = (size_t)(days.past.step.ms / u->hot.step.ms);
    size_t room = (size_t)days.past.rows + u->hot.rows + 1;
    days.failed = calloc(room, sizeof *days.failed);
    days.of = calloc(room, sizeof *days.of);
    bool ready = days.failed != NULL && days.of != NULL;
    if (ready)
        score_host(r, &days, room, h);
    free(days.failed);
    free(days.of);
    unit_past_done(u, &days.past);
    return ready ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* --- from part to part --- */

struct record {
    uint64_t number;
    double failed_past, of_past, expected, p;
};

void probe_past_give(size_t number, const struct probe_host *h, struct buf *to)
{
    const struct record r = {number, h->failed_past, h->of_past, h->expected, h->p};
    buf_add_n(to, &r, sizeof r);
}

int probe_past_take(const struct buf *records, size_t number, struct probe_host *h,
                    struct err *err)
{
    struct record r;
    for (size_t at = 0; records->len - at >= sizeof r; at += sizeof r) {
        memcpy(&r, records->data + at, sizeof r);
        if (r.number != number)
            continue;
        h->failed_past = r.failed_past;
        h->of_past = r.of_past;
        h->expected = r.expected;
        h->p = r.p;
        return 0;
    }
    return err_set(err, EBADMSG, "nobody says what is ordinary for a probe of %s",
                   h->slot->host != NULL ? h->slot->host : "the service");
}
