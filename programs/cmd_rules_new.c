/* programs/cmd_rules_new.c - `aftercheck rules new`: files of rules and of tests to
 * start from. */
#include "base/opt.h"
#include "programs/cmd.h"
#include "programs/cmd_rules.h"
#include "rules/sample.h"

#include <stdio.h>

int cmd_rules_new(int argc, char **argv)
{
    int test = 0;
    const struct opt opts[] = {
        {"test", NULL, "Prints the tests of those rules instead.", &test}, {0}};
    const struct opt_program program = {
        .name = "aftercheck rules new",
        .synopsis = "",
        .about = "Prints a small, valid rule file with comments, to start from:\n"
                 "aftercheck rules new > my-service.yml\n"
                 "aftercheck rules new --test > my-service_test.yml\n"
                 "aftercheck rules test my-service.yml",
        .opts = opts,
    };
    if (opt_parse(&program, argc, argv) != argc) {
        struct err err = {0};
        err_set(&err, 0, "it takes no operand; see --help");
        return cmd_fail("rules new", EXIT_USAGE, &err);
    }
    fputs(test ? sample_test_text : sample_text, stdout);
    return 0;
}
