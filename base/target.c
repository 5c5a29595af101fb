/* base/target.c - splits first and decodes then, so that an encoded '/', '&' or '=' is
 * only a byte.  What is decoded is never longer than what was sent, so all is done in
 * place in one copy.  No state, any thread. */
#include "base/target.h"
#include "base/ascii.h"

#include <assert.h>
#include <string.h>

size_t target_room(size_t n)
{
    /* the path twice, as sent and decoded; the query once; a value's NUL even where
     * there was no '=' for it: each of its names is ended by one byte and needs two */
    return 4 * (n + 1);
}

/* Writes the `n` bytes of `from` decoded to `to`, a NUL behind; gives the place behind
 * that, or NULL and *ret_why. */
static char *decode(char *to, const char *from, size_t n, bool plus,
                    const char **ret_why)
{
    const char *end = from + n;
    for (; from < end; from++) {
        char c = *from;
        if (c == '+' && plus)
            c = ' ';
        if (c == '%') {
            int high = end - from > 2 ? ascii_hex(from[1]) : -1;
            int low = high >= 0 ? ascii_hex(from[2]) : -1;
            if (low < 0) {
                *ret_why = "the address has a '%' without two hex digits behind it";
                return NULL;
            }
            c = (char)(high << 4 | low);
            from += 2;
        }
        if (c == '\0') {
            *ret_why = "the address has an encoded zero byte";
            return NULL;
        }
        *to++ = c;
    }
    *to++ = '\0';
    return to;
}

static char *read_parts(struct target *t, char *room, const char **ret_why)
{
    const char *from = t->path;
    while (*from == '/' && t->parts <= TARGET_PARTS_MAX) {
        size_t n = strcspn(++from, "/");
        t->part[t->parts++] = room;
        room = decode(room, from, n, false, ret_why);
        if (room == NULL)
            return NULL;
        from += n;
    }
    return room;
}

static char *read_query(struct target *t, char *room, const char *from,
                        const char **ret_why)
{
    t->query = room;
    while (room != NULL && *from != '\0') {
        size_t n = strcspn(from, "&"), name = strcspn(from, "=&");
        const char *value = name < n ? from + name + 1 : from + n;
        if (n > 0)
            room = decode(room, from, name, true, ret_why);
        if (n > 0 && room != NULL)
            room = decode(room, value, (size_t)(from + n - value), true, ret_why);
        from += n;
        from += *from == '&';
    }
    t->query_end = room;
    return room;
}

const char *target_read(struct target *t, const char *uri, char *room)
{
    *t = (struct target){.path = room};
    const char *why = NULL;
    if (*uri != '/')
        return "the address does not begin with '/'";
    for (const char *s = uri; *s != '\0'; s++)
        if ((unsigned char)*s <= ' ' || *s == 0x7f)
            return "the address has a space or control character";
    size_t n = strcspn(uri, "?");
    memcpy(room, uri, n);
    room[n] = '\0';
    room = read_parts(t, room + n + 1, &why);
    if (room != NULL)
        read_query(t, room, uri[n] == '?' ? uri + n + 1 : "", &why);
    return why;
}

bool target_matches(const struct target *t, const char *pattern,
                    const char *params[TARGET_PARAMS_MAX])
{
    unsigned n_params = 0, i = 0;
    for (; *pattern == '/'; i++) {
        size_t n = strcspn(++pattern, "/");
        if (i == t->parts)
            return false;
        const char *part = t->part[i];
        if (*pattern != '{') {
            if (strncmp(part, pattern, n) != 0 || part[n] != '\0')
                return false;
        } else if (*part == '\0') {
            return false;
        } else {
            assert(n_params < TARGET_PARAMS_MAX); /* a route with too many */
            params[n_params++] = part;
        }
        pattern += n;
    }
    return i == t->parts;
}

const char *target_query(const struct target *t, const char *name)
{
    const char *s = t->query;
    while (s < t->query_end) {
        const char *value = s + strlen(s) + 1;
        if (strcmp(s, name) == 0)
            return value;
        s = value + strlen(value) + 1;
    }
    return NULL;
}
