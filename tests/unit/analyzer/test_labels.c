/* tests of analyzer/labels */
#include "analyzer/labels.h"
#include "tests/test.h"
#include "tests/unit/analyzer/make_change.h"
#include "tests/unit/analyzer/make_panel.h"

static struct made_change made;

enum { UNITS_MAX = 8 };

/* Opens the labels of a panel whose units were put in by host. */
static struct labels open_all(struct made_panel *m, const struct change *c)
{
    static const struct unit *unit[UNITS_MAX];
    struct labels s;
    made_panel_done(m);
    CHECK(m->panel.n <= UNITS_MAX);
    for (size_t i = 0; i < m->panel.n; i++)
        unit[i] = &m->panel.unit[i];
    CHECK(labels_open(&s, unit, m->panel.n, c, NULL) == 0);
    return s;
}

static size_t key_no(const struct labels *s, const char *key)
{
    for (size_t k = 0; k < s->n_keys; k++)
        if (strcmp(s->key[k], key) == 0)
            return k;
    return SIZE_MAX;
}

TEST(a_host_is_where_its_series_say)
{
    OWNED_MADE *m = made_panel_new(0, 60, 4);
    made_series(m, made_host("h1", "pay"), "cpu.busy{idc=sh1,rack=r7}");
    made_series(m, made_host("h1", "pay"), "mem.used{idc=sh1}");
    made_series(m, made_host("h2", "pay"), "cpu.busy");
    struct labels s = open_all(m, make_change(&made, "pay", 1, 0, 0));
    CHECK_TEXT(labels_value(&s, "h1", key_no(&s, "idc")), "sh1");
    CHECK_TEXT(labels_value(&s, "h1", key_no(&s, "rack")), "r7"); /* half of them */
    CHECK(labels_value(&s, "h2", key_no(&s, "idc")) == NULL);
    CHECK(labels_value(&s, "h3", key_no(&s, "idc")) == NULL);
    CHECK_TEXT(labels_name(&s, &m->panel.unit[0], 0), "cpu.busy");
    CHECK_INT(labels_metric(&s, &m->panel.unit[0], "mem.used"), 1);
    CHECK_INT(labels_metric(&s, &m->panel.unit[0], "mem.used{idc=sh1}"), -1);
    CHECK_INT(labels_metric(&s, &m->panel.unit[1], "cpu.busy"), 0);
    labels_close(&s);
}

TEST(a_tag_that_tells_series_of_one_host_apart_is_no_label)
{
    OWNED_MADE *m = made_panel_new(0, 60, 4);
    made_series(m, made_host("h1", "pay"), "net.in{zone=dmz}");
    made_series(m, made_host("h1", "pay"), "net.in{zone=lan}");
    made_series(m, made_host("h2", "pay"), "net.in{zone=dmz}");
    made_series(m, made_host("h2", "pay"), "cpu.busy");
    made_series(m, made_host("h2", "pay"), "mem.used");
    struct labels s = open_all(m, make_change(&made, "pay", 1, 0, 0));
    CHECK(labels_value(&s, "h1", key_no(&s, "zone")) == NULL);
    CHECK(labels_value(&s, "h2", key_no(&s, "zone")) == NULL);
    CHECK_TEXT(labels_name(&s, &m->panel.unit[0], 0), "net.in{zone=dmz}");
    labels_close(&s);
}

TEST(other_tags_stay_and_names_keep_their_order)
{
    OWNED_MADE *m = made_panel_new(0, 60, 4);
    made_series(m, made_host("h1", "pay"), "cpu.busy{idc=sh1}");
    made_series(m, made_host("h1", "pay"), "cpu.busy2{idc=sh1}");
    made_series(m, made_host("h1", "pay"), "disk.util{device=sda,idc=sh1,mode=rw}");
    struct labels s = open_all(m, make_change(&made, "pay", 1, 0, 0));
    const struct unit *u = &m->panel.unit[0];
    /* by its full name "cpu.busy2{" comes first, by its key "cpu.busy" does */
    CHECK_TEXT(u->metric[labels_metric(&s, u, "cpu.busy")], "cpu.busy{idc=sh1}");
    CHECK_TEXT(u->metric[labels_metric(&s, u, "cpu.busy2")], "cpu.busy2{idc=sh1}");
    CHECK_INT(labels_metric(&s, u, "disk.util{device=sda,mode=rw}"), 2);
    labels_close(&s);
}

TEST(two_series_of_one_key_keep_their_names)
{
    OWNED_MADE *m = made_panel_new(0, 60, 4);
    made_series(m, made_host("h1", "pay"), "cpu.busy{idc=sh1}");
    made_series(m, made_host("h1", "pay"), "cpu.busy");
    made_series(m, made_host("h1", "pay"), "mem.used{idc=sh1}");
    struct labels s = open_all(m, make_change(&made, "pay", 1, 0, 0));
    const struct unit *u = &m->panel.unit[0];
    CHECK_TEXT(u->metric[labels_metric(&s, u, "cpu.busy")], "cpu.busy");
    CHECK_TEXT(u->metric[labels_metric(&s, u, "cpu.busy{idc=sh1}")],
               "cpu.busy{idc=sh1}");
    CHECK_TEXT(u->metric[labels_metric(&s, u, "mem.used")], "mem.used{idc=sh1}");
    labels_close(&s);
}

TEST(the_change_may_name_further_labels)
{
    OWNED_MADE *m = made_panel_new(0, 60, 4);
    struct change *c = make_change(&made, "pay", 1, 0, 0);
    struct label label[] = {{(char[]){"idc"}, (char[]){"sh1"}},
                            {(char[]){"rack"}, (char[]){"r1"}},
                            {(char[]){"set"}, (char[]){"7"}}};
    c->label = label, c->n_labels = 3;
    made_series(m, made_host("h1", "pay"), "cpu.busy{set=7}");
    made_series(m, made_host("h2", "pay"), "odd{set}");
    made_series(m, made_host("h3", "pay"), "odd{set=7");
    made_series(m, made_host("h4", "pay"), "odd{set=7,x={set=8}}");
    struct labels s = open_all(m, c);
    CHECK_INT(s.n_keys, 6);
    CHECK_TEXT(s.key[5], "rack"); /* the first to be given up */
    CHECK_TEXT(labels_value(&s, "h1", key_no(&s, "set")), "7");
    CHECK(labels_value(&s, "h2", key_no(&s, "set")) == NULL);
    for (size_t i = 1; i < 4; i++) /* what is written oddly keeps its name */
        CHECK_TEXT(labels_name(&s, &m->panel.unit[i], 0), m->panel.unit[i].metric[0]);
    labels_close(&s);
}

TEST(hosts_that_call_their_series_alike_share_names_whatever_lies_between)
{
    static const char *const name[2][3] = {
        {"cpu.busy{idc=sh1}", "cpu.busy2{idc=sh1}", "mem.used{idc=sh1}"},
        {"cpu.busy{idc=sh2}", "cpu.busy2{idc=sh2}", "mem.used{idc=sh2}"}};
    OWNED_MADE *m = made_panel_new(0, 60, 4);
    static const struct unit *unit[90];
    for (int h = 0; h < 90; h++)
        for (int k = 0; k < 3; k++)
            made_series(m, made_host(made_name(h), "pay"), name[h % 3 == 2][k]);
    made_panel_done(m);
    for (size_t i = 0; i < 90; i++)
        unit[i] = &m->panel.unit[i];
    struct labels s;
    CHECK(labels_open(&s, unit, 90, make_change(&made, "pay", 1, 0, 0), NULL) == 0);
    for (size_t i = 0; i < 90; i++) {
        CHECK_TEXT(labels_value(&s, made_name((int)i), key_no(&s, "idc")),
                   i % 3 == 2 ? "sh2" : "sh1");
        int at = labels_metric(&s, unit[i], "cpu.busy2");
        CHECK_TEXT(unit[i]->metric[at], name[i % 3 == 2][1]);
        CHECK_TEXT(labels_name(&s, unit[i], (uint32_t)at), "cpu.busy2");
    }
    labels_close(&s);
}
