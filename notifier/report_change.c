/* notifier/report_change.c - what was changed, by whom, when and where.  Pure, as
 * notifier/report.c. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "notifier/html.h"
#include "notifier/plain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_words(enum language l, enum change_kind kind)
{
    static const enum phrase words[CHANGE_KIND_N] = {
        [CHANGE_RELEASE] = PHRASE_KIND_RELEASE,
        [CHANGE_CONFIG] = PHRASE_KIND_CONFIG,
        [CHANGE_SCALE_OUT] = PHRASE_KIND_SCALE_OUT,
        [CHANGE_BATCH_RESTART] = PHRASE_KIND_BATCH_RESTART,
        [CHANGE_ROLLBACK] = PHRASE_KIND_ROLLBACK,
        [CHANGE_OTHER] = PHRASE_KIND_OTHER,
    };
    return phrase(l, kind < CHANGE_KIND_N ? words[kind] : PHRASE_KIND_OTHER);
}

/* "release of pay 2.4.1 -> 2.5.0" */
static void add_made_up_title(struct buf *to, const struct change *c, enum language l)
{
    OWNED_BUF of = {0};
    char hosts[24];
    snprintf(hosts, sizeof hosts, "%zu", c->n_hosts);
    if (c->service != NULL)
        plain_add(&of, c->service, REPORT_NAME_CHARS);
    else
        PHRASE_PUT(&of, l, TITLE_HOSTS, hosts);
    PHRASE_PUT(to, l, TITLE_OF, kind_words(l, c->kind), buf_text(&of));
    if (c->from == NULL || c->to == NULL)
        return;
    buf_add_ch(to, ' ');
    plain_add(to, c->from, 40);
    buf_add(to, " -> ");
    plain_add(to, c->to, 40);
}

char *report_title(const struct change *c, enum language l)
{
    struct buf b = {0};
    if (c->title != NULL && *c->title != '\0')
        plain_add(&b, c->title, REPORT_TITLE_CHARS);
    else
        add_made_up_title(&b, c, l);
    return buf_give(&b);
}

char *report_change_title(const struct change *c)
{
    return report_title(c, LANGUAGE_EN);
}

/* "12: h1, h2, h3 and 9 more" */
static const char *hosts_text(struct report *r, const struct change *c)
{
    if (c->n_hosts == 0)
        return report_word(r, PHRASE_NONE_NAMED);
    struct buf b = {0};
    size_t shown = c->n_hosts < 5 ? c->n_hosts : 4;
    for (size_t i = 0; i < shown; i++) {
        buf_add(&b, i > 0 ? report_word(r, PHRASE_COMMA) : "");
        plain_add(&b, c->host[i].name, 60);
    }
    const char *list = report_keep_buf(r, &b);
    if (shown < c->n_hosts)
        list = REPORT_PUT(r, AND_MORE_HOSTS, list,
                          report_say(r, "%zu", c->n_hosts - shown));
    return REPORT_PUT(r, COUNTED_LIST, report_say(r, "%zu", c->n_hosts), list);
}

static const char *version_text(struct report *r, const struct change *c)
{
    const char *from = report_clean(r, c->from, 60), *to = report_clean(r, c->to, 60);
    if (from == NULL && to == NULL)
        return NULL;
    if (from == NULL)
        return REPORT_PUT(r, VERSION_TO, to);
    return to == NULL ? REPORT_PUT(r, VERSION_FROM, from)
                      : REPORT_PUT(r, FROM_TO, from, to);
}

static const char *when_text(struct report *r, const struct change *c)
{
    const char *start = report_time(r, c->start);
    if (instant_is_none(c->end))
        return REPORT_PUT(r, NOT_FINISHED, start);
    span length = instant_since(c->end, c->start);
    if (length.ms <= 0)
        return c->cancelled ? REPORT_PUT(r, CANCELLED, start) : start;
    const char *took = report_span(r, length);
    return c->cancelled ? REPORT_PUT(r, CANCELLED_AFTER, start, took)
                        : REPORT_PUT(r, FINISHED_AFTER, start, took);
}

static const char *labels_text(struct report *r, const struct change *c)
{
    struct buf b = {0};
    for (size_t i = 0; i < c->n_labels && b.len < 600; i++) {
        buf_add(&b, i > 0 ? report_word(r, PHRASE_COMMA) : "");
        plain_add(&b, c->label[i].key, 60);
        buf_add_ch(&b, '=');
        plain_add(&b, c->label[i].value, 60);
    }
    return report_keep_buf(r, &b);
}

/* What such a change does to hosts, and did. */
static void add_expected(struct report *r, const struct coverage *c,
                         struct report_rows *to)
{
    report_add_row(r, to, PHRASE_RESTARTED, report_retell(r, c->restart_note));
    report_add_row(r, to, PHRASE_FRESH_HOSTS, report_retell(r, c->fresh_note));
    report_add_row(r, to, PHRASE_RELIEF, report_retell(r, c->relief_note));
}

static void add_facts(struct report *r)
{
    const struct change *c = r->change;
    struct report_rows *to = &r->facts;
    const char *kind = kind_words(r->language, c->kind);
    const char *url = html_url_ok(c->url) ? report_clean(r, c->url, 1000) : NULL;
    report_add_link(r, to, report_word(r, PHRASE_CHANGE), report_name(r, c->change_id),
                    url);
    report_add_row(r, to, PHRASE_KIND, c->urgent ? REPORT_PUT(r, URGENT, kind) : kind);
    report_add_row(r, to, PHRASE_SERVICE,
                   report_clean(r, c->service, REPORT_NAME_CHARS));
    report_add_row(r, to, PHRASE_VERSION, version_text(r, c));
    report_add_row(r, to, PHRASE_BY, report_clean(r, c->actor, REPORT_NAME_CHARS));
    report_add_row(r, to, PHRASE_WHEN, when_text(r, c));
    report_add_row(r, to, PHRASE_HOSTS, hosts_text(r, c));
    if (r->verdict != NULL)
        add_expected(r, &r->verdict->coverage, to);
    if (c->batches_of > 0)
        report_add_row(r, to, PHRASE_BATCHES,
                       REPORT_PUT(r, BATCHES_DONE, report_say(r, "%d", c->batches_done),
                                  report_say(r, "%d", c->batches_of)));
    report_add_row(r, to, PHRASE_PART_OF,
                   report_clean(r, c->parent_id, REPORT_NAME_CHARS));
    if (c->n_labels > 0)
        report_add_row(r, to, PHRASE_LABELS, labels_text(r, c));
    if (c->extra != NULL && strcmp(c->extra, "{}") != 0)
        report_add_row(r, to, PHRASE_ALSO_GIVEN, report_clean(r, c->extra, 300));
}

static void add_part(struct report *r, struct buf *to, const char *words)
{
    if (words != NULL)
        buf_addf(to, "%s%s", to->len > 0 ? report_word(r, PHRASE_PAUSE) : "", words);
}

/* What the title does not say of it already, in one line. */
static const char *what_text(struct report *r)
{
    const struct change *c = r->change;
    const char *kind = kind_words(r->language, c->kind);
    const char *version = version_text(r, c);
    const char *service = report_clean(r, c->service, REPORT_NAME_CHARS);
    const char *actor = report_clean(r, c->actor, REPORT_NAME_CHARS);
    const char *to_version = report_clean(r, c->to, 60);
    struct buf b = {0};
    add_part(r, &b, c->urgent ? REPORT_PUT(r, URGENT, kind) : kind);
    if (service != NULL && strstr(r->title, service) == NULL)
        add_part(r, &b, REPORT_PUT(r, WHAT_SERVICE, service));
    if (actor != NULL)
        add_part(r, &b, REPORT_PUT(r, WHAT_BY, actor));
    if (to_version == NULL || strstr(r->title, to_version) == NULL)
        add_part(r, &b, version);
    return report_keep_buf(r, &b);
}

void report_add_change(struct report *r)
{
    r->title = report_keep(r, report_title(r->change, r->language));
    r->what = what_text(r);
    add_facts(r);
}
