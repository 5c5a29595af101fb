/* programs/records_calls.c - call records, as JSON or a line each.  One thread. */
#include "base/jsonw.h"
#include "collector/call_line.h"
#include "programs/records_part.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int write_call(struct call_line *c, struct buf *to, struct err *err)
{
    struct jsonw w = {.to = to};
    jsonw_open(&w, NULL);
    for (size_t i = 0; i < CALL_LINE_MEMBERS; i++) {
        const char *value = *call_line_at(c, i);
        if (value == NULL)
            continue;
        if (!call_line_members[i].number)
            jsonw_text(&w, call_line_members[i].name, value);
        else if (is_number(value))
            jsonw_raw(&w, call_line_members[i].name, value);
        else
            return err_set(err, EINVAL, "%s: expected a number, got '%.40s'",
                           call_line_members[i].name, value);
    }
    jsonw_close(&w);
    return 0;
}

static int read_line(char *line, const struct calls_ask *ask, struct buf *to,
                     struct err *err)
{
    struct call_line c = {.caller_host = ask->caller_host,
                          .callee_host = ask->callee_host,
                          .side = ask->side,
                          .span_s = ask->span};
    char begin[INSTANT_TEXT_MAX];
    instant at;
    struct err why = {0};
    if (call_line_read(line, &c, err) < 0)
        return -1;
    if (c.outcome == NULL)
        c.outcome = call_line_outcome(c.code);
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
    const char *p = text, *end = text + n;
    for (size_t no = 1; p < end; no++) {
        char line[CALL_LINE_BYTES_MAX];
        struct err bad = {0};
        int rc = call_line_next(p, end, line, &p, &bad);
        if (rc < 0)
            return err_set(err, EINVAL, "line %zu: %s", no, bad.text);
        if (rc == 0)
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
