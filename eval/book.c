/* eval/book.c - results in shared memory, and counts over them. */
#include "eval/book.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

const int book_looks[BOOK_LOOKS] = {10, 15, 30, 60};

const char *voice_name(enum voice v)
{
    static const char *const names[VOICE_N] = {
#define X(id, name) [VOICE_##id] = name,
        VOICES(X)
#undef X
    };
    return names[v];
}

static size_t bytes_of(const struct book *b)
{
    return (b->cases * EFFECT_N * BOOK_LOOKS + 1) * sizeof *b->page;
}

int book_open(struct book *b, size_t cases, struct err *err)
{
    *b = (struct book){.cases = cases};
    void *room = mmap(NULL, bytes_of(b), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED)
        return err_sys(err, errno, "results of %zu cases", cases);
    b->page = room;
    return 0;
}

void book_close(struct book *b)
{
    if (b->page != NULL)
        munmap(b->page, bytes_of(b));
    *b = (struct book){0};
}

struct page *book_page(const struct book *b, size_t number, enum effect e, int look)
{
    return &b->page[(number * EFFECT_N + e) * BOOK_LOOKS + (size_t)look];
}

struct rate book_flagged(const struct book *b, enum voice v, enum effect e, int look)
{
    struct rate r = {0};
    for (size_t i = 0; i < b->cases; i++) {
        const struct page *p = book_page(b, i, e, look);
        if (p->there)
            rate_add(&r, p->said[v].flag);
    }
    return r;
}

struct rate book_found(const struct book *b, enum voice v, enum effect e, int look)
{
    struct rate r = {0};
    for (size_t i = 0; i < b->cases; i++) {
        const struct page *p = book_page(b, i, e, look);
        if (p->there)
            rate_add(&r, p->said[v].hit);
    }
    return r;
}

struct rate book_found_by(const struct book *b, enum voice v, enum effect e, int look)
{
    struct rate r = {0};
    for (size_t i = 0; i < b->cases; i++) {
        bool hit = false;
        for (int k = 0; k <= look; k++)
            hit |= book_page(b, i, e, k)->said[v].hit;
        if (book_page(b, i, e, look)->there)
            rate_add(&r, hit);
    }
    return r;
}

struct rate book_wrong(const struct book *b, enum voice v, enum effect e, int look)
{
    struct rate r = {0};
    for (size_t i = 0; i < b->cases; i++) {
        const struct page *p = book_page(b, i, e, look);
        r.hits += p->there ? p->said[v].wrong : 0u;
        r.n += p->there ? p->said[v].findings : 0u;
    }
    return r;
}

double book_threshold(const struct book *b, enum voice v, int look, double share)
{
    double *score = malloc((b->cases + 1) * sizeof *score);
    size_t n = 0;
    if (score == NULL)
        return INFINITY;
    for (size_t i = 0; i < b->cases; i++) {
        const struct page *p =
            book_page(b, i, i % 2 == 0 ? EFFECT_QUIET : EFFECT_SHOCK, look);
        if (p->there)
            score[n++] = p->said[v].score;
    }
    double threshold = score_threshold(score, n, share);
    free(score);
    return threshold;
}

struct rate book_above(const struct book *b, enum voice v, enum effect e, int look,
                       double threshold)
{
    struct rate r = {0};
    for (size_t i = 0; i < b->cases; i++) {
        const struct page *p = book_page(b, i, e, look);
        if (p->there)
            rate_add(&r, p->said[v].score > threshold);
    }
    return r;
}
