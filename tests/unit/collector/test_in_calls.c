/* tests of collector/in_calls */
#include "collector/in_calls.h"
#include "tests/unit/collector/text_sink.h"

static const instant now = {1795255200000};

static struct text_sink out;
static struct in_calls_result result;
static struct in_calls *calls;
static struct err err;

static void end(void)
{
    text_sink_free(&out);
    in_calls_free(&calls);
}

static void start(void)
{
    end();
    result = (struct in_calls_result){0};
    err = (struct err){0};
    calls = in_calls_new();
}

static int take(const char *text)
{
    struct sink sink = text_sink(&out);
    struct in_calls_ask ask = {now, intake_bounds(now)};
    int rc = in_calls_read(calls, &sink, text, strlen(text), &ask, &result, &err);
    CHECK(tally_balances(&result.tally));
    return rc;
}

/* What the sink is given for this text alone. */
#define READS(text, want)                                                              \
    do {                                                                               \
        start();                                                                       \
        CHECK_INT(take(text), 0);                                                      \
        CHECK_TEXT(result.first, "");                                                  \
        CHECK_TEXT(buf_text(&out.out), want);                                          \
        end();                                                                         \
    } while (0)

/* The complaint about this text alone; of it nothing is stored. */
#define REFUSES(text, reason, want)                                                    \
    do {                                                                               \
        start();                                                                       \
        CHECK_INT(take(text), 0);                                                      \
        CHECK_TEXT(result.first, want);                                                \
        CHECK_INT(result.tally.dropped[reason], 1);                                    \
        CHECK_TEXT(buf_text(&out.out), "");                                            \
        end();                                                                         \
    } while (0)

#define BASE "\"caller\":\"web\",\"callee\":\"pay\",\"code\":\"0\",\"outcome\":\"ok\""

TEST(a_record_becomes_counts_and_milliseconds_of_its_edge)
{
    READS("{\"ts\": \"2026-11-21T09:59:50Z\", \"span_s\": 10, \"caller\": \"web\","
          "\"callee\": \"pay\", \"iface\": \"charge\", \"caller_host\": \"w1\","
          "\"callee_host\": \"p1\", \"code\": \"-1001\", \"outcome\": \"fail\","
          "\"count\": 12, \"sum_ms\": 340.5, \"max_ms\": 91, \"side\": \"server\"}",
          "web(w1)->pay(p1):charge by server @1795255190000: fail -1001+=12 "
          "ms+=340.5 ms.max^=91\n");
}

TEST(only_the_essentials_are_required)
{
    READS("[{" BASE ",\"count\":1}]",
          "web()->pay(): by client @1795255200000: ok 0+=1\n");
    READS("[]", "");
}

TEST(a_record_without_a_time_ends_now)
{
    READS("{" BASE ",\"count\":1,\"span_s\":60}",
          "web()->pay(): by client @1795255140000: ok 0+=1\n");
}

TEST(a_code_may_be_a_number)
{
    READS("{\"caller\":\"a\",\"callee\":\"b\",\"code\":-1001,\"outcome\":\"timeout\","
          "\"count\":2}",
          "a()->b(): by client @1795255200000: timeout -1001+=2\n");
}

TEST(epoch_times_are_seconds_or_milliseconds_by_their_size)
{
    READS("{" BASE ",\"count\":1,\"ts\":1795255100}",
          "web()->pay(): by client @1795255100000: ok 0+=1\n");
    READS("{" BASE ",\"count\":1,\"ts\":1795255100.25}",
          "web()->pay(): by client @1795255100250: ok 0+=1\n");
    READS("{" BASE ",\"count\":1,\"ts\":1795255100250}",
          "web()->pay(): by client @1795255100250: ok 0+=1\n");
}

TEST(bad_records_are_named_with_field_and_place)
{
    REFUSES("{" BASE "}", DROP_SYNTAX,
            "the document (line 1, column 1): 'count' is missing");
    REFUSES("[{" BASE ",\"count\":1.5}]", DROP_SYNTAX,
            "[0].count (line 1, column 67): expected a whole number, got 1.5");
    REFUSES("[\n{" BASE ",\"count\":-1}]", DROP_SYNTAX,
            "[0].count (line 2, column 66): expected a count of 0 or more, got -1");
    REFUSES("{" BASE ",\"count\":1,\"side\":\"both\"}", DROP_SYNTAX,
            "side (line 1, column 75): expected one of client, server, got 'both'");
    REFUSES("{" BASE ",\"count\":1,\"sum_ms\":-3}", DROP_SYNTAX,
            "sum_ms (line 1, column 77): expected milliseconds of 0 or more, got -3");
    REFUSES("{" BASE ",\"count\":1,\"max_ms\":1e300}", DROP_NOT_FINITE,
            "max_ms (line 1, column 77): expected milliseconds below 1e38, got 1e+300");
    REFUSES("{" BASE ",\"count\":1,\"span_s\":7200}", DROP_SYNTAX,
            "span_s (line 1, column 77): expected 0 to 3600 seconds, got 7200");
    REFUSES("{" BASE ",\"count\":1,\"ts\":\"today\"}", DROP_SYNTAX,
            "ts (line 1, column 73): 'today' is not a time such as "
            "2026-11-21T10:00:00Z");
    REFUSES("{" BASE ",\"count\":1,\"ts\":1e300}", DROP_SYNTAX,
            "ts (line 1, column 73): expected seconds or milliseconds since 1970, got "
            "1e+300");
    REFUSES(
        "{" BASE ",\"count\":1,\"ts\":1}", DROP_TOO_OLD,
        "ts (line 1, column 73): 1970-01-01T00:00:01Z: its time is more than 30 days "
        "ago");
    REFUSES("{" BASE ",\"count\":1,\"ts\":\"2026-11-21T10:11:00Z\"}", DROP_FUTURE,
            "ts (line 1, column 73): 2026-11-21T10:11:00Z: its time is more than 10 "
            "minutes ahead");
    REFUSES("{" BASE ",\"count\":1,\"iface\":\"a\\nb\"}", DROP_NAME,
            "iface (line 1, column 76): has a control character at byte 2");
    REFUSES("{\"caller\":\"\",\"callee\":\"b\"}", DROP_NAME,
            "caller (line 1, column 11): is empty");
    REFUSES("[7]", DROP_SYNTAX,
            "[0] (line 1, column 2): expected a record as an object");
}

TEST(good_records_of_a_bad_list_are_kept)
{
    start();
    CHECK_INT(take("[{" BASE ",\"count\":1},{},{" BASE ",\"count\":2},{}]"), 0);
    CHECK_TEXT(buf_text(&out.out), "web()->pay(): by client @1795255200000: ok 0+=1\n"
                                   "web()->pay(): by client @1795255200000: ok 0+=2\n");
    struct buf b = {0};
    in_calls_write_error(&result, &b);
    CHECK_TEXT(buf_text(&b), "[1] (line 1, column 70): 'caller' is missing; 2 of 4 "
                             "records refused");
    buf_free(&b);
    end();
}

TEST(what_is_no_record_at_all_is_refused_whole)
{
    start();
    CHECK_INT(take("7"), -1);
    CHECK_TEXT(err.text,
               "the document (line 1, column 1): expected a call record as an "
               "object, or a list of them");
    start();
    CHECK_INT(take("{"), -1);
    CHECK(err.code != 0);
    end();
}

TEST(too_many_values_are_refused_before_they_are_parsed)
{
    start();
    size_t n = CALLS_VALUES_MAX + 10;
    char *text = malloc(n + 1);
    memset(text, ',', n);
    text[n] = '\0';
    CHECK_INT(take(text), -1);
    CHECK_TEXT(err.text, "more than 1048576 JSON values in one request; send fewer "
                         "records at a time");
    free(text);
    end();
}

TEST(further_codes_of_an_edge_are_called_other)
{
    start();
    char text[200];
    for (int i = 0; i < CALLS_CODES_MAX + 5; i++) {
        snprintf(text, sizeof text,
                 "{\"caller\":\"a\",\"callee\":\"b\",\"code\":%d,\"outcome\":\"ok\","
                 "\"count\":1}",
                 i);
        CHECK_INT(take(text), 0);
    }
    CHECK_INT(out.n_metrics, CALLS_CODES_MAX + 1);
    CHECK_TEXT(out.metric[CALLS_CODES_MAX], "ok other");
    CHECK_INT(result.tally.kept, CALLS_CODES_MAX + 5);
    struct buf b = {0};
    in_calls_write_metrics(calls, &b);
    CHECK(strstr(b.data, "aftercheck_folded_total{what=\"code\"} 5\n") != NULL);
    buf_free(&b);
    end();
}

TEST(further_interfaces_of_a_callee_are_called_other)
{
    start();
    char text[200];
    for (int i = 0; i < CALLS_IFACES_MAX + 3; i++) {
        snprintf(text, sizeof text, "{" BASE ",\"count\":1,\"iface\":\"i%d\"}", i);
        CHECK_INT(take(text), 0);
    }
    CHECK_INT(out.n_entities, CALLS_IFACES_MAX + 1);
    CHECK_TEXT(out.entity[CALLS_IFACES_MAX], "web()->pay():other by client");
    end();
}

TEST(without_room_it_says_so_and_counts)
{
    start();
    out.metrics_max = 1;
    CHECK_INT(take("{" BASE ",\"count\":1,\"sum_ms\":2}"), 0);
    CHECK_INT(result.tally.kept, 1);
    CHECK_INT(result.tally.dropped[DROP_FULL], 1);
    CHECK_INT(result.refused, 0);
    out.entities_max = 1;
    CHECK_INT(take("{" BASE ",\"count\":1,\"iface\":\"new\"}"), 0);
    CHECK_TEXT(result.first, "no room for a new call edge web -> pay");
    CHECK_INT(result.tally.dropped[DROP_FULL], 2);
    end();
}
