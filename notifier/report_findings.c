/* notifier/report_findings.c - the findings of a report: their names, figures, hosts
 * and what goes with them.  Pure, as notifier/report.c. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "notifier/figure.h"
#include "notifier/pack_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *finding_name(struct report *r, const struct finding *f,
                                const char *figure)
{
    if (f->host != NULL)
        return REPORT_PUT(r, NAME_ON_HOST, figure, report_name(r, f->host));
    if (f->n_hosts > 1)
        return REPORT_PUT(r, NAME_ON_HOSTS, figure, report_say(r, "%zu", f->n_hosts));
    if (f->n_hosts == 1)
        return REPORT_PUT(r, NAME_ON_HOST, figure, report_name(r, f->hosts[0].name));
    if (f->service != NULL)
        return REPORT_PUT(r, NAME_OF_SERVICE, figure, report_name(r, f->service));
    return figure;
}

static const char *moments_text(struct report *r, const struct finding *f)
{
    if (f->moments <= 0)
        return NULL;
    const char *whose =
        report_word(r, f->host != NULL || f->n_hosts == 1 ? PHRASE_THIS_HOST
                       : f->n_hosts > 1                   ? PHRASE_THESE_HOSTS
                                                          : PHRASE_THIS_SERVICE);
    const char *all = report_say(r, "%d", f->moments);
    if (f->moments_like == 0)
        return REPORT_PUT(r, MOMENTS_NONE, all, whose);
    return REPORT_PUT(r, MOMENTS_SOME, all, whose,
                      report_say(r, "%d", f->moments_like));
}

static const char *since_text(struct report *r, const struct finding *f)
{
    if (instant_is_none(f->first_seen))
        return f->recovered ? report_word(r, PHRASE_RECOVERED) : NULL;
    return REPORT_PUT(
        r, FIRST_SEEN, report_time(r, f->first_seen),
        report_word(r, f->recovered ? PHRASE_RECOVERED_SINCE : PHRASE_STILL_SO));
}

static const char *events_text(struct report *r, double events, double of)
{
    if (isnan(events))
        return NULL;
    if (isnan(of))
        return REPORT_PUT(r, COUNT, report_count(r, events));
    return REPORT_PUT(r, COUNT_OF, report_count(r, events), report_count(r, of));
}

static void add_counts(struct report *r, const struct finding *f,
                       struct report_rows *to)
{
    const char *before = events_text(r, f->events_before, f->of_before);
    const char *after = events_text(r, f->events_after, f->of_after);
    if (before != NULL && after != NULL)
        report_add_row(r, to, PHRASE_COUNTED,
                       f->fresh ? REPORT_PUT(r, COUNTED_FRESH, before, after)
                                : REPORT_PUT(r, COUNTED_CHANGE, before, after));
}

static void add_statistics(struct report *r, const struct finding *f,
                           struct report_rows *to)
{
    char a[FIGURE_TEXT_MAX], b[FIGURE_TEXT_MAX];
    if (!isnan(f->confidence) && f->confidence > 0 && !isnan(f->p))
        report_add_row(
            r, to, PHRASE_HOW_SURE,
            REPORT_PUT(r, NO_CHANCE, figure_confidence(r->language, f->confidence, a)));
    if (!isnan(f->z) && !isnan(f->p))
        report_add_row(r, to, PHRASE_STATISTICS,
                       report_say(r, "z %s, p %s", figure(r->language, f->z, NULL, a),
                                  figure_p(r->language, f->p, b)));
    else if (!isnan(f->p))
        report_add_row(r, to, PHRASE_STATISTICS,
                       report_say(r, "p %s", figure_p(r->language, f->p, a)));
}

static void add_numbers(struct report *r, const struct finding *f,
                        struct report_finding *to)
{
    char a[FIGURE_TEXT_MAX];
    struct report_rows *rows = &to->numbers;
    if (!isnan(f->control_before) && !isnan(f->control_after))
        report_add_row(r, rows, PHRASE_UNCHANGED_HOSTS,
                       REPORT_PUT(r, FROM_TO,
                                  report_figure(r, f->control_before, f->unit),
                                  report_figure(r, f->control_after, f->unit)));
    if (!isnan(f->usual))
        report_add_row(
            r, rows, PHRASE_USUAL,
            report_say(r, "%s", figure_delta(r->language, f->usual, f->unit, a)));
    report_add_row(r, rows, PHRASE_HARD_LIMIT, report_retell(r, f->limit));
    add_counts(r, f, rows);
    add_statistics(r, f, rows);
    report_add_row(r, rows, PHRASE_RULE, report_clean(r, f->rule, REPORT_NAME_CHARS));
    report_add_row(r, rows, PHRASE_OWNER, report_clean(r, f->owner, REPORT_NAME_CHARS));
    if (f->n_like > 0)
        report_add_row(r, rows, PHRASE_LIKE_IT,
                       REPORT_PUT(r, LIKE_IT_MANY, report_say(r, "%zu", f->n_like)));
}

static const char *muted_text(struct report *r, const struct finding *f)
{
    if (!finding_is_muted(f))
        return NULL;
    const char *reason = report_clean(r, f->muted.reason, REPORT_SENTENCE_CHARS);
    const char *until = REPORT_PUT(r, MUTED_UNTIL, report_time(r, f->muted.until),
                                   report_name(r, f->muted.author));
    return reason == NULL
               ? until
               : report_say(r, "%s%s%s", until, report_word(r, PHRASE_COLON), reason);
}

/* --- hosts --- */

static int batch_of(const struct report *r, const struct finding_host *h)
{
    const struct change_host *host = change_find_host(r->change, h->name);
    return host != NULL ? host->batch : 0;
}

static void fill_host(struct report *r, const struct finding *f,
                      const struct finding_host *h, struct report_host *to)
{
    to->name = report_name(r, h->name);
    to->before = f->kind == FINDING_RELIEF && isnan(h->before)
                     ? report_word(r, PHRASE_FRESH_WORD)
                     : report_figure(r, h->before, f->unit);
    to->after = report_figure(r, h->after, f->unit);
}

static const char *batch_heading(struct report *r, int batch, size_t n)
{
    const char *hosts = report_say(r, "%zu", n);
    return batch > 0 ? REPORT_PUT(r, BATCH_NO, report_say(r, "%d", batch), hosts)
                     : REPORT_PUT(r, NO_BATCH, hosts);
}

/* Hosts batch by batch, that with the worst host first: a canary that fails alone is
 * seen at once.  `batch` has one number a host; -1 is set where one has been taken. */
static void add_batches(struct report *r, const struct finding *f, size_t n, int *batch,
                        struct report_host *to)
{
    size_t done = 0;
    for (size_t i = 0; i < n; i++) {
        if (batch[i] < 0)
            continue;
        int no = batch[i];
        size_t first = done;
        for (size_t j = i; j < n; j++)
            if (batch[j] == no) {
                fill_host(r, f, &f->hosts[j], &to[done++]);
                batch[j] = -1;
            }
        to[first].heading = batch_heading(r, no, done - first);
    }
}

static void add_hosts(struct report *r, const struct finding *f,
                      struct report_finding *to)
{
    size_t n = f->n_hosts < REPORT_HOSTS_MAX ? f->n_hosts : REPORT_HOSTS_MAX;
    to->more_hosts = f->n_hosts - n;
    to->host = n > 0 ? calloc(n, sizeof *to->host) : NULL;
    int *batch = n > 0 ? calloc(n, sizeof *batch) : NULL;
    if (n > 0 && (to->host == NULL || batch == NULL)) {
        r->failed = true;
        free(batch);
        return;
    }
    bool several = false;
    for (size_t i = 0; i < n; i++) {
        batch[i] = batch_of(r, &f->hosts[i]);
        several |= batch[i] != batch[0];
    }
    if (several)
        add_batches(r, f, n, batch, to->host);
    for (size_t i = 0; i < n && !several; i++)
        fill_host(r, f, &f->hosts[i], &to->host[i]);
    to->n_hosts = n;
    free(batch);
}

/* --- one finding --- */

/* New hosts have no before: they are set against the old ones. */
static void label_finding(struct report *r, const struct finding *f,
                          struct report_finding *to)
{
    to->before_label = report_word(r, f->fresh ? PHRASE_OLD_HOSTS : PHRASE_BEFORE);
    to->after_label = report_word(r, f->fresh ? PHRASE_FRESH_HOSTS : PHRASE_AFTER);
    to->alt = f->fresh ? REPORT_PUT(r, CHART_OF_FRESH, to->name, to->before, to->after)
                       : REPORT_PUT(r, CHART_OF, to->name, to->before, to->after);
}

static enum report_group group_of(const struct finding *f)
{
    enum grade would;
    if (finding_is_muted(f))
        return REPORT_MUTED;
    if (f->grade != GRADE_OK)
        return REPORT_BAD;
    return report_shadow_of(f, &would) != SIZE_MAX ? REPORT_SHADOW : REPORT_BACK;
}

static const char *title_of(struct report *r, const struct finding *f, const char *name)
{
    const char *title =
        report_clean(r, pack_words(r->language, f->title), REPORT_TITLE_CHARS);
    if (title == NULL)
        title = name;
    if (f->later.ms <= 0)
        return title;
    return report_say(r, "%s%s%s", report_later(r, f->later, true),
                      report_word(r, PHRASE_COLON), title);
}

static void fill_finding(struct report *r, size_t no, struct report_finding *to)
{
    const struct finding *f = &r->verdict->findings[no];
    char a[FIGURE_TEXT_MAX];
    to->of = f;
    to->no = no;
    to->grade = f->grade;
    to->group = group_of(f);
    to->figure = report_figure_name(r, f);
    to->name = finding_name(r, f, to->figure);
    to->title = title_of(r, f, to->name);
    to->before = report_figure(r, f->before, f->unit);
    to->after = report_figure(r, f->after, f->unit);
    to->change = report_say(r, "%s", figure_delta(r->language, f->delta, f->unit, a));
    to->effect = isnan(f->effect)
                     ? NULL
                     : report_say(r, "%s", figure_effect(r->language, f->effect, a));
    to->line = REPORT_PUT(r, FROM_TO_BY, to->before, to->after,
                          to->effect != NULL ? to->effect : to->change);
    to->led = f->with != FINDING_LEADS;
    to->sentence = report_sentence(r, f, to);
    to->moments = moments_text(r, f);
    to->since = since_text(r, f);
    to->muted = muted_text(r, f);
    report_add_frames(r, f, to);
    add_numbers(r, f, to);
    add_hosts(r, f, to);
    label_finding(r, f, to);
}

/* --- what goes with what --- */

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
    for (size_t i = 0; i < named; i++)
        buf_addf(&b, "%s%s", i > 0 ? report_word(r, PHRASE_COMMA) : "",
                 r->finding[to->with[i]].figure);
    const char *list = report_keep_buf(r, &b);
    if (to->n_with > named)
        list = REPORT_PUT(r, AND_MORE_FIGURES, list,
                          report_say(r, "%zu", to->n_with - named));
    to->with_words =
        REPORT_PUT(r, MOVED_WITH_WORDS, report_say(r, "%zu", to->n_with), list);
}

void report_add_findings(struct report *r)
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
        r->n_of[r->finding[i].group] += !r->finding[i].led;
    }
    list_led(r);
    for (size_t i = 0; i < n && !r->failed; i++)
        if (r->finding[i].n_with > 0)
            say_led(r, &r->finding[i]);
}
