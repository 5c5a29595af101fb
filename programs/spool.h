/* programs/spool.h - records on disk until the service has taken them.
 *
 * A directory of this user's own:
 *
 *     queue/NUMBER           a record: one line of JSON that says where it goes, its
 * bytes refused/NUMBER         a record the service refused, NUMBER.answer with its
 * words counts                 what was dropped so far, as JSON put.lock, send.lock
 * held while something is put, and while something is sent
 *
 * A record is written aside, synced and renamed: once spool_put gave 0 it survives a
 * kill and a power loss.  Numbers rise in the order of putting (they are microseconds
 * since 1970, or one more than the last), and so records are sent in that order.  Locks
 * go with their process.  Any number of processes may share a directory. */
#ifndef PROGRAMS_SPOOL_H
#define PROGRAMS_SPOOL_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Beyond these the oldest records are dropped, and counted. */
enum {
    SPOOL_BYTES_MAX = 64 << 20,
    SPOOL_RECORDS_MAX = 10000,
    SPOOL_DAYS_MAX = 7,
    SPOOL_RECORD_BYTES_MAX = 9 << 20, /* one record, its first line too */
    SPOOL_REFUSED_MAX = 100,          /* files kept for a person to look at */
};

struct spool;

/* `dir` NULL: /var/spool/aftercheck for root, else $XDG_STATE_HOME/aftercheck/spool,
 * else ~/.local/state/aftercheck/spool.  It is made when it is missing, for this user
 * only. */
struct spool *spool_open(const char *dir, struct err *err);
void spool_close(struct spool **s);
#define OWNED_SPOOL __attribute__((cleanup(spool_close))) struct spool
const char *spool_dir(const struct spool *s);

/* What is posted: where to, what, and whose service. */
struct spool_record {
    const char *server, *path, *type;
    const void *body;
    size_t n;
};

/* Puts a record at the queue's end, dropping what is too old or has no room any more.
 * 0 and its number once it is there to stay. */
int spool_put(struct spool *s, const struct spool_record *record, instant now,
              uint64_t *ret_number, struct err *err);

/* Drops what is too old. */
int spool_trim(struct spool *s, instant now, struct err *err);

/* Only one process sends at a time.  Waits up to `ms`; -1 with EAGAIN when another one
 * sends for longer. */
int spool_lock_sending(struct spool *s, int ms, struct err *err);
void spool_unlock_sending(struct spool *s);

/* The numbers that are in the queue now, rising; the caller frees *ret. */
int spool_list(struct spool *s, uint64_t **ret, size_t *ret_n, struct err *err);

/* A record's parts point into `room`.  1: read; 0: it is not there (any more), or it is
 * damaged and was set aside; -1: it cannot be read. */
int spool_read(struct spool *s, uint64_t number, struct buf *room,
               struct spool_record *ret, struct err *err);
/* It was taken. */
int spool_done(struct spool *s, uint64_t number, struct err *err);
/* It was refused, in these words. */
int spool_set_aside(struct spool *s, uint64_t number, const char *words,
                    struct err *err);

/* What became of a record that was put. */
enum spool_fate { SPOOL_WAITS, SPOOL_REFUSED, SPOOL_TAKEN };
/* `words` gets the answer to a refused one. */
enum spool_fate spool_fate(struct spool *s, uint64_t number, struct buf *words);

/* Over the directory's life. */
#define SPOOL_LOSSES(X)                                                                \
    X(OLD, "old", "older than 7 days, dropped")                                        \
    X(FULL, "full", "beyond 64 MiB or 10000 requests, dropped")                        \
    X(REFUSED, "refused", "refused by the service, kept in refused/")                  \
    X(DAMAGED, "damaged", "damaged on disk, kept in refused/")                         \
    X(FORGOTTEN, "forgotten", "deleted from refused/, where at most 100 stay")
#define X(id, name, words) SPOOL_LOST_##id,
enum spool_loss { SPOOL_LOSSES(X) SPOOL_LOSS_N };
#undef X
const char *spool_loss_words(enum spool_loss why);
int spool_losses(struct spool *s, uint64_t ret_count[SPOOL_LOSS_N], struct err *err);
/* Those that this process caused since the last call. */
void spool_news(struct spool *s, uint64_t ret_count[SPOOL_LOSS_N]);

#endif
