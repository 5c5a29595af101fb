/* analyzer/silence.c - the hosts of each rule about silence, counted.
 *
 * What must hold: a host counts for one rule at most, so its silence is one finding.
 * Pure, any thread. */
#include "analyzer/silence.h"

#include <string.h>

bool silence_speaks(const struct ruleset *rs, const struct change *c,
                    const struct rule *r, const char *host)
{
    bool excepted;
    return ruleset_for_silence(rs, c, host, &excepted) == r && !excepted;
}

struct silence silence_count(const struct ruleset *rs, const struct change *c,
                             const struct rule *r, const struct pulses *p)
{
    struct silence s = {.rule = r};
    for (size_t i = 0; i < p->n; i++) {
        const struct pulse *one = &p->at[i];
        bool excepted, silent = one->state == PULSE_SILENT;
        if (one->state == PULSE_NOT_ASKED ||
            ruleset_for_silence(rs, c, one->slot->host, &excepted) != r)
            continue;
        if (excepted) {
            s.excepted += silent;
            continue;
        }
        s.asked++;
        s.good += one->state == PULSE_GOOD || one->state == PULSE_FRESH;
        s.silent += silent;
        s.calling += silent && one->calls;
    }
    return s;
}
