/* programs/host_batches.h - a list of hosts in batches, and a batch in a command's
 * arguments.  Pure. */
#ifndef PROGRAMS_HOST_BATCHES_H
#define PROGRAMS_HOST_BATCHES_H

#include "base/err.h"

#include <stddef.h>

enum { HOST_BATCHES_MAX = 10000 };

/* Each batch is its hosts with commas between, in the order of the list. */
struct host_batches {
    char **at;
    size_t n;
};

/* Cuts "h1,h2,h3" (which may be NULL or empty: one batch of no hosts) into `batches`
 * batches whose sizes differ by one at most, the larger ones last: what goes wrong in
 * the first hits fewer hosts.  Or, with `size` above 0, into batches of that size.  A
 * host that stands twice is in its first batch only; more batches than hosts are as
 * many as hosts. */
int host_batches_cut(const char *hosts, size_t batches, size_t size,
                     struct host_batches *ret, struct err *err);
void host_batches_free(struct host_batches *b);

/* The arguments with every "{hosts}" replaced; ended by NULL, the caller frees it with
 * host_batches_free_argv. */
char **host_batches_argv(char *const *argv, const char *hosts, struct err *err);
void host_batches_free_argv(char ***argv);

#endif
