/* storage/verdict.h - what the analyzer says of a change, and its form as JSON.
 *
 * The JSON is the outside contract's (as `aftercheck replay --format json` prints it)
 * plus further members; verdict_read takes back all that verdict_write wrote. */
#ifndef STORAGE_VERDICT_H
#define STORAGE_VERDICT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/jsonw.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* name, exit code and number on the wire, words for people */
#define GRADES(X)                                                                      \
    X(OK, "ok", 0, "Nothing got worse")                                                \
    X(ATTENTION, "attention", 1, "Needs attention")                                    \
    X(MUST_HANDLE, "must-handle", 2, "Must handle")                                    \
    X(NOT_JUDGED, "not-judged", 3, "Could not be judged")
#define X(id, name, exit_code, words) GRADE_##id,
enum grade { GRADES(X) GRADE_N };
#undef X

const char *grade_name(enum grade g);
const char *grade_words(enum grade g);
/* GRADE_N when there is no such grade. */
enum grade grade_of(const char *name);

enum finding_kind {
    FINDING_LEVEL,
    FINDING_LIMIT,
    FINDING_SHARE,
    FINDING_COUNT,
    FINDING_TRAFFIC,
    FINDING_SILENT,
    FINDING_CORE,
    FINDING_ALARM,
    FINDING_SPIKE,
    FINDING_TEST,
    FINDING_PROBE,
    FINDING_RELIEF, /* new hosts that take no load */
    FINDING_KIND_N
};
const char *finding_kind_name(enum finding_kind k);

/* The samples behind a finding, for its chart: up to CURVE_POINTS_MAX points at one
 * step, NaN where there was nothing. */
enum { CURVE_POINTS_MAX = 400 };
struct curve {
    instant from;
    span step;
    size_t n;
    double *value;   /* the changed hosts (or the one) */
    double *control; /* NULL: none */
    double *usual;   /* what past days would have it at this hour; NULL: none */
};

/* One of the hosts that a folded finding speaks of. */
struct finding_host {
    char *name;
    double before, after;
};

#define FINDING_LEADS SIZE_MAX

/* Who muted a finding, until when and why. */
struct muted {
    char *id; /* of the mute; NULL: the finding is not muted */
    char *author, *reason;
    instant until;
};

struct finding {
    char *rule, *title; /* rule id; the rule's title in words */
    int rev;            /* the rule's revision; written when it is not the first */
    enum finding_kind kind;
    enum grade grade; /* its own, also when it is muted */
    struct muted muted;
    char *host;    /* NULL: the service as a whole, or several hosts folded */
    char *service; /* may be NULL */
    char *metric;  /* "cpu.busy"; of calls: "fail_share caller->callee:iface" and the
                      like */
    char *unit;    /* "%", "ms", "per_s", ...; NULL: unknown */
    char *code;    /* return code it is about; NULL: none */
    double before, after, delta;          /* in the metric's unit */
    double control_before, control_after; /* NaN: no controls */
    double usual;      /* move that past days show at this hour; NaN: unknown */
    double effect;     /* relative change, 0.25 is 25 %; NaN: unknown */
    double z, p;       /* NaN: not computed */
    double confidence; /* 0..1 that this is more than chance */
    double events_before, events_after, of_before,
        of_after;       /* counts; NaN: not counts */
    instant first_seen; /* first minute that shows it */
    bool recovered;
    span later; /* found by the slow look so long after the change; 0: by an ordinary
                   one */
    bool fresh; /* about hosts without a past: all that is `before` is what the old
                   hosts of the service have in the same minutes */
    int moments,
        moments_like; /* pretended moments looked at, and how many looked like it */
    char *limit;      /* a hard limit in words, "above 95 for 3 of 5"; NULL: none */
    char *because;    /* one plain sentence with the numbers */
    char *advice, *runbook, *owner; /* the rule's; NULL: none */
    size_t n_hosts;
    struct finding_host *hosts; /* worst first */
    size_t n_like;              /* further findings that are not listed */
    size_t with; /* place in the verdict's list of the finding that leads this one: both
                    have one cause; FINDING_LEADS: none does */
    double weight;      /* importance, ranks findings of one grade */
    struct curve curve; /* n 0: no chart */
};

/* Why something could not be judged. */
#define UNJUDGED(X)                                                                    \
    X(NO_HOSTS, "no_hosts",                                                            \
      "the change names no host and none is known for its service")                    \
    X(NO_DATA_BEFORE, "no_data_before", "too few samples before the change")           \
    X(NO_DATA_AFTER, "no_data_after", "too few samples after the change")              \
    X(SHORT_HISTORY, "short_history", "less than 6 hours of history and no controls")  \
    X(NO_CONTROLS, "no_controls", "no unchanged hosts of the service to compare with") \
    X(FEW_CALLS, "few_calls", "too few calls")                                         \
    X(NO_SERIES, "no_series", "no series that the rule is about")                      \
    X(OVERLAP, "overlap", "another change falls into the same minutes")                \
    X(FEW_HOSTS, "few_hosts", "too few of the changed hosts reported")                 \
    X(NO_FINISH, "no_finish", "no event said that the change was finished")            \
    X(CANCELLED, "cancelled", "the change was cancelled")                              \
    X(FEW_OLD, "few_old",                                                              \
      "hosts without a past, and fewer than 3 old ones to compare with")               \
    X(YOUNG, "young", "hosts too young for this figure to be judged")                  \
    X(EXCEPTED, "excepted", "left alone by an exception of the rule")
#define X(id, name, words) UNJUDGED_##id,
enum unjudged { UNJUDGED(X) UNJUDGED_N };
#undef X
const char *unjudged_name(enum unjudged u);
const char *unjudged_words(enum unjudged u);

struct coverage {
    int rules, rules_judged; /* rules that apply to the change */
    int hosts, hosts_judged; /* hosts of the change with enough samples */
    int series_judged, series_not_judged;
    int unjudged[UNJUDGED_N]; /* how many series, hosts or rules, by reason */
    int controls;             /* control hosts used */
    char *controls_note;      /* who they are, or why there are none */
    /* What was expected and came: sentences; NULL: nothing of the kind. */
    char *fresh_note;   /* hosts without a past, and with whom they were compared */
    char *relief_note;  /* what the new hosts took off the old ones */
    char *restart_note; /* how long hosts were away */
    char *slow_note;    /* what the slow look for leaks saw, or why there was none; no
                           part of what a verdict says (verdict_same) */
};
/* Rules that could have been judged: a rule about figures that nobody sends has nothing
 * to judge, and a shipped pack speaks of many such. */
int coverage_rules(const struct coverage *c);

/* Another change that touches the same hosts or service in the same time. */
struct nearby {
    char *change_id, *title;
    instant at;
    char *because; /* "Changed h1, h2 4 minutes before." */
    /* What tells the two changes apart, where something moved. */
    char *likelier; /* NEARBY_THIS, NEARBY_OTHER: whose doing it rather is; NULL:
                       nothing tells them apart */
    char *reasons; /* why, or that nothing does, with the counts; NULL: nothing moved */
};
#define NEARBY_THIS  "this"
#define NEARBY_OTHER "other"

struct verdict {
    char *change_id;
    enum grade grade;
    int revision; /* 1, 2, ... */
    bool final;
    instant
        decided_at; /* the look's time on the data's clock, not when it was computed */
    span look;      /* minutes after the change that this look covers, of the oldest
                       batch still being watched */
    int looks_done, looks_all;
    int slow_done;    /* slow looks taken */
    instant slow_due; /* when the next is; INSTANT_NONE: there is none.  Not written as
                         JSON: the ledger keeps it beside the change */
    char *pack;       /* name and hash of the rules, "defaults 1f3a..." */
    char *reason;     /* of not-judged, or of a cap; a sentence; NULL: none */
    struct coverage coverage;
    size_t n_findings;
    struct finding *findings; /* worst grade first; within one, those that lead before
            those they lead, weightiest first; muted ones behind the rest; grade ok
            (recovered dips) last */
    size_t n_nearby;
    struct nearby *nearby;
};

struct verdict *verdict_new(const char *change_id);
void verdict_free(struct verdict **v);
#define OWNED_VERDICT __attribute__((cleanup(verdict_free))) struct verdict
/* Adds an empty finding (all its numbers NaN but for weight, which is 0) and gives it
 * to be filled; good until the next is added.  NULL when memory is short.  Only this
 * function makes `findings` longer. */
struct finding *verdict_add(struct verdict *v);
/* Known to somebody, and so without effect on the verdict's grade. */
static inline bool finding_is_muted(const struct finding *f)
{
    return f->muted.id != NULL;
}
/* Frees what a finding holds, not the struct itself. */
void finding_clear(struct finding *f);

/* As the contract's one line a change, without the newline.  `with_curves`: the samples
 * of charts and per-host numbers too, as the ledger keeps them.  Numbers have 6 digits,
 * counts 15; NaN and infinite ones are left out, and so are texts that are NULL. */
void verdict_write(const struct verdict *v, bool with_curves, struct buf *to);
/* As a member of an object that the caller is writing. */
void verdict_write_into(const struct verdict *v, const char *key, bool with_curves,
                        struct jsonw *w);
/* Unknown members are passed over, absent ones are as verdict_new and verdict_add have
 * them (their numbers NaN).  Written again, a verdict read back gives the same bytes.
 */
int verdict_read(const char *json, size_t n, struct verdict **ret_verdict,
                 struct err *err);

/* True when both say the same but for revision, times of looks and finality: then no
 * new revision is made.  The same means written the same, charts and per-host numbers
 * aside, so one just judged compares with one read back. */
bool verdict_same(const struct verdict *a, const struct verdict *b);

#endif
