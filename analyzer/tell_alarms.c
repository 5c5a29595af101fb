/* analyzer/tell_alarms.c - alarms as findings, one a name.  Pure, any thread. */
#include "analyzer/tell_alarms.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>

/* "3 of 4 changed hosts", "h1", "the service". */
static void say_where(struct buf *b, const struct finding *f, const struct new_alarm *a,
                      const struct new_alarms *all)
{
    if (a->of_service)
        buf_addf(b, " for %s", f->service != NULL ? f->service : "the service");
    else
        teller_say_hosts(b, f, all->hosts);
}

/* How often it begins in ordinary times, and what that makes of this. */
static void say_ordinary(struct buf *b, const struct new_alarm *a,
                         const struct new_alarms *all)
{
    if (all->past_minutes < 1)
        return;
    if (a->begun_past == 0) {
        buf_add(b, "; it did not begin there in the ");
        words_span(b, (span){(int64_t)all->past_minutes * 60000});
        buf_add(b, " before the change");
        return;
    }
    buf_add(b, "; it began there ");
    words_count(b, a->begun_past);
    buf_add(b, " times in the ");
    words_span(b, (span){(int64_t)all->past_minutes * 60000});
    buf_add(b, " before the change, so ");
    words_value(b, a->expected, NULL);
    buf_add(b, " would be usual after it");
}

static void say_alarm(struct buf *b, const struct finding *f, const struct new_alarm *a,
                      const struct new_alarms *all)
{
    const struct alarm_row *r = a->example;
    buf_addf(b, "Alarm %s", r->name);
    if (r->severity != NULL)
        buf_addf(b, " (%s)", r->severity);
    buf_add(b, " began");
    say_where(b, f, a, all);
    buf_add(b, ", first ");
    words_span(b, a->after);
    buf_add(b, " after the change; it did not fire there in the ");
    words_span(b, all->before);
    buf_add(b, " before it");
    if (!a->of_service && all->controls > 0) {
        if (a->control_hosts > 0)
            buf_addf(b, ", and is new on %zu", a->control_hosts);
        else
            buf_add(b, ", and is new on none");
        buf_addf(b, " of %zu unchanged host%s", all->controls,
                 all->controls == 1 ? "" : "s");
    }
    say_ordinary(b, a, all);
    if (r->text != NULL)
        buf_addf(b, ". It says: %s", r->text);
}

static void list_alarm_hosts(struct teller *t, struct finding *f,
                             const struct new_alarm *a)
{
    struct teller_host *bad = calloc(a->n_hosts + 1, sizeof *bad);
    if (bad == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < a->n_hosts; i++) {
        const struct alarm_host *h = &a->host[i];
        double begun = (double)h->begun;
        /* those where it fires still come first */
        bad[i] = (struct teller_host){NULL, h->host, 0, begun,
                                      begun + (h->firing ? 1e6 : 0)};
    }
    teller_list_hosts(t, f, bad, a->n_hosts);
    free(bad);
}

static void tell_alarm(struct teller *t, const struct new_alarms *all,
                       const struct new_alarm *a)
{
    struct finding *f = teller_begin(t, a->rule, FINDING_ALARM, a->grade, a->recovered);
    if (f == NULL)
        return;
    struct buf metric = {0}, words = {0};
    if (!a->of_service)
        list_alarm_hosts(t, f, a);
    f->service = teller_copy(t, teller_service(t, a->example->service));
    buf_addf(&metric, "alarm %s", a->example->name);
    f->metric = teller_give(t, &metric);
    f->before = 0;
    f->after = a->begun;
    f->delta = a->begun;
    if (!a->of_service && all->controls > 0) {
        f->control_before = 0;
        f->control_after = (double)a->control_hosts;
    }
    f->p = a->p;
    f->confidence = isnan(a->p) ? 1 : 1 - a->p;
    f->first_seen = a->first;
    say_alarm(&words, f, a, all);
    teller_end(t, f, &words, a->rule, a->grade);
}

void tell_alarms(struct teller *t, const struct new_alarms *a)
{
    /* the worst come first */
    for (size_t i = 0; i < a->n && i < TELL_ALARMS_MAX; i++)
        if (a->at[i].grade != GRADE_OK)
            tell_alarm(t, a, &a->at[i]);
}
