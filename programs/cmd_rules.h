/* programs/cmd_rules.h - the subcommands of `aftercheck rules`, one file each. */
#ifndef PROGRAMS_CMD_RULES_H
#define PROGRAMS_CMD_RULES_H

/* Each gets its own argv (argv[0] is its name) and gives the exit code. */
int cmd_rules_lint(int argc, char **argv);
int cmd_rules_fmt(int argc, char **argv);
int cmd_rules_new(int argc, char **argv);
int cmd_rules_schema(int argc, char **argv);
int cmd_rules_show(int argc, char **argv);
int cmd_rules_backtest(int argc, char **argv);
int cmd_rules_test(int argc, char **argv);
int cmd_rules_explain(int argc, char **argv);

#endif
