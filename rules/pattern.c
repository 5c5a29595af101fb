/* rules/pattern.c - names, globs and regular expressions (PCRE2 with JIT).
 *
 * What must hold: whatever the pattern and the name, an answer comes after a bounded
 * time.  A match has a limit of steps; the compiled code runs on 32 KiB of the stack
 * and the interpreter, which takes over where the machine allows no compiled code, has
 * limits of heap and depth.  Expressions are UTF-8 and names may hold any bytes
 * (PCRE2_MATCH_INVALID_UTF).  What a match needs is allocated for it alone, so any
 * thread may ask. */
#include "rules/pattern.h"

#include "base/ascii.h"
#include "base/names.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <assert.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PARENS_MAX = 32, /* within one another */
    HEAP_KIB_MAX = 1024,
    DEPTH_MAX = 1000,
    PROBE_BYTES = 200,
};

struct pattern {
    enum pattern_kind kind;
    int letters;
    pcre2_code *code; /* of PATTERN_REGEX */
    pcre2_match_context *limits;
    size_t from, n; /* the expression within the text */
    uint32_t options;
    _Atomic uint64_t gave_up;
    char text[];
};

/* --- making --- */

static const struct {
    char letter;
    uint32_t option;
} flags[] = {{'i', PCRE2_CASELESS}, {'x', PCRE2_EXTENDED}};
enum { FLAGS = sizeof flags / sizeof *flags };

/* Finds the expression between the slashes and the flags behind it. */
static int read_slashes(struct pattern *p, size_t *ret_at, struct err *err)
{
    const char *last = strrchr(p->text, '/');
    *ret_at = strlen(p->text);
    if (last == p->text)
        return err_set(err, EINVAL,
                       "a text that begins with / is a regular expression and needs "
                       "another / behind it, as in /^pay-/");
    p->from = 1;
    p->n = (size_t)(last - p->text) - 1;
    *ret_at = 1;
    if (p->n == 0)
        return err_set(err, EINVAL,
                       "an empty regular expression fits everything; "
                       "write *");
    p->options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C |
                 PCRE2_DOLLAR_ENDONLY;
    for (const char *f = last + 1; *f != '\0'; f++) {
        size_t i = 0;
        while (i < FLAGS && flags[i].letter != *f)
            i++;
        *ret_at = (size_t)(f - p->text);
        if (i == FLAGS)
            return err_set(
                err, EINVAL,
                "unknown flag '%c' behind the regular expression, expected i "
                "or x (a / within it is written as it is)",
                ascii_plain(*f) ? *f : '?');
        p->options |= flags[i].option;
    }
    return 0;
}

static pcre2_code *compile(const struct pattern *p, uint32_t more, int *ret_error,
                           size_t *ret_at)
{
    pcre2_compile_context *c = pcre2_compile_context_create(NULL);
    *ret_error = PCRE2_ERROR_NOMEMORY;
    *ret_at = 0;
    if (c == NULL)
        return NULL;
    pcre2_set_parens_nest_limit(c, PARENS_MAX);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)p->text + p->from, p->n,
                                     p->options | more, ret_error, ret_at, c);
    pcre2_compile_context_free(c);
    return code;
}

static int make_regex(struct pattern *p, size_t *ret_at, struct err *err)
{
    int error;
    size_t at;
    uint32_t least = 0;
    PCRE2_UCHAR words[160];
    if (read_slashes(p, ret_at, err) < 0)
        return -1;
    p->code = compile(p, 0, &error, &at);
    if (p->code == NULL) {
        if (pcre2_get_error_message(error, words, sizeof words) < 0)
            words[0] = '\0';
        *ret_at = p->from + (at < p->n ? at : p->n);
        return err_set(err, EINVAL, "the regular expression is wrong here: %s",
                       (const char *)words);
    }
    /* no compiled code on this machine: the interpreter does it */
    (void)pcre2_jit_compile(p->code, PCRE2_JIT_COMPLETE);
    p->limits = pcre2_match_context_create(NULL);
    if (p->limits == NULL)
        return err_set(err, ENOMEM, "out of memory");
    pcre2_set_match_limit(p->limits, PATTERN_STEPS_MAX);
    pcre2_set_heap_limit(p->limits, HEAP_KIB_MAX);
    pcre2_set_depth_limit(p->limits, DEPTH_MAX);
    pcre2_pattern_info(p->code, PCRE2_INFO_MINLENGTH, &least);
    p->letters = PATTERN_FIT_ALL + (int)least;
    return 0;
}

static bool is_wild(const char *glob)
{
    return glob[strcspn(glob, "*?")] != '\0';
}

static int glob_letters(const char *glob)
{
    int letters = PATTERN_FIT_ALL;
    for (const char *g = glob; *g != '\0'; g++)
        letters += *g != '*' && *g != '?';
    return is_wild(glob) ? letters : letters + PATTERN_FIT_EXACT;
}

struct pattern *pattern_new(const char *text, size_t *ret_at, struct err *err)
{
    size_t n = strlen(text), at_unused;
    if (ret_at == NULL)
        ret_at = &at_unused;
    *ret_at = 0;
    if (n == 0) {
        err_set(err, EINVAL, "an empty pattern fits nothing");
        return NULL;
    }
    if (n > PATTERN_BYTES_MAX) {
        err_set(err, EINVAL, "the pattern is %zu bytes long, at most %d", n,
                PATTERN_BYTES_MAX);
        return NULL;
    }
    struct pattern *p = calloc(1, sizeof *p + n + 1);
    if (p == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    memcpy(p->text, text, n + 1);
    if (text[0] != '/') {
        p->kind = is_wild(text) ? PATTERN_GLOB : PATTERN_EXACT;
        p->letters = glob_letters(text);
        return p;
    }
    p->kind = PATTERN_REGEX;
    if (make_regex(p, ret_at, err) < 0)
        pattern_free(&p);
    return p;
}

void pattern_free(struct pattern **p)
{
    if (*p == NULL)
        return;
    pcre2_match_context_free((*p)->limits);
    pcre2_code_free((*p)->code);
    free(*p);
    *p = NULL;
}

const char *pattern_text(const struct pattern *p)
{
    return p->text;
}

enum pattern_kind pattern_kind(const struct pattern *p)
{
    return p->kind;
}

/* --- asking --- */

/* 1 it fits, 0 it does not, -1 given up. */
static int regex_match(const struct pattern *p, const char *name)
{
    size_t n = strlen(name);
    pcre2_match_data *data =
        n <= PATTERN_NAME_MAX ? pcre2_match_data_create(1, NULL) : NULL;
    if (data == NULL)
        return -1;
    int rc = pcre2_match(p->code, (PCRE2_SPTR)name, n, 0, 0, data, p->limits);
    pcre2_match_data_free(data);
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    return rc >= 0 ? 1 : -1;
}

/* Outlives the patterns, which go when rules are read anew: a counter must not fall. */
static _Atomic uint64_t gave_up_all;

bool pattern_match(const struct pattern *p, const char *name)
{
    if (p->kind == PATTERN_EXACT)
        return strcmp(p->text, name) == 0;
    if (p->kind == PATTERN_GLOB)
        return glob_match(p->text, name);
    int rc = regex_match(p, name);
    if (rc < 0) { /* the count is no part of what the pattern means */
        atomic_fetch_add(&((struct pattern *)(uintptr_t)p)->gave_up, 1);
        atomic_fetch_add(&gave_up_all, 1);
    }
    return rc > 0;
}

int pattern_fit(const struct pattern *p, const char *name)
{
    return pattern_match(p, name) ? p->letters : 0;
}

int pattern_glob_fit(const char *glob, const char *name)
{
    return glob_match(glob, name) ? glob_letters(glob) : 0;
}

int pattern_letters(const struct pattern *p)
{
    return p->letters;
}

uint64_t pattern_gave_up(const struct pattern *p)
{
    return atomic_load(&p->gave_up);
}

uint64_t pattern_gave_up_all(void)
{
    return atomic_load(&gave_up_all);
}

/* --- cost --- */

/* What the hard names are made of: the pattern's own letters, alone and in pairs, and
 * what stands for its classes. */
struct probe {
    char unit[2 * PATTERN_BYTES_MAX][3];
    size_t n;
};

static void add_unit(struct probe *q, char a, char b)
{
    char unit[3] = {a, b, '\0'};
    for (size_t i = 0; i < q->n; i++)
        if (strcmp(q->unit[i], unit) == 0)
            return;
    if (q->n < sizeof q->unit / sizeof *q->unit)
        memcpy(q->unit[q->n++], unit, sizeof unit);
}

static void gather_units(const struct pattern *p, struct probe *q)
{
    static const char usual[] = "a0.-_ /:=";
    char last = '\0';
    for (const char *u = usual; *u != '\0'; u++)
        add_unit(q, *u, '\0');
    add_unit(q, 'a', '.');
    add_unit(q, 'a', '-');
    add_unit(q, '0', '.');
    for (size_t i = p->from; i < p->from + p->n; i++) {
        char c = p->text[i];
        if (c <= ' ' || c > '~' || strchr("()[]{}|?*+^$\\", c) != NULL)
            continue;
        add_unit(q, c, '\0');
        if (last != '\0')
            add_unit(q, last, c);
        last = c;
    }
}

struct steps {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static bool exceeds(const struct steps *s, const char *name, size_t n)
{
    int rc =
        pcre2_match(s->code, (PCRE2_SPTR)name, n, 0, PCRE2_NO_JIT, s->data, s->limits);
    return rc == PCRE2_ERROR_MATCHLIMIT || rc == PCRE2_ERROR_HEAPLIMIT ||
           rc == PCRE2_ERROR_DEPTHLIMIT;
}

static bool any_exceeds(const struct steps *s, const struct probe *q)
{
    static const char *const end[] = {"!", ""};
    for (size_t i = 0; i < q->n; i++) {
        char name[PROBE_BYTES + 8];
        size_t n = 0, unit = strlen(q->unit[i]);
        for (; n + unit <= PROBE_BYTES; n += unit)
            memcpy(name + n, q->unit[i], unit);
        for (size_t k = 0; k < sizeof end / sizeof *end; k++) {
            size_t tail = strlen(end[k]);
            memcpy(name + n, end[k], tail);
            if (exceeds(s, name, n + tail))
                return true;
        }
    }
    return false;
}

bool pattern_costly(const struct pattern *p)
{
    int error;
    size_t at;
    bool costly = false;
    if (p->kind != PATTERN_REGEX)
        return false;
    /* without its short cuts, which a name made on purpose can avoid */
    struct steps s = {.code = compile(p, PCRE2_NO_START_OPTIMIZE, &error, &at),
                      .data = pcre2_match_data_create(1, NULL),
                      .limits = pcre2_match_context_create(NULL)};
    struct probe *q = calloc(1, sizeof *q);
    if (s.code != NULL && s.data != NULL && s.limits != NULL && q != NULL) {
        pcre2_set_heap_limit(s.limits, HEAP_KIB_MAX);
        pcre2_set_match_limit(s.limits, PATTERN_COSTLY);
        gather_units(p, q);
        costly = any_exceeds(&s, q);
    }
    free(q);
    pcre2_match_context_free(s.limits);
    pcre2_match_data_free(s.data);
    pcre2_code_free(s.code);
    return costly;
}

/* --- lines of logs --- */

struct pattern_groups {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *data;
    size_t n;
    uint32_t number[PATTERN_GROUPS_MAX]; /* of each name's group; 0: there is none */
};

/* The table of names: entries of one size, each a number in two bytes and a text. */
static int take_names(struct pattern_groups *g, const char *const *names,
                      struct err *err)
{
    uint32_t count = 0, size = 0;
    PCRE2_SPTR table = NULL;
    pcre2_pattern_info(g->code, PCRE2_INFO_NAMECOUNT, &count);
    pcre2_pattern_info(g->code, PCRE2_INFO_NAMEENTRYSIZE, &size);
    pcre2_pattern_info(g->code, PCRE2_INFO_NAMETABLE, &table);
    for (uint32_t k = 0; k < count; k++, table += size) {
        size_t i = 0;
        const char *name = (const char *)table + 2;
        while (i < g->n && strcmp(names[i], name) != 0)
            i++;
        if (i == g->n)
            return err_set(err, EINVAL, "the group '%.60s' has no meaning here", name);
        g->number[i] = (uint32_t)table[0] << 8 | table[1];
    }
    return 0;
}

static int make_groups(struct pattern_groups *g, const char *text, size_t *ret_at,
                       struct err *err)
{
    int error = PCRE2_ERROR_NOMEMORY;
    PCRE2_UCHAR words[160];
    pcre2_compile_context *c = pcre2_compile_context_create(NULL);
    if (c == NULL)
        return err_set(err, ENOMEM, "out of memory");
    pcre2_set_parens_nest_limit(c, PARENS_MAX);
    g->code = pcre2_compile((PCRE2_SPTR)text, strlen(text), PCRE2_NEVER_BACKSLASH_C,
                            &error, ret_at, c);
    pcre2_compile_context_free(c);
    if (g->code == NULL) {
        if (pcre2_get_error_message(error, words, sizeof words) < 0)
            words[0] = '\0';
        return err_set(err, EINVAL, "the regular expression is wrong at byte %zu: %s",
                       *ret_at + 1, (const char *)words);
    }
    g->limits = pcre2_match_context_create(NULL);
    g->data = pcre2_match_data_create_from_pattern(g->code, NULL);
    if (g->limits == NULL || g->data == NULL)
        return err_set(err, ENOMEM, "out of memory");
    pcre2_set_match_limit(g->limits, PATTERN_STEPS_MAX);
    pcre2_set_heap_limit(g->limits, HEAP_KIB_MAX);
    pcre2_set_depth_limit(g->limits, DEPTH_MAX);
    return 0;
}

struct pattern_groups *pattern_groups_new(const char *text, const char *const *names,
                                          size_t n_names, size_t *ret_at,
                                          struct err *err)
{
    size_t at_unused;
    assert(n_names <= PATTERN_GROUPS_MAX);
    if (ret_at == NULL)
        ret_at = &at_unused;
    *ret_at = 0;
    if (text[0] == '\0' || strlen(text) > PATTERN_GROUPS_BYTES_MAX) {
        err_set(err, EINVAL,
                "the regular expression is %zu bytes long, expected 1 to %d",
                strlen(text), PATTERN_GROUPS_BYTES_MAX);
        return NULL;
    }
    struct pattern_groups *g = calloc(1, sizeof *g);
    if (g == NULL) {
        err_set(err, ENOMEM, "out of memory");
        return NULL;
    }
    g->n = n_names;
    if (make_groups(g, text, ret_at, err) < 0 || take_names(g, names, err) < 0)
        pattern_groups_free(&g);
    return g;
}

void pattern_groups_free(struct pattern_groups **g)
{
    if (*g == NULL)
        return;
    pcre2_match_data_free((*g)->data);
    pcre2_match_context_free((*g)->limits);
    pcre2_code_free((*g)->code);
    free(*g);
    *g = NULL;
}

bool pattern_groups_has(const struct pattern_groups *g, size_t i)
{
    return g->number[i] != 0;
}

int pattern_groups_match(struct pattern_groups *g, const char *line, size_t n,
                         struct pattern_piece *ret_piece)
{
    int rc = pcre2_match(g->code, (PCRE2_SPTR)line, n, 0, 0, g->data, g->limits);
    if (rc < 0)
        return rc == PCRE2_ERROR_NOMATCH ? 0 : -1;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(g->data);
    for (size_t i = 0; i < g->n; i++) {
        uint32_t k = g->number[i];
        bool set = k > 0 && k < (uint32_t)rc && at[2 * k] != PCRE2_UNSET &&
                   at[2 * k] <= at[2 * k + 1]; /* \K in a look-ahead may turn them */
        ret_piece[i].at = set ? line + at[2 * k] : NULL;
        ret_piece[i].n = set ? at[2 * k + 1] - at[2 * k] : 0;
    }
    return 1;
}
