/* base/hostport.h - "127.0.0.1:8190", "name:80" and "[::1]:8190", both ways. */
#ifndef BASE_HOSTPORT_H
#define BASE_HOSTPORT_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A DNS name has at most 253 bytes; the text adds brackets, colon and port. */
enum { HOSTPORT_HOST_MAX = 256, HOSTPORT_TEXT_MAX = HOSTPORT_HOST_MAX + 8 };

struct hostport {
    char host[HOSTPORT_HOST_MAX]; /* without brackets */
    bool bracketed;               /* it stood in brackets: an IPv6 address */
    uint16_t port;
};

/* Reads the first `n` bytes of `text`; all of them or none.  The host may hold letters,
 * digits, '.', '-' and '_'; in brackets hex digits, ':', '.' and a zone behind '%'. */
int hostport_parse(const char *text, size_t n, struct hostport *ret_hp,
                   struct err *err);

/* The text again, with brackets where they belong. */
const char *hostport_text(const struct hostport *hp, char out[HOSTPORT_TEXT_MAX]);

/* The host of a label such as "h1:9100" or "[::1]:9100", cut out in place: what stands
 * behind the only colon, or outside the brackets, goes.  A bare IPv6 address stays. */
char *hostport_bare(char *instance);

#endif
