/* tests of notifier/pages/mutes: the page and the note that leads to it */
#include "notifier/pages/mutes.h"

#include "tests/unit/notifier/store.h"

static const instant NOW = {1795255200000}; /* SAMPLE_START */

/* Made `minutes` before NOW (or for later, from `from` on). */
static struct mute *made(const char *rule, const char *reason, int64_t minutes,
                         const char *from, const char *until)
{
    OWNED_BUF json = {0};
    struct err err = {0};
    struct mute *m = NULL;
    struct jsonw w = {.to = &json};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "rule", rule);
    jsonw_text(&w, "author", "li");
    jsonw_text(&w, "reason", reason);
    if (from != NULL)
        jsonw_text(&w, "from", from);
    jsonw_text(&w, "until", until);
    jsonw_close(&w);
    OWNED_JSON *doc = json_parse(buf_text(&json), json.len, &err);
    struct json_at root = json_root(doc);
    if (mute_read(&root, (instant){NOW.ms - minutes * 60000}, &m, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return m;
}

static bool says(const struct buf *page, const char *words)
{
    return strstr(buf_text(page), words) != NULL;
}

TEST(mutes_stand_under_in_force_to_come_and_over)
{
    struct mute *list[] = {made("now.*", "disk is replaced", 10, NULL, "1h"),
                           made("later", "planned", 10, "2026-11-21T12:00:00Z", "1h"),
                           made("past", "is over", 90, NULL, "1h"),
                           made("ended", "is ended", 20, NULL, "1h")};
    struct mutes mutes = {4, list};
    OWNED_BUF page = {0}, note = {0};
    list[3]->ended_at = (instant){NOW.ms - 60000};
    list[3]->ended_by = strdup("wu");
    mutes_page_write(&mutes, NOW, &page);
    const char *in_force = strstr(buf_text(&page), "<h2>In force</h2>");
    const char *to_come = strstr(buf_text(&page), "<h2>To come</h2>");
    const char *over = strstr(buf_text(&page), "<h2>Over</h2>");
    CHECK(in_force != NULL && in_force < to_come && to_come < over);
    CHECK(strstr(in_force, "now.*") < to_come);
    CHECK(strstr(to_come, "later") < over);
    CHECK(strstr(over, "past") != NULL && strstr(over, "is ended") != NULL);
    CHECK(says(&page, "disk is replaced") && says(&page, ">li<"));
    CHECK(says(&page, "21 Nov 2026 10:50:00 UTC"));
    CHECK(says(&page, "ended 21 Nov 2026 09:59:00 UTC by wu"));
    mutes_page_note(&mutes, NOW, &note);
    CHECK(says(&note, "<a href=\"/mutes\">1 mute is in force</a>"));
    for (size_t i = 0; i < 4; i++)
        mute_free(&list[i]);
}

TEST(without_any_in_force_the_page_says_so_and_the_note_is_empty)
{
    struct mute *list[] = {made("past", "is over", 90, NULL, "1h")};
    struct mutes mutes = {1, list};
    OWNED_BUF page = {0}, note = {0};
    mutes_page_write(&mutes, NOW, &page);
    CHECK(says(&page, "No mute is in force."));
    CHECK(!says(&page, "In force"));
    mutes_page_note(&mutes, NOW, &note);
    CHECK_TEXT(buf_text(&note), "");
    mute_free(&list[0]);
}

TEST(of_those_that_are_over_so_many_are_shown)
{
    struct mute *one = made("past", "is over", 90, NULL, "1h");
    struct mute *list[MUTES_PAGE_OVER_MAX + 2];
    struct mutes mutes = {MUTES_PAGE_OVER_MAX + 2, list};
    OWNED_BUF page = {0};
    for (size_t i = 0; i < mutes.n; i++)
        list[i] = one;
    mutes_page_write(&mutes, NOW, &page);
    CHECK(says(&page, "and 2 more"));
    mute_free(&one);
}

TEST(the_words_of_strangers_are_escaped)
{
    struct mute *list[] = {
        made("<script>alert(1)</script>", "\"><img src=x>", 10, NULL, "1h")};
    struct mutes mutes = {1, list};
    OWNED_BUF page = {0};
    mutes_page_write(&mutes, NOW, &page);
    CHECK(!says(&page, "<script") && !says(&page, "<img"));
    CHECK(says(&page, "&lt;script&gt;alert(1)"));
    mute_free(&list[0]);
}
