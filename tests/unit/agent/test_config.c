/* The agent's file: what is taken, and every mistake with its place. */
#include "programs/agent/config.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static char path[600];
static struct buf why;

/* Loads this text as the file. */
static struct agent_config *load(const char *text)
{
    struct agent_flags flags = {.buffer = "none", .config = path};
    snprintf(path, sizeof path, "%s/agent.yml", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
    buf_free(&why);
    return agent_config_load(&flags, &why);
}

static const struct agent_item *find(const struct agent_config *c, const char *kind,
                                     const char *name)
{
    for (size_t i = 0; i < c->items; i++)
        if (strcmp(c->item[i].kind->name, kind) == 0 &&
            strcmp(c->item[i].spec->name, name) == 0)
            return &c->item[i];
    return NULL;
}

/* The complaints without the file's name. */
static void check_refused(const char *text, const char *place, const char *words)
{
    struct agent_config *c = load(text);
    char at[700];
    snprintf(at, sizeof at, "%s:%s: error[", path, place);
    CHECK(c == NULL);
    if (strstr(buf_text(&why), at) == NULL || strstr(buf_text(&why), words) == NULL)
        test_fail(__FILE__, __LINE__, "expected %s ... %s, got %s", at, words,
                  buf_text(&why));
    buf_free(&why);
}

TEST(an_empty_file_is_the_host_alone)
{
    struct agent_config *c = load("");
    CHECK_TEXT(buf_text(&why), "");
    CHECK(c != NULL && c->items == 1);
    CHECK_TEXT(c->item[0].kind->name, "host");
    CHECK_INT(c->interval.ms, 10000);
    CHECK_INT(c->item[0].spec->interval.ms, 10000);
    agent_config_free(&c);
    CHECK(c == NULL);
}

TEST(entries_have_their_own_values_or_those_of_their_kind_or_of_all)
{
    struct agent_config *c = load(
        "service: shop\ninterval: 5s\nat_once: 2\nbuffer_size: 1MiB\n"
        "groups:\n  - {name: g, program: x}\n  - {name: h, program: x, service: b}\n"
        "checks:\n  - {name: c, command: /bin/true}\n"
        "  - {name: d, command: [/bin/true, a], interval: 2m}\n"
        "scrapes:\n  - {name: s, url: 'http://127.0.0.1:9100/metrics'}\n");
    CHECK_TEXT(buf_text(&why), "");
    CHECK(c != NULL && c->items == 6 && c->at_once == 2);
    CHECK_INT(c->buffer_bytes, 1 << 20);
    CHECK_TEXT(find(c, "group", "g")->spec->service, "shop");
    CHECK_INT(find(c, "group", "g")->spec->interval.ms, 5000);
    CHECK_TEXT(find(c, "group", "h")->spec->service, "b");
    CHECK_INT(find(c, "check", "c")->spec->interval.ms, 60000);
    CHECK_INT(find(c, "check", "d")->spec->interval.ms, 120000);
    CHECK_INT(find(c, "scrape", "s")->spec->interval.ms, 30000);
    agent_config_free(&c);
}

TEST(entries_that_say_the_same_have_the_same_hash_and_others_have_not)
{
    const char *const texts[] = {
        "checks:\n  - {name: c, command: [/bin/true, a]}\n",
        "# a comment\nat_once: 3\nchecks:\n  - name: c\n    command: [/bin/true, a]\n",
        "checks:\n  - {name: c, command: [/bin/true, b]}\n",
        "checks:\n  - {name: c, command: [/bin/true, a], timeout: 5s}\n",
        "service: x\nchecks:\n  - {name: c, command: [/bin/true, a]}\n"};
    uint64_t hash[5];
    for (int i = 0; i < 5; i++) {
        struct agent_config *c = load(texts[i]);
        CHECK_TEXT(buf_text(&why), "");
        hash[i] = find(c, "check", "c")->hash;
        agent_config_free(&c);
    }
    CHECK(hash[0] == hash[1]);
    for (int i = 2; i < 5; i++)
        CHECK(hash[0] != hash[i]);
}

TEST(mistakes_are_told_with_their_place)
{
    check_refused("chekcs: []\n", "1:1", "did you mean 'checks'?");
    check_refused("checks: 1\n", "1:9", "expected a list");
    check_refused("checks:\n  - x\n", "2:5", "expected a map with a name");
    check_refused("checks:\n  - {command: /bin/true}\n", "2:5", "name");
    check_refused("checks:\n  - {name: a}\n", "2:5", "command");
    check_refused("checks:\n  - {name: a, command: true}\n", "2:5", "full path");
    check_refused("checks:\n  - {name: a, command: /bin/nowhere}\n", "2:5",
                  "No such file");
    check_refused("checks:\n  - {name: a, command: /bin/true, timeout: 2m}\n", "2:5",
                  "longer than its interval");
    check_refused("checks:\n  - {name: a, command: /bin/true, user: no-such-one}\n",
                  "2:5", "there is no user 'no-such-one'");
    check_refused("checks:\n  - {name: \"a\\tb\", command: /bin/true}\n", "2:12",
                  "control character");
    check_refused("groups:\n  - {name: a}\n", "2:5", "needs a unit");
    check_refused("groups:\n  - {name: a, unit: x, interval: 1s}\n", "2:24",
                  "no field 'interval'");
    check_refused("scrapes:\n  - {name: a, url: 'ftp://x/'}\n", "2:5",
                  "expected http://HOST:PORT or https://HOST:PORT");
    check_refused("scrapes:\n  - {name: a, url: 'http://x:1/', labels: {host: y}}\n",
                  "2:5", "'host' is set by");
    check_refused("scrapes:\n  - {name: a, url: 'http://x:1/', labels: {a-b: y}}\n",
                  "2:5", "no name of a label");
    check_refused("at_once: 0\n", "1:10", "");
    check_refused("buffer_size: 1KiB\n", "1:14", "");
}

TEST(there_is_an_end_to_entries)
{
    struct buf text = {0};
    buf_add(&text, "groups:\n");
    for (int i = 0; i <= AGENT_ITEMS_MAX; i++)
        buf_addf(&text, "  - {name: g%d, program: x}\n", i);
    check_refused(buf_text(&text), "502:5", "at most 500 entries");
    buf_free(&text);
}
