/* collector/in_calls_part.h - what the two forms of call records share; nobody else
 * includes it. */
#ifndef COLLECTOR_IN_CALLS_PART_H
#define COLLECTOR_IN_CALLS_PART_H

#include "collector/in_calls.h"

/* One record, checked.  Its texts are borrowed. */
struct calls_record {
    instant at;
    double span_s;
    const char *caller, *callee, *iface, *caller_host, *callee_host;
    const char *code;
    char code_text[24]; /* of a code that was a number */
    const char *outcome, *side;
    double count, sum_ms, max_ms; /* NaN: not given */
    enum drop why;                /* of what was wrong */
};

/* A record that says nothing yet. */
struct calls_record calls_record_begin(void);

/* ok, fail, timeout; client, server.  NULL: there is no such word. */
const char *calls_outcome(const char *word);
const char *calls_side(const char *word);

/* Puts a record without a time at its span before the present, and checks the others'.
 * -1 with what is wrong in words, and the record's `why` set. */
int calls_record_time(struct calls_record *r, const struct in_calls_ask *ask,
                      struct err *err);

/* Seconds or milliseconds since 1970; false when it is neither. */
bool calls_epoch(double number, instant *ret_at);

/* Stores it or counts it as refused. */
int calls_store(struct in_calls *c, const struct sink *sink,
                const struct calls_record *r, struct tally *tally, struct err *err);

#endif
