/* rules/ruleset_ask.c - which rule speaks for what.  Only reads; any thread. */
#include "base/names.h"
#include "rules/ruleset.h"
#include "rules/schema.h"

#include <string.h>

/* --- scope --- */

static const char *label_of(const struct change *c, const char *key)
{
    for (size_t i = 0; i < c->n_labels; i++)
        if (strcmp(c->label[i].key, key) == 0)
            return c->label[i].value;
    return NULL;
}

bool scope_applies(const struct scope *s, const struct change *c)
{
    if (s->kinds != 0 && (s->kinds & 1u << c->kind) == 0)
        return false;
    if (!matches_allow(&s->service, c->service))
        return false;
    for (size_t i = 0; i < s->labels.n; i++) {
        const char *value = label_of(c, s->labels.at[i].key);
        if (value == NULL || !matches_allow(&s->labels.at[i].value, value))
            return false;
    }
    return true;
}

bool rule_applies(const struct rule *r, const struct change *c)
{
    return scope_applies(&r->on, c);
}

/* Probes tell their tags apart themselves. */
static bool has_tags(const struct rule *r)
{
    return r->subject == SUBJECT_SERIES || r->subject == SUBJECT_RELIEF;
}

int rule_fit(const struct rule *r, const char *name)
{
    return has_tags(r) ? matches_fit_tagged(&r->pattern, name)
                       : matches_fit(&r->pattern, name);
}

bool rule_catches_all(const struct rule *r, const char *name)
{
    return rule_fit(r, name) == 1;
}

/* --- exceptions --- */

/* A matcher that is not there fits; one that is, fits no name that is not known. */
static bool fits(const struct matches *m, const char *name)
{
    return m->n == 0 || (name != NULL && matches_allow(m, name));
}

bool rule_excepts(const struct rule *r, const struct change *c,
                  const struct excepted *what)
{
    for (size_t i = 0; i < r->except.n; i++) {
        const struct exception *e = &r->except.at[i];
        if (c->start.ms < e->until.ms && fits(&e->metric, what->metric) &&
            fits(&e->host, what->host) && fits(&e->caller, what->caller) &&
            fits(&e->callee, what->callee) && fits(&e->code, what->code) &&
            fits(&e->name, what->name))
            return true;
    }
    return false;
}

/* An edge's name, "caller->callee:iface", taken apart. */
struct edge_names {
    char caller[NAME_BYTES_MAX + 1], callee[NAME_BYTES_MAX + 1];
};

static void cut_edge(const char *edge, struct edge_names *to)
{
    const char *arrow = strstr(edge, "->");
    const char *callee = arrow != NULL ? arrow + 2 : edge;
    size_t n = arrow != NULL ? (size_t)(arrow - edge) : 0;
    const char *colon = strrchr(callee, ':');
    size_t m = colon != NULL ? (size_t)(colon - callee) : strlen(callee);
    n = n < NAME_BYTES_MAX ? n : NAME_BYTES_MAX;
    m = m < NAME_BYTES_MAX ? m : NAME_BYTES_MAX;
    memcpy(to->caller, edge, n);
    to->caller[n] = '\0';
    memcpy(to->callee, callee, m);
    to->callee[m] = '\0';
}

static const struct rule *unless(const struct rule *r, const struct change *c,
                                 const struct excepted *what)
{
    return r != NULL && r->except.n > 0 && rule_excepts(r, c, what) ? NULL : r;
}

/* --- series --- */

/* What a rule says of figures: three layers. */
enum says { SAYS_LEVEL, SAYS_LIMIT, SAYS_PROBE };

static bool rule_says(const struct rule *r, enum says what)
{
    const struct bar *look = &r->attention, *must = &r->must_handle;
    if (what == SAYS_PROBE || r->subject == SUBJECT_PROBES)
        return what == SAYS_PROBE && r->subject == SUBJECT_PROBES;
    if (what == SAYS_LIMIT)
        return r->limit.set || look->when.text != NULL || must->when.text != NULL;
    return (look->set && look->when.text == NULL) ||
           (must->set && must->when.text == NULL);
}

struct asking {
    const struct ruleset *rs;
    const struct change *c;
    const char *metric, *host;
    enum says what;
    const struct rule *best;
    int best_fit;
};

static void try_rule(const struct index_entry *e, void *arg)
{
    struct asking *a = arg;
    const struct rule *r = &a->rs->rule[e->rule];
    if (!rule_says(r, a->what))
        return;
    int fit = has_tags(r) ? match_fit_tagged(e->match, a->metric)
                          : match_fit(e->match, a->metric);
    bool better = fit > a->best_fit || (fit == a->best_fit && fit > 0 && r < a->best);
    if (!better)
        return;
    if (r->on.host.n > 0 && (a->host == NULL || !matches_allow(&r->on.host, a->host)))
        return;
    if (a->rs->base == NULL && !rule_applies(r, a->c))
        return;
    a->best = r;
    a->best_fit = fit;
}

static struct asking ask(const struct ruleset *rs, const struct change *c,
                         const char *metric, const char *host, enum says what)
{
    struct asking a = {rs, c, metric, host, what, NULL, 0};
    index_ask(&rs->index, metric, try_rule, &a);
    return a;
}

const struct rule *ruleset_for_series(const struct ruleset *rs, const struct change *c,
                                      const char *metric, const char *host)
{
    struct asking level = ask(rs, c, metric, host, SAYS_LEVEL);
    struct asking probe = ask(rs, c, metric, host, SAYS_PROBE);
    if (probe.best != NULL && probe.best_fit >= level.best_fit)
        return NULL;
    return unless(level.best, c, &(struct excepted){.metric = metric, .host = host});
}

bool ruleset_excepts_series(const struct ruleset *rs, const struct change *c,
                            const char *metric, const char *host)
{
    const struct excepted what = {.metric = metric, .host = host};
    for (int says = SAYS_LEVEL; says <= SAYS_PROBE; says++) {
        struct asking a = ask(rs, c, metric, host, (enum says)says);
        if (a.best != NULL && a.best->except.n > 0 && rule_excepts(a.best, c, &what))
            return true;
    }
    return false;
}

const struct rule *ruleset_for_limit(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host)
{
    struct asking limit = ask(rs, c, metric, host, SAYS_LIMIT);
    return unless(limit.best, c, &(struct excepted){.metric = metric, .host = host});
}

const struct rule *ruleset_for_probe(const struct ruleset *rs, const struct change *c,
                                     const char *metric, const char *host)
{
    struct asking probe = ask(rs, c, metric, host, SAYS_PROBE);
    struct asking level = ask(rs, c, metric, host, SAYS_LEVEL);
    if (level.best != NULL && probe.best_fit < level.best_fit)
        return NULL;
    return unless(probe.best, c, &(struct excepted){.metric = metric, .host = host});
}

bool rule_passes(const struct rule *r, double value)
{
    const struct probing *p = &r->probing;
    for (size_t i = 0; i < p->n_pass; i++)
        if (value >= p->pass[i].from && value <= p->pass[i].to)
            return true;
    return false;
}

/* --- the other subjects --- */

const struct rule *ruleset_for_calls(const struct ruleset *rs, const struct change *c,
                                     enum measure m, const char *edge)
{
    const struct rule *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->subject != SUBJECT_CALLS || r->measure != m || !rule_applies(r, c))
            continue;
        int f = rule_fit(r, edge);
        if (f > best_fit) {
            best = r;
            best_fit = f;
        }
    }
    if (best == NULL || best->except.n == 0)
        return best;
    struct edge_names names;
    cut_edge(edge, &names);
    return unless(best, c,
                  &(struct excepted){.caller = names.caller, .callee = names.callee});
}

const struct rule *ruleset_for_cores(const struct ruleset *rs, const struct change *c)
{
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].subject == SUBJECT_CORES && rule_applies(&rs->rule[i], c))
            return &rs->rule[i];
    return NULL;
}

const struct rule *ruleset_for_silence(const struct ruleset *rs, const struct change *c,
                                       const char *host, bool *ret_excepted)
{
    *ret_excepted = false;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->subject != SUBJECT_SILENCE || !rule_applies(r, c) ||
            !fits(&r->on.host, host))
            continue;
        *ret_excepted = rule_excepts(r, c, &(struct excepted){.host = host});
        return r;
    }
    return NULL;
}

/* A severity as patterns are written: small letters. */
static bool fits_severity(const struct rule *r, const char *severity)
{
    char small[NAME_BYTES_MAX + 1];
    size_t n = 0;
    for (; severity != NULL && severity[n] != '\0' && n < NAME_BYTES_MAX; n++) {
        static const char large[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const char *at = strchr(large, severity[n]);
        small[n] = severity[n];
        if (at != NULL)
            small[n] = "abcdefghijklmnopqrstuvwxyz"[at - large];
    }
    small[n] = '\0';
    return matches_allow(&r->severity, small);
}

/* The best fit among the rules of one subject whose patterns are names. */
static const struct rule *best_named(const struct ruleset *rs, const struct change *c,
                                     enum subject s, const char *name,
                                     const char *severity)
{
    const struct rule *best = NULL;
    int best_fit = 0;
    for (size_t i = 0; i < rs->n; i++) {
        const struct rule *r = &rs->rule[i];
        if (r->subject != s || !rule_applies(r, c) || !fits_severity(r, severity))
            continue;
        int f = 2 * rule_fit(r, name);
        f += f > 0 && r->severity.n > 0;
        if (f > best_fit) {
            best = r;
            best_fit = f;
        }
    }
    return unless(best, c, &(struct excepted){.name = name});
}

const struct rule *ruleset_for_alarm(const struct ruleset *rs, const struct change *c,
                                     const char *name, const char *severity)
{
    return best_named(rs, c, SUBJECT_ALARMS, name, severity);
}

const struct rule *ruleset_for_test(const struct ruleset *rs, const struct change *c,
                                    const char *test)
{
    return best_named(rs, c, SUBJECT_TESTS, test, NULL);
}

bool ruleset_has_host_rules(const struct ruleset *rs)
{
    return rs->has_host_rules;
}

/* --- return codes --- */

static bool excepts_code(const struct rule *r, const char *caller, const char *callee,
                         const char *code)
{
    for (size_t i = 0; i < r->except.n; i++) {
        const struct exception *e = &r->except.at[i];
        if (e->code.n > 0 && fits(&e->code, code) && fits(&e->caller, caller) &&
            fits(&e->callee, callee))
            return true;
    }
    return false;
}

enum code_sense rule_code(const struct rule *r, const char *caller, const char *callee,
                          const char *code)
{
    const struct rule_codes *best = NULL;
    int best_fit = 0;
    if (r->ok_codes.n > 0 && matches_allow(&r->ok_codes, code))
        return CODE_IS_OK;
    if (r->except.n > 0 && excepts_code(r, caller, callee, code))
        return CODE_IS_OK;
    for (size_t i = 0; i < r->codes.n; i++) {
        int fit = match_fit(&r->codes.at[i].callee, callee);
        if (fit > best_fit) {
            best = &r->codes.at[i];
            best_fit = fit;
        }
    }
    if (best == NULL)
        return CODE_COUNTS;
    if (best->ignore.n > 0 && matches_allow(&best->ignore, code))
        return CODE_IS_IGNORED;
    return best->ok.n > 0 && matches_allow(&best->ok, code) ? CODE_IS_OK : CODE_COUNTS;
}

/* --- where things come from --- */

const struct windows_rule *ruleset_windows(const struct ruleset *rs,
                                           const struct change *c)
{
    if (rs->base != NULL || rs->windows_all.n == 0)
        return &rs->windows[c->kind];
    return windows_for(&rs->windows_all, c->kind, c->service);
}

size_t ruleset_windows_count(const struct ruleset *rs)
{
    return (1 + rs->windows_all.n) * CHANGE_KIND_N;
}

const struct windows_rule *ruleset_windows_at(const struct ruleset *rs, size_t i)
{
    size_t service = i / CHANGE_KIND_N, kind = i % CHANGE_KIND_N;
    return service == 0 ? &rs->windows[kind]
                        : &rs->windows_all.service[service - 1].windows[kind];
}

const struct rule *ruleset_find(const struct ruleset *rs, const char *id)
{
    for (size_t i = 0; i < rs->n; i++)
        if (strcmp(rs->rule[i].id, id) == 0)
            return &rs->rule[i];
    return NULL;
}

static struct rule_place place_at(enum rule_origin origin, const struct rule_file *file,
                                  const struct yaml_node *at)
{
    return (struct rule_place){origin, file->path, at->line, at->column, at, NULL};
}

/* The node of an override's `set` that sets the field: it, or a map it is in. */
static const struct yaml_node *set_by(const struct rule_override *o, const char *path)
{
    for (size_t i = 0; i < o->set->n; i++) {
        const char *key = o->set->key[i].text;
        size_t n = strlen(key);
        if (strcmp(key, path) == 0)
            return &o->set->item[i];
        if (strncmp(key, path, n) == 0 && path[n] == '.') {
            const struct yaml_node *at = fields_node(&o->set->item[i], path + n + 1);
            if (at != NULL)
                return at;
        }
    }
    return NULL;
}

struct rule_place rule_place(const struct rule *r, const char *path)
{
    size_t offset;
    for (size_t i = 0; i < r->n_overrides; i++) {
        const struct rule_override *o = r->overridden[i];
        const struct yaml_node *at = set_by(o, path);
        if (at != NULL) {
            struct rule_place p = place_at(ORIGIN_OVERRIDE, o->from, at);
            p.by = o;
            return p;
        }
    }
    const struct yaml_node *own = fields_node(r->map, path);
    if (own != NULL)
        return place_at(ORIGIN_RULE, r->from, own);
    const struct yaml_node *shared =
        r->from->defaults != NULL ? fields_node(r->from->defaults, path) : NULL;
    if (shared == NULL && strcmp(path, "owner") == 0)
        shared = fields_node(yaml_root(r->from->doc), path);
    if (shared != NULL)
        return place_at(ORIGIN_DEFAULTS, r->from, shared);
    const struct schema_field *f = schema_path(&schema_rule, path, &offset);
    return (struct rule_place){
        .origin = f != NULL && f->standard != NULL ? ORIGIN_LANGUAGE : ORIGIN_NOWHERE};
}
