#include "notifier/outbox.h"

#include "tests/unit/notifier/store.h"

#include <dirent.h>
#include <stdint.h>

static struct mail_config config;

static void put(struct ledger *l, const char *id, const char *recipients)
{
    struct err err = {0};
    store_change(l, id);
    store_verdict(l, id, 1, GRADE_OK, true);
    struct untold u = {(char *)(uintptr_t)id, 1, true};
    char key[64];
    snprintf(key, sizeof key, "%s/1/ops", id);
    struct parcel p = {.key = key,
                       .change_id = u.change_id,
                       .revision = 1,
                       .audience = "ops",
                       .message_id = "<1@x>",
                       .recipients = (char *)(uintptr_t)recipients,
                       .bytes = "Subject: x\r\n\r\nbody\r\n",
                       .n_bytes = 20,
                       .made = SAMPLE_START,
                       .due = SAMPLE_START};
    if (ledger_tell(l, &u, NULL, 0, SAMPLE_START, &err) < 0 ||
        ledger_send(l, &p, 1, NULL, 0, SAMPLE_START, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
}

static struct outbox *open_outbox(struct ledger *l, char dir[300])
{
    mail_config_defaults(&config);
    snprintf(dir, 300, "%s/mail", test_dir());
    struct outbox *o = outbox_new(l, &config, dir, NULL);
    CHECK(o != NULL);
    return o;
}

static size_t count_files(const char *dir, const char *ending)
{
    size_t n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
        size_t len = strlen(e->d_name), tail = strlen(ending);
        n += len > tail && strcmp(e->d_name + len - tail, ending) == 0;
    }
    if (d != NULL)
        closedir(d);
    return n;
}

TEST(without_a_server_a_mail_becomes_one_file)
{
    struct ledger *l = store_open();
    char dir[300];
    struct outbox *o = open_outbox(l, dir);
    instant next;
    put(l, "c1", "ops@example.com");
    CHECK_INT(outbox_round(o, SAMPLE_START, &next, NULL), 0);
    CHECK_INT(outbox_round(o, SAMPLE_START, &next, NULL), 0);
    CHECK_INT(next.ms, INSTANT_FAR.ms);
    CHECK_INT(count_files(dir, ".eml"), 1);
    CHECK_INT(count_files(dir, ".tmp"), 0);
    CHECK_INT(outbox_stats(o).written, 1);
    outbox_free(&o);
    ledger_close(&l);
}

TEST(a_folder_that_cannot_be_written_is_tried_again_later)
{
    struct ledger *l = store_open();
    char dir[300];
    struct outbox *o = open_outbox(l, dir);
    instant next;
    FILE *f = fopen(dir, "w"); /* a file where the folder should be */
    CHECK(f != NULL);
    fclose(f);
    put(l, "c1", "");
    CHECK_INT(outbox_round(o, SAMPLE_START, &next, NULL), 0);
    CHECK_INT(outbox_stats(o).retried, 1);
    CHECK(strstr(outbox_stats(o).last_error, "mail folder") != NULL);
    CHECK_INT(next.ms, SAMPLE_START.ms + outbox_backoff("c1/1/ops", 1).ms);
    CHECK_INT(remove(dir), 0);
    instant later = next;
    CHECK_INT(outbox_round(o, later, &next, NULL), 0);
    CHECK_INT(count_files(dir, ".eml"), 1);
    outbox_free(&o);
    ledger_close(&l);
}

TEST(a_server_that_is_away_is_tried_for_a_day)
{
    struct ledger *l = store_open();
    char dir[300];
    struct outbox *o = open_outbox(l, dir);
    config.smtp[config.n_smtp++].url =
        "smtp://127.0.0.1:1"; /* nobody listens on tcpmux */
    instant now = SAMPLE_START, next = now;
    int rounds = 0;
    put(l, "c1", "ops@example.com");
    while (next.ms != INSTANT_FAR.ms && rounds < 200) {
        CHECK(next.ms == SAMPLE_START.ms || next.ms > now.ms);
        now = next;
        CHECK_INT(outbox_round(o, now, &next, NULL), 0);
        rounds++;
    }
    struct outbox_stats s = outbox_stats(o);
    CHECK_INT(s.dead, 1);
    CHECK_INT(s.sent, 0);
    CHECK(s.retried > 80 && s.retried < 100);
    int64_t lasted = now.ms - SAMPLE_START.ms;
    CHECK(lasted <= 24 * 3600000 && lasted > 23 * 3600000);
    CHECK_INT(ledger_stats(l).parcels_dead, 1);
    outbox_free(&o);
    ledger_close(&l);
}

TEST(waits_double_from_30_s_to_15_min_with_a_fixed_jitter)
{
    int64_t base[] = {30, 60, 120, 240, 480, 900, 900, 900};
    for (int i = 0; i < 8; i++) {
        int64_t ms = outbox_backoff("key", i + 1).ms;
        CHECK(ms >= base[i] * 1000 && ms < base[i] * 1200);
        CHECK_INT(ms, outbox_backoff("key", i + 1).ms);
    }
    CHECK(outbox_backoff("a", 3).ms != outbox_backoff("b", 3).ms);
    CHECK(outbox_backoff("a", 2000000000).ms <= 1080000);
}

TEST(file_names_are_harmless_and_tell_parcels_apart)
{
    char a[OUTBOX_NAME_MAX], b[OUTBOX_NAME_MAX];
    char long_id[1000];
    memset(long_id, 'x', 999);
    long_id[999] = '\0';
    struct parcel p = {
        .change_id = "../../etc/passwd", .audience = ".h", .revision = 1};
    outbox_file_name(&p, a);
    CHECK(strchr(a, '/') == NULL && a[0] != '.');
    CHECK(strspn(a, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                    "._-") == strlen(a));
    p.change_id = "..-..-etc-passwd";
    CHECK(strcmp(a, outbox_file_name(&p, b)) != 0);
    p.change_id = long_id;
    p.audience = long_id;
    p.revision = INT32_MAX;
    CHECK(strlen(outbox_file_name(&p, a)) < 200);
    p.change_id = "";
    CHECK(outbox_file_name(&p, a)[0] == '-');
}

TEST(a_stopped_outbox_tries_nothing)
{
    struct ledger *l = store_open();
    char dir[300];
    struct outbox *o = open_outbox(l, dir);
    instant next;
    put(l, "c1", "");
    outbox_stop(o);
    CHECK_INT(outbox_round(o, SAMPLE_START, &next, NULL), 0);
    CHECK_INT(count_files(dir, ".eml"), 0);
    CHECK_INT(ledger_stats(l).parcels_waiting, 1);
    outbox_free(&o);
    ledger_close(&l);
}
