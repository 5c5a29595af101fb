/* tests of base/hash */
#include "base/hash.h"
#include "tests/test.h"

#include <stdlib.h>

/* The examples of FIPS 180-4 as NIST publishes them. */
TEST(the_published_examples_come_out)
{
    char hex[SHA256_HEX_MAX];
    CHECK_TEXT(sha256_hex("", 0, hex),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK_TEXT(sha256_hex("abc", 3, hex),
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    CHECK_TEXT(sha256_hex(two, strlen(two), hex),
               "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(a_million_letters_come_out)
{
    char hex[SHA256_HEX_MAX], *as = malloc(1000000);
    CHECK(as != NULL);
    memset(as, 'a', 1000000);
    CHECK_TEXT(sha256_hex(as, 1000000, hex),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    free(as);
}

TEST(no_bytes_at_all_may_be_a_null_pointer)
{
    char hex[SHA256_HEX_MAX], empty[SHA256_HEX_MAX];
    CHECK_TEXT(sha256_hex(NULL, 0, hex), sha256_hex("", 0, empty));
}

/* RFC 4231, test cases 1 and 2. */
TEST(the_published_examples_of_hmac_come_out)
{
    static const unsigned char key[20] = {0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
                                          0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
                                          0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b};
    static const unsigned char one[4] = {0xb0, 0x34, 0x4c, 0x61},
                               two[4] = {0x5b, 0xdc, 0xc1, 0x46};
    unsigned char out[SHA256_BYTES];
    hmac_sha256(key, sizeof key, "Hi There", 8, out);
    CHECK(memcmp(out, one, sizeof one) == 0);
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    CHECK(memcmp(out, two, sizeof two) == 0);
}

TEST(secrets_are_the_same_only_when_all_their_bytes_are)
{
    CHECK(secret_same("abc", "abc", 3));
    CHECK(!secret_same("abc", "abd", 3));
    CHECK(!secret_same("xbc", "abc", 3));
}
