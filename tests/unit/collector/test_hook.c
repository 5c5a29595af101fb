/* tests of collector/hook; how it answers over HTTP is test_routes.c's */
#include "collector/hook.h"
#include "tests/test.h"

#include <stdio.h>

TEST(the_first_pair_that_fits_gives_the_value)
{
    static const struct hook_pair pairs[] = {{"shop/*", "a"}, {"*", "b"}};
    CHECK_TEXT(hook_map(pairs, 2, "shop/pay", "c"), "a");
    CHECK_TEXT(hook_map(pairs, 2, "bank/pay", "c"), "b");
    CHECK_TEXT(hook_map(pairs, 1, "bank/pay", "c"), "c");
    CHECK_TEXT(hook_map(pairs, 1, NULL, "c"), "c");
}

TEST(all_environments_are_wanted_unless_some_are_named)
{
    static const char *const some[] = {"prod*", "live"};
    struct hook h = {0};
    CHECK(hook_wants(&h, "staging"));
    h.environments = some;
    h.n_environments = 2;
    CHECK(hook_wants(&h, "production") && hook_wants(&h, "live"));
    CHECK(hook_wants(&h, NULL));
    CHECK(!hook_wants(&h, "staging"));
}

TEST(an_id_that_is_too_long_becomes_a_hash_of_it)
{
    char out[NAME_BYTES_MAX + 1], other[NAME_BYTES_MAX + 1];
    hook_id_text(out, "%s/%d", "a", 7);
    CHECK_TEXT(out, "a/7");
    hook_id_text(out, "%0300d/%d", 1, 7);
    hook_id_text(other, "%0300d/%d", 1, 8);
    CHECK_INT((long long)strlen(out), 64);
    CHECK(strcmp(out, other) != 0);
}

TEST(hosts_are_split_and_titles_are_made_clean)
{
    static const struct hook_event e = {.source = "s",
                                        .id = "1",
                                        .kind = "release",
                                        .service = "pay",
                                        .title = "one\ntwo\xff",
                                        .hosts = " h1,h2;\nh3 "};
    OWNED_BUF out = {0};
    struct err err = {0};
    CHECK_INT(hook_write(&e, &out, &err), 0);
    CHECK(strstr(out.data, "\"title\":\"one two \"") != NULL);
    CHECK(strstr(out.data, "\"hosts\":[\"h1\",\"h2\",\"h3\"]") != NULL);
}

TEST(the_senders_own_members_win)
{
    static const char text[] =
        "{\"service\": \"till\", \"urgent\": true, \"id\": \"no\"}";
    struct err err = {0};
    OWNED_BUF out = {0};
    OWNED_JSON *doc = json_parse(text, strlen(text), &err);
    struct json_at own = json_root(doc);
    const struct hook_event e = {
        .source = "s", .id = "1", .kind = "release", .service = "pay", .own = &own};
    CHECK_INT(hook_write(&e, &out, &err), 0);
    CHECK_TEXT(out.data, "{\"source\":\"s\",\"id\":\"1\",\"kind\":\"release\","
                         "\"service\":\"till\",\"urgent\":true}");
}

TEST(only_who_has_the_whole_secret_knows_it)
{
    CHECK(hook_knows("s3cret", "s3cret"));
    CHECK(!hook_knows("s3cret", "s3cre"));
    CHECK(!hook_knows("s3cret", "s3crets"));
    CHECK(!hook_knows("s3cret", ""));
}
