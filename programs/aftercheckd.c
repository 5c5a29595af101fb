/* programs/aftercheckd.c - the service: opens the stores, starts the stages, waits for
 * signals.  Wiring only.
 *
 * The main thread handles signals: TERM and INT end the service in order (a second one
 * at once), HUP reads configuration, rules and routing anew, and so does a change of
 * the files of rules and routing.  Rules in force belong to the
 * analyzer's thread, who audiences are to the notifier's; a reload leaves the new ones
 * in `pending`, and the threads take them over between two rounds, so nobody sees half
 * of each. */
#include "analyzer/checkup.h"
#include "base/log.h"
#include "base/opt.h"
#include "base/worker.h"
#include "collector/routes.h"
#include "notifier/notifier.h"
#include "notifier/routes.h"
#include "programs/daemon_config.h"
#include "programs/daemon_metrics.h"
#include "programs/rules_watch.h"
#include "rules/facts.h"
#include "rules/routing.h"
#include "storage/history.h"
#include "storage/history_prune.h"
#include "storage/spellings.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WATCH_MS = 2000, NOTICE_BYTES = 600 };
enum { DRAIN_MS = 5000, SYNC_MS = 10000 };
/* What is too old goes in small steps: while there is some, one a second. */
enum { PRUNE_MS = 600000, PRUNE_STEP_MS = 1000, FORGET_MS = 86400000 };

/* What people are told of files that could not be read. */
struct notice {
    struct notice *next;
    char text[2 * NOTICE_BYTES];
};

/* Routing that was in force once: somebody may still be reading it. */
struct routing_kept {
    struct routing_kept *next;
    struct routing *routing;
};

struct service {
    const char *config_path;
    struct daemon_config config; /* as at the start, but for its mail part */
    struct ruleset *rules;       /* the analyzer thread's */
    pthread_mutex_t lock;        /* guards the four below */
    struct ruleset *pending_rules;
    struct daemon_state state; /* for /metrics */
    struct httpd *httpd;       /* NULL before it serves and from the end on */
    bool ending;
    struct daemon_config **later; /* of reloads; kept to the end, as threads may read
                                     any of them */
    size_t n_later;
    struct rules_watch watch, routing_watch; /* the main thread's */
    struct routing_kept *routings; /* the first is in force; kept to the end */
    char rules_note[NOTICE_BYTES]; /* what is wrong on disk; "": nothing */
    char routing_note[NOTICE_BYTES];
    struct notice *notices; /* given to the notifier; kept to the end */

    char mail_dir[4096], host[256]; /* the machine's name */
    struct inputs *inputs;
    int data_fd, lock_fd;
    struct rrd *rrd;
    struct ledger *ledger;
    struct windows *windows;
    struct history *history;
    struct collector *collector;
    struct notifier *notifier;
    struct checkup *checkup;
    struct worker *analyzer, *teller, *flusher;
    uint64_t dead_told; /* mails given up that the log knows of; the teller's */
    instant next_flush, next_prune, next_forget;
    char history_dir[4096];
    struct history_prune forget; /* the flusher's */
};

/* --- configuration and rules --- */

static void print_complaints(struct complaints *c)
{
    OWNED_BUF text = {0};
    complaints_sort(c);
    complaints_write(c, &text);
    fputs(buf_text(&text), stderr);
}

/* What the rules look back on must still be there when they look.  One complaint for
 * all kinds of change: mending the worst mends the others. */
static void check_reach(const struct daemon_config *config, const struct ruleset *rules,
                        struct complaints *c)
{
    span longest = {0}, shortest = {INT64_MAX};
    char text[SPAN_TEXT_MAX], have[SPAN_TEXT_MAX];
    for (size_t k = 0; k < ruleset_windows_count(rules); k++) {
        const struct windows_rule *w = ruleset_windows_at(rules, k);
        int64_t reach = w->before.ms + w->looks[w->n_looks - 1].ms + w->late.ms;
        longest.ms = reach > longest.ms ? reach : longest.ms;
        shortest.ms = w->before.ms < shortest.ms ? w->before.ms : shortest.ms;
    }
    const char *file = config->doc != NULL ? yaml_file(config->doc) : "defaults";
    if (longest.ms > config->samples.keep.ms)
        complain(c, file, 1, 1, "keep",
                 "samples.keep is %s, but the windows of the rules reach over %s",
                 span_text(config->samples.keep, have), span_text(longest, text));
    if (shortest.ms < 5 * config->samples.step.ms)
        complain(c, file, 1, 1, "step",
                 "samples.step is %s, but a before window of the rules is only %s",
                 span_text(config->samples.step, have), span_text(shortest, text));
}

/* What a configuration names. */
struct loaded {
    struct ruleset *rules;
    struct routing *routing; /* NULL: there is no file */
};

static void loaded_free(struct loaded *l)
{
    ruleset_free(&l->rules);
    routing_free(&l->routing);
}

/* All, or nothing. */
static int load(const char *path, const char *data, const char *listen,
                struct daemon_config *config, struct loaded *ret, struct complaints *c)
{
    *ret = (struct loaded){0};
    if (daemon_config_load(path, config, c) < 0)
        return -1;
    config->data = data != NULL ? data : config->data;
    config->listen = listen != NULL ? listen : config->listen;
    ret->rules = ruleset_load(config->rules, c);
    if (config->routing != NULL)
        ret->routing = routing_load(config->routing, c);
    if (ret->rules != NULL)
        check_reach(config, ret->rules, c);
    if (c->errors > 0)
        loaded_free(ret);
    return c->errors > 0 ? -1 : 0;
}

/* Pages and mails say what is wrong with either file. */
static void publish_notes(struct service *s)
{
    struct notice *n = calloc(1, sizeof *n);
    if (n == NULL)
        return;
    snprintf(n->text, sizeof n->text, "%s%s%s", s->rules_note,
             s->rules_note[0] != '\0' && s->routing_note[0] != '\0' ? " " : "",
             s->routing_note);
    n->next = s->notices;
    s->notices = n;
    notifier_set_notice(s->notifier, n->text[0] != '\0' ? n->text : NULL);
}

/* "The rules on disk could not be read ..." with the first complaint. */
static void note_file(char to[NOTICE_BYTES], const char *what, bool ok,
                      const struct complaints *c)
{
    size_t i = 0;
    to[0] = '\0';
    if (ok)
        return;
    while (i < c->n && c->at[i].warning)
        i++;
    snprintf(to, NOTICE_BYTES,
             "The %s on disk could not be read, what was before stays in force.%s",
             what, i < c->n ? " First mistake: " : "");
    size_t at = strlen(to);
    if (i < c->n)
        snprintf(to + at, NOTICE_BYTES - at, "%s:%u:%u: %s", c->at[i].file,
                 c->at[i].line, c->at[i].column, c->at[i].text);
}

static void note_rules(struct service *s, bool ok, const struct complaints *c)
{
    pthread_mutex_lock(&s->lock);
    s->state.rules_ok = ok;
    pthread_mutex_unlock(&s->lock);
    note_file(s->rules_note, "rules", ok, c);
    publish_notes(s);
}

static void note_routing(struct service *s, bool ok, const struct complaints *c)
{
    pthread_mutex_lock(&s->lock);
    s->state.routing_ok = ok;
    pthread_mutex_unlock(&s->lock);
    note_file(s->routing_note, "routing", ok, c);
    publish_notes(s);
}

/* Puts it in force; NULL: everybody. */
static int keep_routing(struct service *s, struct routing *routing)
{
    struct routing_kept *k = calloc(1, sizeof *k);
    if (k == NULL)
        return -1;
    k->routing = routing;
    k->next = s->routings;
    s->routings = k;
    notifier_set_routing(s->notifier, routing);
    pthread_mutex_lock(&s->lock);
    s->state.routing_reloads++;
    snprintf(s->state.routing, sizeof s->state.routing, "%s",
             routing != NULL ? routing->hash : "");
    pthread_mutex_unlock(&s->lock);
    return 0;
}

/* The configuration joins those that are kept; the rules wait for the analyzer. */
static int take_over(struct service *s, struct daemon_config *config,
                     const struct loaded *l)
{
    struct daemon_config **more = realloc(s->later, (s->n_later + 1) * sizeof *more);
    if (more == NULL)
        return -1;
    s->later = more;
    if (keep_routing(s, l->routing) < 0)
        return -1;
    s->later[s->n_later++] = config;
    notifier_set_config(s->notifier, &config->mail);
    collector_set_hooks(s->collector, &config->hooks);
    pthread_mutex_lock(&s->lock);
    ruleset_free(&s->pending_rules);
    s->pending_rules = l->rules;
    s->state.reloads++;
    s->state.rules_reloads++;
    pthread_mutex_unlock(&s->lock);
    return 0;
}

/* Of the configuration in force. */
static const struct daemon_config *config_of(const struct service *s)
{
    return s->n_later > 0 ? s->later[s->n_later - 1] : &s->config;
}

static const char *rules_path(const struct service *s)
{
    return config_of(s)->rules;
}

/* The rules alone, as their files have changed: all of them are read before any is
 * used. */
static void reload_rules(struct service *s)
{
    struct complaints c = {0};
    struct ruleset *rules = ruleset_load(rules_path(s), &c);
    if (rules != NULL)
        check_reach(config_of(s), rules, &c);
    print_complaints(&c);
    bool ok = rules != NULL && c.errors == 0;
    note_rules(s, ok, &c);
    complaints_free(&c);
    if (!ok) {
        ruleset_free(&rules);
        log_error("the new rules are refused, the old ones stay in force");
        return;
    }
    log_info("rules were read anew: %zu rules, %s %s", rules->n, rules->name,
             rules->hash);
    pthread_mutex_lock(&s->lock);
    ruleset_free(&s->pending_rules);
    s->pending_rules = rules;
    s->state.rules_reloads++;
    pthread_mutex_unlock(&s->lock);
    worker_poke(s->analyzer);
}

/* The routing alone, the same way. */
static void reload_routing(struct service *s)
{
    struct complaints c = {0};
    struct routing *routing = routing_load(config_of(s)->routing, &c);
    print_complaints(&c);
    bool ok = routing != NULL && keep_routing(s, routing) == 0;
    note_routing(s, ok, &c);
    complaints_free(&c);
    if (!ok) {
        routing_free(&routing);
        log_error("the new routing is refused, the old one stays in force");
        return;
    }
    log_info("routing was read anew: %zu audiences, %s", routing->all.n, routing->hash);
    worker_poke(s->teller);
}

static void reload(struct service *s)
{
    struct complaints c = {0};
    struct loaded loaded = {0};
    struct daemon_config *config = calloc(1, sizeof *config);
    int rc = config != NULL ? load(s->config_path, s->config.data, s->config.listen,
                                   config, &loaded, &c)
                            : -1;
    print_complaints(&c);
    if (rc == 0)
        rc = take_over(s, config, &loaded);
    if (rc == 0)
        note_routing(s, true, &c);
    note_rules(s, rc == 0, &c);
    complaints_free(&c);
    s->watch.known = rules_stamp(rules_path(s));
    s->routing_watch.known = rules_stamp(config_of(s)->routing);
    pthread_mutex_lock(&s->lock);
    s->state.reload_ok = rc == 0;
    pthread_mutex_unlock(&s->lock);
    if (rc < 0) {
        if (config != NULL)
            daemon_config_free(config);
        free(config);
        loaded_free(&loaded);
        log_error("the new configuration is refused, the old one stays in force");
        return;
    }
    log_info("configuration and rules were read anew");
    worker_poke(s->analyzer);
    worker_poke(s->teller);
}

/* --- the threads --- */

/* Pages show the rules from there; without them only pages are poorer. */
static void publish_rules(struct service *s, instant now)
{
    struct err err = {0};
    OWNED_BUF json = {0};
    facts_write(s->rules, &json);
    if (buf_done(&json) < 0)
        err_set(&err, ENOMEM, "out of memory");
    else
        ledger_put_pack(s->ledger, s->rules->hash, buf_text(&json), now, &err);
    if (err.code != 0)
        log_warn("pages do not show the rules in force: %s", err.text);
}

static void adopt_rules(struct service *s, instant now)
{
    bool other = false;
    pthread_mutex_lock(&s->lock);
    if (s->pending_rules != NULL) {
        other = true;
        ruleset_free(&s->rules);
        s->rules = s->pending_rules;
        s->pending_rules = NULL;
        snprintf(s->state.pack, sizeof s->state.pack, "%s", s->rules->hash);
    }
    pthread_mutex_unlock(&s->lock);
    if (other)
        publish_rules(s, now);
}

/* Those who wait for a verdict.  A server that is being stopped calls them by itself.
 */
static void wake_waiting(struct service *s)
{
    pthread_mutex_lock(&s->lock);
    if (s->httpd != NULL)
        httpd_wake_all(s->httpd);
    pthread_mutex_unlock(&s->lock);
}

static instant sooner(instant a, instant b)
{
    return a.ms < b.ms ? a : b;
}

/* What the next looks need of the past; gives when there is more to do. */
static instant prepare(struct service *s, instant now)
{
    struct err err = {0};
    instant next = INSTANT_FAR;
    int more = checkup_prepare(s->checkup, s->rules, now, &next, &err);
    if (more < 0)
        log_error("checkup: %s", err.text);
    return more > 0 ? now : next;
}

static instant analyze(void *arg, instant now)
{
    struct service *s = arg;
    adopt_rules(s, now);
    struct err err = {0};
    instant next = INSTANT_FAR;
    size_t stored = 0;
    int64_t start = monotonic_ms();
    if (checkup_round(s->checkup, s->rules, now, &next, &stored, &err) < 0)
        log_error("checkup: %s", err.text);
    int64_t took = monotonic_ms() - start;
    pthread_mutex_lock(&s->lock);
    s->state.slowest_ms = took > s->state.slowest_ms ? took : s->state.slowest_ms;
    pthread_mutex_unlock(&s->lock);
    if (stored > 0) {
        wake_waiting(s);
        worker_poke(s->teller);
    }
    return sooner(next, prepare(s, now));
}

static instant tell_people(void *arg, instant now)
{
    struct service *s = arg;
    struct err err = {0};
    instant next = notifier_round(s->notifier, now, &err);
    if (err.code != 0)
        log_error("mail: %s", err.text);
    struct outbox_stats o = outbox_stats(s->notifier->outbox);
    if (o.dead > s->dead_told)
        log_error("mail: %llu given up: %s",
                  (unsigned long long)(o.dead - s->dead_told), o.last_error);
    s->dead_told = o.dead;
    return next;
}

static void prune(struct service *s, instant now)
{
    struct err err = {0};
    size_t rows = 0;
    const struct ledger_keep keep = {s->config.evidence.coredumps,
                                     s->config.evidence.alarms,
                                     s->config.evidence.tests};
    if (ledger_prune(s->ledger, &keep, now, &rows, &err) < 0)
        log_error("ledger: old evidence could not be deleted: %s", err.text);
    s->next_prune =
        (instant){now.ms + (rows >= LEDGER_PRUNE_MAX ? PRUNE_STEP_MS : PRUNE_MS)};
}

/* A step through the history's files; a round of all of them a day. */
static void forget(struct service *s, instant now)
{
    struct err err = {0};
    instant before = {now.ms - s->config.history.forget.ms};
    bool over = history_prune_step(&s->forget, before, &err);
    if (err.code != 0)
        log_error("history: old files could not be deleted: %s", err.text);
    pthread_mutex_lock(&s->lock);
    s->state.forgotten = s->forget.deleted;
    pthread_mutex_unlock(&s->lock);
    s->next_forget = (instant){now.ms + (over ? FORGET_MS : PRUNE_STEP_MS)};
}

static instant flush(void *arg, instant now)
{
    struct service *s = arg;
    struct err err = {0};
    if (windows_sync(s->windows, &err) < 0)
        log_error("recent samples: %s", err.text);
    err = (struct err){0};
    if (now.ms >= s->next_flush.ms) {
        /* the last minutes wait for samples that are late */
        if (history_flush(s->history, s->windows, (instant){now.ms - 120000}, &err) < 0)
            log_error("history: %s", err.text);
        s->next_flush = instant_add(now, s->config.history.flush);
    }
    if (now.ms >= s->next_prune.ms)
        prune(s, now);
    if (now.ms >= s->next_forget.ms)
        forget(s, now);
    return sooner((instant){now.ms + SYNC_MS}, sooner(s->next_prune, s->next_forget));
}

static void on_change(void *arg)
{
    struct service *s = arg;
    pthread_mutex_lock(&s->lock);
    if (!s->ending)
        worker_poke(s->analyzer);
    pthread_mutex_unlock(&s->lock);
}

/* --- starting and stopping --- */

/* One service a directory: the lock goes with the process, however it ends. */
static int claim(struct service *s, struct err *err)
{
    const char *dir = s->config.data;
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return err_sys(err, errno, "the data directory %s cannot be made", dir);
    s->data_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->data_fd < 0)
        return err_sys(err, errno, "the data directory %s cannot be opened", dir);
    s->lock_fd = openat(s->data_fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (s->lock_fd < 0)
        return err_sys(err, errno, "%s/lock cannot be opened", dir);
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) < 0)
        return err_set(err, EBUSY, "another aftercheckd works in %s", dir);
    return 0;
}

static void note(struct err *n)
{
    if (n->code != 0)
        log_warn("%s", n->text);
    *n = (struct err){0};
}

static int open_stores(struct service *s, struct err *err)
{
    char path[4096];
    const struct daemon_config *c = &s->config;
    struct err n = {0};
    snprintf(s->history_dir, sizeof s->history_dir, "%s/history", c->data);
    s->rrd = rrd_start(s->history_dir, err); /* forks: before any thread is started */
    if (s->rrd == NULL)
        return -1;
    s->forget = (struct history_prune){.dir = s->history_dir, .rrd = s->rrd};
    struct history_spec past = {.dir = s->history_dir};
    s->history = history_open(&past, s->rrd, err);
    if (s->history == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/ledger.db", c->data);
    s->ledger = ledger_open(path, &n, err);
    note(&n);
    if (s->ledger == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/windows.dat", c->data);
    struct windows_spec w = {
        .path = path,
        .step = c->samples.step,
        .rows = (uint32_t)(c->samples.keep.ms / c->samples.step.ms) + 2,
        .bytes_max = c->samples.most};
    s->windows = windows_open(&w, &n, err);
    note(&n);
    return s->windows != NULL ? 0 : -1;
}

static void copy_tags(const struct yaml_texts *from, const char **to)
{
    size_t n = from->n < ENTITY_TAG_NAMES_MAX ? from->n : ENTITY_TAG_NAMES_MAX;
    for (size_t i = 0; i < n; i++)
        to[i] = from->at[i];
}

static int open_stages(struct service *s, struct err *err)
{
    struct collector_spec in = {.windows = s->windows,
                                .ledger = s->ledger,
                                .hooks = &s->config.hooks,
                                .listener = {.on_change = on_change, .arg = s}};
    const struct daemon_config *c = &s->config;
    gethostname(s->host, sizeof s->host - 1);
    s->inputs = inputs_new();
    if (s->inputs == NULL)
        return err_set(err, ENOMEM, "out of memory");
    in.inputs = s->inputs;
    in.limits = (struct gate_limits){c->limits.names, (double)c->limits.rate};
    in.graphite = (struct wire_spec){.listen = c->graphite.listen,
                                     .templates = c->graphite.templates.at,
                                     .n_templates = c->graphite.templates.n,
                                     .counters = c->graphite.counters.at,
                                     .n_counters = c->graphite.counters.n};
    in.statsd =
        (struct wire_spec){.listen = c->statsd.listen,
                           .templates = c->statsd.templates.at,
                           .n_templates = c->statsd.templates.n,
                           .host = c->statsd.host != NULL ? c->statsd.host : s->host,
                           .flush = c->statsd.flush};
    copy_tags(&s->config.host_tags, in.tags.host);
    copy_tags(&s->config.service_tags, in.tags.service);
    s->collector = collector_new(&in, err);
    if (s->collector == NULL)
        return -1;
    snprintf(s->mail_dir, sizeof s->mail_dir, "%s/mail", s->config.data);
    publish_rules(s, instant_now());
    struct notifier_spec out = {.ledger = s->ledger,
                                .inputs = s->inputs,
                                .windows = s->windows,
                                .rrd = s->rrd,
                                .config = &s->config.mail,
                                .routing = s->routings->routing,
                                .mail_dir = s->mail_dir,
                                .now = instant_now};
    s->notifier = notifier_open(&out, err);
    if (s->notifier == NULL)
        return -1;
    s->checkup = checkup_new(s->ledger, s->windows, s->history);
    return s->checkup != NULL ? 0 : err_set(err, ENOMEM, "out of memory");
}

static void give_metrics(struct buf *to, void *arg)
{
    struct service *s = arg;
    pthread_mutex_lock(&s->lock);
    struct daemon_sources from = {.ledger = s->ledger,
                                  .notifier = s->notifier,
                                  .windows = s->windows,
                                  .history = s->history,
                                  .rrd = s->rrd,
                                  .checkup = s->checkup,
                                  .httpd = s->httpd};
    if (s->httpd != NULL) {
        collector_write_metrics(s->collector, to);
        inputs_write_metrics(s->inputs, instant_now(), to);
        spellings_write_metrics(s->windows, to);
        daemon_metrics_write(&from, &s->state, to);
    }
    pthread_mutex_unlock(&s->lock);
}

static int start_threads(struct service *s, struct err *err)
{
    struct daemon_health health = {.write_metrics = give_metrics, .arg = s};
    s->state.health = health;
    struct httpd_mount mounts[] = {{collector_routes, s->collector},
                                   {notifier_routes, s->notifier},
                                   {daemon_routes, &s->state.health}};
    struct httpd_spec http = {
        .listen = s->config.listen, .mounts = mounts, .n_mounts = 3, .threads = 2};
    /* the threads first: a request may poke them */
    s->analyzer = worker_start("analyzer", analyze, s, err);
    s->teller = worker_start("notifier", tell_people, s, err);
    s->flusher = worker_start("flusher", flush, s, err);
    if (s->analyzer == NULL || s->teller == NULL || s->flusher == NULL)
        return -1;
    struct httpd *server = httpd_start(&http, err);
    if (server == NULL)
        return -1;
    pthread_mutex_lock(&s->lock);
    s->httpd = server;
    pthread_mutex_unlock(&s->lock);
    atomic_store(&s->state.health.ready, true);
    return 0;
}

static void free_routings(struct service *s)
{
    while (s->routings != NULL) {
        struct routing_kept *k = s->routings;
        s->routings = k->next;
        routing_free(&k->routing);
        free(k);
    }
}

/* Ends what was started, in reverse; also after a start that failed half-way. */
static void stop(struct service *s)
{
    struct err err = {0};
    atomic_store(&s->state.health.ready, false);
    pthread_mutex_lock(&s->lock);
    struct httpd *server = s->httpd;
    s->httpd = NULL;  /* from here on nobody else wakes its requests, */
    s->ending = true; /* and the ledger pokes no thread that is gone */
    pthread_mutex_unlock(&s->lock);
    httpd_stop(&server, DRAIN_MS);
    worker_stop(&s->analyzer);
    if (s->notifier != NULL)
        notifier_stop(s->notifier);
    worker_stop(&s->teller);
    worker_stop(&s->flusher);
    if (s->windows != NULL && s->history != NULL) {
        if (history_flush(s->history, s->windows, (instant){instant_now().ms - 60000},
                          &err) < 0)
            log_error("history: %s", err.text);
        windows_sync(s->windows, NULL);
    }
    checkup_free(&s->checkup);
    notifier_close(&s->notifier);
    collector_free(&s->collector);
    inputs_free(&s->inputs);
    windows_close(&s->windows);
    ledger_close(&s->ledger);
    history_close(&s->history);
    rrd_stop(&s->rrd);
    ruleset_free(&s->rules);
    ruleset_free(&s->pending_rules);
    for (size_t i = 0; i < s->n_later; i++) {
        daemon_config_free(s->later[i]);
        free(s->later[i]);
    }
    free(s->later);
    free_routings(s);
    while (s->notices != NULL) {
        struct notice *n = s->notices;
        s->notices = n->next;
        free(n);
    }
    daemon_config_free(&s->config);
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    if (s->data_fd >= 0)
        close(s->data_fd);
}

/* --- the program --- */

static void wait_for_end(struct service *s, const sigset_t *signals)
{
    for (;;) {
        const struct timespec wait = {.tv_sec = WATCH_MS / 1000,
                                      .tv_nsec = WATCH_MS % 1000 * 1000000L};
        int sig = sigtimedwait(signals, NULL, &wait);
        if (sig < 0) {
            if (errno != EAGAIN)
                continue;
            if (rules_watch_look(&s->watch, rules_path(s)))
                reload_rules(s);
            if (rules_watch_look(&s->routing_watch, config_of(s)->routing))
                reload_routing(s);
            continue;
        }
        if (sig == SIGHUP) {
            reload(s);
            continue;
        }
        log_info("%s: ending", sig == SIGTERM ? "SIGTERM" : "SIGINT");
        /* a second signal ends at once: all that was promised is on disk already */
        signal(SIGTERM, SIG_DFL);
        signal(SIGINT, SIG_DFL);
        sigset_t again;
        sigemptyset(&again);
        sigaddset(&again, SIGTERM);
        sigaddset(&again, SIGINT);
        pthread_sigmask(SIG_UNBLOCK, &again, NULL);
        return;
    }
}

static int run(struct service *s)
{
    struct err err = {0};
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &signals,
                    NULL); /* before any thread, so all inherit it */
    signal(SIGPIPE, SIG_IGN);
    if (claim(s, &err) < 0 || open_stores(s, &err) < 0 || open_stages(s, &err) < 0 ||
        start_threads(s, &err) < 0) {
        log_error("%s", err.text);
        stop(s);
        return 1;
    }
    log_info("listening on http://%s/, data in %s, rules %s %s",
             httpd_address(s->httpd), s->config.data, s->rules->name, s->rules->hash);
    wait_for_end(s, &signals);
    stop(s);
    log_info("ended");
    return 0;
}

static int set_log_level(const char *name)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};
    for (int i = 0; i < 4; i++)
        if (strcmp(name, names[i]) == 0) {
            log_set_level((enum log_level)i);
            return 0;
        }
    fprintf(stderr, "aftercheckd: log: '%s' is not error, warn, info or debug\n", name);
    return -1;
}

int main(int argc, char **argv)
{
    const char *config = NULL, *data = NULL, *listen = NULL;
    int check = 0, help_config = 0;
    const struct opt opts[] = {
        {"config", "FILE", "the configuration file (YAML); every field has a default",
         &config},
        {"data", "DIR",
         "the data directory; /var/lib/aftercheck, or ./aftercheck-data when not root",
         &data},
        {"listen", "ADDR:PORT", "where to listen; 127.0.0.1:8190", &listen},
        {"check-config", NULL,
         "check configuration and rules, say what is wrong, and end", &check},
        {"help-config", NULL, "list the fields of the configuration file",
         &help_config},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheckd",
        .synopsis = "",
        .about = "The aftercheck service: takes change events, samples and call "
                 "records over "
                 "HTTP, judges every change, and mails change health reports.",
        .more = "Signals: TERM ends in order, HUP reads configuration and rules anew.  "
                "Rules and routing whose files change are read anew by themselves.",
        .opts = opts,
    };
    log_set_name("aftercheckd");
    if (opt_parse(&program, argc, argv) != argc) {
        fprintf(stderr, "aftercheckd: takes no operands; see --help\n");
        return 2;
    }
    if (help_config) {
        daemon_config_help(stdout);
        return 0;
    }
    struct service s = {.config_path = config,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .data_fd = -1,
                        .lock_fd = -1};
    struct complaints c = {0};
    struct loaded loaded = {0};
    int rc = load(config, data, listen, &s.config, &loaded, &c);
    print_complaints(&c);
    complaints_free(&c);
    if (rc == 0 && set_log_level(s.config.log) < 0)
        rc = -1;
    if (rc == 0 && check)
        printf("configuration and rules are good: %zu rules, pack %s %s\n",
               loaded.rules->n, loaded.rules->name, loaded.rules->hash);
    struct routing_kept *first = calloc(1, sizeof *first);
    if (rc < 0 || check || first == NULL) {
        free(first);
        loaded_free(&loaded);
        daemon_config_free(&s.config);
        return rc < 0 ? 1 : 0;
    }
    s.rules = loaded.rules;
    first->routing = loaded.routing;
    s.routings = first;
    s.state.reload_ok = s.state.rules_ok = s.state.routing_ok = true;
    s.watch.known = s.watch.last = rules_stamp(s.config.rules);
    s.routing_watch.known = s.routing_watch.last = rules_stamp(s.config.routing);
    if (loaded.routing != NULL)
        snprintf(s.state.routing, sizeof s.state.routing, "%s", loaded.routing->hash);
    snprintf(s.state.pack, sizeof s.state.pack, "%s", s.rules->hash);
    return run(&s);
}
