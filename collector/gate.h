/* collector/gate.h - what one sender may add to what is held.
 *
 * Room is bounded in all by the store; so that one sender who puts an id into a label
 * cannot take all of it, each may make only so many new hosts, services, call edges and
 * metric names while the process lives.  Beyond that what is new is refused (drop
 * reason full), and what is known goes on.  Over its rate a sender is refused for a
 * while, before anything is read. */
#ifndef COLLECTOR_GATE_H
#define COLLECTOR_GATE_H

#include "collector/intake.h"
#include "storage/inputs.h"

#include <stdbool.h>
#include <stdint.h>

/* Of each sender; 0: no limit. */
struct gate_limits {
    uint64_t names; /* new entities and metric names since the start */
    double rate;    /* samples a second; ten seconds' worth may come at once */
};

/* Between a source and the windows; belongs to one request at a time. */
struct gate {
    struct windows *windows;
    struct inputs *inputs; /* NULL: nothing is limited */
    struct gate_limits limits;
    enum input input;
    const char *peer, *agent; /* the sender, as in struct input_note */
    instant now;
};

/* The sink that a source is handed; `g` is borrowed. */
struct sink gate_sink(struct gate *g);

/* Notes in the books of the input what was dropped of a tally, by reason. */
void gate_note_drops(struct inputs *in, enum input input, const struct tally *t);

/* False when the sender is over its rate: nothing of it is to be read now. */
bool gate_admits(const struct gate *g);

#endif
