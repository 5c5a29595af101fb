/* collector/in_gitlab.h - GitLab's deployments as changes.
 *
 * POST /v1/changes/gitlab takes the webhook event Deployment Hook (docs.gitlab.com,
 * "Webhook events"):
 *
 *     {"object_kind": "deployment", "status": "success",
 *      "status_changed_at": "2026-11-21 10:00:00 +0200", "deployment_id": 15,
 *      "environment": "production", "short_sha": "279484c0", "ref": "main",
 *      "project": {"path_with_namespace": "shop/pay", ...}, "user": {...}, ...}
 *
 * status running is `started`; success and failed are `finished`, with the status as
 * `outcome`; canceled is `cancelled`; others are ignored.  The change is `gitlab-` with
 * the deployment's number; its number with the status is the event's id, so what is
 * delivered again is a repeat.
 *
 * GitLab sends its secret token itself in X-Gitlab-Token.  With a signing token it
 * signs as Standard Webhooks do (standardwebhooks.com): webhook-signature holds
 * "v1,BASE64" of the HMAC-SHA-256 of "ID.TIMESTAMP.BODY", with webhook-id and
 * webhook-timestamp, believed for SIGNATURE_MINUTES_MAX.  Where a signing token is
 * configured, only the signature counts.
 *
 * The service is the last part of the project's path unless `services` maps the path;
 * the kind is release unless `kinds` maps the path. */
#ifndef COLLECTOR_IN_GITLAB_H
#define COLLECTOR_IN_GITLAB_H

#include "collector/hook.h"

enum { SIGNATURE_MINUTES_MAX = 5 };

extern const struct hook_source in_gitlab;

/* The headers of a signature; NULL: absent. */
struct in_gitlab_signature {
    const char *id, *timestamp, *signature;
};
/* 0 when one of the signatures is that of the body under the token, made near `now`.  A
 * token that begins with "whsec_" is base64 behind it, else it is the key itself. */
int in_gitlab_signed(const char *token, const struct in_gitlab_signature *s,
                     const void *body, size_t n, instant now, struct err *err);

/* "2026-11-21 10:00:00 +0200" or "... UTC" in RFC 3339; other text is left as it is. */
void in_gitlab_time(const char *text, char out[64]);

#endif
