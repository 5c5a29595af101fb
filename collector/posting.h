/* collector/posting.h - a request that waits until the ledger has what it brought.
 *
 * A source that posts to the ledger (in_change, in_core) parks its request with
 * posting_park, hands the posting to the ledger's call-back, and is called again until
 * posting_over says how it ended. */
#ifndef COLLECTOR_POSTING_H
#define COLLECTOR_POSTING_H

#include "base/err.h"
#include "base/httpd.h"
#include "base/jsonw.h"
#include "storage/ledger.h"

#include <stdbool.h>

enum { POSTING_WAIT_MS = 15000, POSTING_RETRY_S = 5 };

struct posting;

/* Parks the request for what is called `what` ("event") and has this id (copied).
 * `on_new` (may be NULL) is called on the ledger's writing thread when it was new.  The
 * caller must then post, with posting_end coming once.  NULL, and nothing parked, when
 * memory is short. */
struct posting *posting_park(struct httpd_req *r, const char *what, const char *id,
                             void (*on_new)(void *arg), void *arg);

/* The ledger's side: its call-back, with the posting as its argument, which may be gone
 * when this returns. */
void posting_end(enum posted end, const struct err *err, void *posting);

/* The posting of a request that is called again; NULL the first time. */
struct posting *posting_of(const struct httpd_req *r);
const char *posting_id(const struct posting *p);

/* True when it is stored, *ret_end saying how; then the caller answers.  Else it was
 * parked again, or answered with 503 and Retry-After: not stored, or storing takes
 * longer than POSTING_WAIT_MS.  The sender tries again, and a repeat does no harm. */
bool posting_over(struct httpd_req *r, struct posting *p, enum posted *ret_end);

/* What a sender is told of a record that is stored. */
struct posting_words {
    unsigned status;      /* of HTTP */
    const char *key, *id; /* the first member, or NULL: none */
    bool is_number;       /* the id is one */
    const char *word;     /* "accepted", "repeat", ... */
};
/* Answers {"KEY": ID, "status": WORD, ...}; `rest` (may be NULL) adds further members.
 */
void posting_answer(struct httpd_req *r, const struct posting_words *words,
                    void (*rest)(struct jsonw *w, const void *arg), const void *arg);

#endif
