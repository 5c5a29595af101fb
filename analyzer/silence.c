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

bool silence_meets(const struct silence *s, enum grade g)
{
    const struct bar *must = &s->rule->must_handle, *look = &s->rule->attention;
    double asked = s->asked > 0 ? (double)s->asked : 1, n = (double)s->silent;
    /* Hosts that still report calls live: it is their figures that are gone. */
    double dead = (double)(s->silent - s->calling);
    if (g == GRADE_MUST_HANDLE)
        return must->set && dead >= must->count && dead / asked >= must->effect;
    return look->set && n >= look->count && n / asked >= look->effect;
}
