#include "storage/picture.h"

#include "tests/test.h"

#include <stdio.h>

static const double ramp[] = {10, 20, 30, 40, 50};

static struct rrd_line line = {"busy", 0x112233, ramp, false};

static struct rrd_picture picture(void)
{
    return (struct rrd_picture){.width = 560,
                                .height = 180,
                                .from = {1795255200000},
                                .step = {60000},
                                .n = 5,
                                .lines = &line,
                                .n_lines = 1,
                                .pivot = INSTANT_NONE,
                                .before_from = INSTANT_NONE,
                                .before_to = INSTANT_NONE,
                                .after_from = INSTANT_NONE,
                                .after_to = INSTANT_NONE,
                                .limit = NAN};
}

/* All arguments, each ended by a line feed: none holds one. */
static const char *plan_text(const struct rrd_picture *p)
{
    static char text[20000];
    struct picture_plan plan;
    struct err err = {0};
    CHECK_INT(picture_plan(p, "x.rrd", &plan, &err), 0);
    CHECK(plan.args.len < sizeof text - 1);
    size_t n = 0;
    for (size_t i = 0; i < plan.args.len; i++) {
        CHECK(plan.args.data[i] != '\n');
        n += plan.args.data[i] == '\0';
        text[i + 1] = plan.args.data[i] == '\0' ? '\n' : plan.args.data[i];
    }
    text[0] = '\n';
    text[plan.args.len + 1] = '\0';
    CHECK_INT(n, plan.n_args);
    picture_plan_free(&plan);
    return text;
}

static bool has(const char *text, const char *argument)
{
    char whole[300];
    snprintf(whole, sizeof whole, "\n%s\n", argument);
    return strstr(text, whole) != NULL;
}

static void check_label(const char *text, size_t most, const char *want)
{
    OWNED_BUF b = {0};
    picture_label(&b, text, most);
    CHECK_TEXT(buf_text(&b), want);
}

TEST(labels_keep_no_byte_that_acts)
{
    check_label("plain text", 40, "plain text");
    check_label("a:b", 40, "a\\:b");
    check_label("a\\:b\\", 40, "a∖\\:b∖");
    check_label("50 % of %s", 40, "50 % of %s");
    check_label("a\nb\tc\x7f", 40, "a b c ");
    check_label("\xff \xc3", 40, "\xef\xbf\xbd \xef\xbf\xbd");
    check_label("x\xe2\x80\xaey", 40, "x y");
    check_label("x\xe2\x81\xa6y", 40, "x y");
    check_label("", 40, "");
}

TEST(long_labels_are_cut_at_a_character)
{
    check_label("abcdef", 6, "abcdef");
    check_label("abcdefg", 6, "abcde…");
    check_label("äöüäöüä", 6, "äöüäö…");
    check_label("日本語", 6, "日本語"); /* two columns each */
    check_label("日本語語", 6, "日本…");
    check_label("a:::::::", 4, "a\\:\\:…");
}

TEST(the_axis_fits_the_values)
{
    struct rrd_picture p = picture();
    const char *t = plan_text(&p);
    CHECK(has(t, "--lower-limit=0")); /* 10 is near enough to 0 to show it */
    CHECK(has(t, "--upper-limit=52.4"));
    CHECK(has(t, "--y-grid=20:1"));
    CHECK(has(t, "--left-axis-format=%.0lf"));
}

static const char *with_values(double a, double b)
{
    static double value[5];
    static struct rrd_line own;
    struct rrd_picture p = picture();
    for (int i = 0; i < 5; i++)
        value[i] = i % 2 == 0 ? a : b;
    own = line;
    own.value = value;
    p.lines = &own;
    return plan_text(&p);
}

TEST(huge_and_tiny_values_get_a_prefix)
{
    CHECK(has(with_values(30000, 50000), "--left-axis-format=%.0lf k"));
    CHECK(has(with_values(3e9, 5e9), "--left-axis-format=%.0lf G"));
    CHECK(has(with_values(3e-6, 5e-6), "--left-axis-format=%.0lf µ"));
    CHECK(has(with_values(1000, 2000), "--left-axis-format=%.0lf"));
    CHECK(has(with_values(0.25, 0.5), "--left-axis-format=%.1lf"));
    CHECK(has(with_values(3e30, 5e30), "--left-axis-format=%.0lf e+30"));
    CHECK(has(with_values(1000.01, 1000.05), "--left-axis-format=%.2lf"));
}

TEST(a_constant_is_shown_over_its_zero_line)
{
    const char *t = with_values(40, 40);
    CHECK(has(t, "--lower-limit=0"));
    CHECK(has(t, "--upper-limit=53"));
    t = with_values(-40, -40);
    CHECK(has(t, "--upper-limit=0"));
    t = with_values(0, 0);
    CHECK(has(t, "--lower-limit=0"));
    CHECK(has(t, "--upper-limit=1"));
    t = with_values(NAN, NAN);
    CHECK(has(t, "--upper-limit=1"));
}

TEST(a_near_limit_is_drawn_and_a_far_one_is_told)
{
    struct rrd_picture p = picture();
    p.limit = 60;
    const char *t = plan_text(&p);
    CHECK(has(t, "HRULE:60#bc4c00::dashes=6,3"));
    CHECK(has(t, "LINE1:none#bc4c00: limit 60"));
    p.limit = 5000;
    t = plan_text(&p);
    CHECK(strstr(t, "HRULE") == NULL);
    CHECK(has(t, "LINE1:none#bc4c00: limit 5000 (above)"));
    p.limit = -5000;
    CHECK(has(plan_text(&p), "LINE1:none#bc4c00: limit -5000 (below)"));
}

TEST(shades_cover_the_rows_whose_middle_is_inside)
{
    struct rrd_picture p = picture();
    p.before_from.ms = 1795255200000;
    p.before_to = (instant){1795255320000};
    const char *t = plan_text(&p);
    CHECK(has(t, "CDEF:before=l0,POP,TIME,1795255230.0,GE,TIME,1795255350.0,LT,*,INF,"
                 "UNKN,IF"));
    CHECK(strstr(t, "CDEF:after") == NULL);
    CHECK(strstr(t, ": before") != NULL && strstr(t, ": after") == NULL);
}

TEST(times_are_rounded_down_to_whole_steps)
{
    struct rrd_picture p = picture();
    p.from.ms += 59999;
    CHECK(has(plan_text(&p), "--start=1795255200"));
}

TEST(time_labels_leave_each_other_room)
{
    static const struct {
        int64_t step_s;
        size_t n;
        const char *grid;
    } cases[] = {
        {1, 40, "SECOND:10:SECOND:10:SECOND:10:0:%H:%M:%S"},
        {60, 90, "MINUTE:15:MINUTE:15:MINUTE:15:0:%H:%M"},
        {60, 1440, "HOUR:3:HOUR:3:HOUR:3:0:%H:%M"},
        {300, 2016, "DAY:1:DAY:1:DAY:1:0:%b %d"},
        {3600, 8760, "MONTH:3:MONTH:3:MONTH:3:0:%Y-%m"},
    };
    static double flat[8760];
    struct rrd_line l = {"x", 0, flat, false};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char want[100];
        struct rrd_picture p = picture();
        p.lines = &l;
        p.step.ms = cases[i].step_s * 1000;
        p.n = cases[i].n;
        snprintf(want, sizeof want, "--x-grid=%s", cases[i].grid);
        CHECK(has(plan_text(&p), want));
    }
}

TEST(absurd_sizes_are_refused_by_name)
{
    static const struct {
        const char *field;
        unsigned width, height;
        size_t n, n_lines;
        int64_t step_ms, from_ms;
    } cases[] = {
        {"width", 0, 180, 5, 1, 60000, 1795255200000},
        {"width", 2001, 180, 5, 1, 60000, 1795255200000},
        {"width", 4000000000, 180, 5, 1, 60000, 1795255200000},
        {"height", 560, 10, 5, 1, 60000, 1795255200000},
        {"height", 560, 2001, 5, 1, 60000, 1795255200000},
        {"n must", 560, 180, 0, 1, 60000, 1795255200000},
        {"n must", 560, 180, 1, 1, 60000, 1795255200000},
        {"n must", 560, 180, 20001, 1, 60000, 1795255200000},
        {"n_lines", 560, 180, 5, 0, 60000, 1795255200000},
        {"n_lines", 560, 180, 5, 13, 60000, 1795255200000},
        {"step", 560, 180, 5, 1, 0, 1795255200000},
        {"step", 560, 180, 5, 1, 1500, 1795255200000},
        {"step", 560, 180, 5, 1, INT64_MAX, 1795255200000},
        {"from", 560, 180, 5, 1, 60000, 0},
        {"from", 560, 180, 5, 1, 60000, INT64_MAX},
        {"from", 560, 180, 5, 1, 60000, INT64_MIN},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct rrd_picture p = picture();
        p.width = cases[i].width;
        p.height = cases[i].height;
        p.n = cases[i].n;
        p.n_lines = cases[i].n_lines;
        p.step.ms = cases[i].step_ms;
        p.from.ms = cases[i].from_ms;
        struct picture_plan plan;
        struct err err = {0};
        CHECK_INT(picture_plan(&p, "x.rrd", &plan, &err), -1);
        CHECK(strstr(err.text, cases[i].field) == err.text);
    }
    struct rrd_picture p = picture();
    struct picture_plan plan;
    p.zoom = 4;
    CHECK_INT(picture_plan(&p, "x.rrd", &plan, NULL), -1);
}

TEST(words_of_the_legend_can_be_in_another_language)
{
    struct rrd_picture p = picture();
    p.before_from = p.from;
    p.before_to.ms = p.from.ms + 120000;
    CHECK(strstr(plan_text(&p), ": before\n") != NULL);
    p.before_label = "变更前";
    CHECK(strstr(plan_text(&p), ": 变更前\n") != NULL);
    p.zoom = 3;
    CHECK(strstr(plan_text(&p), "\n--zoom=3\n") != NULL);
}
