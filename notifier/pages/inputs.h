/* notifier/pages/inputs.h - GET /inputs: who sends what, when last, what is dropped,
 * who fell silent, and who sends most.  GET /v1/inputs: the same as JSON. */
#ifndef NOTIFIER_PAGES_INPUTS_H
#define NOTIFIER_PAGES_INPUTS_H

#include "base/buf.h"
#include "base/httpd.h"
#include "storage/inputs.h"
#include "storage/spellings.h"

enum { INPUTS_PAGE_SENDERS_MAX = 200 };

void inputs_page(struct httpd_req *r, void *app);
void inputs_json(struct httpd_req *r, void *app);

/* The page's content; `names` are the metrics with the most names. */
void inputs_page_write(const struct inputs_view *v, const struct spelling *names,
                       size_t n_names, instant now, struct buf *to);
/* {"inputs": [...], "senders": [...], "names": [...]}: inputs that something came by,
 * senders with the last heard first. */
void inputs_json_write(const struct inputs_view *v, const struct spelling *names,
                       size_t n_names, instant now, struct buf *to);

#endif
