/* rules/ruleset.c - rule files into one immutable set, and the set in force for one
 * change.
 *
 * All files are read first, then what they say of one another is checked: ids, windows,
 * overrides.  What must hold: a ruleset that is given out has nothing left to check.
 * Pure but for reading the files; any thread. */
#include "rules/ruleset.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/yaml.h"
#include "rules/codes.h"
#include "rules/defaults.h"
#include "rules/override.h"
#include "rules/reader.h"
#include "rules/routing.h"
#include "rules/settle.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { RULE_FILES_MAX = 1000 };

/* --- gathering the files --- */

struct gathering {
    struct ruleset *rs;
    struct complaints *c;
    struct buf texts;      /* for the hash */
    struct yaml_doc **doc; /* of rs->file[...] */
    size_t cap;
    size_t errors; /* that were there before */
};

static void say(struct gathering *g, const char *file, enum rules_code code,
                const char *text)
{
    complain(g->c, file, 1, 1, rules_code(code), "%s", text);
}

static void say_unreadable(struct gathering *g, const char *file, int why)
{
    char words[128], text[160];
    snprintf(text, sizeof text, "cannot be read: %s",
             strerror_r(why, words, sizeof words));
    say(g, file, RULES_E_FILE, text);
}

static void end_doc(void *what)
{
    struct yaml_doc *doc = what;
    yaml_doc_free(&doc);
}

/* Parses one text; what it says is read when all are there. */
static void take_text(struct gathering *g, const char *file, const char *text, size_t n)
{
    struct ruleset *rs = g->rs;
    size_t told = g->c->n;
    if (rs->n_files == g->cap) {
        size_t cap = g->cap > 0 ? g->cap * 2 : 8;
        struct rule_file *more = realloc(rs->file, cap * sizeof *more);
        if (more == NULL) {
            rs->keep.failed = true;
            return;
        }
        rs->file = more;
        g->cap = cap;
    }
    struct yaml_doc *doc = yaml_parse(file, text, n, g->c);
    rules_code_all(g->c, told);
    if (doc != NULL && routing_is(doc)) { /* may stand beside the rules */
        yaml_doc_free(&doc);
        return;
    }
    buf_add_n(&g->texts, text, n);
    buf_add_ch(&g->texts,
               '\0'); /* so that moving text between files changes the hash */
    if (doc == NULL || keep_until_end(&rs->keep, end_doc, doc) < 0)
        return;
    rs->file[rs->n_files++] = (struct rule_file){.path = yaml_file(doc), .doc = doc};
}

/* At most YAML_BYTES_MAX bytes: one more shows that it is too long, and yaml_parse says
 * so. */
static void take_file(struct gathering *g, const char *path)
{
    FILE *f = fopen(path, "re");
    char *text = f != NULL ? malloc(YAML_BYTES_MAX + 1) : NULL;
    if (text == NULL) {
        say_unreadable(g, path, errno);
    } else {
        size_t n = fread(text, 1, YAML_BYTES_MAX + 1, f);
        if (ferror(f))
            say_unreadable(g, path, errno);
        else
            take_text(g, path, text, n);
    }
    free(text);
    if (f != NULL)
        fclose(f);
}

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static int is_pack(const struct dirent *d)
{
    return d->d_name[0] != '.' && ends_in(d->d_name, ".yml") &&
           !ends_in(d->d_name, "_test.yml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void take_folder(struct gathering *g, const char *path)
{
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, is_pack, by_bytes);
    if (n < 0) {
        say_unreadable(g, path, errno);
        return;
    }
    if (n > RULE_FILES_MAX)
        say(g, path, RULES_E_MANY, "more than 1000 rule files in one folder");
    for (int i = 0; i < n; i++) {
        char file[4096];
        int len = snprintf(file, sizeof file, "%s/%s", path, entry[i]->d_name);
        if (len >= (int)sizeof file)
            say(g, path, RULES_E_FILE, "a path in here is too long");
        else if (i < RULE_FILES_MAX)
            take_file(g, file);
        free(entry[i]);
    }
    free(entry);
}

/* --- putting them together --- */

/* Asked for by the names of figures. */
static bool is_indexed(const struct rule *r)
{
    return r->subject == SUBJECT_SERIES || r->subject == SUBJECT_PROBES;
}

static int make_index(struct ruleset *rs)
{
    size_t n = 0;
    rs->has_host_rules = false;
    for (size_t i = 0; i < rs->n; i++) {
        if (is_indexed(&rs->rule[i]))
            n += rs->rule[i].pattern.n;
        rs->has_host_rules |= rs->rule[i].on.host.n > 0;
    }
    if (index_make(&rs->index, n, &rs->keep) < 0)
        return -1;
    for (size_t i = 0; i < rs->n; i++)
        for (size_t k = 0; k < rs->rule[i].pattern.n; k++)
            if (is_indexed(&rs->rule[i]))
                index_add(&rs->index, &rs->rule[i].pattern.at[k], (uint32_t)i);
    return 0;
}

static int by_id(const void *x, const void *y)
{
    return strcmp(((const struct rule *)x)->id, ((const struct rule *)y)->id);
}

/* Overrides find their rules in a sorted copy. */
static void check_overrides(struct gathering *g)
{
    struct ruleset *rs = g->rs;
    struct fields f = {.c = g->c, .keep = &rs->keep};
    struct rule *sorted = calloc(rs->n + 1, sizeof *sorted);
    if (sorted == NULL) {
        rs->keep.failed = true;
        return;
    }
    if (rs->n > 0)
        memcpy(sorted, rs->rule, rs->n * sizeof *sorted);
    qsort(sorted, rs->n, sizeof *sorted, by_id);
    overrides_check(
        &(struct override_case){&f, sorted, rs->n, rs->override, rs->n_overrides});
    free(sorted);
}

/* Codes of one service in two places would leave it open which of them holds. */
static void check_codes(struct gathering *g)
{
    const struct ruleset *rs = g->rs;
    struct {
        const char *callee;
        const struct rule_file *in;
    } seen[PATTERNS_MAX * 16];
    size_t n = 0;
    for (size_t i = 0; i < rs->n_files; i++)
        for (size_t k = 0; k < rs->file[i].codes.n; k++) {
            const char *callee = rs->file[i].codes.at[k].callee.text;
            for (size_t s = 0; s < n; s++)
                if (strcmp(seen[s].callee, callee) == 0) {
                    struct fields f = {.doc = rs->file[i].doc, .c = g->c};
                    const struct yaml_node *map =
                        yaml_get(yaml_root(rs->file[i].doc), "codes");
                    fields_complain(&f, yaml_get(map, callee), RULES_E_AGAIN,
                                    "codes of %s are set already in %s", callee,
                                    seen[s].in->path);
                    break;
                }
            if (n < sizeof seen / sizeof *seen) {
                seen[n].callee = callee;
                seen[n++].in = &rs->file[i];
            }
        }
}

/* All files' codes are known to every rule about calls. */
static void share_codes(struct ruleset *rs)
{
    struct rule_codes_list all = {0};
    size_t n = 0;
    for (size_t i = 0; i < rs->n_files; i++)
        n += rs->file[i].codes.n;
    all.at = keep_alloc(&rs->keep, (n + 1) * sizeof *all.at);
    for (size_t i = 0; all.at != NULL && i < rs->n_files; i++)
        for (size_t k = 0; k < rs->file[i].codes.n; k++)
            all.at[all.n++] = rs->file[i].codes.at[k];
    for (size_t i = 0; i < rs->n; i++)
        if (rs->rule[i].subject == SUBJECT_CALLS)
            rs->rule[i].codes = all;
}

static void read_all(struct gathering *g)
{
    struct ruleset *rs = g->rs;
    struct reader rd = {.c = g->c, .keep = &rs->keep};
    struct fields f = {.c = g->c, .keep = &rs->keep};
    for (size_t i = 0; i < rs->n_files; i++) {
        reader_take(&rd, &rs->file[i]);
        if (rs->name == NULL)
            rs->name = rs->file[i].pack;
    }
    reader_check_ids(&rd);
    rs->rule = rd.rule;
    rs->n = rd.n;
    rs->override = rd.override;
    rs->n_overrides = rd.n_overrides;
    windows_read(&f, rs->file, rs->n_files, &rs->windows_all);
    memcpy(rs->windows, rs->windows_all.general, sizeof rs->windows);
    check_overrides(g);
    check_codes(g);
    share_codes(rs);
    if (rd.failed || make_index(rs) < 0)
        rs->keep.failed = true;
}

/* The set, or NULL when there was a complaint that is no warning. */
static struct ruleset *finish(struct gathering *g, const char *what)
{
    struct ruleset *rs = g->rs;
    char hex[SHA256_HEX_MAX];
    read_all(g);
    sha256_hex(buf_text(&g->texts), g->texts.len, hex);
    memcpy(rs->hash, hex, sizeof rs->hash - 1);
    if (rs->name == NULL)
        rs->name = "rules";
    if (rs->n == 0 && g->c->errors == g->errors)
        say(g, what, RULES_E_NOTHING, "no rules in here, expected at least one");
    if (rs->keep.failed || buf_done(&g->texts) < 0)
        say(g, what, RULES_E_MEMORY, "out of memory");
    complaints_sort(g->c);
    if (g->c->errors > g->errors)
        ruleset_free(&rs);
    buf_free(&g->texts);
    return rs;
}

static int begin(struct gathering *g, struct complaints *c)
{
    *g =
        (struct gathering){.rs = calloc(1, sizeof *g->rs), .c = c, .errors = c->errors};
    if (g->rs == NULL)
        say(g, "rules", RULES_E_MEMORY, "out of memory");
    return g->rs != NULL ? 0 : -1;
}

struct ruleset *ruleset_parse(const char *file, const char *text, size_t n,
                              struct complaints *c)
{
    struct gathering g;
    if (begin(&g, c) < 0)
        return NULL;
    take_text(&g, file, text, n);
    return finish(&g, file);
}

static void take_defaults(struct gathering *g)
{
    for (const struct embedded *p = default_packs; p->name != NULL; p++) {
        char file[128];
        snprintf(file, sizeof file, "defaults/%s", p->name);
        take_text(g, file, p->text, p->n);
    }
}

static void take_path(struct gathering *g, const char *path)
{
    struct stat st;
    if (path == NULL)
        take_defaults(g);
    else if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        take_folder(g, path);
    else
        take_file(g, path);
}

struct ruleset *ruleset_load(const char *path, struct complaints *c)
{
    return ruleset_load_all(&path, 1, c);
}

struct ruleset *ruleset_load_all(const char *const *path, size_t n,
                                 struct complaints *c)
{
    struct gathering g;
    if (begin(&g, c) < 0)
        return NULL;
    for (size_t i = 0; i < n; i++)
        take_path(&g, path[i]);
    return finish(&g, n > 0 && path[0] != NULL ? path[0] : "defaults");
}

void ruleset_free(struct ruleset **r)
{
    if (*r == NULL)
        return;
    if ((*r)->base == NULL) {
        free((*r)->file);
        free((*r)->override);
    }
    free((*r)->rule);
    keep_free(&(*r)->keep);
    free(*r);
    *r = NULL;
}

/* --- in force --- */

static void drop_ended(struct ruleset *rs, struct rule *r, const struct change *c)
{
    struct exceptions left = {
        .at = keep_alloc(&rs->keep, (r->except.n + 1) * sizeof *left.at)};
    for (size_t i = 0; left.at != NULL && i < r->except.n; i++)
        if (c->start.ms < r->except.at[i].until.ms)
            left.at[left.n++] = r->except.at[i];
    r->except = left;
}

static void apply_overrides(struct ruleset *rs, struct rule *r, const struct change *c)
{
    struct complaints unheard = {0}; /* each was checked when it was read */
    struct fields f = {.c = &unheard, .keep = &rs->keep};
    for (size_t i = 0; i < rs->n_overrides; i++) {
        const struct rule_override *o = &rs->override[i];
        if (strcmp(o->rule, r->id) != 0 || c->start.ms >= o->until.ms ||
            !scope_applies(&o->scope, c))
            continue;
        if (r->overridden == NULL)
            r->overridden =
                keep_alloc(&rs->keep, rs->n_overrides * sizeof *r->overridden);
        if (r->overridden == NULL)
            break;
        r->overridden[r->n_overrides++] = o;
        override_apply(&f, o, r);
    }
    if (r->n_overrides > 0) {
        f.doc = r->from->doc;
        rule_settle(&f, r->map, r);
    }
    complaints_free(&unheard);
}

struct ruleset *ruleset_only(const struct ruleset *rs, const struct rule *r,
                             struct err *err)
{
    struct ruleset *in = malloc(sizeof *in);
    if (in == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    *in = *rs;
    in->base = rs;
    in->keep = (struct keep){0};
    in->n = 1;
    in->rule = calloc(1, sizeof *in->rule);
    if (in->rule != NULL)
        in->rule[0] = *r;
    if (in->rule == NULL || make_index(in) < 0 || in->keep.failed) {
        ruleset_free(&in);
        err_set(err, ENOMEM, "out of memory");
    }
    return in;
}

struct ruleset *ruleset_in_force(const struct ruleset *rs, const struct change *c,
                                 struct err *err)
{
    struct ruleset *in = malloc(sizeof *in);
    if (in == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    *in = *rs;
    in->base = rs;
    in->keep = (struct keep){0};
    in->n = 0;
    in->rule = calloc(rs->n + 1, sizeof *in->rule);
    for (size_t i = 0; in->rule != NULL && i < rs->n; i++) {
        if (!rule_applies(&rs->rule[i], c))
            continue;
        struct rule *r = &in->rule[in->n++];
        *r = rs->rule[i];
        if (rs->n_overrides > 0)
            apply_overrides(in, r, c);
        if (r->except.n > 0)
            drop_ended(in, r, c);
    }
    for (int k = 0; rs->windows_all.n > 0 && k < CHANGE_KIND_N; k++)
        in->windows[k] =
            *windows_for(&rs->windows_all, (enum change_kind)k, c->service);
    if (in->rule == NULL || make_index(in) < 0 || in->keep.failed) {
        ruleset_free(&in);
        err_set(err, ENOMEM, "out of memory");
    }
    return in;
}
