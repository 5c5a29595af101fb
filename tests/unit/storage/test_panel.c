/* tests of storage/panel */
#include "storage/history.h"
#include "storage/panel.h"
#include "tests/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP_MS = 60000, ROWS = 300 };
static const instant start = {1000000LL * STEP_MS};

/* A history that tests make up; the linker takes its functions before the library's. */
struct history {
    const char *broken_host;
    span step;
    size_t asked;
    instant from, to;
};

int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err)
{
    h->asked++;
    h->from = from;
    h->to = to;
    if (strcmp(u->who.host, h->broken_host) == 0)
        return err_set(err, EIO, "%s cannot be read", u->who.host);
    u->past = (struct track){.from = from, .step = h->step, .rows = 2};
    u->past.cells = calloc(2 * (size_t)u->n_metrics, sizeof(float));
    return 0;
}

span history_step(const struct history *h, instant from, instant to)
{
    (void)from, (void)to;
    return h->step;
}

static struct windows *store(void)
{
    struct windows_spec spec = {
        .step = {STEP_MS}, .rows = ROWS, .bytes_max = 1ULL << 32};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL);
    return w;
}

static instant row(int64_t k)
{
    return (instant){start.ms + k * STEP_MS};
}

static void put(struct windows *w, const struct entity *e, const char *metric,
                int64_t k, float v)
{
    uint32_t m = windows_metric(w, metric, strlen(metric), MERGE_SUM);
    CHECK(windows_put(w, windows_entity(w, e), row(k), 1, &m, &v, NULL) ==
          WINDOWS_PUT_OK);
}

static struct entity host(const char *name, const char *service)
{
    return (struct entity){.kind = ENTITY_HOST, .host = name, .service = service};
}

static struct entity edge(const char *caller, const char *callee, const char *from_host)
{
    return (struct entity){.kind = ENTITY_EDGE,
                           .caller = caller,
                           .callee = callee,
                           .caller_host = from_host};
}

/* Two services and their calls, in an order that is not the sorted one. */
static void fill(struct windows *w)
{
    const struct entity all[] = {
        edge("cart", "pay", "h9"),
        host("h2", "pay"),
        host("h1", ""),
        {.kind = ENTITY_SERVICE, .service = "pay"},
        host("h1", "pay"),
        host("h3", "cart"),
        host("h3", ""),
        edge("web", "cart", "h2"),
        host("h1", "log"),
        {.kind = ENTITY_SERVICE, .service = "cart"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        put(w, &all[i], "z.last", 0, 1);
        put(w, &all[i], i % 2 == 0 ? "a.first" : "b.second", 0, 2);
    }
}

static const char *kind_names[] = {"host", "service", "edge"};

static void check_units(struct windows *w, const struct panel_ask *ask,
                        const char *want)
{
    struct err err = {0};
    struct panel *p = panel_gather(w, NULL, ask, &err);
    CHECK(p != NULL);
    char got[1000] = "";
    size_t len = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct entity *e = &p->unit[i].who;
        len += (size_t)snprintf(got + len, sizeof got - len, "%s:%s%s%s/%s%s%s ",
                                kind_names[e->kind], e->host, e->caller,
                                e->kind == ENTITY_EDGE ? ">" : "", e->service,
                                e->callee, e->caller_host);
    }
    CHECK_TEXT(got, want);
    panel_free(&p);
    CHECK(p == NULL);
}

static struct panel_ask ask_rows(int64_t from, int64_t to)
{
    return (struct panel_ask){.hot_from = row(from), .hot_to = row(to)};
}

TEST(a_service_brings_its_units_and_the_host_level_of_its_hosts)
{
    struct windows *w = store();
    fill(w);
    struct panel_ask ask = ask_rows(0, 1);
    ask.service = "pay";
    check_units(w, &ask, "host:h1/ host:h1/pay host:h2/pay service:/pay ");
    ask.service = "nobody";
    check_units(w, &ask, "");
    windows_close(&w);
}

TEST(hosts_bring_all_their_units_and_nothing_comes_twice)
{
    struct windows *w = store();
    fill(w);
    struct panel_ask ask = ask_rows(0, 1);
    ask.hosts = (const char *const[]){"h1", "h3", "nobody", "h1"};
    ask.n_hosts = 4;
    check_units(w, &ask, "host:h1/ host:h1/log host:h1/pay host:h3/ host:h3/cart ");
    ask.service = "pay";
    check_units(w, &ask,
                "host:h1/ host:h1/log host:h1/pay host:h2/pay host:h3/ host:h3/cart "
                "service:/pay ");
    windows_close(&w);
}

TEST(edges_come_by_service_and_by_host_when_asked_for)
{
    struct windows *w = store();
    fill(w);
    struct panel_ask ask = ask_rows(0, 1);
    ask.edges = true;
    ask.service = "cart";
    check_units(
        w, &ask,
        "host:h3/ host:h3/cart service:/cart edge:cart>/payh9 edge:web>/carth2 ");
    ask.service = NULL;
    ask.hosts = (const char *const[]){"h2"};
    ask.n_hosts = 1;
    check_units(w, &ask, "host:h2/pay edge:web>/carth2 ");
    ask.edges = false;
    check_units(w, &ask, "host:h2/pay ");
    windows_close(&w);
}

TEST(metrics_are_sorted_and_cells_go_with_them)
{
    struct windows *w = store();
    struct entity e = host("h1", "pay"), f = host("h2", "pay");
    static const char *const names[] = {"m", "z", "b", "a.long", "a"};
    for (int i = 0; i < 5; i++)
        for (int k = 0; k < 4; k++) {
            put(w, &e, names[i], k, (float)(10 * k + i));
            if (i > 0)
                put(w, &f, names[5 - i], k, (float)(100 + 10 * k + 5 - i));
        }
    struct panel_ask ask = ask_rows(1, 5);
    ask.service = "pay";
    struct panel *p = panel_gather(w, NULL, &ask, NULL);
    windows_close(&w); /* the panel stands alone */
    CHECK(p != NULL && p->n == 2 && p->unit[0].n_metrics == 5);
    static const char *const sorted[] = {"a", "a.long", "b", "m", "z"};
    static const int was[] = {4, 3, 2, 0, 1};
    for (int i = 0; i < 5; i++) {
        const struct unit *u = &p->unit[0];
        CHECK_TEXT(u->metric[i], sorted[i]);
        CHECK(u->merge[i] == MERGE_SUM && unit_metric(u, sorted[i]) == i);
        for (int k = 1; k < 4; k++)
            CHECK_NEAR(u->hot.cells[(k - 1) * 5 + i], 10 * k + was[i], 0);
        CHECK(isnan(u->hot.cells[3 * 5 + i]));
    }
    const struct unit *u = &p->unit[1];
    CHECK(u->n_metrics == 4 && unit_metric(u, "m") == -1 && unit_metric(u, "") == -1);
    CHECK_NEAR(u->hot.cells[unit_metric(u, "z")], 111, 0);
    CHECK(u->hot.rows == 4 && u->hot.step.ms == STEP_MS && u->past.rows == 0);
    panel_free(&p);
}

TEST(the_window_is_widened_to_whole_steps)
{
    struct windows *w = store();
    fill(w);
    struct panel_ask ask = {
        .service = "pay", .hot_from = {row(0).ms + 1}, .hot_to = {row(2).ms + 1}};
    struct panel *p = panel_gather(w, NULL, &ask, NULL);
    CHECK(p->hot_from.ms == row(0).ms && p->hot_to.ms == row(3).ms);
    CHECK(p->unit[0].hot.from.ms == row(0).ms && p->unit[0].hot.rows == 3);
    panel_free(&p);
    windows_close(&w);
}

TEST(an_entity_without_samples_is_a_unit_without_metrics)
{
    struct windows *w = store();
    struct entity e = host("h1", "pay");
    windows_entity(w, &e);
    struct panel_ask ask = ask_rows(0, 3);
    ask.service = "pay";
    ask.past = (span){STEP_MS};
    struct panel *p = panel_gather(w, NULL, &ask, NULL);
    CHECK(p != NULL && p->n == 1 && p->unit[0].n_metrics == 0);
    CHECK(unit_metric(&p->unit[0], "a") == -1);
    panel_free(&p);
    windows_close(&w);
}

TEST(without_a_history_the_past_comes_from_rows_still_kept)
{
    struct windows *w = store();
    struct entity e = host("h1", "pay"), f = host("h2", "pay");
    for (int k = 20; k < 100; k++)
        put(w, &e, "a", k, (float)k);
    for (int k = 60; k < 100; k++)
        put(w, &f, "a", k, (float)k);
    struct panel_ask ask = ask_rows(90, 100);
    ask.service = "pay";
    ask.past = (span){30 * STEP_MS};
    struct panel *p = panel_gather(w, NULL, &ask, NULL);
    CHECK(p->unit[0].past.from.ms == row(60).ms && p->unit[0].past.rows == 30);
    CHECK(p->unit[0].past.cells[29] == 89 && p->unit[0].hot.cells[0] == 90);
    panel_free(&p);
    ask.past = (span){1000 * STEP_MS}; /* farther than anything goes back */
    p = panel_gather(w, NULL, &ask, NULL);
    for (int i = 0; i < 2; i++)
        CHECK(p->unit[i].past.from.ms == row(20).ms && p->unit[i].past.rows == 70);
    CHECK(p->unit[0].past.cells[0] == 20 && isnan(p->unit[1].past.cells[39]));
    CHECK(p->unit[1].past.cells[40] == 60);
    panel_free(&p);
    ask = ask_rows(10, 20); /* nothing is older */
    ask.service = "pay";
    ask.past = (span){5 * STEP_MS};
    p = panel_gather(w, NULL, &ask, NULL);
    CHECK(p->unit[0].past.rows == 0 && p->unit[0].hot.rows == 10);
    panel_free(&p);
    windows_close(&w);
}

TEST(a_history_that_cannot_be_read_costs_one_unit_its_past)
{
    struct windows *w = store();
    fill(w);
    struct history h = {.broken_host = "h2", .step = {5 * STEP_MS}};
    struct panel_ask ask = ask_rows(0, 2);
    ask.service = "pay";
    ask.past = (span){100 * STEP_MS};
    struct err err = {0};
    struct panel *p = panel_gather(w, &h, &ask, &err);
    CHECK(p != NULL && p->n == 4 && h.asked == 4);
    CHECK(h.from.ms == row(-100).ms && h.to.ms == row(0).ms);
    CHECK(p->past_failed == 1 && strstr(err.text, "h2") != NULL);
    for (size_t i = 0; i < p->n; i++)
        CHECK(p->unit[i].past.rows == (strcmp(p->unit[i].who.host, "h2") == 0 ? 0 : 2));
    panel_free(&p);
    h.asked = 0;
    ask.past = (span){0};
    p = panel_gather(w, &h, &ask, NULL);
    CHECK(h.asked == 0 && p->unit[0].past.rows == 0);
    panel_free(&p);
    windows_close(&w);
}

static void check_same_past(const struct unit *far, const struct unit *near)
{
    struct track t = {.rows = 7};
    CHECK(unit_past(far, &t) == 0);
    CHECK(t.from.ms == near->past.from.ms && t.step.ms == near->past.step.ms);
    CHECK(t.rows == near->past.rows && far->n_metrics == near->n_metrics);
    CHECK(memcmp(t.cells, near->past.cells,
                 (size_t)t.rows * far->n_metrics * sizeof(float)) == 0);
    unit_past_done(far, &t);
    CHECK(t.cells == NULL);
}

TEST(a_past_that_is_left_far_is_the_same_when_it_is_read)
{
    struct windows *w = store();
    for (int k = 0; k < 40; k++)
        for (int m = 0; m < 3; m++) {
            static const char *const name[] = {"c", "a", "b"};
            struct entity e = host(m == 2 ? "h1" : "h2", "pay");
            put(w, &e, name[m], k, (float)(k * 3 + m));
        }
    struct panel_ask ask = ask_rows(30, 40);
    ask.service = "pay";
    ask.past = (span){100 * STEP_MS};
    struct panel *near = panel_gather(w, NULL, &ask, NULL);
    ask.far = true;
    struct panel *far = panel_gather(w, NULL, &ask, NULL);
    CHECK(near->n == 2 && far->n == 2);
    for (size_t i = 0; i < far->n; i++) {
        instant from;
        span step;
        CHECK(far->unit[i].past.rows == 0);
        CHECK(unit_past_reach(&far->unit[i], &from, &step));
        CHECK(from.ms == row(0).ms && step.ms == STEP_MS);
        check_same_past(&far->unit[i], &near->unit[i]);
        check_same_past(&near->unit[i], &near->unit[i]);
    }
    panel_free(&near);
    /* a metric that comes later is not in the panel, nor in the past read for it */
    struct entity e = host("h2", "pay");
    put(w, &e, "aa", 35, 1);
    struct track t;
    CHECK(unit_past(&far->unit[1], &t) == 0 && far->unit[1].n_metrics == 2);
    CHECK_NEAR(t.cells[2 * 20 + 0], 20 * 3 + 1, 0);
    CHECK_NEAR(t.cells[2 * 20 + 1], 20 * 3, 0);
    unit_past_done(&far->unit[1], &t);
    panel_free(&far);
    windows_close(&w);
}

TEST(a_far_past_that_cannot_be_read_is_empty_and_counted)
{
    struct windows *w = store();
    fill(w);
    struct history h = {.broken_host = "h2", .step = {5 * STEP_MS}};
    struct panel_ask ask = ask_rows(0, 2);
    ask.service = "pay";
    ask.past = (span){100 * STEP_MS};
    ask.far = ask.edges = true;
    struct panel *p = panel_gather(w, &h, &ask, NULL);
    size_t edges = 0;
    for (size_t i = 0; i < p->n; i++)
        edges += p->unit[i].who.kind == ENTITY_EDGE;
    CHECK(edges > 0 && h.asked == edges); /* calls have theirs at once */
    for (size_t i = 0; i < p->n; i++) {
        struct track t;
        bool broken = strcmp(p->unit[i].who.host, "h2") == 0;
        CHECK(unit_past(&p->unit[i], &t) == 0);
        CHECK(t.rows == (broken ? 0 : 2));
        unit_past_done(&p->unit[i], &t);
    }
    CHECK(panel_past_failed(p) == 1 && h.asked == p->n);
    panel_free(&p);
    windows_close(&w);
}

TEST(a_senseless_ask_is_refused)
{
    struct windows *w = store();
    struct panel_ask bad[] = {ask_rows(1, 0), ask_rows(0, WINDOWS_ROWS_MAX + 1),
                              ask_rows(0, 1), ask_rows(0, 1), ask_rows(0, 1)};
    bad[2].past = (span){-1};
    bad[3].hot_from = INSTANT_NONE;
    bad[4].hot_to = INSTANT_FAR;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err err = {0};
        CHECK(panel_gather(w, NULL, &bad[i], &err) == NULL);
        CHECK_INT(err.code, EINVAL);
    }
    struct panel *none = NULL;
    panel_free(&none);
    windows_close(&w);
}

TEST(the_order_of_arrival_does_not_show)
{
    struct panel *p[2];
    for (int turn = 0; turn < 2; turn++) {
        struct windows *w = store();
        for (int i = 0; i < 50; i++)
            for (int m = 0; m < 7; m++) {
                char name[20], metric[20];
                int at = turn == 0 ? i : 49 - i, of = turn == 0 ? m : (m * 3 + at) % 7;
                snprintf(name, sizeof name, "h%d", at);
                snprintf(metric, sizeof metric, "m%d", of);
                struct entity e = host(name, at % 3 == 0 ? "" : "pay");
                put(w, &e, metric, 0, (float)(at * 10 + of));
            }
        struct panel_ask ask = ask_rows(0, 1);
        ask.service = "pay";
        p[turn] = panel_gather(w, NULL, &ask, NULL);
        windows_close(&w);
    }
    CHECK(p[0]->n == 33 && p[1]->n == 33);
    for (size_t i = 0; i < p[0]->n; i++) {
        CHECK_TEXT(p[0]->unit[i].who.host, p[1]->unit[i].who.host);
        CHECK(memcmp(p[0]->unit[i].hot.cells, p[1]->unit[i].hot.cells,
                     7 * sizeof(float)) == 0);
    }
    panel_free(&p[0]);
    panel_free(&p[1]);
}
