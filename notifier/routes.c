/* notifier/routes.c - one line a path. */
#include "notifier/routes.h"

#include "notifier/api.h"
#include "notifier/pages/assets.h"
#include "notifier/pages/inputs.h"
#include "notifier/pages/list.h"
#include "notifier/pages/mutes.h"
#include "notifier/pages/reader.h"
#include "notifier/pages/report.h"
#include "notifier/pages/rules.h"
#include "notifier/pages/service.h"
#include "notifier/pages/style.h"
#include "notifier/pages/what.h"

const struct httpd_route notifier_routes[] = {
    {.method = "GET", .path = "/", .serve = list_page},
    {.method = "GET", .path = "/inputs", .serve = inputs_page},
    {.method = "GET", .path = "/mutes", .serve = mutes_page},
    {.method = "GET", .path = "/rules", .serve = rules_page},
    {.method = "GET", .path = "/services/{name}", .serve = service_page},
    {.method = "GET", .path = "/services/{name}/course.png", .serve = service_course},
    {.method = "GET", .path = "/what", .serve = what_page},
    {.method = "GET", .path = "/mail/unsubscribe", .serve = reader_unsubscribe_page},
    {.method = "POST",
     .path = "/mail/unsubscribe",
     .body_max = READER_BODY_MAX,
     .serve = reader_unsubscribe},
    {.method = "GET", .path = "/mail/feedback", .serve = reader_feedback_page},
    {.method = "POST",
     .path = "/mail/feedback",
     .body_max = READER_BODY_MAX,
     .serve = reader_feedback},
    {.method = "GET", .path = "/style.css", .serve = style_sheet},
    {.method = "GET", .path = "/assets/{file}", .serve = assets_file},
    {.method = "GET", .path = "/changes/{id}", .serve = report_page},
    {.method = "GET", .path = "/changes/{id}/chart/{file}", .serve = report_chart},
    {.method = "GET", .path = "/v1/changes", .serve = api_changes},
    {.method = "GET", .path = "/v1/changes/{id}", .serve = api_change},
    {.method = "GET", .path = "/v1/changes/{id}/verdict", .serve = api_verdict},
    {.method = "GET", .path = "/v1/changes/{id}/report", .serve = api_report},
    {.method = "GET", .path = "/v1/changes/{id}/envelope", .serve = api_envelope},
    {.method = "GET", .path = "/v1/mutes", .serve = api_mutes},
    {.method = "GET", .path = "/v1/inputs", .serve = inputs_json},
    {.method = "GET", .path = "/v1/rules", .serve = rules_json},
    {.method = "GET", .path = "/v1/services/{name}", .serve = service_json},
    {.method = "GET", .path = "/v1/what", .serve = what_json},
    {0},
};
