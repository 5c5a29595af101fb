/* base/instant.c - time as text and back.  Proleptic Gregorian calendar in UTC; the
 * day count follows Howard Hinnant's "chrono-compatible low-level date algorithms". */
#include "base/instant.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

instant instant_now(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (instant){(int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000};
}

int64_t monotonic_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t days_from_civil(int64_t y, int m, int d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

static void civil_from_days(int64_t days, int *y, int *m, int *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t doe = days - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    *d = (int)(doy - (153 * mp + 2) / 5 + 1);
    *m = (int)(mp < 10 ? mp + 3 : mp - 9);
    *y = (int)(yoe + era * 400 + (*m <= 2));
}

/* Exactly `n` digits at *p; moves *p behind them. */
static bool digits(const char **p, int n, int *ret)
{
    int v = 0;
    for (int i = 0; i < n; i++) {
        if (!isdigit((unsigned char)(*p)[i]))
            return false;
        v = v * 10 + ((*p)[i] - '0');
    }
    *p += n;
    *ret = v;
    return true;
}

static bool letter(const char **p, const char *any_of)
{
    if (**p == '\0' || strchr(any_of, **p) == NULL)
        return false;
    (*p)++;
    return true;
}

static int month_days(int y, int m)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
    return days[m - 1] + (m == 2 && leap);
}

static bool fraction_ms(const char **p, int *ret_ms)
{
    int ms = 0, n = 0;
    for (; isdigit((unsigned char)**p); (*p)++, n++)
        if (n < 3)
            ms = ms * 10 + (**p - '0');
    for (int i = n; i < 3; i++)
        ms *= 10;
    *ret_ms = ms;
    return n > 0;
}

static bool offset_minutes(const char **p, int *ret_min)
{
    if (letter(p, "Zz")) {
        *ret_min = 0;
        return true;
    }
    int sign = **p == '-' ? -1 : 1, h, m;
    if (!letter(p, "+-") || !digits(p, 2, &h) || !letter(p, ":") || !digits(p, 2, &m))
        return false;
    *ret_min = sign * (h * 60 + m);
    return h <= 23 && m <= 59;
}

int instant_parse(const char *text, instant *ret_at, struct err *err)
{
    const char *p = text;
    int y, mo, d, h, mi, s, ms = 0, off;
    bool ok = digits(&p, 4, &y) && letter(&p, "-") && digits(&p, 2, &mo) &&
              letter(&p, "-") && digits(&p, 2, &d) && letter(&p, "Tt ") &&
              digits(&p, 2, &h) && letter(&p, ":") && digits(&p, 2, &mi) &&
              letter(&p, ":") && digits(&p, 2, &s);
    if (ok && letter(&p, "."))
        ok = fraction_ms(&p, &ms);
    ok = ok && offset_minutes(&p, &off) && *p == '\0' && y >= 1970 && y <= 2261 &&
         mo >= 1 && mo <= 12 && d >= 1 && d <= month_days(y, mo) && h <= 23 &&
         mi <= 59 && s <= 60; /* 60: a leap second counts as the next second */
    if (!ok)
        return err_set(err, EINVAL,
                       "'%.40s' is not a time such as 2026-11-21T10:00:00Z", text);
    int64_t sec = days_from_civil(y, mo, d) * 86400 + (h * 3600 + (mi - off) * 60 + s);
    *ret_at = (instant){sec * 1000 + ms};
    return 0;
}

const char *instant_text(instant at, char out[INSTANT_TEXT_MAX])
{
    int64_t days = at.ms / 86400000, rest = at.ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int y, m, d, ms = (int)(rest % 1000), sec = (int)(rest / 1000);
    civil_from_days(days, &y, &m, &d);
    int n = snprintf(out, INSTANT_TEXT_MAX, "%04d-%02d-%02dT%02d:%02d:%02d", y, m, d,
                     sec / 3600, sec / 60 % 60, sec % 60);
    if (ms != 0)
        snprintf(out + n, (size_t)(INSTANT_TEXT_MAX - n), ".%03dZ", ms);
    else
        snprintf(out + n, (size_t)(INSTANT_TEXT_MAX - n), "Z");
    return out;
}

static const struct {
    const char *name;
    int64_t ms;
} units[] = {
    {"w", 604800000}, {"d", 86400000}, {"h", 3600000},
    {"m", 60000},     {"s", 1000},     {"ms", 1},
};
enum { UNITS = sizeof units / sizeof *units };

/* The unit at the start of `p`, looked for from `first` on; UNITS when there is none.
 * "m" must not eat the m of "ms". */
static size_t unit_at(const char *p, size_t first)
{
    size_t n = strspn(p, "abcdefghijklmnopqrstuvwxyz");
    for (size_t i = first; i < UNITS; i++)
        if (strlen(units[i].name) == n && strncmp(p, units[i].name, n) == 0)
            return i;
    return UNITS;
}

int span_parse(const char *text, span *ret_span, struct err *err)
{
    int64_t ms = 0;
    size_t unit = 0;
    const char *p = text;
    if (strcmp(text, "0") == 0) {
        *ret_span = (span){0};
        return 0;
    }
    do {
        int64_t v = 0;
        const char *start = p;
        for (; isdigit((unsigned char)*p) && v < 1000000000; p++)
            v = v * 10 + (*p - '0');
        unit = p > start ? unit_at(p, unit) : UNITS;
        if (unit == UNITS)
            return err_set(err, EINVAL,
                           "'%.40s' is not a length of time such as 90s, 30m or 1h30m",
                           text);
        ms += v * units[unit].ms;
        p += strlen(units[unit].name);
        unit++;
    } while (*p != '\0');
    *ret_span = (span){ms};
    return 0;
}

const char *span_text(span s, char out[SPAN_TEXT_MAX])
{
    int64_t left = s.ms < 0 ? -s.ms : s.ms;
    size_t n = 0;
    if (s.ms < 0)
        out[n++] = '-';
    if (left == 0)
        snprintf(out + n, SPAN_TEXT_MAX - n, "0s");
    for (size_t i = 0; i < UNITS && left > 0; i++) {
        int64_t v = left / units[i].ms;
        left %= units[i].ms;
        if (v > 0 && n < SPAN_TEXT_MAX)
            n += (size_t)snprintf(out + n, SPAN_TEXT_MAX - n, "%lld%s", (long long)v,
                                  units[i].name);
    }
    return out;
}
