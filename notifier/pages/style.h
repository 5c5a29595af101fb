/* notifier/pages/style.h - GET /style.css: the pages' one style sheet. */
#ifndef NOTIFIER_PAGES_STYLE_H
#define NOTIFIER_PAGES_STYLE_H

#include "base/httpd.h"

void style_sheet(struct httpd_req *r, void *app);
extern const char style_text[];

#endif
