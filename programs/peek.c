/* programs/peek.c - opening the stores of a data directory read only.  One thread. */
#include "programs/peek.h"

#include "storage/rrd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ASKED_MAX = 2000 /* entities that are asked for their newest row */ };

static const char *path_of(const struct peek *p, const char *name, char out[4096])
{
    snprintf(out, 4096, "%s/%s", p->dir, name);
    return out;
}

static int open_windows(struct peek *p, struct err *err)
{
    char path[4096];
    windows_close(&p->stores.windows);
    p->stores.windows = windows_peek(path_of(p, "windows.dat", path), err);
    return p->stores.windows != NULL ? 0 : -1;
}

static void find_latest(struct peek *p)
{
    struct windows *w = p->stores.windows;
    uint64_t n = windows_stats(w).entities;
    p->latest = INSTANT_NONE;
    for (uint32_t i = 0; i < n && i < ASKED_MAX; i++) {
        instant at = windows_newest(w, i);
        if (!instant_is_none(at) &&
            (instant_is_none(p->latest) || at.ms > p->latest.ms))
            p->latest = at;
    }
    if (instant_is_none(p->latest))
        p->latest = instant_now();
    p->oldest_kept =
        (instant){p->latest.ms - (int64_t)windows_rows(w) * windows_step(w).ms};
}

/* A service that never flushed has none. */
static int open_history(struct peek *p, struct err *err)
{
    char path[4096];
    struct history_spec spec = {
        .dir = path_of(p, "history", path), .peek = true, .last = p->latest};
    if (p->rrd == NULL)
        return 0;
    p->stores.history = history_open(&spec, p->rrd, err);
    return p->stores.history != NULL ? 0 : -1;
}

int peek_open(struct peek *p, const char *dir, struct err *err)
{
    char path[4096];
    *p = (struct peek){.dir = dir};
    if (strlen(dir) > 3000)
        return err_set(err, ENAMETOOLONG, "--data: the path is too long");
    if (access(path_of(p, "ledger.db", path), R_OK) < 0)
        return err_sys(err, errno, "%s is no data directory of a service: %s", dir,
                       path);
    /* forks: before any thread is started */
    if (access(path_of(p, "history", path), R_OK) == 0) {
        p->rrd = rrd_start(path, err);
        if (p->rrd == NULL)
            return -1;
    }
    p->stores.ledger = ledger_peek(path_of(p, "ledger.db", path), err);
    if (p->stores.ledger == NULL || open_windows(p, err) < 0) {
        peek_close(p);
        return -1;
    }
    find_latest(p);
    if (open_history(p, err) == 0)
        return 0;
    peek_close(p);
    return -1;
}

int peek_refresh(struct peek *p, instant from, struct err *err)
{
    return from.ms >= p->oldest_kept.ms ? open_windows(p, err) : 0;
}

void peek_close(struct peek *p)
{
    history_close(&p->stores.history);
    windows_close(&p->stores.windows);
    ledger_close(&p->stores.ledger);
    rrd_stop(&p->rrd);
}

const char *peek_local(instant at, char out[EXPLAIN_LOCAL_MAX])
{
    time_t s = (time_t)(at.ms / 1000 - (at.ms % 1000 < 0));
    struct tm tm;
    if (localtime_r(&s, &tm) == NULL ||
        strftime(out, EXPLAIN_LOCAL_MAX, "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
        out[0] = '\0';
    return out;
}
