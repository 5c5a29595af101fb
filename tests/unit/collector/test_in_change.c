/* tests of collector/in_change: reading; how it answers over HTTP is
 * tests/unit/collector/ test_routes.c's */
#include "collector/in_change.h"
#include "tests/test.h"

static const instant now = {1795255200000};

static struct change_event *read_text(const char *text, struct err *err)
{
    return in_change_read(text, strlen(text), now, err);
}

TEST(an_event_is_read_and_its_time_is_now_unless_it_says_otherwise)
{
    struct err err = {0};
    OWNED_EVENT *e =
        read_text("{\"source\": \"d\", \"id\": \"1\", \"kind\": \"config\", "
                  "\"hosts\": [\"h2\", \"h1\"]}",
                  &err);
    CHECK(e != NULL);
    CHECK_TEXT(e->change_id, "1");
    CHECK_INT(e->time.ms, now.ms);
    CHECK_INT((long long)e->n_hosts, 2);
    CHECK_TEXT(e->host[0], "h1");
}

TEST(what_is_not_json_is_refused_with_its_place)
{
    struct err err = {0};
    CHECK(read_text("{\"source\": \"d\",\n \"id\": }", &err) == NULL);
    CHECK(strstr(err.text, "line 2") != NULL);
}

TEST(a_wrong_field_is_refused_by_its_name)
{
    struct err err = {0};
    CHECK(read_text("{\"source\": \"d\", \"id\": \"1\", \"kind\": \"reboot\", "
                    "\"service\": \"pay\"}",
                    &err) == NULL);
    CHECK(strstr(err.text, "kind") != NULL && strstr(err.text, "release") != NULL);
    err = (struct err){0};
    CHECK(read_text("[1, 2]", &err) == NULL);
    CHECK(strstr(err.text, "object") != NULL);
}
