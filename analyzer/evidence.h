/* analyzer/evidence.h - what the ledger knows of single events, for one look: coredumps
 * with their past, alarms, results of tests. */
#ifndef ANALYZER_EVIDENCE_H
#define ANALYZER_EVIDENCE_H

#include "analyzer/alarms.h"
#include "analyzer/cores.h"
#include "base/err.h"
#include "rules/ruleset.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/panel.h"

#include <stddef.h>

struct evidence {
    struct core_facts cores;
    struct alarm_facts alarms;
    struct test_rows tests;
    /* what those point into */
    struct core_row *core;
    struct core_past *past;
    struct alarm_row *alarm;
    const char **hosts; /* the changed and the service's, sorted; texts of the panel */
    size_t n_hosts;
};

struct evidence_ask {
    const struct change *change;
    const struct windows_rule *windows;
    const struct panel_ask *ask; /* that the panel was gathered by */
    const struct panel *panel;   /* its hosts are asked for, too */
};

/* The panel is borrowed for the evidence's life.  *ret_evidence is to be freed also
 * after a failure. */
int evidence_gather(struct ledger *l, const struct evidence_ask *ask,
                    struct evidence *ret_evidence, struct err *err);
void evidence_free(struct evidence *e);
#define OWNED_EVIDENCE __attribute__((cleanup(evidence_free))) struct evidence

#endif
