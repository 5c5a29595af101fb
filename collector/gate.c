/* collector/gate.c - what one sender may add.
 *
 * A source asks for numbers of entities and metrics only when it does not know them, so
 * looking them up twice costs little.  The thread of the request. */
#include "collector/gate.h"

static bool may_make(const struct gate *g)
{
    return g->inputs == NULL || g->limits.names == 0 ||
           inputs_make(g->inputs, g->input, g->peer, g->agent, g->now, g->limits.names);
}

static uint32_t gate_entity(const struct entity *who, void *arg)
{
    struct gate *g = arg;
    uint32_t known = windows_find(g->windows, who);
    if (known != WINDOWS_NONE)
        return known;
    return may_make(g) ? windows_entity(g->windows, who) : WINDOWS_NONE;
}

static uint32_t gate_metric(const char *name, size_t n, enum merge merge, void *arg)
{
    struct gate *g = arg;
    uint32_t known = windows_find_metric(g->windows, name);
    if (known != WINDOWS_NONE)
        return known;
    return may_make(g) ? windows_metric(g->windows, name, n, merge) : WINDOWS_NONE;
}

static enum windows_put gate_put(uint32_t entity, instant at, size_t n,
                                 const uint32_t *metric, const float *value,
                                 size_t *ret_taken, void *arg)
{
    struct gate *g = arg;
    return windows_put(g->windows, entity, at, n, metric, value, ret_taken);
}

struct sink gate_sink(struct gate *g)
{
    return (struct sink){gate_entity, gate_metric, gate_put, g};
}

bool gate_admits(const struct gate *g)
{
    return g->inputs == NULL || g->limits.rate <= 0 ||
           inputs_admit(g->inputs, g->input, g->peer, g->agent, g->now, g->limits.rate);
}

void gate_note_drops(struct inputs *in, enum input input, const struct tally *t)
{
    for (int i = 0; i < DROP_N; i++) {
        const struct input_reason r = {drop_name((enum drop)i), t->dropped[i]};
        if (r.n > 0)
            inputs_reason(in, input, &r);
    }
}
