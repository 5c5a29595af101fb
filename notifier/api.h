/* notifier/api.h - the HTTP calls that read changes, verdicts and reports.
 *
 * GET /v1/changes                  a JSON list, newest first, with filters and pages
 * GET /v1/changes/{id}             change, current verdict, all revisions
 * GET /v1/changes/{id}/verdict     the current verdict; ?wait=60s holds until it is
 *                                  final or the time is up
 * GET /v1/changes/{id}/report      ?format=text|html|json|eml
 * GET /v1/changes/{id}/envelope    who would get it now, and why; ?to=X an audience or
 *                                  address of the routing, ?format=text|json
 * GET /v1/mutes                    ?active=true: those in force now, ?active=TIME: at a
 *                                  time; else all, up to LEDGER_MUTES_MAX
 * Errors are {"error": "..."}: 400 names the parameter, 404 an unknown change. */
#ifndef NOTIFIER_API_H
#define NOTIFIER_API_H

#include "base/httpd.h"

enum { API_WAIT_MAX_S = 3600 };

void api_changes(struct httpd_req *r, void *app);
void api_change(struct httpd_req *r, void *app);
void api_verdict(struct httpd_req *r, void *app);
void api_report(struct httpd_req *r, void *app);
void api_envelope(struct httpd_req *r, void *app);
void api_mutes(struct httpd_req *r, void *app);

#endif
