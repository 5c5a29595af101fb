/* storage/feedback.h - a reader's mark: what a rule said of a change was useful, or it
 * was not. */
#ifndef STORAGE_FEEDBACK_H
#define STORAGE_FEEDBACK_H

#include "base/err.h"
#include "base/instant.h"
#include "base/json.h"
#include "base/jsonw.h"

#include <stdbool.h>

enum { FEEDBACK_BYTES_MAX = 4 << 10 };

struct feedback {
    char *change_id, *rule, *by;
    bool useful;
    instant at;
};

/* Reads one from the outside: {"rule": "cpu.high", "useful": false, "by": "li"}, all of
 * them required; unknown fields are refused.  -1 with field and place. */
int feedback_read(const struct json_at *v, const char *change_id, instant now,
                  struct feedback **ret_feedback, struct err *err);
struct feedback *feedback_new(const char *change_id, const char *rule, const char *by);
void feedback_free(struct feedback **f);
#define OWNED_FEEDBACK __attribute__((cleanup(feedback_free))) struct feedback

void feedback_write(const struct feedback *f, const char *key, struct jsonw *w);

#endif
