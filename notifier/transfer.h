/* notifier/transfer.h - one exchange with a server outside: a mail handed over by SMTP,
 * or a call by HTTP.
 *
 * The only place that includes curl/curl.h.  One connection a call, none is kept; no
 * proxy, no redirects, no other protocol than the one asked for; certificates are
 * always checked.  Texts go out as they are: whoever fills this in has checked
 * addresses and headers (libcurl 7.88 puts a CR LF in either on the wire). */
#ifndef NOTIFIER_TRANSFER_H
#define NOTIFIER_TRANSFER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum transfer_kind {
    TRANSFER_SMTP, /* smtp:// and smtps:// */
    TRANSFER_HTTP, /* http:// and https://: POST */
};

struct transfer {
    enum transfer_kind kind;
    const char *url;
    const char *user, *password;                /* NULL: no log-in */
    const char *ca_file;                        /* NULL: the system's */
    bool plaintext;                             /* of smtp://: no STARTTLS */
    span connect_time, answer_time, whole_time; /* all above zero */
    const atomic_bool *stop; /* NULL, or it ends within a second of becoming true */
    const char *from;        /* of mail: "<a@example.com>" */
    const char *const *list; /* of mail the recipients, of HTTP the headers' lines */
    size_t n_list;
    const void *bytes; /* the mail, or the body */
    size_t n;
    /* Every line that goes out or comes in before the content; NULL: nobody listens. */
    void (*on_line)(bool out, const char *line, size_t n, void *arg);
    void *arg;
};

struct transfer_result {
    bool done;       /* carried through to its end; says nothing of the answer */
    unsigned status; /* of HTTP; 0: none came */
    size_t sent;     /* bytes of the content */
    char words[256]; /* what went wrong; "" when done */
};

void transfer_run(const struct transfer *t, struct transfer_result *ret);

#endif
