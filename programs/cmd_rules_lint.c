/* programs/cmd_rules_lint.c - `aftercheck rules lint`: what is wrong in rule files, and
 * what will disappoint; and what is wrong in the tests beside them.  One thread. */
#include "base/opt.h"
#include "base/yaml.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "rules/lint.h"
#include "rules/lint_format.h"
#include "rules/routing.h"
#include "rules/trial_file.h"
#include "storage/seen.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { EXIT_ERRORS = 1, EXIT_WARNINGS = 3 };

struct lint_options {
    const char *format, *data, *today, *kept;
    int strict;
};

static int read_format(const char *text, enum lint_format *ret_format, struct err *err)
{
    *ret_format = lint_format_of(text);
    if (*ret_format != LINT_FORMAT_N)
        return 0;
    return err_set(err, 0, "--format: '%s' is not text, json, github or sarif", text);
}

/* "2026-12-31", else the present. */
static int read_today(const char *text, instant *ret_today, struct err *err)
{
    char full[40];
    *ret_today = instant_now();
    if (text == NULL)
        return 0;
    snprintf(full, sizeof full, "%.12sT00:00:00Z", text);
    if (strlen(text) != 10 || instant_parse(full, ret_today, NULL) < 0)
        return err_set(err, 0, "--today: '%s' is not a date such as 2026-12-31", text);
    return 0;
}

static int read_kept(const char *text, span *ret_kept, struct err *err)
{
    struct err why = {0};
    if (span_parse(text, ret_kept, &why) < 0)
        return err_set(err, 0, "--kept: %s", why.text);
    return 0;
}

static int read_options(const struct lint_options *o, struct lint_ask *ask,
                        enum lint_format *format, struct seen *seen, struct err *err)
{
    if (read_format(o->format, format, err) < 0 ||
        read_today(o->today, &ask->today, err) < 0 ||
        read_kept(o->kept, &ask->kept, err) < 0)
        return -1;
    if (o->data == NULL)
        return 0;
    if (seen_read(o->data, seen, err) < 0)
        return -1;
    ask->seen = (const char *const *)seen->name;
    ask->n_seen = seen->n;
    return 0;
}

/* --- routing --- */

/* A file that is no YAML is told of by whoever reads it as rules. */
static bool is_routing(const char *path)
{
    struct stat st;
    struct complaints unheard = {0};
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    struct yaml_doc *doc = yaml_load(path, &unheard);
    bool is = doc != NULL && routing_is(doc);
    yaml_doc_free(&doc);
    complaints_free(&unheard);
    return is;
}

static void lint_routing(const char *path, struct complaints *c)
{
    struct routing *r = routing_load(path, c);
    routing_free(&r);
}

/* Those that stand beside rules. */
static void lint_routing_in(const char *path, struct complaints *c)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        char file[4096];
        size_t n = strlen(e->d_name);
        if (n < 5 || e->d_name[0] == '.' || strcmp(e->d_name + n - 4, ".yml") != 0)
            continue;
        if (snprintf(file, sizeof file, "%s/%s", path, e->d_name) < (int)sizeof file &&
            is_routing(file))
            lint_routing(file, c);
    }
    if (d != NULL)
        closedir(d);
}

/* --- tests of rules --- */

static bool is_told(const struct complaints *c, const struct complaint *k)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->at[i].line == k->line && c->at[i].column == k->column &&
            strcmp(c->at[i].file, k->file) == 0 && strcmp(c->at[i].code, k->code) == 0)
            return true;
    return false;
}

/* A file of tests, and what it expects of which rules.  `own` are the rules of its
 * folder, when they are read already. */
static void lint_test(const char *path, const struct ruleset *own, struct complaints *c)
{
    struct complaints of_rules = {0};
    struct trial_file *f = trial_file_load(path, c);
    if (f == NULL)
        return;
    bool folder = f->packs.n == 1 && strcmp(f->packs.at[0], ".") == 0;
    struct ruleset *named =
        folder && own != NULL ? NULL : trial_file_rules(f, &of_rules);
    const struct ruleset *rs = named != NULL ? named : folder ? own : NULL;
    if (rs != NULL)
        trial_file_check(f, rs, c);
    for (size_t i = 0; rs == NULL && i < of_rules.n; i++) {
        const struct complaint *k = &of_rules.at[i];
        if (!k->warning && !is_told(c, k))
            complain(c, k->file, k->line, k->column, k->code, "%s", k->text);
    }
    complaints_free(&of_rules);
    ruleset_free(&named);
    trial_file_free(&f);
}

static bool is_test_name(const char *name)
{
    static const char end[] = "_test.yml";
    size_t n = strlen(name);
    return name[0] != '.' && n >= strlen(end) &&
           strcmp(name + n - strlen(end), end) == 0;
}

static int is_test_entry(const struct dirent *d)
{
    return is_test_name(d->d_name);
}

static void lint_tests_of(const char *folder, const struct ruleset *own,
                          struct complaints *c)
{
    struct dirent **entry = NULL;
    int n = scandir(folder, &entry, is_test_entry, alphasort);
    for (int i = 0; i < n; i++) {
        OWNED_BUF file = {0};
        bool slash = folder[strlen(folder) - 1] == '/';
        buf_addf(&file, "%s%s%s", folder, slash ? "" : "/", entry[i]->d_name);
        lint_test(buf_text(&file), own, c);
        free(entry[i]);
    }
    free(entry);
}

/* --- a path --- */

static void lint_path(const char *path, const struct lint_ask *ask,
                      struct complaints *c)
{
    struct stat st;
    bool known = stat(path, &st) == 0;
    if (known && S_ISREG(st.st_mode) && is_test_name(path)) {
        lint_test(path, NULL, c);
        return;
    }
    if (is_routing(path)) {
        lint_routing(path, c);
        return;
    }
    lint_routing_in(path, c);
    struct ruleset *rs = ruleset_load(path, c);
    if (rs != NULL)
        lint(rs, ask, c);
    if (known && S_ISDIR(st.st_mode))
        lint_tests_of(path, rs, c);
    ruleset_free(&rs);
}

static int tell(const struct complaints *c, enum lint_format format, bool strict)
{
    OWNED_BUF text = {0};
    lint_format_write(format, c, &text);
    fwrite(buf_text(&text), 1, text.len, stdout);
    if (c->errors > 0)
        return EXIT_ERRORS;
    return c->warnings > 0 && strict ? EXIT_WARNINGS : 0;
}

int cmd_rules_lint(int argc, char **argv)
{
    struct lint_options o = {.format = "text", .kept = "2h"};
    const struct opt opts[] = {
        {"format", "FORMAT", "text (the default), json, github or sarif", &o.format},
        {"strict", NULL, "Exit with 3 when there are warnings.", &o.strict},
        {"data", "DIR",
         "A data directory of the service: says which figures no host ever sent.",
         &o.data},
        {"kept", "SPAN",
         "How far back recent samples reach (samples.keep of the service); 2h.",
         &o.kept},
        {"today", "DATE", "Asks what has ended by this day; the present.", &o.today},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck rules lint",
        .synopsis = "PATH...",
        .about = "Checks rule files, routing files, files of tests (*_test.yml), or "
                 "folders of them (each folder is one pack, with the tests beside it), "
                 "and prints all that is wrong or doubtful as file:line:column: "
                 "error[code]: what, and what was expected.",
        .more = "Exit: 0 no errors, 1 errors, 2 wrong usage, 3 warnings with --strict.",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    struct lint_ask ask = {0};
    struct seen seen = {0};
    struct complaints c = {0};
    enum lint_format format;
    if (first == argc)
        err_set(&err, 0, "name a rule file or a folder of them; see --help");
    if (first == argc || read_options(&o, &ask, &format, &seen, &err) < 0)
        return cmd_fail("rules lint", EXIT_USAGE, &err);
    for (int i = first; i < argc; i++)
        lint_path(argv[i], &ask, &c);
    complaints_sort(&c);
    int rc = tell(&c, format, o.strict != 0);
    complaints_free(&c);
    seen_free(&seen);
    return rc;
}
