#include "notifier/notifier.h"

#include "tests/unit/notifier/store.h"

#include <dirent.h>

TEST(one_round_turns_a_verdict_into_a_mail)
{
    struct ledger *l = store_open();
    struct mail_config config;
    char dir[300];
    struct err err = {0};
    mail_config_defaults(&config);
    snprintf(dir, sizeof dir, "%s/mail", test_dir());
    struct notifier_spec spec = {
        .ledger = l, .config = &config, .mail_dir = dir, .now = instant_now};
    struct notifier *n = notifier_open(&spec, &err);
    CHECK(n != NULL && notifier_of(n) == n);
    store_change(l, "c1");
    store_verdict(l, "c1", 1, GRADE_OK, true);
    instant next = notifier_round(n, SAMPLE_START, &err);
    CHECK_INT(err.code, 0);
    CHECK_INT(next.ms, INSTANT_FAR.ms);
    CHECK_INT(outbox_stats(n->outbox).written, 1);
    CHECK_INT(n->tell.stats.mails, 1);
    notifier_stop(n);
    notifier_close(&n);
    CHECK(n == NULL);
    ledger_close(&l);
}
