/* tests of notifier/pages/reader: what the links in mails do */
#include "notifier/pages/reader.h"

#include "base/httpc.h"
#include "notifier/mail_links.h"
#include "notifier/notifier.h"
#include "notifier/routes.h"
#include "tests/unit/notifier/store.h"

static struct ledger *l;
static struct mail_config config;
static struct notifier *notifier;
static struct httpd *httpd;
static struct httpc *client;
static unsigned char key[LEDGER_KEY_BYTES];
static struct buf body;

static instant fixed_now(void)
{
    return SAMPLE_START;
}

static void start(void)
{
    struct err err = {0};
    OWNED_BUF url = {0};
    l = store_open();
    mail_config_defaults(&config);
    struct notifier_spec spec = {
        .ledger = l, .config = &config, .mail_dir = test_dir(), .now = fixed_now};
    notifier = notifier_open(&spec, &err);
    struct httpd_mount mount = {notifier_routes, notifier};
    struct httpd_spec http = {
        .listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1, .threads = 1};
    httpd = httpd_start(&http, &err);
    if (httpd == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    buf_addf(&url, "http://%s", httpd_address(httpd));
    client = httpc_new(buf_text(&url), &err);
    CHECK(client != NULL);
    CHECK_INT(ledger_mail_key(l, key, &err), 0);
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, true);
}

static void stop(void)
{
    httpc_free(&client);
    httpd_stop(&httpd, 1000);
    notifier_close(&notifier);
    ledger_close(&l);
    buf_free(&body);
}

static unsigned ask(const char *method, enum mail_link link, const char *about,
                    const char *more)
{
    struct err err = {0};
    unsigned status = 0;
    OWNED_BUF path = {0};
    static const char one_click[] = "List-Unsubscribe=One-Click";
    mail_link_add(&path, link, "", key, "a@x.de", about, more);
    bool post = strcmp(method, "POST") == 0;
    struct httpc_ask a = {.method = method,
                          .path = buf_text(&path),
                          .type = post ? "application/x-www-form-urlencoded" : NULL,
                          .body = post ? one_click : NULL,
                          .n = post ? sizeof one_click - 1 : 0,
                          .timeout_ms = 20000};
    buf_clear(&body);
    if (httpc_call(client, &a, &status, &body, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return status;
}

static bool left(void)
{
    OWNED_OPTOUTS off = {0};
    CHECK_INT(ledger_optouts(l, &off, NULL), 0);
    return optouts_hold(&off, "a@x.de", "ops");
}

TEST(a_get_changes_nothing_and_one_post_unsubscribes)
{
    start();
    CHECK_INT(ask("GET", MAIL_LINK_UNSUBSCRIBE, "ops", ""), 200);
    CHECK(strstr(buf_text(&body), "<form method=\"post\"") != NULL);
    CHECK(!left());
    CHECK_INT(ask("POST", MAIL_LINK_UNSUBSCRIBE, "ops", ""), 200);
    CHECK(left());
    CHECK(strstr(buf_text(&body), "again=1") != NULL);
    CHECK_INT(ask("POST", MAIL_LINK_UNSUBSCRIBE, "ops", "&again=1"), 200);
    CHECK(!left());
    stop();
}

TEST(a_link_with_another_token_does_nothing)
{
    start();
    key[0] ^= 1;
    CHECK_INT(ask("GET", MAIL_LINK_UNSUBSCRIBE, "ops", ""), 403);
    CHECK_INT(ask("POST", MAIL_LINK_UNSUBSCRIBE, "ops", ""), 403);
    CHECK_INT(ask("POST", MAIL_LINK_FEEDBACK, "c1", "&useful=1&rule=x"), 403);
    CHECK(!left());
    stop();
}

TEST(a_reader_marks_rules_that_found_something)
{
    struct err err = {0};
    struct feedbacks marks = {0};
    OWNED_VERDICT *v = sample_verdict();
    OWNED_BUF more = {0};
    start();
    buf_addf(&more, "&useful=0&rule=%s", v->findings[0].rule);
    CHECK_INT(ask("GET", MAIL_LINK_FEEDBACK, "c1", "&useful=0"), 200);
    CHECK(strstr(buf_text(&body), "Which of these was not useful?") != NULL);
    CHECK(strstr(buf_text(&body), v->findings[0].rule) != NULL);
    CHECK_INT(ask("GET", MAIL_LINK_FEEDBACK, "c1", buf_text(&more)), 200);
    CHECK_INT(ledger_feedback(l, "c1", &marks, &err), 0);
    CHECK_INT(marks.n, 0);
    CHECK_INT(ask("POST", MAIL_LINK_FEEDBACK, "c1", buf_text(&more)), 200);
    CHECK_INT(ledger_feedback(l, "c1", &marks, &err), 0);
    CHECK_INT(marks.n, 1);
    CHECK_TEXT(marks.at[0]->by, "a@x.de");
    CHECK(!marks.at[0]->useful);
    feedbacks_free(&marks);
    CHECK_INT(ask("POST", MAIL_LINK_FEEDBACK, "c1", "&useful=1&rule=made.up"), 400);
    CHECK_INT(ask("POST", MAIL_LINK_FEEDBACK, "c1", "&useful=2"), 400);
    CHECK_INT(ask("GET", MAIL_LINK_FEEDBACK, "unknown", "&useful=1"), 404);
    stop();
}
