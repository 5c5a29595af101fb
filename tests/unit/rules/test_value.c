/* tests of rules/value */
#include "rules/value.h"
#include "tests/test.h"

#include <stdint.h>

static union {
    double number;
    int whole;
    span length;
    instant at;
    bool flag;
    struct amount amount;
    struct hold hold;
    struct when when;
    const char *text;
} got;

/* Reads a text by a field's own entry in the table. */
static enum rules_code read_as(const char *path, const char *text)
{
    size_t offset;
    struct keep keep = {0};
    const struct schema_field *f = schema_path(&schema_rule, path, &offset);
    const struct yaml_node node = {.kind = YAML_TEXT, .text = text};
    CHECK(f != NULL);
    memset(&got, 0, sizeof got);
    enum rules_code code = value_read(f, &node, &keep, &got, NULL);
    keep_free(&keep);
    return code;
}

static bool reads(const char *path, const char *text)
{
    return read_as(path, text) == RULES_CODE_N;
}

TEST(no_012_and_1e3_are_what_the_field_says)
{
    CHECK(reads("title", "no") && strcmp(got.text, "no") == 0);
    CHECK(reads("title", "012") && strcmp(got.text, "012") == 0);
    CHECK(!reads("critical", "no") && !reads("critical", "yes"));
    CHECK(reads("critical", "true") && got.flag);
    CHECK(!reads("rev", "012") && !reads("rev", "1e3"));
    CHECK(!reads("needs.calls", "012") && !reads("needs.calls", "1e3"));
    CHECK(!reads("weight", "012"));
    CHECK(reads("weight", "1e2") && got.number == 100);
    CHECK(!reads("weight", "0x10") && !reads("weight", "inf") &&
          !reads("weight", "nan"));
    CHECK(!reads("weight", "1 ") && !reads("weight", ".5") && !reads("weight", "1."));
}

TEST(counts_may_be_in_thousands)
{
    CHECK(reads("needs.calls", "200") && got.number == 200);
    CHECK(reads("needs.calls", "5k") && got.number == 5000);
    CHECK(reads("needs.calls", "1.5M") && got.number == 1500000);
    CHECK(!reads("needs.calls", "1.5") && !reads("needs.calls", "-5"));
    CHECK(!reads("needs.calls", "5K") && !reads("needs.calls", "5kB"));
    CHECK_INT(read_as("needs.calls", "2000G"), RULES_E_RANGE);
}

TEST(shares_have_their_sign)
{
    CHECK(reads("needs.points", "60%") && got.number == 0.6);
    CHECK(!reads("needs.points", "60") && !reads("needs.points", "0.6"));
    CHECK_INT(read_as("needs.points", "101%"), RULES_E_RANGE);
    CHECK(reads("attention.effect", "300%") && got.number == 3);
    CHECK_INT(read_as("attention.effect", "0%"), RULES_E_RANGE);
    CHECK(reads("attention.q", "1%") && got.number == 0.01);
    CHECK(reads("attention.q", "0.01") && got.number == 0.01);
    CHECK_INT(read_as("attention.q", "60%"), RULES_E_RANGE);
}

static double in_unit(const char *text, const char *unit)
{
    double v = -1;
    CHECK(reads("attention.delta", text));
    return amount_in(&got.amount, unit, &v, NULL) < 0 ? -1 : v;
}

TEST(amounts_come_in_the_figures_unit)
{
    CHECK_NEAR(in_unit("5", NULL), 5, 0);
    CHECK_NEAR(in_unit("5k", NULL), 5000, 0);
    CHECK_NEAR(in_unit("20 MB", "bytes"), 20e6, 0);
    CHECK_NEAR(in_unit("64KiB", "bytes"), 65536, 0);
    CHECK_NEAR(in_unit("20 MB", "MB"), 20, 0);
    CHECK_NEAR(in_unit("1 MB/s", "bytes/s"), 1e6, 0);
    CHECK_NEAR(in_unit("1 MB", "bytes/s"), 1e6, 0);
    CHECK_NEAR(in_unit("2s", "ms"), 2000, 0);
    CHECK_NEAR(in_unit("250ms", "s"), 0.25, 0);
    CHECK_NEAR(in_unit("5%", "%"), 5, 0);
    CHECK_NEAR(in_unit("5%", NULL), -1, 0);
    CHECK_NEAR(in_unit("5%", "ms"), -1, 0);
    CHECK_NEAR(in_unit("20 MB", "ms"), -1, 0);
    CHECK_NEAR(in_unit("1 MB/s", "bytes"), -1, 0);
    CHECK(!reads("attention.delta", "5 parsecs") && !reads("attention.delta", "MB"));
    CHECK(!reads("attention.delta", "5  MB") && !reads("attention.delta", "5 "));
}

TEST(a_day_lasts_to_its_end)
{
    const struct schema_map *except = schema_find(&schema_rule, "except")->map;
    const struct schema_field *until = schema_find(except, "until");
    static const char *const bad[] = {"2026-13-01", "2026-02-29", "tomorrow",
                                      "26-01-01",   "2026-1-1",   "2026/01/01"};
    struct yaml_node node = {.kind = YAML_TEXT, .text = "1970-01-01"};
    instant at = {0};
    CHECK(value_read(until, &node, NULL, &at, NULL) == RULES_CODE_N);
    CHECK_INT(at.ms, 86400000);
    node.text = "1970-01-01T00:00:05Z";
    CHECK(value_read(until, &node, NULL, &at, NULL) == RULES_CODE_N);
    CHECK_INT(at.ms, 5000);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        node.text = bad[i];
        CHECK_INT(value_read(until, &node, NULL, &at, NULL), RULES_E_DATE);
    }
    CHECK_INT(at.ms, 5000); /* left alone */
}

TEST(hold_is_a_part_of_a_whole)
{
    CHECK(reads("limit.hold", "3 of 5") && got.hold.hold == 3 && got.hold.of == 5);
    static const char *const bad[] = {"6 of 5",  "0 of 5",  "3",    "3 of",   "3 of 61",
                                      "3 of 5 ", "-3 of 5", "3of5", "03 of 5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!reads("limit.hold", bad[i]));
}

TEST(what_is_written_reads_the_same)
{
    static const struct {
        const char *path, *text;
    } same[] = {
        {"attention.effect", "30%"},
        {"needs.calls", "5000"},
        {"weight", "0.5"},
        {"limit.hold", "3 of 5"},
        {"fresh_after", "1h30m"},
        {"worse", "up"},
        {"critical", "true"},
        {"attention.delta", "0.5%"},
        {"rev", "7"},
        {"title", "a title"},
        {"limit.above", "95"},
        {"attention.delta", "20ms"},
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct buf b = {0};
        size_t offset;
        CHECK(reads(same[i].path, same[i].text));
        value_write(schema_path(&schema_rule, same[i].path, &offset), &got, &b);
        CHECK_TEXT(buf_text(&b), same[i].text);
        buf_free(&b);
    }
}

TEST(names_and_texts_are_held_to_their_bounds)
{
    char text[5000];
    memset(text, 'a', sizeof text);
    text[sizeof text - 1] = '\0';
    CHECK_INT(read_as("id", text), RULES_E_NAME);
    CHECK_INT(read_as("title", text), RULES_E_VALUE);
    CHECK_INT(read_as("title", "bell \a"), RULES_E_VALUE);
    CHECK_INT(read_as("id", "Bad"), RULES_E_NAME);
    CHECK_INT(read_as("id", ""), RULES_E_NAME);
    CHECK(reads("why", "two\nlines"));
}
