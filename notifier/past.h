/* notifier/past.h - a change with all its verdicts, read out of the ledger. */
#ifndef NOTIFIER_PAST_H
#define NOTIFIER_PAST_H

#include "base/err.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

#include <stddef.h>

enum { PAST_REVISIONS_MAX = 200 };

struct past {
    struct change *change;
    size_t n; /* 0: no look has been taken yet */
    struct verdict *
        *revision; /* oldest first; beyond the limit the oldest are left out */
};

/* NULL with err->code ENOENT when there is no such change. */
struct past *past_read(struct ledger *l, const char *change_id, struct err *err);
void past_free(struct past **p);
#define OWNED_PAST __attribute__((cleanup(past_free))) struct past

/* The newest verdict, or NULL. */
const struct verdict *past_current(const struct past *p);

#endif
