/* collector/in_tap.c - reads TAP line by line.  No state, any thread. */
#include "collector/in_tap.h"

#include "base/buf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct line {
    const char *at;
    size_t n;
};

/* The next line of the text, without its end. */
static bool next_line(const char **at, const char *end, struct line *ret_line)
{
    if (*at == end)
        return false;
    const char *stop = memchr(*at, '\n', (size_t)(end - *at));
    const char *last = stop != NULL ? stop : end;
    *ret_line = (struct line){*at, (size_t)(last - *at)};
    if (ret_line->n > 0 && last[-1] == '\r')
        ret_line->n--;
    *at = stop != NULL ? stop + 1 : end;
    return true;
}

/* Takes a word off the line's start; it must end there or at a blank. */
static bool take_word(struct line *l, const char *word)
{
    size_t n = strlen(word);
    if (l->n < n || strncmp(l->at, word, n) != 0 || (l->n > n && l->at[n] != ' '))
        return false;
    l->at += n;
    l->n -= n;
    return true;
}

static void take_blanks(struct line *l)
{
    while (l->n > 0 && (*l->at == ' ' || *l->at == '\t')) {
        l->at++;
        l->n--;
    }
}

static size_t take_digits(struct line *l)
{
    size_t n = 0, value = 0;
    for (; n < l->n && l->at[n] >= '0' && l->at[n] <= '9'; n++)
        if (value < 1000000)
            value = value * 10 + (size_t)(l->at[n] - '0');
    l->at += n;
    l->n -= n;
    return value;
}

static bool is_result(struct line *l, bool *ret_ok)
{
    *ret_ok = take_word(l, "ok");
    return *ret_ok || take_word(l, "not ok");
}

/* "1..12" */
static bool is_plan(struct line l, size_t *ret_planned)
{
    if (l.n < 4 || strncmp(l.at, "1..", 3) != 0)
        return false;
    l.at += 3;
    l.n -= 3;
    if (*l.at < '0' || *l.at > '9')
        return false;
    *ret_planned = take_digits(&l);
    return l.n == 0 || *l.at == ' ';
}

static bool is_bail_out(const struct line *l)
{
    return l->n >= 9 && strncmp(l->at, "Bail out!", 9) == 0;
}

bool in_tap_is(const char *text, size_t n)
{
    const char *at = text, *end = text + n;
    struct line l;
    bool ok;
    size_t planned;
    while (next_line(&at, end, &l))
        if (is_plan(l, &planned) || take_word(&l, "TAP version") || is_result(&l, &ok))
            return true;
    return false;
}

/* Cuts "# SKIP no network" off; true when the test has no result for it. */
static bool cut_directive(struct line *l)
{
    for (size_t i = l->n; i-- > 0;) {
        if (l->at[i] != '#' || (i > 0 && l->at[i - 1] == '\\'))
            continue;
        struct line d = {l->at + i + 1, l->n - i - 1};
        take_blanks(&d);
        if (d.n < 4 ||
            (strncasecmp(d.at, "skip", 4) != 0 && strncasecmp(d.at, "todo", 4) != 0))
            return false;
        l->n = i;
        return true;
    }
    return false;
}

static int add(struct test_run *r, const char *suite, const char *name,
               enum test_result result, struct err *err)
{
    struct test *t = test_run_add(r, suite, NULL, name, err);
    if (t == NULL)
        return -1;
    t->result = result;
    return 0;
}

/* What stands behind "ok": " 3 - name # SKIP". */
static int take_result(struct line l, bool ok, size_t no, const char *suite,
                       struct test_run *r, struct err *err)
{
    char number[32];
    take_blanks(&l);
    take_digits(&l);
    take_blanks(&l);
    if (l.n > 0 && *l.at == '-') {
        l.at++;
        l.n--;
    }
    bool none = cut_directive(&l);
    OWNED_BUF name = {0};
    buf_add_n(&name, l.at, l.n);
    if (buf_done(&name) < 0)
        return err_set(err, ENOMEM, "out of memory");
    enum test_result result = none ? TEST_SKIP : ok ? TEST_PASS : TEST_FAIL;
    if (add(r, suite, buf_text(&name), result, err) < 0)
        return -1;
    struct test *t = &r->test[r->n - 1];
    if (t->name[0] != '\0')
        return 0;
    snprintf(number, sizeof number, "test %zu", no);
    return test_rename(t, number, err);
}

static int check_plan(size_t planned, size_t ran, const char *suite, struct test_run *r,
                      struct err *err)
{
    char words[80];
    if (planned <= ran)
        return 0;
    if (add(r, suite, "all planned tests", TEST_ERROR, err) < 0)
        return -1;
    int n = snprintf(words, sizeof words, "%zu were planned, %zu have a result",
                     planned, ran);
    return test_say(&r->test[r->n - 1], words, (size_t)n, err);
}

int in_tap_read(const char *text, size_t n, const char *suite, struct test_run *r,
                struct err *err)
{
    const char *at = text, *end = text + n;
    struct line l;
    size_t planned = 0, ran = 0;
    bool ok;
    while (next_line(&at, end, &l)) {
        if (is_bail_out(&l)) {
            if (add(r, suite, "bail out", TEST_ERROR, err) < 0)
                return -1;
            return test_say(&r->test[r->n - 1], l.at + 9, l.n - 9, err);
        }
        if (is_plan(l, &planned) || !is_result(&l, &ok))
            continue;
        ran++;
        if (take_result(l, ok, ran, suite, r, err) < 0)
            return -1;
    }
    return check_plan(planned, ran, suite, r, err);
}
