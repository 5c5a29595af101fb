/* storage/verdict.c - verdicts in memory and as JSON.
 *
 * How a verdict is put together from its plain members (storage/verdict_members.c), in
 * memory, written and read back.  No state, any thread. */
#include "storage/verdict_part.h"

#include <assert.h>
#include <errno.h>
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
    [FINDING_SPIKE] = "spike",     [FINDING_TEST] = "test",
    [FINDING_PROBE] = "probe",     [FINDING_RELIEF] = "relief"};

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

/* --- life --- */

struct verdict *verdict_new(const char *change_id)
{
    struct verdict *v = calloc(1, sizeof *v);
    if (v == NULL)
        return NULL;
    v->change_id = strdup(change_id);
    v->decided_at = v->slow_due = INSTANT_NONE;
    v->grade = GRADE_NOT_JUDGED; /* until somebody judges */
    if (v->change_id == NULL)
        verdict_free(&v);
    return v;
}

static void finding_blank(struct finding *f)
{
    *f = (struct finding){.first_seen = INSTANT_NONE,
                          .curve.from = INSTANT_NONE,
                          .muted.until = INSTANT_NONE,
                          .with = FINDING_LEADS};
    verdict_members_blank(verdict_members_finding, f);
    verdict_members_blank(verdict_members_counts, f);
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

void finding_clear(struct finding *f)
{
    verdict_members_clear(verdict_members_finding, f);
    verdict_members_clear(verdict_members_muted, &f->muted);
    for (size_t i = 0; i < f->n_hosts; i++)
        verdict_members_clear(verdict_members_host, &f->hosts[i]);
    free(f->hosts);
    for (size_t i = 0; i < VERDICT_LINES_N; i++)
        free(verdict_line(&f->curve, i));
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
        verdict_members_clear(verdict_members_nearby, &(*v)->nearby[i]);
    free((*v)->nearby);
    verdict_members_clear(verdict_members_coverage, &(*v)->coverage);
    verdict_members_clear(verdict_members_head, *v);
    verdict_members_clear(verdict_members_tail, *v);
    free(*v);
    *v = NULL;
}

int coverage_rules(const struct coverage *c)
{
    return c->rules - c->unjudged[UNJUDGED_NO_SERIES];
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
    jsonw_num(w, "rules", share(c->rules_judged, coverage_rules(c)));
    jsonw_num(w, "hosts", share(c->hosts_judged, c->hosts));
    verdict_members_write(verdict_members_coverage, c, w);
    jsonw_list(w, "not_judged");
    for (int u = 0; u < UNJUDGED_N; u++) {
        if (c->unjudged[u] <= 0)
            continue;
        jsonw_open(w, NULL);
        jsonw_text(w, "reason", unjudged_name((enum unjudged)u));
        jsonw_text(w, "words", unjudged_words((enum unjudged)u));
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
        verdict_members_write(verdict_members_host, &f->hosts[i], w);
        if (with_numbers)
            verdict_members_write(verdict_members_host_numbers, &f->hosts[i], w);
        jsonw_close(w);
    }
    jsonw_end(w);
}

static void curve_write(const struct curve *c, struct jsonw *w)
{
    jsonw_open(w, "curve");
    verdict_members_write(verdict_members_curve, c, w);
    for (size_t i = 0; i < VERDICT_LINES_N; i++) {
        const double *line = verdict_line(c, i);
        if (line == NULL)
            continue;
        jsonw_list(w, verdict_lines[i].name);
        for (size_t k = 0; k < c->n; k++)
            jsonw_num(w, NULL, line[k]); /* NaN is null: nothing was there */
        jsonw_end(w);
    }
    jsonw_close(w);
}

static void finding_write(const struct finding *f, bool with_curves, struct jsonw *w)
{
    jsonw_open(w, NULL);
    verdict_members_write(verdict_members_finding, f, w);
    if (finding_is_muted(f)) {
        jsonw_open(w, "muted");
        verdict_members_write(verdict_members_muted, &f->muted, w);
        jsonw_close(w);
    }
    if (has_counts(f)) {
        jsonw_open(w, "counts");
        verdict_members_write(verdict_members_counts, f, w);
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
    verdict_members_write(verdict_members_head, v, w);
    coverage_write(&v->coverage, w);
    jsonw_list(w, "findings");
    for (size_t i = 0; i < v->n_findings; i++)
        finding_write(&v->findings[i], with_curves, w);
    jsonw_end(w);
    verdict_members_write(verdict_members_tail, v, w);
    jsonw_list(w, "nearby");
    for (size_t i = 0; i < v->n_nearby; i++) {
        jsonw_open(w, NULL);
        verdict_members_write(verdict_members_nearby, &v->nearby[i], w);
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
        if (strcmp(unjudged_name((enum unjudged)u), name) == 0)
            return verdict_read_int(&count, &c->unjudged[u], err);
    return json_complain(&reason, err, "there is no reason '%s'", name);
}

static int coverage_read(const struct json_at *root, struct coverage *c,
                         struct err *err)
{
    struct json_at m, list;
    size_t n;
    if (!json_member(root, "coverage", &m))
        return 0;
    if (verdict_members_read(verdict_members_coverage, &m, c, err) < 0 ||
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
        if (verdict_members_read(verdict_members_host, &item, h, err) < 0 ||
            verdict_members_read(verdict_members_host_numbers, &item, h, err) < 0)
            return -1;
    }
    return 0;
}

static int line_read(const struct json_at *obj, size_t which, struct curve *c,
                     struct err *err)
{
    struct json_at list;
    size_t n;
    if (list_of(obj, verdict_lines[which].name, &list, &n, err) < 0)
        return -1;
    if (n == 0)
        return 0;
    if (n > CURVE_POINTS_MAX || (c->n > 0 && n != c->n))
        return json_complain(&list, err,
                             "has %zu points, expected as many as the "
                             "other lines and at most %d",
                             n, CURVE_POINTS_MAX);
    c->n = n;
    double *line = *verdict_line_at(c, which) = calloc(n, sizeof *line);
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
    if (verdict_members_read(verdict_members_curve, obj, c, err) < 0)
        return -1;
    for (size_t i = 0; i < VERDICT_LINES_N; i++)
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
    if (verdict_members_read(verdict_members_finding, obj, f, err) < 0 ||
        hosts_read(obj, f, err) < 0)
        return -1;
    if (json_member(obj, "muted", &m) &&
        verdict_members_read(verdict_members_muted, &m, &f->muted, err) < 0)
        return -1;
    if (json_member(obj, "counts", &m) &&
        verdict_members_read(verdict_members_counts, &m, f, err) < 0)
        return -1;
    return json_member(obj, "curve", &m) ? curve_read(&m, &f->curve, err) : 0;
}

/* Whom a finding goes with is in the list, and goes with nobody. */
static int leaders_check(const struct json_at *list, const struct verdict *v,
                         struct err *err)
{
    for (size_t i = 0; i < v->n_findings; i++) {
        size_t with = v->findings[i].with;
        if (with == FINDING_LEADS ||
            (with < v->n_findings && v->findings[with].with == FINDING_LEADS))
            continue;
        struct json_at item = json_item(list, i), m;
        json_member(&item, "with", &m);
        return json_complain(&m, err, "is %zu, expected the place of one that leads",
                             with);
    }
    return 0;
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
    return leaders_check(&list, v, err);
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
        if (verdict_members_read(verdict_members_nearby, &item, nb, err) < 0)
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
    if (verdict_members_read(verdict_members_head, &root, v, err) < 0 ||
        coverage_read(&root, &v->coverage, err) < 0 ||
        findings_read(&root, v, err) < 0 ||
        verdict_members_read(verdict_members_tail, &root, v, err) < 0 ||
        nearby_read(&root, v, err) < 0)
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
    says.looks_done = says.looks_all = says.slow_done = 0;
    says.coverage.slow_note = NULL;
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
