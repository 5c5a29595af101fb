/* programs/aftercheck.c - the command for people and scripts: a table of subcommands.
 */
#include "base/version.h"
#include "programs/cmd.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"post", cmd_post, "post a change event; prints its change_id"},
    {"gate", cmd_gate, "wait for a change's verdict and exit with its grade"},
    {"report", cmd_report, "print a change health report"},
    {"run", cmd_run, "run a command as a change: posts its start and its end"},
    {"send", cmd_send, "send alarms, calls, results of tests, metrics"},
    {"changes", cmd_changes, "list changes and their grades"},
    {"mute", cmd_mute, "mute known findings for a time, list mutes, end one"},
    {"rules", cmd_rules, "check, tidy and show rules"},
    {"feedback", cmd_feedback, "mark what a rule said of a change as useful or not"},
    {"replay", cmd_replay, "judge recorded data offline, on the data's own clock"},
    {"demo", cmd_demo, "make a real change on this machine and see it judged"},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static void usage(FILE *to)
{
    fputs("usage: aftercheck COMMAND [OPTIONS]\n\n"
          "A checkup after every change: what got worse, on which hosts, with "
          "numbers.\n\n",
          to);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(to, "  %-8s  %s\n", commands[i].name, commands[i].help);
    fputs("\n`aftercheck COMMAND --help` says more.\n", to);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        usage(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("aftercheck " AFTERCHECK_VERSION);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr,
            "aftercheck: there is no command '%s'; `aftercheck --help` lists them\n",
            argv[1]);
    return EXIT_USAGE;
}
