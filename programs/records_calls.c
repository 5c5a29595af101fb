/* programs/records_calls.c - call records, as JSON or a line each.  One thread. */
#include "base/jsonw.h"
#include "programs/records_part.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 8192 };

/* --- JSON --- */

/* Where a record of `span_s` that ends now begins. */
static const char *begin_of(instant now, double span_s, char out[INSTANT_TEXT_MAX])
{
    if (!(span_s >= 0 && span_s < 1e6))
        span_s = 0; /* the service says what is wrong with it */
    return instant_text(instant_add(now, (span){-(int64_t)(span_s * 1000)}), out);
}

static double span_of(const struct json_at *record, const char *usual)
{
    struct json_at at;
    double s = usual != NULL ? strtod(usual, NULL) : 0;
    if (json_member(record, "span_s", &at))
        json_number(&at, &s, NULL);
    return s;
}

static const char *quoted(const char *text, struct buf *to)
{
    if (text == NULL)
        return NULL;
    json_quote(to, text);
    return buf_text(to);
}

static int take_call(const struct json_at *record, void *arg, char **ret,
                     struct err *err)
{
    const struct calls_ask *ask = arg;
    OWNED_BUF ts = {0}, caller = {0}, callee = {0}, side = {0};
    char text[INSTANT_TEXT_MAX];
    (void)err;
    const struct member add[] = {
        {"ts", quoted(begin_of(ask->now, span_of(record, ask->span), text), &ts)},
        {"span_s", ask->span},
        {"caller_host", quoted(ask->caller_host, &caller)},
        {"callee_host", quoted(ask->callee_host, &callee)},
        {"side", quoted(ask->side, &side)}};
    *ret = json_with(record, add, sizeof add / sizeof *add);
    return 0;
}

/* --- the compact form --- */

struct call {
    const char *caller, *callee, *iface, *code, *count, *sum_ms, *max_ms;
    const char *outcome, *caller_host, *callee_host, *side, *ts, *span_s;
};

static const struct {
    const char *name;
    size_t offset;
    bool number;
} members[] = {
    {"caller", offsetof(struct call, caller), false},
    {"callee", offsetof(struct call, callee), false},
    {"iface", offsetof(struct call, iface), false},
    {"code", offsetof(struct call, code), false},
    {"count", offsetof(struct call, count), true},
    {"sum_ms", offsetof(struct call, sum_ms), true},
    {"max_ms", offsetof(struct call, max_ms), true},
    {"outcome", offsetof(struct call, outcome), false},
    {"caller_host", offsetof(struct call, caller_host), false},
    {"callee_host", offsetof(struct call, callee_host), false},
    {"side", offsetof(struct call, side), false},
    {"ts", offsetof(struct call, ts), false},
    {"span_s", offsetof(struct call, span_s), true},
};
enum { MEMBERS = sizeof members / sizeof *members, NAMED_FROM = 7 };

static const char **slot(struct call *c, size_t i)
{
    return (const char **)((char *)c + members[i].offset);
}

static const char *outcome_of(const char *code)
{
    if (strcmp(code, "0") == 0 || strcmp(code, "ok") == 0 ||
        (strlen(code) == 3 && code[0] >= '1' && code[0] <= '3' &&
         strspn(code, "0123456789") == 3))
        return "ok";
    return strcmp(code, "timeout") == 0 ? "timeout" : "fail";
}

/* "31.5": a number as JSON has it, so that it can be passed on as it is. */
static bool is_number(const char *text)
{
    char *end;
    if (text[strspn(text, "0123456789.eE+-")] != '\0' || text[0] == '+' ||
        text[0] == '.')
        return false;
    double v = strtod(text, &end);
    return end != text && *end == '\0' && isfinite(v);
}

static int read_edge(char *text, struct call *c, struct err *err)
{
    char *arrow = strchr(text, '>');
    if (arrow == NULL || arrow == text || arrow[1] == '\0')
        return err_set(err, EINVAL, "expected CALLER>CALLEE:INTERFACE, got '%.60s'",
                       text);
    *arrow = '\0';
    c->caller = text;
    c->callee = arrow + 1;
    char *colon = strchr(arrow + 1, ':');
    if (colon != NULL) {
        *colon = '\0';
        c->iface = colon[1] != '\0' ? colon + 1 : NULL;
    }
    return 0;
}

static int read_named(char *text, struct call *c, struct err *err)
{
    char *eq = strchr(text, '=');
    *eq = '\0';
    for (size_t i = NAMED_FROM; i < MEMBERS; i++)
        if (strcmp(members[i].name, text) == 0) {
            *slot(c, i) = eq + 1;
            return 0;
        }
    return err_set(err, EINVAL,
                   "'%.40s=': expected outcome, caller_host, callee_host, side, ts or "
                   "span_s",
                   text);
}

/* A line's columns into *c, whose texts lie in `line`. */
static int read_columns(char *line, struct call *c, struct err *err)
{
    const char **place[] = {NULL, &c->code, &c->count, &c->sum_ms, &c->max_ms};
    size_t n = 0;
    char *rest = NULL;
    for (char *t = strtok_r(line, " \t\r", &rest); t != NULL;
         t = strtok_r(NULL, " \t\r", &rest), n++) {
        int rc = 0;
        if (n == 0)
            rc = read_edge(t, c, err);
        else if (n > 2 && strchr(t, '=') != NULL)
            rc = read_named(t, c, err);
        else if (n < sizeof place / sizeof *place)
            *place[n] = t;
        else
            rc = err_set(err, EINVAL, "'%.40s': expected NAME=VALUE", t);
        if (rc < 0)
            return -1;
    }
    if (n < 3)
        return err_set(err, EINVAL,
                       "expected CALLER>CALLEE:INTERFACE CODE COUNT [SUM_MS [MAX_MS]]");
    return 0;
}

static int write_call(struct call *c, struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    for (size_t i = 0; i < MEMBERS; i++) {
        const char *value = *slot(c, i);
        if (value == NULL)
            continue;
        if (!members[i].number)
            jsonw_text(&w, members[i].name, value);
        else if (is_number(value))
            jsonw_raw(&w, members[i].name, value);
        else
            return err_set(err, EINVAL, "%s: expected a number, got '%.40s'",
                           members[i].name, value);
    }
    jsonw_close(&w);
    return 0;
}

static int read_line(char *line, const struct calls_ask *ask, struct buf *to,
                     struct err *err)
{
    struct call c = {.caller_host = ask->caller_host,
                     .callee_host = ask->callee_host,
                     .side = ask->side,
                     .span_s = ask->span};
    char begin[INSTANT_TEXT_MAX];
    instant at;
    struct err why = {0};
    if (read_columns(line, &c, err) < 0)
        return -1;
    if (c.outcome == NULL)
        c.outcome = outcome_of(c.code);
    if (c.ts == NULL)
        c.ts = begin_of(ask->now, c.span_s != NULL ? strtod(c.span_s, NULL) : 0, begin);
    else if (records_time(c.ts, &at, &why) < 0)
        return err_set(err, EINVAL, "ts: %s", why.text);
    else
        c.ts = instant_text(at, begin);
    return write_call(&c, to, err);
}

static int read_compact(const char *text, size_t n, const struct calls_ask *ask,
                        struct pieces *ret, struct err *err)
{
    struct json_list list = {.to = ret};
    size_t no = 1;
    for (const char *p = text; p < text + n; no++) {
        const char *stop = memchr(p, '\n', (size_t)(text + n - p));
        size_t long_is = (size_t)((stop != NULL ? stop : text + n) - p);
        char line[LINE_BYTES_MAX];
        if (long_is >= sizeof line)
            return err_set(err, EINVAL, "line %zu: is %zu bytes long, at most %d", no,
                           long_is, LINE_BYTES_MAX - 1);
        if (memchr(p, '\0', long_is) != NULL)
            return err_set(err, EINVAL, "line %zu: has a NUL byte", no);
        memcpy(line, p, long_is);
        line[long_is] = '\0';
        p += long_is + 1;
        size_t blank = strspn(line, " \t\r");
        if (line[blank] == '\0' || line[blank] == '#')
            continue;
        OWNED_BUF one = {0};
        struct err why = {0};
        if (read_line(line, ask, &one, &why) < 0 ||
            json_list_add(&list, buf_text(&one), &why) < 0)
            return err_set(err, why.code, "line %zu: %s", no, why.text);
    }
    json_list_end(&list);
    if (ret->n == 0)
        return err_set(err, EINVAL, "there are no records");
    return pieces_done(ret) == 0 ? 0 : err_set(err, ENOMEM, "out of memory");
}

int records_calls(const char *text, size_t n, const struct calls_ask *ask,
                  struct pieces *ret, struct err *err)
{
    struct calls_ask copy = *ask;
    size_t at = 0;
    if (ask->span != NULL && !is_number(ask->span))
        return err_set(err, EINVAL, "--span: expected seconds, got '%.40s'", ask->span);
    while (at < n && text[at] != '\0' && strchr(" \t\r\n", text[at]) != NULL)
        at++;
    if (at < n && (text[at] == '{' || text[at] == '['))
        return records_json(text + at, n - at, take_call, &copy, ret, err);
    return read_compact(text, n, ask, ret, err);
}
