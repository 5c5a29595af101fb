/* base/opt.h - command lines by one table: parsing, --help and the manual agree. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include "base/buf.h"
#include "base/err.h"

#include <stddef.h>
#include <stdio.h>

enum { OPTS_MAX = 64 };

struct opt {
    const char *name;    /* "listen" for --listen */
    const char *operand; /* "ADDR:PORT"; NULL: a switch */
    const char *help;    /* one sentence; "\n" begins a further line */
    /* Where the value goes: a const char * for an operand (the last one wins), an int
     * that is set to 1 for a switch. */
    void *into;
};

struct opt_program {
    const char *name;     /* "aftercheck post" */
    const char *synopsis; /* "[FILE]" */
    const char *about;    /* what it does, a paragraph; shown by --help */
    const char *more;     /* examples, exit codes; or NULL */
    const struct opt
        *opts; /* ended by {0}; at most OPTS_MAX, none is help or version */
};

/* Parses argv[1..]; --help (or -h) prints to stdout and exits 0, --version likewise
 * with "NAME VERSION".  A mistake prints one line with the nearest option's name to
 * stderr and exits 2.  Options and operands may stand in any order: argv is sorted so
 * that the operands come last.  Gives the index of the first operand, argc when there
 * is none; "--" ends the options.  A name may be cut short where it stays the only one.
 */
int opt_parse(const struct opt_program *p, int argc, char **argv);

/* Adds what --help prints: lines of at most 80 columns, but for words that are longer.
 * Line ends and indentation of `more` are kept. */
void opt_help(const struct opt_program *p, struct buf *to);

#endif
