/* notifier/report_says.c - the first sentences of a report: how bad it is, on which
 * hosts, since when, which look says so and whether it may still change.  Pure, as
 * notifier/report.c. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "base/order.h"
#include "notifier/plain.h"

#include <stdlib.h>
#include <string.h>

bool report_is_bad(const struct finding *f)
{
    return (f->grade == GRADE_ATTENTION || f->grade == GRADE_MUST_HANDLE) &&
           !finding_is_muted(f);
}

/* All hosts that the bad findings speak of, the weightiest finding's worst first; some
 * come more than once.  The caller frees it. */
static const char **bad_names(struct report *r, size_t *ret_n)
{
    size_t n = 0, room = 1;
    for (size_t i = 0; i < r->verdict->n_findings; i++)
        room += 1 + r->verdict->findings[i].n_hosts;
    const char **names = calloc(room, sizeof *names);
    r->failed |= names == NULL;
    for (size_t i = 0; names != NULL && i < r->verdict->n_findings; i++) {
        const struct finding *f = &r->verdict->findings[i];
        if (!report_is_bad(f))
            continue;
        if (f->host != NULL)
            names[n++] = f->host;
        for (size_t j = 0; j < f->n_hosts; j++)
            names[n++] = f->hosts[j].name;
    }
    *ret_n = n;
    return names;
}

static bool is_among(const char *name, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* "h3, h2, h1 and 5 more": the first of `names`, each once. */
static const char *first_names(struct report *r, const char *const *names, size_t n,
                               size_t different)
{
    /* one more takes no more room than to say that there is one more */
    const char *first[REPORT_LEAD_HOSTS + 1];
    size_t shown = 0, most = REPORT_LEAD_HOSTS + (different == REPORT_LEAD_HOSTS + 1);
    struct buf b = {0};
    for (size_t i = 0; i < n && shown < most; i++) {
        if (is_among(names[i], first, shown))
            continue;
        buf_add(&b, shown > 0 ? report_word(r, PHRASE_COMMA) : "");
        plain_add(&b, names[i], 40);
        first[shown++] = names[i];
    }
    const char *list = report_keep_buf(r, &b);
    if (different <= shown)
        return list;
    return REPORT_PUT(r, AND_MORE_HOSTS, list, report_say(r, "%zu", different - shown));
}

/* ", on 4 of 6 hosts (h3, h2, h1 and 1 more)"; "" when no host is named. */
static const char *where_text(struct report *r)
{
    size_t n, different = 0, all = r->change->n_hosts;
    const char **names = bad_names(r, &n);
    const char **sorted = calloc(n + 1, sizeof *sorted);
    if (names == NULL || sorted == NULL) {
        r->failed = true;
        free(names);
        free(sorted);
        return "";
    }
    memcpy(sorted, names, n * sizeof *names);
    qsort(sorted, n, sizeof *sorted, order_texts);
    for (size_t i = 0; i < n; i++)
        different += i == 0 || strcmp(sorted[i], sorted[i - 1]) != 0;
    const char *where = "", *count = report_say(r, "%zu", different);
    if (different > 0) {
        where = different == all && all > 1 ? REPORT_PUT(r, LEAD_ON_ALL, count)
                : different < all
                    ? REPORT_PUT(r, LEAD_ON_OF, count, report_say(r, "%zu", all))
                    : REPORT_PUT(r, LEAD_ON, count);
        where = REPORT_PUT(r, IN_BRACKETS, where, first_names(r, names, n, different));
    }
    free(names);
    free(sorted);
    return where;
}

static instant first_seen(const struct verdict *v)
{
    instant first = INSTANT_NONE;
    for (size_t i = 0; i < v->n_findings; i++) {
        instant at = v->findings[i].first_seen;
        if (report_is_bad(&v->findings[i]) && !instant_is_none(at) &&
            (instant_is_none(first) || at.ms < first.ms))
            first = at;
    }
    return first;
}

/* What goes with another finding is no cause of its own. */
static size_t count_grade(const struct verdict *v, enum grade g)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        n += v->findings[i].grade == g && v->findings[i].with == FINDING_LEADS &&
             !finding_is_muted(&v->findings[i]);
    return n;
}

static const char *bad_lead(struct report *r)
{
    size_t n_must = count_grade(r->verdict, GRADE_MUST_HANDLE);
    size_t n_attention = count_grade(r->verdict, GRADE_ATTENTION);
    const char *must = report_say(r, "%zu", n_must);
    const char *attention = report_say(r, "%zu", n_attention);
    const char *what = n_must > 0 && n_attention > 0
                           ? REPORT_PUT(r, LEAD_BOTH, must, attention)
                       : n_must > 0 ? REPORT_PUT(r, LEAD_MUST, must)
                                    : REPORT_PUT(r, LEAD_ATTENTION, attention);
    instant first = first_seen(r->verdict);
    const char *since =
        instant_is_none(first) ? "" : REPORT_PUT(r, LEAD_SINCE, report_time(r, first));
    return report_say(r, "%s%s%s%s", what, where_text(r), since,
                      report_word(r, PHRASE_STOP));
}

static const char *muted_count(struct report *r)
{
    return report_say(r, "%zu", r->n_of[REPORT_MUTED]);
}

static const char *ok_lead(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    const char *series = report_count(r, c->series_judged);
    const char *judged = report_count(r, c->hosts_judged);
    const char *all = report_count(r, c->hosts);
    const char *hosts = c->hosts_judged != c->hosts
                            ? REPORT_PUT(r, SOME_HOSTS, judged, all)
                        : c->hosts == 1 ? REPORT_PUT(r, ONE_HOST, all)
                                        : REPORT_PUT(r, ALL_HOSTS, all);
    if (r->n_of[REPORT_MUTED] > 0)
        return REPORT_PUT(r, LEAD_OK_MUTED, series, hosts,
                          REPORT_PUT(r, SOME_MUTED, muted_count(r)));
    return REPORT_PUT(r, LEAD_OK, series, hosts);
}

static const char *lead_of(struct report *r)
{
    const struct verdict *v = r->verdict;
    if (v == NULL)
        return report_word(r, PHRASE_NO_LOOK_YET);
    if (r->grade == GRADE_OK)
        return ok_lead(r);
    const char *muted =
        r->n_of[REPORT_MUTED] > 0 ? REPORT_PUT(r, SOME_MUTED, muted_count(r)) : NULL;
    if (r->grade == GRADE_NOT_JUDGED) {
        const char *reason = report_retell(r, v->reason);
        if (reason == NULL)
            reason = report_word(r, PHRASE_TOO_LITTLE);
        return muted == NULL ? reason : REPORT_PUT(r, LEAD_THEN, reason, muted);
    }
    const char *lead = bad_lead(r);
    return muted == NULL ? lead : REPORT_PUT(r, LEAD_THEN, lead, muted);
}

span report_slow_of(const struct verdict *v)
{
    span later = {0};
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].later.ms > later.ms)
            later = v->findings[i].later;
    return later;
}

static const char *look_text(struct report *r, const struct verdict *v)
{
    const char *at = report_time(r, v->decided_at);
    const char *after = v->look.ms > 0 ? report_span(r, v->look) : NULL;
    const char *done = report_say(r, "%d", v->looks_done);
    const char *all = report_say(r, "%d", v->looks_all);
    if (v->looks_all > 0)
        return after != NULL ? REPORT_PUT(r, LOOK_OF_AFTER, done, all, after, at)
                             : REPORT_PUT(r, LOOK_OF, done, all, at);
    return after != NULL ? REPORT_PUT(r, LOOKED_AFTER, after, at)
                         : REPORT_PUT(r, LOOKED_AT, at);
}

static const char *state_of(struct report *r)
{
    const struct verdict *v = r->verdict;
    if (v == NULL)
        return report_word(r, PHRASE_NOT_LOOKED_AT);
    span later = report_slow_of(v);
    if (later.ms > 0)
        return REPORT_PUT(r, LOOKED_LATER, report_later(r, later, false),
                          report_time(r, v->decided_at));
    enum phrase next = v->final                       ? PHRASE_IS_FINAL
                       : v->looks_done < v->looks_all ? PHRASE_MORE_LOOKS
                                                      : PHRASE_STILL_RUNNING;
    return report_say(r, "%s%s%s", look_text(r, v), report_word(r, PHRASE_SPACE),
                      report_word(r, next));
}

void report_add_lead(struct report *r)
{
    const struct verdict *v = r->verdict;
    if (v != NULL && v->grade == GRADE_OK && r->n_of[REPORT_MUTED] > 0)
        r->grade_words = REPORT_PUT(r, GRADE_OK_MUTED, muted_count(r));
    if (v != NULL && v->grade != GRADE_NOT_JUDGED)
        r->note = report_retell(r, v->reason);
    r->lead = lead_of(r);
    r->state = state_of(r);
}
