/* programs/gate.c - a pipeline's go/no-go.  Asks the service in short waits, so that
 * must-handle is told at once and a batch's verdict as soon as that batch has been
 * looked at to the end.  A verdict from before the last batch is no answer: its looks
 * may all be done, but they were planned without that batch.  One thread. */
#include "programs/gate.h"

#include "base/json.h"
#include "programs/cmd.h"
#include "programs/term.h"

#include <string.h>

enum { ASK_S = 5 };

/* The first finding that counts for the grade. */
static bool first_finding(const struct json_at *root, struct json_at *ret_finding)
{
    struct json_at list, muted;
    json_member(root, "findings", &list);
    for (size_t i = 0; i < json_count(&list); i++) {
        *ret_finding = json_item(&list, i);
        if (!json_member(ret_finding, "muted", &muted))
            return true;
    }
    return false;
}

static void first_because(const struct json_at *root, char *out, size_t n)
{
    struct json_at one, text;
    const char *words = NULL;
    out[0] = '\0';
    if (first_finding(root, &one)) {
        if (json_member(&one, "because", &text) && json_text(&text, &words, NULL) == 0)
            snprintf(out, n, "%s", words);
    } else if (json_member(root, "reason", &text) &&
               json_text(&text, &words, NULL) == 0) {
        snprintf(out, n, "%s", words);
    }
}

static int read_instant(const struct json_at *root, const char *key, instant *ret,
                        struct err *err)
{
    struct json_at at;
    const char *text;
    *ret = INSTANT_NONE;
    if (!json_member(root, key, &at))
        return 0;
    return json_text(&at, &text, err) < 0 ? -1 : instant_parse(text, ret, err);
}

static void read_looks(const struct json_at *root, struct gate_answer *a)
{
    struct json_at at;
    a->looks_done = a->looks_all = 0;
    if (json_member(root, "looks_done", &at))
        json_whole(&at, &a->looks_done, NULL);
    if (json_member(root, "looks_all", &at))
        json_whole(&at, &a->looks_all, NULL);
}

int gate_read(const char *json, size_t n, struct gate_answer *ret, struct err *err)
{
    OWNED_JSON *doc = json_parse(json, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at;
    struct gate_answer a = {0};
    const char *grade;
    json_member(&root, "grade", &at);
    if (json_text(&at, &grade, err) < 0)
        return -1;
    a.grade = grade_of(grade);
    if (a.grade == GRADE_N)
        return json_complain(&at, err, "'%s' is no grade", grade);
    json_member(&root, "final", &at);
    if (json_bool(&at, &a.final, err) < 0)
        return -1;
    json_member(&root, "revision", &at);
    if (json_whole(&at, &a.revision, err) < 0 ||
        read_instant(&root, "decided_at", &a.decided_at, err) < 0)
        return -1;
    read_looks(&root, &a);
    first_because(&root, a.because, sizeof a.because);
    a.settled = a.final || a.grade == GRADE_MUST_HANDLE ||
                (a.revision > 0 && a.looks_all > 0 && a.looks_done >= a.looks_all);
    *ret = a;
    return 0;
}

int gate_read_batches(const char *json, size_t n, instant *ret_last, struct err *err)
{
    OWNED_JSON *doc = json_parse(json, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), change, hosts, batch;
    instant last = INSTANT_NONE, done;
    json_member(&root, "change", &change);
    json_member(&change, "hosts", &hosts);
    for (size_t i = 0; i < json_count(&hosts); i++) {
        struct json_at host = json_item(&hosts, i);
        int64_t no = 0;
        if (!json_member(&host, "batch", &batch) || json_whole(&batch, &no, NULL) < 0 ||
            no == 0)
            continue;
        if (read_instant(&host, "done", &done, err) < 0)
            return -1;
        if (done.ms > last.ms)
            last = done;
    }
    *ret_last = last;
    return 0;
}

static int ask_once(struct httpc *c, const char *id, int64_t wait_s,
                    struct gate_answer *a, struct err *err)
{
    OWNED_BUF path = {0}, body = {0};
    buf_add(&path, "/v1/changes/");
    url_quote(&path, id);
    buf_addf(&path, "/verdict?wait=%llds", (long long)wait_s);
    struct httpc_ask ask = {.method = "GET",
                            .path = buf_text(&path),
                            .timeout_ms = (int)(wait_s + 30) * 1000};
    if (cmd_call(c, &ask, NULL, &body, err) < 0)
        return -1;
    return gate_read(buf_text(&body), body.len, a, err);
}

static int ask_batches(struct httpc *c, const char *id, instant *ret_last,
                       struct err *err)
{
    OWNED_BUF path = {0}, body = {0};
    buf_add(&path, "/v1/changes/");
    url_quote(&path, id);
    struct httpc_ask ask = {.method = "GET", .path = buf_text(&path)};
    if (cmd_call(c, &ask, NULL, &body, err) < 0)
        return -1;
    return gate_read_batches(buf_text(&body), body.len, ret_last, err);
}

/* One answer, not settled when it was decided before the last batch. */
static int look(struct httpc *c, const struct gate_ask *ask, int64_t wait_s,
                struct gate_answer *a, struct err *err)
{
    instant since = ask->since;
    if (ask_once(c, ask->id, wait_s, a, err) < 0)
        return -1;
    if (!a->settled || a->final || a->grade == GRADE_MUST_HANDLE)
        return 0;
    if (instant_is_none(since) && ask_batches(c, ask->id, &since, err) < 0)
        return -1;
    a->settled = instant_is_none(since) || a->decided_at.ms >= since.ms;
    return 0;
}

static void tell(struct progress *p, const struct gate_ask *ask,
                 const struct gate_answer *a, int64_t waited_ms)
{
    progress_say(p,
                 "waiting for the verdict on %s: look %lld of %lld, %s so far, %llds",
                 ask->id, (long long)a->looks_done, (long long)a->looks_all,
                 a->revision > 0 ? grade_name(a->grade) : "nothing",
                 (long long)waited_ms / 1000);
}

int gate_wait(struct httpc *c, const struct gate_ask *ask, struct gate_answer *ret,
              struct err *err)
{
    struct progress p = progress_begin();
    int64_t start = monotonic_ms();
    int rc;
    for (;;) {
        int64_t left = start + ask->wait.ms - monotonic_ms();
        int64_t wait_s = left <= 0                     ? 0
                         : (left + 999) / 1000 < ASK_S ? (left + 999) / 1000
                                                       : ASK_S;
        rc = look(c, ask, wait_s, ret, err);
        if (rc < 0 || ret->settled || left <= 0)
            break;
        ret->stopped = ask->stop != NULL && ask->stop(ask->arg);
        if (ret->stopped)
            break;
        tell(&p, ask, ret, monotonic_ms() - start);
    }
    progress_end(&p);
    return rc;
}

void gate_say(FILE *to, const char *id, const struct gate_answer *a)
{
    char grade[48];
    fprintf(to, "%s: %s", id,
            to == stdout ? term_grade(a->grade, grade) : grade_name(a->grade));
    if (!a->final)
        fprintf(to, " (so far: look %lld of %lld)", (long long)a->looks_done,
                (long long)a->looks_all);
    fprintf(to, "%s%s\n", a->because[0] != '\0' ? ": " : "", a->because);
}

int gate_exit_code(const struct gate_answer *a)
{
    return a->revision > 0 ? (int)a->grade : GRADE_NOT_JUDGED;
}
