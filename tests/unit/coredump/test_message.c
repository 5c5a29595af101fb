/* tests of programs/coredump/message */
#include "programs/coredump/message.h"
#include "tests/test.h"

static struct core *read_text(const char *text)
{
    return message_stack(text, strlen(text), CORE_FRAMES_MAX);
}

static const char MESSAGE[] =
    "Process 4711 (pay) of user 33 dumped core.\n\n"
    "Module linux-vdso.so.1 with build-id aa\n"
    "Module /lib/x86_64-linux-gnu/libc.so.6 with build-id 93ac61ec from deb glibc\n"
    "Module pay with build-id d67f497e\n"
    "Stack trace of thread 4711:\n"
    "#0  0x00005571c7b2c17e pay::parse(Header const&) (pay + 0x117e)\n"
    "#1  0x00005571c7b2c189 operator() (int) (pay + 0x1189)\n"
    "#2  0x00007f99ec3b91f5 n/a (libc.so.6 + 0x891f5)\n"
    "#3  0x0000000000000001 n/a (n/a + 0x0)\n"
    "\n"
    "Stack trace of thread 4712:\n"
    "#0  0x00007f99ec3b91f5 pause (libc.so.6 + 0x1)\n"
    "ELF object binary architecture: AMD x86-64\n";

TEST(the_first_threads_frames_are_read_with_module_build_id_and_offset)
{
    struct core *c = read_text(MESSAGE);
    CHECK(c != NULL);
    CHECK_INT(c->n_frames, 4);
    CHECK_TEXT(c->frame[0].fn, "pay::parse(Header const&)");
    CHECK_TEXT(c->frame[0].module, "pay");
    CHECK_TEXT(c->frame[0].build_id, "d67f497e");
    CHECK(c->frame[0].has_offset && c->frame[0].offset == 0x117e);
    CHECK_TEXT(c->frame[1].fn, "operator() (int)");
    CHECK(c->frame[2].fn == NULL);
    CHECK_TEXT(c->frame[2].build_id, "93ac61ec");
    CHECK(c->frame[3].module == NULL && c->frame[3].build_id == NULL);
    core_free(&c);
    c = message_stack(MESSAGE, sizeof MESSAGE - 1, 2);
    CHECK_INT(c->n_frames, 2);
    core_free(&c);
}

TEST(lines_of_another_form_are_passed_over)
{
    static const char *const none[] = {
        "",
        "Stack trace of thread 1:",
        "#0  0x1 main (pay + 0x1)\n",
        "Stack trace of thread 1:\n#0  0x1 main\n#1 main (pay + 0x)\n# (a + 0x1)\n)\n",
        "Stack trace of thread 1:\n#0  0x1 (a + 0x11112222333344445)\n",
        "Stack trace of thread 1:\n\n#0  0x1 main (pay + 0x1)\n"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        CHECK(read_text(none[i]) == NULL);
    struct core *c = read_text("Stack trace of thread 1:\nnoise\n"
                               "#0  0x1f ma\x01in (pay + 0x1)\n");
    CHECK_INT(c->n_frames, 1);
    CHECK(c->frame[0].fn == NULL);
    CHECK_TEXT(c->frame[0].module, "pay");
    core_free(&c);
}

TEST(any_beginning_of_a_message_is_read_without_harm)
{
    for (size_t n = 0; n < sizeof MESSAGE; n++) {
        char copy[sizeof MESSAGE];
        memcpy(copy, MESSAGE, n);
        struct core *c = message_stack(copy, n, CORE_FRAMES_MAX);
        core_free(&c);
    }
}
