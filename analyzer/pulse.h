/* analyzer/pulse.h - who still sends?
 *
 * A host's pulse is the rows in which it sent any figure of its own; of a host that
 * never sends any, the rows in which it reported calls.  It tells how many of the
 * changed hosts can be judged, and which of them fell silent while others did not.
 */
#ifndef ANALYZER_PULSE_H
#define ANALYZER_PULSE_H

#include "analyzer/align.h"
#include "analyzer/control.h"

#include <stdbool.h>
#include <stddef.h>

/* The share of rows that is enough where no rule says otherwise. */
#define PULSE_SHARE_LEAST 0.6

enum pulse_state {
    PULSE_GOOD,        /* enough rows in both windows */
    PULSE_FRESH,       /* a host without a past that sends enough after the change */
    PULSE_NONE_BEFORE, /* too few before the change */
    PULSE_THIN_AFTER,  /* it sends, but too little after the change */
    PULSE_SILENT,      /* it sent before, and nothing after - or nothing any more in the
                          last half of the window after */
    PULSE_NOT_ASKED,   /* its windows cannot be looked at */
};

struct pulse {
    const struct slot *slot;
    enum pulse_state state;
    struct cut cut;
    bool calls;   /* silent, but it still reports calls */
    instant last; /* end of the last row it sent in; INSTANT_NONE: none */
};

struct pulses {
    size_t n;
    struct pulse *at; /* one a slot, in their order */
    size_t good, fresh, silent, asked;
    size_t calling; /* of the silent: those that still report calls */
    size_t others;  /* other hosts of the service that sent before, and to the end */
    bool anyone;    /* anything at all was sent after the change, by whomever */
};

/* `share` of the rows is enough. */
int pulses_take(const struct lineup *l, const struct controls *k, double share,
                struct pulses *ret_pulses, struct err *err);
void pulses_free(struct pulses *p);
#define OWNED_PULSES __attribute__((cleanup(pulses_free))) struct pulses

#endif
