/* collector/crowd.h - at most so many different members of each group.
 *
 * Strangers choose return codes and interface names; each different one costs a series.
 * A crowd says of every name whether it is among the first N of its group, for as long
 * as the process lives.  Bounded: when CROWD_MEMBERS_MAX are known in all, no group
 * grows any more.  Any thread may call. */
#ifndef COLLECTOR_CROWD_H
#define COLLECTOR_CROWD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CROWD_MEMBERS_MAX = 1 << 20 };

struct crowd;
struct crowd *crowd_new(unsigned members_max);
void crowd_free(struct crowd **c);

/* A group's or member's number from its name, for crowd_admit. */
uint64_t crowd_key(const struct crowd *c, const char *name);

/* True when the member is known in this group or there was room to note it. */
bool crowd_admit(struct crowd *c, uint64_t group, uint64_t member);

#endif
