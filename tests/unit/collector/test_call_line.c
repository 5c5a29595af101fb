/* tests of collector/call_line */
#include "collector/call_line.h"
#include "tests/test.h"

#include <stdio.h>

TEST(a_line_is_taken_apart_in_its_order_and_by_name)
{
    char line[] = "web>pay:/a:b -1001  12\t340.5 91 callee_host=h1 side=server\r";
    struct call_line c = {.caller_host = "w1"};
    CHECK_INT(call_line_read(line, &c, NULL), 0);
    CHECK_TEXT(c.caller, "web");
    CHECK_TEXT(c.callee, "pay");
    CHECK_TEXT(c.iface, "/a:b");
    CHECK_TEXT(c.code, "-1001");
    CHECK_TEXT(c.count, "12");
    CHECK_TEXT(c.sum_ms, "340.5");
    CHECK_TEXT(c.max_ms, "91");
    CHECK_TEXT(c.callee_host, "h1");
    CHECK_TEXT(c.side, "server");
    CHECK_TEXT(c.caller_host, "w1");
    CHECK(c.ts == NULL && c.span_s == NULL && c.outcome == NULL);
}

TEST(what_is_no_record_is_told)
{
    static const struct {
        const char *line, *words;
    } cases[] = {{"nothing", "expected CALLER>CALLEE"},
                 {">b 0 1", "expected CALLER>CALLEE"},
                 {"a>b 0", "CODE COUNT"},
                 {"a>b 0 1 who=me", "expected outcome"},
                 {"a>b 0 1 2 3 4", "expected NAME=VALUE"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char line[64];
        struct call_line c = {0};
        struct err err = {0};
        snprintf(line, sizeof line, "%s", cases[i].line);
        CHECK_INT(call_line_read(line, &c, &err), -1);
        CHECK(strstr(err.text, cases[i].words) != NULL);
    }
}

TEST(codes_have_outcomes)
{
    CHECK_TEXT(call_line_outcome("0"), "ok");
    CHECK_TEXT(call_line_outcome("302"), "ok");
    CHECK_TEXT(call_line_outcome("404"), "fail");
    CHECK_TEXT(call_line_outcome("timeout"), "timeout");
    CHECK_TEXT(call_line_outcome("-1"), "fail");
}

TEST(lines_follow_one_another_and_blanks_say_nothing)
{
    static const char text[] = "# no\n\na>b 0 1\nlast";
    static char line[CALL_LINE_BYTES_MAX];
    const char *p = text, *end = text + strlen(text);
    CHECK_INT(call_line_next(p, end, line, &p, NULL), 0);
    CHECK_INT(call_line_next(p, end, line, &p, NULL), 0);
    CHECK_INT(call_line_next(p, end, line, &p, NULL), 1);
    CHECK_TEXT(line, "a>b 0 1");
    CHECK_INT(call_line_next(p, end, line, &p, NULL), 1);
    CHECK_TEXT(line, "last");
    CHECK(p == end);
}

TEST(long_lines_and_nul_bytes_are_refused)
{
    static char text[CALL_LINE_BYTES_MAX + 2], line[CALL_LINE_BYTES_MAX];
    const char *next;
    struct err is_long = {0}, nul = {0};
    memset(text, 'x', sizeof text);
    CHECK_INT(call_line_next(text, text + sizeof text, line, &next, &is_long), -1);
    CHECK(strstr(is_long.text, "8191") != NULL);
    memcpy(text, "a\0b", 3);
    CHECK_INT(call_line_next(text, text + 3, line, &next, &nul), -1);
    CHECK(strstr(nul.text, "NUL") != NULL);
}
