/* notifier/report_sentence.c - what a finding is about and its one sentence.
 *
 * In English the sentence is the judge's own, which is part of the verdict.  In other
 * languages it is made here of the finding's figures; only names and the words of
 * strangers (what an alarm says, which tests failed, the frames of a crash) are taken
 * out of the judge's sentence, where they stand behind fixed words.  Where those are
 * not found the sentence does without.  Pure, as notifier/report.c. */
#include "notifier/report_part.h"

#include "base/buf.h"
#include "notifier/figure.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- what it is about --- */

/* Measures of calls as people call them; `word` is what the metric begins with. */
static const struct measure {
    const char *word;
    enum phrase figure, with_code;
} measures[] = {
    {"fail_share ", PHRASE_FAILING, PHRASE_FAILING_CODE},
    {"timeout_share ", PHRASE_TIMEOUTS, PHRASE_TIMEOUTS_CODE},
    {"code_share ", PHRASE_CALLS, PHRASE_CALLS_CODE},
    {"latency ", PHRASE_LATENCY, PHRASE_LATENCY_CODE},
    {"traffic ", PHRASE_CALLS, PHRASE_CALLS_CODE},
};

static const struct measure *measure_of(const struct finding *f)
{
    for (size_t i = 0; f->metric != NULL && i < sizeof measures / sizeof *measures; i++)
        if (strncmp(f->metric, measures[i].word, strlen(measures[i].word)) == 0)
            return &measures[i];
    return NULL;
}

/* A part of a text, made plain. */
static const char *part_name(struct report *r, const char *at, size_t n)
{
    char *copy = strndup(at, n);
    const char *name = copy != NULL ? report_name(r, copy) : "";
    r->failed |= copy == NULL;
    free(copy);
    return name;
}

const char *report_edge(struct report *r, const struct finding *f)
{
    const char *edge = f->metric != NULL ? strchr(f->metric, ' ') : NULL;
    if (edge == NULL)
        return report_name(r, f->metric);
    size_t n = strlen(++edge), code = f->code != NULL ? strlen(f->code) : 0;
    if (code > 0 && n > code + 1 && strcmp(edge + n - code, f->code) == 0)
        n -= code + 1;
    const char *name = part_name(r, edge, n), *arrow = strstr(name, "->");
    if (arrow == NULL)
        return name;
    return report_say(r, "%.*s \xe2\x86\x92 %s", (int)(arrow - name), name, arrow + 2);
}

static const char *calls_name(struct report *r, const struct finding *f,
                              const struct measure *m)
{
    const char *edge = report_edge(r, f), *code = report_clean(r, f->code, 40);
    return code != NULL
               ? report_put(r, m->with_code, (const char *const[]){edge, code}, 2)
               : report_put(r, m->figure, &edge, 1);
}

/* Figures that the judge names in English: what they begin with, or are. */
static const struct {
    enum finding_kind kind;
    const char *word;
    enum phrase figure;
    bool whole;
} named[] = {
    {FINDING_SILENT, "rows with samples", PHRASE_FIGURE_SILENT, true},
    {FINDING_RELIEF, "calls a host", PHRASE_FIGURE_CALLS_A_HOST, true},
    {FINDING_TEST, "failing tests", PHRASE_FIGURE_TESTS_ALL, true},
    {FINDING_TEST, "failing tests of ", PHRASE_FIGURE_TESTS, false},
    {FINDING_ALARM, "alarm ", PHRASE_FIGURE_ALARM, false},
};

/* What stands behind `word` at the start of a text; NULL when it does not. */
static const char *behind(const char *text, const char *word)
{
    size_t n = strlen(word);
    return text != NULL && strncmp(text, word, n) == 0 ? text + n : NULL;
}

/* "coredumps of pay, SIGSEGV in Reader::parse_header": program, signal and topmost
 * frame put into `whole`; what is not made so, into `other`. */
static const char *crash_name(struct report *r, const struct finding *f,
                              enum phrase whole, enum phrase other)
{
    const char *exe = behind(f->metric, "coredumps of ");
    const char *comma = exe != NULL ? strstr(exe, ", ") : NULL;
    const char *in = comma != NULL ? strstr(comma, " in ") : NULL;
    if (in == NULL) {
        const char *name = report_name(r, exe != NULL ? exe : f->metric);
        return report_put(r, other, &name, 1);
    }
    const char *args[] = {part_name(r, exe, (size_t)(comma - exe)),
                          part_name(r, comma + 2, (size_t)(in - comma - 2)),
                          report_name(r, in + 4)};
    return report_put(r, whole, args, 3);
}

const char *report_figure_name(struct report *r, const struct finding *f)
{
    const struct measure *m = measure_of(f);
    if (m != NULL)
        return calls_name(r, f, m);
    if (f->kind == FINDING_CORE && behind(f->metric, "coredumps of ") != NULL)
        return crash_name(r, f, PHRASE_FIGURE_CORE_AT, PHRASE_FIGURE_CORE);
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        const char *rest =
            f->kind == named[i].kind ? behind(f->metric, named[i].word) : NULL;
        if (rest == NULL || named[i].whole != (*rest == '\0'))
            continue;
        const char *name = report_name(r, rest);
        return named[i].whole ? report_word(r, named[i].figure)
                              : report_put(r, named[i].figure, &name, 1);
    }
    const char *metric = report_clean(r, f->metric, REPORT_NAME_CHARS);
    if (metric == NULL)
        metric = report_clean(r, f->rule, REPORT_NAME_CHARS);
    return metric != NULL ? metric : finding_kind_name(f->kind);
}

/* --- what the judge's sentence ends with --- */

static const char shadow_words[] = " The rule is in shadow: this would be ";

size_t report_shadow_of(const struct finding *f, enum grade *ret_grade)
{
    const char *at = NULL;
    for (const char *p = f->because; p != NULL && (p = strstr(p, shadow_words)) != NULL;
         p++)
        at = p;
    if (f->grade != GRADE_OK || at == NULL)
        return SIZE_MAX;
    const char *name = at + sizeof shadow_words - 1;
    for (int g = 0; g < GRADE_N; g++) {
        const char *rest = behind(name, grade_name((enum grade)g));
        if (rest != NULL && strcmp(rest, ".") == 0) {
            *ret_grade = (enum grade)g;
            return (size_t)(at - f->because);
        }
    }
    return SIZE_MAX;
}

/* --- the frames of a crash --- */

/* Where ", 3 dumps" ends the way to a crash; NULL: nowhere. */
static const char *end_of_way(const char *way)
{
    for (const char *p = way; (p = strstr(p, " dump")) != NULL; p++) {
        const char *digit = p;
        while (digit > way &&
               ((digit[-1] >= '0' && digit[-1] <= '9') || digit[-1] == ','))
            digit--;
        if (digit < p && digit > way + 1 && digit[-1] == ' ' && digit[-2] == ',')
            return digit - 2;
    }
    return NULL;
}

void report_add_frames(struct report *r, const struct finding *f,
                       struct report_finding *to)
{
    const char *comma =
        f->kind == FINDING_CORE && f->metric != NULL ? strstr(f->metric, ", ") : NULL;
    const char *title = comma != NULL ? comma + 2 : NULL;
    const char *in = title != NULL ? strstr(title, " in ") : NULL;
    const char *at =
        in != NULL && f->because != NULL ? strstr(f->because, title) : NULL;
    if (at == NULL)
        return;
    const char *way = at + (in - title) + 4, *end = end_of_way(way);
    while (end != NULL && way < end && to->n_frames < REPORT_FRAMES_MAX) {
        const char *next = strstr(way, " <- ");
        size_t n = (size_t)((next != NULL && next < end ? next : end) - way);
        to->frame[to->n_frames++] = part_name(r, way, n);
        way += n + (next != NULL && next < end ? 4 : 0);
        if (next == NULL || next >= end)
            return;
    }
}

/* --- sentences of figures --- */

/* A finding with the words that its sentence is made of. */
struct say {
    struct report *r;
    const struct finding *f;
    const struct report_finding *to;
};

/* "On 2 of 4 changed hosts" */
static const char *who(const struct say *s)
{
    struct report *r = s->r;
    const struct finding *f = s->f;
    const char *one = f->host != NULL   ? f->host
                      : f->n_hosts == 1 ? f->hosts[0].name
                                        : NULL;
    const char *n = report_say(r, "%zu", f->n_hosts);
    size_t all = r->change->n_hosts;
    if (one != NULL)
        return f->fresh ? REPORT_PUT(r, WHO_NEW_HOST, report_name(r, one))
                        : REPORT_PUT(r, WHO_HOST, report_name(r, one));
    if (f->n_hosts > 1 && f->fresh)
        return REPORT_PUT(r, WHO_NEW_HOSTS, n);
    if (f->n_hosts > 1 && f->n_hosts == all)
        return REPORT_PUT(r, WHO_ALL, n);
    if (f->n_hosts > 1)
        return f->n_hosts < all ? REPORT_PUT(r, WHO_SOME, n, report_say(r, "%zu", all))
                                : REPORT_PUT(r, WHO_HOSTS, n);
    return f->service != NULL ? REPORT_PUT(r, WHO_SERVICE, report_name(r, f->service))
                              : report_word(r, PHRASE_WHO_NOBODY);
}

/* What unchanged hosts did in the same minutes; "" when there are none. */
static const char *controls(const struct say *s)
{
    const struct finding *f = s->f;
    if (isnan(f->control_before) || isnan(f->control_after))
        return "";
    const char *before = report_figure(s->r, f->control_before, f->unit);
    const char *after = report_figure(s->r, f->control_after, f->unit);
    int n = s->r->verdict->coverage.controls;
    if (n <= 0)
        return REPORT_PUT(s->r, SAYS_CONTROLS_SOME, before, after);
    const char *hosts = report_say(s->r, "%d", n);
    if (strcmp(before, after) == 0)
        return REPORT_PUT(s->r, SAYS_CONTROLS_STAYED, hosts, after);
    return REPORT_PUT(s->r, SAYS_CONTROLS, hosts, before, after);
}

/* " (+120 %)" */
static const char *by(const struct say *s)
{
    return s->to->effect != NULL ? REPORT_PUT(s->r, SAYS_BY, s->to->effect) : "";
}

static const char *say_level(const struct say *s)
{
    struct report *r = s->r;
    const struct finding *f = s->f;
    const struct report_finding *to = s->to;
    bool up = f->delta > 0;
    if (f->fresh)
        return REPORT_PUT(r, SAYS_FRESH, who(s), to->figure, to->after, to->before,
                          by(s));
    if (f->later.ms > 0) {
        const char *within = report_span(r, f->later);
        return up ? REPORT_PUT(r, SAYS_ROSE_WITHIN, who(s), to->figure, to->before,
                               to->after, by(s), controls(s), within)
                  : REPORT_PUT(r, SAYS_FELL_WITHIN, who(s), to->figure, to->before,
                               to->after, by(s), controls(s), within);
    }
    return up ? REPORT_PUT(r, SAYS_ROSE, who(s), to->figure, to->before, to->after,
                           by(s), controls(s))
              : REPORT_PUT(r, SAYS_FELL, who(s), to->figure, to->before, to->after,
                           by(s), controls(s));
}

static const char *say_limit(const struct say *s)
{
    const char *limit = report_retell(s->r, s->f->limit);
    if (limit == NULL)
        limit = report_word(s->r, PHRASE_UNKNOWN);
    if (isnan(s->f->before))
        return REPORT_PUT(s->r, SAYS_LIMIT_NOW, who(s), s->to->figure, limit,
                          s->to->after);
    return REPORT_PUT(s->r, SAYS_LIMIT, who(s), s->to->figure, limit, s->to->before,
                      s->to->after);
}

/* "; 503 rose from 0 to 192": the code that makes up the failures, as the judge's
 * sentence has it; "" when it names none. */
static const char *rising_code(const struct say *s)
{
    static const char rose[] = " rose from ", to[] = " to ";
    const char *at = s->f->because != NULL ? strstr(s->f->because, rose) : NULL;
    const char *code = at;
    while (code != NULL && code > s->f->because && strncmp(code, "; ", 2) != 0)
        code--;
    if (code == NULL || strncmp(code, "; ", 2) != 0)
        return "";
    const char *before = at + sizeof rose - 1;
    size_t n_before = strspn(before, "0123456789,");
    const char *after = behind(before + n_before, to);
    size_t n_after = after != NULL ? strspn(after, "0123456789,") : 0;
    if (n_before == 0 || n_after == 0)
        return "";
    return REPORT_PUT(
        s->r, SAYS_CODE_ROSE, part_name(s->r, code + 2, (size_t)(at - code - 2)),
        part_name(s->r, before, n_before), part_name(s->r, after, n_after));
}

static const char *say_calls(const struct say *s)
{
    static const struct {
        const char *word;
        enum phrase change, fresh;
    } doing[] = {
        {"fail_share ", PHRASE_SAYS_FAILED, PHRASE_SAYS_FAILED_FRESH},
        {"timeout_share ", PHRASE_SAYS_TIMED_OUT, PHRASE_SAYS_TIMED_OUT_FRESH},
        {"code_share ", PHRASE_SAYS_ENDED, PHRASE_SAYS_ENDED_FRESH},
    };
    struct report *r = s->r;
    const struct finding *f = s->f;
    const struct measure *m = measure_of(f);
    if (m == NULL || !(f->of_after > 0) || isnan(f->of_before))
        return NULL;
    const char *code = report_clean(r, f->code, 40);
    code = code != NULL ? code : "?";
    bool never = f->because != NULL &&
                 strstr(f->because, "; this code was never seen before") != NULL;
    const char *more = report_say(r, "%s%s%s", controls(s), rising_code(s),
                                  never ? report_word(r, PHRASE_SAYS_CODE_NEW) : "");
    const char *args[] = {report_edge(r, f),
                          s->to->after,
                          report_count(r, f->of_after),
                          s->to->before,
                          report_count(r, f->of_before),
                          f->fresh ? code : more,
                          code};
    for (size_t i = 0; i < sizeof doing / sizeof *doing; i++)
        if (strcmp(m->word, doing[i].word) == 0)
            return report_put(r, f->fresh ? doing[i].fresh : doing[i].change, args,
                              sizeof args / sizeof *args);
    return NULL;
}

static const char *say_traffic(const struct say *s)
{
    struct report *r = s->r;
    const struct finding *f = s->f;
    if (measure_of(f) == NULL)
        return NULL;
    const char *events =
        isnan(f->events_before) || isnan(f->events_after)
            ? ""
            : REPORT_PUT(r, SAYS_EVENTS, report_count(r, f->events_before),
                         report_count(r, f->events_after));
    const char *more = report_say(r, "%s%s", events, controls(s));
    const char *edge = report_edge(r, f);
    return f->delta < 0 ? REPORT_PUT(r, SAYS_TRAFFIC_FELL, edge, s->to->before,
                                     s->to->after, more)
                        : REPORT_PUT(r, SAYS_TRAFFIC_ROSE, edge, s->to->before,
                                     s->to->after, more);
}

static const char *say_silent(const struct say *s)
{
    bool calling = s->f->because != NULL &&
                   strstr(s->f->because, "Calls are still reported") != NULL;
    const char *says = REPORT_PUT(s->r, SAYS_SILENT, who(s));
    return !calling ? says
                    : report_say(s->r, "%s%s%s", says, report_word(s->r, PHRASE_SPACE),
                                 report_word(s->r, PHRASE_SAYS_CALLING));
}

static const char *crash_words(const struct say *s)
{
    return crash_name(s->r, s->f, PHRASE_SAYS_CRASH_AT, PHRASE_FIGURE_CORE);
}

static const char *say_core(const struct say *s)
{
    bool known = behind(s->f->because, "A known crash") != NULL;
    const char *after = report_count(s->r, s->f->after);
    const char *before = report_count(s->r, isnan(s->f->before) ? 0 : s->f->before);
    return known ? REPORT_PUT(s->r, SAYS_CRASH, who(s), crash_words(s), after, before)
                 : REPORT_PUT(s->r, SAYS_CRASH_NEW, who(s), crash_words(s), after,
                              before);
}

/* What somebody says at the end of the judge's sentence, without what the judge put
 * behind it: that it is over, and the full stop. */
static const char *last_words(struct report *r, const struct finding *f,
                              const char *text)
{
    static const char over[] = "; it is over again.";
    size_t n = strlen(text), n_over = sizeof over - 1;
    if (f->recovered && n >= n_over && strcmp(text + n - n_over, over) == 0)
        n -= n_over;
    else if (n > 0 && text[n - 1] == '.')
        n--;
    return part_name(r, text, n);
}

static const char *say_alarm(const struct say *s)
{
    const char *name = behind(s->f->metric, "alarm ");
    const char *text =
        s->f->because != NULL ? strstr(s->f->because, ". It says: ") : NULL;
    const char *says = REPORT_PUT(s->r, SAYS_ALARM, who(s),
                                  name != NULL ? report_name(s->r, name) : "?");
    if (text == NULL)
        return says;
    return report_say(
        s->r, "%s%s%s", says, report_word(s->r, PHRASE_SPACE),
        REPORT_PUT(s->r, SAYS_ALARM_TEXT, last_words(s->r, s->f, text + 11)));
}

/* "5 of 30 points", read off the judge's sentence. */
static const char *points_text(const struct say *s)
{
    const char *at =
        s->f->because != NULL ? strstr(s->f->because, " its usual level in ") : NULL;
    if (at != NULL) {
        char *rest;
        long n = strtol(at + 20, &rest, 10);
        const char *of = behind(rest, " of ");
        long all = of != NULL ? strtol(of, &rest, 10) : 0;
        if (n > 0 && all > 0)
            return REPORT_PUT(s->r, SAYS_POINTS, report_say(s->r, "%ld", n),
                              report_say(s->r, "%ld", all));
    }
    return report_word(s->r, PHRASE_SAYS_POINTS_SOME);
}

static const char *say_spike(const struct say *s)
{
    return REPORT_PUT(s->r, SAYS_SPIKE, who(s), s->to->figure, points_text(s),
                      s->to->after, s->to->before);
}

/* The names of the tests, and what the first of them says, as the judge has them. */
static const char *test_names(const struct say *s)
{
    static const char *const before[] = {
        " before it: ", " earlier: ", " for this change): ", " compare with: ",
        " before the last: "};
    const char *at = NULL;
    for (size_t i = 0; i < sizeof before / sizeof *before && at == NULL; i++) {
        at = s->f->because != NULL ? strstr(s->f->because, before[i]) : NULL;
        at = at != NULL ? at + strlen(before[i]) : NULL;
    }
    if (at == NULL)
        return "";
    const char *end = strstr(at, ". ");
    const char *text = end != NULL ? strstr(end, " says: ") : NULL;
    if (text != NULL)
        return REPORT_PUT(s->r, SAYS_TEST_SAYS, part_name(s->r, at, (size_t)(end - at)),
                          last_words(s->r, s->f, text + 7));
    return REPORT_PUT(s->r, SAYS_TEST_NAMES, last_words(s->r, s->f, at));
}

static const char *say_test(const struct say *s)
{
    const char *suite = behind(s->f->metric, "failing tests of ");
    const char *n = report_count(s->r, s->f->after);
    return suite != NULL
               ? REPORT_PUT(s->r, SAYS_TEST, n, report_name(s->r, suite), test_names(s))
               : REPORT_PUT(s->r, SAYS_TEST_ALL, n, test_names(s));
}

static const char *say_probe(const struct say *s)
{
    return REPORT_PUT(s->r, SAYS_PROBE, who(s), s->to->figure, s->to->after,
                      s->to->before);
}

static const char *say_relief(const struct say *s)
{
    const struct finding *f = s->f;
    double sum = 0;
    for (size_t i = 0; i < f->n_hosts; i++)
        sum += f->hosts[i].after;
    double each = f->n_hosts > 0 ? sum / (double)f->n_hosts : NAN;
    return REPORT_PUT(s->r, SAYS_RELIEF, report_say(s->r, "%zu", f->n_hosts),
                      report_figure(s->r, each, f->unit), s->to->before, s->to->after);
}

static const char *(*const says[FINDING_KIND_N])(const struct say *s) = {
    [FINDING_LEVEL] = say_level,     [FINDING_LIMIT] = say_limit,
    [FINDING_SHARE] = say_calls,     [FINDING_COUNT] = say_calls,
    [FINDING_TRAFFIC] = say_traffic, [FINDING_SILENT] = say_silent,
    [FINDING_CORE] = say_core,       [FINDING_ALARM] = say_alarm,
    [FINDING_SPIKE] = say_spike,     [FINDING_TEST] = say_test,
    [FINDING_PROBE] = say_probe,     [FINDING_RELIEF] = say_relief,
};

static const char *went(struct report *r, const struct report_finding *to)
{
    return REPORT_PUT(r, WENT_FROM_TO, to->name, to->before, to->after);
}

/* The judge's sentence, without its last words about a rule in shadow. */
static const char *own_words(struct report *r, const struct finding *f, size_t n)
{
    if (n == SIZE_MAX || f->because == NULL)
        return report_clean(r, f->because, REPORT_SENTENCE_CHARS);
    char *copy = strndup(f->because, n);
    const char *words = report_clean(r, copy, REPORT_SENTENCE_CHARS);
    r->failed |= copy == NULL;
    free(copy);
    return words;
}

const char *report_sentence(struct report *r, const struct finding *f,
                            const struct report_finding *to)
{
    enum grade would = GRADE_OK;
    size_t shadow = report_shadow_of(f, &would);
    const char *text = NULL;
    const struct say say = {r, f, to};
    if (r->language == LANGUAGE_EN)
        text = own_words(r, f, shadow);
    else if (f->kind < FINDING_KIND_N && says[f->kind] != NULL)
        text = says[f->kind](&say);
    if (text == NULL)
        text = went(r, to);
    if (f->recovered && r->language != LANGUAGE_EN)
        text = report_say(r, "%s%s%s", text, report_word(r, PHRASE_SPACE),
                          report_word(r, PHRASE_SAYS_OVER));
    if (shadow == SIZE_MAX)
        return text;
    return report_say(
        r, "%s%s%s", text, report_word(r, PHRASE_SPACE),
        REPORT_PUT(r, SHADOW_WOULD, report_grade_words(r->language, would)));
}
