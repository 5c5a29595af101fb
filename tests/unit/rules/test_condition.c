/* tests of rules/condition */
#include "rules/condition.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>

enum { AFTER, BEFORE, DELTA, RATIO, Z, P, COUNT, ERRORS, TOTAL, SHARE_BAD, LATENCY, N };

static const struct condition_name names[N] = {
    [AFTER] = {"after", CONDITION_METRIC, 0, 0, "the figure after the change"},
    [BEFORE] = {"before", CONDITION_METRIC, 0, 0, "the figure before the change"},
    [DELTA] = {"delta", CONDITION_METRIC, 0, 0, "after less before"},
    [RATIO] = {"ratio", CONDITION_RATIO, 0, 0, "after over before"},
    [Z] = {"z", CONDITION_PLAIN, 0, 0, "so many usual spreads"},
    [P] = {"p", CONDITION_RATIO, 0, 1, "how likely by chance"},
    [COUNT] = {"count", CONDITION_PLAIN, 0, INFINITY, "events"},
    [ERRORS] = {"errors", CONDITION_PLAIN, 0, INFINITY, "failed calls"},
    [TOTAL] = {"total", CONDITION_PLAIN, 0, INFINITY, "all calls"},
    [SHARE_BAD] = {"share_bad", CONDITION_SHARE, 0, 1, "share of the hosts"},
    [LATENCY] = {"latency", CONDITION_SPAN, 0, INFINITY, "mean time of a call"},
};

/* after 55, before 40, ... ; `p` is missing */
static const double values[N] = {55, 40, 15, 1.375, 6, NAN, 0, 12, 400, 0.25, 2500};

static struct condition *made(const char *text, const char *own_unit)
{
    struct err err = {0};
    size_t at = 0;
    struct condition *c = condition_new(text, names, N, own_unit, &at, &err);
    if (c == NULL)
        test_fail(__FILE__, __LINE__, "'%s' at %zu: %s", text, at, err.text);
    return c;
}

struct answer {
    const char *text;
    enum condition_truth want;
};

static void check_answers(const struct answer *a, size_t n, const char *own_unit)
{
    for (size_t i = 0; i < n; i++) {
        struct condition *c = made(a[i].text, own_unit);
        enum condition_truth got = condition_ask(c, values, NULL);
        if (got != a[i].want)
            test_fail(__FILE__, __LINE__, "'%s' is %d, expected %d", a[i].text, got,
                      a[i].want);
        condition_free(&c);
    }
}
#define CHECK_ANSWERS(list, unit)                                                      \
    check_answers(list, sizeof(list) / sizeof *(list), unit)

#define NO   CONDITION_FALSE
#define YES  CONDITION_TRUE
#define OPEN CONDITION_UNKNOWN

TEST(comparisons_and_arithmetic_mean_what_they_say)
{
    static const struct answer all[] = {
        {"after > 54", YES},
        {"after > 55", NO},
        {"after >= 55", YES},
        {"after < 55", NO},
        {"after <= 55.0", YES},
        {"after == 55", YES},
        {"after != 55", NO},
        {"after == before + delta", YES},
        {"after - before == delta", YES},
        {"after - before - delta == 0", YES}, /* from left to right */
        {"before * 2 + 1 == 81", YES},
        {"before + 1 * 2 == 42", YES},
        {"(before + 1) * 2 == 82", YES},
        {"-before < 0", YES},
        {"- - before == 40", YES},
        {"before - -1 == 41", YES},
        {"before / 4 / 2 == 5", YES},
        {"abs(before - after) == 15", YES},
        {"abs(-15) == delta", YES},
        {"min(after, before, delta) == 15", YES},
        {"max(after, before, 60) == 60", YES},
        {"after > before * 1.30 and delta > 10", YES},
        {"after > before * 1.4 and delta > 10", NO},
        {"after>before*1.3 and delta>10", YES},
    };
    CHECK_ANSWERS(all, NULL);
}

TEST(not_binds_tighter_than_and_and_and_tighter_than_or)
{
    static const struct answer all[] = {
        {"z > 5 or z > 7 and z > 8", YES},
        {"(z > 5 or z > 7) and z > 8", NO},
        {"not z > 7 and z > 5", YES},
        {"not (z > 7 and z > 5)", YES},
        {"not z > 5 or z > 5", YES},
        {"not (z > 5 or z > 5)", NO},
        {"not not z > 5", YES},
        {"z > 7 and z > 8 or z > 5", YES},
        {"z > 7 and (z > 8 or z > 5)", NO},
    };
    CHECK_ANSWERS(all, NULL);
}

TEST(what_is_missing_makes_a_comparison_unknown_and_no_more_than_that)
{
    static const struct answer all[] = {
        {"p < 1%", OPEN},
        {"not p < 1%", OPEN},
        {"p < 1% and z > 5", OPEN},
        {"p < 1% and z > 7", NO},
        {"z > 7 and p < 1%", NO},
        {"p < 1% or z > 5", YES},
        {"z > 5 or p < 1%", YES},
        {"p < 1% or z > 7", OPEN},
        {"p + 1 > 0", OPEN},
        {"max(p, 1) > 0", OPEN},
        {"errors / count > 2", OPEN},
        {"errors / count > 2 or z > 5", YES},
        {"z * 1e300 * 1e300 > 1", OPEN},
    };
    CHECK_ANSWERS(all, NULL);
    static const struct {
        const char *text, *why;
    } reasons[] = {
        {"p < 1%", "p is missing"},
        {"z > 5 and p < 1%", "p is missing"},
        {"errors / count > 2", "a division by zero"},
        {"z * 1e300 * 1e300 > 1", "a result too large"},
        {"z > 5", ""},
        {"p < 1% or z > 5", ""},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++) {
        struct condition *c = made(reasons[i].text, NULL);
        OWNED_BUF b = {0};
        int why = 0;
        condition_ask(c, values, &why);
        condition_why(c, why, &b);
        CHECK_TEXT(buf_text(&b), reasons[i].why);
        condition_free(&c);
    }
}

TEST(numbers_have_units)
{
    static const struct answer all[] = {
        {"share_bad >= 25%", YES},
        {"share_bad > 25%", NO},
        {"ratio > 130%", YES},
        {"ratio > 1.3", YES},
        {"latency == 2500ms", YES},
        {"latency == 2.5s", YES},
        {"latency > 2s500ms", NO},
        {"latency >= 2s500ms", YES},
        {"latency < 1h30m", YES},
        {"latency > 0", YES},
        {"errors > 0.01k", YES},
        {"total * 1M == 400M", YES},
        {"errors / total > 2.9%", YES},
        {"errors / total == 0.03", YES},
        {"errors / total == 3%", YES},
        {"errors > 2% * total", YES},
        {"latency / 1s == 2.5", YES},
        {"latency * 2 == 5s", YES},
        {"latency * 50% == 1250ms", YES},
        {"latency + 500ms == 3s", YES},
        {"min(latency, 1s) == 1s", YES},
        {"share_bad * 200% == 50%", YES},
        {"share_bad + 5% == 30%", YES},
        {"100% - share_bad == 75%", YES},
    };
    CHECK_ANSWERS(all, NULL);
}

TEST(the_metrics_own_unit_takes_numbers_with_and_without_it)
{
    static const struct answer percent[] = {
        {"after == 55%", YES},
        {"after == 55", YES},
        {"after > before + 10%", YES},
        {"delta == 15%", YES},
        {"after * 2 == 110", YES},
        {"after * 200% == 110%", YES},
        {"after / before > 1.3", YES},
        {"after > share_bad", YES},
        {"50% < after", YES},
        {"share_bad < after", YES},
        {"after * share_bad == 13.75%", YES},
        {"share_bad * after == 13.75", YES},
        {"max(after, 95%) == 95", YES},
    };
    CHECK_ANSWERS(percent, "%");
    static const struct answer seconds[] = {
        {"after == 55s", YES},    {"after < 1m", YES},
        {"after == 55", YES},     {"after > latency", YES},
        {"latency < after", YES}, {"after - latency == 52500ms", YES},
    };
    CHECK_ANSWERS(seconds, "s");
    static const struct answer mebibytes[] = {
        {"after == 55MiB", YES}, {"after < 1GiB", YES}, {"after > 55MB", YES}};
    CHECK_ANSWERS(mebibytes, "MiB/s");
    static const struct answer bytes[] = {{"after == 55B", YES}, {"after < 1kB", YES}};
    CHECK_ANSWERS(bytes, "bytes");
}

TEST(a_mistake_is_told_at_its_place)
{
    static const struct {
        const char *text, *own_unit;
        size_t at;
        const char *want;
    } all[] = {
        {"", NULL, 0, "an empty condition"},
        {"   ", NULL, 0, "an empty condition"},
        {"after", NULL, 0, "'after' is a value, expected a comparison"},
        {"after > ", NULL, 8, "expected a name, a number or (, got the end"},
        {"> 5", NULL, 0, "expected a name, a number or (, got '>'"},
        {"after > 5 5", NULL, 10, "expected an operator or the end, got '5'"},
        {"after > 5)", NULL, 9, "expected an operator or the end, got ')'"},
        {"(after > 5", NULL, 10, "expected ) or an operator, got the end"},
        {"aftr > 5", NULL, 0, "unknown name 'aftr', did you mean 'after'?"},
        {"z > 5 AND p < 1", NULL, 6, "expected an operator or the end, got 'AND'"},
        {"frobnicate > 5", NULL, 0, "unknown name 'frobnicate'"},
        {"z > 5 && z < 7", NULL, 6, "'&&' is written and here"},
        {"z > 5 || z < 7", NULL, 6, "'||' is written or here"},
        {"!z > 5", NULL, 0, "'!' is written not here"},
        {"z = 5", NULL, 2, "'=' is written == here"},
        {"z => 5", NULL, 2, "'=>' is written >= here"},
        {"z =< 5", NULL, 2, "'=<' is written <= here"},
        {"z <> 5", NULL, 2, "'<>' is written != here"},
        {"1 < z < 5", NULL, 6,
         "two comparisons in a row; join them with and, as in 1 < z and z < 5"},
        {"z > 5 + (z > 2)", NULL, 8,
         "'(z > 2)' is true or false, expected a value here"},
        {"not z", NULL, 4, "'z' is a value, expected a comparison"},
        {"z and z > 5", NULL, 0, "'z' is a value, expected a comparison"},
        {"z > 5 or 1", NULL, 9, "'1' is a value, expected a comparison"},
        {"1 < 2", NULL, 0, "'1' and '2' are both numbers: nothing to compare"},
        {"z > 5 %", NULL, 6, "'%' stands right behind a number, as in 30%"},
        {"z > 5.", NULL, 5, "a '.' without digits on both sides, write 0.5 or 5.0"},
        {"z > .5", NULL, 4, "a '.' without digits on both sides, write 0.5 or 5.0"},
        {"z > 1e999", NULL, 4, "the number is too large"},
        {"z > 0x10", NULL, 5,
         "unknown unit 'x', expected %, ms, s, m, h, d, w, B, kB, MB, GB, KiB, MiB, "
         "GiB, k or M"},
        {"latency > 30m1h", NULL, 13,
         "a length of time has its units from large to small, such as 1h30m"},
        {"latency > 1h30", NULL, 12,
         "a length of time has its units from large to small, such as 1h30m"},
        {"z > 5and z < 6", NULL, 5,
         "unknown unit 'and', expected %, ms, s, m, h, d, w, B, kB, MB, GB, KiB, MiB, "
         "GiB, k or M"},
        {"z > 5%5", NULL, 6,
         "something stands right behind a number; put a blank or an operator between"},
        {"z\t> 5", NULL, 1, "a tab, expected blanks only"},
        {"z > \xc3\xbc", NULL, 4,
         "a character that is no ASCII, expected letters, digits, _ and operators"},
        {"z ? 5", NULL, 2, "'?' has no meaning here"},
        {"abs z > 5", NULL, 4, "expected ( behind abs, got 'z'"},
        {"abs(z, 5) > 5", NULL, 5, "abs takes one value"},
        {"max(z) > 5", NULL, 5, "max takes two values or more"},
        {"max() > 5", NULL, 4, "expected a name, a number or (, got ')'"},
        {"latency > 5%", NULL, 8,
         "'latency' is a length of time and '5%' is a share; they cannot be compared"},
        {"latency + share_bad > 5s", NULL, 8,
         "'latency' is a length of time and 'share_bad' is a share; they cannot be "
         "added"},
        {"latency - 5MB > 5s", NULL, 8,
         "'latency' is a length of time and '5MB' is a size; they cannot be "
         "subtracted"},
        {"max(latency, 5%) > 5s", NULL, 13,
         "'latency' is a length of time and '5%' is a share; they cannot be chosen "
         "from"},
        {"latency * latency > 5s", NULL, 8,
         "'latency' is a length of time and 'latency' is a length of time; they cannot "
         "be multiplied"},
        {"1 / latency > 5", NULL, 2,
         "'1' is a plain number and 'latency' is a length of time; they cannot be "
         "divided"},
        {"latency > 5", NULL, 10,
         "'latency' is a length of time, expected one here, such as 90s, not the plain "
         "number '5'"},
        {"0.3 < share_bad", NULL, 0,
         "'share_bad' is a share, expected one here, such as 5%, not the plain number "
         "'0.3'"},
        {"1 - share_bad == 75%", NULL, 0,
         "'share_bad' is a share, expected one here, such as 5%, not the plain number "
         "'1'"},
        {"count > 5%", NULL, 6,
         "'count' is a plain number and '5%' is a share; they cannot be compared"},
        {"after > 5%", NULL, 6,
         "'after' is in the metric's own unit, which is not known here: write a number "
         "without a unit, or say the rule's unit"},
        {"after > 5%", "ms", 6,
         "'after' is a length of time and '5%' is a share; they cannot be compared"},
        {"after > 5s", "requests", 6,
         "'after' is in the metric's own unit, which is not known here: write a number "
         "without a unit, or say the rule's unit"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct err err = {0};
        size_t at = 999;
        struct condition *c =
            condition_new(all[i].text, names, N, all[i].own_unit, &at, &err);
        if (c != NULL)
            test_fail(__FILE__, __LINE__, "'%s' is taken", all[i].text);
        CHECK_TEXT(err.text, all[i].want);
        if (at != all[i].at)
            test_fail(__FILE__, __LINE__, "'%s': at %zu, expected %zu", all[i].text, at,
                      all[i].at);
    }
}

/* `n` times `open`, then `middle`, then `n` times `close`. */
static char *nested(const char *open, const char *middle, const char *close, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        buf_add(&b, open);
    buf_add(&b, middle);
    for (size_t i = 0; i < n; i++)
        buf_add(&b, close);
    return buf_give(&b);
}

static void check_refused(char *text, size_t at_want, const char *want)
{
    struct err err = {0};
    size_t at = 0;
    CHECK(condition_new(text, names, N, NULL, &at, &err) == NULL);
    CHECK_TEXT(err.text, want);
    CHECK_INT(at, at_want);
    free(text);
}

TEST(depth_length_and_number_of_comparisons_are_bounded)
{
    check_refused(nested("(", "z > 5", ")", 64), 64, "nested more than 64 deep");
    check_refused(nested("not ", "z > 5", "", 64), 256, "nested more than 64 deep");
    check_refused(nested("-", "z > 5", "", 64), 64, "nested more than 64 deep");
    check_refused(nested("abs(", "z", ")", 70), 256, "nested more than 64 deep");
    check_refused(nested("z > 5 or ", "z > 5", "", 32), 290,
                  "more than 32 comparisons");
    check_refused(nested("z", " > 5", "", 497), 0,
                  "the condition is 501 bytes long, at most 500");
    char *deep = nested("(", "z > 5", ")", 62);
    struct condition *c = made(deep, NULL);
    CHECK(condition_ask(c, values, NULL) == CONDITION_TRUE);
    condition_free(&c);
    free(deep);
    char *wide = nested("z<5 or ", "z > 5", "", 31);
    c = made(wide, NULL);
    CHECK(condition_ask(c, values, NULL) == CONDITION_TRUE);
    condition_free(&c);
    free(wide);
    char *sum = nested("z+", "z > 5", "", 247);
    c = made(sum, NULL);
    CHECK(condition_ask(c, values, NULL) == CONDITION_TRUE);
    condition_free(&c);
    free(sum);
}

TEST(each_comparison_is_explained_with_its_numbers)
{
    struct condition *c = made("after > before * 1.30 and (delta > 20% or not p < 1%) "
                               "and latency >= 1m or errors / count > 2",
                               "%");
    struct condition_part parts[CONDITION_PARTS_MAX];
    size_t n = condition_explain(c, values, parts);
    OWNED_BUF b = {0};
    for (size_t i = 0; i < n; i++) {
        condition_part_write(c, &parts[i], &b);
        buf_add(&b, "\n");
    }
    CHECK_TEXT(buf_text(&b), "after > before * 1.30: 55% > 52%, true\n"
                             "delta > 20%: 15% > 20%, false\n"
                             "p < 1%: p is missing, unknown\n"
                             "latency >= 1m: 2s500ms >= 1m, false\n"
                             "errors / count > 2: a division by zero, unknown\n");
    CHECK(condition_uses(c, AFTER) && condition_uses(c, P) && !condition_uses(c, Z));
    CHECK(condition_ask(c, values, NULL) == CONDITION_UNKNOWN);
    condition_free(&c);
}

TEST(sizes_and_plain_numbers_are_explained_in_their_units)
{
    struct condition *c = made("after > 8GiB and z > 5.5", "MiB");
    struct condition_part parts[CONDITION_PARTS_MAX];
    CHECK_INT(condition_explain(c, values, parts), 2);
    OWNED_BUF b = {0};
    condition_part_write(c, &parts[0], &b);
    CHECK_TEXT(buf_text(&b), "after > 8GiB: 55MiB > 8GiB, false");
    buf_clear(&b);
    condition_part_write(c, &parts[1], &b);
    CHECK_TEXT(buf_text(&b), "z > 5.5: 6 > 5.5, true");
    condition_free(&c);
}

TEST(what_can_never_or_must_always_hold_is_seen)
{
    static const struct {
        const char *text;
        enum condition_sway want;
    } all[] = {
        {"after > 5", CONDITION_OPEN},
        {"share_bad > 100%", CONDITION_NEVER},
        {"share_bad >= 100%", CONDITION_OPEN},
        {"share_bad <= 100%", CONDITION_ALWAYS},
        {"share_bad < 0%", CONDITION_NEVER},
        {"count < 0", CONDITION_NEVER},
        {"count >= 0", CONDITION_ALWAYS},
        {"count + errors >= 0", CONDITION_ALWAYS},
        {"count * errors < 0", CONDITION_NEVER},
        {"abs(z) < 0", CONDITION_NEVER},
        {"p > 1.5 and z > 3", CONDITION_NEVER},
        {"p > 1.5 or z > 3", CONDITION_OPEN},
        {"not p > 1.5", CONDITION_ALWAYS},
        {"after > 80 and after < 20", CONDITION_NEVER},
        {"after > 80 and 20 > after", CONDITION_NEVER},
        {"after > 80 and z > 3 and not after >= 20", CONDITION_NEVER},
        {"after > 80 or after < 20", CONDITION_OPEN},
        {"after < 80 or after > 20", CONDITION_ALWAYS},
        {"after > 5 and after < 5", CONDITION_NEVER},
        {"after >= 5 and after <= 5", CONDITION_OPEN},
        {"after == 5 and after == 6", CONDITION_NEVER},
        {"after == 5 and after != 5", CONDITION_NEVER},
        {"z > 80 and z + 5 < 20", CONDITION_NEVER},
        {"max(count, 3) > 2", CONDITION_ALWAYS},
        {"min(share_bad, 50%) > 60%", CONDITION_NEVER},
        {"errors / total > 0", CONDITION_OPEN},
        {"5% < 10%", CONDITION_ALWAYS},
        {"z > 1 and (share_bad > 100% or count < 0)", CONDITION_NEVER},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct condition *c = made(all[i].text, NULL);
        enum condition_sway got = condition_sway(c);
        if (got != all[i].want)
            test_fail(__FILE__, __LINE__, "'%s' is %d, expected %d", all[i].text, got,
                      all[i].want);
        condition_free(&c);
    }
    struct condition *c = made("z > 3 or share_bad > 100% or count >= 0", NULL);
    size_t from, n;
    CHECK(condition_part_sway(c, 0, &from, &n) == CONDITION_OPEN);
    CHECK(condition_part_sway(c, 1, &from, &n) == CONDITION_NEVER);
    CHECK_INT(from, 9);
    CHECK_INT(n, 16);
    CHECK(condition_part_sway(c, 2, &from, &n) == CONDITION_ALWAYS);
    CHECK(condition_part_sway(c, 3, &from, &n) == CONDITION_OPEN && n == 0);
    condition_free(&c);
}

/* A small source of numbers that is the same everywhere. */
static unsigned roll(unsigned *state, unsigned n)
{
    *state = *state * 1103515245u + 12345u;
    return (*state >> 16) % n;
}

static void add_random(struct buf *b, unsigned *state, int depth)
{
    static const char *const leaf[] = {"z", "count", "errors", "total", "3", "0"};
    static const char *const join[] = {" + ", " - ", " * ", " / "};
    if (depth == 0 || roll(state, 3) == 0) {
        buf_add(b, leaf[roll(state, 6)]);
        return;
    }
    buf_add(b, "(");
    add_random(b, state, depth - 1);
    buf_add(b, join[roll(state, 4)]);
    add_random(b, state, depth - 1);
    buf_add(b, ")");
}

TEST(what_is_said_of_all_values_is_true_of_any)
{
    static const char *const compare[] = {" < ", " <= ", " > ", " >= ", " == ", " != "};
    static const double samples[] = {0, 1, 2, 3, 5, 400};
    unsigned state = 7, certain = 0;
    for (int round = 0; round < 4000; round++) {
        OWNED_BUF b = {0};
        add_random(&b, &state, 2);
        buf_add(&b, compare[roll(&state, 6)]);
        add_random(&b, &state, 2);
        buf_add(&b, roll(&state, 2) == 0 ? " and " : " or ");
        buf_addf(&b, "%scount", roll(&state, 2) == 0 ? "not " : "");
        buf_add(&b, compare[roll(&state, 6)]);
        buf_add(&b, "3");
        struct condition *c = condition_new(buf_text(&b), names, N, NULL, NULL, NULL);
        if (c == NULL)
            continue; /* units that do not go together, or numbers only */
        enum condition_sway sway = condition_sway(c);
        certain += sway != CONDITION_OPEN;
        for (int k = 0; k < 40; k++) {
            double v[N] = {0};
            v[Z] = samples[roll(&state, 6)] - 3;
            v[COUNT] = samples[roll(&state, 6)];
            v[ERRORS] = samples[roll(&state, 6)];
            v[TOTAL] = samples[roll(&state, 6)];
            enum condition_truth truth = condition_ask(c, v, NULL);
            if ((sway == CONDITION_NEVER && truth == CONDITION_TRUE) ||
                (sway == CONDITION_ALWAYS && truth == CONDITION_FALSE))
                test_fail(__FILE__, __LINE__, "'%s' came out %d", buf_text(&b), truth);
        }
        condition_free(&c);
    }
    CHECK(certain > 50);
}
