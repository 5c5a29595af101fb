/* analyzer/tell_crashes.c - crashes as findings, one a fingerprint.  Pure, any thread.
 */
#include "analyzer/tell_crashes.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void say_dumps(struct buf *b, double n)
{
    words_count(b, n);
    buf_add(b, n == 1 ? " dump" : " dumps");
}

/* "a crash never seen in 30 days: ", or how often it came. */
static void say_known(struct buf *b, const struct crash *c, const struct crashes *all)
{
    bool whole = all->days >= CORE_MEMORY_DAYS;
    if (!c->unseen) {
        buf_add(b, "A known crash, ");
        say_dumps(b, c->dumps_past);
        buf_add(b, " on these hosts in ");
    } else if (all->days > 0) {
        buf_add(b, whole ? "A crash never seen in " : "A crash never seen before, in ");
    }
    if (all->days >= 2)
        buf_addf(b, "%d days", (int)all->days);
    else if (all->days > 0)
        words_span(b, (span){(int64_t)(all->days * 86400000)});
    else
        buf_add(b, "A crash never seen before (no earlier coredump is known)");
    buf_add(b, !whole && c->unseen && all->days > 0 ? " of memory: " : ": ");
}

static void say_crash(struct buf *b, const struct finding *f, const struct crash *c,
                      const struct crashes *all)
{
    char at[INSTANT_TEXT_MAX];
    say_known(b, c, all);
    buf_addf(b, "%s%s, ", c->example->title,
             c->unsure ? " (without function names)" : "");
    say_dumps(b, c->dumps_after);
    teller_say_hosts(b, f, all->hosts);
    buf_addf(b, " since %.5s UTC", instant_text(c->first, at) + 11);
    if (!c->unseen && c->expected > 0) {
        buf_add(b, ", where ");
        words_value(b, c->expected, NULL);
        buf_add(b, " would be usual");
    }
    if (all->controls > 0) {
        buf_add(b, ", ");
        if (c->control_after > 0)
            say_dumps(b, c->control_after);
        else
            buf_add(b, "none");
        buf_addf(b, " on %zu unchanged host%s", all->controls,
                 all->controls == 1 ? "" : "s");
    }
    if (c->kinds > 1)
        buf_addf(b, "; on %zu ways to the same place", c->kinds);
}

static void list_crash_hosts(struct teller *t, struct finding *f, const struct crash *c)
{
    struct teller_host *bad = calloc(c->n_hosts + 1, sizeof *bad);
    if (bad == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < c->n_hosts; i++) {
        const struct crash_host *h = &c->host[i];
        double after = (double)h->after;
        bad[i] = (struct teller_host){NULL, h->host, (double)h->before, after, after};
    }
    teller_list_hosts(t, f, bad, c->n_hosts);
    free(bad);
}

static void tell_crash(struct teller *t, const struct crashes *all,
                       const struct crash *c, size_t more)
{
    struct finding *f = teller_begin(t, all->rule, FINDING_CORE, c->grade, false);
    if (f == NULL)
        return;
    struct buf metric = {0}, words = {0};
    list_crash_hosts(t, f, c);
    f->service = teller_copy(t, teller_service(t, c->example->service));
    buf_add(&metric, "coredumps of ");
    crash_name(c->example, &metric);
    f->metric = teller_give(t, &metric);
    f->before = c->dumps_before;
    f->after = c->dumps_after;
    f->delta = f->after - f->before;
    if (all->controls > 0) {
        f->control_before = c->control_before;
        f->control_after = c->control_after;
    }
    f->effect = c->effect;
    f->p = c->p;
    f->confidence = isnan(c->p) ? 1 : 1 - c->p;
    f->first_seen = c->first;
    f->n_like = more;
    say_crash(&words, f, c, all);
    if (more > 0)
        buf_addf(&words, "; %zu further crashes are not listed", more);
    teller_end(t, f, &words, all->rule, c->grade);
}

void tell_crashes(struct teller *t, const struct crashes *c)
{
    size_t n = 0; /* the worst come first */
    while (n < c->n && c->at[n].grade != GRADE_OK)
        n++;
    size_t told = n < TELL_CRASHES_MAX ? n : TELL_CRASHES_MAX;
    for (size_t i = 0; i < told; i++)
        tell_crash(t, c, &c->at[i], i == 0 ? n - told : 0);
}
