/* make_change.h - changes by hand, for the analyzer's tests.  Texts are borrowed and
 * the hosts lie in the struct: nothing to free. */
#ifndef TESTS_MAKE_CHANGE_H
#define TESTS_MAKE_CHANGE_H

#include "storage/change.h"

#include <stdio.h>

enum { MADE_HOSTS_MAX = 64 };

struct made_change {
    struct change change;
    struct change_host host[MADE_HOSTS_MAX];
    char name[MADE_HOSTS_MAX][16];
};

/* "h00" to "h99". */
static inline const char *made_name(int i)
{
    static char names[100][4];
    unsigned n = (unsigned)i % 100;
    names[n][0] = 'h';
    names[n][1] = (char)('0' + n / 10);
    names[n][2] = (char)('0' + n % 10);
    return names[n];
}

/* A finished change of `service` at second `start`, done at second `done` on hosts h0,
 * h1, ... (zero padded to two digits, so that they sort). */
static inline struct change *make_change(struct made_change *m, const char *service,
                                         int n_hosts, int64_t start, int64_t done)
{
    *m = (struct made_change){.change = {.kind = CHANGE_RELEASE,
                                         .started = true,
                                         .finished = true,
                                         .n_hosts = (size_t)n_hosts,
                                         .n_events = 1}};
    struct change *c = &m->change;
    static char id[] = "c1", title[] = "pay 1 -> 2", source[] = "test";
    c->change_id = id, c->title = title, c->source = source;
    c->service = (char *)(uintptr_t)service;
    c->start = (instant){start * 1000};
    c->end = (instant){done * 1000};
    c->host = m->host;
    for (int i = 0; i < n_hosts; i++) {
        snprintf(m->name[i], sizeof m->name[i], "h%02d", i);
        m->host[i] =
            (struct change_host){.name = m->name[i], .pivot = c->start, .done = c->end};
    }
    return c;
}

#endif
