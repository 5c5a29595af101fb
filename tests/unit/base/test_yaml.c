/* tests of base/yaml */
#include "base/yaml.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define OWNED_DOC        __attribute__((cleanup(yaml_doc_free))) struct yaml_doc
#define OWNED_COMPLAINTS __attribute__((cleanup(complaints_free))) struct complaints

/* All that is said, in order of place. */
static const char *said(struct complaints *c)
{
    static struct buf b;
    buf_clear(&b);
    complaints_sort(c);
    complaints_write(c, &b);
    return buf_text(&b);
}

static struct yaml_doc *must_parse(const char *text)
{
    OWNED_COMPLAINTS c = {0};
    struct yaml_doc *d = yaml_parse("f", text, strlen(text), &c);
    if (d == NULL)
        test_fail(__FILE__, __LINE__, "'%s' is refused: %s", text, said(&c));
    CHECK_INT((long long)(c.errors + c.warnings), 0);
    return d;
}

static const char *fault_n(const char *text, size_t n)
{
    OWNED_COMPLAINTS c = {0};
    OWNED_DOC *d = yaml_parse("f", text, n, &c);
    CHECK((d == NULL) == (c.errors > 0));
    return said(&c);
}

static const char *fault(const char *text)
{
    return fault_n(text, strlen(text));
}

#define CHECK_STARTS(got, want)                                                        \
    do {                                                                               \
        const char *got_ = (got), *want_ = (want);                                     \
        if (strncmp(got_, want_, strlen(want_)) != 0)                                  \
            test_fail(__FILE__, __LINE__,                                              \
                      "%s is\n  '%s', expected it to begin\n  '%s'", #got, got_,       \
                      want_);                                                          \
    } while (0)

static const char pack[] = "# a comment\n"
                           "name: payments   # behind a value\n"
                           "windows: {before: 30m, settle: 2m}\n"
                           "rules:\n"
                           "  - id: cpu\n"
                           "    hosts: [h1, 'h 2', \"h\\t3\"]\n"
                           "    why: >\n"
                           "      a jump\n"
                           "      on all\n"
                           "  - id: calls\n"
                           "    on: no\n";

TEST(a_file_becomes_a_tree_with_places)
{
    OWNED_DOC *d = must_parse(pack);
    const struct yaml_node *root = yaml_root(d), *n;
    CHECK_TEXT(yaml_file(d), "f");
    CHECK_INT(root->kind, YAML_MAP);
    CHECK_INT((long long)root->n, 3);
    CHECK_INT(root->line, 2);
    CHECK_TEXT(root->key[2].text, "rules");
    CHECK_INT(root->key[2].line, 4);
    n = yaml_get(root, "name");
    CHECK_TEXT(n->text, "payments");
    CHECK(n->plain && n->line == 2 && n->column == 7);
    n = yaml_get(yaml_get(root, "windows"), "settle");
    CHECK_TEXT(n->text, "2m");
    CHECK(n->line == 3 && n->column == 32);
    const struct yaml_node *rules = yaml_get(root, "rules");
    CHECK_INT(rules->kind, YAML_LIST);
    CHECK_INT((long long)rules->n, 2);
    CHECK(rules->line == 5 && rules->column == 3);
    n = yaml_get(&rules->item[0], "hosts");
    CHECK_INT((long long)n->n, 3);
    CHECK_TEXT(n->item[1].text, "h 2");
    CHECK(!n->item[1].plain);
    CHECK_TEXT(n->item[2].text, "h\t3");
    CHECK_TEXT(yaml_get(&rules->item[0], "why")->text, "a jump on all\n");
    CHECK_TEXT(yaml_get(&rules->item[1], "on")->text, "no");
    CHECK(yaml_get(root, "nobody") == NULL);
    CHECK(yaml_get(n, "nobody") == NULL);
}

TEST(scalars_stay_text)
{
    static const char *const texts[] = {"no",    "012",  "1e3",  "~",
                                        "null",  "0x1f", "true", "2026-01-01",
                                        "1_000", "=",    ".nan"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char text[64];
        snprintf(text, sizeof text, "a: %s\n", texts[i]);
        OWNED_DOC *d = must_parse(text);
        CHECK_TEXT(yaml_get(yaml_root(d), "a")->text, texts[i]);
    }
}

TEST(a_file_with_nothing_in_it_is_an_empty_map)
{
    static const char *const texts[] = {"",          "\n\n",     "# only words\n",
                                        "---\n",     "--- {}\n", "\xef\xbb\xbf",
                                        "---\n...\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        OWNED_DOC *d = must_parse(texts[i]);
        CHECK_INT(yaml_root(d)->kind, YAML_MAP);
        CHECK_INT((long long)yaml_root(d)->n, 0);
    }
}

TEST(a_byte_order_mark_and_windows_line_ends_are_taken)
{
    OWNED_DOC *d = must_parse("\xef\xbb\xbf"
                              "a: 1\r\nb: 2\r\n");
    const struct yaml_node *b = yaml_get(yaml_root(d), "b");
    CHECK_TEXT(b->text, "2");
    CHECK(b->line == 2 && b->column == 4);
    CHECK(yaml_root(d)->column == 1);
}

TEST(columns_count_characters)
{
    OWNED_DOC *d = must_parse("{é: 中文, b: 1}\n");
    CHECK_INT(yaml_get(yaml_root(d), "b")->column, 12);
}

TEST(what_we_leave_out_of_yaml_is_refused_by_name)
{
    static const struct {
        const char *text, *starts;
    } cases[] = {
        {"a: &x 1\n", "f:1:4: error[yaml-anchor]: an anchor '&x'"},
        {"a: &x [1]\n", "f:1:4: error[yaml-anchor]"},
        {"a: &x {b: 1}\n", "f:1:4: error[yaml-anchor]"},
        {"&k a: 1\n", "f:1:1: error[yaml-anchor]"},
        {"a: *x\n", "f:1:4: error[yaml-alias]: an alias '*x'"},
        {"<<: {b: 1}\n", "f:1:1: error[yaml-merge-key]"},
        {"a: !!str 1\n", "f:1:4: error[yaml-tag]: a tag 'tag:yaml.org,2002:str'"},
        {"a: !secret [1]\n", "f:1:4: error[yaml-tag]: a tag '!secret'"},
        {"a: !x {b: 1}\n", "f:1:4: error[yaml-tag]"},
        {"a: ! 1\n", "f:1:4: error[yaml-tag]"},
        {"a: 1\nb: 2\na: 3\n", "f:3:1: error[yaml-duplicate-key]: 'a' is there already "
                               "in line 1, expected it once\n"},
        {"a: 1\n---\nb: 1\n", "f:2:1: error[yaml-documents]"},
        {"%YAML 1.1\n---\na: 1\n", "f:1:1: error[yaml-directive]"},
        {"%TAG ! x:\n---\na: 1\n", "f:1:1: error[yaml-directive]"},
        {"? [a]\n: 1\n", "f:1:3: error[yaml-key]: a key is a list"},
        {"{{a: 1}: 2}\n", "f:1:2: error[yaml-key]: a key is a map"},
        {"?\n: 1\n", "f:1:2: error[yaml-key]: an empty key"},
        {"'': 1\n", "f:1:1: error[yaml-key]: an empty key"},
        {"a: \"x\\0y\"\n", "f:1:4: error[yaml-control]"},
        {"a: \x01\n", "f:1:4: error[yaml-control]"},
        {"a: 1\n# \xc2\x85\n", "f:2:3: error[yaml-control]"},
        {"a: 1\rb: 2\n", "f:1:5: error[yaml-control]"},
        {"a: 1\nbé: \xff\n", "f:2:5: error[yaml-utf8]: not valid UTF-8\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STARTS(fault(cases[i].text), cases[i].starts);
}

TEST(quoted_signs_are_only_text)
{
    OWNED_DOC *d = must_parse("'<<': '&x'\n\"*y\": '!t'\n");
    CHECK_TEXT(yaml_get(yaml_root(d), "<<")->text, "&x");
    CHECK_TEXT(yaml_get(yaml_root(d), "*y")->text, "!t");
}

TEST(nul_bytes_are_refused)
{
    CHECK_STARTS(fault_n("a: 1\n\0", 6), "f:2:1: error[yaml-control]");
}

TEST(tabs_for_indentation_are_refused)
{
    static const struct {
        const char *text, *starts;
    } cases[] = {
        {"a:\n\tb: 1\n", "f:2:1: error[yaml-tab]: a tab"},
        {"a:\n  b: 1\n\tc: 1\n", "f:3:1: error[yaml-tab]"},
        {"a:\n  \tb: 1\n", "f:2:3: error[yaml-tab]"},
        {"a: [\n\t1,\n\t2\n]\n",
         "f:2:1: error[yaml-tab]: a tab before a value, expected "
         "spaces\nf:3:1: error[yaml-tab]"},
        {"a: {\n  b: 1,\n \tc: 2\n}\n", "f:3:1: error[yaml-tab]"},
        {"-\t- a\n", "f:1:2: error[yaml-tab]"},
        {"\ta: 1\n", "f:1:1: error[yaml-tab]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        CHECK_STARTS(fault(cases[i].text), cases[i].starts);
}

TEST(tabs_elsewhere_are_taken)
{
    OWNED_DOC *d =
        must_parse("a:\t1\t# words\nb: [1,\t2]\nc: |\n  x\n  \ty\nd: 'p\tq'\n");
    CHECK_TEXT(yaml_get(yaml_root(d), "a")->text, "1");
    CHECK_TEXT(yaml_get(yaml_root(d), "c")->text, "x\n\ty\n");
    CHECK_TEXT(yaml_get(yaml_root(d), "d")->text, "p\tq");
}

TEST(mistakes_of_syntax_have_a_place_and_an_advice)
{
    static const struct {
        const char *text, *starts, *has;
    } cases[] = {
        {"a: b: c\n", "f:1:5: error[yaml-syntax]: a ':' within a value", "quotes"},
        {"a: 1\nb\nc: 2\n", "f:3:1: error[yaml-syntax]: a key without ':'", "line 2"},
        {"a: [1, 2\nb: 3\n", "f:2:", "expected ',' or ']'"},
        {"a: {b: 1\n", "f:2:1: error[yaml-syntax]: ", "expected ',' or '}'"},
        {"a: 'x\n", "f:2:1: error[yaml-syntax]: the file ends within a quoted text",
         "line 1"},
        {"a: @x\n", "f:1:4: error[yaml-syntax]: a value cannot begin with", "quotes"},
        {"a: 1\n  b: 2\n", "f:2:4: error[yaml-syntax]: ", "quotes"},
        {"a:\n  - 1\n - 2\n", "f:3:2: error[yaml-syntax]: ", "line "},
        {"a: \"\\q\"\n", "f:1:5: error[yaml-syntax]: found unknown escape character",
         ""},
        {"a:\n    b: 1\n  c: 2\n",
         "f:3:3: error[yaml-syntax]: no key where the map goes on", "line 1"},
        {"}\n", "f:1:1: error[yaml-syntax]: ", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = fault(cases[i].text);
        CHECK_STARTS(got, cases[i].starts);
        if (strstr(got, cases[i].has) == NULL)
            test_fail(__FILE__, __LINE__, "'%s' lacks '%s'", got, cases[i].has);
    }
}

TEST(all_refusals_are_told_in_one_run)
{
    CHECK_STARTS(
        fault("a: &x 1\nb: *x\na: !t 2\nc:\n  d: 1\n  d: 2\n"),
        "f:1:4: error[yaml-anchor]: an anchor '&x', expected none: write it out\n"
        "f:2:4: error[yaml-alias]: an alias '*x', expected none: write it out\n"
        "f:3:1: error[yaml-duplicate-key]: 'a' is there already in line 1, "
        "expected it once\n"
        "f:3:4: error[yaml-tag]: a tag '!t', expected none: the field has its "
        "type\n"
        "f:6:3: error[yaml-duplicate-key]: 'd' is there already in line 5, "
        "expected it once\n");
}

TEST(the_third_of_equal_keys_names_the_first_too)
{
    CHECK_TEXT(fault("a: 1\na: 2\na: 3\n"),
               "f:2:1: error[yaml-duplicate-key]: 'a' is there already in line 1, "
               "expected it once\n"
               "f:3:1: error[yaml-duplicate-key]: 'a' is there already in line 1, "
               "expected it once\n");
}

TEST(depth_is_bounded)
{
    char text[200];
    for (int depth = YAML_DEPTH_MAX; depth <= YAML_DEPTH_MAX + 1; depth++) {
        memset(text, '[', (size_t)depth);
        memset(text + depth, ']', (size_t)depth);
        const char *got = fault_n(text, 2 * (size_t)depth);
        CHECK_STARTS(got, depth > YAML_DEPTH_MAX ? "f:1:33: error[yaml-depth]" : "");
        CHECK((*got == '\0') == (depth == YAML_DEPTH_MAX));
    }
    OWNED_BUF b = {0};
    for (int i = 0; i < 100000; i++)
        buf_add(&b, "- ");
    CHECK_STARTS(fault_n(b.data, b.len), "f:1:65: error[yaml-depth]");
    buf_clear(&b);
    for (int i = 0; i < 100000; i++)
        buf_add(&b, "{a: ");
    CHECK_STARTS(fault_n(b.data, b.len), "f:1:129: error[yaml-depth]");
}

TEST(size_is_bounded_to_the_byte)
{
    char *text = malloc(YAML_BYTES_MAX + 1);
    CHECK(text != NULL);
    memset(text, ' ', YAML_BYTES_MAX + 1);
    text[0] = '#';
    CHECK_TEXT(fault_n(text, YAML_BYTES_MAX), "");
    CHECK_STARTS(fault_n(text, YAML_BYTES_MAX + 1), "f:1:1: error[yaml-size]");
    free(text);
}

TEST(a_map_of_very_many_keys_does_not_take_for_ever)
{
    OWNED_BUF b = {0};
    for (int i = 0; b.len < YAML_BYTES_MAX - 32; i++)
        buf_addf(&b, "k%d: %d\n", i / 2 * 2 + (i < 70000), i);
    OWNED_COMPLAINTS c = {0};
    OWNED_DOC *d = yaml_parse("f", b.data, b.len, &c);
    CHECK(d == NULL);
    CHECK_INT((long long)c.n, COMPLAINTS_MAX);
    CHECK(c.unkept > 10000);
}

TEST(a_file_is_read_from_disk)
{
    char path[256];
    snprintf(path, sizeof path, "%s/a.yml", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    fputs("a: [1, 2]\n", f);
    fclose(f);
    OWNED_COMPLAINTS c = {0};
    OWNED_DOC *d = yaml_load(path, &c);
    CHECK(d != NULL);
    CHECK_TEXT(yaml_file(d), path);
    CHECK_INT((long long)yaml_get(yaml_root(d), "a")->n, 2);
}

TEST(a_file_that_cannot_be_read_or_is_too_large_says_so)
{
    char path[256], want[512];
    OWNED_COMPLAINTS c = {0};
    snprintf(path, sizeof path, "%s/nobody.yml", test_dir());
    CHECK(yaml_load(path, &c) == NULL);
    snprintf(want, sizeof want,
             "%s:1:1: error[unreadable]: the file cannot be read: No such file or "
             "directory\n",
             path);
    CHECK_TEXT(said(&c), want);
    complaints_free(&c);
    CHECK(yaml_load(test_dir(), &c) == NULL);
    CHECK(strstr(said(&c), "error[unreadable]") != NULL);
    complaints_free(&c);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    for (int i = 0; i < YAML_BYTES_MAX + 1; i++)
        putc('\n', f);
    fclose(f);
    CHECK(yaml_load(path, &c) == NULL);
    CHECK(strstr(said(&c), "error[yaml-size]") != NULL);
}

/* --- typed fields --- */

struct all {
    const char *text;
    span length;
    double share, number;
    uint64_t count, size;
    bool flag;
    struct yaml_texts texts;
    const struct yaml_node *node;
};

#define AT(member) offsetof(struct all, member)
static const struct yaml_field fields[] = {
    {"text", YAML_T_TEXT, AT(text), false, 0, 0, "a text"},
    {"length", YAML_T_SPAN, AT(length), false, 1, 3600, "a length"},
    {"share", YAML_T_SHARE, AT(share), false, 0, 0.5, "a share"},
    {"number", YAML_T_NUMBER, AT(number), false, -10, 1000, "a number"},
    {"count", YAML_T_COUNT, AT(count), false, 1, 0, "a count"},
    {"size", YAML_T_SIZE, AT(size), false, 0, 0, "a size"},
    {"flag", YAML_T_BOOL, AT(flag), false, 0, 0, "a flag"},
    {"texts", YAML_T_TEXTS, AT(texts), false, 0, 0, "texts"},
    {"node", YAML_T_NODE, AT(node), false, 0, 0, "anything"},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

/* Reads `text` into *a; the complaints, "" when there were none.  The document is kept
 * for the caller in *ret_doc. */
static const char *read_into(const char *text, struct all *a, struct yaml_doc **ret_doc)
{
    OWNED_COMPLAINTS c = {0};
    *ret_doc = must_parse(text);
    int rc =
        yaml_read(*ret_doc, yaml_root(*ret_doc), "the file", fields, N_FIELDS, a, &c);
    CHECK_INT(rc, c.errors > 0 ? -1 : 0);
    return said(&c);
}

static const char *read_fault(const char *text)
{
    struct all a = {0};
    OWNED_DOC *d = NULL;
    return read_into(text, &a, &d);
}

TEST(each_type_is_read)
{
    struct all a = {0};
    OWNED_DOC *d = NULL;
    CHECK_TEXT(read_into("text: no\nlength: 1h\nshare: 12.5%\nnumber: -2.5e0\n"
                         "count: 1200\nsize: 8GiB\nflag: true\ntexts: [a, 'b c']\n"
                         "node: {x: 1}\n",
                         &a, &d),
               "");
    CHECK_TEXT(a.text, "no");
    CHECK_INT(a.length.ms, 3600000);
    CHECK_NEAR(a.share, 0.125, 0);
    CHECK_NEAR(a.number, -2.5, 0);
    CHECK_INT((long long)a.count, 1200);
    CHECK_INT((long long)a.size, 8ll << 30);
    CHECK(a.flag);
    CHECK_INT((long long)a.texts.n, 2);
    CHECK_TEXT(a.texts.at[1], "b c");
    CHECK_TEXT(yaml_get(a.node, "x")->text, "1");
}

TEST(absent_fields_are_left_as_they_are)
{
    struct all a = {.text = "was", .count = 7, .flag = true};
    OWNED_DOC *d = NULL;
    CHECK_TEXT(read_into("number: 1\n", &a, &d), "");
    CHECK_TEXT(a.text, "was");
    CHECK_INT((long long)a.count, 7);
    CHECK(a.flag);
}

TEST(a_bad_field_is_left_as_it_is_and_the_others_are_read)
{
    struct all a = {.count = 7, .length = {5}};
    OWNED_DOC *d = NULL;
    const char *got = read_into("count: 0\nlength: 5\ntext: x\n", &a, &d);
    CHECK_TEXT(got,
               "f:1:8: error[out-of-range]: 'count' is 0, expected 1 or more\n"
               "f:2:9: error[wrong-type]: 'length' is '5', expected a length of time "
               "such as 90s, 30m or 1h30m\n");
    CHECK_INT((long long)a.count, 7);
    CHECK_INT(a.length.ms, 5);
    CHECK_TEXT(a.text, "x");
}

TEST(one_text_stands_for_a_list_of_one)
{
    struct all a = {0};
    OWNED_DOC *d = NULL;
    CHECK_TEXT(read_into("texts: only\n", &a, &d), "");
    CHECK_INT((long long)a.texts.n, 1);
    CHECK_TEXT(a.texts.at[0], "only");
    yaml_doc_free(&d);
    CHECK_TEXT(read_into("texts: []\n", &a, &d), "");
    CHECK_INT((long long)a.texts.n, 0);
}

TEST(sizes_have_units)
{
    static const struct {
        const char *text;
        uint64_t want;
    } cases[] = {{"0B", 0},
                 {"4096B", 4096},
                 {"1kB", 1000},
                 {"512KiB", 512 << 10},
                 {"100MB", 100000000},
                 {"3TiB", 3ull << 40},
                 {"16777215TiB", 16777215ull << 40}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct all a = {0};
        OWNED_DOC *d = NULL;
        char text[64];
        snprintf(text, sizeof text, "size: %s\n", cases[i].text);
        CHECK_TEXT(read_into(text, &a, &d), "");
        CHECK(a.size == cases[i].want);
    }
}

TEST(what_is_of_another_type_is_refused)
{
    static const char *const cases[] = {
        "size: 5",
        "size: 5 GiB",
        "size: -5B",
        "size: GiB",
        "size: 1.5GiB",
        "size: 5gib",
        "size: 16777216TiB",
        "size: [1B]",
        "count: -1",
        "count: 1.0",
        "count: 012",
        "count: 0x1f",
        "count: 1e3",
        "count: 18446744073709551616",
        "count: ''",
        "count: 1_000",
        "number: 1,5",
        "number: nan",
        "number: inf",
        "number: 0x1p3",
        "number: 1e999",
        "number: 1.",
        "number: .5",
        "number: ' 1'",
        "number: 1e",
        "number: +1",
        "number: '-'",
        "share: 0.5",
        "share: 101%",
        "share: -1%",
        "share: '%'",
        "share: 5 %",
        "share: 5%%",
        "flag: yes",
        "flag: no",
        "flag: True",
        "flag: 1",
        "flag: on",
        "length: 30",
        "length: 1h 5m",
        "length: [1h]",
        "text: [a]",
        "text: {a: 1}",
        "text:",
        "count:",
        "texts: {a: 1}",
        "texts: [[a]]",
        "texts:",
        "texts: [a, {b: 1}]",
        "share: 0000000000000000000000000000000000001%",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = read_fault(cases[i]);
        if (strstr(got, "error[wrong-type]: '") == NULL)
            test_fail(__FILE__, __LINE__, "'%s' gives '%s'", cases[i], got);
    }
}

TEST(what_is_wrong_is_said_with_what_was_expected)
{
    CHECK_TEXT(read_fault("text: [a]\n"),
               "f:1:7: error[wrong-type]: 'text' is a list, expected a text\n");
    CHECK_TEXT(read_fault("flag: yes\n"),
               "f:1:7: error[wrong-type]: 'flag' is 'yes', expected true or false\n");
    CHECK_TEXT(
        read_fault("a: 1\n"),
        "f:1:1: error[unknown-field]: the file has no field 'a', expected one of: "
        "text, length, share, number, count, size, flag, texts, node\n");
    CHECK_TEXT(
        read_fault("nubmer: 1\n"),
        "f:1:1: error[unknown-field]: the file has no field 'nubmer', did you mean "
        "'number'?\n");
    CHECK_TEXT(
        read_fault("text:\n"),
        "f:1:6: error[wrong-type]: 'text' is empty, expected a text, or the field "
        "left out\n");
}

TEST(an_empty_text_is_written_with_quotes)
{
    struct all a = {0};
    OWNED_DOC *d = NULL;
    CHECK_TEXT(read_into("text: ''\n", &a, &d), "");
    CHECK_TEXT(a.text, "");
}

TEST(bounds_are_told_in_the_fields_own_unit)
{
    CHECK_TEXT(read_fault("length: 2h\n"),
               "f:1:9: error[out-of-range]: 'length' is 2h, expected 1s to 1h\n");
    CHECK_TEXT(read_fault("length: 999ms\n"),
               "f:1:9: error[out-of-range]: 'length' is 999ms, expected 1s to 1h\n");
    CHECK_TEXT(read_fault("share: 50.5%\n"),
               "f:1:8: error[out-of-range]: 'share' is 50.5%, expected 0% to 50%\n");
    CHECK_TEXT(read_fault("number: -10.1\n"),
               "f:1:9: error[out-of-range]: 'number' is -10.1, expected -10 to 1000\n");
    CHECK_TEXT(read_fault("number: -10\n"), "");
    CHECK_TEXT(read_fault("number: 1000\n"), "");
    CHECK_TEXT(read_fault("share: 50%\nlength: 1s\ncount: 1\n"), "");
    CHECK_TEXT(read_fault("count: 18446744073709551615\n"), "");
}

static const struct yaml_field wanted[] = {
    {"id", YAML_T_TEXT, AT(text), true, 0, 0, "an id"},
    {"count", YAML_T_COUNT, AT(count), true, 0, 0, "a count"},
};

TEST(missing_fields_are_told_at_their_map)
{
    OWNED_DOC *d = must_parse("rules:\n  - other: 1\n");
    const struct yaml_node *rule = &yaml_get(yaml_root(d), "rules")->item[0];
    OWNED_COMPLAINTS c = {0};
    struct all a = {0};
    CHECK_INT(yaml_read(d, rule, "a rule", wanted, 2, &a, &c), -1);
    CHECK_TEXT(
        said(&c),
        "f:2:5: error[missing-field]: a rule lacks 'count', expected a whole number, "
        "digits only\n"
        "f:2:5: error[missing-field]: a rule lacks 'id', expected a text\n"
        "f:2:5: error[unknown-field]: a rule has no field 'other', expected one of: "
        "id, count\n");
}

TEST(what_is_no_map_is_refused_but_an_empty_one_needs_no_braces)
{
    OWNED_DOC *d = must_parse("a: 1\nb: [1]\nc:\n# x: 1\nd: {}\n");
    struct all a = {0};
    OWNED_COMPLAINTS c = {0};
    const struct yaml_node *root = yaml_root(d);
    CHECK_INT(yaml_read(d, yaml_get(root, "c"), "c", fields, N_FIELDS, &a, &c), 0);
    CHECK_INT(yaml_read(d, yaml_get(root, "d"), "d", fields, N_FIELDS, &a, &c), 0);
    CHECK_INT(yaml_read(d, yaml_get(root, "a"), "a", fields, N_FIELDS, &a, &c), -1);
    CHECK_INT(yaml_read(d, yaml_get(root, "b"), "b", fields, N_FIELDS, &a, &c), -1);
    CHECK_TEXT(said(&c),
               "f:1:4: error[wrong-type]: a is a text, expected a map of fields\n"
               "f:2:4: error[wrong-type]: b is a list, expected a map of fields\n");
}

TEST(a_complaint_at_a_node_has_its_place)
{
    OWNED_DOC *d = must_parse("a:\n  - 1\n");
    OWNED_COMPLAINTS c = {0};
    yaml_complain(d, &yaml_get(yaml_root(d), "a")->item[0], &c, "x", "is %d", 7);
    CHECK_TEXT(said(&c), "f:2:5: error[x]: is 7\n");
}

TEST(very_many_unknown_fields_do_not_take_for_ever)
{
    OWNED_BUF b = {0};
    for (int i = 0; i < 60000; i++)
        buf_addf(&b, "number_%d: 1\n", i);
    OWNED_DOC *d = must_parse(buf_text(&b));
    OWNED_COMPLAINTS c = {0};
    struct all a = {0};
    CHECK_INT(yaml_read(d, yaml_root(d), "it", fields, N_FIELDS, &a, &c), -1);
    CHECK_INT((long long)c.errors, 60000);
}

TEST(freeing_nothing_is_fine)
{
    struct yaml_doc *d = NULL;
    yaml_doc_free(&d);
    CHECK(d == NULL);
}

TEST(a_node_says_where_it_ends_and_whether_it_stands_in_brackets)
{
    static const char text[] = "a: {b: [1, 22]}\n"
                               "c: |\n"
                               "  text\n"
                               "d: \"x y\"\n"
                               "e:\n"
                               "  - f\n";
    struct complaints c = {0};
    struct yaml_doc *doc = yaml_parse("f.yml", text, strlen(text), &c);
    CHECK(doc != NULL);
    const struct yaml_node *root = yaml_root(doc), *a = yaml_get(root, "a");
    CHECK(!root->flow && root->end_line == 0);
    CHECK(a->flow && a->item[0].flow && !yaml_get(root, "e")->flow);
    CHECK_INT(a->end_line, 1);
    CHECK_INT(a->end_column, 16);
    CHECK_INT(a->item[0].end_column, 15);
    CHECK_INT(a->item[0].item[1].end_column, 14);
    CHECK_INT(yaml_get(root, "c")->end_line, 4);
    CHECK_INT(yaml_get(root, "c")->end_column, 1);
    CHECK_INT(yaml_get(root, "d")->end_column, 9);
    CHECK_INT(yaml_get(root, "e")->item[0].end_column, 6);
    yaml_doc_free(&doc);
    complaints_free(&c);
}
