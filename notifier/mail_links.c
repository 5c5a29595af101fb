/* notifier/mail_links.c - links and their tokens.  Pure; any thread. */
#include "notifier/mail_links.h"

#include "base/hash.h"
#include "base/httpc.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

const char *mail_link_path(enum mail_link l)
{
#define X(id, path) [MAIL_LINK_##id] = path,
    static const char *const paths[] = {MAIL_LINKS(X)};
#undef X
    assert(l >= 0 && l < MAIL_LINK_N);
    return paths[l];
}

const char *mail_link_token(enum mail_link l,
                            const unsigned char key[MAIL_LINKS_KEY_BYTES],
                            const char *who, const char *about,
                            char out[MAIL_LINKS_TOKEN_MAX])
{
    OWNED_BUF said = {0};
    unsigned char mac[SHA256_BYTES] = {0};
    /* lengths in front, so no two pairs give the same text */
    buf_addf(&said, "%s %zu:%s %zu:%s", mail_link_path(l), strlen(who), who,
             strlen(about), about);
    if (buf_done(&said) == 0)
        hmac_sha256(key, MAIL_LINKS_KEY_BYTES, buf_text(&said), said.len, mac);
    for (size_t i = 0; i < (MAIL_LINKS_TOKEN_MAX - 1) / 2; i++)
        snprintf(out + 2 * i, 3, "%02x", mac[i]);
    return out;
}

bool mail_link_good(enum mail_link l, const unsigned char key[MAIL_LINKS_KEY_BYTES],
                    const char *who, const char *about, const char *token)
{
    char want[MAIL_LINKS_TOKEN_MAX];
    if (who == NULL || about == NULL || token == NULL ||
        strlen(token) != MAIL_LINKS_TOKEN_MAX - 1)
        return false;
    mail_link_token(l, key, who, about, want);
    return secret_same(want, token, MAIL_LINKS_TOKEN_MAX - 1);
}

void mail_link_add(struct buf *to, enum mail_link l, const char *public_url,
                   const unsigned char key[MAIL_LINKS_KEY_BYTES], const char *who,
                   const char *about, const char *more)
{
    char token[MAIL_LINKS_TOKEN_MAX];
    size_t n = strlen(public_url);
    while (n > 0 && public_url[n - 1] == '/')
        n--;
    buf_add_n(to, public_url, n);
    buf_addf(to, "%s?who=", mail_link_path(l));
    url_quote(to, who);
    buf_add(to, "&about=");
    url_quote(to, about);
    buf_addf(to, "&token=%s%s", mail_link_token(l, key, who, about, token), more);
}
