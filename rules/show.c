/* rules/show.c - rules in force as text, by the language's table.  No state; any
 * thread. */
#include "rules/show.h"

#include "rules/schema.h"

#include <stdio.h>
#include <string.h>

enum { PATH_WIDTH = 20, VALUE_WIDTH = 34, WRITE_DEPTH_MAX = 8 };

/* A text of several lines would break the table. */
static void blank_line_ends(struct buf *b)
{
    for (size_t i = 0; i < b->len; i++)
        if (b->data[i] == '\n')
            b->data[i] = ' ';
}

static void add_text(const struct yaml_node *v, struct buf *to)
{
    size_t n = strlen(v->text);
    while (n > 0 && v->text[n - 1] == '\n')
        n--;
    const char *quote = v->plain ? "" : "\"";
    buf_add(to, quote);
    buf_add_n(to, v->text, n);
    buf_add(to, quote);
}

/* NOLINTBEGIN(misc-no-recursion): at most WRITE_DEPTH_MAX levels */
static void write_value(const struct yaml_node *v, int depth, struct buf *to)
{
    if (v->kind == YAML_TEXT) {
        add_text(v, to);
        return;
    }
    bool map = v->kind == YAML_MAP;
    buf_add_ch(to, map ? '{' : '[');
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0)
            buf_add(to, ", ");
        if (map)
            buf_addf(to, "%s: ", v->key[i].text);
        if (depth < WRITE_DEPTH_MAX)
            write_value(&v->item[i], depth + 1, to);
        else
            buf_add(to, "...");
    }
    buf_add_ch(to, map ? '}' : ']');
}

/* NOLINTEND(misc-no-recursion) */

void show_value(const struct yaml_node *v, struct buf *to)
{
    OWNED_BUF text = {0};
    write_value(v, 0, &text);
    blank_line_ends(&text);
    buf_add(to, buf_text(&text));
    to->failed |= text.failed;
}

static void write_line(const char *path, const char *value, const char *whence,
                       struct buf *to)
{
    buf_addf(to, "  %-*s  %-*s  %s\n", PATH_WIDTH, path, VALUE_WIDTH, value, whence);
}

static void write_whence(const struct rule_place *p, struct buf *to)
{
    char until[INSTANT_TEXT_MAX];
    switch (p->origin) {
    case ORIGIN_RULE:
        buf_addf(to, "%s:%u", p->file, p->line);
        break;
    case ORIGIN_DEFAULTS:
        buf_addf(to, "%s:%u, for the whole file", p->file, p->line);
        break;
    case ORIGIN_OVERRIDE:
        buf_addf(to, "%s:%u, override by %s until %.10s: %s", p->file, p->line,
                 p->by->by, instant_text((instant){p->by->until.ms - 1}, until),
                 p->by->reason);
        break;
    default:
        buf_add(to, "standard");
    }
}

struct showing {
    const struct rule *r;
    void (*each)(const char *path, const char *value, const char *whence, void *arg);
    void *arg;
};

/* Fields that are maps are shown by what is in them. */
static void show_field(const struct schema_seen *seen, void *arg)
{
    struct showing *s = arg;
    if (seen->field->type == SCHEMA_MAP || strcmp(seen->path, "id") == 0 ||
        strcmp(seen->path, "title") == 0)
        return;
    if (seen->field->only != 0 && (seen->field->only & 1u << s->r->subject) == 0)
        return;
    struct rule_place p = rule_place(s->r, seen->path);
    if (p.origin == ORIGIN_NOWHERE)
        return;
    /* the standard of a map that is not there is no part of the rule */
    const char *dot = strchr(seen->path, '.');
    if (p.origin == ORIGIN_LANGUAGE && dot != NULL) {
        char map[40];
        snprintf(map, sizeof map, "%.*s", (int)(dot - seen->path), seen->path);
        if (strcmp(map, "needs") != 0 && rule_place(s->r, map).at == NULL)
            return;
    }
    OWNED_BUF value = {0}, whence = {0};
    if (p.at != NULL)
        write_value(p.at, 0, &value);
    else
        buf_add(&value, seen->field->standard);
    blank_line_ends(&value);
    write_whence(&p, &whence);
    blank_line_ends(&whence);
    s->each(seen->path, buf_text(&value), buf_text(&whence), s->arg);
}

void show_each(const struct rule *r,
               void (*each)(const char *path, const char *value, const char *whence,
                            void *arg),
               void *arg)
{
    struct showing s = {r, each, arg};
    schema_each(&schema_rule, show_field, &s);
}

static void add_line(const char *path, const char *value, const char *whence, void *arg)
{
    write_line(path, value, whence, arg);
}

void show_rule(const struct rule *r, struct buf *to)
{
    buf_addf(to, "%s: %s (%s:%u)\n", r->id, r->title, r->file, r->line);
    show_each(r, add_line, to);
}

/* --- windows --- */

static void write_spans(const span *at, size_t n, struct buf *to)
{
    char text[SPAN_TEXT_MAX];
    if (n == 0)
        buf_add(to, "off");
    for (size_t i = 0; i < n; i++)
        buf_addf(to, "%s%s", i > 0 ? ", " : "", span_text(at[i], text));
}

void show_each_window(const struct ruleset *rs, enum change_kind kind,
                      const char *service,
                      void (*each)(const char *path, const char *value,
                                   const char *whence, void *arg),
                      void *arg)
{
    const struct windows_rule *w = windows_for(&rs->windows_all, kind, service);
    const struct {
        const char *name;
        const span *at;
        size_t n;
    } rows[] = {
        {"before", &w->before, 1},       {"settle", &w->settle, 1},
        {"looks", w->looks, w->n_looks}, {"slow", w->slow, w->n_slow},
        {"late", &w->late, 1},           {"unfinished", &w->unfinished, 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        OWNED_BUF value = {0}, whence = {0};
        const struct rule_file *from = NULL;
        const struct yaml_node *at =
            windows_source(&rs->windows_all, kind, service, rows[i].name, &from);
        write_spans(rows[i].at, rows[i].n, &value);
        if (at != NULL)
            buf_addf(&whence, "%s:%u", from->path, at->line);
        else
            buf_add(&whence, "standard");
        each(rows[i].name, buf_text(&value), buf_text(&whence), arg);
    }
}

void show_windows(const struct ruleset *rs, enum change_kind kind, const char *service,
                  struct buf *to)
{
    buf_addf(to, "windows of %s\n", change_kind_name(kind));
    show_each_window(rs, kind, service, add_line, to);
}
