/* programs/cmd_rules_test.c - `aftercheck rules test`: runs the tests of rules that
 * stand beside them.  One thread; the judge takes more by itself. */
#include "analyzer/trial.h"
#include "base/names.h"
#include "base/opt.h"
#include "base/yaml.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "programs/junit.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXIT_FAILED = 1, TEST_FILES_MAX = 10000 };

/* A rule that some test could speak of. */
struct covered {
    char *file, *id;
    unsigned line;
    bool speaks, quiet; /* an expectation asks it of the rule */
};

struct runner {
    const char *junit_path, *run;
    int require;
    char *file[TEST_FILES_MAX];
    size_t n_files;
    struct covered *rule;
    size_t n_rules, cap_rules;
    size_t passed, failed, broken; /* broken: files that cannot be read */
    struct junit *junit;
};

/* --- which files --- */

static bool ends_in(const char *name, const char *end)
{
    size_t n = strlen(name), m = strlen(end);
    return n > m && strcmp(name + n - m, end) == 0;
}

static int add_file(struct runner *r, const char *path, struct err *err)
{
    if (r->n_files == TEST_FILES_MAX)
        return err_set(err, E2BIG, "more than %d test files", TEST_FILES_MAX);
    r->file[r->n_files] = strdup(path);
    return r->file[r->n_files++] != NULL ? 0 : err_set(err, ENOMEM, "out of memory");
}

static int is_test(const struct dirent *d)
{
    return d->d_name[0] != '.' && ends_in(d->d_name, "_test.yml");
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_folder(struct runner *r, const char *path, struct err *err)
{
    struct dirent **entry = NULL;
    int n = scandir(path, &entry, is_test, by_bytes), rc = 0;
    if (n < 0)
        return err_sys(err, errno, "%s cannot be read", path);
    if (n == 0)
        rc = err_set(err, ENOENT, "%s has no tests: expected files named *_test.yml",
                     path);
    for (int i = 0; i < n; i++) {
        OWNED_BUF file = {0};
        bool slash = ends_in(path, "/") || strcmp(path, "/") == 0;
        buf_addf(&file, "%s%s%s", path, slash ? "" : "/", entry[i]->d_name);
        if (rc == 0)
            rc = add_file(r, buf_text(&file), err);
        free(entry[i]);
    }
    free(entry);
    return rc;
}

/* Rules and no tests, as far as it can be read. */
static bool is_rule_file(const char *path)
{
    struct complaints unheard = {0};
    struct yaml_doc *doc = yaml_load(path, &unheard);
    const struct yaml_node *root = doc != NULL ? yaml_root(doc) : NULL;
    bool is = root != NULL && root->kind == YAML_MAP &&
              yaml_get(root, "rules") != NULL && yaml_get(root, "tests") == NULL;
    yaml_doc_free(&doc);
    complaints_free(&unheard);
    return is;
}

/* Of a rule file, the tests beside it are meant. */
static int add_path(struct runner *r, const char *path, struct err *err)
{
    struct stat st;
    OWNED_BUF beside = {0};
    if (stat(path, &st) < 0)
        return err_sys(err, errno, "%s cannot be read", path);
    if (S_ISDIR(st.st_mode))
        return add_folder(r, path, err);
    if (ends_in(path, ".yml") && !ends_in(path, "_test.yml")) {
        buf_addf(&beside, "%.*s_test.yml", (int)strlen(path) - 4, path);
        if (access(buf_text(&beside), R_OK) == 0)
            return add_file(r, buf_text(&beside), err);
        if (is_rule_file(path))
            return err_set(err, ENOENT,
                           "%s has no tests beside it: expected %s (aftercheck rules "
                           "new --test prints one to start from)",
                           path, buf_text(&beside));
    }
    return add_file(r, path, err);
}

/* --- coverage --- */

static struct covered *add_rule(struct runner *r, const struct rule *rule)
{
    if (r->n_rules == r->cap_rules) {
        size_t cap = r->cap_rules > 0 ? 2 * r->cap_rules : 256;
        struct covered *more = realloc(r->rule, cap * sizeof *more);
        if (more == NULL)
            return NULL;
        r->rule = more;
        r->cap_rules = cap;
    }
    struct covered *c = &r->rule[r->n_rules];
    *c = (struct covered){
        .file = strdup(rule->file), .id = strdup(rule->id), .line = rule->line};
    if (c->file == NULL || c->id == NULL) {
        free(c->file);
        free(c->id);
        return NULL;
    }
    r->n_rules++;
    return c;
}

static void cover(struct covered *c, const struct trial_file *f)
{
    for (size_t i = 0; i < f->tests.n; i++)
        for (size_t k = 0; k < f->tests.at[i].expect.n; k++) {
            const struct trial_expect *e = &f->tests.at[i].expect.at[k];
            if (e->rule == NULL || strcmp(e->rule, c->id) != 0)
                continue;
            /* a rule in shadow, or a dip that is over, speaks with grade ok */
            bool words = e->grade == GRADE_OK && e->because != NULL;
            c->speaks |=
                words || e->grade == GRADE_ATTENTION || e->grade == GRADE_MUST_HANDLE;
            c->quiet |= e->grade == GRADE_OK && !words;
        }
}

/* What is built into the program has tests of its own. */
static bool is_shipped(const struct trial_file *f, const struct rule *rule)
{
    for (size_t i = 0; i < f->packs.n; i++)
        if (strcmp(f->packs.at[i], "defaults") == 0)
            return strncmp(rule->file, "defaults/", 9) == 0;
    return false;
}

static int cover_all(struct runner *r, const struct trial_file *f,
                     const struct ruleset *rs, struct err *err)
{
    for (size_t i = 0; i < rs->n; i++) {
        if (is_shipped(f, &rs->rule[i]))
            continue;
        struct covered *c = add_rule(r, &rs->rule[i]);
        if (c == NULL)
            return err_set(err, ENOMEM, "out of memory");
        cover(c, f);
    }
    return 0;
}

static int by_place(const void *a, const void *b)
{
    const struct covered *x = a, *y = b;
    int d = strcmp(x->file, y->file);
    if (d == 0)
        d = (x->line > y->line) - (x->line < y->line);
    return d != 0 ? d : strcmp(x->id, y->id);
}

/* Puts what several files say of a rule together. */
static void fold_rules(struct runner *r)
{
    size_t n = 0;
    if (r->n_rules > 1)
        qsort(r->rule, r->n_rules, sizeof *r->rule, by_place);
    for (size_t i = 0; i < r->n_rules; i++) {
        if (n == 0 || by_place(&r->rule[n - 1], &r->rule[i]) != 0) {
            r->rule[n++] = r->rule[i];
            continue;
        }
        r->rule[n - 1].speaks |= r->rule[i].speaks;
        r->rule[n - 1].quiet |= r->rule[i].quiet;
        free(r->rule[i].file);
        free(r->rule[i].id);
    }
    r->n_rules = n;
}

/* Lists the rules that lack a test; gives their number. */
static size_t say_coverage(struct runner *r)
{
    size_t lacking = 0;
    fold_rules(r);
    for (size_t i = 0; i < r->n_rules; i++) {
        const struct covered *c = &r->rule[i];
        if (c->speaks && c->quiet)
            continue;
        lacking++;
        printf("%s:%u: rule '%s' has no test%s\n", c->file, c->line, c->id,
               c->speaks  ? " that keeps it quiet"
               : c->quiet ? " that makes it speak"
                          : "");
    }
    return lacking;
}

/* --- running --- */

static void say_failures(const struct trial_file *f, const struct trial_result *result,
                         struct buf *to)
{
    for (size_t i = 0; i < result->n; i++)
        buf_addf(to, "%s:%u:%u: %s\n", f->path, result->failure[i].line,
                 result->failure[i].column, result->failure[i].text);
}

static int run_test(struct runner *r, const struct trial_file *f, const struct trial *t,
                    const struct ruleset *rs, struct err *err)
{
    struct trial_result result;
    struct err why = {0};
    OWNED_BUF words = {0};
    if (trial_run(t, rs, &result, &why) < 0) {
        if (why.code == ENOMEM)
            return err_set(err, why.code, "%s", why.text);
        buf_addf(&words, "%s:%u:%u: %s\n", f->path, t->at->line, t->at->column,
                 why.text);
    } else {
        say_failures(f, &result, &words);
        trial_result_free(&result);
    }
    bool ok = words.len == 0;
    printf("%s  %s: %s\n%s", ok ? "ok  " : "FAIL", f->path, t->name, buf_text(&words));
    r->passed += ok;
    r->failed += !ok;
    junit_test(r->junit, t->name, ok ? NULL : buf_text(&words));
    return 0;
}

/* Prints what is wrong with a file and its packs, and whether that stops it. */
static bool say_complaints(struct runner *r, struct complaints *c, const char *path)
{
    OWNED_BUF text = {0};
    complaints_sort(c);
    complaints_write(c, &text);
    if (c->errors > 0) {
        printf("FAIL  %s: cannot be run\n%s", path, buf_text(&text));
        junit_broken(r->junit, buf_text(&text));
        r->broken++;
    }
    return c->errors > 0;
}

static int run_file(struct runner *r, const char *path, struct err *err)
{
    struct complaints c = {0};
    struct ruleset *rs = NULL;
    int rc = 0;
    junit_file(r->junit, path);
    struct trial_file *f = trial_file_load(path, &c);
    if (f != NULL)
        rs = trial_file_rules(f, &c);
    if (rs != NULL)
        trial_file_check(f, rs, &c);
    if (!say_complaints(r, &c, path) && f != NULL && rs != NULL) {
        rc = cover_all(r, f, rs, err);
        for (size_t i = 0; rc == 0 && i < f->tests.n; i++)
            if (r->run == NULL || glob_match(r->run, f->tests.at[i].name))
                rc = run_test(r, f, &f->tests.at[i], rs, err);
    }
    ruleset_free(&rs);
    trial_file_free(&f);
    complaints_free(&c);
    return rc;
}

/* 0, or -1 with *err; *ret_code is the exit code. */
static int run_all(struct runner *r, int *ret_code, struct err *err)
{
    r->junit = junit_new(r->junit_path, err);
    if (r->junit == NULL && r->junit_path != NULL)
        return -1;
    for (size_t i = 0; i < r->n_files; i++)
        if (run_file(r, r->file[i], err) < 0)
            return -1;
    /* some tests only would make most rules look untested */
    bool all = r->run == NULL && r->broken == 0;
    size_t lacking = all ? say_coverage(r) : 0;
    printf("%zu tests: %zu passed, %zu failed", r->passed + r->failed, r->passed,
           r->failed);
    if (r->broken > 0)
        printf("; %zu files could not be run", r->broken);
    if (all)
        printf("; %zu of %zu rules lack a test", lacking, r->n_rules);
    printf("\n");
    bool good = r->failed == 0 && r->broken == 0 && (!r->require || lacking == 0);
    if (r->run != NULL && r->passed + r->failed == 0 && r->broken == 0)
        return err_set(err, ENOENT, "--run: no test has a name like '%s'", r->run);
    *ret_code = good ? 0 : EXIT_FAILED;
    return junit_close(&r->junit, err);
}

static void runner_free(struct runner *r)
{
    for (size_t i = 0; i < r->n_files; i++)
        free(r->file[i]);
    for (size_t i = 0; i < r->n_rules; i++) {
        free(r->rule[i].file);
        free(r->rule[i].id);
    }
    free(r->rule);
    junit_close(&r->junit, NULL);
}

int cmd_rules_test(int argc, char **argv)
{
    static struct runner r;
    const struct opt opts[] = {
        {"run", "GLOB", "only tests whose name fits", &r.run},
        {"junit", "FILE", "also writes the results as JUnit XML", &r.junit_path},
        {"require-coverage", NULL,
         "fails when a rule lacks a test that makes it speak, or one that keeps it "
         "quiet",
         &r.require},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck rules test",
        .synopsis = "PATH...",
        .about = "Runs the tests of rules: made-up changes on made-up data, judged as "
                 "the service would judge them. PATH is a test file, a rule file with "
                 "its tests beside it (pay.yml, pay_test.yml), or a folder. A finding "
                 "that no test expects is a failure.",
        .more = "Exit: 0 all tests passed, 1 some failed or could not be run, 2 wrong "
                "usage. docs/rules.md tells how tests are written.",
        .opts = opts,
    };
    struct err err = {0};
    int code = EXIT_FAILED, first = opt_parse(&program, argc, argv);
    if (first == argc) {
        err_set(&err, 0, "which? expected a test file, a rule file or a folder");
        return cmd_fail("rules test", EXIT_USAGE, &err);
    }
    int rc = 0;
    for (int i = first; rc == 0 && i < argc; i++)
        rc = add_path(&r, argv[i], &err);
    if (rc == 0)
        rc = run_all(&r, &code, &err);
    runner_free(&r);
    return rc == 0 ? code : cmd_fail("rules test", EXIT_FAILED, &err);
}
