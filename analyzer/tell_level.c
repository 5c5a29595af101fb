/* analyzer/tell_level.c - a level of hosts or of the group as a finding.
 *
 * What must hold: the figures of a finding are those of the hosts it lists; a move is
 * told once, as the group's or as its hosts'.  Pure, any thread. */
#include "analyzer/tell_level.h"
#include "analyzer/draw.h"
#include "analyzer/words.h"

#include <math.h>
#include <stdlib.h>

/* "On h1, cpu.busy", "The mean time of calls web -> pay:charge on h1". */
static void say_subject(struct buf *b, const struct finding *f, const struct level *l,
                        const struct edge *edge)
{
    if (edge == NULL) {
        teller_say_subject(b, f, l->n, l->metric);
        return;
    }
    buf_addf(b, "The mean time of calls %s -> %s:%s", edge->caller, edge->callee,
             edge->iface);
    teller_say_hosts(b, f, l->n);
}

static void say_fresh_level(struct buf *b, const struct finding *f,
                            const struct score *s, const struct level *l,
                            const struct edge *edge)
{
    if (edge == NULL) {
        buf_add(b, "On ");
        teller_say_new_hosts(b, f, l->n);
        buf_addf(b, ", %s is ", l->metric);
    } else {
        buf_addf(b, "The mean time of calls %s -> %s:%s on ", edge->caller,
                 edge->callee, edge->iface);
        teller_say_new_hosts(b, f, l->n);
        buf_add(b, " is ");
    }
    words_value(b, s->after, f->unit);
    buf_add(b, ", against ");
    words_value(b, s->before, f->unit);
    buf_addf(b, " on %zu old hosts in the same minutes", l->n_controls);
    if (!isnan(s->effect)) {
        buf_add(b, " (");
        words_change(b, s->effect);
        buf_add_ch(b, ')');
    }
    buf_addf(b, ": %.0f times what the old ones differ by", fabs(s->z));
    if (!s->compared)
        buf_addf(b, ". With fewer than %d old hosts this is attention at most",
                 CONTROLS_LEAST);
}

static void say_level(struct buf *b, const struct finding *f, const struct score *s,
                      const struct level *l, const struct edge *edge)
{
    bool up = s->move > 0;
    say_subject(b, f, l, edge);
    buf_addf(b, " %s from ", up ? "rose" : "fell");
    words_value(b, s->before, f->unit);
    buf_add(b, " to ");
    words_value(b, s->after, f->unit);
    if (!isnan(s->effect)) {
        buf_add(b, " (");
        words_change(b, s->effect);
        buf_add(b, isnan(s->control_before) ? ")" : " against the unchanged hosts)");
    }
    if (!isnan(s->control_before)) {
        buf_addf(b, ", while %zu unchanged host%s went from ", l->n_controls,
                 l->n_controls == 1 ? "" : "s");
        words_value(b, s->control_before, f->unit);
        buf_add(b, " to ");
        words_value(b, s->control_after, f->unit);
    }
    if (s->moments > 0)
        buf_addf(b, ". Of %d ordinary moments of its past, %d looked like this",
                 s->moments, s->moments_like);
    if (!s->compared)
        buf_add(b, s->capped
                       ? ". Without enough unchanged hosts to compare with, this is "
                         "attention at most"
                       : ". There are not enough unchanged hosts to compare with");
}

static void name_level(struct teller *t, struct finding *f, const struct level *l,
                       const struct edge *edge)
{
    struct buf metric = {0};
    if (edge != NULL)
        buf_addf(&metric, "latency %s", edge->name);
    else
        buf_add(&metric, l->metric);
    f->metric = teller_give(t, &metric);
    f->service = teller_copy(t, teller_service(t, l->service));
    f->unit = teller_copy(t, edge != NULL ? "ms" : l->rule->unit);
}

static void fill_level(struct finding *f, const struct score *s)
{
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
}

/* One finding from a score and the hosts it speaks of. */
static void tell_one(struct teller *t, const struct level *l, const struct edge *edge,
                     const struct score *s, enum grade grade, struct teller_host *bad,
                     size_t n)
{
    struct finding *f = teller_begin(t, l->rule, FINDING_LEVEL, grade, s->recovered);
    if (f == NULL)
        return;
    struct draw_range range = draw_range_none;
    const struct member **member = calloc(n + 1, sizeof *member);
    if (member == NULL) {
        t->failed = true;
        return;
    }
    if (n > 0 && bad[0].member->slot->host != NULL)
        teller_list_hosts(t, f, bad, n);
    for (size_t i = 0; i < n; i++) {
        member[i] = bad[i].member;
        draw_widen(&range, member[i]->slot);
    }
    draw_members(t, f, &range, member, n, l->control, l->n_control_members);
    free(member);
    name_level(t, f, l, edge);
    fill_level(f, s);
    f->fresh = l->fresh;
    f->first_seen = draw_first_seen(&f->curve, range.pivot, s->before, s->after);
    struct buf words = {0};
    (l->fresh ? say_fresh_level : say_level)(&words, f, s, l, edge);
    teller_end(t, f, &words, l->rule, grade);
}

static struct teller_host bad_of(const struct level_host *h)
{
    const char *host = h->member->slot->host;
    return (struct teller_host){h->member, host != NULL ? host : "", h->cut.before,
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
    struct teller_host *bad;
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
                       bool up, bool recovered, struct teller_host *room)
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
    tell_one(t, l, edge, &s, worst, listed.bad, listed.n);
}

static void tell_group(struct teller *t, const struct level *l, const struct edge *edge,
                       struct teller_host *room)
{
    struct listed listed = {.bad = room};
    for (size_t i = 0; i < l->n; i++)
        if (l->host[i].judged && shares(&l->group, &l->host[i].score))
            take_host(&listed, &l->host[i]);
    struct score s = listed.n > 0 ? score_of(&l->group, &listed) : l->group;
    tell_one(t, l, edge, &s, l->group.grade, listed.bad, listed.n);
}

void tell_level(struct teller *t, const struct level *l, const struct edge *edge)
{
    struct teller_host *room = calloc(l->n + 1, sizeof *room);
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
