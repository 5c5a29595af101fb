/* tests of notifier/neighbours */
#include "notifier/neighbours.h"

#include "tests/test.h"

#include <stdio.h>

static void edge(struct windows *w, const char *caller, const char *callee)
{
    struct entity e = {.kind = ENTITY_EDGE,
                       .caller = caller,
                       .callee = callee,
                       .iface = "x",
                       .side = "client"};
    CHECK(windows_entity(w, &e) != WINDOWS_NONE);
}

TEST(each_neighbour_is_named_once_in_order_on_its_side)
{
    struct err err = {0};
    struct windows_spec spec = {.step = {60000}, .rows = 10, .bytes_max = 64 << 20};
    struct windows *w = windows_open(&spec, NULL, &err);
    struct neighbours n;
    CHECK(w != NULL);
    edge(w, "pay", "bank");
    edge(w, "pay", "audit");
    edge(w, "shop", "pay");
    edge(w, "shop", "bank");
    edge(w, "pay", "pay");
    CHECK_INT(neighbours_read(w, "pay", &n, &err), 0);
    CHECK_INT(n.n_callees, 2);
    CHECK_TEXT(n.callee[0], "audit");
    CHECK_TEXT(n.callee[1], "bank");
    CHECK_INT(n.n_callers, 1);
    CHECK_TEXT(n.caller[0], "shop");
    CHECK_INT(neighbours_read(w, "nobody", &n, &err), 0);
    CHECK_INT(n.n_callees + n.n_callers, 0);
    CHECK_INT(neighbours_read(NULL, "pay", &n, &err), 0);
    windows_close(&w);
}

TEST(of_too_many_the_first_by_name_are_given)
{
    struct err err = {0};
    struct windows_spec spec = {.step = {60000}, .rows = 10, .bytes_max = 64 << 20};
    struct windows *w = windows_open(&spec, NULL, &err);
    struct neighbours n;
    char name[20];
    for (int i = 99; i >= 0; i--) {
        snprintf(name, sizeof name, "s%02d", i);
        edge(w, "pay", name);
    }
    CHECK_INT(neighbours_read(w, "pay", &n, &err), 0);
    CHECK_INT(n.n_callees, NEIGHBOURS_MAX);
    CHECK_TEXT(n.callee[0], "s00");
    CHECK_TEXT(n.callee[NEIGHBOURS_MAX - 1], "s63");
    windows_close(&w);
}
