/* notifier/fmt_html.c - the mail's HTML.  Pure.  Texts come plain out of the report and
 * are escaped by html_addf and nothing else.  Sizes: the head is bounded by the
 * report's own limits; findings are written one by one into a scratch buffer and taken
 * in as long as there is room for the foot. */
#include "notifier/fmt_html.h"

#include "notifier/html.h"

#include <stdio.h>
#include <string.h>

enum {
    BEHIND_BYTES = 16 * 1024, /* kept free of findings for the sections behind them */
    FOOT_BYTES = 2 * 1024,    /* kept free for the end of the document */
    CODES_MAX = 20,
    ROWS_MAX = 12,
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

#define FONT                                                                           \
    "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;"

/* Strong enough on white, and still told apart when a client inverts them. */
static const struct {
    const char *strong, *soft;
} colours[GRADE_N] = {
    [GRADE_OK] = {"#067647", "#ecfdf3"},
    [GRADE_ATTENTION] = {"#a15c07", "#fffaeb"},
    [GRADE_MUST_HANDLE] = {"#b42318", "#fef3f2"},
    [GRADE_NOT_JUDGED] = {"#475467", "#f2f4f7"},
};

/* Clients that know neither <style> nor dark mode show the inline colours. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
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
    ".s-ok{color:#47cd89!important}.s-attention{color:#fdb022!important}"
    ".s-must-handle{color:#ff8a80!important}.s-not-judged{color:#b6bcc8!important}"
    "a{color:#8ab4ff!important}}\n"
    "</style>\n";

static void open_row(struct buf *to, const char *style)
{
    buf_addf(to, "<tr><td class=\"pad\" style=\"" FONT "padding:%s\">", style);
}

static void close_row(struct buf *to)
{
    buf_add(to, "</td></tr>\n");
}

static void heading(struct buf *to, const char *words)
{
    open_row(to, "28px 32px 8px");
    html_addf(
        to,
        "<h2 class=\"ink\" style=\"" FONT
        "margin:0;font-size:17px;line-height:24px;font-weight:700;color:#1d2939\">"
        "%s</h2>",
        words);
    close_row(to);
}

static void paragraph(struct buf *to, const char *text, bool muted)
{
    html_addf(to,
              "<p class=\"%s\" style=\"" FONT
              "margin:0 0 6px;font-size:15px;line-height:23px;color:%s\">%s</p>",
              muted ? "mute" : "ink", muted ? "#5d6675" : "#1d2939", text);
}

static void link_text(struct buf *to, const char *text, const char *url)
{
    if (html_url_ok(url))
        html_addf(to, "<a href=\"%s\" style=\"color:#1d4ed8\">%s</a>", url, text);
    else
        html_text(to, text);
}

static void open_table(struct buf *to)
{
    buf_add(to, "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" "
                "cellspacing=\"0\" border=\"0\" style=\"border-collapse:collapse\">\n");
}

static void close_table(struct buf *to)
{
    buf_add(to, "</table>\n");
}

static void cell(struct buf *to, const char *width, const char *more)
{
    buf_addf(to,
             "<td%s%s%s valign=\"top\" style=\"" FONT
             "font-size:14px;line-height:21px;padding:4px 0;%s\"",
             *width != '\0' ? " width=\"" : "", width, *width != '\0' ? "\"" : "",
             more);
}

/* Bold text in a grade's colour; the class is for clients that know dark mode. */
static void in_colour(struct buf *to, enum grade g, const char *text)
{
    html_addf(to, "<b class=\"s-%s\" style=\"color:%s\">%s</b>", grade_name(g),
              colours[g].strong, text);
}

static void fact(struct buf *to, const struct report_row *row)
{
    buf_add(to, "<tr>");
    cell(to, "140", "color:#5d6675;padding-right:12px");
    html_addf(to, " class=\"mute\">%s</td>", row->label);
    cell(to, "", "color:#1d2939;word-break:break-word");
    buf_add(to, " class=\"ink\">");
    link_text(to, row->value, row->url);
    buf_add(to, "</td></tr>\n");
}

static void facts(struct buf *to, const struct report_rows *rows)
{
    open_table(to);
    for (size_t i = 0; i < rows->n && i < ROWS_MAX; i++)
        fact(to, &rows->row[i]);
    close_table(to);
    if (rows->n > ROWS_MAX) {
        char more[48];
        snprintf(more, sizeof more, "and %zu more", rows->n - ROWS_MAX);
        paragraph(to, more, true);
    }
}

static void section(struct buf *to, const char *words, const struct report_rows *rows)
{
    if (rows->n == 0)
        return;
    heading(to, words);
    open_row(to, "0 32px 4px");
    facts(to, rows);
    close_row(to);
}

/* What mail readers show beside the subject; the run of no-break joiners keeps the
 * body's first words out of it. */
static void write_preheader(const struct report *r, struct buf *to)
{
    buf_add(to, "<div style=\"display:none;max-height:0;overflow:hidden;"
                "mso-hide:all;font-size:1px;line-height:1px;color:#f5f6f8\">");
    html_addf(to, "%s: %s ", r->grade_words,
              r->n_top > 0 ? r->top[0].sentence : r->lead);
    html_addf(to, "%s", r->title);
    for (int i = 0; i < 40; i++)
        buf_add(to, "&#847;&nbsp;");
    buf_add(to, "</div>\n");
}

static void write_banner(const struct report *r, struct buf *to)
{
    const char *strong = colours[r->grade].strong;
    buf_addf(to,
             "<tr><td class=\"pad\" bgcolor=\"%s\" style=\"" FONT
             "padding:24px 32px 26px;background-color:%s;color:#ffffff\">",
             strong, strong);
    html_addf(to,
              "<p style=\"" FONT "margin:0 0 10px;font-size:22px;line-height:28px;"
              "font-weight:700;color:#ffffff\"><span aria-hidden=\"true\">%s&nbsp; "
              "</span>%s</p>",
              r->grade_sign, r->grade_words);
    html_addf(to,
              "<h1 style=\"" FONT "margin:0 0 6px;font-size:17px;line-height:24px;"
              "font-weight:600;color:#ffffff\">%s</h1>",
              r->title);
    html_addf(to,
              "<p style=\"" FONT "margin:0;font-size:15px;line-height:22px;"
              "color:#ffffff\">%s</p>",
              r->lead);
    html_addf(to,
              "<p style=\"" FONT "margin:10px 0 0;font-size:13px;line-height:19px;"
              "color:#ffffff\">%s</p>",
              r->state);
    close_row(to);
}

static void write_top(const struct report *r, struct buf *to)
{
    if (r->n_top == 0)
        return;
    open_row(to, "24px 32px 0");
    open_table(to);
    for (size_t i = 0; i < r->n_top; i++) {
        buf_add(to, "<tr>");
        cell(to, "28", "");
        buf_add(to, " align=\"left\">");
        in_colour(to, r->top[i].grade, report_grade_sign(r->top[i].grade));
        buf_add(to, "</td>");
        cell(to, "",
             "padding-bottom:10px;font-size:15px;color:#1d2939;"
             "word-break:break-word");
        html_addf(to,
                  " class=\"ink\"><b>%s</b> <span class=\"mute\" "
                  "style=\"color:#5d6675\">%s</span><br>%s <span class=\"mute\" "
                  "style=\"color:#5d6675\">%s</span></td></tr>\n",
                  r->top[i].title, r->top[i].name, r->top[i].sentence,
                  r->top[i].with_words != NULL ? r->top[i].with_words : "");
    }
    close_table(to);
    if (r->suspect != NULL)
        paragraph(to, r->suspect, false);
    close_row(to);
}

static void write_one_todo(const struct report_todo *t, struct buf *to)
{
    buf_add(to, "<div style=\"margin:0 0 8px\">");
    if (t->advice != NULL)
        html_addf(to, "<b>%s</b>", t->advice);
    if (t->about != NULL)
        html_addf(to, "%s<span class=\"mute\" style=\"color:#5d6675\">For: %s</span>",
                  t->advice != NULL ? "\n" : "", t->about);
    if (t->runbook != NULL) {
        buf_add(to, "<br>Runbook: ");
        link_text(to, t->runbook, t->runbook);
    }
    if (t->owner != NULL)
        html_addf(to, "<br>Owner: %s", t->owner);
    buf_add(to, "</div>\n");
}

static void write_todo(const struct report *r, struct buf *to)
{
    if (r->n_todo == 0)
        return;
    open_row(to, "16px 32px 0");
    open_table(to);
    buf_addf(to,
             "<tr><td class=\"soft ink\" bgcolor=\"%s\" style=\"" FONT
             "background-color:%s;padding:16px 18px 10px;font-size:15px;"
             "line-height:23px;color:#1d2939\">"
             "<div style=\"font-size:13px;line-height:18px;padding-bottom:6px\" "
             "class=\"mute\">What to do</div>",
             colours[r->grade].soft, colours[r->grade].soft);
    for (size_t i = 0; i < r->n_todo && i < TODO_MAX; i++)
        write_one_todo(&r->todo[i], to);
    if (r->n_todo > TODO_MAX)
        html_addf(to, "<div class=\"mute\">and %zu more</div>", r->n_todo - TODO_MAX);
    buf_add(to, "</td></tr>");
    close_table(to);
    close_row(to);
}

/* One of the three numbers of a finding; `small` (or NULL) stands under it.  GRADE_N:
 * in no grade's colour. */
static void write_figure(struct buf *to, const char *label, const char *value,
                         const char *small, enum grade g)
{
    html_addf(to,
              "<td width=\"33%%\" valign=\"top\" style=\"" FONT
              "padding:2px 8px 10px 0;font-size:13px;line-height:18px;color:#5d6675\" "
              "class=\"mute\">%s<br><span class=\"ink fig\" style=\"font-size:19px;"
              "line-height:26px;font-weight:600;color:#1d2939\">",
              label);
    if (g != GRADE_N)
        in_colour(to, g, value);
    else
        html_text(to, value);
    buf_add(to, "</span>");
    if (small != NULL)
        html_addf(to, "<br>%s", small);
    buf_add(to, "</td>");
}

static void write_hosts(const struct report_finding *f, struct buf *to)
{
    if (f->n_hosts < 2)
        return;
    size_t shown = f->n_hosts < FMT_HTML_HOSTS_MAX ? f->n_hosts : FMT_HTML_HOSTS_MAX;
    buf_add(to, "<p class=\"mute\" style=\"" FONT
                "margin:8px 0 0;font-size:13px;line-height:18px;color:#5d6675\">"
                "Hosts, worst first</p>");
    open_table(to);
    for (size_t i = 0; i < shown; i++) {
        buf_add(to, "<tr>");
        cell(to, "", "color:#1d2939;word-break:break-word");
        html_addf(to, " class=\"ink\">%s</td>", f->host[i].name);
        cell(to, "50%", "color:#1d2939;white-space:nowrap");
        html_addf(to, " class=\"ink\" align=\"right\">%s &#8594; %s</td></tr>\n",
                  f->host[i].before, f->host[i].after);
    }
    close_table(to);
    if (f->n_hosts + f->more_hosts > shown) {
        char more[48];
        snprintf(more, sizeof more, "and %zu more hosts",
                 f->n_hosts + f->more_hosts - shown);
        paragraph(to, more, true);
    }
}

/* One line for each that goes with it. */
static void write_with(const struct report *r, const struct report_finding *f,
                       struct buf *to)
{
    if (f->n_with == 0)
        return;
    size_t shown = f->n_with < FMT_HTML_WITH_MAX ? f->n_with : FMT_HTML_WITH_MAX;
    buf_add(to, "<p class=\"mute\" style=\"" FONT
                "margin:8px 0 0;font-size:13px;line-height:18px;color:#5d6675\">"
                "Moved with it</p>");
    open_table(to);
    for (size_t i = 0; i < shown; i++) {
        const struct report_finding *led = &r->finding[f->with[i]];
        buf_add(to, "<tr>");
        cell(to, "", "color:#1d2939;word-break:break-word;padding-right:8px");
        buf_add(to, " class=\"ink\">");
        in_colour(to, led->grade, report_grade_sign(led->grade));
        html_addf(to, " %s</td>", led->name);
        cell(to, "50%", "color:#1d2939");
        html_addf(to, " class=\"ink\" align=\"right\">%s &#8594; %s (%s)</td></tr>\n",
                  led->before, led->after,
                  led->effect != NULL ? led->effect : led->change);
    }
    close_table(to);
    if (f->n_with > shown) {
        char more[48];
        snprintf(more, sizeof more, "and %zu more figures", f->n_with - shown);
        paragraph(to, more, true);
    }
}

static void write_chart(const struct report_finding *f, const char *src, struct buf *to)
{
    html_addf(to,
              "<img src=\"%s\" width=\"556\" alt=\"%s\" style=\"" FONT
              "display:block;width:100%%;max-width:556px;height:auto;border:0;"
              "margin:6px 0 10px;font-size:14px;color:#5d6675\">\n",
              src, f->alt);
}

static void write_finding(const struct report *r, const struct report_finding *f,
                          const char *src, struct buf *to)
{
    const char *strong = colours[f->grade].strong;
    open_row(to, "0 32px 20px");
    open_table(to);
    buf_addf(to,
             "<tr><td width=\"4\" bgcolor=\"%s\" style=\"background-color:%s\"></td>"
             "<td class=\"rule\" style=\"" FONT "padding:2px 0 4px 16px\">",
             strong, strong);
    html_addf(to, "<h3 class=\"ink\" style=\"" FONT
                  "margin:0;font-size:16px;line-height:23px;color:#1d2939;"
                  "word-break:break-word\">");
    in_colour(to, f->grade, report_grade_sign(f->grade));
    html_addf(to, " %s</h3>", f->title);
    if (strcmp(f->name, f->title) != 0)
        paragraph(to, f->name, true);
    paragraph(to, f->sentence, false);
    if (f->muted != NULL)
        paragraph(to, f->muted, false);
    open_table(to);
    buf_add(to, "<tr>");
    write_figure(to, f->before_label, f->before, NULL, GRADE_N);
    write_figure(to, f->after_label, f->after, NULL,
                 f->grade == GRADE_OK ? GRADE_N : f->grade);
    write_figure(to, "Change", f->change, f->effect, GRADE_N);
    buf_add(to, "</tr>");
    close_table(to);
    if (src != NULL)
        write_chart(f, src, to);
    if (f->moments != NULL)
        paragraph(to, f->moments, false);
    if (f->since != NULL)
        paragraph(to, f->since, true);
    facts(to, &f->numbers);
    write_with(r, f, to);
    write_hosts(f, to);
    buf_add(to, "</td></tr>");
    close_table(to);
    close_row(to);
}

static void write_rest(const struct report *r, size_t more, const char *what,
                       struct buf *to)
{
    if (more == 0)
        return;
    open_row(to, "0 32px 16px");
    html_addf(to,
              "<p class=\"ink\" style=\"" FONT
              "margin:0;font-size:15px;line-height:23px;color:#1d2939\">"
              "and %zu more %s",
              more, what);
    if (r->page_url != NULL) {
        buf_add(to, ", see ");
        link_text(to, "the page", r->page_url);
    }
    buf_add(to, "</p>");
    close_row(to);
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

/* Those that are muted or those that are not, while there is room; gives how many. */
static size_t write_group(struct mail *m, const char *words, bool muted, bool *room)
{
    const struct report *r = m->report;
    size_t done = 0, all = muted ? r->n_muted : r->n_leading - r->n_muted;
    if (all > 0 && *room)
        heading(m->to, words);
    for (size_t i = 0; i < r->n_findings && *room; i++)
        if (!r->finding[i].led && (r->finding[i].muted != NULL) == muted)
            done += *room = take_finding(m, i);
    return done;
}

static void write_findings(struct mail *m)
{
    bool room = true;
    size_t done = write_group(m, "Findings", false, &room);
    done += write_group(m, "Muted", true, &room);
    write_rest(m->report, m->report->n_leading - done, "findings", m->to);
}

static void write_code(const struct report_code *c, struct buf *to)
{
    buf_add(to, "<tr>");
    cell(to, "", "color:#1d2939;word-break:break-word;padding-right:8px");
    html_addf(to,
              " class=\"ink\"><b>%s</b><br><span class=\"mute\" "
              "style=\"color:#5d6675\">%s</span></td>",
              c->code, c->metric);
    cell(to, "25%", "color:#1d2939");
    html_addf(to, " class=\"ink\" align=\"right\">%s<br>%s</td>", c->before,
              c->share_before);
    cell(to, "25%", "");
    buf_add(to, " align=\"right\">");
    in_colour(to, c->grade, c->after);
    html_addf(to,
              "<br><span class=\"ink\" style=\"color:#1d2939\">%s</span></td></tr>\n",
              c->share_after);
}

static void write_codes(const struct report *r, struct buf *to)
{
    if (r->n_codes == 0)
        return;
    size_t shown = r->n_codes < CODES_MAX ? r->n_codes : CODES_MAX;
    heading(to, "Return codes");
    open_row(to, "0 32px 8px");
    open_table(to);
    buf_add(to, "<tr>");
    cell(to, "", "color:#5d6675");
    buf_add(to, " class=\"mute\">Code</td>");
    cell(to, "25%", "color:#5d6675");
    buf_add(to, " class=\"mute\" align=\"right\">Before</td>");
    cell(to, "25%", "color:#5d6675");
    buf_add(to, " class=\"mute\" align=\"right\">After</td></tr>\n");
    for (size_t i = 0; i < shown; i++)
        write_code(&r->code[i], to);
    close_table(to);
    close_row(to);
    write_rest(r, r->n_codes - shown + r->more_codes, "codes", to);
}

static void write_foot(const struct report *r, struct buf *to)
{
    open_row(to, "24px 32px 28px");
    if (r->page_url != NULL) {
        html_addf(to,
                  "<p style=\"" FONT "margin:0 0 8px;font-size:15px;"
                  "line-height:23px\"><a href=\"%s\" style=\"color:#1d4ed8\">",
                  r->page_url);
        buf_add(to, "Open this report as a page</a></p>");
    }
    if (r->notice != NULL)
        html_addf(to,
                  "<p style=\"" FONT "margin:0 0 8px;font-size:13px;line-height:19px;"
                  "color:#8a4b00\">%s</p>",
                  r->notice);
    buf_add(to, "<p class=\"mute\" style=\"" FONT
                "margin:0;font-size:13px;line-height:19px;color:#5d6675\">"
                "Sent by aftercheck, which compares the time before and after each "
                "change.</p>");
    close_row(to);
}

static void write_fine(const struct report *r, struct buf *to)
{
    if (r->fine == NULL)
        return;
    heading(to, "Checked and fine");
    open_row(to, "0 32px 4px");
    paragraph(to, r->fine, false);
    close_row(to);
}

static void write_unjudged(const struct report *r, struct buf *to)
{
    section(to, "Could not be judged", &r->unjudged);
}

static void write_nearby(const struct report *r, struct buf *to)
{
    section(to, "Other changes nearby", &r->nearby);
}

static void write_coverage(const struct report *r, struct buf *to)
{
    section(to, "What was looked at", &r->coverage);
}

static void write_revisions(const struct report *r, struct buf *to)
{
    if (r->revisions.n > 1)
        section(to, "Earlier and this revision", &r->revisions);
}

/* Behind the findings, in this order. */
static void (*const sections[])(const struct report *r, struct buf *to) = {
    write_codes,  write_fine,     write_unjudged,
    write_nearby, write_coverage, write_revisions,
};

static void write_body(struct mail *m)
{
    const struct report *r = m->report;
    struct buf *to = m->to;
    size_t left_out = 0;
    write_banner(r, to);
    write_top(r, to);
    write_todo(r, to);
    open_row(to, "24px 32px 4px");
    facts(to, &r->facts);
    close_row(to);
    if (r->note != NULL) {
        open_row(to, "8px 32px 4px");
        paragraph(to, r->note, false);
        close_row(to);
    }
    write_findings(m);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        OWNED_BUF part = {0};
        sections[i](r, &part);
        left_out += !take(m, &part, FOOT_BYTES);
    }
    write_rest(r, left_out, left_out == 1 ? "section" : "sections", to);
    write_foot(r, to);
}

void fmt_html(const struct report *r, const struct fmt_html_images *images,
              struct buf *to)
{
    struct mail m = {.report = r, .images = images, .to = to, .start = to->len};
    buf_add(to, head);
    html_addf(to, "<title>%s: %s</title></head>\n", r->grade_words, r->title);
    buf_add(to,
            "<body class=\"page\" style=\"margin:0;padding:0;background:#f5f6f8\">\n");
    write_preheader(r, to);
    buf_add(to, "<table role=\"presentation\" class=\"page\" width=\"100%\" "
                "cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#f5f6f8\" "
                "style=\"background:#f5f6f8\"><tr><td align=\"center\" "
                "style=\"padding:0\">\n"
                "<table role=\"presentation\" class=\"card\" width=\"640\" "
                "cellpadding=\"0\" cellspacing=\"0\" border=\"0\" bgcolor=\"#ffffff\" "
                "style=\"width:100%;max-width:640px;background:#ffffff\">\n");
    write_body(&m);
    buf_add(to, "</table></td></tr></table></body></html>\n");
}
