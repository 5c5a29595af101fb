/* tests/fuzz/fuzz_json.c - strangers' bytes into the JSON reader and the JSON writer.
 *
 * Every place that a complaint names must be where such a value begins; what is dumped
 * reads back to itself; what is refused is told in one clean line; any bytes at all can
 * be quoted, and are a JSON text then. */
#include "base/buf.h"
#include "base/json.h"
#include "base/jsonw.h"
#include "base/names.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { LOOKED_AT_MAX = 200 };

struct look {
    const char *text;
    size_t n, left;
};

/* The byte at a line and column; NUL outside the text. */
static char byte_at(const struct look *l, unsigned line, unsigned column)
{
    size_t i = 0;
    for (; line > 1 && i < l->n; i++)
        line -= l->text[i] == '\n';
    for (; column > 1 && i < l->n; column--)
        i += utf8_next(l->text + i, l->n - i);
    return i < l->n ? l->text[i] : '\0';
}

static void check_clean(const char *text)
{
    for (; *text != '\0'; text++)
        assert((unsigned char)*text >= 0x20 && *text != 0x7f);
}

static void check_place(const struct look *l, const struct json_at *v)
{
    static const char *const begins[] = {
        [JSON_KIND_NULL] = "n",
        [JSON_KIND_BOOL] = "tf",
        [JSON_KIND_NUMBER] = "-0123456789",
        [JSON_KIND_TEXT] = "\"",
        [JSON_KIND_LIST] = "[",
        [JSON_KIND_OBJECT] = "{",
    };
    struct err err = {0};
    unsigned line = 0, column = 0;
    json_complain(v, &err, "words");
    check_clean(err.text);
    const char *place = strrchr(err.text, '(');
    assert(place != NULL);
    assert(sscanf(place, "(line %u, column %u): words", &line, &column) == 2);
    char c = byte_at(l, line, column);
    assert(c != '\0' && strchr(begins[json_kind(v)], c) != NULL);
}

static void read_typed(const struct json_at *v)
{
    const char *text = NULL;
    double number;
    int64_t whole = 0;
    bool flag;
    enum json_kind kind = json_kind(v);
    assert((json_text(v, &text, NULL) == 0) == (kind == JSON_KIND_TEXT));
    assert((json_bool(v, &flag, NULL) == 0) == (kind == JSON_KIND_BOOL));
    assert((json_number(v, &number, NULL) == 0) == (kind == JSON_KIND_NUMBER));
    if (json_whole(v, &whole, NULL) == 0)
        assert(kind == JSON_KIND_NUMBER && (double)whole == number);
    if (text != NULL)
        assert(utf8_valid(text, strlen(text)));
}

/* Depth is bounded by JSON_DEPTH_MAX. */
static void look_at(struct look *l, const struct json_at *v)
{
    if (l->left == 0)
        return;
    l->left--;
    check_place(l, v);
    read_typed(v);
    for (size_t i = 0; i < json_count(v); i++) {
        const char *key = NULL;
        struct json_at child, same;
        bool object = json_kind(v) == JSON_KIND_OBJECT;
        child = object ? json_nth(v, i, &key) : json_item(v, i);
        if (object)
            assert(json_member(v, key, &same) == (json_kind(&child) != JSON_KIND_NULL));
        look_at(l, &child);
    }
}

static void check_dump(const struct json_at *root)
{
    char *once = json_dump(root);
    assert(once != NULL);
    struct err err = {0};
    struct json_doc *d = json_parse(once, strlen(once), &err);
    assert(d != NULL);
    struct json_at again = json_root(d);
    char *twice = json_dump(&again);
    assert(twice != NULL && strcmp(once, twice) == 0);
    free(once);
    free(twice);
    json_free(&d);
}

static void check_quote(const uint8_t *bytes, size_t n)
{
    char *text = strndup((const char *)bytes, n);
    assert(text != NULL);
    struct buf b = {0};
    json_quote(&b, text);
    struct err err = {0};
    struct json_doc *d = json_parse(b.data, b.len, &err);
    assert(d != NULL);
    struct json_at root = json_root(d);
    const char *back = NULL;
    assert(json_text(&root, &back, &err) == 0);
    assert(!utf8_valid(text, strlen(text)) || strcmp(back, text) == 0);
    json_free(&d);
    buf_free(&b);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct err err = {0};
    struct json_doc *d = json_parse((const char *)bytes, n, &err);
    assert((d == NULL) == (err.code != 0));
    check_clean(err.text);
    if (d != NULL) {
        struct look l = {(const char *)bytes, n, LOOKED_AT_MAX};
        struct json_at root = json_root(d);
        look_at(&l, &root);
        check_dump(&root);
    }
    json_free(&d);
    check_quote(bytes, n);
    return 0;
}
