/* base/secret.h - passwords and keys out of files.
 *
 * Secrets stand in files of their own, never in the configuration: the first line, in a
 * file that is not open to everybody. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/err.h"

enum { SECRET_BYTES_MAX = 512 }; /* with the NUL */

/* Reads the first line of the file.  `what` names it in complaints ("the password").
 * -1 and *err when it cannot be read, is empty or too long, or when others than owner
 * and group may read or write the file. */
int secret_load(const char *path, const char *what, char out[SECRET_BYTES_MAX],
                struct err *err);

#endif
