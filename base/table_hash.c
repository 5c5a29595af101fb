/* base/table_hash.c - multiply two 64-bit words to 128 bits and fold the halves: the
 * idea of Wang Yi's wyhash (public domain), in a shape for short names.
 *
 * Always the same result for the same input: loads are little-endian by hand, so host
 * buckets agree between machines.  No state, any thread. */
#include "base/table_hash.h"

/* Odd, half of their bits set, and different from one another in half of their bits:
 * wyhash's published defaults. */
static const uint64_t salt[] = {0xa0761d6478bd642fu, 0xe7037ed1a0b428dbu,
                                0x8ebc6af09c88c6e3u, 0x589965cc75374cc3u};

/* Compilers make one load of this on little-endian machines. */
static uint64_t load_8(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
           (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 |
           (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint64_t load_4(const unsigned char *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
           (uint64_t)p[3] << 24;
}

static uint64_t mix(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* The last 0 to 16 bytes as two words; the reads may overlap, none leaves the text. */
static void load_rest(const unsigned char *p, size_t n, uint64_t *a, uint64_t *b)
{
    *a = *b = 0;
    if (n >= 8) {
        *a = load_8(p);
        *b = load_8(p + n - 8);
    } else if (n >= 4) {
        *a = load_4(p);
        *b = load_4(p + n - 4);
    } else if (n > 0) {
        *a = (uint64_t)p[0] << 16 | (uint64_t)p[n / 2] << 8 | p[n - 1];
    }
}

uint64_t table_hash(const void *bytes, size_t n, uint64_t seed)
{
    const unsigned char *p = bytes;
    size_t left = n;
    uint64_t h = seed ^ mix(seed ^ salt[0], salt[1]), a, b;
    for (; left > 16; left -= 16, p += 16)
        h = mix(load_8(p) ^ salt[2], load_8(p + 8) ^ h);
    load_rest(p, left, &a, &b);
    unsigned __int128 last = (unsigned __int128)(a ^ salt[1]) * (b ^ h);
    return mix((uint64_t)last ^ salt[0] ^ n, (uint64_t)(last >> 64) ^ salt[3]);
}
