/* notifier/course.c - means over a service's hosts.  Any thread.
 *
 * Hosts are added in the order of their numbers, so the same samples give the same
 * bytes. */
#include "notifier/course.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the shipped agent, Telegraf, collectd and node_exporter call what matters most
 * of a host. */
static const char *const common[] = {
    "cpu.busy",     "mem.used_pct",    "load.1m",          "net.rx_bytes",
    "disk.util",    "tcp.established", "cpu.usage_active", "mem.used_percent",
    "system.load1", "node_load1",
};
enum { COMMON = sizeof common / sizeof *common, KNOWN_MAX = 512 };

int course_find(const struct windows *w, const char *service, struct course_of *ret,
                struct err *err)
{
    uint32_t *entity = NULL;
    size_t n = 0;
    *ret = (struct course_of){0};
    if (windows_linked(w, WINDOWS_OF_SERVICE, service, &entity, &n) < 0)
        return err_set(err, ENOMEM, "no memory for a service's hosts");
    ret->all = n;
    ret->n = n < COURSE_HOSTS_MAX ? n : COURSE_HOSTS_MAX;
    for (size_t i = 0; i < ret->n; i++)
        ret->entity[i] = entity[i * n / ret->n];
    free(entity);
    return 0;
}

/* How many hosts have a metric. */
struct held {
    uint32_t metric;
    size_t hosts;
    const char *name;
};

static size_t rank_of(const char *name)
{
    size_t i = 0;
    while (i < COMMON && strcmp(common[i], name) != 0)
        i++;
    return i;
}

static int by_use(const void *a, const void *b)
{
    const struct held *x = a, *y = b;
    size_t rx = rank_of(x->name), ry = rank_of(y->name);
    if (rx != ry)
        return rx < ry ? -1 : 1;
    if (x->hosts != y->hosts)
        return x->hosts > y->hosts ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void hold(struct windows *w, struct held *held, size_t *n, uint32_t metric)
{
    size_t i = 0;
    while (i < *n && held[i].metric != metric)
        i++;
    if (i < *n)
        held[i].hosts++;
    else if (*n < KNOWN_MAX)
        held[(*n)++] = (struct held){metric, 1, windows_metric_name(w, metric)};
}

size_t course_metrics(struct windows *w, const struct course_of *of,
                      const char *ret_names[COURSE_METRICS_MAX])
{
    struct held held[KNOWN_MAX];
    size_t n = 0;
    for (size_t h = 0; h < of->n; h++) {
        struct block *b = windows_cut(w, of->entity[h], (instant){0}, (instant){0});
        for (uint32_t i = 0; b != NULL && i < b->n_metrics; i++)
            hold(w, held, &n, b->metric[i]);
        block_free(&b);
    }
    qsort(held, n, sizeof *held, by_use);
    n = n < COURSE_METRICS_MAX ? n : COURSE_METRICS_MAX;
    for (size_t i = 0; i < n; i++)
        ret_names[i] = held[i].name;
    return n;
}

static instant newest_of(struct windows *w, const struct course_of *of, instant now)
{
    instant newest = INSTANT_NONE;
    for (size_t h = 0; h < of->n; h++) {
        instant at = windows_newest(w, of->entity[h]);
        if (!instant_is_none(at) && at.ms > newest.ms)
            newest = at;
    }
    return newest.ms > now.ms ? now : newest;
}

/* Adds one host's rows; true when it had any. */
static bool add_host(const struct block *b, uint32_t metric, double *sum,
                     uint32_t *counted)
{
    bool any = false;
    uint32_t i = 0;
    while (i < b->n_metrics && b->metric[i] != metric)
        i++;
    if (i == b->n_metrics)
        return false;
    for (uint32_t row = 0; row < b->rows; row++) {
        float v = b->cells[(size_t)row * b->n_metrics + i];
        if (!isfinite(v))
            continue;
        sum[row] += v;
        counted[row]++;
        any = true;
    }
    return any;
}

/* All hosts over [from, to), into `sum`, which becomes the mean. */
static void add_hosts(struct windows *w, const struct course_of *of, uint32_t metric,
                      instant to, struct course *c, uint32_t *counted)
{
    for (size_t h = 0; h < of->n; h++) {
        struct block *b = windows_cut(w, of->entity[h], c->from, to);
        if (b != NULL && b->rows == c->n && add_host(b, metric, c->value, counted))
            c->hosts++;
        block_free(&b);
    }
    for (size_t i = 0; i < c->n; i++)
        c->value[i] = counted[i] > 0 ? c->value[i] / counted[i] : NAN;
}

/* Steps without a sample at the beginning say nothing: a service may be young. */
static void drop_empty_start(struct course *c)
{
    size_t first = 0;
    while (first < c->n && isnan(c->value[first]))
        first++;
    memmove(c->value, c->value + first, (c->n - first) * sizeof *c->value);
    c->n -= first;
    c->from.ms += (int64_t)first * c->step.ms;
}

int course_read(struct windows *w, const struct course_of *of, const char *metric,
                instant now, struct course *ret, struct err *err)
{
    uint32_t no = windows_find_metric(w, metric);
    instant to = newest_of(w, of, now);
    *ret = (struct course){0};
    if (no == WINDOWS_NONE || instant_is_none(to))
        return 0;
    struct block *b = windows_cut(w, of->entity[0], to, to);
    if (b == NULL)
        return err_set(err, ENOMEM, "no memory for a course");
    struct course c = {.step = b->step, .n = COURSE_POINTS_MAX};
    block_free(&b);
    to.ms -= to.ms % c.step.ms;
    c.from = (instant){to.ms - (int64_t)c.n * c.step.ms};
    c.value = calloc(c.n, sizeof *c.value);
    uint32_t *counted = calloc(c.n, sizeof *counted);
    if (c.value == NULL || counted == NULL) {
        free(c.value);
        free(counted);
        return err_set(err, ENOMEM, "no memory for a course");
    }
    add_hosts(w, of, no, to, &c, counted);
    free(counted);
    drop_empty_start(&c);
    *ret = c;
    return 0;
}
