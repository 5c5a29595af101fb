/* storage/seen.c - names of metrics out of the history's index.
 *
 * What must hold: the file may be written to while it is read, so a last line without
 * its end is no damage, and nothing in here writes.  One thread. */
#include "storage/seen.h"

#include "base/json.h"
#include "base/table_hash.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct set {
    char **slot; /* open addressing; `size` is a power of two */
    size_t size, n;
    bool failed;
};

static char **slot_of(const struct set *s, const char *name)
{
    size_t i = table_hash(name, strlen(name), 1) & (s->size - 1);
    while (s->slot[i] != NULL && strcmp(s->slot[i], name) != 0)
        i = (i + 1) & (s->size - 1);
    return &s->slot[i];
}

static int grow(struct set *s)
{
    if (s->size > 0 && s->n * 4 < s->size * 3)
        return 0;
    struct set bigger = {.size = s->size > 0 ? s->size * 2 : 1024, .n = s->n};
    bigger.slot = calloc(bigger.size, sizeof *bigger.slot);
    if (bigger.slot == NULL)
        return -1;
    for (size_t i = 0; i < s->size; i++)
        if (s->slot[i] != NULL)
            *slot_of(&bigger, s->slot[i]) = s->slot[i];
    free(s->slot);
    *s = bigger;
    return 0;
}

static void add(struct set *s, const char *name)
{
    if (s->failed || s->n == SEEN_MAX)
        return;
    if (grow(s) < 0) {
        s->failed = true;
        return;
    }
    char **slot = slot_of(s, name);
    if (*slot != NULL)
        return;
    *slot = strdup(name);
    s->failed |= *slot == NULL;
    s->n += *slot != NULL;
}

/* "<digest> <n> {..., "sources": {"<source>": "<metric>", ...}}" */
static bool take_line(struct set *s, const char *line, size_t n)
{
    const char *json = memchr(line, '{', n);
    if (json == NULL)
        return false;
    OWNED_JSON *doc = json_parse(json, n - (size_t)(json - line), NULL);
    if (doc == NULL)
        return false;
    struct json_at root = json_root(doc), sources;
    if (!json_member(&root, "sources", &sources))
        return false;
    for (size_t i = 0; i < json_count(&sources); i++) {
        const char *key, *name;
        struct json_at at = json_nth(&sources, i, &key);
        if (json_text(&at, &name, NULL) < 0)
            return false;
        add(s, name);
    }
    return true;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The set's names, one behind the other, in order. */
static void give(struct set *s, struct seen *to)
{
    size_t n = 0;
    for (size_t i = 0; i < s->size; i++)
        if (s->slot[i] != NULL)
            s->slot[n++] = s->slot[i];
    if (n > 0)
        qsort(s->slot, n, sizeof *s->slot, by_bytes);
    to->name = s->slot;
    to->n = n;
}

int seen_read(const char *data_dir, struct seen *ret_seen, struct err *err)
{
    char path[4096], *line = NULL;
    struct set s = {0};
    size_t cap = 0;
    ssize_t n;
    *ret_seen = (struct seen){0};
    if (snprintf(path, sizeof path, "%s/history/index", data_dir) >= (int)sizeof path)
        return err_set(err, ENAMETOOLONG, "the path of the data directory is too long");
    FILE *f = fopen(path, "re");
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be read", path);
    while ((n = getline(&line, &cap, f)) > 0) {
        bool whole = line[n - 1] == '\n';
        if (!take_line(&s, line, (size_t)n - whole) && whole)
            ret_seen->damaged++;
    }
    bool failed = s.failed || ferror(f);
    free(line);
    fclose(f);
    give(&s, ret_seen);
    if (!failed)
        return 0;
    seen_free(ret_seen);
    return err_set(err, ENOMEM, "%s could not be read to its end", path);
}

void seen_free(struct seen *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->name[i]);
    free(s->name);
    *s = (struct seen){0};
}
