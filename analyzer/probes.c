/* analyzer/probes.c - results of probes, put together by target and held against
 * before, the unchanged hosts and the day before.
 *
 * What must hold: the order in which units come makes no difference - series are sorted
 * by their texts first.  The unchanged hosts and the past are looked at only where a
 * probe fails, so that a quiet change costs one pass over its series' names.  Pure, any
 * thread. */
#include "analyzer/probes.h"

#include "analyzer/pool.h"
#include "analyzer/probe_past.h"
#include "analyzer/watch.h"
#include "base/buf.h"
#include "base/names.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* As bad on the unchanged hosts as on half of the changed ones. */
static const double equally_bad = 0.5;

/* What all of it is counted by. */
struct desk {
    const struct lineup *l;
    const struct ruleset *rs;
    struct watch watch;
    const struct buf *pasts; /* NULL: they are read here */
    struct probes *to;
    struct err *err;
};

static int no_memory(const struct desk *d)
{
    return err_set(d->err, ENOMEM, "out of memory");
}

/* --- names --- */

static bool is_result_label(const struct rule *r, const char *label, size_t n)
{
    char key[256];
    if (n >= sizeof key)
        return false;
    memcpy(key, label, n);
    key[n] = '\0';
    return r->probing.result_label.n > 0 &&
           matches_allow(&r->probing.result_label, key);
}

/* "ping.result_code{result=timeout,url=x}" is "ping.result_code{url=x}" without the
 * labels of the result.  A value with a comma in it may lose a part: its own probes
 * stay one. */
static void add_name(struct buf *to, const struct rule *r, const char *metric)
{
    const char *open = strchr(metric, '{');
    size_t all = strlen(metric);
    if (open == NULL || metric[all - 1] != '}') {
        buf_add(to, metric);
        return;
    }
    buf_add_n(to, metric, (size_t)(open - metric));
    char between = '{';
    for (const char *p = open + 1, *end = metric + all - 1; p < end;) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma != NULL ? comma : end;
        const char *equals = memchr(p, '=', (size_t)(stop - p));
        if (equals == NULL || !is_result_label(r, p, (size_t)(equals - p))) {
            buf_add_ch(to, between);
            buf_add_n(to, p, (size_t)(stop - p));
            between = ',';
        }
        p = stop + 1;
    }
    if (between == ',')
        buf_add_ch(to, '}');
}

/* --- the series that hold results --- */

struct entry {
    const struct rule *rule;
    const struct slot *slot;
    const struct unit *unit;
    uint32_t metric;
    size_t name_at; /* in the names */
    const char *name;
};

struct entries {
    struct entry *at;
    size_t n, cap;
    struct buf names;
};

static int add_entry(struct entries *all, const struct entry *e)
{
    if (all->n == all->cap) {
        size_t cap = all->cap > 0 ? all->cap * 2 : 64;
        struct entry *more = reallocarray(all->at, cap, sizeof *more);
        if (more == NULL)
            return -1;
        all->at = more;
        all->cap = cap;
    }
    struct entry *to = &all->at[all->n++];
    *to = *e;
    to->name_at = all->names.len;
    add_name(&all->names, e->rule, e->unit->metric[e->metric]);
    buf_add_ch(&all->names, '\0');
    return 0;
}

/* The slot that a unit's series are judged at; NULL: none. */
static const struct slot *slot_of(const struct lineup *l, const struct unit *u)
{
    const struct entity *who = &u->who;
    const struct slot *s = NULL;
    if (u->hot.rows == 0)
        return NULL;
    if (who->kind == ENTITY_HOST)
        s = lineup_slot(l, who->host);
    else if (who->kind == ENTITY_SERVICE && l->change->service != NULL &&
             strcmp(who->service, l->change->service) == 0)
        s = &l->whole;
    return s != NULL && s->state == SLOT_READY ? s : NULL;
}

/* Names of neighbours are the same texts as a rule, so the rule is asked for once. */
static int list_entries(const struct desk *d, struct entries *all)
{
    const struct lineup *l = d->l;
    bool every = ruleset_has_host_rules(d->rs);
    const struct unit *before = NULL;
    const struct rule **known = NULL;
    int rc = 0;
    for (size_t i = 0; i < l->n_units && rc == 0; i++) {
        const struct unit *u = l->unit[i];
        const struct slot *s = slot_of(l, u);
        if (s == NULL)
            continue;
        const struct rule **now = reallocarray(NULL, u->n_metrics + 1, sizeof *now);
        if (now == NULL)
            rc = no_memory(d);
        for (uint32_t m = 0; rc == 0 && m < u->n_metrics; m++) {
            bool same = !every && before != NULL && m < before->n_metrics &&
                        before->metric[m] == u->metric[m] &&
                        before->who.kind == u->who.kind;
            now[m] = same ? known[m]
                          : ruleset_for_probe(d->rs, l->change, u->metric[m], s->host);
            struct entry e = {.rule = now[m], .slot = s, .unit = u, .metric = m};
            if (now[m] != NULL && add_entry(all, &e) < 0)
                rc = no_memory(d);
        }
        free(known);
        known = now;
        before = u;
    }
    free(known);
    return rc;
}

static int by_probe(const struct entry *x, const struct entry *y)
{
    bool xw = x->slot->host == NULL, yw = y->slot->host == NULL;
    if (xw != yw)
        return xw ? 1 : -1;
    int d = strcmp(x->unit->who.service, y->unit->who.service);
    if (d == 0)
        d = strcmp(x->name, y->name);
    /* rules lie in one array, so their addresses have the files' order */
    if (d == 0 && x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return d;
}

static int by_entry(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int d = by_probe(x, y);
    if (d == 0 && x->slot->host != NULL)
        d = strcmp(x->slot->host, y->slot->host);
    if (d != 0 || x->metric == y->metric)
        return d;
    return x->metric < y->metric ? -1 : 1;
}

/* Makes probes of the sorted entries. */
static int group(const struct desk *d, struct entries *all)
{
    struct probes *to = d->to;
    to->at = calloc(all->n + 1, sizeof *to->at);
    to->host = calloc(all->n + 1, sizeof *to->host);
    to->metric = calloc(all->n + 1, sizeof *to->metric);
    if (to->at == NULL || to->host == NULL || to->metric == NULL)
        return no_memory(d);
    size_t hosts = 0;
    for (size_t i = 0; i < all->n; i++) {
        const struct entry *e = &all->at[i];
        bool same = i > 0 && by_probe(e - 1, e) == 0;
        if (!same)
            to->at[to->n++] = (struct probe){.rule = e->rule,
                                             .name = e->name,
                                             .service = e->unit->who.service,
                                             .whole = e->slot->host == NULL,
                                             .host = &to->host[hosts]};
        if (!same || e[-1].unit != e->unit) {
            to->host[hosts++] =
                (struct probe_host){.slot = e->slot,
                                    .lines = {e->unit, &to->metric[i], 0},
                                    .first = INSTANT_NONE,
                                    .value = NAN,
                                    .failed_past = NAN,
                                    .of_past = NAN,
                                    .expected = NAN,
                                    .p = NAN};
            to->at[to->n - 1].n++;
        }
        to->metric[i] = e->metric;
        to->host[hosts - 1].lines.n++;
    }
    return 0;
}

static int list_probes(const struct desk *d)
{
    struct entries all = {0};
    int rc = list_entries(d, &all);
    if (rc == 0 && (d->to->names = buf_give(&all.names)) == NULL)
        rc = no_memory(d);
    for (size_t i = 0; rc == 0 && i < all.n; i++)
        all.at[i].name = d->to->names + all.at[i].name_at;
    if (rc == 0 && all.n > 1)
        qsort(all.at, all.n, sizeof *all.at, by_entry);
    if (rc == 0)
        rc = group(d, &all);
    buf_free(&all.names);
    free(all.at);
    return rc;
}

/* --- points --- */

double probe_point(const struct rule *r, const struct probe_lines *of,
                   const struct track *t, size_t from, size_t to, double *ret_value)
{
    double worst = NAN;
    for (size_t k = 0; k < of->n; k++) {
        double sum = 0;
        size_t n = 0;
        for (size_t row = from; row < to; row++) {
            double v = t->cells[row * of->unit->n_metrics + of->metric[k]];
            if (!isnan(v)) {
                sum += v;
                n++;
            }
        }
        if (n == 0)
            continue;
        bool failed = !rule_passes(r, sum / (double)n);
        if (failed)
            *ret_value = sum / (double)n;
        if (failed || isnan(worst))
            worst = failed;
    }
    return worst;
}

struct lane probe_lane(const struct rule *r, const struct probe_lines *of, double *room)
{
    const struct track *t = &of->unit->hot;
    double value;
    for (size_t row = 0; row < t->rows; row++)
        room[row] = probe_point(r, of, t, row, row + 1, &value);
    return (struct lane){t->from, t->step, t->rows, room};
}

/* --- one host --- */

static void count_points(const struct lane *lane, instant from, instant to, int *ret_n,
                         int *ret_failed)
{
    size_t r0, r1;
    lane_rows(lane, from, to, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(lane->v[r])) {
            ++*ret_n;
            *ret_failed += lane->v[r] > 0;
        }
}

/* Of the last `of` points before row `end`, at least row `least`. */
static void count_last(const struct lane *lane, size_t least, size_t end, int of,
                       int *ret_n, int *ret_failed)
{
    *ret_n = *ret_failed = 0;
    for (size_t r = end; r > least && *ret_n < of; r--)
        if (!isnan(lane->v[r - 1])) {
            ++*ret_n;
            *ret_failed += lane->v[r - 1] > 0;
        }
}

/* It held at some point of [from, to), as `hold` of `of` failing ones. */
static bool held_once(const struct probing *p, const struct lane *lane, instant from,
                      instant to)
{
    size_t r0, r1;
    lane_rows(lane, from, to, &r0, &r1);
    for (size_t r = r0 + 1; r <= r1; r++) {
        int n, failed;
        count_last(lane, r0, r, p->of, &n, &failed);
        if (failed >= p->hold)
            return true;
    }
    return false;
}

/* Fails at the end of [from, to). */
static bool holds_at_end(const struct probing *p, const struct lane *lane, instant from,
                         instant to, int *ret_n, int *ret_failed)
{
    size_t r0, r1;
    lane_rows(lane, from, to, &r0, &r1);
    count_last(lane, r0, r1, p->of, ret_n, ret_failed);
    return *ret_failed >= p->hold;
}

static enum probe_state state_of(const struct probing *p, const struct lane *lane,
                                 const struct frame *f, bool fresh,
                                 struct probe_host *h)
{
    int n, failed;
    count_points(lane, f->before_from, f->before_to, &h->n_before, &h->failed_before);
    count_points(lane, f->after_from, f->after_to, &h->n_after, &h->failed_after);
    bool holds =
        holds_at_end(p, lane, f->after_from, f->after_to, &h->n_last, &h->failed_last);
    if (!fresh && h->n_before < POINTS_LEAST)
        return PROBE_NONE_BEFORE;
    if (h->n_after < p->hold)
        return PROBE_NONE_AFTER;
    bool already = holds_at_end(p, lane, f->before_from, f->before_to, &n, &failed) ||
                   2 * h->failed_before > h->n_before;
    if (!fresh && already)
        return PROBE_FAILED_ALREADY;
    if (holds)
        return PROBE_FAILS;
    /* one that starts is not there yet at first */
    bool once = !fresh && held_once(p, lane, f->after_from, f->after_to);
    return once ? PROBE_RECOVERED : PROBE_PASSES;
}

/* When it failed first since the pivot, and what it said last. */
static void find_failures(const struct rule *r, const struct lane *lane,
                          struct probe_host *h)
{
    size_t r0, r1;
    lane_rows(lane, h->slot->pivot, h->slot->frame.after_to, &r0, &r1);
    for (size_t row = r0; row < r1; row++) {
        if (!(lane->v[row] > 0))
            continue;
        if (instant_is_none(h->first))
            h->first = (instant){lane->from.ms + lane->step.ms * (int64_t)row};
        probe_point(r, &h->lines, &h->lines.unit->hot, row, row + 1, &h->value);
    }
}

/* --- ordinary times --- */

bool probe_is_ordinary(const struct probe_host *h)
{
    return h->failed_past > 0 && !isnan(h->p);
}

/* By its number among all hosts of all probes. */
static int ask_past(const struct desk *d, struct probe *p, size_t i)
{
    struct probe_host *h = &p->host[i];
    return d->pasts != NULL
               ? probe_past_take(d->pasts, (size_t)(h - d->to->host), h, d->err)
               : probe_past_score(p->rule, h, d->err);
}

/* --- one probe --- */

static void judge_host(struct probe *p, struct probe_host *h, double *room)
{
    struct lane lane = probe_lane(p->rule, &h->lines, room);
    h->state = state_of(&p->rule->probing, &lane, &h->slot->frame, h->slot->fresh, h);
    p->n_judged += h->state > PROBE_NONE_AFTER;
    p->n_failing += h->state == PROBE_FAILS;
    p->n_recovered += h->state == PROBE_RECOVERED;
    if (h->state >= PROBE_RECOVERED)
        find_failures(p->rule, &lane, h);
}

/* The series of the probe in a unit of an unchanged host, taken into `metric`. */
static struct probe_lines lines_in(const struct probe *p, const struct unit *u,
                                   uint32_t *metric, struct buf *name)
{
    size_t bare = strcspn(p->name, "{");
    struct probe_lines of = {u, metric, 0};
    for (uint32_t i = 0; i < u->n_metrics; i++) {
        if (strncmp(u->metric[i], p->name, bare) != 0)
            continue;
        buf_clear(name);
        add_name(name, p->rule, u->metric[i]);
        if (strcmp(buf_text(name), p->name) == 0)
            metric[of.n++] = i;
    }
    return of;
}

/* Counts an unchanged host that the probe looks at, and whether it fails there: of new
 * hosts' probes in these minutes, else beginning with them. */
static int ask_control(const struct desk *d, struct probe *p, const struct unit *u,
                       bool fresh, struct buf *name)
{
    double *room = calloc(u->hot.rows + 1, sizeof *room);
    uint32_t *metric = calloc(u->n_metrics + 1, sizeof *metric);
    bool ready = room != NULL && metric != NULL;
    if (ready) {
        struct probe_host h = {.lines = lines_in(p, u, metric, name)};
        if (h.lines.n > 0) {
            struct lane lane = probe_lane(p->rule, &h.lines, room);
            enum probe_state s =
                state_of(&p->rule->probing, &lane, &d->l->whole.frame, fresh, &h);
            p->n_controls += s > PROBE_NONE_AFTER;
            p->controls_failing += s == PROBE_FAILS;
            p->controls_recovered += s == PROBE_RECOVERED;
        }
    }
    free(room);
    free(metric);
    return ready ? 0 : no_memory(d);
}

/* As large a share of the unchanged hosts as of the changed ones, or half of it. */
static bool as_bad(const struct probe *p, size_t n, size_t controls)
{
    double share = (double)n / (double)p->n_judged;
    return controls > 0 &&
           (double)controls >= equally_bad * share * (double)p->n_controls;
}

static int ask_controls(const struct desk *d, struct probe *p)
{
    OWNED_BUF name = {0};
    size_t fresh = 0;
    for (size_t i = 0; i < p->n; i++)
        fresh += p->host[i].state == PROBE_FAILS && p->host[i].slot->fresh;
    for (size_t i = 0; !p->whole && i < d->watch.n_controls; i++) {
        const struct unit *u = series_unit(d->l, d->watch.control[i], p->service);
        if (u != NULL && u->hot.rows > 0 &&
            ask_control(d, p, u, fresh > 0 && fresh == p->n_failing, &name) < 0)
            return -1;
    }
    p->excused = as_bad(p, p->n_failing, p->controls_failing);
    p->excused_recovered = as_bad(p, p->n_failing + p->n_recovered,
                                  p->controls_failing + p->controls_recovered);
    return name.failed ? no_memory(d) : 0;
}

static int judge_probe(const struct desk *d, struct probe *p, double *room)
{
    for (size_t i = 0; i < p->n; i++)
        judge_host(p, &p->host[i], room);
    if (p->n_failing == 0 && p->n_recovered == 0)
        return 0;
    for (size_t i = 0; i < p->n; i++)
        if (p->host[i].state >= PROBE_RECOVERED && ask_past(d, p, i) < 0)
            return -1;
    return ask_controls(d, p);
}

/* --- grades --- */

/* Counts on the host at this rate; a probe that never fails in ordinary times always
 * does. */
static bool counts(const struct probe_host *h, enum probe_state state, double threshold)
{
    return h->state == state && (!probe_is_ordinary(h) || h->p <= threshold);
}

static size_t counted(const struct probe *p, double threshold)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        n += counts(&p->host[i], PROBE_FAILS, threshold);
    return n;
}

static bool passes(const struct bar *b, const struct probe *p, size_t n)
{
    double share = (double)n / (double)p->n_judged;
    return b->set && n > 0 && (double)n >= b->count && share >= b->effect;
}

static size_t mark(struct probe *p, enum probe_state state, double threshold)
{
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++)
        if (counts(&p->host[i], state, threshold)) {
            p->host[i].told = true;
            n++;
        }
    return n;
}

/* The largest p with which a host counts for the grade. */
static double threshold_for(const struct probe *p, enum grade g)
{
    static const double none = -1;
    if (g != GRADE_MUST_HANDLE)
        return p->p_look;
    return p->n_controls >= CONTROLS_LEAST ? p->p_must : none;
}

size_t probe_counted(const struct probe *p, enum grade g)
{
    return counted(p, threshold_for(p, g));
}

bool probe_meets(const struct probe *p, enum grade g)
{
    const struct bar *top = &p->rule->must_handle, *low = &p->rule->attention;
    if (p->excused)
        return false;
    if (g == GRADE_MUST_HANDLE)
        return passes(top, p, probe_counted(p, g));
    return passes(low, p, probe_counted(p, g)) || passes(top, p, counted(p, p->p_must));
}

static void grade_probe(struct probe *p)
{
    bool low = p->rule->attention.set && p->p_look > p->p_must;
    double least = low ? p->p_look : p->p_must;
    if (probe_meets(p, GRADE_MUST_HANDLE)) {
        p->grade = GRADE_MUST_HANDLE;
        p->n_told = mark(p, PROBE_FAILS, threshold_for(p, GRADE_MUST_HANDLE));
    } else if (probe_meets(p, GRADE_ATTENTION)) {
        p->grade = GRADE_ATTENTION;
        p->n_told = mark(p, PROBE_FAILS, least);
    }
    if (!p->excused_recovered)
        p->n_over = mark(p, PROBE_RECOVERED, least);
}

/* The largest p that a bar takes; all of them where it asks for no q. */
static double threshold_of(const struct bar *b, double *p, size_t n, size_t tests)
{
    if (!b->set)
        return -1;
    return b->q > 0 ? fdr_threshold(p, n, tests, b->q) : 1;
}

/* Those of ordinary times are tests, and together they must not find too much. */
static int grade_all(const struct desk *d)
{
    struct probes *all = d->to;
    size_t hosts = 0;
    for (size_t i = 0; i < all->n; i++)
        hosts += all->at[i].n;
    double *p = calloc(hosts + 1, sizeof *p);
    if (p == NULL)
        return no_memory(d);
    for (size_t i = 0; i < all->n; i++) {
        const struct rule *r = all->at[i].rule;
        size_t n = 0, tests = 0;
        if (all->at[i].n_failing == 0 && all->at[i].n_recovered == 0)
            continue;
        for (size_t k = 0; k < all->n; k++) {
            if (all->at[k].rule != r)
                continue;
            tests += all->at[k].n_judged;
            for (size_t h = 0; h < all->at[k].n; h++)
                if (probe_is_ordinary(&all->at[k].host[h]))
                    p[n++] = all->at[k].host[h].p;
        }
        all->at[i].p_must = threshold_of(&r->must_handle, p, n, tests);
        all->at[i].p_look = threshold_of(&r->attention, p, n, tests);
        grade_probe(&all->at[i]);
    }
    free(p);
    return 0;
}

/* --- all --- */

static size_t most_rows(const struct probes *p)
{
    size_t rows = 0;
    for (size_t i = 0; i < p->n; i++)
        for (size_t k = 0; k < p->at[i].n; k++)
            if (p->at[i].host[k].lines.unit->hot.rows > rows)
                rows = p->at[i].host[k].lines.unit->hot.rows;
    return rows;
}

static int judge_all(const struct desk *d)
{
    if (list_probes(d) < 0)
        return -1;
    double *room = calloc(most_rows(d->to) + 1, sizeof *room);
    int rc = room != NULL ? 0 : no_memory(d);
    for (size_t i = 0; rc == 0 && i < d->to->n; i++)
        rc = judge_probe(d, &d->to->at[i], room);
    free(room);
    return rc == 0 ? grade_all(d) : -1;
}

static bool has_rules(const struct ruleset *rs, const struct change *c)
{
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].subject == SUBJECT_PROBES && rule_applies(&rs->rule[i], c))
            return true;
    return false;
}

static int give_past(const struct desk *d, const struct probe *p, struct probe_host *h,
                     struct buf *to)
{
    if (h->state < PROBE_RECOVERED)
        return 0;
    if (probe_past_score(p->rule, h, d->err) < 0)
        return -1;
    probe_past_give((size_t)(h - d->to->host), h, to);
    return 0;
}

int probes_ask(const struct lineup *l, const struct ruleset *rs,
               struct gather_share own, struct buf *to, struct err *err)
{
    struct probes p = {0};
    struct desk d = {.l = l, .rs = rs, .to = &p, .err = err};
    if (!has_rules(rs, l->change))
        return 0;
    int rc = list_probes(&d);
    double *room = rc == 0 ? calloc(most_rows(&p) + 1, sizeof *room) : NULL;
    if (rc == 0 && room == NULL)
        rc = no_memory(&d);
    for (size_t i = 0; i < p.n; i++)
        for (size_t k = 0; rc == 0 && k < p.at[i].n; k++) {
            struct probe_host *h = &p.at[i].host[k];
            if (!gather_owns(own, gather_bucket(h->lines.unit->who.host)))
                continue;
            judge_host(&p.at[i], h, room);
            rc = give_past(&d, &p.at[i], h, to);
        }
    free(room);
    probes_free(&p);
    return rc == 0 && buf_done(to) < 0 ? err_set(err, ENOMEM, "out of memory") : rc;
}

int probes_judge(const struct lineup *l, const struct controls *k,
                 const struct ruleset *rs, const struct buf *pasts,
                 struct probes *ret_probes, struct err *err)
{
    struct probes p = {0};
    struct desk d = {.l = l, .rs = rs, .pasts = pasts, .to = &p, .err = err};
    int rc = 0;
    if (has_rules(rs, l->change)) {
        rc = watch_make(l, k, &d.watch, err) < 0 ? -1 : judge_all(&d);
        watch_free(&d.watch);
    }
    if (rc == 0)
        *ret_probes = p;
    else
        probes_free(&p);
    return rc;
}

void probes_free(struct probes *p)
{
    free(p->at);
    free(p->host);
    free(p->metric);
    free(p->names);
    *p = (struct probes){0};
}
