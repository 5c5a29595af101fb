/* programs/backtest_marks.h - readers' marks held against what other rules would say.
 */
#ifndef PROGRAMS_BACKTEST_MARKS_H
#define PROGRAMS_BACKTEST_MARKS_H

#include "analyzer/again.h"
#include "base/err.h"
#include "base/jsonw.h"
#include "storage/ledger.h"

#include <stddef.h>

struct marks;
struct backtest_marks {
    size_t n;
    struct marks *at; /* one a rule */
};

/* Counts the marks of a change that was judged anew. */
int backtest_marks_count(struct backtest_marks *b, struct ledger *l,
                         const struct again *a, struct err *err);
/* By rule; before they are shown. */
void backtest_marks_sort(struct backtest_marks *b);
void backtest_marks_print(const struct backtest_marks *b);
/* As member "feedback" of an object. */
void backtest_marks_write(const struct backtest_marks *b, struct jsonw *w);
void backtest_marks_free(struct backtest_marks *b);

#endif
