/* tests of analyzer/again: with a real ledger and real windows */
#include "analyzer/again.h"
#include "analyzer/checkup.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { START = 1795255200, STEP = 10 };

/* A history that tests make up; the linker takes its functions before the library's.
 * disk.used is 50 before the change and 99 from then on. */
struct history {
    span step;
};

span history_step(const struct history *h, instant from, instant to)
{
    (void)from, (void)to;
    return h->step;
}

int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err)
{
    (void)err;
    from.ms -= from.ms % h->step.ms;
    u->past = (struct track){.from = from, .step = h->step};
    u->past.rows = (uint32_t)((to.ms - from.ms + h->step.ms - 1) / h->step.ms);
    u->past.cells = calloc((size_t)u->past.rows * u->n_metrics + 1, sizeof(float));
    for (uint32_t r = 0; r < u->past.rows; r++)
        for (uint32_t i = 0; i < u->n_metrics; i++)
            u->past.cells[(size_t)r * u->n_metrics + i] =
                from.ms + (int64_t)r * h->step.ms < START * 1000ll ? 50 : 99;
    return 0;
}

struct world {
    struct ledger *ledger;
    struct windows *windows;
    struct ruleset *rules;
};
static struct world w;

#define WINDOWS                                                                        \
    "format: 1\n"                                                                      \
    "windows:\n"                                                                       \
    "  default: {before: 5m, settle: 30s, looks: [2m, 4m], late: 10s, "                \
    "unfinished: 10m, slow: off}\n"                                                    \
    "rules:\n"                                                                         \
    "  - id: full\n"                                                                   \
    "    series: disk.used\n"

static struct ruleset *rules(const char *text)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    CHECK(rs != NULL);
    complaints_free(&c);
    return rs;
}

static void begin(void)
{
    char path[256];
    struct err err = {0}, note = {0};
    static int worlds;
    snprintf(path, sizeof path, "%s/again-%d.db", test_dir(), ++worlds);
    w.ledger = ledger_open(path, &note, &err);
    struct windows_spec spec = {
        .step = span_seconds(STEP), .rows = 720, .bytes_max = 64 << 20};
    w.windows = windows_open(&spec, &note, &err);
    CHECK(w.ledger != NULL && w.windows != NULL);
    w.rules = rules(WINDOWS "    limit: {above: 95, hold: 3 of 5}\n");
}

static void end(void)
{
    windows_close(&w.windows);
    ledger_close(&w.ledger);
    ruleset_free(&w.rules);
}

static void post(const char *phase)
{
    struct err err = {0};
    OWNED_BUF json = {0};
    buf_addf(&json,
             "{\"source\":\"t\",\"id\":\"1\",\"change_id\":\"c1\",\"kind\":"
             "\"release\",\"service\":\"pay\",\"hosts\":[\"h1\"],\"phase\":\"%s\","
             "\"time\":\"2026-11-21T10:00:00Z\"}",
             phase);
    OWNED_JSON *doc = json_parse(buf_text(&json), json.len, &err);
    struct json_at root = json_root(doc);
    struct change_event *e = NULL;
    CHECK_INT(change_event_read(&root, INSTANT_NONE, &e, &err), 0);
    CHECK_INT(ledger_post_wait(w.ledger, &e, (instant){START * 1000ll}, &err),
              POSTED_NEW);
}

static void samples(int from, int to, float v)
{
    const struct entity who = {.kind = ENTITY_HOST, .host = "h1", .service = "pay"};
    uint32_t entity = windows_entity(w.windows, &who);
    uint32_t metric = windows_metric(w.windows, "disk.used", 9, MERGE_MEAN);
    for (int s = from; s < to; s += STEP)
        CHECK_INT(windows_put(w.windows, entity, (instant){(START + s) * 1000ll}, 1,
                              &metric, &v, NULL),
                  WINDOWS_PUT_OK);
}

static void round_at(int s)
{
    struct checkup *c = checkup_new(w.ledger, w.windows, NULL);
    instant next;
    size_t stored;
    struct err err = {0};
    CHECK_INT(checkup_round(c, w.rules, (instant){(START + s) * 1000ll}, &next, &stored,
                            &err),
              0);
    checkup_free(&c);
}

static void judge_again(const struct ruleset *rs, struct again *a)
{
    struct err err = {0};
    const struct again_stores stores = {w.ledger, w.windows, NULL};
    const struct again_ask ask = {.stores = &stores, .rules = rs, .change_id = "c1"};
    CHECK_INT(again_judge(&ask, a, &err), 0);
    CHECK_TEXT(err.text, "");
}

TEST(the_same_rules_say_the_same_again)
{
    begin();
    samples(-300, 0, 50);
    samples(0, 300, 99);
    post("finished");
    round_at(250);
    OWNED_AGAIN a = {0};
    judge_again(w.rules, &a);
    CHECK_INT(a.left_out, AGAIN_JUDGED);
    CHECK_TEXT(grade_name(a.said->grade), "must-handle");
    CHECK(verdict_same(a.said, a.now));
    CHECK(a.now->final && !a.from_history && !a.coarse);
    CHECK_INT(a.now->decided_at.ms, a.said->decided_at.ms);
    end();
}

TEST(other_rules_say_something_else_and_the_finding_that_makes_it_is_named)
{
    begin();
    samples(-300, 0, 50);
    samples(0, 300, 99);
    post("finished");
    round_at(250);
    struct ruleset *lax = rules(WINDOWS "    limit: {above: 99.5, hold: 3 of 5}\n");
    OWNED_AGAIN a = {0};
    bool of_now = true;
    judge_again(lax, &a);
    CHECK_TEXT(grade_name(a.now->grade), "ok");
    const struct finding *f = again_reason(&a, &of_now);
    CHECK(f != NULL && !of_now);
    CHECK_TEXT(f->rule, "full");
    struct ruleset *mild =
        rules(WINDOWS "    limit: {above: 95, hold: 3 of 5, grade: attention}\n");
    OWNED_AGAIN b = {0};
    judge_again(mild, &b);
    CHECK_TEXT(grade_name(b.now->grade), "attention");
    ruleset_free(&lax);
    ruleset_free(&mild);
    end();
}

/* Beyond the limit at the first look and fine at the second; seen at both. */
static void passing_trouble(void)
{
    samples(-300, 0, 50);
    samples(0, 130, 99);
    samples(130, 300, 50);
    post("finished");
    round_at(135);
    round_at(255);
}

static void count_looks(size_t look, size_t of, void *arg)
{
    size_t *n = arg;
    CHECK(look == ++*n && of == 2);
}

static void judge_all_looks(const struct ruleset *rs, struct again *a)
{
    size_t told = 0;
    struct err err = {0};
    const struct again_stores stores = {w.ledger, w.windows, NULL};
    const struct again_ask ask = {.stores = &stores,
                                  .rules = rs,
                                  .change_id = "c1",
                                  .all_looks = true,
                                  .looked = count_looks,
                                  .arg = &told};
    CHECK_INT(again_judge(&ask, a, &err), 0);
    CHECK_INT(a->left_out, AGAIN_JUDGED);
    CHECK_INT(told, 2);
}

TEST(what_was_told_at_an_early_look_is_compared_though_it_recovered)
{
    begin();
    passing_trouble();
    const struct verdict *said, *now;
    bool of_now = true;
    OWNED_AGAIN same = {0};
    judge_all_looks(w.rules, &same);
    CHECK_INT(same.looks, 2);
    CHECK_TEXT(grade_name(same.said->grade), "ok");
    CHECK_TEXT(grade_name(same.said_worst->grade), "must-handle");
    CHECK_TEXT(grade_name(same.now_worst->grade), "must-handle");
    CHECK_INT(same.now_worst->looks_done, 1);
    CHECK(verdict_same(same.said_worst, same.now_worst));
    again_pair(&same, &said, &now);
    CHECK(said == same.said && now == same.now);
    CHECK(again_told(&same, "full") && !again_told(&same, "ful"));
    struct ruleset *lax = rules(WINDOWS "    limit: {above: 99.5, hold: 3 of 5}\n");
    OWNED_AGAIN a = {0};
    judge_all_looks(lax, &a);
    again_pair(&a, &said, &now);
    CHECK_TEXT(grade_name(said->grade), "must-handle");
    CHECK_TEXT(grade_name(now->grade), "ok");
    const struct finding *f = again_reason(&a, &of_now);
    CHECK(f != NULL && !of_now);
    CHECK(!again_told(&a, "full"));
    OWNED_AGAIN last = {0}; /* the last look alone is blind to it */
    judge_again(lax, &last);
    again_pair(&last, &said, &now);
    CHECK_TEXT(grade_name(said->grade), "ok");
    ruleset_free(&lax);
    end();
}

TEST(an_early_look_of_too_long_rows_is_left_aside_on_both_sides)
{
    begin();
    passing_trouble();
    samples(4 * 3600, 4 * 3600 + 60, 50);
    struct err err = {0};
    struct history h = {{60000}}; /* two rows in two minutes, four in four */
    const struct again_stores stores = {w.ledger, w.windows, &h};
    const struct again_ask ask = {
        .stores = &stores, .rules = w.rules, .change_id = "c1", .all_looks = true};
    OWNED_AGAIN a = {0};
    CHECK_INT(again_judge(&ask, &a, &err), 0);
    CHECK_INT(a.left_out, AGAIN_JUDGED);
    CHECK_INT(a.looks, 1);
    CHECK_INT(a.looks_coarse, 1);
    CHECK(a.said_worst == NULL); /* nobody can tell what was seen then */
    end();
}

TEST(a_change_without_a_final_verdict_is_left_out_unless_any_will_do)
{
    begin();
    samples(-300, 300, 50);
    post("finished");
    {
        OWNED_AGAIN none = {0};
        judge_again(w.rules, &none);
        CHECK_INT(none.left_out, AGAIN_NO_VERDICT);
        CHECK_TEXT(again_name(none.left_out), "no_verdict");
    }
    round_at(130);
    OWNED_AGAIN open = {0};
    judge_again(w.rules, &open);
    CHECK_INT(open.left_out, AGAIN_OPEN);
    CHECK(open.now == NULL && open.said != NULL);
    struct err err = {0};
    const struct again_stores stores = {w.ledger, w.windows, NULL};
    const struct again_ask any = {.stores = &stores,
                                  .rules = w.rules,
                                  .change_id = "c1",
                                  .any = true,
                                  .now = {(START + 130) * 1000ll}};
    OWNED_AGAIN a = {0};
    CHECK_INT(again_judge(&any, &a, &err), 0);
    CHECK(a.now != NULL && !a.now->final);
    CHECK_INT(a.now->looks_done, 1);
    end();
}

TEST(a_cancelled_change_is_left_out_and_an_unknown_one_is_an_error)
{
    begin();
    samples(-300, 300, 50);
    post("cancelled");
    round_at(250);
    {
        OWNED_AGAIN a = {0};
        judge_again(w.rules, &a);
        CHECK_INT(a.left_out, AGAIN_CANCELLED);
    }
    struct err err = {0};
    const struct again_stores stores = {w.ledger, w.windows, NULL};
    const struct again_ask ask = {
        .stores = &stores, .rules = w.rules, .change_id = "c9"};
    OWNED_AGAIN a = {0};
    CHECK(again_judge(&ask, &a, &err) < 0);
    CHECK_INT(err.code, ENOENT);
    end();
}

/* The change as it was judged from samples, which the windows no longer hold. */
static void judge_long_after(span step, struct again *a)
{
    struct err err = {0};
    struct history h = {step};
    samples(-300, 0, 50);
    samples(0, 300, 99);
    post("finished");
    round_at(250);
    samples(4 * 3600, 4 * 3600 + 60, 50);
    const struct again_stores stores = {w.ledger, w.windows, &h};
    const struct again_ask ask = {
        .stores = &stores, .rules = w.rules, .change_id = "c1"};
    CHECK_INT(again_judge(&ask, a, &err), 0);
    CHECK_TEXT(grade_name(a->said->grade), "must-handle");
}

TEST(what_the_windows_no_longer_hold_is_judged_from_history_and_said_to_be_coarse)
{
    begin();
    OWNED_AGAIN a = {0};
    judge_long_after((span){60000}, &a);
    CHECK_INT(a.left_out, AGAIN_JUDGED);
    CHECK(a.from_history && a.coarse);
    CHECK_INT(a.step.ms, 60000);
    CHECK_TEXT(grade_name(a.now->grade), "must-handle");
    CHECK_NEAR(a.now->findings[0].after, 99, 0);
    end();
}

TEST(rows_longer_than_a_third_of_a_window_tell_nothing)
{
    begin();
    OWNED_AGAIN a = {0};
    judge_long_after((span){300000}, &a);
    CHECK_INT(a.left_out, AGAIN_TOO_COARSE);
    CHECK(a.now == NULL);
    CHECK_TEXT(again_name(a.left_out), "too_coarse");
    end();
}
