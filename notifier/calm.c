/* notifier/calm.c - decides from what was told, what waits and what is new.  Pure: the
 * time is an argument. */
#include "notifier/calm.h"

static instant later_of(instant a, instant b)
{
    return a.ms > b.ms ? a : b;
}

static instant sooner_of(instant a, instant b)
{
    return a.ms < b.ms ? a : b;
}

static struct calm_say mail(const struct calm_past *past, instant due)
{
    const struct note *waits = past->note;
    if (waits != NULL && !waits->digest)
        due = sooner_of(due, waits->due);
    return (struct calm_say){CALM_MAIL, due};
}

static struct calm_say digest(const struct calm_past *past, const struct calm_times *t)
{
    const struct note *waits = past->note;
    return (struct calm_say){
        CALM_DIGEST, waits != NULL && waits->digest ? waits->due : t->next_digest};
}

static struct calm_say nothing_of(const struct calm_past *past)
{
    return (struct calm_say){past->note != NULL ? CALM_TAKE_BACK : CALM_NOTHING,
                             INSTANT_NONE};
}

/* They know nothing of the change yet. */
static struct calm_say first(enum routing_when wish, const struct calm_past *past,
                             const struct calm_step *step, const struct calm_times *t)
{
    if (wish == ROUTING_AT_ONCE || (wish == ROUTING_FINAL && step->final))
        return mail(past, instant_add(t->now, t->gather));
    if (wish == ROUTING_DIGEST && step->final)
        return digest(past, t);
    return nothing_of(past); /* a worse grade that waited is no longer true */
}

static struct calm_say correct(enum routing_when wish, const struct calm_past *past,
                               const struct calm_step *step, const struct calm_times *t)
{
    bool worst = step->grade == GRADE_MUST_HANDLE;
    instant due = instant_add(t->now, t->gather);
    if (!worst && !step->final)
        return (struct calm_say){CALM_NOTHING, INSTANT_NONE};
    if (past->told->digest && wish <= ROUTING_DIGEST)
        return digest(past, t); /* as quietly as it was told */
    if (!worst)
        due = later_of(due, instant_add(past->told->at, t->correction));
    return mail(past, due);
}

struct calm_say calm_decide(const enum routing_when wish[GRADE_N],
                            const struct calm_past *past, const struct calm_step *step,
                            const struct calm_times *t)
{
    enum routing_when w = wish[step->grade];
    if (past->told == NULL)
        return first(w, past, step, t);
    if (past->told->grade != step->grade)
        return correct(w, past, step, t);
    if (step->final && step->later > past->told->later && w != ROUTING_NEVER)
        return w == ROUTING_DIGEST ? digest(past, t)
                                   : mail(past, instant_add(t->now, t->gather));
    return nothing_of(past);
}

instant calm_storm(const struct routing_limits *limits, const struct calm_queue *q)
{
    size_t each = (size_t)limits->each, all = (size_t)limits->all;
    if (q->mails + q->n <= each && q->mails_all + q->n <= all)
        return INSTANT_NONE;
    instant at = sooner_of(instant_add(q->last, limits->calm),
                           instant_add(q->first, limits->longest));
    if (instant_is_none(q->last_storm))
        return at;
    return later_of(at, instant_add(q->last_storm, limits->every));
}
