/* analyzer/control.h - the hosts that the change left alone.
 *
 * Hosts of the same service, in the same minutes, that neither this change nor another
 * one nearby worked on.  Batches that are still to come are such hosts, too, until
 * their time comes. */
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
