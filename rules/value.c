/* rules/value.c - typed values.
 *
 * One parser a type, in a table; each eats the whole text or refuses.  No state, any
 * thread. */
#include "rules/value.h"
#include "base/names.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A bound that only keeps out nonsense is not worth a word. */
#define NO_MOST 1e15
enum { RULE_TEXT_MAX = 4000, HOLD_MAX = 60 };

struct parsing {
    const struct schema_field *f;
    const struct yaml_node *node;
    const char *text;
    struct keep *keep;
    struct err *err;
    double measure; /* to hold against the field's bounds; NaN: nothing */
};

/* --- numbers --- */

static bool all_digits(const char *p, size_t n)
{
    return n > 0 && strspn(p, "0123456789") >= n;
}

/* [-]digits[.digits][e[+-]digits]: the length, or 0; no blanks, no hexadecimals, and no
 * leading zeros, which mean octal to some. */
static size_t decimal(const char *text, bool exponent, double *ret)
{
    const char *p = text + (*text == '-');
    size_t n = strspn(p, "0123456789");
    if (n == 0 || (n > 1 && p[0] == '0'))
        return 0;
    p += n;
    if (*p == '.') {
        n = strspn(++p, "0123456789");
        if (n == 0)
            return 0;
        p += n;
    }
    if (exponent && (*p == 'e' || *p == 'E')) {
        const char *e = p + 1;
        e += *e == '+' || *e == '-';
        n = strspn(e, "0123456789");
        if (n > 0)
            p = e + n;
    }
    char number[64];
    size_t len = (size_t)(p - text);
    if (len >= sizeof number)
        return 0;
    memcpy(number, text, len);
    number[len] = '\0';
    double v = strtod(number, NULL);
    if (!isfinite(v))
        return 0;
    *ret = v;
    return len;
}

static bool parse_whole(struct parsing *p, void *at)
{
    size_t n = strlen(p->text);
    if (!all_digits(p->text, n) || (n > 1 && p->text[0] == '0') || n > 9)
        return false;
    int v = (int)strtol(p->text, NULL, 10);
    memcpy(at, &v, sizeof v);
    p->measure = v;
    return true;
}

static bool thousands(const char *suffix, double *v)
{
    static const char names[] = "kMGT";
    if (*suffix == '\0')
        return true;
    const char *at = strchr(names, *suffix);
    if (at == NULL || suffix[1] != '\0')
        return false;
    for (const char *k = names; k <= at; k++)
        *v *= 1000;
    return true;
}

static bool parse_count(struct parsing *p, void *at)
{
    double v;
    size_t n = decimal(p->text, false, &v);
    if (n == 0 || v < 0 || !thousands(p->text + n, &v) || v != floor(v))
        return false;
    memcpy(at, &v, sizeof v);
    p->measure = v;
    return true;
}

static bool parse_number(struct parsing *p, void *at)
{
    double v;
    size_t n = decimal(p->text, true, &v);
    if (n == 0 || p->text[n] != '\0')
        return false;
    memcpy(at, &v, sizeof v);
    p->measure = v;
    return true;
}

static bool percent(const char *text, double *ret)
{
    double v;
    size_t n = decimal(text, false, &v);
    if (n == 0 || v < 0 || strcmp(text + n, "%") != 0)
        return false;
    *ret = v / 100;
    return true;
}

static bool parse_share(struct parsing *p, void *at)
{
    double v;
    if (!percent(p->text, &v))
        return false;
    memcpy(at, &v, sizeof v);
    p->measure = v;
    return true;
}

static bool parse_chance(struct parsing *p, void *at)
{
    return parse_share(p, at) || parse_number(p, at);
}

/* --- amounts --- */

/* One list: what may stand behind a number, and in front of "/s". */
static const struct {
    const char *name;
    enum amount_unit unit;
    double times;
} amount_units[] = {
    {"", AMOUNT_PLAIN, 1},
    {"k", AMOUNT_PLAIN, 1e3},
    {"M", AMOUNT_PLAIN, 1e6},
    {"G", AMOUNT_PLAIN, 1e9},
    {"T", AMOUNT_PLAIN, 1e12},
    {"%", AMOUNT_PERCENT, 1},
    {"B", AMOUNT_BYTES, 1},
    {"bytes", AMOUNT_BYTES, 1},
    {"kB", AMOUNT_BYTES, 1e3},
    {"MB", AMOUNT_BYTES, 1e6},
    {"GB", AMOUNT_BYTES, 1e9},
    {"TB", AMOUNT_BYTES, 1e12},
    {"KiB", AMOUNT_BYTES, 1024},
    {"MiB", AMOUNT_BYTES, 1048576},
    {"GiB", AMOUNT_BYTES, 1073741824.0},
    {"TiB", AMOUNT_BYTES, 1099511627776.0},
    {"us", AMOUNT_TIME, 0.001},
    {"ms", AMOUNT_TIME, 1},
    {"s", AMOUNT_TIME, 1e3},
    {"m", AMOUNT_TIME, 60e3},
    {"min", AMOUNT_TIME, 60e3},
    {"h", AMOUNT_TIME, 3600e3},
    {"d", AMOUNT_TIME, 86400e3},
};
enum { AMOUNT_UNITS = sizeof amount_units / sizeof *amount_units };

/* The unit of `n` bytes; AMOUNT_UNITS: none. */
static size_t amount_unit_of(const char *name, size_t n)
{
    for (size_t i = 0; i < AMOUNT_UNITS; i++)
        if (strlen(amount_units[i].name) == n &&
            strncmp(amount_units[i].name, name, n) == 0)
            return i;
    return AMOUNT_UNITS;
}

static bool parse_amount(struct parsing *p, void *at)
{
    double v;
    size_t n = decimal(p->text, true, &v);
    if (n == 0)
        return false;
    const char *unit = p->text + n + (p->text[n] == ' ' && p->text[n + 1] != '\0');
    size_t len = strlen(unit);
    bool rate = len > 2 && strcmp(unit + len - 2, "/s") == 0;
    size_t u = amount_unit_of(unit, rate ? len - 2 : len);
    if (u == AMOUNT_UNITS)
        return false;
    struct amount a = {.value = v * amount_units[u].times,
                       .unit = amount_units[u].unit,
                       .rate = rate,
                       .given = true};
    memcpy(at, &a, sizeof a);
    p->measure = a.value;
    return true;
}

int amount_in(const struct amount *a, const char *unit, double *ret_value,
              struct err *err)
{
    *ret_value = a->value;
    size_t n = unit != NULL ? strlen(unit) : 0;
    bool rate = n > 2 && strcmp(unit + n - 2, "/s") == 0;
    if (a->rate && !rate)
        return err_set(err, EINVAL, "is a rate, but the unit is %s",
                       unit != NULL ? unit : "not given");
    if (a->unit == AMOUNT_PLAIN)
        return 0;
    size_t u = unit != NULL ? amount_unit_of(unit, rate ? n - 2 : n) : AMOUNT_UNITS;
    if (u == AMOUNT_UNITS || amount_units[u].unit != a->unit) {
        static const char *const such[] = {[AMOUNT_PLAIN] = "",
                                           [AMOUNT_PERCENT] = "%",
                                           [AMOUNT_BYTES] = "bytes",
                                           [AMOUNT_TIME] = "ms"};
        return err_set(err, EINVAL,
                       "has a unit that the figure does not have: expected a number "
                       "in the figure's own unit, or a unit such as %s",
                       such[a->unit]);
    }
    *ret_value = a->value / amount_units[u].times;
    return 0;
}

/* --- times --- */

static bool parse_span(struct parsing *p, void *at)
{
    span s;
    if (span_parse(p->text, &s, NULL) < 0)
        return false;
    memcpy(at, &s, sizeof s);
    p->measure = (double)s.ms / 1000;
    return true;
}

static bool parse_look(struct parsing *p, void *at)
{
    struct windows_rule *w = at;
    span s;
    if (span_parse(p->text, &s, NULL) < 0)
        return false;
    assert(w->n_looks < LOOKS_MAX);
    w->looks[w->n_looks++] = s;
    return true;
}

/* "off" is no look at all. */
static bool parse_slow(struct parsing *p, void *at)
{
    struct windows_rule *w = at;
    span s;
    if (strcmp(p->text, "off") == 0)
        return w->n_slow == 0;
    if (span_parse(p->text, &s, NULL) < 0)
        return false;
    assert(w->n_slow < SLOW_MAX);
    w->slow[w->n_slow++] = s;
    return true;
}

/* "1", "200..399", "-2..-1.5". */
static bool parse_pass(struct parsing *p, void *at)
{
    struct probing *to = at;
    char from[64];
    double lo, hi;
    const char *dots = strstr(p->text, "..");
    size_t n = dots != NULL ? (size_t)(dots - p->text) : strlen(p->text);
    if (n == 0 || n >= sizeof from)
        return false;
    memcpy(from, p->text, n);
    from[n] = '\0';
    if (decimal(from, true, &lo) != n)
        return false;
    hi = lo;
    if (dots != NULL) {
        n = decimal(dots + 2, true, &hi);
        if (n == 0 || dots[2 + n] != '\0' || hi < lo)
            return false;
    }
    assert(to->n_pass < PASSES_MAX);
    to->pass[to->n_pass].from = lo;
    to->pass[to->n_pass++].to = hi;
    return true;
}

/* A day counts to its end, in UTC. */
static bool parse_date(struct parsing *p, void *at)
{
    char day[64];
    instant t;
    size_t n = strlen(p->text);
    if (n == 10 && strchr(p->text, ' ') == NULL) {
        memcpy(day, p->text, n);
        memcpy(day + n, "T00:00:00Z", sizeof "T00:00:00Z");
        if (instant_parse(day, &t, NULL) < 0)
            return false;
        t.ms += 86400000;
    } else if (instant_parse(p->text, &t, NULL) < 0) {
        return false;
    }
    memcpy(at, &t, sizeof t);
    return true;
}

/* --- words --- */

static bool parse_text(struct parsing *p, void *at)
{
    size_t n = strlen(p->text);
    if (n > RULE_TEXT_MAX)
        return false;
    for (size_t i = 0, len; i < n; i += len) {
        len = utf8_next(p->text + i, n - i);
        if (len == 0)
            return false;
        if (utf8_is_control(p->text + i, len) && p->text[i] != '\n' &&
            p->text[i] != '\t')
            return false;
    }
    memcpy(at, &p->text, sizeof p->text);
    return true;
}

static bool parse_id(struct parsing *p, void *at)
{
    size_t n = strlen(p->text);
    if (n == 0 || n > 100 ||
        strspn(p->text, "abcdefghijklmnopqrstuvwxyz0123456789._-") != n)
        return false;
    memcpy(at, &p->text, sizeof p->text);
    return true;
}

static bool parse_name(struct parsing *p, void *at)
{
    if (name_check(p->text, strlen(p->text), NULL) < 0)
        return false;
    memcpy(at, &p->text, sizeof p->text);
    return true;
}

static bool parse_flag(struct parsing *p, void *at)
{
    bool v = strcmp(p->text, "true") == 0;
    if (!v && strcmp(p->text, "false") != 0)
        return false;
    memcpy(at, &v, sizeof v);
    return true;
}

/* -1: none of them. */
static int choice_of(const struct parsing *p)
{
    for (int i = 0; p->f->choices[i] != NULL; i++)
        if (p->text[0] != '\0' && strcmp(p->f->choices[i], p->text) == 0)
            return i;
    return -1;
}

static bool parse_choice(struct parsing *p, void *at)
{
    int i = choice_of(p);
    if (i >= 0)
        memcpy(at, &i, sizeof i);
    return i >= 0;
}

static bool parse_choices(struct parsing *p, void *at)
{
    unsigned bits;
    int i = choice_of(p);
    if (i < 0)
        return false;
    memcpy(&bits, at, sizeof bits);
    bits |= 1u << i;
    memcpy(at, &bits, sizeof bits);
    return true;
}

static bool parse_pattern(struct parsing *p, void *at)
{
    struct matches *m = at;
    struct match one;
    if (match_make(p->text, p->keep, &one, p->err) < 0)
        return false;
    m->at[m->n++] = one; /* rules/fields made room */
    return true;
}

static bool parse_address(struct parsing *p, void *at)
{
    struct mail_addresses *to = at;
    if (mail_address_check(p->text, p->err) < 0)
        return false;
    to->at[to->n++] = p->text; /* rules/fields made room */
    return true;
}

/* --- hold and when --- */

static bool parse_hold(struct parsing *p, void *at)
{
    char *end;
    const char *text = p->text;
    if (*text < '1' || *text > '9')
        return false;
    long hold = strtol(text, &end, 10);
    if (strncmp(end, " of ", 4) != 0 || end[4] < '1' || end[4] > '9')
        return false;
    long of = strtol(end + 4, &end, 10);
    if (*end != '\0' || hold > of || of > HOLD_MAX)
        return false;
    struct hold h = {(int)hold, (int)of};
    memcpy(at, &h, sizeof h);
    return true;
}

static bool parse_when(struct parsing *p, void *at)
{
    if (p->text[0] == '\0')
        return false;
    struct when w = {.text = p->text,
                     .line = p->node->line,
                     .column = p->node->column,
                     .plain = p->node->plain};
    memcpy(at, &w, sizeof w);
    return true;
}

/* --- the table --- */

static const struct {
    bool (*parse)(struct parsing *p, void *at);
    enum rules_code wrong;
} parsers[SCHEMA_TYPE_N] = {
    [SCHEMA_TEXT] = {parse_text, RULES_E_VALUE},
    [SCHEMA_ID] = {parse_id, RULES_E_NAME},
    [SCHEMA_NAME] = {parse_name, RULES_E_NAME},
    [SCHEMA_WHOLE] = {parse_whole, RULES_E_VALUE},
    [SCHEMA_COUNT] = {parse_count, RULES_E_VALUE},
    [SCHEMA_NUMBER] = {parse_number, RULES_E_VALUE},
    [SCHEMA_SHARE] = {parse_share, RULES_E_VALUE},
    [SCHEMA_RATIO] = {parse_share, RULES_E_VALUE},
    [SCHEMA_CHANCE] = {parse_chance, RULES_E_VALUE},
    [SCHEMA_AMOUNT] = {parse_amount, RULES_E_VALUE},
    [SCHEMA_SPAN] = {parse_span, RULES_E_VALUE},
    [SCHEMA_LOOKS] = {parse_look, RULES_E_VALUE},
    [SCHEMA_SLOW] = {parse_slow, RULES_E_VALUE},
    [SCHEMA_PASSES] = {parse_pass, RULES_E_VALUE},
    [SCHEMA_HOLD] = {parse_hold, RULES_E_VALUE},
    [SCHEMA_DATE] = {parse_date, RULES_E_DATE},
    [SCHEMA_FLAG] = {parse_flag, RULES_E_VALUE},
    [SCHEMA_CHOICE] = {parse_choice, RULES_E_CHOICE},
    [SCHEMA_CHOICES] = {parse_choices, RULES_E_CHOICE},
    [SCHEMA_PATTERNS] = {parse_pattern, RULES_E_PATTERN},
    [SCHEMA_ADDRESSES] = {parse_address, RULES_E_VALUE},
    [SCHEMA_WHEN] = {parse_when, RULES_E_EMPTY},
};

size_t value_most(enum schema_type type)
{
    return type == SCHEMA_LOOKS       ? LOOKS_MAX
           : type == SCHEMA_SLOW      ? SLOW_MAX
           : type == SCHEMA_PASSES    ? PASSES_MAX
           : type == SCHEMA_CHOICES   ? PATTERNS_MAX
           : type == SCHEMA_PATTERNS  ? PATTERNS_MAX
           : type == SCHEMA_ADDRESSES ? MAIL_ADDRESSES_MAX
                                      : 0;
}

bool value_is_list(enum schema_type type)
{
    return value_most(type) > 0;
}

/* --- complaints --- */

void value_words(const struct schema_field *f, struct buf *to)
{
    const char *between = f->type == SCHEMA_CHOICES ? "one or more of " : "one of ";
    if (f->choices == NULL)
        buf_add(to, schema_words(f->type));
    for (size_t i = 0; f->choices != NULL && f->choices[i] != NULL; i++)
        if (f->choices[i][0] != '\0') {
            buf_addf(to, "%s%s", between, f->choices[i]);
            between = ", ";
        }
}

static void say_choices(const struct schema_field *f, const char *text, struct buf *b)
{
    const char *near = nearest_name(text, f->choices);
    if (near != NULL && *near != '\0')
        buf_addf(b, "did you mean '%s'? ", near);
    buf_add(b, "expected ");
    value_words(f, b);
}

/* A bound as it would be written in the file. */
static void say_bound(const struct schema_field *f, double v, struct buf *b)
{
    char text[SPAN_TEXT_MAX];
    if (f->type == SCHEMA_SPAN)
        buf_add(b, span_text((span){(int64_t)(v * 1000)}, text));
    else if (f->type == SCHEMA_SHARE || f->type == SCHEMA_RATIO ||
             f->type == SCHEMA_CHANCE)
        buf_addf(b, "%.10g%%", v * 100);
    else
        buf_addf(b, "%.15g", v);
}

static bool within(const struct schema_field *f, double v)
{
    if ((f->least == 0 && f->most == 0) || isnan(v))
        return true;
    return ((f->flags & SCHEMA_ABOVE) != 0 ? v > f->least : v >= f->least) &&
           v <= f->most;
}

static void say_range(const struct parsing *p, struct buf *b)
{
    buf_addf(b, "'%s' is '%.60s', expected ", p->f->name, p->text);
    if ((p->f->flags & SCHEMA_ABOVE) != 0)
        buf_add(b, "more than ");
    say_bound(p->f, p->f->least, b);
    if (p->f->most >= NO_MOST)
        return;
    buf_add(b, (p->f->flags & SCHEMA_ABOVE) != 0 ? ", at most " : " to ");
    say_bound(p->f, p->f->most, b);
}

static void say_wrong(const struct parsing *p, struct buf *b)
{
    if (p->err->code != 0) {
        buf_addf(b, "'%s': '%.60s' %s", p->f->name, p->text, p->err->text);
        return;
    }
    buf_addf(b, "'%s' is '%.60s', ", p->f->name, p->text);
    if (p->f->type == SCHEMA_TEXT)
        buf_addf(b, "expected at most %d bytes without control characters",
                 RULE_TEXT_MAX);
    else if (p->f->type == SCHEMA_LOOKS)
        buf_addf(b, "expected %s", schema_words(SCHEMA_SPAN));
    else if (p->f->choices != NULL)
        say_choices(p->f, p->text, b);
    else
        buf_addf(b, "expected %s", schema_words(p->f->type));
}

enum rules_code value_read(const struct schema_field *f, const struct yaml_node *node,
                           struct keep *keep, void *at, struct err *err)
{
    struct err inner = {0};
    struct parsing p = {f, node, node->text, keep, &inner, NAN};
    char before[sizeof(struct when) + sizeof(struct amount)];
    size_t size = value_is_list(f->type) ? 0 : schema_size(f->type);
    assert(parsers[f->type].parse != NULL && size <= sizeof before);
    memcpy(before, at, size);
    bool good = parsers[f->type].parse(&p, at);
    if (good && within(f, p.measure))
        return RULES_CODE_N;
    OWNED_BUF words = {0};
    if (good) {
        memcpy(at, before, size);
        say_range(&p, &words);
    } else {
        say_wrong(&p, &words);
    }
    err_set(err, EINVAL, "%s", buf_text(&words));
    return good ? RULES_E_RANGE : parsers[f->type].wrong;
}
