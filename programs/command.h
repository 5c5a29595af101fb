/* programs/command.h - a command run in our place: its input, output and terminal are
 * ours, signals to us reach it, and its end becomes ours. */
#ifndef PROGRAMS_COMMAND_H
#define PROGRAMS_COMMAND_H

#include "base/err.h"

#include <stdbool.h>

struct command_end {
    int exit_code; /* 128 + N after signal N; 126, 127 when it did not start, as in a
                      shell */
    bool started;
    int stop_signal; /* that we got meanwhile and that asks to end; 0: none */
};

/* From here on signals are held until command_run or command_stop_signal takes them;
 * the commands get the signal mask of before. */
void command_hold_signals(void);

/* Runs argv[0] (found on the PATH when it has no slash) to its end.  HUP, INT, QUIT,
 * TERM, USR1 and USR2 are passed on, but for those of the terminal, which the command
 * gets itself.  -1 when it could not be started at all, with *ret filled. */
int command_run(char *const argv[], struct command_end *ret, struct err *err);

/* The signal to end that came since; 0: none. */
int command_stop_signal(void);

#endif
