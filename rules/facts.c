/* rules/facts.c - writes a rule set for readers, by the same table that `rules show`
 * follows.  No state; any thread. */
#include "rules/facts.h"

#include "base/jsonw.h"
#include "rules/show.h"

#include <string.h>

static void add_value(const char *path, const char *value, const char *whence,
                      void *arg)
{
    struct jsonw *w = arg;
    jsonw_list(w, NULL);
    jsonw_text(w, NULL, path);
    jsonw_text(w, NULL, value);
    jsonw_text(w, NULL, whence);
    jsonw_end(w);
}

static void text_if(struct jsonw *w, const char *key, const char *text)
{
    if (text != NULL)
        jsonw_text(w, key, text);
}

/* Where it holds and what it sets, as written: all that is not told by name. */
static void write_what(const struct yaml_node *map, struct buf *to)
{
    static const char *const told[] = {"rule", "by", "reason", "until"};
    for (size_t i = 0; i < map->n; i++) {
        bool known = false;
        for (size_t k = 0; k < sizeof told / sizeof *told; k++)
            known |= strcmp(map->key[i].text, told[k]) == 0;
        if (known)
            continue;
        buf_addf(to, "%s%s: ", to->len > 0 ? ", " : "", map->key[i].text);
        show_value(&map->item[i], to);
    }
}

static void write_override(const struct rule_override *o, struct jsonw *w)
{
    OWNED_BUF what = {0};
    write_what(o->at, &what);
    jsonw_open(w, NULL);
    jsonw_text(w, "what", buf_text(&what));
    jsonw_text(w, "by", o->by);
    jsonw_instant(w, "until", o->until);
    jsonw_text(w, "reason", o->reason);
    jsonw_text(w, "file", o->from->path);
    jsonw_int(w, "line", o->at->line);
    jsonw_close(w);
    w->to->failed |= what.failed;
}

static void write_overrides(const struct ruleset *rs, const struct rule *r,
                            struct jsonw *w)
{
    bool any = false;
    for (size_t i = 0; i < rs->n_overrides; i++) {
        if (strcmp(rs->override[i].rule, r->id) != 0)
            continue;
        if (!any)
            jsonw_list(w, "overrides");
        any = true;
        write_override(&rs->override[i], w);
    }
    if (any)
        jsonw_end(w);
}

static void write_rule(const struct ruleset *rs, const struct rule *r, struct jsonw *w)
{
    jsonw_open(w, NULL);
    jsonw_text(w, "id", r->id);
    jsonw_text(w, "title", r->title);
    jsonw_text(w, "about", subject_name(r->subject));
    jsonw_int(w, "rev", r->rev);
    jsonw_text(w, "mode", r->shadow ? "shadow" : "enforce");
    jsonw_text(w, "file", r->file);
    jsonw_int(w, "line", r->line);
    text_if(w, "why", r->why);
    text_if(w, "advice", r->advice);
    text_if(w, "runbook", r->runbook);
    text_if(w, "owner", r->owner);
    jsonw_list(w, "values");
    show_each(r, add_value, w);
    jsonw_end(w);
    write_overrides(rs, r, w);
    jsonw_close(w);
}

void facts_write(const struct ruleset *rs, struct buf *to)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "name", rs->name);
    jsonw_text(&w, "hash", rs->hash);
    jsonw_list(&w, "windows");
    for (int k = 0; k < CHANGE_KIND_N; k++) {
        jsonw_open(&w, NULL);
        jsonw_text(&w, "kind", change_kind_name((enum change_kind)k));
        jsonw_list(&w, "values");
        show_each_window(rs, (enum change_kind)k, NULL, add_value, &w);
        jsonw_end(&w);
        jsonw_close(&w);
    }
    jsonw_end(&w);
    jsonw_list(&w, "rules");
    for (size_t i = 0; i < rs->n; i++)
        write_rule(rs, &rs->rule[i], &w);
    jsonw_end(&w);
    jsonw_close(&w);
}
