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
    CHECK_INT(r->on.kinds, 1u << CHANGE_RELEASE | 1u << CHANGE_CONFIG);
    CHECK_INT(r->pattern.n, 2);
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
    CHECK_TEXT(r->pattern.at[0].text, "*->pay:*");
    CHECK_TEXT(r->ok_codes.at[1].text, "NOT_*");
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
                                       "load.1m",
                                       "load.5m",
                                       "load.15m",
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
    CHECK_INT(rs->rule[0].pattern.n, 2);
    CHECK_NEAR(rs->rule[0].attention.effect, 0.33, 1e-12);
    ruleset_free(&rs);
    complaints_free(&c);
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
    CHECK(up->probing.result_label.n == 3 && code->probing.result_label.n == 1);
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

TEST(codes_are_ok_or_ignored_by_the_best_fit_of_the_called_service)
{
    struct ruleset *rs = good(
        "format: 1\n"
        "codes:\n"
        "  \"pay-*\": {ok: [\"404\", NOT_*], ignore: CANCELLED}\n"
        "  pay-batch: {ok: \"500\"}\n"
        "rules:\n"
        "  - id: a\n"
        "    calls: {measure: fail_share}\n"
        "    attention: {delta: 1%}\n"
        "    ok_codes: [\"42\"]\n"
        "    except:\n"
        "      - {caller: loadtest-*, code: \"503\", until: 2026-12-31, reason: R}\n"
        "      - {caller: fuzz, until: 2026-12-31, reason: R}\n");
    const struct rule *r = &rs->rule[0];
    CHECK_INT(rule_code(r, "web", "pay-api", "404"), CODE_IS_OK);
    CHECK_INT(rule_code(r, "web", "pay-api", "NOT_FOUND"), CODE_IS_OK);
    CHECK_INT(rule_code(r, "web", "pay-api", "CANCELLED"), CODE_IS_IGNORED);
    CHECK_INT(rule_code(r, "web", "pay-api", "500"), CODE_COUNTS);
    CHECK_INT(rule_code(r, "web", "pay-batch", "500"), CODE_IS_OK);
    CHECK_INT(rule_code(r, "web", "pay-batch", "404"), CODE_COUNTS);
    CHECK_INT(rule_code(r, "web", "cart", "42"), CODE_IS_OK);
    CHECK_INT(rule_code(r, "loadtest-1", "cart", "503"), CODE_IS_OK);
    CHECK_INT(rule_code(r, "web", "cart", "503"), CODE_COUNTS);
    struct change c = of(CHANGE_RELEASE, "pay-api");
    CHECK(ruleset_for_calls(rs, &c, MEASURE_FAIL_SHARE, "web->pay-api:/x") == r);
    CHECK(ruleset_for_calls(rs, &c, MEASURE_FAIL_SHARE, "loadtest-1->pay-api:/x") == r);
    CHECK(ruleset_for_calls(rs, &c, MEASURE_FAIL_SHARE, "fuzz->pay-api:/x") == NULL);
    c.start.ms = INT64_C(1900000000000);
    CHECK(ruleset_for_calls(rs, &c, MEASURE_FAIL_SHARE, "fuzz->pay-api:/x") == r);
    struct ruleset *in = ruleset_in_force(rs, &c, NULL);
    CHECK(in != NULL);
    CHECK_INT(in->rule[0].except.n, 0); /* they have ended */
    CHECK_INT(rule_code(&in->rule[0], "loadtest-1", "cart", "503"), CODE_COUNTS);
    ruleset_free(&in);
    ruleset_free(&rs);
}

TEST(an_exception_silences_its_rule_and_no_other_takes_over)
{
    struct ruleset *rs = good(
        "format: 1\n"
        "rules:\n"
        "  - {id: all, series: \"*\", attention: {q: 1%}}\n"
        "  - id: cpu\n"
        "    series: cpu.*\n"
        "    attention: {q: 1%}\n"
        "    except: [{host: \"/^lt[0-9]+$/\", metric: cpu.busy, until: 2026-12-31, "
        "reason: R}]\n");
    struct change c = of(CHANGE_RELEASE, "pay");
    CHECK(ruleset_for_series(rs, &c, "cpu.busy", "lt1") == NULL);
    CHECK(ruleset_for_series(rs, &c, "cpu.user", "lt1") == &rs->rule[1]);
    CHECK(ruleset_for_series(rs, &c, "cpu.busy", "h1") == &rs->rule[1]);
    CHECK(ruleset_for_series(rs, &c, "cpu.busy", NULL) == &rs->rule[1]);
    CHECK(ruleset_excepts_series(rs, &c, "cpu.busy", "lt1"));
    CHECK(!ruleset_excepts_series(rs, &c, "cpu.busy", "h1"));
    CHECK(!ruleset_excepts_series(rs, &c, "mem.used", "lt1"));
    ruleset_free(&rs);
}

TEST(huge_deep_and_endless_files_are_refused_in_bounded_memory)
{
    static const char head[] = "format: 1\nrules:\n";
    struct buf b = {0};
    struct complaints c = {0};
    char path[256];
    snprintf(path, sizeof path, "%s/huge.yml", test_dir());
    FILE *f = fopen(path, "we");
    CHECK(f != NULL && fputs(head, f) >= 0);
    CHECK(fseek(f, 100 << 20, SEEK_SET) == 0 && fputs("x", f) >= 0); /* 100 MB */
    fclose(f);
    CHECK(ruleset_load(path, &c) == NULL);
    CHECK_INT(c.n, 1);
    CHECK_TEXT(c.at[0].code, "E001");
    complaints_free(&c);
    CHECK(ruleset_load("/dev/zero", &c) == NULL); /* has no end */
    CHECK_TEXT(c.at[0].code, "E001");
    complaints_free(&c);
    for (int i = 0; i < 100000; i++)
        buf_add_ch(&b, '[');
    CHECK(ruleset_parse("deep.yml", buf_text(&b), b.len, &c) == NULL);
    CHECK_TEXT(c.at[0].code, "E014");
    complaints_free(&c);
    buf_clear(&b);
    buf_add(&b, head);
    while (b.len < (1 << 20) - 100)
        buf_add(&b, "  - {id: a, series: x, attention: {q: 1%}}\n");
    CHECK(ruleset_parse("many.yml", buf_text(&b), b.len, &c) == NULL);
    CHECK_INT(c.n, COMPLAINTS_MAX);
    CHECK(c.unkept > 0);
    complaints_free(&c);
    buf_free(&b);
}

TEST(files_of_tests_beside_the_rules_are_no_rules)
{
    put("a.yml", "format: 1\nrules: [{id: a, series: x, attention: {q: 1%}}]\n");
    put("a_test.yml", "tests: []\n");
    struct complaints c = {0};
    struct ruleset *rs = ruleset_load(test_dir(), &c);
    CHECK(rs != NULL && rs->n_files == 1);
    ruleset_free(&rs);
    complaints_free(&c);
}

TEST(labels_of_the_change_say_whether_a_rule_applies)
{
    struct ruleset *rs =
        good("format: 1\nrules:\n"
             "  - {id: a, on: {labels: {idc: [sh*, bj1], tier: gold}}, silence: true,\n"
             "     attention: {count: 1}}\n");
    struct label labels[] = {{(char *)(uintptr_t) "idc", (char *)(uintptr_t) "sh1"},
                             {(char *)(uintptr_t) "tier", (char *)(uintptr_t) "gold"}};
    struct change c = of(CHANGE_RELEASE, "pay");
    CHECK(!rule_applies(&rs->rule[0], &c));
    c.label = labels;
    c.n_labels = 1;
    CHECK(!rule_applies(&rs->rule[0], &c));
    c.n_labels = 2;
    CHECK(rule_applies(&rs->rule[0], &c));
    labels[0].value = (char *)(uintptr_t) "gz1";
    CHECK(!rule_applies(&rs->rule[0], &c));
    ruleset_free(&rs);
}
