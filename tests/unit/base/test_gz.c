/* tests of base/gz */
#include "base/gz.h"
#include "tests/test.h"

#include <errno.h>
#include <stdlib.h>

static void pack(struct buf *to, size_t n)
{
    OWNED_BUF plain = {0};
    for (size_t i = 0; i < n; i++)
        buf_add_ch(&plain, (char)('a' + i * i % 23));
    CHECK(gz_deflate(plain.data != NULL ? plain.data : "", n, to, NULL) == 0);
}

TEST(what_was_packed_unpacks_to_the_same_bytes)
{
    static const size_t sizes[] = {0, 1, 100, 65536, 1000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        OWNED_BUF packed = {0}, back = {0};
        pack(&packed, sizes[i]);
        CHECK(gz_inflate(packed.data, packed.len, 1 << 20, &back, NULL) == 0);
        CHECK_INT((long long)back.len, (long long)sizes[i]);
        for (size_t k = 0; k < back.len; k++)
            CHECK(back.data[k] == (char)('a' + k * k % 23));
    }
}

TEST(members_one_after_another_are_one_text)
{
    OWNED_BUF packed = {0}, back = {0};
    pack(&packed, 10);
    pack(&packed, 20);
    CHECK(gz_inflate(packed.data, packed.len, 100, &back, NULL) == 0);
    CHECK_INT((long long)back.len, 30);
}

TEST(a_bomb_is_refused_at_the_limit)
{
    OWNED_BUF packed = {0}, back = {0};
    struct err err = {0};
    pack(&packed, 1000000);
    CHECK(gz_inflate(packed.data, packed.len, 999999, &back, &err) == -1);
    CHECK_INT(err.code, EMSGSIZE);
    CHECK(back.len < 1000000 + (128 << 10));
}

TEST(every_cut_and_every_flipped_byte_is_noticed)
{
    OWNED_BUF packed = {0};
    pack(&packed, 300);
    for (size_t n = 1; n < packed.len; n++) {
        OWNED_BUF back = {0};
        CHECK(gz_inflate(packed.data, n, 1000, &back, NULL) == -1);
    }
    /* the header and the padding before the checksum hold bits that nobody reads */
    for (size_t i = 10; i < packed.len; i++) {
        OWNED_BUF back = {0};
        if (i == packed.len - 9)
            continue;
        packed.data[i] ^= 0x10;
        CHECK(gz_inflate(packed.data, packed.len, 1000, &back, NULL) == -1);
        packed.data[i] ^= 0x10;
    }
}

TEST(a_stream_may_come_byte_by_byte)
{
    OWNED_BUF packed = {0};
    struct gz_stream *s = gz_stream_new(NULL);
    char out[64];
    size_t sum = 0;
    CHECK(s != NULL);
    pack(&packed, 5000);
    for (size_t i = 0; i < packed.len; i++) {
        const char *in = packed.data + i;
        size_t n = 1;
        ssize_t got;
        do {
            got = gz_stream_read(s, &in, &n, out, sizeof out, NULL);
            CHECK(got >= 0);
            sum += (size_t)got;
        } while (got > 0);
        CHECK(n == 0);
        CHECK(gz_stream_whole(s) == (i + 1 == packed.len));
    }
    CHECK_INT((long long)sum, 5000);
    gz_stream_free(&s);
}
