#include "notifier/tell.h"

#include "tests/unit/notifier/make_routing.h"
#include "tests/unit/notifier/store.h"

static size_t parcels(struct ledger *l, struct parcel **ret)
{
    size_t n = 0;
    CHECK_INT(ledger_due(l, INSTANT_FAR, 100, ret, &n, NULL), 0);
    return n;
}

/* The round at so many seconds, and when the next one is wanted. */
static int64_t round_at(struct tell *t, int64_t s)
{
    struct err err = {0};
    instant next, now = instant_add(SAMPLE_START, span_seconds(s));
    if (tell_round(t, now, &next, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return next.ms == INSTANT_FAR.ms ? -1 : (next.ms - SAMPLE_START.ms) / 1000;
}

static void round_of(struct tell *t)
{
    round_at(t, 0);
}

TEST(a_told_revision_leaves_one_parcel_and_is_not_told_again)
{
    struct ledger *l = store_open();
    struct mail_config config;
    mail_config_defaults(&config);
    struct tell t = {.ledger = l, .config = &config, .routing = &routing_everyone};
    struct parcel *p = NULL;
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, false);
    round_of(&t);
    round_of(&t);
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, true); /* now it is final */
    round_of(&t);
    CHECK_INT(parcels(l, &p), 1);
    CHECK_TEXT(p[0].audience, "everyone");
    CHECK_TEXT(p[0].recipients, "");
    CHECK(strstr(p[0].bytes, "X-Aftercheck-Grade: must-handle") != NULL);
    CHECK(strstr(p[0].bytes, p[0].message_id) != NULL);
    parcels_free(&p, 1);
    ledger_close(&l);
}

TEST(with_a_server_each_address_has_a_parcel_of_the_same_mail)
{
    struct ledger *l = store_open();
    struct routing *r =
        make_routing("routing: 1\naudiences:\n  - {name: ops, to: [a@example.com, "
                     "b@example.com], tell: {ok: final}}\n");
    struct mail_config config;
    mail_config_defaults(&config);
    config.smtp[config.n_smtp++].url = "smtp://127.0.0.1:1";
    struct tell t = {.ledger = l, .config = &config, .routing = r};
    struct parcel *p = NULL;
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_OK, true);
    CHECK_INT(round_at(&t, 0), 10); /* waits for others first */
    CHECK_INT(parcels(l, &p), 0);
    parcels_free(&p, 0);
    CHECK_INT(round_at(&t, 10), -1);
    CHECK_INT(parcels(l, &p), 2);
    CHECK(strcmp(p[0].recipients, p[1].recipients) != 0);
    CHECK_TEXT(p[0].message_id, p[1].message_id);
    CHECK_TEXT(p[0].bytes, p[1].bytes);
    parcels_free(&p, 2);
    ledger_close(&l);
    routing_free(&r);
}

TEST(a_correction_shares_the_thread_and_the_subject)
{
    struct ledger *l = store_open();
    struct mail_config config;
    mail_config_defaults(&config);
    struct tell t = {.ledger = l, .config = &config, .routing = &routing_everyone};
    struct parcel *p = NULL;
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, false);
    round_of(&t);
    store_verdict(l, "c1", 2, GRADE_OK, true);
    CHECK_INT(round_at(&t, 600), 3600); /* an hour after the first */
    CHECK_INT(round_at(&t, 3600), -1);
    CHECK_INT(parcels(l, &p), 2);
    for (size_t i = 0; i < 2; i++)
        CHECK(strstr(p[i].bytes, "Subject: [aftercheck] pay 2.5.0 (c1)\r\n") != NULL);
    CHECK(strcmp(p[0].message_id, p[1].message_id) != 0);
    CHECK_INT(t.stats.mails, 2);
    parcels_free(&p, 2);
    ledger_close(&l);
}

/* The change's verdict with a leak that the slow look found. */
static void store_later(struct ledger *l, int revision, const char *note)
{
    struct err err = {0};
    OWNED_VERDICT *v = verdict_new("c1");
    v->revision = revision;
    v->grade = revision > 1 ? GRADE_ATTENTION : GRADE_OK;
    v->final = true;
    v->decided_at = instant_add(SAMPLE_START, span_seconds(revision * 3600));
    v->coverage.slow_note = note != NULL ? strdup(note) : NULL;
    if (revision > 1) {
        struct finding *f = verdict_add(v);
        f->kind = FINDING_LEVEL;
        f->grade = GRADE_ATTENTION;
        f->rule = strdup("mem");
        f->title = strdup("Memory use");
        f->metric = strdup("mem.used_pct");
        f->unit = strdup("%");
        f->before = 41, f->after = 63, f->delta = 22;
        f->later = span_seconds(86400);
        f->with = FINDING_LEADS;
        f->because = strdup("mem.used_pct rose within a day");
    }
    if (ledger_put_verdict(l, v, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(a_leak_found_a_day_later_is_mailed_once_in_the_changes_thread)
{
    struct ledger *l = store_open();
    struct routing *r =
        make_routing("routing: 1\naudiences: [{name: ops, to: a@example.com}]\n");
    struct mail_config config;
    mail_config_defaults(&config);
    struct tell t = {.ledger = l, .config = &config, .routing = r};
    struct parcel *p = NULL;
    store_change(l, "c1");
    store_later(l, 1, NULL);
    round_of(&t);
    store_later(l, 1, "looked again 6 hours after: 0 of 9 series crept up");
    round_of(&t);
    CHECK_INT(parcels(l, &p), 0); /* found nothing: nobody hears of it */
    parcels_free(&p, 0);
    store_later(l, 2, NULL);
    round_of(&t);
    store_later(l, 2, "looked again 48 hours after: 0 of 9 series crept up");
    round_of(&t);
    CHECK_INT(parcels(l, &p), 1);
    CHECK(strstr(p[0].bytes, "Subject: [aftercheck] pay 2.5.0 (c1)\r\n") != NULL);
    CHECK(strstr(p[0].bytes, "A day later: Memory use") != NULL);
    CHECK(strstr(p[0].bytes, "Looked at again a day later") != NULL);
    CHECK(strstr(p[0].bytes, "References: ") != NULL);
    parcels_free(&p, 1);
    ledger_close(&l);
    routing_free(&r);
}
