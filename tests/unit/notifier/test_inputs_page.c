/* tests of notifier/pages/inputs */
#include "base/json.h"
#include "notifier/pages/inputs.h"
#include "tests/test.h"

static const instant t0 = {1795255200000};

static void note(struct inputs *in, const char *peer, int64_t s, uint64_t dropped)
{
    const struct input_note n = {.peer = peer,
                                 .taken = 1000,
                                 .dropped = dropped,
                                 .complaint = dropped > 0 ? "line 3: <b>bad</b>" : ""};
    inputs_note(in, INPUT_LINE, instant_add(t0, span_seconds(s)), &n);
}

TEST(the_silent_stand_first_and_strangers_words_are_no_markup)
{
    static const struct spelling names[] = {{"http.ms{user=1}", 7, 12345}};
    struct inputs *in = inputs_new();
    struct inputs_view v;
    OWNED_BUF page = {0};
    for (int i = 0; i < 10; i++)
        note(in, "10.0.0.1", 10 * i, 0);
    note(in, "10.0.0.2<i>", 1000, 7);
    const struct input_reason syntax = {"syntax", 5}, late = {"late", 2};
    inputs_reason(in, INPUT_LINE, &syntax);
    inputs_reason(in, INPUT_LINE, &late);
    CHECK(inputs_read(in, &v));
    inputs_page_write(&v, names, 1, instant_add(t0, span_seconds(1010)), &page);
    const char *silent = strstr(page.data, "<h2>Fallen silent</h2>");
    const char *all = strstr(page.data, "<h2>Inputs</h2>");
    const char *senders = strstr(page.data, "<h2>Senders</h2>");
    CHECK(silent != NULL && silent < all && all < senders);
    CHECK(strstr(silent, "10.0.0.1") < all);
    CHECK(strstr(senders, "10.0.0.2&lt;i&gt;") != NULL);
    CHECK(strstr(page.data, "line 3: &lt;b&gt;bad&lt;/b&gt;") != NULL);
    CHECK(strstr(page.data, "<b>") == NULL);
    CHECK(strstr(page.data, "<td>7<br><span class=\"quiet\">syntax 5, late 2</span>"));
    CHECK(strstr(page.data, "<h2>Most dropped</h2>") != NULL);
    CHECK(strstr(page.data, "<h2>Most sent</h2>") != NULL);
    CHECK(strstr(page.data, ">http.ms</th>") != NULL);
    CHECK(strstr(page.data, "15 minutes 20 seconds ago") != NULL);
    inputs_view_free(&v);
    inputs_free(&in);
}

TEST(before_anything_came_every_input_says_so)
{
    struct inputs *in = inputs_new();
    struct inputs_view v;
    OWNED_BUF page = {0};
    CHECK(inputs_read(in, &v));
    inputs_page_write(&v, NULL, 0, t0, &page);
    CHECK(strstr(page.data, "StatsD") != NULL);
    CHECK(strstr(page.data, "nothing yet") != NULL);
    CHECK(strstr(page.data, "Most sent") == NULL);
    inputs_view_free(&v);
    inputs_free(&in);
}

TEST(the_same_is_there_as_json)
{
    static const struct spelling names[] = {{"http.ms{user=1}", 7, 12345}};
    const struct input_reason syntax = {"syntax", 5};
    struct inputs *in = inputs_new();
    struct inputs_view v;
    struct err err = {0};
    OWNED_BUF json = {0};
    for (int i = 0; i < 10; i++)
        note(in, "10.0.0.1", 10 * i, 0);
    note(in, "10.0.0.2", 1000, 7);
    inputs_reason(in, INPUT_LINE, &syntax);
    CHECK(inputs_read(in, &v));
    inputs_json_write(&v, names, 1, instant_add(t0, span_seconds(1010)), &json);
    OWNED_JSON *doc = json_parse(buf_text(&json), json.len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(strstr(buf_text(&json), "{\"input\":\"line\",\"requests\":11,") != NULL);
    CHECK(strstr(buf_text(&json), "\"reasons\":{\"syntax\":5}") != NULL);
    CHECK(strstr(buf_text(&json), "\"who\":\"10.0.0.1\",\"silent\":true") != NULL);
    CHECK(strstr(buf_text(&json), "\"who\":\"10.0.0.2\",\"silent\":false") != NULL);
    CHECK(strstr(buf_text(&json), "{\"metric\":\"http.ms\",\"names\":12345}") != NULL);
    inputs_view_free(&v);
    inputs_free(&in);
}
