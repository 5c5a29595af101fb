/* base/hash.h - fingerprints of bytes.  The only place that includes OpenSSL's
 * libcrypto. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

enum { SHA256_BYTES = 32, SHA256_HEX_MAX = 65 };

/* SHA-256 as 64 small hex digits and a NUL. */
const char *sha256_hex(const void *bytes, size_t n, char out[SHA256_HEX_MAX]);

#endif
