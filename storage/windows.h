/* storage/windows.h - the last hours of every series, in one memory-mapped file.
 *
 * An entity (a host's share in a service, a service, a call edge) has one block: fixed
 * rows, one a step of time, all its metrics side by side (time-major), so that taking a
 * row in is one short write and a window is one straight read.  Rows form a ring over
 * `rows` steps.  A cell is a float and the number of samples in it; several samples of
 * a step are averaged, added up or maxed as the metric says.
 *
 * The file survives kill -9 at any instant: every record is complete before it is
 * published, and the first put of a row shows whole or not at all.  A loss of power
 * costs at most the entities, metrics and rows written to since the last windows_sync:
 * every row carries a checksum, by which a torn one is told and dropped when its entity
 * is first met again.
 * Space is reserved before it is touched, so a full disk is an error, never a SIGBUS.
 * Opening reads names and block heads only, not rows.  Any thread may call; entities
 * are locked in stripes. */
#ifndef STORAGE_WINDOWS_H
#define STORAGE_WINDOWS_H

#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum entity_kind { ENTITY_HOST, ENTITY_SERVICE, ENTITY_EDGE, ENTITY_KIND_N };

/* What a series belongs to.  Texts that do not apply are "". */
struct entity {
    enum entity_kind kind;
    const char *host; /* ENTITY_HOST */
    const char
        *service; /* ENTITY_HOST ("" when the sender named none), ENTITY_SERVICE */
    /* ENTITY_EDGE; service is "" there */
    const char *caller, *callee, *iface, *caller_host, *callee_host;
    const char *side; /* "client" or "server" */
};

enum merge { MERGE_MEAN, MERGE_SUM, MERGE_MAX, MERGE_N };

enum {
    WINDOWS_METRICS_MAX = 4096, /* of one entity */
    WINDOWS_ENTITIES_MAX = 4 << 20,
    WINDOWS_NAMES_MAX = 1 << 20, /* different metric names */
    WINDOWS_TEXT_MAX = 1024, /* bytes of one text of an entity, or of a metric name */
    WINDOWS_ROWS_MAX = 1 << 20,
    WINDOWS_COUNT_MAX = 255, /* samples a cell can count; a mean then goes on as if the
                                next were the 255th again and again */
};
#define WINDOWS_NONE UINT32_MAX

struct windows_spec {
    const char *path; /* the file; NULL: memory only, for replay */
    span step;        /* 1 s to 1 h; a file made with another step or rows is set aside
                         under a new name and a new one begun (*ret_note says so) */
    uint32_t rows;    /* 2 to WINDOWS_ROWS_MAX */
    uint64_t bytes_max; /* the file grows to no more than this; in memory it bounds the
                           address space only: rows never written take no memory */
};

struct windows;
/* A damaged file is set aside too.  *ret_note (ENODATA) also says when power was lost
 * while the file was open.  A file is locked against other processes, but not against a
 * second windows_open in the same one.  Before growing a file the program must have
 * SIGXFSZ ignored where a file size limit may be in force. */
struct windows *windows_open(const struct windows_spec *spec, struct err *ret_note,
                             struct err *err);
/* Looks into a file that a service may have open, and changes nothing in it: no lock,
 * no repair, no growth.  Names and blocks are those of the moment of opening; of an
 * entity that has got a larger block since, all rows are unknown, so a file is to be
 * opened anew now and then.  A row that is being written is read as it is then.
 * Nothing may be put.  NULL with ENOENT when there is no such file, with EBADMSG when
 * it is damaged. */
struct windows *windows_peek(const char *path, struct err *err);
/* Writes dirty pages to disk (msync); the file stays usable.  To be called regularly:
 * it bounds what a loss of power costs, and lets the space of outgrown blocks be used
 * again. */
int windows_sync(struct windows *w, struct err *err);
void windows_close(struct windows **w);
span windows_step(const struct windows *w);
uint32_t windows_rows(const struct windows *w);

/* The number of an entity or a metric name, made on first sight; the same for the
 * store's life, over reopening too.  Entities are numbered from 0, metrics from 1.  A
 * name keeps the merge it was first met with.  WINDOWS_NONE when a text is too long, a
 * limit is reached or the file cannot grow.  Texts of `e` may be NULL for "". */
uint32_t windows_entity(struct windows *w, const struct entity *e);
uint32_t windows_metric(struct windows *w, const char *name, size_t n,
                        enum merge merge);

/* The number when it is known already, else WINDOWS_NONE. */
uint32_t windows_find(const struct windows *w, const struct entity *e);
uint32_t windows_find_metric(const struct windows *w, const char *name);
const char *windows_metric_name(const struct windows *w, uint32_t metric);
enum merge windows_metric_merge(const struct windows *w, uint32_t metric);

enum windows_put {
    WINDOWS_PUT_OK,
    WINDOWS_PUT_OLD,  /* before the first row still kept */
    WINDOWS_PUT_FULL, /* no room for a new metric or block */
};

/* One row's samples of one entity, all of one time.  *ret_taken (may be NULL) counts
 * those stored: values that are not finite and numbers that no metric has are left out.
 * Cheapest when the metrics come in the same order each time.  A time far ahead of the
 * newest row empties the rows between.  A time before 1970 is OLD, and so is one after
 * 2^32 - 2 steps.  With FULL, samples of metrics known already are still stored. */
enum windows_put windows_put(struct windows *w, uint32_t entity, instant at, size_t n,
                             const uint32_t *metric, const float *value,
                             size_t *ret_taken);

/* A copy of an entity's rows, for reading in peace. */
struct block {
    uint32_t entity;
    struct entity who; /* texts live as long as the store */
    instant from;      /* start of row 0, a multiple of step */
    span step;
    uint32_t rows, n_metrics;
    const uint32_t *metric; /* numbers, n_metrics; order of first sight */
    const float *cells;     /* cells[row * n_metrics + i]; NaN: no sample */
    const uint8_t *counts;  /* samples in the cell, saturating at 255 */
};
/* Rows that cover [from, to), widened to whole steps; rows outside what is kept are
 * NaN.  With from == to there are no rows, only the metrics.  NULL when memory is short
 * or there is no such entity.  The texts of `who` and the names of metrics live as long
 * as the store, all else as long as the block. */
struct block *windows_cut(struct windows *w, uint32_t entity, instant from, instant to);
void block_free(struct block **b);

/* Calls `each` for every entity, in order of their numbers, until it gives false.  The
 * texts live as long as the store. */
void windows_each(const struct windows *w,
                  bool (*each)(uint32_t entity, const struct entity *who, void *arg),
                  void *arg);

/* Fills *ret_who; false when there is no such entity. */
bool windows_who(const struct windows *w, uint32_t entity, struct entity *ret_who);

/* Who belongs to a name.  *ret_entities is malloc'ed, rising, NULL when there are none.
 * 0, or -1: no memory. */
enum windows_link {
    WINDOWS_OF_SERVICE,       /* ENTITY_HOST and ENTITY_SERVICE with this service */
    WINDOWS_OF_HOST,          /* ENTITY_HOST of this host, whatever its service */
    WINDOWS_EDGES_OF_SERVICE, /* with it as caller or callee */
    WINDOWS_EDGES_OF_HOST,    /* with it on either end */
};
int windows_linked(const struct windows *w, enum windows_link link, const char *name,
                   uint32_t **ret_entities, size_t *ret_n);

/* End of the newest row of an entity that holds any sample, and start of the oldest
 * one still kept; INSTANT_NONE when none. */
instant windows_newest(struct windows *w, uint32_t entity);
instant windows_oldest(struct windows *w, uint32_t entity);

struct windows_stats {
    uint64_t entities, metrics, series;
    uint64_t bytes;   /* of the file, or handed out in memory */
    uint64_t samples; /* stored since opening */
};
struct windows_stats windows_stats(const struct windows *w);

#endif
