/* tests/fuzz/fuzz_alarm.c - strangers' bytes into the readers of alarms.
 *
 * What is taken has all that is required and is bounded; what is not taken is counted,
 * and told in words. */
#include "base/names.h"
#include "collector/in_alarm.h"
#include "storage/record.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const instant now = {1795255200000};

static void check_name(const char *name)
{
    assert(name == NULL || name_check(name, strlen(name), NULL) == 0);
}

static void check_text(const char *text)
{
    if (text == NULL)
        return;
    assert(strlen(text) <= ALARM_TEXT_MAX);
    assert(text_check(text, strlen(text), NULL) == 0);
}

static void check_alarm(const struct alarm *a)
{
    int64_t newest = now.ms + RECORD_FUTURE_MINUTES_MAX * 60000ll;
    assert(a->name != NULL && a->fingerprint != NULL);
    assert(a->host != NULL || a->service != NULL);
    check_name(a->name);
    check_name(a->host);
    check_name(a->service);
    check_name(a->severity);
    check_name(a->fingerprint);
    check_text(a->labels);
    check_text(a->text);
    assert(!instant_is_none(a->said) && a->said.ms <= newest);
    assert(!instant_is_none(a->starts) || !instant_is_none(a->ends));
    assert(instant_is_none(a->starts) || a->starts.ms <= newest);
    assert(instant_is_none(a->ends) || instant_is_none(a->starts) ||
           a->ends.ms >= a->starts.ms);
}

static void check(const struct in_alarm_result *r, int rc, const struct err *err)
{
    OWNED_BUF error = {0};
    assert((rc < 0) == (err->code != 0));
    for (size_t i = 0; i < r->list.n; i++)
        check_alarm(r->list.at[i]);
    if (rc == 0)
        assert(r->messages == r->list.n + r->refused + r->placeless);
    assert((r->refused > 0) == (r->first[0] != '\0'));
    in_alarm_write_error(r, &error);
    assert((error.len > 0) == (r->refused > 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const char *text = (const char *)bytes;
    struct in_alarm_result webhook = {0}, generic = {0};
    struct err one = {0}, two = {0};
    int rc = in_alarm_read_webhook(text, n, &entity_tags_default, now, &webhook, &one);
    check(&webhook, rc, &one);
    rc = in_alarm_read(text, n, now, &generic, &two);
    check(&generic, rc, &two);
    in_alarm_result_free(&webhook);
    in_alarm_result_free(&generic);
    return 0;
}
