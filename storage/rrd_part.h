/* storage/rrd_part.h - what the two sides of the rrd child share; nobody else includes
 * it. */
#ifndef STORAGE_RRD_PART_H
#define STORAGE_RRD_PART_H

#include "base/buf.h"
#include "base/err.h"
#include "storage/rrd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    RRD_NAME_MAX_BYTES = 100,
    RRD_ARCHIVES_MAX = 8,
    RRD_ARGS_MAX = 256,
};

#define RRD_SCRATCH      "scratch"
#define RRD_SCRATCH_FILE RRD_SCRATCH "/picture.rrd"

/* What a request begins with. */
enum rrd_deed {
    RRD_DEED_PUT,
    RRD_DEED_LOOK,
    RRD_DEED_GET,
    RRD_DEED_DRAW,
    RRD_DEED_LETTERS
};

/* True when fontconfig, which `librrd` (as dlopen gives it) draws texts with, lists a
 * font for Chinese (rrd_letters.c). */
bool rrd_letters_there(void *librrd);

/* --- packing (rrd_pack.c) --- */

/* What is still to be taken of a request or an answer. */
struct rrd_bytes {
    const char *at;
    size_t left;
    bool bad; /* asked for more than there was */
};
void rrd_pack_int(struct buf *b, int64_t v);
void rrd_pack_text(struct buf *b, const char *text);
/* `n` bytes to be borrowed, or NULL. */
const char *rrd_take(struct rrd_bytes *in, size_t n);
int64_t rrd_take_int(struct rrd_bytes *in);
/* A number of things of `each` bytes that are still to come. */
size_t rrd_take_count(struct rrd_bytes *in, size_t each);
/* "" when there is none. */
const char *rrd_take_text(struct rrd_bytes *in);
/* A copy of `n` things of `each` bytes; NULL when they or memory are missing. */
void *rrd_take_copy(struct rrd_bytes *in, size_t n, size_t each);

/* --- in the child: arguments as text (rrd_args.c) --- */

/* Rows to be added to a file, which is made when it is missing; in seconds. */
struct rrd_put_request {
    const char *name;
    int64_t step;
    size_t n_sources, n_archives, n_rows;
    const struct rrd_source *sources;
    int64_t *archives; /* step and rows of each */
    int64_t *times;
    double *values;
};
/* Source `i` as an argument. */
void rrd_args_source(struct buf *b, const struct rrd_put_request *p, size_t i);
/* A row as "end:value:value"; before it, where the file's end is earlier than its
 * start, the same instant as unknown: librrd would stretch the row over the gap.  Gives
 * how many arguments that made. */
size_t rrd_args_row(struct buf *b, const struct rrd_put_request *p, size_t row,
                    int64_t last);
/* An argv that points at the `n` texts in `b`, each ended by a NUL; NULL without
 * memory.  The caller frees it. */
const char **rrd_args_point(const struct buf *b, size_t n);

/* --- in the child: files (rrd_place.c) --- */

/* Removes what a killed child left half done. */
void rrd_place_clean(void);
/* Opens beneath the folder we stand in, through no symbolic link; -1 and errno. */
int rrd_place_open(const char *name, int flags);
enum rrd_presence { RRD_ABSENT, RRD_PRESENT, RRD_REFUSED };
/* *err is set with RRD_REFUSED. */
enum rrd_presence rrd_place_find(const char *name, struct err *err);
int rrd_place_folders(const char *name, struct err *err);
/* Writes a new file out and forgets its pages. */
void rrd_place_settle(const char *name);

/* --- in the child: what a file is like (rrd_header.c) --- */

struct rrd_header_archive {
    int64_t step, rows; /* step in seconds; 0: of another kind than AVERAGE */
};

struct rrd_header {
    int64_t step, last, header; /* header in bytes */
    size_t n_sources, n_archives;
    struct rrd_source *sources;
    struct rrd_header_archive archive[RRD_ARCHIVES_MAX];
};

/* Numbers that times can be reckoned with. */
bool rrd_header_sane(const struct rrd_header *s);
/* RRD_OTHER_SHAPE unless the file has the step of `p`, and its first sources. */
int rrd_header_check(const struct rrd_put_request *p, const struct rrd_header *s,
                     struct err *err);
/* The step of the finest archive that reaches back to `from`, else of the one that
 * reaches back furthest; of those with at least the step asked for, if there is any. */
int64_t rrd_header_step(const struct rrd_header *s, int64_t from, int64_t least);
/* librrd tells the kernel not to read ahead, and takes a page fault for every page: a
 * day's rows of files that are not in memory come more than twice as fast when their
 * archive is asked for in one go. */
void rrd_header_read_ahead(const char *name, const struct rrd_header *s, int64_t step);

/* --- in the child: its two calls, for storage/child.h (rrd_child.c) --- */

int rrd_child_begin(void *arg, struct err *err);
int rrd_child_serve(void *arg, const char *request, size_t n, struct buf *reply,
                    struct err *err);

#endif
