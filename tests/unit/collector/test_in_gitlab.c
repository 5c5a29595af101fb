/* tests of collector/in_gitlab */
#include "collector/in_gitlab.h"
#include "tests/unit/collector/hook_case.h"

static const struct hook plain;

TEST(a_successful_deployment_is_the_end_of_a_release)
{
    struct hook_case c = hook_read(&in_gitlab, &plain, "gitlab", NULL, NULL);
    CHECK_INT(c.said, HOOK_CHANGE);
    CHECK_TEXT(c.e->source, "gitlab/shop/pay");
    CHECK_TEXT(c.e->id, "deployment/15/success");
    CHECK_TEXT(c.e->change_id, "gitlab-15");
    CHECK_TEXT(change_phase_name(c.e->phase), "finished");
    CHECK_TEXT(c.e->service, "pay");
    CHECK_TEXT(c.e->title, "shop/pay: deploy main to production");
    CHECK_TEXT(c.e->actor, "li");
    CHECK_TEXT(c.e->to, "279484c0");
    CHECK_INT(c.e->time.ms, 1795255320000);
    CHECK_TEXT(c.e->label[0].value, "production");
    CHECK(strstr(c.e->raw, "\"outcome\":\"success\"") != NULL);
    change_event_free(&c.e);
}

TEST(statuses_are_starts_ends_cancellations_or_nothing)
{
    static const struct {
        const char *status, *phase;
    } cases[] = {{"\"running\"", "started"},    {"\"failed\"", "finished"},
                 {"\"canceled\"", "cancelled"}, {"\"created\"", NULL},
                 {"\"blocked\"", NULL},         {"\"skipped\"", NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct hook_case c =
            hook_read(&in_gitlab, &plain, "gitlab", "\"success\"", cases[i].status);
        CHECK_INT(c.said, cases[i].phase != NULL ? HOOK_CHANGE : HOOK_IGNORED);
        if (c.e != NULL)
            CHECK_TEXT(change_phase_name(c.e->phase), cases[i].phase);
        change_event_free(&c.e);
    }
}

TEST(other_hooks_are_ignored_and_a_bad_one_names_its_field)
{
    struct hook_case c =
        hook_read(&in_gitlab, &plain, "gitlab", "\"deployment\"", "\"push\"");
    CHECK_INT(c.said, HOOK_IGNORED);
    c = hook_read(&in_gitlab, &plain, "gitlab", "\"deployment_id\": 15,", "");
    CHECK_INT(c.said, HOOK_BAD);
    CHECK(strstr(c.err.text, "deployment_id") != NULL);
    c = hook_read(&in_gitlab, &plain, "gitlab", "+0200", "CEST");
    CHECK_INT(c.said, HOOK_CHANGE);
    CHECK(c.e == NULL);
    CHECK(strstr(c.err.text, "time") != NULL);
}

TEST(times_of_gitlab_become_rfc_3339)
{
    char out[64];
    in_gitlab_time("2021-04-28 21:50:00 +0200", out);
    CHECK_TEXT(out, "2021-04-28T21:50:00+02:00");
    in_gitlab_time("2021-04-28 19:50:00 UTC", out);
    CHECK_TEXT(out, "2021-04-28T19:50:00Z");
    in_gitlab_time("2021-04-28T19:50:00Z", out);
    CHECK_TEXT(out, "2021-04-28T19:50:00Z");
    in_gitlab_time("yesterday", out);
    CHECK_TEXT(out, "yesterday");
}

/* The signature was made with Python:
 * base64(hmac(b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), "msg_1.1795257000.{}",
 * sha256)). */
#define TOKEN "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define GOOD  "v1,nqkEJPTyris+iDGcA9UvXoruYzUHIUbHpBQ9IwudCTQ="

TEST(a_signature_fits_its_body_its_time_and_its_token)
{
    struct in_gitlab_signature s = {"msg_1", "1795257000", "v1,AAAA " GOOD};
    struct err err = {0}, body = {0}, late = {0}, token = {0}, none = {0};
    CHECK_INT(in_gitlab_signed(TOKEN, &s, "{}", 2, hook_now, &err), 0);
    CHECK_INT(in_gitlab_signed(TOKEN, &s, "[]", 2, hook_now, &body), -1);
    CHECK(strstr(body.text, "does not fit") != NULL);
    CHECK_INT(in_gitlab_signed("whsec_AAAA", &s, "{}", 2, hook_now, &token), -1);
    instant after = {hook_now.ms + 6 * 60000};
    CHECK_INT(in_gitlab_signed(TOKEN, &s, "{}", 2, after, &late), -1);
    CHECK(strstr(late.text, "webhook-timestamp") != NULL);
    s.signature = NULL;
    CHECK_INT(in_gitlab_signed(TOKEN, &s, "{}", 2, hook_now, &none), -1);
    CHECK(strstr(none.text, "webhook-signature") != NULL);
}
