/* eval/book.h - who said what of which case: the results of a run.
 *
 * One book for single series, one for whole changes.  Every case writes to pages of its
 * own in memory that forked workers share, so the book is the same whoever fills it. */
#ifndef EVAL_BOOK_H
#define EVAL_BOOK_H

#include "base/err.h"
#include "eval/effects.h"
#include "eval/score.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* id, name in tables */
#define VOICES(X)                                                                      \
    X(JUDGE, "**judge**")                                                              \
    X(MUST, "**judge**, must-handle")                                                  \
    X(LAYERS_Z, "layers, z >= 3")                                                      \
    X(LAYERS_5, "layers, q 5 %")                                                       \
    X(LAYERS_1, "layers, q 1 %")                                                       \
    X(REFERENCE_Z, "reference, z >= 3")                                                \
    X(REFERENCE_5, "reference, q 5 %")                                                 \
    X(REFERENCE_1, "reference, q 1 %")                                                 \
    X(KAYENTA, "Kayenta")                                                              \
    X(KAYENTA_EFFECT, "Kayenta, effect size")                                          \
    X(RATIO, "ratio 20 %")                                                             \
    X(MAD, "median/MAD")                                                               \
    X(MEAN_KAYENTA, "Kayenta, mean")                                                   \
    X(MEAN_KAYENTA_EFFECT, "Kayenta, effect size, mean")                               \
    X(MEAN_RATIO, "ratio 20 %, mean")                                                  \
    X(MEAN_MAD, "median/MAD, mean")                                                    \
    X(MEAN_SCORE_95, "Kayenta score < 95, mean")                                       \
    X(MEAN_SCORE_75, "Kayenta score < 75, mean")
#define X(id, name) VOICE_##id,
enum voice { VOICES(X) VOICE_N };
#undef X
const char *voice_name(enum voice v);

/* What one voice said of one case with one effect at one look. */
struct said {
    bool flag, hit;
    uint16_t findings, wrong;
    float score;
};

enum { BOOK_LOOKS = 4 };
extern const int book_looks[BOOK_LOOKS]; /* minutes: 10, 15, 30, 60 */
enum { BOOK_LOOK_10, BOOK_LOOK_15, BOOK_LOOK_30, BOOK_LOOK_60 };

struct page {
    bool there; /* it was asked, and the effect changed something */
    struct said said[VOICE_N];
};

struct book {
    size_t cases;
    struct page *page; /* shared with forked processes */
};
int book_open(struct book *b, size_t cases, struct err *err);
void book_close(struct book *b);
struct page *book_page(const struct book *b, size_t number, enum effect e, int look);

/* Cases in which the voice spoke, of those that are there. */
struct rate book_flagged(const struct book *b, enum voice v, enum effect e, int look);
/* ... in which it said something true. */
struct rate book_found(const struct book *b, enum voice v, enum effect e, int look);
/* ... said something true at this look or an earlier one. */
struct rate book_found_by(const struct book *b, enum voice v, enum effect e, int look);
/* False findings of all findings, over all cases. */
struct rate book_wrong(const struct book *b, enum voice v, enum effect e, int look);

/* The threshold at which a voice's scores flag this share of quiet cases, every other
 * of them with a shock; and what it then finds. */
double book_threshold(const struct book *b, enum voice v, int look, double share);
struct rate book_above(const struct book *b, enum voice v, enum effect e, int look,
                       double threshold);

#endif
