/* notifier/dispatch.c - one recipient after another: their notes become parcels and go
 * away in the same transaction.  Runs on the notifier's thread. */
#include "notifier/dispatch.h"

#include "base/hash.h"
#include "notifier/calm.h"
#include "notifier/digest.h"
#include "notifier/figure.h"
#include "notifier/language.h"
#include "notifier/letter.h"
#include "notifier/mail_links.h"
#include "notifier/past.h"
#include "notifier/plain.h"
#include "notifier/recipients.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HOUR_MS = 3600000, SENTENCE_CHARS = 300 };

/* Charts of verdicts that this round has mails of: an address gets few mails that are
 * not a digest, and others mostly get the same ones. */
enum { DRAWN_MAX = 20 };
struct drawn {
    char *change_id;
    int revision;
    enum language language;
    struct letter_charts *charts;
};

struct dispatch {
    struct tell *tell;
    struct drawn drawn[DRAWN_MAX];
    size_t n_drawn;
    bool links; /* there are pages, and a key to sign with */
    unsigned char key[LEDGER_KEY_BYTES];
    struct optouts off;
    instant now, next;
    size_t failed;
    struct err *err;
};

static void want(struct dispatch *d, instant at)
{
    d->next = at.ms < d->next.ms ? at : d->next;
}

/* The routing file's languages are those of reports (they have the same names). */
static enum language language_for(const struct audience *a)
{
    enum language l =
        language_of(routing_language_name((enum routing_language)a->language));
    return l < LANGUAGE_N ? l : LANGUAGE_EN;
}

static bool is_theirs(const struct dispatch *d, const struct audience *a,
                      const char *who)
{
    return audience_has(a, who) && !optouts_hold(&d->off, who, a->name);
}

/* The audience that still is for the recipient, who may have left it while the note
 * waited: addresses come from the file only. */
static const struct audience *audience_of(const struct dispatch *d,
                                          const struct note *n)
{
    const struct routing *r = d->tell->routing;
    const struct audience *a = routing_audience(r, n->audience);
    if (!recipient_is_address(n->who))
        return a != NULL && strcmp(a->name, n->who + 1) == 0 ? a : NULL;
    if (a != NULL && is_theirs(d, a, n->who))
        return a;
    for (size_t i = 0; i < r->all.n; i++)
        if (is_theirs(d, &r->all.at[i], n->who))
            return &r->all.at[i];
    return NULL;
}

/* --- parcels --- */

/* What is in a parcel's key and Message-ID. */
struct stamp {
    const char *change_id, *audience, *recipient;
    int revision;
};

static int fill_parcel(struct dispatch *d, const struct stamp *s, struct buf *bytes,
                       struct parcel *p)
{
    char id[EML_ID_MAX];
    struct buf key = {0};
    /* lengths in front, so that no two sets of names make the same key */
    buf_addf(&key, "%zu:%s/%d/%zu:%s/%s", strlen(s->change_id), s->change_id,
             s->revision, strlen(s->audience), s->audience, s->recipient);
    eml_message_id(d->tell->config->from, s->change_id, s->revision, s->audience, id);
    *p = (struct parcel){.key = buf_give(&key),
                         .change_id = (char *)(uintptr_t)s->change_id,
                         .revision = s->revision,
                         .audience = (char *)(uintptr_t)s->audience,
                         .message_id = strdup(id),
                         .recipients = (char *)(uintptr_t)s->recipient,
                         .bytes = bytes->data,
                         .n_bytes = bytes->len,
                         .made = d->now,
                         .due = d->now};
    if (p->key == NULL || p->message_id == NULL)
        return err_set(d->err, ENOMEM, "no memory for mails");
    return 0;
}

static int send_one(struct dispatch *d, const struct stamp *s, struct buf *bytes,
                    const struct note *notes, size_t n)
{
    struct parcel p;
    int rc = fill_parcel(d, s, bytes, &p);
    if (rc == 0)
        rc = ledger_send(d->tell->ledger, &p, 1, notes, n, d->now, d->err);
    free(p.key);
    free(p.message_id);
    return rc;
}

/* Takes a note back that is nobody's any more. */
static int withdraw(struct dispatch *d, const struct note *n)
{
    struct note gone = *n;
    gone.dropped = true;
    atomic_fetch_add(&d->tell->stats.withdrawn, 1);
    return ledger_send(d->tell->ledger, NULL, 0, &gone, 1, d->now, d->err);
}

/* --- links --- */

/* NULL where there are no pages, or nobody to follow it. */
static char *make_link(const struct dispatch *d, enum mail_link link, const char *who,
                       const char *about, const char *more)
{
    struct buf b = {0};
    if (!d->links || !recipient_is_address(who))
        return NULL;
    mail_link_add(&b, link, d->tell->config->public_url, d->key, who, about, more);
    return buf_give(&b);
}

struct own_links {
    char *unsubscribe, *useful, *useless;
};

static void make_links(const struct dispatch *d, const struct note *n, const char *name,
                       struct own_links *to)
{
    *to = (struct own_links){
        .unsubscribe = make_link(d, MAIL_LINK_UNSUBSCRIBE, n->who, name, ""),
        .useful = make_link(d, MAIL_LINK_FEEDBACK, n->who, n->change_id, "&useful=1"),
        .useless = make_link(d, MAIL_LINK_FEEDBACK, n->who, n->change_id, "&useful=0")};
}

static void drop_links(struct own_links *l)
{
    free(l->unsubscribe);
    free(l->useful);
    free(l->useless);
}

/* --- charts --- */

static void drop_drawn(struct drawn *w)
{
    letter_charts_free(&w->charts);
    free(w->change_id);
    *w = (struct drawn){0};
}

/* Where the charts of this verdict are kept; the oldest make room.  NULL without
 * memory: then they are drawn once more. */
static struct letter_charts **drawn_for(struct dispatch *d, const struct note *n,
                                        enum language l)
{
    for (size_t i = 0; i < DRAWN_MAX; i++) {
        struct drawn *w = &d->drawn[i];
        if (w->change_id != NULL && w->revision == n->revision && w->language == l &&
            strcmp(w->change_id, n->change_id) == 0)
            return &w->charts;
    }
    struct drawn *w = &d->drawn[d->n_drawn++ % DRAWN_MAX];
    drop_drawn(w);
    w->change_id = strdup(n->change_id);
    w->revision = n->revision;
    w->language = l;
    return w->change_id != NULL ? &w->charts : NULL;
}

/* --- a mail of its own --- */

static int write_letter(struct dispatch *d, const struct note *n,
                        const struct audience *a, struct buf *to)
{
    struct tell *t = d->tell;
    OWNED_PAST *past = past_read(t->ledger, n->change_id, d->err);
    if (past == NULL)
        return -1;
    size_t steps = 0;
    while (steps < past->n && past->revision[steps]->revision <= n->revision)
        steps++;
    if (steps == 0)
        return err_set(d->err, ENOENT, "revision %d of '%.60s' is not there",
                       n->revision, n->change_id);
    const struct verdict *v = past->revision[steps - 1];
    struct own_links own;
    make_links(d, n, a->name, &own);
    /* marks are of rules: without a finding there is nothing to mark */
    bool marks = v->n_findings > 0 && own.useful != NULL && own.useless != NULL;
    struct letter_links links = {.unsubscribe = own.unsubscribe,
                                 .useful = marks ? own.useful : NULL,
                                 .useless = marks ? own.useless : NULL};
    struct letter_ask ask = {
        .what = {.change = past->change,
                 .verdict = v,
                 .revisions = (const struct verdict *const *)past->revision,
                 .n_revisions = steps,
                 .language = language_for(a),
                 .notice = t->notice},
        .config = t->config,
        .audience = a,
        .links = links.unsubscribe != NULL ? &links : NULL,
        .rrd = t->rrd,
        .charts = drawn_for(d, n, language_for(a)),
        .charts_lost = &t->stats.charts_lost,
    };
    int rc = letter_write(&ask, to, d->err);
    drop_links(&own);
    return rc;
}

static int send_letter(struct dispatch *d, const struct note *n)
{
    const struct audience *a = audience_of(d, n);
    if (a == NULL)
        return withdraw(d, n);
    OWNED_BUF bytes = {0};
    if (write_letter(d, n, a, &bytes) < 0)
        return -1;
    struct stamp s = {.change_id = n->change_id,
                      .audience = a->name,
                      .recipient = recipient_is_address(n->who) ? n->who : "",
                      .revision = n->revision};
    if (send_one(d, &s, &bytes, n, 1) < 0)
        return -1;
    atomic_fetch_add(&d->tell->stats.mails, 1);
    return 0;
}

static void send_each(struct dispatch *d, const struct note *notes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        d->failed += send_letter(d, &notes[i]) < 0;
}

/* --- digests --- */

static char *plain(const char *text, size_t most)
{
    struct buf b = {0};
    plain_add(&b, text, most);
    return buf_give(&b);
}

static int fill_line(struct dispatch *d, const struct note *n, enum language l,
                     struct digest_line *line)
{
    struct tell *t = d->tell;
    char time[FIGURE_TEXT_MAX];
    OWNED_CHANGE *c = ledger_change(t->ledger, n->change_id, d->err);
    OWNED_VERDICT *v =
        c != NULL ? ledger_revision(t->ledger, n->change_id, n->revision, d->err)
                  : NULL;
    if (v == NULL)
        return -1;
    struct report_input in = {.change = c, .verdict = v, .language = l};
    OWNED_REPORT *r = report_new(&in, d->err);
    if (r == NULL)
        return -1;
    *line = (struct digest_line){.grade = n->grade, .title = strdup(r->title)};
    if (r->n_findings > 0)
        line->sentence = plain(r->finding[0].sentence, SENTENCE_CHARS);
    line->time = strdup(figure_time(l, v->decided_at, time));
    if (t->config->public_url != NULL)
        line->url = report_page_url(t->config->public_url, n->change_id);
    return line->title != NULL && line->time != NULL
               ? 0
               : err_set(d->err, ENOMEM, "no memory for a digest");
}

static char *name_digest(bool storm, const char *who, const struct note *notes,
                         size_t n)
{
    OWNED_BUF all = {0};
    struct buf name = {0};
    char hex[SHA256_HEX_MAX];
    buf_addf(&all, "%s\n", who);
    for (size_t i = 0; i < n; i++)
        buf_addf(&all, "%zu:%s %d\n", strlen(notes[i].change_id), notes[i].change_id,
                 notes[i].revision);
    if (buf_done(&all) < 0)
        return NULL;
    sha256_hex(buf_text(&all), all.len, hex);
    buf_addf(&name, "%s-%.20s", storm ? "storm" : "day", hex);
    return buf_give(&name);
}

static int write_digest(struct dispatch *d, struct digest *digest,
                        const struct note *notes, size_t n, struct buf *to)
{
    size_t most = n < DIGEST_LINES_MAX ? n : DIGEST_LINES_MAX;
    int rc = 0;
    digest->line = calloc(most + 1, sizeof *digest->line);
    if (digest->line == NULL)
        return err_set(d->err, ENOMEM, "no memory for a digest");
    for (size_t i = 0; i < n; i++)
        digest->count[notes[i].grade]++;
    for (; digest->n < most && rc == 0; digest->n++)
        rc =
            fill_line(d, &notes[digest->n], digest->language, &digest->line[digest->n]);
    if (rc == 0)
        rc = digest_write(digest, d->tell->config, to, d->err);
    digest_lines_free(&digest->line, digest->n);
    return rc;
}

static int send_digest(struct dispatch *d, const char *who, bool storm,
                       const struct note *notes, size_t n)
{
    bool address = recipient_is_address(who);
    const struct audience *a = audience_of(d, &notes[0]);
    OWNED_BUF bytes = {0};
    char *name = name_digest(storm, who, notes, n);
    if (name == NULL)
        return err_set(d->err, ENOMEM, "no memory for a digest");
    char *unsubscribe = make_link(d, MAIL_LINK_UNSUBSCRIBE, who, a->name, "");
    const char *kind = storm ? DISPATCH_STORM : DISPATCH_DAY;
    struct digest digest = {.language = language_for(a),
                            .storm = storm,
                            .id = name,
                            .audience = a->name,
                            .to = address ? who : NULL,
                            .date = d->now,
                            .notice = d->tell->notice,
                            .unsubscribe = unsubscribe};
    struct stamp s = {.change_id = name,
                      .audience = address ? kind : a->name,
                      .recipient = address ? who : ""};
    int rc = write_digest(d, &digest, notes, n, &bytes);
    if (rc == 0)
        rc = send_one(d, &s, &bytes, notes, n);
    free(name);
    free(unsubscribe);
    if (rc == 0) {
        atomic_fetch_add(&d->tell->stats.mails, 1);
        atomic_fetch_add(storm ? &d->tell->stats.storms : &d->tell->stats.digests, 1);
    }
    return rc;
}

/* Leaves those in the list that are still somebody's; -1 when one could not be taken
 * back. */
static int keep_wanted(struct dispatch *d, struct note *notes, size_t *n)
{
    size_t kept = 0;
    int rc = 0;
    for (size_t i = 0; i < *n; i++) {
        if (audience_of(d, &notes[i]) == NULL) {
            if (withdraw(d, &notes[i]) < 0)
                rc = -1;
            continue;
        }
        struct note moved = notes[kept];
        notes[kept++] = notes[i];
        notes[i] = moved;
    }
    *n = kept;
    return rc;
}

static void digest_of(struct dispatch *d, const char *who, bool storm, instant until)
{
    struct note *notes = NULL;
    size_t n = 0;
    if (ledger_notes(d->tell->ledger, who, !storm, until, &notes, &n, d->err) < 0) {
        d->failed++;
        return;
    }
    size_t kept = n;
    d->failed += keep_wanted(d, notes, &kept) < 0;
    if (kept > 0)
        d->failed += send_digest(d, who, storm, notes, kept) < 0;
    notes_free(&notes, n);
}

/* --- one recipient --- */

static void each_of(struct dispatch *d, const char *who)
{
    struct note *notes = NULL;
    size_t n = 0;
    if (ledger_notes(d->tell->ledger, who, false, d->now, &notes, &n, d->err) < 0)
        d->failed++;
    else
        send_each(d, notes, n);
    notes_free(&notes, n);
}

static int look_at(struct dispatch *d, const struct note_queue *q,
                   struct calm_queue *ret)
{
    struct ledger *l = d->tell->ledger;
    instant since = {d->now.ms - HOUR_MS};
    *ret = (struct calm_queue){.n = q->n, .first = q->first, .last = q->last};
    return ledger_mails(l, q->who, since, &ret->mails, d->err) < 0 ||
                   ledger_mails(l, NULL, since, &ret->mails_all, d->err) < 0 ||
                   ledger_last_mail(l, q->who, DISPATCH_STORM, &ret->last_storm,
                                    d->err) < 0
               ? -1
               : 0;
}

static void queue_of(struct dispatch *d, const struct note_queue *q, instant soon)
{
    struct calm_queue look;
    if (!recipient_is_address(q->who)) {
        each_of(d, q->who);
        return;
    }
    if (look_at(d, q, &look) < 0) {
        d->failed++;
        return;
    }
    instant storm = calm_storm(&d->tell->routing->file.limits, &look);
    if (instant_is_none(storm))
        each_of(d, q->who);
    else if (storm.ms <= d->now.ms)
        digest_of(d, q->who, true, soon);
    else
        want(d, storm);
}

static int queues(struct dispatch *d, bool digest, instant soon)
{
    struct note_queue *list = NULL;
    size_t n = 0;
    if (ledger_note_queues(d->tell->ledger, digest, d->now, soon, &list, &n, d->err) <
        0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (digest)
            digest_of(d, list[i].who, false, d->now);
        else
            queue_of(d, &list[i], soon);
    note_queues_free(&list, n);
    want(d, ledger_next_note(d->tell->ledger, digest, d->now));
    return 0;
}

int dispatch_round(struct tell *t, instant now, instant *ret_next, struct err *err)
{
    struct dispatch d = {.tell = t, .now = now, .next = INSTANT_FAR, .err = err};
    if (t->config->public_url != NULL) {
        if (ledger_mail_key(t->ledger, d.key, err) < 0)
            return -1;
        d.links = true;
    }
    if (ledger_optouts(t->ledger, &d.off, err) < 0)
        return -1;
    instant soon = instant_add(now, t->routing->file.limits.gather);
    int rc = queues(&d, false, soon);
    if (queues(&d, true, now) < 0)
        rc = -1;
    atomic_fetch_add(&t->stats.failures, d.failed);
    optouts_free(&d.off);
    for (size_t i = 0; i < DRAWN_MAX; i++)
        drop_drawn(&d.drawn[i]);
    *ret_next = d.next;
    return rc < 0 || d.failed > 0 ? -1 : 0;
}
