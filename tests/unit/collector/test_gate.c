/* tests of collector/gate */
#include "collector/gate.h"
#include "tests/test.h"

#include <stdio.h>

static struct windows *windows;
static struct inputs *inputs;

static struct gate start(uint64_t names, double rate)
{
    struct err err = {0}, note = {0};
    const struct windows_spec spec = {
        .step = span_seconds(60), .rows = 4, .bytes_max = 64 << 20};
    windows = windows_open(&spec, &note, &err);
    inputs = inputs_new();
    return (struct gate){.windows = windows,
                         .inputs = inputs,
                         .limits = {names, rate},
                         .input = INPUT_LINE,
                         .peer = "10.0.0.1",
                         .now = {1795255200000}};
}

static void end(void)
{
    windows_close(&windows);
    inputs_free(&inputs);
}

static uint32_t metric(const struct gate *g, const char *name)
{
    struct gate copy = *g;
    struct sink s = gate_sink(&copy);
    return s.metric(name, strlen(name), MERGE_MEAN, s.arg);
}

TEST(beyond_the_limit_new_names_are_refused_and_known_ones_go_on)
{
    struct gate g = start(3, 0), other = g;
    other.peer = "10.0.0.2";
    struct sink s = gate_sink(&g);
    struct entity h1 = {.kind = ENTITY_HOST, .host = "h1"};
    struct entity h2 = {.kind = ENTITY_HOST, .host = "h2"};
    uint32_t entity = s.entity(&h1, s.arg), a = metric(&g, "a"), b = metric(&g, "b");
    CHECK(entity != WINDOWS_NONE && a != WINDOWS_NONE && b != WINDOWS_NONE);
    CHECK_INT(metric(&g, "c"), WINDOWS_NONE);
    CHECK_INT(s.entity(&h2, s.arg), WINDOWS_NONE);
    CHECK_INT(metric(&g, "a"), a);
    CHECK_INT(s.entity(&h1, s.arg), entity);
    CHECK(metric(&other, "c") != WINDOWS_NONE);
    CHECK(metric(&g, "c") != WINDOWS_NONE); /* somebody else has made it */
    float v = 1;
    size_t taken = 0;
    CHECK_INT(s.put(entity, g.now, 1, &a, &v, &taken, s.arg), WINDOWS_PUT_OK);
    CHECK_INT((long long)taken, 1);
    end();
}

TEST(without_limits_everything_is_let_through)
{
    struct gate g = start(0, 0);
    CHECK(metric(&g, "a") != WINDOWS_NONE);
    CHECK(gate_admits(&g));
    g.limits.rate = 5;
    CHECK(gate_admits(&g));
    const struct input_note note = {.peer = "10.0.0.1", .taken = 100};
    inputs_note(inputs, INPUT_LINE, g.now, &note);
    CHECK(!gate_admits(&g));
    g.inputs = NULL;
    CHECK(gate_admits(&g));
    end();
}
