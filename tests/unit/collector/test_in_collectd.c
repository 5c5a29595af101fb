/* tests of collector/in_collectd */
#include "collector/in_collectd.h"
#include "tests/unit/collector/text_sink.h"

#include <errno.h>

enum { NOW_S = 1795255200 };
static const instant now = {NOW_S * 1000ll};

static struct text_sink out;
static struct in_collectd *reader;
static struct in_collectd_result result;

static int reads(const char *text, struct err *err)
{
    struct bounds bounds = intake_bounds(now);
    struct sink sink = text_sink(&out);
    if (reader == NULL)
        reader = in_collectd_new();
    result = (struct in_collectd_result){0};
    buf_clear(&out.out);
    int rc = in_collectd_read(reader, &sink, text, strlen(text), &bounds, &result, err);
    CHECK(tally_balances(&result.tally));
    return rc;
}

static void end(void)
{
    text_sink_free(&out);
    in_collectd_free(&reader);
}

#define RECORD(values, types, names, time, more)                                       \
    "{\"values\":[" values "],\"dstypes\":[" types "],\"dsnames\":[" names             \
    "],\"time\":" time ",\"interval\":10.000,\"host\":\"h1\"," more "}"
#define LOAD                                                                           \
    "\"plugin\":\"load\",\"plugin_instance\":\"\",\"type\":\"load\",\"type_"           \
    "instance\":\"\""
#define ETH0                                                                           \
    "\"plugin\":\"interface\",\"plugin_instance\":\"eth0\",\"type\":\"if_octets\","    \
    "\"type_instance\":\"\""

TEST(a_record_is_one_row_named_by_plugin_type_and_source)
{
    CHECK(reads("[" RECORD("0.37,0.60,null", "\"gauge\",\"gauge\",\"gauge\"",
                           "\"shortterm\",\"midterm\",\"longterm\"", "1795255200.250",
                           LOAD) "]",
                NULL) == 0);
    CHECK_TEXT(out.out.data,
               "host h1 of  @1795255200250: load.load.shortterm=0.370000005 "
               "load.load.midterm=0.600000024\n");
    CHECK_INT(result.tally.taken, 2); /* an unknown value is no sample */
    end();
}

TEST(counters_become_rates_and_absolute_ones_are_divided)
{
    reads("[" RECORD("1000,50", "\"derive\",\"absolute\"", "\"rx\",\"value\"",
                     "1795255200", ETH0) "]",
          NULL);
    CHECK_TEXT(out.out.data, "host h1 of  @1795255200000: "
                             "interface.if_octets{plugin_instance=eth0}=5\n");
    reads("[" RECORD("3000,50", "\"derive\",\"absolute\"", "\"rx\",\"value\"",
                     "1795255210", ETH0) "]",
          NULL);
    CHECK_TEXT(out.out.data, "host h1 of  @1795255210000: "
                             "interface.if_octets.rx{plugin_instance=eth0}=200 "
                             "interface.if_octets{plugin_instance=eth0}=5\n");
    end();
}

TEST(both_instances_stand_behind_the_name)
{
    reads(
        "[" RECORD("3", "\"gauge\"", "\"value\"", "1795255200",
                   "\"plugin\":\"cpu\",\"plugin_instance\":\"0\",\"type\":\"percent\","
                   "\"type_instance\":\"idle\"") "]",
        NULL);
    CHECK_TEXT(out.out.data, "host h1 of  @1795255200000: "
                             "cpu.percent{plugin_instance=0,type_instance=idle}=3\n");
    end();
}

TEST(a_bad_record_costs_itself_and_is_told_with_its_place)
{
    static const struct {
        const char *record, *words;
    } bad[] = {
        {"7", "[0] (line 1, column 2): expected an object, a record of collectd"},
        {RECORD("1", "\"gauge\"", "\"value\"", "1795255200", "\"type\":\"load\""),
         "[0].plugin (line 1, column 2): expected a text"},
        {RECORD("1,2", "\"gauge\"", "\"value\"", "1795255200", LOAD),
         "[0].dstypes (line 1, column 28): expected a list of 2 types, as of values"},
        {RECORD("1", "\"gouge\"", "\"value\"", "1795255200", LOAD),
         "[0].dstypes[0] (line 1, column 27): expected gauge, absolute, derive or "
         "counter"},
        {RECORD("true", "\"gauge\"", "\"value\"", "1795255200", LOAD),
         "[0].values[0] (line 1, column 13): expected a number, got a boolean"},
        {RECORD("1", "\"gauge\"", "\"value\"", "1000", LOAD),
         "[0].time (line 1, column 63): its time is more than 30 days ago"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        OWNED_BUF text = {0};
        buf_addf(&text, "[%s,%s]", bad[i].record,
                 RECORD("1", "\"gauge\"", "\"value\"", "1795255200", LOAD));
        CHECK(reads(text.data, NULL) == 0);
        CHECK_TEXT(out.out.data, "host h1 of  @1795255200000: load.load=1\n");
        CHECK_INT(result.refused, 1);
        CHECK_TEXT(result.first, bad[i].words);
    }
    end();
}

TEST(what_is_no_list_is_refused_whole)
{
    struct err err = {0};
    CHECK(reads("{\"values\": [1]}", &err) < 0);
    CHECK_TEXT(
        err.text,
        "the document (line 1, column 1): expected a list of collectd's records");
    end();
}

TEST(a_name_that_is_too_long_drops_its_value)
{
    OWNED_BUF text = {0};
    buf_add(&text, "[{\"values\":[1],\"dstypes\":[\"gauge\"],\"dsnames\":[\"value\"],"
                   "\"time\":1795255200,\"host\":\"h1\",\"type\":\"t\",\"plugin\":\"");
    for (int i = 0; i < 210; i++)
        buf_add_ch(&text, 'x');
    buf_add(&text, "\"}]");
    CHECK(reads(text.data, NULL) == 0);
    CHECK_INT(result.tally.dropped[DROP_NAME], 1);
    end();
}
