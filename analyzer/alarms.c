/* analyzer/alarms.c - alarms, put together by name and held against before, the
 * unchanged hosts and the day before.
 *
 * What must hold: the order in which rows come makes no difference - rows are sorted
 * first, hosts and alarms are ordered by their numbers and then by their texts.  Pure,
 * any thread. */
#include "analyzer/alarms.h"

#include "analyzer/count.h"
#include "analyzer/pool.h"
#include "analyzer/watch.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Without enough of a past to learn it from. */
static const double kappa_unknown = 1;
/* As new on the unchanged hosts as on half of the changed ones. */
static const double equally_new = 0.5;

/* What all of it is counted by. */
struct desk {
    const struct lineup *l;
    const struct ruleset *rs;
    const struct alarm_facts *facts;
    struct watch watch;
    struct new_alarms *to;
};

/* --- rows --- */

static int texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* By rule and name, then hosts together, then time; those of the service first. */
struct ring {
    const struct rule *rule;
    const struct alarm_row *row;
};

static int by_ring(const void *a, const void *b)
{
    const struct ring *x = a, *y = b;
    int d = texts(x->row->name, y->row->name);
    if (d == 0)
        d = strcmp(x->rule->id, y->rule->id);
    if (d == 0)
        d = texts(x->row->host, y->row->host);
    if (d == 0 && x->row->starts.ms != y->row->starts.ms)
        d = x->row->starts.ms < y->row->starts.ms ? -1 : 1;
    if (d == 0)
        d = texts(x->row->labels, y->row->labels);
    return d != 0 ? d : texts(x->row->text, y->row->text);
}

static bool same_alarm(const struct ring *x, const struct ring *y)
{
    return x->rule == y->rule && strcmp(x->row->name, y->row->name) == 0 &&
           (x->row->host == NULL) == (y->row->host == NULL);
}

static bool same_host(const struct ring *x, const struct ring *y)
{
    return same_alarm(x, y) && texts(x->row->host, y->row->host) == 0;
}

/* It fired at some time of [from, to), having begun before `to`. */
static bool fired(const struct alarm_row *r, instant from, instant to)
{
    return r->starts.ms < to.ms && (instant_is_none(r->ends) || r->ends.ms > from.ms);
}

/* --- one host --- */

/* What an alarm did at a slot; `n` rows of one host. */
static struct alarm_host ring_at(const struct slot *s, const struct ring *ring,
                                 size_t n)
{
    struct alarm_host h = {.host = ring[0].row->host, .slot = s, .first = INSTANT_NONE};
    for (size_t i = 0; i < n; i++) {
        const struct alarm_row *r = ring[i].row;
        h.before |= fired(r, s->frame.before_from, s->pivot);
        if (watch_side(s, r->starts) != WATCH_AFTER)
            continue;
        h.begun++;
        if (instant_is_none(h.first))
            h.first = r->starts; /* rows are sorted */
        h.firing |= instant_is_none(r->ends) || r->ends.ms >= s->frame.after_to.ms;
    }
    return h;
}

static bool is_new(const struct alarm_host *h)
{
    return h->begun > 0 && !h->before;
}

/* --- ordinary times --- */

static instant past_from(const struct desk *d)
{
    instant from = {d->watch.first.ms - ALARM_PAST_HOURS * 3600000ll};
    return d->facts->since.ms > from.ms ? d->facts->since : from;
}

/* Rows of one minute of beginnings on the changed hosts, for their dispersion. */
struct day {
    instant from;
    size_t n;
    float *begun, *of;
};

static int day_make(const struct desk *d, struct day *day, struct err *err)
{
    *day = (struct day){.from = past_from(d)};
    day->n = (size_t)watch_minutes(day->from, d->watch.first);
    day->begun = calloc(day->n + 1, sizeof *day->begun);
    day->of = calloc(day->n + 1, sizeof *day->of);
    if (day->begun == NULL || day->of == NULL) {
        free(day->begun);
        free(day->of);
        return err_set(err, ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < day->n; i++)
        day->of[i] = (float)d->watch.hosts;
    return 0;
}

static void day_free(struct day *day)
{
    free(day->begun);
    free(day->of);
}

static void day_add(const struct desk *d, struct day *day, const struct alarm_row *r,
                    struct new_alarm *a)
{
    if (r->starts.ms < day->from.ms || r->starts.ms >= d->watch.first.ms)
        return;
    a->begun_past++;
    size_t i = (size_t)watch_minutes(day->from, r->starts);
    if (i < day->n)
        day->begun[i]++;
}

/* How likely so many beginnings are in ordinary times. */
static void score(const struct desk *d, const struct day *day, struct new_alarm *a)
{
    const struct watch *w = &d->watch;
    double hosts = (double)w->hosts, kappa = kappa_unknown;
    size_t before = (size_t)(w->minutes_before / hosts);
    size_t after = (size_t)(w->minutes_after / hosts);
    a->p = a->expected = NAN;
    if (day->n == 0 || hosts <= 0)
        return;
    if (before > 0 && after > 0)
        count_dispersion(&(struct count_rows){day->begun, day->of, day->n}, before,
                         after, &kappa);
    struct count_case cc = {.events_before = a->begun_past,
                            .of_before = hosts * (double)day->n,
                            .events_after = a->begun,
                            .of_after = w->minutes_after,
                            .kappa = kappa};
    struct count_score s;
    if (!count_score_make(&cc, &s))
        return;
    a->p = s.p_more;
    a->expected = s.expected;
}

/* --- one alarm --- */

static int by_first(const void *a, const void *b)
{
    const struct alarm_host *x = a, *y = b;
    if (x->first.ms != y->first.ms)
        return x->first.ms < y->first.ms ? -1 : 1;
    return texts(x->host, y->host);
}

/* The row that began at `first` on this host. */
static void set_example(struct new_alarm *a, const struct ring *ring, size_t n)
{
    const struct alarm_host *h = &a->host[0];
    a->first = h->first;
    a->after = instant_since(h->first, h->slot->pivot);
    for (size_t i = 0; i < n && a->example == NULL; i++)
        if (ring[i].row->starts.ms == h->first.ms &&
            texts(ring[i].row->host, h->host) == 0)
            a->example = ring[i].row;
}

/* Takes the rows of one host; their beginnings in the past go into `day`. */
static void take_host(const struct desk *d, const struct ring *ring, size_t n,
                      struct day *day, struct new_alarm *a)
{
    const struct alarm_row *r = ring[0].row;
    const struct slot *s =
        r->host != NULL ? watch_changed(&d->watch, r->host, r->service) : &d->l->whole;
    if (s == NULL && r->host != NULL && watch_control(&d->watch, r->host)) {
        struct alarm_host h = ring_at(&d->l->whole, ring, n);
        a->control_hosts += is_new(&h);
    }
    if (s == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        day_add(d, day, ring[i].row, a);
    struct alarm_host h = ring_at(s, ring, n);
    a->begun += (double)h.begun;
    if (!is_new(&h))
        return;
    a->host[a->n_hosts++] = h;
    a->n_firing += h.firing;
}

/* Fills *a from the `n` rows of an alarm; without a host in it, it is new nowhere. */
static int take_alarm(const struct desk *d, const struct ring *ring, size_t n,
                      struct new_alarm *a, struct err *err)
{
    struct day day;
    *a = (struct new_alarm){.rule = ring[0].rule,
                            .of_service = ring[0].row->host == NULL};
    a->host = calloc(n + 1, sizeof *a->host);
    if (a->host == NULL)
        return err_set(err, ENOMEM, "out of memory");
    if (day_make(d, &day, err) < 0)
        return -1;
    for (size_t i = 0, from = 0; i < n; from = i) {
        while (i < n && same_host(&ring[from], &ring[i]))
            i++;
        take_host(d, ring + from, i - from, &day, a);
    }
    if (a->n_hosts > 0) {
        qsort(a->host, a->n_hosts, sizeof *a->host, by_first);
        set_example(a, ring, n);
        a->recovered = a->n_firing == 0;
        score(d, &day, a);
    }
    day_free(&day);
    return 0;
}

/* --- grades --- */

bool alarm_is_everywhere(const struct new_alarms *all, const struct new_alarm *a)
{
    if (a->of_service || a->control_hosts == 0)
        return false;
    double changed = (double)a->n_hosts / (double)all->hosts;
    double control = (double)a->control_hosts / (double)all->controls;
    return control >= equally_new * changed;
}

bool alarm_is_ordinary(const struct new_alarm *a)
{
    return a->begun_past > 0 && !isnan(a->p);
}

static bool passes(const struct bar *b, const struct new_alarm *a, double threshold)
{
    bool more = a->begun >= ALARM_ORDINARY_LEAST && (b->q <= 0 || a->p <= threshold);
    return b->set && (more || !alarm_is_ordinary(a));
}

bool alarm_meets(const struct new_alarms *all, const struct new_alarm *a, enum grade g)
{
    const struct bar *must = &a->rule->must_handle, *look = &a->rule->attention;
    double n = a->of_service ? 0 : (double)a->n_hosts;
    bool alone = a->control_hosts == 0 && all->controls >= CONTROLS_LEAST;
    if (alarm_is_everywhere(all, a))
        return false;
    if (g == GRADE_MUST_HANDLE)
        return passes(must, a, a->p_must) && n > 0 && (n >= must->count || alone);
    return passes(look, a, a->p_look) && (a->of_service || n >= look->count);
}

/* Those of ordinary times are tests, and together they must not find too much. */
static int grade_all(struct new_alarms *all, struct err *err)
{
    double *p = calloc(all->n + 1, sizeof *p);
    if (p == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < all->n; i++) {
        struct new_alarm *a = &all->at[i];
        size_t n = 0;
        assert(a->rule != NULL);
        for (size_t k = 0; k < all->n; k++)
            if (all->at[k].rule == a->rule && alarm_is_ordinary(&all->at[k]))
                p[n++] = all->at[k].p;
        a->p_must = fdr_threshold(p, n, n, a->rule->must_handle.q);
        a->p_look = fdr_threshold(p, n, n, a->rule->attention.q);
        a->grade = alarm_meets(all, a, GRADE_MUST_HANDLE) ? GRADE_MUST_HANDLE
                   : alarm_meets(all, a, GRADE_ATTENTION) ? GRADE_ATTENTION
                                                          : GRADE_OK;
    }
    free(p);
    return 0;
}

static int by_grade(const void *a, const void *b)
{
    const struct new_alarm *x = a, *y = b;
    if (x->grade != y->grade)
        return x->grade > y->grade ? -1 : 1;
    if (x->recovered != y->recovered)
        return x->recovered ? 1 : -1;
    if (x->n_hosts != y->n_hosts)
        return x->n_hosts > y->n_hosts ? -1 : 1;
    int d = strcmp(x->example->name, y->example->name);
    if (d == 0)
        d = strcmp(x->rule->id, y->rule->id);
    return d != 0 ? d : (int)x->of_service - (int)y->of_service;
}

/* --- all --- */

/* True for what can be of the change: its hosts', the unchanged ones', and what its
 * service says without naming a host. */
static bool concerns(const struct desk *d, const struct alarm_row *r)
{
    const char *service = d->l->change->service;
    if (r->host != NULL)
        return watch_changed(&d->watch, r->host, r->service) != NULL ||
               watch_control(&d->watch, r->host);
    return service != NULL && r->service != NULL && strcmp(service, r->service) == 0 &&
           watch_slot(&d->l->whole);
}

static size_t list_rings(const struct desk *d, struct ring *ring)
{
    const struct alarm_facts *f = d->facts;
    size_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct alarm_row *r = &f->row[i];
        const struct rule *rule =
            ruleset_for_alarm(d->rs, d->l->change, r->name, r->severity);
        if (rule != NULL && concerns(d, r))
            ring[n++] = (struct ring){rule, r};
    }
    if (n > 1)
        qsort(ring, n, sizeof *ring, by_ring);
    return n;
}

static int group(const struct desk *d, const struct ring *ring, size_t n,
                 struct err *err)
{
    struct new_alarms *to = d->to;
    to->at = calloc(n + 1, sizeof *to->at);
    if (to->at == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0, from = 0; i < n; from = i) {
        struct new_alarm *a = &to->at[to->n];
        while (i < n && same_alarm(&ring[from], &ring[i]))
            i++;
        to->n++; /* what it holds is freed with the rest */
        if (take_alarm(d, ring + from, i - from, a, err) < 0)
            return -1;
        if (a->n_hosts == 0) {
            free(a->host);
            to->n--;
        }
    }
    return 0;
}

static int judge_all(struct desk *d, struct err *err)
{
    struct new_alarms *to = d->to;
    const struct watch *w = &d->watch;
    to->hosts = w->hosts;
    to->controls = w->n_controls;
    to->before = d->l->windows->before;
    to->judged =
        w->minutes_after > 0 && (!instant_is_none(d->facts->since) || d->facts->n > 0);
    if (!to->judged)
        return 0;
    to->past_minutes = watch_minutes(past_from(d), w->first);
    struct ring *ring = calloc(d->facts->n + 1, sizeof *ring);
    if (ring == NULL)
        return err_set(err, ENOMEM, "out of memory");
    int rc = group(d, ring, list_rings(d, ring), err);
    free(ring);
    if (rc == 0)
        rc = grade_all(to, err);
    if (rc == 0 && to->n > 1)
        qsort(to->at, to->n, sizeof *to->at, by_grade);
    return rc;
}

int alarms_judge(const struct lineup *l, const struct controls *k,
                 const struct ruleset *rs, const struct alarm_facts *facts,
                 struct new_alarms *ret_alarms, struct err *err)
{
    struct new_alarms a = {0};
    struct desk d = {.l = l, .rs = rs, .facts = facts, .to = &a};
    int rc = 0;
    if (facts != NULL)
        rc = watch_make(l, k, &d.watch, err) < 0 ? -1 : judge_all(&d, err);
    watch_free(&d.watch);
    if (rc == 0)
        *ret_alarms = a;
    else
        alarms_free(&a);
    return rc;
}

void alarms_free(struct new_alarms *a)
{
    for (size_t i = 0; i < a->n; i++)
        free(a->at[i].host);
    free(a->at);
    *a = (struct new_alarms){0};
}
