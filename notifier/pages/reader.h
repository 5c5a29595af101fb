/* notifier/pages/reader.h - what readers of a mail do with its links.
 *
 * GET and POST /mail/unsubscribe?who=&about=AUDIENCE&token=: the page with its button;
 * the POST stores that the address wants no more mails of the audience (RFC 8058's one
 * click is the same POST), with &again=1 that it wants them again.
 * GET and POST /mail/feedback?who=&about=CHANGE&token=&useful=0|1: the page with a
 * button for each rule that found something; the POST, with &rule=, stores the mark.
 * A GET changes nothing.  403 when the token is not that of the link. */
#ifndef NOTIFIER_PAGES_READER_H
#define NOTIFIER_PAGES_READER_H

#include "base/httpd.h"

enum { READER_BODY_MAX = 1024 }; /* "List-Unsubscribe=One-Click" */

void reader_unsubscribe_page(struct httpd_req *r, void *app);
void reader_unsubscribe(struct httpd_req *r, void *app);
void reader_feedback_page(struct httpd_req *r, void *app);
void reader_feedback(struct httpd_req *r, void *app);

#endif
