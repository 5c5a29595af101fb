/* programs/junit.h - results of tests as JUnit XML, as CI systems read it. */
#ifndef PROGRAMS_JUNIT_H
#define PROGRAMS_JUNIT_H

#include "base/err.h"

struct junit;

/* What is written to `path` when it is closed; a NULL path gives NULL, which all other
 * calls take and pass over.  NULL with *err when memory is short. */
struct junit *junit_new(const char *path, struct err *err);
/* Begins a file of tests. */
void junit_file(struct junit *j, const char *file);
/* A test of it; `failure` NULL: it passed. */
void junit_test(struct junit *j, const char *name, const char *failure);
/* The file could not be run. */
void junit_broken(struct junit *j, const char *why);
/* Writes the file and frees; -1 with *err when it cannot be written.  With `err` NULL
 * nothing is written. */
int junit_close(struct junit **j, struct err *err);

#endif
