/* collector/listener.h - lines over TCP and datagrams over UDP, from many senders.
 *
 * One thread serves one address.  Over TCP it gathers whole lines of each connection;
 * a connection that says nothing for LISTENER_IDLE_S, or that brings a line longer than
 * the limit, loses that line's bytes, or its connection, and what was lost is counted.
 * Over UDP each datagram is whole; what the kernel had no room for is counted too
 * (SO_RXQ_OVFL).  Nobody is ever answered. */
#ifndef COLLECTOR_LISTENER_H
#define COLLECTOR_LISTENER_H

#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LISTENER_CONNECTIONS_MAX = 1024,
    LISTENER_LINE_BYTES_MAX = 8192,
    LISTENER_IDLE_S = 600,
    LISTENER_DATAGRAM_MAX = 65536,
};

struct listener_spec {
    const char *listen; /* "127.0.0.1:2003", "[::]:8125"; port 0 takes a free one */
    bool udp;
    /* Whole lines of one connection, the last with its end; or one datagram.  `peer` is
     * the IP address. */
    void (*on_text)(const char *peer, const char *text, size_t n, void *arg);
    /* Called every `tick` (0: never), and once at the end. */
    void (*on_tick)(void *arg);
    span tick;
    void *arg;
};

/* What was lost before it could be read. */
struct listener_stats {
    uint64_t connections;    /* taken since the start */
    uint64_t turned_away;    /* connections, for want of room */
    uint64_t long_lines;     /* lines over the limit */
    uint64_t cut_lines;      /* begun, and never ended by the sender */
    uint64_t lost_datagrams; /* the kernel had no room for them */
};

struct listener;
/* Starts the thread.  NULL and *err when it cannot listen there. */
struct listener *listener_start(const struct listener_spec *spec, struct err *err);
/* Waits for the thread; the last tick has come when this returns. */
void listener_stop(struct listener **l);
/* "127.0.0.1:2003" as really bound. */
const char *listener_address(const struct listener *l);
struct listener_stats listener_stats(const struct listener *l);

#endif
