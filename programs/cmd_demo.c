/* programs/cmd_demo.c - `aftercheck demo`: a real change of a real program, judged.
 *
 * Starts nginx, the service and the agent on loopback, sends steady traffic, makes a
 * harmless change and then a harmful one, and prints both reports.  Whatever happens,
 * what it started is stopped: children die with this process, and Ctrl-C ends the run
 * through the same way out. */
#include "programs/cmd.h"

#include "base/instant.h"
#include "base/jsonw.h"
#include "base/opt.h"
#include "programs/demo_load.h"
#include "programs/demo_site.h"
#include "programs/spawn.h"
#include "programs/term.h"
#include "rules/defaults.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BEFORE_S = 30, LOOK1_S = 15, LOOK2_S = 30, READY_MS = 15000, GATE_MS = 120000 };

struct demo {
    char dir[400], bin[400], url[64], host[128];
    struct spawned daemon, agent;
    struct demo_site site;
    struct demo_load *load;
    struct httpc *http;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
    (void)sig;
    interrupted = 1;
}

/* --- its folder --- */

static int remove_one(const char *path, const struct stat *st, int flag,
                      struct FTW *ftw)
{
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

/* An earlier run's folder is cleared; a folder that is not ours is left alone. */
static int make_dir(struct demo *d, const char *wanted, struct err *err)
{
    char mark[4096 + 32];
    if (mkdir(wanted, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "%s cannot be made", wanted);
    if (realpath(wanted, mark) == NULL || strlen(mark) >= sizeof d->dir)
        return err_set(err, ENAMETOOLONG, "the path of %s is too long", wanted);
    memcpy(d->dir, mark, strlen(mark) + 1);
    snprintf(mark, sizeof mark, "%s/.aftercheck-demo", d->dir);
    if (access(mark, F_OK) == 0) {
        nftw(d->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        if (mkdir(d->dir, 0700) < 0)
            return err_sys(err, errno, "%s cannot be made anew", d->dir);
    } else if (rmdir(d->dir) < 0 || mkdir(d->dir, 0700) < 0) {
        return err_set(
            err, EEXIST,
            "%s is there already and was not made by a demo; name another with "
            "--dir",
            d->dir);
    }
    FILE *f = fopen(mark, "wxe");
    if (f == NULL || fclose(f) != 0)
        return err_sys(err, errno, "%s cannot be made", mark);
    return 0;
}

static int write_file(const char *path, const char *text, size_t n, struct err *err)
{
    FILE *f = fopen(path, "we");
    bool bad = f == NULL || fwrite(text, 1, n, f) != n;
    if (f != NULL && fclose(f) != 0)
        bad = true;
    return bad ? err_sys(err, errno, "%s cannot be written", path) : 0;
}

/* The shipped rules, but with windows of seconds, and without those for the hosts' own
 * figures: within seconds the cpu of a machine that does other things, too, says
 * little. */
static int write_rules(const struct demo *d, struct err *err)
{
    char path[700];
    snprintf(path, sizeof path, "%s/rules", d->dir);
    if (mkdir(path, 0700) < 0)
        return err_sys(err, errno, "%s cannot be made", path);
    for (const struct embedded *p = default_packs; p->name != NULL; p++) {
        if (strstr(p->name, "windows") != NULL || strstr(p->name, "hosts") != NULL)
            continue;
        snprintf(path, sizeof path, "%s/rules/%s", d->dir, p->name);
        if (write_file(path, p->text, p->n, err) < 0)
            return -1;
    }
    OWNED_BUF text = {0};
    buf_addf(&text,
             "format: 1\npack: demo\nwindows:\n  default: {before: %ds, settle: 2s, "
             "looks: [%ds, %ds], late: 2s, unfinished: 5m}\n",
             BEFORE_S, LOOK1_S, LOOK2_S);
    snprintf(path, sizeof path, "%s/rules/10-windows.yml", d->dir);
    return write_file(path, buf_text(&text), text.len, err);
}

static int write_routing(const struct demo *d, struct err *err)
{
    static const char text[] =
        "routing: 1\naudiences:\n"
        "  - name: demo\n"
        "    to: you@localhost.localdomain\n"
        "    tell: {must-handle: at-once, attention: final, not-judged: final, ok: "
        "final}\n";
    char path[500];
    snprintf(path, sizeof path, "%s/routing.yml", d->dir);
    return write_file(path, text, strlen(text), err);
}

static int write_daemon_config(const struct demo *d, int port, struct err *err)
{
    OWNED_BUF text = {0};
    char path[500];
    buf_addf(&text,
             "listen: 127.0.0.1:%d\ndata: %s/data\nrules: %s/rules\n"
             "samples: {step: 1s, keep: 15m}\n"
             "routing: %s/routing.yml\nmail: {public_url: \"%s\"}\n",
             port, d->dir, d->dir, d->dir, d->url);
    snprintf(path, sizeof path, "%s/aftercheckd.yml", d->dir);
    if (write_routing(d, err) < 0)
        return -1;
    return write_file(path, buf_text(&text), text.len, err);
}

/* --- its programs --- */

static int healthy(struct demo *d, struct err *err)
{
    if (interrupted)
        return err_set(err, EINTR, "interrupted");
    if (spawn_check(&d->daemon, err) < 0 || spawn_check(&d->agent, err) < 0 ||
        spawn_check(&d->site.nginx, err) < 0)
        return -1;
    return 0;
}

static int await_ready(struct demo *d, struct err *err)
{
    int64_t until = monotonic_ms() + READY_MS;
    for (;;) {
        unsigned status = 0;
        struct httpc_ask ask = {
            .method = "GET", .path = "/-/ready", .timeout_ms = 1000};
        if (httpc_call(d->http, &ask, &status, NULL, NULL) == 0 && status == 200)
            return 0;
        if (healthy(d, err) < 0)
            return -1;
        if (monotonic_ms() > until)
            return err_set(err, ETIMEDOUT,
                           "the service did not get ready; see %s/service.log", d->dir);
        poll(NULL, 0, 30);
    }
}

static int start_service(struct demo *d, struct err *err)
{
    char program[500], config[500], log[500];
    int port = demo_free_port();
    snprintf(d->url, sizeof d->url, "http://127.0.0.1:%d", port);
    if (write_rules(d, err) < 0 || write_daemon_config(d, port, err) < 0)
        return -1;
    d->http = httpc_new(d->url, err);
    if (d->http == NULL)
        return -1;
    snprintf(program, sizeof program, "%s/aftercheckd", d->bin);
    snprintf(config, sizeof config, "%s/aftercheckd.yml", d->dir);
    snprintf(log, sizeof log, "%s/service.log", d->dir);
    char *argv[] = {program, "--config", config, NULL};
    if (spawn_start(&d->daemon, "aftercheckd", argv, log, err) < 0)
        return -1;
    return await_ready(d, err);
}

static int start_agent(struct demo *d, struct err *err)
{
    char program[500], log[500];
    snprintf(program, sizeof program, "%s/aftercheck-agent", d->bin);
    snprintf(log, sizeof log, "%s/agent.log", d->dir);
    char *argv[] = {program, "--server", d->url,  "--service", "shop", "--interval",
                    "1s",    "--host",   d->host, "--buffer",  "none", NULL};
    return spawn_start(&d->agent, "aftercheck-agent", argv, log, err);
}

/* --- its changes --- */

static int wait_seconds(struct demo *d, int seconds, const char *what, struct err *err)
{
    struct progress p = progress_begin();
    int64_t start = monotonic_ms(), end = start + seconds * INT64_C(1000);
    int rc = 0;
    while (rc == 0 && monotonic_ms() < end) {
        uint64_t answered, lost;
        demo_load_counts(d->load, &answered, &lost);
        progress_say(&p, "%s: %lld of %d s, %llu requests answered so far", what,
                     (long long)(monotonic_ms() - start) / 1000, seconds,
                     (unsigned long long)answered);
        poll(NULL, 0, 100);
        rc = healthy(d, err);
    }
    progress_end(&p);
    return rc;
}

static int post_change(struct demo *d, const char *id, const char *title, instant at,
                       struct err *err)
{
    OWNED_BUF event = {0}, answer = {0};
    struct jsonw w = {.to = &event};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "source", "aftercheck-demo");
    jsonw_text(&w, "id", id);
    jsonw_text(&w, "kind", "config");
    jsonw_text(&w, "service", "shop");
    jsonw_list(&w, "hosts");
    jsonw_text(&w, NULL, d->host);
    jsonw_end(&w);
    jsonw_text(&w, "title", title);
    jsonw_text(&w, "actor", "demo");
    jsonw_instant(&w, "time", at);
    jsonw_close(&w);
    struct httpc_ask ask = {.method = "POST",
                            .path = "/v1/changes",
                            .type = "application/json",
                            .body = event.data,
                            .n = event.len};
    return cmd_call(d->http, &ask, NULL, &answer, err);
}

/* Runs the real gate command and gives its exit code. */
static int run_gate(struct demo *d, const char *id, int *ret_code, struct err *err)
{
    char program[500], log[500];
    snprintf(program, sizeof program, "%s/aftercheck", d->bin);
    snprintf(log, sizeof log, "%s/gate-%s.log", d->dir, id);
    char *argv[] = {program, "gate", (char *)(intptr_t)id, "--wait", "90s", "--server",
                    d->url,  NULL};
    struct spawned gate = {0};
    if (spawn_start(&gate, "aftercheck gate", argv, log, err) < 0)
        return -1;
    struct progress p = progress_begin();
    int64_t start = monotonic_ms();
    int rc = 0;
    while (rc == 0 && spawn_check(&gate, NULL) == 0 && gate.pid != 0) {
        progress_say(&p,
                     "waiting for the verdict on %s: %lld s since the change, looks at "
                     "%d and %d s",
                     id, (long long)(monotonic_ms() - start) / 1000, LOOK1_S, LOOK2_S);
        poll(NULL, 0, 100);
        rc = healthy(d, err);
        if (rc == 0 && monotonic_ms() - start > GATE_MS)
            rc = err_set(err, ETIMEDOUT, "the gate did not end; see %s", log);
    }
    progress_end(&p);
    spawn_stop(&gate, 1000);
    *ret_code = gate.exit_code;
    return rc;
}

static int make_change(struct demo *d, enum demo_config config, const char *id,
                       const char *title, int *ret_code, struct err *err)
{
    printf("==> %s: %s\n", id, title);
    instant at = instant_now();
    if (demo_site_change(&d->site, config, err) < 0 ||
        post_change(d, id, title, at, err) < 0)
        return -1;
    if (run_gate(d, id, ret_code, err) < 0)
        return -1;
    char grade[48];
    enum grade g = *ret_code < GRADE_N ? (enum grade) * ret_code : GRADE_NOT_JUDGED;
    printf("    aftercheck gate %s: exit code %d, %s\n", id, *ret_code,
           term_grade(g, grade));
    return 0;
}

/* --- what it shows --- */

static int save_report(struct demo *d, const char *id, const char *format,
                       struct buf *body, struct err *err)
{
    char path[600];
    snprintf(path, sizeof path, "/v1/changes/%s/report?format=%s", id, format);
    struct httpc_ask ask = {.method = "GET", .path = path};
    return cmd_call(d->http, &ask, NULL, body, err);
}

static int show_report(struct demo *d, const char *id, struct err *err)
{
    OWNED_BUF text = {0}, html = {0};
    char path[600];
    if (save_report(d, id, "text", &text, err) < 0 ||
        save_report(d, id, "html", &html, err) < 0)
        return -1;
    printf("\n%s\n", buf_text(&text));
    snprintf(path, sizeof path, "%s/report-%s.html", d->dir, id);
    return write_file(path, buf_text(&html), html.len, err);
}

/* Mails are written by a thread of the service a moment after the verdict. */
static int await_mails(struct demo *d, int want, struct err *err)
{
    char path[500];
    snprintf(path, sizeof path, "%s/data/mail", d->dir);
    int64_t until = monotonic_ms() + READY_MS;
    for (;;) {
        int n = 0;
        DIR *dir = opendir(path);
        for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;) {
            size_t len = strlen(e->d_name);
            n += len > 4 && strcmp(e->d_name + len - 4, ".eml") == 0;
        }
        if (dir != NULL)
            closedir(dir);
        if (n >= want)
            return 0;
        if (monotonic_ms() > until)
            return err_set(err, ETIMEDOUT,
                           "the mails were not written; see %s/service.log", d->dir);
        if (healthy(d, err) < 0)
            return -1;
        poll(NULL, 0, 50);
    }
}

static void print_files(const struct demo *d)
{
    char path[500];
    snprintf(path, sizeof path, "%s/data/mail", d->dir);
    DIR *dir = opendir(path);
    printf("The mails, as any mail program opens them:\n");
    for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
        if (strstr(e->d_name, ".eml") != NULL)
            printf("  %s/%s\n", path, e->d_name);
    if (dir != NULL)
        closedir(dir);
    printf("The same reports for a browser:\n  %s/report-harmless.html\n  "
           "%s/report-harmful.html\n",
           d->dir, d->dir);
}

static int run(struct demo *d, struct err *err)
{
    char site[500];
    int harmless, harmful;
    snprintf(site, sizeof site, "%s/nginx", d->dir);
    printf("==> starting nginx, the service and the agent on 127.0.0.1\n");
    if (demo_site_start(&d->site, site, err) < 0 || start_service(d, err) < 0 ||
        start_agent(d, err) < 0)
        return -1;
    d->load = demo_load_start(&d->site, d->url, d->host, err);
    if (d->load == NULL)
        return -1;
    printf("==> %d requests a second to http://127.0.0.1:%d/pay, pages at %s/\n",
           DEMO_RATE, d->site.port, d->url);
    if (wait_seconds(d, BEFORE_S + 5, "watching the time before", err) < 0)
        return -1;
    if (make_change(d, DEMO_LONGER_LOG, "harmless",
                    "Access log: add request id and size", &harmless, err) < 0 ||
        make_change(d, DEMO_RATE_LIMIT, "harmful",
                    "Rate limit for /pay: 64 requests a second", &harmful, err) < 0)
        return -1;
    if (await_mails(d, 2, err) < 0 || show_report(d, "harmless", err) < 0 ||
        show_report(d, "harmful", err) < 0)
        return -1;
    print_files(d);
    if (harmless != GRADE_OK || harmful != GRADE_MUST_HANDLE)
        return err_set(
            err, EPROTO,
            "expected the grades ok and must-handle, got exit codes %d and %d",
            harmless, harmful);
    return 0;
}

static void stop_all(struct demo *d)
{
    demo_load_stop(&d->load);
    spawn_stop(&d->agent, 4000);
    spawn_stop(&d->daemon, 15000);
    demo_site_stop(&d->site);
    httpc_free(&d->http);
}

static int find_programs(struct demo *d, struct err *err)
{
    ssize_t n = readlink("/proc/self/exe", d->bin, sizeof d->bin - 1);
    char *slash = n > 0 ? (d->bin[n] = '\0', strrchr(d->bin, '/')) : NULL;
    if (slash == NULL)
        return err_sys(err, errno, "the place of this program cannot be found");
    *slash = '\0';
    return 0;
}

int cmd_demo(int argc, char **argv)
{
    const char *dir = "aftercheck-demo";
    int stay = 0;
    const struct opt opts[] = {
        {"dir", "DIR", "where its files lie; ./aftercheck-demo when not given", &dir},
        {"stay", NULL,
         "keep the service running at the end, until Ctrl-C, to look at the pages",
         &stay},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck demo",
        .synopsis = "",
        .about =
            "Starts nginx, the service and the agent on loopback, changes nginx's "
            "configuration twice, once harmlessly and once not, and shows how both are "
            "judged. Takes about two minutes and stops what it started.",
        .more = "Exit: 0 when the grades are ok and must-handle, 1 otherwise.",
        .opts = opts,
    };
    opt_parse(&program, argc, argv);
    struct demo d = {0};
    struct err err = {0};
    signal(SIGPIPE, SIG_IGN);
    struct sigaction act = {.sa_handler = on_signal};
    sigaction(SIGINT, &act, NULL);
    sigaction(SIGTERM, &act, NULL);
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(d.host, sizeof d.host, "localhost");
    gethostname(d.host, sizeof d.host - 1);
    int rc = find_programs(&d, &err);
    if (rc == 0)
        rc = make_dir(&d, dir, &err);
    if (rc == 0)
        rc = run(&d, &err);
    if (rc == 0)
        printf("The pages, while the service runs: %s/\n", d.url);
    if (rc == 0 && stay) {
        printf("It runs on until Ctrl-C.\n");
        while (!interrupted && healthy(&d, NULL) == 0)
            poll(NULL, 0, 200);
    }
    stop_all(&d);
    if (rc == 0)
        printf("All that was started has been stopped. To see the pages again:\n  "
               "%s/aftercheckd --config %s/aftercheckd.yml\n",
               d.bin, d.dir);
    return rc == 0 ? 0 : cmd_fail("demo", 1, &err);
}
