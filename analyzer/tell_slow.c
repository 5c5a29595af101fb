/* analyzer/tell_slow.c - leaks as findings.  Pure, any thread. */
#include "analyzer/tell_slow.h"
#include "analyzer/draw.h"
#include "analyzer/limit.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool names_host(const struct finding *f, const char *host)
{
    if (f->host == NULL && f->n_hosts == 0)
        return true;
    if (same_text(f->host, host))
        return true;
    for (size_t i = 0; i < f->n_hosts; i++)
        if (strcmp(f->hosts[i].name, host) == 0)
            return true;
    return false;
}

bool tell_slow_known(const struct verdict *v, const struct series *of, const char *host)
{
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if (f->grade == GRADE_OK || f->recovered || f->metric == NULL ||
            (f->kind != FINDING_LEVEL && f->kind != FINDING_LIMIT) ||
            (strcmp(f->metric, of->metric) != 0 && strcmp(f->metric, of->key) != 0))
            continue;
        if (host == NULL ? f->host == NULL && f->n_hosts != 1 : names_host(f, host))
            return true;
    }
    return false;
}

/* "rose from 41 % to 63 % within a day and was still rising at the look 24 hours
 * after". */
static void say_move(struct buf *b, const struct finding *f, const struct slow_score *s,
                     span lag)
{
    bool up = s->move > 0;
    buf_addf(b, "%s %s from ", f->metric != NULL ? f->metric : "",
             up ? "rose" : "fell");
    words_value(b, s->before, f->unit);
    buf_add(b, " to ");
    words_value(b, s->after, f->unit);
    buf_add(b, " within ");
    if (lag.ms == 86400000)
        buf_add(b, "a day");
    else
        words_span(b, lag);
    if (s->rises)
        buf_addf(b, " and was still %s at the look ", up ? "rising" : "falling");
    else
        buf_add(b, " and stayed there until the look ");
    words_span(b, lag);
    buf_add(b, " after");
}

static void say_slow(struct buf *b, const struct finding *f, const struct slow_score *s,
                     const struct slow_series *one, span lag)
{
    say_move(b, f, s, lag);
    teller_say_hosts(b, f, one->of->n_members);
    if (isnan(s->control_before)) {
        buf_add(b, "; there are not enough unchanged hosts to compare with");
    } else {
        buf_addf(b, "; the %zu unchanged hosts ", one->n_controls);
        double moved = fabs(s->control_after - s->control_before);
        if (moved <= 0.1 * fabs(s->after - s->before)) {
            buf_add(b, "stayed at ");
        } else {
            buf_add(b, "went from ");
            words_value(b, s->control_before, f->unit);
            buf_add(b, " to ");
        }
        words_value(b, s->control_after, f->unit);
    }
    if (f->limit != NULL)
        buf_addf(b, "; it is %s now", f->limit);
}

static void fill(struct finding *f, const struct slow_score *s, span lag)
{
    f->later = lag;
    f->before = s->before;
    f->after = s->after;
    f->delta = s->after - s->before;
    f->control_before = s->control_before;
    f->control_after = s->control_after;
    f->effect = s->effect;
    f->z = s->z;
    f->p = s->p;
    f->confidence = 1 - s->p;
    f->moments = s->moments;
    f->moments_like = s->moments_like;
}

/* The first quarter of the lag that shows half of the move. */
static instant first_seen(const struct slow_score *s, instant pivot, span lag)
{
    for (int i = 0; i < SLOW_PARTS; i++)
        if (s->part[i] / s->move >= 0.5)
            return (instant){pivot.ms + lag.ms * (i + 1) / SLOW_PARTS};
    return (instant){pivot.ms + lag.ms};
}

/* One finding about `n` of the hosts of a series. */
static void tell_one(struct teller *t, const struct slow_series *one,
                     const struct slow_score *s, const struct slow_host *host, size_t n,
                     span lag)
{
    const struct rule *r = one->of->rule;
    struct finding *f = teller_begin(t, r, FINDING_LEVEL, s->grade, false);
    struct teller_host *bad = calloc(n + 1, sizeof *bad);
    const struct member **member = calloc(n + 1, sizeof *member);
    if (f == NULL || bad == NULL || member == NULL) {
        t->failed = true;
        free(bad);
        free(member);
        return;
    }
    instant pivot = host[0].member->slot->pivot;
    for (size_t i = 0; i < n; i++) {
        const struct slot *slot = host[i].member->slot;
        member[i] = host[i].member;
        bad[i] = (struct teller_host){member[i], slot->host, host[i].score.before,
                                      host[i].score.after, fabs(host[i].score.move)};
        pivot = slot->pivot.ms < pivot.ms ? slot->pivot : pivot;
    }
    struct draw_range range = {{pivot.ms - lag.ms}, {pivot.ms + lag.ms}, pivot};
    teller_list_hosts(t, f, bad, n);
    draw_members(t, f, &range, member, n, one->control, one->n_controls);
    f->metric = teller_copy(t, one->of->metric);
    f->service = teller_copy(t, teller_service(t, one->of->service));
    f->unit = teller_copy(t, r->unit);
    fill(f, s, lag);
    f->first_seen = first_seen(s, pivot, lag);
    struct buf words = {0};
    say_slow(&words, f, s, one, lag);
    teller_end(t, f, &words, r, s->grade);
    free(bad);
    free(member);
}

size_t tell_slow(struct teller *t, const struct slow *s, span lag)
{
    size_t told = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct slow_series *one = &s->at[i];
        if (one->group.grade != GRADE_OK) {
            if (tell_slow_known(t->verdict, one->of, NULL))
                continue;
            tell_one(t, one, &one->group, one->host, one->n, lag);
            told++;
            continue;
        }
        for (size_t k = 0; k < one->n; k++) {
            const struct slow_host *h = &one->host[k];
            if (h->score.grade == GRADE_OK ||
                tell_slow_known(t->verdict, one->of, h->member->slot->host))
                continue;
            tell_one(t, one, &h->score, h, 1, lag);
            told++;
        }
    }
    return told;
}
