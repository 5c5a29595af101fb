/* Groups of processes, in folders that look like /proc. */
#include "collector/hostinfo/groups.h"

#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[500];

static void write_file(const char *name, const char *text, size_t n)
{
    char path[700];
    snprintf(path, sizeof path, "%s/proc/%s", root, name);
    FILE *f = fopen(path, "w");
    CHECK(f != NULL);
    CHECK(fwrite(text, 1, n, f) == n);
    CHECK(fclose(f) == 0);
}

static void make_dir(const char *name)
{
    char path[700];
    snprintf(path, sizeof path, "%s/%s", root, name);
    mkdir(path, 0700);
}

struct like {
    int pid, files;
    const char *command; /* its words, each ended by '\n' */
    const char *cgroup;
    long cpu, start, threads, resident, shared;
};

static void process(struct like p)
{
    char dir[100], name[160], text[600];
    snprintf(dir, sizeof dir, "proc/%d", p.pid);
    make_dir(dir);
    snprintf(name, sizeof name, "%d/stat", p.pid);
    int n = snprintf(text, sizeof text,
                     "%d (a ) b) S 1 1 1 0 -1 4194560 100 0 0 0 %ld %ld 0 0 20 0 %ld 0 "
                     "%ld 1000 500 1844674407370955\n",
                     p.pid, p.cpu / 2, p.cpu - p.cpu / 2, p.threads, p.start);
    write_file(name, text, (size_t)n);
    snprintf(name, sizeof name, "%d/statm", p.pid);
    n = snprintf(text, sizeof text, "9999 %ld %ld 10 0 20 0\n", p.resident, p.shared);
    write_file(name, text, (size_t)n);
    snprintf(name, sizeof name, "%d/cgroup", p.pid);
    write_file(name, p.cgroup, strlen(p.cgroup));
    snprintf(name, sizeof name, "%d/cmdline", p.pid);
    n = snprintf(text, sizeof text, "%s", p.command);
    for (int i = 0; i < n; i++)
        if (text[i] == '\n')
            text[i] = '\0';
    write_file(name, text, (size_t)n);
    snprintf(name, sizeof name, "proc/%d/fd", p.pid);
    make_dir(name);
    for (int i = 0; i < p.files; i++) {
        snprintf(name, sizeof name, "%d/fd/%d", p.pid, i);
        write_file(name, "", 0);
    }
}

static void end_process(int pid)
{
    char command[700];
    snprintf(command, sizeof command, "rm -r %s/proc/%d", root, pid);
    CHECK(system(command) == 0);
}

static void uptime(double s)
{
    char text[64];
    int n = snprintf(text, sizeof text, "%.2f 5.00\n", s);
    write_file("uptime", text, (size_t)n);
}

#define UNIT   "0::/system.slice/nginx.service\n"
#define NOBODY "0::/user.slice/user-0.slice/session-1.scope\n"

static struct groups *begin(void)
{
    struct err err = {0};
    snprintf(root, sizeof root, "%s", test_dir());
    make_dir("proc");
    write_file("stat", "cpu 1 2 3\n", 10);
    uptime(1000);
    struct groups *g = groups_new(root, &err);
    CHECK_TEXT(err.text, "");
    return g;
}

static int add(struct groups *g, const char *unit, const char *command,
               const char *program)
{
    struct group_spec spec = {unit, command, program, -1};
    int n = groups_add(g, &spec, NULL);
    CHECK(n >= 0);
    return n;
}

static struct group_figures pass(struct groups *g, int group, double seconds)
{
    struct err err = {0};
    CHECK_INT(groups_read(g, seconds, &err), 0);
    return groups_figures(g, group);
}

TEST(the_processes_of_a_unit_are_one_group)
{
    struct groups *g = begin();
    long page = sysconf(_SC_PAGESIZE), tick = sysconf(_SC_CLK_TCK);
    process((struct like){10, 5, "nginx: master\n", UNIT, 100, 50000, 1, 300, 200});
    process((struct like){11, 7, "nginx: worker\n", UNIT, 200, 50010, 2, 400, 220});
    process((struct like){12, 1, "bash\n", NOBODY, 900, 100, 1, 900, 1});
    int n = add(g, "nginx.*", NULL, NULL);
    struct group_figures f = pass(g, n, 0);
    CHECK(isnan(f.cpu));
    CHECK_NEAR(f.processes, 2, 0);
    CHECK_NEAR(f.threads, 3, 0);
    CHECK_NEAR(f.files, 12, 0);
    CHECK_NEAR(f.memory, (double)(100 + 180 + 220) * (double)page, 0);
    CHECK_NEAR(f.uptime_s, 1000 - 50000.0 / (double)tick, 1e-9);
    process((struct like){10, 5, "nginx: master\n", UNIT, 150, 50000, 1, 300, 200});
    process((struct like){11, 7, "nginx: worker\n", UNIT, 450, 50010, 2, 400, 220});
    uptime(1010);
    f = pass(g, n, 10);
    CHECK_NEAR(f.cpu, 100 * 300.0 / (double)tick / 10, 1e-9);
    CHECK_NEAR(f.restarts, 0, 0);
    groups_free(&g);
}

TEST(workers_that_come_and_go_are_no_restart_but_a_new_oldest_is)
{
    struct groups *g = begin();
    long tick = sysconf(_SC_CLK_TCK);
    int n = add(g, "nginx.service", NULL, NULL);
    process((struct like){10, 0, "nginx\n", UNIT, 100, 50000, 1, 3, 2});
    process((struct like){11, 0, "nginx\n", UNIT, 200, 50010, 1, 3, 2});
    pass(g, n, 0);
    end_process(11);
    uptime(1010);
    process((struct like){12, 0, "nginx\n", UNIT, 70, 1005 * tick, 1, 3, 2});
    struct group_figures f = pass(g, n, 10);
    CHECK_NEAR(f.restarts, 0, 0);
    CHECK_NEAR(f.cpu, 100 * 70.0 / (double)tick / 10, 1e-9); /* all it has used */
    end_process(10);
    end_process(12);
    uptime(1020);
    f = pass(g, n, 10);
    CHECK_NEAR(f.processes, 0, 0);
    CHECK_NEAR(f.restarts, 0, 0);
    CHECK(isnan(f.uptime_s));
    uptime(1030);
    process((struct like){20, 0, "nginx\n", UNIT, 1, 1025 * tick, 1, 3, 2});
    f = pass(g, n, 10);
    CHECK_NEAR(f.restarts, 1, 0);
    uptime(1040);
    CHECK_NEAR(pass(g, n, 10).restarts, 0, 0);
    /* another process of the same number */
    process((struct like){20, 0, "nginx\n", UNIT, 2, 1045 * tick, 1, 3, 2});
    uptime(1050);
    f = pass(g, n, 10);
    CHECK_NEAR(f.restarts, 1, 0);
    CHECK_NEAR(f.cpu, 100 * 2.0 / (double)tick / 10, 1e-9);
    groups_free(&g);
}

TEST(commands_and_programs_are_globs)
{
    struct groups *g = begin();
    process((struct like){10, 0, "/usr/bin/java\n-jar\n/srv/pay.jar\n", NOBODY, 1, 1, 1,
                          3, 2});
    process((struct like){11, 0, "/usr/bin/java\n-jar\n/srv/cart.jar\n", NOBODY, 1, 1,
                          1, 3, 2});
    process(
        (struct like){12, 0, "postgres: writer process  \n", NOBODY, 1, 1, 1, 3, 2});
    process((struct like){13, 0, "", NOBODY, 1, 1, 1, 3, 2}); /* the kernel's */
    int pay = add(g, NULL, "*java *pay.jar", NULL), java = add(g, NULL, NULL, "java"),
        postgres = add(g, NULL, NULL, "postgres"), all = add(g, NULL, "*", NULL),
        both = add(g, "*.service", NULL, "java");
    pass(g, pay, 0);
    CHECK_NEAR(groups_figures(g, pay).processes, 1, 0);
    CHECK_NEAR(groups_figures(g, java).processes, 2, 0);
    CHECK_NEAR(groups_figures(g, postgres).processes, 1, 0);
    CHECK_NEAR(groups_figures(g, all).processes, 3, 0);
    CHECK_NEAR(groups_figures(g, both).processes, 0, 0);
    groups_free(&g);
}

TEST(a_child_that_becomes_another_program_is_noticed)
{
    struct groups *g = begin();
    int n = add(g, NULL, NULL, "worker");
    process((struct like){10, 0, "sh\n", NOBODY, 1, 1, 1, 3, 2});
    CHECK_NEAR(pass(g, n, 0).processes, 0, 0);
    process((struct like){10, 0, "worker\n", NOBODY, 1, 1, 1, 3, 2});
    CHECK_NEAR(pass(g, n, 10).processes, 1, 0);
    process((struct like){10, 0, "other\n", NOBODY, 1, 1, 1, 3, 2});
    int passes = 0;
    while (pass(g, n, 10).processes > 0)
        CHECK(++passes <= GROUPS_LOOKS);
    groups_free(&g);
}

TEST(units_are_found_in_both_versions_of_control_groups)
{
    struct groups *g = begin();
    process((struct like){10, 0, "a\n",
                          "12:cpu:/x\n1:name=systemd:/system.slice/pay@1.service\n", 1,
                          1, 1, 3, 2});
    process((struct like){11, 0, "a\n",
                          "0::/system.slice/system-pay.slice/pay@2.service/sub\n", 1, 1,
                          1, 3, 2});
    process((struct like){12, 0, "a\n", "0::/\n", 1, 1, 1, 3, 2});
    int n = add(g, "pay@*.service", NULL, NULL);
    CHECK_NEAR(pass(g, n, 0).processes, 2, 0);
    groups_free(&g);
}

TEST(groups_come_and_go)
{
    struct groups *g = begin();
    process((struct like){10, 0, "a\n", UNIT, 1, 1, 1, 3, 2});
    int first = add(g, "nginx.service", NULL, NULL);
    pass(g, first, 0);
    int second = add(g, NULL, "a", NULL);
    CHECK(isnan(pass(g, second, 10).cpu));
    CHECK_NEAR(groups_figures(g, first).cpu, 0, 0);
    groups_remove(g, first);
    CHECK_INT(groups_count(g), 1);
    CHECK_NEAR(pass(g, second, 10).processes, 1, 0);
    for (int i = 1; i < GROUPS_MAX; i++)
        add(g, NULL, "x", NULL);
    struct group_spec spec = {.command = "y", .uid = -1};
    CHECK(groups_add(g, &spec, NULL) < 0);
    groups_free(&g);
}

TEST(this_process_is_in_the_real_proc)
{
    struct err err = {0};
    struct groups *g = groups_new("/", &err);
    CHECK_TEXT(err.text, "");
    struct group_spec spec = {.program = "test_groups", .uid = (int64_t)getuid()};
    int n = groups_add(g, &spec, &err);
    struct group_figures f = pass(g, n, 0);
    CHECK(f.processes >= 1 && f.threads >= 1);
    CHECK(f.files >= 3 && f.memory > 10000 && f.uptime_s >= 0);
    groups_free(&g);
}
