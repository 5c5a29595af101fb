#include "notifier/dispatch.h"

#include "tests/unit/notifier/make_routing.h"
#include "tests/unit/notifier/store.h"

#include <stdlib.h>

enum { STORM = 2000, PERSONS = 3 };

static struct ledger *l;
static struct mail_config config;
static struct routing *routing;
static struct tell t;

static void begin(const char *text)
{
    l = store_open();
    mail_config_defaults(&config);
    config.smtp[config.n_smtp++].url = "smtp://127.0.0.1:1";
    routing = make_routing(text);
    t = (struct tell){.ledger = l, .config = &config, .routing = routing};
}

static void end(void)
{
    ledger_close(&l);
    routing_free(&routing);
}

/* The round at so many seconds; when the next one is wanted, -1: never. */
static int64_t round_at(int64_t s)
{
    struct err err = {0};
    instant next, now = instant_add(SAMPLE_START, span_seconds(s));
    if (tell_round(&t, now, &next, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return next.ms == INSTANT_FAR.ms ? -1 : (next.ms - SAMPLE_START.ms) / 1000;
}

static size_t mails(struct parcel **ret)
{
    size_t n = 0;
    CHECK_INT(ledger_due(l, INSTANT_FAR, 500, ret, &n, NULL), 0);
    return n;
}

static size_t count_mails(void)
{
    struct parcel *p = NULL;
    size_t n = mails(&p);
    parcels_free(&p, n);
    return n;
}

static void store_one(size_t i, enum grade g)
{
    char id[32];
    snprintf(id, sizeof id, "c%zu", i);
    store_change(l, id);
    store_verdict(l, id, 1, g, true);
}

/* The text part, unfolded from quoted-printable where lines were broken. */
static char *text_of(const struct parcel *p)
{
    char *out = calloc(1, p->n_bytes + 1), *to = out;
    for (const char *from = p->bytes; *from != '\0';)
        if (strncmp(from, "=\r\n", 3) == 0)
            from += 3;
        else
            *to++ = *from++;
    return out;
}

TEST(two_thousand_changes_in_a_minute_give_each_person_one_mail)
{
    struct parcel *p = NULL;
    begin("routing: 1\naudiences:\n"
          "  - {name: ops, to: [a@x.de, b@x.de], tell: {ok: final}}\n"
          "subscriptions:\n  - {who: c@x.de, tell: {ok: final}}\n");
    size_t made = 0;
    int64_t next = -1;
    for (int64_t s = 0; s < 60; s += 2) { /* 33 a second */
        for (; made < (size_t)(STORM * (s + 2) / 60); made++)
            store_one(made, made % 500 == 499 ? GRADE_MUST_HANDLE
                            : made % 50 == 49 ? GRADE_ATTENTION
                                              : GRADE_OK);
        next = round_at(s);
    }
    CHECK_INT(made, STORM);
    CHECK_INT(count_mails(), 0);
    CHECK_INT(ledger_stats(l).notes, STORM * PERSONS);
    while (next >= 0 && next < 3600) /* as the service does */
        next = round_at(next);
    CHECK_INT(mails(&p), PERSONS);
    for (size_t i = 0; i < PERSONS; i++) {
        char *text = text_of(&p[i]);
        const char *first = strstr(text, "] Must handle: ");
        const char *other = strstr(text, "] Needs attention: ");
        CHECK(strstr(text, "2,000 changes: 4 must handle, 36 need") != NULL);
        CHECK(strstr(text, "1,960") != NULL);
        CHECK(first != NULL && other != NULL && first < other);
        CHECK_TEXT(p[i].audience, DISPATCH_STORM);
        free(text);
    }
    CHECK(strcmp(p[0].message_id, p[1].message_id) != 0);
    CHECK_INT(t.stats.storms, PERSONS);
    CHECK_INT(t.stats.mails, PERSONS);
    CHECK_INT(ledger_stats(l).notes, 0);
    parcels_free(&p, PERSONS);
    /* every one of them counts as told: nothing comes again */
    store_verdict(l, "c499", 1, GRADE_MUST_HANDLE, true);
    CHECK_INT(round_at(7200), -1);
    CHECK_INT(count_mails(), PERSONS);
    end();
}

TEST(the_limit_of_all_together_makes_storms_too)
{
    begin("routing: 1\nlimits: {all: 4}\naudiences:\n"
          "  - {name: ops, to: [a@x.de, b@x.de, c@x.de]}\n");
    store_one(1, GRADE_ATTENTION);
    store_one(2, GRADE_ATTENTION);
    CHECK_INT(round_at(0), 10);
    /* four mails for two of them; the third one waits and gets one */
    int64_t next = round_at(10);
    CHECK_INT(count_mails(), 4);
    CHECK_INT(next, 70);
    CHECK_INT(round_at(next), -1);
    CHECK_INT(count_mails(), 5);
    CHECK_INT(t.stats.storms, 1);
    end();
}

TEST(the_mail_of_the_day_holds_what_was_asked_for_once)
{
    struct parcel *p = NULL;
    /* SAMPLE_START is 10:00 UTC */
    begin("routing: 1\ndigest: {at: \"19:30\", zone: \"+08:00\"}\naudiences:\n"
          "  - {name: quiet, to: a@x.de}\n"
          "  - {name: curious, to: b@x.de, tell: {ok: digest}}\n");
    store_one(1, GRADE_OK);
    store_one(2, GRADE_OK);
    store_one(3, GRADE_NOT_JUDGED);
    CHECK_INT(round_at(0), 5400);
    CHECK_INT(count_mails(), 0);
    CHECK_INT(round_at(5400), -1);
    CHECK_INT(mails(&p), 2);
    CHECK_TEXT(p[0].recipients, "a@x.de");
    CHECK(strstr(p[0].bytes, "today: 1 change: 1 could not be judged") != NULL);
    CHECK(strstr(p[1].bytes, "today: 3 changes: 1 could not be judged, 2 ok") != NULL);
    CHECK(strstr(p[1].bytes, "List-Id: <aftercheck.curious.localhost>") != NULL);
    parcels_free(&p, 2);
    CHECK_INT(t.stats.digests, 2);
    CHECK_INT(round_at(86400), -1);
    CHECK_INT(count_mails(), 2);
    end();
}

TEST(who_left_the_file_while_a_mail_waited_gets_none)
{
    begin("routing: 1\naudiences: [{name: ops, to: [a@x.de, b@x.de]}]\n");
    store_one(1, GRADE_ATTENTION);
    CHECK_INT(round_at(0), 10);
    struct routing *later =
        make_routing("routing: 1\naudiences: [{name: ops, to: b@x.de}]\n");
    t.routing = later;
    CHECK_INT(round_at(10), -1);
    struct parcel *p = NULL;
    CHECK_INT(mails(&p), 1);
    CHECK_TEXT(p[0].recipients, "b@x.de");
    parcels_free(&p, 1);
    CHECK_INT(t.stats.withdrawn, 1);
    CHECK_INT(ledger_stats(l).notes, 0);
    routing_free(&later);
    end();
}

TEST(a_change_s_corrections_come_once_an_hour)
{
    begin("routing: 1\nlimits: {gather: 0}\n"
          "audiences: [{name: ops, to: a@x.de}]\n");
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, false);
    round_at(0);
    CHECK_INT(count_mails(), 1);
    store_verdict(l, "c1", 2, GRADE_OK, true);
    CHECK_INT(round_at(300), 3600);
    store_verdict(l, "c1", 3, GRADE_MUST_HANDLE, true); /* as they know it already */
    CHECK_INT(round_at(600), -1);
    store_verdict(l, "c1", 4, GRADE_ATTENTION, true);
    CHECK_INT(round_at(900), 3600);
    CHECK_INT(count_mails(), 1);
    CHECK_INT(round_at(3600), -1);
    CHECK_INT(count_mails(), 2);
    store_verdict(l, "c1", 5, GRADE_OK, true);
    CHECK_INT(round_at(3700), 7200);
    CHECK_INT(round_at(7200), -1);
    CHECK_INT(count_mails(), 3);
    end();
}
