/* programs/cmd_report.c - `aftercheck report`: a change health report as the service
 * writes it. */
#include "programs/cmd.h"

#include "base/opt.h"
#include "notifier/language.h"

#include <stdio.h>
#include <string.h>

static const char *const formats[] = {"text", "html", "json", "eml"};

static bool known(const char *format)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(format, formats[i]) == 0)
            return true;
    return false;
}

int cmd_report(int argc, char **argv)
{
    const char *server = NULL, *format = "text", *language = "en", *to = NULL;
    int dry_run = 0;
    const struct opt opts[] = {
        {"format", "FORMAT", "text (the default), html, json or eml", &format},
        {"language", "LANGUAGE", "en (the default) or zh", &language},
        {"to", "X",
         "With --dry-run: an audience or an address of the routing; all of them when "
         "not given.",
         &to},
        {"dry-run", NULL,
         "Prints no report but who would get it now, in which envelope, and why; "
         "sends nothing.",
         &dry_run},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck report",
        .synopsis = "CHANGE",
        .about = "Prints the change's current health report, or, with --dry-run, to "
                 "whom it would be sent.",
        .more = "Exit: 0 printed, 1 there is none, 2 wrong usage.",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    if (first + 1 != argc) {
        err_set(&err, 0, "name one change; see --help");
        return cmd_fail("report", EXIT_USAGE, &err);
    }
    if (!known(format)) {
        err_set(&err, 0, "--format: '%s' is not text, html, json or eml", format);
        return cmd_fail("report", EXIT_USAGE, &err);
    }
    if (language_of(language) == LANGUAGE_N)
        err_set(&err, 0, "--language: '%s' is not en or zh", language);
    else if (to != NULL && !dry_run)
        err_set(&err, 0,
                "--to goes with --dry-run: reports are sent by the service, "
                "as its routing says");
    else if (dry_run && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
        err_set(&err, 0, "--dry-run prints text or json, not %s", format);
    if (err.text[0] != '\0')
        return cmd_fail("report", EXIT_USAGE, &err);
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return EXIT_USAGE;
    OWNED_BUF path = {0}, body = {0};
    buf_add(&path, "/v1/changes/");
    url_quote(&path, argv[first]);
    buf_addf(&path, "/%s?format=%s&language=%s", dry_run ? "envelope" : "report",
             format, language);
    if (to != NULL) {
        buf_add(&path, "&to=");
        url_quote(&path, to);
    }
    struct httpc_ask ask = {.method = "GET", .path = buf_text(&path)};
    int rc = cmd_call(c, &ask, NULL, &body, &err);
    httpc_free(&c);
    if (rc < 0)
        return cmd_fail("report", EXIT_REFUSED, &err);
    fwrite(buf_text(&body), 1, body.len, stdout);
    return 0;
}
