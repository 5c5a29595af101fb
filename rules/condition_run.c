/* rules/condition_run.c - asking conditions: with values, and with bounds of values.
 *
 * The same code runs over numbers (condition_ask), over numbers while each comparison
 * is written down (condition_explain), and over intervals (condition_sway).  What must
 * hold: nothing is allocated, nothing can fail, and an interval holds all that its part
 * can be.  No state; any thread. */
#include "rules/condition_code.h"

#include "base/instant.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- values --- */

/* A number, or a truth of 0 or 1; NaN: unknown, for the reason `why`. */
struct value {
    double v;
    int why;
};

static struct value known(double v)
{
    return (struct value){v, CONDITION_KNOWN};
}

/* A result of arithmetic with known operands. */
static struct value result(double v)
{
    if (isfinite(v))
        return known(v);
    return (struct value){NAN, CONDITION_TOO_LARGE};
}

static bool compare(enum condition_code code, double a, double b)
{
    switch (code) {
    case CODE_LESS:
        return a < b;
    case CODE_LESS_SAME:
        return a <= b;
    case CODE_MORE:
        return a > b;
    case CODE_MORE_SAME:
        return a >= b;
    case CODE_SAME:
        return a == b;
    default:
        return a != b;
    }
}

static struct value calculate(enum condition_code code, double a, double b)
{
    switch (code) {
    case CODE_ADD:
        return result(a + b);
    case CODE_SUB:
        return result(a - b);
    case CODE_MUL:
        return result(a * b);
    case CODE_DIV:
        return b != 0 ? result(a / b) : (struct value){NAN, CONDITION_DIVISION};
    case CODE_MIN:
        return known(a < b ? a : b);
    case CODE_MAX:
        return known(a > b ? a : b);
    default:
        return known(compare(code, a, b));
    }
}

/* The truth that settles the matter by itself: 0 of `and`, 1 of `or`. */
static struct value join_truths(double settles, struct value a, struct value b)
{
    if (a.v == settles || b.v == settles)
        return known(settles);
    if (isnan(a.v))
        return a;
    return b;
}

static struct value join(enum condition_code code, struct value a, struct value b)
{
    if (code == CODE_AND || code == CODE_OR)
        return join_truths(code == CODE_OR, a, b);
    if (isnan(a.v))
        return a;
    if (isnan(b.v))
        return b;
    return calculate(code, a.v, b.v);
}

static struct value change(const struct condition_step *s, struct value a)
{
    if (isnan(a.v))
        return a;
    switch (s->code) {
    case CODE_NEGATE:
        return known(-a.v);
    case CODE_ABS:
        return known(fabs(a.v));
    case CODE_NOT:
        return known(a.v == 0);
    default:
        return result(a.v * s->number);
    }
}

static bool binary(uint8_t code)
{
    return code >= CODE_ADD && code != CODE_NOT;
}

static enum condition_truth truth_of(struct value v)
{
    if (isnan(v.v))
        return CONDITION_UNKNOWN;
    return v.v != 0 ? CONDITION_TRUE : CONDITION_FALSE;
}

static void note(const struct condition_step *s, struct value a, struct value b,
                 struct value is, struct condition_part *part)
{
    *part = (struct condition_part){.from = s->from,
                                    .n = s->n,
                                    .left = a.v,
                                    .right = b.v,
                                    .truth = truth_of(is),
                                    .why = is.why,
                                    .unit = (enum condition_unit)s->unit,
                                    .scale = s->number};
}

/* `parts` may be NULL: nobody wants to know. */
static struct value run(const struct condition *c, const double *value,
                        struct condition_part *parts)
{
    struct value stack[CONDITION_STACK_MAX] = {{0}};
    size_t n = 0, part = 0;
    for (size_t i = 0; i < c->n; i++) {
        const struct condition_step *s = &c->step[i];
        if (s->code == CODE_NUMBER) {
            stack[n++] = known(s->number);
        } else if (s->code == CODE_NAME) {
            double v = value[s->name];
            stack[n++] = isfinite(v) ? known(v) : (struct value){NAN, s->name};
        } else if (binary(s->code)) {
            struct value b = stack[--n], a = stack[n - 1];
            stack[n - 1] = join((enum condition_code)s->code, a, b);
            if (parts != NULL && condition_is_comparison(s->code))
                note(s, a, b, stack[n - 1], &parts[part++]);
        } else {
            stack[n - 1] = change(s, stack[n - 1]);
        }
    }
    assert(n == 1);
    return stack[0];
}

enum condition_truth condition_ask(const struct condition *c, const double *value,
                                   int *ret_why)
{
    struct value v = run(c, value, NULL);
    if (ret_why != NULL)
        *ret_why = v.why;
    return truth_of(v);
}

size_t condition_explain(const struct condition *c, const double *value,
                         struct condition_part *parts)
{
    run(c, value, parts);
    return c->n_parts;
}

/* --- in words --- */

void condition_why(const struct condition *c, int why, struct buf *b)
{
    if (why == CONDITION_DIVISION)
        buf_add(b, "a division by zero");
    else if (why == CONDITION_TOO_LARGE)
        buf_add(b, "a result too large");
    else if (why >= 0 && (size_t)why < c->n_names)
        buf_addf(b, "%s is missing", c->names[why].name);
}

static void write_size(double bytes, struct buf *b)
{
    static const char *const unit[] = {"B", "KiB", "MiB", "GiB", "TiB"};
    size_t i = 0;
    for (; fabs(bytes) >= 1024 && i + 1 < sizeof unit / sizeof *unit; i++)
        bytes /= 1024;
    buf_addf(b, "%.6g%s", bytes, unit[i]);
}

static void write_span(double ms, struct buf *b)
{
    char text[SPAN_TEXT_MAX];
    if (ms >= 1 && ms < 1e15)
        buf_add(b, span_text((span){llround(ms)}, text));
    else
        buf_addf(b, "%.6gms", ms);
}

static void write_value(const struct condition_part *p, double v, struct buf *b)
{
    switch (p->unit) {
    case CONDITION_SHARE:
        buf_addf(b, "%.6g%%", v * p->scale * 100);
        break;
    case CONDITION_SPAN:
        write_span(v * p->scale, b);
        break;
    case CONDITION_SIZE:
        write_size(v * p->scale, b);
        break;
    default:
        buf_addf(b, "%.6g", v);
    }
}

/* The operator that the code stands for. */
static const char *sign_of(const struct condition *c, const struct condition_part *p)
{
    static const char *const sign[] = {"<", "<=", ">", ">=", "==", "!="};
    for (size_t i = 0; i < c->n; i++)
        if (condition_is_comparison(c->step[i].code) && c->step[i].from == p->from &&
            c->step[i].n == p->n)
            return sign[c->step[i].code - CODE_LESS];
    return "?";
}

void condition_part_write(const struct condition *c, const struct condition_part *part,
                          struct buf *b)
{
    static const char *const words[] = {[CONDITION_FALSE] = "false",
                                        [CONDITION_TRUE] = "true",
                                        [CONDITION_UNKNOWN] = "unknown"};
    buf_add_n(b, c->text + part->from, part->n);
    buf_add(b, ": ");
    if (part->truth == CONDITION_UNKNOWN) {
        condition_why(c, part->why, b);
    } else {
        write_value(part, part->left, b);
        buf_addf(b, " %s ", sign_of(c, part));
        write_value(part, part->right, b);
    }
    buf_addf(b, ", %s", words[part->truth]);
}

/* --- bounds --- */

/* All that a part can be: from `least` to `most`, both included.  Of a truth [0,0] is
 * false, [1,1] true, [0,1] either. */
struct range {
    double least, most;
};
static const struct range anything = {-INFINITY, INFINITY};

static struct range range_of(double a, double b, double c, double d)
{
    if (isnan(a) || isnan(b) || isnan(c) || isnan(d))
        return anything;
    return (struct range){fmin(fmin(a, b), fmin(c, d)), fmax(fmax(a, b), fmax(c, d))};
}

/* Bounds may be infinite, what lies within them is not: nothing times any of it is
 * nothing. */
static double times(double a, double b)
{
    return a == 0 || b == 0 ? 0 : a * b;
}

static struct range range_product(struct range a, struct range b)
{
    return range_of(times(a.least, b.least), times(a.least, b.most),
                    times(a.most, b.least), times(a.most, b.most));
}

static struct range range_quotient(struct range a, struct range b)
{
    if (b.least <= 0 && b.most >= 0)
        return anything;
    return range_of(a.least / b.least, a.least / b.most, a.most / b.least,
                    a.most / b.most);
}

/* Can it be true, can it be false? */
static struct range range_truth(bool can_be, bool can_fail)
{
    return (struct range){can_fail ? 0 : 1, can_be ? 1 : 0};
}

static struct range range_compare(enum condition_code code, struct range a,
                                  struct range b)
{
    bool one = a.least == a.most && b.least == b.most && a.least == b.least;
    bool meet = a.least <= b.most && b.least <= a.most;
    switch (code) {
    case CODE_LESS:
        return range_truth(a.least < b.most, a.most >= b.least);
    case CODE_LESS_SAME:
        return range_truth(a.least <= b.most, a.most > b.least);
    case CODE_MORE:
        return range_truth(a.most > b.least, a.least <= b.most);
    case CODE_MORE_SAME:
        return range_truth(a.most >= b.least, a.least < b.most);
    case CODE_SAME:
        return range_truth(meet, !one);
    default:
        return range_truth(!one, meet);
    }
}

static struct range range_join(enum condition_code code, struct range a, struct range b)
{
    switch (code) {
    case CODE_ADD:
        return range_of(a.least + b.least, a.most + b.most, a.least + b.least,
                        a.most + b.most);
    case CODE_SUB:
        return range_of(a.least - b.most, a.most - b.least, a.least - b.most,
                        a.most - b.least);
    case CODE_MUL:
        return range_product(a, b);
    case CODE_DIV:
        return range_quotient(a, b);
    case CODE_MIN:
    case CODE_AND:
        return (struct range){fmin(a.least, b.least), fmin(a.most, b.most)};
    case CODE_MAX:
    case CODE_OR:
        return (struct range){fmax(a.least, b.least), fmax(a.most, b.most)};
    default:
        return range_compare(code, a, b);
    }
}

static struct range range_change(const struct condition_step *s, struct range a)
{
    switch (s->code) {
    case CODE_NEGATE:
        return (struct range){-a.most, -a.least};
    case CODE_NOT:
        return (struct range){1 - a.most, 1 - a.least};
    case CODE_ABS: {
        double far = fmax(fabs(a.least), fabs(a.most));
        bool zero = a.least <= 0 && a.most >= 0;
        return (struct range){zero ? 0 : fmin(fabs(a.least), fabs(a.most)), far};
    }
    default:
        return range_product(a, (struct range){s->number, s->number});
    }
}

/* Steps `first` to `last` (one whole part of the text) over the names' ranges. */
static struct range range_run(const struct condition *c, size_t first, size_t last,
                              const struct range *name)
{
    struct range stack[CONDITION_STACK_MAX] = {{0}};
    size_t n = 0;
    for (size_t i = first; i <= last; i++) {
        const struct condition_step *s = &c->step[i];
        if (s->code == CODE_NUMBER) {
            stack[n++] = (struct range){s->number, s->number};
        } else if (s->code == CODE_NAME) {
            stack[n++] = name[s->name];
        } else if (binary(s->code)) {
            n--;
            stack[n - 1] =
                range_join((enum condition_code)s->code, stack[n - 1], stack[n]);
        } else {
            stack[n - 1] = range_change(s, stack[n - 1]);
        }
    }
    assert(n == 1);
    return stack[0];
}

static void name_ranges(const struct condition *c, struct range *name)
{
    for (size_t i = 0; i < c->n_names; i++) {
        const struct condition_name *k = &c->names[i];
        bool open = k->least == 0 && k->most == 0;
        name[i] = open ? anything : (struct range){k->least, k->most};
    }
}

/* --- what stands side by side --- */

/* Walks over the parts that must all hold for the whole to be true (`want`) or false
 * (not `want`): the operands of `and`, of `or` under `not`, and so on. */
struct walk {
    const struct condition *c;
    struct {
        size_t last;
        bool want;
    } todo[CONDITION_STACK_MAX];
    size_t n;
};

static struct walk walk_over(const struct condition *c, bool want)
{
    struct walk w = {.c = c, .n = 1};
    w.todo[0].last = c->n - 1;
    w.todo[0].want = want;
    return w;
}

static bool walk_next(struct walk *w, size_t *ret_last, bool *ret_want)
{
    while (w->n > 0) {
        size_t last = w->todo[--w->n].last;
        bool want = w->todo[w->n].want;
        uint8_t code = w->c->step[last].code;
        if (code == CODE_NOT) {
            w->todo[w->n].last = last - 1;
            w->todo[w->n++].want = !want;
        } else if (code == (want ? CODE_AND : CODE_OR)) {
            size_t right = last - 1, left = w->c->step[right].first - (size_t)1;
            assert(w->n + 2 <= CONDITION_STACK_MAX);
            w->todo[w->n].last = right;
            w->todo[w->n++].want = want;
            w->todo[w->n].last = left;
            w->todo[w->n++].want = want;
        } else {
            *ret_last = last;
            *ret_want = want;
            return true;
        }
    }
    return false;
}

/* The same comparison with its sides changed over, or denied. */
static enum condition_code turned(enum condition_code code)
{
    static const enum condition_code to[] = {
        CODE_MORE, CODE_MORE_SAME, CODE_LESS, CODE_LESS_SAME, CODE_SAME, CODE_OTHER};
    return to[code - CODE_LESS];
}

static enum condition_code denied(enum condition_code code)
{
    static const enum condition_code to[] = {CODE_MORE_SAME, CODE_MORE,  CODE_LESS_SAME,
                                             CODE_LESS,      CODE_OTHER, CODE_SAME};
    return to[code - CODE_LESS];
}

/* What `name code number` leaves of a range. */
static void narrow(struct range *r, enum condition_code code, double number)
{
    bool up = code == CODE_MORE || code == CODE_MORE_SAME || code == CODE_SAME;
    bool down = code == CODE_LESS || code == CODE_LESS_SAME || code == CODE_SAME;
    double least = code == CODE_MORE ? nextafter(number, INFINITY) : number;
    double most = code == CODE_LESS ? nextafter(number, -INFINITY) : number;
    if (up && least > r->least)
        r->least = least;
    if (down && most < r->most)
        r->most = most;
}

/* A comparison of a name with a number, either way round, narrows the name. */
static void narrow_by(const struct condition *c, size_t last, bool want,
                      struct range *name)
{
    const struct condition_step *s = &c->step[last];
    if (!condition_is_comparison(s->code) || last != s->first + (size_t)2)
        return;
    const struct condition_step *a = &c->step[last - 2], *b = &c->step[last - 1];
    enum condition_code code = (enum condition_code)s->code;
    if (a->code == CODE_NUMBER) {
        const struct condition_step *t = a;
        a = b;
        b = t;
        code = turned(code);
    }
    if (a->code == CODE_NAME && b->code == CODE_NUMBER)
        narrow(&name[a->name], want ? code : denied(code), b->number);
}

/* True when the whole can never come out as `want`. */
static bool impossible(const struct condition *c, bool want)
{
    struct range name[CONDITION_NAMES_MAX] = {{0}};
    size_t last;
    bool part_want;
    name_ranges(c, name);
    for (struct walk w = walk_over(c, want); walk_next(&w, &last, &part_want);)
        narrow_by(c, last, part_want, name);
    for (size_t i = 0; i < c->n_names; i++)
        if (name[i].least > name[i].most)
            return true;
    for (struct walk w = walk_over(c, want); walk_next(&w, &last, &part_want);) {
        /* a comparison's first step is its left operand's, as of every part */
        struct range r = range_run(c, c->step[last].first, last, name);
        if (part_want ? r.most == 0 : r.least == 1)
            return true;
    }
    return false;
}

enum condition_sway condition_sway(const struct condition *c)
{
    if (impossible(c, true))
        return CONDITION_NEVER;
    return impossible(c, false) ? CONDITION_ALWAYS : CONDITION_OPEN;
}

enum condition_sway condition_part_sway(const struct condition *c, size_t part,
                                        size_t *ret_from, size_t *ret_n)
{
    struct range name[CONDITION_NAMES_MAX] = {{0}};
    name_ranges(c, name);
    for (size_t i = 0, nth = 0; i < c->n; i++) {
        if (!condition_is_comparison(c->step[i].code) || nth++ < part)
            continue;
        struct range r = range_run(c, c->step[i].first, i, name);
        *ret_from = c->step[i].from;
        *ret_n = c->step[i].n;
        return r.most == 0    ? CONDITION_NEVER
               : r.least == 1 ? CONDITION_ALWAYS
                              : CONDITION_OPEN;
    }
    *ret_from = *ret_n = 0;
    return CONDITION_OPEN;
}
