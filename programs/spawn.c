/* programs/spawn.c - starting and stopping programs.  Called from one thread. */
#include "programs/spawn.h"

#include "base/instant.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void become(char *const argv[], const char *log, pid_t parent)
{
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    int none = open("/dev/null", O_RDONLY);
    sigset_t all_open;
    sigemptyset(&all_open);
    sigprocmask(SIG_SETMASK, &all_open, NULL);
    signal(SIGPIPE, SIG_DFL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent) /* it died before the line above */
        _exit(127);
    setpgid(
        0, 0); /* the terminal's Ctrl-C is for the demo, which then stops us in order */
    if (fd < 0 || none < 0 || dup2(none, 0) < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
        _exit(127);
    execvp(argv[0], argv);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

int spawn_start(struct spawned *c, const char *name, char *const argv[],
                const char *log, struct err *err)
{
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        return err_sys(err, errno, "%s cannot be started", name);
    if (pid == 0)
        become(argv, log, parent);
    *c = (struct spawned){.pid = pid, .name = name};
    return 0;
}

int spawn_check(struct spawned *c, struct err *err)
{
    int status;
    if (c->pid == 0 || waitpid(c->pid, &status, WNOHANG) == 0)
        return 0;
    c->pid = 0;
    c->exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    if (WIFSIGNALED(status))
        return err_set(err, ECHILD, "%s was ended by signal %d", c->name,
                       WTERMSIG(status));
    return err_set(err, ECHILD, "%s ended with exit code %d", c->name,
                   WEXITSTATUS(status));
}

void spawn_stop(struct spawned *c, int grace_ms)
{
    if (c->pid == 0)
        return;
    kill(c->pid, SIGTERM);
    int64_t until = monotonic_ms() + grace_ms;
    while (c->pid != 0 && spawn_check(c, NULL) == 0 && monotonic_ms() < until)
        poll(NULL, 0, 20);
    if (c->pid != 0) {
        kill(c->pid, SIGKILL);
        waitpid(c->pid, NULL, 0);
    }
    c->pid = 0;
}
