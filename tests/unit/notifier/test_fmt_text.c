#include "notifier/fmt_text.h"

#include "notifier/plain.h"
#include "tests/unit/notifier/sample.h"

static char *text_of(const struct change *c, const struct verdict *v)
{
    struct report_input in = {.change = c,
                              .verdict = v,
                              .revisions = &v,
                              .n_revisions = v != NULL,
                              .public_url = "https://check.example.com"};
    OWNED_REPORT *r = report_new(&in, NULL);
    CHECK(r != NULL);
    struct buf b = {0};
    fmt_text(r, &b);
    return buf_give(&b);
}

/* Every line is at most 78 columns wide but for one that holds a link. */
static void check_width(const char *text)
{
    for (const char *p = text; *p != '\0';) {
        size_t n = strcspn(p, "\n");
        char *line = strndup(p, n);
        if (plain_width(line) > FMT_TEXT_COLUMNS && strstr(line, "http") == NULL)
            test_fail(__FILE__, __LINE__, "%zu columns: '%s'", plain_width(line), line);
        free(line);
        p += n + (p[n] == '\n');
    }
}

TEST(the_text_is_complete_on_its_own)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char *text = text_of(c, v);
    const char *const parts[] = {"Must handle: pay 2.4.1 -> 2.5.0",
                                 "What to do",
                                 "Stop the release and roll back to 2.4.1.",
                                 "https://wiki.example.com/pay/rollback",
                                 "cpu.busy on 4 hosts",
                                 "31.2 % before, 55 % after",
                                 "Of 203 ordinary moments",
                                 "-1001",
                                 "Too few samples before the change",
                                 "edge proxy config",
                                 "28 of 30",
                                 "defaults 1f3a5b7c9d0e2f4a",
                                 "https://check.example.com/changes/8812",
                                 "OPS-77"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strstr(text, parts[i]) == NULL)
            test_fail(__FILE__, __LINE__, "'%s' is missing in\n%s", parts[i], text);
    check_width(text);
    free(text);
}

TEST(hostile_texts_stay_within_their_lines)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    char *text = text_of(c, v);
    CHECK(strstr(text, "\nBcc:") == NULL);
    CHECK(strchr(text, '\r') == NULL && strchr(text, '\x1b') == NULL);
    check_width(text);
    free(text);
}

TEST(words_longer_than_a_line_are_broken_but_links_are_not)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char word[301] = {0};
    memset(word, 'w', 300);
    sample_set(&v->findings[0].because, word);
    sample_set(&v->findings[1].because, "\xe6\x94\xaf\xe6\x94\xaf\xe6\x94\xaf");
    char *text = text_of(c, v);
    check_width(text);
    CHECK(strstr(text, "https://wiki.example.com/pay/rollback") != NULL);
    free(text);
}

TEST(many_findings_are_cut_and_counted)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    for (int i = 0; i < 150; i++)
        sample_cpu(v);
    char *text = text_of(c, v);
    CHECK(strstr(text, "and 52 more findings") != NULL);
    free(text);
}

TEST(the_same_report_gives_the_same_bytes)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char *a = text_of(c, v), *b = text_of(c, v);
    CHECK_TEXT(a, b);
    free(a);
    free(b);
}

TEST(muted_findings_have_a_heading_of_their_own)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_mute(&v->findings[v->n_findings - 1], "disk is replaced");
    char *text = text_of(c, v);
    const char *findings = strstr(text, "\nFindings\n");
    const char *muted = strstr(text, "\nMuted\n");
    const char *words =
        strstr(text, "Muted until 21 Nov 2026 18:00:00 UTC by li: disk is replaced");
    CHECK(findings != NULL && muted > findings && words > muted);
    free(text);
}

TEST(chinese_lines_break_between_letters_but_not_before_marks)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_BUF long_note = {0}, b = {0};
    for (int i = 0; i < 60; i++)
        buf_add(&long_note, i % 7 == 6 ? "好，" : "很（长）");
    sample_set(&v->reason, buf_text(&long_note));
    struct report_input in = {.change = c,
                              .verdict = v,
                              .revisions = (const struct verdict *const[]){v},
                              .n_revisions = 1,
                              .language = LANGUAGE_ZH};
    OWNED_REPORT *r = report_new(&in, NULL);
    fmt_text(r, &b);
    static const char *const never_first[] = {"，", "。", "）", "、", "：", "；"};
    size_t lines = 0;
    for (const char *line = buf_text(&b); *line != '\0'; lines++) {
        size_t n = strcspn(line, "\n");
        char *copy = strndup(line, n), *words = copy + strspn(copy, " ");
        CHECK(plain_width(copy) <= FMT_TEXT_COLUMNS);
        for (size_t i = 0; i < sizeof never_first / sizeof *never_first; i++)
            CHECK(strncmp(words, never_first[i], 3) != 0);
        CHECK(n < 3 || strncmp(copy + n - 3, "（", 3) != 0);
        free(copy);
        line += n + (line[n] == '\n');
    }
    CHECK(lines > 20);
    CHECK(strstr(buf_text(&b), "\n处理建议\n--------\n") != NULL);
}
