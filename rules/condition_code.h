/* rules/condition_code.h - what the parts of rules/condition share: words
 * (condition_words.c), the code that condition.c makes of them and condition_run.c
 * runs.
 *
 * Postfix code: each instruction takes its operands from a stack and puts its result
 * there.  Truths are 0 and 1, unknown is NaN. */
#ifndef RULES_CONDITION_CODE_H
#define RULES_CONDITION_CODE_H

#include "rules/condition.h"

#include <stdint.h>

enum condition_code {
    CODE_NUMBER, /* puts `number` */
    CODE_NAME,   /* puts the value of name `name` */
    CODE_NEGATE,
    CODE_ABS,
    CODE_SCALE, /* times `number` */
    CODE_ADD,
    CODE_SUB,
    CODE_MUL,
    CODE_DIV,
    CODE_MIN,
    CODE_MAX,
    CODE_LESS,
    CODE_LESS_SAME,
    CODE_MORE,
    CODE_MORE_SAME,
    CODE_SAME,
    CODE_OTHER,
    CODE_NOT,
    CODE_AND,
    CODE_OR,
};

struct condition_step {
    uint8_t code, unit;
    uint8_t name;
    uint16_t first;   /* the first step of its operands */
    uint16_t from, n; /* of a comparison: its place in the text */
    double number;    /* of a comparison: the unit's scale */
};

/* Each token makes at most two steps (itself and a change of scale). */
enum {
    CONDITION_STEPS_MAX = 2 * CONDITION_BYTES_MAX,
    CONDITION_STACK_MAX = CONDITION_DEPTH_MAX + 2
};

struct condition {
    char text[CONDITION_BYTES_MAX + 1];
    const struct condition_name *names;
    size_t n_names;
    uint64_t uses; /* bit per name */
    size_t n, n_parts;
    struct condition_step step[];
};

/* --- words --- */

/* So many of the unit itself: "%" is 1/100.  Two whole numbers, so that 95% is what
 * 0.95 is. */
struct condition_scale {
    double over, under;
};
static const struct condition_scale condition_one = {1, 1};

struct condition_unit_info {
    const char *name;
    enum condition_unit unit;
    struct condition_scale scale;
};

enum condition_word_kind {
    CONDITION_WORD_END,
    CONDITION_WORD_NUMBER,
    CONDITION_WORD_NAME,
    CONDITION_WORD_SIGN
};

/* Signs are the codes they become, and these. */
enum { SIGN_OPEN = CODE_OR + 1, SIGN_CLOSE, SIGN_COMMA, SIGN_MIN, SIGN_MAX, SIGN_ABS };

struct condition_word {
    enum condition_word_kind kind;
    size_t from, n;
    int sign; /* of CONDITION_WORD_SIGN */
    double number;
    enum condition_unit unit;
    struct condition_scale scale;
};

struct condition_reader {
    const char *text;
    struct condition_word word;
    size_t at; /* behind `word` */
    size_t *ret_at;
    struct err *err;
    bool failed;
};

/* The next word into r->word. */
int condition_next(struct condition_reader *r);
/* Keeps the first mistake and its place; always -1. */
int condition_refuse(struct condition_reader *r, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* True when the `n` bytes are the name. */
bool condition_is(const char *text, size_t n, const char *name);
/* The unit that a rule's `unit` means; NULL: none that is known. */
const struct condition_unit_info *condition_own_unit(const char *text);
/* The words of the language beside names, ended by NULL. */
extern const char *const condition_keywords[];
enum { CONDITION_KEYWORDS = 6 };

static inline bool condition_is_comparison(uint8_t code)
{
    return code >= CODE_LESS && code <= CODE_OTHER;
}

#endif
