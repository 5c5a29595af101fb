/* base/hash.c - SHA-256 and what is made of it, by libcrypto.  No state, any thread. */
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

void hmac_sha256(const void *key, size_t n_key, const void *bytes, size_t n,
                 unsigned char out[SHA256_BYTES])
{
    size_t len = 0;
    assert(n_key > 0);
    const unsigned char *done =
        EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, n_key, n > 0 ? bytes : "", n,
                  out, SHA256_BYTES, &len);
    assert(done != NULL && len == SHA256_BYTES);
}

bool secret_same(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}
