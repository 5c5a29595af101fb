/* rules/condition.c - conditions from words to code: grammar and units.
 *
 * The grammar is read by operator precedence (Vaughan Pratt, "Top down operator
 * precedence", 1973): `expression` reads what binds at least as tightly as it is told
 * and calls itself for what stands to the right, CONDITION_DEPTH_MAX deep at most.
 * Units are worked out along with it.  What must hold: code that is given out fits the
 * stack of condition_run.c, and the first mistake is told at its place.  No state; any
 * thread. */
#include "rules/condition_code.h"

#include "base/complain.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const unit_words[CONDITION_UNIT_N] = {
    [CONDITION_PLAIN] = "a plain number",
    [CONDITION_RATIO] = "a ratio",
    [CONDITION_SHARE] = "a share",
    [CONDITION_SPAN] = "a length of time",
    [CONDITION_SIZE] = "a size",
    [CONDITION_METRIC] = "in the metric's own unit",
};
static const char *const unit_example[CONDITION_UNIT_N] = {
    [CONDITION_PLAIN] = "10", [CONDITION_RATIO] = "1.3", [CONDITION_SHARE] = "5%",
    [CONDITION_SPAN] = "90s", [CONDITION_SIZE] = "8GiB", [CONDITION_METRIC] = "10",
};

/* --- code --- */

struct maker {
    struct condition_reader r;
    struct condition *c;
    enum condition_unit own_unit;
    struct condition_scale own_scale;
    int depth;
    size_t height, highest; /* of the stack while the code runs */
};

/* Keeps the first mistake; always -1. */
#define REFUSE(m, at, ...) condition_refuse(&(m)->r, (at), __VA_ARGS__)

static const struct binary {
    int sign, power; /* a larger power binds more tightly */
    const char *verb;
} binaries[] = {
    {CODE_OR, 1, NULL},          {CODE_AND, 2, NULL},
    {CODE_LESS, 4, "compared"},  {CODE_LESS_SAME, 4, "compared"},
    {CODE_MORE, 4, "compared"},  {CODE_MORE_SAME, 4, "compared"},
    {CODE_SAME, 4, "compared"},  {CODE_OTHER, 4, "compared"},
    {CODE_ADD, 5, "added"},      {CODE_SUB, 5, "subtracted"},
    {CODE_MUL, 6, "multiplied"}, {CODE_DIV, 6, "divided"},
};
enum { BINARIES = sizeof binaries / sizeof *binaries, POWER_NOT = 3, POWER_MINUS = 7 };

/* What is known of a piece of text that has been read. */
struct piece {
    bool truth; /* else a value */
    enum condition_unit unit;
    struct condition_scale scale;
    bool own;        /* a number without a unit is taken as in this piece's unit */
    bool bare;       /* such a number, or made of such numbers only */
    bool number;     /* one step CODE_NUMBER */
    size_t step;     /* its first */
    size_t from, to; /* in the text */
};

static struct condition_step *emit(struct maker *m, enum condition_code code,
                                   const struct piece *p)
{
    struct condition *c = m->c;
    assert(c->n < CONDITION_STEPS_MAX);
    struct condition_step *s = &c->step[c->n++];
    *s = (struct condition_step){.code = (uint8_t)code,
                                 .unit = (uint8_t)p->unit,
                                 .first = (uint16_t)p->step,
                                 .from = (uint16_t)p->from,
                                 .n = (uint16_t)(p->to - p->from),
                                 .number = p->scale.over / p->scale.under};
    if (code <= CODE_NAME)
        m->height++;
    else if (code >= CODE_ADD && code != CODE_NOT)
        m->height--;
    if (m->height > m->highest)
        m->highest = m->height;
    return s;
}

static bool same_scale(struct condition_scale a, struct condition_scale b)
{
    return a.over * b.under == b.over * a.under;
}

/* Gives a piece another scale of its unit: a number by itself is rewritten, so that it
 * stays exact; else the stack's top is it. */
static void rescale(struct maker *m, struct piece *p, struct condition_scale to)
{
    if (same_scale(p->scale, to))
        return;
    double over = p->scale.over * to.under, under = p->scale.under * to.over;
    if (p->number) {
        struct condition_step *s = &m->c->step[p->step];
        s->number = s->number * over / under;
    } else {
        emit(m, CODE_SCALE, p)->number = over / under;
    }
    p->scale = to;
}

/* A piece of the text, for a message: at most 40 bytes of it. */
struct quote {
    char text[48];
};

static struct quote quoted(const struct maker *m, const struct piece *p)
{
    struct quote q;
    int n = (int)(p->to - p->from);
    snprintf(q.text, sizeof q.text, "'%.*s%s'", n > 40 ? 37 : n, m->c->text + p->from,
             n > 40 ? "..." : "");
    return q;
}

static int refuse_bare(struct maker *m, const struct piece *bare,
                       const struct piece *other)
{
    return REFUSE(m, bare->from,
                  "%s is %s, expected one here, such as %s, not the plain number %s",
                  quoted(m, other).text, unit_words[other->unit],
                  unit_example[other->unit], quoted(m, bare).text);
}

static int refuse_units(struct maker *m, const struct piece *a, const struct piece *b,
                        size_t at, const char *verb)
{
    bool unknown = a->unit == CONDITION_METRIC || b->unit == CONDITION_METRIC;
    const struct piece *metric = a->unit == CONDITION_METRIC ? a : b;
    if (unknown && a->unit != b->unit)
        return REFUSE(m, at,
                      "%s is in the metric's own unit, which is not known here: write "
                      "a number without a unit, or say the rule's unit",
                      quoted(m, metric).text);
    return REFUSE(m, at, "%s is %s and %s is %s; they cannot be %s", quoted(m, a).text,
                  unit_words[a->unit], quoted(m, b).text, unit_words[b->unit], verb);
}

static bool zero(const struct maker *m, const struct piece *p)
{
    return p->bare && p->number && m->c->step[p->step].number == 0;
}

static bool takes_plain(const struct piece *p)
{
    return p->own || p->unit == CONDITION_PLAIN || p->unit == CONDITION_RATIO ||
           p->unit == CONDITION_METRIC;
}

/* True for pairs of different units that go together all the same. */
static bool akin(enum condition_unit a, enum condition_unit b)
{
    if (a == CONDITION_RATIO)
        return b == CONDITION_PLAIN || b == CONDITION_SHARE;
    return a == CONDITION_PLAIN && b == CONDITION_METRIC;
}

/* Brings two pieces to one unit and scale, for a comparison, a sum or a choice; `left`
 * then has those of the result.  `right` is on top of the stack. */
static int agree(struct maker *m, struct piece *left, struct piece *right, size_t at,
                 const char *verb)
{
    if (left->bare && right->bare)
        return 0;
    if (left->bare || right->bare) {
        struct piece *bare = left->bare ? left : right;
        struct piece *other = left->bare ? right : left;
        if (!takes_plain(other) && !zero(m, bare))
            return refuse_bare(m, bare, other);
        left->unit = other->unit;
        left->scale = other->scale;
        left->own = other->own;
        left->bare = false;
        return 0;
    }
    if (left->unit == right->unit) {
        if (left->number && !right->number)
            rescale(m, left, right->scale);
        else
            rescale(m, right, left->scale);
    } else if (akin(left->unit, right->unit) || akin(right->unit, left->unit)) {
        if (left->number || same_scale(left->scale, condition_one)) {
            rescale(m, left, condition_one);
            rescale(m, right, condition_one);
        } else {
            rescale(m, right, left->scale);
        }
        if (right->unit == CONDITION_METRIC || right->unit == CONDITION_RATIO)
            left->unit = right->unit;
    } else {
        return refuse_units(m, left, right, at, verb);
    }
    left->own |= right->own;
    return 0;
}

/* Of two that are multiplied the one of the higher rank gives its unit: 5% of a count
 * is a count, twice a share is a share.  Two of RANK_UNIT give none that is known. */
enum { RANK_UNIT = 5 };

static int product_rank(const struct piece *p)
{
    static const int rank[CONDITION_UNIT_N] = {
        [CONDITION_RATIO] = 1,        [CONDITION_SHARE] = 2,
        [CONDITION_PLAIN] = 3,        [CONDITION_SPAN] = RANK_UNIT,
        [CONDITION_SIZE] = RANK_UNIT, [CONDITION_METRIC] = RANK_UNIT,
    };
    if (p->bare)
        return 0;
    return p->unit == CONDITION_SHARE && p->own ? 4 : rank[p->unit];
}

static int join_product(struct maker *m, struct piece *left, struct piece *right,
                        size_t at)
{
    bool keep_left = product_rank(left) >= product_rank(right);
    struct piece *kept = keep_left ? left : right, *by = keep_left ? right : left;
    if (product_rank(by) == RANK_UNIT)
        return refuse_units(m, left, right, at, "multiplied");
    if (by->number)
        rescale(m, by, condition_one);
    struct condition_scale scale = kept->scale;
    left->unit = kept->unit;
    left->own = kept->own;
    left->bare = left->bare && right->bare;
    left->number = false;
    /* what the factor counts in goes into the product, on which it is put right */
    left->scale = (struct condition_scale){scale.over * by->scale.over,
                                           scale.under * by->scale.under};
    emit(m, CODE_MUL, left);
    rescale(m, left, scale);
    return 0;
}

static int join_quotient(struct maker *m, struct piece *left, struct piece *right,
                         size_t at)
{
    bool alike = left->unit == right->unit && !left->bare && !right->bare;
    if (!alike && product_rank(right) == RANK_UNIT)
        return refuse_units(m, left, right, at, "divided");
    rescale(m, right, alike ? left->scale : condition_one);
    if (alike) {
        left->unit = CONDITION_RATIO;
        left->scale = condition_one;
        left->own = false;
    }
    left->bare = left->bare && right->bare;
    left->number = false;
    emit(m, CODE_DIV, left);
    return 0;
}

static int join_sum(struct maker *m, const struct binary *op, struct piece *left,
                    struct piece *right, size_t at)
{
    if (agree(m, left, right, at, op->verb) < 0)
        return -1;
    left->number = false;
    emit(m, (enum condition_code)op->sign, left);
    return 0;
}

/* --- grammar --- */

static int expression(struct maker *m, int least, struct piece *ret_piece);

/* What stands at the word, for "expected ..., got it". */
static struct quote found(const struct maker *m)
{
    struct quote q = {"the end"};
    if (m->r.word.kind != CONDITION_WORD_END)
        q = quoted(m, &(struct piece){.from = m->r.word.from,
                                      .to = m->r.word.from + m->r.word.n});
    return q;
}

static bool sign_is(const struct maker *m, int sign)
{
    return m->r.word.kind == CONDITION_WORD_SIGN && m->r.word.sign == sign;
}

static int want_value(struct maker *m, const struct piece *p)
{
    if (!p->truth)
        return 0;
    return REFUSE(m, p->from, "%s is true or false, expected a value here",
                  quoted(m, p).text);
}

static int want_truth(struct maker *m, const struct piece *p)
{
    if (p->truth)
        return 0;
    return REFUSE(m, p->from, "%s is a value, expected a comparison",
                  quoted(m, p).text);
}

static int read_value_name(struct maker *m, struct piece *p)
{
    const struct condition *c = m->c;
    const struct condition_word *w = &m->r.word;
    size_t i = 0;
    while (i < c->n_names && !condition_is(c->text + w->from, w->n, c->names[i].name))
        i++;
    if (i == c->n_names) {
        const char *known[CONDITION_NAMES_MAX + CONDITION_KEYWORDS + 1] = {NULL};
        char word[80];
        for (size_t k = 0; k < c->n_names; k++)
            known[k] = c->names[k].name;
        for (size_t k = 0; k < CONDITION_KEYWORDS; k++)
            known[c->n_names + k] = condition_keywords[k];
        snprintf(word, sizeof word, "%.*s", (int)w->n, c->text + w->from);
        const char *near = nearest_name(word, known);
        return REFUSE(m, w->from, "unknown name '%s'%s%s%s", word,
                      near != NULL ? ", did you mean '" : "", near != NULL ? near : "",
                      near != NULL ? "'?" : "");
    }
    p->unit = c->names[i].unit;
    if (p->unit == CONDITION_METRIC) {
        p->unit = m->own_unit;
        p->scale = m->own_scale;
        p->own = true;
    }
    emit(m, CODE_NAME, p)->name = (uint8_t)i;
    m->c->uses |= UINT64_C(1) << i;
    return 0;
}

static int close_bracket(struct maker *m)
{
    if (!sign_is(m, SIGN_CLOSE))
        return REFUSE(m, m->r.word.from, "expected ) or an operator, got %s",
                      found(m).text);
    return 0;
}

/* NOLINTBEGIN(misc-no-recursion): expression() counts to CONDITION_DEPTH_MAX */
static int read_bracket(struct maker *m, struct piece *p)
{
    size_t from = m->r.word.from;
    if (condition_next(&m->r) < 0 || expression(m, 0, p) < 0 || close_bracket(m) < 0)
        return -1;
    p->from = from;
    return 0;
}

/* min, max and abs.  Each further choice is joined to the ones before at once, so the
 * stack does not grow with their number. */
static int read_call(struct maker *m, struct piece *p)
{
    int sign = m->r.word.sign;
    size_t from = m->r.word.from, given = 1;
    const char *name = sign == SIGN_MIN ? "min" : sign == SIGN_MAX ? "max" : "abs";
    if (condition_next(&m->r) < 0)
        return -1;
    if (!sign_is(m, SIGN_OPEN))
        return REFUSE(m, m->r.word.from, "expected ( behind %s, got %s", name,
                      found(m).text);
    if (condition_next(&m->r) < 0 || expression(m, 0, p) < 0 || want_value(m, p) < 0)
        return -1;
    for (; sign_is(m, SIGN_COMMA); given++) {
        struct piece more = {0};
        size_t comma = m->r.word.from;
        if (sign == SIGN_ABS)
            return REFUSE(m, comma, "abs takes one value");
        if (condition_next(&m->r) < 0 || expression(m, 0, &more) < 0 ||
            want_value(m, &more) < 0 ||
            agree(m, p, &more, more.from, "chosen from") < 0)
            return -1;
        p->number = false;
        emit(m, sign == SIGN_MIN ? CODE_MIN : CODE_MAX, p);
    }
    if (close_bracket(m) < 0)
        return -1;
    if (sign == SIGN_ABS)
        emit(m, CODE_ABS, p);
    else if (given < 2)
        return REFUSE(m, m->r.word.from, "%s takes two values or more", name);
    p->number = false;
    p->from = from;
    return 0;
}

static int read_not(struct maker *m, struct piece *p)
{
    size_t from = m->r.word.from;
    if (condition_next(&m->r) < 0 || expression(m, POWER_NOT, p) < 0 ||
        want_truth(m, p) < 0)
        return -1;
    p->from = from;
    emit(m, CODE_NOT, p);
    return 0;
}

static int read_minus(struct maker *m, struct piece *p)
{
    size_t from = m->r.word.from;
    if (condition_next(&m->r) < 0 || expression(m, POWER_MINUS, p) < 0 ||
        want_value(m, p) < 0)
        return -1;
    p->from = from;
    if (p->number)
        m->c->step[p->step].number *= -1;
    else
        emit(m, CODE_NEGATE, p);
    return 0;
}

/* What stands first: a number, a name, a bracket or an operator before its operand.
 * `*ret_done`: the word is used up. */
static int read_first(struct maker *m, struct piece *p, bool *ret_done)
{
    *p =
        (struct piece){.step = m->c->n, .from = m->r.word.from, .scale = condition_one};
    p->to = m->r.word.from + m->r.word.n;
    *ret_done = true;
    if (m->r.word.kind == CONDITION_WORD_NUMBER) {
        p->number = true;
        p->unit = m->r.word.unit;
        p->scale = m->r.word.scale;
        p->bare = p->unit == CONDITION_PLAIN;
        emit(m, CODE_NUMBER, p)->number = m->r.word.number;
        return 0;
    }
    if (m->r.word.kind == CONDITION_WORD_NAME)
        return read_value_name(m, p);
    if (sign_is(m, SIGN_OPEN))
        return read_bracket(m, p);
    if (sign_is(m, SIGN_MIN) || sign_is(m, SIGN_MAX) || sign_is(m, SIGN_ABS))
        return read_call(m, p);
    *ret_done = false;
    if (sign_is(m, CODE_NOT))
        return read_not(m, p);
    if (sign_is(m, CODE_SUB))
        return read_minus(m, p);
    return REFUSE(m, m->r.word.from, "expected a name, a number or (, got %s",
                  found(m).text);
}

static int join_comparison(struct maker *m, const struct binary *op, struct piece *left,
                           struct piece *right, size_t at)
{
    if (agree(m, left, right, at, op->verb) < 0)
        return -1;
    if (m->c->n_parts == CONDITION_PARTS_MAX)
        return REFUSE(m, at, "more than %d comparisons", CONDITION_PARTS_MAX);
    if (left->bare)
        return REFUSE(m, left->from, "%s and %s are both numbers: nothing to compare",
                      quoted(m, left).text, quoted(m, right).text);
    m->c->n_parts++;
    left->to = right->to;
    emit(m, (enum condition_code)op->sign, left);
    left->truth = true;
    if (m->r.word.kind == CONDITION_WORD_SIGN &&
        condition_is_comparison((uint8_t)m->r.word.sign))
        return REFUSE(m, m->r.word.from,
                      "two comparisons in a row; join them with and, "
                      "as in 1 < z and z < 5");
    return 0;
}

static int join_truths(struct maker *m, const struct binary *op, struct piece *left,
                       const struct piece *right)
{
    if (want_truth(m, left) < 0 || want_truth(m, right) < 0)
        return -1;
    left->to = right->to;
    emit(m, (enum condition_code)op->sign, left);
    return 0;
}

/* Two pieces and what stands between them into one, `left`. */
static int join(struct maker *m, const struct binary *op, struct piece *left,
                struct piece *right, size_t at)
{
    if (op->verb == NULL)
        return join_truths(m, op, left, right);
    if (want_value(m, left) < 0 || want_value(m, right) < 0)
        return -1;
    if (op->power == 4)
        return join_comparison(m, op, left, right, at);
    size_t from = left->from, to = right->to;
    int rc = op->sign == CODE_MUL   ? join_product(m, left, right, at)
             : op->sign == CODE_DIV ? join_quotient(m, left, right, at)
                                    : join_sum(m, op, left, right, at);
    left->from = from;
    left->to = to;
    return rc;
}

static const struct binary *binary_at(const struct maker *m)
{
    for (size_t i = 0; m->r.word.kind == CONDITION_WORD_SIGN && i < BINARIES; i++)
        if (binaries[i].sign == m->r.word.sign)
            return &binaries[i];
    return NULL;
}

static int expression(struct maker *m, int least, struct piece *ret_piece)
{
    bool done;
    if (++m->depth > CONDITION_DEPTH_MAX)
        return REFUSE(m, m->r.word.from, "nested more than %d deep",
                      CONDITION_DEPTH_MAX);
    if (read_first(m, ret_piece, &done) < 0)
        return -1;
    if (done) {
        ret_piece->to = m->r.word.from + m->r.word.n;
        if (condition_next(&m->r) < 0)
            return -1;
    }
    const struct binary *op;
    while ((op = binary_at(m)) != NULL && op->power >= least) {
        struct piece right = {0};
        size_t at = m->r.word.from;
        if (condition_next(&m->r) < 0 || expression(m, op->power + 1, &right) < 0 ||
            join(m, op, ret_piece, &right, at) < 0)
            return -1;
    }
    m->depth--;
    return 0;
}

/* NOLINTEND(misc-no-recursion) */

/* --- outside --- */

static int make(struct maker *m)
{
    struct piece whole = {0};
    if (condition_next(&m->r) < 0)
        return -1;
    if (m->r.word.kind == CONDITION_WORD_END)
        return REFUSE(m, 0, "an empty condition");
    if (expression(m, 0, &whole) < 0)
        return -1;
    if (m->r.word.kind != CONDITION_WORD_END)
        return REFUSE(m, m->r.word.from, "expected an operator or the end, got %s",
                      found(m).text);
    assert(m->height == 1 && m->highest <= CONDITION_STACK_MAX);
    return want_truth(m, &whole);
}

struct condition *condition_new(const char *text, const struct condition_name *names,
                                size_t n_names, const char *own_unit, size_t *ret_at,
                                struct err *err)
{
    assert(n_names <= CONDITION_NAMES_MAX);
    size_t n = strlen(text), at_unused;
    struct err err_unused = {0};
    const struct condition_unit_info *own = condition_own_unit(own_unit);
    struct maker m = {.own_unit = own != NULL ? own->unit : CONDITION_METRIC,
                      .own_scale = own != NULL ? own->scale : condition_one,
                      .r = {.text = text,
                            .ret_at = ret_at != NULL ? ret_at : &at_unused,
                            .err = err != NULL ? err : &err_unused}};
    if (n > CONDITION_BYTES_MAX) {
        REFUSE(&m, 0, "the condition is %zu bytes long, at most %d", n,
               CONDITION_BYTES_MAX);
        return NULL;
    }
    m.c = calloc(1, sizeof *m.c + CONDITION_STEPS_MAX * sizeof *m.c->step);
    if (m.c == NULL) {
        REFUSE(&m, 0, "out of memory");
        return NULL;
    }
    memcpy(m.c->text, text, n + 1);
    m.c->names = names;
    m.c->n_names = n_names;
    if (make(&m) < 0) {
        condition_free(&m.c);
        return NULL;
    }
    /* only what it needs; the old place is as good when there is no other */
    struct condition *less = realloc(m.c, sizeof *m.c + m.c->n * sizeof *m.c->step);
    return less != NULL ? less : m.c;
}

void condition_free(struct condition **c)
{
    free(*c);
    *c = NULL;
}

const char *condition_text(const struct condition *c)
{
    return c->text;
}

bool condition_uses(const struct condition *c, size_t name)
{
    return name < c->n_names && (c->uses >> name & 1) != 0;
}
