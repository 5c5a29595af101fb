/* eval/tables.c - Markdown from books.  The words say how it was done, the tables what
 * came out; nothing in the words depends on the outcome but what is counted here. */
#include "eval/tables.h"

#include "base/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Below this share of cases found, an effect counts as not solved. */
#define SOLVED 0.5

typedef struct rate (*counter)(const struct book *b, enum voice v, enum effect e,
                               int look);

static void add_rate(struct buf *to, struct rate r)
{
    struct interval i = rate_interval(r);
    if (r.n == 0)
        buf_add(to, " - |");
    else
        buf_addf(to, " %.1f (%.1f-%.1f) |", 100 * rate_share(r), 100 * i.low,
                 100 * i.high);
}

/* Rates that are small. */
static void add_fine_rate(struct buf *to, struct rate r)
{
    struct interval i = rate_interval(r);
    if (r.n == 0)
        buf_add(to, " - |");
    else
        buf_addf(to, " %.2f (%.2f-%.2f) |", 100 * rate_share(r), 100 * i.low,
                 100 * i.high);
}

/* --- a table: effects down, voices across --- */

struct table {
    const struct book *book;
    const enum voice *voice;
    size_t n_voices;
    const enum effect *effect;
    size_t n_effects;
    counter fault, calm; /* for effects that the change is to blame for, and others */
};

static void add_head(struct buf *to, const struct table *t)
{
    buf_add(to, "| put in | cases |");
    for (size_t i = 0; i < t->n_voices; i++)
        buf_addf(to, " %s |", voice_name(t->voice[i]));
    buf_add(to, "\n|---|---|");
    for (size_t i = 0; i < t->n_voices; i++)
        buf_add(to, "---|");
    buf_add(to, "\n");
}

static void add_table(struct buf *to, const struct table *t)
{
    add_head(to, t);
    for (size_t i = 0; i < t->n_effects; i++) {
        enum effect e = t->effect[i];
        counter count = effect_is_fault(e) ? t->fault : t->calm;
        buf_addf(to, "| %s | %zu |", effect_name(e),
                 book_flagged(t->book, t->voice[0], e, BOOK_LOOK_30).n);
        for (size_t k = 0; k < t->n_voices; k++)
            add_rate(to, count(t->book, t->voice[k], e, BOOK_LOOK_30));
        buf_add(to, "\n");
    }
    buf_add(to, "\n");
}

/* --- how it was done --- */

static const char how[] =
    "Six machines of the Server Machine Dataset, 33 days each, a value a minute. There "
    "are no fleets\n"
    "in it, so **one machine on one day stands for one host**: hosts of a case come "
    "from "
    "three machines that\n"
    "behave alike (1-3, 1-4, 3-3 or 1-5, 2-2, 2-7), at the same minute of the day, "
    "each "
    "on a day of its own.\n"
    "No labelled incident lies within an hour of the pretended change. The first half "
    "of "
    "the recordings has no\n"
    "labels: real jumps in it stay in the quiet cases and count as false alarms here.\n"
    "\n"
    "A **single series** is one metric of one changed host with 25 unchanged hosts. A "
    "**whole change** is 50\n"
    "changed hosts, 25 unchanged ones and 20 metrics; in 40 % of them, whatever else "
    "is "
    "put in, all hosts have a\n"
    "traffic shock. Six days of past are known.\n"
    "\n"
    "What is put in, from the minute of the change on and on the changed hosts only:\n"
    "\n"
    "- *traffic shock*: all hosts, changed or not, step up or down by 1.3 to 3 times "
    "at "
    "one moment within ten\n"
    "  minutes of the change; each metric follows by a share of its own;\n"
    "- *restart dip*, *restart burst*: 3 to 5 minutes, beginning up to 2 minutes after "
    "the change, at a tenth\n"
    "  to a half of, or 2 to 5 times, the value, on all metrics;\n"
    "- *+5 %* to *+100 %*: multiplied for good; *4, 8 sigma*: that many standard "
    "deviations of the hour before\n"
    "  added (at least 0.001 of the range each); *ramp*: reaches twice the value after "
    "30 minutes; *leak*: grows by\n"
    "  30 % every 30 minutes; *noise x3*: distances from the mean of the hour before "
    "tripled. In whole changes\n"
    "  on two metrics (the leak on one) of all changed hosts;\n"
    "- *5 hosts*, *1 host*: three metrics of only so many of the 50, multiplied.\n"
    "\n"
    "A case in which this changes no value (a multiple of nothing) is left out.\n"
    "\n"
    "Who judges, all on the very same cases:\n"
    "\n"
    "- **judge**: the whole judge with the shipped rules, which know none of these "
    "metrics: what a user gets. It\n"
    "  speaks when it grades *attention* or *must-handle*;\n"
    "- *layers*: its statistics alone on single series, before any rule: |z| >= 3;\n"
    "- *reference*: the method as it was first described: |z| >= 3 on single series; "
    "in "
    "whole changes all p-values\n  that pass at a false-discovery rate q with an "
    "effect "
    "of at least 3 % on all hosts together or 10 % on one;\n"
    "- *Kayenta*: Mann-Whitney's 98 % interval must clear a quarter of the estimated "
    "shift; *effect size*: and the\n"
    "  ratio of the means must lie outside 0.8 to 1.25; *ratio 20 %*: the means; "
    "*median/MAD*: z > 3. Each is given\n"
    "  the hour before and the same settled minutes after as we are. In whole changes "
    "they look at every host, or\n"
    "  (*mean*) at the hosts' mean; *score*: Kayenta's share of metrics that pass. "
    "Used "
    "so, before against after,\n"
    "  Kayenta's rule is partly outside its design.\n"
    "\n"
    "Numbers are per cent of cases with their 95 % interval (Wilson). Of cases where "
    "something was broken, a\n"
    "case counts only when something *true* was said: the right metric, and a host "
    "that "
    "has it.\n"
    "\n";

/* --- targets --- */

static const struct goal {
    const char *what;
    bool whole; /* of whole changes */
    enum voice voice;
    enum effect effect;
    bool most; /* at most, else at least */
    double share;
} goals[] = {
    {"single series, quiet", false, VOICE_LAYERS_Z, EFFECT_QUIET, true, 0.01},
    {"single series, traffic shock", false, VOICE_LAYERS_Z, EFFECT_SHOCK, true, 0.01},
    {"single series, restart dip", false, VOICE_LAYERS_Z, EFFECT_DIP, true, 0.01},
    {"single series, restart burst", false, VOICE_LAYERS_Z, EFFECT_BURST, true, 0.01},
    {"single series, +100 %", false, VOICE_LAYERS_Z, EFFECT_UP_100, false, 0.55},
    {"single series, 8 sigma", false, VOICE_LAYERS_Z, EFFECT_SIGMA_8, false, 0.65},
    {"single series, quiet", false, VOICE_JUDGE, EFFECT_QUIET, true, 0.01},
    {"single series, traffic shock", false, VOICE_JUDGE, EFFECT_SHOCK, true, 0.01},
    {"single series, restart dip", false, VOICE_JUDGE, EFFECT_DIP, true, 0.01},
    {"single series, restart burst", false, VOICE_JUDGE, EFFECT_BURST, true, 0.01},
    {"single series, +100 %", false, VOICE_JUDGE, EFFECT_UP_100, false, 0.55},
    {"single series, 8 sigma", false, VOICE_JUDGE, EFFECT_SIGMA_8, false, 0.65},
    {"whole change, +20 % on two metrics", true, VOICE_JUDGE, EFFECT_UP_20, false, 0.8},
};

static struct rate outcome(const struct tables *t, enum voice v, enum effect e,
                           bool whole)
{
    const struct book *b = whole ? t->changes : t->singles;
    return effect_is_fault(e) ? book_found(b, v, e, BOOK_LOOK_30)
                              : book_flagged(b, v, e, BOOK_LOOK_30);
}

/* Against the reference on the same draws: half as many false grades, and no less
 * found. */
static void add_goals_by_reference(const struct tables *t, struct buf *to)
{
    static const struct {
        enum voice ours, theirs;
    } pair[] = {{VOICE_JUDGE, VOICE_REFERENCE_5}, {VOICE_MUST, VOICE_REFERENCE_1}};
    static const enum effect faults[] = {
        EFFECT_UP_5,    EFFECT_UP_10,    EFFECT_UP_20,   EFFECT_UP_50,  EFFECT_LEAK,
        EFFECT_FIVE_50, EFFECT_FIVE_100, EFFECT_ONE_100, EFFECT_ONE_300};
    for (size_t i = 0; i < COUNT(pair); i++) {
        struct rate r = outcome(t, pair[i].ours, EFFECT_QUIET, true);
        struct rate theirs = outcome(t, pair[i].theirs, EFFECT_QUIET, true);
        if (r.n == 0)
            continue;
        buf_addf(to, "| whole change, quiet | %s | at most %.1f: half of the %s |",
                 voice_name(pair[i].ours), 50 * rate_share(theirs),
                 voice_name(pair[i].theirs));
        add_rate(to, r);
        buf_add(to, 2 * r.hits <= theirs.hits ? " yes |\n" : " **no** |\n");
    }
    struct rate ours = {0}, theirs = {0};
    for (size_t i = 0; i < COUNT(faults); i++) {
        struct rate a = outcome(t, VOICE_JUDGE, faults[i], true);
        struct rate b = outcome(t, VOICE_REFERENCE_5, faults[i], true);
        ours = (struct rate){ours.hits + a.hits, ours.n + a.n};
        theirs = (struct rate){theirs.hits + b.hits, theirs.n + b.n};
    }
    if (ours.n == 0)
        return;
    buf_addf(to, "| whole change, all that was broken | %s | at least %.1f: the %s |",
             voice_name(VOICE_JUDGE), 100 * rate_share(theirs),
             voice_name(VOICE_REFERENCE_5));
    add_rate(to, ours);
    buf_add(to, ours.hits >= theirs.hits ? " yes |\n" : " **no** |\n");
}

static void add_goal_of_counts(const struct tables *t, struct buf *to)
{
    struct rate r = t->codes->below[CODES_QUIET][1];
    buf_add(to, "| return code, quiet, p < 0.001 | count test | at most 0.3 |");
    add_fine_rate(to, r);
    buf_add(to, rate_share(r) <= 0.003 ? " yes |\n" : " **no** |\n");
}

static void add_goals(const struct tables *t, struct buf *to)
{
    buf_add(to, "## Aims\n\nAt the look 30 minutes after the change.\n\n"
                "| case | who | aim | measured | reached |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < COUNT(goals); i++) {
        const struct goal *g = &goals[i];
        struct rate r = outcome(t, g->voice, g->effect, g->whole);
        if (r.n == 0)
            continue;
        bool reached = g->most ? rate_share(r) <= g->share : rate_share(r) >= g->share;
        buf_addf(to, "| %s | %s | %s %.1f |", g->what, voice_name(g->voice),
                 g->most ? "at most" : "at least", 100 * g->share);
        add_rate(to, r);
        buf_add(to, reached ? " yes |\n" : " **no** |\n");
    }
    add_goals_by_reference(t, to);
    add_goal_of_counts(t, to);
    buf_add(to, "\n");
}

/* --- single series --- */

static const enum voice single_voices[] = {
    VOICE_JUDGE,          VOICE_LAYERS_Z, VOICE_REFERENCE_Z, VOICE_KAYENTA,
    VOICE_KAYENTA_EFFECT, VOICE_RATIO,    VOICE_MAD};
static const enum effect single_effects[] = {
    EFFECT_QUIET, EFFECT_SHOCK, EFFECT_DIP,    EFFECT_BURST,   EFFECT_UP_10,
    EFFECT_UP_20, EFFECT_UP_50, EFFECT_UP_100, EFFECT_SIGMA_4, EFFECT_SIGMA_8,
    EFFECT_RAMP,  EFFECT_LEAK,  EFFECT_NOISE_3};

static const enum effect scored_effects[] = {EFFECT_UP_20,   EFFECT_UP_50,
                                             EFFECT_UP_100,  EFFECT_SIGMA_4,
                                             EFFECT_SIGMA_8, EFFECT_RAMP};

static void add_fair(const struct book *b, int look, struct buf *to)
{
    static const enum voice voices[] = {VOICE_LAYERS_Z, VOICE_REFERENCE_Z,
                                        VOICE_KAYENTA, VOICE_RATIO, VOICE_MAD};
    buf_addf(to, "| put in, %d-minute look |", book_looks[look]);
    for (size_t k = 0; k < COUNT(voices); k++)
        buf_addf(to, " %s |",
                 voices[k] == VOICE_KAYENTA ? "Mann-Whitney" : voice_name(voices[k]));
    buf_add(to, "\n|---|");
    for (size_t k = 0; k < COUNT(voices); k++)
        buf_add(to, "---|");
    buf_add(to, "\n| *threshold* |");
    for (size_t k = 0; k < COUNT(voices); k++)
        buf_addf(to, " %.3g |", book_threshold(b, voices[k], look, 0.01));
    buf_add(to, "\n");
    for (size_t i = 0; i < COUNT(scored_effects); i++) {
        enum effect e = scored_effects[i];
        if (book_flagged(b, VOICE_JUDGE, e, look).n == 0)
            continue;
        buf_addf(to, "| %s |", effect_name(e));
        for (size_t k = 0; k < COUNT(voices); k++)
            add_rate(to, book_above(b, voices[k], e, look,
                                    book_threshold(b, voices[k], look, 0.01)));
        buf_add(to, "\n");
    }
    buf_add(to, "\n");
}

/* What each look alone says. */
static void add_looks(const struct book *b, enum voice v, counter count, struct buf *to)
{
    buf_addf(to, "| %s: put in |", voice_name(v));
    for (int k = 0; k < BOOK_LOOKS; k++)
        buf_addf(to, " %s%d min |", count == book_found_by && k > 0 ? "by " : "",
                 book_looks[k]);
    buf_add(to, "\n|---|---|---|---|---|\n");
    for (int e = 0; e < EFFECT_N; e++) {
        if (book_flagged(b, v, (enum effect)e, BOOK_LOOK_10).n == 0)
            continue;
        buf_addf(to, "| %s |", effect_name((enum effect)e));
        for (int k = 0; k < BOOK_LOOKS; k++)
            add_rate(to, effect_is_fault((enum effect)e)
                             ? count(b, v, (enum effect)e, k)
                             : book_flagged(b, v, (enum effect)e, k));
        buf_add(to, "\n");
    }
    buf_add(to, "\n");
}

static void add_singles(const struct tables *t, struct buf *to)
{
    buf_add(to,
            "## Single series\n\nSpoke at the 30-minute look, per cent. The first four "
            "rows should be near\n0, the rest near 100.\n\n");
    add_table(to, &(struct table){t->singles, single_voices, COUNT(single_voices),
                                  single_effects, COUNT(single_effects), book_found,
                                  book_flagged});
    buf_add(to,
            "### At the same false-alarm rate\n\nEach rule's score with the threshold "
            "at which 1 % of quiet windows are\nflagged, half of them with a traffic "
            "shock. For *median/MAD* and *ratio* the score may be endless (a window "
            "that did\nnot move at all before); such cases never pass.\n\n");
    add_fair(t->singles, BOOK_LOOK_30, to);
    add_fair(t->singles, BOOK_LOOK_10, to);
    buf_add(to, "### When\n\nEach look by itself for what no change is to blame for; "
                "found at that look or an\nearlier one for the rest.\n\n");
    add_looks(t->singles, VOICE_LAYERS_Z, book_found_by, to);
    add_looks(t->singles, VOICE_JUDGE, book_found_by, to);
}

/* --- whole changes --- */

static const enum effect change_effects[] = {
    EFFECT_QUIET,    EFFECT_SHOCK,   EFFECT_DIP,    EFFECT_BURST, EFFECT_UP_5,
    EFFECT_UP_10,    EFFECT_UP_20,   EFFECT_UP_50,  EFFECT_LEAK,  EFFECT_FIVE_50,
    EFFECT_FIVE_100, EFFECT_ONE_100, EFFECT_ONE_300};

static void add_changes(const struct tables *t, struct buf *to)
{
    static const enum voice own[] = {VOICE_JUDGE, VOICE_MUST, VOICE_REFERENCE_5,
                                     VOICE_REFERENCE_1};
    static const enum voice hosts[] = {VOICE_KAYENTA, VOICE_KAYENTA_EFFECT, VOICE_RATIO,
                                       VOICE_MAD};
    static const enum voice means[] = {VOICE_MEAN_KAYENTA,  VOICE_MEAN_KAYENTA_EFFECT,
                                       VOICE_MEAN_RATIO,    VOICE_MEAN_MAD,
                                       VOICE_MEAN_SCORE_95, VOICE_MEAN_SCORE_75};
    struct table table = {
        t->changes, own,         COUNT(own), change_effects, COUNT(change_effects),
        book_found, book_flagged};
    buf_add(
        to,
        "## Whole changes\n\nPer cent of changes about which anything was said (first "
        "four rows) or anything true\n(the rest), at the 30-minute look.\n\n");
    add_table(to, &table);
    buf_add(to, "Others, looking at every host: who speaks always is also always right "
                "about what is broken.\n\n");
    table.voice = hosts, table.n_voices = COUNT(hosts);
    add_table(to, &table);
    buf_add(to, "Others, looking at the hosts' mean:\n\n");
    table.voice = means, table.n_voices = COUNT(means);
    add_table(to, &table);
    buf_add(to,
            "### How much of what is said is wrong\n\nFindings about metrics and hosts "
            "to which nothing was done, of all findings, per cent.\n\n");
    table.voice = own, table.n_voices = COUNT(own);
    table.fault = table.calm = book_wrong;
    table.effect = &change_effects[4], table.n_effects = COUNT(change_effects) - 4;
    add_table(to, &table);
    buf_add(to, "### When\n\n");
    add_looks(t->changes, VOICE_JUDGE, book_found_by, to);
}

/* --- whole changes with nobody beside --- */

static void add_alone(const struct tables *t, struct buf *to)
{
    static const enum voice voices[] = {VOICE_JUDGE, VOICE_MUST, VOICE_REFERENCE_5,
                                        VOICE_REFERENCE_1, VOICE_MEAN_RATIO};
    static const enum effect effects[] = {EFFECT_QUIET, EFFECT_SHOCK, EFFECT_UP_20,
                                          EFFECT_UP_50};
    if (t->alone->cases == 0)
        return;
    buf_add(
        to,
        "## Whole changes of all hosts that there are\n\nThe same without the 25 "
        "unchanged hosts, 40 % of the cases with a traffic shock again. Nothing "
        "tells a shock\nfrom a change then: the judge says *attention* at most, and "
        "why.\n\n");
    add_table(to, &(struct table){t->alone, voices, COUNT(voices), effects,
                                  COUNT(effects), book_found, book_flagged});
}

/* --- counts --- */

static void add_codes(const struct tables *t, struct buf *to)
{
    buf_add(to,
            "## Counts\n\nThere are no recorded calls: return codes are simulated "
            "(100 to 100,000 calls a minute with a daily\nswing, a code's share of "
            "0.001 % to 5 %, noise of that share from none to 60 % with a memory of "
            "up\nto an hour). Per cent of series with a two-sided p-value of the "
            "negative-binomial test below the bar, 15\nminutes after. Many of them "
            "are rarer than one event in those minutes, where nothing can be "
            "found.\n\n| put in | series |");
    for (int i = 0; i < CODES_BARS; i++)
        buf_addf(to, " p < %g |", codes_bar[i]);
    buf_add(to, "\n|---|---|---|---|---|\n");
    for (int k = 0; k < CODES_CASES; k++) {
        buf_addf(to, "| %s | %zu |", codes_name((enum codes_case)k),
                 t->codes->below[k][0].n);
        for (int i = 0; i < CODES_BARS; i++)
            add_fine_rate(to, t->codes->below[k][i]);
        buf_add(to, "\n");
    }
    buf_add(to, "\n");
}

/* --- economies --- */

static double nth(double *v, size_t n, double share)
{
    return n > 0 ? v[(size_t)(share * (double)(n - 1))] : NAN;
}

static void add_economies(const struct tables *t, struct buf *to)
{
    static const char *const layer[ECONOMY_LAYERS] = {"one host", "all hosts as one"};
    struct economies *e = t->economies;
    if (e->cases == 0)
        return;
    buf_addf(
        to,
        "## What economies cost\n\nThe service keeps the past in means of 5 "
        "minutes, takes hosts together in 64 buckets and counts pretended\nscores "
        "in bins once they are many. How far z moves by that, over all series of "
        "%zu whole changes, each\nquiet and with +20 %% on two metrics, 30 minutes "
        "after (the buckets' row holds the shipped offset of logs, too,\nwhich "
        "knows no unit):\n\n| compared | scores | series | \\|dz\\|: median | 95 %% | "
        "99 %% | most | \\|z\\| >= 3 on one side only "
        "|\n|---|---|---|---|---|---|---|---|\n",
        e->cases);
    for (int k = 0; k < ECONOMY_N; k++)
        for (int i = 0; i < ECONOMY_LAYERS; i++) {
            double *off = e->z[k][i].off;
            size_t n = e->z[k][i].n;
            qsort(off, n, sizeof *off, order_doubles);
            buf_addf(to, "| %s | %s | %zu | %.3f | %.3f | %.3f | %.2f |",
                     economy_name((enum economy)k), layer[i], n, nth(off, n, 0.5),
                     nth(off, n, 0.95), nth(off, n, 0.99), nth(off, n, 1));
            add_fine_rate(to, e->z[k][i].turned);
            buf_add(to, "\n");
        }
    qsort(e->p_ratio, e->n_p, sizeof *e->p_ratio, order_doubles);
    buf_addf(to,
             "\nThe judge's grade of the whole change is the same with either past in "
             "%zu of %zu. p-values from bins are %.3f to\n%.3f times the exact ones "
             "(median %.3f).\n\n",
             e->same_grade.hits, e->same_grade.n, nth(e->p_ratio, e->n_p, 0),
             nth(e->p_ratio, e->n_p, 1), nth(e->p_ratio, e->n_p, 0.5));
}

/* --- the rest --- */

static void add_repeat(const struct tables *t, struct buf *to)
{
    buf_addf(
        to,
        "## How to repeat it\n\n"
        "`./dev eval` builds `eval_judge` and runs it; it needs the recordings in "
        "`../shared/data/smd`\n(six `machine-*.csv.gz`). This page came from\n\n"
        "    build/bin/eval_judge --seed %llu --singles %zu --changes %zu --faults %zu "
        "--alone %zu --economies %zu%s\n\n"
        "The same options give the same page, whatever `--jobs`; another `--seed` "
        "draws other cases. `--tell`\nprints every false finding of the judge with "
        "its values, to be looked at one by one. `--coarse` tells the\npast in means "
        "of 5 minutes, as the service keeps it.\n\n",
        (unsigned long long)t->trial->seed, t->singles->cases, t->changes->cases,
        t->trial->rest, t->alone->cases, t->economies->cases,
        t->trial->coarse ? " --coarse" : "");
}

static void add_unsolved(const struct tables *t, struct buf *to)
{
    buf_add(to, "## What is not solved\n\n");
    for (size_t i = 0; i < COUNT(single_effects); i++) {
        struct rate r =
            book_found(t->singles, VOICE_JUDGE, single_effects[i], BOOK_LOOK_30);
        if (effect_is_fault(single_effects[i]) && r.n > 0 && rate_share(r) < SOLVED)
            buf_addf(
                to, "- *%s* on one series: the judge finds %.0f %% after 30 minutes.\n",
                effect_name(single_effects[i]), 100 * rate_share(r));
    }
    for (size_t i = 0; i < COUNT(change_effects); i++) {
        struct rate r =
            book_found(t->changes, VOICE_JUDGE, change_effects[i], BOOK_LOOK_30);
        if (effect_is_fault(change_effects[i]) && r.n > 0 && rate_share(r) < SOLVED)
            buf_addf(
                to,
                "- *%s* in a whole change: the judge finds %.0f %% after 30 minutes.\n",
                effect_name(change_effects[i]), 100 * rate_share(r));
    }
    buf_add(
        to,
        "- At the price of fewer false grades the judge finds less than the reference "
        "at "
        "q = 5 % where its aim above says so;\n  at the reference's q = 1 % compare "
        "the "
        "rows of the tables.\n"
        "- Hosts here are days of three machines: real fleets share more than a clock, "
        "so "
        "real controls\n  take off more than these can. Values are scaled to 0..1, "
        "effects "
        "are clean, the shock is made up.\n"
        "- Weeks are too short in these recordings to say anything about weekends.\n"
        "- Calls are simulated; nothing here is about coredumps, alarms or new hosts.\n"
        "- The method's constants were found on machines of the same data set, these "
        "six "
        "among them. Other\n  hosts will differ.\n");
}

void tables_write(const struct tables *t, struct buf *to)
{
    buf_add(
        to,
        "# How accurate the judge is\n\nWritten by `./dev eval`; changes by hand are "
        "lost.\n\n");
    add_goals(t, to);
    buf_add(to, "## What was done\n\n");
    buf_add(to, how);
    add_singles(t, to);
    add_changes(t, to);
    add_alone(t, to);
    add_codes(t, to);
    add_economies(t, to);
    add_repeat(t, to);
    add_unsolved(t, to);
}
