/* notifier/fmt_text.c - the report for terminals and for mail readers that show no
 * HTML.  Nothing that the HTML says is missing here but the charts.  Pure.
 *
 * Chinese has no spaces between words: there a line may break between any two wide
 * characters, but not before a mark that closes or after one that opens. */
#include "notifier/fmt_text.h"

#include "notifier/phrases.h"
#include "notifier/plain.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_COLUMNS = 20 };

static void spaces(struct buf *to, size_t n)
{
    for (size_t i = 0; i < n; i++)
        buf_add_ch(to, ' ');
}

static bool is_link(const char *word)
{
    return strncmp(word, "http://", 7) == 0 || strncmp(word, "https://", 8) == 0;
}

/* Bytes and columns of the character at `text`. */
static size_t char_at(const char *text, size_t *ret_width)
{
    char one[5] = {0};
    unsigned code;
    size_t step = plain_char(text, &code);
    step = step > 0 ? step : 1;
    memcpy(one, text, step);
    *ret_width = plain_width(one);
    return step;
}

static size_t width_n(const char *text, size_t n)
{
    size_t width = 0, one;
    for (size_t at = 0; at < n; width += one)
        at += char_at(text + at, &one);
    return width;
}

/* Bytes of the longest start of `word` that fits into `room` columns; all of it when it
 * is a link, which must stay in one piece. */
static size_t fitting(const char *word, size_t n, size_t room)
{
    if (is_link(word))
        return n;
    size_t at = 0, width = 0;
    while (at < n) {
        size_t one, step = char_at(word + at, &one);
        width += one;
        if (width > room && at > 0)
            break;
        at += step;
    }
    return at;
}

/* Chinese marks that no line begins with, and those that none ends with. */
static bool is_among(const char *marks, const char *text, size_t n)
{
    for (const char *at = marks; *at != '\0'; at += 3)
        if (n == 3 && memcmp(at, text, 3) == 0)
            return true;
    return false;
}

static bool closes(const char *text, size_t n)
{
    return is_among("，。；：、）”！？》", text, n);
}

static bool opens(const char *text, size_t n)
{
    return is_among("（“《", text, n);
}

/* Bytes of the piece at `text` that stays on one line: a word, or in Chinese, which has
 * no spaces, one character with the marks that cling to it. */
static size_t piece_length(const char *text)
{
    size_t n = 0;
    bool wide = false, open = false;
    while (text[n] != '\0' && text[n] != ' ') {
        size_t width, step = char_at(text + n, &width);
        bool cling = open || closes(text + n, step);
        if (n > 0 && !cling && (wide || width == 2))
            return n;
        open = opens(text + n, step);
        wide = width == 2;
        n += step;
    }
    if (text[n] == ' ' && text[n + 1] == '%') /* a figure keeps its sign */
        n += 1 + strcspn(text + n + 1, " ");
    return n;
}

/* A line that is being filled. */
struct line {
    struct buf *to;
    size_t column, indent;
    bool begun; /* something stands on it */
};

static void next_line(struct line *l)
{
    buf_add_ch(l->to, '\n');
    spaces(l->to, l->indent);
    l->column = l->indent;
    l->begun = false;
}

/* A piece longer than the line goes on in the next one. */
static void put_piece(struct line *l, const char *piece, size_t n)
{
    while (n > 0) {
        size_t part = fitting(piece, n, FMT_TEXT_COLUMNS - l->column);
        buf_add_n(l->to, piece, part);
        l->column += width_n(piece, part);
        l->begun = true;
        piece += part;
        n -= part;
        if (n > 0)
            next_line(l);
    }
}

/* Writes words from column `column` on, further lines indented by `indent`. */
static void wrap(struct buf *to, const char *text, size_t column, size_t indent)
{
    struct line l = {to, column, indent, false};
    for (const char *p = text; *p != '\0';) {
        size_t gap = strspn(p, " ");
        p += gap;
        size_t n = piece_length(p);
        size_t space = gap > 0 && l.begun;
        if (n == 0)
            break;
        if (l.begun && l.column + space + width_n(p, n) > FMT_TEXT_COLUMNS)
            next_line(&l);
        else if (space) {
            buf_add_ch(to, ' ');
            l.column++;
        }
        put_piece(&l, p, n);
        p += n;
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
        /* a label in wide letters has a wide mark behind it */
        buf_addf(&both, "%s%s%s", label, width < strlen(label) ? "：" : ": ", value);
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

static const char *say(const struct report *r, enum phrase p)
{
    return phrase(r->language, p);
}

/* A number as an argument of a phrase. */
static const char *digits(size_t n, char out[24])
{
    snprintf(out, 24, "%zu", n);
    return out;
}

static void section(const struct report *r, struct buf *to, enum phrase words,
                    const struct report_rows *from)
{
    if (from->n == 0)
        return;
    heading(to, say(r, words));
    rows(to, from, 0);
}

static void write_top(const struct report *r, struct buf *to)
{
    for (size_t i = 0; i < r->n_top; i++) {
        const struct report_top *t = &r->top[i];
        if (i == 0)
            buf_add_ch(to, '\n');
        OWNED_BUF item = {0};
        buf_addf(&item, "%zu. %s%s%s%s%s", i + 1, t->title, say(r, PHRASE_COLON),
                 t->sentence, t->with_words != NULL ? say(r, PHRASE_SPACE) : "",
                 t->with_words != NULL ? t->with_words : "");
        spaces(to, 2);
        wrap(to, buf_text(&item), 2, 5);
    }
}

static void write_head(const struct report *r, struct buf *to)
{
    struct buf line = {0};
    buf_addf(&line, "[%s] %s%s%s", r->grade_sign, r->grade_words, say(r, PHRASE_COLON),
             r->title);
    paragraph(to, buf_text(&line), 0);
    buf_free(&line);
    paragraph(to, r->what, 0);
    paragraph(to, r->lead, 0);
    paragraph(to, r->state, 0);
    if (r->note != NULL)
        paragraph(to, r->note, 0);
    write_top(r, to);
    if (r->suspect != NULL) {
        buf_add_ch(to, '\n');
        paragraph(to, r->suspect, 0);
    }
}

static void write_todo(const struct report *r, struct buf *to)
{
    if (r->n_todo == 0)
        return;
    heading(to, say(r, PHRASE_WHAT_TO_DO));
    for (size_t i = 0; i < r->n_todo; i++) {
        const struct report_todo *t = &r->todo[i];
        if (t->about != NULL)
            paragraph(to, t->about, 0);
        if (t->advice != NULL)
            paragraph(to, t->advice, t->about != NULL ? 2 : 0);
        if (t->runbook != NULL)
            row(to, say(r, PHRASE_RUNBOOK), t->runbook, 2);
        if (t->owner != NULL)
            row(to, say(r, PHRASE_OWNER), t->owner, 2);
    }
}

/* A row of "and 3 more hosts". */
static void write_rest(const struct report *r, enum phrase words, size_t n,
                       struct buf *to)
{
    char number[24];
    const char *arg = digits(n, number);
    OWNED_BUF line = {0};
    phrase_add(&line, r->language, words, &arg, 1);
    row(to, "", buf_text(&line), 2);
}

static void write_hosts(const struct report *r, const struct report_finding *f,
                        struct buf *to)
{
    size_t shown = f->n_hosts < FMT_TEXT_HOSTS_MAX ? f->n_hosts : FMT_TEXT_HOSTS_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct report_host *h = &f->host[i];
        const char *label = i == 0 ? say(r, PHRASE_HOSTS) : "";
        OWNED_BUF line = {0}, moved = {0};
        if (h->heading != NULL)
            row(to, label, h->heading, 2);
        PHRASE_PUT(&moved, r->language, FROM_TO, h->before, h->after);
        buf_addf(&line, "%s%s: %s", f->host[0].heading != NULL ? "- " : "", h->name,
                 buf_text(&moved));
        row(to, h->heading != NULL ? "" : label, buf_text(&line), 2);
    }
    size_t more = f->n_hosts - shown + f->more_hosts;
    if (more > 0)
        write_rest(r, PHRASE_REST_HOSTS, more, to);
}

/* One line for each that goes with it. */
static void write_with(const struct report *r, const struct report_finding *f,
                       struct buf *to)
{
    size_t shown = f->n_with < FMT_TEXT_WITH_MAX ? f->n_with : FMT_TEXT_WITH_MAX;
    for (size_t i = 0; i < shown; i++) {
        const struct report_finding *led = &r->finding[f->with[i]];
        OWNED_BUF line = {0};
        buf_addf(&line, "[%s] %s%s%s", report_grade_sign(led->grade), led->name,
                 say(r, PHRASE_COLON), led->line);
        row(to, i == 0 ? say(r, PHRASE_MOVED_WITH_IT) : "", buf_text(&line), 2);
    }
    if (f->n_with > shown)
        write_rest(r, PHRASE_REST_FIGURES, f->n_with - shown, to);
}

static void write_frames(const struct report *r, const struct report_finding *f,
                         struct buf *to)
{
    for (size_t i = 0; i < f->n_frames; i++) {
        OWNED_BUF line = {0};
        buf_addf(&line, "#%zu %s", i, f->frame[i]);
        row(to, i == 0 ? say(r, PHRASE_TOP_FRAMES) : "", buf_text(&line), 2);
    }
}

static void write_numbers(const struct report *r, const struct report_finding *f,
                          struct buf *to)
{
    OWNED_BUF line = {0};
    if (f->of->fresh)
        PHRASE_PUT(&line, r->language, NUMBERS_FRESH, f->before, f->after, f->change);
    else
        PHRASE_PUT(&line, r->language, NUMBERS_CHANGE, f->before, f->after, f->change);
    if (f->effect != NULL) {
        OWNED_BUF both = {0};
        PHRASE_PUT(&both, r->language, IN_BRACKETS, buf_text(&line), f->effect);
        row(to, say(r, PHRASE_NUMBERS), buf_text(&both), 2);
    } else {
        row(to, say(r, PHRASE_NUMBERS), buf_text(&line), 2);
    }
    rows(to, &f->numbers, 2);
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
    write_frames(r, f, to);
    write_numbers(r, f, to);
    write_with(r, f, to);
    write_hosts(r, f, to);
    if (f->moments != NULL)
        paragraph(to, f->moments, 2);
    if (f->since != NULL)
        paragraph(to, f->since, 2);
}

/* "... and 3 more findings, see https://...". */
static void write_more(const struct report *r, size_t n, enum phrase what,
                       struct buf *to)
{
    if (n == 0)
        return;
    char number[24];
    const char *arg = digits(n, number);
    OWNED_BUF words = {0}, line = {0};
    phrase_add(&words, r->language, what, &arg, 1);
    buf_add(&line, "... ");
    if (r->page_url != NULL)
        PHRASE_PUT(&line, r->language, SEE_PAGE, buf_text(&words), r->page_url);
    else
        buf_addf(&line, "%s%s", buf_text(&words), say(r, PHRASE_STOP));
    buf_add_ch(to, '\n');
    paragraph(to, buf_text(&line), 0);
}

/* Those of a group, after `n` others; gives how many it makes together. */
static size_t write_group(const struct report *r, enum report_group group, size_t n,
                          struct buf *to)
{
    size_t first = n;
    for (size_t i = 0; i < r->n_findings && n < FMT_TEXT_FINDINGS_MAX; i++) {
        const struct report_finding *f = &r->finding[i];
        if (f->led || f->group != group)
            continue;
        if (n == first)
            heading(to, report_group_words(r->language, group));
        write_finding(r, f, to);
        n++;
    }
    return n;
}

static void write_codes(const struct report *r, struct buf *to)
{
    if (r->n_codes == 0)
        return;
    heading(to, say(r, PHRASE_RETURN_CODES_TEXT));
    for (size_t i = 0; i < r->n_codes; i++) {
        const struct report_code *c = &r->code[i];
        OWNED_BUF shares = {0}, line = {0}, counts = {0};
        PHRASE_PUT(&counts, r->language, FROM_TO, c->before, c->after);
        if (*c->share_before != '\0') {
            PHRASE_PUT(&shares, r->language, SHARE_OF_CALLS, c->share_before,
                       c->share_after);
            PHRASE_PUT(&line, r->language, IN_BRACKETS, buf_text(&counts),
                       buf_text(&shares));
        } else {
            buf_add(&line, buf_text(&counts));
        }
        buf_addf(&line, "%s%s", say(r, PHRASE_PAUSE), c->calls);
        row(to, c->code, buf_text(&line), 0);
    }
    write_more(r, r->more_codes, PHRASE_REST_CODES, to);
}

/* Bad ones first, what does not count behind what was fine. */
static void write_findings(const struct report *r, struct buf *to)
{
    size_t n = 0;
    for (int g = 0; g < REPORT_GROUP_N; g++)
        n = write_group(r, (enum report_group)g, n, to);
    write_more(r, r->n_leading - n, PHRASE_REST_FINDINGS, to);
}

void fmt_text(const struct report *r, struct buf *to)
{
    write_head(r, to);
    write_todo(r, to);
    section(r, to, PHRASE_THE_CHANGE, &r->facts);
    write_findings(r, to);
    write_codes(r, to);
    if (r->fine != NULL) {
        heading(to, say(r, PHRASE_CHECKED_AND_FINE));
        paragraph(to, r->fine, 0);
    }
    section(r, to, PHRASE_COULD_NOT_BE_JUDGED, &r->unjudged);
    section(r, to, PHRASE_NEARBY, &r->nearby);
    section(r, to, PHRASE_LOOKED_AT_WHAT, &r->coverage);
    if (r->revisions.n > 1)
        section(r, to, PHRASE_EARLIER, &r->revisions);
    if (r->page_url != NULL) {
        buf_add_ch(to, '\n');
        paragraph(to, r->page_url, 0);
    }
    if (r->notice != NULL) {
        buf_add_ch(to, '\n');
        paragraph(to, r->notice, 0);
    }
}
