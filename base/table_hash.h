/* base/table_hash.h - a fast 64-bit hash for tables in memory (wyhash-like mixing; not
 * for names that leave the process, and no fingerprint against forgers).  `seed` is
 * random per process where strangers choose the keys, and a constant where the result
 * must repeat (host buckets): same bytes and same seed give the same hash on every
 * machine and in every release. */
#ifndef BASE_TABLE_HASH_H
#define BASE_TABLE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t table_hash(const void *bytes, size_t n, uint64_t seed);

#endif
