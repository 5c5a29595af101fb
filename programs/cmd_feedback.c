/* programs/cmd_feedback.c - `aftercheck feedback`: was what a rule said of a change
 * useful?  `aftercheck rules backtest --against feedback` counts the marks. */
#include "programs/cmd.h"

#include "base/jsonw.h"
#include "base/opt.h"

#include <errno.h>
#include <stdio.h>

static int post(const char *server, const char *change, const struct buf *body,
                struct err *err)
{
    OWNED_BUF path = {0}, answer = {0};
    buf_add(&path, "/v1/changes/");
    url_quote(&path, change);
    buf_add(&path, "/feedback");
    if (buf_done(&path) < 0 || buf_done(body) < 0)
        return err_set(err, ENOMEM, "out of memory");
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return err_set(err, EINVAL, "no service to ask");
    const struct httpc_ask ask = {.method = "POST",
                                  .path = buf_text(&path),
                                  .type = "application/json",
                                  .body = buf_text(body),
                                  .n = body->len};
    int rc = cmd_call(c, &ask, NULL, &answer, err);
    httpc_free(&c);
    return rc;
}

int cmd_feedback(int argc, char **argv)
{
    const char *server = NULL, *rule = NULL, *by = NULL;
    int useful = 0, not_useful = 0;
    struct err err = {0};
    const struct opt opts[] = {
        {"rule", "RULE", "the rule's id, as the report names it; required", &rule},
        {"useful", NULL, "what it said was worth being told", &useful},
        {"not-useful", NULL, "it was not", &not_useful},
        {"by", "NAME", "who says so; $USER when not given", &by},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck feedback",
        .synopsis = "CHANGE --rule RULE --useful|--not-useful",
        .about = "Marks what a rule said of a change as useful or not.  A second mark "
                 "of the same reader takes the place of the first.  `aftercheck rules "
                 "backtest --against feedback` prints each rule's precision by these "
                 "marks.",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    if (first != argc - 1)
        err_set(&err, 0, "takes the id of one change; see --help");
    else if (rule == NULL)
        err_set(&err, 0, "--rule is missing");
    else if (useful == not_useful)
        err_set(&err, 0, "takes either --useful or --not-useful");
    if (err.text[0] != '\0')
        return cmd_fail("feedback", EXIT_USAGE, &err);
    OWNED_BUF body = {0};
    struct jsonw w = {.to = &body};
    jsonw_open(&w, NULL);
    jsonw_text(&w, "rule", rule);
    jsonw_bool(&w, "useful", useful != 0);
    const char *who = cmd_author(by);
    if (who != NULL)
        jsonw_text(&w, "by", who);
    jsonw_close(&w);
    return post(server, argv[first], &body, &err) == 0
               ? 0
               : cmd_fail("feedback", EXIT_REFUSED, &err);
}
