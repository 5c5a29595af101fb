/* analyzer/evidence.c - gathers single events from the ledger; runs on the analyzer's
 * thread. */
#include "analyzer/evidence.h"

#include "base/order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int by_coarse(const void *a, const void *b)
{
    return strcmp(((const struct core_past *)a)->coarse,
                  ((const struct core_past *)b)->coarse);
}

void evidence_free(struct evidence *e)
{
    core_rows_free(&e->core, e->cores.n);
    for (size_t i = 0; i < e->cores.n_pasts; i++)
        core_past_clear(&e->past[i]);
    free(e->past);
    alarm_rows_free(&e->alarm, e->alarms.n);
    test_rows_free(&e->tests);
    free(e->hosts);
    *e = (struct evidence){0};
}

static int list_hosts(const struct evidence_ask *ask, struct evidence *e,
                      struct err *err)
{
    const struct panel *panel = ask->panel;
    e->hosts = calloc(ask->ask->n_hosts + panel->n + 1, sizeof *e->hosts);
    if (e->hosts == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < ask->ask->n_hosts; i++)
        e->hosts[e->n_hosts++] = ask->ask->hosts[i];
    for (size_t i = 0; i < panel->n; i++)
        if (panel->unit[i].who.kind == ENTITY_HOST)
            e->hosts[e->n_hosts++] = panel->unit[i].who.host;
    qsort(e->hosts, e->n_hosts, sizeof *e->hosts, order_texts);
    return 0;
}

/* The panel begins one window before the first pivot. */
static instant first_pivot(const struct evidence_ask *ask)
{
    return instant_add(ask->ask->hot_from, ask->windows->before);
}

/* The past of every crash in the rows, each once. */
static int remember_crashes(struct ledger *l, instant before, struct evidence *e,
                            struct err *err)
{
    struct core_facts *f = &e->cores;
    e->past = calloc(f->n + 1, sizeof *e->past);
    if (e->past == NULL)
        return err_set(err, ENOMEM, "out of memory");
    for (size_t i = 0; i < f->n; i++)
        memcpy(e->past[i].coarse, e->core[i].print.coarse, FINGERPRINT_TEXT_MAX);
    qsort(e->past, f->n, sizeof *e->past, by_coarse);
    f->past = e->past;
    for (size_t i = 0; i < f->n; i++) {
        struct core_past *to = &e->past[f->n_pasts];
        if (f->n_pasts > 0 && by_coarse(to - 1, &e->past[i]) == 0)
            continue;
        struct core_past past;
        if (ledger_core_first_seen(l, e->past[i].coarse, before, &past, err) < 0)
            return -1;
        *to = past;
        f->n_pasts++;
    }
    return 0;
}

static int find_cores(struct ledger *l, const struct evidence_ask *ask,
                      struct evidence *e, struct err *err)
{
    struct core_ask cores = {.service = ask->ask->service,
                             .hosts = e->hosts,
                             .n_hosts = e->n_hosts,
                             .from = ask->ask->hot_from,
                             .to = ask->ask->hot_to};
    if (ledger_cores_since(l, &e->cores.since, err) < 0 ||
        ledger_cores(l, &cores, &e->core, &e->cores.n, err) < 0)
        return -1;
    e->cores.row = e->core;
    return remember_crashes(l, first_pivot(ask), e, err);
}

static int find_alarms(struct ledger *l, const struct evidence_ask *ask,
                       struct evidence *e, struct err *err)
{
    instant day = {first_pivot(ask).ms - ALARM_PAST_HOURS * 3600000ll};
    struct alarm_ask alarms = {.service = ask->ask->service,
                               .hosts = e->hosts,
                               .n_hosts = e->n_hosts,
                               .from = ask->ask->hot_from,
                               .to = ask->ask->hot_to};
    if (day.ms < alarms.from.ms)
        alarms.from = day;
    if (ledger_alarms_since(l, &e->alarms.since, err) < 0 ||
        ledger_alarms(l, &alarms, &e->alarm, &e->alarms.n, err) < 0)
        return -1;
    e->alarms.row = e->alarm;
    return 0;
}

static int find_tests(struct ledger *l, const struct evidence_ask *ask,
                      struct evidence *e, struct err *err)
{
    struct test_ask tests = {.change_id = ask->change->change_id,
                             .service = ask->change->service,
                             .since = first_pivot(ask),
                             .to = ask->ask->hot_to};
    return ledger_tests(l, &tests, &e->tests, err);
}

int evidence_gather(struct ledger *l, const struct evidence_ask *ask,
                    struct evidence *ret_evidence, struct err *err)
{
    struct evidence *e = ret_evidence;
    *e = (struct evidence){.cores = {.since = INSTANT_NONE},
                           .alarms = {.since = INSTANT_NONE}};
    if (list_hosts(ask, e, err) < 0 || find_cores(l, ask, e, err) < 0 ||
        find_alarms(l, ask, e, err) < 0)
        return -1;
    return find_tests(l, ask, e, err);
}
