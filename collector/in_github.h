/* collector/in_github.h - GitHub's deployments as changes.
 *
 * POST /v1/changes/github takes the webhook events deployment_status and deployment
 * (docs.github.com, "Webhook events and payloads"):
 *
 *     X-GitHub-Event: deployment_status
 *     X-Hub-Signature-256: sha256=<hex HMAC-SHA-256 of the body under the secret>
 *
 * state in_progress, and a deployment that is created, are `started`; success, failure
 * and error are `finished`, with the state as `outcome`; other states and events are
 * ignored.  The change is `github-` with the deployment's number, the event's id is the
 * status's or deployment's own number: both are under the signature, as the delivery's
 * number (X-GitHub-Delivery) is not, so what is delivered again, by GitHub or by
 * somebody who has caught it, is a repeat whatever its headers say.
 *
 * The service is the repository's bare name unless `services` maps its full name; the
 * kind is release, or rollback when the task's name holds that word, unless `kinds`
 * maps the task.  A deployment's payload may hold an object `aftercheck` with members
 * of a change event (hosts, batch, parent_id of a rollback, ...): they win. */
#ifndef COLLECTOR_IN_GITHUB_H
#define COLLECTOR_IN_GITHUB_H

#include "collector/hook.h"

extern const struct hook_source in_github;

/* True when `header` ("sha256=...") is the signature of the body under the secret. */
bool in_github_signed(const char *secret, const char *header, const void *body,
                      size_t n);

#endif
