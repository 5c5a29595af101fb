/* analyzer/edges.h - the calls into and out of a changed service, added up over the two
 * windows.
 *
 * An edge is (caller, callee, interface) as one side saw it: client and server count
 * the same calls, so they are never added; the client's view is taken unless it has
 * less than half of the server's calls.  Where the records name hosts, only the calls
 * of changed hosts count as changed and those of others are their control; where they
 * do not, the edge is judged as a whole.  A code without a cell in a row was simply not
 * returned: 0.  Calls of changed hosts without a past are kept apart: there is nothing
 * of theirs before the change (fresh_calls.h). */
#ifndef ANALYZER_EDGES_H
#define ANALYZER_EDGES_H

#include "analyzer/align.h"
#include "analyzer/control.h"

#include <stdbool.h>
#include <stddef.h>

enum { EDGE_PARTS = 6 }; /* of the window before */

enum call_outcome { CALL_OK, CALL_FAIL, CALL_TIMEOUT, CALL_OTHER };

/* "fail 502" is CALL_FAIL with *ret_code "502"; what counts no calls ("ms") is
 * CALL_OTHER. */
enum call_outcome edge_metric(const char *metric, const char **ret_code);

/* A number of calls, or a sum over them. */
struct sums {
    double before, after, tail; /* tail: the last fifth of the window after */
    double part[EDGE_PARTS];
    double past; /* before the hot rows */
};

struct code {
    enum call_outcome outcome;
    const char *code;
    struct sums changed, control;
};

/* One unit of an edge and the frame it is read by. */
struct edge_unit {
    const struct unit *unit;
    const char *host;        /* its host of the changed service; "": not named */
    const struct slot *slot; /* of a changed host, or the whole; of a control: whole */
};

struct edge {
    const char *caller, *callee, *iface, *side;
    bool inbound; /* calls into the changed service */
    bool by_host; /* the changed hosts' calls are told apart */
    char *name;   /* "caller->callee:iface" */
    size_t n_changed, n_control, n_fresh;
    struct edge_unit *changed, *control, *fresh; /* sorted by host */
    size_t n_codes;
    struct code *code; /* sorted by outcome and code; those of fresh ones too */
    struct sums calls, calls_control, calls_fresh; /* all outcomes */
    struct sums seconds, seconds_control;          /* that the windows cover */
    bool has_past;
};

struct edges {
    size_t n;
    struct edge *at; /* into the service first, then by name */
};

/* Edges of the change's service (without one: of its hosts) that have any call. */
int edges_list(const struct lineup *l, struct edges *ret_edges, struct err *err);
void edges_free(struct edges *e);
#define OWNED_EDGES __attribute__((cleanup(edges_free))) struct edges

/* Per row, over units of one side of the comparison: what a metric counts.  `chosen`
 * says which; NULL is all calls. */
struct edge_rows {
    instant from;
    span step;
    size_t n;
    double *value; /* 0 where the edge has data and this none, NaN where it has none */
};
typedef bool (*edge_choice)(enum call_outcome outcome, const char *code,
                            const void *arg);
/* Only units of `host` when it is not NULL. */
int edge_rows(const struct edge_unit *units, size_t n, const char *host,
              edge_choice chosen, const void *arg, struct edge_rows *ret_rows);
/* Choices: all calls; the sum of milliseconds is edge_rows_ms. */
bool edge_all(enum call_outcome outcome, const char *code, const void *arg);
int edge_rows_ms(const struct edge_unit *units, size_t n, const char *host,
                 struct edge_rows *ret_rows);
/* The same over past rows. */
int edge_past(const struct edge_unit *units, size_t n, edge_choice chosen,
              const void *arg, struct edge_rows *ret_rows);
void edge_rows_free(struct edge_rows *r);

#endif
