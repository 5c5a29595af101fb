/* collector/in_argocd.h - syncs of Argo CD as changes.
 *
 * POST /v1/changes/argocd takes what the template docs/argocd-notifications.yaml makes
 * Argo CD's notifications send:
 *
 *     {"app": "pay", "project": "shop", "namespace": "pay-prod", "server":
 * "https://...", "phase": "Succeeded", "message": "successfully synced", "dry_run":
 * false, "started_at": "2026-11-21T10:00:00Z", "finished_at": "2026-11-21T10:02:00Z",
 *      "revision": "279484c0...", "initiated_by": "li", "url": "https://argocd/...",
 *      "history": [{"revision": "...", "deployStartedAt": "..."}, ...]}
 *
 * phase Running is `started`; Succeeded, Failed and Error are `finished`, with the
 * phase in small letters as `outcome`, a sync that was terminated is `cancelled`;
 * others and dry runs are ignored.  An operation has no number: the change is
 * `argocd:APP:START` with the time of its start, and that with the phase is the event's
 * id, so what is sent again is a repeat.
 *
 * A sync to a revision that was deployed before, but is not the last one deployed, is a
 * rollback, and its parent is the change that brought the last one.
 *
 * The service is the application's name unless `services` maps it; the kind is release
 * unless `kinds` maps it; the project is the environment.  Argo CD signs nothing: where
 * a token is configured, a header must say "Authorization: Bearer ...". */
#ifndef COLLECTOR_IN_ARGOCD_H
#define COLLECTOR_IN_ARGOCD_H

#include "collector/hook.h"

extern const struct hook_source in_argocd;

#endif
