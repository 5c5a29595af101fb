/* rules/routing_schema.c - the table of the language of routing files.
 *
 * In the order in which the manual shows it.  Constant; any thread. */
#include "rules/routing.h"
#include "rules/schema.h"

#define COUNT_OF(array) (sizeof(array) / sizeof *(array))
/* A field of the struct STRUCT, which each part defines anew. */
#define FIELD(field_name, kind, member, help_text, ...)                                \
    {                                                                                  \
        .name = (field_name), .type = SCHEMA_##kind,                                   \
        .offset = offsetof(STRUCT, member), .help = (help_text), __VA_ARGS__           \
    }

#define X(id, name, help) [CHANGE_##id] = name,
static const char *const kind_names[] = {CHANGE_KINDS(X)[CHANGE_KIND_N] = NULL};
#undef X
#define X(id, name, help) [ROUTING_##id] = name,
static const char *const when_names[] = {ROUTING_WHENS(X)[ROUTING_WHEN_N] = NULL};
#undef X
#define X(id, name) [ROUTING_##id] = name,
static const char *const language_names[] = {ROUTING_LANGUAGES(X)[ROUTING_LANGUAGE_N] =
                                                 NULL};
#undef X
#define X(id, name, type, help) [WEBHOOK_##id] = name,
static const char *const form_names[] = {WEBHOOK_FORMS(X)[WEBHOOK_FORM_N] = NULL};
#undef X
#define X(id, name) [WEBHOOK_##id] = name,
static const char *const sign_names[] = {WEBHOOK_SIGNS(X)[WEBHOOK_SIGN_N] = NULL};
#undef X
#define X(id, name, exit_code, words) [GRADE_##id] = name,
static const char *const grade_names[] = {GRADES(X)[GRADE_N] = NULL};
#undef X
/* What is not bad waits for the last look: a change may yet turn out to be. */
static const char *const calm_names[] = {[ROUTING_NEVER] = "never",
                                         [ROUTING_DIGEST] = "digest",
                                         [ROUTING_FINAL] = "final",
                                         NULL};

#define STRUCT struct routing_on
static const struct schema_field on_fields[] = {
    FIELD("kinds", CHOICES, scope.kinds, "kinds of change; all when left out",
          .choices = kind_names),
    FIELD("service", PATTERNS, scope.service, "services; all when left out"),
    FIELD("owner", PATTERNS, owner,
          "owners of the service, by `owners` of the file; all when left out"),
    FIELD("labels", LABELS, scope.labels,
          "labels that the change must have, each with a glob its value must fit"),
};
#undef STRUCT
static const struct schema_map schema_on = {
    .name = "on",
    .what = "on",
    .help = "Which changes an audience is told of.  All that is named must fit.",
    .field = on_fields,
    .n = COUNT_OF(on_fields),
};

#define STRUCT struct routing_tell
static const struct schema_field tell_fields[] = {
    FIELD("must-handle", CHOICE, must_handle, "how must-handle is told",
          .choices = when_names, .standard = "at-once"),
    FIELD("attention", CHOICE, attention, "how attention is told",
          .choices = when_names, .standard = "final"),
    FIELD("not-judged", CHOICE, not_judged,
          "how it is told that a change could not be judged", .choices = calm_names,
          .standard = "digest"),
    FIELD("ok", CHOICE, ok, "how ok is told", .choices = calm_names,
          .standard = "never"),
};
#undef STRUCT
const struct schema_map schema_routing_tell = {
    .name = "tell",
    .what = "tell",
    .help = "When each grade is told: at-once, at the first look that says so; final, "
            "at the last look; digest, in one mail a day; never.  Who was told a grade "
            "that a later look takes back is told that too.",
    .field = tell_fields,
    .n = COUNT_OF(tell_fields),
};

#define STRUCT struct audience
#define LANGUAGE                                                                       \
    FIELD("language", CHOICE, language, "language of the mails",                       \
          .choices = language_names, .standard = "en")
#define ON FIELD("on", MAP, on, "which changes; all when left out", .map = &schema_on)
#define TELL                                                                           \
    FIELD("tell", MAP, tell, "when each grade is told", .map = &schema_routing_tell)
static const struct schema_field audience_fields[] = {
    FIELD("name", NAME, name, "its name, part of the mails' ids and of their List-Id",
          .flags = SCHEMA_REQUIRED),
    FIELD("to", ADDRESSES, to,
          "where its mails go; files in the data directory when left out"),
    LANGUAGE,
    ON,
    TELL,
};
static const struct schema_field subscription_fields[] = {
    FIELD("who", ADDRESSES, to, "one person's address", .flags = SCHEMA_REQUIRED),
    LANGUAGE,
    ON,
    TELL,
};
#undef LANGUAGE
#undef ON
#undef TELL
#undef STRUCT
const struct schema_map schema_routing_audience = {
    .name = "audience",
    .what = "audience",
    .help = "Who gets mails together: one thread a change for all of them.",
    .field = audience_fields,
    .n = COUNT_OF(audience_fields),
    .size = sizeof(struct audience),
    .list = true,
};
const struct schema_map schema_routing_subscription = {
    .name = "subscription",
    .what = "subscription",
    .help = "What one person asked for.  Who is in several audiences and subscriptions "
            "gets one mail for all of them.",
    .field = subscription_fields,
    .n = COUNT_OF(subscription_fields),
    .size = sizeof(struct audience),
    .list = true,
};

#define STRUCT struct webhook
static const struct schema_field webhook_fields[] = {
    FIELD("name", NAME, name, "its name, part of each delivery's id",
          .flags = SCHEMA_REQUIRED),
    FIELD("url", TEXT, url, "its address, http:// or https://"),
    FIELD("url_file", TEXT, url_file,
          "a file with its address, where that is a secret itself"),
    FIELD("form", CHOICE, form, "what it is sent", .choices = form_names,
          .standard = "json"),
    FIELD("grades", CHOICES, grades, "grades it is called with; all when left out",
          .choices = grade_names),
    FIELD("only_final", FLAG, only_final,
          "whether it is called with final verdicts only", .standard = "false"),
    FIELD("language", CHOICE, language, "language of messages",
          .choices = language_names, .standard = "en"),
    FIELD("on", MAP, on, "which changes; all when left out", .map = &schema_on),
    FIELD("sign", CHOICE, sign,
          "how calls are signed: sha256, an HMAC-SHA-256 of timestamp and body in a "
          "header; dingtalk, as DingTalk's robots want it",
          .choices = sign_names, .standard = "none"),
    FIELD("secret_file", TEXT, secret_file, "a file with the secret of the signature"),
    FIELD("token_file", TEXT, token_file,
          "a file with a token that is sent as Authorization: Bearer"),
    FIELD("ca_file", TEXT, ca_file,
          "certificates to trust; the system's when left out"),
};
#undef STRUCT
const struct schema_map schema_routing_webhook = {
    .name = "webhook",
    .what = "webhook",
    .help =
        "A system that is called with each revision of a verdict, and once more when "
        "that becomes final.  Tried again as mails are.",
    .field = webhook_fields,
    .n = COUNT_OF(webhook_fields),
    .size = sizeof(struct webhook),
    .list = true,
};

#define STRUCT struct routing_limits
static const struct schema_field limits_fields[] = {
    FIELD("each", WHOLE, each, "mails an hour to one address, before they become one",
          .standard = "20", .least = 1, .most = 10000),
    FIELD("all", WHOLE, all,
          "mails an hour to all together, before they become one "
          "for each",
          .standard = "1000", .least = 1, .most = 1000000),
    FIELD("gather", SPAN, gather, "how long a mail waits for others", .standard = "10s",
          .least = 0, .most = 600),
    FIELD("calm", SPAN, calm,
          "a storm is over, and its digest is sent, when nothing came for so long",
          .standard = "1m", .least = 1, .most = 3600),
    FIELD("longest", SPAN, longest, "a storm's digest is sent after so long at most",
          .standard = "5m", .least = 1, .most = 3600),
    FIELD("every", SPAN, every, "time between two storm digests to one address",
          .standard = "15m", .least = 1, .most = 86400),
    FIELD("correction", SPAN, correction,
          "time from a mail about a change to the next that corrects it",
          .standard = "1h", .least = 0, .most = 86400),
};
#undef STRUCT
const struct schema_map schema_routing_limits = {
    .name = "limits",
    .what = "limits",
    .help = "What keeps mails from being too many.  Beyond `each` or `all` mails wait "
            "until the storm is over and become one digest, must-handle first.",
    .field = limits_fields,
    .n = COUNT_OF(limits_fields),
};

#define STRUCT struct routing_digest
static const struct schema_field digest_fields[] = {
    FIELD("at", TEXT, at_text, "time of day, such as 09:30", .standard = "08:00"),
    FIELD("zone", TEXT, zone_text, "UTC, or how far ahead of it, such as +08:00",
          .standard = "UTC"),
};
#undef STRUCT
static const struct schema_map schema_digest = {
    .name = "digest",
    .what = "digest",
    .help = "When the mail of the day goes out.",
    .field = digest_fields,
    .n = COUNT_OF(digest_fields),
};

#define STRUCT struct routing_file
static const struct schema_field file_fields[] = {
    FIELD("routing", WHOLE, format, "the version of the language: 1",
          .flags = SCHEMA_REQUIRED, .least = 1, .most = 1e9),
    FIELD("owners", LABELS, owners, "owners, each with the services it owns"),
    FIELD("limits", MAP, limits, "what keeps mails from being too many",
          .map = &schema_routing_limits),
    FIELD("digest", MAP, digest, "when the mail of the day goes out",
          .map = &schema_digest),
    FIELD("audiences", NODE, audiences, "who is told", .map = &schema_routing_audience),
    FIELD("subscriptions", NODE, subscriptions, "what single persons asked for",
          .map = &schema_routing_subscription),
    FIELD("webhooks", NODE, webhooks, "which systems are called",
          .map = &schema_routing_webhook),
};
#undef STRUCT
const struct schema_map schema_routing = {
    .name = "file",
    .what = "routing file",
    .help = "A routing file.",
    .field = file_fields,
    .n = COUNT_OF(file_fields),
    .size = sizeof(struct routing_file),
};
