/* notifier/report_seen.c - what was looked at and is fine, what could not be judged and
 * why, other changes nearby, earlier revisions.  Pure, as notifier/report.c. */
#include "notifier/report_part.h"

#include <stdlib.h>
#include <string.h>

/* Silence, crashes, alarms and tests are counted nowhere as series. */
static bool is_of_series(const struct finding *f)
{
    return f->kind != FINDING_SILENT && f->kind != FINDING_CORE &&
           f->kind != FINDING_ALARM && f->kind != FINDING_TEST;
}

/* Calls are judged edge by edge, whatever hosts they are made of. */
static size_t series_of(const struct finding *f)
{
    bool calls = f->kind == FINDING_SHARE || f->kind == FINDING_COUNT ||
                 f->kind == FINDING_TRAFFIC;
    return (calls || f->n_hosts == 0 ? 1 : f->n_hosts) + f->n_like;
}

/* A limit and the level that broke it are of the same series. */
static bool is_told_by_leader(const struct verdict *v, const struct finding *f)
{
    const char *metric = f->with != FINDING_LEADS ? v->findings[f->with].metric : NULL;
    return metric != NULL && f->metric != NULL && strcmp(metric, f->metric) == 0;
}

static size_t bad_series(const struct verdict *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++) {
        const struct finding *f = &v->findings[i];
        if ((report_is_bad(f) || finding_is_muted(f)) && is_of_series(f) &&
            !is_told_by_leader(v, f))
            n += series_of(f);
    }
    return n;
}

static const char *fine_text(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    size_t bad = bad_series(r->verdict);
    if (c->series_judged <= 0 || bad >= (size_t)c->series_judged)
        return NULL;
    if (bad == 0)
        return REPORT_PUT(r, FINE_ALL, report_count(r, c->series_judged));
    return REPORT_PUT(r, FINE,
                      report_count(r, (double)((size_t)c->series_judged - bad)),
                      report_count(r, c->series_judged));
}

static const char *share_text(struct report *r, int done, int all)
{
    return REPORT_PUT(r, OF_ALL, report_count(r, done), report_count(r, all));
}

static const enum phrase why[UNJUDGED_N] = {
#define X(id, name, words) [UNJUDGED_##id] = PHRASE_WHY_##id,
    UNJUDGED(X)
#undef X
};

static void add_coverage(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    struct report_rows *to = &r->coverage;
    report_add_row(r, to, PHRASE_RULES_JUDGED,
                   share_text(r, c->rules_judged, coverage_rules(c)));
    report_add_row(r, to, PHRASE_HOSTS_JUDGED,
                   share_text(r, c->hosts_judged, c->hosts));
    report_add_row(
        r, to, PHRASE_SERIES_JUDGED,
        share_text(r, c->series_judged, c->series_judged + c->series_not_judged));
    const char *note = report_retell(r, c->controls_note);
    report_add_row(
        r, to, PHRASE_COMPARED_WITH,
        note != NULL ? note : REPORT_PUT(r, N_UNCHANGED, report_count(r, c->controls)));
    report_add_row(r, to, PHRASE_SLOW_LOOK, report_retell(r, c->slow_note));
    report_add_row(r, to, PHRASE_RULE_PACK,
                   report_clean(r, r->verdict->pack, REPORT_NAME_CHARS));
}

static void add_unjudged(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    for (int i = 0; i < UNJUDGED_N; i++) {
        if (c->unjudged[i] <= 0)
            continue;
        const char *n = report_count(r, c->unjudged[i]);
        report_add_row(r, &r->unjudged, why[i],
                       i == UNJUDGED_NO_SERIES ? REPORT_PUT(r, N_RULES, n) : n);
    }
}

static void add_one_nearby(struct report *r, const struct nearby *near,
                           const char *public_url)
{
    const char *because = report_retell(r, near->because);
    const char *reasons = report_retell(r, near->reasons);
    const char *title = report_clean(r, near->title, REPORT_TITLE_CHARS);
    char *url = report_page_url(public_url, near->change_id);
    const char *says = report_say(
        r, "%s%s%s", because != NULL ? because : "",
        because != NULL && reasons != NULL ? report_word(r, PHRASE_SPACE) : "",
        reasons != NULL ? reasons : "");
    report_add_link(r, &r->nearby,
                    report_say(r, "%s%s%s", report_name(r, near->change_id),
                               title != NULL ? report_word(r, PHRASE_COLON) : "",
                               title != NULL ? title : ""),
                    REPORT_PUT(r, NEARBY_SAYS, report_time(r, near->at), says),
                    url != NULL ? report_keep(r, url) : NULL);
    if (r->suspect == NULL && near->likelier != NULL &&
        strcmp(near->likelier, NEARBY_OTHER) == 0)
        r->suspect = reasons;
}

void report_add_seen(struct report *r, const char *public_url)
{
    add_coverage(r);
    add_unjudged(r);
    for (size_t i = 0; i < r->verdict->n_nearby; i++)
        add_one_nearby(r, &r->verdict->nearby[i], public_url);
    r->fine = fine_text(r);
}

void report_add_revisions(struct report *r, const struct report_input *in)
{
    for (size_t i = 0; i < in->n_revisions; i++) {
        const struct verdict *v = in->revisions[i];
        span later = report_slow_of(v);
        const char *grade = report_grade_words(r->language, v->grade);
        const char *at = report_time(r, v->decided_at);
        const char *says = v->final ? REPORT_PUT(r, REVISION_FINAL, grade, at)
                                    : REPORT_PUT(r, REVISION_SAYS, grade, at);
        if (later.ms > 0)
            says = REPORT_PUT(r, REVISION_LATER, says, report_later(r, later, false));
        report_add_link(r, &r->revisions,
                        REPORT_PUT(r, REVISION_NO, report_say(r, "%d", v->revision)),
                        says, NULL);
    }
}
