/* notifier/fmt_html.h - a report as HTML for mail.
 *
 * Nested tables with width attributes and inline styles, so that old clients show it;
 * the grade in words, by sign and by colour; nothing needs an image to be understood.
 * Stays under FMT_HTML_BYTES_MAX whatever the number of findings: what does not fit is
 * counted and left to the page. */
#ifndef NOTIFIER_FMT_HTML_H
#define NOTIFIER_FMT_HTML_H

#include "base/buf.h"
#include "notifier/report.h"

#include <stddef.h>

/* A mail stays under 80 KB with the links that notifier/letter adds, which are less
 * than 2 KB. */
enum { FMT_HTML_BYTES_MAX = 78 * 1024, FMT_HTML_HOSTS_MAX = 8, FMT_HTML_WITH_MAX = 8 };

/* Where the charts are: src[i] belongs to the verdict's finding i ("cid:..." or
 * "data:..."); NULL: no chart.  Their length does not count against the limit. */
struct fmt_html_images {
    size_t n;
    const char *const *src;
};

/* Adds the whole document.  `images` may be NULL. */
void fmt_html(const struct report *r, const struct fmt_html_images *images,
              struct buf *to);

#endif
