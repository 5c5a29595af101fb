/* analyzer/level.h - did a figure's level move on the changed hosts, and by more than
 * it moves anyway?
 *
 * The move of a host is the mean after its change against the mean before, as a ratio
 * (of figures that can be negative: as a difference), less what the controls did in the
 * same minutes.  How much such a move is by itself comes from the best that there is:
 *   habit      the same move at pretended change times of its own past, net of the
 *              controls (layers.h);
 *   controls   the spread of the moves of at least CONTROLS_LEAST unchanged hosts;
 *   parts      how parts of the window before differ, doubled to be careful.
 * A host without a past is compared with old hosts instead (fresh.h); only its grade is
 * made here, with all others'.
 * Without enough controls a level alone never asks for more than attention; from parts
 * alone only rules speak that name the metric and say how much is too much.  Pure. */
#ifndef ANALYZER_LEVEL_H
#define ANALYZER_LEVEL_H

#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/layers.h"
#include "analyzer/odds.h"
#include "analyzer/series.h"
#include "rules/ruleset.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum level_base { BASE_NONE, BASE_HABIT, BASE_CONTROLS, BASE_PARTS, BASE_OLD };

/* The most controls that are read for one series. */
enum { LEVEL_CONTROLS_MAX = 64 };

/* Hosts differ from one another by much and for good; a new host must do so by far more
 * than the old ones do.  Found on labelled canary releases. */
#define LEVEL_OLD_Z 8.0

/* What came out for a host, or for all of them together. */
struct score {
    enum level_base base;
    bool group;    /* of all hosts as one */
    bool compared; /* with enough controls: it may be must-handle */
    bool weak;     /* attention at most for another reason: see fresh.h */
    bool together; /* one host of several that moved the same way, by level_grade */
    double before, after;                 /* means in the metric's unit */
    double control_before, control_after; /* NaN: no controls */
    double move;     /* net of the controls, in logs (or in parts of the usual size) */
    double expected; /* `after`, had it moved as the controls did */
    double effect;   /* relative change against that: -0.5 is half as much */
    double delta; /* change net of the controls, in the metric's unit; the careful one
                     of the additive and the relative reading */
    double usual; /* the move that past days show at this hour, as `effect`; NaN */
    double z, p;
    bool recovered;
    int moments, moments_like;
    enum grade grade; /* by level_grade */
    bool capped;      /* would have been must-handle with enough controls */
};

struct level_host {
    const struct member *member;
    struct cut cut;
    bool judged;
    enum unjudged why; /* when it is not */
    struct score score;
};

/* What is compared: members are the changed hosts, controls the others that have the
 * same series. */
struct level_case {
    const struct lineup *lineup;
    const struct rule *rule;
    const char *metric;
    const struct member *member;
    size_t n_members;
    const struct member *control; /* their slots are not used */
    size_t n_controls;
    double *room;          /* as many doubles as the longest track has rows */
    const struct cut *cut; /* one a member, by its own frame; NULL: cut here */
    /* Scores of analyzer/layers.h; NULL: there are none.  One a member, and one of all.
     */
    const struct layer_score *host_habit, *group_habit;
    size_t habit_controls;
};

struct level {
    const struct rule *rule;
    const char *metric, *service;
    size_t n;
    struct level_host *host; /* in the members' order */
    size_t n_judged;
    bool fresh;     /* of hosts without a past: `before` is what the old ones have */
    bool has_group; /* enough hosts to judge them together */
    struct score group;
    size_t n_controls;            /* the most that any host was compared with */
    const struct member *control; /* borrowed from the case */
    size_t n_control_members;
};

/* Whether a move is over: of it, `tail` is left in the last of `n_after` points. */
bool level_is_over(double whole, double tail, size_t n_after);

int level_measure(const struct level_case *lc, struct level *ret_level,
                  struct err *err);
void level_free(struct level *l);

/* Grades all levels of a change together: the share of false findings is kept over all
 * of them, for groups and for single hosts apart.
 *
 * Where each is known by its habit, two kinds of evidence are held against a wider rate
 * than the rule's.  All hosts as one, when they show the whole effect and not only a
 * third of it: a change goes to all its hosts, so that they moved together is likelier
 * beforehand than that one of them did, and there are few such tests.  And hosts of
 * which several moved the same way, more than chance would let through: for attention
 * each stands for the others. */
int level_grade(struct level *levels, size_t n, struct err *err);

/* --- how a grade came about, for whoever explains it --- */

/* The p-values of all levels that were graded together. */
struct level_layers {
    struct odds_layer groups, hosts;
};
/* -1: out of memory. */
int level_layers_make(struct level_layers *l, const struct level *levels, size_t n);
void level_layers_free(struct level_layers *l);

/* The largest p that passes a rule's bar of a grade: at the rule's rate, and at the
 * wider one (see level_grade). */
struct level_bars {
    double p_most;
    double q_wide, p_wide;
};
struct level_bars level_bars(struct level_layers *l, const struct rule *r,
                             enum grade grade, bool group);

/* A score held against a bar, part by part.  NaN: not asked for. */
struct level_trial {
    bool set;
    double q, p_most, z_asked; /* q: the rate that p was held against */
    double effect; /* by logs, so that half as much counts like twice as much */
    double effect_asked, delta_asked;
    bool p_met, z_met, effect_met, delta_met;
    bool met; /* all of it */
};
struct level_trial level_try(const struct bar *b, const struct score *s,
                             const struct level_bars *bars);
bool level_is_worse(enum worse worse, const struct score *s);

#endif
