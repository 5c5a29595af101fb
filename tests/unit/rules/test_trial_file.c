#include "rules/schema.h"
#include "rules/trial_file.h"
#include "storage/test_run.h"
#include "tests/unit/rules/make_rules.h"

#include <dirent.h>
#include <stdio.h>

#define HEAD "format: 1\npacks: [r.yml]\ntests:\n"

static struct trial_file *good(const char *text)
{
    struct complaints c = {0};
    struct trial_file *f = trial_file_parse("rules/r_test.yml", text, strlen(text), &c);
    if (f == NULL || c.n > 0) {
        struct buf b = {0};
        complaints_write(&c, &b);
        test_fail(__FILE__, __LINE__, "complaints:\n%s", buf_text(&b));
    }
    complaints_free(&c);
    return f;
}

static void check_names(const struct trial_names *names, const char *want)
{
    OWNED_BUF b = {0};
    for (size_t i = 0; i < names->n; i++)
        buf_addf(&b, "%s%s", i > 0 ? " " : "", names->at[i]);
    CHECK_TEXT(buf_text(&b), want);
}

TEST(a_test_is_read_with_all_its_parts)
{
    struct trial_file *f = good(
        HEAD "  - name: it works\n"
             "    change: {kind: config, service: pay, hosts: [h1, h2], at: "
             "2026-03-01T08:00:00Z, takes: 5m, phase: started, labels: {idc: sh1}}\n"
             "    step: 10s\n"
             "    lasts: 30m\n"
             "    past: 7d\n"
             "    series:\n"
             "      - {metric: cpu.busy, host: h9, step: 1m, before: 20x30, after: "
             "27x20}\n"
             "      - {metric: rps, service: pay, before: 100}\n"
             "    calls:\n"
             "      - {caller: web, iface: /x, code: -1, outcome: timeout, side: "
             "server, callee_host: h1, before: 10, ms: 20}\n"
             "    coredumps:\n"
             "      - {exe: /srv/pay, signal: SIGABRT, at: 3m, frames: [a, b], "
             "times: 3}\n"
             "    alarms:\n"
             "      - {name: Full, severity: critical, host: h1, at: -1h, ends: 5m}\n"
             "    tests:\n"
             "      - {name: pays, suite: smoke, class: api, result: fail, at: 5m}\n"
             "    expect:\n"
             "      - {rule: cpu, grade: must-handle, host: h9, because: rose}\n"
             "      - {grade: must-handle}\n");
    const struct trial *t = &f->tests.at[0];
    char at[INSTANT_TEXT_MAX];
    CHECK_TEXT(t->name, "it works");
    CHECK_INT(t->change.kind, CHANGE_CONFIG);
    CHECK_INT(t->change.phase, PHASE_STARTED);
    CHECK_TEXT(instant_text(t->change.at, at), "2026-03-01T08:00:00Z");
    CHECK_INT(t->change.takes.ms, 300000);
    CHECK_TEXT(t->change.label[0].key, "idc");
    check_names(&t->change.hosts, "h1 h2");
    CHECK_INT(t->step.ms, 10000);
    CHECK_INT(t->lasts.ms, 1800000);
    CHECK_INT(t->past.ms, 7 * 86400000ll);
    CHECK_INT(t->series.at[0].step.ms, 60000);
    CHECK_INT(t->series.at[0].before.part[0].n, 30);
    CHECK_TEXT(t->series.at[0].service, "pay");
    CHECK_INT(t->series.at[1].hosts.n, 0);
    CHECK_INT(t->series.at[1].step.ms, 10000);
    CHECK_TEXT(t->calls.at[0].callee, "pay");
    CHECK_TEXT(trial_outcomes[t->calls.at[0].outcome], "timeout");
    CHECK_TEXT(trial_sides[t->calls.at[0].side], "server");
    check_names(&t->cores.at[0].hosts, "h1 h2");
    check_names(&t->cores.at[0].frames, "a b");
    CHECK(t->cores.at[0].times == 3);
    CHECK_INT(t->alarms.at[0].when.ms, -3600000);
    CHECK_INT(t->cases.at[0].result, TEST_FAIL);
    CHECK_INT(t->expect.n, 2);
    CHECK(t->expect.at[1].rule == NULL);
    trial_file_free(&f);
}

TEST(what_is_left_out_has_its_standard)
{
    struct trial_file *f = good(HEAD "  - name: it works\n"
                                     "    change: {kind: release, hosts: h1}\n"
                                     "    series:\n"
                                     "      - {metric: a, before: 1..5x3}\n"
                                     "    coredumps:\n"
                                     "      - {exe: /srv/pay, at: 0}\n"
                                     "    expect: []\n");
    const struct trial *t = &f->tests.at[0];
    CHECK_INT(t->change.phase, PHASE_FINISHED);
    CHECK_INT(t->step.ms, 60000);
    CHECK_INT(t->past.ms, 86400000);
    CHECK_INT(t->lasts.ms, 0);
    CHECK_TEXT(t->cores.at[0].signal, "SIGSEGV");
    CHECK(t->cores.at[0].times == 1);
    /* it goes on as it ended */
    CHECK_INT(t->series.at[0].after.n, 1);
    CHECK(t->series.at[0].after.part[0].open);
    CHECK(t->series.at[0].after.part[0].from == 5);
    trial_file_free(&f);
}

TEST(hosts_can_be_ranges)
{
    struct trial_file *f =
        good(HEAD "  - name: it works\n"
                  "    change: {kind: release, hosts: [a, web-9..web-11, db01..db03]}\n"
                  "    expect: []\n");
    check_names(&f->tests.at[0].change.hosts, "a web-9 web-10 web-11 db01 db02 db03");
    trial_file_free(&f);
}

TEST(packs_lie_beside_the_file)
{
    char path[600];
    snprintf(path, sizeof path, "%s/a_test.yml", test_dir());
    FILE *to = fopen(path, "we");
    fputs(
        "format: 1\npacks: [a.yml, defaults]\ntests:\n  - name: x\n    change: {kind: "
        "release, hosts: h1}\n    expect: []\n",
        to);
    fclose(to);
    snprintf(path, sizeof path, "%s/a.yml", test_dir());
    to = fopen(path, "we");
    fputs("format: 1\nrules:\n  - id: mine\n    series: a\n    attention: {q: 5%, "
          "effect: "
          "10%}\n",
          to);
    fclose(to);
    struct complaints c = {0};
    snprintf(path, sizeof path, "%s/a_test.yml", test_dir());
    struct trial_file *f = trial_file_load(path, &c);
    CHECK(f != NULL);
    struct ruleset *rs = trial_file_rules(f, &c);
    CHECK(rs != NULL);
    CHECK(ruleset_find(rs, "mine") != NULL);
    CHECK(ruleset_find(rs, "cpu.busy") != NULL);
    ruleset_free(&rs);
    trial_file_free(&f);
    complaints_free(&c);
}

/* --- the broken ones: each file has beside it what is said of it --- */

#define BROKEN AFTERCHECK_SOURCE "/tests/golden/rule-tests-bad"

static void read_all(const char *path, struct buf *to)
{
    FILE *f = fopen(path, "re");
    char piece[4096];
    size_t n;
    while (f != NULL && (n = fread(piece, 1, sizeof piece, f)) > 0)
        buf_add_n(to, piece, n);
    if (f != NULL)
        fclose(f);
}

static void say(const char *name, const struct buf *text, const struct ruleset *rs,
                struct buf *to)
{
    struct complaints c = {0};
    struct trial_file *f = trial_file_parse(name, buf_text(text), text->len, &c);
    if (f != NULL)
        trial_file_check(f, rs, &c);
    complaints_write(&c, to);
    trial_file_free(&f);
    complaints_free(&c);
}

/* With AFTERCHECK_APPROVE=1 the files are renewed: read the difference. */
static void check_broken(const char *name, const struct ruleset *rs)
{
    char path[600];
    OWNED_BUF text = {0}, want = {0}, got = {0};
    snprintf(path, sizeof path, BROKEN "/%s", name);
    read_all(path, &text);
    say(name, &text, rs, &got);
    memcpy(path + strlen(path) - 3, "txt", 3);
    if (getenv("AFTERCHECK_APPROVE") != NULL) {
        FILE *f = fopen(path, "we");
        fputs(buf_text(&got), f);
        fclose(f);
    }
    read_all(path, &want);
    if (got.len == 0 || strcmp(buf_text(&got), buf_text(&want)) != 0)
        test_fail(__FILE__, __LINE__, "%s: said\n%sexpected\n%s", name, buf_text(&got),
                  buf_text(&want));
}

/* Each field of a map must stand in the manual's row of that map. */
static void check_row(const char *manual, const char *row, const struct schema_map *map)
{
    char begin[100], field[100], line[2000];
    snprintf(begin, sizeof begin, "\n| `%s` |", row);
    const char *at = strstr(manual, begin);
    if (at == NULL)
        test_fail(__FILE__, __LINE__, "the manual has no row for %s", row);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    for (size_t i = 0; i < map->n; i++) {
        snprintf(field, sizeof field, "`%s`", map->field[i].name);
        if (strstr(line, field) == NULL)
            test_fail(__FILE__, __LINE__, "the manual's row of %s lacks %s", row,
                      field);
        if (map->field[i].map != NULL)
            check_row(manual, map->field[i].name, map->field[i].map);
    }
}

TEST(the_manual_names_every_field)
{
    OWNED_BUF manual = {0};
    read_all(AFTERCHECK_SOURCE "/docs/rules.md", &manual);
    check_row(buf_text(&manual), "test", schema_find(&schema_trial_file, "tests")->map);
}

TEST(every_broken_file_is_refused_with_these_words)
{
    DIR *d = opendir(BROKEN);
    struct ruleset *rs = good_rules("format: 1\nrules:\n  - id: cpu.busy\n    series: "
                                    "cpu.busy\n    attention: {q: 5%, effect: 10%}\n");
    size_t n = 0;
    CHECK(d != NULL);
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        if (strstr(e->d_name, ".yml") != NULL) {
            check_broken(e->d_name, rs);
            n++;
        }
    closedir(d);
    ruleset_free(&rs);
    CHECK(n >= 30);
}
