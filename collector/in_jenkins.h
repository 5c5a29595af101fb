/* collector/in_jenkins.h - builds of Jenkins as changes.
 *
 * POST /v1/changes/jenkins takes what Jenkins' notification plugin sends in JSON
 * (plugins.jenkins.io/notification; model/JobState.java and BuildState.java there):
 *
 *     {"name": "deploy-pay", "url": "job/deploy-pay/",
 *      "build": {"full_url": "https://ci/job/deploy-pay/5/", "number": 5,
 *                "phase": "FINALIZED", "status": "SUCCESS", "timestamp": 1795255200000,
 *                "url": "job/deploy-pay/5/", "scm": {"branch": "...", "commit": "..."},
 *                "parameters": {"HOSTS": "h1,h2", ...}}}
 *
 * phase STARTED is `started`; COMPLETED and FINALIZED are `finished`, the later of them
 * counting, or `cancelled` with status ABORTED; others are ignored.  The status in
 * small letters is the `outcome`.  The change is `jenkins:` with the job's path and the
 * build's number, "jenkins:shop:deploy-pay:5"; with the phase it is the event's id, so
 * what is sent again is a repeat.  `timestamp` is milliseconds, or RFC 3339.  A log in
 * the message is passed over.
 *
 * Parameters of the build say more: SERVICE (else `services` maps the job's name, else
 * the job's name is taken), HOSTS with commas or spaces between, ENVIRONMENT, KIND
 * (else `kinds` maps the job's name, else release), VERSION (else the commit),
 * ROLLBACK_OF: the change_id of the parent, which makes it a rollback.
 *
 * Jenkins signs nothing: where a token is configured, the address must end in
 * ?token=..., or a header say "Authorization: Bearer ...". */
#ifndef COLLECTOR_IN_JENKINS_H
#define COLLECTOR_IN_JENKINS_H

#include "collector/hook.h"

extern const struct hook_source in_jenkins;

#endif
