/* tests of rules/lint_format */
#include "base/json.h"
#include "rules/lint_format.h"
#include "tests/test.h"

static void write_two(enum lint_format f, struct buf *to)
{
    struct complaints c = {0};
    complain(&c, "a b,c:d/ru%les.yml", 3, 14, "unknown-field", "100%% wrong: 'x',\ny");
    complain_warn(&c, "/abs/r.yml", 7, 1, "runbook", "\"no\" runbook");
    lint_format_write(f, &c, to);
    complaints_free(&c);
}

TEST(each_format_has_its_name)
{
    for (int f = 0; f < LINT_FORMAT_N; f++)
        CHECK_INT(lint_format_of(lint_format_name((enum lint_format)f)), f);
    CHECK_INT(lint_format_of("xml"), LINT_FORMAT_N);
    CHECK_INT(lint_format_of(""), LINT_FORMAT_N);
}

TEST(text_is_a_line_each)
{
    OWNED_BUF b = {0};
    write_two(LINT_FORMAT_TEXT, &b);
    CHECK_TEXT(buf_text(&b),
               "a b,c:d/ru%les.yml:3:14: error[unknown-field]: 100% wrong: 'x', y\n"
               "/abs/r.yml:7:1: warning[runbook]: \"no\" runbook\n");
}

TEST(json_says_all_and_counts)
{
    OWNED_BUF b = {0};
    write_two(LINT_FORMAT_JSON, &b);
    CHECK_TEXT(
        buf_text(&b),
        "{\"errors\":1,\"warnings\":1,\"unkept\":0,\"complaints\":[{\"file\":\"a "
        "b,c:d/ru%les.yml\",\"line\":3,\"column\":14,\"severity\":\"error\","
        "\"code\":\"unknown-field\",\"text\":\"100% wrong: 'x', y\"},{\"file\":"
        "\"/abs/r.yml\",\"line\":7,\"column\":1,\"severity\":\"warning\",\"code\":"
        "\"runbook\",\"text\":\"\\\"no\\\" runbook\"}]}\n");
}

TEST(workflow_commands_are_escaped)
{
    OWNED_BUF b = {0};
    write_two(LINT_FORMAT_GITHUB, &b);
    CHECK_TEXT(
        buf_text(&b),
        "::error file=a b%2Cc%3Ad/ru%25les.yml,line=3,col=14,title=unknown-field::"
        "100%25 wrong: 'x', y\n"
        "::warning file=/abs/r.yml,line=7,col=1,title=runbook::\"no\" runbook\n");
}

static struct json_at member(struct json_at of, const char *name)
{
    struct json_at v;
    CHECK(json_member(&of, name, &v));
    return v;
}

static void check_text(struct json_at of, const char *name, const char *want)
{
    const char *text;
    struct json_at v = member(of, name);
    CHECK(json_text(&v, &text, NULL) == 0);
    CHECK_TEXT(text, want);
}

TEST(sarif_has_what_its_readers_need)
{
    OWNED_BUF b = {0};
    write_two(LINT_FORMAT_SARIF, &b);
    OWNED_JSON *doc = json_parse(buf_text(&b), b.len, NULL);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc), runs = member(root, "runs");
    check_text(root, "version", "2.1.0");
    CHECK_INT(json_count(&runs), 1);
    struct json_at run = json_item(&runs, 0), results = member(run, "results");
    struct json_at driver = member(member(run, "tool"), "driver");
    check_text(driver, "name", "aftercheck rules lint");
    struct json_at rules = member(driver, "rules");
    CHECK_INT(json_count(&rules), 2);
    check_text(json_item(&rules, 0), "id", "runbook");
    CHECK_INT(json_count(&results), 2);
    struct json_at result = json_item(&results, 0),
                   places = member(result, "locations");
    check_text(result, "ruleId", "unknown-field");
    check_text(result, "level", "error");
    check_text(member(result, "message"), "text", "100% wrong: 'x', y");
    struct json_at place = member(json_item(&places, 0), "physicalLocation");
    check_text(member(place, "artifactLocation"), "uri", "a%20b%2Cc%3Ad/ru%25les.yml");
    struct json_at region = member(place, "region"), line = member(region, "startLine");
    int64_t n;
    CHECK(json_whole(&line, &n, NULL) == 0 && n == 3);
    places = member(json_item(&results, 1), "locations");
    check_text(
        member(member(json_item(&places, 0), "physicalLocation"), "artifactLocation"),
        "uri", "file:///abs/r.yml");
}

TEST(nothing_to_say_is_said_in_every_format)
{
    struct complaints c = {0};
    OWNED_BUF b = {0};
    lint_format_write(LINT_FORMAT_TEXT, &c, &b);
    lint_format_write(LINT_FORMAT_GITHUB, &c, &b);
    CHECK_TEXT(buf_text(&b), "");
    lint_format_write(LINT_FORMAT_JSON, &c, &b);
    CHECK_TEXT(buf_text(&b),
               "{\"errors\":0,\"warnings\":0,\"unkept\":0,\"complaints\":[]}\n");
}

TEST(what_was_not_kept_is_counted)
{
    struct complaints c = {0};
    OWNED_BUF b = {0};
    for (int i = 0; i < COMPLAINTS_MAX + 5; i++)
        complain_warn(&c, "r.yml", 1, 1, "x", "y");
    lint_format_write(LINT_FORMAT_GITHUB, &c, &b);
    CHECK(strstr(buf_text(&b), "::warning::and 5 more\n") != NULL);
    complaints_free(&c);
}
