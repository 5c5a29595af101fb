/* tests of storage/panel_old */
#include "storage/panel_old.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEP_MS = 60000, ROWS = 30 };
static const int64_t start_ms = 1795255200000; /* 2026-11-21T10:00:00Z */

/* A history that the test makes up; the linker takes its functions before the
 * library's. */
struct history {
    span step, unlike; /* unlike: what h2 has */
};

int history_read(struct history *h, struct unit *u, instant from, instant to,
                 struct err *err)
{
    (void)err;
    u->past = (struct track){.from = from, .step = h->step};
    if (strcmp(u->who.host, "h3") == 0)
        return 0; /* no file */
    if (strcmp(u->who.host, "h2") == 0 && h->unlike.ms > 0)
        u->past.step = h->unlike;
    u->past.rows = (uint32_t)((to.ms - from.ms) / u->past.step.ms);
    u->past.cells = calloc(u->past.rows * (size_t)u->n_metrics + 1, sizeof(float));
    for (uint32_t i = 0; i < u->past.rows; i++)
        u->past.cells[(size_t)i * u->n_metrics] = (float)(100 + i);
    return 0;
}

span history_step(const struct history *h, instant from, instant to)
{
    (void)from, (void)to;
    return h->step;
}

static struct windows *store(int64_t newest_row)
{
    struct windows_spec spec = {.step = {STEP_MS}, .rows = ROWS, .bytes_max = 64 << 20};
    struct err note = {0}, err = {0};
    struct windows *w = windows_open(&spec, &note, &err);
    CHECK(w != NULL);
    for (int i = 1; i <= 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "h%d", i % 10);
        const struct entity who = {.kind = ENTITY_HOST, .host = name, .service = "pay"};
        uint32_t e = windows_entity(w, &who),
                 m = windows_metric(w, "cpu", 3, MERGE_MEAN);
        float v = 7;
        CHECK_INT(windows_put(w, e, (instant){start_ms + newest_row * STEP_MS}, 1, &m,
                              &v, NULL),
                  WINDOWS_PUT_OK);
    }
    return w;
}

static struct panel *gather(struct windows *w, int64_t from, int64_t to)
{
    struct err err = {0};
    const struct panel_ask ask = {.service = "pay",
                                  .hot_from = {start_ms + from * STEP_MS},
                                  .hot_to = {start_ms + to * STEP_MS}};
    struct panel *p = panel_gather(w, NULL, &ask, &err);
    CHECK(p != NULL && p->n == 3);
    return p;
}

TEST(rows_that_the_windows_keep_are_left_as_they_are)
{
    struct windows *w = store(20);
    struct history h = {.step = {300000}};
    struct panel *p = gather(w, 0, 21);
    struct panel_old old;
    struct err err = {0};
    CHECK_INT(panel_old_fill(p, w, &h, &old, &err), 0);
    CHECK(!old.from_history && old.step.ms == STEP_MS && old.failed == 0);
    CHECK(p->unit[0].hot.cells[20] == 7);
    panel_free(&p);
    windows_close(&w);
}

TEST(older_rows_come_from_history_all_of_one_step_and_widened_to_whole_ones)
{
    struct windows *w = store(100);
    struct history h = {.step = {300000}};
    struct panel *p = gather(w, 3, 17);
    struct panel_old old;
    struct err err = {0};
    CHECK_INT(panel_old_fill(p, w, &h, &old, &err), 0);
    CHECK(old.from_history && old.step.ms == 300000 && old.failed == 0);
    CHECK_INT(p->hot_from.ms, start_ms);
    CHECK_INT(p->hot_to.ms, start_ms + 20 * STEP_MS);
    for (size_t i = 0; i < p->n; i++) {
        CHECK_INT(p->unit[i].hot.rows, 4);
        CHECK_INT(p->unit[i].hot.from.ms, start_ms);
        CHECK_INT(p->unit[i].hot.step.ms, 300000);
    }
    CHECK(p->unit[0].hot.cells[0] == 100 && p->unit[0].hot.cells[3] == 103);
    CHECK(isnan(p->unit[2].hot.cells[0])); /* h3 has no file */
    panel_free(&p);
    windows_close(&w);
}

TEST(a_unit_with_rows_of_another_step_is_unknown_and_counted)
{
    struct windows *w = store(100);
    struct history h = {.step = {300000}, .unlike = {600000}};
    struct panel *p = gather(w, 0, 20);
    struct panel_old old;
    struct err err = {0};
    CHECK_INT(panel_old_fill(p, w, &h, &old, &err), 0);
    CHECK_INT(old.failed, 1);
    CHECK(p->unit[0].hot.cells[0] == 100 && isnan(p->unit[1].hot.cells[0]));
    CHECK_INT(p->unit[1].hot.rows, 4);
    panel_free(&p);
    windows_close(&w);
}

TEST(without_a_history_nothing_is_replaced)
{
    struct windows *w = store(100);
    struct panel *p = gather(w, 0, 20);
    struct panel_old old;
    struct err err = {0};
    CHECK_INT(panel_old_fill(p, w, NULL, &old, &err), 0);
    CHECK(!old.from_history && isnan(p->unit[0].hot.cells[0]));
    panel_free(&p);
    windows_close(&w);
}
