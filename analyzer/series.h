/* analyzer/series.h - the changed hosts' series, grouped: one group holds one metric of
 * one service label on all hosts of the change.
 *
 * Host labels in a series' name (analyzer/labels.h) do not part a group.  A group is
 * called as its series are; where they are called differently, by what is left without
 * their labels.
 *
 * A host that runs several services reports under several labels; its series of one
 * label are compared with the same label on other hosts only. */
#ifndef ANALYZER_SERIES_H
#define ANALYZER_SERIES_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "rules/ruleset.h"

#include <stddef.h>
#include <stdint.h>

/* One host's series, or that of the service as a whole. */
struct member {
    const struct slot *slot;
    const struct unit *unit;
    uint32_t metric; /* index in the unit */
};

struct series {
    const char *service; /* label; "" when the sender named none */
    const char *metric;  /* as its sender calls it */
    const char *key;     /* without its hosts' labels: what other hosts may have, too */
    bool whole;          /* of the service itself, not of its hosts */
    const struct rule *rule;     /* NULL: none speaks for it */
    const struct member *member; /* sorted by host */
    size_t n_members;
};

/* Which rule is asked: ruleset_for_series or ruleset_for_limit. */
typedef const struct rule *(*series_ask)(const struct ruleset *rs,
                                         const struct change *c, const char *metric,
                                         const char *host);

struct series_list {
    size_t n, n_members;
    struct series *at; /* sorted by label and metric, the service's own last */
    struct member *member;
    size_t rows; /* of the longest track: room that lane_of needs */
};

/* All series of hosts that are ready, and the service's own; those of hosts without a
 * past are a list of their own (series_list_fresh). */
int series_list(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                struct series_list *ret_list, struct err *err);
int series_list_fresh(const struct lineup *l, const struct ruleset *rs, series_ask ask,
                      struct series_list *ret_list, struct err *err);
void series_list_free(struct series_list *s);
#define OWNED_SERIES __attribute__((cleanup(series_list_free))) struct series_list

/* The unit of a host under a service label; NULL: there is none. */
const struct unit *series_unit(const struct lineup *l, const char *host,
                               const char *service);
/* As unit_metric: index of a metric, or -1. */
int series_metric(const struct unit *u, const char *metric);
/* The same figure on another host, whatever its labels; or -1. */
int series_on(const struct lineup *l, const struct series *s, const struct unit *u);

#endif
