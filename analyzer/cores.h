/* analyzer/cores.h - do programs crash that did not, or more often than they did?
 *
 * Coredumps are put together by their coarse fingerprint and counted from each host's
 * pivot on, the settle time included: many a bad release dies as it starts.  One that
 * no host dumped in the 30 days before the change, and that no unchanged host dumps
 * now, speaks for itself, by the counts of the rule's bars.  Any other is a matter of
 * rates: dumps of host-minutes after the change against those of the 30 days, of the
 * last of these days, and of the unchanged hosts if they dump it too; the least
 * surprising of these comparisons is the one that counts.  Over-dispersion comes from
 * the counts by day, taken as if a day's dumps had come in one burst.  Pure. */
#ifndef ANALYZER_CORES_H
#define ANALYZER_CORES_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

/* What is known of coredumps, for one judgement. */
struct core_facts {
    size_t n;
    const struct core_row *row; /* of the windows, changed and unchanged hosts */
    size_t n_pasts;
    const struct core_past *past; /* one a coarse fingerprint of `row`, sorted by it;
                                     before the first pivot */
    instant since; /* the earliest coredump that is held at all; INSTANT_NONE: none */
};

enum {
    CRASH_HOSTS_MUST = 2,  /* the same new crash on so many hosts is no host's own */
    CRASH_KNOWN_LEAST = 3, /* dumps of a known crash that a rate is made of */
};

struct crash_host {
    const char *host;
    size_t before, after;
};

struct crash {
    const struct core_row *example;   /* the first dump after the change */
    size_t kinds;                     /* different fine fingerprints after the change */
    bool unsure;                      /* no function names */
    bool unseen;                      /* on no host in the days before the change */
    double dumps_before, dumps_after; /* on the changed hosts, in their windows */
    double control_before, control_after; /* on the unchanged ones */
    double dumps_since; /* from the first pivot to each changed host's own */
    double dumps_past;  /* on them, in all days that are remembered */
    double expected;    /* after the change, had nothing changed */
    double p, effect;   /* effect NaN: from nothing */
    size_t n_hosts;
    struct crash_host *host; /* changed hosts that dumped after it, worst first */
    instant first;           /* the first dump after the change */
    double p_must, p_look;   /* of known ones: the largest p that each bar takes */
    enum grade grade;
};

struct crashes {
    const struct rule *rule; /* NULL: none is about coredumps */
    bool judged;             /* coredumps are known here, and hosts were watched */
    size_t n;
    struct crash *at; /* with a dump on a changed host after the change; worst first */
    size_t excepted;  /* dumps there that an exception of the rule leaves alone */
    size_t hosts, controls;               /* changed and unchanged hosts watched */
    double minutes_before, minutes_after; /* of the changed hosts, together */
    double control_minutes;               /* of the unchanged, after the change */
    double days;                          /* that the memory reaches back, up to 30 */
};

/* `facts` NULL: nothing is known.  Everything in it is borrowed from the arguments but
 * the arrays. */
int crashes_judge(const struct lineup *l, const struct controls *k,
                  const struct ruleset *rs, const struct core_facts *facts,
                  struct crashes *ret_crashes, struct err *err);
void crashes_free(struct crashes *c);

/* Never seen before and not on unchanged hosts: counts alone decide. */
bool crash_is_new(const struct crash *c);
/* True when it meets what the rule asks for this grade. */
bool crash_meets(const struct rule *r, const struct crash *c, enum grade g);

/* The crash of a dump as findings and exceptions name it, such as "pay, SIGSEGV in
 * parse": up to the topmost frame, which with the program is what is counted. */
void crash_name(const struct core_row *r, struct buf *to);
#define OWNED_CRASHES __attribute__((cleanup(crashes_free))) struct crashes

#endif
