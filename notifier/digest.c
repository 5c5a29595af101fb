/* notifier/digest.c - a digest as text, as HTML and as a mail.  Counts are of all
 * changes, lines of the first ones, so that a storm makes a short mail.  Pure. */
#include "notifier/digest.h"

#include "notifier/eml.h"
#include "notifier/figure.h"
#include "notifier/fmt_html.h"
#include "notifier/html.h"
#include "notifier/mail_html.h"
#include "notifier/phrases.h"
#include "notifier/report.h"

#include <errno.h>
#include <stdlib.h>

/* The worst first; as the lines stand. */
static const struct {
    enum grade grade;
    enum phrase words;
} grades[] = {
    {GRADE_MUST_HANDLE, PHRASE_N_MUST_HANDLE},
    {GRADE_ATTENTION, PHRASE_N_ATTENTION},
    {GRADE_NOT_JUDGED, PHRASE_N_NOT_JUDGED},
    {GRADE_OK, PHRASE_N_OK},
};
enum { GRADES_SHOWN = sizeof grades / sizeof *grades, FOOT_BYTES = 8 * 1024 };

void digest_lines_free(struct digest_line **lines, size_t n)
{
    for (size_t i = 0; *lines != NULL && i < n; i++) {
        free((*lines)[i].title);
        free((*lines)[i].sentence);
        free((*lines)[i].time);
        free((*lines)[i].url);
    }
    free(*lines);
    *lines = NULL;
}

/* A phrase of one number. */
static void put_count(struct buf *to, const struct digest *d, enum phrase words,
                      size_t n)
{
    char text[FIGURE_TEXT_MAX];
    const char *arg = figure_count((double)n, text);
    phrase_add(to, d->language, words, &arg, 1);
}

static const char *say(const struct digest *d, enum phrase p)
{
    return phrase(d->language, p);
}

static size_t changes(const struct digest *d)
{
    size_t n = 0;
    for (int g = 0; g < GRADE_N; g++)
        n += d->count[g];
    return n;
}

void digest_headline(const struct digest *d, struct buf *to)
{
    const char *between = say(d, PHRASE_COLON);
    put_count(to, d, PHRASE_N_CHANGES, changes(d));
    for (size_t i = 0; i < GRADES_SHOWN; i++) {
        size_t n = d->count[grades[i].grade];
        if (n == 0)
            continue;
        buf_add(to, between);
        put_count(to, d, grades[i].words, n);
        between = say(d, PHRASE_PAUSE);
    }
}

static enum grade worst(const struct digest *d)
{
    for (size_t i = 0; i < GRADES_SHOWN; i++)
        if (d->count[grades[i].grade] > 0)
            return grades[i].grade;
    return GRADE_OK;
}

static const char *why(const struct digest *d)
{
    return say(d, d->storm ? PHRASE_WHY_STORM : PHRASE_WHY_DAY);
}

static void write_text(const struct digest *d, size_t more, struct buf *to)
{
    digest_headline(d, to);
    buf_addf(to, "%s\n\n%s\n", say(d, PHRASE_STOP), why(d));
    for (size_t i = 0; i < d->n; i++) {
        const struct digest_line *l = &d->line[i];
        buf_addf(to, "\n[%s] %s%s%s\n    %s\n", report_grade_sign(l->grade),
                 report_grade_words(d->language, l->grade), say(d, PHRASE_COLON),
                 l->title, l->time);
        if (l->sentence != NULL)
            buf_addf(to, "    %s\n", l->sentence);
        if (l->url != NULL)
            buf_addf(to, "    %s\n", l->url);
    }
    if (more > 0) {
        buf_add_ch(to, '\n');
        put_count(to, d, PHRASE_REST_CHANGES, more);
        buf_add_ch(to, '\n');
    }
    if (d->notice != NULL)
        buf_addf(to, "\n%s\n", d->notice);
    if (d->unsubscribe != NULL)
        buf_addf(to, "\n%s%s%s\n", say(d, PHRASE_MAIL_NO_MORE), say(d, PHRASE_COLON),
                 d->unsubscribe);
}

static void write_line(const struct digest *d, const struct digest_line *l,
                       struct buf *to)
{
    buf_add(to, "<tr>");
    mail_html_cell(to, "28", "");
    buf_add(to, ">");
    mail_html_in_colour(to, l->grade, report_grade_sign(l->grade));
    buf_add(to, "</td>");
    mail_html_cell(to, "",
                   "padding-bottom:10px;font-size:15px;line-height:22px;color:#1d2939;"
                   "word-break:break-word");
    buf_add(to, " class=\"ink\">");
    mail_html_link(to, l->title, l->url);
    html_addf(to,
              "<br><span class=\"mute\" style=\"font-size:13px;line-height:19px;"
              "color:#5d6675\">%s%s%s",
              report_grade_words(d->language, l->grade), say(d, PHRASE_PAUSE), l->time);
    if (l->sentence != NULL)
        html_addf(to, "<br>%s", l->sentence);
    buf_add(to, "</span></td></tr>\n");
}

static void write_foot(const struct digest *d, size_t more, struct buf *to)
{
    OWNED_BUF rest = {0};
    if (more > 0) {
        put_count(&rest, d, PHRASE_REST_CHANGES, more);
        mail_html_paragraph(to, buf_text(&rest), false);
    }
    if (d->notice != NULL)
        mail_html_paragraph(to, d->notice, false);
    if (d->unsubscribe == NULL)
        return;
    buf_add(to, "<p style=\"" MAIL_FONT "margin:12px 0 0;font-size:13px;"
                "line-height:19px\">");
    mail_html_link(to, say(d, PHRASE_MAIL_NO_MORE), d->unsubscribe);
    buf_add(to, "</p>\n");
}

static void write_html(const struct digest *d, size_t more, struct buf *to)
{
    OWNED_BUF headline = {0};
    digest_headline(d, &headline);
    mail_html_head(to, language_tag(d->language));
    html_addf(to, "<title>%s</title></head>\n", buf_text(&headline));
    mail_html_body(to);
    mail_html_card(to);
    mail_html_heading(to, buf_text(&headline));
    mail_html_open_row(to, "0 32px 28px");
    mail_html_paragraph(to, why(d), true);
    mail_html_open_table(to);
    size_t shown = 0;
    for (; shown < d->n; shown++) {
        OWNED_BUF line = {0};
        write_line(d, &d->line[shown], &line);
        if (to->len + line.len + FOOT_BYTES > FMT_HTML_BYTES_MAX)
            break; /* mail readers cut off what is longer */
        buf_add_n(to, buf_text(&line), line.len);
        to->failed |= line.failed;
    }
    mail_html_close_table(to);
    write_foot(d, more + d->n - shown, to);
    mail_html_close_row(to);
    mail_html_close(to);
}

int digest_write(const struct digest *d, const struct mail_config *config,
                 struct buf *to, struct err *err)
{
    OWNED_BUF subject = {0}, text = {0}, html = {0};
    size_t more = changes(d) > d->n ? changes(d) - d->n : 0;
    buf_add(&subject, "[aftercheck] ");
    buf_add(&subject, d->storm ? "" : say(d, PHRASE_TODAY));
    digest_headline(d, &subject);
    write_text(d, more, &text);
    write_html(d, more, &html);
    if (buf_done(&subject) < 0 || buf_done(&text) < 0 || buf_done(&html) < 0)
        return err_set(err, ENOMEM, "no memory for a mail");
    struct eml m = {
        .from = config->from,
        .from_name = config->from_name,
        .reply_to = config->reply_to,
        .to = &d->to,
        .n_to = d->to != NULL ? 1 : 0,
        .subject = buf_text(&subject),
        .audience = d->audience,
        .change_id = d->id,
        .grade = worst(d),
        .date = d->date,
        .digest = true,
        .unsubscribe = d->unsubscribe,
        .text = buf_text(&text),
        .html = buf_text(&html),
    };
    return eml_write(&m, to, err);
}
