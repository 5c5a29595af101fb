/* tests of rules/schema: the table holds together */
#include "base/buf.h"
#include "rules/schema.h"
#include "tests/test.h"

#include <stdint.h>

static void check_field(const struct schema_seen *seen, void *arg)
{
    const struct schema_field *f = seen->field;
    size_t offset;
    if (f->help == NULL || strlen(f->help) < 4)
        test_fail(__FILE__, __LINE__, "%s has no help", seen->path);
    CHECK(f->help[strlen(f->help) - 1] != '.');
    bool map =
        f->type == SCHEMA_MAP || f->type == SCHEMA_LIST || f->type == SCHEMA_TABLE;
    CHECK(!map || f->map != NULL);
    bool choice = f->type == SCHEMA_CHOICE || f->type == SCHEMA_CHOICES;
    CHECK(choice == (f->choices != NULL));
    CHECK(f->only < 1u << SUBJECT_N);
    CHECK(schema_path(arg, seen->path, &offset) == f);
    CHECK_INT(offset, seen->offset);
}

TEST(every_field_has_help_and_is_found_by_its_path)
{
    schema_each(&schema_rule, check_field, (void *)(uintptr_t)&schema_rule);
    schema_each(&schema_override, check_field, (void *)(uintptr_t)&schema_override);
    schema_each(&schema_window, check_field, (void *)(uintptr_t)&schema_window);
    schema_each(&schema_file, check_field, (void *)(uintptr_t)&schema_file);
}

TEST(paths_lead_into_structs)
{
    size_t offset = 0;
    const struct schema_field *f =
        schema_path(&schema_rule, "must-handle.effect", &offset);
    CHECK(f != NULL);
    CHECK_TEXT(f->name, "effect");
    CHECK_INT(offset, offsetof(struct rule, must_handle.effect));
    CHECK(schema_path(&schema_rule, "must-handle.effects", &offset) == NULL);
    CHECK(schema_path(&schema_rule, "title.x", &offset) == NULL);
    CHECK(schema_path(&schema_rule, "", &offset) == NULL);
    CHECK(schema_path(&schema_rule, "must-handle.", &offset) == NULL);
}

TEST(every_subject_is_a_field_of_a_rule)
{
    for (int s = 0; s < SUBJECT_N; s++)
        CHECK(schema_find(&schema_rule, subject_name((enum subject)s)) != NULL);
}

TEST(subjects_are_told_in_words)
{
    struct buf b = {0};
    schema_subjects(1u << SUBJECT_SERIES, &b);
    CHECK_TEXT(buf_text(&b), "series");
    buf_clear(&b);
    schema_subjects(1u << SUBJECT_SERIES | 1u << SUBJECT_CALLS | 1u << SUBJECT_TESTS,
                    &b);
    CHECK_TEXT(buf_text(&b), "series, calls and tests");
    buf_free(&b);
}
