/* notifier/message.h - a verdict as the body of a call to another system.
 *
 * Written from the report's facts and the stored members, so it says what the mail
 * says.  The same report gives the same bytes.  Forms:
 *
 *   json         {"change": {...}, "verdict": {...}, "url": "..."}, as the API has them
 *   cloudevents  that as the data of a CloudEvents 1.0 event in structured mode, type
 *                dev.aftercheck.verdict.v1 (cloudevents.io, "CloudEvents - Version
 *                1.0.2", section 3)
 *   cdevents     that as the custom data of a CDEvents custom event, type
 *                dev.cdeventsx.aftercheck-verdict.published.0.1.0 (cdevents.dev,
 *                "Custom Events")
 *   gate         what a pipeline needs for go or no-go and no more: {"change_id",
 *                "service", "grade", "exit_code", "go", "final", "revision", "because",
 *                "url"}; `go` is true, false, or null as long as nothing is final
 *   grafana      an annotation (grafana.com, "Annotations HTTP API"): from the change's
 *                start to the verdict, with tags
 *   slack        an incoming webhook's message: text and one attachment with blocks
 *                (api.slack.com, "Block Kit")
 *   dingtalk     a custom robot's markdown message (open.dingtalk.com)
 *   wecom        a group robot's markdown message (developer.work.weixin.qq.com)
 *
 * Texts of strangers cannot leave their place: quotes, markup and mentions of the
 * receiving system are made harmless. */
#ifndef NOTIFIER_MESSAGE_H
#define NOTIFIER_MESSAGE_H

#include "base/buf.h"
#include "notifier/report.h"
#include "rules/routing.h"

/* What the chats take of one text; Slack's is of characters, which are no more. */
enum {
    MESSAGE_SLACK_BYTES_MAX = 3000,
    MESSAGE_DINGTALK_BYTES_MAX = 20000,
    MESSAGE_WECOM_BYTES_MAX = 4096,
};

/* Of the body, for the header Content-Type. */
const char *message_type(enum webhook_form f);

/* Adds the body.  The report must have a verdict. */
void message_write(enum webhook_form f, const struct report *r, struct buf *to);

#endif
