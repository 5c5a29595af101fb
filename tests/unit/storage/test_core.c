/* tests/unit/storage/test_core.c - records of coredumps, read and written back. */
#include "storage/core.h"
#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct core *core_at(const char *json, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(json, strlen(json), err);
    struct core *c = NULL;
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    CHECK((core_read(&root, now, &c, err) < 0) == (c == NULL));
    return c;
}

static struct core *core(const char *json)
{
    struct err err = {0};
    struct core *c = core_at(json, NOW, &err);
    if (c == NULL)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    return c;
}

/* The record must be refused, with words that hold `words`. */
static void refused_at(const char *json, instant now, const char *words)
{
    struct err err = {0};
    OWNED_CORE *c = core_at(json, now, &err);
    if (c != NULL)
        test_fail(__FILE__, __LINE__, "%s was taken", json);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "%s: '%s' does not say '%s'", json, err.text,
                  words);
}

#define HEAD       "\"host\":\"h1\",\"exe\":\"/opt/pay\",\"signal\":\"SIGSEGV\""
#define WITH(more) "{" HEAD "," more "}"

static void refused(const char *json, const char *words)
{
    refused_at(json, NOW, words);
}

static void written(const struct core *c, struct buf *to)
{
    struct jsonw w = {.to = to};
    core_write(c, NULL, &w);
}

static const char FULL[] =
    "{\"time\":\"2026-11-21T09:59:00.250Z\",\"host\":\"h1\",\"service\":\"pay\","
    "\"exe\":\"/opt/pay/bin/pay\",\"pid\":4711,\"signal\":\"SIGABRT\","
    "\"signature\":\"mine\",\"frames\":[{\"fn\":\"parse(char*)\","
    "\"module\":\"/opt/pay/bin/pay\",\"build_id\":\"ab12\",\"offset\":\"0x1f3a\"},"
    "{},{\"fn\":\"main\"}]}";

TEST(every_field_of_a_record_is_read)
{
    OWNED_CORE *c = core(FULL);
    CHECK_INT(c->time.ms, NOW.ms - 59750);
    CHECK_TEXT(c->host, "h1");
    CHECK_TEXT(c->service, "pay");
    CHECK_TEXT(c->exe, "/opt/pay/bin/pay");
    CHECK_INT(c->pid, 4711);
    CHECK_INT(c->signal, SIGABRT);
    CHECK_TEXT(c->signature, "mine");
    CHECK_INT(c->n_frames, 3);
    CHECK_TEXT(c->frame[0].fn, "parse(char*)");
    CHECK_TEXT(c->frame[0].module, "/opt/pay/bin/pay");
    CHECK_TEXT(c->frame[0].build_id, "ab12");
    CHECK(c->frame[0].has_offset && c->frame[0].offset == 0x1f3a);
    CHECK(c->frame[1].fn == NULL && c->frame[1].module == NULL &&
          !c->frame[1].has_offset);
    CHECK_INT(c->frames_left_out, 0);
}

TEST(what_is_written_reads_back_the_same)
{
    OWNED_CORE *c = core(FULL);
    OWNED_BUF b = {0}, again = {0};
    written(c, &b);
    CHECK_TEXT(buf_text(&b), FULL);
    OWNED_CORE *back = core(buf_text(&b));
    written(back, &again);
    CHECK_TEXT(buf_text(&again), FULL);
}

TEST(a_count_says_of_how_many_dumps_a_record_speaks)
{
    OWNED_CORE *one = core(WITH("\"count\":1")), *many = core(WITH("\"count\":40"));
    CHECK_INT(one->more, 0);
    CHECK_INT(many->more, 39);
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    core_write(many, NULL, &w);
    OWNED_CORE *again = core(buf_text(&b));
    CHECK_INT(again->more, 39);
    refused(WITH("\"count\":0"), "count (line 1");
    refused(WITH("\"count\":1000001"), "is 1000001, expected 1 to 1000000");
    refused(WITH("\"count\":\"x\""), "count (line 1");
}

TEST(little_is_required)
{
    OWNED_CORE *c = core("{" HEAD "}");
    CHECK_INT(c->time.ms, NOW.ms);
    CHECK(c->service == NULL && c->signature == NULL && c->pid == 0);
    CHECK_INT(c->n_frames, 0);
    refused("[]", "expected an object");
    refused("{\"exe\":\"x\",\"signal\":11}", "host");
    refused("{\"host\":\"h\",\"signal\":11}", "exe");
    refused("{\"host\":\"\",\"exe\":\"x\",\"signal\":11}",
            "host (line 1, column 9): is "
            "empty");
    refused("{\"host\":\"h\",\"exe\":\"x\"}", "signal");
}

TEST(empty_texts_and_question_marks_are_unknown)
{
    OWNED_CORE *c =
        core(WITH("\"service\":\"\",\"pid\":null,\"frames\":[{\"fn\":\"??\"},"
                  "{\"fn\":\"\",\"module\":\"\"}],\"colour\":\"red\""));
    CHECK(c->service == NULL && c->pid == 0);
    CHECK(c->frame[0].fn == NULL && c->frame[1].fn == NULL &&
          c->frame[1].module == NULL);
}

TEST(signals_have_names_and_numbers)
{
    char out[CORE_SIGNAL_TEXT_MAX];
    CHECK_INT(core_signal_of("SIGSEGV"), SIGSEGV);
    CHECK_INT(core_signal_of("segv"), SIGSEGV);
    CHECK_INT(core_signal_of("signal 37"), 37);
    CHECK_INT(core_signal_of("SIGNOSUCH"), 0);
    CHECK_INT(core_signal_of(""), 0);
    CHECK_TEXT(core_signal_name(SIGBUS, out), "SIGBUS");
    CHECK_TEXT(core_signal_name(37, out), "signal 37");
    for (int s = 1; s <= CORE_SIGNAL_MAX; s++)
        CHECK_INT(core_signal_of(core_signal_name(s, out)), s);
    OWNED_CORE *c = core("{\"host\":\"h\",\"exe\":\"x\",\"signal\":6}");
    CHECK_INT(c->signal, SIGABRT);
    refused("{\"host\":\"h\",\"exe\":\"x\",\"signal\":0}", "signal (line 1, column");
    refused("{\"host\":\"h\",\"exe\":\"x\",\"signal\":65}", "expected 1 to 64");
    refused("{\"host\":\"h\",\"exe\":\"x\",\"signal\":\"BOOM\"}", "'BOOM'");
    refused("{\"host\":\"h\",\"exe\":\"x\",\"signal\":[]}", "expected a signal's name");
}

TEST(times_are_bounded_by_the_clock_unless_recorded)
{
    refused(WITH("\"time\":\"2026-10-01T00:00:00Z\""), "more than 30 days ago");
    refused(WITH("\"time\":\"2026-11-21T10:11:00Z\""), "10 minutes ahead");
    refused(WITH("\"time\":\"yesterday\""), "time (line 1");
    refused_at("{" HEAD "}", INSTANT_NONE, "is missing");
    struct err err = {0};
    OWNED_CORE *c =
        core_at(WITH("\"time\":\"2020-01-01T00:00:00Z\""), INSTANT_NONE, &err);
    CHECK(c != NULL);
}

TEST(an_offset_is_a_number_or_a_hexadecimal_text)
{
    OWNED_CORE *c = core(WITH("\"frames\":[{\"offset\":7994},"
                              "{\"offset\":\"0xffffffffffffffff\"}]"));
    CHECK(c->frame[0].offset == 7994 && c->frame[1].offset == UINT64_MAX);
    refused(WITH("\"frames\":[{\"offset\":-1}]"), "frames[0].offset");
    refused(WITH("\"frames\":[{\"offset\":\"7994\"}]"), "expected a whole number");
    refused(WITH("\"frames\":[{\"offset\":\"0x1g\"}]"), "expected a whole number");
    refused(WITH("\"frames\":[{\"offset\":\"0x11112222333344445\"}]"), "expected");
}

TEST(bad_frames_are_named)
{
    refused(WITH("\"frames\":{}"), "expected a list");
    refused(WITH("\"frames\":[{},\"main\"]"), "frames[1]");
    refused(WITH("\"frames\":[{\"fn\":1}]"), "frames[0].fn");
    refused(WITH("\"frames\":[{\"fn\":\"a\\u0007b\"}]"), "control character");
    refused(WITH("\"pid\":-4"), "pid");
    refused(WITH("\"service\":\"a\\nb\""), "service");
    refused(WITH("\"frames_left_out\":-1"), "frames_left_out");
}

TEST(a_deep_stack_keeps_its_top_and_a_count_of_the_rest)
{
    OWNED_BUF b = {0}, text = {0};
    buf_add(&b, "{" HEAD ",\"frames\":[");
    for (int i = 0; i < 5000; i++)
        buf_addf(&b, "%s{\"fn\":\"f%d\"}", i > 0 ? "," : "", i);
    buf_add(&b, "]}");
    OWNED_CORE *c = core(buf_text(&b));
    CHECK_INT(c->n_frames, CORE_FRAMES_MAX);
    CHECK_TEXT(c->frame[CORE_FRAMES_MAX - 1].fn, "f63");
    CHECK_INT(c->frames_left_out, 5000 - CORE_FRAMES_MAX);
    written(c, &text);
    OWNED_CORE *back = core(buf_text(&text));
    CHECK_INT(back->frames_left_out, 5000 - CORE_FRAMES_MAX);
}

TEST(a_long_function_name_is_cut_between_characters)
{
    char json[4000], fn[1200];
    memset(fn, 'a', sizeof fn);
    fn[sizeof fn - 1] = '\0';
    memcpy(fn + CORE_FN_MAX - 1, "\xc3\xa4", 2); /* stands across the cut */
    snprintf(json, sizeof json, "{" HEAD ",\"frames\":[{\"fn\":\"%s\"}]}", fn);
    OWNED_CORE *c = core(json);
    CHECK_INT(strlen(c->frame[0].fn), CORE_FN_MAX - 1);
}
