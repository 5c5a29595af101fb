/* base/ascii.h - what single ASCII characters are, whatever the locale. */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

/* True for 'a' to 'z', 'A' to 'Z' and '0' to '9'. */
bool ascii_plain(char c);

/* The value of a hexadecimal digit, small or capital; -1 when it is none. */
int ascii_hex(char c);

#endif
