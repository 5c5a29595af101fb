/* notifier/digest.h - many changes in one mail: of a day, or of a storm. */
#ifndef NOTIFIER_DIGEST_H
#define NOTIFIER_DIGEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/instant.h"
#include "notifier/language.h"
#include "notifier/mail_config.h"
#include "storage/verdict.h"

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_LINES_MAX = 100 };

struct digest_line {
    enum grade grade;
    char *title;    /* what was changed */
    char *sentence; /* the weightiest finding; NULL: none */
    char *time;     /* when it was decided */
    char *url;      /* NULL: pages are not known */
};

struct digest {
    enum language language; /* of its reader; the lines are in it already */
    bool storm;             /* else the mail of the day */
    const char *id;         /* names the digest: the same one has the same Message-ID */
    const char *audience;   /* for the List-Id */
    const char *to;         /* NULL: a file */
    instant date;
    size_t count[GRADE_N]; /* of all changes */
    size_t n;              /* lines, the worst first, up to DIGEST_LINES_MAX; the other
                              changes are only counted */
    struct digest_line *line;
    const char *notice;      /* of aftercheck itself; NULL: none */
    const char *unsubscribe; /* NULL: no link */
};

/* Frees what the lines hold, and the lines. */
void digest_lines_free(struct digest_line **lines, size_t n);

/* Adds the mail. */
int digest_write(const struct digest *d, const struct mail_config *config,
                 struct buf *to, struct err *err);

/* "1,204 changes: 3 must handle, 40 need attention". */
void digest_headline(const struct digest *d, struct buf *to);

#endif
