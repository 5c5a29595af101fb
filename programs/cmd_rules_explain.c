/* programs/cmd_rules_explain.c - `aftercheck rules explain`: every number that led to
 * what a rule said of a change.
 *
 * The change is judged once more from the data directory, beside the service and only
 * reading, with somebody listening.  One thread, but for those of a judgement. */
#include "analyzer/again.h"
#include "base/opt.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "programs/daemon_config.h"
#include "programs/peek.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct asked {
    const char *change, *rule, *data, *rules, *config, *format;
};

static int print_complaints(const struct complaints *c, const char *what,
                            struct err *err)
{
    OWNED_BUF text = {0};
    complaints_write(c, &text);
    fputs(buf_text(&text), stderr);
    return err_set(err, EINVAL, "%s", what);
}

/* What stands in the data directory is that of the rules that the service has. */
static void note_data(const struct asked *a, const struct again *again,
                      const struct ruleset *rs, struct explain *e)
{
    char step[SPAN_TEXT_MAX];
    const char *hash = NULL;
    explain_open(e, "data", "the data");
    explain_text(e, "dir", "directory", a->data);
    explain_text(e, "source", "read from", again->from_history ? "history" : "samples");
    explain_text(e, "step", "rows of", span_text(again->step, step));
    explain_yes(e, "coarse", "longer than those it was judged by", again->coarse);
    explain_count(e, "units", "hosts, services and call edges", again->units);
    explain_count(e, "units_failed", "of them, history not readable",
                  again->units_failed);
    if (again->said != NULL) {
        hash = again->said->pack != NULL ? strrchr(again->said->pack, ' ') : NULL;
        explain_text(e, "said", "grade that was said", grade_name(again->said->grade));
        explain_text(e, "said_by", "by the rules", again->said->pack);
    }
    if (hash != NULL)
        explain_yes(e, "same_rules", "these are the same rules",
                    strcmp(hash + 1, rs->hash) == 0);
    explain_close(e, true);
}

static int explain_change(const struct asked *a, const struct ruleset *rs,
                          struct peek *peek, struct err *err)
{
    OWNED_EXPLAIN e = {.local = peek_local};
    OWNED_AGAIN again = {0};
    explain_begin(&e, a->rule);
    const struct again_ask ask = {.stores = &peek->stores,
                                  .rules = rs,
                                  .change_id = a->change,
                                  .any = true,
                                  .now = instant_now(),
                                  .explain = &e};
    if (again_judge(&ask, &again, err) < 0)
        return -1;
    if (again.left_out != AGAIN_JUDGED)
        return err_set(err, ENODATA, "change %s cannot be judged anew: %s", a->change,
                       again_words(again.left_out));
    if (!e.known)
        return err_set(err, ENOENT, "these rules have no rule '%s'", a->rule);
    note_data(a, &again, rs, &e);
    if (explain_end(&e) < 0)
        return err_set(err, ENOMEM, "out of memory");
    fputs(buf_text(strcmp(a->format, "json") == 0 ? &e.json : &e.text), stdout);
    if (strcmp(a->format, "json") == 0)
        putchar('\n');
    return 0;
}

static int run(struct asked *a, struct err *err)
{
    struct complaints c = {0};
    struct daemon_config config = {0};
    struct ruleset *rs = NULL;
    struct peek peek = {0};
    int rc = 0;
    if (a->config != NULL && daemon_config_load(a->config, &config, &c) < 0)
        rc = print_complaints(&c, "the configuration has errors", err);
    if (rc == 0 && a->config != NULL && a->rules == NULL)
        a->rules = config.rules;
    if (rc == 0 && a->config != NULL && a->data == NULL)
        a->data = config.data;
    if (a->data == NULL)
        a->data = geteuid() == 0 ? "/var/lib/aftercheck" : "./aftercheck-data";
    if (rc == 0 && (rs = ruleset_load(a->rules, &c)) == NULL)
        rc = print_complaints(&c, "these rules have errors", err);
    if (rc == 0 && peek_open(&peek, a->data, err) < 0)
        rc = -1;
    if (rc == 0)
        rc = explain_change(a, rs, &peek, err);
    peek_close(&peek);
    ruleset_free(&rs);
    complaints_free(&c);
    if (a->config != NULL)
        daemon_config_free(&config);
    return rc;
}

int cmd_rules_explain(int argc, char **argv)
{
    struct asked a = {.format = "text"};
    const struct opt opts[] = {
        {"rules", "PATH", "a rule file or folder; the shipped pack when not given",
         &a.rules},
        {"data", "DIR",
         "the service's data directory, which is only read; /var/lib/aftercheck, or "
         "./aftercheck-data when not root",
         &a.data},
        {"config", "FILE",
         "the service's configuration: rules and data are taken of it", &a.config},
        {"format", "FORMAT", "text (the default) or json", &a.format},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck rules explain",
        .synopsis = "CHANGE RULE",
        .about =
            "Every number that led to what a rule said of a change at its last look: "
            "the rule with the file and line that set each value, the windows, the "
            "points used and missing, the unchanged hosts, what is usual, z and p with "
            "the bar they were held to, each part of a condition; and where the rule "
            "said nothing, why.  The change is judged once more for it, from the "
            "data directory, beside a running service and without a change to it.",
        .more = "Exit: 0; 1 when the change, the rule or the data is not there, or the "
                "rules have\nerrors; 2 wrong usage.",
        .opts = opts,
    };
    struct err err = {0};
    int first = opt_parse(&program, argc, argv);
    if (first != argc - 2)
        err_set(&err, 0, "takes a change and a rule; see --help");
    else if (strcmp(a.format, "text") != 0 && strcmp(a.format, "json") != 0)
        err_set(&err, 0, "--format: '%s' is not text or json", a.format);
    if (err.text[0] != '\0')
        return cmd_fail("rules explain", EXIT_USAGE, &err);
    a.change = argv[first];
    a.rule = argv[first + 1];
    return run(&a, &err) == 0 ? 0 : cmd_fail("rules explain", EXIT_REFUSED, &err);
}
