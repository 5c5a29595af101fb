/* notifier/report.c - chooses and words the facts.  Pure: no clock, no files; the same
 * change and verdicts give the same report.  Every stranger's text passes clean() here,
 * so no format has to think of it again.  A failed allocation is remembered in `failed`
 * and ends the whole report. */
#include "notifier/report.h"

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

/* Keeps a text for the report's life.  Takes it over; "" when memory is short. */
static const char *keep(struct report *r, char *text)
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

static const char *say(struct report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static const char *say(struct report *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0)
        text = NULL;
    va_end(ap);
    return keep(r, text);
}

/* NULL stays NULL; an empty text becomes NULL too. */
static const char *clean(struct report *r, const char *text, size_t chars)
{
    if (text == NULL || *text == '\0')
        return NULL;
    struct buf b = {0};
    plain_add(&b, text, chars);
    return keep(r, buf_give(&b));
}

static const char *name_of(struct report *r, const char *name)
{
    const char *text = clean(r, name, REPORT_NAME_CHARS);
    return text != NULL ? text : "?";
}

static void *grow(struct report *r, void *at, size_t n, size_t *cap, size_t size)
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
    rows->row = grow(r, rows->row, rows->n, &rows->cap, sizeof *rows->row);
    if (!r->failed)
        rows->row[rows->n++] = (struct report_row){label, value, url};
}

static void add_row(struct report *r, struct report_rows *rows, const char *label,
                    const char *value)
{
    add_link(r, rows, label, value, NULL);
}

static const char *plural(long long n, const char *one, const char *many)
{
    return n == 1 ? one : many;
}

static const char *count_text(double n, char out[FIGURE_TEXT_MAX])
{
    return figure_count(n, out);
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
        buf_addf(&b, "%zu host%s", c->n_hosts, plural((long long)c->n_hosts, "", "s"));
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
    return keep(r, buf_give(&b));
}

static const char *version_text(struct report *r, const struct change *c)
{
    const char *from = clean(r, c->from, 60), *to = clean(r, c->to, 60);
    if (from == NULL && to == NULL)
        return NULL;
    if (from == NULL)
        return say(r, "to %s", to);
    return to == NULL ? say(r, "from %s", from) : say(r, "%s -> %s", from, to);
}

static const char *when_text(struct report *r, const struct change *c)
{
    char start[FIGURE_TEXT_MAX], took[FIGURE_TEXT_MAX];
    figure_time(c->start, start);
    if (instant_is_none(c->end))
        return say(r, "%s, not finished", start);
    span length = instant_since(c->end, c->start);
    const char *end = c->cancelled ? "cancelled" : "finished";
    if (length.ms <= 0)
        return say(r, "%s%s", start, c->cancelled ? ", cancelled" : "");
    return say(r, "%s, %s after %s", start, end, figure_span(length, took));
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
    return keep(r, buf_give(&b));
}

/* What such a change does to hosts, and did. */
static void add_expected(struct report *r, const struct coverage *c,
                         struct report_rows *to)
{
    add_row(r, to, "Restarted", clean(r, c->restart_note, REPORT_SENTENCE_CHARS));
    add_row(r, to, "New hosts", clean(r, c->fresh_note, REPORT_SENTENCE_CHARS));
    add_row(r, to, "Relief", clean(r, c->relief_note, REPORT_SENTENCE_CHARS));
}

static void add_facts(struct report *r)
{
    const struct change *c = r->change;
    struct report_rows *to = &r->facts;
    const char *url = html_url_ok(c->url) ? clean(r, c->url, 1000) : NULL;
    add_link(r, to, "Change", name_of(r, c->change_id), url);
    add_row(r, to, "Kind",
            say(r, "%s%s", change_kind_name(c->kind), c->urgent ? ", urgent" : ""));
    add_row(r, to, "Service", clean(r, c->service, REPORT_NAME_CHARS));
    add_row(r, to, "Version", version_text(r, c));
    add_row(r, to, "By", clean(r, c->actor, REPORT_NAME_CHARS));
    add_row(r, to, "When", when_text(r, c));
    add_row(r, to, "Hosts", hosts_text(r, c));
    if (r->verdict != NULL)
        add_expected(r, &r->verdict->coverage, to);
    if (c->batches_of > 0)
        add_row(r, to, "Batches",
                say(r, "%d of %d done", c->batches_done, c->batches_of));
    add_row(r, to, "Part of", clean(r, c->parent_id, REPORT_NAME_CHARS));
    if (c->n_labels > 0)
        add_row(r, to, "Labels", labels_text(r, c));
    if (c->extra != NULL && strcmp(c->extra, "{}") != 0)
        add_row(r, to, "Also given", clean(r, c->extra, 300));
}

/* --- findings --- */

static bool is_bad(const struct finding *f)
{
    return f->grade == GRADE_ATTENTION || f->grade == GRADE_MUST_HANDLE;
}

static const char *where_text(struct report *r, const struct finding *f)
{
    if (f->host != NULL)
        return say(r, "on %s", name_of(r, f->host));
    if (f->n_hosts > 1)
        return say(r, "on %zu hosts", f->n_hosts);
    if (f->n_hosts == 1)
        return say(r, "on %s", name_of(r, f->hosts[0].name));
    if (f->service != NULL)
        return say(r, "of %s", name_of(r, f->service));
    return "";
}

static const char *finding_name(struct report *r, const struct finding *f)
{
    const char *metric = clean(r, f->metric, REPORT_NAME_CHARS);
    if (metric == NULL)
        metric = clean(r, f->rule, REPORT_NAME_CHARS);
    if (metric == NULL)
        metric = finding_kind_name(f->kind);
    const char *code = clean(r, f->code, 40);
    if (code != NULL)
        metric = say(r, "%s, code %s", metric, code);
    const char *where = where_text(r, f);
    return *where != '\0' ? say(r, "%s %s", metric, where) : metric;
}

static const char *sentence_of(struct report *r, const struct finding *f,
                               const struct report_finding *to)
{
    const char *because = clean(r, f->because, REPORT_SENTENCE_CHARS);
    if (because != NULL)
        return because;
    return say(r, "%s went from %s to %s.", to->name, to->before, to->after);
}

static const char *moments_text(struct report *r, const struct finding *f)
{
    if (f->moments <= 0)
        return NULL;
    const char *whose = f->host != NULL || f->n_hosts == 1 ? "this host"
                        : f->n_hosts > 1                   ? "these hosts"
                                                           : "this service";
    if (f->moments_like == 0)
        return say(r, "Of %d ordinary moments of %s, none looked like this.",
                   f->moments, whose);
    return say(r, "Of %d ordinary moments of %s, %d looked like this.", f->moments,
               whose, f->moments_like);
}

static const char *since_text(struct report *r, const struct finding *f)
{
    char at[FIGURE_TEXT_MAX];
    const char *now = f->recovered ? "recovered since" : "still so at this look";
    if (instant_is_none(f->first_seen))
        return f->recovered ? "Recovered since." : NULL;
    return say(r, "First seen %s, %s.", figure_time(f->first_seen, at), now);
}

static const char *events_text(struct report *r, double events, double of)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (isnan(events))
        return NULL;
    if (isnan(of))
        return say(r, "%s", count_text(events, a));
    return say(r, "%s of %s", count_text(events, a), count_text(of, b));
}

static void add_counts(struct report *r, const struct finding *f,
                       struct report_rows *to)
{
    const char *before = events_text(r, f->events_before, f->of_before);
    const char *after = events_text(r, f->events_after, f->of_after);
    if (before != NULL && after != NULL)
        add_row(r, to, "Counted",
                f->fresh ? say(r, "%s on old hosts, %s on new ones", before, after)
                         : say(r, "%s before, %s after the change", before, after));
}

static void add_statistics(struct report *r, const struct finding *f,
                           struct report_rows *to)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (!isnan(f->confidence) && f->confidence > 0)
        add_row(
            r, to, "How sure",
            say(r, "%s that this is no chance", figure_confidence(f->confidence, a)));
    if (!isnan(f->z) && !isnan(f->p))
        add_row(r, to, "Statistics",
                say(r, "z %s, p %s", figure(f->z, NULL, a), figure_p(f->p, b)));
    else if (!isnan(f->p))
        add_row(r, to, "Statistics", say(r, "p %s", figure_p(f->p, a)));
}

static void add_numbers(struct report *r, const struct finding *f,
                        struct report_finding *to)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    struct report_rows *rows = &to->numbers;
    if (!isnan(f->control_before) && !isnan(f->control_after))
        add_row(r, rows, "Unchanged hosts",
                say(r, "%s -> %s", figure(f->control_before, f->unit, a),
                    figure(f->control_after, f->unit, b)));
    if (!isnan(f->usual))
        add_row(r, rows, "Usual at this hour",
                say(r, "%s", figure_delta(f->usual, f->unit, a)));
    add_row(r, rows, "Hard limit", clean(r, f->limit, REPORT_NAME_CHARS));
    add_counts(r, f, rows);
    add_statistics(r, f, rows);
    add_row(r, rows, "Rule", clean(r, f->rule, REPORT_NAME_CHARS));
    add_row(r, rows, "Owner", clean(r, f->owner, REPORT_NAME_CHARS));
    if (f->n_like > 0)
        add_row(r, rows, "Like it",
                say(r, "%zu more %s the same", f->n_like,
                    plural((long long)f->n_like, "series shows", "series show")));
}

static void add_hosts(struct report *r, const struct finding *f,
                      struct report_finding *to)
{
    char a[FIGURE_TEXT_MAX];
    size_t n = f->n_hosts < REPORT_HOSTS_MAX ? f->n_hosts : REPORT_HOSTS_MAX;
    to->more_hosts = f->n_hosts - n;
    to->host = n > 0 ? calloc(n, sizeof *to->host) : NULL;
    if (n > 0 && to->host == NULL) {
        r->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        const struct finding_host *h = &f->hosts[i];
        to->host[i].name = name_of(r, h->name);
        to->host[i].before = f->kind == FINDING_RELIEF && isnan(h->before)
                                 ? "new"
                                 : say(r, "%s", figure(h->before, f->unit, a));
        to->host[i].after = say(r, "%s", figure(h->after, f->unit, a));
    }
    to->n_hosts = n;
}

/* New hosts have no before: they are set against the old ones. */
static void label_finding(struct report *r, const struct finding *f,
                          struct report_finding *to)
{
    to->before_label = f->fresh ? "Old hosts" : "Before";
    to->after_label = f->fresh ? "New hosts" : "After";
    to->alt = f->fresh ? say(r, "Chart of %s: %s on old hosts, %s on new ones.",
                             to->name, to->before, to->after)
                       : say(r, "Chart of %s: %s before the change, %s after it.",
                             to->name, to->before, to->after);
}

static void fill_finding(struct report *r, size_t no, struct report_finding *to)
{
    const struct finding *f = &r->verdict->findings[no];
    char a[FIGURE_TEXT_MAX];
    to->of = f;
    to->no = no;
    to->grade = f->grade;
    to->name = finding_name(r, f);
    to->title = clean(r, f->title, REPORT_TITLE_CHARS);
    if (to->title == NULL)
        to->title = to->name;
    to->before = say(r, "%s", figure(f->before, f->unit, a));
    to->after = say(r, "%s", figure(f->after, f->unit, a));
    to->change = say(r, "%s", figure_delta(f->delta, f->unit, a));
    to->effect = isnan(f->effect) ? NULL : say(r, "%s", figure_effect(f->effect, a));
    to->sentence = sentence_of(r, f, to);
    to->moments = moments_text(r, f);
    to->since = since_text(r, f);
    add_numbers(r, f, to);
    add_hosts(r, f, to);
    label_finding(r, f, to);
}

static void add_findings(struct report *r)
{
    size_t n = r->verdict->n_findings;
    r->finding = n > 0 ? calloc(n, sizeof *r->finding) : NULL;
    if (n > 0 && r->finding == NULL) {
        r->failed = true;
        return;
    }
    r->n_findings = n;
    for (size_t i = 0; i < n && !r->failed; i++)
        fill_finding(r, i, &r->finding[i]);
}

static void add_top(struct report *r)
{
    for (size_t i = 0; i < r->n_findings && r->n_top < REPORT_TOP_MAX; i++) {
        const struct report_finding *f = &r->finding[i];
        if (is_bad(f->of))
            r->top[r->n_top++] =
                (struct report_top){f->grade, f->title, f->name, f->sentence};
    }
}

/* --- what to do --- */

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void add_todo(struct report *r, const struct report_finding *f)
{
    const struct finding *of = f->of;
    if (!is_bad(of) || (of->advice == NULL && of->runbook == NULL))
        return; /* an owner alone is said with the finding */
    struct report_todo todo = {
        .about = f->title,
        .advice = clean(r, of->advice, REPORT_SENTENCE_CHARS),
        .runbook = clean(r, of->runbook, 500),
        .owner = clean(r, of->owner, REPORT_NAME_CHARS),
    };
    for (size_t i = 0; i < r->n_todo; i++)
        if (same(r->todo[i].advice, todo.advice) &&
            same(r->todo[i].runbook, todo.runbook) &&
            same(r->todo[i].owner, todo.owner))
            return;
    if (r->n_todo < REPORT_TODO_MAX)
        r->todo[r->n_todo++] = todo;
}

static void add_todos(struct report *r)
{
    for (size_t i = 0; i < r->n_findings; i++)
        add_todo(r, &r->finding[i]);
    if (r->n_todo > 0 || r->grade == GRADE_OK || r->grade == GRADE_NOT_JUDGED)
        return;
    const char *actor = clean(r, r->change->actor, REPORT_NAME_CHARS);
    r->todo[r->n_todo++] = (struct report_todo){
        .advice = say(r, "Look at the findings below with %s.",
                      actor != NULL ? actor : "whoever made the change")};
}

/* --- return codes --- */

static void add_code(struct report *r, const struct finding *f, size_t *cap)
{
    char a[FIGURE_TEXT_MAX];
    if (r->n_codes == REPORT_CODES_MAX) {
        r->more_codes++;
        return;
    }
    r->code = grow(r, r->code, r->n_codes, cap, sizeof *r->code);
    if (r->failed)
        return;
    struct report_code *to = &r->code[r->n_codes++];
    *to = (struct report_code){.grade = f->grade};
    to->metric = name_of(r, f->metric);
    const char *code = clean(r, f->code, 60);
    to->code = code != NULL ? code : "all failures";
    to->before = say(r, "%s", count_text(f->events_before, a));
    to->after = say(r, "%s", count_text(f->events_after, a));
    bool shares = f->of_before > 0 && f->of_after > 0;
    to->share_before =
        shares ? say(r, "%s", figure(f->events_before / f->of_before, "share", a)) : "";
    to->share_after =
        shares ? say(r, "%s", figure(f->events_after / f->of_after, "share", a)) : "";
}

static void add_codes(struct report *r)
{
    size_t cap = 0;
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct finding *f = r->finding[i].of;
        /* those of new hosts have no before */
        if (!f->fresh && (f->kind == FINDING_SHARE || f->code != NULL) &&
            !isnan(f->events_before) && !isnan(f->events_after))
            add_code(r, f, &cap);
    }
}

/* --- how bad --- */

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
        if (!is_bad(f))
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
        if (is_bad(&v->findings[i]) && !instant_is_none(at) &&
            (instant_is_none(first) || at.ms < first.ms))
            first = at;
    }
    return first;
}

static size_t count_grade(const struct verdict *v, enum grade g)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        n += v->findings[i].grade == g;
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
        what = say(r, "%zu %s handled and %zu more %s attention", must,
                   plural((long long)must, "finding must be", "findings must be"),
                   attention, plural((long long)attention, "needs", "need"));
    else if (must > 0)
        what = say(r, "%zu %s handled", must,
                   plural((long long)must, "finding must be", "findings must be"));
    else
        what = say(r, "%zu %s attention", attention,
                   plural((long long)attention, "finding needs", "findings need"));
    const char *where = "";
    if (hosts > 0 && hosts <= all)
        where = say(r, ", on %zu of %zu %s", hosts, all,
                    plural((long long)all, "host", "hosts"));
    else if (hosts > 0)
        where = say(r, ", on %zu %s", hosts, plural((long long)hosts, "host", "hosts"));
    instant first = first_seen(r->verdict);
    const char *since =
        instant_is_none(first) ? "" : say(r, ", since %s", figure_time(first, at));
    return say(r, "%s%s%s.", what, where, since);
}

static const char *lead_of(struct report *r)
{
    const struct verdict *v = r->verdict;
    if (v == NULL)
        return "No look has been taken yet: the time after the change is still being "
               "watched.";
    const char *reason = clean(r, v->reason, REPORT_SENTENCE_CHARS);
    switch (r->grade) {
    case GRADE_OK:
        return say(r, "Nothing that was compared got worse: %d series on %d of %d %s.",
                   v->coverage.series_judged, v->coverage.hosts_judged,
                   v->coverage.hosts, plural(v->coverage.hosts, "host", "hosts"));
    case GRADE_NOT_JUDGED:
        return reason != NULL ? reason
                              : "Too little could be seen to judge this change.";
    default:
        return bad_lead(r);
    }
}

static const char *state_of(struct report *r)
{
    const struct verdict *v = r->verdict;
    char span_words[FIGURE_TEXT_MAX], at[FIGURE_TEXT_MAX];
    if (v == NULL)
        return "Not looked at yet.";
    figure_time(v->decided_at, at);
    const char *after = v->look.ms > 0 ? say(r, ", %s after the change",
                                             figure_span(v->look, span_words))
                                       : "";
    const char *look =
        v->looks_all > 0 ? say(r, "Look %d of %d%s", v->looks_done, v->looks_all, after)
                         : say(r, "Looked at%s", after);
    return say(r, "%s (%s). %s", look, at,
               v->final ? "This is final." : "More looks follow and may change it.");
}

/* --- what was seen and what was not --- */

/* Silence, crashes, alarms and tests are counted nowhere as series. */
static bool is_of_series(const struct finding *f)
{
    return f->kind != FINDING_SILENT && f->kind != FINDING_CORE &&
           f->kind != FINDING_ALARM && f->kind != FINDING_TEST;
}

static size_t bad_series(const struct verdict *v)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        if (is_bad(&v->findings[i]) && is_of_series(&v->findings[i]))
            n += (v->findings[i].n_hosts > 1 ? v->findings[i].n_hosts : 1) +
                 v->findings[i].n_like;
    return n;
}

static const char *fine_text(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    size_t bad = bad_series(r->verdict);
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (c->series_judged <= 0 || bad >= (size_t)c->series_judged)
        return NULL;
    return say(r, "%s of %s series compared did not get worse.",
               count_text((double)((size_t)c->series_judged - bad), a),
               count_text(c->series_judged, b));
}

static const char *share_text(struct report *r, int done, int all)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    return say(r, "%s of %s", count_text(done, a), count_text(all, b));
}

static void add_coverage(struct report *r)
{
    const struct coverage *c = &r->verdict->coverage;
    char a[FIGURE_TEXT_MAX];
    add_row(r, &r->coverage, "Rules judged", share_text(r, c->rules_judged, c->rules));
    add_row(r, &r->coverage, "Hosts judged", share_text(r, c->hosts_judged, c->hosts));
    add_row(r, &r->coverage, "Series judged",
            share_text(r, c->series_judged, c->series_judged + c->series_not_judged));
    const char *note = clean(r, c->controls_note, REPORT_SENTENCE_CHARS);
    const char *n = say(r, "%s", count_text(c->controls, a));
    add_row(r, &r->coverage, "Compared with",
            c->controls > 0 && note != NULL ? say(r, "%s unchanged: %s", n, note)
            : note != NULL                  ? note
                                            : say(r, "%s unchanged hosts", n));
    add_row(r, &r->coverage, "Rule pack",
            clean(r, r->verdict->pack, REPORT_NAME_CHARS));
    for (int i = 0; i < UNJUDGED_N; i++)
        if (c->unjudged[i] > 0)
            add_row(r, &r->unjudged, unjudged_words((enum unjudged)i),
                    say(r, "%s", count_text(c->unjudged[i], a)));
}

static void add_nearby(struct report *r, const char *public_url)
{
    char at[FIGURE_TEXT_MAX];
    for (size_t i = 0; i < r->verdict->n_nearby; i++) {
        const struct nearby *near = &r->verdict->nearby[i];
        const char *because = clean(r, near->because, REPORT_SENTENCE_CHARS);
        const char *title = clean(r, near->title, REPORT_TITLE_CHARS);
        char *url = report_page_url(public_url, near->change_id);
        add_link(r, &r->nearby,
                 say(r, "%s%s%s", name_of(r, near->change_id),
                     title != NULL ? ": " : "", title != NULL ? title : ""),
                 say(r, "%s%s%s", figure_time(near->at, at),
                     because != NULL ? ", " : "", because != NULL ? because : ""),
                 url != NULL ? keep(r, url) : NULL);
    }
}

static void add_revisions(struct report *r, const struct report_input *in)
{
    char at[FIGURE_TEXT_MAX];
    for (size_t i = 0; i < in->n_revisions; i++) {
        const struct verdict *v = in->revisions[i];
        add_row(r, &r->revisions, say(r, "Revision %d", v->revision),
                say(r, "%s, %s%s", grade_words(v->grade),
                    figure_time(v->decided_at, at), v->final ? ", final" : ""));
    }
}

static void fill(struct report *r, const struct report_input *in)
{
    const struct verdict *v = r->verdict;
    r->grade = v != NULL ? v->grade : GRADE_NOT_JUDGED;
    r->grade_words = v != NULL ? grade_words(v->grade) : "Not judged yet";
    r->grade_sign = report_grade_sign(r->grade);
    r->title = keep(r, report_change_title(r->change));
    char *url = report_page_url(in->public_url, r->change->change_id);
    r->page_url = url != NULL ? keep(r, url) : NULL;
    add_facts(r);
    if (v != NULL) {
        add_findings(r);
        add_top(r);
        add_todos(r);
        add_codes(r);
        add_coverage(r);
        add_nearby(r, in->public_url);
        r->fine = fine_text(r);
        if (v->grade != GRADE_NOT_JUDGED)
            r->note = clean(r, v->reason, REPORT_SENTENCE_CHARS);
    }
    r->lead = lead_of(r);
    r->state = state_of(r);
    add_revisions(r, in);
}

struct report *report_new(const struct report_input *in, struct err *err)
{
    struct report *r = calloc(1, sizeof *r);
    if (r != NULL) {
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
    free((*r)->code);
    free((*r)->facts.row);
    free((*r)->unjudged.row);
    free((*r)->coverage.row);
    free((*r)->nearby.row);
    free((*r)->revisions.row);
    free(*r);
    *r = NULL;
}
