/* programs/records_lines.c - line protocol that gets times and tags.
 *
 * Only as much is understood as is needed to find where measurement and tags end, where
 * the fields end and whether a time follows: a backslash takes a comma's, an equals
 * sign's or a space's meaning away, quoted texts may hold spaces and line ends
 * (InfluxDB documentation, "Line protocol reference").  One thread. */
#include "programs/records_part.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_ = 200 };

/* The present in the unit; the text of a time at a line's end. */
static void write_time(instant now, const char *precision, struct buf *to)
{
    static const struct {
        const char *name;
        int64_t times, divide;
    } units[] = {{"ns", 1000000, 1}, {"us", 1000, 1}, {"ms", 1, 1}, {"s", 1, 1000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].name, precision) == 0)
            buf_addf(to, " %" PRId64, now.ms * units[i].times / units[i].divide);
}

/* Where measurement and tags end: at the first space that means one, or the line's end.
 */
static const char *head_end(const char *p, const char *end)
{
    for (; p < end && *p != ' ' && *p != '\n'; p++)
        if (*p == '\\' && p + 1 < end && p[1] != '\n')
            p++;
    return p;
}

/* Where the fields end, likewise; line ends within quotes belong to the text. */
static const char *fields_end(const char *p, const char *end)
{
    bool quoted = false;
    for (; p < end; p++) {
        if (*p == '\\' && p + 1 < end && (quoted || p[1] != '\n'))
            p++;
        else if (*p == '"')
            quoted = !quoted;
        else if (!quoted && (*p == ' ' || *p == '\n'))
            break;
    }
    return p;
}

/* Is ",name=" in measurement and tags? */
static bool has_tag(const char *p, const char *end, const char *name)
{
    size_t n = strlen(name);
    for (; p < end; p++) {
        if (*p == '\\')
            p++;
        else if (*p == ',' && (size_t)(end - p) > n + 1 &&
                 memcmp(p + 1, name, n) == 0 && p[n + 1] == '=')
            return true;
    }
    return false;
}

static void add_escaped(struct buf *to, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == ',' || text[i] == '=' || text[i] == ' ')
            buf_add_ch(to, '\\');
        buf_add_ch(to, text[i]);
    }
}

static void add_tag(struct buf *to, const char *name, const char *value)
{
    buf_addf(to, ",%s=", name);
    add_escaped(to, value, strlen(value));
}

static void add_tags(const char *line, const char *end, const struct lines_ask *ask,
                     struct buf *to)
{
    if (ask->host != NULL && !has_tag(line, end, "host"))
        add_tag(to, "host", ask->host);
    if (ask->service != NULL && !has_tag(line, end, "service"))
        add_tag(to, "service", ask->service);
}

/* One line (which may go over several by its quotes); gives where the next begins. */
static const char *take_line(const char *line, const char *end,
                             const struct lines_ask *ask, struct buf *to)
{
    const char *head = head_end(line, end), *fields = head;
    while (fields < end && *fields == ' ')
        fields++;
    const char *tail = fields_end(fields, end), *stop = tail;
    while (stop < end && *stop != '\n')
        stop++;
    bool timed = false;
    for (const char *p = tail; p < stop; p++)
        timed |= *p != ' ' && *p != '\r';
    size_t n = (size_t)(tail - head);
    if (!timed && n > 0 && tail[-1] == '\r')
        n--; /* of a line end CR LF */
    buf_add_n(to, line, (size_t)(head - line));
    if (fields < tail)
        add_tags(line, head, ask, to);
    buf_add_n(to, head, n);
    if (timed)
        buf_add_n(to, tail, (size_t)(stop - tail));
    else if (fields < tail)
        write_time(ask->now, ask->precision, to);
    buf_add_ch(to, '\n');
    return stop < end ? stop + 1 : end;
}

int records_lines(const char *text, size_t n, const struct lines_ask *ask,
                  struct pieces *ret, struct err *err)
{
    const char *p = text, *end = text + n;
    struct buf *to = NULL;
    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t blank = 0, room = (size_t)((stop != NULL ? stop : end) - p);
        while (blank < room && strchr(" \t\r", p[blank]) != NULL && p[blank] != '\0')
            blank++;
        if (blank == room || p[blank] == '#') {
            p += room + 1;
            continue;
        }
        if (to == NULL || to->len >= PIECE_BYTES_MAX)
            to = pieces_add(ret);
        if (to == NULL)
            return err_set(err, ENOMEM, "out of memory");
        p = take_line(p + blank, end, ask, to);
    }
    if (to == NULL)
        return err_set(err, EINVAL, "there are no samples");
    return pieces_done(ret) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

/* "{device=sda,fs=/}" behind a metric's name. */
static int add_labels(const char *p, const char *end, struct buf *to, struct err *err)
{
    while (p < end) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        const char *stop = comma != NULL ? comma : end;
        const char *eq = memchr(p, '=', (size_t)(stop - p));
        if (eq == NULL || eq == p || eq + 1 == stop)
            return err_set(err, EINVAL, "'%.*s' is not of the form KEY=VALUE",
                           (int)(stop - p > 60 ? 60 : stop - p), p);
        buf_add_ch(to, ',');
        add_escaped(to, p, (size_t)(eq - p));
        buf_add_ch(to, '=');
        add_escaped(to, eq + 1, (size_t)(stop - eq - 1));
        p = stop + 1;
    }
    return 0;
}

static int check_value(const char *text, struct err *err)
{
    char *end;
    double v = strtod(text, &end);
    if (end == text || *end != '\0' || !isfinite(v) ||
        strspn(text, "0123456789.eE+-") != strlen(text))
        return err_set(err, EINVAL,
                       "expected a number behind the last '=', got '%.40s'", text);
    return 0;
}

static int write_sample(const char *sample, const struct lines_ask *ask, struct buf *to,
                        struct err *err)
{
    const char *eq = strrchr(sample, '=');
    if (eq == NULL)
        return err_set(err, EINVAL, "expected NAME=VALUE, such as cpu.busy=31.5");
    const char *brace = memchr(sample, '{', (size_t)(eq - sample));
    const char *name_end = brace != NULL ? brace : eq;
    const char *dot = memchr(sample, '.', (size_t)(name_end - sample));
    if (dot == NULL || dot == sample || dot + 1 == name_end ||
        name_end - sample > NAME_MAX_ || (brace != NULL && eq[-1] != '}'))
        return err_set(err, EINVAL,
                       "expected a name such as cpu.busy or disk.util{device=sda}");
    if (check_value(eq + 1, err) < 0)
        return -1;
    add_escaped(to, sample, (size_t)(dot - sample));
    if (ask->host != NULL)
        add_tag(to, "host", ask->host);
    if (ask->service != NULL)
        add_tag(to, "service", ask->service);
    if (brace != NULL && add_labels(brace + 1, eq - 1, to, err) < 0)
        return -1;
    buf_add_ch(to, ' ');
    add_escaped(to, dot + 1, (size_t)(name_end - dot - 1));
    buf_add(to, eq);
    write_time(ask->now, ask->precision, to);
    buf_add_ch(to, '\n');
    return 0;
}

int records_sample(const char *sample, const struct lines_ask *ask, struct buf *to,
                   struct err *err)
{
    struct err why = {0};
    if (strpbrk(sample, "\n\r") != NULL)
        return err_set(err, EINVAL, "a sample is one line");
    if (write_sample(sample, ask, to, &why) < 0)
        return err_set(err, EINVAL, "'%.80s': %s", sample, why.text);
    return buf_done(to) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}
