/* storage/change.c - folds change events into changes.
 *
 * Always holds: a fold depends on the set of events alone, never on the order in which
 * they came.  Events are read in storage/change_event.c.  No state, any thread. */
#include "storage/change_part.h"

#include "base/jsonw.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- folding --- */

static int event_compare(const struct change_event *a, const struct change_event *b)
{
    if (a->time.ms != b->time.ms)
        return a->time.ms < b->time.ms ? -1 : 1;
    int by_source = strcmp(a->source, b->source);
    return by_source != 0 ? by_source : strcmp(a->id, b->id);
}

static int by_order(const void *a, const void *b)
{
    return event_compare(*(const struct change_event *const *)a,
                         *(const struct change_event *const *)b);
}

/* The events in their order, each once. */
struct run {
    const struct change_event **at;
    size_t n;
};

static int run_make(const struct change_event *const *events, size_t n, struct run *run)
{
    run->at = calloc(n, sizeof(*run->at));
    if (run->at == NULL)
        return -1;
    memcpy(run->at, events, n * sizeof(*run->at));
    qsort(run->at, n, sizeof(*run->at), by_order);
    for (size_t i = 0; i < n; i++)
        if (run->n == 0 || event_compare(run->at[run->n - 1], run->at[i]) != 0)
            run->at[run->n++] = run->at[i];
    return 0;
}

#define PAIR(field)                                                                    \
    {                                                                                  \
        offsetof(struct change_event, field), offsetof(struct change, field)           \
    }
static const struct {
    size_t from, to;
} latest_texts[] = {
    PAIR(title), PAIR(actor), PAIR(url), PAIR(parent_id), PAIR(from), PAIR(to),
};
#undef PAIR
enum { N_LATEST_TEXTS = sizeof latest_texts / sizeof *latest_texts };

static const char *event_text(const struct change_event *e, size_t offset)
{
    return *(char *const *)(const void *)((const char *)e + offset);
}

static int copy_text(const char *text, char **to)
{
    if (text == NULL)
        return 0;
    *to = strdup(text);
    return *to != NULL ? 0 : -1;
}

static int fold_texts(const struct run *run, struct change *c)
{
    for (size_t k = 0; k < N_LATEST_TEXTS; k++) {
        const char *last = NULL;
        for (size_t i = 0; i < run->n; i++) {
            const char *text = event_text(run->at[i], latest_texts[k].from);
            last = text != NULL ? text : last;
        }
        if (copy_text(last, change_text_at(c, latest_texts[k].to)) < 0)
            return -1;
    }
    size_t i = 0;
    while (i + 1 < run->n && run->at[i]->service == NULL)
        i++;
    return copy_text(run->at[i]->service, &c->service) < 0 ||
                   copy_text(run->at[0]->source, &c->source) < 0 ||
                   copy_text(run->at[0]->change_id, &c->change_id) < 0
               ? -1
               : 0;
}

static void fold_phases(const struct run *run, struct change *c)
{
    c->kind = run->at[0]->kind;
    c->start = run->at[0]->time;
    c->end = INSTANT_NONE;
    c->n_events = run->n;
    for (size_t i = 0; i < run->n; i++) {
        const struct change_event *e = run->at[i];
        c->urgent |= e->urgent;
        c->started |= e->phase == PHASE_STARTED;
        if (e->batch_of > c->batches_of)
            c->batches_of = e->batch_of;
        if (e->phase != PHASE_FINISHED && e->phase != PHASE_CANCELLED)
            continue;
        c->end = e->time;
        c->finished = e->phase == PHASE_FINISHED;
        c->cancelled = e->phase == PHASE_CANCELLED;
    }
}

static int by_number(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b; /* both 1..EVENT_BATCHES_MAX */
}

static int fold_batches(const struct run *run, struct change *c)
{
    int *no = calloc(run->n, sizeof *no);
    if (no == NULL)
        return -1;
    size_t n = 0;
    int unnumbered = 0, numbered = 0;
    for (size_t i = 0; i < run->n; i++) {
        if (run->at[i]->phase != PHASE_BATCH_FINISHED)
            continue;
        if (run->at[i]->batch_no > 0)
            no[n++] = run->at[i]->batch_no;
        else
            unnumbered++;
    }
    qsort(no, n, sizeof *no, by_number);
    for (size_t i = 0; i < n; i++)
        numbered += i == 0 || no[i] != no[i - 1];
    c->batches_done = numbered > 0 ? numbered : unnumbered;
    free(no);
    return 0;
}

/* One event naming one host. */
struct sighting {
    const char *host;
    const struct change_event *event;
};

static int by_host(const void *a, const void *b)
{
    const struct sighting *x = a, *y = b;
    int by_name = strcmp(x->host, y->host);
    return by_name != 0 ? by_name : event_compare(x->event, y->event);
}

/* Folds the sightings of one host, which are in the events' order. */
static void host_fold(const struct sighting *s, size_t n, const struct change *c,
                      struct change_host *h)
{
    static const enum change_phase telling[] = {PHASE_BATCH_FINISHED, PHASE_STARTED,
                                                PHASE_FINISHED};
    const struct change_event *first[PHASE_N] = {NULL}, *last[PHASE_N] = {NULL};
    for (size_t i = 0; i < n; i++) {
        enum change_phase p = s[i].event->phase;
        first[p] = first[p] != NULL ? first[p] : s[i].event;
        last[p] = s[i].event;
    }
    h->pivot = c->start;
    for (size_t i = 0; i < sizeof telling / sizeof *telling; i++)
        if (first[telling[i]] != NULL) {
            h->pivot = first[telling[i]]->time;
            h->batch = first[telling[i]]->batch_no;
            break;
        }
    h->done = last[PHASE_BATCH_FINISHED] != NULL ? last[PHASE_BATCH_FINISHED]->time
              : !instant_is_none(c->end)         ? c->end
                                                 : h->pivot;
    if (h->done.ms < h->pivot.ms)
        h->done = h->pivot; /* clocks differ; work does not end before it began */
}

static void sightings_gather(const struct run *run, struct sighting *s)
{
    size_t n = 0;
    for (size_t i = 0; i < run->n; i++)
        for (size_t k = 0; k < run->at[i]->n_hosts; k++)
            s[n++] = (struct sighting){run->at[i]->host[k], run->at[i]};
    qsort(s, n, sizeof *s, by_host);
}

static int fold_hosts(const struct run *run, struct change *c)
{
    size_t total = 0;
    for (size_t i = 0; i < run->n; i++)
        total += run->at[i]->n_hosts;
    struct sighting *s = calloc(total + 1, sizeof *s);
    c->host = calloc(total + 1, sizeof *c->host);
    int rc = s != NULL && c->host != NULL ? 0 : -1;
    if (rc == 0)
        sightings_gather(run, s);
    for (size_t i = 0, end; rc == 0 && i < total; i = end) {
        end = i + 1;
        while (end < total && strcmp(s[end].host, s[i].host) == 0)
            end++;
        struct change_host *h = &c->host[c->n_hosts];
        h->name = strdup(s[i].host);
        if (h->name == NULL)
            rc = -1;
        else
            c->n_hosts++;
        host_fold(&s[i], end - i, c, h);
    }
    free(s);
    return rc;
}

struct labels {
    const struct label *at;
    size_t n;
};

static struct labels labels_of(const struct change_event *e)
{
    return (struct labels){e->label, e->n_labels};
}

static struct labels extras_of(const struct change_event *e)
{
    return (struct labels){e->extra, e->n_extra};
}

struct held_label {
    struct label label;
    size_t order;
};

static int by_key_then_order(const void *a, const void *b)
{
    const struct held_label *x = a, *y = b;
    int by_name = strcmp(x->label.key, y->label.key);
    if (by_name != 0)
        return by_name;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return strcmp(x->label.value, y->label.value); /* "a.b" beside {"a": {"b": ...}} */
}

/* All labels of all events, the latest of each key, borrowed; the caller frees only the
 * array. */
static struct label *labels_merge(const struct run *run,
                                  struct labels (*of)(const struct change_event *e),
                                  size_t *ret_n)
{
    size_t total = 0, n = 0;
    for (size_t i = 0; i < run->n; i++)
        total += of(run->at[i]).n;
    struct held_label *all = calloc(total + 1, sizeof *all);
    struct label *merged = calloc(total + 1, sizeof *merged);
    if (all != NULL && merged != NULL) {
        for (size_t i = 0; i < run->n; i++)
            for (size_t k = 0; k < of(run->at[i]).n; k++)
                all[n++] = (struct held_label){of(run->at[i]).at[k], i};
        qsort(all, total, sizeof *all, by_key_then_order);
        n = 0;
        for (size_t i = 0; i < total; i++) {
            if (n > 0 && strcmp(merged[n - 1].key, all[i].label.key) == 0)
                n--; /* a later event says otherwise */
            merged[n++] = all[i].label;
        }
        *ret_n = n;
    } else {
        free(merged);
        merged = NULL;
    }
    free(all);
    return merged;
}

static int fold_labels(const struct run *run, struct change *c)
{
    size_t n;
    struct label *merged = labels_merge(run, labels_of, &n);
    if (merged == NULL)
        return -1;
    c->label = merged;
    for (size_t i = 0; i < n; i++) {
        struct label own = {strdup(merged[i].key), strdup(merged[i].value)};
        merged[i] = own;
        c->n_labels++;
        if (own.key == NULL || own.value == NULL)
            return -1;
    }
    return 0;
}

static int fold_extras(const struct run *run, struct change *c)
{
    size_t n;
    struct label *merged = labels_merge(run, extras_of, &n);
    if (merged == NULL)
        return -1;
    OWNED_BUF b = {0};
    struct jsonw w = {.to = &b};
    jsonw_open(&w, NULL);
    for (size_t i = 0; i < n; i++)
        jsonw_raw(&w, merged[i].key, merged[i].value);
    jsonw_close(&w);
    free(merged);
    c->extra = buf_give(&b);
    return c->extra != NULL ? 0 : -1;
}

struct change *change_fold(const struct change_event *const *events, size_t n,
                           struct err *err)
{
    assert(n > 0);
    for (size_t i = 1; i < n; i++)
        assert(strcmp(events[i]->change_id, events[0]->change_id) == 0);
    struct run run = {0};
    struct change *c = calloc(1, sizeof *c);
    if (c == NULL || run_make(events, n, &run) < 0)
        goto fail;
    fold_phases(&run, c);
    if (fold_texts(&run, c) < 0 || fold_batches(&run, c) < 0 ||
        fold_hosts(&run, c) < 0 || fold_labels(&run, c) < 0 || fold_extras(&run, c) < 0)
        goto fail;
    free(run.at);
    return c;
fail:
    free(run.at);
    change_free(&c);
    err_set(err, ENOMEM, "no memory for a change");
    return NULL;
}

void change_free(struct change **c)
{
    if (*c == NULL)
        return;
    for (size_t i = 0; i < N_LATEST_TEXTS; i++)
        free(*change_text_at(*c, latest_texts[i].to));
    free((*c)->change_id);
    free((*c)->service);
    free((*c)->source);
    for (size_t i = 0; i < (*c)->n_hosts; i++)
        free((*c)->host[i].name);
    free((*c)->host);
    change_labels_free((*c)->label, (*c)->n_labels);
    free((*c)->extra);
    free(*c);
    *c = NULL;
}

/* --- looking --- */

static int by_host_name(const void *name, const void *host)
{
    return strcmp(name, ((const struct change_host *)host)->name);
}

const struct change_host *change_find_host(const struct change *c, const char *host)
{
    if (c->n_hosts == 0)
        return NULL;
    return bsearch(host, c->host, c->n_hosts, sizeof *c->host, by_host_name);
}

const char *change_state_name(const struct change *c)
{
    return c->cancelled ? "cancelled" : c->finished ? "finished" : "running";
}

static void write_head(const struct change *c, struct jsonw *w)
{
    jsonw_text(w, "change_id", c->change_id);
    jsonw_text(w, "kind", change_kind_name(c->kind));
    jsonw_text(w, "service", c->service);
    jsonw_text(w, "title", c->title);
    jsonw_text(w, "actor", c->actor);
    jsonw_text(w, "url", c->url);
    jsonw_text(w, "source", c->source);
    jsonw_text(w, "parent_id", c->parent_id);
    jsonw_open(w, "artifact");
    jsonw_text(w, "from", c->from);
    jsonw_text(w, "to", c->to);
    jsonw_close(w);
    jsonw_bool(w, "urgent", c->urgent);
    jsonw_text(w, "state", change_state_name(c));
    jsonw_instant(w, "started_at", c->start);
    jsonw_instant(w, "finished_at", c->end);
    jsonw_open(w, "batches");
    jsonw_int(w, "done", c->batches_done);
    jsonw_int(w, "of", c->batches_of);
    jsonw_close(w);
}

void change_write(const struct change *c, const char *key, struct jsonw *w)
{
    jsonw_open(w, key);
    write_head(c, w);
    jsonw_list(w, "hosts");
    for (size_t i = 0; i < c->n_hosts; i++) {
        jsonw_open(w, NULL);
        jsonw_text(w, "name", c->host[i].name);
        jsonw_instant(w, "pivot", c->host[i].pivot);
        jsonw_instant(w, "done", c->host[i].done);
        jsonw_int(w, "batch", c->host[i].batch);
        jsonw_close(w);
    }
    jsonw_end(w);
    jsonw_open(w, "labels");
    for (size_t i = 0; i < c->n_labels; i++)
        jsonw_text(w, c->label[i].key, c->label[i].value);
    jsonw_close(w);
    jsonw_raw(w, "extra", c->extra);
    jsonw_close(w);
}
