/* analyzer/labels.c - host labels out of the names of series.
 *
 * What must hold: nothing depends on where units lie in memory - they are looked up by
 * their address, but never ordered by it in anything that is given.  Pure, any thread.
 */
#include "analyzer/labels.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* From the large to the small; the rack stands behind all others. */
static const char *const known[LABELS_KNOWN] = {"region", "idc", "zone", "cluster",
                                                "rack"};

struct labels_host {
    const char *host;
    char *value[LABELS_KEYS_MAX]; /* NULL: unknown */
};

struct labels_unit {
    const struct unit *of;
    const char **name; /* one a metric: the unit's own, or in `texts` */
    uint32_t *order;   /* metrics by name */
    char *texts;
    const struct labels_host *host;
    bool shared; /* all but `of` is that of another unit */
};

/* --- tags --- */

struct tag {
    const char *at; /* "idc=sh1" */
    size_t n, n_key;
};

/* The next tag of "cpu.busy{idc=sh1,rack=7}"; `*at` is where to go on, first the name
 * itself. */
static bool next_tag(const char **at, struct tag *ret)
{
    const char *from = strchr(*at, '{');
    if (from == NULL)
        from = **at == ',' ? *at : NULL;
    if (from == NULL)
        return false;
    from++;
    size_t n = strcspn(from, ",}"), n_key = strcspn(from, "=,}");
    if (n_key >= n)
        return false; /* no tag of ours: the name is left alone from here on */
    *ret = (struct tag){from, n, n_key};
    *at = from + n;
    return true;
}

static size_t key_of(const struct labels *s, const struct tag *t)
{
    for (size_t k = 0; k < s->n_keys; k++)
        if (strlen(s->key[k]) == t->n_key && memcmp(s->key[k], t->at, t->n_key) == 0)
            return k;
    return SIZE_MAX;
}

static bool same_value(const struct tag *a, const struct tag *b)
{
    return a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

/* --- the labels of one host --- */

/* What its series say, key by key. */
struct poll {
    size_t series;
    size_t carry[LABELS_KEYS_MAX];
    struct tag first[LABELS_KEYS_MAX];
    bool differ[LABELS_KEYS_MAX];
};

static void ask_unit(const struct labels *s, const struct unit *u, struct poll *p)
{
    for (uint32_t i = 0; i < u->n_metrics; i++) {
        const char *at = u->metric[i];
        struct tag tag;
        p->series++;
        while (next_tag(&at, &tag)) {
            size_t k = key_of(s, &tag);
            if (k == SIZE_MAX)
                continue;
            if (p->carry[k]++ == 0)
                p->first[k] = tag;
            p->differ[k] |= !same_value(&p->first[k], &tag);
        }
    }
}

static bool is_label(const struct poll *p, size_t k)
{
    return p->carry[k] > 0 && 2 * p->carry[k] >= p->series && !p->differ[k];
}

/* 1: the host has labels, and is in the list; -1: no memory. */
static int take_host(struct labels *s, const char *host, const struct poll *p)
{
    struct labels_host *h = &s->host[s->n_hosts];
    *h = (struct labels_host){.host = host};
    int any = 0;
    for (size_t k = 0; k < s->n_keys; k++) {
        const struct tag *t = &p->first[k];
        if (!is_label(p, k))
            continue;
        h->value[k] = strndup(t->at + t->n_key + 1, t->n - t->n_key - 1);
        any = 1;
        if (h->value[k] == NULL) {
            s->n_hosts++; /* what it has is freed with it */
            return -1;
        }
    }
    s->n_hosts += (size_t)any;
    return any;
}

/* --- the names of its series --- */

/* Writes a name without its host's labels; gives the bytes used, 0 when it has none of
 * them. */
static size_t strip(const struct labels *s, const struct labels_host *h,
                    const char *name, char *to)
{
    const char *at = name;
    struct tag tag;
    size_t base = strcspn(name, "{"), used = base;
    bool stripped = false;
    memcpy(to, name, base);
    while (next_tag(&at, &tag)) {
        size_t k = key_of(s, &tag);
        if (k != SIZE_MAX && h->value[k] != NULL) {
            stripped = true;
            continue;
        }
        to[used] = used == base ? '{' : ',';
        memcpy(to + used + 1, tag.at, tag.n);
        used += 1 + tag.n;
    }
    if (!stripped || (at[0] != '}' || at[1] != '\0'))
        return 0;
    if (used > base)
        to[used++] = '}';
    to[used++] = '\0';
    return used;
}

struct named {
    const char *name;
    uint32_t metric;
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int d = strcmp(x->name, y->name);
    return d != 0 ? d : (x->metric > y->metric) - (x->metric < y->metric);
}

/* Two series of one unit under one key are told apart by their own names. */
static bool part_equals(const struct unit *u, struct named *n)
{
    bool found = false;
    for (uint32_t i = 0, j; i < u->n_metrics; i = j) {
        for (j = i + 1; j < u->n_metrics && strcmp(n[i].name, n[j].name) == 0;)
            j++;
        for (uint32_t k = i; j - i > 1 && k < j; k++) {
            found |= n[k].name != u->metric[n[k].metric];
            n[k].name = u->metric[n[k].metric];
        }
    }
    return found;
}

/* A unit named shortly before whose series have the same names and whose host has
 * labels of the same keys: most hosts of one place are alike, and panels hold a name
 * once. */
static const struct labels_unit *find_like(const struct labels *s,
                                           const struct labels_host *h,
                                           const struct unit *u)
{
    enum { TRIED = 8 };
    for (size_t i = s->n_units, tried = 0; i > 0 && tried < TRIED; i--) {
        const struct labels_unit *o = &s->unit[i - 1];
        bool same =
            !o->shared && o->of->n_metrics == u->n_metrics &&
            memcmp(o->of->metric, u->metric, u->n_metrics * sizeof(*u->metric)) == 0;
        for (size_t k = 0; k < s->n_keys && same; k++)
            same = (o->host->value[k] != NULL) == (h->value[k] != NULL);
        if (same)
            return o;
        tried += !o->shared;
        if (s->n_units - i > TRIED * TRIED)
            break;
    }
    return NULL;
}

static int name_unit(struct labels_unit *to, const struct labels *s,
                     const struct labels_host *h, const struct unit *u)
{
    size_t bytes = 1, n = u->n_metrics;
    for (uint32_t i = 0; i < n; i++)
        bytes += strlen(u->metric[i]) + 2;
    struct named *named = calloc(n + 1, sizeof *named);
    *to = (struct labels_unit){.of = u,
                               .name = calloc(n + 1, sizeof *to->name),
                               .order = calloc(n + 1, sizeof *to->order),
                               .texts = malloc(bytes),
                               .host = h};
    if (named == NULL || to->name == NULL || to->order == NULL || to->texts == NULL) {
        free(named);
        return -1;
    }
    char *at = to->texts;
    for (uint32_t i = 0; i < n; i++) {
        size_t used = strip(s, h, u->metric[i], at);
        named[i] = (struct named){used > 0 ? at : u->metric[i], i};
        at += used;
    }
    qsort(named, n, sizeof *named, by_name);
    if (part_equals(u, named))
        qsort(named, n, sizeof *named, by_name);
    for (uint32_t i = 0; i < n; i++) {
        to->name[named[i].metric] = named[i].name;
        to->order[i] = named[i].metric;
    }
    free(named);
    return 0;
}

/* --- all hosts --- */

static void list_keys(struct labels *s, const struct change *c)
{
    for (size_t i = 0; i + 1 < LABELS_KNOWN; i++)
        s->key[s->n_keys++] = known[i];
    for (size_t i = 0; i < c->n_labels && s->n_keys + 1 < LABELS_KEYS_MAX; i++) {
        bool there = strcmp(c->label[i].key, known[LABELS_KNOWN - 1]) == 0;
        for (size_t k = 0; k < s->n_keys; k++)
            there |= strcmp(s->key[k], c->label[i].key) == 0;
        if (!there)
            s->key[s->n_keys++] = c->label[i].key;
    }
    s->key[s->n_keys++] = known[LABELS_KNOWN - 1];
}

static int by_address(const void *a, const void *b)
{
    uintptr_t x = (uintptr_t)((const struct labels_unit *)a)->of;
    uintptr_t y = (uintptr_t)((const struct labels_unit *)b)->of;
    return (x > y) - (x < y);
}

static int add_unit(struct labels *s, const struct unit *u)
{
    const struct labels_host *h = &s->host[s->n_hosts - 1];
    const struct labels_unit *like = find_like(s, h, u);
    struct labels_unit *to = &s->unit[s->n_units++];
    if (like == NULL)
        return name_unit(to, s, h, u);
    *to = *like;
    to->of = u;
    to->shared = true;
    return 0;
}

/* Units [from, to) are those of one host. */
static int read_host(struct labels *s, const struct unit *const *unit, size_t from,
                     size_t to)
{
    struct poll poll = {0};
    for (size_t i = from; i < to; i++)
        ask_unit(s, unit[i], &poll);
    int rc = take_host(s, unit[from]->who.host, &poll);
    for (size_t i = from; rc > 0 && i < to; i++)
        if (unit[i]->n_metrics > 0 && add_unit(s, unit[i]) < 0)
            rc = -1;
    return rc < 0 ? -1 : 0;
}

int labels_open(struct labels *s, const struct unit *const *unit, size_t n,
                const struct change *c, struct err *err)
{
    *s = (struct labels){0};
    list_keys(s, c);
    size_t hosts = 0, units = 0;
    for (size_t i = 0; i < n; i++)
        if (unit[i]->who.kind == ENTITY_HOST) {
            units++;
            hosts += i == 0 || unit[i - 1]->who.kind != ENTITY_HOST ||
                     strcmp(unit[i - 1]->who.host, unit[i]->who.host) != 0;
        }
    s->host = calloc(hosts + 1, sizeof *s->host);
    s->unit = calloc(units + 1, sizeof *s->unit);
    int rc = s->host != NULL && s->unit != NULL ? 0 : -1;
    for (size_t i = 0, j; rc == 0 && i < n; i = j) {
        j = i + 1;
        if (unit[i]->who.kind != ENTITY_HOST)
            continue;
        while (j < n && unit[j]->who.kind == ENTITY_HOST &&
               strcmp(unit[j]->who.host, unit[i]->who.host) == 0)
            j++;
        rc = read_host(s, unit, i, j);
    }
    if (rc < 0) {
        labels_close(s);
        return err_set(err, ENOMEM, "out of memory");
    }
    qsort(s->unit, s->n_units, sizeof *s->unit, by_address);
    return 0;
}

void labels_close(struct labels *s)
{
    for (size_t i = 0; i < s->n_hosts; i++)
        for (size_t k = 0; k < s->n_keys; k++)
            free(s->host[i].value[k]);
    for (size_t i = 0; i < s->n_units; i++) {
        if (s->unit[i].shared)
            continue;
        free(s->unit[i].name);
        free(s->unit[i].order);
        free(s->unit[i].texts);
    }
    free(s->host);
    free(s->unit);
    *s = (struct labels){0};
}

/* --- asking --- */

static int host_against(const void *name, const void *host)
{
    return strcmp(name, ((const struct labels_host *)host)->host);
}

const char *labels_value(const struct labels *s, const char *host, size_t k)
{
    if (s->n_hosts == 0)
        return NULL;
    const struct labels_host *h =
        bsearch(host, s->host, s->n_hosts, sizeof *s->host, host_against);
    return h != NULL ? h->value[k] : NULL;
}

static const struct labels_unit *find_unit(const struct labels *s, const struct unit *u)
{
    struct labels_unit key = {.of = u};
    if (s->n_units == 0)
        return NULL;
    return bsearch(&key, s->unit, s->n_units, sizeof key, by_address);
}

const char *labels_name(const struct labels *s, const struct unit *u, uint32_t i)
{
    const struct labels_unit *named = find_unit(s, u);
    return named != NULL ? named->name[i] : u->metric[i];
}

int labels_metric(const struct labels *s, const struct unit *u, const char *name)
{
    const struct labels_unit *named = find_unit(s, u);
    if (named == NULL)
        return unit_metric(u, name);
    size_t lo = 0, hi = u->n_metrics;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = strcmp(named->name[named->order[mid]], name);
        if (d == 0)
            return (int)named->order[mid];
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return -1;
}
