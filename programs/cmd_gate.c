/* programs/cmd_gate.c - `aftercheck gate`: a pipeline's go/no-go.  Asks the service in
 * short waits, so that must-handle is told at once and a batch's verdict as soon as
 * that batch has been looked at to the end. */
#include "programs/cmd.h"

#include "base/instant.h"
#include "base/json.h"
#include "base/opt.h"
#include "programs/term.h"

#include <stdio.h>
#include <string.h>

enum { ASK_S = 5 };

struct answer {
    enum grade grade;
    bool final;
    int64_t revision, looks_done, looks_all;
    char because[400];
};

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

static int read_answer(const struct buf *body, struct answer *a, struct err *err)
{
    OWNED_JSON *doc = json_parse(buf_text(body), body->len, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc), at, looks;
    const char *grade;
    json_member(&root, "grade", &at);
    if (json_text(&at, &grade, err) < 0)
        return -1;
    a->grade = grade_of(grade);
    if (a->grade == GRADE_N)
        return json_complain(&at, err, "'%s' is no grade", grade);
    json_member(&root, "final", &at);
    if (json_bool(&at, &a->final, err) < 0)
        return -1;
    json_member(&root, "revision", &at);
    if (json_whole(&at, &a->revision, err) < 0)
        return -1;
    a->looks_done = a->looks_all = 0;
    if (json_member(&root, "looks", &looks)) {
        json_member(&looks, "done", &at);
        json_whole(&at, &a->looks_done, NULL);
        json_member(&looks, "all", &at);
        json_whole(&at, &a->looks_all, NULL);
    }
    first_because(&root, a->because, sizeof a->because);
    return 0;
}

/* What was changed so far has been looked at to the end. */
static bool settled(const struct answer *a)
{
    return a->final || a->grade == GRADE_MUST_HANDLE ||
           (a->revision > 0 && a->looks_all > 0 && a->looks_done >= a->looks_all);
}

static int ask_once(struct httpc *c, const char *id, int64_t wait_s, struct answer *a,
                    struct err *err)
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
    return read_answer(&body, a, err);
}

static void say(const char *id, const struct answer *a)
{
    char grade[48];
    printf("%s: %s", id, term_grade(a->grade, grade));
    if (!a->final)
        printf(" (so far: look %lld of %lld)", (long long)a->looks_done,
               (long long)a->looks_all);
    printf("%s%s\n", a->because[0] != '\0' ? ": " : "", a->because);
}

static int wait_for(struct httpc *c, const char *id, span wait)
{
    struct answer a = {.grade = GRADE_NOT_JUDGED};
    struct err err = {0};
    struct progress p = progress_begin();
    int64_t start = monotonic_ms();
    for (;;) {
        int64_t left = start + wait.ms - monotonic_ms();
        int64_t wait_s = left <= 0                     ? 0
                         : (left + 999) / 1000 < ASK_S ? (left + 999) / 1000
                                                       : ASK_S;
        if (ask_once(c, id, wait_s, &a, &err) < 0) {
            progress_end(&p);
            return cmd_fail("gate", GRADE_NOT_JUDGED, &err);
        }
        if (settled(&a) || left <= 0)
            break;
        progress_say(
            &p, "waiting for the verdict on %s: look %lld of %lld, %s so far, %llds",
            id, (long long)a.looks_done, (long long)a.looks_all,
            a.revision > 0 ? grade_name(a.grade) : "nothing",
            (long long)(monotonic_ms() - start) / 1000);
    }
    progress_end(&p);
    say(id, &a);
    if (!settled(&a))
        fprintf(stderr, "aftercheck gate: the time was up before the last look\n");
    /* without a single look there is no verdict, whatever the grade says */
    return a.revision > 0 ? (int)a.grade : GRADE_NOT_JUDGED;
}

int cmd_gate(int argc, char **argv)
{
    const char *server = NULL, *wait_text = "20m";
    const struct opt opts[] = {
        {"wait", "TIME",
         "how long to wait, such as 20m; 0 asks once; 20m when not given", &wait_text},
        CMD_SERVER_OPT(&server),
        {0},
    };
    const struct opt_program program = {
        .name = "aftercheck gate",
        .synopsis = "CHANGE",
        .about = "Waits until what was changed so far has been looked at to the end, "
                 "or until "
                 "it must be handled, prints the verdict and exits with its grade.",
        .more = "Exit: 0 ok, 1 attention, 2 must-handle (also wrong usage), 3 "
                "not-judged (also "
                "when the service cannot be reached or does not know the change).",
        .opts = opts,
    };
    int first = opt_parse(&program, argc, argv);
    struct err err = {0};
    span wait;
    if (first + 1 != argc) {
        err_set(&err, 0, "name one change; see --help");
        return cmd_fail("gate", EXIT_USAGE, &err);
    }
    if (span_parse(wait_text, &wait, &err) < 0)
        return cmd_fail("gate", EXIT_USAGE, &err);
    struct httpc *c = cmd_connect(server);
    if (c == NULL)
        return GRADE_NOT_JUDGED;
    int code = wait_for(c, argv[first], wait);
    httpc_free(&c);
    return code;
}
