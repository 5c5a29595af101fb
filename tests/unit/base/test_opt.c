/* tests of base/opt */
#include "base/opt.h"
#include "base/version.h"
#include "tests/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *server, *kind;
static int urgent;

static const struct opt opts[] = {
    {"server", "URL", "the service; http://127.0.0.1:8190", &server},
    {"kind", "KIND", "release, config, scale-out, batch-restart, rollback or other",
     &kind},
    {"urgent", NULL, "mark it as urgent\nThis is never needed.", &urgent},
    {"a-very-long-name", "AND-OPERAND", "has its help in the next line", &kind},
    {0},
};

static const struct opt_program program = {
    .name = "aftercheck post",
    .synopsis = "[FILE]",
    .about =
        "Posts a change event: the JSON in FILE (- is standard input), or one made "
        "from the flags. Prints its change_id.",
    .more = "Exit: 0 accepted, 1 refused, 2 wrong usage.\n\n"
            "  aftercheck post --kind release --server http://127.0.0.1:8190 --urgent "
            "--kind config",
    .opts = opts,
};

/* Parses words (ended by NULL), as argv[1..]; argv afterwards is in `argv`. */
static char *argv[16];

static int parse(const char *const *words)
{
    int argc = 0;
    server = kind = NULL;
    urgent = 0;
    for (int i = 0; i < 16; i++) {
        free(argv[i]);
        argv[i] = NULL;
    }
    argv[argc++] = strdup("program");
    for (; *words != NULL; words++)
        argv[argc++] = strdup(*words);
    return opt_parse(&program, argc, argv);
}

#define PARSE(...) parse((const char *const[]){__VA_ARGS__, NULL})

/* What a child that parses `words` prints to both outputs, its exit code in *ret_code.
 */
static const char *printed(const char *const *words, int *ret_code)
{
    static char text[8192];
    int out[2];
    CHECK(pipe(out) == 0);
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        close(out[0]);
        close(out[1]);
        parse(words);
        _exit(99); /* it did not end the program */
    }
    close(out[1]);
    size_t n = 0;
    for (ssize_t got; n < sizeof text - 1; n += (size_t)got)
        if ((got = read(out[0], text + n, sizeof text - 1 - n)) <= 0)
            break;
    text[n] = '\0';
    close(out[0]);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    *ret_code = WEXITSTATUS(status);
    return text;
}

static void check_mistake(const char *const *words, const char *want)
{
    int code;
    CHECK_TEXT(printed(words, &code), want);
    CHECK_INT(code, 2);
}

#define CHECK_MISTAKE(want, ...)                                                       \
    check_mistake((const char *const[]){__VA_ARGS__, NULL}, want)

TEST(operands_and_switches_are_taken)
{
    CHECK_INT(PARSE("--server", "http://x", "--urgent", "--kind=config"), 5);
    CHECK_TEXT(server, "http://x");
    CHECK_TEXT(kind, "config");
    CHECK_INT(urgent, 1);
}

TEST(what_is_not_given_is_left_as_it_is)
{
    CHECK_INT(parse((const char *const[]){NULL}), 1);
    CHECK(server == NULL && kind == NULL && urgent == 0);
}

TEST(the_last_one_wins)
{
    PARSE("--kind", "a", "--kind", "b");
    CHECK_TEXT(kind, "b");
}

TEST(operands_may_stand_between_options)
{
    int first = PARSE("one", "--kind", "config", "two");
    CHECK_INT(first, 3);
    CHECK_TEXT(argv[first], "one");
    CHECK_TEXT(argv[first + 1], "two");
    CHECK_TEXT(kind, "config");
}

TEST(two_dashes_end_the_options)
{
    int first = PARSE("--urgent", "--", "--kind", "x");
    CHECK_INT(first, 3);
    CHECK_TEXT(argv[first], "--kind");
    CHECK(kind == NULL);
}

TEST(a_single_dash_is_an_operand)
{
    int first = PARSE("-", "--urgent");
    CHECK_TEXT(argv[first], "-");
    CHECK_INT(urgent, 1);
}

TEST(an_operand_may_be_empty_or_look_like_an_option)
{
    PARSE("--kind", "", "--server", "--urgent");
    CHECK_TEXT(kind, "");
    CHECK_TEXT(server, "--urgent");
    CHECK_INT(urgent, 0);
}

TEST(a_name_may_be_cut_short)
{
    PARSE("--serv", "x");
    CHECK_TEXT(server, "x");
}

TEST(mistakes_are_told_in_one_line_and_end_the_program)
{
    CHECK_MISTAKE("aftercheck post: no option '--sevrer', did you mean '--server'?\n",
                  "--sevrer=x");
    CHECK_MISTAKE("aftercheck post: no option '--hepl', did you mean '--help'?\n",
                  "--hepl");
    CHECK_MISTAKE("aftercheck post: no option '--nonsense'; try --help\n", "one",
                  "--nonsense", "two");
    CHECK_MISTAKE("aftercheck post: no option '-x', names begin with two dashes; try "
                  "--help\n",
                  "-xy");
    CHECK_MISTAKE("aftercheck post: --kind lacks its operand KIND; try --help\n",
                  "--kind");
    CHECK_MISTAKE("aftercheck post: --urgent takes no operand; try --help\n",
                  "--urgent=yes");
    CHECK_MISTAKE("aftercheck post: --help takes no operand; try --help\n", "--help=x");
}

TEST(the_version_is_said)
{
    int code;
    CHECK_TEXT(printed((const char *const[]){"--version", NULL}, &code),
               "aftercheck post " AFTERCHECK_VERSION "\n");
    CHECK_INT(code, 0);
}

static const char help[] =
    "Usage: aftercheck post [OPTION]... [FILE]\n"
    "\n"
    "Posts a change event: the JSON in FILE (- is standard input), or one made from\n"
    "the flags. Prints its change_id.\n"
    "\n"
    "Options:\n"
    "  --server URL  the service; http://127.0.0.1:8190\n"
    "  --kind KIND   release, config, scale-out, batch-restart, rollback or other\n"
    "  --urgent      mark it as urgent\n"
    "                This is never needed.\n"
    "  --a-very-long-name AND-OPERAND\n"
    "                has its help in the next line\n"
    "  --help        shows this help and ends\n"
    "  --version     shows the version and ends\n"
    "\n"
    "Exit: 0 accepted, 1 refused, 2 wrong usage.\n"
    "\n"
    "  aftercheck post --kind release --server http://127.0.0.1:8190 --urgent --kind\n"
    "      config\n";

TEST(help_is_laid_out)
{
    int code;
    CHECK_TEXT(printed((const char *const[]){"--help", NULL}, &code), help);
    CHECK_INT(code, 0);
    CHECK_TEXT(printed((const char *const[]){"--urgent", "-h", NULL}, &code), help);
    CHECK_INT(code, 0);
}

TEST(help_that_cannot_be_written_is_no_success)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC), status = 0;
    if (full < 0)
        test_skip("there is no /dev/full");
    fflush(NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        dup2(full, STDOUT_FILENO);
        PARSE("--help");
        _exit(99);
    }
    close(full);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 1);
}

TEST(no_line_of_help_is_wider_than_80_columns)
{
    static const struct opt one[] = {{"kind", "中文中文",
                                      "Wörter, die länger und länger werden und doch "
                                      "in achtzig Spalten passen müssen, "
                                      "wie es sich gehört.",
                                      &kind},
                                     {0}};
    struct opt_program p = program;
    p.opts = one;
    OWNED_BUF b = {0};
    opt_help(&p, &b);
    size_t column = 0;
    for (const char *c = buf_text(&b); *c != '\0'; c++) {
        column = *c == '\n' ? 0 : column + (((unsigned char)*c & 0xc0) != 0x80);
        CHECK(column <= 80);
    }
}

TEST(a_word_wider_than_a_line_stands_alone)
{
    char word[121] = {0};
    memset(word, 'x', 120);
    OWNED_BUF about = {0}, b = {0};
    buf_addf(&about, "before %s behind", word);
    struct opt_program p = program;
    p.about = buf_text(&about);
    p.more = NULL;
    opt_help(&p, &b);
    OWNED_BUF want = {0};
    buf_addf(&want, "\n\nbefore\n%s\nbehind\n\nOptions:\n", word);
    CHECK(strstr(buf_text(&b), buf_text(&want)) != NULL);
}
