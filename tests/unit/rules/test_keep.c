/* tests of rules/keep */
#include "rules/keep.h"
#include "tests/test.h"

static int ended;

static void end(void *what)
{
    CHECK(what == &ended);
    ended++;
}

TEST(memory_is_zeroed_and_stays_until_all_goes)
{
    struct keep k = {0};
    char *texts[3000];
    for (int i = 0; i < 3000; i++) {
        texts[i] = keep_text(&k, i % 2 == 0 ? "even" : "odd");
        char *more = keep_alloc(&k, (size_t)i + 1);
        CHECK(more != NULL && more[0] == 0 && more[i] == 0);
        memset(more, 'x', (size_t)i + 1);
    }
    for (int i = 0; i < 3000; i++)
        CHECK_TEXT(texts[i], i % 2 == 0 ? "even" : "odd");
    char *large = keep_alloc(&k, 1 << 20);
    CHECK(large != NULL && large[(1 << 20) - 1] == 0);
    CHECK(!k.failed);
    keep_free(&k);
    CHECK(k.newest == NULL);
}

TEST(what_has_to_be_ended_is_ended_once)
{
    struct keep k = {0};
    ended = 0;
    CHECK(keep_until_end(&k, end, &ended) == 0);
    CHECK(keep_until_end(&k, end, &ended) == 0);
    CHECK_INT(ended, 0);
    keep_free(&k);
    CHECK_INT(ended, 2);
    keep_free(&k);
    CHECK_INT(ended, 2);
}
