#include "notifier/tell.h"

#include "tests/unit/notifier/store.h"

enum { WANTS_BAD = 1u << GRADE_MUST_HANDLE | 1u << GRADE_ATTENTION, WANTS_ALL = 15 };

static bool due(unsigned on, const struct tell_step *steps, size_t n)
{
    struct audience a = {.name = "a", .on = on};
    return tell_due(&a, steps, n);
}

TEST(must_handle_is_told_at_once_and_the_rest_when_final)
{
    for (int g = 0; g < GRADE_N; g++) {
        struct tell_step early[] = {{(enum grade)g, 1, false, 0}};
        struct tell_step last[] = {{(enum grade)g, 1, true, 0}};
        CHECK_INT(due(WANTS_ALL, early, 1), g == GRADE_MUST_HANDLE);
        CHECK_INT(due(WANTS_ALL, last, 1), true);
    }
}

TEST(grades_that_are_not_wanted_are_not_told)
{
    struct tell_step ok[] = {{GRADE_OK, 1, true, 0}};
    struct tell_step none[] = {{GRADE_NOT_JUDGED, 1, true, 0}};
    CHECK(!due(WANTS_BAD, ok, 1));
    CHECK(!due(WANTS_BAD, none, 1));
}

TEST(who_was_told_hears_when_it_is_taken_back)
{
    struct tell_step steps[] = {{GRADE_MUST_HANDLE, 1, false, 0},
                                {GRADE_OK, 2, true, 0}};
    CHECK(due(WANTS_BAD, steps, 2));
}

TEST(a_grade_that_comes_and_goes_is_taken_back_only_at_the_end)
{
    struct tell_step steps[] = {{GRADE_MUST_HANDLE, 1, false, 0},
                                {GRADE_ATTENTION, 2, false, 0},
                                {GRADE_MUST_HANDLE, 3, false, 0}};
    CHECK(!due(WANTS_ALL, steps, 2));
    CHECK(!due(WANTS_ALL, steps, 3));
}

TEST(the_same_grade_is_not_told_twice)
{
    struct tell_step steps[] = {{GRADE_MUST_HANDLE, 1, false, 0},
                                {GRADE_MUST_HANDLE, 2, true, 0}};
    CHECK(!due(WANTS_ALL, steps, 2));
}

TEST(who_was_not_told_hears_of_no_correction)
{
    struct tell_step steps[] = {{GRADE_ATTENTION, 1, false, 0}, {GRADE_OK, 2, true, 0}};
    CHECK(!due(WANTS_BAD, steps, 2));
}

TEST(what_the_slow_look_finds_is_told_once_to_those_who_want_it)
{
    struct tell_step steps[] = {{GRADE_OK, 1, true, 0},
                                {GRADE_ATTENTION, 2, true, 1},
                                {GRADE_ATTENTION, 3, true, 1},
                                {GRADE_ATTENTION, 4, true, 2}};
    CHECK(due(WANTS_BAD, steps, 2));
    CHECK(due(WANTS_ALL, steps, 2));
    CHECK(!due(1u << GRADE_MUST_HANDLE, steps, 2));
    CHECK(!due(WANTS_BAD, steps, 3)); /* says no more than it said */
    CHECK(due(WANTS_BAD, steps, 4));  /* another look found more */
    steps[0].grade = GRADE_ATTENTION; /* the hour after had findings of its own */
    CHECK(due(WANTS_BAD, steps, 2));
    CHECK(!due(1u << GRADE_MUST_HANDLE, steps, 2));
    steps[0].grade = GRADE_MUST_HANDLE;
    steps[1].grade = steps[2].grade = GRADE_MUST_HANDLE;
    CHECK(due(WANTS_ALL, steps, 2));
    CHECK(!due(WANTS_ALL, steps, 3));
}

/* --- with a ledger --- */

static const char *const two[] = {"a@example.com", "b@example.com"};

static size_t parcels(struct ledger *l, struct parcel **ret)
{
    size_t n = 0;
    CHECK_INT(ledger_due(l, INSTANT_FAR, 100, ret, &n, NULL), 0);
    return n;
}

static void round_of(struct tell *t)
{
    struct err err = {0};
    if (tell_round(t, SAMPLE_START, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(a_told_revision_leaves_one_parcel_and_is_not_told_again)
{
    struct ledger *l = store_open();
    struct mail_config config;
    mail_config_defaults(&config);
    struct tell t = {.ledger = l, .config = &config};
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
    struct audience a = {.name = "ops", .to = two, .n_to = 2, .on = WANTS_ALL};
    struct mail_config config;
    mail_config_defaults(&config);
    config.smtp.url = "smtp://127.0.0.1:1";
    config.audience = &a;
    config.n_audiences = 1;
    struct tell t = {.ledger = l, .config = &config};
    struct parcel *p = NULL;
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_OK, true);
    round_of(&t);
    CHECK_INT(parcels(l, &p), 2);
    CHECK(strcmp(p[0].recipients, p[1].recipients) != 0);
    CHECK_TEXT(p[0].message_id, p[1].message_id);
    CHECK_TEXT(p[0].bytes, p[1].bytes);
    parcels_free(&p, 2);
    ledger_close(&l);
}

TEST(a_correction_shares_the_thread_and_the_subject)
{
    struct ledger *l = store_open();
    struct mail_config config;
    mail_config_defaults(&config);
    struct tell t = {.ledger = l, .config = &config};
    struct parcel *p = NULL;
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, false);
    round_of(&t);
    store_verdict(l, "c1", 2, GRADE_OK, true);
    round_of(&t);
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
    struct audience a = {.name = "ops", .to = two, .n_to = 1, .on = WANTS_BAD};
    struct mail_config config;
    mail_config_defaults(&config);
    config.audience = &a;
    config.n_audiences = 1;
    struct tell t = {.ledger = l, .config = &config};
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
}
