/* analyzer/tell_relief.c - missing relief as a finding.  Pure, any thread. */
#include "analyzer/tell_relief.h"
#include "analyzer/draw.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>

/* "4 new hosts have a cpu.busy of 3 % each, 6 old ones 60 %", "4 new hosts get 0.1
 * calls/s each, 6 old ones 50 calls/s". */
static void say_relief(struct buf *b, const struct relief *r, const char *unit)
{
    bool one = r->n_new == 1, calls = r->metric == NULL;
    buf_addf(b, "%zu new host%s ", r->n_new, one ? "" : "s");
    if (calls)
        buf_add(b, one ? "gets " : "get ");
    else
        buf_addf(b, "ha%s a %s of ", one ? "s" : "ve", r->metric);
    words_value(b, r->taken, unit);
    buf_addf(b, "%s, %zu old ones ", one ? "" : " each", r->n_old);
    words_value(b, r->after, unit);
    buf_addf(b, "; had the new one%s taken %s share, these would have gone from ",
             one ? "" : "s", one ? "its" : "their");
    words_value(b, r->before, unit);
    buf_add(b, " to about ");
    words_value(b, r->expected, unit);
}

/* New hosts with the least load first. */
static void list_relief(struct teller *t, struct finding *f, const struct relief *r)
{
    struct teller_host *bad = calloc(r->n_new + 1, sizeof *bad);
    const struct member **member = calloc(r->n_new + 1, sizeof *member);
    struct draw_range range = draw_range_none;
    for (size_t i = 0; bad != NULL && member != NULL && i < r->n_new; i++) {
        const struct relief_host *h = &r->host[i];
        bad[i] = (struct teller_host){NULL, h->host, NAN, h->load, -h->load};
        member[i] = &h->member;
        draw_widen(&range, lineup_slot(t->lineup, h->host));
    }
    t->failed |= bad == NULL || member == NULL;
    if (!t->failed && r->metric != NULL)
        draw_members(t, f, &range, member, r->n_new, r->old, r->n_old);
    if (!t->failed)
        teller_list_hosts(t, f, bad, r->n_new);
    free(bad);
    free(member);
}

void tell_relief(struct teller *t, const struct relief *r, size_t n_like)
{
    if (!r->judged || r->grade == GRADE_OK)
        return;
    struct finding *f = teller_begin(t, r->rule, FINDING_RELIEF, r->grade, false);
    if (f == NULL)
        return;
    const char *unit = r->metric == NULL ? "calls/s" : r->rule->unit;
    struct buf words = {0};
    f->metric = teller_copy(t, r->metric != NULL ? r->metric : "calls a host");
    f->service = teller_copy(t, t->lineup->change->service);
    f->unit = teller_copy(t, unit);
    f->before = r->before;
    f->after = r->after;
    f->delta = r->after - r->before;
    f->effect = r->after / r->before - 1;
    f->n_like = n_like;
    list_relief(t, f, r);
    say_relief(&words, r, unit);
    teller_end(t, f, &words, r->rule, r->grade);
}
