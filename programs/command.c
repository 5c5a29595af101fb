/* programs/command.c - fork, exec and passing signals on.
 *
 * Signals are blocked throughout and taken with sigwaitinfo, so none is lost between
 * two looks and no handler runs.  One thread. */
#include "programs/command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_NOT_FOUND = 127, EXIT_NOT_RUN = 126, SIGNAL_BASE = 128 };

static const int passed_on[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
static const int stopping[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
static sigset_t before; /* the mask that commands get */
static bool holding;

static void set_of(const int *list, size_t n, sigset_t *ret)
{
    sigemptyset(ret);
    for (size_t i = 0; i < n; i++)
        sigaddset(ret, list[i]);
}

void command_hold_signals(void)
{
    sigset_t held;
    if (holding)
        return; /* else `before` would become the mask of now */
    holding = true;
    set_of(passed_on, sizeof passed_on / sizeof *passed_on, &held);
    sigaddset(&held, SIGCHLD);
    signal(SIGCHLD, SIG_DFL); /* ignored, it would take the exit code away */
    sigprocmask(SIG_BLOCK, &held, &before);
}

static _Noreturn void become(char *const argv[], int report)
{
    sigprocmask(SIG_SETMASK, &before, NULL);
    execvp(argv[0], argv);
    int why = errno;
    if (write(report, &why, sizeof why) < 0)
        why = EIO; /* nobody is left to hear of it */
    _exit(why == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN);
}

/* 0 once the command runs in the child; else why it does not. */
static int start_errno(int report)
{
    int why = 0;
    ssize_t n;
    do
        n = read(report, &why, sizeof why);
    while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof why ? why : 0;
}

static bool is_stopping(int sig)
{
    for (size_t i = 0; i < sizeof stopping / sizeof *stopping; i++)
        if (stopping[i] == sig)
            return true;
    return false;
}

/* Passes signals on until the child has ended. */
static int wait_for(pid_t pid, struct command_end *ret)
{
    sigset_t held;
    set_of(passed_on, sizeof passed_on / sizeof *passed_on, &held);
    sigaddset(&held, SIGCHLD);
    for (;;) {
        int status;
        siginfo_t info;
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended < 0 && errno != EINTR)
            return -1;
        if (ended == pid) {
            ret->exit_code = WIFSIGNALED(status) ? SIGNAL_BASE + WTERMSIG(status)
                                                 : WEXITSTATUS(status);
            return 0;
        }
        int sig = sigwaitinfo(&held, &info);
        if (sig < 0 || sig == SIGCHLD)
            continue;
        if (is_stopping(sig))
            ret->stop_signal = sig;
        if (info.si_code != SI_KERNEL) /* the terminal tells the whole group itself */
            kill(pid, sig);
    }
}

int command_run(char *const argv[], struct command_end *ret, struct err *err)
{
    int report[2];
    *ret = (struct command_end){.exit_code = EXIT_NOT_RUN};
    if (pipe2(report, O_CLOEXEC) < 0)
        return err_sys(err, errno, "%s cannot be started", argv[0]);
    pid_t pid = fork();
    if (pid == 0)
        become(argv, report[1]);
    int why = pid < 0 ? errno : 0;
    close(report[1]);
    if (why == 0)
        why = start_errno(report[0]);
    close(report[0]);
    if (pid > 0 && wait_for(pid, ret) < 0)
        return err_sys(err, errno, "the end of %s is not known", argv[0]);
    if (why != 0) {
        ret->exit_code = why == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
        return err_sys(err, why, "%s cannot be started", argv[0]);
    }
    ret->started = true;
    return 0;
}

int command_stop_signal(void)
{
    sigset_t set;
    set_of(stopping, sizeof stopping / sizeof *stopping, &set);
    int sig = sigtimedwait(&set, NULL, &(struct timespec){0});
    return sig > 0 ? sig : 0;
}
