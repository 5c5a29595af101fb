#include "notifier/report.h"

#include "base/names.h"
#include "tests/unit/notifier/sample.h"

static struct report *make(const struct change *c, const struct verdict *v)
{
    struct err err = {0};
    struct report_input in = {.change = c,
                              .verdict = v,
                              .revisions = &v,
                              .n_revisions = v != NULL,
                              .public_url = "https://check.example.com/"};
    struct report *r = report_new(&in, &err);
    if (r == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return r;
}

static const char *value_of(const struct report_rows *rows, const char *label)
{
    for (size_t i = 0; i < rows->n; i++)
        if (strcmp(rows->row[i].label, label) == 0)
            return rows->row[i].value;
    return NULL;
}

TEST(the_first_screen_says_what_how_bad_where_and_since_when)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->grade_words, "Must handle");
    CHECK_TEXT(r->title, "pay 2.4.1 -> 2.5.0");
    CHECK_TEXT(
        r->lead,
        "1 finding must be handled and 1 more needs attention, on 4 of 6 "
        "hosts (pay-01, pay-02, pay-03, pay-04), since 21 Nov 2026 10:01:00 UTC.");
    CHECK_TEXT(r->state,
               "Look 3 of 4, 30 minutes after the change (21 Nov 2026 10:31:00 "
               "UTC). More looks follow and may change it.");
    CHECK_TEXT(value_of(&r->facts, "By"), "li");
    CHECK_TEXT(value_of(&r->facts, "Kind"), "release");
    CHECK_TEXT(value_of(&r->facts, "Version"), "2.4.1 → 2.5.0");
    CHECK_TEXT(value_of(&r->facts, "Hosts"),
               "6: pay-01, pay-02, pay-03, pay-04 and 2 more");
    CHECK_TEXT(r->page_url, "https://check.example.com/changes/8812");
    CHECK_INT(r->n_top, 2);
    CHECK_TEXT(r->top[0].name,
               "failing calls web → pay:/charge that end with -1001 of pay");
}

TEST(what_to_do_is_said_once_for_alike_findings)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_fail(v);
    OWNED_REPORT *r = make(c, v);
    CHECK_INT(r->n_todo, 1);
    CHECK_TEXT(r->todo[0].advice, "Stop the release and roll back to 2.4.1.");
    CHECK_TEXT(r->todo[0].owner, "payments on call");
}

TEST(a_finding_has_its_numbers_and_the_sentence_about_ordinary_moments)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_REPORT *r = make(c, v);
    const struct report_finding *f = &r->finding[1];
    CHECK_TEXT(f->name, "cpu.busy on 4 hosts");
    CHECK_TEXT(f->before, "31.2 %");
    CHECK_TEXT(f->after, "55 %");
    CHECK_TEXT(f->change, "+23.8 points");
    CHECK_TEXT(f->effect, "+76.3 %");
    CHECK_TEXT(f->moments,
               "Of 203 ordinary moments of these hosts, none looked like this.");
    CHECK_TEXT(value_of(&f->numbers, "Unchanged hosts"), "30.1 % → 30.8 %");
    CHECK_TEXT(value_of(&f->numbers, "Usual at this hour"), "+0.9 points");
    CHECK_TEXT(value_of(&f->numbers, "Statistics"), "z 9.4, p below 0.0001");
    CHECK_INT(f->n_hosts, 4);
}

TEST(return_codes_stand_in_a_table_with_counts_and_shares)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_REPORT *r = make(c, v);
    CHECK_INT(r->n_codes, 1);
    CHECK_TEXT(r->code[0].code, "-1001");
    CHECK_TEXT(r->code[0].before, "126");
    CHECK_TEXT(r->code[0].share_after, "19.4 %");
}

TEST(what_was_fine_and_what_could_not_be_judged_are_counted)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->fine, "935 of 940 series compared did not get worse.");
    CHECK_TEXT(value_of(&r->unjudged, "Too few calls"), "12");
    CHECK_INT(r->unjudged.n, 2);
    CHECK_TEXT(value_of(&r->coverage, "Series judged"), "940 of 1,000");
    CHECK_TEXT(r->nearby.row[0].url, "https://check.example.com/changes/8809");
    CHECK_TEXT(
        r->nearby.row[0].value,
        "21 Nov 2026 09:56:00 UTC. Changed pay-02 4 minutes before. cpu.busy moved "
        "on 3 of 5 hosts that only this change touched.");
    CHECK(r->suspect == NULL);
}

TEST(a_change_without_a_verdict_has_a_report_too)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_REPORT *r = make(c, NULL);
    CHECK_TEXT(r->grade_words, "Not judged yet");
    CHECK_INT(r->grade, GRADE_NOT_JUDGED);
    CHECK(strstr(r->lead, "No look has been taken yet") != NULL);
}

TEST(not_judged_gives_the_reason_first)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = verdict_new("8812");
    v->grade = GRADE_NOT_JUDGED;
    sample_set(&v->reason, "No host sent samples after the change.");
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->lead, "No host sent samples after the change.");
    CHECK(r->note == NULL);
    CHECK(r->fine == NULL);
}

TEST(a_cap_on_the_grade_is_noted)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_set(&v->reason, "There were no unchanged hosts, so the grade is capped.");
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->note, "There were no unchanged hosts, so the grade is capped.");
}

static void check_plain(const char *text)
{
    CHECK(utf8_valid(text, strlen(text)));
    for (const char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            test_fail(__FILE__, __LINE__, "a control character in '%s'", text);
    CHECK(strstr(text, "\xe2\x80\xae") == NULL);
}

TEST(no_hostile_text_comes_through_unclean)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    OWNED_REPORT *r = make(c, v);
    for (size_t i = 0; i < r->n_texts; i++)
        check_plain(r->texts[i]);
    for (size_t i = 0; i < r->facts.n; i++)
        CHECK(r->facts.row[i].url == NULL);
}

TEST(long_texts_are_cut)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char *title = calloc(1, 10241);
    memset(title, 'x', 10240);
    sample_set(&c->title, title);
    sample_set(&v->findings[0].because, title);
    sample_set(&v->findings[0].unit, title);
    free(title);
    OWNED_REPORT *r = make(c, v);
    CHECK(strlen(r->title) <= REPORT_TITLE_CHARS + 3);
    for (size_t i = 0; i < r->n_texts; i++)
        CHECK(strlen(r->texts[i]) < 3000);
}

TEST(a_change_without_a_title_is_named_by_what_it_is)
{
    OWNED_CHANGE *c = sample_change();
    free(c->title);
    c->title = NULL;
    char *title = report_change_title(c);
    CHECK_TEXT(title, "release of pay 2.4.1 -> 2.5.0");
    free(title);
}

TEST(another_change_that_is_the_likelier_cause_is_on_the_first_screen)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_set(&v->nearby[0].likelier, NEARBY_OTHER);
    sample_set(&v->nearby[0].reasons, "8809 is the likelier cause: cpu.busy moved.");
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->suspect, "8809 is the likelier cause: cpu.busy moved.");
}

/* Five more readings of what sample_cpu tells, which lead nothing. */
static void add_readings(struct verdict *v)
{
    static const char *const metrics[] = {"cpu.user", "load.load1", "cpu.system",
                                          "cpu.nice", "load.load5"};
    size_t leader = v->n_findings - 1;
    for (size_t i = 0; i < 5; i++) {
        sample_cpu(v);
        sample_set(&v->findings[v->n_findings - 1].metric, metrics[i]);
        v->findings[v->n_findings - 1].with = leader;
    }
}

TEST(what_goes_with_another_finding_is_told_under_that_one)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    add_readings(v);
    OWNED_REPORT *r = make(c, v);
    CHECK(strncmp(r->lead, "1 finding must be handled and 1 more needs", 42) == 0);
    CHECK_INT(r->n_top, 2);
    CHECK_INT(r->n_leading, 2);
    CHECK_INT(r->n_findings, 7);
    CHECK(r->top[0].with_words == NULL);
    CHECK_TEXT(r->top[1].with_words, "5 more figures moved with it: cpu.user, "
                                     "load.load1, cpu.system and 2 more.");
    CHECK(!r->finding[1].led && r->finding[2].led);
    CHECK_INT(r->finding[1].n_with, 5);
    CHECK_INT(r->finding[1].with[4], 6);
    CHECK_TEXT(r->finding[6].figure, "load.load5");
    CHECK_TEXT(r->finding[6].line, "31.2 % → 55 % (+76.3 %)");
}

TEST(a_muted_finding_is_told_apart_and_the_first_words_say_so)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = verdict_new("8812");
    sample_cpu(v);
    v->grade = GRADE_OK;
    v->coverage.series_judged = 40;
    v->coverage.hosts = v->coverage.hosts_judged = 6;
    sample_mute(&v->findings[0], "a known " HOSTILE);
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->grade_words, "OK, 1 finding muted");
    CHECK_TEXT(r->lead, "1 finding is muted; nothing else that was compared got worse: "
                        "40 series on all 6 hosts.");
    CHECK_INT(r->n_top, 0);
    CHECK_INT(r->n_todo, 0);
    CHECK_INT(r->n_of[REPORT_MUTED], 1);
    CHECK_INT(r->finding[0].grade, GRADE_ATTENTION);
    static const char head[] = "Muted until 21 Nov 2026 18:00:00 UTC by li: a known ";
    CHECK(strncmp(r->finding[0].muted, head, sizeof head - 1) == 0);
    CHECK(strpbrk(r->finding[0].muted, "\r\n\x1b") == NULL);
    CHECK_TEXT(r->fine, "36 of 40 series compared did not get worse.");
}

TEST(beside_bad_findings_muted_ones_are_counted_apart)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = verdict_new("8812");
    sample_cpu(v);
    sample_cpu(v);
    v->grade = GRADE_ATTENTION;
    sample_mute(&v->findings[1], "known");
    OWNED_REPORT *r = make(c, v);
    CHECK_TEXT(r->grade_words, grade_words(GRADE_ATTENTION));
    CHECK(strncmp(r->lead, "1 finding needs attention, ", 27) == 0);
    CHECK(strstr(r->lead, ". 1 finding is muted.") != NULL);
    CHECK_INT(r->n_top, 1);
    CHECK(r->finding[0].muted == NULL);
    v->grade = GRADE_NOT_JUDGED;
    v->reason = strdup("The change was cancelled.");
    OWNED_REPORT *unjudged = make(c, v);
    CHECK_TEXT(unjudged->lead, "The change was cancelled. 1 finding is muted.");
}

static struct report *make_in(enum language l, const struct change *c,
                              const struct verdict *v)
{
    struct report_input in = {
        .change = c, .verdict = v, .revisions = &v, .n_revisions = 1, .language = l};
    struct report *r = report_new(&in, NULL);
    CHECK(r != NULL);
    return r;
}

TEST(in_chinese_sentences_are_made_of_the_figures)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    OWNED_REPORT *r = make_in(LANGUAGE_ZH, c, v);
    CHECK_TEXT(r->grade_words, "须处理");
    CHECK_TEXT(r->what, "发布，操作人 li");
    CHECK_TEXT(r->lead,
               "1 个问题须处理，另有 1 个需关注，涉及 6 台变更主机中的 4 "
               "台（pay-01、pay-02、pay-03、pay-04），自 2026-11-21 10:01:00 UTC 起。");
    CHECK_TEXT(r->state, "第 3 次检查（共 4 次），变更后 30 分钟（2026-11-21 10:31:00 "
                         "UTC）。后续还有检查，结论可能变化。");
    CHECK_TEXT(r->finding[0].sentence,
               "web → pay:/charge 变更后 30,000 次调用中失败 19.4%，变更前 60,000 "
               "次中失败 0.21%。");
    CHECK_TEXT(r->finding[1].sentence,
               "6 台变更主机中有 4 台的 cpu.busy 从 31.2% 升至 55%（+76.3%），同期 3 "
               "台未变更主机从 30.1% 变为 30.8%。");
    CHECK_TEXT(r->finding[1].moments,
               "取这些主机平时没有变更的 203 个时刻对比，没有一次"
               "出现过这样的变化。");
    CHECK_TEXT(value_of(&r->unjudged, "调用次数太少"), "12");
    CHECK_TEXT(r->fine, "已比对 940 条指标序列，其中 935 条未变差。");
}

/* Each grade's words are those that people agreed on. */
TEST(grades_have_their_chinese_names)
{
    CHECK_TEXT(report_grade_words(LANGUAGE_ZH, GRADE_OK), "正常");
    CHECK_TEXT(report_grade_words(LANGUAGE_ZH, GRADE_ATTENTION), "需关注");
    CHECK_TEXT(report_grade_words(LANGUAGE_ZH, GRADE_MUST_HANDLE), "须处理");
    CHECK_TEXT(report_grade_words(LANGUAGE_ZH, GRADE_NOT_JUDGED), "未能判定");
    for (int g = 0; g < GRADE_N; g++)
        CHECK_TEXT(report_grade_words(LANGUAGE_EN, (enum grade)g),
                   grade_words((enum grade)g));
}

TEST(every_kind_of_finding_has_a_chinese_sentence)
{
    OWNED_CHANGE *c = sample_change();
    for (int k = 0; k < FINDING_KIND_N; k++)
        for (int fresh = 0; fresh < 2; fresh++) {
            OWNED_VERDICT *v = sample_verdict();
            for (size_t i = 0; i < v->n_findings; i++) {
                v->findings[i].kind = (enum finding_kind)k;
                v->findings[i].fresh = fresh;
            }
            OWNED_REPORT *r = make_in(LANGUAGE_ZH, c, v);
            for (size_t i = 0; i < r->n_findings; i++)
                CHECK(strstr(r->finding[i].sentence, "。") != NULL);
        }
}

TEST(a_crash_has_its_topmost_frames)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_core(v);
    OWNED_REPORT *r = make_in(LANGUAGE_ZH, c, v);
    const struct report_finding *f = &r->finding[2];
    CHECK_INT(f->n_frames, 3);
    CHECK_TEXT(f->frame[0], "Reader::parse(int, char)");
    CHECK_TEXT(f->frame[1], "read_file");
    CHECK_TEXT(f->frame[2], "main");
    CHECK_TEXT(f->figure, "pay coredump（SIGSEGV，栈顶 Reader::parse(int, char)）");
    CHECK_TEXT(f->sentence,
               "6 台变更主机中有 2 台出现从未见过的 coredump：pay SIGSEGV，栈顶 "
               "Reader::parse(int, char)，变更后 1,204 次，变更前 0 次。");
    OWNED_REPORT *en = make_in(LANGUAGE_EN, c, v);
    CHECK_TEXT(en->finding[2].figure,
               "coredumps of pay, SIGSEGV in Reader::parse(int, char)");
    sample_set(&v->findings[2].because, "No frames here.");
    OWNED_REPORT *none = make_in(LANGUAGE_EN, c, v);
    CHECK_INT(none->finding[2].n_frames, 0);
}

TEST(a_rule_in_shadow_stands_in_a_group_of_its_own)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    v->findings[1].grade = GRADE_OK;
    sample_set(&v->findings[1].because,
               "It rose. The rule is in shadow: this would be attention.");
    OWNED_REPORT *r = make(c, v);
    CHECK_INT(r->finding[1].group, REPORT_SHADOW);
    CHECK_INT(r->n_of[REPORT_SHADOW], 1);
    CHECK_TEXT(r->finding[1].sentence, "It rose. The rule is in shadow and does not "
                                       "count: this would be \"Needs attention\".");
    OWNED_REPORT *zh = make_in(LANGUAGE_ZH, c, v);
    CHECK(strstr(zh->finding[1].sentence, "若正式启用，应判为“需关注”。") != NULL);
    /* words alone do not put a finding that counts there, nor broken ones any */
    v->findings[1].grade = GRADE_ATTENTION;
    OWNED_REPORT *counted = make(c, v);
    CHECK_INT(counted->finding[1].group, REPORT_BAD);
    v->findings[1].grade = GRADE_OK;
    sample_set(&v->findings[1].because, "The rule is in shadow: this would be bad.");
    OWNED_REPORT *back = make(c, v);
    CHECK_INT(back->finding[1].group, REPORT_BACK);
}

TEST(hosts_stand_batch_by_batch_the_one_with_the_worst_first)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    const int batch[] = {2, 1, 2, 1, 1, 1};
    for (size_t i = 0; i < c->n_hosts; i++)
        c->host[i].batch = batch[i];
    OWNED_REPORT *r = make(c, v);
    const struct report_finding *f = &r->finding[1];
    CHECK_INT(f->n_hosts, 4);
    CHECK_TEXT(f->host[0].name, "pay-01");
    CHECK_TEXT(f->host[0].heading, "Batch 2: 2 hosts");
    CHECK_TEXT(f->host[1].name, "pay-03");
    CHECK(f->host[1].heading == NULL);
    CHECK_TEXT(f->host[2].name, "pay-02");
    CHECK_TEXT(f->host[2].heading, "Batch 1: 2 hosts");
    for (size_t i = 0; i < c->n_hosts; i++)
        c->host[i].batch = 1;
    OWNED_REPORT *one = make(c, v);
    CHECK(one->finding[1].host[0].heading == NULL);
}

TEST(what_goes_with_another_finding_asks_for_nothing_of_its_own)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_set(&v->findings[1].advice, "Profile it.");
    v->findings[1].with = 0;
    OWNED_REPORT *r = make(c, v);
    CHECK_INT(r->n_todo, 1);
    v->findings[0].grade = GRADE_ATTENTION;
    v->findings[1].grade = GRADE_MUST_HANDLE;
    OWNED_REPORT *worse = make(c, v);
    CHECK_INT(worse->n_todo, 2);
}
