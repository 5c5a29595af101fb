/* tests of the compact form in collector/in_calls */
#include "collector/in_calls.h"
#include "tests/unit/collector/text_sink.h"

static const instant now = {1795255200000};

static struct text_sink out;
static struct in_calls_result result;

/* What the sink is given for this text alone. */
static const char *take(const char *text)
{
    static char given[4096];
    struct in_calls *calls = in_calls_new();
    struct sink sink = text_sink(&out);
    struct in_calls_ask ask = {now, intake_bounds(now)};
    result = (struct in_calls_result){0};
    in_calls_read_lines(calls, &sink, text, strlen(text), &ask, &result);
    CHECK(tally_balances(&result.tally));
    snprintf(given, sizeof given, "%s", buf_text(&out.out));
    text_sink_free(&out);
    in_calls_free(&calls);
    return given;
}

TEST(a_line_is_the_same_record_as_in_json)
{
    CHECK_TEXT(take("web>pay:/charge -1001 12 340.5 91 caller_host=w1 callee_host=p1 "
                    "side=server ts=1795255190\n"),
               "web(w1)->pay(p1):/charge by server @1795255190000: fail -1001+=12 "
               "ms+=340.5 ms.max^=91\n");
    CHECK_TEXT(result.first, "");
}

TEST(a_line_without_a_time_ends_now)
{
    CHECK_TEXT(take("web>pay 200 5 span_s=10"),
               "web()->pay(): by client @1795255190000: ok 200+=5\n");
}

TEST(client_and_server_side_of_the_same_calls_are_two_edges)
{
    CHECK_TEXT(take("a>b:c 0 7 ts=1795255190 side=client\n"
                    "a>b:c 0 7 ts=1795255190 side=server\n"),
               "a()->b():c by client @1795255190000: ok 0+=7\n"
               "a()->b():c by server @1795255190000: ok 0+=7\n");
}

TEST(a_bad_line_costs_itself_and_is_told_with_its_number)
{
    static const struct {
        const char *line, *words;
        enum drop why;
    } cases[] = {
        {"a>b 0 -1", "line 2: the count: expected a whole number", DROP_SYNTAX},
        {"a>b 0 1.5", "line 2: the count: expected a whole number", DROP_SYNTAX},
        {"a>b 0 1 x", "the sum of milliseconds: expected a number", DROP_SYNTAX},
        {"a>b 0 1 1 -4", "the maximum of milliseconds", DROP_SYNTAX},
        {"a>b 0 1 span_s=7200", "span_s: expected a number from 0 to 3600",
         DROP_SYNTAX},
        {"a>b 0 1 outcome=bad", "outcome: expected ok, fail or timeout", DROP_SYNTAX},
        {"a>b 0 1 side=both", "side: expected client or server", DROP_SYNTAX},
        {"a>b 0 1 ts=soon", "ts: 'soon'", DROP_SYNTAX},
        {"a>b 0 1 ts=5", "30 days", DROP_TOO_OLD},
        {"a>\x01 0 1", "the callee's name has a control character", DROP_NAME},
        {"nothing", "line 2: expected CALLER>CALLEE", DROP_SYNTAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "a>b 0 1 ts=1795255190\n%s\n", cases[i].line);
        CHECK_TEXT(take(text), "a()->b(): by client @1795255190000: ok 0+=1\n");
        CHECK(strstr(result.first, cases[i].words) != NULL);
        CHECK_INT((long long)result.refused, 1);
        CHECK_INT((long long)result.tally.dropped[cases[i].why], 1);
    }
}

TEST(a_code_of_more_than_64_bytes_is_refused_by_its_name)
{
    char text[200];
    snprintf(text, sizeof text, "a>b %070d 1\n", 7);
    CHECK_TEXT(take(text), "");
    CHECK(strstr(result.first, "the code is 70 bytes long, at most 64") != NULL);
}

/* A sink for very many: an interface "i7" is entity 7, "other" is the last. */
static uint64_t rows, rows_of_other;

static uint32_t many_entity(const struct entity *who, void *arg)
{
    (void)arg;
    return who->iface[0] == 'i' ? (uint32_t)atoi(who->iface + 1) : CALLS_IFACES_MAX;
}

static uint32_t many_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    (void)n, (void)merge, (void)arg;
    return strcmp(name, "ok other") == 0 ? 2 : 1;
}

static enum windows_put many_put(uint32_t entity, instant at, size_t n,
                                 const uint32_t *metric, const float *value,
                                 size_t *ret_taken, void *arg)
{
    (void)at, (void)value, (void)arg;
    rows++;
    rows_of_other += entity == CALLS_IFACES_MAX || metric[0] == 2;
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

static void take_many(struct in_calls *calls, int ifaces, int codes)
{
    struct sink sink = {many_entity, many_metric, many_put, NULL};
    struct in_calls_ask ask = {now, intake_bounds(now)};
    struct in_calls_result all = {0};
    OWNED_BUF text = {0};
    for (int i = 0; i < ifaces; i++)
        for (int c = 0; c < codes; c++)
            buf_addf(&text, "web>pay:i%d %d 1 outcome=ok\n", i, c);
    rows = rows_of_other = 0;
    in_calls_read_lines(calls, &sink, text.data, text.len, &ask, &all);
    CHECK_TEXT(all.first, "");
    CHECK_INT((long long)all.records, (long long)ifaces * codes);
}

TEST(a_thousand_interfaces_of_fifty_codes_are_held_and_more_become_other)
{
    struct in_calls *calls = in_calls_new();
    OWNED_BUF counts = {0};
    take_many(calls, 1000, 50);
    CHECK_INT((long long)rows, 50000);
    CHECK_INT((long long)rows_of_other, 0);
    take_many(calls, 1001, 51); /* one code more of each, and one interface */
    CHECK_INT((long long)rows_of_other, 1000 + 51);
    in_calls_write_metrics(calls, &counts);
    CHECK(strstr(counts.data, "folded_total{what=\"iface\"} 51\n") != NULL);
    CHECK(strstr(counts.data, "folded_total{what=\"code\"} 1001\n") != NULL);
    in_calls_free(&calls);
}
