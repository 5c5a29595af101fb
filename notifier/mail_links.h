/* notifier/mail_links.h - the links in a mail with which its reader acts: no more of
 * these mails, and was this useful?
 *
 * A link names what it is for and carries an HMAC-SHA-256 of it under the ledger's own
 * key, so nobody can make one up.  Following it only shows a page; what it says is done
 * by a POST to the same link, so that scanners which follow links in mails do nothing.
 */
#ifndef NOTIFIER_MAIL_LINKS_H
#define NOTIFIER_MAIL_LINKS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { MAIL_LINKS_TOKEN_MAX = 33, MAIL_LINKS_KEY_BYTES = 32 };

/* What a link is for; one of one use is none of another. */
#define MAIL_LINKS(X)                                                                  \
    X(UNSUBSCRIBE, "/mail/unsubscribe")                                                \
    X(FEEDBACK, "/mail/feedback")
#define X(id, path) MAIL_LINK_##id,
enum mail_link { MAIL_LINKS(X) MAIL_LINK_N };
#undef X
const char *mail_link_path(enum mail_link l);

/* Of an address, and the audience or the change that the link is about. */
const char *mail_link_token(enum mail_link l,
                            const unsigned char key[MAIL_LINKS_KEY_BYTES],
                            const char *who, const char *about,
                            char out[MAIL_LINKS_TOKEN_MAX]);
/* True when the token is that of these; in a time that does not tell where it is not.
 */
bool mail_link_good(enum mail_link l, const unsigned char key[MAIL_LINKS_KEY_BYTES],
                    const char *who, const char *about, const char *token);

/* Adds the link below `public_url`; `more` is put behind it ("&u=1"), "" for nothing.
 */
void mail_link_add(struct buf *to, enum mail_link l, const char *public_url,
                   const unsigned char key[MAIL_LINKS_KEY_BYTES], const char *who,
                   const char *about, const char *more);

#endif
