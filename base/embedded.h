/* base/embedded.h - files that are built into a program (base/embed.cmake). */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

struct embedded {
    const char *name, *text; /* "calls.yml" and its bytes, with a NUL behind them */
    size_t n;
};

#endif
