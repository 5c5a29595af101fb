/* tests of storage/verdict */
#include "storage/verdict.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

static const instant AT = {1795255200000}; /* 2026-11-21T10:00:00Z */

static double *line(size_t n, double first)
{
    double *at = calloc(n, sizeof *at);
    CHECK(at != NULL);
    for (size_t i = 0; i < n; i++)
        at[i] = i % 5 == 3 ? NAN : first / (double)(i + 1);
    return at;
}

static void fill_numbers(struct finding *f)
{
    f->before = 31.25;
    f->after = 55.0 + 1 / 3.0;
    f->delta = 23.75;
    f->confidence = 0.99914159;
    f->control_before = -0.0001234567;
    f->control_after = 1e300;
    f->usual = 8589934592.0;
    f->effect = 0.77066;
    f->z = 5.123456789;
    f->p = 1.23456789e-12;
    f->events_before = 12345678;
    f->events_after = 0;
    f->of_before = 1e15 - 1;
    f->of_after = 3;
    f->weight = 2.5;
}

static void fill_finding(struct finding *f, const char *text)
{
    f->rule = strdup("calls.fail_share");
    f->title = strdup(text);
    f->kind = FINDING_SHARE;
    f->grade = GRADE_MUST_HANDLE;
    f->host = strdup("h1");
    f->service = strdup("pay");
    f->metric = strdup("fail_share web->pay:/charge");
    f->unit = strdup("%");
    f->code = strdup("-1001");
    fill_numbers(f);
    f->first_seen = (instant){AT.ms + 61250};
    f->recovered = true;
    f->fresh = true;
    f->moments = 203;
    f->moments_like = 2;
    f->with = 1;
    f->limit = strdup("above 95 for 3 of 5");
    f->because = strdup(text);
    f->advice = strdup("look at the log");
    f->runbook = strdup("https://wiki/x");
    f->owner = strdup("pe");
    f->hosts = calloc(3, sizeof *f->hosts);
    f->n_hosts = 3;
    f->hosts[0] = (struct finding_host){strdup("h1"), 1.5, 2.25};
    f->hosts[1] = (struct finding_host){strdup(text), NAN, 2};
    f->hosts[2] = (struct finding_host){strdup("h3"), 1, NAN};
    f->n_like = 4;
    f->curve = (struct curve){AT, span_seconds(30), 7, line(7, 1e6), line(7, 1), NULL};
}

static struct verdict *full(const char *text)
{
    struct verdict *v = verdict_new("8812");
    v->grade = GRADE_ATTENTION;
    v->revision = 3;
    v->final = true;
    v->decided_at = AT;
    v->look = (span){1800500};
    v->looks_done = 3;
    v->looks_all = 4;
    v->pack = strdup("defaults 1f3a");
    v->reason = strdup(text);
    v->coverage = (struct coverage){.rules = 10 + UNJUDGED_NO_SERIES * 7,
                                    .rules_judged = 9,
                                    .hosts = 3,
                                    .hosts_judged = 2,
                                    .series_judged = 940,
                                    .series_not_judged = 60,
                                    .controls = 5,
                                    .controls_note = strdup(text),
                                    .fresh_note = strdup("new ones"),
                                    .relief_note = strdup("half"),
                                    .restart_note = strdup("back again")};
    for (int u = 0; u < UNJUDGED_N; u++)
        v->coverage.unjudged[u] = u * 7;
    fill_finding(verdict_add(v), text);
    struct finding *bare = verdict_add(v);
    bare->rule = strdup("traffic.gone");
    bare->service = strdup("pay");
    bare->metric = strdup("calls");
    bare->muted = (struct muted){strdup("m0123456789ab"), strdup("li"), strdup(text),
                                 (instant){AT.ms + 3600000}};
    v->nearby = calloc(2, sizeof *v->nearby);
    v->n_nearby = 2;
    v->nearby[0] = (struct nearby){strdup("8811"), strdup(text),         AT,
                                   strdup(text),   strdup(NEARBY_OTHER), strdup(text)};
    v->nearby[1] = (struct nearby){.change_id = strdup("8810"), .at = INSTANT_NONE};
    return v;
}

static char *written(const struct verdict *v, bool with_curves)
{
    struct buf b = {0};
    verdict_write(v, with_curves, &b);
    char *text = buf_give(&b);
    CHECK(text != NULL);
    return text;
}

static struct verdict *read_back(const char *json)
{
    struct err err = {0};
    struct verdict *v = NULL;
    if (verdict_read(json, strlen(json), &v, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    return v;
}

static void round_trip(const struct verdict *v, bool with_curves)
{
    char *once = written(v, with_curves);
    OWNED_VERDICT *back = read_back(once);
    char *twice = written(back, with_curves);
    CHECK_TEXT(twice, once);
    CHECK(verdict_same(v, back));
    free(once);
    free(twice);
}

TEST(what_is_written_reads_back_to_the_same_bytes)
{
    static const char *const texts[] = {
        "plain",
        "",
        "\"quotes\" \\ / </script> \t\r\n\x01\x7f",
        "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80 \xe2\x80\xa8",
        "not UTF-8: \xff\xfe\xc3",
        "%s%n{\"a\":1}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        OWNED_VERDICT *v = full(texts[i]);
        round_trip(v, true);
        round_trip(v, false);
    }
}

TEST(an_empty_verdict_reads_back_too)
{
    OWNED_VERDICT *v = verdict_new("c");
    CHECK_INT(v->grade, GRADE_NOT_JUDGED);
    round_trip(v, true);
    OWNED_VERDICT *bare = verdict_new("c");
    CHECK(verdict_add(bare) != NULL);
    round_trip(bare, true);
}

TEST(all_members_come_back)
{
    OWNED_VERDICT *v = full("why");
    char *json = written(v, true);
    OWNED_VERDICT *b = read_back(json);
    free(json);
    CHECK_TEXT(b->change_id, "8812");
    CHECK_INT(b->grade, GRADE_ATTENTION);
    CHECK_INT(b->revision, 3);
    CHECK(b->final);
    CHECK_INT(b->decided_at.ms, AT.ms);
    CHECK_INT(b->look.ms, 1800500);
    CHECK_INT(b->looks_done, 3);
    CHECK_INT(b->looks_all, 4);
    CHECK_TEXT(b->pack, "defaults 1f3a");
    CHECK_TEXT(b->reason, "why");
    CHECK_INT(coverage_rules(&b->coverage), 10);
    CHECK_INT(b->coverage.hosts_judged, 2);
    CHECK_TEXT(b->coverage.controls_note, "why");
    CHECK_TEXT(b->coverage.fresh_note, "new ones");
    CHECK_TEXT(b->coverage.relief_note, "half");
    CHECK_TEXT(b->coverage.restart_note, "back again");
    for (int u = 0; u < UNJUDGED_N; u++)
        CHECK_INT(b->coverage.unjudged[u], u * 7);
    const struct finding *f = &b->findings[0], *w = &v->findings[0];
    CHECK_INT(f->kind, FINDING_SHARE);
    CHECK_TEXT(f->metric, w->metric);
    CHECK_TEXT(f->code, "-1001");
    CHECK_NEAR(f->after, w->after, 1e-4);
    CHECK_NEAR(f->p, w->p, 1e-17);
    CHECK(f->events_before == 12345678 && f->events_after == 0);
    CHECK(f->of_before == 1e15 - 1);
    CHECK_INT(f->first_seen.ms, w->first_seen.ms);
    CHECK(f->recovered && f->fresh);
    CHECK_INT(f->moments_like, 2);
    CHECK_INT(f->with, 1);
    CHECK(v->findings[1].with == FINDING_LEADS);
    CHECK_TEXT(v->nearby[0].likelier, NEARBY_OTHER);
    CHECK_TEXT(v->nearby[0].reasons, "why");
    CHECK(v->nearby[1].likelier == NULL && v->nearby[1].reasons == NULL);
    CHECK_INT(f->n_hosts, 3);
    CHECK_TEXT(f->hosts[2].name, "h3");
    CHECK(f->hosts[2].before == 1 && isnan(f->hosts[2].after));
    CHECK_INT(f->n_like, 4);
    CHECK_NEAR(f->weight, 2.5, 0);
    CHECK_INT(f->curve.n, 7);
    CHECK_INT(f->curve.step.ms, 30000);
    CHECK(f->curve.value[0] == 1e6 && isnan(f->curve.value[3]));
    CHECK(f->curve.control != NULL && f->curve.usual == NULL);
    CHECK(b->findings[1].host == NULL && isnan(b->findings[1].before));
    CHECK(!finding_is_muted(&b->findings[0]) && finding_is_muted(&b->findings[1]));
    CHECK_TEXT(b->findings[1].muted.id, "m0123456789ab");
    CHECK_TEXT(b->findings[1].muted.author, "li");
    CHECK_TEXT(b->findings[1].muted.reason, "why");
    CHECK_INT(b->findings[1].muted.until.ms, AT.ms + 3600000);
    CHECK_INT(b->n_nearby, 2);
    CHECK(b->nearby[1].title == NULL && instant_is_none(b->nearby[1].at));
}

TEST(the_contract_comes_first_and_in_its_order)
{
    OWNED_VERDICT *v = full("because");
    char *json = written(v, false);
    static const char head[] =
        "{\"change_id\":\"8812\",\"grade\":\"attention\",\"revision\":3,"
        "\"final\":true,\"decided_at\":\"2026-11-21T10:00:00Z\","
        "\"coverage\":{\"rules\":0.9,\"hosts\":0.666667,"
        "\"series_judged\":940,\"series_not_judged\":60,";
    CHECK(strncmp(json, head, sizeof head - 1) == 0);
    CHECK(strstr(json, "\"findings\":[{\"rule\":\"calls.fail_share\",\"grade\":"
                       "\"must-handle\",\"host\":\"h1\",\"service\":\"pay\",\"metric\":"
                       "\"fail_share web->pay:/charge\",\"before\":31.25,\"after\":"
                       "55.3333,\"delta\":23.75,\"confidence\":0.999142,"
                       "\"first_seen_at\":\"2026-11-21T10:01:01.250Z\",\"because\":"
                       "\"because\",\"kind\":\"share\"") != NULL);
    CHECK(strstr(json, "{\"reason\":\"no_data_before\",\"words\":\"too few samples "
                       "before the change\",\"count\":7}") != NULL);
    free(json);
}

TEST(unknown_numbers_and_the_host_of_a_service_are_left_out)
{
    OWNED_VERDICT *v = verdict_new("c");
    struct finding *f = verdict_add(v);
    f->rule = strdup("r");
    f->effect = INFINITY;
    char *json = written(v, true);
    CHECK(strstr(json,
                 "\"findings\":[{\"rule\":\"r\",\"grade\":\"ok\",\"service\":null,"
                 "\"metric\":null,\"first_seen_at\":null,\"because\":null,"
                 "\"kind\":\"level\",\"recovered\":false") != NULL);
    CHECK(strstr(json, "null,\"host\"") == NULL && strstr(json, "effect") == NULL);
    CHECK(strstr(json, "curve") == NULL && strstr(json, "counts") == NULL);
    CHECK(strstr(json, "fresh") == NULL && strstr(json, "_note") == NULL);
    free(json);
}

TEST(without_curves_hosts_are_names)
{
    OWNED_VERDICT *v = full("x");
    char *json = written(v, false);
    CHECK(strstr(json,
                 "\"hosts\":[{\"name\":\"h1\"},{\"name\":\"x\"},{\"name\":\"h3\"}]") !=
          NULL);
    CHECK(strstr(json, "curve") == NULL);
    free(json);
}

TEST(unknown_members_are_passed_over)
{
    OWNED_VERDICT *v = read_back("{\"new\":[1],\"change_id\":\"c\",\"grade\":\"ok\","
                                 "\"findings\":[{\"rule\":\"r\",\"newer\":{}}]}");
    CHECK_TEXT(v->change_id, "c");
    CHECK_INT(v->grade, GRADE_OK);
    CHECK_INT(v->n_findings, 1);
    CHECK(isnan(v->findings[0].weight));
}

static void refused(const char *json, const char *words)
{
    struct err err = {0};
    OWNED_VERDICT *v = NULL;
    CHECK_INT(verdict_read(json, strlen(json), &v, &err), -1);
    CHECK(v == NULL);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "%s: '%s' does not say '%s'", json, err.text,
                  words);
}

TEST(a_mute_is_part_of_what_a_verdict_says)
{
    OWNED_VERDICT *a = full("x"), *b = full("x"), *longer = full("x");
    finding_clear(&b->findings[1]);
    CHECK(!verdict_same(a, b));
    longer->findings[1].muted.until.ms += 1000;
    CHECK(!verdict_same(a, longer));
}

TEST(what_is_no_verdict_is_refused_with_its_place)
{
    refused("", "");
    refused("[]", "expected an object");
    refused("{\"grade\":\"ok\"}", "change_id");
    refused("{\"change_id\":\"c\"}", "grade");
    refused("{\"change_id\":\"c\",\"grade\":\"fine\"}", "no grade 'fine'");
#define V(more) "{\"change_id\":\"c\",\"grade\":\"ok\"," more "}"
    refused(V("\"revision\":-1"), "revision");
    refused(V("\"revision\":1e300"), "revision");
    refused(V("\"final\":1"), "final");
    refused(V("\"decided_at\":\"now\""), "decided_at");
    refused(V("\"look_s\":1e30"), "look_s");
    refused(V("\"coverage\":[]"), "coverage");
    refused(V("\"coverage\":{\"not_judged\":[{\"reason\":\"x\",\"count\":1}]}"),
            "coverage.not_judged[0].reason");
    refused(V("\"coverage\":{\"not_judged\":[{}]}"), "coverage.not_judged[0]");
    refused(V("\"findings\":{}"), "findings");
    refused(V("\"findings\":[1]"), "findings[0]");
    refused(V("\"findings\":[{\"kind\":\"x\"}]"), "findings[0].kind");
    refused(V("\"findings\":[{\"like\":-1}]"), "findings[0].like");
    refused(V("\"findings\":[{\"with\":-1}]"), "findings[0].with");
    refused(V("\"findings\":[{\"with\":0}]"), "findings[0].with");
    refused(V("\"findings\":[{\"with\":1}]"), "findings[0].with");
    refused(V("\"findings\":[{},{\"with\":0},{\"with\":1}]"), "findings[2].with");
    refused(V("\"findings\":[{\"hosts\":[{\"name\":1}]}]"), "hosts[0].name");
    refused(V("\"findings\":[{\"curve\":{\"value\":[1],\"usual\":[1,2]}}]"), "usual");
    refused(V("\"findings\":[{\"curve\":{\"value\":[\"1\"]}}]"), "value[0]");
    refused(V("\"nearby\":[{\"at\":1}]"), "nearby[0].at");
    refused(V("\"findings\":[{\"muted\":true}]"), "findings[0].muted");
    refused(V("\"findings\":[{\"muted\":{\"until\":7}}]"), "muted.until");
}

TEST(a_curve_has_at_most_so_many_points)
{
    struct buf b = {0};
    buf_add(&b, "{\"change_id\":\"c\",\"grade\":\"ok\",\"findings\":[{\"curve\":{"
                "\"value\":[1");
    for (int i = 0; i < CURVE_POINTS_MAX; i++)
        buf_add(&b, ",1");
    buf_add(&b, "]}}]}");
    refused(buf_text(&b), "401 points");
    buf_free(&b);
}

TEST(revision_looks_and_finality_are_not_what_a_verdict_says)
{
    OWNED_VERDICT *a = full("x"), *b = full("x");
    b->revision = 0;
    b->final = false;
    b->decided_at = INSTANT_NONE;
    b->look = (span){0};
    b->looks_done = 1;
    b->looks_all = 9;
    b->findings[0].curve.value[1] = 7;
    b->findings[0].hosts[0].after = 7;
    CHECK(verdict_same(a, b));
    b->findings[0].after += 1e-9; /* below what is written */
    CHECK(verdict_same(a, b));
    b->findings[0].after += 1;
    CHECK(!verdict_same(a, b));
    b->findings[0].after = a->findings[0].after;
    b->grade = GRADE_OK;
    CHECK(!verdict_same(a, b));
    b->grade = a->grade;
    b->coverage.unjudged[UNJUDGED_FEW_CALLS]++;
    CHECK(!verdict_same(a, b));
    b->coverage.unjudged[UNJUDGED_FEW_CALLS]--;
    CHECK(verdict_same(a, b));
    b->n_nearby--;
    CHECK(!verdict_same(a, b));
    b->n_nearby++;
}

TEST(many_findings_can_be_added)
{
    OWNED_VERDICT *v = verdict_new("c");
    for (int i = 0; i < 1000; i++) {
        struct finding *f = verdict_add(v);
        CHECK(f != NULL && isnan(f->before) && f->weight == 0);
        CHECK(instant_is_none(f->first_seen));
        f->moments = i;
    }
    for (int i = 0; i < 1000; i++)
        CHECK_INT(v->findings[i].moments, i);
    round_trip(v, true);
}

TEST(names_are_the_contracts)
{
    CHECK_TEXT(grade_name(GRADE_NOT_JUDGED), "not-judged");
    CHECK_TEXT(grade_words(GRADE_MUST_HANDLE), "Must handle");
    CHECK_INT(grade_of("must-handle"), 2); /* the grades are exit codes */
    CHECK_INT(grade_of("x"), GRADE_N);
    CHECK_TEXT(unjudged_name(UNJUDGED_NO_FINISH), "no_finish");
    CHECK(strlen(unjudged_words(UNJUDGED_NO_FINISH)) > 10);
    for (int k = 0; k < FINDING_KIND_N; k++)
        CHECK(finding_kind_name((enum finding_kind)k)[0] != '\0');
}
