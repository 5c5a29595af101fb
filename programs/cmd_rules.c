/* programs/cmd_rules.c - `aftercheck rules`: a table of its subcommands. */
#include "programs/cmd_rules.h"
#include "programs/cmd.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"lint", cmd_rules_lint, "check rule files: all mistakes and doubts in one run"},
    {"test", cmd_rules_test, "run the tests that stand beside rules"},
    {"fmt", cmd_rules_fmt, "put rule files into their usual form"},
    {"new", cmd_rules_new, "print a small rule file to start from"},
    {"schema", cmd_rules_schema, "print the language for editors and manuals"},
    {"backtest", cmd_rules_backtest,
     "what these rules would have said of past changes"},
    {"explain", cmd_rules_explain, "every number that led to what a rule said"},
    {"show", cmd_rules_show, "the rules in force for a service, and whence each value"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void usage(FILE *to)
{
    fputs("usage: aftercheck rules COMMAND [OPTIONS]\n\n", to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-9s  %s\n", commands[i].name, commands[i].help);
    fputs("\n`aftercheck rules COMMAND --help` says more.\n", to);
}

int cmd_rules(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        usage(stdout);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr,
            "aftercheck rules: there is no command '%s'; `aftercheck rules --help` "
            "lists them\n",
            argv[1]);
    return EXIT_USAGE;
}
