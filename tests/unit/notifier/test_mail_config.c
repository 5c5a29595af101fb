#include "notifier/mail_config.h"

#include "tests/test.h"

#include <stdlib.h>

static struct complaints why;
static struct mail_config config;
static struct yaml_doc *doc;

static int read_text(const char *text)
{
    complaints_free(&why);
    yaml_doc_free(&doc);
    why = (struct complaints){0};
    mail_config_defaults(&config);
    doc = yaml_parse("c.yml", text, strlen(text), &why);
    CHECK(doc != NULL);
    return mail_config_read(doc, yaml_root(doc), &config, &why);
}

static void done(void)
{
    complaints_free(&why);
    yaml_doc_free(&doc);
}

static void check_complaint(const char *text, const char *words)
{
    OWNED_BUF b = {0};
    CHECK_INT(read_text(text), -1);
    complaints_sort(&why);
    complaints_write(&why, &b);
    if (strstr(buf_text(&b), words) == NULL)
        test_fail(__FILE__, __LINE__, "'%s' is not in:\n%s", words, buf_text(&b));
}

TEST(a_whole_configuration_is_read)
{
    CHECK_INT(read_text("public_url: https://check.example.com\n"
                        "from: check@example.com\n"
                        "reply_to: ops@example.com\n"
                        "smtp:\n"
                        "  server: smtp://mail.example.com:587\n"
                        "  user: check\n"
                        "  password_file: /etc/aftercheck/smtp\n"
                        "  connect_time: 5s\n"),
              0);
    CHECK_TEXT(config.smtp[0].url, "smtp://mail.example.com:587");
    CHECK_INT(config.smtp[0].connect_time.ms, 5000);
    CHECK_INT(config.smtp[0].answer_time.ms, 600000);
    CHECK(!config.smtp[0].plaintext);
    done();
}

TEST(several_servers_are_a_list)
{
    CHECK_INT(read_text("smtp:\n"
                        "  - {server: \"smtp://a.example.com\"}\n"
                        "  - {server: \"smtps://b.example.com\", connect_time: 3s}\n"),
              0);
    CHECK_INT(config.n_smtp, 2);
    CHECK_TEXT(config.smtp[1].url, "smtps://b.example.com");
    CHECK_INT(config.smtp[1].connect_time.ms, 3000);
    CHECK_INT(config.smtp[0].connect_time.ms, 30000);
    done();
}

TEST(complaints_name_the_place)
{
    check_complaint("from: nobody\n", "c.yml:1:7: error[bad-address]");
    check_complaint("public_url: javascript:x\n", "c.yml:1:13: error[bad-url]");
    check_complaint("smtp: {server: \"ftp://x\"}\n", "c.yml:1:16: error[bad-server]");
    check_complaint("smtp: {server: \"smtp://x\", tls: maybe}\n",
                    "expected required or never");
    check_complaint("smtp: {server: \"smtp://x\", user: u}\n", "password_file");
    check_complaint("smtp: {server: \"smtp://x\", tls: never, user: u, "
                    "password_file: /p}\n",
                    "over the wire unhidden");
    check_complaint("audiences: []\n", "mail has no field 'audiences'");
    check_complaint("smtp: [1]\n", "smtp must be a map, or a list of maps");
    check_complaint("smtp: []\n", "smtp has 0 servers, expected 1 to 4");
    done();
}

TEST(server_urls_are_checked_to_the_end)
{
    const char *const good[] = {"smtp://a", "smtp://a.b:25", "smtps://a:465",
                                "smtp://127.0.0.1:2525", "smtp://[::1]:25"};
    const char *const bad[] = {"smtp://",        "smtp://a/x", "smtp://a:0",
                               "smtp://a:65536", "smtp://u@a", "smtp://a b",
                               "smtp://a\r\n",   "http://a",   "smtp://-a",
                               "smtp://[::1",    "smtp://a:",  ""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        CHECK_INT(smtp_url_check(good[i], NULL), 0);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (smtp_url_check(bad[i], NULL) == 0)
            test_fail(__FILE__, __LINE__, "took '%s'", bad[i]);
}

TEST(the_list_of_fields_can_be_printed)
{
    char *text = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&text, &n);
    mail_config_help(f);
    fclose(f);
    CHECK(strstr(text, "public_url") != NULL && strstr(text, "ca_file") != NULL);
    free(text);
}
