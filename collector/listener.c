/* collector/listener.c - sockets of doors that are not HTTP.
 *
 * One thread for each listener, which owns all its connections; poll is enough for the
 * few hundred that relays and agents open.  A connection's buffer holds the beginning
 * of a line that has not ended yet; when it is full without an end, the line is thrown
 * away up to its end.  The counters are atomics that others read. */
#include "collector/listener.h"

#include "base/hostport.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ROOM = 2 * LISTENER_LINE_BYTES_MAX, RECEIVE_BYTES = 4 << 20, BATCH = 64 };

struct connection {
    size_t n;
    bool skips; /* until the end of a line that is too long */
    int64_t heard_ms;
    char peer[INET6_ADDRSTRLEN];
    char room[ROOM];
};

struct listener {
    struct listener_spec spec;
    char address[HOSTPORT_TEXT_MAX];
    pthread_t thread;
    int fd, wake;
    atomic_bool ending;
    struct pollfd *poll; /* 0: wake, 1: the socket, then a connection each */
    struct connection **con;
    size_t n;
    int64_t next_tick;
    char *datagram;
    uint32_t overflow; /* the kernel's own count so far */
    _Atomic uint64_t connections, turned_away, long_lines, cut_lines, lost;
};

/* --- the socket --- */

static const char *address_text(const struct sockaddr_storage *a,
                                char out[INET6_ADDRSTRLEN], uint16_t *ret_port)
{
    struct sockaddr_in in;
    struct sockaddr_in6 in6;
    if (a->ss_family == AF_INET) {
        memcpy(&in, a, sizeof in);
        *ret_port = ntohs(in.sin_port);
        return inet_ntop(AF_INET, &in.sin_addr, out, INET6_ADDRSTRLEN);
    }
    memcpy(&in6, a, sizeof in6);
    *ret_port = ntohs(in6.sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr))
        return inet_ntop(AF_INET, in6.sin6_addr.s6_addr + 12, out, INET6_ADDRSTRLEN);
    return inet_ntop(AF_INET6, &in6.sin6_addr, out, INET6_ADDRSTRLEN);
}

static void set_options(int fd, bool udp)
{
    int one = 1, bytes = RECEIVE_BYTES;
    if (!udp) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        return;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &one, sizeof one);
}

static int open_socket(struct listener *l, struct err *err)
{
    const char *where = l->spec.listen;
    struct hostport hp;
    char port[8];
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = l->spec.udp ? SOCK_DGRAM : SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE},
                    *found;
    if (hostport_parse(where, strlen(where), &hp, err) < 0)
        return -1;
    snprintf(port, sizeof port, "%u", hp.port);
    int rc = getaddrinfo(hp.host, port, &hints, &found);
    if (rc != 0)
        return err_set(err, EINVAL, "%.100s: %s; expected an IP address and a port",
                       where, gai_strerror(rc));
    l->fd =
        socket(found->ai_family, found->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd >= 0)
        set_options(l->fd, l->spec.udp);
    bool ok = l->fd >= 0 && bind(l->fd, found->ai_addr, found->ai_addrlen) == 0 &&
              (l->spec.udp || listen(l->fd, 128) == 0);
    freeaddrinfo(found);
    if (!ok)
        return err_sys(err, errno, "cannot listen on %.100s", where);
    struct sockaddr_storage bound = {0};
    socklen_t n = sizeof bound;
    char text[INET6_ADDRSTRLEN] = "";
    getsockname(l->fd, (struct sockaddr *)&bound, &n);
    address_text(&bound, text, &hp.port);
    snprintf(hp.host, sizeof hp.host, "%s", text);
    hostport_text(&hp, l->address);
    return 0;
}

/* --- TCP --- */

static void drop_connection(struct listener *l, size_t i)
{
    struct connection *c = l->con[i];
    if (c->n > 0)
        atomic_fetch_add(&l->cut_lines, 1);
    close(l->poll[i + 2].fd);
    free(c);
    l->n--;
    l->con[i] = l->con[l->n];
    l->poll[i + 2] = l->poll[l->n + 2];
}

static void take_connections(struct listener *l, int64_t now)
{
    struct sockaddr_storage from = {0};
    socklen_t n = sizeof from;
    uint16_t port;
    int fd;
    for (int i = 0; i < BATCH; i++, n = sizeof from) {
        fd = accept4(l->fd, (struct sockaddr *)&from, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd < 0)
            return;
        struct connection *c =
            l->n < LISTENER_CONNECTIONS_MAX ? malloc(sizeof *c) : NULL;
        if (c == NULL) {
            atomic_fetch_add(&l->turned_away, 1);
            close(fd);
            continue;
        }
        atomic_fetch_add(&l->connections, 1);
        c->n = 0;
        c->skips = false;
        c->heard_ms = now;
        address_text(&from, c->peer, &port);
        l->con[l->n] = c;
        l->poll[l->n + 2] = (struct pollfd){.fd = fd, .events = POLLIN};
        l->n++;
    }
}

/* Hands whole lines out, and keeps the beginning of the next. */
static void hand_lines(struct listener *l, struct connection *c)
{
    char *first = c->room;
    if (c->skips) {
        char *end = memchr(first, '\n', c->n);
        if (end == NULL) {
            c->n = 0;
            return;
        }
        c->skips = false;
        c->n -= (size_t)(end + 1 - first);
        first = end + 1;
    }
    char *last = memrchr(first, '\n', c->n);
    size_t whole = last != NULL ? (size_t)(last + 1 - first) : 0;
    if (whole > 0)
        l->spec.on_text(c->peer, first, whole, l->spec.arg);
    c->n -= whole;
    memmove(c->room, first + whole, c->n);
    if (c->n < LISTENER_LINE_BYTES_MAX)
        return;
    atomic_fetch_add(&l->long_lines, 1);
    c->n = 0;
    c->skips = true;
}

/* False when the connection is over. */
static bool hear(struct listener *l, size_t i, int64_t now)
{
    struct connection *c = l->con[i];
    ssize_t n = recv(l->poll[i + 2].fd, c->room + c->n, ROOM - c->n, 0);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    if (n == 0)
        return false;
    c->heard_ms = now;
    c->n += (size_t)n;
    hand_lines(l, c);
    return true;
}

static void serve_connections(struct listener *l, int64_t now)
{
    for (size_t i = l->n;
         i-- > 0;) { /* from the end: the last takes a gone one's place */
        bool idle = now - l->con[i]->heard_ms > LISTENER_IDLE_S * INT64_C(1000);
        if (l->poll[i + 2].revents != 0 ? !hear(l, i, now) : idle)
            drop_connection(l, i);
    }
    if (l->poll[1].revents != 0)
        take_connections(l, now);
}

/* --- UDP --- */

static void count_lost(struct listener *l, struct msghdr *m)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c != NULL; c = CMSG_NXTHDR(m, c)) {
        uint32_t all;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&all, CMSG_DATA(c), sizeof all);
        atomic_fetch_add(&l->lost, (uint32_t)(all - l->overflow));
        l->overflow = all;
    }
}

static void take_datagrams(struct listener *l)
{
    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_storage from = {0};
        char control[CMSG_SPACE(sizeof(uint32_t))], peer[INET6_ADDRSTRLEN] = "";
        struct iovec piece = {l->datagram, LISTENER_DATAGRAM_MAX};
        struct msghdr m = {.msg_name = &from,
                           .msg_namelen = sizeof from,
                           .msg_iov = &piece,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        uint16_t port;
        ssize_t n = recvmsg(l->fd, &m, 0);
        if (n < 0)
            return;
        count_lost(l, &m);
        address_text(&from, peer, &port);
        l->spec.on_text(peer, l->datagram, (size_t)n, l->spec.arg);
    }
}

/* --- the thread --- */

static int wait_ms(const struct listener *l, int64_t now)
{
    int64_t most = l->spec.udp ? 60000 : 5000; /* TCP looks for idle ones */
    if (l->spec.tick.ms > 0 && l->next_tick - now < most)
        most = l->next_tick > now ? l->next_tick - now : 0;
    return (int)most;
}

static void *serve(void *arg)
{
    struct listener *l = arg;
    l->next_tick = monotonic_ms() + l->spec.tick.ms;
    while (!atomic_load(&l->ending)) {
        int n = poll(l->poll, l->n + 2, wait_ms(l, monotonic_ms()));
        int64_t now = monotonic_ms();
        if (n >= 0 && l->spec.udp)
            take_datagrams(l);
        else if (n >= 0)
            serve_connections(l, now);
        if (l->spec.tick.ms > 0 && now >= l->next_tick) {
            l->spec.on_tick(l->spec.arg);
            l->next_tick = now + l->spec.tick.ms;
        }
    }
    if (l->spec.tick.ms > 0)
        l->spec.on_tick(l->spec.arg);
    return NULL;
}

static void release(struct listener *l)
{
    while (l->n > 0)
        drop_connection(l, l->n - 1);
    if (l->fd >= 0)
        close(l->fd);
    if (l->wake >= 0)
        close(l->wake);
    free(l->poll);
    free(l->con);
    free(l->datagram);
    free(l);
}

static int prepare(struct listener *l, struct err *err)
{
    l->poll = calloc(LISTENER_CONNECTIONS_MAX + 2, sizeof *l->poll);
    l->con = calloc(LISTENER_CONNECTIONS_MAX, sizeof *l->con);
    l->datagram = l->spec.udp ? malloc(LISTENER_DATAGRAM_MAX) : NULL;
    if (l->poll == NULL || l->con == NULL || (l->spec.udp && l->datagram == NULL))
        return err_set(err, ENOMEM, "out of memory");
    if (open_socket(l, err) < 0)
        return -1;
    l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (l->wake < 0)
        return err_sys(err, errno, "no event descriptor");
    l->poll[0] = (struct pollfd){.fd = l->wake, .events = POLLIN};
    l->poll[1] = (struct pollfd){.fd = l->fd, .events = POLLIN};
    int rc = pthread_create(&l->thread, NULL, serve, l);
    return rc == 0 ? 0 : err_sys(err, rc, "no thread for %.100s", l->spec.listen);
}

struct listener *listener_start(const struct listener_spec *spec, struct err *err)
{
    struct listener *l = calloc(1, sizeof *l);
    if (l == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    l->spec = *spec;
    l->fd = l->wake = -1;
    if (prepare(l, err) == 0)
        return l;
    release(l);
    return NULL;
}

void listener_stop(struct listener **l)
{
    if (*l == NULL)
        return;
    atomic_store(&(*l)->ending, true);
    uint64_t one = 1;
    ssize_t n = write((*l)->wake, &one, sizeof one);
    assert(n == sizeof one);
    pthread_join((*l)->thread, NULL);
    release(*l);
    *l = NULL;
}

const char *listener_address(const struct listener *l)
{
    return l->address;
}

struct listener_stats listener_stats(const struct listener *l)
{
    return (struct listener_stats){
        .connections = atomic_load(&l->connections),
        .turned_away = atomic_load(&l->turned_away),
        .long_lines = atomic_load(&l->long_lines),
        .cut_lines = atomic_load(&l->cut_lines),
        .lost_datagrams = atomic_load(&l->lost),
    };
}
