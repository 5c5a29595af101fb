/* base/httpd_listen.c - the server's listening socket: from words to a bound address.
 *
 * It runs on the thread that starts the server, before any other.  Only numeric
 * addresses are taken, so a start never waits for a name server. */
#include "base/httpd_part.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum { BACKLOG = 1024 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static int address_parse(const char *listen, union address *ret_at, socklen_t *ret_n,
                         struct err *err)
{
    struct hostport hp;
    if (hostport_parse(listen, strlen(listen), &hp, err) < 0)
        return -1;
    union address at = {0};
    if (hp.bracketed && inet_pton(AF_INET6, hp.host, &at.v6.sin6_addr) == 1) {
        at.v6.sin6_family = AF_INET6;
        at.v6.sin6_port = htons(hp.port);
    } else if (!hp.bracketed && inet_pton(AF_INET, hp.host, &at.v4.sin_addr) == 1) {
        at.v4.sin_family = AF_INET;
        at.v4.sin_port = htons(hp.port);
    } else {
        return err_set(err, EINVAL,
                       "%s: expected an address such as 127.0.0.1:8190 or [::1]:8190",
                       listen);
    }
    *ret_at = at;
    *ret_n = hp.bracketed ? sizeof at.v6 : sizeof at.v4;
    return 0;
}

static void note_address(struct httpd *h)
{
    union address at = {0};
    socklen_t n = sizeof at;
    struct hostport hp = {0};
    getsockname(h->listen_fd, &at.any, &n);
    hp.bracketed = at.any.sa_family == AF_INET6;
    if (hp.bracketed)
        inet_ntop(AF_INET6, &at.v6.sin6_addr, hp.host, sizeof hp.host);
    else
        inet_ntop(AF_INET, &at.v4.sin_addr, hp.host, sizeof hp.host);
    hp.port = ntohs(hp.bracketed ? at.v6.sin6_port : at.v4.sin_port);
    hostport_text(&hp, h->address);
}

int httpd_listen(struct httpd *h, const char *where, struct err *err)
{
    union address at = {0};
    socklen_t n = 0;
    int on = 1, off = 0;
    if (address_parse(where, &at, &n, err) < 0)
        return -1;
    h->listen_fd =
        socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (h->listen_fd < 0)
        return err_sys(err, errno, "%s: no socket", where);
    setsockopt(h->listen_fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (at.any.sa_family == AF_INET6)
        setsockopt(h->listen_fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if (bind(h->listen_fd, &at.any, n) < 0 || listen(h->listen_fd, BACKLOG) < 0)
        return err_sys(err, errno, "%s: cannot listen there", where);
    note_address(h);
    return 0;
}
