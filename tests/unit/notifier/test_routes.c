#include "notifier/routes.h"

#include "base/httpc.h"
#include "notifier/notifier.h"
#include "notifier/pages/list.h"
#include "notifier/pages/report.h"
#include "notifier/pages/style.h"
#include "tests/unit/notifier/store.h"

static char *page_of(const struct change *c, const struct verdict *v)
{
    struct report_input in = {
        .change = c, .verdict = v, .revisions = &v, .n_revisions = v != NULL};
    OWNED_REPORT *r = report_new(&in, NULL);
    CHECK(r != NULL);
    struct buf b = {0};
    report_write(r, &b);
    return buf_give(&b);
}

TEST(a_report_page_has_all_findings_and_their_charts)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char *page = page_of(c, v);
    CHECK(strstr(page, "<h1>pay 2.4.1 -&gt; 2.5.0</h1>") != NULL);
    CHECK_INT(sample_count(page, "<img "), 2);
    CHECK(strstr(page, "src=\"/changes/8812/chart/2.png?revision=2\"") != NULL);
    CHECK_INT(sample_count(page, "<article"), 2);
    free(page);
}

TEST(hostile_texts_are_only_text_on_pages)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    char *page = page_of(c, v);
    CHECK(strstr(page, "<script>") == NULL); /* ours has an address */
    CHECK(strstr(page, "javascript:alert(1)\"") == NULL);
    CHECK(strstr(page, "style=") == NULL); /* the policy would refuse it */
    free(page);
    struct change_row row = {.change = c};
    struct query_texts q = {.service = HOSTILE, .grade = HOSTILE};
    OWNED_BUF b = {0};
    list_row(&row, &b);
    list_form(&q, HOSTILE, &b);
    CHECK(strstr(buf_text(&b), "<script") == NULL);
    CHECK(strstr(buf_text(&b), "\"'&") == NULL);
}

static instant sample_now(void)
{
    return (instant){SAMPLE_START.ms + 7200000};
}

TEST(pages_are_served_and_say_what_was_wrong)
{
    struct err err = {0};
    struct ledger *l = store_open();
    struct mail_config config;
    mail_config_defaults(&config);
    struct notifier_spec spec = {
        .ledger = l, .config = &config, .mail_dir = test_dir(), .now = sample_now};
    struct notifier *n = notifier_open(&spec, &err);
    struct httpd_mount mount = {notifier_routes, n};
    struct httpd_spec http = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = httpd_start(&http, &err);
    if (h == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_MUST_HANDLE, true);
    OWNED_BUF url = {0}, body = {0};
    buf_addf(&url, "http://%s", httpd_address(h));
    struct httpc *c = httpc_new(buf_text(&url), &err);
    const struct {
        const char *path, *words;
        unsigned status;
    } pages[] = {{"/", "pay 2.5.0", 200},
                 {"/?kind=config", "No change fits", 200},
                 {"/?kind=release&service=pay&grade=must-handle", "pay 2.5.0", 200},
                 {"/?kind=bad", "kind: &#39;bad&#39; is none of", 400},
                 {"/changes/c1", "Must handle", 200},
                 {"/style.css", "prefers-color-scheme", 200},
                 {"/changes/c1/chart/1.png", "switched off", 503},
                 {"/changes/c1/chart/9.png", "no chart", 404},
                 {"/changes/c1/chart/x", "no chart", 404},
                 {"/changes/c1/chart/1.png?revision=x", "revision", 400},
                 {"/changes/c1/chart/1.json", "\"lines\":[{\"label\"", 200},
                 {"/changes/c1/chart/9.json", "no chart", 404},
                 {"/assets/page.js", "data-chart", 200},
                 {"/assets/uplot.css", "uplot", 200},
                 {"/assets/other", "there is no file", 404},
                 {"/rules", "No rules yet", 404},
                 {"/v1/rules", "no such version", 404},
                 {"/services/pay", "<circle class=\"must-handle\"", 200},
                 {"/services/nope", "No such service", 404},
                 {"/services/pay/course.png?metric=x", "switched off", 503},
                 {"/services/pay/course.png", "metric: is missing", 400},
                 {"/v1/services/pay", "\"grade\":\"must-handle\"", 200},
                 {"/what?at=2026-11-21T10:20:00Z&service=pay",
                  "It changed this service 20 minutes before", 200},
                 {"/what?at=2026-11-21T10:20:00Z&service=shop", "No change fits", 200},
                 {"/v1/what?at=2026-11-21T10:20:00Z&host=pay-01",
                  "It changed this host 20 minutes before", 200},
                 {"/v1/what?at=2026-11-21T09:20:00Z", "\"candidates\":[]", 200},
                 {"/what?at=yesterday", "at: &#39;yesterday&#39; is no time", 400},
                 {"/v1/what?back=30d", "back: '30d' is no length", 400}};
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
        unsigned status = 0;
        struct httpc_ask ask = {.method = "GET", .path = pages[i].path};
        buf_clear(&body);
        CHECK_INT(httpc_call(c, &ask, &status, &body, &err), 0);
        if (status != pages[i].status ||
            strstr(buf_text(&body), pages[i].words) == NULL)
            test_fail(__FILE__, __LINE__, "%s: %u %s", pages[i].path, status,
                      buf_text(&body));
    }
    httpc_free(&c);
    httpd_stop(&h, 1000);
    notifier_close(&n);
    ledger_close(&l);
}

TEST(muted_findings_have_a_heading_of_their_own)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_mute(&v->findings[v->n_findings - 1], "disk is replaced");
    char *text = page_of(c, v);
    const char *findings = strstr(text, "<h2>Findings</h2>");
    const char *muted = strstr(text, "<h2>Muted</h2>");
    const char *words =
        strstr(text, "Muted until 21 Nov 2026 18:00:00 UTC by li: disk is replaced");
    CHECK(findings != NULL && muted > findings && words > muted);
    free(text);
}
