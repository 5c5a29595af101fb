/* collector/call_line.c - the compact form of call records, taken apart.  No state, any
 * thread. */
#include "collector/call_line.h"

#include <errno.h>
#include <string.h>

const struct call_line_member call_line_members[CALL_LINE_MEMBERS] = {
    {"caller", offsetof(struct call_line, caller), false},
    {"callee", offsetof(struct call_line, callee), false},
    {"iface", offsetof(struct call_line, iface), false},
    {"code", offsetof(struct call_line, code), false},
    {"count", offsetof(struct call_line, count), true},
    {"sum_ms", offsetof(struct call_line, sum_ms), true},
    {"max_ms", offsetof(struct call_line, max_ms), true},
    {"outcome", offsetof(struct call_line, outcome), false},
    {"caller_host", offsetof(struct call_line, caller_host), false},
    {"callee_host", offsetof(struct call_line, callee_host), false},
    {"side", offsetof(struct call_line, side), false},
    {"ts", offsetof(struct call_line, ts), false},
    {"span_s", offsetof(struct call_line, span_s), true},
};
enum { NAMED_FROM = 7 };

const char **call_line_at(struct call_line *c, size_t member)
{
    return (const char **)(void *)((char *)c + call_line_members[member].offset);
}

const char *call_line_outcome(const char *code)
{
    if (strcmp(code, "0") == 0 || strcmp(code, "ok") == 0 ||
        (strlen(code) == 3 && code[0] >= '1' && code[0] <= '3' &&
         strspn(code, "0123456789") == 3))
        return "ok";
    return strcmp(code, "timeout") == 0 ? "timeout" : "fail";
}

static int read_edge(char *text, struct call_line *c, struct err *err)
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

static int read_named(char *text, struct call_line *c, struct err *err)
{
    char *eq = strchr(text, '=');
    *eq = '\0';
    for (size_t i = NAMED_FROM; i < CALL_LINE_MEMBERS; i++)
        if (strcmp(call_line_members[i].name, text) == 0) {
            *call_line_at(c, i) = eq + 1;
            return 0;
        }
    return err_set(err, EINVAL,
                   "'%.40s=': expected outcome, caller_host, callee_host, side, ts or "
                   "span_s",
                   text);
}

int call_line_read(char *line, struct call_line *c, struct err *err)
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

int call_line_next(const char *text, const char *end, char line[CALL_LINE_BYTES_MAX],
                   const char **ret_next, struct err *err)
{
    const char *stop = memchr(text, '\n', (size_t)(end - text));
    size_t n = (size_t)((stop != NULL ? stop : end) - text);
    *ret_next = stop != NULL ? stop + 1 : end;
    if (n >= CALL_LINE_BYTES_MAX)
        return err_set(err, EINVAL, "is %zu bytes long, at most %d", n,
                       CALL_LINE_BYTES_MAX - 1);
    if (memchr(text, '\0', n) != NULL)
        return err_set(err, EINVAL, "has a NUL byte");
    memcpy(line, text, n);
    line[n] = '\0';
    size_t blank = strspn(line, " \t\r");
    return line[blank] != '\0' && line[blank] != '#';
}
