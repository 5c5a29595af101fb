/* collector/hostinfo/reading.c - numbers out of /proc's texts, lines out of numbers.
 *
 * What a host's own kernel says is believed, but names in it (devices, mount points)
 * may be anything, so they are bounded and escaped.  One thread. */
#include "collector/hostinfo/reading.h"

#include "base/table_hash.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- lines ---- */

static void add_escaped(struct buf *to, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == ',' || *text == '=' || *text == ' ')
            buf_add_ch(to, '\\');
        buf_add_ch(to, *text);
    }
}

void reading_end(struct reading *r)
{
    if (!r->line_open)
        return;
    r->line_open = false;
    if (r->line_fields > 0)
        buf_addf(r->to, " %lld\n", (long long)r->at_s);
    else if (!r->to->failed)
        r->to->len = r->line_from;
}

void reading_line(struct reading *r, const char *measurement, const char *tag,
                  const char *value)
{
    reading_end(r);
    r->line_open = true;
    r->line_from = r->to->len;
    r->line_fields = 0;
    r->measurement = measurement;
    r->thing[0] = '\0';
    buf_add(r->to, measurement);
    if (tag != NULL) {
        size_t n = strlen(value);
        memcpy(r->thing, value, n < sizeof r->thing ? n + 1 : 0);
        buf_add_ch(r->to, ',');
        buf_add(r->to, tag);
        buf_add_ch(r->to, '=');
        add_escaped(r->to, value);
    }
    buf_add(r->to, r->tags);
}

void reading_gauge(struct reading *r, const char *field, double v)
{
    if (!isfinite(v))
        return;
    buf_addf(r->to, "%c%s=%.7g", r->line_fields++ > 0 ? ',' : ' ', field, v);
    r->samples++;
}

double reading_rate_of(struct reading *r, const char *field, uint64_t counter)
{
    uint64_t key = table_hash(r->measurement, strlen(r->measurement), 1);
    key = table_hash(r->thing, strlen(r->thing), key);
    key = table_hash(field, strlen(field), key);
    return rates_take(r->rates, key, counter);
}

void reading_rate(struct reading *r, const char *field, uint64_t counter, double scale)
{
    reading_gauge(r, field, reading_rate_of(r, field, counter) * scale);
}

/* ---- texts ---- */

bool reading_file(int fd, struct buf *to)
{
    enum { PIECE = 4096 };
    buf_clear(to);
    for (;;) {
        char *room = buf_room(to, PIECE);
        if (room == NULL || to->len > READING_FILE_BYTES_MAX)
            return false;
        ssize_t n = pread(fd, room, PIECE, (off_t)to->len);
        if (n < 0)
            return false;
        to->len += (size_t)n;
        to->data[to->len] = '\0';
        if (n == 0)
            return true;
    }
}

static void skip_blanks(const char **p)
{
    while (**p == ' ' || **p == '\t')
        (*p)++;
}

bool scan_number(const char **p, uint64_t *ret)
{
    uint64_t v = 0;
    skip_blanks(p);
    if (**p < '0' || **p > '9')
        return false;
    for (; **p >= '0' && **p <= '9'; (*p)++)
        v = v * 10 + (uint64_t)(**p - '0');
    *ret = v;
    return true;
}

bool scan_decimal(const char **p, double *ret)
{
    uint64_t whole, part = 0;
    double unit = 1;
    if (!scan_number(p, &whole))
        return false;
    if (**p == '.') {
        for ((*p)++; **p >= '0' && **p <= '9'; (*p)++) {
            if (unit < 1e9) {
                part = part * 10 + (uint64_t)(**p - '0');
                unit *= 10;
            }
        }
    }
    *ret = (double)whole + (double)part / unit;
    return true;
}

bool scan_word(const char **p, char word[READING_NAME_MAX])
{
    skip_blanks(p);
    size_t n = strcspn(*p, " \t\n");
    if (n == 0 || n >= READING_NAME_MAX)
        return false;
    memcpy(word, *p, n);
    word[n] = '\0';
    *p += n;
    return true;
}

bool scan_next_line(const char **p)
{
    const char *nl = strchr(*p, '\n');
    *p = nl != NULL ? nl + 1 : *p + strlen(*p);
    return **p != '\0';
}

const char *scan_behind(const char *text, const char *key)
{
    size_t n = strlen(key);
    do {
        if (strncmp(text, key, n) == 0)
            return text + n;
    } while (scan_next_line(&text));
    return NULL;
}

bool scan_keyed(const char *text, const char *key, uint64_t *ret)
{
    const char *p = scan_behind(text, key);
    return p != NULL && scan_number(&p, ret);
}
