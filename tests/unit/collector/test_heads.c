/* tests of collector/heads */
#include "collector/heads.h"
#include "storage/windows.h"
#include "tests/test.h"

#include <stdio.h>

TEST(a_head_is_found_again)
{
    struct heads *h = heads_new();
    CHECK(heads_find(h, "cpu,host=h1", 11) == NULL);
    CHECK(heads_add(h, "cpu,host=h1", 11, 7, "cpu.", "") != NULL);
    const struct head *head = heads_find(h, "cpu,host=h1", 11);
    CHECK(head != NULL && head->entity == 7);
    CHECK(heads_find(h, "cpu,host=h", 10) == NULL);
    CHECK_TEXT(head->shape->name, "cpu.");
    CHECK_TEXT(head->shape->suffix, "");
    heads_free(&h);
    CHECK(h == NULL);
}

TEST(heads_that_differ_in_the_entity_share_their_shape)
{
    struct heads *h = heads_new();
    const struct shape *a = heads_add(h, "a", 1, 1, "disk.", "{device=sda}")->shape;
    const struct shape *b = heads_add(h, "b", 1, 2, "disk.", "{device=sda}")->shape;
    const struct shape *c = heads_add(h, "c", 1, 1, "disk.", "{device=sdb}")->shape;
    CHECK(a == b);
    CHECK(a != c);
    heads_free(&h);
}

TEST(a_shape_knows_the_last_fields_it_learnt)
{
    struct heads *h = heads_new();
    struct shape *s = heads_add(h, "a", 1, 1, "cpu.", "")->shape;
    char text[] = "busy user";
    struct shape_field fields[] = {{text, 4, 11}, {text + 5, 4, 12}};
    shape_learn(s, fields, 2);
    memset(text, 'x', sizeof text); /* it keeps a copy */
    CHECK_INT(s->n, 2);
    CHECK(memcmp(s->field[0].key, "busy=", 5) == 0);
    CHECK(memcmp(s->field[1].key, "user=", 5) == 0);
    CHECK_INT(s->field[1].metric, 12);
    fields[0] = (struct shape_field){"idle", 4, 13};
    shape_learn(s, fields, 1);
    CHECK_INT(s->n, 1);
    CHECK(memcmp(s->field[0].key, "idle=", 5) == 0);
    heads_free(&h);
}

TEST(endless_new_heads_do_not_take_endless_memory)
{
    struct heads *h = heads_new();
    char text[32];
    for (uint32_t i = 0; i < HEADS_MAX + 1000; i++) {
        int n = snprintf(text, sizeof text, "cpu,host=h%u", i);
        CHECK(heads_add(h, text, (size_t)n, i, "cpu.", "") != NULL);
        CHECK(heads_find(h, text, (size_t)n)->entity == i);
        CHECK(heads_count(h) <= HEADS_MAX);
    }
    CHECK_INT(heads_count(h), 1000);
    heads_free(&h);
}

TEST(endless_new_shapes_do_not_take_endless_memory)
{
    struct heads *h = heads_new();
    char text[32];
    for (uint32_t i = 0; i < SHAPES_MAX * 3; i++) {
        int n = snprintf(text, sizeof text, "{request=%u}", i);
        const struct head *head = heads_add(h, text, (size_t)n, 1, "cpu.", text);
        CHECK(head != NULL);
        CHECK_TEXT(head->shape->suffix, text);
        CHECK(heads_count(h) <= SHAPES_MAX);
    }
    heads_free(&h);
}
