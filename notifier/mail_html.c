/* notifier/mail_html.c - the shapes of mail.  Pure; any thread.
 *
 * Every element, attribute and CSS property here must be on the lists in
 * tests/unit/notifier/test_fmt_html.c, which say which clients it is known to work in.
 */
#include "notifier/mail_html.h"

#include "notifier/html.h"

static const struct {
    const char *strong, *soft;
} colours[GRADE_N] = {
    [GRADE_OK] = {"#067647", "#ecfdf3"},
    [GRADE_ATTENTION] = {"#a15c07", "#fffaeb"},
    [GRADE_MUST_HANDLE] = {"#b42318", "#fef3f2"},
    [GRADE_NOT_JUDGED] = {"#475467", "#f2f4f7"},
};

const char *mail_html_strong(enum grade g)
{
    return colours[g < GRADE_N ? g : GRADE_NOT_JUDGED].strong;
}

const char *mail_html_soft(enum grade g)
{
    return colours[g < GRADE_N ? g : GRADE_NOT_JUDGED].soft;
}

/* Clients that know neither <style> nor dark mode show the inline colours. */
static const char style[] =
    "<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n"
    "<meta name=\"supported-color-schemes\" content=\"light dark\">\n"
    "<style>\n"
    ":root{color-scheme:light dark}\n"
    "a{color:#1d4ed8}\n"
    "@media (max-width:520px){.pad{padding-left:20px!important;"
    "padding-right:20px!important}.fig{font-size:17px!important}}\n"
    "@media (prefers-color-scheme:dark){"
    ".page{background:#0c111d!important}.card{background:#161b26!important}"
    ".ink{color:#f0f1f3!important}.mute{color:#a3aab8!important}"
    ".rule{border-color:#333b4b!important}.soft{background:#1f2633!important}"
    ".note{color:#fdb022!important}"
    ".s-ok{color:#47cd89!important}.s-attention{color:#fdb022!important}"
    ".s-must-handle{color:#ff8a80!important}.s-not-judged{color:#b6bcc8!important}"
    "a{color:#8ab4ff!important}}\n"
    "</style>\n";

void mail_html_head(struct buf *to, const char *language_tag)
{
    html_addf(to, "<!DOCTYPE html>\n<html lang=\"%s\"><head>", language_tag);
    buf_add(to, style);
}

void mail_html_body(struct buf *to)
{
    buf_add(to, "<body class=\"page\" style=\"margin:0;padding:0;"
                "background-color:#f5f6f8\">\n");
}

void mail_html_card(struct buf *to)
{
    buf_add(to, "<table role=\"presentation\" class=\"page\" width=\"100%\" "
                "cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#f5f6f8\" "
                "style=\"background-color:#f5f6f8\"><tr><td align=\"center\" "
                "style=\"padding:0\">\n"
                "<table role=\"presentation\" class=\"card\" width=\"640\" "
                "cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#ffffff\" "
                "style=\"width:100%;max-width:640px;background-color:#ffffff\">\n");
}

void mail_html_close(struct buf *to)
{
    buf_add(to, "</table></td></tr></table></body></html>\n");
}

void mail_html_open_row(struct buf *to, const char *padding)
{
    buf_addf(to, "<tr><td class=\"pad\" style=\"" MAIL_FONT "padding:%s\">", padding);
}

void mail_html_close_row(struct buf *to)
{
    buf_add(to, "</td></tr>\n");
}

void mail_html_open_table(struct buf *to)
{
    buf_add(to, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                "cellspacing=\"0\" border=\"0\" style=\"border-collapse:collapse\">\n");
}

void mail_html_close_table(struct buf *to)
{
    buf_add(to, "</table>\n");
}

void mail_html_heading(struct buf *to, const char *words)
{
    mail_html_open_row(to, "28px 32px 8px");
    html_addf(to,
              "<h2 class=\"ink\" style=\"" MAIL_FONT
              "margin:0;font-size:17px;line-height:24px;font-weight:700;"
              "color:#1d2939\">%s</h2>",
              words);
    mail_html_close_row(to);
}

void mail_html_paragraph(struct buf *to, const char *text, bool quiet)
{
    html_addf(to,
              "<p class=\"%s\" style=\"" MAIL_FONT
              "margin:0 0 6px;font-size:15px;line-height:23px;color:%s;"
              "word-break:break-word\">%s</p>",
              quiet ? "mute" : "ink", quiet ? "#5d6675" : "#1d2939", text);
}

void mail_html_label(struct buf *to, const char *text)
{
    html_addf(to,
              "<p class=\"mute\" style=\"" MAIL_FONT
              "margin:8px 0 0;font-size:13px;line-height:18px;color:#5d6675\">%s</p>",
              text);
}

void mail_html_link(struct buf *to, const char *text, const char *url)
{
    if (html_url_ok(url))
        html_addf(to, "<a href=\"%s\" style=\"color:#1d4ed8\">%s</a>", url, text);
    else
        html_text(to, text);
}

void mail_html_cell(struct buf *to, const char *width, const char *more_style)
{
    buf_addf(to,
             "<td%s%s%s valign=\"top\" style=\"" MAIL_FONT
             "font-size:14px;line-height:21px;padding:4px 0;%s\"",
             *width != '\0' ? " width=\"" : "", width, *width != '\0' ? "\"" : "",
             more_style);
}

void mail_html_in_colour(struct buf *to, enum grade g, const char *text)
{
    html_addf(to, "<b class=\"s-%s\" style=\"color:%s\">%s</b>", grade_name(g),
              mail_html_strong(g), text);
}

void mail_html_pair(struct buf *to, const char *name, const char *value)
{
    buf_add(to, "<tr>");
    mail_html_cell(to, "", "color:#1d2939;word-break:break-word;padding-right:8px");
    html_addf(to, " class=\"ink\">%s</td>", name);
    mail_html_cell(to, "55%", "color:#1d2939");
    html_addf(to, " class=\"ink\" align=\"right\">%s</td></tr>\n", value);
}
