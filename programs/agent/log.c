/* programs/agent/log.c - lines into tallies, tallies into the buffer.
 *
 * The marks on disk are written right behind the batches that hold what was read up to
 * them; so a restart goes on where it ended, and a kill between the two, some
 * microseconds, gives one interval twice rather than losing it.  In the loop. */
#include "programs/agent/log.h"

#include "base/log.h"
#include "base/table_hash.h"
#include "programs/agent/config.h"
#include "programs/agent/line.h"
#include "programs/agent/tally.h"
#include "programs/agent/trail.h"
#include "rules/pattern.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COUNTS_MAX = 32,
    PATHS_MAX = 32,
    BYTES_A_TURN = 1 << 20,
    PENDING_MAX = 64 << 10, /* of records that wait for the interval's end */
    INTERVAL_S_MAX = 600,
    FIGURES = 7,
};

struct spec {
    struct agent_spec all;
    struct yaml_texts path;
    const char *format, *pattern, *caller, *callee, *side;
    const struct yaml_node *counts;
    uint64_t path_parts, ifaces, line_bytes, rate;
};

static const struct yaml_field fields[] = {
    AGENT_SPEC_FIELDS(1),
    {"path", YAML_T_TEXTS, offsetof(struct spec, path), true, 0, 0,
     "files or globs: /var/log/nginx/access.log"},
    {"format", YAML_T_TEXT, offsetof(struct spec, format), false, 0, 0,
     "nginx, apache, haproxy or envoy: its lines are calls"},
    {"pattern", YAML_T_TEXT, offsetof(struct spec, pattern), false, 0, 0,
     "instead of a format: a regular expression with (?<code>...), (?<path>...), ..."},
    {"counts", YAML_T_NODE, offsetof(struct spec, counts), false, 0, 0,
     "{name: expression, ...}: how many lines fit each"},
    {"caller", YAML_T_TEXT, offsetof(struct spec, caller), false, 0, 0,
     "who calls; clients"},
    {"callee", YAML_T_TEXT, offsetof(struct spec, callee), false, 0, 0,
     "who is called; the service, or the host"},
    {"side", YAML_T_TEXT, offsetof(struct spec, side), false, 0, 0,
     "server, or client: who writes the log; server"},
    {"path_parts", YAML_T_COUNT, offsetof(struct spec, path_parts), false, 1,
     AGENT_LINE_PARTS_MAX, "how many parts of a path make the interface; 2"},
    {"ifaces", YAML_T_COUNT, offsetof(struct spec, ifaces), false, 1,
     AGENT_TALLY_IFACES_MAX, "so many interfaces have a name, the rest is other; 200"},
    {"line_bytes", YAML_T_SIZE, offsetof(struct spec, line_bytes), false, 64,
     AGENT_FOLLOW_LINE_MAX, "longer lines are counted and left out; 8KiB"},
    {"rate", YAML_T_COUNT, offsetof(struct spec, rate), false, 1, 1000000,
     "lines a second; those beyond are counted and dropped; 20000"},
};

struct count {
    const char *name;
    struct pattern_groups *pattern;
    uint64_t matches;
};

struct log {
    struct agent_source source;
    const struct spec *spec;
    const char *host, *caller, *callee;
    struct agent_trail *trail;
    struct agent_line_form *form; /* NULL: counts only */
    struct agent_tally *tally;
    struct count count[COUNTS_MAX];
    size_t counts;
    struct loop_timer timer; /* begins, and goes on where there is much to read */
    bool begun;
    struct agent_reader reader;
    int64_t bucket_s; /* of what is in the tally */
    struct buf pending;
    size_t records;
    uint64_t lines_left;
    /* of this interval */
    uint64_t lines, unmatched, dropped;
    uint64_t folded_told, lost_told;
};

static struct log *log_of(struct agent_source *s)
{
    assert(s->kind == &agent_log);
    return (struct log *)s;
}

/* ---- what is wrong with an entry ---- */

static int check_name(const char *field, const char *name, struct err *err)
{
    char can[AGENT_LINE_NAME_MAX];
    if (name == NULL)
        return 0;
    agent_line_name(name, strlen(name), ">:", can, sizeof can);
    if (name[0] != '\0' && strcmp(can, name) == 0)
        return 0;
    return err_set(err, EINVAL,
                   "%s: expected 1 to %d plain characters without blanks, > and :",
                   field, AGENT_LINE_NAME_MAX - 1);
}

static int check_counts(const struct yaml_node *counts, struct err *err)
{
    if (counts == NULL)
        return 0;
    if (counts->kind != YAML_MAP || counts->n == 0 || counts->n > COUNTS_MAX)
        return err_set(err, EINVAL,
                       "counts: expected a map of 1 to %d names and expressions",
                       COUNTS_MAX);
    for (size_t i = 0; i < counts->n; i++) {
        struct err why = {0};
        const char *name = counts->key[i].text;
        if (check_name("counts", name, err) < 0)
            return -1;
        if (counts->item[i].kind != YAML_TEXT)
            return err_set(err, EINVAL, "counts: %.60s: expected an expression", name);
        struct pattern_groups *p =
            pattern_groups_new(counts->item[i].text, NULL, 0, NULL, &why);
        if (p == NULL)
            return err_set(err, EINVAL, "counts: %.60s: %.300s", name, why.text);
        pattern_groups_free(&p);
    }
    return 0;
}

static bool is_client(const struct spec *spec)
{
    return spec->side != NULL && strcmp(spec->side, "client") == 0;
}

static int check_calls(const struct spec *spec, struct err *err)
{
    if (spec->format != NULL && spec->pattern != NULL)
        return err_set(err, EINVAL, "format and pattern exclude one another");
    if (spec->format == NULL && spec->pattern == NULL)
        return spec->counts != NULL
                   ? 0
                   : err_set(err, EINVAL, "expected a format, a pattern or counts");
    if (spec->side != NULL && strcmp(spec->side, "server") != 0 && !is_client(spec))
        return err_set(err, EINVAL, "side: expected server or client");
    if (is_client(spec) && spec->callee == NULL &&
        (spec->pattern == NULL || strstr(spec->pattern, "(?<callee>") == NULL))
        return err_set(err, EINVAL, "the client's side needs a callee");
    struct agent_line_form *f =
        agent_line_form_new(spec->format, spec->pattern, spec->path_parts, err);
    bool good = f != NULL;
    agent_line_form_free(&f);
    return good ? 0 : -1;
}

static int log_check(const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    if (spec->path.n == 0 || spec->path.n > PATHS_MAX)
        return err_set(err, EINVAL, "path: expected 1 to %d of them", PATHS_MAX);
    for (size_t i = 0; i < spec->path.n; i++)
        if (spec->path.at[i][0] != '/')
            return err_set(err, EINVAL, "path: %.100s: expected a full path",
                           spec->path.at[i]);
    if (all->interval.ms > INTERVAL_S_MAX * INT64_C(1000))
        return err_set(err, EINVAL, "interval: expected at most 10m");
    if (check_name("caller", spec->caller, err) < 0 ||
        check_name("callee", spec->callee, err) < 0)
        return -1;
    return check_counts(spec->counts, err) < 0 ? -1 : check_calls(spec, err);
}

/* ---- lines ---- */

/* Writes the tally of one span of time. */
static void end_bucket(struct log *g)
{
    char tail[AGENT_LINE_NAME_MAX + 120], host[AGENT_LINE_NAME_MAX];
    agent_line_name(g->host, strlen(g->host), "", host, sizeof host);
    snprintf(tail, sizeof tail, " %s_host=%s side=%s ts=%lld span_s=%lld",
             is_client(g->spec) ? "caller" : "callee", host,
             is_client(g->spec) ? "client" : "server", (long long)g->bucket_s,
             (long long)(g->source.interval.ms / 1000));
    g->records += agent_tally_write(g->tally, tail, &g->pending);
}

static void put_pending(struct log *g)
{
    if (g->records > 0 && buf_done(&g->pending) == 0)
        agent_source_put(&g->source, AGENT_BODY_CALL_LINES, g->pending.data,
                         g->pending.len, g->records);
    else if (g->records > 0)
        log_warn("log %s: no memory for %zu records, they are lost", g->source.name,
                 g->records);
    buf_free(&g->pending);
    g->records = 0;
}

/* Lines come nearly in order: those of the span just before count for this one. */
static void choose_bucket(struct log *g, instant at)
{
    int64_t every = g->source.interval.ms, now = instant_now().ms;
    int64_t ms = instant_is_none(at) || at.ms > now ? now : at.ms;
    int64_t bucket = (ms - ms % every) / 1000;
    if (bucket == g->bucket_s || bucket == g->bucket_s - every / 1000)
        return;
    if (g->bucket_s != 0)
        end_bucket(g);
    g->bucket_s = bucket;
    if (g->pending.len > PENDING_MAX)
        put_pending(g);
}

static void take_call(struct log *g, const char *text, size_t n)
{
    struct agent_line l;
    if (!agent_line_read(g->form, text, n, &l)) {
        g->unmatched++;
        return;
    }
    if (l.caller[0] == '\0')
        agent_line_name(g->caller, strlen(g->caller), ">:", l.caller, sizeof l.caller);
    if (l.callee[0] == '\0')
        agent_line_name(g->callee, strlen(g->callee), ">:", l.callee, sizeof l.callee);
    choose_bucket(g, l.at);
    agent_tally_add(g->tally, &l);
}

static void on_line(void *arg, const char *text, size_t n)
{
    struct log *g = arg;
    g->lines++;
    if (g->lines_left == 0) {
        g->dropped++;
        return;
    }
    g->lines_left--;
    for (size_t i = 0; i < g->counts; i++)
        g->count[i].matches +=
            pattern_groups_match(g->count[i].pattern, text, n, NULL) > 0;
    if (g->form != NULL)
        take_call(g, text, n);
}

static void read_on(struct log *g, bool look)
{
    g->reader.bytes_left = BYTES_A_TURN;
    if (agent_trail_read(g->trail, &g->reader, look))
        loop_set(g->source.env->loop, &g->timer, 0); /* the others come between */
}

static void on_woken(void *arg)
{
    read_on(arg, false);
}

static void begin(struct log *g)
{
    struct err err = {0};
    g->begun = true;
    g->lines_left = g->spec->rate * (uint64_t)(g->source.interval.ms / 1000);
    if (agent_trail_begin(g->trail, &err) < 0)
        log_warn("log %s: %s; it goes on from the files' ends", g->source.name,
                 err.text);
}

/* The first time is after the sources of an older configuration were closed, which
 * leave their marks to us. */
static void on_timer(void *arg)
{
    struct log *g = arg;
    if (!g->begun)
        begin(g);
    read_on(g, false);
}

/* ---- the interval's end ---- */

static size_t add_figures(struct log *g, struct buf *to)
{
    struct agent_trail_stats s = agent_trail_stats(g->trail);
    uint64_t folded = agent_tally_folded(g->tally);
    long long at = (long long)(g->source.at.ms / 1000);
    buf_add(to, "log,log=");
    agent_add_escaped(to, g->source.name);
    buf_addf(to, "%s lines=%llu,unmatched=%llu,too_long=%llu,dropped=%llu",
             g->source.tags, (unsigned long long)g->lines,
             (unsigned long long)g->unmatched, (unsigned long long)g->reader.too_long,
             (unsigned long long)g->dropped);
    buf_addf(to, ",folded=%llu,files=%zu,lost=%llu %lld\n",
             (unsigned long long)(folded - g->folded_told), s.files,
             (unsigned long long)(s.lost - g->lost_told), at);
    for (size_t i = 0; i < g->counts; i++) {
        buf_add(to, "log,log=");
        agent_add_escaped(to, g->source.name);
        buf_add(to, ",count=");
        agent_add_escaped(to, g->count[i].name);
        buf_addf(to, "%s matches=%llu %lld\n", g->source.tags,
                 (unsigned long long)g->count[i].matches, at);
        g->count[i].matches = 0;
    }
    g->lines = g->unmatched = g->dropped = g->reader.too_long = 0;
    g->folded_told = folded;
    g->lost_told = s.lost;
    return FIGURES + g->counts;
}

/* What was read, and then up to where. */
static void hand_over(struct log *g)
{
    OWNED_BUF lines = {0};
    struct err err = {0};
    struct agent_trail_stats s = agent_trail_stats(g->trail);
    end_bucket(g);
    put_pending(g);
    size_t n = add_figures(g, &lines);
    if (s.files == 0) {
        agent_source_put(&g->source, AGENT_BODY_LINES, lines.data, lines.len, n);
        agent_source_failed(&g->source, "no file can be read: %s",
                            s.err.code != 0 ? s.err.text : g->spec->path.at[0]);
    } else {
        agent_source_gave(&g->source, AGENT_BODY_LINES, lines.data, lines.len, n);
    }
    if (agent_trail_save(g->trail, &err) < 0)
        snprintf(g->source.words, sizeof g->source.words, "%.180s", err.text);
}

static void log_gather(struct agent_source *s, instant at)
{
    struct log *g = log_of(s);
    (void)at;
    if (!g->begun)
        begin(g);
    read_on(g, true);
    hand_over(g);
    g->lines_left = g->spec->rate * (uint64_t)(s->interval.ms / 1000);
}

/* ---- life ---- */

static void log_close(struct agent_source *s)
{
    struct log *g = log_of(s);
    if (g->begun && !s->env->once) {
        s->at = instant_now();
        read_on(g, true);
        hand_over(g);
    }
    loop_clear(s->env->loop, &g->timer);
    agent_trail_free(&g->trail);
    agent_tally_free(&g->tally);
    agent_line_form_free(&g->form);
    for (size_t i = 0; i < g->counts; i++)
        pattern_groups_free(&g->count[i].pattern);
    buf_free(&g->pending);
    agent_source_done(s);
    free(g);
}

static int open_counts(struct log *g, struct err *err)
{
    const struct yaml_node *counts = g->spec->counts;
    for (size_t i = 0; counts != NULL && i < counts->n; i++) {
        struct count *c = &g->count[g->counts];
        c->name = counts->key[i].text;
        c->pattern = pattern_groups_new(counts->item[i].text, NULL, 0, NULL, err);
        if (c->pattern == NULL)
            return -1;
        g->counts++;
    }
    return 0;
}

static int open_trail(struct log *g, struct err *err)
{
    OWNED_BUF marks = {0};
    const struct agent_env *env = g->source.env;
    uint64_t h = table_hash(g->source.name, strlen(g->source.name), 11);
    if (env->state != NULL)
        buf_addf(&marks, "%s/log-%016llx.marks", env->state, (unsigned long long)h);
    struct agent_trail_spec spec = {.loop = env->loop,
                                    .globs = g->spec->path.at,
                                    .n = g->spec->path.n,
                                    .marks = env->state != NULL ? marks.data : NULL,
                                    .from_start = env->once,
                                    .woke = on_woken,
                                    .arg = g};
    if (buf_done(&marks) < 0)
        return err_set(err, ENOMEM, "out of memory");
    g->trail = agent_trail_new(&spec, err);
    return g->trail != NULL ? 0 : -1;
}

static int open_parts(struct log *g, struct err *err)
{
    const struct spec *s = g->spec;
    g->tally = agent_tally_new(s->ifaces, err);
    if (g->tally == NULL || open_counts(g, err) < 0 || open_trail(g, err) < 0)
        return -1;
    if (s->format == NULL && s->pattern == NULL)
        return 0;
    g->form = agent_line_form_new(s->format, s->pattern, s->path_parts, err);
    return g->form != NULL ? 0 : -1;
}

static struct agent_source *log_open(const struct agent_env *env,
                                     const struct agent_config *config,
                                     const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    struct log *g = calloc(1, sizeof *g);
    if (g == NULL || agent_source_init(&g->source, &agent_log, env, config, all) < 0) {
        free(g);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    const char *own = all->service[0] != '\0' ? all->service : config->host;
    g->spec = spec;
    g->host = config->host;
    g->caller = spec->caller != NULL ? spec->caller : is_client(spec) ? own : "clients";
    g->callee = spec->callee != NULL ? spec->callee : own;
    g->reader = (struct agent_reader){
        .line = on_line, .arg = g, .line_max = (size_t)spec->line_bytes};
    g->timer = (struct loop_timer){.fire = on_timer, .arg = g};
    if (open_parts(g, err) < 0) {
        log_close(&g->source);
        return NULL;
    }
    loop_set(env->loop, &g->timer, 0);
    return &g->source;
}

static void log_defaults(struct agent_spec *all)
{
    struct spec *spec = (struct spec *)all;
    spec->path_parts = 2;
    spec->ifaces = 200;
    spec->line_bytes = 8 << 10;
    spec->rate = 20000;
}

const struct agent_kind agent_log = {.name = "log",
                                     .list = "logs",
                                     .fields = fields,
                                     .n_fields = sizeof fields / sizeof *fields,
                                     .spec_bytes = sizeof(struct spec),
                                     .aligned = true,
                                     .defaults = log_defaults,
                                     .check = log_check,
                                     .open = log_open,
                                     .gather = log_gather,
                                     .close = log_close};
