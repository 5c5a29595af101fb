/* base/hostport.c - takes a host and its port apart.  No state, any thread. */
#include "base/hostport.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define LETTERS_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* 0 to 65535 and nothing behind; -1 else. */
static int port_parse(const char *text, const char *end)
{
    if (text == end || end - text > 5)
        return -1;
    int port = 0;
    for (; text < end; text++) {
        if (*text < '0' || *text > '9')
            return -1;
        port = port * 10 + (*text - '0');
    }
    return port <= UINT16_MAX ? port : -1;
}

static bool host_is_fine(const char *host, bool bracketed)
{
    const char *allowed = bracketed ? LETTERS_DIGITS ".-_:%" : LETTERS_DIGITS ".-_";
    return host[0] != '\0' && host[strspn(host, allowed)] == '\0';
}

int hostport_parse(const char *text, size_t n, struct hostport *ret_hp, struct err *err)
{
    int shown = n < HOSTPORT_TEXT_MAX ? (int)n : HOSTPORT_TEXT_MAX;
    const char *end = text + n, *colon = memrchr(text, ':', n);
    int port = colon != NULL ? port_parse(colon + 1, end) : -1;
    if (port < 0)
        return err_set(err, EINVAL, "%.*s: the port is missing or not a number", shown,
                       text);
    struct hostport hp = {.port = (uint16_t)port, .bracketed = *text == '['};
    const char *host = hp.bracketed ? text + 1 : text;
    const char *host_end = hp.bracketed ? colon - 1 : colon;
    if (host_end < host || host_end - host >= HOSTPORT_HOST_MAX ||
        (hp.bracketed && *host_end != ']'))
        return err_set(err, EINVAL, "%.*s: expected HOST:PORT", shown, text);
    memcpy(hp.host, host, (size_t)(host_end - host));
    if (!hp.bracketed && strchr(hp.host, ':') != NULL &&
        hp.host[strspn(hp.host, "0123456789abcdefABCDEF:.")] == '\0')
        return err_set(err, EINVAL,
                       "%.*s: an IPv6 address stands in brackets, as in [::1]:8190",
                       shown, text);
    if (memchr(text, '\0', n) != NULL || !host_is_fine(hp.host, hp.bracketed))
        return err_set(err, EINVAL, "%.*s: the host is empty or has an odd character",
                       shown, text);
    *ret_hp = hp;
    return 0;
}

const char *hostport_text(const struct hostport *hp, char out[HOSTPORT_TEXT_MAX])
{
    snprintf(out, HOSTPORT_TEXT_MAX, hp->bracketed ? "[%s]:%u" : "%s:%u", hp->host,
             (unsigned)hp->port);
    return out;
}

char *hostport_bare(char *instance)
{
    char *colon = strrchr(instance, ':');
    char *bracket = instance[0] == '[' ? strchr(instance, ']') : NULL;
    if (bracket != NULL) {
        *bracket = '\0';
        return instance + 1;
    }
    if (colon != NULL && colon != instance && colon == strchr(instance, ':'))
        *colon = '\0';
    return instance;
}
