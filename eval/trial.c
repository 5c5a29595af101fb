/* eval/trial.c - cases over processes.  Each process makes every jobs-th case and
 * writes to that case's own pages; nothing else is shared. */
#include "eval/trial.h"

#include "eval/ours.h"
#include "eval/peers.h"
#include "eval/reference.h"
#include "eval/stage.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SETTLE = 5, JOBS_MAX = 64, SHOCKED_IN_FIVE = 2 };

static bool is_single(const struct trial *t)
{
    return t->want.n_changed * t->want.n_metrics == 1;
}

bool trial_has(const struct trial *t, enum effect e, int look)
{
    /* effects that a single series cannot tell from others, or that on all hosts are as
     * easy as a smaller one, are left out */
    static const bool single_has[EFFECT_N] = {
#define X(id, name, blame, hosts, metrics) [EFFECT_##id] = (hosts) == 0,
        EFFECTS(X)
#undef X
    };
    static const bool change_has[EFFECT_N] = {
        [EFFECT_QUIET] = true,   [EFFECT_SHOCK] = true,    [EFFECT_DIP] = true,
        [EFFECT_BURST] = true,   [EFFECT_UP_5] = true,     [EFFECT_UP_10] = true,
        [EFFECT_UP_20] = true,   [EFFECT_UP_50] = true,    [EFFECT_LEAK] = true,
        [EFFECT_FIVE_50] = true, [EFFECT_FIVE_100] = true, [EFFECT_ONE_100] = true,
        [EFFECT_ONE_300] = true};
    /* with nobody beside the changed hosts */
    static const bool alone_has[EFFECT_N] = {[EFFECT_QUIET] = true,
                                             [EFFECT_SHOCK] = true,
                                             [EFFECT_UP_20] = true,
                                             [EFFECT_UP_50] = true};
    static const bool single_looks[EFFECT_N] = {
        [EFFECT_QUIET] = true,  [EFFECT_SHOCK] = true,   [EFFECT_UP_50] = true,
        [EFFECT_UP_100] = true, [EFFECT_SIGMA_8] = true, [EFFECT_RAMP] = true};
    static const bool change_looks[EFFECT_N] = {
        [EFFECT_QUIET] = true, [EFFECT_UP_20] = true};
    bool single = is_single(t);
    if (single ? !single_has[e] : !change_has[e])
        return false;
    if (t->want.n_controls == 0 && (!alone_has[e] || look != BOOK_LOOK_30))
        return false;
    if (t->only != NULL)
        return look == BOOK_LOOK_30 && strcmp(t->only, effect_name(e)) == 0;
    return look == BOOK_LOOK_30 || (single ? single_looks[e] : change_looks[e]);
}

/* --- peers --- */

static void say(struct said *s, const struct peer_says *p, bool right)
{
    s->flag |= p->flag;
    s->hit |= p->flag && right;
    s->findings += p->flag;
    s->wrong += p->flag && !right;
    if ((float)p->score > s->score)
        s->score = (float)p->score;
}

static void ask_hosts(const struct draw *d, const struct truth *t, int look,
                      struct said *said)
{
    for (size_t h = 0; h < d->is.n_changed; h++)
        for (size_t m = 0; m < d->is.n_metrics; m++) {
            struct sides s = {.n_before = PEER_BEFORE_ROWS,
                              .n_after = (size_t)(look - SETTLE)};
            struct peer_says p[PEER_N];
            for (size_t i = 0; i < s.n_before; i++)
                s.before[i] = *draw_at(d, h, DRAW_BACK - s.n_before + i, m);
            for (size_t i = 0; i < s.n_after; i++)
                s.after[i] = *draw_at(d, h, DRAW_BACK + SETTLE + i, m);
            peers_ask(&s, p);
            for (int k = 0; k < PEER_N; k++)
                say(&said[VOICE_KAYENTA + k], &p[k],
                    t->fault && t->host[h] && t->metric[m]);
        }
}

static double mean_at(const struct draw *d, size_t row, size_t m)
{
    double sum = 0;
    for (size_t h = 0; h < d->is.n_changed; h++)
        sum += *draw_at(d, h, row, m);
    return sum / (double)d->is.n_changed;
}

/* Kayenta's score is the share of metrics that pass. */
static void ask_score(const struct draw *d, bool fault, unsigned failed,
                      struct said *said)
{
    double score = 100 * (1 - failed / (double)d->is.n_metrics);
    struct peer_says p95 = {score < 95, 0}, p75 = {score < 75, 0};
    say(&said[VOICE_MEAN_SCORE_95], &p95, fault);
    say(&said[VOICE_MEAN_SCORE_75], &p75, fault);
}

static void ask_means(const struct draw *d, const struct truth *t, int look,
                      struct said *said)
{
    unsigned failed = 0;
    for (size_t m = 0; m < d->is.n_metrics; m++) {
        struct sides s = {.n_before = PEER_BEFORE_ROWS,
                          .n_after = (size_t)(look - SETTLE)};
        struct peer_says p[PEER_N];
        for (size_t i = 0; i < s.n_before; i++)
            s.before[i] = mean_at(d, DRAW_BACK - s.n_before + i, m);
        for (size_t i = 0; i < s.n_after; i++)
            s.after[i] = mean_at(d, DRAW_BACK + SETTLE + i, m);
        peers_ask(&s, p);
        for (int k = 0; k < PEER_N; k++)
            say(&said[VOICE_MEAN_KAYENTA + k], &p[k], t->fault && t->metric[m]);
        failed += p[PEER_KAYENTA].flag;
    }
    ask_score(d, t->fault, failed, said);
}

/* --- one case --- */

static struct said lean(const struct says *s)
{
    return (struct said){s->flag, s->hit, (uint16_t)s->findings, (uint16_t)s->wrong,
                         (float)s->score};
}

static void take_ours(const struct ours_says *o, struct said *said)
{
    said[VOICE_JUDGE] = lean(&o->attention);
    said[VOICE_MUST] = lean(&o->must);
    said[VOICE_LAYERS_Z] = lean(&o->layers_z);
    said[VOICE_LAYERS_5] = lean(&o->layers[0]);
    said[VOICE_LAYERS_1] = lean(&o->layers[1]);
    said[VOICE_REFERENCE_Z] = lean(&o->reference_z);
    said[VOICE_REFERENCE_5] = lean(&o->reference[0]);
    said[VOICE_REFERENCE_1] = lean(&o->reference[1]);
}

/* What one process works with. */
struct desk {
    const struct trial *trial;
    struct book *book;
    struct draw draw;
    struct reference *reference;
    struct stage stage;
};

static int ask_all(struct desk *d, const struct truth *truth, int look,
                   const char *about, struct said *said, struct err *err)
{
    struct ours_says says;
    struct ours ours = {.stage = &d->stage,
                        .truth = truth,
                        .rules = d->trial->rules,
                        .reference = d->reference,
                        .look = (size_t)look,
                        .minutes = book_looks[look],
                        .layers = is_single(d->trial),
                        .tell = d->trial->tell && look == BOOK_LOOK_30 ? stderr : NULL,
                        .about = about};
    if (ours_ask(&ours, &says, err) < 0)
        return -1;
    take_ours(&says, said);
    ask_hosts(&d->draw, truth, book_looks[look], said);
    ask_means(&d->draw, truth, book_looks[look], said);
    return 0;
}

static int ask_effects(struct desk *d, size_t number, struct err *err)
{
    const struct trial *t = d->trial;
    bool shocked = !is_single(t) && number % 5 < SHOCKED_IN_FIVE;
    for (int e = 0; e < EFFECT_N; e++) {
        struct truth truth;
        char about[80];
        snprintf(about, sizeof about, "case %zu %s%s:", number,
                 effect_name((enum effect)e), shocked ? " with shock" : "");
        draw_restore(&d->draw);
        effect_put((enum effect)e, shocked, &d->draw, t->seed, number, &truth);
        for (int k = 0; truth.put && k < BOOK_LOOKS; k++) {
            struct page *p = book_page(d->book, number, (enum effect)e, k);
            if (number >= t->rest && (e != EFFECT_QUIET || k != BOOK_LOOK_30))
                continue;
            if (!trial_has(t, (enum effect)e, k))
                continue;
            if (ask_all(d, &truth, k, about, p->said, err) < 0)
                return -1;
            p->there = true;
        }
    }
    return 0;
}

static int run_case(struct desk *d, size_t number, struct err *err)
{
    const struct trial *t = d->trial;
    int rc = draw_make(&d->draw, t->recordings, &t->want, t->seed, number, err);
    if (rc == 0)
        rc = reference_read(d->reference, &d->draw, book_looks, BOOK_LOOKS, err);
    if (rc == 0)
        rc = stage_set(&d->stage, &d->draw, t->coarse, err);
    if (rc == 0)
        rc = ask_effects(d, number, err);
    stage_clear(&d->stage);
    return rc;
}

/* --- all cases --- */

static int work(const struct trial *t, struct book *b, int job, struct err *err)
{
    struct desk d = {.trial = t, .book = b};
    int rc = draw_open(&d.draw, &t->want, err);
    if (rc == 0 && (d.reference = reference_new(&t->want, err)) == NULL)
        rc = -1;
    for (size_t i = (size_t)job; rc == 0 && i < b->cases; i += (size_t)t->jobs)
        rc = run_case(&d, i, err);
    reference_free(&d.reference);
    draw_close(&d.draw);
    return rc;
}

static pid_t start(const struct trial *t, struct book *b, int job)
{
    pid_t pid = fork();
    if (pid != 0)
        return pid;
    struct err err = {0};
    int rc = work(t, b, job, &err);
    if (rc < 0)
        fprintf(stderr, "eval_judge: %s\n", err.text);
    _exit(rc < 0);
}

int trial_run(const struct trial *t, struct book *b, struct err *err)
{
    pid_t pid[JOBS_MAX];
    int n = 0, rc = 0;
    while (n < t->jobs && n < JOBS_MAX) {
        pid[n] = start(t, b, n);
        if (pid[n] < 0) {
            rc = err_sys(err, errno, "cannot start a process");
            break;
        }
        n++;
    }
    for (int i = 0; i < n; i++) {
        int status;
        while (waitpid(pid[i], &status, 0) < 0 && errno == EINTR)
            ;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            rc = err_set(err, EIO, "a process of the trial failed");
    }
    return rc;
}
