/* programs/coredump/stack.c - libdwfl over a core in memory.
 *
 * libdw is well kept, but it is handed bytes that anybody may have made.  So it is
 * called in a child of its own only (programs/coredump/unwind.c), and nothing that it
 * gives is taken for well-formed text.  One thread. */
#include "programs/coredump/stack.h"

#include "base/names.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SCOPES_MAX = 64, BUILD_ID_MAX = 64 };

/* Found by the callbacks through the module's user data only, which libdwfl leaves to
 * us; but find_elf is called before a caller could set it.  One stack is taken at a
 * time in a process of its own, so this is said here. */
static const struct stack_of *taking;

struct taken {
    Dwfl *dwfl;
    struct core *to;
    size_t most;
    bool failed; /* out of memory */
};

/* --- files --- */

/* A file that is one: what a core names may be a device or a pipe. */
static int open_plain(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* Is it the program's own file?  One that was replaced while it ran is called so. */
static bool is_exe(const char *name)
{
    size_t n = strlen(taking->exe);
    return n > 0 && strncmp(name, taking->exe, n) == 0 &&
           (name[n] == '\0' || strcmp(name + n, " (deleted)") == 0);
}

/* libdwfl compares build IDs itself with those that the core holds. */
static int find_elf(Dwfl_Module *module, void **data, const char *name, Dwarf_Addr base,
                    char **file_name, Elf **elf)
{
    int fd = -1;
    if (taking->exe_fd >= 0 && is_exe(name))
        fd = fcntl(taking->exe_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        fd = dwfl_build_id_find_elf(module, data, name, base, file_name, elf);
    if (fd >= 0 || *elf != NULL)
        return fd;
    if (name[0] != '/')
        return -1;
    fd = open_plain(name);
    if (fd >= 0 && *file_name == NULL)
        *file_name = strdup(name);
    return fd;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_elf,
    .find_debuginfo = dwfl_standard_find_debuginfo,
};

/* --- texts --- */

/* What a stranger's file calls something, as a text that records may hold: at most
 * `most` bytes, control characters and what is no UTF-8 as "?". */
static char *clean(const char *text, size_t most)
{
    size_t n = strnlen(text, most);
    char *out = malloc(n + 1), *p = out;
    for (size_t i = 0; out != NULL && i < n;) {
        size_t len = utf8_next(text + i, n - i);
        if (len == 0 || utf8_is_control(text + i, len)) {
            *p++ = '?';
            i += len > 0 ? len : 1;
            continue;
        }
        memcpy(p, text + i, len);
        p += len;
        i += len;
    }
    if (out != NULL)
        *p = '\0';
    return out;
}

static char *hex(const unsigned char *bytes, size_t n)
{
    char *out = malloc(2 * n + 1);
    for (size_t i = 0; out != NULL && i < n; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    return out;
}

/* --- one address --- */

struct place {
    Dwfl_Module *module; /* NULL: in none */
    Dwarf_Addr at;       /* where the name is looked for */
    Dwarf_Addr pc;
};

static void name_module(const struct place *p, struct core_frame *f)
{
    const char *file = NULL;
    const unsigned char *id;
    GElf_Addr where;
    Dwarf_Addr start = 0, bias = 0;
    if (p->module == NULL)
        return;
    const char *name =
        dwfl_module_info(p->module, NULL, &start, NULL, NULL, NULL, &file, NULL);
    /* of the two the one that the core calls it by */
    name = name != NULL && name[0] != '\0' ? name : file;
    f->module = name != NULL ? clean(name, TEXT_BYTES_MAX) : NULL;
    int n = dwfl_module_build_id(p->module, &id, &where);
    f->build_id = n > 0 && n <= BUILD_ID_MAX ? hex(id, (size_t)n) : NULL;
    f->has_offset = true;
    /* without its file only the beginning of its mapping is known */
    bool known = dwfl_module_getelf(p->module, &bias) != NULL;
    f->offset = p->pc - (known ? bias : start);
}

/* False when there is no room for another one. */
static bool add_frame(struct taken *t, const struct place *p, const char *fn)
{
    if (t->to->n_frames == t->most)
        return false;
    struct core_frame *f = &t->to->frame[t->to->n_frames++];
    name_module(p, f);
    f->fn = fn != NULL && fn[0] != '\0' ? clean(fn, CORE_FN_MAX) : NULL;
    t->failed |= fn != NULL && fn[0] != '\0' && f->fn == NULL;
    return true;
}

static const char *name_of(Dwarf_Die *die)
{
    Dwarf_Attribute room;
    Dwarf_Attribute *a = dwarf_attr_integrate(die, DW_AT_linkage_name, &room);
    if (a == NULL)
        a = dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &room);
    const char *name = a != NULL ? dwarf_formstring(a) : NULL;
    return name != NULL ? name : dwarf_diename(die);
}

/* Functions that were inlined at this address, the innermost first; then *ret_outer is
 * what the function they are inlined into is called. */
static bool add_inlined(struct taken *t, const struct place *p, const char **ret_outer)
{
    Dwarf_Addr bias = 0;
    Dwarf_Die *scopes = NULL, *nest = NULL;
    Dwarf_Die *unit = dwfl_module_addrdie(p->module, p->at, &bias);
    bool room = true;
    int n = unit != NULL ? dwarf_getscopes(unit, p->at - bias, &scopes) : 0;
    int m = n > 0 ? dwarf_getscopes_die(&scopes[0], &nest) : 0;
    for (int i = 0; i < m && i < SCOPES_MAX && room; i++) {
        int tag = dwarf_tag(&nest[i]);
        if (tag == DW_TAG_subprogram) {
            *ret_outer = name_of(&nest[i]);
            break;
        }
        if (tag == DW_TAG_inlined_subroutine)
            room = add_frame(t, p, name_of(&nest[i]));
    }
    free(nest);
    free(scopes);
    return room;
}

static bool add_place(struct taken *t, const struct place *p)
{
    const char *fn = NULL, *outer = NULL;
    GElf_Off offset;
    GElf_Sym symbol;
    if (p->module == NULL)
        return add_frame(t, p, NULL);
    if (!add_inlined(t, p, &outer))
        return false;
    fn = dwfl_module_addrinfo(p->module, p->at, &offset, &symbol, NULL, NULL, NULL);
    return add_frame(t, p, fn != NULL ? fn : outer);
}

static int on_frame(Dwfl_Frame *frame, void *arg)
{
    struct taken *t = arg;
    struct place p = {0};
    bool activation;
    if (!dwfl_frame_pc(frame, &p.pc, &activation))
        return DWARF_CB_ABORT;
    /* a return address may stand behind the last instruction of its function */
    p.at = activation ? p.pc : p.pc - 1;
    p.module = dwfl_addrmodule(t->dwfl, p.at);
    return add_place(t, &p) && !t->failed ? DWARF_CB_OK : DWARF_CB_ABORT;
}

/* --- the stack --- */

static int complain(struct err *err, const char *what)
{
    const char *why = dwfl_errmsg(-1);
    return err_set(err, EBADMSG, "%s: %s", what, why != NULL ? why : "no reason given");
}

static int take_frames(struct taken *t, Elf *elf, const struct stack_of *of,
                       struct err *err)
{
    dwfl_report_begin(t->dwfl);
    if (dwfl_core_file_report(t->dwfl, elf, NULL) < 0)
        return complain(err, "the core's modules cannot be read");
    if (dwfl_report_end(t->dwfl, NULL, NULL) != 0)
        return complain(err, "the core's modules cannot be read");
    if (dwfl_core_file_attach(t->dwfl, elf) < 0)
        return complain(err, "the core's threads cannot be read");
    int rc = dwfl_getthread_frames(t->dwfl, (pid_t)of->tid, on_frame, t);
    if (t->failed)
        return err_set(err, ENOMEM, "no memory for a stack");
    if (t->to->n_frames == 0)
        return rc < 0 ? complain(err, "the core has no stack")
                      : err_set(err, EBADMSG, "the core has no stack");
    return 0;
}

static int take_of_elf(Elf *elf, const struct stack_of *of, struct core *to,
                       struct err *err)
{
    struct taken t = {.to = to, .most = of->frames};
    if (t.most > CORE_FRAMES_MAX)
        t.most = CORE_FRAMES_MAX;
    to->frame = calloc(t.most + 1, sizeof *to->frame);
    if (to->frame == NULL)
        return err_set(err, ENOMEM, "no memory for a stack");
    t.dwfl = dwfl_begin(&callbacks);
    if (t.dwfl == NULL)
        return complain(err, "libdw cannot be used");
    int rc = take_frames(&t, elf, of, err);
    dwfl_end(t.dwfl);
    return rc;
}

int stack_take(const struct stack_of *of, struct core **ret_frames, struct err *err)
{
    struct core *c = calloc(1, sizeof *c);
    if (c == NULL)
        return err_set(err, ENOMEM, "no memory for a stack");
    /* looking for debug information on the net is not for a handler of crashes */
    unsetenv("DEBUGINFOD_URLS");
    elf_version(EV_CURRENT);
    Elf *elf = elf_memory(of->core, of->n);
    taking = of;
    int rc = elf != NULL ? take_of_elf(elf, of, c, err)
                         : err_set(err, EBADMSG, "the core is no ELF file for libelf");
    taking = NULL;
    elf_end(elf);
    if (rc < 0)
        core_free(&c);
    else
        *ret_frames = c;
    return rc;
}
