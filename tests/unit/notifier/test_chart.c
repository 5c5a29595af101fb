#include "notifier/chart.h"

#include "tests/unit/notifier/sample.h"

static struct chart_ask ask_for(const struct change *c, const struct verdict *v,
                                size_t no)
{
    return (struct chart_ask){.change = c,
                              .verdict = v,
                              .finding = &v->findings[no],
                              .width = 600,
                              .height = 200};
}

TEST(a_chart_shades_both_windows_and_marks_the_change)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    struct chart_ask ask = ask_for(c, v, 1);
    struct chart chart;
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    CHECK_TEXT(chart.title, "cpu.busy on 4 hosts");
    CHECK_INT(chart.picture.pivot.ms, SAMPLE_START.ms);
    CHECK_INT(chart.picture.before_to.ms, SAMPLE_START.ms);
    CHECK_INT(chart.picture.after_from.ms, SAMPLE_START.ms);
    CHECK_INT(chart.picture.after_to.ms, SAMPLE_START.ms + 30 * 60000);
    CHECK_INT(chart.picture.n_lines, 3);
    CHECK(chart.lines[1].dashed);
    chart_clear(&chart);
}

TEST(shares_are_drawn_in_percent)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    struct chart_ask ask = ask_for(c, v, 0);
    struct chart chart;
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    CHECK_TEXT(chart.picture.unit, "%");
    CHECK_NEAR(chart.lines[0].value[60], v->findings[0].curve.value[60] * 100, 1e-9);
    chart_clear(&chart);
}

TEST(a_host_of_its_own_has_its_own_pivot)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    c->host[2].pivot = (instant){SAMPLE_START.ms + 5 * 60000};
    c->host[2].done = (instant){SAMPLE_START.ms + 7 * 60000};
    sample_set(&v->findings[1].host, "pay-03");
    struct chart_ask ask = ask_for(c, v, 1);
    struct chart chart;
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    CHECK_INT(chart.picture.pivot.ms, SAMPLE_START.ms + 5 * 60000);
    CHECK_INT(chart.picture.after_from.ms, SAMPLE_START.ms + 7 * 60000);
    CHECK_TEXT(chart.title, "cpu.busy on pay-03");
    chart_clear(&chart);
}

TEST(a_pivot_outside_the_samples_is_not_drawn)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    v->findings[1].curve.from = (instant){SAMPLE_START.ms + 3600000};
    struct chart_ask ask = ask_for(c, v, 1);
    struct chart chart;
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    CHECK(instant_is_none(chart.picture.pivot));
    CHECK(chart.picture.before_from.ms <= chart.picture.before_to.ms);
    CHECK(chart.picture.after_from.ms <= chart.picture.after_to.ms);
    chart_clear(&chart);
}

TEST(a_finding_without_samples_has_no_chart)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    v->findings[1].curve.n = 0;
    struct chart_ask ask = ask_for(c, v, 1);
    struct chart chart;
    struct err err = {0};
    CHECK(chart_plan(&ask, &chart, &err) < 0);
    CHECK(err.text[0] != '\0');
}

TEST(a_drawn_chart_is_a_png_and_repeats)
{
    struct err err = {0};
    struct rrd *rrd = rrd_start(test_dir(), &err);
    if (rrd == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    struct chart_ask ask = ask_for(c, v, 1);
    OWNED_BUF one = {0}, two = {0};
    if (chart_draw(rrd, &ask, &one, &err) < 0 || chart_draw(rrd, &ask, &two, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(one.len > 500 && memcmp(one.data, "\x89PNG", 4) == 0);
    CHECK(one.len == two.len && memcmp(one.data, two.data, one.len) == 0);
    rrd_stop(&rrd);
}

TEST(a_chart_as_json_has_all_that_the_picture_has)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    v->findings[1].curve.value[1] = NAN;
    struct chart_ask ask = ask_for(c, v, 1);
    struct chart chart;
    struct err err = {0};
    OWNED_BUF json = {0};
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    chart_write(&chart, &json);
    chart_clear(&chart);
    OWNED_JSON *doc = json_parse(buf_text(&json), json.len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    struct json_at root = json_root(doc), lines, values, pivot;
    double at = 0;
    CHECK(json_member(&root, "pivot", &pivot));
    CHECK_INT(json_number(&pivot, &at, &err), 0);
    CHECK_NEAR(at, (double)SAMPLE_START.ms / 1000, 1e-9);
    CHECK(json_member(&root, "lines", &lines));
    CHECK_INT(json_count(&lines), 3);
    struct json_at first = json_item(&lines, 0);
    CHECK(json_member(&first, "values", &values));
    CHECK_INT(json_count(&values), 90);
    struct json_at gap = json_item(&values, 1);
    CHECK_INT(json_kind(&gap), JSON_KIND_NULL);
    CHECK(strstr(buf_text(&json), "\"limit\":null") != NULL);
}

TEST(titles_and_legends_are_in_the_language_asked_for)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    struct chart_ask ask = ask_for(c, v, 1);
    struct chart chart;
    ask.language = LANGUAGE_ZH;
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    CHECK_TEXT(chart.title, "4 台主机的 cpu.busy");
    CHECK_TEXT(chart.lines[0].label, "变更主机");
    CHECK_TEXT(chart.lines[1].label, "未变更主机");
    CHECK_TEXT(chart.picture.pivot_label, "变更时刻");
    chart_clear(&chart);
    ask = ask_for(c, v, 0);
    CHECK_INT(chart_plan(&ask, &chart, NULL), 0);
    CHECK_TEXT(chart.title,
               "Failing calls web → pay:/charge that end with -1001 of pay");
    chart_clear(&chart);
}
