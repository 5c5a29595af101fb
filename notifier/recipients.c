/* notifier/recipients.c - audiences that are for a change, turned into persons.  Pure;
 * any thread. */
#include "notifier/recipients.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int add(struct recipients *to, size_t *cap, const char *slash, const char *name,
               const struct audience *a)
{
    if (to->n == *cap) {
        size_t more = *cap > 0 ? *cap * 2 : 16;
        struct recipient *grown = realloc(to->at, more * sizeof *grown);
        if (grown == NULL)
            return -1;
        to->at = grown;
        *cap = more;
    }
    struct recipient *r = &to->at[to->n];
    *r = (struct recipient){.audience = a};
    size_t n = strlen(slash) + strlen(name) + 1;
    r->who = malloc(n);
    if (r->who == NULL)
        return -1;
    snprintf(r->who, n, "%s%s", slash, name);
    for (int g = 0; g < GRADE_N; g++)
        r->wish[g] = audience_when(a, (enum grade)g);
    to->n++;
    return 0;
}

/* All audiences stand in one array, in the order of the file. */
static int by_who(const void *x, const void *y)
{
    const struct recipient *a = x, *b = y;
    int d = strcmp(a->who, b->who);
    return d != 0 ? d : a->audience < b->audience ? -1 : a->audience > b->audience;
}

/* Those of one person become the first of them. */
static void merge(struct recipients *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->n; i++) {
        struct recipient *last = n > 0 ? &r->at[n - 1] : NULL;
        if (last == NULL || strcmp(last->who, r->at[i].who) != 0) {
            r->at[n++] = r->at[i];
            continue;
        }
        for (int g = 0; g < GRADE_N; g++)
            if (r->at[i].wish[g] > last->wish[g])
                last->wish[g] = r->at[i].wish[g];
        free(r->at[i].who);
    }
    r->n = n;
}

int recipients_of(const struct routing *r, bool server, const struct optouts *off,
                  const struct change *c, struct recipients *ret, struct err *err)
{
    struct recipients all = {0};
    size_t cap = 0;
    int rc = 0;
    for (size_t i = 0; i < r->all.n && rc == 0; i++) {
        const struct audience *a = &r->all.at[i];
        if (!routing_allows(r, a, c))
            continue;
        if (!server || a->to.n == 0)
            rc = add(&all, &cap, "/", a->name, a);
        else
            for (size_t k = 0; k < a->to.n && rc == 0; k++)
                if (!optouts_hold(off, a->to.at[k], a->name))
                    rc = add(&all, &cap, "", a->to.at[k], a);
    }
    if (rc < 0) {
        recipients_free(&all);
        return err_set(err, ENOMEM, "no memory for recipients");
    }
    if (all.n > 1)
        qsort(all.at, all.n, sizeof *all.at, by_who);
    merge(&all);
    *ret = all;
    return 0;
}

void recipients_free(struct recipients *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->at[i].who);
    free(r->at);
    *r = (struct recipients){0};
}

static int is_who(const void *key, const void *item)
{
    return strcmp(key, ((const struct recipient *)item)->who);
}

const struct recipient *recipients_find(const struct recipients *r, const char *who)
{
    return r->n > 0 ? bsearch(who, r->at, r->n, sizeof *r->at, is_who) : NULL;
}
