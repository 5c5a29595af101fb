/* programs/cmd_rules_backtest.c - `aftercheck rules backtest`: what these rules would
 * have said of past changes, against what was said.
 *
 * It runs beside the service on the same data directory and only reads, so it can cost
 * the service neither memory nor its time.  One thread, but for those of a judgement.
 */
#include "analyzer/again.h"
#include "analyzer/words.h"
#include "base/jsonw.h"
#include "base/names.h"
#include "base/opt.h"
#include "programs/backtest_marks.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "programs/peek.h"
#include "programs/term.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STEPS_MAX = 8 };

enum flip { FLIP_NONE, FLIP_BETTER, FLIP_WORSE, FLIP_OTHER, FLIP_N };
static const char *const flip_name[FLIP_N] = {"same", "better", "worse", "other"};

/* What was said and what these rules say, at the looks that tell them apart. */
struct pair {
    const struct verdict *said, *now;
};

struct backtest {
    const char *path, *since_text, *data, *service, *format, *limit_text, *fail_on,
        *against, *looks_text;
    bool json, all_looks;
    size_t limit;
    instant now, since;
    struct ruleset *rules;
    struct peek peek;
    struct progress progress;
    char **id;        /* newest first */
    size_t n_ids, at; /* `at` is being judged */
    struct buf flips; /* of JSON */
    struct jsonw w;

    /* what came of it */
    size_t judged, left_out[AGAIN_N], failed, history_failed;
    size_t flip[FLIP_N], from_to[GRADE_N][GRADE_N];
    size_t same_rules, same_rules_flipped, coarse, coarse_flipped;
    size_t looks, looks_coarse, recovered;
    struct {
        span step;
        size_t n;
        bool history;
    } step[STEPS_MAX];
    size_t n_steps;
    struct backtest_marks marks;
};

/* --- what is judged --- */

static int load_rules(struct backtest *b, struct err *err)
{
    struct complaints c = {0};
    b->rules = ruleset_load(b->path, &c);
    if (b->rules == NULL) {
        OWNED_BUF text = {0};
        complaints_write(&c, &text);
        fputs(buf_text(&text), stderr);
    }
    complaints_free(&c);
    return b->rules != NULL ? 0 : err_set(err, EINVAL, "these rules have errors");
}

static bool is_asked_for(const struct backtest *b, const struct change *c)
{
    return b->service == NULL ||
           (c->service != NULL && glob_match(b->service, c->service));
}

static int take_ids(struct backtest *b, const struct change_rows *rows, struct err *err)
{
    char **more = reallocarray(b->id, b->n_ids + rows->n + 1, sizeof *more);
    if (more == NULL)
        return err_set(err, ENOMEM, "out of memory");
    b->id = more;
    for (size_t i = 0; i < rows->n && b->n_ids < b->limit; i++) {
        if (!is_asked_for(b, rows->row[i].change))
            continue;
        b->id[b->n_ids] = strdup(rows->row[i].change->change_id);
        if (b->id[b->n_ids] == NULL)
            return err_set(err, ENOMEM, "out of memory");
        b->n_ids++;
    }
    return 0;
}

static int list_changes(struct backtest *b, struct err *err)
{
    char *cursor = NULL;
    int rc = 0;
    do {
        struct change_rows rows;
        const struct change_ask ask = {.since = b->since,
                                       .grade = GRADE_N,
                                       .after = cursor,
                                       .limit = LEDGER_PAGE_MAX};
        rc = ledger_changes(b->peek.stores.ledger, &ask, &rows, err);
        free(cursor);
        cursor = NULL;
        if (rc < 0)
            break;
        rc = take_ids(b, &rows, err);
        cursor = rows.next != NULL ? strdup(rows.next) : NULL;
        change_rows_free(&rows);
    } while (rc == 0 && cursor != NULL && b->n_ids < b->limit);
    free(cursor);
    return rc;
}

/* --- one flip --- */

static int badness(enum grade g)
{
    return g == GRADE_NOT_JUDGED ? 0 : (int)g;
}

static enum flip flip_of(enum grade before, enum grade after)
{
    if (before == after)
        return FLIP_NONE;
    int up = badness(after) - badness(before);
    return up > 0 ? FLIP_WORSE : up < 0 ? FLIP_BETTER : FLIP_OTHER;
}

static struct pair pair_of(const struct again *a)
{
    struct pair p;
    again_pair(a, &p.said, &p.now);
    return p;
}

/* "at look 1 of 4, ok at the end", where it is not the last look that says it. */
static void say_look(const struct verdict *v, const struct verdict *last,
                     struct buf *to)
{
    if (v != last)
        buf_addf(to, " at look %d of %d, %s at the end", v->looks_done, v->looks_all,
                 grade_name(last->grade));
}

static void say_data(const struct again *a, struct buf *to)
{
    char step[SPAN_TEXT_MAX];
    if (a->from_history)
        buf_addf(to, "from history in rows of %s", span_text(a->step, step));
    else
        buf_addf(to, "from samples in rows of %s", span_text(a->step, step));
    if (a->coarse)
        buf_add(to, ": only consolidated rows are left, the data alone may make the "
                    "difference");
}

/* "cpu.high (h1 cpu.busy): sentence" */
static void say_finding(const struct finding *f, struct buf *to)
{
    buf_add(to, f->rule);
    if (f->host != NULL || f->metric != NULL)
        buf_addf(to, " (%s%s%s)", f->host != NULL ? f->host : "",
                 f->host != NULL && f->metric != NULL ? " " : "",
                 f->metric != NULL ? f->metric : "");
    buf_addf(to, ": %s", f->because != NULL ? f->because : f->title);
}

/* One line, so that it can be searched and sorted. */
static void print_flip(const struct again *a, const struct finding *f, bool of_now)
{
    char at[EXPLAIN_LOCAL_MAX];
    OWNED_BUF line = {0};
    const struct change *c = a->change;
    const struct pair p = pair_of(a);
    buf_addf(&line, "%s -> %s  %s  %s", grade_name(p.said->grade),
             grade_name(p.now->grade), c->change_id, peek_local(c->start, at));
    if (c->title != NULL)
        buf_addf(&line, "  %s", c->title);
    buf_add(&line, " | ");
    if (f != NULL) {
        buf_add(&line, of_now ? "now" : "no longer");
        say_look(of_now ? p.now : p.said, of_now ? a->now : a->said, &line);
        buf_add(&line, p.now != a->now || p.said != a->said ? ": " : " ");
        say_finding(f, &line);
    } else if (p.now->reason != NULL || p.said->reason != NULL) {
        const bool now = p.now->reason != NULL;
        buf_addf(&line, "%s: %s", now ? "now" : "before",
                 now ? p.now->reason : p.said->reason);
    } else {
        buf_add(&line, "no single finding makes the difference");
    }
    buf_add(&line, " | ");
    say_data(a, &line);
    for (char *ch = line.data; line.len > 0 && *ch != '\0'; ch++)
        if ((unsigned char)*ch < ' ')
            *ch = ' ';
    printf("%s\n", buf_text(&line));
    fflush(stdout);
}

static void write_flip(struct backtest *b, const struct again *a,
                       const struct finding *f, bool of_now)
{
    struct jsonw *w = &b->w;
    const struct pair p = pair_of(a);
    jsonw_open(w, NULL);
    jsonw_text(w, "change_id", a->change->change_id);
    jsonw_text(w, "title", a->change->title);
    jsonw_text(w, "service", a->change->service);
    jsonw_instant(w, "start", a->change->start);
    jsonw_text(w, "before", grade_name(p.said->grade));
    jsonw_text(w, "after", grade_name(p.now->grade));
    jsonw_text(w, "flip", flip_name[flip_of(p.said->grade, p.now->grade)]);
    jsonw_int(w, "look_before", p.said->looks_done);
    jsonw_int(w, "look_after", p.now->looks_done);
    jsonw_text(w, "final_before", grade_name(a->said->grade));
    jsonw_text(w, "final_after", grade_name(a->now->grade));
    jsonw_int(w, "looks_judged", (int64_t)a->looks);
    jsonw_int(w, "looks_too_coarse", (int64_t)a->looks_coarse);
    jsonw_bool(w, "from_history", a->from_history);
    jsonw_int(w, "step_ms", a->step.ms);
    jsonw_bool(w, "coarse", a->coarse);
    if (f != NULL) {
        jsonw_open(w, "finding");
        jsonw_text(w, "of", of_now ? "after" : "before");
        jsonw_text(w, "rule", f->rule);
        jsonw_text(w, "grade", grade_name(f->grade));
        if (f->host != NULL)
            jsonw_text(w, "host", f->host);
        if (f->metric != NULL)
            jsonw_text(w, "metric", f->metric);
        jsonw_text(w, "because", f->because);
        jsonw_close(w);
    }
    jsonw_text(w, "reason_before", p.said->reason);
    jsonw_text(w, "reason_after", p.now->reason);
    jsonw_close(w);
}

/* --- all changes --- */

static void count_step(struct backtest *b, const struct again *a)
{
    size_t i = 0;
    while (i < b->n_steps &&
           (b->step[i].step.ms != a->step.ms || b->step[i].history != a->from_history))
        i++;
    if (i == STEPS_MAX)
        return;
    if (i == b->n_steps) {
        b->step[i].step = a->step;
        b->step[i].history = a->from_history;
        b->n_steps++;
    }
    b->step[i].n++;
}

/* "defaults 1f3a..." ends with the hash. */
static bool is_same_rules(const struct backtest *b, const struct verdict *v)
{
    const char *hash = v->pack != NULL ? strrchr(v->pack, ' ') : NULL;
    return hash != NULL && strcmp(hash + 1, b->rules->hash) == 0;
}

static void count(struct backtest *b, const struct again *a)
{
    b->left_out[a->left_out]++;
    if (a->left_out != AGAIN_JUDGED)
        return;
    const struct pair p = pair_of(a);
    enum flip flip = flip_of(p.said->grade, p.now->grade);
    b->judged++;
    b->looks += a->looks;
    b->looks_coarse += a->looks_coarse;
    b->recovered += a->now_worst != NULL;
    b->history_failed += a->units_failed > 0;
    b->flip[flip]++;
    b->from_to[p.said->grade][p.now->grade]++;
    b->coarse += a->coarse;
    b->coarse_flipped += a->coarse && flip != FLIP_NONE;
    b->same_rules += is_same_rules(b, a->said);
    b->same_rules_flipped += is_same_rules(b, a->said) && flip != FLIP_NONE;
    count_step(b, a);
    if (flip == FLIP_NONE)
        return;
    bool of_now;
    const struct finding *f = again_reason(a, &of_now);
    progress_end(&b->progress);
    if (b->json)
        write_flip(b, a, f, of_now);
    else
        print_flip(a, f, of_now);
}

static void say_progress(size_t look, size_t of, void *arg)
{
    struct backtest *b = arg;
    if (isatty(STDERR_FILENO))
        progress_say(&b->progress, "change %zu of %zu, look %zu of %zu", b->at + 1,
                     b->n_ids, look, of);
}

static void judge_one(struct backtest *b, const char *id)
{
    OWNED_AGAIN a = {0};
    struct err why = {0};
    const struct again_ask ask = {.stores = &b->peek.stores,
                                  .rules = b->rules,
                                  .change_id = id,
                                  .all_looks = b->all_looks,
                                  .looked = say_progress,
                                  .arg = b,
                                  .now = b->now};
    OWNED_CHANGE *c = ledger_change(b->peek.stores.ledger, id, &why);
    if (c != NULL && peek_refresh(&b->peek, c->start, &why) == 0 &&
        again_judge(&ask, &a, &why) == 0 &&
        (b->against == NULL || a.now == NULL ||
         backtest_marks_count(&b->marks, b->peek.stores.ledger, &a, &why) == 0)) {
        count(b, &a);
        return;
    }
    b->failed++;
    progress_end(&b->progress);
    fprintf(stderr, "aftercheck rules backtest: change %s: %s\n", id, why.text);
}

static void judge_all(struct backtest *b)
{
    b->progress = progress_begin();
    for (b->at = 0; b->at < b->n_ids; b->at++)
        judge_one(b, b->id[b->at]);
    progress_end(&b->progress);
}

/* --- the summary --- */

static void print_flips(const struct backtest *b)
{
    size_t n = b->flip[FLIP_BETTER] + b->flip[FLIP_WORSE] + b->flip[FLIP_OTHER];
    printf("flips: %zu (%zu to worse, %zu to better, %zu other)\n", n,
           b->flip[FLIP_WORSE], b->flip[FLIP_BETTER], b->flip[FLIP_OTHER]);
    for (int from = 0; from < GRADE_N; from++)
        for (int to = 0; to < GRADE_N; to++)
            if (from != to && b->from_to[from][to] > 0)
                printf("  %s -> %s: %zu\n", grade_name((enum grade)from),
                       grade_name((enum grade)to), b->from_to[from][to]);
}

static void print_data(const struct backtest *b)
{
    char text[SPAN_TEXT_MAX];
    printf("data:");
    for (size_t i = 0; i < b->n_steps; i++)
        printf("%s %zu from %s in rows of %s", i > 0 ? "," : "", b->step[i].n,
               b->step[i].history ? "history" : "samples",
               span_text(b->step[i].step, text));
    puts(b->n_steps > 0 ? "" : " none");
    if (b->coarse > 0)
        printf("only consolidated history was left for %zu changes (%zu of the flips): "
               "what short looks saw then cannot be told now\n",
               b->coarse, b->coarse_flipped);
    if (b->looks_coarse > 0)
        printf("%zu early looks were left aside, on both sides: their rows are too "
               "long now\n",
               b->looks_coarse);
    if (b->same_rules > 0)
        printf("judged then by these very rules: %zu, of which %zu flipped: their data "
               "makes the difference\n",
               b->same_rules, b->same_rules_flipped);
    if (b->history_failed > 0)
        printf("part of the history could not be read for %zu changes\n",
               b->history_failed);
}

static void print_summary(const struct backtest *b)
{
    char at[EXPLAIN_LOCAL_MAX];
    printf("rules %s %s, changes since %s: %zu, judged %zu, unchanged %zu\n",
           b->rules->name, b->rules->hash, peek_local(b->since, at), b->n_ids,
           b->judged, b->flip[FLIP_NONE]);
    printf(
        "looks judged: %zu; worse at an earlier look than at the last: %zu changes\n",
        b->looks, b->recovered);
    print_flips(b);
    for (int i = AGAIN_JUDGED + 1; i < AGAIN_N; i++)
        if (b->left_out[i] > 0)
            printf("not judged anew: %zu, %s\n", b->left_out[i],
                   again_words((enum again_left_out)i));
    if (b->failed > 0)
        printf("not judged anew: %zu, reading failed (see above)\n", b->failed);
    print_data(b);
    if (b->against != NULL)
        backtest_marks_print(&b->marks);
}

static void write_summary(struct backtest *b)
{
    struct jsonw *w = &b->w;
    jsonw_open(w, "summary");
    jsonw_int(w, "changes", (int64_t)b->n_ids);
    jsonw_int(w, "judged", (int64_t)b->judged);
    jsonw_int(w, "looks", (int64_t)b->looks);
    jsonw_int(w, "looks_too_coarse", (int64_t)b->looks_coarse);
    jsonw_int(w, "worse_before_the_last_look", (int64_t)b->recovered);
    jsonw_int(w, "unchanged", (int64_t)b->flip[FLIP_NONE]);
    for (int i = FLIP_BETTER; i < FLIP_N; i++)
        jsonw_int(w, flip_name[i], (int64_t)b->flip[i]);
    jsonw_list(w, "grades");
    for (int from = 0; from < GRADE_N; from++)
        for (int to = 0; to < GRADE_N; to++) {
            if (b->from_to[from][to] == 0)
                continue;
            jsonw_open(w, NULL);
            jsonw_text(w, "before", grade_name((enum grade)from));
            jsonw_text(w, "after", grade_name((enum grade)to));
            jsonw_int(w, "changes", (int64_t)b->from_to[from][to]);
            jsonw_close(w);
        }
    jsonw_end(w);
    jsonw_open(w, "left_out");
    for (int i = AGAIN_JUDGED + 1; i < AGAIN_N; i++)
        jsonw_int(w, again_name((enum again_left_out)i), (int64_t)b->left_out[i]);
    jsonw_int(w, "failed", (int64_t)b->failed);
    jsonw_close(w);
    jsonw_list(w, "data");
    for (size_t i = 0; i < b->n_steps; i++) {
        jsonw_open(w, NULL);
        jsonw_bool(w, "from_history", b->step[i].history);
        jsonw_int(w, "step_ms", b->step[i].step.ms);
        jsonw_int(w, "changes", (int64_t)b->step[i].n);
        jsonw_close(w);
    }
    jsonw_end(w);
    jsonw_int(w, "coarse", (int64_t)b->coarse);
    jsonw_int(w, "coarse_flipped", (int64_t)b->coarse_flipped);
    jsonw_int(w, "same_rules", (int64_t)b->same_rules);
    jsonw_int(w, "same_rules_flipped", (int64_t)b->same_rules_flipped);
    jsonw_int(w, "history_failed", (int64_t)b->history_failed);
    jsonw_close(w);
}

/* --- the run --- */

static int run(struct backtest *b, struct err *err)
{
    int64_t began = monotonic_ms();
    if (load_rules(b, err) < 0 || peek_open(&b->peek, b->data, err) < 0 ||
        list_changes(b, err) < 0)
        return -1;
    if (b->json) {
        char hash[80];
        b->w = (struct jsonw){.to = &b->flips};
        snprintf(hash, sizeof hash, "%.60s %s", b->rules->name, b->rules->hash);
        jsonw_open(&b->w, NULL);
        jsonw_text(&b->w, "rules", hash);
        jsonw_list(&b->w, "flips");
    }
    judge_all(b);
    backtest_marks_sort(&b->marks);
    if (b->json) {
        jsonw_end(&b->w);
        write_summary(b);
        if (b->against != NULL)
            backtest_marks_write(&b->marks, &b->w);
        jsonw_close(&b->w);
        if (buf_done(&b->flips) < 0)
            return err_set(err, ENOMEM, "out of memory");
        puts(buf_text(&b->flips));
    } else {
        print_summary(b);
    }
    fprintf(stderr, "took %.1f s\n", (double)(monotonic_ms() - began) / 1000);
    return 0;
}

static bool fails(const struct backtest *b)
{
    size_t worse = b->flip[FLIP_WORSE], better = b->flip[FLIP_BETTER];
    if (b->fail_on == NULL)
        return false;
    return strcmp(b->fail_on, "worse") == 0    ? worse > 0
           : strcmp(b->fail_on, "better") == 0 ? better > 0
                                               : worse + better > 0;
}

static void end(struct backtest *b)
{
    for (size_t i = 0; i < b->n_ids; i++)
        free(b->id[i]);
    free(b->id);
    backtest_marks_free(&b->marks);
    buf_free(&b->flips);
    peek_close(&b->peek);
    ruleset_free(&b->rules);
}

static int check(struct backtest *b, struct err *err)
{
    span back;
    char *rest;
    struct err why = {0};
    if (span_parse(b->since_text, &back, &why) == 0)
        b->since = (instant){b->now.ms - back.ms};
    else if (instant_parse(b->since_text, &b->since, &why) < 0)
        return err_set(err, 0,
                       "--since: '%s' is neither a time (RFC 3339) nor how far "
                       "back, such as 30d",
                       b->since_text);
    errno = 0;
    unsigned long n = strtoul(b->limit_text, &rest, 10);
    if (errno != 0 || *rest != '\0' || b->limit_text[0] < '0' ||
        b->limit_text[0] > '9' || n < 1 || n > 1000000)
        return err_set(err, 0, "--limit: '%s' is no number from 1 to 1000000",
                       b->limit_text);
    b->limit = n;
    b->json = strcmp(b->format, "json") == 0;
    if (!b->json && strcmp(b->format, "text") != 0)
        return err_set(err, 0, "--format: '%s' is not text or json", b->format);
    if (b->fail_on != NULL && strcmp(b->fail_on, "any") != 0 &&
        strcmp(b->fail_on, "worse") != 0 && strcmp(b->fail_on, "better") != 0)
        return err_set(err, 0, "--fail-on-flip: '%s' is not any, worse or better",
                       b->fail_on);
    if (b->against != NULL && strcmp(b->against, "feedback") != 0)
        return err_set(err, 0, "--against: '%s' is not feedback", b->against);
    b->all_looks = strcmp(b->looks_text, "all") == 0;
    if (!b->all_looks && strcmp(b->looks_text, "last") != 0)
        return err_set(err, 0, "--looks: '%s' is not all or last", b->looks_text);
    return 0;
}

int cmd_rules_backtest(int argc, char **argv)
{
    struct backtest b = {.since_text = "30d",
                         .data = geteuid() == 0 ? "/var/lib/aftercheck"
                                                : "./aftercheck-data",
                         .format = "text",
                         .limit_text = "1000000",
                         .looks_text = "all",
                         .now = instant_now()};
    const struct opt opts[] = {
        {"since", "TIME", "how far back, such as 30d (the default), or RFC 3339",
         &b.since_text},
        {"data", "DIR",
         "the service's data directory, which is only read; /var/lib/aftercheck, or "
         "./aftercheck-data when not root",
         &b.data},
        {"service", "GLOB", "only changes of these services", &b.service},
        {"limit", "N", "at most the newest N changes", &b.limit_text},
        {"looks", "WHICH",
         "all (the default), as the service looked; last: quicker, and blind to what "
         "was told early and recovered",
         &b.looks_text},
        {"format", "FORMAT", "text (the default) or json", &b.format},
        {"against", "WHAT",
         "feedback: each rule's precision by readers' marks (aftercheck feedback)",
         &b.against},
        {"fail-on-flip", "WHICH",
         "exit 1 when a grade got worse, better, or any of both", &b.fail_on},
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck rules backtest",
        .synopsis = "PATH",
        .about =
            "Judges the stored changes anew with the rules in PATH, at all looks of "
            "each, and prints a line for each grade that would have been another: the "
            "worst that was said at any look, the worst that these rules say, the "
            "change, and the finding that makes the difference; where the worst is the "
            "same, the grades at the end are compared.  A summary follows.  It reads "
            "the data directory "
            "beside a running service and changes nothing in it.  Old changes are "
            "judged from history in longer rows: the line says so.",
        .more = "Exit: 0; 1 when the rules or the data cannot be read, or by "
                "--fail-on-flip; 2 wrong\nusage.",
        .opts = opts,
    };
    struct err err = {0};
    int first = opt_parse(&program, argc, argv);
    if (first != argc - 1) {
        err_set(&err, 0, "takes one operand, the rules; see --help");
        return cmd_fail("rules backtest", EXIT_USAGE, &err);
    }
    b.path = argv[first];
    if (check(&b, &err) < 0)
        return cmd_fail("rules backtest", EXIT_USAGE, &err);
    int rc = run(&b, &err);
    bool flipped = rc == 0 && fails(&b);
    if (flipped)
        fprintf(stderr,
                "aftercheck rules backtest: --fail-on-flip %s: %zu grades got worse, "
                "%zu better\n",
                b.fail_on, b.flip[FLIP_WORSE], b.flip[FLIP_BETTER]);
    end(&b);
    if (rc < 0)
        return cmd_fail("rules backtest", EXIT_REFUSED, &err);
    return flipped ? EXIT_REFUSED : 0;
}
