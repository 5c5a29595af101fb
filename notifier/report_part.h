/* notifier/report_part.h - what the parts of a report are made with; only
 * notifier/report*.c include it. */
#ifndef NOTIFIER_REPORT_PART_H
#define NOTIFIER_REPORT_PART_H

#include "notifier/phrases.h"
#include "notifier/report.h"

/* Keeps a text for the report's life.  Takes it over; "" when memory is short. */
const char *report_keep(struct report *r, char *text);
/* Keeps what is in the buffer and empties it. */
const char *report_keep_buf(struct report *r, struct buf *b);
const char *report_say(struct report *r, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* A stranger's text made plain.  NULL stays NULL; an empty text becomes NULL too. */
const char *report_clean(struct report *r, const char *text, size_t chars);
/* The same of a name; "?" when there is none. */
const char *report_name(struct report *r, const char *name);

/* A phrase in the report's language, and one with its places filled. */
const char *report_word(const struct report *r, enum phrase p);
const char *report_put(struct report *r, enum phrase p, const char *const *args,
                       size_t n);
#define REPORT_PUT(r, id, ...)                                                         \
    report_put(r, PHRASE_##id, (const char *const[]){__VA_ARGS__},                     \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Figures as kept texts. */
const char *report_count(struct report *r, double n);
const char *report_figure(struct report *r, double v, const char *unit);
const char *report_time(struct report *r, instant at);
const char *report_span(struct report *r, span s);
/* "A day later", "6 hours later", as a sentence or a part of one begins. */
const char *report_later(struct report *r, span later, bool first);
/* A sentence of the judge in the report's language: its own words where they are not
 * known in that language.  NULL for NULL. */
const char *report_retell(struct report *r, const char *sentence);

/* Room for one more in an array of `n`. */
void *report_grow(struct report *r, void *at, size_t n, size_t *cap, size_t size);
/* Nothing is added for a value of NULL. */
void report_add_row(struct report *r, struct report_rows *rows, enum phrase label,
                    const char *value);
void report_add_link(struct report *r, struct report_rows *rows, const char *label,
                     const char *value, const char *url);

/* Needs somebody's attention: what is muted has it already. */
bool report_is_bad(const struct finding *f);
/* What the slow look found comes so much later; 0: it found nothing. */
span report_slow_of(const struct verdict *v);

/* The parts, in the order in which they are filled. */
void report_add_change(struct report *r);
void report_add_findings(struct report *r);
void report_add_todos(struct report *r);
void report_add_codes(struct report *r);
void report_add_seen(struct report *r, const char *public_url);
void report_add_revisions(struct report *r, const struct report_input *in);
void report_add_lead(struct report *r);

/* Who calls whom, out of a metric of calls: what stands behind its first word, without
 * the return code at its end; "web->pay:charge" with an arrow. */
const char *report_edge(struct report *r, const struct finding *f);
/* The words for what a finding is about: "failing calls web->pay:charge". */
const char *report_figure_name(struct report *r, const struct finding *f);
/* One plain sentence with before and after. */
const char *report_sentence(struct report *r, const struct finding *f,
                            const struct report_finding *to);
/* Said by a rule in shadow: then *ret_grade is what it would be, and the text ends
 * before the words about it. */
size_t report_shadow_of(const struct finding *f, enum grade *ret_grade);
/* Fills frame from the sentence of a crash. */
void report_add_frames(struct report *r, const struct finding *f,
                       struct report_finding *to);

#endif
