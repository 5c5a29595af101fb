/* storage/fingerprint.h - which coredumps are the same crash?
 *
 * Two fingerprints of a record: `fine` over the top FINGERPRINT_FINE own frames,
 * `coarse` over the topmost one, each together with the program's name and the signal.
 * Own frames are those that are left without what only carries the blow: raise, abort,
 * assert, signal trampolines, sanitizers, allocators, the C and C++ libraries, a
 * runtime's panic.  Function names are compared without what differs from build to
 * build or call to call, so a rebuilt program's old crash keeps its fingerprint.
 *
 * A frame without a name counts as its module and "?".  When no own frame has a name
 * the fingerprint rests on the program, the signal and the order of modules alone: it
 * is then `unsure`.  A signature that the sender gave takes the place of both.  Pure.
 *
 * That functions, not addresses, make a crash recognisable, and which frames to drop,
 * is common knowledge of crash servers; see satyr, apport and casr for theirs. */
#ifndef STORAGE_FINGERPRINT_H
#define STORAGE_FINGERPRINT_H

#include "base/buf.h"
#include "storage/core.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    FINGERPRINT_TEXT_MAX = 17, /* 16 hex digits and a NUL */
    FINGERPRINT_NAME_MAX = 301,
    FINGERPRINT_FINE = 3,
};

struct fingerprint {
    char fine[FINGERPRINT_TEXT_MAX], coarse[FINGERPRINT_TEXT_MAX];
    bool unsure; /* no function names to go by */
};

struct fingerprint fingerprint_make(const struct core *c);

/* The same over the top `depth` own frames, at least 1. */
void fingerprint_at(const struct core *c, size_t depth, char out[FINGERPRINT_TEXT_MAX]);

/* Adds the crash in words: "SIGSEGV in parse_header <- read_file <- main" with up to
 * FINGERPRINT_FINE own frames, "SIGSEGV in pay? <- libssl.so?" without names. */
void fingerprint_title(const struct core *c, struct buf *to);

/* A function's name as it is compared: without address, offset, arguments, template
 * arguments, return type, clone suffix and hash; "" when nothing is left.  Cut at 300
 * bytes; what stands beyond the first CORE_FN_MAX is not looked at. */
const char *fingerprint_name(const char *fn, char out[FINGERPRINT_NAME_MAX]);

/* The name of an object file as it is compared: without path, version, " (deleted)". */
const char *fingerprint_module(const char *path, char out[FINGERPRINT_NAME_MAX]);

#endif
