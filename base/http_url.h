/* base/http_url.h - which texts are addresses that are called by HTTP. */
#ifndef BASE_HTTP_URL_H
#define BASE_HTTP_URL_H

#include "base/err.h"

enum { HTTP_URL_BYTES_MAX = 2000 };

/* 0 when it is http:// or https:// with a host, without a user name, of printable
 * characters that need no quoting; or -1 with words that follow on what it is called:
 * "is not of the form https://host/path". */
int http_url_check(const char *url, struct err *err);

#endif
