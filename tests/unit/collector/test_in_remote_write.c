/* tests of collector/in_remote_write */
#include "collector/in_remote_write.h"
#include "tests/unit/collector/proto_bytes.h"
#include "tests/unit/collector/text_sink.h"

enum { NOW_S = 1795255200 };
static const instant now = {NOW_S * 1000ll};
#define AT(s) ((NOW_S + (s)) * 1000ll)

static struct text_sink out;
static struct in_remote_write *writer;
static struct in_remote_write_result result;
static struct buf body, series;

static void start(void)
{
    writer = in_remote_write_new();
    CHECK(writer != NULL);
}

static void end(void)
{
    text_sink_free(&out);
    in_remote_write_free(&writer);
    buf_free(&body);
}

/* name, then the pairs of `labels`: "instance", "h1:9100", ..., NULL */
static void begin_series(const char *name, const char *const *labels)
{
    proto_put_label(&series, "__name__", name);
    for (; labels[0] != NULL; labels += 2)
        proto_put_label(&series, labels[0], labels[1]);
}

static void end_series(void)
{
    proto_put_buf(&body, 1, &series);
}

static void one(const char *name, const char *const *labels, double v, int64_t ms)
{
    begin_series(name, labels);
    proto_put_sample(&series, v, ms);
    end_series();
}

static int read_n(size_t n)
{
    struct in_remote_write_ask ask = {now, intake_bounds(now), &entity_tags_default};
    struct sink sink = text_sink(&out);
    struct err err = {0};
    result = (struct in_remote_write_result){0};
    buf_clear(&out.out);
    char *copy = malloc(n > 0 ? n : 1);
    if (n > 0)
        memcpy(copy, body.data, n);
    int rc = in_remote_write_read(writer, &sink, copy, n, &ask, &result, &err);
    free(copy);
    CHECK(tally_balances(&result.tally));
    CHECK((rc < 0) == (err.code != 0));
    return rc;
}

static void reads(void)
{
    CHECK(read_n(body.len) == 0);
    buf_clear(&body);
}

static const char *const node[] = {"instance", "h1:9100", "job", "node", NULL};
static const char *const disk[] = {"device", "sda",  "instance", "h1:9100",
                                   "job",    "node", NULL};

TEST(series_of_one_host_and_time_go_in_one_row)
{
    start();
    one("node_load1", node, 0.5, AT(0));
    one("node_disk_io_now", disk, 3, AT(0));
    one("node_load1", node, 0.75, AT(15));
    reads();
    CHECK_TEXT(out.out.data, "host h1 of node @1795255200000: node_load1=0.5 "
                             "node_disk_io_now{device=sda}=3\n"
                             "host h1 of node @1795255215000: node_load1=0.75\n");
    CHECK_INT(result.tally.kept, 3);
    CHECK_INT(result.series, 3);
    end();
}

TEST(a_counter_becomes_a_rate_and_begins_anew_after_a_stale_marker)
{
    start();
    one("node_cpu_seconds_total", node, 1000, AT(0));
    reads();
    CHECK_TEXT(buf_text(&out.out), "");
    CHECK_INT(result.tally.kept, 1);
    one("node_cpu_seconds_total", node, 1006, AT(15));
    reads();
    CHECK_TEXT(out.out.data,
               "host h1 of node @1795255215000: node_cpu_seconds_total=0.400000006\n");
    begin_series("node_cpu_seconds_total", node);
    struct buf sample = {0};
    proto_put_bits(&sample, 1, UINT64_C(0x7ff0000000000002));
    proto_put_varint(&sample, 2, (uint64_t)AT(30));
    proto_put_buf(&series, 2, &sample);
    end_series();
    one("node_cpu_seconds_total", node, 9000, AT(45));
    reads();
    CHECK_TEXT(buf_text(&out.out), "");
    CHECK_INT(result.refused, 0);
    end();
}

TEST(metadata_says_what_the_name_does_not)
{
    start();
    one("queue_count", node, 50, AT(0));
    reads();
    CHECK_TEXT(buf_text(&out.out), ""); /* by its name it is a counter */
    struct buf metadata = {0};
    proto_put_varint(&metadata, 1, 2);
    proto_put_bytes(&metadata, 2, "queue_count", 11);
    proto_put_buf(&body, 3, &metadata);
    proto_put_varint(&metadata, 1, 1);
    proto_put_bytes(&metadata, 2, "requests", 8);
    proto_put_buf(&body, 3, &metadata);
    reads();
    one("queue_count", node, 51, AT(15));
    one("requests", node, 100, AT(15));
    one("requests", node, 130, AT(30));
    reads();
    CHECK_TEXT(out.out.data, "host h1 of node @1795255215000: queue_count=51\n"
                             "host h1 of node @1795255230000: requests=2\n");
    end();
}

TEST(one_bad_series_costs_itself_only)
{
    static const char *const nobody[] = {"device", "sda", NULL};
    start();
    one("up", nobody, 1, AT(0));
    one("up", node, 1, AT(0));
    one("up", node, NAN, AT(0));
    one("up", node, 1, AT(-40 * 86400));
    one("up", node, 1, AT(3600));
    begin_series("latency", node);
    proto_put_bytes(&series, 4, "\x08\x01", 2); /* a native histogram */
    end_series();
    reads();
    CHECK_TEXT(out.out.data, "host h1 of node @1795255200000: up=1\n");
    CHECK_INT(result.refused, 5);
    CHECK_INT(result.tally.dropped[DROP_NO_ENTITY], 1);
    CHECK_INT(result.tally.dropped[DROP_NOT_FINITE], 1);
    CHECK_INT(result.tally.dropped[DROP_TOO_OLD], 1);
    CHECK_INT(result.tally.dropped[DROP_FUTURE], 1);
    CHECK_INT(result.tally.dropped[DROP_KIND], 1);
    CHECK_TEXT(result.first, "series 1 (up): expected a tag 'host' or 'service' that "
                             "says whose sample it is");
    OWNED_BUF words = {0};
    in_remote_write_write_error(&result, &words);
    CHECK_TEXT(words.data,
               "series 1 (up): expected a tag 'host' or 'service' that says "
               "whose sample it is; 5 of 6 series refused");
    one("up", nobody, 1, AT(15)); /* and once more, by now it is known */
    reads();
    CHECK_INT(result.tally.dropped[DROP_NO_ENTITY], 1);
    end();
}

TEST(a_name_that_is_too_long_is_refused)
{
    static char value[300];
    memset(value, 'x', sizeof value - 1);
    const char *const labels[] = {"host", "h1", "path", value, NULL};
    start();
    one("up", labels, 1, AT(0));
    reads();
    CHECK_INT(result.tally.dropped[DROP_NAME], 1);
    CHECK_TEXT(
        result.first,
        "series 1 (up): the name with its labels is 308 bytes long, at most 200");
    end();
}

TEST(a_full_store_refuses_new_series_until_there_is_room)
{
    start();
    out.metrics_max = 1;
    one("a", node, 1, AT(0));
    one("b", node, 1, AT(0));
    reads();
    CHECK_INT(result.tally.dropped[DROP_FULL], 1);
    out.metrics_max = 2;
    one("b", node, 1, AT(15));
    reads();
    CHECK_INT(result.refused, 0);
    end();
}

TEST(each_cut_of_a_message_is_damage_or_the_message_before_it)
{
    start();
    one("node_load1", node, 0.5, AT(0));
    size_t first = body.len;
    one("node_disk_io_now", disk, 3, AT(0));
    for (size_t n = 0; n < body.len; n++)
        CHECK((read_n(n) == 0) == (n == 0 || n == first));
    end();
}
