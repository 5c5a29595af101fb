/* analyzer/tell_silence.c - silent hosts as a finding.  Pure, any thread. */
#include "analyzer/tell_silence.h"
#include "analyzer/words.h"

#include <assert.h>
#include <stdlib.h>

static void say_silence(struct buf *b, const struct teller *t, const struct finding *f,
                        const struct silence *s, size_t others,
                        const struct pulse *worst)
{
    buf_add(b, "Nothing came from ");
    if (f->n_hosts == 1)
        buf_add(b, f->hosts[0].name);
    else
        buf_addf(b, "%zu of %zu changed hosts", f->n_hosts, s->asked);
    if (worst->cut.n_after > 0) { /* came back, and went away for good */
        buf_add(b, " any more since ");
        words_span(b, instant_since(worst->last, worst->slot->pivot));
        buf_add(b, " after the change");
    } else {
        buf_add(b, " between ");
        words_span(b, t->lineup->windows->settle);
        buf_add(b, " and ");
        words_span(b, worst->slot->look);
        buf_addf(b, " after the change, though %s sent before it",
                 f->n_hosts == 1 ? "it" : "they");
    }
    buf_addf(b, "; %zu other host%s kept sending", others, others == 1 ? "" : "s");
    if (s->calling > 0)
        buf_addf(b,
                 ". Calls are still reported by %zu of the silent, so the agent may "
                 "have stopped, not the host",
                 s->calling);
}

void tell_silence(struct teller *t, const struct ruleset *rs, const struct rule *r,
                  const struct pulses *p)
{
    const struct change *c = t->lineup->change;
    const struct silence s = silence_count(rs, c, r, p);
    enum grade grade = silence_meets(&s, GRADE_MUST_HANDLE) ? GRADE_MUST_HANDLE
                       : silence_meets(&s, GRADE_ATTENTION) ? GRADE_ATTENTION
                                                            : GRADE_OK;
    size_t others = p->others + p->good + p->fresh;
    /* With nobody else to be heard the collector is as likely to be at fault. */
    if (s.silent == 0 || grade == GRADE_OK || others == 0)
        return;
    struct finding *f = teller_begin(t, r, FINDING_SILENT, grade, false);
    struct teller_host *bad = calloc(p->n + 1, sizeof *bad);
    if (f == NULL || bad == NULL) {
        t->failed = true;
        free(bad);
        return;
    }
    size_t n = 0;
    const struct pulse *worst = NULL;
    f->before = f->after = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct pulse *one = &p->at[i];
        if (one->state != PULSE_SILENT || !silence_speaks(rs, c, r, one->slot->host))
            continue;
        double rows = (double)one->cut.n_before;
        bad[n++] = (struct teller_host){NULL, one->slot->host, rows, 0, rows};
        f->before += rows;
        if (worst == NULL || one->slot->look.ms > worst->slot->look.ms)
            worst = one;
        if (instant_is_none(f->first_seen) || one->last.ms < f->first_seen.ms)
            f->first_seen = one->last;
    }
    assert(worst != NULL); /* s.silent > 0 */
    f->before /= (double)n;
    f->delta = -f->before;
    f->effect = -1;
    teller_list_hosts(t, f, bad, n);
    free(bad);
    f->service = teller_copy(t, t->lineup->change->service);
    f->metric = teller_copy(t, "rows with samples");
    struct buf words = {0};
    say_silence(&words, t, f, &s, others, worst);
    teller_end(t, f, &words, r, grade);
}
