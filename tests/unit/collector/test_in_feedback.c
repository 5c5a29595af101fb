/* tests of collector/in_feedback: reading; how it answers over HTTP is
 * tests/flow/test_backtest.py's */
#include "collector/in_feedback.h"
#include "tests/test.h"

TEST(a_mark_is_read_from_the_bytes_of_a_request)
{
    static const char text[] = "{\"rule\":\"a\",\"useful\":true,\"by\":\"li\"}";
    struct err err = {0}, broken = {0};
    OWNED_FEEDBACK *f =
        in_feedback_read(text, sizeof text - 1, "c1", (instant){7}, &err);
    CHECK(f != NULL && f->useful);
    CHECK_TEXT(f->change_id, "c1");
    CHECK_INT(f->at.ms, 7);
    CHECK(in_feedback_read(text, 9, "c1", (instant){7}, &broken) == NULL);
    CHECK(strstr(broken.text, "line 1, column") != NULL);
}
