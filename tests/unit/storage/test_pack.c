/* tests of storage/pack */
#include "storage/pack.h"
#include "tests/test.h"

static const char good[] =
    "{\"name\":\"mine\",\"hash\":\"00ff\",\"later\":1,"
    "\"windows\":[{\"kind\":\"config\",\"values\":[[\"looks\",\"10m\",\"a.yml:3\"]]}],"
    "\"rules\":[{\"id\":\"cpu\",\"title\":\"CPU\",\"about\":\"series\",\"rev\":2,"
    "\"mode\":\"shadow\",\"file\":\"a.yml\",\"line\":7,\"why\":\"because\","
    "\"values\":[[\"unit\",\"%\",\"a.yml:9\"],[\"weight\",\"1\",\"standard\"]],"
    "\"overrides\":[{\"what\":\"set: {weight: 2}\",\"by\":\"li\",\"reason\":\"noisy\","
    "\"until\":\"2027-01-31T00:00:00Z\",\"file\":\"b.yml\",\"line\":4}]},"
    "{\"id\":\"mem\",\"title\":\"Memory\",\"about\":\"series\",\"rev\":1,"
    "\"mode\":\"enforce\",\"file\":\"a.yml\",\"line\":20}]}";

TEST(a_version_of_the_rules_is_read_back)
{
    struct err err = {0};
    OWNED_PACK *p = NULL;
    CHECK_INT(pack_read(good, strlen(good), &p, &err), 0);
    CHECK_TEXT(p->name, "mine");
    CHECK_TEXT(p->hash, "00ff");
    CHECK_INT(p->n_windows, 1);
    CHECK_TEXT(p->windows[0].value[0].value, "10m");
    CHECK_INT(p->n_rules, 2);
    const struct pack_rule *r = &p->rule[0];
    CHECK_TEXT(r->why, "because");
    CHECK(r->owner == NULL);
    CHECK_INT(r->rev, 2);
    CHECK_INT(r->n_values, 2);
    CHECK_TEXT(r->value[1].whence, "standard");
    CHECK_INT(r->n_overrides, 1);
    CHECK_INT(r->override[0].until.ms, 1801353600000);
    CHECK_INT(p->rule[1].n_values, 0);
}

TEST(what_is_of_another_form_is_refused_with_its_place)
{
    static const struct {
        const char *json, *words;
    } cases[] = {
        {"[]", "name"},
        {"{\"name\":\"a\"}", "hash"},
        {"{\"name\":\"a\",\"hash\":\"b\",\"rules\":{}}", "rules (line 1, column"},
        {"{\"name\":\"a\",\"hash\":\"b\",\"rules\":[{\"id\":\"x\"}]}",
         "rules[0].title"},
        {"{\"name\":\"a\",\"hash\":\"b\",\"windows\":[{\"kind\":\"config\",\"values\":["
         "[\"a\"]]}]}",
         "windows[0].values[0]"},
        {"{", "line 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        OWNED_PACK *p = NULL;
        CHECK_INT(pack_read(cases[i].json, strlen(cases[i].json), &p, &err), -1);
        if (strstr(err.text, cases[i].words) == NULL)
            test_fail(__FILE__, __LINE__, "%s: %s", cases[i].json, err.text);
    }
}
