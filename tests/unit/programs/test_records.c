#include "programs/records.h"

#include "tests/test.h"

#include <stdio.h>

static const instant now = {1795255200250}; /* 2026-11-21T10:00:00.250Z */

static const char *only(const struct pieces *p)
{
    CHECK_INT(p->n, 1);
    return buf_text(&p->at[0]);
}

static const struct calls_ask plain_calls = {.now = {1795255200250}};

static const char *calls(struct pieces *p, const char *text)
{
    struct err err = {0};
    pieces_free(p);
    if (records_calls(text, strlen(text), &plain_calls, p, &err) < 0)
        test_fail(__FILE__, __LINE__, "'%s': %s", text, err.text);
    return only(p);
}

static void no_calls(const char *text, const char *words)
{
    OWNED_PIECES p = {0};
    struct err err = {0};
    CHECK_INT(records_calls(text, strlen(text), &plain_calls, &p, &err), -1);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' says '%s', not '%s'", text, err.text,
                  words);
}

TEST(a_compact_line_is_a_call_record)
{
    OWNED_PIECES p = {0};
    CHECK_TEXT(calls(&p, "# what\n\nweb>pay:/charge -1001 12 340.5 91 callee_host=h1 "
                         "side=server\r\n"),
               "[{\"caller\":\"web\",\"callee\":\"pay\",\"iface\":\"/charge\","
               "\"code\":\"-1001\",\"count\":12,\"sum_ms\":340.5,\"max_ms\":91,"
               "\"outcome\":\"fail\",\"callee_host\":\"h1\",\"side\":\"server\","
               "\"ts\":\"2026-11-21T10:00:00.250Z\"}]\n");
    CHECK_TEXT(calls(&p, "a>b 0 1 ts=1795255100 span_s=60"),
               "[{\"caller\":\"a\",\"callee\":\"b\",\"code\":\"0\",\"count\":1,"
               "\"outcome\":\"ok\",\"ts\":\"2026-11-21T09:58:20Z\",\"span_s\":60}]\n");
    CHECK_TEXT(calls(&p, "a>b:10.0.0.1:80 0 1"),
               "[{\"caller\":\"a\",\"callee\":\"b\",\"iface\":\"10.0.0.1:80\","
               "\"code\":\"0\",\"count\":1,\"outcome\":\"ok\","
               "\"ts\":\"2026-11-21T10:00:00.250Z\"}]\n");
}

TEST(codes_have_the_outcome_that_they_usually_mean)
{
    static const struct {
        const char *code, *outcome;
    } cases[] = {{"0", "ok"},      {"ok", "ok"},    {"200", "ok"},
                 {"302", "ok"},    {"404", "fail"}, {"-1", "fail"},
                 {"3000", "fail"}, {"1", "fail"},   {"timeout", "timeout"},
                 {"2x0", "fail"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_PIECES p = {0};
        char line[80], want[80];
        snprintf(line, sizeof line, "a>b %s 1", cases[i].code);
        snprintf(want, sizeof want, "\"outcome\":\"%s\"", cases[i].outcome);
        CHECK(strstr(calls(&p, line), want) != NULL);
    }
    OWNED_PIECES p = {0};
    CHECK(strstr(calls(&p, "a>b 404 1 outcome=ok"), "\"outcome\":\"ok\"") != NULL);
}

TEST(a_bad_compact_line_is_told_with_its_number)
{
    no_calls("a>b 0 1\nnothing", "line 2: expected CALLER>CALLEE");
    no_calls("a>b 0", "line 1: expected CALLER>CALLEE:INTERFACE CODE COUNT");
    no_calls("a>b 0 many", "count: expected a number, got 'many'");
    no_calls("a>b 0 nan", "count: expected a number");
    no_calls("a>b 0 1 2 3 4", "'4': expected NAME=VALUE");
    no_calls("a>b 0 1 colour=red", "'colour=': expected outcome");
    no_calls("a>b 0 1 ts=never", "ts: ");
    no_calls(">b 0 1", "line 1");
    no_calls("", "there are no records");
    no_calls("# nothing\n", "there are no records");
    no_calls("[]", "no records");
}

TEST(json_calls_get_the_time_that_they_lack)
{
    OWNED_PIECES p = {0};
    const char *want = "[{\"ts\":\"2026-11-21T09:59:50.250Z\",\"caller\":\"a\","
                       "\"span_s\":10},\n{\"ts\":5,\"caller\":\"b\"}]\n";
    CHECK_TEXT(calls(&p, "[{\"caller\": \"a\", \"span_s\": 10},\n {\"ts\": 5, "
                         "\"caller\": \"b\"}]"),
               "[{\"ts\":\"2026-11-21T09:59:50.250Z\",\"caller\":\"a\",\"span_s\":10},"
               "\n{\"ts\":5,\"caller\":\"b\"}]\n");
    CHECK_TEXT(calls(&p, "{\"caller\": \"a\", \"span_s\": 10}\n\n{\"ts\": 5, "
                         "\"caller\": \"b\"}\n"),
               want);
    CHECK_TEXT(calls(&p, "{\n \"ts\": null,\n \"caller\": \"x\"}"),
               "[{\"ts\":\"2026-11-21T10:00:00.250Z\",\"caller\":\"x\"}]\n");
    no_calls("{\"a\": 1}\n{\"b\": }\n", "line 2: line 1, column");
    no_calls("{\"a\": ", "line 1, column");
}

TEST(flags_stand_in_for_members_that_are_missing)
{
    OWNED_PIECES p = {0};
    struct calls_ask ask = {.now = now, .callee_host = "h\"1", .span = "60"};
    const char text[] = "[{\"ts\":1,\"callee_host\":\"x\"},{\"ts\":1}]";
    CHECK_INT(records_calls(text, strlen(text), &ask, &p, NULL), 0);
    CHECK_TEXT(only(&p), "[{\"span_s\":60,\"ts\":1,\"callee_host\":\"x\"},\n"
                         "{\"span_s\":60,\"callee_host\":\"h\\\"1\",\"ts\":1}]\n");
    ask.span = "soon";
    CHECK_INT(records_calls(text, strlen(text), &ask, &p, NULL), -1);
}

TEST(many_records_become_several_requests_and_none_is_lost)
{
    OWNED_PIECES p = {0};
    OWNED_BUF text = {0};
    for (int i = 0; i < 2 * PIECE_RECORDS_MAX + 1; i++)
        buf_addf(&text, "a>b %d 1\n", i);
    CHECK_INT(records_calls(buf_text(&text), text.len, &plain_calls, &p, NULL), 0);
    CHECK_INT(p.n, 3);
    size_t records = 0;
    for (size_t i = 0; i < p.n; i++)
        for (const char *c = buf_text(&p.at[i]); (c = strstr(c, "\"code\"")) != NULL;
             c++)
            records++;
    CHECK_INT(records, 2 * PIECE_RECORDS_MAX + 1);
}

/* --- alarms --- */

static const char *alarm_of(struct pieces *p, struct alarm_form f)
{
    struct err err = {0};
    pieces_free(p);
    if (records_alarm_form(&f, now, p, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return only(p);
}

TEST(an_alarm_is_made_of_flags_and_speaks_nagios)
{
    OWNED_PIECES p = {0};
    CHECK_TEXT(alarm_of(&p, (struct alarm_form){.name = "Disk",
                                                .host = "h1",
                                                .state = "CRITICAL",
                                                .at = "1795255100",
                                                .labels = "fs=/var"}),
               "[{\"name\":\"Disk\",\"host\":\"h1\",\"time\":\"2026-11-21T09:58:20Z\","
               "\"state\":\"firing\",\"severity\":\"critical\","
               "\"labels\":{\"fs\":\"/var\"}}]\n");
    CHECK_TEXT(alarm_of(&p, (struct alarm_form){.name = "Disk",
                                                .service = "pay",
                                                .severity = "page",
                                                .state = "OK"}),
               "[{\"name\":\"Disk\",\"service\":\"pay\","
               "\"time\":\"2026-11-21T10:00:00.250Z\",\"state\":\"resolved\","
               "\"severity\":\"page\"}]\n");
}

TEST(a_bad_alarm_is_told_at_once)
{
    OWNED_PIECES p = {0};
    struct err err = {0};
    struct alarm_form f = {.name = "x", .host = "h", .state = "maybe"};
    CHECK_INT(records_alarm_form(&f, now, &p, &err), -1);
    CHECK(strstr(err.text, "--state") != NULL);
    f = (struct alarm_form){.name = "x"};
    err = (struct err){0};
    CHECK_INT(records_alarm_form(&f, now, &p, &err), -1);
    CHECK(strstr(err.text, "host") != NULL);
    f = (struct alarm_form){.name = "x", .host = "h", .at = "soon"};
    err = (struct err){0};
    CHECK_INT(records_alarm_form(&f, now, &p, &err), -1);
    CHECK(strstr(err.text, "--at") != NULL);
    f = (struct alarm_form){.name = "x", .host = "h", .labels = "a"};
    err = (struct err){0};
    CHECK_INT(records_alarm_form(&f, now, &p, &err), -1);
    CHECK(strstr(err.text, "--label") != NULL);
}

TEST(alarms_as_json_get_the_time_that_they_lack)
{
    OWNED_PIECES p = {0};
    const char text[] = "{\"name\": \"a\", \"host\": \"h\"}\n"
                        "{\"name\": \"b\", \"host\": \"h\", \"time\": "
                        "\"2026-11-21T09:00:00Z\"}\n";
    CHECK_INT(records_alarms(text, strlen(text), now, &p, NULL), 0);
    CHECK_TEXT(only(&p), "[{\"time\":\"2026-11-21T10:00:00.250Z\",\"name\":\"a\","
                         "\"host\":\"h\"},\n{\"name\":\"b\",\"host\":\"h\","
                         "\"time\":\"2026-11-21T09:00:00Z\"}]\n");
}

TEST(times_are_read_as_seconds_or_in_words)
{
    instant at;
    CHECK_INT(records_time("1795255200", &at, NULL), 0);
    CHECK_INT(at.ms, 1795255200000);
    CHECK_INT(records_time("1795255200.2519", &at, NULL), 0);
    CHECK_INT(at.ms, 1795255200251);
    CHECK_INT(records_time("2026-11-21T10:00:00Z", &at, NULL), 0);
    CHECK_INT(at.ms, 1795255200000);
    CHECK_INT(records_time("", &at, NULL), -1);
    CHECK_INT(records_time("12s", &at, NULL), -1);
    CHECK_INT(records_time("999999999999999999999", &at, NULL), -1);
}

/* --- metrics --- */

static const char *lines(struct pieces *p, struct lines_ask ask, const char *text)
{
    struct err err = {0};
    pieces_free(p);
    ask.now = now;
    ask.precision = ask.precision != NULL ? ask.precision : "s";
    if (records_lines(text, strlen(text), &ask, p, &err) < 0)
        test_fail(__FILE__, __LINE__, "'%s': %s", text, err.text);
    return only(p);
}

TEST(lines_without_a_time_get_the_present)
{
    OWNED_PIECES p = {0};
    const struct lines_ask none = {0};
    CHECK_TEXT(lines(&p, none, "cpu busy=1\ncpu busy=2 5\n"),
               "cpu busy=1 1795255200\ncpu busy=2 5\n");
    CHECK_TEXT(lines(&p, none, "# no\n\n  cpu busy=1\r\ncpu busy=2 "),
               "cpu busy=1 1795255200\ncpu busy=2 1795255200\n");
    CHECK_TEXT(lines(&p, (struct lines_ask){.precision = "ns"}, "cpu busy=1"),
               "cpu busy=1 1795255200250000000\n");
    CHECK_TEXT(lines(&p, none, "a\\ b,t=x\\ y f\\ g=1"),
               "a\\ b,t=x\\ y f\\ g=1 1795255200\n");
    CHECK_TEXT(lines(&p, none, "a t=\"x \\\" 1\ny\",b=2\nc d=1 7"),
               "a t=\"x \\\" 1\ny\",b=2 1795255200\nc d=1 7\n");
}

TEST(lines_get_the_tags_that_they_lack)
{
    OWNED_PIECES p = {0};
    const struct lines_ask tags = {.host = "h 1", .service = "pay"};
    CHECK_TEXT(lines(&p, tags,
                     "cpu busy=1 5\ncpu,host=x,a=b busy=2 5\n"
                     "cpu,xhost=y busy=3 5"),
               "cpu,host=h\\ 1,service=pay busy=1 5\n"
               "cpu,host=x,a=b,service=pay busy=2 5\n"
               "cpu,xhost=y,host=h\\ 1,service=pay busy=3 5\n");
}

TEST(lines_that_cannot_be_taken_apart_stay_as_they_are)
{
    OWNED_PIECES p = {0};
    const struct lines_ask none = {.host = "h"};
    CHECK_TEXT(lines(&p, none, "nonsense\ncpu \n"), "nonsense\ncpu \n");
    CHECK_TEXT(lines(&p, none, "a b=\"open\nc d=1"),
               "a,host=h b=\"open\nc d=1 1795255200\n");
    struct lines_ask ask = {.now = now, .precision = "s"};
    CHECK_INT(records_lines("#\n\n", 3, &ask, &p, NULL), -1);
}

TEST(samples_are_written_as_lines)
{
    const struct lines_ask ask = {
        .now = now, .precision = "s", .host = "h1", .service = "pay"};
    OWNED_BUF to = {0};
    CHECK_INT(records_sample("cpu.busy=31.5", &ask, &to, NULL), 0);
    CHECK_INT(records_sample("disk.io.util{device=sda,fs=/a b}=97", &ask, &to, NULL),
              0);
    CHECK_TEXT(buf_text(&to), "cpu,host=h1,service=pay busy=31.5 1795255200\n"
                              "disk,host=h1,service=pay,device=sda,fs=/a\\ b "
                              "io.util=97 1795255200\n");
    static const char *const bad[] = {
        "cpu.busy", "cpu=1",  "cpu.busy=", "cpu.busy=1x", "cpu.busy=nan",
        ".busy=1",  "cpu.=1", "a.b{c}=1",  "a.b{c=d=1",   "a.b=1\nc.d=2"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        OWNED_BUF none = {0};
        struct err err = {0};
        if (records_sample(bad[i], &ask, &none, &err) == 0)
            test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
        CHECK(err.text[0] != '\0');
    }
}
