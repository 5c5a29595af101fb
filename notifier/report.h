/* notifier/report.h - a verdict as facts in the order a reader wants them, no markup.
 *
 * Every format (mail, page, text) is written from this and from nothing else, so they
 * all say the same.  All texts in here are plain (notifier/plain.h): bounded in length,
 * valid UTF-8, on one line; they are not escaped. */
#ifndef NOTIFIER_REPORT_H
#define NOTIFIER_REPORT_H

#include "base/err.h"
#include "notifier/language.h"
#include "storage/change.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    REPORT_TOP_MAX = 3,
    REPORT_WITH_NAMED = 3,
    REPORT_TITLE_CHARS = 120,
    REPORT_NAME_CHARS = 100,
    REPORT_SENTENCE_CHARS = 400,
    REPORT_HOSTS_MAX = 200, /* of one finding */
    REPORT_TODO_MAX = 8,
    REPORT_CODES_MAX = 100,
    REPORT_FRAMES_MAX = 6,
    REPORT_LEAD_HOSTS = 3, /* named on the first screen */
};

/* Where a finding stands in the report. */
enum report_group {
    REPORT_BAD,
    REPORT_BACK,   /* moved, and is as it was: grade ok */
    REPORT_SHADOW, /* said by a rule in shadow, which does not count */
    REPORT_MUTED,
    REPORT_GROUP_N
};

/* "Kind" - "release".  `url` is NULL or good for a link. */
struct report_row {
    const char *label, *value, *url;
};
struct report_rows {
    size_t n, cap;
    struct report_row *row;
};

struct report_host {
    const char *name, *before, *after;
    const char *heading; /* "Batch 2: 3 hosts" above the first of a batch; else NULL */
};

struct report_finding {
    const struct finding *of;
    size_t no; /* its place in the verdict */
    enum grade grade;
    enum report_group group;
    const char *title;    /* the rule's, in words */
    const char *figure;   /* "cpu.busy" */
    const char *name;     /* "cpu.busy on h1" */
    const char *sentence; /* one plain sentence with before and after */
    const char *before, *after;
    const char *before_label, *after_label; /* "Before"; of new hosts: "Old hosts" */
    const char *change;                     /* "+23.8 points" */
    const char *effect;                     /* "+76.3 %"; NULL: unknown */
    const char *moments; /* "Of 203 ordinary moments ..."; NULL: none */
    const char *since;   /* "Since 10:04:10 UTC, still so ..." */
    struct report_rows numbers;
    size_t n_hosts, more_hosts;
    struct report_host *host; /* worst first; batch by batch where there are some */
    size_t n_frames;
    const char *frame[REPORT_FRAMES_MAX]; /* of a crash: the topmost first */
    const char *alt;                      /* what the chart shows, with the numbers */
    const char *line;                     /* "30.1 % -> 66.3 % (+120 %)" */
    bool led;               /* goes with another finding and is told under that */
    size_t n_with;          /* those that go with this one: places in the report */
    size_t *with;           /* into `places` */
    const char *with_words; /* "2 more figures moved with it: cpu.user, load."; NULL */
    const char *muted; /* "Muted until 21 Nov 2026 18:00 UTC by li: why"; NULL: not */
};

struct report_top {
    enum grade grade;
    const char *title, *name, *sentence; /* as the finding's */
    const char *with_words;              /* NULL: none goes with it */
};

struct report_todo {
    const char *about, *advice, *runbook, *owner; /* NULL: none */
};

/* One line of the return-code table. */
struct report_code {
    const char *calls; /* "web->pay:charge" */
    const char *code, *before, *after, *share_before, *share_after;
    enum grade grade;
};

struct report {
    enum language language;
    const struct change *change;
    const struct verdict *verdict; /* NULL: no look has been taken yet */
    enum grade grade;
    const char *grade_words, *grade_sign;
    const char *title;   /* "pay 2.4.1 -> 2.5.0" */
    const char *what;    /* "release, service pay, by li, 2.4.1 -> 2.5.0" */
    const char *lead;    /* how bad, on how many and which hosts, since when */
    const char *state;   /* which look this is and whether more will come */
    const char *note;    /* why the grade is capped or was not given; NULL: none */
    const char *suspect; /* another change that is the likelier cause, and why; NULL */
    struct report_rows facts;
    size_t n_top;
    struct report_top top[REPORT_TOP_MAX];
    size_t n_todo;
    struct report_todo todo[REPORT_TODO_MAX];
    size_t n_findings, n_leading; /* in the verdict's order: weightiest first */
    size_t n_of[REPORT_GROUP_N];  /* of those that lead */
    struct report_finding *finding;
    size_t *places;
    size_t n_codes, more_codes;
    struct report_code *code;
    const char *fine; /* what was checked and is fine; NULL: nothing was */
    struct report_rows unjudged, coverage, nearby, revisions;
    const char *page_url; /* NULL: not known */
    const char *notice;   /* of aftercheck itself; NULL: none */
    /* the texts above live here */
    size_t n_texts, cap_texts;
    char **texts;
    bool failed;
};

struct report_input {
    const struct change *change;
    const struct verdict *verdict;          /* NULL: none yet */
    const struct verdict *const *revisions; /* all of them, oldest first; may be none */
    size_t n_revisions;
    enum language language; /* English when left 0 */
    const char *public_url; /* where people reach the pages; NULL: unknown */
    const char
        *notice; /* what readers should know of aftercheck itself; NULL: nothing */
};

/* Everything in `in` is borrowed for the report's life.  NULL: out of memory. */
struct report *report_new(const struct report_input *in, struct err *err);
void report_free(struct report **r);
#define OWNED_REPORT __attribute__((cleanup(report_free))) struct report

/* What was changed, for a subject or a list: its title, else kind, service and
 * versions. The caller frees it; NULL: out of memory. */
char *report_title(const struct change *c, enum language l);
/* The same in English. */
char *report_change_title(const struct change *c);

/* The words for a grade: "Needs attention". */
const char *report_grade_words(enum language l, enum grade g);
/* The heading of a group of findings. */
const char *report_group_words(enum language l, enum report_group g);

/* What a finding is about, in words: "failing calls web->pay:charge".  The caller frees
 * it; NULL: out of memory. */
char *report_figure_text(const struct finding *f, enum language l);

/* A sign that says the grade without colour, one character. */
const char *report_grade_sign(enum grade g);

/* The page of a change under a base URL, or NULL when the base is none or no link,
 * or the id is longer than any name. */
char *report_page_url(const char *public_url, const char *change_id);

#endif
