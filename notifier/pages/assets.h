/* notifier/pages/assets.h - GET /assets/{file}: what pages need beside their HTML.
 *
 * `page.js` is ours; `uplot.js` and `uplot.css` are uPlot 1.6.32 as its package has
 * them (dist/uPlot.iife.min.js, dist/uPlot.min.css; MIT, its licence beside them),
 * asked for by page.js when a page has a chart.  Every page works without any of them.
 */
#ifndef NOTIFIER_PAGES_ASSETS_H
#define NOTIFIER_PAGES_ASSETS_H

#include "base/embedded.h"
#include "base/httpd.h"

extern const struct embedded page_assets[]; /* ended by {0} */

void assets_file(struct httpd_req *r, void *app);

#endif
