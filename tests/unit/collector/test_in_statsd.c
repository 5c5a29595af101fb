/* tests of collector/in_statsd */
#include "collector/gathered.h"
#include "collector/in_statsd.h"
#include "tests/unit/collector/text_sink.h"

static const instant now = {1795255200000};
static const span ten = {10000};

static struct text_sink out;
static struct in_statsd_result result;
static struct in_statsd *statsd;

static void start(void)
{
    static const char *const templates[] = {"app.* _.service.metric*"};
    const struct in_statsd_spec spec = {.templates = templates,
                                        .n_templates = 1,
                                        .local_host = "me",
                                        .tags = &entity_tags_default};
    struct err err = {0};
    result = (struct in_statsd_result){0};
    statsd = in_statsd_new(&spec, &err);
    CHECK_TEXT(err.text, "");
}

static void end(void)
{
    CHECK(tally_balances(&result.tally));
    text_sink_free(&out);
    in_statsd_free(&statsd);
}

static void take(const char *peer, const char *text)
{
    struct sink sink = text_sink(&out);
    in_statsd_read(statsd, &sink, peer, text, strlen(text), now, &result);
}

/* What the sink is given at a flush so many seconds later. */
static const char *flushed(int seconds)
{
    static char given[4096];
    struct sink sink = text_sink(&out);
    buf_clear(&out.out);
    in_statsd_flush(statsd, &sink, instant_add(now, span_seconds(seconds)), ten,
                    &result);
    snprintf(given, sizeof given, "%s", buf_text(&out.out));
    return given;
}

TEST(counters_become_rates_and_samples_are_multiplied_back)
{
    start();
    take("10.0.0.1", "hits:3|c\nhits:2|c|@0.1|#host:h1\nhits:2|c\n");
    CHECK_TEXT(flushed(10), "host 10.0.0.1 of  @1795255205000: hits=0.5\n"
                            "host h1 of  @1795255205000: hits=2\n");
    CHECK_INT((long long)result.tally.kept, 3);
    end();
}

TEST(a_counter_that_nobody_counts_is_nought_until_it_is_forgotten)
{
    start();
    take("10.0.0.1", "hits:3|c");
    flushed(10);
    CHECK_TEXT(flushed(20), "host 10.0.0.1 of  @1795255215000: hits=0\n");
    flushed(10 + STATSD_IDLE_S);
    CHECK_INT((long long)in_statsd_series(statsd), 0);
    end();
}

TEST(gauges_keep_their_last_value_and_signs_add)
{
    start();
    take("10.0.0.1", "queue:12|g");
    take("10.0.0.1", "queue:-3|g\nqueue:+1|g");
    CHECK_TEXT(flushed(10), "host 10.0.0.1 of  @1795255205000: queue=10\n");
    CHECK_TEXT(flushed(20), "");
    take("10.0.0.1", "queue:+5|g");
    CHECK_TEXT(flushed(30), "host 10.0.0.1 of  @1795255225000: queue=15\n");
    end();
}

TEST(timers_become_rate_mean_maximum_and_95th_percentile)
{
    start();
    char text[32];
    for (int i = 1; i <= 100; i++) {
        snprintf(text, sizeof text, "t:%d|ms|#zone:a", i);
        take("10.0.0.1", text);
    }
    CHECK_TEXT(
        flushed(10),
        "host 10.0.0.1 of  @1795255205000: t.rate{zone=a}=10 t.mean{zone=a}=50.5 "
        "t.max{zone=a}^=100 t.p95{zone=a}=95\n");
    CHECK_TEXT(flushed(20), "");
    end();
}

TEST(of_very_many_timings_a_fair_share_is_kept)
{
    start();
    char text[32];
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "t:%d|h", i % 1000);
        take("10.0.0.1", text);
    }
    const char *given = flushed(10), *p95 = strstr(given, "t.p95=");
    CHECK(strstr(given, "t.rate=2000 t.mean=499.5 t.max^=999") != NULL);
    CHECK(p95 != NULL);
    CHECK_NEAR(strtod(p95 + 6, NULL), 950, 40);
    end();
}

TEST(sets_count_different_values)
{
    start();
    take("10.0.0.1", "users:li|s\nusers:wu|s\nusers:li|s\nusers:10.0.0.1:80|s");
    CHECK_TEXT(flushed(10), "host 10.0.0.1 of  @1795255205000: users=3\n");
    CHECK_TEXT(flushed(20), "");
    end();
}

TEST(several_values_in_one_line_are_several)
{
    start();
    take("10.0.0.1", "t:1:2:3:2:2|ms|@0.5|c:abc|T1656581400");
    CHECK_TEXT(flushed(10), "host 10.0.0.1 of  @1795255205000: t.rate=1 t.mean=2 "
                            "t.max^=3 t.p95=3\n");
    CHECK_INT((long long)result.tally.taken, 5);
    end();
}

TEST(the_host_is_a_tag_or_the_sender_and_this_machine_has_a_name)
{
    start();
    take("127.0.0.1", "a:1|g");
    take("127.0.0.1", "a:2|g|#host:h1,service:pay");
    take("10.0.0.9", "app.pay.b:3|g");
    take("10.0.0.9", "c:4|g|#service:pay,prod");
    CHECK_TEXT(flushed(10), "host me of  @1795255205000: a=1\n"
                            "host h1 of pay @1795255205000: a=2\n"
                            "host 10.0.0.9 of pay @1795255205000: b=3\n"
                            "host 10.0.0.9 of pay @1795255205000: c{prod=true}=4\n");
    end();
}

TEST(two_senders_of_one_series_are_added_up)
{
    start();
    take("10.0.0.1", "hits:6|c|#host:h1");
    take("10.0.0.2", "hits:4|c|#host:h1");
    CHECK_TEXT(flushed(10), "host h1 of  @1795255205000: hits=1\n");
    CHECK_INT((long long)in_statsd_series(statsd), 1);
    end();
}

TEST(what_is_refused_is_counted_under_its_reason)
{
    static const struct {
        const char *text;
        enum drop why;
    } cases[] = {{"nothing", DROP_SYNTAX},     {"a:1", DROP_SYNTAX},
                 {":1|c", DROP_SYNTAX},        {"a:x|c", DROP_SYNTAX},
                 {"a:1|q", DROP_SYNTAX},       {"a:1|c|@0", DROP_SYNTAX},
                 {"a:1|c|@2", DROP_SYNTAX},    {"a:|g", DROP_SYNTAX},
                 {"a:nan|g", DROP_NOT_FINITE}, {"_e{1,1}:a|b", DROP_KIND},
                 {"_sc|a|0", DROP_KIND},       {"a\x01:1|g", DROP_NAME}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        start();
        take("10.0.0.1", cases[i].text);
        CHECK_INT((long long)result.tally.taken, 1);
        CHECK_INT((long long)result.tally.dropped[cases[i].why], 1);
        CHECK(result.first[0] != '\0');
        CHECK_TEXT(flushed(10), "");
        end();
    }
}

TEST(a_full_store_is_told_and_old_series_go_on)
{
    start();
    out.metrics_max = 1;
    take("10.0.0.1", "a:1|g\nb:1|g\na:2|g");
    CHECK_INT((long long)result.tally.dropped[DROP_FULL], 1);
    CHECK_TEXT(flushed(10), "host 10.0.0.1 of  @1795255205000: a=2\n");
    end();
}

TEST(a_set_is_bounded)
{
    start();
    char text[32];
    for (int i = 0; i < GATHERED_SET_MAX + 100; i++) {
        snprintf(text, sizeof text, "u:%d|s", i);
        take("10.0.0.1", text);
    }
    CHECK_INT((long long)result.tally.dropped[DROP_FULL], 100);
    end();
}
