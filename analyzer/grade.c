/* analyzer/grade.c - from findings and counts to a grade.
 *
 * What must hold: never ok on too little data; every series, rule and host that was not
 * judged is counted under a reason.  Pure, any thread. */
#include "analyzer/grade.h"
#include "analyzer/fresh.h"
#include "analyzer/silence.h"
#include "base/buf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tally_make(struct tally *t, const struct ruleset *rules, const struct change *c,
               struct coverage *coverage, struct err *err)
{
    *t = (struct tally){.rules = rules, .change = c, .coverage = coverage};
    t->rule = calloc(rules->n + 1, sizeof *t->rule);
    return t->rule != NULL ? 0 : err_set(err, ENOMEM, "out of memory");
}

void tally_free(struct tally *t)
{
    free(t->rule);
    *t = (struct tally){0};
}

/* A rule met `judged` series and `not_judged` for want of something. */
static void meet(struct tally *t, const struct rule *r, size_t judged)
{
    size_t i = (size_t)(r - t->rules->rule);
    if (judged > 0)
        t->rule[i] = TALLY_JUDGED;
    else if (t->rule[i] == TALLY_UNMET)
        t->rule[i] = TALLY_SEEN;
}

static void miss(struct tally *t, enum unjudged why, size_t n)
{
    t->coverage->series_not_judged += (int)n;
    t->coverage->unjudged[why] += (int)n;
}

void tally_level(struct tally *t, const struct level *l)
{
    t->coverage->series_judged += (int)l->n_judged;
    for (size_t i = 0; i < l->n; i++) {
        const struct level_host *h = &l->host[i];
        if (!h->judged)
            miss(t, h->why, 1);
        t->capped |= h->judged && h->score.capped && !h->score.recovered;
    }
    t->capped |= l->has_group && l->group.capped && !l->group.recovered;
    if (l->n_controls > t->controls_used)
        t->controls_used = l->n_controls;
    if (l->fresh && l->n_controls > t->old_used)
        t->old_used = l->n_controls;
    meet(t, l->rule, l->n_judged);
}

void tally_fresh_calls(struct tally *t, const struct fresh_calls *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct fresh_call *one = &c->at[i];
        t->coverage->series_judged += one->test.judged;
        if (!one->test.judged)
            miss(t, one->test.why, 1);
        if (one->n_old > t->old_used)
            t->old_used = one->n_old;
        if (one->n_old > t->controls_used)
            t->controls_used = one->n_old;
        meet(t, one->test.rule, one->test.judged);
    }
}

void tally_relief(struct tally *t, const struct relief *r)
{
    if (r->rule == NULL)
        return;
    t->coverage->series_judged += r->judged;
    miss(t, UNJUDGED_EXCEPTED, r->excepted);
    if (!r->judged && (r->excepted == 0 || r->host != NULL))
        miss(t, r->why, 1);
    meet(t, r->rule, r->judged);
}

void tally_limit(struct tally *t, const struct limit_check *c)
{
    t->coverage->series_judged += (int)c->n;
    miss(t, UNJUDGED_NO_DATA_BEFORE, c->without_before);
    miss(t, UNJUDGED_NO_DATA_AFTER, c->without_after);
    if (c->n_controls > t->controls_used)
        t->controls_used = c->n_controls;
    meet(t, c->rule, c->n);
}

void tally_calls(struct tally *t, const struct calls *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct call_test *one = &c->test[i];
        t->coverage->series_judged += one->judged;
        if (!one->judged)
            miss(t, one->why, 1);
        meet(t, one->rule, one->judged);
    }
    for (size_t i = 0; i < c->n_latency; i++)
        tally_level(t, &c->latency[i]);
    miss(t, UNJUDGED_FEW_CALLS, c->latency_few);
}

void tally_crashes(struct tally *t, const struct crashes *c)
{
    miss(t, UNJUDGED_EXCEPTED, c->excepted);
    if (c->rule != NULL && c->judged)
        meet(t, c->rule, c->excepted == 0 || c->n > 0);
}

/* All rules of a subject of which something is known are judged. */
static void meet_subject(struct tally *t, enum subject s)
{
    for (size_t i = 0; i < t->rules->n; i++)
        if (t->rules->rule[i].subject == s &&
            rule_applies(&t->rules->rule[i], t->change))
            meet(t, &t->rules->rule[i], 1);
}

void tally_alarms(struct tally *t, const struct new_alarms *a)
{
    if (a->judged)
        meet_subject(t, SUBJECT_ALARMS);
}

void tally_tests(struct tally *t, const struct broken_suites *s)
{
    if (s->judged)
        meet_subject(t, SUBJECT_TESTS);
}

void tally_probes(struct tally *t, const struct probes *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct probe *one = &p->at[i];
        t->coverage->series_judged += (int)one->n_judged;
        for (size_t h = 0; h < one->n; h++)
            if (one->host[h].state <= PROBE_NONE_AFTER)
                miss(t,
                     one->host[h].state == PROBE_NONE_BEFORE ? UNJUDGED_NO_DATA_BEFORE
                                                             : UNJUDGED_NO_DATA_AFTER,
                     1);
        if (one->n_controls > t->controls_used)
            t->controls_used = one->n_controls;
        meet(t, one->rule, one->n_judged);
    }
}

void tally_excepted(struct tally *t, size_t n)
{
    miss(t, UNJUDGED_EXCEPTED, n);
}

void tally_pulses(struct tally *t, const struct lineup *l, const struct pulses *p)
{
    struct coverage *c = t->coverage;
    for (size_t i = 0; i < l->n_slots; i++) {
        c->unjudged[UNJUDGED_OVERLAP] += l->slot[i].state == SLOT_OVERLAP;
        c->hosts += l->slot[i].state != SLOT_WAITING;
    }
    c->hosts_judged = (int)p->good;
    if (t->old_used >= FRESH_OLD_LEAST)
        c->hosts_judged += (int)p->fresh;
    else
        c->unjudged[UNJUDGED_FEW_OLD] += (int)p->fresh;
    for (size_t i = 0; i < t->rules->n; i++) {
        const struct rule *r = &t->rules->rule[i];
        if (r->subject != SUBJECT_SILENCE || !rule_applies(r, t->change))
            continue;
        const struct silence s = silence_count(t->rules, t->change, r, p);
        miss(t, UNJUDGED_EXCEPTED, s.excepted);
        if (s.asked > 0)
            meet(t, r, p->good + p->fresh + p->others);
    }
}

static void count_rules(struct tally *t)
{
    struct coverage *c = t->coverage;
    for (size_t i = 0; i < t->rules->n; i++) {
        if (!rule_applies(&t->rules->rule[i], t->change))
            continue;
        c->rules++;
        c->rules_judged += t->rule[i] == TALLY_JUDGED;
        c->unjudged[UNJUDGED_NO_SERIES] += t->rule[i] == TALLY_UNMET;
    }
}

/* "5 had too few samples before the change and 2 sent nothing after it". */
static void say_pulses(struct buf *b, const struct tally *t, const struct lineup *l,
                       const struct pulses *p)
{
    size_t before = 0, thin = 0, overlap = 0;
    for (size_t i = 0; i < p->n; i++) {
        before += p->at[i].state == PULSE_NONE_BEFORE;
        thin += p->at[i].state == PULSE_THIN_AFTER;
        overlap += l->slot[i].state == SLOT_OVERLAP;
    }
    const struct {
        size_t n;
        const char *words;
    } parts[] = {{before, "had too few samples before the change"},
                 {thin, "had too few samples after it"},
                 {p->silent, "sent nothing after it"},
                 {t->old_used < FRESH_OLD_LEAST ? p->fresh : 0,
                  "have no past and fewer than 3 old hosts to be compared with"},
                 {overlap, "were worked on by other changes in the same minutes"}};
    const char *between = ": ";
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (parts[i].n > 0) {
            buf_addf(b, "%s%zu %s", between, parts[i].n, parts[i].words);
            between = ", ";
        }
}

/* The commonest reasons, for when no rule could be judged. */
static void say_reasons(struct buf *b, const struct coverage *c)
{
    int best = -1;
    for (int u = 0; u < UNJUDGED_N; u++)
        if (c->unjudged[u] > 0 && (best < 0 || c->unjudged[u] > c->unjudged[best]))
            best = u;
    if (best >= 0)
        buf_addf(b, ": %s (%d)", unjudged_words((enum unjudged)best),
                 c->unjudged[best]);
}

/* Why ok cannot be said; nothing is added when it can. */
static void say_thin(struct buf *b, struct tally *t, const struct lineup *l,
                     const struct pulses *p, const struct checkpoint *at)
{
    struct coverage *c = t->coverage;
    const struct change *ch = t->change;
    if (ch->cancelled) {
        c->unjudged[UNJUDGED_CANCELLED]++;
        buf_add(b, "The change was cancelled");
    } else if (l->n_slots > 0 && c->hosts == 0) {
        c->unjudged[UNJUDGED_NO_DATA_AFTER] += (int)l->n_slots;
        buf_addf(b, "None of the %zu hosts has been watched long enough yet",
                 l->n_slots);
    } else if (l->n_slots == 0 && c->rules_judged == 0) {
        c->unjudged[UNJUDGED_NO_HOSTS]++;
        buf_add(b, "The change names no host, none is known for its service, and no "
                   "series or calls of it were found");
    } else if ((double)c->hosts_judged < GRADE_HOSTS_LEAST * (double)c->hosts) {
        c->unjudged[UNJUDGED_FEW_HOSTS] += c->hosts - c->hosts_judged;
        buf_addf(b, "Only %d of %d changed hosts could be judged", c->hosts_judged,
                 c->hosts);
        say_pulses(b, t, l, p);
    } else if (c->rules_judged == 0) {
        buf_addf(b, "None of %d rules could be judged", c->rules);
        say_reasons(b, c);
    } else if (at->final && !ch->finished) {
        c->unjudged[UNJUDGED_NO_FINISH]++;
        buf_add(b, "No event said that the change was finished");
    }
}

static enum grade worst_of(const struct verdict *v)
{
    enum grade worst = GRADE_OK;
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].grade > worst && !finding_is_muted(&v->findings[i]))
            worst = v->findings[i].grade;
    return worst;
}

int grade_verdict(struct tally *t, const struct lineup *l, const struct pulses *p,
                  const struct checkpoint *at, struct verdict *v, struct err *err)
{
    struct buf why = {0};
    count_rules(t);
    v->grade = worst_of(v);
    say_thin(&why, t, l, p, at);
    bool thin = why.len > 0;
    if ((v->grade == GRADE_OK && thin) ||
        (v->grade == GRADE_ATTENTION && t->change->cancelled))
        v->grade = GRADE_NOT_JUDGED;
    if (v->grade == GRADE_ATTENTION && t->capped)
        buf_addf(
            &why,
            "%sAttention at most: there were not enough unchanged hosts to compare "
            "with",
            thin ? ". " : "");
    if (why.len > 0) {
        buf_add_ch(&why, '.');
        v->reason = buf_give(&why);
    }
    bool failed = why.failed;
    buf_free(&why);
    return failed ? err_set(err, ENOMEM, "out of memory") : 0;
}
