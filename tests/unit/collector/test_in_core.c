/* tests of collector/in_core: reading; how it answers over HTTP is test_routes.c's */
#include "collector/in_core.h"
#include "tests/test.h"

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct core *read_text(const char *text, struct err *err)
{
    return in_core_read(text, strlen(text), NOW, err);
}

TEST(a_record_is_read_from_the_bytes_of_a_request)
{
    struct err err = {0};
    OWNED_CORE *c =
        read_text("{\"host\":\"h1\",\"exe\":\"/opt/pay\",\"signal\":11}", &err);
    CHECK(c != NULL);
    CHECK_TEXT(c->host, "h1");
    CHECK_INT(c->time.ms, NOW.ms);
}

TEST(what_is_no_record_is_refused_with_its_place)
{
    struct err broken = {0}, list = {0}, late = {0};
    CHECK(read_text("{\"host\":", &broken) == NULL);
    CHECK(strstr(broken.text, "line 1, column") != NULL);
    CHECK(read_text("[1]", &list) == NULL);
    CHECK(strstr(list.text, "expected an object") != NULL);
    CHECK(read_text("{\"host\":\"h\",\"exe\":\"x\",\"signal\":11,"
                    "\"time\":\"2026-12-21T10:00:00Z\"}",
                    &late) == NULL);
    CHECK(strstr(late.text, "time (line 1, column") != NULL);
}
