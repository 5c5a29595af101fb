/* base/yaml.c - libyaml's events to a tree of ours; typed readers for its maps are in
 * yaml_fields.c.
 *
 * Whatever is refused is refused while the tree is built, so a document that is given
 * out is small, without cycles and with unique keys.  All nodes, texts and arrays lie
 * in the document's arena and go with it.  The tree is built on a stack of
 * YAML_DEPTH_MAX frames; nothing recurses.  One thread at a time. */
#include "base/yaml_part.h"

#include "base/names.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

/* --- the arena --- */

enum { CHUNK_BYTES = 16 << 10 };

struct chunk {
    struct chunk *next;
    size_t used, size;
    max_align_t bytes[];
};

struct arena {
    struct chunk *newest;
};

struct yaml_doc {
    char *file;
    struct yaml_node root;
    struct arena *arena; /* grows behind a const document: yaml_texts' arrays */
};

static void *arena_take(struct arena *a, size_t n)
{
    n = (n + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
    struct chunk *c = a->newest;
    if (c == NULL || c->size - c->used < n) {
        size_t size = n > CHUNK_BYTES ? n : CHUNK_BYTES;
        c = malloc(sizeof *c + size);
        if (c == NULL)
            return NULL;
        *c = (struct chunk){.next = a->newest, .size = size};
        a->newest = c;
    }
    void *at = (char *)c->bytes + c->used;
    c->used += n;
    return at;
}

static void *arena_copy(struct arena *a, const void *from, size_t n)
{
    void *to = arena_take(a, n);
    if (to != NULL && n > 0)
        memcpy(to, from, n);
    return to;
}

static void arena_free(struct arena *a)
{
    while (a->newest != NULL) {
        struct chunk *c = a->newest;
        a->newest = c->next;
        free(c);
    }
    free(a);
}

static struct yaml_doc *doc_new(const char *file)
{
    struct yaml_doc *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NULL;
    d->root = (struct yaml_node){.kind = YAML_MAP, .line = 1, .column = 1};
    d->file = strdup(file);
    d->arena = calloc(1, sizeof *d->arena);
    if (d->file == NULL || d->arena == NULL)
        yaml_doc_free(&d);
    return d;
}

void yaml_doc_free(struct yaml_doc **doc)
{
    if (*doc == NULL)
        return;
    if ((*doc)->arena != NULL)
        arena_free((*doc)->arena);
    free((*doc)->file);
    free(*doc);
    *doc = NULL;
}

void *yaml_room(const struct yaml_doc *doc, size_t n)
{
    return arena_take(doc->arena, n);
}

const struct yaml_node *yaml_root(const struct yaml_doc *doc)
{
    return &doc->root;
}

const char *yaml_file(const struct yaml_doc *doc)
{
    return doc->file;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    if (map->kind != YAML_MAP)
        return NULL;
    for (size_t i = 0; i < map->n; i++)
        if (strcmp(map->key[i].text, key) == 0)
            return &map->item[i];
    return NULL;
}

/* --- building the tree --- */

struct nodes {
    struct yaml_node *at;
    size_t n, cap;
};

/* A list or map that is not closed yet. */
struct frame {
    struct yaml_node node;
    struct nodes items, keys;
};

struct reader {
    struct yaml_doc *doc;
    struct complaints *c;
    const char *text;
    size_t n;
    struct frame stack[YAML_DEPTH_MAX];
    size_t depth;
    unsigned documents;
    /* The line that line_start stood at last; events come in the text's order. */
    size_t line, line_at;
    size_t tab_line; /* the line after the last one told to have tabs */
};

static unsigned line_of(yaml_mark_t m)
{
    return (unsigned)m.line + 1;
}

static unsigned column_of(yaml_mark_t m)
{
    return (unsigned)m.column + 1;
}

#define COMPLAIN(r, mark, ...)                                                         \
    complain((r)->c, (r)->doc->file, line_of(mark), column_of(mark), __VA_ARGS__)

static int no_memory(struct reader *r)
{
    complain(r->c, r->doc->file, 1, 1, "no-memory", "no memory to read the file");
    return -1;
}

static int nodes_add(struct nodes *to, const struct yaml_node *node)
{
    if (to->n == to->cap) {
        size_t cap = to->cap > 0 ? to->cap * 2 : 8;
        struct yaml_node *at = realloc(to->at, cap * sizeof *at);
        if (at == NULL)
            return -1;
        to->at = at;
        to->cap = cap;
    }
    to->at[to->n++] = *node;
    return 0;
}

/* True when the next node is a key of the innermost map. */
static bool key_is_next(const struct reader *r)
{
    const struct frame *f = r->depth > 0 ? &r->stack[r->depth - 1] : NULL;
    return f != NULL && f->node.kind == YAML_MAP && f->keys.n == f->items.n;
}

static int add_node(struct reader *r, const struct yaml_node *node)
{
    if (r->depth == 0) {
        r->doc->root = *node;
        return 0;
    }
    struct frame *f = &r->stack[r->depth - 1];
    return nodes_add(key_is_next(r) ? &f->keys : &f->items, node) < 0 ? no_memory(r)
                                                                      : 0;
}

/* Offset of the start of a line, counted from 0.  Our texts break lines at LF only. */
static size_t line_start(struct reader *r, size_t line)
{
    while (r->line < line) {
        const char *lf = memchr(r->text + r->line_at, '\n', r->n - r->line_at);
        if (lf == NULL)
            break;
        r->line_at = (size_t)(lf - r->text) + 1;
        r->line++;
    }
    return r->line_at;
}

/* libyaml lets tabs pass within brackets; where they lead a line they are refused just
 * the same. */
static void check_tabs(struct reader *r, yaml_mark_t at)
{
    size_t start = line_start(r, at.line);
    size_t blanks = strspn(r->text + start, " \t");
    if (at.column != blanks || memchr(r->text + start, '\t', blanks) == NULL ||
        r->tab_line > at.line)
        return;
    r->tab_line = at.line + 1;
    complain(r->c, r->doc->file, line_of(at), 1, "yaml-tab",
             "a tab before a value, expected spaces");
}

/* What no node may have. */
static void check_node(struct reader *r, yaml_mark_t at, const yaml_char_t *anchor,
                       const yaml_char_t *tag)
{
    check_tabs(r, at);
    if (anchor != NULL)
        COMPLAIN(r, at, "yaml-anchor", "an anchor '&%s', expected none: write it out",
                 (const char *)anchor);
    if (tag != NULL)
        COMPLAIN(r, at, "yaml-tag", "a tag '%s', expected none: the field has its type",
                 (const char *)tag);
}

static void check_key(struct reader *r, yaml_mark_t at, const struct yaml_node *key)
{
    if (key->plain && strcmp(key->text, "<<") == 0)
        COMPLAIN(r, at, "yaml-merge-key",
                 "a merge key '<<', expected none: write it out");
    else if (key->text[0] == '\0')
        COMPLAIN(r, at, "yaml-key", "an empty key, expected a text before the ':'");
}

static int on_scalar(struct reader *r, const yaml_event_t *e)
{
    const char *text = (const char *)e->data.scalar.value;
    size_t n = e->data.scalar.length;
    struct yaml_node node = {.kind = YAML_TEXT,
                             .line = line_of(e->start_mark),
                             .column = column_of(e->start_mark),
                             .end_line = line_of(e->end_mark),
                             .end_column = column_of(e->end_mark),
                             .plain = e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE};
    check_node(r, e->start_mark, e->data.scalar.anchor, e->data.scalar.tag);
    if (memchr(text, '\0', n) != NULL)
        COMPLAIN(r, e->start_mark, "yaml-control", "a NUL character in a text");
    node.text = arena_copy(r->doc->arena, text, n + 1); /* libyaml ends it in NUL */
    if (node.text == NULL)
        return no_memory(r);
    if (key_is_next(r))
        check_key(r, e->start_mark, &node);
    return add_node(r, &node);
}

static int push(struct reader *r, const yaml_event_t *e, enum yaml_kind kind, bool flow)
{
    if (key_is_next(r))
        COMPLAIN(r, e->start_mark, "yaml-key", "a key is %s, expected a text",
                 kind == YAML_MAP ? "a map" : "a list");
    if (r->depth == YAML_DEPTH_MAX) {
        COMPLAIN(r, e->start_mark, "yaml-depth",
                 "lists and maps nest too deep, at most %d", YAML_DEPTH_MAX);
        return -1;
    }
    struct frame *f = &r->stack[r->depth++];
    *f = (struct frame){.node = {.kind = kind,
                                 .line = line_of(e->start_mark),
                                 .column = column_of(e->start_mark),
                                 .flow = flow}};
    return 0;
}

static int on_list(struct reader *r, const yaml_event_t *e)
{
    check_node(r, e->start_mark, e->data.sequence_start.anchor,
               e->data.sequence_start.tag);
    return push(r, e, YAML_LIST,
                e->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE);
}

static int on_map(struct reader *r, const yaml_event_t *e)
{
    check_node(r, e->start_mark, e->data.mapping_start.anchor,
               e->data.mapping_start.tag);
    return push(r, e, YAML_MAP, e->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE);
}

static int key_order(const void *a, const void *b)
{
    const struct yaml_node *x = *(const struct yaml_node *const *)a;
    const struct yaml_node *y = *(const struct yaml_node *const *)b;
    int by_text = strcmp(x->text, y->text);
    if (by_text != 0)
        return by_text;
    return x < y ? -1 : x > y;
}

/* Sorting finds them in a time that a file of one huge map cannot blow up. */
static int check_duplicates(struct reader *r, const struct nodes *keys)
{
    const struct yaml_node **sorted = calloc(keys->n + 1, sizeof *sorted);
    if (sorted == NULL)
        return no_memory(r);
    for (size_t i = 0; i < keys->n; i++)
        sorted[i] = &keys->at[i];
    qsort(sorted, keys->n, sizeof *sorted, key_order);
    for (size_t i = 1, first = 0; i < keys->n; i++) {
        if (strcmp(sorted[i]->text, sorted[first]->text) != 0)
            first = i;
        else
            yaml_complain(r->doc, sorted[i], r->c, "yaml-duplicate-key",
                          "'%.60s' is there already in line %u, expected it once",
                          sorted[i]->text, sorted[first]->line);
    }
    free(sorted);
    return 0;
}

/* The innermost list or map is complete: its arrays move to the arena. */
static int on_end(struct reader *r, const yaml_event_t *e)
{
    assert(r->depth > 0);
    struct frame *f = &r->stack[r->depth - 1];
    struct yaml_node node = f->node;
    if (node.flow) {
        node.end_line = line_of(e->end_mark);
        node.end_column = column_of(e->end_mark);
    }
    node.n = f->items.n;
    node.item = arena_copy(r->doc->arena, f->items.at, node.n * sizeof *node.item);
    node.key = NULL;
    if (node.kind == YAML_MAP) {
        assert(f->keys.n == f->items.n);
        node.key = arena_copy(r->doc->arena, f->keys.at, node.n * sizeof *node.key);
        if (check_duplicates(r, &f->keys) < 0)
            return -1;
    }
    if (node.item == NULL || (node.kind == YAML_MAP && node.key == NULL))
        return no_memory(r);
    free(f->items.at);
    free(f->keys.at);
    r->depth--;
    if (key_is_next(r)) /* refused already; a text keeps the others' work simple */
        node = (struct yaml_node){
            .kind = YAML_TEXT, .text = "", .line = node.line, .column = node.column};
    return add_node(r, &node);
}

static int on_alias(struct reader *r, const yaml_event_t *e)
{
    struct yaml_node node = {.kind = YAML_TEXT,
                             .text = "",
                             .line = line_of(e->start_mark),
                             .column = column_of(e->start_mark)};
    COMPLAIN(r, e->start_mark, "yaml-alias",
             "an alias '*%s', expected none: write it out",
             (const char *)e->data.alias.anchor);
    return add_node(r, &node);
}

static int on_document(struct reader *r, const yaml_event_t *e)
{
    if (++r->documents > 1) {
        COMPLAIN(r, e->start_mark, "yaml-documents",
                 "a second document, expected one in a file");
        return -1;
    }
    if (e->data.document_start.version_directive != NULL ||
        e->data.document_start.tag_directives.start !=
            e->data.document_start.tag_directives.end)
        COMPLAIN(r, e->start_mark, "yaml-directive", "a '%%' directive, expected none");
    return 0;
}

static int on_nothing(struct reader *r, const yaml_event_t *e)
{
    (void)r, (void)e;
    return 0;
}

static int (*const handlers[])(struct reader *r, const yaml_event_t *e) = {
    [YAML_NO_EVENT] = on_nothing,           [YAML_STREAM_START_EVENT] = on_nothing,
    [YAML_STREAM_END_EVENT] = on_nothing,   [YAML_DOCUMENT_START_EVENT] = on_document,
    [YAML_DOCUMENT_END_EVENT] = on_nothing, [YAML_ALIAS_EVENT] = on_alias,
    [YAML_SCALAR_EVENT] = on_scalar,        [YAML_SEQUENCE_START_EVENT] = on_list,
    [YAML_SEQUENCE_END_EVENT] = on_end,     [YAML_MAPPING_START_EVENT] = on_map,
    [YAML_MAPPING_END_EVENT] = on_end,
};

/* libyaml's words, where they are hard to act on, and ours. */
static const struct {
    const char *problem, *words;
} plainer[] = {
    {"mapping values are not allowed in this context",
     "a ':' within a value, expected quotes around the value, or the key in a line of "
     "its "
     "own with the right indentation"},
    {"could not find expected ':'", "a key without ':', expected 'key: value'"},
    {"did not find expected key",
     "no key where the map goes on, expected 'key: value' with the indentation of the "
     "other keys"},
    {"did not find expected '-' indicator",
     "no '-' where the list goes on, expected '- item' with the indentation of the "
     "others"},
    {"did not find expected ',' or ']'", "the list is not closed, expected ',' or ']'"},
    {"did not find expected ',' or '}'", "the map is not closed, expected ',' or '}'"},
    {"found character that cannot start any token",
     "a value cannot begin with this character, expected quotes around the value"},
    {"found unexpected end of stream",
     "the file ends within a quoted text, expected its closing quote"},
    {"found unexpected document indicator",
     "a document ends within a quoted text, expected its closing quote"},
    {"block sequence entries are not allowed in this context",
     "a '-' within a value, expected the list to begin in the next line"},
    {"did not find expected alphabetic or numeric character",
     "a value cannot begin with this character, expected quotes around the value"},
    {"did not find expected node content",
     "nothing where a value belongs, expected a value or a closing bracket"},
    {"found a tab character that violates indentation",
     "a tab before a value, expected spaces"},
    {"found a tab character where an indentation space is expected",
     "a tab before a value, expected spaces"},
};

static const char *plain_words(const char *problem)
{
    for (size_t i = 0; i < sizeof plainer / sizeof *plainer; i++)
        if (strcmp(plainer[i].problem, problem) == 0)
            return plainer[i].words;
    return problem;
}

/* True when the character at the place is a tab, or one stands among the blanks that
 * the line begins with, up to there. */
static bool tab_at(struct reader *r, yaml_mark_t at)
{
    r->line = r->line_at = 0; /* a problem's place may lie before the last event's */
    const char *line = r->text + line_start(r, at.line), *p = line;
    const char *end = r->text + r->n;
    for (size_t i = 0; i < at.column && p < end; i++)
        p += utf8_next(p, (size_t)(end - p)); /* valid: check_bytes has seen it all */
    size_t blanks = strspn(line, " \t");
    return *p == '\t' || (at.column <= blanks && memchr(line, '\t', blanks) != NULL);
}

static void syntax_complain(struct reader *r, const yaml_parser_t *p)
{
    yaml_mark_t at = p->problem_mark;
    if (p->error == YAML_MEMORY_ERROR)
        no_memory(r);
    else if (tab_at(r, at))
        COMPLAIN(r, at, "yaml-tab", "a tab before a value, expected spaces");
    else if (p->context != NULL && p->context_mark.line != at.line)
        COMPLAIN(r, at, "yaml-syntax", "%s (%s that begins in line %u)",
                 plain_words(p->problem), p->context, line_of(p->context_mark));
    else
        COMPLAIN(r, at, "yaml-syntax", "%s",
                 p->problem != NULL ? plain_words(p->problem) : "not readable as YAML");
}

/* Bytes that libyaml would refuse in its own words, or take for line ends. */
static int check_bytes(struct reader *r)
{
    unsigned line = 1, column = 1;
    for (size_t i = 0, len; i < r->n; i += len) {
        const char *p = r->text + i;
        len = utf8_next(p, r->n - i);
        bool line_end = *p == '\n' || (*p == '\r' && i + 1 < r->n && p[1] == '\n');
        if (len == 0 || (utf8_is_control(p, len) && !line_end && *p != '\t')) {
            complain(r->c, r->doc->file, line, column,
                     len == 0 ? "yaml-utf8" : "yaml-control",
                     len == 0 ? "not valid UTF-8" : "a control character");
            return -1;
        }
        column++;
        if (*p == '\n')
            line++, column = 1;
    }
    return 0;
}

static int read_events(struct reader *r, yaml_parser_t *p)
{
    for (bool more = true; more;) {
        yaml_event_t e;
        if (!yaml_parser_parse(p, &e)) {
            syntax_complain(r, p);
            return -1;
        }
        assert((size_t)e.type < sizeof handlers / sizeof *handlers);
        int rc = handlers[e.type](r, &e);
        more = e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int read_text(struct reader *r)
{
    yaml_parser_t p;
    if (check_bytes(r) < 0)
        return -1;
    if (!yaml_parser_initialize(&p))
        return no_memory(r);
    yaml_parser_set_encoding(&p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&p, (const unsigned char *)r->text, r->n);
    int rc = read_events(r, &p);
    yaml_parser_delete(&p);
    while (r->depth > 0) { /* left open by an early end */
        struct frame *f = &r->stack[--r->depth];
        free(f->items.at);
        free(f->keys.at);
    }
    return rc;
}

/* A plain value with nothing in it: `key:` or a file of comments. */
bool yaml_nothing(const struct yaml_node *node)
{
    return node->kind == YAML_TEXT && node->plain && node->text[0] == '\0';
}

/* A copy, ended by NUL, in which places can be looked up; without a byte order mark. */
static char *copy_text(const char *text, size_t *n)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t skip = *n >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
    char *copy = malloc(*n + 1);
    if (copy == NULL)
        return NULL;
    *n -= skip;
    if (*n > 0)
        memcpy(copy, text + skip, *n);
    copy[*n] = '\0';
    return copy;
}

struct yaml_doc *yaml_parse(const char *file, const char *text, size_t n,
                            struct complaints *c)
{
    size_t errors = c->errors;
    if (n > YAML_BYTES_MAX) {
        complain(c, file, 1, 1, "yaml-size",
                 "the file is too large, expected at most %d bytes", YAML_BYTES_MAX);
        return NULL;
    }
    struct yaml_doc *d = doc_new(file);
    struct reader *r = calloc(1, sizeof *r);
    char *copy = copy_text(text, &n);
    if (d == NULL || r == NULL || copy == NULL) {
        complain(c, file, 1, 1, "no-memory", "no memory to read the file");
    } else {
        *r = (struct reader){.doc = d, .c = c, .text = copy, .n = n};
        read_text(r);
        if (yaml_nothing(&d->root))
            d->root = (struct yaml_node){.kind = YAML_MAP, .line = 1, .column = 1};
    }
    free(copy);
    free(r);
    if (c->errors > errors)
        yaml_doc_free(&d);
    return d;
}

/* At most YAML_BYTES_MAX + 1 bytes: one more than allowed tells a file that is too
 * large. */
static int read_all(int fd, struct buf *to)
{
    while (to->len <= YAML_BYTES_MAX) {
        size_t want = (size_t)YAML_BYTES_MAX + 1 - to->len;
        char *room = buf_room(to, want < 65536 ? want : 65536);
        if (room == NULL)
            return ENOMEM;
        ssize_t n = read(fd, room, want < 65536 ? want : 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : 0;
        to->len += (size_t)n;
    }
    return 0;
}

struct yaml_doc *yaml_load(const char *path, struct complaints *c)
{
    OWNED_BUF b = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int why = fd < 0 ? errno : read_all(fd, &b);
    if (fd >= 0)
        close(fd);
    if (why != 0) {
        char words[128];
        complain(c, path, 1, 1, "unreadable", "the file cannot be read: %s",
                 strerror_r(why, words, sizeof words));
        return NULL;
    }
    return yaml_parse(path, b.data != NULL ? b.data : "", b.len, c);
}

void yaml_complain(const struct yaml_doc *doc, const struct yaml_node *at,
                   struct complaints *c, const char *code, const char *fmt, ...)
{
    char text[1000];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    complain(c, doc->file, at->line, at->column, code, "%s", text);
}
