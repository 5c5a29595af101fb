/* bench/bench_rules.c - how long rules take to be read and asked.
 *
 *     bench_rules [RULES] [SERIES]
 *
 * Makes RULES rules (1000) of ten to a service, with globs, hosts, exceptions and
 * overrides, in files of a hundred, reads them, puts those of one service in force, and
 * asks for SERIES figures (250000) which rule speaks. */
#include "base/instant.h"
#include "rules/ruleset.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { RULES_A_FILE = 100, RUNS = 5 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void write_rule(FILE *f, int i)
{
    fprintf(f,
            "  - id: rule.%d\n"
            "    title: Rule number %d\n"
            "    owner: team-%d\n"
            "    on: {kinds: [release, config], service: \"service-%d*\"}\n"
            "    series: [app%d.requests.*, \"app%d.*.errors{*\", jvm.gc%d]\n"
            "    worse: up\n"
            "    unit: ms\n"
            "    attention: {q: 5%%, effect: 10%%, delta: 5ms}\n"
            "    must-handle: {q: 1%%, effect: 30%%, delta: 20ms}\n"
            "    limit: {above: 2s, hold: 3 of 5}\n"
            "    needs: {points: 70%%, hosts: 80%%}\n"
            "    weight: 2\n"
            "    except: [{host: lt-*, until: 2030-12-31, reason: R}]\n"
            "    why: A jump on the changed hosts alone points at what was changed.\n"
            "    runbook: https://wiki.example/rule-%d\n",
            i, i, i % 50, i / 10 % 10, i, i, i, i);
}

static void write_pack(const char *folder, int rules)
{
    for (int from = 0; from < rules; from += RULES_A_FILE) {
        char path[300];
        snprintf(path, sizeof path, "%s/%05d.yml", folder, from);
        FILE *f = fopen(path, "we");
        if (f == NULL)
            exit(1);
        int to = from + RULES_A_FILE < rules ? from + RULES_A_FILE : rules;
        fputs("format: 1\nowner: bench\nrules:\n", f);
        for (int i = from; i < to; i++)
            write_rule(f, i);
        fputs("overrides:\n", f);
        for (int i = from; i < to; i += 10)
            fprintf(f,
                    "  - {rule: rule.%d, scope: {service: service-%d-b}, set: "
                    "{attention.effect: 40%%}, by: x, reason: y, until: 2030-12-31}\n",
                    i, i / 10 % 10);
        fclose(f);
    }
}

static double bench_load(const char *folder, size_t *ret_rules)
{
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        struct complaints c = {0};
        double start = now_ms();
        struct ruleset *rs = ruleset_load(folder, &c);
        double took = now_ms() - start;
        if (rs == NULL) {
            struct buf b = {0};
            complaints_write(&c, &b);
            fputs(buf_text(&b), stderr);
            exit(1);
        }
        *ret_rules = rs->n;
        best = took < best ? took : best;
        ruleset_free(&rs);
        complaints_free(&c);
    }
    return best;
}

/* Every series of its own host, as where rules are for some hosts only. */
static size_t ask_all(const struct ruleset *rs, const struct change *c, int series)
{
    size_t found = 0;
    for (int i = 0; i < series; i++) {
        char metric[100], host[32];
        snprintf(metric, sizeof metric, "app%d.requests.p%d{idc=a}", i % 1000, i % 7);
        snprintf(host, sizeof host, "host-%d", i % 500);
        found += ruleset_for_series(rs, c, metric, host) != NULL;
        found += ruleset_for_limit(rs, c, metric, host) != NULL;
    }
    return found;
}

static void bench_ask(const char *folder, int series)
{
    struct complaints c = {0};
    struct ruleset *rs = ruleset_load(folder, &c);
    struct change change = {.kind = CHANGE_RELEASE,
                            .service = (char *)(uintptr_t) "service-3-b"};
    double start = now_ms();
    struct ruleset *in = NULL;
    for (int i = 0; i < RUNS; i++) {
        ruleset_free(&in);
        in = ruleset_in_force(rs, &change, NULL);
    }
    printf("put in force for a change    %8.3f ms (%zu rules apply)\n",
           (now_ms() - start) / RUNS, in->n);
    start = now_ms();
    size_t found = ask_all(in, &change, series);
    printf("asked for %d series      %8.1f ms (%zu answers)\n", series,
           now_ms() - start, found);
    start = now_ms();
    found = ask_all(rs, &change, series);
    printf("the same of all rules        %8.1f ms (%zu answers)\n", now_ms() - start,
           found);
    ruleset_free(&in);
    ruleset_free(&rs);
    complaints_free(&c);
}

static void remove_pack(const char *folder, int rules)
{
    for (int from = 0; from < rules; from += RULES_A_FILE) {
        char path[300];
        snprintf(path, sizeof path, "%s/%05d.yml", folder, from);
        unlink(path);
    }
    rmdir(folder);
}

int main(int argc, char **argv)
{
    int rules = argc > 1 ? atoi(argv[1]) : 1000;
    int series = argc > 2 ? atoi(argv[2]) : 250000;
    char folder[] = "/tmp/bench-rules-XXXXXX";
    size_t read = 0;
    if (rules < 1 || rules > RULES_MAX || series < 1 || mkdtemp(folder) == NULL) {
        fputs("usage: bench_rules [RULES] [SERIES]\n", stderr);
        return 2;
    }
    write_pack(folder, rules);
    double load = bench_load(folder, &read);
    printf("read %zu rules               %8.1f ms (the best of %d)\n", read, load,
           RUNS);
    bench_ask(folder, series);
    remove_pack(folder, rules);
    return 0;
}
