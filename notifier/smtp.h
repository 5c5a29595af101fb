/* notifier/smtp.h - hands bytes to an SMTP server.
 *
 * STARTTLS is demanded of smtp:// servers unless the configuration says `never`.
 * Addresses are checked again here, before notifier/transfer sees them. */
#ifndef NOTIFIER_SMTP_H
#define NOTIFIER_SMTP_H

#include "base/err.h"
#include "base/instant.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum { SMTP_RECIPIENTS_MAX = 50, SMTP_WORDS_MAX = 300 };

struct smtp_server {
    const char *url;           /* "smtp://host:587", "smtps://host"; NULL: no server */
    bool plaintext;            /* `tls: never` */
    const char *user;          /* NULL: no log-in */
    const char *password_file; /* its first line; not readable by everybody */
    const char *ca_file;       /* NULL: the system's */
    const char *helo;          /* NULL: this host's name */
    span connect_time, answer_time, whole_time; /* all above zero */
};

/* 0 when the URL has the form above, or -1 and what is wrong. */
int smtp_url_check(const char *url, struct err *err);

enum smtp_end {
    SMTP_SENT,  /* the server took it for at least one recipient */
    SMTP_LATER, /* not now: 4xx, network, TLS, log-in */
    SMTP_NEVER, /* refused for good: 5xx to the sender, all recipients or the mail */
};

struct smtp_mail {
    const char *from;
    const char *const *to; /* 1 to SMTP_RECIPIENTS_MAX */
    size_t n_to;
    const void *bytes;
    size_t n;
};

struct smtp_result {
    enum smtp_end end;
    bool unconfirmed; /* all of the mail was sent, but there was no answer to it */
    char words[SMTP_WORDS_MAX];     /* what went wrong, with the server's own words */
    int reply[SMTP_RECIPIENTS_MAX]; /* answer to each RCPT TO; 0: it was not asked */
};

/* Sends; *stop (may be NULL) becoming true ends it as SMTP_LATER within a second. */
void smtp_send(const struct smtp_server *server, const struct smtp_mail *mail,
               const atomic_bool *stop, struct smtp_result *ret_result);

#endif
