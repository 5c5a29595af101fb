/* storage/catalog.c - which file belongs to whom.
 *
 * In memory only the first half of each digest is kept, with its number: enough to know
 * which lines are there.  What must hold: the file never gets half a line between whole
 * ones (a torn tail is ended by a line feed before more is written, and dropped at the
 * next opening). */
#include "storage/catalog.h"

#include "base/ascii.h"
#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIGEST = 64, LINE_BYTES_MAX = 1 << 20, WRITE_BYTES = 1 << 18 };

struct seat {
    uint64_t key; /* the digest's first 16 digits */
    uint32_t n;   /* 0: the seat is free */
};

struct catalog {
    char *path;
    struct buf waiting;
    struct seat *seat; /* open addressing; `size` is a power of two */
    size_t size, used;
    bool torn; /* the last write stopped within a line */
};

/* --- the table --- */

/* Digests are even by nature: their bits are the hash. */
static struct seat *seat_of(const struct catalog *c, uint64_t key)
{
    size_t i = key & (c->size - 1);
    while (c->seat[i].n != 0 && c->seat[i].key != key)
        i = (i + 1) & (c->size - 1);
    return &c->seat[i];
}

static int grow(struct catalog *c)
{
    if (c->size > 0 && c->used * 4 < c->size * 3)
        return 0;
    struct catalog bigger = *c;
    bigger.size = c->size > 0 ? c->size * 2 : 256;
    bigger.seat = calloc(bigger.size, sizeof *bigger.seat);
    if (bigger.seat == NULL)
        return -1;
    for (size_t i = 0; i < c->size; i++)
        if (c->seat[i].n != 0)
            *seat_of(&bigger, c->seat[i].key) = c->seat[i];
    free(c->seat);
    *c = bigger;
    return 0;
}

/* False when it is no digest. */
static bool key_of(const char *digest, uint64_t *ret_key)
{
    uint64_t key = 0;
    for (size_t i = 0; i < DIGEST; i++) {
        int d = ascii_hex(digest[i]);
        if (d < 0)
            return false;
        if (i < 16)
            key = key << 4 | (uint64_t)d;
    }
    *ret_key = key;
    return true;
}

static int remember(struct catalog *c, uint64_t key, uint32_t n)
{
    if (grow(c) < 0)
        return -1;
    struct seat *s = seat_of(c, key);
    c->used += s->n == 0;
    *s = (struct seat){key, n};
    return 0;
}

/* --- the file --- */

/* 1 when the line is sound and remembered, 0 when it is not sound, -1: no memory. */
static int take_line(struct catalog *c, const char *line, size_t n)
{
    uint64_t key;
    uint32_t count = 0;
    size_t i = DIGEST + 1;
    if (n < DIGEST + 5 || line[DIGEST] != ' ' || !key_of(line, &key))
        return 0;
    for (; i < n && i < DIGEST + 9 && line[i] >= '0' && line[i] <= '9'; i++)
        count = count * 10 + (uint32_t)(line[i] - '0');
    if (count == 0 || n - i < 3 || line[i] != ' ' || line[i + 1] != '{' ||
        line[n - 1] != '}' || memchr(line, '\0', n) != NULL)
        return 0;
    return remember(c, key, count) < 0 ? -1 : 1;
}

/* Reads all lines; the sound ones are also written to `to` when that is given. */
static int read_lines(struct catalog *c, FILE *from, FILE *to, size_t *ret_dropped)
{
    char *line = NULL;
    size_t cap = 0, dropped = 0;
    ssize_t n;
    int rc = 0;
    while (rc >= 0 && (n = getline(&line, &cap, from)) > 0) {
        bool whole = line[n - 1] == '\n' && n <= LINE_BYTES_MAX;
        rc = whole ? take_line(c, line, (size_t)n - 1) : 0;
        dropped += rc == 0;
        if (rc == 1 && to != NULL && fwrite(line, 1, (size_t)n, to) != (size_t)n)
            rc = -1;
    }
    free(line);
    *ret_dropped = dropped;
    return rc < 0 || ferror(from) ? -1 : 0;
}

/* The file without its bad lines. */
static int mend(struct catalog *c, FILE *from, struct err *err)
{
    char aside[4200];
    size_t dropped;
    int n = snprintf(aside, sizeof aside, "%s.new", c->path);
    FILE *to = n > 0 && (size_t)n < sizeof aside ? fopen(aside, "we") : NULL;
    if (to == NULL)
        return err_sys(err, errno, "%s cannot be made", aside);
    rewind(from);
    int rc = read_lines(c, from, to, &dropped);
    if (fflush(to) != 0 || fsync(fileno(to)) < 0)
        rc = -1;
    if (fclose(to) != 0 || rc < 0 || rename(aside, c->path) < 0) {
        err_sys(err, errno, "%s cannot be mended", c->path);
        unlink(aside);
        return -1;
    }
    return 0;
}

static int load(struct catalog *c, size_t *ret_dropped, struct err *err)
{
    FILE *f = fopen(c->path, "re");
    *ret_dropped = 0;
    if (f == NULL)
        return errno == ENOENT ? 0 : err_sys(err, errno, "%s cannot be read", c->path);
    int rc = read_lines(c, f, NULL, ret_dropped);
    if (rc < 0)
        err_sys(err, errno, "%s cannot be read", c->path);
    else if (*ret_dropped > 0)
        rc = mend(c, f, err);
    fclose(f);
    return rc;
}

struct catalog *catalog_open(const char *path, size_t *ret_dropped, struct err *err)
{
    struct catalog *c = calloc(1, sizeof *c);
    if (c == NULL || (c->path = strdup(path)) == NULL || grow(c) < 0) {
        err_set(err, ENOMEM, "no memory for %s", path);
        catalog_close(&c);
        return NULL;
    }
    if (load(c, ret_dropped, err) < 0)
        catalog_close(&c);
    return c;
}

void catalog_close(struct catalog **c)
{
    if (*c == NULL)
        return;
    if ((*c)->path != NULL)
        catalog_flush(*c, NULL);
    buf_free(&(*c)->waiting);
    free((*c)->seat);
    free((*c)->path);
    free(*c);
    *c = NULL;
}

uint32_t catalog_known(const struct catalog *c, const char *digest)
{
    uint64_t key;
    return key_of(digest, &key) ? seat_of(c, key)->n : 0;
}

int catalog_add(struct catalog *c, const char *digest, uint32_t n, const char *json,
                struct err *err)
{
    uint64_t key;
    if (!key_of(digest, &key) || n == 0 || n > 9999999)
        return err_set(err, EINVAL, "'%.64s' %u is no line of a catalog", digest, n);
    buf_addf(&c->waiting, "%.64s %u %s\n", digest, n, json);
    if (buf_done(&c->waiting) < 0 || remember(c, key, n) < 0) {
        buf_clear(&c->waiting); /* the lines come again after the next start */
        return err_set(err, ENOMEM, "no memory for %s", c->path);
    }
    return c->waiting.len > WRITE_BYTES ? catalog_flush(c, err) : 0;
}

int catalog_flush(struct catalog *c, struct err *err)
{
    if (c->waiting.len == 0)
        return 0;
    int fd = open(c->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_sys(err, errno, "%s cannot be opened", c->path);
    int rc = 0;
    if (c->torn && write(fd, "\n", 1) == 1)
        c->torn = false;
    ssize_t n = c->torn ? -1 : write(fd, c->waiting.data, c->waiting.len);
    if (n != (ssize_t)c->waiting.len) {
        c->torn = c->torn || n > 0;
        rc = err_sys(err, n < 0 ? errno : ENOSPC, "%s cannot be written", c->path);
    } else {
        buf_clear(&c->waiting);
    }
    close(fd);
    return rc;
}
