/* tests of rules/schema_text: the files beside the code are those of the table */
#include "base/json.h"
#include "rules/codes.h"
#include "rules/schema.h"
#include "rules/schema_text.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static void read_source(const char *name, struct buf *to)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", AFTERCHECK_SOURCE, name);
    FILE *f = fopen(path, "re");
    if (f == NULL)
        test_fail(__FILE__, __LINE__, "%s is not there", path);
    char room[4096];
    for (size_t n; (n = fread(room, 1, sizeof room, f)) > 0;)
        buf_add_n(to, room, n);
    fclose(f);
}

/* Where it is not the same, a person runs `aftercheck rules schema`. */
static void check_same(const char *name, void (*write)(struct buf *to))
{
    OWNED_BUF made = {0}, there = {0};
    write(&made);
    CHECK(buf_done(&made) == 0);
    read_source(name, &there);
    if (strcmp(buf_text(&made), buf_text(&there)) != 0)
        test_fail(__FILE__, __LINE__,
                  "%s is not what the table gives: make it anew with "
                  "aftercheck rules schema",
                  name);
}

TEST(the_json_schema_beside_the_manual_is_that_of_the_table)
{
    check_same("docs/rules.schema.json", schema_write_json);
}

TEST(the_manual_page_is_that_of_the_table)
{
    check_same("man/rules.5", schema_write_man);
}

TEST(the_manual_holds_the_reference_of_the_table)
{
    OWNED_BUF made = {0}, there = {0};
    schema_write_markdown(&made);
    read_source("docs/rules.md", &there);
    CHECK(strstr(buf_text(&there), buf_text(&made)) != NULL);
}

TEST(what_is_beside_the_code_of_routing_is_that_of_its_table)
{
    OWNED_BUF made = {0}, there = {0};
    check_same("docs/routing.schema.json", schema_write_routing_json);
    check_same("man/aftercheck-routing.5", schema_write_routing_man);
    schema_write_routing_markdown(&made);
    read_source("docs/routing.md", &there);
    CHECK(strstr(buf_text(&there), buf_text(&made)) != NULL);
}

TEST(the_json_schema_is_json)
{
    OWNED_BUF made = {0};
    struct err err = {0};
    schema_write_json(&made);
    struct json_doc *doc = json_parse(buf_text(&made), made.len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    json_free(&doc);
}

struct looking {
    const char *in;
    size_t n;
};

static void look_for(const struct schema_seen *seen, void *arg)
{
    struct looking *l = arg;
    char quoted[200];
    snprintf(quoted, sizeof quoted, "| `%s`", seen->field->name);
    if (strstr(l->in, quoted) == NULL)
        test_fail(__FILE__, __LINE__, "%s is not in the reference", seen->path);
    l->n++;
}

TEST(every_field_and_code_is_in_the_reference)
{
    OWNED_BUF made = {0};
    schema_write_markdown(&made);
    struct looking l = {.in = buf_text(&made)};
    schema_each(&schema_rule, look_for, &l);
    schema_each(&schema_file, look_for, &l);
    schema_each(&schema_override, look_for, &l);
    CHECK(l.n > 60);
    for (int i = 0; i < RULES_CODE_N; i++)
        CHECK(strstr(l.in, rules_code((enum rules_code)i)) != NULL);
}
