/* rules/shape.c - courses of values in short.
 *
 * Read from left to right into parts; a point is then found by its number, so that no
 * memory is needed for what is long.  No state, any thread. */
#include "rules/shape.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES_MAX = 40 };

struct shape_reader {
    const char *text;
    size_t at;
    struct err *err;
};

static int refuse(struct shape_reader *r, const char *words)
{
    return err_set(r->err, EINVAL, "%s", words);
}

static size_t digits(const char *p)
{
    return strspn(p, "0123456789");
}

/* The length of a number at `p` without its k, M or G; 0: there is none. */
static size_t number_length(const char *p)
{
    const char *q = p + (*p == '-');
    size_t n = digits(q);
    if (n == 0)
        return 0;
    q += n;
    /* "20..30" is no fraction */
    if (q[0] == '.' && digits(q + 1) > 0)
        q += 1 + digits(q + 1);
    if (*q == 'e' || *q == 'E') {
        const char *e = q + 1 + (q[1] == '-' || q[1] == '+');
        if (digits(e) > 0)
            q = e + digits(e);
    }
    return (size_t)(q - p);
}

static double thousands(char c)
{
    return c == 'k' ? 1e3 : c == 'M' ? 1e6 : c == 'G' ? 1e9 : 1;
}

static int read_number(struct shape_reader *r, double *ret)
{
    char text[NUMBER_BYTES_MAX];
    const char *p = r->text + r->at;
    size_t n = number_length(p);
    if (n == 0)
        return refuse(r, "expected a number such as 20, -1.5 or 5k, or _ for no point");
    if (n >= sizeof text)
        return refuse(r, "a number of more than 39 characters");
    memcpy(text, p, n);
    text[n] = '\0';
    double v = strtod(text, NULL) * thousands(p[n]);
    if (!isfinite((float)v))
        return refuse(r, "a number too large to be a sample");
    r->at += n + (thousands(p[n]) > 1);
    *ret = v;
    return 0;
}

static int read_what(struct shape_reader *r, struct shape_part *p)
{
    if (r->text[r->at] == '_') {
        p->missing = true;
        r->at++;
        return 0;
    }
    if (read_number(r, &p->from) < 0)
        return -1;
    p->to = p->from;
    if (strncmp(r->text + r->at, "..", 2) == 0) {
        r->at += 2;
        if (read_number(r, &p->to) < 0)
            return -1;
    }
    if (r->text[r->at] != '~')
        return 0;
    r->at++;
    size_t at = r->at;
    if (read_number(r, &p->noise) < 0)
        return -1;
    if (p->noise < 0) {
        r->at = at;
        return refuse(r,
                      "noise is how far values go to either side, expected 0 or more");
    }
    return 0;
}

static int read_count(struct shape_reader *r, struct shape_part *p)
{
    p->n = 1;
    if (r->text[r->at] != 'x')
        return 0;
    const char *text = r->text + ++r->at;
    if (*text == '*') {
        p->open = true;
        p->n = 0;
        r->at++;
        return 0;
    }
    size_t n = digits(text);
    unsigned long count = n > 0 && n < 10 ? strtoul(text, NULL, 10) : 0;
    if (n == 0 || text[0] == '0')
        return refuse(r,
                      "expected how many points, such as x30, or x* for all the time "
                      "there is");
    if (n >= 10 || count > SHAPE_POINTS_MAX)
        return refuse(r, "more than 100000 points");
    p->n = (uint32_t)count;
    r->at += n;
    return 0;
}

static int read_part(struct shape_reader *r, struct shape *s)
{
    if (s->n == SHAPE_PARTS_MAX)
        return refuse(r, "more than 64 parts");
    struct shape_part *p = &s->part[s->n++];
    *p = (struct shape_part){0};
    if (read_what(r, p) < 0 || read_count(r, p) < 0)
        return -1;
    char c = r->text[r->at];
    if (c != ' ' && c != '\0')
        return refuse(r, "expected x and a count, or a space and the next part");
    return 0;
}

/* What can only be said of the whole; `first` is where each part begins. */
static int check(struct shape_reader *r, struct shape *s, enum shape_side side,
                 const size_t *first)
{
    uint32_t points = 0;
    if (s->n == 1 && r->text[first[0] + strcspn(r->text + first[0], "x ")] != 'x') {
        s->part[0].open = true;
        s->part[0].n = 0;
    }
    size_t open = side == SHAPE_BEFORE ? 0 : s->n - 1;
    for (size_t i = 0; i < s->n; i++) {
        const struct shape_part *p = &s->part[i];
        r->at = first[i];
        if (p->open && i != open)
            return refuse(r, side == SHAPE_BEFORE
                                 ? "before the change, only the first part may have x*"
                                 : "after the change, only the last part may have x*");
        if (p->open && (p->from < p->to || p->from > p->to))
            return refuse(r, "a line needs a count, such as 20..30x10");
        points += p->n; /* 64 parts of 100000 stay far below 2^32 */
        if (points > SHAPE_POINTS_MAX)
            return refuse(r, "more than 100000 points");
    }
    return 0;
}

int shape_read(const char *text, enum shape_side side, struct shape *ret_shape,
               size_t *ret_at, struct err *err)
{
    struct shape_reader r = {.text = text, .err = err};
    struct shape s = {0};
    size_t first[SHAPE_PARTS_MAX] = {0};
    int rc = 0;
    if (strlen(text) > SHAPE_BYTES_MAX)
        rc = refuse(&r, "more than 2000 characters");
    while (rc == 0) {
        r.at += strspn(text + r.at, " ");
        if (text[r.at] == '\0')
            break;
        if (s.n < SHAPE_PARTS_MAX)
            first[s.n] = r.at;
        rc = read_part(&r, &s);
    }
    if (rc == 0 && s.n == 0)
        rc = refuse(&r, "expected values such as 20x30, found nothing");
    if (rc == 0)
        rc = check(&r, &s, side, first);
    *ret_at = r.at;
    if (rc == 0)
        *ret_shape = s;
    return rc;
}

uint32_t shape_points(const struct shape *s, bool *ret_open)
{
    uint32_t n = 0;
    *ret_open = false;
    for (size_t i = 0; i < s->n; i++) {
        n += s->part[i].n;
        *ret_open |= s->part[i].open;
    }
    return n;
}

uint64_t shape_seed(uint64_t seed, const char *text)
{
    uint64_t h = seed ^ 0xcbf29ce484222325ull; /* FNV-1a */
    for (; *text != '\0'; text++)
        h = (h ^ (unsigned char)*text) * 0x100000001b3ull;
    return h;
}

/* Even in -1..1: splitmix64 of seed and number (Steele, Lea and Flood 2014). */
static double noise_at(uint64_t seed, uint32_t i)
{
    uint64_t z = seed + (i + 1) * 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    z ^= z >> 31;
    return (double)(z >> 11) / (double)(1ull << 52) - 1;
}

double shape_value(const struct shape *s, enum shape_side side, uint32_t i, uint32_t n,
                   uint64_t seed)
{
    bool open;
    uint32_t fixed = shape_points(s, &open), spare = n > fixed ? n - fixed : 0;
    uint32_t at = i;
    if (!open && side == SHAPE_BEFORE) {
        if (i < spare)
            return NAN;
        at -= spare;
    }
    for (size_t k = 0; k < s->n; k++) {
        const struct shape_part *p = &s->part[k];
        uint32_t points = p->open ? spare : p->n;
        if (at >= points) {
            at -= points;
            continue;
        }
        if (p->missing)
            return NAN;
        double along = points > 1 ? (double)at / (points - 1) : 0;
        return p->from + (p->to - p->from) * along + p->noise * noise_at(seed, i);
    }
    return NAN;
}
