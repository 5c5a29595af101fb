/* analyzer/trial.c - a verdict held against what a test expects.
 *
 * Every expectation is met by at least one finding, every finding that counts by at
 * least one expectation.  That a rule says nothing is no proof that it looked: where a
 * test says `ok` of a rule, the rule must have judged.  One thread. */
#include "analyzer/trial.h"
#include "analyzer/trial_data.h"
#include "analyzer/trial_why.h"
#include "rules/fields.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct comparing {
    const struct trial *t;
    const struct ruleset *rs;
    const struct verdict *v;
    struct trial_result *to;
    bool
        *unmet; /* of the test's expectations: a failure that tells all its rule said */
    bool failed; /* without memory */
    struct err *err;
};

__attribute__((format(printf, 3, 4))) static void fail(struct comparing *c,
                                                       const struct yaml_node *at,
                                                       const char *fmt, ...)
{
    struct trial_failure *more = realloc(c->to->failure, (c->to->n + 1) * sizeof *more);
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (more != NULL)
        c->to->failure = more;
    if (more == NULL || n < 0) {
        if (n >= 0)
            free(text);
        c->failed = true;
        return;
    }
    more[c->to->n++] = (struct trial_failure){at->line, at->column, text};
}

/* --- findings --- */

static bool counts(const struct finding *f)
{
    return f->grade == GRADE_ATTENTION || f->grade == GRADE_MUST_HANDLE;
}

static bool is_on(const struct finding *f, const char *host)
{
    if (f->host != NULL)
        return strcmp(f->host, host) == 0;
    for (size_t i = 0; i < f->n_hosts; i++)
        if (strcmp(f->hosts[i].name, host) == 0)
            return true;
    return false;
}

/* All but the grade and the words. */
static bool is_about(const struct trial_expect *e, const struct finding *f)
{
    return e->rule != NULL && strcmp(e->rule, f->rule) == 0 &&
           (e->host == NULL || is_on(f, e->host)) &&
           (e->metric == NULL ||
            (f->metric != NULL && strcmp(e->metric, f->metric) == 0));
}

static bool says(const char *because, const char *words)
{
    return because == NULL || (words != NULL && strstr(words, because) != NULL);
}

static bool meets(const struct trial_expect *e, const struct finding *f)
{
    return is_about(e, f) && (enum grade)e->grade == f->grade &&
           says(e->because, f->because);
}

/* "attention by 'cpu.busy' on h1". */
static void say_finding(const struct finding *f, struct buf *b)
{
    buf_addf(b, "%s by '%s'", grade_name(f->grade), f->rule);
    if (f->host != NULL)
        buf_addf(b, " on %s", f->host);
    if (f->because != NULL)
        buf_addf(b, ": \"%s\"", f->because);
}

static void say_expected(const struct trial_expect *e, struct buf *b)
{
    buf_addf(b, "%s by '%s'", grade_name((enum grade)e->grade), e->rule);
    if (e->host != NULL)
        buf_addf(b, " on %s", e->host);
    if (e->metric != NULL)
        buf_addf(b, " of %s", e->metric);
    if (e->because != NULL)
        buf_addf(b, " because \"%s\"", e->because);
}

/* What the rule said instead; false: nothing. */
static bool say_instead(const struct comparing *c, const struct trial_expect *e,
                        struct buf *b)
{
    bool any = false;
    for (size_t i = 0; i < c->v->n_findings; i++)
        if (strcmp(c->v->findings[i].rule, e->rule) == 0) {
            buf_add(b, any ? "; " : "found ");
            say_finding(&c->v->findings[i], b);
            any = true;
        }
    return any;
}

/* --- expectations --- */

static void check_change(struct comparing *c, const struct trial_expect *e)
{
    const struct verdict *v = c->v;
    const char *reason = v->reason != NULL ? v->reason : "";
    if ((enum grade)e->grade != v->grade)
        fail(c, e->at, "expected the change to be %s, it is %s%s%s",
             grade_name((enum grade)e->grade), grade_name(v->grade),
             reason[0] != '\0' ? ": " : "", reason);
    else if (!says(e->because, reason))
        fail(c, e->at,
             "expected the change to be %s because \"%s\", the reason is \"%s\"",
             grade_name(v->grade), e->because, reason);
}

static int ask_why(struct comparing *c, const struct trial_expect *e,
                   enum trial_silence *silence, struct buf *why)
{
    const struct rule *r = ruleset_find(c->rs, e->rule);
    if (r == NULL)
        return err_set(c->err, ENOENT, "there is no rule '%s'", e->rule);
    return trial_why(c->t, c->rs, r, silence, why, c->err);
}

/* A rule that must have said nothing: ok because it looked, not-judged because it could
 * not. */
static int check_silent(struct comparing *c, const struct trial_expect *e)
{
    OWNED_BUF why = {0}, want = {0};
    enum trial_silence silence;
    say_expected(e, &want);
    for (size_t i = 0; i < c->v->n_findings; i++) {
        const struct finding *f = &c->v->findings[i];
        if (!counts(f) || !is_about(e, f))
            continue;
        say_finding(f, &why);
        fail(c, e->at, "expected %s, found %s", buf_text(&want), buf_text(&why));
        return 0;
    }
    if (ask_why(c, e, &silence, &why) < 0)
        return -1;
    bool judged = silence == TRIAL_QUIET;
    if (judged != (e->grade == GRADE_OK))
        fail(c, e->at, "expected %s, found nothing: %s", buf_text(&want),
             buf_text(&why));
    else if (!judged && !says(e->because, buf_text(&why)))
        fail(c, e->at, "expected %s, but: %s", buf_text(&want), buf_text(&why));
    return 0;
}

static int check_finding(struct comparing *c, const struct trial_expect *e)
{
    OWNED_BUF text = {0};
    enum trial_silence silence;
    for (size_t i = 0; i < c->v->n_findings; i++)
        if (meets(e, &c->v->findings[i]))
            return 0;
    buf_add(&text, "expected ");
    say_expected(e, &text);
    buf_add(&text, ", ");
    if (say_instead(c, e, &text)) {
        c->unmet[e - c->t->expect.at] = true;
    } else {
        buf_add(&text, "found nothing: ");
        if (ask_why(c, e, &silence, &text) < 0)
            return -1;
    }
    fail(c, e->at, "%s", buf_text(&text));
    return 0;
}

/* A recovered dip and what a rule in shadow says are findings of grade ok: they are
 * asked for by their words. */
static int check_one(struct comparing *c, const struct trial_expect *e)
{
    bool words = e->grade == GRADE_OK && e->because != NULL;
    if (e->rule == NULL) {
        check_change(c, e);
        return 0;
    }
    if ((e->grade == GRADE_OK && !words) || e->grade == GRADE_NOT_JUDGED)
        return check_silent(c, e);
    return check_finding(c, e);
}

static void check_unexpected(struct comparing *c, const struct yaml_node *at)
{
    const struct trial *t = c->t;
    for (size_t i = 0; i < c->v->n_findings; i++) {
        const struct finding *f = &c->v->findings[i];
        bool expected = !counts(f), told = false;
        OWNED_BUF text = {0};
        for (size_t k = 0; k < t->expect.n; k++) {
            const struct trial_expect *e = &t->expect.at[k];
            expected |= meets(e, f);
            told |= is_about(e, f) && e->grade == GRADE_OK;
            told |= c->unmet[k] && strcmp(e->rule, f->rule) == 0;
        }
        if (expected || told)
            continue;
        say_finding(f, &text);
        fail(c, at, "not expected: %s", buf_text(&text));
    }
}

/* That nothing was found says nothing when nothing was looked at. */
static void check_unjudged(struct comparing *c, const struct yaml_node *at)
{
    const struct trial *t = c->t;
    /* a rule that could not judge has said why already */
    bool meant = c->v->grade != GRADE_NOT_JUDGED || c->to->n > 0;
    for (size_t i = 0; i < t->expect.n; i++)
        meant |=
            t->expect.at[i].rule == NULL || t->expect.at[i].grade == GRADE_NOT_JUDGED;
    if (!meant)
        fail(c, at,
             "the change could not be judged; expect {grade: not-judged} if that is "
             "meant; the reason: %s",
             c->v->reason != NULL ? c->v->reason : "unknown");
}

static int compare(struct comparing *c)
{
    const struct trial *t = c->t;
    const struct yaml_node *at = fields_place(t->at, "expect");
    char first[SPAN_TEXT_MAX], lasts[SPAN_TEXT_MAX];
    if (c->v == NULL) {
        const struct windows_rule *w = windows_for(
            &c->rs->windows_all, (enum change_kind)t->change.kind, t->change.service);
        fail(c, at,
             "the data ends %s after the change and the first look is at %s: nothing "
             "was "
             "judged; make it longer with 'lasts' or more points",
             span_text(trial_lasts(t, c->rs), lasts), span_text(w->looks[0], first));
        return 0;
    }
    for (size_t i = 0; i < t->expect.n; i++)
        if (check_one(c, &t->expect.at[i]) < 0)
            return -1;
    check_unexpected(c, at);
    check_unjudged(c, at);
    return c->failed ? err_set(c->err, ENOMEM, "out of memory") : 0;
}

int trial_run(const struct trial *t, const struct ruleset *rs,
              struct trial_result *ret_result, struct err *err)
{
    *ret_result = (struct trial_result){0};
    struct comparing c = {.t = t, .rs = rs, .to = ret_result, .err = err};
    if (trial_judge(t, rs, NULL, &ret_result->verdict, err) < 0)
        return -1;
    c.v = ret_result->verdict;
    c.unmet = calloc(t->expect.n + 1, sizeof *c.unmet);
    int rc = c.unmet != NULL ? compare(&c) : err_set(err, ENOMEM, "out of memory");
    free(c.unmet);
    if (rc < 0)
        trial_result_free(ret_result);
    return rc;
}

void trial_result_free(struct trial_result *r)
{
    verdict_free(&r->verdict);
    for (size_t i = 0; i < r->n; i++)
        free(r->failure[i].text);
    free(r->failure);
    *r = (struct trial_result){0};
}
