/* tests of notifier/callout: verdicts through the outbox to a server that listens */
#include "notifier/callout.h"

#include "base/httpd.h"
#include "notifier/notifier.h"
#include "tests/unit/notifier/make_routing.h"
#include "tests/unit/notifier/store.h"

static int calls;
static unsigned answer;
static char last_body[20000], last_id[100];

static void take(struct httpd_req *r, void *app)
{
    size_t n;
    const char *body = httpd_body(r, &n), *id = httpd_header(r, "Aftercheck-Delivery");
    (void)app;
    calls++;
    snprintf(last_body, sizeof last_body, "%.*s", (int)n, body);
    snprintf(last_id, sizeof last_id, "%s", id != NULL ? id : "");
    httpd_answer(r, answer, "text/plain", "", 0);
}

static const struct httpd_route routes[] = {
    {.method = "POST", .path = "/hook", .serve = take, .body_max = 1 << 20}, {0}};

static struct httpd *serve(void)
{
    static struct httpd_mount mount = {routes, NULL};
    struct err err = {0};
    struct httpd_spec spec = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = httpd_start(&spec, &err);
    CHECK(h != NULL);
    calls = 0;
    answer = 200;
    return h;
}

struct stage {
    struct ledger *l;
    struct mail_config config;
    struct routing *routing;
    struct notifier *n;
};

static void begin(struct stage *s, const char *routing)
{
    struct err err = {0};
    s->l = store_open();
    mail_config_defaults(&s->config);
    s->config.public_url = "https://ac.example.com";
    s->routing = make_routing(routing);
    struct notifier_spec spec = {.ledger = s->l,
                                 .config = &s->config,
                                 .routing = s->routing,
                                 .mail_dir = test_dir(),
                                 .now = instant_now};
    s->n = notifier_open(&spec, &err);
    CHECK(s->n != NULL);
}

static void end(struct stage *s)
{
    notifier_close(&s->n);
    routing_free(&s->routing);
    ledger_close(&s->l);
}

/* A round at so many seconds after the change. */
static void round_at(struct stage *s, int seconds)
{
    struct err err = {0};
    notifier_round(s->n, (instant){SAMPLE_START.ms + seconds * INT64_C(1000)}, &err);
    CHECK_TEXT(err.text, "");
}

static const char *with_url(const struct httpd *h, const char *more)
{
    static char text[500];
    snprintf(text, sizeof text,
             "routing: 1\nwebhooks:\n  - {name: gate, form: gate, url: "
             "\"http://%s/hook\"%s}\n",
             httpd_address(h), more);
    return text;
}

TEST(each_revision_is_told_once_and_once_more_when_it_is_final)
{
    struct httpd *h = serve();
    struct stage s;
    char first[100];
    begin(&s, with_url(h, ""));
    store_change(s.l, "c1");
    store_verdict(s.l, "c1", 1, GRADE_MUST_HANDLE, false);
    round_at(&s, 0);
    round_at(&s, 10);
    CHECK_INT(calls, 1);
    CHECK(strstr(last_body, "\"go\":false") != NULL);
    CHECK(strstr(last_body, "https://ac.example.com/changes/c1") != NULL);
    snprintf(first, sizeof first, "%s", last_id);
    CHECK_INT(strlen(first), 32);
    store_verdict(s.l, "c1", 1, GRADE_MUST_HANDLE, true);
    round_at(&s, 20);
    CHECK_INT(calls, 2);
    CHECK(strcmp(first, last_id) != 0);
    CHECK_INT(outbox_stats(s.n->outbox).called, 2);
    end(&s);
    httpd_stop(&h, 100);
}

TEST(it_is_called_for_what_it_asked_for_only)
{
    struct httpd *h = serve();
    struct stage s;
    begin(&s, with_url(h, ", grades: [must-handle], only_final: true, on: {service: "
                          "pay}"));
    store_change(s.l, "c1");
    store_verdict(s.l, "c1", 1, GRADE_MUST_HANDLE, false);
    round_at(&s, 0);
    CHECK_INT(calls, 0);
    store_verdict(s.l, "c1", 2, GRADE_ATTENTION, true);
    round_at(&s, 10);
    CHECK_INT(calls, 0);
    store_change(s.l, "c2");
    store_verdict(s.l, "c2", 1, GRADE_MUST_HANDLE, true);
    round_at(&s, 20);
    CHECK_INT(calls, 1);
    end(&s);
    httpd_stop(&h, 100);
}

TEST(a_call_that_fails_is_tried_again_with_the_same_delivery)
{
    struct httpd *h = serve();
    struct stage s;
    char first[100];
    begin(&s, with_url(h, ""));
    store_change(s.l, "c1");
    store_verdict(s.l, "c1", 1, GRADE_OK, true);
    answer = 503;
    round_at(&s, 0);
    CHECK_INT(calls, 1);
    snprintf(first, sizeof first, "%s", last_id);
    round_at(&s, 10); /* too soon */
    CHECK_INT(calls, 1);
    answer = 200;
    round_at(&s, 60);
    CHECK_INT(calls, 2);
    CHECK_TEXT(last_id, first);
    round_at(&s, 600);
    CHECK_INT(calls, 2);
    answer = 410;
    store_verdict(s.l, "c1", 2, GRADE_ATTENTION, true);
    round_at(&s, 700);
    CHECK_INT(calls, 3);
    round_at(&s, 7200);
    CHECK_INT(calls, 3); /* refused for good */
    CHECK_INT(ledger_stats(s.l).parcels_dead, 1);
    end(&s);
    httpd_stop(&h, 100);
}

TEST(one_that_does_not_answer_is_left_alone_for_a_while)
{
    struct err err = {0};
    struct callout *c = callout_new(&err);
    struct routing *r = make_routing(
        "routing: 1\nwebhooks:\n  - {name: x, url: \"http://127.0.0.1:1/\"}\n");
    struct parcel p = {.recipients = (char[]){"webhook:x"},
                       .message_id = (char[]){"1"},
                       .bytes = (char[]){"{}"},
                       .n_bytes = 2};
    struct parcel gone = p;
    struct post_result result;
    gone.recipients = (char[]){"webhook:y"};
    callout_send(c, r, &p, SAMPLE_START, NULL, &result);
    CHECK_INT(result.end, POST_LATER);
    CHECK(strstr(result.words, "not called") == NULL);
    callout_send(c, r, &p, (instant){SAMPLE_START.ms + 59000}, NULL, &result);
    CHECK(strstr(result.words, "not called") != NULL);
    callout_send(c, r, &p, (instant){SAMPLE_START.ms + 60000}, NULL, &result);
    CHECK(strstr(result.words, "not called") == NULL);
    callout_send(c, r, &gone, SAMPLE_START, NULL, &result);
    CHECK_INT(result.end, POST_NEVER);
    gone.recipients = (char[]){"a@example.com"};
    CHECK(callout_name(&gone) == NULL);
    routing_free(&r);
    callout_free(&c);
}
