/* programs/coredump/slim.c - reading a core forward and keeping little of it.
 *
 * What must hold: nothing is believed that the core says of itself - every offset and
 * size is checked against what it is used for, and memory is taken for what was really
 * there, not for what was announced.  Runs in the sandboxed child, on one thread. */
#include "programs/coredump/slim.h"

#include "base/instant.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PAGE = 4096,
    NEAR_STACK = 1 << 20, /* a stack that overflowed points so far below itself */
    RED_ZONE = 256,       /* below the stack pointer, still in use */
    ROUNDS = 9,           /* PAGE doubled so often is SLIM_HEAD_MAX */
    PHDR_GAP_MAX = 1 << 20,
};

/* A part of a segment that is kept. */
struct part {
    size_t segment;
    uint64_t skip; /* bytes of the segment before it */
    uint64_t n;    /* planned, then really there */
    uint64_t at;   /* in the small core */
};

struct slimming {
    const struct slim_source *from;
    struct slim *to;
    Elf64_Ehdr head;
    Elf64_Phdr *segment; /* as many as head.e_phnum */
    size_t *order;       /* segments of memory, by their place in the file */
    size_t n_loads;
    struct part *part; /* by their place in the file; at most one more than loads */
    size_t n_parts;
    char *notes;
    size_t n_notes;
    uint64_t sp;
    uint64_t pos; /* how far the core was read */
    char *back;   /* what was read before notes that stand last, and from where on */
    uint64_t back_at, n_back;
    int64_t until;
    bool use_memory;
    char *bytes; /* the small core being made */
};

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a core");
}

/* --- reading forward --- */

static bool in_time(const struct slimming *s)
{
    return s->until == 0 || monotonic_ms() < s->until;
}

/* How many of the `n` bytes came; what is missing says `cut`. */
static size_t read_some(struct slimming *s, char *to, size_t n)
{
    size_t got = 0;
    while (got < n && in_time(s)) {
        ssize_t took = unpack_read(s->from->core, to + got, n - got, NULL);
        if (took <= 0)
            break;
        got += (size_t)took;
    }
    s->pos += got;
    s->to->cut |= got < n;
    return got;
}

/* False when it ended before. */
static bool skip_to(struct slimming *s, uint64_t where)
{
    char waste[16384];
    while (s->pos < where) {
        uint64_t left = where - s->pos;
        if (read_some(s, waste, left < sizeof waste ? (size_t)left : sizeof waste) == 0)
            return false;
    }
    return s->pos == where;
}

/* --- headers --- */

static int check_head(const Elf64_Ehdr *h, struct err *err)
{
    if (memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 || h->e_type != ET_CORE)
        return err_set(err, EBADMSG, "this is no ELF core");
    if (h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB)
        return err_set(err, ENOTSUP,
                       "only 64-bit little-endian cores are read, not this one");
    if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 ||
        h->e_phnum > SLIM_SEGMENTS_MAX)
        return err_set(err, EBADMSG, "a core with %u segments of %u bytes is not read",
                       h->e_phnum, h->e_phentsize);
    if (h->e_phoff < sizeof *h || h->e_phoff > PHDR_GAP_MAX)
        return err_set(err, EBADMSG, "the core's segments are not at its beginning");
    return 0;
}

static int read_heads(struct slimming *s, struct err *err)
{
    if (read_some(s, (char *)&s->head, sizeof s->head) < sizeof s->head)
        return err_set(err, EBADMSG, "the core ends within its header");
    if (check_head(&s->head, err) < 0)
        return -1;
    size_t n = s->head.e_phnum;
    s->segment = calloc(n, sizeof *s->segment);
    s->order = calloc(n, sizeof *s->order);
    s->part = calloc(n + 1, sizeof *s->part);
    if (s->segment == NULL || s->order == NULL || s->part == NULL)
        return no_memory(err);
    if (!skip_to(s, s->head.e_phoff) ||
        read_some(s, (char *)s->segment, n * sizeof *s->segment) <
            n * sizeof *s->segment)
        return err_set(err, EBADMSG, "the core ends within its segments' headers");
    return 0;
}

/* --- notes --- */

struct note {
    uint32_t type;
    bool core; /* its name is "CORE" */
    const char *desc;
    size_t n, whole; /* of the description; of the note with all its padding */
};

/* False when no whole note stands there. */
static bool note_at(const char *at, size_t left, struct note *ret)
{
    Elf64_Nhdr h;
    if (left < sizeof h)
        return false;
    memcpy(&h, at, sizeof h);
    uint64_t name = ((uint64_t)h.n_namesz + 3) & ~UINT64_C(3);
    uint64_t whole = sizeof h + name + (((uint64_t)h.n_descsz + 3) & ~UINT64_C(3));
    if (whole > left)
        return false;
    *ret = (struct note){h.n_type,
                         h.n_namesz == 5 && memcmp(at + sizeof h, "CORE", 5) == 0,
                         at + sizeof h + name, h.n_descsz, (size_t)whole};
    return true;
}

static uint64_t word_at(const char *at)
{
    uint64_t w;
    memcpy(&w, at, sizeof w);
    return w;
}

/* Where registers stand in struct elf_prstatus. */
enum { STATUS_SIGNAL = 12, STATUS_PID = 32, STATUS_REGS = 112 };

static size_t sp_at(unsigned machine)
{
    if (machine == EM_X86_64)
        return STATUS_REGS + 19 * 8;
    return machine == EM_AARCH64 ? STATUS_REGS + 31 * 8 : 0;
}

static void take_status(struct slimming *s, const struct note *n)
{
    uint16_t signal;
    int32_t pid;
    if (n->n < STATUS_REGS)
        return;
    memcpy(&signal, n->desc + STATUS_SIGNAL, sizeof signal);
    memcpy(&pid, n->desc + STATUS_PID, sizeof pid);
    s->to->signal = signal;
    s->to->tid = pid;
    size_t sp = sp_at(s->head.e_machine);
    if (sp != 0 && n->n >= sp + 8)
        s->sp = word_at(n->desc + sp);
}

/* pr_fname of struct elf_prpsinfo: 16 bytes. */
static void take_name(struct slimming *s, const struct note *n)
{
    enum { NAME_AT = 40, NAME_BYTES = 16 };
    if (n->n < NAME_AT + NAME_BYTES || s->to->exe[0] != '\0')
        return;
    memcpy(s->to->exe, n->desc + NAME_AT, NAME_BYTES);
    s->to->exe[NAME_BYTES] = '\0';
}

/* The value of a key in an auxiliary vector; 0: not there. */
static uint64_t aux_value(const char *auxv, size_t n, uint64_t key)
{
    for (size_t i = 0; i + 16 <= n; i += 16)
        if (word_at(auxv + i) == key)
            return word_at(auxv + i + 8);
    return 0;
}

/* The path of the mapping that holds `address`.  NT_FILE: count, size of a page, three
 * words a mapping, then their names. */
static void take_path(struct slimming *s, const struct note *n, uint64_t address)
{
    uint64_t count = n->n >= 16 ? word_at(n->desc) : 0;
    if (count > (n->n - 16) / 25 || n->n < 16)
        return;
    const char *row = n->desc + 16, *name = row + count * 24, *end = n->desc + n->n;
    for (uint64_t i = 0; i < count && name < end; i++, row += 24) {
        size_t len = strnlen(name, (size_t)(end - name));
        if (word_at(row) <= address && address < word_at(row + 8) && len > 0 &&
            len < SLIM_PATH_MAX && name + len < end) {
            static const char gone[] = " (deleted)";
            if (len > sizeof gone && strcmp(name + len - (sizeof gone - 1), gone) == 0)
                len -= sizeof gone - 1;
            memcpy(s->to->exe, name, len);
            s->to->exe[len] = '\0';
            return;
        }
        name += len + 1;
    }
}

/* Takes from the notes what is of the dead thread, and gives where that ends. */
static size_t take_notes(struct slimming *s)
{
    struct note n, files = {0};
    uint64_t entry = 0;
    size_t at = 0, threads = 0;
    for (; note_at(s->notes + at, s->n_notes - at, &n); at += n.whole) {
        if (!n.core)
            continue;
        if (n.type == NT_PRSTATUS && threads++ > 0)
            break; /* the next thread */
        if (n.type == NT_PRSTATUS)
            take_status(s, &n);
        else if (n.type == NT_PRPSINFO)
            take_name(s, &n);
        else if (n.type == NT_FILE)
            files = n;
        else if (n.type == NT_AUXV) {
            entry = aux_value(n.desc, n.n, AT_ENTRY);
            s->to->stranger =
                s->from->auxv != NULL &&
                (n.n != s->from->n_auxv || memcmp(n.desc, s->from->auxv, n.n) != 0);
            s->use_memory =
                s->from->memory >= 0 && s->from->auxv != NULL && !s->to->stranger;
        }
    }
    if (files.desc != NULL && entry != 0)
        take_path(s, &files, entry);
    return at;
}

/* The kernel writes notes first, gdb last: then what stands before them is kept, of a
 * core that is not too long for that. */
static int read_back(struct slimming *s, uint64_t notes, struct err *err)
{
    uint64_t n = notes - s->pos;
    bool behind = false;
    for (size_t i = 0; i < s->head.e_phnum; i++)
        behind |= s->segment[i].p_type == PT_LOAD && s->segment[i].p_filesz > 0 &&
                  s->segment[i].p_offset < notes;
    if (!behind)
        return 0;
    if (n > SLIM_BYTES_MAX)
        return err_set(err, EFBIG, "the core's notes stand last, behind too much");
    s->back = malloc((size_t)n + 1);
    if (s->back == NULL)
        return no_memory(err);
    s->back_at = s->pos;
    s->n_back = read_some(s, s->back, (size_t)n);
    return 0;
}

/* The first segment of notes; any other is passed over. */
static int read_notes(struct slimming *s, struct err *err)
{
    for (size_t i = 0; i < s->head.e_phnum; i++) {
        const Elf64_Phdr *p = &s->segment[i];
        if (p->p_type != PT_NOTE)
            continue;
        size_t n = p->p_filesz < SLIM_NOTES_MAX ? (size_t)p->p_filesz : SLIM_NOTES_MAX;
        if (p->p_offset < s->pos)
            return err_set(err, EBADMSG, "the core's notes stand in its header");
        if (read_back(s, p->p_offset, err) < 0)
            return -1;
        s->notes = malloc(n + 1);
        if (s->notes == NULL)
            return no_memory(err);
        if (skip_to(s, p->p_offset))
            s->n_notes = read_some(s, s->notes, n);
        s->n_notes = take_notes(s);
        return 0;
    }
    return err_set(err, EBADMSG, "the core has no notes");
}

/* --- what to keep --- */

static int by_offset(const void *a, const void *b, void *of)
{
    const Elf64_Phdr *segment = of;
    uint64_t x = segment[*(const size_t *)a].p_offset;
    uint64_t y = segment[*(const size_t *)b].p_offset;
    if (x != y)
        return x < y ? -1 : 1;
    return *(const size_t *)a < *(const size_t *)b ? -1 : 1;
}

static void sort_loads(struct slimming *s)
{
    for (size_t i = 0; i < s->head.e_phnum; i++)
        if (s->segment[i].p_type == PT_LOAD)
            s->order[s->n_loads++] = i;
    if (s->n_loads > 1)
        qsort_r(s->order, s->n_loads, sizeof *s->order, by_offset, s->segment);
}

/* The segment of the dead thread's stack, and how far into it the stack begins; the
 * number of segments when there is none. */
static size_t find_stack(const struct slimming *s, uint64_t *ret_skip)
{
    for (size_t i = 0; s->sp != 0 && i < s->n_loads; i++) {
        const Elf64_Phdr *p = &s->segment[s->order[i]];
        bool inside = s->sp >= p->p_vaddr && s->sp - p->p_vaddr < p->p_filesz;
        bool below = s->sp < p->p_vaddr && p->p_vaddr - s->sp < NEAR_STACK;
        if ((!inside && !below) || p->p_filesz == 0)
            continue;
        uint64_t skip = inside ? s->sp - p->p_vaddr : 0;
        *ret_skip = skip < RED_ZONE ? 0 : (skip - RED_ZONE) & ~(uint64_t)(PAGE - 1);
        return s->order[i];
    }
    return s->head.e_phnum;
}

static uint64_t lesser(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* The largest share of every segment that all of them together have room for. */
static uint64_t fair_share(const struct slimming *s)
{
    uint64_t share = PAGE;
    for (int round = 0; round < ROUNDS && share < SLIM_HEAD_MAX; round++) {
        uint64_t sum = 0;
        for (size_t i = 0; i < s->n_loads; i++)
            sum += lesser(s->segment[s->order[i]].p_filesz, 2 * share);
        if (sum > SLIM_BYTES_MAX - SLIM_STACK_MAX)
            break;
        share *= 2;
    }
    return share;
}

static void plan(struct slimming *s)
{
    uint64_t skip = 0, room = SLIM_BYTES_MAX - SLIM_STACK_MAX, share = fair_share(s);
    size_t stack = find_stack(s, &skip);
    for (size_t i = 0; i < s->n_loads; i++) {
        size_t no = s->order[i];
        uint64_t n = s->segment[no].p_filesz;
        bool is_stack = no == stack;
        if (!is_stack || skip > 0) {
            uint64_t head = lesser(lesser(n, share), room);
            if (is_stack)
                head = lesser(head, skip);
            room -= head;
            if (head > 0 || !is_stack)
                s->part[s->n_parts++] = (struct part){.segment = no, .n = head};
        }
        if (is_stack)
            s->part[s->n_parts++] = (struct part){
                .segment = no, .skip = skip, .n = lesser(n - skip, SLIM_STACK_MAX)};
    }
}

/* --- taking it --- */

static uint64_t from_memory(const struct slimming *s, const struct part *p, char *to)
{
    uint64_t got = 0, at = s->segment[p->segment].p_vaddr + p->skip;
    while (got < p->n) {
        ssize_t took =
            pread(s->from->memory, to + got, (size_t)(p->n - got), (off_t)(at + got));
        if (took <= 0)
            break;
        got += (uint64_t)took;
    }
    return got;
}

static uint64_t from_core(struct slimming *s, const struct part *p, char *to)
{
    uint64_t where = s->segment[p->segment].p_offset, off;
    if (__builtin_add_overflow(where, p->skip, &off))
        return 0;
    if (off >= s->back_at && off - s->back_at < s->n_back) {
        uint64_t n = lesser(p->n, s->n_back - (off - s->back_at));
        memcpy(to, s->back + (off - s->back_at), (size_t)n);
        return n;
    }
    if (off < s->pos) {
        s->to->cut = true; /* they overlap: what was read is gone */
        return 0;
    }
    return skip_to(s, off) ? read_some(s, to, (size_t)p->n) : 0;
}

static size_t page_up(size_t n)
{
    return (n + PAGE - 1) & ~(size_t)(PAGE - 1);
}

static int take_parts(struct slimming *s, struct err *err)
{
    size_t heads = sizeof s->head + (1 + s->n_parts) * sizeof *s->segment;
    size_t most = page_up(heads + s->n_notes), at = most;
    for (size_t i = 0; i < s->n_parts; i++)
        most += page_up((size_t)s->part[i].n);
    s->bytes = calloc(1, most);
    if (s->bytes == NULL)
        return no_memory(err);
    for (size_t i = 0; i < s->n_parts; i++) {
        struct part *p = &s->part[i];
        p->at = at;
        if (p->n > 0)
            p->n = s->use_memory ? from_memory(s, p, s->bytes + at)
                                 : from_core(s, p, s->bytes + at);
        at += page_up((size_t)p->n);
    }
    s->to->n = at;
    return 0;
}

static void write_heads(struct slimming *s)
{
    Elf64_Ehdr head = s->head;
    head.e_phoff = sizeof head;
    head.e_phnum = (uint16_t)(1 + s->n_parts);
    head.e_shoff = 0;
    head.e_shnum = head.e_shstrndx = 0;
    size_t at = sizeof head;
    memcpy(s->bytes, &head, at);
    size_t notes = at + head.e_phnum * sizeof *s->segment;
    Elf64_Phdr note = {
        .p_type = PT_NOTE, .p_offset = notes, .p_filesz = s->n_notes, .p_align = 4};
    memcpy(s->bytes + at, &note, sizeof note);
    if (s->n_notes > 0)
        memcpy(s->bytes + notes, s->notes, s->n_notes);
    for (size_t i = 0; i < s->n_parts; i++) {
        const struct part *p = &s->part[i];
        Elf64_Phdr h = s->segment[p->segment];
        bool split =
            p->skip > 0 || (i + 1 < s->n_parts && s->part[i + 1].segment == p->segment);
        at += sizeof h;
        h.p_offset = p->at;
        h.p_filesz = p->n;
        h.p_vaddr += p->skip;
        h.p_align = PAGE;
        if (split || h.p_memsz < p->n)
            h.p_memsz = p->n;
        memcpy(s->bytes + at, &h, sizeof h);
    }
}

int slim_make(const struct slim_source *from, struct slim *ret_slim, struct err *err)
{
    *ret_slim = (struct slim){0};
    struct slimming s = {.from = from,
                         .to = ret_slim,
                         .until = from->ms > 0 ? monotonic_ms() + from->ms : 0};
    int rc = read_heads(&s, err) < 0 || read_notes(&s, err) < 0 ? -1 : 0;
    if (rc == 0) {
        sort_loads(&s);
        plan(&s);
        rc = take_parts(&s, err);
    }
    if (rc == 0) {
        write_heads(&s);
        ret_slim->bytes = s.bytes;
    }
    free(s.segment);
    free(s.order);
    free(s.part);
    free(s.notes);
    free(s.back);
    return rc;
}

void slim_free(struct slim *s)
{
    free(s->bytes);
    *s = (struct slim){0};
}
