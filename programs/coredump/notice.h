/* programs/coredump/notice.h - the record that is sent of a crash.
 *
 * Only what storage/core.h has is in it, written field by field: time, host, service,
 * exe, pid, signal and the frames.  It waits in the spool and goes out from there. */
#ifndef PROGRAMS_COREDUMP_NOTICE_H
#define PROGRAMS_COREDUMP_NOTICE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "programs/coredump/loop.h"
#include "storage/core.h"

#include <stdint.h>

struct notice {
    instant time;
    const char *host, *exe;
    const char *service; /* "": none */
    int64_t pid;         /* 0: unknown */
    int signal;
    struct core *frames; /* a record of frames only, or NULL; borrowed */
};

/* Adds the record as JSON.  Texts that no record may hold are complained about. */
int notice_write(const struct notice *n, struct buf *to, struct err *err);

/* The same crash once more, or `count` times, the last one as `last` says: `record` is
 * what notice_write wrote. */
int notice_again(const char *record, const struct loop_last *last, int64_t count,
                 struct buf *to, struct err *err);

#endif
