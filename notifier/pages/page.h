/* notifier/pages/page.h - what all pages share: frame, headers, grade badge, errors.
 *
 * Pages are made on the server and hold no script.  The Content-Security-Policy lets
 * them load their own style sheet and pictures and nothing else. */
#ifndef NOTIFIER_PAGES_PAGE_H
#define NOTIFIER_PAGES_PAGE_H

#include "base/buf.h"
#include "base/httpd.h"
#include "notifier/language.h"
#include "storage/verdict.h"

/* Up to and with <main>; `title` is escaped here. */
void page_open(struct buf *to, const char *title);
/* The same in a language; page_open is in English. */
void page_open_in(struct buf *to, const char *title, enum language l);
void page_close(struct buf *to);

/* Sign and words; `words` NULL: the grade's own. */
void page_grade(struct buf *to, enum grade g, const char *words);

/* Answers with the page and its headers. */
void page_answer(struct httpd_req *r, unsigned status, const struct buf *page);
/* An error as a page, in words. */
void page_fail(struct httpd_req *r, unsigned status, const char *heading,
               const char *words);

#endif
