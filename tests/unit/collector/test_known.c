/* tests of collector/known */
#include "collector/intake.h"
#include "collector/known.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const struct known_series gauge = {7, 8, DROP_N, false},
                                 counter = {7, 9, DROP_N, true},
                                 refused = {0, 0, DROP_NAME, false};
static struct known_series s;
static double v;

static struct known_key key(const struct known *k, const char *text)
{
    return known_key(k, text, strlen(text));
}

static enum known_said ask(struct known *k, const char *text, int64_t at_s,
                           double value)
{
    return known_sample(k, key(k, text), (instant){at_s * 1000}, value, &s, &v);
}

TEST(a_series_is_known_once_it_was_added)
{
    struct known *k = known_new(1000);
    CHECK_INT(ask(k, "a", 1000, 5), KNOWN_NOT);
    CHECK(known_add(k, key(k, "a"), &gauge, (instant){1000000}));
    CHECK_INT(ask(k, "a", 1000, 5), KNOWN_VALUE);
    CHECK_INT(s.entity, 7);
    CHECK_INT(s.metric, 8);
    CHECK_NEAR(v, 5, 0);
    CHECK_INT(ask(k, "b", 1000, 5), KNOWN_NOT);
    CHECK(known_add(k, key(k, "b"), &refused, (instant){1000000}));
    CHECK_INT(ask(k, "b", 1000, 5), KNOWN_REFUSED);
    CHECK_INT(s.refused, DROP_NAME);
    CHECK_INT(known_count(k), 2);
    known_free(&k);
}

TEST(counters_become_rates_and_begin_anew_after_their_end)
{
    struct known *k = known_new(1000);
    CHECK(known_add(k, key(k, "a"), &counter, (instant){0}));
    CHECK_INT(ask(k, "a", 1000, 500), KNOWN_WAITS);
    CHECK_INT(ask(k, "a", 1010, 600), KNOWN_VALUE);
    CHECK_NEAR(v, 10, 1e-12);
    known_end(k, key(k, "a"));
    CHECK_INT(ask(k, "a", 1020, 9000), KNOWN_WAITS);
    known_free(&k);
}

TEST(when_it_is_full_the_idle_make_room_and_the_living_stay)
{
    struct known *k = known_new(64 * 16); /* 17 a stripe */
    char name[16];
    size_t refusals = 0;
    for (int i = 0; i < 3000; i++) {
        snprintf(name, sizeof name, "old%d", i);
        refusals += !known_add(k, key(k, name), &gauge, (instant){1000000});
    }
    CHECK_INT(known_count(k), 64 * 17);
    CHECK_INT(refusals, 3000 - 64 * 17);
    int64_t later = 1000 + KNOWN_IDLE_MS / 1000 + 1;
    CHECK_INT(ask(k, "old0", later, 1), KNOWN_VALUE); /* this one lives */
    size_t added = 0;
    for (int i = 0; i < 256; i++) { /* four a stripe, as good as never seventeen */
        snprintf(name, sizeof name, "new%d", i);
        added += known_add(k, key(k, name), &gauge, (instant){later * 1000});
    }
    CHECK_INT(added, 256);
    CHECK_INT(ask(k, "old0", later, 1), KNOWN_VALUE);
    CHECK(known_count(k) <= 64 * 17);
    known_free(&k);
}
