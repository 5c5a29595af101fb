/* collector/in_calls.c - call records into samples of edges.
 *
 * A record is read whole into a struct before anything of it is stored.  Its members
 * are one table.  No clock: the present is an argument.  Any thread may run it; the
 * crowds of codes and interfaces have locks of their own. */
#include "collector/in_calls_part.h"

#include "base/names.h"
#include "collector/crowd.h"

#include <errno.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* From here on an epoch number is milliseconds. */
#define EPOCH_MS_FROM 1e11

struct in_calls {
    struct crowd *codes, *ifaces;
    _Atomic uint64_t folded_codes, folded_ifaces;
};

static const char *const outcome_names[] = {"ok", "fail", "timeout", NULL};
static const char *const side_names[] = {"client", "server", NULL};

struct in_calls *in_calls_new(void)
{
    struct in_calls *c = calloc(1, sizeof *c);
    if (c == NULL)
        return NULL;
    c->codes = crowd_new(CALLS_CODES_MAX);
    c->ifaces = crowd_new(CALLS_IFACES_MAX);
    if (c->codes == NULL || c->ifaces == NULL)
        in_calls_free(&c);
    return c;
}

void in_calls_free(struct in_calls **c)
{
    if (*c == NULL)
        return;
    crowd_free(&(*c)->codes);
    crowd_free(&(*c)->ifaces);
    free(*c);
    *c = NULL;
}

/* ---- members ---- */

static int bad_name(struct calls_record *r, const struct json_at *v, const char *text,
                    struct err *err)
{
    struct err why = {0};
    if (name_check(text, strlen(text), &why) == 0)
        return 0;
    r->why = DROP_NAME;
    return json_complain(v, err, "%s", why.text);
}

static int read_name(struct calls_record *r, const struct json_at *v, void *into,
                     struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    if (bad_name(r, v, text, err) < 0)
        return -1;
    *(const char **)into = text;
    return 0;
}

/* As a name, but "" is allowed and means that it is not known. */
static int read_label(struct calls_record *r, const struct json_at *v, void *into,
                      struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    if (text[0] != '\0' && bad_name(r, v, text, err) < 0)
        return -1;
    *(const char **)into = text;
    return 0;
}

static int read_code(struct calls_record *r, const struct json_at *v, void *into,
                     struct err *err)
{
    int64_t number;
    if (json_kind(v) != JSON_KIND_NUMBER) {
        if (read_name(r, v, into, err) < 0)
            return -1;
        if (strlen(r->code) <= CALLS_CODE_BYTES_MAX)
            return 0;
        r->why = DROP_NAME;
        return json_complain(v, err, "expected a code of at most %d bytes",
                             CALLS_CODE_BYTES_MAX);
    }
    if (json_whole(v, &number, err) < 0)
        return -1;
    snprintf(r->code_text, sizeof r->code_text, "%lld", (long long)number);
    r->code = r->code_text;
    return 0;
}

static const char *known_word(const char *const *words, const char *word)
{
    while (*words != NULL && strcmp(*words, word) != 0)
        words++;
    return *words;
}

const char *calls_outcome(const char *word)
{
    return known_word(outcome_names, word);
}

const char *calls_side(const char *word)
{
    return known_word(side_names, word);
}

static int read_word(const struct json_at *v, const char *const *words,
                     const char **ret_word, struct err *err)
{
    const char *text;
    char list[80] = "";
    if (json_text(v, &text, err) < 0)
        return -1;
    for (size_t i = 0; words[i] != NULL; i++) {
        if (strcmp(text, words[i]) == 0) {
            *ret_word = words[i];
            return 0;
        }
        size_t used = strlen(list);
        snprintf(list + used, sizeof list - used, "%s%s", i > 0 ? ", " : "", words[i]);
    }
    return json_complain(v, err, "expected one of %s, got '%.40s'", list, text);
}

static int read_outcome(struct calls_record *r, const struct json_at *v, void *into,
                        struct err *err)
{
    (void)r;
    return read_word(v, outcome_names, into, err);
}

static int read_side(struct calls_record *r, const struct json_at *v, void *into,
                     struct err *err)
{
    (void)r;
    return read_word(v, side_names, into, err);
}

static int read_count(struct calls_record *r, const struct json_at *v, void *into,
                      struct err *err)
{
    int64_t n;
    (void)r;
    if (json_whole(v, &n, err) < 0)
        return -1;
    if (n < 0)
        return json_complain(v, err, "expected a count of 0 or more, got %lld",
                             (long long)n);
    *(double *)into = (double)n;
    return 0;
}

static int read_ms(struct calls_record *r, const struct json_at *v, void *into,
                   struct err *err)
{
    double ms;
    if (json_number(v, &ms, err) < 0)
        return -1;
    if (!isfinite((float)ms)) {
        r->why = DROP_NOT_FINITE;
        return json_complain(v, err, "expected milliseconds below 1e38, got %g", ms);
    }
    if (ms < 0)
        return json_complain(v, err, "expected milliseconds of 0 or more, got %g", ms);
    *(double *)into = ms;
    return 0;
}

static int read_span(struct calls_record *r, const struct json_at *v, void *into,
                     struct err *err)
{
    double s;
    (void)r;
    if (json_number(v, &s, err) < 0)
        return -1;
    if (!(s >= 0 && s <= CALLS_SPAN_S_MAX))
        return json_complain(v, err, "expected 0 to %d seconds, got %g",
                             CALLS_SPAN_S_MAX, s);
    *(double *)into = s;
    return 0;
}

static int read_ts(struct calls_record *r, const struct json_at *v, void *into,
                   struct err *err)
{
    const char *text;
    double number;
    struct err why = {0};
    (void)r;
    if (json_kind(v) == JSON_KIND_NUMBER) {
        if (json_number(v, &number, err) < 0)
            return -1;
        return calls_epoch(number, into)
                   ? 0
                   : json_complain(
                         v, err, "expected seconds or milliseconds since 1970, got %g",
                         number);
    }
    if (json_text(v, &text, err) < 0)
        return -1;
    if (instant_parse(text, into, &why) < 0)
        return json_complain(v, err, "%s", why.text);
    return 0;
}

static const struct {
    const char *name;
    int (*read)(struct calls_record *r, const struct json_at *v, void *into,
                struct err *err);
    size_t offset;
    bool required;
} members[] = {
    {"ts", read_ts, offsetof(struct calls_record, at), false},
    {"span_s", read_span, offsetof(struct calls_record, span_s), false},
    {"caller", read_name, offsetof(struct calls_record, caller), true},
    {"callee", read_name, offsetof(struct calls_record, callee), true},
    {"iface", read_label, offsetof(struct calls_record, iface), false},
    {"caller_host", read_label, offsetof(struct calls_record, caller_host), false},
    {"callee_host", read_label, offsetof(struct calls_record, callee_host), false},
    {"code", read_code, offsetof(struct calls_record, code), true},
    {"outcome", read_outcome, offsetof(struct calls_record, outcome), true},
    {"count", read_count, offsetof(struct calls_record, count), true},
    {"sum_ms", read_ms, offsetof(struct calls_record, sum_ms), false},
    {"max_ms", read_ms, offsetof(struct calls_record, max_ms), false},
    {"side", read_side, offsetof(struct calls_record, side), false},
};

struct calls_record calls_record_begin(void)
{
    return (struct calls_record){.at = INSTANT_NONE,
                                 .iface = "",
                                 .caller_host = "",
                                 .callee_host = "",
                                 .side = side_names[0],
                                 .sum_ms = NAN,
                                 .max_ms = NAN,
                                 .why = DROP_SYNTAX};
}

bool calls_epoch(double number, instant *ret_at)
{
    double ms = fabs(number) < EPOCH_MS_FROM ? number * 1000 : number;
    if (!(fabs(ms) < 1e15)) /* past the year 33658, and safe to convert */
        return false;
    ret_at->ms = (int64_t)floor(ms);
    return true;
}

int calls_record_time(struct calls_record *r, const struct in_calls_ask *ask,
                      struct err *err)
{
    const char *words = NULL;
    char text[INSTANT_TEXT_MAX];
    if (instant_is_none(r->at)) {
        if (instant_is_none(ask->now))
            return err_set(err, EINVAL, "'ts' is missing");
        r->at = instant_add(ask->now, (span){-(int64_t)(r->span_s * 1000)});
        return 0;
    }
    r->why = bounds_check(&ask->bounds, r->at, &words);
    if (r->why == DROP_N)
        return 0;
    return err_set(err, EINVAL, "%s: %s", instant_text(r->at, text), words);
}

static int read_time(struct calls_record *r, const struct json_at *v,
                     const struct in_calls_ask *ask, struct err *err)
{
    struct json_at ts = *v;
    struct err why = {0};
    if (calls_record_time(r, ask, &why) == 0)
        return 0;
    if (!instant_is_none(r->at))
        json_member(v, "ts", &ts);
    return json_complain(&ts, err, "%s", why.text);
}

static int read_record(const struct json_at *v, const struct in_calls_ask *ask,
                       struct calls_record *r, struct err *err)
{
    *r = calls_record_begin();
    if (json_kind(v) != JSON_KIND_OBJECT)
        return json_complain(v, err, "expected a record as an object");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct json_at member;
        if (json_member(v, members[i].name, &member)) {
            char *into = (char *)r + members[i].offset;
            if (members[i].read(r, &member, into, err) < 0)
                return -1;
        } else if (members[i].required) {
            return json_complain(v, err, "'%s' is missing", members[i].name);
        }
    }
    return read_time(r, v, ask, err);
}

/* ---- storing ---- */

/* The interface, or "other" when its callee has too many. */
static const char *iface_of(struct in_calls *c, const struct calls_record *r)
{
    if (crowd_admit(c->ifaces, crowd_key(c->ifaces, r->callee),
                    crowd_key(c->ifaces, r->iface)))
        return r->iface;
    atomic_fetch_add(&c->folded_ifaces, 1);
    return "other";
}

static const char *code_of(struct in_calls *c, const struct calls_record *r,
                           uint32_t edge)
{
    if (crowd_admit(c->codes, edge, crowd_key(c->codes, r->code)))
        return r->code;
    atomic_fetch_add(&c->folded_codes, 1);
    return "other";
}

/* The record's samples that have a place in the sink; gives their number. */
static size_t fill_row(const struct calls_record *r, const char *code,
                       const struct sink *s, struct tally *t, uint32_t metric[3],
                       float value[3])
{
    char name[CALLS_CODE_BYTES_MAX + 16];
    snprintf(name, sizeof name, "%s %s", r->outcome, code);
    const struct {
        const char *name;
        enum merge merge;
        double value;
    } row[] = {{name, MERGE_SUM, r->count},
               {"ms", MERGE_SUM, r->sum_ms},
               {"ms.max", MERGE_MAX, r->max_ms}};
    size_t n = 0;
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        if (isnan(row[i].value))
            continue;
        value[n] = (float)row[i].value;
        metric[n] = s->metric(row[i].name, strlen(row[i].name), row[i].merge, s->arg);
        if (metric[n] != WINDOWS_NONE) {
            n++;
            continue;
        }
        t->taken++;
        tally_drop(t, DROP_FULL, 1);
    }
    return n;
}

static int store(struct in_calls *c, const struct sink *s, const struct calls_record *r,
                 struct tally *t, struct err *err)
{
    uint32_t metric[3];
    float value[3];
    struct entity who = {ENTITY_EDGE,
                         .host = "",
                         .service = "",
                         .caller = r->caller,
                         .callee = r->callee,
                         .iface = iface_of(c, r),
                         .caller_host = r->caller_host,
                         .callee_host = r->callee_host,
                         .side = r->side};
    uint32_t edge = s->entity(&who, s->arg);
    if (edge == WINDOWS_NONE)
        return err_set(err, ENOSPC, "no room for a new call edge %.80s -> %.80s",
                       r->caller, r->callee);
    size_t n = fill_row(r, code_of(c, r, edge), s, t, metric, value);
    if (n > 0)
        sink_put(s, t, edge, r->at, n, metric, value);
    return 0;
}

int calls_store(struct in_calls *c, const struct sink *sink,
                const struct calls_record *r, struct tally *tally, struct err *err)
{
    if (store(c, sink, r, tally, err) == 0)
        return 0;
    tally->taken++;
    tally_drop(tally, DROP_FULL, 1);
    return -1;
}

int in_calls_take(struct in_calls *c, const struct sink *sink,
                  const struct json_at *record, const struct in_calls_ask *ask,
                  struct tally *tally, struct err *err)
{
    struct calls_record r;
    if (read_record(record, ask, &r, err) < 0) {
        tally->taken++;
        tally_drop(tally, r.why, 1);
        return -1;
    }
    return calls_store(c, sink, &r, tally, err);
}

/* ---- requests ---- */

static void take_counted(struct in_calls *c, const struct sink *sink,
                         const struct json_at *record, const struct in_calls_ask *ask,
                         struct in_calls_result *result)
{
    struct err err = {0};
    bool is_first = result->refused == 0;
    result->records++;
    if (in_calls_take(c, sink, record, ask, &result->tally, is_first ? &err : NULL) ==
        0)
        return;
    result->refused++;
    if (is_first)
        snprintf(result->first, sizeof result->first, "%s", err.text);
}

int in_calls_read(struct in_calls *c, const struct sink *sink, const char *text,
                  size_t n, const struct in_calls_ask *ask,
                  struct in_calls_result *result, struct err *err)
{
    if (json_values_most(text, n) > CALLS_VALUES_MAX)
        return err_set(err, EMSGSIZE,
                       "more than %d JSON values in one request; send fewer records "
                       "at a time",
                       CALLS_VALUES_MAX);
    OWNED_JSON *doc = json_parse(text, n, err);
    if (doc == NULL)
        return -1;
    struct json_at root = json_root(doc);
    if (json_kind(&root) == JSON_KIND_OBJECT) {
        take_counted(c, sink, &root, ask, result);
        return 0;
    }
    if (json_kind(&root) != JSON_KIND_LIST)
        return json_complain(&root, err,
                             "expected a call record as an object, or a list of them");
    for (size_t i = 0; i < json_count(&root); i++) {
        struct json_at record = json_item(&root, i);
        take_counted(c, sink, &record, ask, result);
    }
    return 0;
}

void in_calls_write_error(const struct in_calls_result *result, struct buf *to)
{
    if (result->refused > 0)
        buf_addf(to, "%s; %llu of %llu records refused", result->first,
                 (unsigned long long)result->refused,
                 (unsigned long long)result->records);
}

void in_calls_write_metrics(const struct in_calls *c, struct buf *to)
{
    buf_addf(to,
             "# HELP aftercheck_folded_total Calls whose code or interface was one too "
             "many.\n"
             "# TYPE aftercheck_folded_total counter\n"
             "aftercheck_folded_total{what=\"code\"} %llu\n"
             "aftercheck_folded_total{what=\"iface\"} %llu\n",
             (unsigned long long)atomic_load(&c->folded_codes),
             (unsigned long long)atomic_load(&c->folded_ifaces));
}
