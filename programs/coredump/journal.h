/* programs/coredump/journal.h - the coredumps that systemd-coredump wrote down.
 *
 * The only place that includes libsystemd's sd-journal.h.  Entries with its message ID
 * fc2e22bc6ee647b6b90729ab34a250b1 are read, and of them the fields below and no others
 * (there are COREDUMP_ENVIRON, COREDUMP_CMDLINE and the open files, too).  Anybody may
 * write an entry with these fields: only those count that journald itself says came
 * from a unit systemd-coredump@...; the rest is counted. */
#ifndef PROGRAMS_COREDUMP_JOURNAL_H
#define PROGRAMS_COREDUMP_JOURNAL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stdint.h>

enum { JOURNAL_FIELD_MAX = 1 << 20 };

struct journal;

/* The system's journal, or that of a directory; read from behind `cursor`, or from the
 * end when it is "", or from the beginning with `all`. */
struct journal *journal_open(const char *dir, const char *cursor, bool all,
                             struct err *err);
void journal_close(struct journal **j);

/* One text a field; "" where it is absent or too long. */
#define JOURNAL_FIELDS(X)                                                              \
    X(PID, "COREDUMP_PID")                                                             \
    X(UID, "COREDUMP_UID")                                                             \
    X(GID, "COREDUMP_GID")                                                             \
    X(SIGNAL, "COREDUMP_SIGNAL")                                                       \
    X(TIME, "COREDUMP_TIMESTAMP")                                                      \
    X(EXE, "COREDUMP_EXE")                                                             \
    X(COMM, "COREDUMP_COMM")                                                           \
    X(UNIT, "COREDUMP_UNIT")                                                           \
    X(FILE, "COREDUMP_FILENAME")                                                       \
    X(HOST, "_HOSTNAME")                                                               \
    X(MESSAGE, "MESSAGE")
#define X(id, name) JOURNAL_##id,
enum journal_field { JOURNAL_FIELDS(X) JOURNAL_FIELD_N };
#undef X

struct journal_entry {
    struct buf field[JOURNAL_FIELD_N];
    instant time; /* when it was written down */
};
void journal_entry_free(struct journal_entry *e);

/* The next coredump; 1, 0 when there is none for now, -1. */
int journal_next(struct journal *j, struct journal_entry *ret, struct err *err);
/* Where it stands, to be given to journal_open another time; "" at the beginning. */
const char *journal_cursor(struct journal *j);
/* Entries passed over because nobody vouches for them. */
uint64_t journal_strange(const struct journal *j);
/* Waits for something new, or a signal, up to `ms`.  Signals that are blocked come in
 * here, so that none is missed that came just before. */
int journal_wait(struct journal *j, int ms, struct err *err);

#endif
