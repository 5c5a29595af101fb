/* analyzer/cores.c - coredumps, grouped, counted and held against the past.
 *
 * What must hold: the order in which rows come makes no difference - groups and hosts
 * are ordered by their counts and then by their texts; and every dump belongs to one
 * window of one host at most.  Pure, any thread. */
#include "analyzer/cores.h"

#include "analyzer/count.h"
#include "analyzer/pool.h"
#include "analyzer/watch.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MINUTE_MS 60000.0
#define DAY_MS    86400000.0

/* Of a day's dumps: fewer days than DAYS_LEAST do not say how they are spread. */
enum { DAYS_LEAST = 7 };
static const double kappa_unknown = 1, kappa_least = 0.2;

/* --- where a dump belongs --- */

struct place {
    bool control;
    enum watch_side side;
};

/* What all of it is counted by. */
struct bench {
    const struct lineup *l;
    const struct core_facts *facts;
    struct watch watch;
    double since_minutes; /* from the first pivot to each changed host's own, together
                           */
    struct crashes *to;
};

static struct place place_of(const struct bench *b, const struct core_row *r)
{
    const struct slot *s = watch_changed(&b->watch, r->host, r->service);
    if (s != NULL)
        return (struct place){false, watch_side(s, r->time)};
    if (!watch_control(&b->watch, r->host))
        return (struct place){false, WATCH_NONE};
    return (struct place){true, watch_side(&b->l->whole, r->time)};
}

/* --- how long was watched --- */

static void watch(struct bench *b)
{
    const struct lineup *l = b->l;
    const struct watch *w = &b->watch;
    struct crashes *c = b->to;
    c->hosts = w->hosts;
    c->minutes_before = w->minutes_before;
    c->minutes_after = w->minutes_after;
    c->controls = w->n_controls;
    c->control_minutes = w->control_minutes;
    for (size_t i = 0; i < l->n_slots; i++)
        if (watch_slot(&l->slot[i]))
            b->since_minutes += watch_minutes(w->first, l->slot[i].pivot);
    instant since = b->facts->since;
    if (!instant_is_none(since) && since.ms < w->first.ms)
        c->days = fmin((double)(w->first.ms - since.ms) / DAY_MS, CORE_MEMORY_DAYS);
}

/* --- what is left alone --- */

void crash_name(const struct core_row *r, struct buf *to)
{
    char exe[FINGERPRINT_NAME_MAX];
    const char *way = strstr(r->title, " <- ");
    buf_addf(to, "%s, ", fingerprint_module(r->exe, exe));
    buf_add_n(to, r->title, way != NULL ? (size_t)(way - r->title) : strlen(r->title));
}

static bool is_excepted(const struct bench *b, const struct core_row *r)
{
    OWNED_BUF name = {0};
    if (b->to->rule->except.n == 0)
        return false;
    crash_name(r, &name);
    return rule_excepts(b->to->rule, b->l->change,
                        &(struct excepted){.host = r->host, .name = buf_text(&name)});
}

/* The rows that count; of those that do not, the ones it would have spoken of are. */
static size_t pick_rows(const struct bench *b, const struct core_row **to)
{
    size_t n = 0;
    for (size_t i = 0; i < b->facts->n; i++) {
        const struct core_row *r = &b->facts->row[i];
        if (!is_excepted(b, r)) {
            to[n++] = r;
            continue;
        }
        struct place at = place_of(b, r);
        b->to->excepted += at.side == WATCH_AFTER && !at.control;
    }
    return n;
}

/* --- groups --- */

/* By fingerprint, then hosts together, then time. */
static int by_crash(const void *a, const void *b)
{
    const struct core_row *x = *(const struct core_row *const *)a;
    const struct core_row *y = *(const struct core_row *const *)b;
    int d = strcmp(x->print.coarse, y->print.coarse);
    if (d == 0)
        d = strcmp(x->host, y->host);
    if (d == 0 && x->time.ms != y->time.ms)
        d = x->time.ms < y->time.ms ? -1 : 1;
    if (d == 0)
        d = strcmp(x->print.fine, y->print.fine);
    return d != 0 ? d : strcmp(x->title, y->title);
}

static int by_fine(const void *a, const void *b)
{
    const struct core_row *x = *(const struct core_row *const *)a;
    const struct core_row *y = *(const struct core_row *const *)b;
    return strcmp(x->print.fine, y->print.fine);
}

static bool is_earlier(const struct core_row *r, const struct core_row *than)
{
    if (r->time.ms != than->time.ms)
        return r->time.ms < than->time.ms;
    return strcmp(r->title, than->title) < 0;
}

static struct crash_host *host_of(struct crash *c, const char *host)
{
    assert(c->host != NULL);
    struct crash_host *last = c->n_hosts > 0 ? &c->host[c->n_hosts - 1] : NULL;
    if (last == NULL || strcmp(last->host, host) != 0) {
        last = &c->host[c->n_hosts++];
        *last = (struct crash_host){.host = host};
    }
    return last;
}

static void count_row(struct crash *c, const struct core_row *r, struct place at,
                      instant first)
{
    double *into[2][2] = {{&c->dumps_before, &c->dumps_after},
                          {&c->control_before, &c->control_after}};
    if (at.side == WATCH_NONE)
        return;
    bool after = at.side == WATCH_AFTER;
    size_t dumps = 1 + (size_t)r->more;
    if (!at.control && !after && r->time.ms >= first.ms)
        c->dumps_since += (double)dumps;
    *into[at.control][after] += (double)dumps;
    if (at.control)
        return;
    struct crash_host *h = host_of(c, r->host);
    h->before += after ? 0 : dumps;
    h->after += after ? dumps : 0;
    if (!after)
        return;
    c->unsure |= r->print.unsure;
    if (c->example == NULL || is_earlier(r, c->example))
        c->example = r;
}

static int by_dumps(const void *a, const void *b)
{
    const struct crash_host *x = a, *y = b;
    if (x->after != y->after)
        return x->after > y->after ? -1 : 1;
    return strcmp(x->host, y->host);
}

/* Keeps only hosts with a dump after the change. */
static void tidy_hosts(struct crash *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n_hosts; i++)
        if (c->host[i].after > 0)
            c->host[n++] = c->host[i];
    c->n_hosts = n;
    qsort(c->host, n, sizeof *c->host, by_dumps);
}

/* One crash of the `n` rows of a fingerprint, which are sorted; their order is lost. */
static int count_crash(const struct bench *b, const struct core_row **row, size_t n,
                       struct crash *c, struct err *err)
{
    *c = (struct crash){.effect = NAN, .p_must = NAN, .p_look = NAN};
    c->host = calloc(n + 1, sizeof *c->host);
    if (c->host == NULL)
        return err_set(err, ENOMEM, "out of memory");
    size_t after = 0;
    for (size_t i = 0; i < n; i++) {
        struct place at = place_of(b, row[i]);
        count_row(c, row[i], at, b->watch.first);
        if (at.side == WATCH_AFTER && !at.control)
            row[after++] = row[i];
    }
    if (after == 0) {
        free(c->host);
        *c = (struct crash){0};
        return 0;
    }
    c->first = c->example->time;
    tidy_hosts(c);
    qsort(row, after, sizeof *row, by_fine);
    for (size_t i = 0; i < after; i++)
        c->kinds += i == 0 || by_fine(&row[i - 1], &row[i]) != 0;
    return 0;
}

static int group(const struct bench *b, struct err *err)
{
    size_t n = b->facts->n;
    struct crashes *to = b->to;
    const struct core_row **row = calloc(n + 1, sizeof *row);
    to->at = calloc(n + 1, sizeof *to->at);
    int rc = row != NULL && to->at != NULL ? 0 : err_set(err, ENOMEM, "out of memory");
    n = rc == 0 ? pick_rows(b, row) : 0;
    if (n > 1)
        qsort(row, n, sizeof *row, by_crash);
    for (size_t i = 0, from = 0; rc == 0 && i < n; from = i) {
        while (i < n && strcmp(row[i]->print.coarse, row[from]->print.coarse) == 0)
            i++;
        rc = count_crash(b, row + from, i - from, &to->at[to->n], err);
        to->n += rc == 0 && to->at[to->n].host != NULL;
    }
    free(row);
    return rc;
}

/* --- against the past --- */

static int by_coarse(const void *key, const void *item)
{
    return strcmp(key, ((const struct core_past *)item)->coarse);
}

/* Dumps on the changed hosts by day. */
struct habit {
    double day[CORE_MEMORY_DAYS], all;
};

static struct habit habit_of(const struct bench *b, const struct core_past *past)
{
    struct habit h = {0};
    for (size_t i = 0; past != NULL && i < past->n; i++) {
        const struct core_day *d = &past->day[i];
        const struct slot *s = lineup_slot(b->l, d->host);
        /* a service as a whole is on whatever host dumped it */
        bool ours = s != NULL ? watch_slot(s) : !b->l->named && b->l->n_slots == 0;
        if (!ours || d->day < 0 || d->day >= CORE_MEMORY_DAYS)
            continue;
        h.day[d->day] += (double)d->dumps;
        h.all += (double)d->dumps;
    }
    return h;
}

/* How much more than by chance whole days differ, scaled to the window: dumps that came
 * in one burst look quiet by the day and wild by the hour. */
static double spread(const struct bench *b, const struct habit *h)
{
    int days = (int)b->to->days;
    double kappa = kappa_unknown;
    if (days >= DAYS_LEAST) {
        double mean = 0, var = 0;
        for (int i = 0; i < days; i++)
            mean += h->day[i] / days;
        for (int i = 0; i < days; i++)
            var += (h->day[i] - mean) * (h->day[i] - mean) / (days - 1);
        kappa =
            mean > 0 ? fmax((var - mean) / (mean * mean), kappa_least) : kappa_least;
    }
    double window = b->to->minutes_after / (double)b->to->hosts;
    return kappa * fmax(DAY_MS / MINUTE_MS / window, 1);
}

/* One comparison; the least surprising one stays. */
static void compare(struct crash *c, double events, double of, double of_after,
                    double kappa)
{
    struct count_case cc = {.events_before = events,
                            .of_before = of,
                            .events_after = c->dumps_after,
                            .of_after = of_after,
                            .kappa = kappa};
    struct count_score s;
    if (!count_score_make(&cc, &s))
        return;
    c->p = isnan(c->p) ? s.p_more : fmax(c->p, s.p_more);
    c->expected = fmax(c->expected, s.expected);
    /* against the plain rate: half a dump more is for the test alone */
    double effect = events > 0 ? c->dumps_after / of_after * of / events - 1 : INFINITY;
    if (isnan(c->effect) || effect < c->effect)
        c->effect = effect;
}

static void score(const struct bench *b, struct crash *c)
{
    const struct core_facts *f = b->facts;
    const char *coarse = c->example->print.coarse;
    assert(coarse != NULL && (f->past != NULL || f->n_pasts == 0));
    const struct core_past *past = f->n_pasts > 0 ? bsearch(coarse, f->past, f->n_pasts,
                                                            sizeof *f->past, by_coarse)
                                                  : NULL;
    struct habit h = habit_of(b, past);
    double day = DAY_MS / MINUTE_MS, hosts = (double)b->to->hosts;
    double kappa = spread(b, &h), after = b->to->minutes_after;
    c->unseen = past == NULL || instant_is_none(past->first);
    c->dumps_past = h.all;
    c->p = NAN;
    if (b->to->days > 0) {
        double recent = fmin(b->to->days, 1);
        compare(c, h.all + c->dumps_since, hosts * day * b->to->days + b->since_minutes,
                after, kappa);
        compare(c, h.day[0] + c->dumps_since, hosts * day * recent + b->since_minutes,
                after, kappa);
    } else {
        compare(c, c->dumps_before, b->to->minutes_before, after, kappa);
    }
    if (c->control_after > 0)
        compare(c, c->control_after, b->to->control_minutes, after, 0);
    if (!isfinite(c->effect))
        c->effect = NAN;
}

/* --- grades --- */

bool crash_is_new(const struct crash *c)
{
    return c->unseen && c->control_after == 0;
}

bool crash_meets(const struct rule *r, const struct crash *c, enum grade g)
{
    bool must = g == GRADE_MUST_HANDLE;
    const struct bar *bar = must ? &r->must_handle : &r->attention;
    if (crash_is_new(c))
        return bar->set && (c->dumps_after >= bar->count ||
                            (must && c->n_hosts >= CRASH_HOSTS_MUST));
    double least = fmax(bar->count, CRASH_KNOWN_LEAST);
    return bar->set && bar->q > 0 && c->p <= (must ? c->p_must : c->p_look) &&
           c->dumps_after >= least && (isnan(c->effect) || c->effect >= bar->effect);
}

static enum grade grade_of_crash(const struct rule *r, const struct crash *c)
{
    return crash_meets(r, c, GRADE_MUST_HANDLE) ? GRADE_MUST_HANDLE
           : crash_meets(r, c, GRADE_ATTENTION) ? GRADE_ATTENTION
                                                : GRADE_OK;
}

/* Known ones together: more tests, more chance. */
static int grade_known(struct crashes *all, struct err *err)
{
    const struct rule *r = all->rule;
    double *p = calloc(all->n + 1, sizeof *p);
    size_t n = 0;
    if (p == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < all->n; i++)
        if (!crash_is_new(&all->at[i]) && !isnan(all->at[i].p))
            p[n++] = all->at[i].p;
    double must = fdr_threshold(p, n, n, r->must_handle.q);
    double look = fdr_threshold(p, n, n, r->attention.q);
    free(p);
    for (size_t i = 0; i < all->n; i++) {
        struct crash *c = &all->at[i];
        if (crash_is_new(c) || isnan(c->p))
            continue;
        c->p_must = must;
        c->p_look = look;
        c->grade = grade_of_crash(r, c);
    }
    return 0;
}

static int by_grade(const void *a, const void *b)
{
    const struct crash *x = a, *y = b;
    if (x->grade != y->grade)
        return x->grade > y->grade ? -1 : 1;
    if (x->unseen != y->unseen)
        return x->unseen ? -1 : 1;
    if (x->dumps_after != y->dumps_after)
        return x->dumps_after > y->dumps_after ? -1 : 1;
    return strcmp(x->example->print.coarse, y->example->print.coarse);
}

static int judge_all(struct bench *b, struct err *err)
{
    struct crashes *to = b->to;
    watch(b);
    to->judged =
        to->minutes_after > 0 && (!instant_is_none(b->facts->since) || b->facts->n > 0);
    if (to->minutes_after <= 0)
        return 0;
    if (group(b, err) < 0)
        return -1;
    for (size_t i = 0; i < to->n; i++) {
        score(b, &to->at[i]);
        if (crash_is_new(&to->at[i]))
            to->at[i].grade = grade_of_crash(to->rule, &to->at[i]);
    }
    if (grade_known(to, err) < 0)
        return -1;
    if (to->n > 1)
        qsort(to->at, to->n, sizeof *to->at, by_grade);
    return 0;
}

int crashes_judge(const struct lineup *l, const struct controls *k,
                  const struct ruleset *rs, const struct core_facts *facts,
                  struct crashes *ret_crashes, struct err *err)
{
    struct crashes c = {.rule = ruleset_for_cores(rs, l->change)};
    struct bench b = {.l = l, .facts = facts, .to = &c};
    int rc = 0;
    if (facts != NULL && c.rule != NULL)
        rc = watch_make(l, k, &b.watch, err) < 0 ? -1 : judge_all(&b, err);
    watch_free(&b.watch);
    if (rc == 0)
        *ret_crashes = c;
    else
        crashes_free(&c);
    return rc;
}

void crashes_free(struct crashes *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->at[i].host);
    free(c->at);
    *c = (struct crashes){0};
}
