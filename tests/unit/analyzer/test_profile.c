/* tests of analyzer/profile */
#include "analyzer/profile.h"
#include "tests/test.h"

#include <stdlib.h>

/* A habit of so many members and nothing else. */
static struct habit *habit_of(size_t members)
{
    struct habit *h = calloc(1, sizeof *h);
    CHECK(h != NULL);
    h->n_members = members;
    h->null = calloc(members, sizeof *h->null);
    h->yardstick = calloc(members, sizeof *h->yardstick);
    return h;
}

static size_t bytes_of(size_t members)
{
    OWNED_HABIT *h = habit_of(members);
    return habit_bytes(h);
}

static void put(struct profile *p, const char *id, size_t members)
{
    struct habit *h = habit_of(members);
    CHECK(profile_take(p, id, &h) == 0 && h == NULL);
}

TEST(days_go_with_their_habit_as_long_as_there_is_room)
{
    struct profile *p = profile_new(bytes_of(100) + 50);
    struct buf days = {0};
    put(p, "a", 100);
    buf_add_n(&days, "0123456789012345678901234567890123456789", 40);
    profile_take_days(p, "a", &days);
    CHECK_INT((long long)profile_find(p, "a")->days.len, 40);
    CHECK_INT((long long)profile_stats(p).bytes, (long long)bytes_of(100) + 40);
    buf_add_n(&days, "another", 7);
    profile_take_days(p, "a", &days); /* in place of the others */
    CHECK_INT((long long)profile_find(p, "a")->days.len, 7);
    for (int i = 0; i < 51; i++)
        buf_add_ch(&days, 'x');
    profile_take_days(p, "a", &days); /* too large: what there was stays */
    CHECK_INT((long long)profile_find(p, "a")->days.len, 7);
    buf_add_n(&days, "whose?", 6);
    profile_take_days(p, "b", &days);
    CHECK_INT((long long)days.len, 0);
    CHECK_INT((long long)profile_stats(p).bytes, (long long)bytes_of(100) + 7);
    profile_free(&p);
}

TEST(what_was_put_in_is_found_until_it_is_forgotten)
{
    struct profile *p = profile_new(1 << 20);
    put(p, "a", 3);
    put(p, "b", 5);
    CHECK_INT((long long)profile_find(p, "b")->n_members, 5);
    CHECK(profile_find(p, "c") == NULL);
    put(p, "a", 7); /* in place of the other */
    CHECK_INT((long long)profile_find(p, "a")->n_members, 7);
    CHECK_INT((long long)profile_stats(p).habits, 2);
    CHECK_INT((long long)profile_stats(p).bytes,
              (long long)(bytes_of(5) + bytes_of(7)));
    profile_forget(p, "a");
    profile_forget(p, "a");
    CHECK(profile_find(p, "a") == NULL);
    CHECK_INT((long long)profile_stats(p).dropped, 0);
    profile_free(&p);
    profile_free(&p);
}

TEST(the_oldest_goes_first_when_room_is_short)
{
    struct profile *p = profile_new(3 * bytes_of(100));
    put(p, "a", 100);
    put(p, "b", 100);
    put(p, "c", 100);
    put(p, "d", 100);
    CHECK(profile_find(p, "a") == NULL && profile_find(p, "b") != NULL);
    put(p, "b", 100); /* renewed: now c is the oldest */
    put(p, "e", 100);
    CHECK(profile_find(p, "c") == NULL && profile_find(p, "b") != NULL);
    CHECK_INT((long long)profile_stats(p).dropped, 2);
    CHECK(profile_stats(p).bytes <= 3 * bytes_of(100));
    profile_free(&p);
}

TEST(one_that_is_larger_than_all_the_room_is_dropped)
{
    struct profile *p = profile_new(bytes_of(50));
    put(p, "a", 500);
    CHECK(profile_find(p, "a") == NULL);
    CHECK_INT((long long)profile_stats(p).dropped, 1);
    CHECK_INT((long long)profile_stats(p).bytes, 0);
    profile_free(&p);
}
