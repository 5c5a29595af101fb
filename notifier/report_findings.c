/* notifier/report_findings.c - the findings of a report: their words and numbers, what
 * to do about them, and the table of return codes.  Pure, as notifier/report.c. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "notifier/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *where_text(struct report *r, const struct finding *f)
{
    if (f->host != NULL)
        return report_say(r, "on %s", report_name(r, f->host));
    if (f->n_hosts > 1)
        return report_say(r, "on %zu hosts", f->n_hosts);
    if (f->n_hosts == 1)
        return report_say(r, "on %s", report_name(r, f->hosts[0].name));
    if (f->service != NULL)
        return report_say(r, "of %s", report_name(r, f->service));
    return "";
}

/* Measures of calls as people call them; `word` is what the metric begins with. */
static const struct {
    const char *word, *figure;
} measures[] = {
    {"fail_share ", "failing calls"},
    {"timeout_share ", "calls that time out"},
    {"code_share ", "calls"},
    {"latency ", "mean time of calls"},
    {"traffic ", "calls"},
};

/* "failing calls web->pay:charge", "calls web->pay:charge that end with -1001". */
static const char *calls_name(struct report *r, const struct finding *f)
{
    for (size_t i = 0; i < sizeof measures / sizeof *measures; i++) {
        size_t word = strlen(measures[i].word);
        if (f->metric == NULL || strncmp(f->metric, measures[i].word, word) != 0)
            continue;
        size_t n = strlen(f->metric), code = f->code != NULL ? strlen(f->code) : 0;
        if (code > 0 && n > word + code + 1 &&
            strcmp(f->metric + n - code, f->code) == 0)
            n -= code + 1;
        char *edge = strndup(f->metric + word, n - word);
        const char *name = edge != NULL ? report_name(r, edge) : "";
        const char *with = report_clean(r, f->code, 40);
        r->failed |= edge == NULL;
        free(edge);
        return report_say(r, "%s %s%s%s", measures[i].figure, name,
                          with != NULL ? " that end with " : "",
                          with != NULL ? with : "");
    }
    return NULL;
}

static const char *figure_name(struct report *r, const struct finding *f)
{
    const char *calls = calls_name(r, f);
    if (calls != NULL)
        return calls;
    const char *metric = report_clean(r, f->metric, REPORT_NAME_CHARS);
    if (metric == NULL)
        metric = report_clean(r, f->rule, REPORT_NAME_CHARS);
    return metric != NULL ? metric : finding_kind_name(f->kind);
}

static const char *finding_name(struct report *r, const struct finding *f,
                                const char *figure)
{
    const char *where = where_text(r, f);
    return *where != '\0' ? report_say(r, "%s %s", figure, where) : figure;
}

static const char *sentence_of(struct report *r, const struct finding *f,
                               const struct report_finding *to)
{
    const char *because = report_clean(r, f->because, REPORT_SENTENCE_CHARS);
    if (because != NULL)
        return because;
    return report_say(r, "%s went from %s to %s.", to->name, to->before, to->after);
}

static const char *moments_text(struct report *r, const struct finding *f)
{
    if (f->moments <= 0)
        return NULL;
    const char *whose = f->host != NULL || f->n_hosts == 1 ? "this host"
                        : f->n_hosts > 1                   ? "these hosts"
                                                           : "this service";
    if (f->moments_like == 0)
        return report_say(r, "Of %d ordinary moments of %s, none looked like this.",
                          f->moments, whose);
    return report_say(r, "Of %d ordinary moments of %s, %d looked like this.",
                      f->moments, whose, f->moments_like);
}

static const char *since_text(struct report *r, const struct finding *f)
{
    char at[FIGURE_TEXT_MAX];
    const char *now = f->recovered ? "recovered since" : "still so at this look";
    if (instant_is_none(f->first_seen))
        return f->recovered ? "Recovered since." : NULL;
    return report_say(r, "First seen %s, %s.",
                      figure_time(r->language, f->first_seen, at), now);
}

static const char *events_text(struct report *r, double events, double of)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (isnan(events))
        return NULL;
    if (isnan(of))
        return report_say(r, "%s", figure_count(events, a));
    return report_say(r, "%s of %s", figure_count(events, a), figure_count(of, b));
}

static void add_counts(struct report *r, const struct finding *f,
                       struct report_rows *to)
{
    const char *before = events_text(r, f->events_before, f->of_before);
    const char *after = events_text(r, f->events_after, f->of_after);
    if (before != NULL && after != NULL)
        report_add_row(
            r, to, "Counted",
            f->fresh ? report_say(r, "%s on old hosts, %s on new ones", before, after)
                     : report_say(r, "%s before, %s after the change", before, after));
}

static void add_statistics(struct report *r, const struct finding *f,
                           struct report_rows *to)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (!isnan(f->confidence) && f->confidence > 0)
        report_add_row(r, to, "How sure",
                       report_say(r, "%s that this is no chance",
                                  figure_confidence(r->language, f->confidence, a)));
    if (!isnan(f->z) && !isnan(f->p))
        report_add_row(r, to, "Statistics",
                       report_say(r, "z %s, p %s", figure(r->language, f->z, NULL, a),
                                  figure_p(r->language, f->p, b)));
    else if (!isnan(f->p))
        report_add_row(r, to, "Statistics",
                       report_say(r, "p %s", figure_p(r->language, f->p, a)));
}

static void add_numbers(struct report *r, const struct finding *f,
                        struct report_finding *to)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    struct report_rows *rows = &to->numbers;
    if (!isnan(f->control_before) && !isnan(f->control_after))
        report_add_row(r, rows, "Unchanged hosts",
                       report_say(r, "%s -> %s",
                                  figure(r->language, f->control_before, f->unit, a),
                                  figure(r->language, f->control_after, f->unit, b)));
    if (!isnan(f->usual))
        report_add_row(
            r, rows, "Usual at this hour",
            report_say(r, "%s", figure_delta(r->language, f->usual, f->unit, a)));
    report_add_row(r, rows, "Hard limit", report_clean(r, f->limit, REPORT_NAME_CHARS));
    add_counts(r, f, rows);
    add_statistics(r, f, rows);
    report_add_row(r, rows, "Rule", report_clean(r, f->rule, REPORT_NAME_CHARS));
    report_add_row(r, rows, "Owner", report_clean(r, f->owner, REPORT_NAME_CHARS));
    if (f->n_like > 0)
        report_add_row(r, rows, "Like it",
                       report_say(r, "%zu more %s the same", f->n_like,
                                  report_plural((long long)f->n_like, "series shows",
                                                "series show")));
}

static const char *muted_text(struct report *r, const struct finding *f)
{
    char at[FIGURE_TEXT_MAX];
    if (!finding_is_muted(f))
        return NULL;
    const char *reason = report_clean(r, f->muted.reason, REPORT_SENTENCE_CHARS);
    return report_say(r, "Muted until %s by %s%s%s",
                      figure_time(r->language, f->muted.until, at),
                      report_name(r, f->muted.author), reason != NULL ? ": " : "",
                      reason != NULL ? reason : "");
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
        to->host[i].name = report_name(r, h->name);
        to->host[i].before =
            f->kind == FINDING_RELIEF && isnan(h->before)
                ? "new"
                : report_say(r, "%s", figure(r->language, h->before, f->unit, a));
        to->host[i].after =
            report_say(r, "%s", figure(r->language, h->after, f->unit, a));
    }
    to->n_hosts = n;
}

const char *report_later(struct report *r, span later, bool first)
{
    char a[FIGURE_TEXT_MAX];
    if (later.ms == 86400000)
        return first ? "A day later" : "a day later";
    return report_say(r, "%s later", figure_span(r->language, later, a));
}

/* New hosts have no before: they are set against the old ones. */
static void label_finding(struct report *r, const struct finding *f,
                          struct report_finding *to)
{
    to->before_label = f->fresh ? "Old hosts" : "Before";
    to->after_label = f->fresh ? "New hosts" : "After";
    to->alt = f->fresh
                  ? report_say(r, "Chart of %s: %s on old hosts, %s on new ones.",
                               to->name, to->before, to->after)
                  : report_say(r, "Chart of %s: %s before the change, %s after it.",
                               to->name, to->before, to->after);
}

static void fill_finding(struct report *r, size_t no, struct report_finding *to)
{
    const struct finding *f = &r->verdict->findings[no];
    char a[FIGURE_TEXT_MAX];
    to->of = f;
    to->no = no;
    to->grade = f->grade;
    to->figure = figure_name(r, f);
    to->name = finding_name(r, f, to->figure);
    to->title = report_clean(r, f->title, REPORT_TITLE_CHARS);
    if (to->title == NULL)
        to->title = to->name;
    if (f->later.ms > 0)
        to->title = report_say(r, "%s: %s", report_later(r, f->later, true), to->title);
    to->before = report_say(r, "%s", figure(r->language, f->before, f->unit, a));
    to->after = report_say(r, "%s", figure(r->language, f->after, f->unit, a));
    to->change = report_say(r, "%s", figure_delta(r->language, f->delta, f->unit, a));
    to->effect = isnan(f->effect)
                     ? NULL
                     : report_say(r, "%s", figure_effect(r->language, f->effect, a));
    to->line = report_say(r, "%s -> %s (%s)", to->before, to->after,
                          to->effect != NULL ? to->effect : to->change);
    to->led = f->with != FINDING_LEADS;
    to->sentence = sentence_of(r, f, to);
    to->moments = moments_text(r, f);
    to->since = since_text(r, f);
    to->muted = muted_text(r, f);
    add_numbers(r, f, to);
    add_hosts(r, f, to);
    label_finding(r, f, to);
}

/* The finding that leads this one; NULL: it leads itself. */
static struct report_finding *leader_of(struct report *r, size_t no)
{
    size_t leader = r->verdict->findings[no].with;
    return leader < r->n_findings ? &r->finding[leader] : NULL;
}

/* Gives each leader the places of those that go with it. */
static void list_led(struct report *r)
{
    size_t *place = calloc(r->n_findings + 1, sizeof *place);
    r->failed |= place == NULL;
    r->places = place;
    for (size_t i = 0; !r->failed && i < r->n_findings; i++)
        if (leader_of(r, i) != NULL)
            leader_of(r, i)->n_with++;
    for (size_t i = 0; !r->failed && i < r->n_findings; i++) {
        r->finding[i].with = place;
        place += r->finding[i].n_with;
        r->finding[i].n_with = 0;
    }
    for (size_t i = 0; !r->failed && i < r->n_findings; i++) {
        struct report_finding *leader = leader_of(r, i);
        if (leader != NULL)
            leader->with[leader->n_with++] = i;
    }
}

/* "2 more figures moved with it: cpu.user, load.load1." */
static void say_led(struct report *r, struct report_finding *to)
{
    struct buf b = {0};
    size_t named = to->n_with <= REPORT_WITH_NAMED ? to->n_with : REPORT_WITH_NAMED;
    buf_addf(&b, "%zu more %s moved with it: ", to->n_with,
             report_plural((long long)to->n_with, "figure", "figures"));
    for (size_t i = 0; i < named; i++)
        buf_addf(&b, "%s%s", i > 0 ? ", " : "", r->finding[to->with[i]].figure);
    if (to->n_with > named)
        buf_addf(&b, " and %zu more", to->n_with - named);
    buf_add_ch(&b, '.');
    to->with_words = report_keep(r, buf_give(&b));
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
    for (size_t i = 0; i < n && !r->failed; i++) {
        r->n_leading += !r->finding[i].led;
        r->n_muted += !r->finding[i].led && r->finding[i].muted != NULL;
    }
    list_led(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        if (r->finding[i].n_with > 0)
            say_led(r, &r->finding[i]);
}

static void add_top(struct report *r)
{
    for (size_t i = 0; i < r->n_findings && r->n_top < REPORT_TOP_MAX; i++) {
        const struct report_finding *f = &r->finding[i];
        if (report_is_bad(f->of) && !f->led)
            r->top[r->n_top++] = (struct report_top){f->grade, f->title, f->name,
                                                     f->sentence, f->with_words};
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
    if (!report_is_bad(of) || (of->advice == NULL && of->runbook == NULL))
        return; /* an owner alone is said with the finding */
    struct report_todo todo = {
        .about = f->title,
        .advice = report_clean(r, of->advice, REPORT_SENTENCE_CHARS),
        .runbook = report_clean(r, of->runbook, 500),
        .owner = report_clean(r, of->owner, REPORT_NAME_CHARS),
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
    const char *actor = report_clean(r, r->change->actor, REPORT_NAME_CHARS);
    r->todo[r->n_todo++] = (struct report_todo){
        .advice = report_say(r, "Look at the findings below with %s.",
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
    r->code = report_grow(r, r->code, r->n_codes, cap, sizeof *r->code);
    if (r->failed)
        return;
    struct report_code *to = &r->code[r->n_codes++];
    *to = (struct report_code){.grade = f->grade};
    to->metric = report_name(r, f->metric);
    const char *code = report_clean(r, f->code, 60);
    to->code = code != NULL ? code : "all failures";
    to->before = report_say(r, "%s", figure_count(f->events_before, a));
    to->after = report_say(r, "%s", figure_count(f->events_after, a));
    bool shares = f->of_before > 0 && f->of_after > 0;
    to->share_before =
        shares ? report_say(
                     r, "%s",
                     figure(r->language, f->events_before / f->of_before, "share", a))
               : "";
    to->share_after =
        shares
            ? report_say(r, "%s",
                         figure(r->language, f->events_after / f->of_after, "share", a))
            : "";
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

void report_add_findings(struct report *r)
{
    add_findings(r);
    add_top(r);
    add_todos(r);
    add_codes(r);
}
