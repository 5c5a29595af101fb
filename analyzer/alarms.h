/* analyzer/alarms.h - which alarms began with the change?
 *
 * An alarm is new on a changed host when it began there after the host's pivot, the
 * settle time included, and did not fire there in the window before.  Alarms of one
 * name are put together.  One that is new on as large a share of the unchanged hosts,
 * or on half of it, is nobody's fault.  One that also begins in ordinary times must
 * begin more often than in the day before, by the negative binomial test with the
 * over-dispersion of that day.  An alarm that names no host is the service's; it has
 * nothing to be compared with but its own past.  Pure. */
#ifndef ANALYZER_ALARMS_H
#define ANALYZER_ALARMS_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    ALARM_PAST_HOURS = 24,    /* what is ordinary is learned from */
    ALARM_ORDINARY_LEAST = 3, /* beginnings of an ordinary one that a rate is made of */
};

/* What is known of alarms, for one judgement. */
struct alarm_facts {
    size_t n;
    const struct alarm_row *row; /* from ALARM_PAST_HOURS before the first pivot on */
    instant since; /* the earliest alarm that is held at all; INSTANT_NONE: none */
};

struct alarm_host {
    const char *host;
    const struct slot *slot;
    instant first; /* the first beginning after the pivot */
    size_t begun;  /* beginnings after it */
    bool before;   /* it fired in the window before: not new here */
    bool firing;   /* it fires still at the end of the look */
};

/* An alarm of one name that is new on a changed host, or on the service. */
struct new_alarm {
    const struct rule *rule;
    const struct alarm_row *example; /* the first to begin after the change */
    bool of_service;                 /* it names no host */
    size_t n_hosts, n_firing;
    struct alarm_host *host;  /* changed hosts it is new on, the earliest first */
    size_t control_hosts;     /* unchanged ones it is new on */
    double begun, begun_past; /* beginnings after the change, and in the day before */
    double expected, p;       /* NaN without a past; p of at least so many */
    double p_must, p_look;    /* of ordinary ones: the largest p that each bar takes */
    instant first;
    span after; /* from the pivot to the first beginning */
    bool recovered;
    enum grade grade;
};

struct new_alarms {
    bool judged; /* alarms are known here, and hosts were watched */
    size_t n;
    struct new_alarm *at;   /* graded ones, worst first; then the others */
    size_t hosts, controls; /* changed and unchanged hosts watched */
    double past_minutes;    /* of ordinary times, up to ALARM_PAST_HOURS */
    span before;            /* the window before */
};

/* `facts` NULL: nothing is known.  Everything in it is borrowed from the arguments but
 * the arrays. */
int alarms_judge(const struct lineup *l, const struct controls *k,
                 const struct ruleset *rs, const struct alarm_facts *facts,
                 struct new_alarms *ret_alarms, struct err *err);
void alarms_free(struct new_alarms *a);

/* It rings in ordinary times, too: then only more of it is news. */
bool alarm_is_ordinary(const struct new_alarm *a);
/* As new on the unchanged hosts: whatever rang, it was not the change. */
bool alarm_is_everywhere(const struct new_alarms *all, const struct new_alarm *a);
/* True when it meets what its rule asks for this grade. */
bool alarm_meets(const struct new_alarms *all, const struct new_alarm *a, enum grade g);
#define OWNED_NEW_ALARMS __attribute__((cleanup(alarms_free))) struct new_alarms

#endif
