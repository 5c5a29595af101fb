/* programs/recording.c - recorded data, read and put in order.  One thread. */
#include "programs/recording.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/unpack.h"
#include "collector/in_calls.h"
#include "programs/term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PIECE_BYTES = 1 << 18,
    EVENT_LINE_MAX = 16 << 20,
    ROW_MAX = WINDOWS_METRICS_MAX
};

struct sample {
    int64_t at_ms;
    uint32_t entity, metric;
    float value;
};

struct recording {
    struct windows
        *names; /* only its names are used: entities and metrics to numbers */
    struct in_line *lines;
    struct in_calls *calls;
    struct sample *sample;
    size_t n, cap;
    bool full;
    int64_t first_ms, last_ms;
    struct recording_stats stats;
    unsigned shown;
    struct progress progress;
};

/* --- the sink --- */

static uint32_t take_entity(const struct entity *who, void *arg)
{
    struct recording *r = arg;
    return windows_entity(r->names, who);
}

static uint32_t take_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    struct recording *r = arg;
    return windows_metric(r->names, name, n, merge);
}

static void widen(struct recording *r, int64_t ms)
{
    if (ms < r->first_ms)
        r->first_ms = ms;
    if (ms > r->last_ms)
        r->last_ms = ms;
}

static bool make_room(struct recording *r, size_t n)
{
    if (r->n + n <= r->cap)
        return true;
    size_t cap = r->cap > 0 ? 2 * r->cap : 4096;
    while (cap < r->n + n)
        cap *= 2;
    struct sample *more = realloc(r->sample, cap * sizeof *more);
    if (more == NULL)
        return false;
    r->sample = more;
    r->cap = cap;
    return true;
}

static enum windows_put take_row(uint32_t entity, instant at, size_t n,
                                 const uint32_t *metric, const float *value,
                                 size_t *ret_taken, void *arg)
{
    struct recording *r = arg;
    if (!make_room(r, n)) {
        r->full = true;
        *ret_taken = 0;
        return WINDOWS_PUT_FULL;
    }
    for (size_t i = 0; i < n; i++)
        r->sample[r->n++] = (struct sample){at.ms, entity, metric[i], value[i]};
    widen(r, at.ms);
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

static struct sink sink_of(struct recording *r)
{
    return (struct sink){take_entity, take_metric, take_row, r};
}

struct recording *recording_new(struct err *err)
{
    struct recording *r = calloc(1, sizeof *r);
    if (r == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    r->first_ms = INT64_MAX;
    r->last_ms = INT64_MIN;
    r->progress = progress_begin();
    struct windows_spec spec = {.step = {1000}, .rows = 2, .bytes_max = 64ull << 30};
    struct sink sink = sink_of(r);
    r->names = windows_open(&spec, NULL, err);
    r->lines = r->names != NULL ? in_line_new(&sink, &entity_tags_default) : NULL;
    r->calls = in_calls_new();
    if (r->lines == NULL || r->calls == NULL) {
        err_set(err, ENOMEM, "out of memory");
        recording_free(&r);
    }
    return r;
}

void recording_free(struct recording **r)
{
    if (*r == NULL)
        return;
    progress_end(&(*r)->progress);
    in_line_free(&(*r)->lines);
    in_calls_free(&(*r)->calls);
    windows_close(&(*r)->names);
    free((*r)->sample);
    free(*r);
    *r = NULL;
}

/* --- files as pieces of whole lines --- */

static void show_bad(const char *words, void *arg)
{
    struct recording *r = arg;
    if (r->shown++ < BAD_LINES_SHOWN) {
        progress_end(&r->progress);
        fprintf(stderr, "%s\n", words);
    }
}

/* Calls `take` with whole lines; the last one may lack its end. */
static int each_piece(const char *path, size_t line_max,
                      int (*take)(const char *text, size_t n, void *arg,
                                  struct err *err),
                      void *arg, struct err *err)
{
    struct unpack *u = unpack_open(path, err);
    if (u == NULL)
        return -1;
    OWNED_BUF held = {0};
    int rc = 0;
    for (;;) {
        char *to = buf_room(&held, PIECE_BYTES);
        ssize_t n = to != NULL ? unpack_read(u, to, PIECE_BYTES, err) : -1;
        if (to == NULL)
            err_set(err, ENOMEM, "out of memory");
        if (n <= 0) {
            rc = (int)n;
            break;
        }
        held.len += (size_t)n;
        char *last = memrchr(held.data, '\n', held.len);
        if (last == NULL && held.len <= line_max)
            continue;
        if (last == NULL) {
            rc = err_set(err, EMSGSIZE, "%s has a line of over %zu bytes", path,
                         line_max);
            break;
        }
        size_t whole = (size_t)(last - held.data) + 1;
        rc = take(held.data, whole, arg, err);
        if (rc < 0)
            break;
        memmove(held.data, held.data + whole, held.len - whole);
        held.len -= whole;
    }
    if (rc == 0 && held.len > 0)
        rc = take(held.data, held.len, arg, err);
    unpack_close(&u);
    return rc;
}

/* --- samples --- */

struct sample_file {
    struct recording *r;
    struct in_line_ask ask;
    struct in_line_result result;
};

static int take_lines(const char *text, size_t n, void *arg, struct err *err)
{
    struct sample_file *f = arg;
    in_line_read(f->r->lines, text, n, &f->ask, &f->result);
    progress_say(&f->r->progress, "read %llu lines of samples",
                 (unsigned long long)f->result.line_no);
    return f->r->full ? err_set(err, ENOMEM, "out of memory after %zu samples", f->r->n)
                      : 0;
}

int recording_read_samples(struct recording *r, const char *path,
                           enum line_precision precision, struct err *err)
{
    struct sample_file f = {.r = r,
                            .ask = {.precision = precision,
                                    .now = INSTANT_NONE,
                                    .bounds = BOUNDS_NONE,
                                    .on_refused = show_bad,
                                    .arg = r}};
    r->shown = 0;
    int rc = each_piece(path, EVENT_LINE_MAX, take_lines, &f, err);
    progress_end(&r->progress);
    r->stats.lines += f.result.lines;
    r->stats.bad_lines += f.result.refused;
    r->stats.lost += f.result.tally.dropped[DROP_FULL];
    r->stats.samples = r->n;
    return rc;
}

/* --- events --- */

struct event_file {
    struct recording *r;
    struct ledger *ledger;
    uint64_t line;
};

static int take_change(struct event_file *f, const struct json_at *event,
                       struct err *err)
{
    struct change_event *e = NULL;
    if (change_event_read(event, INSTANT_NONE, &e, err) < 0)
        return -1;
    widen(f->r, e->time.ms);
    enum posted posted = ledger_post_wait(f->ledger, &e, INSTANT_NONE, err);
    if (posted == POSTED_CONFLICT)
        return err_set(err, EEXIST,
                       "the same source and id stand with another content further up");
    return posted == POSTED_FAILED ? -1 : 0;
}

static int take_calls(struct event_file *f, const struct json_at *event,
                      struct err *err)
{
    struct sink sink = sink_of(f->r);
    struct in_calls_ask ask = {.now = INSTANT_NONE, .bounds = BOUNDS_NONE};
    struct tally tally = {0};
    return in_calls_take(f->r->calls, &sink, event, &ask, &tally, err);
}

/* A coredump shows that time went on to it, but one of weeks ago, there to be
 * remembered, does not make the recording begin then. */
static int take_core(struct event_file *f, const struct json_at *event, struct err *err)
{
    struct core *c = NULL;
    if (core_read(event, INSTANT_NONE, &c, err) < 0)
        return -1;
    if (c->time.ms > f->r->last_ms)
        f->r->last_ms = c->time.ms;
    enum posted posted = ledger_put_core_wait(f->ledger, &c, INSTANT_NONE, err);
    return posted == POSTED_FAILED ? -1 : 0;
}

/* As a coredump: one of the day before is there to be compared with. */
static int take_alarm(struct event_file *f, const struct json_at *event,
                      struct err *err)
{
    struct alarm *a = NULL;
    struct alarm_list list = {0};
    if (alarm_read(event, INSTANT_NONE, &a, err) < 0)
        return -1;
    if (a->said.ms > f->r->last_ms)
        f->r->last_ms = a->said.ms;
    if (alarm_list_add(&list, &a, err) < 0)
        return -1;
    enum posted posted = ledger_put_alarms_wait(f->ledger, &list, INSTANT_NONE, err);
    return posted == POSTED_FAILED ? -1 : 0;
}

static int take_tests(struct event_file *f, const struct json_at *event,
                      struct err *err)
{
    OWNED_TEST_RUN *run = NULL;
    if (test_run_read(event, INSTANT_NONE, &run, err) < 0 ||
        test_run_name(run, NULL, NULL, err) < 0 || test_run_seal(run, err) < 0)
        return -1;
    if (run->time.ms > f->r->last_ms)
        f->r->last_ms = run->time.ms;
    enum posted posted = ledger_put_tests_wait(f->ledger, &run, INSTANT_NONE, err);
    return posted == POSTED_FAILED ? -1 : 0;
}

static const struct {
    const char *type;
    int (*take)(struct event_file *f, const struct json_at *event, struct err *err);
} types[] = {
    {"change", take_change}, {"calls", take_calls}, {"coredump", take_core},
    {"alarm", take_alarm},   {"tests", take_tests},
};

static int take_event(struct event_file *f, const char *line, size_t n, struct err *err)
{
    OWNED_JSON *doc = json_parse(line, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at;
    const char *type;
    json_member(&root, "type", &at);
    if (json_text(&at, &type, err) < 0)
        return -1;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].type, type) == 0)
            return types[i].take(f, &root, err);
    return json_complain(
        &at, err, "'%.40s' is not change, calls, coredump, alarm or tests", type);
}

static bool blank(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strchr(" \t\r\n", line[i]) == NULL)
            return false;
    return true;
}

static int take_events(const char *text, size_t n, void *arg, struct err *err)
{
    struct event_file *f = arg;
    (void)err; /* a bad event is counted and shown; reading goes on */
    for (size_t at = 0; at < n;) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t len = end != NULL ? (size_t)(end - text) - at : n - at;
        f->line++;
        if (!blank(text + at, len)) {
            struct err why = {0};
            f->r->stats.events++;
            if (take_event(f, text + at, len, &why) < 0) {
                char words[700];
                f->r->stats.bad_events++;
                snprintf(words, sizeof words, "event of line %llu: %s",
                         (unsigned long long)f->line, why.text);
                show_bad(words, f->r);
            }
        }
        at += len + 1;
    }
    return 0;
}

int recording_read_events(struct recording *r, const char *path, struct ledger *l,
                          struct err *err)
{
    struct event_file f = {.r = r, .ledger = l};
    r->shown = 0;
    int rc = each_piece(path, EVENT_LINE_MAX, take_events, &f, err);
    r->stats.samples = r->n;
    return rc;
}

/* --- the store --- */

static int in_order(const void *a, const void *b)
{
    const struct sample *x = a, *y = b;
    if (x->entity != y->entity)
        return x->entity < y->entity ? -1 : 1;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    if (x->metric != y->metric)
        return x->metric < y->metric ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

/* The same entity or metric in the other store. */
static uint32_t entity_in(struct windows *w, const struct recording *r, uint32_t entity)
{
    struct block *b = windows_cut(r->names, entity, (instant){0}, (instant){1000});
    uint32_t got = b != NULL ? windows_entity(w, &b->who) : WINDOWS_NONE;
    block_free(&b);
    return got;
}

/* The other store's number for each metric of ours; the caller frees it. */
static uint32_t *metrics_in(struct windows *w, const struct recording *r)
{
    size_t n = windows_stats(r->names).metrics;
    uint32_t *map = malloc((n + 1) * sizeof *map);
    for (uint32_t i = 1; map != NULL && i <= n; i++) { /* numbers begin at 1 */
        const char *name = windows_metric_name(r->names, i);
        map[i] =
            windows_metric(w, name, strlen(name), windows_metric_merge(r->names, i));
    }
    return map;
}

/* Puts the samples of one entity, which are sorted; gives how many did not fit. */
static uint64_t put_entity(struct windows *w, const struct recording *r,
                           const uint32_t *map, const struct sample *s, size_t n)
{
    uint32_t entity = entity_in(w, r, s->entity), metric[64];
    float value[64];
    uint64_t lost = 0;
    for (size_t i = 0; i < n;) {
        size_t m = 0;
        int64_t at = s[i].at_ms;
        while (i < n && s[i].at_ms == at && m < 64) {
            metric[m] = map[s[i].metric];
            value[m++] = s[i++].value;
        }
        size_t taken = 0;
        if (entity != WINDOWS_NONE)
            windows_put(w, entity, (instant){at}, m, metric, value, &taken);
        lost += m - taken;
    }
    return lost;
}

struct windows *recording_store(struct recording *r, span step, struct err *err)
{
    int64_t reach = r->n > 0 ? r->last_ms - r->first_ms : 0;
    struct windows_spec spec = {
        .step = step, .rows = (uint32_t)(reach / step.ms) + 2, .bytes_max = 1ull << 40};
    if (reach / step.ms > 10000000) {
        err_set(err, ERANGE,
                "the recording reaches over %lld days, too long at a step of %lld s",
                (long long)(reach / 86400000), (long long)(step.ms / 1000));
        return NULL;
    }
    struct windows *w = windows_open(&spec, NULL, err);
    uint32_t *map = w != NULL ? metrics_in(w, r) : NULL;
    if (map == NULL) {
        err_set(err, ENOMEM, "out of memory");
        windows_close(&w);
        return NULL;
    }
    if (r->n > 0)
        qsort(r->sample, r->n, sizeof *r->sample, in_order);
    for (size_t i = 0; i < r->n;) {
        size_t from = i;
        while (i < r->n && r->sample[i].entity == r->sample[from].entity)
            i++;
        r->stats.lost += put_entity(w, r, map, r->sample + from, i - from);
    }
    free(map);
    free(r->sample); /* the store has them now */
    r->sample = NULL;
    r->cap = 0;
    r->n = 0;
    return w;
}

instant recording_begin(const struct recording *r)
{
    return r->first_ms == INT64_MAX ? INSTANT_NONE : (instant){r->first_ms};
}

instant recording_end(const struct recording *r)
{
    return r->last_ms == INT64_MIN ? INSTANT_NONE : (instant){r->last_ms};
}

struct recording_stats recording_stats(const struct recording *r)
{
    return r->stats;
}
