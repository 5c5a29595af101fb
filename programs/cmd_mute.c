/* programs/cmd_mute.c - `aftercheck mute add|list|end`: known findings, muted for a
 * time.  The service checks them, so that there is one set of rules and one wording. */
#include "programs/cmd.h"

#include "base/json.h"
#include "base/jsonw.h"
#include "base/opt.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char json_type[] = "application/json";

/* --- what they share --- */

static int call(const char *server, const struct httpc_ask *ask, struct buf *answer,
                struct err *err)
{
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return err_set(err, EINVAL, "no service to ask");
    int rc = cmd_call(c, ask, NULL, answer, err);
    httpc_free(&c);
    return rc;
}

static int post(const char *server, const char *path, const struct buf *body,
                struct buf *answer, struct err *err)
{
    struct httpc_ask ask = {.method = "POST",
                            .path = path,
                            .type = json_type,
                            .body = buf_text(body),
                            .n = body->len};
    if (buf_done(body) < 0)
        return err_set(err, ENOMEM, "out of memory");
    return call(server, &ask, answer, err);
}

static void text_if(struct jsonw *w, const char *key, const char *value)
{
    if (value != NULL)
        jsonw_text(w, key, value);
}

static const char *text_of(const struct json_at *obj, const char *key)
{
    struct json_at at;
    const char *text;
    return json_member(obj, key, &at) && json_text(&at, &text, NULL) == 0 ? text : NULL;
}

/* "rule disk.*, host h1" */
static void say_matcher(const struct json_at *mute, struct buf *to)
{
    static const char *const keys[] = {"rule", "service", "host", "metric", "kind"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *text = text_of(mute, keys[i]);
        if (text != NULL)
            buf_addf(to, "%s%s %s", to->len > 0 ? ", " : "", keys[i], text);
    }
}

/* --- add --- */

static int print_id(const struct buf *answer, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(answer), answer->len, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at;
    const char *id;
    json_member(&root, "id", &at);
    if (json_text(&at, &id, err) < 0)
        return -1;
    puts(id);
    return 0;
}

struct add {
    const char *server, *rule, *service, *host, *metric, *kind, *from, *until, *reason,
        *who;
};

static int add(const struct add *a, struct err *err)
{
    OWNED_BUF body = {0}, answer = {0};
    struct jsonw w = {.to = &body};
    jsonw_open(&w, NULL);
    text_if(&w, "rule", a->rule);
    text_if(&w, "service", a->service);
    text_if(&w, "host", a->host);
    text_if(&w, "metric", a->metric);
    text_if(&w, "kind", a->kind);
    text_if(&w, "author", cmd_author(a->who));
    text_if(&w, "reason", a->reason);
    text_if(&w, "from", a->from);
    text_if(&w, "until", a->until);
    jsonw_close(&w);
    if (post(a->server, "/v1/mutes", &body, &answer, err) < 0)
        return -1;
    return print_id(&answer, err);
}

static int mute_add(int argc, char **argv)
{
    struct add a = {0};
    struct err err = {0};
    const struct opt opts[] = {
        {"rule", "GLOB", "the rule's id; '*' stands for any run, '?' for one character",
         &a.rule},
        {"service", "GLOB", "the finding's service", &a.service},
        {"host", "GLOB", "its host; of one about several hosts all must match",
         &a.host},
        {"metric", "GLOB", "its metric", &a.metric},
        {"kind", "KIND", "the change's kind, such as release", &a.kind},
        {"until", "TIME", "the end: RFC 3339, or after how long, such as 2h; required",
         &a.until},
        {"from", "TIME", "the begin: RFC 3339; now when not given", &a.from},
        {"reason", "TEXT", "why, for readers of reports; required", &a.reason},
        {"author", "NAME", "who mutes it; $USER when not given", &a.who},
        CMD_SERVER_OPT(&a.server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck mute add",
        .synopsis = "",
        .about = "Mutes known findings for a time of at most 90 days, and prints the "
                 "mute's id.  Findings that all given globs match stay in reports with "
                 "their grade, marked as muted; they no longer count for the grade of "
                 "the change.  Open changes are judged anew at once.",
        .more = "Example:\n"
                "  aftercheck mute add --rule 'disk.*' --host db-3 --until 8h \\\n"
                "    --reason 'disk is being replaced'",
        .opts = opts,
    };
    if (opt_parse(&program, argc, argv) != argc) {
        err_set(&err, 0, "takes no operands; see --help");
        return cmd_fail("mute add", EXIT_USAGE, &err);
    }
    return add(&a, &err) == 0 ? 0 : cmd_fail("mute add", EXIT_REFUSED, &err);
}

/* --- list --- */

static const char *state_of(const struct json_at *mute, instant now)
{
    instant from = INSTANT_NONE, until = INSTANT_FAR;
    const char *begins = text_of(mute, "from"), *ends = text_of(mute, "until");
    if (text_of(mute, "ended_at") != NULL)
        return "ended";
    if (begins != NULL)
        instant_parse(begins, &from, NULL);
    if (ends != NULL)
        instant_parse(ends, &until, NULL);
    return until.ms <= now.ms ? "over" : from.ms > now.ms ? "to come" : "in force";
}

static void print_row(const struct json_at *mute, instant now)
{
    OWNED_BUF what = {0};
    const char *id = text_of(mute, "id"), *until = text_of(mute, "until"),
               *who = text_of(mute, "author"), *reason = text_of(mute, "reason"),
               *by = text_of(mute, "ended_by"), *at = text_of(mute, "ended_at");
    say_matcher(mute, &what);
    printf("%-13s  %-8s  until %-24s  by %-12s  %s: %s", id != NULL ? id : "-",
           state_of(mute, now), until != NULL ? until : "-", who != NULL ? who : "-",
           buf_text(&what), reason != NULL ? reason : "-");
    if (at != NULL)
        printf(" (ended %s by %s)", at, by != NULL ? by : "-");
    putchar('\n');
}

static int print_rows(const struct buf *answer, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(answer), answer->len, err);
    if (doc == NULL)
        return -1;
    struct json_at list = json_root(doc);
    size_t n = json_count(&list);
    for (size_t i = 0; i < n; i++) {
        struct json_at mute = json_item(&list, i);
        print_row(&mute, instant_now());
    }
    if (n == 0)
        fputs("no mutes\n", stderr);
    return 0;
}

static int mute_list(int argc, char **argv)
{
    const char *server = NULL;
    int all = 0, json = 0;
    struct err err = {0};
    OWNED_BUF answer = {0};
    const struct opt opts[] = {
        {"all", NULL, "also those that are over, were ended, or are to come", &all},
        {"json", NULL, "print the service's JSON", &json},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck mute list",
        .synopsis = "",
        .about = "Lists the mutes that are in force, the last to end first: id, state, "
                 "end, author, what is muted and why.",
        .opts = opts,
    };
    if (opt_parse(&program, argc, argv) != argc) {
        err_set(&err, 0, "takes no operands; see --help");
        return cmd_fail("mute list", EXIT_USAGE, &err);
    }
    struct httpc_ask ask = {.method = "GET",
                            .path = all ? "/v1/mutes" : "/v1/mutes?active=true"};
    int rc = call(server, &ask, &answer, &err);
    if (rc == 0 && json)
        fputs(buf_text(&answer), stdout);
    else if (rc == 0)
        rc = print_rows(&answer, &err);
    return rc == 0 ? 0 : cmd_fail("mute list", EXIT_REFUSED, &err);
}

/* --- end --- */

static int end(const char *server, const char *id, const char *who, struct err *err)
{
    OWNED_BUF path = {0}, body = {0}, answer = {0};
    struct jsonw w = {.to = &body};
    buf_add(&path, "/v1/mutes/");
    url_quote(&path, id);
    buf_add(&path, "/end");
    jsonw_open(&w, NULL);
    text_if(&w, "by", cmd_author(who));
    jsonw_close(&w);
    return post(server, buf_text(&path), &body, &answer, err);
}

static int mute_end_early(int argc, char **argv)
{
    const char *server = NULL, *who = NULL;
    struct err err = {0};
    const struct opt opts[] = {
        {"author", "NAME", "who ends it; $USER when not given", &who},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck mute end",
        .synopsis = "ID...",
        .about =
            "Ends mutes before their time.  They are kept, with who ended them and "
            "when.  Open changes are judged anew at once.",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    if (first == argc) {
        err_set(&err, 0, "takes the id of a mute; `aftercheck mute list` shows them");
        return cmd_fail("mute end", EXIT_USAGE, &err);
    }
    int code = 0;
    for (int i = first; i < argc; i++) {
        err = (struct err){0};
        if (end(server, argv[i], who, &err) < 0)
            code = cmd_fail("mute end", EXIT_REFUSED, &err);
    }
    return code;
}

/* --- the command --- */

static const struct {
    const char *name, *help;
    int (*run)(int argc, char **argv);
} actions[] = {
    {"add", "mute known findings for a time", mute_add},
    {"list", "list mutes", mute_list},
    {"end", "end a mute early", mute_end_early},
};
enum { ACTIONS = sizeof actions / sizeof *actions };

static void usage(FILE *to)
{
    fputs("usage: aftercheck mute add|list|end [OPTIONS]\n\n"
          "Known findings, muted for a time: they stay in reports, marked as muted, "
          "and\nno longer count for the grade of a change.\n\n",
          to);
    for (size_t i = 0; i < ACTIONS; i++)
        fprintf(to, "  %-4s  %s\n", actions[i].name, actions[i].help);
    fputs("\n`aftercheck mute add --help` says more.\n", to);
}

int cmd_mute(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < ACTIONS; i++)
        if (strcmp(actions[i].name, argv[1]) == 0)
            return actions[i].run(argc - 1, argv + 1);
    fprintf(stderr, "aftercheck mute: '%s' is none of add, list and end\n", argv[1]);
    return EXIT_USAGE;
}
