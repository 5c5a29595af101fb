#include "notifier/envelope.h"

#include "tests/unit/notifier/make_routing.h"
#include "tests/unit/notifier/store.h"

#include <errno.h>

static struct mail_config config;

static const char text[] = "routing: 1\n"
                           "owners: {payments: pay}\n"
                           "audiences:\n"
                           "  - {name: ops, to: [a@x.de, b@x.de]}\n"
                           "  - {name: search, to: s@x.de, on: {service: search}}\n";

static void check(const struct envelope_ask *ask, const char *want, const char * not )
{
    OWNED_BUF said = {0};
    struct err err = {0};
    if (envelope_text(ask, &said, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    if (strstr(buf_text(&said), want) == NULL || strstr(buf_text(&said), not ) != NULL)
        test_fail(__FILE__, __LINE__, "'%s' and not '%s' should be in\n%s", want, not,
                  buf_text(&said));
}

TEST(an_envelope_says_to_whom_how_and_why)
{
    struct ledger *l = store_open();
    struct routing *r = make_routing(text);
    struct err err = {0};
    OWNED_BUF said = {0};
    mail_config_defaults(&config);
    config.smtp[config.n_smtp++].url = "smtp://127.0.0.1:1";
    struct envelope_ask ask = {
        .ledger = l, .config = &config, .routing = r, .change_id = "c1", .to = "ops"};
    ask.now = SAMPLE_START;
    CHECK_INT(envelope_text(&ask, &said, &err), -1);
    CHECK_INT(err.code, ENOENT);
    store_change(l, "c1");
    check(&ask, "there is no verdict yet", "RCPT");
    store_verdict(l, "c1", 1, GRADE_ATTENTION, false);
    check(&ask, "will be told when it is final", "would");
    store_verdict(l, "c1", 1, GRADE_ATTENTION, true);
    check(&ask, "change c1 of pay, owned by payments\nrevision 1, attention, final\n",
          "s@x.de");
    check(&ask,
          "\nb@x.de\n  audience     ops (line 4)\n  now          would be sent\n"
          "  wish         attention: final\n",
          "told");
    check(&ask, "MAIL FROM    <aftercheck@localhost>\n  RCPT TO      <a@x.de>\n", "s@");
    ask.to = "b@x.de";
    check(&ask, "RCPT TO      <b@x.de>", "a@x.de");
    ask.to = "search";
    check(&ask, "search: not for this change", "RCPT");
    ask.to = NULL;
    buf_clear(&said);
    CHECK_INT(envelope_json(&ask, &said, &err), 0);
    CHECK(strstr(buf_text(&said), "\"act\":\"mail\",\"why\":\"would be sent\"") !=
          NULL);
    ask.to = "nobody";
    err = (struct err){0};
    CHECK_INT(envelope_text(&ask, &said, &err), -1);
    CHECK_INT(err.code, EINVAL);
    routing_free(&r);
    ledger_close(&l);
}
