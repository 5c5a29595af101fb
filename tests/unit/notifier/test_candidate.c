/* tests of notifier/candidate */
#include "notifier/candidate.h"

#include "tests/unit/notifier/store.h"

static const instant AT = {1795255200000 + 3600000}; /* an hour after SAMPLE_START */

/* A change that began `minutes` before AT, on one host. */
static struct change_row row_of(const char *id, const char *service, const char *host,
                                int minutes, enum grade g)
{
    struct change *c = calloc(1, sizeof *c);
    c->change_id = strdup(id);
    c->service = strdup(service);
    c->start = (instant){AT.ms - minutes * INT64_C(60000)};
    c->end = c->start;
    c->finished = true;
    c->n_hosts = 1;
    c->host = calloc(1, sizeof *c->host);
    c->host[0] =
        (struct change_host){.name = strdup(host), .pivot = c->start, .done = c->start};
    return (struct change_row){
        .change = c, .has_verdict = g != GRADE_N, .grade = g, .final = true};
}

static const char *order(const struct candidate_ask *ask, struct change_row *rows,
                         size_t n)
{
    static char text[200];
    struct candidate c[8];
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        found += candidate_of(ask, &rows[i], NULL, &c[found]);
    candidates_sort(c, found);
    text[0] = '\0';
    for (size_t i = 0; i < found; i++) {
        strcat(text, i > 0 ? " " : "");
        strcat(text, c[i].row->change->change_id);
    }
    return text;
}

static void drop(struct change_row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        change_free(&rows[i].change);
}

TEST(the_nearer_the_closer_and_the_worse_the_likelier)
{
    struct change_row rows[] = {
        row_of("far", "pay", "h1", 600, GRADE_MUST_HANDLE),
        row_of("ok", "pay", "h2", 5, GRADE_OK),
        row_of("bad", "pay", "h2", 20, GRADE_MUST_HANDLE),
        row_of("host", "shop", "h9", 20, GRADE_ATTENTION),
        row_of("other", "shop", "h8", 1, GRADE_MUST_HANDLE),
        row_of("callee", "bank", "h7", 10, GRADE_ATTENTION),
        row_of("later", "pay", "h1", -10, GRADE_MUST_HANDLE),
    };
    size_t n = sizeof rows / sizeof *rows;
    const char *callees[] = {"audit", "bank"};
    struct candidate_ask ask = {
        .at = AT, .service = "pay", .host = "h9", .callees = callees, .n_callees = 2};
    CHECK_TEXT(order(&ask, rows, n), "bad host callee ok far");
    ask.host = NULL;
    CHECK_TEXT(order(&ask, rows, n), "bad callee ok far");
    ask.service = NULL; /* whatever changed */
    CHECK_TEXT(order(&ask, rows, n), "other bad callee host ok far");
    drop(rows, n);
}

TEST(it_says_why)
{
    struct change_row rows[] = {row_of("a", "pay", "h1", 5, GRADE_MUST_HANDLE),
                                row_of("b", "bank", "h2", 0, GRADE_N)};
    const char *callees[] = {"bank"};
    struct candidate_ask ask = {
        .at = AT, .service = "pay", .callees = callees, .n_callees = 1};
    OWNED_VERDICT *v = verdict_new("a");
    struct finding *f = verdict_add(v);
    struct candidate c;
    OWNED_BUF words = {0};
    f->grade = GRADE_MUST_HANDLE;
    f->title = strdup("CPU use");
    f->host = strdup("h1");
    f->first_seen = (instant){AT.ms - 60000};
    CHECK(candidate_of(&ask, &rows[0], v, &c));
    candidate_reasons(&ask, &c, &words);
    CHECK_TEXT(buf_text(&words), "It changed this service 5 minutes before. First seen "
                                 "21 Nov 2026 10:59:00 UTC: CPU use on h1.");
    buf_clear(&words);
    CHECK(candidate_of(&ask, &rows[1], NULL, &c));
    candidate_reasons(&ask, &c, &words);
    CHECK_TEXT(buf_text(&words),
               "It changed a service that this one calls, bank, at that time.");
    f->first_seen = (instant){AT.ms - 3600000};
    CHECK(candidate_of(&ask, &rows[0], v, &c));
    CHECK(c.near == NULL);
    drop(rows, 2);
}

TEST(a_change_that_runs_counts_from_its_last_touch)
{
    struct change_row rows[] = {row_of("a", "pay", "h1", 300, GRADE_N)};
    struct candidate_ask ask = {.at = AT, .service = "pay"};
    struct candidate c;
    rows[0].change->host[0].pivot = (instant){AT.ms - 60000};
    rows[0].change->host[0].done = (instant){AT.ms + 900000}; /* still to come then */
    CHECK(candidate_of(&ask, &rows[0], NULL, &c));
    CHECK_INT(c.moment.ms, AT.ms - 60000);
    drop(rows, 1);
}
