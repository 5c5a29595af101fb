/* notifier/report.c - chooses and words the facts.  Pure: no clock, no files; the same
 * change and verdicts give the same report.  Every stranger's text passes
 * report_clean() here, so no format has to think of it again.  A failed allocation is
 * remembered in `failed` and ends the whole report. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "base/httpc.h"
#include "base/names.h"
#include "base/order.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/plain.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- texts --- */

const char *report_keep(struct report *r, char *text)
{
    if (text != NULL && r->n_texts == r->cap_texts) {
        size_t cap = r->cap_texts > 0 ? r->cap_texts * 2 : 64;
        char **grown = realloc(r->texts, cap * sizeof *grown);
        if (grown == NULL) {
            free(text);
            text = NULL;
        } else {
            r->texts = grown;
            r->cap_texts = cap;
        }
    }
    if (text == NULL) {
        r->failed = true;
        return "";
    }
    r->texts[r->n_texts++] = text;
    return text;
}

const char *report_say(struct report *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    return report_keep(r, text);
}

const char *report_clean(struct report *r, const char *text, size_t chars)
{
    if (text == NULL || *text == '\0')
        return NULL;
    struct buf b = {0};
    plain_add(&b, text, chars);
    return report_keep(r, buf_give(&b));
}

const char *report_name(struct report *r, const char *name)
{
    const char *text = report_clean(r, name, REPORT_NAME_CHARS);
    return text != NULL ? text : "?";
}

void *report_grow(struct report *r, void *at, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return at;
    size_t more = *cap > 0 ? *cap * 2 : 8;
    void *grown = realloc(at, more * size);
    if (grown == NULL) {
        r->failed = true;
        return at;
    }
    *cap = more;
    return grown;
}

static void add_link(struct report *r, struct report_rows *rows, const char *label,
                     const char *value, const char *url)
{
    if (value == NULL)
        return;
    rows->row = report_grow(r, rows->row, rows->n, &rows->cap, sizeof *rows->row);
    if (!r->failed)
        rows->row[rows->n++] = (struct report_row){label, value, url};
}

void report_add_row(struct report *r, struct report_rows *rows, const char *label,
                    const char *value)
{
    add_link(r, rows, label, value, NULL);
}

const char *report_plural(long long n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

/* --- what was changed --- */

char *report_change_title(const struct change *c)
{
    struct buf b = {0};
    if (c->title != NULL && *c->title != '\0') {
        plain_add(&b, c->title, REPORT_TITLE_CHARS);
        return buf_give(&b);
    }
    buf_addf(&b, "%s of ", change_kind_name(c->kind));
    if (c->service != NULL)
        plain_add(&b, c->service, REPORT_NAME_CHARS);
    else
        buf_addf(&b, "%zu host%s", c->n_hosts,
                 report_plural((long long)c->n_hosts, "", "s"));
    if (c->from != NULL && c->to != NULL) {
        buf_add_ch(&b, ' ');
        plain_add(&b, c->from, 40);
        buf_add(&b, " -> ");
        plain_add(&b, c->to, 40);
    }
    return buf_give(&b);
}

const char *report_grade_sign(enum grade g)
{
    static const char *const signs[GRADE_N] = {
        [GRADE_OK] = "\xe2\x9c\x93",
        [GRADE_ATTENTION] = "!",
        [GRADE_MUST_HANDLE] = "\xe2\x9c\x95",
        [GRADE_NOT_JUDGED] = "?",
    };
    return g < GRADE_N ? signs[g] : "?";
}

char *report_page_url(const char *public_url, const char *change_id)
{
    if (!html_url_ok(public_url) || strlen(public_url) > 500 ||
        strlen(change_id) > NAME_BYTES_MAX)
        return NULL;
    struct buf b = {0};
    size_t n = strlen(public_url);
    while (n > 0 && public_url[n - 1] == '/')
        n--;
    buf_add_n(&b, public_url, n);
    buf_add(&b, "/changes/");
    url_quote(&b, change_id);
    return buf_give(&b);
}

/* "12: h1, h2, h3 and 9 more" */
static const char *hosts_text(struct report *r, const struct change *c)
{
    if (c->n_hosts == 0)
        return "none named";
    struct buf b = {0};
    buf_addf(&b, "%zu: ", c->n_hosts);
    size_t shown = c->n_hosts < 5 ? c->n_hosts : 4;
    for (size_t i = 0; i < shown; i++) {
        buf_add(&b, i > 0 ? ", " : "");
        plain_add(&b, c->host[i].name, 60);
    }
    if (shown < c->n_hosts)
        buf_addf(&b, " and %zu more", c->n_hosts - shown);
    return report_keep(r, buf_give(&b));
}

static const char *version_text(struct report *r, const struct change *c)
{
    const char *from = report_clean(r, c->from, 60), *to = report_clean(r, c->to, 60);
    if (from == NULL && to == NULL)
        return NULL;
    if (from == NULL)
        return report_say(r, "to %s", to);
    return to == NULL ? report_say(r, "from %s", from)
                      : report_say(r, "%s -> %s", from, to);
}

static const char *when_text(struct report *r, const struct change *c)
{
    char start[FIGURE_TEXT_MAX], took[FIGURE_TEXT_MAX];
    figure_time(r->language, c->start, start);
    if (instant_is_none(c->end))
        return report_say(r, "%s, not finished", start);
    span length = instant_since(c->end, c->start);
    const char *end = c->cancelled ? "cancelled" : "finished";
    if (length.ms <= 0)
        return report_say(r, "%s%s", start, c->cancelled ? ", cancelled" : "");
    return report_say(r, "%s, %s after %s", start, end,
                      figure_span(r->language, length, took));
}

static const char *labels_text(struct report *r, const struct change *c)
{
    struct buf b = {0};
    for (size_t i = 0; i < c->n_labels && b.len < 600; i++) {
        buf_add(&b, i > 0 ? ", " : "");
        plain_add(&b, c->label[i].key, 60);
        buf_add_ch(&b, '=');
        plain_add(&b, c->label[i].value, 60);
    }
    return report_keep(r, buf_give(&b));
}

/* What such a change does to hosts, and did. */
static void add_expected(struct report *r, const struct coverage *c,
                         struct report_rows *to)
{
    report_add_row(r, to, "Restarted",
                   report_clean(r, c->restart_note, REPORT_SENTENCE_CHARS));
    report_add_row(r, to, "New hosts",
                   report_clean(r, c->fresh_note, REPORT_SENTENCE_CHARS));
    report_add_row(r, to, "Relief",
                   report_clean(r, c->relief_note, REPORT_SENTENCE_CHARS));
}

static void add_facts(struct report *r)
{
    const struct change *c = r->change;
    struct report_rows *to = &r->facts;
    const char *url = html_url_ok(c->url) ? report_clean(r, c->url, 1000) : NULL;
    add_link(r, to, "Change", report_name(r, c->change_id), url);
    report_add_row(
        r, to, "Kind",
        report_say(r, "%s%s", change_kind_name(c->kind), c->urgent ? ", urgent" : ""));
    report_add_row(r, to, "Service", report_clean(r, c->service, REPORT_NAME_CHARS));
    report_add_row(r, to, "Version", version_text(r, c));
    report_add_row(r, to, "By", report_clean(r, c->actor, REPORT_NAME_CHARS));
    report_add_row(r, to, "When", when_text(r, c));
    report_add_row(r, to, "Hosts", hosts_text(r, c));
    if (r->verdict != NULL)
        add_expected(r, &r->verdict->coverage, to);
    if (c->batches_of > 0)
        report_add_row(r, to, "Batches",
                       report_say(r, "%d of %d done", c->batches_done, c->batches_of));
    report_add_row(r, to, "Part of", report_clean(r, c->parent_id, REPORT_NAME_CHARS));
    if (c->n_labels > 0)
        report_add_row(r, to, "Labels", labels_text(r, c));
    if (c->extra != NULL && strcmp(c->extra, "{}") != 0)
        report_add_row(r, to, "Also given", report_clean(r, c->extra, 300));
}

/* --- how bad --- */

bool report_is_bad(const struct finding *f)
{
    return (f->grade == GRADE_ATTENTION || f->grade == GRADE_MUST_HANDLE) &&
           !finding_is_muted(f);
}

/* How many different hosts the bad findings speak of. */
static size_t bad_hosts(struct report *r)
{
    size_t n = 0, room = 0;
    for (size_t i = 0; i < r->verdict->n_findings; i++)
        room += 1 + r->verdict->findings[i].n_hosts;
    const char **names = room > 0 ? calloc(room, sizeof *names) : NULL;
    if (names == NULL) {
        r->failed |= room > 0;
        return 0;
    }
    for (size_t i = 0; i < r->verdict->n_findings; i++) {
        const struct finding *f = &r->verdict->findings[i];
        if (!report_is_bad(f))
            continue;
        if (f->host != NULL)
            names[n++] = f->host;
        for (size_t j = 0; j < f->n_hosts; j++)
            names[n++] = f->hosts[j].name;
    }
    qsort(names, n, sizeof *names, order_texts);
    size_t different = 0;
    for (size_t i = 0; i < n; i++)
        different += i == 0 || strcmp(names[i], names[i - 1]) != 0;
    free(names);
    return different;
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
    size_t must = count_grade(r->verdict, GRADE_MUST_HANDLE);
    size_t attention = count_grade(r->verdict, GRADE_ATTENTION);
    size_t hosts = bad_hosts(r), all = r->change->n_hosts;
    char at[FIGURE_TEXT_MAX];
    const char *what;
    if (must > 0 && attention > 0)
        what = report_say(
            r, "%zu %s handled and %zu more %s attention", must,
            report_plural((long long)must, "finding must be", "findings must be"),
            attention, report_plural((long long)attention, "needs", "need"));
    else if (must > 0)
        what = report_say(
            r, "%zu %s handled", must,
            report_plural((long long)must, "finding must be", "findings must be"));
    else
        what = report_say(
            r, "%zu %s attention", attention,
            report_plural((long long)attention, "finding needs", "findings need"));
    const char *where = "";
    if (hosts > 0 && hosts <= all)
        where = report_say(r, ", on %zu of %zu %s", hosts, all,
                           report_plural((long long)all, "host", "hosts"));
    else if (hosts > 0)
        where = report_say(r, ", on %zu %s", hosts,
                           report_plural((long long)hosts, "host", "hosts"));
    instant first = first_seen(r->verdict);
    const char *since =
        instant_is_none(first)
            ? ""
            : report_say(r, ", since %s", figure_time(r->language, first, at));
    return report_say(r, "%s%s%s.", what, where, since);
}

/* "2 findings are muted" */
static const char *muted_words(struct report *r)
{
    return report_say(
        r, "%zu %s muted", r->n_muted,
        report_plural((long long)r->n_muted, "finding is", "findings are"));
}

/* Instead of the grade's own words, which would say that nothing got worse. */
static const char *ok_words(struct report *r)
{
    return report_say(r, "OK, %zu %s muted", r->n_muted,
                      report_plural((long long)r->n_muted, "finding", "findings"));
}

static const char *ok_lead(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    const char *where =
        report_say(r, "%d series on %d of %d %s", c->series_judged, c->hosts_judged,
                   c->hosts, report_plural(c->hosts, "host", "hosts"));
    if (r->n_muted > 0)
        return report_say(r, "%s; nothing else that was compared got worse: %s.",
                          muted_words(r), where);
    return report_say(r, "Nothing that was compared got worse: %s.", where);
}

static const char *lead_of(struct report *r)
{
    const struct verdict *v = r->verdict;
    if (v == NULL)
        return "No look has been taken yet: the time after the change is still being "
               "watched.";
    const char *reason = report_clean(r, v->reason, REPORT_SENTENCE_CHARS);
    const char *lead = r->grade == GRADE_OK ? ok_lead(r) : bad_lead(r);
    if (r->grade == GRADE_NOT_JUDGED)
        lead =
            reason != NULL ? reason : "Too little could be seen to judge this change.";
    if (r->n_muted == 0 || r->grade == GRADE_OK)
        return lead;
    return report_say(r, r->grade == GRADE_NOT_JUDGED ? "%s; %s" : "%s %s.", lead,
                      muted_words(r));
}

/* How much later the last finding of the slow look came; 0: there is none. */
static span later_of(const struct verdict *v)
{
    span later = {0};
    for (size_t i = 0; i < v->n_findings; i++)
        if (v->findings[i].later.ms > later.ms)
            later = v->findings[i].later;
    return later;
}

static const char *state_of(struct report *r)
{
    const struct verdict *v = r->verdict;
    char span_words[FIGURE_TEXT_MAX], at[FIGURE_TEXT_MAX];
    if (v == NULL)
        return "Not looked at yet.";
    figure_time(r->language, v->decided_at, at);
    span later = later_of(v);
    if (later.ms > 0)
        return report_say(r, "Looked at again %s (%s). This is final.",
                          report_later(r, later, false), at);
    const char *after = v->look.ms > 0
                            ? report_say(r, ", %s after the change",
                                         figure_span(r->language, v->look, span_words))
                            : "";
    const char *look = v->looks_all > 0 ? report_say(r, "Look %d of %d%s",
                                                     v->looks_done, v->looks_all, after)
                                        : report_say(r, "Looked at%s", after);
    return report_say(r, "%s (%s). %s", look, at,
                      v->final ? "This is final."
                      : v->looks_done < v->looks_all
                          ? "More looks follow and may change it."
                          : "The change has not finished: what "
                            "is still to come gets looks of "
                            "its own.");
}

/* --- what was seen and what was not --- */

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
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (c->series_judged <= 0 || bad >= (size_t)c->series_judged)
        return NULL;
    return report_say(r, "%s of %s series compared did not get worse.",
                      figure_count((double)((size_t)c->series_judged - bad), a),
                      figure_count(c->series_judged, b));
}

static const char *share_text(struct report *r, int done, int all)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    return report_say(r, "%s of %s", figure_count(done, a), figure_count(all, b));
}

/* Words as a label: with a capital letter. */
static const char *label_of(struct report *r, const char *words)
{
    char *label = strdup(words);
    if (label != NULL && label[0] >= 'a' && label[0] <= 'z')
        label[0] += 'A' - 'a';
    return report_keep(r, label);
}

static void add_coverage(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    char a[FIGURE_TEXT_MAX];
    report_add_row(r, &r->coverage, "Rules judged",
                   share_text(r, c->rules_judged, coverage_rules(c)));
    report_add_row(r, &r->coverage, "Hosts judged",
                   share_text(r, c->hosts_judged, c->hosts));
    report_add_row(
        r, &r->coverage, "Series judged",
        share_text(r, c->series_judged, c->series_judged + c->series_not_judged));
    const char *note = report_clean(r, c->controls_note, REPORT_SENTENCE_CHARS);
    report_add_row(r, &r->coverage, "Compared with",
                   note != NULL ? note
                                : report_say(r, "%s unchanged hosts",
                                             figure_count(c->controls, a)));
    report_add_row(r, &r->coverage, "Slow look",
                   report_clean(r, c->slow_note, REPORT_SENTENCE_CHARS));
    report_add_row(r, &r->coverage, "Rule pack",
                   report_clean(r, r->verdict->pack, REPORT_NAME_CHARS));
    for (int i = 0; i < UNJUDGED_N; i++)
        if (c->unjudged[i] > 0)
            report_add_row(r, &r->unjudged,
                           label_of(r, unjudged_words((enum unjudged)i)),
                           report_say(r, "%s%s", figure_count(c->unjudged[i], a),
                                      i != UNJUDGED_NO_SERIES ? ""
                                      : c->unjudged[i] == 1   ? " rule"
                                                              : " rules"));
}

static void add_nearby(struct report *r, const char *public_url)
{
    char at[FIGURE_TEXT_MAX];
    for (size_t i = 0; i < r->verdict->n_nearby; i++) {
        const struct nearby *near = &r->verdict->nearby[i];
        const char *because = report_clean(r, near->because, REPORT_SENTENCE_CHARS);
        const char *reasons = report_clean(r, near->reasons, REPORT_SENTENCE_CHARS);
        const char *title = report_clean(r, near->title, REPORT_TITLE_CHARS);
        char *url = report_page_url(public_url, near->change_id);
        add_link(r, &r->nearby,
                 report_say(r, "%s%s%s", report_name(r, near->change_id),
                            title != NULL ? ": " : "", title != NULL ? title : ""),
                 report_say(r, "%s. %s%s%s", figure_time(r->language, near->at, at),
                            because != NULL ? because : "",
                            because != NULL && reasons != NULL ? " " : "",
                            reasons != NULL ? reasons : ""),
                 url != NULL ? report_keep(r, url) : NULL);
        if (r->suspect == NULL && near->likelier != NULL &&
            strcmp(near->likelier, NEARBY_OTHER) == 0)
            r->suspect = reasons;
    }
}

static void add_revisions(struct report *r, const struct report_input *in)
{
    char at[FIGURE_TEXT_MAX];
    for (size_t i = 0; i < in->n_revisions; i++) {
        const struct verdict *v = in->revisions[i];
        span later = later_of(v);
        report_add_row(r, &r->revisions, report_say(r, "Revision %d", v->revision),
                       report_say(r, "%s, %s%s%s%s", grade_words(v->grade),
                                  figure_time(r->language, v->decided_at, at),
                                  v->final ? ", final" : "", later.ms > 0 ? ", " : "",
                                  later.ms > 0 ? report_later(r, later, false) : ""));
    }
}

static void fill(struct report *r, const struct report_input *in)
{
    const struct verdict *v = r->verdict;
    r->grade = v != NULL ? v->grade : GRADE_NOT_JUDGED;
    r->grade_words = v != NULL ? grade_words(v->grade) : "Not judged yet";
    r->grade_sign = report_grade_sign(r->grade);
    r->title = report_keep(r, report_change_title(r->change));
    char *url = report_page_url(in->public_url, r->change->change_id);
    r->page_url = url != NULL ? report_keep(r, url) : NULL;
    if (in->notice != NULL)
        r->notice = report_keep(r, strdup(in->notice));
    add_facts(r);
    if (v != NULL) {
        report_add_findings(r);
        if (v->grade == GRADE_OK && r->n_muted > 0)
            r->grade_words = ok_words(r);
        add_coverage(r);
        add_nearby(r, in->public_url);
        r->fine = fine_text(r);
        if (v->grade != GRADE_NOT_JUDGED)
            r->note = report_clean(r, v->reason, REPORT_SENTENCE_CHARS);
    }
    r->lead = lead_of(r);
    r->state = state_of(r);
    add_revisions(r, in);
}

struct report *report_new(const struct report_input *in, struct err *err)
{
    struct report *r = calloc(1, sizeof *r);
    if (r != NULL) {
        r->language = in->language;
        r->change = in->change;
        r->verdict = in->verdict;
        fill(r, in);
    }
    if (r == NULL || r->failed) {
        report_free(&r);
        err_set(err, ENOMEM, "no memory for the report of change %.100s",
                in->change->change_id);
        return NULL;
    }
    return r;
}

void report_free(struct report **r)
{
    if (*r == NULL)
        return;
    for (size_t i = 0; i < (*r)->n_findings; i++) {
        free((*r)->finding[i].host);
        free((*r)->finding[i].numbers.row);
    }
    for (size_t i = 0; i < (*r)->n_texts; i++)
        free((*r)->texts[i]);
    free((*r)->texts);
    free((*r)->finding);
    free((*r)->places);
    free((*r)->code);
    free((*r)->facts.row);
    free((*r)->unjudged.row);
    free((*r)->coverage.row);
    free((*r)->nearby.row);
    free((*r)->revisions.row);
    free(*r);
    *r = NULL;
}
