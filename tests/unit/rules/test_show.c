/* tests of rules/show */
#include "rules/show.h"
#include "tests/test.h"

static const char text[] = "format: 1\n"
                           "owner: pe\n"
                           "windows:\n"
                           "  config: {settle: 10s, slow: off}\n"
                           "defaults:\n"
                           "  needs: {points: 70%}\n"
                           "rules:\n"
                           "  - id: cpu.jump\n"
                           "    title: CPU use\n"
                           "    series: [cpu.busy, \"cpu.u*\"]\n"
                           "    unit: \"%\"\n"
                           "    attention: {q: 5%, effect: 10%, delta: 5}\n"
                           "    why: |\n"
                           "      two\n"
                           "      lines\n"
                           "overrides:\n"
                           "  - rule: cpu.jump\n"
                           "    scope: {service: pay}\n"
                           "    set: {attention.delta: 9, weight: 3}\n"
                           "    by: li\n"
                           "    reason: noisy\n"
                           "    until: 2027-01-31\n";

static struct ruleset *good(void)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    OWNED_BUF why = {0};
    complaints_write(&c, &why);
    CHECK_TEXT(buf_text(&why), "");
    CHECK(rs != NULL);
    return rs;
}

static void show_for(const char *service, struct buf *to)
{
    struct ruleset *rs = good();
    char name[20];
    strcpy(name, service);
    instant start;
    CHECK_INT(instant_parse("2026-11-21T10:00:00Z", &start, NULL), 0);
    struct change change = {.kind = CHANGE_CONFIG, .service = name, .start = start};
    struct ruleset *in = ruleset_in_force(rs, &change, NULL);
    CHECK(in != NULL && in->n == 1);
    show_rule(&in->rule[0], to);
    ruleset_free(&in);
    ruleset_free(&rs);
}

TEST(each_field_says_where_it_comes_from)
{
    OWNED_BUF b = {0};
    show_for("pay", &b);
    CHECK_TEXT(
        buf_text(&b),
        "cpu.jump: CPU use (r.yml:8)\n"
        "  rev                   1                                   standard\n"
        "  owner                 pe                                  r.yml:2, for the "
        "whole file\n"
        "  series                [cpu.busy, \"cpu.u*\"]                r.yml:10\n"
        "  worse                 both                                standard\n"
        "  unit                  \"%\"                                 r.yml:11\n"
        "  attention.q           5%                                  r.yml:12\n"
        "  attention.effect      10%                                 r.yml:12\n"
        "  attention.delta       9                                   r.yml:19, "
        "override by li until 2027-01-31: noisy\n"
        "  needs.points          70%                                 r.yml:6, for the "
        "whole file\n"
        "  needs.hosts           80%                                 standard\n"
        "  needs.calls           50                                  standard\n"
        "  weight                3                                   r.yml:19, "
        "override by li until 2027-01-31: noisy\n"
        "  mode                  enforce                             standard\n"
        "  why                   \"two lines\"                         r.yml:13\n");
}

TEST(windows_say_where_they_come_from)
{
    struct ruleset *rs = good();
    OWNED_BUF b = {0};
    show_windows(rs, CHANGE_CONFIG, "pay", &b);
    CHECK_TEXT(
        buf_text(&b),
        "windows of config\n"
        "  before                30m                                 standard\n"
        "  settle                10s                                 r.yml:4\n"
        "  looks                 10m, 15m, 30m, 1h                   standard\n"
        "  slow                  off                                 r.yml:4\n"
        "  late                  1m30s                               standard\n"
        "  unfinished            4h                                  standard\n");
    ruleset_free(&rs);
}
