#include "notifier/digest.h"

#include "notifier/fmt_html.h"
#include "tests/test.h"
#include "tests/unit/notifier/mail_check.h"

#include <stdlib.h>

static struct digest_line a_line(enum grade g, const char *title)
{
    return (struct digest_line){.grade = g,
                                .title = strdup(title),
                                .sentence = strdup("cpu.busy rose"),
                                .time = strdup("21 Nov 2026 10:31:00 UTC"),
                                .url = strdup("https://x.de/changes/1")};
}

static void check_headline(const struct digest *d, const char *want)
{
    OWNED_BUF b = {0};
    digest_headline(d, &b);
    CHECK_TEXT(buf_text(&b), want);
}

TEST(a_headline_counts_by_grade_the_worst_first)
{
    struct digest d = {.count = {[GRADE_OK] = 1957,
                                 [GRADE_ATTENTION] = 40,
                                 [GRADE_MUST_HANDLE] = 1,
                                 [GRADE_NOT_JUDGED] = 2}};
    check_headline(&d, "2,000 changes: 1 must handle, 40 need attention, 2 could not "
                       "be judged, 1,957 ok");
    d = (struct digest){.count = {[GRADE_ATTENTION] = 1}};
    check_headline(&d, "1 change: 1 needs attention");
}

TEST(a_digest_is_a_mail_of_lines_whatever_is_in_them)
{
    struct mail_config config;
    struct err err = {0};
    OWNED_BUF one = {0}, two = {0};
    mail_config_defaults(&config);
    struct digest d = {.storm = true,
                       .id = "storm-1f",
                       .audience = "ops",
                       .to = "a@example.com",
                       .date = {1795256000000},
                       .count = {[GRADE_MUST_HANDLE] = 2, [GRADE_OK] = 1200}};
    d.line = calloc(2, sizeof *d.line);
    d.line[d.n++] = a_line(GRADE_MUST_HANDLE, "pay <script>alert(1)</script>");
    d.line[d.n++] = a_line(GRADE_MUST_HANDLE, "search 2.0");
    CHECK_INT(digest_write(&d, &config, &one, &err), 0);
    CHECK_INT(digest_write(&d, &config, &two, &err), 0);
    CHECK_TEXT(buf_text(&one), buf_text(&two));
    const char *text = buf_text(&one);
    CHECK(strstr(text, "Subject: [aftercheck] 1,202 changes: 2 must handle") != NULL);
    CHECK(strstr(text, "To: a@example.com\r\n") != NULL);
    CHECK(strstr(text, "List-Id: <aftercheck.ops.localhost>") != NULL);
    CHECK(strstr(text, "In-Reply-To") == NULL);
    CHECK(strstr(text, "and 1,200 more.") != NULL);
    CHECK(strstr(text, "&lt;script&gt;") != NULL);
    CHECK(strstr(text, "X-Aftercheck-Grade: must-handle\r\n") != NULL);
    d.to = NULL;
    d.storm = false;
    buf_clear(&two);
    CHECK_INT(digest_write(&d, &config, &two, &err), 0);
    CHECK(strstr(buf_text(&two), "undisclosed-recipients") != NULL);
    CHECK(strstr(buf_text(&two), "Subject: [aftercheck] today: 1,202") != NULL);
    digest_lines_free(&d.line, d.n);
    CHECK(d.line == NULL);
}

TEST(a_digest_is_in_its_reader_s_language)
{
    struct mail_config config;
    OWNED_BUF mail = {0};
    mail_config_defaults(&config);
    struct digest d = {.language = LANGUAGE_ZH,
                       .id = "day-1f",
                       .audience = "ops",
                       .to = "a@example.com",
                       .date = {1795256000000},
                       .count = {[GRADE_MUST_HANDLE] = 1, [GRADE_OK] = 1200}};
    d.line = calloc(1, sizeof *d.line);
    d.line[d.n++] = a_line(GRADE_MUST_HANDLE, "pay 2.5.0");
    check_headline(&d, "1,201 个变更：1 个须处理，1,200 个正常");
    CHECK_INT(digest_write(&d, &config, &mail, NULL), 0);
    char *html = mail_html_part(buf_text(&mail));
    mail_check(html);
    CHECK(strstr(html, "<html lang=\"zh-CN\">") != NULL);
    CHECK(strstr(html, ">须处理，21 Nov") != NULL);
    CHECK(strstr(html, "另有 1,200 个变更。") != NULL);
    free(html);
    digest_lines_free(&d.line, d.n);
}

TEST(the_longest_digest_stays_below_80_KB)
{
    struct mail_config config;
    OWNED_BUF mail = {0};
    char amps[401] = {0};
    memset(amps, '"', 400); /* six bytes each when escaped */
    mail_config_defaults(&config);
    struct digest d = {.storm = true,
                       .id = "storm-1f",
                       .audience = "ops",
                       .to = "a@example.com",
                       .date = {1795256000000},
                       .count = {[GRADE_MUST_HANDLE] = 2000}};
    d.line = calloc(DIGEST_LINES_MAX, sizeof *d.line);
    while (d.n < DIGEST_LINES_MAX) {
        d.line[d.n] = a_line(GRADE_MUST_HANDLE, amps);
        free(d.line[d.n].sentence);
        d.line[d.n++].sentence = strdup(amps);
    }
    CHECK_INT(digest_write(&d, &config, &mail, NULL), 0);
    char *html = mail_html_part(buf_text(&mail));
    mail_check(html);
    CHECK(strlen(html) < FMT_HTML_BYTES_MAX);
    CHECK(strstr(html, "more.</p>") != NULL);
    free(html);
    digest_lines_free(&d.line, d.n);
}
