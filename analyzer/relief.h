/* analyzer/relief.h - did the hosts that were added take load off the others?
 *
 * Load is calls a second where records name the host that was called, else the figure
 * that a rule of relief names.  With n new hosts beside k old ones, each old one should
 * have about n / (n + k) less to do.  It is found when of this less came than the rule
 * asks for and the new hosts do not carry half of what an old one does: load that grew
 * meanwhile hides the relief, but then the new hosts are busy.  Hosts that are not in
 * the rule's scope, or that an exception of it leaves alone, are neither old nor new.
 * Pure. */
#ifndef ANALYZER_RELIEF_H
#define ANALYZER_RELIEF_H

#include "analyzer/control.h"
#include "analyzer/series.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

/* New hosts that carry this part of an old one's load do take load. */
#define RELIEF_TAKEN_LEAST 0.5

struct relief_host {
    const char *host;
    double load;          /* after */
    struct member member; /* its figure; unit NULL: it is calls */
};

struct relief {
    const struct rule *rule; /* NULL: none asks */
    bool judged;
    enum unjudged why;    /* when it is not */
    const char *metric;   /* NULL: calls a second */
    size_t n_old, n_new;  /* hosts whose load is known */
    size_t excepted;      /* new hosts that an exception of the rule leaves alone */
    size_t all_old;       /* hosts of the service that the change leaves alone */
    double before, after; /* load of an old host */
    double taken;         /* load of a new host after */
    double expected;      /* load of an old host, had the new ones taken their share */
    double came;          /* part of the expected relief that came; below 0: grew */
    struct relief_host *host; /* the new ones, n_new, sorted by name */
    struct member *old;       /* figures of the old ones; none of calls */
    enum grade grade;
};

/* `room`: as many doubles as the longest track has rows. */
int relief_measure(const struct lineup *l, const struct controls *k,
                   const struct ruleset *rs, double *room, struct relief *ret_relief,
                   struct err *err);
void relief_free(struct relief *r);

/* True when what was judged is what the rule asks for this grade. */
bool relief_meets(const struct relief *r, enum grade g);

/* What it says, as a plain text that the caller frees; *ret_note NULL when it was not
 * judged.  -1: out of memory. */
int relief_note(const struct relief *r, char **ret_note);

#endif
