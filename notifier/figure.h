/* notifier/figure.h - numbers, times and lengths of time as people read them.
 *
 * Three significant digits with the unit, thousands parted by a comma, never a locale's
 * forms; the words between them are those of the language.  Units: "%", "share" (0..1,
 * shown in percent), "ms", "s", "bytes" (KiB, MiB,
 * ...), "bytes_per_s", "per_s", NULL or "" for a bare number; any other unit is put
 * behind the number, made plain and at most 13 characters long. */
#ifndef NOTIFIER_FIGURE_H
#define NOTIFIER_FIGURE_H

#include "base/instant.h"
#include "notifier/language.h"

enum { FIGURE_TEXT_MAX = 80 };

/* "31.2 %", "1.5 GiB", "1,230/s"; "unknown" for NaN.  Chinese: "31.2%". */
const char *figure(enum language l, double v, const char *unit,
                   char out[FIGURE_TEXT_MAX]);

/* A difference with its sign: "+23.8 points" (of percents and shares), "-12 ms". */
const char *figure_delta(enum language l, double v, const char *unit,
                         char out[FIGURE_TEXT_MAX]);

/* A relative change: "+25 %", "-8 %", from threefold on "4.2 times as much". */
const char *figure_effect(enum language l, double effect, char out[FIGURE_TEXT_MAX]);

/* A whole number, "1,204,311". */
const char *figure_count(double v, char out[FIGURE_TEXT_MAX]);

/* "0.0123", "below 0.0001". */
const char *figure_p(enum language l, double p, char out[FIGURE_TEXT_MAX]);

/* "99.9 %", never rounded up to 100. */
const char *figure_confidence(enum language l, double c, char out[FIGURE_TEXT_MAX]);

/* "21 Nov 2026 10:04:10 UTC", "2026-11-21 10:04:10 UTC"; "unknown" for none. */
const char *figure_time(enum language l, instant at, char out[FIGURE_TEXT_MAX]);

/* "Sat, 21 Nov 2026 10:04:10 +0000", as RFC 5322 wants it. */
const char *figure_mail_date(instant at, char out[FIGURE_TEXT_MAX]);

/* In words, the two largest parts: "1 hour 30 minutes", "45 seconds", "45 秒". */
const char *figure_span(enum language l, span s, char out[FIGURE_TEXT_MAX]);

#endif
