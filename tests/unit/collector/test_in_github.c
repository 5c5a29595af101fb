/* tests of collector/in_github */
#include "collector/in_github.h"
#include "tests/unit/collector/hook_case.h"

static const struct hook plain;

TEST(a_successful_status_is_the_end_of_a_release)
{
    struct hook_case c = hook_read(&in_github, &plain, "github_status", NULL, NULL);
    CHECK_INT(c.said, HOOK_CHANGE);
    CHECK_TEXT(c.e->source, "github/shop/pay");
    CHECK_TEXT(c.e->id, "deployment_status/209916254");
    CHECK_TEXT(c.e->change_id, "github-145988746");
    CHECK_TEXT(change_phase_name(c.e->phase), "finished");
    CHECK_TEXT(change_kind_name(c.e->kind), "release");
    CHECK_TEXT(c.e->service, "pay");
    CHECK_TEXT(c.e->title, "shop/pay: deploy main to production");
    CHECK_TEXT(c.e->actor, "li");
    CHECK_TEXT(c.e->url, "https://ci.example.com/run/5");
    CHECK_TEXT(c.e->to, "f95f852bd8fca8fcc58a9a2d6c842781e32a215e");
    CHECK_INT(c.e->time.ms, 1795255320000);
    CHECK_TEXT(c.e->label[0].key, "environment");
    CHECK_TEXT(c.e->label[0].value, "production");
    CHECK(strstr(c.e->raw, "\"outcome\":\"success\"") != NULL);
    change_event_free(&c.e);
}

TEST(hosts_and_batch_come_from_the_payload_of_the_deployment)
{
    struct hook_case c = hook_read(&in_github, &plain, "github_status", NULL, NULL);
    CHECK_INT((long long)c.e->n_hosts, 2);
    CHECK_TEXT(c.e->host[1], "h2");
    CHECK_INT(c.e->batch_no, 1);
    CHECK_INT(c.e->batch_of, 2);
    change_event_free(&c.e);
}

TEST(states_are_starts_ends_or_neither)
{
    static const struct {
        const char *state, *phase;
    } states[] = {{"\"in_progress\"", "started"}, {"\"failure\"", "finished"},
                  {"\"error\"", "finished"},      {"\"queued\"", NULL},
                  {"\"pending\"", NULL},          {"\"waiting\"", NULL},
                  {"\"inactive\"", NULL}};
    for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
        struct hook_case c = hook_read(&in_github, &plain, "github_status",
                                       "\"success\"", states[i].state);
        CHECK_INT(c.said, states[i].phase != NULL ? HOOK_CHANGE : HOOK_IGNORED);
        if (c.e != NULL)
            CHECK_TEXT(change_phase_name(c.e->phase), states[i].phase);
        change_event_free(&c.e);
    }
}

TEST(a_failure_is_kept_as_the_outcome)
{
    struct hook_case c =
        hook_read(&in_github, &plain, "github_status", "\"success\"", "\"failure\"");
    CHECK(strstr(c.e->raw, "\"outcome\":\"failure\"") != NULL);
    change_event_free(&c.e);
}

TEST(a_rollback_names_its_parent)
{
    struct hook_case c = hook_read(&in_github, &plain, "github_rollback", NULL, NULL);
    CHECK_INT(c.said, HOOK_CHANGE);
    CHECK_TEXT(change_kind_name(c.e->kind), "rollback");
    CHECK_TEXT(change_phase_name(c.e->phase), "started");
    CHECK_TEXT(c.e->parent_id, "github-145988746");
    CHECK_TEXT(c.e->id, "deployment/145988747");
    change_event_free(&c.e);
}

TEST(settings_map_services_and_kinds_and_choose_environments)
{
    static const struct hook_pair services[] = {{"other/*", "other"},
                                                {"shop/*", "till"}};
    static const struct hook_pair kinds[] = {{"deploy", "config"}};
    static const char *const production[] = {"prod*"}, *const staging[] = {"staging"};
    struct hook h = {.services = services,
                     .n_services = 2,
                     .kinds = kinds,
                     .n_kinds = 1,
                     .environments = production,
                     .n_environments = 1};
    struct hook_case c = hook_read(&in_github, &h, "github_status", NULL, NULL);
    CHECK_TEXT(c.e->service, "till");
    CHECK_TEXT(change_kind_name(c.e->kind), "config");
    change_event_free(&c.e);
    h.environments = staging;
    c = hook_read(&in_github, &h, "github_status", NULL, NULL);
    CHECK_INT(c.said, HOOK_IGNORED);
    CHECK(strstr(c.why, "environment") != NULL);
}

TEST(other_events_are_ignored_and_a_bad_one_names_its_field)
{
    struct hook_case c =
        hook_read(&in_github, &plain, "github_status", "deployment_status\n", "push\n");
    CHECK_INT(c.said, HOOK_IGNORED);
    c = hook_read(&in_github, &plain, "github_status", "\"id\": 145988746",
                  "\"no\": 1");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "deployment.id") != NULL);
    c = hook_read(&in_github, &plain, "github_status", "\"full_name\"", "\"fullname\"");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "repository.full_name") != NULL);
    c = hook_read(&in_github, &plain, "github_status", "{\"action\"",
                  "payload=%7B%22action");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "application/json") != NULL);
}

/* The example of docs.github.com, "Validating webhook deliveries". */
TEST(the_published_signature_is_good_and_a_changed_body_is_not)
{
    static const char secret[] = "It's a Secret to Everybody";
    static const char header[] =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    CHECK(in_github_signed(secret, header, "Hello, World!", 13));
    CHECK(!in_github_signed(secret, header, "Hello, World?", 13));
    CHECK(!in_github_signed("another", header, "Hello, World!", 13));
    CHECK(!in_github_signed(secret, "sha256=75", "Hello, World!", 13));
    CHECK(!in_github_signed(secret, "sha1=757107ea", "Hello, World!", 13));
}
