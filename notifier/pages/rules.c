/* notifier/pages/rules.c - the rules in force as a page.  They are read out of the
 * ledger, where the stage that judges has put them.  HTTP threads. */
#include "notifier/pages/rules.h"

#include "base/jsonw.h"
#include "notifier/figure.h"
#include "notifier/html.h"
#include "notifier/notifier.h"
#include "notifier/pages/page.h"
#include "notifier/plain.h"

#include <errno.h>
#include <string.h>

enum { TEXT_CHARS = 2000, NAME_CHARS = 200 };

/* Rules are written by people, who paste from anywhere. */
static void text(struct buf *to, const char *words, size_t chars)
{
    OWNED_BUF plain = {0};
    plain_add(&plain, words, chars);
    html_text(to, buf_text(&plain));
}

/* The file's name without its folders. */
static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* --- one rule --- */

static void count(struct buf *to, uint64_t n, const char *words)
{
    if (n > 0)
        html_addf(to, "<span>%zu %s</span>", (size_t)n, words);
}

static void write_record(const struct rule_record *r, struct buf *to)
{
    if (r == NULL)
        return;
    buf_add(to, "<p class=\"parts record\">");
    count(to, r->must_handle, "must handle");
    count(to, r->attention, "attention");
    count(to, r->fine, "noted only");
    count(to, r->useful, "found useful");
    count(to, r->not_useful, "found not useful");
    buf_add(to, "</p>\n");
}

static void write_values(const struct pack_value *v, size_t n, struct buf *to)
{
    buf_add(to,
            "<div class=\"wide\" tabindex=\"0\"><table class=\"values\"><thead><tr>"
            "<th scope=\"col\">Field</th><th scope=\"col\" class=\"words\">Value</th>"
            "<th scope=\"col\" class=\"words\">From</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < n; i++) {
        /* they stand above in words */
        static const char *const told[] = {"why", "advice", "runbook", "owner"};
        bool known = false;
        for (size_t k = 0; k < sizeof told / sizeof *told; k++)
            known |= strcmp(v[i].path, told[k]) == 0;
        if (known)
            continue;
        html_addf(to, "<tr><th scope=\"row\">%s</th><td class=\"words\">", v[i].path);
        text(to, v[i].value, TEXT_CHARS);
        buf_add(to, "</td><td class=\"words quiet\">");
        text(to, v[i].whence, TEXT_CHARS);
        buf_add(to, "</td></tr>\n");
    }
    buf_add(to, "</tbody></table></div>\n");
}

static void fact(struct buf *to, const char *label, const char *words)
{
    if (words == NULL)
        return;
    html_addf(to, "<div><dt>%s</dt><dd>", label);
    OWNED_BUF plain = {0};
    plain_add(&plain, words, TEXT_CHARS);
    if (html_url_ok(buf_text(&plain)))
        html_addf(to, "<a href=\"%s\" rel=\"noopener noreferrer\">%s</a>",
                  buf_text(&plain), buf_text(&plain));
    else
        html_text(to, buf_text(&plain));
    buf_add(to, "</dd></div>\n");
}

static void write_overrides(const struct pack_rule *r, struct buf *to)
{
    char at[FIGURE_TEXT_MAX];
    for (size_t i = 0; i < r->n_overrides; i++) {
        const struct pack_override *o = &r->override[i];
        buf_add(to, "<p class=\"noted\">Override by ");
        text(to, o->by, NAME_CHARS);
        html_addf(to, " until %s: ", figure_time(LANGUAGE_EN, o->until, at));
        text(to, o->reason, TEXT_CHARS);
        buf_add(to, "<br><span class=\"quiet\">");
        text(to, o->what, TEXT_CHARS);
        html_addf(to, " (%s:%zu)</span></p>\n", file_name(o->file), (size_t)o->line);
    }
}

static void write_rule(const struct pack_rule *r, const struct rule_record *record,
                       struct buf *to)
{
    html_addf(to, "<details class=\"rule\" id=\"%s\"><summary><strong>", r->id);
    text(to, r->title, NAME_CHARS);
    buf_add(to, "</strong> <span class=\"quiet\">");
    text(to, r->id, NAME_CHARS);
    buf_add(to, "</span>");
    if (strcmp(r->mode, "shadow") == 0)
        buf_add(to, " <span class=\"shadow\">shadow: shown, never counted</span>");
    if (r->n_overrides > 0)
        buf_add(to, " <span class=\"shadow\">overridden for some</span>");
    buf_add(to, "</summary>\n<dl class=\"facts\">");
    fact(to, "Why", r->why);
    fact(to, "Advice", r->advice);
    fact(to, "Runbook", r->runbook);
    fact(to, "Owner", r->owner);
    buf_add(to, "</dl>\n");
    write_overrides(r, to);
    write_values(r->value, r->n_values, to);
    html_addf(to, "<p class=\"quiet\">%s:%zu, revision %zu</p></details>\n",
              file_name(r->file), (size_t)r->line, (size_t)r->rev);
    write_record(record, to);
}

/* --- the page --- */

static void write_windows(const struct pack *p, struct buf *to)
{
    if (p->n_windows == 0)
        return;
    buf_add(
        to,
        "<section><h2>Windows</h2><div class=\"wide\" tabindex=\"0\"><table><thead><tr>"
        "<th scope=\"col\">Kind of change</th>");
    for (size_t i = 0; i < p->windows[0].n_values; i++)
        html_addf(to, "<th scope=\"col\" class=\"words\">%s</th>",
                  p->windows[0].value[i].path);
    buf_add(to, "</tr></thead><tbody>\n");
    for (size_t k = 0; k < p->n_windows; k++) {
        html_addf(to, "<tr><th scope=\"row\">%s</th>", p->windows[k].kind);
        for (size_t i = 0; i < p->windows[k].n_values; i++)
            html_addf(to, "<td class=\"words\">%s</td>", p->windows[k].value[i].value);
        buf_add(to, "</tr>\n");
    }
    buf_add(to, "</tbody></table></div></section>\n");
}

void rules_page_write(const struct pack *p, const struct rule_records *records,
                      struct buf *to)
{
    char at[FIGURE_TEXT_MAX];
    buf_add(to, "<h1 class=\"list\">Rules in force</h1>\n<p>");
    text(to, p->name, NAME_CHARS);
    html_addf(to,
              " %s, %zu rules, since %s. Below a rule that "
              "spoke: of how many changes of the last %d days it said what, and how "
              "readers marked that.</p>\n",
              p->hash, p->n_rules, figure_time(LANGUAGE_EN, p->since, at),
              RULES_PAGE_DAYS);
    const char *file = "";
    for (size_t i = 0; i < p->n_rules; i++) {
        const struct pack_rule *r = &p->rule[i];
        if (strcmp(r->file, file) != 0) {
            html_addf(to, "%s<section><h2>%s</h2>\n", *file != '\0' ? "</section>" : "",
                      file_name(r->file));
            file = r->file;
        }
        write_rule(r, rule_records_find(records, r->id), to);
    }
    if (*file != '\0')
        buf_add(to, "</section>\n");
    write_windows(p, to);
}

/* --- as JSON --- */

static void text_if(struct jsonw *w, const char *key, const char *words)
{
    if (words != NULL)
        jsonw_text(w, key, words);
}

static void json_values(const struct pack_value *v, size_t n, struct jsonw *w)
{
    jsonw_list(w, "values");
    for (size_t i = 0; i < n; i++) {
        jsonw_open(w, NULL);
        jsonw_text(w, "path", v[i].path);
        jsonw_text(w, "value", v[i].value);
        jsonw_text(w, "from", v[i].whence);
        jsonw_close(w);
    }
    jsonw_end(w);
}

static void json_overrides(const struct pack_rule *r, struct jsonw *w)
{
    jsonw_list(w, "overrides");
    for (size_t i = 0; i < r->n_overrides; i++) {
        const struct pack_override *o = &r->override[i];
        jsonw_open(w, NULL);
        jsonw_text(w, "what", o->what);
        jsonw_text(w, "by", o->by);
        jsonw_instant(w, "until", o->until);
        jsonw_text(w, "reason", o->reason);
        jsonw_text(w, "file", o->file);
        jsonw_int(w, "line", o->line);
        jsonw_close(w);
    }
    jsonw_end(w);
}

static void json_record(const struct rule_record *r, struct jsonw *w)
{
    const struct rule_record none = {0};
    if (r == NULL)
        r = &none;
    jsonw_open(w, "record");
    jsonw_int(w, "days", RULES_PAGE_DAYS);
    jsonw_int(w, "must_handle", (int64_t)r->must_handle);
    jsonw_int(w, "attention", (int64_t)r->attention);
    jsonw_int(w, "noted", (int64_t)r->fine);
    jsonw_int(w, "useful", (int64_t)r->useful);
    jsonw_int(w, "not_useful", (int64_t)r->not_useful);
    jsonw_close(w);
}

static void json_rule(const struct pack_rule *r, const struct rule_record *record,
                      struct jsonw *w)
{
    jsonw_open(w, NULL);
    jsonw_text(w, "id", r->id);
    jsonw_text(w, "title", r->title);
    jsonw_text(w, "about", r->about);
    jsonw_text(w, "mode", r->mode);
    jsonw_int(w, "rev", r->rev);
    jsonw_text(w, "file", r->file);
    jsonw_int(w, "line", r->line);
    text_if(w, "why", r->why);
    text_if(w, "advice", r->advice);
    text_if(w, "runbook", r->runbook);
    text_if(w, "owner", r->owner);
    json_values(r->value, r->n_values, w);
    json_overrides(r, w);
    json_record(record, w);
    jsonw_close(w);
}

void rules_json_write(const struct pack *p, const struct rule_records *records,
                      struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "name", p->name);
    jsonw_text(&w, "hash", p->hash);
    jsonw_instant(&w, "since", p->since);
    jsonw_list(&w, "windows");
    for (size_t i = 0; i < p->n_windows; i++) {
        jsonw_open(&w, NULL);
        jsonw_text(&w, "kind", p->windows[i].kind);
        json_values(p->windows[i].value, p->windows[i].n_values, &w);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_list(&w, "rules");
    for (size_t i = 0; i < p->n_rules; i++)
        json_rule(&p->rule[i], rule_records_find(records, p->rule[i].id), &w);
    jsonw_end(&w);
    jsonw_close(&w);
}

/* --- serving --- */

/* Both, or neither. */
static struct pack *gather(const struct notifier *n, struct rule_records *records,
                           struct err *err)
{
    instant since = {n->spec.now().ms - RULES_PAGE_DAYS * INT64_C(86400000)};
    struct pack *p = ledger_pack(n->spec.ledger, NULL, err);
    if (p != NULL && ledger_records(n->spec.ledger, since, records, err) < 0)
        pack_free(&p);
    return p;
}

void rules_page(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    struct rule_records records = {0};
    OWNED_PACK *p = gather(n, &records, &err);
    if (p == NULL) {
        bool none = err.code == ENOENT;
        page_fail(r, none ? 404 : 500, none ? "No rules yet" : "That did not work",
                  none ? "No rules have come into force here so far." : err.text);
        return;
    }
    OWNED_BUF page = {0};
    page_open(&page, "Rules in force");
    const char *notice = atomic_load(&n->notice);
    if (notice != NULL)
        html_addf(&page, "<p class=\"mutes\">%s</p>\n", notice);
    rules_page_write(p, &records, &page);
    rule_records_free(&records);
    page_close(&page);
    page_answer(r, 200, &page);
}

void rules_json(struct httpd_req *r, void *app)
{
    struct notifier *n = notifier_of(app);
    struct err err = {0};
    struct rule_records records = {0};
    OWNED_PACK *p = gather(n, &records, &err);
    if (p == NULL) {
        httpd_fail(r, err.code == ENOENT ? 404 : 500, "%s", err.text);
        return;
    }
    OWNED_BUF json = {0};
    rules_json_write(p, &records, &json);
    rule_records_free(&records);
    httpd_answer_buf(r, 200, "application/json; charset=utf-8", &json);
}
