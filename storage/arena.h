/* storage/arena.h - one growing file, mapped at one place for good.
 *
 * Two things live in it: records (small, sealed by a checksum, in chunks that form a
 * chain, so that opening reads only them) and areas (large, known only through the
 * records that name them).  Pointers into the arena stay good until it is closed.
 *
 * A record is whole before it is published, so a kill -9 at any instant leaves whole
 * records only.  Disk space is reserved before it is touched: a full disk is an error,
 * never a SIGBUS.  After a loss of power (another boot than the one that wrote, and no
 * clean close) records not yet synced may be gone, and areas may mix old and new
 * pages: arena_boot then gives a new number, and the owner of an area has to check it.
 *
 * Not locked: the caller holds one lock around all calls but arena_sync, arena_at and
 * arena_stat. */
#ifndef STORAGE_ARENA_H
#define STORAGE_ARENA_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    ARENA_BYTES_MIN = 256 << 10, /* the least bytes_max */
    ARENA_RECORD_MAX = 16 << 10, /* of one record, with its head */
    ARENA_ALIGN = 64,            /* of an area */
};

struct arena_spec {
    const char *path;     /* NULL: memory only; untouched areas then cost nothing */
    uint64_t bytes_max;   /* the file (or the address space) never grows beyond */
    uint64_t shape[2];    /* what the owner's areas depend on; a file with another shape
                             is set aside */
    const char *shape_is; /* what that is, for the note: "step or rows" */
};

/* The head of a record; the owner's fields follow. */
struct record {
    uint32_t check;
    uint16_t type;   /* the owner's; not 0 */
    uint16_t bytes;  /* with this head, a multiple of 8 */
    uint16_t sealed; /* how many bytes after the head never change */
    uint16_t spare;
    uint32_t number; /* the owner's */
};

struct arena;

/* Opens or makes the file.  One that is damaged, of another version or of another shape
 * is renamed to PATH.damaged-TIME or PATH.other-TIME, *ret_note says so, and a new one
 * is begun.  NULL when the disk is full, or another process has it open. */
struct arena *arena_open(const struct arena_spec *spec, struct err *ret_note,
                         struct err *err);
/* Opens a file that another process may be writing to, only to look at it: nothing of
 * it is ever written, locked or set aside; what is changed in memory stays there.  Its
 * shape is given back.  The file counts as one whose power was lost, so everything is
 * checked before it is used.  NULL with EBADMSG when it is damaged or of another
 * version, with ENOENT when there is none. */
struct arena *arena_peek(const char *path, uint64_t ret_shape[2], struct err *err);
/* True for one that was opened so. */
bool arena_is_peek(const struct arena *a);
/* What stands in the file at an offset now, whatever was changed in memory. */
int arena_reread(const struct arena *a, uint64_t offset, void *to, size_t n);

/* Syncs with this number, marks the file as closed in order, and unmaps. */
void arena_close(struct arena **a, uint32_t number);
/* For the owner who finds damage inside a record: closes, renames to PATH.damaged-TIME
 * and says so, with `why`, in *ret_note. */
int arena_set_aside(struct arena **a, const char *why, struct err *ret_note,
                    struct err *err);

/* Calls `each` for every record in the order of publishing, until it gives -1.  To be
 * done once, before anything is added.  -1 with *err when the chain or a seal is
 * broken ("record 7 is damaged", or "record 7 " and the text `each` gave); an end that
 * was never synced is cut off there instead, after a loss of power. */
int arena_walk(struct arena *a,
               int (*each)(struct record *r, void *arg, struct err *err), void *arg,
               struct err *err);
/* The area that a walked record names, so that it is not given out again; NULL when it
 * cannot be one. */
void *arena_claim(struct arena *a, uint64_t offset, uint64_t bytes);

/* Room for a record: `body` bytes after the head, of which the first `sealed` will
 * never change.  All zero.  NULL when the arena is full.  Only one at a time is being
 * written; asking again gives the same place. */
struct record *arena_record(struct arena *a, uint16_t type, size_t body, size_t sealed);
void arena_publish(struct arena *a, struct record *r);

/* A new area, aligned to ARENA_ALIGN.  Zero in memory, of unknown content in a file.
 * NULL when the arena is full. */
void *arena_area(struct arena *a, uint64_t bytes);
uint64_t arena_offset(const struct arena *a, const void *p);
/* The area at an offset that arena_offset gave. */
void *arena_at(const struct arena *a, uint64_t offset);
/* Gives the memory of an area back until it is written again; its content is then
 * unknown.  Does nothing for a file. */
void arena_forget(struct arena *a, void *area, uint64_t bytes);

bool arena_in_memory(const struct arena *a);
/* True when this opening found that power was lost while the file was open. */
bool arena_lost_power(const struct arena *a);
/* Another number after each such loss. */
uint32_t arena_boot(const struct arena *a);
/* Bytes reserved on disk, or handed out in memory. */
uint64_t arena_bytes(const struct arena *a);

/* All that was written before the call is on disk after it.  One at a time.  `number`
 * is kept in the file: arena_synced gives that of the last sync that was completed, 0
 * at first. */
int arena_sync(struct arena *a, uint32_t number, struct err *err);
uint32_t arena_synced(const struct arena *a);

#endif
