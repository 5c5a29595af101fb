#include "notifier/fmt_json.h"

#include "tests/unit/notifier/sample.h"

static struct json_doc *parse(const struct buf *b)
{
    struct err err = {0};
    struct json_doc *doc = json_parse(buf_text(b), b->len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s in %s", err.text, buf_text(b));
    return doc;
}

static const char *text_of(const struct json_at *obj, const char *key)
{
    struct json_at at;
    const char *text = NULL;
    json_member(obj, key, &at);
    CHECK_INT(json_text(&at, &text, NULL), 0);
    return text;
}

TEST(a_change_shows_its_verdict_and_revisions)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    const struct verdict *all[] = {v, v};
    OWNED_BUF b = {0};
    fmt_json(c, v, all, 2, &b);
    OWNED_JSON *doc = parse(&b);
    struct json_at root = json_root(doc), change, verdict, revisions;
    CHECK(json_member(&root, "change", &change));
    CHECK(json_member(&root, "verdict", &verdict));
    CHECK(json_member(&root, "revisions", &revisions));
    CHECK_TEXT(text_of(&change, "change_id"), "8812");
    CHECK_TEXT(text_of(&verdict, "grade"), "must-handle");
    CHECK_INT(json_count(&revisions), 2);
}

TEST(hostile_texts_are_still_json)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    const struct verdict *all[] = {v};
    OWNED_BUF b = {0};
    fmt_json(c, v, all, 1, &b);
    OWNED_JSON *doc = parse(&b);
    CHECK_INT(json_kind(&(struct json_at){.doc = doc, .value = json_root(doc).value}),
              JSON_KIND_OBJECT);
}

TEST(a_list_row_is_the_change_with_its_grade)
{
    OWNED_CHANGE *c = sample_change();
    struct change_row rows[2] = {{.change = c,
                                  .has_verdict = true,
                                  .grade = GRADE_OK,
                                  .revision = 3,
                                  .final = true,
                                  .decided_at = SAMPLE_START},
                                 {.change = c}};
    struct change_rows list = {.n = 2, .row = rows};
    OWNED_BUF b = {0};
    fmt_json_list(&list, &b);
    OWNED_JSON *doc = parse(&b);
    struct json_at root = json_root(doc), row = json_item(&root, 0), at;
    CHECK_INT(json_count(&root), 2);
    CHECK_TEXT(text_of(&row, "service"), "pay");
    CHECK_TEXT(text_of(&row, "grade"), "ok");
    CHECK_TEXT(text_of(&row, "decided_at"), "2026-11-21T10:00:00Z");
    row = json_item(&root, 1);
    CHECK_TEXT(text_of(&row, "grade"), "not-judged");
    CHECK(!json_member(&row, "decided_at", &at));
}

TEST(no_changes_are_an_empty_list)
{
    struct change_rows list = {0};
    OWNED_BUF b = {0};
    fmt_json_list(&list, &b);
    CHECK_TEXT(buf_text(&b), "[]\n");
}

TEST(before_any_look_the_verdict_says_so)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_BUF b = {0};
    fmt_json_verdict(c, NULL, &b);
    CHECK_TEXT(buf_text(&b),
               "{\"change_id\":\"8812\",\"grade\":\"not-judged\",\"revision\":0,"
               "\"final\":false,\"reason\":\"No look has been taken yet.\","
               "\"findings\":[]}\n");
}
