/* base/opt.h - command lines by one table: parsing, --help and the manual agree. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/err.h"

#include <stddef.h>
#include <stdio.h>

struct opt {
    const char *name;    /* "listen" for --listen */
    const char *operand; /* "ADDR:PORT"; NULL: a switch */
    const char *help;    /* one sentence; "\n" begins a further line */
    /* Where the value goes: a const char * for an operand (the last one wins), an int
     * that is set to 1 for a switch. */
    void *into;
};

struct opt_program {
    const char *name;       /* "aftercheck post" */
    const char *synopsis;   /* "[FILE]" */
    const char *about;      /* what it does, a paragraph; shown by --help */
    const char *more;       /* examples, exit codes; or NULL */
    const struct opt *opts; /* ended by {0} */
};

/* Parses argv[1..]; --help prints to stdout and exits 0, --version likewise.  A mistake
 * prints one line with the nearest option's name to stderr and exits 2.  Gives the
 * index of the first operand; "--" ends the options. */
int opt_parse(const struct opt_program *p, int argc, char **argv);

#endif
