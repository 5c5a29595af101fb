/* analyzer/fold.c - which findings go together, and who leads.
 *
 * What must hold: the findings that come out are those that came in, each once; a
 * leader leads itself, stands before those it leads and has at least their grade; the
 * outcome depends on what the findings say and not on how they came in.  Pure. */
#include "analyzer/fold.h"
#include "analyzer/rank.h"
#include "base/order.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A part of a text. */
struct part {
    const char *at;
    size_t n;
};

/* A finding with what is compared of it. */
struct leaf {
    const struct finding *f;
    bool calls;
    struct part edge;   /* "web->pay:charge" */
    struct part called; /* "pay:charge" */
    const char *of;     /* a host's resource; NULL: none that is known */
    uint64_t *host;     /* a bit a host */
    size_t n_hosts;
    bool led; /* has a leader, or is one with its own */
    size_t leader;
    size_t rank; /* where its group stands */
};

struct leaves {
    size_t n;
    struct leaf *at; /* in the order of rank_findings */
    size_t words;    /* of one set of hosts */
    uint64_t *bits;
};

/* --- hosts --- */

static size_t list_names(const struct verdict *v, const char ***ret_names)
{
    size_t n = 0, different = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        n += v->findings[i].n_hosts;
    const char **name = *ret_names = calloc(n + 1, sizeof *name);
    if (name == NULL)
        return 0;
    n = 0;
    for (size_t i = 0; i < v->n_findings; i++)
        for (size_t h = 0; h < v->findings[i].n_hosts; h++)
            name[n++] = v->findings[i].hosts[h].name;
    qsort(name, n, sizeof *name, order_texts);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || strcmp(name[i], name[different - 1]) != 0)
            name[different++] = name[i];
    return different;
}

static void mark_hosts(struct leaf *l, const char **name, size_t n_names)
{
    for (size_t h = 0; h < l->f->n_hosts; h++) {
        const char **at =
            bsearch(&l->f->hosts[h].name, name, n_names, sizeof *name, order_texts);
        size_t bit = (size_t)(at - name);
        uint64_t one = (uint64_t)1 << (bit % 64);
        l->n_hosts += (l->host[bit / 64] & one) == 0;
        l->host[bit / 64] |= one;
    }
}

static size_t shared_hosts(const struct leaves *all, const struct leaf *a,
                           const struct leaf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < all->words; i++)
        n += (size_t)__builtin_popcountll(a->host[i] & b->host[i]);
    return n;
}

/* More than half of the hosts of the one that has more. */
static bool mostly_same(const struct leaves *all, const struct leaf *a,
                        const struct leaf *b)
{
    size_t most = a->n_hosts > b->n_hosts ? a->n_hosts : b->n_hosts;
    return most == 0 || 2 * shared_hosts(all, a, b) > most;
}

static bool some_same(const struct leaves *all, const struct leaf *a,
                      const struct leaf *b)
{
    return a->n_hosts == 0 || b->n_hosts == 0 || shared_hosts(all, a, b) > 0;
}

/* --- subjects --- */

static bool same_part(const struct part *a, const struct part *b)
{
    return a->n > 0 && a->n == b->n && memcmp(a->at, b->at, a->n) == 0;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* "code_share web->pay:charge -1001": the measure, the edge, the code. */
static void name_edge(struct leaf *l)
{
    const struct finding *f = l->f;
    const char *edge = f->metric != NULL ? strchr(f->metric, ' ') : NULL;
    const char *arrow = edge != NULL ? strstr(edge, "->") : NULL;
    if (arrow == NULL)
        return;
    bool latency = f->kind == FINDING_LEVEL && strncmp(f->metric, "latency ", 8) == 0;
    if (!latency && f->kind != FINDING_SHARE && f->kind != FINDING_COUNT &&
        f->kind != FINDING_TRAFFIC)
        return;
    size_t n = strlen(++edge), code = f->code != NULL ? strlen(f->code) + 1 : 0;
    const char *end = edge + n - (code < n ? code : 0);
    l->calls = true;
    l->edge = (struct part){edge, (size_t)(end - edge)};
    l->called = end > arrow ? (struct part){arrow, (size_t)(end - arrow)} : l->edge;
}

/* Words by which the common agents name what a host has: aftercheck-agent, Telegraf,
 * collectd, node_exporter. */
static const struct {
    const char *word, *of;
} resources[] = {
    {"cpu", "processor"},
    {"load", "processor"},
    {"mem", "memory"},
    {"memory", "memory"},
    {"swap", "memory"},
    {"net", "network"},
    {"network", "network"},
    {"interface", "network"},
    {"disk", "disc"},
    {"diskio", "disc"},
    {"fs", "file system"},
    {"df", "file system"},
    {"filesystem", "file system"},
};

static const char *resource_of(const struct part *token)
{
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
        size_t n = strlen(resources[i].word);
        if (token->n < n || strncmp(token->at, resources[i].word, n) != 0)
            continue;
        size_t digits = n; /* "load1" */
        while (digits < token->n && isdigit((unsigned char)token->at[digits]))
            digits++;
        if (digits == token->n)
            return resources[i].of;
    }
    return NULL;
}

/* By the first two words of the metric: "cpu.busy", "node_memory_MemFree_bytes". */
static const char *find_resource(const char *metric)
{
    const char *found = NULL;
    for (int i = 0; metric != NULL && i < 2 && found == NULL; i++) {
        struct part token = {metric, strcspn(metric, "._{/-")};
        found = resource_of(&token);
        metric += token.n + (metric[token.n] != '\0');
    }
    return found;
}

/* --- what goes together --- */

static bool began_together(const struct finding *a, const struct finding *b)
{
    if (instant_is_none(a->first_seen) || instant_is_none(b->first_seen))
        return false;
    int64_t apart = a->first_seen.ms - b->first_seen.ms;
    int64_t step =
        a->curve.step.ms > b->curve.step.ms ? a->curve.step.ms : b->curve.step.ms;
    return apart <= FOLD_ROWS * step && -apart <= FOLD_ROWS * step;
}

/* Whether two move the same way. */
static bool same_way(const struct finding *a, const struct finding *b)
{
    return (a->delta > 0) == (b->delta > 0);
}

/* The mean of a line before the pivot; NaN: nothing is there. */
static double mean_before(const struct curve *c, const double *line, instant pivot)
{
    double sum = 0;
    size_t n = 0;
    for (size_t i = 0; i < c->n && c->from.ms + c->step.ms * (int64_t)i < pivot.ms; i++)
        if (!isnan(line[i])) {
            sum += fabs(line[i]);
            n++;
        }
    return n > 0 ? sum / (double)n : NAN;
}

/* A curve without what the unchanged hosts did in the same minutes. */
struct own {
    const struct curve *c;
    double value, control; /* one over the usual size */
};

static struct own own_of(const struct curve *c, instant pivot)
{
    struct own o = {c, 1 / mean_before(c, c->value, pivot), 0};
    double control = c->control != NULL ? mean_before(c, c->control, pivot) : NAN;
    if (control > 0)
        o.control = 1 / control;
    return o;
}

static double own_at(const struct own *o, size_t i)
{
    double v = o->c->value[i] * o->value;
    return o->control > 0 ? v - o->c->control[i] * o->control : v;
}

/* Whether both went up and down together before the change, by the signs of their moves
 * from point to point: of `n` such pairs n/2 agree by chance, give or take sqrt(n)/2.
 */
static bool one_rhythm(const struct finding *a, const struct finding *b, instant pivot)
{
    const struct curve *x = &a->curve, *y = &b->curve;
    if (x->n == 0 || y->n == 0 || x->step.ms != y->step.ms)
        return false;
    int64_t ahead = (y->from.ms - x->from.ms) / x->step.ms;
    if (x->from.ms + ahead * x->step.ms != y->from.ms)
        return false;
    struct own p = own_of(x, pivot), q = own_of(y, pivot);
    double agree = 0, n = 0;
    for (size_t i = ahead > 0 ? (size_t)ahead : 0; i + 1 < x->n; i++) {
        int64_t k = (int64_t)i - ahead;
        if (x->from.ms + x->step.ms * (int64_t)(i + 2) > pivot.ms ||
            k + 1 >= (int64_t)y->n)
            break;
        double u = own_at(&p, i + 1) - own_at(&p, i);
        double w = own_at(&q, (size_t)k + 1) - own_at(&q, (size_t)k);
        if (!(fabs(u) > 0) || !(fabs(w) > 0)) /* NaN, too */
            continue;
        agree += (u > 0) == (w > 0);
        n++;
    }
    double more = same_way(a, b) ? 2 * agree - n : n - 2 * agree;
    return n >= FOLD_STEPS_LEAST && more >= FOLD_SURE * sqrt(n);
}

static bool one_figure(const struct leaves *all, const struct leaf *a,
                       const struct leaf *b)
{
    return same_text(a->f->metric, b->f->metric) &&
           same_text(a->f->service, b->f->service) && same_way(a->f, b->f) &&
           some_same(all, a, b);
}

static bool is_share(const struct leaf *l)
{
    return l->f->kind == FINDING_SHARE || l->f->kind == FINDING_COUNT;
}

static bool one_edge(const struct leaves *all, const struct leaf *a,
                     const struct leaf *b)
{
    if (!a->calls || !b->calls || !some_same(all, a, b))
        return false;
    return (is_share(a) && is_share(b) && same_part(&a->edge, &b->edge)) ||
           (same_part(&a->called, &b->called) && began_together(a->f, b->f));
}

static bool is_series(const struct leaf *l)
{
    return !l->calls && (l->f->kind == FINDING_LEVEL || l->f->kind == FINDING_LIMIT ||
                         l->f->kind == FINDING_SPIKE);
}

static bool go_together(const struct leaves *all, const struct leaf *a,
                        const struct leaf *b, instant pivot)
{
    const struct finding *f = a->f, *g = b->f;
    /* What a rule in shadow says is neither bad nor over: it stands alone. */
    if (f->recovered != g->recovered || f->fresh != g->fresh ||
        finding_is_muted(f) != finding_is_muted(g) || /* nothing is hidden below it */
        (f->grade == GRADE_OK) != (g->grade == GRADE_OK) ||
        (f->grade == GRADE_OK && !f->recovered))
        return false;
    if (one_edge(all, a, b))
        return true;
    if (!is_series(a) || !is_series(b))
        return false;
    if (one_figure(all, a, b))
        return true;
    return mostly_same(all, a, b) && began_together(f, g) &&
           ((a->of != NULL && a->of == b->of) || one_rhythm(f, g, pivot));
}

/* --- leaders --- */

/* Of one grade the broken limit leads the level that broke it, and the share of all
 * failures those of its codes. */
static bool leads_first(const struct leaves *all, const struct leaf *l,
                        const struct leaf *first)
{
    if (l->f->grade != first->f->grade)
        return false;
    if (l->f->kind == FINDING_LIMIT && first->f->kind != FINDING_LIMIT)
        return one_figure(all, l, first);
    return l->f->kind == FINDING_SHARE && first->f->kind == FINDING_COUNT &&
           same_part(&l->edge, &first->edge);
}

static void gather(struct leaves *all, size_t first, instant pivot)
{
    struct leaf *seed = &all->at[first];
    size_t leader = first;
    for (size_t i = first + 1; i < all->n && leader == first; i++)
        if (!all->at[i].led && go_together(all, seed, &all->at[i], pivot) &&
            leads_first(all, &all->at[i], seed))
            leader = i;
    for (size_t i = first; i < all->n; i++) {
        struct leaf *l = &all->at[i];
        if (l->led || (i != first && i != leader && !go_together(all, seed, l, pivot) &&
                       !go_together(all, &all->at[leader], l, pivot)))
            continue;
        l->led = true;
        l->leader = leader;
        l->rank = first;
    }
}

static int by_place(const void *a, const void *b)
{
    const struct leaf *x = a, *y = b;
    if (rank_standing(x->f) != rank_standing(y->f))
        return rank_standing(x->f) > rank_standing(y->f) ? -1 : 1;
    bool x_leads = x->f->with == FINDING_LEADS, y_leads = y->f->with == FINDING_LEADS;
    if (x_leads != y_leads)
        return x_leads ? -1 : 1;
    if (x->rank != y->rank)
        return x->rank < y->rank ? -1 : 1;
    return x->f < y->f ? -1 : x->f > y->f; /* as they were ranked */
}

/* --- all of it --- */

static bool fill_leaves(struct leaves *all, struct verdict *v)
{
    const char **name;
    size_t n_names = list_names(v, &name);
    all->n = v->n_findings;
    all->words = n_names / 64 + 1;
    all->at = calloc(all->n + 1, sizeof *all->at);
    all->bits = calloc(all->n * all->words + 1, sizeof *all->bits);
    bool ready = name != NULL && all->at != NULL && all->bits != NULL;
    for (size_t i = 0; ready && i < all->n; i++) {
        struct leaf *l = &all->at[i];
        struct finding *f = &v->findings[i];
        f->with = FINDING_LEADS;
        *l = (struct leaf){.f = f, .host = all->bits + i * all->words, .leader = i};
        mark_hosts(l, name, n_names);
        name_edge(l);
        l->of = l->calls ? NULL : find_resource(f->metric);
    }
    free(name);
    return ready;
}

/* Puts the findings into the leaves' order; `with` is a place in the old one. */
static bool reorder(struct verdict *v, const struct leaves *all)
{
    struct finding *old = calloc(all->n + 1, sizeof *old);
    size_t *place = calloc(all->n + 1, sizeof *place);
    bool ready = old != NULL && place != NULL;
    if (ready) {
        memcpy(old, v->findings, all->n * sizeof *old);
        for (size_t i = 0; i < all->n; i++)
            place[all->at[i].f - v->findings] = i;
        for (size_t i = 0; i < all->n; i++)
            v->findings[place[i]] = old[i];
        for (size_t i = 0; i < all->n; i++)
            if (v->findings[i].with != FINDING_LEADS)
                v->findings[i].with = place[v->findings[i].with];
    }
    free(old);
    free(place);
    return ready;
}

int fold_findings(struct verdict *v, instant pivot, struct err *err)
{
    struct leaves all = {0};
    rank_findings(v);
    bool ready = v->n_findings == 0 || fill_leaves(&all, v);
    if (ready && all.n > 0) {
        for (size_t i = 0; i < all.n; i++)
            if (!all.at[i].led)
                gather(&all, i, pivot);
        for (size_t i = 0; i < all.n; i++)
            if (all.at[i].leader != i)
                v->findings[i].with = all.at[i].leader;
        qsort(all.at, all.n, sizeof *all.at, by_place);
        ready = reorder(v, &all);
    }
    free(all.at);
    free(all.bits);
    return ready ? 0 : err_set(err, ENOMEM, "out of memory");
}
