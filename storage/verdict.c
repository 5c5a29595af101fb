/* storage/verdict.c - verdicts in memory and as JSON.
 *
 * What stands in the JSON, under which name and in which order, is in the member tables
 * below, and both directions are made from them: what is written can be read back.  The
 * order is the outside contract's.  No state, any thread. */
#include "storage/verdict.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define X(id, name, exit_code, words) [GRADE_##id] = {name, words},
static const struct {
    const char *name, *words;
} grade_info[GRADE_N] = {GRADES(X)};
#undef X

#define X(id, name, words) [UNJUDGED_##id] = {name, words},
static const struct {
    const char *name, *words;
} unjudged_info[UNJUDGED_N] = {UNJUDGED(X)};
#undef X

static const char *const kind_names[FINDING_KIND_N] = {
    [FINDING_LEVEL] = "level",     [FINDING_LIMIT] = "limit",
    [FINDING_SHARE] = "share",     [FINDING_COUNT] = "count",
    [FINDING_TRAFFIC] = "traffic", [FINDING_SILENT] = "silent",
    [FINDING_CORE] = "core",       [FINDING_ALARM] = "alarm",
    [FINDING_SPIKE] = "spike",     [FINDING_TEST] = "test"};

enum { COUNT_DIGITS = 15 };

const char *grade_name(enum grade g)
{
    assert((unsigned)g < GRADE_N);
    return grade_info[g].name;
}

const char *grade_words(enum grade g)
{
    assert((unsigned)g < GRADE_N);
    return grade_info[g].words;
}

enum grade grade_of(const char *name)
{
    int g = 0;
    while (g < GRADE_N && strcmp(grade_info[g].name, name) != 0)
        g++;
    return (enum grade)g;
}

const char *finding_kind_name(enum finding_kind k)
{
    assert((unsigned)k < FINDING_KIND_N);
    return kind_names[k];
}

const char *unjudged_name(enum unjudged u)
{
    assert((unsigned)u < UNJUDGED_N);
    return unjudged_info[u].name;
}

const char *unjudged_words(enum unjudged u)
{
    assert((unsigned)u < UNJUDGED_N);
    return unjudged_info[u].words;
}

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a verdict");
}

/* --- one member, both directions --- */

struct how {
    void (*write)(struct jsonw *w, const char *name, const void *field);
    int (*read)(const struct json_at *v, void *field, struct err *err);
};

static void write_text(struct jsonw *w, const char *name, const void *field)
{
    const char *text = *(char *const *)field;
    if (text != NULL)
        jsonw_text(w, name, text);
}

static void write_text_or_null(struct jsonw *w, const char *name, const void *field)
{
    jsonw_text(w, name, *(char *const *)field);
}

static int read_text(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    char *copy = strdup(text);
    if (copy == NULL)
        return no_memory(err);
    free(*(char **)field);
    *(char **)field = copy;
    return 0;
}

static void write_number(struct jsonw *w, const char *name, const void *field)
{
    double x = *(const double *)field;
    if (isfinite(x))
        jsonw_num(w, name, x);
}

static void write_count(struct jsonw *w, const char *name, const void *field)
{
    double x = *(const double *)field;
    if (isfinite(x))
        jsonw_num_digits(w, name, x, COUNT_DIGITS);
}

static int read_number(const struct json_at *v, void *field, struct err *err)
{
    return json_number(v, field, err);
}

static int read_whole(const struct json_at *v, int64_t most, int64_t *ret_whole,
                      struct err *err)
{
    int64_t whole;
    if (json_whole(v, &whole, err) < 0)
        return -1;
    if (whole < 0 || whole > most)
        return json_complain(v, err, "is %lld, expected 0 to %lld", (long long)whole,
                             (long long)most);
    *ret_whole = whole;
    return 0;
}

static void write_int(struct jsonw *w, const char *name, const void *field)
{
    jsonw_int(w, name, *(const int *)field);
}

static int read_int(const struct json_at *v, void *field, struct err *err)
{
    int64_t whole = 0;
    if (read_whole(v, INT_MAX, &whole, err) < 0)
        return -1;
    *(int *)field = (int)whole;
    return 0;
}

static void write_size(struct jsonw *w, const char *name, const void *field)
{
    jsonw_int(w, name, (int64_t) * (const size_t *)field);
}

static int read_size(const struct json_at *v, void *field, struct err *err)
{
    int64_t whole = 0;
    if (read_whole(v, INT64_MAX, &whole, err) < 0)
        return -1;
    *(size_t *)field = (size_t)whole;
    return 0;
}

static void write_bool(struct jsonw *w, const char *name, const void *field)
{
    jsonw_bool(w, name, *(const bool *)field);
}

static int read_bool(const struct json_at *v, void *field, struct err *err)
{
    return json_bool(v, field, err);
}

static void write_instant(struct jsonw *w, const char *name, const void *field)
{
    jsonw_instant(w, name, *(const instant *)field);
}

static int read_instant(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    struct err why = {0};
    if (json_text(v, &text, err) < 0)
        return -1;
    if (instant_parse(text, field, &why) < 0)
        return json_complain(v, err, "%s", why.text);
    return 0;
}

static void write_span(struct jsonw *w, const char *name, const void *field)
{
    jsonw_num_digits(w, name, (double)((const span *)field)->ms / 1000, COUNT_DIGITS);
}

static int read_span(const struct json_at *v, void *field, struct err *err)
{
    double s;
    if (json_number(v, &s, err) < 0)
        return -1;
    if (!(fabs(s) < 1e10))
        return json_complain(v, err, "is not a length of time in seconds");
    ((span *)field)->ms = llround(s * 1000);
    return 0;
}

static void write_grade(struct jsonw *w, const char *name, const void *field)
{
    jsonw_text(w, name, grade_name(*(const enum grade *)field));
}

static int read_grade(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    enum grade g = grade_of(text);
    if (g == GRADE_N)
        return json_complain(v, err, "there is no grade '%s'", text);
    *(enum grade *)field = g;
    return 0;
}

static void write_kind(struct jsonw *w, const char *name, const void *field)
{
    jsonw_text(w, name, finding_kind_name(*(const enum finding_kind *)field));
}

static int read_kind(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    for (int k = 0; k < FINDING_KIND_N; k++)
        if (strcmp(kind_names[k], text) == 0) {
            *(enum finding_kind *)field = (enum finding_kind)k;
            return 0;
        }
    return json_complain(v, err, "there is no kind of finding '%s'", text);
}

/* TEXT is left out when there is none, TEXT_OR_NULL always stands there. */
static const struct how TEXT = {write_text, read_text},
                        TEXT_OR_NULL = {write_text_or_null, read_text},
                        NUMBER = {write_number, read_number},
                        COUNT = {write_count, read_number}, INT = {write_int, read_int},
                        SIZE = {write_size, read_size}, BOOL = {write_bool, read_bool},
                        INSTANT = {write_instant, read_instant},
                        SECONDS = {write_span, read_span},
                        GRADE = {write_grade, read_grade},
                        KIND = {write_kind, read_kind};

/* --- the members, in the order they stand in --- */

struct member {
    const char *name;
    const struct how *how;
    size_t offset;
};

#define IN(field) offsetof(struct verdict, field)
static const struct member verdict_head[] = {
    {"change_id", &TEXT_OR_NULL, IN(change_id)},
    {"grade", &GRADE, IN(grade)},
    {"revision", &INT, IN(revision)},
    {"final", &BOOL, IN(final)},
    {"decided_at", &INSTANT, IN(decided_at)},
    {NULL, NULL, 0}};
static const struct member verdict_tail[] = {{"reason", &TEXT, IN(reason)},
                                             {"look_s", &SECONDS, IN(look)},
                                             {"looks_done", &INT, IN(looks_done)},
                                             {"looks_all", &INT, IN(looks_all)},
                                             {"pack", &TEXT, IN(pack)},
                                             {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct coverage, field)
static const struct member coverage_members[] = {
    {"series_judged", &INT, IN(series_judged)},
    {"series_not_judged", &INT, IN(series_not_judged)},
    {"rules_total", &INT, IN(rules)},
    {"rules_judged", &INT, IN(rules_judged)},
    {"hosts_total", &INT, IN(hosts)},
    {"hosts_judged", &INT, IN(hosts_judged)},
    {"controls", &INT, IN(controls)},
    {"controls_note", &TEXT, IN(controls_note)},
    {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct finding, field)
static const struct member finding_members[] = {
    {"rule", &TEXT_OR_NULL, IN(rule)},
    {"grade", &GRADE, IN(grade)},
    {"host", &TEXT, IN(host)},
    {"service", &TEXT_OR_NULL, IN(service)},
    {"metric", &TEXT_OR_NULL, IN(metric)},
    {"before", &NUMBER, IN(before)},
    {"after", &NUMBER, IN(after)},
    {"delta", &NUMBER, IN(delta)},
    {"confidence", &NUMBER, IN(confidence)},
    {"first_seen_at", &INSTANT, IN(first_seen)},
    {"because", &TEXT_OR_NULL, IN(because)},
    {"kind", &KIND, IN(kind)},
    {"title", &TEXT, IN(title)},
    {"unit", &TEXT, IN(unit)},
    {"code", &TEXT, IN(code)},
    {"control_before", &NUMBER, IN(control_before)},
    {"control_after", &NUMBER, IN(control_after)},
    {"usual", &NUMBER, IN(usual)},
    {"effect", &NUMBER, IN(effect)},
    {"z", &NUMBER, IN(z)},
    {"p", &NUMBER, IN(p)},
    {"recovered", &BOOL, IN(recovered)},
    {"moments", &INT, IN(moments)},
    {"moments_like", &INT, IN(moments_like)},
    {"limit", &TEXT, IN(limit)},
    {"advice", &TEXT, IN(advice)},
    {"runbook", &TEXT, IN(runbook)},
    {"owner", &TEXT, IN(owner)},
    {"like", &SIZE, IN(n_like)},
    {"weight", &NUMBER, IN(weight)},
    {NULL, NULL, 0}};
static const struct member count_members[] = {{"before", &COUNT, IN(events_before)},
                                              {"after", &COUNT, IN(events_after)},
                                              {"of_before", &COUNT, IN(of_before)},
                                              {"of_after", &COUNT, IN(of_after)},
                                              {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct finding_host, field)
static const struct member host_name[] = {{"name", &TEXT_OR_NULL, IN(name)},
                                          {NULL, NULL, 0}};
static const struct member host_numbers[] = {
    {"before", &NUMBER, IN(before)}, {"after", &NUMBER, IN(after)}, {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct nearby, field)
static const struct member nearby_members[] = {
    {"change_id", &TEXT_OR_NULL, IN(change_id)},
    {"title", &TEXT, IN(title)},
    {"at", &INSTANT, IN(at)},
    {"because", &TEXT, IN(because)},
    {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct curve, field)
static const struct member curve_members[] = {
    {"from", &INSTANT, IN(from)}, {"step_s", &SECONDS, IN(step)}, {NULL, NULL, 0}};
static const struct {
    const char *name;
    size_t offset; /* of a double * with `n` numbers */
} curve_lines[] = {
    {"value", IN(value)}, {"control", IN(control)}, {"usual", IN(usual)}};
#undef IN
enum { N_CURVE_LINES = sizeof curve_lines / sizeof *curve_lines };

static void members_write(const struct member *m, const void *of, struct jsonw *w)
{
    for (; m->name != NULL; m++)
        m->how->write(w, m->name, (const char *)of + m->offset);
}

static int members_read(const struct member *m, const struct json_at *obj, void *into,
                        struct err *err)
{
    if (json_kind(obj) != JSON_KIND_OBJECT)
        return json_complain(obj, err, "expected an object");
    for (struct json_at v; m->name != NULL; m++)
        if (json_member(obj, m->name, &v) &&
            m->how->read(&v, (char *)into + m->offset, err) < 0)
            return -1;
    return 0;
}

static double *line_of(const struct curve *c, size_t i)
{
    return *(double *const *)(const void *)((const char *)c + curve_lines[i].offset);
}

static double **line_at(struct curve *c, size_t i)
{
    return (double **)(void *)((char *)c + curve_lines[i].offset);
}

/* --- life --- */

struct verdict *verdict_new(const char *change_id)
{
    struct verdict *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->change_id = strdup(change_id);
    v->decided_at = INSTANT_NONE;
    v->grade = GRADE_NOT_JUDGED; /* until somebody judges */
    if (v->change_id == NULL)
        verdict_free(&v);
    return v;
}

static void finding_blank(struct finding *f)
{
    *f = (struct finding){.first_seen = INSTANT_NONE, .curve.from = INSTANT_NONE};
    for (const struct member *m = finding_members; m->name != NULL; m++)
        if (m->how == &NUMBER)
            *(double *)(void *)((char *)f + m->offset) = NAN;
    for (const struct member *m = count_members; m->name != NULL; m++)
        *(double *)(void *)((char *)f + m->offset) = NAN;
}

struct finding *verdict_add(struct verdict *v)
{
    /* grows at the powers of two: the room is as many as fit below the next one */
    if ((v->n_findings & (v->n_findings - 1)) == 0) {
        size_t room = v->n_findings == 0 ? 1 : v->n_findings * 2;
        struct finding *more = reallocarray(v->findings, room, sizeof *more);
        if (more == NULL)
            return NULL;
        v->findings = more;
    }
    struct finding *f = &v->findings[v->n_findings++];
    finding_blank(f);
    f->weight = 0;
    return f;
}

static void members_clear(const struct member *m, void *of)
{
    for (; m->name != NULL; m++)
        if (m->how->read == read_text) {
            char **text = (char **)(void *)((char *)of + m->offset);
            free(*text);
            *text = NULL;
        }
}

void finding_clear(struct finding *f)
{
    members_clear(finding_members, f);
    for (size_t i = 0; i < f->n_hosts; i++)
        members_clear(host_name, &f->hosts[i]);
    free(f->hosts);
    for (size_t i = 0; i < N_CURVE_LINES; i++)
        free(line_of(&f->curve, i));
    finding_blank(f);
}

void verdict_free(struct verdict **v)
{
    if (*v == NULL)
        return;
    for (size_t i = 0; i < (*v)->n_findings; i++)
        finding_clear(&(*v)->findings[i]);
    free((*v)->findings);
    for (size_t i = 0; i < (*v)->n_nearby; i++)
        members_clear(nearby_members, &(*v)->nearby[i]);
    free((*v)->nearby);
    members_clear(coverage_members, &(*v)->coverage);
    members_clear(verdict_head, *v);
    members_clear(verdict_tail, *v);
    free(*v);
    *v = NULL;
}

/* --- writing --- */

/* None of none is no coverage: what has no hosts was not judged on its hosts. */
static double share(int part, int whole)
{
    return whole > 0 ? (double)part / whole : 0;
}

static void coverage_write(const struct coverage *c, struct jsonw *w)
{
    jsonw_open(w, "coverage");
    jsonw_num(w, "rules", share(c->rules_judged, c->rules));
    jsonw_num(w, "hosts", share(c->hosts_judged, c->hosts));
    members_write(coverage_members, c, w);
    jsonw_list(w, "not_judged");
    for (int u = 0; u < UNJUDGED_N; u++) {
        if (c->unjudged[u] <= 0)
            continue;
        jsonw_open(w, NULL);
        jsonw_text(w, "reason", unjudged_info[u].name);
        jsonw_text(w, "words", unjudged_info[u].words);
        jsonw_int(w, "count", c->unjudged[u]);
        jsonw_close(w);
    }
    jsonw_end(w);
    jsonw_close(w);
}

static bool has_counts(const struct finding *f)
{
    return isfinite(f->events_before) || isfinite(f->events_after) ||
           isfinite(f->of_before) || isfinite(f->of_after);
}

static void hosts_write(const struct finding *f, bool with_numbers, struct jsonw *w)
{
    jsonw_list(w, "hosts");
    for (size_t i = 0; i < f->n_hosts; i++) {
        jsonw_open(w, NULL);
        members_write(host_name, &f->hosts[i], w);
        if (with_numbers)
            members_write(host_numbers, &f->hosts[i], w);
        jsonw_close(w);
    }
    jsonw_end(w);
}

static void curve_write(const struct curve *c, struct jsonw *w)
{
    jsonw_open(w, "curve");
    members_write(curve_members, c, w);
    for (size_t i = 0; i < N_CURVE_LINES; i++) {
        const double *line = line_of(c, i);
        if (line == NULL)
            continue;
        jsonw_list(w, curve_lines[i].name);
        for (size_t k = 0; k < c->n; k++)
            jsonw_num(w, NULL, line[k]); /* NaN is null: nothing was there */
        jsonw_end(w);
    }
    jsonw_close(w);
}

static void finding_write(const struct finding *f, bool with_curves, struct jsonw *w)
{
    jsonw_open(w, NULL);
    members_write(finding_members, f, w);
    if (has_counts(f)) {
        jsonw_open(w, "counts");
        members_write(count_members, f, w);
        jsonw_close(w);
    }
    if (f->n_hosts > 0)
        hosts_write(f, with_curves, w);
    if (with_curves && f->curve.n > 0)
        curve_write(&f->curve, w);
    jsonw_close(w);
}

void verdict_write_into(const struct verdict *v, const char *key, bool with_curves,
                        struct jsonw *w)
{
    jsonw_open(w, key);
    members_write(verdict_head, v, w);
    coverage_write(&v->coverage, w);
    jsonw_list(w, "findings");
    for (size_t i = 0; i < v->n_findings; i++)
        finding_write(&v->findings[i], with_curves, w);
    jsonw_end(w);
    members_write(verdict_tail, v, w);
    jsonw_list(w, "nearby");
    for (size_t i = 0; i < v->n_nearby; i++) {
        jsonw_open(w, NULL);
        members_write(nearby_members, &v->nearby[i], w);
        jsonw_close(w);
    }
    jsonw_end(w);
    jsonw_close(w);
}

void verdict_write(const struct verdict *v, bool with_curves, struct buf *to)
{
    struct jsonw w = {.to = to};
    verdict_write_into(v, NULL, with_curves, &w);
}

/* --- reading --- */

/* Member `key` as a list; an absent one has no items. */
static int list_of(const struct json_at *obj, const char *key, struct json_at *ret_list,
                   size_t *ret_n, struct err *err)
{
    *ret_n = 0;
    if (!json_member(obj, key, ret_list))
        return 0;
    if (json_kind(ret_list) != JSON_KIND_LIST)
        return json_complain(ret_list, err, "expected a list");
    *ret_n = json_count(ret_list);
    return 0;
}

static int unjudged_read(const struct json_at *item, struct coverage *c,
                         struct err *err)
{
    struct json_at reason, count;
    const char *name;
    json_member(item, "reason", &reason);
    json_member(item, "count", &count);
    if (json_text(&reason, &name, err) < 0)
        return -1;
    for (int u = 0; u < UNJUDGED_N; u++)
        if (strcmp(unjudged_info[u].name, name) == 0)
            return read_int(&count, &c->unjudged[u], err);
    return json_complain(&reason, err, "there is no reason '%s'", name);
}

static int coverage_read(const struct json_at *root, struct coverage *c,
                         struct err *err)
{
    struct json_at m, list;
    size_t n;
    if (!json_member(root, "coverage", &m))
        return 0;
    if (members_read(coverage_members, &m, c, err) < 0 ||
        list_of(&m, "not_judged", &list, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct json_at item = json_item(&list, i);
        if (unjudged_read(&item, c, err) < 0)
            return -1;
    }
    return 0;
}

static int hosts_read(const struct json_at *obj, struct finding *f, struct err *err)
{
    struct json_at list;
    size_t n;
    if (list_of(obj, "hosts", &list, &n, err) < 0)
        return -1;
    f->hosts = n > 0 ? calloc(n, sizeof *f->hosts) : NULL;
    if (n > 0 && f->hosts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        struct json_at item = json_item(&list, i);
        struct finding_host *h = &f->hosts[f->n_hosts++];
        h->before = h->after = NAN;
        if (members_read(host_name, &item, h, err) < 0 ||
            members_read(host_numbers, &item, h, err) < 0)
            return -1;
    }
    return 0;
}

static int line_read(const struct json_at *obj, size_t which, struct curve *c,
                     struct err *err)
{
    struct json_at list;
    size_t n;
    if (list_of(obj, curve_lines[which].name, &list, &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    if (n > CURVE_POINTS_MAX || (c->n > 0 && n != c->n))
        return json_complain(&list, err,
                             "has %zu points, expected as many as the "
                             "other lines and at most %d",
                             n, CURVE_POINTS_MAX);
    c->n = n;
    double *line = *line_at(c, which) = calloc(n, sizeof *line);
    if (line == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        struct json_at item = json_item(&list, i);
        line[i] = NAN;
        if (json_kind(&item) != JSON_KIND_NULL && json_number(&item, &line[i], err) < 0)
            return -1;
    }
    return 0;
}

static int curve_read(const struct json_at *obj, struct curve *c, struct err *err)
{
    if (members_read(curve_members, obj, c, err) < 0)
        return -1;
    for (size_t i = 0; i < N_CURVE_LINES; i++)
        if (line_read(obj, i, c, err) < 0)
            return -1;
    return 0;
}

static int finding_read(const struct json_at *obj, struct verdict *v, struct err *err)
{
    struct json_at m;
    struct finding *f = verdict_add(v);
    if (f == NULL)
        return no_memory(err);
    f->weight = NAN;
    if (members_read(finding_members, obj, f, err) < 0 || hosts_read(obj, f, err) < 0)
        return -1;
    if (json_member(obj, "counts", &m) && members_read(count_members, &m, f, err) < 0)
        return -1;
    return json_member(obj, "curve", &m) ? curve_read(&m, &f->curve, err) : 0;
}

static int findings_read(const struct json_at *root, struct verdict *v, struct err *err)
{
    struct json_at list;
    size_t n;
    if (list_of(root, "findings", &list, &n, err) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct json_at item = json_item(&list, i);
        if (finding_read(&item, v, err) < 0)
            return -1;
    }
    return 0;
}

static int nearby_read(const struct json_at *root, struct verdict *v, struct err *err)
{
    struct json_at list;
    size_t n;
    if (list_of(root, "nearby", &list, &n, err) < 0)
        return -1;
    v->nearby = n > 0 ? calloc(n, sizeof *v->nearby) : NULL;
    if (n > 0 && v->nearby == NULL)
        return no_memory(err);
    for (size_t i = 0; i < n; i++) {
        struct json_at item = json_item(&list, i);
        struct nearby *nb = &v->nearby[v->n_nearby++];
        nb->at = INSTANT_NONE;
        if (members_read(nearby_members, &item, nb, err) < 0)
            return -1;
    }
    return 0;
}

int verdict_read(const char *json, size_t n, struct verdict **ret_verdict,
                 struct err *err)
{
    OWNED_JSON *doc = json_parse(json, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), m;
    OWNED_VERDICT *v = verdict_new("");
    if (v == NULL)
        return no_memory(err);
    if (members_read(verdict_head, &root, v, err) < 0 ||
        coverage_read(&root, &v->coverage, err) < 0 ||
        findings_read(&root, v, err) < 0 ||
        members_read(verdict_tail, &root, v, err) < 0 || nearby_read(&root, v, err) < 0)
        return -1;
    if (!json_member(&root, "change_id", &m) || !json_member(&root, "grade", &m))
        return json_complain(&m, err, "is missing, no verdict is without it");
    *ret_verdict = v;
    v = NULL;
    return 0;
}

/* --- comparing --- */

static void write_what_it_says(const struct verdict *v, struct buf *to)
{
    struct verdict says = *v; /* borrows all that v holds */
    says.revision = 0;
    says.final = false;
    says.decided_at = INSTANT_NONE;
    says.look = (span){0};
    says.looks_done = says.looks_all = 0;
    verdict_write(&says, false, to);
}

bool verdict_same(const struct verdict *a, const struct verdict *b)
{
    OWNED_BUF x = {0}, y = {0};
    write_what_it_says(a, &x);
    write_what_it_says(b, &y);
    return buf_done(&x) == 0 && buf_done(&y) == 0 && x.len == y.len &&
           memcmp(buf_text(&x), buf_text(&y), x.len) == 0;
}
