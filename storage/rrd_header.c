/* storage/rrd_header.c - what a file's header says, and what follows from it.
 *
 * It runs in the rrd child, which fills the header in from what librrd tells.  A file
 * may hold anything: no other code reckons with its numbers before rrd_header_sane has
 * found them good. */
#include "storage/rrd_part.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool rrd_header_sane(const struct rrd_header *s)
{
    enum { STEP_MAX = 366 * 86400, ROWS_MAX = 100000000 };
    bool sane = s->step >= 1 && s->step <= STEP_MAX && s->last >= 0 &&
                s->last < (int64_t)1 << 40 && s->n_sources > 0 && s->n_archives > 0;
    for (size_t i = 0; sane && i < s->n_archives; i++)
        sane = s->archive[i].step >= 0 && s->archive[i].step <= STEP_MAX &&
               s->archive[i].rows > 0 && s->archive[i].rows <= ROWS_MAX;
    return sane;
}

int rrd_header_check(const struct rrd_put_request *p, const struct rrd_header *s,
                     struct err *err)
{
    if (s->step != p->step)
        return err_set(err, RRD_OTHER_SHAPE, "%s has a step of %lld s, not %lld s",
                       p->name, (long long)s->step, (long long)p->step);
    bool same = s->n_sources <= p->n_sources;
    for (size_t i = 0; same && i < s->n_sources; i++)
        same = strcmp(s->sources[i].name, p->sources[i].name) == 0;
    if (!same)
        return err_set(err, RRD_OTHER_SHAPE, "%s has other sources than those given",
                       p->name);
    return 0;
}

int64_t rrd_header_step(const struct rrd_header *s, int64_t from, int64_t least)
{
    int64_t finest = 0, furthest = 0, reach = INT64_MAX, coarsest = 0;
    for (size_t i = 0; i < s->n_archives; i++) {
        const struct rrd_header_archive *a = &s->archive[i];
        if (a->step > coarsest)
            coarsest = a->step;
        if (a->step == 0 || a->step < least)
            continue;
        int64_t begins = s->last - s->last % a->step - a->step * a->rows;
        if (begins <= from - from % a->step && (finest == 0 || a->step < finest))
            finest = a->step;
        if (begins < reach) {
            reach = begins;
            furthest = a->step;
        }
    }
    return finest > 0 ? finest : furthest > 0 ? furthest : coarsest;
}

void rrd_header_read_ahead(const char *name, const struct rrd_header *s, int64_t step)
{
    int64_t at = s->header, row = (int64_t)(s->n_sources * sizeof(double));
    size_t i = 0;
    while (i + 1 < s->n_archives && s->archive[i].step != step)
        at += s->archive[i++].rows * row;
    int fd = rrd_place_open(name, O_RDONLY);
    if (fd < 0)
        return;
    posix_fadvise(fd, at, s->archive[i].rows * row, POSIX_FADV_WILLNEED);
    close(fd);
}
