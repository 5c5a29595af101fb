/* rules/override.c - overrides are checked when they are read and applied when a change
 * is judged, so their order means nothing.  One thread at a time. */
#include "rules/override.h"
#include "base/yaml.h"
#include "rules/settle.h"

#include <stdlib.h>
#include <string.h>

int override_apply(struct fields *f, const struct rule_override *o, struct rule *r)
{
    int rc = 0;
    f->doc = o->from->doc;
    for (size_t i = 0; i < o->set->n; i++)
        if (fields_read_path(f, &o->set->key[i], &o->set->item[i], &schema_rule, r) < 0)
            rc = -1;
    return rc;
}

/* --- one by one --- */

static const struct rule *find_rule(const struct override_case *oc, const char *id)
{
    size_t lo = 0, hi = oc->n_rules;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int d = strcmp(oc->rule[mid].id, id);
        if (d == 0)
            return &oc->rule[mid];
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return NULL;
}

static void unknown_rule(struct override_case *oc, const struct rule_override *o)
{
    enum { NEAREST_OF_MAX = 2000 };
    const char *near = NULL;
    const char **names = calloc(oc->n_rules + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < oc->n_rules; i++)
        names[i] = oc->rule[i].id;
    if (names != NULL && oc->n_rules <= NEAREST_OF_MAX)
        near = nearest_name(o->rule, names);
    free(names);
    fields_complain(oc->f, fields_place(o->at, "rule"), RULES_E_OVERRIDE_RULE,
                    near != NULL ? "there is no rule '%s', did you mean '%s'?"
                                 : "there is no rule '%s' to override%s",
                    o->rule, near != NULL ? near : "");
}

/* The first thing that is wrong with the rule as it would be. */
static void check_result(struct override_case *oc, const struct rule_override *o,
                         struct rule *r)
{
    struct complaints c = {0};
    struct fields inner = {.doc = r->from->doc, .c = &c, .keep = oc->f->keep};
    rule_settle(&inner, r->map, r);
    for (size_t i = 0; i < c.n; i++)
        if (!c.at[i].warning) {
            fields_complain(oc->f, fields_place(o->at, "set"), RULES_E_OVERRIDE_WRONG,
                            "this makes rule '%s' (%s:%u) wrong: %s", r->id, r->file,
                            r->line, c.at[i].text);
            break;
        }
    complaints_free(&c);
}

/* Fields that do not go with the rule's subject would be read, but do nothing. */
static void check_subjects(struct override_case *oc, const struct rule_override *o,
                           const struct rule *r)
{
    for (size_t i = 0; i < o->set->n; i++) {
        size_t offset;
        const struct schema_field *field =
            schema_path(&schema_rule, o->set->key[i].text, &offset);
        if (field == NULL || field->only == 0 || (field->only & 1u << r->subject) != 0)
            continue;
        OWNED_BUF words = {0};
        schema_subjects(field->only, &words);
        fields_complain(oc->f, &o->set->key[i], RULES_E_MISFIT,
                        "'%s' goes with %s only, and rule '%s' is about %s",
                        o->set->key[i].text, buf_text(&words), r->id,
                        subject_name(r->subject));
    }
}

static void check_one(struct override_case *oc, const struct rule_override *o)
{
    size_t errors = oc->f->c->errors;
    oc->f->doc = o->from->doc;
    const struct rule *base = find_rule(oc, o->rule);
    if (base == NULL) {
        unknown_rule(oc, o);
        return;
    }
    if (o->set->kind != YAML_MAP || o->set->n == 0) {
        fields_complain(oc->f, o->set, RULES_E_SHAPE,
                        "'set' must be a map from paths of fields, such as "
                        "must-handle.effect, to their values");
        return;
    }
    struct rule r = *base;
    override_apply(oc->f, o, &r);
    check_subjects(oc, o, &r);
    if (oc->f->c->errors == errors)
        check_result(oc, o, &r);
}

/* --- two by two --- */

static bool lists_meet(const struct matches *a, const struct matches *b)
{
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (match_may_meet(&a->at[i], &b->at[k]))
                return true;
    return a->n == 0 || b->n == 0;
}

static bool scopes_meet(const struct scope *a, const struct scope *b)
{
    if (a->kinds != 0 && b->kinds != 0 && (a->kinds & b->kinds) == 0)
        return false;
    if (!lists_meet(&a->service, &b->service))
        return false;
    for (size_t i = 0; i < a->labels.n; i++)
        for (size_t k = 0; k < b->labels.n; k++)
            if (strcmp(a->labels.at[i].key, b->labels.at[k].key) == 0 &&
                !lists_meet(&a->labels.at[i].value, &b->labels.at[k].value))
                return false;
    return true;
}

/* True when one path is the other, or a map that holds it. */
static bool paths_meet(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > m) {
        const char *t = a;
        a = b;
        b = t;
        n = m;
    }
    return strncmp(a, b, n) == 0 && (b[n] == '\0' || b[n] == '.');
}

static void check_pair(struct override_case *oc, const struct rule_override *a,
                       const struct rule_override *b)
{
    if (!scopes_meet(&a->scope, &b->scope))
        return;
    oc->f->doc = b->from->doc;
    for (size_t i = 0; i < b->set->n; i++)
        for (size_t k = 0; k < a->set->n; k++)
            if (paths_meet(a->set->key[k].text, b->set->key[i].text))
                fields_complain(oc->f, &b->set->key[i], RULES_E_OVERRIDE_TWICE,
                                "'%s' of rule '%s' is overridden already in %s:%u:%u "
                                "for services that may be the same, expected one "
                                "override for each",
                                b->set->key[i].text, b->rule, a->from->path,
                                a->set->key[k].line, a->set->key[k].column);
}

static int by_rule(const void *x, const void *y)
{
    const struct rule_override *a = *(const struct rule_override *const *)x;
    const struct rule_override *b = *(const struct rule_override *const *)y;
    int d = strcmp(a->rule, b->rule);
    return d != 0 ? d : a < b ? -1 : a > b;
}

void overrides_check(struct override_case *oc)
{
    const struct rule_override **by = calloc(oc->n + 1, sizeof *by);
    size_t n = 0;
    if (by == NULL) {
        oc->f->keep->failed = true;
        return;
    }
    for (size_t i = 0; i < oc->n; i++) {
        check_one(oc, &oc->override[i]);
        if (oc->override[i].set->kind == YAML_MAP)
            by[n++] = &oc->override[i];
    }
    if (n > 1)
        qsort(by, n, sizeof *by, by_rule);
    for (size_t i = 0; i < n; i++)
        for (size_t k = i + 1; k < n && strcmp(by[i]->rule, by[k]->rule) == 0; k++)
            check_pair(oc, by[i], by[k]);
    free(by);
}
