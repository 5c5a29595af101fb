#include "base/order.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>

TEST(numbers_rise_with_infinities_at_the_ends)
{
    double v[] = {2, -INFINITY, 1e300, -3, INFINITY, 0, 1e-300};
    static const double sorted[] = {-INFINITY, -3, 0, 1e-300, 2, 1e300, INFINITY};
    qsort(v, sizeof v / sizeof *v, sizeof *v, order_doubles);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        CHECK(v[i] == sorted[i]);
}

TEST(equal_numbers_are_equal_whatever_the_sign_of_zero)
{
    double zero[] = {0.0, -0.0};
    CHECK_INT(order_doubles(&zero[0], &zero[1]), 0);
    CHECK_INT(order_doubles(&zero[1], &zero[0]), 0);
}

TEST(texts_rise_by_their_bytes)
{
    const char *v[] = {"h2", "h10", "", "H2", "\xc3\xa4", "h1"};
    static const char *const sorted[] = {"", "H2", "h1", "h10", "h2", "\xc3\xa4"};
    qsort(v, sizeof v / sizeof *v, sizeof *v, order_texts);
    for (size_t i = 0; i < sizeof v / sizeof *v; i++)
        CHECK_TEXT(v[i], sorted[i]);
}

TEST(a_text_is_found_among_sorted_ones)
{
    static const char *const sorted[] = {"h1", "h10", "h2"};
    const char *key = "h10", *none = "h3";
    CHECK(bsearch(&key, sorted, 3, sizeof *sorted, order_texts) == &sorted[1]);
    CHECK(bsearch(&none, sorted, 3, sizeof *sorted, order_texts) == NULL);
}
