/* tests of rules/tidy */
#include "rules/defaults.h"
#include "rules/tidy.h"
#include "tests/test.h"

static void check_tidy(const char *text, const char *want)
{
    struct complaints c = {0};
    OWNED_BUF once = {0}, twice = {0}, why = {0};
    int rc = tidy("r.yml", text, strlen(text), &once, &c);
    complaints_write(&c, &why);
    CHECK_TEXT(buf_text(&why), "");
    CHECK_INT(rc, 0);
    CHECK_TEXT(buf_text(&once), want);
    CHECK_INT(tidy("r.yml", buf_text(&once), once.len, &twice, &c), 0);
    CHECK_TEXT(buf_text(&twice), want);
    complaints_free(&c);
}

TEST(fields_take_the_manuals_order_and_keep_their_comments)
{
    check_tidy("rules:\n"
               "- title: CPU # in words\n"
               "  must-handle: {effect:   30%,q: 1%}\n"
               "  # about all of them\n"
               "  # and more\n"
               "  series:   [ cpu.busy,cpu.user ]   #   two\n"
               "  id:    cpu\n"
               "\n"
               "\n"
               "  attention:\n"
               "      effect: 10%\n"
               "      # deep\n"
               "      q: 5%\n"
               "      # trailing\n"
               "# the next one\n"
               "- {id: two, tests: true, attention: {count: 1}}\n"
               "- id: three\n"
               "  tests: true\n"
               "# the end\n"
               "pack: p\n"
               "format: 1\n",
               "format: 1\n"
               "# the end\n"
               "pack: p\n"
               "\n"
               "rules:\n"
               "  - id: cpu\n"
               "    title: CPU # in words\n"
               "    # about all of them\n"
               "    # and more\n"
               "    series: [cpu.busy, cpu.user] #   two\n"
               "\n"
               "    attention:\n"
               "      # deep\n"
               "      q: 5%\n"
               "      effect: 10%\n"
               "      # trailing\n"
               "    must-handle: {q: 1%, effect: 30%}\n"
               "  # the next one\n"
               "  - {id: two, tests: true, attention: {count: 1}}\n"
               "\n"
               "  - id: three\n"
               "    tests: true\n");
}

TEST(texts_are_not_touched)
{
    check_tidy("format: 1\n"
               "rules:\n"
               "- id: a\n"
               "  why: |\n"
               "    # no comment\n"
               "      deeper\n"
               "\n"
               "    last\n"
               "  title: \"quoted # text\"\n"
               "  advice: plain text that\n"
               "    goes on\n"
               "  runbook:\n"
               "    https://wiki/x#y\n"
               "  series:\n"
               "  - 'cpu.*'   # a comment\n"
               "  - mem.*\n"
               "  unit: \"%\"\n",
               "format: 1\n"
               "\n"
               "rules:\n"
               "  - id: a\n"
               "    title: \"quoted # text\"\n"
               "    series:\n"
               "      - 'cpu.*' # a comment\n"
               "      - mem.*\n"
               "    unit: \"%\"\n"
               "    why: |\n"
               "      # no comment\n"
               "        deeper\n"
               "\n"
               "      last\n"
               "    advice: plain text that\n"
               "      goes on\n"
               "    runbook:\n"
               "      https://wiki/x#y\n");
}

TEST(brackets_over_several_lines_stay_so)
{
    check_tidy("format: 1\r\n"
               "codes:\n"
               "   \"b*\": {ignore: [x], ok: [\"1\", \"0\"]}\n"
               "   a:\n"
               "     ok: [ \"0\",   # fine\n"
               "           \"200\" ]\n"
               "overrides:\n"
               "  -  set: {z.b: 1, a: 2}\n"
               "     rule: x\n",
               "format: 1\n"
               "\n"
               "codes:\n"
               "  \"b*\": {ok: [\"1\", \"0\"], ignore: [x]}\n"
               "  a:\n"
               "    ok: [ \"0\",   # fine\n"
               "          \"200\" ]\n"
               "\n"
               "overrides:\n"
               "  - rule: x\n"
               "    set: {z.b: 1, a: 2}\n");
}

TEST(unknown_fields_stay_behind_the_known_and_in_their_order)
{
    check_tidy("zebra: 1\napple: {y: 1, x: 2}\nformat: 1\n",
               "format: 1\nzebra: 1\napple: {y: 1, x: 2}\n");
    check_tidy("", "");
    check_tidy("# only a comment\n", "# only a comment\n");
    check_tidy("a:\n\n\nb: # none\n", "a:\n\nb: # none\n");
}

static void check_refused(const char *text, const char *want)
{
    struct complaints c = {0};
    OWNED_BUF out = {0}, why = {0};
    buf_add(&out, "as it was");
    CHECK_INT(tidy("r.yml", text, strlen(text), &out, &c), -1);
    complaints_write(&c, &why);
    CHECK_TEXT(buf_text(&why), want);
    CHECK_TEXT(buf_text(&out), "as it was");
    complaints_free(&c);
}

#define LEFT                                                                           \
    "r.yml:1:1: error[tidy]: the file cannot be tidied without a change of what it "   \
    "says; it is left as it is\n"

TEST(what_cannot_be_kept_exact_is_refused)
{
    check_refused("a: [1\n", "r.yml:2:1: error[yaml-syntax]: the list is not closed, "
                             "expected ',' or ']' (while parsing a flow sequence that "
                             "begins in line 1)\n");
    check_refused("[1, 2]\n", LEFT);
    check_refused("rules:\n  -\n    id: x\n", LEFT);
    check_refused("rules:\n  - - a\n", LEFT);
    check_refused("? a\n: b\n", LEFT);
    check_refused("a: {b: , c: d}\n", LEFT);
    check_refused("a: b\nwhy:  \n  | # below its key\n", LEFT); /* tidied once only */
}

TEST(every_shipped_pack_is_tidy_and_stays_so)
{
    for (const struct embedded *p = default_packs; p->name != NULL; p++) {
        struct complaints c = {0};
        OWNED_BUF out = {0};
        CHECK_INT(tidy(p->name, p->text, p->n, &out, &c), 0);
        CHECK_TEXT(buf_text(&out), p->text);
        complaints_free(&c);
    }
}
