/* programs/agent/line.h - what one line of an access log says, as a call.
 *
 * A form is a regular expression with named groups:
 *
 *     path      a URL or its path: becomes the interface by its template, below
 *     iface     the interface as it is; stands above path
 *     code      the return code (required)
 *     outcome   ok, fail or timeout; else by the code
 *     ms, s, us how long it took
 *     time      when: RFC 3339, or 21/Nov/2026:19:17:46 +0000
 *     caller, callee
 *
 * A template is the first parts of a path without its query, each folded to * when it
 * holds three digits or more, digits only, or is long: /orders/4711 is "/orders/" and
 * *. Formats that ship, by their names: nginx (combined, also with $request_time behind
 * it; https://nginx.org/en/docs/http/ngx_http_log_module.html), apache (common and
 * combined, also with %D; https://httpd.apache.org/docs/2.4/mod/mod_log_config.html),
 * haproxy (`option httplog`; the HAProxy configuration manual, 8.2.3) and envoy (its
 * default format, and Istio's;
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/observability/access_log/usage).
 * In these an HTTP status 408, 499 and 504 is a timeout, and no status a failure. */
#ifndef PROGRAMS_AGENT_LINE_H
#define PROGRAMS_AGENT_LINE_H

#include "base/err.h"
#include "base/instant.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    AGENT_LINE_NAME_MAX = 128, /* with its NUL; what is longer is cut */
    AGENT_LINE_CODE_MAX = 64,
    AGENT_LINE_PARTS_MAX = 8,
};

/* Names hold no blanks and no controls, ASCII only; caller and callee no > and : as
 * well: so each is a word of the compact form. */
struct agent_line {
    char caller[AGENT_LINE_NAME_MAX], callee[AGENT_LINE_NAME_MAX]; /* "": not said */
    char iface[AGENT_LINE_NAME_MAX];                               /* likewise */
    char code[AGENT_LINE_CODE_MAX];
    const char *outcome; /* ok, fail, timeout */
    double ms;           /* NaN: not said */
    instant at;          /* INSTANT_NONE: not said */
};

struct agent_line_form;
/* By the name of a format that ships, or by an expression; the other is NULL.  `parts`
 * of a path make its template.  NULL and *err when it is none. */
struct agent_line_form *agent_line_form_new(const char *format, const char *pattern,
                                            size_t parts, struct err *err);
void agent_line_form_free(struct agent_line_form **f);

/* Fills *ret; false when the line is not of the form. */
bool agent_line_read(struct agent_line_form *f, const char *line, size_t n,
                     struct agent_line *ret);

/* The template of a path, or of a URL's. */
void agent_line_template(const char *path, size_t n, size_t parts,
                         char to[AGENT_LINE_NAME_MAX]);

/* Copies a name as the compact form can hold it: what it cannot hold becomes '_'. */
void agent_line_name(const char *text, size_t n, const char *refused, char *to,
                     size_t size);

#endif
