/* notifier/html.h - the one escaper for HTML.
 *
 * Every text that is not markup of our own goes through one of these, for pages and
 * mail alike.  Attributes must stand in double quotes. */
#ifndef NOTIFIER_HTML_H
#define NOTIFIER_HTML_H

#include "base/buf.h"

#include <stdbool.h>

/* Text between tags; NULL: nothing. */
void html_text(struct buf *to, const char *text);

/* A value for an attribute in double quotes, also a multi-line one. */
void html_attr(struct buf *to, const char *text);

/* True for http:// and https:// with a host and without white space, quotes or control
 * characters: the only links that are made. */
bool html_url_ok(const char *url);

/* Writes markup with parts of text put in: each "%s" takes the next argument escaped as
 * an attribute (which is good for text too), "%d" an int, "%zu" a size_t, "%%" is a
 * percent sign; nothing else is known. */
void html_addf(struct buf *to, const char *markup, ...)
    __attribute__((format(printf, 2, 3)));

#endif
