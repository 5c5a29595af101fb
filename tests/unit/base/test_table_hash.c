/* tests of base/table_hash */
#include "base/table_hash.h"
#include "tests/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int order(const void *a, const void *b)
{
    uint64_t x, y;
    memcpy(&x, a, sizeof x);
    memcpy(&y, b, sizeof y);
    return (x > y) - (x < y);
}

/* Host buckets are stored and joined by these values: they may never change. */
TEST(the_values_are_the_same_for_ever)
{
    static const struct {
        const char *text;
        uint64_t seed, want;
    } cases[] = {
        {"", 0, 0x6d4ffbbaaf5637ddu},
        {"a", 0, 0x046a3e91a191ea16u},
        {"h1", 0, 0x120ccc02bcfe01ecu},
        {"web-01.example.com", 7, 0xb6350aac62d82504u},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t got = table_hash(cases[i].text, strlen(cases[i].text), cases[i].seed);
        if (got != cases[i].want)
            test_fail(__FILE__, __LINE__, "'%s' gives 0x%016" PRIx64, cases[i].text,
                      got);
    }
}

TEST(the_place_in_memory_does_not_matter)
{
    char room[80] = {0};
    const char text[] = "a name of more than thirty-two bytes, unaligned";
    uint64_t want = table_hash(text, sizeof text - 1, 1);
    for (size_t at = 0; at < 16; at++) {
        memcpy(room + at, text, sizeof text - 1);
        CHECK(table_hash(room + at, sizeof text - 1, 1) == want);
    }
}

TEST(no_byte_outside_the_text_is_read)
{
    for (size_t n = 0; n < 70; n++) {
        unsigned char *p = malloc(n > 0 ? n : 1); /* the sanitizer guards its ends */
        CHECK(p != NULL);
        memset(p, 'x', n);
        uint64_t h = table_hash(p, n, 0);
        CHECK(h != table_hash(p, n, 1));
        free(p);
    }
}

/* Of n random 64-bit values, two are equal with a chance of n^2 / 2^65. */
TEST(similar_names_do_not_collide)
{
    enum { N = 200000 };
    uint64_t *h = malloc(N * sizeof *h);
    CHECK(h != NULL);
    for (int i = 0; i < N; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "host-%d.cell%d", i, i % 7);
        h[i] = table_hash(name, (size_t)n, 0);
    }
    qsort(h, N, sizeof *h, order);
    for (int i = 1; i < N; i++)
        CHECK(h[i] != h[i - 1]);
    free(h);
}

TEST(zeros_of_different_length_differ)
{
    char zeros[64] = {0};
    uint64_t h[64];
    for (size_t n = 0; n < 64; n++)
        h[n] = table_hash(zeros, n, 0);
    qsort(h, 64, sizeof *h, order);
    for (size_t i = 1; i < 64; i++)
        CHECK(h[i] != h[i - 1]);
}

/* One flipped bit of the text must flip each bit of the hash half of the time: over
 * `rounds` keys the share stays within five standard deviations of one half. */
static void avalanche(size_t n)
{
    enum { ROUNDS = 4000 };
    for (size_t bit = 0; bit < n * 8; bit += 5) {
        int flips[64] = {0};
        uint64_t x = 88172645463325252u + bit;
        for (int r = 0; r < ROUNDS; r++) {
            unsigned char key[64];
            for (size_t i = 0; i < n; i++) {
                x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* Marsaglia's xorshift */
                key[i] = (unsigned char)(x >> 24);
            }
            uint64_t was = table_hash(key, n, 0);
            key[bit / 8] ^= (unsigned char)(1u << bit % 8);
            uint64_t moved = was ^ table_hash(key, n, 0);
            for (int i = 0; i < 64; i++)
                flips[i] += (int)(moved >> i & 1);
        }
        for (int i = 0; i < 64; i++)
            CHECK_NEAR(flips[i] / (double)ROUNDS, 0.5, 5 * 0.5 / sqrt(ROUNDS));
    }
}

TEST(each_bit_of_a_short_name_matters)
{
    avalanche(3);
    avalanche(7);
}

TEST(each_bit_of_a_long_name_matters)
{
    avalanche(16);
    avalanche(41);
}

TEST(buckets_of_real_names_are_even)
{
    enum { N = 64000 };
    int bucket[64] = {0};
    for (int i = 0; i < N; i++) {
        char name[32];
        int n = snprintf(name, sizeof name, "web-%05d.example", i);
        bucket[table_hash(name, (size_t)n, 0) % 64]++;
    }
    for (int i = 0; i < 64; i++)
        CHECK_NEAR(bucket[i], N / 64.0, 5 * sqrt(N / 64.0));
}
