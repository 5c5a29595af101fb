/* tests of rules/routing: what is read, who it is for, and when the day's mail goes out
 */
#include "base/yaml.h"
#include "rules/routing.h"
#include "tests/test.h"

#include <stdio.h>

static struct routing *good(const char *text)
{
    struct complaints c = {0};
    OWNED_BUF said = {0};
    struct routing *r = routing_parse("r.yml", text, strlen(text), &c);
    complaints_write(&c, &said);
    complaints_free(&c);
    if (r == NULL || said.len > 0)
        test_fail(__FILE__, __LINE__, "%s", buf_text(&said));
    return r;
}

static struct change a_change(enum change_kind kind, const char *service)
{
    return (struct change){.kind = kind, .service = (char *)(uintptr_t)service};
}

TEST(an_audience_without_matchers_is_for_every_change)
{
    struct routing *r = good("routing: 1\naudiences:\n  - {name: ops, to: a@x.de}\n");
    struct change release = a_change(CHANGE_RELEASE, "pay");
    struct change unknown = a_change(CHANGE_OTHER, NULL);
    const struct audience *a = routing_audience(r, "ops");
    CHECK(a != NULL && routing_audience(r, "op") == NULL);
    CHECK(routing_allows(r, a, &release) && routing_allows(r, a, &unknown));
    CHECK(audience_has(a, "a@x.de") && !audience_has(a, "b@x.de"));
    CHECK_INT(audience_when(a, GRADE_MUST_HANDLE), ROUTING_AT_ONCE);
    CHECK_INT(audience_when(a, GRADE_ATTENTION), ROUTING_FINAL);
    CHECK_INT(audience_when(a, GRADE_NOT_JUDGED), ROUTING_DIGEST);
    CHECK_INT(audience_when(a, GRADE_OK), ROUTING_NEVER);
    CHECK_TEXT(routing_language_name((enum routing_language)a->language), "en");
    CHECK_INT(r->file.limits.each, 20);
    CHECK_INT(r->file.limits.correction.ms, 3600000);
    routing_free(&r);
    CHECK(r == NULL);
}

TEST(all_matchers_of_an_audience_must_fit)
{
    struct routing *r =
        good("routing: 1\n"
             "owners: {payments: [pay-*, wallet], api: /^pay-api$/, rest: \"*\"}\n"
             "audiences:\n"
             "  - {name: a, on: {owner: payments, kinds: [release, config]}}\n"
             "  - {name: b, on: {service: /^pay-(api|web)$/, labels: {idc: sh*}}}\n"
             "subscriptions:\n"
             "  - {who: li@x.de, on: {service: wallet}}\n");
    struct label label = {(char[]){"idc"}, (char[]){"sh1"}};
    const struct audience *a = &r->all.at[0], *b = &r->all.at[1], *li = &r->all.at[2];
    struct change web = a_change(CHANGE_RELEASE, "pay-web");
    struct change api = a_change(CHANGE_RELEASE, "pay-api");
    struct change wallet = a_change(CHANGE_ROLLBACK, "wallet");
    CHECK_INT(r->all.n, 3);
    CHECK_TEXT(routing_owner(r, "pay-web"), "payments");
    CHECK_TEXT(routing_owner(r, "pay-api"), "api"); /* the better fit */
    CHECK_TEXT(routing_owner(r, "search"), "rest");
    CHECK(routing_owner(r, NULL) == NULL);
    CHECK(routing_allows(r, a, &web) && !routing_allows(r, a, &api));
    CHECK(!routing_allows(r, a, &wallet)); /* another kind */
    CHECK(!routing_allows(r, b, &web));
    web.label = &label;
    web.n_labels = 1;
    CHECK(routing_allows(r, b, &web));
    CHECK_TEXT(li->name, "li@x.de");
    CHECK(routing_allows(r, li, &wallet) && !routing_allows(r, li, &web));
    routing_free(&r);
}

static int64_t next_of(const char *digest, const char *now)
{
    char text[200];
    instant at = INSTANT_NONE;
    snprintf(text, sizeof text, "routing: 1\ndigest: {%s}\naudiences: [{name: a}]\n",
             digest);
    struct routing *r = good(text);
    CHECK(instant_parse(now, &at, NULL) == 0);
    int64_t next = routing_next_digest(r, at).ms;
    routing_free(&r);
    return next;
}

static int64_t time_of(const char *text)
{
    instant at = INSTANT_NONE;
    CHECK(instant_parse(text, &at, NULL) == 0);
    return at.ms;
}

TEST(the_mail_of_the_day_goes_out_at_its_hour_in_its_zone)
{
    CHECK_INT(next_of("at: \"08:00\"", "2026-11-21T07:59:59Z"),
              time_of("2026-11-21T08:00:00Z"));
    CHECK_INT(next_of("at: \"08:00\"", "2026-11-21T08:00:00Z"),
              time_of("2026-11-22T08:00:00Z"));
    CHECK_INT(next_of("at: \"09:30\", zone: \"+08:00\"", "2026-11-21T01:00:00Z"),
              time_of("2026-11-21T01:30:00Z"));
    CHECK_INT(next_of("at: \"09:30\", zone: \"+08:00\"", "2026-11-21T01:30:00Z"),
              time_of("2026-11-22T01:30:00Z"));
    CHECK_INT(next_of("at: \"23:00\", zone: \"-05:30\"", "2026-11-21T04:00:00Z"),
              time_of("2026-11-21T04:30:00Z"));
}

TEST(without_a_file_there_is_one_audience_for_every_grade)
{
    struct change c = a_change(CHANGE_OTHER, NULL);
    CHECK_INT(routing_everyone.all.n, 1);
    const struct audience *a = &routing_everyone.all.at[0];
    CHECK_TEXT(a->name, "everyone");
    CHECK_INT(a->to.n, 0);
    CHECK(routing_allows(&routing_everyone, a, &c));
    for (int g = 0; g < GRADE_N; g++)
        CHECK(audience_when(a, (enum grade)g) >= ROUTING_FINAL);
}

TEST(a_file_is_known_as_routing_by_its_key)
{
    static const struct {
        const char *text;
        bool is;
    } cases[] = {{"routing: 1\n", true},
                 {"owners: {}\nrouting: 1\n", true},
                 {"format: 1\nrouting: 1\n", false},
                 {"format: 1\nrules: []\n", false},
                 {"- routing\n", false},
                 {"", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct complaints c = {0};
        struct yaml_doc *doc =
            yaml_parse("f.yml", cases[i].text, strlen(cases[i].text), &c);
        CHECK(doc != NULL);
        CHECK_INT(routing_is(doc), cases[i].is);
        yaml_doc_free(&doc);
        complaints_free(&c);
    }
}
