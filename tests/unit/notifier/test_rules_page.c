/* tests of notifier/pages/rules */
#include "notifier/pages/rules.h"

#include "tests/unit/notifier/store.h"

#define SCRIPT "<script>alert(1)</script>"

static struct pack *sample_pack(void)
{
    static const char json[] =
        "{\"name\":\"mine\",\"hash\":\"00ff\","
        "\"windows\":[{\"kind\":\"config\",\"values\":[[\"looks\",\"10m\",\"standard\"]"
        "]}],"
        "\"rules\":[{\"id\":\"cpu\",\"title\":\"CPU " SCRIPT "\",\"about\":\"series\","
        "\"rev\":2,\"mode\":\"shadow\",\"file\":\"/etc/rules/a.yml\",\"line\":7,"
        "\"why\":\"it matters\",\"runbook\":\"javascript:alert(1)\",\"owner\":\"pe\","
        "\"values\":[[\"why\",\"it "
        "matters\",\"a.yml:9\"],[\"unit\",\"%\",\"a.yml:9\"]],"
        "\"overrides\":[{\"what\":\"set: {weight: 2}\",\"by\":\"li\",\"reason\":"
        "\"noisy\",\"until\":\"2027-01-31T00:00:00Z\",\"file\":\"b.yml\",\"line\":4}]},"
        "{\"id\":\"mem\",\"title\":\"Memory\",\"about\":\"series\",\"rev\":1,"
        "\"mode\":\"enforce\",\"file\":\"/etc/rules/b.yml\",\"line\":20}]}";
    struct err err = {0};
    struct pack *p = NULL;
    if (pack_read(json, strlen(json), &p, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    p->since = SAMPLE_START;
    return p;
}

TEST(a_rule_says_why_it_is_there_what_it_asks_for_and_what_it_said)
{
    OWNED_PACK *p = sample_pack();
    struct rule_record record = {.rule = "cpu", .must_handle = 2, .not_useful = 1};
    struct rule_records records = {1, &record};
    OWNED_BUF page = {0};
    rules_page_write(p, &records, &page);
    const char *text = buf_text(&page);
    CHECK(strstr(text, "00ff, 2 rules, since 21 Nov 2026 10:00:00 UTC") != NULL);
    CHECK(strstr(text, "<h2>a.yml</h2>") != NULL && strstr(text, "<h2>b.yml</h2>"));
    CHECK(strstr(text, "2 must handle") != NULL);
    CHECK(strstr(text, "1 found not useful") != NULL);
    CHECK_INT(sample_count(text, "class=\"parts record\""), 1);
    CHECK(strstr(text, "Override by li until 31 Jan 2027 00:00:00 UTC: noisy") != NULL);
    CHECK(strstr(text, "shadow: shown, never counted") != NULL);
    CHECK_INT(sample_count(text, "it matters"), 1);
    CHECK(strstr(text, "<script") == NULL);
    CHECK(strstr(text, "href=\"javascript") == NULL);
}

TEST(the_same_is_there_as_json)
{
    OWNED_PACK *p = sample_pack();
    struct rule_record record = {.rule = "mem", .attention = 3};
    struct rule_records records = {1, &record};
    struct err err = {0};
    OWNED_BUF json = {0};
    rules_json_write(p, &records, &json);
    OWNED_JSON *doc = json_parse(buf_text(&json), json.len, &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    struct json_at root = json_root(doc), rules, record_at, at;
    CHECK(json_member(&root, "rules", &rules) && json_count(&rules) == 2);
    struct json_at mem = json_item(&rules, 1);
    int64_t n = 0;
    CHECK(json_member(&mem, "record", &record_at));
    CHECK(json_member(&record_at, "attention", &at));
    CHECK_INT(json_whole(&at, &n, &err), 0);
    CHECK_INT(n, 3);
}
