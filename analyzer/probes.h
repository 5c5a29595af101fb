/* analyzer/probes.h - which probes passed before the change and fail after it?
 *
 * A probe asks a target now and then, and its result is a series: probe_success,
 * result_code, a status code.  The rule says which values passed.  A point is one row;
 * it has passed when its value is one of these, so a row of several results passes only
 * with all of them (of status codes: when their mean is in the range).
 *
 * On a host a probe fails when `hold` of the last `of` points of the window after have
 * not passed, though at least half of those before the change did, and it was not
 * failing already.  One that did so in between and passes again has recovered.  A host
 * without a past cannot have passed before: it fails when the old ones do not.  A probe
 * that fails as much on the unchanged hosts, or half as much, is nobody's fault.
 *
 * One that fails now and then in ordinary times - in the day before the change - must
 * fail more often than that, by the negative binomial test with the over-dispersion of
 * its own past; that much needs CONTROLS_LEAST unchanged hosts to be more than
 * attention.
 *
 * Labels that tell the result, such as result=timeout, make another series of the same
 * probe: they are taken out of its name, and the series are put together.  Pure. */
#ifndef ANALYZER_PROBES_H
#define ANALYZER_PROBES_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/gather.h"
#include "analyzer/series.h"
#include "base/buf.h"
#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROBE_PAST_HOURS = 24 }; /* what is ordinary is learned from */

enum probe_state {
    PROBE_NONE_BEFORE, /* too few points before the change */
    PROBE_NONE_AFTER,
    PROBE_PASSES,
    PROBE_FAILED_ALREADY,
    PROBE_RECOVERED,
    PROBE_FAILS
};

/* The series of one probe on one host: they differ in labels of the result. */
struct probe_lines {
    const struct unit *unit;
    const uint32_t *metric; /* indices in the unit, rising */
    size_t n;
};

struct probe_host {
    const struct slot *slot;
    struct probe_lines lines;
    enum probe_state state;
    int n_before, failed_before; /* points of the window before */
    int n_after, failed_after;   /* and of the one after */
    int n_last, failed_last;     /* of its last points */
    double value;                /* the last that did not pass after; NaN: none */
    instant first;               /* the first point since the pivot that failed */
    /* ordinary times, of a host that fails or did; NaN where there are none */
    double failed_past, of_past, expected, p;
    bool told; /* the grade rests on it; of a recovered one: it is worth telling */
};

struct probe {
    const struct rule *rule;
    const char *name;    /* without the labels of the result */
    const char *service; /* label of the series */
    bool whole;          /* of the service itself, not of its hosts */
    size_t n;
    struct probe_host *host; /* by name */
    size_t n_judged, n_failing, n_recovered;
    /* looked at when it fails somewhere, or did */
    size_t n_controls, controls_failing, controls_recovered;
    bool excused, excused_recovered;
    double p_must, p_look; /* the largest p that each bar takes; below 0: none */
    size_t n_told, n_over; /* hosts that are told: failing, recovered */
    enum grade grade;
};

struct probes {
    size_t n;
    struct probe *at; /* by service, name and rule; the service's own last */
    struct probe_host *host;
    uint32_t *metric;
    char *names;
};

/* `pasts` is what probes_ask gave in all parts; NULL: pasts are read now. */
int probes_judge(const struct lineup *l, const struct controls *k,
                 const struct ruleset *rs, const struct buf *pasts,
                 struct probes *ret_probes, struct err *err);
/* Reads the pasts of a share's hosts that fail or did, and appends what is ordinary for
 * them (analyzer/probe_past.h). */
int probes_ask(const struct lineup *l, const struct ruleset *rs,
               struct gather_share own, struct buf *to, struct err *err);
void probes_free(struct probes *p);

/* Hosts it fails on that count for the grade, and whether they are what its rule asks
 * for.  Without CONTROLS_LEAST unchanged hosts only those must be handled that never
 * fail in ordinary times. */
size_t probe_counted(const struct probe *p, enum grade g);
bool probe_meets(const struct probe *p, enum grade g);

/* Failed in ordinary times, too. */
bool probe_is_ordinary(const struct probe_host *h);
/* What rows [from, to) of a track say, as one point; *ret_value is a value that did not
 * pass. */
double probe_point(const struct rule *r, const struct probe_lines *of,
                   const struct track *t, size_t from, size_t to, double *ret_value);
/* The points of a host: 1 failed, 0 passed, NaN none.  `room` holds as many doubles as
 * the unit has rows. */
struct lane probe_lane(const struct rule *r, const struct probe_lines *of,
                       double *room);

#endif
