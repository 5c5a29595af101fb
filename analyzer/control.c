/* analyzer/control.c - choosing what to compare with.  Pure, any thread. */
#include "analyzer/control.h"
#include "analyzer/life.h"
#include "base/buf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A host of a batch that is still to come.  One that was changed and whose first look
 * has not ended yet waits as well, but is changed all the same. */
static bool is_to_come(const struct lineup *l, const char *host)
{
    const struct change_host *h = change_find_host(l->change, host);
    return l->named && h != NULL && life_waits(l->change, h);
}

bool control_is_free(const struct lineup *l, const char *host, const struct frame *f)
{
    const struct slot *s = lineup_slot(l, host);
    if (s != NULL && !is_to_come(l, host) && s->pivot.ms < f->after_to.ms)
        return false;
    /* What another change stirred up needs time to settle before the window begins. */
    int64_t rest = f->before_to.ms - f->before_from.ms;
    instant from = {f->before_from.ms - rest};
    return !lineup_touched(l, host, from, f->after_to);
}

static bool free_for_any(const struct lineup *l, const char *host)
{
    for (size_t i = 0; i < l->n_cohorts; i++)
        if (control_is_free(l, host, &l->cohort[i]))
            return true;
    return false;
}

static bool sends_in(const struct unit *u, const struct frame *f)
{
    const struct lane rows = {u->hot.from, u->hot.step, u->hot.rows, NULL};
    size_t from, to;
    lane_rows(&rows, f->after_from, f->after_to, &from, &to);
    for (size_t i = from * u->n_metrics; i < to * u->n_metrics; i++)
        if (!isnan(u->hot.cells[i]))
            return true;
    return false;
}

/* True when any unit of the host of unit `at` sent something after the change; before
 * there is an after, all count as alive. */
static bool is_alive(const struct lineup *l, size_t at)
{
    struct frame ahead = l->whole.frame;
    const struct frame *f = &l->whole.frame;
    const char *host = l->unit[at]->who.host;
    if (l->whole.state != SLOT_READY || f->after_to.ms <= f->after_from.ms)
        return true;
    if (l->ahead) {
        ahead.after_from.ms =
            ahead.before_to.ms - (ahead.before_to.ms - ahead.before_from.ms) / 3;
        f = &ahead;
    }
    while (at > 0 && l->unit[at - 1]->who.kind == ENTITY_HOST &&
           strcmp(l->unit[at - 1]->who.host, host) == 0)
        at--;
    for (; at < l->n_units && l->unit[at]->who.kind == ENTITY_HOST &&
           strcmp(l->unit[at]->who.host, host) == 0;
         at++)
        if (sends_in(l->unit[at], f))
            return true;
    return false;
}

/* --- labels --- */

/* What controls must have in common with the changed hosts; NULL: any value will do. */
struct wanted {
    const char *value[LABELS_KEYS_MAX];
    bool given[LABELS_KEYS_MAX]; /* by the change itself */
};

/* The value that all changed hosts have; NULL when one has another or none. */
static const char *common_value(const struct lineup *l, size_t k)
{
    const char *common = NULL;
    for (size_t i = 0; i < l->n_slots; i++) {
        const char *value = labels_value(&l->labels, l->slot[i].host, k);
        if (value == NULL || (common != NULL && strcmp(common, value) != 0))
            return NULL;
        common = value;
    }
    return common;
}

static void want(const struct lineup *l, const char *const *host, size_t n,
                 struct wanted *w)
{
    const struct labels *s = &l->labels;
    *w = (struct wanted){0};
    for (size_t k = 0; k < s->n_keys; k++) {
        bool known = false; /* of any host that this change or its controls are about */
        for (size_t i = 0; i < n && !known; i++)
            known = labels_value(s, host[i], k) != NULL;
        for (size_t i = 0; i < l->n_slots && !known; i++)
            known = labels_value(s, l->slot[i].host, k) != NULL;
        for (size_t i = 0; i < l->change->n_labels && known; i++)
            if (strcmp(l->change->label[i].key, s->key[k]) == 0)
                w->value[k] = l->change->label[i].value;
        w->given[k] = w->value[k] != NULL;
        if (known && !w->given[k])
            w->value[k] = common_value(l, k);
    }
}

static bool is_like(const struct lineup *l, const char *host, const struct wanted *w)
{
    for (size_t k = 0; k < l->labels.n_keys; k++) {
        const char *value =
            w->value[k] != NULL ? labels_value(&l->labels, host, k) : NULL;
        if (w->value[k] != NULL && (value == NULL || strcmp(value, w->value[k]) != 0))
            return false;
    }
    return true;
}

static size_t count_like(const struct lineup *l, const struct controls *c,
                         const struct wanted *w)
{
    size_t n = 0;
    for (size_t i = 0; i < c->n; i++)
        n += is_like(l, c->host[i], w);
    return n;
}

/* NULL where nothing is asked for. */
static int say_wanted(const struct lineup *l, const struct wanted *w, char **ret)
{
    struct buf b = {0};
    for (size_t k = 0; k < l->labels.n_keys; k++)
        if (w->value[k] != NULL)
            buf_addf(&b, "%s%s=%s", b.len > 0 ? ", " : "", l->labels.key[k],
                     w->value[k]);
    *ret = b.len > 0 ? buf_give(&b) : NULL;
    bool failed = b.failed;
    buf_free(&b);
    return failed ? -1 : 0;
}

static int choose_alike(const struct lineup *l, struct controls *c)
{
    struct wanted w;
    want(l, c->host, c->n, &w);
    size_t rack = l->labels.n_keys - 1;
    c->alike = count_like(l, c, &w);
    if (c->alike < CONTROLS_LEAST && !w.given[rack] && w.value[rack] != NULL) {
        w.value[rack] = NULL;
        c->alike = count_like(l, c, &w);
    }
    if (say_wanted(l, &w, &c->like) < 0)
        return -1;
    c->unlike = c->like != NULL && c->alike < CONTROLS_LEAST && c->alike < c->n;
    if (c->unlike)
        return 0;
    size_t kept = 0;
    for (size_t i = 0; i < c->n; i++)
        if (is_like(l, c->host[i], &w))
            c->host[kept++] = c->host[i];
    c->n = kept;
    return 0;
}

int control_choose(const struct lineup *l, struct controls *ret_controls,
                   struct err *err)
{
    struct controls c = {0};
    const char *service = l->change->service;
    c.host = calloc(l->n_units + 1, sizeof *c.host);
    if (c.host == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; service != NULL && i < l->n_units; i++) {
        const struct entity *who = &l->unit[i]->who;
        if (who->kind != ENTITY_HOST || strcmp(who->service, service) != 0)
            continue;
        c.known++;
        if (!free_for_any(l, who->host))
            continue;
        if (is_alive(l, i))
            c.host[c.n++] = who->host;
        else
            c.silent++;
    }
    if (choose_alike(l, &c) < 0) {
        controls_free(&c);
        return err_set(err, ENOMEM, "out of memory");
    }
    *ret_controls = c;
    return 0;
}

void controls_free(struct controls *c)
{
    free(c->host);
    free(c->like);
    *c = (struct controls){0};
}

static void name_some(struct buf *b, const struct controls *c)
{
    enum { NAMED = 5 };
    for (size_t i = 0; i < c->n && i < NAMED; i++)
        buf_addf(b, "%s%s", i > 0 ? ", " : "", c->host[i]);
    if (c->n > NAMED)
        buf_addf(b, " and %zu more", c->n - NAMED);
}

static void name_all(struct buf *b, const struct controls *c, const char *service,
                     size_t used)
{
    buf_addf(b, "%zu unchanged host%s of %s", c->n, c->n == 1 ? "" : "s", service);
    if (c->like != NULL && !c->unlike)
        buf_addf(b, " with %s", c->like);
    buf_add(b, ": ");
    name_some(b, c);
    if (c->unlike)
        buf_addf(b, "; only %zu of them ha%s %s, too few, so all are compared with",
                 c->alike, c->alike == 1 ? "s" : "ve", c->like);
    if (used < CONTROLS_LEAST)
        buf_addf(b, "; fewer than %d to compare with", CONTROLS_LEAST);
}

char *control_note(const struct lineup *l, const struct controls *c, size_t used)
{
    struct buf b = {0};
    const char *service = l->change->service;
    if (service == NULL)
        buf_add(&b, "the change names no service, so nothing says which hosts are like "
                    "the changed ones");
    else if (!l->named)
        buf_addf(&b, "the change names no hosts, so all of %s count as changed",
                 service);
    else if (c->known == 0)
        buf_addf(&b, "no host reports under service %s", service);
    else if (c->n == 0 && c->silent > 0)
        buf_addf(&b, "the %zu unchanged host%s of %s sent nothing after the change",
                 c->silent, c->silent == 1 ? "" : "s", service);
    else if (c->n == 0)
        buf_addf(&b,
                 "all %zu known hosts of %s were changed, by this or by another "
                 "change nearby",
                 c->known, service);
    else if (used == 0)
        buf_addf(&b, "the %zu unchanged hosts of %s had too few samples", c->n,
                 service);
    else
        name_all(&b, c, service, used);
    return buf_give(&b);
}
