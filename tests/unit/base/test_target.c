/* tests of base/target */
#include "base/target.h"
#include "tests/test.h"

#include <stdlib.h>

static char room[65536];
static struct target t;

static const char *read_uri(const char *uri)
{
    CHECK(target_room(strlen(uri)) <= sizeof room);
    return target_read(&t, uri, room);
}

static bool matches(const char *uri, const char *pattern, const char *want_params)
{
    const char *params[TARGET_PARAMS_MAX] = {0};
    CHECK(read_uri(uri) == NULL);
    if (!target_matches(&t, pattern, params))
        return false;
    char got[1024] = "";
    for (int i = 0; i < TARGET_PARAMS_MAX && params[i] != NULL; i++)
        strcat(strcat(got, params[i]), "|");
    CHECK_TEXT(got, want_params);
    return true;
}

TEST(a_path_matches_its_pattern_part_by_part)
{
    CHECK(matches("/", "/", ""));
    CHECK(matches("/v1/changes", "/v1/changes", ""));
    CHECK(matches("/v1/ch%61nges?x", "/v1/changes", ""));
    CHECK(matches("/v1/changes/88/verdict", "/v1/changes/{id}/verdict", "88|"));
    CHECK(matches("/a/b/c/d", "/{1}/{2}/{3}/{4}", "a|b|c|d|"));
    CHECK(matches("/x/a%2Fb%20%c3%a9+", "/x/{id}", "a/b \xc3\xa9+|"));
}

TEST(what_is_not_the_same_does_not_match)
{
    CHECK(!matches("/", "/v1", ""));
    CHECK(!matches("/v1", "/", ""));
    CHECK(!matches("/v1/", "/v1", ""));
    CHECK(!matches("/v1", "/v1/", ""));
    CHECK(!matches("//v1", "/v1", ""));
    CHECK(!matches("/v1//changes", "/v1/changes", ""));
    CHECK(!matches("/v1/change", "/v1/changes", ""));
    CHECK(!matches("/v1/changes2", "/v1/changes", ""));
    CHECK(!matches("/V1", "/v1", ""));
    CHECK(!matches("/changes/", "/changes/{id}", ""));
    CHECK(!matches("/changes/1/2", "/changes/{id}", ""));
    CHECK(!matches("/v1%2Fchanges", "/v1/changes", ""));
}

TEST(a_path_deeper_than_any_route_matches_nothing)
{
    char deep[200] = "", pattern[200] = "";
    for (int i = 0; i < TARGET_PARTS_MAX + 1; i++)
        strcat(deep, "/a");
    CHECK(read_uri(deep) == NULL);
    CHECK_INT(t.parts, TARGET_PARTS_MAX + 1);
    memcpy(pattern, deep, sizeof pattern);
    pattern[strlen(pattern) - 2] = '\0';
    CHECK(!matches(deep, pattern, ""));
    CHECK(matches(pattern, pattern, ""));
}

TEST(the_path_stays_as_it_was_sent)
{
    CHECK(read_uri("/a%20b?wait=60s") == NULL);
    CHECK_TEXT(t.path, "/a%20b");
    CHECK_TEXT(t.part[0], "a b");
}

TEST(query_values_are_decoded_and_the_first_of_a_name_counts)
{
    CHECK(read_uri("/?wait=60s&a=1%262&b=x=y&bare&e=&a=3&sp+ace=%2B+%2b&%63=d") ==
          NULL);
    CHECK_TEXT(target_query(&t, "wait"), "60s");
    CHECK_TEXT(target_query(&t, "a"), "1&2");
    CHECK_TEXT(target_query(&t, "b"), "x=y");
    CHECK_TEXT(target_query(&t, "bare"), "");
    CHECK_TEXT(target_query(&t, "e"), "");
    CHECK_TEXT(target_query(&t, "sp ace"), "+ +");
    CHECK_TEXT(target_query(&t, "c"), "d");
    CHECK(target_query(&t, "no") == NULL);
    CHECK(target_query(&t, "60s") == NULL); /* a value is no name */
    CHECK(read_uri("/?&&a=1&&") == NULL);
    CHECK_TEXT(target_query(&t, "a"), "1");
    CHECK(target_query(&t, "") == NULL);
    CHECK(read_uri("/?") == NULL);
    CHECK(target_query(&t, "a") == NULL);
}

TEST(what_is_wrong_is_said)
{
    CHECK_TEXT(read_uri("v1"), "the address does not begin with '/'");
    CHECK_TEXT(read_uri(""), "the address does not begin with '/'");
    CHECK_TEXT(read_uri("http://h/v1"), "the address does not begin with '/'");
    CHECK_TEXT(read_uri("/a b"), "the address has a space or control character");
    CHECK_TEXT(read_uri("/a?b\x01"), "the address has a space or control character");
    CHECK_TEXT(read_uri("/a%00"), "the address has an encoded zero byte");
    CHECK_TEXT(read_uri("/a?b=%00"), "the address has an encoded zero byte");
    const char *escape = "the address has a '%' without two hex digits behind it";
    CHECK_TEXT(read_uri("/a%"), escape);
    CHECK_TEXT(read_uri("/a%2"), escape);
    CHECK_TEXT(read_uri("/a%2g"), escape);
    CHECK_TEXT(read_uri("/a%g2"), escape);
    CHECK_TEXT(read_uri("/%2/a"), escape); /* not across parts */
    CHECK_TEXT(read_uri("/?a=%2&b=0"), escape);
}

TEST(the_room_is_enough_for_the_worst)
{
    static const char *const again[] = {"/", "a&", "&", "a", "a=", "=", "%41"};
    for (size_t i = 0; i < sizeof again / sizeof *again; i++)
        for (int query = 0; query < 2; query++) {
            char uri[1001] = "/";
            strcat(uri, query ? "?" : "");
            while (strlen(uri) + strlen(again[i]) < sizeof uri)
                strcat(uri, again[i]);
            char *exact = malloc(target_room(strlen(uri))); /* watched by ASan */
            CHECK(target_read(&t, uri, exact) == NULL);
            free(exact);
        }
}
