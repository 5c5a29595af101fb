/* programs/demo_site.h - the program that the demo changes: a real nginx on loopback.
 *
 * A front server passes /pay on to a back server.  Its configuration comes in three
 * generations: as it was, with a longer access log (harmless), and with a rate limit
 * that is too low for the traffic it gets (a fifth refused, the rest held up). */
#ifndef PROGRAMS_DEMO_SITE_H
#define PROGRAMS_DEMO_SITE_H

#include "base/err.h"
#include "programs/spawn.h"

enum demo_config { DEMO_FIRST, DEMO_LONGER_LOG, DEMO_RATE_LIMIT };
enum { DEMO_RATE = 80, DEMO_RATE_LIMITED = 64 }; /* requests a second */

struct demo_site {
    char dir[512];
    char log[600]; /* nginx's access log: "SECONDS STATUS REQUEST_TIME ..." */
    int port, back_port;
    struct spawned nginx;
};

/* Starts nginx in `dir` and waits until it answers. */
int demo_site_start(struct demo_site *s, const char *dir, struct err *err);
/* Writes the configuration and reloads nginx; comes back when all new requests are
 * answered under it. */
int demo_site_change(struct demo_site *s, enum demo_config to, struct err *err);
void demo_site_stop(struct demo_site *s);

/* A port of 127.0.0.1 that nobody listens on at this moment; -1 when there is none. */
int demo_free_port(void);

#endif
