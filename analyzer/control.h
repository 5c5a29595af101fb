/* analyzer/control.h - the hosts that the change left alone.
 *
 * Hosts of the same service, in the same minutes, that neither this change nor another
 * one nearby worked on, and that sent something after it.  Batches that are still to
 * come are such hosts, too, until their time comes.
 *
 * Hosts of another data centre see other traffic, so only hosts of the same labels
 * (analyzer/labels.h) are taken: those that the change gives, else those that the
 * changed hosts have in common.  A host whose label is unknown is taken only where no
 * host of the service has that label.  When that leaves fewer than CONTROLS_LEAST, the
 * rack that nobody asked for is given up first; when that is not enough all of the
 * service are taken, though they are not alike. */
#ifndef ANALYZER_CONTROL_H
#define ANALYZER_CONTROL_H

#include "analyzer/align.h"

#include <stdbool.h>
#include <stddef.h>

/* With fewer than this the moves of controls give no spread; and a verdict from levels
 * alone stays at attention. */
enum { CONTROLS_LEAST = 5 };

struct controls {
    size_t n;          /* hosts that are free for at least one frame */
    const char **host; /* sorted; the texts are the panel's */
    size_t known;      /* hosts of the service that the panel knows */
    size_t silent;     /* unchanged ones that sent nothing after the change */
    char *like;        /* "idc=sh1, cluster=c2": what was asked for; NULL: nothing */
    size_t alike;      /* unchanged hosts that have it */
    bool unlike;       /* too few have it: all are taken */
};

int control_choose(const struct lineup *l, struct controls *ret_controls,
                   struct err *err);
void controls_free(struct controls *c);
#define OWNED_CONTROLS __attribute__((cleanup(controls_free))) struct controls

/* True when nobody worked on the host in the frame or shortly before it. */
bool control_is_free(const struct lineup *l, const char *host, const struct frame *f);

/* Who they are, or why there are none, as a plain text that the caller frees.  `used`
 * of them had data.  NULL: out of memory. */
char *control_note(const struct lineup *l, const struct controls *c, size_t used);

#endif
