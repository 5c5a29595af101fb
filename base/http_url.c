/* base/http_url.c - checks addresses before they are kept or called.  No state. */
#include "base/http_url.h"

#include <errno.h>
#include <string.h>

int http_url_check(const char *url, struct err *err)
{
    const char *host = strncmp(url, "http://", 7) == 0    ? url + 7
                       : strncmp(url, "https://", 8) == 0 ? url + 8
                                                          : NULL;
    if (host == NULL)
        return err_set(err, EINVAL, "is not of the form https://host/path");
    size_t n = strcspn(host, "/?#");
    if (n == 0 || *host == ':' || memchr(host, '@', n) != NULL)
        return err_set(err, EINVAL,
                       "names no host, or a user: write https://host/path");
    if (strlen(url) > HTTP_URL_BYTES_MAX)
        return err_set(err, EINVAL, "is longer than %d bytes", HTTP_URL_BYTES_MAX);
    for (const char *p = url; *p != '\0'; p++)
        if (*p <= ' ' || *p > '~' || strchr("\"<>\\", *p) != NULL)
            return err_set(err, EINVAL,
                           "holds a character that an address must not have");
    return 0;
}
