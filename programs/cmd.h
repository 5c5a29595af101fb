/* programs/cmd.h - the subcommands of `aftercheck`, one file each, and what they share.
 */
#ifndef PROGRAMS_CMD_H
#define PROGRAMS_CMD_H

#include "base/buf.h"
#include "base/err.h"
#include "base/httpc.h"
#include "storage/verdict.h"

/* Each gets its own argv (argv[0] is the subcommand's name) and gives the exit code. */
int cmd_post(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_changes(int argc, char **argv);
int cmd_rules(int argc, char **argv);
int cmd_replay(int argc, char **argv);
int cmd_mute(int argc, char **argv);
int cmd_feedback(int argc, char **argv);
int cmd_demo(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_send(int argc, char **argv);

enum { EXIT_REFUSED = 1, EXIT_USAGE = 2, EXIT_AWAY = 75 /* as EX_TEMPFAIL */ };

/* "--server URL", else $AFTERCHECK_URL, else http://127.0.0.1:8190. */
const char *cmd_server(const char *server);
/* To that service.  NULL after a complaint on stderr. */
struct httpc *cmd_connect(const char *server);

/* One GET or POST; 0 and the body with any status below 300, else -1 with the server's
 * own words in *err (and its status in *ret_status, 0 when it could not be reached). */
int cmd_call(struct httpc *c, const struct httpc_ask *ask, unsigned *ret_status,
             struct buf *body, struct err *err);

/* Who acts: as given, else $USER, else the name of the user who runs it; NULL: nobody
 * knows. */
const char *cmd_author(const char *given);

/* Prints "aftercheck NAME: text" to stderr and gives `code`. */
int cmd_fail(const char *name, int code, const struct err *err);

/* The option every command that talks to the service has. */
#define CMD_SERVER_OPT(place)                                                          \
    {                                                                                  \
        "server", "URL",                                                               \
            "The service; $AFTERCHECK_URL, else http://127.0.0.1:8190, when not "      \
            "given.",                                                                  \
            (place)                                                                    \
    }

#endif
