/* notifier/pages/mutes.h - GET /mutes: what is muted, by whom, until when and why. */
#ifndef NOTIFIER_PAGES_MUTES_H
#define NOTIFIER_PAGES_MUTES_H

#include "base/buf.h"
#include "base/httpd.h"
#include "storage/ledger.h"

enum { MUTES_PAGE_OVER_MAX = 50 }; /* of those that are over */

void mutes_page(struct httpd_req *r, void *app);

/* The page's content: those in force at `now`, those to come, those that are over. */
void mutes_page_write(const struct mutes *mutes, instant now, struct buf *to);

/* "3 mutes are in force", as a paragraph with a link to the page; nothing when none
 * is. */
void mutes_page_note(const struct mutes *mutes, instant now, struct buf *to);

#endif
