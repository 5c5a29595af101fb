/* programs/agent/buffer.h - what the agent has gathered and the service has not taken
 * yet.
 *
 * A queue of batches in a directory, oldest first, of bounded size.  A batch is in its
 * file when agent_buffer_put returns, so it outlives the agent's death by SIGKILL; it
 * is not synced, so the machine's own death may cost the last half minute.  Beyond the
 * size the oldest go, a file of them at a time.  What the disk does not take waits in a
 * little memory.  Whatever is lost is counted, over restarts too.  One thread, and one
 * process a directory. */
#ifndef PROGRAMS_AGENT_BUFFER_H
#define PROGRAMS_AGENT_BUFFER_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    AGENT_BUFFER_BYTES_MIN = 256 << 10,
    AGENT_BATCH_BYTES_MAX = 4 << 20,
    AGENT_MEMORY_BYTES_MAX = 512 << 10, /* of what the disk did not take */
};

/* What the bytes are, and so where they are posted; see agent_body_info. */
#define AGENT_BODIES(X)                                                                \
    X(LINES, "/write?precision=s", "text/plain; charset=utf-8", NULL, true)            \
    X(REMOTE, "/api/v1/write", "application/x-protobuf",                               \
      "Content-Encoding: snappy\r\nX-Prometheus-Remote-Write-Version: 0.1.0\r\n",      \
      false)                                                                           \
    X(ALARM, "/v1/alarms", "application/json", NULL, false)                            \
    X(CALLS, "/v1/calls", "application/json", NULL, false)                             \
    X(CALL_LINES, "/v1/calls", "text/plain", NULL, true)
#define X(id, path, type, headers, joins) AGENT_BODY_##id,
enum agent_body { AGENT_BODIES(X) AGENT_BODY_N };
#undef X
struct agent_body_info {
    const char *path, *type, *headers;
    bool joins; /* two of them, one behind the other, are one */
};
const struct agent_body_info *agent_body_info(enum agent_body body);

struct agent_batch {
    enum agent_body body;
    instant at;
    uint32_t samples;
    const char *data;
    size_t n;
};

struct agent_buffer;

/* Opens the directory, which is made when it is missing, and takes up what is left
 * there from before.  NULL: memory only.  NULL and *err when it cannot be used or
 * another process has it. */
struct agent_buffer *agent_buffer_open(const char *dir, uint64_t bytes_max,
                                       struct err *err);
void agent_buffer_close(struct agent_buffer **b);

/* Where it is when nothing else is said: /var/lib/aftercheck-agent for root, else below
 * $XDG_STATE_HOME or ~/.local/state; $STATE_DIRECTORY goes before all.  The caller
 * frees it. */
char *agent_buffer_default_dir(struct err *err);

/* Puts a batch at the end. */
void agent_buffer_put(struct agent_buffer *b, const struct agent_batch *batch);

/* What is to be posted next. */
struct agent_parcel {
    enum agent_body body;
    uint64_t number; /* of the last batch, for agent_buffer_done */
    size_t batches;
    uint64_t samples;
};

/* Adds the oldest batch's bytes to `to`, and those of further ones that join while all
 * of them are shorter than `bytes`.  False when nothing waits. */
bool agent_buffer_peek(struct agent_buffer *b, size_t bytes, struct buf *to,
                       struct agent_parcel *ret);

/* Forgets the batches up to this number. */
void agent_buffer_done(struct agent_buffer *b, uint64_t number);

#define AGENT_LOSSES(X)                                                                \
    X(FULL, "full", "the buffer was full")                                             \
    X(MEMORY, "memory", "the disk took nothing and memory was full")                   \
    X(DAMAGED, "damaged", "damaged on disk")                                           \
    X(REFUSED, "refused", "refused by the service")
#define X(id, name, words) AGENT_LOST_##id,
enum agent_loss { AGENT_LOSSES(X) AGENT_LOSS_N };
#undef X
const char *agent_loss_name(enum agent_loss why);
const char *agent_loss_words(enum agent_loss why);

/* Counts samples as lost over the directory's life; for those that were refused, which
 * only the sender knows of. */
void agent_buffer_lose(struct agent_buffer *b, enum agent_loss why, uint64_t samples);

struct agent_buffer_stats {
    size_t batches;              /* that wait */
    uint64_t bytes, samples;     /* in them */
    instant oldest;              /* INSTANT_NONE: nothing waits */
    uint64_t lost[AGENT_LOSS_N]; /* samples, over the directory's life */
    int disk_errno;              /* why the disk takes nothing now; 0: it does */
};
struct agent_buffer_stats agent_buffer_stats(const struct agent_buffer *b);

#endif
