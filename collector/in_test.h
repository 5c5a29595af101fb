/* collector/in_test.h - results of automated tests over HTTP, answered when on disk.
 *
 * POST /v1/tests?change=ID or ?service=NAME (or both) with JUnit XML, TAP or JSON
 * (storage/test_run.h): the body's first bytes say which.  &suite=NAME names the tests
 * of a body that does not do so itself, &time= says when they were run: RFC 3339, 30
 * days back to 10 minutes ahead; else it is what the body says, else now.  202 when
 * they are durable, as new or as a repeat of the same results at the same time; 400
 * with the place; 413 beyond TEST_RUN_TESTS_MAX tests; 503 with Retry-After when they
 * were not stored.  Success is {"tests": 120, "status": "accepted" or "repeat"}. */
#ifndef COLLECTOR_IN_TEST_H
#define COLLECTOR_IN_TEST_H

#include "base/httpd.h"
#include "base/instant.h"
#include "storage/ledger.h"
#include "storage/test_run.h"

#include <stddef.h>

enum { TEST_VALUES_MAX = 1 << 18 }; /* of JSON, in one request */

/* What the address says; NULL: not given. */
struct in_test_ask {
    const char *change, *service, *suite, *time;
    instant now;
};

/* Reads the bytes of a request into a sealed run; NULL and *err (EMSGSIZE: too many
 * tests). */
struct test_run *in_test_read(const char *text, size_t n, const struct in_test_ask *ask,
                              struct err *err);

/* A handler's whole work; `r` is called with it again until it is answered.  The
 * ledger must outlive the server. */
void in_test_serve(struct httpd_req *r, struct ledger *ledger, instant now);

#endif
