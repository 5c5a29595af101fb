/* analyzer/findings.c - findings, folded and put into words.
 *
 * What must hold: equal evidence gives equal bytes - hosts and findings are ordered by
 * their numbers and then by their texts.  Pure, any thread. */
#include "analyzer/findings.h"
#include "analyzer/words.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- texts --- */

static char *copy(struct teller *t, const char *text)
{
    char *s = text != NULL ? strdup(text) : NULL;
    t->failed |= text != NULL && s == NULL;
    return s;
}

static char *give(struct teller *t, struct buf *b)
{
    char *s = buf_give(b);
    t->failed |= s == NULL;
    return s;
}

static const char *service_of(const struct teller *t, const char *label)
{
    return label != NULL && *label != '\0' ? label : t->lineup->change->service;
}

/* --- a finding's frame --- */

static struct finding *begin(struct teller *t, const struct rule *r,
                             enum finding_kind kind, enum grade grade, bool recovered)
{
    struct finding *f = verdict_add(t->verdict);
    if (f == NULL) {
        t->failed = true;
        return NULL;
    }
    f->kind = kind;
    f->grade = recovered || r->shadow ? GRADE_OK : grade;
    f->recovered = recovered;
    f->rule = copy(t, r->id);
    f->title = copy(t, r->title);
    f->advice = copy(t, r->advice);
    f->runbook = copy(t, r->runbook);
    f->owner = copy(t, r->owner);
    f->weight = r->weight;
    f->confidence = 1;
    f->first_seen = INSTANT_NONE;
    return f;
}

/* Ends the sentence of a finding. */
static void say(struct teller *t, struct finding *f, struct buf *words,
                const struct rule *r, enum grade grade)
{
    if (f->recovered)
        buf_add(words, "; it is over again");
    if (r->shadow)
        buf_addf(words, " (rule in shadow: would be %s)", grade_name(grade));
    f->because = give(t, words);
}

/* "on h1", "on 12 of 14 changed hosts", "". */
static void say_hosts(struct buf *b, const struct finding *f, size_t of)
{
    if (f->n_hosts == 1)
        buf_addf(b, " on %s", f->hosts[0].name);
    else if (f->n_hosts > 1)
        buf_addf(b, " on %zu of %zu changed hosts", f->n_hosts, of);
}

/* --- curves --- */

struct range {
    instant from, to, pivot;
};

static void widen(struct range *r, const struct slot *s)
{
    const struct frame *f = &s->frame;
    if (instant_is_none(r->from)) {
        *r = (struct range){f->before_from, f->after_to, s->pivot};
        return;
    }
    if (f->before_from.ms < r->from.ms)
        r->from = f->before_from;
    if (f->after_to.ms > r->to.ms)
        r->to = f->after_to;
    if (s->pivot.ms < r->pivot.ms)
        r->pivot = s->pivot;
}

static const struct range range_none = {{INT64_MIN}, {INT64_MIN}, {INT64_MIN}};

/* Sums of many lanes over the points of a curve. */
struct bins {
    instant from;
    span step;
    size_t n;
    double *sum;
    uint32_t *count;
};

static bool bins_make(struct bins *b, const struct range *r, span step)
{
    *b = (struct bins){0};
    if (step.ms <= 0 || instant_is_none(r->from) || r->to.ms <= r->from.ms)
        return false;
    /* Whole rows only, so that a point is one row wherever that is possible. */
    int64_t first = (r->from.ms + step.ms - 1) / step.ms;
    int64_t rows = r->to.ms / step.ms - first;
    if (rows <= 0)
        return false;
    int64_t fold = (rows + CURVE_POINTS_MAX - 1) / CURVE_POINTS_MAX;
    b->from = (instant){first * step.ms};
    b->step = (span){step.ms * fold};
    b->n = (size_t)((rows + fold - 1) / fold);
    b->sum = calloc(b->n, sizeof *b->sum);
    b->count = calloc(b->n, sizeof *b->count);
    return b->sum != NULL && b->count != NULL;
}

static void bins_free(struct bins *b)
{
    free(b->sum);
    free(b->count);
}

static void bins_add(struct bins *b, instant at, double v)
{
    if (isnan(v) || at.ms < b->from.ms)
        return;
    size_t i = (size_t)((at.ms - b->from.ms) / b->step.ms);
    if (i < b->n) {
        b->sum[i] += v;
        b->count[i]++;
    }
}

static double *bins_means(struct teller *t, const struct bins *b)
{
    double *v = malloc(b->n * sizeof *v);
    if (v == NULL) {
        t->failed = true;
        return NULL;
    }
    for (size_t i = 0; i < b->n; i++)
        v[i] = b->count[i] > 0 ? b->sum[i] / b->count[i] : NAN;
    return v;
}

/* Gives the bins' means to a curve, as its value or its control. */
static void draw(struct teller *t, struct curve *c, const struct bins *b, bool control)
{
    bool any = false;
    for (size_t i = 0; i < b->n; i++)
        any |= b->count[i] > 0;
    if (!any || (control && c->n != b->n))
        return;
    double *v = bins_means(t, b);
    if (v == NULL)
        return;
    if (control) {
        c->control = v;
        return;
    }
    *c = (struct curve){.from = b->from, .step = b->step, .n = b->n, .value = v};
}

static void add_member(struct bins *b, const struct member *m)
{
    const struct track *t = &m->unit->hot;
    for (uint32_t r = 0; r < t->rows; r++)
        bins_add(b, (instant){t->from.ms + (int64_t)r * t->step.ms},
                 t->cells[(size_t)r * m->unit->n_metrics + m->metric]);
}

/* Fills the curve from the members that `which` says (NULL: all) and the controls. */
static void draw_members(struct teller *t, struct finding *f, const struct range *range,
                         const struct member *const *member, size_t n,
                         const struct member *control, size_t n_controls)
{
    struct bins b;
    if (bins_make(&b, range, t->lineup->step)) {
        for (size_t i = 0; i < n; i++)
            add_member(&b, member[i]);
        draw(t, &f->curve, &b, false);
    }
    bins_free(&b);
    if (bins_make(&b, range, t->lineup->step)) {
        const struct frame *frame = &t->lineup->whole.frame;
        size_t stride = (n_controls + LEVEL_CONTROLS_MAX - 1) / LEVEL_CONTROLS_MAX;
        for (size_t i = 0; i < n_controls; i += stride)
            if (control_is_free(t->lineup, control[i].unit->who.host, frame))
                add_member(&b, &control[i]);
        draw(t, &f->curve, &b, true);
    }
    bins_free(&b);
}

/* The first point since the change that shows at least half of the move, and whose next
 * one does so as well. */
static instant first_seen(const struct curve *c, instant pivot, double before,
                          double after)
{
    instant first = INSTANT_NONE;
    for (size_t i = 0; i < c->n; i++) {
        instant at = {c->from.ms + c->step.ms * (int64_t)i};
        if (at.ms < pivot.ms || isnan(c->value[i]))
            continue;
        double share = (c->value[i] - before) / (after - before);
        if (!(share >= 0.5))
            first = INSTANT_NONE;
        else if (!instant_is_none(first))
            return first;
        else
            first = at;
    }
    return first;
}

/* --- hosts --- */

/* A host that a finding speaks of, and how bad it is there. */
struct bad {
    const struct member *member;
    const char *host;
    double before, after, size;
};

static int by_size(const void *a, const void *b)
{
    const struct bad *x = a, *y = b;
    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return strcmp(x->host, y->host);
}

static void list_hosts(struct teller *t, struct finding *f, struct bad *bad, size_t n)
{
    qsort(bad, n, sizeof *bad, by_size);
    f->hosts = calloc(n + 1, sizeof *f->hosts);
    if (f->hosts == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        char *name = copy(t, bad[i].host);
        if (name == NULL)
            return;
        f->hosts[f->n_hosts++] =
            (struct finding_host){name, bad[i].before, bad[i].after};
    }
    if (n == 1)
        f->host = copy(t, bad[0].host);
}

/* --- levels --- */

static void say_figure(struct buf *b, const struct level *l, const struct edge *edge)
{
    if (edge != NULL)
        buf_addf(b, "the mean time of calls %s -> %s:%s", edge->caller, edge->callee,
                 edge->iface);
    else
        buf_add(b, l->metric);
}

/* "the new host n1", "3 of 4 new hosts". */
static void say_new_hosts(struct buf *b, const struct finding *f, size_t of)
{
    if (f->n_hosts == 1)
        buf_addf(b, "the new host %s", f->hosts[0].name);
    else
        buf_addf(b, "%zu of %zu new hosts", f->n_hosts, of);
}

static void say_fresh_level(struct buf *b, const struct finding *f,
                            const struct score *s, const struct level *l,
                            const struct edge *edge)
{
    say_figure(b, l, edge);
    buf_add(b, " is ");
    words_value(b, s->after, f->unit);
    buf_add(b, " on ");
    say_new_hosts(b, f, l->n);
    buf_add(b, ", ");
    words_value(b, s->before, f->unit);
    buf_addf(b, " on %zu old hosts in the same minutes", l->n_controls);
    if (!isnan(s->effect)) {
        buf_add(b, " (");
        words_change(b, s->effect);
        buf_add_ch(b, ')');
    }
    buf_addf(b, ": %.0f times what these differ by", fabs(s->z));
    if (!s->compared)
        buf_addf(b, "; with fewer than %d old hosts this is attention at most",
                 CONTROLS_LEAST);
}

static void say_level(struct buf *b, const struct finding *f, const struct score *s,
                      const struct level *l, const struct edge *edge)
{
    bool up = s->move > 0;
    say_figure(b, l, edge);
    buf_addf(b, " %s from ", up ? "rose" : "fell");
    words_value(b, s->before, f->unit);
    buf_add(b, " to ");
    words_value(b, s->after, f->unit);
    if (!isnan(s->effect)) {
        buf_add(b, " (");
        words_change(b, s->effect);
        buf_add(b, isnan(s->control_before) ? ")" : " against the unchanged hosts)");
    }
    say_hosts(b, f, l->n);
    if (!isnan(s->control_before)) {
        buf_addf(b, ", while %zu unchanged host%s went from ", l->n_controls,
                 l->n_controls == 1 ? "" : "s");
        words_value(b, s->control_before, f->unit);
        buf_add(b, " to ");
        words_value(b, s->control_after, f->unit);
    }
    if (s->moments > 0)
        buf_addf(b, "; of %d ordinary moments of its past, %d looked like this",
                 s->moments, s->moments_like);
    if (!s->compared)
        buf_add(b, s->capped
                       ? "; without enough unchanged hosts to compare with this "
                         "is attention at most"
                       : "; there are not enough unchanged hosts to compare with");
}

/* One finding from a score and the hosts it speaks of. */
static void tell_level(struct teller *t, const struct level *l, const struct edge *edge,
                       const struct score *s, enum grade grade, struct bad *bad,
                       size_t n)
{
    struct finding *f = begin(t, l->rule, FINDING_LEVEL, grade, s->recovered);
    if (f == NULL)
        return;
    struct range range = range_none;
    const struct member **member = calloc(n + 1, sizeof *member);
    if (member == NULL) {
        t->failed = true;
        return;
    }
    if (n > 0 && bad[0].member->slot->host != NULL)
        list_hosts(t, f, bad, n);
    for (size_t i = 0; i < n; i++) {
        member[i] = bad[i].member;
        widen(&range, member[i]->slot);
    }
    draw_members(t, f, &range, member, n, l->control, l->n_control_members);
    free(member);
    f->service = copy(t, service_of(t, l->service));
    f->unit = copy(t, edge != NULL ? "ms" : l->rule->unit);
    struct buf metric = {0};
    if (edge != NULL)
        buf_addf(&metric, "latency %s", edge->name);
    else
        buf_add(&metric, l->metric);
    f->metric = give(t, &metric);
    f->fresh = l->fresh;
    f->before = s->before;
    f->after = s->after;
    f->delta = s->after - s->before;
    f->control_before = s->control_before;
    f->control_after = s->control_after;
    f->usual = s->usual;
    f->effect = s->effect;
    f->z = s->z;
    f->p = s->p;
    f->confidence = 1 - s->p;
    f->moments = s->moments;
    f->moments_like = s->moments_like;
    f->first_seen = first_seen(&f->curve, range.pivot, s->before, s->after);
    struct buf words = {0};
    (l->fresh ? say_fresh_level : say_level)(&words, f, s, l, edge);
    say(t, f, &words, l->rule, grade);
}

static struct bad bad_of(const struct level_host *h)
{
    const char *host = h->member->slot->host;
    return (struct bad){h->member, host != NULL ? host : "", h->cut.before,
                        h->cut.after, fabs(h->score.move)};
}

/* Hosts that share in the group's move: same way, at least half as far. */
static bool shares(const struct score *g, const struct score *s)
{
    return (s->move > 0) == (g->move > 0) && fabs(s->move) >= 0.5 * fabs(g->move);
}

/* What a level's group says, and whether it is told as the group's. */
struct group_story {
    bool told;
    bool up, recovered;
    enum grade grade; /* GRADE_OK: nothing */
};

/* The mean of many moves when one of them moves far enough: then the story is that
 * host's, not the group's. */
static struct group_story group_story(const struct level *l)
{
    const struct score *g = &l->group;
    struct group_story story = {.grade = GRADE_OK};
    size_t sharing = 0;
    bool found = false;
    if (!l->has_group || g->grade == GRADE_OK)
        return story;
    for (size_t i = 0; i < l->n; i++) {
        const struct score *s = &l->host[i].score;
        if (!l->host[i].judged || !shares(g, s))
            continue;
        sharing++;
        found |= s->grade != GRADE_OK && s->recovered == g->recovered;
    }
    story = (struct group_story){.told = sharing * 2 > l->n_judged || !found,
                                 .up = g->move > 0,
                                 .recovered = g->recovered,
                                 .grade = g->grade};
    return story;
}

/* The hosts that a finding will list, and their means. */
struct listed {
    struct bad *bad;
    size_t n;
    double before, after, expected;
};

static void take_host(struct listed *to, const struct level_host *h)
{
    to->bad[to->n++] = bad_of(h);
    to->before += h->cut.before;
    to->after += h->cut.after;
    to->expected += h->score.expected;
}

/* The score of a finding tells the figures of the hosts it lists, so that the two
 * agree; z, p and the grade are those that were found. */
static struct score score_of(const struct score *found, const struct listed *l)
{
    struct score s = *found;
    double n = (double)l->n, expected = l->expected / n;
    s.before = l->before / n;
    s.after = l->after / n;
    if (fabs(expected) > 1e-3 * fabs(s.after))
        s.effect = (s.after - expected) / fabs(expected);
    return s;
}

/* Hosts found one by one, of one direction and state, as one finding. */
static void tell_hosts(struct teller *t, const struct level *l, const struct edge *edge,
                       bool up, bool recovered, struct bad *room)
{
    struct listed listed = {.bad = room};
    enum grade worst = GRADE_OK;
    const struct score *example = NULL;
    struct group_story story = group_story(l);
    bool same = story.up == up && story.recovered == recovered;
    for (size_t i = 0; i < l->n; i++) {
        const struct score *s = &l->host[i].score;
        if (!l->host[i].judged || s->grade == GRADE_OK || (s->move > 0) != up ||
            s->recovered != recovered)
            continue;
        if (story.told && same && shares(&l->group, s))
            continue; /* told with the group */
        if (s->grade > worst)
            worst = s->grade;
        if (example == NULL || fabs(s->move) > fabs(example->move))
            example = s;
        take_host(&listed, &l->host[i]);
    }
    if (example == NULL)
        return;
    if (same && !story.told && story.grade > worst)
        worst = story.grade;
    struct score s = score_of(example, &listed);
    tell_level(t, l, edge, &s, worst, listed.bad, listed.n);
}

static void tell_group(struct teller *t, const struct level *l, const struct edge *edge,
                       struct bad *room)
{
    struct listed listed = {.bad = room};
    for (size_t i = 0; i < l->n; i++)
        if (l->host[i].judged && shares(&l->group, &l->host[i].score))
            take_host(&listed, &l->host[i]);
    struct score s = listed.n > 0 ? score_of(&l->group, &listed) : l->group;
    tell_level(t, l, edge, &s, l->group.grade, listed.bad, listed.n);
}

void findings_level(struct teller *t, const struct level *l, const struct edge *edge)
{
    struct bad *room = calloc(l->n + 1, sizeof *room);
    if (room == NULL) {
        t->failed = true;
        return;
    }
    if (group_story(l).told)
        tell_group(t, l, edge, room);
    for (int k = 0; k < 4; k++)
        tell_hosts(t, l, edge, (k & 1) != 0, (k & 2) != 0, room);
    free(room);
}

/* --- limits --- */

static void say_limit(struct buf *b, const struct finding *f,
                      const struct limit_check *c, const struct limit_host *worst)
{
    const struct limit *l = &c->rule->limit;
    buf_addf(b, "%s", c->metric);
    say_hosts(b, f, c->n);
    buf_addf(b, " was %s ", l->above ? "above" : "below");
    words_value(b, l->value, f->unit);
    buf_addf(b, " in %d of the last %d points after the change", worst->over_after,
             worst->n_after);
    if (worst->member->slot->fresh)
        buf_add(b, " (a host without a past)");
    else
        buf_addf(b, ", in %d of the last %d before it", worst->over_before,
                 worst->n_before);
    if (f->n_hosts > 1 || worst->member->slot->host == NULL)
        buf_add(b, f->n_hosts > 1 ? " (on the worst of them)" : "");
    if (isnan(f->before)) {
        buf_add(b, "; it is ");
    } else {
        buf_add(b, "; it went from ");
        words_value(b, f->before, f->unit);
        buf_add(b, " to ");
    }
    words_value(b, f->after, f->unit);
    if (c->n_controls > 0)
        buf_addf(b, ", and %zu of %zu unchanged hosts broke the limit",
                 c->controls_over, c->n_controls);
}

void findings_limit(struct teller *t, const struct limit_check *c)
{
    if (c->n_broken == 0 || c->excused)
        return;
    const struct limit *l = &c->rule->limit;
    struct finding *f = begin(t, c->rule, FINDING_LIMIT, l->grade, false);
    struct bad *bad = calloc(c->n + 1, sizeof *bad);
    const struct member **member = calloc(c->n + 1, sizeof *member);
    if (f == NULL || bad == NULL || member == NULL) {
        t->failed = true;
        free(bad);
        free(member);
        return;
    }
    const struct limit_host *worst = NULL;
    struct range range = range_none;
    size_t n = 0;
    f->before = f->after = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct limit_host *h = &c->host[i];
        if (!h->broken)
            continue;
        const char *host = h->member->slot->host;
        double size = fabs(h->after - l->value);
        member[n] = h->member;
        bad[n++] = (struct bad){h->member, host != NULL ? host : "", h->before,
                                h->after, size};
        widen(&range, h->member->slot);
        f->before += h->before;
        f->after += h->after;
        if (worst == NULL || size > fabs(worst->after - l->value))
            worst = h;
        if (!instant_is_none(h->first) &&
            (instant_is_none(f->first_seen) || h->first.ms < f->first_seen.ms))
            f->first_seen = h->first;
    }
    assert(worst != NULL); /* c->n_broken > 0 */
    f->before /= (double)n;
    f->after /= (double)n;
    f->delta = f->after - f->before;
    f->effect = f->before != 0 ? f->after / f->before - 1 : NAN;
    if (worst->member->slot->host != NULL)
        list_hosts(t, f, bad, n);
    draw_members(t, f, &range, member, n, c->control, c->n_control_members);
    f->service = copy(t, service_of(t, c->service));
    f->metric = copy(t, c->metric);
    f->unit = copy(t, c->rule->unit);
    struct buf limit = {0}, words = {0};
    limit_words(l, f->unit, &limit);
    f->limit = give(t, &limit);
    say_limit(&words, f, c, worst);
    say(t, f, &words, c->rule, l->grade);
    free(bad);
    free(member);
}

/* --- calls --- */

static const char *doing(const struct call_test *test)
{
    return test->measure == MEASURE_FAIL_SHARE ? "failed" : "timed out";
}

/* The failing code that rose most, for the sentence. */
static const struct code *main_culprit(const struct call_test *t)
{
    const struct code *worst = NULL;
    double most = 0;
    for (size_t i = 0; i < t->edge->n_codes; i++) {
        const struct code *c = &t->edge->code[i];
        if (c->outcome == CALL_OK || !call_chosen(c->outcome, c->code, t))
            continue;
        double rise = c->changed.after / t->of_after - c->changed.before / t->of_before;
        if (rise > most) {
            most = rise;
            worst = c;
        }
    }
    return worst;
}

static void say_edge(struct buf *b, const struct edge *e)
{
    buf_addf(b, "calls %s -> %s:%s", e->caller, e->callee, e->iface);
}

static void say_share(struct buf *b, const struct call_test *test)
{
    words_share(b, test->after);
    buf_add(b, " of ");
    words_count(b, test->of_after);
    buf_add_ch(b, ' ');
    say_edge(b, test->edge);
    if (test->measure == MEASURE_CODE_SHARE)
        buf_addf(b, " ended with %s after the change, ", test->code);
    else
        buf_addf(b, " %s after the change, ", doing(test));
    words_share(b, test->before);
    buf_add(b, " of ");
    words_count(b, test->of_before);
    buf_add(b, " before");
    const struct code *c =
        test->measure == MEASURE_FAIL_SHARE ? main_culprit(test) : NULL;
    if (c != NULL) {
        buf_addf(b, ": %s rose from ", c->code);
        words_count(b, c->changed.before);
        buf_add(b, " to ");
        words_count(b, c->changed.after);
    }
    if (test->measure == MEASURE_CODE_SHARE && test->unseen)
        buf_add(b, "; this code was never seen before");
}

static void say_traffic(struct buf *b, const struct call_test *test)
{
    say_edge(b, test->edge);
    buf_addf(b, " %s from ", test->delta < 0 ? "fell" : "rose");
    words_value(b, test->before, "/s");
    buf_add(b, " to ");
    words_value(b, test->after, "/s");
    buf_add(b, ": ");
    words_count(b, test->events_before);
    buf_add(b, " before the change, ");
    words_count(b, test->events_after);
    buf_add(b, " after it");
}

static void say_call(struct buf *b, const struct call_test *test)
{
    bool traffic = test->measure == MEASURE_TRAFFIC;
    if (traffic)
        say_traffic(b, test);
    else
        say_share(b, test);
    if (!isnan(test->control_before)) {
        buf_add(b, ", on unchanged hosts ");
        if (traffic)
            words_value(b, test->control_after, "/s");
        else
            words_share(b, test->control_after);
        buf_add(b, " after ");
        if (traffic)
            words_value(b, test->control_before, "/s");
        else
            words_share(b, test->control_before);
    }
    buf_addf(b, " (as the %s sees it)", test->edge->side);
}

/* Shares are told in percent, traffic in calls a second. */
static double factor_of(const struct call_test *test)
{
    return test->measure == MEASURE_TRAFFIC ? 1 : 100;
}

static bool chance(enum call_outcome outcome, const char *code, const void *arg)
{
    const struct call_test *test = arg;
    (void)code;
    return test->measure != MEASURE_CODE_SHARE || test->outcome != CALL_OK ||
           outcome == CALL_OK;
}

/* Adds the events of units to `to`, the chances to `of`; points divide later. */
static void add_rows(struct teller *t, const struct call_test *test,
                     const struct edge_unit *units, size_t n, const char *host,
                     struct bins *to, struct bins *of)
{
    struct edge_rows x = {0}, y = {0};
    if (edge_rows(units, n, host, call_chosen, test, &x) < 0 ||
        edge_rows(units, n, host, chance, test, &y) < 0) {
        t->failed = true;
    } else {
        for (size_t r = 0; r < x.n; r++) {
            instant at = {x.from.ms + x.step.ms * (int64_t)r};
            bins_add(to, at, x.value[r]);
            bins_add(of, at, y.value[r]);
        }
    }
    edge_rows_free(&x);
    edge_rows_free(&y);
}

/* Events to percent of the chances; nothing where there were none. */
static void bins_divide(struct bins *x, const struct bins *of)
{
    for (size_t i = 0; i < x->n; i++) {
        x->sum[i] = of->sum[i] > 0 ? 100 * x->sum[i] / of->sum[i] : 0;
        x->count[i] = of->sum[i] > 0;
    }
}

/* One line of a call's curve. */
static void draw_call(struct teller *t, struct finding *f, const struct call_test *test,
                      const struct range *range, bool control)
{
    const struct edge *e = test->edge;
    struct bins x, n = {0};
    double seconds = (double)t->lineup->step.ms / 1000;
    if (bins_make(&x, range, t->lineup->step) &&
        bins_make(&n, range, t->lineup->step)) {
        add_rows(t, test, control ? e->control : e->changed,
                 control ? e->n_control : e->n_changed, NULL, &x, &n);
        /* the count of rows in a point divides, too */
        for (size_t i = 0; test->measure == MEASURE_TRAFFIC && i < x.n; i++)
            x.sum[i] /= seconds;
        if (test->measure != MEASURE_TRAFFIC)
            bins_divide(&x, &n);
        draw(t, &f->curve, &x, control);
    }
    bins_free(&x);
    bins_free(&n);
}

static double share_in(const struct edge_rows *x, const struct edge_rows *n,
                       instant from, instant to)
{
    struct lane lane = {x->from, x->step, x->n, x->value};
    size_t r0, r1;
    double events = 0, of = 0;
    lane_rows(&lane, from, to, &r0, &r1);
    for (size_t r = r0; r < r1; r++)
        if (!isnan(x->value[r]))
            events += x->value[r], of += n->value[r];
    return of > 0 ? 100 * events / of : NAN;
}

/* The changed hosts by their own shares, worst first. */
static void list_call_hosts(struct teller *t, struct finding *f,
                            const struct call_test *test)
{
    const struct edge *e = test->edge;
    if (!e->by_host || test->measure == MEASURE_TRAFFIC)
        return;
    struct bad *bad = calloc(e->n_changed + 1, sizeof *bad);
    size_t n = 0;
    for (size_t i = 0; bad != NULL && i < e->n_changed; i++) {
        const struct edge_unit *u = &e->changed[i];
        struct edge_rows x = {0}, of = {0};
        if (i > 0 && strcmp(e->changed[i - 1].host, u->host) == 0)
            continue;
        if (edge_rows(e->changed, e->n_changed, u->host, call_chosen, test, &x) == 0 &&
            edge_rows(e->changed, e->n_changed, u->host, chance, test, &of) == 0) {
            const struct frame *fr = &u->slot->frame;
            double before = share_in(&x, &of, fr->before_from, fr->before_to);
            double after = share_in(&x, &of, fr->after_from, fr->after_to);
            if (!isnan(after) && after - (isnan(before) ? 0 : before) >= f->delta / 2)
                bad[n++] = (struct bad){NULL, u->host, before, after, after};
        } else {
            t->failed = true;
        }
        edge_rows_free(&x);
        edge_rows_free(&of);
    }
    if (bad != NULL)
        list_hosts(t, f, bad, n);
    t->failed |= bad == NULL;
    free(bad);
}

static enum finding_kind kind_of(const struct call_test *test)
{
    return test->measure == MEASURE_TRAFFIC      ? FINDING_TRAFFIC
           : test->measure == MEASURE_CODE_SHARE ? FINDING_COUNT
                                                 : FINDING_SHARE;
}

static size_t covered_by(const struct call_test *test, const struct calls *all)
{
    size_t n = 0;
    for (size_t i = 0; test->measure == MEASURE_FAIL_SHARE && i < all->n; i++)
        n += all->test[i].covered && all->test[i].edge == test->edge;
    return n;
}

void findings_call(struct teller *t, const struct call_test *test,
                   const struct calls *all)
{
    if (!test->judged || test->grade == GRADE_OK || test->covered)
        return;
    const struct edge *e = test->edge;
    struct finding *f =
        begin(t, test->rule, kind_of(test), test->grade, test->recovered);
    if (f == NULL)
        return;
    struct range range = range_none;
    for (size_t i = 0; i < e->n_changed; i++)
        widen(&range, e->changed[i].slot);
    double k = factor_of(test);
    struct buf metric = {0}, words = {0};
    buf_addf(&metric, "%s %s", measure_name(test->measure), e->name);
    if (test->code != NULL)
        buf_addf(&metric, " %s", test->code);
    f->metric = give(t, &metric);
    f->code = copy(t, test->code);
    f->service = copy(t, t->lineup->change->service);
    f->unit = copy(t, test->measure == MEASURE_TRAFFIC ? "/s" : "%");
    f->before = k * test->before;
    f->after = k * test->after;
    f->delta = f->after - f->before;
    f->control_before = k * test->control_before;
    f->control_after = k * test->control_after;
    f->effect = test->effect;
    f->p = test->p;
    f->confidence = 1 - test->p;
    f->events_before = test->events_before;
    f->events_after = test->events_after;
    if (test->measure != MEASURE_TRAFFIC) {
        f->of_before = test->of_before;
        f->of_after = test->of_after;
    }
    f->n_like = covered_by(test, all);
    list_call_hosts(t, f, test);
    draw_call(t, f, test, &range, false);
    if (e->n_control > 0)
        draw_call(t, f, test, &range, true);
    f->first_seen = first_seen(&f->curve, range.pivot, f->before, f->after);
    say_call(&words, test);
    say(t, f, &words, test->rule, test->grade);
}

/* --- coredumps --- */

static void say_dumps(struct buf *b, double n)
{
    words_count(b, n);
    buf_add(b, n == 1 ? " dump" : " dumps");
}

/* "a crash never seen in 30 days: ", or how often it came. */
static void say_known(struct buf *b, const struct crash *c, const struct crashes *all)
{
    bool whole = all->days >= CORE_MEMORY_DAYS;
    if (!c->unseen) {
        buf_add(b, "a known crash, ");
        say_dumps(b, c->dumps_past);
        buf_add(b, " on these hosts in ");
    } else if (all->days > 0) {
        buf_add(b, whole ? "a crash never seen in " : "a crash never seen before, in ");
    }
    if (all->days >= 2)
        buf_addf(b, "%d days", (int)all->days);
    else if (all->days > 0)
        words_span(b, (span){(int64_t)(all->days * 86400000)});
    else
        buf_add(b, "a crash never seen before (no earlier coredump is known)");
    buf_add(b, !whole && c->unseen && all->days > 0 ? " of memory: " : ": ");
}

static void say_crash(struct buf *b, const struct finding *f, const struct crash *c,
                      const struct crashes *all)
{
    char at[INSTANT_TEXT_MAX];
    say_known(b, c, all);
    buf_addf(b, "%s%s, ", c->example->title,
             c->unsure ? " (without function names)" : "");
    say_dumps(b, c->dumps_after);
    say_hosts(b, f, all->hosts);
    buf_addf(b, " since %.5s UTC", instant_text(c->first, at) + 11);
    if (!c->unseen && c->expected > 0) {
        buf_add(b, ", where ");
        words_value(b, c->expected, NULL);
        buf_add(b, " would be usual");
    }
    if (all->controls > 0) {
        buf_add(b, ", ");
        if (c->control_after > 0)
            say_dumps(b, c->control_after);
        else
            buf_add(b, "none");
        buf_addf(b, " on %zu unchanged host%s", all->controls,
                 all->controls == 1 ? "" : "s");
    }
    if (c->kinds > 1)
        buf_addf(b, "; on %zu ways to the same place", c->kinds);
}

static void list_crash_hosts(struct teller *t, struct finding *f, const struct crash *c)
{
    struct bad *bad = calloc(c->n_hosts + 1, sizeof *bad);
    if (bad == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < c->n_hosts; i++) {
        const struct crash_host *h = &c->host[i];
        double after = (double)h->after;
        bad[i] = (struct bad){NULL, h->host, (double)h->before, after, after};
    }
    list_hosts(t, f, bad, c->n_hosts);
    free(bad);
}

static void tell_crash(struct teller *t, const struct crashes *all,
                       const struct crash *c, size_t more)
{
    struct finding *f = begin(t, all->rule, FINDING_CORE, c->grade, false);
    if (f == NULL)
        return;
    char exe[FINGERPRINT_NAME_MAX];
    struct buf metric = {0}, words = {0};
    list_crash_hosts(t, f, c);
    f->service = copy(t, service_of(t, c->example->service));
    /* up to the topmost frame: that, not the way there, is what was counted */
    const char *title = c->example->title, *way = strstr(title, " <- ");
    buf_addf(&metric, "coredumps of %s, ", fingerprint_module(c->example->exe, exe));
    buf_add_n(&metric, title, way != NULL ? (size_t)(way - title) : strlen(title));
    f->metric = give(t, &metric);
    f->before = c->dumps_before;
    f->after = c->dumps_after;
    f->delta = f->after - f->before;
    if (all->controls > 0) {
        f->control_before = c->control_before;
        f->control_after = c->control_after;
    }
    f->effect = c->effect;
    f->p = c->p;
    f->confidence = isnan(c->p) ? 1 : 1 - c->p;
    f->first_seen = c->first;
    f->n_like = more;
    say_crash(&words, f, c, all);
    if (more > 0)
        buf_addf(&words, "; %zu further crashes are not listed", more);
    say(t, f, &words, all->rule, c->grade);
}

void findings_crashes(struct teller *t, const struct crashes *c)
{
    size_t n = 0; /* the worst come first */
    while (n < c->n && c->at[n].grade != GRADE_OK)
        n++;
    size_t told = n < FINDINGS_CRASHES_MAX ? n : FINDINGS_CRASHES_MAX;
    for (size_t i = 0; i < told; i++)
        tell_crash(t, c, &c->at[i], i == 0 ? n - told : 0);
}

/* --- alarms --- */

/* "3 of 4 changed hosts", "h1", "the service". */
static void say_where(struct buf *b, const struct finding *f, const struct new_alarm *a,
                      const struct new_alarms *all)
{
    if (a->of_service)
        buf_addf(b, " for %s", f->service != NULL ? f->service : "the service");
    else
        say_hosts(b, f, all->hosts);
}

/* How often it begins in ordinary times, and what that makes of this. */
static void say_ordinary(struct buf *b, const struct new_alarm *a,
                         const struct new_alarms *all)
{
    if (all->past_minutes < 1)
        return;
    if (a->begun_past == 0) {
        buf_add(b, "; it did not begin there in the ");
        words_span(b, (span){(int64_t)all->past_minutes * 60000});
        buf_add(b, " before the change");
        return;
    }
    buf_add(b, "; it began there ");
    words_count(b, a->begun_past);
    buf_add(b, " times in the ");
    words_span(b, (span){(int64_t)all->past_minutes * 60000});
    buf_add(b, " before the change, so ");
    words_value(b, a->expected, NULL);
    buf_add(b, " would be usual after it");
}

static void say_alarm(struct buf *b, const struct finding *f, const struct new_alarm *a,
                      const struct new_alarms *all)
{
    const struct alarm_row *r = a->example;
    buf_addf(b, "alarm %s", r->name);
    if (r->severity != NULL)
        buf_addf(b, " (%s)", r->severity);
    buf_add(b, " began");
    say_where(b, f, a, all);
    buf_add(b, ", first ");
    words_span(b, a->after);
    buf_add(b, " after the change; it did not fire there in the ");
    words_span(b, all->before);
    buf_add(b, " before it");
    if (!a->of_service && all->controls > 0) {
        if (a->control_hosts > 0)
            buf_addf(b, ", and is new on %zu", a->control_hosts);
        else
            buf_add(b, ", and is new on none");
        buf_addf(b, " of %zu unchanged host%s", all->controls,
                 all->controls == 1 ? "" : "s");
    }
    say_ordinary(b, a, all);
    if (r->text != NULL)
        buf_addf(b, "; it says: %s", r->text);
}

static void list_alarm_hosts(struct teller *t, struct finding *f,
                             const struct new_alarm *a)
{
    struct bad *bad = calloc(a->n_hosts + 1, sizeof *bad);
    if (bad == NULL) {
        t->failed = true;
        return;
    }
    for (size_t i = 0; i < a->n_hosts; i++) {
        const struct alarm_host *h = &a->host[i];
        double begun = (double)h->begun;
        /* those where it fires still come first */
        bad[i] = (struct bad){NULL, h->host, 0, begun, begun + (h->firing ? 1e6 : 0)};
    }
    list_hosts(t, f, bad, a->n_hosts);
    free(bad);
}

static void tell_alarm(struct teller *t, const struct new_alarms *all,
                       const struct new_alarm *a)
{
    struct finding *f = begin(t, a->rule, FINDING_ALARM, a->grade, a->recovered);
    if (f == NULL)
        return;
    struct buf metric = {0}, words = {0};
    if (!a->of_service)
        list_alarm_hosts(t, f, a);
    f->service = copy(t, service_of(t, a->example->service));
    buf_addf(&metric, "alarm %s", a->example->name);
    f->metric = give(t, &metric);
    f->before = 0;
    f->after = a->begun;
    f->delta = a->begun;
    if (!a->of_service && all->controls > 0) {
        f->control_before = 0;
        f->control_after = (double)a->control_hosts;
    }
    f->p = a->p;
    f->confidence = isnan(a->p) ? 1 : 1 - a->p;
    f->first_seen = a->first;
    say_alarm(&words, f, a, all);
    say(t, f, &words, a->rule, a->grade);
}

void findings_alarms(struct teller *t, const struct new_alarms *a)
{
    /* the worst come first */
    for (size_t i = 0; i < a->n && i < FINDINGS_ALARMS_MAX; i++)
        if (a->at[i].grade != GRADE_OK)
            tell_alarm(t, a, &a->at[i]);
}

/* --- tests --- */

static void say_test(struct buf *b, const struct test_row *r)
{
    buf_addf(b, "%s%s%s", r->class, r->class[0] != '\0' ? "." : "", r->name);
}

static const struct {
    const char *one, *many; /* what they do */
    const char *rest;
} break_words[] = {
    [BREAK_OF_CHANGE] = {"fails after the change", "fail after the change",
                         "but passed in the last run before it"},
    [BREAK_OF_SERVICE] = {"fails after the change", "fail after the change",
                          "but passed in the last run before it (results of the "
                          "service, not posted for this change)"},
    [BREAK_FLAKY] = {"fails after the change", "fail after the change",
                     "but passed in the last run before it, having failed now and then "
                     "earlier"},
    [BREAK_NEW] = {"fails after the change", "fail after the change",
                   "without an earlier result to compare with"},
    [BREAK_RECOVERED] = {"failed after the change", "failed after the change",
                         "in a run before the last"},
};

static void say_suite(struct buf *b, const struct broken_suite *s)
{
    size_t named = s->n < FINDINGS_TESTS_NAMED ? s->n : FINDINGS_TESTS_NAMED;
    const struct test_row *first = s->test[0];
    buf_addf(b, "%zu of %zu tests", s->n, s->tests);
    if (first->suite[0] != '\0')
        buf_addf(b, " of %s", first->suite);
    buf_addf(
        b, " %s %s: ", s->n == 1 ? break_words[s->kind].one : break_words[s->kind].many,
        break_words[s->kind].rest);
    for (size_t i = 0; i < named; i++) {
        buf_add(b, i > 0 ? ", " : "");
        say_test(b, s->test[i]);
    }
    if (s->n > named)
        buf_addf(b, " and %zu more", s->n - named);
    if (first->message == NULL)
        return;
    buf_add(b, "; ");
    say_test(b, first);
    buf_addf(b, " says: %s", first->message);
}

static void tell_suite(struct teller *t, const struct broken_suite *s)
{
    struct finding *f =
        begin(t, s->rule, FINDING_TEST, s->grade, s->kind == BREAK_RECOVERED);
    if (f == NULL)
        return;
    const char *suite = s->test[0]->suite;
    struct buf metric = {0}, words = {0};
    buf_addf(&metric, "failing tests%s%s", suite[0] != '\0' ? " of " : "", suite);
    f->metric = give(t, &metric);
    f->service = copy(t, t->lineup->change->service);
    f->before = 0;
    f->after = (double)s->n;
    f->delta = f->after;
    f->first_seen = s->first;
    say_suite(&words, s);
    say(t, f, &words, s->rule, s->grade);
}

void findings_tests(struct teller *t, const struct broken_suites *s)
{
    size_t told = 0;
    for (size_t i = 0; i < s->n && told < FINDINGS_SUITES_MAX; i++) {
        if (s->at[i].grade == GRADE_OK)
            continue;
        tell_suite(t, &s->at[i]);
        told++;
    }
}

/* --- calls of new hosts --- */

static void say_fresh_call(struct buf *b, const struct finding *f,
                           const struct fresh_call *c)
{
    const struct call_test *test = &c->test;
    const char *way = test->edge->inbound ? "to" : "from";
    words_share(b, test->after);
    buf_add(b, " of ");
    words_count(b, test->of_after);
    buf_add_ch(b, ' ');
    say_edge(b, test->edge);
    buf_addf(b, " %s ", way);
    say_new_hosts(b, f, c->n);
    if (test->measure == MEASURE_CODE_SHARE)
        buf_addf(b, " ended with %s", test->code);
    else
        buf_addf(b, " %s", doing(test));
    buf_add(b, ", ");
    words_share(b, test->before);
    buf_add(b, " of ");
    words_count(b, test->of_before);
    buf_addf(b, " %s %zu old hosts in the same minutes (as the %s sees it)", way,
             c->n_old, test->edge->side);
}

static void draw_fresh_call(struct teller *t, struct finding *f,
                            const struct fresh_call *c, const struct range *range)
{
    const struct edge *e = c->test.edge;
    struct bins x, n = {0};
    if (bins_make(&x, range, t->lineup->step) &&
        bins_make(&n, range, t->lineup->step)) {
        for (size_t i = 0; i < c->n; i++)
            if (c->share[i].listed)
                add_rows(t, &c->test, e->fresh, e->n_fresh, c->share[i].host, &x, &n);
        bins_divide(&x, &n);
        draw(t, &f->curve, &x, false);
    }
    bins_free(&x);
    bins_free(&n);
    draw_call(t, f, &c->test, range, true);
}

static void list_fresh_hosts(struct teller *t, struct finding *f,
                             const struct fresh_call *c, struct range *range)
{
    struct bad *bad = calloc(c->n + 1, sizeof *bad);
    size_t n = 0;
    for (size_t i = 0; bad != NULL && i < c->n; i++) {
        const struct fresh_share *s = &c->share[i];
        if (!s->listed)
            continue;
        double after = 100 * s->events / s->of;
        bad[n++] =
            (struct bad){NULL, s->host, 100 * s->old_events / s->old_of, after, after};
        widen(range, s->slot);
    }
    if (bad != NULL)
        list_hosts(t, f, bad, n);
    t->failed |= bad == NULL;
    free(bad);
}

static size_t fresh_covered_by(const struct call_test *fails,
                               const struct fresh_calls *all)
{
    size_t n = 0;
    for (size_t i = 0; i < all->n; i++)
        n += all->at[i].test.covered && call_covers(fails, &all->at[i].test);
    return n;
}

void findings_fresh_call(struct teller *t, const struct fresh_call *c,
                         const struct fresh_calls *all)
{
    const struct call_test *test = &c->test;
    if (!test->judged || test->grade == GRADE_OK || test->covered)
        return;
    struct finding *f =
        begin(t, test->rule, kind_of(test), test->grade, test->recovered);
    if (f == NULL)
        return;
    struct range range = range_none;
    struct buf metric = {0}, words = {0};
    buf_addf(&metric, "%s %s", measure_name(test->measure), test->edge->name);
    if (test->code != NULL)
        buf_addf(&metric, " %s", test->code);
    f->fresh = true;
    f->metric = give(t, &metric);
    f->code = copy(t, test->code);
    f->service = copy(t, t->lineup->change->service);
    f->unit = copy(t, "%");
    f->before = 100 * test->before;
    f->after = 100 * test->after;
    f->delta = f->after - f->before;
    f->effect = test->effect;
    f->p = test->p;
    f->confidence = 1 - test->p;
    f->events_before = test->events_before;
    f->events_after = test->events_after;
    f->of_before = test->of_before;
    f->of_after = test->of_after;
    f->n_like = fresh_covered_by(test, all);
    list_fresh_hosts(t, f, c, &range);
    draw_fresh_call(t, f, c, &range);
    f->first_seen = first_seen(&f->curve, range.pivot, f->before, f->after);
    say_fresh_call(&words, f, c);
    say(t, f, &words, test->rule, test->grade);
}

/* --- relief --- */

/* "cpu.busy of 4 new hosts is 3 % each, of 6 old ones 60 %", "4 new hosts get 0.1
 * calls/s each, 6 old ones 50 calls/s". */
static void say_relief(struct buf *b, const struct relief *r, const char *unit)
{
    bool one = r->n_new == 1, calls = r->metric == NULL;
    if (!calls)
        buf_addf(b, "%s of ", r->metric);
    buf_addf(b, "%zu new host%s ", r->n_new, one ? "" : "s");
    buf_add(b, !calls ? "is " : one ? "gets " : "get ");
    words_value(b, r->taken, unit);
    buf_addf(b, "%s, %s%zu old ones ", one ? "" : " each", calls ? "" : "of ",
             r->n_old);
    words_value(b, r->after, unit);
    buf_addf(b, "; had the new one%s taken %s share, these would have gone from ",
             one ? "" : "s", one ? "its" : "their");
    words_value(b, r->before, unit);
    buf_add(b, " to about ");
    words_value(b, r->expected, unit);
}

/* New hosts with the least load first. */
static void list_relief(struct teller *t, struct finding *f, const struct relief *r)
{
    struct bad *bad = calloc(r->n_new + 1, sizeof *bad);
    const struct member **member = calloc(r->n_new + 1, sizeof *member);
    struct range range = range_none;
    for (size_t i = 0; bad != NULL && member != NULL && i < r->n_new; i++) {
        const struct relief_host *h = &r->host[i];
        bad[i] = (struct bad){NULL, h->host, NAN, h->load, -h->load};
        member[i] = &h->member;
        widen(&range, lineup_slot(t->lineup, h->host));
    }
    t->failed |= bad == NULL || member == NULL;
    if (!t->failed && r->metric != NULL)
        draw_members(t, f, &range, member, r->n_new, r->old, r->n_old);
    if (!t->failed)
        list_hosts(t, f, bad, r->n_new);
    free(bad);
    free(member);
}

void findings_relief(struct teller *t, const struct relief *r, size_t n_like)
{
    if (!r->judged || r->grade == GRADE_OK)
        return;
    struct finding *f = begin(t, r->rule, FINDING_RELIEF, r->grade, false);
    if (f == NULL)
        return;
    const char *unit = r->metric == NULL ? "calls/s" : r->rule->unit;
    struct buf words = {0};
    f->metric = copy(t, r->metric != NULL ? r->metric : "calls a host");
    f->service = copy(t, t->lineup->change->service);
    f->unit = copy(t, unit);
    f->before = r->before;
    f->after = r->after;
    f->delta = r->after - r->before;
    f->effect = r->after / r->before - 1;
    f->n_like = n_like;
    list_relief(t, f, r);
    say_relief(&words, r, unit);
    say(t, f, &words, r->rule, r->grade);
}

/* --- silence --- */

static enum grade grade_silence(const struct rule *r, const struct pulses *p)
{
    double n = (double)p->silent, share = p->asked > 0 ? n / (double)p->asked : 0;
    const struct bar *must = &r->must_handle, *look = &r->attention;
    /* Hosts that still report calls live: it is their figures that are gone. */
    double dead = (double)(p->silent - p->calling);
    double dead_share = p->asked > 0 ? dead / (double)p->asked : 0;
    if (must->set && dead >= must->count && dead_share >= must->effect)
        return GRADE_MUST_HANDLE;
    return look->set && n >= look->count && share >= look->effect ? GRADE_ATTENTION
                                                                  : GRADE_OK;
}

static void say_silence(struct buf *b, const struct teller *t, const struct finding *f,
                        const struct pulses *p, const struct pulse *worst)
{
    if (f->n_hosts == 1)
        buf_addf(b, "%s sent", f->hosts[0].name);
    else
        buf_addf(b, "%zu of %zu changed hosts sent", f->n_hosts, p->asked);
    size_t others = p->others + p->good + p->fresh;
    if (worst->cut.n_after > 0) { /* came back, and went away for good */
        buf_add(b, " nothing any more from ");
        words_span(b, instant_since(worst->last, worst->slot->pivot));
        buf_add(b, " after the change on");
    } else {
        buf_add(b, " nothing from ");
        words_span(b, t->lineup->windows->settle);
        buf_add(b, " to ");
        words_span(b, worst->slot->look);
        buf_add(b, " after the change, but did before it");
    }
    buf_addf(b, "; %zu other host%s kept sending", others, others == 1 ? "" : "s");
    if (p->calling > 0)
        buf_addf(b,
                 "; calls are still reported by %zu of the silent, so the agent may "
                 "have stopped, not the host",
                 p->calling);
}

void findings_silence(struct teller *t, const struct rule *r, const struct pulses *p)
{
    enum grade grade = grade_silence(r, p);
    /* With nobody else to be heard the collector is as likely to be at fault. */
    if (p->silent == 0 || grade == GRADE_OK || p->others + p->good + p->fresh == 0)
        return;
    struct finding *f = begin(t, r, FINDING_SILENT, grade, false);
    struct bad *bad = calloc(p->n + 1, sizeof *bad);
    if (f == NULL || bad == NULL) {
        t->failed = true;
        free(bad);
        return;
    }
    size_t n = 0;
    const struct pulse *worst = NULL;
    f->before = f->after = 0;
    for (size_t i = 0; i < p->n; i++) {
        const struct pulse *one = &p->at[i];
        if (one->state != PULSE_SILENT)
            continue;
        double rows = (double)one->cut.n_before;
        bad[n++] = (struct bad){NULL, one->slot->host, rows, 0, rows};
        f->before += rows;
        if (worst == NULL || one->slot->look.ms > worst->slot->look.ms)
            worst = one;
        if (instant_is_none(f->first_seen) || one->last.ms < f->first_seen.ms)
            f->first_seen = one->last;
    }
    assert(worst != NULL); /* p->silent > 0 */
    f->before /= (double)n;
    f->delta = -f->before;
    f->effect = -1;
    list_hosts(t, f, bad, n);
    free(bad);
    f->service = copy(t, t->lineup->change->service);
    f->metric = copy(t, "rows with samples");
    struct buf words = {0};
    say_silence(&words, t, f, p, worst);
    say(t, f, &words, r, grade);
}

/* --- order --- */

static int compare(double a, double b)
{
    return a > b ? -1 : a < b ? 1 : 0; /* NaN is beside everything */
}

static int texts(const char *a, const char *b)
{
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* How much a finding weighs within its grade: the rule's weight, the more so the larger
 * the change and the more hosts. */
static double heft(const struct finding *f)
{
    double effect = isnan(f->effect) ? 10 : fmin(fabs(f->effect), 10);
    return f->weight * (1 + log1p(effect) + 0.2 * log1p((double)f->n_hosts));
}

static int by_rank(const void *a, const void *b)
{
    const struct finding *x = a, *y = b;
    if (x->grade != y->grade)
        return x->grade > y->grade ? -1 : 1;
    int d = compare(heft(x), heft(y));
    if (d == 0)
        d = texts(x->rule, y->rule);
    if (d == 0)
        d = texts(x->metric, y->metric);
    if (d == 0)
        d = texts(x->service, y->service);
    if (d == 0)
        d = texts(x->host, y->host);
    return d != 0 ? d : texts(x->because, y->because);
}

void findings_rank(struct verdict *v)
{
    if (v->n_findings > 1)
        qsort(v->findings, v->n_findings, sizeof *v->findings, by_rank);
}
