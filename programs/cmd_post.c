/* programs/cmd_post.c - `aftercheck post`: a change event from a file or from flags.
 * The service checks it, so that there is one set of rules and one wording. */
#include "programs/cmd.h"

#include "base/json.h"
#include "base/opt.h"
#include "programs/event_form.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int event_from_file(const char *path, struct buf *to, struct err *err)
{
    FILE *f = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (f == NULL)
        return err_sys(err, errno, "%s cannot be read", path);
    char part[8192];
    size_t n;
    while ((n = fread(part, 1, sizeof part, f)) > 0)
        buf_add_n(to, part, n);
    int rc = ferror(f) ? err_sys(err, errno, "%s cannot be read", path) : buf_done(to);
    if (f != stdin)
        fclose(f);
    return rc;
}

static int print_change_id(const struct buf *answer, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(answer), answer->len, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at;
    const char *id;
    json_member(&root, "change_id", &at);
    if (json_text(&at, &id, err) < 0)
        return -1;
    puts(id);
    return 0;
}

int cmd_post(int argc, char **argv)
{
    struct event_form f = {.program = "aftercheck-post"};
    const char *server = NULL;
    const struct opt opts[] = {
        EVENT_FORM_OPTS(&f),
        {"phase", "PHASE",
         "started, batch_finished, finished (the default) or cancelled", &f.phase},
        {"batch", "NO/OF", "which batch this is, such as 1/4", &f.batch},
        {"time", "TIME", "when it happened, RFC 3339; now when not given", &f.time},
        {"id", "ID", "the event's id; with the source it makes a repeat harmless",
         &f.id},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck post",
        .synopsis = "[FILE]",
        .about =
            "Posts a change event: the JSON in FILE (- is standard input), or one made "
            "from the flags. Prints its change_id.",
        .more = "Exit: 0 accepted or known already, 1 refused, 2 wrong usage.\n"
                "Example: aftercheck post --kind release --service pay --hosts h1,h2 "
                "--from 2.4.1 --to 2.5.0",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    OWNED_BUF event = {0}, answer = {0};
    int rc = first < argc ? event_from_file(argv[first], &event, &err)
                          : event_form_write(&f, &event, &err);
    if (rc < 0)
        return cmd_fail("post", EXIT_USAGE, &err);
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return EXIT_USAGE;
    rc = event_post(c, event.data, event.len, NULL, &answer, &err);
    if (rc == 0)
        rc = print_change_id(&answer, &err);
    httpc_free(&c);
    return rc == 0 ? 0 : cmd_fail("post", EXIT_REFUSED, &err);
}
