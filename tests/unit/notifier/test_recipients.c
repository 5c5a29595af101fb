#include "notifier/recipients.h"

#include "tests/unit/notifier/make_routing.h"

static const char two_audiences[] =
    "routing: 1\n"
    "audiences:\n"
    "  - {name: z-first, to: [b@x.de, a@x.de], on: {service: pay}}\n"
    "  - {name: a-second, to: [a@x.de, c@x.de], tell: {attention: at-once}}\n"
    "  - {name: files}\n"
    "subscriptions:\n"
    "  - {who: c@x.de, tell: {ok: digest}}\n";

TEST(a_person_in_several_audiences_is_one_recipient_with_the_soonest_wish)
{
    struct routing *r = make_routing(two_audiences);
    struct change c = {.service = (char[]){"pay"}};
    OWNED_RECIPIENTS all = {0};
    CHECK_INT(recipients_of(r, true, NULL, &c, &all, NULL), 0);
    CHECK_INT(all.n, 4);
    CHECK_TEXT(all.at[0].who, "/files");
    CHECK_TEXT(all.at[1].who, "a@x.de");
    CHECK_TEXT(all.at[1].audience->name, "z-first"); /* by the order of the file */
    CHECK_INT(all.at[1].wish[GRADE_ATTENTION], ROUTING_AT_ONCE);
    CHECK_INT(recipients_find(&all, "b@x.de")->wish[GRADE_ATTENTION], ROUTING_FINAL);
    CHECK_INT(recipients_find(&all, "c@x.de")->wish[GRADE_OK], ROUTING_DIGEST);
    CHECK(recipients_find(&all, "d@x.de") == NULL);
    routing_free(&r);
}

TEST(who_is_only_in_audiences_for_other_changes_is_no_recipient)
{
    struct routing *r = make_routing(two_audiences);
    struct change c = {.service = (char[]){"search"}};
    OWNED_RECIPIENTS all = {0};
    CHECK_INT(recipients_of(r, true, NULL, &c, &all, NULL), 0);
    CHECK(recipients_find(&all, "b@x.de") == NULL);
    CHECK_TEXT(recipients_find(&all, "a@x.de")->audience->name, "a-second");
    routing_free(&r);
}

TEST(without_a_server_every_audience_is_files)
{
    struct routing *r = make_routing(two_audiences);
    struct change c = {.service = (char[]){"pay"}};
    OWNED_RECIPIENTS all = {0};
    CHECK_INT(recipients_of(r, false, NULL, &c, &all, NULL), 0);
    CHECK_INT(all.n, 4);
    for (size_t i = 0; i < all.n; i++)
        CHECK(!recipient_is_address(all.at[i].who));
    CHECK(recipients_find(&all, "/c@x.de") != NULL);
    routing_free(&r);
}

TEST(who_left_an_audience_is_told_in_the_name_of_the_others)
{
    struct routing *r = make_routing(two_audiences);
    struct change c = {.service = (char[]){"pay"}};
    struct optout left[] = {{(char[]){"a@x.de"}, (char[]){"z-first"}},
                            {(char[]){"b@x.de"}, (char[]){"z-first"}}};
    struct optouts off = {2, left};
    OWNED_RECIPIENTS all = {0};
    CHECK_INT(recipients_of(r, true, &off, &c, &all, NULL), 0);
    CHECK(recipients_find(&all, "b@x.de") == NULL);
    CHECK_TEXT(recipients_find(&all, "a@x.de")->audience->name, "a-second");
    routing_free(&r);
}
