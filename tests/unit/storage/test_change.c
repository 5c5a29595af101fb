/* tests of storage/change */
#include "base/jsonw.h"
#include "storage/change.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static const instant NOW = {1795255200000}; /* 2026-11-21T10:00:00Z */

static struct change_event *event_at(const char *json, instant now, struct err *err)
{
    OWNED_JSON *doc = json_parse(json, strlen(json), err);
    struct change_event *e = NULL;
    if (doc == NULL)
        return NULL;
    struct json_at root = json_root(doc);
    if (change_event_read(&root, now, &e, err) < 0)
        CHECK(err == NULL || err->code != 0);
    return e;
}

static struct change_event *event(const char *json)
{
    struct err err = {0};
    struct change_event *e = event_at(json, NOW, &err);
    if (e == NULL)
        test_fail(__FILE__, __LINE__, "%s: %s", json, err.text);
    return e;
}

/* The event must be refused, with words that hold `words`. */
static void refused_at(const char *json, instant now, const char *words)
{
    struct err err = {0};
    OWNED_EVENT *e = event_at(json, now, &err);
    if (e != NULL)
        test_fail(__FILE__, __LINE__, "%s was taken", json);
    if (strstr(err.text, words) == NULL)
        test_fail(__FILE__, __LINE__, "%s: '%s' does not say '%s'", json, err.text,
                  words);
}

#define HEAD       "\"source\":\"s\",\"id\":\"1\",\"kind\":\"config\",\"service\":\"pay\""
#define WITH(more) "{" HEAD "," more "}"

static void refused(const char *json, const char *words)
{
    refused_at(json, NOW, words);
}

TEST(every_field_of_an_event_is_read)
{
    OWNED_EVENT *e = event(
        "{\"source\": \"deployer\", \"id\": \"8812-start\", \"change_id\": \"8812\","
        "\"phase\": \"started\", \"kind\": \"release\", \"service\": \"pay\","
        "\"title\": \"pay 2.4.1 -> 2.5.0\", \"time\": \"2026-11-21T09:59:00.250Z\","
        "\"hosts\": [\"h2\", \"h1\"], \"batch\": {\"no\": 1, \"of\": 4},"
        "\"actor\": \"li\", \"url\": \"https://ci/8812\", \"parent_id\": \"8000\","
        "\"artifact\": {\"from\": \"2.4.1\", \"to\": \"2.5.0\"}, \"urgent\": true,"
        "\"labels\": {\"idc\": \"sh1\", \"az\": \"\"}}");
    CHECK_TEXT(e->source, "deployer");
    CHECK_TEXT(e->id, "8812-start");
    CHECK_TEXT(e->change_id, "8812");
    CHECK_INT(e->phase, PHASE_STARTED);
    CHECK_INT(e->kind, CHANGE_RELEASE);
    CHECK_TEXT(e->service, "pay");
    CHECK_TEXT(e->title, "pay 2.4.1 -> 2.5.0");
    CHECK_INT(e->time.ms, NOW.ms - 59750);
    CHECK_INT(e->n_hosts, 2);
    CHECK_TEXT(e->host[0], "h1");
    CHECK_TEXT(e->host[1], "h2");
    CHECK_INT(e->batch_no, 1);
    CHECK_INT(e->batch_of, 4);
    CHECK_TEXT(e->actor, "li");
    CHECK_TEXT(e->url, "https://ci/8812");
    CHECK_TEXT(e->parent_id, "8000");
    CHECK_TEXT(e->from, "2.4.1");
    CHECK_TEXT(e->to, "2.5.0");
    CHECK(e->urgent);
    CHECK_INT(e->n_labels, 2);
    CHECK_TEXT(e->label[0].key, "az");
    CHECK_TEXT(e->label[1].value, "sh1");
    CHECK_INT(e->n_extra, 0);
}

TEST(what_is_left_out_has_its_default)
{
    OWNED_EVENT *e = event("{" HEAD ", \"parent_id\": null, \"title\": \"\"}");
    CHECK_TEXT(e->change_id, "1");
    CHECK_INT(e->phase, PHASE_FINISHED);
    CHECK_INT(e->time.ms, NOW.ms);
    CHECK_INT(e->n_hosts, 0);
    CHECK(e->parent_id == NULL && e->title == NULL && e->url == NULL && !e->urgent);
    CHECK_INT(e->batch_no, 0);
}

TEST(hosts_named_twice_count_once)
{
    OWNED_EVENT *e = event(WITH("\"hosts\": [\"b\", \"a\", \"b\", \"a\", \"a\"]"));
    CHECK_INT(e->n_hosts, 2);
    CHECK_TEXT(e->host[0], "a");
    CHECK_TEXT(e->host[1], "b");
}

TEST(hosts_alone_are_enough)
{
    OWNED_EVENT *e = event("{\"source\":\"s\",\"id\":\"1\",\"kind\":\"other\","
                           "\"hosts\":[\"h1\"]}");
    CHECK(e->service == NULL);
}

TEST(the_raw_event_has_sorted_keys_and_no_time_of_ours)
{
    OWNED_EVENT *a = event("{ \"kind\":\"config\", \"id\":\"1\", \"source\":\"s\", "
                           "\"service\":\"pay\" }");
    struct err err = {0};
    OWNED_EVENT *b = event_at("{" HEAD "}", (instant){NOW.ms + 5000}, &err);
    CHECK_TEXT(a->raw, "{\"id\":\"1\",\"kind\":\"config\",\"service\":\"pay\","
                       "\"source\":\"s\"}");
    CHECK_TEXT(b->raw, a->raw);
    CHECK(b->time.ms != a->time.ms);
}

TEST(a_stored_event_reads_back_as_it_was)
{
    OWNED_EVENT *a = event(WITH("\"time\":\"2026-11-01T00:00:00Z\",\"x\":[1,{}]"));
    struct err err = {0};
    OWNED_EVENT *b = event_at(a->raw, a->time, &err);
    CHECK(b != NULL);
    CHECK_TEXT(b->raw, a->raw);
    CHECK_INT(b->time.ms, a->time.ms);
}

TEST(missing_fields_are_named)
{
    refused("{\"id\":\"1\",\"kind\":\"config\",\"service\":\"pay\"}", "source");
    refused("{\"source\":\"s\",\"kind\":\"config\",\"service\":\"pay\"}", "id");
    refused("{\"source\":\"s\",\"id\":\"1\",\"service\":\"pay\"}",
            "is missing, expected one of release, config, scale-out, batch-restart, "
            "rollback, other");
    refused("{\"source\":\"s\",\"id\":\"1\",\"kind\":\"config\"}",
            "is missing and hosts too");
    refused("{\"source\":\"s\",\"id\":\"1\",\"kind\":\"config\",\"hosts\":[]}",
            "is missing and hosts too");
    refused("[1]", "expected an object");
}

TEST(wrong_types_are_refused_with_field_and_place)
{
    static const struct {
        const char *json, *words;
    } bad[] = {
        {"{\"source\":7,\"id\":\"1\",\"kind\":\"config\",\"service\":\"p\"}", "source"},
        {WITH("\"change_id\":1"), "change_id"},
        {WITH("\"phase\":true"), "phase"},
        {WITH("\"title\":[]"), "title"},
        {WITH("\"time\":1795255200"), "time"},
        {WITH("\"hosts\":\"h1\""), "hosts (line 1"},
        {WITH("\"hosts\":[\"h1\",2]"), "hosts[1]"},
        {WITH("\"batch\":1"), "batch"},
        {WITH("\"batch\":{\"no\":\"1\",\"of\":2}"), "batch.no"},
        {WITH("\"batch\":{\"no\":1.5,\"of\":2}"), "batch.no"},
        {WITH("\"actor\":{}"), "actor"},
        {WITH("\"url\":1"), "url"},
        {WITH("\"parent_id\":8"), "parent_id"},
        {WITH("\"artifact\":\"2.5.0\""), "artifact"},
        {WITH("\"artifact\":{\"to\":2.5}"), "artifact.to"},
        {WITH("\"urgent\":\"yes\""), "urgent"},
        {WITH("\"labels\":[]"), "labels"},
        {WITH("\"labels\":{\"a\":1}"), "labels.a"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        refused(bad[i].json, bad[i].words);
        refused(bad[i].json, "(line 1, column ");
    }
}

TEST(values_out_of_bounds_are_refused)
{
    refused(WITH("\"title\":\"a\\u0007b\""), "control character");
    refused(WITH("\"actor\":\"\""), "is empty");
    refused(WITH("\"hosts\":[\"\"]"), "hosts[0]");
    refused(WITH("\"batch\":{\"no\":0,\"of\":2}"), "expected 1 to");
    refused(WITH("\"batch\":{\"no\":3,\"of\":2}"), "beyond the 2 batches");
    refused(WITH("\"batch\":{\"of\":2}"), "batch.no");
    refused(WITH("\"batch\":{\"no\":99999999999}"), "expected 1 to");
    refused(WITH("\"url\":\"ftp://x/\""), "http");
    refused(WITH("\"url\":\"javascript:alert(1)\""), "http");
    refused(WITH("\"url\":\"https://\""), "has no host");
    refused(WITH("\"url\":\"https:///x\""), "has no host");
    refused(WITH("\"url\":\"https://x/\\\"onclick=\""), "expected it encoded");
    refused(WITH("\"labels\":{\"\":\"x\"}"), "is empty");
    refused(WITH("\"a\\u0001\":\"x\""), "control character");
}

TEST(a_name_is_at_most_200_bytes)
{
    char name[202], json[600];
    memset(name, 'h', sizeof name);
    name[201] = '\0';
    snprintf(json, sizeof json, WITH("\"hosts\":[\"%s\"]"), name);
    refused(json, "200");
    name[200] = '\0';
    snprintf(json, sizeof json, WITH("\"hosts\":[\"%s\"]"), name);
    OWNED_EVENT *e = event(json);
    CHECK_INT(strlen(e->host[0]), 200);
}

static char *many(const char *open, size_t n, const char *each, const char *close)
{
    struct buf b = {0};
    buf_addf(&b, "{" HEAD ",%s", open);
    for (size_t i = 0; i < n; i++) {
        buf_add(&b, i > 0 ? "," : "");
        buf_addf(&b, "\"k%zu\":%s", i, each);
    }
    buf_add(&b, close);
    return buf_give(&b);
}

TEST(labels_and_unknown_fields_are_counted)
{
    char *most = many("\"labels\":{", EVENT_LABELS_MAX, "\"v\"", "}}");
    OWNED_EVENT *e = event(most);
    CHECK_INT(e->n_labels, EVENT_LABELS_MAX);
    char *more = many("\"labels\":{", EVENT_LABELS_MAX + 1, "\"v\"", "}}");
    refused(more, "has 41 labels");
    free(most);
    free(more);
    most = many("", EVENT_EXTRAS_MAX, "1", "}");
    more = many("", EVENT_EXTRAS_MAX + 1, "1", "}");
    OWNED_EVENT *x = event(most);
    CHECK_INT(x->n_extra, EVENT_EXTRAS_MAX);
    refused(more, "unknown fields");
    free(most);
    free(more);
}

TEST(unknown_fields_may_nest_but_not_for_ever)
{
    struct buf deep = {0};
    buf_add(&deep, "{" HEAD ",\"x\":");
    for (int i = 0; i <= EVENT_EXTRA_DEPTH_MAX; i++)
        buf_add(&deep, "[\"]\\\"\",");
    buf_add(&deep, "1");
    for (int i = 0; i <= EVENT_EXTRA_DEPTH_MAX; i++)
        buf_add(&deep, "]");
    buf_add(&deep, "}");
    refused(buf_text(&deep), "nests deeper");
    buf_free(&deep);
    OWNED_EVENT *e = event(WITH("\"x\":[[[\"[[[[[[[[[[[[[[[[[[[[[[\\\\\"]]]"));
    CHECK_INT(e->n_extra, 1);
}

TEST(an_unknown_kind_or_phase_names_those_there_are)
{
    refused("{\"source\":\"s\",\"id\":\"1\",\"kind\":\"relase\",\"service\":\"p\"}",
            "expected one of release, config, scale-out, batch-restart, rollback, "
            "other; did you mean 'release'?");
    refused(WITH("\"phase\":\"finish\""),
            "started, batch_finished, finished, cancelled; did you mean 'finished'?");
    struct err err = {0};
    CHECK(event_at(WITH("\"phase\":\"zzzzzzzz\""), NOW, &err) == NULL);
    CHECK(strstr(err.text, "did you mean") == NULL);
}

TEST(times_far_from_now_are_refused)
{
    refused(WITH("\"time\":\"2026-10-22T09:59:59Z\""), "more than 30 days ago");
    refused(WITH("\"time\":\"2026-11-21T10:10:01Z\""), "more than 10 minutes ahead");
    refused(WITH("\"time\":\"yesterday\""), "time");
    OWNED_EVENT *old = event(WITH("\"time\":\"2026-10-22T10:00:00Z\""));
    OWNED_EVENT *ahead = event(WITH("\"time\":\"2026-11-21T10:10:00Z\""));
    CHECK(old->time.ms < ahead->time.ms);
}

TEST(recorded_events_bring_their_time)
{
    struct err err = {0};
    refused_at("{" HEAD "}", INSTANT_NONE, "time");
    OWNED_EVENT *e =
        event_at(WITH("\"type\":\"change\",\"time\":\"2011-01-01T00:00:00Z\""),
                 INSTANT_NONE, &err);
    CHECK(e != NULL);
    CHECK_INT(e->n_extra, 0); /* "type" belongs to the line */
}

/* --- folding --- */

static char *written(const struct change *c)
{
    struct buf b = {0};
    struct jsonw w = {.to = &b};
    change_write(c, NULL, &w);
    return buf_give(&b);
}

enum { FOLD_MAX = 8 };

struct story {
    struct change_event *at[FOLD_MAX];
    size_t n;
};

static void story_add(struct story *s, const char *json)
{
    s->at[s->n++] = event(json);
}

static void story_free(struct story *s)
{
    for (size_t i = 0; i < s->n; i++)
        change_event_free(&s->at[i]);
}
#define OWNED_STORY __attribute__((cleanup(story_free))) struct story

static struct change *fold(const struct story *s)
{
    struct err err = {0};
    struct change *c =
        change_fold((const struct change_event *const *)s->at, s->n, &err);
    CHECK(c != NULL && err.code == 0);
    return c;
}

/* Heap's way through all orders of at[0..k); each must read like `want`. */
static size_t permute(struct story *s, size_t k, const char *want)
{
    if (k <= 1) {
        OWNED_CHANGE *c = fold(s);
        char *got = written(c);
        CHECK_TEXT(got, want);
        free(got);
        return 1;
    }
    size_t n = 0;
    for (size_t i = 0; i < k; i++) {
        n += permute(s, k - 1, want);
        size_t j = k % 2 == 0 ? i : 0;
        struct change_event *swap = s->at[j];
        s->at[j] = s->at[k - 1];
        s->at[k - 1] = swap;
    }
    return n;
}

#define E(source, id, phase, time, more)                                               \
    "{\"source\":\"" source "\",\"id\":\"" id "\",\"change_id\":\"c\",\"kind\":"       \
    "\"release\",\"phase\":\"" phase "\",\"time\":\"2026-11-21T" time "Z\"," more "}"
#define PAY "\"service\":\"pay\""

static const char *const stories[][FOLD_MAX] = {
    /* a rolling release, host by host */
    {E("d", "1", "started", "09:00:00", PAY ",\"hosts\":[\"h1\",\"h2\",\"h3\"]"),
     E("d", "2", "batch_finished", "09:10:00",
       PAY ",\"hosts\":[\"h1\"],\"batch\":{\"no\":1,\"of\":3}"),
     E("d", "3", "batch_finished", "09:20:00",
       PAY ",\"hosts\":[\"h2\"],\"batch\":{\"no\":2,\"of\":3},\"title\":\"b\""),
     E("d", "4", "batch_finished", "09:20:00",
       PAY ",\"hosts\":[\"h2\",\"h3\"],\"batch\":{\"no\":3,\"of\":3},\"title\":\"a\""),
     E("d", "5", "finished", "09:30:00", PAY ",\"x\":1,\"labels\":{\"a\":\"5\"}"),
     E("e", "1", "started", "09:00:00",
       "\"hosts\":[\"h4\"],\"x\":{\"y\":[2]},\"labels\":{\"a\":\"1\",\"b\":\"2\"}")},
    /* finished before it started, two sources, cancelled in between, one event twice */
    {E("b", "f", "finished", "08:59:00", PAY ",\"hosts\":[\"h2\"]"),
     E("b", "f", "finished", "08:59:00", PAY ",\"hosts\":[\"h2\"]"),
     E("a", "s", "started", "09:00:00", "\"service\":\"web\",\"hosts\":[\"h1\"]"),
     E("a", "c", "cancelled", "08:58:00", "\"hosts\":[\"h3\"],\"urgent\":true"),
     E("b", "s", "started", "09:00:00", "\"service\":\"x\",\"actor\":\"li\"")},
    /* all at one instant */
    {E("a", "1", "started", "09:00:00", "\"hosts\":[\"h1\"],\"title\":\"1\""),
     E("a", "2", "finished", "09:00:00", PAY ",\"title\":\"2\",\"x.y\":2"),
     E("a", "3", "cancelled", "09:00:00", "\"service\":\"web\",\"title\":\"3\""),
     E("b", "1", "batch_finished", "09:00:00", PAY ",\"batch\":{\"no\":1,\"z\":1}"),
     E("b", "2", "batch_finished", "09:00:00", PAY ",\"batch.z\":3,\"x\":{\"y\":1}")},
};

TEST(the_order_of_arrival_never_shows)
{
    static const size_t factorial[] = {1, 1, 2, 6, 24, 120, 720, 5040};
    for (size_t i = 0; i < sizeof stories / sizeof *stories; i++) {
        OWNED_STORY s = {0};
        while (s.n < FOLD_MAX && stories[i][s.n] != NULL)
            story_add(&s, stories[i][s.n]);
        OWNED_CHANGE *c = fold(&s);
        char *want = written(c);
        CHECK_INT(permute(&s, s.n, want), factorial[s.n]);
        free(want);
    }
}

static struct change *told(const char *const *story)
{
    OWNED_STORY s = {0};
    while (s.n < FOLD_MAX && story[s.n] != NULL)
        story_add(&s, story[s.n]);
    return fold(&s);
}

static int64_t minute(instant at) /* past 09:00 */
{
    return (at.ms - (NOW.ms - 3600000)) / 60000;
}

static void host_is(const struct change *c, const char *name, int pivot, int done,
                    int batch)
{
    const struct change_host *h = change_find_host(c, name);
    CHECK(h != NULL);
    CHECK_INT(minute(h->pivot), pivot);
    CHECK_INT(minute(h->done), done);
    CHECK_INT(h->batch, batch);
}

TEST(each_host_of_a_rolling_release_has_its_own_pivot)
{
    OWNED_CHANGE *c = told(stories[0]);
    CHECK_INT(minute(c->start), 0);
    CHECK_INT(minute(c->end), 30);
    CHECK(c->started && c->finished && !c->cancelled);
    CHECK_TEXT(change_state_name(c), "finished");
    CHECK_INT(c->batches_done, 3);
    CHECK_INT(c->batches_of, 3);
    CHECK_INT(c->n_hosts, 4);
    host_is(c, "h1", 10, 10, 1);
    host_is(c, "h2", 20, 20, 2);
    host_is(c, "h3", 20, 20, 3);
    host_is(c, "h4", 0, 30, 0);
    CHECK(change_find_host(c, "h5") == NULL);
    CHECK_TEXT(c->title, "a"); /* the later of two at one instant, by id */
    CHECK_INT(c->n_labels, 2);
    CHECK_TEXT(c->label[0].value, "5");
    CHECK_TEXT(c->extra, "{\"x\":1}");
    CHECK_INT(c->n_events, 6);
}

TEST(a_finish_before_the_start_still_makes_a_change)
{
    OWNED_CHANGE *c = told(stories[1]);
    CHECK_INT(minute(c->start), -2);
    CHECK_INT(minute(c->end), -1);
    CHECK_TEXT(change_state_name(c), "finished"); /* said after the cancelling */
    CHECK(!c->cancelled && c->started && c->urgent);
    CHECK_TEXT(c->service, "pay"); /* of the earliest event that has one */
    CHECK_TEXT(c->actor, "li");
    CHECK_TEXT(c->source, "a");
    host_is(c, "h1", 0, 0, 0); /* never done before it began */
    host_is(c, "h2", -1, -1, 0);
    host_is(c, "h3", -2, -1, 0); /* only the cancelling names it: from the start */
    CHECK_INT(c->n_events, 4);
}

TEST(unknown_fields_inside_known_ones_are_shown_too)
{
    OWNED_CHANGE *c = told(stories[2]);
    CHECK_TEXT(change_state_name(c), "cancelled");
    CHECK_INT(c->batches_done, 1);
    CHECK_TEXT(c->extra, "{\"batch.z\":3,\"x\":{\"y\":1},\"x.y\":2}");
}

TEST(a_change_that_was_only_started_is_running)
{
    static const char *const story[FOLD_MAX] = {
        E("d", "1", "started", "09:00:00", PAY ",\"hosts\":[\"h1\"]"),
        E("d", "2", "batch_finished", "09:05:00", PAY ",\"hosts\":[\"h2\"]"),
        E("d", "3", "batch_finished", "09:07:00", PAY ",\"hosts\":[\"h2\"]")};
    OWNED_CHANGE *c = told(story);
    CHECK_TEXT(change_state_name(c), "running");
    CHECK(instant_is_none(c->end));
    host_is(c, "h1", 0, 0, 0);
    host_is(c, "h2", 5, 7, 0); /* worked on twice: from the first to the last */
    CHECK_INT(c->batches_done, 2);
    CHECK_INT(c->batches_of, 0);
}

TEST(one_finished_event_is_a_whole_change)
{
    static const char *const story[FOLD_MAX] = {
        E("d", "1", "finished", "09:00:00", "\"hosts\":[\"h1\"]")};
    OWNED_CHANGE *c = told(story);
    CHECK(c->service == NULL && c->finished && !c->started);
    host_is(c, "h1", 0, 0, 0);
    CHECK_TEXT(c->extra, "{}");
}

TEST(a_change_is_written_with_every_member)
{
    static const char *const story[FOLD_MAX] = {
        E("d", "1", "finished", "09:00:00",
          PAY ",\"hosts\":[\"h1\"],\"url\":\"http://x\",\"artifact\":{\"to\":\"2\"},"
              "\"title\":\"</script>\\\"\"")};
    OWNED_CHANGE *c = told(story);
    char *text = written(c);
    CHECK_TEXT(
        text,
        "{\"change_id\":\"c\",\"kind\":\"release\",\"service\":\"pay\",\"title\":"
        "\"</script>\\\"\",\"actor\":null,\"url\":\"http://x\",\"source\":\"d\","
        "\"parent_id\":null,\"artifact\":{\"from\":null,\"to\":\"2\"},\"urgent\":false,"
        "\"state\":\"finished\",\"started_at\":\"2026-11-21T09:00:00Z\","
        "\"finished_at\":\"2026-11-21T09:00:00Z\",\"batches\":{\"done\":0,\"of\":0},"
        "\"hosts\":[{\"name\":\"h1\",\"pivot\":\"2026-11-21T09:00:00Z\",\"done\":"
        "\"2026-11-21T09:00:00Z\",\"batch\":0}],\"labels\":{},\"extra\":{}}");
    free(text);
}

TEST(kinds_have_names)
{
    for (int k = 0; k < CHANGE_KIND_N; k++)
        CHECK_INT(change_kind_of(change_kind_name((enum change_kind)k)), k);
    CHECK_INT(change_kind_of("Release"), CHANGE_KIND_N);
    CHECK_TEXT(change_kind_list(),
               "release, config, scale-out, batch-restart, rollback, other");
    CHECK_TEXT(change_phase_name(PHASE_BATCH_FINISHED), "batch_finished");
}
