/* tests of rules/fields */
#include "rules/fields.h"
#include "tests/test.h"

struct reading {
    struct complaints c;
    struct keep keep;
    struct yaml_doc *doc;
    struct rule rule;
    int rc;
};

static void read_rule(struct reading *r, const char *text)
{
    *r = (struct reading){0};
    r->doc = yaml_parse("r", text, strlen(text), &r->c);
    CHECK(r->doc != NULL);
    struct fields f = {.doc = r->doc, .c = &r->c, .keep = &r->keep};
    fields_standard(&schema_rule, &r->rule);
    r->rc = fields_read(&f, yaml_root(r->doc), &schema_rule, &r->rule);
}

static void forget(struct reading *r)
{
    complaints_free(&r->c);
    keep_free(&r->keep);
    yaml_doc_free(&r->doc);
}

TEST(a_mapping_fills_its_struct_and_the_rest_is_the_standard)
{
    struct reading r;
    read_rule(&r, "id: a\n"
                  "on: {kinds: [config, release], service: x, labels: {idc: [a, b*]}}\n"
                  "attention: {q: 5%, delta: 20 MB}\n"
                  "needs: {hosts: 50%}\n"
                  "weight: 2\n");
    CHECK_INT(r.rc, 0);
    CHECK_INT(r.c.n, 0);
    CHECK_TEXT(r.rule.id, "a");
    CHECK_INT(r.rule.on.kinds, 1u << CHANGE_CONFIG | 1u << CHANGE_RELEASE);
    CHECK_TEXT(r.rule.on.service.at[0].text, "x");
    CHECK_TEXT(r.rule.on.labels.at[0].key, "idc");
    CHECK_INT(r.rule.on.labels.at[0].value.n, 2);
    CHECK(r.rule.attention.set && !r.rule.must_handle.set);
    CHECK_NEAR(r.rule.attention.delta_as.value, 20e6, 0);
    CHECK_NEAR(r.rule.needs.hosts, 0.5, 0);
    CHECK_NEAR(r.rule.needs.points, 0.6, 0);
    CHECK_NEAR(r.rule.needs.calls, 50, 0);
    CHECK(r.rule.limit.hold == 3 && r.rule.limit.of == 5 && !r.rule.limit.set);
    CHECK_INT(r.rule.limit.grade, GRADE_MUST_HANDLE);
    CHECK_INT(r.rule.rev, 1);
    forget(&r);
}

TEST(a_field_with_a_mistake_keeps_what_it_had)
{
    struct reading r;
    read_rule(&r, "id: a\nweight: heavy\nneeds: {points: 200%, hosts: []}\nrev: {}\n");
    CHECK_INT(r.rc, -1);
    CHECK_INT(r.c.errors, 4);
    CHECK_NEAR(r.rule.weight, 1, 0);
    CHECK_NEAR(r.rule.needs.points, 0.6, 0);
    CHECK_NEAR(r.rule.needs.hosts, 0.8, 0);
    forget(&r);
}

TEST(a_path_sets_one_field_and_marks_its_map_as_there)
{
    struct reading r;
    read_rule(&r, "id: a\n");
    struct yaml_node key = {.kind = YAML_TEXT, .text = "limit.above", .line = 1};
    struct yaml_node value = {
        .kind = YAML_TEXT, .text = "95", .plain = true, .line = 1};
    struct fields f = {.doc = r.doc, .c = &r.c, .keep = &r.keep};
    CHECK(fields_read_path(&f, &key, &value, &schema_rule, &r.rule) == 0);
    CHECK(r.rule.limit.set && r.rule.limit.above_as.given);
    static const char *const bad[] = {"limit.abov", "id", "series",
                                      "weight.x",   ".",  ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        key.text = bad[i];
        CHECK(fields_read_path(&f, &key, &value, &schema_rule, &r.rule) < 0);
        CHECK_INT(r.c.errors, i + 1);
    }
    forget(&r);
}

TEST(places_go_as_far_as_the_path_does)
{
    struct reading r;
    read_rule(&r, "id: a\nattention:\n  q: 5%\n");
    const struct yaml_node *root = yaml_root(r.doc);
    CHECK_INT(fields_place(root, "attention.q")->line, 3);
    CHECK_INT(fields_place(root, "attention.effect")->line, 3);
    CHECK(fields_place(root, "limit.above") == root);
    CHECK(fields_node(root, "attention.effect") == NULL);
    CHECK_TEXT(fields_node(root, "attention.q")->text, "5%");
    forget(&r);
}
