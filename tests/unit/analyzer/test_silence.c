/* tests of analyzer/silence */
#include "analyzer/silence.h"
#include "tests/test.h"

static const char text[] =
    "format: 1\n"
    "rules:\n"
    "  - {id: web, on: {kinds: [config]}, silence: true, attention: {count: 1}}\n"
    "  - id: db\n"
    "    on: {host: db*}\n"
    "    silence: true\n"
    "    attention: {count: 1}\n"
    "    except: [{host: db2, until: 2030-01-01, reason: lab}]\n"
    "  - {id: rest, silence: true, attention: {count: 1}}\n";

TEST(a_host_counts_for_the_first_rule_that_may_speak_of_it)
{
    struct complaints complaints = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, sizeof text - 1, &complaints);
    CHECK(rs != NULL);
    struct change c = {.kind = CHANGE_RELEASE, .start = {1000}};
    struct slot slot[] = {{.host = "db1"},
                          {.host = "db2"},
                          {.host = "h1"},
                          {.host = "h2"},
                          {.host = "h3"}};
    struct pulse at[] = {{.slot = &slot[0], .state = PULSE_SILENT},
                         {.slot = &slot[1], .state = PULSE_SILENT},
                         {.slot = &slot[2], .state = PULSE_SILENT, .calls = true},
                         {.slot = &slot[3], .state = PULSE_GOOD},
                         {.slot = &slot[4], .state = PULSE_NOT_ASKED}};
    struct pulses p = {.n = 5, .at = at};
    struct silence web = silence_count(rs, &c, &rs->rule[0], &p);
    CHECK(web.asked == 0 && web.silent == 0);
    struct silence db = silence_count(rs, &c, &rs->rule[1], &p);
    CHECK(db.asked == 1 && db.silent == 1 && db.excepted == 1 && db.calling == 0);
    struct silence rest = silence_count(rs, &c, &rs->rule[2], &p);
    CHECK(rest.asked == 2 && rest.silent == 1 && rest.good == 1 && rest.calling == 1);
    CHECK(!silence_speaks(rs, &c, &rs->rule[1], "db2"));
    CHECK(!silence_speaks(rs, &c, &rs->rule[2], "db2")); /* no other takes over */
    c.kind = CHANGE_CONFIG;
    CHECK_INT(silence_count(rs, &c, &rs->rule[0], &p).asked, 4);
    CHECK_INT(silence_count(rs, &c, &rs->rule[2], &p).asked, 0);
    ruleset_free(&rs);
}
