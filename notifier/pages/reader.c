/* notifier/pages/reader.c - pages behind the links in mails.  HTTP threads; a POST
 * waits for the ledger, which readers do seldom and one at a time. */
#include "notifier/pages/reader.h"

#include "base/httpc.h"
#include "notifier/html.h"
#include "notifier/mail_links.h"
#include "notifier/notifier.h"
#include "notifier/pages/page.h"
#include "notifier/past.h"
#include "notifier/plain.h"
#include "notifier/report.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TITLE_CHARS = 120, NAME_CHARS = 100 };

_Static_assert((int)MAIL_LINKS_KEY_BYTES == (int)LEDGER_KEY_BYTES,
               "links are signed with the ledger's key");

/* A request with a good token; false after answering. */
struct reader {
    struct notifier *n;
    const char *who, *about;
    unsigned char key[LEDGER_KEY_BYTES];
};

static bool reader_of(struct httpd_req *r, void *app, enum mail_link link,
                      struct reader *ret)
{
    struct err err = {0};
    *ret = (struct reader){.n = notifier_of(app),
                           .who = httpd_query(r, "who"),
                           .about = httpd_query(r, "about")};
    if (ledger_mail_key(ret->n->spec.ledger, ret->key, &err) < 0) {
        page_fail(r, 503, "Not now", "The link cannot be checked at the moment.");
        return false;
    }
    if (mail_link_good(link, ret->key, ret->who, ret->about, httpd_query(r, "token")))
        return true;
    page_fail(r, 403, "This link is not good",
              "It was not made by this service, or was changed on its way.");
    return false;
}

static void text(struct buf *to, const char *words, size_t chars)
{
    OWNED_BUF plain = {0};
    plain_add(&plain, words, chars);
    html_text(to, buf_text(&plain));
}

/* A button of a form of its own, which posts to the link with `more` behind it. */
static void button(const struct reader *q, enum mail_link link, const char *more,
                   const char *words, struct buf *to)
{
    OWNED_BUF url = {0};
    mail_link_add(&url, link, "", q->key, q->who, q->about, more);
    html_addf(to,
              "<form method=\"post\" action=\"%s\"><button type=\"submit\">%s</button>"
              "</form>\n",
              buf_text(&url), words);
}

static void answer(struct httpd_req *r, const char *title, const struct buf *body)
{
    OWNED_BUF page = {0};
    page_open(&page, title);
    html_addf(&page, "<section class=\"plain\"><h1>%s</h1>", title);
    buf_add(&page, buf_text(body));
    buf_add(&page, "</section>\n");
    page_close(&page);
    page_answer(r, 200, &page);
}

/* --- no more mails --- */

static void say_whom(const struct reader *q, const char *words, struct buf *to)
{
    buf_addf(to, "<p>%s <b>", words);
    text(to, q->about, NAME_CHARS);
    buf_add(to, "</b>: ");
    text(to, q->who, MAIL_ADDRESS_BYTES_MAX);
    buf_add(to, "</p>\n");
}

void reader_unsubscribe_page(struct httpd_req *r, void *app)
{
    struct reader q;
    OWNED_BUF body = {0};
    if (!reader_of(r, app, MAIL_LINK_UNSUBSCRIBE, &q))
        return;
    say_whom(&q, "Reports for", &body);
    button(&q, MAIL_LINK_UNSUBSCRIBE, "", "Send me no more of these", &body);
    answer(r, "No more mails?", &body);
}

void reader_unsubscribe(struct httpd_req *r, void *app)
{
    struct reader q;
    struct err err = {0};
    OWNED_BUF body = {0};
    if (!reader_of(r, app, MAIL_LINK_UNSUBSCRIBE, &q))
        return;
    bool off = httpd_query(r, "again") == NULL;
    if (ledger_put_optout(q.n->spec.ledger, q.who, q.about, off, q.n->spec.now(),
                          &err) < 0) {
        page_fail(r, 503, "Not now", "It could not be stored.  Please try again.");
        return;
    }
    say_whom(&q, off ? "No more mails for" : "Mails come again for", &body);
    if (off)
        button(&q, MAIL_LINK_UNSUBSCRIBE, "&again=1", "Send them again", &body);
    else
        button(&q, MAIL_LINK_UNSUBSCRIBE, "", "Send me no more of these", &body);
    answer(r, off ? "You get no more of these mails" : "You get these mails again",
           &body);
}

/* --- useful or not --- */

static bool told_before(const struct verdict *v, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (v->findings[k].rule != NULL &&
            strcmp(v->findings[k].rule, v->findings[i].rule) == 0)
            return true;
    return false;
}

static void rule_buttons(const struct reader *q, const struct finding *f,
                         struct buf *to)
{
    OWNED_BUF yes = {0}, no = {0};
    html_addf(to, "<h2>%s</h2><p>", f->rule);
    text(to, f->because != NULL ? f->because : "", 300);
    buf_add(to, "</p>\n");
    buf_add(&yes, "&useful=1&rule=");
    url_quote(&yes, f->rule);
    buf_add(&no, "&useful=0&rule=");
    url_quote(&no, f->rule);
    button(q, MAIL_LINK_FEEDBACK, buf_text(&yes), "Useful", to);
    button(q, MAIL_LINK_FEEDBACK, buf_text(&no), "Not useful", to);
}

static void write_rules(const struct reader *q, const struct past *p, struct buf *to)
{
    const struct verdict *v = past_current(p);
    char *title = report_change_title(p->change);
    size_t n = 0;
    buf_add(to, "<p>");
    text(to, title != NULL ? title : "", TITLE_CHARS);
    buf_add(to, "</p>\n");
    free(title);
    for (size_t i = 0; v != NULL && i < v->n_findings; i++)
        if (v->findings[i].rule != NULL && !told_before(v, i)) {
            rule_buttons(q, &v->findings[i], to);
            n++;
        }
    if (n == 0)
        buf_add(to, "<p>No rule found anything in this change.</p>\n");
}

static void feedback_page(struct httpd_req *r, const struct reader *q,
                          const char *title)
{
    struct err err = {0};
    OWNED_BUF body = {0};
    OWNED_PAST *p = past_read(q->n->spec.ledger, q->about, &err);
    if (p == NULL) {
        page_fail(r, err.code == ENOENT ? 404 : 503, "No such change", err.text);
        return;
    }
    write_rules(q, p, &body);
    answer(r, title, &body);
}

void reader_feedback_page(struct httpd_req *r, void *app)
{
    struct reader q;
    const char *useful = httpd_query(r, "useful");
    if (!reader_of(r, app, MAIL_LINK_FEEDBACK, &q))
        return;
    feedback_page(r, &q,
                  useful != NULL && strcmp(useful, "0") == 0
                      ? "Which of these was not useful?"
                      : "Which of these was useful?");
}

/* A mark of a rule that the verdict has a finding of; nothing else can be marked. */
static struct feedback *mark_of(struct httpd_req *r, const struct reader *q)
{
    const char *rule = httpd_query(r, "rule"), *useful = httpd_query(r, "useful");
    struct err err = {0};
    OWNED_PAST *p = past_read(q->n->spec.ledger, q->about, &err);
    const struct verdict *v = p != NULL ? past_current(p) : NULL;
    if (rule == NULL || useful == NULL ||
        (strcmp(useful, "0") != 0 && strcmp(useful, "1") != 0))
        return NULL;
    for (size_t i = 0; v != NULL && i < v->n_findings; i++) {
        if (v->findings[i].rule == NULL || strcmp(v->findings[i].rule, rule) != 0)
            continue;
        struct feedback *f = feedback_new(q->about, rule, q->who);
        if (f != NULL) {
            f->useful = *useful == '1';
            f->at = q->n->spec.now();
        }
        return f;
    }
    return NULL;
}

void reader_feedback(struct httpd_req *r, void *app)
{
    struct reader q;
    struct err err = {0};
    if (!reader_of(r, app, MAIL_LINK_FEEDBACK, &q))
        return;
    struct feedback *f = mark_of(r, &q);
    if (f == NULL) {
        page_fail(r, 400, "Nothing was marked",
                  "The link names no rule that found something in this change.");
        return;
    }
    if (ledger_put_feedback_wait(q.n->spec.ledger, &f, &err) == POSTED_FAILED) {
        page_fail(r, 503, "Not now", "It could not be stored.  Please try again.");
        return;
    }
    feedback_page(r, &q, "Thank you, it was stored");
}
