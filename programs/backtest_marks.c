/* programs/backtest_marks.c - each rule's precision by readers' marks.  One thread. */
#include "programs/backtest_marks.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What readers said of a rule's findings. */
struct marks {
    char *rule;
    size_t told[2]; /* not useful, useful: these rules would tell it, too */
    size_t gone[2]; /* and that these rules would no longer tell */
};

static struct marks *marks_of(struct backtest_marks *b, const char *rule)
{
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->at[i].rule, rule) == 0)
            return &b->at[i];
    struct marks *more = reallocarray(b->at, b->n + 1, sizeof *more);
    if (more == NULL)
        return NULL;
    b->at = more;
    more[b->n] = (struct marks){.rule = strdup(rule)};
    return more[b->n].rule != NULL ? &more[b->n++] : NULL;
}

int backtest_marks_count(struct backtest_marks *b, struct ledger *l,
                         const struct again *a, struct err *err)
{
    struct feedbacks list = {0};
    int rc = 0;
    if (ledger_feedback(l, a->change->change_id, &list, err) < 0)
        return -1;
    for (size_t i = 0; rc == 0 && i < list.n; i++) {
        const struct feedback *f = list.at[i];
        struct marks *m = marks_of(b, f->rule);
        if (m == NULL)
            rc = err_set(err, ENOMEM, "out of memory");
        else if (again_told(a, f->rule))
            m->told[f->useful]++;
        else
            m->gone[f->useful]++;
    }
    feedbacks_free(&list);
    return rc;
}

static int by_rule(const void *a, const void *b)
{
    return strcmp(((const struct marks *)a)->rule, ((const struct marks *)b)->rule);
}

void backtest_marks_sort(struct backtest_marks *b)
{
    if (b->n > 0)
        qsort(b->at, b->n, sizeof *b->at, by_rule);
}

void backtest_marks_free(struct backtest_marks *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->at[i].rule);
    free(b->at);
    *b = (struct backtest_marks){0};
}

void backtest_marks_print(const struct backtest_marks *b)
{
    puts(b->n > 0 ? "precision by readers' marks:"
                  : "precision: no change that was judged has a reader's mark");
    for (size_t i = 0; i < b->n; i++) {
        const struct marks *m = &b->at[i];
        size_t n = m->told[0] + m->told[1];
        if (n > 0)
            printf("  %s: %.0f %%, %zu of %zu marks say useful", m->rule,
                   100.0 * (double)m->told[1] / (double)n, m->told[1], n);
        else
            printf("  %s: no marks on what it tells", m->rule);
        printf("; no longer told: %zu useful, %zu not useful\n", m->gone[1],
               m->gone[0]);
    }
}

void backtest_marks_write(const struct backtest_marks *b, struct jsonw *w)
{
    jsonw_list(w, "feedback");
    for (size_t i = 0; i < b->n; i++) {
        const struct marks *m = &b->at[i];
        double n = (double)(m->told[0] + m->told[1]);
        jsonw_open(w, NULL);
        jsonw_text(w, "rule", m->rule);
        jsonw_int(w, "useful", (int64_t)m->told[1]);
        jsonw_int(w, "not_useful", (int64_t)m->told[0]);
        jsonw_num(w, "precision", n > 0 ? (double)m->told[1] / n : NAN);
        jsonw_int(w, "gone_useful", (int64_t)m->gone[1]);
        jsonw_int(w, "gone_not_useful", (int64_t)m->gone[0]);
        jsonw_close(w);
    }
    jsonw_end(w);
}
