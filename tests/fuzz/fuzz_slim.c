/* tests/fuzz/fuzz_slim.c - strangers' bytes as a core.
 *
 * What is made of it is a core whose segments all lie within it, which is bounded, and
 * which gives itself when it is cut down once more. */
#include "programs/coredump/slim.h"

#include <assert.h>
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static int make(const void *bytes, size_t n, struct slim *ret)
{
    char path[64];
    struct err err = {0};
    int fd = memfd_create("core", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct slim_source from = {.core = unpack_open(path, &err), .memory = -1};
    close(fd);
    int rc = from.core != NULL ? slim_make(&from, ret, &err) : -1;
    unpack_close(&from.core);
    assert((rc < 0) == (err.code != 0));
    return rc;
}

static void check(const struct slim *s)
{
    Elf64_Ehdr e;
    memcpy(&e, s->bytes, sizeof e);
    assert(s->n <= (size_t)SLIM_BYTES_MAX + 2 * SLIM_NOTES_MAX);
    assert(e.e_phoff == sizeof e && e.e_phnum > 0);
    for (size_t i = 0; i < e.e_phnum; i++) {
        Elf64_Phdr h;
        memcpy(&h, s->bytes + sizeof e + i * sizeof h, sizeof h);
        assert(h.p_offset <= s->n && h.p_filesz <= s->n - h.p_offset);
        assert(h.p_memsz >= h.p_filesz || h.p_type == PT_NOTE);
    }
    assert(memchr(s->exe, '\0', sizeof s->exe) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct slim s = {0}, again = {0};
    if (make(bytes, n, &s) == 0) {
        check(&s);
        assert(make(s.bytes, s.n, &again) == 0);
        assert(again.tid == s.tid && again.signal == s.signal);
        assert(strcmp(again.exe, s.exe) == 0);
        check(&again);
    }
    slim_free(&s);
    slim_free(&again);
    return 0;
}
