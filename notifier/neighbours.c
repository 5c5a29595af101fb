/* notifier/neighbours.c - reads who calls whom out of the call edges' names.  Any
 * thread. */
#include "notifier/neighbours.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Keeps the list sorted, each name once, the first NEIGHBOURS_MAX of them. */
static void put(const char **list, size_t *n, const char *name)
{
    size_t at = 0;
    while (at < *n && strcmp(list[at], name) < 0)
        at++;
    if (at == NEIGHBOURS_MAX || (at < *n && strcmp(list[at], name) == 0))
        return;
    size_t moved = (*n < NEIGHBOURS_MAX ? *n : NEIGHBOURS_MAX - 1) - at;
    memmove(&list[at + 1], &list[at], moved * sizeof *list);
    list[at] = name;
    *n += *n < NEIGHBOURS_MAX;
}

int neighbours_read(const struct windows *w, const char *service,
                    struct neighbours *ret, struct err *err)
{
    uint32_t *entity = NULL;
    size_t n = 0;
    *ret = (struct neighbours){0};
    if (w == NULL)
        return 0;
    if (windows_linked(w, WINDOWS_EDGES_OF_SERVICE, service, &entity, &n) < 0)
        return err_set(err, ENOMEM, "no memory for a service's neighbours");
    for (size_t i = 0; i < n; i++) {
        struct entity who;
        if (!windows_who(w, entity[i], &who) || strcmp(who.caller, who.callee) == 0)
            continue;
        if (strcmp(who.caller, service) == 0)
            put(ret->callee, &ret->n_callees, who.callee);
        else
            put(ret->caller, &ret->n_callers, who.caller);
    }
    free(entity);
    return 0;
}
