/* analyzer/labels.h - which data centre, cluster or rack a host is in.
 *
 * Nobody tells it: by the outside contract every tag but host and service becomes part
 * of a series' name, so a host whose series are called "cpu.busy{idc=sh1}" is in idc
 * sh1.  Looked for are idc, cluster, zone, region, rack, and the keys that the change
 * labels itself with.  A key is a label of its host when at least half of the host's
 * series carry it, all with one value; a zone that only tells two interfaces of one
 * host apart is none.
 *
 * The same figure has another name on hosts of another data centre then.  So that such
 * hosts can be compared at all, a series is looked for under its name without its
 * host's own labels - its key.  Where a host has a series under that very key as well,
 * the labelled one keeps its name.  Pure. */
#ifndef ANALYZER_LABELS_H
#define ANALYZER_LABELS_H

#include "base/err.h"
#include "storage/change.h"
#include "storage/panel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LABELS_KNOWN = 5, LABELS_KEYS_MAX = LABELS_KNOWN + EVENT_LABELS_MAX };

struct labels {
    size_t n_keys;
    const char *key[LABELS_KEYS_MAX]; /* borrowed; rack last */
    size_t n_hosts;
    struct labels_host *host; /* those with a label, sorted */
    size_t n_units;
    struct labels_unit *unit; /* those of them with a series renamed */
};

/* Units must be sorted by host; they and the change are borrowed.  -1: no memory. */
int labels_open(struct labels *s, const struct unit *const *unit, size_t n,
                const struct change *c, struct err *err);
void labels_close(struct labels *s);

/* A host's value of s->key[k]; NULL: unknown. */
const char *labels_value(const struct labels *s, const char *host, size_t k);

/* The key of a unit's metric `i`; good as long as the labels are open. */
const char *labels_name(const struct labels *s, const struct unit *u, uint32_t i);
/* The unit's metric of that key, or -1. */
int labels_metric(const struct labels *s, const struct unit *u, const char *name);

#endif
