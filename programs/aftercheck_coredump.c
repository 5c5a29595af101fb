/* programs/aftercheck_coredump.c - from a core to a record of who died, and where.
 *
 * As the kernel's handler it runs once a crash, with the core on standard input; as a
 * follower of the journal it runs on, and looks at what systemd-coredump put away.
 * Either way the core is read by a child in a sandbox (programs/coredump/unwind.c).
 * What must hold: standard input, which holds the dying process, is closed before
 * anything is synced to disk or sent.  One thread. */
#include "base/log.h"
#include "base/names.h"
#include "base/opt.h"
#include "programs/coredump/config.h"
#include "programs/coredump/dead.h"
#include "programs/coredump/desk.h"
#include "programs/coredump/journal.h"
#include "programs/coredump/message.h"
#include "programs/coredump/unwind.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    HOLD_LEAST_MS = 100,
    SEND_MS = 5000,
    FLUSH_MS = 60000,
    WAIT_MS = 10000,
    TIME_MAX = INT32_MAX
};

struct program {
    struct config_flags flags;
    const char *journal;
    int pipe, follow, flush, check, print, all, once;
    struct config config;
    struct desk *desk; /* NULL with --print */
    char **operand;
    int n_operands;
};

/* Who crashed, as far as is known before the core is looked at. */
struct crash {
    struct dead dead;
    int64_t pid;
    int signal; /* 0: as the core says */
    instant time;
    const char *host;
    int core;             /* to be read; -1: not to be had */
    const char *in_words; /* a stack as systemd-coredump wrote it; NULL: none */
    size_t n_words;
    bool counted; /* it was, and is not told by itself */
};

/* --- one crash --- */

static void unwind_it(struct program *p, struct crash *c, struct unwound *ret,
                      struct err *err)
{
    int64_t begun = monotonic_ms(), hold = p->config.hold.ms;
    int slot = p->desk != NULL ? desk_slot(p->desk, (int)hold) : -1;
    hold -= monotonic_ms() - begun; /* all of it together holds the dying process */
    struct unwind u = {.core = c->core,
                       .memory = c->dead.memory,
                       .root = c->dead.root,
                       .exe_fd = c->dead.exe_fd,
                       .exe = c->dead.exe[0] != '\0' ? c->dead.exe : NULL,
                       .auxv = c->dead.has_auxv ? c->dead.auxv : NULL,
                       .n_auxv = c->dead.n_auxv,
                       .uid = c->dead.uid,
                       .gid = c->dead.gid,
                       .frames = p->config.frames,
                       .hold_ms = hold > HOLD_LEAST_MS ? (int)hold : HOLD_LEAST_MS,
                       .ms = (int)p->config.stack.ms};
    if (p->desk != NULL && slot < 0) {
        close(c->core);
        err_set(err, EAGAIN, "%d stacks are being taken already", DESK_SLOTS);
    } else {
        unwind_core(&u, ret, err);
    }
    c->core = -1;
    desk_slot_free(&slot);
}

/* What the core says stands in for what nobody else knew, and above what /proc said of
 * another process with the same number. */
static void learn_from(const struct unwound *u, struct crash *c)
{
    if (u->stranger) {
        log_warn("process %lld is another one by now: its core says who died",
                 (long long)c->pid);
        c->dead.exe[0] = c->dead.unit[0] = '\0';
    }
    if (c->dead.exe[0] == '\0')
        memcpy(c->dead.exe, u->exe, sizeof u->exe);
    if (c->signal == 0)
        c->signal = u->signal;
    if (c->pid == 0)
        c->pid = u->tid;
}

/* Takes the stack; frames are the caller's to free. */
static struct core *take_stack(struct program *p, struct crash *c)
{
    struct unwound u = {0};
    struct err err = {0};
    if (c->core >= 0)
        unwind_it(p, c, &u, &err);
    learn_from(&u, c);
    if (u.frames == NULL && c->in_words != NULL)
        u.frames = message_stack(c->in_words, c->n_words, p->config.frames);
    if (u.frames == NULL && err.code != 0)
        log_warn("no stack of process %lld (%s): %s", (long long)c->pid, c->dead.exe,
                 err.text);
    else if (u.cut)
        log_warn("not all of the core of process %lld (%s) was read: its stack may end "
                 "early",
                 (long long)c->pid, c->dead.exe);
    return u.frames;
}

static int tell(struct program *p, const struct notice *n)
{
    OWNED_BUF text = {0};
    struct err err = {0};
    int rc =
        p->desk != NULL ? desk_tell(p->desk, n, &err) : notice_write(n, &text, &err);
    if (rc < 0)
        log_error("the crash of process %lld (%s) is lost: %s", (long long)n->pid,
                  n->exe, err.text);
    else if (p->desk == NULL)
        puts(buf_text(&text));
    return rc;
}

/* From a crash to its record, or its place in a count. */
static int take_crash(struct program *p, struct crash *c)
{
    char room[NAME_BYTES_MAX + 1];
    struct err err = {0};
    bool known = c->dead.exe[0] != '\0' && c->signal != 0;
    c->counted = known && p->desk != NULL &&
                 !desk_wants(p->desk, c->dead.exe, c->signal, c->time, c->pid, &err);
    if (c->counted) {
        if (err.code != 0)
            log_warn("%s", err.text);
        return 0;
    }
    if (err.code != 0)
        log_warn("crashes are not counted: %s", err.text);
    struct core *frames = take_stack(p, c);
    struct notice n = {
        .time = c->time,
        .host = c->host,
        .exe = c->dead.exe,
        .service = config_service_of(&p->config, c->dead.exe, c->dead.unit, room),
        .pid = c->pid,
        .signal = c->signal,
        .frames = frames};
    int rc = tell(p, &n);
    core_free(&frames);
    return rc;
}

/* --- the kernel's handler --- */

static int whole_of(const char *what, const char *text, int64_t most, int64_t *ret)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || v < 0 || v > most) {
        log_error("%s: '%.40s' is no number from 0 to %lld", what, text,
                  (long long)most);
        return -1;
    }
    *ret = v;
    return 0;
}

static int read_operands(struct program *p, struct crash *c)
{
    int64_t pid = 0, signal = 0, time = 0;
    struct err err = {0};
    if (p->n_operands > 3) {
        log_error("at most PID SIGNAL TIME are taken (%%P %%s %%t)");
        return -1;
    }
    if ((p->n_operands > 0 && whole_of("PID", p->operand[0], INT32_MAX, &pid) < 0) ||
        (p->n_operands > 1 &&
         whole_of("SIGNAL", p->operand[1], CORE_SIGNAL_MAX, &signal) < 0) ||
        (p->n_operands > 2 && whole_of("TIME", p->operand[2], TIME_MAX, &time) < 0))
        return -1;
    *c = (struct crash){.dead = {.memory = -1, .exe_fd = -1, .root = -1},
                        .pid = pid,
                        .signal = (int)signal,
                        .time = time > 0 ? (instant){time * 1000} : instant_now(),
                        .host = p->config.host,
                        .core = STDIN_FILENO};
    if (pid > 0 && dead_open("/proc", (long)pid, &c->dead, &err) < 0)
        log_warn("process %lld is not there any more: its core says who died",
                 (long long)pid);
    return 0;
}

static void send_now(struct program *p, int ms)
{
    struct desk_sent sent;
    struct err err = {0};
    if (desk_send(p->desk, ms, &sent, &err) < 0)
        log_info("not sent yet: %s", err.text);
    if (sent.refused > 0)
        log_warn("%zu records were refused, the first: %s", sent.refused, sent.first);
}

static int run_pipe(struct program *p)
{
    struct crash c;
    struct err err = {0};
    if (read_operands(p, &c) < 0)
        return 2;
    int rc = take_crash(p, &c);
    dead_close(&c.dead);
    close(STDIN_FILENO); /* one that was counted lets go here */
    if (c.counted && desk_tell_count(p->desk, c.dead.exe, c.signal, c.time, &err) < 0)
        log_warn("%s", err.text);
    if (p->desk != NULL)
        send_now(p, SEND_MS);
    return rc < 0 ? 1 : 0;
}

/* --- the journal --- */

static const char *text_of(const struct journal_entry *e, enum journal_field f)
{
    return buf_text(&e->field[f]);
}

static int64_t number_of(const struct journal_entry *e, enum journal_field f)
{
    const char *text = text_of(e, f);
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    return end != text && *end == '\0' && errno == 0 && v >= 0 ? v : 0;
}

static void copy_text(char *to, size_t room, const char *from)
{
    size_t n = strlen(from);
    to[0] = '\0';
    if (n < room && text_check(from, n, NULL) == 0)
        memcpy(to, from, n + 1);
}

/* The file that systemd-coredump named, which may be deleted or not for us to read. */
static int open_core(const char *path)
{
    struct stat st;
    int fd =
        path[0] == '/' ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) : -1;
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

static void take_entry(struct program *p, const struct journal_entry *e)
{
    struct crash c = {.dead = {.memory = -1, .exe_fd = -1, .root = -1},
                      .pid = number_of(e, JOURNAL_PID),
                      .signal = (int)number_of(e, JOURNAL_SIGNAL),
                      .time = {number_of(e, JOURNAL_TIME) / 1000},
                      .host = p->config.host,
                      .in_words = text_of(e, JOURNAL_MESSAGE),
                      .n_words = e->field[JOURNAL_MESSAGE].len};
    c.dead.uid = (uid_t)number_of(e, JOURNAL_UID);
    c.dead.gid = (gid_t)number_of(e, JOURNAL_GID);
    copy_text(c.dead.exe, sizeof c.dead.exe, text_of(e, JOURNAL_EXE));
    if (c.dead.exe[0] == '\0')
        copy_text(c.dead.exe, sizeof c.dead.exe, text_of(e, JOURNAL_COMM));
    copy_text(c.dead.unit, sizeof c.dead.unit, text_of(e, JOURNAL_UNIT));
    if (c.time.ms == 0)
        c.time = e->time;
    /* one directory may hold the journals of many hosts */
    if (p->journal != NULL && p->flags.host == NULL &&
        name_check(text_of(e, JOURNAL_HOST), e->field[JOURNAL_HOST].len, NULL) == 0)
        c.host = text_of(e, JOURNAL_HOST);
    c.core = open_core(text_of(e, JOURNAL_FILE));
    take_crash(p, &c);
    if (c.core >= 0)
        close(c.core);
}

static volatile sig_atomic_t ending;

static void on_end(int signal)
{
    (void)signal;
    ending = 1;
}

/* Everything that is there now.  How many, -1 when the journal fails. */
static int take_new(struct program *p, struct journal *j, struct err *err)
{
    struct journal_entry e = {0};
    int n = 0, rc = 1;
    while (!ending && (rc = journal_next(j, &e, err)) > 0) {
        take_entry(p, &e);
        n++;
        /* told before it is passed: what is told twice the service knows again */
        if (desk_set_cursor(p->desk, journal_cursor(j), err) < 0) {
            rc = -1;
            break;
        }
    }
    journal_entry_free(&e);
    return rc < 0 ? -1 : n;
}

static int follow(struct program *p, struct journal *j, struct err *err)
{
    uint64_t strange = 0;
    while (!ending) {
        struct err why = {0};
        if (take_new(p, j, err) < 0)
            return -1;
        if (desk_tell_counts(p->desk, instant_now(), &why) < 0)
            log_warn("%s", why.text);
        send_now(p, SEND_MS);
        if (journal_strange(j) > strange)
            log_warn("%llu entries say they are coredumps, but are not of "
                     "systemd-coredump",
                     (unsigned long long)journal_strange(j));
        strange = journal_strange(j);
        if (p->once)
            return 0;
        if (!ending && journal_wait(j, WAIT_MS, err) < 0)
            return -1;
    }
    return 0;
}

static int run_follow(struct program *p)
{
    OWNED_BUF cursor = {0};
    struct err err = {0};
    struct sigaction act = {.sa_handler = on_end};
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(SIG_BLOCK, &ends, NULL); /* they come in where it waits */
    sigaction(SIGTERM, &act, NULL);
    sigaction(SIGINT, &act, NULL);
    desk_cursor(p->desk, &cursor);
    struct journal *j = journal_open(p->journal, buf_text(&cursor), p->all, &err);
    int rc = j != NULL ? follow(p, j, &err) : -1;
    journal_close(&j);
    if (rc < 0)
        log_error("%s", err.text);
    return rc < 0 ? 1 : 0;
}

/* --- the rest --- */

static int run_flush(struct program *p)
{
    OWNED_BUF losses = {0};
    struct desk_sent sent;
    struct err err = {0}, why = {0};
    if (desk_tell_counts(p->desk, instant_now(), &err) < 0)
        log_warn("%s", err.text);
    int rc = desk_send(p->desk, FLUSH_MS, &sent, &why);
    printf("%zu sent, %zu refused, %zu waiting in %s/spool\n", sent.sent, sent.refused,
           sent.left, p->config.state);
    if (rc < 0)
        log_warn("%s", why.text);
    if (sent.refused > 0)
        log_warn("the first refused: %s", sent.first);
    desk_losses(p->desk, &losses);
    if (losses.len > 0)
        log_warn("since the beginning: %s", buf_text(&losses));
    return rc < 0 ? 75 : 0;
}

static const char more[] =
    "As the kernel's handler:\n"
    "  sysctl kernel.core_pattern='|/usr/bin/aftercheck-coredump --pipe %P %s %t'\n"
    "The dying process is let go as soon as its notes and stack were read, at the\n"
    "latest after `hold` (2s).  Where systemd-coredump is in use, leave it in place "
    "and\n"
    "run `aftercheck-coredump --follow` beside it.  docs/coredumps.md has both.\n"
    "\n"
    "In a configuration file the names are: server, host, service, state, services (a\n"
    "list of maps of exe or unit, globs, and service), hold, stack, frames, first,\n"
    "within, every.  Without --config /etc/aftercheck/coredump.yml is read if it is\n"
    "there.  A flag stands above the file.\n"
    "\n"
    "Exit: 0 kept, or sent; 1 lost, or the journal cannot be read; 2 wrong usage; 75\n"
    "--flush left something waiting.\n";

static void parse_flags(struct program *p, int argc, char **argv)
{
    const struct opt opts[] = {
        {"pipe", NULL, "Takes the core on standard input.", &p->pipe},
        {"follow", NULL, "Follows systemd-coredump's entries in the journal.",
         &p->follow},
        {"flush", NULL, "Sends what waits on disk, and says how much.", &p->flush},
        {"print", NULL, "With --pipe: prints the record and keeps nothing.", &p->print},
        {"journal", "DIR", "With --follow: a directory of journals.", &p->journal},
        {"all", NULL, "With --follow, the first time: from the beginning.", &p->all},
        {"once", NULL, "With --follow: ends when it has read to the end.", &p->once},
        {"server", "URL", "The service; http://127.0.0.1:8190.", &p->flags.server},
        {"service", "NAME", "The service of programs that nothing else names.",
         &p->flags.service},
        {"host", "NAME", "This host's name; its own hostname.", &p->flags.host},
        {"state", "DIR",
         "What waits, and what is counted; of root "
         "/var/lib/aftercheck-coredump.",
         &p->flags.state},
        {"config", "FILE", "A YAML file of the above and more.", &p->flags.config},
        {"check-config", NULL, "Says whether file and flags are right, and ends.",
         &p->check},
        {0}};
    const struct opt_program program = {
        "aftercheck-coredump",
        "--pipe [PID [SIGNAL [TIME]]]\n       aftercheck-coredump --follow\n"
        "       aftercheck-coredump --flush",
        "Says who crashed and where: from a core it takes the stack, and sends time, "
        "host, service, program, process, signal and frames to aftercheckd; never "
        "memory, arguments or environment.  While the service is away records wait on "
        "disk.  A program that crashes again and again is told as a count.",
        more, opts};
    int first = opt_parse(&program, argc, argv);
    p->operand = argv + first;
    p->n_operands = argc - first;
}

static int check_usage(const struct program *p)
{
    if (p->check + p->pipe + p->follow + p->flush != 1) {
        fputs("aftercheck-coredump: takes one of --pipe, --follow, --flush and "
              "--check-config; see --help\n",
              stderr);
        return -1;
    }
    if (p->n_operands > 0 && !p->pipe) {
        fprintf(stderr, "aftercheck-coredump: unexpected operand '%s'; try --help\n",
                p->operand[0]);
        return -1;
    }
    return 0;
}

/* The kernel starts its handlers with standard input and nothing else open: what is to
 * be read by people goes to its log then. */
static void open_files(void)
{
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        open("/dev/null", O_RDONLY);
    if (fcntl(STDOUT_FILENO, F_GETFD) < 0)
        open("/dev/null", O_WRONLY);
    if (fcntl(STDERR_FILENO, F_GETFD) < 0 && open("/dev/kmsg", O_WRONLY) < 0)
        open("/dev/null", O_WRONLY);
}

static int work(struct program *p)
{
    struct err err = {0};
    if (!p->print) {
        p->desk = desk_open(&p->config, &err);
        if (p->desk == NULL) {
            log_error("%s", err.text);
            return 1;
        }
    }
    int rc = p->pipe ? run_pipe(p) : p->follow ? run_follow(p) : run_flush(p);
    desk_close(&p->desk);
    return rc;
}

int main(int argc, char **argv)
{
    struct program p = {0};
    OWNED_BUF why = {0};
    int rc = 0;
    open_files();
    log_set_name("aftercheck-coredump");
    signal(SIGPIPE, SIG_IGN);
    umask(077);
    parse_flags(&p, argc, argv);
    if (check_usage(&p) < 0)
        return 2;
    if (config_load(&p.flags, &p.config, &why) < 0) {
        fputs(buf_text(&why), stderr);
        return 1;
    }
    if (p.check)
        puts("the configuration is fine");
    else
        rc = work(&p);
    config_free(&p.config);
    return rc;
}
