/* analyzer/part.c - from a case to the series that are learned.  Pure; a part is one
 * thread's, which starts others for its rounds. */
#include "analyzer/part.h"
#include "analyzer/align.h"
#include "analyzer/control.h"
#include "analyzer/glance.h"
#include "analyzer/learn.h"
#include "analyzer/probes.h"
#include "analyzer/series.h"
#include "analyzer/spike.h"

#include <errno.h>
#include <stdlib.h>

struct part {
    struct ruleset *rules; /* in force for the change */
    struct lineup lineup;
    struct controls controls;
    struct series_list series;
    struct learn_case learn_case;
    struct learn *learn;
};

static const struct windows_rule *windows_of(const struct judge_case *jc)
{
    return ruleset_windows(jc->rules, jc->change);
}

int part_lived(const struct judge_case *jc, struct gather_share own, signed char *lived,
               struct err *err)
{
    instant until = align_lived_until(jc->change, windows_of(jc));
    return learn_lived(jc->panel, until, own, lived, err);
}

static struct part *part_new(const struct judge_case *jc, struct gather_share own,
                             struct err *err)
{
    struct part *p = calloc(1, sizeof *p);
    if (p == NULL)
        return err_set(err, ENOMEM, "out of memory"), NULL;
    p->learn_case = (struct learn_case){.lineup = &p->lineup,
                                        .controls = &p->controls,
                                        .series = &p->series,
                                        .threads = jc->threads,
                                        .own = own};
    p->rules = ruleset_in_force(jc->rules, jc->change, err);
    if (p->rules == NULL ||
        align(jc->change, jc->nearby, jc->n_nearby, jc->panel, windows_of(jc),
              jc->checkpoint.ends, &p->lineup, err) < 0) {
        part_free(&p);
        return NULL;
    }
    p->lineup.ahead = jc->ahead;
    if (control_choose(&p->lineup, &p->controls, err) < 0 ||
        series_list(&p->lineup, p->rules, ruleset_for_series, &p->series, err) < 0)
        part_free(&p);
    return p;
}

struct part *part_open(const struct judge_case *jc, struct gather_share own,
                       struct err *err)
{
    struct part *p = part_new(jc, own, err);
    if (p != NULL && (p->learn = learn_open(&p->learn_case, err)) == NULL)
        part_free(&p);
    return p;
}

int part_round(struct part *p, const struct buf *taken, struct buf *ret_give,
               struct err *err)
{
    return learn_round(p->learn, taken, ret_give, err);
}

struct habit *part_end(struct part **p)
{
    struct habit *h = learn_end(&(*p)->learn);
    part_free(p);
    return h;
}

void part_free(struct part **p)
{
    if (*p == NULL)
        return;
    learn_free(&(*p)->learn);
    series_list_free(&(*p)->series);
    controls_free(&(*p)->controls);
    lineup_free(&(*p)->lineup);
    ruleset_free(&(*p)->rules);
    free(*p);
    *p = NULL;
}

/* Who has to be asked, and what their days say; nobody is where more than `most` seem
 * to have to. */
static int look(const struct part *p, struct gather_share own, size_t most,
                struct buf *give, struct err *err)
{
    struct seats seats = {0};
    struct glances g = {0};
    int rc =
        seats_of_members(&p->lineup, &p->series, &seats) == 0
            ? glance(&p->lineup, &p->series, &seats, p->learn_case.threads, &g, err)
            : err_set(err, ENOMEM, "out of memory");
    const struct spikes_case c = {.lineup = &p->lineup,
                                  .series = &p->series,
                                  .seats = &seats,
                                  .hint = g.hint,
                                  .threads = p->learn_case.threads};
    if (rc == 0 && spikes_seeming(&c) <= most)
        rc = spikes_ask(&c, own, give, err);
    glances_free(&g);
    seats_free(&seats);
    return rc;
}

int part_look(const struct judge_case *jc, struct gather_share own,
              struct buf *ret_spikes, struct buf *ret_probes, struct err *err)
{
    struct part *p = part_new(jc, own, err);
    int rc = p != NULL ? look(p, own, SIZE_MAX, ret_spikes, err) : -1;
    if (rc == 0)
        rc = probes_ask(&p->lineup, p->rules, own, ret_probes, err);
    part_free(&p);
    return rc;
}

/* Series that move on many hosts at once are told as levels, and then no day is asked
 * for; that is only known at the look.  So days are read ahead where few are needed. */
enum { DAYS_FEW = 64, DAYS_SHARE = 16 /* and one of so many members */ };

int part_days(const struct judge_case *jc, struct buf *ret_days, struct err *err)
{
    const struct gather_share all = {0, GATHER_BUCKETS};
    struct part *p = part_new(jc, all, err);
    int rc = p != NULL ? look(p, all, DAYS_FEW + p->series.n_members / DAYS_SHARE,
                              ret_days, err)
                       : -1;
    part_free(&p);
    return rc == 0 ? spikes_order(ret_days, err) : -1;
}

int part_all(const struct judge_case *jc, const struct habit *had,
             struct habit **ret_habit, struct err *err)
{
    struct habit *h = NULL;
    struct part *p = part_new(jc, (struct gather_share){0, GATHER_BUCKETS}, err);
    int rc = p != NULL ? 0 : -1;
    if (rc == 0 && (had == NULL ||
                    had->print != habit_print(&p->lineup, &p->controls, &p->series))) {
        h = learn_all(&p->learn_case, err);
        rc = h != NULL ? 0 : -1;
    }
    part_free(&p);
    if (rc == 0)
        *ret_habit = h;
    return rc;
}
