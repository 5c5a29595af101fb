#include "notifier/smtp.h"

#include "tests/test.h"

#include <stdio.h>
#include <sys/stat.h>

/* Dialogues with servers, good and bad, are in tests/flow/test_smtp.py. */

static struct smtp_server server = {.url = "smtp://127.0.0.1:1",
                                    .connect_time = {2000},
                                    .answer_time = {2000},
                                    .whole_time = {5000}};

static struct smtp_result send_to(const char *from, const char *to)
{
    struct smtp_mail mail = {
        .from = from, .to = &to, .n_to = 1, .bytes = "x\r\n", .n = 3};
    struct smtp_result r;
    smtp_send(&server, &mail, NULL, &r);
    return r;
}

TEST(addresses_that_could_speak_smtp_never_reach_the_wire)
{
    struct smtp_result r = send_to("a@b.de", "b@x.de>\r\nRCPT TO:<evil@y.de");
    CHECK_INT(r.end, SMTP_NEVER);
    CHECK(strstr(r.words, "recipient 1") != NULL);
    r = send_to("a@b.de>\r\nDATA", "a@b.de");
    CHECK_INT(r.end, SMTP_NEVER);
    CHECK(strstr(r.words, "sender") != NULL);
}

TEST(a_server_that_is_not_there_may_be_there_later)
{
    struct smtp_result r = send_to("a@b.de", "c@d.de");
    CHECK_INT(r.end, SMTP_LATER);
    CHECK(r.words[0] != '\0');
}

TEST(no_recipients_and_too_many_are_refused)
{
    struct smtp_mail mail = {.from = "a@b.de", .bytes = "x\r\n", .n = 3};
    struct smtp_result r;
    smtp_send(&server, &mail, NULL, &r);
    CHECK_INT(r.end, SMTP_NEVER);
}

TEST(a_password_file_open_to_everybody_is_not_used)
{
    char path[300];
    snprintf(path, sizeof path, "%s/password", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    fputs("secret\n", f);
    fclose(f);
    server.user = "u";
    server.password_file = path;
    CHECK_INT(chmod(path, 0644), 0);
    struct smtp_result r = send_to("a@b.de", "c@d.de");
    CHECK_INT(r.end, SMTP_LATER);
    CHECK(strstr(r.words, "open to everybody") != NULL);
    server.password_file = "/nonexistent/file";
    r = send_to("a@b.de", "c@d.de");
    CHECK(strstr(r.words, "cannot be opened") != NULL);
    server.user = server.password_file = NULL;
}
