/* tests of programs/coredump/slim: cores made here, small and wrong ones.  Real ones
 * are in tests/flow/test_coredump.py. */
#include "programs/coredump/slim.h"
#include "tests/test.h"

#include <elf.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    NOTES = 1024,
    STATUS = 336,
    LOW = 0x10000,
    STACK = 0x7ff000000000,
    BIG = 4 << 20, /* of the stack's segment */
    MOST = 64 + 3 * 56 + NOTES + 4096 + BIG,
};

/* A core of one thread with a segment of 4 KiB and a stack of 4 MiB, of which it uses
 * the last 64 KiB. */
struct made {
    unsigned char *bytes;
    size_t n, notes;
};

static size_t add_note(unsigned char *to, uint32_t type, const void *desc, uint32_t n)
{
    Elf64_Nhdr h = {5, n, type};
    memcpy(to, &h, sizeof h);
    memcpy(to + sizeof h, "CORE\0\0\0", 8);
    memcpy(to + sizeof h + 8, desc, n);
    return sizeof h + 8 + ((n + 3) & ~3U);
}

static struct made make_core(void)
{
    struct made m = {calloc(1, MOST), MOST, 0};
    unsigned char status[STATUS] = {0};
    uint16_t signal = 11;
    int32_t pid = 4711;
    uint64_t sp = (uint64_t)STACK + BIG - 65536, auxv[] = {AT_ENTRY, LOW + 16, 0, 0};
    Elf64_Ehdr e = {.e_type = ET_CORE,
                    .e_machine = EM_X86_64,
                    .e_version = 1,
                    .e_phoff = 64,
                    .e_phentsize = 56,
                    .e_phnum = 3};
    memcpy(e.e_ident, "\177ELF\2\1\1", 7);
    memcpy(m.bytes, &e, sizeof e);
    memcpy(status + 12, &signal, 2);
    memcpy(status + 32, &pid, 4);
    memcpy(status + 112 + 19 * 8, &sp, 8);
    unsigned char *p = m.bytes + 64 + 3 * 56;
    size_t n = add_note(p, NT_PRSTATUS, status, STATUS);
    n += add_note(p + n, NT_AUXV, auxv, sizeof auxv);
    struct {
        uint64_t count, page, start, end, offset;
        char name[16];
    } files = {1, 4096, LOW, LOW + 4096, 0, "/srv/pay"};
    n += add_note(p + n, NT_FILE, &files, sizeof files);
    m.notes = n;
    n += add_note(p + n, NT_PRSTATUS, status, STATUS); /* another thread */
    uint64_t at = 64 + 3 * 56;
    Elf64_Phdr h[] = {{.p_type = PT_NOTE, .p_offset = at, .p_filesz = n},
                      {.p_type = PT_LOAD,
                       .p_offset = at + NOTES,
                       .p_vaddr = LOW,
                       .p_filesz = 4096,
                       .p_memsz = 8192},
                      {.p_type = PT_LOAD,
                       .p_offset = at + NOTES + 4096,
                       .p_vaddr = STACK,
                       .p_filesz = BIG,
                       .p_memsz = BIG}};
    memcpy(m.bytes + 64, h, sizeof h);
    memset(m.bytes + at + NOTES, 'a', 4096);
    memset(m.bytes + at + NOTES + 4096, 'b', BIG - 65536);
    memset(m.bytes + MOST - 65536, 'c', 65536);
    return m;
}

static int make(const struct made *m, size_t n, struct slim *ret, struct err *err)
{
    char path[300];
    snprintf(path, sizeof path, "%s/core", test_dir());
    FILE *f = fopen(path, "w");
    CHECK(f != NULL && fwrite(m->bytes, 1, n, f) == n);
    fclose(f);
    struct slim_source from = {.core = unpack_open(path, err), .memory = -1};
    CHECK(from.core != NULL);
    int rc = slim_make(&from, ret, err);
    unpack_close(&from.core);
    CHECK((rc == 0) == (err->code == 0));
    return rc;
}

TEST(notes_of_the_dead_thread_heads_and_the_used_stack_are_kept)
{
    struct made m = make_core();
    struct slim s;
    struct err err = {0};
    CHECK_INT(make(&m, m.n, &s, &err), 0);
    CHECK_INT(s.tid, 4711);
    CHECK_INT(s.signal, 11);
    CHECK_TEXT(s.exe, "/srv/pay");
    CHECK(!s.cut && !s.stranger);
    Elf64_Ehdr e;
    Elf64_Phdr h[4];
    memcpy(&e, s.bytes, sizeof e);
    CHECK_INT(e.e_phnum, 4);
    memcpy(h, s.bytes + 64, sizeof h);
    CHECK_INT(h[0].p_type, PT_NOTE);
    CHECK_INT(h[0].p_filesz, (long long)m.notes);
    CHECK_INT(h[1].p_filesz, 4096);
    CHECK_INT(h[1].p_memsz, 8192);
    CHECK(s.bytes[h[1].p_offset] == 'a');
    CHECK_INT((long long)h[2].p_vaddr, STACK);
    CHECK_INT(h[2].p_filesz, SLIM_HEAD_MAX);
    CHECK_INT(h[2].p_memsz, SLIM_HEAD_MAX);
    CHECK_INT((long long)h[3].p_vaddr, (long long)STACK + BIG - 65536 - 4096);
    CHECK_INT(h[3].p_filesz, 65536 + 4096);
    CHECK(s.bytes[h[3].p_offset + 4095] == 'b' && s.bytes[h[3].p_offset + 4096] == 'c');
    CHECK(s.n < 2 << 20);
    slim_free(&s);
    free(m.bytes);
}

TEST(a_core_that_ends_early_gives_what_there_is_as_long_as_its_headers_are_whole)
{
    struct made m = make_core();
    static const size_t ends[] = {0,    3,    63,   64,      100,     231,
                                  232,  300,  600,  800,     1000,    1256,
                                  3000, 5352, 9000, 1 << 20, MOST - 1};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct slim s;
        struct err err = {0};
        int rc = make(&m, ends[i], &s, &err);
        CHECK_INT(rc, ends[i] >= 232 ? 0 : -1);
        CHECK(rc < 0 || s.cut);
        slim_free(&s);
    }
    free(m.bytes);
}

static void put(struct made *m, size_t at, uint64_t v, size_t n)
{
    memcpy(m->bytes + at, &v, n);
}

/* What is put into the header, or into a segment's, and whether that is still read. */
TEST(headers_that_lie_are_refused_or_bounded)
{
    static const struct {
        size_t at, n;
        uint64_t value;
        bool read;
    } lies[] = {
        {0, 1, 'X', false},
        {4, 1, 1, false},
        {5, 1, 2, false},
        {16, 2, 2, false},
        {32, 8, 0, false},
        {32, 8, UINT64_MAX, false},
        {54, 2, 1, false},
        {56, 2, 0, false},
        {56, 2, 0xffff, false},
        {56, 2, 2, true},
        {64, 4, 0, false},
        {64 + 8, 8, 0, false},
        {64 + 8, 8, UINT64_MAX, false},
        {64 + 32, 8, UINT64_MAX, true},
        {64 + 32, 8, 10, true},
        {120 + 8, 8, UINT64_MAX, true},
        {120 + 8, 8, 0, true},
        {120 + 32, 8, UINT64_MAX, true},
        {176 + 16, 8, UINT64_MAX, true},
        {176 + 32, 8, UINT64_MAX, true},
        {176 + 40, 8, 0, true},
        {18, 2, EM_AARCH64, true},
        {18, 2, EM_S390, true},
        {232 + 4, 4, UINT32_MAX, true},
        {232, 4, UINT32_MAX, true},
        {232 + 4, 4, 4, true},
    };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct made m = make_core();
        struct slim s;
        struct err err = {0};
        put(&m, lies[i].at, lies[i].value, lies[i].n);
        int rc = make(&m, m.n, &s, &err);
        if ((rc == 0) != lies[i].read)
            test_fail(__FILE__, __LINE__, "lie %zu: %d %s", i, rc, err.text);
        CHECK(rc < 0 || s.n <= (size_t)SLIM_BYTES_MAX + SLIM_NOTES_MAX + (8 << 20));
        slim_free(&s);
        free(m.bytes);
    }
}

TEST(memory_is_read_only_of_the_process_whose_core_it_is)
{
    struct made m = make_core();
    char path[300];
    struct err err = {0};
    uint64_t auxv[] = {AT_ENTRY, LOW + 16, 0, 0};
    snprintf(path, sizeof path, "%s/memory", test_dir());
    int memory = open(path, O_RDWR | O_CREAT, 0600);
    CHECK(pwrite(memory, "mmmm", 4, LOW) == 4);
    for (int same = 0; same < 2; same++) {
        snprintf(path, sizeof path, "%s/core", test_dir());
        FILE *f = fopen(path, "w");
        CHECK(f != NULL && fwrite(m.bytes, 1, m.n, f) == m.n);
        fclose(f);
        struct slim s;
        struct slim_source from = {.core = unpack_open(path, &err),
                                   .memory = memory,
                                   .auxv = auxv,
                                   .n_auxv = same ? sizeof auxv : sizeof auxv - 16};
        CHECK_INT(slim_make(&from, &s, &err), 0);
        unpack_close(&from.core);
        Elf64_Phdr h[2];
        memcpy(h, s.bytes + 64, sizeof h);
        CHECK_INT(s.stranger, !same);
        CHECK(s.bytes[h[1].p_offset] == (same ? 'm' : 'a'));
        slim_free(&s);
    }
    close(memory);
    free(m.bytes);
}
