/* notifier/digest.c - a digest as text, as HTML and as a mail.  Counts are of all
 * changes, lines of the first ones, so that a storm makes a short mail.  Pure. */
#include "notifier/digest.h"

#include "notifier/eml.h"
#include "notifier/html.h"
#include "notifier/report.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define FONT                                                                           \
    "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"

/* The worst first; as the lines stand. */
static const struct {
    enum grade grade;
    const char *one, *many, *colour;
} grades[] = {
    {GRADE_MUST_HANDLE, "must handle", "must handle", "#b42318"},
    {GRADE_ATTENTION, "needs attention", "need attention", "#a15c07"},
    {GRADE_NOT_JUDGED, "could not be judged", "could not be judged", "#475467"},
    {GRADE_OK, "ok", "ok", "#067647"},
};
enum { GRADES_SHOWN = sizeof grades / sizeof *grades };

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

static void add_count(struct buf *to, size_t n)
{
    char text[32];
    size_t len = (size_t)snprintf(text, sizeof text, "%zu", n);
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_add_ch(to, ',');
        buf_add_ch(to, text[i]);
    }
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
    const char *between = ": ";
    add_count(to, changes(d));
    buf_add(to, changes(d) == 1 ? " change" : " changes");
    for (size_t i = 0; i < GRADES_SHOWN; i++) {
        size_t n = d->count[grades[i].grade];
        if (n == 0)
            continue;
        buf_add(to, between);
        add_count(to, n);
        buf_addf(to, " %s", n == 1 ? grades[i].one : grades[i].many);
        between = ", ";
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
    return d->storm ? "So many changes had something to tell at once that they come in "
                      "one mail instead of one each."
                    : "What was not worth a mail of its own, since the last mail of "
                      "the day.";
}

static void write_text(const struct digest *d, size_t more, struct buf *to)
{
    digest_headline(d, to);
    buf_addf(to, ".\n\n%s\n", why(d));
    for (size_t i = 0; i < d->n; i++) {
        const struct digest_line *l = &d->line[i];
        buf_addf(to, "\n[%s] %s: %s\n    %s\n", report_grade_sign(l->grade),
                 grade_words(l->grade), l->title, l->time);
        if (l->sentence != NULL)
            buf_addf(to, "    %s\n", l->sentence);
        if (l->url != NULL)
            buf_addf(to, "    %s\n", l->url);
    }
    if (more > 0) {
        buf_add(to, "\nand ");
        add_count(to, more);
        buf_add(to, " more.\n");
    }
    if (d->notice != NULL)
        buf_addf(to, "\n%s\n", d->notice);
    if (d->unsubscribe != NULL)
        buf_addf(to, "\nNo more of these mails: %s\n", d->unsubscribe);
}

static const char *colour_of(enum grade g)
{
    for (size_t i = 0; i < GRADES_SHOWN; i++)
        if (grades[i].grade == g)
            return grades[i].colour;
    return grades[0].colour;
}

static void write_line(const struct digest_line *l, struct buf *to)
{
    html_addf(to,
              "<tr><td width=\"24\" valign=\"top\" style=\"" FONT
              "font-size:15px;line-height:22px;padding:8px 0\"><b "
              "style=\"color:%s\">%s</b></td><td style=\"" FONT
              "font-size:15px;line-height:22px;padding:8px 0\">",
              colour_of(l->grade), report_grade_sign(l->grade));
    if (l->url != NULL)
        html_addf(to, "<a href=\"%s\" style=\"color:#1d4ed8\">%s</a>", l->url,
                  l->title);
    else
        html_text(to, l->title);
    html_addf(to,
              "<br><span style=\"font-size:13px;line-height:19px;color:#5d6675\">"
              "%s, %s",
              grade_words(l->grade), l->time);
    if (l->sentence != NULL)
        html_addf(to, "<br>%s", l->sentence);
    buf_add(to, "</span></td></tr>\n");
}

static void write_html(const struct digest *d, size_t more, struct buf *to)
{
    OWNED_BUF headline = {0};
    digest_headline(d, &headline);
    html_addf(to,
              "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
              "<meta name=\"viewport\" content=\"width=device-width, "
              "initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">"
              "\n<title>%s</title></head>\n<body style=\"margin:0;padding:24px\">\n"
              "<h1 style=\"" FONT "margin:0 0 8px;font-size:18px;line-height:26px\">%s"
              "</h1>\n<p style=\"" FONT
              "margin:0 0 12px;font-size:13px;line-height:19px;color:#5d6675\">%s</p>"
              "\n<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" "
              "border=\"0\" width=\"100%%\" style=\"max-width:640px\">\n",
              buf_text(&headline), buf_text(&headline), why(d));
    for (size_t i = 0; i < d->n; i++)
        write_line(&d->line[i], to);
    buf_add(to, "</table>\n");
    if (more > 0) {
        buf_add(to, "<p style=\"" FONT "font-size:15px;line-height:22px\">and ");
        add_count(to, more);
        buf_add(to, " more.</p>\n");
    }
    if (d->notice != NULL)
        html_addf(to, "<p style=\"" FONT "font-size:13px;color:#8a4b00\">%s</p>\n",
                  d->notice);
    if (d->unsubscribe != NULL)
        html_addf(to,
                  "<p style=\"" FONT "font-size:13px\"><a href=\"%s\" "
                  "style=\"color:#5d6675\">No more of these mails</a></p>\n",
                  d->unsubscribe);
    buf_add(to, "</body></html>\n");
}

int digest_write(const struct digest *d, const struct mail_config *config,
                 struct buf *to, struct err *err)
{
    OWNED_BUF subject = {0}, text = {0}, html = {0};
    size_t more = changes(d) > d->n ? changes(d) - d->n : 0;
    buf_add(&subject, d->storm ? "[aftercheck] " : "[aftercheck] today: ");
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
