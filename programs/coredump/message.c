/* programs/coredump/message.c - reading lines that another program wrote for people.
 *
 * Names in it come from whoever crashed: they are taken as they are or not at all, and
 * checked like any name.  No state. */
#include "programs/coredump/message.h"

#include "base/ascii.h"
#include "base/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MODULES_MAX = 1024, BUILD_ID_MAX = 128 };

/* A line of the text, without its end. */
struct line {
    const char *at;
    size_t n;
};

static bool next_line(const char **p, const char *end, struct line *ret)
{
    if (*p >= end)
        return false;
    const char *stop = memchr(*p, '\n', (size_t)(end - *p));
    ret->at = *p;
    ret->n = (size_t)((stop != NULL ? stop : end) - *p);
    *p += ret->n + 1;
    return true;
}

static bool starts(const struct line *l, const char *with)
{
    size_t n = strlen(with);
    return l->n >= n && memcmp(l->at, with, n) == 0;
}

static char *copy(const char *at, size_t n, size_t most)
{
    if (n == 0 || n > most || text_check(at, n, NULL) < 0)
        return NULL;
    return strndup(at, n);
}

/* "#0  0x0000558d3a1fc17e parse_header (pay + 0x117e)" */
static bool read_frame(const struct line *l, struct core_frame *f)
{
    const char *end = l->at + l->n, *p = memmem(l->at, l->n, " 0x", 3);
    char digits[24];
    if (p == NULL || l->at[0] != '#' || l->n < 8 || end[-1] != ')')
        return false;
    for (p += 3; p < end && ascii_hex(*p) >= 0; p++)
        ;
    const char *plus = NULL, *open = NULL;
    for (const char *q = p; q + 5 < end; q++) { /* the last ones */
        if (memcmp(q, " + 0x", 5) == 0)
            plus = q;
        if (memcmp(q, " (", 2) == 0 && plus == NULL)
            open = q;
    }
    if (p >= end || *p != ' ' || plus == NULL || open == NULL || open <= p)
        return false;
    size_t n = (size_t)(end - 1 - (plus + 5));
    if (n == 0 || n > 16)
        return false;
    memcpy(digits, plus + 5, n);
    digits[n] = '\0';
    f->offset = strtoull(digits, NULL, 16);
    f->has_offset = true;
    size_t fn = (size_t)(open - p - 1);
    if (!(fn == 3 && memcmp(p + 1, "n/a", 3) == 0))
        f->fn = copy(p + 1, fn, CORE_FN_MAX);
    if (!(plus - open == 5 && memcmp(open + 2, "n/a", 3) == 0))
        f->module = copy(open + 2, (size_t)(plus - open - 2), TEXT_BYTES_MAX);
    return true;
}

/* "Module pay with build-id d67f...", of which the name may be a path. */
static bool read_module(const struct line *l, struct line *ret_name,
                        struct line *ret_id)
{
    static const char with[] = " with build-id ";
    const char *mark = memmem(l->at, l->n, with, sizeof with - 1);
    if (!starts(l, "Module ") || mark == NULL || mark < l->at + 7)
        return false;
    *ret_name = (struct line){l->at + 7, (size_t)(mark - l->at - 7)};
    const char *id = mark + sizeof with - 1;
    size_t n = 0;
    while (id + n < l->at + l->n && ascii_hex(id[n]) >= 0)
        n++;
    *ret_id = (struct line){id, n};
    return n > 0 && n <= BUILD_ID_MAX;
}

static struct line base_of(const char *at, size_t n)
{
    const char *slash = memrchr(at, '/', n);
    return slash == NULL ? (struct line){at, n}
                         : (struct line){slash + 1, (size_t)(at + n - slash - 1)};
}

/* Frames name a module by its last part. */
static void add_build_ids(const char *text, const char *end, struct core *c)
{
    struct line l, name, id;
    size_t seen = 0;
    for (const char *p = text; seen < MODULES_MAX && next_line(&p, end, &l);) {
        if (!read_module(&l, &name, &id))
            continue;
        seen++;
        struct line base = base_of(name.at, name.n);
        for (size_t i = 0; i < c->n_frames; i++) {
            struct core_frame *f = &c->frame[i];
            if (f->module == NULL || f->build_id != NULL)
                continue;
            struct line own = base_of(f->module, strlen(f->module));
            if (own.n == base.n && memcmp(own.at, base.at, own.n) == 0)
                f->build_id = copy(id.at, id.n, NAME_BYTES_MAX);
        }
    }
}

struct core *message_stack(const char *text, size_t n, size_t most)
{
    struct core *c = calloc(1, sizeof *c);
    const char *p = text, *end = text + n;
    struct line l;
    bool inside = false;
    if (most > CORE_FRAMES_MAX)
        most = CORE_FRAMES_MAX;
    if (c != NULL)
        c->frame = calloc(most + 1, sizeof *c->frame);
    if (c == NULL || c->frame == NULL) {
        free(c);
        return NULL;
    }
    while (c->n_frames < most && next_line(&p, end, &l)) {
        bool is_head = starts(&l, "Stack trace of thread ");
        if (inside && (is_head || l.n == 0))
            break;
        if (inside)
            c->n_frames += read_frame(&l, &c->frame[c->n_frames]);
        inside |= is_head;
    }
    if (c->n_frames > 0)
        add_build_ids(text, end, c);
    else
        core_free(&c);
    return c;
}
