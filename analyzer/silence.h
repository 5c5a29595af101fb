/* analyzer/silence.h - of which changed hosts a rule about silence speaks, and how they
 * stand.
 *
 * A host has one such rule: the first of those that apply to the change and name the
 * host in their scope, or name none.  Where an exception of that rule leaves the host
 * alone, nobody speaks for it.  Pure. */
#ifndef ANALYZER_SILENCE_H
#define ANALYZER_SILENCE_H

#include "analyzer/pulse.h"
#include "rules/ruleset.h"

struct silence {
    const struct rule *rule;
    size_t asked;    /* hosts it speaks for whose windows can be looked at */
    size_t good;     /* of them, those that send as before, and new ones that send */
    size_t silent;   /* of them, those that stopped */
    size_t calling;  /* of the silent: those that still report calls */
    size_t excepted; /* silent, and left alone by an exception of the rule */
};

/* True when the rule speaks for the host. */
bool silence_speaks(const struct ruleset *rs, const struct change *c,
                    const struct rule *r, const char *host);
/* True when it is what the rule asks for this grade. */
bool silence_meets(const struct silence *s, enum grade g);
struct silence silence_count(const struct ruleset *rs, const struct change *c,
                             const struct rule *r, const struct pulses *p);

#endif
