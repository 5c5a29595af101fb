/* storage/verdict_members.c - the plain members of a verdict's JSON, in tables.
 *
 * What stands in the JSON, under which name and in which order, is in the tables below,
 * and both directions are made from them: what is written can be read back.  The order
 * is the outside contract's.  No state, any thread. */
#include "storage/verdict_part.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT_DIGITS = 15 };

static int no_memory(struct err *err)
{
    return err_set(err, ENOMEM, "no memory for a verdict");
}

/* --- one member, both directions --- */

static void write_text(struct jsonw *w, const char *name, const void *field)
{
    const char *text = *(char *const *)field;
    if (text != NULL)
        jsonw_text(w, name, text);
}

static void write_text_or_null(struct jsonw *w, const char *name, const void *field)
{
    jsonw_text(w, name, *(char *const *)field);
}

static int read_text(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    char *copy = strdup(text);
    if (copy == NULL)
        return no_memory(err);
    free(*(char **)field);
    *(char **)field = copy;
    return 0;
}

static void write_number(struct jsonw *w, const char *name, const void *field)
{
    double x = *(const double *)field;
    if (isfinite(x))
        jsonw_num(w, name, x);
}

static void write_count(struct jsonw *w, const char *name, const void *field)
{
    double x = *(const double *)field;
    if (isfinite(x))
        jsonw_num_digits(w, name, x, COUNT_DIGITS);
}

static int read_number(const struct json_at *v, void *field, struct err *err)
{
    return json_number(v, field, err);
}

static int read_whole(const struct json_at *v, int64_t most, int64_t *ret_whole,
                      struct err *err)
{
    int64_t whole;
    if (json_whole(v, &whole, err) < 0)
        return -1;
    if (whole < 0 || whole > most)
        return json_complain(v, err, "is %lld, expected 0 to %lld", (long long)whole,
                             (long long)most);
    *ret_whole = whole;
    return 0;
}

static void write_int(struct jsonw *w, const char *name, const void *field)
{
    jsonw_int(w, name, *(const int *)field);
}

static void write_int_if_any(struct jsonw *w, const char *name, const void *field)
{
    if (*(const int *)field != 0)
        write_int(w, name, field);
}

/* The first revision goes without saying. */
static void write_rev(struct jsonw *w, const char *name, const void *field)
{
    if (*(const int *)field > 1)
        write_int(w, name, field);
}

static int read_int(const struct json_at *v, void *field, struct err *err)
{
    int64_t whole = 0;
    if (read_whole(v, INT_MAX, &whole, err) < 0)
        return -1;
    *(int *)field = (int)whole;
    return 0;
}

static void write_size(struct jsonw *w, const char *name, const void *field)
{
    jsonw_int(w, name, (int64_t) * (const size_t *)field);
}

static int read_size(const struct json_at *v, void *field, struct err *err)
{
    int64_t whole = 0;
    if (read_whole(v, INT64_MAX, &whole, err) < 0)
        return -1;
    *(size_t *)field = (size_t)whole;
    return 0;
}

/* Only said of what is led. */
static void write_place(struct jsonw *w, const char *name, const void *field)
{
    if (*(const size_t *)field != FINDING_LEADS)
        write_size(w, name, field);
}

static void write_bool(struct jsonw *w, const char *name, const void *field)
{
    jsonw_bool(w, name, *(const bool *)field);
}

/* Only said when it is so. */
static void write_flag(struct jsonw *w, const char *name, const void *field)
{
    if (*(const bool *)field)
        jsonw_bool(w, name, true);
}

static int read_bool(const struct json_at *v, void *field, struct err *err)
{
    return json_bool(v, field, err);
}

static void write_instant(struct jsonw *w, const char *name, const void *field)
{
    jsonw_instant(w, name, *(const instant *)field);
}

static int read_instant(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    struct err why = {0};
    if (json_text(v, &text, err) < 0)
        return -1;
    if (instant_parse(text, field, &why) < 0)
        return json_complain(v, err, "%s", why.text);
    return 0;
}

static void write_span(struct jsonw *w, const char *name, const void *field)
{
    jsonw_num_digits(w, name, (double)((const span *)field)->ms / 1000, COUNT_DIGITS);
}

static void write_span_if_any(struct jsonw *w, const char *name, const void *field)
{
    if (((const span *)field)->ms != 0)
        write_span(w, name, field);
}

static int read_span(const struct json_at *v, void *field, struct err *err)
{
    double s;
    if (json_number(v, &s, err) < 0)
        return -1;
    if (!(fabs(s) < 1e10))
        return json_complain(v, err, "is not a length of time in seconds");
    ((span *)field)->ms = llround(s * 1000);
    return 0;
}

static void write_grade(struct jsonw *w, const char *name, const void *field)
{
    jsonw_text(w, name, grade_name(*(const enum grade *)field));
}

static int read_grade(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    enum grade g = grade_of(text);
    if (g == GRADE_N)
        return json_complain(v, err, "there is no grade '%s'", text);
    *(enum grade *)field = g;
    return 0;
}

static void write_kind(struct jsonw *w, const char *name, const void *field)
{
    jsonw_text(w, name, finding_kind_name(*(const enum finding_kind *)field));
}

static int read_kind(const struct json_at *v, void *field, struct err *err)
{
    const char *text;
    if (json_text(v, &text, err) < 0)
        return -1;
    for (int k = 0; k < FINDING_KIND_N; k++)
        if (strcmp(finding_kind_name((enum finding_kind)k), text) == 0) {
            *(enum finding_kind *)field = (enum finding_kind)k;
            return 0;
        }
    return json_complain(v, err, "there is no kind of finding '%s'", text);
}

int verdict_read_int(const struct json_at *v, int *ret_int, struct err *err)
{
    return read_int(v, ret_int, err);
}

/* TEXT is left out when there is none, TEXT_OR_NULL always stands there. */
static const struct verdict_how TEXT = {write_text, read_text},
                                TEXT_OR_NULL = {write_text_or_null, read_text},
                                NUMBER = {write_number, read_number},
                                COUNT = {write_count, read_number},
                                INT = {write_int, read_int},
                                INT_IF_ANY = {write_int_if_any, read_int},
                                REV = {write_rev, read_int},
                                SIZE = {write_size, read_size},
                                PLACE = {write_place, read_size},
                                BOOL = {write_bool, read_bool},
                                FLAG = {write_flag, read_bool},
                                INSTANT = {write_instant, read_instant},
                                SECONDS = {write_span, read_span},
                                SECONDS_IF_ANY = {write_span_if_any, read_span},
                                GRADE = {write_grade, read_grade},
                                KIND = {write_kind, read_kind};

/* --- the members, in the order they stand in --- */

#define IN(field) offsetof(struct verdict, field)
const struct verdict_member verdict_members_head[] = {
    {"change_id", &TEXT_OR_NULL, IN(change_id)},
    {"grade", &GRADE, IN(grade)},
    {"revision", &INT, IN(revision)},
    {"final", &BOOL, IN(final)},
    {"decided_at", &INSTANT, IN(decided_at)},
    {NULL, NULL, 0}};
const struct verdict_member verdict_members_tail[] = {
    {"reason", &TEXT, IN(reason)},
    {"look_s", &SECONDS, IN(look)},
    {"looks_done", &INT, IN(looks_done)},
    {"looks_all", &INT, IN(looks_all)},
    {"slow_done", &INT_IF_ANY, IN(slow_done)},
    {"pack", &TEXT, IN(pack)},
    {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct coverage, field)
const struct verdict_member verdict_members_coverage[] = {
    {"series_judged", &INT, IN(series_judged)},
    {"series_not_judged", &INT, IN(series_not_judged)},
    {"rules_total", &INT, IN(rules)},
    {"rules_judged", &INT, IN(rules_judged)},
    {"hosts_total", &INT, IN(hosts)},
    {"hosts_judged", &INT, IN(hosts_judged)},
    {"controls", &INT, IN(controls)},
    {"controls_note", &TEXT, IN(controls_note)},
    {"fresh_note", &TEXT, IN(fresh_note)},
    {"relief_note", &TEXT, IN(relief_note)},
    {"restart_note", &TEXT, IN(restart_note)},
    {"slow_note", &TEXT, IN(slow_note)},
    {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct finding, field)
const struct verdict_member verdict_members_finding[] = {
    {"rule", &TEXT_OR_NULL, IN(rule)},
    {"rev", &REV, IN(rev)},
    {"grade", &GRADE, IN(grade)},
    {"host", &TEXT, IN(host)},
    {"service", &TEXT_OR_NULL, IN(service)},
    {"metric", &TEXT_OR_NULL, IN(metric)},
    {"before", &NUMBER, IN(before)},
    {"after", &NUMBER, IN(after)},
    {"delta", &NUMBER, IN(delta)},
    {"confidence", &NUMBER, IN(confidence)},
    {"first_seen_at", &INSTANT, IN(first_seen)},
    {"because", &TEXT_OR_NULL, IN(because)},
    {"kind", &KIND, IN(kind)},
    {"title", &TEXT, IN(title)},
    {"unit", &TEXT, IN(unit)},
    {"code", &TEXT, IN(code)},
    {"control_before", &NUMBER, IN(control_before)},
    {"control_after", &NUMBER, IN(control_after)},
    {"usual", &NUMBER, IN(usual)},
    {"effect", &NUMBER, IN(effect)},
    {"z", &NUMBER, IN(z)},
    {"p", &NUMBER, IN(p)},
    {"recovered", &BOOL, IN(recovered)},
    {"later_s", &SECONDS_IF_ANY, IN(later)},
    {"fresh", &FLAG, IN(fresh)},
    {"moments", &INT, IN(moments)},
    {"moments_like", &INT, IN(moments_like)},
    {"limit", &TEXT, IN(limit)},
    {"advice", &TEXT, IN(advice)},
    {"runbook", &TEXT, IN(runbook)},
    {"owner", &TEXT, IN(owner)},
    {"like", &SIZE, IN(n_like)},
    {"with", &PLACE, IN(with)},
    {"weight", &NUMBER, IN(weight)},
    {NULL, NULL, 0}};
const struct verdict_member verdict_members_counts[] = {
    {"before", &COUNT, IN(events_before)},
    {"after", &COUNT, IN(events_after)},
    {"of_before", &COUNT, IN(of_before)},
    {"of_after", &COUNT, IN(of_after)},
    {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct muted, field)
const struct verdict_member verdict_members_muted[] = {{"id", &TEXT, IN(id)},
                                                       {"author", &TEXT, IN(author)},
                                                       {"reason", &TEXT, IN(reason)},
                                                       {"until", &INSTANT, IN(until)},
                                                       {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct finding_host, field)
const struct verdict_member verdict_members_host[] = {{"name", &TEXT_OR_NULL, IN(name)},
                                                      {NULL, NULL, 0}};
const struct verdict_member verdict_members_host_numbers[] = {
    {"before", &NUMBER, IN(before)}, {"after", &NUMBER, IN(after)}, {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct nearby, field)
const struct verdict_member verdict_members_nearby[] = {
    {"change_id", &TEXT_OR_NULL, IN(change_id)},
    {"title", &TEXT, IN(title)},
    {"at", &INSTANT, IN(at)},
    {"because", &TEXT, IN(because)},
    {"likelier", &TEXT, IN(likelier)},
    {"reasons", &TEXT, IN(reasons)},
    {NULL, NULL, 0}};
#undef IN

#define IN(field) offsetof(struct curve, field)
const struct verdict_member verdict_members_curve[] = {
    {"from", &INSTANT, IN(from)}, {"step_s", &SECONDS, IN(step)}, {NULL, NULL, 0}};
const struct verdict_line verdict_lines[VERDICT_LINES_N] = {
    {"value", IN(value)}, {"control", IN(control)}, {"usual", IN(usual)}};
#undef IN

/* --- what is done with them --- */

void verdict_members_write(const struct verdict_member *m, const void *of,
                           struct jsonw *w)
{
    for (; m->name != NULL; m++)
        m->how->write(w, m->name, (const char *)of + m->offset);
}

int verdict_members_read(const struct verdict_member *m, const struct json_at *obj,
                         void *into, struct err *err)
{
    if (json_kind(obj) != JSON_KIND_OBJECT)
        return json_complain(obj, err, "expected an object");
    for (struct json_at v; m->name != NULL; m++)
        if (json_member(obj, m->name, &v) &&
            m->how->read(&v, (char *)into + m->offset, err) < 0)
            return -1;
    return 0;
}

void verdict_members_clear(const struct verdict_member *m, void *of)
{
    for (; m->name != NULL; m++)
        if (m->how->read == read_text) {
            char **text = (char **)(void *)((char *)of + m->offset);
            free(*text);
            *text = NULL;
        }
}

void verdict_members_blank(const struct verdict_member *m, void *of)
{
    for (; m->name != NULL; m++)
        if (m->how->read == read_number)
            *(double *)(void *)((char *)of + m->offset) = NAN;
}

double *verdict_line(const struct curve *c, size_t i)
{
    return *(double *const *)(const void *)((const char *)c + verdict_lines[i].offset);
}

double **verdict_line_at(struct curve *c, size_t i)
{
    return (double **)(void *)((char *)c + verdict_lines[i].offset);
}
