/* tests of notifier/message */
#include "notifier/message.h"

#include "base/json.h"
#include "tests/unit/notifier/sample.h"

static struct json_doc *body_of(enum webhook_form f, const struct change *c,
                                const struct verdict *v, struct buf *text)
{
    struct err err = {0};
    struct report_input in = {.change = c,
                              .verdict = v,
                              .revisions = &v,
                              .n_revisions = 1,
                              .public_url = "https://ac.example.com"};
    OWNED_REPORT *r = report_new(&in, &err);
    OWNED_BUF again = {0};
    CHECK(r != NULL);
    message_write(f, r, text);
    message_write(f, r, &again);
    CHECK_TEXT(buf_text(&again), buf_text(text));
    struct json_doc *doc = json_parse(buf_text(text), text->len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s: %s\n%s", message_type(f), err.text,
                  buf_text(text));
    return doc;
}

/* The text at a path such as "data.change.kind"; numbers in it are places of a list. */
static const char *at(struct json_doc *doc, const char *path)
{
    struct json_at v = json_root(doc);
    char step[40];
    const char *text = NULL;
    while (*path != '\0') {
        size_t n = strcspn(path, ".");
        snprintf(step, sizeof step, "%.*s", (int)n, path);
        path += n + (path[n] == '.');
        struct json_at next;
        if (json_kind(&v) == JSON_KIND_LIST)
            next = json_item(&v, strtoul(step, NULL, 10));
        else if (!json_member(&v, step, &next))
            return NULL;
        v = next;
    }
    return json_text(&v, &text, NULL) == 0 ? text : NULL;
}

TEST(programs_get_the_change_and_the_verdict_in_the_envelope_they_know)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_BUF own = {0}, event = {0}, cd = {0};
    OWNED_JSON *a = body_of(WEBHOOK_JSON, c, v, &own);
    CHECK_TEXT(at(a, "change.change_id"), "8812");
    CHECK_TEXT(at(a, "verdict.grade"), "must-handle");
    CHECK_TEXT(at(a, "url"), "https://ac.example.com/changes/8812");
    OWNED_JSON *b = body_of(WEBHOOK_CLOUDEVENTS, c, v, &event);
    CHECK_TEXT(at(b, "specversion"), "1.0");
    CHECK_TEXT(at(b, "type"), "dev.aftercheck.verdict.v1");
    CHECK_TEXT(at(b, "subject"), "8812");
    CHECK_TEXT(at(b, "data.verdict.change_id"), "8812");
    OWNED_JSON *d = body_of(WEBHOOK_CDEVENTS, c, v, &cd);
    CHECK_TEXT(at(d, "data.context.type"), at(d, "type"));
    CHECK_TEXT(at(d, "data.context.id"), at(d, "id"));
    CHECK_TEXT(at(d, "data.subject.content.grade"), "must-handle");
    CHECK_TEXT(at(d, "data.customData.change.service"), "pay");
    CHECK_TEXT(message_type(WEBHOOK_CDEVENTS), "application/cloudevents+json");
}

TEST(a_gate_gets_go_no_go_or_nothing_yet)
{
    static const struct {
        enum grade grade;
        bool final;
        const char *words;
    } cases[] = {
        {GRADE_OK, true, "\"go\":true"},
        {GRADE_OK, false, "\"go\":null"},
        {GRADE_ATTENTION, true, "\"go\":true"},
        {GRADE_MUST_HANDLE, false, "\"go\":false"},
        {GRADE_MUST_HANDLE, true, "\"go\":false"},
        {GRADE_NOT_JUDGED, true, "\"go\":null"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_CHANGE *c = sample_change();
        OWNED_VERDICT *v = sample_verdict();
        OWNED_BUF text = {0};
        v->grade = cases[i].grade;
        v->final = cases[i].final;
        OWNED_JSON *doc = body_of(WEBHOOK_GATE, c, v, &text);
        CHECK(doc != NULL);
        if (strstr(buf_text(&text), cases[i].words) == NULL)
            test_fail(__FILE__, __LINE__, "%zu: %s", i, buf_text(&text));
    }
}

TEST(chats_get_what_matters_and_a_way_to_the_report)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_BUF slack = {0}, ding = {0}, wecom = {0}, note = {0};
    OWNED_JSON *a = body_of(WEBHOOK_SLACK, c, v, &slack);
    const char *text = at(a, "attachments.0.blocks.0.text.text");
    CHECK(text != NULL && strstr(text, "*Must handle*") != NULL);
    CHECK(strstr(text, "pay 2.4.1 -&gt; 2.5.0") != NULL);
    CHECK(strstr(text, "*Failing calls*") != NULL);
    CHECK(strstr(text,
                 "<https://ac.example.com/changes/8812|Open this report as a page>") !=
          NULL);
    OWNED_JSON *b = body_of(WEBHOOK_DINGTALK, c, v, &ding);
    text = at(b, "markdown.text");
    CHECK(strstr(text, "**Must handle**") != NULL);
    CHECK(strstr(text,
                 "[Open this report as a page](https://ac.example.com/changes/8812)"));
    OWNED_JSON *d = body_of(WEBHOOK_WECOM, c, v, &wecom);
    CHECK(strstr(at(d, "markdown.content"), "Failing calls") != NULL);
    OWNED_JSON *g = body_of(WEBHOOK_GRAFANA, c, v, &note);
    CHECK(strstr(buf_text(&note), "\"time\":1795255200000") != NULL);
    CHECK_TEXT(at(g, "tags.1"), "grade:must-handle");
    CHECK(strstr(at(g, "text"), "pay 2.4.1 -&gt; 2.5.0") != NULL);
}

TEST(hostile_texts_stay_texts_in_every_form)
{
    for (int f = 0; f < WEBHOOK_FORM_N; f++) {
        OWNED_CHANGE *c = sample_hostile_change();
        OWNED_VERDICT *v = sample_hostile_verdict();
        OWNED_BUF text = {0};
        OWNED_JSON *doc = body_of((enum webhook_form)f, c, v, &text);
        CHECK(doc != NULL);
        CHECK(strchr(buf_text(&text), '\n') == NULL);
        if (f == WEBHOOK_SLACK)
            CHECK(strstr(at(doc, "attachments.0.blocks.0.text.text"), "<script") ==
                  NULL);
        if (f == WEBHOOK_GRAFANA)
            CHECK(strstr(at(doc, "text"), "<script") == NULL);
        if (f == WEBHOOK_WECOM)
            CHECK(strlen(at(doc, "markdown.content")) <= MESSAGE_WECOM_BYTES_MAX);
    }
}
