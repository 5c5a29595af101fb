#include "notifier/query.h"

#include "tests/test.h"

static const instant now = {1795255200000};

static int read(struct query_texts q, struct change_ask *ask, struct err *err)
{
    return query_read(&q, now, ask, err);
}

TEST(nothing_asked_is_the_first_page_of_all)
{
    struct change_ask ask;
    CHECK_INT(read((struct query_texts){.grade = "", .service = ""}, &ask, NULL), 0);
    CHECK(instant_is_none(ask.since) && ask.service == NULL && ask.after == NULL);
    CHECK_INT(ask.grade, GRADE_N);
    CHECK_INT(ask.limit, QUERY_LIMIT_DEFAULT);
}

TEST(since_is_a_time_or_a_length_back)
{
    struct change_ask ask;
    CHECK_INT(read((struct query_texts){.since = "2026-11-21T09:00:00Z"}, &ask, NULL),
              0);
    CHECK_INT(ask.since.ms, now.ms - 3600000);
    CHECK_INT(read((struct query_texts){.since = "24h"}, &ask, NULL), 0);
    CHECK_INT(ask.since.ms, now.ms - 86400000);
}

static void refused(struct query_texts q, const char *name)
{
    struct change_ask ask;
    struct err err = {0};
    CHECK_INT(read(q, &ask, &err), -1);
    if (strncmp(err.text, name, strlen(name)) != 0)
        test_fail(__FILE__, __LINE__, "'%s' does not begin with %s", err.text, name);
}

TEST(bad_values_are_refused_by_name)
{
    refused((struct query_texts){.since = "yesterday"}, "since:");
    refused((struct query_texts){.grade = "fine"}, "grade:");
    refused((struct query_texts){.limit = "0"}, "limit:");
    refused((struct query_texts){.limit = "501"}, "limit:");
    refused((struct query_texts){.limit = "-1"}, "limit:");
    refused((struct query_texts){.limit = "10x"}, "limit:");
    refused((struct query_texts){.limit = "99999999999999999999"}, "limit:");
}

TEST(the_next_page_keeps_the_filters)
{
    OWNED_BUF b = {0};
    struct query_texts q = {
        .since = "24h", .grade = "ok", .service = "a&b", .after = "old", .limit = "10"};
    query_next(&q, "new", &b);
    CHECK_TEXT(buf_text(&b), "since=24h&grade=ok&service=a%26b&limit=10&after=new");
}
