/* tests/unit/storage/test_fingerprint.c - names, frames, hashes, and real stacks. */
#include "storage/fingerprint.h"

#include "base/unpack.h"
#include "tests/test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

/* --- names --- */

static void check_name(const char *fn, const char *want)
{
    char out[FINGERPRINT_NAME_MAX], again[FINGERPRINT_NAME_MAX];
    CHECK_TEXT(fingerprint_name(fn, out), want);
    CHECK_TEXT(fingerprint_name(out, again), want);
}

TEST(a_plain_name_stays_as_it_is)
{
    check_name("parse_header", "parse_header");
    check_name("ns::Parser::run", "ns::Parser::run");
    check_name("~Foo", "~Foo");
    check_name("", "");
}

TEST(addresses_offsets_and_versions_go)
{
    check_name("0x00007ffff7d3e18b in parse_header", "parse_header");
    check_name("parse_header+0x12", "parse_header");
    check_name("foo@plt", "foo");
    check_name("foo@@GLIBC_2.2.5", "foo");
    check_name("0x55d0c0ffee00", "");
    check_name("??", "");
}

TEST(arguments_and_what_stands_behind_them_go)
{
    check_name("ns::f(int, char const*)", "ns::f");
    check_name("ns::f(int (*)(char)) const", "ns::f");
    check_name("f (a=1, b=std::vector of length 3)", "f");
    check_name("A::f(int) const::{lambda(char)#1}::operator()(char) const",
               "A::f::{lambda}::operator()");
    check_name("f(int", "f"); /* cut before its end */
}

TEST(template_arguments_and_return_types_go)
{
    check_name("void ns::push<std::vector<int, A<B>>>(int)", "ns::push");
    check_name("std::vector<int> ns::make<int>(int)", "ns::make");
    check_name("A<(x > 3), B->c>::f", "A::f");
    check_name("ns::Map<std::function<void(int)>>::at(int)", "ns::Map::at");
    check_name("char* ns::text<1>()", "ns::text");
    check_name("*fetch", "fetch");
    check_name("non-virtual thunk to A::f()", "A::f");
    check_name("A<B<C", "A");
}

TEST(operators_keep_their_signs)
{
    check_name("std::ostream& operator<< <std::char_traits<char> >(int)", "operator<<");
    check_name("A::operator<(A const&)", "A::operator<");
    check_name("A::operator->() const", "A::operator->");
    check_name("A::operator()(int)", "A::operator()");
    check_name("operator new[](unsigned long)", "operator new[]");
    check_name("A::operator[](int)", "A::operator[]");
    check_name("A::operator+=(A const&)", "A::operator+=");
    check_name("A::operator unsigned long() const", "A::operator unsigned long");
    check_name("my_operator(int)", "my_operator");
    check_name("operators(int)", "operators");
}

TEST(anonymous_namespaces_and_lambdas_are_spelled_one_way)
{
    check_name("(anonymous namespace)::f(int)", "{anonymous}::f");
    check_name("void (anonymous namespace)::f<int>(int)", "{anonymous}::f");
    check_name("ns::{anonymous}::f", "ns::{anonymous}::f");
    check_name("ns::<unnamed>::f", "ns::{anonymous}::f");
    check_name("main::<lambda(int)>::operator()", "main::{lambda}::operator()");
    check_name("pay::run::{{closure}}", "pay::run::{closure}");
    check_name("pay::run::{closure#0}", "pay::run::{closure}");
}

TEST(what_compilers_add_goes)
{
    check_name("f.isra.0", "f");
    check_name("f.part.1.cold", "f");
    check_name("f.constprop.0.isra.12", "f");
    check_name("f(int) [clone .isra.0]", "f");
    check_name("f(int) [clone .part.0] [clone .cold]", "f");
    check_name("ns::name[abi:cxx11]() const", "ns::name");
    check_name("f.llvm.1234567890", "f");
}

TEST(names_of_rust_and_go_are_understood)
{
    check_name("pay::parse::h0123456789abcdef", "pay::parse");
    check_name("pay::parse::h0123456789abcdeg", "pay::parse::h0123456789abcdeg");
    check_name("_ZN3pay5parse17h0123456789abcdefE", "_ZN3pay5parse");
    check_name("<pay::Header as core::fmt::Display>::fmt", "pay::Header::fmt");
    check_name("<pay::List<T> as core::ops::drop::Drop>::drop", "pay::List::drop");
    check_name("<&mut W as core::fmt::Write>::write", "::write");
    check_name("pay[317d481089b8c8fe]::parse", "pay::parse");
    check_name("main.(*Server).Serve", "main.(*Server).Serve");
    check_name("github.com/x/y.Parse[...]", "github.com/x/y.Parse");
}

TEST(a_long_name_is_cut_between_characters)
{
    char fn[CORE_FN_MAX + 200], out[FINGERPRINT_NAME_MAX];
    memset(fn, 'a', sizeof fn);
    fn[sizeof fn - 1] = '\0';
    CHECK_INT(strlen(fingerprint_name(fn, out)), 300);
    memcpy(fn + 299, "\xc3\xa4", 2); /* stands across the cut */
    CHECK_INT(strlen(fingerprint_name(fn, out)), 299);
}

TEST(modules_lose_path_and_version)
{
    static const char *const pairs[][2] = {
        {"/usr/lib/x86_64-linux-gnu/libc-2.31.so", "libc.so"},
        {"libc.so.6", "libc.so"},
        {"/opt/pay/bin/pay", "pay"},
        {"/opt/pay/bin/pay (deleted)", "pay"},
        {"/opt/pay/pay-2.5.0", "pay"},
        {"libssl.so.1.1", "libssl.so"},
        {"python3.11", "python3.11"},
        {"/usr/bin/", ""},
        {"a.sock", "a.sock"},
        {"-1", "-1"}};
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char out[FINGERPRINT_NAME_MAX];
        CHECK_TEXT(fingerprint_module(pairs[i][0], out), pairs[i][1]);
    }
}

/* --- frames --- */

#define FN(name)                                                                       \
    {                                                                                  \
        .fn = (char *)(uintptr_t)(name)                                                \
    }
#define IN(name, object)                                                               \
    {                                                                                  \
        .fn = (char *)(uintptr_t)(name), .module = (char *)(uintptr_t)(object)         \
    }

static char exe_text[] = "/opt/pay/bin/pay";

static struct core core_of(struct core_frame *frame, size_t n)
{
    return (struct core){
        .exe = exe_text, .signal = SIGSEGV, .frame = frame, .n_frames = n};
}
#define CORE(...)                                                                      \
    core_of((struct core_frame[]){__VA_ARGS__},                                        \
            sizeof(struct core_frame[]){__VA_ARGS__} / sizeof(struct core_frame))

static bool same(const struct core *a, const struct core *b, bool *ret_coarse)
{
    struct fingerprint x = fingerprint_make(a), y = fingerprint_make(b);
    *ret_coarse = strcmp(x.coarse, y.coarse) == 0;
    return strcmp(x.fine, y.fine) == 0;
}

static void check_title(const struct core *c, const char *want)
{
    OWNED_BUF b = {0};
    fingerprint_title(c, &b);
    CHECK_TEXT(buf_text(&b), want);
}

TEST(a_title_names_the_top_own_frames)
{
    struct core c =
        CORE(FN("__GI_raise"), FN("__GI_abort"), FN("free"), FN("parse_header(char*)"),
             FN("read_file.cold"), FN("main"), FN("__libc_start_main"));
    check_title(&c, "SIGSEGV in parse_header <- read_file <- main");
    CHECK(!fingerprint_make(&c).unsure);
}

TEST(frames_that_carry_the_blow_make_no_difference)
{
    struct core a = CORE(FN("parse"), FN("load"), FN("main"));
    struct core b = CORE(FN("__memmove_avx_unaligned_erms"), FN("std::string::assign"),
                         FN("parse"), IN("anything", "/lib/libstdc++.so.6"), FN("load"),
                         FN("<signal handler called>"), FN("main"));
    bool coarse;
    CHECK(same(&a, &b, &coarse) && coarse);
}

TEST(the_coarse_fingerprint_is_of_the_topmost_own_frame)
{
    struct core a = CORE(FN("parse"), FN("load"), FN("main"));
    struct core b = CORE(FN("parse"), FN("reload"), FN("main"));
    struct core c = CORE(FN("load"), FN("parse"), FN("main"));
    bool coarse;
    CHECK(!same(&a, &b, &coarse) && coarse);
    CHECK(!same(&a, &c, &coarse) && !coarse);
}

TEST(another_program_or_signal_is_another_crash)
{
    struct core a = CORE(FN("parse")), b = a, c = a;
    char other[] = "/opt/pay/bin/payd", next[] = "/srv/pay-2.5.1 (deleted)";
    bool coarse;
    b.exe = other;
    CHECK(!same(&a, &b, &coarse) && !coarse);
    c.signal = SIGABRT;
    CHECK(!same(&a, &c, &coarse) && !coarse);
    b.exe = next; /* another path and version of the same program */
    CHECK(same(&a, &b, &coarse) && coarse);
}

TEST(without_names_the_order_of_modules_must_do)
{
    struct core a = CORE(IN(NULL, "/opt/pay"), IN(NULL, "/opt/pay"),
                         IN(NULL, "libssl.so.3"), IN(NULL, "/opt/pay"));
    struct core b = CORE(IN(NULL, "/opt/pay"), IN(NULL, "libssl.so.3"),
                         IN(NULL, "/opt/pay"), IN(NULL, "/opt/pay"));
    bool coarse;
    CHECK(fingerprint_make(&a).unsure);
    CHECK(same(&a, &b, &coarse) && coarse);
    check_title(&a, "SIGSEGV in pay? <- libssl.so? <- pay?");
}

TEST(a_stack_of_nothing_but_the_library_still_has_a_fingerprint)
{
    struct core a = CORE(FN("raise"), FN("abort")), b = CORE(FN("free")), none = a;
    bool coarse;
    CHECK(fingerprint_make(&a).unsure);
    CHECK(!same(&a, &b, &coarse) && !coarse);
    check_title(&a, "SIGSEGV in raise <- abort");
    none.n_frames = 0;
    CHECK(fingerprint_make(&none).unsure);
    check_title(&none, "SIGSEGV in pay");
}

TEST(a_given_signature_speaks_instead_of_frames)
{
    struct core a = CORE(FN("parse")), b = CORE(FN("load"));
    char signature[] = "parse";
    bool coarse;
    b.signature = signature;
    CHECK(!same(&a, &b, &coarse) && !coarse);
    a.signature = signature;
    CHECK(same(&a, &b, &coarse) && coarse);
    CHECK(!fingerprint_make(&a).unsure);
    check_title(&a, "SIGSEGV in pay, signature parse");
}

/* --- real stacks: casr's own test, 376 reports of a fuzzer --- */

enum { REPORTS_MAX = 400, TAR_BLOCK = 512, REPORT_MAX = 64 << 10 };

static void read_whole(struct unpack *u, char *to, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t got = unpack_read(u, to + at, n - at, NULL);
        CHECK(got > 0);
        at += (size_t)got;
    }
}

/* The next regular file's content; false at the end of the archive. */
static bool next_file(struct unpack *u, char name[101], char *to, size_t *ret_n)
{
    char head[TAR_BLOCK], rest[TAR_BLOCK];
    for (;;) {
        read_whole(u, head, sizeof head);
        if (head[0] == '\0')
            return false;
        CHECK(memcmp(head + 257, "ustar", 5) == 0);
        memcpy(name, head, 100);
        name[100] = '\0';
        size_t n = strtoul(head + 124, NULL, 8);
        CHECK(n < REPORT_MAX);
        read_whole(u, to, n);
        read_whole(u, rest, (TAR_BLOCK - n % TAR_BLOCK) % TAR_BLOCK);
        *ret_n = n;
        if (head[156] == '0' || head[156] == '\0')
            return true;
    }
}

/* "#3  0x000000000048a2d9 in f (x=1) at y.cpp:339", "... from /lib/libstdc++.so.6". */
static struct core_frame frame_of(const char *line)
{
    struct core_frame f = {0};
    const char *fn = line + strcspn(line, " ");
    fn += strspn(fn, " ");
    const char *from = NULL, *at = NULL;
    for (const char *p = fn; (p = strstr(p, " from /")) != NULL; p++)
        from = p;
    for (const char *p = fn; (p = strstr(p, " at ")) != NULL; p++)
        at = p;
    const char *end = from != NULL ? from : at;
    f.fn = end != NULL ? strndup(fn, (size_t)(end - fn)) : strdup(fn);
    if (strstr(f.fn, "?? ()") != NULL)
        strcpy(f.fn, "??");
    f.module = from != NULL ? strdup(from + 6) : NULL;
    return f;
}

static struct core *core_of_report(const char *text, size_t n)
{
    struct json_doc *doc = json_parse(text, n, NULL);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc), stack, exe;
    const char *line;
    struct core *c = calloc(1, sizeof *c);
    CHECK(json_member(&root, "ExecutablePath", &exe) &&
          json_member(&root, "Stacktrace", &stack));
    CHECK(json_text(&exe, &line, NULL) == 0);
    c->exe = strdup(line);
    c->signal = SIGSEGV;
    c->frame = calloc(CORE_FRAMES_MAX, sizeof *c->frame);
    for (size_t i = 0; i < json_count(&stack) && i < CORE_FRAMES_MAX; i++) {
        struct json_at item = json_item(&stack, i);
        CHECK(json_text(&item, &line, NULL) == 0);
        c->frame[c->n_frames++] = frame_of(line);
    }
    json_free(&doc);
    return c;
}

static size_t read_reports(const char *path, const char *folder, struct core **core)
{
    static char text[REPORT_MAX];
    char name[101];
    size_t n = 0, len;
    struct unpack *u = unpack_open(path, NULL);
    CHECK(u != NULL);
    while (next_file(u, name, text, &len))
        if (strncmp(name, folder, strlen(folder)) == 0) {
            CHECK(n < REPORTS_MAX);
            core[n++] = core_of_report(text, len);
        }
    unpack_close(&u);
    return n;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static size_t groups(struct core *const *core, size_t n, size_t depth)
{
    static char hash[REPORTS_MAX][FINGERPRINT_TEXT_MAX];
    size_t different = 0;
    for (size_t i = 0; i < n; i++)
        fingerprint_at(core[i], depth, hash[i]);
    qsort(hash, n, sizeof *hash, by_text);
    for (size_t i = 0; i < n; i++)
        different += i == 0 || strcmp(hash[i], hash[i - 1]) != 0;
    return different;
}

TEST(real_stacks_fall_into_about_as_many_groups_as_people_made)
{
    static struct core *core[REPORTS_MAX];
    const char *path = test_data("crash_stacks/casr_gdb.tar.gz");
    size_t n = read_reports(path, "casr_test_clustering_gdb/", core);
    CHECK_INT(n, 376);
    size_t got[] = {groups(core, n, 1), groups(core, n, 2), groups(core, n, 3),
                    groups(core, n, 5)};
    for (size_t i = 0; i < n; i++)
        core_free(&core[i]);
    /* 17 different stacks; the project that they come from makes 12 groups of them */
    CHECK_INT(got[0], 12);
    CHECK_INT(got[1], 15);
    CHECK_INT(got[2], 15);
    CHECK_INT(got[3], 16);
}
