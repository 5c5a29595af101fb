/* notifier/fmt_text.c - the report for terminals and for mail readers that show no
 * HTML.  Nothing that the HTML says is missing here but the charts.  Pure. */
#include "notifier/fmt_text.h"

#include "notifier/plain.h"

#include <string.h>

enum { LABEL_COLUMNS = 20 };

static void spaces(struct buf *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_ch(to, ' ');
}

/* Bytes of the longest start of `word` that fits into `room` columns; all of it when it
 * is a link, which must stay in one piece. */
static size_t fitting(const char *word, size_t n, size_t room)
{
    if (strncmp(word, "http://", 7) == 0 || strncmp(word, "https://", 8) == 0)
        return n;
    size_t at = 0, width = 0;
    while (at < n) {
        char one[5] = {0};
        unsigned code;
        size_t step = plain_char(word + at, &code);
        step = step > 0 ? step : 1;
        memcpy(one, word + at, step);
        width += plain_width(one);
        if (width > room && at > 0)
            break;
        at += step;
    }
    return at;
}

static size_t width_n(const char *text, size_t n)
{
    size_t width = 0;
    for (size_t at = 0; at < n;) {
        char one[5] = {0};
        unsigned code;
        size_t step = plain_char(text + at, &code);
        step = step > 0 ? step : 1;
        memcpy(one, text + at, step);
        width += plain_width(one);
        at += step;
    }
    return width;
}

/* Writes words from column `column` on, further lines indented by `indent`. */
static void wrap(struct buf *to, const char *text, size_t column, size_t indent)
{
    bool first = true;
    for (const char *p = text; *p != '\0';) {
        p += strspn(p, " ");
        size_t n = strcspn(p, " ");
        if (n == 0)
            break;
        if (p[n] == ' ' && p[n + 1] == '%') /* a figure keeps its sign */
            n += 1 + strcspn(p + n + 1, " ");
        size_t width = width_n(p, n);
        if (!first && column + 1 + width > FMT_TEXT_COLUMNS) {
            buf_add_ch(to, '\n');
            spaces(to, indent);
            column = indent;
            first = true;
        }
        if (!first) {
            buf_add_ch(to, ' ');
            column++;
        }
        size_t part = fitting(p, n, FMT_TEXT_COLUMNS - column);
        buf_add_n(to, p, part);
        column += width_n(p, part);
        p += part;
        first = false;
        if (part < n) { /* a word longer than the line goes on in the next one */
            buf_add_ch(to, '\n');
            spaces(to, indent);
            column = indent;
            first = true;
        }
    }
    buf_add_ch(to, '\n');
}

static void paragraph(struct buf *to, const char *text, size_t indent)
{
    spaces(to, indent);
    wrap(to, text, indent, indent);
}

static void heading(struct buf *to, const char *words)
{
    buf_addf(to, "\n%s\n", words);
    for (size_t i = plain_width(words); i > 0; i--)
        buf_add_ch(to, '-');
    buf_add_ch(to, '\n');
}

static void row(struct buf *to, const char *label, const char *value, size_t indent)
{
    size_t width = plain_width(label), column = indent + LABEL_COLUMNS;
    spaces(to, indent);
    if (width + 2 > LABEL_COLUMNS) {
        OWNED_BUF both = {0};
        buf_addf(&both, "%s: %s", label, value);
        wrap(to, buf_text(&both), indent, indent + 2);
        return;
    }
    buf_add(to, label);
    spaces(to, LABEL_COLUMNS - width);
    wrap(to, value, column, column);
}

static void rows(struct buf *to, const struct report_rows *from, size_t indent)
{
    for (size_t i = 0; i < from->n; i++) {
        row(to, from->row[i].label, from->row[i].value, indent);
        if (from->row[i].url != NULL)
            row(to, "", from->row[i].url, indent);
    }
}

static void section(struct buf *to, const char *words, const struct report_rows *from)
{
    if (from->n == 0)
        return;
    heading(to, words);
    rows(to, from, 0);
}

static void write_head(const struct report *r, struct buf *to)
{
    struct buf line = {0};
    buf_addf(&line, "[%s] %s: %s", r->grade_sign, r->grade_words, r->title);
    paragraph(to, buf_text(&line), 0);
    buf_free(&line);
    paragraph(to, r->lead, 0);
    paragraph(to, r->state, 0);
    if (r->note != NULL)
        paragraph(to, r->note, 0);
    for (size_t i = 0; i < r->n_top; i++) {
        if (i == 0)
            buf_add_ch(to, '\n');
        OWNED_BUF item = {0};
        buf_addf(&item, "%zu. %s (%s): %s%s%s", i + 1, r->top[i].title, r->top[i].name,
                 r->top[i].sentence, r->top[i].with_words != NULL ? " " : "",
                 r->top[i].with_words != NULL ? r->top[i].with_words : "");
        spaces(to, 2);
        wrap(to, buf_text(&item), 2, 5);
    }
    if (r->suspect != NULL) {
        buf_add_ch(to, '\n');
        paragraph(to, r->suspect, 0);
    }
}

static void write_todo(const struct report *r, struct buf *to)
{
    if (r->n_todo == 0)
        return;
    heading(to, "What to do");
    for (size_t i = 0; i < r->n_todo; i++) {
        const struct report_todo *t = &r->todo[i];
        if (t->about != NULL)
            paragraph(to, t->about, 0);
        if (t->advice != NULL)
            paragraph(to, t->advice, t->about != NULL ? 2 : 0);
        if (t->runbook != NULL)
            row(to, "Runbook", t->runbook, 2);
        if (t->owner != NULL)
            row(to, "Owner", t->owner, 2);
    }
}

static void write_hosts(const struct report_finding *f, struct buf *to)
{
    for (size_t i = 0; i < f->n_hosts && i < FMT_TEXT_HOSTS_MAX; i++) {
        OWNED_BUF line = {0};
        buf_addf(&line, "%s: %s -> %s", f->host[i].name, f->host[i].before,
                 f->host[i].after);
        row(to, i == 0 ? "Hosts" : "", buf_text(&line), 2);
    }
    size_t shown = f->n_hosts < FMT_TEXT_HOSTS_MAX ? f->n_hosts : FMT_TEXT_HOSTS_MAX;
    size_t more = f->n_hosts - shown + f->more_hosts;
    if (more > 0) {
        OWNED_BUF line = {0};
        buf_addf(&line, "and %zu more", more);
        row(to, "", buf_text(&line), 2);
    }
}

/* One line for each that goes with it. */
static void write_with(const struct report *r, const struct report_finding *f,
                       struct buf *to)
{
    size_t shown = f->n_with < FMT_TEXT_WITH_MAX ? f->n_with : FMT_TEXT_WITH_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct report_finding *led = &r->finding[f->with[i]];
        OWNED_BUF line = {0};
        buf_addf(&line, "[%s] %s: %s", report_grade_sign(led->grade), led->name,
                 led->line);
        row(to, i == 0 ? "Moved with it" : "", buf_text(&line), 2);
    }
    if (f->n_with > shown) {
        OWNED_BUF line = {0};
        buf_addf(&line, "and %zu more", f->n_with - shown);
        row(to, "", buf_text(&line), 2);
    }
}

static void write_finding(const struct report *r, const struct report_finding *f,
                          struct buf *to)
{
    OWNED_BUF line = {0};
    buf_addf(&line, "[%s] %s", report_grade_sign(f->grade), f->title);
    buf_add_ch(to, '\n');
    paragraph(to, buf_text(&line), 0);
    if (strcmp(f->name, f->title) != 0)
        paragraph(to, f->name, 2);
    paragraph(to, f->sentence, 2);
    if (f->muted != NULL)
        paragraph(to, f->muted, 2);
    buf_clear(&line);
    buf_addf(&line,
             f->of->fresh ? "%s on old hosts, %s on new ones, %s"
                          : "%s before, %s after, %s",
             f->before, f->after, f->change);
    if (f->effect != NULL)
        buf_addf(&line, " (%s)", f->effect);
    row(to, "Numbers", buf_text(&line), 2);
    rows(to, &f->numbers, 2);
    write_with(r, f, to);
    write_hosts(f, to);
    if (f->moments != NULL)
        paragraph(to, f->moments, 2);
    if (f->since != NULL)
        paragraph(to, f->since, 2);
}

static void write_more(size_t n, const char *what, const struct report *r,
                       struct buf *to)
{
    if (n == 0)
        return;
    OWNED_BUF line = {0};
    buf_addf(&line, "... and %zu more %s%s%s", n, what,
             r->page_url != NULL ? ", see " : ".",
             r->page_url != NULL ? r->page_url : "");
    buf_add_ch(to, '\n');
    paragraph(to, buf_text(&line), 0);
}

/* Those that are muted or those that are not, after `n` others; gives how many it makes
 * together. */
static size_t write_group(const struct report *r, const char *words, bool muted,
                          size_t n, struct buf *to)
{
    size_t first = n;
    for (size_t i = 0; i < r->n_findings && n < FMT_TEXT_FINDINGS_MAX; i++) {
        const struct report_finding *f = &r->finding[i];
        if (f->led || (f->muted != NULL) != muted)
            continue;
        if (n == first)
            heading(to, words);
        write_finding(r, f, to);
        n++;
    }
    return n;
}

static void write_findings(const struct report *r, struct buf *to)
{
    size_t n = write_group(r, "Findings", false, 0, to);
    n = write_group(r, "Muted", true, n, to);
    write_more(r->n_leading - n, "findings", r, to);
}

static void write_codes(const struct report *r, struct buf *to)
{
    if (r->n_codes == 0)
        return;
    heading(to, "Return codes, before -> after");
    for (size_t i = 0; i < r->n_codes; i++) {
        const struct report_code *c = &r->code[i];
        OWNED_BUF line = {0};
        buf_addf(&line, "%s -> %s", c->before, c->after);
        if (*c->share_before != '\0')
            buf_addf(&line, " (%s -> %s of calls)", c->share_before, c->share_after);
        buf_addf(&line, ", %s", c->metric);
        row(to, c->code, buf_text(&line), 0);
    }
    write_more(r->more_codes, "codes", r, to);
}

void fmt_text(const struct report *r, struct buf *to)
{
    write_head(r, to);
    heading(to, "The change");
    rows(to, &r->facts, 0);
    write_todo(r, to);
    write_findings(r, to);
    write_codes(r, to);
    if (r->fine != NULL) {
        heading(to, "Checked and fine");
        paragraph(to, r->fine, 0);
    }
    section(to, "Could not be judged", &r->unjudged);
    section(to, "Other changes nearby", &r->nearby);
    section(to, "What was looked at", &r->coverage);
    if (r->revisions.n > 1)
        section(to, "Earlier and this revision", &r->revisions);
    if (r->page_url != NULL) {
        buf_add_ch(to, '\n');
        paragraph(to, r->page_url, 0);
    }
    if (r->notice != NULL) {
        buf_add_ch(to, '\n');
        paragraph(to, r->notice, 0);
    }
}
