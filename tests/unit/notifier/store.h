/* tests/unit/notifier/store.h - a ledger in memory with the sample change in it. */
#ifndef TESTS_UNIT_NOTIFIER_STORE_H
#define TESTS_UNIT_NOTIFIER_STORE_H

#include "storage/ledger.h"
#include "tests/unit/notifier/sample.h"

static inline struct ledger *store_open(void)
{
    struct err err = {0};
    struct ledger *l = ledger_open(":memory:", NULL, &err);
    if (l == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

static inline void store_post(struct ledger *l, const char *json)
{
    struct err err = {0};
    struct json_doc *doc = json_parse(json, strlen(json), &err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    if (change_event_read(&root, INSTANT_NONE, &e, &err) < 0 ||
        ledger_post_wait(l, &e, SAMPLE_START, &err) != POSTED_NEW)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    json_free(&doc);
}

static inline void store_change(struct ledger *l, const char *id)
{
    char json[400];
    snprintf(json, sizeof json,
             "{\"source\":\"t\",\"id\":\"%s\",\"kind\":\"release\",\"service\":\"pay\","
             "\"title\":\"pay 2.5.0\",\"time\":\"2026-11-21T10:00:00Z\","
             "\"hosts\":[\"pay-01\"]}",
             id);
    store_post(l, json);
}

static inline void store_verdict(struct ledger *l, const char *id, int revision,
                                 enum grade g, bool final)
{
    struct err err = {0};
    OWNED_VERDICT *v = sample_verdict();
    sample_set(&v->change_id, id);
    v->revision = revision;
    v->grade = g;
    v->final = final;
    if (ledger_put_verdict(l, v, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

#endif
