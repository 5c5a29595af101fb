/* tests/flow/notifier_probe.c - the notifier on its own, with made-up changes.
 *
 *     notifier_probe FORMAT SCRATCH    the sample report (eml, hostile-eml, html,
 *                                      hostile-html, text) to standard output
 *     notifier_probe serve SCRATCH     pages and calls on a free port; prints the
 *                                      address, ends with its standard input
 *
 * For tests that read mails with another library than ours, and for pictures of mails
 * and pages.  Charts are drawn in SCRATCH. */
#include "notifier/fmt_text.h"
#include "notifier/letter.h"
#include "notifier/notifier.h"
#include "notifier/routes.h"
#include "tests/unit/notifier/sample.h"

#include <stdarg.h>
#include <unistd.h>

void test_fail(const char *file, int line, const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "%s:%d: ", file, line);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    exit(1);
}

/* --- one report --- */

static int write_text(const struct letter_ask *ask, struct buf *to, struct err *err)
{
    struct report_input in = ask->what;
    in.public_url = ask->config->public_url;
    OWNED_REPORT *r = report_new(&in, err);
    if (r == NULL)
        return -1;
    fmt_text(r, to);
    return 0;
}

static const struct {
    const char *name;
    bool hostile;
    int (*write)(const struct letter_ask *ask, struct buf *to, struct err *err);
} modes[] = {
    {"eml", false, letter_write}, {"hostile-eml", true, letter_write},
    {"html", false, letter_html}, {"hostile-html", true, letter_html},
    {"text", false, write_text},
};
enum { MODES = sizeof modes / sizeof *modes };

static int write_report(size_t mode, struct rrd *rrd, struct err *err)
{
    bool hostile = modes[mode].hostile;
    OWNED_BUF out = {0};
    OWNED_CHANGE *c = hostile ? sample_hostile_change() : sample_change();
    OWNED_VERDICT *v = hostile ? sample_hostile_verdict() : sample_verdict();
    OWNED_VERDICT *first = sample_verdict();
    first->revision = 1;
    const struct verdict *all[] = {first, v};
    const char *to[] = {"pay-oncall@example.com"};
    struct audience audience = {.name = "payments", .to = {1, to}};
    struct mail_config config;
    mail_config_defaults(&config);
    config.public_url = "https://check.example.com";
    config.from = "aftercheck@example.com";
    struct letter_ask ask = {
        .what = {.change = c, .verdict = v, .revisions = all, .n_revisions = 2},
        .config = &config,
        .audience = &audience,
        .rrd = rrd};
    if (modes[mode].write(&ask, &out, err) < 0)
        return -1;
    fwrite(buf_text(&out), 1, out.len, stdout);
    return 0;
}

/* --- pages --- */

static instant fixed_now(void)
{
    return (instant){SAMPLE_START.ms + 3600000};
}

static void post(struct ledger *l, const char *json)
{
    struct err err = {0};
    struct json_doc *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    if (change_event_read(&root, INSTANT_NONE, &e, &err) < 0 ||
        ledger_post_wait(l, &e, SAMPLE_START, &err) != POSTED_NEW)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    json_free(&doc);
}

static void judged(struct ledger *l, const char *id, enum grade g, bool final)
{
    struct err err = {0};
    OWNED_VERDICT *v = sample_verdict();
    sample_set(&v->change_id, id);
    v->revision = 1;
    v->grade = g;
    v->final = final;
    if (g == GRADE_OK || g == GRADE_NOT_JUDGED) {
        for (size_t i = 0; i < v->n_findings; i++)
            finding_clear(&v->findings[i]);
        v->n_findings = 0;
    }
    if (g == GRADE_NOT_JUDGED)
        sample_set(&v->reason, "None of its hosts sent samples after the change.");
    if (ledger_put_verdict(l, v, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static void fill(struct ledger *l)
{
    static const char *const kinds[] = {"release", "config", "scale-out",
                                        "batch-restart", "rollback"};
    post(l, "{\"source\":\"deployer\",\"id\":\"e\",\"change_id\":\"8812\","
            "\"kind\":\"release\",\"service\":\"pay\",\"title\":\"pay 2.4.1 -> 2.5.0\","
            "\"time\":\"2026-11-21T10:00:00Z\",\"actor\":\"li\","
            "\"url\":\"https://deploy.example.com/8812\",\"hosts\":[\"pay-01\","
            "\"pay-02\",\"pay-03\",\"pay-04\",\"pay-05\",\"pay-06\"],"
            "\"artifact\":{\"from\":\"2.4.1\",\"to\":\"2.5.0\"},"
            "\"labels\":{\"idc\":\"sh1\"},\"ticket\":\"OPS-77\"}");
    judged(l, "8812", GRADE_MUST_HANDLE, false);
    post(l, "{\"source\":\"deployer\",\"id\":\"x\",\"change_id\":\"<i>&?#/x\","
            "\"kind\":\"config\",\"service\":\"<b>web</b>\","
            "\"title\":\"<script>alert(1)</script> \xe6\x94\xaf\xe4\xbb\x98\","
            "\"time\":\"2026-11-21T09:59:00Z\",\"actor\":\"\\\"><img src=x>\","
            "\"hosts\":[\"<h>\"]}");
    judged(l, "<i>&?#/x", GRADE_ATTENTION, true);
    for (int i = 0; i < 130; i++) {
        char json[512], id[32];
        snprintf(id, sizeof id, "%d", 8800 - i);
        snprintf(json, sizeof json,
                 "{\"source\":\"deployer\",\"id\":\"%s\",\"kind\":\"%s\","
                 "\"service\":\"%s\",\"title\":\"%s change %s\",\"actor\":\"wang\","
                 "\"time\":\"2026-11-2%dT0%d:%02d:00Z\",\"hosts\":[\"a-%d\",\"b-%d\"]}",
                 id, kinds[i % 5], i % 3 ? "web" : "pay", i % 3 ? "web" : "pay", id,
                 1 - i / 70, 9 - i % 70 / 10, 59 - i % 10 * 5, i, i);
        post(l, json);
        if (i % 7 != 0)
            judged(l, id,
                   i % 9 == 0   ? GRADE_ATTENTION
                   : i % 5 == 0 ? GRADE_NOT_JUDGED
                                : GRADE_OK,
                   true);
    }
}

static int serve(struct rrd *rrd, const char *scratch, struct err *err)
{
    struct mail_config config;
    mail_config_defaults(&config);
    struct ledger *l = ledger_open(":memory:", NULL, err);
    if (l == NULL)
        return -1;
    fill(l);
    struct notifier_spec spec = {.ledger = l,
                                 .rrd = rrd,
                                 .config = &config,
                                 .mail_dir = scratch,
                                 .now = fixed_now};
    struct notifier *n = notifier_open(&spec, err);
    struct httpd_mount mount = {notifier_routes, n};
    struct httpd_spec http = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = n != NULL ? httpd_start(&http, err) : NULL;
    if (h != NULL) {
        char byte;
        printf("http://%s\n", httpd_address(h));
        fflush(stdout);
        while (read(0, &byte, 1) > 0)
            ;
    }
    int rc = h != NULL ? 0 : -1;
    if (h != NULL)
        httpd_stop(&h, 1000);
    notifier_close(&n);
    ledger_close(&l);
    return rc;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    int rc = -1;
    size_t mode = 0;
    while (argc == 3 && mode < MODES && strcmp(argv[1], modes[mode].name) != 0)
        mode++;
    if (argc != 3 || (mode == MODES && strcmp(argv[1], "serve") != 0)) {
        fputs("usage: notifier_probe FORMAT|serve SCRATCH\n", stderr);
        return 2;
    }
    struct rrd *rrd = rrd_start(argv[2], &err);
    if (rrd != NULL)
        rc = mode < MODES ? write_report(mode, rrd, &err) : serve(rrd, argv[2], &err);
    if (rc < 0)
        fprintf(stderr, "%s\n", err.text);
    if (rrd != NULL)
        rrd_stop(&rrd);
    return rc < 0;
}
