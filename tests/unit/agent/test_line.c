/* Lines of access logs, as their servers write them, into calls. */
#include "programs/agent/line.h"

#include "tests/test.h"

#include <errno.h>
#include <stdio.h>

static struct agent_line l;

static bool take(const char *format, const char *pattern, const char *line)
{
    struct err err = {0};
    struct agent_line_form *f = agent_line_form_new(format, pattern, 2, &err);
    CHECK_TEXT(err.text, "");
    bool fits = agent_line_read(f, line, strlen(line), &l);
    agent_line_form_free(&f);
    CHECK(f == NULL);
    return fits;
}

static void check_call(const char *iface, const char *code, const char *outcome)
{
    CHECK_TEXT(l.iface, iface);
    CHECK_TEXT(l.code, code);
    CHECK_TEXT(l.outcome, outcome);
}

#define AT "10.1.2.3 - - [21/Nov/2026:10:00:07 +0000] "

TEST(nginx_writes_combined_with_and_without_the_time_it_took)
{
    CHECK(take("nginx", NULL,
               AT "\"GET /shop/cart?x=\\x22 HTTP/1.1\" 200 12 \"-\" \"a b\""));
    check_call("/shop/cart", "200", "ok");
    CHECK(isnan(l.ms));
    CHECK_INT(l.at.ms, 1795255207000);
    CHECK(take("nginx", NULL, AT "\"POST / HTTP/2.0\" 500 12 \"-\" \"a\" 0.250"));
    check_call("/", "500", "fail");
    CHECK_NEAR(l.ms, 250, 1e-9);
    CHECK(take("nginx", NULL,
               "::1 - joe b [21/Nov/2026:10:00:07 +0530] \"GET /a HTTP/1.1\" 499 0 "
               "\"-\" \"-\" "
               "rt=1.5 upstream=-"));
    check_call("/a", "499", "timeout");
    CHECK_NEAR(l.ms, 1500, 1e-9);
    CHECK_INT(l.at.ms, 1795255207000 - 5 * 3600000 - 1800000);
}

TEST(a_request_that_is_none_has_no_interface)
{
    CHECK(take("nginx", NULL, AT "\"\\x16\\x03\\x01\" 400 157 \"-\" \"-\""));
    check_call("", "400", "fail");
    CHECK(take("nginx", NULL, AT "\"\" 400 0 \"-\" \"-\""));
    CHECK(!take("nginx", NULL, AT "\"GET / HTTP/1.1\" - 0"));
    CHECK(!take("nginx", NULL, ""));
}

TEST(apache_writes_common_combined_and_microseconds)
{
    CHECK(take("apache", NULL, AT "\"GET /a/b/c HTTP/1.0\" 304 -"));
    check_call("/a/b", "304", "ok");
    CHECK(take("apache", NULL,
               AT "\"GET /a/\\\"x\\\" HTTP/1.0\" 200 7 \"http://x/\" \"Mozilla "
                  "\\\"5\\\"\" 1500"));
    CHECK_INT(l.at.ms, 1795255207000);
    CHECK_NEAR(l.ms, 1.5, 1e-9);
}

TEST(haproxy_and_envoy_write_their_own)
{
    CHECK(take(
        "haproxy", NULL,
        "Feb  6 12:14:14 localhost haproxy[14389]: 10.0.1.2:33317 "
        "[06/Feb/2009:12:14:14.655] http-in static/srv1 10/0/30/69/109 200 2750 - - "
        "---- 1/1/1/1/0 0/0 {1wt.eu} {} \"GET /index.html HTTP/1.1\""));
    check_call("/index.html", "200", "ok");
    CHECK_NEAR(l.ms, 109, 1e-9);
    CHECK(take("haproxy", NULL,
               "haproxy[1]: 10.0.1.2:33318 [06/Feb/2009:12:14:14.655] in in/<NOSRV> "
               "-1/-1/-1/-1/+50000 408 +212 - - cR-- 2/2/0/0/0 0/0 \"<BADREQ>\""));
    check_call("", "408", "timeout");
    CHECK(take(
        "envoy", NULL,
        "[2026-11-21T10:00:07.310Z] \"POST /api/v1/locations HTTP/2\" 204 - 154 0 226 "
        "100 \"10.0.35.28\" \"nsq2http\" \"cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2\" "
        "\"locations\" \"tcp://10.0.2.1:80\""));
    check_call("/api/v1", "204", "ok");
    CHECK_NEAR(l.ms, 226, 1e-9);
    CHECK_INT(l.at.ms, 1795255207310);
    CHECK(take("envoy", NULL,
               "[2026-11-21T10:00:07.310Z] \"GET /status/418 HTTP/1.1\" 503 UF "
               "upstream_reset - \"via \\\"x\\\"\" 0 91 4 - \"-\" \"curl\" \"a\" \"b\" "
               "\"c\""));
    check_call("/status/*", "503", "fail");
    CHECK_NEAR(l.ms, 4, 1e-9);
    CHECK(take("envoy", NULL,
               "[2026-11-21T10:00:07Z] \"GET / HTTP/1.1\" 0 DC 0 0 9 - \"-\""));
    check_call("/", "0", "fail");
}

TEST(an_own_pattern_may_say_all_of_it)
{
    CHECK(take(NULL,
               "^(?<time>\\S+) (?<caller>.*?)->(?<callee>.*?) (?<iface>\\S+) "
               "(?<code>\\S+) (?<outcome>\\S+) (?<us>\\S+)$",
               "2026-11-21T10:00:07Z w>e:b->pay #charge -1001 timeout 2500"));
    CHECK_TEXT(l.caller, "w_e_b");
    CHECK_TEXT(l.callee, "pay");
    check_call("_charge", "-1001", "timeout");
    CHECK_NEAR(l.ms, 2.5, 1e-9);
    CHECK(take(NULL, "(?<code>\\w*) (?<ms>\\S*)", "7 nan"));
    check_call("", "7", "fail");
    CHECK(isnan(l.ms) && instant_is_none(l.at));
    CHECK(!take(NULL, "(?<code>\\w*) x", " x"));
}

static const char *folded(const char *path, size_t parts)
{
    static char to[AGENT_LINE_NAME_MAX];
    agent_line_template(path, strlen(path), parts, to);
    return to;
}

TEST(paths_become_templates)
{
    CHECK_TEXT(folded("/orders/4711/items", 2), "/orders/*");
    CHECK_TEXT(folded("/orders/4711/items", 3), "/orders/*/items");
    CHECK_TEXT(folded("/api/v1/users", 3), "/api/v1/users");
    CHECK_TEXT(folded("/u/cc21d9b0-cf5c-432b-8c7e-98aeb7988cd2", 2), "/u/*");
    CHECK_TEXT(folded("/u/7", 2), "/u/*");
    CHECK_TEXT(folded("http://host:80/a/b?c", 2), "/a/b");
    CHECK_TEXT(folded("//a///b;c=1", 2), "/a/b");
    CHECK_TEXT(folded("*", 2), "/*");
    CHECK_TEXT(folded("", 2), "/");
    CHECK_TEXT(folded("/?x", 2), "/");
    CHECK_TEXT(folded("/a b/\xc3\xa4\n", 2), "/a_b/___");
    char path[400] = "/";
    memset(path + 1, 'a', 300);
    CHECK_TEXT(folded(path, 2), "/*");
}

TEST(what_is_long_is_cut_and_what_is_wrong_is_refused)
{
    char line[1000];
    memset(line, 'c', 900);
    line[900] = '\0';
    CHECK(take(NULL, "(?<code>c+)", line));
    CHECK_INT(strlen(l.code), AGENT_LINE_CODE_MAX - 1);
    struct err err = {0};
    CHECK(agent_line_form_new("iis", NULL, 2, &err) == NULL && err.code == EINVAL);
    err = (struct err){0};
    CHECK(agent_line_form_new(NULL, "(?<code", 2, &err) == NULL && err.code == EINVAL);
    err = (struct err){0};
    CHECK(agent_line_form_new(NULL, "x", 2, &err) == NULL && err.code == EINVAL);
}
