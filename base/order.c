/* base/order.c - orders for qsort and bsearch.
 *
 * Each tells any two apart that are not the same, so what is sorted comes out the same
 * whatever order it came in.  No state, any thread. */
#include "base/order.h"

#include <string.h>

int order_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int order_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}
