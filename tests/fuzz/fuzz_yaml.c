/* tests/fuzz/fuzz_yaml.c - any bytes into the YAML reader and its typed fields.
 *
 * What is given out is small, valid and has unique keys, each node within the file;
 * what is refused is told, each complaint in one clean line at a place in the file. */
#include "base/names.h"
#include "base/yaml.h"

#include <assert.h>
#include <math.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { KEYS_COMPARED_MAX = 200 };

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
    {"text", YAML_T_TEXT, AT(text), true, 0, 0, ""},
    {"length", YAML_T_SPAN, AT(length), false, 1, 3600, ""},
    {"share", YAML_T_SHARE, AT(share), false, 0, 0.5, ""},
    {"number", YAML_T_NUMBER, AT(number), false, -10, 1000, ""},
    {"count", YAML_T_COUNT, AT(count), false, 5, 0, ""},
    {"size", YAML_T_SIZE, AT(size), false, 0, 0, ""},
    {"flag", YAML_T_BOOL, AT(flag), false, 0, 0, ""},
    {"texts", YAML_T_TEXTS, AT(texts), false, 0, 0, ""},
    {"node", YAML_T_NODE, AT(node), false, 0, 0, ""},
};
enum { N_FIELDS = sizeof fields / sizeof *fields };

static void check_complaints(const struct complaints *c, unsigned lines)
{
    assert(c->errors + c->warnings == c->n + c->unkept);
    for (size_t i = 0; i < c->n; i++) {
        const struct complaint *k = &c->at[i];
        assert(k->line >= 1 && k->line <= lines && k->column >= 1);
        assert(k->code[strspn(k->code, "abcdefghijklmnopqrstuvwxyz0123456789-")] ==
               '\0');
        assert(text_check(k->text, strnlen(k->text, TEXT_BYTES_MAX), NULL) == 0);
    }
}

static void read_fields(const struct yaml_doc *d, const struct yaml_node *map,
                        struct complaints *c)
{
    static const char was[] = "as it was";
    struct all a = {.text = was, .length = {60000}, .share = 0.1, .count = 7};
    size_t errors = c->errors;
    int rc = yaml_read(d, map, "it", fields, N_FIELDS, &a, c);
    assert((rc < 0) == (c->errors > errors));
    assert(a.text != NULL && utf8_valid(a.text, strlen(a.text)));
    assert(a.length.ms >= 1000 && a.length.ms <= 3600000);
    assert(a.share >= 0 && a.share <= 0.5);
    assert(a.number >= -10 && a.number <= 1000);
    assert(a.count >= 5);
    for (size_t i = 0; i < a.texts.n; i++)
        assert(a.texts.at[i] != NULL);
}

static void check_keys(const struct yaml_node *map)
{
    for (size_t i = 0; i < map->n && i < KEYS_COMPARED_MAX; i++) {
        assert(map->key[i].kind == YAML_TEXT && map->key[i].text[0] != '\0');
        for (size_t j = 0; j < i; j++)
            assert(strcmp(map->key[i].text, map->key[j].text) != 0);
        assert(yaml_get(map, map->key[i].text) == &map->item[i]);
    }
}

/* Recurses no deeper than the reader lets the tree be, which is what `depth` shows. */
static void check_node(const struct yaml_doc *d, const struct yaml_node *at, int depth,
                       unsigned lines, struct complaints *c)
{
    assert(depth <= YAML_DEPTH_MAX);
    assert(at->line >= 1 && at->line <= lines && at->column >= 1);
    if (at->kind == YAML_TEXT) {
        assert(utf8_valid(at->text, strlen(at->text)));
        return;
    }
    for (size_t i = 0; i < at->n; i++)
        check_node(d, &at->item[i], depth + 1, lines, c);
    if (at->kind == YAML_MAP) {
        check_keys(at);
        read_fields(d, at, c);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct complaints c = {0};
    unsigned lines = 2; /* one more than there are: the end has a place too */
    for (size_t i = 0; i < n; i++)
        lines += bytes[i] == '\n';
    struct yaml_doc *d = yaml_parse("file", (const char *)bytes, n, &c);
    assert((d == NULL) == (c.errors > 0));
    if (d != NULL)
        check_node(d, yaml_root(d), 0, lines, &c);
    check_complaints(&c, lines);
    complaints_sort(&c);
    complaints_free(&c);
    yaml_doc_free(&d);
    return 0;
}
