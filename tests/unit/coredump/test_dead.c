/* tests of programs/coredump/dead */
#include "programs/coredump/dead.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void is_unit(const char *cgroup, const char *want)
{
    char out[NAME_BYTES_MAX + 1];
    CHECK_TEXT(dead_unit(cgroup, out), want);
}

TEST(a_unit_is_the_innermost_service_of_a_cgroup)
{
    is_unit("0::/system.slice/pay.service\n", "pay.service");
    is_unit("0::/system.slice/system-pay.slice/pay@3.service/worker\n",
            "pay@3.service");
    is_unit("0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n",
            "x.service");
    is_unit("12:pids:/system.slice/a.service\n1:name=systemd:/system.slice/a.service\n",
            "a.service");
    is_unit("0::/user.slice/user-0.slice/session-1.scope\n", "");
    is_unit("0::/system.slice/.service", "");
    is_unit("0::/system.slice/a\x01.service", "");
    is_unit("", "");
    char long_one[400];
    memset(long_one, 'a', sizeof long_one);
    strcpy(long_one + 300, ".service");
    is_unit(long_one, "");
}

static void is_service(const char *unit, const char *want)
{
    char out[NAME_BYTES_MAX + 1];
    CHECK_TEXT(dead_service(unit, out), want);
}

TEST(a_service_is_called_as_its_unit_without_instance)
{
    is_service("pay.service", "pay");
    is_service("pay@3.service", "pay");
    is_service("@3.service", "@3");
    is_service("session-1.scope", "");
    is_service("", "");
}

TEST(a_process_says_who_it_is)
{
    struct dead d;
    struct err err = {0};
    char own[1024];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    CHECK(n > 0);
    own[n] = '\0';
    CHECK_INT(dead_open("/proc", getpid(), &d, &err), 0);
    CHECK_TEXT(d.exe, own);
    CHECK(d.has_user && d.uid == getuid() && d.gid == getgid());
    CHECK(d.has_auxv && d.n_auxv >= 32 && d.n_auxv % 16 == 0);
    CHECK(d.memory >= 0 && d.exe_fd >= 0 && d.root >= 0);
    dead_close(&d);
    CHECK(d.memory == -1 && d.exe_fd == -1 && d.root == -1);
}

TEST(of_a_process_that_is_gone_nothing_is_known)
{
    struct dead d;
    struct err err = {0};
    CHECK_INT(dead_open("/proc", 1L << 40, &d, &err), -1);
    CHECK_TEXT(d.exe, "");
    CHECK(d.memory == -1 && !d.has_user && !d.has_auxv);
}

static void write_at(const char *name, const char *text)
{
    char path[400];
    snprintf(path, sizeof path, "%s/77/%s", test_dir(), name);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fputs(text, f) >= 0);
    fclose(f);
}

TEST(what_cannot_be_had_is_left_empty)
{
    char command[400];
    struct dead d;
    snprintf(command, sizeof command,
             "mkdir %s/77 && ln -s '/srv/pay (deleted)' %s/77/exe", test_dir(),
             test_dir());
    CHECK_INT(system(command), 0);
    write_at("status", "Name:\tpay\nUid:\t33\t33\t33\t33\nGid:\tx\n");
    CHECK_INT(dead_open(test_dir(), 77, &d, NULL), 0);
    CHECK_TEXT(d.exe, "/srv/pay");
    CHECK_TEXT(d.unit, "");
    CHECK(!d.has_user && !d.has_auxv && d.memory == -1 && d.root == -1);
    dead_close(&d);
    snprintf(command, sizeof command, "rm %s/77/exe", test_dir());
    CHECK_INT(system(command), 0);
    write_at("comm", "pay worker\n");
    CHECK_INT(dead_open(test_dir(), 77, &d, NULL), 0);
    CHECK_TEXT(d.exe, "pay worker");
    dead_close(&d);
}
