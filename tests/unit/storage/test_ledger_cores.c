/* tests of storage/ledger's coredumps */
#include "storage/ledger.h"
#include "tests/test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */
static const int64_t DAY = 86400;

static instant plus(int64_t seconds)
{
    return instant_add(NOW, span_seconds(seconds));
}

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static struct ledger *opened(const char *path)
{
    struct err err = {0}, note = {0};
    struct ledger *l = ledger_open(path, &note, &err);
    if (l == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    CHECK_INT(note.code, 0);
    return l;
}

static const char *file_path(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/ledger.db", test_dir());
    return path;
}

/* A crash of pay in `fn` at NOW plus `s` seconds. */
static struct core *core_of(const char *host, const char *service, int pid,
                            const char *fn, int64_t s)
{
    struct err err = {0};
    struct core *c = NULL;
    OWNED_BUF b = {0};
    char at[INSTANT_TEXT_MAX];
    buf_addf(&b,
             "{\"time\":\"%s\",\"host\":\"%s\",\"service\":\"%s\",\"exe\":\"/opt/pay\","
             "\"pid\":%d,\"signal\":\"SIGSEGV\",\"frames\":[{\"fn\":\"%s\"},"
             "{\"fn\":\"main\"}]}",
             instant_text(plus(s), at), host, service, pid, fn);
    OWNED_JSON *doc = json_parse(buf_text(&b), b.len, &err);
    CHECK(doc != NULL);
    struct json_at root = json_root(doc);
    if (core_read(&root, INSTANT_NONE, &c, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return c;
}

static enum posted put(struct ledger *l, const char *host, const char *service, int pid,
                       const char *fn, int64_t s)
{
    struct err err = {0};
    struct core *c = core_of(host, service, pid, fn, s);
    enum posted posted = ledger_put_core_wait(l, &c, NOW, &err);
    CHECK(c == NULL);
    CHECK((posted == POSTED_FAILED) == (err.code != 0));
    return posted;
}

static const char *const two_hosts[] = {"h1", "h2"};

static size_t list(struct ledger *l, const struct core_ask *ask, struct core_row **rows)
{
    struct err err = {0};
    size_t n = 0;
    if (ledger_cores(l, ask, rows, &n, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return n;
}

TEST(the_same_time_host_pid_and_exe_is_the_same_coredump)
{
    OWNED_LEDGER *l = opened(":memory:");
    CHECK_INT(put(l, "h1", "pay", 7, "parse", 0), POSTED_NEW);
    CHECK_INT(put(l, "h1", "pay", 7, "parse", 0), POSTED_REPEAT);
    CHECK_INT(put(l, "h1", "pay", 7, "other", 0), POSTED_REPEAT);
    CHECK_INT(put(l, "h1", "pay", 8, "parse", 0), POSTED_NEW);
    CHECK_INT(put(l, "h2", "pay", 7, "parse", 0), POSTED_NEW);
    CHECK_INT(put(l, "h1", "pay", 7, "parse", 1), POSTED_NEW);
    CHECK_INT(ledger_stats(l).cores, 4);
}

TEST(coredumps_survive_closing)
{
    struct ledger *l = opened(file_path());
    CHECK_INT(put(l, "h1", "pay", 7, "parse(char*)", 0), POSTED_NEW);
    ledger_close(&l);
    l = opened(file_path());
    CHECK_INT(ledger_stats(l).cores, 1);
    CHECK_INT(put(l, "h1", "pay", 7, "parse(char*)", 0), POSTED_REPEAT);
    struct core_ask ask = {
        .hosts = two_hosts, .n_hosts = 2, .from = NOW, .to = plus(1)};
    struct core_row *rows;
    size_t n = list(l, &ask, &rows);
    CHECK_INT(n, 1);
    CHECK_INT(rows[0].time.ms, NOW.ms);
    CHECK_TEXT(rows[0].host, "h1");
    CHECK_TEXT(rows[0].service, "pay");
    CHECK_TEXT(rows[0].exe, "/opt/pay");
    CHECK_TEXT(rows[0].title, "SIGSEGV in parse <- main");
    CHECK(!rows[0].print.unsure);
    struct core *c = core_of("h1", "pay", 7, "parse", 0);
    struct fingerprint f = fingerprint_make(c);
    core_free(&c);
    CHECK_TEXT(rows[0].print.coarse, f.coarse);
    CHECK_TEXT(rows[0].print.fine, f.fine);
    core_rows_free(&rows, n);
    ledger_close(&l);
}

TEST(a_list_has_the_hosts_and_the_service_asked_for_in_order_of_time)
{
    OWNED_LEDGER *l = opened(":memory:");
    put(l, "h9", "pay", 1, "a", 30);
    put(l, "h2", "", 1, "a", 20);
    put(l, "h1", "other", 1, "a", 20);
    put(l, "h9", "other", 1, "a", 25); /* neither */
    put(l, "h1", "pay", 1, "a", 0);
    put(l, "h1", "pay", 1, "a", -1);  /* before */
    put(l, "h1", "pay", 1, "a", 100); /* at the end */
    struct core_ask ask = {.service = "pay",
                           .hosts = two_hosts,
                           .n_hosts = 2,
                           .from = NOW,
                           .to = plus(100)};
    struct core_row *rows;
    size_t n = list(l, &ask, &rows);
    CHECK_INT(n, 4);
    static const char *const hosts[] = {"h1", "h1", "h2", "h9"};
    for (size_t i = 0; i < n; i++)
        CHECK_TEXT(rows[i].host, hosts[i]);
    CHECK(rows[2].service == NULL);
    core_rows_free(&rows, n);
    ask.service = NULL;
    n = list(l, &ask, &rows);
    CHECK_INT(n, 3);
    core_rows_free(&rows, n);
    ask.n_hosts = 0;
    CHECK_INT(list(l, &ask, &rows), 0);
    core_rows_free(&rows, 0);
}

TEST(a_record_may_speak_for_many_dumps)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    struct core *c = core_of("h1", "pay", 1, "parse", -60);
    struct fingerprint f = fingerprint_make(c);
    c->more = 41;
    CHECK_INT(ledger_put_core_wait(l, &c, NOW, &err), POSTED_NEW);
    put(l, "h1", "pay", 2, "parse", -50);
    CHECK_INT(ledger_stats(l).cores_taken, 43); /* in two records */
    CHECK_INT(ledger_stats(l).cores, 2);
    struct core_past past = {0};
    CHECK_INT(ledger_core_first_seen(l, f.coarse, NOW, &past, &err), 0);
    CHECK_INT(past.n, 1);
    CHECK_INT(past.day[0].dumps, 43);
    core_past_clear(&past);
    struct core_ask ask = {
        .hosts = two_hosts, .n_hosts = 2, .from = plus(-100), .to = NOW};
    struct core_row *rows;
    size_t n = list(l, &ask, &rows);
    CHECK_INT(n, 2);
    CHECK_INT(rows[0].more, 41);
    CHECK_INT(rows[1].more, 0);
    core_rows_free(&rows, n);
}

TEST(a_crash_is_remembered_for_thirty_days_by_host_and_day)
{
    OWNED_LEDGER *l = opened(":memory:");
    struct err err = {0};
    struct core *c = core_of("h1", "pay", 1, "parse", 0);
    struct fingerprint f = fingerprint_make(c);
    core_free(&c);
    struct core_past past = {0};
    CHECK_INT(ledger_core_first_seen(l, f.coarse, NOW, &past, &err), 0);
    CHECK(instant_is_none(past.first) && past.n == 0);
    put(l, "h1", "pay", 1, "parse", -30 * DAY - 1); /* forgotten */
    put(l, "h1", "pay", 2, "parse", -30 * DAY);
    put(l, "h2", "pay", 3, "parse", -DAY - 1);
    put(l, "h2", "pay", 8, "parse", -DAY);
    put(l, "h2", "pay", 4, "parse", -1);
    put(l, "h2", "pay", 5, "parse", -2);
    put(l, "h2", "pay", 6, "other", -2); /* another crash */
    put(l, "h2", "pay", 7, "parse", 0);  /* not before */
    CHECK_INT(ledger_core_first_seen(l, f.coarse, NOW, &past, &err), 0);
    CHECK_TEXT(past.coarse, f.coarse);
    CHECK_INT(past.first.ms, plus(-30 * DAY).ms);
    CHECK_INT(past.n, 3);
    CHECK_TEXT(past.day[0].host, "h1");
    CHECK_INT(past.day[0].day, 29);
    CHECK_INT(past.day[0].dumps, 1);
    CHECK_TEXT(past.day[1].host, "h2");
    CHECK_INT(past.day[1].day, 0); /* 24 hours to the second are within the last day */
    CHECK_INT(past.day[1].dumps, 3);
    CHECK_INT(past.day[2].day, 1);
    core_past_clear(&past);
    instant since;
    CHECK_INT(ledger_cores_since(l, &since, &err), 0);
    CHECK_INT(since.ms, plus(-30 * DAY - 1).ms);
    CHECK_INT(ledger_core_first_seen(l, "short", NOW, &past, &err), -1);
    CHECK_INT(err.code, EINVAL);
}

TEST(an_empty_memory_reaches_nowhere)
{
    OWNED_LEDGER *l = opened(":memory:");
    instant since = NOW;
    CHECK_INT(ledger_cores_since(l, &since, NULL), 0);
    CHECK(instant_is_none(since));
}

struct heard {
    atomic_int n, new;
};

static void hear(enum posted posted, const struct err *err, void *arg)
{
    struct heard *h = arg;
    CHECK_INT(err->code, 0);
    h->new += posted == POSTED_NEW;
    h->n++;
}

TEST(each_put_is_answered_once_before_closing_is_over)
{
    struct ledger *l = opened(file_path());
    struct heard heard = {0};
    for (int i = 0; i < 200; i++) {
        struct core *c = core_of("h1", "pay", i % 100 + 1, "parse", 0);
        ledger_put_core(l, &c, NOW, hear, &heard);
        CHECK(c == NULL);
    }
    ledger_close(&l);
    CHECK_INT(heard.n, 200);
    CHECK_INT(heard.new, 100);
}

TEST(more_than_a_list_holds_gives_the_latest)
{
    struct ledger *l = opened(":memory:");
    struct heard heard = {0};
    int more = LEDGER_CORES_MAX / 100;
    for (int i = 0; i < LEDGER_CORES_MAX + more; i++) {
        struct core *c = core_of("h1", "pay", i + 1, "f", i);
        ledger_put_core(l, &c, NOW, hear, &heard);
        if (i % 10000 == 9999) { /* the queue is bounded: wait until it is through */
            struct err err = {0};
            c = core_of("other", "other", i + 1, "f", 0);
            CHECK_INT(ledger_put_core_wait(l, &c, NOW, &err), POSTED_NEW);
        }
    }
    struct core *last = core_of("other", "other", 1, "f", 0);
    CHECK_INT(ledger_put_core_wait(l, &last, NOW, NULL), POSTED_NEW);
    struct core_ask ask = {
        .service = "pay", .from = NOW, .to = plus(10 * LEDGER_CORES_MAX)};
    struct core_row *rows;
    size_t n = list(l, &ask, &rows);
    CHECK_INT(n, LEDGER_CORES_MAX);
    CHECK_INT(rows[0].time.ms, plus(more).ms);
    CHECK_INT(rows[n - 1].time.ms, plus(LEDGER_CORES_MAX + more - 1).ms);
    core_rows_free(&rows, n);
    ledger_close(&l);
}
