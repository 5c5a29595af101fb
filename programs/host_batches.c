/* programs/host_batches.c - cutting a list of hosts.  One thread. */
#include "programs/host_batches.h"

#include "base/buf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct names {
    char **at;
    size_t n;
};

static void names_free(struct names *l)
{
    for (size_t i = 0; i < l->n; i++)
        free(l->at[i]);
    free(l->at);
    *l = (struct names){0};
}

struct ranked {
    const char *name;
    size_t place;
};

static int by_name(const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    int c = strcmp(x->name, y->name);
    return c != 0 ? c : (x->place > y->place) - (x->place < y->place);
}

/* Drops what stands further on once more. */
static int drop_repeats(struct names *l)
{
    struct ranked *r = calloc(l->n > 0 ? l->n : 1, sizeof *r);
    if (r == NULL)
        return -1;
    for (size_t i = 0; i < l->n; i++)
        r[i] = (struct ranked){l->at[i], i};
    qsort(r, l->n, sizeof *r, by_name);
    for (size_t i = l->n; i-- > 1;)
        if (strcmp(r[i].name, r[i - 1].name) == 0) {
            free(l->at[r[i].place]);
            l->at[r[i].place] = NULL;
        }
    free(r);
    size_t n = 0;
    for (size_t i = 0; i < l->n; i++)
        if (l->at[i] != NULL)
            l->at[n++] = l->at[i];
    l->n = n;
    return 0;
}

static int read_names(const char *hosts, struct names *ret)
{
    size_t most = 1;
    for (const char *p = hosts; *p != '\0'; p++)
        most += *p == ',';
    *ret = (struct names){.at = calloc(most, sizeof *ret->at)};
    if (ret->at == NULL)
        return -1;
    for (const char *p = hosts; *p != '\0';) {
        size_t n = strcspn(p, ",");
        if (n > 0 && (ret->at[ret->n++] = strndup(p, n)) == NULL)
            return -1;
        p += n + (p[n] == ',');
    }
    return drop_repeats(ret);
}

static char *join(char *const *names, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, i > 0 ? "," : "");
        buf_add(&b, names[i]);
    }
    char *text = buf_give(&b);
    buf_free(&b);
    return text;
}

static size_t count_batches(size_t hosts, size_t batches, size_t size)
{
    if (size > 0)
        batches = (hosts + size - 1) / size;
    if (batches > hosts)
        batches = hosts;
    return batches > 0 ? batches : 1;
}

int host_batches_cut(const char *hosts, size_t batches, size_t size,
                     struct host_batches *ret, struct err *err)
{
    struct names names = {0};
    if (read_names(hosts != NULL ? hosts : "", &names) < 0) {
        names_free(&names);
        return err_set(err, ENOMEM, "out of memory");
    }
    size_t n = count_batches(names.n, batches, size);
    *ret = (struct host_batches){.at = calloc(n, sizeof *ret->at)};
    bool ok = ret->at != NULL;
    for (size_t i = 0, from = 0; ok && i < n; i++) {
        size_t to = size > 0 ? from + size : names.n * (i + 1) / n;
        to = to < names.n ? to : names.n;
        ret->at[ret->n] = join(names.at + from, to - from);
        ok = ret->at[ret->n] != NULL;
        ret->n += ok;
        from = to;
    }
    names_free(&names);
    if (!ok) {
        host_batches_free(ret);
        return err_set(err, ENOMEM, "out of memory");
    }
    return 0;
}

void host_batches_free(struct host_batches *b)
{
    for (size_t i = 0; i < b->n; i++)
        free(b->at[i]);
    free(b->at);
    *b = (struct host_batches){0};
}

static char *replace(const char *text, const char *hosts)
{
    static const char mark[] = "{hosts}";
    struct buf b = {0};
    for (const char *hit; (hit = strstr(text, mark)) != NULL;
         text = hit + sizeof mark - 1) {
        buf_add_n(&b, text, (size_t)(hit - text));
        buf_add(&b, hosts);
    }
    buf_add(&b, text);
    char *made = buf_give(&b);
    buf_free(&b);
    return made;
}

char **host_batches_argv(char *const *argv, const char *hosts, struct err *err)
{
    size_t n = 0;
    while (argv[n] != NULL)
        n++;
    char **made = calloc(n + 1, sizeof *made);
    for (size_t i = 0; made != NULL && i < n; i++) {
        made[i] = replace(argv[i], hosts);
        if (made[i] == NULL)
            host_batches_free_argv(&made);
    }
    if (made == NULL)
        err_set(err, ENOMEM, "out of memory");
    return made;
}

void host_batches_free_argv(char ***argv)
{
    if (*argv == NULL)
        return;
    for (size_t i = 0; (*argv)[i] != NULL; i++)
        free((*argv)[i]);
    free(*argv);
    *argv = NULL;
}
