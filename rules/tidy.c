/* rules/tidy.c - rule files in their usual form.
 *
 * The tree says what belongs together, the lines say what was written: a field is moved
 * as a whole, with the comments above it.  What must hold: no line of the file is lost
 * or written twice (they are counted), and the tree of what comes out is that of what
 * went in.  Recurses no deeper than YAML_DEPTH_MAX, which the reader has seen to.  No
 * state; any thread. */
#include "rules/tidy.h"

#include "base/names.h"
#include "base/yaml.h"
#include "rules/routing.h"
#include "rules/schema.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { STEP = 2, TIDY_KEYS_MAX = 4096 /* in one map */ };

struct line {
    const char *at;
    size_t n;      /* without the line end and blanks before it */
    size_t indent; /* blanks it begins with */
    bool inside;   /* part of a text or brackets that began in a line before */
};

struct tidier {
    const char *file;
    struct complaints *c;
    struct line *line; /* line[1] is the first */
    size_t n_lines;
    struct buf *to;
    size_t comments; /* in lines of their own, written so far */
    bool failed;
};

/* --- lines --- */

static int split_lines(struct tidier *t, const char *text, size_t n)
{
    size_t lines = 1;
    for (size_t i = 0; i < n; i++)
        lines += text[i] == '\n';
    t->line = calloc(lines + 2, sizeof *t->line);
    if (t->line == NULL)
        return -1;
    for (size_t i = 0; i < n;) {
        const char *lf = memchr(text + i, '\n', n - i);
        size_t end = lf != NULL ? (size_t)(lf - text) : n;
        struct line *l = &t->line[++t->n_lines];
        l->at = text + i;
        l->n = end - i;
        while (l->n > 0 && strchr(" \t\r", l->at[l->n - 1]) != NULL)
            l->n--;
        while (l->indent < l->n && l->at[l->indent] == ' ')
            l->indent++;
        i = end + 1;
    }
    return 0;
}

static bool is_blank(const struct tidier *t, size_t line)
{
    return t->line[line].n == 0 && !t->line[line].inside;
}

static bool is_comment(const struct tidier *t, size_t line)
{
    const struct line *l = &t->line[line];
    return !l->inside && l->n > l->indent && l->at[l->indent] == '#';
}

/* The byte at a column, which counts characters from 1. */
static const char *place(const struct tidier *t, unsigned line, unsigned column)
{
    const struct line *l = &t->line[line];
    const char *p = l->at;
    for (unsigned i = 1; i < column; i++) {
        size_t left = (size_t)(l->at + l->n - p), len = utf8_next(p, left);
        if (len == 0)
            break;
        p += len;
    }
    return p;
}

/* The last line with something of the text or brackets in it. */
static size_t last_line(const struct tidier *t, const struct yaml_node *v)
{
    size_t last = v->end_line; /* of a block text: where the next thing begins */
    if (last > t->n_lines)
        last = t->n_lines;
    while (last > v->line &&
           (t->line[last].n == 0 || (last == v->end_line && v->end_column <= 1)))
        last--;
    return last;
}

/* NOLINTBEGIN(misc-no-recursion): the reader sees to YAML_DEPTH_MAX levels */
/* Marks the lines that go on with a text or brackets. */
static void mark_inside(struct tidier *t, const struct yaml_node *v)
{
    if (v->kind == YAML_TEXT || v->flow) {
        size_t last = last_line(t, v);
        for (size_t i = v->line + 1; i <= last; i++)
            t->line[i].inside = true;
        return;
    }
    for (size_t i = 0; i < v->n; i++) {
        if (v->kind == YAML_MAP)
            mark_inside(t, &v->key[i]);
        mark_inside(t, &v->item[i]);
    }
}

/* NOLINTEND(misc-no-recursion) */

/* --- writing --- */

static void put_blanks(struct tidier *t, size_t n)
{
    while (n-- > 0)
        buf_add_ch(t->to, ' ');
}

static bool ends_in_empty_line(const struct tidier *t)
{
    const struct buf *b = t->to;
    return b->len == 0 ||
           (b->len >= 2 && b->data[b->len - 1] == '\n' && b->data[b->len - 2] == '\n');
}

static void put_empty_line(struct tidier *t)
{
    if (!ends_in_empty_line(t))
        buf_add_ch(t->to, '\n');
}

/* Comments and empty lines of lines `from` to before `to`. */
static void put_comments(struct tidier *t, size_t from, size_t to, size_t indent,
                         bool empty_lines)
{
    for (size_t i = from; i < to; i++) {
        const struct line *l = &t->line[i];
        if (is_comment(t, i)) {
            put_blanks(t, indent);
            buf_add_n(t->to, l->at + l->indent, l->n - l->indent);
            buf_add_ch(t->to, '\n');
            t->comments++;
        } else if (is_blank(t, i) && empty_lines) {
            put_empty_line(t);
        }
    }
}

/* What stands behind `from` in its line must be a comment or nothing. */
static void put_line_end(struct tidier *t, size_t line, const char *from)
{
    const struct line *l = &t->line[line];
    const char *end = l->at + l->n;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    if (from < end && *from == '#') {
        buf_add_ch(t->to, ' ');
        buf_add_n(t->to, from, (size_t)(end - from));
    } else if (from < end) {
        t->failed = true;
    }
    buf_add_ch(t->to, '\n');
}

static void put_raw(struct tidier *t, const struct yaml_node *v)
{
    if (v->line != v->end_line) { /* a block text without a line */
        t->failed = true;
        return;
    }
    const char *from = place(t, v->line, v->column);
    const char *end = place(t, v->end_line, v->end_column);
    assert(end >= from);
    buf_add_n(t->to, from, (size_t)(end - from));
}

/* A text or brackets that go over several lines, each moved by as much as the first. */
static void put_raw_lines(struct tidier *t, const struct yaml_node *v, size_t was,
                          size_t now)
{
    const char *from = place(t, v->line, v->column);
    size_t last = last_line(t, v);
    const struct line *first = &t->line[v->line];
    buf_add_n(t->to, from, (size_t)(first->at + first->n - from));
    for (size_t i = (size_t)v->line + 1; i <= last; i++) {
        const struct line *l = &t->line[i];
        buf_add_ch(t->to, '\n');
        if (l->n == 0)
            continue;
        if (l->indent + now < was) {
            t->failed = true;
            return;
        }
        put_blanks(t, l->indent + now - was);
        buf_add_n(t->to, l->at + l->indent, l->n - l->indent);
    }
    buf_add_ch(t->to, '\n');
}

/* --- order --- */

/* The place of each key, by the manual; unknown ones stay behind the known. */
static size_t *ordered(struct tidier *t, const struct yaml_node *map,
                       const struct schema_map *schema)
{
    size_t n = 0, *at = map->n <= TIDY_KEYS_MAX ? calloc(map->n + 1, sizeof *at) : NULL;
    if (at == NULL) {
        t->failed = true;
        return NULL;
    }
    for (size_t f = 0; schema != NULL && f < schema->n; f++)
        for (size_t i = 0; i < map->n; i++)
            if (strcmp(map->key[i].text, schema->field[f].name) == 0)
                at[n++] = i;
    for (size_t i = 0; i < map->n; i++)
        if (schema == NULL || schema_find(schema, map->key[i].text) == NULL)
            at[n++] = i;
    assert(n == map->n);
    return at;
}

/* A table's keys are the author's: their order is kept, their values are alike. */
static bool is_table(const struct schema_field *f)
{
    return f != NULL && (f->type == SCHEMA_TABLE || (f->map != NULL && f->map->keyed));
}

struct inside {
    const struct schema_map *map; /* of the value, or of its items; NULL: not known */
    bool table;                   /* the value's keys are names */
};

static struct inside inside_of(const struct schema_map *map, const char *key)
{
    const struct schema_field *f = map != NULL ? schema_find(map, key) : NULL;
    if (f == NULL)
        return (struct inside){NULL, false};
    return (struct inside){f->map, is_table(f)};
}

/* NOLINTBEGIN(misc-no-recursion): the reader sees to YAML_DEPTH_MAX levels */
/* --- values in one line --- */

static void put_flow(struct tidier *t, const struct yaml_node *v, struct inside in)
{
    if (v->kind == YAML_TEXT) {
        put_raw(t, v);
        return;
    }
    size_t *order =
        v->kind == YAML_MAP ? ordered(t, v, in.table ? NULL : in.map) : NULL;
    if (v->kind == YAML_MAP && order == NULL)
        return;
    buf_add_ch(t->to, v->kind == YAML_MAP ? '{' : '[');
    for (size_t i = 0; i < v->n && !t->failed; i++) {
        size_t at = order != NULL ? order[i] : i;
        struct inside of = in;
        if (i > 0)
            buf_add(t->to, ", ");
        if (order != NULL) {
            put_raw(t, &v->key[at]);
            of = in.table ? (struct inside){in.map, false}
                          : inside_of(in.map, v->key[at].text);
            /* written without a value: only the reader knows what it means */
            t->failed |= v->item[at].kind == YAML_TEXT && v->item[at].text[0] == '\0' &&
                         v->item[at].plain;
            buf_add(t->to, ": ");
        }
        put_flow(t, &v->item[at], of);
    }
    buf_add_ch(t->to, v->kind == YAML_MAP ? '}' : ']');
    free(order);
}

/* --- values below their key --- */

/* The lines that a value may take: from one to before another, and what column its
 * parent's key or dash stood in. */
struct room {
    size_t from, to;
};

static void put_map(struct tidier *t, const struct yaml_node *map, size_t indent,
                    struct room room, struct inside in);
static void put_list(struct tidier *t, const struct yaml_node *list, size_t indent,
                     struct room room, struct inside in);

/* Where the comments above what begins in line `next` begin: back over comments that
 * stand no deeper than it, and empty lines. */
static size_t leads_from(const struct tidier *t, size_t next, size_t after,
                         size_t column)
{
    size_t from = next;
    while (from > after + 1) {
        size_t i = from - 1;
        if (!is_blank(t, i) && !(is_comment(t, i) && t->line[i].indent < column))
            break;
        from--;
    }
    return from;
}

/* A text or brackets, up to the end of the line. */
static void put_text(struct tidier *t, const struct yaml_node *v, size_t was,
                     size_t now, struct inside in)
{
    if (last_line(t, v) > v->line) {
        put_raw_lines(t, v, was, now);
        return;
    }
    put_flow(t, v, in);
    if (!t->failed)
        put_line_end(t, v->line, place(t, v->end_line, v->end_column));
}

/* A value behind its key or dash, which is written already, and the rest of its room.
 */
static void put_value(struct tidier *t, const struct yaml_node *v, const char *behind,
                      size_t line, size_t was, size_t indent, struct room room,
                      struct inside in)
{
    size_t last = line;
    if (v->kind != YAML_TEXT && !v->flow) {
        put_line_end(t, line, behind);
        room.from = line + 1;
        if (v->kind == YAML_MAP)
            put_map(t, v, indent + STEP, room, in);
        else
            put_list(t, v, indent + STEP, room, in);
        return;
    }
    if (v->kind == YAML_TEXT && v->plain && v->text[0] == '\0') {
        put_line_end(t, line, behind);
    } else {
        if (v->line != line) { /* it begins below its key */
            put_line_end(t, line, behind);
            put_comments(t, line + 1, v->line, indent + STEP, false);
            put_blanks(t, indent + STEP);
            was = v->column - (size_t)1;
            put_text(t, v, was, indent + STEP, in);
        } else {
            buf_add_ch(t->to, ' ');
            put_text(t, v, was, indent, in);
        }
        last = last_line(t, v);
    }
    put_comments(t, last + 1, room.to, indent, true);
}

static bool is_block(const struct yaml_node *v)
{
    return v->kind != YAML_TEXT && !v->flow;
}

/* Where a map's fields begin and end. */
struct field_place {
    struct room room;
    size_t line; /* of its key */
};

static struct field_place *field_places(struct tidier *t, const struct yaml_node *map,
                                        struct room room)
{
    struct field_place *at = calloc(map->n + 1, sizeof *at);
    if (at == NULL || map->n == 0) {
        t->failed = true;
        free(at);
        return NULL;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct yaml_node *k = &map->key[i];
        size_t after = i > 0 ? at[i - 1].line : room.from - 1;
        at[i].line = k->line;
        at[i].room.from = leads_from(t, k->line, after, k->column);
        if (k->line != k->end_line || (i > 0 && k->line == at[i - 1].line))
            t->failed = true;
        if (i > 0)
            at[i - 1].room.to = at[i].room.from;
    }
    at[0].room.from = room.from;
    const struct field_place *last = &at[map->n - 1];
    at[map->n - 1].room.to =
        leads_from(t, room.to, last->line, map->key[map->n - 1].column);
    return at;
}

static void put_field(struct tidier *t, const struct yaml_node *map, size_t i,
                      size_t indent, struct room room, struct inside in)
{
    const struct yaml_node *k = &map->key[i];
    put_raw(t, k);
    const char *p = place(t, k->end_line, k->end_column);
    const char *end = t->line[k->line].at + t->line[k->line].n;
    while (p < end && (*p == ' ' || *p == '\t'))
        p++;
    if (p == end || *p != ':') {
        t->failed = true; /* written with "? " */
        return;
    }
    buf_add_ch(t->to, ':');
    struct inside of =
        in.table ? (struct inside){in.map, false} : inside_of(in.map, k->text);
    put_value(t, &map->item[i], p + 1, k->line, k->column - 1, indent, room, of);
}

/* The first line of an item is begun with its dash: `indent` blanks less are due. */
static void put_fields(struct tidier *t, const struct yaml_node *map, size_t indent,
                       struct room room, struct inside in, bool behind_dash)
{
    struct field_place *at = field_places(t, map, room);
    size_t *order = ordered(t, map, in.table ? NULL : in.map);
    for (size_t i = 0; at != NULL && order != NULL && i < map->n && !t->failed; i++) {
        const struct field_place *f = &at[order[i]];
        /* what stood above the first field was written above the dash */
        if (i > 0 || !behind_dash) {
            if (indent == 0 && is_block(&map->item[order[i]]))
                put_empty_line(t);
            put_comments(t, f->room.from, f->line, indent, i > 0 || indent == 0);
            put_blanks(t, indent);
        }
        put_field(t, map, order[i], indent, (struct room){f->line, f->room.to}, in);
    }
    if (at != NULL && map->n > 0)
        put_comments(t, at[map->n - 1].room.to, room.to, indent, true);
    free(order);
    free(at);
}

static void put_map(struct tidier *t, const struct yaml_node *map, size_t indent,
                    struct room room, struct inside in)
{
    put_fields(t, map, indent, room, in, false);
}

/* The line of an item's dash, which may stand above it. */
static size_t dash_line(const struct tidier *t, const struct yaml_node *item,
                        size_t after)
{
    size_t line = item->line;
    for (size_t i = line; i > after; i--) {
        const struct line *l = &t->line[i];
        if (!l->inside && l->n > l->indent && l->at[l->indent] == '-' &&
            (l->n == l->indent + 1 || l->at[l->indent + 1] == ' '))
            return i;
    }
    return line;
}

/* An item that is a map whose first field to be is not the one behind the dash takes
 * comments above that field to above the dash. */
static void put_item(struct tidier *t, const struct yaml_node *item, size_t line,
                     size_t indent, struct room room, struct inside in)
{
    const struct line *l = &t->line[line];
    bool alone = l->n == l->indent + 1; /* "-" and its item below it */
    if (alone || (item->kind == YAML_LIST && !item->flow)) {
        t->failed = true;
        return;
    }
    if (item->kind == YAML_MAP && !item->flow) {
        size_t *order = ordered(t, item, in.table ? NULL : in.map);
        struct field_place *at = field_places(t, item, (struct room){line, room.to});
        if (order != NULL && at != NULL && order[0] != 0)
            put_comments(t, at[order[0]].room.from, at[order[0]].line, indent, false);
        free(at);
        free(order);
        put_blanks(t, indent);
        buf_add(t->to, "- ");
        put_fields(t, item, indent + STEP, (struct room){line, room.to}, in, true);
        return;
    }
    put_blanks(t, indent);
    buf_add_ch(t->to, '-');
    put_value(t, item, l->at + l->indent + 1, line, l->indent, indent, room, in);
}

static void put_list(struct tidier *t, const struct yaml_node *list, size_t indent,
                     struct room room, struct inside in)
{
    size_t from = room.from;
    for (size_t i = 0; i < list->n && !t->failed; i++) {
        size_t line = dash_line(t, &list->item[i], from - 1), to;
        size_t dash = t->line[line].indent + 1;
        if (i + 1 < list->n) {
            size_t next = dash_line(t, &list->item[i + 1], list->item[i].line);
            to = leads_from(t, next, line, dash);
        } else {
            to = leads_from(t, room.to, line, dash);
        }
        bool rule =
            indent == STEP && list->item[i].kind == YAML_MAP && !list->item[i].flow;
        if (rule && i > 0)
            put_empty_line(t);
        put_comments(t, from, line, indent, i > 0);
        put_item(t, &list->item[i], line, indent, (struct room){line, to}, in);
        from = to;
    }
    put_comments(t, from, room.to, indent, true);
}

/* NOLINTEND(misc-no-recursion) */

/* --- the same as before? --- */

/* NOLINTBEGIN(misc-no-recursion): the reader sees to YAML_DEPTH_MAX levels */
static bool same(const struct yaml_node *a, const struct yaml_node *b)
{
    if (a->kind != b->kind || a->n != b->n)
        return false;
    if (a->kind == YAML_TEXT)
        return strcmp(a->text, b->text) == 0 && a->plain == b->plain;
    for (size_t i = 0; i < a->n; i++) {
        const struct yaml_node *other =
            a->kind == YAML_LIST ? &b->item[i] : yaml_get(b, a->key[i].text);
        if (other == NULL || !same(&a->item[i], other))
            return false;
    }
    return true;
}

/* NOLINTEND(misc-no-recursion) */

/* Comments in lines of their own. */
static size_t count_comments(const struct tidier *t)
{
    size_t n = 0;
    for (size_t i = 1; i <= t->n_lines; i++)
        n += is_comment(t, i);
    return n;
}

static int refuse(const char *file, struct complaints *c)
{
    complain(c, file, 1, 1, "tidy",
             "the file cannot be tidied without a change of what it says; it is left "
             "as it is");
    return -1;
}

/* The text that was written says what the file said. */
static bool came_out_right(struct tidier *t, const struct yaml_doc *doc, size_t lines)
{
    struct complaints c = {0};
    struct yaml_doc *again = yaml_parse(t->file, buf_text(t->to), t->to->len, &c);
    bool ok =
        again != NULL && same(yaml_root(doc), yaml_root(again)) && t->comments == lines;
    yaml_doc_free(&again);
    complaints_free(&c);
    return ok;
}

static int tidy_doc(struct tidier *t, const struct yaml_doc *doc)
{
    const struct yaml_node *root = yaml_root(doc);
    struct inside in = {routing_is(doc) ? &schema_routing : &schema_file, false};
    struct room all = {1, t->n_lines + 1};
    mark_inside(t, root);
    if (root->kind == YAML_MAP && !root->flow && root->n > 0)
        put_map(t, root, 0, all, in);
    else if (root->kind == YAML_MAP && !root->flow)
        put_comments(t, all.from, all.to, 0, true);
    else
        t->failed = true;
    while (t->to->len >= 2 && ends_in_empty_line(t))
        t->to->data[--t->to->len] = '\0';
    if (buf_done(t->to) < 0 || t->failed || !came_out_right(t, doc, count_comments(t)))
        return refuse(t->file, t->c);
    return 0;
}

static int tidy_once(const char *file, const char *text, size_t n, struct buf *to,
                     struct complaints *c)
{
    struct tidier t = {.file = file, .c = c, .to = to};
    struct yaml_doc *doc = yaml_parse(file, text, n, c);
    int rc = -1;
    if (doc != NULL && split_lines(&t, text, n) < 0)
        complain(c, file, 1, 1, "memory", "out of memory");
    else if (doc != NULL)
        rc = tidy_doc(&t, doc);
    yaml_doc_free(&doc);
    free(t.line);
    return rc;
}

/* Tidying what is tidy changes nothing; a file on which that fails is refused. */
int tidy(const char *file, const char *text, size_t n, struct buf *to,
         struct complaints *c)
{
    OWNED_BUF once = {0}, twice = {0};
    struct complaints again = {0};
    if (tidy_once(file, text, n, &once, c) < 0)
        return -1;
    int rc = tidy_once(file, buf_text(&once), once.len, &twice, &again);
    complaints_free(&again);
    if (rc < 0 || strcmp(buf_text(&once), buf_text(&twice)) != 0)
        return refuse(file, c);
    buf_add_n(to, buf_text(&once), once.len);
    return 0;
}
