/* analyzer/seats.c - from series to units.  Pure, any thread. */
#include "analyzer/seats.h"

#include <stdlib.h>
#include <string.h>

/* Puts seats into buckets; within one they keep their order. */
static void order_by_bucket(const struct seat *seat, size_t n, struct seats *ret)
{
    size_t next[GATHER_BUCKETS];
    for (size_t i = 0; i < n; i++)
        if (seat[i].n > 0)
            ret->bucket[seat[i].bucket + 1]++;
    for (size_t b = 0; b < GATHER_BUCKETS; b++)
        ret->bucket[b + 1] += ret->bucket[b];
    memcpy(next, ret->bucket, sizeof next);
    for (size_t i = 0; i < n; i++)
        if (seat[i].n > 0)
            ret->at[next[seat[i].bucket]++] = seat[i];
    ret->n = ret->bucket[GATHER_BUCKETS];
}

/* --- members --- */

struct seating {
    const struct series_list *list;
    const struct unit *first; /* units lie in one array, which begins here */
    size_t *rank;             /* of each unit of that array, in the lineup's order */
    struct seat *seat;        /* by rank */
    struct seat_entry *entry;
};

/* Calls `each` for every member of a series with a rule. */
static void each_member(struct seating *g,
                        void (*each)(struct seating *g, size_t series, size_t member))
{
    for (size_t i = 0; i < g->list->n; i++) {
        const struct series *s = &g->list->at[i];
        size_t first = (size_t)(s->member - g->list->member);
        for (size_t k = first; s->rule != NULL && k < first + s->n_members; k++)
            each(g, i, k);
    }
}

static struct seat *seat_of(const struct seating *g, size_t member)
{
    return &g->seat[g->rank[g->list->member[member].unit - g->first]];
}

static void count_entry(struct seating *g, size_t series, size_t member)
{
    struct seat *seat = seat_of(g, member);
    (void)series;
    seat->unit = g->list->member[member].unit;
    seat->slot = g->list->member[member].slot;
    seat->n++;
}

static void put_entry(struct seating *g, size_t series, size_t member)
{
    struct seat *seat = seat_of(g, member);
    g->entry[seat->first + seat->n++] = (struct seat_entry){
        (uint32_t)series, (uint32_t)member, g->list->member[member].metric};
}

static void seat_all(struct seating *g, const struct lineup *l, struct seats *ret)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_units; i++)
        g->rank[l->unit[i] - g->first] = i;
    each_member(g, count_entry);
    for (size_t i = 0; i < l->n_units; i++) {
        struct seat *seat = &g->seat[i];
        if (seat->n > 0)
            seat->bucket = gather_bucket(seat->unit->who.host);
        seat->first = n;
        n += seat->n;
        seat->n = 0;
    }
    each_member(g, put_entry);
    order_by_bucket(g->seat, l->n_units, ret);
}

int seats_of_members(const struct lineup *l, const struct series_list *s,
                     struct seats *ret_seats)
{
    struct seating g = {.list = s, .first = l->n_units > 0 ? l->unit[0] : NULL};
    for (size_t i = 0; i < l->n_units; i++)
        g.first = l->unit[i] < g.first ? l->unit[i] : g.first;
    g.rank = calloc(l->n_units + 1, sizeof *g.rank);
    g.seat = calloc(l->n_units + 1, sizeof *g.seat);
    g.entry = calloc(s->n_members + 1, sizeof *g.entry);
    *ret_seats = (struct seats){.entry = g.entry};
    ret_seats->at = calloc(l->n_units + 1, sizeof *ret_seats->at);
    bool ready =
        g.rank != NULL && g.seat != NULL && g.entry != NULL && ret_seats->at != NULL;
    if (ready)
        seat_all(&g, l, ret_seats);
    free(g.rank);
    free(g.seat);
    return ready ? 0 : -1;
}

/* --- controls --- */

struct placing {
    const struct lineup *lineup;
    const struct series_list *list;
    const struct chosen *chosen;
    size_t *next; /* of each series: the first chosen that has no entry yet */
    size_t entries;
    struct seat *seat;
    size_t n;
    struct seats *seats;
};

/* One control host in series [from, to) of one label. */
static void seat_control(struct placing *g, size_t h, const char *host, size_t from,
                         size_t to)
{
    const struct unit *u = NULL;
    struct seat *seat = &g->seat[g->n];
    for (size_t i = from; i < to; i++) {
        const struct chosen *c = &g->chosen[i];
        size_t place = g->next[i];
        if (place == c->n || c->host[place] != h)
            continue;
        g->next[i]++;
        if (u == NULL) {
            u = series_unit(g->lineup, host, g->list->at[i].service);
            *seat = (struct seat){.unit = u,
                                  .control = (uint32_t)h,
                                  .bucket = gather_bucket(host),
                                  .first = g->entries};
        }
        int metric = u != NULL ? series_on(g->lineup, &g->list->at[i], u) : -1;
        if (metric < 0)
            continue;
        g->seats->entry[g->entries++] =
            (struct seat_entry){(uint32_t)i, (uint32_t)place, (uint32_t)metric};
        seat->n++;
    }
    g->n += u != NULL && seat->n > 0;
}

int seats_of_controls(const struct lineup *l, const struct controls *k,
                      const struct series_list *s, const struct chosen *chosen,
                      size_t from, size_t to, struct seats *ret_seats)
{
    size_t most = 0;
    for (size_t i = from; i < to; i++)
        most += chosen[i].n;
    *ret_seats = (struct seats){.at = calloc(most + 1, sizeof *ret_seats->at),
                                .entry = calloc(most + 1, sizeof *ret_seats->entry)};
    struct placing g = {.lineup = l, .list = s, .chosen = chosen, .seats = ret_seats};
    g.next = calloc(s->n + 1, sizeof *g.next);
    g.seat = calloc(most + 2, sizeof *g.seat);
    bool ready = ret_seats->at != NULL && ret_seats->entry != NULL && g.next != NULL &&
                 g.seat != NULL;
    for (size_t label = from, end; ready && label < to; label = end) {
        for (end = label + 1; end < to; end++)
            if (strcmp(s->at[end].service, s->at[label].service) != 0)
                break;
        for (size_t h = 0; h < k->n; h++)
            seat_control(&g, h, k->host[h], label, end);
    }
    if (ready)
        order_by_bucket(g.seat, g.n, ret_seats);
    free(g.next);
    free(g.seat);
    return ready ? 0 : -1;
}

void seats_free(struct seats *s)
{
    free(s->at);
    free(s->entry);
    *s = (struct seats){0};
}

const struct seat_entry *seat_entries(const struct seats *s, const struct seat *seat,
                                      size_t from, size_t to, size_t *ret_n)
{
    const struct seat_entry *e = s->entry + seat->first, *end = e + seat->n;
    while (e < end && e->series < from)
        e++;
    *ret_n = 0;
    while (e + *ret_n < end && e[*ret_n].series < to)
        ++*ret_n;
    return e;
}
