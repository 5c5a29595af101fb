/* notifier/fmt_html.c - the mail's HTML.  Pure.  Texts come plain out of the report and
 * are escaped by html_addf and nothing else.  Sizes: the head is bounded by the
 * report's own limits; findings are written one by one into a scratch buffer and taken
 * in as long as there is room for the foot. */
#include "notifier/fmt_html.h"

#include "notifier/html.h"
#include "notifier/mail_html.h"
#include "notifier/phrases.h"

#include <stdio.h>
#include <string.h>

enum {
    BEHIND_BYTES = 16 * 1024, /* kept free of findings for the sections behind them */
    /* kept free for the end of the document, and for the links that a letter puts
     * behind it */
    FOOT_BYTES = 8 * 1024,
    CODES_MAX = 20,
    ROWS_MAX = 14,
    TODO_MAX = 3,
};

/* The document while it is written. */
struct mail {
    const struct report *report;
    const struct fmt_html_images *images;
    struct buf *to;
    size_t start,
        sources; /* where it begins in `to`; bytes that pictures' names take */
};

static const char *say(const struct report *r, enum phrase p)
{
    return phrase(r->language, p);
}

/* "and 3 more hosts" */
static void put_rest(const struct report *r, enum phrase words, size_t n,
                     struct buf *to)
{
    char number[24];
    const char *arg = number;
    snprintf(number, sizeof number, "%zu", n);
    phrase_add(to, r->language, words, &arg, 1);
}

static void write_rest(const struct report *r, enum phrase words, size_t n,
                       struct buf *to)
{
    OWNED_BUF line = {0};
    if (n == 0)
        return;
    put_rest(r, words, n, &line);
    mail_html_paragraph(to, buf_text(&line), true);
}

static void fact(struct buf *to, const struct report_row *row)
{
    buf_add(to, "<tr>");
    mail_html_cell(to, "140", "color:#5d6675;padding-right:12px");
    html_addf(to, " class=\"mute\">%s</td>", row->label);
    mail_html_cell(to, "", "color:#1d2939;word-break:break-word");
    buf_add(to, " class=\"ink\">");
    mail_html_link(to, row->value, row->url);
    buf_add(to, "</td></tr>\n");
}

static void facts(const struct report *r, const struct report_rows *rows,
                  struct buf *to)
{
    mail_html_open_table(to);
    for (size_t i = 0; i < rows->n && i < ROWS_MAX; i++)
        fact(to, &rows->row[i]);
    mail_html_close_table(to);
    if (rows->n > ROWS_MAX)
        write_rest(r, PHRASE_REST, rows->n - ROWS_MAX, to);
}

static void section(const struct report *r, enum phrase words,
                    const struct report_rows *rows, struct buf *to)
{
    if (rows->n == 0)
        return;
    mail_html_heading(to, say(r, words));
    mail_html_open_row(to, "0 32px 4px");
    facts(r, rows, to);
    mail_html_close_row(to);
}

/* --- the first screen --- */

/* What mail readers show beside the subject; the run of no-break joiners keeps the
 * body's first words out of it. */
static void write_preheader(const struct report *r, struct buf *to)
{
    buf_add(to, "<div style=\"display:none;max-height:0;overflow:hidden;"
                "mso-hide:all;font-size:1px;line-height:1px;color:#f5f6f8\">");
    html_addf(to, "%s%s%s ", r->grade_words, say(r, PHRASE_COLON),
              r->n_top > 0 ? r->top[0].sentence : r->lead);
    html_addf(to, "%s", r->title);
    for (int i = 0; i < 40; i++)
        buf_add(to, "&#847;&nbsp;");
    buf_add(to, "</div>\n");
}

/* A line of the banner; colours there stay as they are in dark mode. */
static void banner_line(struct buf *to, const char *tag, const char *style,
                        const char *text)
{
    buf_addf(to, "<%s style=\"" MAIL_FONT "color:#ffffff;word-break:break-word;%s\">",
             tag, style);
    html_text(to, text);
    buf_addf(to, "</%s>", tag);
}

static void write_banner(const struct report *r, struct buf *to)
{
    const char *strong = mail_html_strong(r->grade);
    buf_addf(to,
             "<tr><td class=\"pad\" bgcolor=\"%s\" style=\"" MAIL_FONT
             "padding:24px 32px 26px;background-color:%s;color:#ffffff\">",
             strong, strong);
    html_addf(to,
              "<p style=\"" MAIL_FONT "margin:0 0 10px;font-size:22px;line-height:28px;"
              "font-weight:700;color:#ffffff\"><span aria-hidden=\"true\">%s&nbsp; "
              "</span>%s</p>",
              r->grade_sign, r->grade_words);
    banner_line(to, "h1",
                "margin:0 0 2px;font-size:18px;line-height:25px;font-weight:700",
                r->title);
    banner_line(to, "p", "margin:0 0 12px;font-size:14px;line-height:20px", r->what);
    banner_line(to, "p", "margin:0;font-size:16px;line-height:23px;font-weight:600",
                r->lead);
    banner_line(to, "p", "margin:8px 0 0;font-size:13px;line-height:19px", r->state);
    mail_html_close_row(to);
}

static void write_top(const struct report *r, struct buf *to)
{
    if (r->n_top == 0)
        return;
    mail_html_open_row(to, "24px 32px 0");
    mail_html_open_table(to);
    for (size_t i = 0; i < r->n_top; i++) {
        const struct report_top *t = &r->top[i];
        buf_add(to, "<tr>");
        mail_html_cell(to, "28", "");
        buf_add(to, " align=\"left\">");
        mail_html_in_colour(to, t->grade, report_grade_sign(t->grade));
        buf_add(to, "</td>");
        mail_html_cell(to, "",
                       "padding-bottom:10px;font-size:15px;line-height:23px;"
                       "color:#1d2939;word-break:break-word");
        html_addf(to, " class=\"ink\"><b>%s</b><br>%s", t->title, t->sentence);
        if (t->with_words != NULL)
            html_addf(to, " <span class=\"mute\" style=\"color:#5d6675\">%s</span>",
                      t->with_words);
        buf_add(to, "</td></tr>\n");
    }
    mail_html_close_table(to);
    if (r->suspect != NULL)
        mail_html_paragraph(to, r->suspect, false);
    mail_html_close_row(to);
}

/* "Runbook: https://..." */
static void todo_line(const struct report *r, enum phrase label, const char *value,
                      struct buf *to)
{
    html_addf(to, "<br>%s%s", say(r, label), say(r, PHRASE_COLON));
    mail_html_link(to, value, value);
}

static void write_one_todo(const struct report *r, const struct report_todo *t,
                           struct buf *to)
{
    buf_add(to, "<div style=\"margin:0 0 8px\">");
    if (t->advice != NULL)
        html_addf(to, "<b>%s</b>", t->advice);
    if (t->about != NULL && r->n_todo > 1) {
        OWNED_BUF about = {0};
        PHRASE_PUT(&about, r->language, TODO_FOR, t->about);
        html_addf(to, "%s<span class=\"mute\" style=\"color:#5d6675\">%s</span>",
                  t->advice != NULL ? " " : "", buf_text(&about));
    }
    if (t->runbook != NULL)
        todo_line(r, PHRASE_RUNBOOK, t->runbook, to);
    if (t->owner != NULL)
        todo_line(r, PHRASE_OWNER, t->owner, to);
    buf_add(to, "</div>\n");
}

static void write_todo(const struct report *r, struct buf *to)
{
    if (r->n_todo == 0)
        return;
    const char *soft = mail_html_soft(r->grade);
    mail_html_open_row(to, "16px 32px 0");
    mail_html_open_table(to);
    buf_addf(to,
             "<tr><td class=\"soft ink\" bgcolor=\"%s\" style=\"" MAIL_FONT
             "background-color:%s;padding:16px 18px 10px;font-size:15px;"
             "line-height:23px;color:#1d2939;word-break:break-word\">",
             soft, soft);
    html_addf(to,
              "<div style=\"font-size:13px;line-height:18px;padding-bottom:6px;"
              "color:#5d6675\" class=\"mute\">%s</div>",
              say(r, PHRASE_WHAT_TO_DO));
    for (size_t i = 0; i < r->n_todo && i < TODO_MAX; i++)
        write_one_todo(r, &r->todo[i], to);
    if (r->n_todo > TODO_MAX)
        write_rest(r, PHRASE_REST, r->n_todo - TODO_MAX, to);
    buf_add(to, "</td></tr>");
    mail_html_close_table(to);
    mail_html_close_row(to);
}

/* --- one finding --- */

/* One of the three numbers of a finding; `small` (or NULL) stands under it.  GRADE_N:
 * in no grade's colour. */
static void write_figure(struct buf *to, const char *label, const char *value,
                         const char *small, enum grade g)
{
    html_addf(to,
              "<td width=\"33%%\" valign=\"top\" style=\"" MAIL_FONT
              "padding:2px 8px 10px 0;font-size:13px;line-height:18px;color:#5d6675\" "
              "class=\"mute\">%s<br><span class=\"ink fig\" style=\"font-size:19px;"
              "line-height:26px;font-weight:600;color:#1d2939\">",
              label);
    if (g != GRADE_N)
        mail_html_in_colour(to, g, value);
    else
        html_text(to, value);
    buf_add(to, "</span>");
    if (small != NULL)
        html_addf(to, "<br>%s", small);
    buf_add(to, "</td>");
}

static void write_figures(const struct report *r, const struct report_finding *f,
                          struct buf *to)
{
    mail_html_open_table(to);
    buf_add(to, "<tr>");
    write_figure(to, f->before_label, f->before, NULL, GRADE_N);
    write_figure(to, f->after_label, f->after, NULL,
                 f->grade == GRADE_OK ? GRADE_N : f->grade);
    write_figure(to, say(r, PHRASE_MOVE), f->change, f->effect, GRADE_N);
    buf_add(to, "</tr>");
    mail_html_close_table(to);
}

static void write_hosts(const struct report *r, const struct report_finding *f,
                        struct buf *to)
{
    if (f->n_hosts < 2)
        return;
    size_t shown = f->n_hosts < FMT_HTML_HOSTS_MAX ? f->n_hosts : FMT_HTML_HOSTS_MAX;
    mail_html_label(to, say(r, PHRASE_WORST_FIRST));
    mail_html_open_table(to);
    for (size_t i = 0; i < shown; i++) {
        const struct report_host *h = &f->host[i];
        OWNED_BUF moved = {0};
        if (h->heading != NULL)
            html_addf(to,
                      "<tr><td colspan=\"2\" class=\"ink\" style=\"" MAIL_FONT
                      "font-size:14px;line-height:21px;padding:6px 0 0;font-weight:600;"
                      "color:#1d2939\">%s</td></tr>\n",
                      h->heading);
        buf_addf(&moved, "%s \xe2\x86\x92 %s", h->before, h->after);
        mail_html_pair(to, h->name, buf_text(&moved));
    }
    mail_html_close_table(to);
    write_rest(r, PHRASE_REST_HOSTS, f->n_hosts + f->more_hosts - shown, to);
}

/* One line for each that goes with it. */
static void write_with(const struct report *r, const struct report_finding *f,
                       struct buf *to)
{
    if (f->n_with == 0)
        return;
    size_t shown = f->n_with < FMT_HTML_WITH_MAX ? f->n_with : FMT_HTML_WITH_MAX;
    mail_html_label(to, say(r, PHRASE_MOVED_WITH_IT));
    mail_html_open_table(to);
    for (size_t i = 0; i < shown; i++) {
        const struct report_finding *led = &r->finding[f->with[i]];
        buf_add(to, "<tr>");
        mail_html_cell(to, "", "color:#1d2939;word-break:break-word;padding-right:8px");
        buf_add(to, " class=\"ink\">");
        mail_html_in_colour(to, led->grade, report_grade_sign(led->grade));
        html_addf(to, " %s</td>", led->name);
        mail_html_cell(to, "50%", "color:#1d2939");
        OWNED_BUF moved = {0}, line = {0};
        buf_addf(&moved, "%s \xe2\x86\x92 %s", led->before, led->after);
        PHRASE_PUT(&line, r->language, IN_BRACKETS, buf_text(&moved),
                   led->effect != NULL ? led->effect : led->change);
        html_addf(to, " class=\"ink\" align=\"right\">%s</td></tr>\n", buf_text(&line));
    }
    mail_html_close_table(to);
    write_rest(r, PHRASE_REST_FIGURES, f->n_with - shown, to);
}

static void write_frames(const struct report *r, const struct report_finding *f,
                         struct buf *to)
{
    if (f->n_frames == 0)
        return;
    mail_html_label(to, say(r, PHRASE_TOP_FRAMES));
    buf_add(to, "<p class=\"ink\" style=\"font-family:Consolas,Menlo,'DejaVu Sans "
                "Mono',monospace;margin:2px 0 10px;font-size:13px;line-height:20px;"
                "color:#1d2939;word-break:break-word\">");
    for (size_t i = 0; i < f->n_frames; i++)
        html_addf(to, i > 0 ? "<br>#%zu %s" : "#%zu %s", i, f->frame[i]);
    buf_add(to, "</p>");
}

static void write_chart(const struct report_finding *f, const char *src, struct buf *to)
{
    html_addf(to,
              "<img src=\"%s\" width=\"556\" alt=\"%s\" style=\"" MAIL_FONT
              "display:block;width:100%%;max-width:556px;height:auto;border:0;"
              "margin:6px 0 10px;font-size:14px;color:#5d6675\">\n",
              src, f->alt);
}

static void write_finding(const struct report *r, const struct report_finding *f,
                          const char *src, struct buf *to)
{
    const char *strong = mail_html_strong(f->grade);
    mail_html_open_row(to, "0 32px 20px");
    mail_html_open_table(to);
    buf_addf(to,
             "<tr><td width=\"4\" bgcolor=\"%s\" style=\"background-color:%s\"></td>"
             "<td class=\"rule\" style=\"" MAIL_FONT "padding:2px 0 4px 16px\">",
             strong, strong);
    html_addf(to, "<h3 class=\"ink\" style=\"" MAIL_FONT
                  "margin:0;font-size:16px;line-height:23px;color:#1d2939;"
                  "word-break:break-word\">");
    mail_html_in_colour(to, f->grade, report_grade_sign(f->grade));
    html_addf(to, " %s</h3>", f->title);
    if (strcmp(f->name, f->title) != 0)
        mail_html_paragraph(to, f->name, true);
    mail_html_paragraph(to, f->sentence, false);
    if (f->muted != NULL)
        mail_html_paragraph(to, f->muted, false);
    write_figures(r, f, to);
    if (src != NULL)
        write_chart(f, src, to);
    if (f->moments != NULL)
        mail_html_paragraph(to, f->moments, false);
    if (f->since != NULL)
        mail_html_paragraph(to, f->since, true);
    write_frames(r, f, to);
    facts(r, &f->numbers, to);
    write_with(r, f, to);
    write_hosts(r, f, to);
    buf_add(to, "</td></tr>");
    mail_html_close_table(to);
    mail_html_close_row(to);
}

/* --- what fits --- */

/* "and 12 more findings, see the page" */
static void write_left_out(const struct report *r, enum phrase what, size_t n,
                           struct buf *to)
{
    if (n == 0)
        return;
    OWNED_BUF words = {0}, link = {0}, both = {0};
    put_rest(r, what, n, &words);
    mail_html_open_row(to, "0 32px 16px");
    if (r->page_url != NULL) {
        /* our own words around a link: they hold nothing to escape */
        mail_html_link(&link, say(r, PHRASE_THE_PAGE), r->page_url);
        PHRASE_PUT(&both, r->language, SEE_PAGE, buf_text(&words), buf_text(&link));
    } else {
        buf_add(&both, buf_text(&words));
    }
    buf_addf(to,
             "<p class=\"ink\" style=\"" MAIL_FONT
             "margin:0;font-size:15px;line-height:23px;color:#1d2939\">%s</p>",
             buf_text(&both));
    mail_html_close_row(to);
}

/* Takes a part in if the document then leaves `spare` bytes free. */
static bool take(struct mail *m, const struct buf *part, size_t spare)
{
    size_t used = m->to->len - m->start - m->sources;
    if (used + part->len + spare > FMT_HTML_BYTES_MAX)
        return false;
    buf_add_n(m->to, buf_text(part), part->len);
    m->to->failed |= part->failed;
    return true;
}

static bool take_finding(struct mail *m, size_t no)
{
    const struct fmt_html_images *images = m->images;
    const char *src = images != NULL && no < images->n ? images->src[no] : NULL;
    size_t src_bytes = src != NULL ? strlen(src) : 0;
    OWNED_BUF one = {0};
    write_finding(m->report, &m->report->finding[no], src, &one);
    m->sources += src_bytes;
    bool taken = take(m, &one, BEHIND_BYTES);
    if (!taken)
        m->sources -= src_bytes;
    return taken;
}

/* Those of a group, while there is room; gives how many. */
static size_t write_group(struct mail *m, enum report_group group, bool *room)
{
    const struct report *r = m->report;
    size_t done = 0;
    if (r->n_of[group] > 0 && *room)
        mail_html_heading(m->to, report_group_words(r->language, group));
    for (size_t i = 0; i < r->n_findings && *room; i++)
        if (!r->finding[i].led && r->finding[i].group == group)
            done += *room = take_finding(m, i);
    return done;
}

static void write_findings(struct mail *m)
{
    bool room = true;
    size_t done = 0;
    for (int g = 0; g < REPORT_GROUP_N; g++)
        done += write_group(m, (enum report_group)g, &room);
    write_left_out(m->report, PHRASE_REST_FINDINGS, m->report->n_leading - done, m->to);
}

/* --- behind the findings --- */

static void write_code(const struct report_code *c, struct buf *to)
{
    buf_add(to, "<tr>");
    mail_html_cell(to, "", "color:#1d2939;word-break:break-word;padding-right:8px");
    html_addf(to,
              " class=\"ink\"><b>%s</b><br><span class=\"mute\" "
              "style=\"color:#5d6675\">%s</span></td>",
              c->code, c->calls);
    mail_html_cell(to, "25%", "color:#1d2939");
    html_addf(to, " class=\"ink\" align=\"right\">%s<br>%s</td>", c->before,
              c->share_before);
    mail_html_cell(to, "25%", "");
    buf_add(to, " align=\"right\">");
    mail_html_in_colour(to, c->grade, c->after);
    html_addf(to,
              "<br><span class=\"ink\" style=\"color:#1d2939\">%s</span></td></tr>\n",
              c->share_after);
}

static void head_cell(struct buf *to, const char *width, const char *align,
                      const char *words)
{
    mail_html_cell(to, width, "color:#5d6675");
    html_addf(to, " class=\"mute\" align=\"%s\">%s</td>", align, words);
}

static void write_codes(const struct report *r, struct buf *to)
{
    if (r->n_codes == 0)
        return;
    size_t shown = r->n_codes < CODES_MAX ? r->n_codes : CODES_MAX;
    mail_html_heading(to, say(r, PHRASE_RETURN_CODES));
    mail_html_open_row(to, "0 32px 8px");
    mail_html_open_table(to);
    buf_add(to, "<tr>");
    head_cell(to, "", "left", say(r, PHRASE_CODE));
    head_cell(to, "25%", "right", say(r, PHRASE_BEFORE));
    head_cell(to, "25%", "right", say(r, PHRASE_AFTER));
    buf_add(to, "</tr>\n");
    for (size_t i = 0; i < shown; i++)
        write_code(&r->code[i], to);
    mail_html_close_table(to);
    mail_html_close_row(to);
    write_left_out(r, PHRASE_REST_CODES, r->n_codes - shown + r->more_codes, to);
}

static void write_fine(const struct report *r, struct buf *to)
{
    if (r->fine == NULL)
        return;
    mail_html_heading(to, say(r, PHRASE_CHECKED_AND_FINE));
    mail_html_open_row(to, "0 32px 4px");
    mail_html_paragraph(to, r->fine, false);
    mail_html_close_row(to);
}

static void write_unjudged(const struct report *r, struct buf *to)
{
    section(r, PHRASE_COULD_NOT_BE_JUDGED, &r->unjudged, to);
}

static void write_nearby(const struct report *r, struct buf *to)
{
    section(r, PHRASE_NEARBY, &r->nearby, to);
}

static void write_coverage(const struct report *r, struct buf *to)
{
    section(r, PHRASE_LOOKED_AT_WHAT, &r->coverage, to);
}

static void write_revisions(const struct report *r, struct buf *to)
{
    if (r->revisions.n > 1)
        section(r, PHRASE_EARLIER, &r->revisions, to);
}

/* Behind the findings, in this order. */
static void (*const sections[])(const struct report *r, struct buf *to) = {
    write_codes,  write_fine,     write_unjudged,
    write_nearby, write_coverage, write_revisions,
};

static void write_foot(const struct report *r, struct buf *to)
{
    mail_html_open_row(to, "24px 32px 28px");
    if (r->page_url != NULL) {
        buf_add(to, "<p style=\"" MAIL_FONT
                    "margin:0 0 8px;font-size:15px;line-height:23px\">");
        mail_html_link(to, say(r, PHRASE_OPEN_AS_PAGE), r->page_url);
        buf_add(to, "</p>");
    }
    if (r->notice != NULL)
        html_addf(
            to,
            "<p class=\"note\" style=\"" MAIL_FONT
            "margin:0 0 8px;font-size:13px;line-height:19px;color:#8a4b00\">%s</p>",
            r->notice);
    html_addf(to,
              "<p class=\"mute\" style=\"" MAIL_FONT
              "margin:0;font-size:13px;line-height:19px;color:#5d6675\">%s</p>",
              say(r, PHRASE_SENT_BY));
    mail_html_close_row(to);
}

static void write_body(struct mail *m)
{
    const struct report *r = m->report;
    struct buf *to = m->to;
    size_t left_out = 0;
    write_banner(r, to);
    write_top(r, to);
    write_todo(r, to);
    mail_html_open_row(to, "24px 32px 4px");
    if (r->note != NULL)
        mail_html_paragraph(to, r->note, false);
    facts(r, &r->facts, to);
    mail_html_close_row(to);
    write_findings(m);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        OWNED_BUF part = {0};
        sections[i](r, &part);
        left_out += !take(m, &part, FOOT_BYTES);
    }
    write_left_out(r, PHRASE_REST_SECTIONS, left_out, to);
    write_foot(r, to);
}

void fmt_html(const struct report *r, const struct fmt_html_images *images,
              struct buf *to)
{
    struct mail m = {.report = r, .images = images, .to = to, .start = to->len};
    mail_html_head(to, language_tag(r->language));
    html_addf(to, "<title>%s%s%s</title></head>\n", r->grade_words,
              say(r, PHRASE_COLON), r->title);
    mail_html_body(to);
    write_preheader(r, to);
    mail_html_card(to);
    write_body(&m);
    mail_html_close(to);
}
