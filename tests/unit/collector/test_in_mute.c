/* tests of collector/in_mute: reading; how it answers over HTTP is test_routes.c's */
#include "collector/in_mute.h"
#include "tests/test.h"

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct mute *read_text(const char *text, struct err *err)
{
    return in_mute_read(text, strlen(text), NOW, err);
}

TEST(a_mute_is_read_from_the_bytes_of_a_request)
{
    struct err err = {0};
    OWNED_MUTE *m = read_text(
        "{\"host\":\"h1\",\"author\":\"li\",\"reason\":\"known\",\"until\":\"2h\"}",
        &err);
    CHECK(m != NULL);
    CHECK_TEXT(m->host, "h1");
    CHECK_INT(m->until.ms, NOW.ms + 7200000);
}

TEST(what_is_no_mute_is_refused_with_its_place)
{
    struct err broken = {0}, list = {0}, endless = {0};
    CHECK(read_text("{\"host\":", &broken) == NULL);
    CHECK(strstr(broken.text, "line 1, column") != NULL);
    CHECK(read_text("[1]", &list) == NULL);
    CHECK(strstr(list.text, "expected an object") != NULL);
    CHECK(read_text("{\"host\":\"h1\",\"author\":\"li\",\"reason\":\"known\"}",
                    &endless) == NULL);
    CHECK(strstr(endless.text, "until (line 1, column 1): is missing") != NULL);
}
