/* tests/fuzz/fuzz_condition.c - any text as a condition and as a pattern.
 *
 * The first byte chooses the metric's own unit, or that the rest is a pattern and a
 * name, apart by a line end.  What is refused has its place within the text; what is
 * taken can be asked, explained and reasoned about, and those three agree. */
#include "base/names.h"
#include "rules/condition.h"
#include "rules/pattern.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { AFTER, BEFORE, RATIO, COUNT, SHARE, SPAN, SIZE, MISSING, N };
static const struct condition_name names[N] = {
    [AFTER] = {"after", CONDITION_METRIC, 0, 0, ""},
    [BEFORE] = {"before", CONDITION_METRIC, 0, 0, ""},
    [RATIO] = {"ratio", CONDITION_RATIO, 0, 0, ""},
    [COUNT] = {"count", CONDITION_PLAIN, 0, INFINITY, ""},
    [SHARE] = {"share", CONDITION_SHARE, 0, 1, ""},
    [SPAN] = {"span", CONDITION_SPAN, 0, INFINITY, ""},
    [SIZE] = {"size", CONDITION_SIZE, 0, INFINITY, ""},
    [MISSING] = {"missing", CONDITION_PLAIN, 0, 0, ""},
};
static const double values[][N] = {
    {55, 40, 1.375, 3, 0.25, 90000, 4096, NAN},
    {0, 0, 0, 0, 0, 0, 0, NAN},
    {-1e300, 1e300, 1e-300, 1e308, 1, 1e15, 1e15, INFINITY},
};

static void check_asked(const struct condition *c)
{
    struct condition_part parts[CONDITION_PARTS_MAX];
    enum condition_sway sway = condition_sway(c);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        int why;
        enum condition_truth truth = condition_ask(c, values[i], &why);
        assert((truth == CONDITION_UNKNOWN) == (why != CONDITION_KNOWN));
        assert(sway != CONDITION_NEVER || truth != CONDITION_TRUE);
        assert(sway != CONDITION_ALWAYS || truth != CONDITION_FALSE);
        OWNED_BUF b = {0};
        size_t k = condition_explain(c, values[i], parts);
        assert(k >= 1 && k <= CONDITION_PARTS_MAX);
        for (size_t j = 0; j < k; j++) {
            size_t from, length;
            condition_part_write(c, &parts[j], &b);
            enum condition_sway part = condition_part_sway(c, j, &from, &length);
            assert(from == parts[j].from && length == parts[j].n);
            assert(part != CONDITION_NEVER || parts[j].truth != CONDITION_TRUE);
            assert(part != CONDITION_ALWAYS || parts[j].truth != CONDITION_FALSE);
        }
        assert(buf_done(&b) == 0);
    }
}

static void try_condition(const char *text, const char *own_unit)
{
    struct err err = {0};
    size_t at = SIZE_MAX;
    struct condition *c = condition_new(text, names, N, own_unit, &at, &err);
    if (c == NULL) {
        assert(at <= strlen(text) && err.text[0] != '\0');
        for (size_t i = 0; i < at; i++)
            assert((unsigned char)text[i] < 0x80);
        return;
    }
    assert(strcmp(condition_text(c), text) == 0);
    check_asked(c);
    condition_free(&c);
}

static void try_pattern(char *text)
{
    struct err err = {0};
    size_t at = SIZE_MAX;
    char *name = strchr(text, '\n');
    if (name != NULL)
        *name++ = '\0';
    struct pattern *p = pattern_new(text, &at, &err);
    if (p == NULL) {
        assert(at <= strlen(text) && err.text[0] != '\0');
        return;
    }
    assert(pattern_letters(p) >= PATTERN_FIT_ALL);
    int fit = pattern_fit(p, name != NULL ? name : text);
    assert(fit == 0 || fit == pattern_letters(p));
    assert(!pattern_costly(p) || pattern_kind(p) == PATTERN_REGEX);
    pattern_free(&p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const char *const units[] = {NULL, "%", "s", "MiB/s", "requests"};
    if (n == 0)
        return 0;
    char *text = calloc(1, n);
    memcpy(text, bytes + 1, n - 1);
    if (bytes[0] == '/')
        try_pattern(text);
    else
        try_condition(text, units[bytes[0] % (sizeof units / sizeof *units)]);
    free(text);
    return 0;
}
