/* notifier/mail_config.h - who gets reports and how: the `mail:` part of the
 * configuration.
 *
 *     mail:
 *       public_url: https://aftercheck.example.com
 *       from: aftercheck@example.com
 *       smtp: {server: "smtp://mail.example.com:587", user: aftercheck,
 *              password_file: /etc/aftercheck/smtp}
 *       audiences:
 *         - {name: payments, to: [pay-oncall@example.com], on: [must-handle,
 * attention]}
 *
 * Without `smtp` mails are written to files; without `audiences` there is one, named
 * "everyone", that has no address and hears of every grade. */
#ifndef NOTIFIER_MAIL_CONFIG_H
#define NOTIFIER_MAIL_CONFIG_H

#include "base/complain.h"
#include "base/yaml.h"
#include "notifier/smtp.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { AUDIENCES_MAX = 1000 };

struct audience {
    const char *name;
    const char *const *to; /* addresses, each once; may be none */
    size_t n_to;
    unsigned on; /* bit per enum grade */
};

struct mail_config {
    const char *public_url; /* NULL: not known, so mails have no links to pages */
    const char *from, *from_name;
    const char *reply_to; /* NULL: none */
    struct smtp_server smtp;
    size_t n_audiences;
    struct audience *audience; /* owned; its texts are the document's */
};

void mail_config_defaults(struct mail_config *c);

/* Reads the `mail` map into *c, which holds the defaults.  Complaints as usual; gives
 * -1 when there was an error.  Texts are borrowed from the document. */
int mail_config_read(const struct yaml_doc *doc, const struct yaml_node *map,
                     struct mail_config *c, struct complaints *why);

/* Frees what it holds, not the struct. */
void mail_config_free(struct mail_config *c);

/* The list of fields, for people. */
void mail_config_help(FILE *to);

/* All audiences; the one for everyone when none were configured. */
const struct audience *mail_config_audiences(const struct mail_config *c,
                                             size_t *ret_n);
/* NULL: no such audience. */
const struct audience *mail_config_audience(const struct mail_config *c,
                                            const char *name);

static inline bool audience_wants(const struct audience *a, enum grade g)
{
    return (a->on >> g & 1) != 0;
}

#endif
