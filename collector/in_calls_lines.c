/* collector/in_calls_lines.c - call records in the compact form into samples of edges.
 *
 * What a line says goes through the same record and the same store as JSON's
 * (in_calls.c).  No clock: the present is an argument.  Any thread. */
#include "collector/call_line.h"
#include "collector/in_calls_part.h"
#include "collector/number.h"

#include "base/names.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static int read_name(struct calls_record *r, const char *what, const char *text,
                     size_t most, const char **to, struct err *err)
{
    struct err why = {0};
    size_t n = strlen(text);
    if (name_check(text, n, &why) == 0 && n <= most) {
        *to = text;
        return 0;
    }
    r->why = DROP_NAME;
    if (why.code == 0)
        return err_set(err, EINVAL, "%s is %zu bytes long, at most %zu", what, n, most);
    return err_set(err, EINVAL, "%s %s", what, why.text);
}

static int read_names(const struct call_line *l, struct calls_record *r,
                      struct err *err)
{
    const struct {
        const char *what, *text;
        size_t most;
        const char **to;
    } names[] = {{"the caller's name", l->caller, NAME_BYTES_MAX, &r->caller},
                 {"the callee's name", l->callee, NAME_BYTES_MAX, &r->callee},
                 {"the interface's name", l->iface, NAME_BYTES_MAX, &r->iface},
                 {"the code", l->code, CALLS_CODE_BYTES_MAX, &r->code},
                 {"caller_host", l->caller_host, NAME_BYTES_MAX, &r->caller_host},
                 {"callee_host", l->callee_host, NAME_BYTES_MAX, &r->callee_host}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].text != NULL && read_name(r, names[i].what, names[i].text,
                                               names[i].most, names[i].to, err) < 0)
            return -1;
    return 0;
}

static int read_words(const struct call_line *l, struct calls_record *r,
                      struct err *err)
{
    const char *outcome = l->outcome != NULL ? l->outcome : call_line_outcome(l->code);
    r->outcome = calls_outcome(outcome);
    if (r->outcome == NULL)
        return err_set(err, EINVAL,
                       "outcome: expected ok, fail or timeout, got '%.40s'", outcome);
    if (l->side == NULL)
        return 0;
    r->side = calls_side(l->side);
    return r->side != NULL
               ? 0
               : err_set(err, EINVAL, "side: expected client or server, got '%.40s'",
                         l->side);
}

/* A number from 0 to `most` in all of `text`. */
static int read_number(const char *what, const char *text, double most, double *to,
                       struct err *err)
{
    double v;
    const char *end = text + strlen(text), *behind = number_read(text, end, &v);
    if (behind == end && v >= 0 && v <= most) {
        *to = v;
        return 0;
    }
    return err_set(err, EINVAL, "%s: expected a number from 0 to %g, got '%.40s'", what,
                   most, text);
}

static int read_numbers(const struct call_line *l, struct calls_record *r,
                        struct err *err)
{
    if (l->count[strspn(l->count, "0123456789")] != '\0')
        return err_set(err, EINVAL, "the count: expected a whole number, got '%.40s'",
                       l->count);
    const struct {
        const char *what, *text;
        double most, *to;
    } numbers[] = {{"the count", l->count, 9007199254740992.0, &r->count},
                   {"the sum of milliseconds", l->sum_ms, 1e38, &r->sum_ms},
                   {"the maximum of milliseconds", l->max_ms, 1e38, &r->max_ms},
                   {"span_s", l->span_s, CALLS_SPAN_S_MAX, &r->span_s}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].text != NULL &&
            read_number(numbers[i].what, numbers[i].text, numbers[i].most,
                        numbers[i].to, err) < 0)
            return -1;
    return 0;
}

static int read_time(const struct call_line *l, struct calls_record *r,
                     const struct in_calls_ask *ask, struct err *err)
{
    struct err why = {0};
    double number;
    const char *end = l->ts != NULL ? l->ts + strlen(l->ts) : NULL;
    if (l->ts != NULL && number_read(l->ts, end, &number) == end) {
        if (!calls_epoch(number, &r->at))
            return err_set(err, EINVAL, "ts: expected seconds since 1970, got '%.40s'",
                           l->ts);
    } else if (l->ts != NULL && instant_parse(l->ts, &r->at, &why) < 0) {
        return err_set(err, EINVAL, "ts: %s", why.text);
    }
    return calls_record_time(r, ask, err);
}

static int take_line(struct in_calls *c, const struct sink *sink, char *line,
                     const struct in_calls_ask *ask, struct tally *tally,
                     struct err *err)
{
    struct call_line l = {0};
    struct calls_record r = calls_record_begin();
    if (call_line_read(line, &l, err) == 0 && read_names(&l, &r, err) == 0 &&
        read_words(&l, &r, err) == 0 && read_numbers(&l, &r, err) == 0 &&
        read_time(&l, &r, ask, err) == 0)
        return calls_store(c, sink, &r, tally, err);
    tally->taken++;
    tally_drop(tally, r.why, 1);
    return -1;
}

void in_calls_read_lines(struct in_calls *c, const struct sink *sink, const char *text,
                         size_t n, const struct in_calls_ask *ask,
                         struct in_calls_result *result)
{
    const char *p = text, *end = text + n;
    for (size_t no = 1; p < end; no++) {
        char line[CALL_LINE_BYTES_MAX];
        struct err err = {0};
        int rc = call_line_next(p, end, line, &p, &err);
        if (rc == 0)
            continue;
        result->records++;
        if (rc > 0 && take_line(c, sink, line, ask, &result->tally, &err) == 0)
            continue;
        if (rc < 0) {
            result->tally.taken++;
            tally_drop(&result->tally, DROP_SYNTAX, 1);
        }
        if (result->refused++ == 0)
            snprintf(result->first, sizeof result->first, "line %zu: %s", no, err.text);
    }
}
