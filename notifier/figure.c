/* notifier/figure.c - numbers for people.  Pure; the same number always gives the same
 * bytes, whatever the locale: printf is only asked for digits in the C locale. */
#include "notifier/figure.h"

#include "base/buf.h"
#include "notifier/phrases.h"
#include "notifier/plain.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 48 };

/* Puts commas between the thousands of a text of digits, in place. */
static void part_thousands(char text[NUMBER_MAX])
{
    char *digits = text + (*text == '-');
    size_t whole = strspn(digits, "0123456789"), n = strlen(digits);
    for (size_t at = whole; at > 3 && n + 1 < NUMBER_MAX - 1;) {
        at -= 3;
        memmove(digits + at + 1, digits + at, n - at + 1);
        digits[at] = ',';
        n++;
    }
}

/* Takes needless zeros behind the point away. */
static void strip_zeros(char *text)
{
    if (strchr(text, '.') == NULL)
        return;
    char *end = text + strlen(text) - 1;
    while (*end == '0')
        *end-- = '\0';
    if (*end == '.')
        *end = '\0';
}

/* The value rounded to three significant digits. */
static double rounded(double v)
{
    char text[NUMBER_MAX];
    snprintf(text, sizeof text, "%.2e", v);
    return strtod(text, NULL);
}

static const char *number(double v, char out[NUMBER_MAX])
{
    v = rounded(v);
    double size = fabs(v);
    if (size != 0 && (size < 1e-4 || size >= 1e15)) {
        snprintf(out, NUMBER_MAX, "%.3g", v);
        return out;
    }
    int digits = 0;
    for (double limit = 100; size != 0 && size < limit && digits < 6; limit /= 10)
        digits++;
    snprintf(out, NUMBER_MAX, "%.*f", digits, v);
    strip_zeros(out);
    if (strcmp(out, "-0") == 0)
        memcpy(out, "0", 2);
    part_thousands(out);
    return out;
}

/* The largest binary unit in which the size is at least one. */
static void add_bytes(double v, const char *behind, char out[FIGURE_TEXT_MAX])
{
    static const char *const names[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    size_t i = 0;
    while (fabs(rounded(v)) >= 1024 && i + 1 < sizeof names / sizeof *names) {
        v /= 1024;
        i++;
    }
    char text[NUMBER_MAX];
    snprintf(out, FIGURE_TEXT_MAX, "%s %s%s", number(v, text), names[i], behind);
}

static bool is_percent(const char *unit)
{
    return strcmp(unit, "%") == 0 || strcmp(unit, "share") == 0;
}

/* A phrase with one figure in it, which is short: cut it never is. */
static const char *put(enum language l, enum phrase p, const char *digits,
                       char out[FIGURE_TEXT_MAX])
{
    OWNED_BUF b = {0};
    phrase_add(&b, l, p, &digits, 1);
    snprintf(out, FIGURE_TEXT_MAX, "%s", buf_text(&b));
    return out;
}

static const char *word(enum language l, enum phrase p, char out[FIGURE_TEXT_MAX])
{
    snprintf(out, FIGURE_TEXT_MAX, "%s", phrase(l, p));
    return out;
}

/* A unit that a rule's author made up: made plain, and short enough for what is left.
 */
static void add_unit(const char *digits, const char *unit, char out[FIGURE_TEXT_MAX])
{
    enum { UNIT_CHARS_MAX = 13 };
    OWNED_BUF plain = {0};
    plain_add(&plain, unit, UNIT_CHARS_MAX);
    snprintf(out, FIGURE_TEXT_MAX, "%s%s%s", digits, *unit == '/' ? "" : " ",
             buf_text(&plain));
}

const char *figure(enum language l, double v, const char *unit,
                   char out[FIGURE_TEXT_MAX])
{
    char text[NUMBER_MAX];
    unit = unit != NULL ? unit : "";
    if (isnan(v))
        return word(l, PHRASE_UNKNOWN, out);
    if (isinf(v))
        return word(l, v > 0 ? PHRASE_ENDLESS : PHRASE_MINUS_ENDLESS, out);
    if (is_percent(unit))
        return put(l, PHRASE_PERCENT, number(*unit == '%' ? v : v * 100, text), out);
    if (strcmp(unit, "bytes") == 0)
        add_bytes(v, "", out);
    else if (strcmp(unit, "bytes_per_s") == 0 || strcmp(unit, "bytes/s") == 0)
        add_bytes(v, "/s", out);
    else if (strcmp(unit, "per_s") == 0)
        snprintf(out, FIGURE_TEXT_MAX, "%s/s", number(v, text));
    else if (strcmp(unit, "ms") == 0 && fabs(v) >= 10000)
        snprintf(out, FIGURE_TEXT_MAX, "%s s", number(v / 1000, text));
    else if (*unit == '\0')
        snprintf(out, FIGURE_TEXT_MAX, "%s", number(v, text));
    else
        add_unit(number(v, text), unit, out);
    return out;
}

const char *figure_delta(enum language l, double v, const char *unit,
                         char out[FIGURE_TEXT_MAX])
{
    char text[FIGURE_TEXT_MAX], digits[NUMBER_MAX], with_sign[NUMBER_MAX + 1];
    unit = unit != NULL ? unit : "";
    const char *sign = v > 0 ? "+" : "";
    if (isfinite(v) && is_percent(unit)) {
        snprintf(with_sign, sizeof with_sign, "%s%s", sign,
                 number(*unit == '%' ? v : v * 100, digits));
        return put(l, PHRASE_POINTS, with_sign, out);
    }
    snprintf(out, FIGURE_TEXT_MAX, "%s%.70s", sign, figure(l, v, unit, text));
    return out;
}

const char *figure_effect(enum language l, double effect, char out[FIGURE_TEXT_MAX])
{
    char text[NUMBER_MAX], with_sign[NUMBER_MAX + 1];
    if (!isfinite(effect))
        return word(l, PHRASE_UNKNOWN, out);
    if (effect >= 2)
        return put(l, PHRASE_TIMES_AS_MUCH, number(effect + 1, text), out);
    snprintf(with_sign, sizeof with_sign, "%s%s", effect > 0 ? "+" : "",
             number(effect * 100, text));
    return put(l, PHRASE_PERCENT, with_sign, out);
}

const char *figure_count(double v, char out[FIGURE_TEXT_MAX])
{
    char text[NUMBER_MAX];
    if (!isfinite(v) || fabs(v) >= 1e15)
        return figure(LANGUAGE_EN, v, NULL, out);
    snprintf(text, sizeof text, "%.0f", v);
    part_thousands(text);
    snprintf(out, FIGURE_TEXT_MAX, "%s", text);
    return out;
}

const char *figure_p(enum language l, double p, char out[FIGURE_TEXT_MAX])
{
    char text[NUMBER_MAX];
    if (isnan(p))
        return word(l, PHRASE_UNKNOWN, out);
    if (p < 0.0001)
        return put(l, PHRASE_BELOW, "0.0001", out);
    snprintf(out, FIGURE_TEXT_MAX, "%s", number(p, text));
    return out;
}

const char *figure_confidence(enum language l, double c, char out[FIGURE_TEXT_MAX])
{
    char text[NUMBER_MAX], most[FIGURE_TEXT_MAX];
    if (isnan(c))
        return word(l, PHRASE_UNKNOWN, out);
    if (c > 0.9999)
        return put(l, PHRASE_ABOVE, put(l, PHRASE_PERCENT, "99.99", most), out);
    if (c > 0.999)
        snprintf(text, sizeof text, "%.2f", floor(c * 10000) / 100);
    else
        number(floor(c * 1000) / 10, text);
    return put(l, PHRASE_PERCENT, text, out);
}

static const char *month_name(int month)
{
    static const char names[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    return names[month >= 1 && month <= 12 ? month - 1 : 0];
}

/* The parts of an instant, read off its RFC 3339 text: the calendar is known in one
 * place only. */
struct parts {
    int year, month, day;
    char clock[9];
};

static struct parts parts_of(instant at)
{
    char text[INSTANT_TEXT_MAX], *rest = text;
    struct parts p;
    instant_text(at, text);
    p.year = (int)strtol(rest, &rest, 10);
    p.month = (int)strtol(rest + 1, &rest, 10);
    p.day = (int)strtol(rest + 1, &rest, 10);
    snprintf(p.clock, sizeof p.clock, "%.8s", rest + 1);
    return p;
}

const char *figure_time(enum language l, instant at, char out[FIGURE_TEXT_MAX])
{
    if (instant_is_none(at) || at.ms == INT64_MAX)
        return word(l, PHRASE_UNKNOWN, out);
    struct parts p = parts_of(at);
    if (l == LANGUAGE_ZH)
        snprintf(out, FIGURE_TEXT_MAX, "%d-%02d-%02d %s UTC", p.year, p.month, p.day,
                 p.clock);
    else
        snprintf(out, FIGURE_TEXT_MAX, "%d %s %d %s UTC", p.day, month_name(p.month),
                 p.year, p.clock);
    return out;
}

const char *figure_mail_date(instant at, char out[FIGURE_TEXT_MAX])
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    if (instant_is_none(at) || at.ms == INT64_MAX)
        at = (instant){0};
    int64_t day = at.ms / 86400000 - (at.ms % 86400000 < 0);
    struct parts p = parts_of(at);
    snprintf(out, FIGURE_TEXT_MAX, "%s, %02d %.3s %04d %.12s +0000",
             days[((day % 7) + 7) % 7], p.day, month_name(p.month), p.year, p.clock);
    return out;
}

const char *figure_span(enum language l, span s, char out[FIGURE_TEXT_MAX])
{
    static const struct {
        enum phrase name;
        int64_t ms;
    } parts[] = {{PHRASE_DAYS, 86400000},
                 {PHRASE_HOURS, 3600000},
                 {PHRASE_MINUTES, 60000},
                 {PHRASE_SECONDS, 1000},
                 {PHRASE_MILLISECONDS, 1}};
    int64_t left = s.ms < 0 ? -s.ms : s.ms;
    int shown = 0;
    OWNED_BUF b = {0};
    for (size_t i = 0; i < sizeof parts / sizeof *parts && shown < 2; i++) {
        int64_t v = left / parts[i].ms;
        left %= parts[i].ms;
        if (v == 0 || (i == 4 && shown > 0)) {
            shown += shown > 0; /* "1 day 5 seconds" says more than anyone asked */
            continue;
        }
        char digits[NUMBER_MAX];
        const char *arg = digits;
        snprintf(digits, sizeof digits, "%lld", (long long)v);
        buf_add(&b, shown > 0 ? " " : "");
        phrase_add(&b, l, parts[i].name, &arg, 1);
        shown++;
    }
    if (shown == 0)
        return put(l, PHRASE_SECONDS, "0", out);
    snprintf(out, FIGURE_TEXT_MAX, "%s", buf_text(&b));
    return out;
}
