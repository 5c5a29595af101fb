/* tests of programs/coredump/sandbox */
#include "programs/coredump/sandbox.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool refused(long rc)
{
    return rc < 0 && errno == EPERM;
}

static char aside[300];

/* One thing that a captured process would like to do; true when it could not. */
static bool no_network(void)
{
    return refused(socket(AF_INET, SOCK_STREAM, 0)) &&
           refused(socket(AF_UNIX, SOCK_STREAM, 0));
}
static bool no_writing(void)
{
    return refused(open(aside, O_WRONLY)) && refused(open(aside, O_RDWR)) &&
           refused(open(aside, O_RDONLY | O_CREAT | O_TRUNC, 0600)) &&
           refused(unlink(aside)) && refused(rename(aside, "/tmp/x"));
}
static bool no_processes(void)
{
    char *const none[] = {NULL};
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    return refused(pid) && refused(execve("/bin/true", none, none)) &&
           refused(kill(getppid(), 0)) &&
           refused(ptrace(PTRACE_ATTACH, getppid(), 0, 0));
}
static bool no_code(void)
{
    void *p =
        mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED && errno == EPERM;
}
static bool no_root(void)
{
    return geteuid() != 0 && refused(setuid(0)) && refused(chroot("/"));
}
static bool reading(void)
{
    char text[16];
    int fd = open(aside, O_RDONLY);
    ssize_t n = read(fd, text, sizeof text);
    void *room = malloc(1 << 20);
    bool good = fd >= 0 && n == 5 && room != NULL;
    free(room);
    close(fd);
    return good;
}

static void in_sandbox(bool (*what)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox s = {.root = -1, .cpu_s = 5, .memory = 1 << 30};
        if (sandbox_enter(&s, NULL) < 0)
            _exit(2);
        _exit(what() ? 0 : 1);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK_INT(WIFSIGNALED(status) ? WTERMSIG(status) : 0, 0);
    CHECK_INT(WEXITSTATUS(status), 0);
}

TEST(in_the_sandbox_files_can_be_read_and_nothing_else_be_done)
{
    strcpy(aside, "/tmp/aftercheck-sandbox-XXXXXX");
    int fd = mkstemp(aside);
    CHECK(fd >= 0 && write(fd, "hello", 5) == 5 && fchmod(fd, 0644) == 0);
    close(fd);
    in_sandbox(reading);
    in_sandbox(no_network);
    in_sandbox(no_writing);
    in_sandbox(no_processes);
    in_sandbox(no_code);
    if (geteuid() == 0)
        in_sandbox(no_root);
    CHECK_INT(unlink(aside), 0);
}

TEST(a_busy_loop_ends_when_its_time_is_over)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        struct sandbox s = {.root = -1, .cpu_s = 1, .memory = 1 << 30};
        if (sandbox_enter(&s, NULL) < 0)
            _exit(2);
        for (volatile unsigned i = 0;; i++)
            ;
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFSIGNALED(status));
    CHECK(WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU);
}
