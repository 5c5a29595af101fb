/* notifier/past.c - what every report and answer about one change starts with.  Any
 * thread. */
#include "notifier/past.h"

#include <errno.h>
#include <stdlib.h>

/* Revisions 1 .. current; one that is missing is passed over. */
static int read_earlier(struct ledger *l, const char *id, int current, struct past *p,
                        struct err *err)
{
    int first = current > PAST_REVISIONS_MAX ? current - PAST_REVISIONS_MAX + 1 : 1;
    for (int i = first; i < current; i++) {
        struct err why = {0};
        struct verdict *v = ledger_revision(l, id, i, &why);
        if (v != NULL)
            p->revision[p->n++] = v;
        else if (why.code != ENOENT)
            return err_set(err, why.code, "%s", why.text);
    }
    return 0;
}

static int read_verdicts(struct ledger *l, const char *id, struct past *p,
                         struct err *err)
{
    struct err why = {0};
    struct verdict *current = ledger_verdict(l, id, &why);
    if (current == NULL)
        return why.code == ENOENT ? 0 : err_set(err, why.code, "%s", why.text);
    p->revision = calloc(PAST_REVISIONS_MAX, sizeof *p->revision);
    if (p->revision == NULL) {
        verdict_free(&current);
        return err_set(err, ENOMEM, "no memory for the verdicts");
    }
    int rc = read_earlier(l, id, current->revision, p, err);
    p->revision[p->n++] = current;
    return rc;
}

struct past *past_read(struct ledger *l, const char *change_id, struct err *err)
{
    struct past *p = calloc(1, sizeof *p);
    if (p == NULL) {
        err_set(err, ENOMEM, "no memory for a change");
        return NULL;
    }
    p->change = ledger_change(l, change_id, err);
    if (p->change == NULL || read_verdicts(l, change_id, p, err) < 0)
        past_free(&p);
    return p;
}

void past_free(struct past **p)
{
    if (*p == NULL)
        return;
    for (size_t i = 0; i < (*p)->n; i++)
        verdict_free(&(*p)->revision[i]);
    free((*p)->revision);
    change_free(&(*p)->change);
    free(*p);
    *p = NULL;
}

const struct verdict *past_current(const struct past *p)
{
    return p->n > 0 ? p->revision[p->n - 1] : NULL;
}
