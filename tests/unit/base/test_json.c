/* tests of base/json */
#include "base/json.h"

#include "base/buf.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static struct json_doc *must_parse(const char *text)
{
    struct err err = {0};
    struct json_doc *d = json_parse(text, strlen(text), &err);
    if (d == NULL)
        test_fail(__FILE__, __LINE__, "'%s' is refused: %s", text, err.text);
    return d;
}

/* What is said of a text that is refused; "" when it is taken. */
static const char *fault_n(const char *text, size_t n)
{
    static struct err err;
    err = (struct err){0};
    OWNED_JSON *d = json_parse(text, n, &err);
    return d == NULL ? err.text : "";
}

static const char *fault(const char *text)
{
    return fault_n(text, strlen(text));
}

static struct json_at member(const struct json_at *obj, const char *key)
{
    struct json_at v;
    if (!json_member(obj, key, &v))
        test_fail(__FILE__, __LINE__, "no member %s", key);
    return v;
}

static const char *complained(const struct json_at *v)
{
    static struct err err;
    err = (struct err){0};
    CHECK_INT(json_complain(v, &err, "is %s", "bad"), -1);
    CHECK(err.code != 0);
    return err.text;
}

static const char event[] =
    "{\"source\": \"deployer\", \"hosts\": [\"h1\", \"h2\"],\n"
    "  \"batch\": {\"no\": 1, \"of\": 4.5}, \"urgent\": true,\n"
    "  \"parent_id\": null, \"list\": [[1, 2], [{\"a\": []}]]}\n";

TEST(values_are_read_by_their_kind)
{
    OWNED_JSON *d = must_parse(event);
    struct json_at root = json_root(d), v, item;
    struct err err = {0};
    const char *text = NULL;
    int64_t whole = 0;
    double number = 0;
    bool flag = false;
    CHECK_INT(json_kind(&root), JSON_KIND_OBJECT);
    CHECK_INT((long long)json_count(&root), 6);
    v = member(&root, "source");
    CHECK_INT(json_text(&v, &text, &err), 0);
    CHECK_TEXT(text, "deployer");
    v = member(&root, "hosts");
    CHECK_INT(json_kind(&v), JSON_KIND_LIST);
    CHECK_INT((long long)json_count(&v), 2);
    item = json_item(&v, 1);
    CHECK_INT(json_text(&item, &text, &err), 0);
    CHECK_TEXT(text, "h2");
    v = member(&root, "batch");
    item = member(&v, "no");
    CHECK_INT(json_whole(&item, &whole, &err), 0);
    CHECK_INT(whole, 1);
    item = member(&v, "of");
    CHECK_INT(json_number(&item, &number, &err), 0);
    CHECK_NEAR(number, 4.5, 0);
    v = member(&root, "urgent");
    CHECK_INT(json_bool(&v, &flag, &err), 0);
    CHECK(flag);
    CHECK_INT(err.code, 0);
}

TEST(absent_and_null_members_are_not_there)
{
    OWNED_JSON *d = must_parse(event);
    struct json_at root = json_root(d), v;
    CHECK(!json_member(&root, "parent_id", &v));
    CHECK(v.value == NULL);
    CHECK_INT(json_kind(&v), JSON_KIND_NONE);
    CHECK_TEXT(v.path, "parent_id");
    CHECK(!json_member(&root, "nobody", &v));
    CHECK_TEXT(v.path, "nobody");
    CHECK_INT((long long)json_count(&v), 0);
}

TEST(members_come_in_the_order_of_the_document)
{
    OWNED_JSON *d = must_parse("{\"z\":1,\"a\":null,\"m\":3,\"b\":4,\"zz\":5,\"0\":6}");
    static const char *const keys[] = {"z", "a", "m", "b", "zz", "0"};
    struct json_at root = json_root(d);
    const char *key;
    for (size_t i = 0; i < 6; i++) {
        struct json_at v = json_nth(&root, i, &key);
        CHECK_TEXT(key, keys[i]);
        CHECK_INT(json_kind(&v), i == 1 ? JSON_KIND_NULL : JSON_KIND_NUMBER);
    }
    for (size_t i = 6; i-- > 0;) { /* backwards as well */
        json_nth(&root, i, &key);
        CHECK_TEXT(key, keys[i]);
    }
}

TEST(two_objects_can_be_gone_through_at_once)
{
    OWNED_JSON *d = must_parse("{\"a\":{\"x\":1,\"y\":2},\"b\":{\"p\":1,\"q\":2}}");
    struct json_at root = json_root(d);
    struct json_at a = member(&root, "a"), b = member(&root, "b");
    const char *key;
    json_nth(&a, 1, &key);
    CHECK_TEXT(key, "y");
    json_nth(&b, 1, &key);
    CHECK_TEXT(key, "q");
    json_nth(&a, 0, &key);
    CHECK_TEXT(key, "x");
}

TEST(an_object_with_very_many_members_is_gone_through_in_one_pass)
{
    enum { N = 100000 };
    OWNED_BUF b = {0};
    for (int i = 0; i < N; i++)
        buf_addf(&b, "%c\"%d\":%d", i > 0 ? ',' : '{', i, i % 10);
    buf_add(&b, "}");
    OWNED_JSON *d = must_parse(buf_text(&b));
    struct json_at root = json_root(d);
    const char *key = "";
    for (size_t i = 0; i < N; i++)
        json_nth(&root, i, &key);
    CHECK_TEXT(key, "99999");
}

TEST(complaints_name_path_line_and_column)
{
    OWNED_JSON *d = must_parse(event);
    struct json_at root = json_root(d), v, w;
    CHECK_TEXT(complained(&root), "the document (line 1, column 1): is bad");
    v = member(&root, "source");
    CHECK_TEXT(complained(&v), "source (line 1, column 12): is bad");
    v = member(&root, "hosts");
    CHECK_TEXT(complained(&v), "hosts (line 1, column 33): is bad");
    w = json_item(&v, 1);
    CHECK_TEXT(complained(&w), "hosts[1] (line 1, column 40): is bad");
    v = member(&root, "batch");
    w = member(&v, "of");
    CHECK_TEXT(complained(&w), "batch.of (line 2, column 28): is bad");
    v = member(&root, "urgent");
    CHECK_TEXT(complained(&v), "urgent (line 2, column 44): is bad");
    v = member(&root, "list");
    v = json_item(&v, 1);
    v = json_item(&v, 0);
    v = member(&v, "a");
    CHECK_TEXT(complained(&v), "list[1][0].a (line 3, column 46): is bad");
}

TEST(a_missing_member_is_placed_at_its_object_and_null_at_itself)
{
    OWNED_JSON *d = must_parse(event);
    struct json_at root = json_root(d), batch = member(&root, "batch"), v;
    struct err err = {0};
    const char *text;
    CHECK(!json_member(&batch, "size", &v));
    CHECK_INT(json_text(&v, &text, &err), -1);
    CHECK_TEXT(err.text, "batch.size (line 2, column 12): is missing, expected a text");
    CHECK(!json_member(&root, "parent_id", &v));
    err.code = 0;
    CHECK_INT(json_text(&v, &text, &err), -1);
    CHECK_TEXT(err.text, "parent_id (line 3, column 16): expected a text, got null");
}

TEST(a_member_of_what_is_no_object_is_placed_at_what_is_there)
{
    OWNED_JSON *d = must_parse("{\"labels\":\n \"x\", \"l\": [true, 7]}");
    struct json_at root = json_root(d), labels = member(&root, "labels"), v;
    struct err err = {0};
    const char *text;
    CHECK(!json_member(&labels, "idc", &v));
    CHECK_INT(json_text(&v, &text, &err), -1);
    CHECK_TEXT(err.text, "labels.idc (line 2, column 2): is missing, expected a text");
    struct json_at list = member(&root, "l"), item = json_item(&list, 1);
    CHECK(!json_member(&item, "a", &v));
    CHECK_TEXT(complained(&v), "l[1].a (line 2, column 19): is bad");
}

/* jansson has one shared value each for true, false and null. */
TEST(equal_booleans_and_nulls_are_told_apart_by_place)
{
    OWNED_JSON *d = must_parse("[true,true,null,\n{\"a\":true,\"b\":true}, null]");
    struct json_at root = json_root(d), v;
    v = json_item(&root, 1);
    CHECK_TEXT(complained(&v), "[1] (line 1, column 7): is bad");
    v = json_item(&root, 4);
    CHECK_TEXT(complained(&v), "[4] (line 2, column 22): is bad");
    CHECK_INT(json_kind(&v), JSON_KIND_NULL);
    v = json_item(&root, 3);
    v = member(&v, "b");
    CHECK_TEXT(complained(&v), "[3].b (line 2, column 15): is bad");
}

TEST(strings_with_brackets_and_escapes_do_not_mislead_the_place)
{
    OWNED_JSON *d =
        must_parse(" {\"a]\\\"}\": \"[{\\\\\", \"\\u0062\" :\t[ \"\\\"\" , 5 ] }");
    struct json_at root = json_root(d), v = member(&root, "b"), item = json_item(&v, 1);
    CHECK_TEXT(complained(&item), "b[1] (line 1, column 40): is bad");
    CHECK_TEXT(complained(&root), "the document (line 1, column 2): is bad");
}

TEST(columns_count_characters)
{
    OWNED_JSON *d = must_parse("{\"é\":\"中文\",\"b\":1}");
    struct json_at root = json_root(d), v = member(&root, "b");
    CHECK_TEXT(complained(&v), "b (line 1, column 15): is bad");
}

TEST(keys_that_read_badly_are_quoted_in_the_path)
{
    OWNED_JSON *d =
        must_parse("{\"a.b\":1,\"\":2,\"x\\ny\":{\"c\":3},\"l\":{\"a b\":4}}");
    struct json_at root = json_root(d), v = member(&root, "a.b");
    CHECK_TEXT(v.path, "[\"a.b\"]");
    v = member(&root, "");
    CHECK_TEXT(v.path, "[\"\"]");
    v = member(&root, "x\ny");
    v = member(&v, "c");
    CHECK_TEXT(complained(&v), "[\"x\\ny\"].c (line 1, column 27): is bad");
    v = member(&root, "l");
    v = member(&v, "a b");
    CHECK_TEXT(v.path, "l[\"a b\"]");
}

TEST(a_long_path_is_cut_but_its_place_is_right)
{
    char text[1024] = "{\"";
    for (size_t i = 0; i < 300; i += 3)
        memcpy(text + 2 + i, "中", 3);
    strcat(text, "\": {\"inner\": 1}}");
    OWNED_JSON *d = must_parse(text);
    struct json_at root = json_root(d);
    const char *key;
    struct json_at v = json_nth(&root, 0, &key);
    v = member(&v, "inner");
    size_t n = strlen(v.path);
    CHECK(n < JSON_PATH_MAX && n > JSON_PATH_MAX - 8);
    CHECK_TEXT(v.path + n - 3, "...");
    CHECK(strstr(complained(&v), "(line 1, column 116)") != NULL);
}

TEST(a_value_of_another_kind_is_refused_with_both_kinds)
{
    OWNED_JSON *d = must_parse("{\"hosts\": [\"a\",\n7]}");
    struct json_at root = json_root(d), hosts = member(&root, "hosts");
    struct json_at v = json_item(&hosts, 1);
    const char *text = "untouched";
    struct err err = {0};
    CHECK_INT(json_text(&v, &text, &err), -1);
    CHECK_TEXT(err.text, "hosts[1] (line 2, column 1): expected a text, got a number");
    CHECK_TEXT(text, "untouched");
    bool flag;
    err.code = 0;
    CHECK_INT(json_bool(&hosts, &flag, &err), -1);
    CHECK_TEXT(err.text,
               "hosts (line 1, column 11): expected true or false, got a list");
    double number;
    err.code = 0;
    CHECK_INT(json_number(&root, &number, &err), -1);
    CHECK_TEXT(err.text,
               "the document (line 1, column 1): expected a number, got an object");
}

TEST(the_first_complaint_is_kept)
{
    OWNED_JSON *d = must_parse("[1]");
    struct json_at root = json_root(d);
    struct err err = {0};
    json_complain(&root, &err, "first");
    CHECK_INT(json_complain(&root, &err, "second"), -1);
    CHECK_TEXT(err.text, "the document (line 1, column 1): first");
    CHECK_INT(json_complain(&root, NULL, "nobody listens"), -1);
}

/* Reads item 0 of `text` as a whole number; INT64_MIN when it is refused. */
static int64_t whole_of(const char *text)
{
    OWNED_JSON *d = must_parse(text);
    struct json_at root = json_root(d), v = json_item(&root, 0);
    int64_t whole = INT64_MIN;
    struct err err = {0};
    return json_whole(&v, &whole, &err) == 0 ? whole : INT64_MIN;
}

TEST(whole_numbers_are_exact_or_refused)
{
    CHECK_INT(whole_of("[0]"), 0);
    CHECK_INT(whole_of("[-17]"), -17);
    CHECK_INT(whole_of("[9007199254740992]"), 9007199254740992);
    CHECK_INT(whole_of("[-9007199254740992]"), -9007199254740992);
    CHECK_INT(whole_of("[9007199254740993]"), INT64_MIN);
    CHECK_INT(whole_of("[1e3]"), 1000);
    CHECK_INT(whole_of("[5.0]"), 5);
    CHECK_INT(whole_of("[5.5]"), INT64_MIN);
    CHECK_INT(whole_of("[1e300]"), INT64_MIN);
    CHECK_INT(whole_of("[\"5\"]"), INT64_MIN);
}

TEST(a_huge_whole_number_spoils_only_itself)
{
    const char *text = "[9007199254740991, 123456789012345678901234567890, -3, \"x\"]";
    CHECK_INT(whole_of(text), 9007199254740991);
    OWNED_JSON *d = must_parse(text);
    struct json_at root = json_root(d), v = json_item(&root, 1);
    struct err err = {0};
    int64_t whole;
    double number;
    CHECK_INT(json_number(&v, &number, &err), 0);
    CHECK_NEAR(number / 123456789012345678901234567890.0, 1, 1e-15);
    CHECK_INT(json_whole(&v, &whole, &err), -1);
    CHECK_TEXT(err.text, "[1] (line 1, column 20): expected a whole number of at most "
                         "2^53, got 1.23457e+29");
}

TEST(what_is_no_json_is_refused_with_its_place)
{
    static const struct {
        const char *text, *starts;
    } cases[] = {
        {"", "the document is empty"},
        {" \n\t ", "the document is empty"},
        {"{", "line 1, column 1: "},
        {"{\"a\":1,}", "line 1, column 8: "},
        {"{\"a\":1 \"b\":2}", "line 1, column 10: '}' expected near '\"b\"'"},
        {"[1,\n 2,\n x]", "line 3, column 2: "},
        {"[1] x", "line 1, column 5: end of file expected near 'x'"},
        {"[01]", "line 1, column 2: "},
        {"[1.]", "line 1, column "},
        {"[+1]", "line 1, column "},
        {"[NaN]", "line 1, column "},
        {"[Infinity]", "line 1, column "},
        {"['a']", "line 1, column "},
        {"[\"a\nb\"]", "line "},
        {"[1e400]", "line 1, column 6: real number overflow"},
        {"{\"a\":1,\"b\":2,\"a\":3}", "line 1, column 16: duplicate object key"},
        {"[\"\\u0000\"]", "line 1, column "},
        {"[\"\\ud800\"]", "line 1, column "},
        {"[\"\xff\"]", "line 1, column "},
        {"[\"\xc0\xaf\"]", "line 1, column "},
        {"// x\n[]", "line 1, column "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = fault(cases[i].text);
        if (strncmp(got, cases[i].starts, strlen(cases[i].starts)) != 0 || *got == '\0')
            test_fail(__FILE__, __LINE__, "'%s' gives '%s', expected '%s...'",
                      cases[i].text, got, cases[i].starts);
    }
}

TEST(what_is_said_of_bad_json_is_one_line_without_control_characters)
{
    static const char *const bad[] = {"[\"a\nb\"]", "[\x01\x02\x7f]", "[\"\x1b[31m\"]"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        const char *said = fault(bad[i]);
        CHECK(*said != '\0');
        for (; *said != '\0'; said++)
            CHECK((unsigned char)*said >= 0x20 && *said != 0x7f);
    }
}

TEST(bytes_need_not_end_in_nul_and_may_hold_it)
{
    CHECK_TEXT(fault_n("[1]garbage", 3), "");
    CHECK_TEXT(fault_n("[1\0]", 4), "line 1, column 3: a NUL byte");
    CHECK(*fault_n("[\"a\0b\"]", 7) != '\0');
    CHECK(*fault_n("[1]\0", 4) != '\0');
}

TEST(control_characters_written_as_escapes_are_legal)
{
    OWNED_JSON *d = must_parse("[\"a\\u0001\\nb\"]");
    struct json_at root = json_root(d), v = json_item(&root, 0);
    const char *text = NULL;
    CHECK_INT(json_text(&v, &text, NULL), 0);
    CHECK_TEXT(text, "a\x01\nb");
}

TEST(any_value_may_be_the_whole_document)
{
    static const struct {
        const char *text;
        enum json_kind kind;
    } cases[] = {{"null", JSON_KIND_NULL}, {" true ", JSON_KIND_BOOL},
                 {"1", JSON_KIND_NUMBER},  {"\"x\"", JSON_KIND_TEXT},
                 {"[]", JSON_KIND_LIST},   {"{}", JSON_KIND_OBJECT}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        OWNED_JSON *d = must_parse(cases[i].text);
        struct json_at root = json_root(d), v;
        CHECK_INT(json_kind(&root), cases[i].kind);
        CHECK(!json_member(&root, "a", &v));
    }
}

/* "[[[...]]]" or {"a":{"a":... of that depth; the caller frees it. */
static char *nest(int depth, const char *open, const char *close)
{
    char *text = calloc((size_t)depth, strlen(open) + strlen(close) + 1);
    CHECK(text != NULL);
    char *p = text;
    for (int i = 0; i < depth; i++)
        p = stpcpy(p, i + 1 == depth && *open == '{' ? "{" : open);
    for (int i = 0; i < depth; i++)
        p = stpcpy(p, close);
    return text;
}

TEST(depth_is_bounded)
{
    static const struct {
        const char *open, *close;
    } kinds[] = {{"[", "]"}, {"{\"a\":", "}"}};
    for (size_t i = 0; i < 2; i++) {
        char *good = nest(JSON_DEPTH_MAX, kinds[i].open, kinds[i].close);
        CHECK_TEXT(fault(good), "");
        free(good);
        char *bad = nest(JSON_DEPTH_MAX + 1, kinds[i].open, kinds[i].close);
        CHECK(strstr(fault(bad), "may nest 64 deep") != NULL);
        free(bad);
    }
    char *huge = nest(1000000, "[", "]");
    CHECK_TEXT(fault(huge), "line 1, column 65: lists and objects may nest 64 deep");
    free(huge);
}

TEST(brackets_in_texts_are_not_depth)
{
    char text[300] = "[\"";
    memset(text + 2, '[', 200);
    strcat(text, "\\\"[\"]");
    CHECK_TEXT(fault(text), "");
}

static void check_dump(const char *text, const char *want)
{
    OWNED_JSON *d = must_parse(text);
    struct json_at root = json_root(d);
    char *got = json_dump(&root);
    CHECK_TEXT(got, want);
    OWNED_JSON *again = must_parse(got);
    struct json_at root2 = json_root(again);
    char *got2 = json_dump(&root2);
    CHECK_TEXT(got2, want);
    free(got);
    free(got2);
}

TEST(a_dump_is_compact_and_sorted)
{
    check_dump("{ \"b\" : [ 1 , { \"z\":null,\"y\":true } ], \"a\":\"x\\u00e9\\n\" }",
               "{\"a\":\"xé\\n\",\"b\":[1,{\"y\":true,\"z\":null}]}");
    check_dump("[]", "[]");
    check_dump("{}", "{}");
    check_dump("{\"b\":1,\"B\":2,\"\":3,\"é\":4,\"ba\":5}",
               "{\"\":3,\"B\":2,\"b\":1,\"ba\":5,\"é\":4}");
}

TEST(equal_numbers_dump_alike)
{
    check_dump("[1, 1.0, 10e-1, 0.1e1, -0.0, 0, -0]", "[1,1,1,1,0,0,0]");
    check_dump("[0.1, 0.30000000000000004, 1e-7, 2.5e10]",
               "[0.1,0.30000000000000004,1e-7,25000000000]");
    check_dump("[100000000000000000, 1e17]", "[100000000000000000,100000000000000000]");
    check_dump("[1e20, 100000000000000000000]", "[1e20,1e20]");
    check_dump("[9223372036854775807, -9223372036854775808]",
               "[9223372036854775807,-9223372036854775808]");
    check_dump("[9223372036854775808, -9223372036854775809]",
               "[9.223372036854776e18,-9.223372036854776e18]");
}

TEST(a_part_can_be_dumped_alone)
{
    OWNED_JSON *d = must_parse(event);
    struct json_at root = json_root(d), v = member(&root, "batch");
    char *got = json_dump(&v);
    CHECK_TEXT(got, "{\"no\":1,\"of\":4.5}");
    free(got);
    CHECK(!json_member(&root, "nobody", &v));
    got = json_dump(&v);
    CHECK_TEXT(got, "null");
    free(got);
}

TEST(freeing_nothing_is_fine)
{
    struct json_doc *d = NULL;
    json_free(&d);
    CHECK(d == NULL);
}

TEST(at_most_so_many_values_are_in_a_text)
{
    CHECK_INT((long long)json_values_most("7", 1), 1);
    CHECK(json_values_most("{\"a\":[1,2,{\"b\":3}]}", 19) >= 6);
    CHECK_INT((long long)json_values_most("[,,", 2),
              3); /* what lies behind is not seen */
}

TEST(a_text_is_found_inside_objects_or_it_is_not)
{
    static const char text[] = "{\"a\": {\"b\": {\"c\": \"deep\"}, \"n\": 1}}";
    struct err err = {0};
    OWNED_JSON *doc = json_parse(text, strlen(text), &err);
    struct json_at root = json_root(doc);
    CHECK_TEXT(JSON_TEXT_AT(&root, "a", "b", "c"), "deep");
    CHECK(JSON_TEXT_AT(&root, "a", "n") == NULL);
    CHECK(JSON_TEXT_AT(&root, "a", "x", "c") == NULL);
}
