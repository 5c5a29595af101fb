#include "notifier/calm.h"

#include "tests/test.h"

/* must-handle at once, attention when final, not judged in the digest, ok never */
static const enum routing_when usual[GRADE_N] = {[GRADE_OK] = ROUTING_NEVER,
                                                 [GRADE_ATTENTION] = ROUTING_FINAL,
                                                 [GRADE_MUST_HANDLE] = ROUTING_AT_ONCE,
                                                 [GRADE_NOT_JUDGED] = ROUTING_DIGEST};

enum { NOW_MS = 10000000, HOUR_MS = 3600000, GATHER_MS = 10000 };

static struct calm_say decide(enum grade g, bool final, const struct last_told *told,
                              const struct note *note)
{
    struct calm_times t = {.now = {NOW_MS},
                           .next_digest = {NOW_MS + 5 * HOUR_MS},
                           .gather = {GATHER_MS},
                           .correction = {HOUR_MS}};
    struct calm_past past = {told, note};
    struct calm_step step = {.grade = g, .final = final};
    return calm_decide(usual, &past, &step, &t);
}

TEST(must_handle_is_told_at_once_and_the_rest_as_it_is_wished)
{
    CHECK_INT(decide(GRADE_MUST_HANDLE, false, NULL, NULL).act, CALM_MAIL);
    CHECK_INT(decide(GRADE_MUST_HANDLE, false, NULL, NULL).due.ms, NOW_MS + GATHER_MS);
    CHECK_INT(decide(GRADE_ATTENTION, false, NULL, NULL).act, CALM_NOTHING);
    CHECK_INT(decide(GRADE_ATTENTION, true, NULL, NULL).act, CALM_MAIL);
    CHECK_INT(decide(GRADE_NOT_JUDGED, false, NULL, NULL).act, CALM_NOTHING);
    CHECK_INT(decide(GRADE_NOT_JUDGED, true, NULL, NULL).act, CALM_DIGEST);
    CHECK_INT(decide(GRADE_NOT_JUDGED, true, NULL, NULL).due.ms, NOW_MS + 5 * HOUR_MS);
    CHECK_INT(decide(GRADE_OK, true, NULL, NULL).act, CALM_NOTHING);
}

TEST(the_same_grade_is_not_told_twice)
{
    struct last_told mh = {.grade = GRADE_MUST_HANDLE, .at = {NOW_MS - 1000}};
    CHECK_INT(decide(GRADE_MUST_HANDLE, true, &mh, NULL).act, CALM_NOTHING);
}

TEST(what_was_told_is_corrected_when_final_and_once_an_hour)
{
    struct last_told mh = {.grade = GRADE_MUST_HANDLE, .at = {NOW_MS - 600000}};
    CHECK_INT(decide(GRADE_ATTENTION, false, &mh, NULL).act, CALM_NOTHING);
    struct calm_say say = decide(GRADE_OK, true, &mh, NULL);
    CHECK_INT(say.act, CALM_MAIL); /* though ok is not wished for by itself */
    CHECK_INT(say.due.ms, NOW_MS - 600000 + HOUR_MS);
    mh.at.ms = NOW_MS - 2 * HOUR_MS;
    CHECK_INT(decide(GRADE_OK, true, &mh, NULL).due.ms, NOW_MS + GATHER_MS);
}

TEST(a_correction_that_is_not_true_any_more_is_taken_back)
{
    struct last_told mh = {.grade = GRADE_MUST_HANDLE, .at = {NOW_MS - 600000}};
    struct note ok = {.grade = GRADE_OK, .due = {NOW_MS + 3000000}};
    CHECK_INT(decide(GRADE_MUST_HANDLE, true, &mh, &ok).act, CALM_TAKE_BACK);
    /* and another one takes its place, and its time */
    struct calm_say say = decide(GRADE_ATTENTION, true, &mh, &ok);
    CHECK_INT(say.act, CALM_MAIL);
    CHECK_INT(say.due.ms, NOW_MS + 3000000);
}

TEST(a_turn_to_must_handle_is_no_correction_but_news)
{
    struct last_told ok = {.grade = GRADE_OK, .at = {NOW_MS - 1000}};
    struct calm_say say = decide(GRADE_MUST_HANDLE, false, &ok, NULL);
    CHECK_INT(say.act, CALM_MAIL);
    CHECK_INT(say.due.ms, NOW_MS + GATHER_MS);
}

TEST(what_was_told_in_the_digest_is_corrected_in_the_digest)
{
    struct last_told nj = {.grade = GRADE_NOT_JUDGED, .digest = true, .at = {1}};
    CHECK_INT(decide(GRADE_OK, true, &nj, NULL).act, CALM_DIGEST);
    CHECK_INT(decide(GRADE_ATTENTION, true, &nj, NULL).act, CALM_MAIL);
}

TEST(what_waits_is_not_told_when_it_has_passed)
{
    struct note mh = {.grade = GRADE_MUST_HANDLE, .due = {NOW_MS + 5}};
    CHECK_INT(decide(GRADE_ATTENTION, false, NULL, &mh).act, CALM_TAKE_BACK);
    CHECK_INT(decide(GRADE_OK, true, NULL, &mh).act, CALM_TAKE_BACK);
    CHECK_INT(decide(GRADE_MUST_HANDLE, true, NULL, &mh).due.ms, NOW_MS + 5);
    struct note digest = {.digest = true, .due = {NOW_MS + HOUR_MS}};
    CHECK_INT(decide(GRADE_MUST_HANDLE, false, NULL, &digest).due.ms,
              NOW_MS + GATHER_MS);
    CHECK_INT(decide(GRADE_NOT_JUDGED, true, NULL, &digest).due.ms, NOW_MS + HOUR_MS);
}

TEST(what_the_slow_look_finds_is_told_once_to_those_who_want_its_grade)
{
    struct calm_times t = {.now = {NOW_MS}};
    struct last_told told = {.grade = GRADE_ATTENTION, .later = 1};
    struct calm_past past = {.told = &told};
    struct calm_step step = {GRADE_ATTENTION, true, 1};
    CHECK_INT(calm_decide(usual, &past, &step, &t).act, CALM_NOTHING);
    step.later = 2;
    CHECK_INT(calm_decide(usual, &past, &step, &t).act, CALM_MAIL);
    told.grade = step.grade = GRADE_OK;
    CHECK_INT(calm_decide(usual, &past, &step, &t).act, CALM_NOTHING);
}

TEST(beyond_its_hour_s_mails_an_address_s_mails_become_one)
{
    struct routing_limits limits = {
        .each = 3, .all = 10, .calm = {60000}, .longest = {300000}, .every = {900000}};
    struct calm_queue q = {
        .n = 3, .first = {NOW_MS}, .last = {NOW_MS + 1000}, .last_storm = INSTANT_NONE};
    CHECK(instant_is_none(calm_storm(&limits, &q)));
    q.n = 4;
    CHECK_INT(calm_storm(&limits, &q).ms, NOW_MS + 1000 + 60000);
    q.n = 1;
    q.mails = 2;
    CHECK(instant_is_none(calm_storm(&limits, &q)));
    q.mails = 3;
    CHECK_INT(calm_storm(&limits, &q).ms, NOW_MS + 61000);
    q.mails = 0;
    q.mails_all = 10; /* of all together */
    CHECK_INT(calm_storm(&limits, &q).ms, NOW_MS + 61000);
    q.last.ms = NOW_MS + 400000; /* goes on and on */
    CHECK_INT(calm_storm(&limits, &q).ms, NOW_MS + 300000);
    q.last_storm.ms = NOW_MS - 1000;
    CHECK_INT(calm_storm(&limits, &q).ms, NOW_MS - 1000 + 900000);
}
