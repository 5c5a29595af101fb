#include "notifier/letter.h"

#include "notifier/fmt_html.h"
#include "tests/unit/notifier/mail_check.h"
#include "tests/unit/notifier/sample.h"

static struct letter_ask ask_for(const struct change *c, const struct verdict *const *v,
                                 const struct mail_config *config)
{
    return (struct letter_ask){
        .what = {.change = c, .verdict = *v, .revisions = v, .n_revisions = 1},
        .config = config};
}

TEST(the_subject_names_the_change)
{
    OWNED_CHANGE *c = sample_change();
    char *subject = letter_subject(c);
    CHECK_TEXT(subject, "[aftercheck] pay 2.4.1 -> 2.5.0 (8812)");
    free(subject);
}

TEST(charts_go_with_the_mail_and_are_named_in_its_html)
{
    struct err err = {0};
    struct rrd *rrd = rrd_start(test_dir(), &err);
    CHECK(rrd != NULL);
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    const struct verdict *all[] = {v};
    struct mail_config config;
    mail_config_defaults(&config);
    struct letter_ask ask = ask_for(c, all, &config);
    ask.rrd = rrd;
    OWNED_BUF one = {0}, two = {0}, html = {0};
    if (letter_write(&ask, &one, &err) < 0 || letter_write(&ask, &two, &err) < 0 ||
        letter_html(&ask, &html, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(sample_count(buf_text(&one), "\r\nContent-Type: image/png\r\n"), 2);
    CHECK_INT(sample_count(buf_text(&one), "\r\nContent-ID: <"), 2);
    CHECK_TEXT(buf_text(&one), buf_text(&two));
    CHECK_INT(sample_count(buf_text(&html), "src=\"data:image/png;base64,iVBOR"), 2);
    /* drawn once, for as many mails as there are */
    struct letter_charts *charts = NULL;
    ask.charts = &charts;
    buf_clear(&two);
    CHECK_INT(letter_write(&ask, &two, &err), 0);
    CHECK(charts != NULL);
    ask.rrd = NULL;
    buf_clear(&two);
    CHECK_INT(letter_write(&ask, &two, &err), 0);
    CHECK_TEXT(buf_text(&one), buf_text(&two));
    letter_charts_free(&charts);
    CHECK(charts == NULL);
    rrd_stop(&rrd);
}

TEST(without_charts_the_mail_is_whole_too)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    const struct verdict *all[] = {v};
    struct mail_config config;
    mail_config_defaults(&config);
    struct letter_ask ask = ask_for(c, all, &config);
    OWNED_BUF b = {0};
    CHECK_INT(letter_write(&ask, &b, NULL), 0);
    CHECK(strstr(buf_text(&b), "image/png") == NULL);
    CHECK(strstr(buf_text(&b), "X-Aftercheck-Grade: must-handle\r\n") != NULL);
}

TEST(a_change_not_yet_judged_can_be_written)
{
    OWNED_CHANGE *c = sample_change();
    const struct verdict *none = NULL;
    struct mail_config config;
    mail_config_defaults(&config);
    struct letter_ask ask = ask_for(c, &none, &config);
    ask.what.n_revisions = 0;
    OWNED_BUF b = {0}, html = {0};
    CHECK_INT(letter_write(&ask, &b, NULL), 0);
    CHECK_INT(letter_html(&ask, &html, NULL), 0);
    CHECK(strstr(buf_text(&b), "X-Aftercheck-Grade: not-judged\r\n") != NULL);
}

TEST(the_foot_has_the_reader_s_links_in_both_forms)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_BUF mail = {0}, bare = {0};
    struct mail_config config;
    struct err err = {0};
    mail_config_defaults(&config);
    struct letter_links links = {.unsubscribe = "https://x.de/u?a=1&b=2",
                                 .useful = "https://x.de/f?u=1",
                                 .useless = "https://x.de/f?u=0"};
    struct letter_ask ask = {.what = {.change = c, .verdict = v}, .config = &config};
    CHECK_INT(letter_write(&ask, &bare, &err), 0);
    CHECK(strstr(buf_text(&bare), "List-Unsubscribe") == NULL);
    ask.links = &links;
    CHECK_INT(letter_write(&ask, &mail, &err), 0);
    CHECK_INT(sample_count(buf_text(&mail), "Was this report useful?"), 2);
    CHECK_INT(sample_count(buf_text(&mail), "</body>"), 1);
    CHECK(strstr(buf_text(&mail), "List-Unsubscribe: <https://x.de/u?a=1&b=2>\r\n"
                                  "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
                                  "\r\n") != NULL);
    links.unsubscribe = "http://x.de/u"; /* one click is for https only */
    links.useful = links.useless = NULL;
    buf_clear(&mail);
    CHECK_INT(letter_write(&ask, &mail, &err), 0);
    CHECK(strstr(buf_text(&mail), "List-Unsubscribe: <http://x.de/u>\r\n") != NULL);
    CHECK(strstr(buf_text(&mail), "List-Unsubscribe-Post") == NULL);
    CHECK(strstr(buf_text(&mail), "Was this report useful?") == NULL);
}

/* Two hundred findings, the longest names, and the links of its foot. */
TEST(the_longest_letter_s_html_is_sound_and_below_80_KB)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char quotes[501] = {0}, url[601] = "https://x.de/";
    memset(quotes, '"', 500); /* six bytes each when escaped */
    memset(url + strlen(url), 'a', 500);
    for (int i = 0; i < 198; i++)
        sample_cpu(v);
    sample_poison_verdict(v, quotes);
    const struct verdict *all[] = {v};
    struct mail_config config;
    mail_config_defaults(&config);
    config.public_url = "https://check.example.com";
    struct letter_links links = {.unsubscribe = url, .useful = url, .useless = url};
    for (int l = 0; l < LANGUAGE_N; l++) {
        struct letter_ask ask = ask_for(c, all, &config);
        OWNED_BUF mail = {0};
        ask.what.language = (enum language)l;
        ask.links = &links;
        CHECK_INT(letter_write(&ask, &mail, NULL), 0);
        char *html = mail_html_part(buf_text(&mail));
        mail_check(html);
        if (strlen(html) >= FMT_HTML_BYTES_MAX)
            test_fail(__FILE__, __LINE__, "%zu bytes", strlen(html));
        free(html);
    }
}
