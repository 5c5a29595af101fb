/* notifier/fmt_text.h - a report as text, 78 columns wide, complete on its own. */
#ifndef NOTIFIER_FMT_TEXT_H
#define NOTIFIER_FMT_TEXT_H

#include "base/buf.h"
#include "notifier/report.h"

enum {
    FMT_TEXT_COLUMNS = 78,
    FMT_TEXT_FINDINGS_MAX = 100,
    FMT_TEXT_HOSTS_MAX = 10,
    FMT_TEXT_WITH_MAX = 20
};

/* Adds the report, lines ended by LF. */
void fmt_text(const struct report *r, struct buf *to);

#endif
