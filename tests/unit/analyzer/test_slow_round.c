/* tests of analyzer/slow_round: rounds with a real ledger and real windows, a slow look
 * ten minutes after a change */
#include "analyzer/checkup.h"
#include "analyzer/slow_round.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

/* All times are seconds on the data's own clock. */
enum {
    START = 1795255200,
    STEP = 10,
    PAST = 4800,
    SLOW = 600,
    HOSTS = 12,
    CHANGED = 4
};

struct world {
    struct ledger *ledger;
    struct windows *windows;
    struct checkup *checkup;
    struct ruleset *rules;
};
static struct world w;

static void begin_round(const char *slow)
{
    char text[512];
    struct err err = {0}, note = {0};
    struct complaints c = {0};
    int n = snprintf(text, sizeof text,
                     "format: 1\n"
                     "windows:\n"
                     "  default: {before: 2m, settle: 10s, looks: [1m], late: 10s,\n"
                     "            unfinished: 10m, slow: %s}\n"
                     "rules:\n"
                     "  - {id: mem, series: mem.used, worse: up,\n"
                     "     attention: {q: 5%%, effect: 5%%}}\n",
                     slow);
    w.ledger = ledger_open(":memory:", &note, &err);
    if (w.ledger == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    struct windows_spec spec = {
        .step = span_seconds(STEP), .rows = 720, .bytes_max = 64 << 20};
    w.windows = windows_open(&spec, &note, &err);
    CHECK(w.windows != NULL);
    w.rules = ruleset_parse("r.yml", text, (size_t)n, &c);
    CHECK(w.rules != NULL);
    w.checkup = checkup_new(w.ledger, w.windows, NULL);
}

static void end_round(void)
{
    checkup_free(&w.checkup);
    windows_close(&w.windows);
    ledger_close(&w.ledger);
    ruleset_free(&w.rules);
}

static void post(const char *phase)
{
    struct err err = {0};
    struct buf text = {0};
    buf_addf(&text,
             "{\"source\":\"t\",\"id\":\"1\",\"change_id\":\"c1\",\"kind\":\"release\","
             "\"service\":\"pay\",\"hosts\":[\"h0\",\"h1\",\"h2\",\"h3\"],"
             "\"phase\":\"%s\",\"time\":\"2026-11-21T10:00:00Z\"}",
             phase);
    OWNED_JSON *doc = json_parse(buf_text(&text), text.len, &err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    CHECK(change_event_read(&root, INSTANT_NONE, &e, &err) == 0);
    CHECK(ledger_post_wait(w.ledger, &e, (instant){START * 1000ll}, &err) ==
          POSTED_NEW);
    buf_free(&text);
}

/* Memory of all hosts; that of the changed ones rises by `share` in the slow look's
 * time. */
static void samples(int from, int to, double share)
{
    uint32_t metric = windows_metric(w.windows, "mem.used", 8, MERGE_MEAN);
    for (int h = 0; h < HOSTS; h++) {
        char host[16];
        snprintf(host, sizeof host, "h%d", h);
        struct entity who = {ENTITY_HOST, host, "pay", "", "", "", "", "", ""};
        uint32_t entity = windows_entity(w.windows, &who);
        for (int s = from; s < to; s += STEP) {
            double noise = sin(s * 0.7 + h * 1.3) + sin(s * 0.037 + h);
            double v = 40 + h + 0.3 * noise;
            if (h < CHANGED && s > 0)
                v *= 1 + share * s / SLOW;
            CHECK(windows_put(w.windows, entity, (instant){(START + s) * 1000ll}, 1,
                              &metric, &(float){(float)v}, NULL) == WINDOWS_PUT_OK);
        }
    }
}

static size_t round_at(int s, int *ret_next)
{
    instant next;
    size_t stored = 0;
    struct err err = {0};
    if (checkup_round(w.checkup, w.rules, (instant){(START + s) * 1000ll}, &next,
                      &stored, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    *ret_next = next.ms == INT64_MAX ? -1 : (int)(next.ms / 1000 - START);
    return stored;
}

static struct verdict *current(void)
{
    struct err err = {0};
    struct verdict *v = ledger_verdict(w.ledger, "c1", &err);
    CHECK(v != NULL);
    return v;
}

/* Revisions that readers are yet to be told of. */
static size_t untold(void)
{
    struct untold *u;
    size_t n;
    struct err err = {0};
    CHECK_INT(ledger_untold(w.ledger, 10, &u, &n, &err), 0);
    for (size_t i = 0; i < n; i++)
        CHECK_INT(ledger_tell(w.ledger, &u[i], NULL, 0, (instant){1}, &err), 0);
    ledger_untold_free(&u, n);
    return n;
}

TEST(a_slow_look_that_finds_nothing_leaves_the_verdict_and_bothers_nobody)
{
    int next;
    begin_round("10m");
    samples(-PAST, SLOW + 60, 0);
    post("finished");
    CHECK_INT(round_at(70, &next), 1);
    OWNED_VERDICT *first = current();
    CHECK(first->final && first->grade == GRADE_OK);
    CHECK_INT(untold(), 1);
    CHECK_INT(next, SLOW + 10);
    CHECK_INT(round_at(SLOW + 9, &next), 0); /* waits */
    CHECK_INT(next, SLOW + 10);
    CHECK_INT(round_at(SLOW + 10, &next), 1);
    round_at(SLOW + 20, &next);
    CHECK_INT(next, -1);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->revision, 1);
    CHECK(v->final);
    CHECK_INT(v->slow_done, 1);
    CHECK_TEXT(v->coverage.slow_note,
               "looked again 10 minutes after: 0 of 1 series crept up");
    CHECK_INT(untold(), 0);
    CHECK_INT(checkup_stats(w.checkup).graded[GRADE_OK], 1); /* one change, once */
    end_round();
}

TEST(a_leak_makes_a_further_revision_that_is_final_and_to_be_told)
{
    int next;
    begin_round("10m");
    samples(-PAST, 80, 0.01);
    post("finished");
    CHECK_INT(round_at(70, &next), 1);
    CHECK_INT(untold(), 1);
    samples(80, SLOW + 60, 0.3);
    CHECK_INT(round_at(SLOW + 10, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->revision, 2);
    CHECK(v->final && v->grade == GRADE_ATTENTION);
    CHECK_INT(v->n_findings, 1);
    CHECK_INT(v->findings[0].later.ms, SLOW * 1000);
    CHECK_INT(untold(), 1);
    CHECK_INT(round_at(SLOW + 20, &next), 0); /* not taken again */
    CHECK_INT(next, -1);
    CHECK_INT(untold(), 0);
    end_round();
}

TEST(several_slow_looks_come_one_after_another_over_a_restart)
{
    int next;
    begin_round("[5m, 10m]");
    samples(-PAST, SLOW + 60, 0);
    post("finished");
    CHECK_INT(round_at(70, &next), 1);
    CHECK_INT(next, 310);
    CHECK_INT(round_at(310, &next), 1);
    checkup_free(&w.checkup); /* what waits is in the ledger */
    w.checkup = checkup_new(w.ledger, w.windows, NULL);
    round_at(320, &next);
    CHECK_INT(next, 610);
    CHECK_INT(round_at(610, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->slow_done, 2);
    CHECK_INT(v->revision, 1);
    end_round();
}

TEST(a_change_that_was_cancelled_has_no_slow_look)
{
    int next;
    begin_round("10m");
    samples(-PAST, 80, 0);
    post("cancelled");
    CHECK_INT(round_at(70, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK(v->final);
    CHECK_INT(next, -1);
    end_round();
}
