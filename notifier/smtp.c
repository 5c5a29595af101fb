/* notifier/smtp.c - one SMTP dialogue through libcurl.  libcurl tells the dialogue's
 * lines to a callback; from these the replies to each command are kept, because its own
 * result only knows the last one.  Runs on the notifier's thread; any thread may call,
 * each call has a handle of its own. */
#include "notifier/smtp.h"

#include "base/buf.h"
#include "base/secret.h"
#include "notifier/mail_address.h"
#include "notifier/plain.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
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
    size_t sent; /* bytes of the mail */
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

/* --- the dialogue as libcurl tells it --- */

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

static int on_debug(CURL *handle, curl_infotype type, char *data, size_t n, void *arg)
{
    (void)handle;
    struct dialogue *d = arg;
    if (type == CURLINFO_HEADER_OUT)
        on_command(d, data, n);
    else if (type == CURLINFO_HEADER_IN)
        on_reply(d, data, n);
    return 0;
}

static size_t on_read(char *to, size_t size, size_t items, void *arg)
{
    struct dialogue *d = arg;
    size_t room = size * items, left = d->mail->n - d->sent;
    size_t n = left < room ? left : room;
    if (d->stop != NULL && atomic_load(d->stop))
        return CURL_READFUNC_ABORT;
    memcpy(to, (const char *)d->mail->bytes + d->sent, n);
    d->sent += n;
    return n;
}

static int on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c,
                       curl_off_t e)
{
    (void)a, (void)b, (void)c, (void)e;
    const struct dialogue *d = arg;
    return d->stop != NULL && atomic_load(d->stop);
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

static void conclude(const struct dialogue *d, CURLcode rc, const char *detail)
{
    struct smtp_result *to = d->to;
    if (rc == CURLE_OK) {
        to->end = SMTP_SENT;
        name_refused(d, to);
        return;
    }
    to->end = d->last >= 400 ? failed_end(d) : SMTP_LATER;
    const char *why = *detail != '\0' ? detail : curl_easy_strerror(rc);
    if (d->last >= 400 && d->last_at == STAGE_RCPT)
        name_refused(d, to);
    else if (d->last >= 400)
        snprintf(to->words, sizeof to->words, "the server said: %s", d->last_words);
    else if (d->sent == d->mail->n && d->stage == STAGE_DATA)
        snprintf(to->words, sizeof to->words,
                 "the server did not confirm the mail: %.200s", why);
    else
        snprintf(to->words, sizeof to->words, "%.250s", why);
}

/* --- libcurl --- */

static void set_up_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static struct curl_slist *recipients_of(const struct smtp_mail *mail)
{
    struct curl_slist *list = NULL;
    char address[MAIL_ADDRESS_BYTES_MAX + 3];
    for (size_t i = 0; i < mail->n_to; i++) {
        snprintf(address, sizeof address, "<%s>", mail->to[i]);
        struct curl_slist *longer = curl_slist_append(list, address);
        if (longer == NULL) {
            curl_slist_free_all(list);
            return NULL;
        }
        list = longer;
    }
    return list;
}

static void set_server(CURL *h, const struct smtp_server *s, const char *password)
{
    OWNED_BUF url = {0};
    buf_addf(&url, "%s/%s", s->url, s->helo != NULL ? s->helo : "");
    curl_easy_setopt(h, CURLOPT_URL, buf_text(&url));
    curl_easy_setopt(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl_easy_setopt(h, CURLOPT_PROXY, "");
    curl_easy_setopt(h, CURLOPT_USE_SSL,
                     (long)(s->plaintext ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(h, CURLOPT_SSL_VERIFYHOST, 2L);
    if (s->ca_file != NULL)
        curl_easy_setopt(h, CURLOPT_CAINFO, s->ca_file);
    curl_easy_setopt(h, CURLOPT_CONNECTTIMEOUT_MS, (long)s->connect_time.ms);
    curl_easy_setopt(h, CURLOPT_SERVER_RESPONSE_TIMEOUT,
                     (long)((s->answer_time.ms + 999) / 1000));
    curl_easy_setopt(h, CURLOPT_TIMEOUT_MS, (long)s->whole_time.ms);
    if (s->user != NULL) {
        curl_easy_setopt(h, CURLOPT_USERNAME, s->user);
        curl_easy_setopt(h, CURLOPT_PASSWORD, password);
    }
}

static void set_mail(CURL *h, struct dialogue *d, struct curl_slist *to)
{
    char from[MAIL_ADDRESS_BYTES_MAX + 3];
    snprintf(from, sizeof from, "<%s>", d->mail->from);
    curl_easy_setopt(h, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(h, CURLOPT_MAIL_RCPT, to);
    curl_easy_setopt(h, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
    curl_easy_setopt(h, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(h, CURLOPT_READFUNCTION, on_read);
    curl_easy_setopt(h, CURLOPT_READDATA, d);
    curl_easy_setopt(h, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(h, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(h, CURLOPT_XFERINFODATA, d);
    curl_easy_setopt(h, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h, CURLOPT_VERBOSE, 1L); /* for on_debug; nothing is printed */
    curl_easy_setopt(h, CURLOPT_DEBUGFUNCTION, on_debug);
    curl_easy_setopt(h, CURLOPT_DEBUGDATA, d);
}

static void converse(const struct smtp_server *server, const char *password,
                     struct dialogue *d)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    char detail[CURL_ERROR_SIZE] = "";
    pthread_once(&once, set_up_curl);
    CURL *h = curl_easy_init();
    struct curl_slist *to = recipients_of(d->mail);
    CURLcode rc = CURLE_OUT_OF_MEMORY;
    if (h != NULL && to != NULL) {
        set_server(h, server, password);
        set_mail(h, d, to);
        curl_easy_setopt(h, CURLOPT_ERRORBUFFER, detail);
        rc = curl_easy_perform(h);
    }
    conclude(d, rc, detail);
    curl_slist_free_all(to);
    curl_easy_cleanup(h);
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
