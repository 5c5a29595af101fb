/* storage/seen.c - names of metrics out of the history's index and recent samples.
 *
 * What must hold: the file may be written to while it is read, so a last line without
 * its end is no damage, and nothing in here writes.  One thread. */
#include "storage/seen.h"

#include "base/json.h"
#include "base/table_hash.h"
#include "storage/windows.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_BYTES = 4096 };

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

/* What has a history.  *ret_there: there is one. */
static int read_index(const char *data_dir, struct set *s, size_t *ret_damaged,
                      bool *ret_there, struct err *err)
{
    char path[PATH_BYTES], *line = NULL;
    size_t cap = 0;
    ssize_t n;
    snprintf(path, sizeof path, "%s/history/index", data_dir);
    FILE *f = fopen(path, "re");
    *ret_there = f != NULL;
    if (f == NULL && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be read", path);
    while ((n = getline(&line, &cap, f)) > 0) {
        bool whole = line[n - 1] == '\n';
        if (!take_line(s, line, (size_t)n - whole) && whole)
            (*ret_damaged)++;
    }
    bool failed = ferror(f);
    free(line);
    fclose(f);
    return failed ? err_set(err, EIO, "%s could not be read to its end", path) : 0;
}

/* What came in too lately to have one. */
static int read_windows(const char *data_dir, struct set *s, bool *ret_there,
                        struct err *err)
{
    char path[PATH_BYTES];
    struct err why = {0};
    snprintf(path, sizeof path, "%s/windows.dat", data_dir);
    struct windows *w = windows_peek(path, &why);
    *ret_there = w != NULL;
    if (w == NULL)
        return why.code == ENOENT ? 0 : err_set(err, why.code, "%s", why.text);
    uint64_t n = windows_stats(w).metrics;
    for (uint32_t i = 1; i <= n; i++)
        add(s, windows_metric_name(w, i));
    windows_close(&w);
    return 0;
}

int seen_read(const char *data_dir, struct seen *ret_seen, struct err *err)
{
    struct set s = {0};
    bool history = false, recent = false;
    *ret_seen = (struct seen){0};
    if (strlen(data_dir) > PATH_BYTES - 100)
        return err_set(err, ENAMETOOLONG, "the path of the data directory is too long");
    int rc = read_index(data_dir, &s, &ret_seen->damaged, &history, err);
    if (rc == 0)
        rc = read_windows(data_dir, &s, &recent, err);
    if (rc == 0 && s.failed)
        rc = err_set(err, ENOMEM, "out of memory");
    if (rc == 0 && !history && !recent)
        rc = err_set(err, ENOENT,
                     "%s is no data directory of a service: it has neither "
                     "history/index nor windows.dat",
                     data_dir);
    give(&s, ret_seen);
    if (rc < 0)
        seen_free(ret_seen);
    return rc;
}

void seen_free(struct seen *s)
{
    for (size_t i = 0; i < s->n; i++)
        free(s->name[i]);
    free(s->name);
    *s = (struct seen){0};
}
