/* programs/cmd_rules_schema.c - `aftercheck rules schema`: the language for editors and
 * manuals. */
#include "base/opt.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "rules/schema_text.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *of, *name;
    void (*write)(struct buf *to);
} formats[] = {
    {"rules", "json", schema_write_json},
    {"rules", "markdown", schema_write_markdown},
    {"rules", "man", schema_write_man},
    {"routing", "json", schema_write_routing_json},
    {"routing", "markdown", schema_write_routing_markdown},
    {"routing", "man", schema_write_routing_man},
};

int cmd_rules_schema(int argc, char **argv)
{
    const char *format = "json", *of = "rules";
    struct err err = {0};
    const struct opt opts[] = {
        {"format", "FORMAT", "json (a JSON Schema), markdown or man; json", &format},
        {"of", "FILES", "rules (the default) or routing", &of},
        {0}};
    const struct opt_program program = {
        .name = "aftercheck rules schema",
        .synopsis = "",
        .about = "Prints the language of rule files, or of routing files: as a JSON "
                 "Schema, with which an "
                 "editor completes and checks, or as a manual.",
        .opts = opts,
    };
    if (opt_parse(&program, argc, argv) != argc) {
        err_set(&err, 0, "it takes no operand; see --help");
        return cmd_fail("rules schema", EXIT_USAGE, &err);
    }
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, format) == 0 && strcmp(formats[i].of, of) == 0) {
            OWNED_BUF text = {0};
            formats[i].write(&text);
            if (buf_done(&text) < 0 || fputs(buf_text(&text), stdout) == EOF)
                return 1;
            return 0;
        }
    if (strcmp(of, "rules") != 0 && strcmp(of, "routing") != 0)
        err_set(&err, 0, "--of: '%s' is not rules or routing", of);
    else
        err_set(&err, 0, "--format: '%s' is not json, markdown or man", format);
    return cmd_fail("rules schema", EXIT_USAGE, &err);
}
