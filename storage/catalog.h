/* storage/catalog.h - which file belongs to whom, for people: file names are digests.
 *
 * A text file, one line a file and for each time its content grew:
 *   <64 hex digits of the file's name> <n> <JSON object that says whose it is>
 * where n is how much the file holds by then.  Nothing in the service depends on it: it
 * is appended to as files are made, and lines that are missing are written again when
 * their file is met.  One thread at a time. */
#ifndef STORAGE_CATALOG_H
#define STORAGE_CATALOG_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct catalog;
/* Reads `path` if it is there.  Lines that are torn or damaged are dropped and counted;
 * the file is then written anew without them (aside, synced and renamed). */
struct catalog *catalog_open(const char *path, size_t *ret_dropped, struct err *err);
/* Writes what is waiting. */
void catalog_close(struct catalog **c);

/* How much the newest line of this digest says; 0 when there is none. */
uint32_t catalog_known(const struct catalog *c, const char *digest);
/* Adds a line, to be written by the next flush.  `json` is one object in one line. */
int catalog_add(struct catalog *c, const char *digest, uint32_t n, const char *json,
                struct err *err);
/* Appends the waiting lines to the file.  Not synced: a lost line comes again. */
int catalog_flush(struct catalog *c, struct err *err);

#endif
