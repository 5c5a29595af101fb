/* rules/lint.c - one function a warning, over every rule of a set.
 *
 * What must hold: the time is that of a few passes over rules and names, but for costly
 * expressions, which are asked once each.  No state; any thread. */
#include "rules/lint.h"

#include "rules/codes.h"
#include "rules/condition.h"
#include "rules/fields.h"
#include "rules/pattern.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct linter {
    const struct ruleset *rs;
    const struct lint_ask *ask;
    struct complaints *c;
};

/* --- saying it --- */

/* At a node of a file. */
#define WARN_AT(l, path, node, id, ...)                                                \
    complain_warn((l)->c, (path), (node)->line, (node)->column,                        \
                  rules_code(RULES_E_##id), __VA_ARGS__)

/* At a field of a rule, wherever it was set; at its id when it is not. */
struct spot {
    const char *file;
    unsigned line, column;
};

static struct spot spot_of(const struct rule *r, const char *path)
{
    struct rule_place p = rule_place(r, path);
    if (p.file == NULL)
        p = rule_place(r, "id");
    return (struct spot){p.file, p.line, p.column};
}

#define WARN(l, r, field, id, ...)                                                     \
    do {                                                                               \
        struct spot spot_ = spot_of((r), (field));                                     \
        complain_warn((l)->c, spot_.file, spot_.line, spot_.column,                    \
                      rules_code(RULES_E_##id), __VA_ARGS__);                          \
    } while (0)

/* --- who answers for it --- */

static void check_answer(struct linter *l, const struct rule *r)
{
    if (r->owner == NULL)
        WARN(l, r, "id", NO_OWNER,
             "rule '%s' has no owner, expected owner here or for the file", r->id);
    if (r->runbook == NULL)
        WARN(l, r, "id", NO_RUNBOOK,
             "rule '%s' has no runbook, expected an address that says what to do",
             r->id);
}

/* --- thresholds --- */

/* A figure whose change has a size. */
static bool has_size(const struct rule *r)
{
    return r->subject == SUBJECT_SERIES ||
           (r->subject == SUBJECT_CALLS && r->measure != MEASURE_TRAFFIC);
}

/* One of which a change in its own unit can be named at all: of several names, or a
 * glob, without a unit nobody knows what 5 of them would be. */
static bool has_unit(const struct rule *r)
{
    return r->subject != SUBJECT_SERIES || r->unit != NULL ||
           (r->pattern.n == 1 && strpbrk(r->pattern.at[0].text, "*?/") == NULL);
}

static void check_bar(struct linter *l, const struct rule *r, const char *name,
                      const struct bar *b)
{
    if (!b->set || b->when.text != NULL || !has_size(r))
        return;
    bool absolute = b->delta > 0 || b->count > 0;
    if (b->effect > 0 && !absolute && has_unit(r))
        WARN(
            l, r, name, ONLY_RATIO,
            "'%s' of '%s' asks for a relative change only: a small figure that doubles "
            "is found too; expected a delta beside effect",
            name, r->id);
    else if (b->delta > 0 && b->effect <= 0)
        WARN(l, r, name, ONLY_ABSOLUTE,
             "'%s' of '%s' asks for an absolute change only: of a large figure that is "
             "little; expected an effect beside delta",
             name, r->id);
    else if (b->effect <= 0 && !absolute)
        WARN(l, r, name, NO_SIZE,
             "'%s' of '%s' asks for no size of the change: with many points a "
             "trifle is certain; expected effect and delta",
             name, r->id);
}

/* --- conditions --- */

static void check_parts(struct linter *l, const struct rule *r, const char *file,
                        const struct when *w)
{
    for (size_t i = 0; i < CONDITION_PARTS_MAX; i++) {
        size_t from, n;
        enum condition_sway sway = condition_part_sway(w->condition, i, &from, &n);
        if (n == 0)
            return;
        if (sway == CONDITION_OPEN)
            continue;
        unsigned column = w->column + !w->plain + (unsigned)from;
        complain_warn(l->c, file, w->line, column, rules_code(RULES_E_NEVER),
                      "'%.*s' in rule '%s' %s", (int)n, w->text + from, r->id,
                      sway == CONDITION_NEVER ? "can never hold"
                                              : "holds whatever is measured");
    }
}

static void check_when(struct linter *l, const struct rule *r, const char *name,
                       const struct when *w)
{
    char path[40];
    if (w->condition == NULL)
        return;
    snprintf(path, sizeof path, "%s.when", name);
    const char *file = spot_of(r, path).file;
    size_t before = l->c->warnings;
    check_parts(l, r, file, w);
    enum condition_sway sway = condition_sway(w->condition);
    if (sway == CONDITION_OPEN || l->c->warnings > before)
        return;
    complain_warn(l->c, file, w->line, w->column, rules_code(RULES_E_NEVER),
                  "the condition of '%s' %s", r->id,
                  sway == CONDITION_NEVER ? "can never hold"
                                          : "holds whatever is measured");
}

/* --- what nobody sends --- */

static bool any_seen(const struct lint_ask *ask, const struct match *m)
{
    size_t prefix = match_prefix(m), low = 0, high = ask->n_seen;
    while (low < high) { /* the first name that begins so */
        size_t mid = low + (high - low) / 2;
        if (strncmp(ask->seen[mid], m->text, prefix) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < ask->n_seen && strncmp(ask->seen[low], m->text, prefix) == 0; low++)
        if (match_fit_tagged(m, ask->seen[low]) > 0)
            return true;
    return false;
}

/* The node of a rule's pattern, for its place. */
static const struct yaml_node *pattern_node(const struct rule *r, size_t i)
{
    static const char *const path[SUBJECT_N] = {
        [SUBJECT_SERIES] = "series",     [SUBJECT_RELIEF] = "relief",
        [SUBJECT_CALLS] = "calls.edges", [SUBJECT_ALARMS] = "names",
        [SUBJECT_TESTS] = "names",       [SUBJECT_PROBES] = "probes.series",
        [SUBJECT_SILENCE] = NULL,        [SUBJECT_CORES] = NULL,
    };
    const char *where = path[r->subject];
    const struct yaml_node *at = where != NULL ? fields_node(r->map, where) : NULL;
    if (at == NULL)
        return fields_place(r->map, "id");
    return at->kind == YAML_LIST && i < at->n ? &at->item[i] : at;
}

static void check_seen(struct linter *l, const struct rule *r)
{
    bool figures = r->subject == SUBJECT_SERIES || r->subject == SUBJECT_RELIEF ||
                   r->subject == SUBJECT_PROBES;
    if (l->ask->seen == NULL || !figures)
        return;
    for (size_t i = 0; i < r->pattern.n; i++)
        if (!any_seen(l->ask, &r->pattern.at[i]))
            WARN_AT(l, r->file, pattern_node(r, i), NEVER_SEEN,
                    "no figure was ever seen that fits '%s' of rule '%s'",
                    r->pattern.at[i].text, r->id);
}

/* --- what has ended --- */

static void check_ended(struct linter *l, const struct rule *r)
{
    for (size_t i = 0; i < r->except.n; i++) {
        const struct exception *e = &r->except.at[i];
        if (e->until.ms > l->ask->today.ms)
            continue;
        const struct yaml_node *until = fields_place(e->at, "until");
        WARN_AT(l, r->file, until, ENDED,
                "this exception of '%s' ended with %s and does nothing; expected it to "
                "be taken out, or a later day",
                r->id, until->text != NULL ? until->text : "its last day");
    }
}

static void check_ended_overrides(struct linter *l)
{
    for (size_t i = 0; i < l->rs->n_overrides; i++) {
        const struct rule_override *o = &l->rs->override[i];
        if (o->until.ms > l->ask->today.ms)
            continue;
        const struct yaml_node *until = fields_place(o->at, "until");
        WARN_AT(l, o->from->path, until, ENDED,
                "this override of '%s' ended with %s and does nothing; expected it to "
                "be taken out, or a later day",
                o->rule, until->text != NULL ? until->text : "its last day");
    }
    for (size_t i = 0; i < l->rs->n_files; i++) {
        const struct rule_file *f = &l->rs->file[i];
        if (f->review_by.ms != 0 && f->review_by.ms <= l->ask->today.ms)
            WARN_AT(l, f->path, fields_place(yaml_root(f->doc), "review_by"), REVIEW,
                    "this file was to be looked at again by now; expected somebody to "
                    "do so and set a later day");
    }
}

/* --- what is not kept so long --- */

static void check_reach(struct linter *l, const struct windows_rule *w,
                        const struct yaml_node *at, const char *file, const char *whose)
{
    span reach = {w->before.ms + w->looks[w->n_looks - 1].ms + w->late.ms};
    char text[SPAN_TEXT_MAX], kept[SPAN_TEXT_MAX];
    if (at == NULL || reach.ms <= l->ask->kept.ms)
        return;
    WARN_AT(l, file, at, NOT_KEPT,
            "windows of %s reach over %s, but samples are kept for %s", whose,
            span_text(reach, text), span_text(l->ask->kept, kept));
}

static void check_windows(struct linter *l)
{
    const struct windows_all *all = &l->rs->windows_all;
    const struct window_places *p = &all->places;
    for (int k = 0; k <= CHANGE_KIND_N; k++) {
        bool general = k == CHANGE_KIND_N;
        /* a kind that was not named has the default's windows */
        int kind = general ? 0 : k;
        if (p->general[k] == NULL || (general && p->general[0] != NULL))
            continue;
        check_reach(l, &all->general[kind], p->general[k], p->general_in[k]->path,
                    general ? "all kinds" : change_kind_name((enum change_kind)k));
    }
    for (size_t i = 0; i < all->n; i++) {
        const struct service_windows *s = &all->service[i];
        for (int k = 0; k < CHANGE_KIND_N; k++) {
            char whose[160];
            snprintf(whose, sizeof whose, "%s of %.100s",
                     change_kind_name((enum change_kind)k), s->service.text);
            const struct yaml_node *at =
                yaml_get(s->at, change_kind_name((enum change_kind)k));
            if (at == NULL && k == 0)
                at = yaml_get(s->at, "default");
            check_reach(l, &s->windows[k], at, s->from->path, whose);
        }
    }
}

/* --- expressions --- */

static void check_costly(struct linter *l, const struct rule *r,
                         const struct matches *m, const struct yaml_node *at)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->at[i].regex != NULL && pattern_costly(m->at[i].regex))
            WARN_AT(
                l, r->file, at->kind == YAML_LIST && i < at->n ? &at->item[i] : at,
                COSTLY,
                "%s of rule '%s' is a costly regular expression: there are names on "
                "which it tries very long, and then gives up; expected fewer * and "
                "+ within one another",
                m->at[i].text, r->id);
}

static void check_expressions(struct linter *l, const struct rule *r)
{
    for (size_t i = 0; i < r->pattern.n; i++) {
        struct matches one = {1, &r->pattern.at[i]};
        check_costly(l, r, &one, pattern_node(r, i));
    }
    const struct {
        const struct matches *m;
        const char *path;
    } others[] = {{&r->on.service, "on.service"},
                  {&r->on.host, "on.host"},
                  {&r->severity, "severity"},
                  {&r->ok_codes, "ok_codes"}};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        check_costly(l, r, others[i].m, fields_place(r->map, others[i].path));
}

/* --- rules that others always speak before --- */

/* One pattern of one rule, to bring the same patterns together. */
struct entry {
    const char *text;
    size_t rule;
};

static int by_text(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    if (order != 0)
        return order;
    return x->rule < y->rule ? -1 : x->rule > y->rule;
}

static bool same_matches(const struct matches *a, const struct matches *b)
{
    if (a->n != b->n)
        return false;
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->at[i].text, b->at[i].text) != 0)
            return false;
    return true;
}

/* True when all that is in the scope of `narrow` is in that of `wide`. */
static bool scope_covers(const struct scope *wide, const struct scope *narrow)
{
    unsigned kinds = narrow->kinds;
    if (wide->kinds != 0 && (kinds == 0 || (kinds & ~wide->kinds) != 0))
        return false;
    if (wide->labels.n > 0)
        return false;
    return (wide->service.n == 0 || same_matches(&wide->service, &narrow->service)) &&
           (wide->host.n == 0 || same_matches(&wide->host, &narrow->host));
}

/* The layers of a rule: a level's figures, a hard limit or condition, the rest. */
static unsigned layers_of(const struct rule *r)
{
    bool when = r->attention.when.text != NULL || r->must_handle.when.text != NULL;
    bool level = (r->attention.set && r->attention.when.text == NULL) ||
                 (r->must_handle.set && r->must_handle.when.text == NULL);
    if (r->subject != SUBJECT_SERIES)
        return 1;
    return (level ? 1u : 0) | (r->limit.set || when ? 2u : 0);
}

/* True when `first`, which stands before, takes all that `later` has with the same
 * pattern. */
static bool speaks_before(const struct rule *first, const struct rule *later)
{
    if (first->subject != later->subject || first->shadow != later->shadow ||
        (later->subject == SUBJECT_CALLS && first->measure != later->measure) ||
        (layers_of(later) & ~layers_of(first)) != 0 || first->except.n > 0)
        return false;
    bool severities = first->severity.n > 0
                          ? same_matches(&first->severity, &later->severity)
                          : later->severity.n == 0;
    return severities && scope_covers(&first->on, &later->on);
}

/* The first rule that speaks before `r` for this pattern; NULL: none. */
static const struct rule *shadow_of(struct linter *l, const struct entry *e,
                                    const struct entry *mine)
{
    const struct rule *r = &l->rs->rule[mine->rule];
    const struct entry *from = mine;
    enum { BACK_MAX = 1000 }; /* many rules with "*", each for a service of its own */
    for (int i = 0; i < BACK_MAX && from > e && strcmp(from[-1].text, mine->text) == 0;
         i++) {
        from--;
        const struct rule *first = &l->rs->rule[from->rule];
        if (first != r && speaks_before(first, r))
            return first;
    }
    return NULL;
}

static bool takes_names(const struct rule *r)
{
    return r->subject != SUBJECT_RELIEF; /* its names say which figure is load */
}

/* A rule is told when every one of its patterns is taken. */
static void check_shadows(struct linter *l)
{
    size_t n = 0, all = 0;
    for (size_t i = 0; i < l->rs->n; i++)
        all += l->rs->rule[i].pattern.n;
    struct entry *e = calloc(all + 1, sizeof *e);
    size_t *taken = calloc(l->rs->n + 1, sizeof *taken);
    const struct rule **by = calloc(l->rs->n + 1, sizeof *by);
    if (e != NULL && taken != NULL && by != NULL) {
        for (size_t i = 0; i < l->rs->n; i++)
            for (size_t k = 0; k < l->rs->rule[i].pattern.n; k++)
                e[n++] = (struct entry){l->rs->rule[i].pattern.at[k].text, i};
        qsort(e, n, sizeof *e, by_text);
        for (size_t i = 0; i < n; i++) {
            const struct rule *first = shadow_of(l, e, &e[i]);
            taken[e[i].rule] += first != NULL;
            by[e[i].rule] = first != NULL ? first : by[e[i].rule];
        }
        for (size_t i = 0; i < l->rs->n; i++) {
            const struct rule *r = &l->rs->rule[i];
            if (takes_names(r) && r->pattern.n > 0 && taken[i] == r->pattern.n)
                WARN(l, r, "id", SHADOWED,
                     "rule '%s' never speaks: '%s' (%s:%u) has the same patterns and "
                     "stands before it",
                     r->id, by[i]->id, by[i]->file, by[i]->line);
        }
    }
    free(e);
    free(taken);
    free(by);
}

/* --- all --- */

void lint(const struct ruleset *rs, const struct lint_ask *ask, struct complaints *c)
{
    struct linter l = {rs, ask, c};
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        check_answer(&l, r);
        check_bar(&l, r, "attention", &r->attention);
        check_bar(&l, r, "must-handle", &r->must_handle);
        check_when(&l, r, "attention", &r->attention.when);
        check_when(&l, r, "must-handle", &r->must_handle.when);
        check_seen(&l, r);
        check_expressions(&l, r);
        if (!instant_is_none(ask->today))
            check_ended(&l, r);
    }
    if (!instant_is_none(ask->today))
        check_ended_overrides(&l);
    if (ask->kept.ms > 0)
        check_windows(&l);
    check_shadows(&l);
    complaints_sort(c);
}
