#include "notifier/fmt_html.h"

#include "base/names.h"
#include "tests/unit/notifier/mail_check.h"
#include "tests/unit/notifier/sample.h"

static char *html_in(enum language l, const struct change *c, const struct verdict *v,
                     const struct fmt_html_images *images)
{
    struct report_input in = {.change = c,
                              .verdict = v,
                              .revisions = &v,
                              .n_revisions = v != NULL,
                              .language = l,
                              .public_url = "https://check.example.com"};
    OWNED_REPORT *r = report_new(&in, NULL);
    CHECK(r != NULL);
    struct buf b = {0};
    fmt_html(r, images, &b);
    return buf_give(&b);
}

static char *html_of(const struct change *c, const struct verdict *v,
                     const struct fmt_html_images *images)
{
    return html_in(LANGUAGE_EN, c, v, images);
}

TEST(the_grade_is_in_words_sign_and_colour)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char *html = html_of(c, v, NULL);
    CHECK(strstr(html, "Must handle</p>") != NULL);
    CHECK(strstr(html, "bgcolor=\"#b42318\"") != NULL);
    CHECK(strstr(html, report_grade_sign(GRADE_MUST_HANDLE)) != NULL);
    CHECK(strstr(html, "Stop the release and roll back to 2.4.1.") != NULL);
    CHECK(strstr(html, "<img") == NULL);
    free(html);
}

TEST(pictures_have_their_numbers_as_text)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    const char *src[] = {NULL, "cid:abc@x"};
    struct fmt_html_images images = {2, src};
    char *html = html_of(c, v, &images);
    CHECK_INT(sample_count(html, "<img"), 1);
    CHECK(strstr(html, "src=\"cid:abc@x\"") != NULL);
    CHECK(strstr(html, "alt=\"Chart of cpu.busy on 4 hosts: 31.2 % before the change, "
                       "55 % after it.\"") != NULL);
    free(html);
}

/* Every grade, group and kind of part is in one of these. */
TEST(nothing_is_used_but_what_mail_clients_support)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    const char *src[] = {NULL, "cid:abc@x"};
    struct fmt_html_images images = {2, src};
    sample_set(&v->reason, "There were no unchanged hosts.");
    sample_core(v);
    sample_cpu(v);
    sample_mute(&v->findings[3], "disk is replaced");
    sample_cpu(v);
    v->findings[4].grade = GRADE_OK;
    v->findings[4].recovered = true;
    sample_cpu(v);
    v->findings[5].with = 1;
    for (size_t i = 0; i < c->n_hosts; i++)
        c->host[i].batch = 1 + (int)(i % 2);
    for (int l = 0; l < LANGUAGE_N; l++) {
        char *html = html_in((enum language)l, c, v, &images);
        mail_check(html);
        free(html);
    }
}

TEST(hostile_documents_are_no_less_sound)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    for (int l = 0; l < LANGUAGE_N; l++) {
        char *html = html_in((enum language)l, c, v, NULL);
        mail_check(html);
        free(html);
    }
}

TEST(chinese_is_said_to_be_chinese_and_has_fonts)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    char *html = html_in(LANGUAGE_ZH, c, v, NULL);
    CHECK(strstr(html, "<html lang=\"zh-CN\">") != NULL);
    CHECK(strstr(html, "须处理</p>") != NULL);
    CHECK(strstr(html, "'Microsoft YaHei'") != NULL);
    CHECK(strstr(html, ">处理建议</div>") != NULL);
    CHECK(strstr(html, "变更前") != NULL);
    free(html);
}

TEST(hostile_texts_are_only_text)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    char *html = html_of(c, v, NULL);
    CHECK(strstr(html, "<script") == NULL);
    CHECK(strstr(html, "&lt;script&gt;") != NULL);
    CHECK(strstr(html, "href=\"javascript:") == NULL);
    CHECK(strstr(html, "\"'&") == NULL);
    CHECK(utf8_valid(html, strlen(html)));
    CHECK(strlen(html) < FMT_HTML_BYTES_MAX);
    free(html);
}

static void add_many(struct verdict *v, int n, const char *because)
{
    for (int i = 0; i < n; i++) {
        sample_cpu(v);
        if (because != NULL)
            sample_set(&v->findings[v->n_findings - 1].because, because);
    }
}

TEST(two_hundred_findings_stay_below_80_KB)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    add_many(v, 198, NULL);
    char *html = html_of(c, v, NULL);
    CHECK(strlen(html) < FMT_HTML_BYTES_MAX);
    CHECK(strstr(html, "more findings, see <a href=") != NULL);
    free(html);
}

TEST(the_longest_texts_everywhere_stay_below_80_KB)
{
    OWNED_CHANGE *c = sample_hostile_change();
    OWNED_VERDICT *v = sample_hostile_verdict();
    char amps[10241] = {0};
    memset(amps, '"', 10240); /* six bytes each when escaped */
    char **const texts[] = {
        &c->title, &c->actor, &c->service, &c->change_id, &c->parent_id,
        &c->from,  &c->to,    &v->reason,  &v->pack,      &v->coverage.controls_note};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        sample_set(texts[i], amps);
    add_many(v, 60, amps);
    for (size_t i = 0; i < v->n_findings; i++) {
        struct finding *f = &v->findings[i];
        char **const parts[] = {&f->title, &f->metric, &f->rule, &f->advice,
                                &f->owner, &f->code,   &f->unit, &f->limit};
        amps[9000 + i] = 'x'; /* so that each advice is one of its own */
        for (size_t j = 0; j < sizeof parts / sizeof *parts; j++)
            sample_set(parts[j], amps + i);
        f->kind = FINDING_SHARE;
        f->events_before = f->events_after = 1e14;
    }
    free(v->nearby[0].change_id);
    v->nearby[0].change_id = strdup(amps);
    for (int l = 0; l < LANGUAGE_N; l++) {
        char *html = html_in((enum language)l, c, v, NULL);
        if (strlen(html) >= FMT_HTML_BYTES_MAX)
            test_fail(__FILE__, __LINE__, "%zu bytes", strlen(html));
        mail_check(html);
        free(html);
    }
}

TEST(every_grade_and_no_verdict_make_a_document)
{
    OWNED_CHANGE *c = sample_change();
    for (int g = 0; g <= GRADE_N; g++) {
        OWNED_VERDICT *v = g < GRADE_N ? verdict_new("8812") : NULL;
        if (v != NULL)
            v->grade = (enum grade)g;
        char *html = html_of(c, v, NULL);
        CHECK(strncmp(html, "<!DOCTYPE html>", 15) == 0);
        CHECK(strstr(html, "</html>") != NULL);
        free(html);
    }
}

TEST(muted_findings_have_a_heading_of_their_own)
{
    OWNED_CHANGE *c = sample_change();
    OWNED_VERDICT *v = sample_verdict();
    sample_mute(&v->findings[v->n_findings - 1], "disk is replaced");
    char *text = html_of(c, v, NULL);
    const char *findings = strstr(text, ">Findings</h2>");
    const char *muted = strstr(text, ">Muted</h2>");
    const char *words =
        strstr(text, "Muted until 21 Nov 2026 18:00:00 UTC by li: disk is replaced");
    CHECK(findings != NULL && muted > findings && words > muted);
    free(text);
}
