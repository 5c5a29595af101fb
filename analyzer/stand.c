/* analyzer/stand.c - carries findings over a look that saw nothing.  Pure; any thread.
 */
#include "analyzer/stand.h"

#include "analyzer/words.h"
#include "base/buf.h"

#include <stdlib.h>

static bool found_something(const struct verdict *v)
{
    return v != NULL && (v->grade == GRADE_ATTENTION || v->grade == GRADE_MUST_HANDLE);
}

/* "What was found before stands: the look 1 hour after the change could not judge.
 * Only 0 of 4 changed hosts ..." */
static char *reason_of(const struct verdict *now)
{
    OWNED_BUF b = {0};
    buf_add(&b, "What was found before stands: the look ");
    words_span(&b, now->look);
    buf_add(&b, " after the change could not judge.");
    if (now->reason != NULL)
        buf_addf(&b, " %s", now->reason);
    return buf_give(&b);
}

/* Findings own a lot of texts: they are copied as the ledger would keep them. */
static struct verdict *copy_of(const struct verdict *v)
{
    OWNED_BUF json = {0};
    struct verdict *copy = NULL;
    verdict_write(v, true, &json);
    if (buf_done(&json) == 0)
        verdict_read(buf_text(&json), json.len, &copy, NULL);
    return copy;
}

int stand(const struct change *c, const struct verdict *earlier, struct verdict *now)
{
    if (now->grade != GRADE_NOT_JUDGED || c->cancelled || !found_something(earlier))
        return 0;
    char *reason = reason_of(now);
    OWNED_VERDICT *was = copy_of(earlier);
    if (reason == NULL || was == NULL) {
        free(reason);
        return -1;
    }
    free(now->reason);
    now->reason = reason;
    now->grade = was->grade;
    /* what the later look holds is shown only, of grade ok: it goes with the copy */
    struct finding *findings = now->findings;
    size_t n = now->n_findings;
    now->findings = was->findings;
    now->n_findings = was->n_findings;
    was->findings = findings;
    was->n_findings = n;
    return 0;
}
