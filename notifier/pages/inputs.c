/* notifier/pages/inputs.c - the inputs and their health as a page.  HTTP threads. */
#include "notifier/pages/inputs.h"

#include "base/jsonw.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/notifier.h"
#include "notifier/pages/page.h"
#include "notifier/plain.h"

#include <stdio.h>

enum { COMPLAINT_CHARS = 200 };

static void add_count(struct buf *to, uint64_t n)
{
    char figure[FIGURE_TEXT_MAX];
    html_addf(to, "<td>%s</td>", figure_count((double)n, figure));
}

static void add_ago(struct buf *to, instant at, instant now)
{
    char figure[FIGURE_TEXT_MAX];
    int64_t ms = now.ms - at.ms;
    html_addf(to, "%s ago",
              figure_span(LANGUAGE_EN, (span){ms > 0 ? ms / 1000 * 1000 : 0}, figure));
}

/* The first cell: a name, what it is, and the last complaint about it. */
static void add_name(struct buf *to, const char *name, const char *what,
                     const struct input_sender *s, instant now)
{
    OWNED_BUF plain = {0};
    html_addf(to, "<tr><th scope=\"row\" class=\"words\">%s", name);
    if (what != NULL)
        html_addf(to, "<br><span class=\"quiet\">%s</span>", what);
    if (s->complaint[0] != '\0') {
        plain_add(&plain, s->complaint, COMPLAINT_CHARS);
        buf_add(to, "<br><span class=\"quiet\">");
        html_text(to, buf_text(&plain));
        buf_add(to, " (");
        add_ago(to, s->complained, now);
        buf_add(to, ")</span>");
    }
    buf_add(to, "</th><td>");
}

static void open_table(struct buf *to, const char *heading, const char *const *columns)
{
    html_addf(
        to, "<section><h2>%s</h2><div class=\"wide\" tabindex=\"0\"><table><thead><tr>",
        heading);
    for (; *columns != NULL; columns++)
        html_addf(to, "<th scope=\"col\">%s</th>", *columns);
    buf_add(to, "</tr></thead><tbody>\n");
}

static void close_table(struct buf *to)
{
    buf_add(to, "</tbody></table></div></section>\n");
}

/* "61" and below it "full 60, syntax 1". */
static void add_dropped(struct buf *to, const struct input_sender *s,
                        const struct input_reason *reason)
{
    char figure[FIGURE_TEXT_MAX];
    html_addf(to, "<td>%s", figure_count((double)s->dropped, figure));
    for (size_t i = 0; i < INPUTS_REASONS_MAX && reason[i].name != NULL; i++) {
        buf_add(to, i == 0 ? "<br><span class=\"quiet\">" : ", ");
        html_addf(to, "%s %s", reason[i].name,
                  figure_count((double)reason[i].n, figure));
    }
    buf_add(to, reason[0].name != NULL ? "</span></td>" : "</td>");
}

/* --- the sections --- */

static void write_inputs(const struct inputs_view *v, instant now, struct buf *to)
{
    static const char *const columns[] = {
        "Input and last complaint", "Last", "Requests", "Taken", "Dropped", NULL};
    open_table(to, "Inputs", columns);
    for (int i = 0; i < INPUT_N; i++) {
        const struct input_sender *s = &v->all[i];
        add_name(to, input_words((enum input)i), NULL, s, now);
        if (s->requests == 0)
            buf_add(to, "<span class=\"quiet\">nothing yet</span>");
        else
            add_ago(to, s->last, now);
        buf_add(to, "</td>");
        add_count(to, s->requests);
        add_count(to, s->taken);
        add_dropped(to, s, v->reason[i]);
        buf_add(to, "</tr>\n");
    }
    close_table(to);
}

static void write_sender(const struct input_sender *s, instant now, struct buf *to)
{
    char figure[FIGURE_TEXT_MAX];
    add_name(to, s->who, input_words(s->input), s, now);
    add_ago(to, s->last, now);
    buf_add(to, "</td><td>");
    if (s->gap.ms >= 1000)
        html_addf(to, "%s", figure_span(LANGUAGE_EN, s->gap, figure));
    buf_add(to, "</td>");
    add_count(to, s->taken);
    add_count(to, s->dropped);
    buf_add(to, "</tr>\n");
}

static void write_senders(const struct inputs_view *v, bool silent, instant now,
                          struct buf *to)
{
    static const char *const columns[] = {"Sender, input and last complaint",
                                          "Last",
                                          "Usually every",
                                          "Taken",
                                          "Dropped",
                                          NULL};
    size_t shown = 0, left = 0;
    for (size_t i = 0; i < v->n; i++) {
        if (input_is_silent(&v->sender[i], now) != silent)
            continue;
        if (shown == INPUTS_PAGE_SENDERS_MAX) {
            left++;
            continue;
        }
        if (shown++ == 0)
            open_table(to, silent ? "Fallen silent" : "Senders", columns);
        write_sender(&v->sender[i], now, to);
    }
    if (shown > 0)
        close_table(to);
    if (left > 0)
        html_addf(to, "<p class=\"quiet\">and %zu more</p>\n", left);
}

static void write_top(const struct inputs_view *v, bool by_dropped, struct buf *to)
{
    const char *const columns[] = {"Sender and input", by_dropped ? "Dropped" : "Taken",
                                   NULL};
    const struct input_sender *top[INPUTS_TOP];
    size_t n = inputs_top(v, by_dropped, top);
    if (n == 0)
        return;
    open_table(to, by_dropped ? "Most dropped" : "Most sent", columns);
    for (size_t i = 0; i < n; i++) {
        html_addf(to,
                  "<tr><th scope=\"row\" class=\"words\">%s<br>"
                  "<span class=\"quiet\">%s</span></th>",
                  top[i]->who, input_words(top[i]->input));
        add_count(to, by_dropped ? top[i]->dropped : top[i]->taken);
        buf_add(to, "</tr>\n");
    }
    close_table(to);
}

static void write_names(const struct spelling *names, size_t n, struct buf *to)
{
    static const char *const columns[] = {"Metric", "Names, by its labels", NULL};
    if (n == 0)
        return;
    open_table(to, "Metrics with the most names", columns);
    for (size_t i = 0; i < n; i++) {
        OWNED_BUF name = {0};
        buf_add_n(&name, names[i].name, names[i].n_name);
        html_addf(to, "<tr><th scope=\"row\" class=\"words\">%s</th>", buf_text(&name));
        add_count(to, names[i].n);
        buf_add(to, "</tr>\n");
    }
    close_table(to);
}

void inputs_page_write(const struct inputs_view *v, const struct spelling *names,
                       size_t n_names, instant now, struct buf *to)
{
    buf_add(to, "<h1 class=\"list\">Inputs</h1>\n"
                "<p>What came in since the service was started, from whom, and what of "
                "it was dropped. A sender that came regularly and stays away for five "
                "times its usual time has fallen silent.</p>\n");
    write_senders(v, true, now, to);
    write_inputs(v, now, to);
    write_senders(v, false, now, to);
    if (v->unknown > 0)
        html_addf(to, "<p class=\"quiet\">and %zu requests of further senders</p>\n",
                  (size_t)v->unknown);
    write_top(v, true, to);
    write_top(v, false, to);
    write_names(names, n_names, to);
}

void inputs_page(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct inputs_view v;
    struct spelling names[SPELLINGS_TOP];
    if (n->spec.inputs == NULL) {
        page_fail(r, 404, "There is nothing here", "This process takes nothing in.");
        return;
    }
    if (!inputs_read(n->spec.inputs, &v)) {
        page_fail(r, 503, "That did not work", "out of memory");
        return;
    }
    size_t n_names =
        n->spec.windows != NULL ? spellings_top(n->spec.windows, names) : 0;
    OWNED_BUF page = {0};
    page_open(&page, "Inputs");
    inputs_page_write(&v, names, n_names, n->spec.now(), &page);
    page_close(&page);
    inputs_view_free(&v);
    page_answer(r, 200, &page);
}

/* --- as JSON --- */

static void json_counts(const struct input_sender *s, struct jsonw *w)
{
    jsonw_int(w, "requests", (int64_t)s->requests);
    jsonw_int(w, "bytes", (int64_t)s->bytes);
    jsonw_int(w, "taken", (int64_t)s->taken);
    jsonw_int(w, "dropped", (int64_t)s->dropped);
    jsonw_instant(w, "first", s->first);
    jsonw_instant(w, "last", s->last);
    if (s->complaint[0] != '\0')
        jsonw_text(w, "complaint", s->complaint);
}

static void json_input(const struct inputs_view *v, enum input i, struct jsonw *w)
{
    jsonw_open(w, NULL);
    jsonw_text(w, "input", input_name(i));
    json_counts(&v->all[i], w);
    jsonw_open(w, "reasons");
    for (size_t k = 0; k < INPUTS_REASONS_MAX && v->reason[i][k].name != NULL; k++)
        jsonw_int(w, v->reason[i][k].name, (int64_t)v->reason[i][k].n);
    jsonw_close(w);
    jsonw_close(w);
}

void inputs_json_write(const struct inputs_view *v, const struct spelling *names,
                       size_t n_names, instant now, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_list(&w, "inputs");
    for (int i = 0; i < INPUT_N; i++)
        if (v->all[i].requests > 0)
            json_input(v, (enum input)i, &w);
    jsonw_end(&w);
    jsonw_list(&w, "senders");
    for (size_t i = 0; i < v->n; i++) {
        jsonw_open(&w, NULL);
        jsonw_text(&w, "input", input_name(v->sender[i].input));
        jsonw_text(&w, "who", v->sender[i].who);
        jsonw_bool(&w, "silent", input_is_silent(&v->sender[i], now));
        json_counts(&v->sender[i], &w);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_list(&w, "names");
    for (size_t i = 0; i < n_names; i++) {
        OWNED_BUF name = {0};
        buf_add_n(&name, names[i].name, names[i].n_name);
        jsonw_open(&w, NULL);
        jsonw_text(&w, "metric", buf_text(&name));
        jsonw_int(&w, "names", (int64_t)names[i].n);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_close(&w);
}

void inputs_json(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct inputs_view v;
    struct spelling names[SPELLINGS_TOP];
    OWNED_BUF json = {0};
    if (n->spec.inputs == NULL) {
        httpd_fail(r, 404, "this process takes nothing in");
        return;
    }
    if (!inputs_read(n->spec.inputs, &v)) {
        httpd_fail(r, 503, "out of memory");
        return;
    }
    size_t n_names =
        n->spec.windows != NULL ? spellings_top(n->spec.windows, names) : 0;
    inputs_json_write(&v, names, n_names, n->spec.now(), &json);
    inputs_view_free(&v);
    httpd_answer_buf(r, 200, "application/json; charset=utf-8", &json);
}
