/* tests of base/snap */
#include "base/snap.h"
#include "tests/test.h"

#include <errno.h>
#include <string.h>

static const char verse[] = "the same words, the same words, the same words again";

TEST(what_was_packed_comes_out_again)
{
    OWNED_BUF packed = {0}, plain = {0};
    CHECK(snap_pack(verse, sizeof verse, &packed, NULL) == 0);
    CHECK(packed.len < sizeof verse);
    CHECK(snap_unpack(packed.data, packed.len, sizeof verse, &plain, NULL) == 0);
    CHECK_INT(plain.len, sizeof verse);
    CHECK_TEXT(plain.data, verse);
}

TEST(a_block_that_would_be_too_large_is_not_unpacked)
{
    OWNED_BUF packed = {0}, plain = {0};
    struct err err = {0};
    CHECK(snap_pack(verse, sizeof verse, &packed, NULL) == 0);
    CHECK(snap_unpack(packed.data, packed.len, sizeof verse - 1, &plain, &err) < 0);
    CHECK_INT(err.code, EMSGSIZE);
    CHECK_INT(plain.len, 0);
}

TEST(damage_is_told)
{
    OWNED_BUF packed = {0}, plain = {0};
    struct err err = {0};
    CHECK(snap_pack(verse, sizeof verse, &packed, NULL) == 0);
    CHECK(snap_unpack(packed.data, packed.len - 4, 1000, &plain, &err) < 0);
    CHECK_INT(err.code, EINVAL);
    err = (struct err){0};
    CHECK(snap_unpack("\xff\xff\xff\xff\xff\xff", 6, 1000, &plain, &err) < 0);
    CHECK_TEXT(err.text, "not a block of Snappy's format");
    CHECK_INT(plain.len, 0);
}
