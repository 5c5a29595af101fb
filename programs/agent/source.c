/* programs/agent/source.c - sources by their times, and what is known of each.
 *
 * A source gathers at the multiples of its interval on the wall clock; all but the host
 * and the groups are shifted by an amount that follows from host and name, so that not
 * all checks of all hosts begin in the same second.  One that still gathers when it is
 * due again is left alone. */
#include "programs/agent/source.h"

#include "base/log.h"
#include "base/table_hash.h"
#include "programs/agent/check.h"
#include "programs/agent/config.h"
#include "programs/agent/group.h"
#include "programs/agent/host.h"
#include "programs/agent/log.h"
#include "programs/agent/probe.h"
#include "programs/agent/scrape.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct agent_kind *const agent_kinds[] = {
    &agent_host, &agent_group, &agent_check, &agent_scrape,
    &agent_log,  &agent_probe, NULL};

enum { FIRST_MS = 1000, SHIFT_S_MAX = 60, SILENT_INTERVALS = 2 };

struct place {
    struct agent_source *source;
    struct agent_sources *of;
    struct agent_config *config; /* that it was opened with */
    uint64_t hash;
    struct loop_timer timer;
    span shift;
    int64_t last_s; /* when it last was due, seconds since 1970 */
    bool moved;     /* to newer sources, or from older ones */
};

struct agent_sources {
    const struct agent_env *env;
    size_t n;
    struct place place[];
};

/* --- one --- */

void agent_add_escaped(struct buf *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == ',' || *text == '=' || *text == ' ')
            buf_add_ch(to, '\\');
        buf_add_ch(to, *text);
    }
}

int agent_source_init(struct agent_source *s, const struct agent_kind *kind,
                      const struct agent_env *env, const struct agent_config *config,
                      const struct agent_spec *spec)
{
    struct buf tags = {0};
    buf_add(&tags, ",host=");
    agent_add_escaped(&tags, config->host);
    if (spec->service[0] != '\0') {
        buf_add(&tags, ",service=");
        agent_add_escaped(&tags, spec->service);
    }
    *s = (struct agent_source){.kind = kind,
                               .env = env,
                               .name = spec->name,
                               .tags = buf_give(&tags),
                               .interval = spec->interval,
                               .opened_ms = monotonic_ms()};
    return s->tags != NULL ? 0 : -1;
}

void agent_source_done(struct agent_source *s)
{
    free(s->tags);
    s->tags = NULL;
}

void agent_source_put(struct agent_source *s, enum agent_body body, const char *data,
                      size_t n, size_t points)
{
    struct agent_batch batch = {body, s->at, (uint32_t)points, data, n};
    agent_buffer_put(s->env->buffer, &batch);
    s->env->news(s->env->arg);
}

void agent_source_gave(struct agent_source *s, enum agent_body body, const char *data,
                       size_t n, size_t points)
{
    s->gathering = false;
    s->points += points;
    if (points > 0)
        s->gave_ms = monotonic_ms();
    if (n > 0)
        agent_source_put(s, body, data, n, points);
}

void agent_source_failed(struct agent_source *s, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(s->words, sizeof s->words, fmt, ap);
    va_end(ap);
    s->gathering = false;
    s->failures++;
}

/* --- all of them --- */

static void plan(struct place *p)
{
    int64_t now = instant_now().ms, every = p->source->interval.ms,
            into = (now - p->shift.ms) % every;
    if (into < 0)
        into += every;
    loop_set(p->of->env->loop, &p->timer, monotonic_ms() + every - into);
}

static void on_due(void *arg)
{
    struct place *p = arg;
    struct agent_source *s = p->source;
    int64_t now = instant_now().ms, every = s->interval.ms;
    int64_t due_s = (now - (now - p->shift.ms) % every) / 1000;
    /* Woken a moment early: once more. */
    if (due_s != p->last_s && !s->gathering) {
        p->last_s = due_s;
        s->gathering = true;
        s->at = (instant){due_s * 1000};
        s->kind->gather(s, s->at);
    }
    plan(p);
}

/* The first time: soon, whatever the interval is, and with the time it is then. */
static void on_first(void *arg)
{
    struct place *p = arg;
    struct agent_source *s = p->source;
    p->timer.fire = on_due;
    s->gathering = true;
    p->last_s = instant_now().ms / 1000;
    s->at = (instant){p->last_s * 1000};
    s->kind->gather(s, s->at);
    plan(p);
}

static struct place *find(struct agent_sources *s, const struct agent_item *item)
{
    for (size_t i = 0; s != NULL && i < s->n; i++)
        if (s->place[i].hash == item->hash && s->place[i].source->kind == item->kind &&
            strcmp(s->place[i].source->name, item->spec->name) == 0)
            return &s->place[i];
    return NULL;
}

/* Closes what did not move elsewhere. */
static void close_all(struct agent_sources **s, bool moved_too)
{
    struct agent_sources *it = *s;
    for (size_t i = 0; it != NULL && i < it->n; i++) {
        struct place *p = &it->place[i];
        loop_clear(it->env->loop, &p->timer);
        if (p->source != NULL && (moved_too || !p->moved)) {
            p->source->kind->close(p->source);
            agent_config_free(&p->config);
        }
    }
    free(it);
    *s = NULL;
}

void agent_sources_close(struct agent_sources **s)
{
    close_all(s, true);
}

static int open_place(struct place *p, const struct agent_config *config,
                      const struct agent_item *item, struct err *err)
{
    struct agent_config *held = (struct agent_config *)(uintptr_t)config;
    uint64_t seed = table_hash(config->host, strlen(config->host), item->hash);
    int64_t least = item->spec->interval.ms / 1000;
    p->source = item->kind->open(p->of->env, config, item->spec, err);
    if (p->source == NULL)
        return -1;
    p->config = agent_config_ref(held);
    p->hash = item->hash;
    if (item->kind->list != NULL && !item->kind->aligned)
        p->shift = span_seconds(
            (int64_t)(seed % (uint64_t)(least < SHIFT_S_MAX ? least : SHIFT_S_MAX)));
    return 0;
}

struct agent_sources *agent_sources_open(const struct agent_env *env,
                                         const struct agent_config *config,
                                         struct agent_sources *old, struct err *err)
{
    struct agent_sources *s = calloc(1, sizeof *s + config->items * sizeof *s->place);
    if (s == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    s->env = env;
    s->n = config->items;
    for (size_t i = 0; i < s->n; i++) {
        struct place *p = &s->place[i], *was = find(old, &config->item[i]);
        p->of = s;
        if (was != NULL && !was->moved) {
            was->moved = true;
            *p = *was;
            p->of = s;
            p->timer = (struct loop_timer){0};
        } else if (open_place(p, config, &config->item[i], err) < 0) {
            for (size_t k = 0; old != NULL && k < old->n; k++)
                old->place[k].moved = false;
            close_all(&s, false);
            return NULL;
        }
    }
    close_all(&old, false);
    return s;
}

void agent_sources_begin(struct agent_sources *s)
{
    int64_t now = monotonic_ms();
    for (size_t i = 0; i < s->n; i++) {
        struct place *p = &s->place[i];
        p->timer.arg = p;
        p->timer.fire = on_due;
        bool aligned = p->source->kind->list == NULL || p->source->kind->aligned;
        if (aligned || p->moved) {
            p->last_s = p->moved ? p->last_s : instant_now().ms / 1000;
            p->moved = false;
            plan(p);
        } else {
            p->timer.fire = on_first;
            loop_set(s->env->loop, &p->timer, now + FIRST_MS);
        }
    }
}

static void set_true(void *arg)
{
    *(bool *)arg = true;
}

static bool any_gathers(const struct agent_sources *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->place[i].source->gathering)
            return true;
    return false;
}

void agent_sources_once(struct agent_sources *s, int wait_ms, int most_ms)
{
    bool begun = false, over = false;
    struct loop_timer begin = {.fire = set_true, .arg = &begun},
                      end = {.fire = set_true, .arg = &over};
    loop_set(s->env->loop, &begin, monotonic_ms() + wait_ms);
    loop_set(s->env->loop, &end, monotonic_ms() + most_ms);
    while (!begun)
        loop_turn(s->env->loop);
    const instant at = instant_now();
    for (size_t i = 0; i < s->n; i++) {
        struct agent_source *one = s->place[i].source;
        one->opened_ms = 0; /* no reading is too soon */
        one->gathering = true;
        one->at = at;
        one->kind->gather(one, one->at);
    }
    while (!over && any_gathers(s))
        loop_turn(s->env->loop);
    loop_clear(s->env->loop, &end);
}

void agent_sources_tell(const struct agent_sources *s, FILE *to)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct agent_source *one = s->place[i].source;
        fprintf(to, "# %s %s: %llu points%s%s\n", one->kind->name, one->name,
                (unsigned long long)one->points, one->words[0] != '\0' ? ", " : "",
                one->gathering ? "no answer yet" : one->words);
    }
}

/* --- proof of life --- */

static void judge(struct agent_source *s, int64_t now)
{
    int64_t since = s->gave_ms != 0 ? s->gave_ms : s->opened_ms;
    /* A tenth less, so that it is seen in the second missing interval and not behind
     * it; what is being gathered right now may take its time. */
    int64_t most = SILENT_INTERVALS * s->interval.ms;
    bool silent = now - since >= most - (s->gathering ? 0 : s->interval.ms / 10);
    if (silent && !s->silent)
        log_warn("%s %s gives nothing any more%s%s", s->kind->name, s->name,
                 s->words[0] != '\0' ? ": " : "", s->words);
    else if (!silent && s->silent)
        log_info("%s %s gives points again", s->kind->name, s->name);
    s->silent = silent;
}

static void report_one(struct agent_source *s, instant at, int64_t now, struct buf *to)
{
    judge(s, now);
    int64_t since = s->gave_ms != 0 ? s->gave_ms : s->opened_ms;
    buf_addf(to, "agent,source=%s:", s->kind->name);
    agent_add_escaped(to, s->name);
    buf_addf(to, "%s points=%llu,failures=%llu,age_s=%.7g,silent=%d %lld\n", s->tags,
             (unsigned long long)s->points, (unsigned long long)s->failures,
             (double)(now - since) / 1000, s->silent, (long long)(at.ms / 1000));
    s->points = s->failures = 0;
}

size_t agent_sources_report(struct agent_sources *s, instant at, struct buf *to)
{
    int64_t now = monotonic_ms();
    for (size_t i = 0; i < s->n; i++)
        report_one(s->place[i].source, at, now, to);
    return s->n * 4;
}

size_t agent_sources_silent(const struct agent_sources *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        n += s->place[i].source->silent;
    return n;
}
