#include "notifier/api.h"

#include "base/httpc.h"
#include "notifier/notifier.h"
#include "notifier/routes.h"
#include "tests/unit/notifier/store.h"

#include <pthread.h>
#include <sched.h>

/* A server with the notifier's routes, and a client. */
struct rig {
    struct ledger *ledger;
    struct mail_config config;
    struct notifier *notifier;
    struct httpd *httpd;
    struct httpc *client;
    struct buf body;
};

static instant fixed_now(void)
{
    return (instant){SAMPLE_START.ms + 3600000};
}

static void start(struct rig *g)
{
    struct err err = {0};
    *g = (struct rig){.ledger = store_open()};
    mail_config_defaults(&g->config);
    struct notifier_spec spec = {.ledger = g->ledger,
                                 .config = &g->config,
                                 .mail_dir = test_dir(),
                                 .now = fixed_now};
    g->notifier = notifier_open(&spec, &err);
    CHECK(g->notifier != NULL);
    struct httpd_mount mount = {notifier_routes, g->notifier};
    struct httpd_spec http = {
        .listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1, .threads = 2};
    g->httpd = httpd_start(&http, &err);
    if (g->httpd == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    OWNED_BUF url = {0};
    buf_addf(&url, "http://%s", httpd_address(g->httpd));
    g->client = httpc_new(buf_text(&url), &err);
    CHECK(g->client != NULL);
}

static void stop(struct rig *g)
{
    httpc_free(&g->client);
    httpd_stop(&g->httpd, 1000);
    notifier_close(&g->notifier);
    ledger_close(&g->ledger);
    buf_free(&g->body);
}

static unsigned get(struct rig *g, const char *path)
{
    struct err err = {0};
    unsigned status = 0;
    struct httpc_ask ask = {.method = "GET", .path = path, .timeout_ms = 20000};
    buf_clear(&g->body);
    if (httpc_call(g->client, &ask, &status, &g->body, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s: %s", path, err.text);
    return status;
}

static bool says(const struct rig *g, const char *words)
{
    return strstr(buf_text(&g->body), words) != NULL;
}

TEST(the_list_is_json_newest_first)
{
    struct rig g;
    start(&g);
    CHECK_INT(get(&g, "/v1/changes"), 200);
    CHECK_TEXT(buf_text(&g.body), "[]\n");
    store_change(g.ledger, "c1");
    store_verdict(g.ledger, "c1", 1, GRADE_OK, true);
    store_change(g.ledger, "c2");
    CHECK_INT(get(&g, "/v1/changes?grade=ok"), 200);
    CHECK(says(&g, "\"c1\"") && !says(&g, "\"c2\""));
    CHECK_INT(get(&g, "/v1/changes?service=other"), 200);
    CHECK_TEXT(buf_text(&g.body), "[]\n");
    CHECK_INT(get(&g, "/v1/changes?since=2h&limit=1"), 200);
    stop(&g);
}

TEST(bad_queries_are_400_and_name_the_parameter)
{
    struct rig g;
    start(&g);
    store_change(g.ledger, "c1");
    const char *const bad[][2] = {{"/v1/changes?grade=bad", "grade"},
                                  {"/v1/changes?since=bad", "since"},
                                  {"/v1/changes?limit=bad", "limit"},
                                  {"/v1/changes?after=zz", "after: "},
                                  {"/v1/changes/c1/verdict?wait=x", "wait"},
                                  {"/v1/changes/c1/verdict?wait=2h", "wait"},
                                  {"/v1/changes/c1/report?format=pdf", "format"},
                                  {"/v1/changes/c1/report?language=fr", "language"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (get(&g, bad[i][0]) != 400 || !says(&g, "{\"error\":") ||
            !says(&g, bad[i][1]))
            test_fail(__FILE__, __LINE__, "%s: %s", bad[i][0], buf_text(&g.body));
    }
    stop(&g);
}

TEST(an_unknown_change_is_404_everywhere)
{
    struct rig g;
    start(&g);
    const char *const paths[] = {"/v1/changes/nope",
                                 "/v1/changes/nope/verdict",
                                 "/v1/changes/nope/verdict?wait=30s",
                                 "/v1/changes/nope/report",
                                 "/changes/nope",
                                 "/changes/nope/chart/1.png"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        CHECK_INT(get(&g, paths[i]), 404);
    stop(&g);
}

TEST(a_change_and_its_verdict_can_be_read)
{
    struct rig g;
    start(&g);
    store_change(g.ledger, "a/b");
    CHECK_INT(get(&g, "/v1/changes/a%2Fb/verdict"), 200);
    CHECK(says(&g, "\"revision\":0"));
    CHECK_INT(get(&g, "/v1/changes/a%2Fb"), 200);
    CHECK(says(&g, "\"verdict\":null"));
    store_verdict(g.ledger, "a/b", 1, GRADE_MUST_HANDLE, false);
    CHECK_INT(get(&g, "/v1/changes/a%2Fb/verdict"), 200);
    CHECK(says(&g, "\"must-handle\""));
    stop(&g);
}

static void *store_later(void *arg)
{
    struct rig *g = arg;
    while (httpd_stats(g->httpd).parked == 0)
        sched_yield();
    store_verdict(g->ledger, "c1", 1, GRADE_ATTENTION, false);
    httpd_wake_all(g->httpd); /* not final: it goes on waiting */
    store_verdict(g->ledger, "c1", 2, GRADE_OK, true);
    httpd_wake_all(g->httpd);
    return NULL;
}

TEST(waiting_holds_until_the_verdict_is_final)
{
    struct rig g;
    pthread_t thread;
    start(&g);
    store_change(g.ledger, "c1");
    CHECK_INT(pthread_create(&thread, NULL, store_later, &g), 0);
    CHECK_INT(get(&g, "/v1/changes/c1/verdict?wait=1h"), 200);
    CHECK(says(&g, "\"final\":true") && says(&g, "\"ok\""));
    pthread_join(thread, NULL);
    stop(&g);
}

TEST(waiting_ends_with_its_time)
{
    struct rig g;
    start(&g);
    store_change(g.ledger, "c1");
    CHECK_INT(get(&g, "/v1/changes/c1/verdict?wait=50ms"), 200);
    CHECK(says(&g, "\"revision\":0"));
    stop(&g);
}

TEST(reports_come_in_four_formats)
{
    struct rig g;
    start(&g);
    store_change(g.ledger, "c1");
    store_verdict(g.ledger, "c1", 1, GRADE_MUST_HANDLE, true);
    CHECK_INT(get(&g, "/v1/changes/c1/report"), 200);
    CHECK(says(&g, "Must handle: pay 2.5.0"));
    CHECK_INT(get(&g, "/v1/changes/c1/report?format=html"), 200);
    CHECK(says(&g, "<!DOCTYPE html>"));
    CHECK_INT(get(&g, "/v1/changes/c1/report?format=json"), 200);
    CHECK(says(&g, "\"revisions\":["));
    CHECK_INT(get(&g, "/v1/changes/c1/report?format=eml"), 200);
    CHECK(says(&g, "X-Aftercheck-Grade: must-handle\r\n"));
    stop(&g);
}

TEST(reports_come_in_the_language_asked_for)
{
    struct rig g;
    start(&g);
    store_change(g.ledger, "c1");
    store_verdict(g.ledger, "c1", 1, GRADE_MUST_HANDLE, true);
    CHECK_INT(get(&g, "/v1/changes/c1/report?language=zh"), 200);
    CHECK(says(&g, "须处理：pay 2.5.0"));
    CHECK_INT(get(&g, "/v1/changes/c1/report?format=html&language=zh"), 200);
    CHECK(says(&g, "<html lang=\"zh-CN\">"));
    stop(&g);
}

static void store_mute(struct ledger *l, const char *rule, const char *until)
{
    char json[300];
    struct err err = {0};
    struct mute *m = NULL;
    snprintf(json, sizeof json,
             "{\"rule\":\"%s\",\"author\":\"li\",\"reason\":\"known\","
             "\"until\":\"%s\"}",
             rule, until);
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    if (mute_read(&root, SAMPLE_START, &m, &err) < 0 ||
        ledger_put_mute_wait(l, &m, &err) != POSTED_NEW)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(mutes_are_listed_all_or_those_in_force_at_a_time)
{
    struct rig g;
    start(&g);
    CHECK_INT(get(&g, "/v1/mutes"), 200);
    CHECK_TEXT(buf_text(&g.body), "[]\n");
    store_mute(g.ledger, "long", "3h");
    store_mute(g.ledger, "short", "30m"); /* over at the rig's present */
    CHECK_INT(get(&g, "/v1/mutes"), 200);
    CHECK(says(&g, "\"rule\":\"long\"") && says(&g, "\"rule\":\"short\""));
    CHECK_INT(get(&g, "/v1/mutes?active=true"), 200);
    CHECK(says(&g, "\"rule\":\"long\"") && !says(&g, "\"rule\":\"short\""));
    CHECK_INT(get(&g, "/v1/mutes?active=2026-11-21T10:10:00Z"), 200);
    CHECK(says(&g, "\"rule\":\"long\"") && says(&g, "\"rule\":\"short\""));
    CHECK_INT(get(&g, "/v1/mutes?active=yes"), 400);
    CHECK(says(&g, "active: 'yes' is neither true nor a time"));
    stop(&g);
}
