/* collector/path.c - names with dots, taken apart.
 *
 * Templates are compiled once into roles of parts.  No state but them; any thread. */
#include "collector/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum role { ROLE_METRIC, ROLE_REST, ROLE_SKIP, ROLE_TAG };

struct template
{
    char *text; /* owned; filter and words point into it */
    char *filter;
    size_t n;
    struct {
        enum role role;
        char *key; /* of ROLE_TAG: also "host" and "service" */
    } part[PATH_PARTS_MAX];
};

struct paths {
    size_t n;
    struct template *template;
};

static int add_word(struct template *t, char *word, struct err *err)
{
    enum role role = strcmp(word, "metric") == 0    ? ROLE_METRIC
                     : strcmp(word, "metric*") == 0 ? ROLE_REST
                     : strcmp(word, "_") == 0       ? ROLE_SKIP
                                                    : ROLE_TAG;
    if (word[0] == '\0' || (role == ROLE_TAG && strchr(word, '*') != NULL))
        return err_set(err, EINVAL,
                       "'%.60s': expected host, service, metric, metric*, _ or a tag's "
                       "name between dots",
                       word);
    if (t->n == PATH_PARTS_MAX)
        return err_set(err, EINVAL, "more than %d parts", PATH_PARTS_MAX);
    if (t->n > 0 && t->part[t->n - 1].role == ROLE_REST)
        return err_set(err, EINVAL, "metric* must be the last part");
    t->part[t->n].role = role;
    t->part[t->n++].key = word;
    return 0;
}

static int compile(struct template *t, const char *text, struct err *err)
{
    t->text = strdup(text);
    if (t->text == NULL)
        return err_set(err, ENOMEM, "out of memory");
    char *space = strchr(t->text, ' ');
    if (space == NULL || space == t->text)
        return err_set(err, EINVAL,
                       "expected FILTER TEMPLATE, such as '* host.metric*'");
    *space = '\0';
    t->filter = t->text;
    for (char *p = space + 1 + strspn(space + 1, " "), *dot; p != NULL;
         p = dot != NULL ? dot + 1 : NULL) {
        dot = strchr(p, '.');
        if (dot != NULL)
            *dot = '\0';
        if (add_word(t, p, err) < 0)
            return -1;
    }
    return 0;
}

struct paths *paths_new(const char *const *texts, size_t n, struct err *err)
{
    struct paths *p = calloc(1, sizeof *p);
    if (p != NULL)
        p->template = calloc(n + 1, sizeof *p->template);
    if (p == NULL || p->template == NULL) {
        err_set(err, ENOMEM, "out of memory");
        paths_free(&p);
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        struct err why = {0};
        p->n = i + 1;
        if (compile(&p->template[i], texts[i], &why) == 0)
            continue;
        err_set(err, why.code, "template '%.100s': %s", texts[i], why.text);
        paths_free(&p);
        return NULL;
    }
    return p;
}

void paths_free(struct paths **p)
{
    if (*p == NULL)
        return;
    for (size_t i = 0; i < (*p)->n; i++)
        free((*p)->template[i].text);
    free((*p)->template);
    free(*p);
    *p = NULL;
}

bool path_parts_add(struct path_parts *parts, char *key, char *value)
{
    if (parts->n_tags == PATH_TAGS_MAX)
        return false;
    parts->tag[parts->n_tags++] = (struct tag){
        .key = key, .value = value, .n_key = strlen(key), .n_value = strlen(value)};
    return true;
}

static const struct template *fitting(const struct paths *p, const char *path)
{
    for (size_t i = 0; i < p->n; i++)
        if (glob_match(p->template[i].filter, path))
            return &p->template[i];
    return NULL;
}

/* The path's parts into tags, the rest into the metric's name at `to`. */
static bool apply(const struct template *t, char *path, char *to,
                  struct path_parts *parts)
{
    size_t i = 0, len = 0;
    for (char *p = path, *dot; p != NULL; p = dot != NULL ? dot + 1 : NULL, i++) {
        enum role role = i < t->n ? t->part[i].role : ROLE_REST;
        dot = role == ROLE_REST ? NULL : strchr(p, '.');
        if (dot != NULL)
            *dot = '\0';
        if (role == ROLE_TAG && !path_parts_add(parts, t->part[i].key, p))
            return false;
        if (role == ROLE_METRIC || role == ROLE_REST)
            len += (size_t)sprintf(to + len, "%s%s", len > 0 ? "." : "", p);
    }
    to[len] = '\0';
    return true;
}

/* ";key=value;..." */
static enum drop read_tags(char *text, struct path_parts *parts, struct err *err)
{
    for (char *p = text; p != NULL && *p != '\0';) {
        char *next = strchr(p, ';');
        if (next != NULL)
            *next++ = '\0';
        char *eq = strchr(p, '=');
        if (eq == NULL || eq == p || eq[1] == '\0') {
            err_set(err, EINVAL, "'%.60s': expected a tag as key=value", p);
            return DROP_SYNTAX;
        }
        *eq = '\0';
        if (!path_parts_add(parts, p, eq + 1)) {
            err_set(err, EINVAL, "more than %d tags", PATH_TAGS_MAX);
            return DROP_SYNTAX;
        }
        p = next;
    }
    return DROP_N;
}

enum drop paths_read(const struct paths *p, const char *path, size_t n,
                     struct path_parts *ret, struct err *err)
{
    char *copy = ret->room, *metric = ret->room + PATH_BYTES_MAX;
    ret->n_tags = 0;
    if (n == 0 || n >= PATH_BYTES_MAX) {
        err_set(err, EINVAL, "expected a name of 1 to %d bytes", PATH_BYTES_MAX - 1);
        return DROP_NAME;
    }
    memcpy(copy, path, n);
    copy[n] = '\0';
    char *tags = strchr(copy, ';');
    if (tags != NULL)
        *tags++ = '\0';
    const struct template *t = fitting(p, copy);
    ret->metric = t != NULL ? metric : copy;
    if (t != NULL && !apply(t, copy, metric, ret)) {
        err_set(err, EINVAL, "more than %d tags", PATH_TAGS_MAX);
        return DROP_SYNTAX;
    }
    if (ret->metric[0] == '\0') {
        err_set(err, EINVAL, "its template leaves nothing for the metric's name");
        return DROP_NAME;
    }
    return read_tags(tags, ret, err);
}

/* `host` and `service` are said by whatever tags the settings name for them. */
static void speak_their_way(struct path_parts *parts, const struct entity_tags *tags)
{
    static const char host[] = "host", service[] = "service";
    for (size_t i = 0; i < parts->n_tags; i++) {
        struct tag *t = &parts->tag[i];
        const char *key = strcmp(t->key, host) == 0      ? tags->host[0]
                          : strcmp(t->key, service) == 0 ? tags->service[0]
                                                         : NULL;
        if (key == NULL || strcmp(key, t->key) == 0)
            continue;
        t->key = (char *)(uintptr_t)key; /* only read from here on */
        t->n_key = strlen(key);
    }
}

enum drop path_parts_name(struct path_parts *parts, const struct entity_tags *tags,
                          struct entity *ret_who, char name[NAME_BYTES_MAX + 1],
                          struct err *err)
{
    speak_their_way(parts, tags);
    enum drop why = tags_entity(parts->tag, parts->n_tags, tags, ret_who, err);
    size_t n = strlen(parts->metric);
    struct err bad = {0};
    if (why != DROP_N)
        return why;
    if (n <= NAME_BYTES_MAX) {
        memcpy(name, parts->metric, n);
        n += tags_suffix(parts->tag, parts->n_tags, name + n, NAME_BYTES_MAX + 1 - n);
    }
    if (n > NAME_BYTES_MAX) {
        err_set(err, EINVAL,
                "the metric's name with its tags has %zu bytes, at most %d", n,
                NAME_BYTES_MAX);
        return DROP_NAME;
    }
    if (name_check(name, n, &bad) == 0)
        return DROP_N;
    err_set(err, EINVAL, "the metric's name %s", bad.text);
    return DROP_NAME;
}
