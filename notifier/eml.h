/* notifier/eml.h - a whole mail as bytes.
 *
 * multipart/alternative{ text/plain, multipart/related{ text/html, image/png ... } },
 * lines ended by CR LF and at most 76 bytes long (headers of one long word: 998), no
 * line that begins with a dot.  The same letter always gives the same bytes: the
 * boundaries and ids come from SHA-256 of change, revision and audience.  No field can
 * add a header: control characters are dropped, what is not ASCII is encoded after
 * RFC 2047, long values are folded. */
#ifndef NOTIFIER_EML_H
#define NOTIFIER_EML_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum { EML_ID_MAX = 340, EML_CID_MAX = 340 };

/* A picture of the HTML part, shown by "cid:<cid>". */
struct eml_image {
    char cid[EML_CID_MAX]; /* as eml_cid makes it */
    const char *name;      /* file name for those who save it */
    const void *bytes;
    size_t n;
};

struct eml {
    const char *from, *from_name; /* address, and the name shown before it or NULL */
    const char *reply_to;         /* address or NULL */
    const char *const *to;        /* addresses; none: "undisclosed-recipients:;" */
    size_t n_to;
    const char *subject, *audience, *change_id;
    int revision;
    enum grade grade;
    instant date;
    bool digest; /* of many changes: `change_id` is the digest's own name, and there is
                    no thread */
    const char *unsubscribe; /* a link that takes a POST; NULL: none */
    const char *text, *html;
    const struct eml_image *images;
    size_t n_images;
};

/* "<0123...@example.com>" of a change, revision and audience: the same mail, sent
 * again, carries the same id.  The domain is that of `from`. */
const char *eml_message_id(const char *from, const char *change_id, int revision,
                           const char *audience, char out[EML_ID_MAX]);
/* The id that all mails of a change to an audience answer to; no mail has it itself. */
const char *eml_root_id(const char *from, const char *change_id, const char *audience,
                        char out[EML_ID_MAX]);
/* The id of picture `no` of a mail, without the angle brackets. */
const char *eml_cid(const char *from, const char *change_id, int revision, size_t no,
                    char out[EML_CID_MAX]);

/* Adds `n` bytes as base64 on one line. */
void eml_base64(struct buf *to, const void *bytes, size_t n);

/* Adds the mail.  -1 with EINVAL when an address is none. */
int eml_write(const struct eml *m, struct buf *to, struct err *err);

#endif
