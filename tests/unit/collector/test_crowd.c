/* tests of collector/crowd */
#include "collector/crowd.h"
#include "tests/test.h"

TEST(the_first_members_of_a_group_are_let_in_and_stay)
{
    struct crowd *c = crowd_new(3);
    uint64_t pay = crowd_key(c, "pay");
    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t i = 0; i < 5; i++)
            CHECK(crowd_admit(c, pay, i) == (i < 3));
    crowd_free(&c);
    CHECK(c == NULL);
}

TEST(groups_are_counted_apart)
{
    struct crowd *c = crowd_new(1);
    CHECK(crowd_admit(c, crowd_key(c, "pay"), crowd_key(c, "a")));
    CHECK(crowd_admit(c, crowd_key(c, "cart"), crowd_key(c, "a")));
    CHECK(crowd_admit(c, crowd_key(c, "list"), crowd_key(c, "b")));
    CHECK(!crowd_admit(c, crowd_key(c, "pay"), crowd_key(c, "b")));
    CHECK(crowd_admit(c, crowd_key(c, "pay"), crowd_key(c, "a")));
    crowd_free(&c);
}

TEST(a_crowd_grows_and_forgets_nobody)
{
    struct crowd *c = crowd_new(10);
    for (uint64_t round = 0; round < 2; round++)
        for (uint64_t group = 0; group < 5000; group++)
            for (uint64_t member = 0; member < 11; member++)
                CHECK(crowd_admit(c, group, member) == (member < 10));
    crowd_free(&c);
}

TEST(a_crowd_is_bounded_in_all)
{
    struct crowd *c = crowd_new(UINT32_MAX);
    for (uint64_t i = 0; i < CROWD_MEMBERS_MAX; i++)
        CHECK(crowd_admit(c, 1, i));
    CHECK(!crowd_admit(c, 1, CROWD_MEMBERS_MAX));
    CHECK(!crowd_admit(c, 2, 0));
    CHECK(crowd_admit(c, 1, 0));
    crowd_free(&c);
}
