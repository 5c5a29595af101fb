/* programs/agent/probe.c - what to ask, and what came of it.
 *
 * The child's line is read as strictly as a stranger's: what is not of its form is a
 * failure of the source, not of what it asked.  In the loop. */
#include "programs/agent/probe.h"

#include "programs/agent/config.h"
#include "programs/agent/exec.h"
#include "programs/agent/probe_child.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000, GRACE_MS = 2000, URL_MAX = 2000, STATUS_MAX = 599 };

struct spec {
    struct agent_spec all;
    const char *url, *status, *ca;
    span timeout;
    bool insecure;
};

static const struct yaml_field fields[] = {
    AGENT_SPEC_FIELDS(1),
    {"url", YAML_T_TEXT, offsetof(struct spec, url), true, 0, 0,
     "http://..., https://..., tcp://host:port or tls://host:port"},
    {"timeout", YAML_T_SPAN, offsetof(struct spec, timeout), false, 1, 600,
     "it has failed after that; 10s, or the interval if that is less"},
    {"status", YAML_T_TEXT, offsetof(struct spec, status), false, 0, 0,
     "the statuses that are a success: 200, or 200..399"},
    {"ca", YAML_T_TEXT, offsetof(struct spec, ca), false, 0, 0,
     "a file of certificates to trust; the system's"},
    {"insecure", YAML_T_BOOL, offsetof(struct spec, insecure), false, 0, 0,
     "true: whoever answers is believed"},
};

/* What a URL begins with, what libcurl is told instead, and whether it asks. */
static const struct {
    const char *scheme, *as, *how;
} schemes[] = {{"http://", "http://", "get"},
               {"https://", "https://", "get"},
               {"tcp://", "http://", "connect"},
               {"tls://", "https://", "connect"}};
enum { SCHEMES = sizeof schemes / sizeof *schemes };

/* What the child says after "ok". */
enum figure { DNS, CONNECT, TLS, FIRST_BYTE, TOTAL, STATUS, CERT_DAYS, FIGURES };
static const char *const figure_names[FIGURES] = {
    "dns_ms",   "connect_ms", "tls_ms",   "first_byte_ms",
    "total_ms", "status",     "cert_days"};

struct probe {
    struct agent_source source;
    unsigned least, most; /* statuses */
    char *url, timeout[16];
    const char *argv[AGENT_PROBE_CHILD_ARGS + 3];
    struct agent_exec_spec run;
    struct agent_exec *exec;
};

static struct probe *probe_of(struct agent_source *s)
{
    assert(s->kind == &agent_probe);
    return (struct probe *)s;
}

/* ---- configuration ---- */

static size_t scheme_of(const char *url)
{
    size_t i = 0;
    while (i < SCHEMES &&
           strncasecmp(url, schemes[i].scheme, strlen(schemes[i].scheme)) != 0)
        i++;
    return i;
}

static bool read_status(const char *text, const char **ret_end, unsigned *ret)
{
    if (strspn(text, "0123456789") != 3)
        return false;
    *ret = (unsigned)((text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0');
    *ret_end = text + 3;
    return *ret >= 100 && *ret <= STATUS_MAX;
}

static int statuses_of(const char *text, unsigned *least, unsigned *most,
                       struct err *err)
{
    const char *p = text != NULL ? text : "200..399";
    bool good = read_status(p, &p, least);
    *most = *least;
    if (good && strncmp(p, "..", 2) == 0)
        good = read_status(p + 2, &p, most);
    return good && *p == '\0' && *least <= *most
               ? 0
               : err_set(err, EINVAL, "status: expected 200 or 200..399");
}

static int probe_check(const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    unsigned least, most;
    size_t i = scheme_of(spec->url);
    if (i == SCHEMES || strlen(spec->url) > URL_MAX ||
        spec->url[strlen(schemes[i].scheme)] == '\0')
        return err_set(err, EINVAL,
                       "url: expected http://, https://, tcp://host:port or "
                       "tls://host:port, at most %d bytes",
                       URL_MAX);
    for (const char *p = spec->url; *p != '\0'; p++)
        if (*p <= ' ' || *p >= 0x7f)
            return err_set(err, EINVAL,
                           "url: expected no blanks, controls or letters "
                           "beyond ASCII; write them as %%20");
    if (spec->timeout.ms > all->interval.ms)
        return err_set(err, EINVAL, "its timeout is longer than its interval");
    if (spec->ca != NULL && access(spec->ca, R_OK) < 0)
        return err_sys(err, errno, "ca: %.200s", spec->ca);
    return statuses_of(spec->status, &least, &most, err);
}

/* ---- results ---- */

static bool read_figures(const char *text, double figure[FIGURES])
{
    if (strncmp(text, "ok", 2) != 0)
        return false;
    text += 2;
    for (int i = 0; i < FIGURES; i++) {
        char *end;
        if (*text != ' ')
            return false;
        figure[i] = strtod(text + 1, &end);
        if (end == text + 1 || !(figure[i] >= -1e6 && figure[i] <= 1e9))
            return false;
        text = end;
    }
    return strcmp(text, "\n") == 0;
}

static void give(struct probe *p, bool success, const double *figure)
{
    OWNED_BUF line = {0};
    size_t n = 1;
    buf_add(&line, "probe,probe=");
    agent_add_escaped(&line, p->source.name);
    buf_addf(&line, "%s success=%d", p->source.tags, success);
    for (int i = 0; figure != NULL && i < FIGURES; i++) {
        bool none = figure[i] < 0 && (i != CERT_DAYS || figure[i] == -1);
        if (none || (!success && i != STATUS))
            continue;
        buf_addf(&line, ",%s=%.7g", figure_names[i], figure[i]);
        n++;
    }
    buf_addf(&line, " %lld\n", (long long)(p->source.at.ms / 1000));
    if (buf_done(&line) < 0)
        agent_source_failed(&p->source, "out of memory");
    else
        agent_source_gave(&p->source, AGENT_BODY_LINES, line.data, line.len, n);
}

static void on_done(void *arg, const struct agent_exec_result *r)
{
    struct probe *p = arg;
    double figure[FIGURES];
    if (r->err.code != 0) {
        agent_source_failed(&p->source, "%s", r->err.text);
    } else if (r->timed_out || strncmp(r->text, "failed ", 7) == 0) {
        snprintf(p->source.words, sizeof p->source.words, "%.*s",
                 (int)strcspn(r->text, "\n"), r->text);
        give(p, false, NULL);
    } else if (r->code == 0 && read_figures(r->text, figure)) {
        bool asked = figure[STATUS] >= 0;
        give(p, !asked || (figure[STATUS] >= p->least && figure[STATUS] <= p->most),
             figure);
    } else if (r->code == AGENT_PROBE_CHILD_CANNOT) {
        agent_source_failed(&p->source, "libcurl cannot be loaded");
    } else {
        agent_source_failed(&p->source, "the probe's process ended with %d", r->code);
    }
}

/* ---- life ---- */

static void probe_close(struct agent_source *s)
{
    struct probe *p = probe_of(s);
    agent_exec_free(&p->exec);
    free(p->url);
    agent_source_done(s);
    free(p);
}

static void fill_argv(struct probe *p, const struct spec *spec, size_t scheme)
{
    int64_t ms = spec->timeout.ms > 0 ? spec->timeout.ms : TIMEOUT_MS;
    if (ms > spec->all.interval.ms)
        ms = spec->all.interval.ms;
    snprintf(p->timeout, sizeof p->timeout, "%lld", (long long)ms);
    const char *argv[] = {"/proc/self/exe",
                          "--probe-child",
                          p->url,
                          schemes[scheme].how,
                          p->timeout,
                          spec->ca != NULL ? spec->ca : "",
                          spec->insecure ? "insecure" : "verify",
                          NULL};
    static_assert(sizeof argv == sizeof p->argv, "all of them");
    memcpy(p->argv, argv, sizeof argv);
    p->run.argv = p->argv;
    p->run.timeout_ms = (int)ms + GRACE_MS; /* libcurl itself keeps the time */
}

static struct agent_source *probe_open(const struct agent_env *env,
                                       const struct agent_config *config,
                                       const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    struct buf url = {0};
    struct probe *p = calloc(1, sizeof *p);
    if (p == NULL ||
        agent_source_init(&p->source, &agent_probe, env, config, all) < 0) {
        free(p);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    size_t i = scheme_of(spec->url);
    buf_addf(&url, "%s%s", schemes[i].as, spec->url + strlen(schemes[i].scheme));
    p->url = buf_give(&url);
    p->exec = agent_exec_new(env->execs, on_done, p);
    if (p->url == NULL || p->exec == NULL ||
        statuses_of(spec->status, &p->least, &p->most, err) < 0) {
        err_set(err, ENOMEM, "out of memory");
        probe_close(&p->source);
        return NULL;
    }
    fill_argv(p, spec, i);
    return &p->source;
}

static void probe_gather(struct agent_source *s, instant at)
{
    struct probe *p = probe_of(s);
    (void)at;
    agent_exec_start(p->exec, &p->run);
}

const struct agent_kind agent_probe = {.name = "probe",
                                       .list = "probes",
                                       .fields = fields,
                                       .n_fields = sizeof fields / sizeof *fields,
                                       .spec_bytes = sizeof(struct spec),
                                       .interval = {30000},
                                       .check = probe_check,
                                       .open = probe_open,
                                       .gather = probe_gather,
                                       .close = probe_close};
