/* notifier/smtp.c - one SMTP dialogue.  The transfer tells the dialogue's lines; from
 * these the replies to each command are kept, because its own result only knows the
 * last one.  Runs on the notifier's thread; any thread may call,
 * each call has a handle of its own. */
#include "notifier/smtp.h"

#include "base/buf.h"
#include "base/mail_address.h"
#include "base/secret.h"
#include "notifier/plain.h"
#include "notifier/transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { PORT_MAX = 65535 };

/* What the server is answering to. */
enum stage {
    STAGE_GREETING,
    STAGE_HELLO,
    STAGE_TLS,
    STAGE_AUTH,
    STAGE_FROM,
    STAGE_RCPT,
    STAGE_DATA, /* the command and, after it, the mail itself */
    STAGE_QUIT,
};

struct dialogue {
    const struct smtp_mail *mail;
    const atomic_bool *stop;
    enum stage stage;
    size_t rcpt;            /* RCPT TO commands so far */
    int last;               /* code of the last reply that was no success */
    enum stage last_at;     /* and what it answered */
    char last_words[200];   /* and its words */
    struct smtp_result *to; /* replies to recipients go here */
};

/* --- what goes in --- */

static const char *strip_scheme(const char *url)
{
    if (strncmp(url, "smtp://", 7) == 0)
        return url + 7;
    return strncmp(url, "smtps://", 8) == 0 ? url + 8 : NULL;
}

static bool port_ok(const char *text)
{
    if (*text == '\0' || strlen(text) > 5)
        return false;
    if (strspn(text, "0123456789") != strlen(text))
        return false;
    long port = strtol(text, NULL, 10);
    return port > 0 && port <= PORT_MAX;
}

int smtp_url_check(const char *url, struct err *err)
{
    static const char host_bytes[] = "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
    const char *host = strip_scheme(url), *rest = NULL;
    if (host != NULL && *host == '[') {
        size_t n = strspn(host + 1, "0123456789abcdefABCDEF:.");
        rest = n > 0 && host[1 + n] == ']' ? host + n + 2 : NULL;
    } else if (host != NULL) {
        size_t n = strspn(host, host_bytes);
        rest = n > 0 && n <= 253 && *host != '-' ? host + n : NULL;
    }
    if (rest == NULL || (*rest != '\0' && !(*rest == ':' && port_ok(rest + 1))))
        return err_set(err, EINVAL,
                       "'%.100s' is not of the form smtp://host:port or smtps://host",
                       url);
    return 0;
}

static bool helo_ok(const char *helo)
{
    return strlen(helo) <= 253 && strspn(helo, "abcdefghijklmnopqrstuvwxyz"
                                               "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                               ".-") == strlen(helo);
}

static int check_mail(const struct smtp_mail *mail, struct err *err)
{
    struct err why = {0};
    if (mail_address_check(mail->from, &why) < 0)
        return err_set(err, EINVAL, "the sender's address %s", why.text);
    if (mail->n_to == 0 || mail->n_to > SMTP_RECIPIENTS_MAX)
        return err_set(err, EINVAL, "%zu recipients, 1 to %d are taken", mail->n_to,
                       SMTP_RECIPIENTS_MAX);
    for (size_t i = 0; i < mail->n_to; i++)
        if (mail_address_check(mail->to[i], &why) < 0)
            return err_set(err, EINVAL, "the address of recipient %zu %s", i + 1,
                           why.text);
    return 0;
}

/* --- the dialogue as it is told --- */

static bool starts(const char *line, size_t n, const char *command)
{
    size_t len = strlen(command);
    return n >= len && strncasecmp(line, command, len) == 0;
}

static void on_command(struct dialogue *d, const char *line, size_t n)
{
    static const struct {
        const char *command;
        enum stage stage;
    } commands[] = {
        {"EHLO", STAGE_HELLO}, {"HELO", STAGE_HELLO},     {"STARTTLS", STAGE_TLS},
        {"AUTH", STAGE_AUTH},  {"MAIL FROM", STAGE_FROM}, {"RCPT TO", STAGE_RCPT},
        {"DATA", STAGE_DATA},  {"QUIT", STAGE_QUIT},
    };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (starts(line, n, commands[i].command)) {
            d->stage = commands[i].stage;
            d->rcpt += d->stage == STAGE_RCPT;
            return;
        }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A reply's last line: three digits and no '-' behind them. */
static void on_reply(struct dialogue *d, const char *line, size_t n)
{
    if (n < 3 || !is_digit(line[0]) || !is_digit(line[1]) || !is_digit(line[2]) ||
        (n > 3 && line[3] == '-') || d->stage == STAGE_QUIT)
        return;
    int code = (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
    if (d->stage == STAGE_RCPT && d->rcpt > 0 && d->rcpt <= d->mail->n_to)
        d->to->reply[d->rcpt - 1] = code;
    if (code < 400)
        return;
    d->last = code;
    d->last_at = d->stage;
    char raw[200];
    size_t len = n < sizeof raw - 1 ? n : sizeof raw - 1;
    memcpy(raw, line, len);
    raw[len] = '\0';
    raw[strcspn(raw, "\r\n")] = '\0';
    OWNED_BUF clean = {0};
    plain_add(&clean, raw, 60);
    snprintf(d->last_words, sizeof d->last_words, "%.199s", buf_text(&clean));
}

static void on_line(bool out, const char *line, size_t n, void *arg)
{
    if (out)
        on_command(arg, line, n);
    else
        on_reply(arg, line, n);
}

/* --- how it ended --- */

static size_t count_replies(const struct smtp_result *r, size_t n, int hundreds)
{
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        count += r->reply[i] / 100 == hundreds;
    return count;
}

static void name_refused(const struct dialogue *d, struct smtp_result *to)
{
    OWNED_BUF words = {0};
    for (size_t i = 0; i < d->mail->n_to && words.len < SMTP_WORDS_MAX; i++)
        if (to->reply[i] >= 400)
            buf_addf(&words, "%s%s (%d)",
                     words.len > 0 ? ", " : "refused: ", d->mail->to[i], to->reply[i]);
    if (words.len > 0 && d->last_at == STAGE_RCPT)
        buf_addf(&words, ": %s", d->last_words);
    snprintf(to->words, sizeof to->words, "%s", buf_text(&words));
}

/* A 5xx about the mail, its sender or its recipients will not change by waiting; one
 * about the session (greeting, TLS, log-in) is for the operator to mend meanwhile. */
static enum smtp_end failed_end(const struct dialogue *d)
{
    size_t refused = count_replies(d->to, d->mail->n_to, 5);
    if (d->last_at == STAGE_RCPT)
        return refused == d->mail->n_to ? SMTP_NEVER : SMTP_LATER;
    bool about_mail = d->last_at == STAGE_FROM || d->last_at == STAGE_DATA;
    return d->last / 100 == 5 && about_mail ? SMTP_NEVER : SMTP_LATER;
}

static void conclude(const struct dialogue *d, const struct transfer_result *r)
{
    struct smtp_result *to = d->to;
    if (r->done) {
        to->end = SMTP_SENT;
        name_refused(d, to);
        return;
    }
    to->end = d->last >= 400 ? failed_end(d) : SMTP_LATER;
    if (d->last >= 400 && d->last_at == STAGE_RCPT)
        name_refused(d, to);
    else if (d->last >= 400)
        snprintf(to->words, sizeof to->words, "the server said: %s", d->last_words);
    else if (r->sent == d->mail->n && d->stage == STAGE_DATA)
        snprintf(to->words, sizeof to->words,
                 "the server did not confirm the mail: %.200s", r->words);
    else
        snprintf(to->words, sizeof to->words, "%.250s", r->words);
}

/* --- the call --- */

typedef char in_brackets[MAIL_ADDRESS_BYTES_MAX + 3];

static void converse(const struct smtp_server *s, const char *password,
                     struct dialogue *d)
{
    in_brackets from, to[SMTP_RECIPIENTS_MAX];
    const char *list[SMTP_RECIPIENTS_MAX];
    OWNED_BUF url = {0};
    struct transfer_result result;
    snprintf(from, sizeof from, "<%s>", d->mail->from);
    for (size_t i = 0; i < d->mail->n_to; i++) {
        snprintf(to[i], sizeof to[i], "<%s>", d->mail->to[i]);
        list[i] = to[i];
    }
    buf_addf(&url, "%s/%s", s->url, s->helo != NULL ? s->helo : "");
    const struct transfer t = {.kind = TRANSFER_SMTP,
                               .url = buf_text(&url),
                               .user = s->user,
                               .password = password,
                               .ca_file = s->ca_file,
                               .plaintext = s->plaintext,
                               .connect_time = s->connect_time,
                               .answer_time = s->answer_time,
                               .whole_time = s->whole_time,
                               .stop = d->stop,
                               .from = from,
                               .list = list,
                               .n_list = d->mail->n_to,
                               .bytes = d->mail->bytes,
                               .n = d->mail->n,
                               .on_line = on_line,
                               .arg = d};
    transfer_run(&t, &result);
    conclude(d, &result);
}

static int prepare(const struct smtp_server *server, const struct smtp_mail *mail,
                   char password[SECRET_BYTES_MAX], struct err *err)
{
    if (check_mail(mail, err) < 0 || smtp_url_check(server->url, err) < 0)
        return -1;
    if (server->helo != NULL && !helo_ok(server->helo))
        return err_set(err, EINVAL, "the name for HELO is no host name");
    if (server->user != NULL && server->password_file == NULL)
        return err_set(err, EINVAL, "there is no password file for the user");
    if (server->user == NULL)
        return 0;
    /* the file may be mended meanwhile, so this alone is worth another try */
    if (secret_load(server->password_file, "the password", password, err) < 0)
        return -1;
    return 0;
}

void smtp_send(const struct smtp_server *server, const struct smtp_mail *mail,
               const atomic_bool *stop, struct smtp_result *ret_result)
{
    char password[SECRET_BYTES_MAX] = "";
    struct err err = {0};
    *ret_result = (struct smtp_result){.end = SMTP_LATER};
    if (prepare(server, mail, password, &err) < 0) {
        bool bad_mail = check_mail(mail, NULL) < 0;
        ret_result->end = bad_mail ? SMTP_NEVER : SMTP_LATER;
        snprintf(ret_result->words, sizeof ret_result->words, "%.290s", err.text);
    } else {
        struct dialogue d = {.mail = mail, .stop = stop, .to = ret_result};
        converse(server, password, &d);
    }
    explicit_bzero(password, sizeof password);
}
