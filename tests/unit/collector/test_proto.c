/* tests of collector/proto */
#include "collector/proto.h"
#include "tests/test.h"
#include "tests/unit/collector/proto_bytes.h"

TEST(fields_of_each_type_are_read)
{
    OWNED_BUF b = {0};
    struct proto_field f;
    proto_put_varint(&b, 1, 300);
    proto_put_double(&b, 2, 1.5);
    proto_put_bytes(&b, 16, "text", 4);
    buf_add_n(&b, "\x1d\x01\x02\x03\x04", 5); /* field 3, four bytes */
    proto_put_varint(&b, 4, UINT64_MAX);
    struct proto p = proto_of(b.data, b.len);
    CHECK(proto_next(&p, &f) && f.number == 1 && f.value == 300);
    CHECK(proto_next(&p, &f) && f.number == 2 && f.type == PROTO_FIXED64);
    CHECK_NEAR(proto_double(f.value), 1.5, 0);
    CHECK(proto_next(&p, &f) && f.number == 16 && f.n == 4);
    CHECK(memcmp(f.bytes, "text", 4) == 0);
    CHECK(proto_next(&p, &f) && f.number == 3 && f.value == 0x04030201);
    CHECK(proto_next(&p, &f) && f.number == 4 && f.value == UINT64_MAX);
    CHECK(!proto_next(&p, &f) && !p.bad);
}

static bool is_bad(const char *bytes, size_t n)
{
    struct proto p = proto_of(bytes, n);
    struct proto_field f;
    while (proto_next(&p, &f))
        ;
    return p.bad;
}

TEST(damage_is_seen_and_nothing_is_read_beyond_the_end)
{
    CHECK(is_bad("\x08", 1));         /* no value */
    CHECK(is_bad("\x08\xff", 2));     /* it goes on */
    CHECK(is_bad("\x09\x01\x02", 3)); /* eight bytes are to come */
    CHECK(is_bad("\x0a\x05ok", 4));   /* five bytes are to come */
    CHECK(is_bad("\x0b", 1));         /* a group */
    CHECK(is_bad("\x00\x00", 2));     /* no field has the number 0 */
    CHECK(is_bad("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11));
    CHECK(is_bad("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11)); /* 65 bits */
    CHECK(!is_bad("", 0));
}
