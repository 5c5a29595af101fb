/* programs/cmd_changes.c - `aftercheck changes`: the latest changes as a table. */
#include "programs/cmd.h"

#include "base/json.h"
#include "base/opt.h"
#include "programs/term.h"

#include <stdio.h>
#include <string.h>

static const char *text_of(const struct json_at *obj, const char *key)
{
    struct json_at at;
    const char *text;
    return json_member(obj, key, &at) && json_text(&at, &text, NULL) == 0 ? text : "-";
}

static void print_row(const struct json_at *row)
{
    char grade[48];
    struct json_at at;
    bool final = false;
    enum grade g = grade_of(text_of(row, "grade"));
    if (json_member(row, "final", &at))
        json_bool(&at, &final, NULL);
    const char *shown = g < GRADE_N ? term_grade(g, grade) : "-";
    size_t width = g < GRADE_N ? strlen(grade_name(g)) : 1;
    printf("%-24s  %s%s%*s  %-13s  %-16s  %s  %s\n", text_of(row, "started_at"), shown,
           final ? "" : "*", (int)(12 - width - !final), "", text_of(row, "kind"),
           text_of(row, "service"), text_of(row, "change_id"), text_of(row, "title"));
}

static void add_filter(struct buf *path, const char *name, const char *value)
{
    if (value == NULL)
        return;
    buf_addf(path, "&%s=", name);
    url_quote(path, value);
}

static int print_rows(const struct buf *body, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(body), body->len, err);
    if (doc == NULL)
        return -1;
    struct json_at list = json_root(doc);
    size_t n = json_count(&list);
    for (size_t i = 0; i < n; i++) {
        struct json_at row = json_item(&list, i);
        print_row(&row);
    }
    if (n == 0)
        fputs("no changes\n", stderr);
    return 0;
}

int cmd_changes(int argc, char **argv)
{
    const char *server = NULL, *since = NULL, *grade = NULL, *service = NULL;
    const char *limit = "50";
    int json = 0;
    const struct opt opts[] = {
        {"since", "TIME", "RFC 3339, or how far back, such as 24h", &since},
        {"grade", "GRADE", "only ok, attention, must-handle or not-judged", &grade},
        {"service", "NAME", "only changes of this service", &service},
        {"limit", "N", "how many, 1 to 500; 50 when not given", &limit},
        {"json", NULL, "print the service's JSON", &json},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck changes",
        .synopsis = "",
        .about = "Lists changes, newest first: start, grade (* : not final yet), kind, "
                 "service, change_id, title.",
        .opts = opts,
    };
    struct err err = {0};
    if (opt_parse(&program, argc, argv) != argc) {
        err_set(&err, 0, "takes no operands; see --help");
        return cmd_fail("changes", EXIT_USAGE, &err);
    }
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return EXIT_USAGE;
    OWNED_BUF path = {0}, body = {0};
    buf_add(&path, "/v1/changes?limit=");
    url_quote(&path, limit);
    add_filter(&path, "since", since);
    add_filter(&path, "grade", grade);
    add_filter(&path, "service", service);
    struct httpc_ask ask = {.method = "GET", .path = buf_text(&path)};
    int rc = cmd_call(c, &ask, NULL, &body, &err);
    httpc_free(&c);
    if (rc == 0 && json)
        printf("%s\n", buf_text(&body));
    else if (rc == 0)
        rc = print_rows(&body, &err);
    return rc == 0 ? 0 : cmd_fail("changes", EXIT_REFUSED, &err);
}
