#include "notifier/retell.h"

#include "base/names.h"
#include "notifier/retell_list.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

static const char *const table[][2] = {
#define X(en, zh) {en, zh},
    RETOLD(X)
#undef X
};

static void check_told(const char *english, const char *want)
{
    OWNED_BUF b = {0};
    if (!retell(LANGUAGE_ZH, english, &b))
        test_fail(__FILE__, __LINE__, "'%s' is not known", english);
    CHECK_TEXT(buf_text(&b), want);
}

static void check_unknown(const char *english)
{
    OWNED_BUF b = {0};
    buf_add(&b, "before");
    CHECK(!retell(LANGUAGE_ZH, english, &b));
    CHECK_TEXT(buf_text(&b), "before");
}

TEST(notes_are_told_with_their_figures_and_names)
{
    check_told("6 unchanged hosts of pay: h5, h6, h7, h8, h9 and 1 more",
               "pay 的 6 台未变更主机：h5、h6、h7、h8、h9 及另外 1 台");
    check_told("4 unchanged hosts of pay: h7, h8; fewer than 5 to compare with",
               "pay 的 4 台未变更主机：h7、h8；可对照的主机少于 5 台");
    check_told("1 unchanged host of pay: h7", "pay 的 1 台未变更主机：h7");
    check_told(
        "3 of 4 hosts were back within 6 seconds, half of them within 5 seconds; "
        "h4 was not back at this look.",
        "4 台主机中有 3 台在 6 秒内恢复，其中一半在 5 秒内恢复；本次检查时 h4 "
        "尚未恢复。");
    check_told("looked again 2 minutes after: 1 of 1 series crept up",
               "变更 2 分钟后复查：1 条序列中有 1 条缓慢变差");
}

TEST(several_sentences_and_parts_behind_commas_are_told)
{
    check_told(
        "Only 2 of 4 changed hosts could be judged: 1 sent nothing after it, 1 "
        "were worked on by other changes in the same minutes. Attention at most: "
        "there were not enough unchanged hosts to compare with.",
        "4 台变更主机中只有 2 台可以判定：1 台变更后没有上报数据、1 "
        "台同一时段还有其他变更。可对照的未变更主机不足，结论最高为“需关注”。");
    check_told(
        "None of 9 rules could be judged: too few samples after the change (12).",
        "9 条规则都无法判定，主要原因：变更后数据点太少（12）。");
}

TEST(other_changes_and_their_reasons_are_told)
{
    check_told("Changed h1, h2 10 seconds before this change.",
               "在本次变更前 10 秒变更了 h1、h2。");
    check_told("Changed other hosts of pay 4 minutes after this change.",
               "在本次变更后 4 分钟变更了 pay 的其他主机。");
    check_told("Changed h1 at the same time.", "同时变更了 h1。");
    check_told("8811 is the likelier cause: cpu.user moved on 2 of 2 hosts that both "
               "changed, none of 2 hosts that only this one changed, 1 of 1 host that "
               "only 8811 changed.",
               "更可能由 8811 引起：cpu.user 的变化出现在两次都变更的 2 台中 2 "
               "台、只有本次变更的 2 台中 0 台、只有 8811 变更的 1 台中 1 台。");
}

TEST(limits_are_told_as_well)
{
    check_told("above 95 % in 3 of 5 points", "高于 95%，5 个点中至少 3 个");
    check_told("after > before * 1.3 in 3 of 5 points",
               "满足 after > before * 1.3，5 个点中至少 3 个");
}

TEST(what_is_not_known_is_left_alone)
{
    check_unknown("");
    check_unknown("Somebody's own words.");
    check_unknown("The change was cancelled. And more.");
    check_unknown("The change was cancelled; and more.");
    check_unknown("Only 2 of 4 changed hosts could be judged: 1 went away.");
    OWNED_BUF b = {0};
    CHECK(!retell(LANGUAGE_EN, "The change was cancelled.", &b));
}

TEST(names_that_look_like_the_words_around_them_do_no_harm)
{
    check_told("Changed after this change, h2 10 seconds before this change.",
               "在本次变更前 10 秒变更了 after this change、h2。");
    /* many places to try, no match: it must come back at once */
    char text[1900] = "Changed ";
    for (size_t n = strlen(text); n + 20 < sizeof text; n = strlen(text))
        strcat(text, "1 second before th, ");
    check_unknown(text);
}

/* A bit for each of the places of one side. */
static unsigned places_of(const char *text)
{
    unsigned places = 0;
    for (const char *at = text; (at = strchr(at, '{')) != NULL; at++)
        places |= 1u << (at[1] - '0');
    return places;
}

TEST(both_sides_of_the_table_have_the_same_places)
{
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        CHECK(utf8_valid(table[i][1], strlen(table[i][1])));
        if (places_of(table[i][0]) != places_of(table[i][1]))
            test_fail(__FILE__, __LINE__, "'%s': its places differ", table[i][0]);
        CHECK(strstr(table[i][0], "; ") == NULL); /* it would never be found */
        CHECK(strstr(table[i][0], ". ") == NULL);
    }
}
