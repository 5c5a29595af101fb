/* analyzer/control.c - choosing what to compare with.  Pure, any thread. */
#include "analyzer/control.h"
#include "analyzer/life.h"
#include "base/buf.h"

#include <errno.h>
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
        if (free_for_any(l, who->host))
            c.host[c.n++] = who->host;
    }
    *ret_controls = c;
    return 0;
}

void controls_free(struct controls *c)
{
    free(c->host);
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
    else if (c->n == 0)
        buf_addf(&b,
                 "all %zu known hosts of %s were changed, by this or by another "
                 "change nearby",
                 c->known, service);
    else if (used == 0)
        buf_addf(&b, "the %zu unchanged hosts of %s had too few samples", c->n,
                 service);
    else {
        buf_addf(&b, "%zu unchanged host%s of %s: ", c->n, c->n == 1 ? "" : "s",
                 service);
        name_some(&b, c);
        if (used < CONTROLS_LEAST)
            buf_addf(&b, "; fewer than %d to compare with", CONTROLS_LEAST);
    }
    return buf_give(&b);
}
