/* programs/rules_watch.h - notices that rule files on disk are others than before. */
#ifndef PROGRAMS_RULES_WATCH_H
#define PROGRAMS_RULES_WATCH_H

#include <stdbool.h>
#include <stdint.h>

struct rules_watch {
    uint64_t known; /* what was read last */
    uint64_t last;  /* at the last look */
};

/* A number that is another one when a file, or a *.yml of a folder, has come, gone or
 * been written; NULL (the shipped pack) never changes. */
uint64_t rules_stamp(const char *path);

/* True once for every change, when it has stayed the same for two looks: an editor that
 * is still writing is waited for. */
bool rules_watch_look(struct rules_watch *w, const char *path);

#endif
