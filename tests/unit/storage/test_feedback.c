/* tests of storage/feedback */
#include "storage/feedback.h"
#include "tests/test.h"

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct feedback *read_text(const char *text, struct err *err)
{
    OWNED_JSON *doc = json_parse(text, strlen(text), err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    struct feedback *f = NULL;
    return feedback_read(&root, "c1", NOW, &f, err) == 0 ? f : NULL;
}

TEST(a_mark_is_read_and_written)
{
    struct err err = {0};
    OWNED_FEEDBACK *f =
        read_text("{\"rule\":\"cpu.high\",\"useful\":false,\"by\":\"li\"}", &err);
    CHECK(f != NULL);
    OWNED_BUF text = {0};
    struct jsonw w = {.to = &text};
    feedback_write(f, NULL, &w);
    CHECK_TEXT(buf_text(&text),
               "{\"change_id\":\"c1\",\"rule\":\"cpu.high\",\"useful\":false,"
               "\"by\":\"li\",\"at\":\"2026-11-21T10:00:00Z\"}");
}

TEST(what_is_no_mark_is_refused_with_field_and_place)
{
    static const struct {
        const char *text, *says;
    } cases[] = {
        {"[]", "expected an object"},
        {"{\"useful\":true,\"by\":\"li\"}", "rule (line 1, column 1): is missing"},
        {"{\"rule\":\"\",\"useful\":true,\"by\":\"li\"}", "is empty"},
        {"{\"rule\":\"a\",\"useful\":true}", "by (line 1, column 1): is missing"},
        {"{\"rule\":\"a\",\"by\":\"li\"}", "useful (line 1, column 1): is missing"},
        {"{\"rule\":\"a\",\"by\":\"li\",\"useful\":\"yes\"}", "useful (line 1"},
        {"{\"rule\":\"a\",\"by\":\"li\",\"useful\":true,\"why\":1}",
         "there is no such field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        CHECK(read_text(cases[i].text, &err) == NULL);
        if (strstr(err.text, cases[i].says) == NULL)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].text, err.text);
    }
}
