/* tests of collector/routes, and of in_change, in_core, in_alarm, in_test, in_mute and
 * posting, through a real server, a real ledger and the windows */
#include "base/gz.h"
#include "base/hash.h"
#include "base/httpc.h"
#include "collector/routes.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static struct windows *windows;
static struct ledger *ledger;
static struct collector *collector;
static struct inputs *inputs;
static struct httpd *server;
static struct httpc *client;
static struct buf answer;
static atomic_uint told;

static void on_change(void *arg)
{
    atomic_fetch_add((atomic_uint *)arg, 1);
}

static void start(void)
{
    char path[512];
    struct err err = {0}, note = {0};
    struct windows_spec spec = {
        .step = span_seconds(60), .rows = 128, .bytes_max = 64 << 20};
    windows = windows_open(&spec, &note, &err);
    snprintf(path, sizeof path, "%s/ledger.db", test_dir());
    ledger = ledger_open(path, &note, &err);
    CHECK_TEXT(err.text, "");
    inputs = inputs_new();
    struct collector_spec c = {.windows = windows,
                               .ledger = ledger,
                               .inputs = inputs,
                               .listener = {on_change, &told}};
    collector = collector_new(&c, &err);
    struct httpd_mount mount = {collector_routes, collector};
    struct httpd_spec h = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    server = httpd_start(&h, &err);
    CHECK_TEXT(err.text, "");
    snprintf(path, sizeof path, "http://%s", httpd_address(server));
    client = httpc_new(path, &err);
    CHECK_TEXT(err.text, "");
    atomic_store(&told, 0);
}

static void end(void)
{
    struct tally t = collector_tally(collector);
    uint64_t lost = tally_lost(&t);
    CHECK_INT(t.taken, t.kept + lost);
    httpc_free(&client);
    httpd_stop(&server, 1000);
    ledger_close(&ledger);
    collector_free(&collector);
    inputs_free(&inputs);
    windows_close(&windows);
    buf_free(&answer);
}

static unsigned post_n(const char *path, const char *headers, const void *body,
                       size_t n)
{
    struct httpc_ask ask = {
        .method = "POST", .path = path, .headers = headers, .body = body, .n = n};
    struct err err = {0};
    unsigned status = 0;
    buf_clear(&answer);
    httpc_call(client, &ask, &status, &answer, &err);
    CHECK_TEXT(err.text, "");
    return status;
}

static unsigned post(const char *path, const char *body)
{
    return post_n(path, NULL, body, strlen(body));
}

#define EVENT(id, more)                                                                \
    "{\"source\": \"t\", \"id\": \"" id "\", \"kind\": \"config\", "                   \
    "\"service\": \"pay\", \"hosts\": [\"h1\"]" more "}"

TEST(a_new_change_is_accepted_once_it_is_durable)
{
    start();
    CHECK_INT(post("/v1/changes", EVENT("a 1", "")), 202);
    CHECK_TEXT(buf_text(&answer), "{\"change_id\":\"a 1\",\"status\":\"accepted\","
                                  "\"url\":\"/changes/a%201\"}\n");
    struct err err = {0};
    struct change *c = ledger_change(ledger, "a 1", &err);
    CHECK(c != NULL && c->n_hosts == 1);
    change_free(&c);
    CHECK_INT(atomic_load(&told), 1);
    end();
}

TEST(a_repeat_is_fine_and_has_no_second_effect)
{
    start();
    CHECK_INT(post("/v1/changes", EVENT("1", "")), 202);
    CHECK_INT(post("/v1/changes", EVENT("1", "")), 200);
    CHECK(strstr(buf_text(&answer), "\"status\":\"repeat\"") != NULL);
    CHECK_INT(post("/v1/changes", EVENT("1", ", \"title\": \"other\"")), 409);
    CHECK(strstr(buf_text(&answer), "{\"error\":") != NULL);
    CHECK_INT(atomic_load(&told), 1);
    CHECK_INT(ledger_stats(ledger).events, 1);
    end();
}

TEST(a_bad_change_is_refused_with_field_and_place)
{
    start();
    CHECK_INT(post("/v1/changes", "{\"source\": \"t\", \"id\": 7}"), 400);
    CHECK(strstr(buf_text(&answer), "id (line 1, column 23)") != NULL);
    CHECK_INT(post("/v1/changes", "{"), 400);
    CHECK(strstr(buf_text(&answer), "line 1") != NULL);
    CHECK_INT(post("/v1/changes", ""), 400);
    char *large = malloc(CHANGE_BODY_MAX + 1);
    memset(large, ' ', CHANGE_BODY_MAX + 1);
    CHECK_INT(post_n("/v1/changes", NULL, large, CHANGE_BODY_MAX + 1), 413);
    free(large);
    CHECK_INT(atomic_load(&told), 0);
    end();
}

#define DUMP                                                                           \
    "{\"time\": \"%s\", \"host\": \"h1\", \"exe\": \"/opt/pay\", \"pid\": %d, "        \
    "\"signal\": \"SIGSEGV\", \"frames\": [{\"fn\": \"parse\"}]}"

TEST(a_coredump_is_accepted_once_it_is_durable_and_a_repeat_is_fine)
{
    start();
    char at[INSTANT_TEXT_MAX], body[400];
    snprintf(body, sizeof body, DUMP, instant_text(instant_now(), at), 7);
    CHECK_INT(post("/v1/coredumps", body), 202);
    CHECK_INT(ledger_stats(ledger).cores, 1);
    CHECK(strstr(buf_text(&answer), "\"status\":\"accepted\"") != NULL);
    CHECK(strncmp(buf_text(&answer), "{\"signature\":\"", 14) == 0);
    CHECK_INT(post("/v1/coredumps", body), 202);
    CHECK(strstr(buf_text(&answer), "\"status\":\"repeat\"") != NULL);
    snprintf(body, sizeof body, DUMP, at, 8);
    CHECK_INT(post("/v1/coredumps", body), 202);
    CHECK_INT(ledger_stats(ledger).cores, 2);
    end();
}

TEST(a_bad_coredump_is_refused_with_field_and_place)
{
    start();
    CHECK_INT(post("/v1/coredumps", "{\"host\": \"h1\", \"exe\": 7}"), 400);
    CHECK(strstr(buf_text(&answer), "exe (line 1, column 23)") != NULL);
    CHECK_INT(post("/v1/coredumps", "[]"), 400);
    CHECK_INT(post("/v1/coredumps", ""), 400);
    char *large = malloc(CORE_BODY_MAX + 1);
    memset(large, ' ', CORE_BODY_MAX + 1);
    CHECK_INT(post_n("/v1/coredumps", NULL, large, CORE_BODY_MAX + 1), 413);
    free(large);
    CHECK_INT(ledger_stats(ledger).cores, 0);
    end();
}

#define MUTE(reason)                                                                   \
    "{\"rule\":\"disk.*\",\"author\":\"li\",\"reason\":\"" reason "\",\"until\":\"%"   \
    "s\"}"

/* Where the id of the last answer's mute leads, for its end. */
static const char *end_path(void)
{
    static char path[80];
    snprintf(path, sizeof path, "/v1/mutes/%.13s/end",
             buf_text(&answer) + strlen("{\"id\":\""));
    return path;
}

TEST(a_mute_is_made_once_and_its_end_is_written_once)
{
    start();
    char at[INSTANT_TEXT_MAX], body[300];
    instant later = instant_add(instant_now(), span_seconds(3600));
    snprintf(body, sizeof body, MUTE("known"), instant_text(later, at));
    CHECK_INT(post("/v1/mutes", body), 201);
    CHECK(strstr(buf_text(&answer), "\"status\":\"accepted\"") != NULL);
    CHECK(strstr(buf_text(&answer), "\"reason\":\"known\"") != NULL);
    CHECK_INT(atomic_load(&told), 1); /* open changes are to be judged anew */
    CHECK_INT(post("/v1/mutes", body), 200);
    CHECK(strstr(buf_text(&answer), "\"status\":\"repeat\"") != NULL);
    const char *path = end_path();
    CHECK_INT(atomic_load(&told), 1);
    CHECK_INT(post(path, "{\"by\":\"wu\"}"), 200);
    CHECK(strstr(buf_text(&answer), "\"status\":\"ended\"") != NULL);
    CHECK(strstr(buf_text(&answer), "\"ended_by\":\"wu\"") != NULL);
    CHECK_INT(atomic_load(&told), 2);
    CHECK_INT(post(path, "{\"by\":\"zhao\"}"), 200);
    CHECK(strstr(buf_text(&answer), "\"status\":\"repeat\"") != NULL);
    CHECK(strstr(buf_text(&answer), "\"ended_by\":\"wu\"") != NULL);
    CHECK_INT(post("/v1/mutes", body), 409);
    CHECK(strstr(buf_text(&answer), "was ended early") != NULL);
    CHECK_INT(atomic_load(&told), 2);
    end();
}

TEST(a_bad_mute_is_refused_with_field_and_place)
{
    start();
    CHECK_INT(post("/v1/mutes", "{\"rule\": \"a\", \"author\": 7}"), 400);
    CHECK(strstr(buf_text(&answer), "author (line 1, column 25)") != NULL);
    CHECK_INT(post("/v1/mutes", "{"), 400);
    CHECK_INT(post("/v1/mutes", ""), 400);
    char *large = malloc(MUTE_BYTES_MAX + 1);
    memset(large, ' ', MUTE_BYTES_MAX + 1);
    CHECK_INT(post_n("/v1/mutes", NULL, large, MUTE_BYTES_MAX + 1), 413);
    free(large);
    CHECK_INT(post("/v1/mutes/m012345678901/end", "{\"by\":\"wu\"}"), 404);
    CHECK_INT(post("/v1/mutes/m012345678901/end", "{}"), 400);
    CHECK(strstr(buf_text(&answer), "by (line 1, column 1): is missing") != NULL);
    CHECK_INT(post("/v1/mutes/m012345678901/end", ""), 400);
    CHECK_INT(atomic_load(&told), 0);
    end();
}

#define ALERTS(more)                                                                   \
    "{\"alerts\":[{\"status\":\"firing\",\"labels\":{\"alertname\":\"Down\","          \
    "\"instance\":"                                                                    \
    "\"h1:9100\"},\"startsAt\":\"2026-01-01T00:00:00Z\",\"fingerprint\":\"f1\"}" more  \
    "],\"truncatedAlerts\":2}"

TEST(alarms_are_accepted_once_they_are_durable_and_repeats_are_no_new_ones)
{
    start();
    CHECK_INT(post("/v1/alarms/alertmanager", ALERTS("")), 202);
    CHECK_TEXT(buf_text(&answer), "{\"status\":\"accepted\"}\n");
    CHECK_INT(post("/v1/alarms/alertmanager", ALERTS("")), 202);
    CHECK_TEXT(buf_text(&answer), "{\"status\":\"repeat\"}\n");
    CHECK_INT((long long)ledger_stats(ledger).alarms, 1);
    CHECK_INT(post("/v1/alarms", "{\"name\":\"Down\",\"host\":\"h2\"}"), 202);
    CHECK_INT((long long)ledger_stats(ledger).alarms, 2);
    end();
}

TEST(of_a_partly_bad_request_the_good_alarms_are_kept_and_the_rest_is_counted)
{
    start();
    CHECK_INT(post("/v1/alarms/alertmanager", ALERTS(",{\"labels\":7}")), 400);
    CHECK(strstr(buf_text(&answer), "alerts[1].labels (line 1") != NULL);
    CHECK(strstr(buf_text(&answer), "1 of 2 alarms refused") != NULL);
    CHECK_INT((long long)ledger_stats(ledger).alarms, 1);
    CHECK_INT(post("/v1/alarms/alertmanager", "{\"alerts\":[]}"), 202);
    CHECK_INT(post("/v1/alarms/alertmanager", "{\"alerts\":7}"), 400);
    CHECK_INT(post("/v1/alarms", "[{\"name\":7}]"), 400);
    OWNED_BUF metrics = {0};
    collector_write_metrics(collector, &metrics);
    CHECK(strstr(buf_text(&metrics), "aftercheck_alarm_messages_total 4\n") != NULL);
    CHECK(strstr(buf_text(&metrics), "dropped_total{reason=\"truncated\"} 2\n") !=
          NULL);
    CHECK(strstr(buf_text(&metrics),
                 "aftercheck_alarms_dropped_total{reason=\"syntax\"} 3\n") != NULL);
    end();
}

TEST(results_of_tests_are_accepted_in_each_form)
{
    start();
    CHECK_INT(post("/v1/tests?service=pay",
                   "<testsuite><testcase name=\"a\"/><testcase name=\"b\"/>"
                   "</testsuite>"),
              202);
    CHECK_TEXT(buf_text(&answer), "{\"tests\":2,\"status\":\"accepted\"}\n");
    CHECK_INT(post("/v1/tests?change=8812&suite=smoke", "ok 1 - a\n"), 202);
    static const char json[] = "{\"time\":\"%s\",\"service\":\"pay\",\"tests\":"
                               "[{\"name\":\"a\",\"result\":\"pass\"}]}";
    char at[INSTANT_TEXT_MAX], body[200];
    snprintf(body, sizeof body, json, instant_text(instant_now(), at));
    CHECK_INT(post("/v1/tests", body), 202);
    CHECK_INT(post("/v1/tests", body), 202);
    CHECK_TEXT(buf_text(&answer), "{\"tests\":1,\"status\":\"repeat\"}\n");
    CHECK_INT((long long)ledger_stats(ledger).test_runs, 3);
    CHECK_INT(post("/v1/tests", "ok 1 - a\n"), 400);
    CHECK(strstr(buf_text(&answer), "?change=ID or ?service=NAME") != NULL);
    CHECK_INT(post("/v1/tests?service=pay", "<testsuite>"), 400);
    CHECK_INT((long long)ledger_stats(ledger).test_runs, 3);
    end();
}

enum { POSTERS = 4, EACH = 25 };

/* Posts changes of its own; every other one hangs up without waiting for the answer. */
static void *post_many(void *arg)
{
    int who = *(int *)arg;
    char url[128];
    snprintf(url, sizeof url, "http://%s", httpd_address(server));
    struct httpc *mine = httpc_new(url, NULL);
    for (int i = 0; i < EACH; i++) {
        char body[256];
        unsigned status = 0;
        int n = snprintf(body, sizeof body,
                         "{\"source\":\"t%d\",\"id\":\"%d-%d\",\"kind\":\"release\","
                         "\"service\":\"pay\"}",
                         who, who, i);
        struct httpc_ask ask = {.method = "POST",
                                .path = "/v1/changes",
                                .body = body,
                                .n = (size_t)n,
                                .timeout_ms = i % 2 == 0 ? 30000 : 1};
        if (httpc_call(mine, &ask, &status, NULL, NULL) == 0 && status != 202)
            test_fail(__FILE__, __LINE__, "status %u", status);
    }
    httpc_free(&mine);
    return NULL;
}

TEST(senders_that_hang_up_harm_nobody)
{
    start();
    pthread_t thread[POSTERS];
    int who[POSTERS];
    for (int i = 0; i < POSTERS; i++) {
        who[i] = i;
        CHECK(pthread_create(&thread[i], NULL, post_many, &who[i]) == 0);
    }
    for (int i = 0; i < POSTERS; i++)
        pthread_join(thread[i], NULL);
    CHECK_INT(post("/v1/changes", EVENT("last", "")), 202);
    CHECK(ledger_stats(ledger).events >= POSTERS * (EACH / 2 + 1) + 1);
    CHECK_INT(atomic_load(&told), ledger_stats(ledger).events);
    end();
}

/* The mean in the newest row of one series; NaN when it is not there. */
static float newest(const struct entity *who, const char *name)
{
    uint32_t entity = windows_find(windows, who);
    uint32_t metric = windows_find_metric(windows, name);
    instant to = windows_newest(windows, entity);
    if (entity == WINDOWS_NONE || metric == WINDOWS_NONE || instant_is_none(to))
        return NAN;
    struct block *b =
        windows_cut(windows, entity, instant_add(to, span_seconds(-60)), to);
    float v = NAN;
    for (uint32_t i = 0; i < b->n_metrics; i++)
        if (b->metric[i] == metric)
            v = b->cells[i];
    block_free(&b);
    return v;
}

TEST(samples_are_stored_and_the_good_ones_of_a_bad_body_too)
{
    static const struct entity h1 = {
        .kind = ENTITY_HOST, .host = "h1", .service = "pay"};
    start();
    CHECK_INT(post("/write", "cpu,host=h1,service=pay busy=31.5\n"), 204);
    CHECK_NEAR(newest(&h1, "cpu.busy"), 31.5, 0);
    CHECK_INT(post("/api/v2/write?bucket=b&org=o",
                   "mem,host=h1,service=pay used=7\nmem used=8\ncpu,host=h1 busy=x\n"),
              400);
    CHECK_TEXT(
        buf_text(&answer),
        "{\"error\":\"line 2: expected a tag 'host' or 'service' that says whose "
        "sample it is (column 1); 2 of 3 lines refused\"}\n");
    CHECK_NEAR(newest(&h1, "mem.used"), 7, 0);
    CHECK_INT(post("/write", ""), 204);
    end();
}

TEST(times_are_read_in_the_unit_asked_for)
{
    start();
    char body[100];
    snprintf(body, sizeof body, "cpu,host=h1 busy=1 %lld\n",
             (long long)(instant_now().ms / 1000));
    CHECK_INT(post("/write?precision=s", body), 204);
    CHECK_INT(post("/write?precision=ns", body), 400);
    CHECK(strstr(buf_text(&answer), "more than 30 days ago, when read as ns") != NULL);
    CHECK_INT(post("/write?precision=h", body), 400);
    CHECK_TEXT(buf_text(&answer),
               "{\"error\":\"precision: expected one of ns, us, ms, s, got 'h'\"}\n");
    end();
}

TEST(gzip_is_taken)
{
    static const struct entity h1 = {.kind = ENTITY_HOST, .host = "h1", .service = ""};
    struct buf packed = {0};
    const char *text = "cpu,host=h1 busy=12\n";
    start();
    CHECK(gz_deflate(text, strlen(text), &packed, NULL) == 0);
    CHECK_INT(post_n("/write", "Content-Encoding: gzip\r\n", packed.data, packed.len),
              204);
    CHECK_NEAR(newest(&h1, "cpu.busy"), 12, 0);
    buf_free(&packed);
    end();
}

TEST(calls_are_stored_and_bad_ones_named)
{
    static const struct entity edge = {.kind = ENTITY_EDGE,
                                       .host = "",
                                       .service = "",
                                       .caller = "web",
                                       .callee = "pay",
                                       .iface = "",
                                       .caller_host = "",
                                       .callee_host = "",
                                       .side = "client"};
    start();
    const char *good = "{\"caller\":\"web\",\"callee\":\"pay\",\"code\":\"0\","
                       "\"outcome\":\"ok\",\"count\":5,\"sum_ms\":12.5}";
    CHECK_INT(post("/v1/calls", good), 204);
    CHECK_INT(post("/v1/calls", good), 204);
    CHECK_NEAR(newest(&edge, "ok 0"), 10, 0);
    CHECK_NEAR(newest(&edge, "ms"), 25, 0);
    CHECK_INT(post("/v1/calls", "[{\"caller\":\"web\"}]"), 400);
    CHECK_TEXT(buf_text(&answer), "{\"error\":\"[0] (line 1, column 2): 'callee' is "
                                  "missing; 1 of 1 records refused\"}\n");
    CHECK_INT(post("/v1/calls", "nonsense"), 400);
    end();
}

TEST(what_was_counted_is_shown)
{
    start();
    post("/write", "cpu,host=h1 busy=1,mode=\"x\"\ncpu busy=2\ncpu,host=h a=NaN\n");
    struct buf b = {0};
    collector_write_metrics(collector, &b);
    static const char *const want[] = {
        "aftercheck_samples_total 4\n",
        "aftercheck_samples_kept_total 1\n",
        "aftercheck_dropped_total{reason=\"text_value\"} 1\n",
        "aftercheck_dropped_total{reason=\"no_entity\"} 1\n",
        "aftercheck_dropped_total{reason=\"not_finite\"} 1\n",
        "aftercheck_folded_total{what=\"code\"} 0\n",
    };
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        CHECK(strstr(b.data, want[i]) != NULL);
    buf_free(&b);
    end();
}

/* --- doors of deployment systems --- */

static const char github_body[] =
    "{\"deployment\": {\"id\": 7, \"environment\": \"live\", \"task\": \"deploy\"},"
    "\"deployment_status\": {\"id\": 8, \"state\": \"success\"},"
    "\"repository\": {\"full_name\": \"shop/pay\"}}";

/* The headers GitHub would send with the body under the secret "s3cret". */
static const char *github_headers(const char *body)
{
    static char text[200];
    unsigned char sum[SHA256_BYTES];
    hmac_sha256("s3cret", 6, body, strlen(body), sum);
    int n =
        snprintf(text, sizeof text,
                 "X-GitHub-Event: deployment_status\r\nX-Hub-Signature-256: sha256=");
    for (size_t i = 0; i < sizeof sum; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%02x", sum[i]);
    snprintf(text + n, sizeof text - (size_t)n, "\r\n");
    return text;
}

TEST(a_door_without_a_secret_is_closed_and_says_what_to_set)
{
    start();
    CHECK_INT(post("/v1/changes/github", github_body), 403);
    CHECK(strstr(answer.data, "webhooks.github.secret_file") != NULL);
    CHECK_INT(post("/v1/changes/gitlab", "{}"), 403);
    CHECK(strstr(answer.data, "webhooks.gitlab.secret_file") != NULL);
    end();
}

TEST(a_signed_deployment_is_stored_once_and_a_forged_one_never)
{
    start();
    struct hooks hooks = {.of[HOOK_GITHUB] = {.secret = "s3cret"}};
    const char *headers = github_headers(github_body);
    size_t n = strlen(github_body);
    collector_set_hooks(collector, &hooks);
    CHECK_INT(post_n("/v1/changes/github", headers, github_body, n), 202);
    CHECK(strstr(answer.data, "\"change_id\":\"github-7\"") != NULL);
    CHECK_INT(post_n("/v1/changes/github", headers, github_body, n), 200);
    CHECK(strstr(answer.data, "repeat") != NULL);
    CHECK_INT(post_n("/v1/changes/github", headers, github_body, n - 1), 401);
    CHECK_INT(post("/v1/changes/github", github_body), 401);
    CHECK(strstr(answer.data, "X-Hub-Signature-256 is missing") != NULL);
    CHECK_INT((long long)ledger_stats(ledger).events, 1);
    end();
}

TEST(what_is_no_deployment_is_answered_as_ignored)
{
    start();
    struct hooks hooks = {.of[HOOK_GITLAB] = {.secret = "s3cret"}};
    collector_set_hooks(collector, &hooks);
    static const char push[] = "{\"object_kind\": \"push\"}";
    CHECK_INT(
        post_n("/v1/changes/gitlab", "X-Gitlab-Token: s3cret\r\n", push, strlen(push)),
        200);
    CHECK(strstr(answer.data, "\"ignored\"") != NULL);
    CHECK_INT(
        post_n("/v1/changes/gitlab", "X-Gitlab-Token: s3cre\r\n", push, strlen(push)),
        401);
    OWNED_BUF text = {0};
    collector_write_metrics(collector, &text);
    CHECK(strstr(text.data, "webhooks_total{source=\"gitlab\",end=\"ignored\"} 1"));
    CHECK(strstr(text.data, "webhooks_total{source=\"gitlab\",end=\"refused\"} 1"));
    end();
}

TEST(jenkins_and_argo_cd_need_a_token_only_where_one_is_set)
{
    start();
    static const char body[] =
        "{\"name\": \"pay\", \"build\": {\"url\": \"job/pay/5/\", \"number\": 5, "
        "\"phase\": \"STARTED\"}}";
    CHECK_INT(post("/v1/changes/jenkins", body), 202);
    struct hooks hooks = {.of[HOOK_JENKINS] = {.secret = "t0ken"}};
    collector_set_hooks(collector, &hooks);
    CHECK_INT(post("/v1/changes/jenkins", body), 401);
    CHECK_INT(post("/v1/changes/jenkins?token=t0ke", body), 401);
    CHECK_INT(post("/v1/changes/jenkins?token=t0ken", body), 200);
    CHECK_INT(post_n("/v1/changes/jenkins", "Authorization: Bearer t0ken\r\n", body,
                     strlen(body)),
              200);
    CHECK_INT(post("/v1/changes/argocd", "{\"app\": \"pay\"}"), 400);
    CHECK(strstr(answer.data, "phase is missing") != NULL);
    end();
}

/* --- who sends what --- */

TEST(what_is_sent_and_what_is_refused_stands_in_the_books_of_its_input)
{
    struct inputs_view v;
    start();
    CHECK_INT(post("/v1/changes", "{\"source\": \"d\", \"id\": \"1\", \"kind\": "
                                  "\"config\", \"service\": \"pay\"}"),
              202);
    CHECK_INT(post("/v1/changes", "{\"source\": \"d\"}"), 400);
    CHECK_INT(post("/write", "cpu,host=h1 busy=1\nnonsense\n"), 400);
    CHECK_INT(post_n("/v1/calls", "Content-Type: text/plain\r\n", "a>b 0 5\n", 8), 204);
    CHECK(inputs_read(inputs, &v));
    CHECK_INT((long long)v.all[INPUT_CHANGES].taken, 2);
    CHECK_INT((long long)v.all[INPUT_CHANGES].dropped, 1);
    CHECK(strstr(v.all[INPUT_CHANGES].complaint, "is missing") != NULL);
    CHECK_INT((long long)v.all[INPUT_LINE].taken, 2);
    CHECK_INT((long long)v.all[INPUT_LINE].dropped, 1);
    CHECK(strstr(v.all[INPUT_LINE].complaint, "line 2") != NULL);
    CHECK_INT((long long)v.all[INPUT_CALLS].taken, 1);
    inputs_view_free(&v);
    end();
}
