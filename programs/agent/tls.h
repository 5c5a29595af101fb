/* programs/agent/tls.h - TLS for the agent's requests, loaded when it is first needed.
 *
 * OpenSSL's library is opened by name (libssl.so.3) when the first https:// URL is
 * called, so an agent without one holds none of it in memory.  Certificates and names
 * are always checked, against the system's authorities or a file's.  One thread. */
#ifndef PROGRAMS_AGENT_TLS_H
#define PROGRAMS_AGENT_TLS_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whom to trust from the next connection on: a PEM file; NULL or "": those the system
 * trusts. */
void agent_tls_trust(const char *file);

struct agent_tls;
/* A client on a connected, non-blocking socket, which is borrowed.  `host` is a name or
 * an address and must be in the certificate.  NULL and *err when the library or the
 * authorities cannot be loaded. */
struct agent_tls *agent_tls_new(int fd, const char *host, struct err *err);
void agent_tls_free(struct agent_tls **t);

/* The handshake: 0 when it is done, POLLIN or POLLOUT for what it waits for, -1 and
 * *err when it failed. */
int agent_tls_shake(struct agent_tls *t, struct err *err);

/* As recv and send on the socket: 0 at the end, -1 with errno (EAGAIN: later, EPROTO:
 * it is no TLS any more). */
ssize_t agent_tls_read(struct agent_tls *t, void *to, size_t n);
ssize_t agent_tls_write(struct agent_tls *t, const void *from, size_t n);
/* There are bytes to read though the socket may have none. */
bool agent_tls_pending(struct agent_tls *t);

#endif
