/* programs/coredump/message.h - the stack that systemd-coredump wrote into its message.
 *
 * When the core itself is gone or unreadable, its text is what is left:
 *
 *     Module libc.so.6 with build-id 93ac61ec5a8eb1396f9fbd350e3169a558528a40
 *     Stack trace of thread 4711:
 *     #0  0x0000558d3a1fc17e parse_header (pay + 0x117e)
 *     #1  0x00007f99ec3b91f5 n/a (libc.so.6 + 0x891f5)
 *
 * (systemd 252, src/shared/elf-util.c.)  The thread that died comes first. */
#ifndef PROGRAMS_COREDUMP_MESSAGE_H
#define PROGRAMS_COREDUMP_MESSAGE_H

#include "storage/core.h"

#include <stddef.h>

/* A record with the first thread's frames, at most `most`, and nothing else; NULL when
 * there are none, or no memory.  Lines of any other form are passed over. */
struct core *message_stack(const char *text, size_t n, size_t most);

#endif
