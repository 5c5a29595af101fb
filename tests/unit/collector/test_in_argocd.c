/* tests of collector/in_argocd */
#include "collector/in_argocd.h"
#include "tests/unit/collector/hook_case.h"

static const struct hook plain;
#define ONE   "1111111111111111111111111111111111111111"
#define TWO   "2222222222222222222222222222222222222222"
#define THREE "3333333333333333333333333333333333333333"

TEST(a_sync_to_what_was_there_before_is_a_rollback_of_the_last)
{
    struct hook_case c = hook_read(&in_argocd, &plain, "argocd", NULL, NULL);
    CHECK_INT(c.said, HOOK_CHANGE);
    CHECK_TEXT(c.e->source, "argocd/pay");
    CHECK_TEXT(c.e->id, "pay:2026-11-21T10:00:00Z:Succeeded");
    CHECK_TEXT(c.e->change_id, "argocd:pay:2026-11-21T10:00:00Z");
    CHECK_TEXT(change_phase_name(c.e->phase), "finished");
    CHECK_TEXT(change_kind_name(c.e->kind), "rollback");
    CHECK_TEXT(c.e->parent_id, "argocd:pay:2026-11-20T10:00:00Z");
    CHECK_TEXT(c.e->service, "pay");
    CHECK_TEXT(c.e->from, TWO);
    CHECK_TEXT(c.e->to, ONE);
    CHECK_INT(c.e->time.ms, 1795255320000);
    CHECK(strstr(c.e->raw, "\"outcome\":\"succeeded\"") != NULL);
    change_event_free(&c.e);
}

TEST(a_sync_to_something_new_or_to_the_same_is_a_release)
{
    struct hook_case c = hook_read(&in_argocd, &plain, "argocd",
                                   "\"revision\": \"" ONE "\", \"initiated",
                                   "\"revision\": \"" THREE "\", \"initiated");
    CHECK_TEXT(change_kind_name(c.e->kind), "release");
    CHECK(c.e->parent_id == NULL);
    CHECK_TEXT(c.e->from, TWO);
    change_event_free(&c.e);
    c = hook_read(&in_argocd, &plain, "argocd",
                  "\"revision\": \"" ONE "\", \"initiated",
                  "\"revision\": \"" TWO "\", \"initiated");
    CHECK_TEXT(change_kind_name(c.e->kind), "release");
    change_event_free(&c.e);
}

TEST(phases_are_starts_ends_cancellations_or_neither)
{
    static const struct {
        const char *phase, *ours;
    } cases[] = {{"\"Running\"", "started"},
                 {"\"Failed\"", "finished"},
                 {"\"Error\"", "finished"},
                 {"\"Terminating\"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hook_case c =
            hook_read(&in_argocd, &plain, "argocd", "\"Succeeded\"", cases[i].phase);
        CHECK_INT(c.said, cases[i].ours != NULL ? HOOK_CHANGE : HOOK_IGNORED);
        if (c.e != NULL)
            CHECK_TEXT(change_phase_name(c.e->phase), cases[i].ours);
        change_event_free(&c.e);
    }
    struct hook_case c =
        hook_read(&in_argocd, &plain, "argocd",
                  "\"phase\": \"Succeeded\", \"message\": \"successfully",
                  "\"phase\": \"Failed\", \"message\": \"Operation "
                  "terminated");
    CHECK_TEXT(change_phase_name(c.e->phase), "cancelled");
    change_event_free(&c.e);
}

TEST(a_start_has_the_time_of_the_start_and_dry_runs_are_none)
{
    struct hook_case c =
        hook_read(&in_argocd, &plain, "argocd", "\"Succeeded\"", "\"Running\"");
    CHECK_INT(c.e->time.ms, 1795255200000);
    change_event_free(&c.e);
    c = hook_read(&in_argocd, &plain, "argocd", "\"dry_run\": false",
                  "\"dry_run\": true");
    CHECK_INT(c.said, HOOK_IGNORED);
    c = hook_read(&in_argocd, &plain, "argocd", "\"dry_run\": false", "\"dry_run\": 1");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "dry_run") != NULL);
    c = hook_read(&in_argocd, &plain, "argocd", "\"app\"", "\"application\"");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "app") != NULL);
}
