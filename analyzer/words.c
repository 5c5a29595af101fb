/* analyzer/words.c - figures in sentences.  Pure, any thread; no locale. */
#include "analyzer/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

void words_count(struct buf *to, double n)
{
    char digits[32];
    if (!(fabs(n) < 1e15)) {
        buf_addf(to, "%.3g", n);
        return;
    }
    int len = snprintf(digits, sizeof digits, "%" PRId64, (int64_t)llround(fabs(n)));
    if (n <= -0.5)
        buf_add_ch(to, '-');
    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            buf_add_ch(to, ',');
        buf_add_ch(to, digits[i]);
    }
}

/* Three meaningful digits, without needless zeros behind the point. */
static void number(struct buf *to, double v)
{
    if (v == 0 || !isfinite(v)) {
        buf_add(to, v == 0 ? "0" : "unknown");
        return;
    }
    if (fabs(v) >= 999.5) {
        words_count(to, v);
        return;
    }
    char text[64];
    int whole = (int)floor(log10(fabs(v))) + 1;
    int decimals = 3 - whole;
    snprintf(text, sizeof text, "%.*f",
             decimals < 0   ? 0
             : decimals > 9 ? 9
                            : decimals,
             v);
    if (strchr(text, '.') != NULL) {
        size_t n = strlen(text);
        while (text[n - 1] == '0')
            n--;
        if (text[n - 1] == '.')
            n--;
        text[n] = '\0';
    }
    buf_add(to, text);
}

static void bytes(struct buf *to, double v, const char *behind)
{
    static const char *const size[] = {"bytes", "kB", "MB", "GB", "TB"};
    size_t i = 0;
    while (fabs(v) >= 999.5 && i + 1 < sizeof size / sizeof *size) {
        v /= 1000;
        i++;
    }
    number(to, v);
    buf_addf(to, " %s%s", size[i], behind);
}

void words_value(struct buf *to, double v, const char *unit)
{
    if (unit != NULL && strcmp(unit, "bytes") == 0) {
        bytes(to, v, "");
    } else if (unit != NULL && strcmp(unit, "bytes/s") == 0) {
        bytes(to, v, "/s");
    } else {
        number(to, v);
        if (unit != NULL)
            buf_addf(to, "%s%s", *unit == '/' ? "" : " ", unit);
    }
}

void words_share(struct buf *to, double share)
{
    double v = share * 100;
    if (v == 0)
        buf_add(to, "0 %");
    else if (v >= 0.95)
        buf_addf(to, "%.1f %%", v);
    else
        buf_addf(to, "%.2g %%", v);
}

void words_change(struct buf *to, double effect)
{
    if (!isfinite(effect))
        buf_add(to, "from nothing");
    else if (effect >= 4) {
        number(to, effect + 1);
        buf_add(to, " times as much");
    } else
        buf_addf(to, "%+.0f %%", effect * 100);
}

void words_span(struct buf *to, span s)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{3600000, "hour"}, {60000, "minute"}, {1000, "second"}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (s.ms < 2 * units[i].ms && s.ms != units[i].ms && i < 2)
            continue;
        if (s.ms % units[i].ms != 0 && i < 2)
            continue;
        int64_t n = (s.ms + units[i].ms / 2) / units[i].ms;
        buf_addf(to, "%" PRId64 " %s%s", n, units[i].name, n == 1 ? "" : "s");
        return;
    }
}
