/* tests of collector/tags */
#include "collector/tags.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static char text[16][64];

static struct tag pair(int i, const char *key, const char *value)
{
    snprintf(text[2 * i], sizeof text[0], "%s", key);
    snprintf(text[2 * i + 1], sizeof text[0], "%s", value);
    return (struct tag){text[2 * i], text[2 * i + 1], strlen(key), strlen(value),
                        false};
}

TEST(host_and_service_are_taken_out_and_the_rest_is_the_suffix)
{
    struct tag p[] = {pair(0, "mode", "rw"), pair(1, "instance", "h1:9100"),
                      pair(2, "device", "sda"), pair(3, "job", "node")};
    struct entity who;
    char suffix[64];
    CHECK_INT(tags_entity(p, 4, &entity_tags_default, &who, NULL), DROP_N);
    CHECK_INT(who.kind, ENTITY_HOST);
    CHECK_TEXT(who.host, "h1");
    CHECK_TEXT(who.service, "node");
    CHECK_INT(tags_suffix(p, 4, suffix, sizeof suffix), 20);
    CHECK_TEXT(suffix, "{device=sda,mode=rw}");
}

TEST(the_first_name_of_the_list_wins_and_the_other_stays_a_label)
{
    struct tag p[] = {pair(0, "instance", "h1:9100"), pair(1, "host", "h2")};
    struct entity who;
    char suffix[64];
    CHECK_INT(tags_entity(p, 2, &entity_tags_default, &who, NULL), DROP_N);
    CHECK_TEXT(who.host, "h2");
    tags_suffix(p, 2, suffix, sizeof suffix);
    CHECK_TEXT(suffix, "{instance=h1:9100}");
}

TEST(an_empty_label_names_nobody)
{
    struct tag p[] = {pair(0, "host", ""), pair(1, "service", "pay")};
    struct entity who;
    CHECK_INT(tags_entity(p, 2, &entity_tags_default, &who, NULL), DROP_N);
    CHECK_INT(who.kind, ENTITY_SERVICE);
    CHECK_TEXT(who.service, "pay");
}

TEST(what_is_wrong_is_named)
{
    struct err err = {0};
    struct entity who;
    struct tag none[] = {pair(0, "cpu", "0")};
    CHECK_INT(tags_entity(none, 1, &entity_tags_default, &who, &err), DROP_NO_ENTITY);
    CHECK_TEXT(err.text, "expected a tag 'host' or 'service' that says whose sample it "
                         "is");
    struct tag twice[] = {pair(0, "host", "a"), pair(1, "host", "b")};
    err = (struct err){0};
    CHECK_INT(tags_entity(twice, 2, &entity_tags_default, &who, &err), DROP_SYNTAX);
    CHECK_TEXT(err.text, "tag 'host' stands twice");
    struct tag bad[] = {pair(0, "host", "a\x01")};
    err = (struct err){0};
    CHECK_INT(tags_entity(bad, 1, &entity_tags_default, &who, &err), DROP_NAME);
    CHECK_TEXT(err.text, "the host's name has a control character at byte 2");
}

TEST(a_suffix_that_does_not_fit_is_told_by_its_length)
{
    struct tag p[] = {pair(0, "device", "sda")};
    char small[8];
    CHECK_INT(tags_suffix(p, 1, small, sizeof small), 12);
    CHECK_TEXT(small, "");
    CHECK_INT(tags_suffix(p, 0, small, sizeof small), 0);
}
