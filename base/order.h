/* base/order.h - orders for qsort and bsearch that several modules sort by. */
#ifndef BASE_ORDER_H
#define BASE_ORDER_H

/* Of doubles, rising.  None may be NaN, which has no place among them. */
int order_doubles(const void *a, const void *b);

/* Of texts, given by pointers to `char *`, by their bytes. */
int order_texts(const void *a, const void *b);

#endif
