/* analyzer/edges.c - calls added up, edge by edge.
 *
 * What must hold: client and server side never meet in one sum; sums are taken over
 * sorted units, so the order of arrival does not show.  Pure, any thread. */
#include "analyzer/edges.h"
#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- names of samples --- */

enum call_outcome edge_metric(const char *metric, const char **ret_code)
{
    static const struct {
        const char *word;
        enum call_outcome outcome;
    } words[] = {{"ok ", CALL_OK}, {"fail ", CALL_FAIL}, {"timeout ", CALL_TIMEOUT}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].word);
        if (strncmp(metric, words[i].word, n) == 0) {
            *ret_code = metric + n;
            return words[i].outcome;
        }
    }
    return CALL_OTHER;
}

bool edge_all(enum call_outcome outcome, const char *code, const void *arg)
{
    (void)outcome, (void)code, (void)arg;
    return true;
}

/* --- rows --- */

enum reading { READ_CALLS, READ_MS };

static bool takes(const char *metric, enum reading what, edge_choice chosen,
                  const void *arg)
{
    const char *code = NULL;
    if (what == READ_MS)
        return strcmp(metric, "ms") == 0;
    enum call_outcome outcome = edge_metric(metric, &code);
    return outcome != CALL_OTHER && chosen(outcome, code, arg);
}

static void add_track(const struct unit *u, const struct track *t, const bool *take,
                      struct edge_rows *r)
{
    for (size_t row = 0; row < t->rows && row < r->n; row++) {
        const float *cells = t->cells + row * u->n_metrics;
        for (uint32_t i = 0; i < u->n_metrics; i++) {
            if (isnan(cells[i]))
                continue;
            if (isnan(r->value[row]))
                r->value[row] = 0; /* the edge has data here */
            if (take[i])
                r->value[row] += cells[i];
        }
    }
}

static int read_rows(const struct edge_unit *units, size_t n, const char *host,
                     bool past, enum reading what, edge_choice chosen, const void *arg,
                     struct edge_rows *ret_rows)
{
    struct edge_rows r = {0};
    size_t most = 0;
    for (size_t k = 0; k < n; k++) {
        const struct track *t = past ? &units[k].unit->past : &units[k].unit->hot;
        if (t->rows > r.n)
            r = (struct edge_rows){t->from, t->step, t->rows, NULL};
        if (units[k].unit->n_metrics > most)
            most = units[k].unit->n_metrics;
    }
    bool *take = calloc(most + 1, sizeof *take);
    r.value = malloc((r.n + 1) * sizeof *r.value);
    if (take == NULL || r.value == NULL) {
        free(take);
        free(r.value);
        return -1;
    }
    for (size_t row = 0; row < r.n; row++)
        r.value[row] = NAN;
    for (size_t k = 0; k < n; k++) {
        const struct unit *u = units[k].unit;
        const struct track *t = past ? &u->past : &u->hot;
        bool mine = host == NULL || strcmp(units[k].host, host) == 0;
        if (!mine || t->from.ms != r.from.ms || t->step.ms != r.step.ms)
            continue;
        for (uint32_t i = 0; i < u->n_metrics; i++)
            take[i] = takes(u->metric[i], what, chosen, arg);
        add_track(u, t, take, &r);
    }
    free(take);
    *ret_rows = r;
    return 0;
}

int edge_rows(const struct edge_unit *units, size_t n, const char *host,
              edge_choice chosen, const void *arg, struct edge_rows *ret_rows)
{
    return read_rows(units, n, host, false, READ_CALLS, chosen, arg, ret_rows);
}

int edge_rows_ms(const struct edge_unit *units, size_t n, const char *host,
                 struct edge_rows *ret_rows)
{
    return read_rows(units, n, host, false, READ_MS, NULL, NULL, ret_rows);
}

int edge_past(const struct edge_unit *units, size_t n, edge_choice chosen,
              const void *arg, struct edge_rows *ret_rows)
{
    return read_rows(units, n, NULL, true, READ_CALLS, chosen, arg, ret_rows);
}

void edge_rows_free(struct edge_rows *r)
{
    free(r->value);
    *r = (struct edge_rows){0};
}

/* --- sums over a unit's windows --- */

/* Row numbers of the windows in a track. */
struct cuts {
    size_t before, before_to, after, after_to, tail;
};

static struct cuts cuts_of(const struct track *t, const struct frame *f)
{
    struct lane lane = {t->from, t->step, t->rows, NULL};
    struct cuts c;
    lane_rows(&lane, f->before_from, f->before_to, &c.before, &c.before_to);
    lane_rows(&lane, f->after_from, f->after_to, &c.after, &c.after_to);
    size_t fifth = (c.after_to - c.after) / 5;
    size_t three_minutes = t->step.ms > 0 ? (size_t)(180000 / t->step.ms) : 0;
    if (fifth > three_minutes)
        fifth = three_minutes;
    if (fifth < 3)
        fifth = 3;
    c.tail = c.after_to - c.after > fifth ? c.after_to - fifth : c.after;
    return c;
}

static double add_rows(const struct unit *u, uint32_t metric, size_t from, size_t to)
{
    double sum = 0;
    for (size_t r = from; r < to; r++) {
        float v = u->hot.cells[r * u->n_metrics + metric];
        if (!isnan(v))
            sum += v;
    }
    return sum;
}

static void add_metric(const struct unit *u, uint32_t metric, const struct cuts *c,
                       struct sums *to)
{
    size_t rows = c->before_to - c->before;
    to->before += add_rows(u, metric, c->before, c->before_to);
    to->after += add_rows(u, metric, c->after, c->after_to);
    to->tail += add_rows(u, metric, c->tail, c->after_to);
    for (size_t p = 0; p < EDGE_PARTS; p++)
        to->part[p] += add_rows(u, metric, c->before + rows * p / EDGE_PARTS,
                                c->before + rows * (p + 1) / EDGE_PARTS);
    for (uint32_t r = 0; r < u->past.rows; r++) {
        float v = u->past.cells[(size_t)r * u->n_metrics + metric];
        if (!isnan(v))
            to->past += v;
    }
}

static void add_seconds(const struct track *t, const struct cuts *c, struct sums *to)
{
    double step = (double)t->step.ms / 1000;
    size_t rows = c->before_to - c->before;
    to->before += step * (double)rows;
    to->after += step * (double)(c->after_to - c->after);
    to->tail += step * (double)(c->after_to - c->tail);
    for (size_t p = 0; p < EDGE_PARTS; p++) {
        size_t from = rows * p / EDGE_PARTS, end = rows * (p + 1) / EDGE_PARTS;
        to->part[p] += step * (double)(end - from);
    }
}

static void join_sums(struct sums *to, const struct sums *from)
{
    to->before += from->before;
    to->after += from->after;
    to->tail += from->tail;
    to->past += from->past;
    for (size_t p = 0; p < EDGE_PARTS; p++)
        to->part[p] += from->part[p];
}

static int by_code(const void *a, const void *b)
{
    const struct code *x = a, *y = b;
    if (x->outcome != y->outcome)
        return x->outcome < y->outcome ? -1 : 1;
    return strcmp(x->code, y->code);
}

/* One entry for each metric of each unit, then sorted and joined. */
static void list_codes(struct edge *e, const struct edge_unit *units, size_t n,
                       bool control, struct sums *seconds)
{
    for (size_t k = 0; k < n; k++) {
        const struct unit *u = units[k].unit;
        struct cuts c = cuts_of(&u->hot, &units[k].slot->frame);
        for (uint32_t i = 0; i < u->n_metrics; i++) {
            struct code one = {0};
            one.outcome = edge_metric(u->metric[i], &one.code);
            if (one.outcome == CALL_OTHER)
                continue;
            add_metric(u, i, &c, control ? &one.control : &one.changed);
            e->code[e->n_codes++] = one;
        }
        add_seconds(&u->hot, &c, seconds);
        e->has_past |= u->past.rows > 0;
    }
}

/* Only which there are: what they count is for those who compare them. */
static void list_fresh_codes(struct edge *e)
{
    for (size_t k = 0; k < e->n_fresh; k++) {
        const struct unit *u = e->fresh[k].unit;
        struct cuts c = cuts_of(&u->hot, &e->fresh[k].slot->frame);
        for (uint32_t i = 0; i < u->n_metrics; i++) {
            struct code one = {0};
            one.outcome = edge_metric(u->metric[i], &one.code);
            if (one.outcome == CALL_OTHER)
                continue;
            add_metric(u, i, &c, &e->calls_fresh);
            e->code[e->n_codes++] = one;
        }
    }
}

static int add_codes(struct edge *e)
{
    size_t most = 1;
    for (size_t k = 0; k < e->n_changed; k++)
        most += e->changed[k].unit->n_metrics;
    for (size_t k = 0; k < e->n_control; k++)
        most += e->control[k].unit->n_metrics;
    for (size_t k = 0; k < e->n_fresh; k++)
        most += e->fresh[k].unit->n_metrics;
    e->code = calloc(most, sizeof *e->code);
    if (e->code == NULL)
        return -1;
    list_codes(e, e->changed, e->n_changed, false, &e->seconds);
    list_codes(e, e->control, e->n_control, true, &e->seconds_control);
    list_fresh_codes(e);
    qsort(e->code, e->n_codes, sizeof *e->code, by_code);
    size_t kept = 0;
    for (size_t i = 0; i < e->n_codes; i++) {
        if (kept > 0 && by_code(&e->code[kept - 1], &e->code[i]) == 0) {
            join_sums(&e->code[kept - 1].changed, &e->code[i].changed);
            join_sums(&e->code[kept - 1].control, &e->code[i].control);
        } else {
            e->code[kept++] = e->code[i];
        }
        join_sums(&e->calls, &e->code[i].changed);
        join_sums(&e->calls_control, &e->code[i].control);
    }
    e->n_codes = kept;
    return 0;
}

/* --- which units make an edge --- */

/* A unit on its way into an edge. */
struct entry {
    const struct unit *unit;
    const char *host;
    bool inbound;
    double calls; /* before and after, by the whole's frame */
};

static bool equal(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* False when the unit is no edge of the change. */
static bool entry_of(const struct lineup *l, const struct unit *u, struct entry *e)
{
    const struct entity *who = &u->who;
    const char *service = l->change->service;
    if (who->kind != ENTITY_EDGE || u->hot.rows == 0)
        return false;
    *e = (struct entry){.unit = u};
    if (service != NULL) {
        if (!equal(who->callee, service) && !equal(who->caller, service))
            return false;
        e->inbound = equal(who->callee, service);
    } else {
        e->inbound = lineup_slot(l, who->callee_host) != NULL;
        if (!e->inbound && lineup_slot(l, who->caller_host) == NULL)
            return false;
    }
    e->host = e->inbound ? who->callee_host : who->caller_host;
    struct cuts c = cuts_of(&u->hot, &l->whole.frame);
    for (uint32_t i = 0; i < u->n_metrics; i++) {
        const char *code;
        if (edge_metric(u->metric[i], &code) != CALL_OTHER)
            e->calls += add_rows(u, i, c.before, c.before_to) +
                        add_rows(u, i, c.after, c.after_to);
    }
    return true;
}

static int by_edge(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const struct entity *p = &x->unit->who, *q = &y->unit->who;
    if (x->inbound != y->inbound)
        return x->inbound ? -1 : 1;
    int d = strcmp(p->caller, q->caller);
    if (d == 0)
        d = strcmp(p->callee, q->callee);
    if (d == 0)
        d = strcmp(p->iface, q->iface);
    return d;
}

static int by_place(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    const struct entity *p = &x->unit->who, *q = &y->unit->who;
    int d = by_edge(a, b);
    if (d == 0)
        d = strcmp(p->side, q->side);
    if (d == 0)
        d = strcmp(x->host, y->host);
    if (d == 0)
        d = strcmp(p->caller_host, q->caller_host);
    return d != 0 ? d : strcmp(p->callee_host, q->callee_host);
}

static const char *choose_side(const struct entry *e, size_t n)
{
    double client = 0, server = 0;
    for (size_t i = 0; i < n; i++)
        *(equal(e[i].unit->who.side, "server") ? &server : &client) += e[i].calls;
    return client > 0 && client >= server / 2 ? "client" : server > 0 ? "server" : NULL;
}

/* The slot whose frame a unit is read by; NULL: it is not of a changed host. */
static const struct slot *changed_slot(const struct lineup *l, const char *host)
{
    const struct slot *s = l->named ? lineup_slot(l, host) : &l->whole;
    return s != NULL && s->state == SLOT_READY ? s : NULL;
}

static bool told_by_host(const struct lineup *l, const struct entry *e, size_t n,
                         const char *side)
{
    double all = 0, unnamed = 0, changed = 0;
    for (size_t i = 0; i < n; i++) {
        if (!equal(e[i].unit->who.side, side))
            continue;
        all += e[i].calls;
        if (*e[i].host == '\0')
            unnamed += e[i].calls;
        else if (changed_slot(l, e[i].host) != NULL)
            changed += e[i].calls;
    }
    return l->named && changed > 0 && unnamed * 2 < all;
}

static void place(const struct lineup *l, const struct entry *e, struct edge *to)
{
    struct edge_unit u = {e->unit, e->host, &l->whole};
    if (!to->by_host) {
        /* Calls of hosts that the change does not name are not the change's. */
        if (!l->named || *e->host == '\0')
            to->changed[to->n_changed++] = u;
        return;
    }
    const struct slot *slot = changed_slot(l, e->host);
    if (slot != NULL && slot->fresh) {
        u.slot = slot;
        to->fresh[to->n_fresh++] = u;
    } else if (slot != NULL) {
        u.slot = slot;
        to->changed[to->n_changed++] = u;
    } else if (*e->host != '\0' && control_is_free(l, e->host, &l->whole.frame)) {
        to->control[to->n_control++] = u;
    }
}

static void edge_clear(struct edge *e)
{
    free(e->name);
    free(e->changed);
    free(e->control);
    free(e->fresh);
    free(e->code);
    *e = (struct edge){0};
}

/* 1: made; 0: nothing of it is the change's; -1: out of memory. */
static int make_edge(const struct lineup *l, const struct entry *e, size_t n,
                     struct edge *to)
{
    const char *side = choose_side(e, n);
    const struct entity *who = &e[0].unit->who;
    if (side == NULL)
        return 0;
    *to = (struct edge){.caller = who->caller,
                        .callee = who->callee,
                        .iface = who->iface,
                        .side = side,
                        .inbound = e[0].inbound,
                        .by_host = told_by_host(l, e, n, side)};
    struct buf name = {0};
    buf_addf(&name, "%s->%s:%s", who->caller, who->callee, who->iface);
    to->name = buf_give(&name);
    to->changed = calloc(n, sizeof *to->changed);
    to->control = calloc(n, sizeof *to->control);
    to->fresh = calloc(n, sizeof *to->fresh);
    if (to->name == NULL || to->changed == NULL || to->control == NULL ||
        to->fresh == NULL)
        goto fail;
    for (size_t i = 0; i < n; i++)
        if (equal(e[i].unit->who.side, side))
            place(l, &e[i], to);
    if (to->n_changed + to->n_fresh == 0) {
        edge_clear(to);
        return 0;
    }
    if (add_codes(to) < 0)
        goto fail;
    return 1;
fail:
    edge_clear(to);
    return -1;
}

int edges_list(const struct lineup *l, struct edges *ret_edges, struct err *err)
{
    struct edges list = {0};
    size_t n = 0;
    struct entry *e = calloc(l->n_units + 1, sizeof *e);
    list.at = calloc(l->n_units + 1, sizeof *list.at);
    if (e == NULL || list.at == NULL)
        goto fail;
    for (size_t i = 0; i < l->n_units && l->whole.state == SLOT_READY; i++)
        n += entry_of(l, l->unit[i], &e[n]);
    qsort(e, n, sizeof *e, by_place);
    for (size_t i = 0, to; i < n; i = to) {
        for (to = i + 1; to < n && by_edge(&e[i], &e[to]) == 0; to++)
            ;
        int made = make_edge(l, &e[i], to - i, &list.at[list.n]);
        if (made < 0)
            goto fail;
        list.n += (size_t)made;
    }
    free(e);
    *ret_edges = list;
    return 0;
fail:
    free(e);
    edges_free(&list);
    return err_set(err, ENOMEM, "out of memory");
}

void edges_free(struct edges *e)
{
    for (size_t i = 0; i < e->n; i++)
        edge_clear(&e->at[i]);
    free(e->at);
    *e = (struct edges){0};
}
