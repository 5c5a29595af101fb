/* base/opt.c - getopt_long under a table.
 *
 * getopt keeps its place in global variables: one thread, at a program's start. */
#include "base/opt.h"

#include "base/complain.h"
#include "base/version.h"

#include <assert.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
    COLUMNS = 80,
    LEFT_MAX = 24, /* longer options get their help in the next line */
    GAP = 2,
    /* what getopt_long gives back for an entry: the table's index from OPT_FIRST on */
    OPT_FIRST = 256,
    OPT_HELP = OPT_FIRST + OPTS_MAX,
    OPT_VERSION,
};

/* What every program answers. */
static const struct opt common[] = {
    {"help", NULL, "shows this help and ends", NULL},
    {"version", NULL, "shows the version and ends", NULL},
};
enum { COMMON = sizeof common / sizeof *common };

static size_t count(const struct opt *opts)
{
    size_t n = 0;
    while (opts[n].name != NULL)
        n++;
    assert(n <= OPTS_MAX);
    return n;
}

static size_t characters(const char *text, size_t n)
{
    size_t wide = 0;
    for (size_t i = 0; i < n; i++)
        wide += ((unsigned char)text[i] & 0xc0) != 0x80;
    return wide;
}

static void blanks(struct buf *to, size_t n)
{
    for (; n > 0; n--)
        buf_add_ch(to, ' ');
}

/* One line of text (`n` bytes) broken between words to fit; `column` is where the
 * cursor stands, `indent` where further lines begin. */
static void wrap(struct buf *to, const char *text, size_t n, size_t column,
                 size_t indent)
{
    size_t gap = 0; /* blanks that stood before the word */
    bool first = true;
    while (n > 0) {
        if (*text == ' ') {
            gap++, text++, n--;
            continue;
        }
        const char *end = memchr(text, ' ', n);
        size_t word = end != NULL ? (size_t)(end - text) : n;
        size_t wide = characters(text, word);
        if (!first && column + gap + wide > COLUMNS) {
            buf_add_ch(to, '\n');
            blanks(to, indent);
            column = indent;
            gap = 0;
        }
        blanks(to, gap);
        buf_add_n(to, text, word);
        column += gap + wide;
        text += word, n -= word;
        gap = 0;
        first = false;
    }
    buf_add_ch(to, '\n');
}

/* Each line of `text` by itself; the first begins at `column`. */
static void wrap_lines(struct buf *to, const char *text, size_t column, size_t indent)
{
    for (;;) {
        const char *end = strchrnul(text, '\n');
        wrap(to, text, (size_t)(end - text), column, indent);
        if (*end == '\0' || end[1] == '\0')
            return;
        text = end + 1;
        blanks(to, indent);
        column = indent;
    }
}

/* Free text, whose lines may be indented as they like: what does not fit goes on a
 * little to the right of where its line began. */
static void free_text(struct buf *to, const char *text)
{
    while (*text != '\0') {
        const char *end = strchrnul(text, '\n');
        size_t indent = strspn(text, " ");
        wrap(to, text, (size_t)(end - text), 0, indent + 4);
        text = *end != '\0' ? end + 1 : end;
    }
}

/* How wide "--name OPERAND" is. */
static size_t left_width(const struct opt *o)
{
    return 2 + strlen(o->name) + (o->operand != NULL ? 1 + strlen(o->operand) : 0);
}

static size_t widest(const struct opt *opts, size_t n, size_t least)
{
    for (size_t i = 0; i < n; i++)
        if (left_width(&opts[i]) > least && left_width(&opts[i]) <= LEFT_MAX)
            least = left_width(&opts[i]);
    return least;
}

static void option_help(const struct opt *o, size_t width, struct buf *to)
{
    size_t left = left_width(o), indent = GAP + width + GAP;
    blanks(to, GAP);
    buf_addf(to, "--%s", o->name);
    if (o->operand != NULL)
        buf_addf(to, " %s", o->operand);
    if (left > width) {
        buf_add_ch(to, '\n');
        left = 0;
        blanks(to, GAP);
    }
    blanks(to, width - left + GAP);
    wrap_lines(to, o->help, indent, indent);
}

void opt_help(const struct opt_program *p, struct buf *to)
{
    size_t n = count(p->opts);
    size_t width = widest(p->opts, n, widest(common, COMMON, 0));
    buf_addf(to, "Usage: %s [OPTION]...%s%s\n\n", p->name,
             p->synopsis[0] != '\0' ? " " : "", p->synopsis);
    wrap_lines(to, p->about, 0, 0);
    buf_add(to, "\nOptions:\n");
    for (size_t i = 0; i < n; i++)
        option_help(&p->opts[i], width, to);
    for (size_t i = 0; i < COMMON; i++)
        option_help(&common[i], width, to);
    if (p->more != NULL && p->more[0] != '\0') {
        buf_add_ch(to, '\n');
        free_text(to, p->more);
    }
}

/* Prints and ends the program; with 1 when not all of it could be written. */
_Noreturn static void print_and_exit(const struct buf *b)
{
    bool ok =
        buf_done(b) == 0 && fputs(buf_text(b), stdout) >= 0 && fflush(stdout) == 0;
    exit(ok ? 0 : 1);
}

_Noreturn static void help_and_exit(const struct opt_program *p)
{
    struct buf b = {0};
    opt_help(p, &b);
    print_and_exit(&b);
}

_Noreturn static void version_and_exit(const struct opt_program *p)
{
    struct buf b = {0};
    buf_addf(&b, "%s %s\n", p->name, AFTERCHECK_VERSION);
    print_and_exit(&b);
}

/* `word` as it was written, "--nmae=value". */
_Noreturn static void unknown_and_exit(const struct opt_program *p, const char *word)
{
    const char *names[OPTS_MAX + COMMON + 1] = {NULL};
    size_t n = count(p->opts);
    for (size_t i = 0; i < n; i++)
        names[i] = p->opts[i].name;
    for (size_t i = 0; i < COMMON; i++)
        names[n + i] = common[i].name;
    char name[80];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "=") - 2, word + 2);
    const char *nearest = nearest_name(name, names);
    if (nearest != NULL)
        fprintf(stderr, "%s: no option '--%s', did you mean '--%s'?\n", p->name, name,
                nearest);
    else
        fprintf(stderr, "%s: no option '--%s'; try --help\n", p->name, name);
    exit(2);
}

/* getopt's '?'.  It leaves the letter in optopt, or the entry of a switch that was
 * given an operand, or 0 for a long name that is none of ours or fits several. */
_Noreturn static void mistake_and_exit(const struct opt_program *p, char **argv)
{
    if (optopt == 0)
        unknown_and_exit(p, argv[optind - 1]);
    if (optopt < OPT_FIRST)
        fprintf(stderr,
                "%s: no option '-%c', names begin with two dashes; try --help\n",
                p->name, optopt);
    else
        fprintf(stderr, "%s: --%s takes no operand; try --help\n", p->name,
                optopt < OPT_HELP ? p->opts[optopt - OPT_FIRST].name
                                  : common[optopt - OPT_HELP].name);
    exit(2);
}

_Noreturn static void lacking_and_exit(const struct opt_program *p)
{
    const struct opt *o = &p->opts[optopt - OPT_FIRST];
    fprintf(stderr, "%s: --%s lacks its operand %s; try --help\n", p->name, o->name,
            o->operand);
    exit(2);
}

static void take(const struct opt *o, const char *operand)
{
    if (o->operand != NULL)
        *(const char **)o->into = operand;
    else
        *(int *)o->into = 1;
}

int opt_parse(const struct opt_program *p, int argc, char **argv)
{
    struct option longs[OPTS_MAX + COMMON + 1] = {{0}};
    size_t n = count(p->opts);
    for (size_t i = 0; i < n; i++)
        longs[i] = (struct option){
            .name = p->opts[i].name,
            .has_arg = p->opts[i].operand != NULL ? required_argument : no_argument,
            .val = OPT_FIRST + (int)i};
    for (size_t i = 0; i < COMMON; i++)
        longs[n + i] =
            (struct option){.name = common[i].name, .val = OPT_HELP + (int)i};
    opterr = 0; /* we have our own words */
    optind = 0; /* from the start, whatever was parsed before */
    for (;;) {
        int c = getopt_long(argc, argv, ":h", longs, NULL);
        if (c == -1)
            return optind;
        if (c == 'h' || c == OPT_HELP)
            help_and_exit(p);
        if (c == OPT_VERSION)
            version_and_exit(p);
        if (c == ':')
            lacking_and_exit(p);
        if (c == '?')
            mistake_and_exit(p, argv);
        take(&p->opts[c - OPT_FIRST], optarg);
    }
}
