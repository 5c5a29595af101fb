/* tests of collector/in_cloudevent */
#include "collector/in_change.h"
#include "collector/in_cloudevent.h"
#include "storage/change.h"
#include "tests/test.h"

#include <string.h>

static const instant now = {1795255200000};
static struct err err;

/* The change event's text, or the complaint. */
static const char *opens(const char *text)
{
    static struct buf out;
    buf_clear(&out);
    err = (struct err){0};
    if (cloudevent_open_structured(text, strlen(text), &out, &err) < 0)
        return err.text;
    return buf_text(&out);
}

#define ENVELOPE                                                                       \
    "\"specversion\": \"1.0\", \"id\": \"e1\", \"source\": \"/deployer\", "            \
    "\"type\": \"com.example.change\", \"time\": \"2026-11-21T10:00:00Z\""

TEST(the_envelope_completes_a_change_event)
{
    CHECK_TEXT(opens("{" ENVELOPE ", \"data\": {\"kind\": \"release\", \"service\": "
                     "\"pay\", \"hosts\": [\"h1\"], \"ticket\": 7}}"),
               "{\"kind\":\"release\",\"service\":\"pay\",\"hosts\":[\"h1\"],"
               "\"ticket\":7,\"source\":\"/deployer\",\"id\":\"e1\","
               "\"time\":\"2026-11-21T10:00:00Z\"}");
}

TEST(what_the_event_says_itself_stands)
{
    CHECK_TEXT(opens("{" ENVELOPE ", \"data\": {\"source\": \"a\", \"id\": \"b\", "
                     "\"time\": null, \"kind\": \"config\"}}"),
               "{\"source\":\"a\",\"id\":\"b\",\"kind\":\"config\","
               "\"time\":\"2026-11-21T10:00:00Z\"}");
}

#define CDEVENT(type, more)                                                            \
    "{\"specversion\": \"1.0\", \"id\": \"x\", \"source\": \"y\", \"type\": \"" type   \
    "\", \"data\": {\"context\": {\"version\": \"0.4.1\", \"id\": \"271069a8\", "      \
    "\"chainId\": \"c9\", \"source\": \"/event/source/123\", \"type\": \"" type        \
    "\", \"timestamp\": \"2026-11-21T09:59:00Z\"}, \"subject\": {\"id\": "             \
    "\"pay\", \"source\": \"/s\", \"type\": \"service\", \"content\": "                \
    "{\"environment\": {\"id\": \"prod\"}, \"artifactId\": "                           \
    "\"pkg:oci/pay@sha256:0b31\"}}" more "}}"

TEST(a_cdevents_event_about_a_service_is_a_change)
{
    CHECK_TEXT(opens(CDEVENT("dev.cdevents.service.upgraded.0.2.0", "")),
               "{\"source\":\"/event/source/123\",\"id\":\"271069a8\","
               "\"time\":\"2026-11-21T09:59:00Z\",\"service\":\"pay\","
               "\"title\":\"pay upgraded: pkg:oci/pay@sha256:0b31\","
               "\"artifact\":{\"to\":\"pkg:oci/pay@sha256:0b31\"},"
               "\"labels\":{\"environment\":\"prod\"},"
               "\"cdevents_type\":\"dev.cdevents.service.upgraded.0.2.0\","
               "\"cdevents_chain\":\"c9\",\"kind\":\"release\"}");
    OWNED_EVENT *e = in_change_read(
        opens(CDEVENT("dev.cdevents.service.rolledback.0.2.0",
                      ", \"customData\": {\"hosts\": [\"h1\", \"h2\"], "
                      "\"actor\": \"li\", \"phase\": \"started\"}")),
        strlen(opens(CDEVENT("dev.cdevents.service.rolledback.0.2.0",
                             ", \"customData\": {\"hosts\": [\"h1\", \"h2\"], "
                             "\"actor\": \"li\", \"phase\": \"started\"}"))),
        now, &err);
    CHECK(e != NULL);
    CHECK_INT(e->kind, CHANGE_ROLLBACK);
    CHECK_INT(e->n_hosts, 2);
    CHECK_TEXT(e->actor, "li");
    CHECK_TEXT(e->to, "pkg:oci/pay@sha256:0b31");
}

TEST(other_cdevents_are_refused_by_name)
{
    CHECK_TEXT(opens(CDEVENT("dev.cdevents.build.finished.0.1.0", "")),
               "type: expected an event about a service (deployed, upgraded, "
               "rolledback, removed, published), got "
               "'dev.cdevents.build.finished.0.1.0'");
}

TEST(what_is_no_envelope_is_told)
{
    CHECK_TEXT(opens("[]"),
               "the document (line 1, column 1): expected an object, a CloudEvent");
    CHECK_TEXT(opens("{\"specversion\": \"0.3\", \"data\": {}}"),
               "specversion: expected 1.0, got '0.3'");
    CHECK_TEXT(opens("{\"specversion\": \"1.0\", \"data\": {}}"),
               "id: expected the event's id");
    CHECK_TEXT(opens("{\"specversion\": \"1.0\", \"id\": \"1\", \"data\": {}}"),
               "source: expected who sends the event");
    CHECK_TEXT(opens("{\"specversion\": \"1.0\", \"id\": \"1\", \"source\": \"s\", "
                     "\"data\": {}}"),
               "type: expected the event's type");
    CHECK_TEXT(opens("{" ENVELOPE ", \"data\": 7}"),
               "data: expected an object, a change event or one of CDEvents");
    CHECK_TEXT(opens("{" ENVELOPE ", \"data_base64\": \"e30=\"}"),
               "data_base64 (line 1, column 136): expected the event as JSON in data");
    CHECK_TEXT(opens("{" ENVELOPE "}"),
               "data (line 1, column 1): expected a change event or one of CDEvents");
}

TEST(headers_are_decoded_once)
{
    char plain[] = "a%20b%25", euro[] = "%E2%82%ac", bad[] = "%zz", cut[] = "%4",
         nul[] = "%00", latin[] = "%ff";
    CHECK(cloudevent_header(plain));
    CHECK_TEXT(plain, "a b%");
    CHECK(cloudevent_header(euro));
    CHECK_TEXT(euro, "\xe2\x82\xac");
    CHECK(!cloudevent_header(bad));
    CHECK(!cloudevent_header(cut));
    CHECK(!cloudevent_header(nul));
    CHECK(!cloudevent_header(latin));
}
