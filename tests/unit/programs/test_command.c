#include "programs/command.h"

#include "tests/test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static struct command_end run(const char *script)
{
    char sh[] = "sh", c[] = "-c", text[400];
    char *argv[] = {sh, c, text, NULL};
    struct command_end end;
    struct err err = {0};
    snprintf(text, sizeof text, "%s", script);
    command_hold_signals();
    CHECK_INT(command_run(argv, &end, &err), 0);
    return end;
}

TEST(the_commands_end_is_told)
{
    struct command_end end = run("exit 7");
    CHECK(end.started && end.exit_code == 7 && end.stop_signal == 0);
    end = run("kill -KILL $$");
    CHECK(end.started && end.exit_code == 128 + SIGKILL);
}

TEST(signals_to_us_reach_the_command)
{
    /* the command asks us for the signal once it is ready for it */
    struct command_end end = run("trap 'exit 9' TERM; kill -TERM $PPID; "
                                 "while :; do read x < /dev/null; done");
    CHECK_INT(end.exit_code, 9);
    CHECK_INT(end.stop_signal, SIGTERM);
    end = run("trap 'exit 8' USR1; kill -USR1 $PPID; "
              "while :; do read x < /dev/null; done");
    CHECK_INT(end.exit_code, 8);
    CHECK_INT(end.stop_signal, 0);
}

TEST(a_command_that_is_not_there_is_told)
{
    char name[] = "/no/such/command", *argv[] = {name, NULL};
    struct command_end end;
    struct err err = {0};
    command_hold_signals();
    CHECK_INT(command_run(argv, &end, &err), -1);
    CHECK(!end.started && end.exit_code == 127 && err.code == ENOENT);
    char folder[] = "/", *not_one[] = {folder, NULL};
    err = (struct err){0};
    CHECK_INT(command_run(not_one, &end, &err), -1);
    CHECK(!end.started && end.exit_code == 126 && err.code == EACCES);
}

TEST(signals_between_two_commands_are_kept)
{
    command_hold_signals();
    CHECK_INT(command_stop_signal(), 0);
    kill(getpid(), SIGTERM);
    CHECK_INT(command_stop_signal(), SIGTERM);
    CHECK_INT(command_stop_signal(), 0);
}
