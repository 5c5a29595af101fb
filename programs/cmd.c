/* programs/cmd.c - what the subcommands share: reaching the service and saying what
 * went wrong.  One thread. */
#include "programs/cmd.h"

#include "base/json.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

const char *cmd_server(const char *server)
{
    const char *url = server != NULL ? server : getenv("AFTERCHECK_URL");
    return url != NULL ? url : "http://127.0.0.1:8190";
}

struct httpc *cmd_connect(const char *server)
{
    struct err err = {0};
    struct httpc *c = httpc_new(cmd_server(server), &err);
    if (c == NULL)
        fprintf(stderr, "aftercheck: %s\n", err.text);
    return c;
}

const char *cmd_author(const char *given)
{
    const char *user = getenv("USER");
    if (given != NULL)
        return given;
    if (user != NULL && *user != '\0')
        return user;
    const struct passwd *who = getpwuid(geteuid());
    return who != NULL ? who->pw_name : NULL;
}

/* The service's own words out of {"error": "..."}. */
static void explain(const struct buf *body, unsigned status, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(body), body->len, NULL);
    const char *words;
    if (doc != NULL) {
        struct json_at root = json_root(doc), at;
        if (json_member(&root, "error", &at) && json_text(&at, &words, NULL) == 0) {
            err_set(err, EPROTO, "the service answered %u: %s", status, words);
            return;
        }
    }
    err_set(err, EPROTO, "the service answered %u", status);
}

int cmd_call(struct httpc *c, const struct httpc_ask *ask, unsigned *ret_status,
             struct buf *body, struct err *err)
{
    unsigned status = 0;
    buf_clear(body);
    int rc = httpc_call(c, ask, &status, body, err);
    if (ret_status != NULL)
        *ret_status = rc == 0 ? status : 0;
    if (rc < 0)
        return -1;
    if (status >= 300) {
        explain(body, status, err);
        return -1;
    }
    return 0;
}

int cmd_fail(const char *name, int code, const struct err *err)
{
    fprintf(stderr, "aftercheck %s: %s\n", name, err->text);
    return code;
}
