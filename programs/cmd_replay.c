/* programs/cmd_replay.c - `aftercheck replay`: the analyzer over recorded data.
 *
 * The same stores (in memory only), the same rounds and the same judge as the service;
 * only the clock is the data's own.  What the recording does not reach is not looked
 * at. */
#include "analyzer/checkup.h"
#include "base/opt.h"
#include "notifier/fmt_text.h"
#include "notifier/letter.h"
#include "notifier/past.h"
#include "programs/cmd.h"
#include "programs/recording.h"
#include "programs/term.h"
#include "rules/ruleset.h"
#include "storage/ledger.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct replay {
    const char *rules_path, *samples, *events, *precision, *format, *language;
    struct ruleset *rules;
    struct ledger *ledger;
    struct recording *recording;
    struct windows *windows;
    struct rrd *rrd; /* for charts in mails; NULL when no format asks */
    char rrd_dir[64];
};

/* --- what is printed --- */

static int print_json(struct replay *r, const struct past *p, struct buf *to,
                      struct err *err)
{
    (void)r, (void)err;
    verdict_write(past_current(p), false, to);
    buf_add_ch(to, '\n');
    return 0;
}

static struct report_input facts_of(const struct replay *r, const struct past *p)
{
    return (struct report_input){.change = p->change,
                                 .verdict = past_current(p),
                                 .language = language_of(r->language),
                                 .revisions =
                                     (const struct verdict *const *)p->revision,
                                 .n_revisions = p->n};
}

static struct letter_ask letter_of(struct replay *r, const struct past *p,
                                   const struct mail_config *config)
{
    return (struct letter_ask){.what = facts_of(r, p), .config = config, .rrd = r->rrd};
}

static int print_text(struct replay *r, const struct past *p, struct buf *to,
                      struct err *err)
{
    struct report_input what = facts_of(r, p);
    struct report *report = report_new(&what, err);
    if (report == NULL)
        return -1;
    fmt_text(report, to);
    report_free(&report);
    return 0;
}

static int print_html(struct replay *r, const struct past *p, struct buf *to,
                      struct err *err)
{
    struct mail_config config;
    mail_config_defaults(&config);
    struct letter_ask ask = letter_of(r, p, &config);
    return letter_html(&ask, to, err);
}

static int print_eml(struct replay *r, const struct past *p, struct buf *to,
                     struct err *err)
{
    struct mail_config config;
    mail_config_defaults(&config);
    struct letter_ask ask = letter_of(r, p, &config);
    return letter_write(&ask, to, err);
}

static const struct format {
    const char *name;
    int (*print)(struct replay *r, const struct past *p, struct buf *to,
                 struct err *err);
    bool charts;
} formats[] = {
    {"json", print_json, false},
    {"text", print_text, false},
    {"html", print_html, true},
    {"eml", print_eml, true},
};

static const struct format *format_of(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

/* --- the run --- */

/* One row a minute, or a thirtieth of the shortest before window where that is less
 * than half an hour. */
static span step_of(const struct ruleset *rules)
{
    int64_t least = 60000;
    for (size_t k = 0; k < ruleset_windows_count(rules); k++) {
        int64_t part = ruleset_windows_at(rules, k)->before.ms / 30 / 1000 * 1000;
        if (part < least)
            least = part;
    }
    return (span){least < 1000 ? 1000 : least};
}

static int load_rules(struct replay *r, struct err *err)
{
    struct complaints c = {0};
    r->rules = ruleset_load(r->rules_path, &c);
    if (c.n > 0) {
        OWNED_BUF text = {0};
        complaints_sort(&c);
        complaints_write(&c, &text);
        fputs(buf_text(&text), stderr);
    }
    complaints_free(&c);
    return r->rules != NULL ? 0 : err_set(err, EINVAL, "the rules have errors (above)");
}

static int start_charts(struct replay *r, struct err *err)
{
    snprintf(r->rrd_dir, sizeof r->rrd_dir, "/tmp/aftercheck-replay-XXXXXX");
    if (mkdtemp(r->rrd_dir) == NULL)
        return err_sys(err, errno, "no directory could be made in /tmp");
    r->rrd = rrd_start(r->rrd_dir, err);
    return r->rrd != NULL ? 0 : -1;
}

static int read_all(struct replay *r, struct err *err)
{
    enum line_precision precision = in_line_precision(r->precision);
    if (precision == LINE_PRECISION_N)
        return err_set(err, EINVAL, "--precision: '%s' is not s, ms, us or ns",
                       r->precision);
    r->ledger = ledger_open(":memory:", NULL, err);
    r->recording = r->ledger != NULL ? recording_new(err) : NULL;
    if (r->recording == NULL)
        return -1;
    if (r->samples != NULL &&
        recording_read_samples(r->recording, r->samples, precision, err) < 0)
        return -1;
    if (recording_read_events(r->recording, r->events, r->ledger, err) < 0)
        return -1;
    r->windows = recording_store(r->recording, step_of(r->rules), err);
    return r->windows != NULL ? 0 : -1;
}

/* Rounds at every time that one wants, up to the end of the data: a look whose window
 * the data covers is taken, without waiting for late samples that cannot come. */
static int judge_all(struct replay *r, struct err *err)
{
    struct checkup *c = checkup_new(r->ledger, r->windows, NULL);
    if (c == NULL)
        return err_set(err, ENOMEM, "out of memory");
    span late = {0};
    for (size_t k = 0; k < ruleset_windows_count(r->rules); k++)
        if (ruleset_windows_at(r->rules, k)->late.ms > late.ms)
            late = ruleset_windows_at(r->rules, k)->late;
    instant now = recording_begin(r->recording), end = recording_end(r->recording);
    if (!instant_is_none(end))
        end = instant_add(end, (span){late.ms + windows_step(r->windows).ms});
    struct progress p = progress_begin();
    int rc = 0;
    while (rc == 0 && !instant_is_none(now) && now.ms <= end.ms) {
        instant next = INSTANT_FAR;
        size_t stored;
        rc = checkup_round(c, r->rules, now, &next, &stored, err);
        struct checkup_stats s = checkup_stats(c);
        progress_say(&p, "judged %llu looks", (unsigned long long)s.looks);
        now = next.ms > now.ms ? next : (instant){now.ms + 1};
    }
    progress_end(&p);
    checkup_free(&c);
    return rc;
}

/* A change that no look could be taken of still has its line: not judged. */
static int unlooked(struct past *p, struct err *err)
{
    p->revision = calloc(1, sizeof *p->revision);
    struct verdict *v = verdict_new(p->change->change_id);
    if (p->revision == NULL || v == NULL) {
        verdict_free(&v);
        return err_set(err, ENOMEM, "out of memory");
    }
    v->grade = GRADE_NOT_JUDGED;
    v->decided_at = p->change->start;
    v->reason = strdup("The recording ends before the first look at this change.");
    p->revision[p->n++] = v;
    return 0;
}

static int print_change(struct replay *r, const char *id, struct err *err)
{
    OWNED_BUF text = {0};
    struct past *p = past_read(r->ledger, id, err);
    if (p == NULL)
        return -1;
    int rc = p->n == 0 ? unlooked(p, err) : 0;
    if (rc == 0)
        rc = format_of(r->format)->print(r, p, &text, err);
    past_free(&p);
    if (rc == 0 && fwrite(buf_text(&text), 1, text.len, stdout) != text.len)
        rc = err_sys(err, errno, "standard output cannot be written");
    return rc;
}

/* All changes, oldest first. */
static int print_all(struct replay *r, struct err *err)
{
    struct change_ask ask = {.since = INSTANT_NONE, .grade = GRADE_N, .limit = 500};
    char **ids = NULL, *cursor = NULL;
    size_t n = 0;
    int rc = 0;
    do {
        struct change_rows rows;
        ask.after = cursor;
        rc = ledger_changes(r->ledger, &ask, &rows, err);
        if (rc < 0)
            break;
        char **more = realloc(ids, (n + rows.n + 1) * sizeof *more);
        ids = more != NULL ? more : ids;
        for (size_t i = 0; more != NULL && i < rows.n; i++)
            ids[n++] = strdup(rows.row[i].change->change_id);
        free(cursor);
        cursor = rows.next != NULL ? strdup(rows.next) : NULL;
        change_rows_free(&rows);
        rc = more != NULL ? 0 : err_set(err, ENOMEM, "out of memory");
    } while (rc == 0 && cursor != NULL);
    free(cursor);
    while (n > 0) {
        n--;
        if (rc == 0)
            rc = print_change(r, ids[n], err);
        free(ids[n]);
    }
    free(ids);
    return rc;
}

static int summary(const struct recording_stats *s, struct err *err)
{
    if (s->bad_lines > 0 || s->bad_events > 0)
        fprintf(stderr,
                "aftercheck replay: %llu of %llu lines and %llu of %llu events were "
                "refused\n",
                (unsigned long long)s->bad_lines, (unsigned long long)s->lines,
                (unsigned long long)s->bad_events, (unsigned long long)s->events);
    if (s->lost > 0)
        fprintf(stderr, "aftercheck replay: %llu samples did not fit\n",
                (unsigned long long)s->lost);
    if (s->lines > 0 && s->bad_lines == s->lines)
        return err_set(err, EINVAL, "every line of the samples was refused");
    if (s->events > 0 && s->bad_events == s->events)
        return err_set(err, EINVAL, "every event was refused");
    return 0;
}

static int run(struct replay *r, struct err *err)
{
    if (load_rules(r, err) < 0 || read_all(r, err) < 0)
        return -1;
    struct recording_stats stats = recording_stats(r->recording);
    if (summary(&stats, err) < 0)
        return -1;
    if (format_of(r->format)->charts && start_charts(r, err) < 0)
        return -1;
    if (judge_all(r, err) < 0)
        return -1;
    return print_all(r, err);
}

int cmd_replay(int argc, char **argv)
{
    struct replay r = {.precision = "ns", .format = "json", .language = "en"};
    const struct opt opts[] = {
        {"samples", "FILE",
         "line protocol, plain, gzip or zstd, in any order; - is standard input",
         &r.samples},
        {"events", "FILE", "events, one JSON object a line", &r.events},
        {"rules", "PATH", "a rule file or folder; the shipped pack when not given",
         &r.rules_path},
        {"precision", "UNIT",
         "of the times in the samples: s, ms, us or ns (the default)", &r.precision},
        {"format", "FORMAT", "json (one line a change, the default), text, html or eml",
         &r.format},
        {"language", "LANGUAGE", "of the report: en (the default) or zh", &r.language},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck replay",
        .synopsis = "--samples FILE --events FILE",
        .about =
            "Judges recorded changes on recorded data, on the data's own clock, as the "
            "service would have. The same inputs give the same bytes.",
        .more = "Exit: 0 when all changes were replayed, whatever their grades; 1 when "
                "the data "
                "cannot be read or all of it is bad; 2 wrong usage.",
        .opts = opts,
    };
    struct err err = {0};
    if (opt_parse(&program, argc, argv) != argc)
        err_set(&err, 0, "takes no operands; see --help");
    else if (r.events == NULL)
        err_set(&err, 0,
                "--events is missing: without changes there is nothing to judge");
    else if (format_of(r.format) == NULL)
        err_set(&err, 0, "--format: '%s' is not json, text, html or eml", r.format);
    else if (language_of(r.language) == LANGUAGE_N)
        err_set(&err, 0, "--language: '%s' is not en or zh", r.language);
    if (err.code != 0)
        return cmd_fail("replay", EXIT_USAGE, &err);
    int rc = run(&r, &err);
    windows_close(&r.windows);
    recording_free(&r.recording);
    ledger_close(&r.ledger);
    ruleset_free(&r.rules);
    rrd_stop(&r.rrd);
    if (r.rrd_dir[0] != '\0')
        rmdir(r.rrd_dir);
    return rc == 0 ? 0 : cmd_fail("replay", 1, &err);
}
