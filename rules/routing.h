/* rules/routing.h - who is told of which changes: the routing file.
 *
 * It is written in the language of rule files and read by the same reader, so its
 * mistakes are told alike:
 *
 *     routing: 1
 *     owners:
 *       payments: [pay-*, wallet]
 *     audiences:
 *       - name: payments
 *         to: pay-oncall@example.com
 *         on: {owner: payments}
 *
 * A routing is immutable once it is made.  No clock and no file is looked at but by
 * routing_load; any thread may ask. */
#ifndef RULES_ROUTING_H
#define RULES_ROUTING_H

#include "base/complain.h"
#include "base/instant.h"
#include "base/mail_address.h"
#include "rules/rule.h"

#include <stdbool.h>
#include <stddef.h>

/* How a grade is told to an audience; a later one is told sooner. */
#define ROUTING_WHENS(X)                                                               \
    X(NEVER, "never", "not at all")                                                    \
    X(DIGEST, "digest", "in the mail of the day, once it is final")                    \
    X(FINAL, "final", "in a mail of its own, once it is final")                        \
    X(AT_ONCE, "at-once", "in a mail of its own, at the first look that says so")
#define X(id, name, help) ROUTING_##id,
enum routing_when { ROUTING_WHENS(X) ROUTING_WHEN_N };
#undef X
const char *routing_when_name(enum routing_when w);

#define ROUTING_LANGUAGES(X) X(EN, "en") X(ZH, "zh")
#define X(id, name)          ROUTING_##id,
enum routing_language { ROUTING_LANGUAGES(X) ROUTING_LANGUAGE_N };
#undef X

const char *routing_language_name(enum routing_language l);

/* Which changes; all matchers that are there must fit. */
struct routing_on {
    struct scope scope;   /* kinds, service, labels */
    struct matches owner; /* of the service, by `owners` */
};

/* By enum grade. */
struct routing_tell {
    int ok, attention, must_handle, not_judged; /* enum routing_when */
};

struct audience {
    const struct yaml_node *at; /* NULL: of no file */
    const char *name;           /* of a subscription: its address */
    struct mail_addresses to;   /* may be none: its mails become files */
    int language;               /* enum routing_language */
    struct routing_on on;
    struct routing_tell tell;
    unsigned line; /* in the file; 0: of no file */
};
struct audiences {
    size_t n;
    struct audience *at;
};

/* What a webhook is sent: name, Content-Type, help. */
#define WEBHOOK_FORMS(X)                                                               \
    X(JSON, "json", "application/json", "change and verdict as the API has them")      \
    X(CLOUDEVENTS, "cloudevents", "application/cloudevents+json", "a CloudEvent")      \
    X(CDEVENTS, "cdevents", "application/cloudevents+json", "a CDEvents custom event") \
    X(GATE, "gate", "application/json", "go or no-go, for pipelines")                  \
    X(GRAFANA, "grafana", "application/json", "an annotation")                         \
    X(SLACK, "slack", "application/json", "a message for Slack")                       \
    X(DINGTALK, "dingtalk", "application/json", "a message for DingTalk")              \
    X(WECOM, "wecom", "application/json", "a message for WeCom")
#define X(id, name, type, help) WEBHOOK_##id,
enum webhook_form { WEBHOOK_FORMS(X) WEBHOOK_FORM_N };
#undef X

/* How a call is signed (notifier/post.h). */
#define WEBHOOK_SIGNS(X)                                                               \
    X(UNSIGNED, "none") X(SHA256, "sha256") X(SIGN_DINGTALK, "dingtalk")
#define X(id, name) WEBHOOK_##id,
enum webhook_sign { WEBHOOK_SIGNS(X) WEBHOOK_SIGN_N };
#undef X

/* A system that is called with each revision of a verdict, and once more when that is
 * made final later. */
struct webhook {
    const char *name, *url, *url_file, *secret_file, *token_file, *ca_file;
    int form, sign;  /* enum webhook_form, webhook_sign */
    int language;    /* enum routing_language */
    unsigned grades; /* bit per enum grade; 0: all */
    bool only_final;
    struct routing_on on;
    unsigned line;
};
struct webhooks {
    size_t n;
    struct webhook *at;
};

/* What keeps mails from being too many. */
struct routing_limits {
    int each; /* mails an hour to one address */
    int all;  /* mails an hour to all together */
    span gather, calm, longest, every, correction;
};

struct routing_digest {
    const char *at_text, *zone_text;
    int at_minute; /* of the day */
    int zone;      /* minutes ahead of UTC */
};

struct routing_file {
    int format;
    struct scope_labels owners;
    struct routing_limits limits;
    struct routing_digest digest;
    const struct yaml_node *audiences, *subscriptions, *webhooks; /* NULL: none */
};

struct routing {
    struct routing_file file;
    struct audiences all; /* audiences, then subscriptions, in their order */
    struct webhooks webhooks;
    char hash[17]; /* first 16 hex digits of the text's SHA-256 */
    struct yaml_doc *doc;
    struct keep keep;
};

/* NULL when anything is wrong: the complaints say all of it. */
struct routing *routing_load(const char *path, struct complaints *c);
struct routing *routing_parse(const char *file, const char *text, size_t n,
                              struct complaints *c);
void routing_free(struct routing **r);

/* What holds when there is no file: one audience, "everyone", without an address, which
 * is told every grade. */
extern const struct routing routing_everyone;

/* True when a parsed file is one of routing, not of rules: its first key says so. */
bool routing_is(const struct yaml_doc *doc);

/* Who owns the service, by the best fit, the first of equals; NULL: nobody. */
const char *routing_owner(const struct routing *r, const char *service);
/* True when the audience is for this change. */
bool routing_allows(const struct routing *r, const struct audience *a,
                    const struct change *c);
enum routing_when audience_when(const struct audience *a, enum grade g);
/* NULL: none of this name. */
const struct audience *routing_audience(const struct routing *r, const char *name);
bool audience_has(const struct audience *a, const char *address);

/* True when the webhook is to be called with a verdict of this grade of this change. */
bool routing_calls(const struct routing *r, const struct webhook *w,
                   const struct change *c, enum grade g, bool final);
/* NULL: none of this name. */
const struct webhook *routing_webhook(const struct routing *r, const char *name);

/* When the next mail of the day goes out after `now`. */
instant routing_next_digest(const struct routing *r, instant now);

/* The file's language, for the reader, `rules fmt` and the manuals. */
struct schema_map;
extern const struct schema_map schema_routing, schema_routing_audience,
    schema_routing_subscription, schema_routing_tell, schema_routing_limits,
    schema_routing_webhook;

#endif
