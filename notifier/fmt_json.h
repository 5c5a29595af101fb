/* notifier/fmt_json.h - a change with its verdicts as JSON, for scripts. */
#ifndef NOTIFIER_FMT_JSON_H
#define NOTIFIER_FMT_JSON_H

#include "base/buf.h"
#include "storage/change.h"
#include "storage/ledger.h"
#include "storage/verdict.h"

#include <stddef.h>

/* {"change": {...}, "verdict": {...} or null, "revisions": [...]} and a newline. */
void fmt_json(const struct change *c, const struct verdict *current,
              const struct verdict *const *revisions, size_t n, struct buf *to);

/* The list of changes: each change's members with "grade", "revision", "final" and
 * "decided_at" of its verdict. */
void fmt_json_list(const struct change_rows *rows, struct buf *to);

/* The verdict alone and a newline; NULL: what stands for a change that has none yet. */
void fmt_json_verdict(const struct change *c, const struct verdict *v, struct buf *to);

/* The list of mutes. */
void fmt_json_mutes(const struct mutes *mutes, struct buf *to);

#endif
