/* notifier/report_todo.c - the weightiest findings, what to do about them, and the
 * table of return codes.  Nothing is advised that no rule says.  Pure, as
 * notifier/report.c. */
#include "notifier/report_part.h"

#include "notifier/pack_words.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void add_top(struct report *r)
{
    for (size_t i = 0; i < r->n_findings && r->n_top < REPORT_TOP_MAX; i++) {
        const struct report_finding *f = &r->finding[i];
        if (report_is_bad(f->of) && !f->led)
            r->top[r->n_top++] = (struct report_top){f->grade, f->title, f->name,
                                                     f->sentence, f->with_words};
    }
}

static bool same(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What goes with another finding has its cause, and asks for nothing of its own; but a
 * worse grade may. */
static bool asks(const struct report *r, const struct report_finding *f)
{
    const struct finding *of = f->of;
    if (!report_is_bad(of) || (of->advice == NULL && of->runbook == NULL))
        return false; /* an owner alone is said with the finding */
    return !f->led || of->with >= r->n_findings ||
           of->grade > r->finding[of->with].grade;
}

static void add_todo(struct report *r, const struct report_finding *f)
{
    const struct finding *of = f->of;
    if (!asks(r, f))
        return;
    struct report_todo todo = {
        .about = f->title,
        .advice =
            report_clean(r, pack_words(r->language, of->advice), REPORT_SENTENCE_CHARS),
        .runbook = report_clean(r, of->runbook, 500),
        .owner = report_clean(r, of->owner, REPORT_NAME_CHARS),
    };
    for (size_t i = 0; i < r->n_todo; i++)
        if (same(r->todo[i].advice, todo.advice) &&
            same(r->todo[i].runbook, todo.runbook) &&
            same(r->todo[i].owner, todo.owner))
            return;
    if (r->n_todo < REPORT_TODO_MAX)
        r->todo[r->n_todo++] = todo;
}

void report_add_todos(struct report *r)
{
    add_top(r);
    for (size_t i = 0; i < r->n_findings; i++)
        add_todo(r, &r->finding[i]);
    if (r->n_todo > 0 || r->grade == GRADE_OK || r->grade == GRADE_NOT_JUDGED)
        return;
    const char *actor = report_clean(r, r->change->actor, REPORT_NAME_CHARS);
    r->todo[r->n_todo++] = (struct report_todo){
        .advice = actor != NULL ? REPORT_PUT(r, LOOK_WITH, actor)
                                : report_word(r, PHRASE_LOOK_WITH_WHOEVER)};
}

/* --- return codes --- */

static const char *share_text(struct report *r, double events, double of)
{
    return of > 0 ? report_figure(r, events / of, "share") : "";
}

static void add_code(struct report *r, const struct finding *f, size_t *cap)
{
    if (r->n_codes == REPORT_CODES_MAX) {
        r->more_codes++;
        return;
    }
    r->code = report_grow(r, r->code, r->n_codes, cap, sizeof *r->code);
    if (r->failed)
        return;
    bool timeouts = f->metric != NULL && strncmp(f->metric, "timeout_share ", 14) == 0;
    bool shares = f->of_before > 0 && f->of_after > 0;
    const char *code = report_clean(r, f->code, 60);
    r->code[r->n_codes++] = (struct report_code){
        .calls = report_edge(r, f),
        .code = code != NULL ? code
                             : report_word(r, timeouts ? PHRASE_ALL_TIMEOUTS
                                                       : PHRASE_ALL_FAILURES),
        .before = report_count(r, f->events_before),
        .after = report_count(r, f->events_after),
        .share_before = shares ? share_text(r, f->events_before, f->of_before) : "",
        .share_after = shares ? share_text(r, f->events_after, f->of_after) : "",
        .grade = f->grade,
    };
}

void report_add_codes(struct report *r)
{
    size_t cap = 0;
    for (size_t i = 0; i < r->n_findings; i++) {
        const struct finding *f = r->finding[i].of;
        /* those of new hosts have no before */
        if (!f->fresh && (f->kind == FINDING_SHARE || f->code != NULL) &&
            !isnan(f->events_before) && !isnan(f->events_after))
            add_code(r, f, &cap);
    }
}
