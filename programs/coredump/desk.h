/* programs/coredump/desk.h - where crashes are reported: counted, kept on disk, sent.
 *
 * In the state directory: spool/ (programs/spool.h), loop/ (programs/coredump/loop.h),
 * slot.N, locks of which one is held while a stack is taken, so that a storm of crashes
 * takes DESK_SLOTS of them at once and no more, and `cursor`, how far the journal was
 * read. */
#ifndef PROGRAMS_COREDUMP_DESK_H
#define PROGRAMS_COREDUMP_DESK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "programs/coredump/config.h"
#include "programs/coredump/notice.h"

#include <stdbool.h>
#include <stdint.h>

enum { DESK_SLOTS = 4 };

struct desk;

/* `config` must outlive it.  Makes the state directory. */
struct desk *desk_open(const struct config *config, struct err *err);
void desk_close(struct desk **d);

/* A crash came in: true when its stack is to be taken and told with desk_tell, else it
 * was counted.  When counting fails it is told: *err then says why. */
bool desk_wants(struct desk *d, const char *exe, int signal, instant now, int64_t pid,
                struct err *err);

/* Waits up to `ms` for a slot; gives it, or -1. */
int desk_slot(struct desk *d, int ms);
void desk_slot_free(int *slot);

/* Keeps the record on disk; what the disk does not take is sent at once.  -1 when it is
 * lost. */
int desk_tell(struct desk *d, const struct notice *n, struct err *err);

/* Keeps what is due of this program's and signal's count. */
int desk_tell_count(struct desk *d, const char *exe, int signal, instant now,
                    struct err *err);
/* Keeps what is due of all counts. */
int desk_tell_counts(struct desk *d, instant now, struct err *err);

/* Takes what waits to the service, for up to `ms`.  0 when nothing is left; -1 and
 * *err, also when another process is sending already. */
struct desk_sent {
    size_t sent, refused, left;
    char first[400]; /* the words for the first refused one */
};
int desk_send(struct desk *d, int ms, struct desk_sent *ret, struct err *err);

/* Records that were dropped on this disk since the beginning, in words; adds nothing
 * when there are none. */
void desk_losses(struct desk *d, struct buf *to);

/* "" when there is none yet. */
void desk_cursor(struct desk *d, struct buf *to);
int desk_set_cursor(struct desk *d, const char *cursor, struct err *err);

#endif
