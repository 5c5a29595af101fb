/* rules/match.c - globs and regular expressions behind one face.  A match is immutable
 * once made; any thread. */
#include "rules/match.h"
#include "base/names.h"
#include "rules/pattern.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

static void end_pattern(void *what)
{
    struct pattern *p = what;
    pattern_free(&p);
}

/* Keeps the expression with the set. */
static int make_regex(const char *text, struct keep *keep, struct match *ret_match,
                      struct err *err)
{
    size_t at = 0;
    struct err why = {0};
    struct pattern *p = pattern_new(text, &at, &why);
    if (p == NULL)
        return err_set(err, EINVAL, "is no regular expression, at its byte %zu: %s",
                       at + 1, why.text);
    if (keep_until_end(keep, end_pattern, p) < 0)
        return err_set(err, ENOMEM, "finds no memory");
    *ret_match = (struct match){.text = text, .regex = p};
    return 0;
}

int match_make(const char *text, struct keep *keep, struct match *ret_match,
               struct err *err)
{
    size_t n = strlen(text);
    if (n == 0)
        return err_set(err, EINVAL, "is empty and fits nothing");
    if (n > MATCH_BYTES_MAX)
        return err_set(err, EINVAL, "is %zu bytes long, at most %d", n,
                       MATCH_BYTES_MAX);
    if (text[0] == '/')
        return make_regex(text, keep, ret_match, err);
    *ret_match = (struct match){.text = text};
    return 0;
}

int match_fit(const struct match *m, const char *name)
{
    return m->regex != NULL ? pattern_fit(m->regex, name)
                            : pattern_glob_fit(m->text, name);
}

int match_fit_tagged(const struct match *m, const char *name)
{
    enum { BASE_MAX = 512 };
    char base[BASE_MAX];
    int fit = match_fit(m, name);
    size_t n = strcspn(name, "{");
    if (fit > 0 || name[n] == '\0' || n >= sizeof base || strchr(m->text, '{') != NULL)
        return fit;
    memcpy(base, name, n);
    base[n] = '\0';
    return match_fit(m, base);
}

int matches_fit_tagged(const struct matches *m, const char *name)
{
    int best = 0;
    for (size_t i = 0; i < m->n; i++) {
        int fit = match_fit_tagged(&m->at[i], name);
        if (fit > best)
            best = fit;
    }
    return best;
}

int matches_fit(const struct matches *m, const char *name)
{
    int best = 0;
    for (size_t i = 0; i < m->n; i++) {
        int fit = match_fit(&m->at[i], name);
        if (fit > best)
            best = fit;
    }
    return best;
}

bool matches_allow(const struct matches *m, const char *name)
{
    if (name == NULL)
        name = "";
    for (size_t i = 0; i < m->n; i++)
        if (match_fit(&m->at[i], name) > 0)
            return true;
    return m->n == 0;
}

size_t match_prefix(const struct match *m)
{
    return m->regex != NULL ? 0 : strcspn(m->text, "*?");
}

/* Whether two globs have a name in common: a table of what can be reached from every
 * pair of places, filled from the ends.  '?' is taken for '*', as a character may have
 * several bytes, so it errs towards true. */
static bool is_wild(char c)
{
    return c == '*' || c == '?';
}

static bool globs_meet(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    uint8_t row[2][MATCH_BYTES_MAX + 2] = {{0}};
    if (n > MATCH_BYTES_MAX || m > MATCH_BYTES_MAX)
        return true;
    for (size_t i = n + 1; i-- > 0;) {
        uint8_t *at = row[i & 1], *below = row[(i + 1) & 1];
        for (size_t j = m + 1; j-- > 0;) {
            if (i == n && j == m)
                at[j] = 1;
            else if (i < n && is_wild(a[i]))
                at[j] = below[j] || (j < m && at[j + 1]);
            else if (j < m && is_wild(b[j]))
                at[j] = at[j + 1] || (i < n && below[j]);
            else
                at[j] = i < n && j < m && a[i] == b[j] ? below[j + 1] : 0;
        }
    }
    return row[0][0] != 0;
}

bool match_may_meet(const struct match *a, const struct match *b)
{
    bool a_exact = a->regex == NULL && a->text[strcspn(a->text, "*?")] == '\0';
    bool b_exact = b->regex == NULL && b->text[strcspn(b->text, "*?")] == '\0';
    if (a_exact)
        return match_fit(b, a->text) > 0;
    if (b_exact)
        return match_fit(a, b->text) > 0;
    return a->regex != NULL || b->regex != NULL || globs_meet(a->text, b->text);
}
