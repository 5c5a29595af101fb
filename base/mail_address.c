/* base/mail_address.c - the grammar of addresses.  Pure. */
#include "base/mail_address.h"

#include "base/ascii.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { LOCAL_BYTES_MAX = 64, LABEL_BYTES_MAX = 63 };

static bool local_ok(const char *s, size_t n)
{
    if (n == 0 || n > LOCAL_BYTES_MAX || s[0] == '.' || s[n - 1] == '.')
        return false;
    for (size_t i = 0; i < n; i++)
        if ((!ascii_plain(s[i]) && strchr("._%+-=&'~", s[i]) == NULL) ||
            (s[i] == '.' && s[i + 1] == '.'))
            return false;
    return true;
}

static bool domain_ok(const char *s)
{
    for (;;) {
        size_t n = strcspn(s, ".");
        if (n == 0 || n > LABEL_BYTES_MAX || s[0] == '-' || s[n - 1] == '-')
            return false;
        for (size_t i = 0; i < n; i++)
            if (!ascii_plain(s[i]) && s[i] != '-')
                return false;
        if (s[n] == '\0')
            return true;
        s += n + 1;
    }
}

int mail_address_check(const char *address, struct err *err)
{
    size_t n = strlen(address);
    const char *at = strchr(address, '@');
    if (n == 0)
        return err_set(err, EINVAL, "is empty");
    if (n > MAIL_ADDRESS_BYTES_MAX)
        return err_set(err, EINVAL, "is %zu bytes long, at most %d", n,
                       MAIL_ADDRESS_BYTES_MAX);
    if (at == NULL)
        return err_set(err, EINVAL, "has no '@'");
    if (!local_ok(address, (size_t)(at - address)))
        return err_set(err, EINVAL, "has a part before the '@' that is not taken");
    if (!domain_ok(at + 1))
        return err_set(err, EINVAL, "has no host name behind the '@'");
    return 0;
}

const char *mail_address_domain(const char *address)
{
    const char *at = strchr(address, '@');
    return at != NULL ? at + 1 : "localhost";
}
