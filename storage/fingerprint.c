/* storage/fingerprint.c - names made comparable, frames chosen, both hashed.
 *
 * A function's name is read once from left to right: what counts is copied, the rest is
 * skipped with its brackets balanced.  What must hold: the time is at most the square
 * of a name's length, whatever stands in it, and a name made comparable stays as it is
 * when it is made comparable again.  No state, any thread. */
#include "storage/fingerprint.h"

#include "base/hash.h"
#include "base/names.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- a function's name --- */

/* A name being read: `in` up to `end`, and what was copied of it. */
struct reading {
    const char *in, *end;
    size_t n;
    bool fixed; /* a blank is part of the name from here on */
    char out[CORE_FN_MAX + 64];
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '$' || (unsigned char)c >= 128;
}

static bool starts(const struct reading *r, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(r->end - r->in) >= n && memcmp(r->in, with, n) == 0;
}

static void put(struct reading *r, const char *text, size_t n)
{
    if (n < sizeof r->out - r->n) {
        memcpy(r->out + r->n, text, n);
        r->n += n;
    }
}

static void copy(struct reading *r, size_t n)
{
    put(r, r->in, n);
    r->in += n;
}

/* Past a bracket's end, or to the end of a name that was cut before it.  Inside round
 * ones the angles of types are balanced anyway, and those of comparisons are not. */
static void skip_brackets(struct reading *r, char open, char close)
{
    size_t depth = 0, round = 0;
    for (; r->in < r->end; r->in++) {
        char c = *r->in;
        if (open == '<' && c == '(')
            round++;
        else if (open == '<' && c == ')')
            round -= round > 0;
        else if (round > 0 || (c == '>' && r->in[-1] == '-'))
            continue;
        else if (c == open)
            depth++;
        else if (c == close && --depth == 0) {
            r->in++;
            return;
        }
    }
}

static void skip_blanks(struct reading *r)
{
    while (r->in < r->end && *r->in == ' ')
        r->in++;
}

/* True when one of these words stood here, which is then passed. */
static bool pass_one(struct reading *r, const char *const *words)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (starts(r, words[i])) {
            r->in += strlen(words[i]);
            return true;
        }
    return false;
}

/* "operator<<", "operator new[]", "operator()": what follows the word is its name. */
static bool take_operator(struct reading *r)
{
    static const char *const signs[] = {
        " new[]", " delete[]", " new", " delete", "()", "[]", "->*", "->", "<=>",
        "<<=",    ">>=",       "<<",   ">>",      "<=", ">=", "<",   ">",  NULL};
    if (!starts(r, "operator") || (r->n > 0 && is_word(r->out[r->n - 1])))
        return false;
    const char *after = r->in + strlen("operator");
    if (after < r->end && is_word(*after))
        return false;
    copy(r, strlen("operator"));
    for (size_t i = 0; signs[i] != NULL; i++)
        if (starts(r, signs[i])) {
            copy(r, strlen(signs[i]));
            return true;
        }
    r->fixed = true; /* a conversion: "operator bool", "operator unsigned long" */
    while (r->in < r->end && strchr("+-*/%^&|~!=,", *r->in) != NULL)
        copy(r, 1);
    return true;
}

static bool take_anonymous(struct reading *r)
{
    static const char *const spellings[] = {"(anonymous namespace)", "{anonymous}",
                                            "<unnamed>", "`anonymous namespace'", NULL};
    if (!pass_one(r, spellings))
        return false;
    put(r, "{anonymous}", strlen("{anonymous}"));
    return true;
}

/* "{lambda(int)#1}", "{{closure}}", "<lambda(int)>": the word alone. */
static bool take_braces(struct reading *r)
{
    bool angle = starts(r, "<lambda");
    if (*r->in != '{' && !angle)
        return false;
    struct reading word = *r;
    while (word.in < word.end && (*word.in == '{' || *word.in == '<'))
        word.in++;
    size_t n = 0;
    while (word.in + n < word.end && is_word(word.in[n]))
        n++;
    put(r, "{", 1);
    put(r, word.in, n);
    put(r, "}", 1);
    skip_brackets(r, angle ? '<' : '{', angle ? '>' : '}');
    return true;
}

/* Rust's "<pay::Header as core::fmt::Display>::fmt" is pay::Header::fmt; all other
 * angles hold template arguments. */
static void take_angles(struct reading *r)
{
    bool leads = r->n == 0;
    const char *from = r->in + 1;
    skip_brackets(r, '<', '>');
    if (!leads || !starts(r, "::"))
        return;
    const char *to = r->in - 1;
    while (from < to && strchr("&*", *from) != NULL)
        from++;
    const char *p = from;
    while (p < to && (is_word(*p) || *p == ':'))
        p++;
    if (p == to || *p == '<' || strncmp(p, " as ", 4) == 0)
        put(r, from,
            (size_t)(p - from)); /* all else, such as "impl X for Y": unnamed */
}

/* Arguments, and what may stand behind them; false when the name has ended. */
static bool pass_arguments(struct reading *r)
{
    static const char *const behind[] = {"const", "volatile", "noexcept", "&&",
                                         "&",     " ",        NULL};
    skip_brackets(r, '(', ')');
    while (pass_one(r, behind))
        ;
    return starts(r, "::");
}

/* Go's "main.(*Server).Serve" is a name as it stands. */
static bool take_receiver(struct reading *r)
{
    if (r->n == 0 || r->out[r->n - 1] != '.' || !starts(r, "(*"))
        return false;
    const char *from = r->in;
    skip_brackets(r, '(', ')');
    put(r, from, (size_t)(r->in - from));
    return true;
}

/* A blank: arguments or a clone's mark follow, or the name begins only now. */
static bool pass_blank(struct reading *r)
{
    skip_blanks(r);
    if (r->in == r->end)
        return false;
    bool anonymous = starts(r, "(anonymous namespace)");
    if ((*r->in == '(' && !anonymous) || *r->in == '[' || *r->in == '<')
        return true;
    if (r->fixed)
        put(r, " ", 1);
    else
        r->n = 0;
    return true;
}

/* Takes or passes what stands next; false at the end of the name. */
static bool read_on(struct reading *r)
{
    switch (*r->in) {
    case ' ':
        return pass_blank(r);
    case '(':
        return take_anonymous(r) || take_receiver(r) || pass_arguments(r);
    case '{':
        return take_anonymous(r) || take_braces(r);
    case '<':
        if (!take_anonymous(r) && !take_braces(r))
            take_angles(r);
        return true;
    case '[': /* [clone .isra.0], [abi:cxx11], a crate's hash */
        skip_brackets(r, '[', ']');
        return true;
    case '`':
        if (!take_anonymous(r))
            copy(r, 1);
        return true;
    case '@': /* foo@plt, foo@@GLIBC_2.2.5 */
    case '+': /* foo+0x12 */
        return false;
    case '*':
    case '&': /* of a return type, or before a name */
        if (r->fixed)
            copy(r, 1);
        else
            r->in++, r->n = 0;
        return true;
    default:
        if (!take_operator(r))
            copy(r, 1);
        return true;
    }
}

static bool all_of(const char *text, size_t n, const char *set)
{
    return n > 0 && strspn(text, set) >= n;
}

/* Cuts one suffix that compilers add, and says whether there was one. */
static bool cut_suffix(char *s, size_t *n)
{
    static const char digits[] = "0123456789", hex[] = "0123456789abcdef";
    static const char *const marks[] = {".isra", ".part",     ".cold", ".constprop",
                                        ".llvm", ".lto_priv", ".clone"};
    s[*n] = '\0';
    char *dot = strrchr(s, '.');
    size_t was = *n;
    if (dot != NULL && dot > s && all_of(dot + 1, strlen(dot + 1), digits))
        *n = (size_t)(dot - s);
    for (size_t i = 0; *n == was && i < sizeof marks / sizeof *marks; i++)
        if (dot != NULL && dot > s && strcmp(dot, marks[i]) == 0)
            *n = (size_t)(dot - s);
    if (*n == was && was > 19 && memcmp(s + was - 19, "::h", 3) == 0 &&
        all_of(s + was - 16, 16, hex))
        *n -= 19; /* Rust's hash of the build */
    if (*n == was && was > 24 && memcmp(s, "_ZN", 3) == 0 && s[was - 1] == 'E' &&
        memcmp(s + was - 20, "17h", 3) == 0 && all_of(s + was - 17, 16, hex))
        *n -= 20; /* the same, mangled */
    s[*n] = '\0';
    return *n < was;
}

/* Bytes of `text` that are at most `most` and whole characters. */
static size_t whole_characters(const char *text, size_t n, size_t most)
{
    if (n <= most)
        return n;
    while (most > 0 && ((unsigned char)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

/* Past "0x00007ffff7d3e18b in ", which debuggers put before a name. */
static void pass_address(struct reading *r)
{
    size_t n = strspn(r->in, "0123456789abcdefx");
    if (strncmp(r->in, "0x", 2) == 0 && strncmp(r->in + n, " in ", 4) == 0)
        r->in += n + 4;
}

static bool is_address(const char *s, size_t n)
{
    return n > 2 && strncmp(s, "0x", 2) == 0 &&
           all_of(s + 2, n - 2, "0123456789abcdefABCDEF");
}

const char *fingerprint_name(const char *fn, char out[FINGERPRINT_NAME_MAX])
{
    struct reading r = {.in = fn, .end = fn + strnlen(fn, CORE_FN_MAX)};
    skip_blanks(&r);
    pass_address(&r);
    while (r.in < r.end && strchr("*&", *r.in) != NULL)
        r.in++;
    while (r.in < r.end && read_on(&r))
        ;
    while (r.n > 0 && r.out[r.n - 1] == ' ')
        r.n--;
    while (cut_suffix(r.out, &r.n))
        ;
    if (is_address(r.out, r.n) || all_of(r.out, r.n, "?:"))
        r.n = 0;
    size_t n = whole_characters(r.out, r.n, FINGERPRINT_NAME_MAX - 1);
    memcpy(out, r.out, n);
    out[n] = '\0';
    return out;
}

/* --- an object file's name --- */

/* Cuts "-2.31" off the end of the `n` bytes. */
static size_t without_version(const char *s, size_t n)
{
    size_t at = n;
    while (at > 0 && (isdigit((unsigned char)s[at - 1]) || s[at - 1] == '.'))
        at--;
    bool version = at > 1 && at < n && s[at - 1] == '-' && s[at] != '.';
    return version ? at - 1 : n;
}

const char *fingerprint_module(const char *path, char out[FINGERPRINT_NAME_MAX])
{
    static const char deleted[] = " (deleted)";
    size_t n = strlen(path), d = sizeof deleted - 1;
    if (n > d && memcmp(path + n - d, deleted, d) == 0)
        n -= d;
    const char *slash = memrchr(path, '/', n);
    const char *base = slash != NULL ? slash + 1 : path;
    n -= (size_t)(base - path);
    const char *so = memmem(base, n, ".so", 3);
    bool shared =
        so != NULL && so > base && (so + 3 == base + n || so[3] == '.' || so[3] == '-');
    if (shared)
        n = (size_t)(so - base);
    n = whole_characters(base, without_version(base, n), FINGERPRINT_NAME_MAX - 4);
    memcpy(out, base, n);
    memcpy(out + n, ".so", 4);
    if (!shared)
        out[n] = '\0';
    return out;
}

/* --- frames --- */

/* Object files that hold no frame of the program's own. */
static const char *const carriers[] = {
    "libc.so",      "libpthread.so", "libm.so",      "librt.so",       "libdl.so",
    "ld.so",        "ld-linux*",     "ld-musl*",     "libc++.so",      "libc++abi.so",
    "libgcc_s.so",  "libstdc++.so",  "libunwind*",   "libasan*",       "libubsan*",
    "libtsan*",     "liblsan*",      "libmsan*",     "libhwasan*",     "libclang_rt.*",
    "libjemalloc*", "libtcmalloc*",  "libmimalloc*", "libSegFault.so", "*vdso*"};

/* Functions that are never the program's own, wherever they were linked. */
static const char *const bearers[] = {
    /* how a process ends itself, and how signals come in */
    "raise", "gsignal", "abort", "__abort*", "kill", "tgkill", "__assert*",
    "__pthread_kill*", "pthread_kill*", "__restore_rt", "__kernel_*",
    "__stack_chk_fail*", "__fortify_fail*", "__*_chk", "_Unwind_*", "backtrace",
    "g_abort", "g_assertion_message*",
    /* allocators and their complaints */
    "malloc", "malloc_printerr", "malloc_consolidate", "calloc", "realloc", "free",
    "reallocarray", "cfree", "memalign", "posix_memalign", "aligned_alloc", "valloc",
    "_int_malloc", "_int_free*", "_int_realloc", "_int_memalign", "__libc_*",
    "__malloc*", "unlink_chunk*", "munmap_chunk*", "sysmalloc*", "tcache_*",
    "g_malloc*", "g_free", "operator new*", "operator delete*", "_Znw*", "_Zna*",
    "_Zdl*", "_Zda*", "je_malloc*", "je_free*", "je_arena_*", "tc_malloc*", "tc_free*",
    "tc_new*", "tc_delete*", "tcmalloc::*", "mi_malloc*", "mi_free*", "_mi_*",
    /* the C library's plain workers, which crash on what they are handed */
    "memcpy", "memmove", "memset", "memcmp", "memchr", "memrchr", "mempcpy", "__mem*",
    "strlen", "strnlen", "strcpy", "strncpy", "stpcpy", "strcat", "strncat", "strcmp",
    "strncmp", "strcasecmp", "strncasecmp", "strchr", "strrchr", "strstr", "strdup",
    "strndup", "__str*", "__stp*", "__wcs*", "__wmem*", "printf", "fprintf", "sprintf",
    "snprintf", "asprintf", "vfprintf*", "vprintf", "vsprintf", "vsnprintf*",
    "vasprintf", "__vf*printf*", "__vsn*printf*", "__printf*", "_IO_*", "fwrite",
    "fread", "fclose", "fputs", "qsort", "qsort_r", "msort_with_tmp", "bsearch",
    /* how threads and programs begin */
    "_start", "start_thread", "clone", "clone3", "__clone*",
    /* C++ */
    "std::*", "__gnu_cxx::*", "__cxxabiv1::*", "__cxa_*", "__gxx_*", "_ZSt*", "_ZNSt*",
    "_ZNKSt*", "_ZN9__gnu_cxx*", "_ZNK9__gnu_cxx*", "_ZN10__cxxabiv1*",
    /* sanitizers */
    "__asan*", "__ubsan*", "__tsan*", "__msan*", "__lsan*", "__hwasan*", "__sanitizer*",
    "__interceptor_*", "__interception*", "___interceptor_*",
    /* the panics of Rust and Go */
    "rust_panic*", "rust_begin_unwind", "__rust_*", "__rdl_*", "__rg_*", "panic_abort*",
    "panic_unwind*", "core::panicking*", "core::result::unwrap_failed",
    "core::option::expect_failed", "core::option::unwrap_failed", "core::ops::*",
    "core::ptr::*", "core::slice::*", "core::str::*", "alloc::alloc*",
    "alloc::raw_vec*", "alloc::vec::*", "alloc::string::*", "runtime.raise*",
    "runtime.throw*", "runtime.fatal*", "runtime.crash", "runtime.dieFromSignal",
    "runtime.sig*", "runtime.panic*", "runtime.gopanic", "runtime.goPanic*",
    "runtime.systemstack*", "runtime.mallocgc*", "runtime.memmove*", "runtime.goexit*",
    "runtime.mcall*", "runtime.main"};

static bool any_matches(const char *const *globs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (glob_match(globs[i], name))
            return true;
    return false;
}

/* A frame made comparable: its function, or its module and "?". */
struct seen {
    char text[FINGERPRINT_NAME_MAX + 1];
    bool named, own;
};

static struct seen see(const struct core_frame *f)
{
    struct seen s = {.own = true};
    char module[FINGERPRINT_NAME_MAX] = "";
    bool trampoline = f->fn != NULL && strstr(f->fn, "<signal handler called>") != NULL;
    if (f->module != NULL)
        fingerprint_module(f->module, module);
    if (f->fn != NULL)
        fingerprint_name(f->fn, s.text);
    s.named = s.text[0] != '\0';
    const char *bare = strncmp(s.text, "__GI_", 5) == 0 ? s.text + 5 : s.text;
    s.own = !trampoline &&
            !any_matches(carriers, sizeof carriers / sizeof *carriers, module) &&
            !any_matches(bearers, sizeof bearers / sizeof *bearers, bare);
    if (!s.named)
        snprintf(s.text, sizeof s.text, "%s?", module);
    return s;
}

/* The frames that count, at most `depth`, in `to`; gives how many, and whether any has
 * a name.  Frames of one module without names count once in a row: how many there are
 * is chance.  When every frame only carried the blow, those frames must do. */
static size_t choose(const struct core *c, size_t depth, struct seen *to,
                     bool *ret_named)
{
    size_t n = 0;
    *ret_named = false;
    for (size_t i = 0; i < c->n_frames && n < depth; i++) {
        to[n] = see(&c->frame[i]);
        bool again = n > 0 && !to[n].named && strcmp(to[n - 1].text, to[n].text) == 0;
        if (!to[n].own || again)
            continue;
        *ret_named |= to[n].named;
        n++;
    }
    if (n > 0)
        return n;
    for (; n < c->n_frames && n < depth; n++)
        to[n] = see(&c->frame[n]);
    return n;
}

/* --- fingerprints --- */

/* Room for all that is hashed: the kind, a program, a signal, frames or a signature. */
enum { HASHED_MAX = (CORE_FRAMES_MAX + 4) * (FINGERPRINT_NAME_MAX + 1) };

static void add(char *text, size_t *n, const char *part)
{
    size_t more = strlen(part);
    assert(*n + more + 1 < HASHED_MAX);
    memcpy(text + *n, part, more);
    text[*n + more] = '\n';
    *n += more + 1;
}

/* True when it rests on function names, or on a signature.  Names hold no line ends, so
 * what is hashed can be read in one way only. */
static bool make(const struct core *c, size_t depth, char out[FINGERPRINT_TEXT_MAX])
{
    struct seen frame[CORE_FRAMES_MAX];
    char module[FINGERPRINT_NAME_MAX], signal[CORE_SIGNAL_TEXT_MAX];
    char text[HASHED_MAX], hex[SHA256_HEX_MAX];
    size_t n = 0, n_frames = 0;
    bool named = true;
    if (c->signature == NULL)
        n_frames = choose(c, depth, frame, &named);
    add(text, &n, c->signature != NULL ? "given" : "frames");
    add(text, &n, fingerprint_module(c->exe, module));
    add(text, &n, core_signal_name(c->signal, signal));
    for (size_t i = 0; i < n_frames; i++)
        add(text, &n, frame[i].text);
    if (c->signature != NULL)
        add(text, &n, c->signature);
    sha256_hex(text, n, hex);
    memcpy(out, hex, FINGERPRINT_TEXT_MAX - 1);
    out[FINGERPRINT_TEXT_MAX - 1] = '\0';
    return named;
}

void fingerprint_at(const struct core *c, size_t depth, char out[FINGERPRINT_TEXT_MAX])
{
    assert(depth > 0);
    make(c, depth < CORE_FRAMES_MAX ? depth : CORE_FRAMES_MAX, out);
}

struct fingerprint fingerprint_make(const struct core *c)
{
    struct fingerprint f;
    f.unsure = !make(c, FINGERPRINT_FINE, f.fine);
    make(c, 1, f.coarse);
    return f;
}

/* --- words --- */

/* Long names are cut: a title is read, not compared. */
static void add_name(struct buf *to, const char *name)
{
    enum { SHOWN_MAX = 80 };
    size_t n = strlen(name), shown = whole_characters(name, n, SHOWN_MAX);
    buf_add_n(to, name, shown);
    if (shown < n)
        buf_add(to, "...");
}

void fingerprint_title(const struct core *c, struct buf *to)
{
    struct seen frame[FINGERPRINT_FINE];
    char module[FINGERPRINT_NAME_MAX], signal[CORE_SIGNAL_TEXT_MAX];
    bool named;
    size_t n = c->signature == NULL ? choose(c, FINGERPRINT_FINE, frame, &named) : 0;
    buf_addf(to, "%s in ", core_signal_name(c->signal, signal));
    for (size_t i = 0; i < n; i++) {
        buf_add(to, i > 0 ? " <- " : "");
        add_name(to, frame[i].text);
    }
    if (n == 0)
        add_name(to, fingerprint_module(c->exe, module));
    if (c->signature != NULL) {
        buf_add(to, ", signature ");
        add_name(to, c->signature);
    }
}
