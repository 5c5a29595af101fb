/* eval/eval_judge.c - runs the evaluation and writes docs/accuracy.md.
 *
 * Single series first, then whole changes, then the tables.  The same options give the
 * same tables, whatever the number of processes. */
#include "base/buf.h"
#include "base/complain.h"
#include "base/instant.h"
#include "base/opt.h"
#include "eval/tables.h"
#include "eval/trial.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct wants {
    const char *data, *out, *seed, *singles, *changes, *alone, *faults, *codes,
        *economies, *jobs, *only;
    int coarse, tell;
};

static const char about[] =
    "Measures the judge on recorded host metrics: how often it speaks when nothing was "
    "done, and what it finds of what was; beside it the reference of its method and "
    "other "
    "people's rules on the very same cases.  Writes the tables as Markdown.";

/* A whole number of at least `least`; a mistake ends the program. */
static unsigned long number_of(const char *name, const char *text, unsigned long least)
{
    char *end;
    errno = 0;
    unsigned long n = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || n < least || n > 10000000) {
        fprintf(stderr, "eval_judge: --%s: '%s' is not a number from %lu to 10000000\n",
                name, text, least);
        exit(2);
    }
    return n;
}

static int write_out(const char *path, struct buf *text, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (f == NULL)
        return err_sys(err, errno, "%s", path);
    bool ok = fwrite(text->data, 1, text->len, f) == text->len && fflush(f) == 0;
    if (f != stdout)
        ok = fclose(f) == 0 && ok;
    return ok ? 0 : err_sys(err, errno, "%s", path);
}

static int run_alone(const struct trial *with, size_t cases, struct book *b,
                     struct err *err)
{
    struct trial t = *with;
    t.want.n_controls = 0;
    return book_open(b, cases, err) < 0 ? -1 : trial_run(&t, b, err);
}

static int run(const struct wants *w, const struct recordings *r,
               const struct ruleset *rules, struct err *err)
{
    struct trial t = {.recordings = r,
                      .rules = rules,
                      .want = {1, DRAW_CONTROLS_MAX, 1},
                      .seed = number_of("seed", w->seed, 0),
                      .jobs = (int)number_of("jobs", w->jobs, 1),
                      .rest = SIZE_MAX,
                      .only = w->only,
                      .coarse = w->coarse,
                      .tell = w->tell};
    struct book singles = {0}, changes = {0}, alone = {0};
    struct codes_found codes;
    struct economies economies = {0};
    OWNED_BUF text = {0};
    int rc = book_open(&singles, number_of("singles", w->singles, 0), err);
    if (rc == 0)
        rc = book_open(&changes, number_of("changes", w->changes, 0), err);
    int64_t from = monotonic_ms();
    if (rc == 0)
        rc = trial_run(&t, &singles, err);
    fprintf(stderr, "%zu single series in %.0f s\n", singles.cases,
            (double)(monotonic_ms() - from) / 1000);
    from = monotonic_ms();
    t.rest = number_of("faults", w->faults, 0);
    t.want = (struct draw_want){DRAW_CHANGED_MAX, DRAW_CONTROLS_MAX, DRAW_METRICS_MAX};
    if (rc == 0)
        rc = trial_run(&t, &changes, err);
    fprintf(stderr, "%zu whole changes in %.0f s\n", changes.cases,
            (double)(monotonic_ms() - from) / 1000);
    if (rc == 0)
        rc = run_alone(&t, number_of("alone", w->alone, 0), &alone, err);
    if (rc == 0)
        rc = codes_run(t.seed, number_of("codes", w->codes, 1), &codes, err);
    if (rc == 0)
        rc =
            economies_run(&t, number_of("economies", w->economies, 0), &economies, err);
    if (rc == 0) {
        tables_write(
            &(struct tables){&t, &singles, &changes, &alone, &codes, &economies},
            &text);
        rc = buf_done(&text) < 0 ? err_set(err, ENOMEM, "out of memory")
                                 : write_out(w->out, &text, err);
    }
    book_close(&singles);
    book_close(&changes);
    book_close(&alone);
    economies_free(&economies);
    return rc;
}

int main(int argc, char **argv)
{
    char jobs[16];
    snprintf(jobs, sizeof jobs, "%ld", sysconf(_SC_NPROCESSORS_ONLN));
    struct wants w = {.data = "../shared/data/smd",
                      .out = "docs/accuracy.md",
                      .seed = "7",
                      .singles = "2000",
                      .changes = "100",
                      .alone = "40",
                      .faults = "100",
                      .codes = "4000",
                      .economies = "8",
                      .jobs = jobs};
    const struct opt opts[] = {
        {"data", "DIR", "The recordings, machine-*.csv.gz (../shared/data/smd).",
         &w.data},
        {"out", "FILE", "Where the tables go, - is standard output (docs/accuracy.md).",
         &w.out},
        {"seed", "N", "Another seed draws other cases (7).", &w.seed},
        {"singles", "N", "Single series to draw (2000).", &w.singles},
        {"changes", "N", "Whole changes to draw (100).", &w.changes},
        {"faults", "N",
         "Whole changes that are tried with effects, too, not only quiet (100).",
         &w.faults},
        {"alone", "N", "Whole changes without unchanged hosts to draw (40).", &w.alone},
        {"codes", "N", "Return codes to simulate (4000).", &w.codes},
        {"economies", "N", "Whole changes to compare 1- and 5-minute pasts on (8).",
         &w.economies},
        {"jobs", "N", "Processes at once (all cores).", &w.jobs},
        {"only", "EFFECT", "Try this effect alone, such as quiet, at 30 minutes.",
         &w.only},
        {"coarse", NULL,
         "Tell the past in means of 5 minutes, as the service keeps it.", &w.coarse},
        {"tell", NULL, "Print each false finding of the judge with its values.",
         &w.tell},
        {0},
    };
    const struct opt_program program = {"eval_judge", "", about, NULL, opts};
    if (opt_parse(&program, argc, argv) < argc) {
        fprintf(stderr, "eval_judge: takes options only\n");
        return 2;
    }
    struct err err = {0};
    struct recordings r = {0};
    struct complaints c = {0};
    struct ruleset *rules = ruleset_load(NULL, &c);
    complaints_free(&c);
    if (rules == NULL)
        err_set(&err, EINVAL, "the shipped rules do not load");
    else if (recordings_read(w.data, &r, &err) == 0)
        run(&w, &r, rules, &err);
    recordings_free(&r);
    ruleset_free(&rules);
    if (err.code != 0)
        fprintf(stderr, "eval_judge: %s\n", err.text);
    return err.code != 0;
}
