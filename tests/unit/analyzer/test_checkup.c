/* tests of analyzer/checkup: with a real ledger and real windows */
#include "analyzer/checkup.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* All times are seconds on the data's own clock. */
enum { START = 1795255200, STEP = 10 };

struct world {
    struct ledger *ledger;
    struct windows *windows;
    struct checkup *checkup;
    struct ruleset *rules;
};
static struct world w;

static const char rule_text[] = "format: 1\n"
                                "windows:\n"
                                "  default: {before: 5m, settle: 30s, looks: [2m, 4m], "
                                "late: 10s, unfinished: 10m, slow: off}\n"
                                "rules:\n"
                                "  - id: full\n"
                                "    series: cpu.busy\n"
                                "    limit: {above: 95, hold: 3 of 5}\n"
                                "  - id: silent\n"
                                "    silence: true\n"
                                "    attention: {count: 1}\n";

static void begin_round(void)
{
    char path[256];
    struct err err = {0}, note = {0};
    struct complaints c = {0};
    static int worlds;
    snprintf(path, sizeof path, "%s/ledger-%d.db", test_dir(), ++worlds);
    w.ledger = ledger_open(path, &note, &err);
    if (w.ledger == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    struct windows_spec spec = {
        .step = span_seconds(STEP), .rows = 720, .bytes_max = 64 << 20};
    w.windows = windows_open(&spec, &note, &err);
    if (w.windows == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    w.rules = ruleset_parse("r.yml", rule_text, sizeof rule_text - 1, &c);
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

static void post(const char *json)
{
    struct err err = {0};
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    if (change_event_read(&root, INSTANT_NONE, &e, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK(ledger_post_wait(w.ledger, &e, (instant){START * 1000ll}, &err) ==
          POSTED_NEW);
}

/* cpu.busy of a host from START + from to START + to. */
static void samples(const char *host, int from, int to, float v)
{
    struct entity who = {ENTITY_HOST, host, "pay", "", "", "", "", "", ""};
    uint32_t entity = windows_entity(w.windows, &who);
    uint32_t metric = windows_metric(w.windows, "cpu.busy", 8, MERGE_MEAN);
    for (int s = from; s < to; s += STEP)
        CHECK(windows_put(w.windows, entity, (instant){(START + s) * 1000ll}, 1,
                          &metric, &v, NULL) == WINDOWS_PUT_OK);
}

/* A round at START + s; gives what it stored. */
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
    return ledger_verdict(w.ledger, "c1", &err);
}

static const char whole[] =
    "{\"source\":\"t\",\"id\":\"1\",\"change_id\":\"c1\",\"kind\":\"release\","
    "\"service\":\"pay\",\"hosts\":[\"h1\"],\"phase\":\"finished\","
    "\"time\":\"2026-11-21T10:00:00Z\"}";

TEST(nothing_open_wants_no_round)
{
    int next;
    begin_round();
    CHECK_INT(round_at(0, &next), 0);
    CHECK_INT(next, -1);
    end_round();
}

TEST(a_change_is_looked_at_when_each_look_falls_due_and_no_sooner)
{
    int next;
    begin_round();
    samples("h1", -300, 300, 20);
    post(whole);
    CHECK_INT(round_at(60, &next), 0);
    CHECK_INT(next, 130); /* two minutes and the time for late samples */
    CHECK(current() == NULL);
    CHECK_INT(round_at(130, &next), 1);
    CHECK_INT(next, 250);
    OWNED_VERDICT *first = current();
    CHECK_TEXT(grade_name(first->grade), "ok");
    CHECK_INT(first->revision, 1);
    CHECK(!first->final);
    CHECK_INT(first->decided_at.ms, (START + 130) * 1000ll);
    CHECK_INT(round_at(140, &next), 0); /* nothing new */
    CHECK_INT(round_at(250, &next), 1);
    OWNED_VERDICT *last = current();
    CHECK(last->final);
    CHECK_INT(last->looks_done, 2);
    CHECK_INT(round_at(260, &next), 0);
    CHECK_INT(next, -1);
    struct checkup_stats s = checkup_stats(w.checkup);
    CHECK_INT(s.looks, 2);
    CHECK_INT(s.graded[GRADE_OK], 1);
    CHECK_INT(s.open, 0);
    end_round();
}

TEST(another_grade_is_another_revision)
{
    int next;
    begin_round();
    samples("h1", -300, 130, 20);
    post(whole);
    CHECK_INT(round_at(130, &next), 1);
    samples("h1", 130, 300, 99);
    CHECK_INT(round_at(250, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->revision, 2);
    CHECK_TEXT(grade_name(v->grade), "must-handle");
    CHECK_INT(v->n_findings, 1);
    end_round();
}

TEST(a_change_posted_after_the_fact_is_judged_at_once_for_its_last_look)
{
    int next;
    begin_round();
    samples("h1", -300, 300, 20);
    post(whole);
    CHECK_INT(round_at(5000, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK(v->final);
    CHECK_INT(v->decided_at.ms, (START + 250) * 1000ll);
    CHECK_INT(v->revision, 1);
    end_round();
}

TEST(a_restart_judges_the_last_look_again_and_makes_no_new_revision)
{
    int next;
    begin_round();
    samples("h1", -300, 300, 20);
    post(whole);
    CHECK_INT(round_at(130, &next), 1);
    checkup_free(&w.checkup);
    w.checkup = checkup_new(w.ledger, w.windows, NULL);
    round_at(135, &next);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->revision, 1);
    CHECK_INT(next, 250);
    end_round();
}

/* Mutes the rule from START + s for an hour; gives the id. */
static const char *mute(const char *rule, int s)
{
    static char id[MUTE_ID_MAX];
    char json[200];
    struct err err = {0};
    struct mute *m = NULL;
    snprintf(json, sizeof json,
             "{\"rule\":\"%s\",\"author\":\"li\",\"reason\":\"known\","
             "\"until\":\"1h\"}",
             rule);
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    struct json_at root = json_root(doc);
    if (mute_read(&root, (instant){(START + s) * 1000ll}, &m, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    snprintf(id, sizeof id, "%s", m->id);
    CHECK_INT(ledger_put_mute_wait(w.ledger, &m, &err), POSTED_NEW);
    return id;
}

static void check_current(int revision, enum grade g, bool muted)
{
    OWNED_VERDICT *v = current();
    CHECK_INT(v->revision, revision);
    CHECK_TEXT(grade_name(v->grade), grade_name(g));
    CHECK_INT(v->n_findings, 1);
    CHECK_TEXT(grade_name(v->findings[0].grade), "must-handle");
    CHECK_INT(finding_is_muted(&v->findings[0]), muted);
}

TEST(a_new_or_ended_mute_has_open_changes_judged_anew)
{
    int next;
    struct err err = {0};
    begin_round();
    samples("h1", -300, 0, 20);
    samples("h1", 0, 300, 99);
    post(whole);
    CHECK_INT(round_at(130, &next), 1);
    check_current(1, GRADE_MUST_HANDLE, false);
    mute("other*", 140);
    CHECK_INT(round_at(140, &next), 1); /* it might have been about this */
    check_current(1, GRADE_MUST_HANDLE, false);
    const char *id = mute("ful?", 150);
    CHECK_INT(round_at(150, &next), 1);
    check_current(2, GRADE_OK, true);
    CHECK_INT(round_at(151, &next), 0);
    CHECK_INT(ledger_end_mute_wait(w.ledger, id, "wu",
                                   (instant){(START + 160) * 1000ll}, &err),
              POSTED_NEW);
    CHECK_INT(round_at(160, &next), 1);
    check_current(3, GRADE_MUST_HANDLE, false);
    mute("*", 170);
    CHECK_INT(round_at(250, &next), 1);
    check_current(4, GRADE_OK, true);
    end_round();
}

TEST(a_restart_judges_with_the_same_mutes)
{
    int next;
    begin_round();
    samples("h1", -300, 0, 20);
    samples("h1", 0, 300, 99);
    post(whole);
    mute("full", 140);
    CHECK_INT(round_at(150, &next), 1);
    check_current(1, GRADE_OK, true);
    checkup_free(&w.checkup);
    w.checkup = checkup_new(w.ledger, w.windows, NULL);
    round_at(160, &next);
    check_current(1, GRADE_OK, true);
    end_round();
}

TEST(no_samples_are_not_judged_never_ok)
{
    int next;
    begin_round();
    post(whole);
    CHECK_INT(round_at(250, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK_TEXT(grade_name(v->grade), "not-judged");
    CHECK(v->reason != NULL && v->final);
    end_round();
}

TEST(a_change_that_nobody_finishes_is_closed)
{
    int next;
    begin_round();
    samples("h1", -300, 700, 20);
    post("{\"source\":\"t\",\"id\":\"1\",\"change_id\":\"c1\",\"kind\":\"release\","
         "\"service\":\"pay\",\"hosts\":[\"h1\"],\"phase\":\"started\","
         "\"time\":\"2026-11-21T10:00:00Z\"}");
    CHECK_INT(round_at(250, &next), 1);
    OWNED_VERDICT *running = current();
    CHECK_TEXT(grade_name(running->grade), "ok");
    CHECK(!running->final);
    CHECK_INT(next, 610);
    CHECK_INT(round_at(610, &next), 1);
    OWNED_VERDICT *closed = current();
    CHECK(closed->final);
    CHECK_TEXT(grade_name(closed->grade), "not-judged");
    end_round();
}

TEST(another_change_on_the_host_is_named)
{
    int next;
    begin_round();
    samples("h1", -300, 300, 20);
    post("{\"source\":\"t\",\"id\":\"2\",\"change_id\":\"c0\",\"kind\":\"config\","
         "\"service\":\"pay\",\"hosts\":[\"h1\"],\"phase\":\"finished\","
         "\"time\":\"2026-11-21T09:58:00Z\"}");
    post(whole);
    round_at(250, &next);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->n_nearby, 1);
    CHECK_TEXT(v->nearby[0].because, "Changed h1 2 minutes before this change.");
    end_round();
}

/* --- coredumps --- */

static void dump(const char *host, const char *fn, int64_t s)
{
    struct err err = {0};
    struct core *c = NULL;
    OWNED_BUF b = {0};
    char at[INSTANT_TEXT_MAX];
    buf_addf(&b,
             "{\"time\":\"%s\",\"host\":\"%s\",\"exe\":\"/opt/pay\",\"pid\":7,"
             "\"signal\":\"SIGSEGV\",\"frames\":[{\"fn\":\"%s\"}]}",
             instant_text((instant){(START + s) * 1000}, at), host, fn);
    OWNED_JSON *doc = json_parse(buf_text(&b), b.len, &err);
    struct json_at root = json_root(doc);
    CHECK(core_read(&root, INSTANT_NONE, &c, &err) == 0);
    CHECK(ledger_put_core_wait(w.ledger, &c, INSTANT_NONE, &err) == POSTED_NEW);
}

TEST(coredumps_of_changed_and_unchanged_hosts_are_gathered_with_their_past)
{
    static const char text[] = "format: 1\n"
                               "windows:\n"
                               "  default: {before: 5m, settle: 30s, looks: [2m]}\n"
                               "rules:\n"
                               "  - {id: crashes, coredumps: true, attention: "
                               "{count: 1, q: 1%}}\n";
    struct complaints c = {0};
    int next;
    begin_round();
    ruleset_free(&w.rules);
    w.rules = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    samples("h1", -300, 300, 20);
    samples("h2", -300, 300, 20);
    dump("h1", "known", -15 * 86400);
    dump("h9", "known_elsewhere", -86400);
    dump("h1", "known", 58);
    dump("h1", "known_elsewhere", 59);
    dump("h1", "new_but_everywhere", 60);
    dump("h2", "new_but_everywhere", 61); /* unchanged, and names no service */
    dump("h1", "fresh", 70);
    dump("h1", "too_late", 121);
    post(whole);
    CHECK_INT(round_at(400, &next), 1);
    OWNED_VERDICT *v = current();
    CHECK_INT(v->grade, GRADE_ATTENTION);
    CHECK_INT(v->n_findings, 1);
    CHECK_TEXT(v->findings[0].because,
               "A crash never seen before, in 15 days of memory: SIGSEGV in fresh, 1 "
               "dump on h1 since 10:01 UTC, none on 1 unchanged host.");
    CHECK_INT(v->coverage.rules_judged, 1);
    end_round();
}

/* --- ahead --- */

static const char fleet_rule[] = "format: 1\n"
                                 "windows:\n"
                                 "  default: {before: 5m, settle: 30s, looks: [2m, "
                                 "4m], late: 10s, unfinished: 10m}\n"
                                 "rules:\n"
                                 "  - id: load\n"
                                 "    series: cpu.busy\n"
                                 "    worse: up\n"
                                 "    attention: {effect: 10%, q: 0.05}\n";

static const char half[] =
    "{\"source\":\"t\",\"id\":\"1\",\"change_id\":\"c1\",\"kind\":\"release\","
    "\"service\":\"pay\",\"hosts\":[\"h00\",\"h01\",\"h02\",\"h03\",\"h04\",\"h05\"],"
    "\"phase\":\"finished\",\"time\":\"2026-11-21T10:00:00Z\"}";

/* Twelve hosts with twelve hours of past; six were changed, and do more since. */
static void begin_fleet(int until)
{
    struct complaints c = {0};
    struct err err = {0}, note = {0};
    begin_round();
    windows_close(&w.windows);
    ruleset_free(&w.rules);
    checkup_free(&w.checkup);
    struct windows_spec spec = {
        .step = span_seconds(STEP), .rows = 4400, .bytes_max = 64 << 20};
    w.windows = windows_open(&spec, &note, &err);
    w.rules = ruleset_parse("r.yml", fleet_rule, sizeof fleet_rule - 1, &c);
    CHECK(w.windows != NULL && w.rules != NULL);
    w.checkup = checkup_new(w.ledger, w.windows, NULL);
    uint64_t seed = 7;
    for (int h = 0; h < 12; h++)
        for (int s = -42000; s < until; s += STEP) {
            char name[16];
            seed = seed * 6364136223846793005ull + 1442695040888963407ull;
            double v = 20 + h + (double)(seed >> 60) / 4;
            snprintf(name, sizeof name, "h%02d", h);
            samples(name, s, s + STEP, (float)(h < 6 && s >= 0 ? 1.5 * v : v));
        }
    post(half);
}

/* Prepares all that can be at START + s; gives how often there was something. */
static int prepare_at(int s, int *ret_next)
{
    instant next = INSTANT_FAR;
    struct err err = {0};
    int n = 0, rc;
    while ((rc = checkup_prepare(w.checkup, w.rules, (instant){(START + s) * 1000ll},
                                 &next, &err)) > 0)
        n++;
    if (rc < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    *ret_next = next.ms == INT64_MAX ? -1 : (int)(next.ms / 1000 - START);
    return n;
}

static char *current_text(void)
{
    OWNED_VERDICT *v = current();
    struct buf b = {0};
    CHECK(v != NULL);
    verdict_write(v, true, &b);
    return buf_give(&b);
}

/* The first look's verdict without preparing; the caller frees it. */
static char *unprepared(void)
{
    int next;
    begin_fleet(120);
    CHECK_INT(round_at(130, &next), 1);
    CHECK_INT((long long)checkup_stats(w.checkup).ahead, 0);
    char *text = current_text();
    end_round();
    return text;
}

TEST(a_look_that_was_prepared_says_the_same_byte_for_byte)
{
    int next;
    char *want = unprepared();
    CHECK(strstr(want, "\"load\"") != NULL); /* it found something */
    begin_fleet(30);
    CHECK_INT(round_at(0, &next), 0);
    CHECK_INT(prepare_at(0, &next), 0);
    CHECK_INT(next, 10); /* late samples from before the change have their time */
    CHECK_INT(prepare_at(10, &next), 1);
    CHECK_INT(next, 120);
    CHECK_INT(prepare_at(60, &next), 0); /* it is done */
    CHECK(checkup_stats(w.checkup).ahead_bytes > 0);
    end_round();
    begin_fleet(120);
    CHECK_INT(round_at(20, &next), 0);
    CHECK_INT(prepare_at(20, &next), 1);
    CHECK_INT(prepare_at(121, &next), 1); /* a look at whether it still fits */
    CHECK_INT((long long)checkup_stats(w.checkup).prepared, 1);
    CHECK_INT(round_at(130, &next), 1);
    char *got = current_text();
    CHECK_TEXT(got, want);
    struct checkup_stats s = checkup_stats(w.checkup);
    CHECK_INT((long long)s.ahead, 1);
    CHECK_INT((long long)s.unfit, 0);
    CHECK_INT(prepare_at(131, &next), 1); /* for the next look */
    CHECK_INT((long long)checkup_stats(w.checkup).prepared, 2);
    end_round();
    free(got);
    free(want);
}

TEST(what_no_longer_fits_is_learned_anew)
{
    int next;
    begin_fleet(120);
    CHECK_INT(round_at(20, &next), 0);
    CHECK_INT(prepare_at(121, &next), 1);
    samples("h03", -60, -50, 90); /* it came very late */
    CHECK_INT(round_at(130, &next), 1);
    struct checkup_stats s = checkup_stats(w.checkup);
    CHECK_INT((long long)s.ahead, 1);
    CHECK_INT((long long)s.unfit, 1);
    char *got = current_text();
    CHECK(strstr(got, "\"load\"") != NULL);
    free(got);
    end_round();
}

TEST(another_event_makes_it_be_prepared_again_and_an_ended_change_is_forgotten)
{
    int next;
    begin_fleet(250);
    CHECK_INT(round_at(20, &next), 0);
    CHECK_INT(prepare_at(20, &next), 1);
    post("{\"source\":\"t\",\"id\":\"2\",\"change_id\":\"c1\",\"kind\":\"release\","
         "\"service\":\"pay\",\"hosts\":[\"h06\"],\"phase\":\"batch_finished\","
         "\"time\":\"2026-11-21T10:00:00Z\"}");
    CHECK_INT(prepare_at(30, &next), 1);
    CHECK_INT((long long)checkup_stats(w.checkup).prepared, 2);
    CHECK_INT(round_at(250, &next), 1);
    CHECK_INT(round_at(260, &next), 0);
    CHECK_INT(prepare_at(260, &next), 0);
    CHECK_INT(next, -1);
    end_round();
}
