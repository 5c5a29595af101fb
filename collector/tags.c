/* collector/tags.c - entities and suffixes out of label pairs.  Any thread. */
#include "collector/tags.h"

#include "base/hostport.h"
#include "base/names.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const struct entity_tags entity_tags_default = {{"host", "instance"},
                                                {"service", "job"}};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct tag *)a)->key, ((const struct tag *)b)->key);
}

static struct tag *find(struct tag *pair, size_t n, const char *const *names)
{
    for (; *names != NULL; names++)
        for (size_t i = 0; i < n; i++)
            if (strcmp(pair[i].key, *names) == 0 && pair[i].n_value > 0) {
                pair[i].used = true;
                return &pair[i];
            }
    return NULL;
}

/* "10.0.0.1:9100" -> "10.0.0.1", "[::1]:9100" -> "::1"; "::1" has no port. */
static void cut_port(struct tag *p)
{
    p->value = hostport_bare(p->value);
    p->n_value = strlen(p->value);
}

static bool is_name(const char *what, const struct tag *p, struct err *err)
{
    struct err why = {0};
    if (name_check(p->value, p->n_value, &why) == 0)
        return true;
    err_set(err, EINVAL, "the %s's name %s", what, why.text);
    return false;
}

enum drop tags_entity(struct tag *pair, size_t n, const struct entity_tags *tags,
                      struct entity *ret_who, struct err *err)
{
    qsort(pair, n, sizeof *pair, by_key);
    for (size_t i = 1; i < n; i++)
        if (strcmp(pair[i - 1].key, pair[i].key) == 0) {
            err_set(err, EINVAL, "tag '%.40s' stands twice", pair[i].key);
            return DROP_SYNTAX;
        }
    struct tag *host = find(pair, n, tags->host);
    struct tag *service = find(pair, n, tags->service);
    if (host == NULL && service == NULL) {
        err_set(err, EINVAL,
                "expected a tag '%.40s' or '%.40s' that says whose sample it is",
                tags->host[0] != NULL ? tags->host[0] : "",
                tags->service[0] != NULL ? tags->service[0] : "");
        return DROP_NO_ENTITY;
    }
    if (host != NULL && strcmp(host->key, "instance") == 0)
        cut_port(host);
    if ((host != NULL && !is_name("host", host, err)) ||
        (service != NULL && !is_name("service", service, err)))
        return DROP_NAME;
    *ret_who = (struct entity){host != NULL ? ENTITY_HOST : ENTITY_SERVICE,
                               .host = host != NULL ? host->value : "",
                               .service = service != NULL ? service->value : "",
                               .caller = "",
                               .callee = "",
                               .iface = "",
                               .caller_host = "",
                               .callee_host = "",
                               .side = ""};
    return DROP_N;
}

/* Adds bytes while they fit; counts them in any case. */
static void add(char *to, size_t size, size_t *n, const char *bytes, size_t n_bytes)
{
    if (*n + n_bytes < size)
        memcpy(to + *n, bytes, n_bytes);
    *n += n_bytes;
}

size_t tags_suffix(const struct tag *pair, size_t n, char *to, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < n; i++) {
        if (pair[i].used)
            continue;
        add(to, size, &len, len == 0 ? "{" : ",", 1);
        add(to, size, &len, pair[i].key, pair[i].n_key);
        add(to, size, &len, "=", 1);
        add(to, size, &len, pair[i].value, pair[i].n_value);
    }
    if (len > 0)
        add(to, size, &len, "}", 1);
    if (size > 0)
        to[len < size ? len : 0] = '\0';
    return len;
}
