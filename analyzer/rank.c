/* analyzer/rank.c - findings by importance.
 *
 * What must hold: the same findings come out in the same order, however they went in;
 * ties end with their texts.  Pure, any thread. */
#include "analyzer/rank.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(double a, double b)
{
    return a > b ? -1 : a < b ? 1 : 0; /* NaN is beside everything */
}

static int texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* How much a finding weighs within its grade: the rule's weight, the more so the larger
 * the change and the more hosts. */
static double heft(const struct finding *f)
{
    double effect = isnan(f->effect) ? 10 : fmin(fabs(f->effect), 10);
    return f->weight * (1 + log1p(effect) + 0.2 * log1p((double)f->n_hosts));
}

int rank_standing(const struct finding *f)
{
    return finding_is_muted(f) ? (int)f->grade : GRADE_N * (int)f->grade;
}

static int by_rank(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (rank_standing(x) != rank_standing(y))
        return rank_standing(x) > rank_standing(y) ? -1 : 1;
    int d = compare(heft(x), heft(y));
    if (d == 0)
        d = texts(x->rule, y->rule);
    if (d == 0)
        d = texts(x->metric, y->metric);
    if (d == 0)
        d = texts(x->service, y->service);
    if (d == 0)
        d = texts(x->host, y->host);
    return d != 0 ? d : texts(x->because, y->because);
}

void rank_findings(struct verdict *v)
{
    if (v->n_findings > 1)
        qsort(v->findings, v->n_findings, sizeof *v->findings, by_rank);
}
