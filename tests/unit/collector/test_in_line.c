/* tests of collector/in_line */
#include "collector/in_line.h"
#include "tests/unit/collector/text_sink.h"

enum { NOW_S = 1795255200 }; /* 2026-11-21T10:00:00Z */
static const instant now = {NOW_S * 1000ll};

static struct text_sink out;
static struct in_line_result result;
static struct in_line *line;

static void start(void)
{
    text_sink_free(&out);
    in_line_free(&line);
    result = (struct in_line_result){0};
    struct sink sink = text_sink(&out);
    line = in_line_new(&sink, &entity_tags_default);
}

static void read_n(const char *text, size_t n, enum line_precision precision)
{
    struct in_line_ask ask = {
        .precision = precision, .now = now, .bounds = intake_bounds(now)};
    /* a copy of just this size: the sanitizer then sees any step beyond its end */
    char *copy = malloc(n > 0 ? n : 1);
    memcpy(copy, text, n);
    in_line_read(line, copy, n, &ask, &result);
    free(copy);
    CHECK(tally_balances(&result.tally));
}

static void end(void)
{
    text_sink_free(&out);
    in_line_free(&line);
}

/* What the sink is given for these lines alone. */
#define READS(text, want)                                                              \
    do {                                                                               \
        start();                                                                       \
        read_n(text, strlen(text), LINE_S);                                            \
        CHECK_TEXT(result.first, "");                                                  \
        CHECK_TEXT(buf_text(&out.out), want);                                          \
        end();                                                                         \
    } while (0)

/* The complaint about these lines, and its reason. */
#define REFUSES(text, reason, want)                                                    \
    do {                                                                               \
        start();                                                                       \
        read_n(text, strlen(text), LINE_S);                                            \
        CHECK_TEXT(result.first, want);                                                \
        CHECK_INT(result.refused, 1);                                                  \
        CHECK(result.tally.dropped[reason] > 0);                                       \
        CHECK_TEXT(buf_text(&out.out), "");                                            \
        end();                                                                         \
    } while (0)

TEST(a_line_gives_a_metric_of_a_host_in_a_service)
{
    READS("cpu,host=h1,service=pay busy=31.5 1795255200\n",
          "host h1 of pay @1795255200000: cpu.busy=31.5\n");
}

TEST(a_line_without_a_time_is_of_now)
{
    READS("cpu,host=h1 busy=31.5", "host h1 of  @1795255200000: cpu.busy=31.5\n");
}

TEST(other_tags_are_sorted_into_the_name)
{
    READS("disk,mode=rw,host=h1,device=sda util=3",
          "host h1 of  @1795255200000: disk.util{device=sda,mode=rw}=3\n");
}

TEST(a_line_without_a_host_belongs_to_its_service)
{
    READS("queue,service=pay length=4", "service pay @1795255200000: queue.length=4\n");
}

TEST(instance_and_job_stand_in_for_host_and_service)
{
    READS("up,instance=10.0.0.1:9100,job=node value=1",
          "host 10.0.0.1 of node @1795255200000: up.value=1\n");
    READS("up,instance=[::1]:9100 value=1",
          "host ::1 of  @1795255200000: up.value=1\n");
    READS("up,instance=::1 value=1", "host ::1 of  @1795255200000: up.value=1\n");
    READS("up,instance=h2,host=h1:1 value=1",
          "host h1:1 of  @1795255200000: up.value{instance=h2}=1\n");
}

TEST(which_tags_name_the_host_is_settable)
{
    struct entity_tags tags = {{"node"}, {"app"}};
    struct text_sink s = {0};
    struct sink sink = text_sink(&s);
    struct in_line *l = in_line_new(&sink, &tags);
    struct in_line_ask ask = {
        .precision = LINE_S, .now = now, .bounds = intake_bounds(now)};
    struct in_line_result r = {0};
    const char *text = "cpu,node=n1,app=a,host=x busy=1";
    in_line_read(l, text, strlen(text), &ask, &r);
    CHECK_TEXT(buf_text(&s.out), "host n1 of a @1795255200000: cpu.busy{host=x}=1\n");
    in_line_free(&l);
    text_sink_free(&s);
}

TEST(all_kinds_of_fields_are_known)
{
    start();
    const char *text =
        "m,host=h a=1,b=2i,c=3u,d=t,e=FALSE,f=\"x, y=\\\"1\\\" z\",g=-4e2";
    read_n(text, strlen(text), LINE_S);
    CHECK_TEXT(buf_text(&out.out),
               "host h of  @1795255200000: m.a=1 m.b=2 m.c=3 m.g=-400\n");
    CHECK_INT(result.tally.taken, 7);
    CHECK_INT(result.tally.kept, 4);
    CHECK_INT(result.tally.dropped[DROP_TEXT_VALUE], 3);
    CHECK_INT(result.refused, 0);
    end();
}

TEST(a_backslash_takes_the_meaning_of_what_follows)
{
    READS("my\\ disk,host=h,mount=/a\\,b\\=c\\ d used\\ space=1",
          "host h of  @1795255200000: my disk.used space{mount=/a,b=c d}=1\n");
    READS("m,host=h,path=C:\\x a=1", "host h of  @1795255200000: m.a{path=C:\\x}=1\n");
}

TEST(comments_blank_lines_and_carriage_returns_are_skipped)
{
    READS("# a comment\r\n\r\n  \nm,host=h a=1\r\n#x\nm,host=h a=2 1795255201\r\n",
          "host h of  @1795255200000: m.a=1\nhost h of  @1795255201000: m.a=2\n");
}

TEST(precisions_have_their_usual_names)
{
    static const struct {
        const char *name, *text;
    } cases[] = {{"ns", "1795255199999999999"},
                 {"n", "1795255199999000000"},
                 {"us", "1795255199999999"},
                 {"u", "1795255199999001"},
                 {"ms", "1795255199999"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[64];
        start();
        int n = snprintf(text, sizeof text, "m,host=h a=1 %s\n", cases[i].text);
        read_n(text, (size_t)n, in_line_precision(cases[i].name));
        CHECK_TEXT(buf_text(&out.out), "host h of  @1795255199999: m.a=1\n");
        end();
    }
    CHECK_INT(in_line_precision("s"), LINE_S);
    CHECK_INT(in_line_precision("h"), LINE_PRECISION_N);
    CHECK_INT(in_line_precision(""), LINE_PRECISION_N);
}

TEST(a_text_may_hold_line_ends)
{
    start();
    const char *text = "m,host=h s=\"one\ntwo\nthree\",a=1 1795255200\r\nm,host=h b\n";
    read_n(text, strlen(text), LINE_S);
    CHECK_TEXT(buf_text(&out.out), "host h of  @1795255200000: m.a=1\n");
    CHECK_TEXT(result.first, "line 4: expected a field as name=value (column 11)");
    CHECK_INT(result.lines, 2);
    end();
}

TEST(every_bad_line_is_told_with_its_column)
{
    REFUSES(
        "cpu", DROP_SYNTAX,
        "line 1: expected a space and fields after measurement and tags (column 4)");
    REFUSES(" cpu,host=h a=1", DROP_SYNTAX,
            "line 1: expected a measurement before the space (column 1)");
    REFUSES("cpu,host a=1", DROP_SYNTAX,
            "line 1: expected a tag as key=value after ',' (column 9)");
    REFUSES("cpu,=h a=1", DROP_SYNTAX,
            "line 1: expected a tag as key=value after ',' (column 5)");
    REFUSES("cpu,host= a=1", DROP_SYNTAX,
            "line 1: expected the value of tag 'host' (column 10)");
    REFUSES(
        "cpu,host=a=b a=1", DROP_SYNTAX,
        "line 1: expected ',' or a space after the value of tag 'host'; an '=' in a "
        "value is written '\\=' (column 11)");
    REFUSES("cpu,host=h,host=g a=1", DROP_SYNTAX,
            "line 1: tag 'host' stands twice (column 4)");
    REFUSES("cpu,host=h ", DROP_SYNTAX,
            "line 1: expected a field as name=value (column 12)");
    REFUSES("cpu,host=h busy", DROP_SYNTAX,
            "line 1: expected a field as name=value (column 16)");
    REFUSES("cpu,host=h =1", DROP_SYNTAX,
            "line 1: expected a field as name=value (column 12)");
    REFUSES("cpu,host=h a=", DROP_SYNTAX,
            "line 1: expected a number, true, false or a quoted text after '=' "
            "(column 14)");
    REFUSES("cpu,host=h a=1,", DROP_SYNTAX,
            "line 1: expected a field as name=value (column 16)");
    REFUSES(
        "cpu,host=h a=1x", DROP_SYNTAX,
        "line 1: expected ',', a space or the line's end after a value (column 15)");
    REFUSES("cpu,host=h a=\"x 1", DROP_SYNTAX,
            "line 1: expected a '\"' that closes this text (column 14)");
    REFUSES("cpu,host=h a=1 12x", DROP_SYNTAX,
            "line 1: expected a time in whole s since 1970, then the line's end "
            "(column 16)");
    REFUSES("cpu,host=h a=1 99999999999999999999", DROP_SYNTAX,
            "line 1: expected a time that fits 64 bits (column 16)");
    REFUSES("cpu,host=h a=1 9223372036854775807", DROP_SYNTAX,
            "line 1: expected a time that fits 64 bits (column 16)");
}

TEST(a_sample_of_nobody_is_refused)
{
    REFUSES("cpu busy=1", DROP_NO_ENTITY,
            "line 1: expected a tag 'host' or 'service' that says whose sample it is "
            "(column 1)");
}

TEST(what_is_not_finite_is_refused)
{
    REFUSES("cpu,host=h a=NaN", DROP_NOT_FINITE,
            "line 1: expected a finite number, not 'NaN' (column 14)");
    REFUSES("cpu,host=h a=-inf", DROP_NOT_FINITE,
            "line 1: expected a finite number, not '-inf' (column 14)");
    REFUSES("cpu,host=h a=1e40", DROP_NOT_FINITE,
            "line 1: expected a finite number, not '1e40' (column 14)");
}

TEST(times_of_another_age_are_refused)
{
    REFUSES(
        "cpu,host=h a=1 1792663199", DROP_TOO_OLD,
        "line 1: 2026-10-22T09:59:59Z: its time is more than 30 days ago, when read "
        "as s (column 16)");
    REFUSES(
        "cpu,host=h a=1 1795255801", DROP_FUTURE,
        "line 1: 2026-11-21T10:10:01Z: its time is more than 10 minutes ahead, when "
        "read as s (column 16)");
    REFUSES("cpu,host=h a=1 1795255200000000", DROP_FUTURE,
            "line 1: this time: its time is more than 10 minutes ahead, when read as s "
            "(column 16)");
    REFUSES(
        "cpu,host=h a=1 -1", DROP_TOO_OLD,
        "line 1: 1969-12-31T23:59:59Z: its time is more than 30 days ago, when read "
        "as s (column 16)");
}

TEST(names_must_be_names)
{
    char text[600], long_name[250];
    memset(long_name, 'x', sizeof long_name);
    snprintf(text, sizeof text, "m,host=%.201s a=1", long_name);
    REFUSES(text, DROP_NAME,
            "line 1: the host's name is 201 bytes long, at most 200 (column 1)");
    snprintf(text, sizeof text, "m,host=h %.199s=1", long_name);
    REFUSES(text, DROP_NAME,
            "line 1: the metric's name, with its tags, is 201 bytes long, at most 200 "
            "(column 10)");
    REFUSES("m,host=a\tb a=1", DROP_NAME,
            "line 1: the host's name has a control character at byte 2 (column 1)");
    start();
    read_n("m,host=h a\0b=1", 14, LINE_S);
    CHECK_INT(result.tally.dropped[DROP_NAME], 1);
    read_n("m,host=h\0x a=1", 14, LINE_S);
    CHECK_INT(result.tally.dropped[DROP_NAME], 2);
    CHECK_TEXT(buf_text(&out.out), "");
    end();
}

TEST(good_lines_of_a_bad_body_are_kept)
{
    start();
    const char *text = "m,host=h a=1\nm,host=h a=x\nm,host=h a=2\nnonsense\n";
    read_n(text, strlen(text), LINE_S);
    CHECK_TEXT(buf_text(&out.out), "host h of  @1795255200000: m.a=1\n"
                                   "host h of  @1795255200000: m.a=2\n");
    struct buf b = {0};
    in_line_write_error(&result, &b);
    CHECK_TEXT(buf_text(&b), "line 2: expected a number, true, false or a quoted text "
                             "after '=' (column 12); 2 of 4 lines refused");
    buf_free(&b);
    end();
}

TEST(a_line_is_refused_whole_and_all_its_samples_are_counted)
{
    start();
    const char *text = "m,host=h a=1,b=2,c=NaN,d=4\n";
    read_n(text, strlen(text), LINE_S);
    CHECK_TEXT(buf_text(&out.out), "");
    CHECK_INT(result.tally.dropped[DROP_NOT_FINITE], 2);
    end();
}

TEST(a_head_met_again_asks_for_nothing)
{
    start();
    const char *text = "m,host=h a=1,b=2,c=\"x\"\n";
    read_n(text, strlen(text), LINE_S);
    uint64_t asked = out.asked;
    CHECK_INT(asked, 3);
    read_n(text, strlen(text), LINE_S);
    CHECK_INT(out.asked, asked);
    /* another host with the same fields asks for itself only */
    read_n("m,host=g a=1,b=2\n", 17, LINE_S);
    CHECK_INT(out.asked, asked + 1);
    end();
}

TEST(fields_in_another_order_or_number_are_still_right)
{
    start();
    static const char *const fields[] = {
        "a=1,b=2,c=3", "c=3,b=2,a=1", "a=1",     "b=2",        "a=1,d=4,b=2,c=3",
        "ab=5,a=1",    "a=1,b=\"x\"", "a=1,b=2", "a=\"y\",c=3"};
    struct buf want = {0};
    for (int i = 0; i < 300; i++) {
        char text[80];
        const char *f = fields[i * 7 % 9];
        int n = snprintf(text, sizeof text, "m,host=h%d %s\n", i % 2, f);
        read_n(text, (size_t)n, LINE_S);
        buf_addf(&want, "host h%d of  @1795255200000:", i % 2);
        for (; *f != '\0'; f += strcspn(f, ","), f += *f == ',')
            if (f[strcspn(f, "=") + 1] != '"')
                buf_addf(&want, " m.%.*s", (int)strcspn(f, ","), f);
        buf_add_ch(&want, '\n');
    }
    CHECK_TEXT(buf_text(&out.out), buf_text(&want));
    CHECK_INT(result.refused, 0);
    buf_free(&want);
    end();
}

TEST(without_room_for_a_metric_the_others_go_on)
{
    start();
    out.metrics_max = 1;
    for (int i = 0; i < 3; i++)
        read_n("m,host=h a=1,b=2", 16, LINE_S);
    CHECK_INT(result.tally.kept, 3);
    CHECK_INT(result.tally.dropped[DROP_FULL], 3);
    CHECK_INT(result.refused, 0);
    out.metrics_max = 0; /* room again: it is noticed */
    read_n("m,host=h a=1,b=2", 16, LINE_S);
    CHECK_INT(result.tally.kept, 5);
    end();
}

TEST(without_room_for_a_host_its_lines_are_refused)
{
    start();
    out.entities_max = 1;
    read_n("m,host=h a=1\nm,host=g a=1\n", 26, LINE_S);
    CHECK_INT(result.tally.kept, 1);
    CHECK_INT(result.tally.dropped[DROP_FULL], 1);
    CHECK_TEXT(result.first, "line 2: no room for a new host or service (column 1)");
    end();
}

TEST(fields_and_tags_beyond_the_limit_are_refused)
{
    struct buf b = {0};
    buf_add(&b, "m,host=h ");
    for (int i = 0; i <= LINE_FIELDS_MAX; i++)
        buf_addf(&b, "%sf%d=%d", i > 0 ? "," : "", i, i);
    start();
    read_n(b.data, b.len, LINE_S);
    CHECK_INT(result.tally.dropped[DROP_SYNTAX], LINE_FIELDS_MAX);
    CHECK_INT(result.tally.kept, 0);
    buf_clear(&b);
    buf_add(&b, "m,host=h");
    for (int i = 0; i < LINE_TAGS_MAX; i++)
        buf_addf(&b, ",t%d=1", i);
    buf_add(&b, " a=1");
    start();
    read_n(b.data, b.len, LINE_S);
    CHECK_TEXT(result.first, "line 1: more than 64 tags (column 377)");
    buf_free(&b);
    end();
}

TEST(bytes_cut_off_anywhere_do_no_harm)
{
    const char *text =
        "m\\ x,host=h,t=a\\,b s=\"q\\\"\nr\",a=1.5e3,b=7i,c=t 1795255200\n";
    for (size_t n = 0; n <= strlen(text); n++) {
        start();
        read_n(text, n, LINE_S);
        end();
    }
}
