/* storage/core.h - a coredump's record: who died of which signal, and where.
 *
 * Its shape is the coredump of the outside contract; the core itself never comes here.
 * Everything is bounded: of a deep stack the top CORE_FRAMES_MAX frames are kept, a
 * long function name is cut at CORE_FN_MAX bytes. */
#ifndef STORAGE_CORE_H
#define STORAGE_CORE_H

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/jsonw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CORE_BYTES_MAX = 256 << 10,
    CORE_FRAMES_MAX = 64,
    CORE_FN_MAX = 1024, /* C++ names with all their types are long */
    CORE_SIGNAL_MAX = 64,
    CORE_COUNT_MAX = 1000000, /* dumps that one record speaks for */
    CORE_SIGNAL_TEXT_MAX = 24,
};

struct core_frame {
    char *fn;       /* as sent, cut; NULL: unknown */
    char *module;   /* path or name of the object file; NULL: unknown */
    char *build_id; /* NULL: unknown */
    bool has_offset;
    uint64_t offset; /* in the module */
};

struct core {
    instant time;
    char *host, *exe;
    char *service; /* NULL: not given */
    int64_t pid;   /* 0: not given */
    int signal;    /* 1..CORE_SIGNAL_MAX */
    size_t n_frames;
    struct core_frame *frame; /* the innermost first */
    size_t frames_left_out;   /* further out, beyond CORE_FRAMES_MAX */
    int64_t more; /* further dumps of the same that this one speaks for: `count` - 1 */
    char *signature; /* the sender's own word for what is the same crash; NULL: none */
};

/* Reads one record.  host, exe and signal (a name such as "SIGSEGV", or its number) are
 * required; `now` stands in for a missing time and bounds it: -30 days to +10 minutes
 * (with `now` none, as in replay, any time is taken but must be given).  An offset is a
 * whole number or a text such as "0x1f3a".  Empty texts, "??" as a function and null
 * count as absent; unknown fields are passed over.  `count` says of how many dumps the
 * record speaks: of a crash loop not each is sent.  -1 with field and place. */
int core_read(const struct json_at *v, instant now, struct core **ret_core,
              struct err *err);
void core_free(struct core **c);
#define OWNED_CORE __attribute__((cleanup(core_free))) struct core

/* Writes it back: read again it is the same. */
void core_write(const struct core *c, const char *key, struct jsonw *w);

/* "SIGSEGV", or "signal 37" for one without a name. */
const char *core_signal_name(int signal, char out[CORE_SIGNAL_TEXT_MAX]);
/* 0: there is no such signal.  "SIGSEGV", "segv" and "signal 37" are understood. */
int core_signal_of(const char *name);

#endif
