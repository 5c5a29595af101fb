/* notifier/message.c - bodies for webhooks, chats and annotations.  Pure; any thread.
 */
#include "notifier/message.h"

#include "base/jsonw.h"
#include "notifier/phrases.h"
#include "notifier/plain.h"

#include <assert.h>
#include <string.h>

const char *message_type(enum webhook_form f)
{
#define X(id, name, type, help) [WEBHOOK_##id] = type,
    static const char *const types[WEBHOOK_FORM_N] = {WEBHOOK_FORMS(X)};
#undef X
    return types[f];
}

/* --- for programs --- */

static void write_members(const struct report *r, struct jsonw *w)
{
    change_write(r->change, "change", w);
    verdict_write_into(r->verdict, "verdict", false, w);
    jsonw_text(w, "url", r->page_url);
}

static void write_json(const struct report *r, struct jsonw *w)
{
    jsonw_open(w, NULL);
    write_members(r, w);
    jsonw_close(w);
}

/* One revision may be told twice, as made and as final: two events. */
static void event_id(const struct report *r, struct buf *to)
{
    buf_addf(to, "%s/%d%s", r->change->change_id, r->verdict->revision,
             r->verdict->final ? "/final" : "");
}

static void write_cloudevents(const struct report *r, struct jsonw *w)
{
    OWNED_BUF id = {0};
    event_id(r, &id);
    jsonw_open(w, NULL);
    jsonw_text(w, "specversion", "1.0");
    jsonw_text(w, "id", buf_text(&id));
    jsonw_text(w, "source", "/aftercheck");
    jsonw_text(w, "type", "dev.aftercheck.verdict.v1");
    jsonw_text(w, "subject", r->change->change_id);
    jsonw_instant(w, "time", r->verdict->decided_at);
    jsonw_text(w, "datacontenttype", "application/json");
    jsonw_open(w, "data");
    write_members(r, w);
    jsonw_close(w);
    jsonw_close(w);
}

/* A CDEvents message is the data of a CloudEvent whose id, source, type and time it
 * repeats ("CloudEvents binding"). */
static void write_cdevents(const struct report *r, struct jsonw *w)
{
    static const char type[] = "dev.cdeventsx.aftercheck-verdict.published.0.1.0";
    OWNED_BUF id = {0};
    event_id(r, &id);
    jsonw_open(w, NULL);
    jsonw_text(w, "specversion", "1.0");
    jsonw_text(w, "id", buf_text(&id));
    jsonw_text(w, "source", "/aftercheck");
    jsonw_text(w, "type", type);
    jsonw_text(w, "subject", r->change->change_id);
    jsonw_instant(w, "time", r->verdict->decided_at);
    jsonw_text(w, "datacontenttype", "application/json");
    jsonw_open(w, "data");
    jsonw_open(w, "context");
    jsonw_text(w, "version", "0.4.1");
    jsonw_text(w, "id", buf_text(&id));
    jsonw_text(w, "source", "/aftercheck");
    jsonw_text(w, "type", type);
    jsonw_instant(w, "timestamp", r->verdict->decided_at);
    jsonw_close(w);
    jsonw_open(w, "subject");
    jsonw_text(w, "id", r->change->change_id);
    jsonw_text(w, "type", "aftercheck-verdict");
    jsonw_open(w, "content");
    jsonw_text(w, "grade", grade_name(r->grade));
    jsonw_bool(w, "final", r->verdict->final);
    jsonw_close(w);
    jsonw_close(w);
    jsonw_open(w, "customData");
    write_members(r, w);
    jsonw_close(w);
    jsonw_text(w, "customDataContentType", "application/json");
    jsonw_close(w);
    jsonw_close(w);
}

/* The numbers of enum grade are the contract's exit codes. */
static void write_gate(const struct report *r, struct jsonw *w)
{
    const struct verdict *v = r->verdict;
    jsonw_open(w, NULL);
    jsonw_text(w, "change_id", r->change->change_id);
    jsonw_text(w, "parent_id", r->change->parent_id);
    jsonw_text(w, "service", r->change->service);
    jsonw_text(w, "grade", grade_name(r->grade));
    jsonw_int(w, "exit_code", (int)r->grade);
    if (r->grade == GRADE_MUST_HANDLE)
        jsonw_bool(w, "go", false);
    else if (v->final && r->grade != GRADE_NOT_JUDGED)
        jsonw_bool(w, "go", true);
    else
        jsonw_null(w, "go");
    jsonw_bool(w, "final", v->final);
    jsonw_int(w, "revision", v->revision);
    jsonw_text(w, "because", r->n_top > 0 ? r->top[0].sentence : r->lead);
    jsonw_text(w, "url", r->page_url);
    jsonw_close(w);
}

static void tag(struct jsonw *w, const char *key, const char *value)
{
    OWNED_BUF text = {0};
    if (value == NULL)
        return;
    buf_addf(&text, "%s:", key);
    plain_add(&text, value, REPORT_NAME_CHARS);
    jsonw_text(w, NULL, buf_text(&text));
}

/* Grafana shows the text as HTML. */
static void add_markup(struct buf *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            buf_add(to, "&lt;");
        else if (*text == '>')
            buf_add(to, "&gt;");
        else if (*text == '&')
            buf_add(to, "&amp;");
        else
            buf_add_ch(to, *text);
    }
}

static void write_grafana(const struct report *r, struct jsonw *w)
{
    OWNED_BUF text = {0};
    buf_addf(&text, "%s ", r->grade_sign);
    add_markup(&text, r->grade_words);
    buf_add(&text, ": ");
    add_markup(&text, r->title);
    buf_add(&text, "<br>");
    add_markup(&text, r->n_top > 0 ? r->top[0].sentence : r->lead);
    jsonw_open(w, NULL);
    jsonw_int(w, "time", r->change->start.ms);
    jsonw_int(w, "timeEnd", r->verdict->decided_at.ms);
    jsonw_list(w, "tags");
    jsonw_text(w, NULL, "aftercheck");
    tag(w, "grade", grade_name(r->grade));
    tag(w, "kind", change_kind_name(r->change->kind));
    tag(w, "service", r->change->service);
    tag(w, "change", r->change->change_id);
    jsonw_end(w);
    jsonw_text(w, "text", buf_text(&text));
    jsonw_close(w);
}

/* --- for people in chats --- */

/* How a chat wants its text: what stands for characters that mean something there. */
struct manner {
    const char *lt, *gt, *amp, *bold_open, *bold_close, *line_end;
    bool brackets; /* "[words](address)" is a link */
};
/* Slack escapes three characters ("Formatting text for app surfaces"), which also keeps
 * <!channel> and <@user> from meaning anyone. */
static const struct manner slack = {"&lt;", "&gt;", "&amp;", "*", "*", "\n", false};
/* The robots know no escapes: look-alikes stand for what would be markup. */
static const struct manner markdown = {"＜", "＞", "&", "**", "**", "\n\n", true};

static void say(struct buf *to, const struct manner *m, const char *text)
{
    for (; *text != '\0'; text++) {
        switch (*text) {
        case '<':
            buf_add(to, m->lt);
            break;
        case '>':
            buf_add(to, m->gt);
            break;
        case '&':
            buf_add(to, m->amp);
            break;
        case '[':
            buf_add(to, m->brackets ? "［" : "[");
            break;
        case ']':
            buf_add(to, m->brackets ? "］" : "]");
            break;
        case '*':
        case '`':
            buf_add_ch(to, '\'');
            break;
        default:
            buf_add_ch(to, *text);
        }
    }
}

static void say_bold(struct buf *to, const struct manner *m, const char *text)
{
    buf_add(to, m->bold_open);
    say(to, m, text);
    buf_add(to, m->bold_close);
}

static void say_head(struct buf *to, const struct manner *m, const struct report *r)
{
    buf_addf(to, "%s ", r->grade_sign);
    say_bold(to, m, r->grade_words);
    buf_add(to, phrase(r->language, PHRASE_COLON));
    say(to, m, r->title);
}

/* One of the weightiest findings, as a line of its own. */
static void say_top(struct buf *to, const struct manner *m, const struct report_top *t)
{
    buf_add(to, m->line_end);
    buf_addf(to, "%s ", report_grade_sign(t->grade));
    say_bold(to, m, t->title);
    buf_add(to, " ");
    say(to, m, t->sentence);
}

static void say_link(struct buf *to, const struct manner *m, const struct report *r)
{
    const char *words = phrase(r->language, PHRASE_OPEN_AS_PAGE);
    if (r->page_url == NULL)
        return;
    buf_add(to, m->line_end);
    /* checked to be an address of http without quotes or white space */
    if (m->brackets)
        buf_addf(to, "[%s](%s)", words, r->page_url);
    else
        buf_addf(to, "<%s|%s>", r->page_url, words);
}

/* The text with `n_top` of the findings. */
static void say_some(struct buf *to, const struct manner *m, const struct report *r,
                     size_t n_top)
{
    say_head(to, m, r);
    buf_add(to, m->line_end);
    say(to, m, r->lead);
    for (size_t i = 0; i < n_top; i++)
        say_top(to, m, &r->top[i]);
    if (r->n_todo > 0 && r->todo[0].advice != NULL) {
        buf_add(to, m->line_end);
        say_bold(to, m, r->todo[0].advice);
    }
    say_link(to, m, r);
}

/* Findings are left out until it fits. */
static void say_all(struct buf *to, const struct manner *m, const struct report *r,
                    size_t bytes_max)
{
    size_t n = r->n_top + 1;
    do {
        buf_clear(to);
        say_some(to, m, r, --n);
    } while (n > 0 && to->len > bytes_max);
}

static void write_slack(const struct report *r, struct jsonw *w)
{
    static const char *const colours[GRADE_N] = {[GRADE_OK] = "#067647",
                                                 [GRADE_ATTENTION] = "#a15c07",
                                                 [GRADE_MUST_HANDLE] = "#b42318",
                                                 [GRADE_NOT_JUDGED] = "#475467"};
    OWNED_BUF head = {0}, all = {0};
    say_head(&head, &slack, r);
    say_all(&all, &slack, r, MESSAGE_SLACK_BYTES_MAX);
    jsonw_open(w, NULL);
    jsonw_text(w, "text", buf_text(&head)); /* for notifications */
    jsonw_list(w, "attachments");
    jsonw_open(w, NULL);
    jsonw_text(w, "color", colours[r->grade]);
    jsonw_list(w, "blocks");
    jsonw_open(w, NULL);
    jsonw_text(w, "type", "section");
    jsonw_open(w, "text");
    jsonw_text(w, "type", "mrkdwn");
    jsonw_text(w, "text", buf_text(&all));
    jsonw_close(w);
    jsonw_close(w);
    jsonw_end(w);
    jsonw_close(w);
    jsonw_end(w);
    jsonw_close(w);
}

static void write_dingtalk(const struct report *r, struct jsonw *w)
{
    OWNED_BUF title = {0}, text = {0};
    buf_addf(&title, "%s ", r->grade_sign);
    say(&title, &markdown, r->grade_words);
    say_all(&text, &markdown, r, MESSAGE_DINGTALK_BYTES_MAX);
    jsonw_open(w, NULL);
    jsonw_text(w, "msgtype", "markdown");
    jsonw_open(w, "markdown");
    jsonw_text(w, "title", buf_text(&title));
    jsonw_text(w, "text", buf_text(&text));
    jsonw_close(w);
    jsonw_close(w);
}

static void write_wecom(const struct report *r, struct jsonw *w)
{
    OWNED_BUF text = {0};
    say_all(&text, &markdown, r, MESSAGE_WECOM_BYTES_MAX);
    jsonw_open(w, NULL);
    jsonw_text(w, "msgtype", "markdown");
    jsonw_open(w, "markdown");
    jsonw_text(w, "content", buf_text(&text));
    jsonw_close(w);
    jsonw_close(w);
}

void message_write(enum webhook_form f, const struct report *r, struct buf *to)
{
    static void (*const writers[WEBHOOK_FORM_N])(const struct report *,
                                                 struct jsonw *) = {
        [WEBHOOK_JSON] = write_json,         [WEBHOOK_CLOUDEVENTS] = write_cloudevents,
        [WEBHOOK_CDEVENTS] = write_cdevents, [WEBHOOK_GATE] = write_gate,
        [WEBHOOK_GRAFANA] = write_grafana,   [WEBHOOK_SLACK] = write_slack,
        [WEBHOOK_DINGTALK] = write_dingtalk, [WEBHOOK_WECOM] = write_wecom,
    };
    struct jsonw w = {.to = to};
    assert(f < WEBHOOK_FORM_N && r->verdict != NULL);
    writers[f](r, &w);
}
