/* notifier/mail_config.h - how reports are sent: the `mail:` part of the configuration.
 * Who gets them is in the routing file (rules/routing.h).
 *
 *     mail:
 *       public_url: https://aftercheck.example.com
 *       from: aftercheck@example.com
 *       smtp: {server: "smtp://mail.example.com:587", user: aftercheck,
 *              password_file: /etc/aftercheck/smtp}
 *
 * `smtp` may be a list of servers: each is tried when those before it cannot take a
 * mail now.  Without `smtp` mails are written to files. */
#ifndef NOTIFIER_MAIL_CONFIG_H
#define NOTIFIER_MAIL_CONFIG_H

#include "base/complain.h"
#include "base/yaml.h"
#include "notifier/smtp.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SMTP_SERVERS_MAX = 4 };

struct mail_config {
    const char *public_url; /* NULL: not known, so mails have no links to pages */
    const char *from, *from_name;
    const char *reply_to; /* NULL: none */
    size_t n_smtp;        /* 0: mails become files */
    struct smtp_server smtp[SMTP_SERVERS_MAX];
};

void mail_config_defaults(struct mail_config *c);

/* Reads the `mail` map into *c, which holds the defaults.  Complaints as usual; gives
 * -1 when there was an error.  Texts are borrowed from the document. */
int mail_config_read(const struct yaml_doc *doc, const struct yaml_node *map,
                     struct mail_config *c, struct complaints *why);

/* The list of fields, for people. */
void mail_config_help(FILE *to);

#endif
