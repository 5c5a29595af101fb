/* storage/rrd_args.c - what librrd is told as text: sources, rows, lists of arguments.
 *
 * It runs in the rrd child.  Each text is one argument, made of numbers and of names of
 * our own, and ends with a NUL in the buffer.  No state. */
#include "storage/rrd_part.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void rrd_args_source(struct buf *b, const struct rrd_put_request *p, size_t i)
{
    /* Two steps of heartbeat: updates come one a step, gaps are written as unknown. */
    buf_addf(b, "DS:%s:GAUGE:%lld:U:U", p->sources[i].name, (long long)(2 * p->step));
    buf_add_n(b, "", 1);
}

const char **rrd_args_point(const struct buf *b, size_t n)
{
    const char **argv = buf_done(b) == 0 ? calloc(n + 1, sizeof *argv) : NULL;
    const char *at = b->data;
    for (size_t i = 0; argv != NULL && i < n; i++, at += strlen(at) + 1)
        argv[i] = at;
    return argv;
}

/* `v` from 1 to 1e6 with nine decimals, without needless zeros: a third of the time of
 * printf's, and formatting is most of the time of a put. */
static char *write_common(char *to, double v)
{
    char digits[24];
    uint64_t n = (uint64_t)llrint(v * 1e9);
    int left = 0, decimals = 9;
    while (decimals > 0 && n % 10 == 0) {
        n /= 10;
        decimals--;
    }
    for (int i = 0; n > 0; n /= 10, i++) {
        if (i == decimals && i > 0)
            digits[left++] = '.';
        digits[left++] = (char)('0' + n % 10);
    }
    while (left > 0)
        *to++ = digits[--left];
    return to;
}

static void add_value(struct buf *b, double v)
{
    enum { VALUE_BYTES_MAX = 32 };
    char *room = buf_room(b, VALUE_BYTES_MAX), *end = room;
    if (room == NULL)
        return;
    *end++ = ':';
    if (!isfinite(v)) {
        *end++ = 'U';
    } else if (v == 0) {
        *end++ = '0';
    } else if (fabs(v) >= 1 && fabs(v) < 1e6) {
        if (v < 0)
            *end++ = '-';
        end = write_common(end, fabs(v));
    } else {
        end += snprintf(end, VALUE_BYTES_MAX - 1, "%.12g", v);
    }
    *end = '\0';
    b->len += (size_t)(end - room);
}

size_t rrd_args_row(struct buf *b, const struct rrd_put_request *p, size_t row,
                    int64_t last)
{
    size_t n = 1;
    if (p->times[row] > last) {
        buf_addf(b, "%lld", (long long)p->times[row]);
        for (size_t i = 0; i < p->n_sources; i++)
            buf_add(b, ":U");
        buf_add_n(b, "", 1);
        n = 2;
    }
    buf_addf(b, "%lld", (long long)(p->times[row] + p->step));
    for (size_t i = 0; i < p->n_sources; i++)
        add_value(b, p->values[row * p->n_sources + i]);
    buf_add_n(b, "", 1);
    return n;
}
