/* tests of collector/in_graphite */
#include "collector/in_graphite.h"
#include "tests/unit/collector/text_sink.h"

static const instant now = {1795255200000};

static struct text_sink out;
static struct in_graphite_result result;

/* What the sink is given for this text. */
static const char *take(const struct in_graphite_spec *spec, const char *text)
{
    static char given[4096];
    static const struct in_graphite_spec usual = {.tags = &entity_tags_default};
    struct err err = {0};
    struct in_graphite *g = in_graphite_new(spec != NULL ? spec : &usual, &err);
    CHECK_TEXT(err.text, "");
    struct sink sink = text_sink(&out);
    result = (struct in_graphite_result){0};
    in_graphite_read(g, &sink, text, strlen(text), now, &result);
    CHECK(tally_balances(&result.tally));
    snprintf(given, sizeof given, "%s", buf_text(&out.out));
    text_sink_free(&out);
    in_graphite_free(&g);
    return given;
}

TEST(the_first_part_is_the_host_unless_templates_say_otherwise)
{
    CHECK_TEXT(take(NULL, "h1.cpu.load 1.25 1795255190\r\nh1.cpu.load 2 1795255195.5"),
               "host h1 of  @1795255190000: cpu.load=1.25\n"
               "host h1 of  @1795255195500: cpu.load=2\n");
    static const char *const one[] = {"dc.* _.zone.host.service.metric*"};
    const struct in_graphite_spec spec = {
        .templates = one, .n_templates = 1, .tags = &entity_tags_default};
    CHECK_TEXT(take(&spec, "dc.east.h1.pay.heap.used\t7\t1795255190\n"),
               "host h1 of pay @1795255190000: heap.used{zone=east}=7\n");
}

TEST(tags_stand_behind_the_path)
{
    CHECK_TEXT(take(NULL, "h1.disk.used;device=sda 97 1795255190\n"),
               "host h1 of  @1795255190000: disk.used{device=sda}=97\n");
}

TEST(a_line_without_a_time_or_with_minus_one_is_of_now)
{
    CHECK_TEXT(take(NULL, "h1.a 1\nh1.a 2 -1\n"), "host h1 of  @1795255200000: a=1\n"
                                                  "host h1 of  @1795255200000: a=2\n");
}

TEST(what_is_named_a_counter_becomes_a_rate)
{
    static const char *const counters[] = {"*.total"};
    const struct in_graphite_spec spec = {
        .counters = counters, .n_counters = 1, .tags = &entity_tags_default};
    CHECK_TEXT(take(&spec,
                    "h1.hits.total 100 1795255180\nh1.hits.total 150 1795255190\n"
                    "h1.hits.total 30 1795255195\n"),
               "host h1 of  @1795255190000: hits.total=5\n"
               "host h1 of  @1795255195000: hits.total=6\n");
    CHECK_INT((long long)result.tally.kept, 3);
}

TEST(a_bad_line_costs_itself_and_is_counted_under_its_reason)
{
    static const struct {
        const char *line, *words;
        enum drop why;
    } cases[] = {{"h1.a", "expected PATH VALUE SECONDS", DROP_SYNTAX},
                 {"h1.a x 1795255190", "expected PATH VALUE SECONDS", DROP_SYNTAX},
                 {"h1.a 1 soon", "expected PATH VALUE SECONDS", DROP_SYNTAX},
                 {"h1.a 1x 1795255190", "expected PATH VALUE SECONDS", DROP_SYNTAX},
                 {"h1.a 1 1795255190 5", "expected PATH VALUE SECONDS", DROP_SYNTAX},
                 {"h1.a nan 1795255190", "not finite", DROP_NOT_FINITE},
                 {"h1.a 1 5", "30 days", DROP_TOO_OLD},
                 {"h1.a 1 1795259200", "10 minutes ahead", DROP_FUTURE},
                 {"h1 1 1795255190", "nothing for the metric's name", DROP_NAME},
                 {"h1.a\x01 1 1795255190", "control character", DROP_NAME},
                 {"h1.a;b 1 1795255190", "key=value", DROP_SYNTAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "%s\nh1.good 1 1795255190\n", cases[i].line);
        CHECK_TEXT(take(NULL, text), "host h1 of  @1795255190000: good=1\n");
        CHECK_INT((long long)result.tally.dropped[cases[i].why], 1);
        CHECK(strstr(result.first, cases[i].words) != NULL);
    }
}

TEST(a_bad_template_is_told)
{
    static const char *const bad[] = {"* metric*.host"};
    const struct in_graphite_spec spec = {
        .templates = bad, .n_templates = 1, .tags = &entity_tags_default};
    struct err err = {0};
    CHECK(in_graphite_new(&spec, &err) == NULL);
    CHECK(strstr(err.text, "metric* must be the last") != NULL);
}
