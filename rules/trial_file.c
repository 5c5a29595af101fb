/* rules/trial_file.c - reads tests of rules by their table, then what no table can say.
 *
 * Times, shapes and lists of hosts are texts to the table and are read here, each with
 * its own place; what the parts of a test must be to one another is in trial_check.c.
 * What must hold: a file that is given out makes no more points than TRIAL_POINTS_MAX a
 * test, and names what is there.  One thread at a time. */
#include "rules/trial_part.h"

#include "base/names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RANGE_DIGITS_MAX = 6, STEP_MS = 60000, PAST_MS = 86400000 };
#define DEFAULT_AT "2026-01-05T10:00:00Z"

/* --- fields that are not there --- */

/* The table cannot list the words of a field that is not there. */
void trial_lacks(struct trial_reader *r, const struct yaml_node *map, const char *what,
                 const char *field, const char *words)
{
    if (!trial_given(map, field))
        fields_complain(&r->f, map, RULES_E_MISSING, "%s lacks '%s', expected %s", what,
                        field, words);
}

/* --- lists of names --- */

/* "h1..h12": the part before the digits, and from where to where.  A name with ".."
 * that is no such range is -1. */
struct name_range {
    char stem[NAME_BYTES_MAX + 1];
    unsigned from, to;
    int width; /* digits, where there are leading zeros */
};

static size_t digits_at_end(const char *p, size_t n)
{
    size_t d = 0;
    while (d < n && p[n - d - 1] >= '0' && p[n - d - 1] <= '9')
        d++;
    return d;
}

static int range_read(const char *text, struct name_range *ret)
{
    const char *dots = strstr(text, "..");
    size_t n = (size_t)(dots - text), m = strlen(dots + 2);
    size_t d = digits_at_end(text, n), e = digits_at_end(dots + 2, m);
    if (n > NAME_BYTES_MAX || d == 0 || e == 0 || d > RANGE_DIGITS_MAX ||
        e > RANGE_DIGITS_MAX || n - d != m - e || strncmp(text, dots + 2, n - d) != 0)
        return -1;
    memcpy(ret->stem, text, n - d);
    ret->stem[n - d] = '\0';
    ret->from = (unsigned)strtoul(text + n - d, NULL, 10);
    ret->to = (unsigned)strtoul(dots + 2 + m - e, NULL, 10);
    ret->width = d == e && d > 1 && text[n - d] == '0' ? (int)d : 0;
    return ret->to >= ret->from ? 0 : -1;
}

static void many_names(struct trial_reader *r, const struct yaml_node *at,
                       const char *field)
{
    fields_complain(&r->f, at, RULES_E_MANY, "'%s' has more than %d names", field,
                    TRIAL_HOSTS_MAX);
}

static int add_name(struct trial_reader *r, const struct yaml_node *at,
                    const char *field, const char *name, struct trial_names *to)
{
    struct err err = {0};
    if (name_check(name, strlen(name), &err) < 0) {
        fields_complain(&r->f, at, RULES_E_NAME, "a name in '%s' %s", field, err.text);
        return -1;
    }
    if (to->n == TRIAL_HOSTS_MAX) {
        many_names(r, at, field);
        return -1;
    }
    to->at[to->n++] = keep_text(r->f.keep, name);
    return 0;
}

static int add_range(struct trial_reader *r, const struct yaml_node *at,
                     const char *field, struct trial_names *to)
{
    struct name_range range;
    if (range_read(at->text, &range) < 0) {
        fields_complain(&r->f, at, RULES_E_NAME,
                        "'%.60s' is no range, expected one such as h1..h4", at->text);
        return -1;
    }
    if (range.to - range.from >= TRIAL_HOSTS_MAX) {
        many_names(r, at, field);
        return -1;
    }
    for (unsigned i = range.from; i <= range.to; i++) {
        char name[NAME_BYTES_MAX + 16];
        snprintf(name, sizeof name, "%s%0*u", range.stem, range.width, i);
        if (add_name(r, at, field, name, to) < 0)
            return -1;
    }
    return 0;
}

/* One name, a range, or a list of them; `ranges`: ".." has its meaning. */
static void read_names(struct trial_reader *r, const struct yaml_node *node,
                       const char *field, bool ranges, struct trial_names *to)
{
    if (node == NULL)
        return;
    const struct yaml_node *item = node->kind == YAML_LIST ? node->item : node;
    size_t n = node->kind == YAML_LIST ? node->n : 1;
    to->at = keep_alloc(r->f.keep, TRIAL_HOSTS_MAX * sizeof *to->at);
    if (to->at == NULL)
        return;
    if (n == 0)
        fields_complain(&r->f, node, RULES_E_EMPTY, "'%s' is empty, expected a name",
                        field);
    for (size_t i = 0; i < n; i++) {
        int rc = 0;
        if (item[i].kind != YAML_TEXT)
            fields_complain(&r->f, &item[i], RULES_E_SHAPE,
                            "'%s' is %s, expected a name or a list of names", field,
                            item[i].kind == YAML_MAP ? "a map" : "a list in a list");
        else if (ranges && strstr(item[i].text, "..") != NULL)
            rc = add_range(r, &item[i], field, to);
        else
            rc = add_name(r, &item[i], field, item[i].text, to);
        if (rc < 0)
            return;
    }
}

/* --- times --- */

/* "5m", "-5m", "0". */
static void read_when(struct trial_reader *r, const struct yaml_node *map,
                      const char *field, const char *text, span *to)
{
    struct err err = {0};
    span s;
    bool minus = text != NULL && text[0] == '-';
    if (text == NULL)
        return;
    if (span_parse(text + minus, &s, &err) < 0 || s.ms > 30ll * 86400000) {
        fields_complain(&r->f, fields_place(map, field), RULES_E_TEST_TIME,
                        "'%s' is '%.60s', expected a time after the change such as 5m, "
                        "or before it such as -5m, of at most 30 days",
                        field, text);
        return;
    }
    to->ms = minus ? -s.ms : s.ms;
}

/* --- shapes --- */

static void read_shape(struct trial_reader *r, const struct yaml_node *map,
                       const char *field, const char *text, enum shape_side side,
                       struct shape *to)
{
    struct err err = {0};
    size_t at;
    if (text == NULL || shape_read(text, side, to, &at, &err) == 0)
        return;
    struct yaml_node place = *fields_place(map, field);
    if (place.kind == YAML_TEXT && place.line == place.end_line)
        place.column += (unsigned)at + !place.plain;
    fields_complain(&r->f, &place, RULES_E_SHAPE_TEXT, "'%s': %s", field, err.text);
}

/* What is left out after the change is as it was before it. */
static void go_on(const struct shape *before, struct shape *after)
{
    if (after->n > 0 || before->n == 0)
        return;
    *after = (struct shape){.n = 1, .part = {before->part[before->n - 1]}};
    after->part[0].from = after->part[0].to;
    after->part[0].open = true;
    after->part[0].n = 0;
}

/* --- the parts of a test --- */

static const char *or_else(const char *text, const char *standard)
{
    return text != NULL ? text : standard;
}

static void read_labels(struct trial_reader *r, struct trial_change *c)
{
    const struct yaml_node *map = c->labels_node;
    if (map == NULL)
        return;
    if (map->kind != YAML_MAP || map->n == 0 || map->n > EVENT_LABELS_MAX) {
        fields_complain(&r->f, map, RULES_E_SHAPE,
                        "'labels' must be a map of 1 to %d labels to their values",
                        EVENT_LABELS_MAX);
        return;
    }
    c->label = keep_alloc(r->f.keep, map->n * sizeof *c->label);
    for (size_t i = 0; c->label != NULL && i < map->n; i++) {
        struct err err = {0};
        const char *text = map->item[i].text;
        if (map->item[i].kind != YAML_TEXT)
            fields_complain(&r->f, &map->item[i], RULES_E_SHAPE,
                            "the label '%.60s' must be a text", map->key[i].text);
        else if (name_check(map->key[i].text, strlen(map->key[i].text), &err) < 0)
            fields_complain(&r->f, &map->key[i], RULES_E_NAME, "a label's name %s",
                            err.text);
        else if (name_check(text, strlen(text), &err) < 0)
            fields_complain(&r->f, &map->item[i], RULES_E_NAME, "the label '%.60s' %s",
                            map->key[i].text, err.text);
        else
            c->label[c->n_labels++] = (struct trial_label){map->key[i].text, text};
    }
}

static void read_change(struct trial_reader *r)
{
    struct trial_change *c = &r->t->change;
    const struct yaml_node *map = fields_node(r->t->at, "change");
    struct err err = {0};
    if (map == NULL)
        return; /* told already */
    trial_lacks(r, map, "change", "kind", change_kind_list());
    if (!trial_given(map, "phase"))
        c->phase = PHASE_FINISHED;
    instant_parse(DEFAULT_AT, &c->at, NULL);
    if (c->at_text != NULL && instant_parse(c->at_text, &c->at, &err) < 0)
        fields_complain(&r->f, fields_place(map, "at"), RULES_E_TEST_TIME,
                        "'at' is '%.60s', expected a time such as " DEFAULT_AT,
                        c->at_text);
    read_names(r, c->hosts_node, "hosts", true, &c->hosts);
    read_labels(r, c);
    if (c->service == NULL && c->hosts_node == NULL)
        fields_complain(&r->f, map, RULES_E_MISSING,
                        "change lacks 'service', expected it, or 'hosts', or both");
}

static void nobody(struct trial_reader *r, const struct yaml_node *at, const char *what)
{
    fields_complain(&r->f, at, RULES_E_TEST_WHOM,
                    "%s is nobody's: the change has no hosts, expected 'host' or "
                    "'service'",
                    what);
}

/* A step that was complained about has no length. */
static void step_of(const struct trial_reader *r, span *step)
{
    if (step->ms < 1000)
        *step = r->t->step;
}

static void read_series(struct trial_reader *r, struct trial_series *s)
{
    step_of(r, &s->step);
    read_names(r, s->hosts_node, "host", true, &s->hosts);
    read_shape(r, s->at, "before", s->before_text, SHAPE_BEFORE, &s->before);
    read_shape(r, s->at, "after", s->after_text, SHAPE_AFTER, &s->after);
    if (s->before_text == NULL && s->after_text == NULL)
        fields_complain(&r->f, s->at, RULES_E_MISSING,
                        "series lacks 'before' and 'after', expected one or both");
    go_on(&s->before, &s->after);
    if (s->hosts_node == NULL && s->service == NULL) {
        s->hosts = r->t->change.hosts;
        if (s->hosts.n == 0 && trial_given(r->t->at, "change"))
            nobody(r, s->at, "this series");
    }
    if (s->service == NULL)
        s->service = or_else(r->t->change.service, "");
}

static void read_ends(struct trial_reader *r, struct trial_calls *c)
{
    const char *own = r->t->change.service;
    if (c->caller == NULL && c->callee == NULL)
        fields_complain(
            &r->f, c->at, RULES_E_MISSING,
            "calls lacks 'caller' or 'callee', expected who is at the other "
            "end");
    else if (own == NULL && (c->caller == NULL || c->callee == NULL))
        fields_complain(&r->f, c->at, RULES_E_MISSING,
                        "calls lacks '%s': the change names no service to stand in",
                        c->caller == NULL ? "caller" : "callee");
    c->caller = or_else(c->caller, or_else(own, ""));
    c->callee = or_else(c->callee, or_else(own, ""));
    c->iface = or_else(c->iface, "");
}

static void read_calls(struct trial_reader *r, struct trial_calls *c)
{
    step_of(r, &c->step);
    read_ends(r, c);
    read_names(r, c->hosts_node, "callee_host", true, &c->callee_hosts);
    if (c->code == NULL && c->outcome != 0)
        fields_complain(&r->f, c->at, RULES_E_MISSING,
                        "calls lacks 'code', expected the code of calls that %s",
                        c->outcome == 1 ? "fail" : "time out");
    c->code = or_else(c->code, "0");
    read_shape(r, c->at, "before", c->before_text, SHAPE_BEFORE, &c->before);
    read_shape(r, c->at, "after", c->after_text, SHAPE_AFTER, &c->after);
    read_shape(r, c->at, "ms", c->ms_before_text, SHAPE_BEFORE, &c->ms_before);
    read_shape(r, c->at, "ms_after", c->ms_after_text, SHAPE_AFTER, &c->ms_after);
    if (c->before_text == NULL && c->after_text == NULL)
        fields_complain(&r->f, c->at, RULES_E_MISSING,
                        "calls lacks 'before' and 'after', expected one or both");
    go_on(&c->before, &c->after);
    go_on(&c->ms_before, &c->ms_after);
}

static void read_core(struct trial_reader *r, struct trial_core *c)
{
    read_names(r, c->hosts_node, "host", true, &c->hosts);
    read_names(r, c->frames_node, "frames", false, &c->frames);
    read_when(r, c->at, "at", c->when_text, &c->when);
    if (c->hosts_node == NULL) {
        c->hosts = r->t->change.hosts;
        if (c->hosts.n == 0 && trial_given(r->t->at, "change"))
            fields_complain(&r->f, c->at, RULES_E_TEST_WHOM,
                            "this coredump is nobody's: the change has no hosts, "
                            "expected 'host'");
    }
    if (!trial_given(c->at, "times"))
        c->times = 1;
    c->service = or_else(c->service, r->t->change.service);
    c->signal = or_else(c->signal, "SIGSEGV");
}

static void read_alarm(struct trial_reader *r, struct trial_alarm *a)
{
    read_names(r, a->hosts_node, "host", true, &a->hosts);
    read_when(r, a->at, "at", a->when_text, &a->when);
    read_when(r, a->at, "ends", a->ends_text, &a->ends);
    if (a->ends_text != NULL && a->when_text != NULL && a->ends.ms <= a->when.ms)
        fields_complain(&r->f, fields_place(a->at, "ends"), RULES_E_TEST_TIME,
                        "'ends' is '%.60s', expected a time after 'at'", a->ends_text);
    a->service = or_else(a->service, r->t->change.service);
    if (a->hosts_node == NULL && a->service == NULL)
        nobody(r, a->at, "this alarm");
}

static void read_case(struct trial_reader *r, struct trial_case *c)
{
    trial_lacks(r, c->at, "result", "result", "pass, fail, error or skip");
    read_when(r, c->at, "at", c->when_text, &c->when);
    if (c->when.ms < 0 && r->t->change.service == NULL)
        fields_complain(
            &r->f, fields_place(c->at, "at"), RULES_E_TEST_WHOM,
            "a result from before the change belongs to its service, and the "
            "change names none");
}

/* --- one test, one file --- */

static void read_test(struct trial_reader *r)
{
    struct trial *t = r->t;
    if (t->step.ms < 1000)
        t->step = (span){STEP_MS};
    if (t->past.ms == 0)
        t->past = (span){PAST_MS};
    read_change(r);
    for (size_t i = 0; i < t->series.n; i++)
        read_series(r, &t->series.at[i]);
    for (size_t i = 0; i < t->calls.n; i++)
        read_calls(r, &t->calls.at[i]);
    for (size_t i = 0; i < t->cores.n; i++)
        read_core(r, &t->cores.at[i]);
    for (size_t i = 0; i < t->alarms.n; i++)
        read_alarm(r, &t->alarms.at[i]);
    for (size_t i = 0; i < t->cases.n; i++)
        read_case(r, &t->cases.at[i]);
    trial_check_same(r);
    trial_check_expect(r);
    trial_check_size(r);
}

static int by_name(const void *a, const void *b)
{
    const struct trial *x = *(const struct trial *const *)a;
    const struct trial *y = *(const struct trial *const *)b;
    int d = strcmp(x->name, y->name);
    return d != 0 ? d : (x > y) - (x < y);
}

static void check_names(struct trial_reader *r)
{
    const struct trial *by[TRIAL_TESTS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < r->file->tests.n && n < TRIAL_TESTS_MAX; i++)
        if (r->file->tests.at[i].name != NULL)
            by[n++] = &r->file->tests.at[i];
    qsort(by, n, sizeof *by, by_name);
    for (size_t i = 1; i < n; i++)
        if (strcmp(by[i]->name, by[i - 1]->name) == 0)
            fields_complain(&r->f, fields_place(by[i]->at, "name"), RULES_E_TWICE,
                            "the test in line %u has this name already",
                            by[i - 1]->at->line);
}

static void read_file(struct trial_reader *r)
{
    struct trial_file *tf = r->file;
    const struct yaml_node *root = yaml_root(tf->doc);
    fields_read(&r->f, root, &schema_trial_file, tf);
    if (tf->format != 1 && tf->format != 0) {
        fields_complain(&r->f, fields_place(root, "format"), RULES_E_FORMAT,
                        "format is %d, this program reads format 1", tf->format);
        return;
    }
    trial_lacks(r, root, "test file", "packs", "a rule file or a list of them");
    read_names(r, tf->packs_node, "packs", false, &tf->packs);
    if (tf->packs.n > TRIAL_PACKS_MAX)
        fields_complain(&r->f, tf->packs_node, RULES_E_MANY, "more than %d packs",
                        TRIAL_PACKS_MAX);
    const struct yaml_node *tests = yaml_get(root, "tests");
    if (tests != NULL && tests->kind == YAML_LIST && tests->n == 0)
        fields_complain(&r->f, tests, RULES_E_NOTHING, "no test at all");
    for (size_t i = 0; i < tf->tests.n; i++) {
        r->t = &tf->tests.at[i];
        read_test(r);
    }
    check_names(r);
}

static struct trial_file *take(struct yaml_doc *doc, const char *path, size_t told,
                               size_t errors, struct complaints *c)
{
    rules_code_all(c, told);
    struct trial_file *tf = doc != NULL ? calloc(1, sizeof *tf) : NULL;
    if (tf == NULL) {
        if (doc != NULL)
            complain(c, path, 1, 1, rules_code(RULES_E_MEMORY), "out of memory");
        yaml_doc_free(&doc);
        return NULL;
    }
    tf->doc = doc;
    tf->path = yaml_file(doc);
    struct trial_reader r = {.f = {.doc = doc, .c = c, .keep = &tf->keep}, .file = tf};
    read_file(&r);
    if (tf->keep.failed)
        complain(c, path, 1, 1, rules_code(RULES_E_MEMORY), "out of memory");
    complaints_sort(c);
    if (c->errors > errors)
        trial_file_free(&tf);
    return tf;
}

struct trial_file *trial_file_load(const char *path, struct complaints *c)
{
    size_t told = c->n, errors = c->errors;
    return take(yaml_load(path, c), path, told, errors, c);
}

struct trial_file *trial_file_parse(const char *path, const char *text, size_t n,
                                    struct complaints *c)
{
    size_t told = c->n, errors = c->errors;
    return take(yaml_parse(path, text, n, c), path, told, errors, c);
}

void trial_file_free(struct trial_file **f)
{
    if (*f == NULL)
        return;
    struct yaml_doc *doc = (struct yaml_doc *)(uintptr_t)(*f)->doc;
    keep_free(&(*f)->keep);
    yaml_doc_free(&doc);
    free(*f);
    *f = NULL;
}

/* --- its rules --- */

/* "pay.yml" beside "rules/pay_test.yml" is "rules/pay.yml", and "." is "rules". */
static const char *beside(struct keep *keep, const char *file, const char *name)
{
    const char *slash = strrchr(file, '/');
    if (name[0] == '/' || slash == NULL)
        return name;
    size_t n = (size_t)(slash - file), room = n + strlen(name) + 2;
    char *path = keep_alloc(keep, room);
    if (path == NULL)
        return name;
    if (strcmp(name, ".") == 0)
        snprintf(path, room, "%.*s", n > 0 ? (int)n : 1, file);
    else
        snprintf(path, room, "%.*s/%s", (int)n, file, name);
    return path;
}

struct ruleset *trial_file_rules(const struct trial_file *f, struct complaints *c)
{
    const char *path[TRIAL_PACKS_MAX];
    struct keep keep = {0};
    for (size_t i = 0; i < f->packs.n; i++)
        path[i] = strcmp(f->packs.at[i], "defaults") == 0
                      ? NULL
                      : beside(&keep, f->path, f->packs.at[i]);
    struct ruleset *rs = ruleset_load_all(path, f->packs.n, c);
    keep_free(&keep);
    return rs;
}

static const char *nearest_rule(const struct ruleset *rs, const char *id)
{
    const char **names = calloc(rs->n + 1, sizeof *names);
    for (size_t i = 0; names != NULL && i < rs->n; i++)
        names[i] = rs->rule[i].id;
    const char *near = names != NULL ? nearest_name(id, names) : NULL;
    free(names);
    return near;
}

int trial_file_check(const struct trial_file *f, const struct ruleset *rs,
                     struct complaints *c)
{
    struct fields to = {.doc = f->doc, .c = c};
    size_t errors = c->errors;
    for (size_t i = 0; i < f->tests.n; i++)
        for (size_t k = 0; k < f->tests.at[i].expect.n; k++) {
            const struct trial_expect *e = &f->tests.at[i].expect.at[k];
            if (e->rule == NULL || ruleset_find(rs, e->rule) != NULL)
                continue;
            const char *near = c->n < COMPLAINTS_MAX ? nearest_rule(rs, e->rule) : NULL;
            fields_complain(&to, fields_place(e->at, "rule"), RULES_E_TEST_RULE,
                            "the packs have no rule '%s'%s%s%s", e->rule,
                            near != NULL ? ", did you mean '" : "",
                            near != NULL ? near : "", near != NULL ? "'?" : "");
        }
    return c->errors > errors ? -1 : 0;
}
