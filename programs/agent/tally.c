/* programs/agent/tally.c - a small open hash table of call edges and codes.
 *
 * What is held is bounded whatever the lines say: when all edges are taken, a line is
 * added to the one "other" of its outcome, so the number of calls stays right.  In the
 * loop. */
#include "programs/agent/tally.h"

#include "base/table_hash.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 4096, IFACE_SLOTS = 2048, SPARE = 3 /* "other", by outcome */ };

struct edge {
    char *key; /* caller>callee:iface code */
    const char *outcome;
    uint64_t count, timed;
    double sum_ms, max_ms;
};

struct agent_tally {
    size_t ifaces_max, ifaces, n, room;
    uint64_t folded;
    struct edge *edge;
    uint16_t slot[SLOTS];        /* number of an edge and 1 */
    uint64_t iface[IFACE_SLOTS]; /* hashes; 0: free */
};

struct agent_tally *agent_tally_new(size_t ifaces, struct err *err)
{
    struct agent_tally *t = calloc(1, sizeof *t);
    if (t == NULL)
        err_set(err, ENOMEM, "out of memory");
    else
        t->ifaces_max =
            ifaces < AGENT_TALLY_IFACES_MAX ? ifaces : AGENT_TALLY_IFACES_MAX;
    return t;
}

static void forget(struct agent_tally *t)
{
    for (size_t i = 0; i < t->n; i++)
        free(t->edge[i].key);
    free(t->edge);
    t->edge = NULL;
    t->n = t->room = 0;
    memset(t->slot, 0, sizeof t->slot);
}

void agent_tally_free(struct agent_tally **t)
{
    if (*t == NULL)
        return;
    forget(*t);
    free(*t);
    *t = NULL;
}

/* ---- interfaces ---- */

/* May it have its own name? */
static bool admit(struct agent_tally *t, const struct agent_line *l)
{
    uint64_t h = table_hash(l->iface, strlen(l->iface), 3) | 1;
    size_t i = h / 2 % IFACE_SLOTS;
    while (t->iface[i] != 0 && t->iface[i] != h)
        i = (i + 1) % IFACE_SLOTS;
    if (t->iface[i] == h)
        return true;
    bool strange = strlen(l->code) == 3 && l->code[0] == '4';
    if (t->ifaces >= t->ifaces_max || strange)
        return false;
    t->iface[i] = h;
    t->ifaces++;
    return true;
}

/* ---- edges ---- */

static uint16_t *slot_of(struct agent_tally *t, const char *key, const char *outcome)
{
    size_t i = table_hash(key, strlen(key), 5) % SLOTS;
    for (; t->slot[i] != 0; i = (i + 1) % SLOTS) {
        const struct edge *e = &t->edge[t->slot[i] - 1];
        if (strcmp(e->key, key) == 0 && strcmp(e->outcome, outcome) == 0)
            break;
    }
    return &t->slot[i];
}

static bool grow(struct agent_tally *t)
{
    size_t room = t->room > 0 ? t->room * 2 : 16;
    struct edge *more =
        t->n < t->room ? t->edge : realloc(t->edge, room * sizeof *more);
    if (more == NULL)
        return false;
    if (t->n == t->room)
        t->room = room;
    t->edge = more;
    return true;
}

/* The edge of this key, a new one if need be; NULL: no room or no memory. */
static struct edge *edge_of(struct agent_tally *t, struct buf *key, const char *outcome,
                            size_t most)
{
    if (buf_done(key) < 0)
        return NULL;
    uint16_t *slot = slot_of(t, key->data, outcome);
    if (*slot == 0) {
        if (t->n >= most || !grow(t))
            return NULL;
        t->edge[t->n] = (struct edge){.key = buf_give(key), .outcome = outcome};
        *slot = (uint16_t)++t->n;
    }
    return &t->edge[*slot - 1];
}

void agent_tally_add(struct agent_tally *t, struct agent_line *l)
{
    OWNED_BUF key = {0};
    if (l->iface[0] != '\0' && !admit(t, l)) {
        strcpy(l->iface, "other");
        t->folded++;
    }
    buf_addf(&key, "%s>%s%s%s %s", l->caller, l->callee, l->iface[0] != '\0' ? ":" : "",
             l->iface, l->code);
    struct edge *e = edge_of(t, &key, l->outcome, AGENT_TALLY_EDGES_MAX);
    if (e == NULL) {
        t->folded++;
        buf_clear(&key);
        buf_addf(&key, "other>other:other %s", l->outcome);
        e = edge_of(t, &key, l->outcome, AGENT_TALLY_EDGES_MAX + SPARE);
    }
    if (e == NULL)
        return; /* no memory for a few bytes: the process is at its end */
    e->count++;
    if (isnan(l->ms))
        return;
    e->timed++;
    e->sum_ms += l->ms;
    if (l->ms > e->max_ms)
        e->max_ms = l->ms;
}

uint64_t agent_tally_folded(const struct agent_tally *t)
{
    return t->folded;
}

size_t agent_tally_write(struct agent_tally *t, const char *tail, struct buf *to)
{
    size_t n = t->n;
    for (size_t i = 0; i < n; i++) {
        const struct edge *e = &t->edge[i];
        buf_addf(to, "%s %llu", e->key, (unsigned long long)e->count);
        if (e->timed == e->count) /* else the mean would be too small */
            buf_addf(to, " %.10g %.10g", e->sum_ms, e->max_ms);
        buf_addf(to, " outcome=%s%s\n", e->outcome, tail);
    }
    forget(t);
    return n;
}
