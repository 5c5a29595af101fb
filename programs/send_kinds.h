/* programs/send_kinds.h - the kinds of records that `aftercheck send` sends, and what
 * cmd_send.c offers them. */
#ifndef PROGRAMS_SEND_KINDS_H
#define PROGRAMS_SEND_KINDS_H

#include "base/buf.h"
#include "base/err.h"
#include "programs/records.h"

/* Each gets its own argv and gives the exit code. */
int send_alarm(int argc, char **argv);
int send_calls(int argc, char **argv);
int send_tests(int argc, char **argv);
int send_metrics(int argc, char **argv);

/* The options that all of them have. */
struct send_opts {
    const char *server, *spool, *timeout;
    int require;
};
#define SEND_OPTS(o)                                                                   \
    {"spool", "DIR", "where records wait while the service is away", &(o)->spool},     \
        {"timeout", "TIME", "longest time for sending; 10s when not given",            \
         &(o)->timeout},                                                               \
        {"require", NULL, "exit with 75 when records are only kept, not sent",         \
         &(o)->require},                                                               \
        CMD_SERVER_OPT(&(o)->server)

#define SEND_EXITS                                                                     \
    "Exit: 0 sent, or kept on disk for later (said on standard error; 75 with "        \
    "--require); 1 refused, or neither sent nor kept; 2 wrong usage.\n"

/* One request. */
struct send_parcel {
    const char *path, *type;
    const void *body;
    size_t n;
};

/* Keeps the parcels on disk, sends all that waits, says on stderr what is not as it
 * should be, and gives the exit code.  `name`: "send alarm". */
int send_parcels(const char *name, const struct send_opts *o,
                 const struct send_parcel *p, size_t n);
/* As above, each piece to the same place. */
int send_pieces(const char *name, const struct send_opts *o, const char *path,
                const char *type, const struct pieces *pieces);

/* Adds a file's bytes, or standard input's for "-". */
int send_read(const char *path, struct buf *to, struct err *err);

#endif
