/* analyzer/profile.c - a short list, oldest first: open changes are tens, and their
 * habits megabytes.  One thread. */
#include "analyzer/profile.h"

#include <stdlib.h>
#include <string.h>

struct kept {
    char *id;
    struct habit *habit;
    size_t bytes;
};

struct profile {
    size_t bytes_max, bytes, n, cap;
    struct kept *at; /* in the order they were put in */
    uint64_t dropped;
};

struct profile *profile_new(size_t bytes_max)
{
    struct profile *p = calloc(1, sizeof *p);
    if (p != NULL)
        p->bytes_max = bytes_max;
    return p;
}

static void take_out(struct profile *p, size_t i)
{
    p->bytes -= p->at[i].bytes;
    free(p->at[i].id);
    habit_free(&p->at[i].habit);
    memmove(p->at + i, p->at + i + 1, (--p->n - i) * sizeof *p->at);
}

void profile_free(struct profile **p)
{
    if (*p == NULL)
        return;
    while ((*p)->n > 0)
        take_out(*p, (*p)->n - 1);
    free((*p)->at);
    free(*p);
    *p = NULL;
}

static size_t place_of(const struct profile *p, const char *id)
{
    size_t i = 0;
    while (i < p->n && strcmp(p->at[i].id, id) != 0)
        i++;
    return i;
}

const struct habit *profile_find(const struct profile *p, const char *change_id)
{
    size_t i = place_of(p, change_id);
    return i < p->n ? p->at[i].habit : NULL;
}

void profile_forget(struct profile *p, const char *change_id)
{
    size_t i = place_of(p, change_id);
    if (i < p->n)
        take_out(p, i);
}

static bool has_room(struct profile *p)
{
    if (p->n < p->cap)
        return true;
    size_t cap = 2 * p->cap + 8;
    struct kept *more = reallocarray(p->at, cap, sizeof *more);
    if (more == NULL)
        return false;
    p->at = more;
    p->cap = cap;
    return true;
}

int profile_take(struct profile *p, const char *change_id, struct habit **h)
{
    struct kept one = {.habit = *h, .bytes = habit_bytes(*h)};
    *h = NULL;
    profile_forget(p, change_id);
    while (p->n > 0 && p->bytes + one.bytes > p->bytes_max) {
        take_out(p, 0);
        p->dropped++;
    }
    if (one.bytes > p->bytes_max) {
        habit_free(&one.habit);
        p->dropped++;
        return 0;
    }
    one.id = strdup(change_id);
    if (one.id == NULL || !has_room(p)) {
        free(one.id);
        habit_free(&one.habit);
        return -1;
    }
    p->bytes += one.bytes;
    p->at[p->n++] = one;
    return 0;
}

void profile_take_days(struct profile *p, const char *change_id, struct buf *days)
{
    size_t i = place_of(p, change_id);
    if (i < p->n && p->bytes - p->at[i].habit->days.len + days->len <= p->bytes_max) {
        struct kept *one = &p->at[i];
        p->bytes -= one->bytes;
        buf_free(&one->habit->days);
        one->habit->days = *days;
        *days = (struct buf){0};
        one->bytes = habit_bytes(one->habit);
        p->bytes += one->bytes;
    }
    buf_free(days);
}

struct profile_stats profile_stats(const struct profile *p)
{
    return (struct profile_stats){
        .habits = p->n, .bytes = p->bytes, .dropped = p->dropped};
}
