/* analyzer/pulse.c - the rows in which hosts sent anything.  Pure, any thread. */
#include "analyzer/pulse.h"
#include "analyzer/series.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool row_has_any(const struct unit *u, size_t row)
{
    const float *cells = u->hot.cells + row * u->n_metrics;
    for (uint32_t i = 0; i < u->n_metrics; i++)
        if (!isnan(cells[i]))
            return true;
    return false;
}

/* Marks the rows of a unit in a lane that begins where the units' tracks do. */
static void mark(const struct unit *u, struct lane *l, double *v)
{
    if (u->hot.rows == 0)
        return;
    if (l->n == 0) {
        *l = (struct lane){u->hot.from, u->hot.step, u->hot.rows, v};
        for (size_t r = 0; r < l->n; r++)
            v[r] = NAN;
    }
    for (size_t r = 0; r < u->hot.rows && r < l->n; r++)
        if (isnan(v[r]) && row_has_any(u, r))
            v[r] = 1;
}

/* Who reported an edge. */
static const char *reporter(const struct entity *edge)
{
    return strcmp(edge->side, "server") == 0 ? edge->callee_host : edge->caller_host;
}

/* Units by the host that sent them. */
struct sender {
    const char *host;
    const struct unit *unit;
};

static int by_sender(const void *a, const void *b)
{
    return strcmp(((const struct sender *)a)->host, ((const struct sender *)b)->host);
}

struct senders {
    struct sender *at;
    size_t n;
    double *room; /* for one lane */
};

static void list_senders(const struct lineup *l, struct senders *s)
{
    for (size_t i = 0; i < l->n_units; i++) {
        const struct entity *who = &l->unit[i]->who;
        const char *host = who->kind == ENTITY_HOST   ? who->host
                           : who->kind == ENTITY_EDGE ? reporter(who)
                                                      : "";
        if (*host != '\0')
            s->at[s->n++] = (struct sender){host, l->unit[i]};
    }
    qsort(s->at, s->n, sizeof *s->at, by_sender);
}

/* The rows in which a host sent units of a kind, as a lane in the room; no rows when
 * there are none of it. */
static struct lane rows_of(const struct senders *s, const char *host,
                           enum entity_kind kind)
{
    struct lane lane = {.v = s->room};
    size_t lo = 0, hi = s->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (strcmp(s->at[mid].host, host) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < s->n && strcmp(s->at[lo].host, host) == 0; lo++)
        if (s->at[lo].unit->who.kind == kind)
            mark(s->at[lo].unit, &lane, s->room);
    return lane;
}

static bool has_any(const struct lane *l)
{
    for (size_t r = 0; r < l->n; r++)
        if (!isnan(l->v[r]))
            return true;
    return false;
}

static struct lane pulse_of(const struct senders *s, const char *host)
{
    struct lane own = rows_of(s, host, ENTITY_HOST);
    return has_any(&own) ? own : rows_of(s, host, ENTITY_EDGE);
}

static bool calls_go_on(const struct senders *s, const struct slot *slot)
{
    struct lane lane = rows_of(s, slot->host, ENTITY_EDGE);
    return lane_cut(&lane, &slot->frame).n_after > 0;
}

/* True when there is a sample in the last half of the window after. */
static bool sends_on(const struct lane *l, const struct frame *f)
{
    double share;
    instant middle = {f->after_from.ms + (f->after_to.ms - f->after_from.ms) / 2};
    return !isnan(lane_mean(l, middle, f->after_to, &share));
}

static enum pulse_state judge_pulse(const struct cut *c, double share, bool fresh,
                                    bool on)
{
    if (!fresh && (c->n_before < POINTS_LEAST || c->share_before < share))
        return PULSE_NONE_BEFORE;
    if (c->n_after == 0 || !on)
        return PULSE_SILENT;
    if (c->share_after < share)
        return PULSE_THIN_AFTER;
    return fresh ? PULSE_FRESH : PULSE_GOOD;
}

static instant last_sent(const struct lane *l, instant until)
{
    size_t from, to;
    lane_rows(l, l->from, until, &from, &to);
    while (to > 0 && isnan(l->v[to - 1]))
        to--;
    if (to == 0)
        return INSTANT_NONE;
    return (instant){l->from.ms + l->step.ms * (int64_t)to};
}

static void take_slots(const struct lineup *l, double share, const struct senders *s,
                       struct pulses *p)
{
    for (size_t i = 0; i < l->n_slots; i++) {
        struct pulse *one = &p->at[p->n++];
        *one = (struct pulse){
            .slot = &l->slot[i], .state = PULSE_NOT_ASKED, .last = INSTANT_NONE};
        if (l->slot[i].state != SLOT_READY)
            continue;
        struct lane lane = pulse_of(s, l->slot[i].host);
        one->cut = lane_cut(&lane, &l->slot[i].frame);
        one->state = judge_pulse(&one->cut, share, l->slot[i].fresh,
                                 sends_on(&lane, &l->slot[i].frame));
        one->last = last_sent(&lane, l->slot[i].frame.after_to);
        p->asked++;
        p->good += one->state == PULSE_GOOD;
        p->fresh += one->state == PULSE_FRESH;
        one->calls = one->state == PULSE_SILENT && calls_go_on(s, &l->slot[i]);
        p->silent += one->state == PULSE_SILENT;
        p->calling += one->calls;
    }
}

static void take_others(const struct lineup *l, const struct controls *k,
                        const struct senders *s, struct pulses *p)
{
    for (size_t i = 0; i < k->n && l->whole.state == SLOT_READY; i++) {
        struct lane lane = pulse_of(s, k->host[i]);
        struct cut cut = lane_cut(&lane, &l->whole.frame);
        p->others += cut.n_before > 0 && sends_on(&lane, &l->whole.frame);
    }
}

static bool anyone_after(const struct lineup *l)
{
    for (size_t i = 0; i < l->n_units && l->whole.state == SLOT_READY; i++) {
        const struct unit *u = l->unit[i];
        struct lane lane = {u->hot.from, u->hot.step, u->hot.rows, NULL};
        size_t from, to;
        lane_rows(&lane, l->whole.frame.after_from, l->whole.frame.after_to, &from,
                  &to);
        for (size_t r = from; r < to; r++)
            if (row_has_any(u, r))
                return true;
    }
    return false;
}

int pulses_take(const struct lineup *l, const struct controls *k, double share,
                struct pulses *ret_pulses, struct err *err)
{
    struct pulses p = {.at = calloc(l->n_slots + 1, sizeof *p.at)};
    struct senders s = {.at = calloc(l->n_units + 1, sizeof *s.at)};
    size_t rows = 0;
    for (size_t i = 0; i < l->n_units; i++)
        if (l->unit[i]->hot.rows > rows)
            rows = l->unit[i]->hot.rows;
    s.room = calloc(rows + 1, sizeof *s.room);
    bool ready = p.at != NULL && s.at != NULL && s.room != NULL;
    if (ready) {
        list_senders(l, &s);
        take_slots(l, share, &s, &p);
        take_others(l, k, &s, &p);
        p.anyone = anyone_after(l);
        *ret_pulses = p;
    } else {
        pulses_free(&p);
    }
    free(s.at);
    free(s.room);
    return ready ? 0 : err_set(err, ENOMEM, "out of memory");
}

void pulses_free(struct pulses *p)
{
    free(p->at);
    *p = (struct pulses){0};
}
