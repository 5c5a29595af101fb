/* tests/unit/notifier/sample.h - a change and a verdict to write reports of. */
#ifndef TESTS_UNIT_NOTIFIER_SAMPLE_H
#define TESTS_UNIT_NOTIFIER_SAMPLE_H

#include "storage/change.h"
#include "storage/verdict.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Everything that must never come through: markup, a header, a turned direction, broken
 * bytes. */
#define HOSTILE                                                                        \
    "<script>alert(1)</script>\"'&\r\nBcc: evil@example.com\r\n\xe2\x80\xae"           \
    "\xff\xc0\xaf%s%n\x1b[31m"

/* 2026-11-21T10:00:00Z */
#define SAMPLE_START ((instant){1795255200000})

static inline struct change *sample_fold(const char *json)
{
    struct err err = {0};
    struct json_doc *doc = json_parse(json, strlen(json), &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    if (change_event_read(&root, INSTANT_NONE, &e, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    json_free(&doc);
    struct change *c = change_fold((const struct change_event *const *)&e, 1, &err);
    change_event_free(&e);
    CHECK(c != NULL);
    return c;
}

static inline struct change *sample_change(void)
{
    return sample_fold(
        "{\"source\":\"deployer\",\"id\":\"8812-end\",\"change_id\":\"8812\","
        "\"kind\":\"release\",\"service\":\"pay\",\"title\":\"pay 2.4.1 -> 2.5.0\","
        "\"time\":\"2026-11-21T10:00:00Z\",\"actor\":\"li\","
        "\"url\":\"https://deploy.example.com/8812\","
        "\"hosts\":[\"pay-01\",\"pay-02\",\"pay-03\",\"pay-04\",\"pay-05\",\"pay-06\"],"
        "\"artifact\":{\"from\":\"2.4.1\",\"to\":\"2.5.0\"},"
        "\"labels\":{\"idc\":\"sh1\"},\"ticket\":\"OPS-77\"}");
}

static inline void sample_set(char **to, const char *text)
{
    free(*to);
    *to = strdup(text);
}

static inline void sample_curve(struct curve *c, double before, double after)
{
    enum { N = 90 };
    c->from = (instant){SAMPLE_START.ms - 60 * 60000};
    c->step = (span){60000};
    c->n = N;
    c->value = calloc(N, sizeof(double));
    c->control = calloc(N, sizeof(double));
    c->usual = calloc(N, sizeof(double));
    for (int i = 0; i < N; i++) {
        double wave = 1 + 0.06 * sin(i * 0.7) + 0.04 * sin(i * 2.3);
        c->value[i] = (i < 60 ? before : after) * wave;
        c->control[i] = before * (1 + 0.05 * sin(i * 0.9 + 1));
        c->usual[i] = before * (1 + 0.1 * sin(i * 0.05));
    }
}

static inline void sample_hosts(struct finding *f, size_t n, double before,
                                double after)
{
    f->n_hosts = n;
    f->hosts = calloc(n, sizeof *f->hosts);
    for (size_t i = 0; i < n; i++) {
        char name[32];
        snprintf(name, sizeof name, "pay-%02zu", i + 1);
        f->hosts[i] =
            (struct finding_host){strdup(name), before, after * (1 - 0.02 * (double)i)};
    }
}

static inline void sample_mute(struct finding *f, const char *reason)
{
    f->muted = (struct muted){strdup("m0123456789ab"), strdup("li"), strdup(reason),
                              (instant){SAMPLE_START.ms + 8 * 3600000}};
}

static inline void sample_cpu(struct verdict *v)
{
    struct finding *f = verdict_add(v);
    sample_set(&f->rule, "host-cpu");
    sample_set(&f->title, "Processor time");
    f->kind = FINDING_LEVEL;
    f->grade = GRADE_ATTENTION;
    sample_set(&f->service, "pay");
    sample_set(&f->metric, "cpu.busy");
    sample_set(&f->unit, "%");
    f->before = 31.2;
    f->after = 55.0;
    f->delta = 23.8;
    f->effect = 0.763;
    f->control_before = 30.1;
    f->control_after = 30.8;
    f->usual = 0.9;
    f->z = 9.4;
    f->p = 0.00002;
    f->confidence = 0.9991;
    f->first_seen = (instant){SAMPLE_START.ms + 2 * 60000};
    f->moments = 203;
    f->moments_like = 0;
    sample_set(&f->because, "Processor time rose from 31.2 % to 55 % on 4 of 6 changed "
                            "hosts while 3 unchanged hosts stayed at 30.8 %.");
    sample_set(&f->owner, "payments on call");
    sample_hosts(f, 4, 31.2, 55.0);
    sample_curve(&f->curve, 31.2, 55.0);
}

static inline void sample_fail(struct verdict *v)
{
    struct finding *f = verdict_add(v);
    sample_set(&f->rule, "calls-fail-share");
    sample_set(&f->title, "Failing calls");
    f->kind = FINDING_SHARE;
    f->grade = GRADE_MUST_HANDLE;
    sample_set(&f->service, "pay");
    sample_set(&f->metric, "fail_share web->pay:/charge");
    sample_set(&f->unit, "share");
    sample_set(&f->code, "-1001");
    f->before = 0.0021;
    f->after = 0.194;
    f->delta = 0.1919;
    f->effect = 91.4;
    f->events_before = 126;
    f->of_before = 60000;
    f->events_after = 5820;
    f->of_after = 30000;
    f->p = 0;
    f->confidence = 0.99999;
    f->first_seen = (instant){SAMPLE_START.ms + 60000};
    sample_set(&f->because,
               "19.4 % of calls to /charge fail with -1001, against 0.21 % before.");
    sample_set(&f->advice, "Stop the release and roll back to 2.4.1.");
    sample_set(&f->runbook, "https://wiki.example.com/pay/rollback");
    sample_set(&f->owner, "payments on call");
    sample_curve(&f->curve, 0.0021, 0.194);
}

static inline void sample_core(struct verdict *v)
{
    struct finding *f = verdict_add(v);
    sample_set(&f->rule, "crashes");
    sample_set(&f->title, "Programs that crash");
    f->kind = FINDING_CORE;
    f->grade = GRADE_MUST_HANDLE;
    sample_set(&f->service, "pay");
    sample_set(&f->metric, "coredumps of pay, SIGSEGV in Reader::parse(int, char)");
    f->before = 0;
    f->after = 1204;
    f->delta = 1204;
    f->confidence = 1;
    sample_set(
        &f->because,
        "A crash never seen in 30 days: SIGSEGV in Reader::parse(int, char) <- "
        "read_file <- main, 1,204 dumps on 2 of 6 changed hosts since 10:00 UTC.");
    sample_hosts(f, 2, 0, 602);
}

static inline void sample_coverage(struct coverage *c)
{
    c->rules = 30;
    c->rules_judged = 28;
    c->hosts = 6;
    c->hosts_judged = 6;
    c->series_judged = 940;
    c->series_not_judged = 60;
    c->unjudged[UNJUDGED_NO_DATA_BEFORE] = 48;
    c->unjudged[UNJUDGED_FEW_CALLS] = 12;
    c->controls = 3;
    c->controls_note = strdup("pay-07, pay-08, pay-09");
}

/* must-handle, two findings, one change nearby. */
static inline struct verdict *sample_verdict(void)
{
    struct verdict *v = verdict_new("8812");
    v->grade = GRADE_MUST_HANDLE;
    v->revision = 2;
    v->final = false;
    v->decided_at = (instant){SAMPLE_START.ms + 31 * 60000};
    v->look = (span){30 * 60000};
    v->looks_done = 3;
    v->looks_all = 4;
    sample_set(&v->pack, "defaults 1f3a5b7c9d0e2f4a");
    sample_coverage(&v->coverage);
    sample_fail(v);
    sample_cpu(v);
    v->n_nearby = 1;
    v->nearby = calloc(1, sizeof *v->nearby);
    v->nearby[0] =
        (struct nearby){.change_id = strdup("8809"),
                        .title = strdup("edge proxy config"),
                        .at = {SAMPLE_START.ms - 4 * 60000},
                        .because = strdup("Changed pay-02 4 minutes before."),
                        .likelier = strdup(NEARBY_THIS),
                        .reasons = strdup("cpu.busy moved on 3 of 5 hosts that only "
                                          "this change touched.")};
    return v;
}

/* Every text of a verdict is `text`. */
static inline void sample_poison_verdict(struct verdict *v, const char *text)
{
    sample_set(&v->pack, text);
    sample_set(&v->reason, text);
    sample_set(&v->coverage.controls_note, text);
    sample_set(&v->coverage.restart_note, text);
    sample_set(&v->coverage.fresh_note, text);
    sample_set(&v->coverage.relief_note, text);
    sample_set(&v->coverage.slow_note, text);
    for (size_t i = 0; i < v->n_nearby; i++) {
        sample_set(&v->nearby[i].change_id, text);
        sample_set(&v->nearby[i].title, text);
        sample_set(&v->nearby[i].because, text);
        sample_set(&v->nearby[i].reasons, text);
    }
    for (size_t i = 0; i < v->n_findings; i++) {
        struct finding *f = &v->findings[i];
        char **const texts[] = {&f->rule,    &f->title,  &f->host,  &f->service,
                                &f->metric,  &f->unit,   &f->code,  &f->limit,
                                &f->because, &f->advice, &f->owner, &f->runbook};
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            sample_set(texts[j], text);
        for (size_t j = 0; j < f->n_hosts; j++)
            sample_set(&f->hosts[j].name, text);
        if (finding_is_muted(f)) {
            sample_set(&f->muted.author, text);
            sample_set(&f->muted.reason, text);
        }
    }
}

/* As no event reader would let it through: reports must not rest on that. */
static inline void sample_poison_change(struct change *c, const char *text)
{
    char **const texts[] = {&c->change_id, &c->service, &c->title, &c->actor,
                            &c->parent_id, &c->from,    &c->to,    &c->url};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        sample_set(texts[i], text);
    for (size_t i = 0; i < c->n_hosts; i++)
        sample_set(&c->host[i].name, text);
    sample_set(&c->label[0].key, text);
    sample_set(&c->label[0].value, text);
}

/* Every text of the verdict is an attack. */
static inline struct verdict *sample_hostile_verdict(void)
{
    struct verdict *v = sample_verdict();
    sample_poison_verdict(v, HOSTILE);
    for (size_t i = 0; i < v->n_findings; i++)
        sample_set(&v->findings[i].runbook, "javascript:alert(1)//" HOSTILE);
    return v;
}

static inline struct change *sample_hostile_change(void)
{
    struct change *c = sample_change();
    sample_poison_change(c, HOSTILE);
    sample_set(&c->url, "javascript:alert(1)");
    return c;
}

static inline size_t sample_count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
        n++;
    return n;
}

#endif
