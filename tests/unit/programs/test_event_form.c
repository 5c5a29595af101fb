#include "programs/event_form.h"

#include "tests/test.h"

static const char *event(struct buf *to, const struct event_form *f)
{
    struct err err = {0};
    buf_clear(to);
    if (event_form_write(f, to, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return buf_text(to);
}

TEST(flags_become_an_event)
{
    OWNED_BUF to = {0};
    const struct event_form f = {.program = "p",
                                 .source = "s",
                                 .change_id = "c",
                                 .kind = "release",
                                 .phase = "batch_finished",
                                 .hosts = "a,,b",
                                 .batch = "2/3",
                                 .from = "1",
                                 .labels = "x=1,y=a=b",
                                 .outcome = "failed",
                                 .exit_code = "3"};
    CHECK_TEXT(event(&to, &f),
               "{\"source\":\"s\",\"id\":\"c-batch_finished-2/3\",\"change_id\":\"c\","
               "\"kind\":\"release\",\"phase\":\"batch_finished\",\"hosts\":[\"a\","
               "\"b\"],\"artifact\":{\"from\":\"1\"},\"batch\":{\"no\":2,\"of\":3},"
               "\"labels\":{\"x\":\"1\",\"y\":\"a=b\"},\"outcome\":\"failed\","
               "\"exit_code\":3}");
}

TEST(an_event_without_ids_is_a_new_one_each_time)
{
    OWNED_BUF a = {0}, b = {0};
    const struct event_form f = {.program = "p", .source = "s"};
    CHECK(strcmp(event(&a, &f), event(&b, &f)) != 0);
}

TEST(the_flag_that_is_wrong_is_named)
{
    OWNED_BUF to = {0};
    struct err err = {0};
    struct event_form f = {.program = "p", .batch = "2"};
    CHECK_INT(event_form_write(&f, &to, &err), -1);
    CHECK(strstr(err.text, "--batch") != NULL);
    f = (struct event_form){.program = "p", .labels = "x"};
    err = (struct err){0};
    CHECK_INT(event_form_write(&f, &to, &err), -1);
    CHECK(strstr(err.text, "--label") != NULL);
}
