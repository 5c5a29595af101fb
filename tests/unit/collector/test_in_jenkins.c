/* tests of collector/in_jenkins */
#include "collector/in_jenkins.h"
#include "tests/unit/collector/hook_case.h"

static const struct hook plain;

TEST(a_build_that_has_ended_is_the_end_of_a_change)
{
    struct hook_case c = hook_read(&in_jenkins, &plain, "jenkins", NULL, NULL);
    CHECK_INT(c.said, HOOK_CHANGE);
    CHECK_TEXT(c.e->source, "jenkins/deploy-pay");
    CHECK_TEXT(c.e->id, "shop:deploy-pay:5:FINALIZED");
    CHECK_TEXT(c.e->change_id, "jenkins:shop:deploy-pay:5");
    CHECK_TEXT(change_phase_name(c.e->phase), "finished");
    CHECK_TEXT(c.e->service, "deploy-pay");
    CHECK_TEXT(c.e->title, "deploy-pay #5: 2.5.0");
    CHECK_TEXT(c.e->to, "2.5.0");
    CHECK_INT(c.e->time.ms, 1795255320000);
    CHECK_INT((long long)c.e->n_hosts, 2);
    CHECK_TEXT(c.e->host[0], "h1");
    CHECK_TEXT(c.e->label[0].value, "production");
    CHECK(strstr(c.e->raw, "\"outcome\":\"success\"") != NULL);
    CHECK(strstr(c.e->raw, "line one") == NULL);
    change_event_free(&c.e);
}

TEST(phases_are_starts_ends_or_neither)
{
    static const struct {
        const char *phase, *ours;
    } cases[] = {{"\"STARTED\"", "started"},
                 {"\"COMPLETED\"", "finished"},
                 {"\"QUEUED\"", NULL},
                 {"\"NONE\"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hook_case c =
            hook_read(&in_jenkins, &plain, "jenkins", "\"FINALIZED\"", cases[i].phase);
        CHECK_INT(c.said, cases[i].ours != NULL ? HOOK_CHANGE : HOOK_IGNORED);
        if (c.e != NULL)
            CHECK_TEXT(change_phase_name(c.e->phase), cases[i].ours);
        change_event_free(&c.e);
    }
    struct hook_case c =
        hook_read(&in_jenkins, &plain, "jenkins", "\"SUCCESS\"", "\"ABORTED\"");
    CHECK_TEXT(change_phase_name(c.e->phase), "cancelled");
    change_event_free(&c.e);
}

TEST(parameters_name_service_kind_and_parent)
{
    struct hook_case c =
        hook_read(&in_jenkins, &plain, "jenkins", "\"VERSION\": \"2.5.0\"",
                  "\"SERVICE\": \"pay\", \"ROLLBACK_OF\": "
                  "\"jenkins:shop:deploy-pay:4\"");
    CHECK_TEXT(c.e->service, "pay");
    CHECK_TEXT(change_kind_name(c.e->kind), "rollback");
    CHECK_TEXT(c.e->parent_id, "jenkins:shop:deploy-pay:4");
    CHECK_TEXT(c.e->to, "c6d86dc654b12425e706bcf951adfe5a8627a517");
    change_event_free(&c.e);
    c = hook_read(&in_jenkins, &plain, "jenkins", "\"VERSION\"", "\"KIND\"");
    CHECK(c.e == NULL);
    CHECK(strstr(c.err.text, "kind") != NULL);
}

TEST(settings_map_the_jobs_name)
{
    static const struct hook_pair services[] = {{"deploy-*", "till"}};
    static const struct hook_pair kinds[] = {{"deploy-*", "batch-restart"}};
    const struct hook h = {
        .services = services, .n_services = 1, .kinds = kinds, .n_kinds = 1};
    struct hook_case c = hook_read(&in_jenkins, &h, "jenkins", NULL, NULL);
    CHECK_TEXT(c.e->service, "till");
    CHECK_TEXT(change_kind_name(c.e->kind), "batch-restart");
    change_event_free(&c.e);
}

TEST(times_are_numbers_or_texts_and_a_bad_build_names_its_field)
{
    struct hook_case c = hook_read(&in_jenkins, &plain, "jenkins", "1795255320000",
                                   "\"2026-11-21T10:02:00.5+00:00\"");
    CHECK_INT(c.e->time.ms, 1795255320500);
    change_event_free(&c.e);
    c = hook_read(&in_jenkins, &plain, "jenkins", "1795255320000", "-5");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "build.timestamp") != NULL);
    c = hook_read(&in_jenkins, &plain, "jenkins", "\"phase\"", "\"face\"");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "build.phase") != NULL);
}
