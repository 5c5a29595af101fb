/* tests/fuzz/fuzz_log_line.c - strangers' requests, as they stand in access logs.
 *
 * Whatever a line is, what comes of it is one record of the compact form with the names
 * that were meant: no line of a log can write further records or fields. */
#include "programs/agent/line.h"

#include "collector/call_line.h"
#include "programs/agent/tally.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check_record(struct agent_line *l)
{
    struct buf text = {0};
    struct call_line c = {0};
    char line[CALL_LINE_BYTES_MAX];
    const char *next;
    struct agent_tally *t = agent_tally_new(5, NULL);
    if (l->caller[0] == '\0')
        strcpy(l->caller, "web");
    if (l->callee[0] == '\0')
        strcpy(l->callee, "pay");
    agent_tally_add(t, l);
    assert(agent_tally_write(t, " side=server", &text) == 1);
    const char *end = text.data + text.len;
    assert(call_line_next(text.data, end, line, &next, NULL) == 1 && next == end);
    assert(call_line_read(line, &c, NULL) == 0);
    assert(strcmp(c.caller, l->caller) == 0 && strcmp(c.callee, l->callee) == 0);
    assert(strcmp(c.iface != NULL ? c.iface : "", l->iface) == 0);
    assert(strcmp(c.code, l->code) == 0 && strcmp(c.count, "1") == 0);
    assert(strcmp(c.side, "server") == 0 && strcmp(c.outcome, l->outcome) == 0);
    assert((c.sum_ms != NULL) == !isnan(l->ms));
    agent_tally_free(&t);
    buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const format[] = {"nginx", "apache", "haproxy", "envoy", NULL};
    static struct agent_line_form *form[5];
    char *line = malloc(n > 0 ? n : 1); /* so that its end is watched */
    memcpy(line, bytes, n);
    for (size_t i = 0; i < 5; i++) {
        struct agent_line l;
        if (form[i] == NULL)
            form[i] = agent_line_form_new(
                format[i],
                format[i] == NULL ? "^(?<caller>.*?)>(?<callee>.*?)>(?<iface>.*?)>"
                                    "(?<code>.*?)>(?<us>.*?)>(?<time>.*)"
                                  : NULL,
                2, NULL);
        if (agent_line_read(form[i], line, n, &l))
            check_record(&l);
    }
    free(line);
    return 0;
}
