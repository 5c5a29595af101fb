/* collector/hostinfo/groups.c - one pass over /proc for all groups.
 *
 * What a process is gets asked when it is first seen, at the pass after (a child that
 * has just begun still bears its parent's name), and then every GROUPS_LOOKS passes, in
 * turns by its number; in between only members are read.  The kernel lists processes by
 * rising number, and so does `known`: two such lists merge in one go.  One thread. */
#include "collector/hostinfo/groups.h"

#include "base/names.h"
#include "collector/hostinfo/reading.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { TEXT_BYTES = 4096, PATH_BYTES = 40 };

struct process {
    uint32_t pid, looks; /* looks: passes since it was first seen */
    uint64_t groups;     /* a bit for each that it is in */
    uint64_t start, cpu; /* ticks: begun since the boot, used */
};

struct list {
    struct process *at;
    size_t n, cap;
};

struct group {
    bool used, begun; /* begun: a pass has been made for it */
    char *unit, *command, *program;
    int64_t uid;
    /* of this pass */
    struct group_figures now;
    double shared_most;
    bool files_hidden;
    uint64_t cpu; /* ticks since the last pass */
    struct process leader, leader_before;
};

struct groups {
    int root, proc;
    struct list known;
    struct group group[GROUPS_MAX];
    int n;
    bool asks_unit, asks_command, asks_uid;
    uint32_t pass;
    bool first;   /* nothing to compare with yet */
    bool is_proc; /* the kernel's own, not a folder that looks like it */
    double uptime_s, uptime_before_s;
    long ticks, page;
    struct buf text;
};

struct groups *groups_new(const char *root, struct err *err)
{
    struct groups *g = calloc(1, sizeof *g);
    if (g == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    g->proc = -1;
    g->root = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (g->root >= 0)
        g->proc = openat(g->root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (g->proc < 0) {
        err_sys(err, errno, "%s/proc", root);
        groups_free(&g);
        return NULL;
    }
    struct statfs fs;
    g->is_proc = fstatfs(g->proc, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
    g->ticks = sysconf(_SC_CLK_TCK);
    g->page = sysconf(_SC_PAGESIZE);
    g->first = true;
    return g;
}

static void drop_group(struct group *one)
{
    free(one->unit);
    free(one->command);
    free(one->program);
    *one = (struct group){0};
}

void groups_free(struct groups **g)
{
    if (*g == NULL)
        return;
    for (int i = 0; i < GROUPS_MAX; i++)
        drop_group(&(*g)->group[i]);
    if ((*g)->proc >= 0)
        close((*g)->proc);
    if ((*g)->root >= 0)
        close((*g)->root);
    free((*g)->known.at);
    buf_free(&(*g)->text);
    free(*g);
    *g = NULL;
}

/* All processes are looked at anew at the next pass. */
static void groups_changed(struct groups *g)
{
    g->asks_unit = g->asks_command = g->asks_uid = false;
    for (int i = 0; i < GROUPS_MAX; i++) {
        g->asks_unit |= g->group[i].unit != NULL;
        g->asks_command |= g->group[i].command != NULL || g->group[i].program != NULL;
        g->asks_uid |= g->group[i].used && g->group[i].uid >= 0;
    }
    for (size_t i = 0; i < g->known.n; i++)
        g->known.at[i].looks = 0;
}

static int copy_text(const char *text, char **ret, struct err *err)
{
    *ret = text != NULL ? strdup(text) : NULL;
    return text != NULL && *ret == NULL ? err_set(err, ENOMEM, "out of memory") : 0;
}

int groups_add(struct groups *g, const struct group_spec *spec, struct err *err)
{
    int i = 0;
    while (i < GROUPS_MAX && g->group[i].used)
        i++;
    if (i == GROUPS_MAX)
        return err_set(err, EMFILE, "there are at most %d groups", GROUPS_MAX);
    struct group *one = &g->group[i];
    one->uid = spec->uid;
    if (copy_text(spec->unit, &one->unit, err) < 0 ||
        copy_text(spec->command, &one->command, err) < 0 ||
        copy_text(spec->program, &one->program, err) < 0) {
        drop_group(one);
        return -1;
    }
    one->used = true;
    one->begun = false;
    g->n++;
    groups_changed(g);
    return i;
}

void groups_remove(struct groups *g, int group)
{
    drop_group(&g->group[group]);
    g->n--;
    for (size_t i = 0; i < g->known.n; i++)
        g->known.at[i].groups &= ~(UINT64_C(1) << group);
    groups_changed(g);
}

int groups_count(const struct groups *g)
{
    return g->n;
}

/* ---- what a process is ---- */

/* The beginning of a small file of a process, into g->text; false when it is gone or
 * may not be read. */
static bool read_of(struct groups *g, uint32_t pid, const char *name)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%u/%s", (unsigned)pid, name);
    buf_clear(&g->text);
    int fd = openat(g->proc, path, O_RDONLY | O_CLOEXEC);
    char *room = buf_room(&g->text, TEXT_BYTES);
    ssize_t n = fd >= 0 && room != NULL ? read(fd, room, TEXT_BYTES - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return false;
    room[n] = '\0';
    g->text.len = (size_t)n;
    return true;
}

/* The unit in "0::/system.slice/nginx.service" or "1:name=systemd:/...": the last part
 * of the path that is a service or a scope. */
static void unit_of(char *text, char unit[READING_NAME_MAX])
{
    unit[0] = '\0';
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        bool ours =
            strncmp(line, "0::", 3) == 0 || strstr(line, ":name=systemd:") != NULL;
        for (char *p = ours ? strchr(line, '/') : NULL; p != NULL;) {
            char *from = p + 1;
            size_t n = strcspn(from, "/");
            const char *dot = n > 0 ? memrchr(from, '.', n) : NULL;
            size_t end = dot != NULL ? (size_t)(from + n - dot) : 0;
            bool is_unit = (end == 8 && strncmp(dot, ".service", 8) == 0) ||
                           (end == 6 && strncmp(dot, ".scope", 6) == 0);
            if (is_unit && n < READING_NAME_MAX) {
                memcpy(unit, from, n);
                unit[n] = '\0';
            }
            p = from[n] == '/' ? from + n : NULL;
        }
    }
}

struct what {
    char unit[READING_NAME_MAX];
    char command[TEXT_BYTES];
    const char *program; /* in `command`, or "" */
    char program_room[READING_NAME_MAX];
    int64_t uid;
};

/* The words of the command line with blanks between them. */
static void ask_command(struct groups *g, uint32_t pid, struct what *w)
{
    if (!read_of(g, pid, "cmdline") || g->text.len == 0)
        return; /* the kernel's own threads have none */
    size_t n = g->text.len;
    memcpy(w->command, g->text.data, n);
    while (n > 0 && w->command[n - 1] == '\0')
        n--;
    w->command[n] = '\0';
    size_t first =
        strcspn(w->command, " "); /* a title set by the program: "nginx: ..." */
    for (size_t i = 0; i < n; i++)
        if (w->command[i] == '\0')
            w->command[i] = ' ';
    const char *slash = memrchr(w->command, '/', first);
    const char *from = slash != NULL ? slash + 1 : w->command;
    size_t len = first - (size_t)(from - w->command);
    if (len > 0 && from[len - 1] == ':')
        len--;
    if (len < sizeof w->program_room) {
        memcpy(w->program_room, from, len);
        w->program_room[len] = '\0';
    }
}

static void ask(struct groups *g, uint32_t pid, struct what *w)
{
    w->unit[0] = w->command[0] = w->program_room[0] = '\0';
    w->program = w->program_room;
    w->uid = -1;
    if (g->asks_unit && read_of(g, pid, "cgroup"))
        unit_of(g->text.data, w->unit);
    if (g->asks_command)
        ask_command(g, pid, w);
    if (g->asks_uid) {
        char path[PATH_BYTES];
        struct stat st;
        snprintf(path, sizeof path, "%u", (unsigned)pid);
        if (fstatat(g->proc, path, &st, 0) == 0)
            w->uid = st.st_uid;
    }
}

static bool is_in(const struct group *one, const struct what *w)
{
    return one->used && (one->unit == NULL || glob_match(one->unit, w->unit)) &&
           (one->command == NULL ||
            (w->command[0] != '\0' && glob_match(one->command, w->command))) &&
           (one->program == NULL ||
            (w->program[0] != '\0' && glob_match(one->program, w->program))) &&
           (one->uid < 0 || one->uid == w->uid);
}

static uint64_t groups_of(struct groups *g, uint32_t pid)
{
    struct what w;
    uint64_t in = 0;
    ask(g, pid, &w);
    for (int i = 0; i < GROUPS_MAX; i++)
        if (is_in(&g->group[i], &w))
            in |= UINT64_C(1) << i;
    return in;
}

/* ---- figures of a member ---- */

struct member {
    uint64_t cpu, start, threads, resident, shared; /* ticks, pages */
    double files;                                   /* -1: hidden */
};

/* Columns 14, 15, 20 and 22 of /proc/PID/stat; the name in brackets may hold anything.
 */
static bool read_stat(struct groups *g, uint32_t pid, struct member *m)
{
    uint64_t v[23] = {0};
    const char *p = read_of(g, pid, "stat") ? strrchr(g->text.data, ')') : NULL;
    if (p == NULL || strlen(p) < 4)
        return false;
    p += 3; /* ") S": the state is column 3 */
    for (int column = 4; column <= 22; column++) {
        p += strspn(p, " ");
        bool negative = *p == '-';
        p += negative;
        if (!scan_number(&p, &v[column]))
            return false;
    }
    m->cpu = v[14] + v[15];
    m->threads = v[20];
    m->start = v[22];
    return true;
}

/* Columns 2 and 3. */
static void read_statm(struct groups *g, uint32_t pid, struct member *m)
{
    uint64_t size;
    const char *p = read_of(g, pid, "statm") ? g->text.data : "";
    if (!scan_number(&p, &size) || !scan_number(&p, &m->resident) ||
        !scan_number(&p, &m->shared))
        m->resident = m->shared = 0;
}

/* As the kernel writes it (getdents(2)). */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short bytes;
    unsigned char type;
    char name[];
};

/* How many entries but "." and ".."; -1: cannot be read. */
static double count_entries(const struct groups *g, const char *path)
{
    _Alignas(struct entry) char piece[4096];
    double n = 0;
    int fd = openat(g->proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    long got;
    while ((got = syscall(SYS_getdents64, fd, piece, sizeof piece)) > 0) {
        for (long at = 0; at < got;) {
            const struct entry *e = (const struct entry *)(const void *)(piece + at);
            n += e->name[0] != '.';
            at += e->bytes;
        }
    }
    close(fd);
    return got < 0 ? -1 : n;
}

/* Since Linux 6.2 the directory's size is the number of open files. */
static double count_files(const struct groups *g, uint32_t pid)
{
    char path[PATH_BYTES];
    struct stat st;
    snprintf(path, sizeof path, "%u/fd", (unsigned)pid);
    if (g->is_proc && fstatat(g->proc, path, &st, 0) == 0 && st.st_size > 0)
        return (double)st.st_size;
    return count_entries(g, path);
}

static void add_member(struct groups *g, struct group *one, const struct process *p,
                       const struct member *m, bool met)
{
    double shared = (double)m->shared * (double)g->page;
    one->now.processes++;
    one->now.threads += (double)m->threads;
    one->now.memory += (double)(m->resident - m->shared) * (double)g->page;
    if (shared > one->shared_most)
        one->shared_most = shared;
    if (m->files < 0)
        one->files_hidden = true;
    else
        one->now.files += m->files;
    double began_s = (double)m->start / (double)g->ticks;
    if (met && m->cpu > p->cpu)
        one->cpu += m->cpu - p->cpu;
    else if (!met && !g->first && began_s >= g->uptime_before_s)
        one->cpu += m->cpu; /* all of it since the last pass */
    if (one->leader.pid == 0 || m->start < one->leader.start)
        one->leader = (struct process){.pid = p->pid, .start = m->start};
}

/* Reads a process that is in groups; `met`: p->cpu is of the last pass. */
static void read_member(struct groups *g, struct process *p, bool met)
{
    struct member m = {0};
    if (!read_stat(g, p->pid, &m))
        return;                       /* it has just ended */
    if (met && m.start != p->start) { /* another one of the same number */
        p->groups = groups_of(g, p->pid);
        p->looks = 0;
        met = false;
    }
    if (p->groups != 0) {
        read_statm(g, p->pid, &m);
        m.files = count_files(g, p->pid);
    }
    for (int i = 0; i < GROUPS_MAX; i++)
        if ((p->groups >> i & 1) != 0)
            add_member(g, &g->group[i], p, &m, met);
    p->start = m.start;
    p->cpu = m.cpu;
}

/* ---- a pass ---- */

static bool list_add(struct list *l, const struct process *p)
{
    if (l->n == GROUPS_PROCESSES_MAX)
        return false;
    if (l->n == l->cap) {
        size_t cap = l->cap > 0 ? l->cap * 2 : 256;
        struct process *more = realloc(l->at, cap * sizeof *more);
        if (more == NULL)
            return false;
        l->at = more;
        l->cap = cap;
    }
    l->at[l->n++] = *p;
    return true;
}

static int by_pid(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static uint32_t pid_of(const char *name)
{
    uint32_t pid = 0;
    for (; *name >= '0' && *name <= '9' && pid < 1u << 28; name++)
        pid = pid * 10 + (uint32_t)(*name - '0');
    return *name == '\0' ? pid : 0;
}

/* The numbers of all processes, rising. */
static int list_pids(struct groups *g, struct list *to, struct err *err)
{
    _Alignas(struct entry) char piece[8192];
    long got;
    if (lseek(g->proc, 0, SEEK_SET) < 0)
        return err_sys(err, errno, "/proc");
    while ((got = syscall(SYS_getdents64, g->proc, piece, sizeof piece)) > 0) {
        for (long at = 0; at < got;) {
            const struct entry *e = (const struct entry *)(const void *)(piece + at);
            struct process p = {.pid = pid_of(e->name)};
            if (p.pid != 0 && !list_add(to, &p))
                return err_set(err, ENOMEM, "/proc: too many processes");
            at += e->bytes;
        }
    }
    if (got < 0)
        return err_sys(err, errno, "/proc");
    for (size_t i = 1; i < to->n; i++)
        if (to->at[i].pid < to->at[i - 1].pid) {
            qsort(to->at, to->n, sizeof *to->at, by_pid);
            break;
        }
    return 0;
}

static void begin_group(struct group *one)
{
    one->leader_before = one->leader.pid != 0 ? one->leader : one->leader_before;
    one->leader = (struct process){0};
    one->now = (struct group_figures){0};
    one->shared_most = 0;
    one->files_hidden = false;
    one->cpu = 0;
}

static void end_group(const struct groups *g, struct group *one, double seconds)
{
    struct group_figures *f = &one->now;
    f->memory += one->shared_most;
    if (one->files_hidden)
        f->files = NAN;
    f->cpu = seconds > 0 && one->begun
                 ? 100 * (double)one->cpu / (double)g->ticks / seconds
                 : NAN;
    f->uptime_s = NAN;
    one->begun = true;
    if (one->leader.pid == 0)
        return;
    f->uptime_s = g->uptime_s - (double)one->leader.start / (double)g->ticks;
    f->restarts =
        one->leader_before.pid != 0 && one->leader.start > one->leader_before.start;
}

static void read_uptime(struct groups *g)
{
    g->uptime_before_s = g->uptime_s;
    double v = 0;
    char text[64] = "";
    int fd = openat(g->proc, "uptime", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    const char *p = text;
    if (n > 0 && scan_decimal(&p, &v))
        g->uptime_s = v;
}

int groups_read(struct groups *g, double seconds, struct err *err)
{
    struct list all = {0};
    if (list_pids(g, &all, err) < 0) {
        free(all.at);
        return -1;
    }
    read_uptime(g);
    for (int i = 0; i < GROUPS_MAX; i++)
        begin_group(&g->group[i]);
    g->pass++;
    size_t k = 0;
    for (size_t i = 0; i < all.n; i++) {
        struct process *p = &all.at[i];
        while (k < g->known.n && g->known.at[k].pid < p->pid)
            k++;
        bool met = k < g->known.n && g->known.at[k].pid == p->pid;
        uint64_t before = 0;
        if (met) {
            *p = g->known.at[k];
            before = p->groups;
        }
        if (p->looks < 2 || (p->pid + g->pass) % GROUPS_LOOKS == 0)
            p->groups = groups_of(g, p->pid);
        p->looks += p->looks < 2;
        if (p->groups != 0)
            read_member(g, p, met && before != 0);
    }
    for (int i = 0; i < GROUPS_MAX; i++)
        end_group(g, &g->group[i], seconds);
    free(g->known.at);
    g->known = all;
    g->first = false;
    return 0;
}

struct group_figures groups_figures(const struct groups *g, int group)
{
    return g->group[group].now;
}

int groups_write(const struct group_figures *f, struct buf *to)
{
    const struct {
        const char *name;
        double v;
    } fields[] = {{"cpu", f->cpu},          {"memory", f->memory},
                  {"threads", f->threads},  {"processes", f->processes},
                  {"files", f->files},      {"restarts", f->restarts},
                  {"uptime_s", f->uptime_s}};
    int n = 0;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (isfinite(fields[i].v))
            buf_addf(to, "%c%s=%.10g", n++ > 0 ? ',' : ' ', fields[i].name,
                     fields[i].v);
    return n;
}
