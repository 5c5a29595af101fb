/* notifier/routes.h - the notifier's side of the HTTP server: pages and reading calls.
 */
#ifndef NOTIFIER_ROUTES_H
#define NOTIFIER_ROUTES_H

#include "base/httpd.h"

/* The handlers take a `struct notifier *` as their app. */
extern const struct httpd_route notifier_routes[];

#endif
