/* tests of storage/links */
#include "storage/links.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static void check_list(const struct links *l, unsigned kind, const char *name,
                       const char *want)
{
    uint32_t *numbers;
    size_t n, len = 0;
    char got[100] = "";
    CHECK(links_list(l, kind, name, &numbers, &n) == 0);
    CHECK((numbers == NULL) == (n == 0));
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(got + len, sizeof got - len, "%u ", numbers[i]);
    free(numbers);
    CHECK_TEXT(got, want);
}

TEST(a_name_leads_to_its_numbers_by_kind)
{
    struct links *l = links_new(1);
    CHECK(l != NULL && links_reserve(l, 5) == 0);
    links_add(l, 0, "pay", 1);
    links_add(l, 0, "cart", 2);
    links_add(l, 1, "pay", 2);
    links_add(l, 0, "pay", 5);
    links_add(l, 0, "pay", 5);
    check_list(l, 0, "pay", "1 5 ");
    check_list(l, 1, "pay", "2 ");
    check_list(l, 0, "cart", "2 ");
    check_list(l, 1, "cart", "");
    check_list(l, 0, "pa", "");
    links_free(&l);
    CHECK(l == NULL);
    links_free(&l);
}

TEST(many_names_and_numbers_stay_in_order)
{
    enum { NAMES = 1000, EACH = 20 };
    static char name[NAMES][8];
    struct links *l = links_new(2);
    for (uint32_t i = 0; i < NAMES * EACH; i++) {
        snprintf(name[i % NAMES], sizeof name[0], "n%u", i % NAMES);
        CHECK(links_reserve(l, 1) == 0);
        links_add(l, 0, name[i % NAMES], i);
    }
    for (uint32_t k = 0; k < NAMES; k++) {
        uint32_t *numbers;
        size_t n;
        CHECK(links_list(l, 0, name[k], &numbers, &n) == 0 && n == EACH);
        for (uint32_t i = 0; i < EACH; i++)
            CHECK_INT(numbers[i], i * NAMES + k);
        free(numbers);
    }
    links_free(&l);
}
