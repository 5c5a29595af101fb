/* analyzer/series.c - grouping the changed hosts' series.  Pure, any thread. */
#include "analyzer/series.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int series_metric(const struct unit *u, const char *metric)
{
    size_t lo = 0, hi = u->n_metrics;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = strcmp(u->metric[mid], metric);
        if (d == 0)
            return (int)mid;
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}

/* The first host unit that is not before (host, service). */
static size_t lower_bound(const struct lineup *l, const char *host, const char *service)
{
    size_t lo = 0, hi = l->n_units;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        const struct entity *who = &l->unit[mid]->who;
        int d = who->kind != ENTITY_HOST ? 1 : strcmp(who->host, host);
        if (d == 0)
            d = strcmp(who->service, service);
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

const struct unit *series_unit(const struct lineup *l, const char *host,
                               const char *service)
{
    size_t i = lower_bound(l, host, service);
    if (i == l->n_units)
        return NULL;
    const struct entity *who = &l->unit[i]->who;
    bool same = who->kind == ENTITY_HOST && strcmp(who->host, host) == 0 &&
                strcmp(who->service, service) == 0;
    return same ? l->unit[i] : NULL;
}

int series_on(const struct lineup *l, const struct series *s, const struct unit *u)
{
    return labels_metric(&l->labels, u, s->key);
}

/* A member with the rule that speaks for it, as long as the list is being sorted. */
struct entry {
    struct member m;
    const char *key;
    const struct rule *rule;
};

static int by_group(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    bool xw = x->m.slot->host == NULL, yw = y->m.slot->host == NULL;
    if (xw != yw)
        return xw ? 1 : -1;
    int d = strcmp(x->m.unit->who.service, y->m.unit->who.service);
    if (d == 0)
        d = strcmp(x->key, y->key);
    /* rules lie in one array, so their addresses have the files' order */
    if (d == 0 && x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    if (d == 0 && !xw)
        d = strcmp(x->m.slot->host, y->m.slot->host);
    return d;
}

/* Names lie together, so that a rule is asked for once a name. */
static int by_name(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    bool xw = x->m.slot->host == NULL, yw = y->m.slot->host == NULL;
    int d = xw == yw
                ? strcmp(x->m.unit->metric[x->m.metric], y->m.unit->metric[y->m.metric])
                : xw - yw;
    return d != 0 || xw ? d : strcmp(x->m.slot->host, y->m.slot->host);
}

static bool same_group(const struct series *s, const struct entry *e)
{
    return s->whole == (e->m.slot->host == NULL) && s->rule == e->rule &&
           strcmp(s->service, e->m.unit->who.service) == 0 &&
           strcmp(s->key, e->key) == 0;
}

/* Calls `each` for every unit that the change is judged by: those of hosts with a past
 * and the service's own, or those of hosts without one. */
static void each_unit(const struct lineup *l, bool fresh,
                      void (*each)(const struct slot *, const struct unit *, void *),
                      void *arg)
{
    for (size_t i = 0; i < l->n_slots; i++) {
        if (l->slot[i].state != SLOT_READY || l->slot[i].fresh != fresh)
            continue;
        for (size_t k = lower_bound(l, l->slot[i].host, "");
             k < l->n_units && l->unit[k]->who.kind == ENTITY_HOST &&
             strcmp(l->unit[k]->who.host, l->slot[i].host) == 0;
             k++)
            each(&l->slot[i], l->unit[k], arg);
    }
    const char *service = l->change->service;
    for (size_t k = 0; !fresh && service != NULL && k < l->n_units; k++)
        if (l->unit[k]->who.kind == ENTITY_SERVICE &&
            strcmp(l->unit[k]->who.service, service) == 0 &&
            l->whole.state == SLOT_READY)
            each(&l->whole, l->unit[k], arg);
}

struct filling {
    const struct lineup *lineup;
    struct entry *entry;
    size_t n, rows;
};

static void count_unit(const struct slot *slot, const struct unit *u, void *arg)
{
    struct filling *f = arg;
    (void)slot;
    f->n += u->n_metrics;
    if (u->hot.rows > f->rows)
        f->rows = u->hot.rows;
}

static void take_unit(const struct slot *slot, const struct unit *u, void *arg)
{
    struct filling *f = arg;
    for (uint32_t i = 0; i < u->n_metrics && u->hot.rows > 0; i++)
        f->entry[f->n++] = (struct entry){.m = {slot, u, i},
                                          .key = labels_name(&f->lineup->labels, u, i)};
}

/* Asks once a metric unless a rule is for some hosts only. */
static void find_rules(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                       struct filling *f)
{
    bool every = ruleset_has_host_rules(rs);
    const char *last = NULL;
    bool last_whole = false;
    const struct rule *rule = NULL;
    for (size_t i = 0; i < f->n; i++) {
        struct entry *e = &f->entry[i];
        const char *metric = e->m.unit->metric[e->m.metric];
        bool whole = e->m.slot->host == NULL;
        if (every || last == NULL || whole != last_whole || strcmp(last, metric) != 0)
            rule = ask(rs, l->change, metric, e->m.slot->host);
        last = metric;
        last_whole = whole;
        e->rule = rule;
    }
}

static void make_groups(const struct filling *f, struct series_list *list)
{
    for (size_t i = 0; i < f->n; i++) {
        const struct entry *e = &f->entry[i];
        const char *metric = e->m.unit->metric[e->m.metric];
        list->member[i] = e->m;
        if (list->n == 0 || !same_group(&list->at[list->n - 1], e))
            list->at[list->n++] = (struct series){.service = e->m.unit->who.service,
                                                  .metric = metric,
                                                  .key = e->key,
                                                  .whole = e->m.slot->host == NULL,
                                                  .rule = e->rule,
                                                  .member = &list->member[i]};
        struct series *s = &list->at[list->n - 1];
        s->n_members++;
        if (s->metric != metric && strcmp(s->metric, metric) != 0)
            s->metric = s->key;
    }
}

static int make_list(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                     bool fresh, struct series_list *ret_list, struct err *err)
{
    struct filling f = {.lineup = l};
    each_unit(l, fresh, count_unit, &f);
    struct series_list list = {.n_members = f.n, .rows = f.rows};
    f.entry = calloc(f.n + 1, sizeof *f.entry);
    list.at = calloc(f.n + 1, sizeof *list.at);
    list.member = calloc(f.n + 1, sizeof *list.member);
    if (f.entry == NULL || list.at == NULL || list.member == NULL) {
        free(f.entry);
        series_list_free(&list);
        return err_set(err, ENOMEM, "out of memory");
    }
    f.n = 0;
    each_unit(l, fresh, take_unit, &f);
    list.n_members = f.n;
    qsort(f.entry, f.n, sizeof *f.entry, by_name);
    find_rules(l, rs, ask, &f);
    qsort(f.entry, f.n, sizeof *f.entry, by_group);
    make_groups(&f, &list);
    free(f.entry);
    *ret_list = list;
    return 0;
}

int series_list(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                struct series_list *ret_list, struct err *err)
{
    return make_list(l, rs, ask, false, ret_list, err);
}

int series_list_fresh(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                      struct series_list *ret_list, struct err *err)
{
    return make_list(l, rs, ask, true, ret_list, err);
}

void series_list_free(struct series_list *s)
{
    free(s->at);
    free(s->member);
    *s = (struct series_list){0};
}
