/* tests of rules/ruleset */
#include "rules/ruleset.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static struct ruleset *good(const char *text)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_parse("good.yml", text, strlen(text), &c);
    if (rs == NULL || c.n > 0) {
        struct buf b = {0};
        complaints_write(&c, &b);
        test_fail(__FILE__, __LINE__, "complaints:\n%s", buf_text(&b));
    }
    complaints_free(&c);
    return rs;
}

/* What is said of a text, one complaint a line. */
static void check_complaints(const char *text, const char *want)
{
    struct complaints c = {0};
    struct buf b = {0};
    struct ruleset *rs = ruleset_parse("r.yml", text, strlen(text), &c);
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b), want);
    CHECK((rs == NULL) == (c.errors > 0));
    ruleset_free(&rs);
    complaints_free(&c);
    buf_free(&b);
}

TEST(a_rule_is_read_whole)
{
    struct ruleset *rs =
        good("format: 1\n"
             "pack: payments\n"
             "owner: pe-payments\n"
             "windows:\n"
             "  config: {settle: 10s, looks: [1m, 2m]}\n"
             "  default: {before: 20m}\n"
             "rules:\n"
             "  - id: cpu.jump\n"
             "    rev: 3\n"
             "    title: CPU use on the changed hosts\n"
             "    on: {kinds: [release, config], service: \"pay-*\"}\n"
             "    series: [cpu.busy, \"cpu.u*\"]\n"
             "    worse: up\n"
             "    unit: \"%\"\n"
             "    attention: {q: 5%, effect: 10%, delta: 5}\n"
             "    must-handle: {q: 0.01, effect: 30%, delta: 10}\n"
             "    limit: {above: 95, hold: 4 of 6, grade: attention}\n"
             "    needs: {points: 70%, hosts: 90%}\n"
             "    weight: 2\n"
             "    why: because\n"
             "    mode: shadow\n"
             "  - id: calls.fail\n"
             "    calls: {measure: fail_share, edges: [\"*->pay:*\"]}\n"
             "    attention: {delta: 0.5%, count: 5}\n"
             "    ok_codes: [\"404\", \"NOT_*\"]\n"
             "    owner: someone\n"
             "    needs: {calls: 200}\n"
             "  - id: silent\n"
             "    silence: true\n"
             "    must-handle: {effect: 20%}\n");
    CHECK_TEXT(rs->name, "payments");
    CHECK_INT(strlen(rs->hash), 16);
    CHECK_INT(rs->n, 3);
    const struct rule *r = &rs->rule[0];
    CHECK_TEXT(r->id, "cpu.jump");
    CHECK_INT(r->rev, 3);
    CHECK_INT(r->line, 8);
    CHECK_TEXT(r->file, "good.yml");
    CHECK_TEXT(r->owner, "pe-payments");
    CHECK_INT(r->kinds, 1u << CHANGE_RELEASE | 1u << CHANGE_CONFIG);
    CHECK_INT(r->n_patterns, 2);
    CHECK(r->worse == WORSE_UP && r->shadow && r->subject == SUBJECT_SERIES);
    CHECK_NEAR(r->attention.q, 0.05, 1e-12);
    CHECK_NEAR(r->must_handle.q, 0.01, 1e-12);
    CHECK_NEAR(r->must_handle.effect, 0.3, 1e-12);
    CHECK_NEAR(r->must_handle.delta, 10, 1e-12);
    CHECK(r->limit.set && r->limit.above && r->limit.hold == 4 && r->limit.of == 6);
    CHECK(r->limit.grade == GRADE_ATTENTION);
    CHECK_NEAR(r->needs.points, 0.7, 1e-12);
    r = &rs->rule[1];
    CHECK(r->subject == SUBJECT_CALLS && r->measure == MEASURE_FAIL_SHARE);
    CHECK_TEXT(r->pattern[0], "*->pay:*");
    CHECK_TEXT(r->ok_codes[1], "NOT_*");
    CHECK_TEXT(r->owner, "someone");
    CHECK_TEXT(r->title, "calls.fail");
    CHECK_NEAR(r->attention.delta, 0.005, 1e-12);
    CHECK_NEAR(r->needs.calls, 200, 0);
    CHECK(!r->must_handle.set);
    CHECK(rs->rule[2].subject == SUBJECT_SILENCE);
    CHECK_INT(rs->windows[CHANGE_CONFIG].before.ms, 20 * 60000); /* from the default */
    CHECK_INT(rs->windows[CHANGE_CONFIG].n_looks, 2);
    CHECK_INT(rs->windows[CHANGE_RELEASE].before.ms, 20 * 60000);
    CHECK_INT(rs->windows[CHANGE_RELEASE].settle.ms, 5 * 60000);
    ruleset_free(&rs);
}

TEST(all_mistakes_are_told_in_one_run_each_with_its_place)
{
    check_complaints(
        "format: 1\n"
        "rules:\n"
        "  - id: Bad Id\n"
        "    series: cpu.busy\n"
        "    attention: {effect: 30}\n"
        "  - id: two\n"
        "    series: cpu.busy\n"
        "    silence: true\n"
        "    attention: {delta: 5%}\n"
        "    worse: sideways\n"
        "  - id: three\n"
        "    calls: {measure: fail_shar}\n"
        "    limit: {above: 5, below: 3, hold: 6 of 5, grade: ok}\n"
        "  - id: three\n"
        "    on: {kinds: [deploy]}\n"
        "    calls: {measure: latency}\n",
        "r.yml:3:9: error[id]: id is 'Bad Id', expected 1 to 100 of a-z 0-9 . _ -\n"
        "r.yml:5:25: error[figure]: effect is '30', expected a share with its sign: "
        "30%\n"
        "r.yml:6:5: error[subject]: rule 'two' has several subjects, expected exactly "
        "one of series, calls, relief, probes, silence: true, coredumps: true, "
        "alarms: true, tests: true\n"
        "r.yml:9:24: error[figure]: delta is '5%', but it is a change in the metric's "
        "own unit: expected a number without %\n"
        "r.yml:10:12: error[worse]: worse is 'sideways', expected both, up, down\n"
        "r.yml:12:22: error[measure]: unknown measure 'fail_shar', did you mean "
        "'fail_share', expected fail_share, timeout_share, code_share, latency or "
        "traffic\n"
        "r.yml:13:12: error[limit]: expected either above or below\n"
        "r.yml:13:12: error[limit]: limit goes with series only\n"
        "r.yml:14:5: error[bar]: rule 'three' can never speak, expected attention, "
        "must-handle or limit\n"
        "r.yml:14:9: error[twice]: id 'three' is taken already by r.yml:11\n"
        "r.yml:15:18: error[kind]: unknown kind 'deploy', expected release, config, "
        "scale-out, batch-restart, rollback, other\n");
}

TEST(limits_and_bars_are_checked)
{
    check_complaints(
        "format: 1\n"
        "rules:\n"
        "  - id: a\n"
        "    series: x\n"
        "    limit: {above: 95%, hold: 6 of 5, grade: ok}\n"
        "  - id: b\n"
        "    series: x\n"
        "    attention: {}\n"
        "    must-handle: {count: 3}\n"
        "  - id: c\n"
        "    silence: true\n"
        "    attention: {q: 1%}\n"
        "  - id: d\n"
        "    series: x\n"
        "    ok_codes: [1]\n"
        "    attention: {q: 0x1, effect: nan%, delta: -1}\n",
        "r.yml:5:20: error[limit]: above is '95%', expected a number in the metric's "
        "unit\n"
        "r.yml:5:31: error[limit]: hold is '6 of 5', expected something like \"3 of "
        "5\", at most 60\n"
        "r.yml:5:46: error[grade]: grade is 'ok', expected attention or must-handle\n"
        "r.yml:8:16: error[bar]: attention says nothing, expected one or more of q, "
        "effect, delta, count\n"
        "r.yml:9:26: error[bar]: count is for calls, silence, coredumps, alarms, tests "
        "and probes; a series has no events\n"
        "r.yml:12:16: error[bar]: silence knows effect (share of the changed hosts) "
        "and count (hosts) only\n"
        "r.yml:15:15: error[ok_codes]: ok_codes go with calls only\n"
        "r.yml:16:20: error[figure]: q is '0x1', expected a number above 0\n"
        "r.yml:16:33: error[figure]: effect is 'nan%', expected a share above 0 "
        "such as 30%\n"
        "r.yml:16:46: error[figure]: delta is '-1', expected a number above 0\n");
}

TEST(coredumps_are_a_subject_of_their_own)
{
    struct ruleset *rs = good(
        "format: 1\nrules:\n"
        "  - {id: a, on: {service: web}, coredumps: true, attention: {count: 1}}\n"
        "  - {id: b, coredumps: true, attention: {count: 1, q: 1%, effect: 50%}}\n");
    struct change web = {.service = (char *)(uintptr_t) "web"};
    struct change pay = {.service = (char *)(uintptr_t) "pay"};
    CHECK(rs->rule[1].subject == SUBJECT_CORES);
    CHECK_NEAR(rs->rule[1].attention.effect, 0.5, 1e-12);
    CHECK(ruleset_for_cores(rs, &web) == &rs->rule[0]);
    CHECK(ruleset_for_cores(rs, &pay) == &rs->rule[1]);
    ruleset_free(&rs);
    check_complaints("format: 1\n"
                     "rules:\n"
                     "  - id: c\n"
                     "    on: {host: h1}\n"
                     "    coredumps: true\n"
                     "    attention: {delta: 5}\n"
                     "  - id: d\n"
                     "    coredumps: false\n"
                     "    attention: {q: 1%}\n",
                     "r.yml:4:16: error[host]: coredumps are put together over all "
                     "hosts\n"
                     "r.yml:6:24: error[bar]: coredumps know count (dumps), and q and "
                     "effect for crashes that are known already\n"
                     "r.yml:7:5: error[subject]: rule 'd' has no subject, expected "
                     "exactly one of series, calls, relief, probes, silence: true, "
                     "coredumps: true, alarms: true, tests: true\n");
}

TEST(alarms_and_tests_are_subjects_with_names_and_severities)
{
    struct ruleset *rs = good(
        "format: 1\nrules:\n"
        "  - {id: a, alarms: true, attention: {count: 1, q: 5%}}\n"
        "  - {id: b, alarms: true, severity: [crit*, page], must-handle: {count: 2}}\n"
        "  - {id: c, alarms: true, names: Disk*, attention: {count: 1}}\n"
        "  - {id: d, tests: true, attention: {count: 1}}\n"
        "  - {id: e, tests: true, names: [smoke/*], must-handle: {count: 1}}\n");
    struct change pay = {.service = (char *)(uintptr_t) "pay"};
    CHECK(rs->rule[1].subject == SUBJECT_ALARMS);
    CHECK(rs->rule[4].subject == SUBJECT_TESTS);
    CHECK(ruleset_for_alarm(rs, &pay, "Down", NULL) == &rs->rule[0]);
    CHECK(ruleset_for_alarm(rs, &pay, "Down", "warning") == &rs->rule[0]);
    CHECK(ruleset_for_alarm(rs, &pay, "Down", "Critical") == &rs->rule[1]);
    CHECK(ruleset_for_alarm(rs, &pay, "DiskFull", "page") == &rs->rule[2]);
    CHECK(ruleset_for_test(rs, &pay, "unit/a.b") == &rs->rule[3]);
    CHECK(ruleset_for_test(rs, &pay, "smoke/a.b") == &rs->rule[4]);
    ruleset_free(&rs);
    check_complaints(
        "format: 1\n"
        "rules:\n"
        "  - id: a\n"
        "    series: x\n"
        "    names: y\n"
        "    severity: page\n"
        "    attention: {q: 1%}\n"
        "  - id: b\n"
        "    on: {host: h1}\n"
        "    alarms: true\n"
        "    attention: {delta: 5}\n"
        "  - id: c\n"
        "    tests: true\n"
        "    attention: {q: 1%}\n",
        "r.yml:5:12: error[names]: names go with alarms and tests only\n"
        "r.yml:6:15: error[severity]: severity goes with alarms only\n"
        "r.yml:9:16: error[host]: alarms and tests are put together over all hosts\n"
        "r.yml:11:16: error[bar]: alarms know count (hosts), and q for alarms that "
        "ring in ordinary times too\n"
        "r.yml:14:16: error[bar]: tests know count only: tests that began to fail\n");
}

TEST(probes_are_series_that_tell_what_passed)
{
    struct ruleset *rs = good(
        "format: 1\nrules:\n"
        "  - {id: all, series: \"*\", attention: {effect: 10%}}\n"
        "  - {id: exact, series: \"ping.result_code{url=x}\", attention: {delta: 1}}\n"
        "  - id: up\n"
        "    probes: {series: [probe_success*]}\n"
        "    attention: {count: 1, effect: 10%, q: 5%}\n"
        "  - id: code\n"
        "    probes: {series: [http.code*, ping.*], ok_when: [0, 200..399, -2..-1.5],\n"
        "             hold: 2 of 3, result_labels: [result]}\n"
        "    must-handle: {count: 1}\n");
    struct change c = {.service = NULL};
    const struct rule *up = &rs->rule[2], *code = &rs->rule[3];
    CHECK_INT(up->subject, SUBJECT_PROBES);
    CHECK(up->probing.hold == 3 && up->probing.of == 5);
    CHECK(up->probing.n_result_labels == 3 && code->probing.n_result_labels == 1);
    CHECK(rule_passes(up, 1) && !rule_passes(up, 0) && !rule_passes(up, 0.9));
    CHECK(code->probing.hold == 2 && code->probing.of == 3);
    CHECK(rule_passes(code, 0) && rule_passes(code, 200) && rule_passes(code, 399));
    CHECK(rule_passes(code, -1.5) && !rule_passes(code, 1) && !rule_passes(code, 500));
    /* a result is no level, unless a rule for levels names it better */
    CHECK(ruleset_for_probe(rs, &c, "probe_success{instance=a}", "h") == up);
    CHECK(ruleset_for_series(rs, &c, "probe_success{instance=a}", "h") == NULL);
    CHECK(ruleset_for_series(rs, &c, "cpu.busy", "h") == &rs->rule[0]);
    CHECK(ruleset_for_probe(rs, &c, "cpu.busy", "h") == NULL);
    CHECK(ruleset_for_series(rs, &c, "ping.result_code{url=x}", "h") == &rs->rule[1]);
    CHECK(ruleset_for_probe(rs, &c, "ping.result_code{url=x}", "h") == NULL);
    CHECK(ruleset_for_probe(rs, &c, "ping.result_code{url=y}", "h") == code);
    ruleset_free(&rs);
    check_complaints(
        "format: 1\n"
        "rules:\n"
        "  - id: a\n"
        "    probes: {series: [], ok_when: [up, 5..1], hold: 6 of 5}\n"
        "    attention: {delta: 5}\n"
        "  - id: b\n"
        "    probes: {ok_when: 0}\n"
        "    names: x\n"
        "    attention: {count: 1}\n",
        "r.yml:4:22: error[empty]: series names nothing\n"
        "r.yml:4:36: error[ok_when]: ok_when is 'up', expected a number such as 1, or "
        "a range such as 200..399\n"
        "r.yml:4:40: error[ok_when]: ok_when is '5..1', expected a number such as 1, "
        "or a range such as 200..399\n"
        "r.yml:4:53: error[hold]: hold is '6 of 5', expected something like \"3 of "
        "5\", at most 60\n"
        "r.yml:5:24: error[bar]: probes know count (hosts), effect (share of the "
        "hosts), and q for probes that fail now and then\n"
        "r.yml:7:13: error[missing-field]: probes lacks 'series', expected a list of "
        "texts, or one text\n"
        "r.yml:8:12: error[names]: names go with alarms and tests only\n");
}

TEST(windows_are_checked)
{
    check_complaints(
        "format: 1\n"
        "windows:\n"
        "  default: {settle: 10m}\n"
        "  deploy: {before: 5m}\n"
        "  config: {looks: [2m, 1m, x], settle: 30s}\n"
        "rules: [{id: a, series: x, attention: {q: 1%}}]\n",
        "r.yml:3:21: error[windows]: the first look (10m) must be longer "
        "than settle (10m), or nothing is left to compare\n"
        "r.yml:4:3: error[kind]: unknown kind 'deploy' in windows, expected "
        "default, release, config, scale-out, batch-restart, rollback, "
        "other\n"
        "r.yml:5:24: error[looks]: look 1m is not longer than the one "
        "before it\n"
        "r.yml:5:28: error[span]: 'x' is not a length of time such as 90s, "
        "30m or 1h30m\n");
}

TEST(the_slow_look_is_a_day_after_unless_said_or_off)
{
    struct ruleset *rs = good("format: 1\n"
                              "windows:\n"
                              "  config: {slow: off}\n"
                              "  release: {slow: [6h, 24h]}\n"
                              "rules: [{id: a, series: x, attention: {q: 1%}}]\n");
    CHECK_INT(rs->windows[CHANGE_OTHER].n_slow, 1);
    CHECK_INT(rs->windows[CHANGE_OTHER].slow[0].ms, 86400000);
    CHECK_INT(rs->windows[CHANGE_CONFIG].n_slow, 0);
    CHECK_INT(rs->windows[CHANGE_RELEASE].n_slow, 2);
    CHECK_INT(rs->windows[CHANGE_RELEASE].slow[0].ms, 6 * 3600000);
    ruleset_free(&rs);
    check_complaints(
        "format: 1\n"
        "windows:\n"
        "  config: {slow: 1h}\n"
        "  other: {slow: [6h, 5h, often]}\n"
        "  release: {slow: [2h, 3h, 4h, 5h, 6h]}\n"
        "rules: [{id: a, series: x, attention: {q: 1%}}]\n",
        "r.yml:3:18: error[slow]: slow look 1h is not longer than the last look "
        "before it\n"
        "r.yml:4:22: error[slow]: slow look 5h is not longer than the one before it\n"
        "r.yml:4:26: error[span]: 'often' is not a length of time such as 90s, "
        "30m or 1h30m\n"
        "r.yml:5:19: error[slow]: slow has 5 times, expected 1 to 4, or off\n");
}

TEST(a_file_without_rules_or_of_another_format_is_refused)
{
    check_complaints("", "r.yml:1:1: error[missing-field]: rule file lacks 'format', "
                         "expected a whole number, digits only\n");
    check_complaints("format: 2\n",
                     "r.yml:1:9: error[format]: format is 2, this program reads format "
                     "1\n");
    check_complaints("format: 1\n", "r.yml:1:1: error[empty]: no rules in here, "
                                    "expected at least one\n");
}

TEST(a_must_handle_that_asks_for_less_than_attention_is_a_warning)
{
    check_complaints("format: 1\n"
                     "rules:\n"
                     "  - id: a\n"
                     "    series: x\n"
                     "    attention: {effect: 30%}\n"
                     "    must-handle: {effect: 10%}\n",
                     "r.yml:6:18: warning[weaker]: must-handle of 'a' asks for less "
                     "than attention in a part\n");
}

static struct change of(enum change_kind kind, const char *service)
{
    return (struct change){.kind = kind, .service = (char *)(uintptr_t)service};
}

TEST(the_best_fit_speaks_for_a_series)
{
    struct ruleset *rs =
        good("format: 1\n"
             "rules:\n"
             "  - {id: all, series: \"*\", attention: {q: 1%}}\n"
             "  - {id: disks, series: \"disk.util*\", attention: {q: 1%}, limit: "
             "{above: 9}}\n"
             "  - {id: sda, series: \"disk.util{device=sda}\", attention: {q: 1%}}\n"
             "  - {id: web, on: {service: \"web*\"}, series: \"disk.util{*\", "
             "attention: {q: 1%}}\n"
             "  - {id: db, on: {host: \"db*\"}, series: \"disk.util{d*\", attention: "
             "{q: 1%}}\n"
             "  - {id: lim, series: \"disk.util{device=sda}\", limit: {above: 9}}\n");
    struct change pay = of(CHANGE_RELEASE, "pay"), web = of(CHANGE_RELEASE, "web1");
    const char *sda = "disk.util{device=sda}", *sdb = "disk.util{device=sdb}";
    CHECK_TEXT(ruleset_for_series(rs, &pay, sda, "h1")->id, "sda");
    CHECK_TEXT(ruleset_for_series(rs, &pay, sdb, "h1")->id, "disks");
    CHECK_TEXT(ruleset_for_series(rs, &web, sdb, "h1")->id, "web");
    CHECK_TEXT(ruleset_for_series(rs, &pay, sdb, "db1")->id, "db");
    CHECK_TEXT(ruleset_for_series(rs, &pay, sdb, NULL)->id, "disks");
    CHECK_TEXT(ruleset_for_series(rs, &pay, "cpu.busy", "h1")->id, "all");
    CHECK_TEXT(ruleset_for_limit(rs, &pay, sda, "h1")->id, "lim");
    CHECK_TEXT(ruleset_for_limit(rs, &pay, sdb, "h1")->id, "disks");
    CHECK(ruleset_for_limit(rs, &pay, "cpu.busy", "h1") == NULL);
    CHECK(rule_catches_all(&rs->rule[0], "cpu.busy"));
    CHECK(!rule_catches_all(&rs->rule[1], sda));
    CHECK(ruleset_has_host_rules(rs));
    ruleset_free(&rs);
}

TEST(kind_and_service_say_whether_a_rule_applies)
{
    struct ruleset *rs =
        good("format: 1\n"
             "rules:\n"
             "  - {id: a, on: {kinds: config}, series: x, attention: {q: 1%}}\n"
             "  - {id: b, on: {service: \"pay*\"}, silence: true, attention: {}}\n");
    struct change c = of(CHANGE_CONFIG, "pay"), r = of(CHANGE_RELEASE, NULL);
    CHECK(rule_applies(&rs->rule[0], &c) && !rule_applies(&rs->rule[0], &r));
    CHECK(rule_applies(&rs->rule[1], &c) && !rule_applies(&rs->rule[1], &r));
    ruleset_free(&rs);
}

TEST(the_shipped_pack_is_without_fault_and_covers_what_the_agent_sends)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_load(NULL, &c);
    struct buf b = {0};
    complaints_write(&c, &b);
    CHECK_TEXT(buf_text(&b), "");
    CHECK(rs != NULL);
    CHECK_TEXT(rs->name, "defaults");
    static const char *const sent[] = {"cpu.busy",
                                       "cpu.user",
                                       "cpu.system",
                                       "cpu.iowait",
                                       "cpu.steal",
                                       "load.load1",
                                       "mem.used_pct",
                                       "mem.available",
                                       "disk.util{device=sda}",
                                       "disk.read_bytes{device=sda}",
                                       "fs.used_pct{mount=/}",
                                       "net.rx_bytes{iface=eth0}",
                                       "tcp.established",
                                       "tcp.time_wait",
                                       "tcp.retrans",
                                       "procs.total",
                                       "procs.running",
                                       "procs.blocked",
                                       "procs.threads",
                                       "ctxt.switches"};
    struct change ch = of(CHANGE_RELEASE, "pay");
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        const struct rule *r = ruleset_for_series(rs, &ch, sent[i], "h1");
        CHECK(r != NULL && !rule_catches_all(r, sent[i]));
    }
    CHECK_TEXT(ruleset_for_series(rs, &ch, "my.own", "h1")->id, "series.moved");
    CHECK_TEXT(ruleset_for_limit(rs, &ch, "disk.util{device=sda}", "h1")->id,
               "disk.saturated");
    for (int m = 0; m < MEASURE_N; m++)
        CHECK(ruleset_for_calls(rs, &ch, (enum measure)m, "a->pay:/x") != NULL);
    CHECK_TEXT(ruleset_for_cores(rs, &ch)->id, "crashes");
    CHECK_INT(rs->windows[CHANGE_CONFIG].settle.ms, 120000);
    CHECK_INT(rs->windows[CHANGE_CONFIG].n_looks, 4);
    CHECK_INT(rs->windows[CHANGE_RELEASE].settle.ms, 300000);
    ruleset_free(&rs);
    complaints_free(&c);
    buf_free(&b);
}

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", test_dir(), name);
    FILE *f = fopen(path, "we");
    CHECK(f != NULL);
    fputs(text, f);
    fclose(f);
}

TEST(a_folder_is_read_in_order_of_names_and_its_hash_follows_the_texts)
{
    put("b.yml", "format: 1\nrules: [{id: b, series: x, attention: {q: 1%}}]\n");
    put("a.yml",
        "format: 1\npack: mine\nrules: [{id: a, series: x, attention: {q: 1%}}]\n");
    put("c.txt", "not: rules");
    struct complaints c = {0};
    struct ruleset *rs = ruleset_load(test_dir(), &c);
    CHECK(rs != NULL);
    CHECK_TEXT(rs->name, "mine");
    CHECK_TEXT(rs->rule[0].id, "a");
    CHECK_TEXT(rs->rule[1].id, "b");
    char hash[17];
    memcpy(hash, rs->hash, sizeof hash);
    ruleset_free(&rs);
    put("b.yml", "format: 1\nrules: [{id: b, series: y, attention: {q: 1%}}]\n");
    rs = ruleset_load(test_dir(), &c);
    CHECK(rs != NULL && strcmp(rs->hash, hash) != 0);
    ruleset_free(&rs);
    put("b.yml", "format: 1\nrules: [{id: a, series: y, attention: {q: 1%}}]\n");
    rs = ruleset_load(test_dir(), &c);
    CHECK(rs == NULL);
    CHECK_INT(c.errors, 1);
    complaints_free(&c);
}

TEST(a_path_that_is_not_there_is_a_complaint)
{
    struct complaints c = {0};
    CHECK(ruleset_load("/nowhere/at/all.yml", &c) == NULL);
    CHECK_INT(c.errors, 1);
    CHECK_TEXT(c.at[0].text, "cannot be read: No such file or directory");
    complaints_free(&c);
}

TEST(figures_may_be_left_alone_on_new_hosts_for_a_while)
{
    struct complaints c = {0};
    static const char text[] =
        "format: 1\nrules:\n"
        "  - {id: a, series: mem.*, fresh_after: 30m, attention: {effect: 5%}}\n"
        "  - {id: b, series: cpu.*, attention: {effect: 5%}}\n";
    struct ruleset *rs = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    CHECK(rs != NULL);
    CHECK_INT(rs->rule[0].fresh_after.ms, 1800000);
    CHECK_INT(rs->rule[1].fresh_after.ms, 0);
    ruleset_free(&rs);
    complaints_free(&c);
}

TEST(a_rule_of_relief_names_figures_of_load_and_the_share_that_is_enough)
{
    struct complaints c = {0};
    static const char text[] = "format: 1\nrules:\n"
                               "  - {id: a, relief: [cpu.busy, load.load1], unit: "
                               "\"%\", attention: {effect: 33%}}\n";
    struct ruleset *rs = ruleset_parse("r.yml", text, sizeof text - 1, &c);
    CHECK(rs != NULL);
    CHECK_INT(rs->rule[0].subject, SUBJECT_RELIEF);
    CHECK_INT(rs->rule[0].n_patterns, 2);
    CHECK_NEAR(rs->rule[0].attention.effect, 0.33, 1e-12);
    ruleset_free(&rs);
    complaints_free(&c);
}

TEST(what_does_not_go_with_new_hosts_is_named)
{
    check_complaints(
        "format: 1\nrules:\n"
        "  - id: a\n"
        "    silence: true\n"
        "    fresh_after: 30m\n"
        "    attention: {count: 1}\n"
        "  - id: b\n"
        "    relief: cpu.busy\n"
        "    attention: {q: 5%, effect: 33%}\n"
        "  - id: c\n"
        "    relief: []\n"
        "    must-handle: {effect: 10%}\n",
        "r.yml:5:18: error[fresh_after]: fresh_after goes with series only\n"
        "r.yml:9:16: error[bar]: relief knows effect only: the share of what the new "
        "hosts should take that is enough\n"
        "r.yml:11:13: error[empty]: relief names no figure of load\n");
}

TEST(a_pattern_without_tags_speaks_for_a_figure_whatever_its_tags)
{
    struct ruleset *rs =
        good("format: 1\n"
             "rules:\n"
             "  - {id: a, series: cpu.busy, attention: {q: 1%}}\n"
             "  - {id: b, series: \"cpu.*{cpu=0}\", attention: {q: 1%}}\n"
             "  - {id: c, calls: {measure: fail_share, edges: [\"web->pay:get\"]},\n"
             "     attention: {q: 1%}}\n");
    const struct rule *plain = &rs->rule[0], *tagged = &rs->rule[1];
    CHECK(rule_fit(plain, "cpu.busy") > 0);
    CHECK_INT(rule_fit(plain, "cpu.busy{idc=sh1}"), rule_fit(plain, "cpu.busy"));
    CHECK_INT(rule_fit(plain, "cpu.busy2{idc=sh1}"), 0);
    CHECK(rule_fit(tagged, "cpu.busy{cpu=0}") > 0);
    CHECK_INT(rule_fit(tagged, "cpu.busy{cpu=1}"), 0);
    CHECK_INT(rule_fit(&rs->rule[2], "web->pay:get{id}"), 0);
    ruleset_free(&rs);
}
