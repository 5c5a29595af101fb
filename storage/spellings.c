/* storage/spellings.c - names counted by what stands before the brace.  Any thread. */
#include "storage/spellings.h"

#include "base/table_hash.h"

#include <stdlib.h>
#include <string.h>

struct table {
    struct spelling *at; /* n == 0: empty */
    size_t size;         /* a power of two */
};

static struct spelling *place(const struct table *t, const char *name, size_t n)
{
    size_t i = table_hash(name, n, 0) & (t->size - 1);
    while (t->at[i].n > 0 &&
           (t->at[i].n_name != n || memcmp(t->at[i].name, name, n) != 0))
        i = (i + 1) & (t->size - 1);
    return &t->at[i];
}

static void count(const struct windows *w, uint32_t last, const struct table *t)
{
    for (uint32_t m = 1; m <= last; m++) {
        const char *name = windows_metric_name(w, m);
        size_t n = strcspn(name, "{");
        struct spelling *s = place(t, name, n);
        s->name = name;
        s->n_name = n;
        s->n++;
    }
}

/* More names first; of as many, by the alphabet. */
static bool is_before(const struct spelling *a, const struct spelling *b)
{
    if (a->n != b->n)
        return a->n > b->n;
    size_t n = a->n_name < b->n_name ? a->n_name : b->n_name;
    int order = memcmp(a->name, b->name, n);
    return order != 0 ? order < 0 : a->n_name < b->n_name;
}

size_t spellings_top(const struct windows *w, struct spelling ret[SPELLINGS_TOP])
{
    uint32_t last = (uint32_t)windows_stats(w).metrics;
    struct table t = {.size = 16};
    size_t n = 0;
    while (t.size < (size_t)2 * last)
        t.size *= 2;
    t.at = calloc(t.size, sizeof *t.at);
    if (t.at == NULL)
        return 0;
    count(w, last, &t);
    for (size_t i = 0; i < t.size; i++) {
        if (t.at[i].n < 2)
            continue;
        size_t at = n < SPELLINGS_TOP ? n++ : n;
        for (; at > 0 && is_before(&t.at[i], &ret[at - 1]); at--)
            if (at < SPELLINGS_TOP)
                ret[at] = ret[at - 1];
        if (at < SPELLINGS_TOP)
            ret[at] = t.at[i];
    }
    free(t.at);
    return n;
}

void spellings_write_metrics(const struct windows *w, struct buf *to)
{
    struct spelling top[SPELLINGS_TOP];
    size_t n = spellings_top(w, top);
    buf_add(to, "# HELP aftercheck_top_metric_names Different names (by labels) of the "
                "metrics with the most.\n# TYPE aftercheck_top_metric_names gauge\n");
    for (size_t i = 0; i < n; i++) {
        buf_add(to, "aftercheck_top_metric_names{metric=\"");
        for (size_t k = 0; k < top[i].n_name; k++) {
            if (top[i].name[k] == '"' || top[i].name[k] == '\\')
                buf_add_ch(to, '\\');
            buf_add_ch(to, top[i].name[k]);
        }
        buf_addf(to, "\"} %zu\n", top[i].n);
    }
}
