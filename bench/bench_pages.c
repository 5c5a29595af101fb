/* bench/bench_pages.c - how long pages take to be answered.
 *
 *     bench_pages [CHANGES] [FINDINGS]
 *
 * A ledger on disk with CHANGES changes (10000) of 100 services, each with its verdict,
 * and one change with FINDINGS findings (200) on as many hosts; then each page is asked
 * for over loopback, one request after the other.  Prints the median and the worst of
 * RUNS answers, and beside them what the same server takes for its style sheet: what
 * is above that is the page's own. */
#include "base/httpc.h"
#include "base/httpd.h"
#include "notifier/notifier.h"
#include "notifier/routes.h"
#include "storage/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RUNS = 101, SERVICES = 100 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void die(const char *what, const struct err *err)
{
    fprintf(stderr, "bench_pages: %s: %s\n", what, err->text);
    exit(1);
}

static void posted(enum posted how, const char *id, const struct err *err, void *arg)
{
    (void)id, (void)arg;
    if (how != POSTED_NEW)
        die("a change", err);
}

static void post(struct ledger *l, int i, instant at)
{
    char json[500], time[INSTANT_TEXT_MAX];
    struct err err = {0};
    struct change_event *e = NULL;
    snprintf(json, sizeof json,
             "{\"source\":\"bench\",\"id\":\"c%d\",\"kind\":\"release\",\"service\":"
             "\"service-%d\",\"title\":\"service-%d 2.%d -> 2.%d\",\"actor\":\"li\","
             "\"time\":\"%s\",\"hosts\":[\"h%d\",\"h%d\"]}",
             i, i % SERVICES, i % SERVICES, i, i + 1, instant_text(at, time), i, i + 1);
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    if (change_event_read(&root, INSTANT_NONE, &e, &err) < 0)
        die("a change", &err);
    ledger_post(l, &e, at, posted, NULL);
}

static void set(char **to, const char *text)
{
    *to = strdup(text);
}

static void add_finding(struct verdict *v, int i, instant at)
{
    enum { POINTS = 90 };
    char text[100];
    struct finding *f = verdict_add(v);
    set(&f->rule, "cpu.busy");
    set(&f->title, "CPU use");
    f->kind = FINDING_LEVEL;
    f->grade = i % 3 == 0 ? GRADE_MUST_HANDLE : GRADE_ATTENTION;
    snprintf(text, sizeof text, "h%d", i);
    set(&f->host, text);
    snprintf(text, sizeof text, "cpu.core%d", i);
    set(&f->metric, text);
    set(&f->unit, "%");
    set(&f->because, "It rose from 31 % to 55 %.");
    f->before = 31;
    f->after = 55;
    f->delta = 24;
    f->effect = 0.77;
    f->first_seen = at;
    f->curve.from = (instant){at.ms - 3600000};
    f->curve.step = (span){60000};
    f->curve.n = POINTS;
    f->curve.value = calloc(POINTS, sizeof(double));
    for (int p = 0; p < POINTS; p++)
        f->curve.value[p] = p < 60 ? 31 : 55;
}

static void judge(struct ledger *l, int i, int findings, instant at)
{
    char id[20];
    struct err err = {0};
    snprintf(id, sizeof id, "c%d", i);
    OWNED_VERDICT *v = verdict_new(id);
    v->revision = 1;
    v->final = true;
    v->grade = findings > 0 ? GRADE_MUST_HANDLE : GRADE_OK;
    v->decided_at = at;
    for (int k = 0; k < findings; k++)
        add_finding(v, k, at);
    if (ledger_put_verdict(l, v, &err) < 0)
        die("a verdict", &err);
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void ask(struct httpc *c, const char *name, const char *path)
{
    double took[RUNS];
    OWNED_BUF body = {0};
    for (int i = 0; i < RUNS; i++) {
        struct err err = {0};
        unsigned status = 0;
        struct httpc_ask a = {.method = "GET", .path = path};
        buf_clear(&body);
        double from = now_ms();
        if (httpc_call(c, &a, &status, &body, &err) < 0)
            die(path, &err);
        took[i] = now_ms() - from;
        if (status != 200) {
            fprintf(stderr, "bench_pages: %s: %u\n", path, status);
            exit(1);
        }
    }
    qsort(took, RUNS, sizeof *took, by_size);
    printf("%-26s %9.2f %9.2f %9zu\n", name, took[RUNS / 2], took[RUNS - 1],
           body.len / 1024);
}

static void fill(struct ledger *l, int changes, int findings, instant now)
{
    for (int i = 0; i < changes; i++)
        post(l, i, (instant){now.ms - (changes - i) * INT64_C(30000)});
    for (int i = 0; i < changes; i++)
        judge(l, i, i == changes - 1 ? findings : 0, now);
}

int main(int argc, char **argv)
{
    int changes = argc > 1 ? atoi(argv[1]) : 10000;
    int findings = argc > 2 ? atoi(argv[2]) : 200;
    char dir[] = "/tmp/bench_pages.XXXXXX", path[100], url[100], report[100];
    struct err err = {0};
    if (changes < 1 || findings < 0 || mkdtemp(dir) == NULL) {
        fprintf(stderr, "usage: bench_pages [CHANGES] [FINDINGS]\n");
        return 2;
    }
    snprintf(path, sizeof path, "%s/ledger.db", dir);
    struct ledger *l = ledger_open(path, NULL, &err);
    if (l == NULL)
        die("the ledger", &err);
    fill(l, changes, findings, instant_now());
    struct mail_config config;
    mail_config_defaults(&config);
    struct notifier_spec spec = {
        .ledger = l, .config = &config, .mail_dir = dir, .now = instant_now};
    struct notifier *n = notifier_open(&spec, &err);
    struct httpd_mount mount = {notifier_routes, n};
    struct httpd_spec http = {.listen = "127.0.0.1:0", .mounts = &mount, .n_mounts = 1};
    struct httpd *h = n != NULL ? httpd_start(&http, &err) : NULL;
    if (h == NULL)
        die("the server", &err);
    snprintf(url, sizeof url, "http://%s", httpd_address(h));
    struct httpc *c = httpc_new(url, &err);
    if (c == NULL)
        die("the client", &err);
    printf("%d changes, one with %d findings; milliseconds of %d answers\n", changes,
           findings, RUNS);
    printf("%-26s %9s %9s %9s\n", "", "median", "worst", "KiB");
    ask(c, "style sheet", "/style.css");
    ask(c, "list", "/");
    ask(c, "list of a service", "/?service=service-7");
    ask(c, "list of a grade", "/?grade=must-handle");
    snprintf(report, sizeof report, "/changes/c%d", changes - 1);
    ask(c, "report with the findings", report);
    ask(c, "service", "/services/service-7");
    ask(c, "what changed?", "/what?service=service-7");
    httpc_free(&c);
    httpd_stop(&h, 100);
    notifier_close(&n);
    ledger_close(&l);
    unlink(path);
    rmdir(dir);
    return 0;
}
