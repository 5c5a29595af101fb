/* analyzer/relief.c - load of old and new hosts, before and after.  Pure, any thread.
 */
#include "analyzer/relief.h"
#include "analyzer/edges.h"
#include "analyzer/fresh.h"
#include "analyzer/words.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- whose is it --- */

enum side { SIDE_NONE, SIDE_OLD, SIDE_NEW };

static bool is_excepted(const struct lineup *l, const struct rule *r, const char *host)
{
    return r->except.n > 0 &&
           rule_excepts(r, l->change, &(struct excepted){.host = host});
}

static bool is_in_scope(const struct rule *r, const char *host)
{
    return r->on.host.n == 0 || (host != NULL && matches_allow(&r->on.host, host));
}

/* Neither old nor new: an exception leaves the host alone, or the rule is for others.
 */
static bool is_out(const struct lineup *l, const struct rule *r, const char *host)
{
    return !is_in_scope(r, host) || is_excepted(l, r, host);
}

/* All hosts of the change count as new: some may have run idle before. */
static enum side side_of(const struct lineup *l, const struct rule *r, const char *host,
                         const struct slot **ret_slot)
{
    const struct slot *s = lineup_slot(l, host);
    *ret_slot = s != NULL ? s : &l->whole;
    if (is_out(l, r, host))
        return SIDE_NONE;
    if (s != NULL)
        return s->state == SLOT_READY ? SIDE_NEW : SIDE_NONE;
    return control_is_free(l, host, &l->whole.frame) ? SIDE_OLD : SIDE_NONE;
}

static bool was_heard(const struct unit *u, const struct frame *f)
{
    struct lane lane = {u->hot.from, u->hot.step, u->hot.rows, NULL};
    size_t r0, r1;
    lane_rows(&lane, f->before_from, f->before_to, &r0, &r1);
    for (size_t k = r0 * u->n_metrics; k < r1 * u->n_metrics; k++)
        if (!isnan(u->hot.cells[k]))
            return true;
    return false;
}

static size_t count_old(const struct lineup *l, const struct rule *r)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_units; i++) {
        const struct entity *who = &l->unit[i]->who;
        n += who->kind == ENTITY_HOST &&
             strcmp(who->service, l->change->service) == 0 &&
             lineup_slot(l, who->host) == NULL && !is_out(l, r, who->host) &&
             was_heard(l->unit[i], &l->whole.frame);
    }
    return n;
}

static bool is_new(const struct lineup *l, const struct rule *r, const struct slot *s)
{
    return s->state == SLOT_READY && !is_out(l, r, s->host);
}

static size_t count_new(const struct lineup *l, const struct rule *r,
                        size_t *ret_excepted)
{
    size_t n = 0, excepted = 0;
    for (size_t i = 0; i < l->n_slots; i++) {
        const struct slot *s = &l->slot[i];
        n += is_new(l, r, s);
        excepted += s->state == SLOT_READY && is_in_scope(r, s->host) &&
                    is_excepted(l, r, s->host);
    }
    *ret_excepted = excepted;
    return n;
}

/* --- calls --- */

/* Calls a second of one host, as one side of the edge saw them. */
struct callee {
    const char *host;
    bool client;
    enum side side;
    double before, after;
};

static int by_callee(const void *a, const void *b)
{
    const struct callee *x = a, *y = b;
    if (x->client != y->client)
        return x->client ? 1 : -1;
    return strcmp(x->host, y->host);
}

static double calls_in(const struct unit *u, instant from, instant to)
{
    struct lane lane = {u->hot.from, u->hot.step, u->hot.rows, NULL};
    const char *code;
    size_t r0, r1;
    double sum = 0;
    lane_rows(&lane, from, to, &r0, &r1);
    for (uint32_t i = 0; i < u->n_metrics; i++) {
        if (edge_metric(u->metric[i], &code) == CALL_OTHER)
            continue;
        for (size_t r = r0; r < r1; r++) {
            float v = u->hot.cells[r * u->n_metrics + i];
            sum += isnan(v) ? 0 : v;
        }
    }
    return to.ms > from.ms ? sum * 1000 / (double)(to.ms - from.ms) : 0;
}

/* Calls into the service by the host that was called. */
static size_t list_callees(const struct lineup *l, const struct rule *r,
                           struct callee *to)
{
    size_t n = 0, kept = 0;
    for (size_t i = 0; i < l->n_units; i++) {
        const struct unit *u = l->unit[i];
        const struct slot *slot;
        if (u->who.kind != ENTITY_EDGE || *u->who.callee_host == '\0' ||
            strcmp(u->who.callee, l->change->service) != 0)
            continue;
        struct callee c = {.host = u->who.callee_host,
                           .client = strcmp(u->who.side, "client") == 0};
        c.side = side_of(l, r, c.host, &slot);
        const struct frame *f = &slot->frame;
        c.before = calls_in(u, f->before_from, f->before_to);
        c.after = calls_in(u, f->after_from, f->after_to);
        if (c.side != SIDE_NONE)
            to[n++] = c;
    }
    qsort(to, n, sizeof *to, by_callee);
    for (size_t i = 0; i < n; i++) {
        if (kept > 0 && by_callee(&to[kept - 1], &to[i]) == 0) {
            to[kept - 1].before += to[i].before;
            to[kept - 1].after += to[i].after;
        } else {
            to[kept++] = to[i];
        }
    }
    return kept;
}

/* The client's view, unless it has less than half of the server's calls. */
static bool by_client(const struct callee *c, size_t n)
{
    double client = 0, server = 0;
    for (size_t i = 0; i < n; i++)
        if (c[i].side == SIDE_OLD)
            *(c[i].client ? &client : &server) += c[i].before;
    return client > 0 && client >= server / 2;
}

/* A new host that nobody called has no record at all: its load is 0. */
static void list_news(const struct lineup *l, struct relief *r)
{
    for (size_t i = 0; i < l->n_slots; i++)
        if (is_new(l, r->rule, &l->slot[i]))
            r->host[r->n_new++] = (struct relief_host){.host = l->slot[i].host};
}

static int by_name(const void *key, const void *of)
{
    return strcmp(key, ((const struct relief_host *)of)->host);
}

static void take_call(struct relief *r, const struct callee *c)
{
    struct relief_host *h =
        bsearch(c->host, r->host, r->n_new, sizeof *r->host, by_name);
    if (h != NULL)
        h->load += c->after;
}

/* False: calls do not tell hosts apart. */
static bool load_by_calls(struct relief *r, const struct callee *c, size_t n)
{
    bool client = by_client(c, n);
    double taken = 0;
    r->before = r->after = 0;
    r->n_old = 0;
    for (size_t i = 0; i < n; i++) {
        if (c[i].client != client)
            continue;
        if (c[i].side == SIDE_NEW) {
            taken += c[i].after;
            take_call(r, &c[i]);
        } else if (c[i].before > 0) {
            r->before += c[i].before;
            r->after += c[i].after;
            r->n_old++;
        }
    }
    if (r->n_old < FRESH_OLD_LEAST)
        return false;
    r->before /= (double)r->n_old;
    r->after /= (double)r->n_old;
    r->taken = taken / (double)r->n_new;
    return true;
}

static int measure_calls(const struct lineup *l, struct relief *r, bool *ret_known)
{
    size_t most = 1;
    for (size_t i = 0; i < l->n_units; i++)
        most += l->unit[i]->who.kind == ENTITY_EDGE;
    struct callee *c = calloc(most, sizeof *c);
    if (c == NULL)
        return -1;
    list_news(l, r);
    *ret_known = load_by_calls(r, c, list_callees(l, r->rule, c));
    free(c);
    return 0;
}

/* --- figures --- */

/* The host's figure that fits a pattern of the rule best, by name among equals. */
static const char *figure_of(const struct lineup *l, const struct rule *rule,
                             const struct unit *u)
{
    const char *best = NULL;
    int most = 0;
    for (uint32_t i = 0; i < u->n_metrics; i++) {
        int fit = rule_fit(rule, u->metric[i]);
        if (fit > most) {
            most = fit;
            best = labels_name(&l->labels, u, i);
        }
    }
    return best;
}

/* The first old host that has one says which figure it is for all. */
static const char *choose_figure(const struct lineup *l, const struct controls *k,
                                 const struct rule *rule)
{
    const char *labels[] = {l->change->service, ""};
    for (size_t i = 0; i < k->n; i++)
        for (size_t j = 0; j < 2; j++) {
            const struct unit *u = series_unit(l, k->host[i], labels[j]);
            const char *figure = u != NULL ? figure_of(l, rule, u) : NULL;
            if (figure != NULL)
                return figure;
        }
    return NULL;
}

/* The figure on one host, under the service's label or none. */
static bool find_member(const struct lineup *l, const char *host, const char *metric,
                        struct member *ret)
{
    const char *labels[] = {l->change->service, ""};
    for (size_t j = 0; j < 2; j++) {
        const struct unit *u = series_unit(l, host, labels[j]);
        int at =
            u != NULL && u->hot.rows > 0 ? labels_metric(&l->labels, u, metric) : -1;
        if (at < 0)
            continue;
        const struct slot *s = lineup_slot(l, host);
        *ret = (struct member){s != NULL ? s : &l->whole, u, (uint32_t)at};
        return true;
    }
    return false;
}

static struct cut cut_of(const struct member *m, double *room)
{
    struct lane lane = lane_of(m->unit, m->metric, room);
    return lane_cut(&lane, &m->slot->frame);
}

static void add_olds(const struct lineup *l, const struct controls *k, double *room,
                     struct relief *r)
{
    for (size_t i = 0; i < k->n; i++) {
        struct member m;
        if (!control_is_free(l, k->host[i], &l->whole.frame) ||
            is_out(l, r->rule, k->host[i]) ||
            !find_member(l, k->host[i], r->metric, &m))
            continue;
        struct cut c = cut_of(&m, room);
        if (!cut_enough(&c, r->rule->needs.points))
            continue;
        r->before += c.before;
        r->after += c.after;
        r->old[r->n_old++] = m;
    }
}

static void add_news(const struct lineup *l, double *room, struct relief *r)
{
    for (size_t i = 0; i < l->n_slots; i++) {
        struct member m;
        if (!is_new(l, r->rule, &l->slot[i]) ||
            !find_member(l, l->slot[i].host, r->metric, &m))
            continue;
        struct cut c = cut_of(&m, room);
        if (c.n_after == 0 || c.share_after < r->rule->needs.points)
            continue;
        r->taken += c.after;
        r->host[r->n_new++] = (struct relief_host){l->slot[i].host, c.after, m};
    }
}

static int measure_figure(const struct lineup *l, const struct controls *k,
                          double *room, struct relief *r, bool *ret_known)
{
    r->metric = choose_figure(l, k, r->rule);
    r->n_old = r->n_new = 0;
    r->before = r->after = r->taken = 0;
    r->old = calloc(k->n + 1, sizeof *r->old);
    if (r->old == NULL)
        return -1;
    if (r->metric == NULL) {
        r->why = UNJUDGED_NO_SERIES;
        return 0;
    }
    add_olds(l, k, room, r);
    add_news(l, room, r);
    r->why = r->n_old < FRESH_OLD_LEAST ? UNJUDGED_FEW_OLD : UNJUDGED_NO_DATA_AFTER;
    *ret_known = r->n_old >= FRESH_OLD_LEAST && r->n_new > 0;
    if (*ret_known) {
        r->before /= (double)r->n_old;
        r->after /= (double)r->n_old;
        r->taken /= (double)r->n_new;
    }
    return 0;
}

/* --- the judgement --- */

bool relief_meets(const struct relief *r, enum grade g)
{
    const struct bar *b =
        g == GRADE_MUST_HANDLE ? &r->rule->must_handle : &r->rule->attention;
    return b->set && r->came < b->effect && r->taken < RELIEF_TAKEN_LEAST * r->after;
}

static void grade(struct relief *r)
{
    size_t all_old = r->all_old > r->n_old ? r->all_old : r->n_old;
    double share = (double)r->n_new / (double)(all_old + r->n_new);
    r->expected = r->before * (1 - share);
    r->came = (r->before - r->after) / (r->before * share);
    r->grade = relief_meets(r, GRADE_MUST_HANDLE) ? GRADE_MUST_HANDLE
               : relief_meets(r, GRADE_ATTENTION) ? GRADE_ATTENTION
                                                  : GRADE_OK;
}

static const struct rule *rule_of(const struct lineup *l, const struct ruleset *rs)
{
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].subject == SUBJECT_RELIEF &&
            rule_applies(&rs->rule[i], l->change))
            return &rs->rule[i];
    return NULL;
}

int relief_measure(const struct lineup *l, const struct controls *k,
                   const struct ruleset *rs, double *room, struct relief *ret_relief,
                   struct err *err)
{
    struct relief r = {.rule = rule_of(l, rs), .why = UNJUDGED_NO_HOSTS};
    bool known = false;
    if (r.rule != NULL && l->named && l->change->service != NULL &&
        l->whole.state == SLOT_READY && count_new(l, r.rule, &r.excepted) > 0) {
        r.all_old = count_old(l, r.rule);
        r.host = calloc(l->n_slots + 1, sizeof *r.host);
        if (r.host == NULL || measure_calls(l, &r, &known) < 0 ||
            (!known && measure_figure(l, k, room, &r, &known) < 0)) {
            relief_free(&r);
            return err_set(err, ENOMEM, "out of memory");
        }
    }
    r.judged = known && r.before > 0;
    if (r.judged)
        grade(&r);
    *ret_relief = r;
    return 0;
}

void relief_free(struct relief *r)
{
    free(r->host);
    free(r->old);
    *r = (struct relief){0};
}

int relief_note(const struct relief *r, char **ret_note)
{
    struct buf b = {0};
    const char *unit = r->metric == NULL ? "/s" : r->rule->unit;
    *ret_note = NULL;
    if (!r->judged)
        return 0;
    buf_addf(&b, "The %s of %zu old hosts went from ",
             r->metric != NULL ? r->metric : "calls", r->n_old);
    words_value(&b, r->before, unit);
    buf_add(&b, " to ");
    words_value(&b, r->after, unit);
    buf_addf(&b, " each, where %zu more host%s should bring ", r->n_new,
             r->n_new == 1 ? "" : "s");
    words_value(&b, r->expected, unit);
    buf_addf(&b, "; the new one%s ha%s ", r->n_new == 1 ? "" : "s",
             r->n_new == 1 ? "s" : "ve");
    words_value(&b, r->taken, unit);
    buf_add_ch(&b, '.');
    *ret_note = buf_give(&b);
    return *ret_note != NULL ? 0 : -1;
}
