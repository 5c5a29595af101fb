/* rules/settle.c - the rule as a whole.  One thread at a time. */
#include "rules/settle.h"
#include "rules/figures.h"
#include "rules/value.h"

#include <stdio.h>
#include <string.h>

/* --- the subject --- */

/* A subject whose value cannot be read is a subject all the same: its mistake is told
 * already. */
static bool is_there(const struct yaml_node *map, enum subject s)
{
    const struct yaml_node *at = yaml_get(map, subject_name(s));
    return at != NULL && !(at->kind == YAML_TEXT && strcmp(at->text, "false") == 0);
}

static bool has_subject(const struct rule *r, enum subject s)
{
    const struct rule_about *a = &r->about;
    const bool has[SUBJECT_N] = {
        [SUBJECT_SERIES] = a->series.n > 0, [SUBJECT_CALLS] = a->calls.set,
        [SUBJECT_SILENCE] = a->silence,     [SUBJECT_CORES] = a->coredumps,
        [SUBJECT_ALARMS] = a->alarms,       [SUBJECT_TESTS] = a->tests,
        [SUBJECT_PROBES] = r->probing.set,  [SUBJECT_RELIEF] = a->relief.n > 0,
    };
    return has[s];
}

static struct matches every(void)
{
    static struct match all = {.text = "*"};
    return (struct matches){1, &all};
}

/* As the table says of result_labels. */
static struct matches usual_labels(void)
{
    static struct match labels[] = {
        {.text = "result"}, {.text = "result_type"}, {.text = "status_code"}};
    return (struct matches){sizeof labels / sizeof *labels, labels};
}

static int settle_subject(struct fields *f, const struct yaml_node *map, struct rule *r)
{
    unsigned found = 0;
    for (int s = 0; s < SUBJECT_N; s++)
        if (has_subject(r, (enum subject)s) || is_there(map, (enum subject)s)) {
            found |= 1u << s;
            r->subject = (enum subject)s;
        }
    if (__builtin_popcount(found) != 1) {
        OWNED_BUF words = {0};
        schema_subjects(found != 0 ? found : (1u << SUBJECT_N) - 1, &words);
        fields_complain(f, map, RULES_E_SUBJECT,
                        found == 0 ? "rule '%s' has no subject, expected one of %s"
                                   : "rule '%s' has several subjects, expected one: %s",
                        r->id, buf_text(&words));
        return -1;
    }
    const struct rule_about *a = &r->about;
    r->measure = (enum measure)a->calls.measure;
    r->pattern = r->subject == SUBJECT_SERIES   ? a->series
                 : r->subject == SUBJECT_RELIEF ? a->relief
                 : r->subject == SUBJECT_PROBES ? r->probing.series
                 : r->subject == SUBJECT_CALLS  ? a->calls.edges
                                                : a->names;
    if (r->pattern.n == 0)
        r->pattern = every();
    if (r->probing.result_label.n == 0)
        r->probing.result_label = usual_labels();
    return 0;
}

/* --- what goes with the subject --- */

struct fitting {
    struct fields *f;
    const struct yaml_node *map;
    const struct rule *r;
};

static void misfit(struct fields *f, const struct yaml_node *at, const char *name,
                   unsigned only, const struct rule *r)
{
    OWNED_BUF words = {0};
    schema_subjects(only, &words);
    fields_complain(f, at, RULES_E_MISFIT,
                    "'%s' goes with %s only, and this rule is about %s", name,
                    buf_text(&words), subject_name(r->subject));
}

static void check_only(const struct schema_seen *seen, void *arg)
{
    struct fitting *fit = arg;
    if (seen->field->only == 0 || (seen->field->only & 1u << fit->r->subject) != 0)
        return;
    const struct yaml_node *at = fields_node(fit->map, seen->path);
    if (at != NULL)
        misfit(fit->f, at, seen->field->name, seen->field->only, fit->r);
}

static void check_exceptions(struct fields *f, const struct rule *r)
{
    const struct schema_map *map = schema_find(&schema_rule, "except")->map;
    for (size_t i = 0; i < r->except.n; i++) {
        const struct yaml_node *at = r->except.at[i].at;
        size_t matchers = 0;
        if (at->kind != YAML_MAP)
            continue; /* told already */
        for (size_t k = 0; k < map->n; k++) {
            const struct yaml_node *node = yaml_get(at, map->field[k].name);
            if (node == NULL || map->field[k].only == 0)
                continue;
            matchers++;
            if ((map->field[k].only & 1u << r->subject) == 0)
                misfit(f, node, map->field[k].name, map->field[k].only, r);
        }
        if (matchers == 0)
            fields_complain(f, at, RULES_E_MUTE,
                            "this exception fits everything, expected metric, host, "
                            "caller, callee, code or name, or mode: shadow instead");
    }
}

/* --- grades --- */

static bool is_share(const struct rule *r)
{
    return r->subject == SUBJECT_CALLS && r->measure != MEASURE_LATENCY &&
           r->measure != MEASURE_TRAFFIC;
}

static void settle_delta(struct fields *f, const struct yaml_node *at,
                         const struct rule *r, struct bar *b)
{
    const struct amount *a = &b->delta_as;
    struct err err = {0};
    if (!a->given)
        return;
    if (is_share(r)) {
        b->delta = a->value / 100;
        if (a->unit != AMOUNT_PERCENT)
            fields_complain(f, at, RULES_E_UNIT,
                            "'delta' of a share of calls is in points, expected a "
                            "share with its sign such as 0.5%%");
    } else if (amount_in(a, r->subject == SUBJECT_CALLS ? "ms" : r->unit, &b->delta,
                         &err) < 0) {
        fields_complain(f, at, RULES_E_UNIT, "'delta' %s", err.text);
    }
}

static void end_condition(void *what)
{
    struct condition *c = what;
    condition_free(&c);
}

/* The complaint points into the text, as far as its column is known. */
static void settle_when(struct fields *f, const struct rule *r, struct when *w)
{
    size_t n, at = 0;
    struct err err = {0};
    const struct condition_name *names = figures_of(r->subject, r->measure, &n);
    struct yaml_node place = {.line = w->line, .column = w->column};
    w->condition = NULL;
    if (names == NULL)
        return; /* a misfit, told already */
    const char *unit = r->subject == SUBJECT_CALLS ? "ms" : r->unit;
    struct condition *c = condition_new(w->text, names, n, unit, &at, &err);
    if (c == NULL) {
        place.column += (unsigned)at + !w->plain;
        fields_complain(f, &place, RULES_E_CONDITION, "%s", err.text);
    } else if (keep_until_end(f->keep, end_condition, c) == 0) {
        w->condition = c;
    }
}

static void settle_bar(struct fields *f, const struct yaml_node *map, const char *name,
                       const struct rule *r, struct bar *b)
{
    char path[64];
    bool figures = b->q > 0 || b->effect > 0 || b->delta_as.given || b->count > 0;
    if (!b->set)
        return;
    snprintf(path, sizeof path, "%s.delta", name);
    settle_delta(f, fields_place(map, path), r, b);
    const struct yaml_node *at = fields_place(map, name);
    if (b->when.text != NULL)
        settle_when(f, r, &b->when);
    if (b->when.text != NULL && figures)
        fields_complain(f, at, RULES_E_MIXED,
                        "'%s' has both a condition and other figures, expected either",
                        name);
    else if (b->hold.of > 0 && r->subject == SUBJECT_CALLS &&
             r->measure != MEASURE_LATENCY)
        fields_complain(f, at, RULES_E_MISFIT,
                        "'hold' does not go with %s, expected it with latency: shares "
                        "are of the whole window",
                        measure_name(r->measure));
    else if (b->when.text == NULL && b->hold.of > 0)
        fields_complain(f, at, RULES_E_MIXED, "'%s' has a hold without a condition",
                        name);
    else if (b->when.text == NULL && !figures && r->subject != SUBJECT_SILENCE &&
             at->n == 0 && at->kind == YAML_MAP)
        fields_complain(f, at, RULES_E_MUTE,
                        "'%s' says nothing, expected one or more of its fields", name);
}

static void settle_limit(struct fields *f, const struct yaml_node *map, struct rule *r)
{
    struct limit *l = &r->limit;
    struct err err = {0};
    if (!l->set)
        return;
    l->above = l->above_as.given || fields_node(map, "limit.above") != NULL;
    bool below = l->below_as.given || fields_node(map, "limit.below") != NULL;
    if (l->above == below) {
        fields_complain(f, fields_place(map, "limit"), RULES_E_LIMIT,
                        "'limit' has %s, expected either above or below",
                        below ? "both sides" : "no side");
        return;
    }
    const struct amount *a = l->above ? &l->above_as : &l->below_as;
    if (a->given && amount_in(a, r->unit, &l->value, &err) < 0)
        fields_complain(f, fields_place(map, l->above ? "limit.above" : "limit.below"),
                        RULES_E_UNIT, "'%s' %s", l->above ? "above" : "below",
                        err.text);
}

static bool weaker(const struct bar *must, const struct bar *attention)
{
    return (must->q > 0 && attention->q > 0 && must->q > attention->q) ||
           must->effect < attention->effect || must->delta < attention->delta ||
           must->count < attention->count;
}

static void check_grades(struct fields *f, const struct yaml_node *map,
                         const struct rule *r)
{
    const struct bar *must = &r->must_handle, *look = &r->attention;
    if (!look->set && !must->set && !r->limit.set)
        fields_complain(f, map, RULES_E_MUTE,
                        "rule '%s' can never speak, expected attention, must-handle "
                        "or limit",
                        r->id);
    /* of relief, less is worse; conditions are compared by nobody */
    if (look->set && must->set && r->subject != SUBJECT_RELIEF &&
        look->when.text == NULL && must->when.text == NULL && weaker(must, look))
        fields_warn(f, fields_place(map, "must-handle"), RULES_E_WEAKER,
                    "must-handle of '%s' asks for less than attention in a part",
                    r->id);
}

int rule_settle(struct fields *f, const struct yaml_node *map, struct rule *r)
{
    size_t errors = f->c->errors;
    r->title = r->title != NULL ? r->title : r->id;
    r->shadow = r->mode == MODE_SHADOW;
    if (settle_subject(f, map, r) < 0)
        return -1;
    struct fitting fit = {f, map, r};
    schema_each(&schema_rule, check_only, &fit);
    check_exceptions(f, r);
    settle_bar(f, map, "attention", r, &r->attention);
    settle_bar(f, map, "must-handle", r, &r->must_handle);
    settle_limit(f, map, r);
    check_grades(f, map, r);
    return f->c->errors > errors ? -1 : 0;
}
