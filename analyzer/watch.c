/* analyzer/watch.c - hosts and sides of single events.  Pure, any thread. */
#include "analyzer/watch.h"

#include "analyzer/life.h"
#include "base/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool watch_slot(const struct slot *s)
{
    return s->state != SLOT_WAITING;
}

enum watch_side watch_side(const struct slot *s, instant at)
{
    if (!watch_slot(s))
        return WATCH_NONE;
    if (at.ms >= s->pivot.ms && at.ms < s->frame.after_to.ms)
        return WATCH_AFTER;
    bool before = at.ms >= s->frame.before_from.ms && at.ms < s->frame.before_to.ms;
    return before ? WATCH_BEFORE : WATCH_NONE;
}

double watch_minutes(instant from, instant to)
{
    return to.ms > from.ms ? (double)(to.ms - from.ms) / 60000.0 : 0;
}

/* True for a host of the change whose work was done, though its looks are to come. */
static bool changed_already(const struct lineup *l, const char *host)
{
    const struct change_host *h = change_find_host(l->change, host);
    return h != NULL && !life_waits(l->change, h) &&
           h->pivot.ms < l->whole.frame.after_to.ms;
}

static int choose_controls(struct watch *w, const struct controls *k, struct err *err)
{
    const struct lineup *l = w->lineup;
    size_t all = 0;
    w->control = calloc(k->n + 1, sizeof *w->control);
    if (w->control == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < k->n; i++)
        if (watch_slot(&l->whole) && !changed_already(l, k->host[i]) &&
            control_is_free(l, k->host[i], &l->whole.frame))
            w->control[all++] = k->host[i];
    qsort(w->control, all, sizeof *w->control, order_texts);
    for (size_t i = 0; i < all; i++) /* a host of several units is one host */
        if (i == 0 || strcmp(w->control[i], w->control[w->n_controls - 1]) != 0)
            w->control[w->n_controls++] = w->control[i];
    return 0;
}

static void add_slot(struct watch *w, const struct slot *s)
{
    w->hosts++;
    w->minutes_before += watch_minutes(s->frame.before_from, s->frame.before_to);
    w->minutes_after += watch_minutes(s->pivot, s->frame.after_to);
}

static void measure(struct watch *w)
{
    const struct lineup *l = w->lineup;
    w->first = l->whole.pivot;
    for (size_t i = 0; i < l->n_slots; i++) {
        if (!watch_slot(&l->slot[i]))
            continue;
        add_slot(w, &l->slot[i]);
        if (l->slot[i].pivot.ms < w->first.ms)
            w->first = l->slot[i].pivot;
    }
    if (!l->named && l->n_slots == 0 && watch_slot(&l->whole))
        add_slot(w, &l->whole);
    w->control_minutes =
        (double)w->n_controls * watch_minutes(l->whole.pivot, l->whole.frame.after_to);
}

int watch_make(const struct lineup *l, const struct controls *k,
               struct watch *ret_watch, struct err *err)
{
    struct watch w = {.lineup = l};
    if (choose_controls(&w, k, err) < 0)
        return -1;
    measure(&w);
    *ret_watch = w;
    return 0;
}

void watch_free(struct watch *w)
{
    free(w->control);
    *w = (struct watch){0};
}

const struct slot *watch_changed(const struct watch *w, const char *host,
                                 const char *service)
{
    const struct lineup *l = w->lineup;
    const struct slot *s = lineup_slot(l, host);
    if (s == NULL && !l->named && l->change->service != NULL && service != NULL &&
        strcmp(l->change->service, service) == 0)
        s = &l->whole;
    return s != NULL && watch_slot(s) ? s : NULL;
}

bool watch_control(const struct watch *w, const char *host)
{
    return bsearch(&host, w->control, w->n_controls, sizeof *w->control, order_texts) !=
           NULL;
}
