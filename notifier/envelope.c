/* notifier/envelope.c - asks the same policy as notifier/tell what it would do, and
 * writes down what it says.  Any thread. */
#include "notifier/envelope.h"

#include "base/jsonw.h"
#include "notifier/calm.h"
#include "notifier/eml.h"
#include "notifier/figure.h"
#include "notifier/letter.h"
#include "notifier/past.h"
#include "notifier/plain.h"
#include "notifier/recipients.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct envelope {
    const struct envelope_ask *ask;
    struct past *past;
    const struct verdict *verdict; /* NULL: none yet */
    struct recipients all;
    struct tidings tidings;
    char *subject;
};

/* One recipient in it. */
struct place {
    const struct recipient *who;
    const struct last_told *told;
    const struct note *note;
    struct calm_say say;
    char id[EML_ID_MAX];
};

static bool in_routing(const struct routing *r, const char *name)
{
    for (size_t i = 0; i < r->all.n; i++)
        if (strcmp(r->all.at[i].name, name) == 0 || audience_has(&r->all.at[i], name))
            return true;
    return false;
}

static void envelope_end(struct envelope *e)
{
    past_free(&e->past);
    recipients_free(&e->all);
    tidings_free(&e->tidings);
    free(e->subject);
}

static int envelope_begin(const struct envelope_ask *ask, struct envelope *e,
                          struct err *err)
{
    *e = (struct envelope){.ask = ask};
    if (ask->to != NULL && !in_routing(ask->routing, ask->to))
        return err_set(err, EINVAL,
                       "'%.100s' is neither an audience nor an address of the routing",
                       ask->to);
    e->past = past_read(ask->ledger, ask->change_id, err);
    if (e->past == NULL)
        return -1;
    e->verdict = past_current(e->past);
    e->subject = letter_subject(e->past->change);
    if (e->subject == NULL)
        err_set(err, ENOMEM, "out of memory");
    OWNED_OPTOUTS off = {0};
    if (e->subject == NULL || ledger_optouts(ask->ledger, &off, err) < 0 ||
        recipients_of(ask->routing, ask->config->n_smtp > 0, &off, e->past->change,
                      &e->all, err) < 0 ||
        ledger_tidings(ask->ledger, ask->change_id, &e->tidings, err) < 0) {
        envelope_end(e);
        return -1;
    }
    return 0;
}

static const struct audience *named(const struct envelope *e)
{
    return e->ask->to != NULL ? routing_audience(e->ask->routing, e->ask->to) : NULL;
}

/* Asked for by its address, by its audience, or as one of all. */
static bool is_asked(const struct envelope *e, const struct recipient *r)
{
    const struct audience *a = named(e);
    if (e->ask->to == NULL || strcmp(r->who, e->ask->to) == 0)
        return true;
    if (!recipient_is_address(r->who))
        return strcmp(r->who + 1, e->ask->to) == 0 ||
               audience_has(r->audience, e->ask->to);
    return a != NULL && audience_has(a, r->who);
}

static void look(const struct envelope *e, const struct recipient *r, struct place *p)
{
    const struct tidings *t = &e->tidings;
    const struct routing *routing = e->ask->routing;
    *p = (struct place){.who = r, .say = {CALM_NOTHING, INSTANT_NONE}};
    for (size_t i = 0; i < t->n_told; i++)
        if (strcmp(t->told[i].who, r->who) == 0)
            p->told = &t->told[i];
    for (size_t i = 0; i < t->n_notes; i++)
        if (strcmp(t->note[i].who, r->who) == 0)
            p->note = &t->note[i];
    if (e->verdict == NULL)
        return;
    struct calm_past past = {p->told, p->note};
    struct calm_step step = {.grade = e->verdict->grade, .final = e->verdict->final};
    struct calm_times times = {.now = e->ask->now,
                               .next_digest = routing_next_digest(routing, e->ask->now),
                               .correction = routing->file.limits.correction};
    if (recipient_is_address(r->who))
        times.gather = routing->file.limits.gather;
    p->say = calm_decide(r->wish, &past, &step, &times);
    const char *audience = p->told != NULL ? p->told->audience : r->audience->name;
    eml_message_id(e->ask->config->from, e->ask->change_id, e->verdict->revision,
                   audience, p->id);
}

/* Why something or nothing would be done, in words. */
static const char *reason(const struct envelope *e, const struct place *p)
{
    if (e->verdict == NULL)
        return "there is no verdict yet";
    if (p->note != NULL)
        return p->note->digest ? "waits for the mail of the day" : "waits to be sent";
    if (p->say.act == CALM_DIGEST)
        return "would go into the mail of the day";
    if (p->say.act == CALM_MAIL)
        return p->told != NULL ? "would be sent as a correction" : "would be sent";
    if (p->told != NULL && p->told->grade == e->verdict->grade)
        return "was told this already";
    if (p->who->wish[e->verdict->grade] == ROUTING_NEVER)
        return "is never told this grade";
    return "will be told when it is final";
}

/* --- in words --- */

static void line_time(struct buf *to, const char *label, instant at)
{
    char text[FIGURE_TEXT_MAX];
    buf_addf(to, "  %-12s %s\n", label, figure_time(LANGUAGE_EN, at, text));
}

static void write_place(const struct envelope *e, const struct place *p, struct buf *to)
{
    const struct audience *a = p->who->audience;
    bool address = recipient_is_address(p->who->who);
    buf_addf(to, "\n%s\n", address ? p->who->who : p->who->who + 1);
    if (a->line > 0)
        buf_addf(to, "  %-12s %s (line %u)\n", "audience", a->name, a->line);
    else
        buf_addf(to, "  %-12s %s\n", "audience", a->name);
    buf_addf(to, "  %-12s %s\n", "now", reason(e, p));
    if (e->verdict != NULL)
        buf_addf(to, "  %-12s %s: %s\n", "wish", grade_name(e->verdict->grade),
                 routing_when_name(p->who->wish[e->verdict->grade]));
    if (p->told != NULL) {
        buf_addf(to, "  %-12s %s, revision %d\n", "told", grade_name(p->told->grade),
                 p->told->revision);
        line_time(to, "told at", p->told->at);
    }
    if (p->note != NULL)
        line_time(to, "due", p->note->due);
    else if (p->say.act == CALM_MAIL || p->say.act == CALM_DIGEST)
        line_time(to, "due", p->say.due);
    if (e->verdict == NULL)
        return;
    if (address)
        buf_addf(to, "  %-12s <%s>\n  %-12s <%s>\n", "MAIL FROM", e->ask->config->from,
                 "RCPT TO", p->who->who);
    else
        buf_addf(to, "  %-12s a file in the data directory\n", "to");
    buf_addf(to, "  %-12s %s\n  %-12s %s\n", "Message-ID", p->id, "Subject",
             e->subject);
}

static void write_head(const struct envelope *e, struct buf *to)
{
    const struct change *c = e->past->change;
    const char *owner = routing_owner(e->ask->routing, c->service);
    buf_add(to, "change ");
    plain_add(to, c->change_id, 200);
    if (c->service != NULL) {
        buf_add(to, " of ");
        plain_add(to, c->service, 200);
    }
    if (owner != NULL)
        buf_addf(to, ", owned by %s", owner);
    if (e->verdict != NULL)
        buf_addf(to, "\nrevision %d, %s, %s\n", e->verdict->revision,
                 grade_name(e->verdict->grade),
                 e->verdict->final ? "final" : "not final yet");
    else
        buf_add(to, "\nno verdict yet\n");
}

int envelope_text(const struct envelope_ask *ask, struct buf *to, struct err *err)
{
    struct envelope e;
    struct place p;
    size_t n = 0;
    if (envelope_begin(ask, &e, err) < 0)
        return -1;
    write_head(&e, to);
    for (size_t i = 0; i < e.all.n; i++) {
        if (!is_asked(&e, &e.all.at[i]))
            continue;
        look(&e, &e.all.at[i], &p);
        write_place(&e, &p, to);
        n++;
    }
    if (n == 0)
        buf_addf(to, "\n%s: not for this change, by the routing\n",
                 ask->to != NULL ? ask->to : "nobody");
    envelope_end(&e);
    return 0;
}

/* --- as JSON --- */

static void json_place(const struct envelope *e, const struct place *p, struct jsonw *w)
{
    static const char *const acts[] = {[CALM_NOTHING] = "nothing",
                                       [CALM_TAKE_BACK] = "take-back",
                                       [CALM_MAIL] = "mail",
                                       [CALM_DIGEST] = "digest"};
    bool address = recipient_is_address(p->who->who);
    jsonw_open(w, NULL);
    jsonw_text(w, "to", address ? p->who->who : NULL);
    jsonw_text(w, "audience", p->who->audience->name);
    jsonw_text(w, "act", acts[p->say.act]);
    jsonw_text(w, "why", reason(e, p));
    jsonw_instant(w, "due", p->note != NULL ? p->note->due : p->say.due);
    jsonw_text(w, "told", p->told != NULL ? grade_name(p->told->grade) : NULL);
    jsonw_instant(w, "told_at", p->told != NULL ? p->told->at : INSTANT_NONE);
    jsonw_text(w, "mail_from", e->ask->config->from);
    jsonw_text(w, "message_id", e->verdict != NULL ? p->id : NULL);
    jsonw_text(w, "subject", e->subject);
    jsonw_close(w);
}

int envelope_json(const struct envelope_ask *ask, struct buf *to, struct err *err)
{
    struct envelope e;
    struct place p;
    struct jsonw w = {.to = to};
    if (envelope_begin(ask, &e, err) < 0)
        return -1;
    const struct change *c = e.past->change;
    jsonw_open(&w, NULL);
    jsonw_text(&w, "change_id", c->change_id);
    jsonw_text(&w, "owner", routing_owner(ask->routing, c->service));
    jsonw_text(&w, "grade", e.verdict != NULL ? grade_name(e.verdict->grade) : NULL);
    jsonw_list(&w, "recipients");
    for (size_t i = 0; i < e.all.n; i++)
        if (is_asked(&e, &e.all.at[i])) {
            look(&e, &e.all.at[i], &p);
            json_place(&e, &p, &w);
        }
    jsonw_end(&w);
    jsonw_close(&w);
    buf_add_ch(to, '\n');
    envelope_end(&e);
    return 0;
}
