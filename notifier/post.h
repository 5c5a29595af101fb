/* notifier/post.h - one call to a webhook: a body handed to an address by HTTP, signed.
 *
 * What goes with the body:
 *   Aftercheck-Delivery   the same for every try of one delivery, so that a receiver
 *                         can tell a repeat
 *   Authorization         Bearer and the token, where there is a token file
 *   Aftercheck-Timestamp  seconds since 1970, and
 *   Aftercheck-Signature  "sha256=" and in hex the HMAC-SHA-256 of timestamp, "." and
 *                         body under the secret: with WEBHOOK_SHA256
 * With WEBHOOK_SIGN_DINGTALK the address gets timestamp= and sign= instead, as
 * DingTalk's robots ask for (open.dingtalk.com, "custom robot security settings"). */
#ifndef NOTIFIER_POST_H
#define NOTIFIER_POST_H

#include "base/err.h"
#include "base/instant.h"
#include "rules/routing.h"

#include <stdatomic.h>
#include <stddef.h>

enum { POST_WORDS_MAX = 300 };

struct post_target {
    const char *url;      /* or NULL, and it stands in a file: chats' addresses are */
    const char *url_file; /* secrets themselves */
    enum webhook_sign sign;
    const char *secret_file;       /* of the signature */
    const char *token_file;        /* NULL: none */
    const char *ca_file;           /* NULL: the system's */
    span connect_time, whole_time; /* all above zero */
};

struct post_call {
    const char *type; /* Content-Type */
    const char *key;  /* names the delivery; printable */
    const void *bytes;
    size_t n;
};

enum post_end {
    POST_DONE,  /* answered 2xx */
    POST_LATER, /* not now: 408, 425, 429, 5xx, network, TLS, a secret that is missing
                 */
    POST_NEVER, /* refused for good, or moved away */
};
struct post_result {
    enum post_end end;
    unsigned status; /* 0: there was no answer */
    char words[POST_WORDS_MAX];
};

/* Calls; *stop (may be NULL) becoming true ends it as POST_LATER within a second. */
void post_send(const struct post_target *t, const struct post_call *c, instant now,
               const atomic_bool *stop, struct post_result *ret);

#endif
