/* analyzer/series.c - grouping the changed hosts' series.  Pure, any thread. */
#include "analyzer/series.h"
#include "base/table_hash.h"

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
    uint32_t kind;
};

/* What entries of one group have in common, by the texts' addresses: the same texts at
 * other addresses are another kind of the same group. */
struct kind {
    const char *service, *key;
    const struct rule *rule;
    uint64_t whole;
};

struct kinds {
    struct kind *at;
    size_t n, cap;
    uint32_t *slot; /* 1 + the kind's number; 0: free */
    size_t slots;   /* a power of two */
    uint32_t *rank; /* of each kind among the groups */
    size_t n_groups;
};

static void kinds_free(struct kinds *k)
{
    free(k->at);
    free(k->slot);
    free(k->rank);
}

static size_t slot_of(const struct kinds *k, const struct kind *of)
{
    size_t i = table_hash(of, sizeof *of, 0) & (k->slots - 1);
    while (k->slot[i] != 0 && memcmp(&k->at[k->slot[i] - 1], of, sizeof *of) != 0)
        i = (i + 1) & (k->slots - 1);
    return i;
}

static int kinds_grow(struct kinds *k)
{
    size_t cap = k->cap > 0 ? 2 * k->cap : 512;
    struct kind *at = reallocarray(k->at, cap, sizeof *at);
    if (at != NULL)
        k->at = at;
    uint32_t *slot = at != NULL ? calloc(2 * cap, sizeof *slot) : NULL;
    if (slot == NULL)
        return -1;
    free(k->slot);
    k->slot = slot;
    k->cap = cap;
    k->slots = 2 * cap;
    for (size_t i = 0; i < k->n; i++)
        k->slot[slot_of(k, &k->at[i])] = (uint32_t)i + 1;
    return 0;
}

/* The number of an entry's kind; below zero: no memory. */
static int64_t kind_of(struct kinds *k, const struct entry *e)
{
    const struct kind of = {e->m.unit->who.service, e->key, e->rule,
                            e->m.slot->host == NULL};
    if (k->n == k->cap && kinds_grow(k) < 0)
        return -1;
    size_t i = slot_of(k, &of);
    if (k->slot[i] == 0) {
        k->at[k->n++] = of;
        k->slot[i] = (uint32_t)k->n;
    }
    return k->slot[i] - 1;
}

/* The service's own last. */
static int by_group(const struct kind *x, const struct kind *y)
{
    if (x->whole != y->whole)
        return x->whole > y->whole ? 1 : -1;
    int d = strcmp(x->service, y->service);
    if (d == 0)
        d = strcmp(x->key, y->key);
    /* rules lie in one array, so their addresses have the files' order */
    if (d == 0 && x->rule != y->rule)
        return x->rule < y->rule ? -1 : 1;
    return d;
}

static int by_group_of(const void *a, const void *b)
{
    return by_group(*(const struct kind *const *)a, *(const struct kind *const *)b);
}

static int rank_kinds(struct kinds *k)
{
    const struct kind **order = calloc(k->n + 1, sizeof *order);
    k->rank = calloc(k->n + 1, sizeof *k->rank);
    if (order == NULL || k->rank == NULL) {
        free(order);
        return -1;
    }
    for (size_t i = 0; i < k->n; i++)
        order[i] = &k->at[i];
    if (k->n > 0)
        qsort(order, k->n, sizeof *order, by_group_of);
    for (size_t i = 0; i < k->n; i++) {
        k->n_groups += i == 0 || by_group(order[i - 1], order[i]) != 0;
        k->rank[order[i] - k->at] = (uint32_t)(k->n_groups - 1);
    }
    free(order);
    return 0;
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

/* Asks once a metric unless a rule is for some hosts only.  Hosts share the texts of
 * their metrics, so what was asked of is known by its address. */
static void find_rules(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                       struct filling *f)
{
    enum { KNOWN = 1024 };
    struct {
        const char *metric;
        bool whole;
        const struct rule *rule;
    } known[KNOWN] = {{0}};
    bool every = ruleset_has_host_rules(rs);
    for (size_t i = 0; i < f->n; i++) {
        struct entry *e = &f->entry[i];
        const char *metric = e->m.unit->metric[e->m.metric];
        bool whole = e->m.slot->host == NULL;
        size_t at = table_hash(&metric, sizeof metric, whole) % KNOWN;
        if (every || known[at].metric != metric || known[at].whole != whole) {
            known[at].metric = metric;
            known[at].whole = whole;
            known[at].rule = ask(rs, l->change, metric, e->m.slot->host);
        }
        e->rule = known[at].rule;
    }
}

/* Puts entries into their groups, in which they keep their order: that of hosts. */
static void make_groups(const struct filling *f, const struct kinds *k,
                        struct series_list *list)
{
    list->n = k->n_groups;
    for (size_t i = 0; i < f->n; i++)
        list->at[k->rank[f->entry[i].kind]].n_members++;
    size_t first = 0;
    for (size_t g = 0; g < list->n; g++) {
        list->at[g].member = &list->member[first];
        first += list->at[g].n_members;
        list->at[g].n_members = 0;
    }
    for (size_t i = 0; i < f->n; i++) {
        const struct entry *e = &f->entry[i];
        const char *metric = e->m.unit->metric[e->m.metric];
        struct series *s = &list->at[k->rank[e->kind]];
        if (s->n_members == 0) {
            s->service = e->m.unit->who.service;
            s->metric = metric;
            s->key = e->key;
            s->whole = e->m.slot->host == NULL;
            s->rule = e->rule;
        }
        list->member[(size_t)(s->member - list->member) + s->n_members++] = e->m;
        if (s->metric != metric && strcmp(s->metric, metric) != 0)
            s->metric = s->key;
    }
}

static int sort_groups(struct filling *f, struct series_list *list)
{
    struct kinds k = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < f->n; i++) {
        int64_t kind = kind_of(&k, &f->entry[i]);
        rc = kind < 0 ? -1 : 0;
        f->entry[i].kind = (uint32_t)kind;
    }
    if (rc == 0)
        rc = rank_kinds(&k);
    if (rc == 0)
        make_groups(f, &k, list);
    kinds_free(&k);
    return rc;
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
    find_rules(l, rs, ask, &f);
    int rc = sort_groups(&f, &list);
    free(f.entry);
    if (rc < 0) {
        series_list_free(&list);
        return err_set(err, ENOMEM, "out of memory");
    }
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
