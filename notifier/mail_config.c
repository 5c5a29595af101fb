/* notifier/mail_config.c - one table a map; what the table cannot say is checked behind
 * it, each complaint at the value's own place.  Runs at start and on reload. */
#include "notifier/mail_config.h"

#include "base/mail_address.h"
#include "notifier/html.h"

#include <string.h>

/* The maps as they are written; nodes are kept for the places of complaints. */
struct mail_map {
    const char *public_url, *from, *from_name, *reply_to;
    const struct yaml_node *smtp;
};
struct smtp_map {
    const char *server, *tls, *user, *password_file, *ca_file, *helo;
    span connect_time, answer_time, whole_time;
};

#define MAIL(name, type, help)                                                         \
    {                                                                                  \
#name, type, offsetof(struct mail_map, name), false, 0, 0, help                \
    }
static const struct yaml_field mail_fields[] = {
    MAIL(public_url, YAML_T_TEXT, "where people reach the pages, for links"),
    MAIL(from, YAML_T_TEXT, "sender's address (aftercheck@localhost)"),
    MAIL(from_name, YAML_T_TEXT, "sender's name (aftercheck)"),
    MAIL(reply_to, YAML_T_TEXT, "address for answers"),
    MAIL(smtp, YAML_T_NODE,
         "the server to send through, or a list of servers to try in turn; without it "
         "mails become files"),
};
#undef MAIL

#define SMTP(name, type, help)                                                         \
    {                                                                                  \
#name, type, offsetof(struct smtp_map, name), false, 0, 0, help                \
    }
#define SMTP_TIME(name, least, most, help)                                             \
    {                                                                                  \
#name, YAML_T_SPAN, offsetof(struct smtp_map, name), false, least, most, help  \
    }
static const struct yaml_field smtp_fields[] = {
    {"server", YAML_T_TEXT, offsetof(struct smtp_map, server), true, 0, 0,
     "smtp://host:port or smtps://host:port"},
    SMTP(tls, YAML_T_TEXT, "required (default) or never"),
    SMTP(user, YAML_T_TEXT, "name to log in with"),
    SMTP(password_file, YAML_T_TEXT, "file whose first line is the password"),
    SMTP(ca_file, YAML_T_TEXT, "certificates to trust instead of the system's"),
    SMTP(helo, YAML_T_TEXT, "name to say hello with (this host's)"),
    SMTP_TIME(connect_time, 1, 600, "longest wait for a connection (30s)"),
    SMTP_TIME(answer_time, 1, 3600, "longest wait for one answer (10m)"),
    SMTP_TIME(whole_time, 1, 7200, "longest time for one mail (15m)"),
};
#undef SMTP
#undef SMTP_TIME

enum {
    N_MAIL = sizeof mail_fields / sizeof *mail_fields,
    N_SMTP = sizeof smtp_fields / sizeof *smtp_fields,
};

void mail_config_defaults(struct mail_config *c)
{
    *c = (struct mail_config){
        .from = "aftercheck@localhost",
        .from_name = "aftercheck",
    };
}

static const struct yaml_node *place(const struct yaml_node *map, const char *key)
{
    const struct yaml_node *at = yaml_get(map, key);
    return at != NULL ? at : map;
}

static void check_address(const struct yaml_doc *doc, const struct yaml_node *map,
                          const char *key, const char *address, struct complaints *why)
{
    struct err err = {0};
    if (address != NULL && mail_address_check(address, &err) < 0)
        yaml_complain(doc, place(map, key), why, "bad-address",
                      "%s '%.100s' %s, expected an address such as ops@example.com",
                      key, address, err.text);
}

static void read_smtp(const struct yaml_doc *doc, const struct yaml_node *map,
                      struct smtp_server *to, struct complaints *why)
{
    struct smtp_map m = {.tls = "required",
                         .connect_time = {30000},
                         .answer_time = {600000},
                         .whole_time = {900000}};
    struct err err = {0};
    if (yaml_read(doc, map, "mail.smtp", smtp_fields, N_SMTP, &m, why) < 0)
        return;
    if (smtp_url_check(m.server, &err) < 0)
        yaml_complain(doc, place(map, "server"), why, "bad-server", "%s", err.text);
    bool never = strcmp(m.tls, "never") == 0;
    if (!never && strcmp(m.tls, "required") != 0)
        yaml_complain(doc, place(map, "tls"), why, "bad-value",
                      "tls is '%.40s', expected required or never", m.tls);
    if (never && strncmp(m.server, "smtps:", 6) == 0)
        yaml_complain(doc, place(map, "tls"), why, "bad-value",
                      "tls is never, but smtps:// always uses it");
    if (m.user != NULL && m.password_file == NULL)
        yaml_complain(doc, place(map, "user"), why, "missing-field",
                      "user is given without a password_file");
    if (never && m.user != NULL)
        yaml_complain(doc, place(map, "tls"), why, "bad-value",
                      "tls is never, so the password would go over the wire unhidden");
    *to = (struct smtp_server){m.server,        never,         m.user,
                               m.password_file, m.ca_file,     m.helo,
                               m.connect_time,  m.answer_time, m.whole_time};
}

static void read_servers(const struct yaml_doc *doc, const struct yaml_node *at,
                         struct mail_config *c, struct complaints *why)
{
    const struct yaml_node *item = at->kind == YAML_LIST ? at->item : at;
    size_t n = at->kind == YAML_LIST ? at->n : 1;
    if (n == 0 || n > SMTP_SERVERS_MAX) {
        yaml_complain(doc, at, why, "too-many",
                      "smtp has %zu servers, expected 1 to %d", n, SMTP_SERVERS_MAX);
        return;
    }
    for (size_t i = 0; i < n; i++)
        if (item[i].kind == YAML_MAP)
            read_smtp(doc, &item[i], &c->smtp[i], why);
        else
            yaml_complain(doc, &item[i], why, "wrong-type",
                          "smtp must be a map, or a list of maps");
    c->n_smtp = n;
}

int mail_config_read(const struct yaml_doc *doc, const struct yaml_node *map,
                     struct mail_config *c, struct complaints *why)
{
    size_t errors = why->errors;
    struct mail_map m = {.public_url = c->public_url,
                         .from = c->from,
                         .from_name = c->from_name,
                         .reply_to = c->reply_to};
    if (map->kind != YAML_MAP) {
        yaml_complain(doc, map, why, "wrong-type", "mail must be a map");
        return -1;
    }
    yaml_read(doc, map, "mail", mail_fields, N_MAIL, &m, why);
    if (m.public_url != NULL && !html_url_ok(m.public_url))
        yaml_complain(
            doc, place(map, "public_url"), why, "bad-url",
            "public_url '%.100s' is no link, expected http:// or https:// and "
            "a host",
            m.public_url);
    check_address(doc, map, "from", m.from, why);
    check_address(doc, map, "reply_to", m.reply_to, why);
    c->public_url = m.public_url;
    c->from = m.from;
    c->from_name = m.from_name;
    c->reply_to = m.reply_to;
    if (m.smtp != NULL)
        read_servers(doc, m.smtp, c, why);
    return why->errors > errors ? -1 : 0;
}

static void help_table(FILE *to, const char *indent, const struct yaml_field *f,
                       size_t n)
{
    for (size_t i = 0; i < n; i++)
        fprintf(to, "%s%-*s  %s\n", indent, (int)(16 - strlen(indent)), f[i].name,
                f[i].help);
}

void mail_config_help(FILE *to)
{
    help_table(to, "  ", mail_fields, N_MAIL);
    fputs("  smtp:\n", to);
    help_table(to, "    ", smtp_fields, N_SMTP);
}
