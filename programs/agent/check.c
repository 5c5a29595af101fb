/* programs/agent/check.c - a command now and then, its exit code and its perfdata.
 *
 * The state before is remembered for alarms only: an alarm is told when it begins, when
 * it becomes another, and when it is over.  After a start of the agent the first result
 * is told whatever it is, so an alarm that was told before is ended.  In the loop. */
#include "programs/agent/check.h"

#include "base/jsonw.h"
#include "base/table_hash.h"
#include "collector/hostinfo/perfdata.h"
#include "collector/hostinfo/rates.h"
#include "programs/agent/config.h"
#include "programs/agent/exec.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000, WORDS_MAX = 400, ARGS_MAX = 256 };

struct spec {
    struct agent_spec all;
    struct yaml_texts command;
    const char *user;
    span timeout;
    bool alarm;
};

static const struct yaml_field fields[] = {
    AGENT_SPEC_FIELDS(1),
    {"command", YAML_T_TEXTS, offsetof(struct spec, command), true, 0, 0,
     "[/path/of/program, argument, ...]; no shell"},
    {"timeout", YAML_T_SPAN, offsetof(struct spec, timeout), false, 1, 600,
     "it is killed after that; 10s"},
    {"user", YAML_T_TEXT, offsetof(struct spec, user), false, 0, 0,
     "who runs it, when the agent is root"},
    {"alarm", YAML_T_BOOL, offsetof(struct spec, alarm), false, 0, 0,
     "true: changes of its result are alarms, too"},
};

enum state { STATE_OK, STATE_WARNING, STATE_CRITICAL, STATE_UNKNOWN, STATE_NONE };

static const struct {
    const char *name;
    double success; /* NaN: it does not say */
} states[] = {
    [STATE_OK] = {"ok", 1},
    [STATE_WARNING] = {"warning", 0},
    [STATE_CRITICAL] = {"critical", 0},
    [STATE_UNKNOWN] = {"unknown", NAN},
};

struct check {
    struct agent_source source;
    const struct spec *spec;
    const char *host, *service;
    const char **argv;
    struct agent_exec_spec run;
    struct agent_exec *exec;
    struct rates *rates; /* of counters; NULL until there is one */
    int64_t rates_ms;
    enum state told;
};

static struct check *check_of(struct agent_source *s)
{
    assert(s->kind == &agent_check);
    return (struct check *)s;
}

static int user_of(const struct spec *spec, struct agent_exec_spec *run,
                   struct err *err)
{
    if (spec->user == NULL)
        return 0;
    const struct passwd *is = getpwnam(spec->user);
    if (is == NULL)
        return err_set(err, ENOENT, "there is no user '%.100s'", spec->user);
    if (is->pw_uid == geteuid())
        return 0;
    if (geteuid() != 0)
        return err_set(err, EPERM,
                       "only an agent that is root can run it as the user %.100s",
                       spec->user);
    run->other_user = true;
    run->user = spec->user;
    run->uid = is->pw_uid;
    run->gid = is->pw_gid;
    return 0;
}

static int check_check(const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    struct agent_exec_spec run = {0};
    if (spec->command.n == 0 || spec->command.at[0][0] != '/')
        return err_set(err, EINVAL,
                       "the command begins with the full path of a program");
    if (spec->command.n > ARGS_MAX)
        return err_set(err, E2BIG, "the command has more than %d words", ARGS_MAX);
    if (access(spec->command.at[0], X_OK) < 0)
        return err_sys(err, errno, "%.200s", spec->command.at[0]);
    if (spec->timeout.ms > spec->all.interval.ms)
        return err_set(err, EINVAL, "its timeout is longer than its interval");
    return user_of(spec, &run, err);
}

/* ---- what it says ---- */

/* Writes the tags that all lines of a check have. */
static void add_line(const struct check *c, const char *measurement, struct buf *to)
{
    buf_addf(to, "%s,check=", measurement);
    agent_add_escaped(to, c->source.name);
}

/* A label may hold any bytes but controls; what line protocol cannot hold at a tag's
 * end is one backslash. */
static void add_label(const char *label, struct buf *to)
{
    size_t n = strlen(label);
    agent_add_escaped(to, label);
    if (n > 0 && label[n - 1] == '\\')
        buf_add_ch(to, '_');
}

static double rate_of(struct check *c, const struct perf *p)
{
    if (c->rates == NULL)
        c->rates = rates_new();
    if (c->rates == NULL || !(p->value >= 0) || p->value > 0x1p63)
        return NAN;
    return rates_take(c->rates, table_hash(p->label, strlen(p->label), 1),
                      (uint64_t)p->value);
}

static size_t add_perf(struct check *c, const struct perf *p, struct buf *to)
{
    double v = p->unit == PERF_COUNTER ? rate_of(c, p) : p->value;
    const char *unit = p->unit == PERF_COUNTER ? "per_s" : perf_unit_name(p->unit);
    if (!p->known || !isfinite(v))
        return 0;
    add_line(c, "perf", to);
    buf_add(to, ",label=");
    add_label(p->label, to);
    if (unit[0] != '\0')
        buf_addf(to, ",unit=%s", unit);
    buf_addf(to, "%s value=%.12g %lld\n", c->source.tags, v,
             (long long)(c->source.at.ms / 1000));
    return 1;
}

static size_t add_all_perf(struct check *c, struct perfdata *d, struct buf *to)
{
    struct perf p;
    size_t n = 0;
    int64_t now = monotonic_ms();
    if (c->rates != NULL)
        rates_begin(c->rates, (double)(now - c->rates_ms) / 1000);
    c->rates_ms = now;
    while (perfdata_next(d, &p))
        n += add_perf(c, &p, to);
    return n;
}

static size_t add_result(struct check *c, enum state s,
                         const struct agent_exec_result *r, struct buf *to)
{
    double success = r->timed_out || r->signal != 0 ? 0 : states[s].success;
    size_t n = 2;
    add_line(c, "probe", to);
    buf_addf(to, "%s state=%d,total_ms=%lld", c->source.tags, (int)s, (long long)r->ms);
    if (!isnan(success)) {
        buf_addf(to, ",success=%d", success > 0);
        n++;
    }
    buf_addf(to, " %lld\n", (long long)(c->source.at.ms / 1000));
    return n;
}

/* ---- alarms ---- */

static void write_alarm(const struct check *c, enum state s, const char *words,
                        struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_instant(&w, "time", c->source.at);
    jsonw_text(&w, "name", c->source.name);
    jsonw_text(&w, "source", "aftercheck-agent");
    jsonw_text(&w, "host", c->host);
    if (c->service[0] != '\0')
        jsonw_text(&w, "service", c->service);
    if (s != STATE_OK)
        jsonw_text(&w, "severity", states[s].name);
    jsonw_text(&w, "state", s == STATE_OK ? "resolved" : "firing");
    jsonw_text(&w, "text", words);
    jsonw_close(&w);
}

/* States are told, not their repeats; what is unknown ends nothing and begins nothing.
 */
static void tell_alarm(struct check *c, enum state s, const char *words)
{
    OWNED_BUF body = {0};
    if (!c->spec->alarm || s == STATE_UNKNOWN || s == c->told)
        return;
    c->told = s;
    write_alarm(c, s, words, &body);
    if (buf_done(&body) == 0)
        agent_source_put(&c->source, AGENT_BODY_ALARM, body.data, body.len, 1);
}

/* ---- running ---- */

static enum state state_of(const struct agent_exec_result *r)
{
    if (r->timed_out || r->signal != 0)
        return STATE_CRITICAL;
    return r->code >= 0 && r->code < STATE_UNKNOWN ? (enum state)r->code
                                                   : STATE_UNKNOWN;
}

/* Why there is no result in it. */
static void fail(struct check *c, const struct agent_exec_result *r, const char *words)
{
    if (r->err.code != 0)
        agent_source_failed(&c->source, "%s", r->err.text);
    else if (r->code == 126 || r->code == 127)
        agent_source_failed(&c->source, "the command cannot be run (exit code %d)",
                            r->code);
    else
        agent_source_failed(&c->source, "exit code %d: %.100s", r->code, words);
}

static void on_done(void *arg, const struct agent_exec_result *r)
{
    struct check *c = arg;
    struct perfdata d;
    char words[WORDS_MAX];
    OWNED_BUF lines = {0};
    enum state s = state_of(r);
    if (r->err.code != 0) {
        fail(c, r, "");
        return;
    }
    perfdata_begin(&d, r->text, r->n, words, sizeof words);
    if (r->timed_out)
        snprintf(words, sizeof words, "no result within %lld ms",
                 (long long)c->spec->timeout.ms);
    size_t n = add_result(c, s, r, &lines);
    n += add_all_perf(c, &d, &lines);
    tell_alarm(c, s, words);
    if (buf_done(&lines) < 0) {
        agent_source_failed(&c->source, "out of memory");
    } else if (s == STATE_UNKNOWN) {
        agent_source_put(&c->source, AGENT_BODY_LINES, lines.data, lines.len, n);
        fail(c, r, words);
    } else {
        agent_source_gave(&c->source, AGENT_BODY_LINES, lines.data, lines.len, n);
    }
}

static void check_close(struct agent_source *s)
{
    struct check *c = check_of(s);
    agent_exec_free(&c->exec);
    rates_free(&c->rates);
    free(c->argv);
    agent_source_done(s);
    free(c);
}

static struct agent_source *check_open(const struct agent_env *env,
                                       const struct agent_config *config,
                                       const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    struct check *c = calloc(1, sizeof *c);
    if (c == NULL ||
        agent_source_init(&c->source, &agent_check, env, config, all) < 0) {
        free(c);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    c->spec = spec;
    c->host = config->host;
    c->service = all->service;
    c->told = STATE_NONE;
    c->argv = calloc(spec->command.n + 1, sizeof *c->argv);
    c->exec = agent_exec_new(env->execs, on_done, c);
    if (c->argv == NULL || c->exec == NULL || user_of(spec, &c->run, err) < 0) {
        err_set(err, ENOMEM, "out of memory"); /* unless the first cause was another */
        check_close(&c->source);
        return NULL;
    }
    memcpy(c->argv, spec->command.at, spec->command.n * sizeof *c->argv);
    c->run.argv = c->argv;
    c->run.timeout_ms =
        (int)(spec->timeout.ms > 0 ? spec->timeout.ms : (int64_t)TIMEOUT_MS);
    return &c->source;
}

static void check_gather(struct agent_source *s, instant at)
{
    struct check *c = check_of(s);
    (void)at;
    agent_exec_start(c->exec, &c->run);
}

const struct agent_kind agent_check = {.name = "check",
                                       .list = "checks",
                                       .fields = fields,
                                       .n_fields = sizeof fields / sizeof *fields,
                                       .spec_bytes = sizeof(struct spec),
                                       .interval = {60000},
                                       .check = check_check,
                                       .open = check_open,
                                       .gather = check_gather,
                                       .close = check_close};
