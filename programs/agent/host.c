/* programs/agent/host.c - one reading of collector/hostinfo each interval.
 *
 * Counters grow from a reading when the source is opened; a first one too soon after
 * that would be noise and is left out.  In the loop. */
#include "programs/agent/host.h"

#include "base/log.h"
#include "collector/hostinfo/hostinfo.h"
#include "programs/agent/config.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

enum { KEPT_BYTES = 64 << 10 };

struct host {
    struct agent_source source;
    struct hostinfo *info;
    struct buf lines;
    bool silent_told[HOSTINFO_SOURCE_N];
    bool gave[HOSTINFO_SOURCE_N];      /* ever */
    uint8_t missed[HOSTINFO_SOURCE_N]; /* readings in a row without it */
};

static struct host *host_of(struct agent_source *s)
{
    assert(s->kind == &agent_host);
    return (struct host *)s;
}

/* Which parts give nothing, once each time that changes. */
static void tell_silent(struct host *h)
{
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++) {
        bool silent = hostinfo_silent(h->info, (enum hostinfo_source)i);
        if (silent != h->silent_told[i])
            log_info("%s: %s", hostinfo_source_name((enum hostinfo_source)i),
                     silent ? "nothing to read on this host" : "is read again");
        h->silent_told[i] = silent;
    }
}

/* Parts that once gave something and have not for two readings: of a host that never
 * had one, nothing is missing. */
static int count_stopped(struct host *h)
{
    int n = 0;
    for (int i = 0; i < HOSTINFO_SOURCE_N; i++) {
        bool silent = hostinfo_silent(h->info, (enum hostinfo_source)i);
        h->gave[i] |= !silent;
        h->missed[i] = !silent ? 0 : h->missed[i] < 2 ? h->missed[i] + 1 : 2;
        n += h->gave[i] && h->missed[i] == 2;
    }
    return n;
}

static void host_close(struct agent_source *s)
{
    struct host *h = host_of(s);
    hostinfo_free(&h->info);
    buf_free(&h->lines);
    agent_source_done(s);
    free(h);
}

static struct agent_source *host_open(const struct agent_env *env,
                                      const struct agent_config *config,
                                      const struct agent_spec *spec, struct err *err)
{
    struct hostinfo_spec is = {env->root, config->host, spec->service};
    struct host *h = calloc(1, sizeof *h);
    if (h == NULL ||
        agent_source_init(&h->source, &agent_host, env, config, spec) < 0) {
        free(h);
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    h->info = hostinfo_new(&is, err);
    if (h->info == NULL) {
        host_close(&h->source);
        return NULL;
    }
    hostinfo_read(h->info, instant_now(), monotonic_ms(), &h->lines);
    return &h->source;
}

static void host_gather(struct agent_source *s, instant at)
{
    struct host *h = host_of(s);
    int64_t now = monotonic_ms();
    if (s->gave_ms == 0 && now - s->opened_ms < s->interval.ms / 2) {
        s->gathering = false;
        return;
    }
    buf_clear(&h->lines);
    size_t points = hostinfo_read(h->info, at, now, &h->lines);
    tell_silent(h);
    buf_addf(&h->lines, "agent,part=host%s silent=%d %lld\n", s->tags, count_stopped(h),
             (long long)(at.ms / 1000));
    if (buf_done(&h->lines) < 0)
        agent_source_failed(s, "out of memory");
    else if (points == 0)
        agent_source_failed(s, "nothing can be read");
    else
        agent_source_gave(s, AGENT_BODY_LINES, h->lines.data, h->lines.len, points);
    if (h->lines.cap > KEPT_BYTES && h->lines.len < KEPT_BYTES / 2)
        buf_free(&h->lines);
}

const struct agent_kind agent_host = {.name = "host",
                                      .spec_bytes = sizeof(struct agent_spec),
                                      .open = host_open,
                                      .gather = host_gather,
                                      .close = host_close};
