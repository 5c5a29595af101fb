/* base/hash.c - SHA-256 by libcrypto.  No state, any thread. */
#include "base/hash.h"

#include <assert.h>
#include <openssl/evp.h>

const char *sha256_hex(const void *bytes, size_t n, char out[SHA256_HEX_MAX])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    /* Nothing in the bytes can make this fail; a libcrypto without SHA-256 is no
     * system that we can run on. */
    int ok = EVP_Digest(n > 0 ? bytes : "", n, sum, &len, EVP_sha256(), NULL);
    assert(ok == 1 && len == SHA256_BYTES);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        out[2 * i] = digits[sum[i] >> 4];
        out[2 * i + 1] = digits[sum[i] & 15];
    }
    out[SHA256_HEX_MAX - 1] = '\0';
    return out;
}
