/* tests/flow/smtp_probe.c - sends standard input as a mail through notifier/smtp.
 *
 *     smtp_probe URL FROM TO,TO... [tls=never] [user=U] [password_file=F] [ca_file=F]
 *                [helo=H] [answer_ms=N] [stop_ms=N]
 *
 * Prints "sent|later|never REPLY,REPLY... WORDS". */
#include "base/buf.h"
#include "notifier/smtp.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_bool stop;

static void *stop_later(void *arg)
{
    usleep((useconds_t)(*(const int *)arg) * 1000);
    atomic_store(&stop, true);
    return NULL;
}

static const char *option(int argc, char **argv, const char *name)
{
    size_t n = strlen(name);
    for (int i = 4; i < argc; i++)
        if (strncmp(argv[i], name, n) == 0 && argv[i][n] == '=')
            return argv[i] + n + 1;
    return NULL;
}

static int number(const char *text, int otherwise)
{
    return text != NULL ? atoi(text) : otherwise;
}

int main(int argc, char **argv)
{
    static const char *const ends[] = {"sent", "later", "never"};
    const char *to[SMTP_RECIPIENTS_MAX];
    OWNED_BUF body = {0};
    char chunk[4096];
    size_t n;
    if (argc < 4)
        return 2;
    while ((n = fread(chunk, 1, sizeof chunk, stdin)) > 0)
        buf_add_n(&body, chunk, n);
    struct smtp_mail mail = {
        .from = argv[2], .to = to, .bytes = body.data, .n = body.len};
    for (char *rest = NULL, *p = strtok_r(argv[3], ",", &rest); p != NULL;
         p = strtok_r(NULL, ",", &rest))
        to[mail.n_to++] = p;
    const char *tls = option(argc, argv, "tls");
    struct smtp_server server = {
        .url = argv[1],
        .plaintext = tls != NULL && strcmp(tls, "never") == 0,
        .user = option(argc, argv, "user"),
        .password_file = option(argc, argv, "password_file"),
        .ca_file = option(argc, argv, "ca_file"),
        .helo = option(argc, argv, "helo"),
        .connect_time = {5000},
        .answer_time = {number(option(argc, argv, "answer_ms"), 20000)},
        .whole_time = {60000}};
    int stop_ms = number(option(argc, argv, "stop_ms"), 0);
    pthread_t thread;
    if (stop_ms > 0 && pthread_create(&thread, NULL, stop_later, &stop_ms) != 0)
        return 2;
    struct smtp_result r;
    smtp_send(&server, &mail, &stop, &r);
    printf("%s ", ends[r.end]);
    for (size_t i = 0; i < mail.n_to; i++)
        printf("%s%d", i > 0 ? "," : "", r.reply[i]);
    printf(" %s\n", r.words);
    if (stop_ms > 0)
        pthread_join(thread, NULL);
    return 0;
}
