/* base/mail_address.h - which mail addresses are taken.
 *
 * Stricter than RFC 5321 on purpose: letters, digits and the usual signs, one '@', a
 * host name behind it.  No quoted local parts, comments, literals, routes or display
 * names, so that nothing can reach an SMTP envelope or a header but an address. */
#ifndef BASE_MAIL_ADDRESS_H
#define BASE_MAIL_ADDRESS_H

#include "base/err.h"

#include <stddef.h>

enum { MAIL_ADDRESS_BYTES_MAX = 254, MAIL_ADDRESSES_MAX = 50 };

/* A list of addresses; who owns it, its owner says. */
struct mail_addresses {
    size_t n;
    const char **at;
};

/* 0, or -1 and what is wrong, to be put behind the field's name. */
int mail_address_check(const char *address, struct err *err);

/* The part behind the '@' of a checked address. */
const char *mail_address_domain(const char *address);

#endif
