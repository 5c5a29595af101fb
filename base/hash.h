/* base/hash.h - fingerprints of bytes.  The only place that includes OpenSSL's
 * libcrypto. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_MAX = 65 };

/* SHA-256 as 64 small hex digits and a NUL. */
const char *sha256_hex(const void *bytes, size_t n, char out[SHA256_HEX_MAX]);

/* HMAC-SHA-256 (RFC 2104) of the bytes under a key of at least one byte. */
void hmac_sha256(const void *key, size_t n_key, const void *bytes, size_t n,
                 unsigned char out[SHA256_BYTES]);

/* Whether `n` bytes are the same, in a time that does not tell where they differ. */
bool secret_same(const void *a, const void *b, size_t n);

#endif
