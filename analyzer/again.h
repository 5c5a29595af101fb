/* analyzer/again.h - a change that was judged long ago, judged once more with rules of
 * today, from what is still kept of its data.
 *
 * As the service does: at each look of the change's windows, or at the last one alone;
 * with the windows' rows where these still reach back so far, else with history's,
 * which become longer with age.  What was said at a look is compared with what was told
 * then: a finding that must be handled at ten minutes was told at ten minutes, whatever
 * became of it later.  The change is taken as it is known now; events that came late
 * were not known at the looks before them.  Stores are only read; nothing is stored. */
#ifndef ANALYZER_AGAIN_H
#define ANALYZER_AGAIN_H

#include "analyzer/explain.h"
#include "base/err.h"
#include "base/instant.h"
#include "rules/ruleset.h"
#include "storage/history.h"
#include "storage/ledger.h"
#include "storage/verdict.h"
#include "storage/windows.h"

#include <stdbool.h>
#include <stddef.h>

struct again_stores {
    struct ledger *ledger;
    struct windows *windows;
    struct history *history; /* NULL: there is none */
};

/* Why a change could not be judged anew. */
#define AGAIN_LEFT_OUT(X)                                                              \
    X(OPEN, "open", "no final verdict yet")                                            \
    X(NO_VERDICT, "no_verdict", "no verdict is stored")                                \
    X(CANCELLED, "cancelled", "the change was cancelled")                              \
    X(TOO_COARSE, "too_coarse", "only history in rows too long for its windows is left")
#define X(id, name, words) AGAIN_##id,
enum again_left_out { AGAIN_JUDGED, AGAIN_LEFT_OUT(X) AGAIN_N };
#undef X
const char *again_name(enum again_left_out a); /* "too_coarse" */
const char *again_words(enum again_left_out a);

struct again {
    enum again_left_out left_out; /* not AGAIN_JUDGED: all below but `said` is empty */
    struct change *change;
    struct verdict *said; /* what was said before any slow look; NULL: nothing */
    struct verdict *now;  /* at the last look */
    /* Of all looks, the first of the worst grade; NULL: that of the last look. */
    struct verdict *said_worst; /* of the revisions that stood at a judged look */
    struct verdict *now_worst;
    size_t looks, looks_coarse; /* judged; left out as only too long rows are left */
    size_t n_told;              /* rules with a finding at any of the looks */
    char **told;
    span step;                  /* of the rows that were judged */
    bool from_history;          /* and whence they came */
    bool coarse;                /* they are longer than those it was judged by */
    size_t units, units_failed; /* whose history could not be read */
};

/* `explain` may be NULL.  With `any` also a change without a final verdict is judged,
 * at its latest look that has come by `now`.  -1 when the change is unknown (ENOENT) or
 * reading failed.  *ret is to be freed also then. */
struct again_ask {
    const struct again_stores *stores;
    const struct ruleset *rules;
    const char *change_id;
    bool any;
    bool all_looks; /* and not the last alone */
    instant now;
    struct explain *explain;
    /* Called after each look, for progress; NULL: nobody asks. */
    void (*looked)(size_t look, size_t of, void *arg);
    void *arg;
};
int again_judge(const struct again_ask *ask, struct again *ret, struct err *err);
void again_free(struct again *a);
#define OWNED_AGAIN __attribute__((cleanup(again_free))) struct again

/* The two verdicts that tell whether these rules would have said something else: the
 * worst of each when one is worse than the other, else those of the last look. */
void again_pair(const struct again *a, const struct verdict **ret_said,
                const struct verdict **ret_now);
/* True when one of these rules had a finding that counts, at any of the looks. */
bool again_told(const struct again *a, const char *rule);

/* The finding that made the difference between the two: of the verdict that is worse,
 * the first that counts and is as bad as its grade; NULL: none is, as where one of the
 * two was not judged.  *ret_of_now says of which it is. */
const struct finding *again_reason(const struct again *a, bool *ret_of_now);

#endif
