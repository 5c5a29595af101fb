/* bench/bench_judge.c - time, processor time and memory from samples to a stored
 * verdict, for growing fleets.
 *
 * Each fleet is measured in a process of its own, so that its peak of memory is its
 * own: windows in memory are filled with an hour and a half of one-minute rows, a
 * change of every second host is posted to a ledger on disk, then the analyzer's own
 * rounds are called as the service calls them.  History is bench/past_made.h's.
 *
 *     cold      a look that nothing was prepared for, as after a restart
 *     prepare   what is done between looks, while the change is waited for
 *     check     once more when the window has closed: does that still fit?  And the
 *               days of hosts that seem to have spikes
 *     verdict   a look that was prepared: from the window's close to the stored verdict
 */
#include "analyzer/checkup.h"
#include "base/buf.h"
#include "base/json.h"
#include "bench/fleet.h"
#include "bench/past_made.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    PIVOT_MIN = 29920920, /* any minute will do */
    STORE_ROWS = 128,
    FILL_BEFORE = 60,
    FILL_AFTER = 32,
    DONE_S = 60,           /* the work on the hosts takes a minute */
    EVENT_HOSTS = 5000,    /* hosts named by one event */
    COLD_S = 15 * 60 + 90, /* looks, from when the work was done */
    WARM_S = 30 * 60 + 90,
    AHEAD_S = 16 * 60 + 90,  /* prepared, after the look before */
    CLOSED_S = 30 * 60 + 20, /* asked whether that still fits: the window is closed */
};

struct cost {
    double wall_s, cpu_s;
};

/* What a child says of one fleet; plain, as it goes through a pipe. */
struct outcome {
    bool good;
    char why[600];
    struct cost cold, prepare, check, verdict;
    double ahead_mib; /* held between preparation and look */
    struct past_made_cost past;
    double store_mib, peak_mib; /* the store alone; all, at its highest */
    char grade[16];
    size_t findings;
};

struct bench {
    unsigned hosts;
    char dir[256];
    struct windows *windows;
    struct ledger *ledger;
    struct ruleset *rules;
    struct checkup *checkup;
    struct outcome *out;
};

/* --- measuring --- */

static double seconds(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct cost cost_now(void)
{
    return (struct cost){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static struct cost cost_since(struct cost begun)
{
    struct cost now = cost_now();
    return (struct cost){now.wall_s - begun.wall_s, now.cpu_s - begun.cpu_s};
}

/* A number of KiB out of a file in /proc, in MiB; 0 when it is not there. */
static double proc_mib(const char *path, const char *name)
{
    char line[256];
    double kib = 0;
    FILE *f = fopen(path, "re");
    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, strlen(name)) == 0)
            kib = strtod(line + strlen(name), NULL);
    if (f != NULL)
        fclose(f);
    return kib / 1024;
}

/* Makes the peak begin anew where the memory stands now. */
static void forget_peak(void)
{
    FILE *f = fopen("/proc/self/clear_refs", "we");
    if (f == NULL)
        return;
    fputs("5\n", f);
    fclose(f);
}

/* --- a fleet and its change --- */

static int fail(struct bench *b, const char *what, const struct err *err)
{
    snprintf(b->out->why, sizeof b->out->why, "%s: %s", what, err->text);
    return -1;
}

static int fill_windows(struct bench *b, struct err *err)
{
    struct windows_spec spec = {
        .step = span_seconds(60),
        .rows = STORE_ROWS,
        .bytes_max =
            ((uint64_t)b->hosts * FLEET_METRICS * STORE_ROWS * 5 * 3) + (256u << 20)};
    uint32_t metric[FLEET_METRICS];
    float value[FLEET_METRICS];
    struct err note = {0};
    b->windows = windows_open(&spec, &note, err);
    if (b->windows == NULL)
        return -1;
    for (unsigned m = 0; m < FLEET_METRICS; m++)
        metric[m] = windows_metric(b->windows, fleet_metric(m), strlen(fleet_metric(m)),
                                   MERGE_MEAN);
    for (unsigned h = 0; h < b->hosts; h++) {
        char name[FLEET_NAME];
        fleet_host(h, name);
        struct entity who = {
            .kind = ENTITY_HOST, .host = name, .service = FLEET_SERVICE};
        uint32_t entity = windows_entity(b->windows, &who);
        for (int64_t t = PIVOT_MIN - FILL_BEFORE; t < PIVOT_MIN + FILL_AFTER; t++) {
            for (unsigned m = 0; m < FLEET_METRICS; m++)
                value[m] = fleet_minute(h, m, t, PIVOT_MIN);
            if (entity == WINDOWS_NONE ||
                windows_put(b->windows, entity, (instant){t * 60000}, FLEET_METRICS,
                            metric, value, NULL) != WINDOWS_PUT_OK)
                return err_set(err, ENOMEM, "host %u does not fit", h);
        }
    }
    return 0;
}

static int post_event(struct bench *b, const struct buf *text, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(text), text->len, err);
    struct change_event *e = NULL;
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    if (change_event_read(&root, INSTANT_NONE, &e, err) < 0)
        return -1;
    return ledger_post_wait(b->ledger, &e, INSTANT_NONE, err) == POSTED_NEW
               ? 0
               : err_set(err, EIO, "the event was not taken");
}

static void begin_event(struct buf *text, unsigned number, const char *phase, int after)
{
    char time[INSTANT_TEXT_MAX];
    instant_text((instant){PIVOT_MIN * 60000ll + after * 1000}, time);
    buf_addf(text,
             "{\"source\":\"bench\",\"id\":\"%u\",\"change_id\":\"bench-1\","
             "\"kind\":\"release\",\"service\":\"" FLEET_SERVICE "\",\"phase\":\"%s\","
             "\"time\":\"%s\"",
             number, phase, time);
}

static unsigned next_changed(const struct bench *b, unsigned host)
{
    while (host < b->hosts && !fleet_changed(host))
        host++;
    return host;
}

/* The changed hosts, in as many events as it takes, then the end of the work. */
static int post_change(struct bench *b, struct err *err)
{
    unsigned n = 0;
    for (unsigned h = next_changed(b, 0); h < b->hosts;) {
        OWNED_BUF text = {0};
        char name[FLEET_NAME];
        begin_event(&text, ++n, "started", 0);
        buf_add(&text, ",\"hosts\":[");
        for (unsigned named = 0; h < b->hosts && named < EVENT_HOSTS; named++) {
            fleet_host(h, name);
            buf_addf(&text, "%s\"%s\"", named > 0 ? "," : "", name);
            h = next_changed(b, h + 1);
        }
        buf_add(&text, "]}");
        if (post_event(b, &text, err) < 0)
            return -1;
    }
    OWNED_BUF text = {0};
    begin_event(&text, ++n, "finished", DONE_S);
    buf_add(&text, "}");
    return post_event(b, &text, err);
}

static int open_bench(struct bench *b)
{
    struct err err = {0}, note = {0};
    struct complaints c = {0};
    char path[300];
    /* any more than the analyzer asks for */
    instant pivot = {PIVOT_MIN * 60000ll}, from = {pivot.ms - 8 * 86400000ll};
    if (!past_made_open(from, pivot))
        return err_set(&err, ENOMEM, "no memory"), fail(b, "the past", &err);
    if (fill_windows(b, &err) < 0)
        return fail(b, "the windows", &err);
    snprintf(path, sizeof path, "%s/ledger.db", b->dir);
    b->ledger = ledger_open(path, &note, &err);
    if (b->ledger == NULL || post_change(b, &err) < 0)
        return fail(b, "the change", &err);
    b->rules = ruleset_load(NULL, &c);
    complaints_free(&c);
    /* The stand-in looks at nothing of the history, it only has to be there. */
    static char history;
    b->checkup = checkup_new(b->ledger, b->windows, (struct history *)(void *)&history);
    if (b->rules == NULL || b->checkup == NULL)
        return fail(b, "the rules", &err);
    return 0;
}

static void close_bench(struct bench *b)
{
    checkup_free(&b->checkup);
    ruleset_free(&b->rules);
    if (b->ledger != NULL)
        ledger_close(&b->ledger);
    if (b->windows != NULL)
        windows_close(&b->windows);
    past_made_close();
}

static int look(struct bench *b, int after_s, struct cost *ret)
{
    struct err err = {0};
    instant next, now = {PIVOT_MIN * 60000ll + (DONE_S + after_s) * 1000ll};
    size_t stored = 0;
    struct cost begun = cost_now();
    int rc = checkup_round(b->checkup, b->rules, now, &next, &stored, &err);
    *ret = cost_since(begun);
    if (rc == 0 && stored != 1)
        err_set(&err, EIO, "%zu verdicts were stored", stored);
    return rc == 0 && stored == 1 ? 0 : fail(b, "the look", &err);
}

/* What the service does while it waits for the next look, at these seconds after the
 * work was done. */
static int prepare(struct bench *b, int after_s, struct cost *ret)
{
    struct err err = {0};
    instant next, now = {PIVOT_MIN * 60000ll + (DONE_S + after_s) * 1000ll};
    struct cost begun = cost_now();
    int rc = checkup_prepare(b->checkup, b->rules, now, &next, &err);
    *ret = cost_since(begun);
    return rc == 1 ? 0 : fail(b, "the preparation", &err);
}

static int measure(struct bench *b)
{
    struct outcome *o = b->out;
    o->store_mib = proc_mib("/proc/self/status", "VmRSS:");
    forget_peak();
    if (look(b, COLD_S, &o->cold) < 0)
        return -1;
    o->past = past_made_cost();
    if (prepare(b, AHEAD_S, &o->prepare) < 0 || prepare(b, CLOSED_S, &o->check) < 0 ||
        look(b, WARM_S, &o->verdict) < 0)
        return -1;
    struct checkup_stats s = checkup_stats(b->checkup);
    if (s.ahead != 1 || s.unfit != 0) {
        snprintf(o->why, sizeof o->why, "the look did not use what was prepared");
        return -1;
    }
    o->ahead_mib = (double)s.ahead_bytes / 1048576;
    o->peak_mib = proc_mib("/proc/self/status", "VmHWM:");
    struct err err = {0};
    OWNED_VERDICT *v = ledger_verdict(b->ledger, "bench-1", &err);
    if (v == NULL)
        return fail(b, "the verdict", &err);
    snprintf(o->grade, sizeof o->grade, "%s", grade_name(v->grade));
    o->findings = v->n_findings;
    return 0;
}

/* --- one process a fleet --- */

static void run_child(struct bench *b, int to)
{
    b->out->good = open_bench(b) == 0 && measure(b) == 0;
    close_bench(b);
    ssize_t put = write(to, b->out, sizeof *b->out);
    _exit(put == (ssize_t)sizeof *b->out ? 0 : 1);
}

static void clear_dir(const char *dir)
{
    static const char *const names[] = {"ledger.db", "ledger.db-wal", "ledger.db-shm"};
    char path[300];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        unlink(path);
    }
    rmdir(dir);
}

static struct outcome run(unsigned hosts, const char *under)
{
    struct outcome o = {.why = "its process ended early: memory was short?"};
    struct bench b = {.hosts = hosts, .out = &o};
    int ends[2];
    snprintf(b.dir, sizeof b.dir, "%s/judge-XXXXXX", under);
    if (mkdtemp(b.dir) == NULL || pipe(ends) < 0) {
        snprintf(o.why, sizeof o.why, "%s: %s", under, strerror(errno));
        return o;
    }
    pid_t child = fork();
    if (child == 0)
        run_child(&b, ends[1]);
    close(ends[1]);
    struct outcome got;
    if (child > 0 && read(ends[0], &got, sizeof got) == (ssize_t)sizeof got)
        o = got;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    clear_dir(b.dir);
    return o;
}

/* --- the table --- */

/* What it will take, from what it took: in proportion. */
static bool fits(unsigned hosts, const struct outcome *last, unsigned last_hosts,
                 double *ret_need)
{
    if (last_hosts == 0)
        return true;
    *ret_need = last->peak_mib * hosts / last_hosts;
    return *ret_need < proc_mib("/proc/meminfo", "MemAvailable:") * 0.95;
}

static double growth(double now, double before, unsigned hosts, unsigned hosts_before)
{
    return now / before / ((double)hosts / hosts_before);
}

static void print_row(unsigned hosts, const struct outcome *o,
                      const struct outcome *before, unsigned hosts_before)
{
    double series = (double)hosts * FLEET_METRICS;
    printf("%6u %9.0f | %7.2f %7.2f %6.2f | %6.2f | %7.2f %7.2f %6.2f | %7.2f %7.2f | "
           "%6.0f %6.0f %6.0f | %s, %zu\n",
           hosts, series, o->prepare.wall_s, o->prepare.cpu_s,
           o->prepare.cpu_s / series * 1e6, o->check.cpu_s, o->verdict.wall_s,
           o->verdict.cpu_s, o->verdict.cpu_s / series * 1e6, o->cold.wall_s,
           o->cold.cpu_s, o->store_mib, o->peak_mib, o->ahead_mib, o->grade,
           o->findings);
    if (hosts_before > 0)
        printf(
            "%16s | %15s %6.2f | %6s | %15s %6.2f | %15.2f |        %6.2f        |\n",
            "growth per host", "",
            growth(o->prepare.cpu_s, before->prepare.cpu_s, hosts, hosts_before), "",
            "", growth(o->verdict.cpu_s, before->verdict.cpu_s, hosts, hosts_before),
            growth(o->cold.cpu_s, before->cold.cpu_s, hosts, hosts_before),
            growth(o->peak_mib, before->peak_mib, hosts, hosts_before));
    fflush(stdout);
}

static void print_head(void)
{
    printf("A change of every second host, %d metrics a host; looks of 15 min (cold) "
           "and 30 min.\nSeconds, processor seconds, us of processor a series; memory "
           "in MiB.\n\n",
           FLEET_METRICS);
    printf("%6s %9s | %7s %7s %6s | %6s | %7s %7s %6s | %7s %7s | %6s %6s %6s |\n",
           "hosts", "series", "prepare", "cpu", "us", "check", "verdict", "cpu", "us",
           "cold", "cpu", "store", "peak", "ahead");
    fflush(stdout);
}

/* For bench/peers.py, which sets its own times beside them. */
static void note_down(const char *under, unsigned hosts, const struct outcome *o)
{
    char path[300];
    snprintf(path, sizeof path, "%s/judge-%u.txt", under, hosts);
    FILE *f = fopen(path, "we");
    if (f == NULL)
        return;
    fprintf(f, "%.4f %.4f %.4f %.4f\n", o->verdict.wall_s, o->verdict.cpu_s,
            o->prepare.wall_s, o->prepare.cpu_s);
    fclose(f);
}

int main(int argc, char **argv)
{
    static const char *const usual[] = {"500", "1000", "5000", "50000"};
    const char *const *size = usual;
    int n = sizeof usual / sizeof *usual, failed = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: bench_judge FOLDER [HOSTS...]\n");
        return 2;
    }
    if (argc > 2) {
        size = (const char *const *)argv + 2;
        n = argc - 2;
    }
    struct outcome before = {0};
    unsigned hosts_before = 0;
    print_head();
    for (int i = 0; i < n; i++) {
        unsigned hosts = (unsigned)strtoul(size[i], NULL, 10);
        double need = 0;
        if (!fits(hosts, &before, hosts_before, &need)) {
            printf("%6u: not run, it would take %.0f GiB and %.0f are free\n", hosts,
                   need / 1024, proc_mib("/proc/meminfo", "MemAvailable:") / 1024);
            continue;
        }
        struct outcome o = run(hosts, argv[1]);
        if (!o.good) {
            printf("%6u: %s\n", hosts, o.why);
            failed = 1;
            continue;
        }
        print_row(hosts, &o, &before, hosts_before);
        note_down(argv[1], hosts, &o);
        before = o;
        hosts_before = hosts;
    }
    return failed;
}
