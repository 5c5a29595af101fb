/* programs/gate.h - waiting for a change's verdict, as `aftercheck gate` and
 * `aftercheck run` do. */
#ifndef PROGRAMS_GATE_H
#define PROGRAMS_GATE_H

#include "base/err.h"
#include "base/httpc.h"
#include "base/instant.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct gate_ask {
    const char *id;
    span wait;
    /* A verdict decided before this does not know of the last batch yet; INSTANT_NONE:
     * any will do, and what the change's own batches say is asked of the service. */
    instant since;
    /* Asked every few seconds; true ends the waiting.  May be NULL. */
    bool (*stop)(void *arg);
    void *arg;
};

struct gate_answer {
    enum grade grade;
    bool final;
    bool settled; /* what was changed so far has been looked at to the end, or must be
                     handled */
    bool stopped; /* `stop` said so */
    int64_t revision, looks_done, looks_all;
    instant decided_at; /* INSTANT_NONE: no look has been taken */
    char because[400];
};

/* Waits until it is settled, the time is up or `stop` says so; says on stderr what it
 * waits for.  -1 when the service cannot be reached or does not know the change. */
int gate_wait(struct httpc *c, const struct gate_ask *ask, struct gate_answer *ret,
              struct err *err);

/* One line for a reader: "8812: attention: cpu.busy rose ...". */
void gate_say(FILE *to, const char *id, const struct gate_answer *a);

/* The grade as an exit code; without a single look there is no verdict, whatever the
 * grade says. */
int gate_exit_code(const struct gate_answer *a);

/* What a verdict says, out of the service's JSON. */
int gate_read(const char *json, size_t n, struct gate_answer *ret, struct err *err);
/* When work on the last batch ended, out of the JSON of /v1/changes/ID; INSTANT_NONE
 * for a change without batches. */
int gate_read_batches(const char *json, size_t n, instant *ret_last, struct err *err);

#endif
