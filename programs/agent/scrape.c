/* programs/agent/scrape.c - asks an exporter, packs what it says.
 *
 * The answer is in memory for as long as it is read, bounded by `bytes`; what comes out
 * goes to the buffer in messages of bounded size.  In the loop. */
#include "programs/agent/scrape.h"

#include "base/names.h"
#include "collector/hostinfo/exposition.h"
#include "collector/hostinfo/remote_pack.h"
#include "programs/agent/call.h"
#include "programs/agent/config.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    TIMEOUT_MS = 10000,
    MESSAGE_BYTES = 1 << 20, /* unpacked; the next series begins another */
    BYTES_MAX = 16 << 20,
    LABELS_MAX = 8, /* of the entry's own */
};

struct spec {
    struct agent_spec all;
    const char *url;
    span timeout;
    struct yaml_texts keep, drop;
    uint64_t samples, bytes;
    bool buckets;
    const struct yaml_node *labels;
};

static const struct yaml_field fields[] = {
    AGENT_SPEC_FIELDS(1),
    {"url", YAML_T_TEXT, offsetof(struct spec, url), true, 0, 0,
     "http://127.0.0.1:9100/metrics"},
    {"timeout", YAML_T_SPAN, offsetof(struct spec, timeout), false, 1, 600,
     "how long it may take; 10s, or the interval if that is less"},
    {"keep", YAML_T_TEXTS, offsetof(struct spec, keep), false, 0, 0,
     "globs of metrics' names; others are left out"},
    {"drop", YAML_T_TEXTS, offsetof(struct spec, drop), false, 0, 0,
     "globs of metrics' names that are left out"},
    {"samples", YAML_T_COUNT, offsetof(struct spec, samples), false, 1, 1000000,
     "at most so many of one answer, those behind are counted as dropped; 5000"},
    {"bytes", YAML_T_SIZE, offsetof(struct spec, bytes), false, 1, BYTES_MAX,
     "how long an answer may be; 4MiB"},
    {"buckets", YAML_T_BOOL, offsetof(struct spec, buckets), false, 0, 0,
     "true: buckets of histograms, too"},
    {"labels", YAML_T_NODE, offsetof(struct spec, labels), false, 0, 0,
     "labels that every series gets: {instance: redis-1}"},
};

struct scrape {
    struct agent_source source;
    const struct spec *spec;
    const char *host, *service;
    struct agent_call *call;
    int64_t begun_ms;
};

/* One answer on its way into messages. */
struct pack {
    struct scrape *of;
    struct buf message;
    size_t in_message, samples, dropped;
};

static struct scrape *scrape_of(struct agent_source *s)
{
    assert(s->kind == &agent_scrape);
    return (struct scrape *)s;
}

static int check_label(const char *name, struct err *err)
{
    size_t n = strlen(name);
    if (n == 0 || strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
                               "0123456789") != n)
        return err_set(err, EINVAL, "the label '%.100s' is no name of a label", name);
    if (strcmp(name, "host") == 0 || strcmp(name, "service") == 0)
        return err_set(err, EINVAL,
                       "the label '%s' is set by host and service themselves", name);
    return 0;
}

static int scrape_check(const struct agent_spec *all, struct err *err)
{
    const struct spec *spec = (const struct spec *)all;
    const struct yaml_node *l = spec->labels;
    struct loop *loop = loop_new();
    struct agent_call *trial =
        loop != NULL ? agent_call_new(loop, spec->url, err) : NULL;
    bool good = trial != NULL;
    agent_call_free(&trial);
    loop_free(&loop);
    if (!good)
        return -1;
    if (spec->timeout.ms > all->interval.ms && all->interval.ms > 0)
        return err_set(err, EINVAL, "its timeout is longer than its interval");
    if (l == NULL)
        return 0;
    if (l->kind != YAML_MAP || l->n > LABELS_MAX)
        return err_set(err, EINVAL, "labels: expected a map of at most %d texts",
                       LABELS_MAX);
    for (size_t i = 0; i < l->n; i++) {
        if (l->item[i].kind != YAML_TEXT)
            return err_set(err, EINVAL, "labels: expected a map of texts");
        if (check_label(l->key[i].text, err) < 0)
            return -1;
    }
    return 0;
}

/* ---- packing ---- */

static void end_message(struct pack *p)
{
    OWNED_BUF packed = {0};
    remote_pack_snappy(p->message.data, p->message.len, &packed);
    if (buf_done(&p->message) < 0 || buf_done(&packed) < 0)
        p->dropped += p->in_message;
    else
        agent_source_put(&p->of->source, AGENT_BODY_REMOTE, packed.data, packed.len,
                         p->in_message);
    buf_clear(&p->message);
    p->in_message = 0;
}

static void add_series(struct pack *p, struct remote_label *label, size_t n, instant at,
                       double value)
{
    if (p->message.len > MESSAGE_BYTES)
        end_message(p);
    remote_pack_series(&p->message, label, n, at, value);
    p->in_message++;
}

/* The labels that every series has. */
static size_t common_labels(const struct scrape *s, struct remote_label *label)
{
    size_t n = 0;
    const struct yaml_node *own = s->spec->labels;
    label[n++] = (struct remote_label){"host", s->host};
    if (s->service[0] != '\0')
        label[n++] = (struct remote_label){"service", s->service};
    for (size_t i = 0; own != NULL && i < own->n; i++)
        label[n++] = (struct remote_label){own->key[i].text, own->item[i].text};
    return n;
}

static bool is_common(const struct remote_label *label, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(label[i].name, name) == 0)
            return true;
    return false;
}

/* An exporter's own label gives way to one of ours. */
static const char *own_name(const struct remote_label *label, size_t common,
                            const char *name, struct buf *room)
{
    if (!is_common(label, common, name))
        return name;
    buf_clear(room);
    buf_addf(room, "exported_%.200s", name);
    return buf_done(room) == 0 ? room->data : NULL;
}

static bool any_matches(const struct yaml_texts *globs, const char *name)
{
    for (size_t i = 0; i < globs->n; i++)
        if (glob_match(globs->at[i], name))
            return true;
    return false;
}

static bool is_wanted(const struct spec *spec, const struct exposition_sample *s)
{
    return (!s->bucket || spec->buckets) && isfinite(s->value) &&
           (spec->keep.n == 0 || any_matches(&spec->keep, s->name)) &&
           !any_matches(&spec->drop, s->name);
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), k = strlen(end);
    return n >= k && strcmp(text + n - k, end) == 0;
}

/* Prometheus' convention says it by names; what differs must be told. */
static void add_kind(struct pack *p, const struct exposition_sample *s)
{
    bool named = ends_with(s->name, "_total") || ends_with(s->name, "_bucket") ||
                 ends_with(s->name, "_count") || ends_with(s->name, "_sum");
    if (s->kind == EXPOSITION_COUNTER && !named && !ends_with(s->name, "_created"))
        remote_pack_metadata(&p->message, s->name, true);
    else if (s->kind == EXPOSITION_GAUGE && named)
        remote_pack_metadata(&p->message, s->name, false);
}

static void take_sample(struct pack *p, const struct exposition_sample *s)
{
    enum { RENAMED_MAX = 4 };
    struct remote_label label[REMOTE_PACK_LABELS_MAX];
    struct buf room[RENAMED_MAX] = {0};
    size_t n = common_labels(p->of, label), common = n, renamed = 0;
    if (p->samples == p->of->spec->samples) {
        p->dropped++;
        return;
    }
    p->samples++;
    label[n++] = (struct remote_label){"__name__", s->name};
    for (size_t i = 0; i < s->n && n < REMOTE_PACK_LABELS_MAX; i++) {
        const char *name = s->label[i].name;
        if (is_common(label, common, name))
            name = renamed < RENAMED_MAX
                       ? own_name(label, common, name, &room[renamed++])
                       : NULL;
        if (name != NULL)
            label[n++] = (struct remote_label){name, s->label[i].value};
    }
    if (p->message.len > MESSAGE_BYTES)
        end_message(p);
    add_kind(p, s);
    add_series(p, label, n, instant_is_none(s->at) ? p->of->source.at : s->at,
               s->value);
    for (size_t i = 0; i < renamed; i++)
        buf_free(&room[i]);
}

static void add_up(struct pack *p, bool up)
{
    struct remote_label label[REMOTE_PACK_LABELS_MAX];
    size_t n = common_labels(p->of, label);
    label[n++] = (struct remote_label){"__name__", "up"};
    label[n++] = (struct remote_label){"scrape", p->of->source.name};
    add_series(p, label, n, p->of->source.at, up ? 1 : 0);
    end_message(p);
}

/* ---- asking ---- */

static void report(struct scrape *s, const struct pack *p, const struct exposition *e,
                   size_t bytes)
{
    OWNED_BUF line = {0};
    buf_add(&line, "scrape,scrape=");
    agent_add_escaped(&line, s->source.name);
    buf_addf(&line,
             "%s seconds=%.7g,samples=%zu,dropped=%zu,bad_lines=%zu,bytes=%zu %lld\n",
             s->source.tags, (double)(monotonic_ms() - s->begun_ms) / 1000, p->samples,
             p->dropped, e->bad, bytes, (long long)(s->source.at.ms / 1000));
    if (buf_done(&line) == 0)
        agent_source_put(&s->source, AGENT_BODY_LINES, line.data, line.len, 5);
}

static void read_answer(struct scrape *s, const struct buf *body)
{
    struct exposition e = {.p = buf_text(body)};
    struct exposition_sample sample;
    struct pack p = {.of = s};
    size_t n = 0;
    e.end = e.p + body->len;
    while (exposition_next(&e, &sample)) {
        n++;
        if (is_wanted(s->spec, &sample))
            take_sample(&p, &sample);
    }
    size_t samples = p.samples;
    add_up(&p, n > 0);
    report(s, &p, &e, body->len);
    if (n == 0)
        agent_source_failed(&s->source, "the answer has no samples (%zu bad lines)",
                            e.bad);
    else if (samples == 0)
        agent_source_failed(&s->source, "none of its %zu samples is kept", n);
    else
        agent_source_gave(&s->source, AGENT_BODY_REMOTE, NULL, 0, samples);
    exposition_free(&e);
    buf_free(&p.message);
}

static void on_answer(void *arg, const struct agent_answer *a)
{
    struct scrape *s = arg;
    struct pack p = {.of = s};
    if (a->status == 200) {
        read_answer(s, a->body);
        return;
    }
    add_up(&p, false);
    buf_free(&p.message);
    if (a->status == 0)
        agent_source_failed(&s->source, "%.180s", a->err->text);
    else
        agent_source_failed(&s->source, "it answers with status %u", a->status);
}

static void scrape_close(struct agent_source *source)
{
    struct scrape *s = scrape_of(source);
    agent_call_free(&s->call);
    agent_source_done(source);
    free(s);
}

static struct agent_source *scrape_open(const struct agent_env *env,
                                        const struct agent_config *config,
                                        const struct agent_spec *all, struct err *err)
{
    struct scrape *s = calloc(1, sizeof *s);
    if (s == NULL ||
        agent_source_init(&s->source, &agent_scrape, env, config, all) < 0) {
        free(s);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    s->spec = (const struct spec *)all;
    s->host = config->host;
    s->service = all->service;
    s->call = agent_call_new(env->loop, s->spec->url, err);
    if (s->call == NULL) {
        scrape_close(&s->source);
        return NULL;
    }
    return &s->source;
}

static void scrape_gather(struct agent_source *source, instant at)
{
    struct scrape *s = scrape_of(source);
    int64_t ms = s->spec->timeout.ms > 0 ? s->spec->timeout.ms : TIMEOUT_MS;
    (void)at;
    if (ms > source->interval.ms)
        ms = source->interval.ms;
    struct agent_call_ask ask = {
        .method = "GET",
        .headers = "Accept: text/plain;version=0.0.4,"
                   "application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.1\r\n",
        .answer_max = s->spec->bytes,
        .timeout_ms = (int)ms};
    s->begun_ms = monotonic_ms();
    agent_call_start(s->call, &ask, on_answer, s);
}

static void scrape_defaults(struct agent_spec *all)
{
    struct spec *spec = (struct spec *)all;
    spec->samples = 5000;
    spec->bytes = 4 << 20;
}

const struct agent_kind agent_scrape = {.name = "scrape",
                                        .list = "scrapes",
                                        .fields = fields,
                                        .n_fields = sizeof fields / sizeof *fields,
                                        .spec_bytes = sizeof(struct spec),
                                        .interval = {30000},
                                        .defaults = scrape_defaults,
                                        .check = scrape_check,
                                        .open = scrape_open,
                                        .gather = scrape_gather,
                                        .close = scrape_close};
