/* tests/unit/collector/text_sink.h - a sink that writes down what it is given:
 * "host h1 of pay @1000: cpu.busy=31.5 cpu.user=20\n". */
#ifndef TESTS_TEXT_SINK_H
#define TESTS_TEXT_SINK_H

#include "base/buf.h"
#include "collector/intake.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { TEXT_SINK_MAX = 4096 };

struct text_sink {
    struct buf out;
    char *entity[TEXT_SINK_MAX], *metric[TEXT_SINK_MAX];
    enum merge merge[TEXT_SINK_MAX];
    uint32_t n_entities, n_metrics;
    uint32_t entities_max, metrics_max; /* 0: TEXT_SINK_MAX */
    uint64_t asked;                     /* calls of entity and metric */
    enum windows_put end;               /* what put gives */
};

static uint32_t text_sink_number(char **names, uint32_t *n, uint32_t most, char *name)
{
    uint32_t i = 0;
    while (i < *n && strcmp(names[i], name) != 0)
        i++;
    if (i < *n || *n == (most > 0 ? most : TEXT_SINK_MAX)) {
        free(name);
        return i < *n ? i : WINDOWS_NONE;
    }
    names[(*n)++] = name;
    return i;
}

static uint32_t text_sink_entity(const struct entity *who, void *arg)
{
    struct text_sink *s = arg;
    struct buf b = {0};
    s->asked++;
    if (who->kind == ENTITY_HOST)
        buf_addf(&b, "host %s of %s", who->host, who->service);
    else if (who->kind == ENTITY_SERVICE)
        buf_addf(&b, "service %s%s", who->host, who->service);
    else
        buf_addf(&b, "%s(%s)->%s(%s):%s by %s", who->caller, who->caller_host,
                 who->callee, who->callee_host, who->iface, who->side);
    return text_sink_number(s->entity, &s->n_entities, s->entities_max, buf_give(&b));
}

static uint32_t text_sink_metric(const char *name, size_t n, enum merge merge,
                                 void *arg)
{
    struct text_sink *s = arg;
    uint32_t before = s->n_metrics;
    s->asked++;
    CHECK(strlen(name) == n);
    uint32_t no =
        text_sink_number(s->metric, &s->n_metrics, s->metrics_max, strndup(name, n));
    if (s->n_metrics > before)
        s->merge[no] = merge;
    return no;
}

static enum windows_put text_sink_put(uint32_t entity, instant at, size_t n,
                                      const uint32_t *metric, const float *value,
                                      size_t *ret_taken, void *arg)
{
    struct text_sink *s = arg;
    *ret_taken = 0;
    if (s->end != WINDOWS_PUT_OK)
        return s->end;
    buf_addf(&s->out, "%s @%lld:", s->entity[entity], (long long)at.ms);
    for (size_t i = 0; i < n; i++) {
        CHECK(isfinite(value[i]));
        buf_addf(&s->out, " %s%s=%.9g", s->metric[metric[i]],
                 s->merge[metric[i]] == MERGE_SUM   ? "+"
                 : s->merge[metric[i]] == MERGE_MAX ? "^"
                                                    : "",
                 (double)value[i]);
    }
    buf_add_ch(&s->out, '\n');
    *ret_taken = n;
    return WINDOWS_PUT_OK;
}

static struct sink text_sink(struct text_sink *s)
{
    return (struct sink){text_sink_entity, text_sink_metric, text_sink_put, s};
}

static void text_sink_free(struct text_sink *s)
{
    for (uint32_t i = 0; i < s->n_entities; i++)
        free(s->entity[i]);
    for (uint32_t i = 0; i < s->n_metrics; i++)
        free(s->metric[i]);
    buf_free(&s->out);
    *s = (struct text_sink){0};
}

/* taken = kept + dropped */
static inline bool tally_balances(const struct tally *t)
{
    return t->taken == t->kept + tally_lost(t);
}

#endif
