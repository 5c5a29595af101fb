/* analyzer/words.h - figures as people read them, for the sentences of findings. */
#ifndef ANALYZER_WORDS_H
#define ANALYZER_WORDS_H

#include "base/buf.h"
#include "base/instant.h"

/* "31.2 %", "55 ms", "1.2 GB", "12,345", "0.0042": at most `3` meaningful digits below
 * 1000, whole numbers above.  `unit` NULL: none. */
void words_value(struct buf *to, double v, const char *unit);

/* "1,980". */
void words_count(struct buf *to, double n);

/* A share as percent: "20.4 %", "0.013 %", "0 %". */
void words_share(struct buf *to, double share);

/* A relative change: "+76 %", "-50 %", "12 times as much" from +400 % on. */
void words_change(struct buf *to, double effect);

/* "25 minutes", "90 seconds", "2 hours". */
void words_span(struct buf *to, span s);

#endif
