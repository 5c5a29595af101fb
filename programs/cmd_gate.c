/* programs/cmd_gate.c - `aftercheck gate`: a pipeline's go/no-go. */
#include "programs/cmd.h"

#include "base/instant.h"
#include "base/opt.h"
#include "programs/gate.h"

#include <stdio.h>

static int wait_and_say(struct httpc *c, const char *id, span wait)
{
    struct gate_ask ask = {.id = id, .wait = wait, .since = INSTANT_NONE};
    struct gate_answer a;
    struct err err = {0};
    if (gate_wait(c, &ask, &a, &err) < 0)
        return cmd_fail("gate", GRADE_NOT_JUDGED, &err);
    gate_say(stdout, id, &a);
    if (!a.settled)
        fprintf(stderr, "aftercheck gate: the time was up before the last look\n");
    return gate_exit_code(&a);
}

int cmd_gate(int argc, char **argv)
{
    const char *server = NULL, *wait_text = "20m";
    const struct opt opts[] = {
        {"wait", "TIME",
         "how long to wait, such as 20m; 0 asks once; 20m when not given", &wait_text},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck gate",
        .synopsis = "CHANGE",
        .about = "Waits until what was changed so far has been looked at to the end, "
                 "or until "
                 "it must be handled, prints the verdict and exits with its grade.",
        .more = "Exit: 0 ok, 1 attention, 2 must-handle (also wrong usage), 3 "
                "not-judged (also "
                "when the service cannot be reached or does not know the change).",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    span wait;
    if (first + 1 != argc) {
        err_set(&err, 0, "name one change; see --help");
        return cmd_fail("gate", EXIT_USAGE, &err);
    }
    if (span_parse(wait_text, &wait, &err) < 0)
        return cmd_fail("gate", EXIT_USAGE, &err);
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return GRADE_NOT_JUDGED;
    int code = wait_and_say(c, argv[first], wait);
    httpc_free(&c);
    return code;
}
