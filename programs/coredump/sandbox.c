/* programs/coredump/sandbox.c - giving up rights, in the order in which that is
 * possible: what needs rights first, the filter last.  Runs in a forked child. */
#include "programs/coredump/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { ARCH = AUDIT_ARCH_X86_64 };
#elif defined(__aarch64__)
enum { ARCH = AUDIT_ARCH_AARCH64 };
#else
#error "which architecture's system calls are these?"
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SHADOWED = 1 }; /* terabytes of address space are reserved */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SHADOWED = 1 };
#else
enum { SHADOWED = 0 };
#endif
#else
enum { SHADOWED = 0 };
#endif

/* --- another root, another user --- */

static int leave_root(const struct sandbox *s, struct err *err)
{
    gid_t gid = s->gid != 0 ? s->gid : SANDBOX_NOBODY;
    uid_t uid = s->uid != 0 ? s->uid : SANDBOX_NOBODY;
    if (geteuid() != 0)
        return 0;
    if (s->root >= 0 && (fchdir(s->root) < 0 || chroot(".") < 0))
        return err_sys(err, errno, "the dead process's root cannot be entered");
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
        setresuid(uid, uid, uid) < 0)
        return err_sys(err, errno, "user %u cannot be taken on", (unsigned)uid);
    return 0;
}

/* --- limits --- */

static int set_limits(const struct sandbox *s, struct err *err)
{
    const struct {
        __rlimit_resource_t what;
        rlim_t most;
    } limits[] = {
        {RLIMIT_CPU, s->cpu_s},
        {RLIMIT_AS, SHADOWED ? RLIM_INFINITY : s->memory},
        {RLIMIT_NOFILE, SANDBOX_FILES_MAX},
        {RLIMIT_FSIZE, 0},
        {RLIMIT_NPROC, 0},
        {RLIMIT_MEMLOCK, 0},
        /* to the kernel 1 means: never to a handler of cores, which we come from */
        {RLIMIT_CORE, 1},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit now;
        if (getrlimit(limits[i].what, &now) < 0)
            return err_sys(err, errno, "limits cannot be read");
        if (limits[i].most < now.rlim_max)
            now.rlim_max = limits[i].most;
        now.rlim_cur = now.rlim_max;
        if (setrlimit(limits[i].what, &now) < 0)
            return err_sys(err, errno, "limits cannot be set");
    }
    return 0;
}

/* --- system calls --- */

static const int allowed[] = {
    SYS_read,         SYS_pread64,     SYS_readv,           SYS_preadv,
    SYS_write,        SYS_writev,      SYS_close,           SYS_lseek,
    SYS_fstat,        SYS_newfstatat,  SYS_statx,           SYS_faccessat,
    SYS_faccessat2,   SYS_readlinkat,  SYS_getdents64,      SYS_fcntl,
    SYS_dup,          SYS_munmap,      SYS_mremap,          SYS_madvise,
    SYS_brk,          SYS_futex,       SYS_clock_gettime,   SYS_clock_getres,
    SYS_gettimeofday, SYS_nanosleep,   SYS_getpid,          SYS_gettid,
    SYS_getuid,       SYS_geteuid,     SYS_getgid,          SYS_getegid,
    SYS_getrandom,    SYS_sched_yield, SYS_sigaltstack,     SYS_rt_sigaction,
    SYS_rt_sigreturn, SYS_uname,       SYS_sysinfo,         SYS_rt_sigprocmask,
    SYS_exit,         SYS_exit_group,  SYS_restart_syscall,
#if defined(__x86_64__)
    SYS_stat,         SYS_lstat,       SYS_access,          SYS_readlink,
#endif
};

/* Allowed when none of these bits is in this argument. */
static const struct {
    int call;
    unsigned argument;
    uint32_t not_these;
} bounded[] = {
    {SYS_openat, 2, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND},
#if defined(__x86_64__)
    {SYS_open, 1, O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND},
#endif
    {SYS_mmap, 2, PROT_EXEC},
    {SYS_mprotect, 2, PROT_EXEC},
};

enum {
    N_ALLOWED = sizeof allowed / sizeof *allowed,
    N_BOUNDED = sizeof bounded / sizeof *bounded,
    RULES_MAX = 6 + 2 * N_ALLOWED + 6 * N_BOUNDED + 1,
    X32_BIT = 0x40000000,
};

#define LOAD(field)                                                                    \
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))
#define GIVE(what) BPF_STMT(BPF_RET | BPF_K, (what))
/* Goes on with the next rule when it is so, else passes over `n`. */
#define UNLESS(test, value, n)                                                         \
    BPF_JUMP(BPF_JMP | (test) | BPF_K, (uint32_t)(value), 0, (n))

static size_t write_filter(struct sock_filter *rule)
{
    size_t n = 0;
    rule[n++] = (struct sock_filter)LOAD(arch);
    rule[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    rule[n++] = (struct sock_filter)GIVE(SECCOMP_RET_KILL_PROCESS);
    rule[n++] = (struct sock_filter)LOAD(nr);
    rule[n++] = (struct sock_filter)UNLESS(BPF_JGE, X32_BIT, 1);
    rule[n++] = (struct sock_filter)GIVE(SECCOMP_RET_KILL_PROCESS);
    for (size_t i = 0; i < N_ALLOWED; i++) {
        rule[n++] = (struct sock_filter)UNLESS(BPF_JEQ, allowed[i], 1);
        rule[n++] = (struct sock_filter)GIVE(SECCOMP_RET_ALLOW);
    }
    for (size_t i = 0; i < N_BOUNDED; i++) {
        uint32_t low =
            (uint32_t)offsetof(struct seccomp_data, args) + 8 * bounded[i].argument;
        rule[n++] = (struct sock_filter)UNLESS(BPF_JEQ, bounded[i].call, 4);
        rule[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, low);
        rule[n++] = (struct sock_filter)UNLESS(BPF_JSET, bounded[i].not_these, 1);
        rule[n++] = (struct sock_filter)GIVE(SECCOMP_RET_ERRNO | EPERM);
        rule[n++] = (struct sock_filter)GIVE(SECCOMP_RET_ALLOW);
    }
    rule[n++] = (struct sock_filter)GIVE(SECCOMP_RET_ERRNO | EPERM);
    return n;
}

static int filter_calls(struct err *err)
{
    struct sock_filter rule[RULES_MAX];
    struct sock_fprog program = {.filter = rule};
    program.len = (unsigned short)write_filter(rule);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
        return err_sys(err, errno, "the filter of system calls cannot be set");
    return 0;
}

int sandbox_enter(const struct sandbox *s, struct err *err)
{
    if (leave_root(s, err) < 0 || set_limits(s, err) < 0)
        return -1;
    /* after the change of user, which undoes both */
    if (prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ||
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        return err_sys(err, errno, "rights cannot be given up");
    return filter_calls(err);
}
