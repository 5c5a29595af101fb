/* tests of storage/ledger */
#include "storage/ledger.h"
#include "tests/test.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static instant plus(int64_t seconds)
{
    return instant_add(NOW, span_seconds(seconds));
}

#define OWNED_LEDGER __attribute__((cleanup(ledger_close))) struct ledger

static struct ledger *opened(const char *path, struct err *note)
{
    struct err err = {0};
    struct ledger *l = ledger_open(path, note, &err);
    if (l == NULL)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    return l;
}

static const char *file_path(void)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/ledger.db", test_dir());
    return path;
}

static struct change_event *event_of(const char *json, instant now)
{
    struct err err = {0};
    struct change_event *e = NULL;
    OWNED_JSON *doc = json_parse(json, strlen(json), &err);
    if (doc == NULL)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    struct json_at root = json_root(doc);
    if (change_event_read(&root, now, &e, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    return e;
}

static enum posted post_at(struct ledger *l, const char *json, instant now)
{
    struct err err = {0};
    struct change_event *e = event_of(json, now);
    enum posted posted = ledger_post_wait(l, &e, now, &err);
    CHECK(e == NULL);
    CHECK((posted == POSTED_FAILED) == (err.code != 0));
    return posted;
}

/* A change "ID" of service pay on host hID, at NOW plus `s` seconds. */
static enum posted post_phase(struct ledger *l, const char *id, const char *phase,
                              int64_t s)
{
    struct buf b = {0};
    char at[INSTANT_TEXT_MAX];
    buf_addf(&b,
             "{\"source\":\"t\",\"id\":\"%s-%s\",\"change_id\":\"%s\",\"kind\":"
             "\"config\",\"service\":\"pay\",\"phase\":\"%s\",\"time\":\"%s\","
             "\"hosts\":[\"h%s\"]}",
             id, phase, id, phase, instant_text(plus(s), at), id);
    enum posted posted = post_at(l, buf_text(&b), plus(s));
    buf_free(&b);
    return posted;
}

static void post(struct ledger *l, const char *id, int64_t s)
{
    CHECK_INT(post_phase(l, id, "finished", s), POSTED_NEW);
}

#define EVENT(id, more)                                                                \
    "{\"source\":\"s\",\"id\":\"" id "\",\"kind\":\"config\"," more "}"

/* --- events --- */

TEST(an_event_is_new_once_then_a_repeat_or_a_conflict)
{
    OWNED_LEDGER *l = opened(file_path(), NULL);
    CHECK_INT(post_at(l, EVENT("1", "\"service\":\"a\""), NOW), POSTED_NEW);
    /* without a time it is the same whenever it comes */
    CHECK_INT(post_at(l, EVENT("1", "\"service\":\"a\""), plus(60)), POSTED_REPEAT);
    CHECK_INT(post_at(l, EVENT("1", "\"service\":\"b\""), NOW), POSTED_CONFLICT);
    CHECK_INT(post_at(l, EVENT("2", "\"service\":\"a\""), NOW), POSTED_NEW);
    struct err err = {0};
    OWNED_CHANGE *c = ledger_change(l, "1", &err);
    CHECK(c != NULL);
    CHECK_TEXT(c->service, "a");
    CHECK_INT(c->start.ms, NOW.ms); /* of the first, not of the repeat */
    struct ledger_stats s = ledger_stats(l);
    CHECK_INT(s.events, 2);
    CHECK_INT(s.changes, 2);
    CHECK_INT(s.commit_rows, 4);
}

TEST(a_recorded_event_needs_no_time_of_arrival)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    struct err err = {0};
    struct change_event *e =
        event_of(EVENT("1", "\"service\":\"a\",\"time\":\"2011-01-01T00:00:00Z\""),
                 INSTANT_NONE);
    CHECK_INT(ledger_post_wait(l, &e, INSTANT_NONE, &err), POSTED_NEW);
    OWNED_CHANGE *c = ledger_change(l, "1", &err);
    CHECK(c != NULL && c->finished);
}

TEST(an_unknown_change_is_enoent)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    struct err err = {0};
    CHECK(ledger_change(l, "x", &err) == NULL);
    CHECK_INT(err.code, ENOENT);
    err = (struct err){0};
    CHECK(ledger_verdict(l, "x", &err) == NULL);
    CHECK_INT(err.code, ENOENT);
}

TEST(what_was_stored_is_there_after_opening_again)
{
    struct ledger *l = opened(file_path(), NULL);
    CHECK_INT(post_phase(l, "c", "started", 0), POSTED_NEW);
    CHECK_INT(post_phase(l, "c", "finished", 60), POSTED_NEW);
    ledger_close(&l);
    CHECK(l == NULL);
    struct stat st;
    CHECK_INT(stat(file_path(), &st), 0);
    CHECK_INT(st.st_mode & 0777, 0600);
    struct err note = {0}, err = {0};
    OWNED_LEDGER *again = opened(file_path(), &note);
    CHECK_INT(note.code, 0);
    OWNED_CHANGE *c = ledger_change(again, "c", &err);
    CHECK(c != NULL && c->started && c->finished);
    CHECK_INT(c->n_events, 2);
    CHECK_INT(ledger_stats(again).events, 2);
    CHECK_INT(ledger_stats(again).changes, 1);
    CHECK_INT(post_phase(again, "c", "finished", 60), POSTED_REPEAT);
}

struct answers {
    pthread_mutex_t lock;
    pthread_cond_t cond;
    int n, at[POSTED_FAILED + 1];
    char last[64];
};
#define ANSWERS_NONE                                                                   \
    {                                                                                  \
        .lock = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER            \
    }

static void answered(enum posted posted, const char *change_id, const struct err *err,
                     void *arg)
{
    struct answers *a = arg;
    CHECK((posted == POSTED_FAILED) == (err->code != 0));
    pthread_mutex_lock(&a->lock);
    a->n++;
    a->at[posted]++;
    snprintf(a->last, sizeof a->last, "%s", change_id);
    pthread_cond_signal(&a->cond);
    pthread_mutex_unlock(&a->lock);
}

static void answers_wait(struct answers *a, int n)
{
    pthread_mutex_lock(&a->lock);
    while (a->n < n)
        pthread_cond_wait(&a->cond, &a->lock);
    pthread_mutex_unlock(&a->lock);
}

static void post_many(struct ledger *l, int n, struct answers *a)
{
    for (int i = 0; i < n; i++) {
        char json[200];
        snprintf(json, sizeof json, EVENT("m%d", "\"service\":\"a\""), i);
        struct change_event *e = event_of(json, NOW);
        ledger_post(l, &e, NOW, answered, a);
        CHECK(e == NULL);
    }
}

TEST(every_post_is_answered_once_and_many_share_a_commit)
{
    struct answers a = ANSWERS_NONE;
    struct ledger *l = opened(file_path(), NULL);
    post_many(l, 2000, &a);
    answers_wait(&a, 2000);
    struct ledger_stats s = ledger_stats(l);
    CHECK_INT(s.events, 2000);
    CHECK_INT(s.commit_rows, 2000);
    CHECK(s.commits < 1000);
    post_many(l, 100, &a); /* all repeats, and closing waits for them */
    ledger_close(&l);
    CHECK_INT(a.n, 2100);
    CHECK_INT(a.at[POSTED_NEW], 2000);
    CHECK_INT(a.at[POSTED_REPEAT], 100);
}

TEST(more_than_the_queue_holds_is_refused_not_lost)
{
    enum { N = LEDGER_QUEUE_MAX + 5000 };
    struct answers a = ANSWERS_NONE;
    struct ledger *l = opened(":memory:", NULL);
    /* the writing thread cannot finish its first batch while this is held */
    pthread_mutex_lock(&a.lock);
    for (int i = 0; i < N; i++) {
        char json[200];
        snprintf(json, sizeof json, EVENT("m%d", "\"service\":\"a\""), i);
        struct change_event *e = event_of(json, NOW);
        ledger_post(l, &e, NOW, answered, &a);
    }
    pthread_mutex_unlock(&a.lock);
    ledger_close(&l);
    CHECK_INT(a.n, N);
    CHECK(a.at[POSTED_FAILED] >= 5000 - LEDGER_BATCH_MAX);
    CHECK_INT(a.at[POSTED_NEW] + a.at[POSTED_FAILED], N);
}

/* --- lists --- */

static void list_is(struct ledger *l, const struct change_ask *ask, const char *want)
{
    struct err err = {0};
    struct change_rows rows;
    struct buf b = {0};
    if (ledger_changes(l, ask, &rows, &err) < 0)
        test_fail(__FILE__, __LINE__, "%s", err.text);
    for (size_t i = 0; i < rows.n; i++)
        buf_addf(&b, "%s ", rows.row[i].change->change_id);
    CHECK_TEXT(buf_text(&b), want);
    buf_free(&b);
    change_rows_free(&rows);
}

static const struct change_ask ALL = {{INT64_MIN}, {0}, NULL, GRADE_N, NULL, 100};

TEST(lists_are_newest_first_and_by_id_within_an_instant)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    list_is(l, &ALL, "");
    post(l, "b", 0);
    post(l, "a", 0);
    post(l, "d", 20);
    post(l, "c", 10);
    list_is(l, &ALL, "d c a b ");
    CHECK_INT(post_phase(l, "d", "started", -5), POSTED_NEW); /* it began earlier */
    list_is(l, &ALL, "c a b d ");
    struct change_ask ask = ALL;
    ask.since = NOW;
    list_is(l, &ask, "c a b ");
    ask.until = NOW;
    list_is(l, &ask, "a b ");
    ask.until.ms = 0;
    ask.service = "web";
    list_is(l, &ask, "");
    CHECK_INT(post_at(l, EVENT("w", "\"service\":\"web\""), NOW), POSTED_NEW);
    list_is(l, &ask, "w ");
}

TEST(the_service_is_that_of_the_earliest_event_that_has_one)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
#define OF(id, more) EVENT(id, "\"change_id\":\"c\"," more)
    CHECK_INT(post_at(l, OF("3", "\"service\":\"late\""), plus(3)), POSTED_NEW);
    CHECK_INT(post_at(l, OF("1", "\"hosts\":[\"h\"]"), plus(1)), POSTED_NEW);
    CHECK_INT(post_at(l, OF("2", "\"service\":\"early\""), plus(2)), POSTED_NEW);
    CHECK_INT(post_at(l, OF("4", "\"service\":\"latest\""), plus(4)), POSTED_NEW);
    struct change_ask ask = ALL;
    ask.service = "early";
    list_is(l, &ask, "c ");
    ask.service = "late";
    list_is(l, &ask, "");
    struct err err = {0};
    OWNED_CHANGE *c = ledger_change(l, "c", &err);
    CHECK_TEXT(c->service, "early"); /* the list and the fold agree */
}

TEST(pages_hold_every_change_once)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    enum { N = 57 };
    for (int i = 0; i < N; i++) {
        char id[32];
        snprintf(id, sizeof id, "%c/\xc3\xa9?%d", 'a' + i % 7, i);
        post(l, id, i / 5);
    }
    for (size_t limit = 1; limit <= N + 1; limit += 7) {
        struct change_ask ask = ALL;
        char *cursor = NULL;
        size_t n = 0;
        ask.limit = limit;
        do {
            struct change_rows rows;
            struct err err = {0};
            ask.after = cursor;
            CHECK_INT(ledger_changes(l, &ask, &rows, &err), 0);
            CHECK(rows.n <= limit && (rows.next == NULL || rows.n == limit));
            n += rows.n;
            free(cursor);
            cursor = rows.next != NULL ? strdup(rows.next) : NULL;
            change_rows_free(&rows);
        } while (cursor != NULL);
        CHECK_INT(n, N);
    }
}

TEST(a_cursor_that_no_list_gave_is_refused)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    static const char *const bad[] = {"",
                                      "-",
                                      "x-61",
                                      "1f",
                                      "1f-6",
                                      "1-00",
                                      "1-6161z",
                                      " 1-61",
                                      "-1-61",
                                      "1F-61",
                                      "ffffffffffffffffffff-61"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct change_ask ask = ALL;
        struct change_rows rows;
        struct err err = {0};
        ask.after = bad[i];
        if (ledger_changes(l, &ask, &rows, &err) == 0)
            test_fail(__FILE__, __LINE__, "'%s' was taken", bad[i]);
        CHECK_INT(err.code, EINVAL);
    }
}

/* --- verdicts --- */

static struct verdict *verdict_of(const char *id, int revision, enum grade grade,
                                  bool final)
{
    struct verdict *v = verdict_new(id);
    v->revision = revision;
    v->grade = grade;
    v->final = final;
    v->decided_at = plus(revision * 60);
    struct finding *f = verdict_add(v);
    f->rule = strdup("r");
    f->before = 1.0 / 3;
    return v;
}

static int put(struct ledger *l, const char *id, int revision, enum grade grade,
               bool final)
{
    struct err err = {0};
    OWNED_VERDICT *v = verdict_of(id, revision, grade, final);
    int rc = ledger_put_verdict(l, v, &err);
    CHECK_INT(rc < 0, err.code != 0);
    return err.code;
}

static void current_is(struct ledger *l, const char *id, int revision, enum grade grade,
                       bool final)
{
    struct err err = {0};
    OWNED_VERDICT *v = ledger_verdict(l, id, &err);
    CHECK(v != NULL);
    CHECK_INT(v->revision, revision);
    CHECK_INT(v->grade, grade);
    CHECK_INT(v->final, final);
}

TEST(verdicts_are_kept_by_revision)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    CHECK_INT(put(l, "c", 1, GRADE_OK, false), ENOENT); /* there is no such change */
    post(l, "c", 0);
    CHECK_INT(put(l, "c", 1, GRADE_OK, false), 0);
    CHECK_INT(put(l, "c", 1, GRADE_OK, false), 0);
    CHECK_INT(put(l, "c", 1, GRADE_ATTENTION, false), EEXIST);
    CHECK_INT(put(l, "c", 2, GRADE_MUST_HANDLE, false), 0);
    current_is(l, "c", 2, GRADE_MUST_HANDLE, false);
    CHECK_INT(put(l, "c", 2, GRADE_MUST_HANDLE, true), 0);
    current_is(l, "c", 2, GRADE_MUST_HANDLE, true);
    CHECK_INT(put(l, "c", 2, GRADE_MUST_HANDLE, false), 0); /* stays final */
    current_is(l, "c", 2, GRADE_MUST_HANDLE, true);
    struct err err = {0};
    OWNED_VERDICT *first = ledger_revision(l, "c", 1, &err);
    CHECK(first != NULL && first->grade == GRADE_OK);
    CHECK_NEAR(first->findings[0].before, 1.0 / 3, 1e-6);
    CHECK(ledger_revision(l, "c", 3, &err) == NULL);
    CHECK_INT(err.code, ENOENT);
    CHECK_INT(ledger_stats(l).verdicts, 2);
}

TEST(lists_know_the_grades)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    post(l, "a", 1);
    post(l, "b", 2);
    post(l, "c", 3);
    CHECK_INT(put(l, "a", 1, GRADE_MUST_HANDLE, true), 0);
    CHECK_INT(put(l, "b", 1, GRADE_NOT_JUDGED, false), 0);
    struct change_ask ask = ALL;
    ask.grade = GRADE_MUST_HANDLE;
    list_is(l, &ask, "a ");
    ask.grade = GRADE_NOT_JUDGED;
    list_is(l, &ask, "c b "); /* unjudged yet, and judged to be so */
    ask.grade = GRADE_OK;
    list_is(l, &ask, "");
    struct change_rows rows;
    struct err err = {0};
    CHECK_INT(ledger_changes(l, &ALL, &rows, &err), 0);
    CHECK(!rows.row[0].has_verdict && rows.row[2].has_verdict);
    CHECK(rows.row[2].final && rows.row[2].grade == GRADE_MUST_HANDLE);
    CHECK_INT(rows.row[2].decided_at.ms, plus(60).ms);
    change_rows_free(&rows);
}

TEST(open_changes_are_those_without_a_final_verdict)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    post(l, "a", 3);
    post(l, "b", 2);
    post(l, "c", 1);
    CHECK_INT(put(l, "b", 1, GRADE_OK, false), 0);
    CHECK_INT(put(l, "c", 1, GRADE_OK, true), 0);
    char **ids;
    size_t n;
    struct err err = {0};
    CHECK_INT(ledger_open_changes(l, &ids, &n, &err), 0);
    CHECK_INT(n, 2);
    CHECK_TEXT(ids[0], "b"); /* oldest first */
    CHECK_TEXT(ids[1], "a");
    ledger_ids_free(&ids, n);
    CHECK(ids == NULL);
}

static int put_slow(struct ledger *l, const char *id, int revision, instant due)
{
    OWNED_VERDICT *v = verdict_new(id);
    v->revision = revision;
    v->grade = GRADE_OK;
    v->final = true;
    v->slow_due = due;
    struct err err = {0};
    return ledger_put_verdict(l, v, &err);
}

static void slow_is(struct ledger *l, instant now, size_t limit, const char *want)
{
    struct err err = {0};
    char **ids;
    size_t n;
    CHECK_INT(ledger_slow_due(l, now, limit, &ids, &n, &err), 0);
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s ", ids[i]);
    CHECK_TEXT(buf_text(&b), want);
    buf_free(&b);
    ledger_ids_free(&ids, n);
}

TEST(slow_looks_are_found_when_they_are_due_until_they_are_done)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    post(l, "a", 1);
    post(l, "b", 2);
    post(l, "c", 3);
    slow_is(l, INSTANT_FAR, 9, "");
    CHECK_INT(ledger_slow_next(l).ms, INSTANT_FAR.ms);
    CHECK_INT(put_slow(l, "a", 1, plus(300)), 0);
    CHECK_INT(put_slow(l, "b", 1, plus(200)), 0);
    CHECK_INT(put_slow(l, "c", 1, INSTANT_NONE), 0);
    CHECK_INT(ledger_slow_next(l).ms, plus(200).ms);
    slow_is(l, plus(199), 9, "");
    slow_is(l, plus(250), 9, "b ");
    slow_is(l, plus(300), 9, "b a ");
    slow_is(l, plus(300), 1, "b ");
    CHECK_INT(put_slow(l, "b", 1, INSTANT_NONE), 0); /* the same revision, looked at */
    slow_is(l, plus(300), 9, "a ");
    CHECK_INT(put_slow(l, "a", 2, plus(500)), 0);
    CHECK_INT(ledger_slow_next(l).ms, plus(500).ms);
}

static void nearby_is(struct ledger *l, const char *of, int64_t from, int64_t to,
                      const char *want)
{
    struct err err = {0};
    struct change **near;
    size_t n;
    OWNED_CHANGE *c = ledger_change(l, of, &err);
    CHECK(c != NULL);
    CHECK_INT(ledger_nearby(l, c, plus(from), plus(to), &near, &n, &err), 0);
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        buf_addf(&b, "%s ", near[i]->change_id);
    CHECK_TEXT(buf_text(&b), want);
    buf_free(&b);
    ledger_nearby_free(&near, n);
}

TEST(neighbours_share_time_and_a_service_or_host)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    post(l, "me", 100);
    post(l, "before", 50);
    post(l, "after", 150);
    CHECK_INT(post_at(l, EVENT("host", "\"hosts\":[\"a\",\"hme\"]"), plus(60)),
              POSTED_NEW);
    CHECK_INT(
        post_at(l, EVENT("other", "\"service\":\"x\",\"hosts\":[\"a\"]"), plus(60)),
        POSTED_NEW);
    CHECK_INT(post_phase(l, "long", "started", 10), POSTED_NEW);
    CHECK_INT(post_phase(l, "long", "finished", 200), POSTED_NEW);
    nearby_is(l, "me", 50, 150, "long before host ");
    nearby_is(l, "me", 51, 151, "long host after ");
    nearby_is(l, "me", 201, 999, "");
    nearby_is(l, "me", 200, 999, "long ");
}

TEST(a_neighbour_without_an_end_goes_on_until_it_is_judged)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    post(l, "me", 9000);
    CHECK_INT(post_phase(l, "run", "started", 0), POSTED_NEW);
    nearby_is(l, "me", 8000, 9999, "run ");
    CHECK_INT(put(l, "run", 1, GRADE_NOT_JUDGED, true), 0);
    nearby_is(l, "me", 8000, 9999, "");
    nearby_is(l, "me", 0, 9999, "run ");
}

/* --- the outbox --- */

static char the_change[] = "c", the_owner[] = "owner", the_message[] = "<c.1.owner@x>",
            the_recipients[] = "a@x\nb@x";

static size_t untold(struct ledger *l, struct untold *ret_first)
{
    struct untold *list;
    size_t n;
    struct err err = {0};
    CHECK_INT(ledger_untold(l, 10, &list, &n, &err), 0);
    if (n > 0) {
        CHECK_TEXT(list[0].change_id, "c");
        *ret_first = (struct untold){the_change, list[0].revision, list[0].final};
    }
    ledger_untold_free(&list, n);
    return n;
}

static char bytes[] = "Subject: x\r\n\r\nbody with a \0 in it\r\n";

/* Gives err.code. */
static int tell(struct ledger *l, const struct untold *u, const char *key,
                int64_t due_s)
{
    struct err err = {0};
    char own_key[64];
    snprintf(own_key, sizeof own_key, "%s", key);
    struct parcel p = {.key = own_key,
                       .change_id = the_change,
                       .revision = 1,
                       .audience = the_owner,
                       .message_id = the_message,
                       .recipients = the_recipients,
                       .bytes = bytes,
                       .n_bytes = sizeof bytes - 1,
                       .made = NOW,
                       .due = plus(due_s)};
    int rc = ledger_tell(l, u, NULL, 0, NOW, &err);
    if (rc == 0)
        rc = ledger_send(l, &p, 1, NULL, 0, NOW, &err);
    CHECK_INT(rc < 0, err.code != 0);
    return err.code;
}

/* How many are due; of the first its numbers, and its last error copied. */
static char last_error[64];
static size_t due(struct ledger *l, int64_t at, struct parcel *ret_first)
{
    struct parcel *list;
    size_t n;
    struct err err = {0};
    CHECK_INT(ledger_due(l, plus(at), 10, &list, &n, &err), 0);
    if (n > 0) {
        CHECK(list[0].n_bytes == sizeof bytes - 1);
        CHECK(memcmp(list[0].bytes, bytes, sizeof bytes - 1) == 0);
        CHECK_TEXT(list[0].recipients, the_recipients);
        CHECK_TEXT(list[0].audience, the_owner);
        snprintf(last_error, sizeof last_error, "%s",
                 list[0].last_error != NULL ? list[0].last_error : "none");
        *ret_first = (struct parcel){
            .no = list[0].no, .tries = list[0].tries, .due = list[0].due};
    }
    parcels_free(&list, n);
    CHECK(list == NULL);
    return n;
}

TEST(a_revision_is_told_as_it_is_made_and_as_it_becomes_final)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    struct untold u;
    post(l, "c", 0);
    CHECK_INT(untold(l, &u), 0);
    CHECK_INT(put(l, "c", 1, GRADE_OK, false), 0);
    CHECK_INT(put(l, "c", 2, GRADE_ATTENTION, false), 0);
    CHECK_INT(untold(l, &u), 2);
    CHECK_INT(u.revision, 1);
    CHECK(!u.final);
    CHECK_INT(tell(l, &u, "c-1", 0), 0);
    CHECK_INT(untold(l, &u), 1);
    CHECK_INT(u.revision, 2);
    /* it becomes final while the first telling is under way: it comes up again */
    CHECK_INT(put(l, "c", 2, GRADE_ATTENTION, true), 0);
    CHECK_INT(tell(l, &u, "c-2", 0), 0);
    CHECK_INT(untold(l, &u), 1);
    CHECK(u.final);
    CHECK_INT(tell(l, &u, "c-2-final", 0), 0);
    CHECK_INT(untold(l, &u), 0);
    CHECK_INT(put(l, "c", 2, GRADE_ATTENTION, true), 0);
    CHECK_INT(untold(l, &u), 0);
    CHECK_INT(put(l, "c", 3, GRADE_OK, true), 0); /* final from the start: once */
    CHECK_INT(untold(l, &u), 1);
    CHECK_INT(tell(l, &u, "c-3", 0), 0);
    CHECK_INT(untold(l, &u), 0);
    CHECK_INT(ledger_stats(l).parcels_waiting, 4);
    u.revision = 9;
    CHECK_INT(tell(l, &u, "c-9", 0), ENOENT);
    CHECK_INT(ledger_stats(l).parcels_waiting, 4);
}

TEST(a_parcel_is_put_once_whatever_comes_later)
{
    OWNED_LEDGER *l = opened(file_path(), NULL);
    struct untold u;
    struct parcel p = {0};
    post(l, "c", 0);
    CHECK_INT(put(l, "c", 1, GRADE_OK, false), 0);
    CHECK_INT(untold(l, &u), 1);
    CHECK_INT(tell(l, &u, "key", 5), 0);
    CHECK_INT(tell(l, &u, "key", 1), 0);
    CHECK_INT(ledger_next_due(l).ms, plus(5).ms);
    CHECK_INT(due(l, 4, &p), 0);
    CHECK_INT(due(l, 5, &p), 1);
    struct err err = {0};
    CHECK_INT(ledger_parcel(l, p.no, PARCEL_SENT, NOW, NULL, plus(6), &err), 0);
    CHECK_INT(tell(l, &u, "key", 1), 0); /* the key of a sent one is still taken */
    CHECK_INT(due(l, 99, &p), 0);
    CHECK_INT(ledger_next_due(l).ms, INSTANT_FAR.ms);
    struct ledger_stats s = ledger_stats(l);
    CHECK_INT(s.parcels_waiting, 0);
    CHECK_INT(s.parcels_sent, 1);
}

TEST(a_parcel_is_tried_again_until_it_is_sent_or_dead)
{
    struct ledger *l = opened(file_path(), NULL);
    struct untold u;
    struct parcel p = {0};
    struct err err = {0};
    post(l, "c", 0);
    CHECK_INT(put(l, "c", 1, GRADE_OK, false), 0);
    CHECK_INT(untold(l, &u), 1);
    CHECK_INT(tell(l, &u, "a", 2), 0);
    CHECK_INT(tell(l, &u, "b", 1), 0);
    CHECK_INT(due(l, 9, &p), 2);
    CHECK_INT(p.due.ms, plus(1).ms); /* oldest first */
    CHECK_TEXT(last_error, "none");
    CHECK_INT(ledger_parcel(l, p.no, PARCEL_RETRY, plus(60), "451 busy", plus(9), &err),
              0);
    CHECK_INT(due(l, 9, &p), 1);
    CHECK_INT(ledger_parcel(l, p.no, PARCEL_DEAD, NOW, "550 no such", plus(9), &err),
              0);
    CHECK_INT(due(l, 9, &p), 0);
    CHECK_INT(ledger_next_due(l).ms, plus(60).ms);
    CHECK_INT(due(l, 60, &p), 1);
    CHECK_INT(p.tries, 1);
    CHECK_TEXT(last_error, "451 busy");
    CHECK_INT(ledger_parcel(l, p.no, PARCEL_SENT, NOW, NULL, plus(60), &err), 0);
    CHECK_INT(ledger_parcel(l, p.no, PARCEL_SENT, NOW, NULL, plus(60), &err), -1);
    CHECK_INT(err.code, ENOENT);
    ledger_close(&l);
    l = opened(file_path(), NULL);
    struct ledger_stats s = ledger_stats(l);
    CHECK_INT(s.parcels_sent, 1);
    CHECK_INT(s.parcels_dead, 1);
    CHECK_INT(s.parcels_waiting, 0);
    ledger_close(&l);
}

/* --- failing well --- */

static size_t set_aside(void)
{
    char pattern[300];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s.damaged-*", file_path());
    size_t n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
    globfree(&found);
    return n;
}

static void write_file(const char *path, const char *content, size_t n)
{
    FILE *f = fopen(path, "we");
    CHECK(f != NULL && fwrite(content, 1, n, f) == n && fclose(f) == 0);
}

static char *read_file(const char *path, size_t *ret_n)
{
    struct stat st;
    FILE *f = fopen(path, "re");
    CHECK(f != NULL && fstat(fileno(f), &st) == 0);
    char *content = malloc((size_t)st.st_size + 1);
    CHECK(content != NULL);
    *ret_n = fread(content, 1, (size_t)st.st_size, f);
    fclose(f);
    return content;
}

static char *good_file(size_t *ret_n)
{
    struct ledger *l = opened(file_path(), NULL);
    for (int i = 0; i < 40; i++) {
        char id[16];
        snprintf(id, sizeof id, "c%d", i);
        post(l, id, i);
    }
    ledger_close(&l);
    return read_file(file_path(), ret_n);
}

/* Opens whatever is there now; it must open, and work. */
static bool opens_anew(void)
{
    struct err note = {0};
    size_t before = set_aside();
    OWNED_LEDGER *l = opened(file_path(), &note);
    bool anew = note.code != 0;
    CHECK_INT(set_aside() > before, anew);
    CHECK(!anew || strstr(note.text, "is set aside as ") != NULL);
    CHECK_INT(post_phase(l, "new", "finished", 0), POSTED_NEW);
    if (anew)
        list_is(l, &ALL, "new ");
    return anew;
}

TEST(garbage_is_set_aside_and_a_new_ledger_begun)
{
    char garbage[20000];
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (char)(i * 7919 >> 3);
    write_file(file_path(), garbage, sizeof garbage);
    CHECK(opens_anew());
    write_file(file_path(), "x", 1); /* within the same second: another name */
    CHECK(opens_anew());
    CHECK(set_aside() >= 2);
    write_file(file_path(), "", 0); /* a crash just after it was made: not damage */
    CHECK(!opens_anew());
}

TEST(a_truncated_file_is_set_aside)
{
    size_t n;
    char *good = good_file(&n);
    CHECK(n > 3 * 4096);
    const size_t cuts[] = {1,    15,   16,   99,    100,       511,     512,
                           4095, 4096, 8192, n / 2, n / 2 + 1, n - 4096};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        write_file(file_path(), good, cuts[i]);
        if (!opens_anew())
            test_fail(__FILE__, __LINE__, "cut to %zu of %zu opened", cuts[i], n);
        unlink(file_path());
    }
    write_file(file_path(), good, n);
    CHECK(!opens_anew());
    free(good);
}

TEST(a_page_of_noise_in_a_small_file_is_noticed)
{
    size_t n;
    char *good = good_file(&n);
    for (size_t page = 0; page < n / 4096; page++) {
        char *bad = malloc(n);
        memcpy(bad, good, n);
        memset(bad + page * 4096, 0x5a, 4096);
        write_file(file_path(), bad, n);
        free(bad);
        if (!opens_anew())
            test_fail(__FILE__, __LINE__, "noise in page %zu was not noticed", page);
        unlink(file_path());
    }
    free(good);
}

TEST(an_emptied_file_beside_a_full_log_is_no_new_ledger)
{
    char wal[300];
    snprintf(wal, sizeof wal, "%s-wal", file_path());
    write_file(file_path(), "", 0);
    write_file(wal, "a log", 5);
    CHECK(opens_anew());
    CHECK(set_aside() == 2); /* the log is kept with it */
}

TEST(a_newer_version_is_refused_and_left_alone)
{
    size_t n;
    char *good = good_file(&n);
    good[63] = 99; /* user_version, big-endian at byte 60 */
    write_file(file_path(), good, n);
    struct err err = {0}, note = {0};
    CHECK(ledger_open(file_path(), &note, &err) == NULL);
    CHECK_INT(err.code, ENOTSUP);
    CHECK(strstr(err.text, "version 99") != NULL);
    CHECK_INT(set_aside(), 0);
    free(good);
}

TEST(a_place_that_cannot_be_written_is_an_error)
{
    struct err err = {0};
    CHECK(ledger_open("/nowhere/at/all/ledger.db", NULL, &err) == NULL);
    CHECK_INT(err.code, ENOENT);
    err = (struct err){0};
    CHECK(ledger_open(test_dir(), NULL, &err) == NULL);
    CHECK(err.code != 0);
}

/* Posts changes until one fails; gives how many were stored. */
static int fill_up(struct ledger *l, const char *prefix)
{
    char id[200], filler[150];
    memset(filler, 'x', sizeof filler - 1);
    filler[sizeof filler - 1] = '\0';
    for (int n = 0; n < 100000; n++) {
        snprintf(id, sizeof id, "%s%d%s", prefix, n, filler);
        enum posted posted = post_phase(l, id, "finished", n);
        if (posted == POSTED_FAILED)
            return n;
        CHECK_INT(posted, POSTED_NEW);
    }
    test_fail(__FILE__, __LINE__, "the disk never filled up");
}

static void file_limit(rlim_t bytes_max)
{
    struct rlimit r;
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &r), 0);
    r.rlim_cur = bytes_max;
    CHECK_INT(setrlimit(RLIMIT_FSIZE, &r), 0);
}

TEST(a_failed_write_fails_its_batch_and_later_ones_work_again)
{
    signal(SIGXFSZ, SIG_IGN);
    struct ledger *l = opened(file_path(), NULL);
    file_limit(512 << 10);
    int n = fill_up(l, "a");
    CHECK(n > 0);
    struct answers a = ANSWERS_NONE;
    post_many(l, 1000, &a);
    answers_wait(&a, 1000);
    uint64_t held = ledger_stats(l).events;
    CHECK(a.at[POSTED_FAILED] > 0);
    CHECK_INT(held, n + a.at[POSTED_NEW]);
    CHECK_INT(put(l, "a0", 1, GRADE_OK, false) != 0, true);
    file_limit(RLIM_INFINITY);
    struct answers again = ANSWERS_NONE;
    post_many(l, 1000, &again); /* those that failed are new, not repeats */
    answers_wait(&again, 1000);
    CHECK_INT(again.at[POSTED_NEW], a.at[POSTED_FAILED]);
    CHECK_INT(again.at[POSTED_REPEAT], a.at[POSTED_NEW]);
    ledger_close(&l);
    struct err note = {0};
    l = opened(file_path(), &note);
    CHECK_INT(note.code, 0);
    CHECK_INT(ledger_stats(l).events, n + 1000);
    ledger_close(&l);
    signal(SIGXFSZ, SIG_DFL);
}

/* In a child: a file system of 1 MiB, filled up, then given room. */
static int on_a_small_disk(const char *dir)
{
    char path[300], ballast[300];
    if (unshare(CLONE_NEWNS) < 0 ||
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("small", dir, "tmpfs", 0, "size=1m") < 0)
        return 77;
    snprintf(path, sizeof path, "%s/ledger.db", dir);
    snprintf(ballast, sizeof ballast, "%s/ballast", dir);
    char *heavy = calloc(1, 300 << 10);
    write_file(ballast, heavy, 300 << 10);
    free(heavy);
    struct ledger *l = opened(path, NULL);
    int n = fill_up(l, "a"), gaps = 0;
    struct err err = {0};
    /* a small event may still fit where a large one did not */
    for (; gaps < 1000 && err.code == 0; gaps++) {
        char json[200];
        snprintf(json, sizeof json, EVENT("gap%d", "\"service\":\"a\""), gaps);
        struct change_event *e = event_of(json, NOW);
        ledger_post_wait(l, &e, NOW, &err);
    }
    n += gaps - 1;
    bool full = n > 0 && err.code == ENOSPC;
    list_is(l, &(struct change_ask){plus(n), {0}, NULL, GRADE_N, NULL, 1},
            ""); /* reads */
    unlink(ballast);
    bool well = post_phase(l, "room", "finished", 0) == POSTED_NEW;
    bool counted = ledger_stats(l).events == (uint64_t)n + 1;
    ledger_close(&l);
    return full && well && counted ? 0 : 1;
}

TEST(a_full_disk_recovers_by_itself)
{
    const char *dir = test_dir();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(on_a_small_disk(dir));
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        test_skip("mounting is not allowed here");
    CHECK_INT(WEXITSTATUS(status), 0);
}

/* --- killed at any moment --- */

enum { KILL_ROUNDS = 30, KILL_THREADS = 4 };

struct poster {
    struct ledger *l;
    int round, no, acks;
};

static void *post_for_ever(void *arg)
{
    struct poster *p = arg;
    for (int i = 0;; i++) {
        char json[300], line[64];
        snprintf(
            json, sizeof json,
            "{\"source\":\"p%d\",\"id\":\"r%d-%d\",\"kind\":\"config\",\"service\":"
            "\"pay\",\"hosts\":[\"h%d\"]}",
            p->no, p->round, i, i);
        struct change_event *e = event_of(json, NOW);
        if (ledger_post_wait(p->l, &e, NOW, NULL) != POSTED_NEW)
            _exit(1);
        int n = snprintf(line, sizeof line, "p%d r%d-%d\n", p->no, p->round, i);
        if (write(p->acks, line, (size_t)n) != n)
            _exit(1);
    }
    return NULL;
}

static void child_posts(const char *path, int round, int acks)
{
    struct ledger *l = ledger_open(path, NULL, NULL);
    if (l == NULL)
        _exit(1);
    struct poster p[KILL_THREADS];
    for (int i = 0; i < KILL_THREADS; i++) {
        pthread_t t;
        p[i] = (struct poster){l, round, i, acks};
        if (pthread_create(&t, NULL, post_for_ever, &p[i]) != 0)
            _exit(1);
    }
    for (;;)
        pause();
}

/* Kills a child after it has acknowledged `enough` bytes; all its acknowledgements are
 * added to `acks`. */
static void kill_round(const char *path, int round, size_t enough, struct buf *acks)
{
    int fds[2];
    CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(fds[0]);
        child_posts(path, round, fds[1]);
    }
    close(fds[1]);
    size_t start = acks->len;
    bool killed = false;
    for (ssize_t n = 1; n > 0;) {
        char *room = buf_room(acks, 4096);
        CHECK(room != NULL);
        n = read(fds[0], room, 4096);
        CHECK(n >= 0);
        acks->len += (size_t)n;
        if (!killed && acks->len - start >= enough) {
            killed = true;
            kill(child, SIGKILL);
        }
    }
    close(fds[0]);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Every acknowledged event must be a repeat now; gives how many there were. */
static size_t all_there(struct ledger *l, const char *acks)
{
    size_t n = 0;
    for (const char *p = acks; *p != '\0'; p = strchr(p, '\n') + 1, n++) {
        int no, round, i;
        char json[300];
        CHECK_INT(sscanf(p, "p%d r%d-%d", &no, &round, &i), 3);
        snprintf(
            json, sizeof json,
            "{\"source\":\"p%d\",\"id\":\"r%d-%d\",\"kind\":\"config\",\"service\":"
            "\"pay\",\"hosts\":[\"h%d\"]}",
            no, round, i, i);
        if (post_at(l, json, plus(1)) != POSTED_REPEAT)
            test_fail(__FILE__, __LINE__, "p%d r%d-%d was acknowledged and is gone", no,
                      round, i);
    }
    return n;
}

TEST(what_was_acknowledged_survives_being_killed)
{
    struct buf acks = {0};
    unsigned random = 12345;
    for (int round = 0; round < KILL_ROUNDS; round++) {
        random = random * 1103515245 + 12345;
        kill_round(file_path(), round, 1 + (random >> 8) % 4000, &acks);
    }
    struct err note = {0};
    OWNED_LEDGER *l = opened(file_path(), &note);
    CHECK_INT(note.code, 0);
    uint64_t events = ledger_stats(l).events;
    size_t n = all_there(l, buf_text(&acks));
    CHECK(n >= KILL_ROUNDS);
    /* beyond the acknowledged, at most what was under way at each kill */
    CHECK(events >= n && events <= n + KILL_ROUNDS * KILL_THREADS);
    CHECK_INT(ledger_stats(l).events, events); /* asking again added none */
    buf_free(&acks);
}

/* --- many at once --- */

struct crowd {
    struct ledger *l;
    int no, n;
    atomic_int *failures;
};

static void *post_some(void *arg)
{
    struct crowd *c = arg;
    for (int i = 0; i < c->n; i++) {
        char json[300];
        snprintf(json, sizeof json,
                 "{\"source\":\"p%d\",\"id\":\"%d\",\"change_id\":\"c%d-%d\",\"kind\":"
                 "\"config\",\"service\":\"pay\",\"hosts\":[\"h%d\",\"h%d\"]}",
                 c->no, i, c->no, i, i, i + 1);
        struct change_event *e = event_of(json, NOW);
        *c->failures += ledger_post_wait(c->l, &e, NOW, NULL) != POSTED_NEW;
    }
    return NULL;
}

static void *read_some(void *arg)
{
    struct crowd *c = arg;
    for (int i = 0; i < 50; i++) {
        struct change_rows rows;
        *c->failures +=
            ledger_changes(
                c->l, &(struct change_ask){INSTANT_NONE, {0}, "pay", GRADE_N, NULL, 20},
                &rows, NULL) != 0;
        change_rows_free(&rows);
        ledger_stats(c->l);
    }
    return NULL;
}

static double crowd_run(const char *path, int posters, int n)
{
    atomic_int failures = 0;
    OWNED_LEDGER *l = opened(path, NULL);
    pthread_t t[65];
    struct crowd c[65];
    int64_t began = monotonic_ms();
    for (int i = 0; i <= posters; i++) {
        c[i] = (struct crowd){l, i, n, &failures};
        CHECK_INT(
            pthread_create(&t[i], NULL, i < posters ? post_some : read_some, &c[i]), 0);
    }
    for (int i = 0; i < posters; i++)
        pthread_join(t[i], NULL);
    double seconds = (double)(monotonic_ms() - began) / 1000;
    pthread_join(t[posters], NULL);
    CHECK_INT(failures, 0);
    CHECK_INT(ledger_stats(l).events, posters * n);
    CHECK_INT(ledger_stats(l).changes, posters * n);
    return (double)posters * n / seconds;
}

TEST(many_may_post_and_read_at_once)
{
    crowd_run(file_path(), 64, 20);
    crowd_run(":memory:", 16, 50);
}

/* --- notes --- */

static struct note a_note(const char *who, const char *change, enum grade g,
                          int64_t due_s)
{
    return (struct note){.who = (char *)(uintptr_t)who,
                         .change_id = (char *)(uintptr_t)change,
                         .audience = the_owner,
                         .revision = 1,
                         .grade = g,
                         .made = NOW,
                         .due = plus(due_s)};
}

static int note_tell(struct ledger *l, const char *change, const struct note *notes,
                     size_t n)
{
    struct err err = {0};
    struct untold u = {(char *)(uintptr_t)change, 1, true};
    return ledger_tell(l, &u, notes, n, NOW, &err);
}

TEST(a_note_waits_until_it_is_sent_and_is_then_known_as_told)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    struct err err = {0};
    struct tidings t = {0};
    struct note *list = NULL;
    size_t n = 0;
    post(l, "c", 0);
    CHECK_INT(put(l, "c", 1, GRADE_ATTENTION, true), 0);
    struct note two[] = {a_note("a@x.de", "c", GRADE_ATTENTION, 5),
                         a_note("b@x.de", "c", GRADE_ATTENTION, 7)};
    CHECK_INT(note_tell(l, "c", two, 2), 0);
    CHECK_INT(ledger_stats(l).notes, 2);
    CHECK_INT(ledger_next_note(l, false, NOW).ms, plus(5).ms);
    CHECK_INT(ledger_next_note(l, true, NOW).ms, INSTANT_FAR.ms);
    two[0].grade = GRADE_MUST_HANDLE; /* a later one takes its place */
    two[0].revision = 2;
    two[1].dropped = true;
    CHECK_INT(note_tell(l, "c", two, 2), 0);
    CHECK_INT(ledger_stats(l).notes, 1);
    CHECK_INT(ledger_notes(l, "a@x.de", false, plus(5), &list, &n, &err), 0);
    CHECK_INT(n, 1);
    CHECK_INT(list[0].revision, 2);
    struct parcel p = {.key = (char[]){"k"},
                       .change_id = the_change,
                       .audience = the_owner,
                       .message_id = the_message,
                       .recipients = (char[]){"a@x.de"},
                       .bytes = bytes,
                       .n_bytes = sizeof bytes - 1,
                       .made = NOW,
                       .due = NOW};
    CHECK_INT(ledger_send(l, &p, 1, list, n, plus(6), &err), 0);
    notes_free(&list, n);
    CHECK_INT(ledger_stats(l).notes, 0);
    CHECK_INT(ledger_tidings(l, "c", &t, &err), 0);
    CHECK_INT(t.n_notes, 0);
    CHECK_INT(t.n_told, 1);
    CHECK_TEXT(t.told[0].who, "a@x.de");
    CHECK_INT(t.told[0].grade, GRADE_MUST_HANDLE);
    CHECK_INT(t.told[0].at.ms, plus(6).ms);
    tidings_free(&t);
    CHECK_INT(ledger_mails(l, "a@x.de", plus(-1), &n, &err), 0);
    CHECK_INT(n, 1);
    CHECK_INT(ledger_mails(l, "a@x.de", NOW, &n, &err), 0);
    CHECK_INT(n, 0);
    CHECK_INT(ledger_mails(l, NULL, plus(-1), &n, &err), 0);
    CHECK_INT(n, 1);
    instant made;
    CHECK_INT(ledger_last_mail(l, "a@x.de", the_owner, &made, &err), 0);
    CHECK_INT(made.ms, NOW.ms);
    CHECK_INT(ledger_last_mail(l, "b@x.de", the_owner, &made, &err), 0);
    CHECK(instant_is_none(made));
}

TEST(queues_are_those_of_recipients_with_something_due_the_worst_first)
{
    OWNED_LEDGER *l = opened(":memory:", NULL);
    struct err err = {0};
    struct note_queue *q = NULL;
    struct note *list = NULL;
    size_t n = 0;
    static const char *const ids[] = {"c1", "c2", "c3", "c4"};
    for (size_t i = 0; i < 4; i++) {
        post(l, ids[i], 0);
        CHECK_INT(put(l, ids[i], 1, GRADE_OK, true), 0);
        struct note two[] = {a_note("a@x.de", ids[i], (enum grade)i, (int64_t)i * 10),
                             a_note("b@x.de", ids[i], GRADE_OK, 100)};
        two[1].digest = i == 0;
        CHECK_INT(note_tell(l, ids[i], two, 2), 0);
    }
    CHECK_INT(ledger_note_queues(l, false, plus(10), plus(20), &q, &n, &err), 0);
    CHECK_INT(n, 1);
    CHECK_TEXT(q[0].who, "a@x.de");
    CHECK_INT(q[0].n, 3);
    CHECK_INT(q[0].n_due, 2);
    CHECK_INT(q[0].first.ms, NOW.ms);
    CHECK_INT(q[0].last.ms, plus(20).ms);
    note_queues_free(&q, n);
    CHECK_INT(ledger_note_queues(l, true, plus(100), plus(100), &q, &n, &err), 0);
    CHECK_INT(n, 1);
    CHECK_INT(q[0].n, 1);
    note_queues_free(&q, n);
    CHECK_INT(ledger_notes(l, "a@x.de", false, plus(100), &list, &n, &err), 0);
    CHECK_INT(n, 4);
    CHECK_INT(list[0].grade, GRADE_MUST_HANDLE);
    CHECK_INT(list[1].grade, GRADE_ATTENTION);
    CHECK_INT(list[2].grade, GRADE_NOT_JUDGED);
    CHECK_INT(list[3].grade, GRADE_OK);
    notes_free(&list, n);
}
