/* storage/pack.c - reads a stored version of the rules.  What stands in the ledger was
 * written by this program or another version of it, so unknown members are passed over
 * and all that is used is checked.  No state, any thread. */
#include "storage/pack.h"

#include "base/json.h"

#include <errno.h>
#include <stdlib.h>

/* A list's items, read one by one into an array of their own. */
struct list {
    struct json_at at;
    size_t n, size;
    void *items; /* calloc'ed, at least one */
};

static int list_open(const struct json_at *of, const char *name, size_t size,
                     struct list *ret, struct err *err)
{
    *ret = (struct list){.size = size};
    if (json_member(of, name, &ret->at)) {
        if (json_kind(&ret->at) != JSON_KIND_LIST)
            return json_complain(&ret->at, err, "expected a list");
        ret->n = json_count(&ret->at);
    }
    ret->items = calloc(ret->n + 1, size);
    return ret->items != NULL ? 0 : err_set(err, ENOMEM, "no memory for rules");
}

static int text(const struct json_at *of, const char *name, const char **ret,
                struct err *err)
{
    struct json_at at;
    if (!json_member(of, name, &at))
        return json_complain(&at, err, "is missing, expected a text");
    return json_text(&at, ret, err);
}

static int text_if(const struct json_at *of, const char *name, const char **ret,
                   struct err *err)
{
    struct json_at at;
    *ret = NULL;
    return json_member(of, name, &at) ? json_text(&at, ret, err) : 0;
}

static int whole(const struct json_at *of, const char *name, int64_t *ret,
                 struct err *err)
{
    struct json_at at;
    if (!json_member(of, name, &at))
        return json_complain(&at, err, "is missing, expected a number");
    return json_whole(&at, ret, err);
}

static int read_value(const struct json_at *v, struct pack_value *to, struct err *err)
{
    if (json_kind(v) != JSON_KIND_LIST || json_count(v) != 3)
        return json_complain(v, err, "expected a list of path, value and place");
    struct json_at path = json_item(v, 0), value = json_item(v, 1),
                   whence = json_item(v, 2);
    return json_text(&path, &to->path, err) < 0 ||
                   json_text(&value, &to->value, err) < 0 ||
                   json_text(&whence, &to->whence, err) < 0
               ? -1
               : 0;
}

static int read_values(const struct json_at *of, struct pack_value **ret, size_t *ret_n,
                       struct err *err)
{
    struct list l;
    if (list_open(of, "values", sizeof **ret, &l, err) < 0)
        return -1;
    *ret = l.items;
    for (size_t i = 0; i < l.n; i++) {
        struct json_at v = json_item(&l.at, i);
        if (read_value(&v, &(*ret)[i], err) < 0)
            return -1;
        (*ret_n)++;
    }
    return 0;
}

static int read_override(const struct json_at *v, struct pack_override *to,
                         struct err *err)
{
    const char *until;
    struct json_at at;
    struct err why = {0};
    if (text(v, "what", &to->what, err) < 0 || text(v, "by", &to->by, err) < 0 ||
        text(v, "reason", &to->reason, err) < 0 ||
        text(v, "file", &to->file, err) < 0 || whole(v, "line", &to->line, err) < 0 ||
        text(v, "until", &until, err) < 0)
        return -1;
    json_member(v, "until", &at);
    return instant_parse(until, &to->until, &why) < 0
               ? json_complain(&at, err, "%s", why.text)
               : 0;
}

static int read_overrides(const struct json_at *of, struct pack_rule *to,
                          struct err *err)
{
    struct list l;
    if (list_open(of, "overrides", sizeof *to->override, &l, err) < 0)
        return -1;
    to->override = l.items;
    for (size_t i = 0; i < l.n; i++) {
        struct json_at v = json_item(&l.at, i);
        if (read_override(&v, &to->override[i], err) < 0)
            return -1;
        to->n_overrides++;
    }
    return 0;
}

static int read_rule(const struct json_at *v, struct pack_rule *to, struct err *err)
{
    if (text(v, "id", &to->id, err) < 0 || text(v, "title", &to->title, err) < 0 ||
        text(v, "about", &to->about, err) < 0 || text(v, "mode", &to->mode, err) < 0 ||
        text(v, "file", &to->file, err) < 0 || whole(v, "line", &to->line, err) < 0 ||
        whole(v, "rev", &to->rev, err) < 0)
        return -1;
    if (text_if(v, "why", &to->why, err) < 0 ||
        text_if(v, "advice", &to->advice, err) < 0 ||
        text_if(v, "runbook", &to->runbook, err) < 0 ||
        text_if(v, "owner", &to->owner, err) < 0)
        return -1;
    return read_values(v, &to->value, &to->n_values, err) < 0
               ? -1
               : read_overrides(v, to, err);
}

static int read_rules(const struct json_at *root, struct pack *p, struct err *err)
{
    struct list l;
    if (list_open(root, "rules", sizeof *p->rule, &l, err) < 0)
        return -1;
    p->rule = l.items;
    for (size_t i = 0; i < l.n; i++) {
        struct json_at v = json_item(&l.at, i);
        p->n_rules++; /* what it holds is freed also when it is not read to its end */
        if (read_rule(&v, &p->rule[i], err) < 0)
            return -1;
    }
    return 0;
}

static int read_windows(const struct json_at *root, struct pack *p, struct err *err)
{
    struct list l;
    if (list_open(root, "windows", sizeof *p->windows, &l, err) < 0)
        return -1;
    p->windows = l.items;
    for (size_t i = 0; i < l.n; i++) {
        struct json_at v = json_item(&l.at, i);
        struct pack_windows *w = &p->windows[i];
        p->n_windows++;
        if (text(&v, "kind", &w->kind, err) < 0 ||
            read_values(&v, &w->value, &w->n_values, err) < 0)
            return -1;
    }
    return 0;
}

int pack_read(const char *json, size_t n, struct pack **ret_pack, struct err *err)
{
    if (n > PACK_BYTES_MAX)
        return err_set(err, EMSGSIZE, "the rules take more than %d bytes",
                       PACK_BYTES_MAX);
    OWNED_PACK *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(err, ENOMEM, "no memory for rules");
    p->since = INSTANT_NONE;
    p->document = json_parse(json, n, err);
    if (p->document == NULL)
        return -1;
    struct json_at root = json_root(p->document);
    if (text(&root, "name", &p->name, err) < 0 ||
        text(&root, "hash", &p->hash, err) < 0 || read_windows(&root, p, err) < 0 ||
        read_rules(&root, p, err) < 0)
        return -1;
    *ret_pack = p;
    p = NULL;
    return 0;
}

void pack_free(struct pack **p)
{
    if (*p == NULL)
        return;
    for (size_t i = 0; i < (*p)->n_rules; i++) {
        free((*p)->rule[i].value);
        free((*p)->rule[i].override);
    }
    for (size_t i = 0; i < (*p)->n_windows; i++)
        free((*p)->windows[i].value);
    free((*p)->rule);
    free((*p)->windows);
    json_free(&(*p)->document);
    free(*p);
    *p = NULL;
}
