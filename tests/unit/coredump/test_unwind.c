/* tests of programs/coredump/unwind: what goes wrong.  Real stacks are in
 * tests/flow/test_coredump.py. */
#include "base/instant.h"
#include "programs/coredump/unwind.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct unwind job(int core)
{
    return (struct unwind){.core = core,
                           .memory = -1,
                           .root = -1,
                           .exe_fd = -1,
                           .frames = 64,
                           .hold_ms = 300,
                           .ms = 20000};
}

/* A pipe with these bytes in it; the writing end is closed unless it is asked for. */
static int pipe_of(const void *bytes, size_t n, int *ret_write)
{
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    CHECK(write(ends[1], bytes, n) == (ssize_t)n);
    if (ret_write != NULL)
        *ret_write = ends[1];
    else
        close(ends[1]);
    return ends[0];
}

TEST(what_is_no_core_is_told_in_the_childs_words)
{
    struct err err = {0};
    struct unwound got;
    static const char text[] =
        "this is a text that is longer than the header of an ELF "
        "file, which has only 64 bytes";
    struct unwind u = job(pipe_of(text, sizeof text, NULL));
    CHECK_INT(unwind_core(&u, &got, &err), -1);
    CHECK_TEXT(err.text, "this is no ELF core");
    CHECK(got.frames == NULL && got.exe[0] == '\0' && !got.stranger);
    err = (struct err){0};
    u = job(pipe_of("", 0, NULL));
    CHECK_INT(unwind_core(&u, &got, &err), -1);
    CHECK_TEXT(err.text, "the core ends within its header");
}

TEST(a_core_that_never_comes_is_let_go_when_the_time_is_over)
{
    struct err err = {0};
    struct unwound got;
    int writer;
    struct unwind u = job(pipe_of("\177ELF", 4, &writer));
    u.ms = 400;
    int64_t begun = monotonic_ms();
    CHECK_INT(unwind_core(&u, &got, &err), -1);
    CHECK_INT(err.code, ETIMEDOUT);
    CHECK(monotonic_ms() - begun >= 400);
    CHECK(monotonic_ms() - begun < 20000);
    /* nobody reads any more: the kernel would let the dead process go */
    struct pollfd p = {.fd = writer, .events = POLLOUT};
    CHECK(poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0);
    close(writer);
}

TEST(a_stream_without_an_end_is_read_for_as_long_as_it_may_hold)
{
    struct err err = {0};
    struct unwound got;
    int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
    CHECK(zero >= 0);
    struct unwind u = job(zero);
    int64_t begun = monotonic_ms();
    CHECK_INT(unwind_core(&u, &got, &err), -1);
    CHECK_TEXT(err.text, "this is no ELF core");
    CHECK(monotonic_ms() - begun < 20000);
}
